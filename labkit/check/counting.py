"""Counting what an answer does while it runs: Python steps, operations on arrays, memory."""

import contextlib
import os
import sys
import tracemalloc

import numpy as np

from labkit.check.watch import is_students

_PRINTING = (np.array2string, np.array_repr, np.array_str)
_NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep


def steps(function, args):
    """Bytecode instructions of the student's functions and calls of NumPy's Python functions, in one run."""
    count = 0

    def trace(frame, event, arg):
        nonlocal count
        name = frame.f_code.co_filename
        if is_students(frame.f_code):
            frame.f_trace_lines, frame.f_trace_opcodes = False, True
            count += 1
            return inside
        if name.startswith(_NUMPY) and not (_dispatches(frame) or _prints(frame)):
            count += 1
            return inside_numpy
        return None

    def inside_numpy(frame, event, arg):
        nonlocal count
        count += event == "line"
        return inside_numpy

    def inside(frame, event, arg):
        nonlocal count
        count += event == "opcode"
        return inside

    before = sys.gettrace()
    try:
        # The second run counts: NumPy keeps things from the first, and Python 3.13 begins to trace only then.
        for copies in [[a.copy() if hasattr(a, "copy") else a for a in args] for _ in range(2)]:
            count = 0
            sys.settrace(trace)
            function(*copies)
            sys.settrace(before)
    finally:
        sys.settrace(before)
    return count


def operations(function, args):
    """Operations on the arguments and on what comes of them: ufuncs, functions, indexing, iteration."""
    for _ in range(2):
        Counted.count = 0
        with _kept_in_view():
            function(*[np.array(a).view(Counted) for a in args])
    return Counted.count


def peak(function, args):
    """The memory that a call takes at most, in bytes; of a call that fails, up to there."""
    copies = [a.copy() if hasattr(a, "copy") else a for a in args]
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        with contextlib.suppress(Exception):
            function(*copies)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not tracing:
            tracemalloc.stop()


@contextlib.contextmanager
def _kept_in_view():
    """`np.asarray(X)` and `np.array(X)` of an array that counts give one that counts, while this lasts."""
    makers = {name: getattr(np, name) for name in ("asarray", "array", "ascontiguousarray")}

    def counting(make):
        def made(a, *args, **keywords):
            array = make(a, *args, **keywords)
            students = is_students(sys._getframe(1).f_code)
            return _count(array) if students and isinstance(a, Counted) else array

        return made

    try:
        for name, make in makers.items():
            setattr(np, name, counting(make))
        yield
    finally:
        for name, make in makers.items():
            setattr(np, name, make)


class Counted(np.ndarray):
    """An array that counts what is done with it; what is computed from it counts too."""

    count = 0

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **keywords):
        own = getattr(np, ufunc.__name__, None) is not ufunc and " (vectorized)" in ufunc.__name__
        Counted.count += max((np.size(i) for i in inputs), default=1) if own else 1  # made by np.frompyfunc
        if out is not None:
            keywords["out"] = tuple(_plain(o) for o in out)
        if "where" in keywords:
            keywords["where"] = _plain(keywords["where"])
        result = getattr(ufunc, method)(*map(_plain, inputs), **keywords)
        if out is not None:
            return out[0] if len(out) == 1 else out
        return tuple(map(_count, result)) if isinstance(result, tuple) else _count(result)

    def __array_function__(self, function, types, args, keywords):
        if function in _PRINTING:
            return function(_plain(args[0]), *args[1:], **keywords)
        Counted.count += 1
        return super().__array_function__(function, types, args, keywords)

    def __getitem__(self, key):
        Counted.count += not _dispatches(sys._getframe(1))
        return super().__getitem__(key)

    def __setitem__(self, key, value):
        Counted.count += 1
        super().__setitem__(key, value)

    def __iter__(self):
        Counted.count += 0 if _dispatches(sys._getframe(1)) else len(self)
        return super().__iter__()

    def tolist(self):
        Counted.count += self.size
        return super().tolist()

    @property
    def flat(self):
        return self.reshape(-1)

    def __repr__(self):
        return repr(_plain(self))

    def __str__(self):
        return str(_plain(self))


def _plain(value):
    return value.view(np.ndarray) if isinstance(value, Counted) else value


def _count(value):
    return value.view(Counted) if isinstance(value, np.ndarray) else value


def _dispatches(frame):
    """Whether NumPy only looks up the types of its arguments, for which `np.choose` goes through them."""
    return frame.f_code.co_name.endswith("_dispatcher") and frame.f_code.co_filename.startswith(_NUMPY)


def _prints(frame):
    """Whether NumPy is only printing an array, which takes a loop of its own."""
    while frame is not None:
        if frame.f_code.co_filename.endswith("arrayprint.py"):
            return True
        frame = frame.f_back
    return False
