"""The students' version of a lab, made by nbgrader from the solved one: what is handed out, and what is marked by."""

import logging
import os
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell
from nbgrader import preprocessors
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets.config import Config

import labkit
from labkit.course import cells as labs
from labkit.course.cells import READY_ID
from labkit.course.labs import CourseError

CODE_STUB = "...  # your code here"
TEXT_STUB = "*Your answer here.*"
_KEPT_TAGS = {"raises-exception", "hide-input"}


READY_CELL = """\
# Run this cell first: it says whether everything is here that the lab needs.
try:
    from labkit.course.edition import ready
    ready.report("{version}"{needs})
except Exception as problem:
    import sys
    print("✘ This Python cannot use labkit:", problem)
    print("  It is Python", sys.version.split()[0], "in", sys.executable)
    print("  In a terminal, in the folder of the course:  python -m pip install .   Then: Kernel > Restart Kernel.")"""


def refuse_broken(chosen):
    """Raise a `CourseError` that names every lab and cell whose metadata would break the marking."""
    lines = []
    for path in chosen:
        try:
            found = labs.problems(labs.read_lab(path))
        except ValueError as error:
            found = [str(error)]
        lines += [f"  {path.stem}, {text}" for text in found]
    if lines:
        raise CourseError("these labs cannot be handed out or marked as they are:\n" + "\n".join(lines))


def make_release(chosen, course, database=False):
    """nbgrader's source/ and release/ of some labs, by nbgrader itself.

    chosen: paths of the solved labs.
    course: folder of the nbgrader course.
    database: also enter the labs into its gradebook.db.
    """
    course = Path(course).resolve()
    programs_on_path()
    for path in chosen:
        source = course / "source" / path.stem / path.name
        source.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(_cleared(labs.read_lab(path)), source)
        config = nbgrader_config(course, assignment=path.stem)
        log, trouble = nbgrader_log()
        converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config, log=log)
        converter.no_database = not database
        converter.force = True
        converter.preprocessors = preprocessors_of(database)
        try:
            converter.start()
        except (Exception, SystemExit) as error:
            raise CourseError(
                f"nbgrader cannot make the student edition of {path.stem}: {trouble.last or error}"
            ) from None
        if not (course / "release" / path.stem / path.name).is_file():
            raise CourseError(
                f"nbgrader cannot make the student edition of {path.stem}; `nbgrader generate_assignment` says more"
            )


def nbgrader_config(course, assignment="*", student="*"):
    """nbgrader's configuration for a course folder: where things are, what the stubs are."""
    config = Config()
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.db_url = f"sqlite:///{course}/gradebook.db"
    config.CourseDirectory.assignment_id = assignment
    config.CourseDirectory.student_id = student
    config.ClearSolutions.code_stub = {"python": CODE_STUB}
    config.ClearSolutions.text_stub = TEXT_STUB
    config.ClearMarkScheme.begin_mark_scheme_delimeter = labs.BEGIN_NOTES
    config.ClearMarkScheme.end_mark_scheme_delimeter = labs.END_NOTES
    config.ClearMarkScheme.enforce_metadata = False
    return config


def programs_on_path():
    """nbgrader calls `alembic`, which lies beside this Python whether or not its environment is activated."""
    folder = os.path.dirname(sys.executable)
    if folder not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = folder + os.pathsep + os.environ.get("PATH", "")


class _Trouble(logging.Handler):
    last = ""

    def emit(self, record):
        lines = [line for line in record.getMessage().strip().splitlines() if line.strip()]
        if lines and not lines[-1].startswith(("There was an error processing", "Please see the the above")):
            self.last = lines[-1].strip()[:300]


def nbgrader_log():
    """A log for nbgrader that prints nothing, and the handler that remembers the last error."""
    log, trouble = logging.getLogger("labkit.nbgrader"), _Trouble()
    log.handlers, log.propagate = [trouble], False
    log.setLevel(logging.ERROR)
    return log, trouble


def preprocessors_of(database):
    """The steps by which nbgrader makes the students' version; database: also enter the lab into its gradebook."""
    steps = [
        preprocessors.IncludeHeaderFooter,
        preprocessors.LockCells,
        preprocessors.ClearSolutions,
        preprocessors.ClearMarkScheme,
        PlainStubs,
        preprocessors.ClearOutput,
        preprocessors.CheckCellMetadata,
        preprocessors.ComputeChecksums,
    ]
    steps += [preprocessors.SaveCells] if database else []
    return steps + [
        preprocessors.ClearHiddenTests,
        StudentMetadata,
        preprocessors.ComputeChecksums,
        preprocessors.CheckCellMetadata,
    ]


def _cleared(nb):
    """The source as nbgrader keeps it: outputs would only make it large."""
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return nb


def ready_cell(needs=()):
    """The first cell of each lab in the student edition; needs: packages beyond labkit's own that the lab imports."""
    further = f", needs={list(needs)!r}" if needs else ""
    cell = new_code_cell(READY_CELL.format(version=labkit.__version__, needs=further))
    cell["id"] = READY_ID
    cell.metadata.update(editable=False, deletable=False)
    return cell


class PlainStubs(NbGraderPreprocessor):
    """Outside a function the stub is a comment: a bare `...` at the end of a cell would print `Ellipsis`."""

    def preprocess_cell(self, cell, resources, cell_index):
        if cell.cell_type == "code" and labs.kind(cell) in ("solution", "manual"):
            comment = CODE_STUB.partition("#")[1] + CODE_STUB.partition("#")[2]
            cell.source = "\n".join(comment if line == CODE_STUB else line for line in cell.source.split("\n"))
        return cell, resources


class StudentMetadata(NbGraderPreprocessor):
    """Drops what is for authors (tags, marking versions, timings), and puts the test of the installation on top."""

    def preprocess(self, nb, resources):
        nb.cells = [cell for cell in nb.cells if labs.NOT_FOR_STUDENTS not in cell.metadata.get("tags", [])]
        for cell in nb.cells:
            tags = [tag for tag in cell.metadata.get("tags", []) if tag in _KEPT_TAGS]
            kept = {key: cell.metadata[key] for key in ("nbgrader", "deletable", "editable") if key in cell.metadata}
            cell.metadata = type(cell.metadata)(kept | ({"tags": tags} if tags else {}))
            if labs.kind(cell) in ("solution", "manual"):
                cell.pop("attachments", None)
        nb.metadata = type(nb.metadata)(
            {key: nb.metadata[key] for key in ("kernelspec", "language_info") if key in nb.metadata}
        )
        nb.cells = [ready_cell(labs.needs(nb)), *nb.cells]
        nb.nbformat_minor = max(nb.nbformat_minor, 5)
        return nb, resources
