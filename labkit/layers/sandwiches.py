"""Sandwiches: layers that often follow each other, as one layer with one cache."""

from .basic import affine_backward, affine_forward, relu_backward, relu_forward
from .conv import conv_backward, conv_forward
from .pool import max_pool_backward, max_pool_forward


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

    x, w, b, stride: as in `conv_forward`. pad: None pads so that a stride of 1 keeps the images' size.
    Returns out (N, F, OH, OW), at least 0, and the cache. Raises ValueError as `conv_forward` does.
    """
    a, conv = conv_forward(x, w, b, stride, _same(w) if pad is None else pad)
    out, active = relu_forward(a)
    return out, (conv, active)


def conv_relu_backward(dout, cache, inputs=True):
    """Gradients of the convolution-ReLU sandwich: dx (None if not inputs), dw, db, as `conv_backward`."""
    conv, active = cache
    return conv_backward(relu_backward(dout, active), conv, inputs)


def conv_relu_pool_forward(x, w, b, stride=1, pad=None, size=2, pool_stride=None):
    """Convolution, ReLU, then max pooling.

    x, w, b, stride: as in `conv_forward`. pad: None pads so that a stride of 1 keeps the images' size.
    size, pool_stride: size and stride of the pooling, as in `max_pool_forward`; 2 × 2 by default.
    Returns out, at least 0, and the cache. Raises ValueError as the layers do.
    """
    a, conv = conv_relu_forward(x, w, b, stride, pad)
    out, pool = max_pool_forward(a, size, pool_stride)
    return out, (conv, pool)


def conv_relu_pool_backward(dout, cache, inputs=True):
    """Gradients of the convolution-ReLU-pool sandwich: dx (None if not inputs), dw, db, as `conv_backward`."""
    conv, pool = cache
    return conv_relu_backward(max_pool_backward(dout, pool), conv, inputs)


def _same(w):
    """The padding that keeps the size of the images, for filters of odd height and width."""
    h, width = w.shape[2:]
    if h % 2 == 0 or width % 2 == 0:
        raise ValueError(f"pad=None keeps the images' size, and needs filters of odd size, got {h} × {width}: give pad")
    return h // 2, width // 2
