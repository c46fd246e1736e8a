"""The contact sheet: one page with a row per student and the plots of all of them below the reference plot.

The page is one file that can be mailed: styles, script, thumbnails and, as far as they fit, enlarged plots are in it,
and nothing is loaded from elsewhere. Points given by eye are typed into it, kept by the browser, and exported as
`eye.csv`, which `merge_eye_points` brings into the marks. Whatever comes from students (names, file names, printed
text, images) is shown as text or re-encoded, and never taken as part of the page.
"""

import base64
import copy
import csv
import hashlib
import io
import json
import math
import os
import re
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from labkit.course.site import TEMPLATES
from labkit.files import write

THUMBNAIL = 320  # pixels: shown at about 230, and sharp there on most screens
ENLARGED = 1100  # pixels: wider plots are reduced to it
BUDGET = 18_000_000  # bytes of the page beyond which enlarged plots stay files beside it
_LONGEST_TEXT = 4000  # characters of a verdict in the page; all of it is in the student's feedback
_LARGEST_IMAGE = 50_000_000  # pixels: a file can be small and its image enormous
_COLUMNS = ("student", "lab", "id", "points", "comment")
_NAMED_FLAGS = ("missing axis labels", "below the promised accuracy")
_FLAG_OF_STATUS = {"missing": "not handed in", "ran with errors": "ran with errors"}  # of all others: did not run
# A spreadsheet takes such a field for a formula; a ' in front says that it is text.
_RISKY = re.compile(r"[ \t\r\n]*['=+\-@＝＋－＠]|[\t\r\n]")


def write_sheet(report_folder, eye_csv=None, out=None):
    """Write the contact sheet of a marked class.

    report_folder: the folder that `labkit grade` wrote, with results/<student>/<lab>.json and plots/.
    eye_csv: points given by eye so far; None takes eye.csv of the folder, if it is there.
    out: the page's file; None writes index.html into the folder.
    Returns the path of the page. Raises ValueError if there are no results or eye_csv cannot be understood.
    """
    report = Path(report_folder)
    results, references, problems = read_results(report)
    if not results:
        raise ValueError(f"no results of marking in {report / 'results'}: run `labkit grade` with --out {report} first")
    out = Path(out) if out is not None else report / "index.html"
    kept = Path(eye_csv) if eye_csv is not None else report / "eye.csv"
    eye = read_eye_points(kept) if eye_csv is not None or kept.is_file() else {}
    merged, eye_problems = merge_eye_points(results, eye)
    labs = [
        _lab(name, [r for r in results if r["lab"] == name], references.get(name))
        for name in sorted({r["lab"] for r in results})
    ]
    _add_missing(labs)
    _add_eye_points(labs, merged)
    _load_pictures(labs, report, out.parent)
    _link_feedback(labs, report, out.parent)
    write(out, _render(labs, problems + eye_problems))
    return out


def run(report, eye=None, out=None):
    """The command `labkit sheet`: write the page and say where it is; returns the exit status."""
    try:
        page = write_sheet(report, eye_csv=eye, out=out)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{page} ({page.stat().st_size / 1e6:.1f} MB)")
    return 0


# --- results -----------------------------------------------------------------------------------------------------


def read_results(report_folder):
    """The results of marking: (results, {lab: reference}, problems), with every field there and of its type.

    A file that cannot be read is one sentence in problems and leaves the others as they are.
    """
    results, references, problems = [], {}, []
    for path in sorted((Path(report_folder) / "results").glob("*/*.json")):
        try:
            result = _clean(json.loads(path.read_text(encoding="utf-8")), path)
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            problems.append(f"results/{_text(path.parent.name)}/{_text(path.name)} could not be read: mark it again")
            continue
        if path.parent.name == "_reference":
            references[result["lab"]] = result
        else:
            results.append(result)
    return results, references, problems


def _clean(result, path):
    """A result with every field that the page shows, whatever its writer left out."""
    clean = dict(result)
    clean["student"] = _text(result.get("student") or path.parent.name)
    clean["lab"] = _text(result.get("lab") or path.stem)
    for key in ("title", "status", "message", "feedback"):
        clean[key] = _text(result.get(key) or "")
    clean["title"] = clean["title"] or clean["lab"].replace("_", " ")
    clean["status"] = clean["status"] or "ok"
    clean["notes"] = [_text(note) for note in result.get("notes") or []]
    clean["rubric"] = [
        dict(
            row,
            id=_text(row["id"]),
            row=_text(row.get("row") or row["id"]),
            kind=row.get("kind") or "auto",
            points=_number(row.get("points")),
            max_points=_number(row.get("max_points")) or 0.0,
            verdict=_text(row.get("verdict") or ""),
            error=_text(row.get("error") or ""),
        )
        for row in result.get("rubric") or []
    ]
    clean["plots"] = [
        dict(
            plot,
            id=_text(plot["id"]),
            row=_text(plot.get("row") or plot["id"]),
            image=str(plot.get("image") or ""),
            flags=[_text(f) for f in plot.get("flags") or []],
            alt=_text(plot.get("alt") or ""),
            max_points=_number(plot.get("max_points")) or 0.0,
        )
        for plot in result.get("plots") or []
    ]
    return clean


def _text(value):
    """A text that can be written as UTF-8: file names may hold bytes that are none."""
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")


def _number(value):
    if value is None or isinstance(value, bool):
        return None
    return float(value) if math.isfinite(float(value)) else None


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
    results = [_clean(copy.deepcopy(r), Path(str(r.get("student"))) / str(r.get("lab"))) for r in results]
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


# --- eye.csv -----------------------------------------------------------------------------------------------------


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


# --- what the page shows -----------------------------------------------------------------------------------------


def _lab(name, results, reference):
    """Everything the page shows of a lab: its columns, its reference, a line for each student."""
    every = ([reference] if reference else []) + results
    rubric, plots = {}, {}
    for result in every:
        for row in result["rubric"]:
            rubric.setdefault(row["id"], {k: row[k] for k in ("id", "row", "max_points", "kind")})
        for plot in result["plots"]:
            plots.setdefault(plot["id"], {"id": plot["id"], "row": plot["row"]})
    items = {item["id"]: item for item in eye_items(every)}
    columns = [{**plot, "item": items.get(plot["id"]), "plot": True} for plot in plots.values()]
    columns += [
        {"id": i, "row": item["row"], "item": item, "plot": False} for i, item in items.items() if i not in plots
    ]
    rubric = [row for row in rubric.values() if row["kind"] == "auto"]
    lab = {
        "name": name,
        "title": next((r["title"] for r in every if r["title"]), name),
        "columns": columns,
        "rubric": rubric,
        "auto_max": sum(row["max_points"] for row in rubric),
        "data": ", ".join(sorted({_text(r["data"]) for r in results if r.get("data")})),
        "reference": _line(reference, columns, rubric) if reference else None,
    }
    lab["max_points"] = lab["auto_max"] + sum(
        c["item"]["max_points"] for c in columns if c["item"] and not c["item"]["check"]
    )
    results = sorted(results, key=lambda result: _natural(result["student"]))
    lab["lines"] = [_line(result, columns, rubric) for result in results]
    return lab


def _line(result, columns, rubric):
    """A student's row. Automatic points are those of the checks, before any points by eye."""
    rows = {row["id"]: row for row in result["rubric"]}
    plots = {plot["id"]: plot for plot in result["plots"]}
    auto = [rows.get(row["id"]) for row in rubric]
    shown = [plots.get(column["id"]) if column["plot"] else None for column in columns]
    line = {key: result[key] for key in ("student", "status", "message", "notes", "feedback")}
    line["auto"] = [
        row
        and {"points": row["points"] or 0.0, "max_points": row["max_points"], "id": row["id"], "text": _verdict(row)}
        for row in auto
    ]
    line["plots"] = [plot and {"image": plot["image"], "flags": plot["flags"], "alt": plot["alt"]} for plot in shown]
    flags = [flag for plot in shown if plot for flag in plot["flags"]]
    if result["status"] != "missing" and any(c["plot"] and not (p and p["image"]) for c, p in zip(columns, shown)):
        flags.append("no plot")
    if result["status"] != "ok":
        flags.append(_FLAG_OF_STATUS.get(result["status"], "did not run"))
    line["flags"] = sorted(set(flags))
    return line


def _verdict(row):
    text = row["verdict"].strip()
    if row["error"].strip() and row["error"].strip() not in text:
        text = f"{text}\n{row['error'].strip()}".strip()
    cut = "\n… (cut; all of it is in the feedback page)"
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + cut


def _natural(name):
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name.casefold())]


def _add_missing(labs):
    """A line for every student in every lab, so that a lab that was not handed in shows."""
    students = {line["student"] for lab in labs for line in lab["lines"]}
    for lab in labs:
        for name in students - {line["student"] for line in lab["lines"]}:
            empty = _clean({"student": name, "lab": lab["name"], "status": "missing"}, Path(name) / lab["name"])
            lab["lines"].append(_line(empty, lab["columns"], lab["rubric"]))
        lab["lines"].sort(key=lambda line: _natural(line["student"]))


def _add_eye_points(labs, merged):
    """The points given by eye so far, and the totals with them."""
    known = {(r["student"], r["lab"]): r for r in merged}
    for lab in labs:
        for line in lab["lines"]:
            result = known.get((line["student"], lab["name"]), {"eye": {}, "points": 0.0})
            line["eye"], line["points"] = result["eye"], result["points"]


def _link_feedback(labs, report, page_folder):
    for line in (line for lab in labs for line in lab["lines"]):
        path = _inside(report.resolve(), line["feedback"]) if line["feedback"] else None
        line["feedback"] = _relative(path, page_folder) if path and path.is_file() else ""


def _relative(path, folder):
    return quote(Path(os.path.relpath(path, folder.resolve())).as_posix())


# --- pictures ----------------------------------------------------------------------------------------------------


def _load_pictures(labs, report, page_folder):
    """Give every plot its thumbnail and its enlarged picture, or the file that holds it, or what is wrong with it."""
    root = report.resolve()
    lines = [line for lab in labs for line in [lab["reference"], *lab["lines"]] if line]
    plots = [plot for line in lines for plot in line["plots"] if plot]
    files = {plot["image"]: _inside(root, plot["image"]) for plot in plots if plot["image"]}
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow works outside of Python's lock
        found = dict(zip(files, pool.map(_pictures, files.values())))
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


def _pictures(path):
    """{"thumbnail", "enlarged": data URLs, "width", "height", "digest"} of an image file, or {"problem": a phrase}."""
    from PIL import Image

    if path is None:
        return {"problem": "the plot's file is outside of the report"}
    try:
        data = path.read_bytes()
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP", "GIF")) as image:
            if image.width * image.height > _LARGEST_IMAGE:
                return {"problem": f"the plot is too large to show ({image.width} × {image.height} pixels)"}
            image = _on_white(image)
    except FileNotFoundError:
        return {"problem": "the plot's file is missing"}
    except Exception:  # Pillow raises many kinds of errors for broken files
        return {"problem": "the plot's file cannot be read"}
    return {
        "thumbnail": _small(image),
        "enlarged": _large(image),
        "width": image.width,
        "height": image.height,
        "digest": hashlib.sha256(data).hexdigest(),
    }


def _on_white(image):
    from PIL import Image

    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _reduced(image, width):
    """The image at most `width` wide, and not much taller than that."""
    from PIL import Image

    scale = min(1.0, width / image.width, 1.5 * width / image.height)
    if scale == 1.0:
        return image
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)


def _small(image):
    """A thumbnail as a data URL."""
    from PIL import features

    return _encoded(_reduced(image, THUMBNAIL), "webp" if features.check("webp") else "jpeg", quality=60)


def _large(image):
    """An enlarged plot as a data URL: exact for the few colours of a line plot, which is also smallest, else lossy."""
    from PIL import Image, ImageChops, ImageStat, features

    image, webp = _reduced(image, ENLARGED), features.check("webp")
    few = image.quantize(32, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    off = sum(ImageStat.Stat(ImageChops.difference(few.convert("RGB"), image)).mean) / 3
    if off < 1.5:
        return (
            _encoded(few.convert("RGB"), "webp", lossless=True, method=2)
            if webp
            else _encoded(few, "png", optimize=True)
        )
    return _encoded(image, "webp" if webp else "jpeg", quality=80)


def _encoded(image, kind, **options):
    data = io.BytesIO()
    image.save(data, kind.upper(), **options)
    return f"data:image/{kind};base64,{base64.b64encode(data.getvalue()).decode()}"


# --- rendering ---------------------------------------------------------------------------------------------------


def _render(labs, problems):
    import jinja2
    from markupsafe import Markup

    script = (TEMPLATES / "sheet.js").read_text(encoding="utf-8")
    store, model = _stores(labs)
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
    )


def _filters(lab):
    """[(flag, how many students have it), ...]: the three that are always asked for, then others that occur."""
    counts = Counter(flag for line in lab["lines"] for flag in line["flags"])
    first = [_NAMED_FLAGS[0], "did not run", _NAMED_FLAGS[1]]
    return [(flag, counts[flag]) for flag in first] + sorted((f, n) for f, n in counts.items() if f not in first)


def _stores(labs):
    """The pictures by number, each once, and what the script needs to know."""
    store, numbers, texts = [], {}, {"": 0}
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
    model = {
        "labs": [
            {
                "name": lab["name"],
                "auto_max": lab["auto_max"],
                "max_points": lab["max_points"],
                "rubric": [row["row"] for row in lab["rubric"]],
                "columns": [_column(c, lab) for c in lab["columns"]],
                "lines": [_model_line(line) for line in lab["lines"]],
                "reference": lab["reference"] and _model_line(lab["reference"]),
            }
            for lab in labs
        ],
        "texts": list(texts),
        "files": [picture["file"] for picture in store],
        "eye": [
            [line["student"], lab["name"], i, entry["points"], entry["comment"]]
            for lab in labs
            for line in lab["lines"]
            for i, entry in line["eye"].items()
        ],
    }
    return store, model


def _column(column, lab):
    item = column["item"]
    check = next((i for i, row in enumerate(lab["rubric"]) if item and row["id"] == item["check"]), -1)
    return {
        "id": column["id"],
        "row": column["row"],
        "plot": column["plot"],
        "check": check,
        "max": item["max_points"] if item else 0,
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
        "auto": [row and [row["points"], row["max_points"], row["said"]] for row in line["auto"]],
        "plots": plots,
    }


def _json(value):
    """JSON that can stand inside a script element: no text in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda m: f"\\u{ord(m[0]):04x}", text)
