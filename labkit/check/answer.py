"""Calling what a student wrote, with care: it may print, warn, exit, change its arguments or not be there."""

import contextlib
import dis
import functools
import inspect
import logging
import os
import random
import re
import sys
import traceback
import types
import warnings
from typing import NamedTuple

import numpy as np

from labkit.check.watch import READY_MADE, Lines, TooLong, Watch, is_students

# Another seed draws other cases: marking sets one that nobody knows beforehand.
SEED = int(os.environ.pop("LABKIT_CHECK_SEED", 0))

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
    """What one call gave: a value, or the error in words; the arguments afterwards, and which changed."""

    value: object
    error: str | None
    args: tuple
    changed: tuple


class Answer:
    """A student's function: called like it, it returns an `Outcome`, whatever happens inside.

    function: what the student assigned to the name of the exercise.
    parameters: the names of its arguments as the exercise gives them, for the diagnoses.
    seed: another seed, other numbers in the cases of the checks.
    ready_made: patterns of what the answer may not call.

    `unsolved` is True when there is nothing to judge: a stub. `borrowed` says what was called that may not be.
    """

    def __init__(self, function, parameters=(), seed=None, ready_made=READY_MADE):
        self.function, self.parameters = function, tuple(parameters)
        self.seed = SEED if seed is None else seed
        self.ready_made = ready_made
        self.borrowed, self.left_over = None, None
        # Filled by `exercise`: what is known of it, and what the criteria so far have found.
        self.known, self.units, self.returns = None, (), None
        self.slips, self.seen, self.vague = [], {}, 0
        self.said, self.unexplained = [], []
        self.drawn, self._memory = {}, {}
        self._blank, self._answered = is_blank(function), False

    @property
    def unsolved(self):
        return self._blank and not self._answered

    def __call__(self, *args, **keywords):
        handed = [_copied(a) for a in args]
        value, error = None, None
        watch = Watch(self.ready_made, {getattr(a, "__code__", None) for a in args} - {None})
        try:
            with watch:
                value = self.function(*handed, **keywords)
            value = value.copy() if isinstance(value, np.ndarray) else value
        except (KeyboardInterrupt, TooLong):
            raise
        except BaseException as problem:
            error = self._in_words(problem)
            if isinstance(problem, NotImplementedError):
                self._blank = True
                self.left_over = None if is_stub(self.function) else error
        self.borrowed = self.borrowed or watch.foul
        self._blank |= is_blank(value) and error is None and is_stub(self.function)
        self._answered |= not is_blank(value)
        changed = tuple(i for i, (a, b) in enumerate(zip(args, handed)) if not _untouched(a, b))
        return Outcome(value, error, tuple(handed), changed)

    @property
    def right(self):
        """The exercise's right answer with the slips that were named so far."""
        return self.known.function(*self.slips) or self.known.right

    def remembered(self, function):
        """`function` (this answer, or the right one), called once only for the same arrays in this verdict."""

        def call(*args):
            key = id(function), *((id(a) if isinstance(a, (np.ndarray, tuple)) else a) for a in args)
            try:
                if key not in self._memory:
                    # Both are kept, so that nothing else gets the place in memory of one of them.
                    value = function(*(args if function is self else map(_copied, args)))
                    self._memory[key] = value, function, args
            except TypeError:  # an argument that cannot be a key
                return function(*(args if function is self else map(_copied, args)))
            return self._memory[key][0]

        call.copies = True
        return call

    def rng(self):
        """The generator from which the cases of one criterion are drawn."""
        return np.random.default_rng(self.seed)

    def within(self, lines, *args):
        """Like a call, but of at most so many lines of the student's functions; None where they do not suffice."""
        try:
            with Lines(lines):
                return self(*args)
        except TooLong:
            return None

    def _in_words(self, problem):
        frames = [
            (frame, line) for frame, line in traceback.walk_tb(problem.__traceback__) if is_students(frame.f_code)
        ]
        message = one_line(problem)
        if isinstance(problem, Misuse):
            return f"line {frames[-1][1]}: {message}" if frames else message
        kind = type(problem).__name__
        described = f"{kind}: {message}" if message else kind
        deeper = len(list(traceback.walk_tb(problem.__traceback__))) > 1
        if not frames and isinstance(problem, TypeError) and not deeper:
            if not callable(self.function):
                return f"it is not a function but {a_type(self.function)}: hand over the function itself"
            return f"it cannot be called with ({', '.join(self.parameters)}): {message}"
        return f"line {frames[-1][1]} raises {described}" if frames else f"it raises {described}"


@contextlib.contextmanager
def quiet():
    """Nothing printed, warned, logged or displayed gets out; the notebook's random numbers go on as before."""
    states, level = (random.getstate(), np.random.get_state()), logging.root.manager.disable
    sink = open(os.devnull, "w", encoding="utf-8", errors="replace")
    try:
        random.seed(0)
        np.random.seed(0)
        logging.disable(logging.CRITICAL)
        with (
            _no_descriptors(),
            _no_display(),
            contextlib.redirect_stdout(sink),
            contextlib.redirect_stderr(sink),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
        random.setstate(states[0])
        np.random.set_state(states[1])
        sink.close()


def _no_display():
    """What a notebook would show (`display`, a progress bar) is not shown."""
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        return contextlib.nullcontext()
    from IPython.utils.capture import capture_output

    return capture_output(stdout=False, stderr=False, display=True)


@contextlib.contextmanager
def _no_descriptors():
    """What bypasses Python (`os.write`, a shell command) goes nowhere too."""
    saved = []
    streams = [s for s in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__) if s is not None]

    def flush():
        for stream in streams:
            with contextlib.suppress(Exception):
                stream.flush()

    flush()
    try:
        with contextlib.suppress(OSError):
            null = os.open(os.devnull, os.O_WRONLY)
            for descriptor in (1, 2):
                with contextlib.suppress(OSError):
                    saved.append((os.dup(descriptor), descriptor))
                    os.dup2(null, descriptor)
            os.close(null)
        yield
    finally:
        flush()
        for copy, descriptor in saved:
            os.dup2(copy, descriptor)
            os.close(copy)


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
    if code is None or code.co_consts and any(isinstance(c, types.CodeType) for c in code.co_consts):
        return False
    if set(code.co_names) == {"NotImplementedError"}:
        starred = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
        return code.co_nlocals == code.co_argcount + code.co_kwonlyargcount + starred
    return {i.opname for i in dis.get_instructions(code)} <= _EMPTY_BODY


def parameters_of(function):
    """The names of the arguments of labkit's own answer."""
    return tuple(inspect.signature(function).parameters)


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


def _copied(value):
    """A copy of an array, and of those in a tuple, such as a layer's cache."""
    if type(value) is tuple:
        return tuple(_copied(inner) for inner in value)
    return value.copy() if isinstance(value, np.ndarray) else value


def _untouched(before, after):
    if type(before) is tuple:
        return all(_untouched(*pair) for pair in zip(before, after))
    if not isinstance(before, np.ndarray):
        return True
    return before.shape == after.shape and before.dtype == after.dtype and before.tobytes() == after.tobytes()
