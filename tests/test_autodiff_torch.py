"""Random expressions, their gradients and their Hessian-vector products, against PyTorch's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import autodiff
from labkit.autodiff import gradient, hvp, jacobian

torch = pytest.importorskip("torch")

# name, in NumPy, in PyTorch; each yields moderate numbers from moderate numbers
ONE = {
    "sin": (np.sin, torch.sin),
    "cos": (np.cos, torch.cos),
    "tanh": (np.tanh, torch.tanh),
    "sigmoid": (autodiff.sigmoid, torch.sigmoid),
    "relu": (autodiff.relu, torch.relu),
    "abs": (np.abs, torch.abs),
    "exp": (lambda x: np.exp(np.sin(x)), lambda x: torch.exp(torch.sin(x))),
    "log": (lambda x: np.log(x * x + 1), lambda x: torch.log(x * x + 1)),
    "sqrt": (lambda x: np.sqrt(np.square(x) + 0.5), lambda x: torch.sqrt(torch.square(x) + 0.5)),
    "power": (lambda x: np.tanh(x) ** 3, lambda x: torch.tanh(x) ** 3),
    "negative": (lambda x: -x, lambda x: -x),
    "constants": (lambda x: 2 - x / 3 + 0.5 / (x * x + 1), lambda x: 2 - x / 3 + 0.5 / (x * x + 1)),
    "sum": (lambda x: np.sum(x, axis=0), lambda x: torch.sum(x, 0)),
    "mean kept": (lambda x: np.mean(x, axis=-1, keepdims=True), lambda x: torch.mean(x, -1, keepdim=True)),
    "max": (lambda x: np.max(x, axis=-1), lambda x: torch.amax(x, -1)),
    "min kept": (lambda x: x.min(axis=0, keepdims=True), lambda x: torch.amin(x, 0, keepdim=True)),
    "transpose": (lambda x: x.T, lambda x: x.permute(tuple(range(x.ndim)[::-1]))),
    "flat": (lambda x: x.reshape(-1), lambda x: x.reshape(-1)),
    "slice": (lambda x: x[..., ::2], lambda x: x[..., ::2]),
    "last": (lambda x: x[-1], lambda x: x[-1]),
    "picked": (lambda x: x[[0, 0, -1]], lambda x: x[[0, 0, -1]]),
    "where": (lambda x: np.where(x > 0.3, x * x, x), lambda x: torch.where(x > 0.3, x * x, x)),
    "log_softmax": (lambda x: autodiff.log_softmax(x, axis=-1), lambda x: torch.log_softmax(x, -1)),
    "gram": (lambda x: np.tanh(x @ x.T), lambda x: torch.tanh(x @ x.permute(tuple(range(x.ndim)[::-1])))),
}
TWO = {
    "add": (np.add, torch.add),
    "subtract": (np.subtract, torch.subtract),
    "multiply": (np.multiply, torch.multiply),
    "divide": (lambda x, y: x / (y * y + 0.5), lambda x, y: x / (y * y + 0.5)),
    "power": (lambda x, y: (x * x + 0.5) ** np.tanh(y), lambda x, y: (x * x + 0.5) ** torch.tanh(y)),
    "maximum": (np.maximum, torch.maximum),
    "minimum": (np.minimum, torch.minimum),
    "matmul": (lambda x, y: np.tanh(x @ y), lambda x, y: torch.tanh(x @ y)),
    "concatenate": (lambda x, y: np.concatenate([x, y], axis=0), lambda x, y: torch.cat([x, y], 0)),
}
SHAPES = [(), (1,), (3,), (2, 3), (3, 3), (1, 3), (3, 1), (2, 1, 3), (2, 3, 3)]


@st.composite
def programs(draw):
    """Leaves' shapes, and steps that each apply one operation to values made before."""
    shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3))
    steps, count = [], len(shapes)
    for _ in range(draw(st.integers(1, 12))):
        name = draw(st.sampled_from([*ONE, *TWO]))
        steps.append((name, *(draw(st.integers(0, count - 1)) for _ in range(2 if name in TWO else 1))))
        count += 1
    return shapes, steps, draw(st.integers(0, 2**32))


def run(steps, values, which):
    """The sum of the cosines of all values; steps that do not fit the shapes at hand yield their first input."""
    values = list(values)
    for name, *places in steps:
        inputs = [values[i] for i in places]
        if fits(name, [tuple(x.shape) for x in inputs]):
            values.append((TWO if len(places) == 2 else ONE)[name][which](*inputs))
        else:
            values.append(inputs[0])
    total = 0
    for k, x in enumerate(values):
        total = total + (np.cos, torch.cos)[which](x * (1 + k)).sum()
    return total


def fits(name, shapes):
    try:
        arrays = [np.zeros(shape) for shape in shapes]
        if name == "concatenate":
            np.concatenate(arrays)
        elif name == "matmul":
            arrays[0] @ arrays[1]
        elif len(shapes) == 2:
            np.broadcast_shapes(*shapes)
        elif name == "gram":
            return len(shapes[0]) == 2
        elif name in ("sum", "mean kept", "max", "min kept", "slice", "last", "picked", "log_softmax"):
            return len(shapes[0]) > 0
        return True
    except ValueError:
        return False


@given(programs())
@settings(max_examples=400, deadline=None)
def test_random_expressions_have_pytorchs_values_and_gradients(program):
    shapes, steps, seed = program
    rng = np.random.default_rng(seed)
    leaves = {i: rng.standard_normal(shape) for i, shape in enumerate(shapes)}
    value, grads = autodiff.value_and_gradient(lambda p: run(steps, p.values(), 0))(leaves)
    theirs = [torch.tensor(x, requires_grad=True) for x in leaves.values()]
    expected = run(steps, theirs, 1)
    np.testing.assert_allclose(value, expected.item(), rtol=1e-10, atol=1e-10)
    for mine, x in zip(grads.values(), torch.autograd.grad(expected, theirs)):
        np.testing.assert_allclose(mine, x.numpy(), rtol=1e-8, atol=1e-9)


@given(programs())
@settings(max_examples=150, deadline=None)
def test_random_expressions_have_pytorchs_second_derivatives_in_every_way_to_take_them(program):
    shapes, steps, seed = program
    rng = np.random.default_rng(seed)
    first, *others = [rng.standard_normal(shape) for shape in shapes]
    v = rng.standard_normal(first.shape)

    def f(x):
        return run(steps, [x, *others], 0)

    def theirs(x):
        return run(steps, [x, *map(torch.tensor, others)], 1)

    expected = torch.autograd.functional.hvp(theirs, torch.tensor(first), torch.tensor(v))[1].numpy()
    close = {"rtol": 1e-7, "atol": 1e-7}
    np.testing.assert_allclose(hvp(f)(first, v), expected, **close)
    np.testing.assert_allclose(gradient(lambda x: np.sum(gradient(f)(x) * v))(first), expected, **close)
    np.testing.assert_allclose(jacobian(f, "forward")(first), gradient(f)(first), **close)
