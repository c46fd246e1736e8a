"""Points given by eye: what can be given them, `eye.csv`, and the marks with them."""

import dataclasses
import math
from typing import NamedTuple

from labkit.course.report.result import Row
from labkit.course.tables import guarded, read_table, write_table

_COLUMNS = ("student", "lab", "id", "points", "comment")


class Item(NamedTuple):
    """What a person can give points: a plot, or a row that is marked by hand.

    id: of the plot or row.
    row: what it is called.
    check: the id of the automatic row that judges the same plot, or None; points by eye take its place.
    """

    id: str
    row: str
    max_points: float
    check: str | None


class Given(NamedTuple):
    """What a person gave: points, or None, and a comment for the student."""

    points: float | None
    comment: str = ""


def eye_items(marks):
    """What can be given points by eye in one lab: `Item`s, plots first, then the rows marked by hand.

    marks: the marks of that lab, the reference first if it is there.
    """
    items = {}
    rows = {row.id: row for mark in marks for row in mark.rubric}
    for plot in (plot for mark in marks for plot in mark.plots):
        if plot.id not in items and plot.max_points > 0:
            names = (plot.id, f"check-{plot.id}")
            check = next((name for name in names if name in rows and rows[name].kind == "auto"), None)
            items[plot.id] = Item(plot.id, plot.row, plot.max_points, check)
    for row in rows.values():
        if row.kind == "manual" and row.max_points > 0 and row.id not in items:
            items[row.id] = Item(row.id, row.row, row.max_points, None)
    return list(items.values())


def with_given(marks, eye):
    """Marks with the points that a person gave: the one place where those come together with the checks'.

    marks: of any labs; they stay as they are.
    eye: {(student, lab, id of an item or row): Given}.
    Returns (marks, problems): copies whose rows hold the points given, and sentences on entries that fit nothing or
    exceed the maximum, which are left out. Every mark of a lab gets all of the lab's rows.
    """
    items, rows = {}, {}
    for lab in {mark.lab for mark in marks}:
        of_lab = [mark for mark in marks if mark.lab == lab]
        items[lab] = {item.id: item for item in eye_items(of_lab)}
        rows[lab] = _rows(of_lab, items[lab].values())
    known = {(mark.student, mark.lab) for mark in marks}
    problems, given = [], {}
    for (student, lab, name), entry in eye.items():
        item = items.get(lab, {}).get(name)
        row = rows.get(lab, {}).get((item.check or item.id) if item else name)
        if row is None or (student, lab) not in known:
            problems.append(f"eye.csv names {student}, {lab}, {name}: no such student, lab or plot here")
        elif entry.points is not None and entry.points > row.max_points:
            problems.append(
                f"eye.csv gives {student} {entry.points:g} points for {lab}, {name}: "
                f"at most {row.max_points:g} are possible"
            )
        else:
            given.setdefault((student, lab), {})[name] = (row.id, entry)
    return [_with(mark, rows[mark.lab], given.get((mark.student, mark.lab), {})) for mark in marks], problems


def _rows(marks, items):
    """The rows of a lab by id: those of its rubric, and one for each plot that no row judges."""
    found = {row.id: row for mark in reversed(marks) for row in reversed(mark.rubric)}
    found = dict(reversed(found.items()))
    for item in items:
        found.setdefault(item.check or item.id, Row(item.id, item.row, item.max_points, "manual"))
    return found


def _with(mark, rows, given):
    mine = {row.id: row for row in mark.rubric}
    points = {row: entry.points for row, entry in given.values() if entry.points is not None}
    rubric = []
    for name, row in rows.items():
        old = mine.get(name) or dataclasses.replace(
            row, verdict="", error="", points=0.0 if row.kind == "auto" else None
        )
        rubric.append(dataclasses.replace(old, points=points[name], by_eye=True) if name in points else old)
    return dataclasses.replace(mark, rubric=rubric, given={name: entry for name, (_, entry) in given.items()})


# --- eye.csv -------------------------------------------------------------------------------------------------------


def read_eye(path):
    """Points given by eye, line by line: ({(student, lab, id): Given}, problems).

    path: a CSV file with the columns student, lab, id, points, comment, as the contact sheet exports it or as a
      spreadsheet saved it again (semicolons or tabs, decimal commas). Empty points and comment take back.
    problems: a sentence, with the line and what it is about, for each line that is left out: points that are no number
      of at least 0, a second line that says something else than the first.
    Raises ValueError for a file that is not of that kind.
    """
    header, lines = read_table(path)
    if not set(_COLUMNS[:4]) <= set(header):
        raise ValueError(
            f"{path}: the first line must name the columns {', '.join(_COLUMNS)}, got {', '.join(header)[:80]!r}"
        )
    found, problems = {}, []
    for number, fields in lines:
        try:
            key, entry = _entry(fields)
            if found.setdefault(key, entry) != entry:
                raise ValueError(f"{', '.join(key)} is there twice, with different points or comments")
        except ValueError as error:
            problems.append(f"{path}, line {number}: {error}")
    return found, problems


def _entry(fields):
    key = tuple(fields.get(name, "") for name in _COLUMNS[:3])
    if not all(key):
        raise ValueError("student, lab and id must all be there")
    text = fields.get("points", "")
    try:
        points = float(text.replace(",", ".")) if text else None
    except ValueError:
        points = -1.0
    if points is not None and not 0 <= points < math.inf:
        raise ValueError(f"points must be a number of at least 0, got {text!r} for {', '.join(key)}")
    return key, Given(points, fields.get("comment", ""))


def read_eye_points(path):
    """Points given by eye, as `read_eye` finds them, without empty lines; raises ValueError for the first problem."""
    found, problems = read_eye(path)
    if problems:
        raise ValueError(problems[0])
    return {key: entry for key, entry in found.items() if entry.points is not None or entry.comment}


def write_eye_points(eye, path):
    """Write points given by eye as the contact sheet exports them; the inverse of `read_eye_points`."""
    rows = [_COLUMNS]
    for key, entry in sorted(eye.items(), key=lambda pair: (pair[0][1], pair[0][0], pair[0][2])):
        points = "" if entry.points is None else f"{entry.points:.10g}"
        rows.append([*map(guarded, key), points, guarded(entry.comment)])
    write_table(path, rows, mark=True)
