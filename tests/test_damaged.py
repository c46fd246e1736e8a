"""A damaged exercise costs its own points and no others, in every lab.

A few submissions of each lab hold any two exercises once with only the first damaged, see `damaged`. LABKIT_PROOF=all
takes all labs, else it is a half of those of lab 5.
"""

import json
import os
from pathlib import Path

import damaged
import nbformat
import pytest
import tiny_lab

from labkit.course import cells as labs
from labkit.course.cli import main
from labkit.course.release import make_release

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
ALL = os.environ.get("LABKIT_PROOF") == "all"
LABS = [path for path in NOTEBOOKS if ALL and not labs.lacks(labs.read_lab(path)) or path.name.startswith("05")]
NOT_DONE = {"emptied", "deleted", "syntax"}


def test_any_two_exercises_are_told_apart():
    for number in (2, 5, 9, 17, 40):
        shared = damaged.shared_out(range(number)).values()
        for one in range(number):
            kinds = [damages[one] for damages in shared if one in damages]
            assert len(kinds) == len(set(kinds)) > 0  # never twice in the same way
            assert all(any(one in d and other not in d for d in shared) for other in range(number) if other != one)


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.stem[:2])
def test_damaged_exercises_cost_their_own_points(path, tmp_path):
    make_release([path], tmp_path)
    release = nbformat.read(tmp_path / "release" / path.stem / path.name, as_version=4)
    solved, stubs = tiny_lab.answered(release, labs.read_lab(path)), damaged.stubs_of(release)
    rows, shared = damaged.rows_of(release), damaged.shared_out(stubs)
    shared = shared if ALL else dict(list(shared.items())[::2])
    for student, damages in shared.items():
        (tmp_path / "in" / student).mkdir(parents=True)
        nbformat.write(damaged.with_damages(solved, stubs, damages), tmp_path / "in" / student / path.name)
    places = [str(tmp_path / "in"), "--out", str(tmp_path / "report"), "--notebooks", str(path.parent)]
    assert main(["grade", *places, "--labs", path.stem, "--jobs", "2", "--standin"]) == 0
    wrong = {}
    for student, damages in shared.items():
        result = json.loads((tmp_path / "report" / "results" / student / f"{path.stem}.json").read_text("utf-8"))
        for row in [row for row in result["rubric"] if row["kind"] == "auto"]:
            hit = rows[row["id"]] & set(damages)
            at_most = row["max_points"]
            if hit and hit == rows[row["id"]]:
                at_most = 0.0 if {damages[e] for e in hit} <= NOT_DONE else at_most - 0.01
            if not (hit and row["points"] <= at_most or not hit and row["points"] == row["max_points"]):
                wrong[student, row["id"]] = (row["points"], row["max_points"], damages, row["error"], row["verdict"])
    assert not wrong
