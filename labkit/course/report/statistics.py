"""Statistics of a class: what the points were, in which rows they were lost, which mistakes were made most often."""

import re
from collections import Counter
from typing import NamedTuple

AWAY = "missing"  # the status of a lab that was not handed in


class RowStatistics(NamedTuple):
    """A row of the rubric over the class: how many had all, some and none of its points, how many are not marked."""

    id: str
    row: str
    max_points: float
    mean: float
    full: int
    part: int
    none: int
    unmarked: int


class Diagnosis(NamedTuple):
    """A mistake that a check named, and who made it."""

    row: str
    text: str
    students: list


class LabStatistics(NamedTuple):
    """A lab over the class.

    handed_in, away: how many handed it in, and how many did not.
    points: of each who handed it in, in ascending order; None where something is not marked yet.
    statuses: {status: how many}.
    seconds: what marking took, for each.
    """

    lab: str
    title: str
    handed_in: int
    away: int
    max_points: float
    points: list
    unmarked: int
    rows: list
    diagnoses: list
    statuses: dict
    seconds: list


def lab_statistics(results):
    """Statistics of one lab.

    results: the results of all students for it, with `points`, `max_points`, `left` (rows that are not marked yet).
    Returns a `LabStatistics`. Who handed nothing in counts nowhere else.
    """
    there = [result for result in results if result["status"] != AWAY]
    ids = list(dict.fromkeys(row["id"] for result in there for row in result["rubric"]))
    rows = [_row([row for result in there for row in result["rubric"] if row["id"] == i]) for i in ids]
    return LabStatistics(
        results[0]["lab"],
        results[0]["title"],
        len(there),
        len(results) - len(there),
        max((result["max_points"] for result in there), default=0.0),
        sorted(result["points"] for result in there if not result["left"]),
        sum(bool(result["left"]) for result in there),
        rows,
        _diagnoses(there),
        dict(Counter(result["status"] for result in results).most_common()),
        sorted(result.get("seconds") or 0.0 for result in there),
    )


def _row(entries):
    most = entries[0]["max_points"]
    marked = [entry["points"] for entry in entries if entry["points"] is not None]
    full, none = sum(points >= most for points in marked), sum(points <= 0 for points in marked)
    return RowStatistics(
        entries[0]["id"],
        entries[0]["row"],
        most,
        sum(marked) / len(marked) if marked else 0.0,
        full,
        len(marked) - full - none,
        none,
        len(entries) - len(marked),
    )


def _diagnoses(results):
    """What the checks said to whom, the most frequent first; a student counts once for each."""
    found = {}
    for result in results:
        for row in result["rubric"]:
            for text in said(row) if row["kind"] == "auto" else ():
                found.setdefault((row["row"], text), {})[result["student"]] = True
    every = [Diagnosis(row, text, list(students)) for (row, text), students in found.items()]
    return sorted(every, key=lambda diagnosis: -len(diagnosis.students))


def said(row):
    """What a row's verdict names as wrong: "the criterion: the diagnosis" for each, "not done yet", or an error."""
    verdict, found = row.get("verdict") or "", []
    if row.get("error"):
        return [row["error"].splitlines()[0][:200]]
    lines = verdict.splitlines()
    for line, below in zip(lines, [*lines[1:], ""]):
        if wrong := re.match(r"  ✘ (.+)", line):
            criterion = re.sub(r" \([\d.e+-]+ of [\d.e+-]+ points\)$", "", wrong[1])
            note = below.strip() if below.startswith("      ") else ""
            found.append(f"{criterion}: {note}" if note else criterion)
        elif re.match(r"\S.*: not done yet", line):
            found.append("not done yet")
    return found
