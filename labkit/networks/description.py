"""The layers of a network in words, "conv 32 3, relu, pool 2, affine 10": read, and followed from shape to shape."""

import re
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from labkit import arguments
from labkit.layers.windows import count

SAYS = {
    "conv": 'filters and their size, as in "conv 32 3", then "stride 2" or "pad 1" where needed',
    "pool": 'the size of its window, as in "pool 2", then "stride 1" where needed',
    "avgpool": 'the size of its window, as in "avgpool 8", then "stride 1" where needed',
    "groupnorm": 'how many groups, as in "groupnorm 4"',
    "dropout": 'the share of units to drop, from 0 up to but not including 1, as in "dropout 0.3"',
    "affine": 'how many numbers it gives, as in "affine 10"',
    "relu": "nothing else",
    "batchnorm": "nothing else",
    "layernorm": "nothing else",
}


class Layer(NamedTuple):
    """One layer as described.

    text: its words.
    kind: the first of them.
    name: what its parameters' names end in.
    number: filters, groups, outputs, or the share to drop.
    size, stride, pad: of its windows, (vertical, horizontal).
    """

    text: str
    kind: str
    name: str
    number: float = 0
    size: tuple = (1, 1)
    stride: tuple = (1, 1)
    pad: tuple = (0, 0)


def read(layers):
    """The layers of a description, as a tuple of `Layer`. Raises ValueError that says what a layer's words must be."""
    return _read(layers if isinstance(layers, str) else ", ".join(layers))


@lru_cache
def _read(text):
    found, numbers = [], {"weights": 0, "norm": 0, "": 0}
    for words in filter(None, (" ".join(part.split()) for part in re.split(r"[,\n]", text))):
        kind = words.split()[0]
        group = "norm" if kind.endswith("norm") else "weights" if kind in ("conv", "affine") else ""
        numbers[group] += 1
        found.append(_layer(words, kind, str(numbers[group]) if group else ""))
    if not found:
        raise ValueError('a network needs layers, as in "conv 32 3, relu, pool 2, affine 10"')
    return tuple(found)


def _layer(words, kind, name):
    if kind not in SAYS:
        raise ValueError(f'there is no layer "{kind}": use {", ".join(SAYS)}')
    what = ValueError(f'"{words}": {kind} is followed by {SAYS[kind]}')
    if kind == "dropout":
        match = re.fullmatch(r"dropout (0(?:\.\d+)?)", words)
        if not match:
            raise what
        return Layer(words, kind, name, float(match[1]))
    match = re.fullmatch(r"[a-z]+((?: \d+)*)(?: stride (\d+))?(?: pad (\d+))?", words)
    given = [int(number) for number in match[1].split()] if match else []
    expected = {"conv": 2, "pool": 1, "avgpool": 1, "groupnorm": 1, "affine": 1}.get(kind, 0)
    windows = kind in ("conv", "pool", "avgpool")
    if not match or len(given) != expected or 0 in given or (match[2] and not windows) or (match[3] and kind != "conv"):
        raise what
    number, size = given[0] if given else 0, given[-1] if windows else 1
    stride = int(match[2] or (1 if kind == "conv" else size))
    if stride == 0 or (kind == "conv" and match[3] is None and size % 2 == 0):
        raise ValueError(f'"{words}": a stride must be at least 1, and filters of even size need "pad"')
    pad = (int(match[3]) if match[3] else size // 2) if kind == "conv" else 0
    return Layer(words, kind, name, number, (size, size), (stride, stride), (pad, pad))


def shapes(layers, input_shape):
    """For each layer in turn: the layer, the shape of one image that goes in, and of what comes out.

    Raises ValueError if the description cannot be read or its sizes do not fit, with the words of the layer.
    """
    if np.shape(input_shape) != (3,):
        raise ValueError(f"input_shape must be (channels, H, W) of an image, got {input_shape!r}")
    shape, found = tuple(arguments.whole(size, "each size in input_shape", 1) for size in input_shape), []
    for layer in read(layers):
        try:
            found.append((layer, shape, _through(layer, shape)))
        except ValueError as problem:
            raise ValueError(f'"{layer.text}", of images {shape}: {problem}') from None
        shape = found[-1][2]
    if len(shape) != 1:
        raise ValueError(f'the last layer must give scores, as "affine 10" does; "{layer.text}" gives {shape}')
    return found


def _through(layer, shape):
    if layer.kind == "affine":
        return (layer.number,)
    if layer.kind == "groupnorm" and shape[0] % layer.number:
        raise ValueError(f"the groups must divide the {shape[0]} channels")
    if layer.kind not in ("conv", "pool", "avgpool"):
        return shape
    if len(shape) != 3:
        raise ValueError("an affine layer has made the images flat")
    sides = [count(*axis) for axis in zip(shape[1:], layer.size, layer.stride, layer.pad)]
    return (layer.number if layer.kind == "conv" else shape[0], *sides)
