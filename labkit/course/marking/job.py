"""All that a process, here or elsewhere, needs to mark one submission."""

import ast
import functools
import hashlib
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat

from labkit.course import cells
from labkit.course.labs import CourseError, variable
from labkit.course.marking.version import code_version
from labkit.course.release import make_release, refuse_broken
from labkit.course.report.result import REFERENCE
from labkit.data import load_cifar10


@dataclass(frozen=True)
class Job:
    """One submission to be marked, and how.

    key: changes with everything that the mark depends on.
    timeout, cell_timeout: seconds for all of it and for a cell.
    memory: bytes.
    whole: whether what marking leaves out is run too.
    seed: of the checks' cases.
    data: the name of the data.
    notes: what was noticed while collecting.
    exercises: {grade id: the names it defines, its stub, and whether it is a figure}.
    imports: {name: module} by which the check cells call labkit.
    sandbox: how far the kernel is isolated; None for as far as is possible where it runs.
    environment: variables that lead to the data; None where each worker finds its own.
    readable: files and folders that the kernel may read.
    wanted: what data each worker is to find.
    submission, source, release: the notebook handed in, in order, the solved lab and its student edition, as bytes.
    """

    student: str
    lab: str
    key: str
    timeout: float
    cell_timeout: float
    memory: int
    whole: bool
    seed: int
    data: str
    notes: list
    exercises: dict
    imports: dict
    sandbox: str | None
    environment: dict | None
    readable: list
    wanted: list | None
    submission: bytes
    source: bytes
    release: bytes

    @property
    def reference(self):
        """Whether it is the solved lab itself."""
        return self.student == REFERENCE


class Prepared:
    """The labs to mark by: solved source, student edition, nbgrader's gradebook, and what a `Job` says of each.

    paths: the solved labs.
    strict: whether one that cannot be marked is refused, rather than left out.
    """

    def __init__(self, paths, strict):
        self.paths = _in_order(paths, strict)
        self.source, self.release, self.bytes, self.about = {}, {}, {}, {}
        with tempfile.TemporaryDirectory() as course:
            make_release(self.paths, course, database=True)
            self.book = Path(course, "gradebook.db").read_bytes() if self.paths else b""
            for path in self.paths:
                name = path.stem
                source = cells.read_lab(path)
                for cell in source.cells:
                    if cell.cell_type == "code":
                        cell.outputs, cell.execution_count = [], None
                self.source[name] = source
                self.release[name] = nbformat.read(Path(course, "release", name, path.name), as_version=4)
                self.bytes[name] = (nbformat.writes(source).encode(), nbformat.writes(self.release[name]).encode())
                self.about[name] = {
                    "exercises": _exercises(self.release[name], source),
                    "imports": _labkit_names(self.release[name]),
                }


def _in_order(paths, strict):
    good = []
    for path in paths:
        try:
            refuse_broken([path])
            good.append(path)
        except CourseError:
            if strict or len(paths) == 1:
                raise
            print(f"labkit grade: {path.stem} cannot be marked, `labkit student` says why; left out", file=sys.stderr)
    return good


@functools.lru_cache
def find_data(standin, folder, remote=False):
    """The data for every submission, found once: variables, and what the sandbox has to show.

    remote: nothing is looked for here, each worker finds its own.
    """
    if remote:
        wanted = [standin, None if folder is None else str(folder)]
        return {"data": "stand-in" if standin else "", "environment": None, "readable": [], "wanted": wanted}
    try:
        with variable("LABKIT_DATA", "standin" if standin else "cifar10" if folder else None):
            found = load_cifar10(folder)
    except (ValueError, OSError, RuntimeError) as error:
        raise CourseError(str(error)) from None
    place = Path(found.folder).resolve()
    if found.name == "stand-in":
        variables, readable = {"LABKIT_DATA": "standin", "LABKIT_CACHE": str(place.parents[1])}, [str(place.parent)]
    else:
        variables, readable = {"LABKIT_DATA": "cifar10", "LABKIT_CIFAR10": str(place)}, [str(place)]
    return {"data": found.name, "environment": variables, "readable": readable, "wanted": None}


def make_job(submission, prepared, settings, where, level):
    """The `Job` of a submission.

    settings: the `Settings`, with the seed.
    where: from `find_data`.
    level: how far a kernel is isolated, None for what is possible where it runs.
    """
    source, release = prepared.bytes[submission.lab]
    job = Job(
        student=submission.student,
        lab=submission.lab,
        key="",
        timeout=settings.timeout,
        cell_timeout=settings.cell_timeout,
        memory=settings.memory,
        whole=settings.whole,
        seed=settings.seed,
        notes=submission.notes,
        sandbox=level,
        submission=submission.content,
        source=source,
        release=release,
        **prepared.about[submission.lab],
        **where,
    )
    return replace(job, key=_key(job, submission.trouble))


def _key(job, trouble):
    """Changes with the submission, the lab, the limits and seed, the data, and labkit itself."""
    key = hashlib.sha256()
    limits = (job.timeout, job.cell_timeout, job.memory, job.whole, job.seed, job.data)
    for part in (
        *(job.submission, job.source, job.release),
        *(code_version(), repr(limits), job.student, trouble.message if trouble else ""),
    ):
        key.update(hashlib.sha256(part if isinstance(part, bytes) else part.encode("utf-8", "replace")).digest())
    return key.hexdigest()


def _exercises(release, source):
    """{grade id: what it defines} of the exercises of a lab."""
    tags = {cells.grading(cell).get("grade_id"): cell.metadata.get("tags", []) for cell in source.cells}
    found = {}
    for cell in release.cells:
        if cells.kind(cell) == "solution":
            grade_id = cells.grading(cell)["grade_id"]
            figure = cells.KEY_FIGURE in tags.get(grade_id, [])
            found[grade_id] = {"names": cells.names_bound(cell.source), "stub": cell.source, "figure": figure}
    return found


def _labkit_names(nb):
    """The names by which check cells call labkit's modules, such as {"check": "labkit.check"}."""
    used = {name for cell in nb.cells if cells.kind(cell) == "check" for name in cells.names_used(cell.source)}
    found = {}
    for cell in nb.cells:
        tree = cells.syntax_tree(cell.source) if cell.cell_type == "code" else None
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "labkit":
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return {name: module for name, module in found.items() if name in used}
