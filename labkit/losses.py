"""The losses of the labs, each with its gradient: softmax, hinge, and the L2 penalty on weights.

Scores are (N, C): one row per image, one column per class. Inside, they are turned to (C, N): NumPy reduces
over the first axis of (classes, images) several times faster than over the last axis of (images, classes).

float32 scores are computed in float32 and float64 in float64; integers count as float64, float16 as float32.
"""

import numpy as np

from labkit import threads

threads.settle()


def softmax(scores):
    """Class probabilities: exp(scores), normalised over the classes.

    scores: (N, C), or (C,) for one image.
    Returns the probabilities, shaped like scores, at least 0 and summing to 1 over the classes.
    NaN or +inf among the scores of an image gives it NaN probabilities; -inf is a class of probability 0.
    Raises ValueError if scores is empty, not numbers, or has more than two axes.

    p_k = e^{s_k} / sum_j e^{s_j}, the lecture's softmax function, after its shift: the highest score of each
    image is made 0, which changes no probability and keeps exp from overflowing.
    """
    p = _shifted(_check_scores(scores, axes=(1, 2)))
    np.exp(p, out=p)
    p /= p.sum(axis=0)
    return np.ascontiguousarray(p.T)


def log_softmax(scores):
    """Logarithm of the class probabilities, exact also where a probability underflows to 0.

    scores: (N, C), or (C,) for one image.
    Returns log p, shaped like scores. NaN, +inf and -inf are treated as in `softmax`.
    Raises ValueError as `softmax` does.

    log p_k = s_k - log sum_j e^{s_j}, the log-sum-exp trick: the highest score of each image is made 0 first.
    """
    s = _shifted(_check_scores(scores, axes=(1, 2)))
    s -= np.log(np.exp(s).sum(axis=0))
    return np.ascontiguousarray(s.T)


def softmax_loss(scores, y):
    """Softmax (cross-entropy) loss, and its gradient with respect to the scores.

    scores: (N, C) scores.
    y: (N,) integer labels, 0 to C-1.
    Returns (loss, dscores): the loss, a NumPy scalar of the scores' dtype; its gradient, (N, C). NaN or +inf
    among the scores makes the loss NaN.
    Raises ValueError if shapes do not match, there are no images, or y is not integers from 0 to C-1.

    loss = mean over the images of -log p[y], so dscores = (p - onehot(y)) / N, with p = softmax(scores): the
    lecture's cross-entropy loss, and the gradient derived in the deep-learning homework.
    """
    scores, y = _check_scores_and_labels(scores, y)
    N = len(y)
    s, image = _shifted(scores), np.arange(N)
    p = np.exp(s)
    sums = p.sum(axis=0)
    loss = (np.log(sums) - s[y, image]).mean()
    p /= sums
    p[y, image] -= 1
    p /= N
    return loss, np.ascontiguousarray(p.T)


def cross_entropy(scores, y):
    """The value of `softmax_loss` alone, made fast for numerical gradients, which need it over and over.

    scores: (N, C) scores.
    y: (N,) integer labels, 0 to C-1.
    Returns the loss, a NumPy scalar of the scores' dtype: the mean over the images of -log p[y].
    Raises ValueError as `softmax_loss` does.

    loss = mean of log sum_j e^{s_j} - s_y, the lecture's L_i in its second form.
    """
    scores, y = _check_scores_and_labels(scores, y)
    N, C = scores.shape
    if not (scores.max() < 20 and scores.min() > -20):  # nearer 0 exp needs no shift: a third of the time
        scores = _shifted(scores).T
    sums = np.exp(scores) @ np.ones(C, scores.dtype)  # BLAS adds up short rows faster than sum(axis=1)
    correct = scores.ravel().take(np.arange(0, N * C, C) + y)  # scores[i, y[i]]
    return (np.log(sums) - correct).sum() / scores.dtype.type(N)


def svm_loss(scores, y, delta=1.0):
    """Multiclass hinge (SVM) loss, and its gradient with respect to the scores.

    scores: (N, C) scores.
    y: (N,) integer labels, 0 to C-1.
    delta: the margin, in units of the scores, at least 0.
    Returns (loss, dscores): the loss, a NumPy scalar of the scores' dtype; its gradient, (N, C).
    A class exactly at the margin adds nothing to either: the derivative at the kink is taken as 0.
    Raises ValueError if shapes do not match, there are no images, y is not integers from 0 to C-1, or delta
    is negative or not finite.

    loss = mean over the images of sum_{j != y} max(0, s_j - s_y + delta), the lecture's hinge loss.
    """
    scores, y = _check_scores_and_labels(scores, y)
    delta = _check_at_least_0(delta, "delta")
    N = len(y)
    s, image = scores.T.copy(), np.arange(N)
    margins = np.maximum(0, s - s[y, image] + delta)
    margins[y, image] = 0
    loss = margins.sum(axis=0).mean()
    dscores = np.sign(margins)  # 1 for every class inside the margin; NaN stays NaN
    dscores[y, image] = -dscores.sum(axis=0)
    dscores /= N
    return loss, np.ascontiguousarray(dscores.T)


def l2_penalty(w, reg):
    """L2 penalty on the weights, and its gradient.

    w: weights, an array of any shape.
    reg: strength of the penalty, at least 0.
    Returns (penalty, dw): the penalty 0.5 * reg * sum(w**2), a NumPy scalar of w's dtype; its gradient
    reg * w, shaped like w.
    Raises ValueError if w is not numbers, or reg is negative or not finite.

    The factor one half is the convention of the deep-learning homework. The two-layer exercise has none:
    its lambda * sum(w**2) is this penalty with reg = 2 * lambda.
    """
    w = _as_floats(w, "w")
    reg = w.dtype.type(_check_at_least_0(reg, "reg"))  # a float64 would turn float32 weights into float64
    return np.vdot(w, w) * reg * w.dtype.type(0.5), np.asarray(reg * w)


def _shifted(scores):
    """Scores with the classes first, (C, N), every image's highest score moved to 0: a fresh array."""
    s = scores.T.copy()
    with np.errstate(over="ignore"):  # -inf is the right answer where float has no larger number
        s -= s.max(axis=0)
    return s


def _as_floats(values, name):
    """The values as an array of float32 or wider; a copy only where a conversion is needed."""
    array = _as_array(values, name)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} must be an array of real numbers, got dtype {array.dtype}")
    if array.dtype.kind != "f":
        return array.astype(np.float64)
    return array.astype(np.float32) if array.dtype.itemsize < 4 else array


def _as_array(values, name):
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be an array of numbers, got rows of unequal length") from None


def _check_scores(scores, axes=(2,)):
    scores = _as_floats(scores, "scores")
    if scores.ndim not in axes:
        expected = "(N, C), one row per image" + (", or (C,)" if 1 in axes else "")
        raise ValueError(f"scores must have shape {expected}, got {scores.shape}")
    if scores.size == 0:
        raise ValueError(f"scores must hold at least one image and one class, got shape {scores.shape}")
    return scores


def _check_scores_and_labels(scores, y):
    scores, y = _check_scores(scores), _as_array(y, "y")
    N, C = scores.shape
    if y.dtype.kind not in "iu":
        raise ValueError(f"y must hold integer labels, got dtype {y.dtype}: use y.astype(int)")
    if y.shape != (N,):
        raise ValueError(f"y must have shape ({N},), one label for each row of scores, got {y.shape}")
    if y.min() < 0 or y.max() >= C:
        wrong = y[(y < 0) | (y >= C)][0]
        raise ValueError(f"y must hold labels from 0 to {C - 1}, as scores has {C} columns, got {wrong}")
    return scores, y.astype(np.intp, copy=False)


def _check_at_least_0(value, name):
    try:
        number = float(value)  # a Python float leaves float32 arrays float32
    except (TypeError, ValueError):
        number = np.nan
    if not 0 <= number < np.inf:
        raise ValueError(f"{name} must be a number, at least 0 and finite, got {value!r}")
    return number
