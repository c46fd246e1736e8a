"""While a check cell is due in a notebook's process, its check is judged here, in a thread of the marker."""

import contextlib
import ctypes
import os
import signal
import socket
import struct
import threading

from nbformat import from_dict
from nbformat.v4 import new_output

from labkit.course.marking import sandbox
from labkit.course.marking.pipe.judge import Said, judge
from labkit.course.marking.pipe.line import Lost
from labkit.course.marking.pipe.remote import Outside


def listen(path):
    """A socket in a folder that the notebook's process sees: it calls there when a check cell is due."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(1)
    return listener


class Judging:
    """Judges a check while its cell is executed; once it is, after `finish`, `said` is the verdict.

    listener: what `listen` returned.
    call: the check's call, see `judge.call_in`.
    seed: of the cases.
    written: the notebook's text up to the check, a `Written`.
    seconds: the longest that one call of the student's function may take.
    process: function to the id of the notebook's process.
    """

    def __init__(self, listener, call, seed, written, seconds, process):
        self._listener, self._call, self._seed, self._written = listener, call, seed, written
        self._seconds, self._process = seconds, process
        self.said = Said(0.0, "", "", None, ("Lost", "the notebook's process does not let its check be run"))
        self.was_late, self._over = False, threading.Event()
        self._thread = threading.Thread(target=self._judge, daemon=True)
        self._thread.start()

    def finish(self):
        """Wait for the verdict: the cell is over."""
        self._over.set()
        self._thread.join(2 * self._seconds + 30)

    def _judge(self):
        connection = self._accepted()
        if connection is None:
            return
        line = Outside(connection, self._seconds, self._interrupt)
        try:
            with _on_one_core(connection):
                self.said = judge(self._call, line, self._seed, self._written)
            self._tell(line)
        except Exception as problem:  # what the process wrote led the check astray: no points, and the marker goes on
            self.said = Said(0.0, "", "", None, (type(problem).__name__, f"the check could not be judged: {problem}"))
        finally:
            line.close()
            if line.gave_up:
                sandbox.kill_tree(self._process())

    def _accepted(self):
        self._listener.settimeout(0.1)
        while True:
            over = self._over.is_set()  # asked first: a process may call and be gone at once
            try:
                connection, _ = self._listener.accept()
                return connection
            except TimeoutError:
                if over:
                    return None
            except OSError:
                return None

    def _tell(self, line):
        """Tell the notebook the verdict, for the table of points at its end, and to go on."""
        verdict = self.said.verdict
        try:
            if verdict is not None:
                names = [inner.id for inner in self._call.args if hasattr(inner, "id")]
                line.ask("said", [*verdict[:3], [list(row) for row in verdict.rows], verdict.state], names)
            line.goodbye()
        except (Lost, ValueError, TypeError):
            pass

    def _interrupt(self):
        """Interrupt the notebook's process, as the stop button does."""
        self.was_late = True
        try:
            os.killpg(os.getpgid(self._process()), signal.SIGINT)
        except OSError:
            pass


@contextlib.contextmanager
def _on_one_core(connection):
    """While this lasts, this thread and the process at the other end run on one core, where the system lets them.

    They work in turns only, and to wake another core takes as long as all else in a call: half the time.
    """
    try:
        process, _, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        cores, core = os.sched_getaffinity(process), ctypes.CDLL(None).sched_getcpu()
        os.sched_setaffinity(0, [core]), os.sched_setaffinity(process, [core])
    except (AttributeError, OSError, ValueError):
        cores = None
    try:
        yield
    finally:
        if cores is not None:
            with contextlib.suppress(OSError):
                os.sched_setaffinity(process, cores)


def outputs_of(said, most):
    """The outputs of a check cell that said this: its verdict as a notebook shows it, and the points for nbgrader.

    said: what the check said.
    most: the points that there are.
    """
    if said.error is not None:
        name, message = said.error
        return [new_output("error", ename=name, evalue=message, traceback=[f"{name}: {message}"])]
    points = repr(min(max(float(said.points), 0.0), float(most)))
    # Plain nodes: nbformat's own maker compares each with the format, which takes longer than all else here.
    shown = {"output_type": "display_data", "data": {"text/plain": said.text, "text/html": said.page}, "metadata": {}}
    given = {"output_type": "execute_result", "data": {"text/plain": points, "text/html": ""}, "metadata": {}}
    return [from_dict(shown), from_dict(given | {"execution_count": 1})]
