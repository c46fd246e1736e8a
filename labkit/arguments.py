"""Checks of arguments, in one wording: each returns what was given in the form it is computed with, or raises a
ValueError of one sentence: which argument, what it must be, what it was.

value, values: what was given.
name: what the sentence calls it.
"""

import operator

import numpy as np


def positive(value, name):
    """A number above 0 and below infinity, as a Python float, which leaves float32 arrays float32."""
    return _within(value, name, lambda number: 0 < number < np.inf, "a positive number")


def at_least_0(value, name):
    """A number from 0 to below infinity, as a Python float."""
    return _within(value, name, lambda number: 0 <= number < np.inf, "a number, at least 0 and finite")


def share(value, name):
    """A share that is never the whole (of units to drop, of a memory to keep): 0 ≤ share < 1, as a Python float."""
    return _within(value, name, lambda number: 0 <= number < 1, "a number from 0 up to but not including 1")


def fraction(value, name):
    """A share that is never nothing (of runs that go on, of a rate that is left): 0 < fraction ≤ 1, a Python float."""
    return _within(value, name, lambda number: 0 < number <= 1, "a number above 0 and at most 1")


def _within(value, name, holds, words):
    try:
        number = np.nan if isinstance(value, (bool, np.bool_, str, bytes)) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = np.nan
    if not holds(number):
        raise ValueError(f"{name} must be {words}, got {_shown(value)}")
    return number


def whole(value, name, least=0, most=None):
    """A whole number from least to most, as a Python int. 2.0 is none: 2 is what is meant, and easily written."""
    try:
        number = None if isinstance(value, (bool, np.bool_)) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least or (most is not None and number > most):
        bounds = f"at least {least}" if most is None else f"from {least:,} to {most:,}"
        raise ValueError(f"{name} must be a whole number, {bounds}, got {_shown(value)}")
    return number


def choice(value, options, name):
    """One of a few words, as it is."""
    if not isinstance(value, str) or value not in options:
        words = " or ".join(f'"{option}"' for option in options)
        raise ValueError(f"{name} must be {words}, got {_shown(value)}")
    return value


def seed(value, name="seed"):
    """The `np.random.Generator` of a seed: a whole number, at least 0, or several of them. A generator stays itself."""
    try:
        if value is None or isinstance(value, (bool, float)):
            raise TypeError
        return np.random.default_rng(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a whole number, at least 0, got {_shown(value)}") from None


def function(value, name):
    """Something that can be called, as it is."""
    if not callable(value):
        raise ValueError(f"{name} must be a function, not what it returns, got {_shown(value)}")
    return value


def array(values, name):
    """The values as an array, of any type."""
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be an array of numbers, got rows of unequal length") from None


def numbers(values, name):
    """The values as an array of real numbers, its type as it is: integers stay integers."""
    checked = array(values, name)
    if checked.dtype.kind not in "fiu":
        raise ValueError(f"{name} must be an array of real numbers, got dtype {checked.dtype}")
    return checked


def floats(values, name, dtype=None):
    """The values as an array of float32 or wider, or of dtype; a copy only where a conversion is needed.

    float32 and float64 stay what they are, integers count as float64 and float16 as float32.
    """
    checked = numbers(values, name)
    if dtype is None:
        narrow = checked.dtype.kind == "f" and checked.dtype.itemsize < 4
        dtype = np.float32 if narrow else checked.dtype if checked.dtype.kind == "f" else np.float64
    return checked.astype(dtype, copy=False)


def float_type(dtype, name="dtype"):
    """float32 or float64 (or wider), as a `np.dtype`."""
    try:
        checked = np.dtype(dtype)
    except TypeError:
        checked = np.dtype(object)
    if checked.kind != "f" or checked.itemsize < 4:
        raise ValueError(f"{name} must be np.float32 or np.float64, got {_shown(dtype)}")
    return checked


def finite(values, name):
    """An array of real numbers without NaN and infinity, as it is; no copy of it is made."""
    checked = numbers(values, name)
    if checked.dtype.kind == "f":
        with np.errstate(all="ignore"):
            for start in range(0, len(checked) if checked.ndim else 0, 512):
                rows = checked[start : start + 512]
                # a finite sum has finite parts, and takes half the time of asking each of them
                if not np.isfinite(rows.sum()) and not np.isfinite(rows).all():
                    raise ValueError(f"{name} must hold finite numbers, got NaN or infinity")
    return checked


def matrix(values, name, dtype=None):
    """A matrix of floats with at least one row and one column; dtype as in `floats`."""
    checked = floats(values, name, dtype)
    if checked.ndim != 2 or checked.size == 0:
        raise ValueError(f"{name} must be a matrix with at least one row and column, got shape {checked.shape}")
    return checked


def scores(values, axes=(2,), name="scores"):
    """Scores as floats, (N, C), or (C,) too where axes holds 1; at least one of them."""
    checked = floats(values, name)
    if checked.ndim not in axes:
        expected = "(N, C), one row per image" + (", or (C,)" if 1 in axes else "")
        raise ValueError(f"{name} must have shape {expected}, got {checked.shape}")
    if checked.size == 0:
        raise ValueError(f"{name} must hold at least one image and one class, got shape {checked.shape}")
    return checked


def labels(values, N, C=None, name="y", of="scores"):
    """Class numbers of N images, (N,), from 0 to C-1 (C None: only at least 0), as integers to index with.

    of: the array whose rows the labels belong to, and whose columns are the classes, as the sentence calls it.
    """
    y = array(values, name)
    if y.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold integer labels, got dtype {y.dtype}: use {name}.astype(int)")
    if y.shape != (N,):
        advice = f": use {name}.ravel()" if y.shape in ((N, 1), (1, N)) else ""
        if y.ndim == 2 and len(y) == N and not advice:  # one-hot
            advice = f": use {name}.argmax(axis=1)"
        raise ValueError(f"{name} must have shape ({N},), one label for each row of {of}, got {y.shape}{advice}")
    if y.size and y.min() < 0 or C is not None and y.size and y.max() >= C:
        wrong = y[(y < 0) | (y >= (np.inf if C is None else C))][0]
        bounds = "at least 0" if C is None else f"from 0 to {C - 1}, as {of} has {C} columns"
        raise ValueError(f"{name} must hold labels {bounds}, got {wrong}")
    return y.astype(np.intp, copy=False)


def _shown(value):
    """The value as it is written, cut short; an array by its shape."""
    if isinstance(value, np.ndarray) and value.size > 1:
        return f"an array of shape {value.shape}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."
