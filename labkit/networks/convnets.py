"""Convolutional networks: the two-layer one of the homework, and any other from a short description of its layers."""

from functools import lru_cache

import numpy as np

from labkit import arguments
from labkit import layers as L
from labkit.losses import softmax_loss

from . import description
from .parameters import check_sizes, draw, get, penalise

IMAGES_AT_A_TIME = 100  # at test time: what lies between the layers of more of them would fill the memory for nothing


def init_two_layer_convnet(
    input_shape=(3, 32, 32), C=10, num_filters=32, filter_size=5, scale=1e-3, seed=0, dtype=np.float32
):
    """Parameters of the two-layer ConvNet: W1 (F, channels, h, w), b1 (F,), W2 (F·H/2·W/2, C), b2 (C,); biases zero.

    input_shape: (channels, H, W) of an image, H and W even.
    C: number of classes.
    num_filters: F.
    filter_size: their height and width, odd.
    scale: deviation of the normal weights; None takes sqrt(2 / inputs) for each layer (He et al., 2015).
    seed: of the weights.
    dtype: np.float32 or np.float64.
    Raises ValueError unless the sizes are positive whole numbers that fit.
    """
    (F, size), C = check_sizes(num_filters, filter_size), check_sizes(C)[0]
    text = f"conv {F} {size}, relu, pool 2, affine {C}"
    return init_convnet(text, input_shape, scale, seed, dtype)


def two_layer_convnet(X, params, y=None, reg=0.0):
    """Two-layer ConvNet: scores = maxpool(ReLU(X * W1 + b1)) W2 + b2, with the softmax loss.

    X: (N, channels, H, W) images.
    params: W1 (F, channels, h, w), b1 (F,), W2 (F·H/2·W/2, C), b2 (C,), as from `init_two_layer_convnet`.
    y: (N,) labels or None.
    reg: strength of the penalty ½·reg·(ΣW1² + ΣW2²).
    Returns the scores (N, C) if y is None; else the loss and its gradients, a dict like params.
    Raises ValueError if the shapes do not fit.
    It is the network of the deep-learning homework: the convolution keeps the images' size, and pooling halves it.
    """
    W1, b1, W2, b2 = get(params, "W1", "b1", "W2", "b2")
    if y is None and len(X) > IMAGES_AT_A_TIME:
        return _in_parts(lambda part: two_layer_convnet(part, params), X)
    h, first = L.conv_relu_pool_forward(X, W1, b1)
    scores, second = L.affine_forward(h, W2, b2)
    if y is None:
        return scores
    loss, dscores = softmax_loss(scores, y)
    dh, dW2, db2 = L.affine_backward(dscores, second)
    _, dW1, db1 = L.conv_relu_pool_backward(dh, first, inputs=False)
    grads = {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
    return loss + penalise(params, grads, reg), grads


def init_convnet(layers, input_shape=(3, 32, 32), scale=None, seed=0, dtype=np.float32):
    """Parameters of a ConvNet: W1, b1, W2, b2, … of its convolutions and affine layers, biases zero.

    Normalisation layers have gamma1 (ones), beta1 (zeros), …; batch normalisation also mean1 and var1, its running
    averages, which the network changes itself in training: their gradient is 0, so an optimizer leaves them alone.
    layers: the description, as in `convnet`.
    input_shape: (channels, H, W) of an image.
    scale: deviation of the normal weights; None takes sqrt(2 / inputs) for each layer (He et al., 2015).
    seed: of the weights.
    dtype: np.float32 or np.float64.
    Raises ValueError for a description that cannot be read, or sizes that do not fit, with the layer's name.
    """
    rng, dtype, params = arguments.seed(seed), arguments.float_type(dtype), {}
    for layer, shape, _ in description.shapes(layers, input_shape):
        if layer.kind in ("conv", "affine"):
            inputs = shape[0] * layer.size[0] * layer.size[1] if layer.kind == "conv" else int(np.prod(shape))
            weights = (layer.number, shape[0], *layer.size) if layer.kind == "conv" else (inputs, layer.number)
            params["W" + layer.name] = draw(rng, weights, inputs, scale, dtype)
            params["b" + layer.name] = np.zeros(layer.number, dtype)
        elif layer.kind.endswith("norm"):
            start = {"gamma": 1, "beta": 0} | ({"mean": 0, "var": 1} if layer.kind == "batchnorm" else {})
            params |= {name + layer.name: np.full(shape[0], value, dtype) for name, value in start.items()}
    return params


def convnet(X, params, y=None, reg=0.0, *, layers, rng=None):
    """A ConvNet of any layers, with the softmax loss. `functools.partial(convnet, layers=…)` is its network function.

    X: (N, channels, H, W) images.
    params: as from `init_convnet`.
    y: (N,) labels or None. With labels the network is in training: units are dropped, batch normalisation takes the
        batch's statistics and moves its running averages in params. Without, it is tested, on the running averages.
    reg: strength of the penalty ½·reg·ΣW², over convolutions and affine layers.
    layers: the layers in words, separated by commas or line ends, in the order the image passes them:
        "conv 32 3" (32 filters of 3 × 3, which keep the size of the images; also "conv 32 5 stride 2 pad 1"), "relu",
        "pool 2" (the maximum; also "pool 3 stride 2"), "avgpool 8" (the mean), "batchnorm", "layernorm",
        "groupnorm 4", "dropout 0.3", "affine 10". The last one gives the scores.
    rng: a `np.random.Generator` that draws which units are dropped; a whole number draws the same ones at every call.
    Returns the scores (N, C) if y is None; else the loss and its gradients, a dict like params.
    Raises ValueError for a description that cannot be read, shapes that do not fit, or dropout without rng.
    """
    if y is None and len(X) > IMAGES_AT_A_TIME:
        return _in_parts(lambda part: convnet(part, params, layers=layers), X)
    steps, caches, h = _sandwiches(description.read(layers)), [], np.asarray(X)
    if y is not None and any(layer.kind == "dropout" for _, layer, _ in steps):
        if rng is None:
            raise ValueError("dropout needs rng, a np.random.Generator that draws the units to leave out")
        rng = arguments.seed(rng, "rng")
    for kind, layer, pool in steps:
        h, cache = FORWARD[kind](h, get(params, *_names(layer)), layer, pool, None if y is None else rng or True)
        caches.append(cache if y is not None else None)
    if y is None:
        return h
    loss, dout = softmax_loss(h, y)
    grads = {}
    for (kind, layer, _), cache in zip(reversed(steps), reversed(caches)):
        dout, *found = BACKWARD[kind](dout, cache, layer is not steps[0][1])
        grads |= zip(_names(layer), found)
        if kind == "batchnorm":
            grads |= {name: np.zeros_like(params[name]) for name in _names(layer)[2:]}
    return loss + penalise(params, grads, reg), grads


def describe_convnet(layers, input_shape=(3, 32, 32)):
    """A table of the layers, as text: each layer's words, the shape it gives, and how many numbers it learns.

    layers, input_shape: as in `init_convnet`.
    Raises ValueError as `init_convnet` does.
    """
    params, rows = init_convnet(layers, input_shape, scale=0), []
    for layer, _, shape in description.shapes(layers, input_shape):
        learned = sum(params[name].size for name in _names(layer)[:2])  # running averages are not learned
        rows.append((layer.text, " × ".join(map(str, shape)), learned))
    total = sum(learned for *_, learned in rows)
    rows = [(text, gives, f"{learned:,}" if learned else "") for text, gives, learned in rows]
    rows = [("layer", "gives", "learns"), *rows, ("", "", f"{total:,}")]
    wide = [max(len(row[k]) for row in rows) for k in range(3)]
    return "\n".join(f"{a:<{wide[0]}}  {b:<{wide[1]}}  {c:>{wide[2]}}".rstrip() for a, b, c in rows)


# What each layer does, of its input, its parameters, its description, and the pooling that goes with a convolution.
# `training` is None at test time, else true, and a random generator where units are dropped.
FORWARD = {
    "conv": lambda x, p, layer, pool, training: L.conv_forward(x, *p, layer.stride, layer.pad),
    "conv relu": lambda x, p, layer, pool, training: L.conv_relu_forward(x, *p, layer.stride, layer.pad),
    "conv relu pool": lambda x, p, layer, pool, training: L.conv_relu_pool_forward(
        x, *p, layer.stride, layer.pad, pool.size, pool.stride
    ),
    "pool": lambda x, p, layer, pool, training: L.max_pool_forward(x, layer.size, layer.stride),
    "avgpool": lambda x, p, layer, pool, training: L.avg_pool_forward(x, layer.size, layer.stride),
    "relu": lambda x, p, layer, pool, training: L.relu_forward(x),
    "affine": lambda x, p, layer, pool, training: L.affine_forward(x, *p),
    "affine relu": lambda x, p, layer, pool, training: L.affine_relu_forward(x, *p),
    "batchnorm": lambda x, p, layer, pool, training: L.batchnorm_forward(x, *p, train=training is not None),
    "layernorm": lambda x, p, layer, pool, training: L.layernorm_forward(x, *p),
    "groupnorm": lambda x, p, layer, pool, training: L.groupnorm_forward(x, *p, layer.number),
    "dropout": lambda x, p, layer, pool, training: (
        (x, None) if training is None else L.dropout_forward(x, layer.number, training)
    ),
}

# The gradients of its input and its parameters, from its output's, its cache, and whether its input's is needed.
BACKWARD = {
    "conv": L.conv_backward,
    "conv relu": L.conv_relu_backward,
    "conv relu pool": L.conv_relu_pool_backward,
    "pool": lambda dout, cache, inputs: [L.max_pool_backward(dout, cache)],
    "avgpool": lambda dout, cache, inputs: [L.avg_pool_backward(dout, cache)],
    "relu": lambda dout, cache, inputs: [L.relu_backward(dout, cache)],
    "affine": L.affine_backward,
    "affine relu": L.affine_relu_backward,
    "batchnorm": lambda dout, cache, inputs: L.batchnorm_backward(dout, cache),
    "layernorm": lambda dout, cache, inputs: L.layernorm_backward(dout, cache),
    "groupnorm": lambda dout, cache, inputs: L.groupnorm_backward(dout, cache),
    "dropout": lambda dout, cache, inputs: [L.dropout_backward(dout, cache)],
}

PARAMETERS = {
    "conv": ("W", "b"),
    "affine": ("W", "b"),
    "batchnorm": ("gamma", "beta", "mean", "var"),
    "layernorm": ("gamma", "beta"),
    "groupnorm": ("gamma", "beta"),
}


def _names(layer):
    return [letter + layer.name for letter in PARAMETERS.get(layer.kind, ())]


@lru_cache
def _sandwiches(steps):
    """Layers that follow each other as in a sandwich are taken together: (kind, layer, pooling or None) for each."""
    found, k = [], 0
    while k < len(steps):
        kinds = [layer.kind for layer in steps[k : k + 3]]
        if kinds == ["conv", "relu", "pool"]:
            found.append(("conv relu pool", steps[k], steps[k + 2]))
        elif kinds[:2] in (["conv", "relu"], ["affine", "relu"]):
            found.append((" ".join(kinds[:2]), steps[k], None))
        else:
            found.append((kinds[0], steps[k], None))
        k += len(found[-1][0].split())
    return tuple(found)


def _in_parts(network, X):
    return np.concatenate([network(X[i : i + IMAGES_AT_A_TIME]) for i in range(0, len(X), IMAGES_AT_A_TIME)])
