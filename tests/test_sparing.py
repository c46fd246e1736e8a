"""One broken line costs what needs it, and no other points."""

import json

import nbformat
import pytest
import tiny_lab

from labkit.course.cli import main

NAME = tiny_lab.NAME

HARMLESS = [
    "from IPython.core.interactiveshell import InteractiveShell\nInteractiveShell.ast_node_interactivity = 'none'\n"
    "get_ipython().ast_node_interactivity = 'all'",
    "%matplotlib widget\nimport matplotlib\nmatplotlib.use('TkAgg')\nplt.switch_backend('TkAgg')\nbackend_set = True",
    "!pip install no_such_package\n%pip install no_such_package\n%load_ext no_such_extension\nlines_run = True",
    "import subprocess, time\n"
    "child = subprocess.Popen(['sh', '-c', 'while true; do echo noise; echo more >&2; done'])\ntime.sleep(1)",
    "kernel = get_ipython().kernel\n"
    "for kind in ('display_data', 'execute_result', 'stream', 'error', 'update_display_data', 'clear_output',\n"
    "             'comm_msg'):\n"
    "    for content in ({}, {'data': 7}, {'data': {'image/png': 5, 'text/plain': ['a', 7]}}, {'transient': 3},\n"
    "                    {'data': {'text/html': ''}, 'transient': {'display_id': []}}, {'text': 5, 'name': []}):\n"
    "        kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())\n"
    "kernel.iopub_socket.send_multipart([b'garbage'])\n"
    "kernel.iopub_socket.send_multipart([b'<IDS|MSG>', b'', b'no json', b'', b'', b''])",
    "assert backend_set and lines_run and child.poll() is None",
]
SEABORN = "import no_such_package as sns, {imports}\nsns.set_theme()\npalette = sns.palette()\nsns.use(palette)\n"
IMPORTS = "import matplotlib.pyplot as plt\nimport numpy as np\n\nfrom labkit import check"


def _submissions(release):
    """{student: (notebook, points lost by check, words of a note or the message)}"""

    def answered(*cells, instead=(), **answers):
        nb = tiny_lab.answered(release, tiny_lab.lab(), **answers)
        for index, source in enumerate(cells):
            nb.cells.insert(3 + index, nbformat.v4.new_code_cell(source))
        for identity, source in dict(instead).items():
            next(cell for cell in nb.cells if cell.id == identity).source = source
        return nb

    without = answered(score="def other(X, W):\n    return X @ W")
    without.cells = [c for c in without.cells if c.metadata.get("nbgrader", {}).get("grade_id") != "cost-plot"]
    return {
        "harmless": (answered(*HARMLESS), {}, "sends what is no message"),
        "emptied": (answered(score=" \n"), {"score": 20}, "score was emptied"),
        "only a comment": (answered(score="# later", accuracy=""), {"score": 20, "accuracy": 5}, "emptied"),
        "renamed and deleted": (without, {"score": 20, "cost-plot": 10}, "cost-plot was deleted"),
        "seaborn": (
            answered(instead={"imports": SEABORN.format(imports="os") + IMPORTS}),
            {},
            "needs the package no_such_package",
        ),
        "answer with a missing package": (
            answered(
                accuracy="from no_such_package.metrics import accuracy_score\nimport no_such_package.nn as nn\n\n"
                "def accuracy(scores, y):\n    return accuracy_score(y, scores.argmax(1))"
            ),
            {"accuracy": 5},
            "needs the package no_such_package",
        ),
        "its own except": (
            answered("try:\n    import no_such_package\nexcept ImportError:\n    fallback = 1\nassert fallback == 1"),
            {},
            "",
        ),
        "broken imports": (answered(instead={"imports": IMPORTS + "("}), {}, "does not parse"),
        "broken in between": (
            answered(instead={"long": "x = 1 / 0\nloss_values = [x]"}),
            {},
            "does not define loss_values",
        ),
        "syntax": (answered(score="def score(X, W:\n"), {"score": 20}, "SyntaxError"),
        "ends at once": (
            answered(accuracy="import os\nos._exit(0)\n\ndef accuracy(scores, y):\n    return 1"),
            {"accuracy": 5},
            "left out",
        ),
    }


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spared")
    notebooks, release = tiny_lab.handed_out(folder)
    submissions = _submissions(release)
    for student, (nb, *_) in submissions.items():
        (folder / "handed in" / student).mkdir(parents=True)
        (folder / "handed in" / student / f"{NAME}.ipynb").write_text(json.dumps(nb), encoding="utf-8")
    places = [str(folder / "handed in"), "--out", str(folder / "report"), "--notebooks", str(notebooks)]
    assert main(["grade", *places, "--standin", "--jobs", "2", "--memory", "1G"]) == 0
    return folder / "report", submissions


def test_each_mishap_costs_its_own_points(marked):
    report, submissions = marked
    wrong = {}
    for student, (_, loses, words) in submissions.items():
        result = json.loads((report / "results" / student / f"{NAME}.json").read_text(encoding="utf-8"))
        lost = {
            row["id"].removeprefix("check-"): row["max_points"] - row["points"]
            for row in result["rubric"]
            if row["kind"] == "auto" and row["points"] != row["max_points"]
        }
        said = result["message"] + " ".join(result["notes"])
        if lost != loses or words not in said:
            wrong[student] = (lost, result["status"], said)
    assert not wrong
