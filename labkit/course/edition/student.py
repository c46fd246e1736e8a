"""`labkit student`: the edition that students get, made by nbgrader from the solved labs."""

import os
import re
import shutil
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import nbformat
from nbclient import NotebookClient

import labkit
from labkit.course import cells as lab_cells
from labkit.course.labs import CourseError, find_labs, folders, select
from labkit.course.release import CODE_STUB, TEXT_STUB, make_release, refuse_broken

README = """\
# Labs

{labs}

## Start

You need Python 3.10 or newer. In a terminal, in this folder:

    python -m venv .venv
    .venv/bin/python -m pip install .          (Windows: .venv\\Scripts\\python -m pip install .)
    .venv/bin/jupyter lab notebooks            (Windows: .venv\\Scripts\\jupyter lab notebooks)

or, with conda:

    conda env create -f environment.yml
    conda activate labs
    jupyter lab notebooks

Run the first cell of a lab: it says whether everything is here, and what to do if not.

## Work

Write your code where it says `{code_stub}`, and your words where it says `{text_stub}`. The cell below an
exercise checks it, as often as you like; it tells you what is right and what is not. If you get stuck, go on: later
cells use labkit's own version and say so. The points are in the table at the end of each lab.

Do not change, move or delete the cells that check, and keep the notebook's file name. Before you hand in, choose
*Kernel > Restart Kernel and Run All Cells*, save, and hand in the `.ipynb` file.
"""


def hand_out(out, labs=(), notebooks=None, force=False, check=False, nbgrader=None):
    """Write the student edition.

    out: folder to write, None with `nbgrader`; labs: numbers, file names or paths, none for all; notebooks: folder
    of the labs. force: replace what is in `out`. check: execute each notebook as a student who has done nothing.
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
    """labkit itself, and how to install it and start."""
    package = Path(labkit.__file__).parent
    shutil.copytree(package, new / "labkit", ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".*"))
    requires = _requires()
    (new / "requirements.txt").write_text("\n".join(requires) + "\n", encoding="utf-8")
    (new / "pyproject.toml").write_text(
        _PYPROJECT.format(version=labkit.__version__, requires="".join(f"    {line!r},\n" for line in requires)),
        encoding="utf-8",
    )
    (new / "environment.yml").write_text(_ENVIRONMENT, encoding="utf-8")
    listed = "\n".join(
        f"- [{lab_cells.title(lab_cells.read_lab(path), path.stem)}](notebooks/{path.name})" for path in chosen
    )
    (new / "README.md").write_text(
        README.format(labs=listed, code_stub=CODE_STUB, text_stub=TEXT_STUB.strip("*")), encoding="utf-8"
    )
    (new / "data").mkdir()
    (new / "data" / "README.md").write_text(
        "CIFAR-10 is put here, or in your cache, when a lab first asks for it.\n", encoding="utf-8"
    )
    (new / ".gitignore").write_text(
        ".venv/\n__pycache__/\n.ipynb_checkpoints/\ndata/*\n!data/README.md\n", encoding="utf-8"
    )
    licence = root / "LICENSE"
    if licence.is_file():
        shutil.copyfile(licence, new / "LICENSE")


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


_PYPROJECT = """\
[build-system]
requires = ["setuptools>=64"]
build-backend = "setuptools.build_meta"

[project]
name = "labkit"
version = "{version}"
requires-python = ">=3.10"
dependencies = [
{requires}]

[project.scripts]
labkit = "labkit.course.cli:main"

[tool.setuptools.packages.find]
include = ["labkit*"]

[tool.setuptools.package-data]
labkit = ["*.mplstyle", "course/templates/*", "course/*/templates/*"]
"""


_ENVIRONMENT = """\
# conda env create -f environment.yml && conda activate labs
name: labs
channels:
  - conda-forge
dependencies:
  - python>=3.10
  - pip
  - pip:
      - --editable .
"""


def _run_blank(new, chosen):
    """Execute each notebook as it is handed out; a cell that raises keeps the edition from being written."""
    for path in chosen:
        nb = nbformat.read(new / "notebooks" / path.name, as_version=4)
        before = dict(os.environ)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(new), before.get("PYTHONPATH")]))
        try:
            with tempfile.TemporaryDirectory() as work:
                NotebookClient(
                    nb, timeout=1800, allow_errors=True, kernel_name="python3", resources={"metadata": {"path": work}}
                ).execute()
        finally:
            os.environ.clear()
            os.environ.update(before)
        for index, cell in enumerate(nb.cells, 1):
            for output in cell.get("outputs", []):
                if output.output_type == "error":
                    raise CourseError(
                        f"{path.stem}, cell {index} of the student edition raises {output.ename}: {output.evalue[:200]}"
                    )
        print(f"{path.stem}: runs from top to bottom with nothing done")
