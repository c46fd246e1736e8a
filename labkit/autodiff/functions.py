"""Derivatives of functions: what f is written in does not change, only what it is called with."""

from contextlib import contextmanager

import numpy as np

from .graph import Dual, Numbers, Tensor, ancestors, backward, floats


def gradient(f):
    """The gradient of a function that returns one number, as a function of the same arguments.

    f: function of an array, a number or a dict of arrays, and of anything else, which is constant.
    Returns a function that gives the gradient, shaped like f's first argument; it can be differentiated in turn.
    Raises, when called, ValueError if f does not return one number, or none that was computed from its argument.
    """
    return lambda x, *rest, **options: value_and_gradient(f)(x, *rest, **options)[1]


def value_and_gradient(f):
    """Like `gradient`, but the function gives f's value too: `loss, grads = value_and_gradient(f)(params)`."""

    def both(x, *rest, **options):
        params = x if isinstance(x, dict) else {None: x}
        with _held([*params.values(), *rest]) as held:
            y, leaves, outer = followed(params, x, rest, options)
            if not (outer and held):
                return results(y, leaves, outer, params is x)
        y, leaves, outer = followed(params, x, rest, options)  # the graph outlives this call: now arrays are copied
        return results(y, leaves, outer, params is x)

    def followed(params, x, rest, options):
        leaves = {name: +w if isinstance(w, Tensor) else Tensor(w) for name, w in params.items()}
        y = _followed(f(leaves if params is x else leaves[None], *rest, **options))
        return y, leaves, ancestors(y, min(leaf.number for leaf in leaves.values()))[1]

    def results(y, leaves, outer, many):
        grads = dict(zip(leaves, backward(y, leaves.values(), graph=outer)))
        return (y if outer else y.value), (grads if many else grads[None])

    return both


@contextmanager
def _held(arrays):
    """Arrays that nobody can write to meanwhile, so that a graph need not copy them."""
    held = [x for x in arrays if x.__class__ is np.ndarray and x.flags.writeable and x.base is None]
    try:
        for x in held:
            x.flags.writeable = False
        yield held
    finally:
        for x in held:
            x.flags.writeable = True


def jacobian(f, mode=None):
    """The Jacobian of a function, as a function of its argument.

    f: function of an array or a number x that returns an array, a number or a list of them.
    mode: "forward", one pass for each entry of x; "reverse", one for each entry of f(x); None takes what is fewer.
    Returns a function that gives an array of shape f(x).shape + x.shape. Raises ValueError as `gradient` does.
    """
    if mode not in (None, "forward", "reverse"):
        raise ValueError(f'mode must be "forward", "reverse" or None, got {mode!r}')

    def of(x):
        x = floats(x)
        if mode != "forward":
            leaf = Tensor(x)
            y = _followed(f(leaf))
            if mode == "reverse" or y.size <= x.size:
                seeds = np.eye(y.size, dtype=y.dtype).reshape((y.size, *y.shape))
                return np.array([backward(y, leaf, seed) for seed in seeds]).reshape(y.shape + x.shape)
        directions = np.eye(x.size, dtype=x.dtype).reshape((x.size, *x.shape))
        columns = [_followed(f(Dual(x, direction))).tangent for direction in directions]
        return np.stack(columns, axis=-1).reshape(columns[0].shape + x.shape)

    return of


def hvp(f):
    """The product of f's Hessian at x with v, as a function of both: reverse mode, run on dual numbers."""
    return lambda x, v: getattr(gradient(f)(Dual(x, v)), "tangent", np.zeros(np.shape(x)))


def _followed(y):
    y = np.stack(y) if isinstance(y, (list, tuple)) else y
    if not isinstance(y, Numbers):
        raise ValueError("f's result was not computed from its argument by operations that autodiff can follow")
    return y
