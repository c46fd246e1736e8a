"""Lab 7, the ConvNet: the network, and looking into it. Augmentation and schedule are in `lab07_training`."""

import numpy as np

from labkit import layers, losses
from labkit.check.answer import Misuse
from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise
from labkit.check.watch import READY_MADE

# ------------------------------------------------------------------------------------- the network


def convnet_gradients_(X, y, W1, b1, W2, b2, reg=0.0):
    """Loss and gradients of the two-layer ConvNet -> (loss, dict of "W1", "b1", "W2", "b2")."""
    maps, conv_cache = layers.conv_forward(X, W1, b1, 1, W1.shape[2] // 2)
    active, relu_cache = layers.relu_forward(maps)
    pooled, pool_cache = layers.max_pool_forward(active, 2)
    scores, affine_cache = layers.affine_forward(pooled, W2, b2)
    loss, dscores = losses.softmax_loss(scores, y)
    dpooled, dW2, db2 = layers.affine_backward(dscores, affine_cache)
    dactive = layers.max_pool_backward(dpooled, pool_cache)
    dmaps = layers.relu_backward(dactive, relu_cache)
    _, dW1, db1 = layers.conv_backward(dmaps, conv_cache)
    loss = loss + reg / 2 * (np.sum(W1**2) + np.sum(W2**2))
    return loss, {"W1": dW1 + reg * W1, "b1": db1, "W2": dW2 + reg * W2, "b2": db2}


def _networks(rng):
    cases = []
    for (N, C, H, W), F, size, K in [((3, 3, 6, 8), 4, 3, 5), ((1, 2, 4, 4), 3, 5, 3), ((5, 1, 8, 4), 2, 1, 7)]:
        X, W1, b1 = rng.normal(size=(N, C, H, W)), 0.5 * rng.normal(size=(F, C, size, size)), rng.normal(size=F)
        W2, b2 = 0.5 * rng.normal(size=(F * H * W // 4, K)), rng.normal(size=K)
        cases.append((X, rng.integers(0, K, N), W1, b1, W2, b2))
    return cases


_RELU, _BACK = "active, relu_cache = layers.relu_forward(maps)", "layers.relu_backward(dactive, relu_cache)"
_SUMS = "np.sum(W1**2) + np.sum(W2**2)"
_SHARED = "np.repeat(np.repeat(dpooled, 2, 2), 2, 3)"
_BIASES = "the penalty on the biases: only W1 and W2 are penalised"
_MEAN = "divided by N a second time: the mean over the images is in dscores already"

# fmt: off
convnet_gradients = exercise("convnet_gradients", 20, convnet_gradients_, [
    (5, "the loss: forward through all layers", equals(_networks, part=0)),
    (5, "the gradients of the affine layer", equals(_networks, part=[(1, "W2"), (1, "b2")])),
    (6, "the gradients of the convolution", equals(_networks, part=[(1, "W1"), (1, "b1")])),
    (3, "the penalty, on W1 and W2, in the loss and in the gradients",
     equals(_networks, part=[0, *((1, name) for name in ("W1", "b1", "W2", "b2"))], added_by=("reg", 0.7))),
    (1, "X, y and the parameters are left as they were", unchanged(_networks)),
], mistakes=[
    ("ReLU is missing, forward and backward", (_RELU, "active = maps"), (_BACK, "dactive")),
    ("ReLU is missing on the way back: no gradient comes through where it gave 0", (_BACK, "dactive")),
    ("ReLU on the scores too: they may be negative", ("softmax_loss(scores", "softmax_loss(np.maximum(0, scores)")),
    ("the mean of each window, where its largest number is asked", ("max_pool_", "avg_pool_", 2)),
    ("the way back through the pooling gives dout to the whole window",
     (f"layers.max{'_'}pool_backward(dpooled, pool_cache)", _SHARED)),
    ("the hinge loss, where softmax is asked", ("softmax_loss", "svm_loss")),
    ("b1 is not used", ("W1, b1, 1", "W1, 0 * b1, 1")),
    ("b2 is not used", ("W2, b2)", "W2, 0 * b2)")),
    (_MEAN, ("affine_backward(dscores,", "affine_backward(dscores / len(X),")),
    (_MEAN, ("conv_backward(dmaps,", "conv_backward(dmaps / len(X),")),
    ("a sum over the images: softmax_loss has taken their mean", ("    loss = loss", "    loss = len(X) * loss")),
    ("the penalty is missing in the loss: reg changes nothing", (f"reg / 2 * ({_SUMS})", "0")),
    ("the factor ½ of the penalty is missing in the loss", ("reg / 2", "reg")),
    ("only W1 is penalised in the loss", (_SUMS, "np.sum(W1**2)")),
    ("only W2 is penalised in the loss", (_SUMS, "np.sum(W2**2)")),
    ("the penalty is not squared", (_SUMS, "np.sum(W1) + np.sum(W2)")),
    ("the penalty is divided by N: it is no mean over images", ("reg / 2", "reg / 2 / len(X)")),
    (_BIASES, (_SUMS, f"{_SUMS} + np.sum(b1**2) + np.sum(b2**2)")),
    (_BIASES, ('"b1": db1', '"b1": db1 + reg * b1')),
    (_BIASES, ('"b2": db2', '"b2": db2 + reg * b2')),
    ("the penalty is missing in the gradient of W1", (" + reg * W1", "")),
    ("the penalty is missing in the gradient of W2", (" + reg * W2", "")),
    ("the penalty counts twice in the gradients: its 2 and the ½ cancel", ("+ reg * W", "+ 2 * reg * W", 2)),
], returns='(loss, grads), with grads a dict that has "W1", "b1", "W2" and "b2"',
ready_made=(*READY_MADE, "!labkit.layers*", "!labkit.losses*", "!labkit.arguments*", "!labkit.threads*"))
# fmt: on

# ------------------------------------------------------------------------------ what a filter looks for


def most_exciting_(maps, k=9):
    """The k images that excite a filter most, and where: its maps (N, H, W) -> which, rows, columns."""
    peaks = maps.max(axis=(1, 2))
    which = np.argsort(-peaks)[:k]
    places = maps[which].reshape(k, -1).argmax(axis=1)
    rows, columns = np.divmod(places, maps.shape[2])
    return which, rows, columns


def _maps(rng):
    cases = [(rng.normal(size=(12, 4, 7)), 5), (np.maximum(0, rng.normal(size=(40, 6, 3)) - 0.5), 9)]
    return [*cases, (-1 - rng.random((9, 5, 5)), 3), (rng.normal(size=(1200, 3, 4)).astype(np.float32), 1)]


_ORDER = "np.argsort(-peaks)[:k]"

# fmt: off
most_exciting = exercise("most_exciting", 8, most_exciting_, [
    (5, "the numbers of the k images, the most excited first", equals(_maps, part=0)),
    (1, "the row of the largest number in each", equals(_maps, part=1)),
    (1, "the column of the largest number in each", equals(_maps, part=2)),
    (1, "maps is left as it was", unchanged(_maps)),
], mistakes=[
    ("the least excited: argsort begins with the smallest", (_ORDER, "np.argsort(peaks)[:k]")),
    ("the right images, the most excited last", (_ORDER, "np.argsort(peaks)[-k:]")),
    ("the mean of a map, where its largest number is asked", (".max(axis=(1, 2))", ".mean(axis=(1, 2))")),
    ("the sum of a map, where its largest number is asked", (".max(axis=(1, 2))", ".clip(0).sum(axis=(1, 2))")),
    ("the smallest number of a map, where the largest is asked", (".max(axis=(1, 2))", ".min(axis=(1, 2))")),
    ("the largest absolute value: a filter that finds the opposite is not excited", ("maps.max(", "abs(maps).max(")),
    ("k is written into it", ("[:k]", "[:9]"), ("reshape(k", "reshape(len(which)")),
    ("row and column are exchanged", ("return which, rows, columns", "return which, columns, rows")),
    ("divided by the number of rows: a row has as many numbers as there are columns", ("shape[2])", "shape[1])")),
    ("the places are those in the first images, not in the ones that were chosen", ("maps[which]", "maps[:k]")),
    ("the largest numbers themselves: the numbers of the images are asked", ("return which", "return peaks[which]")),
], returns="(which, rows, columns)")
# fmt: on

# ------------------------------------------------------------------------------------ accuracy by class


def class_accuracies_(y, predicted, C):
    """The share of each class's images that is recognised: y, predicted (N,) -> (C,)."""
    images = np.bincount(y, minlength=C)
    right = np.bincount(y[predicted == y], minlength=C)
    return right / images


def _predictions(rng):
    cases = []
    for C, N, kind in [(4, 30, np.int64), (10, 1100, np.uint8), (3, 12, np.int32)]:
        y = rng.permutation(np.append(np.arange(C), rng.integers(0, C, N) // 2))
        cases.append((y.astype(kind), np.where(rng.random(len(y)) < 0.6, y, rng.integers(0, C, len(y))), C))
    return [*cases, (np.array([0, 1, 1, 2, 3]), np.array([1, 1, 0, 2, 2]), 4)]


# fmt: off
class_accuracies = exercise("class_accuracies", 6, class_accuracies_, [
    (5, "the share of each class's images that is recognised", equals(_predictions)),
    (1, "y and predicted are left as they were", unchanged(_predictions)),
], mistakes=[
    ("divided by all images: each class is divided by its own", ("right / images", "right / len(y)")),
    ("divided by how often a class was predicted: of the images of the class is asked",
     ("np.bincount(y, ", "np.maximum(1, np.bincount(predicted, "), ("C)\n    right", "C))\n    right")),
    ("the share that is wrong", ("predicted == y", "predicted != y")),
    ("the number of images, where a share is asked", ("right / images", "right")),
    ("the share of each class among the images: nothing is compared", ("right / images", "images / len(y)"),
     {"keeps": 0}),
    ("the accuracy of all images, for every class", ("right / images", "np.full(C, right.sum() / images.sum())")),
    ("the share of each class among the images that are right", ("right / images", "right / right.sum()")),
    ("a percentage: a share is asked, from 0 to 1", ("right / images", "100 * right / images")),
])
# fmt: on

# --------------------------------------------------------------------------------------- occlusion


def occlusion_drops_(probability, image, patch, stride, fill=0.0):
    """How much the probability falls with a square covered: image (C, H, W) -> (rows, columns) of the places."""
    tops = range(0, image.shape[1] - patch + 1, stride)
    lefts = range(0, image.shape[2] - patch + 1, stride)
    before = probability(image[None])[0]
    drops = np.empty((len(tops), len(lefts)))
    for r, top in enumerate(tops):
        for c, left in enumerate(lefts):
            covered = image.copy()
            covered[:, top : top + patch, left : left + patch] = fill
            drops[r, c] = before - probability(covered[None])[0]
    return drops


def _seers(rng):
    """A "network" with a weight for each pixel, and what is to be covered."""
    cases = []
    for (C, H, W), patch, stride, fill in [((3, 7, 9), 3, 2, 0.5), ((1, 6, 5), 2, 1, 0.0), ((2, 8, 6), 4, 2, -1.0)]:
        w = rng.normal(size=(C, H, W)) / 3

        def probability(images, w=w):
            if np.ndim(images) != 4:
                raise Misuse("probability takes several images, (N, C, H, W): a single one is image[None]")
            return 1 / (1 + np.exp(-np.sum(images * w, axis=(1, 2, 3))))

        cases.append((probability, rng.normal(size=(C, H, W)), patch, stride, fill))
    return cases


_CELL, _BEFORE = "covered[:, top : top + patch, left : left + patch]", "before = probability(image[None])[0]"

# fmt: off
occlusion_drops = exercise("occlusion_drops", 10, occlusion_drops_, [
    (8, "what is lost at each place", equals(_seers)),
    (2, "image is left as it was", unchanged(_seers)),
], mistakes=[
    ("the sign: a drop is before minus after", ("before - probability", "-before + probability")),
    ("the probability with the square, where its fall is asked", ("before - probability", "probability"),
     {"keeps": 0.25}),
    ("the quotient, where the difference is asked", ("before - p", "before / p")),
    ("the share that is lost, where the difference is asked", ("(covered[None])[0]", "(covered[None])[0] / before"),
     ("before - p", "1 - p")),
    ("the earlier squares stay covered: begin with a fresh copy at each place",
     ("            covered = image.copy()\n", ""), (_BEFORE, _BEFORE + "\n    covered = image.copy()")),
    ("fill is not used: 0 is written", ("= fill", "= 0")),
    ("only the first channel is covered", (_CELL, _CELL.replace(":,", "0,", 1))),
    ("stride is ignored: it is how far the square moves from place to place", ("1, stride)", "1)", 2)),
    ("the square moves by its own size: it moves by stride", ("1, stride)", "1, patch)", 2)),
    ("the last place is missing: H - patch + 1 of them fit", ("- patch + 1", "- patch", 2)),
    ("squares that stick out at the edge are counted too", (" - patch + 1", "", 2)),
    ("the square is a pixel too small", ("+ patch,", "+ patch - 1,"), ("+ patch]", "+ patch - 1]")),
    ("everything else is covered, and the square is left", (_CELL + " = fill",
     "covered[:] = fill\n            " + _CELL + " = image[:, top : top + patch, left : left + patch]")),
    ("rows and columns are exchanged in the result", ("return drops", "return drops.T")),
])
# fmt: on
