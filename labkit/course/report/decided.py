"""What a person decided: points and comments, given in the contact sheet or in formgrader, and kept for good.

`decided.json` in the report holds each decision and what both places said when it was taken. A place that says
something else since then has decided anew. Where both have, and differently, the sheet counts, and the run names it.
What a place no longer mentions stays; an empty field takes back.
"""

import hashlib
import json
import math
import sqlite3
from pathlib import Path
from typing import NamedTuple

from labkit.files import write

NAME = "decided.json"
SHEET, FORMGRADER = "the sheet", "formgrader"


class Decision(NamedTuple):
    """What a person decided about a row of the rubric of a student's lab.

    points: in the place of the check's; None for the check's own, or none yet where no check is.
    comment: for the student; None from formgrader where it has no place for one.
    extra: points on top, from formgrader's extra credit.
    """

    points: float | None = None
    comment: str = ""
    extra: float = 0.0


NOTHING = Decision()


class Kept(NamedTuple):
    """A decision, what the sheet and formgrader said when it was taken, and what it was about, see `about`."""

    decision: Decision = NOTHING
    sheet: Decision = NOTHING
    formgrader: Decision = NOTHING
    seen: tuple = ()


_SAID = Kept._fields[:3]


def decide(kept, sheet, formgrader):
    """Bring the decisions up to date.

    kept: {key: Kept} of the last time.
    sheet, formgrader: {key: Decision}, what each says now; what is not mentioned is as it was.
    Returns ({key: Kept}, conflicts): conflicts are (key, what both said), of which the sheet's was taken.
    """
    found, conflicts = {}, []
    for key in dict.fromkeys((*kept, *formgrader, *sheet)):
        old = kept.get(key, Kept())
        ours, theirs = sheet.get(key, old.sheet), formgrader.get(key, old.formgrader)
        ours = ours._replace(extra=old.sheet.extra)  # the sheet has no extra credit
        if theirs.comment is None:
            theirs = theirs._replace(comment=old.formgrader.comment)
        fields = {}
        for name in Decision._fields:
            said = [getattr(ours, name), getattr(theirs, name)]
            anew = [said[0] != getattr(old.sheet, name), said[1] != getattr(old.formgrader, name)]
            if all(anew) and said[0] != said[1] and said[1] not in (None, ""):
                conflicts.append((key, f"{_said(said[0])} in {SHEET}, {_said(said[1])} in {FORMGRADER}"))
            fields[name] = said[0] if anew[0] else said[1] if anew[1] else getattr(old.decision, name)
        new = Kept(Decision(**fields), ours, theirs)
        if new.decision == old.decision:
            new = new._replace(seen=old.seen)
        if new != Kept():
            found[key] = new
    return found, conflicts


def _said(value):
    return "nothing" if value in (None, "") else f"{value:g}" if isinstance(value, float) else f"“{value}”"


def refused(decisions, most, place):
    """Leave out what cannot be: (decisions, problems), a problem being a sentence that names the row.

    decisions: {(student, lab, row): Decision}.
    most: {(student, lab, row): the most points that it can have}.
    place: where they come from, as it is called in the problems.
    """
    found, problems = {}, []
    for key, decision in decisions.items():
        why = _wrong(decision, most.get(key))
        if why:
            problems.append(f"{place}: {', '.join(key)}: {why}; left out")
        else:
            found[key] = decision
    return found, problems


def _wrong(decision, most):
    if most is None:
        return "there is no such student, lab or row here"
    for what, number in (("points", decision.points), ("extra credit", decision.extra)):
        if number is None:
            continue
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 <= number < math.inf:
            return f"{what} must be a number of at least 0, got {number}"
    if decision.points is not None and decision.points > most:
        return f"{decision.points:g} points are given, at most {most:g} are possible"
    return ""


def possible(kept, most):
    """({(student, lab, row): Kept} without points that cannot be any more, problems): a lab's points may have changed.

    kept: what was decided; it is kept, and counts again where it can be.
    most: {(student, lab, row): the most points that it can have}.
    """
    given = {key: entry.decision for key, entry in kept.items() if entry.decision != NOTHING}
    found, problems = refused(given, most, "decided earlier")
    left_out = set(given) - set(found)
    none = {key: kept[key]._replace(decision=kept[key].decision._replace(points=None)) for key in left_out}
    return {**kept, **none}, problems


def about(mark, row, report):
    """What a person sees who gives points: (when it was handed in, a print of the answer or the plot).

    mark: the `Mark`.
    row: the id of the row.
    report: the folder with the plots.
    """
    image = next((plot.image for plot in mark.plots if row in (plot.id, f"check-{plot.id}")), "")
    answer = next((found.verdict.encode() for found in mark.rubric if found.id == row), b"")
    path = Path(report) / image if image else None
    content = path.read_bytes() if path and path.is_file() else answer
    return mark.handed_in, hashlib.sha256(content).hexdigest()[:16]


# --- kept in the report --------------------------------------------------------------------------------------------


def written_back(kept, shown=None):
    """Decisions once formgrader shows them: what it says from then on is what was decided.

    shown: those of them that can be; None for all as they are.
    """
    shown = shown or kept
    return {key: entry._replace(formgrader=shown[key].decision) for key, entry in kept.items()}


def read_kept(report):
    """The decisions that a report holds: {(student, lab, row): Kept}; raises ValueError if they cannot be read."""
    path = Path(report) / NAME
    if not path.is_file():
        return {}
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {
            (entry["student"], entry["lab"], entry["row"]): Kept(
                *(Decision(**entry[name]) for name in _SAID), tuple(entry.get("seen", ()))
            )
            for entry in entries
        }
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"{path} cannot be read ({error}): it holds the points given by hand; put it back from a copy, or move it "
            "away to begin with what the sheet and formgrader say"
        ) from None


def write_kept(report, kept):
    """Keep decisions in a report."""
    entries = [
        dict(zip(("student", "lab", "row"), key))
        | {name: getattr(entry, name)._asdict() for name in _SAID}
        | {"seen": entry.seen}
        for key, entry in sorted(kept.items())
    ]
    write(Path(report) / NAME, json.dumps(entries, ensure_ascii=False, indent=1) + "\n")


# --- formgrader ----------------------------------------------------------------------------------------------------

_GRADES = """
SELECT a.name, sa.student_id, cell.name, g.manual_score, g.extra_credit
FROM grade g JOIN base_cell cell ON g.cell_id = cell.id
JOIN submitted_notebook sn ON g.notebook_id = sn.id
JOIN submitted_assignment sa ON sn.assignment_id = sa.id JOIN assignment a ON sa.assignment_id = a.id"""
_COMMENTS = """
SELECT a.name, sa.student_id, cell.name, c.manual_comment
FROM comment c JOIN base_cell cell ON c.cell_id = cell.id
JOIN submitted_notebook sn ON c.notebook_id = sn.id
JOIN submitted_assignment sa ON sn.assignment_id = sa.id JOIN assignment a ON sa.assignment_id = a.id"""


def from_gradebook(path, rows):
    """What formgrader says: {(student, lab, row): Decision}, also where it says nothing, so that taking back is seen.

    path: gradebook.db; one that is not there says nothing.
    rows: {lab: ids of its rubric's rows}. A comment on an exercise belongs to the row of its check.
    """
    if not Path(path).is_file():
        return {}
    found = {}
    try:
        book = sqlite3.connect(f"file:{Path(path).resolve()}?mode=ro", uri=True)
        try:
            for lab, student, row, points, extra in book.execute(_GRADES):
                if row in rows.get(lab, ()):
                    found[student, lab, row] = Decision(points, None, extra or 0.0)
            for lab, student, cell, comment in book.execute(_COMMENTS):
                row = next((name for name in (cell, f"check-{cell}") if name in rows.get(lab, ())), None)
                if row is not None:
                    key = (student, lab, row)
                    if key in found:  # formgrader keeps points for every row that it has comments for
                        found[key] = found[key]._replace(comment=(comment or "").strip())
        finally:
            book.close()
    except sqlite3.Error as error:
        raise ValueError(f"{path} cannot be read as nbgrader's gradebook ({error})") from None
    return found
