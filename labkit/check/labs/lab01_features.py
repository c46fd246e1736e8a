"""Lab 1, images as data: centring, standardising, whitening and the bias column."""

import numpy as np

from labkit.check.calls import Misuse
from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise
from labkit.check.watch import READY_MADE

WRITE_OUT = (*READY_MADE, "scipy.spatial.*", "scipy.stats.*")
NONE = {"keeps": 0}

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


# fmt: off
center_images = exercise("center_images", 6, center_images_, [
    (3, "training images minus their mean image", equals(_two_sets, part=0, lab=_lab_two_sets)),
    (2, "test images minus the mean image of the training images", equals(_two_sets, part=1, lab=_lab_two_sets)),
    (1, "X_train and X_test are left as they were", unchanged(_two_sets)),
], mistakes=[
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
    ("the images are also divided by their deviation: centring only subtracts",
     (_TRAIN, "(X_train - mean) / X_train.std(axis=0)"), (_TEST, "(X_test - mean) / X_train.std(axis=0)")),
    (_FIRST, (f"{_TRAIN}, {_TEST}", f"{_TEST}, {_TRAIN}")),
    ("the images are unchanged", (_TRAIN, "X_train"), NONE),
    (_ROUNDED, (_MU, f"{_MU}.astype(X_train.dtype)")),
    (_OTHERS_MEAN, (_TEST, "X_test - X_test.mean(axis=0)")),
    (_BEFORE, (_TEST, "X_test")),
    ("the training images are returned twice", (_TEST, _TRAIN)),
], returns="(X_train, X_test), both centred",
ready_made=WRITE_OUT)
# fmt: on

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

# fmt: off
standardize_features = exercise("standardize_features", 8, standardize_features_, [
    (3, "every feature has mean 0 and deviation 1 over the training images",
     equals(_row_sets, part=0, lab=_lab_row_sets)),
    (2, "test images with mean and deviation of the training images", equals(_row_sets, part=1, lab=_lab_row_sets)),
    (2, "a feature that is constant in training is centred and not divided",
     equals(_constant, part=[0, 1], forgiving=True)),
    (1, "X_train and X_test are left as they were", unchanged(_row_sets)),
], mistakes=[
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
    ("the constant feature is 0 in the test images too: there it may differ", (_OF_TEST, f"{_OF_TEST} * ({_STD} > 0)")),
    (_AS_IT_WAS, ("    std = np", "    mean = mean * (std > 0)\n    std = np")),
    ("the constant feature is left out: keep all columns", (_OF_TRAIN, f"({_OF_TRAIN})[:, {_STD} > 0]"),
     (_OF_TEST, f"({_OF_TEST})[:, {_STD} > 0]")),
], returns="(X_train, X_test), both standardised",
ready_made=WRITE_OUT)
# fmt: on

# --------------------------------------------------------------------------------- PCA whitening


def pca_whiten_(X_train, X_test, components):
    """Both sets along the first principal axes of the training images, every coordinate with deviation 1 there."""
    mean = X_train.mean(axis=0)
    centred = X_train - mean
    variances, axes = np.linalg.eigh(centred.T @ centred / len(X_train))
    order = np.argsort(-variances)[:components]
    matrix = axes[:, order] / np.sqrt(variances[order])
    return (X_train - mean) @ matrix, (X_test - mean) @ matrix


def _spread_sets(rng):
    """Rows whose variances along the principal axes differ, at least 1 each, turned at random."""
    sizes = [(40, 5, 6, 3), (60, 4, 4, 4), (30, 30, 3, 1), (200, 7, 8, 5), (1100, 2, 5, 2)]
    cases = []
    for n, m, d, k in sizes:
        turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
        wide = 2 * 1.8 ** np.arange(d) * np.linalg.qr(rng.normal(size=(n + m, d)))[0] * np.sqrt(n + m)
        rows = wide @ turn + 5 * rng.normal(size=d)
        cases.append((rows[:n], rows[n:], k))
    X_train, X_test, k = cases[0]
    return [*cases, (X_train.astype(np.float32), X_test.astype(np.float32), k)]


def _lab_spread(rng):
    return rng.normal(size=(1000, 768)), rng.normal(size=(100, 768)), 30


def _array(value):
    """A set as an array of floats; None if it is none."""
    try:
        X = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return None
    return X if X.ndim == 2 and X.size and isinstance(value, np.ndarray) else None


def _signs(X):
    """For each column 1 or -1, so that its largest entry becomes positive."""
    return np.where(X[abs(X).argmax(axis=0), np.arange(X.shape[1])] < 0, -1.0, 1.0)


def _upright(value):
    """The training images with the sign of each column fixed: that of a principal axis is arbitrary."""
    X = _array(value)
    return value if X is None else X * _signs(X)


def _test_upright(value):
    """The test images with the signs that the training images have been given."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise Misuse("it does not return (X_train, X_test), both whitened")
    train, test = map(_array, value)
    if train is None or test is None:
        return value[1]
    if train.shape[1] != test.shape[1]:
        raise Misuse("training and test images have not the same number of columns")
    return test * _signs(train)


_PROJECTED = "(X_train - mean) @ matrix, (X_test - mean) @ matrix"
_COVARIANCE, _LARGEST = "centred.T @ centred / len(X_train)", "np.argsort(-variances)"
_SCALED = "/ np.sqrt(variances[order])"
_TEST_PART = "(X_test - mean) @ matrix"
_AXES_OF_TEST = """def pca_whiten_(X_train, X_test, components):
    whitened = []
    for X in (X_train, X_test):
        centred = X - X.mean(axis=0)
        variances, axes = np.linalg.eigh(centred.T @ centred / len(X))
        order = np.argsort(-variances)[:components]
        whitened.append(centred @ axes[:, order] / np.sqrt(np.maximum(variances[order], 1e-12)))
    return tuple(whitened)
"""

# fmt: off
pca_whiten = exercise("pca_whiten", 8, pca_whiten_, [
    (4, "training images along the first principal axes, each coordinate with deviation 1",
     equals(_spread_sets, part=0, seen_as=_upright, lab=_lab_spread)),
    (3, "test images by the mean, the axes and the variances of the training images",
     equals(_spread_sets, seen_as=_test_upright, lab=_lab_spread)),
    (1, "X_train and X_test are left as they were", unchanged(_spread_sets)),
], mistakes=[
    ("not divided by the deviations: turned to the axes, but not whitened", (f" {_SCALED}", ""), NONE),
    ("divided by the variances: the deviations are their roots", (_SCALED, "/ variances[order]")),
    ("multiplied by the deviations: divide", (_SCALED, "* np.sqrt(variances[order])")),
    ("the deviations are too large by the root of N: divide the covariance by N, singular values by its root",
     (_SCALED, "/ np.sqrt(len(X_train) * variances[order])")),
    ("these are the axes of the smallest variances: eigh gives the smallest first",
     (_LARGEST, "np.argsort(variances)")),
    ("the rows of V: the axes are its columns", ("axes[:, order]", "axes.T[:, order]")),
    ("the covariance of images that are not centred", (_COVARIANCE, "X_train.T @ X_train / len(X_train)")),
    ("the images are not centred before they are projected: subtract the mean",
     (_PROJECTED, ["X_train @ matrix, X_test @ matrix", "(X_train) @ matrix, (X_test - mean) @ matrix"])),
    ("N - 1 in the covariance: here the mean is over all N images",
     (_COVARIANCE, "centred.T @ centred / (len(X_train) - 1)")),
    ("all components: only the first are asked", ("[:components]", "")),
    ("one component too few", ("[:components]", "[:max(components - 1, 1)]")),
    ("turned back to the features: that is ZCA whitening, of these components", (_PROJECTED,
     "(X_train - mean) @ matrix @ axes[:, order].T, (X_test - mean) @ matrix @ axes[:, order].T")),
    ("standardised: a correlation matrix in the place of the covariance",
     ("centred = X_train - mean", "centred = (X_train - mean) / X_train.std(axis=0)")),
    ("the test images lose their own mean: take the training images'",
     (_TEST_PART, "(X_test - X_test.mean(axis=0)) @ matrix")),
    ("the test images have axes of their own: take those of the training images", _AXES_OF_TEST),
    ("the training images are returned twice", (_TEST_PART, "(X_train - mean) @ matrix")),
    ("the test images come first: X_train first, then X_test",
     (_PROJECTED, "(X_test - mean) @ matrix, (X_train - mean) @ matrix")),
], returns="(X_train, X_test), both whitened",
ready_made=WRITE_OUT)
# fmt: on

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

# fmt: off
add_bias_column = exercise("add_bias_column", 4, add_bias_column_, [
    (3, "X with a column of ones at the end, (N, D + 1)", equals(_matrix_cases, lab=_lab_rows)),
    (1, "X is left as it was", unchanged(_matrix_cases)),
], mistakes=[
    ("the ones are the first column: they are asked at the end", (f"X, {_COLUMN}", f"{_COLUMN}, X")),
    ("the new column holds zeros: a weight times 0 adds nothing", ("ones", "zeros")),
    ("a row of ones: each image gets one number more, a column", (_WHOLE, "np.vstack([X, np.ones(X.shape[1])])")),
    ("1 is added to every value: a new column is asked", (_WHOLE, "X + 1"), NONE),
    ("there is no new column", (_WHOLE, "X"), NONE),
    ("the last feature is overwritten: the ones are a new column", ("X, np", "X[:, :-1], np")),
    ("the result is flat: join along the columns, axis=1", (_WHOLE, f"np.append(X, {_COLUMN})")),
    ("the new column does not hold ones", (_COLUMN, [f"-1.0 * {_COLUMN}", f"2 * {_COLUMN}"])),
    ("as many columns of ones as features: one is enough", (_COLUMN, "np.ones_like(X)")),
], ready_made=WRITE_OUT)
# fmt: on
