"""The operations that autodiff knows, each with its derivative."""

import operator
from functools import partial

import numpy as np

from .graph import OPERATIONS, WITHOUT_DERIVATIVE, Dual, Numbers, Operation, apply, constant, plain


def _push_entries(operation, tangents, z, values, settings):
    rules = zip(operation.pulls, tangents)  # at an entry a derivative is one number: both modes multiply by it
    return sum(pull(t, z, *values, **settings) for pull, t in rules if t is not None)


def _push_linear(operation, tangents, z, values, settings):
    return operation.forward(*(np.zeros_like(v) if t is None else t for v, t in zip(values, tangents)), **settings)


def _rule(name, forward, *pulls, push=_push_entries):
    return partial(apply, Operation(name, forward, pulls, push))


def _shaping(name, forward, pull, push=_push_linear, **settings):
    rule = Operation(name, forward, (pull,), push)
    return lambda x, *args, **options: apply(rule, x, **(settings | dict(zip(settings, args)) | options))


def _tie(g, x, y):
    return np.where(x > y, g, np.where(x == y, 0.5 * g, 0))


def _keepdims(g, x, axis):
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis) % x.ndim
    return np.reshape(g, tuple(1 if i in axes else n for i, n in enumerate(x.shape)))


def _pull_sum(g, z, x, axis, keepdims):
    return np.broadcast_to(_keepdims(g, x, axis), x.shape)


def _pull_max(g, z, x, axis, keepdims):
    best = x == _keepdims(z, x, axis)
    return _keepdims(g, x, axis) * (best / best.sum(axis=axis, keepdims=True)).astype(x.dtype)


def _push_max(operation, tangents, z, values, settings):
    return np.sum(_pull_max(np.ones_like(z), z, *values, **settings) * tangents[0], **settings)


def _scattered(g, shape, index):
    if isinstance(g, Dual):
        return _scatter(g, shape, index)
    zeros = np.zeros(shape, g.dtype)
    np.add.at(zeros, index, g)  # the same entry may have been taken several times
    return zeros


def _concatenate(arrays, axis=0):
    arrays, axis = list(arrays), axis % np.ndim(arrays[0])
    ends = np.cumsum([np.shape(x)[axis] for x in arrays])
    pulls = [lambda g, *_, a=a, b=b: g[(slice(None),) * axis + (slice(a, b),)] for a, b in zip((0, *ends), ends)]
    return apply(Operation("concatenate", lambda *parts: np.concatenate(parts, axis), pulls, _push_linear), *arrays)


def _matmul(a, b):
    if np.ndim(a) == 1:
        return (np.reshape(a, (1, -1)) @ b)[..., 0, :] if np.ndim(b) > 1 else np.sum(a * b)
    return (a @ np.reshape(b, (-1, 1)))[..., 0] if np.ndim(b) == 1 else _matrices(a, b)


def _push_matmul(operation, tangents, z, values, settings):
    (da, db), (a, b) = tangents, values
    return (0 if da is None else da @ b) + (0 if db is None else a @ db)


def _swap(x):
    return np.transpose(x, (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def _pull_transpose(g, z, x, axes):
    return np.transpose(g, None if axes is None else np.argsort(np.array(axes) % x.ndim))


# A rule: its name, the function, and for each input its gradient, from g, that of the output z = function(x, y).
relu = _rule("relu", lambda x: x * (x > 0), lambda g, z, x: g * (x > 0))
sigmoid = _rule("σ", lambda x: 0.5 + 0.5 * np.tanh(0.5 * x), lambda g, z, x: g * z * (1 - z))
OPERATIONS[operator.getitem] = _shaping(
    "[ ]", lambda x, index: x[index], lambda g, z, x, index: _scatter(g, x.shape, index), index=()
)
_scatter = _shaping("scatter", _scattered, lambda g, z, x, shape, index: g[index], shape=(), index=())
_branches = (lambda g, z, x, y, c: np.where(c, g, 0), lambda g, z, x, y, c: np.where(c, 0, g))
_chosen = _rule("where", lambda x, y, c: np.where(c, x, y), *_branches)
_factors = (lambda g, z, a, b: g @ _swap(b), lambda g, z, a, b: _swap(a) @ g)
_matrices = _rule("@", operator.matmul, *_factors, push=_push_matmul)
_slopes = (
    lambda g, z, x, p: g * p * x ** (p - 1 + (p == 0)),
    lambda g, z, x, p: g * z * np.log(np.where(x == 0, 1, x)),
)
_power = _rule("power", operator.pow, *_slopes)
_NUMPY = {
    np.add: _rule("+", operator.add, lambda g, z, x, y: g, lambda g, z, x, y: g),
    np.subtract: _rule("−", operator.sub, lambda g, z, x, y: g, lambda g, z, x, y: -g),
    np.multiply: _rule("×", operator.mul, lambda g, z, x, y: g * y, lambda g, z, x, y: g * x),
    np.true_divide: _rule("/", operator.truediv, lambda g, z, x, y: g / y, lambda g, z, x, y: -g * z / y),
    np.power: lambda x, p: np.square(x) if p.__class__ is int and p == 2 else _power(x, p),
    np.matmul: _matmul,
    np.positive: _rule("same", operator.pos, lambda g, z, x: g),
    np.negative: _rule("−", operator.neg, lambda g, z, x: -g),
    np.absolute: _rule("abs", np.absolute, lambda g, z, x: g * np.sign(x)),
    np.exp: _rule("exp", np.exp, lambda g, z, x: g * z),
    np.log: _rule("log", np.log, lambda g, z, x: g / x),
    np.sqrt: _rule("sqrt", np.sqrt, lambda g, z, x: 0.5 * g / z),
    np.square: _rule("square", np.square, lambda g, z, x: g * (2 * x)),
    np.sin: _rule("sin", np.sin, lambda g, z, x: g * np.cos(x)),
    np.cos: _rule("cos", np.cos, lambda g, z, x: -g * np.sin(x)),
    np.tanh: _rule("tanh", np.tanh, lambda g, z, x: g * (1 - z * z)),
    np.maximum: _rule("maximum", np.maximum, lambda g, z, x, y: _tie(g, x, y), lambda g, z, x, y: _tie(g, y, x)),
    np.minimum: _rule("minimum", np.minimum, lambda g, z, x, y: _tie(g, y, x), lambda g, z, x, y: _tie(g, x, y)),
    np.where: lambda c, x, y: _chosen(x, y, c=constant(plain(c))),
    np.sum: _shaping("sum", np.sum, _pull_sum, axis=None, keepdims=False),
    np.max: _shaping("max", np.max, _pull_max, _push_max, axis=None, keepdims=False),
    np.min: lambda x, *args, **options: -np.max(-x, *args, **options),
    np.mean: lambda x, *args, **options: (total := np.sum(x, *args, **options)) / (x.size // max(total.size, 1)),
    np.reshape: _shaping(
        "reshape", lambda x, shape: np.reshape(x, shape), lambda g, z, x, shape: np.reshape(g, x.shape), shape=()
    ),
    np.broadcast_to: _shaping("broadcast", np.broadcast_to, lambda g, z, x, shape: g, shape=()),
    np.transpose: _shaping("transpose", np.transpose, _pull_transpose, axes=None),
    np.concatenate: _concatenate,
    np.stack: lambda arrays: np.concatenate([np.reshape(x, (1, *np.shape(x))) for x in arrays]),
}
_COMPARISONS = np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal
WITHOUT_DERIVATIVE |= {np.sign, np.floor, np.isfinite, np.isnan, np.argmax, np.argmin, np.shape, np.ndim, np.size}
WITHOUT_DERIVATIVE |= {np.zeros_like, np.ones_like, np.allclose, np.array_equal, *_COMPARISONS}
OPERATIONS |= _NUMPY
for _name, _f in zip(("lt", "le", "gt", "ge", "eq", "ne"), _COMPARISONS):
    setattr(Numbers, f"__{_name}__", lambda x, y, f=_f: f(plain(x), plain(y)))
for _name, _f in zip(("add", "sub", "mul", "truediv", "pow", "matmul"), _NUMPY.values()):
    setattr(Numbers, f"__{_name}__", lambda x, y, f=_f: f(x, y))
    setattr(Numbers, f"__r{_name}__", lambda x, y, f=_f: f(y, x))
for _name, _ufunc in {"pos": np.positive, "neg": np.negative, "abs": np.absolute}.items():
    setattr(Numbers, f"__{_name}__", lambda x, f=_NUMPY[_ufunc]: f(x))
for _name, _f in {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min}.items():
    setattr(Numbers, _name, lambda x, *args, f=_f, **options: f(x, *args, **options))
