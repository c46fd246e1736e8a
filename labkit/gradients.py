"""Numerical gradients, and the comparison of analytic gradients with them."""

from typing import NamedTuple

import numpy as np

from labkit import arguments
from labkit.losses import cross_entropy, softmax

CHANGED = "f must leave x as it is, but a call of f changed it: let f work on a copy"


def numerical_gradient(f, x, h=None, scheme="central"):
    """Gradient of any function of any array, by finite differences.

    f: function of x that returns one number (an array of size 1 counts as one).
    x: float64 array of any shape. Its entries are moved in place by h, one after the other, while f is called
        with x itself, and put back exactly, also when f raises. A list or a number is copied first.
    h: the step, in units of x; by default 1e-5 for central and 1e-7 for forward differences.
    scheme: "central", (f(x+h) - f(x-h)) / 2h, error O(h**2), 2 evaluations of f per entry; or
        "forward", (f(x+h) - f(x)) / h, error O(h), 1 evaluation per entry and one more.
    Returns the gradient, a float64 array shaped like x; NaN where f is NaN or infinite.
    Raises ValueError if x is float32 (its rounding is larger than what so small a step changes: pass
    x.astype(np.float64)), of integers, or read-only; if f changes x, or returns a float32 or anything but one
    number; if h is not positive, or too small to move an entry of x at all.

    The difference quotients of the numerical-gradient lab, divided by the step that x really made:
    (x + h) - (x - h) is not exactly 2h in floating point.
    """
    x = _check_point(x)
    return _quotients(f, x, h, scheme, np.arange(x.size)).reshape(x.shape)


def linear_softmax_numerical_gradient(X, W, y, h=1e-6):
    """Numerical gradient of `cross_entropy(X @ W, y)` with respect to W, many times faster than for any f.

    X: (N, D) images as rows.
    W: (D, C) weights.
    y: (N,) integer labels, 0 to C-1.
    h: the step of W.
    Returns the gradient by central differences, (D, C). All is computed in float64, whatever the input.
    Raises ValueError if shapes do not match, there are no images, y is not integers from 0 to C-1, or h is
    not positive.

    A step h of W[d, c] moves one column of the scores, s[:, c], by h * X[:, d]. It multiplies the sum of
    exponentials of image n by 1 + p[n, c] * (e^{h X[n, d]} - 1), where p are the probabilities before the
    step. So no score is computed anew: the loss of image n changes by the logarithm of this factor, less
    h * X[n, d] where c is the label. The difference quotient is the numerical-gradient lab's central one.
    """
    X, W = arguments.matrix(X, "X", np.float64), arguments.matrix(W, "W", np.float64)
    h, y = arguments.positive(h, "h"), arguments.labels(y, len(X), W.shape[1], of="X @ W")
    if X.shape[1] != W.shape[0]:
        raise ValueError(f"W must have a row for each of the {X.shape[1]} columns of X, got shape {W.shape}")
    (N, D), C = X.shape, W.shape[1]
    if h * np.abs(X).max() > 1:  # so coarse a step would lose digits below
        return numerical_gradient(lambda W: cross_entropy(X @ W, y), W.copy(), h)
    rounded_up = -(-N // 8) * 8  # images of zeros change nothing
    p, steps = np.zeros((C, rounded_up)), np.zeros((D, rounded_up))
    p[:, :N], steps[:, :N] = softmax(X @ W).T, h * X.T

    def sum_of_logs(factors):  # the logarithm of a product of 8 is one logarithm instead of 8
        return np.log(factors.reshape(C, 8, -1).prod(axis=1)).sum(axis=1)

    change = np.empty(W.shape)  # of sum_n log sum_j e^{s_nj}, from W[d, c] - h to W[d, c] + h
    for d, step in enumerate(steps):
        change[d] = sum_of_logs(1 + p * np.expm1(step)) - sum_of_logs(1 + p * np.expm1(-step))
    onehot = np.zeros((N, C))
    onehot[np.arange(N), y] = 1
    return (change / (2 * h) - X.T @ onehot) / N


def relative_error(a, b, floor=1e-8):
    """Largest relative difference between two arrays, entry by entry.

    a, b: numbers or arrays of equal shape.
    floor: the least denominator; it makes 0 against 0 no error, and rounding near 0 a small one.
    Returns max |a - b| / max(floor, |a| + |b|), a Python float from 0 to 1; NaN if an entry is not finite.
    Raises ValueError if the shapes differ, the arrays are empty, or floor is not positive.

    The measure of the deep-learning homework's gradient checks.
    """
    a, b = arguments.floats(a, "a", np.float64), arguments.floats(b, "b", np.float64)
    if a.shape != b.shape:
        raise ValueError(f"a and b must have the same shape, got {a.shape} and {b.shape}")
    if a.size == 0:
        raise ValueError("a and b must hold at least one number, got empty arrays")
    return float(_relative_errors(a, b, floor).max())


class GradientCheck(NamedTuple):
    """What `gradient_check` found; printing it gives one line."""

    error: float  # the largest relative error
    index: tuple  # the entry of x that has it
    numerical: float  # both gradients there
    analytic: float
    checked: int  # entries compared, of how many
    size: int

    def __str__(self):
        return (
            f"largest relative error {self.error:.1e}, at {_entry(self.index)}: "
            f"numerical {self.numerical:.7g}, analytic {self.analytic:.7g} "
            f"({self.checked:,} of {self.size:,} entries checked)"
        )

    __repr__ = __str__


def gradient_check(f, x, analytic, h=None, samples=None, seed=0):
    """Compares an analytic gradient with central differences, at every entry of x or at a random sample.

    f, x, h: as in `numerical_gradient`.
    analytic: the gradient to check, shaped like x.
    samples: how many entries to check, drawn without repetition; None checks all.
    seed: of the draw.
    Returns a `GradientCheck`: the largest relative error, as in `relative_error`, the entry of x where it is,
    both gradients there, and how many entries were checked. It prints as one line.
    Raises ValueError as `numerical_gradient` does, and if analytic is not shaped like x, x is empty, or
    samples is not a whole number of at least 1.
    """
    x, analytic = _check_point(x), arguments.floats(analytic, "analytic", np.float64)
    if analytic.shape != x.shape:
        raise ValueError(f"analytic must have the shape of x, {x.shape}, got {analytic.shape}")
    if x.size == 0:
        raise ValueError(f"x must have entries to check, got shape {x.shape}")
    entries = _choose_entries(x.size, samples, seed)
    analytic = analytic.reshape(-1)[entries]  # a copy, taken before f runs
    numerical = _quotients(f, x, h, "central", entries)
    errors = _relative_errors(numerical, analytic)
    worst = int(np.argmax(errors))  # the first NaN, if there is one
    return GradientCheck(
        float(errors[worst]),
        _index(entries[worst], x),
        float(numerical[worst]),
        float(analytic[worst]),
        len(entries),
        x.size,
    )


def _quotients(f, x, h, scheme, entries):
    """The partial derivatives of f at the given entries of x, counted in C order; x is as it was afterwards."""
    arguments.function(f, "f")
    arguments.choice(scheme, SCHEMES, "scheme")
    h = arguments.positive(SCHEMES[scheme][1] if h is None else h, "h")
    there = x.reshape(-1)[entries]
    stuck = entries[~(there + h > (there - h if scheme == "central" else there))]
    if len(stuck):
        place = _index(stuck[0], x)
        raise ValueError(
            f"h must move every entry of x, but {_entry(place)} = {x[place]:g} is not changed by a step of {h:g}"
        )
    before = x.copy()
    try:
        quotients = SCHEMES[scheme][0](f, x, h, entries)
        if not np.array_equal(x, before, equal_nan=True):
            raise ValueError(CHANGED)
    finally:
        x[...] = before
    return np.array(quotients, dtype=np.float64)


def _central_differences(f, x, h, entries):
    """(f(x + h) - f(x - h)) / 2h, for h in each entry of x: (x + h) - (x - h) is the step that x really makes."""
    quotients = []
    for i in entries:
        old = x.flat[i]
        high, low = old + h, old - h
        quotients.append((_f_with(f, x, i, high) - _f_with(f, x, i, low)) / (high - low))
        x.flat[i] = old
    return quotients


def _forward_differences(f, x, h, entries):
    """(f(x + h) - f(x)) / h, for h in each entry of x: (x + h) - x is the step that x really makes."""
    quotients, f_here = [], _one_number(f(x))
    for i in entries:
        old = x.flat[i]
        high = old + h
        quotients.append((_f_with(f, x, i, high) - f_here) / (high - old))
        x.flat[i] = old
    return quotients


# with the bottom of each scheme's V-shaped error curve in float64, measured on lab 3: larger steps feel the
# curvature of f, smaller ones its rounding; theory puts it near eps**(1/3) and eps**(1/2)
SCHEMES = {"central": (_central_differences, 1e-5), "forward": (_forward_differences, 1e-7)}


def _f_with(f, x, i, value):
    """f(x) with the entry i of x set to value, which f must leave there."""
    x.flat[i] = value
    result = _one_number(f(x))
    if x.flat[i] != value:
        raise ValueError(CHANGED)
    return result


def _one_number(value):
    """What f returned, as a Python float."""
    if isinstance(value, (float, int)):
        return float(value)
    if isinstance(value, (tuple, list)):
        raise ValueError(f"f must return one number, got a {type(value).__name__}: return the loss alone")
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "fiu":
        got = f"shape {array.shape}, dtype {array.dtype}" if isinstance(value, np.ndarray) else repr(value)
        raise ValueError(f"f must return one real number, got {got}")
    if array.dtype.kind == "f" and array.dtype.itemsize < 8:
        raise ValueError(f"f must compute in float64, got {array.dtype}: whose rounding hides the step")
    return float(array.item())


def _relative_errors(a, b, floor=1e-8):
    floor = arguments.positive(floor, "floor")
    with np.errstate(invalid="ignore"):  # infinity less infinity: NaN, as the docstring says
        return np.abs(a - b) / np.maximum(floor, np.abs(a) + np.abs(b))


def _index(i, x):
    return tuple(int(j) for j in np.unravel_index(i, x.shape))


def _entry(index):
    return f"x[{', '.join(map(str, index))}]" if index else "x"


def _choose_entries(size, samples, seed):
    if samples is None:
        return np.arange(size)
    samples, rng = arguments.whole(samples, "samples", 1), arguments.seed(seed)
    return np.sort(rng.choice(size, min(samples, size), replace=False))


def _check_point(x):
    """x itself if it can be moved in place; a float64 copy of a list or a plain number."""
    if not isinstance(x, np.ndarray):
        return np.array(arguments.floats(x, "x", np.float64))
    if x.dtype.kind != "f" or x.dtype.itemsize < 8:
        raise ValueError(f"x must be float64, got {x.dtype}: pass x.astype(np.float64)")
    if not x.flags.writeable:
        raise ValueError("x must be writeable, as it is moved in place, got a read-only array: pass x.copy()")
    return x
