"""What all networks do with their parameters: check that they are there, draw them, penalise them."""

import numpy as np

from labkit import arguments
from labkit.losses import l2_penalty


def get(params, *names):
    """The arrays of these names. Raises ValueError that says which are missing."""
    missing = [name for name in names if name not in params]
    if missing:
        raise ValueError(
            f"params must have the arrays {', '.join(names)}; {', '.join(missing)} missing, got {sorted(params)}"
        )
    return [params[name] for name in names]


def check_sizes(*sizes):
    """Sizes of a network as a list of whole numbers. Raises ValueError unless each is positive."""
    return [arguments.whole(size, "each size of a network", 1) for size in sizes]


def draw(rng, shape, inputs, scale, dtype):
    """Normal weights with deviation `scale`; None takes sqrt(2 / inputs) (He et al., 2015)."""
    deviation = np.sqrt(2 / inputs) if scale is None else arguments.at_least_0(scale, "scale")
    return (deviation * rng.standard_normal(shape)).astype(dtype)


def penalise(params, grads, reg):
    """Add each weight's part of the penalty to its gradient, in place; returns the penalty of all."""
    total = 0
    for name, W in params.items():
        if name.startswith("W") and reg != 0:
            penalty, dpenalty = l2_penalty(W, reg)
            total += penalty
            grads[name] += dpenalty
    return total
