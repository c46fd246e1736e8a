"""For checks of answers in PyTorch: tensors as arrays, modules, random numbers. PyTorch itself comes at first use."""

import functools

import numpy as np

from labkit import extras
from labkit.check.answer import Misuse, a_type
from labkit.check.watch import READY_MADE

torch, nn, F = extras.Later("torch"), extras.Later("torch.nn"), extras.Later("torch.nn.functional")

# What PyTorch brings may be used here, labkit's own networks may not; the check's own hook may run.
WITH_TORCH = (*(name for name in READY_MADE if name != "torch.*"), "!labkit.extras*", "!labkit.check.labs.*.note")


def numbers(value):
    """A tensor as an array, whether or not it is part of a graph; anything else as it is."""
    return value.detach().cpu().numpy().copy() if isinstance(value, torch.Tensor) else value


def tensor(array):
    """Numbers as a float32 tensor of its own, whole numbers as int64."""
    return torch.tensor(array, dtype=torch.float32 if np.asarray(array).dtype.kind == "f" else torch.int64)


def module_of(value):
    """A module that an answer returned. Raises Misuse where it is none."""
    if isinstance(value, type):
        raise Misuse("it returns a class: a module is made by calling it")
    if not isinstance(value, nn.Module):
        raise Misuse(f"it returns {a_type(value)}, a module (nn.Module) is asked")
    return value


def built(layers, arrays=()):
    """A module made of plain values, in the mode of an evaluation.

    layers: (name in torch.nn, its arguments...) of each, such as ("Linear", 4, 3).
    arrays: the numbers of its parameters, in their order.
    """
    made = [getattr(nn, name)(*sizes) for name, *sizes in layers]
    module = made[0] if len(made) == 1 else nn.Sequential(*made)
    with torch.no_grad():
        for p, array in zip(module.parameters(), arrays):
            p.copy_(torch.from_numpy(array))
    return module.eval()


def drawn_for(layers, rng):
    """Numbers for the parameters of `built(layers)`, float32 arrays of a size that keeps scores near 1."""
    shapes = [tuple(p.shape) for p in built(layers).parameters()]
    return [(rng.normal(size=shape) / max(shape[-1], 1) ** 0.5).astype(np.float32) for shape in shapes]


def seeded(observe):
    """What `observe`, or a probe, sees with PyTorch's random numbers of one seed, which go on afterwards as before."""

    @functools.wraps(observe)
    def with_seed(call, *given):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            try:
                return observe(call, *given)
            except Misuse as problem:
                return str(problem)

    return with_seed


def like(value, shape, what):
    """The numbers of a returned tensor of this shape. Raises Misuse where it is none."""
    if not isinstance(value, (torch.Tensor, np.ndarray)):
        raise Misuse(f"it returns {a_type(value)}: {what} is asked")
    if tuple(value.shape) != tuple(shape):
        raise Misuse(f"it returns shape {tuple(value.shape)}, where {what} has {tuple(shape)}")
    return numbers(value)


def left_alone(cases, words):
    """A criterion: on the first case, no tensor that is handed over is changed; words: the diagnosis."""

    def problem(answer):
        outcome = answer(*next(iter(cases(answer.rng()))))
        return outcome.error or (words if outcome.changed else None)

    return problem
