"""All windows of a few images as the rows of one matrix, and back: convolution becomes a matrix product.

A row is a window: its h·w·C numbers, channels last, and a 1, which the bias is multiplied by: neither adding it nor its
gradient needs a pass of its own. Copying is what this costs, and long runs are copied faster than short ones. With many
channels, a row of the window is one run of images that lie in memory channels last. With few, as in a picture, the
matrix is built column by column instead, and a column is a run of the whole image; if windows step over rows, the rows
that they meet at the same offset are put together first.
"""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .sharing import scratch

FEW = 16  # channels
BYTES = 1 << 21  # of the matrix at a time: it is made and used while it is in the cache
ASIDE = 16  # numbers: lines that begin a power of two apart push each other out of the cache; products take 1.2 times


class Geometry(NamedTuple):
    """Sizes of a convolution: images (C, H, W), windows (h, w), (OH, OW) of them; each pair (vertical, horizontal)."""

    image: tuple
    window: tuple
    stride: tuple
    pad: tuple
    counts: tuple

    @property
    def length(self):
        """Numbers in a window."""
        return self.image[0] * self.window[0] * self.window[1]

    def at_once(self, itemsize):
        """How many images are unfolded at a time."""
        return max(1, BYTES // (self.length * self.counts[0] * self.counts[1] * itemsize))

    def padded(self):
        """(H, W) with the padding, H filled up to whole steps."""
        return self.image[1] + 2 * self.pad[0] + -(self.image[1] + 2 * self.pad[0]) % self.stride[0], (
            self.image[2] + 2 * self.pad[1]
        )

    def inside(self):
        """Slices (vertical, horizontal) of the padded image that are the image."""
        return tuple(slice(p, p + size) for p, size in zip(self.pad, self.image[1:]))

    def steps(self, axis, offset):
        """The slice of a padded axis that is the pixel at this offset in all windows."""
        return slice(offset, offset + self.stride[axis] * (self.counts[axis] - 1) + 1, self.stride[axis])


def unfold(x, g):
    """The windows of x (n, C, H, W) as rows, each with a 1: (n·OH·OW, h·w·C + 1), in memory used again."""
    return _by_columns(x, g) if g.image[0] < FEW else _by_rows(x, g)


def fold(drows, weights, g):
    """The gradient of images that were unfolded: each pixel's sum over all the windows it lies in.

    drows: (blocks, rows, F) gradient with respect to the products of all windows, in blocks of whole images.
    weights: (h·w·C, F), which the windows were multiplied by.
    Returns (n, C, H, W), in memory that the next call uses again.
    """
    return _back_by_columns(drows, weights, g) if g.image[0] < FEW else _back_by_rows(drows, weights, g)


def _by_rows(x, g):
    n, C, (h, w) = len(x), g.image[0], g.window
    padded = scratch("padded", (n, *g.padded(), C), x.dtype)
    padded[...] = 0
    padded[:, g.inside()[0], g.inside()[1]] = x.transpose(0, 2, 3, 1)
    image, row, column, number = padded.strides
    strides = (image, row * g.stride[0], column * g.stride[1], row, number)
    rows = _apart(n * g.counts[0] * g.counts[1], g.length + 1, x.dtype)
    rows[:, -1] = 1
    found = rows[:, :-1].reshape(n, *g.counts, h, w * C)
    found[...] = as_strided(padded, found.shape, strides)
    return rows


def _back_by_rows(drows, weights, g):
    (blocks, size, F), C, (h, w) = drows.shape, g.image[0], g.window
    n = blocks * size // (g.counts[0] * g.counts[1])
    pixels = weights.reshape(h * w, 1, C, F).transpose(0, 1, 3, 2)
    found = scratch("unfolded", (h * w, blocks, size, C), drows.dtype)
    np.matmul(drows, pixels, out=found)
    found = found.reshape(h, w, n, *g.counts, C)
    padded = scratch("folded", (n, *g.padded(), C), drows.dtype)
    padded[...] = 0
    for i in range(h):
        for j in range(w):
            padded[:, g.steps(0, i), g.steps(1, j)] += found[i, j]
    return padded[:, g.inside()[0], g.inside()[1]].transpose(0, 3, 1, 2)


def _by_columns(x, g):
    n, C, (h, w), step = len(x), g.image[0], g.window, g.stride[0]
    padded = scratch("padded", (C, n, *g.padded()), x.dtype)
    padded[...] = 0
    padded[:, :, g.inside()[0], g.inside()[1]] = x.transpose(1, 0, 2, 3)
    padded = padded.reshape(C, n, -1, step, padded.shape[-1])
    across = scratch("across", (step, w, C, n, padded.shape[2], g.counts[1]), x.dtype)
    for j in range(w):
        across[:, j] = padded[..., g.steps(1, j)].transpose(3, 0, 1, 2, 4)
    columns = _apart(g.length + 1, n * g.counts[0] * g.counts[1], x.dtype)
    columns[-1] = 1
    found = columns[:-1].reshape(h, w, C, n, *g.counts)
    for i in range(h):
        found[i] = across[i % step][..., i // step : i // step + g.counts[0], :]
    return columns.T


def _back_by_columns(drows, weights, g):
    (blocks, size, _), C, (h, w), step = drows.shape, g.image[0], g.window, g.stride[0]
    n = blocks * size // (g.counts[0] * g.counts[1])
    columns = _apart(g.length, blocks * size, drows.dtype)
    np.matmul(weights, drows.transpose(0, 2, 1), out=columns.reshape(-1, blocks, size).transpose(1, 0, 2))
    columns = columns.reshape(h, w, C, n, *g.counts)
    folded = scratch("folded", (C, n, *g.padded()), drows.dtype)
    padded = folded.reshape(C, n, -1, step, folded.shape[-1])
    across = scratch("across", (step, w, C, n, padded.shape[2], g.counts[1]), drows.dtype)
    across[h:], across[..., g.counts[0] :, :] = 0, 0  # the others are set by the first that comes to them
    for i in range(h):
        rows = across[i % step][..., i // step : i // step + g.counts[0], :]
        np.copyto(rows, columns[i]) if i < step else np.add(rows, columns[i], out=rows)
    padded[..., w if w < g.stride[1] else g.stride[1] * g.counts[1] :] = 0
    for j in range(w):
        pixels, shares = padded[..., g.steps(1, j)], across[:, j].transpose(1, 2, 3, 0, 4)
        np.copyto(pixels, shares) if j < g.stride[1] else np.add(pixels, shares, out=pixels)
    return folded[:, :, g.inside()[0], g.inside()[1]].transpose(1, 0, 2, 3)


def _apart(lines, size, dtype):
    return scratch("unfolded", (lines, size + ASIDE), dtype)[:, :size]
