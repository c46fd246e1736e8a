"""Lab 8, operations on arrays, the cost of both modes, lab 3 again: what is asked, and the mistakes that are known."""

import numpy as np

from labkit.autodiff import value_and_gradient
from labkit.check.criteria import equals, unchanged, watched
from labkit.check.exercise import exercise
from labkit.check.two_curves import two_curves
from labkit.check.watch import READY_MADE


def unbroadcast_(g, shape):
    """A gradient g summed over the axes along which an array of this shape was repeated."""
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for axis, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


def _shapes(pairs):
    return lambda rng: [(rng.normal(size=big), small) for big, small in pairs]


_fewer_axes = _shapes(
    [((4, 3), (3,)), ((2, 4, 3), (4, 3)), ((2, 4, 3), (3,)), ((5,), ()), ((3, 3), (3,)), ((2, 3), ())]
)
_ones = _shapes([((4, 3), (4, 1)), ((4, 3), (1, 3)), ((2, 4, 3), (1, 4, 1)), ((3, 3), (3, 1)), ((3, 3), (1, 1))])
_both = _shapes([((4, 3), (4, 3)), ((2, 4, 3), (4, 1)), ((5, 2, 3, 3), (1, 3)), ((2, 1, 3), (1, 1)), ((1, 3), (1, 3))])

unbroadcast = exercise(
    "unbroadcast",
    14,
    unbroadcast_,
    [
        (5, "axes in front that the array did not have", equals(_fewer_axes, tolerance=1e-9)),
        (5, "axes of length 1", equals(_ones, tolerance=1e-9)),
        (3, "both at once, or neither", equals(_both, tolerance=1e-9)),
        (1, "g is left as it was", unchanged(_both)),
    ],
    mistakes=[
        ("the mean over the copies: their derivatives add up", ("g.sum(axis=0)", "g.mean(axis=0)")),
        ("the mean over the copies: their derivatives add up", ("g.sum(axis=axis, k", "g.mean(axis=axis, k")),
        ("the first of the copies alone: the derivatives of all add up", ("g.sum(axis=0)", "g[0]")),
        (
            "the largest of the copies alone: the derivatives of all add up",
            ("g.sum(axis=axis, k", "g.max(axis=axis, k"),
        ),
        ("the axes in front are summed with those that stay: one at a time, the first", ("axis=0)", "axis=-1)")),
        ("axes of length 1 are not summed", ("g = g.sum(axis=axis, keepdims=True)", "pass")),
        ("axes in front are cut off, not summed", ("        g = g.sum(axis=0)\n", "        g = g[-1]\n")),
        ("everything is summed, whatever the shape", ("    return g", "    return g.sum() * np.ones(shape)")),
        ("the axes of length 1 are lost: keepdims=True keeps them", ("    return g", "    return np.squeeze(g)")),
        (
            "repeated again to the large shape: the small one is asked",
            ("    return g", "    return g + 0 * np.ones(2 * shape)"),
        ),
    ],
)


def matmul_backward_(g, A, B):
    """Gradients of a loss with respect to A and B, from g, its gradient with respect to A @ B."""
    return g @ B.T, A.T @ g


def _products(rng):
    sizes = [(4, 3, 2), (3, 3, 3), (1, 5, 2), (2, 2, 2)]
    return [tuple(rng.normal(size=size) for size in [(n, m), (n, k), (k, m)]) for n, k, m in sizes]


matmul_backward = exercise(
    "matmul_backward",
    8,
    matmul_backward_,
    [
        (3.5, "the gradient with respect to A", equals(_products, part=0)),
        (3.5, "the gradient with respect to B", equals(_products, part=1)),
        (1, "g, A and B are left as they were", unchanged(_products)),
    ],
    mistakes=[
        ("the two gradients are the wrong way round", ("g @ B.T, A.T @ g", "A.T @ g, g @ B.T")),
        ("B is not transposed in the gradient of A", ("B.T", "B")),
        ("A is not transposed in the gradient of B", ("A.T", "A")),
        ("the gradient of A is transposed", ("g @ B.T", "B @ g.T")),
        ("the gradient of B is transposed", ("A.T @ g", "g.T @ A")),
        ("the factors of the gradient of A are in the wrong order", ("g @ B.T", "B.T @ g")),
        ("the factors of the gradient of B are in the wrong order", ("A.T @ g", "g @ A.T")),
        ("g is transposed in the gradient of A", ("g @ B.T", "g.T @ B.T")),
        ("g is transposed in the gradient of B", ("A.T @ g", "A.T @ g.T")),
        ("g is missing: B alone", ("g @ B.T", "np.ones_like(g) @ B.T")),
        ("g is missing: A alone", ("A.T @ g", "A.T @ np.ones_like(g)")),
        ("the mean over the rows: they add up", ("A.T @ g", "A.T @ g / len(A)")),
    ],
    returns="(dA, dB)",
)


def take_backward_(g, x, index):
    """Gradient with respect to x, from g, the gradient with respect to x[index]."""
    dx = np.zeros(x.shape)
    np.add.at(dx, index, g)
    return dx


def _once(rng):
    indices = [np.array([3, 0]), (np.array([0, 2]), np.array([1, 1])), np.array([True, False, True, True])]
    return [_taken(rng, index) for index in indices]


def _repeated(rng):
    indices = [np.array([0, 0, 2, 0]), (np.array([1, 1, 3]), np.array([2, 2, 0])), np.array([[1, 1], [2, 1]])]
    return [_taken(rng, index) for index in indices]


def _taken(rng, index):
    x = rng.normal(size=(4, 3))
    return rng.normal(size=x[index].shape), x, index


take_backward = exercise(
    "take_backward",
    6,
    take_backward_,
    [
        (2, "entries that are taken once", equals(_once)),
        (3, "entries that are taken several times", equals(_repeated)),
        (1, "g, x and index are left as they were", unchanged(_repeated)),
    ],
    mistakes=[
        (
            "of several uses only the last is left: = and += write each entry once, np.add.at adds them all",
            ("np.add.at(dx, index, g)", "dx[index] += g"),
        ),
        ("the values of x, where its gradient is asked", ("np.zeros(x.shape)", "x.copy()")),
        ("entries that are not taken have gradient 0, not 1", ("np.zeros(x.shape)", "np.ones(x.shape)")),
        ("the number of uses: each counts with its gradient", ("index, g)", "index, np.ones_like(g))")),
        ("the gradient is subtracted", ("index, g)", "index, -g)")),
        ("multiplied by x: the derivative of x[index] with respect to x is 1", ("return dx", "return dx * x")),
        ("the mean over the uses: they add up", ("return dx", "return dx / max(1, len(np.atleast_1d(index)))")),
        ("no gradient comes through", ("    np.add.at(dx, index, g)\n", "")),
    ],
)

passes_plot = two_curves(
    "passes_plot",
    6,
    "the time of forward mode, against the number of inputs",
    "the time of reverse mode, against the number of inputs",
    ("the times of forward mode", "the times of reverse mode"),
    along=(("input", "number", "eingänge", "eingaben"), ("second", "time", "zeit")),
    told=(("forward", "vorwärts"), ("reverse", "backward", "rückwärts")),
    units={r"\bms\b|milli": 1e3, r"[µμ]s\b|\bus\b|micro|mikro": 1e6},
)

# ------------------------------------------------------------------------------------ lab 3 again


def train_automatically_(value_and_gradient, X, y, W, step_size, steps):
    """Gradient descent on the log-softmax loss, with automatic gradients -> (W, losses before each step)."""

    def loss(W):
        scores = X @ W
        shifted = scores - np.max(scores, axis=1, keepdims=True)
        log_p = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
        return -np.mean(log_p[np.arange(len(y)), y])

    losses = []
    for _ in range(steps):
        value, gradient = value_and_gradient(loss)(W)
        losses.append(value)
        W = W - step_size * gradient
    return W, losses


def _runs(rng):
    sizes = [(12, 4, 3, 0.5, 6), (7, 3, 5, 0.1, 3), (20, 2, 2, 1.0, 10)]
    return [
        (value_and_gradient, rng.normal(size=(n, d)), rng.integers(0, c, n), rng.normal(size=(d, c)), rate, steps)
        for n, d, c, rate, steps in sizes
    ]


def _part(which):
    def seen(call, rng):
        found = [call(*case) for case in _runs(rng)]
        if not all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in found):
            return "it does not return (W, losses)"
        values = [pair[which] for pair in found]
        if not all(np.ndim(value) == 2 - which for value in values):
            return "it does not return (W, losses): a matrix, and a number for each step"
        return [np.asarray(value, dtype=float) for value in values]

    return seen


_UPDATE, _LAST = "W = W - step_size * gradient", "        losses.append(value)\n"

train_automatically = exercise(
    "train_automatically",
    5,
    train_automatically_,
    [
        (2.5, "the losses, one before each step", watched(_part(1), "the losses are not right")),
        (2, "the weights after the last step", watched(_part(0), "the weights are not right")),
        (0.5, "X, y and W are left as they were", unchanged(_runs)),
    ],
    mistakes=[
        ("it goes uphill: W - step_size · gradient", ("W - step", "W + step")),
        ("the step size is missing", ("step_size * gradient", "gradient")),
        ("the sign of the loss: minus the logarithm", ("-np.mean", "np.mean"), {"keeps": 0}),
        ("the sum over the images: their mean is asked", ("np.mean(", "np.sum(")),
        (
            "the logarithm of the sum is missing: the scores are not normalised",
            (" - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))", ""),
        ),
        (
            "the sum is over the images: over the classes, axis=1, is asked",
            ("np.sum(np.exp(shifted), axis=1", "np.sum(np.exp(shifted), axis=0"),
        ),
        (
            "the start is not among the losses: each is taken before its step",
            (_LAST, ""),
            (f"        {_UPDATE}\n", f"        {_UPDATE}\n        losses.append(loss(W))\n"),
        ),
        ("a step too few", ("range(steps)", "range(steps - 1)")),
        ("a step too many", ("range(steps)", "range(steps + 1)")),
        ("W never moves", (f"        {_UPDATE}\n", "")),
        (
            "the mean over images and classes",
            ("-np.mean(log_p[np.arange(len(y)), y])", "-np.sum(log_p[np.arange(len(y)), y]) / scores.size"),
        ),
    ],
    returns="(W, losses)",
    ready_made=(*READY_MADE, "!labkit.autodiff.*"),
)
