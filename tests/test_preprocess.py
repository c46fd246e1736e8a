"""Preprocessing: the statistics that it promises, on every shape and dtype, fitted on the first array."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from labkit.preprocess import append_bias, flatten, random_projection, standardize, subtract_mean_image, whiten

FUNCTIONS = [subtract_mean_image, standardize, whiten, random_projection, append_bias]
DTYPES = [np.uint8, np.float32, np.float64, np.int64]
RESULT = {np.uint8: np.float32, np.float32: np.float32, np.float64: np.float64, np.int64: np.float64}


def images(N, shape=(3, 4, 4), dtype=np.uint8, seed=0):
    """Correlated random images with values from 0 to 255, read-only: writing to them would raise."""
    rng = np.random.default_rng(seed)
    D = int(np.prod(shape))
    X = rng.standard_normal((N, D)) @ rng.standard_normal((D, D)) / np.sqrt(D) * 40 + 128
    X = X.clip(0, 255).astype(dtype).reshape(N, *shape)
    X.flags.writeable = False
    return X


def rows(X):
    return X.reshape(len(X), -1).astype(np.float64)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes_and_tuples(function, dtype):
    X, other = images(60, dtype=dtype), images(7, dtype=dtype, seed=1)
    alone, pair = function(X), function(X, other)
    assert isinstance(alone, np.ndarray) and alone.dtype == RESULT[dtype]
    assert isinstance(pair, tuple) and [len(part) for part in pair] == [60, 7]
    np.testing.assert_array_equal(pair[0], alone)
    assert function(X, dtype=np.float64).dtype == np.float64
    assert [part.dtype for part in function(X, other, dtype="float32")] == [np.float32] * 2
    assert len(function(X, other, X, other)) == 4


@pytest.mark.parametrize("function", FUNCTIONS)
def test_images_and_rows_give_the_same_numbers_in_any_layout(function):
    X = images(60)
    expected = function(X).reshape(60, -1)
    np.testing.assert_array_equal(function(X.reshape(60, -1)), expected)
    last = np.ascontiguousarray(X.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)  # not contiguous
    for other in (last, np.asfortranarray(X), X.tolist()):
        result = function(other, dtype=np.float32).reshape(60, -1)
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_others_do_not_change_what_is_fitted_and_may_be_empty(function):
    X = images(60)
    expected = function(X)
    for other in (images(5, seed=2), images(60, seed=3, dtype=np.float64), X[:1], X[:0], X[:, ::-1]):
        trained, result = function(X, other)
        np.testing.assert_array_equal(trained, expected)
        assert len(result) == len(other) and result.dtype == trained.dtype
    np.testing.assert_allclose(function(X, X[10:20])[1], expected[10:20], rtol=1e-6, atol=1e-6)


def test_flatten():
    X = images(5)
    assert flatten(X).shape == (5, 48) and np.shares_memory(flatten(X), X) and flatten(X).dtype == np.uint8
    np.testing.assert_array_equal(flatten(X)[3], X[3].ravel())
    assert flatten(X[:0]).shape == (0, 48) and flatten([[1, 2], [3, 4]]).shape == (2, 2)
    with pytest.raises(ValueError, match=r"X must have shape \(N, D\) or \(N, ...\).*got \(3,\)"):
        flatten(np.ones(3))


def test_subtract_mean_image_keeps_the_shape():
    X, other = images(600), images(30, seed=1)
    mean = X.astype(np.float64).mean(axis=0)
    for array, result in zip((X, other), subtract_mean_image(X, other)):
        assert result.shape == array.shape
        np.testing.assert_allclose(result, array - mean, atol=2e-5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_standardize(dtype):
    X, other = images(1500, dtype=dtype), images(30, seed=1, dtype=dtype)
    trained, result = standardize(X, other)
    tolerance = 1e-6 if trained.dtype == np.float32 else 1e-12
    np.testing.assert_allclose(rows(trained).mean(axis=0), 0, atol=tolerance)
    np.testing.assert_allclose(rows(trained).std(axis=0), 1, atol=tolerance)
    expected = (rows(other) - rows(X).mean(axis=0)) / rows(X).std(axis=0)
    np.testing.assert_allclose(result, expected, rtol=10 * tolerance, atol=10 * tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", [standardize, subtract_mean_image])
def test_a_large_offset_costs_no_accuracy(function, dtype):
    X = (1000 + np.random.default_rng(0).standard_normal((2000, 3))).astype(dtype)
    expected = X.astype(np.float64) - X.astype(np.float64).mean(axis=0)
    if function is standardize:
        expected /= X.astype(np.float64).std(axis=0)
    np.testing.assert_allclose(function(X), expected, atol=1e-6 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("N", [1, 2, 49_000])
def test_a_constant_feature_becomes_zero(dtype, N):
    X = np.full((N, 3), 0.1 if np.issubdtype(dtype, np.floating) else 77, dtype)
    X[:, 1] = np.arange(N) % 7
    other = np.full((2, 3), 100, dtype)
    for function in (standardize, whiten, subtract_mean_image):
        trained, result = function(X, other)
        assert np.isfinite(trained).all() and np.isfinite(result).all()
        if function is not whiten:
            assert not trained[:, [0, 2]].any()
            np.testing.assert_allclose(result[:, 0], 100.0 - X[0, 0])
    trained = whiten(X, method="zca")
    assert not trained[:, [0, 2]].any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_feature_constant_up_to_rounding_is_not_blown_up(dtype):
    X = np.random.default_rng(0).standard_normal((500, 2)).astype(dtype)
    X[:, 1] = dtype(1) / 3
    X[::2, 1] = np.nextafter(X[0, 1], dtype(1))
    assert abs(standardize(X)[:, 1]).max() < 1e-6
    assert abs(whiten(X, method="zca")[:, 1]).max() < 1e-6


@given(
    st.integers(1, 60), st.integers(1, 12), st.sampled_from(["pca", "zca"]), st.sampled_from(DTYPES), st.integers(0, 99)
)
@settings(max_examples=60, deadline=None)
def test_whitened_covariance_is_the_identity_where_the_data_vary(N, D, method, dtype, seed):
    X = images(N, (D,), dtype, seed)
    Z = whiten(X, method=method).astype(np.float64)
    assert Z.shape == (N, D)
    tolerance = 1e-4 if RESULT[dtype] == np.float32 else 1e-7
    _, s, axes = np.linalg.svd(rows(X) - rows(X).mean(axis=0), full_matrices=False)
    deviation = s / np.sqrt(N)
    assume(not ((deviation > 1e-10) & (deviation < 0.01)).any())  # between variation and rounding
    rank, covariance = (deviation > 0.01).sum(), Z.T @ Z / N
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=tolerance)
    if method == "pca":
        np.testing.assert_allclose(covariance, np.diag(np.arange(D) < rank), atol=tolerance)
    else:  # the projection on the directions in which the data vary
        np.testing.assert_allclose(covariance, axes[:rank].T @ axes[:rank], atol=tolerance)


def test_a_float32_feature_that_others_determine_up_to_rounding_is_dropped():
    X = np.random.default_rng(0).standard_normal((300, 4)).astype(np.float32)
    X[:, 3] = X[:, 0] + X[:, 1] / 3 - X[:, 2] + 5
    np.testing.assert_allclose(whiten(X)[:, :3].std(axis=0), 1, rtol=1e-5)
    assert not whiten(X)[:, 3].any()


@pytest.mark.parametrize("N", [200, 30])  # more, and fewer, images than features
def test_pca_against_the_singular_value_decomposition(N):
    X, other = images(N, dtype=np.float64), images(9, dtype=np.float64, seed=1)
    centred = rows(X) - rows(X).mean(axis=0)
    _, s, axes = np.linalg.svd(centred, full_matrices=False)
    axes *= np.sign(axes[np.arange(len(axes)), abs(axes).argmax(axis=1)])[:, None]
    rank = min(N - 1, 48)
    expected = (rows(other) - rows(X).mean(axis=0)) @ axes[:rank].T / (s[:rank] / np.sqrt(N))
    np.testing.assert_allclose(whiten(X, other)[1][:, :rank], expected, rtol=1e-6, atol=1e-8)
    for components in (1, 5, 48):
        fewer = whiten(X, other, components=components)[1]
        np.testing.assert_allclose(fewer, whiten(X, other)[1][:, :components], rtol=1e-9, atol=1e-12)


def test_zca_stays_closest_to_the_images():
    X = images(500, dtype=np.float64)
    zca, pca = whiten(X, method="zca"), whiten(X)
    centred = rows(X) - rows(X).mean(axis=0)
    values, axes = np.linalg.eigh(centred.T @ centred / 500)
    np.testing.assert_allclose(zca, centred @ (axes / np.sqrt(values)) @ axes.T, atol=1e-9)
    assert ((zca - centred) ** 2).sum() < ((pca - centred) ** 2).sum()


@pytest.mark.parametrize("method", ["pca", "zca"])
def test_epsilon_is_in_units_of_the_largest_variance(method):
    X = images(500, dtype=np.float64)
    values = np.linalg.eigvalsh(np.cov(rows(X).T, bias=True))
    for epsilon in (0, 1e-3, 1.0):
        for scale in (1, 1000):
            got = np.linalg.eigvalsh(np.cov(whiten(scale * X, method=method, epsilon=epsilon).T, bias=True))
            expected = np.sort(values / (values + epsilon * values.max()))
            np.testing.assert_allclose(got, expected, rtol=1e-7)


@pytest.mark.parametrize("dtype", DTYPES)
def test_random_projection(dtype):
    X, other = images(600, dtype=dtype), images(5, dtype=dtype, seed=1)
    directions = np.random.default_rng(4).standard_normal((48, 10)) / np.sqrt(10)
    for array, result in zip((X, other), random_projection(X, other, dim=10, seed=4)):
        np.testing.assert_allclose(result, rows(array) @ directions, rtol=2e-5, atol=1e-3)
    assert random_projection(X).shape == (600, 10) and random_projection(X, dim=np.int64(3)).shape == (600, 3)
    np.testing.assert_array_equal(random_projection(X), random_projection(X, seed=0))
    assert (random_projection(X) != random_projection(X, seed=1)).all()


def test_random_projection_keeps_distances():
    X = images(40, (3, 16, 16), np.float64)
    pairs = np.triu_indices(40, 1)

    def distances(X):
        return np.sqrt(((X[pairs[0]] - X[pairs[1]]) ** 2).sum(axis=1))

    ratios = distances(random_projection(X, dim=1000)) / distances(rows(X))
    assert abs(ratios - 1).max() < 0.15
    squared = [distances(random_projection(X, dim=5, seed=seed)) ** 2 for seed in range(60)]
    assert abs(np.mean(squared / distances(rows(X)) ** 2) - 1) < 0.1  # right on average, even in 5 dimensions


def test_append_bias_is_a_bias():
    X, other = images(20), images(3, seed=1)
    rng = np.random.default_rng(0)
    w, b = rng.standard_normal((48, 5)), rng.standard_normal(5)
    for array, result in zip((X, other), append_bias(X, other)):
        assert result.shape == (len(array), 49)
        np.testing.assert_allclose(result @ np.vstack([w, b]), rows(array) @ w + b)


def test_the_projection_and_standardising_of_lab_3():
    pixels, rng = images(1000, (3, 8, 8)), np.random.default_rng(0)
    X = standardize(random_projection(pixels, dim=10, seed=0, dtype=np.float64))
    projected = rows(pixels) @ rng.standard_normal((192, 10))
    np.testing.assert_allclose(X, (projected - projected.mean(axis=0)) / projected.std(axis=0), atol=1e-10)


@pytest.mark.parametrize("function", [subtract_mean_image, standardize, random_projection, append_bias])
def test_no_float64_copy_of_the_data_is_made(function):
    X = np.random.default_rng(0).integers(0, 256, (8000, 1000), dtype=np.uint8)
    tracemalloc.start()
    try:
        result = function(X)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < result.nbytes + 0.25 * 8 * X.size


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    "arrays, message",
    [
        ([np.zeros((0, 5))], r"must hold at least one image and one feature, got shape \(0, 5\)"),
        ([np.zeros((5, 0))], "must hold at least one image and one feature"),
        ([np.zeros(5)], r"must have shape \(N, D\) or \(N, ...\), an image a row, got \(5,\)"),
        ([3.0], "must have shape"),
        ([None], "must have shape"),
        ([np.full((2, 2), "a")], "must be an array of real numbers, got dtype <U1"),
        ([np.ones((2, 2), complex)], "must be an array of real numbers, got dtype complex128"),
        ([[[1, 2], [3]]], "must be an array of numbers, got rows of unequal length"),
        ([np.array([[1.0, np.nan]])], "must hold finite numbers, got NaN or infinity"),
        ([np.array([[1.0, -np.inf]], np.float32)], "must hold finite numbers"),
        ([np.ones((4, 3)), np.ones((4, 2))], r"array 1 after \w+ must hold images of the size of .*3.*got .*2"),
        ([np.ones((4, 3)), np.ones((4, 3)), np.ones(3)], r"array 2 after \w+ must have shape \(N, D\)"),
        ([np.ones((4, 3)), np.array([[1.0, 2.0, np.nan]])], r"array 1 after \w+ must hold finite numbers"),
    ],
)
def test_bad_arrays_are_refused(function, arrays, message):
    with pytest.raises(ValueError, match=message):
        function(*arrays)
    if len(arrays) == 1:
        with pytest.raises(ValueError, match="^X_train " if function is not append_bias else "^X "):
            function(*arrays)


def test_subtract_mean_image_wants_one_shape():
    with pytest.raises(ValueError, match=r"array 1 after X_train must hold images of the size .*\(3, 4, 4\)"):
        subtract_mean_image(images(5), images(5).reshape(5, 48))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.int32, "float16", complex, "nonsense", object])
def test_bad_dtypes_are_refused(function, dtype):
    with pytest.raises(ValueError, match="dtype must be np.float32 or np.float64"):
        function(images(5), dtype=dtype)


@pytest.mark.parametrize(
    "function, options, message",
    [
        (whiten, {"method": "lda"}, 'method must be "pca" or "zca", got \'lda\''),
        (whiten, {"method": None}, 'method must be "pca" or "zca"'),
        (whiten, {"components": 0}, "components must be a whole number, from 1 to 48, got 0"),
        (whiten, {"components": 2.0}, "components must be a whole number, from 1 to 48, got 2.0"),
        (whiten, {"components": True}, "components must be a whole number, from 1 to 48"),
        (whiten, {"components": 49}, "components must be a whole number, from 1 to 48, got 49"),
        (whiten, {"components": 3, "method": "zca"}, 'components must be None for method="zca"'),
        (whiten, {"epsilon": -1e-3}, "epsilon must be a number, at least 0"),
        (whiten, {"epsilon": np.nan}, "epsilon must be a number, at least 0"),
        (whiten, {"epsilon": "a"}, "epsilon must be a number, at least 0"),
        (random_projection, {"dim": 0}, "dim must be a whole number, at least 1, got 0"),
        (random_projection, {"dim": -3}, "dim must be a whole number, at least 1"),
        (random_projection, {"dim": 2.5}, "dim must be a whole number, at least 1"),
        (random_projection, {"dim": None}, "dim must be a whole number, at least 1"),
        (random_projection, {"seed": -1}, "seed must be a whole number, at least 0"),
        (random_projection, {"seed": "a"}, "seed must be a whole number, at least 0"),
    ],
)
def test_bad_options_are_refused(function, options, message):
    with pytest.raises(ValueError, match=message):
        function(images(60), **options)
