"""`labkit student --check`: each lab runs from top to bottom as it is handed out, with nothing done.

Lab 3 alone; with LABKIT_PROOF=all each lab of the course.
"""

import os
from pathlib import Path

import pytest

from labkit.course import cells
from labkit.course.cli import main

ALL = os.environ.get("LABKIT_PROOF") == "all"
SOLVED = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb" if ALL else "03*.ipynb"))


@pytest.mark.parametrize("path", SOLVED, ids=lambda path: path.stem)
def test_each_lab_runs_as_it_is_handed_out(path, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LABKIT_DATA", "standin")
    if lacking := cells.lacks(cells.read_lab(path)):
        pytest.skip(lacking)
    status = main(["student", str(tmp_path / "out"), path.stem, "--notebooks", str(path.parent), "--check"])
    assert status == 0, capsys.readouterr().err
