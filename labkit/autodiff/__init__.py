"""Automatic differentiation of what is written in NumPy: forward mode (`Dual`) and reverse mode (`Tensor`).

Both stand where NumPy's operators and functions take arrays: `np.exp(x)`, `x @ w`, `scores.max(axis=1)`. A `Dual`
takes its derivative along; a `Tensor` remembers what it was computed from, and `backward` walks back through that.
Each operation states its derivative once, in NumPy again: given arrays it yields arrays; given Tensors it yields
Tensors, which can be differentiated in turn. At a kink, where a derivative is a choice, abs and relu take 0, and equal
arguments of a maximum or minimum share.

Arrays are copied when they enter a graph, so that later changes of them do no harm; an array that is read-only and
owns its data is not. The engine is graph.py and rules.py, to be read in this order.
"""

from .functions import gradient, hvp, jacobian, value_and_gradient
from .graph import Dual, Tensor, backward, nodes, plain
from .more import log_softmax, operation, softmax_loss
from .order import topological_order
from .rules import relu, sigmoid

__all__ = [
    "Dual",
    "Tensor",
    "backward",
    "gradient",
    "hvp",
    "jacobian",
    "log_softmax",
    "nodes",
    "operation",
    "plain",
    "relu",
    "sigmoid",
    "softmax_loss",
    "topological_order",
    "value_and_gradient",
]
