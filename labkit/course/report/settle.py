"""Bring together what was marked and what a person decided, and write all that follows from it.

It reads the results in the report, of every lab and student that were ever marked into it, and runs nothing.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

from labkit.course.people.codes import read_key
from labkit.course.people.settings import Course, read_course
from labkit.course.report import decided
from labkit.course.report.alike import write_alike
from labkit.course.report.eye import eye_items, read_eye
from labkit.course.report.gradebook import fill_gradebook
from labkit.course.report.grades import write_exports, write_grades
from labkit.course.report.handed_back import write_feedback
from labkit.course.report.lines import hours_late, lines_of
from labkit.course.report.result import Mark, Row, Status, mark_path, read_marks, write_mark
from labkit.course.report.sheet import write_sheet
from labkit.course.report.statistics_page import write_statistics


def settle_decisions(report):
    """Take over what the sheet and formgrader say: (kept, counted, problems).

    report: the folder of `labkit grade`. Its eye.csv and gradebook.db are read, and decided.json is brought up to date.
    kept, counted: what was decided, {(student, lab, row): Kept}; counted is without points that cannot be any more,
        because the lab has changed.
    problems: a sentence for each entry that cannot be, and for each row on which the two disagree.
    Raises ValueError if what was decided earlier cannot be read.
    """
    report = Path(report)
    marks, references, _ = read_marks(report)
    before = decided.read_kept(report)
    of_lab = {lab: [m for m in [*references.values(), *marks] if m.lab == lab] for lab in {m.lab for m in marks}}
    rows = {
        lab: {row.id: row.max_points for mark in every[::-1] for row in mark.rubric} for lab, every in of_lab.items()
    }
    most = {(mark.student, mark.lab, row): points for mark in marks for row, points in rows[mark.lab].items()}
    sheet, problems = _from_sheet(report, of_lab, {mark.student for mark in marks})
    sheet = {key: entry for key, entry in sheet.items() if key not in before or entry != before[key].sheet}
    sheet, wrong = decided.refused(sheet, most, "eye.csv")
    formgrader = decided.from_gradebook(report / "gradebook.db", rows)
    formgrader = {key: entry for key, entry in formgrader.items() if key in most or entry.points or entry.extra}
    same = {key for key, entry in formgrader.items() if key in before and entry == before[key].formgrader}
    formgrader = {key: entry for key, entry in formgrader.items() if key not in same}
    formgrader, strange = decided.refused(formgrader, most, "formgrader")
    kept, conflicts = decided.decide(before, sheet, formgrader)
    mark_of = {(mark.student, mark.lab): mark for mark in marks}
    for key, entry in kept.items():
        if not entry.seen and key[:2] in mark_of:
            kept[key] = entry._replace(seen=decided.about(mark_of[key[:2]], key[2], report))
    counted, impossible = decided.possible(kept, most)
    if kept or (report / decided.NAME).is_file():
        decided.write_kept(report, kept)
    disagree = [f"{', '.join(key)}: {said}; that of the sheet was taken" for key, said in conflicts]
    return kept, counted, problems + wrong + strange + impossible + disagree


def _from_sheet(report, of_lab, students):
    """What eye.csv says, by row of the rubric; codes of an anonymous sheet become names again."""
    path = report / "eye.csv"
    if not path.is_file():
        return {}, []
    try:
        entries, problems = read_eye(path)
        key = read_key(report / "codes.csv") if (report / "codes.csv").is_file() else {}
    except ValueError as error:
        return {}, [f"the points given by eye are left out: {error}"]
    row_of = {(lab, item.id): item.check or item.id for lab, every in of_lab.items() for item in eye_items(every)}
    for lab, every in of_lab.items():  # a plot that nobody drew is given points, too
        for row in (row for mark in every for row in mark.rubric):
            row_of.setdefault((lab, row.id.removeprefix("check-")), row.id)
    found = {}
    for (student, lab, item), entry in entries.items():
        who = student if student in students else key.get(student, student)
        decision = decided.Decision(*entry)
        if found.setdefault((who, lab, row_of.get((lab, item), item)), decision) != decision:
            problems.append(f"eye.csv: {who}, {lab}, {item} is there by name and by code, and differs; one was taken")
    return found, problems


def apply(marks, kept):
    """Marks with what was decided: the one place where a person's points take the place of a check's.

    marks: as they are in the report; they stay as they are.
    kept: {(student, lab, row): Kept}.
    """
    found = []
    for mark in marks:
        rubric = []
        for row in map(Row.checked, mark.rubric):
            decision = kept.get((mark.student, mark.lab, row.id), decided.Kept()).decision
            if decision.points is not None:
                row = replace(row, points=decision.points, by_eye=True, automatic=row.points)
            rubric.append(replace(row, comment=decision.comment, extra=decision.extra))
        found.append(replace(mark, rubric=rubric))
    return found


def settle(report, course=None, current=None, times=None, anonymous=False):
    """Write what follows from results and decisions: results, gradebook, feedback, grades, statistics, contact sheet.

    report: the folder of `labkit grade`.
    course: a `Course`; None for one about which nothing is said.
    current: (student, lab) of the submissions that are there now; None if unknown.
    times: {(student, lab): when it was handed in, as ISO text}, of those whose time is known now.
    anonymous: write a contact sheet with codes in the place of names, too.
    Returns problems, a sentence for each. Raises ValueError if what was decided earlier cannot be read.
    """
    report, course = Path(report), course or Course()
    kept, counted, problems = settle_decisions(report)
    before, _, unreadable = read_marks(report)
    marks = apply(before, counted)
    for mark in marks:
        mark.handed_in = (times or {}).get((mark.student, mark.lab), mark.handed_in)
        problems += _handed_in_again(mark, kept, report)
    for mark, old in zip(marks, before):
        path = mark_path(report, mark.student, mark.lab)
        if mark != old and path.is_file():
            write_mark(path, mark)
    if not marks:
        return problems + unreadable
    lines = lines_of(marks, course, current)
    fill_gradebook(report, marks, counted)
    if kept:
        decided.write_kept(report, decided.written_back(kept, counted))
    write_feedback(report, lines)
    write_grades(report, lines)
    write_alike(report, marks)
    left_out = write_exports(report, lines, course)
    problems += [
        f"exports of {lab}: {count} left out, who handed nothing in, are not marked completely or not on the roster"
        for lab, count in left_out.items()
    ]
    of_students = [_of_student(line) for line in lines]
    totals = {(line.student, line.lab): line.points for line in lines}
    write_statistics(report / "statistics.html", of_students, hours_late(lines, course), totals)
    write_sheet(report, lines=lines)
    if anonymous:
        write_sheet(report, anonymous=True, lines=lines)
    return problems + unreadable


def _handed_in_again(mark, kept, report):
    """Note in a mark, once, where something else was handed in after a person had decided; returns sentences on it.

    mark: with the time at which it was handed in.
    kept: the decisions, which from now on are about what is there.
    """
    said = []
    for row in mark.rubric:
        key = (mark.student, mark.lab, row.id)
        entry = kept.get(key)
        if entry is None or entry.decision == decided.NOTHING:
            continue
        now = decided.about(mark, row.id, report)
        if all(old != new for old, new in zip(entry.seen, now)):
            said.append(f"{row.row}: another one was handed in after it was marked by hand: look at it again")
        kept[key] = entry._replace(seen=now)
    mark.notes = mark.notes + said
    return [f"{mark.student}, {mark.lab}: {text}" for text in said]


def _of_student(line):
    """A line as a mark, for the statistics: each member of a group, and who handed nothing in."""
    return replace(line.mark or Mark("", line.lab, status=Status.MISSING), student=line.student)


def bring_in(report, anonymous=False):
    """The command `labkit sheet`: take over what was decided by hand since, and write all pages and tables anew.

    report: the folder of `labkit grade`.
    anonymous: write a contact sheet with codes in the place of names, too.
    Returns the exit status: 0, or 1 if the report cannot be read.
    """
    report = Path(report)
    try:
        page = report / ("anonymous.html" if anonymous else "index.html")
        if not read_marks(report)[0]:
            raise ValueError(f"no results of marking in {report / 'results'}: run `labkit grade` with --out {report}")
        about = _about(report)
        course = read_course(about.get("course") or None, about.get("submissions") or report)
        for problem in settle(report, course, anonymous=anonymous):
            print(f"labkit sheet: {problem}", file=sys.stderr)
    except (OSError, ValueError) as error:
        print(f"labkit sheet: {error}", file=sys.stderr)
        return 1
    print(f"{page} ({page.stat().st_size / 1e6:.1f} MB)")
    return 0


def _about(report):
    try:
        return json.loads((report / "about.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
