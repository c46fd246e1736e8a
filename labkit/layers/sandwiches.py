"""Sandwiches: layers that often follow each other, as one layer with one cache."""

import numpy as np

from .basic import affine_backward, affine_forward, relu_backward, relu_forward
from .conv import check_conv, convolve, convolve_backward, empty_channels_last
from .pool import largest, pool_of, spread
from .sharing import scratch


def affine_relu_forward(x, w, b):
    """Affine layer, then ReLU.

    x, w, b: as in `affine_forward`.
    Returns out (N, M), at least 0, and the cache. Raises ValueError as `affine_forward` does.
    """
    a, affine = affine_forward(x, w, b)
    out, active = relu_forward(a)
    return out, (affine, active)


def affine_relu_backward(dout, cache, inputs=True):
    """Gradients of the affine-ReLU sandwich: dx (None if not inputs), dw, db, as `affine_backward`."""
    affine, active = cache
    return affine_backward(relu_backward(dout, active), affine, inputs)


def conv_relu_forward(x, w, b, stride=1, pad=None):
    """Convolution, then ReLU.

    x, w, b, stride: as in `conv_forward`.
    pad: None pads so that a stride of 1 keeps the images' size.
    Returns out (N, F, OH, OW), at least 0, and the cache. Raises ValueError as `conv_forward` does.
    """
    x, w, b, g = check_conv(x, w, b, stride, _same(w) if pad is None else pad)
    out = empty_channels_last((len(x), len(w), *g.counts), x.dtype)
    convolve(x, w, b, g, lambda part, rows: np.maximum(rows, 0, out=rows), out)
    return out, (x, w, g, out)


def conv_relu_backward(dout, cache, inputs=True):
    """Gradients of the convolution-ReLU sandwich.

    dout: (N, F, OH, OW) gradient of the loss with respect to the output.
    cache: from `conv_relu_forward`.
    inputs: False leaves dx out (None).
    Returns dx (N, C, H, W), dw (F, C, h, w), db (F,).
    """
    x, w, g, out = cache
    return convolve_backward(lambda part: dout[part] * (out[part] > 0), x, w, g, inputs)


def conv_relu_pool_forward(x, w, b, stride=1, pad=None, size=2, pool_stride=None):
    """Convolution, ReLU, then max pooling, on a few images at a time while they are in the cache.

    x, w, b, stride: as in `conv_forward`.
    pad: None pads so that a stride of 1 keeps the images' size.
    size, pool_stride: size and stride of the pooling, as in `max_pool_forward`; 2 × 2 by default.
    Returns out, at least 0, and the cache. Raises ValueError as the layers do.
    The largest number is the same before ReLU, which is left to what pooling leaves over. Of what lay before it, only
    the place of the largest number in its window is kept.
    """
    x, w, b, g = check_conv(x, w, b, stride, _same(w) if pad is None else pad)
    pool = pool_of((len(w), *g.counts), size, pool_stride)
    out = empty_channels_last((len(x), len(w), *pool.counts), x.dtype)
    places = empty_channels_last(out.shape, pool.counting)

    def finish(part, rows):
        products = rows.reshape(-1, *g.counts, len(w)).transpose(0, 3, 1, 2)
        best = largest(products, pool, out[part], places[part])
        np.maximum(best, 0, out=best)

    convolve(x, w, b, g, finish)
    return out, (x, w, g, pool, out, places)


def conv_relu_pool_backward(dout, cache, inputs=True):
    """Gradients of the convolution-ReLU-pool sandwich.

    dout: gradient of the loss with respect to the output, shaped like it.
    cache: from `conv_relu_pool_forward`.
    inputs: False leaves dx out (None).
    Returns dx (N, C, H, W), dw (F, C, h, w), db (F,).
    """
    x, w, g, pool, out, places = cache

    def gradient(part):
        n, OH, OW = part.stop - part.start, *g.counts
        drows = scratch("rows", (n, OH, OW, len(w)), x.dtype).transpose(0, 3, 1, 2)
        active = np.multiply(dout[part], out[part] > 0, out=np.empty_like(out[part]))  # in memory as the output lies
        return spread(active, places[part], pool, drows)

    return convolve_backward(gradient, x, w, g, inputs)


def _same(w):
    """The padding that keeps the size of the images, for filters of odd height and width."""
    h, width = w.shape[2:]
    if h % 2 == 0 or width % 2 == 0:
        raise ValueError(f"pad=None keeps the images' size, and needs filters of odd size, got {h} × {width}: give pad")
    return h // 2, width // 2
