"""Answers that are the same but for names and layout: a hint for whoever marks, and never points."""

import ast
import hashlib

from labkit.check import EXERCISES
from labkit.check.mistakes import source_of

SHORTEST = 60  # nodes of a syntax tree: shorter answers are the same because there is one way to write them


def print_of(source, name):
    """What stays of a function when its names and its layout are taken away, as a short text.

    source: of the cell that defines it.
    name: of the function.
    Returns None where the cell defines no such function, or a short one.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name]
    if not found:
        return None
    try:
        plain = _Plain(found[-1]).visit(found[-1])
        if sum(1 for _ in ast.walk(plain)) < SHORTEST:
            return None
        return hashlib.sha256(ast.dump(plain).encode()).hexdigest()[:16]
    except RecursionError:
        return None


def prints_of(nb, exercises):
    """{name: print} of the answers in a notebook.

    nb: the notebook.
    exercises: the names of its exercises' functions.
    """
    found = {}
    for cell in nb.cells:
        if cell.cell_type == "code":
            for name in exercises:
                mark = print_of(cell.source, name) if f"def {name}" in cell.source else None
                if mark is not None:
                    found[name] = mark
    return found


def labkits_own(prints):
    """The names of those answers that are labkit's own, which stand in the student's copy."""
    known = {name: EXERCISES[name].answer for name in prints if name in EXERCISES}
    return [name for name, answer in known.items() if prints[name] == print_of(source_of(answer), answer.__name__)]


class _Plain(ast.NodeTransformer):
    """Numbers the names that a function binds, in the order in which they come, and drops what is only said."""

    def __init__(self, function):
        bound = [node.id for node in ast.walk(function) if isinstance(node, ast.Name) and _is_stored(node)]
        bound += [node.arg for node in ast.walk(function) if isinstance(node, ast.arg)]
        bound += [node.name for node in ast.walk(function) if isinstance(node, ast.FunctionDef)]
        self._bound, self._numbers = set(bound), {}

    def visit_FunctionDef(self, node):
        node.returns, node.type_comment, node.decorator_list = None, None, []
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        self.generic_visit(node)
        node.name = self._numbered(node.name)
        return node

    def visit_arg(self, node):
        return ast.arg(self._numbered(node.arg))

    def visit_Name(self, node):
        return ast.Name(self._numbered(node.id), node.ctx)

    def visit_AnnAssign(self, node):
        self.generic_visit(node)
        return ast.Assign([node.target], node.value, lineno=0) if node.value else ast.Pass()

    def _numbered(self, name):
        return f"_{self._numbers.setdefault(name, len(self._numbers))}" if name in self._bound else name


def _is_stored(node):
    return isinstance(node.ctx, ast.Store)
