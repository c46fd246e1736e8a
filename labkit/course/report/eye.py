"""Points given by eye: what can be given them, `eye.csv`, and the totals with them."""

import copy
import csv
import io
import math
import re
from pathlib import Path

from labkit.course.report.result import complete
from labkit.files import write

_COLUMNS = ("student", "lab", "id", "points", "comment")
# A spreadsheet takes such a field for a formula; a ' in front says that it is text.
_RISKY = re.compile(r"[ \t\r\n]*['=+\-@＝＋－＠]|[\t\r\n]")


def eye_items(results):
    """What can be given points by eye in one lab: [{"id", "row", "max_points", "check"}, ...].

    results: the results of that lab, the reference first if it is there. Plots come first, then the rows marked by
    hand. "check" is the id of the automatic row that judges the same plot (its own id, or that with `check-` before
    it), or None: points by eye take the place of that row's points, where others are added.
    """
    items = {}
    rows = {row["id"]: row for result in results for row in result["rubric"]}
    for plot in (plot for result in results for plot in result["plots"]):
        if plot["id"] not in items and plot["max_points"] > 0:
            names = (plot.get("check"), plot["id"], f"check-{plot['id']}")
            check = next((n for n in names if n in rows and rows[n]["kind"] == "auto"), None)
            items[plot["id"]] = {key: plot[key] for key in ("id", "row", "max_points")} | {"check": check}
    for row in rows.values():
        if row["kind"] == "manual" and row["max_points"] > 0 and row["id"] not in items:
            items[row["id"]] = {key: row[key] for key in ("id", "row", "max_points")} | {"check": None}
    return list(items.values())


def merge_eye_points(results, eye):
    """Bring points given by eye into results of marking.

    results: dictionaries as in results/<student>/<lab>.json; eye: what `read_eye_points` returned.
    Returns (results, problems). The results are copies, each with "eye": {id: {"points", "comment", "row",
    "max_points", "check"}} for what was given, "eye_open": the ids that still need points, "points" and
    "max_points": the totals; rubric rows whose points were given by eye hold those, and "by_eye": True. problems are
    sentences on entries that fit nothing or exceed the maximum, which are left out.
    """
    results = [complete(copy.deepcopy(r), Path(str(r.get("student"))) / str(r.get("lab"))) for r in results]
    of_lab = {lab: [r for r in results if r["lab"] == lab] for lab in {r["lab"] for r in results}}
    items = {lab: eye_items(every) for lab, every in of_lab.items()}
    auto_max = {
        lab: sum({row["id"]: row["max_points"] for r in every for row in r["rubric"] if row["kind"] == "auto"}.values())
        for lab, every in of_lab.items()
    }
    known = {(r["student"], r["lab"], item["id"]): item for r in results for item in items[r["lab"]]}
    problems, given = [], {}
    for key, entry in eye.items():
        item, points = known.get(key), entry["points"]
        if item is None:
            problems.append(f"eye.csv names {key[0]}, {key[1]}, {key[2]}: no such student, lab or plot here")
        elif points is not None and points > item["max_points"]:
            problems.append(
                f"eye.csv gives {key[0]} {points:g} points for {key[1]}, {key[2]}: "
                f"at most {item['max_points']:g} are possible"
            )
        else:
            given[key] = {**item, "points": points, "comment": entry["comment"]}
    for result in results:
        _total(result, items[result["lab"]], auto_max[result["lab"]], given)
    return results, problems


def _total(result, items, most, given):
    rows = {row["id"]: row for row in result["rubric"]}
    result["eye"], result["eye_open"], total = {}, [], 0.0
    for item in items:
        entry = given.get((result["student"], result["lab"], item["id"]))
        if entry:
            result["eye"][item["id"]] = {k: v for k, v in entry.items() if k != "id"}
        row = rows.get(item["check"] or item["id"])
        if entry and entry["points"] is not None:
            if row is None:
                total += entry["points"]
            else:
                row["points"], row["by_eye"] = entry["points"], True
        elif not item["check"]:
            result["eye_open"].append(item["id"])
        if not item["check"]:
            most += item["max_points"]
    total += sum(row["points"] or 0.0 for row in rows.values())
    result["points"], result["max_points"] = round(total, 6), most


def read_eye_points(path):
    """Read points given by eye: {(student, lab, id): {"points": float or None, "comment": str}}.

    path: a CSV file with the columns student, lab, id, points, comment, as the contact sheet exports it or as a
    spreadsheet saved it again (semicolons or tabs, decimal commas).
    Raises ValueError naming the line for a file that is not of that kind, points that are no number of at least 0,
    and two lines that disagree.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror or error}") from None
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    found = {}
    try:
        header = [name.strip().lower() for name in next(lines, [])]
        if not set(_COLUMNS[:4]) <= set(header):
            raise ValueError(
                f"{path}: the first line must name the columns {', '.join(_COLUMNS)}, got {first.strip()[:80]!r}"
            )
        for fields in lines:
            if any(field.strip() for field in fields):
                _add_entry(found, dict(zip(header, map(_unguarded, fields))), f"{path}, line {lines.line_num}")
    except csv.Error as error:
        raise ValueError(f"{path}, line {lines.line_num}: not a CSV file ({error})") from None
    return found


def _add_entry(found, fields, place):
    key = tuple(fields.get(name, "") for name in _COLUMNS[:3])
    if not all(key):
        raise ValueError(f"{place}: student, lab and id must all be there")
    text = fields.get("points", "").strip()
    try:
        points = float(text.replace(",", ".")) if text else None
    except ValueError:
        points = -1.0
    if points is not None and not 0 <= points < math.inf:
        raise ValueError(f"{place}: points must be a number of at least 0, got {text!r}")
    entry = {"points": points, "comment": fields.get("comment", "").strip()}
    if found.get(key, entry) != entry:
        raise ValueError(f"{place}: {', '.join(key)} is there twice, with different points or comments")
    if points is not None or entry["comment"]:
        found[key] = entry


def write_eye_points(eye, path):
    """Write points given by eye as the contact sheet exports them; the inverse of `read_eye_points`."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(_COLUMNS)
    for key, entry in sorted(eye.items(), key=lambda pair: (pair[0][1], pair[0][0], pair[0][2])):
        points = "" if entry["points"] is None else f"{entry['points']:.10g}"
        lines.writerow([*map(_guarded, key), points, _guarded(entry["comment"])])
    write(Path(path), "\ufeff" + text.getvalue())  # the mark makes spreadsheets read it as UTF-8


def _guarded(field):
    return "'" + field if _RISKY.match(field) else field


def _unguarded(field):
    return field[1:] if field.startswith("'") and _RISKY.match(field[1:]) else field
