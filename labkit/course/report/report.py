"""What `labkit grade` leaves behind: results, plots, feedback pages, `grades.csv`, nbgrader's gradebook."""

import csv
import io
import json
import re
import sqlite3
import sys
import warnings
from pathlib import Path

from nbgrader.api import Gradebook

from labkit.course.report.eye import read_eye_points
from labkit.files import write

REFERENCE = "_reference"

CONFIG = """\
# This folder is an nbgrader course: `nbgrader formgrader` and `nbgrader export` work in it.
from pathlib import Path

from nbgrader.api import Gradebook

c = get_config()  # noqa: F821
c.CourseDirectory.root = str(Path(__file__).parent) if "__file__" in globals() else str(Path.cwd())
c.CourseDirectory.feedback_directory = "nbgrader-feedback"
"""


def result_path(out, student, lab):
    """Where the result of a submission is kept."""
    return Path(out) / "results" / student / f"{lab}.json"


def known_result(out, student, lab):
    """The stored result of a submission, None if there is none that can be read."""
    try:
        found = json.loads(result_path(out, student, lab).read_text(encoding="utf-8"))
        return found if isinstance(found, dict) and "rubric" in found else None
    except (OSError, ValueError):
        return None


def store(out, result, files):
    """Put a marked submission into the report, its JSON last.

    files: the bytes of what was made with it: plots by their name, `feedback.html`, `autograded.ipynb`.
    """
    out, student, lab = Path(out), result["student"], result["lab"]
    for plot in result["plots"]:
        name = plot["image"]
        if name and name in files:
            place = Path("reference", lab) if student == REFERENCE else Path("plots", student, lab)
            write(out / place / name, files[name])
            plot["image"] = (place / name).as_posix()
        else:
            plot["image"] = ""
    if student != REFERENCE and "feedback.html" in files:
        write(out / "feedback" / student / f"{lab}.html", files["feedback.html"])
        result["feedback"] = f"feedback/{student}/{lab}.html"
    if student != REFERENCE and "autograded.ipynb" in files:
        write(out / "autograded" / student / lab / f"{lab}.ipynb", files["autograded.ipynb"])
    write(result_path(out, student, lab), json.dumps(result, ensure_ascii=False, indent=1))


def write_grades(out, results):
    """`grades.csv`: a line for each student and lab, a column for each row of the rubrics.

    Points given by eye, or by hand in formgrader, are added as soon as they are there (`eye.csv`, `gradebook.db`).
    """
    ids = list(dict.fromkeys(row["id"] for result in results for row in result["rubric"]))
    by_hand = manual_points(out)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(
        [
            "student",
            "lab",
            "status",
            "automatic",
            "automatic_max",
            "by_hand",
            "by_hand_max",
            "total",
            "max",
            "still_to_mark",
            *ids,
            "message",
        ]
    )
    for result in results:
        points = {row["id"]: row["points"] for row in result["rubric"]}
        given = {i: p for i, p in by_hand.get((result["student"], result["lab"]), {}).items() if i in points}
        manual = [row for row in result["rubric"] if row["kind"] == "manual"]
        automatic = sum(given.get(r["id"], r["points"]) for r in result["rubric"] if r["kind"] == "auto")
        hand = sum(given.get(r["id"], r["points"] or 0.0) for r in manual)
        left = sum(r["points"] is None and r["id"] not in given for r in manual)
        shown = points | given
        table.writerow(
            [
                _safe(result["student"]),
                result["lab"],
                result["status"],
                _g(automatic),
                _g(result["auto_max"]),
                _g(hand),
                _g(result["manual_max"]),
                _g(automatic + hand),
                _g(result["auto_max"] + result["manual_max"]),
                left,
                *("" if shown.get(i) is None else _g(shown[i]) for i in ids),
                _safe(" ".join([result["message"], *result["notes"]]).strip()),
            ]
        )
    write(Path(out) / "grades.csv", text.getvalue())


def manual_points(out):
    """Points given by a person, {(student, lab): {id: points}}: from formgrader's gradebook, then from eye.csv."""
    found = {}
    for student, lab, row, points in [*_from_gradebook(Path(out) / "gradebook.db"), *_from_eye(Path(out) / "eye.csv")]:
        found.setdefault((student, lab), {})[row] = points
    return found


def _from_eye(path):
    """Points of eye.csv, for the plot or written answer itself and for the check that judges the same plot."""
    if not path.is_file():
        return
    try:
        given = read_eye_points(path)
    except ValueError as error:
        print(f"labkit grade: the points given by eye are left out: {error}", file=sys.stderr)
        return
    for (student, lab, row), entry in given.items():
        if entry["points"] is not None:
            yield student, lab, row, entry["points"]
            yield student, lab, "check-" + row, entry["points"]


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


def merge_gradebook(out, results):
    """Enter the automatic points into nbgrader's gradebook; points given by hand in formgrader stay."""
    out = Path(out)
    write(out / "nbgrader_config.py", CONFIG)
    with warnings.catch_warnings(), Gradebook(f"sqlite:///{(out / 'gradebook.db').resolve()}") as book:
        warnings.simplefilter("ignore")  # SQLAlchemy's advice to nbgrader
        for result in results:
            if result["student"] == REFERENCE:
                continue
            book.update_or_create_student(result["student"])
            book.update_or_create_submission(result["lab"], result["student"])
            notebook = book.find_submission_notebook(result["lab"], result["lab"], result["student"])
            grades = result.get("grades") or {}
            points = {row["id"]: row for row in result["rubric"]}
            for grade in notebook.grades:
                row = points.get(grade.name)
                grade.auto_score = row["points"] if row else 0.0
                grade.needs_manual_grade = bool(row and row["points"] is None and grade.manual_score is None)
            comments = grades.get("", {}).get("comments", {})
            for comment in notebook.comments:
                comment.auto_comment = comments.get(comment.name)
        book.db.commit()
