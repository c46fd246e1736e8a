"""What the source of an answer says: loops where none is allowed, variables of the notebook.

Read is the function itself and every function of the student's that it can reach. Lines are those of the
cell. Where there is no source (`exec`) nothing is found; `runtime_loops` does not need any.
"""

import ast
import builtins
import contextlib
import dis
import functools
import itertools
import linecache
import sys
import types

import numpy as np

from labkit.check.watch import is_students

_LOOPS = {
    ast.For: "a for loop",
    ast.AsyncFor: "a for loop",
    ast.While: "a while loop",
    ast.ListComp: "a list comprehension, which is a loop",
    ast.SetComp: "a comprehension, which is a loop",
    ast.DictComp: "a comprehension, which is a loop",
    ast.GeneratorExp: "a generator expression, which is a loop",
}
_HIDDEN = "{}, which is a loop over Python objects"
_LOOPING = [
    (f, _HIDDEN.format(name))
    for name, f in [
        ("map", map),
        ("filter", filter),
        ("functools.reduce", functools.reduce),
        ("np.vectorize", np.vectorize),
        ("np.frompyfunc", np.frompyfunc),
        ("np.apply_along_axis", np.apply_along_axis),
        ("np.apply_over_axes", np.apply_over_axes),
        ("np.nditer", np.nditer),
        ("np.ndenumerate", np.ndenumerate),
        ("np.ndindex", np.ndindex),
        ("np.fromiter", np.fromiter),
    ]
]
_LOOPING += [
    (f, _HIDDEN.format(f"itertools.{name}"))
    for name, f in vars(itertools).items()
    if isinstance(f, type) and not name.startswith("_")
]
_LOOPING += [(f, f"{f.__name__}, which hides what is done") for f in (eval, exec)]
_LOOPING_METHODS = ("tolist", "index", "map", "starmap", "imap", "apply", "itertuples", "iterrows")


def loops(answer):
    """Every loop in `answer` and in what it reaches: a list of sentences, 'line 3: a for loop'."""
    found = []
    reached = reach(answer)
    for function in reached:
        tree = tree_of(function)
        where = "" if function is reached[0] else f" in {function.__name__}"
        for line, what in _loops_in(tree, function) if tree else []:
            found.append(f"line {line}{where}: {what}")
    for thing in _objects_in(answer):
        found.append(f"it is made by {type(thing).__name__}, which is a loop over Python objects")
    return list(dict.fromkeys(found))


def notebook_arrays(answer):
    """(line, name) for each array among the notebook's variables that `answer` or its helpers use."""
    found = []
    for function in reach(answer):
        for line, name in _globals_of(function):
            if isinstance(function.__globals__.get(name), np.ndarray):
                found.append((line, name))
    return found


def reach(answer):
    """The student's own functions that `answer` is made of or can call, itself first."""
    found, seen = [], set()

    def visit(thing, depth):
        if id(thing) in seen or depth > 30:
            return
        seen.add(id(thing))
        if isinstance(thing, types.FunctionType):
            if is_students(thing.__code__):
                found.append(thing)
            elif not hasattr(thing, "__wrapped__"):
                return
        for inner in _held_by(thing):
            if (
                isinstance(inner, (types.FunctionType, types.MethodType, functools.partial, np.vectorize))
                or _is_own(inner if isinstance(inner, type) else type(inner))
                or isinstance(getattr(inner, "__wrapped__", None), types.FunctionType)
            ):
                visit(inner, depth + 1)

    visit(answer, 0)
    return found


def tree_of(function):
    """The syntax tree of a function, with the lines of its cell; None where the source is not to be had."""
    code = function.__code__
    source = "".join(linecache.getlines(code.co_filename, function.__globals__))
    tree = _parsed(source or _timed_cell(code))
    if tree is None:
        return None
    if code.co_name == "<lambda>":
        found = [n for n in ast.walk(tree) if isinstance(n, ast.Lambda) and n.lineno == code.co_firstlineno]
        alike = [n for n in found if _compiles_to(n, code)]
        return (alike or found or [None])[0]
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == code.co_name:
            first = min([node.lineno] + [d.lineno for d in node.decorator_list])
            if code.co_firstlineno in (first, node.lineno):
                return node
    return None


def _timed_cell(code):
    """The cell under `%%time` that made this code: IPython compiles it without leaving its source."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython and code.co_filename == "<timed exec>" else None
    for cell in reversed(shell.history_manager.input_hist_raw if shell else []):
        body = cell.partition("\n")[2] if str(cell).startswith("%%") else ""
        with contextlib.suppress(SyntaxError, ValueError):
            made = [compile(body, code.co_filename, "exec")]
            for inner in made:
                made += [c for c in inner.co_consts if isinstance(c, types.CodeType)]
                if inner.co_name == code.co_name and inner.co_code == code.co_code:
                    return body
    return ""


@functools.lru_cache(maxsize=32)
def _parsed(source):
    try:
        return ast.parse(source) if source else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _compiles_to(node, code):
    """Whether a lambda of the cell is the one that was compiled to `code` (a line can hold several)."""
    try:
        made = compile(ast.Expression(node), "", "eval").co_consts[0]
        parts = "co_code", "co_names", "co_varnames"
        return all(getattr(made, part) == getattr(code, part) for part in parts)
    except (SyntaxError, ValueError, AttributeError, IndexError):
        return False


def _loops_in(tree, function):
    """(line, what) for each loop in the body of one function, in the order of the lines."""
    own = _bound_in(tree)
    found = []
    for node in _body(tree):
        what = _LOOPS.get(type(node))
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            thing = _value(node, function, own)
            what = next((text for looping, text in _LOOPING if thing is looping), None)
        elif isinstance(node, ast.Call):
            what = _looping_call(node, tree, function, own)
        if what:
            found.append((node.lineno, what))
    return sorted(set(found))


def _looping_call(node, tree, function, own):
    """The call itself is a loop: of a function by itself, of a builtin over an array, of a list's search."""
    called = node.func
    thing = _value(called, function, own)
    if isinstance(called, ast.Name):
        around = [
            n.name
            for n in ast.walk(tree)
            if isinstance(n, ast.FunctionDef) and n is not tree and any(inner is node for inner in ast.walk(n))
        ]
        if called.id in around or (isinstance(thing, types.FunctionType) and function in _calls(thing)):
            return "recursion (a function that calls itself), which is a loop"
        if any(thing is f for f in (sum, min, max)) and len(node.args) == 1 and not _is_few(node.args[0]):
            return f"Python's {called.id}() runs over the entries one by one; use np.{called.id}"
    if (
        isinstance(called, ast.Attribute)
        and called.attr in _LOOPING_METHODS
        and thing is None
        and not isinstance(called.value, ast.Constant)
    ):
        return f".{called.attr}() goes through Python objects one by one"
    return None


def _is_few(node):
    """max((N, C)), sum(scores.shape): a few sizes, not an array. (A comprehension is a loop itself.)"""
    return isinstance(node, (ast.Tuple, ast.List, ast.Set, *_LOOPS)) or any(
        isinstance(n, ast.Attribute) and n.attr == "shape" for n in ast.walk(node)
    )


def _calls(function, seen=None):
    """The student's functions that `function` calls by name, directly or through others."""
    seen = [] if seen is None else seen
    tree = tree_of(function)
    own = _bound_in(tree) if tree else {}
    for node in _body(tree) if tree else []:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called = _value(node.func, function, own)
            if isinstance(called, types.FunctionType) and is_students(called.__code__) and called not in seen:
                seen.append(called)
                _calls(called, seen)
    return seen


def _body(tree):
    """The nodes that run when the function is called: not its decorators, defaults and annotations."""
    for statement in tree.body if isinstance(tree.body, list) else [tree.body]:
        yield from ast.walk(statement)


def _bound_in(tree):
    """Names local to the function, each with what it stands for if it is imported there, else None."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            names[node.arg] = None
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names[node.id] = None
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node is not tree:
            names[node.name] = None
        elif isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = sys.modules.get(
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names[alias.asname or alias.name] = getattr(sys.modules.get(node.module), alias.name, None)
    return names


def _value(node, function, own):
    """What a name or a dotted name stands for when the function runs, or None."""
    if isinstance(node, ast.Attribute):
        base = _value(node.value, function, own)
        return getattr(base, node.attr, None) if isinstance(base, types.ModuleType) else None
    if not isinstance(node, ast.Name):
        return None
    if node.id in own:
        return own[node.id]
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))
    if node.id in cells:
        return _content(cells[node.id])
    return function.__globals__.get(node.id, getattr(builtins, node.id, None))


def _globals_of(function):
    """(line, name) for each global name that the function or a function inside it reads."""
    found, codes = [], [function.__code__]
    while codes:
        code = codes.pop(0)
        line = code.co_firstlineno
        for step in dis.get_instructions(code):
            line = _line_of(step, line)
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                found.append((line, step.argval))
        codes += [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return found


def _line_of(step, line):
    """The line of an instruction: an attribute that changed its meaning in Python 3.13."""
    number = getattr(step, "line_number", step.starts_line)
    return number if number is not None and number is not True and number is not False else line


def _held_by(thing):
    """What a function, a bound function, an object or a class holds on to and may call."""
    if isinstance(thing, functools.partial):
        return [thing.func, *thing.args, *thing.keywords.values()]
    if isinstance(thing, types.MethodType):
        return [thing.__func__, type(thing.__self__)]
    if isinstance(thing, np.vectorize):
        return [thing.pyfunc]
    if isinstance(thing, types.FunctionType):
        named = [thing.__globals__.get(name) for _, name in _globals_of(thing)]
        named += [
            getattr(m, name, None)
            for m in named
            if isinstance(m, types.ModuleType) and _is_own(m)
            for name in thing.__code__.co_names
        ]
        return [
            *named,
            *map(_content, thing.__closure__ or ()),
            *(thing.__defaults__ or ()),
            *(thing.__kwdefaults__ or {}).values(),
            getattr(thing, "__wrapped__", None),
        ]
    if isinstance(thing, type):
        own = [base for base in thing.__mro__ if _is_own(base)]
        return [getattr(f, "__func__", f) for base in own for f in vars(base).values()]
    return [type(thing), getattr(thing, "__wrapped__", None), *getattr(thing, "__dict__", {}).values()]


def _objects_in(answer):
    """np.vectorize objects among what the answer is made of: `score = np.vectorize(...)`."""
    things, found, seen = [answer, *reach(answer)], [], set()
    for thing in things:
        for inner in (thing, *_held_by(thing)):
            if isinstance(inner, np.vectorize) and id(inner) not in seen:
                seen.add(id(inner))
                found.append(inner)
    return found


def _is_own(thing):
    """True for a module or class that the student wrote."""
    if isinstance(thing, types.ModuleType):
        name, file = thing.__name__, getattr(thing, "__file__", None) or "<frozen >"
        return name == "__main__" or is_students(types.SimpleNamespace(co_filename=file))
    functions = [getattr(f, "__func__", f) for f in vars(thing).values()]
    return any(isinstance(f, types.FunctionType) and is_students(f.__code__) for f in functions)


def _content(cell):
    try:
        return cell.cell_contents
    except ValueError:
        return None
