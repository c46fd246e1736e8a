"""Every answer in tests/answers gets through the pipe, from another process, the points and words it gets in this one.

One process runs the cells of all answers, one after the other. LABKIT_PROOF=all takes all labs and all answers, else it
is every third one of lab 3.
"""

import inspect
import os

import matplotlib
import piped
import pytest
import test_answers as here

from labkit.check import EXERCISES
from labkit.check.answer import Answer
from labkit.check.mistakes import named
from labkit.course.marking.pipe.judge import call_in, judge
from labkit.course.marking.pipe.written import Written

matplotlib.use("Agg")
ALL = os.environ.get("LABKIT_PROOF") == "all"
LABS = [lab for lab in here.TABLES if ALL or lab.startswith("lab03")]


@pytest.fixture(scope="module")
def line():
    line, process = piped.start()
    yield line
    line.close()
    process.wait(20)


def _mistakes(lab):
    """{exercise: sources of its known mistakes}"""
    checked = [name for name in here.TABLES[lab]["CHECKS"] if name in EXERCISES]
    known = {name: EXERCISES[name].known for name in checked}
    return {name: [named(table.source(i), name) for i in range(len(table))] for name, table in known.items()}


def _sources(lab, cell):
    table = here.TABLES[lab]
    yield from (here._source(cell, answer) for answer in table["RIGHT"][cell].values())
    yield from (here._source(cell, answer) for answer, _, _ in table["WRONG"][cell].values())
    yield table["STUBS"][cell]
    yield from _mistakes(lab).get(cell, ())[::3]


def _through_the_pipe(line, lab, cell, source):
    """{exercise: (points, text)}, as `test_answers` has it in this process."""
    table = here.TABLES[lab]
    line.ask("fresh")
    line.ask("cell", table["SETUP"], "<setup>")
    written = Written([(1, table["SETUP"], False), (2, source, True)])
    for other, answers in table["RIGHT"].items():
        if other != cell and not other.endswith("_plot"):
            line.ask("cell", here._source(other, next(iter(answers.values()))), f"<{lab} {other}>")
    line.ask("cell", source, f"<{lab} {cell} answer>")
    found = {}
    for exercise in here._exercises(table, cell):
        said = judge(call_in(table["CHECKS"][exercise]), line, 0, written)
        found[exercise] = said.points, (said.text or str(said.error)) + "\n"
    return found


CELLS = [(lab, cell) for lab in LABS for cell in here.TABLES[lab]["STUBS"]]


@pytest.mark.parametrize("lab, cell", CELLS)
def test_the_same_points_and_words_through_the_pipe(line, lab, cell):
    for source in list(_sources(lab, cell))[:: 1 if ALL else 3]:
        there, inside = _through_the_pipe(line, lab, cell, source), here._verdicts(lab, cell, source)
        assert there == inside, source


@pytest.mark.parametrize("lab", here.TABLES)
def test_the_text_of_a_right_answer_says_nothing_against_it(lab):
    accused, table = {}, here.TABLES[lab]
    for cell, answers in table["RIGHT"].items():
        judges = EXERCISES[cell].judge if cell in EXERCISES else Answer
        patterns = inspect.signature(judges).parameters["ready_made"].default
        for name, answer in answers.items():
            written = Written([(1, table["SETUP"], False), (2, here._source(cell, answer), True)])
            found = [written.borrowed(cell, patterns), written.put_together(cell), written.changes_judges()]
            if any(found) or written.hints([cell]):
                accused[cell, name] = found, written.hints([cell])
    assert not accused
