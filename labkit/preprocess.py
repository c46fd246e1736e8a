"""Preparing images for a classifier: mean image, standardising, whitening, projection, the bias column.

Every function is fitted on its first array, the training images, and applied to all the arrays it is given:
one array in, one array out; several in, a tuple out. Inputs are never changed.

Images may come as (N, 3, 32, 32), or as rows (N, D) as well. What comes out is float: 8- and 16-bit integers
(pixels) become float32, which holds them exactly in half the memory of float64; float32 and float64 stay what
they are; wider integers become float64. `dtype=np.float64` asks for something else. The statistics (means,
deviations, covariances) are summed in float64 in any case.
"""

import numpy as np

from labkit import threads

threads.settle()

CHUNK = 512  # rows taken to float64 at a time, so that no float64 copy of a data set is ever made


def flatten(X):
    """Images as rows.

    X: (N, ...), at least two axes.
    Returns X as (N, D): a view where its memory layout allows, of the same dtype.
    Raises ValueError if X has fewer than two axes.

    The lecture's layout of an image as one vector of all its pixels.
    """
    X = _as_array(X, "X")
    if X.ndim < 2:
        raise ValueError(f"X must have shape (N, D) or (N, ...), an image a row, got {X.shape}")
    return X.reshape(len(X), int(np.prod(X.shape[1:])))


def subtract_mean_image(X_train, *others, dtype=None):
    """Centres the data: subtracts the mean training image from every image.

    X_train, others: (N, 3, 32, 32) images or (N, D) rows; all of one size.
    dtype: of the result; by default as described at the top of this module.
    Returns arrays shaped like the input.
    Raises ValueError if X_train is empty, sizes differ, or values are not finite numbers.

    The lecture's mean subtraction.
    """
    arrays, dtype = _prepare(X_train, others, dtype)
    mean = _mean(arrays[0])
    return _one_or_all([_subtract(X, mean, dtype) for X in arrays])


def standardize(X_train, *others, dtype=None):
    """Gives every feature mean 0 and standard deviation 1 over the training data.

    X_train, others: (N, D) rows or (N, 3, 32, 32) images; all of one size.
    dtype: of the result; by default as described at the top of this module.
    Returns rows, (N, D). A feature that is constant in X_train, up to rounding, is centred and not scaled.
    Raises ValueError if X_train is empty, sizes differ, or values are not finite numbers.

    (x - mean) / std with the deviation of the whole population (division by N), as in the numerical-gradient
    lab, which calls it whitening; `whiten` removes the correlations as well.
    """
    arrays, dtype = _prepare(X_train, others, dtype, rows=True)
    mean = _mean(arrays[0])
    variance = sum(np.square(chunk - mean).sum(axis=0) for chunk in _chunks(arrays[0])) / len(arrays[0])
    std = np.sqrt(variance)
    std[std <= 4 * _eps(arrays[0]) * np.abs(mean)] = 1  # such a deviation is the rounding of a constant
    results = [_subtract(X, mean, dtype) for X in arrays]
    for result in results:
        result /= std.astype(dtype)
    return _one_or_all(results)


def whiten(X_train, *others, method="pca", components=None, epsilon=0.0, dtype=None):
    """Removes the correlations between features: the covariance of the training data becomes the identity.

    X_train, others: (N, D) rows or (N, 3, 32, 32) images; all of one size.
    method: "pca" gives the coordinates along the principal axes, largest variance first; "zca" rotates them
        back to the features, the whitening that stays closest to the images.
    components: how many principal axes to keep, 1 to D; None keeps all. For "pca" only.
    epsilon: added to every variance, in units of the largest one, before dividing. With 0 the covariance is
        exactly the identity; 1e-3, say, keeps the noise in the weakest directions of natural images small.
    dtype: of the result; by default as described at the top of this module.
    Returns rows: (N, components) for "pca", (N, D) for "zca". Directions in which the training data do not
    vary, up to rounding (as when N <= D), are 0 in the result.
    Raises ValueError if X_train is empty, sizes differ, values are not finite numbers, or an option is not
    one of those above.

    With the axes as columns of V, the covariance (division by N) is V diag(variance) V^T. PCA whitening is
    (x - mean) V / sqrt(variance), ZCA whitening is that times V^T.
    """
    if method not in ("pca", "zca"):
        raise ValueError(f'method must be "pca" or "zca", got {method!r}')
    if not isinstance(epsilon, (int, float, np.number)) or not 0 <= epsilon < np.inf:
        raise ValueError(f"epsilon must be a number, at least 0 and finite, got {epsilon!r}")
    arrays, dtype = _prepare(X_train, others, dtype, rows=True)
    D = arrays[0].shape[1]
    if components is not None:
        if method == "zca":
            raise ValueError(f'components must be None for method="zca", got {components!r}')
        if _check_count(components, "components") > D:
            raise ValueError(f"components must be at most the number of features, {D}, got {components}")
    mean, variance, axes = _principal_axes(arrays[0])
    scaled = axes / np.sqrt(variance + epsilon * variance.max(initial=0))  # no axis at all for one image
    if method == "zca":
        transform = scaled @ axes.T
    else:  # axes without variance are columns of zeros
        transform = np.hstack([scaled, np.zeros((D, D - scaled.shape[1]))])[:, :components]
    return _one_or_all([_transform(X, mean, transform, dtype) for X in arrays])


def random_projection(X_train, *others, dim=10, seed=0, dtype=None):
    """Projects every image to a few random directions, the same ones for all arrays.

    X_train, others: (N, D) rows or (N, 3, 32, 32) images; all of one size.
    dim: number of directions, at least 1.
    seed: of the directions: default_rng(seed).standard_normal((D, dim)) / sqrt(dim).
    dtype: of the result; by default as described at the top of this module.
    Returns rows, (N, dim).
    Raises ValueError if X_train is empty, sizes differ, values are not finite numbers, dim is not a positive
    integer, or seed is not a seed.

    The projection of the numerical-gradient lab. Divided by sqrt(dim), it keeps squared distances between
    images on average (the lemma of Johnson and Lindenstrauss); standardising afterwards cancels the factor.
    """
    dim = _check_count(dim, "dim")
    arrays, dtype = _prepare(X_train, others, dtype, rows=True)
    try:
        rng = np.random.default_rng(seed)
    except (TypeError, ValueError):
        raise ValueError(f"seed must be a non-negative integer, got {seed!r}") from None
    directions = rng.standard_normal((arrays[0].shape[1], dim)) / np.sqrt(dim)
    return _one_or_all([_transform(X, 0.0, directions, dtype) for X in arrays])


def append_bias(X, *others, dtype=None):
    """Appends a column of ones, so that the last row of a weight matrix acts as the bias.

    X, others: (N, D) rows or (N, 3, 32, 32) images; all of one size.
    dtype: of the result; by default as described at the top of this module.
    Returns rows, (N, D + 1).
    Raises ValueError if X is empty, sizes differ, or values are not finite numbers.

    The lecture's bias trick.
    """
    arrays, dtype = _prepare(X, others, dtype, rows=True, name="X")
    results = []
    for array in arrays:
        N, D = array.shape
        result = np.ones((N, D + 1), dtype)
        result[:, :D] = array
        results.append(result)
    return _one_or_all(results)


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


def _transform(X, mean, matrix, dtype):
    """(X - mean) @ matrix, in dtype, a chunk at a time."""
    result = np.empty((len(X), matrix.shape[1]), dtype)
    for start in range(0, len(X), CHUNK):
        np.matmul(X[start : start + CHUNK] - mean, matrix, out=result[start : start + CHUNK], casting="same_kind")
    return result


def _subtract(X, mean, dtype):
    """X - mean as a new array of dtype, rounded once."""
    return np.subtract(X, mean, out=np.empty(X.shape, dtype), casting="same_kind")


def _eps(X):
    """The relative rounding of X's numbers; integers are exact, and computed with in float64."""
    return float(np.finfo(X.dtype if X.dtype.kind == "f" else np.float64).eps)


def _chunks(X):
    return (X[start : start + CHUNK] for start in range(0, len(X), CHUNK))


def _one_or_all(results):
    return results[0] if len(results) == 1 else tuple(results)


def _as_array(values, name):
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be an array of numbers, got rows of unequal length") from None


def _check_count(value, name):
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} must be a positive integer, got {value!r}")
    return int(value)


def _prepare(first, others, dtype, rows=False, name="X_train"):
    """All arrays checked, as rows if asked for, and the dtype of the result."""
    names = [name] + [f"array {i} after {name}" for i in range(1, len(others) + 1)]
    arrays = [_check_images(X, name) for X, name in zip([first, *others], names)]
    if arrays[0].size == 0:
        raise ValueError(f"{name} must hold at least one image and one feature, got shape {arrays[0].shape}")
    if rows:
        arrays = [flatten(X) for X in arrays]
    expected = arrays[0].shape[1:]
    for X, other in zip(arrays[1:], names[1:]):
        if X.shape[1:] != expected:
            raise ValueError(f"{other} must hold images of the size of {name}, {expected}, got {X.shape[1:]}")
    return arrays, _check_dtype(np.result_type(arrays[0].dtype, np.float32) if dtype is None else dtype)


def _check_images(X, name):
    X = _as_array(X, name)
    if X.ndim < 2:
        raise ValueError(f"{name} must have shape (N, D) or (N, ...), an image a row, got {X.shape}")
    if X.dtype.kind not in "fiub":
        raise ValueError(f"{name} must be an array of real numbers, got dtype {X.dtype}")
    if X.dtype.kind == "f" and not all(np.isfinite(chunk).all() for chunk in _chunks(X)):
        raise ValueError(f"{name} must hold finite numbers, got NaN or infinity")
    return X


def _check_dtype(dtype):
    try:
        checked = np.dtype(dtype)
    except TypeError:
        checked = np.dtype(object)
    if checked.kind != "f" or checked.itemsize < 4:
        raise ValueError(f"dtype must be np.float32 or np.float64, got {dtype!r}")
    return checked
