"""Lab 9, convergence, with noisy gradients: what is asked in each exercise, and the mistakes that are known."""

import numpy as np

from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise
from labkit.check.two_curves import two_curves


def sgd_path_(a, w, etas, batches):
    """SGD on the mean of (w - a_i)²/2: a (N,), w a number, etas (T,), batches (T, b) indices -> (T + 1,) points."""
    path = [w]
    for eta, batch in zip(etas, batches):
        gradient = path[-1] - a[batch].mean()
        path.append(path[-1] - eta * gradient)
    return np.array(path)


def _sgd_runs(rng):
    runs = [
        (rng.normal(size=n), w, rng.uniform(0.05, 1.5, size=T), rng.integers(n, size=(T, b)))
        for n, w, T, b in [(2, 0.5, 6, 1), (5, -40.0, 4, 3), (9, 3, 1, 4), (3, 0.1, 1200, 2)]
    ]
    return runs + [(np.array([2, -1]), 0.5, [1.0, 0.25, 0.1], np.array([[0], [1], [1]]))]


sgd_path = exercise(
    "sgd_path",
    6,
    sgd_path_,
    [
        (5, "the point after each step, the start first", equals(_sgd_runs)),
        (1, "a, etas and batches are left as they were", unchanged(_sgd_runs)),
    ],
    mistakes=[
        ("uphill: the step goes from w towards the batch's mean", ("- eta *", "+ eta *")),
        ("the sum over the batch, where its mean is asked", ("a[batch].mean()", "a[batch].sum()")),
        ("the gradient of all terms: only those of the batch are asked", ("a[batch]", "a")),
        ("only the first term of each batch is used", ("a[batch].mean()", "a[batch[0]]")),
        ("the mean of the indices: a[batch] are the terms", ("a[batch]", "batch")),
        ("eta is missing", ("eta * ", "")),
        ("each step has its own step size: this takes the first one's", ("eta * gradient", "etas[0] * gradient")),
        (
            "the gradient at the start, where that at the current point is asked",
            ("gradient = path[-1]", "gradient = w"),
        ),
        ("a factor 2: that of the derivative and the ½ cancel", ("eta * gradient", "2 * eta * gradient")),
        ("the start is missing: it is the first of T + 1 points", ("(path)", "(path[1:])")),
        ("the point after the last step is missing", ("(path)", "(path[:-1])")),
        ("the last point alone: all T + 1 points are asked", ("(path)", "(path[-1])"), {"keeps": 0}),
    ],
)


def stationary_variance_(eta, a, batch=1):
    """Variance of SGD's points in the long run: eta a number or an array, a (N,), batch independent draws a step."""
    factor = eta / (2 - eta)
    return factor * np.var(a) / batch


def _settings(rng):
    eta = rng.uniform(0.01, 1.9, size=5)
    return [
        (0.3, np.array([2.0, -1.0])),
        (eta, 3 + rng.normal(size=6), 4),
        (1.0, 1e3 * rng.normal(size=1100), 10),
        (0.5, rng.normal(size=3), np.array([1, 4, 16])),
        (eta[:, None], np.array([5, 1, 1, 7]), np.array([1, 2])),
    ]


stationary_variance = exercise(
    "stationary_variance",
    3,
    stationary_variance_,
    [(1, "the variance, for any step size and batch", equals(_settings))],
    mistakes=[
        ("a standard deviation of a, where its variance is asked", ("np.var", "np.std")),
        ("divided by N - 1: the terms are all there are, not a sample", ("np.var(a)", "np.var(a, ddof=1)")),
        ("the mean of the squares: the mean of a is to be subtracted first", ("np.var(a)", "np.mean(a**2)")),
        ("the batch is missing", (" / batch", ""), {"keeps": 0}),
        (
            "the root of the batch belongs to the deviation: the variance is divided by batch",
            ("/ batch", "/ np.sqrt(batch)"),
        ),
        ("a larger batch makes it smaller", ("/ batch", "* batch")),
        ("eta / 2 is what it comes to for small steps", ("(2 - eta)", "2")),
        ("the sign in the denominator", ("2 - eta", "2 + eta")),
        ("eta stands there once: eta² over eta (2 - eta)", ("eta / (2", ["eta**2 / (2", "1 / (2"])),
        ("upside down", ("eta / (2 - eta)", "(2 - eta) / eta")),
        (
            "the root of it, the deviation: the variance is asked",
            ("factor * np.var(a) / batch", "np.sqrt(factor * np.var(a) / batch)"),
        ),
        ("half of it: that is how far f is above its minimum", ("/ batch", "/ batch / 2")),
    ],
)

spread_plot = two_curves(
    "spread_plot",
    3,
    "the measured spreads against the step size",
    "what the formula predicts, in the same axes",
    ("the measured spreads", "the prediction"),
    along=(("step", "eta", "η", "rate", "schritt"), ("deviation", "spread", "std", "abweichung", "streuung")),
    told=(("measured", "run", "gemessen"), ("predict", "formula", "theor", "vorhersage")),
)
