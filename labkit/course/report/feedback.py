"""The page that a student gets back: points, comments, code, verdicts and plots; no script, and nothing is loaded."""

import functools
from pathlib import Path

from nbconvert.exporters import HTMLExporter
from nbconvert.filters import Highlight2HTML
from nbformat.v4 import new_notebook
from nbgrader.preprocessors import ClearHiddenTests

from labkit.course import cells
from labkit.course.clean import markdown
from labkit.course.clean.notebook import clean_notebook
from labkit.course.report.result import Mark

_HIGHLIGHT = Highlight2HTML(pygments_lexer="ipython3")
TEMPLATES = (Path(__file__).parent / "templates", Path(__file__).parents[1] / "templates")


def feedback_page(nb, mark):
    """The page of a submission, as HTML.

    nb: the executed notebook, as it came or cleaned; it stays as it is.
    mark: its `Mark`, with what a person gave.
    """
    nb, _ = clean_notebook(nb, page=True)
    for cell in nb.cells:
        _hide(cell)
    places = {cells.grading(cell).get("grade_id"): cell for cell in nb.cells if cells.kind(cell)}
    rows = [{"row": row, "comment": _comment(mark, row), "here": row.id in places} for row in mark.rubric]
    for entry in rows:
        if entry["here"]:
            places[entry["row"].id].metadata["labkit"] = entry
    template, resources = _template()
    return template.render(nb=nb, resources=resources | {"mark": mark, "rows": rows})


@functools.cache
def _template():
    """nbconvert's template with labkit's, and what it has to know; made once, which takes as long as several pages.

    The template alone makes a page in a fraction of the time: nbconvert also reads each page anew, for what
    `clean_notebook` and the template have seen to.
    """
    exporter = HTMLExporter(
        template_file="feedback.html.j2",
        extra_template_paths=list(map(str, TEMPLATES)),
        extra_template_basedirs=[],  # not what lies in the current folder
        filters={"points": _points, "highlight_code": coloured},
    )
    _, resources = exporter.from_notebook_node(new_notebook(), {"mark": Mark("", ""), "rows": []})
    return exporter.template, resources


@functools.lru_cache(2000)
def coloured(source):
    """A program as HTML in which pygments has coloured it; all that is in it is escaped."""
    return _HIGHLIGHT(source)


def _points(number):
    """Points as people write them; a row that a person has not marked has none yet."""
    return "not marked yet" if number is None else f"{number:g}"


def _comment(mark, row):
    """What a person or nbgrader remarks on a row, as HTML."""
    given = mark.given.get(row.id) or mark.given.get(row.id.removeprefix("check-"))
    said = getattr(given, "comment", "") or mark.comments.get(row.id) or ""
    return markdown.as_html(said) if said else ""


def _hide(cell):
    """Take out hidden tests, and what a traceback would show of them."""
    before = cell.source
    if "BEGIN HIDDEN TESTS" in before:
        ClearHiddenTests(enforce_metadata=False).preprocess_cell(cell, {}, 0)
    for output in cell.get("outputs", []):
        if output.output_type == "error" and cell.source != before:
            output.traceback, output.evalue = [f"{output.ename} in a hidden test"], ""
