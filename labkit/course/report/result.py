"""A mark: what came of one submission, from the process that marked it to the contact sheet, and as a file."""

import dataclasses
import json
import math
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from labkit.course import cells as labs
from labkit.files import write

REFERENCE = "_reference"  # in the place of a student: the solved lab, marked like a submission


class Status(str, Enum):
    """How it went with a submission, in the words of the report."""

    OK = "ok"
    ERRORS = "ran with errors"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    NOT_READABLE = "not readable"
    TOO_LARGE = "too large"
    MISSING = "missing"
    DID_NOT_RUN = "did not run"

    def __str__(self):
        return self.value


@dataclass
class Row:
    """A row of the rubric.

    id: the grade id of its cell.
    row: what it is called.
    kind: "auto" where a check gives the points, "manual" where a person does.
    points: None where they are still to be given.
    verdict: what the check said, or the written answer.
    error: the exception of the check cell, "" if there was none.
    by_eye: whether a person gave the points.
    automatic: what the check gave, where a person gave the points.
    comment: of a person, for the student.
    extra: points that a person gave on top.
    """

    id: str
    row: str
    max_points: float
    kind: str = "auto"
    points: float | None = None
    verdict: str = ""
    error: str = ""
    by_eye: bool = False
    automatic: float | None = None
    comment: str = ""
    extra: float = 0.0

    def checked(self):
        """The row as the check left it, without what a person decided."""
        points = self.automatic if self.by_eye else self.points
        return dataclasses.replace(self, points=points, by_eye=False, automatic=None, comment="", extra=0.0)


@dataclass
class Plot:
    """A plot of a submission.

    id: the grade id of the cell that draws it.
    row: what it is called.
    max_points: of the row that judges it; 0 if none does.
    image: its file in the report, "" if there is no picture.
    width, height: pixels.
    flags: what it lacks, in the words of the contact sheet's filters.
    alt: what it shows, for those who cannot see it.
    """

    id: str
    row: str
    max_points: float = 0.0
    image: str = ""
    width: int = 0
    height: int = 0
    flags: list = field(default_factory=list)
    alt: str = ""


@dataclass
class Mark:
    """What came of one submission.

    title: of the lab.
    message: why the status is not ok, in a sentence.
    notes: what was unusual, a sentence each.
    seconds: what marking took.
    data: the name of the data it ran on.
    seed: of the checks' cases.
    key: changes with everything that the mark depends on.
    feedback: the file of the page to hand back.
    comments: {grade id: what nbgrader remarks}.
    prints: {function: what its answer has in common with those that differ in names and layout only}.
    handed_in: when, as ISO text with a time zone; "" if that is not known.
    given: {id of a row or plot: points and comment of a person}; not stored with the mark.
    """

    student: str
    lab: str
    title: str = ""
    status: Status = Status.OK
    message: str = ""
    notes: list = field(default_factory=list)
    seconds: float = 0.0
    data: str = ""
    seed: int = 0
    key: str = ""
    rubric: list = field(default_factory=list)
    plots: list = field(default_factory=list)
    feedback: str = ""
    comments: dict = field(default_factory=dict)
    prints: dict = field(default_factory=dict)
    handed_in: str = ""
    given: dict = field(default_factory=dict)

    @property
    def automatic(self):
        """Points of the rows that are checked."""
        return round(sum(row.points or 0.0 for row in self.rubric if row.kind == "auto"), 6)

    @property
    def by_hand(self):
        """Points of the rows that a person marks, so far."""
        return round(sum(row.points or 0.0 for row in self.rubric if row.kind == "manual"), 6)

    @property
    def automatic_max(self):
        """The most points of the rows that are checked."""
        return sum(row.max_points for row in self.rubric if row.kind == "auto")

    @property
    def by_hand_max(self):
        """The most points of the rows that a person marks."""
        return sum(row.max_points for row in self.rubric if row.kind == "manual")

    @property
    def extra(self):
        """Points that a person gave on top."""
        return round(sum(row.extra for row in self.rubric), 6)

    @property
    def points(self):
        """All points so far."""
        return round(self.automatic + self.by_hand + self.extra, 6)

    @property
    def max_points(self):
        """The most points there are."""
        return self.automatic_max + self.by_hand_max

    @property
    def open(self):
        """The ids of the rows that a person has still to mark."""
        return [row.id for row in self.rubric if row.points is None]

    def as_json(self):
        """The mark as plain values, its totals beside them for programs that read the file."""
        plain = dataclasses.asdict(self)
        del plain["given"]
        totals = {"auto_points": self.automatic, "auto_max": self.automatic_max, "manual_max": self.by_hand_max}
        totals |= {"points": self.points, "max_points": self.max_points, "still_to_mark": self.open}
        return plain | {"status": str(self.status)} | totals


# --- a mark of which nothing is known ------------------------------------------------------------------------------


def blank_mark(student, lab, release, **known):
    """A mark from which nothing could be learned: no points, and why is still to be said.

    release: the student edition of the lab.
    known: fields of the mark.
    """
    rows = [dataclasses.replace(row, points=0.0) for row in rows_of(release)]
    return Mark(student, lab, title=labs.title(release, lab), rubric=rows, **known)


def rows_of(release):
    """The rubric of a lab, without points."""
    return [
        Row(
            id=labs.grading(cell)["grade_id"],
            row=labs.row(cell),
            max_points=float(labs.grading(cell)["points"]),
            kind="auto" if labs.kind(cell) == "check" else "manual",
        )
        for cell in release.cells
        if labs.kind(cell) in ("check", "manual")
    ]


# --- as a file -----------------------------------------------------------------------------------------------------


def mark_path(report, student, lab):
    """Where the mark of a submission is kept."""
    return Path(report) / "results" / student / f"{lab}.json"


def write_mark(path, mark):
    """Keep a mark in a file."""
    write(path, json.dumps(mark.as_json(), ensure_ascii=False, indent=1, allow_nan=False))


def known_mark(report, student, lab):
    """The stored mark of a submission, None if there is none that can be read."""
    try:
        return read_mark(mark_path(report, student, lab))
    except UNREADABLE:
        return None


def read_marks(report):
    """The marks of a report: (marks, {lab: reference}, problems), with every field there and of its type.

    A file that cannot be read is one sentence in problems and leaves the others as they are.
    """
    marks, references, problems = [], {}, []
    for path in sorted((Path(report) / "results").glob("*/*.json")):
        try:
            mark = read_mark(path)
        except UNREADABLE:
            name = f"results/{plain_text(path.parent.name)}/{plain_text(path.name)}"
            problems.append(f"{name} could not be read: mark it again")
            continue
        if path.parent.name == REFERENCE:
            references[mark.lab] = mark
        else:
            marks.append(mark)
    return marks, references, problems


UNREADABLE = (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError)


def read_mark(path):
    """The mark in a file, with every field there and of its type; raises one of UNREADABLE."""
    return mark_from(json.loads(Path(path).read_text(encoding="utf-8")), path.parent.name, path.stem)


def mark_from(plain, student, lab):
    """A mark from plain values, whatever their writer left out.

    plain: as `Mark.as_json` makes it.
    student, lab: where they are not in it.
    """
    mark = Mark(plain_text(plain.get("student") or student), plain_text(plain.get("lab") or lab))
    for key in ("title", "message", "feedback", "data", "key", "handed_in"):
        setattr(mark, key, plain_text(plain.get(key) or ""))
    mark.title = mark.title or mark.lab.replace("_", " ")
    known = {str(status): status for status in Status}
    mark.status = known.get(plain.get("status") or "ok", Status.DID_NOT_RUN)
    mark.notes = [plain_text(note) for note in plain.get("notes") or []]
    mark.seconds, mark.seed = _number(plain.get("seconds")) or 0.0, plain.get("seed") or 0
    mark.comments = {plain_text(name): plain_text(said) for name, said in (plain.get("comments") or {}).items()}
    mark.prints = {plain_text(name): plain_text(told) for name, told in (plain.get("prints") or {}).items()}
    mark.rubric = [_row(row) for row in plain.get("rubric") or []]
    mark.plots = [_plot(plot) for plot in plain.get("plots") or []]
    return mark


def _row(plain):
    identity = plain_text(plain["id"])
    return Row(
        id=identity,
        row=plain_text(plain.get("row") or identity),
        max_points=_number(plain.get("max_points")) or 0.0,
        kind="manual" if plain.get("kind") == "manual" else "auto",
        points=_number(plain.get("points")),
        verdict=plain_text(plain.get("verdict") or ""),
        error=plain_text(plain.get("error") or ""),
        by_eye=bool(plain.get("by_eye")),
        automatic=_number(plain.get("automatic")),
        comment=plain_text(plain.get("comment") or ""),
        extra=_number(plain.get("extra")) or 0.0,
    )


def _plot(plain):
    identity = plain_text(plain["id"])
    return Plot(
        id=identity,
        row=plain_text(plain.get("row") or identity),
        max_points=_number(plain.get("max_points")) or 0.0,
        image=str(plain.get("image") or ""),
        width=int(_number(plain.get("width")) or 0),
        height=int(_number(plain.get("height")) or 0),
        flags=[plain_text(flag) for flag in plain.get("flags") or []],
        alt=plain_text(plain.get("alt") or ""),
    )


def plain_text(value):
    """A text that can be written as UTF-8: file names may hold bytes that are none."""
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")


def _number(value):
    if value is None or isinstance(value, bool):
        return None
    return float(value) if math.isfinite(float(value)) else None
