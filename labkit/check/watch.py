"""Looking on while an answer runs: whether it calls a ready-made one, and whether it tries not to be looked at."""

import fnmatch
import functools
import os
import sys
import threading
import types

# What an exercise asks to be written in NumPy: "keras.*" is everything in that package, "!" is an exception.
READY_MADE = (
    "labkit.*",
    "!labkit.progress*",
    "scipy.special.softmax",
    "scipy.special.log_softmax",
    "scipy.special.logsumexp",
    "scipy.optimize.*",
    "scipy.differentiate.*",
    "scipy.misc.derivative",
    "sklearn.*",
    "torch.*",
    "tensorflow.*",
    "keras.*",
    "jax.*",
    "autograd.*",
    "numdifftools.*",
    "statsmodels.*",
)

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_STANDARD = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_HIDING = {"sys.setprofile", "sys.settrace", "threading.setprofile", "_thread.start_new_thread", "posix.fork"}
_PROCESSES = {"_posixsubprocess.fork_exec", "_winapi.CreateProcess"}
_NOT_LOOKED_AT = "it takes away, or gets around, what the check looks on with ({}): leave that out"


def is_students(code):
    """True for code that belongs neither to Python, nor to an installed package, nor to labkit."""
    name = code.co_filename
    return not (name.startswith((_HERE, _STANDARD, "<frozen ")) or "site-packages" in name or "dist-packages" in name)


class Watch:
    """A context in which calls of ready-made functions are noticed, in threads too; `foul` is what was, in words.

    ready_made: patterns of their names. given: code of functions that the check itself hands over.
    """

    def __init__(self, ready_made, given=()):
        self.foul = None
        self._given = {*given, Watch.__exit__.__code__}
        self._ready_made = ready_made
        self._packages = {pattern.partition(".")[0] for pattern in ready_made}
        self._exceptions = [pattern[1:] for pattern in ready_made if pattern.startswith("!")]

    def __enter__(self):
        self._before, self._hook = sys.getprofile(), self._see
        self._own = sys._getframe(1).f_code  # where the walk up the frames ends
        # One written in C could not be put back.
        self._watches = self._before is None or callable(self._before)
        if self._watches:
            threading.setprofile(self._hook)
            sys.setprofile(self._hook)
        return self

    def __exit__(self, kind, *_):
        if self._watches:
            still = sys.getprofile() is self._hook or kind is not None  # Python drops a profiler that runs out of stack
            sys.setprofile(self._before)
            threading.setprofile(None)
            if not still and self.foul is None:
                self.foul = _NOT_LOOKED_AT.format("sys.setprofile")

    def _see(self, frame, event, arg):
        if self.foul is not None or event not in ("call", "c_call"):
            return
        if event == "call":
            if frame.f_code in self._given:
                return
            module, name = _module_of(frame), frame.f_code.co_name
            if is_students(frame.f_code) and _is_copied(frame.f_code):
                self._call_foul(frame, event, f"a copy of labkit's {name}")
                return
        else:
            module, name = str(getattr(arg, "__module__", None)), getattr(arg, "__name__", None)
        if f"{module}.{name}" in _PROCESSES:
            self.foul = "it starts another process: the answer has to be computed in the function itself"
        if f"{module}.{name}" in _HIDING:
            caller = frame.f_back if event == "call" else frame
            if caller and is_students(caller.f_code):
                self.foul = _NOT_LOOKED_AT.format(f"{module}.{name}, line {caller.f_lineno}")
            return
        if module.partition(".")[0] not in self._packages or name == "<module>":
            return
        public = ".".join(part for part in f"{module}.{name}".split(".") if not part.startswith("_"))
        if matches(public, self._ready_made) and not matches(public, self._exceptions):
            self._call_foul(frame, event, public)

    def _call_foul(self, frame, event, what):
        # Importing a module runs its code, and what the check itself handed over is not borrowed.
        line, inner = None, frame.f_back if event == "call" else frame
        while inner and inner.f_code is not self._own:
            if inner.f_code in self._given or inner.f_code.co_filename.startswith("<frozen importlib"):
                return
            if line is None and is_students(inner.f_code):
                line = inner.f_lineno
            inner = inner.f_back
        where = f", line {line}" if line else ""
        self.foul = f"this calls a ready-made answer ({what}{where}): write it out"


def _module_of(frame):
    """The module whose function runs: that of its file, if labkit's code runs under another module's name."""
    module, file = str(frame.f_globals.get("__name__")), frame.f_code.co_filename
    if file.startswith(_HERE) and module.partition(".")[0] != "labkit":
        return ".".join(("labkit", *os.path.splitext(file[len(_HERE) :])[0].split(os.sep)))
    return module


def labkits_checks():
    """{(module, name): function or class} of what judges, to see that an answer leaves it alone."""
    modules = {name: module for name, module in list(sys.modules.items()) if name.startswith("labkit.check")}
    return {(n, k): v for n, m in modules.items() for k, v in list(vars(m).items()) if callable(v)}


class TooLong(BaseException):
    """An answer runs more lines than it was given."""


class Lines:
    """A context that raises `TooLong` after so many lines of the student's functions."""

    def __init__(self, most):
        self._left = most

    def __enter__(self):
        self._before = sys.gettrace()
        sys.settrace(self._call)

    def __exit__(self, *_):
        sys.settrace(self._before)

    def _call(self, frame, event, arg):
        return self._line if is_students(frame.f_code) else None

    def _line(self, frame, event, arg):
        self._left -= event == "line"
        if self._left < 0:
            raise TooLong
        return self._line


def matches(name, patterns):
    """Whether a dotted name is one of these patterns."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _is_copied(code):
    return bool(code.co_consts) and (code.co_name, code.co_consts[0], code.co_code) in _labkits_own()


@functools.lru_cache(maxsize=1)
def _labkits_own():
    """Name, docstring and bytecode of labkit's functions: its source, run by `exec`, gives the same three."""
    modules = [module for name, module in list(sys.modules.items()) if name.split(".")[0] == "labkit" and module]
    functions = [f for m in modules for f in list(vars(m).values()) if isinstance(f, types.FunctionType)]
    return {(f.__code__.co_name, f.__doc__, f.__code__.co_code) for f in functions if len(f.__doc__ or "") > 30}
