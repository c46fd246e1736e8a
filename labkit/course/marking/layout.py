"""Whose files these are: a folder for each student, nbgrader's course, or what Canvas and Moodle let one download."""

import os
import re
from pathlib import Path
from typing import NamedTuple

from labkit.course.clean.text import student_id
from labkit.course.report.result import plain_text

CANVAS = re.compile(r"(?P<name>[^/]+?)(?P<late>_LATE)?_(?P<id>\d{1,20})_\d{1,20}_(?P<file>[^/]+)")
CANVAS_BLIND = re.compile(r"anon(?:ymous)?(?P<late>_LATE)?_(?P<id>[A-Za-z0-9]{5})_\d{1,20}_(?P<file>[^/]+)")
CANVAS_TEXT = re.compile(r"(?P<name>[^/]+?)(?P<late>_LATE)?_(?P<id>\d{1,20})_(?P<file>(?:text|link|media)\.\w+)")
MOODLE = re.compile(
    r"(?P<name>[^/]+?)_(?P<id>\d{1,20})_assignsubmission_(?:file|onlinetext|comments)(?:_(?P<file>[^/]*))?"
)
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
UNOPENED = (".rar", ".7z")
NOT_OPENED = (
    "a RAR or 7z archive is not opened: unpack it, or have the notebook handed in as .ipynb or in a zip archive"
)
NOTEBOOKS = (".ipynb", ".ipynb.txt", ".ipynb.json", ".ipynb.gz")
PERHAPS = (".json", ".txt")  # a notebook that somebody gave another name, or none at all
DEPTH, MOST_FILES = 12, 5000
LIBRARIES = {"site-packages", "node_modules", ".venv", "venv", "env", "__pycache__", "__MACOSX"}


class Given(NamedTuple):
    """A file that a student handed in: where it lies, what it was called, and when."""

    path: Path
    name: str  # what the student called it, with the folders below their own
    late: bool = False


class Hand(NamedTuple):
    """What one student handed in: files that may hold notebooks, and [what was passed over, why]."""

    student: str
    identity: str  # the platform's number of the student, "" where there is none
    files: list
    passed_over: list


def hands(folder):
    """What each student handed in, by name, and [what belongs to nobody, why].

    folder: of the submissions, in any of the layouts; archives in it are not opened here.
    Raises OSError if it cannot be read.
    """
    base = folder / "submitted" if (folder / "submitted").is_dir() else _inner(folder)
    found, nobody = {}, []
    for entry in sorted(os.scandir(base), key=lambda entry: entry.name):
        name = plain_text(entry.name)
        if name.startswith(".") or name in ("__MACOSX", "__pycache__"):
            nobody.append((name, "a hidden folder or file" if name.startswith(".") else "no student's folder"))
            continue
        whose, known = _owner(name, entry.is_dir(follow_symlinks=False) or entry.is_symlink())
        if whose is None:
            nobody.append((name, "it stands in no student's folder, and its name is none that Canvas or Moodle give"))
            continue
        hand = found.setdefault(whose, Hand(*whose, [], []))
        if entry.is_symlink():
            hand.passed_over.append((known or name, "it is a symbolic link, which is not followed"))
        elif entry.is_dir():
            walk(Path(entry.path), hand)
        else:
            _sort_in(Path(entry.path), known or name, hand, _is_late(name))
    return _named_apart(list(found.values())), nobody


def _inner(folder):
    """The folder itself, or the one folder in it that a platform's download lies in."""
    inside = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
    if len(inside) == 1 and inside[0].is_dir(follow_symlinks=False):
        names = [plain_text(entry.name) for entry in os.scandir(inside[0])]
        if any(_platform(name) for name in names):
            return Path(inside[0].path)
    return folder


def _platform(name):
    """What Canvas or Moodle say by a name, None if it is none of theirs."""
    return (
        MOODLE.fullmatch(name) or CANVAS_BLIND.fullmatch(name) or CANVAS.fullmatch(name) or CANVAS_TEXT.fullmatch(name)
    )


def is_platform(names):
    """Whether these are the names in a download of Canvas or Moodle."""
    return any(_platform(plain_text(name)) for name in names)


def _is_late(name):
    found = _platform(name)
    return bool(found and found.groupdict().get("late"))


def _owner(name, is_folder):
    """((student, identity) or None, the file's own name) from a name at the top."""
    found = _platform(name)
    if found:
        said = found.groupdict()
        return (said.get("name") or said["id"], said["id"]), said.get("file") or ""
    if is_folder:
        return (name, ""), ""
    suffix = next(
        (s for s in (*ARCHIVES, *NOTEBOOKS, *UNOPENED) if name.lower().endswith(s) and len(name) > len(s)), None
    )
    return ((name[: -len(suffix)], ""), name) if suffix else (None, name)


def walk(folder, hand):
    """Sort the files of a student's folder, at any depth, into what may hold notebooks and what is passed over."""
    count, ahead = 0, [folder]
    while ahead:
        place = ahead.pop(0)
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            hand.files.append(Given(place, _below(folder, place)))  # reading it says why
            hand.passed_over.append((_below(folder, place), f"the folder cannot be opened: {error.strerror}"))
            continue
        for entry in entries:
            path, name = Path(entry.path), _below(folder, Path(entry.path))
            count += 1
            if count > MOST_FILES:
                hand.passed_over.append((name, f"there are more than {MOST_FILES:,} files: no more were looked at"))
                return
            if entry.name in LIBRARIES or entry.name.startswith("."):
                hand.passed_over.append((name, "hidden, or not the student's"))
            elif entry.is_symlink():
                hand.passed_over.append((name, "it is a symbolic link, which is not followed"))
            elif entry.is_dir():
                if entry.name.lower().endswith(NOTEBOOKS):
                    hand.passed_over.append((name, "it is a folder, not a notebook"))
                if name.count("/") < DEPTH:
                    ahead.append(path)
                else:
                    hand.passed_over.append((name, f"it lies more than {DEPTH} folders deep"))
            else:
                _sort_in(path, name, hand)


def _below(folder, path):
    return plain_text(path.relative_to(folder).as_posix())


def may_hold(name):
    """ "yes" of a file that is a notebook or an archive by its name, "perhaps" of one that may be, "" of others."""
    name = name.replace("\\", "/").split("/")[-1].lower()
    if name.endswith((*NOTEBOOKS, *ARCHIVES)):
        return "yes"
    return "perhaps" if name.endswith(PERHAPS) or "." not in name else ""


def _sort_in(path, name, hand, late=False):
    """Put a file where it belongs; `name` is what the student called it."""
    if name == "timestamp.txt":  # nbgrader's
        pass
    elif may_hold(name):
        hand.files.append(Given(path, name, late))
    elif name.lower().endswith(UNOPENED):
        hand.passed_over.append((name, NOT_OPENED))
    else:
        hand.passed_over.append((name, "not a notebook"))


def _named_apart(hands):
    """Students of one name get their platform's number behind it, and nobody is called like labkit's own folder."""
    names = [_tame(hand.student) for hand in hands]
    found, taken = [], set()
    for hand, name in zip(hands, names):
        if names.count(name) > 1 and hand.identity:
            name = f"{name} {hand.identity}"
        while name in taken or name == "_reference":
            name += "_"
        taken.add(name)
        found.append(hand._replace(student=name))
    return found


def _tame(name):
    """A name for paths, pages and terminals: a folder may be called anything."""
    return student_id(plain_text(name).replace("/", "-")) if name.strip() else "no name"
