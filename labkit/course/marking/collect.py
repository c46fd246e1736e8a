"""What was handed in: for each student and lab the notebook to mark, and by name all that is not marked."""

import os
import queue
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from labkit.course.labs import CourseError
from labkit.course.marking import archives
from labkit.course.marking.evidence import by_name
from labkit.course.marking.layout import NOT_OPENED, Given, Hand, hands, is_platform, may_hold
from labkit.course.marking.look import Known, Reading
from labkit.course.marking.readers import Reader
from labkit.course.marking.submission import Unreadable, opened

MOST_NAMED = 6


class Submission(NamedTuple):
    """One notebook handed in, or the lack of one."""

    student: str
    lab: str
    content: bytes  # the notebook, repaired
    notes: list
    trouble: object  # an `Unreadable`, or None
    when: float = 0.0  # the time of the file that was handed in, in seconds since 1970; 0 if there is none
    stamp: str = ""  # what timestamp.txt beside it says, as nbgrader writes it
    late: bool = False  # Canvas says so
    identity: str = ""  # the student's number on the platform


class Collected(NamedTuple):
    """The submissions, by lab and student; notebooks and archives that are not marked, a line each; and
    [student, file, why] for all other files that are not."""

    submissions: list
    strangers: list
    ignored: list


class Offer(NamedTuple):
    """A notebook that may be a student's submission of a lab."""

    lab: str
    given: Given
    shown: str
    changed: float  # of a file in an archive, when it was put there
    reading: Reading


@contextmanager
def unpacked(submissions):
    """The folder of the submissions, of a zip archive one that is gone afterwards; and [what was lost, why]."""
    submissions = _class_archive(Path(submissions))
    if submissions.is_dir():
        yield submissions, []
        return
    if not submissions.is_file():
        raise CourseError(f"there is no folder {submissions}.", status=2)
    with tempfile.TemporaryDirectory(prefix="labkit-") as folder:
        try:
            lost = archives.unpack_class(submissions, folder)
        except archives.BROKEN as error:
            raise CourseError(f"{submissions} is neither a folder nor a zip archive ({error}).", status=2) from None
        inside = [entry for entry in os.scandir(folder) if entry.name != "__MACOSX"]
        below = inside[0].path if len(inside) == 1 and inside[0].is_dir() and not is_platform([inside[0].name]) else ""
        alone = below and not any(entry.is_dir() or is_platform([entry.name]) for entry in os.scandir(below))
        yield Path(folder if alone or not below else below), lost


def _class_archive(path):
    """The path, or the one archive in that folder, if it is the download of a class."""
    inside = [entry for entry in path.iterdir() if not entry.name.startswith(".")] if path.is_dir() else []
    if len(inside) != 1 or not inside[0].name.lower().endswith(".zip") or not inside[0].is_file():
        return path
    try:
        with zipfile.ZipFile(inside[0]) as archive:
            names = {part for name in archive.namelist()[:10_000] for part in name.split("/")[:2]}
    except archives.BROKEN:
        return path
    return inside[0] if is_platform(names) else path


def students(folder):
    """What each student handed in (see `layout.hands`); raises `CourseError` if there are none."""
    found, nobody = hands(folder)
    if not found:
        raise CourseError(
            f"there are no submissions in {folder}: a folder for each student is expected, with <lab>.ipynb in it, "
            "or what Canvas or Moodle let you download.",
            status=2,
        )
    return found, nobody


def collect(folder, course, releases, strict, jobs=1):
    """What is to be marked, in a folder of submissions.

    folder: in one of the layouts of `layout`.
    course: for each lab by name, its notebook.
    releases: of those that are marked, the student edition.
    strict: the labs were asked for by name, so that each student who has none of one is listed as missing it.
    jobs: processes that read at a time.
    Returns a `Collected`.
    """
    found, nobody = students(folder)
    if not releases:
        raise CourseError("no lab can be marked.")
    with tempfile.TemporaryDirectory(prefix="labkit-") as place:
        known = Path(place, "known.json")
        Known.write(known, course, releases)
        read = _read_all(found, known, min(jobs, len(found)), sorted({*course, *releases}), releases)
    kept, strangers = [], [f"{name}: {why}" for name, why in nobody if not name.startswith(".")]
    ignored = [["", name, why] for name, why in nobody]
    for hand, (offers, lines, passed_over) in zip(found, read):
        strangers += [f"{hand.student}/{line}" for line in lines]
        ignored += [[hand.student, name, why] for name, why in passed_over]
        kept.append(offers)
    labs = _handed_in(kept, releases, strict)
    rows = []
    for hand, offers, (_, lines, passed_over) in zip(found, kept, read):
        for lab in labs:
            rows.append(_submission(hand, lab, offers, lines, passed_over))
        for offer in offers:
            if offer.lab not in labs:
                strangers.append(f"{hand.student}/{offer.shown}: {offer.lab}, as it was handed out")
    rows.sort(key=lambda row: (row.lab, row.student))
    return Collected(rows, strangers, ignored)


def _handed_in(kept, releases, strict):
    """The labs that are marked: asked for, or worked on by somebody; a folder handed in whole has untouched ones."""
    every = {offer.lab for offers in kept for offer in offers}
    worked = {offer.lab for offers in kept for offer in offers if offer.reading.worked or offer.reading.status}
    return sorted(releases if strict else worked or every or releases)


# --- reading -------------------------------------------------------------------------------------------------------


def _read_all(found, known, jobs, course, releases):
    free = queue.SimpleQueue()
    readers = [Reader(known) for _ in range(jobs)]
    for reader in readers:
        free.put(reader)

    def read(hand):
        reader = free.get()
        try:
            return _read(hand, reader, course, releases)
        finally:
            free.put(reader)

    try:
        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(read, found))
    finally:
        for reader in readers:
            reader.close()


def _read(hand: Hand, reader, course, releases):
    """(the offers of a student, lines about notebooks that are none, [what is passed over, why])."""
    offers, lines, passed_over = [], [], list(hand.passed_over)
    for given in hand.files:
        readings, more = reader.look(given.path, given.name)
        passed_over += [(f"{given.name}/{name}", why) for name, why in more]
        for reading in readings:
            offer, why = _offer(given, reading, course, releases)
            if offer is not None:
                offers.append(offer)
            elif may_hold(reading.name or given.name) == "perhaps":
                passed_over.append((_shown(given, reading), "not a notebook"))
            else:
                lines.append(f"{_shown(given, reading)}: {why}")
    for lab in {offer.lab for offer in offers}:  # only one of each needs to be kept whole
        best = _best([offer for offer in offers if offer.lab == lab])
        for offer in offers:
            if offer.lab == lab and offer is not best:
                offer.reading.content = ""
    return offers, lines, passed_over


def _shown(given, reading):
    return f"{given.name}/{reading.name}" if reading.name else given.name


def _offer(given: Given, reading, course, releases):
    """An offer, or (None, why a notebook is none)."""
    shown = _shown(given, reading)
    lab = reading.lab or by_name(shown, course) or (next(iter(releases)) if len(releases) == 1 else "")
    if reading.status and may_hold(shown) == "perhaps":
        return None, "not a notebook"
    if not reading.status and not reading.lab:
        return None, "it belongs to none of the labs"
    if lab not in releases:
        return None, (f"it is of {lab}, which is not marked now" if lab else reading.message)
    return Offer(lab, given, shown, reading.date or _time(given.path), reading), ""


def _time(path):
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _stamp(path):
    try:
        with opened(path.with_name("timestamp.txt")) as file:
            return file.read(100).decode("ascii").strip()
    except (Unreadable, OSError, ValueError):
        return ""


def _best(offers):
    """The one that most was done in, then the newest; one that cannot be read before one with nothing done."""
    return max(offers, key=lambda o: (o.reading.worked, bool(o.reading.status), o.changed, o.shown))


def _submission(hand, lab, offers, lines, passed_over):
    mine = [offer for offer in offers if offer.lab == lab]
    if not mine:
        return Submission(hand.student, lab, b"", *_nothing(lines, passed_over), identity=hand.identity)
    best = _best(mine)
    notes = list(best.reading.notes)
    if not _is_named(best.shown, lab):
        notes.insert(0, f"the file is called {best.shown}")
    for other in mine:
        if other is not best:
            notes.append(f"also handed in, and not marked: {other.shown}, {_compared(other, best)}")
    notes += [f"also handed in, and not marked: {line}" for line in lines]
    notes += _unused(passed_over)
    status = best.reading.status
    trouble = Unreadable(status, best.reading.message) if status else None
    content = best.reading.content.encode("utf-8", "backslashreplace")
    times = {"when": _time(best.given.path), "stamp": _stamp(best.given.path), "late": best.given.late}
    return Submission(hand.student, lab, content, notes, trouble, identity=hand.identity, **times)


def _is_named(shown, lab):
    return shown.lower().removesuffix(".ipynb").split("/")[-1] == lab.lower()


def _compared(other, best):
    if other.reading.status:
        return other.reading.message
    if other.reading.worked == best.reading.worked:
        return "older, or its copy"
    return f"in which {other.reading.worked} answers are begun, not {best.reading.worked}"


def _nothing(lines, passed_over):
    """(notes, the trouble) of a student who has no file of a lab."""
    if not lines and not passed_over:
        return [], Unreadable("missing", "nothing was handed in")
    unopened = [name for name, why in passed_over if why == NOT_OPENED]
    if unopened:
        return [], Unreadable("not readable", f"{', '.join(unopened[:MOST_NAMED])}: {NOT_OPENED}")
    unread = [line for line in lines if "not marked now" not in line and "none of the labs" not in line]
    said = "; ".join(lines[:MOST_NAMED]) or ", ".join(name for name, _ in passed_over[:MOST_NAMED])
    if unread:
        return [], Unreadable("not readable", f"which lab it is cannot be seen: {'; '.join(unread[:MOST_NAMED])}")
    return [], Unreadable("missing", f"nothing was handed in of this lab, but {said}")


def _unused(passed_over):
    """One note on the files that are no notebooks."""
    names = [name for name, why in passed_over if "hidden" not in why]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return [f"files beside the notebook are not used: {', '.join(names[:MOST_NAMED])}{more}"] if names else []
