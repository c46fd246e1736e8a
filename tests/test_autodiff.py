"""Automatic differentiation against numerical gradients, derivatives in closed form, and the hand-written ones."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import autodiff, layers, losses, networks
from labkit.autodiff import Dual, Tensor, backward, gradient, hvp, jacobian, nodes, value_and_gradient
from labkit.gradients import numerical_gradient, relative_error

X = np.random.default_rng(0).uniform(0.3, 1.7, (3, 4))
Z = np.random.default_rng(1).standard_normal((3, 4)) * 2
B = np.random.default_rng(2).standard_normal((4, 2))
OPERATIONS = {
    "add": lambda x: x + 2 * x + Z,
    "subtract": lambda x: 1 - x - x * Z,
    "multiply": lambda x: x * x * Z * 3,
    "divide": lambda x: x / Z + 2 / x + x / (x + 1),
    "power": lambda x: x**3 + x**-0.5 + 2.0**x + x**x + x**0,
    "power of negatives": lambda x: (x - 1) ** 3,
    "negative": lambda x: -x * Z + (+x),
    "abs": lambda x: abs(x - 1) * Z,
    "exp": lambda x: np.exp(x),
    "log": lambda x: np.log(x),
    "sqrt": lambda x: np.sqrt(x),
    "square": lambda x: np.square(x),
    "sin": lambda x: np.sin(x * Z),
    "cos": lambda x: np.cos(x * Z),
    "tanh": lambda x: np.tanh(x * Z),
    "sigmoid": lambda x: autodiff.sigmoid(x * Z),
    "relu": lambda x: autodiff.relu(x - 1) * Z,
    "maximum": lambda x: np.maximum(x, 1) + np.maximum(Z, x) + np.maximum(x, x * Z),
    "minimum": lambda x: np.minimum(x, 1) + np.minimum(Z, x) + np.minimum(x, x * Z),
    "where": lambda x: np.where(Z > 0, x, x * x) + np.where(x > 1, 2.0, x),
    "matmul": lambda x: x @ B + 2 * (B.T @ x.T).T * (Z @ x.T @ x)[:, :2],
    "matmul of vectors": lambda x: (x[0] @ B) @ B.T @ x[1] + x @ B[:, 0] + x[0] @ x[2],
    "matmul of stacks": lambda x: np.ones((5, 2, 3)) @ x @ B + (x[None, :, None, :] @ Z.T)[:, 0, 0, 0],
    "sum": lambda x: np.sum(x * x, axis=0) * x.sum(axis=(0, 1)) + (x * Z).sum(axis=-1, keepdims=True),
    "mean": lambda x: np.mean(x * x, axis=0) * x.mean() + (x * Z).mean(axis=1, keepdims=True),
    "max": lambda x: np.max(x * Z, axis=0) * x.max() + x.max(axis=1, keepdims=True),
    "min": lambda x: np.min(x * Z, axis=0) * x.min() + x.min(axis=(0, 1), keepdims=True),
    "reshape": lambda x: x.reshape(2, 6) * np.arange(6.0) + x.reshape(-1)[:6] + np.reshape(x, (6, 2))[0, 0],
    "transpose": lambda x: x.T @ Z + x.transpose(1, 0)[:, :1] * np.transpose(x.reshape(3, 2, 2), (2, 0, 1))[0, 1, 1],
    "broadcast": lambda x: np.broadcast_to(x[:, :1], (2, 3, 5)) * np.arange(5.0) + x[0, 0],
    "index": lambda x: x[1] * x[:, 2].sum() + x[-1, ::2].sum() * x[..., None][0, 0, 0],
    "fancy index": lambda x: x[[0, 0, 2, 0]] * x[:, [1, 1, 3, 1]].sum() + x[np.arange(3), [0, 2, 2]].sum(),
    "mask": lambda x: np.sum(x[Z > 0] ** 2) * x,
    "concatenate": lambda x: np.concatenate([x, Z, x * x]) * np.concatenate([x, x, x], axis=-2) ** 2,
    "concatenate columns": lambda x: np.concatenate([x[:, :1], x * 2, Z], axis=1) ** 2,
    "stack": lambda x: np.stack([x[0], x[1] * x[2], Z[0]]) ** 2,
    "log_softmax": lambda x: autodiff.log_softmax(x * 5) * Z,
    "softmax_loss": lambda x: autodiff.softmax_loss(x * 5, [3, 0, 1]),
}


def number(f):
    """A function of one number from one of an array, in which every entry counts differently."""

    def g(x):
        y = f(x)
        return np.sum(y * np.cos(np.arange(float(y.size))).reshape(y.shape))

    return g


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_against_numerical_gradients(name):
    f = number(OPERATIONS[name])
    expected = numerical_gradient(f, X.copy())
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(gradient(f)(X), expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(jacobian(f, "forward")(X), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_gives_the_value_that_numpy_gives(name):
    f = OPERATIONS[name]
    for x in (Tensor(X), Dual(X, 1.0), Tensor(Dual(X, 1.0))):
        np.testing.assert_array_equal(autodiff.plain(f(x)), f(X))


@pytest.mark.parametrize("name", OPERATIONS)
def test_second_derivatives_of_every_operation(name):
    f, v = number(OPERATIONS[name]), np.sin(np.arange(12.0)).reshape(3, 4)
    expected = numerical_gradient(lambda x: np.sum(gradient(f)(x) * v), X.copy())
    np.testing.assert_allclose(hvp(f)(X, v), expected, rtol=1e-5, atol=1e-6)
    twice = gradient(lambda x: np.sum(gradient(f)(x) * v))
    try:
        np.testing.assert_allclose(twice(X), expected, rtol=1e-5, atol=1e-6)
    except ValueError as problem:  # a linear function: its gradient is not computed from x at all
        assert "not computed" in str(problem) and not expected.any()


@pytest.mark.parametrize("name", OPERATIONS)
def test_float32_stays_float32(name):
    if name in ("power", "where", "divide"):  # Z and what numpy makes of python's numbers apart
        return
    x = X.astype(np.float32)
    f = OPERATIONS[name]
    value, found = value_and_gradient(number(lambda x: f(x).reshape(-1)))(x)
    assert found.dtype == np.float32 and found.shape == x.shape


def test_both_modes_give_the_same_jacobian_for_any_shapes():
    f = lambda x: np.sin(x[:, None] * Z).sum(axis=0) @ B  # noqa: E731
    x = X[:, 0]
    both = jacobian(f, "forward")(x), jacobian(f, "reverse")(x)
    assert both[0].shape == f(x).shape + x.shape
    np.testing.assert_allclose(*both, rtol=1e-12)
    np.testing.assert_array_equal(jacobian(f)(x), both[1])  # fewer outputs than inputs
    np.testing.assert_allclose(
        jacobian(lambda w: [w[0] * w[1], np.exp(w[0])])(np.array([2.0, 3])), [[3, 2], [np.e**2, 0]]
    )


def test_jacobian_takes_the_mode_with_fewer_passes():
    calls = []

    def wide(x):
        calls.append(type(x))
        return x[:2].sum() * np.arange(1.0, 8.0)

    jacobian(wide)(np.ones(3))
    assert calls == [Tensor, Dual, Dual, Dual]
    with pytest.raises(ValueError, match="mode must be"):
        jacobian(wide, "sideways")
    assert jacobian(lambda x: x**2)(3.0) == 6 and jacobian(np.sin)(np.zeros((2, 0))).shape == (2, 0, 2, 0)


# derivatives of derivatives


def test_derivatives_of_any_order():
    third = gradient(gradient(gradient(lambda x: x**5 + np.sin(x))))
    assert third(2.0) == pytest.approx(60 * 4 - np.cos(2.0), rel=1e-12)
    assert gradient(gradient(lambda x: x**3))(Dual(2.0, 1.0)).tangent == 6
    np.testing.assert_allclose(jacobian(gradient(lambda x: np.sum(x) ** 3))(np.array([1.0, 2.0])), np.full((2, 2), 18))


def test_a_gradient_inside_another_keeps_what_each_is_a_gradient_of():
    """d/dx of x · d/dy (x + y) is 1: the classic confusion of derivatives taken at once would say 2."""
    assert gradient(lambda x: x * gradient(lambda y: x + y)(1.0))(1.0) == 1
    inner = gradient(lambda w: w * gradient(lambda y: w * y**2)(3.0))  # w · 6w
    assert inner(2.0) == 24
    assert gradient(lambda x: x * gradient(lambda y: x * x * y)(x))(3.0) == 27  # x · x², y = x held apart


def test_hessian_vector_products_of_a_network_both_ways():
    rng = np.random.default_rng(3)
    W, v = rng.standard_normal((2, 4, 3))
    data, y = rng.standard_normal((20, 4)), rng.integers(0, 3, 20)

    def f(W):
        return autodiff.softmax_loss(np.tanh(data @ W), y)

    whole = jacobian(gradient(f))(W)
    np.testing.assert_allclose(hvp(f)(W, v), np.tensordot(whole, v), rtol=1e-10)
    np.testing.assert_allclose(gradient(lambda W: np.sum(gradient(f)(W) * v))(W), np.tensordot(whole, v), rtol=1e-10)
    np.testing.assert_allclose(whole, np.transpose(whole, (2, 3, 0, 1)), atol=1e-15)  # a Hessian is symmetric
    assert (hvp(lambda x: np.sum(x))(W, v) == 0).all()


# the networks of the labs


def two_layer(params, X, y, reg):
    hidden = autodiff.relu(X @ params["W1"] + params["b1"])
    scores = hidden @ params["W2"] + params["b2"]
    return autodiff.softmax_loss(scores, y) + 0.5 * reg * sum(np.sum(params[name] ** 2) for name in ("W1", "W2"))


@given(st.integers(1, 30), st.integers(1, 20), st.integers(1, 20), st.integers(2, 12), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_the_two_layer_network_has_the_hand_written_gradients(N, D, H, C, seed):
    rng = np.random.default_rng(seed)
    params = networks.init_two_layer_net(D, H, C, scale=1.0, seed=1, dtype=float)
    images, y = rng.standard_normal((N, D)), rng.integers(0, C, N)
    loss, grads = value_and_gradient(two_layer)(params, images, y, 0.1)
    expected, by_hand = networks.two_layer_net(images, params, y, reg=0.1)
    assert abs(loss - expected) < 1e-12
    assert set(grads) == set(by_hand)
    for name in grads:
        assert np.abs(grads[name] - by_hand[name]).max() < 1e-12


def test_a_convolution_is_one_operation_of_the_graph():
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((2, 3, 6, 6)), rng.standard_normal((4, 3, 3, 3)), rng.standard_normal(4)
    conv = autodiff.operation(layers.conv_forward, layers.conv_backward)

    def f(params):
        out = conv(params["x"], params["w"], params["b"], stride=1, pad=1)
        return np.sum(autodiff.relu(out) ** 2) + np.sum(params["w"] ** 2)

    found = gradient(f)({"x": x, "w": w, "b": b})
    for name in ("x", "w", "b"):
        params = {"x": x, "w": w, "b": b}
        expected = numerical_gradient(lambda array, name=name: f(params | {name: array}), params[name].copy())
        assert relative_error(found[name], expected) < 1e-6
    np.testing.assert_array_equal(conv(x, w, b, stride=1, pad=1), layers.conv_forward(x, w, b, 1, 1)[0])
    t = Tensor(w)
    twice = conv(conv(x, t, b, pad=1)[:, :3], t, b, pad=1)  # the same operation twice in one graph
    assert [node.operation.name for node in nodes(twice)[1:]] == ["conv", "[ ]", "conv"]
    expected = numerical_gradient(lambda w: conv(conv(x, w, b, pad=1)[:, :3], w, b, pad=1).sum(), w.copy())
    assert relative_error(backward(np.sum(twice), t), expected) < 1e-6
    with pytest.raises(TypeError, match="conv has no second derivative"):
        gradient(lambda w: np.sum(gradient(lambda w: np.sum(conv(x, w, b)))(w)))(w)
    with pytest.raises(TypeError, match="conv has no forward mode"):
        jacobian(lambda w: np.sum(conv(x, w, b)), "forward")(w)
    with pytest.raises(TypeError, match="conv has no forward mode, and no second"):
        hvp(lambda w: np.sum(conv(x, w, b)))(w, w)


def test_an_operation_that_gives_no_gradient_for_an_input_says_so():
    first_only = autodiff.operation(lambda a, b: (a * b, b), lambda dout, b: dout * b, name="first_only")
    assert (gradient(lambda a: np.sum(first_only(a, X)))(X) == X).all()
    with pytest.raises(TypeError, match="first_only's backward gives no gradient for input 2"):
        gradient(lambda b: np.sum(first_only(X, b)))(X)


def test_the_loss_of_the_labs_as_one_operation():
    loss = autodiff.operation(losses.softmax_loss, lambda dout, dscores: dout * dscores, name="softmax_loss")
    y = np.array([0, 3, 1])
    np.testing.assert_allclose(
        gradient(lambda x: loss(x * 2, y))(X), gradient(lambda x: autodiff.softmax_loss(x * 2, y))(X), atol=1e-15
    )


# kinks and extreme values


def test_the_choices_at_kinks():
    zero = np.zeros(2)
    assert (gradient(lambda x: np.sum(autodiff.relu(x)))(zero) == 0).all()
    assert (gradient(lambda x: np.sum(abs(x)))(zero) == 0).all()
    assert (gradient(lambda x: np.sum(np.maximum(x, 0)))(zero) == 0.5).all()
    assert gradient(np.max)(np.array([1.0, 3.0, 3.0])).tolist() == [0, 0.5, 0.5]
    assert jacobian(np.max, "forward")(np.array([1.0, 3.0, 3.0])).tolist() == [0, 0.5, 0.5]
    assert [gradient(lambda x, p=p: x**p)(0.0) for p in range(4)] == [0, 1, 0, 0]


@pytest.mark.filterwarnings("error")
def test_extreme_values_neither_overflow_nor_warn():
    x = np.array([-1e4, -30.0, 0.0, 30.0, 1e4])
    assert np.isfinite(gradient(lambda x: np.sum(autodiff.sigmoid(x)))(x)).all()
    assert np.isfinite(gradient(lambda x: autodiff.softmax_loss(x.reshape(1, 5), [0]))(x)).all()
    assert gradient(lambda x: autodiff.softmax_loss(x.reshape(1, 5), [0]))(x).tolist() == [-1, 0, 0, 0, 1]


def test_threads_do_not_disturb_each_other():
    found = [None] * 4
    work = lambda i: found.__setitem__(i, gradient(lambda x: np.sum(np.exp(x) * i))(X))  # noqa: E731
    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    for i in range(4):
        np.testing.assert_allclose(found[i], i * np.exp(X))
