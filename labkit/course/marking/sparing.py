"""What keeps one broken line of a submission from costing the rest: used by the kernel, around each cell.

Packages that are not here, magics that fail, another way to draw, and names that a cell was to define and did not.
"""

import ast
import importlib.util
import os
import re
import sys

WITHOUT_NETWORK = {"PIP_RETRIES": "0", "PIP_DEFAULT_TIMEOUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
_TRY = "try:\n    pass\nexcept {error} as labkit_why:\n    {targets} = get_ipython().kernel.spare.{call}"
_IMPORT = ("ImportError", "absent({name!r}, labkit_why)")
_ABSENT, _MAGIC = ("ImportError", "left_out(labkit_why)"), ("Exception", "left_out(labkit_why)")
_MAGICS = {"run_line_magic", "run_cell_magic", "magic", "system", "getoutput"}
_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Absent:
    """Stands for a package, or a name of one, that cannot be imported here: using it raises, having it does not."""

    def __init__(self, name, why):
        self._name, self._why = name, why

    def _raise(self, *args, **kwargs):
        raise ModuleNotFoundError(self._why, name=self._name)

    def __getattr__(self, attribute):
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        self._raise()

    def __repr__(self):
        return f"<{self._name}, which is not installed>"

    __call__ = __getitem__ = __setitem__ = __iter__ = __len__ = __enter__ = _raise
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _raise
    __matmul__ = __rmatmul__ = __lt__ = __gt__ = __array__ = _raise


class Spare(ast.NodeTransformer):
    """Rewrites cells so that a line that needs a missing package fails alone; IPython applies it to each cell.

    shell: IPython's, with the names of the notebook.
    """

    def __init__(self, shell):
        self.shell, self.off, self.told = shell, False, []

    def visit(self, tree):
        """The cell with its imports, magics and what needs a missing package guarded; as it was if that fails."""
        try:
            return tree if self.off or not isinstance(tree, ast.Module) else self._guarded(tree)
        except Exception:
            return tree

    def _guarded(self, tree):
        missing = {name for name, value in self.shell.user_ns.items() if isinstance(value, Absent)}
        body = []
        for number, node in enumerate(tree.body):
            if isinstance(node, (ast.Import, ast.ImportFrom)) and getattr(node, "module", "") != "__future__":
                for alias in node.names:
                    body.append(_one_import(node, alias))
                    if not _is_there(node, alias):
                        missing.add(_bound_by(alias))
            elif _is_magic(node) and number < len(tree.body) - 1:
                body.append(_within(_MAGIC, node, []))
            elif not isinstance(node, _DEFINES) and missing & _names(node, ast.Load):
                bound = _names(node, ast.Store)
                missing |= bound
                body.append(_within(_ABSENT, node, sorted(bound)))
            else:
                body.append(node)
        new = ast.Module(body=body, type_ignores=tree.type_ignores)
        return ast.fix_missing_locations(new)

    def absent(self, name, why):
        """What an import that failed binds: something that raises when it is used."""
        package = name.split(".")[0]
        self.told.append(package)
        print(f"{type(why).__name__}: {why}: this import was left out in marking")
        return Absent(name, str(why))

    def left_out(self, why):
        """What a line binds that needs something that is not there."""
        print(f"{type(why).__name__}: {why}: this line was left out in marking")
        return Absent(getattr(why, "name", None) or "this", str(why))

    def tell(self):
        """The packages that were missing since the last time."""
        told, self.told = sorted(set(self.told)), []
        return told

    def fill(self, names, source):
        """Run what was handed out where a cell has not defined what it was to; returns the names it lacked."""
        space = self.shell.user_ns
        lacking = [name for name in names if name not in space]
        if lacking:
            before = dict(space)
            try:
                exec(compile(source, "<as handed out>", "exec"), space)
            except Exception:
                pass
            space.update({name: value for name, value in before.items() if not name.startswith("_")})
            for name in lacking:
                space.setdefault(name, None)
        return lacking


def prepare(shell):
    """Settle what a submission may change about the kernel itself; returns the `Spare`, at work."""
    spare = Spare(shell)
    shell.ast_transformers.append(spare)
    os.environ.update(WITHOUT_NETWORK)
    shell.register_magic_function(lambda line: None, "line", "matplotlib")
    shell.register_magic_function(lambda line: None, "line", "pylab")
    return spare


def keep_the_backend():
    """Figures are drawn into the notebook, whatever way it asks for; called once labkit has imported Matplotlib."""
    matplotlib, plt = sys.modules.get("matplotlib"), sys.modules.get("matplotlib.pyplot")
    if plt is None:
        return
    switch = plt.switch_backend
    matplotlib.use = lambda *args, **kwargs: None
    plt.switch_backend = lambda new: switch(new) if "inline" in str(new) else None


def before_cell(shell):
    """What a notebook changes about showing values is its own business until the cell ends."""
    shell.ast_node_interactivity = "last_expr"


def _one_import(node, alias):
    """`import a, b` one by one, each with what it binds if it fails."""
    if isinstance(node, ast.Import):
        alone, name = ast.Import(names=[alias]), alias.name
    else:
        alone, name = ast.ImportFrom(module=node.module, names=[alias], level=node.level), f"{node.module}.{alias.name}"
    ast.copy_location(alone, node)
    bound = _bound_by(alias)
    if bound == "*" or isinstance(node, ast.Import) and "." in alias.name and not alias.asname and _found(bound):
        return alone  # the package itself is there
    return _within((_IMPORT[0], _IMPORT[1].format(name=name)), alone, [bound])


def _within(guarded, node, targets):
    """A statement in a `try`.

    guarded: the error that it may raise, and the call whose value `targets` are bound to then.
    """
    error, call = guarded
    guard = ast.parse(_TRY.format(error=error, targets=" = ".join(targets) or "labkit_why", call=call)).body[0]
    for inner in ast.walk(guard):
        if hasattr(inner, "lineno"):
            ast.copy_location(inner, node)
    guard.body = [node]
    return guard


def _is_there(node, alias):
    return getattr(node, "level", 0) > 0 or _found((getattr(node, "module", None) or alias.name).split(".")[0])


def _found(package):
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def _bound_by(alias):
    return alias.asname or alias.name.split(".")[0]


def _is_magic(node):
    """Whether a statement is a line magic, or a command of the system, as IPython writes them."""
    call = getattr(node, "value", None)
    return (
        isinstance(node, ast.Expr)
        and isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in _MAGICS
        and isinstance(call.func.value, ast.Call)
        and re.fullmatch(r"get_ipython", getattr(call.func.value.func, "id", "")) is not None
    )


def _names(node, context):
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, context)}
