"""Preparing images for a classifier: mean image, standardising, whitening, projection, the bias column.

`fit_…` takes the training images and returns a `Map`: what was measured on them, as arrays to look at and compute
with; `Map.apply` prepares any images with it. Where training images are prepared in the same breath, the short form
`standardize(X_train, X_val)` is `fit_standardizing(X_train).apply(X_train, X_val)`. One array in, one array out;
several in, a tuple out. Inputs are never changed.

Images may come as (N, 3, 32, 32), or as rows (N, D) as well. What comes out is float: 8- and 16-bit integers
(pixels) become float32, which holds them exactly in half the memory of float64; float32 and float64 stay what
they are; wider integers become float64. `dtype=np.float64` asks for something else. The statistics (means,
deviations, covariances) are summed in float64 in any case.
"""

from dataclasses import dataclass

import numpy as np

from labkit import arguments, threads

threads.settle()

CHUNK = 512  # rows taken to float64 at a time, so that no float64 copy of a data set is ever made


def flatten(X):
    """Images as rows.

    X: (N, ...), at least two axes.
    Returns X as (N, D): a view where its memory layout allows, of the same dtype.
    Raises ValueError if X has fewer than two axes.

    The lecture's layout of an image as one vector of all its pixels.
    """
    X = arguments.array(X, "X")
    if X.ndim < 2:
        raise ValueError(f"X must have shape (N, D) or (N, ...), an image a row, got {X.shape}")
    return X.reshape(len(X), int(np.prod(X.shape[1:])))


@dataclass(frozen=True, eq=False, repr=False)
class Map:
    """What was fitted: x becomes (x - mean) / deviation @ matrix; what is None is left out.

    mean: (D,), or shaped like an image where images keep their shape.
    deviation: (D,) or None.
    matrix: (D, K) or None.
    All in float64.
    """

    mean: np.ndarray
    deviation: np.ndarray | None = None
    matrix: np.ndarray | None = None

    def apply(self, *arrays, dtype=None):
        """The images mapped.

        arrays: images (N, 3, 32, 32) or rows (N, D), of the size that the map was fitted on.
        dtype: of the result; by default as described at the top of this module, by the first array.
        Returns an array for one array, else a tuple: rows, or images where only a mean image is subtracted.
        Raises ValueError if sizes differ, or values are not finite numbers.
        """
        if not arrays:
            raise ValueError("apply needs images to map, got none")
        return self._apply(arrays, _names("X", arrays[1:]), dtype)

    def _apply(self, arrays, names, dtype):
        arrays = _of_one_size(arrays, names, self.mean.shape, "X_train")
        dtype = _result_type(arrays[0], dtype)
        return _one_or_all([self._mapped(X, dtype) for X in arrays])

    def _mapped(self, X, dtype):
        if self.matrix is None:
            result = np.subtract(X, self.mean, out=np.empty(X.shape, dtype), casting="same_kind")  # rounded once
            if self.deviation is not None:
                result /= self.deviation.astype(dtype)
            return result
        result = np.empty((len(X), self.matrix.shape[1]), dtype)
        for start in range(0, len(X), CHUNK):
            rows = slice(start, start + CHUNK)
            np.matmul(X[rows] - self.mean, self.matrix, out=result[rows], casting="same_kind")
        return result

    def __repr__(self):
        parts = {"mean": self.mean, "deviation": self.deviation, "matrix": self.matrix}
        return f"Map({', '.join(f'{name} {part.shape}' for name, part in parts.items() if part is not None)})"


def fit_mean_image(X_train):
    """The map that subtracts the mean training image.

    X_train: (N, 3, 32, 32) images or (N, D) rows.
    Returns a `Map` with mean, shaped like an image.
    Raises ValueError if X_train is empty, or values are not finite numbers.

    The lecture's mean subtraction.
    """
    return Map(_mean(_training_images(X_train)))


def fit_standardizing(X_train):
    """The map that gives every feature mean 0 and standard deviation 1 over the training data.

    X_train: (N, D) rows or (N, 3, 32, 32) images.
    Returns a `Map` with mean and deviation, (D,). A feature that is constant in X_train, up to rounding, has
    deviation 1: it is centred and not scaled.
    Raises ValueError if X_train is empty, or values are not finite numbers.

    (x - mean) / deviation with the deviation of the whole population (division by N), as in the
    numerical-gradient lab, which calls it whitening; `fit_whitening` removes the correlations as well.
    """
    X = flatten(_training_images(X_train))
    mean = _mean(X)
    deviation = np.sqrt(sum(np.square(chunk - mean).sum(axis=0) for chunk in _chunks(X)) / len(X))
    deviation[deviation <= 4 * _eps(X) * np.abs(mean)] = 1  # such a deviation is the rounding of a constant
    return Map(mean, deviation=deviation)


def fit_whitening(X_train, method="pca", components=None, epsilon=0.0):
    """The map that removes correlations: the covariance of the training data becomes the identity.

    X_train: (N, D) rows or (N, 3, 32, 32) images.
    method: "pca" gives the coordinates along the principal axes, largest variance first; "zca" rotates them
        back to the features, the whitening that stays closest to the images.
    components: how many principal axes to keep, 1 to D; None keeps all. For "pca" only.
    epsilon: added to every variance, in units of the largest one, before dividing. With 0 the covariance is
        exactly the identity; 1e-3, say, keeps the noise in the weakest directions of natural images small.
    Returns a `Map` with mean (D,) and matrix: (D, components) for "pca", (D, D) for "zca". Directions in which the
    training data do not vary, up to rounding (as when N <= D), are mapped to 0.
    Raises ValueError if X_train is empty, values are not finite numbers, or an option is not one of those above.

    With the axes as columns of V, the covariance (division by N) is V diag(variance) V^T. PCA whitening is
    (x - mean) V / sqrt(variance), ZCA whitening is that times V^T.
    """
    arguments.choice(method, ("pca", "zca"), "method")
    epsilon = arguments.at_least_0(epsilon, "epsilon")
    X = flatten(_training_images(X_train))
    D = X.shape[1]
    if components is not None:
        if method == "zca":
            raise ValueError(f'components must be None for method="zca", got {components!r}')
        components = arguments.whole(components, "components", 1, D)
    mean, variance, axes = _principal_axes(X)
    scaled = axes / np.sqrt(variance + epsilon * variance.max(initial=0))  # no axis at all for one image
    if method == "zca":
        return Map(mean, matrix=scaled @ axes.T)
    # axes without variance are columns of zeros
    return Map(mean, matrix=np.hstack([scaled, np.zeros((D, D - scaled.shape[1]))])[:, :components])


def fit_random_projection(X_train, dim=10, seed=0):
    """The map to a few random directions. Of X_train only the size matters.

    X_train: (N, D) rows or (N, 3, 32, 32) images.
    dim: number of directions, at least 1.
    seed: of the directions: default_rng(seed).standard_normal((D, dim)) / sqrt(dim).
    Returns a `Map` with mean (D,), which is 0, and matrix (D, dim).
    Raises ValueError if X_train is empty, values are not finite numbers, dim is not a whole number of at least 1,
    or seed is not a seed.

    The projection of the numerical-gradient lab. Divided by sqrt(dim), it keeps squared distances between
    images on average (the lemma of Johnson and Lindenstrauss); standardising afterwards cancels the factor.
    """
    dim, rng = arguments.whole(dim, "dim", 1), arguments.seed(seed)
    D = flatten(_training_images(X_train)).shape[1]
    return Map(np.zeros(D), matrix=rng.standard_normal((D, dim)) / np.sqrt(dim))


def subtract_mean_image(X_train, *others, dtype=None):
    """`fit_mean_image`, applied at once to the training images and to others.

    X_train, others: as for `fit_mean_image`; all of one size.
    dtype: of the result; by default as described at the top of this module.
    Returns arrays shaped like the input. Raises ValueError as `fit_mean_image` and `Map.apply` do.
    """
    return _fitted_and_applied(fit_mean_image, X_train, others, dtype)


def standardize(X_train, *others, dtype=None):
    """`fit_standardizing`, applied at once to the training images and to others.

    X_train, others: as for `fit_standardizing`; all of one size.
    dtype: of the result; by default as described at the top of this module.
    Returns rows, (N, D). Raises ValueError as `fit_standardizing` and `Map.apply` do.
    """
    return _fitted_and_applied(fit_standardizing, X_train, others, dtype)


def whiten(X_train, *others, method="pca", components=None, epsilon=0.0, dtype=None):
    """`fit_whitening`, applied at once to the training images and to others.

    X_train, others: as for `fit_whitening`; all of one size.
    method, components, epsilon: as for `fit_whitening`.
    dtype: of the result; by default as described at the top of this module.
    Returns rows: (N, components) for "pca", (N, D) for "zca". Raises ValueError as `fit_whitening` and `Map.apply` do.
    """
    options = {"method": method, "components": components, "epsilon": epsilon}
    return _fitted_and_applied(fit_whitening, X_train, others, dtype, **options)


def random_projection(X_train, *others, dim=10, seed=0, dtype=None):
    """`fit_random_projection`, applied at once to the training images and to others: the same directions for all.

    X_train, others: as for `fit_random_projection`; all of one size.
    dim, seed: as for `fit_random_projection`.
    dtype: of the result; by default as described at the top of this module.
    Returns rows, (N, dim). Raises ValueError as `fit_random_projection` and `Map.apply` do.
    """
    return _fitted_and_applied(fit_random_projection, X_train, others, dtype, dim=dim, seed=seed)


def append_bias(X, *others, dtype=None):
    """Appends a column of ones, so that the last row of a weight matrix acts as the bias.

    X, others: (N, D) rows or (N, 3, 32, 32) images; all of one size.
    dtype: of the result; by default as described at the top of this module.
    Returns rows, (N, D + 1).
    Raises ValueError if X is empty, sizes differ, or values are not finite numbers.

    The lecture's bias trick.
    """
    first = flatten(_training_images(X, "X"))
    arrays = _of_one_size([first, *others], _names("X", others), first.shape[1:], "X")
    dtype, results = _result_type(first, dtype), []
    for array in arrays:
        N, D = array.shape
        result = np.ones((N, D + 1), dtype)
        result[:, :D] = array
        results.append(result)
    return _one_or_all(results)


def _fitted_and_applied(fit, X_train, others, dtype, **options):
    return fit(X_train, **options)._apply([X_train, *others], _names("X_train", others), dtype)


def _names(first, others):
    return [first] + [f"array {i} after {first}" for i in range(1, len(others) + 1)]


def _mean(X):
    """The mean over the examples, in float64; exact for a feature that is constant."""
    first = X[0].astype(np.float64)
    return first + sum((chunk - first).sum(axis=0) for chunk in _chunks(X)) / len(X)


def _principal_axes(X):
    """The mean, the variances in falling order, those of rounding left out, and their axes as columns."""
    N, D = X.shape
    mean = _mean(X)
    if N < D:  # the N x N matrix of inner products has the same variances, and is the smaller one
        centred = X - mean
        variance, axes = np.linalg.eigh(centred @ centred.T / N)
        axes = centred.T @ axes
    else:
        covariance = np.zeros((D, D))
        for chunk in _chunks(X):
            centred = chunk - mean
            covariance += centred.T @ centred / N
        variance, axes = np.linalg.eigh(covariance)
    largest = variance.max()
    rounding_of_sums = D * np.finfo(np.float64).eps * largest
    rounding_of_data = (4 * _eps(X)) ** 2 * (np.square(mean).max() + largest)
    kept = np.flatnonzero(variance > max(rounding_of_sums, rounding_of_data))[::-1]
    variance, axes = variance[kept], axes[:, kept]
    # an axis is fixed up to its sign: make its largest entry positive, the same on every machine
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(len(kept))])
    return mean, variance, axes / np.linalg.norm(axes, axis=0)


def _eps(X):
    """The relative rounding of X's numbers; integers are exact, and computed with in float64."""
    return float(np.finfo(X.dtype if X.dtype.kind == "f" else np.float64).eps)


def _chunks(X):
    return (X[start : start + CHUNK] for start in range(0, len(X), CHUNK))


def _one_or_all(results):
    return results[0] if len(results) == 1 else tuple(results)


def _training_images(X, name="X_train"):
    X = _images(X, name)
    if X.size == 0:
        raise ValueError(f"{name} must hold at least one image and one feature, got shape {X.shape}")
    return X


def _of_one_size(arrays, names, size, of):
    """The arrays checked, as rows where the size is that of rows."""
    arrays = [_images(X, name) for X, name in zip(arrays, names)]
    if len(size) == 1:
        arrays = [flatten(X) for X in arrays]
    for X, name in zip(arrays, names):
        if X.shape[1:] != size:
            raise ValueError(f"{name} must hold images of the size of {of}, {size}, got {X.shape[1:]}")
    return arrays


def _images(X, name):
    X = arguments.array(X, name)
    if X.ndim < 2:
        raise ValueError(f"{name} must have shape (N, D) or (N, ...), an image a row, got {X.shape}")
    return arguments.finite(X.view(np.uint8) if X.dtype == bool else X, name)  # a mask counts as 0 and 1


def _result_type(X, dtype):
    return arguments.float_type(np.result_type(X.dtype, np.float32) if dtype is None else dtype)
