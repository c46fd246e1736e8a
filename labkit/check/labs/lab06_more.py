"""Lab 6, layers: the fast convolution, dropout and normalisation."""

import contextlib

import numpy as np

from labkit.check.criteria import equals, unchanged, watched
from labkit.check.exercise import exercise
from labkit.check.runtime_loops import MANY_ROWS, Through, grows, in_blocks
from labkit.check.verdict import Found

ALONE = "the arrays handed over are left as they were"

# -------------------------------------------------------------------------------- the fast convolution


def unfold_(x, HH, WW, stride=1, pad=0):
    """All windows of x (N, C, H, W) as rows (N * OH * OW, C * HH * WW)."""
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (HH, WW), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, x.shape[1] * HH * WW)


def _unfold_cases(rng):
    sizes = [
        ((2, 3, 5, 6), 3, 2, 1, 0),
        ((3, 2, 4, 7), 2, 3, 2, 1),
        ((1, 4, 4, 5), 5, 3, 3, 2),
        ((2, 1, 4, 3), 1, 1, 1, 0),
    ]
    return [(rng.normal(size=shape), *window) for shape, *window in [*sizes, ((2, 3, 4, 4), 3, 3, 1, 1)]]


def _few_turns(*comparisons):
    """A criterion: Python steps of `call(function, array)` do not grow from an array's shape to a larger one.

    comparisons: (call, shape, larger shapes). In the first the images grow, and more than 100 of them are counted too.
    """

    def problem(answer):
        judged = 0
        for call, *shapes in comparisons:
            small, *large = (np.ones(shape) for shape in shapes)
            with contextlib.suppress(Exception):  # of a wrong answer that does not take these sizes
                if any(grows(Through(answer.target, call), (small,), (more,)) for more in large):
                    return "the number of Python steps grows with that of images or places: there is a loop over them"
                judged += 1
        if not judged:
            return Found("judged when the first line is right", open=True)
        call, (n, *rest), *_ = comparisons[0]
        cases = [lambda many=many: (np.ones((n * many[0] // 2, *rest)),) for many in MANY_ROWS]
        if in_blocks(Through(answer.target, call), cases):
            return "the number of Python steps grows with the number of images: there is a loop over blocks of them"
        return None

    return problem


_WITHOUT = "without a loop over images or places"
_WINDOWS = lambda f, x: f(x, 3, 2, 1, 1), (2, 3, 6, 5), (26, 3, 6, 5), (2, 3, 30, 29)
_ORDER = ".transpose(0, 2, 3, 1, 4, 5)"

unfold = exercise(
    "unfold",
    7,
    unfold_,
    [
        (9, "a row for each window: channel, row, column", equals(_unfold_cases)),
        (4, _WITHOUT, _few_turns(_WINDOWS)),
        (1, ALONE, unchanged(_unfold_cases)),
    ],
    mistakes=[
        ("the channel comes last in the rows: it comes first, as in w", (_ORDER, ".transpose(0, 2, 3, 4, 5, 1)")),
        ("row and column of the window are exchanged in the rows", (_ORDER, ".transpose(0, 2, 3, 1, 5, 4)")),
        ("the rows come by place first: the image comes first", (_ORDER, ".transpose(2, 3, 0, 1, 4, 5)")),
        ("the places come by column first: row of out, then column", (_ORDER, ".transpose(0, 3, 2, 1, 4, 5)")),
        ("reshape alone leaves the axes in their order: transpose first", (_ORDER, "")),
        ("the windows are columns: they are asked as rows", ("HH * WW)", "HH * WW).T")),
        ("stride is ignored: every stride-th window is asked", ("::stride, ::stride", "::1, ::1")),
        ("the border is missing", ("(pad, pad), (pad, pad)", "(0, 0), (0, 0)")),
        ("the border is not zeros", ("(pad, pad)))", '(pad, pad)), mode="edge")')),
    ],
)


def conv_from_rows_(rows, w, b, N, OH, OW):
    """Convolution of unfolded windows: rows (N * OH * OW, C * HH * WW) -> out (N, F, OH, OW)."""
    out = rows @ w.reshape(len(w), -1).T + b
    return out.reshape(N, OH, OW, len(w)).transpose(0, 3, 1, 2)


def _rows_cases(rng):
    cases, sizes = [], [(2, 3, 4, 5, 3, 2, 2), (3, 2, 5, 4, 1, 3, 2), (1, 4, 3, 2, 2, 1, 1), (3, 3, 3, 3, 3, 1, 1)]
    for N, OH, OW, F, *kernel in sizes:
        w = rng.normal(size=(F, *kernel))
        cases.append((rng.normal(size=(N * OH * OW, w[0].size)), w, rng.normal(size=F), N, OH, OW))
    return cases


_AXES = ".reshape(N, OH, OW, len(w)).transpose(0, 3, 1, 2)"

conv_from_rows = exercise(
    "conv_from_rows",
    5,
    conv_from_rows_,
    [(4, "one product, plus the bias, as (N, F, OH, OW)", equals(_rows_cases)), (1, ALONE, unchanged(_rows_cases))],
    mistakes=[
        ("reshape alone mixes places and filters: transpose after it", (_AXES, ".reshape(N, len(w), OH, OW)")),
        ("w is reshaped where it has to be transposed", ("w.reshape(len(w), -1).T", "w.reshape(-1, len(w))")),
        ("the bias is missing", (" + b", "")),
        ("the bias is inside the sum over the window: it is added once", (" + b", " + b * w[0].size")),
        (
            "row and column of out are exchanged",
            ("N, OH, OW, l", ["N, OW, OH, l", "N, OH, OW, l"]),
            ("3, 1, 2", "3, 2, 1"),
        ),
        ("the rows come by image first, then by place", (_AXES, ".reshape(OH, OW, N, len(w)).transpose(2, 3, 0, 1)")),
        ("the filters are the last axis still: they become the second", (".transpose(0, 3, 1, 2)", "")),
        ("the kernel is flipped: a layer uses it as it is", ("w.reshape", "w[:, :, ::-1, ::-1].reshape")),
    ],
)


def fold_(rows, shape, HH, WW, stride=1, pad=0):
    """The transpose of `unfold_`: rows added back to an array of this shape (N, C, H, W)."""
    N, C, H, W = shape
    OH, OW = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
    windows = rows.reshape(N, OH, OW, C, HH, WW)
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    for p in range(HH):
        for q in range(WW):
            down, across = slice(p, p + stride * OH, stride), slice(q, q + stride * OW, stride)
            padded[:, :, :, across][:, :, down] += windows[..., p, q].transpose(0, 3, 1, 2)
    return padded[:, :, pad : pad + H, pad : pad + W]


def _fold_cases(rng):
    return [(rng.normal(size=unfold_(x, *window).shape), x.shape, *window) for x, *window in _unfold_cases(rng)]


_FOLDED = [
    (lambda f, r: f(r, (len(r) // 2, 3, 4, 2), 3, 2), (4, 18), (52, 18)),  # more images
    (lambda f, r: f(r, (1, 3, len(r) // 2 + 2, 3), 3, 2), (4, 18), (52, 18)),  # more rows of places
    (lambda f, r: f(r, (1, 3, 4, len(r) // 2 + 1), 3, 2), (4, 18), (52, 18)),  # more columns of them
]
_CUT = "[:, :, pad : pad + H, pad : pad + W]"

fold = exercise(
    "fold",
    6,
    fold_,
    [
        (8, "each number is added to the pixel it was copied from", equals(_fold_cases)),
        (3, _WITHOUT, _few_turns(*_FOLDED)),
        (1, ALONE, unchanged(_fold_cases)),
    ],
    mistakes=[
        ("= where += is asked: windows overlap, and a pixel collects from all of them", ("+= windows", "= windows")),
        ("the border is cut off on the wrong side", (_CUT, ["[:, :, :H, :W]", "[:, :, 2 * pad :, 2 * pad :]"])),
        ("the border is not cut off", (_CUT, "")),
        ("where pad is 0, pad:-pad is empty: cut with pad : pad + H", (_CUT, "[:, :, pad:-pad, pad:-pad]")),
        (
            "stride is ignored: the windows are stride pixels apart",
            ("stride * OH, stride", "OH"),
            ("stride * OW, stride", "OW"),
        ),
        ("p and q are exchanged: row and column of the window", ("(p, p +", "(q, q +"), ("(q, q +", "(p, p +")),
        (
            "the channels are taken from the wrong axis of rows",
            ("OH, OW, C, HH", "C, OH, OW, HH"),
            ("0, 3, 1, 2", "0, 1, 2, 3"),
        ),
        ("a mean where a sum is asked", (_CUT, f"{_CUT} / (HH * WW)")),
    ],
)

# ------------------------------------------------------------------------------------------- dropout


def dropout_forward_(x, p, rng, train=True):
    """Inverted dropout: x of any shape, p the share that is dropped -> out, m with out = x * m."""
    m = np.ones_like(x)
    if train:
        m = (rng.random(x.shape) >= p) / (1 - p)
    return x * m, m


def _dropped(call, rng):
    """The share that is 0, and what becomes of the others."""
    seen = []
    for p, seed in [(0.2, 1), (0.7, 2)]:
        x = rng.uniform(1, 2, (150, 10, 20))
        value = call(x.copy(), p, np.random.default_rng(seed))
        if not (isinstance(value, tuple | list) and len(value) == 2 and np.shape(value[0]) == x.shape):
            return "it does not return (out, m), with out in the shape of x"
        kept = value[0] != 0
        seen += [np.mean(~kept), np.mean((value[0] / x)[kept]), np.std((value[0] / x)[kept])]
    return seen


def _each(call, rng):
    """How many different rows, columns and draws there are."""
    x, generator = rng.uniform(1, 2, (40, 40)), np.random.default_rng(3)
    one, two = (np.asarray(call(x.copy(), 0.5, generator)[0]) != 0 for _ in range(2))
    return [len(np.unique(one, axis=0)), len(np.unique(one.T, axis=0)), int((one != two).any())]


def _tested(call, rng):
    """At test time: the share that is 0, what becomes of the others, and m."""
    x = rng.uniform(1, 2, (30, 20, 10))
    value = call(x.copy(), 0.4, np.random.default_rng(4), False)
    if not (isinstance(value, tuple | list) and [np.shape(part) for part in value] == [x.shape] * 2):
        return "at test time it does not return (out, m), both in the shape of x"
    out, m = value
    return [np.mean(out == 0), np.mean(out / x), np.mean(m)]


def _kept(call, rng):
    """By how much out differs from x * m."""
    x = rng.uniform(1, 2, (30, 20))
    out, m = call(x.copy(), 0.6, np.random.default_rng(5))
    return [np.abs(out - x * m).max()]


def _from_rng(answer):
    outs = [answer(np.ones((30, 30)), 0.5, np.random.default_rng(seed)) for seed in (5, 5, 6)]
    if outs[0].error:
        return outs[0].error
    if not np.any(outs[0].value[0] == 0):
        return None  # nothing is drawn: judged above
    same, other = (np.array_equal(outs[0].value[0], out.value[0]) for out in outs[1:])
    return None if same and not other else "the random numbers do not come from rng"


def _draws(rng):
    return [(rng.normal(size=(4, 5)), 0.5, np.random.default_rng(6), train) for train in (True, False)]


_SHARES = "the share of zeros is not p, or the others are not multiplied by 1 / (1 - p)"
_DRAW = "(rng.random(x.shape) >= p) / (1 - p)"

dropout_forward = exercise(
    "dropout_forward",
    5,
    dropout_forward_,
    [
        (3, "in training a share of p becomes 0, the others grow", watched(_dropped, _SHARES, tolerance=0.02)),
        (2, "each number has its own draw, from rng", watched(_each, "numbers share a draw, or have the same again")),
        (1, "the random numbers are those of rng", _from_rng),
        (2, "at test time nothing changes", watched(_tested, "out is not x, or m not 1", tolerance=0.02)),
        (1, "the cache m: out is x * m", watched(_kept, "out is not x * m", tolerance=1e-6)),
        (1, "x is left as it was", unchanged(_draws)),
    ],
    mistakes=[
        ("the numbers that stay are not divided by 1 - p: the mean shrinks", (" / (1 - p)", "")),
        ("multiplied by 1 - p where it is divided", ("/ (1 - p)", "* (1 - p)")),
        ("p is the share that is dropped, here it is kept", (_DRAW, "(rng.random(x.shape) < p) / p")),
        ("p is the share that is dropped, here it is kept", (">= p)", "< p)")),
        ("divided by p: the share that stays is 1 - p", ("/ (1 - p)", "/ p")),
        ("numbers are dropped at test time too", ("if train:", "if True:")),
        ("numbers are dropped at test time, and none in training", ("if train:", "if not train:")),
        ("at test time multiplied by 1 - p: training has divided already", ("ones_like(x)", "ones_like(x) * (1 - p)")),
        ("one draw for all images: each number has its own", ("x.shape)", "(1, *x.shape[1:]))")),
        ("one draw for a whole image: each number has its own", ("x.shape)", "(len(x), *[1] * (x.ndim - 1)))")),
        ("the cache is only which numbers stay: m is 1 / (1 - p) there", ("return x * m, m", "return x * m, m > 0")),
    ],
    returns="(out, m)",
)

# ------------------------------------------------------------------------------------- normalisation


def normalize_backward_(dout, cache):
    """Gradient of the normalisation over any axes: dout, cache (x_hat, std, axes) -> dx."""
    x_hat, std, axes = cache
    mean = dout.mean(axis=axes, keepdims=True)
    along = (dout * x_hat).mean(axis=axes, keepdims=True)
    return (dout - mean - x_hat * along) / std


def _normal_cases(rng):
    cases = []
    shapes = [(6, 4), (3, 4, 2, 5), (3, 4, 2, 5), (2, 3, 2, 4, 3), (5, 7)]
    for shape, axes in zip(shapes, [(0,), (0, 2, 3), (1, 2, 3), (2, 3, 4), 1]):
        x = 3 * rng.normal(size=shape) + 1
        std = np.sqrt(x.var(axis=axes, keepdims=True) + 0.1)
        cases.append((rng.normal(size=shape) + 0.5, ((x - x.mean(axis=axes, keepdims=True)) / std, std, axes)))
    return cases


normalize_backward = exercise(
    "normalize_backward",
    8,
    normalize_backward_,
    [(7, "dx, with what mean and deviation send back", equals(_normal_cases)), (1, ALONE, unchanged(_normal_cases))],
    mistakes=[
        ("what the mean sends back is missing: - mean of dout", ("- mean ", "")),
        ("what the deviation sends back is missing: - x_hat times the mean of dout * x_hat", (" - x_hat * along", "")),
        ("mean and deviation count as constants: both depend on x", (" - mean - x_hat * along", ""), {"keeps": 0.2}),
        ("not divided by the deviation", (" / std", "")),
        ("divided by the variance: it is the deviation", ("/ std", "/ std**2")),
        ("multiplied by the deviation where it is divided", ("/ std", "* std")),
        ("sums where means are asked: both are divided by m", ("dout.mean", "dout.sum"), ("x_hat).mean", "x_hat).sum")),
        ("a sum where the mean of dout is asked", ("dout.mean", "dout.sum")),
        ("a sum where the mean of dout * x_hat is asked", ("x_hat).mean", "x_hat).sum")),
        ("the sign of what the deviation sends back", ("- x_hat", "+ x_hat")),
        ("the sign of what the mean sends back", ("- mean", "+ mean")),
        ("the mean of x_hat² is missing its dout", ("(dout * x_hat)", "(x_hat * x_hat)")),
        ("always over the first axis: take axes from the cache", ("axis=axes", "axis=0", 2)),
        ("over all axes at once: take axes from the cache", ("axis=axes", "axis=None", 2)),
    ],
)


def batchnorm_forward_(x, gamma, beta, running, train=True, momentum=0.9, eps=1e-5):
    """Batch normalisation of x (N, D), with running (mean, variance) -> out, running."""
    mean, var = running
    if train:
        mean, var = x.mean(axis=0), x.var(axis=0)
        running = (momentum * running[0] + (1 - momentum) * mean, momentum * running[1] + (1 - momentum) * var)
    x_hat = (x - mean) / np.sqrt(var + eps)
    return gamma * x_hat + beta, running


def _batches(train):
    def cases(rng):
        made = []
        for n, d, momentum, eps in [(5, 3, 0.9, 1e-5), (8, 4, 0.7, 0.5), (2, 6, 0.99, 1e-3), (4, 4, 0.8, 1e-5)]:
            x = rng.normal(size=(n, d)) * rng.uniform(0.5, 30, d) + rng.normal(size=d)
            running = rng.normal(size=d), rng.uniform(0.5, 2, d)
            made.append((x, rng.normal(size=d), rng.normal(size=d), running, train, momentum, eps))
        return made

    return cases


_TRAINING, _TESTING = _batches(True), _batches(False)
_OF = "momentum * running[0]", "momentum * running[1]"
_ALPHA = f"{_OF[0]} + (1 - momentum) * mean, {_OF[1]} + (1 - momentum) * var"
_OLD = "running = (" + _ALPHA + ")"
_NEW = "running = ((1 - momentum) * running[0] + momentum * mean, (1 - momentum) * running[1] + momentum * var)"
_OWN = "        mean, var = x.mean(axis=0), x.var(axis=0)\n"
_CHOICE = "    mean, var = running\n    if train:\n" + _OWN
_ALWAYS = _OWN[4:] + "    if train:\n"
_AT_TEST_TIME = "the statistics of the batch at test time: there the running averages are asked"
_DDOF = "the variance divides by N - 1 (ddof=1): N is asked"

batchnorm_forward = exercise(
    "batchnorm_forward",
    8,
    batchnorm_forward_,
    [
        (3, "in training: the mean and variance of the batch", equals(_TRAINING, part=0)),
        (2, "the running averages", equals(_TRAINING, part=[(1, 0), (1, 1)])),
        (1, "at test time: the running averages", equals(_TESTING, part=0)),
        (1, "which then stay as they are", equals(_TESTING, part=[(1, 0), (1, 1)])),
        (1, ALONE, unchanged(lambda rng: _TRAINING(rng) + _TESTING(rng))),
    ],
    mistakes=[
        (_AT_TEST_TIME, (_CHOICE, _ALWAYS)),
        (_AT_TEST_TIME, ("if train:", "if True:")),
        ("the running averages in training: there the batch's own are asked", (_OWN, "")),
        (_DDOF, ("x.var(axis=0)", "x.var(axis=0, ddof=1)")),
        (_DDOF + " in the running average too", ("momentum) * var", "momentum) * x.var(axis=0, ddof=1)")),
        ("the running averages are the wrong way round: momentum is the share of the old", (_OLD, _NEW)),
        ("the share of the old running average is missing", (f"{_OF[0]} + ", ""), (f"{_OF[1]} + ", "")),
        ("the running averages stay as they were in training", (_ALPHA, "running[0], running[1]")),
        ("the running variance is a running deviation", ("momentum) * var", "momentum) * np.sqrt(var)")),
        ("eps is outside of the root", ("np.sqrt(var + eps)", "(np.sqrt(var) + eps)")),
        ("eps is missing", (" + eps", "")),
        ("divided by the variance: it is its root", ("np.sqrt(var + eps)", "(var + eps)")),
        ("gamma is missing", ("gamma * x_hat", "x_hat")),
        ("beta is missing", (" + beta", "")),
        ("gamma and beta are exchanged", ("gamma * x_hat + beta", "beta * x_hat + gamma")),
        ("the mean is not subtracted", ("(x - mean)", "x")),
        ("over the features of one image: that is layer normalisation", ("axis=0", "axis=1, keepdims=True", 2)),
    ],
    returns="(out, (mean, variance))",
)
