"""The page that a student gets back: nbgrader's, with the verdicts, plots and points of the executed notebook."""

import copy
import functools
from pathlib import Path

import nbgrader
from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import ClearHiddenTests
from traitlets.config import Config

from labkit.course import cells

_FORMGRADER = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader"


def feedback_page(nb, mark):
    """The page of a submission, as HTML.

    nb: the executed notebook; it stays as it is.
    mark: its `Mark`, with what a person gave.
    """
    nb = copy.deepcopy(nb)
    for cell in nb.cells:
        _hide(cell)
    _enter_points(nb, mark)
    numbers = {"score": mark.points, "max_score": mark.max_points, "late_penalty": 0}
    resources = {"nbgrader": {"notebook": mark.lab, "assignment": mark.lab, "student": mark.student} | numbers}
    page, _ = _exporter().from_notebook_node(nb, resources)
    return page


@functools.cache
def _exporter():
    """nbconvert with nbgrader's template: made once, which takes as long as several pages."""
    config = Config()
    config.HTMLExporter.template_name = "feedback"
    config.HTMLExporter.extra_template_basedirs = [str(_FORMGRADER / "templates")]
    bootstrap = _FORMGRADER / "static" / "node_modules" / "bootstrap" / "dist" / "css"
    config.HTMLExporter.extra_template_paths = [str(bootstrap)]
    config.HTMLExporter.sanitize_html = True  # the instructor opens this page
    exporter = HTMLExporter(config=config)
    exporter.register_preprocessor(CSSHTMLHeaderPreprocessor, enabled=True)
    return exporter


def _hide(cell):
    """Take out hidden tests, what a traceback would show of them, and HTML that the sanitizer would cut to pieces."""
    before = cell.source
    if "BEGIN HIDDEN TESTS" in before:
        ClearHiddenTests(enforce_metadata=False).preprocess_cell(cell, {}, 0)
    for output in cell.get("outputs", []):
        if output.output_type == "error" and cell.source != before:
            output.traceback, output.evalue = [f"{output.ename} in a hidden test"], ""
        if "text/plain" in output.get("data", {}):
            output.data.pop("text/html", None)


def _enter_points(nb, mark):
    """Points and comments where nbgrader's template looks for them."""
    rows = {row.id: row for row in mark.rubric}
    for cell in nb.cells:
        meta = cells.grading(cell)
        row = rows.get(meta.get("grade_id"))
        if row is not None:
            meta["score"], meta["points"] = row.points or 0.0, row.max_points
        if meta.get("solution") or meta.get("task"):
            meta["comment"] = mark.comments.get(meta["grade_id"])
