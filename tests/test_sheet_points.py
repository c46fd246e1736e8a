"""Points given by eye: merged into the results, written to and read from the tables of spreadsheets."""

import csv
import io

import pytest
from made_up_class import HOSTILE, LAB, csv_of, make_class, model_of, parsed, plot_entry, result

from labkit.course.report.eye import Given, read_eye_points, with_given, write_eye_points
from labkit.course.report.result import Row, mark_from
from labkit.course.report.sheet import write_sheet


def marked(*args, **more):
    plain = result(*args, **more)
    return mark_from(plain, plain["student"], plain["lab"])


def test_points_by_eye_replace_the_check_of_their_plot_and_other_points_add():
    plots = [
        plot_entry("ada", 0),
        plot_entry("ada", 1),
        {"id": "filters", "row": "Filters", "image": "", "max_points": 4, "flags": []},
    ]
    ada = marked("ada", points=[20, 20, 20, 10, 10, 5, 10, 2], plots=plots)
    ada.rubric.append(Row("derivation", "Derivation", 6.0, "manual"))
    eye = {("ada", LAB, "cost-plot"): Given(7.5, "no unit"), ("ada", LAB, "filters"): Given(3.0)}
    (merged,), problems = with_given([ada], eye)
    assert (merged.points, merged.max_points, problems) == (97 - 10 + 7.5 + 3, 110, [])
    assert merged.open == ["derivation"] and merged.given["cost-plot"].comment == "no unit"
    assert {row.id: row.points for row in merged.rubric}["check-cost-plot"] == 7.5
    assert ada.rubric[6].points == 10 and ada.points == 97 and not ada.given
    eye = {("ada", LAB, "derivation"): Given(6.0), ("ada", LAB, "accuracy-plot"): Given(None, "see me")}
    (merged,), _ = with_given([ada], eye)
    assert merged.points == 97 + 6 and merged.open == ["filters"]


def test_points_by_eye_that_fit_nothing_are_named_and_left_out():
    eye = {("ada", LAB, "cost-plot"): Given(11.0), ("bob", LAB, "cost-plot"): Given(1.0), ("ada", LAB, "x"): Given(1.0)}
    (merged,), problems = with_given([marked("ada", plots=[plot_entry("ada", 0)])], eye)
    assert merged.points == 100 and merged.given == {}
    assert len(problems) == 3 and "at most 10" in problems[0] and "bob" in problems[1] and "x: no such" in problems[2]


def test_a_student_without_plots_can_be_given_points_for_those_of_the_lab():
    both = [marked("ada", plots=[plot_entry("ada", 0)]), marked("bob", points=[], status="not readable")]
    merged, problems = with_given(both, {("bob", LAB, "cost-plot"): Given(4.0)})
    assert not problems and merged[1].points == 4 and merged[1].max_points == merged[0].max_points == 100


def test_csv_round_trip_guards_formulas(tmp_path):
    names = [*HOSTILE, "a\nb", "\t=1", " =1", "'=1", "''", "007"]
    eye = {(name, LAB, "cost-plot"): Given(i / 4 or None, f"=cmd|{i}") for i, name in enumerate(names)}
    write_eye_points(eye, tmp_path / "eye.csv")
    assert read_eye_points(tmp_path / "eye.csv") == eye
    text = (tmp_path / "eye.csv").read_text(encoding="utf-8-sig")
    for line in csv.reader(io.StringIO(text, newline="")):
        assert not any(field.lstrip()[:1] in "=+-@" and field for field in line)


@pytest.mark.parametrize("encoding, delimiter", [("utf-8", ","), ("utf-8-sig", ";"), ("cp1252", ";"), ("utf-16", "\t")])
def test_csv_as_spreadsheets_save_it(tmp_path, encoding, delimiter):
    rows = [
        ["Comment", "student", "lab", "id", "points"],
        ["gut, für wahr", "Zoë", LAB, "cost-plot", "7,5"],
        ["", "", "", "", ""],
    ]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    (tmp_path / "eye.csv").write_bytes(text.getvalue().encode(encoding))
    assert read_eye_points(tmp_path / "eye.csv") == {("Zoë", LAB, "cost-plot"): Given(7.5, "gut, für wahr")}


@pytest.mark.parametrize(
    "line, said",
    [
        (["ada", LAB, "p", "many"], "line 2: points"),
        (["ada", LAB, "p", "-1"], "line 2: points"),
        (["ada", LAB, "p", "nan"], "points"),
        (["ada", LAB, "p", "inf"], "points"),
        (["ada", "", "p", "1"], "line 2: student, lab and id"),
        (["ada", LAB, "p", "1e999"], "points"),
    ],
)
def test_csv_that_is_wrong_is_refused_with_its_line(tmp_path, line, said):
    with pytest.raises(ValueError, match=said):
        read_eye_points(csv_of(tmp_path / "eye.csv", [line]))


def test_csv_that_is_none_or_disagrees_is_refused(tmp_path):
    (tmp_path / "eye.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    with pytest.raises(ValueError, match="first line must name the columns"):
        read_eye_points(tmp_path / "eye.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ValueError, match="columns"):
        read_eye_points(tmp_path / "empty.csv")
    with pytest.raises(ValueError, match="line 3.*twice"):
        read_eye_points(csv_of(tmp_path / "eye.csv", [["a", "l", "p", "1", ""], ["a", "l", "p", "2", ""]]))
    with pytest.raises(ValueError, match="cannot read"):
        read_eye_points(tmp_path / "nowhere.csv")


def test_the_page_shows_eye_csv_of_the_report(tmp_path):
    make_class(tmp_path, 3)
    csv_of(tmp_path / "eye.csv", [["student000", LAB, "cost-plot", "6", "thin"], ["gone", LAB, "cost-plot", "1", ""]])
    path = write_sheet(tmp_path)
    values = {a["data-c"]: a.get("value") for t, a in parsed(path).rows[0] if t == "input"}
    assert values["0.points"] == "6" and values["0.comment"] == "thin"
    assert model_of(path)["eye"] == [["student000", LAB, "cost-plot", 6.0, "thin"]]
    assert "eye.csv names gone" in path.read_text()


def test_command_line(tmp_path, capsys):
    from labkit.course.cli import main

    make_class(tmp_path / "report", 1)
    csv_of(tmp_path / "report" / "eye.csv", [["student000", LAB, "cost-plot", "6", ""]])
    assert main(["sheet", str(tmp_path / "report"), "--anonymous"]) == 0
    assert "anonymous.html (0." in capsys.readouterr().out
    assert model_of(tmp_path / "report" / "index.html")["eye"] == [["student000", LAB, "cost-plot", 6.0, ""]]
    assert main(["sheet", str(tmp_path / "nowhere")]) == 1
    assert "no results of marking" in capsys.readouterr().err
    (tmp_path / "report" / "decided.json").write_text("{")
    assert main(["sheet", str(tmp_path / "report")]) == 1
    assert "points given by hand" in capsys.readouterr().err
