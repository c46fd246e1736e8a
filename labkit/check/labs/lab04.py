"""Lab 4, the softmax classifier: what is asked in each exercise, and the mistakes that are known."""

import numpy as np

from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise, vectorised
from labkit.check.verdict import Found


def _arguments(rng, n, d, c, dtype=float, scale=1.0):
    """X, W, y: no margin of the hinge loss is near its kink."""
    while True:
        X, W, y = rng.normal(size=(n, d)) * scale, rng.normal(size=(d, c)), rng.integers(0, c, n)
        W = (W.T / scale).T
        S = X @ W
        if abs(S - S[np.arange(n), y][:, None] + 1).min() > 1e-3 / max(1, n // 10):
            return X.astype(dtype), W.astype(dtype), y


def _cases(rng):
    sizes = [(5, 4, 3), (1, 3, 2), (7, 2, 12), (4, 4, 4), (9, 6, 5), (1000, 3, 4)]
    cases = [_arguments(rng, *size) for size in sizes] + [_arguments(rng, 6, 5, 4, np.float32)]
    cases = [(X, W, y.astype([np.int64, np.int32, np.uint8][i % 3])) for i, (X, W, y) in enumerate(cases)]
    return cases + [(X, 0 * W, y) for X, W, y in cases[:1]]


def _in_the_lab(rng):
    return _arguments(rng, 50, 3073, 10)


def _exact(answer):
    """A criterion: right to the last digits of its dtype, which a numerical gradient is not."""
    rng = answer.rng()
    cases = [args for args in _cases(rng) if args[0].dtype == np.float64]
    scales = [10.0 ** rng.permutation([-5, -2, 0, 5]) for _ in range(2)]
    for args in cases + [_arguments(rng, 8, 4, 3, scale=scale) for scale in scales]:
        got, want = _second(answer(*args).value), answer.right(*args)[1]
        tolerance = 1e-5 if got is not None and got.dtype == np.float32 else 1e-12
        if not _near(got, want, tolerance):
            return "right to a few digits only: the formula gives all of them (is this a numerical gradient?)"
    return None


def _second(pair, i=1):
    return np.asarray(pair[i]) if isinstance(pair, (tuple, list)) and len(pair) == 2 else None


def _near(got, want, tolerance):
    if got is None or got.dtype.kind not in "fiu" or np.shape(got) != np.shape(want):
        return False
    return bool((abs(got - want) <= tolerance * max(1, np.max(np.abs(want)))).all())


def _shifted_scores(rng, levels):
    """Each image's scores lie around its level, a few units apart: no probability underflows."""
    X, W, y = _arguments(rng, len(levels), 4, 3)
    X[:, 0], W[0] = np.array(levels) / 1e4, 1e4
    return X, W, y


def _any_scores(answer):
    rng = answer.rng()
    levels = [0] * 5, [1.2e4] * 5, [-1.2e4] * 5, [1.2e4, 0, -1.2e4, 500, 0]
    plain, high, low, mixed = [_shifted_scores(rng, level) for level in levels]

    def fails(i, *cases):
        pairs = [(_second(answer(*args).value, i), np.asarray(answer.right(*args)[i])) for args in cases]
        return any(np.isfinite(want).all() and not _near(got, want, 5e-3) for got, want in pairs)

    X, W, y = plain
    apart = X[:1], 1e4 * W, y[:1]  # the logarithm of a probability may be infinite here, the gradient may not
    for i, what, steep in (1, "gradient", [apart]), (0, "loss", []):
        if fails(i, plain):
            return Found("judged when the lines above are right", open=True)
        if fails(i, high, low, *steep):
            return (
                f"the {what} is wrong for scores in the thousands, where exp overflows or underflows: subtract each "
                "row's maximum first, which changes no probability"
            )
        if fails(i, mixed):
            return f"the {what} subtracts one maximum from all images: take each row's own, max(axis=1, keepdims=True)"
    return None


# ---------------------------------------------------------------- what both losses have in common

_SUM, _STEP, _DW = "0.5 * reg * np.sum(W * W)", "    dscores /= N\n", "X.T @ dscores + reg * W"
_OF_SCORES = "this is the gradient with respect to the scores: the chain rule goes on, X.T @ dscores"
_ABSOLUTE = "this is a penalty on |W|: the sum of the squares is asked"
_NO_BIAS = "the bias, the last row of W, is left out: here all of W is penalised"
_NO_MEAN = "it is no mean over the images: the penalty is not divided by N"
_CANCEL = "the 2 of the derivative and the ½ of the penalty cancel"
_BOTH = [
    ("the mean is missing: the loss is a mean over N images, so divide by N", (_STEP, "")),
    ("divided by N once too often", (_STEP, _STEP.replace("N", "N**2"))),
    ("divided by the number of classes too: the mean is over the images", (_STEP, _STEP.replace("N", "scores.size"))),
    ("the sign: the gradient points uphill", (_STEP, _STEP.replace("N", "-N"))),
    (_OF_SCORES, (_DW, ["dscores", "dscores + 0 * reg"]), {"keeps": 0}),
    ("this is the gradient with respect to the images X: that with respect to W is asked", (_DW, "dscores @ W.T")),
    # the penalty in the loss
    ("reg changes nothing: the penalty is missing", (f" + {_SUM}", ""), {"keeps": 0}),
    ("the factor ½ is missing: the penalty is ½ · reg · the sum of all W²", ("0.5 * reg", "reg")),
    ("the mean of W² instead of the sum", ("np.sum(W * W)", "np.mean(W * W)")),
    ("the square is missing", ("np.sum(W * W)", "np.sum(W)")),
    (_ABSOLUTE, (_SUM, ["0.5 * reg * np.sum(abs(W))", "reg * np.sum(abs(W))"])),
    (
        "a square root too much: the sum of the squares itself is asked",
        (_SUM, [f"{half}reg * np.sum(W * W) ** 0.5" for half in ("0.5 * ", "")]),
    ),
    ("the penalty is not multiplied by reg", ("0.5 * reg", "0.5")),
    ("the penalty is subtracted", (f" + {_SUM}", f" - {_SUM}")),
    (_NO_BIAS, ("np.sum(W * W)", "np.sum(W[:-1] ** 2)")),
    (_NO_MEAN, ("0.5 * reg", "0.5 / N * reg")),
    # the penalty in the gradient
    ("reg changes nothing: the derivative of the penalty is missing", (" + reg * W", ""), {"keeps": 0}),
    (f"twice too large: {_CANCEL}", (" + reg * W", " + 2 * reg * W")),
    (f"half too small: {_CANCEL}", (" + reg * W", " + 0.5 * reg * W")),
    ("the penalty itself is added to every entry: its derivative is reg · W", (" + reg * W", f" + {_SUM}")),
    ("the sign: the derivative of the penalty is added", (" + reg * W", " - reg * W")),
    ("the derivative of |W|: that of ½ · W² is W", (" + reg * W", " + reg * np.sign(W)")),
    (_NO_BIAS, (" + reg * W", " + reg * np.vstack([W[:-1], 0 * W[-1:]])")),
    (_NO_MEAN, (" + reg * W", " + reg / N * W")),
    ("the derivative of the penalty is not multiplied by reg", (" + reg * W", " + W")),
]

# -------------------------------------------------------------------------------- softmax gradient


def softmax_gradient_(X, W, y, reg=0.0):
    """Softmax loss with penalty, and its gradient: X (N, D), W (D, C), y (N,) -> (loss, dW)."""
    N = len(y)
    scores = X @ W
    scores -= scores.max(axis=1, keepdims=True)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    loss = -np.mean(log_p[np.arange(N), y])
    dscores = np.exp(log_p)
    dscores[np.arange(N), y] -= 1
    dscores /= N
    return loss + 0.5 * reg * np.sum(W * W), X.T @ dscores + reg * W


_MAX, _ONE = "    scores -= scores.max(axis=1, keepdims=True)\n", "dscores[np.arange(N), y] -= 1"
_LOG_SUM, _MEAN = "scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))", "-np.mean(log_p[np.arange(N), y])"
_P, _MARGINS = "dscores = np.exp(log_p)", "X @ W - (X @ W)[np.arange(N), y][:, None] + 1"
_AXIS = "wrong axis: softmax is over the classes of one image (axis=1), this is over the images"
_ONE_SIDED = "only the 1 of the right class is divided by N, or only the probabilities are: divide the difference"

# fmt: off
softmax_gradient = exercise("softmax_gradient", 15, softmax_gradient_, [
    (7, "the gradient of the mean loss with respect to W", equals(_cases, part=1, lab=_in_the_lab)),
    (6, "exact: from the formula, not from differences", _exact),
    (4, "the loss: the mean over the images of -log p(right class)", equals(_cases, part=0, lab=_in_the_lab)),
    (3, "the penalty in the gradient", equals(_cases, part=1, added_by=("reg", 0.7))),
    (2, "the penalty in the loss", equals(_cases, part=0, added_by=("reg", 0.7))),
    (2, "scores of any size, no overflow", _any_scores),
    (1, "X, W and y are left as they were", unchanged(_cases)),
], mistakes=[
    # the gradient
    ("the 1 is not subtracted: it is the probability minus 1 for the right class of each image", (f"    {_ONE}\n", "")),
    ("the scores are not turned into probabilities",
     (_P, ["dscores = X @ W", "dscores = scores.copy()", "dscores = log_p.copy()"]), {"keeps": 0}),
    ("exp of the scores, not divided by its sum over the classes: these are no probabilities",
     (_P, ["dscores = np.exp(X @ W)", "dscores = np.exp(scores)"])),
    ("only the right class gets a gradient: the scores of all others move the loss too",
     (_ONE, "dscores = np.eye(W.shape[1])[y] * (dscores - 1)")),
    ("the right class gets no gradient", (_ONE, "dscores[np.arange(N), y] = 0")),
    ("1 is subtracted from the column of every label in every row: dscores[np.arange(N), y] picks one per row",
     (_ONE, "dscores[:, y] -= 1")),
    (_AXIS, ("axis=1", "axis=0", 2)),
    (_AXIS, (_LOG_SUM, _LOG_SUM.replace("1", "0"))),
    ("divided by one sum over all images and classes: each image has its own, sum(axis=1, keepdims=True)",
     (_MAX, [_MAX, ""]), (_LOG_SUM, "scores - np.log(np.exp(scores).sum())")),
    ("off by one: the classes are counted from 0", (_ONE, _ONE.replace("y]", "y.astype(int) - 1]"))),
    ("1 is added for the right class, where it is subtracted", (_ONE, _ONE.replace("-", "+"))),
    (_ONE_SIDED, (_ONE, _ONE.replace("1", "N"))),
    (_ONE_SIDED, (_ONE, _ONE.replace("1", "1 / N")), (_STEP, "")),
    ("y is used as if it were one-hot: it holds the number of the class, dscores[np.arange(N), y]",
     (_ONE, "dscores -= y[:, None]")),
    ("this is the gradient of the hinge loss", (_P, f"dscores = 1.0 * ({_MARGINS} > 0)"),
     (_ONE, "dscores[np.arange(N), y] -= dscores.sum(axis=1)"), {"keeps": 0}),
    # the loss
    ("the sign: log p is negative, the loss is minus its mean", ("loss = -", "loss = ")),
    ("a sum where a mean over the images is asked", ("np.mean(log_p", "np.sum(log_p")),
    ("one loss for each image: return their mean", (_MEAN, "-log_p[np.arange(N), y]")),
    ("mean over images and classes: only the right class of each image counts, so divide by N",
     (_MEAN, f"{_MEAN} / W.shape[1]")),
    ("probability instead of log-probability: the log is missing", (_MEAN, _MEAN.replace("(log_p", "(np.exp(log_p)"))),
    ("these are the losses of all classes: pick that of the right class of each image", (_MEAN, "-np.sum(log_p) / N")),
    ("the most probable class: the loss takes the right one", ("log_p[np.arange(N), y]", "log_p.max(axis=1)")),
    ("the sum over the classes is missing in the loss", (_MEAN, ["-np.mean(scores[np.arange(N), y])"])),
    ("a logarithm to another base: the natural one is asked", (_MEAN, [f"{_MEAN} / np.log({b})" for b in (2, 10)])),
    ("the product of many probabilities underflows to 0: add their logarithms",
     (_MEAN, "-np.log(np.prod(np.exp(log_p[np.arange(N), y]))) / N")),
    ("this is the hinge loss", (_MEAN, f"np.sum(np.maximum(0, {_MARGINS})) / N - 1")),
    *_BOTH,
], returns="(loss, dW)")
# fmt: on

# ---------------------------------------------------------------------------------- hinge gradient


def svm_gradient_(X, W, y, reg=0.0):
    """Hinge loss (margin 1) with penalty, and its gradient: X (N, D), W (D, C), y (N,) -> (loss, dW)."""
    N = len(y)
    scores = X @ W
    margins = np.maximum(0, scores - scores[np.arange(N), y][:, None] + 1)
    margins[np.arange(N), y] = 0
    loss = margins.sum() / N
    dscores = (margins > 0).astype(X.dtype)
    dscores[np.arange(N), y] = -dscores.sum(axis=1)
    dscores /= N
    return loss + 0.5 * reg * np.sum(W * W), X.T @ dscores + reg * W


_OWN, _INSIDE, _LOSS = "-dscores.sum(axis=1)", "(margins > 0).astype(X.dtype)", "margins.sum() / N"
_MARGIN, _OWN_0 = "scores - scores[np.arange(N), y][:, None]", "    margins[np.arange(N), y] = 0\n"
_ITSELF = "the right class counts itself: its own margin is left out of the loss"
_E = "np.exp(scores - scores.max(axis=1, keepdims=True))"
_SOFTMAX = f"{_E} / {_E}.sum(axis=1, keepdims=True)"

svm_gradient = exercise(
    "svm_gradient",
    12,
    svm_gradient_,
    [
        (5, "the gradient of the mean hinge loss with respect to W", equals(_cases, part=1, lab=_in_the_lab)),
        (3, "exact: from the formula, not from differences", _exact),
        (
            3,
            "the loss: the sum of the margins that are not kept, mean over the images",
            equals(_cases, part=0, lab=_in_the_lab),
        ),
        (2, "the penalty in the gradient", equals(_cases, part=1, added_by=("reg", 0.7))),
        (1, "the penalty in the loss", equals(_cases, part=0, added_by=("reg", 0.7))),
        (1, "X, W and y are left as they were", unchanged(_cases)),
    ],
    mistakes=[
        # the gradient
        (
            "the right class gets -1: it appears in every margin that is not kept, so minus their number",
            (_OWN, ["-1", "-1.0 * (dscores.sum(axis=1) > 0)"]),
        ),
        ("the right class gets nothing: its score appears in every margin, with a minus", (_OWN, "0")),
        (_ITSELF, (_OWN_0, "")),
        (_ITSELF, (_OWN, [f"{_OWN} - 1", "1"])),
        ("the sign at the right class: its score lowers the margins", (_OWN, _OWN[1:])),
        (
            "margins[:, y] = 0 clears the column of every label: margins[np.arange(N), y] picks one entry per row",
            (_OWN_0, _OWN_0.replace("np.arange(N)", ":")),
        ),
        (
            "the margins themselves are taken: the derivative of max(0, m) is 1 where m > 0, and 0 elsewhere",
            (_INSIDE, "margins.copy()"),
        ),
        ("this is the gradient of the squared hinge loss", (_INSIDE, "2 * margins")),
        (
            "the margin of 1 is missing: a class counts if its score is above that of the right one, less 1",
            (f"{_MARGIN} + 1", _MARGIN),
        ),
        (
            "only the largest margin of each image counts here: the loss sums over all classes",
            (
                "margins > 0",
                [
                    "(margins > 0) & (margins == margins.max(axis=1, keepdims=True))",
                    "(margins > 0) & (margins.argmax(axis=1)[:, None] == np.arange(W.shape[1]))",
                ],
            ),
        ),
        (
            "the margins are the other way round: a class costs something if its score is above that of the right "
            "one, less 1",
            (_MARGIN, "scores[np.arange(N), y][:, None] - scores"),
            (_STEP, [_STEP, _STEP.replace("N", "-N")]),
        ),
        (
            "this is the gradient of the softmax loss",
            (_INSIDE, _SOFTMAX),
            (f"dscores[np.arange(N), y] = {_OWN}", "dscores[np.arange(N), y] -= 1"),
            {"keeps": 0},
        ),
        # the loss
        ("exactly 1 too large: the right class itself is left out of the sum", (_LOSS, f"{_LOSS} + 1")),
        ("a sum where a mean over the images is asked", (_LOSS, "margins.sum()")),
        ("the margins are squared", (_LOSS, "np.sum(margins**2) / N")),
        (
            "only the largest margin of each image is taken: the loss sums over all classes",
            (_LOSS, "np.mean(margins.max(axis=1))"),
        ),
        ("the margins are counted, not summed", (_LOSS, "np.sum(margins > 0) / N")),
        ("mean over images and classes: sum over the classes, mean over the images", (_LOSS, "margins.mean()")),
        ("one loss for each image: return their mean", (_LOSS, "margins.sum(axis=1)")),
        ("this is the softmax loss", (_LOSS, f"-np.mean(np.log({_SOFTMAX})[np.arange(N), y])")),
        *_BOTH,
    ],
    returns="(loss, dW)",
)


def _inner_labels(rng, n, d, c):
    X, W = rng.normal(size=(n, d)), rng.normal(size=(d, c))
    return X, W, rng.integers(1, c - 1, n)  # labels that are off by one are judged elsewhere


gradients_vectorised = vectorised(
    "gradients_vectorised", 10, {"softmax_gradient": _inner_labels, "svm_gradient": _inner_labels}
)
