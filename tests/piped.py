"""A process that runs cells and lets the checks in this one call what they define: as in marking, without a kernel.

`python tests/piped.py FD` is that process.
"""

import io
import linecache
import socket
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

from labkit.course.marking.pipe.remote import Outside
from labkit.course.marking.pipe.serve import Served


class Cells(Served):
    """The end of the pipe in a process that runs cells, too, as IPython does."""

    def answer(self, kind, parts):
        if kind == "fresh":
            self._names.clear(), self._targets.clear(), self.forget()
            self._names["__name__"] = "__main__"
            return None
        if kind == "cell":
            source, filename = parts
            self._targets.clear()
            linecache.cache[filename] = len(source), None, source.splitlines(True), filename
            with redirect_stdout(io.StringIO()):
                exec(compile(source, filename, "exec"), self._names)
            return None
        return super().answer(kind, parts)


def start(seconds=300.0):
    """(line, process): the marker's end of the pipe to a new process."""
    here, there = socket.socketpair()
    command = [sys.executable, __file__, str(there.fileno())]
    process = subprocess.Popen(command, pass_fds=[there.fileno()], cwd=Path(__file__).parents[1])
    there.close()
    return Outside(here, seconds), process


if __name__ == "__main__":
    import matplotlib

    matplotlib.use("Agg")
    Cells(socket.socket(fileno=int(sys.argv[1])), {"__name__": "__main__"}).serve()
