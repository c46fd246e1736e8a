"""The labs of a course: which there are and which are asked for; what a command says that cannot work."""

import os
import re
from contextlib import contextmanager
from pathlib import Path

import labkit


class CourseError(Exception):
    """What keeps a command from working, in one sentence, and the exit status for it."""

    def __init__(self, message, status=1):
        super().__init__(message)
        self.status = status


def folders(notebooks, out):
    """The folder of the labs and the folder of the site; by default those of the course one stands in."""
    root = Path()
    if notebooks is None:
        checkout = Path(labkit.__file__).parents[1]
        if not Path("notebooks").is_dir() and (checkout / "notebooks").is_dir():
            root = checkout
        notebooks = root / "notebooks"
    return Path(notebooks), root / "build" / "site" if out is None else Path(out)


def find_labs(notebooks):
    """The notebooks of a folder, by number and name."""
    if not notebooks.is_dir():
        raise CourseError(
            f"there is no folder {notebooks}; run it in the course's folder, or name the labs' folder with --notebooks."
        )
    try:
        found = [
            path for path in notebooks.glob("*.ipynb") if not path.name.startswith((".", "~")) and not path.is_dir()
        ]
    except OSError as error:
        raise CourseError(f"the folder {notebooks} cannot be read: {error.strerror}.") from None
    if not found:
        raise CourseError(f"there are no notebooks in {notebooks}.")
    return sorted(found, key=lambda path: (number(path) is None, number(path) or 0, path.name))


def number(path):
    """3 for 03_numerical_gradient_descent.ipynb, None for a name that starts with no number."""
    digits = re.match(r"[0-9]+", path.name)
    return int(digits[0]) if digits else None


def select(every, wanted, notebooks):
    """The labs asked for, in the order of the series; all if none is asked for."""
    chosen = set()
    for name in wanted:
        named = {path for path in every if name in (path.name, path.stem)}
        if not named and re.fullmatch("[0-9]+", name):
            named = {path for path in every if number(path) == int(name)}
        if not named and Path(name).is_file():
            named = {path for path in every if path.samefile(name)}
        if not named:
            raise CourseError(
                f"there is no lab {name!r} in {notebooks}. There are: {', '.join(path.stem for path in every)}.",
                status=2,
            )
        chosen |= named
    return [path for path in every if path in chosen or not wanted]


@contextmanager
def variable(name, value):
    """An environment variable for the length of a block; None leaves it as it is."""
    before = os.environ.get(name)
    if value is not None:
        os.environ[name] = value
    try:
        yield
    finally:
        if value is not None:
            os.environ.pop(name)
            if before is not None:
                os.environ[name] = before
