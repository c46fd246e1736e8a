"""Calling what a student wrote, with care: it may print, warn, exit, change its arguments or not be there."""

import contextlib
import dis
import fnmatch
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

# What an exercise asks to be written in NumPy: "keras.*" is everything in that package, "!" is an exception.
READY_MADE = (
    "labkit.*",
    "!labkit.progress*",
    "scipy.special.softmax",
    "scipy.special.log_softmax",
    "scipy.special.logsumexp",
    "scipy.optimize.*",
    "scipy.differentiate.*",
    "scipy.misc.derivative",
    "sklearn.*",
    "torch.*",
    "tensorflow.*",
    "keras.*",
    "jax.*",
    "autograd.*",
    "numdifftools.*",
    "statsmodels.*",
)

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_STANDARD = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
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

    `unsolved` is True when there is nothing to judge: a stub. `borrowed` names the ready-made answer that
    was called, if one was.
    """

    def __init__(self, function, parameters=(), seed=0, ready_made=READY_MADE):
        self.function, self.parameters, self.seed = function, tuple(parameters), seed
        self.ready_made = ready_made
        self.borrowed, self.left_over = None, None
        # Filled by `exercise`: what is known of it, and what the criteria so far have found.
        self.known, self.units, self.returns = None, (), None
        self.slips, self.seen, self.vague = [], {}, 0
        self._blank, self._answered = is_blank(function), False

    @property
    def unsolved(self):
        return self._blank and not self._answered

    def __call__(self, *args, **keywords):
        handed = [_copied(a) for a in args]
        value, error = None, None
        before = sys.getprofile()
        watched = before is None or callable(before)  # else it could not be put back
        try:
            if watched:
                sys.setprofile(self._watch(args))
            try:
                value = self.function(*handed, **keywords)
            finally:
                if watched:
                    sys.setprofile(before)
            value = value.copy() if isinstance(value, np.ndarray) else value
        except KeyboardInterrupt:
            raise
        except BaseException as problem:
            error = self._in_words(problem)
            if isinstance(problem, NotImplementedError):
                self._blank = True
                self.left_over = None if is_stub(self.function) else error
        self._blank |= is_blank(value) and error is None and is_stub(self.function)
        self._answered |= not is_blank(value)
        changed = tuple(i for i, (a, b) in enumerate(zip(args, handed)) if not _untouched(a, b))
        return Outcome(value, error, tuple(handed), changed)

    @property
    def right(self):
        """The exercise's right answer with the slips that were named so far."""
        return self.known.function(*self.slips) or self.known.right

    def rng(self):
        """The generator from which the cases of one criterion are drawn."""
        return np.random.default_rng(self.seed)

    def _watch(self, args):
        """A profiler that notices the first call of a ready-made answer, under whatever name."""
        given = {getattr(a, "__code__", None) for a in args} - {None}
        packages = {pattern.partition(".")[0] for pattern in self.ready_made}
        exceptions = [pattern[1:] for pattern in self.ready_made if pattern.startswith("!")]

        def watch(frame, event, arg):
            if event == "call" and frame.f_code not in given:
                module, name = frame.f_globals.get("__name__"), frame.f_code.co_name
            elif event == "c_call":
                module, name = getattr(arg, "__module__", None), getattr(arg, "__name__", None)
            else:
                return
            if self.borrowed or str(module).partition(".")[0] not in packages or name == "<module>":
                return
            public = ".".join(part for part in f"{module}.{name}".split(".") if not part.startswith("_"))
            if not _matches(public, self.ready_made) or _matches(public, exceptions):
                return
            # Importing a module runs its code, and what the check itself handed over is not borrowed.
            line, inner = None, frame.f_back if event == "call" else frame
            while inner and inner.f_code is not Answer.__call__.__code__:
                if inner.f_code in given or inner.f_code.co_filename.startswith("<frozen importlib"):
                    return
                if line is None and is_students(inner.f_code):
                    line = inner.f_lineno
                inner = inner.f_back
            self.borrowed = public + (f", line {line}" if line else "")

        return watch

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


def _matches(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


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


def is_students(code):
    """True for code that belongs neither to Python, nor to an installed package, nor to labkit."""
    name = code.co_filename
    return not (name.startswith((_HERE, _STANDARD, "<frozen ")) or "site-packages" in name or "dist-packages" in name)


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
