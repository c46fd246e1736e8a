"""Convolution and max pooling as loops: the definition, to read and to check the fast layers against."""

import numpy as np

from . import windows
from .conv import check_conv
from .pool import pool_of


def conv_forward_naive(x, w, b, stride=1, pad=0):
    """Convolution, one output number at a time. Arguments, result and errors as `conv_forward`."""
    x, w, b, g = check_conv(x, w, b, stride, pad)
    (sh, sw), (ph, pw), (OH, OW) = g.stride, g.pad, g.counts
    (N, _, _, _), (F, _, h, width) = x.shape, w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    out = np.zeros((N, F, OH, OW), x.dtype)
    for n in range(N):
        for f in range(F):
            for i in range(OH):
                for j in range(OW):
                    window = padded[n, :, i * sh : i * sh + h, j * sw : j * sw + width]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out, (padded, w, (sh, sw), (ph, pw))


def conv_backward_naive(dout, cache):
    """Gradients of the convolution, one output number at a time: what it weighed gets its share.

    dout: (N, F, OH, OW) gradient of the loss with respect to the output.
    cache: from `conv_forward_naive`.
    Returns dx (N, C, H, W), dw (F, C, h, w), db (F,).
    """
    padded, w, (sh, sw), (ph, pw) = cache
    (N, _, H, W), (F, _, h, width) = padded.shape, w.shape
    dpadded, dw, db = np.zeros_like(padded), np.zeros_like(w), np.zeros(F, w.dtype)
    for n in range(N):
        for f in range(F):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    window = np.s_[n, :, i * sh : i * sh + h, j * sw : j * sw + width]
                    dpadded[window] += dout[n, f, i, j] * w[f]
                    dw[f] += dout[n, f, i, j] * padded[window]
                    db[f] += dout[n, f, i, j]
    return dpadded[:, :, ph : H - ph, pw : W - pw], dw, db


def max_pool_forward_naive(x, size, stride=None):
    """Max pooling, one output number at a time. Arguments, result and errors as `max_pool_forward`."""
    x = windows.images(x)
    (h, w), (sh, sw), (OH, OW), _ = pool_of(x.shape[1:], size, stride)
    out = np.zeros((*x.shape[:2], OH, OW), x.dtype)
    for n in range(len(x)):
        for c in range(x.shape[1]):
            for i in range(OH):
                for j in range(OW):
                    out[n, c, i, j] = np.max(x[n, c, i * sh : i * sh + h, j * sw : j * sw + w])
    return out, (x, (h, w), (sh, sw))


def max_pool_backward_naive(dout, cache):
    """Gradient of max pooling, one output number at a time: all of it goes to the first of the window's maxima.

    dout: (N, C, OH, OW) gradient of the loss with respect to the output.
    cache: from `max_pool_forward_naive`.
    Returns dx (N, C, H, W).
    """
    x, (h, w), (sh, sw) = cache
    dx = np.zeros_like(x)
    for n in range(len(x)):
        for c in range(x.shape[1]):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    window = x[n, c, i * sh : i * sh + h, j * sw : j * sw + w]
                    row, column = np.unravel_index(np.argmax(window), (h, w))  # the first, row by row
                    dx[n, c, i * sh + row, j * sw + column] += dout[n, c, i, j]
    return dx
