"""Lab 3, numerical gradient descent: what is asked in each exercise, and the mistakes that are known."""

import numpy as np

from labkit import gradients, losses
from labkit.check.answer import Misuse, a_type
from labkit.check.compare import agrees, misfit, same
from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise
from labkit.check.exercise import vectorised as vectorised_check
from labkit.check.figures import Plot, falling, labels, line, rising_accuracy, title, values
from labkit.check.verdict import say, verdict

# ------------------------------------------------------------------------------------------ score


def score_(X, W):
    """Linear scores: X (N, D), W (D, C) -> (N, C)."""
    return X @ W


def _score_arguments(rng, n, d, c, dtype=float):
    return rng.normal(size=(n, d)).astype(dtype), rng.normal(size=(d, c)).astype(dtype)


def _score_cases(rng):
    sizes = [(5, 4, 3), (1, 3, 2), (7, 2, 12), (4, 4, 4), (3, 6, 5)]  # in a square every product runs
    return [_score_arguments(rng, *s) for s in sizes] + [_score_arguments(rng, 6, 5, 4, np.float32)]


def _score_in_the_lab(rng):
    return _score_arguments(rng, 1000, 10, 10)


score = exercise(
    "score",
    points=20,
    answer=score_,
    criteria=[
        (
            18,
            "X @ W: a row of scores for each image, a column for each class",
            equals(
                _score_cases,
                score_,
                lab=_score_in_the_lab,
                mistakes=[
                    ("X * W multiplies entry by entry; the matrix product is X @ W", lambda X, W: X * W),
                    (
                        "W is transposed: images are the rows of X and classes the columns of W, so X @ W",
                        lambda X, W: X @ W.T,
                    ),
                    ("X is transposed: images are the rows of X, so X @ W", lambda X, W: X.T @ W),
                    (
                        "both are transposed: images are the rows of X and classes the columns of W, so X @ W",
                        lambda X, W: X.T @ W.T,
                    ),
                    ("the layout of images in columns (W x); here images are rows, so X @ W", lambda X, W: W @ X),
                    ("the layout of images in columns (W x); here images are rows, so X @ W", lambda X, W: W.T @ X),
                    (
                        "the scores are transposed: (classes, images) where (images, classes) is asked",
                        lambda X, W: (X @ W).T,
                    ),
                    ("something is added: this linear score has no bias", lambda X, W: X @ W + 1),
                    (
                        "these are probabilities (softmax) of the scores: return the scores themselves",
                        lambda X, W: np.exp(X @ W) / np.exp(X @ W).sum(axis=1, keepdims=True),
                    ),
                    (
                        "this is the sum over all classes: keep one column for each class",
                        lambda X, W: (X @ W).sum(axis=1),
                    ),
                    (
                        "these are the classes with the highest score: return the scores",
                        lambda X, W: (X @ W).argmax(axis=1),
                    ),
                    ("the scores are divided by the number of images", lambda X, W: X @ W / len(X)),
                ],
            ),
        ),
        (2, "X and W are left as they were", unchanged(_score_cases)),
    ],
)

# ------------------------------------------------------------------------------ log-softmax loss


def _loss(scores, y):
    """Mean over the images of -log softmax(scores)[y]: `losses.cross_entropy` as it stands in the lab."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    rows = np.arange(len(y))
    return np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[rows, y])


def _softmax(scores, axis=1):
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _log_p(scores, y):
    """Each image's log-probability of its class, (N,)."""
    return np.log(_softmax(scores))[np.arange(len(y)), y]


def _p(scores, y):
    return _softmax(scores)[np.arange(len(y)), y]


def _over_images(e):
    return e / e.sum(axis=0)


def _column_maximum(scores, y):
    return -np.mean(_log_p(scores - scores.max(axis=0), y))


def _no_keepdims(scores, y):
    e = np.exp(scores - scores.max(axis=1))
    return -np.mean(np.log((e / e.sum(axis=1))[np.arange(len(y)), y]))


def _over_everything(scores, y):
    e = np.exp(scores)
    return -np.mean(np.log((e / e.sum())[np.arange(len(y)), y]))


def _hinge(scores, y):
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    return margins.sum() / len(y)


def _loss_cases(rng, sizes, types=(np.int64,)):
    return [
        (2 * rng.normal(size=(n, c)), rng.integers(0, c, n).astype(types[i % len(types)]))
        for i, (n, c) in enumerate(sizes)
    ]


def _one_image(rng):
    cases = [(2 * rng.normal(size=(1, c)), np.array([k])) for c, k in [(3, 1), (12, 11), (2, 0), (10, 7), (4, 2)]]
    return cases + [(a.astype(np.float32), y.astype(np.int32)) for a, y in cases[:1]]


def _several_images(rng):
    cases = _loss_cases(rng, [(5, 3), (4, 4), (2, 12), (9, 2), (8, 10)], (np.int64, np.int32, np.uint8))
    return cases + [(a.astype(np.float32), y) for a, y in cases[:1]]


def _loss_in_the_lab(rng):
    return _loss_cases(rng, [(1000, 10)])[0]


def _summed(scores, y):
    return -np.sum(_log_p(scores, y))


def _each(scores, y):
    losses = -_log_p(scores, y)
    return losses if len(losses) > 1 else losses[0]


def _one_by_one(scores, y):
    """One image's loss, where an array of one entry is as good as a number."""
    return -_log_p(scores, y)


def _any_scores(answer):
    """Stable: levels at which exp overflows or underflows, but the probabilities themselves do not."""
    rng = answer.rng()
    near = 3 * rng.normal(size=(4, 5))
    y = near.argmax(axis=1)
    right = (_loss, _summed, _each, _one_by_one)  # whether it is a mean is judged above
    high = [(near[:1] + 1e4, y[:1]), (near + 800, y), (np.array([[0.0, 0.0, 1500.0]]), np.array([2]))]
    low = [(near[:1] - 1e4, y[:1]), (near - 800, y)]
    mixed = [(near + np.array([[1e4], [0], [-1e4], [500]]), y)]
    unlikely = [(np.array([[0.0, 80.0, 20.0]]), np.array([0])), (np.array([[0.0, -40.0, 2.0]]), np.array([1]))]
    for cases, over in [(high, "overflows"), (low, "underflows")]:
        if not agrees(answer, cases, *right):
            values = [answer(*args).value for args in cases]
            if all(np.isfinite(np.asarray(v, dtype=float)).all() for v in values if v is not None):
                return (
                    "finite but not right for scores in the thousands: cutting the scores off, or a "
                    "number added inside the log, changes the loss; subtract each row's maximum instead"
                )
            return (
                f"exp {over} for scores in the thousands: subtract each row's maximum before exp, "
                "which changes no probability"
            )
    if not agrees(answer, mixed, *right):
        return (
            "one maximum is subtracted from all images: a row far below it underflows; take each row's "
            "own, scores.max(axis=1, keepdims=True)"
        )
    if not agrees(answer, unlikely, *right):
        return (
            "wrong for a class of very small probability: a number added inside the log, or a clipped "
            "probability, changes the loss"
        )
    return None


_EPSILONS = [
    (
        "a number is added inside the log: it changes the loss and hides log(0) instead of avoiding it",
        lambda scores, y, e=10.0**-k: -np.mean(np.log(_p(scores, y) + e)),
    )
    for k in range(1, 8)
]

_LOSS_MISTAKES = [
    ("the sign: log p is negative, the loss is minus its mean", lambda s, y: np.mean(_log_p(s, y))),
    ("probability instead of log-probability: the log is missing", lambda s, y: -np.mean(_p(s, y))),
    ("probability instead of log-probability: the log is missing", lambda s, y: np.mean(_p(s, y))),
    ("probability instead of log-probability: the log is missing", lambda s, y: np.mean(1 - _p(s, y))),
    (
        "logarithm to base 2: the loss is in natural logarithms (np.log)",
        lambda s, y: -np.mean(_log_p(s, y)) / np.log(2),
    ),
    (
        "logarithm to base 10: the loss is in natural logarithms (np.log)",
        lambda s, y: -np.mean(_log_p(s, y)) / np.log(10),
    ),
    (
        "the scores are not normalised: divide by the sum of exp over the classes, or subtract its log",
        lambda s, y: -np.mean(s[np.arange(len(y)), y]),
    ),
    (
        "the scores are not normalised: divide by the sum of exp over the classes, or subtract its log",
        lambda s, y: -np.mean((s - s.max(axis=1, keepdims=True))[np.arange(len(y)), y]),
    ),
    (
        "exp is missing: the scores themselves are divided by their sum",
        lambda s, y: -np.mean(np.log((s / s.sum(axis=1, keepdims=True))[np.arange(len(y)), y])),
    ),
    (
        "wrong axis: softmax is over the classes of one image (axis=1), this is over the images",
        lambda s, y: -np.mean(np.log(_softmax(s, axis=0))[np.arange(len(y)), y]),
    ),
    (
        "wrong axis: softmax is over the classes of one image (axis=1), this is over the images",
        lambda s, y: -np.mean(np.log(_over_images(np.exp(s - s.max(axis=1)[:, None])))[np.arange(len(y)), y]),
    ),
    ("wrong axis: the maximum is of each row (axis=1), this subtracts that of each column", _column_maximum),
    (
        "the maximum and the sum lose their axis: use keepdims=True, so that each row is divided by its own sum",
        _no_keepdims,
    ),
    (
        "off by one: the classes are counted from 0, y is the column of the right class itself",
        lambda s, y: -np.mean(np.log(_softmax(s))[np.arange(len(y)), y.astype(int) - 1]),
    ),
    (
        "off by one: the classes are counted from 0, y is the column of the right class itself",
        lambda s, y: -np.mean(np.log(_softmax(s))[np.arange(len(y)), y.astype(int) + 1]),
    ),
    (
        "mean over images and classes: only the right class of each image counts, so divide by N",
        lambda s, y: -np.sum(_log_p(s, y)) / s.size,
    ),
    (
        "mean over images and classes: pick the log-probability of the right class of each image",
        lambda s, y: -np.mean(np.log(_softmax(s))),
    ),
    (
        "sum over all classes: pick the log-probability of the right class of each image",
        lambda s, y: -np.sum(np.log(_softmax(s))) / len(s),
    ),
    (
        "the score of the right class is missing: the loss is log-sum-exp minus that score",
        lambda s, y: np.mean(np.log(np.exp(s).sum(axis=1))),
    ),
    (
        "y is used as if it were one-hot: it holds the number of the class, scores[np.arange(N), y]",
        lambda s, y: -np.mean(np.sum(y[:, None] * np.log(_softmax(s)), axis=1)),
    ),
    (
        "y is used as if it were one-hot: it holds the number of the class, scores[np.arange(N), y]",
        lambda s, y: -np.sum(y * np.log(_softmax(s))) / len(y),
    ),
    (
        "y is used as if it were one-hot: it holds the number of the class, scores[np.arange(N), y]",
        lambda s, y: -np.mean(y * np.log(_softmax(s))),
    ),
    (
        "y picks rows here: the class of image i is column y[i] of row i, scores[np.arange(N), y]",
        lambda s, y: -np.mean(np.log(_softmax(s))[y]),
    ),
    ("softmax is taken twice", lambda s, y: -np.mean(_log_p(_softmax(s), y))),
    ("this is the hinge loss: the log-softmax loss is asked", _hinge),
    *_EPSILONS,
]

_MEAN_MISTAKES = [
    ("this is the sum over the images, N times too large: the loss is their mean", _summed),
    ("one loss for each image: return their mean", lambda s, y: -_log_p(s, y)),
    ("softmax is over the classes of each image (axis=1): this sums exp over all images together", _over_everything),
    (
        "every label picks its column of every image here: use scores[np.arange(N), y]",
        lambda s, y: -np.mean(np.log(_softmax(s))[:, y]),
    ),
    (
        "every label picks its column of every image here: use scores[np.arange(N), y]",
        lambda s, y: -np.sum(np.log(_softmax(s))[:, y]) / len(y),
    ),
    ("only the first image counts", lambda s, y: -_log_p(s, y)[0]),
    ("the median is not the mean", lambda s, y: -np.median(_log_p(s, y))),
    (
        "this is the log of the mean probability: take the log for each image, then the mean",
        lambda s, y: -np.log(np.mean(_p(s, y))),
    ),
    *_LOSS_MISTAKES,
]

log_softmax_loss = exercise(
    "log_softmax_loss",
    points=20,
    answer=losses.cross_entropy,
    criteria=[
        (
            8,
            "one image: minus the log of the probability of its class",
            equals(_one_image, _loss, _LOSS_MISTAKES, also=[_one_by_one], tell=_several_images, lab=_loss_in_the_lab),
        ),
        (
            4,
            "several images: the mean over the images",
            equals(_several_images, _loss, _MEAN_MISTAKES, lab=_loss_in_the_lab),
        ),
        (6, "scores of any size, no overflow (exp-normalise or log-sum-exp)", _any_scores),
        (2, "scores and y are left as they were", unchanged(_several_images)),
    ],
)

# ---------------------------------------------------------------------------- numerical gradient


def numerical_gradient_(f, x, h=1e-6):
    """Central differences with the step of this lab."""
    return gradients.numerical_gradient(f, x, h=h)


class _Probe:
    """A function of an array that writes down where it is evaluated: that tells what an answer does."""

    def __init__(self, x, value, slope):
        self.x, self.value, self.slope, self.points = x, value, slope, []

    def f(self, x):
        if not isinstance(x, np.ndarray) and np.ndim(x) == 0 and self.x.ndim == 0:
            x = np.asarray(x)
        if not isinstance(x, np.ndarray):
            raise Misuse("f is called with something that is not an array: it takes the whole of x")
        if x.shape != self.x.shape:
            raise Misuse(
                f"f is called with an array of shape {x.shape}: it takes the whole of x, here of shape {self.x.shape}"
            )
        if x.dtype.kind == "c":
            raise Misuse("f is called with complex numbers: central differences are asked")
        if len(self.points) > 20 * self.x.size + 50:
            raise Misuse("f is called again and again: two evaluations for each entry of x are enough")
        self.points.append(np.array(x, dtype=float))
        return self.value(x)

    def moves(self):
        """For each evaluation how far every entry is from where it was at the start, (calls, size)."""
        return np.array([(p - self.x).ravel() for p in self.points]).reshape(len(self.points), -1)


def _coupled(rng, shape):
    """A smooth function whose entries depend on each other, with a slope of order 1 everywhere."""
    x = rng.uniform(0.5, 1.5, size=shape)
    a, b = rng.uniform(1, 2, size=shape), rng.uniform(0.2, 0.6, size=shape)
    return _Probe(
        x, lambda x: np.sum(a * np.sin(x)) + np.sum(b * x) ** 2, lambda x: a * np.cos(x) + 2 * b * np.sum(b * x)
    )


def _curved(rng):
    """Strongly curved in each entry alone: forward differences err by h/2 times a curvature of 20 or more."""
    a = rng.uniform(10, 15, size=(2, 3))
    return _Probe(rng.uniform(0.5, 1, size=(2, 3)), lambda x: np.sum(a * x**2), lambda x: 2 * a * x)


def _slopes(answer, probe, tolerance, **keywords):
    """None if the answer is the slope of the probe at its x, else the diagnosis."""
    outcome = answer(probe.f, probe.x, **keywords)
    want = probe.slope(probe.x)
    if outcome.error is not None:
        return outcome.error
    wrong_kind = misfit(outcome.value, want)
    if isinstance(outcome.value, tuple):
        return f"it returns {len(outcome.value)} values (a tuple): return the gradient alone"
    if not probe.points:
        return "f is never called"
    moved = abs(probe.moves()) > 1e-13  # an entry put back by subtraction may be off in its last digit
    if not moved.any():
        return "f is evaluated at x itself every time: what is moved is not in the array that f gets"
    if wrong_kind:
        return wrong_kind
    got = np.asarray(outcome.value, dtype=float)
    if same(got, want, tolerance):
        return None
    return _wrong_slopes(probe, got, want, moved)


def _wrong_slopes(probe, got, want, moved):
    steps = probe.moves()
    one_sided = not ((steps < 0).any() and (steps > 0).any())
    size = float(abs(steps).max())
    if moved[0].all() and probe.x.size > 1:
        return "all entries of x are moved at once: a partial derivative moves one and keeps the others"
    for factor, text in [
        (
            0.5,
            "half of the gradient: f(x + h) - f(x) is divided by 2h, but only one of the two is moved by h"
            if one_sided
            else "half of the gradient: divided by twice the points' distance",
        ),
        (2, "twice the gradient: f(x + h) - f(x - h) is divided by h, their distance is 2h"),
        (-1, "the sign: it is f(x + h) - f(x - h), not the other way round"),
        (size, "the difference is not divided by the step"),
        (2 * size, "the difference is not divided by the step"),
    ]:
        if same(got / factor, want, 1e-3):
            return text
    if (got == 0).all():
        return "the gradient stays zero: nothing is written into it"
    if (got == 0).any():
        return "some entries of the gradient are never computed"
    if (got != got).any() or (abs(got) == np.inf).any():
        return "it contains NaN or infinite values"
    if moved.sum(axis=1).max() > 1:
        return "the entries moved before are not put back, so they are all moved in the end"
    if same(np.sort(got, axis=None), np.sort(want, axis=None), 1e-3):
        return "right numbers in the wrong order"
    return "it is not the slope of f"


def _slope_of_a_matrix(answer):
    return _slopes(answer, _coupled(answer.rng(), (3, 4)), 1e-4)


def _slope_of_any_shape(answer):
    for shape, name in [((5,), "a vector"), ((2, 3, 2), "an array of three axes"), ((), "a single number (shape ())")]:
        found = _slopes(answer, _coupled(answer.rng(), shape), 1e-4)
        if found:
            return f"for {name}: {found}"
    return None


def _central(answer):
    probe = _curved(answer.rng())
    found = _slopes(answer, probe, 1e-7)
    steps = probe.moves()
    if not ((steps < 0).any() and (steps > 0).any()):
        side = "forward" if (steps > 0).any() else "backward"
        return f"this is a {side} difference; f(x + h) - f(x - h) has an error of order h² instead of h"
    return found and "the error is larger than that of central differences"


def _uses_h(answer):
    reached = []
    for h in (0.125, 0.03125):
        probe = _coupled(answer.rng(), (3, 2))
        outcome = answer(probe.f, probe.x, h=h)
        if outcome.error is not None:
            return outcome.error
        reached.append(abs(probe.moves()).max())
    if abs(reached[0] / reached[1] - 4) > 0.1:
        return "the argument h does not change the step"
    return "the step is not h" if not 0.2 < reached[0] / 0.125 < 5 else None


def _restored(answer):
    probe = _coupled(answer.rng(), (3, 4))
    outcome = answer(probe.f, probe.x)
    if not (abs(outcome.args[1] - probe.x) <= 1e-9).all():
        return "an entry is not put back after it was moved: x is another array when the gradient is done"
    return None


numerical_gradient = exercise(
    "numerical_gradient",
    points=10,
    answer=numerical_gradient_,
    criteria=[
        (4, "the slope of f in every entry of a matrix", _slope_of_a_matrix),
        (1, "and of arrays of any other shape", _slope_of_any_shape),
        (2, "central differences", _central),
        (1, "h is the step", _uses_h),
        (2, "x is afterwards as it was before", _restored),
    ],
)

# ------------------------------------------------------------------------------ gradient descent


def gradient_descent_(loss, gradient, W, step_size, steps):
    """The weights at each step, from W on: a list of steps + 1 matrices."""
    path = [W]
    for _ in range(steps):
        W = W - step_size * gradient(loss, W)
        path.append(W)
    return path


class _Slope:
    """A loss and its gradient for `gradient_descent`, with a record of where the gradient was asked for."""

    def __init__(self, rng):
        self.start = rng.normal(size=(3, 2))
        self.curvature = rng.uniform(0.005, 0.05, size=(3, 2))  # so slow that 1,000 steps are all different
        self.centre = rng.normal(size=(3, 2))
        self.visited = []

    def loss(self, W):
        return 0.5 * np.sum(self.curvature * (W - self.centre) ** 2)

    def gradient(self, loss, W):
        # twice the gradient of the loss: an answer that ignores this function goes another way
        if isinstance(loss, np.ndarray) or not callable(loss):
            raise Misuse("gradient is called with its arguments swapped: it is gradient(loss, W)")
        if not isinstance(W, np.ndarray) or W.shape != self.start.shape:
            raise Misuse("gradient is called with something else than the weights: it is gradient(loss, W)")
        if len(self.visited) > 5000:
            raise Misuse("gradient is called again and again: one evaluation for each step is enough")
        self.visited.append(W.copy())
        return 2 * self.curvature * (W - self.centre)

    def run(self, answer, step_size, steps):
        self.visited = []
        return answer(self.loss, self.gradient, self.start, step_size, steps)

    def right(self, step_size, steps):
        return gradient_descent_(self.loss, self.gradient, self.start, step_size, steps)

    def points(self):
        """Where the gradient was evaluated, (places, *W.shape), without repetitions of the same place."""
        visited = np.array(self.visited).reshape(-1, *self.start.shape)
        moved = (visited[1:] != visited[:-1]).any(axis=(1, 2))
        return visited[np.concatenate([[True], moved])] if len(visited) else visited


def _close(a, b):
    return same(np.asarray(a), np.asarray(b), 1e-9)


def _steps_down(answer):
    slope = _Slope(answer.rng())
    right = slope.right(0.1, 1000)
    outcome = slope.run(answer, 0.1, 1000)
    if outcome.error is not None:
        return outcome.error
    if outcome.value is None:
        return "it returns nothing (None): is the `return` missing?"
    points = slope.points()
    if not len(points):
        return "the function gradient that is handed over is never called"
    if not _close(points[0], slope.start):
        return "the first gradient is not taken at the start W"
    if len(points) == 1:
        return "the gradient is taken at the start only: take it anew at each step, where W is by then"
    if not _close(points[: len(right)], right[: len(points)]):
        before, after = next((a, b) for a, b, c in zip(points, points[1:], right[1:]) if not _close(b, c))
        slope_here = 2 * slope.curvature * (before - slope.centre)
        if _close(after, before + 0.1 * slope_here):
            return "it goes uphill: W = W - step_size * gradient, with a minus"
        if _close(after, before - slope_here):
            return "step_size is not used: W = W - step_size * gradient"
        if _close(after, before - slope_here / 0.1):
            return "the gradient is divided by step_size: W = W - step_size * gradient"
        if _close(after, -0.1 * slope_here):
            return "the old W is lost: W = W - step_size * gradient"
        return "a step is not W - step_size * gradient(loss, W)"
    if len(points) < 999:
        return f"it stops too early: {len(points):,} of 1,000 steps"
    return None


def _whole_path(answer):
    slope = _Slope(answer.rng())
    right = slope.right(0.1, 1000)
    path = slope.run(answer, 0.1, 1000).value
    if isinstance(path, np.ndarray) and path.shape == slope.start.shape:
        return "only one matrix is returned: all 1,001 are asked, the start first"
    if isinstance(path, tuple) and len(path) == 2:
        return "two values are returned: the list of matrices alone is asked"
    if not isinstance(path, (list, tuple, np.ndarray)):
        return f"a list is asked, not {a_type(path)}"
    if any(np.shape(W) != slope.start.shape for W in path):
        return "the list holds other things than weight matrices shaped like W"
    n = len(path)
    if n > 1 and _close(path, [path[0]] * n):
        return "all its entries are one and the same array: -= changes W in place, so append a copy or a new W"
    for offset, text in [(1, "the start is missing"), (0, "the last matrix is missing")]:
        if n == 1000 and _close(path, right[offset : 1000 + offset]):
            return f"{text}: {n:,} matrices where 1,001 are asked"
    if n != 1001:
        return f"{n:,} matrices, where 1,000 steps from the start make 1,001"
    return None if _close(path, right) else "its entries are not the matrices that were visited, in order"


def _obeys(answer):
    slope = _Slope(answer.rng())
    for step_size, steps in [(0.3, 7), (0.05, 12)]:
        outcome = slope.run(answer, step_size, steps)
        if outcome.error is not None:
            return outcome.error
        points = slope.points()
        if not steps - 1 <= len(points) <= steps + 2:
            return "the number of steps does not follow the argument steps"
        right = slope.right(step_size, len(points))
        if not _close(points, right[: len(points)]):
            return "the length of the steps does not follow the argument step_size"
    return None


def _start_kept(answer):
    slope = _Slope(answer.rng())
    if 2 in slope.run(answer, 0.1, 5).changed:
        return "the caller's W is changed in place (-=): W = W - … makes a new one"
    return None


gradient_descent = exercise(
    "gradient_descent",
    points=10,
    answer=gradient_descent_,
    criteria=[
        (5, "each step goes from W to W - step_size * gradient(loss, W)", _steps_down),
        (3, "returned are all steps + 1 matrices, the start first", _whole_path),
        (1, "step_size and steps are those of the arguments", _obeys),
        (1, "the start W is left as it was", _start_kept),
    ],
)

# ------------------------------------------------------------------------------------- accuracy


def accuracy_(scores, y):
    """Share of the images whose highest score is that of their class."""
    return np.mean(scores.argmax(axis=1) == y)


def _accuracy_cases(rng):
    cases = []
    for i, (n, c) in enumerate([(7, 3), (6, 6), (1, 4), (40, 12), (9, 2), (1, 2)]):
        scores = rng.normal(size=(n, c))
        y = scores.argmax(axis=1)
        y[n // 2 + 1 :] = (y[n // 2 + 1 :] + 1) % c  # somewhat more than half are right
        if i == 2:
            y = (y + 1) % c
        cases.append((scores, y.astype([np.int64, np.int32, np.uint8][i % 3])))
    return cases


def _accuracy_in_the_lab(rng):
    return rng.normal(size=(1000, 10)), rng.integers(0, 10, 1000)


accuracy = exercise(
    "accuracy",
    points=5,
    answer=accuracy_,
    criteria=[
        (
            4,
            "the share of images whose highest score is that of their class",
            equals(
                _accuracy_cases,
                accuracy_,
                lab=_accuracy_in_the_lab,
                mistakes=[
                    (
                        "wrong axis: the highest score of each image is in its row (axis=1)",
                        lambda s, y: np.mean(s.argmax(axis=0) == y),
                    ),
                    (
                        "argmax over all scores at once: the highest score of each image is in its row (axis=1)",
                        lambda s, y: np.mean(s.argmax() == y),
                    ),
                    (
                        "this is the number of right answers: the share is asked",
                        lambda s, y: np.sum(s.argmax(axis=1) == y),
                    ),
                    ("percent: a share between 0 and 1 is asked", lambda s, y: 100 * accuracy_(s, y)),
                    ("this is the share of wrong answers", lambda s, y: 1 - accuracy_(s, y)),
                    ("off by one: the classes are counted from 0", lambda s, y: np.mean(s.argmax(axis=1) + 1 == y)),
                    ("off by one: the classes are counted from 0", lambda s, y: np.mean(s.argmax(axis=1) == y + 1)),
                    (
                        "this takes the lowest score: np.argmax is the highest",
                        lambda s, y: np.mean(s.argmin(axis=1) == y),
                    ),
                    (
                        "a score is compared with the class: that is the highest score's place (np.argmax), not "
                        "its value",
                        lambda s, y: np.mean(s.max(axis=1) == y),
                    ),
                    (
                        "1 if all are right, else 0: compare image by image, and divide with / (not //)",
                        lambda s, y: float((s.argmax(axis=1) == y).all()),
                    ),
                    (
                        "divided by the number of classes: the share is of the images",
                        lambda s, y: np.sum(s.argmax(axis=1) == y) / s.shape[1],
                    ),
                    (
                        "this is the mean probability of the right class: count the images that are right",
                        lambda s, y: np.mean(_p(s, y)),
                    ),
                ],
            ),
        ),
        (1, "scores and y are left as they were", unchanged(_accuracy_cases)),
    ],
)

# ------------------------------------------------------------------------- vectorised, the plots


def _loss_arguments(rng, n, d, c):
    # no first and no last class: labels that are off by one are judged elsewhere
    return rng.normal(size=(n, c)), rng.integers(1, c - 1, n)


vectorised = vectorised_check("vectorised", 20, {"score": _score_arguments, "log_softmax_loss": _loss_arguments})


def cost_plot(plot, steps=1000, points=10):
    """Print the verdict on the plot of the loss at each step and return the points, at most `points`.

    plot: the axes or the figure with your plot. steps: how many steps were taken.
    The line counts 4 tenths, the labels 2, the title 2 and the course of the loss 2.
    """
    return say(
        verdict(
            "cost_plot",
            points,
            Plot(plot),
            [
                (4, "a line with one finite value for each step", line(steps, falling)),
                (2, "a label on both axes", labels(steps, falling)),
                (2, "a title", title(steps, falling)),
                (2, "the loss falls", values(steps, falling)),
            ],
            gate=False,
        )
    )


def accuracy_plot(plot, steps=1000, points=5, chance=0.1):
    """Print the verdict on the plot of the accuracy at each step and return the points, at most `points`.

    plot: the axes or the figure with your plot. steps: how many steps were taken.
    chance: the accuracy of guessing. The line counts 2 fifths, labels, title and values 1 each.
    """
    course = rising_accuracy(chance)
    return say(
        verdict(
            "accuracy_plot",
            points,
            Plot(plot),
            [
                (2, "a line with one finite value for each step", line(steps, course)),
                (1, "a label on both axes", labels(steps, course)),
                (1, "a title", title(steps, course)),
                (1, "a share of all images, above chance in the end", values(steps, course)),
            ],
            gate=False,
        )
    )
