"""Layers: `*_forward(x, ...) -> out, cache` and `*_backward(dout, cache) -> gradients`, in plain NumPy."""

import numpy as np

from labkit import arguments, threads

threads.settle()


def affine_forward(x, w, b):
    """Affine (fully connected) layer: out = x w + b.

    x: (N, ...) images, flattened to rows of D numbers.
    w: (D, M) weights.
    b: (M,) biases.
    Returns out (N, M), and the cache for the backward pass.
    Raises ValueError if the shapes do not fit.
    """
    rows = x.reshape(len(x), -1)
    if w.ndim != 2 or rows.shape[1] != w.shape[0] or b.shape != (w.shape[1],):
        raise ValueError(
            f"shapes do not fit: x has {rows.shape[1]} numbers per image, w is {w.shape}, b is {b.shape}; "
            "expected w (D, M) and b (M,)"
        )
    out = rows @ w
    out += b
    return out, (x, w)


def affine_backward(dout, cache, inputs=True):
    """Gradients of the affine layer.

    dout: (N, M) gradient of the loss with respect to the layer's output.
    cache: from `affine_forward`.
    inputs: False leaves dx out (None), as the first layer of a network does.
    Returns dx shaped like x, dw (D, M), db (M,).
    """
    x, w = cache
    dx = (dout @ w.T).reshape(x.shape) if inputs else None
    return dx, x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)


def relu_forward(x):
    """ReLU: max(0, x) at each entry.

    x: (N, ...).
    Returns out shaped like x, and the cache.
    """
    out = np.maximum(x, 0)
    return out, out


def relu_backward(dout, cache):
    """Gradient of ReLU.

    dout: (N, ...) gradient of the loss with respect to the layer's output.
    cache: what `relu_forward` returned.
    Returns dx, shaped like dout. At exactly 0 the derivative is taken as 0.
    """
    return dout * (cache > 0)


def dropout_forward(x, p, rng):
    """Inverted dropout: each entry is zeroed with probability p, the others are divided by 1 - p.

    x: (N, ...).
    p: share dropped, from 0 up to but not including 1.
    rng: a `np.random.Generator`.
    Returns out shaped like x, and the cache. Its mean over many draws is x, so nothing changes at test time.
    Raises ValueError for another p.
    """
    p = arguments.share(p, "p")
    mask = (rng.random(x.shape, dtype=np.float32) >= p).astype(x.dtype)
    mask /= x.dtype.type(1 - p)
    return x * mask, mask


def dropout_backward(dout, cache):
    """Gradient of dropout.

    dout: (N, ...) gradient of the loss with respect to the layer's output.
    cache: the mask of `dropout_forward`.
    Returns dx, shaped like dout.
    """
    return dout * cache
