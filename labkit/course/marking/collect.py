"""What was handed in: the students' folders, their files, and which lab each file is."""

import os
import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

from labkit.course.labs import CourseError
from labkit.course.marking import submission as reading

_SUFFIXES = (".ipynb", ".zip", ".ipynb.txt", ".ipynb.json", ".json")


class Submission(NamedTuple):
    """One notebook handed in, or the lack of one."""

    student: str
    lab: str
    content: bytes
    notes: list
    trouble: object  # an `Unreadable`, or None


def students(folder):
    """The students' folders in a folder of submissions or in an nbgrader course."""
    if not folder.is_dir():
        raise CourseError(f"there is no folder {folder}.", status=2)
    base = folder / "submitted" if (folder / "submitted").is_dir() else folder
    found = sorted(
        (
            entry
            for entry in os.scandir(base)
            if not entry.name.startswith((".", "_")) and (entry.is_dir() or entry.is_symlink())
        ),
        key=lambda e: e.name,
    )
    if not found:
        raise CourseError(
            f"there are no submissions in {folder}: a folder for each student is expected, with <lab>.ipynb in it.",
            status=2,
        )
    return found


def collect(folder, prepared, strict):
    """The submissions of a folder, by student and lab, and the files that belong to no lab.

    strict: the labs were asked for by name, so that each student who has none of one is listed as missing it.
    """

    entries = students(folder)
    if not prepared.paths:
        raise CourseError("no lab can be marked.")
    found, strangers, names = {}, [], {}
    for entry in entries:
        student = _student_name(entry.name, names)
        files = [] if entry.is_symlink() else _files(Path(entry.path))
        if entry.is_symlink():
            strangers.append(f"{student}: the folder is a symbolic link, which is not followed")
        names[student] = True
        offers = []
        for path, shown in files:
            try:
                content, notes = reading.fetch(path)
                trouble = None
            except reading.Unreadable as error:
                content, notes, trouble = b"", [], error
            lab, why = _lab_of(path, content, trouble, prepared)
            if lab is None:
                strangers.append(f"{student}/{shown}: {why}")
                continue
            offers.append((lab, path, shown, content, notes + ([why] if why else []), trouble))
        for lab in prepared.release:
            mine = [offer for offer in offers if offer[0] == lab]
            if mine:
                found[student, lab] = _best(student, lab, mine)
    handed_in = {lab for _, lab in found} if not strict else set(prepared.release)
    handed_in = handed_in or set(prepared.release)
    missing = reading.Unreadable("missing", "nothing was handed in")
    rows = [
        found.get((student, lab)) or Submission(student, lab, b"", [], missing)
        for lab in sorted(handed_in)
        for student in sorted(names)
    ]
    return sorted(rows, key=lambda s: (s.lab, s.student)), strangers


def _student_name(name, names):
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode()).replace("/", "-")
    while name in names or name == "_reference":
        name += "_"
    return name


def _files(folder):
    """The files of a student that may be notebooks: in their folder, and one folder below."""
    found = []
    for directory in [
        folder,
        *sorted(
            p
            for p in folder.iterdir()
            if p.is_dir()
            and not p.is_symlink()
            and not p.name.startswith(".")
            and p.suffix != ".ipynb"
            and p.name != "__MACOSX"
        ),
    ]:
        for path in sorted(directory.iterdir()):
            name = path.name.lower()
            if name.startswith(".") or not name.endswith(_SUFFIXES):
                continue
            shown = path.relative_to(folder).as_posix().encode("utf-8", "replace").decode()
            found.append((path, shown))
    return found


def _lab_of(path, content, trouble, prepared):
    """(name of the lab, a note or ""), or (None, why it is none)."""

    stem = re.sub(r"(\.ipynb.*|\.zip|\.json)$", "", path.name, flags=re.I)
    named = next((lab for lab in prepared.release if lab.lower() == stem.lower()), None) or next(
        (lab for lab in prepared.release if lab.lower() == path.parent.name.lower()), None
    )
    inside = None
    if trouble is None:
        try:
            inside = reading.which_lab(reading.parse(content)[0], prepared.release)
        except reading.Unreadable:
            pass
    if named and (inside == named or inside is None):
        return named, "" if named == stem else f"the file is called {path.name}"
    if inside:
        return inside, f"the file is called {path.name}, which is not the name of the lab that it holds"
    guess = next(
        (
            lab
            for lab in prepared.release
            if lab.lower() in stem.lower()
            or re.match(r"\d+", stem)
            and re.match(r"\d+", lab)
            and int(re.match(r"\d+", stem)[0]) == int(re.match(r"\d+", lab)[0])
        ),
        None,
    )
    if guess or len(prepared.release) == 1 and path.suffix.lower() == ".ipynb":
        return guess or next(iter(prepared.release)), f"the file is called {path.name}"
    return None, "it belongs to none of the labs that are marked"


def _best(student, lab, offers):
    """Of several files for one lab the one of the right name, else the newest."""
    right = [o for o in offers if o[1].name == f"{lab}.ipynb"] or offers
    right = [o for o in right if o[5] is None] or right
    chosen = max(right, key=lambda o: o[1].lstat().st_mtime)
    notes = list(chosen[4]) + [f"also handed in, and not marked: {o[2]}" for o in offers if o is not chosen]
    beside = sorted(p.name for p in chosen[1].parent.iterdir() if p.suffix == ".py")[:5]
    if beside:
        notes.append(f"files beside the notebook are not used: {', '.join(beside)}".encode("utf-8", "replace").decode())
    return Submission(student, lab, chosen[3], notes, chosen[5])
