"""Statistics of a class: what the points were, in which rows they were lost, which mistakes were made most often."""

import re
from collections import Counter
from typing import NamedTuple

from labkit.course.report.result import Status


class RowStatistics(NamedTuple):
    """A row of the rubric over the class: how many had all, some and none of its points, how many are not marked."""

    id: str
    row: str
    max_points: float
    mean: float
    full: int
    part: int
    none: int
    unmarked: int


class Diagnosis(NamedTuple):
    """A mistake that a check named, and who made it."""

    row: str
    text: str
    students: list


class LabStatistics(NamedTuple):
    """A lab over the class.

    handed_in, away: how many handed it in, and how many did not.
    points: of each who handed it in and is marked completely, in ascending order.
    unmarked: how many are not.
    statuses: {status: how many}.
    seconds: what marking took, for each.
    """

    lab: str
    title: str
    handed_in: int
    away: int
    max_points: float
    points: list
    unmarked: int
    rows: list
    diagnoses: list
    statuses: dict
    seconds: list


def lab_statistics(marks, totals=None):
    """Statistics of one lab.

    marks: those of all students for it, with what was decided.
    totals: {(student, lab): points}, late days taken off; those of the marks where it says nothing.
    Returns a `LabStatistics`. Who handed nothing in counts nowhere else.
    """
    there, totals = [mark for mark in marks if mark.status != Status.MISSING], totals or {}
    ids = list(dict.fromkeys(row.id for mark in there for row in mark.rubric))
    rows = [_row([row for mark in there for row in mark.rubric if row.id == i]) for i in ids]
    return LabStatistics(
        marks[0].lab,
        next((mark.title for mark in marks if mark.title), marks[0].lab),
        len(there),
        len(marks) - len(there),
        max((mark.max_points for mark in there), default=0.0),
        sorted(totals.get((mark.student, mark.lab), mark.points) for mark in there if not mark.open),
        sum(bool(mark.open) for mark in there),
        rows,
        _diagnoses(there),
        dict(Counter(str(mark.status) for mark in marks).most_common()),
        sorted(mark.seconds for mark in there),
    )


def _row(entries):
    most = entries[0].max_points
    marked = [entry.points for entry in entries if entry.points is not None]
    full, none = sum(points >= most for points in marked), sum(points <= 0 for points in marked)
    return RowStatistics(
        entries[0].id,
        entries[0].row,
        most,
        sum(marked) / len(marked) if marked else 0.0,
        full,
        len(marked) - full - none,
        none,
        len(entries) - len(marked),
    )


def _diagnoses(marks):
    """What the checks said to whom, the most frequent first; a student counts once for each."""
    found = {}
    for mark in marks:
        for row in mark.rubric:
            for text in said(row) if row.kind == "auto" else ():
                found.setdefault((row.row, text), {})[mark.student] = True
    every = [Diagnosis(row, text, list(students)) for (row, text), students in found.items()]
    return sorted(every, key=lambda diagnosis: -len(diagnosis.students))


def said(row):
    """What a row's verdict names as wrong: "the criterion: the diagnosis" for each, "not done yet", or an error."""
    if row.error:
        return [row.error.splitlines()[0][:200]]
    lines, found = row.verdict.splitlines(), []
    for line, below in zip(lines, [*lines[1:], ""]):
        if wrong := re.match(r"  ✘ (.+)", line):
            criterion = re.sub(r" \([\d.e+-]+ of [\d.e+-]+ points\)$", "", wrong[1])
            note = below.strip() if below.startswith("      ") else ""
            found.append(f"{criterion}: {note}" if note else criterion)
        elif re.match(r"\S.*: not done yet", line):
            found.append("not done yet")
    return found
