"""An operation of one's own, and the softmax loss composed of those that are there."""

from functools import partial

import numpy as np

from .graph import Dual, Operation, Tensor, apply, locked, plain


def operation(forward, backward, name=None):
    """A new operation of the graph, from a pair of functions like those in `labkit.layers`; reverse mode only.

    forward: function of arrays, and of options by name, that returns (out, cache).
    backward: function of (dout, cache) that returns the gradients of the arrays in their order.
    Returns a function of arrays or Tensors: `conv = operation(layers.conv_forward, layers.conv_backward)`.
    """
    name = name or forward.__name__.removesuffix("_forward")

    def new(*inputs, **settings):
        kept = {}

        def run(*values, **settings):
            if any(isinstance(x, Dual) for x in values):
                raise TypeError(f"{name} has no forward mode, and no second derivatives")
            out, kept["cache"] = forward(*values, **settings)
            return out

        def pull(i, g, z, *values, **settings):
            if isinstance(z, Tensor):
                raise TypeError(f"{name} has no second derivative: its backward works on arrays")
            if kept.get("dout") is not g:  # one call gives the gradients of all inputs
                found = backward(locked(g), kept["cache"])
                kept.update(dout=g, gradients=found if isinstance(found, tuple) else (found,))
            if i >= len(kept["gradients"]) or kept["gradients"][i] is None:
                raise TypeError(f"{name}'s backward gives no gradient for input {i + 1}, which is a Tensor")
            return locked(np.asarray(kept["gradients"][i]))

        pulls = [partial(pull, i) for i in range(len(inputs))]
        return apply(Operation(name, run, pulls, None), *inputs, **settings)

    return new


def log_softmax(x, axis=-1):
    """Logarithm of the softmax along an axis; the maximum is subtracted first, which cancels."""
    x = x - plain(x).max(axis=axis, keepdims=True)
    return x - np.log(np.sum(np.exp(x), axis=axis, keepdims=True))


def softmax_loss(scores, y):
    """Mean over the images of -log p(true class): scores (N, C), y (N,) labels. Returns one number."""
    return -np.mean(log_softmax(scores)[np.arange(len(y)), y])
