"""Comparing answers with the right ones, and putting the difference into words without giving the numbers."""

import math

import numpy as np

from labkit.check.calls import OTHERS, Outcome, a_type

_FACTORS = {
    -1.0: "the sign is wrong: it is exactly the negative of what is asked",
    2.0: "it is exactly twice what is asked",
    0.5: "it is exactly half of what is asked",
    100.0: "it is exactly 100 times what is asked",
    0.01: "it is exactly a hundredth of what is asked",
}


def agrees(answer, cases, *functions, tolerance=1e-5):
    """True if the answer agrees with one of the functions on all cases (argument tuples)."""
    outcomes = [answer(*args) for args in cases]
    return any(all(agree(o, args, f, tolerance) for o, args in zip(outcomes, cases)) for f in functions)


def part(key, returns, problem):
    """A criterion applied to one of several values: `part(1, "(loss, dW)", equals(...))`.

    key: the place in the tuple, or the key in the dict, that the answer returns.
    returns: what the exercise asks to return, in words.
    """

    def of_part(answer):
        return problem(_Part(answer, key, returns))

    return of_part


class _Part:
    def __init__(self, answer, key, returns):
        self._answer, self._key, self._returns = answer, key, returns

    def __getattr__(self, name):
        return getattr(self._answer, name)

    def __call__(self, *args, **keywords):
        outcome = self._answer(*args, **keywords)
        if outcome.error is not None:
            return outcome
        try:
            value = outcome.value[self._key] if isinstance(outcome.value, (tuple, list, dict)) else None
        except (LookupError, TypeError):
            value = None
        if value is None:
            return outcome._replace(value=None, error=f"it does not return {self._returns}")
        return outcome._replace(value=value.copy() if isinstance(value, np.ndarray) else value)


def diagnose(answer, expected, cases, outcomes, more=(), lab=None, tolerance=1e-5):
    """Why the outcomes are wrong, in one line, where they come from no known mistake.

    more: further (arguments, outcome).
    """
    first = next(i for i, args in enumerate(cases) if not agree(outcomes[i], args, expected, tolerance))
    again = answer(*cases[first])
    if not _same_outcome(again, outcomes[first], tolerance):
        return "called again with the same arguments it gives another answer"
    shown = list(zip(outcomes, cases)) + [(outcome, args) for args, outcome in more]
    outcome, want = outcomes[first], np.asarray(expected(*cases[first]))
    said = outcome.error or misfit(outcome.value, want)
    size = lab and _written_size(answer, expected, lab, tolerance)
    if size:
        return (
            f"right for the lab's own shapes only, a size is written into it ({size}): take sizes from .shape "
            f"({said or 'else the values are wrong'})"
        )
    for line, name in answer.target.notebook_arrays():
        if _follows(answer, cases[first], outcome, name, tolerance):
            return f"line {line} uses {name}, a variable of the notebook: the answer has to come from the arguments"
    only = _only_for(outcomes, cases, expected, tolerance)
    if said:
        return f"{said} ({shapes(answer, cases[first])})" if "shape" in said or "line " in said or only else said
    if all(o.error is None and _is_zero(o.value) for o in outcomes):
        return "it is 0, whatever the arguments are"
    ignored = _ignored(answer, expected, cases, outcomes, tolerance)
    if ignored and not _not_finite(outcome.value):
        return f"the answer does not depend on {' and '.join(ignored)}"
    return (
        _factor(shown, expected, answer, tolerance)
        or f"{_unlike(np.asarray(outcome.value), want)} ({only}{shapes(answer, cases[first])})"
    )


def misfit(value, want):
    """What is wrong with the type or the shape of `value`, or None; `want` is an array like the right one."""
    asked = "one number" if want.ndim == 0 else f"an array of shape {want.shape}"
    if value is None:
        return "it returns nothing (None): is the `return` missing?"
    if isinstance(value, tuple):
        return f"it returns {len(value)} values (a tuple), {asked} is asked"
    if isinstance(value, np.matrix):
        return "it returns an np.matrix, which multiplies and indexes in its own way: return a plain array"
    if isinstance(value, np.ma.MaskedArray):
        return "it returns a masked array: return a plain one"
    if isinstance(value, (bool, np.bool_)):
        return f"it returns True or False, {asked} is asked"
    if isinstance(value, list):
        return f"it returns a Python list, {asked} is asked"
    if not isinstance(value, np.ndarray) and (want.ndim or not hasattr(value, "__float__")):
        return f"it returns {a_type(value)}, {asked} is asked"
    got = np.asarray(value)
    if got.dtype.kind == "O" and got.ndim == 0:
        got = np.asarray(float(value))
    if got.shape != want.shape:
        if got.ndim == 2 and got.T.shape == want.shape:
            return f"the answer is transposed: shape {got.shape}, asked is {want.shape}"
        if want.ndim == 0:
            return f"it returns an array of shape {got.shape}, one number is asked"
        if got.size == want.size:
            return f"right number of entries in the wrong shape: {got.shape}, asked is {want.shape}"
        return f"wrong shape: {got.shape}, asked is {want.shape}"
    if got.dtype.kind == "O":
        return "it returns an array of Python objects (dtype object): make it an array of numbers"
    if got.dtype.kind == "c":
        return "it returns complex numbers"
    if got.dtype.kind not in "fiu":
        return f"it returns an array of dtype {got.dtype}, not of numbers"
    return None


def same(got, want, tolerance):
    """Equal to a tolerance relative to the largest entry (absolute below 1), NaN and infinity included."""
    if got.shape != want.shape:
        return False
    got, want = got.astype(float), want.astype(float)
    finite = want[abs(want) < math.inf]
    largest = max(1.0, float(abs(finite).max())) if finite.size else 1.0
    near = abs(got - want) <= tolerance * largest
    return bool((near | (got == want) | ((got != got) & (want != want))).all())


def shapes(answer, args):
    """'X (5, 4), W (4, 3)': the case at hand, by its shapes."""
    names = list(answer.parameters) + [f"argument {i + 1}" for i in range(len(answer.parameters), len(args))]
    arrays = [f"{n} {a.shape}" for n, a in zip(names, args) if isinstance(a, np.ndarray)]
    return "here: " + (", ".join(arrays) or "no arrays among the arguments")


def agree(outcome, args, function, tolerance=1e-5):
    """Whether an outcome is what `function` gives of the same arguments, an exception included."""
    try:
        copies = getattr(function, "copies", False)  # it makes them itself
        want = function(*[a.copy() if isinstance(a, np.ndarray) and not copies else a for a in args])
    except Exception as error:
        return outcome.error is not None and type(error).__name__ in outcome.error
    want = np.asarray(want)
    if outcome.error is not None or want.dtype.kind not in "fiu" or _misfits(outcome.value, want):
        return False
    if any(isinstance(a, np.ndarray) and a.dtype == np.float32 for a in args):
        tolerance *= 10
    return same(np.asarray(outcome.value), want, tolerance)


def kind_of_problem(outcome, args, function):
    """The error of an outcome, or what is wrong with its type or shape; None where only the values can be wrong."""
    return outcome.error or misfit(outcome.value, np.asarray(function(*args)))


def is_like(value, like):
    """Whether a container has the places, or the keys, of the right one."""
    if isinstance(like, dict):
        return isinstance(value, dict) and set(value) == set(like)
    return isinstance(value, (tuple, list)) and len(value) == len(like)


def _misfits(value, want):
    try:
        return misfit(value, want) is not None
    except Exception:
        return True


def _same_outcome(one, other, tolerance):
    if one.error is not None or other.error is not None:
        return (one.error is None) == (other.error is None)
    try:
        return same(np.asarray(one.value), np.asarray(other.value), tolerance)
    except Exception:
        return True


def _written_size(answer, expected, lab, tolerance):
    """A size of the lab's own case that the answer takes for granted: right with it, wrong with one less of it."""
    args = lab(answer.rng())
    outcome = answer.within(20_000, *args)
    if outcome is None or not agree(outcome, args, expected, tolerance):
        return None
    for size in sorted({n for a in args for n in np.shape(a) if n > 2}):
        fewer = tuple(_cut(a, size) for a in args)
        try:
            expected(*fewer)
        except Exception:
            continue
        if not agree(answer(*fewer), fewer, expected, tolerance):
            return size
    return None


def _cut(value, size):
    """An array without its last entry along each axis of this length; labels stay below a class less."""
    if not isinstance(value, np.ndarray):
        return value
    cut = value[tuple(slice(size - 1) if n == size else slice(None) for n in value.shape)]
    return np.minimum(cut, size - 2).astype(value.dtype) if value.dtype.kind in "iu" else np.ascontiguousarray(cut)


def _follows(answer, args, outcome, name, tolerance):
    """Whether the answer to a case changes when a variable of the notebook does."""
    followed = False
    for which in range(len(OTHERS)):
        with answer.target.other_array(name, which):
            now = answer(*args)
        followed |= not _same_outcome(now, outcome, tolerance) or now.error != outcome.error
    return followed


def _only_for(outcomes, cases, expected, tolerance):
    """'with float32 arrays: ' where the answer is right in all cases but those, else ''."""
    wrong = [not agree(outcome, args, expected, tolerance) for outcome, args in zip(outcomes, cases)]

    def single(args):
        return any(isinstance(a, np.ndarray) and a.dtype == np.float32 for a in args)

    def alone(args):
        return any(isinstance(a, np.ndarray) and a.ndim and len(a) == 1 for a in args)

    for special, words in ((single, "with float32 arrays"), (alone, "with one row")):
        if wrong == [special(args) for args in cases]:
            return f"right but {words}; "
    return ""


def _ignored(answer, expected, cases, outcomes, tolerance):
    """The arguments on which the answer does not depend, and the right one does, as far as the cases show."""
    ignored = []
    for i, name in enumerate(answer.parameters):
        tried, matters = [], False
        for args, outcome in zip(cases, outcomes):
            arg = args[i] if i < len(args) else None
            if isinstance(arg, np.ndarray) and arg.size > 1 and outcome.error is None:
                # every entry changes, and integers stay in their range
                other = arg[::-1] * 1.5 + 0.25 if arg.dtype.kind == "f" else (arg + 1) % (arg.max() + 1)
                changed = (*args[:i], np.ascontiguousarray(other, arg.dtype), *args[i + 1 :])
                tried.append(_same_outcome(answer(*changed), outcome, tolerance))
                try:
                    matters |= not same(np.asarray(expected(*changed)), np.asarray(expected(*args)), tolerance)
                except Exception:
                    matters = False
        if tried and all(tried) and matters:
            ignored.append(name)
    return ignored


def _factor(shown, expected, answer, tolerance):
    """'exactly X.shape[0] times too large', if the answer is the right one times a factor with a meaning."""
    ratios = []
    for outcome, args in shown:
        want = np.asarray(expected(*args), dtype=float)
        if outcome.error is not None or _misfits(outcome.value, want) or not abs(want).max() > 0:
            return None
        got = np.asarray(outcome.value, dtype=float)
        if _not_finite(got):
            return None
        ratio = float((got * want).sum() / (want * want).sum())
        if not same(got, ratio * want, tolerance):
            return None
        ratios.append(ratio)

    def all_are(values):
        return len(ratios) > 1 and all(math.isclose(r, v, rel_tol=1e-4) for r, v in zip(ratios, values))

    for factor, text in _FACTORS.items():
        if all_are([factor] * len(ratios)):
            return text
    for i, name in enumerate(answer.parameters):
        for axis in range(min(_axes(args, i) for _, args in shown)):
            lengths = [args[i].shape[axis] for _, args in shown]
            size = f"{name}.shape[{axis}]"
            if len(set(lengths)) > 1 and all_are(lengths):
                return f"it is exactly {size} times too large: a sum where a mean is asked"
            if len(set(lengths)) > 1 and all_are([1 / n for n in lengths]):
                return f"it is exactly {size} times too small: divided by {size} once too often"
    if all_are(ratios[:1] * len(ratios)):
        return "it is the right answer times a constant that does not belong there"
    return None


def _axes(args, i):
    """How many axes argument i has; 0 where it is no array, such as a cache."""
    return args[i].ndim if i < len(args) and isinstance(args[i], np.ndarray) else 0


def _is_zero(value):
    try:
        return not np.asarray(value).any()
    except (TypeError, ValueError):
        return False


def _not_finite(value):
    got = np.asarray(value, dtype=float)
    if (got != got).any():
        return "it contains NaN (not a number)"
    return "it contains infinite values" if (abs(got) == math.inf).any() else None


def _unlike(got, want):
    if _not_finite(got):
        return _not_finite(got)
    if got.dtype.kind in "iu" and (want != want.round()).any():
        return "whole numbers: the result is rounded to an integer dtype"
    return "the value is not right" if want.ndim == 0 else "the values are not right"


def sizes_of(value):
    """The shapes of arrays, in the tuples that hold them."""
    return [sizes_of(inner) for inner in value] if isinstance(value, tuple) else getattr(value, "shape", ())


def outcome_of(function, args):
    """What a right or edited function gives, as an `Outcome`."""
    try:
        return Outcome(function(*[a.copy() if isinstance(a, np.ndarray) else a for a in args]), None, (), ())
    except Exception as error:
        return Outcome(None, type(error).__name__, (), ())


def equal(a, b, tolerance):
    """Whether two things that were seen are the same: texts, or numbers to a tolerance."""
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str) and a == b
    try:
        return same(np.asarray(a), np.asarray(b), tolerance)
    except (TypeError, ValueError):
        return False
