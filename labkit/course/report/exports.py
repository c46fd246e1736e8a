"""Grades as learning platforms import them: Canvas's gradebook and Moodle's grade import, a file for each lab.

Only who is on the roster and marked completely is in a file: a grade that is not final would be handed out as one, an
empty field would delete what the platform has, and one unknown student makes Moodle refuse the whole file.
"""

from typing import NamedTuple

from labkit.course.people.roster import Student


class Grade(NamedTuple):
    """What goes to the platform of one student and lab: points, of how many, and a text for the student."""

    student: Student
    points: float
    max_points: float
    feedback: str = ""


def canvas(grades, column):
    """The rows of a CSV file for Canvas: Gradebook > Import.

    grades: `Grade`s of one lab.
    column: the assignment as Canvas writes it, with its number if there is one: "Lab 3 (4711)"; else Canvas asks.
    Canvas finds a student by its own ID, else by SIS User ID, SIS Login ID or name. It wants these columns in this
    order, and the points possible in the second line.
    """
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", column]
    most = max((grade.max_points for grade in grades), default=0.0)
    rows = [header, ["    Points Possible", "", "", "", "", _number(most)]]
    for grade in grades:
        known = grade.student.other
        own = known.get("id", "") if "sis login id" in known else ""  # in any other list, "id" is not Canvas's
        login, section = known.get("sis login id") or grade.student.id, known.get("section", "")
        rows.append([grade.student.name, own, known.get("sis user id", ""), login, section, _number(grade.points)])
    return rows


def moodle(grades, column):
    """The rows of a CSV file for Moodle: Grades > Import > CSV file, mapped by e-mail address, username or ID number.

    grades: `Grade`s of one lab.
    column: what the grade item is called.
    The feedback stands beside the grade: imported without it, Moodle would delete the grades.
    """
    rows = [["Username", "ID number", "Full name", "Email address", column, "Feedback comments"]]
    for grade in grades:
        known = grade.student.other
        login = known.get("username") or grade.student.id
        rows.append(
            [login, known.get("id number", ""), grade.student.name, grade.student.email, _number(grade.points)]
            + [grade.feedback]
        )
    return rows


def _number(points):
    return f"{round(points, 2):.12g}"
