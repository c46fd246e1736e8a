"""The verdict on an exercise: a line per criterion, the points as a Python float, nothing on stderr.

An exercise is a list of criteria, each with its share of the points, a text, and a function that takes the
student's answer and returns None (✔) or the diagnosis (✘). This is all it takes to add one:

    def _cases(rng):
        return [(rng.normal(size=(n, d)),) for n, d in [(1, 4), (6, 3), (5, 5)]]

    def relu_forward_(x):
        return np.maximum(x, 0)

    relu_forward = exercise("relu_forward", points=10, answer=relu_forward_, criteria=[
        (8, "negative entries become 0, the others stay", equals(_cases, relu_forward_, mistakes=[
            ("this is the absolute value", lambda x: abs(x)),
            ("the gradient of ReLU, not ReLU itself", lambda x: (x > 0) * 1.0)])),
        (2, "x is left as it was", unchanged(_cases))])

The notebook's check cell is `check.relu_forward(relu_forward)`; later cells get the function by
`check.use("relu_forward", relu_forward)`. The first criterion is the substance: without it the others
bring no points. `equals`, `unchanged` and `part` (for one of several values) are in `compare`, loops are
`vectorised` below, plots are judged by `figures`.
"""

from typing import NamedTuple

import numpy as np

from labkit.check.answer import READY_MADE, Answer, a_type, is_blank, one_line, parameters_of, quiet
from labkit.check.source import loops
from labkit.check.witness import grows

EXERCISES = {}
_print = print


class Exercise(NamedTuple):
    """What `use` and the marking need to know of an exercise."""

    name: str
    points: float
    judge: object
    answer: object


class Verdict(NamedTuple):
    """Points earned, and the lines that say why."""

    earned: float
    lines: list


def exercise(name, points, answer, criteria, ready_made=READY_MADE):
    """Make the check of an exercise in which a function is written.

    name: that of the function, of the check, and of the exercise for `use`.
    points: the most it brings; the check takes another number as `points=`.
    answer: labkit's own function, which `use` hands out; its arguments name those of the exercise.
    criteria: (share, text, function of an `Answer` to None or a diagnosis), the substance first.
    ready_made: patterns of functions that an answer may not call.
    Returns the check, a function of the student's function that prints the verdict and returns the points.
    """

    def judge(function, points=points, seed=0, ready_made=ready_made):
        return verdict(name, points, Answer(function, parameters_of(answer), seed, ready_made), criteria)

    def check(function, points=points, seed=0):
        return say(judge(function, points, seed))

    EXERCISES[name] = Exercise(name, points, judge, answer)
    rows = "\n".join(f"    {share:g}: {text}" for share, text, _ in criteria)
    check.__name__ = check.__qualname__ = name
    check.__doc__ = f"""Print the verdict on `{name}` and return the points, at most `points`.

    function: yours, {name}({", ".join(parameters_of(answer))}).
    points: what the exercise is worth; the shares of its criteria are scaled to it:
{rows}
    seed: another seed draws other numbers for the cases.
    """
    return check


def verdict(name, points, subject, criteria, gate=True):
    """Judge `subject` by each criterion.

    subject: an `Answer` or a `figures.Plot`: something with `unsolved`, `left_over` and `borrowed`.
    criteria: (share, text, function of the subject to None or a diagnosis).
    gate: without the first criterion the others bring nothing.
    Returns a `Verdict`; the points are a float, exactly `points` if all criteria are met, 0.0 if none is.
    """
    problems = []
    with quiet():
        for _, _, find in criteria:
            if gate and problems and problems[0]:
                problems.append("judged when the first line is right")
                continue
            problems.append(_found(find, subject))
            if subject.unsolved or subject.borrowed:
                break
    if subject.unsolved:
        why = f" ({subject.left_over})" if subject.left_over else ""
        return Verdict(0.0, [f"{name}: not done yet{why}"])
    if subject.borrowed:
        return Verdict(
            0.0,
            [
                f"{name}: 0 of {points:g} points",
                "  ✘ written in NumPy",
                f"      this calls a ready-made answer ({subject.borrowed}): write it out",
            ],
        )
    total = sum(share for share, _, _ in criteria)
    met = sum(share for (share, _, _), problem in zip(criteria, problems) if problem is None)
    earned = float(points) if met == total else round(float(points) * met / total, 6)
    lines = [f"{name}: {earned:g} of {points:g} points"]
    for (_, text, _), problem in zip(criteria, problems):
        lines += [f"  ✔ {text}"] if problem is None else [f"  ✘ {text}", f"      {problem}"]
    return Verdict(earned, lines)


def say(judged):
    """Print a verdict; return its points."""
    text = "\n".join(judged.lines)
    try:
        _print(text)
    except UnicodeEncodeError:  # a terminal without the two signs
        _print(text.replace("✔", "+").replace("✘", "-").encode("ascii", "replace").decode())
    return judged.earned


def use(name, function):
    """The function to go on with: yours if it gets full marks, else labkit's; one printed line says which.

    name: of the exercise, such as "score".
    function: yours.
    Returns one of the two. Raises ValueError for a name that is no exercise.
    """
    known = EXERCISES.get(name)
    if known is None:
        raise ValueError(f"there is no exercise {name!r}; there are: {', '.join(sorted(EXERCISES))}")
    judged = known.judge(function)
    if judged.earned == known.points:
        say(Verdict(judged.earned, [f"using your {name}"]))
        return function
    state = "done" if judged.lines[0].startswith(f"{name}: not done yet") else "right"
    say(Verdict(0.0, [f"{name} is not {state} yet: going on with labkit's"]))
    return known.answer


def vectorised(name, points, makers, ready_made=READY_MADE):
    """Make the check that functions work without loops, whether or not their values are right.

    name: of the check.
    points: for all functions together, in equal shares.
    makers: for each function, by name, a function of a random generator and three sizes to its arguments;
        it must make arguments of any sizes from 5 to 1,000 (30 for the third).
    Returns the check, a function of the students' functions in the order of `makers`.
    """

    def check(*functions, points=points, seed=0):
        if len(functions) != len(makers):
            raise TypeError(f"check.{name} takes {len(makers)} functions: {', '.join(makers)}")
        named = [parameters_of(EXERCISES[which].answer) if which in EXERCISES else () for which in makers]
        answers = [Answer(*pair, seed, ready_made) for pair in zip(functions, named)]
        criteria = [
            (1, f"{which} has no loop", loop_finder(answer, make))
            for answer, (which, make) in zip(answers, makers.items())
        ]
        return say(verdict(name, points, _All(answers), criteria, gate=False))

    check.__name__ = check.__qualname__ = name
    check.__doc__ = f"""Print whether {" and ".join(makers)} do without loops, and return the points.

    functions: yours, in this order. points: for all of them, in equal shares.
    No for, while, comprehension, map, np.vectorize, recursion and the like in them or in your own functions
    that they call; and the number of Python steps may not grow with the arrays.
    """
    return check


class _All:
    """Several answers judged by one check: unsolved if all of them are."""

    borrowed = left_over = None

    def __init__(self, answers):
        self._answers = answers

    @property
    def unsolved(self):
        return all(answer.unsolved for answer in self._answers)


# Sizes to count at, the first ones smallest. A wrong answer may work only where all sizes are equal, or
# only on the lab's own sizes: its loops are judged there.
_SIZES = [
    [(6, 5, 4), (54, 5, 4), (6, 53, 4), (6, 5, 28)],
    [(5, 5, 5), (29, 29, 29)],
    [(6, 10, 10), (54, 10, 10)],
    [(1000, 10, 10)],
]


def loop_finder(answer, make):
    """A criterion: no loop in the source of an answer, none to be seen when it runs, and an answer at all."""

    def problem(_):
        for sizes in _SIZES:
            outcome = answer(*make(answer.rng(), *sizes[0]))
            if outcome.error is None or answer.unsolved:
                break
        small, *large = sizes
        if answer.unsolved:
            return "not done yet"
        if answer.borrowed:
            return f"this calls a ready-made answer ({answer.borrowed}): write it out"
        if outcome.error is not None:
            return answer(*make(answer.rng(), *_SIZES[0][0])).error
        other = answer(*make(np.random.default_rng(answer.seed + 1), *small))
        senseless = _senseless(outcome.value, other.value)
        if senseless:
            return f"there is nothing to judge yet: {senseless}"
        found = loops(answer.function)
        if found:
            return found[0]
        few, *many = [make(answer.rng(), *size) for size in (small, *large)]
        if any(grows(answer.function, few, more) for more in many):
            return "the number of Python steps grows with the size of the arrays: there is a loop in it"
        return None

    return problem


def _senseless(value, other):
    """Why a value is no answer at all: not numbers, or the same whatever the arguments are."""
    ones, twos = _parts(value), _parts(other)
    if any(is_blank(one) or isinstance(one, (str, bytes, bool, np.bool_)) for one in ones):
        return f"it returns {value if value is None else a_type(value)}"
    pairs = [(np.asarray(one), np.asarray(two)) for one, two in zip(ones, twos)]
    if not pairs or any(one.dtype.kind not in "fiu" or one.size == 0 for one, _ in pairs):
        return (
            f"it returns {a_type(value)}, not numbers"
            if not isinstance(value, np.ndarray)
            else "it returns an array of something else than numbers"
        )
    if not all((abs(one.astype(float)) < np.inf).all() for one, _ in pairs):
        return "it returns NaN or infinite values"
    if all(one.shape == two.shape and (one == two).all() for one, two in pairs):
        return "what it returns does not depend on its arguments"
    return None


def _parts(value):
    """What a returned value consists of: a tuple (loss, gradient), a dict of gradients, or itself."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, list) and any(isinstance(inner, np.ndarray) for inner in value):
        value = tuple(value)
    return [part for inner in value for part in _parts(inner)] if isinstance(value, tuple) else [value]


def _found(find, subject):
    """The diagnosis of one criterion; what cannot even be judged is a ✘ too."""
    try:
        return find(subject)
    except KeyboardInterrupt:
        raise
    except BaseException as problem:
        return f"this could not be judged ({type(problem).__name__}: {one_line(problem)})"
