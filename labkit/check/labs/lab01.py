"""Lab 1, images as data: what is asked in each exercise, and the mistakes that are known."""

import tracemalloc

import numpy as np

from labkit.check.compare import part
from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise
from labkit.check.runtime_loops import no_loop
from labkit.check.watch import READY_MADE

_READY_MADE = (*READY_MADE, "scipy.spatial.*", "scipy.stats.*")

# ------------------------------------------------------------------------------- pixels to [-1, 1]


def scale_pixels_(images):
    """Pixel values 0 to 255 on a straight line to -1 to 1, float32."""
    return images / np.float32(127.5) - 1


def _pixel_cases(rng):
    cases = [rng.integers(0, 256, size).astype(np.uint8) for size in [(2, 3, 4, 4), (40,), (3, 7)]]
    return [(a,) for a in (*cases, np.arange(256, dtype=np.uint8), rng.integers(90, 140, (4, 6)).astype(np.uint8))]


def _pixels_in_the_lab(rng):
    return (rng.integers(0, 256, (1, 3, 32, 32)).astype(np.uint8),)


def _min_max(x):
    return 2 * (x - float(x.min())) / (float(x.max()) - float(x.min())) - 1


_WRAPS = (
    "an 8-bit number goes round: above 255 it begins again at 0, below 0 at 255; make the pixels float before "
    "anything else, by / or .astype(float)"
)
_MIDDLE = "255 does not become 1, or 0 not -1: the middle between them is 127.5, and so is half the width"

scale_pixels = exercise(
    "scale_pixels",
    points=12,
    answer=scale_pixels_,
    criteria=[
        (
            10,
            "0 becomes -1, 255 becomes 1, on a straight line",
            equals(
                _pixel_cases,
                scale_pixels_,
                lab=_pixels_in_the_lab,
                tolerance=1e-4,
                mistakes=[
                    (_WRAPS, lambda x: 2 * x / 255 - 1),
                    (_WRAPS, lambda x: (2 * x - 255) / 255),
                    (_WRAPS, lambda x: (x * np.uint8(2)) / 255 - 1),
                    *[(_WRAPS, lambda x, m=m, w=w: (x - m) / w) for m in (127, 128) for w in (127, 127.5, 128)],
                    ("this goes from -0.5 to 0.5: asked is -1 to 1, twice as wide", lambda x: x / 255 - 0.5),
                    *[
                        (_MIDDLE, lambda x, m=m, w=w: (x - float(m)) / w)
                        for m in (127, 127.5, 128)
                        for w in (127, 127.5, 128, 255)
                        if not m == w == 127.5
                    ],
                    *[(_MIDDLE, lambda x, w=w: x / w - 1) for w in (127, 128)],
                    ("this goes from 0 to 1: asked is -1 to 1, twice as wide", lambda x: x / 255),
                    ("this goes from 0 to 2: 1 has to be subtracted", lambda x: x / 127.5),
                    ("this goes from -1 to 0: asked is -1 to 1", lambda x: x / 255 - 1),
                    ("this goes from -127.5 to 127.5: divide by 127.5 as well", lambda x: x - 127.5),
                    ("black and white are swapped: 0 becomes -1", lambda x: 1 - x / 127.5),
                    ("// divides whole numbers and drops the rest: divide with /", lambda x: x // 127.5 - 1),
                    ("// divides whole numbers and drops the rest: divide with /", lambda x: x // 127 - 1.0),
                    ("the result is rounded to whole numbers", lambda x: np.trunc(x / 127.5 - 1)),
                    (
                        "the limits are those of the images at hand: two images would be scaled in two ways; 0 "
                        "and 255 are fixed",
                        _min_max,
                    ),
                    (
                        "the limits are those of the images at hand: two images would be scaled in two ways; 0 "
                        "and 255 are fixed",
                        lambda x: 2 * (x / x.max()) - 1,
                    ),
                    (
                        "these are standardised pixels (mean 0, deviation 1): a fixed straight line is asked",
                        lambda x: (x - x.mean()) / x.std(),
                    ),
                ],
            ),
        ),
        (2, "images is left as it was", unchanged(_pixel_cases)),
    ],
)

# --------------------------------------------------------------------------- squared distances


def squared_distances_(A, B):
    """Squared distance of each row of A (M, D) to each row of B (N, D), as (M, N): |a|² - 2 a·b + |b|²."""
    return (A * A).sum(axis=1)[:, None] - 2 * A @ B.T + (B * B).sum(axis=1)


def _row_cases(rng):
    sizes = [(5, 4, 3), (1, 3, 2), (7, 2, 12), (4, 4, 4), (3, 6, 5), (2, 1, 1)]
    cases = [(rng.normal(size=(m, d)), rng.normal(size=(n, d))) for m, d, n in sizes]
    return cases + [tuple(a.astype(np.float32) for a in cases[0])]


def _rows_in_the_lab(rng):
    return rng.normal(size=(100, 3072)), rng.normal(size=(50, 3072))


def _a(A):
    return (A * A).sum(axis=1)[:, None]


def _b(B):
    return (B * B).sum(axis=1)


def _no_cube(answer):
    """All differences at once, (M, N, D), would take 60 GB in the lab; so would a float64 copy of anything near it."""
    rng = answer.rng()
    A, B = rng.normal(size=(48, 512)), rng.normal(size=(56, 512))
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        answer(A, B)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        if not tracing:
            tracemalloc.stop()
    if peak > len(A) * B.nbytes / 4:
        return (
            "all M·N·D differences are held at once, in this lab an array of 60 GB: "
            "expand the square, so that A @ B.T does the work"
        )
    return None


def _distance_arguments(rng, n, d, c):
    return rng.normal(size=(n, d)), rng.normal(size=(c, d))


def _label_arguments(rng, n, d, c):
    m = max(n, d)
    return rng.random((m, m)), rng.integers(0, 10, m)


def _without_loops(make):
    """Judged in the exercise itself: a loop over 5,000,000 pairs would hold up the lab: `use` must not hand it on."""
    return no_loop(make)


_SQUARED = [
    (
        "these are the distances: the squared ones are asked, without the root",
        lambda A, B: np.sqrt(np.maximum(squared_distances_(A, B), 0)),
    ),
    ("the sign of the middle term: |a - b|² = |a|² - 2 a·b + |b|²", lambda A, B: _a(A) + 2 * A @ B.T + _b(B)),
    ("the 2 is missing: |a - b|² = |a|² - 2 a·b + |b|²", lambda A, B: _a(A) - A @ B.T + _b(B)),
    ("|b|² is missing: |a - b|² = |a|² - 2 a·b + |b|²", lambda A, B: _a(A) - 2 * A @ B.T),
    ("|a|² is missing: |a - b|² = |a|² - 2 a·b + |b|²", lambda A, B: _b(B) - 2 * A @ B.T),
    ("the middle term is missing: |a - b|² = |a|² - 2 a·b + |b|²", lambda A, B: _a(A) + _b(B)),
    ("these are the inner products alone: |a - b|² = |a|² - 2 a·b + |b|²", lambda A, B: A @ B.T),
    (
        "the result is transposed: a row for each row of A, a column for each row of B",
        lambda A, B: squared_distances_(A, B).T,
    ),
    ("the sum of absolute differences: their squares are asked", lambda A, B: np.abs(A[:, None] - B[None]).sum(axis=2)),
    ("this is the mean over the features: their sum is asked", lambda A, B: squared_distances_(A, B) / A.shape[1]),
    (
        "the norms are not squared: |a|² is the sum of the squares, without the root",
        lambda A, B: np.sqrt(_a(A)) - 2 * A @ B.T + np.sqrt(_b(B)),
    ),
    (
        "A - B subtracts row from row: every row of A is to be compared with every row of B",
        lambda A, B: ((A - B) ** 2).sum(axis=1),
    ),
    (
        "wrong axis: the sum of the squares runs over the features of a row (axis=1)",
        lambda A, B: (A * A).sum(axis=0)[:, None] - 2 * A @ B.T + (B * B).sum(axis=0),
    ),
    (
        "|a|² has lost its axis: it belongs to the rows, so make it a column, [:, None]",
        lambda A, B: (A * A).sum(axis=1) - 2 * A @ B.T + (B * B).sum(axis=1),
    ),
    (
        "the axes of |a|² and |b|² are swapped: |a|² belongs to the rows (a column, [:, None]), |b|² to the columns",
        lambda A, B: (A * A).sum(axis=1) - 2 * A @ B.T + (B * B).sum(axis=1)[:, None],
    ),
    ("A @ B does not fit: the inner products of all rows are A @ B.T", lambda A, B: _a(A) - 2 * A @ B + _b(B)),
]

squared_distances = exercise(
    "squared_distances",
    points=26,
    answer=squared_distances_,
    ready_made=_READY_MADE,
    criteria=[
        (
            14,
            "the squared distance of each row of A to each row of B, (M, N)",
            equals(_row_cases, squared_distances_, _SQUARED, lab=_rows_in_the_lab),
        ),
        (6, "no Python loop", _without_loops(_distance_arguments)),
        (4, "without an array of all M·N·D differences", _no_cube),
        (2, "A and B are left as they were", unchanged(_row_cases)),
    ],
)

# ------------------------------------------------------------------------------ nearest neighbour


def nearest_labels_(distances, y_train):
    """The class of the nearest training image: distances (M, N), y_train (N,) -> (M,)."""
    return y_train[distances.argmin(axis=1)]


def _distance_cases(rng):
    cases = []
    for i, (m, n) in enumerate([(5, 8), (6, 6), (1, 4), (9, 3), (4, 30), (3, 1)]):
        y = (3 * np.arange(n) + rng.integers(1, 9)) % 10  # no label is its own place by system
        cases.append((rng.random((m, n)) * 40, y.astype([np.int64, np.int32, np.uint8][i % 3])))
    return cases


def _distances_in_the_lab(rng):
    return rng.random((1000, 5000)), rng.integers(0, 10, 5000)


nearest_labels = exercise(
    "nearest_labels",
    points=18,
    answer=nearest_labels_,
    ready_made=_READY_MADE,
    criteria=[
        (
            11,
            "the class of the training image with the smallest distance, one for each row",
            equals(
                _distance_cases,
                nearest_labels_,
                lab=_distances_in_the_lab,
                mistakes=[
                    (
                        "this is the farthest training image: argmin finds the smallest distance",
                        lambda d, y: y[d.argmax(axis=1)],
                    ),
                    (
                        "these are the places of the nearest training images: their classes are asked, y_train[…]",
                        lambda d, y: d.argmin(axis=1),
                    ),
                    (
                        "these are the smallest distances: the class of the image that has it is asked",
                        lambda d, y: d.min(axis=1),
                    ),
                    (
                        "wrong axis: the distances of one image to all training images are a row (axis=1)",
                        lambda d, y: y[d.argmin(axis=0)],
                    ),
                    ("argmin over all distances at once: one for each row (axis=1)", lambda d, y: y[d.argmin()]),
                    ("off by one: places are counted from 0", lambda d, y: y[d.argmin(axis=1) - 1]),
                    (
                        "the second nearest: with the training images themselves the nearest would be the image "
                        "itself, "
                        "but these are other images",
                        lambda d, y: y[d.argsort(axis=1)[:, 1]],
                    ),
                    (
                        "the classes are sorted by each image's distances: only the nearest one is asked",
                        lambda d, y: y[d.argsort(axis=1)],
                    ),
                    ("only the first image gets its class", lambda d, y: y[d[0].argmin()]),
                ],
            ),
        ),
        (5, "no Python loop", _without_loops(_label_arguments)),
        (2, "distances and y_train are left as they were", unchanged(_distance_cases)),
    ],
)

# -------------------------------------------------------------------------------------- centring


def center_images_(X_train, X_test):
    """Both sets minus the mean image of the training set."""
    mean = X_train.mean(axis=0)
    return X_train - mean, X_test - mean


def _two_sets(rng):
    sizes = [((6, 5), (4, 5)), ((5, 5), (5, 5)), ((2, 7), (1, 7)), ((8, 2), (3, 2))]
    rows = [(3 + 2 * rng.normal(size=a), 4 + rng.normal(size=b)) for a, b in sizes]
    pixels = [tuple(rng.integers(0, 256, (n, 3, 4, 4)).astype(np.uint8) for n in (5, 2))]
    return rows + pixels + [tuple(a.astype(np.float32) for a in rows[0])]


def _two_sets_in_the_lab(rng):
    return tuple(rng.integers(0, 256, (n, 3, 32, 32)).astype(np.uint8) for n in (40, 10))


def _of_training(problem):
    """The training half does not depend on X_test: that is no diagnosis."""

    def find(answer):
        said = problem(answer)
        return "the values are not right" if said == "the answer does not depend on X_test" else said

    return find


def _both(a, b):
    return np.concatenate([a, b])


_MEAN_OF_ALL = "one mean over all pixels: the mean image has a value for each pixel, X_train.mean(axis=0)"
_MEAN_OF_EACH = "each image loses its own mean: the mean runs over the images (axis=0)"
_TEST_SEEN = "the mean is over training and test images together: the test images must not be used"

center_images = exercise(
    "center_images",
    points=14,
    answer=center_images_,
    ready_made=_READY_MADE,
    criteria=[
        (
            7,
            "training images minus their mean image",
            _of_training(
                part(
                    0,
                    "(X_train, X_test), both centred",
                    equals(
                        _two_sets,
                        lambda a, b: a - a.mean(axis=0),
                        lab=_two_sets_in_the_lab,
                        mistakes=[
                            (_MEAN_OF_ALL, lambda a, b: a - a.mean()),
                            (_MEAN_OF_EACH, lambda a, b: a - a.mean(axis=tuple(range(1, a.ndim)), keepdims=True)),
                            (_MEAN_OF_EACH, lambda a, b: a - a.mean(axis=1, keepdims=True)),
                            (_TEST_SEEN, lambda a, b: a - _both(a, b).mean(axis=0)),
                            (
                                "the mean of the test images is subtracted: it has to be that of the training images",
                                lambda a, b: a - b.mean(axis=0),
                            ),
                            ("the median is subtracted: the mean is asked", lambda a, b: a - np.median(a, axis=0)),
                            ("the mean image is added", lambda a, b: a + a.mean(axis=0)),
                            ("the sign: X_train minus the mean", lambda a, b: a.mean(axis=0) - a),
                            ("this is the mean image itself: subtract it from the images", lambda a, b: a.mean(axis=0)),
                            (
                                "the images are also divided by their deviation: centring only subtracts",
                                lambda a, b: (a - a.mean(axis=0)) / a.std(axis=0),
                            ),
                            ("the test images come first: X_train first, then X_test", lambda a, b: b - a.mean(axis=0)),
                            ("the images are unchanged", lambda a, b: a),
                            (
                                "the mean is rounded to whole pixel values, or the difference went round at 0: "
                                "keep both float",
                                lambda a, b: a - a.mean(axis=0).astype(a.dtype),
                            ),
                        ],
                    ),
                )
            ),
        ),
        (
            5,
            "test images minus the mean image of the training images",
            part(
                1,
                "(X_train, X_test), both centred",
                equals(
                    _two_sets,
                    lambda a, b: b - a.mean(axis=0),
                    lab=_two_sets_in_the_lab,
                    mistakes=[
                        (
                            "the test images lose their own mean: they have to lose that of the training images, "
                            "else the same picture means something else in the two sets",
                            lambda a, b: b - b.mean(axis=0),
                        ),
                        (_TEST_SEEN, lambda a, b: b - _both(a, b).mean(axis=0)),
                        (_MEAN_OF_ALL, lambda a, b: b - a.mean()),
                        (_MEAN_OF_ALL, lambda a, b: b - b.mean()),
                        (
                            "the mean of the centred training images is subtracted, which is 0: take the mean before",
                            lambda a, b: b - 0.0,
                        ),
                        ("the training images are returned twice", lambda a, b: a - a.mean(axis=0)),
                    ],
                ),
            ),
        ),
        (2, "X_train and X_test are left as they were", unchanged(_two_sets)),
    ],
)

# -------------------------------------------------------------------------------- standardising


def standardize_features_(X_train, X_test):
    """Every feature with mean 0 and deviation 1 over the training images; a constant one is only centred."""
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    std = np.where(std == 0, 1, std)
    return (X_train - mean) / std, (X_test - mean) / std


def _row_sets(rng):
    scale = np.array([1.0, 30, 0.2, 5, 2, 400, 3])
    sizes = [(6, 4, 5), (5, 5, 5), (3, 2, 7), (8, 3, 2)]
    rows = [(3 + scale[:d] * rng.normal(size=(n, d)), 4 + scale[:d] * rng.normal(size=(m, d))) for n, m, d in sizes]
    return rows + [tuple(a.astype(np.float32) for a in rows[0])]


def _row_sets_in_the_lab(rng):
    return rng.normal(size=(300, 3072)), rng.normal(size=(100, 3072))


def _with_a_constant(rng):
    """One feature that is the same in all training images, exactly, and other in the test images."""
    cases = []
    for n, m, d, k in [(6, 4, 5, 2), (4, 3, 3, 0), (8, 2, 2, 1)]:
        X_train, X_test = 2 * rng.normal(size=(n, d)) + 1, 2 * rng.normal(size=(m, d))
        X_train[:, k], X_test[:, k] = 4.0, 4.0
        X_test[0, k] = 6.0
        cases.append((X_train, X_test))
    return cases


def _with_epsilon(e, inside=False):
    def standardized(a, b):
        std = np.sqrt(a.var(axis=0) + e) if inside else a.std(axis=0) + e
        return _both((a - a.mean(axis=0)) / std, (b - a.mean(axis=0)) / std)

    return standardized


class _Together:
    """The two arrays that an answer returns, one on top of the other."""

    def __init__(self, answer):
        self._answer = answer

    def __getattr__(self, name):
        return getattr(self._answer, name)

    def __call__(self, *args):
        outcome = self._answer(*args)
        try:
            return outcome if outcome.error else outcome._replace(value=np.concatenate(outcome.value))
        except (ValueError, TypeError):
            return outcome._replace(value=None, error="it does not return two arrays of rows")


def _guarded(X, for_mean, for_std):
    """X standardised with the mean of one set and the deviation of another, a constant feature divided by 1."""
    std = for_std.std(axis=0)
    return (X - for_mean.mean(axis=0)) / np.where(std == 0, 1, std)


def _constant(answer):
    return equals(
        _with_a_constant,
        lambda a, b: _both(*standardize_features_(a, b)),
        mistakes=[
            (
                "0 / 0: the feature that is constant in training becomes NaN or infinite; divide it by 1 instead",
                _with_epsilon(0.0),
            ),
            *[
                (
                    "a small number added to the deviation: a test image that differs in the constant feature "
                    "gets a value in the "
                    "millions; divide that feature by 1 instead",
                    _with_epsilon(10.0**-k, inside),
                )
                for k in range(3, 17)
                for inside in (False, True)
            ],
            (
                "the constant feature is set to 0 in the test images too: there it may differ, so it is centred "
                "like the others",
                lambda a, b: np.nan_to_num(_with_epsilon(0.0)(a, b), nan=0.0, posinf=0.0, neginf=0.0),
            ),
            (
                "the constant feature is left as it was: it is centred, too",
                lambda a, b: np.where(
                    _both(*[np.broadcast_to(a.std(axis=0) == 0, x.shape) for x in (a, b)]),
                    _both(a, b),
                    _both(*standardize_features_(a, b)),
                ),
            ),
            (
                "the constant feature is left out: keep all columns",
                lambda a, b: _both(*standardize_features_(a, b))[:, a.std(axis=0) > 0],
            ),
            *[
                (
                    "the test images have to be standardised with mean and deviation of the training images, "
                    "this feature too",
                    lambda a, b, m=m, s=s: _both(standardize_features_(a, a)[0], _guarded(b, m(a, b), s(a, b))),
                )
                for m in (lambda a, b: a, lambda a, b: b)
                for s in (lambda a, b: a, lambda a, b: b)
            ],
        ],
    )(_Together(answer))


_OWN = (
    "the test images are standardised with their own mean and deviation: take those of the training images, "
    "else the same picture means something else in the two sets"
)
_SEEN = "the statistics are over training and test images together: the test images must not be used"

standardize_features = exercise(
    "standardize_features",
    points=14,
    answer=standardize_features_,
    ready_made=_READY_MADE,
    criteria=[
        (
            5,
            "every feature has mean 0 and deviation 1 over the training images",
            _of_training(
                part(
                    0,
                    "(X_train, X_test), both standardised",
                    equals(
                        _row_sets,
                        lambda a, b: standardize_features_(a, b)[0],
                        lab=_row_sets_in_the_lab,
                        mistakes=[
                            ("centred only: divide by the deviation of each feature", lambda a, b: a - a.mean(axis=0)),
                            ("divided, but not centred: subtract the mean first", lambda a, b: a / a.std(axis=0)),
                            (
                                "divided before the mean is subtracted: put brackets round the difference",
                                lambda a, b: a - a.mean(axis=0) / a.std(axis=0),
                            ),
                            (
                                "divided by the variance: the deviation is its root",
                                lambda a, b: (a - a.mean(axis=0)) / a.var(axis=0),
                            ),
                            ("multiplied by the deviation: divide", lambda a, b: (a - a.mean(axis=0)) * a.std(axis=0)),
                            (
                                "one mean and one deviation for all features: each has its own (axis=0)",
                                lambda a, b: (a - a.mean()) / a.std(),
                            ),
                            (
                                "one deviation for all features: each has its own (axis=0)",
                                lambda a, b: (a - a.mean(axis=0)) / a.std(),
                            ),
                            (
                                "wrong axis: mean and deviation of a feature run over the images (axis=0)",
                                lambda a, b: (a - a.mean(axis=1, keepdims=True)) / a.std(axis=1, keepdims=True),
                            ),
                            (
                                "wrong axis: mean and deviation of a feature run over the images (axis=0)",
                                lambda a, b: (a - a.mean(axis=1)) / a.std(axis=1),
                            ),
                            (
                                "N - 1 in the deviation (ddof=1): here it is the mean of the squares over all N images",
                                lambda a, b: (a - a.mean(axis=0)) / a.std(axis=0, ddof=1),
                            ),
                            (_SEEN, lambda a, b: (a - _both(a, b).mean(axis=0)) / _both(a, b).std(axis=0)),
                            (
                                "scaled to 0 to 1 by the limits of each feature: mean 0 and deviation 1 are asked",
                                lambda a, b: (a - a.min(axis=0)) / (a.max(axis=0) - a.min(axis=0)),
                            ),
                            (
                                "divided by the range of each feature: the deviation is asked",
                                lambda a, b: (a - a.mean(axis=0)) / (a.max(axis=0) - a.min(axis=0)),
                            ),
                            (
                                "the test images come first: X_train first, then X_test",
                                lambda a, b: standardize_features_(a, b)[1],
                            ),
                        ],
                    ),
                )
            ),
        ),
        (
            4,
            "test images with mean and deviation of the training images",
            part(
                1,
                "(X_train, X_test), both standardised",
                equals(
                    _row_sets,
                    lambda a, b: standardize_features_(a, b)[1],
                    lab=_row_sets_in_the_lab,
                    mistakes=[
                        (_OWN, lambda a, b: (b - b.mean(axis=0)) / b.std(axis=0)),
                        (
                            "the test images lose their own mean: take that of the training images",
                            lambda a, b: (b - b.mean(axis=0)) / a.std(axis=0),
                        ),
                        (
                            "the test images are divided by their own deviation: take that of the training images",
                            lambda a, b: (b - a.mean(axis=0)) / b.std(axis=0),
                        ),
                        (_SEEN, lambda a, b: (b - _both(a, b).mean(axis=0)) / _both(a, b).std(axis=0)),
                        (
                            "the statistics are those of the standardised training images, mean 0 and deviation "
                            "1: take them before",
                            lambda a, b: b + 0.0,
                        ),
                        ("the test images are centred only", lambda a, b: b - a.mean(axis=0)),
                    ],
                ),
            ),
        ),
        (3, "a feature that is constant in training is centred and not divided", _constant),
        (2, "X_train and X_test are left as they were", unchanged(_row_sets)),
    ],
)

# ----------------------------------------------------------------------------------- bias column


def add_bias_column_(X):
    """X (N, D) with a column of ones at the end, (N, D + 1)."""
    return np.hstack([X, np.ones((len(X), 1), X.dtype)])


def _matrix_cases(rng):
    cases = [(2 + rng.normal(size=size),) for size in [(5, 3), (1, 4), (4, 4), (2, 12), (9, 1)]]
    return cases + [(cases[0][0].astype(np.float32),)]


add_bias_column = exercise(
    "add_bias_column",
    points=6,
    answer=add_bias_column_,
    ready_made=_READY_MADE,
    criteria=[
        (
            5,
            "X with a column of ones at the end, (N, D + 1)",
            equals(
                _matrix_cases,
                add_bias_column_,
                lab=lambda rng: (rng.normal(size=(100, 3072)),),
                mistakes=[
                    (
                        "the ones are the first column: they are asked at the end",
                        lambda X: np.hstack([np.ones((len(X), 1)), X]),
                    ),
                    (
                        "the new column holds zeros: a weight times 0 adds nothing",
                        lambda X: np.hstack([X, np.zeros((len(X), 1))]),
                    ),
                    (
                        "a row of ones: images are rows, so each of them gets one number more, a column",
                        lambda X: np.vstack([X, np.ones((1, X.shape[1]))]),
                    ),
                    ("1 is added to every value: a new column is asked", lambda X: X + 1),
                    ("there is no new column", lambda X: X),
                    (
                        "the last feature is overwritten: the ones are a new column",
                        lambda X: np.hstack([X[:, :-1], np.ones((len(X), 1))]),
                    ),
                    (
                        "the result is flat: join along the columns, axis=1",
                        lambda X: np.append(X, np.ones((len(X), 1))),
                    ),
                    ("the new column does not hold ones", lambda X: np.hstack([X, -np.ones((len(X), 1))])),
                    ("as many columns of ones as features: one is enough", lambda X: np.hstack([X, np.ones_like(X)])),
                ],
            ),
        ),
        (1, "X is left as it was", unchanged(_matrix_cases)),
    ],
)
