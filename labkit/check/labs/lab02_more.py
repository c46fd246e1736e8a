"""Lab 2, scores and losses: what is written beside the losses themselves, and the mistakes that are known.

Prototypes as a linear classifier, the hinge loss in loops, two classes, cross-entropy, the plot of a ray.
"""

import numpy as np

from labkit.check.answer import Misuse, a_type
from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise

NONE = {"keeps": 0}

# -------------------------------------------------------------------------------------- prototypes


def prototype_classifier_(M):
    """W (D, C), b (C,) whose highest score is the nearest prototype: M (C, D), a prototype in each row."""
    squares = np.sum(M**2, axis=1)
    return M.T, -0.5 * squares


def _prototypes(rng):
    cases = [scale * rng.normal(size=(c, d)) for c, d, scale in [(3, 2, 1), (5, 4, 1), (2, 7, 3), (10, 3, 0.2)]]
    cases += [cases[1].astype(np.float32), rng.normal(size=(4, 4)) + 2, rng.normal(size=(10, 1200)) / 30]
    return [(M,) for M in cases]


def _decisions(value):
    """(W, b) up to what no decision depends on: a positive factor, and one and the same score added to all classes."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise Misuse("it does not return two arrays, W and b")
    if not all(isinstance(a, np.ndarray) for a in value):
        raise Misuse(f"it returns {' and '.join(a_type(a) for a in value)}: two arrays are asked")
    W, b = (a.astype(float) for a in value)
    if W.ndim != 2 or b.shape != (W.shape[1],):
        raise Misuse(f"W {W.shape} and b {b.shape} do not fit: W has a column for each class, b a number for each")
    apart = np.vstack([W, b])
    apart = apart - apart.mean(axis=1, keepdims=True)
    return apart / max(np.linalg.norm(apart), 1e-12)


_HALF, _SQUARES = "-0.5 * squares", "np.sum(M**2, axis=1)"

# fmt: off
prototype_classifier = exercise("prototype_classifier", 3, prototype_classifier_, [
    (2, "the highest score is that of the nearest prototype", equals(_prototypes, seen_as=_decisions)),
    (1, "M is left as it was", unchanged(_prototypes)),
], mistakes=[
    ("b is missing: long prototypes get high scores, however far they are", (_HALF, "0 * squares")),
    ("the ½ is missing, or a 2 before x·m: the distance holds -2 x·m and the square once", (_HALF, "-squares")),
    ("the sign of b: a longer prototype is further away, so b takes off", (_HALF, "0.5 * squares")),
    ("the sign of W: the score of a class rises towards its prototype", ("M.T", "-M.T")),
    ("this is the distance itself, or half of it: the nearest has the lowest; take minus that",
     ("M.T, -0.5", ["-M.T, 0.5", "-2 * M.T, 1.0"])),
    ("b takes off the length of the prototype: half of its square is asked", (_SQUARES, f"np.sqrt({_SQUARES})")),
    ("b takes off the sum of the pixels: the sum of their squares is asked", (_SQUARES, "np.sum(M, axis=1)")),
    ("a mean of the squares in b: their sum is asked", (_SQUARES, "np.mean(M**2, axis=1)")),
    ("the prototypes are brought to length 1: use them as they are",
     ("M.T", "M.T / np.linalg.norm(M, axis=1)")),
], returns="(W, b)")
# fmt: on

# ------------------------------------------------------------------------------ hinge loss in loops


def hinge_loss_loops_(scores, y):
    """Mean hinge loss with margin 1, class by class: scores (N, C), y (N,)."""
    N, C = scores.shape
    total = 0.0
    for i in range(N):
        for j in range(C):
            if j != y[i]:
                difference = scores[i, j] - scores[i, y[i]] + 1
                total = total + max(0, difference)
    return total / N


def _few(rng):
    sizes = [(1, 3), (5, 4), (2, 12), (9, 2), (6, 6), (1, 10), (60, 5)]
    cases = [(2 * rng.normal(size=(n, c)), rng.integers(0, c, n)) for n, c in sizes]
    ties = (cases[1][0].round(), cases[1][1]), (np.zeros((3, 4)), np.array([3, 0, 3]))
    far = (cases[4][0] * np.array([1e4, 1, 0, 100, 10, 1e-3])[:, None], cases[4][1])
    return [*cases, *ties, far, (cases[1][0].astype(np.float32), cases[1][1])]


_DIFFERENCE, _ADD, _MEAN = "scores[i, j] - scores[i, y[i]]", "total + max(0, difference)", "total / N"

# fmt: off
hinge_loss_loops = exercise("hinge_loss_loops", 5, hinge_loss_loops_, [
    (4, "the mean over the images of the sum of max(0, s_j - s_y + 1) over the other classes", equals(_few)),
    (1, "scores and y are left as they were", unchanged(_few)),
], mistakes=[
    ("the right class is counted too, which adds 1 for each image: leave j = y out", ("j != y[i]", "True")),
    ("only the right class is counted: the others are asked", ("j != y[i]", "j == y[i]"), NONE),
    ("max(0, …) is missing: classes far below make the loss negative", ("max(0, difference)", "difference")),
    ("the margin is missing: a class just below the right one has to cost something", (" + 1", "")),
    ("the margin has the wrong sign: s_j - s_y + 1", (" + 1", " - 1")),
    ("the wrong way round: the other class minus the right one", (_DIFFERENCE, "scores[i, y[i]] - scores[i, j]")),
    ("the mean is missing: divide the sum over the images by N", (_MEAN, "total")),
    ("a mean over the classes too: sum over the classes, mean over the images",
     (_MEAN, ["total / N / C", "total / N / (C - 1)"])),
    ("the losses do not add up: total = total + …, or +=", (_ADD, "max(0, difference)")),
    ("only the last image counts: total is set to 0 before the loops, not in them",
     ("    total = 0.0\n    for i in range(N):\n", "    for i in range(N):\n        total = 0.0\n")),
    ("the return stands in the loop: it ends after the first image", ("    return total", "        return total")),
    ("class 0 is left out: the classes are counted from 0", ("range(C)", "range(1, C)")),
    ("the last class is left out: range(C) ends at C - 1 by itself", ("range(C)", "range(C - 1)")),
    ("an image is left out: range(N) has all of them", ("range(N)", ["range(1, N)", "range(N - 1)"])),
    ("this counts the classes inside the margin: sum how far they are inside",
     ("max(0, difference)", "(difference > 0)")),
    ("the hinges are squared", ("max(0, difference)", "max(0, difference) ** 2")),
    ("absolute values: a class far below the right one costs nothing, max(0, …)",
     ("max(0, difference)", "abs(difference)")),
    ("the highest score is taken for that of the right class: the right class is y[i]",
     ("scores[i, y[i]]", "scores[i].max()")),
    ("the sign: this is minus the loss", (_MEAN, "-total / N")),
    ("only the worst class counts here: sum over the other classes",
     ("total + max(0, difference)\n    return total / N", "total + max(0, (difference >= max(scores[i, k] - scores[i, "
      "y[i]] + 1 for k in range(C) if k != y[i])) * difference)\n    return total / N")),
])
# fmt: on

# -------------------------------------------------------------------------------------- two classes


def logistic_loss_(z, y):
    """Mean of -log p(true class) for two classes: z (N,) is s_1 - s_0, y (N,) is 0 or 1."""
    margins = np.where(y == 1, z, -z)
    losses = np.logaddexp(0, -margins)
    return losses.mean()


def _margins(rng):
    cases = [(2 * rng.normal(size=n), rng.integers(0, 2, n)) for n in (1, 1, 5, 8, 33, 1000)]
    cases[0], cases[1] = (cases[0][0], np.array([1])), (cases[1][0] + 1, np.array([0]))
    z, y = cases[2]
    return [*cases, (z.astype(np.float32), y), (np.zeros(4), np.array([0, 1, 1, 1]))]


def _far_margins(rng):
    z, y = 3 * rng.normal(size=6), np.array([0, 1, 1, 0, 1, 0])
    right = np.where(y == 1, 1, -1)
    cases = [(z + 800 * right, y), (z - 800 * right, y), (z * [1, 1e5, 30, -1e4, 1, 300], y)]
    return [*cases, ((z - 200 * right).astype(np.float32), y), (np.array([-40.0, 40]), np.array([1, 0]))]


def _not_finite_or(values):
    return _LOST if all(np.isfinite(v.max()) for v in values) else _INFINITE


_INFINITE = "not finite for margins in the hundreds: exp overflows, or a log meets 0; np.logaddexp(0, …) does neither"
_LOST = "finite but wrong for margins in the hundreds: nothing may be cut off, nor added inside the log"
_SOFTPLUS, _SIDE, _OF = "np.logaddexp(0, -margins)", "np.where(y == 1, z, -z)", "losses.mean()"

# fmt: off
logistic_loss = exercise("logistic_loss", 8, logistic_loss_, [
    (4, "the mean of -log of the probability of the true class", equals(_margins)),
    (3, "z of any size, neither infinite nor cut off", equals(_far_margins, otherwise=_not_finite_or)),
    (1, "z and y are left as they were", unchanged(_margins)),
], mistakes=[
    ("the classes are exchanged: a large z speaks for class 1", (_SIDE, "np.where(y == 1, -z, z)")),
    ("every image is taken for one of class 1: for class 0 the probability is 1 - σ(z)", (_SIDE, "z")),
    ("every image is taken for one of class 0: for class 1 the probability is σ(z)", (_SIDE, "-z")),
    ("only the images of class 1 count: those of class 0 pay -log(1 - σ(z))", (_SOFTPLUS, f"y * {_SOFTPLUS}")),
    ("only the images of class 0 count: those of class 1 pay -log σ(z)", (_SOFTPLUS, f"(1 - y) * {_SOFTPLUS}")),
    ("these are probabilities: the loss is minus their logarithm",
     (_SOFTPLUS, ["np.exp(-np.logaddexp(0, -margins))", "np.exp(-np.logaddexp(0, margins))"]), NONE),
    ("the sign: log p is negative, the loss is minus its mean", (_OF, "-losses.mean()")),
    ("this is the sum over the images: the loss is their mean", (_OF, "losses.sum()")),
    ("one loss for each image: return their mean", (_OF, "losses")),
    ("this is a hinge loss: -log p is asked", (_SOFTPLUS, "np.maximum(0, 1 - margins)"), NONE),
    ("z counts twice: it is already the difference of the two scores", (_SOFTPLUS, "np.logaddexp(0, -2 * margins)")),
    ("logarithm to base 2: natural logarithms are asked", (_OF, "losses.mean() / np.log(2)")),
    ("logarithm to base 10: natural logarithms are asked", (_OF, "losses.mean() / np.log(10)")),
    ("only the first image counts", (_OF, "losses[0]")),
    (_INFINITE, (_SOFTPLUS, "np.log(1 + np.exp(-margins))"), NONE),
    (_LOST, (_SOFTPLUS, ["np.log(1 + np.exp(np.clip(-margins, -500, 500)))",
                         "np.minimum(np.logaddexp(0, -margins), 30)",
                         "-np.log(np.exp(-np.logaddexp(0, -margins)) + 1e-12)"]), NONE),
])
# fmt: on

# ------------------------------------------------------------------------------------ cross-entropy


def mean_cross_entropy_(T, log_P):
    """Mean over the images of -Σ t log p: T (N, C) the truth, log_P (N, C) logarithms of probabilities."""
    products = T * log_P
    losses = -products.sum(axis=1)
    return losses.mean()


def _truths(rng):
    cases = []
    for n, c in [(5, 3), (1, 4), (3, 3), (2, 12), (9, 2), (60, 10)]:
        scores = 3 * rng.normal(size=(n, c))
        log_P = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        cases += [(rng.dirichlet(np.ones(c), size=n), log_P), (np.eye(c)[rng.integers(0, c, n)], log_P)]
    far = np.array([[-1666.0, -1333, 0], [0, -1e5, -2000]]), np.array([[0.1, 0.0, 0.9], [0.5, 0.5, 0.0]])
    return [*cases, tuple(a.astype(np.float32) for a in cases[0]), far[::-1]]


_LOSSES, _END, _TERM = "-products.sum(axis=1)", "losses.mean()", "T * log_P"

# fmt: off
mean_cross_entropy = exercise("mean_cross_entropy", 4, mean_cross_entropy_, [
    (3, "the mean over the images of minus the sum of t log p over the classes", equals(_truths)),
    (1, "T and log_P are left as they were", unchanged(_truths)),
], mistakes=[
    ("the sign: log p is negative, the cross-entropy is minus the sum", (_LOSSES, "products.sum(axis=1)")),
    ("this is the sum over the images: their mean is asked", (_END, "losses.sum()")),
    ("a mean over the classes too: sum over the classes, mean over the images", (_LOSSES, "-products.mean(axis=1)")),
    ("one number for each image: return their mean", (_END, "losses")),
    ("the probabilities stand where their logarithms belong", (_TERM, "T * np.exp(log_P)"), NONE),
    ("T does not count here: each log p is weighted by its t", (_TERM, "log_P"), NONE),
    ("this is the KL divergence: without the entropy of T taken off it is the cross-entropy",
     (_END, "(losses + np.sum(T * np.log(np.where(T > 0, T, 1)), axis=1)).mean()")),
    ("only the most probable class of the truth counts: all of them do, each with its t",
     (_TERM, "(T == T.max(axis=1, keepdims=True)) * log_P")),
    ("the classes of the truth do not count by their t: each with t above 0 counts whole", (_TERM, "(T > 0) * log_P")),
    ("logarithm to base 2: log_P holds natural logarithms, as asked", (_END, "losses.mean() / np.log(2)")),
    ("only the first image counts", (_END, "losses[0]")),
])
# fmt: on
