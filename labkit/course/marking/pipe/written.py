"""What the text of a notebook says of an answer: read by the marker, so that no program can give out another text.

The notebook's process says whether an answer calls a ready-made one, and how many steps it takes. Here stands what the
text says for certain, whatever that process says; what the text only suggests is a hint for whoever marks.
"""

import ast
import functools
import importlib
import types

from labkit.check.watch import matches
from labkit.course import cells

_DEEPEST = 20
_DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_HANDLED = (
    "labkit.check.*",
    "labkit.course*",
    "sys.settrace",
    "sys.setprofile",
    "sys._getframe",
    "sys.modules*",
    "threading.settrace*",
    "threading.setprofile*",
    "gc.get_*",
    "ctypes*",
    "linecache.*",
    "inspect.getsource*",
    "os.fork*",
    "multiprocessing*",
    "types.FunctionType",
    "types.CodeType",
    "importlib.*",
    "get_ipython.kernel*",
)
_DONE_BY_TEXT = ("exec", "eval", "compile", "__import__", "setattr", "globals")
# What looks on in the notebook's process. All else judges in the marker's alone: changing it is in vain, costs nothing.
_LOOK_ON = (
    "answer",
    "calls",
    "counting",
    "figures",
    "ink",
    "labs",
    "legends",
    "probed",
    "runtime_loops",
    "source",
    "tensors",
    "watch",
)
_JUDGES = (*(f"labkit.check.{room}.*" for room in _LOOK_ON), "labkit.course*")


class Written:
    """The cells of a notebook before a check.

    every: (number, source, whether the student wrote it) of each code cell, in order.
    """

    def __init__(self, every):
        read = [(number, *_read(source), own) for number, source, own in every]
        self._trees = [(number, tree, own) for number, tree, _, own in read if tree is not None]
        self._names = {}
        for _, _, bound, _ in read:
            self._names.update(bound)

    def borrowed(self, name, patterns):
        """That a function for certain calls, whenever it is called, what matches these patterns; None if not."""
        line, what = self._calls(name, tuple(patterns), 0) or (None, None)
        return what and f"this calls a ready-made answer ({what}, line {line}): write it out"

    def put_together(self, name):
        """That a function is made of another one's code; None if not."""
        value = self._names.get(name)
        made = isinstance(value, ast.Call) and self._dotted(value.func, {}) == "types.FunctionType"
        for _, tree, _ in self._trees:
            for target in _targets(tree):
                made |= isinstance(target, ast.Attribute) and target.attr == "__code__" and _root(target) == name
        return "its code is put together out of another function's: write it out" if made else None

    def changes_judges(self):
        """That a cell changes what judges, in words; None if none does."""
        for number, tree, own in self._trees:
            for target in _targets(tree) if own else ():
                what = self._dotted(target, {}) if isinstance(target, ast.Attribute) else None
                if what and matches(what, _JUDGES):
                    return f"cell {number} of the notebook changes what judges ({what}): leave that out"
        return None

    def least_steps(self, name, args):
        """How many turns the loops of a function take at least with these arguments: those over an argument's rows."""
        function = self._names.get(name)
        if not isinstance(function, _DEFINED):
            return 0
        given = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
        rows = {name: len(arg) for name, arg in zip(given, args) if getattr(arg, "ndim", 0)}
        return sum(rows.get(over, 0) for _, over, _ in _loops(function))

    def loops(self, name):
        """Those loops, in words."""
        function = self._names.get(name)
        found = _loops(function) if isinstance(function, _DEFINED) else ()
        return [f"line {line}: {what}" for line, _, what in found]

    def hints(self, names):
        """What whoever marks should look at, in sentences.

        names: of the functions that are judged.
        """
        found = [f"{name} is written nowhere in the notebook" for name in names if name not in self._names]
        for number, tree, own in self._trees:
            seen = sorted(self._handled(tree)) if own else ()
            if seen:
                found.append(f"cell {number} handles what checks look on with, or labkit's own answers ({seen[0]})")
        return found

    def _handled(self, tree):
        """What a cell handles that a check relies on."""
        imports = [_imported(node) for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
        local = {name: dotted for found in imports for name, dotted in found.items()}
        for node in ast.walk(tree):
            dotted = self._dotted(node, local) if isinstance(node, (ast.Attribute, ast.Name)) else None
            if dotted and matches(dotted, _HANDLED):
                yield dotted
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _DONE_BY_TEXT:
                on = node.args[0] if node.func.id == "setattr" and node.args else None
                if not isinstance(on, ast.Name) or self._dotted(on, local):  # setattr(self, …) is what modules do
                    yield node.func.id
            if isinstance(node, ast.Constant) and str(node.value).startswith("/proc/"):
                yield "/proc"
        yield from (dotted for dotted in local.values() if matches(dotted, _HANDLED))

    # --- what is called

    def _calls(self, name, patterns, depth):
        """(line, name) of a call that a function makes for certain."""
        value = self._names.get(name)
        if isinstance(value, str):  # imported under this name, and handed over as it is
            return (1, value) if _is_ready_made(value, patterns) else None
        if not isinstance(value, _DEFINED) or depth > _DEEPEST:
            return None
        local = dict.fromkeys(_local(value)) | _imports(value)
        for call in _certain_calls(value):
            dotted = self._dotted(call.func, local)
            if dotted and _is_ready_made(dotted, patterns):
                return call.lineno, _public(dotted)
            inner = isinstance(call.func, ast.Name) and call.func.id not in local and call.func.id != name
            found = self._calls(call.func.id, patterns, depth + 1) if inner else None
            if found:
                return call.lineno, found[1]
        return None

    def _dotted(self, node, local, depth=0):
        """The dotted name that an expression stands for, 'labkit.losses.softmax'; None where it is none."""
        if isinstance(node, ast.Attribute):
            base = self._dotted(node.value, local, depth)
            return base and f"{base}.{node.attr}"
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            base = self._dotted(node.value, local, depth)
            return base and f"{base}.{node.slice.value}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "get_ipython":
            return "get_ipython"
        if not isinstance(node, ast.Name):
            return None
        value = local[node.id] if node.id in local else self._names.get(node.id)
        if isinstance(value, str) or value is None:
            return value
        alias = isinstance(value, (ast.Name, ast.Attribute, ast.Subscript)) and depth < _DEEPEST
        return self._dotted(value, {}, depth + 1) if alias else None


NOTHING = Written(())  # where the text is not known


@functools.lru_cache(1000)
def _read(source):
    """A cell's tree, None if there is none, and the names it binds: each check reads all cells before it anew."""
    tree = cells.syntax_tree(source)
    return tree, _bound(tree.body) if tree is not None else {}


def _bound(body):
    """{name: what it stands for} of the names that statements bind: a dotted name, a function, or an expression."""
    found = {}
    for node in _statements(body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found[node.name] = node
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= _imported(node)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                        found[name.id] = node.value if name is target else None
        else:
            found |= {n.id: None for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return found


def _statements(body):
    """The statements of a cell, those inside `if`, `try`, `with` and loops too."""
    for node in body:
        yield node
        for part in ("body", "orelse", "finalbody", "handlers"):
            if not isinstance(node, (*_DEFINED, ast.ClassDef)):
                yield from _statements(getattr(node, part, ()))


def _imported(node):
    """{name: dotted name} of an import."""
    if isinstance(node, ast.ImportFrom):
        return {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    short = {alias.name.split(".")[0]: alias.name.split(".")[0] for alias in node.names if not alias.asname}
    return short | {alias.asname: alias.name for alias in node.names if alias.asname}


def _imports(function):
    body = function.body if isinstance(function.body, list) else []
    found = [node for node in body if isinstance(node, (ast.Import, ast.ImportFrom))]
    return {name: dotted for node in found for name, dotted in _imported(node).items()}


def _local(function):
    """The names that a function binds itself."""
    return {
        getattr(node, "arg", None) or getattr(node, "id", None) or getattr(node, "name", None)
        for node in ast.walk(function)
        if isinstance(node, (ast.arg, ast.FunctionDef, ast.ClassDef, ast.alias))
        or isinstance(node, ast.Name)
        and isinstance(node.ctx, ast.Store)
    } - {getattr(function, "name", None)}


def _targets(tree):
    """What is assigned to in a cell, inside its functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from node.targets
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            yield node.target


def _root(node):
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return getattr(node, "id", None)


# --- what is certain to run


def _certain(function):
    """The expressions that are evaluated in every call that ends without an error."""
    yield from [function.body] if isinstance(function, ast.Lambda) else _certain_in(function.body)


def _certain_in(body):
    for node in body:
        if isinstance(node, (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return)):
            yield node
        elif isinstance(node, ast.If):
            yield node.test
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            yield node
        elif isinstance(node, ast.With):
            yield from [item.context_expr for item in node.items]
            yield from _certain_in(node.body)
        elif isinstance(node, ast.Try) and not node.handlers:
            yield from _certain_in(node.body)
        leaves = (ast.Return, ast.Raise, ast.Yield, ast.YieldFrom, ast.Break, ast.Continue)
        if any(isinstance(inner, leaves) for inner in ast.walk(node)):
            return


def _parts(node):
    """An expression and those in it that are evaluated with it for certain."""
    yield node
    if isinstance(node, (*_DEFINED, ast.ClassDef)):
        return
    if isinstance(node, ast.BoolOp):
        inside = node.values[:1]
    elif isinstance(node, ast.IfExp):
        inside = [node.test]
    elif isinstance(node, ast.Compare):
        inside = [node.left, node.comparators[0]]
    elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        inside = [node.generators[0].iter]
    elif isinstance(node, (ast.For, ast.AsyncFor)):
        inside = [node.iter]
    else:
        inside = ast.iter_child_nodes(node)
    for inner in inside:
        yield from _parts(inner)


def _certain_calls(function):
    for expression in _certain(function):
        yield from (node for node in _parts(expression) if isinstance(node, ast.Call))


def _loops(function):
    """(line, argument, words) of each loop that goes through the rows of an argument for certain."""
    arguments = {arg.arg for arg in (*function.args.posonlyargs, *function.args.args)}
    stored = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    found = []
    for expression in _certain(function):
        for node in _parts(expression):
            over, what = None, "a for loop"
            if isinstance(node, (ast.For, ast.AsyncFor)):
                leaves = any(isinstance(inner, (ast.Break, ast.Return, ast.Raise)) for inner in ast.walk(node))
                over = None if leaves else _rows_of(node.iter)
            elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp)):
                over, what = _rows_of(node.generators[0].iter), "a comprehension, which is a loop"
            if over in arguments - stored:
                found.append((node.lineno, over, what))
    return found


def _rows_of(node):
    """The name whose rows an expression goes through: X, enumerate(X), range(len(X)), range(X.shape[0])."""
    if isinstance(node, ast.Name):
        return node.id
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or len(node.args) != 1:
        return None
    (inner,), called = node.args, node.func.id
    if called == "enumerate":
        return _rows_of(inner)
    if called != "range":
        return None
    if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "len":
        return inner.args[0].id if inner.args and isinstance(inner.args[0], ast.Name) else None
    first = isinstance(inner, ast.Subscript) and isinstance(inner.slice, ast.Constant) and inner.slice.value == 0
    shape = inner.value if first and isinstance(inner.value, ast.Attribute) else None
    return shape.value.id if shape and shape.attr == "shape" and isinstance(shape.value, ast.Name) else None


# --- names


def _is_ready_made(dotted, patterns):
    name = _public(dotted)
    exceptions = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    return bool(name) and matches(name, patterns) and not matches(name, exceptions)


@functools.lru_cache(1000)
def _public(dotted):
    """The name under which a function is noticed when it runs; None for what is no function or class of labkit's."""
    if not dotted.startswith("labkit."):
        return dotted
    thing, parts = importlib.import_module("labkit"), dotted.split(".")[1:]
    for number, part in enumerate(parts, 1):
        try:
            inner = thing.get(part) if isinstance(thing, dict) else getattr(thing, part, None)
            name = ".".join(["labkit", *parts[:number]])
            thing = importlib.import_module(name) if inner is None and isinstance(thing, types.ModuleType) else inner
        except Exception:
            return None
    if not isinstance(thing, (type, types.FunctionType)):
        return None
    module = str(thing.__module__)
    full = f"{module}.{thing.__name__}" if module.startswith("labkit.") else ""
    return ".".join(part for part in full.split(".") if not part.startswith("_")) or None
