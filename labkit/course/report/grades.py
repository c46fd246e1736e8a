"""`grades.csv`: a line for each student and lab; and the same for Canvas and Moodle."""

from pathlib import Path

from labkit.course.clean.text import shown
from labkit.course.report.exports import Grade, canvas, moodle
from labkit.course.report.result import Mark, Status
from labkit.course.tables import guarded, write_table

_FRONT = ("student", "name", "group", "lab", "status", "automatic", "automatic_max", "by_hand", "by_hand_max", "extra")
_FRONT += ("late_days", "late_points", "so_far", "total", "max", "still_to_mark")


def write_grades(report, lines):
    """Write grades.csv: points for each row of the rubrics, and totals.

    report: the folder.
    lines: `Line`s. The total is empty until everything is marked; so_far has what is.
    """
    ids = list(dict.fromkeys(row.id for line in lines if line.mark for row in line.mark.rubric))
    rows = [[*_FRONT, *ids, "comments", "message"]]
    write_table(Path(report) / "grades.csv", rows + [_row(line, ids) for line in lines])


def _row(line, ids):
    mark = line.mark or Mark(line.student, line.lab)
    points = {row.id: row.points for row in mark.rubric}
    written = [row.points for row in mark.rubric if row.kind == "manual" and row.points is not None]
    front = [
        guarded(line.student),
        guarded(line.known.name if line.known else ""),
        guarded(line.group),
        line.lab,
        line.status,
        _number(mark.automatic),
        _number(mark.automatic_max),
        _number(mark.by_hand) if written or not mark.by_hand_max else "",
        _number(mark.by_hand_max),
        _number(mark.extra or None),
        line.late.days if line.late else "",
        _number(-line.late.points if line.late else None),
        _number(line.points),
        "" if line.open else _number(line.points),
        _number(mark.max_points),
        len(mark.open),
    ]
    said = " ".join(filter(None, [mark.message, *mark.notes, *line.notes]))
    return [*front, *(_number(points.get(i)) for i in ids), guarded(comments(mark)), guarded(shown(said))]


def comments(mark):
    """What a person said, row by row, as one text."""
    return " ".join(f"{row.row}: {row.comment}" for row in mark.rubric if row.comment)


def write_exports(report, lines, course):
    """Write exports/canvas-LAB.csv and exports/moodle-LAB.csv, of those on the roster who are marked completely.

    report: the folder.
    lines: `Line`s.
    course: a `Course` with a roster; without one nothing is written.
    Returns {lab: how many are left out}: not on the roster, not marked completely, nothing handed in.
    """
    left_out = {}
    for lab in dict.fromkeys(line.lab for line in lines) if course.roster else ():
        mine = [line for line in lines if line.lab == lab]
        ready = [line for line in mine if line.known and line.status != Status.MISSING and not line.open]
        grades = [Grade(line.known, line.points, line.mark.max_points, _feedback(line)) for line in ready]
        title = next((line.mark.title for line in mine if line.mark), lab)
        names = course.lab(lab)
        write_table(Path(report) / "exports" / f"canvas-{lab}.csv", canvas(grades, names.canvas or title))
        write_table(Path(report) / "exports" / f"moodle-{lab}.csv", moodle(grades, names.moodle or title))
        if len(ready) < len(mine):
            left_out[lab] = len(mine) - len(ready)
    return left_out


def _feedback(line):
    """For the student, in a few lines: what each row brought, and what was said about it."""
    rows = [
        f"{row.row}: {_number(row.points)} of {_number(row.max_points)}" + (f" ({row.comment})" if row.comment else "")
        for row in line.mark.rubric
    ]
    return "\n".join([*rows, *late_words(line.late)])


def late_words(late):
    """What being late came to, in words: a list of at most one.

    late: a `Late`, or None.
    """
    if not late:
        return []
    free = f", {late.free} of them free" if late.free else ""
    return [f"{late.days} day{'s' * (late.days != 1)} late{free}: −{late.points:g} points"]


def _number(points):
    return "" if points is None else f"{round(points, 6):.12g}"
