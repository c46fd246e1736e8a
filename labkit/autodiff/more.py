"""An operation of one's own, and the softmax with its loss."""

from functools import partial

import numpy as np

from .graph import Dual, Operation, Tensor, apply, constant, locked, plain


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
    """Mean over the images of -log p(true class), as one operation of the graph: scores (N, C), y (N,) labels."""
    y = constant(np.asarray(y))
    if y.dtype.kind not in "iu" or y.shape != np.shape(scores)[:1] or not ((0 <= y) & (y < scores.shape[1])).all():
        raise ValueError(f"y must hold a label from 0 to C-1 for each row of scores, {np.shape(scores)}, got {y!r:.60}")
    return apply(_SOFTMAX_LOSS, scores, y=y)


def _softmax_loss(scores, y):
    s = scores - plain(scores).max(axis=1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(s), axis=1)) - s[np.arange(len(y)), y])


def _pull_softmax_loss(g, z, scores, y):
    p = np.exp(log_softmax(scores))  # of Tensors, where second derivatives are asked
    return (p - (y[:, None] == np.arange(p.shape[1]))) * (g / len(y))


def _push_softmax_loss(operation, tangents, z, values, settings):
    return np.sum(_pull_softmax_loss(np.ones_like(z), z, *values, **settings) * tangents[0])


_SOFTMAX_LOSS = Operation("softmax loss", _softmax_loss, (_pull_softmax_loss,), _push_softmax_loss)
