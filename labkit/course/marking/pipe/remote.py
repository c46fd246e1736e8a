"""The marker's end of the pipe: a function in another process, as the checks see it."""

import contextlib
import functools

import numpy as np

from labkit.check.calls import Outcome, Shallow, Target
from labkit.course.marking.pipe.line import Line, Lost
from labkit.course.marking.pipe.written import NOTHING

_LONGEST = 600  # characters of a diagnosis from the other process


class Outside(Line):
    """The marker's end of the pipe: it asks, and is asked back for the functions that a check hands over."""

    def answer(self, kind, parts):
        """What is answered to the notebook's process: it may call back what it was handed, and nothing else."""
        if kind != "back" or len(parts) != 3 or type(parts[1]) is not tuple or type(parts[2]) is not dict:
            raise Lost("the process that runs it writes into the checks' pipe")
        return self.called_back(*parts)


class Remote(Target):
    """A student's function in the notebook's process. See `calls.Here` for what its methods are for.

    line: the `Outside` end.
    text: the expression by which the check cell hands it over.
    written: what the notebook's text says, a `Written`.
    """

    def __init__(self, line, text, written=NOTHING):
        self._line, self._text, self._lost, self._written = line, text, None, written
        self._read = functools.cache(self._read)  # the text stays the same from call to call
        seen = line.ask("look", text)
        self.is_blank, self.is_stub = seen["blank"] is True, seen["stub"] is True

    def call(self, args, keywords, parameters=(), ready_made=(), lines=None):
        """Call it there: an `Outcome`, or None where the lines do not suffice."""
        shallow = Shallow.now.get()
        about = {
            "parameters": list(parameters),
            "ready made": list(ready_made),
            "lines": lines,
            "depth": shallow.depth if shallow else None,
        }
        try:
            found = self._ask("call", self._text, list(args), keywords, about)
        except ValueError as problem:  # what it returns cannot be told
            return Outcome(None, _words(str(problem)), tuple(args), ())
        if found is None or found.get("stopped"):
            return Outcome(None, self._lost, tuple(args), ())
        if found.get("too long"):
            return None
        if shallow is not None:
            shallow.lifted |= found["lifted"] is True
        _wind(args, found["generators"])
        changed = {i: value for i, value in found["changed"].items() if type(i) is int and 0 <= i < len(args)}
        return Outcome(
            found["value"],
            _words(found["error"]),
            tuple(changed.get(i, arg) for i, arg in enumerate(args)),
            tuple(sorted(changed)),
            tuple(name for name in found["raised"] if isinstance(name, str)),
            _words(found["foul"]) or self._foul(ready_made),
        )

    def _foul(self, ready_made):
        """What the text says for certain where its process has noticed nothing; where nothing is asked, nothing is."""
        return self._read(tuple(ready_made)) if ready_made else None

    def _read(self, ready_made):
        written, name = self._written, self._text
        return written.changes_judges() or written.put_together(name) or written.borrowed(name, ready_made)

    def probed(self, probe, case, parameters=(), ready_made=()):
        """What a probe, a function of labkit's, sees of it there: an `Outcome`."""
        about = {"parameters": list(parameters), "ready made": list(ready_made)}
        try:
            found = self._ask("probe", self._text, probe, list(case), about)
        except ValueError as problem:
            return Outcome(None, _words(str(problem)), (), ())
        if found is None or found.get("stopped"):
            return Outcome(None, self._lost, (), ())
        raised = tuple(name for name in found["raised"] if isinstance(name, str))
        return Outcome(
            found["value"], _words(found["error"]), (), (), raised, _words(found["foul"]) or self._foul(ready_made)
        )

    def steps(self, args):
        """Python steps of one call there, no fewer than the text takes for certain."""
        return max(self._count("steps", args), self._written.least_steps(self._text, args))

    def operations(self, args):
        """Operations on arrays in one call there."""
        return self._count("operations", args)

    def peak(self, args):
        """The memory that one call there takes at most."""
        return self._count("peak", args)

    def loops(self):
        """The loops in its source, in words: as its process finds them, else those that the text has for certain."""
        return [_words(text) for text in self._ask("loops", self._text) or ()] or self._written.loops(self._text)

    def notebook_arrays(self):
        """(line, name) of each array among the notebook's variables that it uses."""
        found = self._ask("arrays", self._text) or ()
        return [(line, name) for line, name in found if type(line) is int and str(name).isidentifier()]

    @contextlib.contextmanager
    def other_array(self, name, which):
        """While this lasts the notebook's array of this name is another one."""
        self._ask("swap", self._text, name, which)
        try:
            yield
        finally:
            self._ask("swap", self._text, name, None)

    def _count(self, what, args):
        count = self._ask("count", what, self._text, list(args))
        if type(count) is not int or count < 0:
            raise Lost(self._lost or "its steps could not be counted")
        return count

    def _ask(self, *request):
        """What is answered; None once the function has not returned, or its process is gone: then `_lost` says why."""
        if self._lost is not None:
            return None
        try:
            found = self._line.ask(*request)
        except Lost as problem:
            self._lost = str(problem)
            found = None
        if self._line.was_late:
            self._lost = f"it does not end: stopped after {self._line.seconds:g} s"
            found = None
        return found


def _wind(args, states):
    """Set the generators that were handed over to where the other process has left its own."""
    for i, state in states.items():
        if type(i) is int and i < len(args) and isinstance(args[i], np.random.Generator):
            with contextlib.suppress(ValueError, TypeError, KeyError, OverflowError):
                args[i].bit_generator.state = state


def _words(text):
    return text[:_LONGEST] if isinstance(text, str) else None
