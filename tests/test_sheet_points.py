"""Points given by eye: merged into the results, written to and read from the tables of spreadsheets."""

import csv
import io

import pytest
from made_up_class import HOSTILE, LAB, csv_of, make_class, model_of, parsed, plot_entry, result

from labkit.course.report.eye import merge_eye_points, read_eye_points, write_eye_points
from labkit.course.report.sheet import write_sheet


def test_points_by_eye_replace_the_check_of_their_plot_and_other_points_add(tmp_path):
    marked = result(
        "ada",
        points=[20, 20, 20, 10, 10, 5, 10, 2],
        plots=[
            plot_entry("ada", 0),
            plot_entry("ada", 1),
            {"id": "filters", "row": "Filters", "image": "", "max_points": 4, "flags": []},
        ],
    )
    marked["rubric"].append(
        {"id": "derivation", "row": "Derivation", "points": 0.0, "max_points": 6.0, "kind": "manual"}
    )
    eye = {
        ("ada", LAB, "cost-plot"): {"points": 7.5, "comment": "no unit"},
        ("ada", LAB, "filters"): {"points": 3.0, "comment": ""},
    }
    (merged,), problems = merge_eye_points([marked], eye)
    assert (merged["points"], merged["max_points"], problems) == (97 - 10 + 7.5 + 3, 110, [])
    assert merged["eye_open"] == ["derivation"] and merged["eye"]["cost-plot"]["comment"] == "no unit"
    assert {r["id"]: r["points"] for r in merged["rubric"]}["check-cost-plot"] == 7.5
    assert marked["rubric"][6]["points"] == 10 and "points" not in marked
    eye = {
        ("ada", LAB, "derivation"): {"points": 6.0, "comment": ""},
        ("ada", LAB, "accuracy-plot"): {"points": None, "comment": "see me"},
    }
    (merged,), _ = merge_eye_points([marked], eye)
    assert merged["points"] == 97 + 6 and merged["eye_open"] == ["filters"]


def test_points_by_eye_that_fit_nothing_are_named_and_left_out():
    eye = {
        ("ada", LAB, "cost-plot"): {"points": 11.0, "comment": ""},
        ("bob", LAB, "cost-plot"): {"points": 1.0, "comment": ""},
        ("ada", LAB, "nothing"): {"points": 1.0, "comment": ""},
    }
    (merged,), problems = merge_eye_points([result("ada", plots=[plot_entry("ada", 0)])], eye)
    assert merged["points"] == 100 and merged["eye"] == {}
    assert len(problems) == 3 and "at most 10" in problems[0] and "bob" in problems[1] and "nothing" in problems[2]


def test_a_student_without_plots_can_be_given_points_for_those_of_the_lab():
    both = [result("ada", plots=[plot_entry("ada", 0)]), result("bob", points=[], status="not readable")]
    merged, problems = merge_eye_points(both, {("bob", LAB, "cost-plot"): {"points": 4.0, "comment": ""}})
    assert not problems and merged[1]["points"] == 4 and merged[1]["max_points"] == merged[0]["max_points"] == 100


def test_csv_round_trip_guards_formulas(tmp_path):
    names = [*HOSTILE, "a\nb", "\t=1", " =1", "'=1", "''", "007"]
    eye = {(name, LAB, "cost-plot"): {"points": i / 4 or None, "comment": f"=cmd|{i}"} for i, name in enumerate(names)}
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
    assert read_eye_points(tmp_path / "eye.csv") == {
        ("Zoë", LAB, "cost-plot"): {"points": 7.5, "comment": "gut, für wahr"}
    }


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
    eye = csv_of(tmp_path / "mine.csv", [["student000", LAB, "cost-plot", "6", ""]])
    assert main(["sheet", str(tmp_path / "report"), "--eye", str(eye), "--out", str(tmp_path / "x.html")]) == 0
    assert "x.html (0." in capsys.readouterr().out and model_of(tmp_path / "x.html")["eye"]
    assert main(["sheet", str(tmp_path / "nowhere")]) == 1
    assert "no results of marking" in capsys.readouterr().err
    assert main(["sheet", str(tmp_path / "report"), "--eye", str(tmp_path / "none.csv")]) == 1
    assert "cannot read" in capsys.readouterr().err
