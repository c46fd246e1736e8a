"""What a person decided stays and reaches the student: over every further run, for one lab or for one student."""

import csv
import json
import os
import shutil

import pytest
import quick_marking
import tiny_lab
from made_up_class import model_of
from nbgrader.api import Gradebook

from labkit.course.people.settings import read_course
from labkit.course.report.settle import settle
from labkit.course.report.statistics import lab_statistics

NAME = tiny_lab.NAME
WORDS = {"ada": "It follows the **slope** $-\\nabla L$.", "bob": "No idea.", "blank": ""}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    quick_marking.write_class(folder, WORDS)
    with pytest.MonkeyPatch.context() as patch:
        quick_marking.without_running(patch, WORDS, statistics=True)
        assert quick_marking.run(folder) == 0
    return folder


@pytest.fixture
def marked(course, tmp_path, again):
    shutil.copytree(course, tmp_path / "course")
    return tmp_path / "course"


@pytest.fixture
def again(monkeypatch):
    """Whom `labkit grade` has marked, of (student, lab)."""
    return quick_marking.without_running(monkeypatch, WORDS)


grade = quick_marking.run


def settled(folder):
    """What `labkit grade` writes once marking is over; the problems that it names."""
    return settle(folder / "report", read_course(None, folder))


def line_of(folder, student, lab=NAME):
    lines = list(csv.DictReader((folder / "report" / "grades.csv").open(encoding="utf-8")))
    return next(line for line in lines if (line["student"], line["lab"]) == (student, lab))


def result_of(folder, student, lab=NAME):
    return json.loads((folder / "report" / "results" / student / f"{lab}.json").read_text(encoding="utf-8"))


def row_of(folder, student, row):
    return next(r for r in result_of(folder, student)["rubric"] if r["id"] == row)


def page_of(folder, student):
    return (folder / "report" / "feedback" / student / f"{NAME}.html").read_text(encoding="utf-8")


def by_sheet(folder, *lines):
    text = "".join(f"{student},{NAME},{row},{points},{comment}\n" for student, row, points, comment in lines)
    (folder / "report" / "eye.csv").write_text("student,lab,id,points,comment\n" + text, encoding="utf-8")


def by_formgrader(folder, student, row, points=None, comment=None, extra=None):
    with Gradebook(f"sqlite:///{folder / 'report' / 'gradebook.db'}") as book:
        grade = book.find_grade(row, NAME, NAME, student)
        grade.manual_score, grade.extra_credit = points, extra
        if comment is not None:
            book.find_comment(row.removeprefix("check-"), NAME, NAME, student).manual_comment = comment
        book.db.commit()


def test_what_nobody_has_marked_yet_is_not_0(course):
    assert "not marked yet" in page_of(course, "ada") and "0.0 / 4.0" not in page_of(course, "ada")
    assert line_of(course, "ada")["why"] == line_of(course, "ada")["total"] == ""
    assert line_of(course, "ada")["so_far"] == "35"
    assert row_of(course, "blank", "why")["points"] == 0.0  # nothing was written


def test_points_and_comments_reach_all_that_is_handed_back_and_stay(marked):
    by_sheet(marked, ("ada", "why", "3.5", "Say why <i>downhill</i>"), ("ada", "cost-plot", "7", "no unit"))
    by_formgrader(marked, "bob", "why", 1.0, "See the lecture & ask", extra=2.0)
    assert not settled(marked)
    (marked / "report" / "eye.csv").unlink()
    for more in ((), ("--fresh",)):
        assert grade(marked, *more) == 0
        ada, bob = line_of(marked, "ada"), line_of(marked, "bob")
        assert (ada["by_hand"], ada["check-cost-plot"], ada["total"]) == ("3.5", "7", "35.5"), more
        assert (bob["by_hand"], bob["extra"], bob["still_to_mark"]) == ("1", "2", "0"), more
        assert row_of(marked, "ada", "why")["points"] == 3.5 and "no unit" in ada["comments"], more
        assert result_of(marked, "ada")["points"] == 35.5
        page = page_of(marked, "ada")
        assert "35.5 of 39 points" in page and "Say why &lt;i&gt;downhill" in page and "7 of 10" in page, more
        assert "See the lecture &amp; ask" in page_of(marked, "bob") and "1 of 4 + 2" in page_of(marked, "bob")
        assert page.count("35.5 of 39 points") == 1 and "Score: 0.0" not in page
        with Gradebook(f"sqlite:///{marked / 'report' / 'gradebook.db'}") as book:
            assert book.find_grade("why", NAME, NAME, "ada").manual_score == 3.5
            assert not book.find_submission_notebook(NAME, NAME, "ada").needs_manual_grade


def test_the_newer_of_two_decisions_counts(marked):
    by_sheet(marked, ("ada", "why", "3", ""))
    assert not settled(marked)
    by_formgrader(marked, "ada", "why", 2.0)
    assert not settled(marked) and line_of(marked, "ada")["why"] == "2"
    by_sheet(marked, ("ada", "why", "4", ""))
    assert not settled(marked) and line_of(marked, "ada")["why"] == "4"
    by_sheet(marked, ("ada", "why", "1", ""))
    by_formgrader(marked, "ada", "why", 0.5)
    (said,) = settled(marked)
    assert "ada" in said and "1 in the sheet, 0.5 in formgrader" in said and line_of(marked, "ada")["why"] == "1"
    by_sheet(marked, ("ada", "why", "", ""))
    assert not settled(marked) and line_of(marked, "ada")["why"] == ""


def test_points_that_cannot_be_are_refused_with_their_row_and_the_others_count(marked):
    for points in ("4.5", "-1", "nan", "inf", "three", "1e999"):
        by_sheet(marked, ("bob", "why", points, ""), ("ada", "why", "2", ""))
        (said,) = settled(marked)
        assert all(word in said for word in ("eye.csv", "bob", "why", NAME)), said
        assert line_of(marked, "bob")["why"] == "" and line_of(marked, "ada")["why"] == "2"
    by_sheet(marked, ("bbo", "why", "1", ""), ("bob", "nothing", "1", ""))
    assert len(settled(marked)) == 2 and line_of(marked, "ada")["why"] == "2"


def test_formgraders_points_above_the_maximum_are_refused(marked, capsys):
    by_formgrader(marked, "bob", "check-accuracy", 50.0)
    assert grade(marked) == 0  # and named
    assert "formgrader: bob" in (said := capsys.readouterr().err) and "at most 5" in said
    assert line_of(marked, "bob")["check-accuracy"] == "5"


def test_a_run_for_another_lab_keeps_the_first_labs_rows(marked):
    by_sheet(marked, ("ada", "why", "3", ""))
    assert grade(marked) == 0
    other = tiny_lab.lab()  # handed in as it is: the solved lab
    for cell in other.cells:
        cell.id = f"o-{cell.id}"
    (marked / "notebooks" / "08_other.ipynb").write_text(json.dumps(other), encoding="utf-8")
    (marked / "subs" / "ada" / "08_other.ipynb").write_text(json.dumps(other), encoding="utf-8")
    assert grade(marked, "--labs", "8") == 0
    assert line_of(marked, "ada")["total"] == "38" and line_of(marked, "ada", "08_other")["lab"] == "08_other"
    shutil.rmtree(marked / "subs" / "bob")
    assert grade(marked, "--labs", "7") == 0
    assert "no longer among" in line_of(marked, "bob")["message"] and line_of(marked, "bob")["check-accuracy"] == "5"


def _change_lab(folder, where="why", **changes):
    """Change the nbgrader metadata of a cell in the course's notebook."""
    path = folder / "notebooks" / f"{NAME}.ipynb"
    nb = json.loads(path.read_text(encoding="utf-8"))
    cell = next(cell for cell in nb["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == where)
    cell["metadata"]["nbgrader"].update(changes)
    path.write_text(json.dumps(nb), encoding="utf-8")


def test_points_above_what_a_row_is_worth_by_now_do_not_count_and_are_named(marked, capsys):
    by_sheet(marked, ("ada", "why", "3.5", "good"), ("bob", "why", "1", ""))
    assert grade(marked) == 0
    _change_lab(marked, points=2.0)
    (marked / "report" / "eye.csv").unlink()
    for _ in range(2):  # until somebody decides anew
        capsys.readouterr()
        assert grade(marked, "--fresh") == 0
        said = capsys.readouterr().err
        assert said.count("decided earlier: ada") == 1 and "at most 2 are possible" in said and "bob" not in said
        ada, bob = line_of(marked, "ada"), line_of(marked, "bob")
        assert (ada["why"], ada["still_to_mark"], bob["why"]) == ("", "1", "1") and "good" in ada["comments"]
    by_sheet(marked, ("ada", "why", "2", ""))
    assert not settled(marked) and line_of(marked, "ada")["why"] == "2"


def test_decisions_on_a_row_that_is_gone_are_named_and_come_back_with_it(marked, capsys):
    by_formgrader(marked, "bob", "why", 1.0, "See the lecture")
    assert grade(marked) == 0
    _change_lab(marked, grade_id="why-not")
    assert grade(marked, "--fresh") == 0
    assert "decided earlier: bob, 07_tiny, why: there is no such" in capsys.readouterr().err
    _change_lab(marked, "why-not", grade_id="why")
    assert grade(marked, "--fresh") == 0
    assert line_of(marked, "bob")["why"] == "1" and "See the lecture" in line_of(marked, "bob")["comments"]


def test_another_answer_handed_in_after_marking_keeps_its_points_and_is_named_once(marked, capsys, monkeypatch):
    by_sheet(marked, ("ada", "why", "3.5", "good"), ("bob", "why", "1", ""))
    assert grade(marked) == 0
    for student in ("ada", "bob"):  # bob hands in the same once more
        path = marked / "subs" / student / f"{NAME}.ipynb"
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        os.utime(path, (2e9, 2e9))
    quick_marking.without_running(monkeypatch, WORDS | {"ada": "Something else."})
    capsys.readouterr()
    assert grade(marked, "--fresh") == 0
    said = capsys.readouterr().err
    assert said.count("look at it again") == 1 and "ada, 07_tiny: Why: another one was handed in" in said
    assert line_of(marked, "ada")["why"] == "3.5" and "look at it again" in line_of(marked, "ada")["message"]
    assert grade(marked) == 0 and "look at it again" not in capsys.readouterr().err
    assert "look at it again" in line_of(marked, "ada")["message"] and not line_of(marked, "bob")["message"]


def test_regrade_marks_again_whom_it_names_and_no_others(marked, again, capsys):
    (marked / "subs" / "eve").mkdir()
    shutil.copy(marked / "subs" / "ada" / f"{NAME}.ipynb", marked / "subs" / "eve")
    assert grade(marked, "--regrade", "bob") == 0
    assert again == [("bob", NAME)] and line_of(marked, "ada")["so_far"] == "35"
    assert grade(marked, "--regrade", "bod") == 2 and "bob?" in capsys.readouterr().err
    assert grade(marked) == 0 and again == [("bob", NAME), ("eve", NAME)]


COURSE = """
timezone = "UTC"
[late]
percent_per_day = 10
[labs.7]
deadline = "2026-11-20 12:00"
canvas = "Lab 7 (77)"
[groups]
pair = ["ada", "eve"]
"""


def test_roster_groups_and_late_days(marked, capsys, monkeypatch):
    seen = {}

    def write_statistics(path, marks, hours, totals):
        seen[NAME] = lab_statistics(marks, totals)

    monkeypatch.setattr("labkit.course.report.settle.write_statistics", write_statistics)
    people = "ada;Lovelace, Ada;ada@x.org\neve;Eve;e@x.org\nbob;Bob;\nzoe;Zoë;\n"
    (marked / "students.csv").write_text("id;name;e-mail\n" + people, encoding="utf-8")
    (marked / "course.toml").write_text(COURSE)
    for student, day in (("ada", "2026-11-21 13:00 UTC"), ("bob", "2026-11-20 14:00:00 Europe/Berlin")):
        (marked / "subs" / student / "timestamp.txt").write_text(day)
    by_sheet(marked, ("ada", "why", "4", ""), ("bob", "why", "2", ""))
    assert grade(marked) == 0
    out = capsys.readouterr()
    assert "Nothing handed in by zoe" in out.out and "Not on the roster: blank" in out.out, out
    ada, eve, bob = (line_of(marked, name) for name in ("ada", "eve", "bob"))
    assert (ada["name"], ada["group"], ada["late_days"], ada["late_points"]) == ("Lovelace, Ada", "pair", "2", "-7.8")
    assert ada["total"] == eve["total"] == "31.2" and eve["message"].startswith("handed in by ada")
    assert bob["late_days"] == "1" and line_of(marked, "zoe")["status"] == "missing"
    assert "2 days late: −7.8 points" in page_of(marked, "eve") and "31.2 of 39" in page_of(marked, "ada")
    sheet = model_of(marked / "report" / "index.html")["labs"][0]["lines"]
    of_sheet = {line["student"]: line["points"] for line in sheet}
    assert of_sheet["ada"] == float(ada["so_far"]) and of_sheet["bob"] == float(bob["so_far"])
    assert "2 days late: −7.8 points" in (marked / "report" / "index.html").read_text(encoding="utf-8")
    totals = sorted(float(line_of(marked, name)["total"]) for name in ("ada", "eve", "bob", "blank"))
    assert seen[NAME].points == totals  # the statistics' points are those of grades.csv
    exports = marked / "report" / "exports"
    canvas = list(csv.reader((exports / f"canvas-{NAME}.csv").open(encoding="utf-8")))
    assert canvas[0][-1] == "Lab 7 (77)" and [row[3] for row in canvas[2:]] == ["ada", "bob", "eve"]
    moodle = list(csv.DictReader((exports / f"moodle-{NAME}.csv").open(encoding="utf-8")))
    assert moodle[0]["Email address"] == "ada@x.org" and "2 days late" in moodle[0]["Feedback comments"]
    (marked / "course.toml").write_text("[labs.7]\ndeadlin = 3")
    assert grade(marked) == 2 and "did you mean deadline" in capsys.readouterr().err
