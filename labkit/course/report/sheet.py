"""The contact sheet: one page with a row per student and the plots of all of them below the reference plot.

The page is one file that can be mailed: styles, script, thumbnails and, as far as they fit, enlarged plots are in it,
and nothing is loaded from elsewhere. Written answers are drawn beside the model answer and the marking notes, so that
the page is for markers alone. Points given by eye are typed into it, kept by the browser, and exported as
`eye.csv`, which `with_given` brings into the marks. Whatever comes from students (names, file names, printed
text, images) is shown as text or re-encoded, and never taken as part of the page.
"""

import base64
import hashlib
import json
import os
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from labkit.course.people.codes import codes
from labkit.course.report.anonymous import hide_names
from labkit.course.report.answers import Answers
from labkit.course.report.decided import NAME as DECIDED
from labkit.course.report.eye import Given, eye_items, read_eye_points, with_given
from labkit.course.report.grades import late_words
from labkit.course.report.images import picture_of
from labkit.course.report.lines import after_late, late_by_folder
from labkit.course.report.result import Mark, Status, read_marks
from labkit.files import write

TEMPLATES = (Path(__file__).parent / "templates", Path(__file__).parents[1] / "templates")
BUDGET = 18_000_000  # bytes of the page beyond which enlarged plots stay files beside it
_LONGEST_TEXT = 4000  # characters of a verdict in the page; all of it is in the student's feedback
_NAMED_FLAGS = ("missing axis labels", "below the promised accuracy")
_FLAG_OF_STATUS = {Status.MISSING: "not handed in", Status.ERRORS: "ran with errors"}  # of all others: did not run


def write_sheet(report_folder, eye_csv=None, out=None, anonymous=False, lines=()):
    """Write the contact sheet of a marked class.

    report_folder: the folder that `labkit grade` wrote, with results/<student>/<lab>.json and plots/.
    eye_csv: points given by eye so far; None takes eye.csv of the folder, if it is there.
    out: the page's file; None writes index.html into the folder, or anonymous.html.
    anonymous: show codes in the place of names; codes.csv in the folder says whose they are.
    lines: `Line`s, which say what late days cost.
    Returns the path of the page. Raises ValueError if there are no results or eye_csv cannot be understood.
    """
    report = Path(report_folder)
    marks, references, problems = read_marks(report)
    if not marks:
        raise ValueError(f"no results of marking in {report / 'results'}: run `labkit grade` with --out {report} first")
    out = Path(out) if out is not None else report / ("anonymous.html" if anonymous else "index.html")
    eye = _decided(marks)
    kept = Path(eye_csv) if eye_csv is not None else report / "eye.csv"
    if eye_csv is not None or kept.is_file() and not (report / DECIDED).is_file():  # else it is in the marks
        eye |= read_eye_points(kept)
    extra = {(mark.student, mark.lab): mark.extra for mark in marks}
    marks = _without_eye(marks)
    given, eye_problems = with_given(marks, eye)
    labs = [
        _lab(name, [m for m in marks if m.lab == name], references.get(name)) for name in sorted({m.lab for m in marks})
    ]
    _add_missing(labs)
    _add_given(labs, given, extra, late_by_folder(lines))
    _load_pictures(labs, report, out.parent)
    _link_feedback(labs, report, out.parent)
    _draw_answers(labs, report)
    if anonymous:
        hide_names(labs, codes(report / "codes.csv", {line["student"] for lab in labs for line in lab["lines"]}))
        problems, eye_problems = [], []
    write(out, _render(labs, problems + eye_problems))
    return out


def _decided(marks):
    """The points and comments that are in the marks already, as `read_eye_points` has them."""
    found, items = {}, _items(marks)
    for mark in marks:
        for row in mark.rubric:
            item = items[mark.lab].get(row.id)
            if item and (row.by_eye or row.comment):
                found[mark.student, mark.lab, item.id] = Given(row.points if row.by_eye else None, row.comment)
    return found


def _items(marks):
    """{lab: {id of a row: the item of the page by which it is given points}}"""
    of_lab = {lab: [mark for mark in marks if mark.lab == lab] for lab in {mark.lab for mark in marks}}
    return {lab: {item.check or item.id: item for item in eye_items(mine)} for lab, mine in of_lab.items()}


def _without_eye(marks):
    """The marks as the checks left them in what the page has fields for; other rows keep what formgrader gave them."""
    items = _items(marks)

    def plain(row, lab):
        return row.checked() if row.id in items[lab] else replace(row, extra=0.0)

    return [replace(mark, rubric=[plain(row, mark.lab) for row in mark.rubric]) for mark in marks]


# --- what the page shows -----------------------------------------------------------------------------------------


def _lab(name, marks, reference):
    """Everything the page shows of a lab: its columns, its reference, a line for each student."""
    every = ([reference] if reference else []) + marks
    rubric, plots = {}, {}
    for mark in every:
        for row in mark.rubric:
            rubric.setdefault(row.id, row)
        for plot in mark.plots:
            plots.setdefault(plot.id, {"id": plot.id, "row": plot.row})
    items = {item.id: item for item in eye_items(every)}
    columns = [{**plot, "item": items.get(plot["id"]), "plot": True} for plot in plots.values()]
    columns += [{"id": i, "row": item.row, "item": item, "plot": False} for i, item in items.items() if i not in plots]
    rubric = [row for row in rubric.values() if row.kind == "auto"]
    lab = {
        "name": name,
        "title": next((mark.title for mark in every if mark.title), name),
        "columns": columns,
        "rubric": rubric,
        "auto_max": sum(row.max_points for row in rubric),
        "data": ", ".join(sorted({mark.data for mark in marks if mark.data})),
        "reference": _line(reference, columns, rubric) if reference else None,
    }
    lab["max_points"] = lab["auto_max"] + sum(
        column["item"].max_points for column in columns if column["item"] and not column["item"].check
    )
    lab["lines"] = [_line(mark, columns, rubric) for mark in sorted(marks, key=lambda mark: _natural(mark.student))]
    return lab


def _line(mark, columns, rubric):
    """A student's row. Automatic points are those of the checks, before any points by eye."""
    rows = {row.id: row for row in mark.rubric}
    plots = {plot.id: plot for plot in mark.plots}
    auto = [rows.get(row.id) for row in rubric]
    shown = [plots.get(column["id"]) if column["plot"] else None for column in columns]
    line = {key: getattr(mark, key) for key in ("student", "message", "notes", "feedback")}
    line["status"] = str(mark.status)
    line["words"] = ["" if c["plot"] or c["id"] not in rows else rows[c["id"]].verdict for c in columns]
    line["auto"] = [
        row and {"points": row.points or 0.0, "max_points": row.max_points, "id": row.id, "text": _verdict(row)}
        for row in auto
    ]
    line["plots"] = [plot and {"image": plot.image, "flags": plot.flags, "alt": plot.alt} for plot in shown]
    flags = [flag for plot in shown if plot for flag in plot.flags]
    if mark.status != Status.MISSING and any(c["plot"] and not (p and p.image) for c, p in zip(columns, shown)):
        flags.append("no plot")
    if mark.status != Status.OK:
        flags.append(_FLAG_OF_STATUS.get(mark.status, "did not run"))
    line["flags"] = sorted(set(flags))
    return line


def _verdict(row):
    text, error = row.verdict.strip(), row.error.strip()
    if error and error not in text:
        text = f"{text}\n{error}".strip()
    cut = "\n… (cut; all of it is in the feedback page)"
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + cut


def _natural(name):
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name.casefold())]


def _add_missing(labs):
    """A line for every student in every lab, so that a lab that was not handed in shows."""
    students = {line["student"] for lab in labs for line in lab["lines"]}
    for lab in labs:
        for name in students - {line["student"] for line in lab["lines"]}:
            lab["lines"].append(_line(Mark(name, lab["name"], status=Status.MISSING), lab["columns"], lab["rubric"]))
        lab["lines"].sort(key=lambda line: _natural(line["student"]))


def _add_given(labs, marks, extra, late):
    """The points given by a person so far, and the totals with them, those for late days taken off."""
    known = {(mark.student, mark.lab): mark for mark in marks}
    for lab in labs:
        for line in lab["lines"]:
            key = line["student"], lab["name"]
            mark = known.get(key, Mark(*key))
            line["eye"], line["open"] = mark.given, len(mark.open)
            line["points"] = after_late(mark.points + extra.get(key, 0.0), late.get(key))
            line["late"] = " ".join(late_words(late.get(key)))


def _draw_answers(labs, report):
    """Give every written answer its HTML, and the reference that of the model answer and the marking notes."""
    drawn = Answers(report / "answers.json")
    for lab in labs:
        for line in lab["lines"]:
            line["answers"] = [drawn.html(text) for text in line["words"]]
        if lab["reference"]:
            lab["reference"]["answers"] = [drawn.model(text) for text in lab["reference"]["words"]]
    drawn.keep()


def _link_feedback(labs, report, page_folder):
    for line in (line for lab in labs for line in lab["lines"]):
        path = _inside(report.resolve(), line["feedback"]) if line["feedback"] else None
        line["feedback"] = _relative(path, page_folder) if path and path.is_file() else ""


def _relative(path, folder):
    return quote(Path(os.path.relpath(path, folder.resolve())).as_posix())


def _load_pictures(labs, report, page_folder):
    """Give every plot its thumbnail and its enlarged picture, or the file that holds it, or what is wrong with it."""
    root = report.resolve()
    lines = [line for lab in labs for line in [lab["reference"], *lab["lines"]] if line]
    plots = [plot for line in lines for plot in line["plots"] if plot]
    files = {plot["image"]: _inside(root, plot["image"]) for plot in plots if plot["image"]}
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow works outside of Python's lock
        found = dict(zip(files, pool.map(picture_of, files.values())))
    for plot in plots:
        plot["picture"] = found.get(plot["image"]) if plot["image"] else None
    left = BUDGET - sum({id(p): len(p["thumbnail"]) for p in found.values() if "thumbnail" in p}.values())
    for name, picture in sorted(found.items(), key=lambda pair: len(pair[1].get("enlarged", ""))):
        if "enlarged" in picture:
            left -= len(picture["enlarged"])
            picture["file"] = _relative(files[name], page_folder)
            if left < 0:
                picture["enlarged"] = ""


def _inside(root, name):
    """The file of that name in the report, or None if the name leads out of it or can be no file's name."""
    try:
        path = (root / name).resolve()
    except (OSError, ValueError, RuntimeError):
        return None
    return path if path.is_relative_to(root) else None


# --- rendering ---------------------------------------------------------------------------------------------------


def _render(labs, problems):
    script = (TEMPLATES[0] / "sheet.js").read_text(encoding="utf-8")
    store, answers, model = _stores(labs)
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode()
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["points"] = lambda x: f"{x:.10g}"
    return environment.get_template("sheet.html.j2").render(
        labs=labs,
        filters={lab["name"]: _filters(lab) for lab in labs},
        problems=problems,
        digest=digest,
        script=Markup(script),
        model=Markup(_json(model)),
        store=store,
        answers=answers,
    )


def _filters(lab):
    """[(flag, how many students have it), ...]: the three that are always asked for, then others that occur."""
    counts = Counter(flag for line in lab["lines"] for flag in line["flags"])
    first = [_NAMED_FLAGS[0], "did not run", _NAMED_FLAGS[1]]
    return [(flag, counts[flag]) for flag in first] + sorted((f, n) for f, n in counts.items() if f not in first)


def _stores(labs):
    """The pictures by number, each once, and what the script needs to know."""
    store, numbers, texts, answers = [], {}, {"": 0}, {"": -1}
    for lab in labs:
        for line in [lab["reference"], *lab["lines"]]:
            for plot in (line or {"plots": ()})["plots"]:
                picture = plot and plot["picture"]
                if picture and "digest" in picture:
                    plot["number"] = numbers.setdefault(picture["digest"], len(store))
                    if plot["number"] == len(store):
                        store.append(picture)
            for row in (line or {"auto": ()})["auto"]:
                if row:
                    row["said"] = texts.setdefault(row["text"], len(texts))
            if line:
                line["answers"] = [answers.setdefault(text, len(answers) - 1) for text in line["answers"]]
    model = {
        "labs": [
            {
                "name": lab["name"],
                "auto_max": lab["auto_max"],
                "max_points": lab["max_points"],
                "rubric": [row.row for row in lab["rubric"]],
                "columns": [_column(c, lab) for c in lab["columns"]],
                "lines": [_model_line(line) for line in lab["lines"]],
                "reference": lab["reference"] and _model_line(lab["reference"]),
            }
            for lab in labs
        ],
        "texts": list(texts),
        "files": [picture["file"] for picture in store],
        "eye": [
            [line["student"], lab["name"], i, entry.points, entry.comment]
            for lab in labs
            for line in lab["lines"]
            for i, entry in line["eye"].items()
        ],
    }
    return store, [text for text in answers if text], model


def _column(column, lab):
    item = column["item"]
    check = next((i for i, row in enumerate(lab["rubric"]) if item and row.id == item.check), -1)
    return {
        "id": column["id"],
        "row": column["row"],
        "plot": column["plot"],
        "check": check,
        "max": item.max_points if item else 0,
    }


def _model_line(line):
    plots = [
        {
            "picture": plot.get("number", -1),
            "flags": plot["flags"],
            "alt": plot["alt"],
            "problem": (plot["picture"] or {}).get("problem", ""),
        }
        if plot
        else None
        for plot in line["plots"]
    ]
    return {
        "student": line["student"],
        "status": line["status"],
        "message": line["message"],
        "flags": line["flags"],
        "points": line.get("points", 0.0),
        "open": line.get("open", 0),
        "answers": line["answers"],
        "auto": [row and [row["points"], row["max_points"], row["said"]] for row in line["auto"]],
        "plots": plots,
    }


def _json(value):
    """JSON that can stand inside a script element: no text in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda m: f"\\u{ord(m[0]):04x}", text)
