"""ConvNets: the homework's sanity checks, gradients against numerical ones, PyTorch, and how they train."""

from functools import partial

import numpy as np
import pytest

from labkit import layers, networks
from labkit.gradients import numerical_gradient
from labkit.losses import softmax_loss
from labkit.optimizers import SGD, Adam, Momentum, RMSProp
from labkit.training import train

DEEP = """
conv 4 3, batchnorm, relu, conv 3 3 stride 2 pad 0, groupnorm 3, relu
pool 2, dropout 0.3
affine 6, batchnorm, relu, affine 3
"""


def small_images(N=5, shape=(2, 9, 9), C=3, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((N, *shape)).astype(dtype), rng.integers(0, C, N)


def assert_gradients(network, X, params, y, reg, tolerance=1e-7):
    _, grads = network(X, params, y, reg)
    assert grads.keys() == params.keys()
    for name, w in params.items():
        assert grads[name].shape == w.shape and grads[name].dtype == w.dtype
        if name.startswith(("mean", "var")):
            assert not grads[name].any()
            continue
        numerical = numerical_gradient(lambda _: network(X, params, y, reg)[0], w, h=1e-6)
        np.testing.assert_allclose(grads[name], numerical, atol=tolerance, err_msg=name)


def test_the_homeworks_sanity_checks_of_the_loss():
    """It printed 2.302547 without the penalty and 2.344742 with λ = 1, for weights of another draw."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((100, 3, 32, 32)), rng.integers(0, 10, 100)
    params = networks.init_two_layer_convnet(dtype=np.float64)
    assert {name: w.shape for name, w in params.items()} == {
        "W1": (32, 3, 5, 5), "b1": (32,), "W2": (32 * 16 * 16, 10), "b2": (10,)
    }  # fmt: skip
    assert networks.two_layer_convnet(X, params, y)[0] == pytest.approx(np.log(10), abs=1e-3)
    assert networks.two_layer_convnet(X, params, y, reg=1)[0] == pytest.approx(2.3447, abs=1e-3)


def test_the_homeworks_gradient_check():
    """Its small network; it printed errors of 8e-7, 1e-7, 3e-6 for W1, b1, W2."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((2, 3, 16, 16)), rng.integers(0, 10, 2)
    params = networks.init_two_layer_convnet((3, 16, 16), num_filters=3, filter_size=3, dtype=np.float64)
    _, grads = networks.two_layer_convnet(X, params, y)
    for name, w in params.items():
        numerical = numerical_gradient(
            lambda _: networks.two_layer_convnet(X, params, y)[0], w, h=1e-8
        )  # short of kinks
        assert np.abs(numerical - grads[name]).max() < 1e-5 * np.abs(numerical).max()


def test_the_two_layer_convnet_is_its_description_and_its_layers():
    X, y = small_images(7, (3, 8, 8), 4)
    params = networks.init_two_layer_convnet((3, 8, 8), 4, num_filters=5, filter_size=3, scale=None, dtype=np.float64)
    again = networks.init_convnet("conv 5 3, relu, pool 2, affine 4", (3, 8, 8), dtype=np.float64)
    assert all(np.array_equal(params[name], again[name]) for name in params)
    loss, grads = networks.two_layer_convnet(X, params, y, 0.1)
    same_loss, same = networks.convnet(X, params, y, 0.1, layers=["conv 5 3", "relu", "pool 2", "affine 4"])
    assert loss == same_loss and all(np.array_equal(grads[name], same[name]) for name in params)
    a, _ = layers.conv_forward_naive(X, params["W1"], params["b1"], pad=1)
    h, _ = layers.max_pool_forward_naive(np.maximum(a, 0), 2)
    scores = h.reshape(7, -1) @ params["W2"] + params["b2"]
    np.testing.assert_allclose(networks.two_layer_convnet(X, params), scores, atol=1e-12)
    penalty = 0.05 * sum((params[name] ** 2).sum() for name in ("W1", "W2"))
    assert loss == pytest.approx(softmax_loss(scores, y)[0] + penalty, rel=1e-12)


@pytest.mark.parametrize("reg", [0, 0.3])
def test_gradients_of_a_network_of_every_layer(reg):
    X, y = small_images()
    params = networks.init_convnet(DEEP, X.shape[1:], dtype=np.float64)
    rng = np.random.default_rng(1)
    for name in params:
        if not name.startswith(("mean", "var")):
            params[name] += 0.1 * rng.standard_normal(params[name].shape)
    assert_gradients(partial(networks.convnet, layers=DEEP, rng=5), X, params, y, reg, tolerance=1e-6)


@pytest.mark.parametrize("text", [
    "affine 3", "conv 3 9 pad 0, affine 3", "relu, avgpool 3, layernorm, affine 3",
    "conv 4 5 stride 2, relu, affine 5, relu, affine 3", "pool 3 stride 2, affine 3",
])  # fmt: skip
def test_gradients_of_other_descriptions(text):
    X, y = small_images()
    params = networks.init_convnet(text, X.shape[1:], dtype=np.float64)
    assert_gradients(partial(networks.convnet, layers=text), X, params, y, 0.1)


def test_a_convnet_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    nn = torch.nn
    text = "conv 6 3, batchnorm, relu, pool 2, conv 8 4 stride 2 pad 1, batchnorm, relu, avgpool 2 stride 1, affine 5"
    params = networks.init_convnet(text, (3, 16, 20), seed=3, dtype=np.float64)
    X, y = small_images(9, (3, 16, 20), 5)
    net = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2),
                        nn.Conv2d(6, 8, 4, 2, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.AvgPool2d(2, 1), nn.Flatten(),
                        nn.Linear(params["W3"].shape[0], 5)).double()  # fmt: skip
    names = {0: ("W1", "b1"), 1: ("gamma1", "beta1"), 4: ("W2", "b2"), 5: ("gamma2", "beta2"), 9: ("W3", "b3")}
    for k, (w, b) in names.items():
        net[k].weight.data = torch.from_numpy(params[w].T.copy() if k == 9 else params[w].copy())
        net[k].bias.data = torch.from_numpy(params[b].copy())
    for _ in range(3):  # the running averages move
        theirs = nn.functional.cross_entropy(net(torch.from_numpy(X)), torch.from_numpy(y))
        loss, grads = networks.convnet(X, params, y, layers=text)
    theirs.backward()
    assert loss == pytest.approx(theirs.item(), rel=1e-12)
    for k, (w, b) in names.items():
        np.testing.assert_allclose(grads[w], net[k].weight.grad.T if k == 9 else net[k].weight.grad, atol=1e-9)
        np.testing.assert_allclose(grads[b], net[k].bias.grad, atol=1e-9)
    for k, name, n in ((1, "1", 9 * 16 * 20), (5, "2", 9 * 4 * 5)):
        np.testing.assert_allclose(params["mean" + name], net[k].running_mean, atol=1e-12)
        batches = (params["var" + name] - 0.9**3) * n / (n - 1)  # PyTorch divides a batch's variance by one less
        np.testing.assert_allclose(batches, net[k].running_var - 0.9**3, atol=1e-12)


def test_batch_normalisation_takes_the_batch_in_training_and_the_running_averages_at_test_time():
    text = "conv 4 3, batchnorm, relu, affine 3"
    X, y = small_images(40)
    params = networks.init_convnet(text, X.shape[1:], dtype=np.float64)
    network = partial(networks.convnet, layers=text)
    before = network(X, params)
    assert np.array_equal(network(X, params), before)  # testing changes nothing
    for _ in range(100):
        network(X, params, y)
    a, _ = layers.conv_forward(X, params["W1"], params["b1"], pad=1)
    np.testing.assert_allclose(params["mean1"], a.mean(axis=(0, 2, 3)), atol=1e-4)
    np.testing.assert_allclose(params["var1"], a.var(axis=(0, 2, 3)), rtol=1e-3)
    n, _ = layers.batchnorm_forward(a, params["gamma1"], params["beta1"])
    scores = np.maximum(n, 0).reshape(40, -1) @ params["W2"] + params["b2"]
    np.testing.assert_allclose(network(X, params), scores, atol=1e-3)
    np.testing.assert_allclose(
        network(X[:1], params), network(X, params)[:1], atol=1e-12
    )  # an image has its own scores


@pytest.mark.parametrize(
    "optimizer", [SGD(0.1), Momentum(0.05), RMSProp(0.01), Adam(0.01)], ids=lambda o: type(o).__name__
)
def test_running_averages_are_left_alone_by_every_optimizer_and_kept_with_the_best_parameters(optimizer, tmp_path):
    text = "conv 4 3, batchnorm, relu, pool 3, affine 3"
    X, y = small_images(40, dtype=np.float32)
    params = networks.init_convnet(text, X.shape[1:])
    network = partial(networks.convnet, layers=text)
    loss, grads = network(X, params, y)
    moved = params["mean1"].copy(), params["var1"].copy()
    optimizer.step(params, grads)
    assert np.array_equal(moved, (params["mean1"], params["var1"]))
    settings = {"optimizer": optimizer, "epochs": 12, "batch_size": 10, "checkpoint": tmp_path / "run", "quiet": True}
    start = {name: w.copy() for name, w in params.items()}
    history = train(network, params, X, y, X, y, **settings)
    assert history.losses[-1] < loss and max(history.val_accuracy) > 0.8
    scores = network(X, history.params)
    assert np.mean(scores.argmax(axis=1) == y) == max(history.val_accuracy)
    kept = train(network, start, X, y, X, y, **settings)
    assert np.array_equal(network(X, kept.params), scores)


def test_many_images_are_scored_a_part_at_a_time():
    X, _ = small_images(230)
    for text in ("conv 4 3, relu, pool 3, affine 3", DEEP):
        params = networks.init_convnet(text, X.shape[1:], dtype=np.float64)
        network = partial(networks.convnet, layers=text)
        parts = np.concatenate([network(X[:30], params), network(X[30:], params)])
        np.testing.assert_allclose(network(X, params), parts, atol=1e-12)


def test_dropout_needs_a_generator_and_draws_anew():
    text = "conv 4 3, relu, dropout 0.5, affine 3"
    X, y = small_images()
    params = networks.init_convnet(text, X.shape[1:], dtype=np.float64)
    with pytest.raises(ValueError, match="needs rng"):
        networks.convnet(X, params, y, layers=text)
    network = partial(networks.convnet, layers=text, rng=np.random.default_rng(0))
    assert len({float(network(X, params, y)[0]) for _ in range(3)}) == 3
    np.testing.assert_array_equal(network(X, params), networks.convnet(X, params, layers=text))


@pytest.mark.parametrize("text, message", [
    ("", "needs layers"),
    ("conv 32, affine 10", '"conv 32": conv is followed by filters and their size'),
    ("conv 4 4, affine 3", 'filters of even size need "pad"'),
    ("convolution 4 3, affine 3", 'no layer "convolution": use conv, pool'),
    ("relu 3, affine 3", "followed by nothing else"),
    ("dropout 1.5, affine 3", "from 0 up to but not including 1"),
    ("pool 2 pad 1, affine 3", "size of its window"),
    ("affine 0", "how many numbers"),
    ("conv 4 3", "must give scores"),
    ("affine 4, conv 3 3, affine 3", "has made the images flat"),
    ("groupnorm 3, affine 3", "must divide the 2 channels"),
    ("conv 4 3, pool 2, affine 3", r'"pool 2", of images \(4, 9, 9\): windows do not fit: .* = 4.5'),
])  # fmt: skip
def test_a_description_that_cannot_be_is_said_with_the_layers_words(text, message):
    with pytest.raises(ValueError, match=message):
        networks.init_convnet(text, (2, 9, 9))


def test_a_network_without_its_parameters_says_which():
    X, y = small_images()
    with pytest.raises(ValueError, match="W2, b2 missing"):
        networks.two_layer_convnet(X, {"W1": np.ones((1, 2, 3, 3)), "b1": np.ones(1)}, y)
    with pytest.raises(ValueError, match="gamma1, beta1 missing"):
        networks.convnet(X, {}, y, layers="layernorm, affine 3")


def test_the_table_of_a_network():
    assert networks.describe_convnet("conv 32 3, batchnorm, relu, pool 2, affine 10") == (
        "layer      gives         learns\n"
        "conv 32 3  32 × 32 × 32     896\n"
        "batchnorm  32 × 32 × 32      64\n"
        "relu       32 × 32 × 32\n"
        "pool 2     32 × 16 × 16\n"
        "affine 10  10            81,930\n"
        "                         82,890"
    )
