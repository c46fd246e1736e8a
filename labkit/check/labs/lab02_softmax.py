"""Lab 2, scores and losses: softmax and its logarithm."""

import numpy as np

from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise

NONE = {"keeps": 0}

_OWN = "scores.max(axis=1, keepdims=True)"
_E = f"np.exp(scores - {_OWN})"

# ------------------------------------------------------------------- softmax and its logarithm


def softmax_probabilities_(scores):
    """exp(scores), normalised over the classes: (N, C) -> (N, C), rows that sum to 1."""
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def log_probabilities_(scores):
    """Logarithm of the softmax of each row by log-sum-exp: (N, C) -> (N, C)."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    total = np.exp(shifted).sum(axis=1, keepdims=True)
    return shifted - np.log(total)


def _score_cases(rng):
    cases = [(2 * rng.normal(size=size),) for size in [(5, 3), (1, 4), (2, 12), (9, 2), (4, 4), (8, 10), (1000, 3)]]
    whole = rng.normal(size=(3, 5)).argsort(axis=1) - 2
    return [*cases, (cases[0][0].astype(np.float32),), (whole,), (np.zeros((2, 3)),)]


def _lab_scores(rng):
    return (2 * rng.normal(size=(100, 10)),)


def _large_scores(rng):
    """Levels at which exp overflows or underflows: the rows high, low, far from each other, in float32."""
    near = 3 * rng.normal(size=(4, 5))
    single = [((near + level).astype(np.float32),) for level in (200, -200)]
    whole = np.array([[123, 456, 789]])
    levels = near + np.array([[1e4], [0], [-1e4], [500]])
    return [(s,) for s in (near[:1] + 1e5, near + 800, near[:1] - 1e5, near - 800, whole, 1.0 * whole, levels)] + single


def _far_apart(rng):
    """Scores of a row so far from each other that some probabilities are 0 in floating point."""
    return [*_large_scores(rng), (np.array([[0.0, 0, 1500]]),), (np.array([[-2000.0, 0, -1]]),)]


def _tiny(rng):
    """What log-sum-exp keeps, the log of a probability that is 0 in floating point; exp does not overflow here."""
    far = 3 * rng.normal(size=(4, 5))
    far[:, 1] -= np.array([900, 2000, 1e5, 800])
    rows = [-1666.0, -1333, 0], [0.0, -1000], [0.0, 40, -5], [-30.0, 0]
    return [(far,), (np.full((3, 4), 2.0) * [1, -1e5, 1, 0],), *((np.array([row]),) for row in rows)]


_OVERFLOWS = "exp overflows or underflows for scores in the hundreds and thousands: subtract each row's maximum first"
_ONE_FOR_ALL = "one maximum is subtracted from all images: a row far below it underflows; take each row's own"
_NOT_MEAN = "exp overflows for scores far apart in a row: subtract each row's maximum, not its mean"
_SUM_LOST = "the sum loses its axis: use keepdims=True, so that each row gets its own"
_MAX_LOST = "the maximum loses its axis: use keepdims=True, so that each row gets its own"
_SHIFT = f"scores - {_OWN}"
_ANY_SHIFT = (_SHIFT, [_SHIFT, "scores", "scores - scores.max()"])
_ROWS, _BY = "e.sum(axis=1, keepdims=True)", "e / e.sum(axis=1, keepdims=True)"
_AXIS = "wrong axis: over the classes of one image (axis=1), this is over the images"
_TOGETHER = "this is the sum over all images together: each row has its own"
_SUM_MISSING = "the sum is missing: each row has to be divided by its own"


def _or_not_finite(finite):
    """A diagnosis of large scores: `finite` is what to say when all that comes out is finite."""
    return lambda values: finite if all(np.isfinite(v.max()) for v in values) else _OVERFLOWS


_CLIPPED = "finite but wrong for scores in the thousands: nothing may be cut off; subtract each row's maximum instead"

# fmt: off
softmax_probabilities = exercise("softmax_probabilities", 8, softmax_probabilities_, [
    (4, "exp(scores), divided by the sum over the classes of each image", equals(_score_cases, lab=_lab_scores)),
    (3, "scores of any size, no overflow", equals(_far_apart, otherwise=_or_not_finite(_CLIPPED))),
    (1, "scores are left as they were", unchanged(_score_cases)),
], mistakes=[
    (_AXIS, ("axis=1", "axis=0", 2)),
    (_AXIS, (_ROWS, "e.sum(axis=0)")),
    (_TOGETHER, (_ROWS, "e.sum()"), _ANY_SHIFT),
    (_SUM_LOST, (_ROWS, "e.sum(axis=1)"), _ANY_SHIFT),
    (_MAX_LOST, (_OWN, "scores.max(axis=1)")),
    (_SUM_MISSING, (_BY, "e"), _ANY_SHIFT, NONE),
    ("exp is missing: the scores are divided by their sum", (_E, ["scores", f"({_SHIFT})"]), NONE),
    ("exp is missing: the scores are divided by their largest", (_BY, f"scores / {_OWN}"), NONE),
    ("the sign: the lowest score gets the highest probability", ("    e = ", "    scores = -scores\n    e = ")),
    ("this is the sigmoid of each score: divide by the row's sum", (_BY, "1 / (1 + np.exp(-scores))"), NONE),
    ("powers of 2 or of 10 instead of exp", ("np.exp(scores", ["np.exp2(scores", "10.0 ** (scores"])),
    ("softmax is taken twice", (_E, f"{_E}\n    e = np.exp({_BY})")),
    ("these are the classes: return the probabilities", (_BY, "scores.argmax(axis=1)"), NONE),
    ("1 for the highest score, 0 for the others: softmax is soft",
     (_BY, [f"1.0 * (scores == {_OWN})", "np.eye(scores.shape[1])[scores.argmax(1)]"]), NONE),
    ("these are logarithms: the probabilities are asked", (_BY, [f"np.log({_BY})", f"{_SHIFT} - np.log({_ROWS})"])),
    (_OVERFLOWS, (_SHIFT, "scores"), NONE),
    (_ONE_FOR_ALL, (_SHIFT, "scores - scores.max()")),
    (_NOT_MEAN, (_SHIFT, "scores - scores.mean(axis=1, keepdims=True)")),
    (_CLIPPED, (_SHIFT, ["np.clip(scores, -500, 500)", "np.minimum(scores, 700)"]), NONE),
])
# fmt: on

_LSE, _TOTAL = "shifted - np.log(total)", "np.exp(shifted).sum(axis=1, keepdims=True)"
_OF_SUM = "the log of the sum is missing: log p = s - log(sum(exp(s)))"
_QUOTIENT = "log(0) = -inf where the probability underflows: take the log of the sum, not of the quotient"
_ADDED = "wrong where a probability is very small: a number added inside the log, or a clipped probability"
_CLIPPED_OR_ADDED = "finite but wrong for large scores: nothing may be cut off, nor added inside the log"
_NO_CLIP = "not right where the probability itself underflows to 0: nothing may be clipped or added before the log"
_P = "np.exp(shifted) / total"

# fmt: off
log_probabilities = exercise("log_probabilities", 12, log_probabilities_, [
    (5, "the logarithm of the softmax of each row", equals(_score_cases, lab=_lab_scores)),
    (3, "scores of any size, no overflow", equals(_large_scores, otherwise=_or_not_finite(_CLIPPED_OR_ADDED))),
    (3, "exact also where the probability underflows to 0", equals(_tiny, otherwise=_or_not_finite(_NO_CLIP))),
    (1, "scores are left as they were", unchanged(_score_cases)),
], mistakes=[
    ("these are the probabilities: the log is missing", (_LSE, _P), NONE),
    ("the sign: log p is negative, this is -log p", (_LSE, "np.log(total) - shifted")),
    (_OF_SUM, (_LSE, "shifted - total"), _ANY_SHIFT),
    (_OF_SUM, (_LSE, "shifted"), NONE),
    ("the maximum is subtracted inside the log-sum-exp: add it again", (_LSE, "scores - np.log(total)")),
    ("exp is missing inside the sum", ("np.exp(shifted)", "shifted"), _ANY_SHIFT),
    ("the sum of the logs is not the log of the sum", (_LSE, "scores - scores.sum(1, keepdims=True)")),
    (_AXIS, ("axis=1", "axis=0", 2)),
    (_AXIS, (_TOTAL, "np.exp(shifted).sum(axis=0)")),
    (_TOGETHER, (_TOTAL, "np.exp(shifted).sum()"), _ANY_SHIFT),
    (_SUM_LOST, (_TOTAL, "np.exp(shifted).sum(axis=1)"), _ANY_SHIFT),
    (_MAX_LOST, (_OWN, "scores.max(axis=1)")),
    ("logarithm to base 2: natural logarithms (np.log) are asked", (_LSE, f"({_LSE}) / np.log(2)")),
    ("logarithm to base 10: natural logarithms (np.log) are asked", (_LSE, f"({_LSE}) / np.log(10)")),
    ("this is the log-sum-exp: log p is the score minus it", (_LSE, "(scores - shifted + np.log(total))[:, 0]")),
    ("a mean: keep one log-probability for each class", (_LSE, f"({_LSE}).mean(axis=1)")),
    (_OVERFLOWS, (_SHIFT, "scores"), NONE),
    (_ONE_FOR_ALL, (_SHIFT, "scores - scores.max()")),
    (_NOT_MEAN, (_SHIFT, "scores - scores.mean(axis=1, keepdims=True)")),
    (_QUOTIENT, (_LSE, f"np.log({_P})"), NONE),
    (_ADDED, (_LSE, [f"np.log({_P} + 1e-{k})" for k in range(5, 17)]), NONE),
    (_ADDED, (_LSE, [f"np.log(np.maximum({_P}, 1e-{k}))" for k in range(5, 17)]), NONE),
    (_NO_CLIP, (_LSE, [f"np.log(np.maximum({_P}, 1e-300))", f"np.log({_P} + 1e-300)"]), NONE),
])
# fmt: on
