"""Lab 2, scores and losses: what is asked in each exercise, and the mistakes that are known."""

import numpy as np

from labkit.check.answer import a_type
from labkit.check.compare import agrees, part
from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise
from labkit.check.exercise import vectorised as vectorised_check

# ------------------------------------------------------------------------------------- bias trick


def bias_trick_(X, W, b):
    """X (N, D) with a column of ones at the end, W (D, C) with b (C,) as its last row."""
    return np.hstack([X, np.ones((len(X), 1))]), np.vstack([W, b])


def _linear(X, W, b):
    return X @ W + b


def _trick_cases(rng):
    cases = [
        (rng.normal(size=(n, d)), rng.normal(size=(d, c)), 1 + rng.normal(size=c))
        for n, d, c in [(5, 4, 3), (1, 3, 2), (7, 2, 12), (4, 4, 4), (3, 6, 5), (6, 5, 4)]
    ]
    pixels = rng.integers(0, 256, (4, 3)).astype(np.uint8)
    return [*cases, tuple(a.astype(np.float32) for a in cases[-1]), (pixels, *(a.copy() for a in cases[1][1:]))]


def _trick_in_the_lab(rng):
    return rng.normal(size=(1000, 3072)), rng.normal(size=(3072, 10)), rng.normal(size=10)


class _Scores:
    """The answer of `bias_trick` with its two arrays multiplied: what they are there for."""

    def __init__(self, answer):
        self._answer = answer

    def __getattr__(self, name):
        return getattr(self._answer, name)

    def __call__(self, *args):
        outcome = self._answer(*args)
        if outcome.error is not None or self._answer.unsolved:
            return outcome
        value = outcome.value
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            return outcome._replace(value=None, error="it does not return two arrays, X1 and W1")
        if not all(isinstance(a, np.ndarray) for a in value):
            kinds = " and ".join(a_type(a) for a in value)
            return outcome._replace(value=None, error=f"it returns {kinds}: two arrays are asked")
        try:
            return outcome._replace(value=np.asarray(value[0]) @ np.asarray(value[1]))
        except (ValueError, TypeError):
            return outcome._replace(
                value=None,
                error=f"X1 {value[0].shape} and W1 {value[1].shape} cannot be "
                "multiplied: X1 has one column more than X, W1 one row more than W",
            )


def _multiplied(problem):
    return lambda answer: problem(_Scores(answer))


def _ones_first(X):
    return np.hstack([np.ones((len(X), 1)), X])


bias_trick = exercise(
    "bias_trick",
    points=8,
    answer=bias_trick_,
    criteria=[
        (
            3,
            "X1 @ W1 gives the scores X @ W + b",
            _multiplied(
                equals(
                    _trick_cases,
                    _linear,
                    lab=_trick_in_the_lab,
                    mistakes=[
                        (
                            "b has no effect: the new column of X1 has to hold ones, the new row of W1 has to hold b",
                            lambda X, W, b: X @ W,
                        ),
                        ("every score grows by 1: the new row of W1 has to hold b", lambda X, W, b: X @ W + 1),
                        (
                            "the ones are the first column of X1 but b is the last row of W1: both go to the end",
                            lambda X, W, b: _ones_first(X) @ np.vstack([W, b]),
                        ),
                        (
                            "b is the first row of W1 but the ones are the last column of X1: both go to the end",
                            lambda X, W, b: np.hstack([X, np.ones((len(X), 1))]) @ np.vstack([b, W]),
                        ),
                        ("b is subtracted", lambda X, W, b: X @ W - b),
                        ("b is added twice: in W1 it belongs in the new row only", lambda X, W, b: X @ W + 2 * b),
                    ],
                )
            ),
        ),
        (
            2,
            "X1 is X with a column of ones at the end",
            part(
                0,
                "(X1, W1)",
                equals(
                    _trick_cases,
                    lambda X, W, b: bias_trick_(X, W, b)[0],
                    mistakes=[
                        ("the ones are the first column: they are asked at the end", lambda X, W, b: _ones_first(X)),
                        ("the new column does not hold ones", lambda X, W, b: np.hstack([X, -np.ones((len(X), 1))])),
                    ],
                ),
            ),
        ),
        (
            2,
            "W1 is W with b as the last row",
            part(
                1,
                "(X1, W1)",
                equals(
                    _trick_cases,
                    lambda X, W, b: bias_trick_(X, W, b)[1],
                    mistakes=[("b is the first row: it is asked at the end", lambda X, W, b: np.vstack([b, W]))],
                ),
            ),
        ),
        (1, "X, W and b are left as they were", unchanged(_trick_cases)),
    ],
)

# ------------------------------------------------------------------------------------- hinge loss


def hinge_loss_(scores, y, delta=1.0):
    """Mean over the images of sum over j != y of max(0, s_j - s_y + delta): scores (N, C), y (N,)."""
    return np.mean(_hinges(scores, y, delta))


def _right(scores, y):
    """Each image's score of its class, as a column (N, 1)."""
    return scores[np.arange(len(y)), y][:, None]


def _margins(scores, y, delta):
    """max(0, s_j - s_y + delta), with 0 for the right class, (N, C)."""
    margins = np.maximum(0, scores - _right(scores, y) + delta)
    margins[np.arange(len(y)), y] = 0
    return margins


def _hinges(scores, y, delta):
    return _margins(scores, y, delta).sum(axis=1)


def _raw(scores, y, delta):
    """s_j - s_y + delta without the maximum, with 0 for the right class."""
    margins = scores - _right(scores, y) + delta
    margins[np.arange(len(y)), y] = 0
    return margins


def _hinge_cases(rng, sizes, deltas):
    return [
        (2 * rng.normal(size=(n, c)), rng.integers(0, c, n).astype([np.int64, np.int32, np.uint8][i % 3]), delta)
        for i, ((n, c), delta) in enumerate(zip(sizes, deltas))
    ]


def _hinge_one(rng):
    cases = _hinge_cases(rng, [(1, 3), (1, 12), (1, 2), (1, 10), (1, 4)], [1.0] * 5)
    return [*cases, (cases[1][0].astype(np.float32), cases[1][1], 1.0)]


def _hinge_several(rng):
    cases = _hinge_cases(rng, [(5, 3), (4, 4), (2, 12), (9, 2), (8, 10)], [1.0] * 5)
    return [*cases, (cases[0][0].astype(np.float32), cases[0][1], 1.0)]


def _hinge_deltas(rng):
    return _hinge_cases(rng, [(5, 3), (1, 4), (2, 12), (9, 2)], [0.5, 2.0, 3.0, 10.0])


def _hinge_in_the_lab(rng):
    return _hinge_cases(rng, [(100, 10)], [1.0])[0]


def _hinge_each(scores, y, delta):
    losses = _hinges(scores, y, delta)
    return losses if len(losses) > 1 else losses[0]


def _cross_entropy(scores, y, delta=None):
    return -np.mean(np.log(_softmax(scores))[np.arange(len(y)), y])


_HINGE_MISTAKES = [
    (
        "the right class is counted too, which adds delta for each image: the sum runs over the other classes",
        lambda s, y, d: hinge_loss_(s, y, d) + d,
    ),
    (
        "the right class is counted too, and its delta is taken off again in the wrong place",
        lambda s, y, d: hinge_loss_(s, y, d) + d - d / len(y),
    ),
    (
        "max(0, …) is missing: classes far below make the loss negative",
        lambda s, y, d: _raw(s, y, d).sum(axis=1).mean(),
    ),
    (
        "max(0, …) has to be taken of each class, not of the sum over the classes",
        lambda s, y, d: np.maximum(0, _raw(s, y, d).sum(axis=1)).mean(),
    ),
    (
        "delta is missing: a class just below the right one has to cost something",
        lambda s, y, d: hinge_loss_(s, y, 0.0),
    ),
    ("delta has the wrong sign: s_j - s_y + delta", lambda s, y, d: hinge_loss_(s, y, -d)),
    (
        "the scores are the wrong way round: s_j - s_y + delta, the other class minus the right one",
        lambda s, y, d: hinge_loss_(-s, y, d),
    ),
    ("the sign: this is minus the loss", lambda s, y, d: -hinge_loss_(s, y, d)),
    (
        "only the worst class counts here: the loss is the sum over the other classes",
        lambda s, y, d: _margins(s, y, d).max(axis=1).mean(),
    ),
    (
        "this counts the classes inside the margin: sum how far they are inside",
        lambda s, y, d: (_margins(s, y, d) > 0).sum(axis=1).mean(),
    ),
    ("the hinges are squared", lambda s, y, d: (_margins(s, y, d) ** 2).sum(axis=1).mean()),
    ("mean over the classes: sum over the classes, mean over the images", lambda s, y, d: _margins(s, y, d).mean()),
    (
        "mean over the other classes: sum over the classes, mean over the images",
        lambda s, y, d: _margins(s, y, d).sum() / len(y) / (s.shape[1] - 1),
    ),
    (
        "absolute values: a class far below the right one costs nothing, max(0, …)",
        lambda s, y, d: abs(_raw(s, y, d)).sum(axis=1).mean(),
    ),
    (
        "off by one: the classes are counted from 0, y is the column of the right class itself",
        lambda s, y, d: hinge_loss_(s, y.astype(int) - 1, d),
    ),
    (
        "the highest score is taken for that of the right class: the right class is y",
        lambda s, y, d: np.maximum(0, s - s.max(axis=1, keepdims=True) + d).sum(axis=1).mean(),
    ),
    (
        "the highest score is taken for that of the right class: the right class is y",
        lambda s, y, d: hinge_loss_(s, s.argmax(axis=1), d),
    ),
    ("this is the cross-entropy of softmax: the hinge loss is asked", _cross_entropy),
]

hinge_loss = exercise(
    "hinge_loss",
    points=20,
    answer=hinge_loss_,
    criteria=[
        (
            9,
            "one image: the sum over the other classes of max(0, s_j - s_y + 1)",
            equals(
                _hinge_one, hinge_loss_, _HINGE_MISTAKES, also=[_hinges], tell=_hinge_several, lab=_hinge_in_the_lab
            ),
        ),
        (
            5,
            "several images: the mean over the images",
            equals(
                _hinge_several,
                hinge_loss_,
                [
                    (
                        "this is the sum over the images, N times too large: the loss is their mean",
                        lambda s, y, d: _hinges(s, y, d).sum(),
                    ),
                    ("one loss for each image: return their mean", _hinge_each),
                    ("only the first image counts", lambda s, y, d: _hinges(s, y, d)[0]),
                    (
                        "every label picks its column of every image here: use scores[np.arange(N), y]",
                        lambda s, y, d: np.maximum(0, s[:, :, None] - s[:, None, y] + d).sum() / len(y),
                    ),
                    (
                        "the scores of the right classes have lost their axis: make them a column, [:, None], so "
                        "that each is "
                        "subtracted from its own row",
                        lambda s, y, d: np.mean(np.maximum(0, s - _right(s, y)[:, 0] + d).sum(axis=1)),
                    ),
                    *_HINGE_MISTAKES,
                ],
                lab=_hinge_in_the_lab,
            ),
        ),
        (4, "the margin is delta, 1 where it is not given", lambda answer: _margin(answer)),
        (2, "scores and y are left as they were", unchanged(_hinge_several)),
    ],
)


def _margin(answer):
    wrong = equals(
        _hinge_deltas,
        hinge_loss_,
        [
            ("the margin is always 1: use the argument delta", lambda s, y, d: hinge_loss_(s, y, 1.0)),
            (
                "delta multiplies the loss: it is added to each difference of scores",
                lambda s, y, d: d * hinge_loss_(s, y),
            ),
            (
                "1 is taken off for the right class: with another delta it adds delta",
                lambda s, y, d: hinge_loss_(s, y, d) + d - 1,
            ),
        ],
    )(answer)
    if wrong:
        return wrong
    for scores, y, _ in _hinge_several(answer.rng()):
        if not agrees(answer, [(scores, y)], hinge_loss_):
            found = answer(scores, y).error
            return found or "called without delta it takes another margin than 1"
    return None


# ------------------------------------------------------------------- softmax and its logarithm


def softmax_probabilities_(scores):
    """exp(scores), normalised over the classes: (N, C) -> (N, C), rows that sum to 1."""
    return _softmax(scores)


def log_probabilities_(scores):
    """Logarithm of the softmax of each row by log-sum-exp: (N, C) -> (N, C)."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _softmax(scores, axis=1):
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _no_keepdims(scores):
    e = np.exp(scores)
    return e / e.sum(axis=1)


def _sigmoid(scores):
    return 1 / (1 + np.exp(-scores))


def _score_cases(rng):
    cases = [(2 * rng.normal(size=size),) for size in [(5, 3), (1, 4), (2, 12), (9, 2), (4, 4), (8, 10)]]
    return [
        *cases,
        (cases[0][0].astype(np.float32),),
        (rng.normal(size=(3, 5)).argsort(axis=1) - 2,),
    ]  # whole numbers, no ties


def _scores_in_the_lab(rng):
    return (2 * rng.normal(size=(100, 10)),)


def _large_scores(rng):
    """Levels at which exp overflows or underflows: the rows high, low, far from each other, in float32."""
    near = 3 * rng.normal(size=(4, 5))
    high = [(near[:1] + 1e4,), (near + 800,), (np.array([[123.0, 456, 789]]),), (np.array([[123, 456, 789]]),)]
    low = [(near[:1] - 1e4,), (near - 800,)]
    mixed = [(near + np.array([[1e4], [0], [-1e4], [500]]),)]
    single = [((near + 200).astype(np.float32),), ((near - 200).astype(np.float32),)]
    return high, low, mixed, single


def _stable(expected, clipped, wide=()):
    """A criterion: right for scores of any size.

    clipped: what to say when all that comes out is finite. wide: more cases, with scores far apart in a row.
    """

    def problem(answer):
        high, low, mixed, single = _large_scores(answer.rng())
        for cases, over in [([*high, *wide], "overflows"), (low, "underflows")]:
            if not agrees(answer, cases, expected):
                failed = [outcome for outcome in (answer(*args) for args in cases) if outcome.error]
                if failed:
                    return failed[0].error
                values = [np.asarray(answer(*args).value, dtype=float) for args in cases]
                if all(np.isfinite(value).all() for value in values):
                    return clipped
                return (
                    f"exp {over} for scores in the hundreds and thousands: subtract each row's maximum before "
                    "exp, which changes no probability"
                )
        if not agrees(answer, mixed, expected):
            return (
                "one maximum is subtracted from all images: a row far below it underflows; take each row's own, "
                "scores.max(axis=1, keepdims=True)"
            )
        if not agrees(answer, single, expected, tolerance=1e-4):
            return "exp overflows or underflows for float32 scores of a few hundred"
        return None

    return problem


_NORMALISING_MISTAKES = [
    (
        "wrong axis: softmax is over the classes of one image (axis=1), this is over the images",
        lambda s: _softmax(s, axis=0),
    ),
    (
        "wrong axis: softmax is over the classes of one image (axis=1), this is over the images",
        lambda s: np.exp(s - s.max(axis=1, keepdims=True)) / np.exp(s - s.max(axis=1, keepdims=True)).sum(axis=0),
    ),
    (
        "softmax is over the classes of each image (axis=1): this divides by the sum over all images together",
        lambda s: np.exp(s) / np.exp(s).sum(),
    ),
    ("the sum loses its axis: use keepdims=True, so that each row is divided by its own sum", _no_keepdims),
    ("the sum is missing: each row has to be divided by its own", lambda s: np.exp(s)),
    ("the sum is missing: each row has to be divided by its own", lambda s: np.exp(s - s.max(axis=1, keepdims=True))),
    ("exp is missing: the scores themselves are divided by their sum", lambda s: s / s.sum(axis=1, keepdims=True)),
    ("exp is missing: the scores themselves are divided by their largest", lambda s: s / s.max(axis=1, keepdims=True)),
    ("the sign: exp(-s) gives the lowest score the highest probability", lambda s: _softmax(-s)),
    ("this is the sigmoid of each score on its own: softmax divides by the sum over the classes", _sigmoid),
    ("powers of 2 or of 10 instead of exp", lambda s: 2.0**s / (2.0**s).sum(axis=1, keepdims=True)),
    ("powers of 2 or of 10 instead of exp", lambda s: 10.0**s / (10.0**s).sum(axis=1, keepdims=True)),
    ("softmax is taken twice", lambda s: _softmax(_softmax(s))),
    ("these are the classes with the highest score: return the probabilities", lambda s: s.argmax(axis=1)),
    (
        "1 for the highest score and 0 for the others: this is the hard maximum, softmax is soft",
        lambda s: (s == s.max(axis=1, keepdims=True)) * 1.0,
    ),
]

softmax_probabilities = exercise(
    "softmax_probabilities",
    points=10,
    answer=softmax_probabilities_,
    criteria=[
        (
            5,
            "exp(scores), divided by the sum over the classes of each image",
            equals(
                _score_cases,
                softmax_probabilities_,
                lab=_scores_in_the_lab,
                mistakes=[
                    *_NORMALISING_MISTAKES,
                    ("these are the logarithms: the probabilities themselves are asked", log_probabilities_),
                ],
            ),
        ),
        (
            4,
            "scores of any size, no overflow",
            _stable(
                softmax_probabilities_,
                "finite but not right for scores in the thousands: cutting the scores off changes the "
                "probabilities; subtract each row's maximum instead",
                wide=[(np.array([[0.0, 0, 1500]]),), (np.array([[-2000.0, 0, -1]]),)],
            ),
        ),
        (1, "scores are left as they were", unchanged(_score_cases)),
    ],
)


def _mean_log(scores):
    return log_probabilities_(scores).mean(axis=1)


def _tiny(answer):
    """What log-sum-exp keeps: the logarithm of a probability that is itself 0 in floating point."""
    rng = answer.rng()
    far = 3 * rng.normal(size=(4, 5))  # near 0: exp does not overflow, which is judged above
    far[:, 1] -= np.array([900, 2000, 1e5, 800])
    cases = [(far,), (np.array([[-1666.0, -1333, 0]]),), (np.array([[0.0, -1000]]),)]
    slight = [(np.array([[0.0, 40, -5]]),), (np.array([[-30.0, 0]]),)]
    if not agrees(answer, slight, log_probabilities_):
        return (
            "wrong for a class of very small probability: a number added inside the log, or a clipped probability, "
            "changes the result"
        )
    if agrees(answer, cases, log_probabilities_):
        return None
    outcomes = [answer(*args) for args in cases]
    failed = [outcome.error for outcome in outcomes if outcome.error]
    if failed:
        return failed[0]
    tops = [np.max(np.asarray(outcome.value, dtype=float)) for outcome in outcomes]
    if not np.isfinite(tops).all():
        return "exp overflows for scores far apart in a row: subtract each row's maximum, not its mean"
    if any(np.isneginf(np.asarray(outcome.value, dtype=float)).any() for outcome in outcomes):
        return (
            "log(0) = -inf where the probability underflows: take the log of the sum, not of the quotient: "
            "shifted - log(sum(exp(shifted)))"
        )
    return "not right where the probability itself underflows to 0: nothing may be clipped or added before the log"


log_probabilities = exercise(
    "log_probabilities",
    points=15,
    answer=log_probabilities_,
    criteria=[
        (
            6,
            "the logarithm of the softmax of each row",
            equals(
                _score_cases,
                log_probabilities_,
                lab=_scores_in_the_lab,
                mistakes=[
                    ("these are the probabilities: the log is missing", softmax_probabilities_),
                    ("the sign: log p is negative, this is -log p", lambda s: -log_probabilities_(s)),
                    (
                        "the log of the sum is missing: log p = s - log(sum(exp(s)))",
                        lambda s: s - np.exp(s).sum(axis=1, keepdims=True),
                    ),
                    (
                        "the log of the sum is missing: log p = s - log(sum(exp(s)))",
                        lambda s: s - s.max(axis=1, keepdims=True),
                    ),
                    (
                        "the maximum is subtracted once too often: inside the log-sum-exp it has to be added again",
                        lambda s: s - np.log(np.exp(s - s.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True)),
                    ),
                    ("exp is missing inside the sum", lambda s: s - np.log(s.sum(axis=1, keepdims=True))),
                    (
                        "the sum of the logs is not the log of the sum: log(sum(exp(s)))",
                        lambda s: s - s.sum(axis=1, keepdims=True),
                    ),
                    (
                        "wrong axis: the sum runs over the classes of one image (axis=1), this is over the images",
                        lambda s: np.log(_softmax(s, axis=0)),
                    ),
                    (
                        "the sum runs over the classes of each image (axis=1): this is over all images together",
                        lambda s: s - np.log(np.exp(s).sum()),
                    ),
                    (
                        "the sum loses its axis: use keepdims=True, so that each row gets its own",
                        lambda s: s - np.log(np.exp(s).sum(axis=1)),
                    ),
                    (
                        "logarithm to base 2: natural logarithms (np.log) are asked",
                        lambda s: log_probabilities_(s) / np.log(2),
                    ),
                    (
                        "logarithm to base 10: natural logarithms (np.log) are asked",
                        lambda s: log_probabilities_(s) / np.log(10),
                    ),
                    (
                        "this is the log-sum-exp of each row alone: log p is the score minus it",
                        lambda s: np.log(np.exp(s).sum(axis=1)),
                    ),
                    ("a mean: keep one log-probability for each class", _mean_log),
                ],
            ),
        ),
        (
            4,
            "scores of any size, no overflow",
            _stable(
                log_probabilities_,
                "finite but not right for scores in the hundreds and thousands: cutting the scores off, or a "
                "number added inside the log, changes the result; subtract each row's maximum instead",
            ),
        ),
        (4, "exact also where the probability underflows to 0", _tiny),
        (1, "scores are left as they were", unchanged(_score_cases)),
    ],
)

# --------------------------------------------------------------------------------- regularisation


def regularised_loss_(data_loss, W, b, reg):
    """data_loss + ½ reg Σ W²; the biases are free."""
    return data_loss + 0.5 * reg * np.sum(W * W)


def _penalty_cases(rng, reg=None):
    regs = [0.1, 2.5, 0.03, 0.7, 12.0] if reg is None else [reg] * 5
    cases = [
        (float(loss), rng.normal(size=(d, c)), 1 + rng.normal(size=c), r)
        for loss, (d, c), r in zip(rng.uniform(0.5, 3, 5), [(4, 3), (1, 2), (5, 12), (3, 3), (30, 10)], regs)
    ]
    return [*cases, (np.float32(cases[0][0]), *(a.astype(np.float32) for a in cases[0][1:3]), cases[0][3])]


def _penalty_in_the_lab(rng):
    return 2.3, rng.normal(size=(3072, 10)), rng.normal(size=10), 0.1


regularised_loss = exercise(
    "regularised_loss",
    points=10,
    answer=regularised_loss_,
    criteria=[
        (
            8,
            "the data loss plus ½ reg times the sum of the squares of W",
            equals(
                _penalty_cases,
                regularised_loss_,
                lab=_penalty_in_the_lab,
                mistakes=[
                    ("the factor ½ is missing", lambda L, W, b, reg: L + reg * np.sum(W * W)),
                    (
                        "the biases are penalised too: only the weights W are",
                        lambda L, W, b, reg: L + 0.5 * reg * (np.sum(W * W) + np.sum(b * b)),
                    ),
                    (
                        "the biases are penalised too, and the factor ½ is missing: only the weights W are",
                        lambda L, W, b, reg: L + reg * (np.sum(W * W) + np.sum(b * b)),
                    ),
                    (
                        "only the biases are penalised: it is the weights W that are",
                        lambda L, W, b, reg: L + 0.5 * reg * np.sum(b * b),
                    ),
                    ("the data loss is missing", lambda L, W, b, reg: 0.5 * reg * np.sum(W * W)),
                    ("reg is missing", lambda L, W, b, reg: L + 0.5 * np.sum(W * W)),
                    ("reg multiplies the data loss too", lambda L, W, b, reg: reg * (L + 0.5 * np.sum(W * W))),
                    (
                        "the penalty is subtracted: it has to make large weights costly",
                        lambda L, W, b, reg: L - 0.5 * reg * np.sum(W * W),
                    ),
                    ("a mean of the squares: the sum is asked", lambda L, W, b, reg: L + 0.5 * reg * np.mean(W * W)),
                    (
                        "these are absolute values (an L1 penalty): squares are asked",
                        lambda L, W, b, reg: L + 0.5 * reg * np.sum(abs(W)),
                    ),
                    (
                        "these are absolute values (an L1 penalty): squares are asked",
                        lambda L, W, b, reg: L + reg * np.sum(abs(W)),
                    ),
                    (
                        "the square root of the sum (the norm) is taken: the sum of the squares is asked",
                        lambda L, W, b, reg: L + 0.5 * reg * np.sqrt(np.sum(W * W)),
                    ),
                    (
                        "the square root of the sum (the norm) is taken: the sum of the squares is asked",
                        lambda L, W, b, reg: L + reg * np.sqrt(np.sum(W * W)),
                    ),
                    (
                        "the sum is squared: square each weight, then sum",
                        lambda L, W, b, reg: L + 0.5 * reg * np.sum(W) ** 2,
                    ),
                    ("the weights are not squared", lambda L, W, b, reg: L + 0.5 * reg * np.sum(W)),
                    (
                        "the penalty is divided by the number of classes or of features",
                        lambda L, W, b, reg: L + 0.5 * reg * np.sum(W * W) / len(W),
                    ),
                    (
                        "the penalty is divided by the number of classes or of features",
                        lambda L, W, b, reg: L + 0.5 * reg * np.sum(W * W) / W.shape[1],
                    ),
                    ("reg is squared", lambda L, W, b, reg: L + 0.5 * reg**2 * np.sum(W * W)),
                ],
            ),
        ),
        (1, "with reg = 0 it is the data loss", lambda answer: _no_penalty(answer)),
        (1, "W and b are left as they were", unchanged(_penalty_cases)),
    ],
)


def _no_penalty(answer):
    return (
        None
        if agrees(answer, _penalty_cases(answer.rng(), reg=0.0), regularised_loss_)
        else "with reg = 0 something is still added"
    )


# -------------------------------------------------------------------------------- scores on a ray


def ray_scores_(X, W, V, a):
    """Scores of all images at all points W + a V of a ray: X (N, D), W and V (D, C), a (A,) -> (A, N, C)."""
    return X @ W + a[:, None, None] * (X @ V)


def _ray_arguments(rng, n, d, c, steps=None):
    return (
        rng.normal(size=(n, d)),
        rng.normal(size=(d, c)),
        rng.normal(size=(d, c)),
        rng.normal(size=n if steps is None else steps),
    )


def _ray_cases(rng):
    sizes = [(5, 4, 3, 7), (1, 3, 2, 4), (7, 2, 12, 1), (4, 4, 4, 4), (3, 6, 5, 2), (2, 5, 2, 9)]
    cases = [_ray_arguments(rng, *s) for s in sizes]
    return [*cases, tuple(array.astype(np.float32) for array in cases[0])]


def _ray_in_the_lab(rng):
    return _ray_arguments(rng, 100, 3073, 10, 201)


ray_scores = exercise(
    "ray_scores",
    points=10,
    answer=ray_scores_,
    criteria=[
        (
            9,
            "X @ (W + a V) for each a: (A, N, C)",
            equals(
                _ray_cases,
                ray_scores_,
                lab=_ray_in_the_lab,
                mistakes=[
                    (
                        "the images come first here: asked is (A, N, C), the steps first",
                        lambda X, W, V, a: ray_scores_(X, W, V, a).transpose(1, 0, 2),
                    ),
                    (
                        "the steps come last here: asked is (A, N, C), the steps first",
                        lambda X, W, V, a: ray_scores_(X, W, V, a).transpose(1, 2, 0),
                    ),
                    (
                        "the start W is missing: these are the scores at a V",
                        lambda X, W, V, a: ray_scores_(X, 0 * W, V, a),
                    ),
                    (
                        "a multiplies W too: W is the start, only V is multiplied",
                        lambda X, W, V, a: a[:, None, None] * (X @ (W + V)),
                    ),
                    ("a multiplies W instead of V", lambda X, W, V, a: ray_scores_(X, V, W, a)),
                    ("the steps are subtracted: W + a V", lambda X, W, V, a: ray_scores_(X, W, -V, a)),
                    (
                        "a is not used: every place of the ray gets the scores at W + V",
                        lambda X, W, V, a: ray_scores_(X, W, V, np.ones_like(a)),
                    ),
                    (
                        "V is scaled to length 1: use it as it is",
                        lambda X, W, V, a: ray_scores_(X, W, V / np.linalg.norm(V), a),
                    ),
                    (
                        "this goes from W to V: W + a (V - W), where W + a V is asked",
                        lambda X, W, V, a: ray_scores_(X, W, V - W, a),
                    ),
                    (
                        "the scores of all images together: keep one for each image, (A, N, C)",
                        lambda X, W, V, a: ray_scores_(X, W, V, a).mean(axis=1),
                    ),
                    (
                        "these are the weights on the ray: multiply the images with them",
                        lambda X, W, V, a: W + a[:, None, None] * V,
                    ),
                ],
            ),
        ),
        (1, "X, W, V and a are left as they were", unchanged(_ray_cases)),
    ],
)

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
    12,
    {"hinge_loss": _loss_arguments, "log_probabilities": _scores_arguments, "ray_scores": _points_on_a_ray},
)
