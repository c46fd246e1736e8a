"""What a check asks of an answer: right values, and arguments left alone (`no_loop` is in `runtime_loops`).

A criterion is a function of an `Answer` that returns None where it is met, else a diagnosis or a `Found`. The values of
an answer are compared with those of the exercise's right answer; where they differ, its known mistakes are tried.
"""

import numpy as np

from labkit.check.calls import Misuse, Outcome, a_type
from labkit.check.compare import agree, diagnose, equal, is_like, kind_of_problem, outcome_of, sizes_of
from labkit.check.mistakes import Mistakes
from labkit.check.verdict import Found

_BUILDS_ON = "judged when the lines above are right"
_KEPT = "for other numbers of the same shapes it gives what it gave before: a result is kept from an earlier call"
VALUES_WRONG = ("the value is not right", "the values are not right")


def equals(cases, expected=None, mistakes=None, part=None, **options):
    """A criterion: the answer agrees with the right one on every case.

    cases: function of a random generator to a list of argument tuples, of various shapes and dtypes.
    part: which of several returned values is judged: a place in the tuple, a key of the dict, a tuple of these such as
        (1, "W1"), or a list where several values are judged by this criterion.
    also: variants of the right answer that this criterion accepts: functions, or tuples of edits.
    added_by: ("reg", 0.7) judges what this argument adds to the value, whatever that is without it.
    forgiving: what was named in a criterion above is not counted again: the right answer with that slip will do.
    seen_as: what is judged is this function of the returned value; it raises Misuse with the diagnosis where it cannot.
    otherwise: the diagnosis where no known mistake fits, or a function of the list of values to it.
    tell: further cases, not judged, that help to tell the mistakes apart.
    lab: the one case with the lab's own shapes, to notice an answer that fits only these.
    tolerance: relative to the largest entry, or absolute below 1 (1e-5); ten times as much for float32 arguments.
    expected, mistakes: another right answer, and its mistakes (text, function), than those of the exercise.
    """
    parts = part if isinstance(part, list) else [part]
    return Equals([Values(cases, key, expected, mistakes, **options) for key in parts])


def watched(observe, otherwise="what it does is not right", also=(), forgiving=False, tolerance=1e-9):
    """A criterion: what is seen while the answer runs is what is seen of the right one.

    observe: function (call, rng) that calls `call` like the exercise's function, with functions that write down how
        they are used; returns a list of what it saw (arrays, numbers, texts), or a str, a diagnosis.
    otherwise, also, forgiving, tolerance: as for `equals`.
    """
    return Equals([Watched(observe, otherwise, also, forgiving, tolerance)])


class Equals:
    """A criterion on one or several values; `units` are those, each compared by itself. Two added are one criterion."""

    def __init__(self, units):
        self.units = units

    def __add__(self, other):
        return Equals([*self.units, *other.units])

    def __call__(self, answer):
        found = [problem for unit in self.units if (problem := unit.problem(answer)) is not None]
        unknown = [problem for problem in found if not problem.keeps]
        if not found:
            return _KEPT if any(unit.is_kept(answer) for unit in self.units) else None
        if unknown and unknown[0].open:
            return unknown[0]
        if unknown and unknown[0].text.startswith(VALUES_WRONG):
            answer.vague += 1
            return unknown[0] if answer.vague == 1 else Found(_BUILDS_ON, open=True)
        if unknown and unknown[0].text in answer.said:
            return Found("the same as above", open=True)
        if unknown:
            answer.said.append(unknown[0].text)
            return unknown[0]
        fresh = [problem for problem in found if not problem.open]
        return Found(
            "; ".join(dict.fromkeys(problem.text for problem in fresh or found)),
            min(problem.keeps for problem in found),
            open=not fresh,
        )


class _Unit:
    """One value that is judged: what was seen of it, and which mistakes give the same."""

    forgiving, known, also, path = False, None, (), None
    _touching = None, []

    def problem(self, answer):
        """None, or what is wrong with this value, as a `Found`."""
        known = self._known(answer)
        if self.is_(answer, self._right(answer)):
            return None
        if any(self.is_(answer, f) for f in self._accepted(known)):
            return None
        if self.forgiving and answer.slips and self.is_(answer, known.function(*answer.slips)):
            return None
        named = self._named(answer, known)
        if named is not None:
            return named
        if self.forgiving and self.path in answer.unexplained:
            return Found(_BUILDS_ON, open=True)
        answer.unexplained.append(self.path)
        return Found(self._unnamed(answer))

    def differs(self, known, which, seed=0):
        """Whether mistakes change this value to another than those accepted, on the cases of a seed."""
        accepted = [known.right, *self._accepted(known)]
        return not any(self._matches(self._expected_of(f, seed), known.function(*which), seed) for f in accepted)

    def is_kept(self, answer):
        """Whether a value comes from an earlier call with other numbers."""
        return False

    def _known(self, answer):
        return answer.known if self.known is None else self.known

    def _right(self, answer):
        return self._known(answer).right

    def _accepted(self, known):
        return [f if callable(f) else Mistakes(known.right, [("", *f)]).function(0) for f in self.also]

    def _named(self, answer, known):
        """The fewest known mistakes that give this value, as a `Found`; None if one or two do not."""
        which = self._which(answer, known)
        if not which:
            return None
        keeps = known.keeps(*which)
        if self.known is not None:
            return Found(known.text(which[0]), keeps)
        fresh = [i for i in which if i not in answer.slips]
        said = {known.text(i) for i in answer.slips}
        answer.slips += fresh
        texts = list(dict.fromkeys(known.text(i) for i in which if known.text(i) not in said))
        if not texts:
            return Found("the same slip as above", keeps, open=True)
        besides = "besides the slip above: " if len(texts) < len({known.text(i) for i in which}) else ""
        return Found(besides + " — and: ".join(texts), keeps)

    def _which(self, answer, known):
        if not self._has_value(answer):
            return ()
        single = [(i,) for i in range(len(known)) if self.is_(answer, known.function(i))]
        if single and (self.known is not None or len(single) == 1):
            return single[0]
        if single:  # the one that explains the other values too
            return max(single, key=lambda which: (which[0] in answer.slips, self._explains(answer, known, which)))
        if self.known is not None:
            return ()
        if self._touching[0] != answer.seed:  # found once a session
            self._touching = answer.seed, [i for i in range(len(known)) if self.differs(known, (i,), answer.seed)]
        pairs = [tuple(answer.slips)] * (len(answer.slips) > 1) + known.pairs(self._touching[1], answer.slips)
        for which in pairs:
            function = known.function(*which)
            if function is not None and self.is_(answer, function):
                return which
        return ()

    @staticmethod
    def _explains(answer, known, which):
        function = known.function(*which)
        return sum(unit.is_(answer, function) for unit in answer.units if unit.known is None)


class Values(_Unit):
    """One of the values that an answer returns, on given cases."""

    def __init__(
        self,
        cases,
        part=None,
        expected=None,
        mistakes=None,
        also=(),
        added_by=None,
        forgiving=False,
        seen_as=None,
        otherwise=None,
        tell=None,
        lab=None,
        tolerance=1e-5,
    ):
        self.cases, self.tell, self.lab, self.tolerance = cases, tell, lab, tolerance
        self.path = () if part is None else part if isinstance(part, tuple) else (part,)
        self.also, self.added_by, self.forgiving = also, added_by, forgiving
        self.seen_as, self.otherwise = seen_as or (lambda value: value), otherwise
        if expected is not None:
            self.known = Mistakes(expected, [(*entry, {"keeps": 0.0}) for entry in mistakes or ()])

    def is_(self, answer, function):
        """Whether the student's value is that of `function` on every case, exceptions included."""
        judged, more = self._seen(answer)
        right = function is self._right(answer)
        shown = judged if right or function in self.also else judged + more
        call = self.of(answer.remembered(function) if right else function)
        return all(agree(outcome, args, call, self.tolerance) for args, outcome in shown)

    def of(self, function):
        """The function of the cases' arguments that gives this value alone."""

        def value(*args):
            if self.added_by is None:
                return self.seen_as(_taken(function(*args), self.path))
            more, less = (_taken(function(*a), self.path) for a in self.added(args))
            return np.asarray(more, float) - np.asarray(less, float)

        value.copies = getattr(function, "copies", False)
        return value

    def added(self, args):
        """The arguments with the amount and without it."""
        _, amount = self.added_by
        return (*args, amount), (*args, 0 * amount)

    def _seen(self, answer):
        """(judged, further): each a list of (arguments, Outcome)."""
        if self not in answer.seen:
            view = _View(answer, self, answer.remembered(answer))
            if self.cases not in answer.drawn:
                answer.drawn[self.cases] = self.cases(answer.rng())
            judged = [(args, view(*args)) for args in answer.drawn[self.cases]]
            answer.seen[self] = judged, []
            right = self.of(self._right(answer))
            if self.tell and not all(agree(outcome, args, right, self.tolerance) for args, outcome in judged):
                answer.seen[self] = judged, [(args, view(*args)) for args in self.tell(answer.rng())]
        return answer.seen[self]

    def is_kept(self, answer):
        (before, outcome), *_ = self._seen(answer)[0]
        if (self.cases, "again") not in answer.drawn:
            answer.drawn[self.cases, "again"] = self.cases(np.random.default_rng(answer.seed + 1))[0]
        args, call = answer.drawn[self.cases, "again"], self.of(answer.remembered(self._right(answer)))
        if sizes_of(args) != sizes_of(before) or agree(outcome, args, call, self.tolerance):
            return False
        again = _View(answer, self, answer.remembered(answer))(*args)
        return again.error is None and agree(again, before, call, 1e-9) and not agree(again, args, call, self.tolerance)

    def _has_value(self, answer):
        return any(outcome.error is None for shown in self._seen(answer) for _, outcome in shown)

    def _unnamed(self, answer):
        judged, more = self._seen(answer)
        cases, outcomes = [args for args, _ in judged], [outcome for _, outcome in judged]
        right = self.of(self._right(answer))
        for other in answer.units:
            if isinstance(other, Values) and other.path != self.path and other.added_by == self.added_by:
                there = other.of(self._right(answer))
                if all(agree(outcome, args, there, self.tolerance) for args, outcome in judged):
                    return f"this is another of the values that are asked: {answer.returns}, in this order"
        if self.otherwise and not any(kind_of_problem(o, args, right) for o, args in zip(outcomes, cases)):
            if not callable(self.otherwise):
                return self.otherwise
            if not answer.slips:
                return self.otherwise([np.asarray(outcome.value, float) for outcome in outcomes])
        return diagnose(_View(answer, self), right, cases, outcomes, more, self.lab, self.tolerance)

    def _expected_of(self, function, seed):
        return self.of(function)

    def _matches(self, right, function, seed):
        rng = np.random.default_rng(seed)
        cases = self.cases(rng) + (self.tell(np.random.default_rng(seed)) if self.tell else [])
        call = self.of(function)
        return all(agree(outcome_of(right, args), args, call, self.tolerance) for args in cases)


class Watched(_Unit):
    """What is seen while an answer runs."""

    def __init__(self, observe, otherwise, also, forgiving, tolerance):
        self.observe, self.otherwise, self.also = observe, otherwise, also
        self.forgiving, self.tolerance = forgiving, tolerance

    def is_(self, answer, function):
        seen, expected = self._seen(answer), self._run(function, answer.seed)
        if seen.error is not None:
            return isinstance(expected, str) and expected in seen.error
        return self._alike(seen.value, expected)

    def _seen(self, answer):
        if self not in answer.seen:

            def call(*args, **keywords):
                outcome = answer(*args, **keywords)
                if outcome.error is not None:
                    raise _Failed(outcome.error)
                return outcome.value

            try:
                answer.seen[self] = Outcome(self.observe(call, answer.rng()), None, (), ())
            except _Failed as failed:
                answer.seen[self] = Outcome(None, str(failed), (), ())
        return answer.seen[self]

    def _run(self, function, seed):
        try:
            return self.observe(function, np.random.default_rng(seed))
        except Exception as error:
            return type(error).__name__

    def _alike(self, one, other):
        if isinstance(one, str) or isinstance(other, str):
            return isinstance(one, str) and isinstance(other, str) and one == other
        return len(one) == len(other) and all(equal(a, b, self.tolerance) for a, b in zip(one, other))

    def _has_value(self, answer):
        seen = self._seen(answer)
        return seen.error is None and not isinstance(seen.value, str)

    def _unnamed(self, answer):
        seen = self._seen(answer)
        return seen.error or (seen.value if isinstance(seen.value, str) else self.otherwise)

    def _expected_of(self, function, seed):
        return self._run(function, seed)

    def _matches(self, expected, function, seed):
        return self._alike(expected, self._run(function, seed))


class _Failed(Exception):
    """A call of the student's function raised: the message is the diagnosis."""


class _View:
    """An answer seen through one of its values: called, it gives an `Outcome` of that value alone."""

    def __init__(self, answer, unit, call=None):
        self._answer, self._unit, self._call = answer, unit, call or answer

    def __getattr__(self, name):
        return getattr(self._answer, name)

    def __call__(self, *args):
        if self._unit.added_by is None:
            return self._one(args)
        added = [self._one(a) for a in self._unit.added(args)]
        error = added[0].error or added[1].error
        values = [o.value for o in added]
        if error is None and not all(isinstance(v, (int, float, np.number, np.ndarray)) for v in values):
            error = f"it returns {next(a_type(v) for v in values if not isinstance(v, (int, float, np.ndarray)))}"
        if error is not None:
            return added[0]._replace(value=None, error=error)
        try:
            return added[0]._replace(value=np.asarray(values[0], float) - np.asarray(values[1], float))
        except (TypeError, ValueError):
            return added[0]._replace(value=None, error="it does not return numbers of one shape")

    def within(self, lines, *args):
        """As `Answer.within`, of this value."""
        outcome = self._answer.within(lines, *args)
        return outcome if outcome is None or self._unit.added_by else self._value(outcome, args)

    def _one(self, args):
        return self._value(self._call(*args), args)

    def _value(self, outcome, args):
        if outcome.error is not None:
            return outcome
        try:
            like = self._answer.remembered(self._answer.known.right)(*args) if self._unit.path else None
            value = self._unit.seen_as(_taken(outcome.value, self._unit.path, like))
        except Misuse as problem:
            return outcome._replace(value=None, error=str(problem))
        except (LookupError, TypeError):
            returns = self._answer.returns or "what is asked"
            return outcome._replace(value=None, error=f"it does not return {returns}")
        return outcome._replace(value=value.copy() if isinstance(value, np.ndarray) else value)


def unchanged(cases, allowed=()):
    """A criterion: the arrays handed over are afterwards as they were before."""

    def problem(answer):
        for args in cases(answer.rng()):
            outcome = answer(*args)
            for i in outcome.changed:
                name = answer.parameters[i] if i < len(answer.parameters) else f"argument {i + 1}"
                if name not in allowed:
                    return (
                        f"{name} is changed in place: later cells get the changed array "
                        f"(-=, *= and out= write into it; {name} = {name} - … makes a new one)"
                    )
        return None

    return problem


def _taken(value, path, like=None):
    """The value at a path of places and keys; the containers on the way have to be as in `like`."""
    for key in path:
        if not isinstance(value, (tuple, list, dict)):
            raise TypeError
        if like is not None and not is_like(value, like):
            raise LookupError
        value, like = value[key], None if like is None else like[key]
        if value is None:
            raise LookupError
    return value
