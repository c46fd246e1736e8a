"""Lab 2, scores and losses: what is asked in each exercise, and the mistakes that are known.

Softmax and its logarithm are in `lab02_softmax`, what is written beside the losses in `lab02_more`.
"""

import numpy as np

from labkit.check.answer import Misuse, a_type
from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise
from labkit.check.exercise import vectorised as vectorised_check

NONE = {"keeps": 0}

# ------------------------------------------------------------------------------------- bias trick


def bias_trick_(X, W, b):
    """X (N, D) with a column of ones at the end, W (D, C) with b (C,) as its last row."""
    X1 = np.hstack([X, np.ones((len(X), 1))])
    return X1, np.vstack([W, b])


def _trick_cases(rng):
    sizes = [(5, 4, 3), (1, 3, 2), (7, 2, 12), (4, 4, 4), (3, 6, 5), (6, 5, 4), (1000, 3, 2)]
    cases = [(rng.normal(size=(n, d)), rng.normal(size=(d, c)), 1 + rng.normal(size=c)) for n, d, c in sizes]
    pixels = rng.integers(0, 256, (4, 3)).astype(np.uint8)
    far = rng.normal(size=(5, 4)) * [1e5, 1, 1e-3, 0], *cases[0][1:]
    return [*cases, tuple(a.astype(np.float32) for a in cases[5]), (pixels, *cases[1][1:]), far]


def _multiplied(value):
    """The two arrays that `bias_trick` returns, multiplied: what they are there for."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise Misuse("it does not return two arrays, X1 and W1")
    if not all(isinstance(a, np.ndarray) for a in value):
        raise Misuse(f"it returns {' and '.join(a_type(a) for a in value)}: two arrays are asked")
    try:
        return np.matmul(*value)
    except (ValueError, TypeError):
        raise Misuse(
            f"X1 {value[0].shape} and W1 {value[1].shape} cannot be multiplied: "
            "X1 has one column more than X, W1 one row more than W"
        ) from None


def _lab_trick(rng):
    return rng.normal(size=(1000, 3072)), rng.normal(size=(3072, 10)), rng.normal(size=10)


_ONES = "np.ones((len(X), 1))"
_NO_ROW = "b has no effect: the new column of X1 has to hold ones, the new row of W1 has to hold b"

# fmt: off
bias_trick = exercise("bias_trick", 6, bias_trick_, [
    (2, "X1 @ W1 gives the scores X @ W + b", equals(_trick_cases, seen_as=_multiplied, lab=_lab_trick)),
    (2, "X1 is X with a column of ones at the end", equals(_trick_cases, part=0)),
    (1, "W1 is W with b as the last row", equals(_trick_cases, part=1)),
    (1, "X, W and b are left as they were", unchanged(_trick_cases)),
], mistakes=[
    ("the ones are the first column of X1: both go to the end", (f"[X, {_ONES}]", f"[{_ONES}, X]")),
    ("b is the first row of W1: both go to the end", ("[W, b]", "[b, W]")),
    (_NO_ROW, (_ONES, "np.zeros((len(X), 1))"), NONE),
    (_NO_ROW, ("[W, b]", "[W, 0 * b]"), NONE),
    ("every score grows by 1: the new row of W1 has to hold b", ("[W, b]", "[W, np.ones_like(b)]"), NONE),
    ("the new column does not hold ones: so b is subtracted", (_ONES, f"-{_ONES}")),
    ("b is subtracted: W1 holds it as it is", ("[W, b]", "[W, -b]")),
    ("b is added twice: in W1 it belongs in the new row only", ("[W, b]", ["[W, 2 * b]", "[W + b, b]"])),
    ("1 is added to every pixel: a new column is asked", ("[X, ", "[X + 1, ")),
], returns="(X1, W1)")
# fmt: on

# ------------------------------------------------------------------------------------- hinge loss


def hinge_loss_(scores, y, delta=1.0):
    """Mean over the images of sum over j != y of max(0, s_j - s_y + delta): scores (N, C), y (N,)."""
    image = np.arange(len(y))
    right = scores[image, y][:, None]
    differences = scores - right + delta
    margins = np.maximum(0, differences)
    margins[image, y] = 0
    losses = margins.sum(axis=1)
    return losses.mean()


def _hinge_cases(rng, sizes, deltas, scale=2):
    return [
        (scale * rng.normal(size=(n, c)), rng.integers(0, c, n).astype([np.int64, np.int32, np.uint8][i % 3]), delta)
        for i, ((n, c), delta) in enumerate(zip(sizes, deltas))
    ]


def _hinge_one(rng):
    cases = _hinge_cases(rng, [(1, 3), (1, 12), (1, 2), (1, 10), (1, 4)], [1.0] * 5)
    far = _hinge_cases(rng, [(1, 5)], [1.0], 1e5)
    return [*cases, (cases[1][0].astype(np.float32), cases[1][1], 1.0), *far]


def _hinge_several(rng):
    """All sizes; ties, scores that are all 0, and scores of up to 1e5."""
    cases = _hinge_cases(rng, [(5, 3), (4, 4), (2, 12), (9, 2), (8, 10), (1000, 7)], [1.0] * 6)
    ties = (cases[0][0].round(), cases[0][1], 1.0), (np.zeros((3, 4)), np.array([3, 0, 3]), 1.0)
    far = (cases[4][0] * np.array([1e5, 1, 0, 1e3, 10, 1, 1, 1e-3])[:, None], cases[4][1], 1.0)
    return [*cases, (cases[0][0].astype(np.float32), cases[0][1], 1.0), *ties, far]


def _hinge_deltas(rng):
    return _hinge_cases(rng, [(5, 3), (1, 4), (2, 12), (9, 2), (6, 5)], [0.5, 2.0, 3.0, 10.0, 0.0])


def _without_delta(rng):
    return [case[:2] for case in _hinge_several(rng)]


def _lab_hinge(rng):
    return _hinge_cases(rng, [(100, 10)], [1.0])[0]


def _one_number(value):
    """The loss of one image may be the only entry of an array."""
    return value[0] if isinstance(value, np.ndarray) and value.shape == (1,) else value


def _every_column_of_every_image(scores, y, delta=1.0):
    return np.maximum(0, scores[:, :, None] - scores[:, None, y] + delta).sum() / len(y)


_ZERO, _ARANGE, _CUT = "    margins[image, y] = 0\n", "    image = np", "np.maximum(0, differences)"
_SUM, _MEAN = "margins.sum(axis=1)", "losses.mean()"
_COUNTED = "the right class is counted too"
_HIGHEST = "the highest score is taken for that of the right class: the right class is y"
_ANOTHER = "called without delta it takes another margin than 1"
_OWN = "scores.max(axis=1, keepdims=True)"
_E = f"np.exp(scores - {_OWN})"

# fmt: off
hinge_loss = exercise("hinge_loss", 12, hinge_loss_, [
    (5, "one image: the sum over the other classes of max(0, s_j - s_y + 1)",
     equals(_hinge_one, seen_as=_one_number, lab=_lab_hinge)),
    (3, "several images: the mean over the images", equals(_hinge_several, lab=_lab_hinge)),
    (3, "the margin is delta, 1 where it is not given",
     equals(_hinge_deltas, forgiving=True) + equals(_without_delta, forgiving=True, otherwise=_ANOTHER)),
    (1, "scores and y are left as they were", unchanged(_hinge_several)),
], mistakes=[
    (f"{_COUNTED}, which adds delta for each image: sum over the other classes", (_ZERO, "")),
    (f"{_COUNTED}, and its delta taken off in the wrong place", (_ZERO, ""), (_MEAN, f"{_MEAN} - delta / len(y)")),
    ("1 is taken off for the right class: with another delta it adds delta", (_ZERO, ""), (_MEAN, f"{_MEAN} - 1")),
    ("max(0, …) is missing: classes far below make the loss negative", (_CUT, "differences")),
    ("max(0, …) is of each class, not of their sum", (_CUT, "differences"), (_SUM, f"np.maximum(0, {_SUM})")),
    ("delta is missing: a class just below the right one has to cost something", (" + delta", "")),
    ("delta has the wrong sign: s_j - s_y + delta", ("+ delta", "- delta")),
    ("the margin is always 1: use the argument delta", ("+ delta", "+ 1")),
    ("delta multiplies the loss: it is added to each difference", ("+ delta", "+ 1"), (_MEAN, f"delta * {_MEAN}")),
    (_ANOTHER, ("delta=1.0", ["delta=0.0", "delta=0.5", "delta=2.0", "delta=10.0"])),
    ("the wrong way round: the other class minus the right one", ("scores - right", "right - scores")),
    ("the sign: this is minus the loss", (_MEAN, f"-{_MEAN}")),
    ("only the worst class counts here: sum over the other classes", (_SUM, "margins.max(axis=1)")),
    ("this counts the classes inside the margin: sum how far they are inside", (_CUT, "1.0 * (differences > 0)")),
    ("delta is added to the hinge: it belongs inside max(0, …)", (" + delta", ""), (_CUT, f"{_CUT} + delta")),
    ("the hinges are squared", (_CUT, f"{_CUT} ** 2")),
    ("mean over the classes: sum over the classes, mean over the images", (_SUM, "margins.mean(axis=1)")),
    ("mean over the other classes: sum over them, mean over the images", (_SUM, f"{_SUM} / (scores.shape[1] - 1)")),
    ("absolute values: a class far below the right one costs nothing, max(0, …)", (_CUT, "abs(differences)")),
    ("off by one: y is the right class's column, from 0", (_ARANGE, f"    y = y - np.int64(1)\n{_ARANGE}")),
    (_HIGHEST, ("scores[image, y][:, None]", _OWN), (_ZERO, "")),
    (_HIGHEST, (_ARANGE, f"    y = scores.argmax(axis=1)\n{_ARANGE}")),
    ("this is the cross-entropy of softmax: the hinge loss is asked", (_MEAN,
     [f"np.mean(np.log({_E}.sum(axis=1)) - (scores - {_OWN})[image, y])",
     f"-np.log(({_E} / {_E}.sum(axis=1)[:, None])[image, y]).mean()"]), NONE),
    ("this is the sum over the images, N times too large: the loss is their mean", (_MEAN, "losses.sum()")),
    ("one loss for each image: return their mean", (_MEAN, ["losses", "losses if len(y) > 1 else losses[0]"])),
    ("only the first image counts", (_MEAN, "losses[0]")),
    ("every label picks its column of every image: use scores[np.arange(N), y]", _every_column_of_every_image),
    ("the scores of the right classes have lost their axis: make them a column, [:, None]", ("[:, None]", "")),
])
# fmt: on

# --------------------------------------------------------------------------------- regularisation


def regularised_loss_(data_loss, W, b, reg):
    """data_loss + ½ reg Σ W²; the biases are free."""
    penalty = np.sum(W**2)
    return data_loss + 0.5 * reg * penalty


def _penalty_cases(rng):
    sizes = [(4, 3), (1, 2), (5, 12), (3, 3), (30, 10), (1000, 2)]
    regs = [0.1, 2.5, 0.03, 0.7, 12.0, 1e-3]
    losses = rng.uniform(0.5, 3, 6)
    cases = [(float(L), rng.normal(size=s), 1 + rng.normal(size=s[1]), r) for L, s, r in zip(losses, sizes, regs)]
    single = np.float32(losses[0]), *(a.astype(np.float32) for a in cases[0][1:3]), 0.1
    far = rng.normal(size=(3, 4)) * [1e5, 1, 1e-3, 0], rng.normal(size=4)
    return [*cases, single, (2.3, *far, 1e-7), (0.0, np.zeros((3, 4)), far[1], 0.5)]


def _no_penalty(rng):
    return [(*case[:3], 0.0) for case in _penalty_cases(rng)]


def _lab_penalty(rng):
    return 2.3, rng.normal(size=(3072, 10)), rng.normal(size=10), 0.1


_SQUARES, _PENALTY = "np.sum(W**2)", "0.5 * reg * penalty"
_L1 = "these are absolute values (an L1 penalty): squares are asked"
_ROOT = "the square root of the sum (the norm) is taken: the sum of the squares is asked"
_DIVIDED = "the penalty is divided by the number of classes or of features"

# fmt: off
regularised_loss = exercise("regularised_loss", 5, regularised_loss_, [
    (3, "the data loss plus ½ reg times the sum of the squares of W", equals(_penalty_cases, lab=_lab_penalty)),
    (1, "with reg = 0 it is the data loss", equals(_no_penalty, otherwise="with reg = 0 something is still added")),
    (1, "W and b are left as they were", unchanged(_penalty_cases)),
], mistakes=[
    ("the factor ½ is missing", ("0.5 * ", "")),
    ("the biases are penalised too: only the weights W are", (_SQUARES, "(np.sum(W**2) + np.sum(b**2))")),
    ("only the biases are penalised: it is the weights W that are", (_SQUARES, "np.sum(b**2)")),
    ("the data loss is missing", ("data_loss + ", "")),
    ("reg is missing", ("reg * ", "")),
    ("reg multiplies the data loss too", (f"data_loss + {_PENALTY}", "reg * (data_loss + 0.5 * penalty)")),
    ("the penalty is subtracted: it has to make large weights costly", ("data_loss +", "data_loss -")),
    ("a mean of the squares: the sum is asked", (_SQUARES, "np.mean(W**2)")),
    (_L1, (_PENALTY, ["0.5 * reg * np.sum(abs(W))", "reg * np.sum(abs(W))"])),
    (_ROOT, (_PENALTY, ["0.5 * reg * np.sqrt(penalty)", "reg * np.sqrt(penalty)"])),
    ("the sum is squared: square each weight, then sum", (_SQUARES, "np.sum(W) ** 2")),
    ("the weights are not squared", (_SQUARES, "np.sum(W)")),
    (_DIVIDED, (_SQUARES, [f"{_SQUARES} / len(W)", f"{_SQUARES} / W.shape[1]"])),
    ("reg is squared", ("reg * penalty", "reg**2 * penalty")),
    ("with reg = 0 something is still added", ("reg * ", ["(reg or 1e-3) * ", "(reg or 1) * "])),
])
# fmt: on

# -------------------------------------------------------------------------------- scores on a ray


def ray_scores_(X, W, V, a):
    """Scores of all images at all points W + a V of a ray: X (N, D), W and V (D, C), a (A,) -> (A, N, C)."""
    return X @ W + a[:, None, None] * (X @ V)


def _ray_arguments(rng, n, d, c, steps=None):
    return *(rng.normal(size=s) for s in [(n, d), (d, c), (d, c)]), rng.normal(size=n if steps is None else steps)


def _ray_cases(rng):
    sizes = [(5, 4, 3, 7), (1, 3, 2, 4), (7, 2, 12, 1), (4, 4, 4, 4), (3, 6, 5, 2), (2, 5, 2, 9), (1000, 3, 2, 4)]
    cases = [_ray_arguments(rng, *s) for s in sizes]
    zero = (*cases[4][:3], np.array([0.0, 1e5, -1e-3]))
    return [*cases, tuple(array.astype(np.float32) for array in cases[0]), zero]


def _lab_ray(rng):
    return _ray_arguments(rng, 100, 3073, 10, 201)


_A, _RAY = "a[:, None, None]", "X @ W + a[:, None, None] * (X @ V)"

# fmt: off
ray_scores = exercise("ray_scores", 5, ray_scores_, [
    (4, "X @ (W + a V) for each a: (A, N, C)", equals(_ray_cases, lab=_lab_ray)),
    (1, "X, W, V and a are left as they were", unchanged(_ray_cases)),
], mistakes=[
    ("the images come first here: asked is (A, N, C), the steps first", (_RAY, f"({_RAY}).transpose(1, 0, 2)")),
    ("the steps come last here: asked is (A, N, C), the steps first", (_RAY, f"({_RAY}).transpose(1, 2, 0)")),
    ("the start W is missing: these are the scores at a V", ("X @ W + ", "")),
    ("a multiplies W too: W is the start, only V is multiplied", (_RAY, f"{_A} * (X @ (W + V))")),
    ("a multiplies W instead of V", (_RAY, f"X @ V + {_A} * (X @ W)")),
    ("the steps are subtracted: W + a V", ("X @ W +", "X @ W -")),
    ("a is not used: every place of the ray gets the scores at W + V", (_A, "np.ones_like(a)[:, None, None]")),
    ("V is scaled to length 1: use it as it is", ("@ V", "@ (V / np.linalg.norm(V))")),
    ("this goes from W to V: W + a (V - W), where W + a V is asked", ("@ V", "@ (V - W)")),
    ("the scores of all images together: keep one for each image, (A, N, C)", (_RAY, f"({_RAY}).mean(axis=1)")),
    ("these are the weights on the ray: multiply the images with them", (_RAY, f"W + {_A} * V"), NONE),
    ("a has to be made (A, 1, 1), a[:, None, None]: each step gets scores of its own", (_A, ["a", "a[:, None]"])),
])
# fmt: on

# -------------------------------------------------------------------------------------- no loops


def _loss_arguments(rng, n, d, c):
    # no first and no last class: labels that are off by one are judged elsewhere
    return 2 * rng.normal(size=(n, c)), rng.integers(1, c - 1, n)


def _points_on_a_ray(rng, n, d, c):
    return _ray_arguments(rng, n, d, c, steps=min(n, 60))


def _scores_arguments(rng, n, d, c):
    return (2 * rng.normal(size=(n, c)),)


without_loops = vectorised_check(
    "without_loops",
    6,
    {"hinge_loss": _loss_arguments, "log_probabilities": _scores_arguments, "ray_scores": _points_on_a_ray},
)
