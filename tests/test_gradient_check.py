"""Comparing gradients: the relative error, and the check that names the worst entry."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_gradients import analytic_gradient, linear_problem

from labkit.gradients import GradientCheck, gradient_check, relative_error
from labkit.losses import cross_entropy

# relative_error


def test_relative_error():
    assert relative_error(1.0, 1.0) == relative_error(0, 0) == relative_error([0, 0], [0, 0]) == 0
    assert relative_error([1.0, 3.0], [1.0, 1.0]) == 0.5
    assert relative_error(1.0, -1.0) == relative_error(0.0, 2.0) == 1
    assert relative_error(0.0, 1e-10) == pytest.approx(1e-2)  # under the floor of 1e-8
    assert relative_error(0.0, 1e-10, floor=1e-300) == 1
    assert relative_error(np.array([3], np.uint8), np.array([5], np.uint8)) == 0.25  # no wrap-around
    assert relative_error(np.ones(2, np.float32), np.ones(2)) == 0
    assert type(relative_error(1.0, 2.0)) is float


@pytest.mark.parametrize(
    "a, b", [([np.nan, 0], [np.nan, 0]), ([0, np.nan], [0, 1]), ([np.inf], [np.inf]), ([np.inf], [1])]
)
def test_relative_error_of_what_is_not_finite_is_nan(a, b):
    assert np.isnan(relative_error(a, b)) and np.isnan(relative_error(b, a))


@settings(deadline=None)
@given(st.lists(st.floats(-1e100, 1e100), min_size=1, max_size=5), st.data())
def test_relative_error_is_symmetric_and_at_most_1(a, data):
    b = data.draw(st.lists(st.floats(-1e100, 1e100), min_size=len(a), max_size=len(a)))
    assert relative_error(a, b) == relative_error(b, a) <= 1
    expected = max(abs(p - q) / max(1e-8, abs(p) + abs(q)) for p, q in zip(a, b))
    assert relative_error(a, b) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    "a, b, floor, message",
    [
        (np.ones(3), np.ones((3, 1)), 1e-8, r"a and b must have the same shape, got \(3,\) and \(3, 1\)"),
        (np.ones(3), 1.0, 1e-8, "a and b must have the same shape"),
        ([], [], 1e-8, "a and b must hold at least one number"),
        (["a"], [1], 1e-8, "a must be an array of real numbers"),
        ([1], [1j], 1e-8, "b must be an array of real numbers"),
        ([1], [1], 0, "floor must be a positive number"),
    ],
)
def test_comparisons_that_make_no_sense_are_refused(a, b, floor, message):
    with pytest.raises(ValueError, match=message):
        relative_error(a, b, floor)


# gradient_check


def test_gradient_check_of_a_right_gradient():
    X, W, y = linear_problem(30, 4, 5)
    check = gradient_check(lambda W: cross_entropy(X @ W, y), W, analytic_gradient(X, W, y))
    assert check.error < 1e-7 and (check.checked, check.size) == (20, 20)
    assert check.error == relative_error([check.numerical], [check.analytic])


@pytest.mark.parametrize("index", [(0, 0), (1, 2), (3, 4)])
def test_gradient_check_names_the_worst_entry(index):
    X, W, y = linear_problem(30, 4, 5)
    W = np.asfortranarray(W)
    wrong = analytic_gradient(X, W, y)
    wrong[index] *= 1.1
    check = gradient_check(lambda W: cross_entropy(X @ W, y), W, wrong)
    assert check.index == index and check.analytic == wrong[index]
    assert check.error == pytest.approx(0.1 / 2.1, rel=1e-5)
    line = f"at x[{index[0]}, {index[1]}]: numerical {check.numerical:.7g}, analytic {check.analytic:.7g} (20 of 20"
    assert line in str(check) == repr(check) and "4.8e-02" in str(check) and "\n" not in str(check)


def test_gradient_check_on_a_sample():
    x, analytic, calls = np.linspace(1, 2, 60).reshape(3, 4, 5), np.linspace(2, 4, 60).reshape(3, 4, 5), []

    def f(x):
        calls.append(1)
        return (x**2).sum()

    check = gradient_check(f, x, analytic, samples=7)
    assert len(calls) == 2 * 7 and (check.checked, check.size) == (7, 60) and check.error < 1e-8
    assert gradient_check(f, x, analytic, samples=7) == check
    assert gradient_check(f, x, analytic, samples=1000).checked == 60
    # every entry is drawn sooner or later, none twice
    drawn = {gradient_check(f, x, analytic, samples=1, seed=seed).index for seed in range(600)}
    assert len(drawn) == 60
    worst = {gradient_check(f, x, analytic + 1, samples=59, seed=seed).index for seed in range(20)}
    assert worst <= {(0, 0, 0), (0, 0, 1)}  # error 1 / (2 * 2x + 1) is largest at the smallest x


def test_gradient_check_of_a_gradient_that_is_x_itself_or_overwritten_by_f():
    x = np.array([1.0, 2.0])
    assert gradient_check(lambda x: 0.5 * x @ x, x, x).error < 1e-9
    dx = 2 * x

    def f(x):
        dx[:] = 2 * x
        return x @ x

    assert gradient_check(f, x, dx).analytic in (2.0, 4.0)


def test_gradient_check_does_not_hide_nan():
    check = gradient_check(lambda x: x.sum(), np.ones(3), [1.0, np.nan, 5.0])
    assert np.isnan(check.error) and check.index == (1,) and not check.error < 1


def test_gradient_check_of_a_number():
    check = gradient_check(lambda x: x**2, 3.0, 6.0)
    assert isinstance(check, GradientCheck) and check.index == () and "at x: numerical" in str(check)


@pytest.mark.parametrize(
    "x, analytic, options, message",
    [
        (np.ones(3), np.ones(4), {}, r"analytic must have the shape of x, \(3,\), got \(4,\)"),
        (np.ones((3, 1)), np.ones(3), {}, "analytic must have the shape of x"),
        (np.ones(3), ["a"] * 3, {}, "analytic must be an array of real numbers"),
        (np.ones(0), np.ones(0), {}, "x must have entries to check"),
        (np.ones(3, np.float32), np.ones(3), {}, "x must be float64"),
        (np.ones(3), np.ones(3), {"samples": 0}, "samples must be a whole number, at least 1, got 0"),
        (np.ones(3), np.ones(3), {"samples": 2.0}, "samples must be a whole number, at least 1"),
        (np.ones(3), np.ones(3), {"samples": True}, "samples must be a whole number, at least 1"),
        (np.ones(3), np.ones(3), {"samples": 2, "seed": -1}, "seed must be a whole number, at least 0"),
        (np.ones(3), np.ones(3), {"samples": 2, "seed": "a"}, "seed must be a whole number, at least 0"),
    ],
)
def test_gradient_checks_that_make_no_sense_are_refused(x, analytic, options, message):
    with pytest.raises(ValueError, match=message):
        gradient_check(lambda x: x.sum(), x, analytic, **options)
