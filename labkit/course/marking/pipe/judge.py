"""A check cell, judged in the marker's process: the verdict on what the notebook's process lets it call."""

import ast
import inspect
from typing import NamedTuple

from labkit import check
from labkit.check import EXERCISES
from labkit.check.answer import Marking
from labkit.check.verdict import WRONG, Row, Verdict, as_html
from labkit.course.marking.pipe.canary import TAMPERED, looks_away, looks_past
from labkit.course.marking.pipe.drawn import built
from labkit.course.marking.pipe.line import Lost
from labkit.course.marking.pipe.remote import Remote
from labkit.course.marking.pipe.wire import foreign
from labkit.course.marking.pipe.written import NOTHING


class Said(NamedTuple):
    """What a check said: points, plain text, HTML; or the error, (name, message), that kept it from judging.

    hints: what whoever marks should look at, where there are points.
    """

    points: float
    text: str
    page: str
    verdict: Verdict | None = None
    error: tuple | None = None
    hints: tuple = ()


def call_in(source):
    """The call in a check cell of one line, `check.score(score)`, as a tree; None where the cell is anything else."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return None
    call = body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    known = isinstance(call.func.value, ast.Name) and call.func.value.id == "check" and call.func.attr in check.__all__
    return call if known and call.func.attr not in ("use", "score_so_far", "EXERCISES") else None


def judge(call, line, seed, written=NOTHING):
    """Judge what a check cell hands over.

    call: what `call_in` found.
    line: the `Outside` end to the notebook's process.
    seed: of the cases; it is not told to that process.
    written: the text of the notebook's cells up to here, a `Written`.
    Returns what was `Said`.
    """
    judging = getattr(check, call.func.attr)
    try:
        handed = inspect.signature(judging).bind(*call.args, **{word.arg: word.value for word in call.keywords})
        for name, expression in handed.arguments.items():
            several = isinstance(expression, tuple)
            found = [_handed_over(name, line, inner, written) for inner in (expression if several else (expression,))]
            handed.arguments[name] = tuple(found) if several else found[0]
    except Lost as problem:
        return _failed("Lost", str(problem))
    except Exception as problem:  # as the cell would raise it in a notebook
        return _failed(type(problem).__name__, str(problem)[:500])
    with Marking(seed) as marking:
        judging(*handed.args, **handed.kwargs)
    line.forget()
    verdict = marking.said[-1]
    if verdict.earned and any(isinstance(argument, Remote) for argument in _flat(handed.arguments.values())):
        verdict = _if_looked_on(verdict, line, EXERCISES.get(call.func.attr), seed)
    names = [inner.id for inner in call.args if isinstance(inner, ast.Name)]
    hints = tuple(written.hints(names)) if verdict.earned and written is not NOTHING else ()
    return Said(float(verdict.earned), "\n".join(verdict.lines), as_html(verdict), verdict, None, hints)


def _if_looked_on(verdict, line, exercise, seed):
    """The verdict, if the notebook's process notices what it should; else one without points."""
    try:
        tampered = looks_away(line) or exercise is not None and looks_past(line, exercise, seed)
        fault = TAMPERED if tampered else None
    except Exception as problem:
        fault = f"its process did not stay to the end of the check ({problem})"
    if fault is None:
        return verdict
    row = Row(WRONG, "written in NumPy", fault, 0.0, float(verdict.points))
    return Verdict(verdict.name, 0.0, verdict.points, [row])


def _flat(arguments):
    return [inner for one in arguments for inner in (one if isinstance(one, tuple) else (one,))]


def _handed_over(name, line, expression, written):
    """An argument of the check: a function stays where it is, a plot is told and built up, the rest comes as it is."""
    text = ast.unparse(expression)
    if name in ("function", "functions"):
        return Remote(line, text, written)
    if name != "plot":
        return line.ask("data", text)
    told, kind, unsolved = line.ask("figure", text)
    if unsolved is True:
        return None
    try:
        axes = built(told)
    except (LookupError, TypeError, ValueError, AttributeError) as problem:
        raise Lost("what the figure holds cannot be read") from problem
    return axes if axes else _no_plot(kind)


def _no_plot(kind):
    """What is no plot, by the name of its type."""
    thing = foreign(kind)
    thing.__name__ = kind
    return thing


def _failed(name, message):
    return Said(0.0, "", "", None, (name, message))
