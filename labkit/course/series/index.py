"""The rendered series: a page for each lab, and the index with their key figures.

What is known of a lab is one dictionary, kept as `results/<lab>.json` beside the pages, so that a run of one
lab leaves the others in the index. Every file is written under another name and renamed: an interrupted run
leaves the old page or the new one, never half of one.
"""

import base64
import json
import re
import struct
from pathlib import Path

import jinja2
import nbformat

from labkit.course.series.page import (
    IMAGES,
    TEMPLATES,
    anchor,
    day,
    duration,
    key_figures,
    key_numbers,
    memory,
    page_name,
    render_page,
    title_and_intro,
    url,
)
from labkit.files import write


def add_lab(out, lab, nb, source_folder):
    """Write the page of a lab, its executed notebook and its key figures, and remember the result.

    out: folder of the site.
    lab: what is known of the lab (see `labkit.course.series.run`).
    nb: the executed notebook, or None where it cannot be read.
    source_folder: where the images its text refers to lie.
    Returns `lab` with its page, figures, numbers, title and introduction filled in.
    """
    old = _read_result(out / "results" / f"{lab['name']}.json") or {}
    lab = lab | {"page": None, "executed": None, "figures": [], "numbers": []}
    lab |= title_and_intro(nb, lab["name"])
    if nb is not None:
        page = page_name(lab["name"])
        html = render_page(nb, lab, source_folder)
        lab |= {"figures": _write_figures(out, lab["name"], nb), "numbers": key_numbers(nb)}

        write(out / "executed" / f"{lab['name']}.ipynb", nbformat.writes(nb) + "\n")
        write(out / page, html)
        lab |= {"page": page, "executed": f"executed/{lab['name']}.ipynb"}
    write(out / "results" / f"{lab['name']}.json", json.dumps(lab, indent=1) + "\n")
    _remove(out, old, keep=lab)
    return lab


def write_index(out, labs):
    """Write the index of the labs (dictionaries, in order), link their pages, forget labs that are gone."""
    names = {lab["name"] for lab in labs}
    for path in sorted((out / "results").glob("*.json")):
        gone = _read_result(path)
        if gone and gone["name"] not in names:
            _remove(out, gone, keep={})
            path.unlink(missing_ok=True)
    _link_pages(out, labs)
    template = _environment().get_template("series.html.j2")
    write(out / "index.html", template.render(labs=labs, **_summary(labs)))


def known_result(out, name):
    """What an earlier run found out about a lab, or None."""
    lab = _read_result(out / "results" / f"{name}.json")
    return lab if lab and lab["name"] == name and (not lab["page"] or (out / lab["page"]).is_file()) else None


def _read_result(path):
    try:
        lab = json.loads(path.read_text(encoding="utf-8"))
        return lab if {"name", "status", "page", "title"} <= lab.keys() else None
    except (OSError, ValueError, AttributeError):
        return None


def _remove(out, lab, keep):
    """Remove the files of a lab that are not in `keep`; only names that a lab's files can have."""
    if not lab:
        return
    stem = lab["name"]
    kept = {keep.get("page"), keep.get("executed"), *(figure["file"] for figure in keep.get("figures", []))}
    files = {page_name(stem), f"executed/{stem}.ipynb"}
    files |= {f"figures/{stem}-{k}.{kind}" for k in range(1, 20) for kind in IMAGES.values()}
    if Path(stem).name == stem:
        for file in files - kept:
            (out / file).unlink(missing_ok=True)


def _environment():
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"duration": duration, "memory": memory, "url": url, "day": day}
    return environment


def _summary(labs):
    run = [lab for lab in labs if lab["status"] in ("ok", "failed")]
    newest = max(run, key=lambda lab: lab["date"], default=None)
    return {
        "seconds": sum(lab["seconds"] for lab in run),
        "newest": newest,
        "ok": sum(lab["status"] == "ok" for lab in labs),
        "broken": sum(lab["status"] in ("failed", "unreadable") for lab in labs),
        "data": sorted({lab["data"] for lab in run if lab["data"]}),
    }


def _link_pages(out, labs):
    """Fill in the links to the index and to the labs before and after, where these have pages."""
    template = _environment().get_template("links.html.j2")
    pages = [lab for lab in labs if lab["page"] and (out / lab["page"]).is_file()]
    for before, lab, after in zip([None, *pages], pages, [*pages[1:], None]):
        links = template.render(before=before, after=after)
        html = (out / lab["page"]).read_text(encoding="utf-8")
        linked = re.sub("(<!--links-->).*?(<!--/links-->)", lambda m, new=links: m[1] + new + m[2], html, flags=re.S)
        if linked != html:
            write(out / lab["page"], linked)


def _write_figures(out, stem, nb):
    figures = []
    for k, (i, kind, data, alt) in enumerate(key_figures(nb)[:19], 1):
        data = "".join(data)
        content = data if kind == "image/svg+xml" else base64.b64decode(data)
        file = f"figures/{stem}-{k}.{IMAGES[kind]}"
        write(out / file, content)
        size = struct.unpack(">II", content[16:24]) if kind == "image/png" and len(content) >= 24 else None
        figures.append({"file": file, "alt": alt, "size": size, "anchor": anchor(nb, i)})
    return figures
