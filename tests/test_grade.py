"""Marking whatever is handed in: every submission as far as it can be, named in the report, the others unaffected."""

import copy
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import nbformat
import pytest
import tiny_lab

from labkit.course import grade, repair, report, sandbox
from labkit.course.cli import main
from labkit.course.student import make_release

NAME = tiny_lab.NAME
WRONG = "def score(X, W):\n    return X * 2"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The folder of the solved lab, and the lab as students get it."""
    folder = tmp_path_factory.mktemp("course")
    notebooks = tiny_lab.write(folder / "notebooks")
    make_release([notebooks / f"{NAME}.ipynb"], folder)
    return notebooks, nbformat.read(folder / "release" / NAME / f"{NAME}.ipynb", as_version=4)


def _insert(nb, source, before="check-score"):
    nb.cells.insert(tiny_lab.at(nb, before), nbformat.v4.new_code_cell(source))
    return nb


def _submissions(release):
    """{student: (notebook or bytes, points lost by check, status, words of a note or the message)}"""

    def answered(**answers):
        return tiny_lab.answered(release, tiny_lab.lab(), **answers)

    edited = answered(score=WRONG)
    edited.cells[tiny_lab.at(edited, "check-score")].source = "20.0"
    edited.cells[tiny_lab.at(edited, "check-score")].metadata.nbgrader.points = 2000
    deleted = answered()
    deleted.cells = [
        c
        for c in deleted.cells
        if c.metadata.get("nbgrader", {}).get("grade_id") not in ("check-score", "accuracy") and c.id != "imports"
    ]
    patched = _insert(
        answered(score=WRONG),
        "\n".join(
            [
                "import builtins, sys, types, labkit.check",
                "check.score = lambda f: 20.0",
                "labkit.check.verdict.verdict.__code__ = (lambda *a, **k: None).__code__",
                "np.allclose = lambda *a: True",
                "builtins.abs = lambda x: 0",
                "sys.modules['labkit.check'] = types.ModuleType('labkit.check')",
                "get_ipython().display_formatter.formatters['text/plain'].for_type(float, lambda o, p, c: "
                "p.text('20.0'))",
                "class check:\n    score = staticmethod(lambda f: 20.0)",
                "print = float = None",
            ]
        ),
    )
    stubborn = _insert(answered(), "while True:\n    try:\n        while True: pass\n    except BaseException: pass")
    hostile = _insert(
        answered(),
        "\n".join(
            [
                "import socket, os, sys",
                "print('x' * 10**6); print('w', file=sys.stderr)",
                "open('numpy.py', 'w').write('1/0')",
                "import no_such_package",
            ]
        ),
    )
    return {
        "blank": (release, {"score": 20, "accuracy": 5, "cost-plot": 10}, "ok", ""),
        "solved": (answered(), {}, "ok", ""),
        "Zoë O. d'Árc [x]": (
            answered(
                accuracy="import warnings\ndef accuracy(scores, y):\n    warnings.warn('x')\n"
                "    return np.float64((scores.argmax(1) == y).mean())"
            ),
            {},
            "ok",
            "",
        ),
        "edited": (edited, {"score": 20}, "ok", "check-score was edited"),
        "deleted": (deleted, {"accuracy": 5}, "ok", "accuracy was deleted"),
        "patched": (patched, {"score": 20}, "ok", "the notebook changed"),
        "hostile": (hostile, {}, "ran with errors", "no_such_package"),
        "stubborn": (stubborn, {}, "timed out", "ran longer"),
        "endless": (
            answered(score="def score(X, W):\n    while True: pass"),
            {"score": 20},
            "timed out",
            "check-score",
        ),
        "leaver": (
            _insert(answered(accuracy="import os\ndef accuracy(scores, y):\n    os._exit(0)"), "exit()"),
            {"accuracy": 5},
            "ran with errors",
            "exit() or quit(): ignored",
        ),
        "hungry": (
            _insert(answered(), "a = []\nwhile True: a.append(bytearray(10**8))"),
            {},
            "out of memory",
            "MemoryError",
        ),
        "syntax": (answered(score="def score(X, W:"), {"score": 20}, "ran with errors", "SyntaxError"),
        "unlabelled": (
            answered(cost_plot="fig, cost_plot = plt.subplots()\ncost_plot.plot(loss_values)\nplt.close()"),
            {"cost-plot": 4},
            "ok",
            "",
        ),
        "cut off": (b'{"cells": [', {"score": 20, "accuracy": 5, "cost-plot": 10}, "not readable", "not valid JSON"),
        "nobody": (None, {"score": 20, "accuracy": 5, "cost-plot": 10}, "missing", "nothing was handed in"),
    }


def _hand_in(folder, submissions):
    for student, (content, *_) in submissions.items():
        place = folder / student
        place.mkdir(parents=True)
        if content is not None:
            text = content if isinstance(content, bytes) else json.dumps(content).encode()
            (place / f"{NAME}.ipynb").write_bytes(text)


@pytest.fixture(scope="module")
def marked(course, tmp_path_factory):
    notebooks, release = course
    folder = tmp_path_factory.mktemp("marked")
    submissions = _submissions(release)
    _hand_in(folder / "handed in", submissions)
    (folder / "tmp").mkdir()
    before, tempfile.tempdir = tempfile.tempdir, str(folder / "tmp")
    status = main(
        [
            "grade",
            str(folder / "handed in"),
            "--out",
            str(folder / "report"),
            "--notebooks",
            str(notebooks),
            "--standin",
            "--cell-timeout",
            "5",
            "--timeout",
            "60",
            "--memory",
            "1G",
            "--jobs",
            "2",
        ]
    )
    tempfile.tempdir = before
    assert status == 0
    return folder, submissions


def _result(folder, student):
    return json.loads((folder / "report" / "results" / student / f"{NAME}.json").read_text(encoding="utf-8"))


def test_each_submission_gets_its_points_and_is_named(marked):
    folder, submissions = marked
    for student, (_, loses, status, words) in submissions.items():
        result = _result(folder, student)
        lost = {
            row["id"].removeprefix("check-"): row["max_points"] - row["points"]
            for row in result["rubric"]
            if row["kind"] == "auto" and row["points"] != row["max_points"]
        }
        assert (student, lost, result["status"]) == (student, loses, status), result
        assert words in result["message"] + " ".join(result["notes"]), result


def test_the_solved_lab_is_the_reference(marked):
    result = _result(marked[0], "_reference")
    assert result["auto_points"] == result["auto_max"] == 35.0
    assert (marked[0] / "report" / result["plots"][0]["image"]).is_file()


def test_the_seed_of_the_cases_is_kept_with_the_report(marked):
    kept = int((marked[0] / "report" / "seed.txt").read_text(encoding="ascii"))
    about = json.loads((marked[0] / "report" / "about.json").read_text(encoding="utf-8"))
    assert about["seed"] == kept == _result(marked[0], "solved")["seed"]


def test_written_answers_are_left_for_hand_marking(marked):
    def why(student):
        return next(row for row in _result(marked[0], student)["rubric"] if row["id"] == "why")

    assert why("solved")["points"] is None and why("solved")["kind"] == "manual"
    assert why("blank")["points"] == 0.0  # nothing was written


def test_plots_are_files_with_what_they_lack(marked):
    folder = marked[0] / "report"
    good, bare = (_result(marked[0], student)["plots"][0] for student in ("solved", "unlabelled"))
    assert good["flags"] == [] and bare["flags"] == ["missing axis labels", "missing title"]
    for plot in (good, bare):  # also where the notebook closes its figure before it is shown
        assert (folder / plot["image"]).read_bytes()[:4] == b"\x89PNG" and plot["width"] > 200
    assert _result(marked[0], "blank")["plots"][0]["image"] == ""


def test_what_the_notebook_changed_is_named(marked):
    notes = " ".join(_result(marked[0], "patched")["notes"])
    assert "labkit.check.score" in notes and "numpy.allclose" in notes and "the name check" in notes


def test_grades_csv(marked):
    lines = {
        line["student"]: line for line in csv.DictReader((marked[0] / "report" / "grades.csv").open(encoding="utf-8"))
    }
    assert len(lines) == len(marked[1])
    assert lines["solved"]["automatic"] == "35" and lines["solved"]["still_to_mark"] == "1"
    assert lines["edited"]["check-score"] == "0" and lines["edited"]["total"] == "15"


def test_the_gradebook_knows_all_of_them(marked):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{marked[0] / 'report' / 'gradebook.db'}") as book:
        scores = {s.student.id: s.score for s in book.assignment_submissions(NAME)}
        assert set(scores) == set(marked[1]) and scores["solved"] == 35.0 and scores["edited"] == 15.0
        notebook = book.find_submission_notebook(NAME, NAME, "solved")
        assert notebook.needs_manual_grade


def test_points_given_by_hand_reach_the_grades(marked, tmp_path):
    import shutil

    folder = tmp_path / "report"
    shutil.copytree(marked[0] / "report", folder)
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        book.find_grade("why", NAME, NAME, "solved").manual_score = 3.0
        book.db.commit()
    report.write_grades(folder, [_result(marked[0], "solved")])
    line = next(csv.DictReader((folder / "grades.csv").open(encoding="utf-8")))
    assert (line["by_hand"], line["total"], line["still_to_mark"]) == ("3", "38", "0")
    (folder / "eye.csv").write_text(f"student,lab,id,points,comment\nsolved,{NAME},cost-plot,7,hard to read\n")
    report.write_grades(folder, [_result(marked[0], "solved")])
    line = next(csv.DictReader((folder / "grades.csv").open(encoding="utf-8")))
    assert (line["check-cost-plot"], line["total"]) == ("7", "35")


def test_feedback_shows_points_and_plots(marked):
    page = (marked[0] / "report" / "feedback" / "solved" / f"{NAME}.html").read_text(encoding="utf-8")
    assert "data:image/png;base64" in page and "score: 20 of 20 points" in page and "Score: 35" in page
    assert "&lt;img" not in page, "HTML that the sanitizer cut to pieces"


def test_the_flags_of_a_plot_follow_its_verdict(capsys):
    import matplotlib.pyplot as plt
    import numpy as np

    from labkit import check
    from labkit.course.mark import plot_flags

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


def test_the_same_command_goes_on_where_it_was(marked, course, capsys):
    folder, before = marked[0], (marked[0] / "report" / "results" / "solved" / f"{NAME}.json").stat().st_mtime_ns
    assert (
        main(
            [
                "grade",
                str(folder / "handed in"),
                "--out",
                str(folder / "report"),
                "--notebooks",
                str(course[0]),
                "--standin",
                "--cell-timeout",
                "5",
                "--timeout",
                "60",
                "--memory",
                "1G",
            ]
        )
        == 0
    )
    assert "15 of 15 are marked already" in capsys.readouterr().out
    assert (folder / "report" / "results" / "solved" / f"{NAME}.json").stat().st_mtime_ns == before


def test_nothing_of_a_submission_is_left_behind(marked):
    assert not list((marked[0] / "tmp").iterdir())


@pytest.mark.skipif(sandbox.best_level() != sandbox.FULL, reason="this platform has no namespaces to spare")
def test_a_submission_sees_neither_others_nor_the_network(course, tmp_path):
    nb = tiny_lab.answered(course[1], tiny_lab.lab())
    (tmp_path / "secret.txt").write_text("solutions")
    _insert(
        nb,
        "\n".join(
            [
                "import os, socket, subprocess",
                "seen = []",
                f"seen += [p for p in ({str(tmp_path)!r}, {str(course[0])!r}) if os.path.exists(p)]",
                "try: socket.create_connection(('127.0.0.1', 22), 1); seen.append('network')\nexcept OSError: pass",
                "try: socket.getaddrinfo('example.com', 80); seen.append('names')\nexcept OSError: pass",
                "import labkit",
                "try: open(os.path.join(os.path.dirname(labkit.__file__), 'x'), 'w'); seen.append('labkit can be "
                "written')\n"
                "except OSError: pass",
                "seen += [k for k in os.environ if 'TOKEN' in k]",
                "seen += [p for p in os.listdir('/proc') if p.isdigit() and int(p) > 100] if "
                "os.path.exists('/proc') else []",
                "assert not seen, seen",
            ]
        ),
    )
    _hand_in(tmp_path / "subs", {"eve": (nb,)})
    os.environ["MY_TOKEN"] = "x"
    try:
        assert (
            main(
                [
                    "grade",
                    str(tmp_path / "subs"),
                    "--out",
                    str(tmp_path / "r"),
                    "--notebooks",
                    str(course[0]),
                    "--standin",
                ]
            )
            == 0
        )
    finally:
        del os.environ["MY_TOKEN"]
    result = json.loads((tmp_path / "r" / "results" / "eve" / f"{NAME}.json").read_text())
    assert result["status"] == "ok" and result["auto_points"] == 35.0, result


def test_interrupted_and_gone_on(course, tmp_path):
    release = course[1]
    slow = _insert(tiny_lab.answered(release, tiny_lab.lab()), "import time; time.sleep(60)")
    _hand_in(tmp_path / "subs", {"a": (tiny_lab.answered(release, tiny_lab.lab()),), "b": (slow,)})
    command = [
        sys.executable,
        "-m",
        "labkit",
        "grade",
        str(tmp_path / "subs"),
        "--out",
        str(tmp_path / "r"),
        "--jobs",
        "1",
        "--notebooks",
        str(course[0]),
        "--standin",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    first = tmp_path / "r" / "results" / "a" / f"{NAME}.json"
    deadline = time.monotonic() + 100
    while not first.exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(3)
    import psutil

    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    out = process.communicate(timeout=60)[0].decode()
    assert process.returncode == 130 and "goes on where it stopped" in out, out
    assert family and not psutil.wait_procs(family, timeout=10)[1]  # no kernel is left running
    assert first.exists() and not (tmp_path / "r" / "results" / "b" / f"{NAME}.json").exists()


# --- without running anything --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content, status, words",
    [
        (b"", "not readable", "empty"),
        (b"\0" * 99, "not readable", "empty"),
        (b"[1]", "not readable", "no cells"),
        (b'{"cells": [', "not readable", "JSON"),
        (b"<!DOCTYPE html>", "not readable", "HTML"),
        (b"%PDF-1.4", "not readable", "PDF"),
        (b"[" * 100_000, "not readable", "nest"),
        (b'{"cells": []}', "not readable", "empty"),
        (b"PK\x03\x04no", "not readable", "zip"),
        (b'{"cells": [1, null, {"cell_type": 3, "source": 4}]}', "not readable", "empty"),
        (b"\x1f\x8bno", "not readable", "gzip"),
        (b"<<<<<<< HEAD\n{}", "not readable", "merge"),
    ],
)
def test_what_is_no_notebook_is_named(content, status, words):
    with pytest.raises(repair.Unreadable) as caught:
        repair.parse(content)
    assert caught.value.status == status and words in caught.value.message


def test_broken_parts_of_a_notebook_are_overlooked(course):
    raw = json.loads(json.dumps(course[1]))
    raw["cells"][2]["source"] = raw["cells"][2]["source"].splitlines(True)
    raw["cells"][3].update(metadata=None, outputs="?", id="no good!")
    raw["cells"].insert(0, None)
    raw["metadata"] = {"x": float("nan")}
    nb, notes = repair.parse(json.dumps(raw).encode().replace(b"hill", b"\xff"))
    nbformat.validate(nb)
    assert len(nb.cells) == len(course[1].cells) and "left out" in " ".join(notes)


def test_old_formats_and_archives(course, tmp_path):
    cells = [
        {"cell_type": "code", "input": c.source, "outputs": [], "metadata": dict(c.metadata), "language": "python"}
        if c.cell_type == "code"
        else {"cell_type": "markdown", "source": c.source, "metadata": {}}
        for c in course[1].cells
    ]
    three = json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}], "metadata": {}}).encode()
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("deep/x.ipynb", three)
    for content in (three, (tmp_path / "x.zip").read_bytes()):
        nb, notes = repair.parse(content)
        assert len(nb.cells) == len(cells) and notes
        assert repair.which_lab(nb, {NAME: course[1]}) == NAME


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
    kept = json.loads(repair.without_outputs(content, len(content)))
    plain = json.loads(content)
    for cell in plain["cells"]:
        if "outputs" in cell:
            cell["outputs"] = []
    assert kept == plain
    assert repair.without_outputs(content, 500) is None


def test_large_files(tmp_path, course):
    nb = copy.deepcopy(course[1])
    nb.cells[2].outputs = [nbformat.v4.new_output("stream", text="y" * (40 << 20))]
    (tmp_path / "a.ipynb").write_text(json.dumps(nb))
    content, notes = repair.fetch(tmp_path / "a.ipynb")
    assert len(content) < 100_000 and "40 MB" in notes[0] and len(repair.parse(content)[0].cells) == len(nb.cells)
    nb.cells[2].source = "y" * (11 << 20)
    (tmp_path / "b.ipynb").write_text(json.dumps(nb))
    with pytest.raises(repair.Unreadable, match="MB"):
        repair.fetch(tmp_path / "b.ipynb")


def test_links_and_folders_are_not_followed(tmp_path):
    (tmp_path / "link.ipynb").symlink_to("/etc/passwd")
    (tmp_path / "folder.ipynb").mkdir()
    os.mkfifo(tmp_path / "pipe.ipynb")
    for name, words in [("link", "link"), ("folder", "folder"), ("pipe", "regular")]:
        with pytest.raises(repair.Unreadable, match=words):
            repair.fetch(tmp_path / f"{name}.ipynb")


def _repaired(course, change):
    nb = tiny_lab.answered(course[1], tiny_lab.lab())
    change(nb)
    return repair.repair(repair.parse(json.dumps(nb).encode())[0], course[1])


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


def test_layouts_and_names(course, tmp_path):
    prepared = grade.Prepared([course[0] / f"{NAME}.ipynb"], lambda paths: None, True)
    text = json.dumps(course[1])
    for path in (
        "submitted/ada/07_tiny/07_tiny.ipynb",
        "submitted/bob x/my work (2).ipynb",
        "submitted/cy/notes.json",
        "submitted/cy/.ipynb_checkpoints/07_tiny.ipynb",
        "submitted/dee/07_TINY.ipynb",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("{}" if "notes" in path else text)
    (tmp_path / "submitted" / "link").symlink_to("/etc")
    (tmp_path / "submitted" / "ada" / "07_tiny" / "copy.ipynb").write_text(text)
    found, strangers = grade.collect(tmp_path, prepared, False)
    assert {s.student: s.trouble and s.trouble.status for s in found} == {
        "ada": None,
        "bob x": None,
        "cy": "missing",
        "dee": None,
        "link": "missing",
    }
    notes = {s.student: " ".join(s.notes) for s in found}
    assert "copy.ipynb" in notes["ada"] and "my work (2).ipynb" in notes["bob x"]
    assert any("notes.json" in line for line in strangers) and any("symbolic link" in line for line in strangers)


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
    result = {
        "student": "=1+1",
        "lab": "x",
        "status": "ok",
        "message": "",
        "notes": [],
        "rubric": [],
        "auto_points": 0.0,
        "auto_max": 0.0,
        "manual_max": 0.0,
    }
    report.write_grades(tmp_path, [result])
    assert "'=1+1" in (tmp_path / "grades.csv").read_text()


def test_a_lab_as_points_may_come(course):
    from labkit.course.mark import _number

    texts = ("5", "5.0", "np.float64(5.0)", "array(5.)", "1e1", "-3.5")
    assert [_number(text) for text in texts] == [5, 5, 5, 5, 10, -3.5]
    assert [_number(text) for text in ("nan", "inf", "np.float64(nan)", "True", "'5'", "<x>", "", "5 6")] == [None] * 8
