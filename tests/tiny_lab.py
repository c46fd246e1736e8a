"""A lab of a few quick cells, to mark in seconds: two functions, a plot, a written answer."""

import copy

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from labkit.course.release import make_release

NAME = "07_tiny"


def _meta(grade_id, **more):
    return {
        "nbgrader": {
            "grade": False,
            "grade_id": grade_id,
            "locked": False,
            "schema_version": 3,
            "solution": False,
            "task": False,
        }
        | more
    }


def _cell(make, identity, source, **metadata):
    cell = make(source, metadata=metadata)
    cell["id"] = identity
    return cell


def solution(grade_id, stub, answer, indent="", **more):
    source = f"{stub}\n{indent}### BEGIN SOLUTION\n{answer}\n{indent}### END SOLUTION"
    return _cell(new_code_cell, "s-" + grade_id, source, **_meta(grade_id, solution=True), **more)


def check_cell(name, points, source=None):
    grade_id = "check-" + name.replace("_", "-")
    return _cell(
        new_code_cell,
        grade_id,
        source or f"check.{name}({name})",
        **_meta(grade_id, grade=True, locked=True, points=points),
        tags=["nbval-check-output"],
    )


def lab():
    """The solved lab."""
    cells = [
        _cell(new_markdown_cell, "title", "# Lab 7: a tiny one"),
        _cell(
            new_code_cell, "imports", "import matplotlib.pyplot as plt\nimport numpy as np\n\nfrom labkit import check"
        ),
        solution(
            "score", 'def score(X, W):\n    """Scores."""\n    # Hint: a matrix product.', "    return X @ W", "    "
        ),
        check_cell("score", 20.0),
        solution(
            "accuracy",
            "def accuracy(scores, y):\n    # Hint: np.argmax.",
            "    return float(np.mean(scores.argmax(axis=1) == y))",
            "    ",
        ),
        check_cell("accuracy", 5.0),
        _cell(
            new_code_cell,
            "long",
            "import time\n\nscore_of = check.use('score', score)\ntime.sleep(30)\n"
            "loss_values = 2 + np.exp(-np.arange(1001) / 200)",
            labkit={"marking": "loss_values = 2 + np.exp(-np.arange(1001) / 200)"},
        ),
        _cell(new_code_cell, "demonstration", "time.sleep(30)", tags=["not-for-marking"]),
        solution(
            "cost-plot",
            "cost_plot = None\n# Hint: plt.subplots().",
            "fig, cost_plot = plt.subplots()\ncost_plot.plot(loss_values)\ncost_plot.set_xlabel('step')\n"
            "cost_plot.set_ylabel('loss')\ncost_plot.set_title('Loss (stand-in)');",
            tags=["key-figure"],
        ),
        check_cell("cost_plot", 10.0),
        _cell(
            new_markdown_cell,
            "words",
            "Why does it fall?\n\n<!-- BEGIN SOLUTION -->\n"
            "Because the gradient points uphill.\n<!-- END SOLUTION -->\n<!-- BEGIN MARKING NOTES -->\n"
            "Two points for uphill.\n<!-- END MARKING NOTES -->",
            **_meta("why", grade=True, solution=True, points=4.0),
        ),
        _cell(new_code_cell, "after", "time.sleep(30)"),
    ]
    for cell in cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [nbformat.v4.new_output("stream", text="secret output")], 7
    nb = new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "author": "nobody",
        },
    )
    nb.nbformat_minor = 5
    return nb


def write(folder):
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(lab(), folder / f"{NAME}.ipynb")
    return folder


def handed_out(folder):
    """The folder of the solved lab, and the lab as students get it."""
    notebooks = write(folder / "notebooks")
    make_release([notebooks / f"{NAME}.ipynb"], folder)
    return notebooks, nbformat.read(folder / "release" / NAME / f"{NAME}.ipynb", as_version=4)


def at(nb, grade_id):
    """The place of an exercise or a check in a notebook."""
    return next(i for i, cell in enumerate(nb.cells) if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def answered(release, solved, **answers):
    """A student edition with the model answers in it, or other ones by the exercise's id with _ for -."""
    nb = copy.deepcopy(release)
    for cell in nb.cells:
        meta = cell.metadata.get("nbgrader", {})
        if meta.get("solution"):
            name = meta["grade_id"].replace("-", "_")
            cell.source = answers.get(name, solved.cells[at(solved, meta["grade_id"])].source)
    return nb
