"""Lab 4, the softmax classifier: what is asked in each exercise, and the mistakes that are known."""

import numpy as np

from labkit.check.answer import Misuse, a_type
from labkit.check.compare import agrees, misfit, part, same
from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise
from labkit.check.exercise import vectorised as vectorised_check

RETURNS = "(loss, dW)"


def _classifier(loss_and_dscores):
    """(loss, dW) of a linear classifier with a penalty, from the loss of the scores and its gradient."""

    def loss_and_gradient(X, W, y, reg=0.0):
        loss, dscores = loss_and_dscores(X @ W, y)
        return loss + 0.5 * reg * np.sum(W * W), X.T @ dscores + reg * W

    return loss_and_gradient


def _wrong(dscores_of):
    """The dW that a wrong gradient with respect to the scores leads to."""
    return lambda X, W, y: X.T @ dscores_of(X @ W, y)


def _arguments(rng, n, d, c, dtype=float):
    return rng.normal(size=(n, d)).astype(dtype), rng.normal(size=(d, c)).astype(dtype), rng.integers(0, c, n)


def _cases(rng):
    sizes = [(5, 4, 3), (1, 3, 2), (7, 2, 12), (4, 4, 4), (9, 6, 5)]
    cases = [_arguments(rng, *size) for size in sizes] + [_arguments(rng, 6, 5, 4, np.float32)]
    return [(X, W, y.astype([np.int64, np.int32, np.uint8][i % 3])) for i, (X, W, y) in enumerate(cases)]


def _in_the_lab(rng):
    return _arguments(rng, 50, 3073, 10)


def _hot(scores, y):
    hot = np.zeros(scores.shape)
    hot[np.arange(len(y)), y] = 1
    return hot


def _exact(right):
    """A criterion: right to the last digits of its dtype, which a numerical gradient is not."""

    def problem(answer):
        cases = [args for args in _cases(answer.rng()) if args[0].dtype == np.float64]
        single = all(getattr(answer(*args).value, "dtype", None) == np.float32 for args in cases)
        if agrees(answer, cases, lambda *args: right(*args)[1], tolerance=1e-6 if single else 1e-12):
            return None
        return "right to a few digits only: the formula gives all of them (is this a numerical gradient?)"

    return part(1, RETURNS, problem)


def _penalty(key, penalty, mistakes):
    """A criterion: what `reg` adds to one of the two values, whatever the value is without it."""

    def problem(answer):
        added, wanted = [], []
        for X, W, y in _cases(answer.rng())[:5]:
            for reg in (0.5, 3.0):
                outcomes = answer(X, W, y, reg), answer(X, W, y, 0.0)
                error = outcomes[0].error or outcomes[1].error
                if error:
                    return error
                for outcome in outcomes:
                    wrong_kind = misfit(outcome.value, np.asarray(penalty(W, reg)))
                    if wrong_kind:
                        return wrong_kind
                added.append(np.asarray(outcomes[0].value, float) - np.asarray(outcomes[1].value, float))
                wanted.append((W, reg))

        def is_added(function):
            return all(same(a, np.asarray(function(W, reg)), 1e-5) for a, (W, reg) in zip(added, wanted))

        if is_added(penalty):
            return None
        known = [
            ("reg changes nothing: the penalty is missing", lambda W, reg: 0 * np.asarray(penalty(W, reg))),
            *mistakes,
        ]
        return next((text for text, function in known if is_added(function)), "what reg adds is not right")

    return part(key, RETURNS, problem)


_LOSS_PENALTY = _penalty(
    0,
    lambda W, reg: 0.5 * reg * np.sum(W * W),
    [
        ("the factor ½ is missing: the penalty is ½ · reg · the sum of all W²", lambda W, reg: reg * np.sum(W * W)),
        ("the mean of W² instead of the sum", lambda W, reg: 0.5 * reg * np.mean(W * W)),
        ("the square is missing", lambda W, reg: 0.5 * reg * np.sum(W)),
        ("this is a penalty on |W|: the sum of the squares is asked", lambda W, reg: 0.5 * reg * np.sum(abs(W))),
        ("this is a penalty on |W|: the sum of the squares is asked", lambda W, reg: reg * np.sum(abs(W))),
        (
            "a square root too much: the sum of the squares itself is asked",
            lambda W, reg: 0.5 * reg * np.sqrt(np.sum(W * W)),
        ),
        ("a square root too much: the sum of the squares itself is asked", lambda W, reg: reg * np.sqrt(np.sum(W * W))),
        ("the penalty is not multiplied by reg", lambda W, reg: 0.5 * np.sum(W * W)),
        ("the penalty is subtracted", lambda W, reg: -0.5 * reg * np.sum(W * W)),
        (
            "the bias, the last row of W, is left out: here all of W is penalised",
            lambda W, reg: 0.5 * reg * np.sum(W[:-1] ** 2),
        ),
    ],
)

_GRADIENT_PENALTY = _penalty(
    1,
    lambda W, reg: reg * W,
    [
        ("twice too large: the 2 of the derivative and the ½ of the penalty cancel", lambda W, reg: 2 * reg * W),
        ("half too small: the 2 of the derivative and the ½ of the penalty cancel", lambda W, reg: 0.5 * reg * W),
        (
            "the penalty itself is added to every entry: its derivative is reg · W",
            lambda W, reg: 0.5 * reg * np.sum(W * W) + 0 * W,
        ),
        ("the sign: the derivative of the penalty is added", lambda W, reg: -reg * W),
        ("the derivative of |W|: that of ½ · W² is W", lambda W, reg: reg * np.sign(W)),
        (
            "the bias, the last row of W, is left out: here all of W is penalised",
            lambda W, reg: reg * np.vstack([W[:-1], 0 * W[-1:]]),
        ),
    ],
)

# -------------------------------------------------------------------------------- softmax gradient


def _softmax(scores, axis=1):
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _log_loss(scores, y):
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(y)), y])


def _softmax_dscores(scores, y):
    return (_softmax(scores) - _hot(scores, y)) / len(y)


def softmax_gradient_(X, W, y, reg=0.0):
    """Softmax loss with penalty, and its gradient: X (N, D), W (D, C), y (N,) -> (loss, dW)."""
    N = len(y)
    scores = X @ W
    scores -= scores.max(axis=1, keepdims=True)
    e = np.exp(scores)
    total = e.sum(axis=1, keepdims=True)
    loss = np.mean(np.log(total[:, 0]) - scores[np.arange(N), y])
    dscores = e / total
    dscores[np.arange(N), y] -= 1
    dscores /= N
    return loss + 0.5 * reg * np.sum(W * W), X.T @ dscores + reg * W


def _softmax_loss_part(X, W, y):
    return _log_loss(X @ W, y)


def _softmax_dW(X, W, y):
    return X.T @ _softmax_dscores(X @ W, y)


def _every_column(scores, y):
    p = _softmax(scores)
    p[:, y] -= 1
    return p / len(y)


def _only_the_right_class(scores, y):
    return _hot(scores, y) * (_softmax(scores) - 1) / len(y)


_SOFTMAX_DW_MISTAKES = [
    (
        "the 1 is not subtracted: it is the probability minus 1 for the right class of each image",
        _wrong(lambda s, y: _softmax(s) / len(y)),
    ),
    ("the scores are not turned into probabilities", _wrong(lambda s, y: (s - _hot(s, y)) / len(y))),
    ("only the right class gets a gradient: the scores of all others move the loss too", _wrong(_only_the_right_class)),
    ("the right class gets no gradient", _wrong(lambda s, y: _softmax(s) * (1 - _hot(s, y)) / len(y))),
    (
        "1 is subtracted from the column of every label in every row: dscores[np.arange(N), y] picks one per row",
        _wrong(_every_column),
    ),
    (
        "wrong axis: softmax is over the classes of one image (axis=1), this is over the images",
        _wrong(lambda s, y: (_softmax(s, axis=0) - _hot(s, y)) / len(y)),
    ),
    (
        "off by one: the classes are counted from 0",
        _wrong(lambda s, y: (_softmax(s) - _hot(s, y.astype(int) - 1)) / len(y)),
    ),
    (
        "1 is added for the right class, where it is subtracted",
        _wrong(lambda s, y: (_softmax(s) + _hot(s, y)) / len(y)),
    ),
    (
        "only the 1 of the right class is divided by N, or only the probabilities are: divide the difference",
        _wrong(lambda s, y: _softmax(s) / len(y) - _hot(s, y)),
    ),
    (
        "only the 1 of the right class is divided by N, or only the probabilities are: divide the difference",
        _wrong(lambda s, y: _softmax(s) - _hot(s, y) / len(y)),
    ),
    (
        "this is the gradient with respect to the scores: the chain rule goes on, X.T @ dscores",
        lambda X, W, y: _softmax_dscores(X @ W, y),
    ),
    (
        "this is the gradient with respect to the images X: that with respect to W is asked",
        lambda X, W, y: _softmax_dscores(X @ W, y) @ W.T,
    ),
    ("this is the gradient of the hinge loss", lambda X, W, y: X.T @ _hinge_dscores(X @ W, y)),
    ("the two values are swapped: (loss, dW) is asked, in this order", _softmax_loss_part),
    (
        "y is used as if it were one-hot: it holds the number of the class, dscores[np.arange(N), y]",
        _wrong(lambda s, y: (_softmax(s) - y[:, None]) / len(y)),
    ),
]

_SOFTMAX_LOSS_MISTAKES = [
    ("the sign: log p is negative, the loss is minus its mean", lambda X, W, y: -_log_loss(X @ W, y)),
    ("one loss for each image: return their mean", lambda X, W, y: -np.log(_softmax(X @ W))[np.arange(len(y)), y]),
    (
        "mean over images and classes: only the right class of each image counts, so divide by N",
        lambda X, W, y: _log_loss(X @ W, y) / W.shape[1],
    ),
    (
        "probability instead of log-probability: the log is missing",
        lambda X, W, y: -np.mean(_softmax(X @ W)[np.arange(len(y)), y]),
    ),
    (
        "wrong axis: softmax is over the classes of one image (axis=1), this is over the images",
        lambda X, W, y: -np.mean(np.log(_softmax(X @ W, axis=0))[np.arange(len(y)), y]),
    ),
    (
        "these are the losses of all classes: pick that of the right class of each image",
        lambda X, W, y: -np.sum(np.log(_softmax(X @ W))) / len(y),
    ),
    ("this is the hinge loss", lambda X, W, y: _hinge(X @ W, y)),
]


def _shifted_scores(rng, levels):
    """Each image's scores lie around its level, a few units apart: no probability underflows."""
    X, W, y = _arguments(rng, len(levels), 4, 3)
    X[:, 0], W[0] = np.array(levels) / 1e4, 1e4
    return X, W, y


def _any_scores(answer):
    rng = answer.rng()
    high, low, mixed = [_shifted_scores(rng, levels) for levels in ([1e4] * 5, [-1e4] * 5, [1e4, 0, -1e4, 500, 0])]
    for key, right in [(1, _softmax_dW), (0, _softmax_loss_part)]:

        def finds(*cases, key=key, right=right):
            def wrong(a):
                def as_sum(*args):
                    return len(args[2]) * right(*args)

                return None if agrees(a, cases, right, as_sum, tolerance=1e-4) else "no"

            return part(key, RETURNS, wrong)(answer)

        what = "gradient" if key else "loss"
        if finds(high, low):
            return (
                f"the {what} is wrong for scores in the thousands, where exp overflows or underflows: subtract each "
                "row's maximum first, which changes no probability"
            )
        if finds(mixed):
            return f"the {what} subtracts one maximum from all images: take each row's own, max(axis=1, keepdims=True)"
    return None


softmax_gradient = exercise(
    "softmax_gradient",
    points=25,
    answer=softmax_gradient_,
    criteria=[
        (
            7,
            "the gradient of the mean loss with respect to W",
            part(1, RETURNS, equals(_cases, _softmax_dW, _SOFTMAX_DW_MISTAKES, lab=_in_the_lab)),
        ),
        (6, "exact: from the formula, not from differences", _exact(softmax_gradient_)),
        (
            4,
            "the loss: the mean over the images of -log p(right class)",
            part(0, RETURNS, equals(_cases, _softmax_loss_part, _SOFTMAX_LOSS_MISTAKES, lab=_in_the_lab)),
        ),
        (3, "the penalty in the gradient", _GRADIENT_PENALTY),
        (2, "the penalty in the loss", _LOSS_PENALTY),
        (2, "scores of any size, no overflow", _any_scores),
        (1, "X, W and y are left as they were", unchanged(_cases)),
    ],
)

# ---------------------------------------------------------------------------------- hinge gradient


def _margins(scores, y, delta=1.0):
    margins = np.maximum(0, scores - scores[np.arange(len(y)), y][:, None] + delta)
    margins[np.arange(len(y)), y] = 0
    return margins


def _hinge(scores, y, delta=1.0):
    return _margins(scores, y, delta).sum() / len(y)


def _hinge_dscores(scores, y, delta=1.0, own=lambda inside: -inside.sum(axis=1)):
    inside = (_margins(scores, y, delta) > 0).astype(float)
    inside[np.arange(len(y)), y] = own(inside)
    return inside / len(y)


def svm_gradient_(X, W, y, reg=0.0):
    """Hinge loss (margin 1) with penalty, and its gradient: X (N, D), W (D, C), y (N,) -> (loss, dW)."""
    N = len(y)
    scores = X @ W
    margins = np.maximum(0, scores - scores[np.arange(N), y][:, None] + 1)
    margins[np.arange(N), y] = 0
    dscores = (margins > 0).astype(X.dtype)
    dscores[np.arange(N), y] = -dscores.sum(axis=1)
    dscores /= N
    return margins.sum() / N + 0.5 * reg * np.sum(W * W), X.T @ dscores + reg * W


def _svm_loss_part(X, W, y):
    return _hinge(X @ W, y)


def _svm_dW(X, W, y):
    return X.T @ _hinge_dscores(X @ W, y)


def _most_violating(scores, y):
    margins = _margins(scores, y)
    worst, rows = margins.argmax(axis=1), np.arange(len(y))
    d = np.zeros(scores.shape)
    d[rows, worst] = margins[rows, worst] > 0
    d[rows, y] = -d.sum(axis=1)
    return d / len(y)


def _squared(scores, y):
    d = 2 * _margins(scores, y)
    d[np.arange(len(y)), y] = -d.sum(axis=1)
    return d / len(y)


def _sizes(scores, y):
    return _squared(scores, y) / 2


_SVM_DW_MISTAKES = [
    (
        "the right class gets -1: it appears in every margin that is not kept, so minus their number",
        _wrong(lambda s, y: _hinge_dscores(s, y, own=lambda inside: -1)),
    ),
    (
        "the right class gets -1: it appears in every margin that is not kept, so minus their number",
        _wrong(lambda s, y: _hinge_dscores(s, y, own=lambda inside: -1.0 * (inside.sum(axis=1) > 0))),
    ),
    (
        "the right class gets nothing: its score appears in every margin, with a minus",
        _wrong(lambda s, y: _hinge_dscores(s, y, own=lambda inside: 0)),
    ),
    (
        "the right class counts itself: its own margin is left out of the loss",
        _wrong(lambda s, y: _hinge_dscores(s, y, own=lambda inside: -inside.sum(axis=1) - 1)),
    ),
    (
        "the right class counts itself: its own margin is left out of the loss",
        _wrong(lambda s, y: _hinge_dscores(s, y, own=lambda inside: 1)),
    ),
    (
        "the sign at the right class: its score lowers the margins",
        _wrong(lambda s, y: _hinge_dscores(s, y, own=lambda inside: inside.sum(axis=1))),
    ),
    ("the margins themselves are taken: the derivative of max(0, m) is 1 where m > 0, and 0 elsewhere", _wrong(_sizes)),
    ("this is the gradient of the squared hinge loss", _wrong(_squared)),
    (
        "the margin of 1 is missing: a class counts if its score is above that of the right one, less 1",
        _wrong(lambda s, y: _hinge_dscores(s, y, delta=0.0)),
    ),
    ("only the largest margin of each image counts here: the loss sums over all classes", _wrong(_most_violating)),
    (
        "the margins are the other way round: a class costs something if its score is above that of the right "
        "one, less 1",
        _wrong(lambda s, y: _hinge_dscores(-s, y)),
    ),
    (
        "this is the gradient with respect to the scores: the chain rule goes on, X.T @ dscores",
        lambda X, W, y: _hinge_dscores(X @ W, y),
    ),
    ("this is the gradient of the softmax loss", _softmax_dW),
    ("the two values are swapped: (loss, dW) is asked, in this order", _svm_loss_part),
]

_SVM_LOSS_MISTAKES = [
    ("exactly 1 too large: the right class itself is left out of the sum", lambda X, W, y: _hinge(X @ W, y) + 1),
    ("the margin of 1 is missing", lambda X, W, y: _hinge(X @ W, y, delta=0.0)),
    ("the margins are squared", lambda X, W, y: np.sum(_margins(X @ W, y) ** 2) / len(y)),
    (
        "only the largest margin of each image is taken: the loss sums over all classes",
        lambda X, W, y: np.mean(_margins(X @ W, y).max(axis=1)),
    ),
    ("the margins are counted, not summed", lambda X, W, y: np.sum(_margins(X @ W, y) > 0) / len(y)),
    (
        "mean over images and classes: sum over the classes, mean over the images",
        lambda X, W, y: np.mean(_margins(X @ W, y)),
    ),
    ("one loss for each image: return their mean", lambda X, W, y: _margins(X @ W, y).sum(axis=1)),
    ("this is the softmax loss", _softmax_loss_part),
]

svm_gradient = exercise(
    "svm_gradient",
    points=15,
    answer=svm_gradient_,
    criteria=[
        (
            5,
            "the gradient of the mean hinge loss with respect to W",
            part(1, RETURNS, equals(_cases, _svm_dW, _SVM_DW_MISTAKES, lab=_in_the_lab)),
        ),
        (3, "exact: from the formula, not from differences", _exact(svm_gradient_)),
        (
            3,
            "the loss: the sum of the margins that are not kept, mean over the images",
            part(0, RETURNS, equals(_cases, _svm_loss_part, _SVM_LOSS_MISTAKES, lab=_in_the_lab)),
        ),
        (2, "the penalty in the gradient", _GRADIENT_PENALTY),
        (1, "the penalty in the loss", _LOSS_PENALTY),
        (1, "X, W and y are left as they were", unchanged(_cases)),
    ],
)


def _inner_labels(rng, n, d, c):
    X, W, _ = _arguments(rng, n, d, c)
    return X, W, rng.integers(1, c - 1, n)  # labels that are off by one are judged elsewhere


gradients_vectorised = vectorised_check(
    "gradients_vectorised", 10, {"softmax_gradient": _inner_labels, "svm_gradient": _inner_labels}
)

# ------------------------------------------------------------------------------------- mini-batches


def minibatch_sgd_(gradient, X, y, W, step_size, steps, batch_size, rng):
    """Gradient descent on random batches; gradient(X, W, y) -> (loss, dW). Returns the last W and the batch losses."""
    losses = []
    for _ in range(steps):
        batch = rng.choice(len(X), batch_size, replace=False)
        loss, dW = gradient(X[batch], W, y[batch])
        W = W - step_size * dW
        losses.append(loss)
    return W, losses


class _Batches:
    """Images that can be told apart, and a gradient that writes down which ones it was given."""

    def __init__(self, rng, images=42, size=7, step_size=0.2, steps=80):
        self.X = np.column_stack([np.arange(images) / 8, rng.normal(size=(images, 2))])
        self.y = rng.permutation(images) % 5
        self.W = rng.normal(size=(3, 5))
        self.size, self.step_size, self.steps = size, step_size, steps
        self.visited, self.batches, self.labels, self.losses = [], [], [], []

    def gradient(self, X, W, y):
        if not isinstance(W, np.ndarray) or W.shape != self.W.shape:
            raise Misuse("gradient gets something else than the weights as its second argument: gradient(X, W, y)")
        if not isinstance(X, np.ndarray) or X.ndim != 2 or X.shape[1] != 3:
            raise Misuse("gradient gets something else than rows of X as its first argument: gradient(X, W, y)")
        if not isinstance(y, np.ndarray) or y.shape != (len(X),):
            raise Misuse("gradient gets other labels than one for each of its images: X[batch] and y[batch]")
        if len(self.batches) > 20 * self.steps:
            raise Misuse("gradient is called again and again: one call for each step is enough")
        self.visited.append(W.copy())
        self.batches.append(np.rint(X[:, 0] * 8).astype(int))
        self.labels.append(y.copy())
        self.losses.append(float(np.sum(X[:, 1]) + np.sum(W) + len(self.losses)))
        return self.losses[-1], self.slope(W, X)

    def slope(self, W, X):
        return 0.3 * (W - X.mean(axis=0)[:, None])

    def run(self, answer, seed=1):
        self.visited, self.batches, self.labels, self.losses = [], [], [], []
        return answer(
            self.gradient, self.X, self.y, self.W, self.step_size, self.steps, self.size, np.random.default_rng(seed)
        )


def _close(a, b):
    return same(np.asarray(a), np.asarray(b), 1e-9)


def _walks(answer):
    probe = _Batches(answer.rng())
    outcome = probe.run(answer)
    if outcome.error is not None:
        return outcome.error
    calls = len(probe.batches)
    if calls == 0:
        return (
            "it returns nothing (None): is the `return` missing?"
            if outcome.value is None
            else "the function gradient that is handed over is never called"
        )
    if not _close(probe.visited[0], probe.W):
        return "the first gradient is not taken at the start W"
    for before, after, batch in zip(probe.visited, probe.visited[1:], probe.batches):
        dW = probe.slope(before, probe.X[batch])
        if _close(after, before - probe.step_size * dW):
            continue
        return next(
            (
                text
                for text, other in [
                    ("the gradient is taken at the start only: take it anew at each step, where W is by then", before),
                    ("it goes uphill: W = W - step_size * dW, with a minus", before + probe.step_size * dW),
                    ("step_size is not used: W = W - step_size * dW", before - dW),
                    (
                        "the step is divided by the number of images once more: the gradient is a mean already",
                        before - probe.step_size * dW / len(batch),
                    ),
                    (
                        "the step is multiplied by the number of images: the gradient is a mean already",
                        before - probe.step_size * dW * len(batch),
                    ),
                ]
                if _close(after, other)
            ),
            "a step is not W - step_size * dW",
        )
    if calls != probe.steps:
        return f"the gradient is taken {calls} times, {probe.steps} steps were asked"
    return None


def _pairs(answer):
    probe = _Batches(answer.rng())
    probe.run(answer)
    for batch, labels in zip(probe.batches, probe.labels):
        if len(batch) != probe.size:
            if len(batch) == len(probe.X):
                return "every step uses all the images, not a batch of them"
            return f"a batch has {len(batch)} images where batch_size is {probe.size}"
        if not np.array_equal(labels, probe.y[batch]):
            return "the labels are not those of the images: index X and y with the same batch"
    return None


def _draws(answer):
    probe = _Batches(answer.rng())
    probe.run(answer)
    first = probe.batches
    ordered = [np.array_equal(np.diff(b) % len(probe.X), np.ones(len(b) - 1)) for b in first]
    if all(np.array_equal(b, first[0]) for b in first):
        return "the same batch at every step: draw it inside the loop"
    if all(ordered):
        return "the batches are slices of X in its order: draw the images at random"
    never = len(probe.X) - len(np.unique(np.concatenate(first)))
    if never:
        return f"{never} of {len(probe.X)} images are never drawn: draw from all the rows of X"
    probe.run(answer)
    if not all(np.array_equal(a, b) for a, b in zip(first, probe.batches)):
        return "rng is not used: the same generator has to give the same batches (rng.choice, rng.integers, …)"
    probe.run(answer, seed=2)
    if all(np.array_equal(a, b) for a, b in zip(first, probe.batches)):
        return "rng is not used: another generator gives the same batches"
    return None


def _gives_back(answer):
    probe = _Batches(answer.rng())
    value = probe.run(answer).value
    if isinstance(value, np.ndarray) or not isinstance(value, (tuple, list)) or len(value) != 2:
        return (
            f"two values are asked, (W, losses), not {a_type(value)}"
            if value is not None
            else "it returns nothing (None): is the `return` missing?"
        )
    W, losses = value
    if np.shape(W) != probe.W.shape:
        return "the first value is not a weight matrix shaped like W: return W, losses"
    last = probe.visited[-1] - probe.step_size * probe.slope(probe.visited[-1], probe.X[probe.batches[-1]])
    if _close(W, probe.visited[-1]):
        return "the weights before the last step are returned"
    if not _close(W, last):
        return "the weights are not those after the last step"
    if np.ndim(losses) == 0:
        return "the losses of all steps are asked, not one number"
    if len(losses) != len(probe.losses):
        return f"{len(losses)} losses, where {probe.steps} steps were taken"
    return (
        None
        if _close(np.asarray(losses, float), probe.losses)
        else "the losses are not those of the batches, in the order of the steps"
    )


def _kept(answer):
    probe = _Batches(answer.rng())
    changed = [minibatch_names[i] for i in probe.run(answer).changed]
    return f"{changed[0]} is changed in place: the next run would not start where this one did" if changed else None


minibatch_names = ("gradient", "X", "y", "W", "step_size", "steps", "batch_size", "rng")

minibatch_sgd = exercise(
    "minibatch_sgd",
    points=15,
    answer=minibatch_sgd_,
    criteria=[
        (5, "each step goes from W to W - step_size * dW", _walks),
        (4, "each batch has batch_size images, and their labels", _pairs),
        (3, "the images are drawn at random from all, anew at each step, by rng", _draws),
        (2, "returned are the last W and the losses of all steps", _gives_back),
        (1, "X, y and the start W are left as they were", _kept),
    ],
)

# --------------------------------------------------------------------------------- confusion matrix


def confusion_matrix_(y, predicted, C):
    """Counts: entry (i, j) is how many images of class i were called j; y, predicted (N,) -> (C, C)."""
    counts = np.zeros((C, C), dtype=int)
    np.add.at(counts, (y, predicted), 1)
    return counts


def _confusion_cases(rng):
    cases = [(rng.integers(0, c, n), rng.integers(0, c, n), c) for n, c in [(40, 3), (7, 5), (200, 10), (1, 2)]]
    cases.append((np.array([0, 1, 1, 0, 1]), np.array([1, 1, 0, 0, 1]), 4))  # two classes do not appear
    cases.append((np.array([3, 3, 3, 0], np.uint8), np.array([2, 2, 3, 0], np.uint8), 4))
    return cases


def _share_of(axis):
    def shares(y, predicted, C):
        counts = confusion_matrix_(y, predicted, C).astype(float)
        return counts / np.maximum(1, counts.sum(axis=axis, keepdims=axis is not None))

    return shares


confusion_matrix = exercise(
    "confusion_matrix",
    points=5,
    answer=confusion_matrix_,
    criteria=[
        (
            4,
            "entry (i, j) counts the images of class i that are called j",
            equals(
                _confusion_cases,
                confusion_matrix_,
                mistakes=[
                    (
                        "transposed: the rows are the true classes, the columns the predicted ones",
                        lambda y, p, C: confusion_matrix_(y, p, C).T,
                    ),
                    (
                        "counts[y, predicted] += 1 adds 1 to each place once, however often it appears: "
                        "np.add.at counts them all",
                        lambda y, p, C: np.minimum(confusion_matrix_(y, p, C), 1),
                    ),
                    ("shares of the true class: counts are asked", _share_of(1)),
                    ("shares of the predicted class: counts are asked", _share_of(0)),
                    ("shares of all images: counts are asked", _share_of(None)),
                    (
                        "only the mistakes are counted: the images that are right belong on the diagonal",
                        lambda y, p, C: confusion_matrix_(y[y != p], p[y != p], C),
                    ),
                    (
                        "only the images that are right are counted",
                        lambda y, p, C: confusion_matrix_(y[y == p], p[y == p], C),
                    ),
                    (
                        "off by one: the classes are counted from 0",
                        lambda y, p, C: np.roll(confusion_matrix_(y, p, C), (-1, -1), (0, 1)),
                    ),
                    (
                        "the size follows the labels that happen to appear: it is (C, C), whatever they are",
                        lambda y, p, C: confusion_matrix_(y, p, int(max(y.max(), p.max())) + 1),
                    ),
                ],
            ),
        ),
        (1, "y and predicted are left as they were", unchanged(_confusion_cases)),
    ],
)

# ----------------------------------------------------------------------------------------- templates


def template_images_(W):
    """The weights of each class as an image from 0 to 1: W (3073, C), the bias last -> (C, 32, 32, 3)."""
    images = W[:-1].T.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    low, high = images.min(axis=(1, 2, 3), keepdims=True), images.max(axis=(1, 2, 3), keepdims=True)
    return (images - low) / (high - low)


def _weights(rng):
    return [
        (rng.normal(size=(3073, c)) * scale + shift,) for c, scale, shift in [(10, 1, 0), (3, 0.01, 0.02), (1, 5, -9)]
    ] + [(rng.normal(size=(3073, 2)).astype(np.float32),)]


def _stretched(images, axis=(1, 2, 3)):
    low, high = images.min(axis=axis, keepdims=True), images.max(axis=axis, keepdims=True)
    return (images - low) / (high - low)


def _pixels(W):
    return W[:-1].T.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


_TEMPLATE_MISTAKES = [
    (
        "the pixels are scrambled: a column of W holds the red plane, then green, then blue, so reshape to (3, 32, 32) "
        "and move the colours to the end",
        lambda W: _stretched(W[:-1].T.reshape(-1, 32, 32, 3)),
    ),
    (
        "the classes are mixed: they are the columns of W, so transpose before reshape",
        lambda W: _stretched(W[:-1].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)),
    ),
    (
        "the classes are mixed: they are the columns of W, so transpose before reshape",
        lambda W: _stretched(W[:-1].reshape(-1, 32, 32, 3)),
    ),
    (
        "rows and columns of the pictures are swapped: they lie on their side",
        lambda W: _stretched(_pixels(W).transpose(0, 2, 1, 3)),
    ),
    ("the colours come first: (C, 32, 32, 3) is asked", lambda W: _stretched(W[:-1].T.reshape(-1, 3, 32, 32))),
    (
        "the first row of W is left out: the bias is the last one",
        lambda W: _stretched(W[1:].T.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)),
    ),
    (
        "one range for all classes: stretch each template by its own smallest and largest weight",
        lambda W: _stretched(_pixels(W), axis=None),
    ),
    (
        "the bias takes part in the range: leave it out first",
        lambda W: (_pixels(W) - W.min(axis=0)[:, None, None, None]) / np.ptp(W, axis=0)[:, None, None, None],
    ),
    (
        "each colour is stretched on its own, which changes the colours: one range for a template",
        lambda W: _stretched(_pixels(W), axis=(1, 2)),
    ),
    ("the weights are not stretched to [0, 1]", _pixels),
    (
        "the smallest weight is not 0: subtract it first",
        lambda W: _pixels(W) / _pixels(W).max(axis=(1, 2, 3), keepdims=True),
    ),
    ("cut off, not stretched: everything below 0 and above 1 is lost", lambda W: np.clip(_pixels(W), 0, 1)),
    ("from 0 to 255: from 0 to 1 is asked", lambda W: 255 * template_images_(W)),
    (
        "the weights are only shifted: divide by the range",
        lambda W: _pixels(W) - _pixels(W).min(axis=(1, 2, 3), keepdims=True),
    ),
]

template_images = exercise(
    "template_images",
    points=10,
    answer=template_images_,
    criteria=[
        (
            9,
            "each class an image (32, 32, 3), its weights stretched from 0 to 1",
            equals(_weights, template_images_, _TEMPLATE_MISTAKES),
        ),
        (1, "W is left as it was", unchanged(_weights)),
    ],
)
