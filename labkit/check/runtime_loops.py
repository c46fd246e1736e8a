"""No loop: what happens when an answer runs decides, what its source says gives the words.

Vectorised code takes the same number of Python steps for 6 images as for 54. Two counts must not grow with the arrays:
the bytecode instructions of the student's functions, with the lines that NumPy's own Python functions run; and the
operations on the arrays, their rows and their entries. A third comparison, above 100 rows, finds loops over blocks.
"""

import contextlib
import os
import sys

import numpy as np

from labkit.check.answer import a_type, is_blank
from labkit.check.source import loops
from labkit.check.watch import is_students

_PRINTING = (np.array2string, np.array_repr, np.array_str)
_NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep


# Sizes to count at, the first ones smallest. A wrong answer may work only where all sizes are equal, or
# only on the lab's own sizes: its loops are judged there.
_SIZES = [
    [(6, 5, 4), (54, 5, 4), (6, 53, 4), (6, 5, 28)],
    [(5, 5, 5), (29, 29, 29)],
    [(6, 10, 10), (54, 10, 10)],
    [(1000, 10, 10)],
]
MANY_ROWS = [(150, 5, 4), (575, 5, 4), (1000, 5, 4)]


def no_loop(make):
    """A criterion: no loop in the source of an answer, none to be seen when it runs, and an answer at all.

    make: function of a random generator and three sizes to the arguments; it must make arguments of any sizes from 5
        to 1,000 (30 for the third).
    """

    def problem(answer):
        for sizes in _SIZES:
            small, *large = sizes
            outcome = answer(*make(answer.rng(), *small))
            if outcome.error is None or answer.unsolved:
                break
        if answer.unsolved:
            return "not done yet"
        if answer.borrowed:
            return answer.borrowed
        if outcome.error is not None:
            return answer(*make(answer.rng(), *_SIZES[0][0])).error
        for further in range(1, 9):  # one other value may be the same by chance
            other = answer(*make(np.random.default_rng(answer.seed + further), *small))
            senseless = _senseless(outcome.value, other.value)
            if not senseless:
                break
        if senseless:
            return f"there is nothing to judge yet: {senseless}"
        few, *many = [make(answer.rng(), *size) for size in (small, *large)]
        rows = [lambda size=size: make(answer.rng(), *size) for size in MANY_ROWS]
        seen = any(grows(answer.function, few, more) for more in many) or in_blocks(answer.function, rows)
        if not seen:
            return None
        return next(
            iter(loops(answer.function)),
            "the number of Python steps grows with the size of the arrays: there is a loop in it",
        )

    return problem


def _senseless(value, other):
    """Why a value is no answer at all: not numbers, or the same whatever the arguments are."""
    ones, twos = _parts(value), _parts(other)
    if any(is_blank(one) or isinstance(one, (str, bytes, bool, np.bool_)) for one in ones):
        return f"it returns {value if value is None else a_type(value)}"
    pairs = [(np.asarray(one), np.asarray(two)) for one, two in zip(ones, twos)]
    if not pairs or any(one.dtype.kind not in "fiu" or one.size == 0 for one, _ in pairs):
        if not isinstance(value, np.ndarray):
            return f"it returns {a_type(value)}, not numbers"
        return "it returns an array of something else than numbers"
    if not all((abs(one.astype(float)) < np.inf).all() for one, _ in pairs):
        return "it returns NaN or infinite values"
    if all(one.shape == two.shape and (one == two).all() for one, two in pairs):
        return "what it returns does not depend on its arguments"
    return None


def _parts(value):
    """What a returned value consists of: a tuple (loss, gradient), a dict of gradients, or itself."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, list) and any(isinstance(inner, (np.ndarray, dict)) for inner in value):
        value = tuple(value)
    return [part for inner in value for part in _parts(inner)] if isinstance(value, tuple) else [value]


def in_blocks(function, cases):
    """Whether it goes through the rows in blocks: three counts above 100 rows that grow from one to the next.

    function: the student's.
    cases: functions that give the arguments for 150, 575 and 1,000 rows.
    """
    try:
        counts = [steps(function, case()) for case in cases]
    except Exception:  # of an answer that works on a few sizes only, these are judged by the smaller ones
        return False
    return counts[0] < counts[1] < counts[2] and counts[2] - counts[0] > 15


def grows(function, small, large):
    """True if the number of Python steps or of array operations grows from the small to the large arguments.

    function: the student's.
    small, large: tuples of arguments, one axis of them longer by 20 at least.
    Growth is nearly one step or more for every further row (or column, or class).
    Raises what the function raises on these arguments.
    """
    further = max(b - a for x, y in zip(small, large) for a, b in zip(np.shape(x), np.shape(y)))
    if not further:
        return False
    if steps(function, large) - steps(function, small) > 0.9 * further:
        return True
    try:
        return operations(function, large) - operations(function, small) > 0.9 * further
    except Exception:  # a function may refuse a subclass of ndarray: then its source is the second witness
        return any(hidden in found for found in loops(function) for hidden in ("Python objects", "hides what"))


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
