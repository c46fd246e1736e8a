"""Pooling, fast: one pass over all images for each position in the window."""

import numpy as np

from . import windows


def max_pool_forward(x, size, stride=None):
    """Max pooling: the largest number in each window, channel by channel.

    x: (N, C, H, W) images.
    size: of the window, in pixels: a number, or a pair (vertical, horizontal).
    stride: step of the window, likewise; None takes its size, so that windows tile the image; less lets them overlap.
    Returns out (N, C, OH, OW) with OH = (H − size) / stride + 1 and OW likewise, and the cache.
    Raises ValueError if x has other axes, with the arithmetic if the windows do not fit.
    """
    x, size, stride, counts = check_pool(x, size, stride)
    first, *others = (x[at] for at in _positions(size, stride, counts))
    out = first.copy()
    for view in others:
        np.maximum(out, view, out=out)
    return out, (x, out, size, stride)


def max_pool_backward(dout, cache):
    """Gradient of max pooling: all of it goes to the window's largest number; of equal ones, the first row by row.

    dout: (N, C, OH, OW) gradient of the loss with respect to the layer's output.
    cache: from `max_pool_forward`.
    Returns dx (N, C, H, W).
    """
    x, out, size, stride = cache
    dx = np.zeros_like(x)
    left = np.ones(out.shape, bool)  # windows whose maximum is still to be met
    for at in _positions(size, stride, out.shape[2:]):
        largest = x[at] == out
        largest &= left
        left ^= largest
        dx[at] += dout * largest
    return dx


def avg_pool_forward(x, size, stride=None):
    """Average pooling: the mean of each window, channel by channel.

    x, size, stride: as in `max_pool_forward`.
    Returns out (N, C, OH, OW), and the cache. Raises ValueError as `max_pool_forward` does.
    """
    x, size, stride, counts = check_pool(x, size, stride)
    out = sum(x[at] for at in _positions(size, stride, counts))
    out /= x.dtype.type(size[0] * size[1])
    return out, (x.shape, size, stride)


def avg_pool_backward(dout, cache):
    """Gradient of average pooling: each number of the window gets an equal share.

    dout: (N, C, OH, OW) gradient of the loss with respect to the layer's output.
    cache: from `avg_pool_forward`.
    Returns dx (N, C, H, W).
    """
    shape, size, stride = cache
    dx, share = np.zeros(shape, dout.dtype), dout / dout.dtype.type(size[0] * size[1])
    for at in _positions(size, stride, dout.shape[2:]):
        dx[at] += share
    return dx


def check_pool(x, size, stride):
    """The arguments of a pooling layer, checked: x, pairs for size and stride, (OH, OW)."""
    x, size = windows.images(x), windows.pair(size, "size")
    stride = size if stride is None else windows.pair(stride, "stride")
    return x, size, stride, tuple(windows.count(*axis) for axis in zip(x.shape[2:], size, stride))


def _positions(size, stride, counts):
    """For each position in the window, row by row: the slices that pick its pixel from all windows at once."""
    for i in range(size[0]):
        for j in range(size[1]):
            rows = slice(i, i + stride[0] * (counts[0] - 1) + 1, stride[0])
            yield np.s_[:, :, rows, j : j + stride[1] * (counts[1] - 1) + 1 : stride[1]]
