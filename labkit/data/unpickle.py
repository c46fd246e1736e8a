r"""A pickle read without running it.

A pickle is a program for a small stack machine, and Python's own `pickle.load` lets that program call
any function it names. The machine below knows only the instructions that build plain values (None,
numbers, text, bytes, lists, tuples, dicts) and takes down the description of an array, without making
one: nothing in the file is imported or called, and no more memory is asked for than the file justifies.
The instructions and their arguments are those that Python documents in its module `pickletools`.

Why not `pickle.Unpickler` with a `find_class` of its own, which is a third as long? It keeps the names in
check, and nothing else: `]r\xff\xff\xff\x0f.`, seven bytes, makes it fill 4 GB with an empty memo (up to
32 GB), and a dict whose key is a tuple nested a million deep ends the whole process. To look for such things
beforehand with `pickletools.genops` takes 240 ms for CIFAR-10 and a second copy of the pixels; this machine
reads all six files in 110 ms without one (the C unpickler: 65 ms). `tests/test_data_unpickle.py` holds both.
"""

import codecs
import re
import struct

# the names by which Python 2 and 3, NumPy 1 and 2 describe an array; every other name is refused
ADMITTED = {
    "numpy.core.multiarray._reconstruct": "array",
    "numpy._core.multiarray._reconstruct": "array",
    "numpy.core.numeric._frombuffer": "filled array",
    "numpy._core.numeric._frombuffer": "filled array",
    "numpy.core.multiarray.scalar": "number",
    "numpy._core.multiarray.scalar": "number",
    "numpy.ndarray": "array type",
    "numpy.dtype": "dtype",
    "_codecs.encode": "bytes",
    "__builtin__.bytes": "no bytes",
}
MOST_INSTRUCTIONS = 400_000  # a batch of 10,000 images takes 10,000 to 100,000

COUNTED = {  # argument: so many bytes of length, then that many bytes
    bytes([op]): size for ops, size in [(b"UC\x8c\x8a", 1), (b"TBX\x8b", 4), (b"\x8d\x8e\x96", 8)] for op in ops
}
FIXED = {  # argument: one number in this format
    bytes([op]): form
    for ops, form in [(b"Kqh\x80", "<B"), (b"M", "<H"), (b"J", "<i"), (b"rj", "<I"), (b"G", ">d"), (b"\x95", "<Q")]
    for op in ops
}
LINES = {b"S": 1, b"V": 1, b"I": 1, b"L": 1, b"F": 1, b"p": 1, b"g": 1, b"c": 2}  # argument: so many lines
BARE = set(b".(N])}\x88\x89aelstdu\x85\x86\x87\x93\x94Rb")  # no argument
LABELS = re.compile(rb"(?:K.)+", re.DOTALL)  # a run of small integers, taken in one step

VALUES = {
    b"N": lambda _: None,
    b"\x88": lambda _: True,
    b"\x89": lambda _: False,
    b"]": lambda _: [],
    b"}": lambda _: {},
    b")": lambda _: (),
    **dict.fromkeys([b"M", b"J", b"G", b"U", b"C", b"T", b"B", b"\x8e", b"\x96"], lambda value: value),
    **dict.fromkeys([b"\x8c", b"X", b"\x8d"], lambda raw: str(raw, "utf-8", "surrogatepass")),
    **dict.fromkeys([b"\x8a", b"\x8b"], lambda raw: int.from_bytes(raw, "little", signed=True)),
    b"I": lambda line: line == b"01" if line in (b"00", b"01") else int(line),
    b"L": lambda line: int(line.rstrip(b"L")),
    b"F": float,
    b"S": lambda line: codecs.escape_decode(line[1:-1])[0],
    b"V": lambda line: str(line, "raw-unicode-escape"),
}


class UnpickleError(Exception):
    """What is wrong with a pickle, as the end of a sentence that begins with the name of the file."""


class ArrayRecord:
    """An array as a pickle describes it, nothing checked: shape, dtype, memory order and bytes."""

    shape = dtype = fortran = raw = None


class DtypeRecord:
    """A dtype as a pickle describes it: NumPy's code, such as "u1", and "<" or ">" or "|"."""

    def __init__(self, code):
        self.code, self.order = text(code), "|"


class Name(str):
    """One of the names that are ADMITTED: a word, never the thing it names."""


def text(value):
    """Text as str: Python 2 wrote it as bytes."""
    return str(value, "latin-1") if isinstance(value, (bytes, memoryview)) else value


def unpickle(data):
    """The value in a pickle that holds plain values and NumPy arrays, and nothing else.

    data: bytes, a pickle of protocol 0 to 5, written by Python 2 or 3.
    Returns the value; in it, an array is an `ArrayRecord`, text of Python 2 is bytes (above 255 bytes a
    memoryview, so that pixels are not copied), and the keys of a dict are str. Bytes that Python 3 wrote
    as text, as it does up to protocol 2, stay text.
    Raises UnpickleError if the data is truncated, damaged, no pickle, or asks for anything else.
    """
    try:
        return _run(data)
    except (IndexError, KeyError, TypeError, ValueError, AttributeError, OverflowError, MemoryError):
        raise UnpickleError("is damaged, or is not a pickle") from None


def _instructions(data):
    """Yield (instruction, argument), up to the instruction that ends the pickle."""
    view, at, end = memoryview(data), 0, len(data)
    while at < end:
        op, at = data[at : at + 1], at + 1
        if op in COUNTED:
            count = int.from_bytes(data[at : at + COUNTED[op]], "little")
            at += COUNTED[op]
            if count > end - at:
                break
            yield op, view[at : at + count] if count > 255 else data[at : at + count]
            at += count
        elif op == b"K":
            run = LABELS.match(data, at - 1)
            if run is None:
                break
            yield op, data[at : run.end() : 2]
            at = run.end()
        elif op in FIXED:
            form = FIXED[op]
            if struct.calcsize(form) > end - at:
                break
            yield op, struct.unpack_from(form, data, at)[0]
            at += struct.calcsize(form)
        elif op in LINES:
            start = at
            for _ in range(LINES[op]):
                at = data.index(b"\n", at) + 1
            yield op, data[start : at - 1]
        elif op[0] in BARE:
            yield op, None
            if op == b".":
                return
        elif data[:1] == b"\x80":
            raise UnpickleError(f"is damaged, or holds more than values and arrays (instruction {op!r})")
        else:
            raise UnpickleError("is not a pickle")
    raise UnpickleError("is truncated" if data else "is empty")


def _run(data):
    """Carry out the instructions: a stack of values, and the stacks put aside at each opening bracket."""
    stack, aside, memo = [], [], {}
    for step, (op, argument) in enumerate(_instructions(data)):
        if step > MOST_INSTRUCTIONS:
            raise UnpickleError("is far longer than a batch of images should be")
        if op in VALUES:
            stack.append(VALUES[op](argument))
        elif op == b"K":
            stack.extend(argument)
        elif op in b"qrp":
            memo[int(argument)] = stack[-1]
        elif op == b"\x94":
            memo[len(memo)] = stack[-1]
        elif op in b"hjg":
            stack.append(memo[int(argument)])
        elif op == b"(":
            aside.append(stack)
            stack = []
        elif op in b"tld":
            items, stack = stack, aside.pop()
            stack.append(tuple(items) if op == b"t" else _add([] if op == b"l" else {}, items))
        elif op in b"eu":
            items, stack = stack, aside.pop()
            _add(stack[-1], items)
        elif op in b"as":
            items = _pop(stack, 1 if op == b"a" else 2)
            _add(stack[-1], items)
        elif op in b"\x85\x86\x87":
            stack.append(tuple(_pop(stack, op[0] - 0x84)))
        elif op == b"c":
            stack.append(_admit(*text(argument).split("\n")))
        elif op == b"\x93":
            stack.append(_admit(*map(text, _pop(stack, 2))))
        elif op == b"R":
            stack.append(_describe(*_pop(stack, 2)))
        elif op == b"b":
            _complete(*stack[-2:])
            stack.pop()
        elif op == b".":
            return stack.pop()


def _pop(stack, count):
    if len(stack) < count:
        raise IndexError
    items = stack[-count:]
    del stack[-count:]
    return items


def _add(target, items):
    """Put the items into a list, or as keys and values into a dict."""
    if type(target) is list:
        target.extend(items)
    elif type(target) is dict:
        for key, value in zip(map(text, items[::2]), items[1::2], strict=True):
            if type(key) is not str:  # hashing a deeply nested tuple would overflow the C stack
                raise UnpickleError(f"has a dict with a key that is not text but {type(key).__name__}")
            target[key] = value
    else:
        raise TypeError
    return target


def _admit(module, name):
    asked = Name(module + "." + name)
    if asked not in ADMITTED:
        raise UnpickleError(f"asks for {asked[:80]!r}, which no file of images needs; nothing was run")
    return asked


def _describe(name, arguments):
    """What a call in the pickle stands for, taken down instead of carried out."""
    kind = ADMITTED[name] if type(name) is Name else None
    if kind == "array":
        return ArrayRecord()
    if kind == "filled array":
        array = ArrayRecord()
        array.raw, array.dtype, array.shape, order = arguments
        array.fortran = order == "F"
        return array
    if kind == "number":
        number = ArrayRecord()
        (number.dtype, number.raw), number.shape = arguments, ()
        return number
    if kind == "dtype":
        return DtypeRecord(arguments[0])
    if kind == "bytes" and arguments[1] in ("latin1", "latin-1"):
        return arguments[0]
    if kind == "no bytes" and arguments == ():
        return b""
    raise TypeError


def _complete(target, state):
    """The second half of the description of an array or of a dtype."""
    if isinstance(target, ArrayRecord):
        target.shape, target.dtype, target.fortran, target.raw = state[-4:]
    elif isinstance(target, DtypeRecord):
        target.order = text(state[1])
    else:
        raise TypeError
