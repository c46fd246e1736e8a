"""Pooling, fast: one pass over all images for each position in the window."""

from typing import NamedTuple

import numpy as np

from . import windows
from .sharing import share_out

BYTES = 1 << 22  # of the images at a time: with less, threads wait for each other more than they compute


class Pool(NamedTuple):
    """Sizes of a pooling: window, stride and number of windows; each pair (vertical, horizontal)."""

    size: tuple
    stride: tuple
    counts: tuple
    tiles: bool

    @property
    def positions(self):
        """How many there are in a window."""
        return self.size[0] * self.size[1]

    @property
    def counting(self):
        """The type of numbers that count them."""
        return np.uint8 if self.positions <= 256 else np.intp

    def views(self, images):
        """For each position in the window, row by row: a view of its pixel in all windows of (n, C, H, W)."""
        (h, w), (sh, sw), (rows, columns) = self.size, self.stride, self.counts
        for i in range(h):
            for j in range(w):
                yield images[:, :, i : i + sh * (rows - 1) + 1 : sh, j : j + sw * (columns - 1) + 1 : sw]


def max_pool_forward(x, size, stride=None):
    """Max pooling: the largest number in each window, channel by channel.

    x: (N, C, H, W) images.
    size: of the window, in pixels: a number, or a pair (vertical, horizontal).
    stride: step of the window, likewise; None takes its size, so that windows tile the image; less lets them overlap.
    Returns out (N, C, OH, OW) with OH = (H − size) / stride + 1 and OW likewise, and the cache.
    Raises ValueError if x has other axes, with the arithmetic if the windows do not fit.
    """
    x = windows.images(x)
    pool = pool_of(x.shape[1:], size, stride)
    out = np.empty_like(next(pool.views(x)))  # in memory as the images lie
    places = np.empty_like(out, pool.counting)

    def task(parts):
        for part in parts:
            largest(x[part], pool, out[part], places[part])

    share_out(task, len(x), _at_once(x))
    return out, (x, places, pool)


def max_pool_backward(dout, cache):
    """Gradient of max pooling: all of it goes to the window's largest number; of equal ones, the first row by row.

    dout: (N, C, OH, OW) gradient of the loss with respect to the layer's output.
    cache: from `max_pool_forward`.
    Returns dx (N, C, H, W).
    """
    x, places, pool = cache
    dx = np.empty_like(x)

    def task(parts):
        for part in parts:
            spread(dout[part], places[part], pool, dx[part])

    share_out(task, len(x), _at_once(x))
    return dx


def avg_pool_forward(x, size, stride=None):
    """Average pooling: the mean of each window, channel by channel.

    x, size, stride: as in `max_pool_forward`.
    Returns out (N, C, OH, OW), and the cache. Raises ValueError as `max_pool_forward` does.
    """
    x = windows.images(x)
    pool = pool_of(x.shape[1:], size, stride)
    first, *others = pool.views(x)
    out = first.copy("K")
    for view in others:
        out += view
    out /= x.dtype.type(pool.positions)
    return out, (x.shape, pool)


def avg_pool_backward(dout, cache):
    """Gradient of average pooling: each number of the window gets an equal share.

    dout: (N, C, OH, OW) gradient of the loss with respect to the layer's output.
    cache: from `avg_pool_forward`.
    Returns dx (N, C, H, W).
    """
    shape, pool = cache
    dx, share = np.zeros(shape, dout.dtype), dout / dout.dtype.type(pool.positions)
    for dpixels in pool.views(dx):
        dpixels += share
    return dx


def pool_of(image, size, stride):
    """The `Pool` of windows on images (C, H, W). Raises ValueError if they do not fit."""
    size = windows.pair(size, "size")
    stride = size if stride is None else windows.pair(stride, "stride")
    counts = tuple(windows.count(*axis) for axis in zip(image[1:], size, stride))
    return Pool(size, stride, counts, tiles=size == stride)


def largest(images, pool, out, places):
    """Write the largest number of each window to `out`, and which of the window's it is, the first, to `places`."""
    views = pool.views(images)
    out[...] = next(views)
    places[...] = 0
    for k, view in enumerate(views, start=1):
        larger = view > out
        np.maximum(out, view, out=out)
        np.maximum(places, larger * places.dtype.type(k), out=places)  # k grows: the last to be larger stays
    return out


def spread(dout, places, pool, dx):
    """Give each window's gradient to the place its largest number came from, 0 to the others: fills and returns dx."""
    if windows.channels_last(dout) != windows.channels_last(dx):  # arrays that lie differently are slow together
        given, dout = dout, np.empty_like(places, dout.dtype)
        dout[...] = given
    if not pool.tiles:
        dx[...] = 0
    for k, dpixels in enumerate(pool.views(dx)):
        _give(dpixels, dout, places == k, pool)
    return dx


def _at_once(x):
    """How many images are pooled while they are in the cache."""
    return max(1, BYTES // x[:1].nbytes) if len(x) else 1


def _give(dpixels, dout, found, pool):
    if pool.tiles:
        np.multiply(dout, found, out=dpixels)
    else:  # windows that overlap add up, and pixels between them get nothing
        dpixels += dout * found
