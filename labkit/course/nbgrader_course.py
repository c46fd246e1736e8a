"""`nbgrader_config.py` of a folder that is an nbgrader course: nbgrader's own commands and pages do there as labkit."""

from pathlib import Path

from labkit.course import release
from labkit.course.clean.step import CleanNotebook
from labkit.files import write

_FIRST = "# Written by labkit: this folder is an nbgrader course."
_TEXT = (
    _FIRST
    + """
# Its solutions, marking notes and stubs are labkit's, and what formgrader shows of submissions cannot run. Settings of
# your own go below; labkit leaves this file alone once you have changed the line above.
# `nbgrader autograde` runs submissions without labkit's sandbox: mark with `labkit grade`.
from pathlib import Path

from labkit.course.nbgrader_course import settings

c = get_config()  # noqa: F821
c.merge(settings(Path(__file__).parent if "__file__" in globals() else Path.cwd()))
"""
)
CONFIG_LINES = """
    from labkit.course.nbgrader_course import settings
    c.merge(settings("THE FOLDER OF THE COURSE"))"""


def settings(course):
    """All that nbgrader has to know of a course folder, as its configuration."""
    config = release.nbgrader_config(course)
    del config.CourseDirectory["assignment_id"], config.CourseDirectory["student_id"]
    config.CourseDirectory.feedback_directory = "nbgrader-feedback"  # `feedback` is labkit's
    config.GenerateAssignment.preprocessors = release.preprocessors_of(database=True)
    config.HTMLExporter.preprocessors = [CleanNotebook]
    return config


def write_config(course):
    """Write `nbgrader_config.py`; one that is not labkit's stays. Returns whether the file is labkit's."""
    place = Path(course) / "nbgrader_config.py"
    if place.is_file() and not place.read_text(encoding="utf-8", errors="replace").startswith(
        (_FIRST, "# This folder is an nbgrader course:")
    ):
        return False
    write(place, _TEXT)
    return True
