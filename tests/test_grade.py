"""Marking whatever is handed in: every submission as far as it can be, named in the report, the others unaffected."""

import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

import nbformat
import pytest
import tiny_lab
from processes import hears_interrupts

from labkit.course.cli import main
from labkit.course.marking import sandbox
from labkit.course.report.settle import settle

NAME = tiny_lab.NAME


WRONG = "def score(X, W):\n    return X * 2"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The folder of the solved lab, and the lab as students get it."""
    return tiny_lab.handed_out(tmp_path_factory.mktemp("course"))


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
                "sys.modules['labkit.check'] = types.ModuleType('labkit.check')",
                "get_ipython().display_formatter.formatters['text/plain'].for_type(float, lambda o, p, c: "
                "p.text('20.0'))",
                "class check:\n    score = staticmethod(lambda f: 20.0)",
                "print = None",
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
        "patched": (patched, {"score": 20}, "ok", ""),
        "hostile": (hostile, {}, "ran with errors", "no_such_package"),
        "stubborn": (stubborn, {}, "timed out", "could not be interrupted"),
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


def test_grades_csv(marked):
    lines = {
        line["student"]: line for line in csv.DictReader((marked[0] / "report" / "grades.csv").open(encoding="utf-8"))
    }
    assert len(lines) == len(marked[1])
    assert lines["solved"]["automatic"] == "35" and lines["solved"]["still_to_mark"] == "1"
    assert lines["solved"]["by_hand"] == lines["solved"]["total"] == ""  # not marked yet is not 0
    assert lines["edited"]["check-score"] == "0" and lines["edited"]["so_far"] == "15"


def test_the_gradebook_knows_all_of_them(marked):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{marked[0] / 'report' / 'gradebook.db'}") as book:
        scores = {s.student.id: s.score for s in book.assignment_submissions(NAME)}
        assert set(scores) == set(marked[1]) and scores["solved"] == 35.0 and scores["edited"] == 15.0
        notebook = book.find_submission_notebook(NAME, NAME, "solved")
        assert notebook.needs_manual_grade


def _line_of(folder, student):
    lines = csv.DictReader((folder / "grades.csv").open(encoding="utf-8"))
    return next(line for line in lines if line["student"] == student)


def test_points_given_by_hand_reach_the_grades(marked, tmp_path):
    import shutil

    folder = tmp_path / "report"
    shutil.copytree(marked[0] / "report", folder)
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        book.find_grade("why", NAME, NAME, "solved").manual_score = 3.0
        book.db.commit()
    assert not settle(folder)
    line = _line_of(folder, "solved")
    assert (line["by_hand"], line["total"], line["still_to_mark"]) == ("3", "38", "0")
    (folder / "eye.csv").write_text(f"student,lab,id,points,comment\nsolved,{NAME},cost-plot,7,hard to read\n")
    assert not settle(folder)
    line = _line_of(folder, "solved")
    assert (line["check-cost-plot"], line["total"]) == ("7", "35")
    page = (folder / "feedback" / "solved" / f"{NAME}.html").read_text(encoding="utf-8")
    assert page.count("35 of 39 points") == 1
    assert '<td>Why</td><td class="number">3 of 4</td>' in page  # the table at its head
    assert '<td class="number">7 of 10</td><td class="said">hard to read</td>' in page
    assert "Score:" not in page


def test_feedback_shows_points_and_plots(marked):
    page = (marked[0] / "report" / "feedback" / "solved" / f"{NAME}.html").read_text(encoding="utf-8")
    assert "data:image/png;base64" in page and "<b>score</b>: 20 of 20 points" in page
    assert "35 of 39 points so far" in page
    assert "<script" not in page and "&lt;img" not in page


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
                "try: status = open('/proc/self/status').read()\nexcept OSError: status = ''",
                "rights = [line.split() for line in status.splitlines() if line.startswith('Cap')]",
                "seen += [name for name, value in rights if int(value, 16)]",
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
    to_file = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "start_new_session": True}
    process = subprocess.Popen(command, **to_file, **hears_interrupts())
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
