"""States kept in a file: dicts, lists, words, numbers and arrays, written whole and read without pickle."""

import functools
import json
import types
import zlib

import numpy as np

from labkit.files import whole_file

FORMAT = "labkit checkpoint 1"


def keep(path, state):
    """Write a state to a file, at once or not at all; what was there stays until the new state is complete.

    path: the file's name, used as it is.
    state: of dicts (keys are words), lists, words, numbers, None and arrays of numbers, in any nesting.
    Raises ValueError for an array of objects, OSError if the file cannot be written.
    """
    arrays = []

    def plain(value):
        if isinstance(value, np.ndarray):
            if value.dtype.hasobject:
                raise ValueError("only arrays of numbers are kept, as no pickle is written: got an array of objects")
            arrays.append(value)
            return {"array": len(arrays) - 1}
        if isinstance(value, dict):
            return {"dict": {name: plain(part) for name, part in value.items()}}
        if isinstance(value, (list, tuple)):
            return [plain(part) for part in value]
        return value.item() if isinstance(value, np.generic) else value

    tree = json.dumps(plain(state))
    with whole_file(path) as file:
        np.savez(
            file, format=np.array(FORMAT), tree=np.array(tree), **{str(i): array for i, array in enumerate(arrays)}
        )


def found(path):
    """The state that `keep` wrote to a file; None if there is no file.

    Raises ValueError naming the file if it is truncated, damaged, or something else.
    """

    def full(value):
        if isinstance(value, list):
            return [full(part) for part in value]
        if isinstance(value, dict):
            if "array" in value:
                return file[str(value["array"])]
            return {name: full(part) for name, part in value["dict"].items()}
        return value

    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file["format"]) != FORMAT:
                raise ValueError("another format")
            return full(json.loads(str(file["tree"])))
    except FileNotFoundError:
        return None
    except (PermissionError, IsADirectoryError, NotADirectoryError):
        raise
    except Exception as problem:  # what a damaged archive raises is of a dozen kinds
        raise ValueError(
            f"{path} is no checkpoint of labkit, or it is damaged: delete it, or give another name "
            f"({type(problem).__name__})"
        ) from None


def digest(*things):
    """A number that differs, all but surely, for other arrays or dicts of arrays; None stands for no array."""
    number = 0
    for thing in things:
        for name, part in sorted(thing.items()) if isinstance(thing, dict) else [("", thing)]:
            if part is not None:
                part = np.atleast_1d(part)
                number = zlib.crc32(f"{name} {part.dtype} {part.shape}".encode(), number)
                for start in range(0, len(part), 1024):
                    number = zlib.crc32(np.ascontiguousarray(part[start : start + 1024]), number)
    return number


def name_of(thing):
    """A function in words, with what `functools.partial` has bound: "mlp(dropout=0.4)"."""
    if isinstance(thing, functools.partial):
        bound = [repr(a) for a in thing.args if _plain(a)]
        bound += [f"{name}={value!r}" for name, value in sorted(thing.keywords.items()) if _plain(value)]
        return f"{name_of(thing.func)}({', '.join(bound)})"
    return getattr(thing, "__qualname__", type(thing).__qualname__) if thing is not None else None


def _plain(value):
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else None
    return isinstance(value, (bool, int, float, str, type(None))) if parts is None else all(map(_plain, parts))


def generators(*things):
    """The `np.random.Generator`s that functions draw from, as far as can be seen, in the same order each time.

    things: functions, or None. Looked through are arguments bound by `functools.partial`, default arguments, what
    a function encloses, the global names that it uses, and the attributes of an object that is called.
    """
    found_ones, seen, waiting = [], set(), list(things)
    while waiting:
        thing = waiting.pop(0)
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, np.random.Generator):
            found_ones.append(thing)
        elif isinstance(thing, functools.partial):
            waiting += [thing.func, *thing.args, *thing.keywords.values()]
        elif isinstance(thing, types.MethodType):
            waiting += [thing.__func__, thing.__self__]
        elif isinstance(thing, types.FunctionType):
            cells = [cell.cell_contents for cell in thing.__closure__ or () if cell != types.CellType()]
            used = [thing.__globals__[name] for name in thing.__code__.co_names if name in thing.__globals__]
            waiting += [*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values(), *cells]
            waiting += [part for part in used if isinstance(part, (np.random.Generator, *_FUNCTIONS))]
        elif isinstance(thing, (list, tuple)) and len(thing) < 100:
            waiting += thing
        elif isinstance(thing, dict) and len(thing) < 100:
            waiting += thing.values()
        elif callable(thing) and hasattr(thing, "__dict__") and not isinstance(thing, (type, types.ModuleType)):
            waiting += [vars(type(thing)).get("__call__"), *vars(thing).values()]
    return found_ones


_FUNCTIONS = (types.FunctionType, types.MethodType, functools.partial)
