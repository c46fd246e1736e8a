"""Batch, layer and group normalisation: one derivation, over different axes.

Each takes features (N, D) or images (N, C, H, W), makes the numbers of a group mean 0 and variance 1, and then scales
and shifts every feature (channel) by its own gamma and beta. The three differ in what a group is: one feature in all
images of the batch; all features of one image; or a few channels of one image.
"""

import numpy as np


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
    axes = (0,) if x.ndim == 2 else (0, 2, 3)
    if not train:
        if running_mean is None or running_var is None:
            raise ValueError("at test time (train=False) batch normalisation needs running_mean and running_var")
        mean, var = _wide(running_mean, x), _wide(running_var, x)
        return _scaled(x - mean, 1 / np.sqrt(var + x.dtype.type(epsilon)), gamma, beta, axes, x.shape, train)
    centred, var, mean = _centred(x, axes)
    for running, batch in ((running_mean, mean), (running_var, var)):
        if running is not None:
            running *= momentum
            running += (1 - momentum) * batch.ravel()
    return _scaled(centred, 1 / np.sqrt(var + x.dtype.type(epsilon)), gamma, beta, axes, x.shape, train)


def batchnorm_backward(dout, cache):
    """Gradients of batch normalisation.

    dout: gradient of the loss with respect to the layer's output, shaped like it.
    cache: from `batchnorm_forward`; if it ran with train=False, its mean and variance count as constants.
    Returns dx shaped like x, dgamma and dbeta (D,) or (C,).
    """
    return _backward(dout, cache)


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
    shape = x.shape
    grouped = x.reshape(shape[0], int(groups), -1)
    centred, var, _ = _centred(grouped, (2,))
    return _scaled(centred, 1 / np.sqrt(var + x.dtype.type(epsilon)), gamma, beta, (2,), shape, True)


def groupnorm_backward(dout, cache):
    """Gradients of group normalisation.

    dout: gradient of the loss with respect to the layer's output, shaped like it.
    cache: from `groupnorm_forward`.
    Returns dx shaped like x, dgamma and dbeta (D,) or (C,).
    """
    return _backward(dout, cache)


def _centred(x, axes):
    """x − mean, the variance and the mean, over these axes."""
    mean = x.mean(axis=axes, keepdims=True)
    centred = x - mean
    return centred, np.mean(centred * centred, axis=axes, keepdims=True), mean


def _scaled(normal, scale, gamma, beta, axes, shape, train):
    """The normal numbers, then gamma and beta; and the cache. `normal` is changed in place."""
    normal *= scale
    kept = normal.reshape(shape)
    out = kept * _wide(gamma, kept)
    out += _wide(beta, kept)
    return out, (normal, scale, gamma, axes, train)


def _backward(dout, cache):
    """The derivation of all three: what the mean and the variance of the group send back."""
    normal, scale, gamma, axes, train = cache
    over = (0,) if dout.ndim == 2 else (0, 2, 3)
    dgamma, dbeta = np.sum(dout * normal.reshape(dout.shape), axis=over), dout.sum(axis=over)
    dx = (dout * _wide(gamma, dout)).reshape(normal.shape)
    if train:
        along = np.mean(dx * normal, axis=axes, keepdims=True)
        dx -= dx.mean(axis=axes, keepdims=True)
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
