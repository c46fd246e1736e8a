"""What happens while a submission is executed, told by the parts that see it."""

import time
from dataclasses import dataclass, field
from typing import NamedTuple

from labkit.course import cells
from labkit.course.report.result import Status


class Drawn(NamedTuple):
    """The figure that an exercise left in its name.

    lacks: what it lacks, in the words of the contact sheet's filters.
    png: the picture, if the cell does not show it; else b"".
    shown: SHA-256 of the picture that the cell shows of it, as base64; else None.
    """

    lacks: list
    png: bytes = b""
    shown: str | None = None


@dataclass
class Happened:
    """What happened to one submission so far.

    deadline: until when it may run, of `time.monotonic`.
    status: what it is to be called; None as long as nothing was unusual.
    events: what was unusual, a sentence each.
    figures: {cell: `Drawn`} of the figures that an exercise left in its name.
    broken: functions that never come back, or end the kernel.
    spared: functions that pass their check and fail where the lab goes on with them.
    left_out: {cell: why} of the cells that end the kernel.
    verdicts: {cell: outputs} of the checks that were judged.
    hints: what whoever marks should look at.
    absent: packages that the notebook imports and that are not here.
    """

    deadline: float
    status: Status | None = None
    events: list = field(default_factory=list)
    figures: dict = field(default_factory=dict)
    broken: list = field(default_factory=list)
    spared: list = field(default_factory=list)
    left_out: dict = field(default_factory=dict)
    verdicts: dict = field(default_factory=dict)
    hints: list = field(default_factory=list)
    absent: set = field(default_factory=set)

    def left(self):
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()

    def notes(self):
        """What is said of it in the report, a sentence each."""
        return list(dict.fromkeys([*self.events, *self.hints]))


def place(cell, index):
    """A cell as it is called in a sentence: its number, and its grade id if it has one."""
    grade_id = cells.grading(cell).get("grade_id")
    return f"cell {index + 1} ({grade_id})" if grade_id else f"cell {index + 1}"
