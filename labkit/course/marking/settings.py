"""How a class is to be marked: what is asked for on the command line."""

import os
from dataclasses import dataclass
from pathlib import Path

from labkit.course.labs import CourseError


@dataclass(frozen=True)
class Settings:
    """How a class is to be marked.

    submissions: folder of `<student>/<lab>.ipynb`, or an nbgrader course, or its `submitted`.
    out: the report's folder.
    labs: numbers, file names or paths; none for those that were handed in.
    jobs: submissions at a time; None for one for each processor core.
    timeout, cell_timeout: seconds for a submission and for a cell.
    memory: bytes for a submission.
    data: folder that holds CIFAR-10.
    standin: use the stand-in.
    fresh: mark again what is marked.
    regrade: students to mark again, and no others.
    course: course.toml; None for that beside the submissions.
    notebooks: folder of the solved labs.
    scheduler: address of a Dask scheduler, whose workers mark.
    whole: also run what marking leaves out.
    seed: of the checks' cases; None for that of the report, or a new one for a new report.
    """

    submissions: str
    out: str
    labs: tuple = ()
    jobs: int | None = None
    timeout: float = 600.0
    cell_timeout: float = 120.0
    memory: int = 2 << 30
    data: str | None = None
    standin: bool = False
    fresh: bool = False
    regrade: tuple = ()
    course: str | None = None
    notebooks: str | None = None
    scheduler: str | None = None
    whole: bool = False
    seed: int | None = None

    def refuse_impossible(self):
        """Raise a CourseError for limits that nothing could keep, and for a report among the submissions."""
        if self.jobs is not None and self.jobs < 1:
            raise CourseError("--jobs must be 1 or more.", status=2)
        if self.memory < 256 << 20:
            raise CourseError("--memory must be 256M or more: Python with NumPy and Matplotlib takes that.", status=2)

    def at_a_time(self):
        """How many submissions are marked at a time: one more than cores, as marker and kernel wait for each other."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return self.jobs or cores + 1

    def report_folder(self):
        """The folder of the report, made if it is not there. Raises CourseError if it cannot be one."""
        out = Path(self.out)
        if out.exists() and not out.is_dir():
            raise CourseError(f"{out} is a file; name a folder with --out.", status=2)
        one, two = out.resolve(), Path(self.submissions).resolve()
        if one == two or one in two.parents:
            raise CourseError("the report needs a folder of its own, apart from the submissions.", status=2)
        known = (out / "results").is_dir() or (out / "gradebook.db").exists()
        if out.is_dir() and any(out.iterdir()) and not known:
            raise CourseError(
                f"the folder {out} is not empty and holds no report; name another one with --out.", status=2
            )
        out.mkdir(parents=True, exist_ok=True)
        return out
