"""One call of a student's function in this Python, with care: it may print, exit, change its arguments, never end."""

import contextlib
import contextvars
import dis
import functools
import inspect
import re
import sys
import traceback
import types
from typing import NamedTuple

import numpy as np

from labkit.check.counting import operations, peak, steps
from labkit.check.source import loops, notebook_arrays, reach
from labkit.check.watch import Lines, TooLong, Watch, is_students

_EMPTY_BODY = {
    "RESUME",
    "NOP",
    "LOAD_CONST",
    "LOAD_SMALL_INT",
    "POP_TOP",
    "RETURN_VALUE",
    "RETURN_CONST",
    "COPY_FREE_VARS",
    "NOT_TAKEN",
}


class Misuse(Exception):
    """Raised by a function that a check hands to the student's: the message is the diagnosis."""


class Outcome(NamedTuple):
    """What one call gave.

    value, error: what is returned, or the error in words.
    args: the arguments afterwards.
    changed: the places of those that are not as they were.
    raised: the exception's class and its bases, by name.
    foul: what was called that may not be, in words.
    """

    value: object
    error: str | None
    args: tuple
    changed: tuple
    raised: tuple = ()
    foul: str | None = None


class Target:
    """What stands for a student's function in a check: whatever a check wants to know of it, it asks this."""


class Here(Target):
    """A student's function in this Python.

    function: what the student assigned to the name of the exercise.
    """

    def __init__(self, function):
        self._function = function
        self.is_blank, self.is_stub = is_blank(function), is_stub(function)

    def call(self, args, keywords, parameters=(), ready_made=(), lines=None):
        """Call it with copies of the arguments.

        parameters: their names, for the diagnoses.
        ready_made: patterns of what it may not call.
        lines: the most lines of the student's functions that may run.
        Returns an `Outcome`, or None where the lines do not suffice.
        """
        handed = [copied(a) for a in args]
        outcome = self._called(handed, keywords, parameters, ready_made, lines)
        if outcome is None:
            return None
        value = outcome.value.copy() if isinstance(outcome.value, np.ndarray) else outcome.value
        changed = tuple(i for i, (a, b) in enumerate(zip(args, handed)) if not _untouched(a, b))
        return outcome._replace(value=value, changed=changed)

    def probed(self, probe, case, parameters=(), ready_made=()):
        """What a probe sees of it: for what is handed over and returned that cannot be told in plain values.

        probe: function (call, *case) of labkit's, which calls `call` like the student's, with what it makes of the
            case, as it is and not as a copy; it boils down what comes back to plain values.
        case: plain values, copied for it.
        Returns an `Outcome` of what the probe returned, the words of a Misuse included; its error is that of the call
        that failed.
        """
        foul = []

        def call(*args, **keywords):
            outcome = self._called(args, keywords, parameters, ready_made)
            foul.append(outcome.foul)
            if outcome.error is not None or self.is_stub and is_blank(outcome.value):
                raise _Over(outcome)
            return outcome.value

        try:
            seen = Outcome(probe(call, *map(copied, case)), None, (), ())
        except _Over as over:
            seen = over.outcome._replace(args=())
        except Misuse as problem:
            seen = Outcome(str(problem), None, (), ())
        except Exception as problem:  # something that only looks like what is asked
            seen = Outcome(None, f"this could not be judged ({type(problem).__name__}: {one_line(problem)})", (), ())
        return seen._replace(foul=next(filter(None, foul), None))

    def _called(self, args, keywords, parameters, ready_made, lines=None):
        """An `Outcome` of one call with these very arguments; None where the lines do not suffice."""
        value, problem = None, None
        watch = Watch(ready_made, {getattr(a, "__code__", None) for a in args} - {None})
        try:
            with contextlib.nullcontext() if lines is None else Lines(lines), watch:
                value = self._function(*args, **keywords)
        except KeyboardInterrupt:
            raise
        except TooLong:
            return None
        except BaseException as raised:
            problem = raised
        error = None if problem is None else self._in_words(problem, parameters)
        kinds = tuple(kind.__name__ for kind in type(problem).__mro__) if problem is not None else ()
        return Outcome(value, error, tuple(args), (), kinds, watch.foul)

    def steps(self, args):
        """Python steps of one call, see `counting.steps`."""
        return steps(self._function, args)

    def operations(self, args):
        """Operations on arrays in one call, see `counting.operations`."""
        return operations(self._function, args)

    def peak(self, args):
        """The memory that one call takes at most, see `counting.peak`."""
        return peak(self._function, args)

    def loops(self):
        """The loops in its source, in words."""
        return loops(self._function)

    def notebook_arrays(self):
        """(line, name) of each array among the notebook's variables that it uses."""
        return notebook_arrays(self._function)

    @contextlib.contextmanager
    def other_array(self, name, which):
        """While this lasts the notebook's array of this name is another one: number `which` of `OTHERS`."""
        kept = [(function.__globals__, function.__globals__.get(name)) for function in reach(self._function)]
        kept = [(names, array) for names, array in kept if isinstance(array, np.ndarray)]
        try:
            for names, array in kept:
                names[name] = OTHERS[which](array)
            yield
        finally:
            for names, array in reversed(kept):
                names[name] = array

    def _in_words(self, problem, parameters):
        walked = list(traceback.walk_tb(problem.__traceback__))
        frames = [(frame, line) for frame, line in walked if is_students(frame.f_code)]
        message = one_line(problem)
        if isinstance(problem, Misuse):
            return f"line {frames[-1][1]}: {message}" if frames else message
        kind = type(problem).__name__
        described = (f"{kind}: {message}" if message else kind) + _besides(message, walked)
        if not frames and isinstance(problem, TypeError) and len(walked) == 1:
            if not callable(self._function):
                return f"it is not a function but {a_type(self._function)}: hand over the function itself"
            return f"it cannot be called with ({', '.join(parameters)}): {message}"
        return f"line {frames[-1][1]} raises {described}" if frames else f"it raises {described}"


def _besides(message, walked):
    """What PyTorch's words for an error mean, where they do not say it."""
    loss = {"cross_entropy", "nll_loss"} & {frame.f_code.co_name for frame, _ in walked}
    if loss and re.search(r"(scalar type|target dtype to be) Long .*(Float|Double|Half)", message):
        return " — the labels are floats: whole numbers (int64) are asked"
    return ""


class _Over(BaseException):
    """A probe's call came to nothing: there is no more to be seen. No handler of the student's may catch it."""

    def __init__(self, outcome):
        super().__init__(outcome.error)
        self.outcome = outcome


# What a notebook's array is replaced by, to see whether an answer follows.
OTHERS = (lambda kept: np.flip(kept) * 2 + 1, lambda kept: kept.ravel()[:2], lambda kept: np.array(1.0))


class Shallow:
    """A context in which Python may call functions within each other only `depth` deep, from here on.

    `lifted` is True afterwards where the limit was raised meanwhile.
    """

    now = contextvars.ContextVar("shallow", default=None)

    def __init__(self, depth):
        self.depth, self.lifted = depth, False

    def __enter__(self):
        frame, deep = sys._getframe(1), self.depth
        while frame := frame.f_back:
            deep += 1
        self._before = sys.getrecursionlimit()
        self._low = min(deep, self._before)
        sys.setrecursionlimit(self._low)
        self._token = self.now.set(self)
        return self

    def __exit__(self, *_):
        self.lifted |= sys.getrecursionlimit() > self._low
        self.now.reset(self._token)
        sys.setrecursionlimit(self._before)


def unwrap(function):
    """The Python function at the bottom of a decorated, partial or bound one, or a callable object's own."""
    for _ in range(20):
        if isinstance(function, functools.partial):
            function = function.func
        elif isinstance(function, types.MethodType):
            function = function.__func__
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif not isinstance(function, (type, types.FunctionType)) and isinstance(
            inspect.getattr_static(type(function), "__call__", None), types.FunctionType
        ):
            function = type(function).__call__
        else:
            break
    return function


def is_blank(value):
    """True for what a student edition assigns where an answer has to come."""
    return value is None or value is Ellipsis or value is NotImplemented


def is_stub(function):
    """True if the body is empty: `pass`, `...`, a docstring, a bare `return`, `raise NotImplementedError`."""
    code = getattr(unwrap(function), "__code__", None)
    if not isinstance(code, types.CodeType) or any(isinstance(c, types.CodeType) for c in code.co_consts):
        return False
    if set(code.co_names) == {"NotImplementedError"}:
        starred = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
        return code.co_nlocals == code.co_argcount + code.co_kwonlyargcount + starred
    return {i.opname for i in dis.get_instructions(code)} <= _EMPTY_BODY


def one_line(problem, longest=160):
    """The message of an exception in one line, the same on every run."""
    try:
        text = str(problem)
    except Exception:
        return ""
    if not problem.args or (len(problem.args) == 1 and problem.args[0] is None):
        text = ""
    text = re.sub(r"0x[0-9a-fA-F]{4,}", "0x…", " ".join(text.split()))
    return text if len(text) <= longest else text[:longest] + "…"


def a_type(value):
    """'a list', 'an ndarray': the type of a value with its article."""
    name = type(value).__name__
    return f"an {name}" if name[:1].lower() in "aeiou" or name == "ndarray" else f"a {name}"


def is_tensor(value):
    """True for a tensor of PyTorch, which is not imported for it."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def copied(value):
    """A copy of an array or a tensor, and of those in a tuple, a list or a dict, such as a layer's cache."""
    if type(value) in (tuple, list):
        return type(value)([copied(inner) for inner in value])
    if type(value) is dict:
        return {key: copied(inner) for key, inner in value.items()}
    if is_tensor(value):
        return value.detach().clone().requires_grad_(value.requires_grad)
    return value.copy() if isinstance(value, np.ndarray) else value


def _untouched(before, after):
    if type(before) in (tuple, list):
        return type(after) is type(before) and len(before) == len(after) and all(map(_untouched, before, after))
    if type(before) is dict:
        return list(before) == list(after) and all(map(_untouched, before.values(), after.values()))
    if is_tensor(before):
        before, after = (value.detach().cpu().numpy() for value in (before, after))
    if isinstance(before, np.ndarray):
        same = isinstance(after, np.ndarray) and before.shape == after.shape and before.dtype == after.dtype
        return same and before.tobytes() == after.tobytes()
    plain = type(before) in (int, float, str, bool) and type(after) is type(before)
    return before is after or plain and (before == after or before != before)
