"""Layers and networks: printed numbers of the sources, and gradients against numerical ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import layers, networks
from labkit.gradients import numerical_gradient
from labkit.losses import softmax, softmax_loss, svm_loss


def toy_homework():
    X = np.linspace(-0.2, 0.5, 20).reshape(5, 4)
    params = {
        "W1": np.linspace(-0.2, 0.6, 40).reshape(4, 10),
        "b1": np.linspace(-0.3, 0.7, 10),
        "W2": np.linspace(-0.4, 0.1, 30).reshape(10, 3),
        "b2": np.linspace(-0.5, 0.9, 3),
    }
    return X, np.array([0, 1, 2, 2, 1]), params


def toy_exercise():
    np.random.seed(0)
    params = {
        "W1": 0.1 * np.random.randn(4, 10),
        "b1": np.zeros(10),
        "W2": 0.1 * np.random.randn(10, 3),
        "b2": np.zeros(3),
    }
    np.random.seed(1)
    return 10 * np.random.randn(5, 4), np.array([0, 1, 2, 2, 1]), params


def test_scores_printed_in_the_homework():
    X, _, params = toy_homework()
    printed = [
        [-0.5328368, 0.20031504, 0.93346689],
        [-0.59412164, 0.15498488, 0.9040914],
        [-0.67658362, 0.08978957, 0.85616275],
        [-0.77092643, 0.01339997, 0.79772637],
        [-0.89110401, -0.08754544, 0.71601312],
    ]
    assert np.abs(networks.two_layer_net(X, params) - printed).sum() < 1e-7


def test_probabilities_and_loss_printed_in_the_exercise():
    X, y, params = toy_exercise()
    printed = [
        [0.3644621, 0.22911264, 0.40642526],
        [0.47590629, 0.17217039, 0.35192332],
        [0.43035767, 0.26164229, 0.30800004],
        [0.41583127, 0.2983228, 0.28584593],
        [0.36328815, 0.32279939, 0.31391246],
    ]
    np.testing.assert_allclose(softmax(networks.two_layer_net(X, params)), printed, atol=1e-8)
    assert networks.two_layer_net(X, params, y, reg=2 * 0.05)[0] == pytest.approx(1.30378789133, abs=1e-10)


@pytest.mark.parametrize("toy", [toy_homework, toy_exercise])
@pytest.mark.parametrize("reg", [0, 0.1])
def test_two_layer_gradients(toy, reg):
    X, y, params = toy()
    _, grads = networks.two_layer_net(X, params, y, reg)
    for name, w in params.items():
        numerical = numerical_gradient(lambda _: networks.two_layer_net(X, params, y, reg)[0], w, h=1e-5)
        assert np.abs(numerical - grads[name]).max() < 1e-8 * max(1, np.abs(numerical).max()), name


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 6),
    st.integers(1, 5),
    st.integers(1, 4),
    st.sampled_from([softmax_loss, svm_loss]),
    st.integers(0, 99),
)
def test_linear_gradients(N, D, C, loss, seed):
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((N, D)), rng.integers(0, C, N)
    params = networks.init_linear(D, C, scale=0.1, seed=seed, dtype=np.float64)
    _, grads = networks.linear_classifier(X, params, y, 0.3, loss)
    for name, w in params.items():
        numerical = numerical_gradient(lambda _: networks.linear_classifier(X, params, y, 0.3, loss)[0], w, h=1e-6)
        np.testing.assert_allclose(grads[name], numerical, atol=2e-7)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(1, 5), st.integers(0, 99))
def test_affine_and_relu_backward(N, a, b, M, seed):
    rng = np.random.default_rng(seed)
    x, w, bias = rng.standard_normal((N, a, b)), rng.standard_normal((a * b, M)), rng.standard_normal(M)
    dout = rng.standard_normal((N, M))
    out, cache = layers.affine_forward(x, w, bias)
    for array, analytic in zip((x, w, bias), layers.affine_backward(dout, cache)):
        numerical = numerical_gradient(lambda _: np.sum(dout * layers.affine_forward(x, w, bias)[0]), array, h=1e-6)
        np.testing.assert_allclose(analytic, numerical, atol=1e-7)
    z = rng.standard_normal((N, M))
    numerical = numerical_gradient(lambda t: np.sum(dout * layers.relu_forward(t)[0]), z, h=1e-8)
    np.testing.assert_allclose(layers.relu_backward(dout, layers.relu_forward(z)[1]), numerical, atol=1e-6)


def test_affine_numbers_of_the_homework():
    x = np.linspace(-0.1, 0.5, 240).reshape(2, 4, 5, 6)
    w = np.linspace(-0.2, 0.3, 360).reshape(120, 3)
    out, _ = layers.affine_forward(x, w, np.linspace(-0.3, 0.1, 3))
    np.testing.assert_allclose(
        out, [[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.5141327, 3.77273342]], atol=1e-8
    )


def test_relu_numbers_of_the_homework():
    out, cache = layers.relu_forward(np.linspace(-0.5, 0.5, 12).reshape(3, 4))
    np.testing.assert_allclose(
        out, [[0, 0, 0, 0], [0, 0, 0.04545455, 0.13636364], [0.22727273, 0.31818182, 0.40909091, 0.5]], atol=1e-8
    )
    assert layers.relu_backward(np.ones(1), layers.relu_forward(np.zeros(1))[1]) == 0


def test_dropout_keeps_the_mean_and_sends_the_gradient_through_the_same_mask():
    x = np.ones((200, 500))
    out, cache = layers.dropout_forward(x, 0.3, np.random.default_rng(0))
    assert out.mean() == pytest.approx(1, abs=0.01) and (out == 0).mean() == pytest.approx(0.3, abs=0.01)
    np.testing.assert_array_equal(layers.dropout_backward(x, cache), out)
    with pytest.raises(ValueError, match="p must be"):
        layers.dropout_forward(x, 1.0, np.random.default_rng(0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_in_is_dtype_out(dtype):
    X, y, params = toy_homework()
    params = {name: w.astype(dtype) for name, w in params.items()}
    loss, grads = networks.two_layer_net(X.astype(dtype), params, y, 0.1)
    assert loss.dtype == dtype and all(g.dtype == dtype for g in grads.values())


def test_the_first_loss_of_small_weights_is_log_of_the_number_of_classes():
    rng = np.random.default_rng(0)
    for C in (2, 10):
        params = networks.init_two_layer_net(20, 7, C, scale=1e-4)
        loss, _ = networks.two_layer_net(
            rng.standard_normal((50, 20)).astype(np.float32), params, rng.integers(0, C, 50)
        )
        assert loss == pytest.approx(np.log(C), abs=1e-3)


def test_shapes_that_do_not_fit_are_named():
    X, y, params = toy_homework()
    with pytest.raises(ValueError, match="do not fit"):
        networks.two_layer_net(X[:, :3], params, y)
    with pytest.raises(ValueError, match="W2 missing"):
        networks.two_layer_net(X, {name: w for name, w in params.items() if name != "W2"})
    for sizes in ((0, 3, 2), (4, 2.5, 2), (4, True, 2)):
        with pytest.raises(ValueError, match="each size of a network must be a whole number, at least 1, got"):
            networks.init_two_layer_net(*sizes)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(1, 5), min_size=2, max_size=5),
    st.integers(1, 5),
    st.sampled_from([0, 0.4]),
    st.integers(0, 99),
)
def test_mlp_gradients_of_any_depth_with_and_without_dropout(sizes, N, dropout, seed):
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((N, sizes[0])), rng.integers(0, sizes[-1], N)
    params = networks.init_mlp(*sizes, seed=seed, dtype=np.float64)
    for name in params:  # biases away from 0: a unit without inputs would sit on its kink
        params[name] += 0.1 * rng.standard_normal(params[name].shape)
    _, grads = networks.mlp(X, params, y, 0.3, dropout, rng=seed)
    assert grads.keys() == params.keys()
    for name, w in params.items():
        numerical = numerical_gradient(lambda _: networks.mlp(X, params, y, 0.3, dropout, rng=seed)[0], w, h=1e-6)
        np.testing.assert_allclose(grads[name], numerical, atol=1e-6)


def test_mlp_of_two_layers_is_the_two_layer_net_and_of_one_the_linear_classifier():
    X, y, params = toy_homework()
    np.testing.assert_array_equal(networks.mlp(X, params), networks.two_layer_net(X, params))
    (a, one), (b, two) = networks.mlp(X, params, y, 0.1), networks.two_layer_net(X, params, y, 0.1)
    assert a == pytest.approx(b, rel=1e-14) and all(np.allclose(one[name], two[name], rtol=1e-12) for name in params)
    linear = {"W": params["W1"], "b": params["b1"]}
    loss, grads = networks.mlp(X, {"W1": params["W1"], "b1": params["b1"]}, y, 0.1)
    expected, (dW, db) = (
        networks.linear_classifier(X, linear, y, 0.1)[0],
        networks.linear_classifier(X, linear, y, 0.1)[1].values(),
    )
    assert loss == pytest.approx(expected) and np.allclose(grads["W1"], dW) and np.allclose(grads["b1"], db)


def test_dropout_is_for_training_alone_and_keeps_the_mean_of_the_scores():
    rng = np.random.default_rng(0)
    X, y, params = rng.standard_normal((3, 6)), np.array([0, 1, 2]), networks.init_mlp(6, 400, 3, dtype=np.float64)
    scores = networks.mlp(X, params)
    np.testing.assert_array_equal(networks.mlp(X, params, dropout=0.5, rng=rng), scores)
    losses = [networks.mlp(X, params, y, dropout=0.5, rng=rng)[0] for _ in range(3)]
    assert len(set(losses)) == 3
    with pytest.raises(ValueError, match="needs rng"):
        networks.mlp(X, params, y, dropout=0.5)


def test_mlp_keeps_float32_and_its_inputs():
    X, y, params = toy_homework()
    X, params = X.astype(np.float32), {name: w.astype(np.float32) for name, w in params.items()}
    before = X.copy(), {name: w.copy() for name, w in params.items()}
    loss, grads = networks.mlp(X, params, y, 0.1, 0.5, rng=0)
    assert loss.dtype == np.float32 and all(g.dtype == np.float32 for g in grads.values())
    assert np.array_equal(X, before[0]) and all(np.array_equal(w, before[1][name]) for name, w in params.items())


def test_mlp_names_what_is_missing():
    for params in ({}, {"W1": np.ones((2, 2)), "b2": np.ones(2)}):
        with pytest.raises(ValueError, match="missing"):
            networks.mlp(np.ones((1, 2)), params)
    for sizes in ((3,), (3, 0), ()):
        with pytest.raises(ValueError, match="sizes must be at least two|each size of a network must be"):
            networks.init_mlp(*sizes)
