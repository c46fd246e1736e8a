"""`labkit student`: the edition that students get, made by nbgrader from the solved labs."""

import os
import re
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from importlib import metadata
from pathlib import Path
from string import Template

import nbformat

import labkit
from labkit.course import cells
from labkit.course.execute import execute
from labkit.course.labs import CourseError, find_labs, folders, select
from labkit.course.nbgrader_course import CONFIG_LINES, write_config
from labkit.course.release import CODE_STUB, TEXT_STUB, make_release, refuse_broken
from labkit.threads import cores, one_each

MADE = ".labkit-student-edition"  # in every folder that was made here, and so may be replaced
FILES = Path(__file__).parent / "files"  # what the student's copy holds besides notebooks and labkit
STUDENTS_PART = (  # of `course`: running and rendering the labs, and the test of the installation
    *("__init__.py", "cli.py", "labs.py", "cells.py", "execute.py", "formulas.py", "templates/", "series/"),
    *("edition/__init__.py", "edition/ready.py"),
)


def hand_out(out, labs=(), notebooks=None, force=False, check=False, nbgrader=None):
    """Write the student edition.

    out: folder to write, None with `nbgrader`.
    labs: numbers, file names or paths, none for all.
    notebooks: folder of the labs.
    force: replace what is in `out`.
    check: execute each notebook as a student who has done nothing.
    nbgrader: folder of an nbgrader course; its source/ and release/ and gradebook.db are written instead.
    Returns the exit status: 0, 1 if something keeps a lab from being handed out, 2 for wrong usage.
    """
    try:
        folder, _ = folders(notebooks, None)
        chosen = select(find_labs(folder), labs, folder)
        refuse_broken(chosen)
        if nbgrader is not None:
            course = Path(nbgrader)
            make_release(chosen, course, database=True)
            print(f"nbgrader's source/, release/ and gradebook.db of {_count(chosen)} are in {course}")
            if not write_config(course):
                print(f"{course / 'nbgrader_config.py'} is your own. It needs these lines: {CONFIG_LINES}")
            return 0
        if out is None:
            raise CourseError("say where the student edition goes: labkit student OUT", status=2)
        _write_edition(Path(out), chosen, folder.parent, force, check)
    except CourseError as error:
        print(f"labkit student: {error}", file=sys.stderr)
        return error.status
    except OSError as error:
        print(f"labkit student: {error.strerror or error}: {error.filename or out}", file=sys.stderr)
        return 1
    print(f"The student edition of {_count(chosen)} is in {out}: zip it, or make it a repository for nbgitpuller.")
    return 0


def _count(chosen):
    return f"{len(chosen)} lab{'s' * (len(chosen) != 1)}"


def _write_edition(out, chosen, root, force, check):
    """Build the edition beside `out` and put it in place in one step."""
    if out.exists() and not out.is_dir():
        raise CourseError(f"{out} is a file; name a folder.", status=2)
    if out.is_dir() and any(out.iterdir()) and not force:
        raise CourseError(
            f"the folder {out} is not empty; name another one, or replace what it holds with --force.", status=2
        )
    home = out.resolve()
    if force and (
        home == Path.cwd() or home in Path.cwd().parents or home in root.resolve().parents or home == root.resolve()
    ):
        raise CourseError(f"{out} is not replaced, the course itself lies in it.", status=2)
    if force and out.is_dir() and not (out / MADE).is_file() and {path.name for path in out.iterdir()} - {".git"}:
        raise CourseError(
            f"{out} is not replaced: it was not made by `labkit student`, there is no file {MADE} in it. Name another "
            "folder, or empty it yourself.",
            status=2,
        )
    home.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
    try:
        with tempfile.TemporaryDirectory() as course:
            make_release(chosen, Path(course))
            (new / "notebooks").mkdir()
            for path in chosen:
                shutil.copyfile(Path(course, "release", path.stem, path.name), new / "notebooks" / path.name)
        _add_files(new, chosen, root)
        if check:
            _run_blank(new, chosen)
        new.chmod(0o755)
        if out.is_dir():
            keep = home / ".git"
            if keep.exists():  # an nbgitpuller repository is updated, not forgotten
                shutil.move(str(keep), new / ".git")
            shutil.rmtree(home)
        os.replace(new, home)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _add_files(new, chosen, root):
    """labkit itself, and how to install it and start: `files/`, with what is known only now filled in."""
    for path in _handed_out(Path(labkit.__file__).parent):
        (new / "labkit" / path.relative_to(Path(labkit.__file__).parent)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, new / "labkit" / path.relative_to(Path(labkit.__file__).parent))
    (new / MADE).write_text("`labkit student --force` replaces this folder.\n", encoding="utf-8")
    requires = _requires()
    titles = {path.name: cells.title(cells.read_lab(path), path.stem) for path in chosen}
    known = {
        "version": labkit.__version__,
        "labs": "\n".join(f"- [{title}](notebooks/{name})" for name, title in titles.items()),
        "code_stub": CODE_STUB,
        "text_stub": TEXT_STUB.strip("*"),
    }
    for path in sorted(path for path in FILES.rglob("*") if path.is_file()):
        name = path.relative_to(FILES).as_posix()
        to = new / (".gitignore" if name == "gitignore" else name)
        to.parent.mkdir(exist_ok=True)
        to.write_text(Template(path.read_text(encoding="utf-8")).substitute(known), encoding="utf-8")
    (new / "requirements.txt").write_text("\n".join(requires) + "\n", encoding="utf-8")
    licence = root / "LICENSE"
    if licence.is_file():
        shutil.copyfile(licence, new / "LICENSE")


def _handed_out(package):
    """The files of labkit that students get: all but the instructors' part of `course`."""
    for path in sorted(package.rglob("*")):
        name = path.relative_to(package).as_posix()
        hidden = any(part == "__pycache__" or part.startswith(".") for part in path.relative_to(package).parts)
        if path.is_file() and not hidden and path.suffix != ".pyc":
            if not name.startswith("course/") or name.removeprefix("course/").startswith(STUDENTS_PART):
                yield path


def _requires():
    """What labkit needs without its extras, from its installed metadata."""
    try:
        lines = metadata.requires("labkit") or []
    except metadata.PackageNotFoundError:
        lines = []
    if not lines:
        return _required_in(Path(labkit.__file__).parents[1] / "pyproject.toml")
    return [line.strip() for line in lines if "extra ==" not in line]


def _required_in(pyproject):
    if not pyproject.is_file():
        raise CourseError("labkit is not installed here, so its requirements are not known: pip install -e .")
    listed = re.search(r"^dependencies = \[(.*?)^\]", pyproject.read_text(encoding="utf-8"), re.M | re.S)
    return re.findall(r'^\s*"([^"]+)"', listed[1], re.M) if listed else []


def _run_blank(new, chosen):
    """Execute each notebook as it is handed out; a cell that raises keeps the edition from being written."""
    width = max(len(path.stem) for path in chosen)
    with ThreadPoolExecutor(cores()) as pool, tempfile.TemporaryDirectory() as work:
        running = {pool.submit(_run_one, new / "notebooks" / path.name, path, new, work): path for path in chosen}
        try:
            for number, future in enumerate(as_completed(running), 1):
                trouble, seconds = future.result()
                if trouble:
                    raise CourseError(trouble)
                said = f"runs from top to bottom with nothing done ({seconds:.0f} s)"
                print(f"[{number}/{len(chosen)}] {running[future].stem:<{width}}  {said}", flush=True)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _run_one(path, source, new, work):
    """What is wrong with a notebook as it is handed out, "" if nothing is, and how long it took."""
    nb = _quicker(nbformat.read(path, as_version=4), source)
    started = time.monotonic()
    failure, _ = execute(nb, work, {"PYTHONPATH": str(new), "LABKIT_SLIDERS": "0"} | one_each(), timeout=1800)
    cell = "" if failure is None or failure.index is None else f", cell {failure.index + 1}"
    trouble = "" if failure is None else f"{path.stem}{cell} of the student edition: {failure.error}"
    return trouble, time.monotonic() - started


def _quicker(nb, source):
    """A notebook with the author's quicker version, for marking, of the cells that are slow.

    Marking leaves out what nothing is judged by; here all is run, so a version without a name that is used later stays
    out.
    """
    quick = {cell["id"]: cells.quick_source(cell) for cell in cells.read_lab(source).cells}
    used = set()  # by the cells that follow
    for cell in reversed([cell for cell in nb.cells if cell.cell_type == "code"]):
        version = quick.get(cell["id"]) if not cells.kind(cell) else None
        if version and not used & (set(cells.names_bound(cell.source)) - set(cells.names_bound(version))):
            cell.source = version
        used |= cells.names_used(cell.source)
    return nb
