"""The labs as nbgrader sees them: which cells are exercises, checks, written answers, and what is wrong with them."""

import ast
import functools
import re
from collections import deque
from pathlib import Path

import nbformat

from labkit import extras

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"
BEGIN_NOTES, END_NOTES = "BEGIN MARKING NOTES", "END MARKING NOTES"
KEY_FIGURE = "key-figure"
NOT_FOR_MARKING = "not-for-marking"
READY_ID = "labkit-ready"  # of the first cell of the student edition
_DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
NOT_FOR_STUDENTS = "not-for-students"


def read_lab(path):
    """A lab's notebook in the current format; raises ValueError in words if it cannot be read."""
    path = Path(path)
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:
        raise ValueError(f"{path.name} cannot be read as a notebook: {str(error).splitlines()[0][:200]}") from None


def needs(nb):
    """The packages beyond labkit's own that a lab imports, such as ["torch"]."""
    return extras.needed_by(cell.source for cell in nb.cells if cell.cell_type == "code")


def lacks(nb):
    """What keeps this Python from running a lab, in words: the packages that are not here; None if it can."""
    return " ".join(filter(None, map(extras.trouble, needs(nb)))) or None


def grading(cell):
    """nbgrader's metadata of a cell, {} if it has none."""
    found = cell.get("metadata", {}).get("nbgrader")
    return found if isinstance(found, dict) else {}


def kind(cell):
    """ "check", "solution" (marked by a check), "manual" (marked by hand), "locked", or "" for any other cell."""
    meta = grading(cell)
    if meta.get("grade") and meta.get("solution") or meta.get("task"):
        return "manual"
    if meta.get("grade"):
        return "check" if cell.cell_type == "code" else "manual"
    if meta.get("solution"):
        return "solution"
    return "locked" if meta.get("locked") else ""


def title(nb, default=""):
    """The first heading of a notebook."""
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            for line in cell.source.split("\n"):
                if line.startswith("#") and line[1:2].isspace() and line[1:].strip():
                    return line[1:].strip().rstrip("#").rstrip() or default
    return default


def row(cell):
    """What a rubric row is called: `labkit.row` in the cell's metadata, else its grade id in words."""
    named = cell.metadata.get("labkit", {}).get("row")
    words = re.sub(r"^check-", "", grading(cell).get("grade_id", "")).replace("-", " ").replace("_", " ")
    return named or words[:1].upper() + words[1:]


def quick_source(cell):
    """The author's quicker version of a slow cell, which stands in for it in marking; "" if there is none."""
    quick = cell.metadata.get("labkit", {}).get("marking") or ""
    return quick if isinstance(quick, str) else "".join(quick)


def names_bound(source):
    """The names that a cell binds at its top level, functions and imports included."""
    return list(_names(source)[0])


def names_used(source):
    """The names that a cell reads."""
    return set(_names(source)[1])


def _names(source):
    return _names_of_short(source) if len(source) < 20_000 else _names_of(source)


def _names_of(source):
    tree, top = syntax_tree(source), []
    ahead = deque([tree] if tree else [])
    while ahead:
        node = ahead.popleft()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            top.append(node.id)
        elif isinstance(node, _DEFINED):
            top.append(node.name)
        elif isinstance(node, ast.alias):
            top.append((node.asname or node.name).split(".")[0])
        if not isinstance(node, (*_DEFINED, ast.Lambda)):
            ahead.extend(ast.iter_child_nodes(node))
    every = ast.walk(tree) if tree else ()
    used = {node.id for node in every if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return tuple(dict.fromkeys(top)), frozenset(used)


_names_of_short = functools.lru_cache(2000)(_names_of)  # a class hands in the same cells over and over


def ends_with_value(source):
    """Whether the last statement of a cell is an expression, so that it shows a value."""
    tree = syntax_tree(source)
    return bool(tree and tree.body and isinstance(tree.body[-1], ast.Expr))


def syntax_tree(source):
    """The syntax tree of a cell without its magics, None if it does not parse."""
    lines = [re.sub(r"^(\s*)[%!?].*", r"\1pass", line) for line in source.split("\n")]
    try:
        return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def problems(nb):
    """What keeps a lab from being handed out, a line for each, naming the cell."""
    found, seen, bound = [], {}, set()
    for index, cell in enumerate(nb.cells, 1):
        meta, sort = grading(cell), kind(cell)
        grade_id = meta.get("grade_id")
        where = f"cell {index} ({grade_id})" if grade_id else f"cell {index}"
        found += [f"{where}: {text}" for text in _marker_problems(cell, sort)]
        if meta and (not isinstance(grade_id, str) or not re.fullmatch(r"[A-Za-z0-9_-]+", grade_id)):
            found.append(f"{where}: its nbgrader metadata need a grade_id of letters, digits, - and _")
        elif meta:
            if grade_id in seen:
                found.append(f"{where}: cell {seen[grade_id]} has the same grade_id")
            seen.setdefault(grade_id, index)
            if meta.get("schema_version") != 3:
                found.append(f"{where}: schema_version must be 3, it is {meta.get('schema_version')!r}")
        if sort in ("check", "manual"):
            points = meta.get("points")
            if isinstance(points, bool) or not isinstance(points, (int, float)) or not 0 < points < 1e6:
                what = "check cell" if sort == "check" else "cell for hand-marking"
                found.append(f"{where}: a {what} needs points above 0, it has {points!r}")
        if sort == "check":
            asked = names_used(cell.source) & {
                name for other in nb.cells if kind(other) == "solution" for name in names_bound(other.source)
            }
            found += [
                f"{where}: it checks {name}, which is written only further down" for name in sorted(asked - bound)
            ]
        if sort == "solution":
            bound |= set(names_bound(cell.source))
    return found


def _marker_problems(cell, sort):
    if sort == "solution" and BEGIN not in cell.source:
        yield f"a solution cell needs its solution between ### {BEGIN} and ### {END}"
    if sort == "manual" and not grading(cell).get("task") and BEGIN not in cell.source:
        yield f"a written answer needs its model answer between <!-- {BEGIN} --> and <!-- {END} -->"
    if BEGIN in cell.source and sort not in ("solution", "manual"):
        yield f"### {BEGIN} stands in a cell that is no solution cell: the solution would be handed out"
    for begin, end in ((BEGIN, END), (BEGIN_NOTES, END_NOTES)):
        depth = 0
        for line in cell.source.split("\n"):
            depth += (begin in line) - (end in line)
            if depth not in (0, 1):
                break
        if depth:
            yield f"### {begin} and ### {end} do not come in pairs"
