"""The maps that `fit_…` returns: their arrays are what the docstrings say, and apply does what the formula does."""

import numpy as np
import pytest
from test_preprocess import images, rows

from labkit import preprocess
from labkit.preprocess import Map, fit_mean_image, fit_random_projection, fit_standardizing, fit_whitening

PAIRS = [
    (fit_mean_image, preprocess.subtract_mean_image, {}),
    (fit_standardizing, preprocess.standardize, {}),
    (fit_whitening, preprocess.whiten, {"components": 5, "epsilon": 0.1}),
    (fit_whitening, preprocess.whiten, {"method": "zca"}),
    (fit_random_projection, preprocess.random_projection, {"dim": 3, "seed": 4}),
]


@pytest.mark.parametrize("fit, short, options", PAIRS)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_the_short_form_is_fit_and_apply(fit, short, options, dtype):
    X, other = images(60, dtype=dtype), images(7, dtype=dtype, seed=1)
    fitted = fit(X, **options)
    for a, b in zip(fitted.apply(X, other), short(X, other, **options)):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype
    np.testing.assert_array_equal(fitted.apply(other), short(X, other, **options)[1])
    assert fitted.apply(other, dtype=np.float64).dtype == np.float64
    assert len(fitted.apply(X[:0])) == 0


@pytest.mark.parametrize("fit, short, options", PAIRS)
def test_apply_is_the_formula_of_the_maps_own_arrays(fit, short, options):
    X, other = images(60, dtype=np.float64), images(7, dtype=np.float64, seed=1)
    fitted = fit(X, **options)
    assert all(part is None or part.dtype == np.float64 for part in (fitted.mean, fitted.deviation, fitted.matrix))
    expected = rows(other) - fitted.mean.ravel()
    if fitted.deviation is not None:
        expected = expected / fitted.deviation
    if fitted.matrix is not None:
        expected = expected @ fitted.matrix
    np.testing.assert_allclose(rows(fitted.apply(other)), expected, atol=1e-10)


def test_what_is_fitted_can_be_looked_at():
    X = images(500, (3, 4, 4))
    np.testing.assert_allclose(fit_mean_image(X).mean, X.mean(axis=0))
    standard, pca = fit_standardizing(X), fit_whitening(X, components=5)
    np.testing.assert_allclose(standard.mean, rows(X).mean(axis=0))
    np.testing.assert_allclose(standard.deviation, rows(X).std(axis=0))
    assert pca.matrix.shape == (48, 5)
    np.testing.assert_allclose(pca.matrix.T @ np.cov(rows(X).T, bias=True) @ pca.matrix, np.eye(5), atol=1e-10)
    assert repr(pca) == "Map(mean (48,), matrix (48, 5))" and repr(fit_mean_image(X)) == "Map(mean (3, 4, 4))"


def test_a_map_of_rows_takes_images_and_the_other_way_round_is_refused():
    X = images(60)
    np.testing.assert_array_equal(fit_standardizing(rows(X)).apply(X, dtype=float), fit_standardizing(X).apply(rows(X)))
    np.testing.assert_array_equal(fit_mean_image(rows(X)).apply(X, dtype=float).shape, (60, 48))
    with pytest.raises(ValueError, match=r"X must hold images of the size of X_train, \(3, 4, 4\), got \(48,\)"):
        fit_mean_image(X).apply(rows(X))


def test_the_images_given_are_not_changed_and_nothing_is_shared():
    X = np.array(images(20, dtype=np.float64))
    before, fitted = X.copy(), Map(np.zeros(48))
    result = fitted.apply(X)
    result += 1
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("fit, short, options", PAIRS)
@pytest.mark.parametrize("bad, words", [
    (np.zeros((2, 47)), r"X must hold images of the size of X_train"), (np.zeros(48), "X must have shape"),
    (np.full((2, 3, 4, 4), np.nan), "X must hold finite numbers"), ([["a"] * 48], "X must be an array of real numbers"),
    (None, "X must have shape"),
])  # fmt: skip
def test_images_that_do_not_fit_the_map_are_refused(fit, short, options, bad, words):
    with pytest.raises(ValueError, match=words):
        fit(images(60), **options).apply(bad)
    with pytest.raises(ValueError, match="array 1 after X"):
        fit(images(60), **options).apply(images(60), bad)
    with pytest.raises(ValueError, match="needs images"):
        fit(images(60), **options).apply()
