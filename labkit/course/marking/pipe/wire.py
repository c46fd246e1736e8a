"""Values as bytes, for a pipe between two processes that do not trust each other.

A message is a frame: a mark, two lengths, a header of JSON, and the bytes of the arrays one after the other. What can
be said is None, True, False, numbers, texts, arrays of numbers, and tuples, lists and dicts of these. Nothing is
pickled, and nothing runs when a message is read; what is anything else comes through as what it is called.
"""

import json
import math
import struct

import numpy as np

LARGEST, LONGEST_HEADER = 192 << 20, 16 << 20  # bytes: lab 2's largest case takes 24 MB each way
MOST_NODES, DEEPEST, LONGEST_TEXT = 1_000_000, 40, 20_000
_HEAD, _MARK = struct.Struct("<4sQQ"), b"lab\x01"
_NUMBERS = "?bBhHiIlLqQefdgFDG"
_SINGLE = {"ellipsis": Ellipsis, "not implemented": NotImplemented}


class Malformed(Exception):
    """A message that breaks the format, or is larger than allowed."""


class Foreign:
    """Something of the other process that is not plain: its type has the name that the type there has."""

    handle = None


def foreign(name, number=None, handle=None, call=None):
    """An object that stands for one of the other process.

    name: of its type there.
    number: what float() makes of it there, if it is like a number.
    handle: by which it is known there, if it can be called.
    call: what calling it does here.
    """
    name = name if isinstance(name, str) and name.isidentifier() and len(name) <= 60 else "object"
    methods = {"handle": handle}
    if isinstance(number, (int, float)):
        methods["__float__"] = lambda self: float(number)
    if handle is not None:
        methods["__call__"] = lambda self, *args, **keywords: call(handle, *args, **keywords)
    return type(name, (Foreign,), methods)()


def pack(value, other=None):
    """The frame of a value, as a list of bytes-like pieces.

    value: what is to be said.
    other: function of what is not plain to a list that describes it in plain words (its first entry a text).
    Raises Malformed for what is too large or nested too deep.
    """
    packer = _Packer(other)
    header = json.dumps(packer.node(value, 0), ensure_ascii=True, separators=(",", ":")).encode()
    size = sum(len(piece) for piece in packer.pieces)
    if size > LARGEST or len(header) > LONGEST_HEADER:
        raise Malformed(f"it is too large ({(len(header) + size) >> 20} MB)")
    return [_HEAD.pack(_MARK, len(header), size) + header, *packer.pieces]


def head(data):
    """(length of the header, length of the arrays) of a frame's first `HEAD` bytes."""
    mark, header, size = _HEAD.unpack(data)
    if mark != _MARK:
        raise Malformed("something else than a message was written")
    if size > LARGEST or header > LONGEST_HEADER:
        raise Malformed("a message is too large")
    return header, size


HEAD = _HEAD.size


def unpack(header, data, other=None):
    """The value of a frame.

    header: its JSON, as bytes.
    data: the bytes of the arrays, one after the other.
    other: function of a description that `pack`'s `other` made (without the mark) to what stands for it here.
    Raises Malformed for what breaks the format.
    """
    try:
        node = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise Malformed("a message cannot be read") from error
    reader = _Reader(data, other)
    try:
        value = reader.value(node, 0)
    except Malformed:
        raise
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError, MemoryError) as error:
        raise Malformed("a message breaks the format") from error
    if reader.place != len(data):
        raise Malformed("a message has bytes left over")
    return value


class _Packer:
    def __init__(self, other):
        self.other, self.pieces, self.nodes = other, [], 0

    def node(self, value, depth):
        """JSON for a value: itself for what JSON knows, a list with a mark first for the rest."""
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value
        self.nodes += 1
        if self.nodes > MOST_NODES or depth > DEEPEST:
            raise Malformed("it has too many parts, or too many within each other")
        if kind is int:
            return value if value.bit_length() < 4000 else _foreign("int", math.inf if value > 0 else -math.inf)
        if kind is str:
            return value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT]
        if kind is np.ndarray:
            return self.array(value)
        if isinstance(value, np.generic):
            return self.scalar(value)
        return self.container(value, depth)

    def container(self, value, depth):
        if isinstance(value, (list, tuple)):
            return ["l" if isinstance(value, list) else "t", [self.node(inner, depth + 1) for inner in value]]
        if isinstance(value, dict):
            pairs = [[self.node(key, depth + 1), self.node(inner, depth + 1)] for key, inner in value.items()]
            return ["d", pairs]
        if isinstance(value, slice):
            return ["s", [self.node(part, depth + 1) for part in (value.start, value.stop, value.step)]]
        for base in (int, float, complex, str):
            if isinstance(value, base):
                return ["c", value.real, value.imag] if base is complex else self.node(base(value), depth)
        for name, single in _SINGLE.items():
            if value is single:
                return ["1", name]
        if isinstance(value, np.ndarray):
            kind = "m" if isinstance(value, np.matrix) else "k" if isinstance(value, np.ma.MaskedArray) else None
            plain = self.array(np.array(np.ma.getdata(value), subok=False))
            return [kind, plain] if kind else plain
        if self.other is None:
            raise Malformed(f"a {type(value).__name__} cannot be handed over")
        return ["o", *[self.node(part, depth + 1) for part in self.other(value)]]

    def array(self, value):
        letter, shape = value.dtype.char, list(value.shape)
        if letter not in _NUMBERS:  # an array of objects or texts: what it is, without what is in it
            return ["b", "U1" if value.dtype.kind in "US" else "O", shape]
        if not value.dtype.isnative:
            value = value.astype(value.dtype.newbyteorder("="))
        self.pieces.append(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data if value.size else b"")
        return ["a", letter, shape]

    def scalar(self, value):
        if value.dtype.char not in _NUMBERS:
            return self.node(str(value), 0) if isinstance(value, np.str_) else _foreign(type(value).__name__)
        return ["n", self.array(np.asarray(value))]


def _foreign(name, number=None):
    return ["o", "foreign", name, number, None]


class _Reader:
    def __init__(self, data, other):
        self.data, self.other, self.place, self.nodes = data, other, 0, 0

    def value(self, node, depth):
        kind = type(node)
        if kind is not list:
            if kind is dict:
                raise Malformed("a message breaks the format")
            return node
        self.nodes += 1
        if self.nodes > MOST_NODES or depth > 2 * DEEPEST:
            raise Malformed("a message has too many parts")
        mark, *rest = node
        if mark == "l" or mark == "t":
            found = [self.value(inner, depth + 1) for inner in self.listed(rest[0])]
            return found if mark == "l" else tuple(found)
        if mark == "a":
            return self.array(*rest)
        if mark == "d":
            return {self.value(key, depth + 1): self.value(inner, depth + 1) for key, inner in self.listed(rest[0])}
        return self.rare(mark, rest, depth)

    def rare(self, mark, rest, depth):
        if mark == "n":
            return self.array(*rest[0][1:])[()]
        if mark == "o":
            if self.other is None or not isinstance(rest[0], str):
                raise Malformed("a message breaks the format")
            return self.other(*[self.value(inner, depth + 1) for inner in rest])
        if mark == "c":
            return complex(*rest)
        if mark == "s":
            return slice(*[self.value(part, depth + 1) for part in self.listed(rest[0])])
        if mark == "1":
            return _SINGLE[rest[0]]
        if mark == "b":
            return np.empty(self.shape(rest[1], MOST_NODES), {"U1": "U1", "O": object}[rest[0]])
        if mark in ("m", "k"):
            plain = self.array(*rest[0][1:])
            return np.ma.masked_array(plain) if mark == "k" else np.asmatrix(plain)
        raise Malformed("a message breaks the format")

    def array(self, letter, shape):
        if not isinstance(letter, str) or len(letter) != 1 or letter not in _NUMBERS:
            raise Malformed("an array of another kind than numbers")
        shape, dtype = self.shape(shape), np.dtype(letter)
        size = math.prod(shape) * dtype.itemsize
        if size > len(self.data) - self.place:
            raise Malformed("an array is longer than its message")
        found = np.empty(shape, dtype)
        found.reshape(-1).view(np.uint8)[:] = self.data[self.place : self.place + size]
        self.place += size
        return found

    @staticmethod
    def shape(shape, most=LARGEST):
        whole = isinstance(shape, list) and len(shape) <= 32 and all(type(n) is int and n >= 0 for n in shape)
        if not whole or math.prod(n or 1 for n in shape) > most:
            raise Malformed("a shape breaks the format")
        return tuple(shape)

    @staticmethod
    def listed(node):
        if type(node) is not list:
            raise Malformed("a message breaks the format")
        return node
