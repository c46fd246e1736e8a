'''An exercise: its right answer, its criteria, its known mistakes. This is all it takes to add one:

    def relu_forward_(x):
        """ReLU and what its backward pass needs: x (N, ...) -> (out, cache)."""
        out = np.maximum(0, x)
        return out, x

    def _cases(rng):
        return [(rng.normal(size=shape),) for shape in [(1, 4), (6, 3), (5, 5), (2, 3, 4)]]

    relu_forward = exercise(
        "relu_forward",
        10,
        relu_forward_,
        [
            (5, "negative entries become 0, the others stay", equals(_cases, part=0)),
            (3, "the cache is what the backward pass needs: x", equals(_cases, part=1)),
            (1, "for all images at once, without a loop", no_loop(lambda rng, n, d, c: (rng.normal(size=(n, d)),))),
            (1, "x is left as it was", unchanged(_cases)),
        ],
        mistakes=[
            ("this is the absolute value", ("np.maximum(0, x)", "abs(x)"), {"keeps": 0}),
            ("min instead of max", ("maximum", "minimum")),
            ("the indicator of ReLU, 0 or 1, instead of its value", ("np.maximum(0, x)", "1.0 * (x > 0)")),
            ("out is in the cache, where x is asked", ("out, x", "out, out")),
        ],
        returns="(out, cache)",
    )

The notebook's check cell is `check.relu_forward(relu_forward)`; later cells get the function by
`check.use("relu_forward", relu_forward)`, so the right answer is a plain function that needs nothing but NumPy.

**Mistakes** are edits of the right answer's source, see `mistakes.Mistakes`: one list for all criteria; which values a
mistake shows in is found out by running it. Where no single edit gives the student's values, pairs are tried, and both
are named. The tests run every edit as a student's cell: it has to differ from the right answer on the cases, and gets
exactly its own words and points, so an edit needs no line in tests/answers.

**Points.** A criterion that is spoilt by known slips keeps half of its points for each of them, or the share that its
entry says; 0 where what is missing is the substance. A slip that was named above is not named again: the line gets the
neutral mark "–". The first criterion is the substance: without any of it the others bring no points and stay open.

**Criteria**: `criteria.equals` (values), `criteria.watched` (what happens while the answer runs: for answers that are
handed functions), `probed.probed` (modules, and what else has no plain values), `criteria.unchanged`,
`runtime_loops.no_loop`, or any function of an `Answer` to None or a diagnosis; one that needs to know what is right in
the light of the slips named above takes `answer.right`. Plots: `figures`.
'''

from typing import NamedTuple

from labkit.check.answer import Answer, parameters_of
from labkit.check.criteria import Equals
from labkit.check.mistakes import Mistakes
from labkit.check.runtime_loops import no_loop
from labkit.check.verdict import say, say_line, verdict
from labkit.check.watch import READY_MADE

EXERCISES = {}
TOLD = {}  # in marking: each exercise's function and the marker's verdict on it


class Exercise(NamedTuple):
    """What `use`, the marking and the tests need to know of an exercise."""

    name: str
    points: float
    judge: object
    answer: object
    criteria: list
    known: Mistakes


def exercise(name, points, answer, criteria, mistakes=(), returns=None, ready_made=READY_MADE):
    """Make the check of an exercise in which a function is written.

    name: that of the function, of the check, and of the exercise for `use`.
    points: the most it brings; the check takes another number as `points=`.
    answer: the right answer, which `use` hands out; its arguments name those of the exercise.
    criteria: (share, text, function of an `Answer` to None, a diagnosis or a `Found`), the substance first.
    mistakes: the table of known mistakes, see `Mistakes`.
    returns: where it returns several values, what these are, in words: "(loss, dW)".
    ready_made: patterns of functions that an answer may not call.
    Returns the check, a function of the student's function that prints the verdict and returns the points.
    """
    known = Mistakes(answer, mistakes)
    units = [unit for _, _, criterion in criteria if isinstance(criterion, Equals) for unit in criterion.units]

    def judge(function, points=points, seed=None, ready_made=ready_made):
        subject = Answer(function, parameters_of(answer), seed, ready_made)
        subject.known, subject.units, subject.returns = known, units, returns
        return verdict(name, points, subject, criteria)

    def check(function, points=points, seed=None):
        return say(judge(function, points, seed))

    EXERCISES[name] = Exercise(name, points, judge, answer, criteria, known)
    rows = "\n".join(f"    {share:g}: {text}" for share, text, _ in criteria)
    check.__name__ = check.__qualname__ = name
    check.__doc__ = f"""Print the verdict on `{name}` and return the points, at most `points`.

    function: yours, {name}({", ".join(parameters_of(answer))}).
    points: what the exercise is worth; the shares of its criteria are scaled to it:
{rows}
    seed: another seed draws other numbers for the cases.
    """
    return check


def use(name, function):
    """The function to go on with: yours if it gets full marks, else labkit's; one printed line says which.

    name: of the exercise, such as "score".
    function: yours.
    Returns one of the two. Raises ValueError for a name that is no exercise.
    """
    known = EXERCISES.get(name)
    if known is None:
        raise ValueError(f"there is no exercise {name!r}; there are: {', '.join(sorted(EXERCISES))}")
    seen, judged = TOLD.get(name, (None, None))
    if judged is None or seen is not function:
        judged = known.judge(function)
    if judged.earned == known.points:
        say_line(f"using your {name}")
        return function
    say_line(f"{name} is not {'done' if judged.state else 'right'} yet: going on with labkit's")
    return known.answer


def vectorised(name, points, makers, ready_made=READY_MADE):
    """Make the check that functions work without loops, whether or not their values are right.

    name: of the check.
    points: for all functions together, in equal shares.
    makers: for each function, by name, a function of a random generator and three sizes to its arguments;
        it must make arguments of any sizes from 5 to 1,000 (30 for the third).
    Returns the check, a function of the students' functions in the order of `makers`.
    """
    finders = {which: no_loop(make) for which, make in makers.items()}

    def check(*functions, points=points, seed=None):
        if len(functions) != len(makers):
            raise TypeError(f"check.{name} takes {len(makers)} functions: {', '.join(makers)}")
        named = [parameters_of(EXERCISES[which].answer) if which in EXERCISES else () for which in makers]
        answers = [Answer(*pair, seed, ready_made) for pair in zip(functions, named)]
        criteria = [
            (1, f"{which} has no loop", lambda _, answer=answer, find=find: find(answer))
            for answer, (which, find) in zip(answers, finders.items())
        ]
        return say(verdict(name, points, _All(answers), criteria, gate=False))

    check.__name__ = check.__qualname__ = name
    check.__doc__ = f"""Print whether {" and ".join(makers)} do without loops, and return the points.

    functions: yours, in this order.
    points: for all of them, in equal shares.
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
