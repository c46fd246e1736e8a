"""A criterion on what cannot be told in plain values, such as modules of PyTorch: what a probe sees where they are.

A probe is a function of labkit's, (call, *case): from the plain values of a case it makes what the exercise is handed,
a module or an optimizer, calls the answer with it, and boils down what comes back to plain values: the scores of the
module that is returned, the parameters after a training. In marking it runs in the notebook's process; which cases
there are, and what is right, is known only outside, where the same probe sees the right answer. So a process that
lies about what the probe saw gains what it computes itself.
"""

from labkit.check.calls import Misuse, Outcome, copied
from labkit.check.criteria import Equals, Watched


def probed(probe, cases, otherwise="what it does is not right", also=(), forgiving=False, tolerance=1e-9):
    """A criterion: a probe sees of the answer, on every case, what it sees of the right one.

    probe: function (call, *case) on the top level of its file; returns a list of arrays, numbers and texts, or a str, a
        diagnosis; raises Misuse with one.
    cases: function of a random generator to tuples of plain values; what is asked has to follow from them alone, so
        that nobody can say beforehand what the probe will see.
    otherwise, also, forgiving, tolerance: as for `criteria.equals`.
    """
    return Equals([Probed(probe, cases, otherwise, also, forgiving, tolerance)])


class Probed(Watched):
    """What a probe sees of an answer, on all cases."""

    def __init__(self, probe, cases, otherwise, also, forgiving, tolerance):
        super().__init__(self._here, otherwise, also, forgiving, tolerance)
        self.probe, self.cases = probe, cases

    def is_right(self, seen, known, seed):
        """Whether something seen, of all cases of a seed, is what is seen of the right answer."""
        return self._matches(seen, known.right, seed)

    def _here(self, function, rng):
        return together(_seen_here(self.probe, function, case) for case in self.cases(rng))

    def _seen(self, answer):
        if self not in answer.seen:
            outcomes = []
            for case in self.cases(answer.rng()):
                outcomes.append(answer.probed(self.probe, case))
                if outcomes[-1].error is not None:
                    break
            failed = next((outcome for outcome in outcomes if outcome.error is not None), None)
            answer.seen[self] = failed or Outcome(together(o.value for o in outcomes), None, (), ())
        return answer.seen[self]


def _seen_here(probe, function, case):
    try:
        return probe(function, *map(copied, case))
    except Misuse as problem:
        return str(problem)


def together(seen):
    """What was seen of all cases, in one list; the first diagnosis where there is one."""
    seen = list(seen)
    words = next((one for one in seen if isinstance(one, str)), None)
    return [part for one in seen for part in one] if words is None else words
