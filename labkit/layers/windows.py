"""Windows that slide over images: how many there are, where they lie, and the messages when they do not fit."""

import numpy as np
from numpy.lib.stride_tricks import as_strided


def pair(value, name, least=1):
    """(vertical, horizontal) from one whole number for both, or from a pair. Raises ValueError below `least`."""
    values = value if isinstance(value, (tuple, list)) else (value, value)
    if len(values) != 2 or any(isinstance(v, bool) or int(v) != v or v < least for v in values):
        raise ValueError(f"{name} must be a whole number, at least {least}, or a pair of them, got {value!r}")
    return int(values[0]), int(values[1])


def count(size, window, stride=1, pad=0):
    """How many windows fit along one axis: (size + 2·pad − window) / stride + 1.

    Raises ValueError with the arithmetic unless that is a whole number, at least 1.
    """
    number = (size + 2 * pad - window) / stride + 1
    if number < 1 or number != int(number):
        problem = "at least 1" if number == int(number) else "a whole number"
        raise ValueError(
            f"windows do not fit: (size + 2·pad − window) / stride + 1 = "
            f"({size} + 2·{pad} − {window}) / {stride} + 1 = {number:.4g}, which must be {problem}"
        )
    return int(number)


def images(x, name="x"):
    """Check that x is (N, C, H, W), of floats; integers become float64."""
    x = np.asarray(x)
    if x.ndim != 4:
        raise ValueError(f"{name} must be images (N, C, H, W), got shape {x.shape}")
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def channels_last(x):
    """Whether the channels of x (N, C, H, W) are nearer to each other in memory than its columns."""
    return x.strides[1] < x.strides[3]


def sliding(x, size, stride):
    """A view, no copy, of all windows of x (N, C, H, W): (N, C, OH, OW, h, w), as the images overlap."""
    N, C, H, W = x.shape
    rows, columns = count(H, size[0], stride[0]), count(W, size[1], stride[1])
    n, c, h, w = x.strides
    return as_strided(x, (N, C, rows, columns, *size), (n, c, h * stride[0], w * stride[1], h, w))
