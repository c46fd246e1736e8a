"""Lab 4, the softmax gradient image by image, the plot of a batch's error, and the questions on the way."""

import numpy as np

from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise
from labkit.check.question import question
from labkit.check.two_curves import two_curves

# ------------------------------------------------------------------------------- gradient in loops


def softmax_gradient_loops_(X, W, y):
    """Mean softmax loss and its gradient, image by image: X (N, D), W (D, C), y (N,) -> (loss, dW)."""
    N, C = len(X), W.shape[1]
    loss, dW = 0.0, np.zeros(W.shape)
    for i in range(N):
        scores = X[i] @ W
        scores = scores - scores.max()
        p = np.exp(scores) / np.exp(scores).sum()
        loss = loss - np.log(p[y[i]])
        for k in range(C):
            dW[:, k] += (p[k] - (k == y[i])) * X[i]
    return loss / N, dW / N


def _few(rng):
    sizes = [(5, 4, 3), (1, 3, 2), (7, 2, 12), (4, 4, 4), (9, 6, 5), (130, 3, 4)]
    types = 2 * [np.int64, np.int32, np.uint8]
    cases = [
        (rng.normal(size=(n, d)), rng.normal(size=(d, c)), rng.integers(0, c, n).astype(dtype))
        for (n, d, c), dtype in zip(sizes, types)
    ]
    X, W, y = cases[0]
    return cases + [(X.astype(np.float32), W.astype(np.float32), y), (X, 0 * W, y)]


_FACTOR, _LOG = "(p[k] - (k == y[i]))", "np.log(p[y[i]])"

# fmt: off
softmax_gradient_loops = exercise("softmax_gradient_loops", 7, softmax_gradient_loops_, [
    (4, "the gradient of the mean loss with respect to W", equals(_few, part=1)),
    (2, "the loss: the mean over the images of -log p(right class)", equals(_few, part=0)),
    (1, "X, W and y are left as they were", unchanged(_few)),
], mistakes=[
    ("the mean is missing: divide the sum over the images by N", ("dW / N", "dW")),
    ("divided by N once too often", ("dW / N", "dW / N**2")),
    ("divided by the number of classes too: the mean is over the images", ("dW / N", "dW / N / C")),
    ("the sign: the gradient points uphill", ("dW / N", "-dW / N")),
    ("the 1 is not subtracted: it is the probability minus 1 for the right class", (_FACTOR, "p[k]")),
    ("1 is added for the right class, where it is subtracted", (_FACTOR, "(p[k] + (k == y[i]))")),
    ("only the right class gets a gradient: the scores of all others move the loss too",
     (_FACTOR, "(k == y[i]) * (p[k] - 1)")),
    ("the right class gets no gradient", (_FACTOR, "(k != y[i]) * p[k]")),
    ("the scores stand where the probabilities belong", (_FACTOR, "(scores[k] - (k == y[i]))"), {"keeps": 0}),
    ("exp of the scores, not divided by its sum over the classes: these are no probabilities",
     (_FACTOR, "(np.exp(scores[k]) - (k == y[i]))")),
    ("the images do not add up: += adds, = overwrites", ("dW[:, k] +=", "dW[:, k] =")),
    ("off by one: the classes are counted from 0", (_FACTOR, ["(p[k] - (k == int(y[i]) - 1))",
     "(p[k] - (k == int(y[i]) + 1))"])),
    # the loss
    ("the sign: log p is negative, the loss is minus its mean", ("loss - np.log", "loss + np.log")),
    ("a sum where a mean over the images is asked", ("loss / N", "loss")),
    ("probability instead of log-probability: the log is missing", (_LOG, "p[y[i]]")),
    ("the most probable class: the loss takes the right one", (_LOG, "np.log(p.max())")),
    ("the losses of all classes are added: only that of the right class counts", (_LOG, "np.log(p).sum()")),
    ("a logarithm to another base: the natural one is asked", (_LOG, ["np.log2(p[y[i]])", "np.log10(p[y[i]])"])),
    ("only the last image counts: add the losses up", ("loss = loss - ", "loss = -")),
], returns="(loss, dW)")
# fmt: on

# ----------------------------------------------------------------------------------- plot, questions

batch_plot = two_curves(
    "batch_plot",
    6,
    "the measured errors against the number of images",
    "the law of the square root beside them, in the same axes",
    ("the errors", "the law"),
    along=(("image", "batch", "size", "bilder"), ("error", "distance", "relative", "fehler")),
    told=(("measured", "error", "draw", "gemessen"), ("law", "root", "√", "sqrt", "1/", "gesetz")),
    data=("cifar", "stand-?in"),
)

longer_step = question(
    "longer_step",
    0,
    4096,
    {
        64: "the gradient is 64 times smaller, and a step of the weights moves the scores 64 times less: both count",
        8: "dividing enters twice, it is a square, not a root",
        128: "the two factors of 64 multiply",
        1 / 64: "smaller pixels allow longer steps, not shorter ones",
        1 / 4096: "the other way round: smaller pixels allow longer steps",
    },
    otherwise="how much smaller is the gradient, and how much less does a step of the weights move the scores?",
)

hinge_unmoved = question(
    "hinge_unmoved",
    1,
    "a",
    {
        "b": "the softmax loss of an image is never 0: its right class never gets the whole probability",
        "c": "margins can be kept, but the softmax loss of an image is never 0: no class gets the whole probability",
        "d": "an image whose margins are all kept costs nothing by the hinge loss, however large they are",
    },
)

hinge_at_zero = question(
    "hinge_at_zero",
    1,
    9,
    {
        10: "the right class is left out of the sum",
        1: "each class that is too close costs 1, and there are several",
        0: "the scores are equal, but a margin of 1 is asked",
        2.302585: "that is the softmax loss",
        90: "the loss is a mean over the images",
        0.9: "the loss sums over the classes and takes the mean over the images alone",
    },
    otherwise="all scores are 0: by how much does each wrong class come too close, and how many are there?",
    within=0.001,
)

more_images = question(
    "more_images",
    0,
    100,
    {
        10: "the error falls with the square root of the number of images",
        1000: "it falls with the square root, not with the cube root",
        20: "the square root of the number has to grow tenfold",
        3.16: "the other way round: the number is the square of the gain",
    },
    otherwise="the error falls as 1 over the square root of the number of images",
    within=0.01,
)
