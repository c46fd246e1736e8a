"""`alike.csv`: answers of different students that are the same but for names and layout, for a person to look at."""

import csv
import io
from pathlib import Path

from labkit.course.tables import guarded
from labkit.files import write


def equal_answers(marks):
    """[(lab, function, students)] of answers that several students share; in a large class many, if there is one way.

    marks: of the class.
    """
    found = {}
    for mark in marks:
        for name, told in mark.prints.items():
            found.setdefault((mark.lab, name, told), []).append(mark.student)
    return [(lab, name, students) for (lab, name, _), students in sorted(found.items()) if len(students) > 1]


def write_alike(out, marks):
    """Write `alike.csv`: lab, function, how many, and who, a line for each group."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["lab", "function", "students", "who"])
    for lab, name, students in equal_answers(marks):
        table.writerow([lab, name, len(students), guarded("; ".join(students))])
    write(Path(out) / "alike.csv", text.getvalue())
