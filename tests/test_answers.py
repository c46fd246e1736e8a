"""Every answer in tests/answers gets the points it deserves, with the diagnosis that fits, on every run.

A lab joins by its table: tests/answers/labNN.py, as in lab05.py. Every known mistake of an exercise is run as a
student's cell too, and gets its own words and points.
"""

import contextlib
import io
import linecache
import re
import runpy
from pathlib import Path

import matplotlib
import pytest

from labkit import check, extras
from labkit.check import EXERCISES
from labkit.check.criteria import Equals
from labkit.check.mistakes import named, source_of

matplotlib.use("Agg")
MADE = "import numpy as np\nfrom labkit import layers, losses\n\n\n"
TORCH = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n"
TABLES = {path.stem: runpy.run_path(str(path)) for path in sorted(Path(__file__).parent.glob("answers/*.py"))}
# A lab that needs a package which is not here, such as PyTorch, is left out.
TABLES = {lab: table for lab, table in TABLES.items() if "NEEDS" not in table or not extras.trouble(table["NEEDS"])}
HEADS = {cell: stub.partition("\n")[0] for table in TABLES.values() for cell, stub in table["STUBS"].items()}


def _answers(kind):
    return [
        pytest.param(lab, cell, name, id=f"{lab}-{cell}-{name}")
        for lab, table in TABLES.items()
        for cell, answers in table[kind].items()
        for name in answers
    ]


def _source(cell, answer):
    """The cell of an answer: as it is, the body under the stub's first line, or edits of the right answer."""
    if isinstance(answer, str):
        alone = "return " in answer and "\n" not in answer
        return f"\n{HEADS[cell]}\n    {answer}\n" if alone else answer
    source = named(source_of(EXERCISES[cell].answer), cell)
    for old, new in answer:
        assert source.count(old) == 1, (old, source.count(old))
        source = source.replace(old, new)
    return source


def _exercises(table, cell):
    """The exercises whose check looks at what a cell defines."""
    return [name for name, source in table["CHECKS"].items() if re.search(rf"[(, ]{cell}[), ]", source)]


def _run(source, names, filename):
    """Run a cell as IPython does: its source can be found by its file name."""
    linecache.cache[filename] = len(source), None, source.splitlines(True), filename
    exec(compile(source, filename, "exec"), names)


def _verdicts(lab, cell, source, readable=True):
    """{exercise: (points, text)} of the checks that look at a cell, with right answers in the other cells."""
    table = TABLES[lab]
    names = {"__name__": "__main__", "check": check}
    with contextlib.redirect_stdout(io.StringIO()):
        _run(table["SETUP"], names, "<setup>")
        for other, answers in table["RIGHT"].items():
            if other != cell and not other.endswith("_plot"):
                _run(_source(other, next(iter(answers.values()))), names, f"<{lab} {other}>")
        _run(source, names, f"<{lab} {cell} answer>") if readable else exec(source, names)
    found = {}
    for exercise in _exercises(table, cell):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            points = eval(table["CHECKS"][exercise], names)
        assert isinstance(points, float)
        assert err.getvalue() == ""
        found[exercise] = points, out.getvalue()
    return found


@pytest.fixture(autouse=True)
def _no_figures_left():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def _full(lab, exercise):
    """The points of an exercise: those of its verdict on the first right answer, as its header says."""
    return _FULL[lab, exercise]


_FULL = {}
for _lab, _table in TABLES.items():
    for _cell, _right in _table["RIGHT"].items():
        for _exercise, (_, _text) in _verdicts(_lab, _cell, _source(_cell, next(iter(_right.values())))).items():
            _FULL[_lab, _exercise] = float(re.search(r"of (\S+) points", _text).group(1))


@pytest.mark.parametrize("lab, cell, name", _answers("RIGHT"))
def test_a_right_answer_keeps_all_points(lab, cell, name):
    source = _source(cell, TABLES[lab]["RIGHT"][cell][name])
    for readable in (True, False):
        for exercise, (points, text) in _verdicts(lab, cell, source, readable).items():
            assert points == _full(lab, exercise) and "✘" not in text, text


@pytest.mark.parametrize("lab, cell, name", _answers("WRONG"))
def test_a_wrong_answer_loses_what_it_should_with_its_diagnosis(lab, cell, name):
    answer, loses, says = TABLES[lab]["WRONG"][cell][name]
    source = _source(cell, answer)
    verdicts = _verdicts(lab, cell, source)
    lost = {exercise: round(_full(lab, exercise) - points, 6) for exercise, (points, _) in verdicts.items()}
    texts = "\n".join(text for _, text in verdicts.values())
    assert {e: p for e, p in lost.items() if p} == loses, texts
    assert says in texts, texts
    assert not re.search(r"\d\.\d{3,}|0x[0-9a-f]|array\(", texts), texts  # no values are given away
    assert _verdicts(lab, cell, source) == verdicts  # the same on every run


EDITS = [
    pytest.param(lab, name, i, id=f"{lab}-{name}-{i}")
    for lab, table in TABLES.items()
    for name in table["CHECKS"]
    if name in EXERCISES
    for i in range(len(EXERCISES[name].known))
]


def _judged_values(name):
    """(share, units) of each criterion that compares values, in their order."""
    return [(share, c.units if isinstance(c, Equals) else []) for share, _, c in EXERCISES[name].criteria]


@pytest.mark.parametrize("lab, name, i", EDITS)
def test_a_known_mistake_gets_its_own_words_and_points(lab, name, i):
    known = EXERCISES[name].known
    values = _judged_values(name)
    spoilt = [any(not unit.forgiving and unit.differs(known, (i,)) for unit in units) for _, units in values]
    spoilt = spoilt if any(spoilt) else [any(unit.differs(known, (i,)) for unit in units) for _, units in values]
    assert any(spoilt), "on the cases of this exercise it is no mistake"
    points, text = _verdicts(lab, name, named(known.source(i), name))[name]
    notes = [line.strip() for line in text.splitlines() if line.startswith("      ")]
    assert known.text(i) in notes, text
    assert not set(notes) - {known.text(i), "the same slip as above", "judged when the first line is right"}, text
    shares = [share for share, _ in values]
    keeps = [known.keeps(i) if wrong else 1 for wrong in spoilt]
    earned = sum(share * kept for share, kept in zip(shares, keeps)) if keeps[0] else 0
    assert points == pytest.approx(_full(lab, name) * earned / sum(shares)), text


@pytest.mark.parametrize("name", sorted(EXERCISES))
def test_what_use_hands_out_is_right_by_itself(name):
    """The right answer needs nothing but NumPy around it (lab 7: the layers, lab 10: PyTorch): it gets all points."""
    if not len(EXERCISES[name].known):
        pytest.skip("no edits are made of it")
    names, needs_torch = {"__name__": "__main__"}, "torch" in EXERCISES[name].answer.__globals__
    if needs_torch and extras.trouble("torch"):
        pytest.skip("it needs PyTorch")
    _run(MADE + TORCH * needs_torch + named(source_of(EXERCISES[name].answer), name), names, f"<{name}, right>")
    for seed in range(3):
        judged = EXERCISES[name].judge(names[name], seed=seed)
        assert judged.earned == judged.points, judged.lines


@pytest.mark.parametrize("lab, cell", [(lab, cell) for lab in TABLES for cell in TABLES[lab]["STUBS"]])
def test_a_stub_gets_nothing_and_one_quiet_line(lab, cell):
    for source in [
        TABLES[lab]["STUBS"][cell],
        f"{cell} = None",
        f"{cell} = ...",
        f"def {cell}(*args, **keywords):\n    'To do.'",
    ]:
        if source.startswith("def") and cell.endswith("_plot"):
            continue
        for exercise, (points, text) in _verdicts(lab, cell, source).items():
            if exercise == cell:
                assert points == 0.0 and text == f"{exercise}: not done yet\n"
            else:  # a check of several functions: the others are right
                assert 0 < points < _full(lab, exercise) and "not done yet" in text


def test_no_two_labs_have_an_exercise_of_the_same_name():
    names = [name for table in TABLES.values() for name in table["CHECKS"]]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("lab", TABLES)
def test_nothing_done_is_nothing_earned(lab):
    table = TABLES[lab]
    names = {"check": check}
    for source in (table["SETUP"], *table["STUBS"].values()):
        exec(source, names)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert [eval(source, names) for source in table["CHECKS"].values()] == [0.0] * len(table["CHECKS"])
    assert out.getvalue() == "".join(f"{exercise}: not done yet\n" for exercise in table["CHECKS"])


@pytest.mark.parametrize("lab", TABLES)
def test_there_are_enough_answers_for_every_exercise(lab):
    table = TABLES[lab]
    for exercise in table["CHECKS"]:
        cells = [cell for cell in table["STUBS"] if exercise in _exercises(table, cell)]
        assert cells, exercise
        right = sum(len(table["RIGHT"][cell]) for cell in cells)
        wrong = sum(exercise in loses for cell in cells for _, loses, _ in table["WRONG"][cell].values())
        wrong += len(EXERCISES[exercise].known) if exercise in EXERCISES else 0
        assert right >= 5 and wrong >= 8, (exercise, right, wrong)
