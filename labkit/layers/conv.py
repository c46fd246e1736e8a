"""Convolution, fast: windows unfolded into columns a few images at a time, and one matrix product for them all."""

import numpy as np

from . import windows

BYTES = 1 << 20  # of columns at a time: they are made and used while they are in the cache


def conv_forward(x, w, b, stride=1, pad=0):
    """Convolution layer: out[n, f] = sum over channels and the window of x[n] · w[f], + b[f].

    x: (N, C, H, W) images.
    w: (F, C, h, w) filters.
    b: (F,) biases.
    stride: step of the window, in pixels: a number, or a pair (vertical, horizontal).
    pad: zeros added on each side of the images, likewise.
    Returns out (N, F, OH, OW) with OH = (H + 2·pad − h) / stride + 1 and OW likewise, and the cache.
    Raises ValueError if the shapes do not fit, with the arithmetic if the windows do not.
    The filter is not flipped, as everywhere in the field: mathematicians call it cross-correlation.
    """
    x, w, b, stride, pad, size = check_conv(x, w, b, stride, pad)
    out = np.empty((len(x), len(w), *size), x.dtype)
    rows = w.reshape(len(w), -1)
    for part, columns in _unfolded(x, w.shape[2:], stride, pad, size):
        np.matmul(rows, columns, out=out[part].reshape(len(columns), len(w), -1))
        out[part] += b[:, None, None]
    return out, (x, w, stride, pad)


def conv_backward(dout, cache, inputs=True):
    """Gradients of the convolution layer.

    dout: (N, F, OH, OW) gradient of the loss with respect to the layer's output.
    cache: from `conv_forward`.
    inputs: False leaves dx out (None), as the first layer of a network does.
    Returns dx (N, C, H, W), dw (F, C, h, w), db (F,).
    """
    x, w, stride, pad = cache
    (N, C, H, W), rows = x.shape, w.reshape(len(w), -1)
    dw = np.zeros(rows.shape, rows.dtype)
    dx = np.zeros((N, C, H + 2 * pad[0], W + 2 * pad[1]), x.dtype) if inputs else None
    for part, columns in _unfolded(x, w.shape[2:], stride, pad, dout.shape[2:]):
        ds = np.ascontiguousarray(dout[part]).reshape(len(columns), len(w), -1)
        dw += np.matmul(ds, columns.transpose(0, 2, 1)).sum(axis=0)
        if inputs:
            np.matmul(rows.T, ds, out=columns)
            _fold(columns.reshape(len(columns), C, *w.shape[2:], *dout.shape[2:]), dx[part], stride)
    if inputs:
        dx = dx[:, :, pad[0] : pad[0] + H, pad[1] : pad[1] + W]
    return dx, dw.reshape(w.shape), dout.sum(axis=(0, 2, 3))


def check_conv(x, w, b, stride, pad):
    """The arguments of a convolution, checked: x, w, b of one dtype, pairs for stride and pad, (OH, OW)."""
    x, w, b = windows.images(x), windows.images(w, "w"), np.asarray(b)
    if x.shape[1] != w.shape[1] or b.shape != (len(w),):
        raise ValueError(
            f"shapes do not fit: x is {x.shape}, w is {w.shape}, b is {b.shape}; "
            "expected x (N, C, H, W), w (F, C, h, w) and b (F,)"
        )
    stride, pad = windows.pair(stride, "stride"), windows.pair(pad, "pad", least=0)
    size = tuple(windows.count(*axis) for axis in zip(x.shape[2:], w.shape[2:], stride, pad))
    dtype = np.result_type(x, w)
    return x.astype(dtype, copy=False), w.astype(dtype, copy=False), b.astype(dtype, copy=False), stride, pad, size


def _unfolded(x, window, stride, pad, size):
    """A few images at a time: their slice, and their windows as columns (n, C·h·w, OH·OW) in one buffer used again."""
    (N, C, H, W), (h, w) = x.shape, window
    each = C * h * w * size[0] * size[1]
    n = max(1, min(N, BYTES // (each * x.itemsize)))
    columns = np.empty((n, C, h, w, *size), x.dtype)
    padded = np.zeros((n, C, H + 2 * pad[0], W + 2 * pad[1]), x.dtype)
    for first in range(0, N, n):
        part = slice(first, min(first + n, N))
        m = part.stop - first
        padded[:m, :, pad[0] : pad[0] + H, pad[1] : pad[1] + W] = x[part]
        columns[:m] = windows.sliding(padded[:m], window, stride).transpose(0, 1, 4, 5, 2, 3)
        yield part, columns[:m].reshape(m, C * h * w, -1)


def _fold(columns, padded, stride):
    """Add each column back to the pixels it was taken from."""
    _, _, h, w, OH, OW = columns.shape
    (sh, sw) = stride
    for i in range(h):
        for j in range(w):
            padded[:, :, i : i + sh * OH : sh, j : j + sw * OW : sw] += columns[:, :, i, j]
