"""The proof that marking is right, for every lab with a table of answers in tests/answers.

In the lab's own namespace (its cells run once, in this process) every right answer keeps all points and every wrong one
loses its own; through `labkit grade` go the blank edition, the solved one, and submissions each of which holds one
wrong (or right) answer in every exercise. LABKIT_PROOF=all takes all labs, all answers in the namespace and every
fourth through `labkit grade`; else it is lab 3 and a part of them.
"""

import contextlib
import io
import json
import linecache
import os
import re
import runpy
from pathlib import Path

import matplotlib
import nbformat
import pytest
import tiny_lab

from labkit import extras
from labkit.check import EXERCISES
from labkit.check.mistakes import named, source_of
from labkit.course import cells as labs
from labkit.course.cli import main
from labkit.course.marking import repair
from labkit.course.marking.outputs import number_in
from labkit.course.release import make_release

matplotlib.use("Agg")
ROOT = Path(__file__).parents[1]
ALL = os.environ.get("LABKIT_PROOF") == "all"
TABLES = {
    table["NOTEBOOK"]: table
    for table in (runpy.run_path(str(path)) for path in sorted(Path(__file__).parent.glob("answers/*.py")))
    if "NEEDS" not in table or not extras.trouble(table["NEEDS"])
}
LABS = [
    path
    for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    if path.name in TABLES and (ALL or path.name.startswith("03"))
]


@pytest.fixture(scope="module", params=LABS, ids=lambda path: path.stem[:2])
def lab(request, tmp_path_factory):
    """(path of the lab, its source, its student edition, its table, a folder)"""
    folder = tmp_path_factory.mktemp(request.param.stem[:2])
    make_release([request.param], folder)
    release = nbformat.read(folder / "release" / request.param.stem / request.param.name, as_version=4)
    return request.param, labs.read_lab(request.param), release, TABLES[request.param.name], folder


def _answers(table, kind):
    """{cell: [(name, source, {exercise: points lost})]}"""
    return {
        cell: [
            (name, _source(table, cell, found[0] if kind == "WRONG" else found), found[1] if kind == "WRONG" else {})
            for name, found in answers.items()
        ]
        for cell, answers in table[kind].items()
    }


def _source(table, cell, answer):
    """The cell of an answer: as it is, the body under the stub's first line, or edits of the right answer."""
    if isinstance(answer, str):
        head = table["STUBS"][cell].partition("\n")[0]
        return f"\n{head}\n    {answer}\n" if "return " in answer and "\n" not in answer else answer
    source = named(source_of(EXERCISES[cell].answer), cell)
    for old, new in answer:
        source = source.replace(old, new)
    return source


def _run(source, names, filename):
    linecache.cache[filename] = len(source), None, source.splitlines(True), filename
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, filename, "exec"), names)


@pytest.fixture(scope="module")
def prepared(lab):
    """What the solved lab has defined before each of its exercises, its cells run as for marking."""
    path, source, release, _, _ = lab
    nb = repair.as_submitted(source, release)
    repair.author_marks(nb, source, release)
    names = {"__name__": "__main__", "display": lambda *a, **k: None}
    last = max(i for i, cell in enumerate(nb.cells) if labs.kind(cell))
    for index, cell in enumerate(nb.cells[: last + 1]):
        if cell.cell_type == "code" and labs.NOT_FOR_MARKING not in cell.metadata.get("tags", []):
            _run(cell.source, names, f"<{path.stem} {index}>")
    return names


def _points(release, names, cell):
    """What nbgrader makes of the check cells that look at a solution cell: {exercise: (points, most)}."""
    found = {}
    for check in release.cells:
        if labs.kind(check) == "check" and cell in labs.names_used(check.source):
            exercise = labs.grading(check)["grade_id"].removeprefix("check-").replace("-", "_")
            with contextlib.redirect_stdout(io.StringIO()):
                value = eval(check.source, names)
            found[exercise] = number_in(repr(value)), labs.grading(check)["points"]
    return found


@pytest.mark.parametrize("kind", ["RIGHT", "WRONG"])
def test_answers_in_the_labs_own_namespace(lab, prepared, kind):
    import matplotlib.pyplot as plt

    _, _, release, table, _ = lab
    failed = []
    for cell, answers in _answers(table, kind).items():
        for name, source, loses in answers[:: 1 if ALL else 4]:
            names = dict(prepared)
            try:
                _run(source, names, f"<{cell} {name}>")
            except Exception:
                names[cell] = None
            points = _points(release, names, cell)
            lost = {exercise: round(most - got, 6) for exercise, (got, most) in points.items() if got != most}
            if lost != loses:
                failed.append((cell, name, lost, loses))
            plt.close("all")
    assert not failed


def test_no_line_of_a_solution_is_left(lab):
    _, source, release, _, _ = lab
    text = json.dumps(release, ensure_ascii=False)
    squeezed = re.sub(r"\s+", "", text)
    asked = re.sub(
        r"\s+",
        "",
        json.dumps(
            [
                re.sub(r"(?:###|<!--) BEGIN (.*?)(?:###|<!--) END [A-Z ]+", "", cell.source, flags=re.S)
                for cell in source.cells
            ],
            ensure_ascii=False,
        ),
    )
    for cell in source.cells:
        for block in re.findall(r"BEGIN (?:SOLUTION|MARKING NOTES)(?: -->)?\n(.*?)(?:###|<!--) END", cell.source, re.S):
            for line in block.splitlines():
                distinctive = re.sub(r"\s+", "", json.dumps(line, ensure_ascii=False)[1:-1])
                if len(distinctive) > 8 and distinctive not in asked:
                    assert distinctive not in squeezed, line
    assert "BEGIN SOLUTION" not in text and "BEGIN MARKING" not in text and '"outputs": [{' not in text


def _mixed(lab, kind, turn):
    """A submission with the answer number `turn` in every exercise, and the points it loses."""
    _, source, release, table, _ = lab
    chosen = {cell: answers[turn % len(answers)] for cell, answers in _answers(table, kind).items()}
    loses = {}
    for _, _, lost in chosen.values():
        for exercise, points in lost.items():
            loses[exercise] = loses.get(exercise, 0) + points
    return tiny_lab.answered(release, source, **{cell: found[1] for cell, found in chosen.items()}), loses


def test_through_labkit_grade(lab):
    path, source, release, table, folder = lab
    longest = {kind: max(len(answers) for answers in table[kind].values()) for kind in ("RIGHT", "WRONG")}
    full = {
        labs.grading(c)["grade_id"].removeprefix("check-").replace("-", "_"): labs.grading(c)["points"]
        for c in release.cells
        if labs.kind(c) == "check"
    }
    handed_in = {"blank": (release, full), "solved": (tiny_lab.answered(release, source), {})}
    for kind, turns in (("RIGHT", [1]), ("WRONG", [23])):
        for turn in range(0, longest[kind], 4) if ALL else turns:
            handed_in[f"{kind.lower()} {turn}"] = _mixed(lab, kind, turn)
    for student, (nb, _) in handed_in.items():
        (folder / "in" / student).mkdir(parents=True)
        nbformat.write(nb, folder / "in" / student / path.name)
    data = ["--standin"] if os.environ.get("LABKIT_DATA") == "standin" else []
    assert (
        main(
            [
                "grade",
                str(folder / "in"),
                "--out",
                str(folder / "report"),
                "--notebooks",
                str(path.parent),
                "--labs",
                path.stem,
                "--cell-timeout",
                "300",
                *data,
            ]
        )
        == 0
    )
    for student, (_, loses) in handed_in.items():
        result = json.loads((folder / "report" / "results" / student / f"{path.stem}.json").read_text(encoding="utf-8"))
        lost = {
            row["id"].removeprefix("check-").replace("-", "_"): round(row["max_points"] - row["points"], 6)
            for row in result["rubric"]
            if row["kind"] == "auto" and row["points"] != row["max_points"]
        }
        assert (student, lost) == (student, {e: p for e, p in loses.items() if p}), result
        if student in ("blank", "solved"):
            assert result["status"] == "ok", result
        if student == "blank":  # written answers too: nothing in them is nothing to mark
            assert all(row["points"] == 0.0 for row in result["rubric"])
