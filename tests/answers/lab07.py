"""Answers to lab 7 that no edit of the right answer expresses, laid out as in lab05.py."""

import functools
import runpy
from pathlib import Path

from written import enter, stubs

MORE = runpy.run_path(str(Path(__file__).parent / "more" / "lab07.py"))
NOTEBOOK = "07_convnet.ipynb"

SIGNATURES = {
    "convnet_gradients": "X, y, W1, b1, W2, b2, reg=0.0",
    "most_exciting": "maps, k=9",
    "occlusion_drops": "probability, image, patch, stride, fill=0.0",
    "class_accuracies": "y, predicted, C",
    "mirror_and_shift": "X, rng, most=4",
    "warm_cosine": "t, warm=0.2",
}
CHECKS = {name: f"check.{name}({name})" for name in SIGNATURES} | MORE["CHECKS"]
STUBS = stubs(SIGNATURES) | MORE["STUBS"]
SETUP = "import numpy as np\nfrom labkit import layers, losses, networks\n" + MORE["SETUP"]
RIGHT, WRONG = dict(MORE["RIGHT"]), dict(MORE["WRONG"])


_all = functools.partial(enter, (SIGNATURES, RIGHT, WRONG))

SANDWICHES = """
h, first = layers.conv_relu_pool_forward(X, W1, b1)
scores, second = layers.affine_forward(h, W2, b2)
loss, dscores = losses.softmax_loss(scores, y)
dh, dW2, db2 = layers.affine_backward(dscores, second)
dX, dW1, db1 = layers.conv_relu_pool_backward(dh, first)
"""
_all(
    "convnet_gradients",
    {
        "sandwiches": SANDWICHES
        + """
dW1 += reg * W1
dW2 += reg * W2
loss += 0.5 * reg * ((W1 ** 2).sum() + (W2 * W2).sum())
return loss, dict(W1=dW1, W2=dW2, b1=db1, b2=db2)""",
        "the penalty from labkit": SANDWICHES
        + """
grads = {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
for name, W in [("W1", W1), ("W2", W2)]:
    penalty, dpenalty = losses.l2_penalty(W, reg)
    loss, grads[name] = loss + penalty, grads[name] + dpenalty
return loss, grads""",
        "pooled first, then ReLU": """
a, c1 = layers.conv_forward(X, W1, b1, stride=1, pad=(W1.shape[-1] - 1) // 2)
p, c2 = layers.max_pool_forward(a, 2, 2)
r, c3 = layers.relu_forward(p)
s, c4 = layers.affine_forward(r, W2, b2)
loss, d = losses.softmax_loss(s, y)
d, dW2, db2 = layers.affine_backward(d, c4)
d = layers.max_pool_backward(layers.relu_backward(d, c3), c2)
d, dW1, db1 = layers.conv_backward(d, c1)
loss = loss + reg * np.sum(W1 ** 2) / 2 + reg * np.sum(W2 ** 2) / 2
return loss, {"W1": dW1 + reg * W1, "b1": db1, "W2": dW2 + reg * W2, "b2": db2}""",
        "conv and ReLU in one": """
a, c1 = layers.conv_relu_forward(X, W1, b1)
p, c2 = layers.max_pool_forward(a, 2)
s, c3 = layers.affine_forward(p, W2, b2)
loss, d = losses.softmax_loss(s, y)
d, dW2, db2 = layers.affine_backward(d, c3)
_, dW1, db1 = layers.conv_relu_backward(layers.max_pool_backward(d, c2), c1, inputs=False)
loss += reg / 2 * sum(np.vdot(W, W) for W in (W1, W2))
return [float(loss), {"W1": dW1 + reg * W1, "W2": dW2 + reg * W2, "b1": db1, "b2": db2}]""",
        "a list of steps": """
h, caches = X, []
for forward, args in [(layers.conv_forward, (W1, b1, 1, W1.shape[3] // 2)), (layers.relu_forward, ()),
                      (layers.max_pool_forward, (2,)), (layers.affine_forward, (W2, b2))]:
    h, cache = forward(h, *args)
    caches.append(cache)
loss, d = losses.softmax_loss(h, y)
d, dW2, db2 = layers.affine_backward(d, caches.pop())
d = layers.relu_backward(layers.max_pool_backward(d, caches.pop()), caches.pop())
_, dW1, db1 = layers.conv_backward(d, caches.pop())
for W, dW in [(W1, dW1), (W2, dW2)]:
    loss = loss + np.sum(W ** 2) * reg / 2
    dW += reg * W
return loss, {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}""",
        "without the layers": """
from numpy.lib.stride_tricks import sliding_window_view
N, k = len(X), W1.shape[2] // 2
windows = sliding_window_view(np.pad(X, ((0, 0), (0, 0), (k, k), (k, k))), W1.shape[2:], axis=(2, 3))
a = np.einsum("ncijpq,fcpq->nfij", windows, W1) + b1[:, None, None]
blocks = np.maximum(a, 0).reshape(N, len(W1), X.shape[2] // 2, 2, X.shape[3] // 2, 2)
pooled = blocks.max(axis=(3, 5))
s = pooled.reshape(N, -1) @ W2 + b2
p = np.exp(s - s.max(1, keepdims=True))
p /= p.sum(1, keepdims=True)
loss = -np.log(p[range(N), y]).mean() + reg / 2 * (np.sum(W1**2) + np.sum(W2**2))
p[range(N), y] -= 1
dblocks = ((p / N) @ W2.T).reshape(pooled.shape)[:, :, :, None, :, None] * (blocks == pooled[:, :, :, None, :, None])
da = dblocks.reshape(a.shape) * (a > 0)
dW1 = np.einsum("ncijpq,nfij->fcpq", windows, da)
dW2 = pooled.reshape(N, -1).T @ p / N
return loss, {"W1": dW1 + reg * W1, "b1": da.sum((0, 2, 3)), "W2": dW2 + reg * W2, "b2": p.mean(0)}""",
    },
    {
        "labkit's network": (
            "return networks.two_layer_convnet(X, dict(W1=W1, b1=b1, W2=W2, b2=b2), y, reg)",
            20,
            "ready-made answer (labkit.networks.convnets.two_layer_convnet",
        ),
        "no padding": ((("1, W1.shape[2] // 2)", "1, 0)"),), 20, "raises ValueError"),
        "padding of 1 for any filter": ((("W1.shape[2] // 2", "1"),), 20, "raises ValueError"),
        "a cache mixed up": ((("dactive, relu_cache", "dactive, maps * 0 + 1"),), 3, "ReLU is missing on the way back"),
        "no gradients": ("return 1.0", 20, "does not return (loss, grads)"),
        "two slips": (
            (("reg / 2", "reg"), ("dactive, relu_cache)", "dactive, maps < np.inf)")),
            4.5,
            "the factor ½ of the penalty is missing",
        ),
        "W1 is penalised in place": (
            (("    loss = loss", "    W1 *= 1.5\n    W1 /= 1.5\n    loss = loss"),),
            1,
            "W1 is changed in place",
        ),
        "a name is missing": (((', "b2": db2', ""),), 14, "does not return (loss, grads)"),
        "the loss of one image": ((("return loss,", "return loss + 1,"),), 20, "the value is not right"),
    },
)

_all(
    "most_exciting",
    {
        "unravel_index": """
peaks = maps.reshape(len(maps), -1).max(1)
which = np.argsort(peaks)[::-1][:k]
rows, columns = np.unravel_index([maps[n].argmax() for n in which], maps.shape[1:])
return which, rows, columns""",
        "argpartition": """
peaks = np.max(maps, axis=(-2, -1))
some = np.argpartition(-peaks, k - 1)[:k]
some = some[np.argsort(-peaks[some])]
rows, columns = maps[some].max(2).argmax(1), maps[some].max(1).argmax(1)
return some, rows, columns""",
        "sorted, a loop": """
order = sorted(range(len(maps)), key=lambda n: maps[n].max(), reverse=True)[:k]
places = [divmod(int(maps[n].argmax()), maps.shape[2]) for n in order]
return np.array(order), np.array([r for r, c in places]), np.array([c for r, c in places])""",
        "a list of arrays": """
order = np.argsort(maps.max(2).max(1), kind="stable")[-k:][::-1]
best = maps[order].reshape(k, -1).argmax(-1)
return [order, best // maps.shape[-1], best % maps.shape[-1]]""",
        "one at a time": """
peaks, found = maps.max((1, 2)).astype(float), []
for _ in range(k):
    n = peaks.argmax()
    peaks[n] = -np.inf
    found.append((n, *np.argwhere(maps[n] == maps[n].max())[0]))
return tuple(np.array(found).T)""",
    },
    {
        "the whole order": ((("(-peaks)[:k]", "(-peaks)"), ("reshape(k", "reshape(len(maps)")), 8, "wrong shape"),
        "only the images": ("return np.argsort(-maps.max((1, 2)))[:k]", 8, "does not return (which, rows, columns)"),
        "sorted in place": (
            "maps.sort(axis=0)\nreturn np.arange(k), np.arange(k), np.arange(k)",
            8,
            "does not depend on maps",
        ),
        "the images themselves": ((("return which", "return maps[which]"),), 8, "wrong shape"),
    },
)

_all(
    "class_accuracies",
    {
        "a loop": "return np.array([np.mean(predicted[y == c] == c) for c in range(C)])",
        "a confusion matrix": """
counts = np.zeros((C, C))
np.add.at(counts, (y, predicted), 1)
return np.diag(counts) / counts.sum(axis=1)""",
        "weights": "return np.bincount(y, weights=(y == predicted), minlength=C) / np.bincount(y, minlength=C)",
        "one-hot": "ones = np.eye(C)[y]\nreturn ((predicted == y) @ ones) / ones.sum(0)",
        "counting": """
right, all_ = [0] * C, [0] * C
for one, other in zip(y, predicted):
    all_[one] += 1
    right[one] += int(one == other)
return np.divide(right, all_)""",
    },
    {
        "a list": ("return [float(np.mean(predicted[y == c] == c)) for c in range(C)]", 6, "a Python list"),
        "one number": ("return np.mean(predicted == y)", 6, "an array of shape (4,) is asked"),
        "ten classes always": (
            (
                ("minlength=C)\n    right", "minlength=10)\n    right"),
                ("predicted == y], minlength=C", "predicted == y], minlength=10"),
            ),
            6,
            "wrong shape",
        ),
    },
)

_all(
    "occlusion_drops",
    {
        "all at once": """
C, H, W = image.shape
places = [(r, c) for r in range(0, H - patch + 1, stride) for c in range(0, W - patch + 1, stride)]
covered = np.repeat(image[None], len(places), axis=0)
for one, (r, c) in zip(covered, places):
    one[:, r:r + patch, c:c + patch] = fill
return (probability(image[None]) - probability(covered)).reshape((H - patch) // stride + 1, -1)""",
        "a mask": """
rows, columns = np.arange(image.shape[1])[:, None], np.arange(image.shape[2])
drops = []
for r in range(0, len(rows) - patch + 1, stride):
    drops.append([])
    for c in range(0, len(columns) - patch + 1, stride):
        hole = (r <= rows) & (rows < r + patch) & (c <= columns) & (columns < c + patch)
        drops[-1].append(probability(image[None])[0] - probability(np.where(hole, fill, image)[None])[0])
return np.array(drops)""",
        "put back": """
image = image.copy()
before = probability(image[None]).item()
down, across = [(size - patch) // stride + 1 for size in image.shape[1:]]
drops = np.zeros((down, across))
for i, j in np.ndindex(down, across):
    square = np.s_[:, i * stride:i * stride + patch, j * stride:j * stride + patch]
    there = image[square].copy()
    image[square] = fill
    drops[i, j] = before - probability(image[np.newaxis])[0]
    image[square] = there
return drops""",
        "while": """
top, drops = 0, []
while top + patch <= image.shape[1]:
    left, row = 0, []
    while left + patch <= image.shape[2]:
        pair = np.array([image, image])
        pair[1, :, top:top + patch, left:left + patch] = fill
        one, other = probability(pair)
        row.append(one - other)
        left += stride
    drops.append(row)
    top += stride
return np.array(drops)""",
        "a row at a time": """
before, drops = probability(image[None]), []
for top in range(0, image.shape[1] - patch + 1, stride):
    lefts = range(0, image.shape[2] - patch + 1, stride)
    covered = np.stack([image] * len(lefts))
    for k, left in enumerate(lefts):
        covered[k, ..., top:top + patch, left:left + patch] = fill
    drops.append(before - probability(covered))
return np.vstack(drops)""",
    },
    {
        "one image, no batch": ((("image[None]", "image"),), 10, "a single one is image[None]"),
        "covered in place": ((("image.copy()", "image"),), 6, "image is changed in place"),
        "the probability changes": (
            (("drops[r, c] = before - probability(covered[None])[0]", "drops[r, c] = before"),),
            10,
            "not right",
        ),
        "one row": ((("return drops", "return drops.ravel()"),), 10, "wrong shape"),
    },
)

_all(
    "mirror_and_shift",
    {
        "reflected at the border": (("(most, most)))", '(most, most)), mode="reflect")'),),
        "slices, no padding": """
out, (H, W) = np.zeros_like(X), X.shape[2:]
for n, image in enumerate(X):
    if rng.integers(2):
        image = np.flip(image, axis=2)
    dy, dx = rng.integers(-most, most, size=2, endpoint=True)
    out[n, :, max(0, dy):H + min(0, dy), max(0, dx):W + min(0, dx)] = image[
        :, max(0, -dy):H - max(0, dy), max(0, -dx):W - max(0, dx)]
return out""",
        "rolled, then blackened": """
out = []
for image in X:
    image = image[..., ::rng.choice([-1, 1])]
    for axis in (1, 2):
        step = int(rng.choice(np.arange(-most, most + 1)))
        image = np.roll(image, step, axis=axis)
        image = np.swapaxes(image, 1, axis).copy()
        if step > 0:
            image[:, :step] = 0
        if step < 0:
            image[:, step:] = 0
        image = np.swapaxes(image, 1, axis)
    out.append(image)
return np.array(out)""",
        "all at once": """
N, C, H, W = X.shape
big = np.pad(X, ((0, 0), (0, 0), (most, most), (most, most)), mode="symmetric")
rows = rng.integers(2 * most + 1, size=(N, 1)) + np.arange(H)
columns = rng.integers(2 * most + 1, size=(N, 1)) + np.arange(W)
columns = np.where(rng.random((N, 1)) > 0.5, columns[:, ::-1], columns)
n, c = np.arange(N)[:, None, None, None], np.arange(C)[:, None, None]
return big[n, c, rows[:, None, :, None], columns[:, None, None]]""",
        "mirrored first, by permutation of draws": """
mirrored = rng.uniform(size=len(X)) < 0.5
Z = np.where(mirrored[:, None, None, None], X[:, :, :, ::-1], X)
Z = np.pad(Z, [(0, 0)] * 2 + [(most, most)] * 2, mode="edge")
down, across = rng.integers(0, 2 * most, (2, len(X)), endpoint=True)
views = np.lib.stride_tricks.sliding_window_view(Z, X.shape[2:], axis=(2, 3))
return views[np.arange(len(X)), :, down, across].copy()""",
        "in float32": """
out = np.zeros(X.shape, np.float32)
for n in range(len(X)):
    r, c = rng.integers(-most, most + 1, 2)
    for i in range(X.shape[2]):
        for j in range(X.shape[3]):
            if 0 <= i + r < X.shape[2] and 0 <= j + c < X.shape[3]:
                out[n, :, i, j] = X[n, :, i + r, j + c]
    if rng.normal() > 0:
        out[n] = out[n, :, :, ::-1].copy()
return out""",
    },
    {
        "random numbers of its own": (
            (("    out = np.empty_like(X)\n", "    out, rng = np.empty_like(X), np.random.default_rng(0)\n"),),
            2,
            "do not come from rng",
        ),
        "in place": ((("out = np.empty_like(X)", "out = X"),), 2, "X is changed in place"),
        "the padded images": (
            "return np.pad(X, ((0, 0), (0, 0), (most, most), (most, most)))",
            12,
            "asked is that of X",
        ),
        "rarely mirrored": ((("rng.random() < 0.5", "rng.random() < 0.1"),), 2, "toss a coin"),
        "nothing": ("return X.copy()", 12, "no image is mirrored or shifted"),
    },
)

_all(
    "warm_cosine",
    {
        "where": "return np.where(t < warm, t / warm, 0.5 + 0.5 * np.cos(np.pi * (t - warm) / (1 - warm)))",
        "math": """
import math
return t / warm if t <= warm else 0.5 * (1 + math.cos(math.pi * (t - warm) / (1 - warm)))""",
        "a squared cosine": "return min(t / warm, 1) if t < warm else np.cos(np.pi / 2 * (t - warm) / (1 - warm)) ** 2",
        "a sine": "u = (t - warm) / (1 - warm)\nreturn t / warm if u < 0 else (1 + np.sin(np.pi * (0.5 - u))) / 2",
        "interp": "down = np.cos(np.interp(t, [warm, 1], [0, np.pi])) / 2 + 1 / 2\nreturn down * min(1, t / warm)",
        "a piece at a time": """
f = t / warm
if f >= 1:
    f = (1 - np.cos(np.pi * (1 - t) / (1 - warm))) / 2
return float(f)""",
    },
    {
        "the wrong share": ((("t < warm", "t < 1 - warm"),), 4, "not right"),
        "warm is written into it": ((("t / warm", "t / 0.2"),), 6, "not right"),
        "nothing returned": ("t / warm", 6, "returns nothing"),
    },
)
