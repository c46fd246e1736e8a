"""Fully connected networks: linear, two-layer, and of any number of layers. Images are rows, or become rows."""

import numpy as np

from labkit import arguments
from labkit.layers import (
    affine_backward,
    affine_forward,
    affine_relu_backward,
    affine_relu_forward,
    dropout_backward,
    dropout_forward,
)
from labkit.losses import softmax_loss

from .parameters import check_sizes, draw, get, penalise


def init_linear(D, C, scale=1e-3, seed=0, dtype=np.float32):
    """Parameters of a linear classifier: W (D, C) normal, b (C,) zero.

    D: numbers of an image.
    C: classes.
    scale: deviation of the weights.
    seed: of the weights.
    dtype: np.float32 or np.float64.
    Raises ValueError unless D and C are positive whole numbers and scale is at least 0.
    """
    return _init((D, C), scale, seed, dtype, names=[""])


def linear_classifier(X, params, y=None, reg=0.0, loss=softmax_loss):
    """Linear classifier: scores = X W + b.

    X: (N, D), or images that are flattened to it.
    params: W (D, C), b (C,).
    y: (N,) labels or None.
    reg: strength of the penalty ½·reg·ΣW².
    loss: `softmax_loss` or `svm_loss`.
    Returns the scores (N, C) if y is None; else the loss and its gradients, a dict like params.
    Raises ValueError if the shapes do not fit.
    """
    W, b = get(params, "W", "b")
    scores, cache = affine_forward(np.asarray(X), W, b)
    if y is None:
        return scores
    value, dscores = loss(scores, y)
    _, dW, db = affine_backward(dscores, cache, inputs=False)
    grads = {"W": dW, "b": db}
    return value + penalise(params, grads, reg), grads


def init_two_layer_net(D, H, C, scale=None, seed=0, dtype=np.float32):
    """Parameters of a two-layer network: W1 (D, H), b1 (H,), W2 (H, C), b2 (C,); biases zero.

    D: numbers of an image.
    H: hidden units.
    C: classes.
    scale: deviation of the normal weights; None takes sqrt(2 / inputs) for each layer (He et al., 2015).
    seed: of the weights.
    dtype: np.float32 or np.float64.
    Raises ValueError unless the sizes are positive whole numbers and scale is at least 0.
    """
    return _init((D, H, C), scale, seed, dtype)


def two_layer_net(X, params, y=None, reg=0.0):
    """Two-layer network: scores = ReLU(X W1 + b1) W2 + b2, with the softmax loss.

    X: (N, D), or images that are flattened to it.
    params: W1 (D, H), b1 (H,), W2 (H, C), b2 (C,).
    y: (N,) labels or None.
    reg: strength of the penalty.
    Returns the scores (N, C) if y is None; else the loss and its gradients, a dict like params.
    The penalty is ½·reg·(ΣW1² + ΣW2²), the homework's convention; the two-layer exercise has no ½, so its λ is reg / 2.
    Raises ValueError if the shapes do not fit.
    """
    W1, b1, W2, b2 = get(params, "W1", "b1", "W2", "b2")
    h, first = affine_relu_forward(np.asarray(X), W1, b1)
    scores, second = affine_forward(h, W2, b2)
    if y is None:
        return scores
    loss, dscores = softmax_loss(scores, y)
    dh, dW2, db2 = affine_backward(dscores, second)
    _, dW1, db1 = affine_relu_backward(dh, first, inputs=False)
    grads = {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
    return loss + penalise(params, grads, reg), grads


def init_mlp(*sizes, scale=None, seed=0, dtype=np.float32):
    """Parameters of a network of any number of layers: W1, b1, W2, b2, …; biases zero.

    sizes: inputs, hidden units of each hidden layer, classes: `init_mlp(3072, 200, 100, 10)` has three layers.
    scale: deviation of the normal weights; None takes sqrt(2 / inputs) for each layer (He et al., 2015).
    seed: of the weights.
    dtype: np.float32 or np.float64.
    Raises ValueError unless there are at least two sizes, all of them positive whole numbers.
    """
    if len(sizes) < 2:
        raise ValueError(f"sizes must be at least two numbers, inputs and classes, got {sizes}")
    return _init(sizes, scale, seed, dtype)


def mlp(X, params, y=None, reg=0.0, dropout=0.0, rng=None):
    """Fully connected network of any number of layers: affine, then ReLU and affine again for each further one.

    X: (N, D), or images that are flattened to it.
    params: W1, b1, W2, b2, … as from `init_mlp`.
    y: (N,) labels or None.
    reg: strength of the penalty ½·reg·ΣW² over all layers.
    dropout: share of the hidden units left out in training; with y None, at test time, none is.
    rng: a `np.random.Generator` that draws which; a whole number instead draws the same ones at every call, as a
        gradient check needs.
    Returns the scores (N, C) if y is None; else the loss and its gradients, a dict like params.
    Raises ValueError if the shapes do not fit, or dropout is asked for without rng.
    """
    names = [str(i + 1) for i in range(len(params) // 2)] or ["1"]
    pairs = [get(params, "W" + name, "b" + name) for name in names]
    dropping = y is not None and dropout
    if dropping and rng is None:
        raise ValueError("dropout needs rng, a np.random.Generator that draws the units to leave out")
    rng = arguments.seed(rng, "rng") if dropping else None
    h, caches, masks = np.asarray(X), [], []
    for W, b in pairs[:-1]:
        h, cache = affine_relu_forward(h, W, b)
        caches.append(cache)
        if dropping:
            h, mask = dropout_forward(h, dropout, rng)
            masks.append(mask)
    scores, last = affine_forward(h, *pairs[-1])
    if y is None:
        return scores
    loss, dscores = softmax_loss(scores, y)
    dh, *found = affine_backward(dscores, last, inputs=bool(caches))
    grads = {"W" + names[-1]: found[0], "b" + names[-1]: found[1]}
    for name in reversed(names[:-1]):
        dh = dropout_backward(dh, masks.pop()) if dropping else dh
        dh, grads["W" + name], grads["b" + name] = affine_relu_backward(dh, caches.pop(), inputs=name != "1")
    return loss + penalise(params, grads, reg), grads


def _init(sizes, scale, seed, dtype, names=None):
    sizes, rng, params = check_sizes(*sizes), arguments.seed(seed), {}
    for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        name = names[i] if names else str(i + 1)
        params["W" + name] = draw(rng, (inputs, outputs), inputs, scale, dtype)
        params["b" + name] = np.zeros(outputs, dtype)
    return params
