"""Grades for Canvas and Moodle, read back by the rules of their importers."""

import csv
import io

import pytest

from labkit.course.people.roster import Student
from labkit.course.report.exports import Grade, canvas, moodle
from labkit.course.tables import table

ADA = Student("al12", "Lovelace, Ada", "Ada@example.edu", {"id number": "4711"})
ZOE = Student("z1", 'Zoë "Z" O\'Neil', "", {"sis login id": "z1", "id": "901", "sis user id": "S9", "section": "B"})
GRADES = [Grade(ADA, 87.5, 100, "Plot of the loss: 7 of 10\nno unit"), Grade(ZOE, 33.333333, 100)]


def canvas_reads(text):
    """What Canvas's importer makes of a file: (points possible, {the key it finds a student by: score})."""
    header, *lines = csv.reader(io.StringIO(text))
    assert "Student" in header[0] and "ID" in header[1]
    assert "SIS User ID" in header[2] and "SIS Login ID" in header[3] and "Section" in header[4]
    possible, scores = {}, {}
    for line in lines:
        assert len(line) == len(header)
        if "Points Possible" in line[0]:
            possible = dict(zip(header[5:], line[5:]))
        else:
            scores[next(filter(None, (line[1], line[2], line[3], line[0])))] = dict(zip(header[5:], line[5:]))
    return possible, scores


def test_canvas_finds_each_student_and_its_assignment():
    possible, scores = canvas_reads(table(canvas(GRADES, "Lab 3: descent, numerical (4711)")))
    name = "Lab 3: descent, numerical (4711)"
    assert possible == {name: "100"}
    assert scores == {"al12": {name: "87.5"}, "901": {name: "33.33"}}


def test_a_column_called_id_is_canvass_only_in_canvass_own_list():
    plain = Student("al12", "Ada", "", {"id": "al12"})
    assert canvas([Grade(plain, 1, 2)], "x")[2][:4] == ["Ada", "", "", "al12"]


def test_moodle_gets_grade_and_feedback_together():
    header, first, second = csv.reader(io.StringIO(table(moodle(GRADES, "Lab 3"))))
    ada, zoe = dict(zip(header, first)), dict(zip(header, second))
    assert (ada["Username"], ada["ID number"], ada["Email address"]) == ("al12", "4711", "Ada@example.edu")
    assert (ada["Lab 3"], ada["Feedback comments"]) == ("87.5", "Plot of the loss: 7 of 10\nno unit")
    assert (zoe["Lab 3"], zoe["Feedback comments"]) == ("33.33", "")


@pytest.mark.parametrize("points, text", [(0, "0"), (0.1 + 0.2, "0.3"), (1234.5, "1234.5"), (123456.78, "123456.78")])
def test_points_are_plain_numbers(points, text):
    assert moodle([Grade(ADA, points, 1e6)], "x")[1][4] == text
