"""No loop: what happens when an answer runs decides, what its source says gives the words.

Vectorised code takes the same number of Python steps for 6 images as for 54. Two counts must not grow with the arrays:
the bytecode instructions of the student's functions, with the lines that NumPy's own Python functions run; and the
operations on the arrays, their rows and their entries. A third comparison, above 100 rows, finds loops over blocks.
"""

import numpy as np

from labkit.check.calls import Here, Target, a_type, is_blank

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
        seen = any(grows(answer.target, few, more) for more in many) or in_blocks(answer.target, rows)
        if not seen:
            return None
        return next(
            iter(answer.target.loops()),
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

    function: the student's, or a `Target`.
    cases: functions that give the arguments for 150, 575 and 1,000 rows.
    """
    target = _target(function)
    try:
        counts = [target.steps(case()) for case in cases]
    except Exception:  # of an answer that works on a few sizes only, these are judged by the smaller ones
        return False
    return counts[0] < counts[1] < counts[2] and counts[2] - counts[0] > 15


def grows(function, small, large):
    """True if the number of Python steps or of array operations grows from the small to the large arguments.

    function: the student's, or a `Target`.
    small, large: tuples of arguments, one axis of them longer by 20 at least.
    Growth is nearly one step or more for every further row (or column, or class).
    Raises what the function raises on these arguments.
    """
    further = max(b - a for x, y in zip(small, large) for a, b in zip(np.shape(x), np.shape(y)))
    if not further:
        return False
    target = _target(function)
    if target.steps(large) - target.steps(small) > 0.9 * further:
        return True
    try:
        return target.operations(large) - target.operations(small) > 0.9 * further
    except Exception:  # a function may refuse a subclass of ndarray: then its source is the second witness
        return any(hidden in found for found in target.loops() for hidden in ("Python objects", "hides what"))


def _target(function):
    return function if isinstance(function, Target) else Here(function)


class Through(Target):
    """A function that is counted in calls of another shape than its own.

    target: of the function.
    call: function (f, array) that calls f with what it makes of one array.
    """

    def __init__(self, target, call):
        self._target, self._call = target, call

    def steps(self, args):
        """Python steps of the call that is made of these arguments."""
        return self._call(lambda *inner: self._target.steps(inner), *args)

    def operations(self, args):
        """Operations on arrays in it."""
        return self._call(lambda *inner: self._target.operations(inner), *args)

    def loops(self):
        """The loops in the source."""
        return self._target.loops()
