"""What `test_house.py` holds the package to: each rule reads source files and returns what breaks it, in words.

A rule takes the folder of a package (for the tests of the rules: a planted one) and imports nothing of it.
"""

import ast
import functools
import re
from pathlib import Path

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@functools.cache
def _parsed(path, stamp):
    return ast.parse(path.read_text(encoding="utf-8"))


def tree(path):
    """The syntax tree of a file."""
    return _parsed(path, path.stat().st_mtime_ns)


def modules(package):
    """The files of a package, sorted."""
    return sorted(package.rglob("*.py"))


def name_in(package, path):
    """A file's name as the lists of exceptions have it, such as "data/reader.py"."""
    return path.relative_to(package).as_posix()


def room_of(package, path):
    """The room of a file: the folder or file right under the package."""
    return path.relative_to(package).parts[0].removesuffix(".py")


def imports(package, path, top=None):
    """Yield (node, module, name) for every import of a file, `from module import name`; name is "" for `import module`.

    top: the node whose imports are asked for; the whole file if None.
    """
    inside = path.relative_to(package.parent).with_suffix("").parts
    for node in ast.walk(top or tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(inside[: len(inside) - node.level]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            yield from ((node, module, alias.name) for alias in node.names)


def file_of(package, dotted):
    """The file behind a dotted name, or None if it is no module of the package."""
    place = package.parent.joinpath(*dotted.split("."))
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.is_file() and path.is_relative_to(package):
            return path
    return None


def taken_from(package, path, top=None):
    """Yield (node, file, name) for every import of the package's own files: the file that `name` is taken from."""
    for node, module, name in imports(package, path, top):
        file, owner = file_of(package, f"{module}.{name}"), file_of(package, module)
        if name and file:
            yield node, file, ""
        elif owner:
            yield node, owner, name


def imports_from_below(package, rooms, inside=""):
    """Imports against the order of the rooms, and files that are in no room.

    package: its folder.
    rooms: their names, the ground first.
    inside: the room whose own rooms are meant, such as "data"; the package itself if empty.
    """
    place, floor = {room: i for i, room in enumerate(rooms)}, package / inside
    for path in modules(floor):
        room = room_of(floor, path)
        if room in ("__init__", "__main__"):
            continue
        if room not in place:
            yield f"{name_in(package, path)}: is in no room of the house"
            continue
        for node, file, _ in taken_from(package, path):
            other = room_of(floor, file) if file.is_relative_to(floor) else None
            if other in place and place[other] > place[room]:
                yield f"{name_in(package, path)}:{node.lineno}: imports from {other}, which stands below {room}"


def imports_among(package, folder):
    """Imports of each other by the files of a folder that are to stand each for itself; its face may have them all."""
    alone = set((package / folder).glob("*.py")) - {package / folder / "__init__.py"}
    for path in sorted(alone):
        for node, file, _ in taken_from(package, path):
            if file in alone - {path}:
                yield f"{name_in(package, path)}:{node.lineno}: imports from {name_in(package, file)}"


def imports_between(package, folder, allowed):
    """Imports between the rooms of a folder, other than those that are allowed: {room: rooms it may import}."""
    for room, others in allowed.items():
        for path in modules(package / folder / room):
            for node, file, _ in taken_from(package, path):
                there = file.relative_to(package).parts
                if there[0] == folder and there[1] in allowed.keys() - {room} - others:
                    yield f"{name_in(package, path)}:{node.lineno}: imports from {folder}/{there[1]}"


def circles(package):
    """Files that import each other in a loop, each loop once."""
    graph = {path: {file for _, file, _ in taken_from(package, path)} - {path} for path in modules(package)}
    reach = {path: _reachable(graph, path) for path in graph}
    seen = set()
    for path in graph:
        loop = frozenset(other for other in reach[path] if path in reach[other])
        if loop and loop not in seen:
            seen.add(loop)
            yield ", ".join(sorted(name_in(package, file) for file in loop)) + ": import each other in a circle"


def _reachable(graph, start):
    found, ahead = set(), list(graph[start])
    while ahead:
        path = ahead.pop()
        if path not in found:
            found.add(path)
            ahead += graph[path]
    return found


def inner_imports(package, optional):
    """Imports inside functions, save those of packages that are optional."""
    for path in modules(package):
        inner = {}
        for function in ast.walk(tree(path)):
            if isinstance(function, FUNCTIONS):
                inner |= {(node.lineno, module): 0 for node, module, _ in imports(package, path, function)}
        for line, module in sorted(inner):
            if module.split(".")[0] not in optional:
                yield f"{name_in(package, path)}:{line}: imports {module} inside a function"


def private_names(package):
    """Names with a leading underscore that a file takes from another file of the package."""
    for path in modules(package):
        files = {}
        for node, file, name in taken_from(package, path):
            if _is_private(name):
                yield f"{name_in(package, path)}:{node.lineno}: takes {name} from {name_in(package, file)}"
            if not name:
                files |= {alias.asname or alias.name.split(".")[-1]: file for alias in node.names}
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and _is_private(node.attr):
                if node.value.id in files:
                    other = name_in(package, files[node.value.id])
                    yield f"{name_in(package, path)}:{node.lineno}: takes {node.attr} from {other}"


def _is_private(name):
    return name.startswith("_") and not name.endswith("__")


def long_files(folder, most):
    """Files with more than `most` lines."""
    for path in modules(folder):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > most:
            yield f"{name_in(folder, path)}: has {lines} lines, {most} is the most"


def without_docstring(package):
    """Public functions and classes at the top of a file, and files, that say nothing about themselves."""
    for path in modules(package):
        top = tree(path)
        if not ast.get_docstring(top):
            yield f"{name_in(package, path)}: has no docstring"
        for node in top.body:
            if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_"):
                if not ast.get_docstring(node):
                    yield f"{name_in(package, path)}:{node.lineno}: {node.name} has no docstring"


def crowded_arguments(package):
    """Docstrings that describe an argument in the middle of a line, after another one."""
    for path in modules(package):
        for node in ast.walk(tree(path)):
            if isinstance(node, FUNCTIONS):
                names = {arg.arg for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
                for line in (ast.get_docstring(node) or "").splitlines()[1:]:
                    late = names.intersection(re.findall(r"[.;)] (\w+)(?:, \w+)*: ", line))
                    for name in sorted(late):
                        yield f"{name_in(package, path)}:{node.lineno}: {node.name} describes {name} within a line"


def plant(folder, sources):
    """For the tests of the rules: a package `labkit` in the folder, of a dict file name -> source."""
    package = Path(folder) / "labkit"
    for name, source in {"__init__.py": "", **sources}.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(source)
    return package
