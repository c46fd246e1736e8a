"""A line for each student and lab: whose a submission is, how late it was, and what it comes to."""

import datetime
from typing import NamedTuple

from labkit.course.people.late import Late, deductions
from labkit.course.people.roster import Student
from labkit.course.report.result import Mark, Status


class Line(NamedTuple):
    """What a student gets for a lab.

    student: the name of the folder, or of the member of a group.
    known: the `Student` of the roster, or None.
    group: the group's name, "".
    mark: with what was decided; None for one on the roster who handed nothing in.
    late: a `Late`, or None.
    notes: what is to be said beside the mark's own.
    """

    student: str
    lab: str
    known: Student | None
    group: str
    mark: Mark | None
    late: Late | None
    notes: list

    @property
    def open(self):
        """Whether something is not marked yet."""
        return bool(self.mark and self.mark.open)

    @property
    def points(self):
        """Points so far, those for late days taken off."""
        return after_late(self.mark.points, self.late) if self.mark else 0.0

    @property
    def status(self):
        """The mark's, or that nothing was handed in."""
        return self.mark.status if self.mark else Status.MISSING


def after_late(points, late):
    """What stays of points when those for late days are taken off.

    late: a `Late`, or None.
    """
    return round(max(0.0, points - (late.points if late else 0.0)), 6)


def late_by_folder(lines):
    """{(folder, lab): Late} of the submissions that were late; of a group's, where all members lose the same."""
    found = {}
    for line in (line for line in lines if line.mark):
        found.setdefault((line.mark.student, line.lab), set()).add(line.late)
    return {key: late for key, (late, *others) in found.items() if late and not others}


def lines_of(marks, course, current=None):
    """A `Line` for each student and lab, by lab and student.

    marks: of all labs, with what was decided.
    course: a `Course`.
    current: (student, lab) of all submissions that are there now, of the labs that were marked now; None if unknown.
    """
    found = []
    labs = sorted({mark.lab for mark in marks})
    for lab in labs:
        offers = {}
        for mark in (mark for mark in marks if mark.lab == lab):
            group, members = owners(mark.student, course)
            for member in members:
                offers.setdefault(member, []).append((group, mark))
        for member in sorted(offers):
            found.append(_line(member, lab, offers[member], course, current))
        if course.roster:
            there = [line.student for line in found if line.lab == lab]
            gone = course.roster.missing(there)
            found += [Line(s.id, lab, s, _group(s, course), None, None, ["nothing was handed in"]) for s in gone]
    return _with_late(found, course)


def owners(student, course):
    """The group of a folder and its members; ("", [the folder's name]) where there is no group."""
    if student in course.groups:
        return student, course.groups[student]
    known = course.roster.find(student) if course.roster else None
    names = {student, known.id if known else student}
    group = next((name for name, members in course.groups.items() if names & set(members)), "")
    return group, course.groups[group] if group else [student]


def _group(student, course):
    return next((name for name, members in course.groups.items() if student.id in members), "")


def _line(student, lab, offers, course, current):
    """The line of one student, who may have handed in by several folders of a group: the last one in time counts."""
    handed = [offer for offer in offers if offer[1].status != Status.MISSING] or offers
    group, mark = max(handed, key=lambda offer: (_when(offer[1]), offer[1].student == offer[0]))
    notes = [f"handed in by {mark.student}"] if mark.student != student else []
    others = [other.student for _, other in handed if other is not mark]
    notes += [f"also handed in, earlier, and not counted: {', '.join(others)}"] if others else []
    known = course.roster.find(student) if course.roster else None
    if course.roster and known is None:
        notes.append("not on the roster")
    if current is not None and lab in {name for _, name in current} and (mark.student, lab) not in current:
        notes.append("no longer among the submissions; the marks are those of an earlier run")
    return Line(student, lab, known, group, mark, None, notes)


def _when(mark):
    return datetime.datetime.fromisoformat(mark.handed_in).timestamp() if mark.handed_in else 0.0


def _with_late(lines, course):
    """The lines with what late days cost; the free days of a student go over all labs."""
    times = {}
    for line in lines:
        deadline = _deadline(line, course)
        if deadline is not None and line.mark and line.mark.handed_in:
            time = datetime.datetime.fromisoformat(line.mark.handed_in)
            times.setdefault(line.student, []).append((line.lab, time, deadline, line.mark.max_points))
    lost = {student: deductions(entries, course.late) for student, entries in times.items()}
    return [line._replace(late=lost.get(line.student, {}).get(line.lab)) for line in lines]


def _deadline(line, course):
    own = course.lab(line.lab).extensions
    for name in (line.student, line.known.id if line.known else line.student, line.group):
        if name in own:
            return own[name]
    return course.deadline(line.lab, line.student)


def hours_late(lines, course):
    """{lab: hours of each submission after its deadline, negative before it}, for labs that have one."""
    found = {}
    for line in lines:
        deadline = _deadline(line, course)
        if deadline is not None and line.mark and line.mark.handed_in:
            over = datetime.datetime.fromisoformat(line.mark.handed_in) - deadline
            found.setdefault(line.lab, []).append(over.total_seconds() / 3600)
    return found
