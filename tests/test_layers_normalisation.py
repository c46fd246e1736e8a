"""Batch, layer and group normalisation: the statistics CS231n prints, numerical gradients, PyTorch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import layers
from labkit.gradients import numerical_gradient

SHAPES = [(4, 6), (3, 6, 4, 5)]
GROUPED = {"layernorm": {}, "groupnorm": {"groups": 3}}


def arrays(shape, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    x = 5 * rng.standard_normal(shape) + 12
    return x.astype(dtype), *(rng.standard_normal(shape[1]).astype(dtype) for _ in "gb")


def statistics(out, axes):
    return out.mean(axis=axes), out.std(axis=axes)


@pytest.mark.parametrize("shape", [(200, 3), (20, 3, 4, 5)])
def test_batch_normalisation_gives_the_mean_beta_and_the_deviation_gamma(shape):
    """CS231n prints means 0, deviations 1; then means 11, 12, 13 and deviations 1, 2, 3."""
    x, *_ = arrays(shape)
    axes = (0,) if len(shape) == 2 else (0, 2, 3)
    for gamma, beta in (((1, 1, 1), (0, 0, 0)), ((1, 2, 3), (11, 12, 13))):
        out, _ = layers.batchnorm_forward(x, np.array(gamma), np.array(beta))
        np.testing.assert_allclose(statistics(out, axes), [beta, gamma], atol=1e-5)


def test_running_averages_bring_the_statistics_of_training_to_test_time():
    """CS231n's warm-up: after 50 batches the test-time features have mean 0 and deviation 1, with noise."""
    rng = np.random.default_rng(231)
    W1, W2 = rng.standard_normal((50, 60)), rng.standard_normal((60, 3))
    mean, var, one, zero = np.zeros(3), np.zeros(3), np.ones(3), np.zeros(3)

    def features():
        return np.maximum(0, rng.standard_normal((200, 50)) @ W1) @ W2

    for _ in range(50):
        layers.batchnorm_forward(features(), one, zero, mean, var)
    kept = mean.copy(), var.copy()
    out, _ = layers.batchnorm_forward(features(), one, zero, mean, var, train=False)
    means, deviations = statistics(out, 0)
    assert np.abs(means).max() < 0.2 and np.abs(deviations - 1).max() < 0.15
    assert np.array_equal(kept, (mean, var))


def test_a_step_of_the_running_average():
    x, gamma, beta = arrays((8, 5))
    mean, var = np.full(5, 2.0), np.full(5, 3.0)
    layers.batchnorm_forward(x, gamma, beta, mean, var, momentum=0.8)
    np.testing.assert_allclose(mean, 0.8 * 2 + 0.2 * x.mean(axis=0))
    np.testing.assert_allclose(var, 0.8 * 3 + 0.2 * x.var(axis=0))


@pytest.mark.parametrize("shape, axes", [((4, 3), 1), ((2, 6, 4, 5), (1, 2, 3))])
def test_layer_normalisation_is_of_each_image(shape, axes):
    x, *_ = arrays(shape)
    out, _ = layers.layernorm_forward(x, np.ones(shape[1]), np.zeros(shape[1]))
    np.testing.assert_allclose(statistics(out, axes), [np.zeros(shape[0]), np.ones(shape[0])], atol=1e-5)


def test_group_normalisation_is_of_each_group_of_each_image():
    x, *_ = arrays((2, 6, 4, 5))
    out, _ = layers.groupnorm_forward(x, np.ones(6), np.zeros(6), groups=2)
    means, deviations = statistics(out.reshape(2, 2, -1), 2)
    np.testing.assert_allclose(means, 0, atol=1e-12)
    np.testing.assert_allclose(deviations, 1, atol=1e-5)


def test_normalising_linspace_numbers_by_hand():
    x = np.array([[1.0, 2.0, 3.0, 6.0]])
    out, _ = layers.layernorm_forward(x, np.ones(4), np.zeros(4), epsilon=0)
    np.testing.assert_allclose(out, [[-2, -1, 0, 3]] / np.sqrt(3.5))
    out, _ = layers.groupnorm_forward(x, np.ones(4), np.zeros(4), groups=2, epsilon=0)
    np.testing.assert_allclose(out, [[-1, 1, -1, 1]])
    out, _ = layers.batchnorm_forward(x.T, np.ones(1), np.zeros(1), epsilon=0)
    np.testing.assert_allclose(out.T, [[-2, -1, 0, 3]] / np.sqrt(3.5))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("train", [True, False])
def test_batch_normalisation_backward(shape, train):
    x, gamma, beta = arrays(shape)

    def forward():
        running = np.linspace(9, 12, shape[1]), np.linspace(20, 30, shape[1])
        return layers.batchnorm_forward(x, gamma, beta, *running, train=train)

    dout = np.random.default_rng(1).standard_normal(shape)
    for array, grad in zip((x, gamma, beta), layers.batchnorm_backward(dout, forward()[1])):
        expected = numerical_gradient(lambda _: np.sum(dout * forward()[0]), array, h=1e-5)
        np.testing.assert_allclose(grad, expected, atol=1e-8)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", GROUPED)
def test_layer_and_group_normalisation_backward(name, shape):
    x, gamma, beta = arrays(shape)
    forward, backward = (getattr(layers, f"{name}_{way}") for way in ("forward", "backward"))
    dout = np.random.default_rng(1).standard_normal(shape)
    grads = backward(dout, forward(x, gamma, beta, **GROUPED[name])[1])
    for array, grad in zip((x, gamma, beta), grads):
        expected = numerical_gradient(
            lambda _: np.sum(dout * forward(x, gamma, beta, **GROUPED[name])[0]), array, h=1e-5
        )
        np.testing.assert_allclose(grad, expected, atol=1e-7)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 5), st.integers(1, 3), st.integers(1, 3), st.integers(2, 4), st.booleans(), st.integers(0, 99))
def test_all_three_agree_with_pytorch(N, groups, each, side, flat, seed):
    torch = pytest.importorskip("torch")
    shape = (N, groups * each) if flat else (N, groups * each, side, side + 1)
    x, gamma, beta = arrays(shape, seed)
    dout = np.random.default_rng(seed).standard_normal(shape)
    functional = torch.nn.functional
    ways = {
        "batchnorm": ({}, lambda x, g, b: functional.batch_norm(x, None, None, g, b, training=True)),
        "layernorm": ({}, lambda x, g, b: functional.group_norm(x, 1, g, b)),
        "groupnorm": ({"groups": groups}, lambda x, g, b: functional.group_norm(x, groups, g, b)),
    }
    for name, (arguments, theirs) in ways.items():
        tensors = [torch.from_numpy(a).requires_grad_() for a in (x, gamma, beta)]
        expected = theirs(*tensors)
        expected.backward(torch.from_numpy(dout))
        out, cache = getattr(layers, name + "_forward")(x, gamma, beta, **arguments)
        np.testing.assert_allclose(out, expected.detach(), atol=1e-9)
        for grad, tensor in zip(getattr(layers, name + "_backward")(dout, cache), tensors):
            np.testing.assert_allclose(grad, tensor.grad, atol=1e-6)


def test_batch_normalisation_at_test_time_is_pytorchs():
    torch = pytest.importorskip("torch")
    x, gamma, beta = arrays((5, 4, 3, 3))
    mean, var = np.linspace(8, 12, 4), np.linspace(20, 30, 4)
    out, _ = layers.batchnorm_forward(x, gamma, beta, mean, var, train=False)
    theirs = torch.nn.functional.batch_norm(*(torch.from_numpy(a) for a in (x, mean, var, gamma, beta)))
    np.testing.assert_allclose(out, theirs, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_dtype_in_is_dtype_out_and_inputs_stay(shape, dtype):
    x, gamma, beta = arrays(shape, dtype=dtype)
    running = np.zeros(shape[1], dtype), np.ones(shape[1], dtype)
    before = x.copy()
    for name, arguments in (GROUPED | {"batchnorm": {"running_mean": running[0], "running_var": running[1]}}).items():
        out, cache = getattr(layers, name + "_forward")(x, gamma, beta, **arguments)
        dout = out.copy()
        for _ in range(2):  # backward twice from one cache: it is not used up
            grads = getattr(layers, name + "_backward")(dout, cache)
        assert {a.dtype for a in (out, *grads, *running)} == {np.dtype(dtype)}
        assert np.array_equal(x, before) and np.array_equal(dout, out)
        again = getattr(layers, name + "_backward")(dout, cache)
        assert all(np.array_equal(a, b) for a, b in zip(grads, again))


def test_what_does_not_fit_is_named():
    x, gamma, beta = arrays((3, 6, 4, 5))
    with pytest.raises(ValueError, match="shapes do not fit"):
        layers.batchnorm_forward(x, gamma[:5], beta)
    with pytest.raises(ValueError, match="shapes do not fit"):
        layers.layernorm_forward(x[0], gamma, beta)
    with pytest.raises(ValueError, match="needs running_mean"):
        layers.batchnorm_forward(x, gamma, beta, train=False)
    for groups in (4, 0, 1.5):
        with pytest.raises(ValueError, match="divides 6 channels"):
            layers.groupnorm_forward(x, gamma, beta, groups)
