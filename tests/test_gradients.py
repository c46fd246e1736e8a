"""Numerical gradients against derivatives that are known, and everything that can go wrong on the way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.gradients import gradient_check, linear_softmax_numerical_gradient, numerical_gradient
from labkit.losses import cross_entropy, softmax_loss

SCHEMES = ["central", "forward"]
ACCURACY = {"central": 1e-9, "forward": 1e-6}


def analytic_gradient(X, W, y):
    return X.T @ softmax_loss(X @ W, y)[1]


def linear_problem(N, D, C, seed=0, size=1.0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((N, D)), size * rng.standard_normal((D, C)), rng.integers(0, C, N)


# numerical_gradient


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("x", [3.0, 3, [1.0, 2.0], [[1, 2], [3, 4]], np.float64(3.0), np.array(3.0), np.array([-2.0])])
def test_the_square_as_the_lab_asks_first(x, scheme):
    gradient = numerical_gradient(lambda x: (x**2).sum(), x, scheme=scheme)
    assert isinstance(gradient, np.ndarray) and gradient.dtype == np.float64
    np.testing.assert_allclose(gradient, 2 * np.asarray(x), atol=ACCURACY[scheme])


@pytest.mark.parametrize("scheme", SCHEMES)
@given(
    st.lists(st.integers(1, 4), max_size=4), st.sampled_from(["C", "F", "strided", "transposed"]), st.integers(0, 2**32)
)
@settings(max_examples=30, deadline=None)
def test_any_function_of_an_array_of_any_shape_and_layout(scheme, shape, layout, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape)
    if layout == "F":
        x = np.asfortranarray(x)
    elif layout == "strided":
        base = np.zeros([2 * n for n in shape])
        base[tuple(slice(None, None, -2) for _ in shape)] = x
        x = base[tuple(slice(None, None, -2) for _ in shape)]
    elif layout == "transposed":
        x = x.T
    weights, before = rng.standard_normal(x.shape), x.copy()
    gradient = numerical_gradient(lambda x: (weights * np.sin(x)).sum(), x, scheme=scheme)
    np.testing.assert_allclose(gradient, weights * np.cos(x), atol=10 * ACCURACY[scheme])
    assert gradient.shape == x.shape and x.tobytes() == before.tobytes()


@pytest.mark.parametrize("scheme, evaluations", [("central", 2 * 12), ("forward", 12 + 1)])
def test_the_number_of_evaluations(scheme, evaluations):
    calls = []
    numerical_gradient(lambda x: calls.append(1) or x.sum(), np.ones((3, 4)), scheme=scheme)
    assert len(calls) == evaluations


@pytest.mark.parametrize("scheme, order", [("central", 2), ("forward", 1)])
def test_the_order_of_the_error(scheme, order):
    errors = [abs(float(numerical_gradient(np.exp, 1.0, h, scheme)) - np.e) for h in (1e-2, 1e-3)]
    np.testing.assert_allclose(errors[0] / errors[1], 10**order, rtol=0.02)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_default_step_is_near_the_best(scheme):
    X, W, y = linear_problem(200, 5, 4, size=0.3)
    f, exact = (lambda W: cross_entropy(X @ W, y)), analytic_gradient(X, W, y)
    errors = {h: abs(numerical_gradient(f, W, h, scheme) - exact).max() for h in 10.0 ** np.arange(-11, 0)}
    assert abs(numerical_gradient(f, W, scheme=scheme) - exact).max() <= 5 * min(errors.values())


def test_f_gets_x_itself_and_may_read_it_from_outside():
    x, seen = np.array([1.0, 2.0]), []
    numerical_gradient(lambda v: seen.append(v is x) or v.sum(), x)
    assert all(seen)
    np.testing.assert_allclose(numerical_gradient(lambda _: (x**3).sum(), x), [3, 12], atol=1e-8)


def test_the_quotient_uses_the_step_that_x_really_made():
    x = np.array([1e6 / 3])  # one step of 1e-5 is rounded to a multiple of 6e-11
    assert abs(numerical_gradient(lambda x: x[0], x)[0] - 1) < 1e-15


@pytest.mark.parametrize("one", [float, np.array, lambda s: np.array([[s]]), np.longdouble])
def test_numbers_of_every_kind_are_taken_from_f(one):
    gradient = numerical_gradient(lambda x: one(x @ x), np.array([1.0, -2.0]))
    np.testing.assert_allclose(gradient, [2, -4], atol=1e-8)


def test_f_that_returns_a_view_of_x():
    x = np.array([5.0])
    assert numerical_gradient(lambda x: x, x) == pytest.approx(1)
    assert numerical_gradient(lambda x: x[:1], np.array([5.0, 6.0])) == pytest.approx([1, 0])


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, StopIteration])
@pytest.mark.parametrize("at", [1, 2, 5])
def test_x_is_restored_when_f_raises(scheme, error, at):
    x = np.array([0.1, -0.0, 1e300, 7e-320])
    before, calls = x.tobytes(), []

    def f(x):
        calls.append(1)
        if len(calls) == at:
            x[3] = 9.0
            raise error
        return 1.0

    with pytest.raises(error):
        numerical_gradient(f, x, h=1e290, scheme=scheme)
    assert len(calls) == at and x.tobytes() == before


def add_to_all(x):
    x += 1.0


def overwrite_the_first(x):
    x.flat[0] = 5.0


def overwrite_the_last(x):
    x.flat[-1] = 5.0


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("change", [add_to_all, overwrite_the_first, overwrite_the_last])
@pytest.mark.parametrize("x", [2.0, [2.0], [2.0, 1.0], [[3.0, 2.0], [1.0, 0.0]]])
def test_f_that_changes_x_is_refused_and_x_restored(scheme, change, x):
    x = np.array(x)
    before = x.copy()
    with pytest.raises(ValueError, match="f must leave x as it is"):
        numerical_gradient(lambda x: change(x) or x.sum(), x, scheme=scheme)
    np.testing.assert_array_equal(x, before)


def test_f_that_changes_an_entry_that_is_not_checked_is_refused():
    x = np.arange(1000.0)
    with pytest.raises(ValueError, match="f must leave x as it is"):
        gradient_check(lambda x: overwrite_the_last(x) or x.sum(), x, np.ones(1000), samples=1)
    np.testing.assert_array_equal(x, np.arange(1000.0))


def test_nan_and_infinity_of_f_stay_visible():
    for bad in (np.nan, np.inf):
        assert np.isnan(numerical_gradient(lambda x: bad, np.ones(2))).all()


def test_no_entries_no_gradient():
    assert numerical_gradient(lambda x: 1.0, np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize(
    "x, message",
    [
        (np.ones(3, np.float32), r"x must be float64, got float32: pass x.astype\(np.float64\)"),
        (np.ones(3, np.float16), "x must be float64, got float16"),
        (np.ones(3, int), "x must be float64, got int"),
        (np.ones(3, bool), "x must be float64, got bool"),
        (np.ones(3, complex), "x must be float64, got complex128"),
        (np.broadcast_to(1.0, 3), "x must be writeable"),
        (["a"], "x must be an array of real numbers"),
        ([[1.0], [1.0, 2.0]], "x must be an array of numbers, got rows of unequal length"),
        (None, "x must be an array of real numbers"),
        (np.array([1.0, np.inf]), r"h must move every entry of x, but x\[1\] = inf"),
        (np.array([[1.0, np.nan]]), r"h must move every entry of x, but x\[0, 1\] = nan"),
        (np.array(1e20), "h must move every entry of x, but x = 1e\\+20 is not changed by a step of 1e-05"),
    ],
)
def test_points_that_cannot_be_moved_are_refused(x, message):
    before = x.tobytes() if isinstance(x, np.ndarray) else None
    with pytest.raises(ValueError, match=message):
        numerical_gradient(lambda x: float(np.sum(x)), x)
    assert before is None or x.tobytes() == before


@pytest.mark.parametrize(
    "value, message",
    [
        (np.ones(3), r"f must return one real number, got shape \(3,\)"),
        (np.ones(0), r"f must return one real number, got shape \(0,\)"),
        (None, "f must return one real number, got None"),
        ("a", "f must return one real number, got 'a'"),
        (1j, "f must return one real number, got 1j"),
        ((1.0, np.ones(3)), "f must return one number, got a tuple: return the loss alone"),
        ([1.0], "f must return one number, got a list"),
        (np.float32(1), "f must compute in float64, got float32"),
        (np.ones(1, np.float16), "f must compute in float64, got float16"),
    ],
)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_not_one_float64_number_is_refused(value, message, scheme):
    with pytest.raises(ValueError, match=message):
        numerical_gradient(lambda x: value, np.ones(3), scheme=scheme)


def test_the_value_of_f_in_place_of_f_is_refused():
    with pytest.raises(ValueError, match="f must be a function, not what it returns, got 3.0"):
        numerical_gradient(3.0, np.ones(3))


@pytest.mark.parametrize("h", [0, -1e-6, np.nan, np.inf, "a", [1e-6, 1e-5], 1j])
def test_steps_that_are_no_steps_are_refused(h):
    X, W, y = linear_problem(5, 2, 3)
    for call in (
        lambda: numerical_gradient(np.sum, np.ones(3), h),
        lambda: gradient_check(np.sum, np.ones(3), np.ones(3), h),
        lambda: linear_softmax_numerical_gradient(X, W, y, h),
    ):
        with pytest.raises(ValueError, match="h must be a positive number"):
            call()


@pytest.mark.parametrize("scheme", ["backward", None, 2, [], "Central"])
def test_unknown_schemes_are_refused(scheme):
    with pytest.raises(ValueError, match='scheme must be "central" or "forward"'):
        numerical_gradient(np.sum, np.ones(3), scheme=scheme)


# linear_softmax_numerical_gradient


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 50),
    st.integers(1, 6),
    st.integers(1, 6),
    st.sampled_from([0.0, 0.1, 1.0, 10.0]),
    st.integers(0, 2**32),
)
def test_the_structured_gradient_is_the_numerical_gradient(N, D, C, size, seed):
    X, W, y = linear_problem(N, D, C, seed, size)
    gradient = linear_softmax_numerical_gradient(X, W, y)
    exact = analytic_gradient(X, W, y)
    plain = numerical_gradient(lambda W: cross_entropy(X @ W, y), W, 1e-6)
    assert gradient.shape == W.shape and gradient.dtype == np.float64
    assert abs(gradient - exact).max() <= max(abs(plain - exact).max(), 1e-9)
    np.testing.assert_allclose(gradient, plain, atol=1e-8 * (1 + size))


@pytest.mark.parametrize("size", [0.01, 0.3, 3.0])
def test_the_structured_gradient_is_at_least_as_accurate_as_the_plain_one(size):
    X, W, y = linear_problem(1000, 10, 10, size=size)
    exact = analytic_gradient(X, W, y)
    plain = numerical_gradient(lambda W: cross_entropy(X @ W, y), W, 1e-6)
    assert abs(linear_softmax_numerical_gradient(X, W, y) - exact).max() <= abs(plain - exact).max()


@pytest.mark.parametrize("h", [1e-3, 0.03, 0.3, 1.0, 10.0, 1000.0])
def test_the_structured_gradient_is_a_difference_not_a_derivative(h):
    X, W, y = linear_problem(37, 3, 4)
    W_before = W.copy()
    gradient = linear_softmax_numerical_gradient(X, W, y, h)
    np.testing.assert_array_equal(W, W_before)
    plain = numerical_gradient(lambda W: cross_entropy(X @ W, y), W, h)
    np.testing.assert_allclose(gradient, plain, rtol=1e-11, atol=1e-12 / h)
    if h >= 0.03:  # by then a difference differs from the derivative
        assert abs(gradient - analytic_gradient(X, W, y)).max() > 1e-5


def test_the_structured_gradient_for_confident_scores_and_raw_pixels():
    X, W, y = linear_problem(100, 5, 4, size=1e4)
    gradient = linear_softmax_numerical_gradient(X, W, y)
    np.testing.assert_allclose(gradient, analytic_gradient(X, W, y), atol=1e-9)
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (53, 12), dtype=np.uint8)
    W, y = (0.001 * rng.standard_normal((12, 3))).astype(np.float32), rng.integers(0, 3, 53)
    gradient = linear_softmax_numerical_gradient(images, W, y)
    exact = analytic_gradient(images.astype(float), W.astype(float), y)
    np.testing.assert_allclose(gradient, exact, rtol=1e-6)


@pytest.mark.parametrize(
    "X, W, y, message",
    [
        (np.ones((2, 3)), np.ones((4, 5)), [0, 1], "W must have a row for each of the 3 columns of X, .*4, 5"),
        (np.ones(3), np.ones((3, 2)), [0], r"X must be a matrix with at least one row and column, got .*3,"),
        (np.ones((0, 3)), np.ones((3, 2)), [], "X must be a matrix with at least one row"),
        (np.ones((2, 3)), np.ones(3), [0, 1], "W must be a matrix"),
        (np.ones((2, 3)), np.ones((3, 2)), [0, 2], "y must hold labels from 0 to 1"),
        (np.ones((2, 3)), np.ones((3, 2)), [0.0, 1.0], "y must hold integer labels"),
        (np.ones((2, 3)), np.ones((3, 2)), [0], r"y must have shape \(2,\)"),
        (np.full((2, 3), "a"), np.ones((3, 2)), [0, 1], "X must be an array of real numbers"),
    ],
)
def test_structured_problems_that_do_not_fit_are_refused(X, W, y, message):
    with pytest.raises(ValueError, match=message):
        linear_softmax_numerical_gradient(X, W, y)
