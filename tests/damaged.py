"""Solved labs in which some exercises are damaged, so that every exercise is damaged where every other one is whole."""

import copy
import itertools
import math
import re

import tiny_lab

from labkit.course import cells as labs

KINDS = ["emptied", "deleted", "syntax", "raises", "None", "nonsense", "at once"]


def stubs_of(release):
    """{exercise's grade id: the source that was handed out}"""
    return {labs.grading(c)["grade_id"]: c.source for c in release.cells if labs.kind(c) == "solution"}


def rows_of(release):
    """{check's grade id: the exercises that it looks at}"""
    names = {exercise: set(labs.names_bound(stub)) for exercise, stub in stubs_of(release).items()}
    return {
        labs.grading(cell)["grade_id"]: {e for e in names if names[e] & labs.names_used(cell.source)}
        for cell in release.cells
        if labs.kind(cell) == "check"
    }


def shared_out(exercises, kinds=KINDS):
    """{student: {exercise: kind of damage}}: of any two exercises there is one where only the first is damaged.

    Each exercise is in as many submissions, no two in the same ones; its kind changes from one to the next.
    """
    exercises = list(exercises)
    number = next(n for n in itertools.count(2) if math.comb(n, n // 2) >= len(exercises))
    found = {f"damaged {i + 1}": {} for i in range(number)}
    for index, (exercise, where) in enumerate(zip(exercises, itertools.combinations(found, number // 2))):
        for turn, student in enumerate(where):
            found[student][exercise] = kinds[(index + turn) % len(kinds)]
    return found


def with_damages(solved, stubs, damages):
    """A notebook with some of its exercises damaged.

    solved: the notebook. stubs: {exercise: the source that was handed out}. damages: {exercise: kind}.
    """
    nb = copy.deepcopy(solved)
    for exercise, kind in damages.items():
        at = tiny_lab.at(nb, exercise)
        if kind == "deleted":
            del nb.cells[at]
        else:
            nb.cells[at].source = _damaged(nb.cells[at].source, stubs[exercise], kind)
    return nb


def _damaged(source, stub, kind):
    functions = re.findall(r"^(?:def|class) (\w+)", source, re.M)
    if kind == "emptied":
        return ""
    if kind == "syntax":
        return source + "\n)"
    if kind == "at once":
        return "1 / 0\n" + source
    if not functions:
        value = {"raises": "1 / 0", "None": "None", "nonsense": "'nonsense'"}.get(kind, "None")
        return "\n".join(f"{name} = {value}" for name in labs.names_bound(stub))
    body = {
        "raises": "raise ZeroDivisionError('not today')",
        "None": "return None",
        "nonsense": "return 'nonsense'",
        "endless": "while True:\n        pass",
    }[kind]
    return "\n\n".join(f"def {name}(*args, **kwargs):\n    {body}" for name in functions) + "\n"
