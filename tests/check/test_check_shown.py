"""What a student sees of a verdict, what nbgrader takes from it, and the table at the end of a lab."""

import html
import io
import json
import re
from contextlib import redirect_stdout
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import numpy as np
import pytest
from nbgrader.utils import determine_grade

from labkit import check
from labkit.check.labs.contents import CONTENTS
from labkit.check.verdict import SAID, Found, Points, as_html, verdict

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


class Subject:
    unsolved = False
    borrowed = left_over = None


def judged(*problems, points=10):
    criteria = [(1, f"criterion {i} <b>&", lambda _, p=p: p) for i, p in enumerate(problems)]
    return verdict("thing", points, Subject(), criteria, gate=False)


def test_the_page_says_what_the_text_says():
    found = judged(None, 'wrong: a < b & "c"', Found("a slip", 0.5), Found("the same", open=True), None)
    page = ElementTree.fromstring(as_html(found))  # well-formed, and nothing in it is taken for markup
    squeezed = re.sub(r"\s+", "", "".join(page.itertext()))
    assert squeezed == re.sub(r"\s+", "", "\n".join(found.lines))
    marks = [span.get("aria-label") for span in page.iter("span")]
    assert marks == ["right", "not right", "not right", "open", "right"]
    assert "<script" not in as_html(found) and "class=" not in as_html(found)


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return np.dot(
        [0.2126, 0.7152, 0.0722], [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    )


def test_marks_can_be_read_on_light_and_dark_pages():
    """WCAG: 4.5 between a sign and its ground; text takes the colour of the page."""
    page = as_html(judged(None, "no", Found("open", open=True)))
    grounds = re.findall(r"background-color: (#\w+)", page)
    assert len(grounds) == 3
    for ground in grounds:
        assert 1.05 / (luminance(ground) + 0.05) >= 4.5
    assert "color: var(--jp-content-font-color1, inherit)" in page


@pytest.mark.parametrize("points", [0.0, 0.1, 2.5, 20.0])
def test_points_are_floats_that_are_not_shown(points):
    earned = Points(points)
    assert isinstance(earned, float) and earned == points and json.loads(json.dumps(earned)) == points
    bundle = earned._repr_mimebundle_()
    assert bundle == {"text/plain": repr(points), "text/html": ""}
    result = nbformat.v4.new_output("execute_result", data=bundle, execution_count=1)
    shown = nbformat.v4.new_output("display_data", data={"text/plain": "✘ 1 of 20", "text/html": "<p>✘ 1 of 20</p>"})
    cell = nbformat.v4.new_code_cell("check.score(score)", outputs=[shown, result])
    cell.metadata["nbgrader"] = {"grade": True, "solution": False, "points": 20, "grade_id": "check-score"}
    assert determine_grade(cell) == (points, 20.0)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem[:2])
def test_the_table_at_the_end_of_a_lab_is_its_rubric(path):
    lab = int(path.stem[:2])
    nb = nbformat.read(path, as_version=4)
    graded = [c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade")]
    rows = []
    for cell in graded:
        meta = cell.metadata["nbgrader"]
        name = meta["grade_id"].removeprefix("check-").replace("-", "_")
        rows.append((name if not meta["solution"] else None, meta["points"], not meta["solution"]))
    known = [(name if by_program else None, points, by_program) for name, points, by_program in CONTENTS[lab]]
    assert known == rows
    assert all(hasattr(check, name) for name, _, by_program in known if by_program)
    assert nb.cells[-1].source == f"check.score_so_far({lab})"


def table(lab):
    out = io.StringIO()
    with redirect_stdout(out):
        check.score_so_far(lab)
    return out.getvalue()


def test_score_so_far(monkeypatch):
    for name in list(SAID):
        monkeypatch.delitem(SAID, name)
    text = table(5)
    assert text.startswith("Lab 5 so far: 0 of 68 points; 32 more are given by a person\n")
    assert text.count("marked by a person") == 5 and text.count("not checked yet") == 8
    with redirect_stdout(io.StringIO()):
        check.momentum_step(lambda w, dw, v, rate, momentum: (w + momentum * v - rate * dw,) * 2)
        check.rmsprop_step(None)
    text = table(5)
    assert re.search(r"✘ momentum_step +\d.* of 5 +the new velocity is returned\n", text), text
    assert re.search(r"– rmsprop_step +0 of 5 +not done yet\n", text), text
    with redirect_stdout(io.StringIO()):
        check.momentum_step(lambda w, dw, v, rate, momentum: (w + momentum * v - rate * dw, momentum * v - rate * dw))
    assert "Lab 5 so far: 5 of 68" in table(5) and re.search(r"✔ momentum_step +5 of 5\n", table(5))
    with pytest.raises(ValueError, match="no lab 99"):
        check.score_so_far(99)


def test_the_table_as_a_page(monkeypatch):
    shown = []
    monkeypatch.setattr("labkit.check.so_far.show", lambda text, page: shown.append((text, page)))
    for lab in CONTENTS:
        check.score_so_far(lab)
        text, page = shown[-1]
        cells = ElementTree.fromstring(page)
        assert len(list(cells.iter("tr"))) == len(CONTENTS[lab]) + 1 and cells.find(".//caption") is not None
        assert all(html.unescape(name) in text for name, _, _ in CONTENTS[lab])
