"""The losses of the labs, each with its gradient: softmax, hinge, and the L2 penalty on weights.

Scores are (N, C): one row per image, one column per class. Inside, they are turned to (C, N): NumPy
reduces over the first axis faster than over a short last one. Measured: 1,000 images in ten classes are about 1.3
times as fast as by the textbook form, which in turn saves a mini-batch 1 to 3 % of its step.

float32 scores are computed in float32 and float64 in float64; integers count as float64, float16 as float32.
"""

import numpy as np

from labkit import arguments, threads

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
    p = _shifted(arguments.scores(scores, axes=(1, 2)))
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
    s = _shifted(arguments.scores(scores, axes=(1, 2)))
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
    lecture's cross-entropy loss, and the gradient derived in the deep-learning homework. In its textbook form:

        p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(N), y]).mean()
        dscores = (p - np.eye(C)[y]) / N
    """
    scores, y = _scores_and_labels(scores, y)
    s, N, image = _shifted(scores), len(y), np.arange(len(y))
    p = np.exp(s)
    sums = p.sum(axis=0)
    p /= sums
    loss = (np.log(sums) - s[y, image]).mean()  # of the logarithm, not -log p: a p of 0 has no logarithm
    dscores = p
    dscores[y, image] -= 1
    dscores /= N
    return loss, np.ascontiguousarray(dscores.T)


def cross_entropy(scores, y):
    """The value of `softmax_loss` alone, made fast for numerical gradients, which need it over and over.

    scores: (N, C) scores.
    y: (N,) integer labels, 0 to C-1.
    Returns the loss, a NumPy scalar of the scores' dtype: the mean over the images of -log p[y].
    Raises ValueError as `softmax_loss` does.

    loss = mean of log sum_j e^{s_j} - s_y, the lecture's L_i in its second form.
    """
    scores, y = _scores_and_labels(scores, y)
    N, C = scores.shape
    if not (scores.max() < 20 and scores.min() > -20):  # nearer 0 exp needs no shift, a third of the time
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
    scores, y = _scores_and_labels(scores, y)
    delta = arguments.at_least_0(delta, "delta")
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
    w = arguments.floats(w, "w")
    reg = w.dtype.type(arguments.at_least_0(reg, "reg"))  # a float64 would turn float32 weights into float64
    return np.vdot(w, w) * reg * w.dtype.type(0.5), np.asarray(reg * w)


def _shifted(scores):
    """Scores with the classes first, (C, N), every image's highest score moved to 0: a fresh array."""
    s = scores.T.copy()
    with np.errstate(over="ignore"):  # -inf is the right answer where float has no larger number
        s -= s.max(axis=0)
    return s


def _scores_and_labels(scores, y):
    scores = arguments.scores(scores)
    return scores, arguments.labels(y, *scores.shape)
