"""The kernel's end of the pipe: the student's functions are called as the marker asks, while a check is due.

It says what it sees: what a call returned, raised and changed, how many steps it took, what it called. What is right is
known, and judged, at the other end only. All that a program that lies here can gain is what it computes itself.
"""

import builtins
import io
import sys
import types

from labkit.check.answer import quiet
from labkit.check.calls import Here, Shallow, a_type
from labkit.check.exercise import EXERCISES, TOLD
from labkit.check.figures import Plot
from labkit.check.verdict import SAID, Row, Verdict
from labkit.course.marking.pipe.drawn import described
from labkit.course.marking.pipe.line import Line
from labkit.course.marking.pipe.wire import Malformed

PIPE = "LABKIT_CHECKS"  # the variable that names the marker's socket


class Served(Line):
    """The end of the pipe in the process of a notebook.

    connection: a connected socket.
    names: the notebook's variables.
    """

    trusts = True

    def __init__(self, connection, names):
        super().__init__(connection)
        self._names, self._targets, self._swapped = names, {}, None

    def serve(self):
        """Answer until the marker says goodbye; nothing that the functions print gets out meanwhile."""
        with quiet():
            super().serve()

    def answer(self, kind, parts):
        """What is answered to a request of the marker."""
        handlers = {
            "look": self._look,
            "call": self._call,
            "probe": self._probe,
            "count": self._count,
            "loops": lambda name: self._target(name).loops()[:50],
            "arrays": lambda name: self._target(name).notebook_arrays()[:20],
            "swap": self._swap,
            "data": lambda text: self._value(text),
            "figure": self._figure,
            "canary": self._canary,
            "said": self._said,
            "back": self.called_back,
        }
        if kind not in handlers:
            raise Malformed(f"nothing is known of {kind[:20]!r}")
        return handlers[kind](*parts)

    def stand_in(self, name, number, handle):
        """The function that stands for one of the check's, and is called there."""

        def handed_over(*args, **keywords):
            profile, trace = sys.getprofile(), sys.gettrace()
            sys.setprofile(None), sys.settrace(None)
            try:
                return self.back(handle, args, keywords)
            finally:
                sys.settrace(trace), sys.setprofile(profile)

        handed_over.__name__ = handed_over.__qualname__ = str(name)
        return handed_over

    def _value(self, text):
        """The value of an expression of the check cell, among the notebook's variables."""
        return eval(text, self._names)

    def _target(self, text):
        if text not in self._targets:
            self._targets[text] = Here(self._value(text))
        return self._targets[text]

    def _look(self, text):
        target, value = self._target(text), self._value(text)
        return {"blank": target.is_blank, "stub": target.is_stub, "callable": callable(value), "type": a_type(value)}

    def _call(self, text, args, keywords, about):
        depth = about["depth"]
        try:
            with Shallow(depth) if depth else io.StringIO() as limit:
                outcome = self._target(text).call(
                    args, keywords, about["parameters"], about["ready made"], about["lines"]
                )
        except KeyboardInterrupt:
            return {"stopped": True}
        if outcome is None:
            return {"too long": True}
        return _told(outcome) | {
            "changed": {i: outcome.args[i] for i in outcome.changed},
            "generators": {
                i: arg.bit_generator.state for i, arg in enumerate(outcome.args) if hasattr(arg, "bit_generator")
            },
            "lifted": bool(depth and limit.lifted),
        }

    def _probe(self, text, probe, case, about):
        try:
            return _told(self._target(text).probed(probe, case, about["parameters"], about["ready made"]))
        except KeyboardInterrupt:
            return {"stopped": True}

    def _count(self, what, text, args):
        try:
            target = self._target(text)
            return {"steps": target.steps, "operations": target.operations, "peak": target.peak}[what](args)
        except KeyboardInterrupt:
            return None

    def _canary(self, what, source, name, given, ready_made):
        """What is noticed of a function of the marker's own, see `canary`: as of a student's."""
        names = {"__name__": "__main__"}
        exec(compile(source, f"<cell {name}>", "exec"), names)
        target = Here(names[name])
        if what == "probe":
            return target.probed(given[0], given[1:]).value
        if what == "call":
            return target.call((given,), {}, ("x",), ready_made).foul
        return target.steps((given,)) if what == "steps" else target.operations((given,))

    def _swap(self, text, name, which):
        """Put another array in the place of a notebook's (which: see `calls.OTHERS`), or the first back (None)."""
        if self._swapped is not None:
            self._swapped.__exit__(None, None, None)
            self._swapped = None
        if which is not None:
            self._swapped = self._target(text).other_array(name, which)
            self._swapped.__enter__()

    def _said(self, verdict, names):
        """Keep a verdict of the marker's for `check.score_so_far`, and for `check.use` of the same function."""
        name, earned, points, rows, state = verdict
        told = Verdict(name, earned, points, [Row(*row) for row in rows], state)
        SAID[name] = told
        if name in EXERCISES and names:
            TOLD[name] = self._value(names[0]), told

    def _figure(self, text):
        """(what the axes of a plot hold, the name of its type or module, whether there is nothing yet)."""
        drawn = self._value(text)
        plot, module = Plot(drawn), getattr(drawn, "__name__", None) if isinstance(drawn, types.ModuleType) else None
        return [described(plot.axes), module or type(drawn).__name__, plot.unsolved]


def _told(outcome):
    """What the marker is told of any outcome."""
    raised = [name for name in outcome.raised if hasattr(builtins, name)]
    return {"value": outcome.value, "error": outcome.error, "raised": raised, "foul": outcome.foul}
