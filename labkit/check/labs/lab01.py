"""Lab 1, images as data: what is asked in each exercise, and the mistakes that are known."""

import tracemalloc

import numpy as np

from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise
from labkit.check.runtime_loops import no_loop
from labkit.check.watch import READY_MADE

_READY_MADE = (*READY_MADE, "scipy.spatial.*", "scipy.stats.*")
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

scale_pixels = exercise(
    "scale_pixels",
    12,
    scale_pixels_,
    [
        (10, "0 becomes -1, 255 becomes 1, on a straight line", equals(_pixel_cases, lab=_lab_pixels, tolerance=2e-3)),
        (2, "images is left as it was", unchanged(_pixel_cases)),
    ],
    mistakes=[
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
    ],
)

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


def _peak(function, *args):
    """The memory that a call takes at most, in bytes."""
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        function(*args)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not tracing:
            tracemalloc.stop()


def _no_cube(answer):
    """All differences at once, (M, N, D), would take 60 GB in the lab; so would a float64 copy of anything near it."""
    rng = answer.rng()
    A, B = rng.normal(size=(48, 512)), rng.normal(size=(56, 512))
    most = len(A) * B.nbytes / 4
    if _peak(answer, A, B) <= most or _peak(answer.right, A, B) > most:
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

squared_distances = exercise(
    "squared_distances",
    26,
    squared_distances_,
    [
        (14, "the squared distance of each row of A to each row of B, (M, N)", equals(_row_cases, lab=_lab_rows)),
        (6, "no Python loop", no_loop(_distance_arguments)),
        (4, "without an array of all M·N·D differences", _no_cube),
        (2, "A and B are left as they were", unchanged(_row_cases)),
    ],
    mistakes=[
        (
            "these are the distances: the squared ones are asked, no root",
            (_SQUARE, f"np.sqrt(np.maximum({_SQUARE}, 0))"),
        ),
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
    ],
    ready_made=_READY_MADE,
)

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

nearest_labels = exercise(
    "nearest_labels",
    18,
    nearest_labels_,
    [
        (
            11,
            "the class of the training image with the smallest distance, one for each row",
            equals(_distances, lab=_lab_distances),
        ),
        (5, "no Python loop", no_loop(_label_arguments)),
        (2, "distances and y_train are left as they were", unchanged(_distances)),
    ],
    mistakes=[
        ("this is the farthest training image: argmin finds the smallest distance", ("argmin", "argmax")),
        ("these are the places of the nearest images: their classes are asked, y_train[…]", (_LABELS, "nearest")),
        (
            "these are the smallest distances: the nearest image's class is asked",
            (_LABELS, "distances.min(axis=1)"),
            NONE,
        ),
        ("wrong axis: the distances of one image to all training images are a row (axis=1)", ("axis=1", "axis=0")),
        ("argmin over all distances at once: one for each row (axis=1)", ("axis=1", ""), NONE),
        ("off by one: places are counted from 0", (_LABELS, "y_train[nearest - 1]")),
        ("the second nearest: the nearest is not the image itself here", (_ARGMIN, "distances.argsort(axis=1)[:, 1]")),
        (
            "the classes sorted by each image's distances: only the nearest is asked",
            (_ARGMIN, "distances.argsort(axis=1)"),
        ),
        ("only the first image gets its class", (_ARGMIN, "distances[0].argmin()")),
    ],
    ready_made=_READY_MADE,
)

# -------------------------------------------------------------------------------------- centring


def center_images_(X_train, X_test):
    """Both sets minus the mean image of the training set."""
    mean = X_train.mean(axis=0)
    return X_train - mean, X_test - mean


def _two_sets(rng):
    sizes = [((6, 5), (4, 5)), ((5, 5), (5, 5)), ((2, 7), (1, 7)), ((8, 2), (3, 2)), ((1000, 3), (7, 3))]
    rows = [(3 + 2 * rng.normal(size=a), 4 + rng.normal(size=b)) for a, b in sizes]
    pixels = [tuple(rng.integers(0, 256, (n, 3, 4, 4)).astype(np.uint8) for n in (5, 2))]
    far = [tuple(a * [1e5, 1, 1e-3, 0, -1e5] for a in rows[0])]
    return rows + pixels + [tuple(a.astype(np.float32) for a in rows[0])] + far


def _lab_two_sets(rng):
    return tuple(rng.integers(0, 256, (n, 3, 32, 32)).astype(np.uint8) for n in (40, 10))


_MU, _TRAIN, _TEST, _BOTH = (
    "X_train.mean(axis=0)",
    "X_train - mean",
    "X_test - mean",
    "np.concatenate([X_train, X_test])",
)
_MEAN_OF_ALL = "one mean over all pixels: the mean image has a value for each pixel, X_train.mean(axis=0)"
_MEAN_OF_EACH = "each image loses its own mean: the mean runs over the images (axis=0)"
_TEST_SEEN = "the mean is over training and test images together: the test images must not be used"
_FIRST = "the test images come first: X_train first, then X_test"
_OTHERS_MEAN = "the test images lose their own mean: else the same picture means something else in the two sets"
_ROUNDED = "the mean is rounded to whole pixel values, or the difference went round at 0: keep both float"
_BEFORE = "the test images are unchanged: the mean of training images that are centred already is 0, take it before"


def _own(name):
    return [f"{name} - {name}.mean(axis={axis}, keepdims=True)" for axis in (f"tuple(range(1, {name}.ndim))", "1")]


center_images = exercise(
    "center_images",
    14,
    center_images_,
    [
        (7, "training images minus their mean image", equals(_two_sets, part=0, lab=_lab_two_sets)),
        (5, "test images minus the mean image of the training images", equals(_two_sets, part=1, lab=_lab_two_sets)),
        (2, "X_train and X_test are left as they were", unchanged(_two_sets)),
    ],
    mistakes=[
        (_MEAN_OF_ALL, (_MU, "X_train.mean()")),
        (_MEAN_OF_ALL, (_TEST, ["X_test - X_train.mean()", "X_test - X_test.mean()"])),
        (_MEAN_OF_EACH, (_TRAIN, _own("X_train"))),
        (_MEAN_OF_EACH, (_TEST, _own("X_test"))),
        (_TEST_SEEN, (_MU, f"{_BOTH}.mean(axis=0)")),
        (_TEST_SEEN, (_TEST, f"X_test - {_BOTH}.mean(axis=0)")),
        ("the mean of the test images is subtracted: take that of the training images", (_MU, "X_test.mean(axis=0)")),
        ("the median is subtracted: the mean is asked", (_MU, "np.median(X_train, axis=0)")),
        ("the mean image is added", (_TRAIN, "X_train + mean"), (_TEST, [_TEST, "X_test + mean"])),
        ("the sign: X_train minus the mean", (_TRAIN, "mean - X_train"), (_TEST, [_TEST, "mean - X_test"])),
        ("this is the mean image itself: subtract it from the images", (_TRAIN, "mean"), NONE),
        (
            "the images are also divided by their deviation: centring only subtracts",
            (_TRAIN, "(X_train - mean) / X_train.std(axis=0)"),
            (_TEST, "(X_test - mean) / X_train.std(axis=0)"),
        ),
        (_FIRST, (f"{_TRAIN}, {_TEST}", f"{_TEST}, {_TRAIN}")),
        ("the images are unchanged", (_TRAIN, "X_train"), NONE),
        (_ROUNDED, (_MU, f"{_MU}.astype(X_train.dtype)")),
        (_OTHERS_MEAN, (_TEST, "X_test - X_test.mean(axis=0)")),
        (_BEFORE, (_TEST, "X_test")),
        ("the training images are returned twice", (_TEST, _TRAIN)),
    ],
    returns="(X_train, X_test), both centred",
    ready_made=_READY_MADE,
)

# -------------------------------------------------------------------------------- standardising


def standardize_features_(X_train, X_test):
    """Every feature with mean 0 and deviation 1 over the training images; a constant one is only centred."""
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    std = np.where(std == 0, 1, std)
    return (X_train - mean) / std, (X_test - mean) / std


def _row_sets(rng):
    scale = np.array([1.0, 30, 0.2, 5, 2, 400, 3])
    sizes = [(6, 4, 5), (5, 5, 5), (3, 2, 7), (8, 3, 2), (1000, 7, 3)]
    rows = [(3 + scale[:d] * rng.normal(size=(n, d)), 4 + scale[:d] * rng.normal(size=(m, d))) for n, m, d in sizes]
    far = tuple(a * [1e5, 1, 1e-2, 10, -1e3] for a in rows[0])
    return [*rows, tuple(a.astype(np.float32) for a in rows[0]), far]


def _lab_row_sets(rng):
    return rng.normal(size=(300, 3072)), rng.normal(size=(100, 3072))


def _constant(rng):
    """One feature that is the same in all training images, exactly, and other in the test images."""
    cases = []
    for n, m, d, k in [(6, 4, 5, 2), (4, 3, 3, 0), (8, 2, 2, 1)]:
        X_train, X_test = 2 * rng.normal(size=(n, d)) + 1, 2 * rng.normal(size=(m, d))
        X_train[:, k], X_test[:, k] = 4.0, 4.0
        X_test[0, k] = 6.0
        cases.append((X_train, X_test))
    return cases


_OF_TRAIN, _OF_TEST, _STD = "(X_train - mean) / std", "(X_test - mean) / std", "X_train.std(axis=0)"
_STATISTICS, _GUARD = f"{_MU}, {_STD}", "np.where(std == 0, 1, std)"
_OWN = "the test images are standardised with their own mean and deviation: take those of the training images"
_SEEN = "the statistics are over training and test images together: the test images must not be used"
_ONE = "one {} for all features: each has its own (axis=0)"
_WRONG_AXIS = "wrong axis: mean and deviation of a feature run over the images (axis=0)"
_ADDED = (
    "a small number in place of 0: a test image that differs in the constant feature gets a value in the thousands or "
    "millions; divide that feature by 1 instead"
)
_ALREADY = "the test images are unchanged: training images that are standardised already have 0 and 1, take them before"
_SIZES = range(3, 17)
_BRACKETS = "divided before the mean is subtracted: brackets round the difference"
_ZERO = "0 / 0: the feature that is constant in training becomes NaN or infinite; divide it by 1 instead"
_AS_IT_WAS = "the constant feature is left as it was: it is centred, too"
_RANGE = "np.ptp(X_train, axis=0)"


def _by(mean, std):
    """Both sets with other statistics, of the set itself: {X}."""
    return [f"({X} - {mean.format(X=X)}) / {std.format(X=X)}" for X in ("X_train", "X_test")]


_EACH = _by("{X}.mean(axis=1, keepdims=True)", "{X}.std(axis=1, keepdims=True)")

standardize_features = exercise(
    "standardize_features",
    14,
    standardize_features_,
    [
        (
            5,
            "every feature has mean 0 and deviation 1 over the training images",
            equals(_row_sets, part=0, lab=_lab_row_sets),
        ),
        (4, "test images with mean and deviation of the training images", equals(_row_sets, part=1, lab=_lab_row_sets)),
        (
            3,
            "a feature that is constant in training is centred and not divided",
            equals(_constant, part=[0, 1], forgiving=True),
        ),
        (2, "X_train and X_test are left as they were", unchanged(_row_sets)),
    ],
    mistakes=[
        ("centred only: divide by the deviation of each feature", (_OF_TRAIN, _TRAIN), (_OF_TEST, [_OF_TEST, _TEST])),
        ("divided, but not centred: subtract the mean first", (_TRAIN, "X_train"), (_TEST, [_TEST, "X_test"])),
        (_BRACKETS, (f"{_OF_TRAIN}, {_OF_TEST}", "X_train - mean / std, X_test - mean / std")),
        ("divided by the variance: the deviation is its root", (_STD, "X_train.var(axis=0)")),
        ("multiplied by the deviation: divide", (") / std", ") * std", 2)),
        (_ONE.format("mean and one deviation"), (_STATISTICS, "X_train.mean(), X_train.std()")),
        (_ONE.format("deviation"), (_STD, "X_train.std()")),
        (_WRONG_AXIS, (_OF_TRAIN, _EACH[0]), (_OF_TEST, [_OF_TEST, _EACH[1]])),
        (_WRONG_AXIS, ("axis=0", "axis=1", 2)),
        ("N - 1 in the deviation (ddof=1): here the mean is over all N images", (_STD, "X_train.std(axis=0, ddof=1)")),
        (_SEEN, (_STATISTICS, f"{_BOTH}.mean(axis=0), {_BOTH}.std(axis=0)")),
        ("scaled to 0 to 1 by each feature's limits", (_STATISTICS, f"X_train.min(axis=0), {_RANGE}")),
        ("divided by the range of each feature: the deviation is asked", (_STD, _RANGE)),
        (_FIRST, (f"{_OF_TRAIN}, {_OF_TEST}", f"{_OF_TEST}, {_OF_TRAIN}")),
        (_OWN, (_OF_TEST, "(X_test - X_test.mean(axis=0)) / X_test.std(axis=0)")),
        ("the test images lose their own mean: take the training images'", (_TEST, "X_test - X_test.mean(axis=0)")),
        ("the test images are divided by their own deviation", (_OF_TEST, "(X_test - mean) / X_test.std(axis=0)")),
        (_ALREADY, (_OF_TEST, "X_test")),
        ("the test images are centred only", (_OF_TEST, _TEST)),
        (_ZERO, (f"    std = {_GUARD}\n", ""), NONE),
        (_ADDED, (_GUARD, [f"std + 1e-{k}" for k in _SIZES]), NONE),
        (_ADDED, (_GUARD, [f"np.sqrt(std**2 + 1e-{k})" for k in _SIZES]), NONE),
        (_ADDED, (_GUARD, [f"np.maximum(std, 1e-{k})" for k in _SIZES]), NONE),
        (
            "the constant feature is 0 in the test images too: there it may differ",
            (_OF_TEST, f"{_OF_TEST} * ({_STD} > 0)"),
        ),
        (_AS_IT_WAS, ("    std = np", "    mean = mean * (std > 0)\n    std = np")),
        (
            "the constant feature is left out: keep all columns",
            (_OF_TRAIN, f"({_OF_TRAIN})[:, {_STD} > 0]"),
            (_OF_TEST, f"({_OF_TEST})[:, {_STD} > 0]"),
        ),
    ],
    returns="(X_train, X_test), both standardised",
    ready_made=_READY_MADE,
)

# ----------------------------------------------------------------------------------- bias column


def add_bias_column_(X):
    """X (N, D) with a column of ones at the end, (N, D + 1)."""
    return np.hstack([X, np.ones((len(X), 1), X.dtype)])


def _matrix_cases(rng):
    cases = [(2 + rng.normal(size=size),) for size in [(5, 3), (1, 4), (4, 4), (2, 12), (9, 1), (1000, 2)]]
    pixels = rng.integers(0, 256, (4, 3)).astype(np.uint8)
    return [*cases, (cases[0][0].astype(np.float32),), (pixels,), (cases[0][0] * [1e5, 0, 1e-3],)]


def _lab_rows(rng):
    return (rng.normal(size=(100, 3072)),)


_WHOLE, _COLUMN = "np.hstack([X, np.ones((len(X), 1), X.dtype)])", "np.ones((len(X), 1), X.dtype)"

add_bias_column = exercise(
    "add_bias_column",
    6,
    add_bias_column_,
    [
        (5, "X with a column of ones at the end, (N, D + 1)", equals(_matrix_cases, lab=_lab_rows)),
        (1, "X is left as it was", unchanged(_matrix_cases)),
    ],
    mistakes=[
        ("the ones are the first column: they are asked at the end", (f"X, {_COLUMN}", f"{_COLUMN}, X")),
        ("the new column holds zeros: a weight times 0 adds nothing", ("ones", "zeros")),
        ("a row of ones: each image gets one number more, a column", (_WHOLE, "np.vstack([X, np.ones(X.shape[1])])")),
        ("1 is added to every value: a new column is asked", (_WHOLE, "X + 1"), NONE),
        ("there is no new column", (_WHOLE, "X"), NONE),
        ("the last feature is overwritten: the ones are a new column", ("X, np", "X[:, :-1], np")),
        ("the result is flat: join along the columns, axis=1", (_WHOLE, f"np.append(X, {_COLUMN})")),
        ("the new column does not hold ones", (_COLUMN, [f"-1.0 * {_COLUMN}", f"2 * {_COLUMN}"])),
        ("as many columns of ones as features: one is enough", (_COLUMN, "np.ones_like(X)")),
    ],
    ready_made=_READY_MADE,
)
