"""What a file that was handed in holds: each notebook in it, read, recognised and repaired."""

import functools
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nbformat

from labkit.course.marking import archives, submission
from labkit.course.marking.evidence import Evidence, worked_on
from labkit.course.marking.layout import NOT_OPENED
from labkit.course.marking.repair import repair
from labkit.course.marking.submission import Unreadable
from labkit.course.report.result import plain_text


@dataclass
class Reading:
    """One notebook that was handed in, or what keeps it from being read."""

    name: str  # in the archive it came in, "" where it is the file itself
    date: float = 0.0  # when it was changed, in seconds since 1970; 0 where the archive does not say
    status: str = ""  # "" if it could be read
    message: str = ""
    notes: list = field(default_factory=list)
    lab: str = ""  # "" if it is none
    worked: int = 0  # exercises and written answers in which something was done
    content: str = ""  # the notebook in order, of a lab that is marked


class Known:
    """The labs that a notebook can be: those of the course, and the student edition of those that are marked."""

    def __init__(self, course, releases):
        self.evidence, self.releases = Evidence({**course, **releases}), releases
        self.only = next(iter(releases)) if len(releases) == 1 else ""  # what nothing speaks against may be that one

    @classmethod
    def read(cls, path):
        """From the file that `write` made."""
        stored = json.loads(Path(path).read_text(encoding="utf-8"))
        return cls(*({name: nbformat.from_dict(nb) for name, nb in part.items()} for part in stored))

    @staticmethod
    def write(path, course, releases):
        """Store what a process that reads has to know.

        course, releases: for each lab by name, its notebook as the course has it, and as it is handed out.
        """
        slim = [{name: _without_outputs(nb) for name, nb in part.items()} for part in (course, releases)]
        Path(path).write_text(json.dumps(slim), encoding="utf-8")


def _without_outputs(nb):
    cells = [{**cell, "outputs": []} if cell.cell_type == "code" else cell for cell in nb.cells]
    return {**nb, "cells": cells}


def look(path, name, known):
    """Everything in one file.

    path: where it lies.
    name: what its owner called it.
    known: a `Known`.
    Returns ([a `Reading` for each notebook], [(name, why) of what is passed over]).
    """
    try:
        with submission.opened(path) as file:
            begin = file.read(512)
            if archives.is_unopened(begin):
                raise Unreadable("not readable", NOT_OPENED)
            kind = archives.kind_of(begin)
            file.seek(0)
            if kind == "gzip":
                kind = archives.kind_of(archives.gunzip(file, 511)) or kind
                file.seek(0)
            if kind not in ("zip", "tar"):
                return [_one(lambda: submission.fetch(file, kind == "gzip"), "", 0.0, name, known)], []
            return _archive(file, kind, name, known)
    except Unreadable as error:
        return [Reading("", status=error.status, message=error.message)], []
    except archives.BROKEN as error:
        return [Reading("", status="not readable", message=f"it is a broken archive ({str(error)[:120]})")], []


def _archive(file, kind, name, known):
    readings, passed_over = [], []
    for found in archives.look_into(file, kind):
        if not isinstance(found, archives.Found):
            passed_over.append((plain_text(found[0]), found[1]))
        elif found.content is None:
            readings.append(Reading(plain_text(found.name), found.date, "not readable", found.why))
        else:
            where = plain_text(found.name)
            readings.append(
                _one(functools.partial(submission.slim, found.content), where, found.date, f"{name}/{where}", known)
            )
    if not readings:
        message = f"it is a {kind} archive without a notebook in it"
        readings.append(Reading("", status="not readable", message=message))
    return readings, passed_over


def _one(fetch, inside, date, name, known):
    """One notebook, whatever happens on the way."""
    reading = Reading(inside, date)
    try:
        content, notes = fetch()
        nb, more = submission.parse(content)
        reading.notes = notes + more
        reading.lab = known.evidence.lab_of(nb, name) or known.only
        release = known.releases.get(reading.lab)
        if release is not None:
            nb, more = repair(nb, release)
            reading.notes += more
            reading.worked, reading.content = len(worked_on(nb, release)), json.dumps(nb)
    except Unreadable as error:
        reading.status, reading.message = error.status, error.message
    except MemoryError:
        reading.status, reading.message = "too large", "reading it needs too much memory"
    except RecursionError:
        reading.status, reading.message = "not readable", "it is nested too deeply to be a notebook"
    except Exception as error:  # whatever a file can be: it is named, and the others go on
        unforeseen(reading, error)
    return reading


def unforeseen(reading, error):
    """Say of a notebook that reading it raised what nothing here expects."""
    reading.status = "not readable"
    reading.message = f"it cannot be read as a notebook ({type(error).__name__}: {plain_text(error)[:200]})"


def as_json(readings, passed_over):
    """What `look` found, as one line of text."""
    return json.dumps([[asdict(reading) for reading in readings], passed_over])
