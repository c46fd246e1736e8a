"""Checks of arguments: what passes comes back in the form it is computed with, what does not is one clear sentence."""

import numpy as np
import pytest

from labkit import arguments

NO_NUMBERS = [None, "fast", "0.1", b"1", True, np.True_, np.nan, np.inf, -np.inf, 1j, [], [1, 2], {}, 10**400, object]


@pytest.mark.parametrize("check, good, bad, words", [
    (arguments.positive, [1, 1e-300, np.float32(2), np.int64(3)], [0, -1, -0.0], "must be a positive number, got"),
    (arguments.at_least_0, [0, 0.0, 7, np.float32(2)], [-1e-300, -1], "must be a number, at least 0 and finite, got"),
    (arguments.share, [0, 0.5, np.float32(0.9)], [1, -0.1, 2], "must be a number from 0 up to but not including 1"),
    (arguments.fraction, [1, 0.5, 1e-9], [0, 1.0001, -1], "must be a number above 0 and at most 1, got"),
])  # fmt: skip
def test_numbers_come_back_as_python_floats(check, good, bad, words):
    for value in good:
        result = check(value, "rate")
        assert type(result) is float and result == value
    for value in [*bad, *NO_NUMBERS, np.zeros(3)]:
        with pytest.raises(ValueError, match=f"^rate {words}"):
            check(value, "rate")


def test_whole_numbers():
    for value in (3, np.int64(3), np.uint8(3), np.array(3)):
        assert type(arguments.whole(value, "epochs")) is int and arguments.whole(value, "epochs") == 3
    for value in (*NO_NUMBERS, 2.0, -1, np.array([3, 4])):
        if isinstance(value, int) and value > 1:  # 10**400 is one
            continue
        with pytest.raises(ValueError, match="^epochs must be a whole number, at least 0, got"):
            arguments.whole(value, "epochs")
    with pytest.raises(ValueError, match="dim must be a whole number, from 1 to 3,072, got 4000"):
        arguments.whole(4000, "dim", 1, 3072)


def test_a_long_value_is_cut_short_and_an_array_is_its_shape():
    with pytest.raises(ValueError) as caught:
        arguments.positive("x" * 1000, "rate")
    assert len(str(caught.value)) < 110
    with pytest.raises(ValueError, match=r"got an array of shape \(50, 3\)$"):
        arguments.positive(np.zeros((50, 3)), "rate")


def test_seeds_are_numbers_lists_of_them_or_generators():
    expected = np.random.default_rng(5).random()
    for seed in (5, np.int64(5), np.random.default_rng(5), np.random.SeedSequence(5)):
        assert arguments.seed(seed).random() == expected
    assert arguments.seed([1, 2]).random() == np.random.default_rng([1, 2]).random()
    for bad in (-1, "a", 1.5, None, True, [-1], object()):
        with pytest.raises(ValueError, match="^seed must be a whole number, at least 0, got"):
            arguments.seed(bad)


def test_floats_are_converted_only_where_they_must_be():
    for dtype in (np.float32, np.float64, np.longdouble):
        x = np.ones(3, dtype)
        assert arguments.floats(x, "x") is x
    assert arguments.floats(np.ones(3, np.float16), "x").dtype == np.float32
    assert arguments.floats([1, 2], "x").dtype == np.float64 and arguments.floats(3, "x").shape == ()
    assert arguments.floats(np.ones(3, np.float32), "x", np.float64).dtype == np.float64
    for bad in (np.array(["a"]), [True, False], np.ones(2, complex), None, [[1, 2], [3]]):
        with pytest.raises(ValueError, match="^x must be an array of"):
            arguments.floats(bad, "x")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_finite(dtype):
    for shape in [(), (1,), (1300, 7), (0, 3), (600, 2, 2)]:
        x = np.full(shape, np.finfo(dtype).max, dtype)  # sums overflow, the numbers do not
        assert arguments.finite(x, "x") is x
    for bad in (np.nan, np.inf, -np.inf):
        x = np.ones((1300, 7), dtype)
        x[1299, 6] = bad
        with pytest.raises(ValueError, match="x must hold finite numbers, got NaN or infinity"):
            arguments.finite(x, "x")
    x[0, 0] = np.inf  # and -inf: their sum is NaN
    with pytest.raises(ValueError, match="finite"):
        arguments.finite(x, "x")


@pytest.mark.parametrize("y, words", [
    ([0, 1], r"must have shape \(3,\), one label for each row of X, got \(2,\)$"),
    ([[0], [1], [2]], r"got \(3, 1\): use y.ravel\(\)"),
    (np.eye(3, dtype=int), r"got \(3, 3\): use y.argmax\(axis=1\)"),
    ([0.0, 1.0, 2.0], r"must hold integer labels, got dtype float64: use y.astype\(int\)"),
    (["cat", "dog", "cat"], "must hold integer labels, got dtype <U3"),
    ([True, False, True], "must hold integer labels, got dtype bool"),
    ([0, 1, 4], "must hold labels from 0 to 3, as X has 4 columns, got 4"),
    ([0, -1, 2], "must hold labels from 0 to 3, as X has 4 columns, got -1"),
    ([[0, 1], [2]], "must be an array of numbers, got rows of unequal length"),
    (None, "must hold integer labels"), (3, r"must have shape \(3,\)"),
])  # fmt: skip
def test_labels(y, words):
    with pytest.raises(ValueError, match="^y .*" + words):
        arguments.labels(y, 3, 4, of="X")


def test_labels_that_are_right_may_be_of_any_integer_type():
    for y in ([0, 3, 1], np.array([0, 3, 1], np.uint8), np.array([0, 3, 1], np.int32)):
        result = arguments.labels(y, 3, 4)
        assert result.dtype == np.intp and result.tolist() == [0, 3, 1]
    assert arguments.labels(np.zeros(0, int), 0, 4).shape == (0,)
    with pytest.raises(ValueError, match="y must hold labels at least 0, got -2"):
        arguments.labels([0, -2], 2)


def test_choices_functions_and_types():
    assert arguments.choice("pca", ("pca", "zca"), "method") == "pca"
    for bad in ("lda", None, 3, ["pca"]):
        with pytest.raises(ValueError, match='^method must be "pca" or "zca", got'):
            arguments.choice(bad, ("pca", "zca"), "method")
    assert arguments.function(len, "f") is len
    with pytest.raises(ValueError, match="^f must be a function, not what it returns, got 2.5"):
        arguments.function(2.5, "f")
    assert arguments.float_type("float32") == np.float32
    for bad in (np.int32, "float16", complex, "nonsense", object):
        with pytest.raises(ValueError, match="^dtype must be np.float32 or np.float64, got"):
            arguments.float_type(bad)


def test_matrices_and_scores():
    assert arguments.matrix([[1, 2]], "W").dtype == np.float64
    for bad in (np.ones(3), np.ones((0, 3)), np.ones((1, 2, 3))):
        with pytest.raises(ValueError, match="^W must be a matrix with at least one row and column, got shape"):
            arguments.matrix(bad, "W")
    with pytest.raises(ValueError, match=r"^scores must have shape \(N, C\), one row per image, got \(3,\)"):
        arguments.scores(np.ones(3))
    assert arguments.scores(np.ones(3), axes=(1, 2)).shape == (3,)
    with pytest.raises(ValueError, match="at least one image and one class"):
        arguments.scores(np.ones((0, 3)))
