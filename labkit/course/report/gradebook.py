"""nbgrader's gradebook in the report: the automatic points, and what a person decided, for formgrader to show."""

import warnings
from pathlib import Path

from nbgrader.api import Gradebook

from labkit.course.nbgrader_course import write_config
from labkit.course.release import programs_on_path


def fill_gradebook(report, marks, kept):
    """Enter marks and decisions into gradebook.db.

    report: the folder.
    marks: with what was decided.
    kept: {(student, lab, row): Kept}; what formgrader shows from now on is what was decided.
    A lab that the gradebook does not know, or a row, is passed over.
    """
    report = Path(report)
    write_config(report)
    programs_on_path()
    with warnings.catch_warnings(), Gradebook(f"sqlite:///{(report / 'gradebook.db').resolve()}") as book:
        warnings.simplefilter("ignore")  # SQLAlchemy's advice to nbgrader
        labs = {assignment.name for assignment in book.assignments}
        for mark in marks:
            if mark.lab in labs:
                book.update_or_create_student(mark.student)
                book.update_or_create_submission(mark.lab, mark.student)
                _enter(book.find_submission_notebook(mark.lab, mark.lab, mark.student), mark, kept)
        book.db.commit()


def _enter(notebook, mark, kept):
    def decided(name):
        found = kept.get((mark.student, mark.lab, name))
        return found.decision if found else None

    rows = {row.id: row for row in mark.rubric}
    for grade in notebook.grades:
        row, decision = rows.get(grade.name), decided(grade.name)
        grade.auto_score = row.checked().points if row else 0.0
        grade.manual_score = decision.points if decision else None
        grade.extra_credit = decision.extra if decision and decision.extra else None
        grade.needs_manual_grade = bool(row and row.points is None)
    for comment in notebook.comments:
        decision = decided(comment.name) or decided(f"check-{comment.name}")
        comment.auto_comment = mark.comments.get(comment.name)
        comment.manual_comment = decision.comment if decision and decision.comment else None
