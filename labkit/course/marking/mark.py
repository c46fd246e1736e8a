"""Marks one submission, in a process of its own: `python -m labkit.course.marking.mark FOLDER`.

The folder holds the job. The submission's code runs in a kernel further down, see `sandbox` and `kernel`. The mark and
the files that it names are written last.
"""

import os
import pickle
import re
import sys
import time
from pathlib import Path

import nbformat
from jupyter_client.provisioning import KernelProvisionerFactory
from nbgrader.utils import compute_checksum, determine_grade
from PIL import Image

from labkit.course import cells
from labkit.course.clean.notebook import clean_notebook, told
from labkit.course.marking import repair, sandbox
from labkit.course.marking.alike import labkits_own, prints_of
from labkit.course.marking.happened import place
from labkit.course.marking.job import Job  # noqa: F401  which is unpickled
from labkit.course.marking.outputs import tidy
from labkit.course.marking.pictures import plots_of
from labkit.course.marking.run_cells import run_cells
from labkit.course.report.feedback import feedback_page
from labkit.course.report.result import Mark, Status, blank_mark, write_mark

JOB, MARK, LABS = "job", "mark.json", "LABKIT_LABS"
LONGEST_VERDICT, LONGEST_ANSWER = 4000, 20_000  # characters


def main(argv):
    """Mark the submission whose job is in the folder that is named."""
    sandbox.die_with_parent()
    sandbox.be_private()
    folder, parent = Path(argv[0]).resolve(), "".join(argv[1:])
    job = pickle.loads((folder / JOB).read_bytes())
    (folder / JOB).unlink()  # the seed of the cases and the solved lab are in it
    started = time.monotonic()
    mark = mark_submission(job, folder, parent)
    mark.seconds = round(time.monotonic() - started, 1)
    write_mark(folder / MARK, mark)
    return 0


def warm():
    """Do once, before the markers are forked, what each of them would do again: draw what the labs themselves say.

    `LABS` in the environment names a file with the student editions, pickled.
    """
    KernelProvisionerFactory.instance()  # which looks through all installed packages
    Image.preinit()
    blank = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("$x$"), nbformat.v4.new_code_cell("1")])
    labs = pickle.loads(Path(os.environ[LABS]).read_bytes()) if LABS in os.environ else []
    for nb in [blank, *(nbformat.reads(text.decode(), as_version=4) for text in labs)]:
        nbformat.validate(nb)
        feedback_page(nb, Mark("", ""))


def mark_submission(job, folder, parent=""):
    """Run a submission and take its points.

    job: the `Job`.
    folder: a private one, in which the plots, the page to hand back and the executed notebook are left.
    parent: the address of the process that kernels are forked from, "" for fresh ones.
    Returns its `Mark`.
    """
    source, release = (nbformat.reads(text.decode(), as_version=4) for text in (job.source, job.release))
    mark = blank_mark(job.student, job.lab, release, data=job.data, seed=job.seed)
    nb = (
        repair.as_submitted(source, release) if job.reference else nbformat.reads(job.submission.decode(), as_version=4)
    )
    repair.mark_unchanged(nb, release)
    if not job.whole:
        repair.author_marks(nb, source, release)
    try:
        happened = run_cells(nb, job, folder, parent)
    except (RuntimeError, OSError, AssertionError) as error:
        mark.status = Status.DID_NOT_RUN
        mark.message = f"the notebook could not be executed: {type(error).__name__}: {str(error)[:300]}"
        return mark
    tidy(nb)
    mark.notes = happened.notes()
    mark.prints = prints_of(nb, [name for about in job.exercises.values() for name in about["names"]])
    own = [] if job.reference else labkits_own(mark.prints)
    mark.notes += [f"{name} is labkit's own answer, but for names and layout" for name in own]
    take_points(mark, nb)
    say_how_it_went(mark, nb, happened)
    mark.plots = plots_of(mark, nb, source, happened.figures, folder)
    course_s_own = [cell.source for cell in release.cells if cell.cell_type == "markdown"]
    clean, hidden = clean_notebook(nb, course_s_own)
    mark.notes += [told(hidden)] if told(hidden) else []
    nbformat.write(clean, folder / "autograded.ipynb")
    try:
        (folder / "feedback.html").write_text(feedback_page(nb, mark), encoding="utf-8")
    except Exception as error:  # whatever nbconvert makes of an odd output
        mark.notes.append(f"its page could not be made ({type(error).__name__}: {str(error)[:200]})")
    return mark


def take_points(mark, nb):
    """Enter the points and verdicts of an executed notebook into its mark, as nbgrader counts them."""
    graded = {cells.grading(cell).get("grade_id"): cell for cell in nb.cells if cells.kind(cell)}
    for row in mark.rubric:
        cell = graded.get(row.id)
        if cell is None:
            continue
        points, _ = determine_grade(cell)
        row.points = float(points or 0.0) if row.kind == "auto" else points if points is None else float(points)
        if cell.cell_type == "code":
            row.verdict = "".join(map(_text, cell.outputs)).strip()[:LONGEST_VERDICT]
            failed = [output for output in cell.outputs if output.output_type == "error"]
            row.error = f"{failed[0].ename}: {failed[0].evalue}"[:500] if failed else ""
        else:
            row.verdict = cell.source[:LONGEST_ANSWER]
    for name, cell in graded.items():
        meta = cells.grading(cell)
        if meta.get("solution") and not meta.get("task") and meta.get("checksum") == compute_checksum(cell):
            mark.comments[name] = "No response."


def _text(output):
    """What an output says in plain text: printed, or shown as a verdict is."""
    if output.output_type == "stream":
        return output.text
    shown = output.output_type == "display_data" and "text/html" in output.get("data", {})
    return "".join(output["data"].get("text/plain", "")) + "\n" if shown else ""


def say_how_it_went(mark, nb, happened):
    """The status, and a sentence on why it is not ok."""
    errors = [
        (index, cell, output)
        for index, cell in enumerate(nb.cells)
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "error"
    ]
    packages = {
        re.sub(r".*No module named '([^']*)'.*", r"\1", output.evalue[:500], flags=re.S)
        for _, _, output in errors
        if output.ename == "ModuleNotFoundError"
    }
    needs = [f"it needs the package {name}, which is not installed here" for name in sorted(packages | happened.absent)]
    mark.notes += needs
    if any(output.ename in ("MemoryError", "_ArrayMemoryError") for _, _, output in errors):
        happened.status = happened.status or Status.OUT_OF_MEMORY
    mark.status = happened.status or (Status.ERRORS if errors or happened.spared or happened.absent else Status.OK)
    if mark.status == Status.OK:
        return
    said = [f"{place(cell, i)} raises {output.ename}: {output.evalue}"[:300] for i, cell, output in errors]
    more = len(errors) - 1
    rest = f" (and {more} more cell{'s' * (more > 1)} with errors)" if more > 0 and not happened.events else ""
    mark.message = [*happened.events, *said, *needs, str(mark.status)][0] + rest


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
