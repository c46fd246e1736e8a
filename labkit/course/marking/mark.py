"""Marks one submission, in a process of its own: `python -m labkit.course.marking.mark FOLDER`.

The folder holds `job.json`, the lab's source and student edition, a gradebook that knows the lab, and the submission.
nbgrader's autograder runs here; the submission's code runs in a kernel further down, see `sandbox` and `kernel`.
`result.json` and the files that it names are written last.
"""

import json
import os
import re
import shutil
import sys
import time
from pathlib import Path

import nbformat
from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader import preprocessors
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import ClearHiddenTests

from labkit.course import cells as labs
from labkit.course.marking import repair, sandbox
from labkit.course.marking.pictures import plots_of
from labkit.course.marking.run_cells import CURRENT, Run, RunCells, TidyChecks, named
from labkit.course.release import nbgrader_config, nbgrader_log
from labkit.course.report.result import blank_result

STUDENT = "student"  # the name in the private course: real names may hold any character


def main(argv):
    """Mark the submission in the folder that is named."""
    sandbox.die_with_parent()
    folder = Path(argv[0]).resolve()
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    started = time.monotonic()
    result = _mark(folder, job)
    result["seconds"] = round(time.monotonic() - started, 1)
    new = folder / "result.json.new"
    new.write_text(json.dumps(result, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    new.replace(folder / "result.json")
    return 0


def _mark(folder, job):
    source = nbformat.read(folder / "source.ipynb", as_version=4)
    release = nbformat.read(folder / "release.ipynb", as_version=4)
    result = blank_result(job, release)
    if job["reference"]:
        nb, notes = repair.as_submitted(source, release), []
    else:
        nb, notes = nbformat.reads((folder / "submission").read_text(encoding="utf-8"), as_version=4), []
    repair.author_marks(nb, source, release, job)
    course = folder / "course"
    name = job["lab"]
    submitted = course / "submitted" / STUDENT / name / f"{name}.ipynb"
    submitted.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, submitted)
    run = Run(job, folder)
    try:
        _autograde(course, name, run)
        executed = nbformat.read(course / "autograded" / STUDENT / name / f"{name}.ipynb", as_version=4)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        why = run.trouble or f"{type(error).__name__}: {str(error)[:300]}"
        return result | {
            "status": "did not run",
            "message": f"the notebook could not be executed: {why}",
            "notes": notes + run.notes(),
        }
    result["notes"] = notes + run.notes()
    _fill(result, executed, source, course, name, run, folder)
    _feedback(course, name, folder, executed, source)
    os.chmod(course / "autograded" / STUDENT / name / f"{name}.ipynb", 0o644)
    shutil.copyfile(course / "autograded" / STUDENT / name / f"{name}.ipynb", folder / "autograded.ipynb")
    return result


# --- nbgrader ------------------------------------------------------------------------------------------------------


def _autograde(course, name, run):

    config = nbgrader_config(course, name, STUDENT)
    config.OverwriteCells.add_missing_cells = True
    config.LimitOutput.max_lines, config.LimitOutput.max_traceback = 1000, 60
    log, trouble = nbgrader_log()
    CURRENT[0] = run
    steps = [
        RunCells,
        preprocessors.IgnorePattern,
        TidyChecks,
        ClearMetadataPreprocessor,
        preprocessors.LimitOutput,
        preprocessors.SaveAutoGrades,
        preprocessors.AssignLatePenalties,
        preprocessors.CheckCellMetadata,
    ]
    converter = Autograde(
        coursedir=CourseDirectory(config=config), config=config, log=log, autograde_preprocessors=steps
    )
    try:
        converter.start()
    except BaseException:
        run.trouble = trouble.last
        raise


# --- results -------------------------------------------------------------------------------------------------------


def _fill(result, executed, source, course, name, run, folder):
    """Points from the gradebook, verdicts and plots from the executed notebook."""
    cells = {labs.grading(cell).get("grade_id"): cell for cell in executed.cells if labs.kind(cell)}
    grades = _grades(course, name)
    for row in result["rubric"]:
        cell, grade = cells.get(row["id"]), grades.get(row["id"], {})
        row["points"] = grade.get("auto_score")
        if row["kind"] == "auto":
            row["points"] = float(row["points"] or 0.0)
        if cell is not None and cell.cell_type == "code":
            row["verdict"] = "".join(map(_text, cell.outputs)).strip()[:4000]
            failed = [o for o in cell.outputs if o.output_type == "error"]
            row["error"] = f"{failed[0].ename}: {failed[0].evalue}"[:500] if failed else ""
        elif cell is not None:
            row["verdict"] = cell.source[:4000]
    result["auto_points"] = round(sum(r["points"] for r in result["rubric"] if r["kind"] == "auto"), 6)
    result["grades"] = grades
    errors = [
        (i, cell, o)
        for i, cell in enumerate(executed.cells, 1)
        if cell.cell_type == "code"
        for o in cell.outputs
        if o.output_type == "error"
    ]
    packages = {
        re.sub(r".*No module named '([^']*)'.*", r"\1", o.evalue[:500], flags=re.S)
        for _, _, o in errors
        if o.ename == "ModuleNotFoundError"
    }
    needs = [f"it needs the package {p}, which is not installed here" for p in sorted(packages | run.absent)]
    result["notes"] += needs
    if any(o.ename in ("MemoryError", "_ArrayMemoryError") for _, _, o in errors):
        run.status = run.status or "out of memory"
    result["status"] = run.status or ("ran with errors" if errors or run.spared or run.absent else "ok")
    if result["status"] != "ok":
        first = run.events[:1] or [f"cell {i}{named(c)} raises {o.ename}: {o.evalue}"[:300] for i, c, o in errors[:1]]
        first = first or needs
        more = len(errors) - 1
        result["message"] = (first[0] if first else result["status"]) + (
            f" (and {more} more cell{'s' * (more > 1)} with errors)" if more > 0 and not run.events else ""
        )
    result["plots"] = plots_of(result, executed, source, run, folder)


def _text(output):
    """What an output says in plain text: printed, or shown as a verdict is."""
    if output.output_type == "stream":
        return output.text
    shown = output.output_type == "display_data" and "text/html" in output.get("data", {})
    return "".join(output["data"].get("text/plain", "")) + "\n" if shown else ""


def _grades(course, name):

    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        notebook = book.find_submission_notebook(name, name, STUDENT)
        return {
            grade.name: {
                "auto_score": None if grade.auto_score is None else float(grade.auto_score),
                "needs_manual_grade": bool(grade.needs_manual_grade),
            }
            for grade in notebook.grades
        } | {"": {"comments": {comment.name: comment.auto_comment for comment in notebook.comments}}}


def _feedback(course, name, folder, executed, source):
    """nbgrader's feedback page, without hidden tests and without what was left out."""

    place = course / "shown" / STUDENT / name / f"{name}.ipynb"
    place.parent.mkdir(parents=True, exist_ok=True)
    hiding = ClearHiddenTests(enforce_metadata=False)
    for cell in executed.cells:
        before = cell.source
        if "BEGIN HIDDEN TESTS" in before:
            hiding.preprocess_cell(cell, {}, 0)
        if cell.cell_type == "code" and cell.source != before:  # a traceback would show what was hidden
            for output in cell.outputs:
                if output.output_type == "error":
                    output.traceback, output.evalue = [f"{output.ename} in a hidden test"], ""
        for output in cell.get("outputs", []):  # HTML would be cut to pieces by the sanitizer
            if "text/plain" in output.get("data", {}):
                output.data.pop("text/html", None)
    nbformat.write(executed, place)
    config = nbgrader_config(course, name, STUDENT)
    config.CourseDirectory.autograded_directory = "shown"
    config.HTMLExporter.sanitize_html = True  # the instructor opens this page
    log, _ = nbgrader_log()
    try:
        GenerateFeedback(coursedir=CourseDirectory(config=config), config=config, log=log).start()
        shutil.copyfile(course / "feedback" / STUDENT / name / f"{name}.html", folder / "feedback.html")
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
