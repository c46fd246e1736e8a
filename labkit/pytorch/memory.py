"""Memory: what a training step needs, what is left, and words for where it does not suffice."""

import copy
from contextlib import contextmanager
from pathlib import Path

import torch

GIB = 2**30


def needed(network, image, batch_size):
    """Bytes that training holds at once, roughly: weights four times over, and what every layer keeps of a batch.

    network: module.
    image: shape of an image, (C, H, W).
    batch_size: images per step.
    Nothing is computed: the layers' sizes are found on tensors without content.
    """
    shadow, sizes = copy.deepcopy(network).to("meta"), []
    for layer in shadow.modules():
        if not list(layer.children()):
            layer.register_forward_hook(lambda layer, given, out: sizes.append(out.numel()))
    shadow(torch.empty((2, *image), device="meta"))
    weights = sum(p.numel() for p in network.parameters())
    return 4 * (4 * weights + 2 * batch_size * sum(sizes) // 2)  # of a batch: each layer's output, and its gradient


def left(device):
    """Bytes of memory that are free on a device; None where the machine does not tell."""
    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type != "cpu":
        return None
    known = [_available("/proc/meminfo"), _granted("/sys/fs/cgroup")]
    return min((number for number in known if number is not None), default=None)


def room_for(network, image, batch_size, device):
    """Raise MemoryError if a step needs more memory than is left; the arguments are those of `needed` and `left`."""
    wanted, free = needed(network, image, batch_size), left(device)
    if free is not None and wanted > free:
        raise MemoryError(
            f"steps of {batch_size} images need about {wanted / GIB:.1f} GiB of memory, {free / GIB:.1f} GiB are free: "
            "take a smaller batch_size or narrower widths, or close what else is open"
        )


@contextmanager
def explained(batch_size):
    """Where torch finds no memory inside the block, MemoryError says what to do about it."""
    try:
        yield
    except RuntimeError as problem:
        if not isinstance(problem, torch.OutOfMemoryError) and "allocate memory" not in str(problem):
            raise
        raise MemoryError(
            f"memory does not suffice for steps of {batch_size} images: take a smaller batch_size or narrower widths, "
            "or close what else is open"
        ) from problem


def _available(meminfo):
    """What Linux could give without swapping."""
    try:
        lines = dict(line.split(":", 1) for line in Path(meminfo).read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None


def _granted(folder):
    """What a container's limit leaves."""
    try:
        most, used = (int((Path(folder) / name).read_text()) for name in ("memory.max", "memory.current"))
        return max(0, most - used)
    except (OSError, ValueError):  # no such file, or "max"
        return None
