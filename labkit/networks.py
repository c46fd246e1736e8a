"""Networks: `network(X, params, y=None, reg=0.0)` gives scores, or the loss and a dict of gradients.

Parameters are a plain dict of arrays, images are rows. Weights `W…` are penalised by ½·reg·Σw², biases are not.
"""

import numpy as np

from .layers import affine_backward, affine_forward, dropout_backward, dropout_forward, relu_backward, relu_forward
from .losses import l2_penalty, softmax_loss


def init_linear(D, C, scale=1e-3, seed=0, dtype=np.float32):
    """Parameters of a linear classifier: W (D, C) normal with deviation `scale`, b (C,) zero.

    Raises ValueError unless D and C are positive whole numbers and scale is at least 0.
    """
    return _init((D, C), scale, seed, dtype, names=[""])


def linear_classifier(X, params, y=None, reg=0.0, loss=softmax_loss):
    """Linear classifier: scores = X W + b.

    X: (N, D), or images that are flattened to it. params: W (D, C), b (C,). y: (N,) labels or None.
    reg: strength of the penalty. loss: `softmax_loss` or `svm_loss`.
    Returns the scores (N, C) if y is None; else the loss and its gradients, a dict like params.
    Raises ValueError if the shapes do not fit.
    """
    W, b = _get(params, "W", "b")
    scores, cache = affine_forward(np.asarray(X), W, b)
    if y is None:
        return scores
    value, dscores = loss(scores, y)
    penalty, dpenalty = l2_penalty(W, reg)
    _, dW, db = affine_backward(dscores, cache, inputs=False)
    dW += dpenalty
    return value + penalty, {"W": dW, "b": db}


def init_two_layer_net(D, H, C, scale=None, seed=0, dtype=np.float32):
    """Parameters of a two-layer network: W1 (D, H), b1 (H,), W2 (H, C), b2 (C,); biases zero.

    scale: deviation of the normal weights; None takes sqrt(2 / inputs) for each layer (He et al., 2015).
    """
    return _init((D, H, C), scale, seed, dtype)


def two_layer_net(X, params, y=None, reg=0.0):
    """Two-layer network: scores = ReLU(X W1 + b1) W2 + b2, with the softmax loss.

    X: (N, D), or images that are flattened to it. params: W1 (D, H), b1 (H,), W2 (H, C), b2 (C,).
    Returns the scores (N, C) if y is None; else the loss and its gradients, a dict like params.
    The penalty is ½·reg·(ΣW1² + ΣW2²), the homework's convention; the two-layer exercise has no ½, so its λ is reg / 2.
    Raises ValueError if the shapes do not fit.
    """
    W1, b1, W2, b2 = _get(params, "W1", "b1", "W2", "b2")
    a, first = affine_forward(np.asarray(X), W1, b1)
    h, active = relu_forward(a)
    scores, second = affine_forward(h, W2, b2)
    if y is None:
        return scores
    loss, dscores = softmax_loss(scores, y)
    dh, dW2, db2 = affine_backward(dscores, second)
    _, dW1, db1 = affine_backward(relu_backward(dh, active), first, inputs=False)
    loss += _penalise(((W1, dW1), (W2, dW2)), reg)
    return loss, {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


def init_mlp(*sizes, scale=None, seed=0, dtype=np.float32):
    """Parameters of a network of any number of layers: W1, b1, W2, b2, …; biases zero.

    sizes: inputs, hidden units of each hidden layer, classes: `init_mlp(3072, 200, 100, 10)` has three layers.
    scale: deviation of the normal weights; None takes sqrt(2 / inputs) for each layer (He et al., 2015).
    Raises ValueError unless there are at least two sizes, all of them positive whole numbers.
    """
    if len(sizes) < 2:
        raise ValueError(f"sizes must be at least two numbers, inputs and classes, got {sizes}")
    return _init(sizes, scale, seed, dtype)


def mlp(X, params, y=None, reg=0.0, dropout=0.0, rng=None):
    """Fully connected network of any number of layers: affine, then ReLU and affine again for each further one.

    X: (N, D), or images that are flattened to it. params: W1, b1, W2, b2, … as from `init_mlp`.
    dropout: share of the hidden units left out in training; with y None, at test time, none is.
    rng: a `np.random.Generator` that draws which; a whole number instead draws the same ones at every call, as a
    gradient check needs.
    Returns the scores (N, C) if y is None; else the loss and its gradients, a dict like params.
    The penalty is ½·reg·ΣW² over all layers.
    Raises ValueError if the shapes do not fit, or dropout is asked for without rng.
    """
    names = [str(i + 1) for i in range(len(params) // 2)]
    weights = _get(params, *(letter + name for name in names or ["1"] for letter in "Wb"))
    if y is not None and dropout:
        if rng is None:
            raise ValueError("dropout needs rng, a np.random.Generator that draws the units to leave out")
        rng = np.random.default_rng(rng)
    h, caches = np.asarray(X), []
    for layer, (W, b) in enumerate(zip(weights[::2], weights[1::2])):
        active = mask = None
        if layer:
            h, active = relu_forward(h)
            if y is not None and dropout:
                h, mask = dropout_forward(h, dropout, rng)
        h, cache = affine_forward(h, W, b)
        caches.append((active, mask, cache))
    if y is None:
        return h
    loss, dout = softmax_loss(h, y)
    grads = {}
    for name, (active, mask, cache) in zip(reversed(names), reversed(caches)):
        dout, grads["W" + name], grads["b" + name] = affine_backward(dout, cache, inputs=active is not None)
        if mask is not None:
            dout = dropout_backward(dout, mask)
        if active is not None:
            dout = relu_backward(dout, active)
    loss += _penalise([(W, grads["W" + name]) for name, W in zip(names, weights[::2])], reg)
    return loss, grads


def _penalise(pairs, reg):
    """Add each weight's part of the penalty to its gradient, in place; returns the penalty of all."""
    total = 0
    for W, dW in pairs if reg != 0 else ():
        penalty, dpenalty = l2_penalty(W, reg)
        total += penalty
        dW += dpenalty
    return total


def _init(sizes, scale, seed, dtype, names=None):
    for size in sizes:
        if isinstance(size, bool) or int(size) != size or size < 1:
            raise ValueError(f"the sizes of a network must be positive whole numbers, got {sizes}")
    if scale is not None and not 0 <= scale < np.inf:
        raise ValueError(f"scale must be a number, at least 0, got {scale!r}")
    rng, params = np.random.default_rng(seed), {}
    for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        name = names[i] if names else str(i + 1)
        deviation = np.sqrt(2 / inputs) if scale is None else scale
        params["W" + name] = (deviation * rng.standard_normal((inputs, outputs))).astype(dtype)
        params["b" + name] = np.zeros(outputs, dtype)
    return params


def _get(params, *names):
    missing = [name for name in names if name not in params]
    if missing:
        raise ValueError(
            f"params must have the arrays {', '.join(names)}; {', '.join(missing)} missing, got {sorted(params)}"
        )
    return [params[name] for name in names]
