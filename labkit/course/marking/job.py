"""All that a process, here or elsewhere, needs to mark one submission."""

import ast
import functools
import hashlib
import json
import sys
import tempfile
from pathlib import Path

import nbformat

import labkit
from labkit.course import cells as lab_cells
from labkit.course.labs import CourseError, variable
from labkit.course.release import make_release
from labkit.data import load_cifar10


class Prepared:
    """The labs to mark by: solved source, student edition and nbgrader's gradebook of each."""

    def __init__(self, paths, refuse_broken, strict):

        good = []
        for path in paths:
            try:
                refuse_broken([path])
                good.append(path)
            except CourseError:
                if strict or len(paths) == 1:
                    raise
                print(
                    f"labkit grade: {path.stem} cannot be marked, `labkit student` says why; left out", file=sys.stderr
                )
        self.paths = good
        self.source, self.release, self.bytes = {}, {}, {}
        with tempfile.TemporaryDirectory() as course:
            make_release(good, course, database=True)
            self.book = Path(course, "gradebook.db").read_bytes() if good else b""
            for path in good:
                name = path.stem
                source = lab_cells.read_lab(path)
                for cell in source.cells:
                    if cell.cell_type == "code":
                        cell.outputs, cell.execution_count = [], None
                self.source[name] = source
                self.release[name] = nbformat.read(Path(course, "release", name, path.name), as_version=4)
                self.bytes[name] = (nbformat.writes(source).encode(), nbformat.writes(self.release[name]).encode())


@functools.lru_cache
def kit_version():
    """Changes when anything in labkit changes that marking may depend on."""
    seen = hashlib.sha256(labkit.__version__.encode())
    root = Path(labkit.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if path.name not in ("sheet.py", "site.py", "run.py", "cli.py", "ready.py", "report.py", "grade.py"):
            seen.update(path.read_bytes())
    return seen.hexdigest()


@functools.lru_cache
def find_data(standin, folder, remote=False):
    """The data for every submission, found once: variables, and what the sandbox has to show.

    remote: nothing is looked for here, each worker finds its own.
    """
    if remote:
        return {
            "name": "stand-in" if standin else "",
            "variables": None,
            "readable": [],
            "wanted": [standin, None if folder is None else str(folder)],
        }
    try:
        with variable("LABKIT_DATA", "standin" if standin else "cifar10" if folder else None):
            found = load_cifar10(folder)
    except (ValueError, OSError, RuntimeError) as error:
        raise CourseError(str(error)) from None
    place = Path(found.folder).resolve()
    if found.name == "stand-in":
        variables = {"LABKIT_DATA": "standin", "LABKIT_CACHE": str(place.parents[1])}
        return {"name": found.name, "variables": variables, "readable": [str(place.parent)], "wanted": None}
    return {
        "name": found.name,
        "variables": {"LABKIT_DATA": "cifar10", "LABKIT_CIFAR10": str(place)},
        "readable": [str(place)],
        "wanted": None,
    }


def make_job(submission, prepared, limits, where, level):
    """All that a process, here or elsewhere, needs to mark one submission: plain values and bytes."""
    source, release = prepared.bytes[submission.lab]
    nb = prepared.release[submission.lab]
    tags = {
        lab_cells.grading(cell).get("grade_id"): cell.metadata.get("tags", [])
        for cell in prepared.source[submission.lab].cells
        if lab_cells.kind(cell)
    }
    exercises = {
        lab_cells.grading(cell)["grade_id"]: {
            "names": lab_cells.names_bound(cell.source),
            "stub": cell.source,
            "figure": lab_cells.KEY_FIGURE in tags.get(lab_cells.grading(cell)["grade_id"], []),
        }
        for cell in nb.cells
        if lab_cells.kind(cell) == "solution"
    }
    settings = {
        "timeout": limits["timeout"],
        "cell_timeout": limits["cell_timeout"],
        "memory": limits["memory"],
        "whole": limits["whole"],
        "seed": limits["seed"],
        "data": where["name"],
    }
    key = hashlib.sha256()
    for part in (
        submission.content,
        source,
        release,
        kit_version().encode(),
        json.dumps(settings).encode(),
        submission.student.encode("utf-8", "replace"),
        (submission.trouble.message if submission.trouble else "").encode("utf-8", "replace"),
    ):
        key.update(hashlib.sha256(part).digest())
    return {
        "student": submission.student,
        "lab": submission.lab,
        "key": key.hexdigest(),
        **settings,
        "notes": submission.notes,
        "reference": submission.student == "_reference",
        "exercises": exercises,
        "imports": _labkit_names(nb),
        "sandbox": level,
        "environment": where["variables"],
        "readable": where["readable"],
        "wanted": where["wanted"],
        "submission": submission.content,
        "source": source,
        "release": release,
        "gradebook": prepared.book,
    }


def _labkit_names(nb):
    """The names by which check cells call labkit's modules, such as {"check": "labkit.check"}."""

    used = {name for cell in nb.cells if lab_cells.kind(cell) == "check" for name in lab_cells.names_used(cell.source)}
    found = {}
    for cell in nb.cells:
        tree = lab_cells.syntax_tree(cell.source) if cell.cell_type == "code" else None
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "labkit":
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return {name: module for name, module in found.items() if name in used}
