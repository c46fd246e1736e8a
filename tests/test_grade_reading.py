"""Marking, before and after anything runs: what is handed in is read, repaired and sorted; points, flags and grades."""

import copy
import json
from pathlib import Path

import nbformat
import pytest
import tiny_lab

from labkit.course.cli import main
from labkit.course.marking import repair, submission
from labkit.course.marking.evidence import Evidence
from labkit.course.report.grades import write_grades
from labkit.course.report.lines import Line
from labkit.course.report.result import Mark

NAME = tiny_lab.NAME


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The folder of the solved lab, and the lab as students get it."""
    return tiny_lab.handed_out(tmp_path_factory.mktemp("course"))


def test_broken_parts_of_a_notebook_are_overlooked(course):
    raw = json.loads(json.dumps(course[1]))
    raw["cells"][2]["source"] = raw["cells"][2]["source"].splitlines(True)
    raw["cells"][3].update(metadata=None, outputs="?", id="no good!")
    raw["cells"].insert(0, None)
    raw["metadata"] = {"x": float("nan")}
    nb, notes = submission.parse(json.dumps(raw).encode().replace(b"hill", b"\xff"))
    nbformat.validate(nb)
    assert len(nb.cells) == len(course[1].cells) and "left out" in " ".join(notes)


def test_old_formats(course):
    cells = [
        {"cell_type": "code", "input": c.source, "outputs": [], "metadata": dict(c.metadata), "language": "python"}
        if c.cell_type == "code"
        else {"cell_type": "markdown", "source": c.source, "metadata": {}}
        for c in course[1].cells
    ]
    nb, notes = submission.parse(json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}], "metadata": {}}).encode())
    assert len(nb.cells) == len(cells) and notes
    assert Evidence({NAME: course[1]}).lab_of(nb) == NAME


@pytest.mark.parametrize("text", ['x"\\', 'é\\\\"', "]}{[,:", "plain"])
def test_outputs_are_left_out_without_reading_them_whole(text):
    nb = tiny_lab.lab()
    nb.cells[3].outputs = [
        nbformat.v4.new_output("stream", text=text * 1000),
        nbformat.v4.new_output(
            "display_data", data={"application/json": {"cells": [{"outputs": [text]}]}, "text/plain": text}
        ),
    ]
    nb.cells[0].source += ' "outputs": [1]'
    content = json.dumps(nb).encode()
    kept = json.loads(submission.without_outputs(content, len(content)))
    plain = json.loads(content)
    for cell in plain["cells"]:
        if "outputs" in cell:
            cell["outputs"] = []
    assert kept == plain
    assert submission.without_outputs(content, 500) is None


def test_large_files(tmp_path, course):
    nb = copy.deepcopy(course[1])
    nb.cells[2].outputs = [nbformat.v4.new_output("stream", text="y" * (40 << 20))]
    (tmp_path / "a.ipynb").write_text(json.dumps(nb))
    with submission.opened(tmp_path / "a.ipynb") as file:
        content, notes = submission.fetch(file)
    assert len(content) < 100_000 and "40 MB" in notes[0] and len(submission.parse(content)[0].cells) == len(nb.cells)
    nb.cells[2].source = "y" * (11 << 20)
    (tmp_path / "b.ipynb").write_text(json.dumps(nb))
    with submission.opened(tmp_path / "b.ipynb") as file, pytest.raises(submission.Unreadable, match="MB"):
        submission.fetch(file)


def _repaired(course, change):
    nb = tiny_lab.answered(course[1], tiny_lab.lab())
    change(nb)
    return repair.repair(submission.parse(json.dumps(nb).encode())[0], course[1])


def _order(nb):
    return [cell.metadata.nbgrader.grade_id for cell in nb.cells if "nbgrader" in cell.metadata]


def test_every_exercise_and_check_is_there_once_and_in_order(course):
    wanted = _order(course[1])

    def strip(nb):
        for cell in nb.cells:
            cell.metadata, cell["id"] = {}, f"other-{id(cell)}"

    def reorder(nb):
        nb.cells.insert(0, nb.cells.pop(tiny_lab.at(nb, "check-cost-plot")))

    def duplicate(nb):
        nb.cells += copy.deepcopy(nb.cells)

    def delete(nb):
        nb.cells = nb.cells[:3]

    for change in (lambda nb: None, strip, duplicate, delete):
        nb, notes = _repaired(course, change)
        nbformat.validate(nb)
        assert sorted(_order(nb)) == sorted(wanted)
        assert change.__name__ == "<lambda>" or notes
    nb, notes = _repaired(course, reorder)
    assert _order(nb) == wanted and "moved behind it" in notes[0]


def test_a_stub_beside_the_answer_does_not_hide_it(course):
    def add_stub(nb):
        nb.cells.insert(tiny_lab.at(nb, "score") + 1, copy.deepcopy(course[1].cells[tiny_lab.at(course[1], "score")]))

    nb, notes = _repaired(course, add_stub)
    assert [c.source for c in nb.cells if c.source.startswith("def score")][0].count("@") == 1
    assert len([c for c in nb.cells if c.source.startswith("def score")]) == 1 and "2 times" in notes[0]


def test_a_deleted_import_is_put_back_unless_done_otherwise(course):
    def delete(nb):
        nb.cells = [cell for cell in nb.cells if cell.id != "imports"]

    def replace(nb):
        delete(nb)
        nb.cells.insert(
            1,
            nbformat.v4.new_code_cell(
                "import numpy as np, labkit.check as check\nfrom matplotlib import pyplot as plt"
            ),
        )

    assert any("import numpy" in cell.source for cell in _repaired(course, delete)[0].cells)
    assert sum("numpy as np" in cell.source for cell in _repaired(course, replace)[0].cells) == 1


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["nowhere", "--out", "r"], "no folder"),
        (["empty", "--out", "r"], "no submissions"),
        (["subs", "--out", "subs"], "of its own"),
        (["subs", "--out", "r", "--jobs", "0"], "--jobs"),
        (["subs", "--out", "r", "--labs", "99"], "no lab"),
        (["subs", "--out", "r", "--memory", "1M"], "--memory"),
        (["subs", "--out", "full"], "not empty"),
    ],
)
def test_wrong_usage_is_one_sentence(course, tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    for folder in ("empty", "subs/ada", "full"):
        Path(folder).mkdir(parents=True)
    Path("full/x").write_text("")
    assert main(["grade", *arguments, "--notebooks", str(course[0]), "--standin"]) == 2
    assert words in capsys.readouterr().err


def test_spreadsheets_take_no_name_for_a_formula(tmp_path):
    write_grades(tmp_path, [Line("=1+1", "x", None, "", Mark("=1+1", "x"), None, [])])
    assert "'=1+1" in (tmp_path / "grades.csv").read_text()


def test_a_lab_as_points_may_come(course):
    from labkit.course.marking.outputs import number_in

    texts = ("5", "5.0", "np.float64(5.0)", "array(5.)", "1e1", "-3.5")
    assert [number_in(text) for text in texts] == [5, 5, 5, 5, 10, -3.5]
    for text in ("nan", "inf", "np.float64(nan)", "True", "'5'", "<x>", "", "5 6"):
        assert number_in(text) is None


def test_the_flags_of_a_plot_follow_its_verdict(capsys):
    import matplotlib.pyplot as plt
    import numpy as np

    from labkit import check
    from labkit.course.marking.pictures import plot_flags

    def flags(accuracies, **words):
        _, ax = plt.subplots()
        ax.plot(accuracies)
        ax.set(**{"xlabel": "step", "ylabel": "share", "title": "Accuracy"} | words)
        check.accuracy_plot(ax, steps=100)
        plt.close("all")
        return plot_flags(capsys.readouterr().out)

    rising = np.linspace(0.1, 0.3, 101)
    assert flags(rising) == []
    assert flags(100 * rising) == [], "percent without a word of it is no poor accuracy"
    assert flags(np.full(101, 0.1)) == ["below the promised accuracy"]
    assert flags(rising, xlabel="", title="") == ["missing axis labels", "missing title"]
