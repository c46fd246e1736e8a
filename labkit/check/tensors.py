"""For checks of answers in PyTorch: tensors as arrays, modules, random numbers. PyTorch itself comes at first use."""

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


def seeded(observe):
    """What `observe` sees, with PyTorch's random numbers those of one seed, and afterwards as they were."""

    def with_seed(call, rng):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            try:
                return observe(call, rng)
            except Misuse as problem:
                return str(problem)

    return with_seed
