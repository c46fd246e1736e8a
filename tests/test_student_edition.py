"""The student edition: nothing of the solutions in it, everything students need, refused where a lab is broken."""

import copy
import json
import os
import subprocess
import sys

import nbformat
import pytest
import tiny_lab

from labkit.course import cells as labs
from labkit.course.cli import main
from labkit.course.edition import ready, student


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    return tiny_lab.write(tmp_path_factory.mktemp("course") / "notebooks")


@pytest.fixture(scope="module")
def edition(notebooks, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "edition"
    assert main(["student", str(out), "--notebooks", str(notebooks)]) == 0
    return out


@pytest.fixture
def release(edition):
    return nbformat.read(edition / "notebooks" / "07_tiny.ipynb", as_version=4)


def test_solutions_are_stubs_that_keep_their_hint(release):
    cell = release.cells[tiny_lab.at(release, "score")]
    assert cell.source == (
        'def score(X, W):\n    """Scores."""\n    # Hint: a matrix product.\n    ...  # your code here'
    )
    assert release.cells[tiny_lab.at(release, "cost-plot")].source.endswith("# Hint: plt.subplots().\n# your code here")
    assert release.cells[tiny_lab.at(release, "why")].source.strip() == "Why does it fall?\n\n*Your answer here.*"


def test_nothing_of_the_author_is_left(release):
    text = json.dumps(release)
    for secret in (
        "X @ W",
        "uphill",
        "Two points",
        "argmax(axis",
        "secret output",
        "BEGIN",
        "not-for-marking",
        "key-figure",
        "nbval",
        'labkit": {',
        "nobody",
        "set_xlabel",
    ):
        assert secret not in text
    assert all(not cell.outputs and cell.execution_count is None for cell in release.cells if cell.cell_type == "code")


def test_checks_are_locked_and_carry_checksums(release):
    from nbgrader.utils import compute_checksum

    graded = [cell for cell in release.cells if labs.kind(cell)]
    assert len(graded) == 7
    for cell in graded:
        assert cell.metadata.nbgrader.checksum == compute_checksum(cell)
        assert cell.metadata.deletable is False
        assert labs.kind(cell) != "check" or cell.metadata.editable is False


def test_the_first_cell_tests_the_installation(edition, release):
    source = release.cells[0].source
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, cwd=edition)
    assert done.returncode == 0 and "labkit" in done.stdout and "✔" in done.stdout and not done.stderr
    # A Python that has no labkit: isolated, and in a folder without it.
    done = subprocess.run([sys.executable, "-I", "-S", "-c", source], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0 and "pip install" in done.stdout and "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "fault, words",
    [
        ({"_OLDEST_PYTHON": (9, 0)}, "needs Python 9.0"),
        ({"_required": lambda: [("no_such_package", "")]}, "no_such_package"),
        ({"_required": lambda: [("numpy", ">=99")]}, "needs >=99"),
        ({"_data": lambda: 1 / 0}, "could not be tested"),
    ],
)
def test_the_first_cell_says_what_is_wrong(monkeypatch, capsys, fault, words):
    for name, value in fault.items():
        monkeypatch.setattr(ready, name, value)
    ready.report("0.0.1")
    said = capsys.readouterr().out
    assert words in said and "pip install" in said


def test_a_lab_for_a_newer_labkit_says_so(capsys):
    ready.report("999.0")
    assert "999.0 or newer" in capsys.readouterr().out


def test_everything_needed_is_in_the_folder(edition):
    there = {path.name for path in edition.iterdir()}
    assert {"README.md", "environment.yml", "requirements.txt", "pyproject.toml", "labkit", "notebooks"} <= there
    assert "numpy" in (edition / "requirements.txt").read_text()
    assert "nbgrader" not in (edition / "requirements.txt").read_text()
    assert (edition / "labkit" / "check" / "__init__.py").is_file()
    assert "notebooks/07_tiny.ipynb" in (edition / "README.md").read_text()


def in_the_copy(edition, *command):
    """Run Python in the student's copy, which finds no nbgrader there."""
    block = "import sys; sys.modules['nbgrader'] = None; sys.argv = sys.argv[1:]; "
    code = f"{block}{command[0]}" if command[0].startswith("import") else command[0]
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | {"PYTHONPATH": str(edition)}
    line = [sys.executable, "-c", code, *command]
    return subprocess.run(line, capture_output=True, text=True, cwd=edition, env=env)


def test_the_copy_of_labkit_has_no_marking_kit_and_works_without(edition):
    there = {
        path.relative_to(edition / "labkit" / "course").as_posix()
        for path in (edition / "labkit").rglob("*.py")
        if "course" in path.parts
    }
    assert "series/run.py" in there and "edition/ready.py" in there
    assert not [name for name in there if name.startswith(("marking", "report", "release", "edition/student"))]
    modules = [".".join(path.relative_to(edition).with_suffix("").parts) for path in (edition / "labkit").rglob("*.py")]
    modules = [name.removesuffix(".__init__") for name in modules if "__main__" not in name and "torch" not in name]
    done = in_the_copy(edition, f"import importlib; [importlib.import_module(name) for name in {modules!r}]")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [["grade", "x", "--out", "y"], ["sheet", "x"], ["student", "x"]])
def test_a_command_that_is_not_in_the_copy_says_so(edition, command):
    done = in_the_copy(edition, "import labkit.course.cli; sys.exit(labkit.course.cli.main(sys.argv[1:]))", *command)
    assert done.returncode == 1 and "for students" in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert (
        in_the_copy(edition, "import labkit.course.cli; sys.exit(labkit.course.cli.main(['--help']))").returncode == 0
    )


def test_a_folder_that_is_not_empty_is_refused_unless_forced(notebooks, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("keep")
    (out / ".git").mkdir()
    (out / ".git" / "HEAD").write_text("ref")
    assert main(["student", str(out), "--notebooks", str(notebooks)]) == 2
    assert "not empty" in capsys.readouterr().err and (out / "mine.txt").exists()
    assert main(["student", str(out), "--notebooks", str(notebooks), "--force"]) == 2
    assert "was not made by" in capsys.readouterr().err and (out / "mine.txt").exists()  # somebody else's folder
    (out / "mine.txt").rename(out / student.MADE)
    (out / "mine.txt").write_text("a lab of last year")
    assert main(["student", str(out), "--notebooks", str(notebooks), "--force"]) == 0
    assert not (out / "mine.txt").exists() and (out / ".git" / "HEAD").read_text() == "ref"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]  # nothing half-made is left


def test_the_course_itself_is_not_replaced(notebooks, capsys):
    assert main(["student", str(notebooks.parent), "--notebooks", str(notebooks), "--force"]) == 2
    assert (notebooks / "07_tiny.ipynb").exists()


def _broken(change):
    nb = tiny_lab.lab()
    change(nb, lambda grade_id: nb.cells[tiny_lab.at(nb, grade_id)])
    return labs.problems(nb)


@pytest.mark.parametrize(
    "words, change",
    [
        ("same grade_id", lambda nb, cell: nb.cells.append(copy.deepcopy(cell("score")))),
        ("needs points", lambda nb, cell: cell("check-score").metadata.nbgrader.pop("points")),
        ("needs points", lambda nb, cell: cell("check-score").metadata.nbgrader.update(points=0)),
        ("needs points", lambda nb, cell: cell("why").metadata.nbgrader.pop("points")),
        ("needs its solution", lambda nb, cell: cell("score").update(source="def score(X, W): return X @ W")),
        ("needs its model answer", lambda nb, cell: cell("why").update(source="Because.")),
        ("do not come in pairs", lambda nb, cell: cell("score").update(source="### BEGIN SOLUTION\n1")),
        ("no solution cell", lambda nb, cell: nb.cells[1].update(source="### BEGIN SOLUTION\n1\n### END SOLUTION")),
        ("grade_id", lambda nb, cell: cell("score").metadata.nbgrader.pop("grade_id")),
        ("schema_version", lambda nb, cell: cell("score").metadata.nbgrader.update(schema_version=2)),
        ("further down", lambda nb, cell: nb.cells.append(nb.cells.pop(tiny_lab.at(nb, "accuracy")))),
    ],
)
def test_a_broken_lab_is_refused_by_its_cell(words, change):
    found = _broken(change)
    assert len(found) == 1 and words in found[0] and found[0].startswith("cell ")


def test_refusing_names_lab_and_cell(tmp_path, capsys):
    nb = tiny_lab.lab()
    nb.cells[tiny_lab.at(nb, "check-score")].metadata.nbgrader.pop("points")
    nbformat.write(nb, tmp_path / "07_tiny.ipynb")
    assert main(["student", str(tmp_path / "out"), "--notebooks", str(tmp_path)]) == 1
    assert "07_tiny, cell 4 (check-score)" in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_nbgraders_own_layout(notebooks, tmp_path):
    assert main(["student", "--nbgrader", str(tmp_path), "--notebooks", str(notebooks)]) == 0
    for room in ("source", "release"):
        assert (tmp_path / room / "07_tiny" / "07_tiny.ipynb").is_file()
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        assert book.find_assignment("07_tiny").max_score == 39.0


def test_each_lab_is_run_as_it_is_handed_out_and_told(tmp_path, capsys):
    nb = tiny_lab.lab()
    for cell in nb.cells:  # the long one stays: its quicker version for marking is run
        if cell.id in ("demonstration", "after"):
            cell.source = "1 + 1"
    path = tmp_path / "notebooks" / "07_tiny.ipynb"
    path.parent.mkdir()
    nbformat.write(nb, path)
    command = ["--notebooks", str(path.parent), "--check"]
    assert main(["student", str(tmp_path / "out"), *command]) == 0
    assert "[1/1] 07_tiny  runs from top to bottom with nothing done" in capsys.readouterr().out
    assert "time.sleep(30)" in (tmp_path / "out" / "notebooks" / "07_tiny.ipynb").read_text()
    nb.cells.insert(2, nbformat.v4.new_code_cell("1 / 0"))
    nbformat.write(nb, path)
    assert main(["student", str(tmp_path / "bad"), *command]) == 1
    assert "07_tiny, cell 4 of the student edition: ZeroDivisionError" in capsys.readouterr().err
    assert not (tmp_path / "bad").exists()


def test_a_quicker_version_that_lacks_a_name_of_later_is_not_taken(tmp_path, capsys):
    nb = tiny_lab.lab()
    for cell in nb.cells:
        if cell.id in ("demonstration", "after"):
            cell.source = "1 + 1"
        if "marking" in cell.metadata.get("labkit", {}):
            cell.metadata["labkit"]["marking"] = "1 / 0"
            cell.source = "used_later = 1"
    nb.cells.append(nbformat.v4.new_code_cell("used_later + 1"))
    path = tmp_path / "notebooks" / "07_tiny.ipynb"
    path.parent.mkdir()
    nbformat.write(nb, path)
    assert main(["student", str(tmp_path / "out"), "--notebooks", str(path.parent), "--check"]) == 0
    assert "runs from top to bottom" in capsys.readouterr().out
