"""Reading what was handed in, in processes of its own with limits: what breaks one costs that file, not the class.

Such a process, `main` with KNOWN SECONDS MEMORY, reads [path, name] from a line and answers with a line.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time

from labkit.course.labs import CourseError
from labkit.course.marking import sandbox
from labkit.course.marking.look import Known, Reading, as_json, look

try:
    import resource
except ImportError:  # Windows, where nothing is marked
    resource = None

SECONDS, MEMORY = 30, 2 << 30  # of processor time and of memory for one file
STARTS = 300  # seconds in which a process has to start
PATIENCE = 20  # times the seconds: a busy computer is no reason
READY = b"ready\n"
# jsonschema would import what parses addresses and dates that no notebook has, for as long as all the rest takes.
START = f"""
import sys
sys.modules.update(dict.fromkeys(["rfc3987_syntax", "rfc3987", "isoduration"]))
from {__name__} import main
sys.exit(main(sys.argv[1:]))
"""


class Reader:
    """A process that reads files, one after the other; after one that ends it, another one.

    known: the file that `Known.write` made.
    seconds: of processor time for one file. memory: in bytes.
    """

    def __init__(self, known, seconds=SECONDS, memory=MEMORY):
        self.command = [sys.executable, "-c", START, str(known), str(seconds), str(memory)]
        self.seconds, self.process = seconds, None

    def look(self, path, name):
        """As `look.look`: (readings, what is passed over); what cannot be read is a reading that says so."""
        if self.process is None:
            self._start()
        try:
            self.process.stdin.write(json.dumps([os.fsdecode(path), name]).encode() + b"\n")
            self.process.stdin.flush()
            answer = self._answer(time.monotonic() + PATIENCE * self.seconds)
        except OSError:
            answer = b""
        if answer.endswith(b"\n"):
            readings, passed_over = json.loads(answer)
            return [Reading(**reading) for reading in readings], [tuple(pair) for pair in passed_over]
        return [Reading("", status="not readable", message=self._why())], []

    def _start(self):
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONWARNINGS", "PYTHONSTARTUP")}
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        if self._answer(time.monotonic() + STARTS) != READY:
            self.close()
            raise CourseError("the process that reads submissions does not start here.")

    def _answer(self, deadline):
        """A line, or what there is of it when the process ends or the time is over."""
        parts, source = [], self.process.stdout.fileno()
        while not (parts and parts[-1].endswith(b"\n")):
            ready, _, _ = select.select([source], [], [], max(0.0, deadline - time.monotonic()))
            block = os.read(source, 1 << 20) if ready else b""
            if not block:
                break
            parts.append(block)
        return b"".join(parts)

    def _why(self):
        """Ends the process, and says in words why it did not answer."""
        process, self.process = self.process, None
        try:
            status = process.wait(1)
        except subprocess.TimeoutExpired:
            status = -signal.SIGPROF
        sandbox.kill_tree(process.pid)
        process.wait()
        process.stdin.close(), process.stdout.close()
        if status == -signal.SIGPROF:
            return f"reading it takes more than {self.seconds:g} s: it is no ordinary notebook"
        return "reading it ends Python: it is no ordinary notebook"

    def close(self):
        """End the process."""
        if self.process is not None:
            self._why()


def main(argv):
    """Answer lines until there are no more."""
    known, seconds, memory = argv
    sandbox.die_with_parent()
    answers, requests = os.fdopen(os.dup(1), "wb"), sys.stdin.buffer
    os.dup2(2, 1)
    known = Known.read(known)
    _limit(int(memory))
    answers.write(READY), answers.flush()
    for line in requests:
        signal.setitimer(signal.ITIMER_PROF, float(seconds))  # ends Python even inside a regular expression
        path, name = json.loads(line)
        try:
            answer = as_json(*look(path, name, known))
        except MemoryError:
            answer = as_json([Reading("", status="too large", message="reading it needs too much memory")], [])
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.write(answer.encode("utf-8", "backslashreplace") + b"\n")
        answers.flush()
    return 0


def _limit(memory):
    for name, most in (("RLIMIT_DATA", memory), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0)):
        try:
            resource.setrlimit(getattr(resource, name), (most, most))
        except (OSError, ValueError, AttributeError):
            pass  # not on every platform
