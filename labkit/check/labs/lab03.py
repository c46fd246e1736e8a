"""Lab 3, scores, loss, accuracy and plots: what is asked, and the mistakes known. The rest is in `lab03_descent`."""

import numpy as np

from labkit.check.criteria import equals, unchanged, watched
from labkit.check.exercise import exercise
from labkit.check.exercise import vectorised as vectorised_check
from labkit.check.figures import Plot, drawn_as, falling, labels, level, line, rising_accuracy, title, values
from labkit.check.runtime_loops import no_loop
from labkit.check.verdict import say, verdict

# ------------------------------------------------------------------------------------------ score


def score_(X, W):
    """Linear scores: X (N, D), W (D, C) -> (N, C)."""
    return X @ W


def _score_arguments(rng, n, d, c, dtype=float):
    return rng.normal(size=(n, d)).astype(dtype), rng.normal(size=(d, c)).astype(dtype)


def _score_cases(rng):
    sizes = [(5, 4, 3), (1, 3, 2), (7, 2, 12), (4, 4, 4), (3, 6, 5), (1000, 3, 7)]  # in a square every product runs
    cases = [_score_arguments(rng, *s) for s in sizes] + [_score_arguments(rng, 6, 5, 4, np.float32)]
    far = 10.0 ** rng.integers(-3, 6, size=(6, 1))
    return cases + [(far * rng.normal(size=(6, 3)), np.array([[0.0, 1e4], [0, 2], [3, 0]]))]


_IN_COLUMNS = "the layout of images in columns (W x); here images are rows, so X @ W"
_P = "np.exp(X @ W) / np.exp(X @ W).sum(axis=1, keepdims=True)"

# fmt: off
score = exercise("score", 20, score_, [
    (18, "X @ W: a row of scores for each image, a column for each class",
     equals(_score_cases, lab=lambda rng: _score_arguments(rng, 1000, 10, 10))),
    (2, "X and W are left as they were", unchanged(_score_cases)),
], mistakes=[
    ("X * W multiplies entry by entry; the matrix product is X @ W", ("X @ W", "X * W"), {"keeps": 0}),
    ("W is transposed: images are the rows of X and classes the columns of W, so X @ W", ("X @ W", "X @ W.T")),
    ("X is transposed: images are the rows of X, so X @ W", ("X @ W", "X.T @ W")),
    ("both are transposed: images are the rows of X, classes the columns of W", ("X @ W", "X.T @ W.T")),
    (_IN_COLUMNS, ("X @ W", ["W @ X", "W.T @ X"])),
    ("the scores are transposed: (classes, images) where (images, classes) is asked", ("X @ W", "(X @ W).T")),
    ("something is added: this linear score has no bias", ("X @ W", "X @ W + 1")),
    ("these are probabilities (softmax) of the scores: return the scores themselves", ("X @ W", _P)),
    ("a sum over all classes: keep one column for each class", ("X @ W", "(X @ W).sum(axis=1)"), {"keeps": 0}),
    ("these are the classes: return the scores", ("X @ W", "(X @ W).argmax(axis=1)"), {"keeps": 0}),
    ("the scores are divided by the number of images", ("X @ W", "X @ W / len(X)")),
    ("the scores are divided by the number of features", ("X @ W", "X @ W / X.shape[1]")),
])
# fmt: on

# ------------------------------------------------------------------------------ log-softmax loss


def log_softmax_loss_(scores, y):
    """Mean over the images of -log softmax(scores)[y]: scores (N, C), y (N,) -> a number."""
    N = len(y)
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    own = log_p[np.arange(N), y]
    return -np.mean(own)


def _labelled(rng, n, c, dtype=np.int64):
    return 2 * rng.normal(size=(n, c)), rng.integers(0, c, n).astype(dtype)


def _one_image(rng):
    cases = [(2 * rng.normal(size=(1, c)), np.array([k])) for c, k in [(3, 1), (12, 11), (2, 0), (10, 7), (4, 2)]]
    cases.append((np.array([[0.0, -30.0, 0.0, 20.0]]), np.array([0], np.uint8)))
    return cases + [(a.astype(np.float32), y.astype(np.int32)) for a, y in cases[:1]]


def _several_images(rng):
    types = [np.int64, np.int32, np.uint8, np.int64, np.int32, np.uint8]
    sizes = [(5, 3), (4, 4), (2, 12), (9, 2), (8, 10), (1000, 7)]
    cases = [_labelled(rng, *size, dtype) for size, dtype in zip(sizes, types)]
    return cases + [(a.astype(np.float32), y) for a, y in cases[:1]]


def _at_levels(rng, levels):
    near = 3 * rng.normal(size=(4, 5))
    return [(near + np.asarray(level), near.argmax(axis=1)) for level in levels]


def _losses_seen(*groups):
    """What the loss is for groups of cases, (text, cases): every overflow looks the same."""

    def observe(call, rng):
        found = []
        for cases in groups:
            for scores, y in cases(rng):
                value = np.asarray(call(scores.copy(), y.copy()), dtype=float)
                found.append(np.where(abs(value) < np.inf, value, np.nan))
        return found

    return observe


def _far(rng):
    return _at_levels(rng, [1e5, 2000, 800]) + [(np.array([[0.0, 0.0, 1500.0]]), np.array([2]))]


def _far_below(rng):
    return _at_levels(rng, [-1e5, -800, [[1e5], [0], [-1e5], [500]]])


def _unlikely(rng):
    return [(np.array([[0.0, 80.0, 20.0]]), np.array([0])), (np.array([[0.0, -40.0, 2.0]]), np.array([1]))]


_MAX = "scores.max(axis=1, keepdims=True)"
_SUM = "np.exp(shifted).sum(axis=1, keepdims=True)"
_OWN = "own = log_p[np.arange(N), y]"
_LOSS, _MEAN = "-np.mean(own)", "np.mean(own)"
_NO_LOG = "probability instead of log-probability: the log is missing"
_NOT_NORMALISED = "the scores are not normalised: divide by the sum of exp over the classes, or subtract its log"
_AXIS = "wrong axis: softmax is over the classes of one image (axis=1), this is over the images"
_ONE_HOT = "y is used as if it were one-hot: it holds the number of the class, scores[np.arange(N), y]"
_EVERY = "every label picks its column of every image here: use scores[np.arange(N), y]"
_TOGETHER = "softmax is over the classes of each image (axis=1): this sums exp over all images together"
_SHIFT = "subtract each row's maximum before exp, which changes no probability"
_OVERFLOW = f"exp overflows, or underflows, for scores in the thousands: {_SHIFT}"
_CUT = (
    "finite but not right for scores in the thousands: cutting the scores off, or a number added inside the log, "
    "changes the loss; subtract each row's maximum instead"
)
_HIDDEN = "a number added inside the log, or a clipped probability, changes the loss and hides log(0)"

# fmt: off
log_softmax_loss = exercise("log_softmax_loss", 20, log_softmax_loss_, [
    (8, "one image: minus the log of the probability of its class",
     equals(_one_image, lab=lambda rng: _labelled(rng, 1000, 10), also=[((_LOSS, "-own"),)])),
    (4, "several images: the mean over the images", equals(_several_images)),
    (6, "scores of any size, no overflow (exp-normalise or log-sum-exp)",
     watched(_losses_seen(_far, _far_below, _unlikely),
     "not right for scores in the thousands, or for a class of very small probability: " + _SHIFT, forgiving=True,
     tolerance=1e-5)),
    (2, "scores and y are left as they were", unchanged(_several_images)),
], mistakes=[
    ("the sign: log p is negative, the loss is minus its mean", ("return -", "return ")),
    (_NO_LOG, (_LOSS, ["-np.mean(np.exp(own))", "np.mean(np.exp(own))", "np.mean(1 - np.exp(own))"]), {"keeps": 0}),
    ("logarithm to base 2: the loss is in natural logarithms (np.log)", (_MEAN, f"{_MEAN} / np.log(2)")),
    ("logarithm to base 10: the loss is in natural logarithms (np.log)", (_MEAN, f"{_MEAN} / np.log(10)")),
    (_NOT_NORMALISED, ("own = log_p", ["own = scores", "own = shifted"]), {"keeps": 0}),
    ("exp is missing: the scores themselves are divided by their sum",
     (_OWN, "own = np.log(scores / scores.sum(axis=1, keepdims=True))[np.arange(N), y]"), {"keeps": 0}),
    ("the log of the sum is missing: this subtracts the sum of exp itself", (f"np.log({_SUM})", _SUM)),
    (_AXIS, ("axis=1, keepdims=True", "axis=0", 2)),
    (_AXIS, (_SUM, "np.exp(shifted).sum(axis=0)")),
    ("wrong axis: the maximum is of each row (axis=1), this subtracts that of each column", (_MAX, "scores.max(0)")),
    ("use keepdims=True, so that each row is divided by its own sum", (", keepdims=True", "", 2)),
    ("the maximum is subtracted inside exp only: from the right score too", ("= shifted -", "= scores -")),
    ("off by one: the classes are counted from 0, so y is the column itself",
     (_OWN, [f"{_OWN[:-1]} {k}]" for k in ("- 1", "+ 1")])),
    ("mean over images and classes: only the right class counts, so divide by N", (_MEAN, "np.sum(own) / scores.size")),
    ("mean over images and classes: pick the log-probability of the right class", (_MEAN, "np.mean(log_p)")),
    ("sum over all classes: pick the log-probability of the right class", (_MEAN, "np.sum(log_p) / N")),
    ("the score of the right class is missing: log-sum-exp minus that score", (_OWN, "own = (log_p - scores)[:, 0]")),
    (_ONE_HOT,
     (_LOSS, ["-np.mean(np.sum(y[:, None] * log_p, axis=1))", "-np.sum(y * log_p) / N", "-np.mean(y * log_p)"])),
    ("y picks rows here: it is the column in each row, scores[np.arange(N), y]", (_MEAN, "np.mean(log_p[y])")),
    ("softmax is taken twice",
     ("    shifted", f"    scores = np.exp(scores - {_MAX})\n    scores /= scores.sum(axis=1)[:, None]\n    shifted")),
    ("this is the hinge loss: the log-softmax loss is asked",
     (_LOSS, "np.mean(np.maximum(0, 1 + scores - scores[np.arange(N), y][:, None]).sum(axis=1) - 1)"), {"keeps": 0}),
    # several images
    ("this is the sum over the images, N times too large: the loss is their mean", (_MEAN, "np.sum(own)")),
    ("one loss for each image: return their mean", (_MEAN, "own")),
    (_TOGETHER, (_SUM, "np.exp(shifted).sum()")),
    (_TOGETHER, (_MAX, "scores.max()"), (_SUM, "np.exp(shifted).sum()")),
    (_EVERY, (_LOSS, ["-np.mean(log_p[:, y])", "-np.sum(log_p[:, y]) / N"])),
    ("only the first image counts", (_MEAN, "own[0]")),
    ("the median is not the mean", (_MEAN, "np.median(own)")),
    ("the log of the mean probability: take each image's log, then the mean", (_MEAN, "np.log(np.mean(np.exp(own)))")),
    ("the product of all is too small for a float: take each log, then the mean",
     (_MEAN, "np.log(np.prod(np.exp(own))) / N")),
    # scores of any size
    (_OVERFLOW, (f" - {_MAX}", "")),
    (f"more digits only move the limit: {_SHIFT}", (f" - {_MAX}", ".astype(np.longdouble)")),
    ("one maximum is subtracted from all images: a row far below it underflows; take each row's own",
     (_MAX, "scores.max()")),
    ("each row's mean, or its minimum, is subtracted: only below the maximum exp cannot overflow",
     (_MAX, [_MAX.replace("max", "mean"), _MAX.replace("max", "min")])),
    (_CUT, (_MAX, [f"scores + np.clip(scores, -{k}, {k})" for k in (30, 50, 100, 500, 700)])),
    (_HIDDEN, (", y]\n", [f", y]\n    own = np.log(np.exp(own) + 1e-{k})\n" for k in (*range(1, 11), 12, 15, 16)])),
    (_HIDDEN, (", y]\n", [f", y]\n    own = np.maximum(own, np.log(1e-{k}))\n" for k in (7, 8, 10, 12, 15, 16)])),
])
# fmt: on

# ------------------------------------------------------------------------------------- accuracy


def accuracy_(scores, y):
    """Share of the images whose highest score is that of their class: scores (N, C), y (N,) -> a number."""
    return np.mean(scores.argmax(axis=1) == y)


def _decided(rng, n, c, right, dtype=np.int64):
    """Scores, and labels of which the first `right` are those of the highest score."""
    scores = rng.normal(size=(n, c)) * 10.0 ** rng.integers(-3, 6, size=(n, 1))
    y = scores.argmax(axis=1)
    y[right:] = (y[right:] + rng.integers(1, c, n - right)) % c
    return scores, y.astype(dtype)


def _accuracy_cases(rng):
    sizes = [(7, 3, 4), (6, 6, 4), (1, 4, 0), (40, 12, 21), (9, 2, 5), (1, 2, 1), (1000, 7, 617), (5, 3, 5), (4, 5, 0)]
    types = 3 * [np.int64, np.int32, np.uint8]
    cases = [_decided(rng, *size, dtype) for size, dtype in zip(sizes, types)]
    return cases + [(np.array([[0.0, 0, 5, 0], [-1, -1e5, -1e5, -2], [3, 3, 3, 4]]), np.array([2, 1, 3]))]


_HITS, _SHARE = "scores.argmax(axis=1) == y", "np.mean(scores.argmax(axis=1) == y)"
_SOFTMAX = "(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True))"

# fmt: off
accuracy = exercise("accuracy", 5, accuracy_, [
    (3, "the share of images whose highest score is that of their class",
     equals(_accuracy_cases, lab=lambda rng: _labelled(rng, 1000, 10))),
    (1, "for all images at once, without a loop",
     no_loop(lambda rng, n, d, c: _decided(rng, n, c, rng.integers(n + 1)))),
    (1, "scores and y are left as they were", unchanged(_accuracy_cases)),
], mistakes=[
    ("wrong axis: the highest score of each image is in its row (axis=1)", ("axis=1", "axis=0")),
    ("argmax over all scores at once: the highest score of each image is in its row (axis=1)", ("axis=1", "")),
    ("this is the number of right answers: the share is asked", ("np.mean", "np.sum")),
    ("percent: a share between 0 and 1 is asked", ("np.mean", "100 * np.mean")),
    ("this is the share of wrong answers", ("==", "!=")),
    ("off by one: the classes are counted from 0", ("== y", ["+ 1 == y", "== y + 1"])),
    ("this takes the lowest score: np.argmax is the highest", ("argmax", "argmin")),
    ("a score is compared with the class: that is the highest score's place (np.argmax), not its value",
     ("argmax", "max"), {"keeps": 0}),
    ("1 if all are right, else 0: compare image by image, and divide with / (not //)", ("np.mean", "1.0 * np.all"),
     {"keeps": 0}),
    ("divided by the number of classes: the share is of the images", (_SHARE, f"np.sum({_HITS}) / scores.shape[1]")),
    ("the share is rounded: return it as it is", (_SHARE, [f"np.round({_SHARE}, {k})" for k in (0, 1, 2)])),
    ("the sum overflows: a small integer type does not count above 255",
     (_SHARE, f"np.sum({_HITS}, dtype=np.uint8) / len(y)")),
    ("this is the mean probability of the right class: count the images that are right",
     (_HITS, f"{_SOFTMAX}[np.arange(len(y)), y]"), {"keeps": 0}),
])
# fmt: on

# ------------------------------------------------------------------------- vectorised, the plots


def _loss_arguments(rng, n, d, c):
    # no first and no last class: labels that are off by one are judged elsewhere
    return rng.normal(size=(n, c)), rng.integers(1, c - 1, n)


vectorised = vectorised_check("vectorised", 20, {"score": _score_arguments, "log_softmax_loss": _loss_arguments})


DATA = ("cifar", "stand-?in")


def _drawn(steps, course, given):
    def problem(plot):
        best = plot.best(steps, course)
        comparable = given is not None and best is not None and len(best[2]) in (steps, steps + 1)
        return values(steps, course)(plot) or (drawn_as(given, plot, steps, course) if comparable else None)

    return problem


def cost_plot(plot, steps=1000, points=10, losses=None):
    """Print the verdict on the plot of the loss at each step and return the points, at most `points`.

    plot: the axes or the figure with your plot.
    steps: how many steps were taken.
    points: what it is worth: the line 4 tenths, the labels 2, the title 2 and the course of the loss 2.
    losses: the values that were to be drawn, to compare with.
    """
    criteria = [
        (4, "a line with one finite value for each step", line(steps, falling)),
        (2, "a label on both axes", labels(steps, falling)),
        (2, "a title", title(steps, falling, DATA)),
        (2, "the loss falls", _drawn(steps, falling, losses)),
    ]
    return say(verdict("cost_plot", points, Plot(plot), criteria, gate=False))


def accuracy_plot(plot, steps=1000, points=5, chance=0.1, accuracies=None):
    """Print the verdict on the plot of the accuracy at each step and return the points, at most `points`.

    plot: the axes or the figure with your plot.
    steps: how many steps were taken.
    points: what it is worth: a fifth for each line below.
    chance: the accuracy of guessing.
    accuracies: the values that were to be drawn, to compare with.
    """
    course = rising_accuracy(chance)
    criteria = [
        (1, "a line with one finite value for each step", line(steps, course)),
        (1, "the level of guessing", level(chance, steps, course)),
        (1, "a label on both axes", labels(steps, course)),
        (1, "a title", title(steps, course, DATA)),
        (1, "a share of all images, above chance in the end", _drawn(steps, course, accuracies)),
    ]
    return say(verdict("accuracy_plot", points, Plot(plot), criteria, gate=False))
