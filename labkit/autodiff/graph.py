"""The engine: forward mode on dual numbers, reverse mode on a graph of array values. Its operations are in rules.py."""

import itertools
import operator
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

OPERATIONS = {}  # NumPy's function -> the same with derivatives
WITHOUT_DERIVATIVE = set()  # NumPy's functions whose results are plain arrays
_next_number = itertools.count().__next__


class Numbers:
    """What Dual and Tensor have in common: they behave like arrays, and NumPy hands its functions of them over."""

    __slots__ = ()
    __hash__ = object.__hash__  # by identity: == compares values
    shape, ndim, size, dtype = (
        property(lambda self, name=name: getattr(plain(self), name)) for name in ("shape", "ndim", "size", "dtype")
    )
    __len__, __bool__, __float__ = (lambda self, of=of: of(plain(self)) for of in (len, bool, float))
    T = property(lambda self: np.transpose(self))

    def reshape(self, *shape):
        return np.reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes):
        return np.transpose(self, (axes[0] if len(axes) == 1 else axes) or None)

    def __getitem__(self, index):
        index = index if isinstance(index, tuple) else (index,)
        if any(isinstance(part, Numbers) for part in index):
            raise TypeError("an index has no derivative: use the .value of a Tensor or a Dual as index")
        return OPERATIONS[operator.getitem](self, tuple(map(constant, index)))

    def __array__(self, dtype=None, copy=None):
        raise TypeError(f"a {type(self).__name__} made an array would lose its derivatives; its .value is the array")

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return self.__array_function__(ufunc if method == "__call__" else getattr(ufunc, method), (), inputs, options)

    def __array_function__(self, function, types, inputs, options):
        if function in OPERATIONS:
            return OPERATIONS[function](*inputs, **options)
        if function in WITHOUT_DERIVATIVE:
            return function(*map(plain, inputs), **options)
        known = ", ".join(sorted(known.__name__ for known in OPERATIONS))
        raise TypeError(f"autodiff has no derivative of {function.__name__}: add an `operation`, or use np's {known}")


class Dual(Numbers):
    """Forward mode: a value with its derivative in one direction, a + a'ε with ε² = 0.

    value: number or array.
    tangent: the derivative, of any shape that broadcasts to the value's.
    """

    __slots__ = ("value", "tangent")

    def __init__(self, value, tangent=0.0):
        if isinstance(value, Numbers) or isinstance(tangent, Numbers):
            raise TypeError("a Dual holds plain numbers: for second derivatives make a Tensor of a Dual")
        self.value = floats(value)
        self.tangent = np.array(np.broadcast_to(tangent, self.value.shape), dtype=self.value.dtype)[()]

    def __repr__(self):
        return f"Dual({self.value}, tangent {self.tangent})"


class Tensor(Numbers):
    """Reverse mode: a value and, unless it is a variable, the operation and the inputs that it was computed from.

    value: number, array or `Dual`; it is copied, and cannot be written to, so that a graph's values never change.
    name: shown in drawings of the graph.
    """

    __slots__ = ("value", "operation", "inputs", "values", "settings", "number", "name", "__weakref__")

    def __init__(self, value, name=None):
        if isinstance(value, Tensor):
            raise TypeError("this is a Tensor already")
        self.value = value if isinstance(value, Dual) else constant(floats(value))
        self.operation, self.inputs, self.values, self.settings, self.name = None, (), (), {}, name
        self.number = _next_number()  # inputs have smaller numbers: the order of making is a topological order

    def __repr__(self):
        return f"Tensor({self.value}{', from ' + self.operation.name if self.operation else ''})"


def plain(x):
    """The value of a Tensor or a Dual, without its derivatives; anything else as it is."""
    x = x.value if isinstance(x, Tensor) else x
    return x.value if isinstance(x, Dual) else x


class Operation(NamedTuple):
    """An operation and its derivatives in both modes."""

    name: str  # for drawings
    forward: Callable  # values of the inputs -> value
    pulls: tuple  # for each input a function of (g, z, *inputs), its gradient, where g is the gradient of the output z
    push: Callable | None  # (operation, tangents of the inputs, z, values, settings) -> tangent of z


def apply(operation, *inputs, **settings):
    """Compute; with a Tensor among the inputs remember how, with a Dual take the tangents along."""
    for x in inputs:
        if x.__class__ is Tensor:
            break
    else:
        if not any(isinstance(x, Dual) for x in inputs):
            return operation.forward(*inputs, **settings)
        if operation.push is None:
            raise TypeError(f"{operation.name} has no forward mode, and no second derivatives")
        values, tangents = [plain(x) for x in inputs], [x.tangent if isinstance(x, Dual) else None for x in inputs]
        z = operation.forward(*values, **settings)
        return Dual(z, operation.push(operation, tangents, z, values, settings))
    node = Tensor.__new__(Tensor)
    node.values = values = [x.value if x.__class__ is Tensor else constant(x) for x in inputs]
    node.value = z = operation.forward(*values, **settings)
    if z.__class__ is np.ndarray:
        z.flags.writeable = False
    node.operation, node.inputs, node.settings, node.name = operation, inputs, settings, None
    node.number = _next_number()
    return node


def floats(value):
    """Numbers as an array of floats, or one as a scalar; integers become float64."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"only real numbers have derivatives here, got {array.dtype}")
    array = array if array.dtype.kind == "f" else array.astype(np.float64)
    return array if array.ndim else array[()]


def constant(x):
    """A constant as a graph keeps it: an array that nobody else can write to, copied unless that is certain."""
    if x.__class__ is np.ndarray:
        return locked(x.copy()) if x.flags.writeable or x.base is not None else x
    return locked(np.array(x)) if isinstance(x, (list, tuple)) else x


def locked(x):
    """The same array, which from now on cannot be written to."""
    if x.__class__ is np.ndarray:
        x.flags.writeable = False
    return x


def backward(output, inputs, seed=None, graph=False):
    """Reverse mode: the derivatives of an output with respect to variables, or to any values it was computed from.

    output: Tensor.
    inputs: a Tensor, or a sequence of them.
    seed: derivative of what you want with respect to the output, shaped like it; 1 if output is one number.
    graph: True gives the derivatives as Tensors, to be differentiated once more.
    Returns the gradient, an array shaped like inputs, or a list of these; zeros where output does not depend on it.
    Nothing is stored and nothing used up: a second call gives the same again.
    Raises ValueError if output is not one number and there is no seed, or seed is not shaped like output; TypeError
    if output and inputs are not Tensors. The chain rule from the output backwards, the homework's §2.4.
    """
    several = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    if not all(isinstance(x, Tensor) for x in (output, *several)):
        raise TypeError("output and inputs must be Tensors; an output that is none depends on no Tensor")
    if seed is None and output.size != 1:
        raise ValueError(f"only one number has a gradient; output has shape {output.shape}: sum it up, or give a seed")
    seed = np.ones(output.shape, output.dtype)[()] if seed is None else constant(floats(seed))
    if seed.shape != output.shape:
        raise ValueError(f"seed must be shaped like output, {output.shape}, got {seed.shape}")
    oldest, wanted, gradients = min((x.number for x in several), default=0), set(several), {output: seed}
    for node in ancestors(output, oldest)[0]:
        if node.operation is None or node not in gradients:
            continue
        g = gradients[node] if node in wanted else gradients.pop(node)
        z, arguments, settings = node.value, node.values, node.settings
        if graph:
            z, arguments = node, [x if x.__class__ is Tensor else v for x, v in zip(node.inputs, arguments)]
        for x, pull in zip(node.inputs, node.operation.pulls):
            if x.__class__ is Tensor and x.number >= oldest:
                dx = pull(g, z, *arguments, **settings)
                if dx.__class__ is not np.float64 and dx.shape != x.value.shape:
                    dx = _unbroadcast(dx, x.value.shape)
                gradients[x] = gradients[x] + dx if x in gradients else dx
    found = []
    for x in several:
        found.append(_result(x, gradients.get(x), graph, found))
    return found[0] if isinstance(inputs, Tensor) else found


def nodes(output):
    """All Tensors that an output was computed from, in a topological order: inputs first, the output last."""
    return ancestors(output, 0)[0][::-1]


def ancestors(output, oldest):
    """What output was computed from, newest first, down to a number; and whether the graph goes on below that."""
    found, stack, older = {output}, [output], False
    while stack:
        for x in stack.pop().inputs:
            if x.__class__ is Tensor and x not in found:
                older = older or x.number < oldest
                if x.number >= oldest:
                    found.add(x)
                    stack.append(x)
    return sorted(found, key=operator.attrgetter("number"), reverse=True), older


def _unbroadcast(g, shape):
    """A gradient summed over the axes along which its variable was repeated."""
    extra = g.ndim - len(shape)
    axes = tuple(i for i, n in enumerate(g.shape) if i < extra or (n != 1 and shape[i - extra] == 1))
    return np.reshape(np.sum(g, axis=axes, keepdims=True), shape)


def _result(x, g, graph, others):
    """A gradient to hand out: of the variable's dtype, and an array that belongs to the caller alone."""
    g = np.zeros(x.shape, x.dtype) if g is None else g
    if graph:
        return g if isinstance(g, Tensor) else Tensor(g)
    own = g.__class__ is np.ndarray and g.flags.writeable and g.base is None and all(g is not other for other in others)
    return g if isinstance(g, Dual) or (own and g.dtype == x.dtype) else floats(np.array(g, dtype=x.dtype))
