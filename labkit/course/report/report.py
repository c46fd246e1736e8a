"""What `labkit grade` leaves behind: results, plots, feedback pages, `grades.csv`, nbgrader's gradebook."""

import csv
import io
import re
import sqlite3
import sys
import warnings
from pathlib import Path

from nbgrader.api import Gradebook

from labkit.course.report.alike import write_alike
from labkit.course.report.eye import Given, read_eye_points, with_given
from labkit.course.report.result import REFERENCE, mark_path, write_mark
from labkit.files import write

CONFIG = """\
# This folder is an nbgrader course: `nbgrader formgrader` and `nbgrader export` work in it.
from pathlib import Path

c = get_config()  # noqa: F821
c.CourseDirectory.root = str(Path(__file__).parent) if "__file__" in globals() else str(Path.cwd())
c.CourseDirectory.feedback_directory = "nbgrader-feedback"
"""


def store(out, mark, files):
    """Put a marked submission into the report, its JSON last.

    files: the bytes of what was made with it: plots by their name, `feedback.html`, `autograded.ipynb`.
    """
    out, student, lab = Path(out), mark.student, mark.lab
    for plot in mark.plots:
        name = plot.image
        if name and name in files:
            place = Path("reference", lab) if student == REFERENCE else Path("plots", student, lab)
            write(out / place / name, files[name])
            plot.image = (place / name).as_posix()
        else:
            plot.image = ""
    if student != REFERENCE and "feedback.html" in files:
        write(out / "feedback" / student / f"{lab}.html", files["feedback.html"])
        mark.feedback = f"feedback/{student}/{lab}.html"
    if student != REFERENCE and "autograded.ipynb" in files:
        write(out / "autograded" / student / lab / f"{lab}.ipynb", files["autograded.ipynb"])
    write_mark(mark_path(out, student, lab), mark)


def write_grades(out, marks):
    """`grades.csv`: a line for each student and lab, a column for each row of the rubrics.

    Points given by eye, or by hand in formgrader, are added as soon as they are there (`eye.csv`, `gradebook.db`).
    """
    ids = list(dict.fromkeys(row.id for mark in marks for row in mark.rubric))
    marks, problems = with_given(marks, given_points(out))
    for problem in problems:
        print(f"labkit grade: {problem}", file=sys.stderr)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    totals = ("automatic", "automatic_max", "by_hand", "by_hand_max", "total", "max", "still_to_mark")
    table.writerow(["student", "lab", "status", *totals, *ids, "message"])
    for mark in marks:
        points = {row.id: row.points for row in mark.rubric}
        numbers = (mark.automatic, mark.automatic_max, mark.by_hand, mark.by_hand_max, mark.points, mark.max_points)
        table.writerow(
            [
                *(_safe(mark.student), mark.lab, mark.status),
                *map(_g, numbers),
                len(mark.open),
                *(_g(points.get(name)) for name in ids),
                _safe(" ".join([mark.message, *mark.notes]).strip()),
            ]
        )
    write(Path(out) / "grades.csv", text.getvalue())
    write_alike(out, marks)


def given_points(out):
    """What a person gave, {(student, lab, id): Given}: from formgrader's gradebook, then from eye.csv, which wins."""
    found = {key: Given(points) for *key, points in _from_gradebook(Path(out) / "gradebook.db") for key in [tuple(key)]}
    return found | _from_eye(Path(out) / "eye.csv")


def _from_eye(path):
    try:
        return read_eye_points(path) if path.is_file() else {}
    except ValueError as error:
        print(f"labkit grade: the points given by eye are left out: {error}", file=sys.stderr)
        return {}


def _from_gradebook(path):
    if not path.is_file():
        return []
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as book:
            return book.execute(
                "SELECT sa.student_id, a.name, bc.name, g.manual_score FROM grade g "
                "JOIN submitted_notebook sn ON g.notebook_id = sn.id "
                "JOIN submitted_assignment sa ON sn.assignment_id = sa.id "
                "JOIN assignment a ON sa.assignment_id = a.id JOIN base_cell bc ON g.cell_id = bc.id "
                "WHERE g.manual_score IS NOT NULL"
            ).fetchall()
    except sqlite3.Error:
        return []


def _g(number):
    return f"{number:.6g}" if number is not None else ""


def _safe(text):
    """A spreadsheet takes a text that begins so for a formula."""
    text = text.encode("utf-8", "replace").decode()
    return "'" + text if re.match(r"[=+\-@\t\r]", text) else text


def merge_gradebook(out, marks):
    """Enter the automatic points into nbgrader's gradebook; points given by hand in formgrader stay."""
    out = Path(out)
    write(out / "nbgrader_config.py", CONFIG)
    with warnings.catch_warnings(), Gradebook(f"sqlite:///{(out / 'gradebook.db').resolve()}") as book:
        warnings.simplefilter("ignore")  # SQLAlchemy's advice to nbgrader
        for mark in marks:
            if mark.student == REFERENCE:
                continue
            book.update_or_create_student(mark.student)
            book.update_or_create_submission(mark.lab, mark.student)
            notebook = book.find_submission_notebook(mark.lab, mark.lab, mark.student)
            rows = {row.id: row for row in mark.rubric}
            for grade in notebook.grades:
                row = rows.get(grade.name)
                grade.auto_score = row.points if row else 0.0
                grade.needs_manual_grade = bool(row and row.points is None and grade.manual_score is None)
            for comment in notebook.comments:
                comment.auto_comment = mark.comments.get(comment.name)
        book.db.commit()
