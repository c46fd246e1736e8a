"""Calling what a student wrote, with care: it may print, warn, exit, change its arguments or not be there."""

import contextlib
import contextvars
import inspect
import logging
import os
import random
import sys
import warnings

import numpy as np

from labkit.check.calls import Here, Misuse, Outcome, Target, a_type, copied, is_blank, is_stub, one_line, unwrap
from labkit.check.watch import READY_MADE

__all__ = [
    "Answer",
    "Marking",
    "Misuse",
    "Outcome",
    "a_type",
    "is_blank",
    "is_stub",
    "one_line",
    "parameters_of",
    "quiet",
    "unwrap",
]


class Marking:
    """A context in which checks judge for a marker: their cases are drawn from a seed of its own, and what they would
    show is kept. The functions that they judge are elsewhere, so that here nothing has to be kept quiet.

    seed: nobody has to know it beforehand.
    said: what the checks have said since, as `verdict.Verdict`.
    """

    _now = contextvars.ContextVar("marking", default=None)

    def __init__(self, seed):
        self.seed, self.said = seed, []

    @classmethod
    def now(cls):
        """The one that is on, or None."""
        return cls._now.get()

    def __enter__(self):
        self._token = self._now.set(self)
        return self

    def __exit__(self, *_):
        self._now.reset(self._token)


class Answer:
    """A student's function: called like it, it returns an `Outcome`, whatever happens inside.

    function: what the student assigned to the name of the exercise, or a `Target` that stands for it.
    parameters: the names of its arguments as the exercise gives them, for the diagnoses.
    seed: another seed, other numbers in the cases of the checks; 0 in notebooks.
    ready_made: patterns of what the answer may not call.

    `unsolved` is True when there is nothing to judge: a stub. `borrowed` says what was called that may not be.
    """

    def __init__(self, function, parameters=(), seed=None, ready_made=READY_MADE):
        self.target = function if isinstance(function, Target) else Here(function)
        self.parameters, marking = tuple(parameters), Marking.now()
        self.seed = seed if seed is not None else marking.seed if marking else 0
        self.ready_made = ready_made
        self.borrowed, self.left_over = None, None
        # Filled by `exercise`: what is known of it, and what the criteria so far have found.
        self.known, self.units, self.returns = None, (), None
        self.slips, self.seen, self.vague = [], {}, 0
        self.said, self.unexplained = [], []
        self.drawn, self._memory = {}, {}
        self._blank, self._answered = self.target.is_blank, False

    @property
    def unsolved(self):
        return self._blank and not self._answered

    def __call__(self, *args, **keywords):
        return self._noted(self.target.call(args, keywords, self.parameters, self.ready_made))

    def probed(self, probe, case):
        """What a probe sees of it, see `calls.Here.probed`: as an `Outcome`."""
        return self._noted(self.target.probed(probe, case, self.parameters, self.ready_made))

    def _noted(self, outcome):
        self.borrowed = self.borrowed or outcome.foul
        if "NotImplementedError" in outcome.raised:
            self._blank = True
            self.left_over = None if self.target.is_stub else outcome.error
        self._blank |= is_blank(outcome.value) and outcome.error is None and self.target.is_stub
        self._answered |= not is_blank(outcome.value)
        return outcome

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
                    value = function(*(args if function is self else map(copied, args)))
                    self._memory[key] = value, function, args
            except TypeError:  # an argument that cannot be a key
                return function(*(args if function is self else map(copied, args)))
            return self._memory[key][0]

        call.copies = True
        return call

    def rng(self):
        """The generator from which the cases of one criterion are drawn."""
        return np.random.default_rng(self.seed)

    def within(self, lines, *args):
        """Like a call, but of at most so many lines of the student's functions; None where they do not suffice."""
        return self.target.call(args, {}, self.parameters, self.ready_made, lines)


@contextlib.contextmanager
def quiet():
    """Nothing printed, warned, logged or displayed gets out; the notebook's random numbers go on as before."""
    if Marking.now() is not None:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
        return
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


def parameters_of(function):
    """The names of the arguments of labkit's own answer."""
    return tuple(inspect.signature(function).parameters)
