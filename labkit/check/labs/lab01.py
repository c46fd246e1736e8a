"""Lab 1, images as data: what is asked in each exercise, and the mistakes that are known.

Distances in loops, votes and cross-validation are in `lab01_neighbours`, what is done to whole sets of images in
`lab01_features`, the questions on the way in `lab01_questions`.
"""

import numpy as np

from labkit.check.counting import peak
from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise
from labkit.check.runtime_loops import no_loop
from labkit.check.watch import READY_MADE

WRITE_OUT = (*READY_MADE, "scipy.spatial.*", "scipy.stats.*")
NONE = {"keeps": 0}

# ------------------------------------------------------------------------------- pixels to [-1, 1]


def scale_pixels_(images):
    """Pixel values 0 to 255 on a straight line to -1 to 1, float32."""
    return images / np.float32(127.5) - 1


def _pixel_cases(rng):
    sizes = [(2, 3, 4, 4), (40,), (3, 7), (1000, 2)]
    cases = [rng.integers(0, 256, size).astype(np.uint8) for size in sizes]
    return [(a,) for a in (*cases, np.arange(256, dtype=np.uint8), rng.integers(90, 140, (4, 6)).astype(np.uint8))]


def _lab_pixels(rng):
    return (rng.integers(0, 256, (1, 3, 32, 32)).astype(np.uint8),)


_LINE, _LOW, _HIGH = "images / np.float32(127.5) - 1", "float(images.min())", "float(images.max())"
_WRAPS = (
    "an 8-bit number goes round at 255 and at 0: make the pixels float before anything else, by / or .astype(float)"
)
_MIDDLE = "255 does not become 1, or 0 not -1: the middle between them is 127.5, and so is half the width"
_LIMITS = "the limits are those of the images at hand: two images would be scaled in two ways; 0 and 255 are fixed"
_REST = "// divides whole numbers and drops the rest: divide with /"
_WIDTHS = [(m, w) for m in (127, 127.5, 128) for w in (127, 127.5, 128) if not m == w == 127.5]

# fmt: off
scale_pixels = exercise("scale_pixels", 8, scale_pixels_, [
    (7, "0 becomes -1, 255 becomes 1, on a straight line", equals(_pixel_cases, lab=_lab_pixels, tolerance=2e-3)),
    (1, "images is left as it was", unchanged(_pixel_cases)),
], mistakes=[
    (_WRAPS, (_LINE, ["2 * images / 255 - 1", "(2 * images - 255) / 255"])),
    (_WRAPS, (_LINE, [f"(images - {m}) / {w}" for m in (127, 128) for w in (127, 127.5, 128)])),
    (_MIDDLE, (_LINE, [f"(images - {float(m)}) / {w}" for m, w in _WIDTHS])),
    ("this goes from -0.5 to 0.5: asked is -1 to 1, twice as wide", (_LINE, "images / 255 - 0.5")),
    ("this goes from 0 to 1: asked is -1 to 1, twice as wide", (_LINE, "images / 255")),
    ("this goes from 0 to 2: 1 has to be subtracted", (" - 1", "")),
    ("this goes from -1 to 0: asked is -1 to 1", (_LINE, "images / 255 - 1")),
    ("this goes from -127.5 to 127.5: divide by 127.5 as well", (_LINE, "images - 127.5")),
    ("black and white are swapped: 0 becomes -1", (_LINE, "1 - images / 127.5")),
    (_REST, (_LINE, ["images // 127.5 - 1", "images // 127 - 1.0"])),
    ("the result is rounded to whole numbers", (_LINE, [f"np.trunc({_LINE})", f"np.round({_LINE})"])),
    (_LIMITS, (_LINE, [f"2 * (images - {_LOW}) / ({_HIGH} - {_LOW}) - 1", "2 * (images / images.max()) - 1"])),
    ("these are standardised pixels: a fixed line is asked", (_LINE, "(images - images.mean()) / images.std()")),
])
# fmt: on

# --------------------------------------------------------------------------- squared distances


def squared_distances_(A, B):
    """Squared distance of each row of A (M, D) to each row of B (N, D), as (M, N): |a|² - 2 a·b + |b|²."""
    a = (A**2).sum(axis=1)[:, None]
    b = (B**2).sum(axis=1)
    return a - 2 * A @ B.T + b


def _row_cases(rng):
    """Rows of all sizes and magnitudes, zeros, and rows that are in both sets."""
    sizes = [(5, 4, 3), (1, 3, 2), (7, 2, 12), (4, 4, 4), (3, 6, 5), (2, 1, 1), (1000, 3, 2)]
    cases = [(rng.normal(size=(m, d)), rng.normal(size=(n, d))) for m, d, n in sizes]
    far = cases[4][0] * [1e5, 1, 1e-3, 1, 0, -1e5]
    return [*cases, tuple(a.astype(np.float32) for a in cases[0]), (far, np.concatenate([far, 0 * far]))]


def _lab_rows(rng):
    return rng.normal(size=(100, 3072)), rng.normal(size=(50, 3072))


def _no_cube(answer):
    """All differences at once, (M, N, D), would take 60 GB in the lab; so would a float64 copy of anything near it."""
    rng = answer.rng()
    A, B = rng.normal(size=(48, 512)), rng.normal(size=(56, 512))
    most = len(A) * B.nbytes / 4
    if answer.target.peak((A, B)) <= most or peak(answer.right, (A, B)) > most:
        return None
    return (
        "all M·N·D differences are held at once, in this lab an array of 60 GB: "
        "expand the square, so that A @ B.T does the work"
    )


def _distance_arguments(rng, n, d, c):
    return rng.normal(size=(n, d)), rng.normal(size=(c, d))


_SQUARE, _FORMULA = "a - 2 * A @ B.T + b", "|a - b|² = |a|² - 2 a·b + |b|²"
_SWAPPED = "the axes of |a|² and |b|² are swapped: |a|² belongs to the rows (a column, [:, None]), |b|² to the columns"
_EVERY = "A - B subtracts row from row: every row of A is to be compared with every row of B"

# fmt: off
squared_distances = exercise("squared_distances", 12, squared_distances_, [
    (6, "the squared distance of each row of A to each row of B, (M, N)", equals(_row_cases, lab=_lab_rows)),
    (3, "no Python loop", no_loop(_distance_arguments)),
    (2, "without an array of all M·N·D differences", _no_cube),
    (1, "A and B are left as they were", unchanged(_row_cases)),
], mistakes=[
    ("these are the distances: the squared ones are asked, no root", (_SQUARE, f"np.sqrt(np.maximum({_SQUARE}, 0))")),
    (f"the sign of the middle term: {_FORMULA}", ("a - 2", "a + 2")),
    (f"the 2 is missing: {_FORMULA}", ("2 * A", "A")),
    (f"|b|² is missing: {_FORMULA}", (" + b", "")),
    (f"|a|² is missing: {_FORMULA}", ("a - 2", "-2")),
    (f"the middle term is missing: {_FORMULA}", (_SQUARE, "a + b"), NONE),
    (f"these are the inner products alone: {_FORMULA}", (_SQUARE, "A @ B.T"), NONE),
    ("the result is transposed: a row for each row of A, a column for each row of B", (_SQUARE, f"({_SQUARE}).T")),
    ("the sum of absolute differences: their squares are asked", (_SQUARE, "np.abs(A[:, None] - B).sum(axis=2)")),
    ("this is the mean over the features: their sum is asked", (_SQUARE, f"({_SQUARE}) / A.shape[1]")),
    ("the norms are not squared: |a|² is without the root", ("a - 2", "np.sqrt(a) - 2"), (" + b", " + np.sqrt(b)")),
    (_EVERY, (_SQUARE, "((A - B) ** 2).sum(axis=1)"), NONE),
    ("wrong axis: the sum of the squares runs over the features of a row (axis=1)", ("axis=1", "axis=0", 2)),
    ("|a|² has lost its axis: it belongs to the rows, so make it a column, [:, None]", ("[:, None]", "")),
    (_SWAPPED, ("[:, None]", ""), ("b = (B**2).sum(axis=1)", "b = (B**2).sum(axis=1)[:, None]")),
    ("A @ B does not fit: the inner products of all rows are A @ B.T", ("B.T", "B")),
], ready_made=WRITE_OUT)
# fmt: on

# ------------------------------------------------------------------------------ nearest neighbour


def nearest_labels_(distances, y_train):
    """The class of the nearest training image: distances (M, N), y_train (N,) -> (M,)."""
    nearest = distances.argmin(axis=1)
    return y_train[nearest]


def _distances(rng):
    cases = []
    for i, (m, n) in enumerate([(5, 8), (6, 6), (1, 4), (9, 3), (4, 30), (3, 1), (1000, 7)]):
        y = (3 * np.arange(n) + rng.integers(1, 9)) % 10  # no label is its own place by system
        cases.append((rng.random((m, n)) * 10.0 ** (i - 1), y.astype([np.int64, np.int32, np.uint8][i % 3])))
    below = rng.normal(size=(4, 5)).astype(np.float32)  # rounding makes squared distances near 0 negative
    return [*cases, (below, cases[0][1][:5])]


def _lab_distances(rng):
    return rng.random((1000, 5000)), rng.integers(0, 10, 5000)


def _label_arguments(rng, n, d, c):
    m = max(n, d)
    return rng.random((m, m)), rng.integers(0, 10, m)


_ARGMIN, _LABELS = "distances.argmin(axis=1)", "y_train[nearest]"

# fmt: off
nearest_labels = exercise("nearest_labels", 6, nearest_labels_, [
    (4, "the class of the training image with the smallest distance, one for each row",
     equals(_distances, lab=_lab_distances)),
    (1, "no Python loop", no_loop(_label_arguments)),
    (1, "distances and y_train are left as they were", unchanged(_distances)),
], mistakes=[
    ("this is the farthest training image: argmin finds the smallest distance", ("argmin", "argmax")),
    ("these are the places of the nearest images: their classes are asked, y_train[…]", (_LABELS, "nearest")),
    ("these are the smallest distances: the nearest image's class is asked", (_LABELS, "distances.min(axis=1)"), NONE),
    ("wrong axis: the distances of one image to all training images are a row (axis=1)", ("axis=1", "axis=0")),
    ("argmin over all distances at once: one for each row (axis=1)", ("axis=1", ""), NONE),
    ("off by one: places are counted from 0", (_LABELS, "y_train[nearest - 1]")),
    ("the second nearest: the nearest is not the image itself here", (_ARGMIN, "distances.argsort(axis=1)[:, 1]")),
    ("the classes sorted by each image's distances: only the nearest is asked", (_ARGMIN, "distances.argsort(axis=1)")),
    ("only the first image gets its class", (_ARGMIN, "distances[0].argmin()")),
], ready_made=WRITE_OUT)
# fmt: on
