"""The results of marking as files: one for each submission, read back with every field there and of its type."""

import json
import math
from pathlib import Path

from labkit.course import cells as labs


def read_results(report_folder):
    """The results of marking: (results, {lab: reference}, problems), with every field there and of its type.

    A file that cannot be read is one sentence in problems and leaves the others as they are.
    """
    results, references, problems = [], {}, []
    for path in sorted((Path(report_folder) / "results").glob("*/*.json")):
        try:
            result = complete(json.loads(path.read_text(encoding="utf-8")), path)
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            problems.append(
                f"results/{plain_text(path.parent.name)}/{plain_text(path.name)} could not be read: mark it again"
            )
            continue
        if path.parent.name == "_reference":
            references[result["lab"]] = result
        else:
            results.append(result)
    return results, references, problems


def complete(result, path):
    """A result with every field that the page shows, whatever its writer left out."""
    clean = dict(result)
    clean["student"] = plain_text(result.get("student") or path.parent.name)
    clean["lab"] = plain_text(result.get("lab") or path.stem)
    for key in ("title", "status", "message", "feedback"):
        clean[key] = plain_text(result.get(key) or "")
    clean["title"] = clean["title"] or clean["lab"].replace("_", " ")
    clean["status"] = clean["status"] or "ok"
    clean["notes"] = [plain_text(note) for note in result.get("notes") or []]
    clean["rubric"] = [
        dict(
            row,
            id=plain_text(row["id"]),
            row=plain_text(row.get("row") or row["id"]),
            kind=row.get("kind") or "auto",
            points=_finite(row.get("points")),
            max_points=_finite(row.get("max_points")) or 0.0,
            verdict=plain_text(row.get("verdict") or ""),
            error=plain_text(row.get("error") or ""),
        )
        for row in result.get("rubric") or []
    ]
    clean["plots"] = [
        dict(
            plot,
            id=plain_text(plot["id"]),
            row=plain_text(plot.get("row") or plot["id"]),
            image=str(plot.get("image") or ""),
            flags=[plain_text(f) for f in plot.get("flags") or []],
            alt=plain_text(plot.get("alt") or ""),
            max_points=_finite(plot.get("max_points")) or 0.0,
        )
        for plot in result.get("plots") or []
    ]
    return clean


def plain_text(value):
    """A text that can be written as UTF-8: file names may hold bytes that are none."""
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")


def no_formula(text):
    """A text that a spreadsheet takes for one: it takes what begins so for a formula."""
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _finite(value):
    if value is None or isinstance(value, bool):
        return None
    return float(value) if math.isfinite(float(value)) else None


def blank_result(job, release):
    """The result of a submission from which nothing could be learned: no points, and why is still to be said."""
    rows = [_row(cell, release) for cell in release.cells if labs.kind(cell) in ("check", "manual")]
    for row in rows:
        row["points"] = 0.0
    return {
        "student": job["student"],
        "lab": job["lab"],
        "title": labs.title(release, job["lab"]),
        "status": "ok",
        "message": "",
        "notes": [],
        "seconds": 0.0,
        "data": job.get("data", ""),
        "seed": job["seed"],
        "rubric": rows,
        "auto_points": 0.0,
        "auto_max": sum(r["max_points"] for r in rows if r["kind"] == "auto"),
        "manual_max": sum(r["max_points"] for r in rows if r["kind"] == "manual"),
        "plots": [],
        "feedback": "",
        "grades": {},
    }


def _row(cell, release):
    meta = labs.grading(cell)
    return {
        "id": meta["grade_id"],
        "row": labs.row(cell),
        "points": None,
        "max_points": float(meta["points"]),
        "kind": "auto" if labs.kind(cell) == "check" else "manual",
        "verdict": "",
        "error": "",
    }
