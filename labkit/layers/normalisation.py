"""Batch, layer and group normalisation: one derivation, over different axes.

Each takes features (N, D) or images (N, C, H, W), makes the numbers of a group mean 0 and variance 1, and then scales
and shifts every feature (channel) by its own gamma and beta. The three differ in what a group is: one feature in all
images of the batch; all features of one image; or a few channels of one image.
"""

import numpy as np

from .sharing import share_out

AT_ONCE = 1 << 15  # rows at a time: with fewer, threads wait for each other more than they compute


def batchnorm_forward(x, gamma, beta, running_mean=None, running_var=None, train=True, momentum=0.9, epsilon=1e-5):
    """Batch normalisation: each feature (channel) over the images of the batch.

    x: (N, D), or (N, C, H, W), where a channel's mean is over all its pixels.
    gamma, beta: (D,) or (C,) scale and shift.
    running_mean, running_var: (D,) or (C,) averages over the batches so far, changed in place in training.
    train: False, at test time, takes the running averages instead of the batch's mean and variance.
    momentum: of the averages: running = momentum · running + (1 − momentum) · batch.
    epsilon: added to the variance before the root.
    The variance is divided by the number of values (not one less), in the running average too.
    Returns out shaped like x, and the cache. Raises ValueError if the shapes do not fit, or at test time without them.

    out = gamma · (x − mean) / sqrt(var + epsilon) + beta     (Ioffe and Szegedy, 2015)
    """
    x, gamma, beta = _check(x, gamma, beta)
    rows = _rows(x)
    if train:
        mean = _column_means(lambda r: r, rows)
        var = _column_means(lambda r: np.square(r - mean), rows)
        for running, batch in ((running_mean, mean), (running_var, var)):
            if running is not None:
                running *= momentum
                running += (1 - momentum) * batch
    elif running_mean is None or running_var is None:
        raise ValueError("at test time (train=False) batch normalisation needs running_mean and running_var")
    else:
        mean, var = np.array(running_mean, x.dtype), np.array(running_var, x.dtype)
    inverse = 1 / np.sqrt(var + x.dtype.type(epsilon))
    scale = gamma * inverse
    out = _row_by_row(lambda out, r: np.add(np.multiply(r, scale, out=out), beta - mean * scale, out=out), rows)
    return _as(x.shape, out), (rows, mean, inverse, gamma, train)


def batchnorm_backward(dout, cache):
    """Gradients of batch normalisation.

    dout: gradient of the loss with respect to the layer's output, shaped like it.
    cache: from `batchnorm_forward`; if it ran with train=False, its mean and variance count as constants.
    Returns dx shaped like x, dgamma and dbeta (D,) or (C,).
    """
    rows, mean, inverse, gamma, train = cache
    drows = _rows(dout)
    along = _column_means(lambda d, r: d * (r - mean), drows, rows) * inverse  # mean of dout · normal
    dmean, scale = _column_means(lambda d: d, drows), gamma * inverse
    slope, level = (scale * along * inverse, scale * dmean) if train else (np.zeros_like(scale), np.zeros_like(scale))

    def through(dx, d, r):
        np.multiply(d, scale, out=dx)  # gamma / deviation · (dout − mean of dout − normal · mean of dout · normal)
        dx -= (r - mean) * slope
        dx -= level

    dx = _row_by_row(through, drows, rows)
    return _as(dout.shape, dx), along * len(rows), dmean * len(rows)


def layernorm_forward(x, gamma, beta, epsilon=1e-5):
    """Layer normalisation: all features (channels and pixels) of one image, in training and at test time alike.

    x: (N, D) or (N, C, H, W).
    gamma, beta: (D,) or (C,) scale and shift.
    epsilon: added to the variance before the root.
    Returns out shaped like x, and the cache. Raises ValueError if the shapes do not fit.

    out = gamma · (x − mean) / sqrt(var + epsilon) + beta     (Ba, Kiros and Hinton, 2016)
    """
    return groupnorm_forward(x, gamma, beta, 1, epsilon)


def layernorm_backward(dout, cache):
    """Gradients of layer normalisation.

    dout: gradient of the loss with respect to the layer's output, shaped like it.
    cache: from `layernorm_forward`.
    Returns dx shaped like x, dgamma and dbeta (D,) or (C,).
    """
    return _backward(dout, cache)


def groupnorm_forward(x, gamma, beta, groups, epsilon=1e-5):
    """Group normalisation: each group of neighbouring channels (features) of one image.

    x: (N, D) or (N, C, H, W).
    gamma, beta: (D,) or (C,) scale and shift.
    groups: how many; it must divide the number of channels (features).
    epsilon: added to the variance before the root.
    Returns out shaped like x, and the cache. Raises ValueError if the shapes do not fit.

    out = gamma · (x − mean) / sqrt(var + epsilon) + beta     (Wu and He, 2018)
    """
    x, gamma, beta = _check(x, gamma, beta)
    if isinstance(groups, bool) or int(groups) != groups or groups < 1 or x.shape[1] % groups:
        raise ValueError(f"groups must be a whole number that divides {x.shape[1]} channels, got {groups!r}")
    normal = x.reshape(x.shape[0], int(groups), -1)
    normal = normal - normal.mean(axis=2, keepdims=True)
    var = np.mean(normal * normal, axis=2, keepdims=True)
    scale = 1 / np.sqrt(var + x.dtype.type(epsilon))
    normal *= scale
    out = normal.reshape(x.shape) * _wide(gamma, x)
    out += _wide(beta, x)
    return out, (normal, scale, gamma)


def groupnorm_backward(dout, cache):
    """Gradients of group normalisation.

    dout: gradient of the loss with respect to the layer's output, shaped like it.
    cache: from `groupnorm_forward`.
    Returns dx shaped like x, dgamma and dbeta (D,) or (C,).
    """
    return _backward(dout, cache)


def _rows(x):
    """Every image, or every pixel of the images, as a row of its features: (N, D) or (N·H·W, C)."""
    return x if x.ndim == 2 else np.ascontiguousarray(x.transpose(0, 2, 3, 1)).reshape(-1, x.shape[1])


def _as(shape, rows):
    """Rows as images of this shape again, channels last in memory."""
    return rows if len(shape) == 2 else rows.reshape(shape[0], *shape[2:], shape[1]).transpose(0, 3, 1, 2)


def _column_means(what, *arrays):
    """The mean over all rows of `what` makes of a few of them, computed in parts by all threads."""

    def task(parts):
        return sum(np.ones(part.stop - part.start, dtype) @ what(*(rows[part] for rows in arrays)) for part in parts)

    dtype = arrays[0].dtype
    return sum(share_out(task, len(arrays[0]), AT_ONCE)) / dtype.type(len(arrays[0]))


def _row_by_row(compute, *arrays):
    """What `compute(out, …)` writes of a few rows at a time, for all of them."""
    out = np.empty(arrays[0].shape, arrays[0].dtype)

    def task(parts):
        for part in parts:
            compute(out[part], *(rows[part] for rows in arrays))

    share_out(task, len(out), AT_ONCE)
    return out


def _backward(dout, cache):
    """Gradients where a group is of one image: what its mean and its variance send back."""
    normal, scale, gamma = cache
    over = (0,) if dout.ndim == 2 else (0, 2, 3)
    dgamma, dbeta = np.sum(dout * normal.reshape(dout.shape), axis=over), dout.sum(axis=over)
    dx = (dout * _wide(gamma, dout)).reshape(normal.shape)
    along = np.mean(dx * normal, axis=2, keepdims=True)
    dx -= dx.mean(axis=2, keepdims=True)
    dx -= normal * along
    dx *= scale
    return dx.reshape(dout.shape), dgamma, dbeta


def _wide(values, x):
    """(C,) values that broadcast over x (N, C) or (N, C, H, W)."""
    return values if x.ndim == 2 else values[:, None, None]


def _check(x, gamma, beta):
    x = np.asarray(x)
    x = x if x.dtype.kind == "f" else x.astype(np.float64)
    if x.ndim not in (2, 4) or np.shape(gamma) != x.shape[1:2] or np.shape(beta) != x.shape[1:2]:
        raise ValueError(
            f"shapes do not fit: x is {x.shape}, gamma is {np.shape(gamma)}, beta is {np.shape(beta)}; "
            "expected x (N, D) or (N, C, H, W), gamma and beta (D,) or (C,)"
        )
    return x, np.asarray(gamma, x.dtype), np.asarray(beta, x.dtype)
