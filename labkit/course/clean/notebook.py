"""A student's notebook made fit to be opened by others, whatever renders it: nothing in it runs or loads anything.

It is written anew from the parts that are known: cells, text, printed lines, pictures, tables. What is not known, such
as widgets, scripts and most metadata, is not carried over.
"""

import html
import math
import re

from nbformat import NotebookNode, from_dict
from nbformat.corpus.words import generate_corpus_id

from labkit.course.clean import markdown, pictures, text
from labkit.course.clean.html import NO_MATHJAX, clean_html

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3", "mimetype": "text/x-python"},
}
LEFT_OUT = "(left out: what this cell shows could run in a browser)"
_IDENTIFIER, _GRADE_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}"), re.compile(r"[\w.-]{1,100}")
_LONGEST_SOURCE, _LONGEST_OUTPUT, _MOST_OUTPUTS = 200_000, 1_000_000, 200
_RUNS = re.compile(
    r"<?(script|iframe|object|embed|applet|meta|base|form|link)>?|on[a-z]+|srcdoc"
    r"|(href|src) (javascript|vbscript|data):"
    r"|.*javascript.*"
)
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")


def clean_notebook(nb, handed_out=(), page=False):
    """A copy of a notebook in which nothing runs and nothing is loaded when it is opened.

    nb: the notebook, executed or not; it is not modified.
    handed_out: the sources of the course's own Markdown cells, which stay as they are.
    page: write every Markdown cell as HTML with its formulas as MathML, for a page without MathJax.
    Returns (notebook, {number of a cell from 1: what was taken out of it}).
    """
    handed_out, cells, hidden, known = frozenset(handed_out), [], {}, set()
    for number, cell in enumerate(nb.cells, 1):
        found = []
        new = _code(cell, found) if cell.get("cell_type") == "code" else _words(cell, handed_out, page, found)
        if _IDENTIFIER.fullmatch(str(cell.get("id", ""))) and cell["id"] not in known:
            new["id"] = cell["id"]
        else:
            new["id"] = generate_corpus_id()
        known.add(new["id"])
        new.metadata = from_dict(_metadata(cell.get("metadata", {}), page))
        cells.append(new)
        if found:
            hidden[number] = list(dict.fromkeys(found))
    new = NotebookNode(cells=cells, metadata=from_dict(METADATA), nbformat=4, nbformat_minor=5)
    return new, hidden


def told(hidden):
    """What was taken out that would have run, as a sentence for the report; "" for nothing. Layout is not told."""
    runs = {number: [what for what in found if _RUNS.fullmatch(what)] for number, found in hidden.items()}
    cells = [f"{number} ({text.shown(', '.join(found[:3]))[:80]})" for number, found in runs.items() if found]
    if not cells:
        return ""
    more = f" and {len(cells) - 8} more" if len(cells) > 8 else ""
    return f"what would run in a browser was taken out of cell {', '.join(cells[:8])}{more}"


def _joined(value):
    """A text of a notebook, which a file may hold as a list of lines."""
    if isinstance(value, (list, tuple)):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


# --- cells ---------------------------------------------------------------------------------------------------------


# Made as plain nodes: nbformat's own makers compare each with the format, which takes longer than all else. What is
# made here is compared once, when the notebook is written.


def _words(cell, handed_out, page, hidden):
    """A cell of text; a raw cell, which a page would take for a part of itself, becomes quoted text."""
    source, held = text.source(_joined(cell.get("source"))[:_LONGEST_SOURCE]), _attachments(cell.get("attachments"))
    if cell.get("cell_type") != "markdown":
        shown, held = markdown.boxed(f"<pre>{html.escape(source)}</pre>"), {}
    elif page:
        shown, held = markdown.boxed(markdown.as_html(source, held, hidden)), {}
    else:
        shown = source if source in handed_out else markdown.kept(source, held, hidden)
    new = NotebookNode(cell_type="markdown", source=shown)
    if held and shown == source:
        new.attachments = from_dict(held)
    return new


def _attachments(found):
    """{name: {media type: base64}} with the pictures alone."""
    kept = {}
    for name, kinds in found.items() if isinstance(found, dict) else ():
        data = {kind: pictures.base64_of(kind, _joined(kinds[kind])) for kind in _PICTURES if kind in kinds}
        if isinstance(name, str) and any(data.values()):
            kept[name] = {kind: value for kind, value in data.items() if value}
    return kept


def _code(cell, hidden):
    count = cell.get("execution_count")
    outputs = cell.get("outputs") if isinstance(cell.get("outputs"), list) else []
    return NotebookNode(
        cell_type="code",
        source=text.source(_joined(cell.get("source"))[:_LONGEST_SOURCE]),
        execution_count=count if isinstance(count, int) and not isinstance(count, bool) else None,
        outputs=[clean for output in outputs[:_MOST_OUTPUTS] if (clean := _output(output, hidden))],
    )


def _metadata(found, page):
    tags = found.get("tags")
    tags = (
        [tag for tag in tags if isinstance(tag, str) and _IDENTIFIER.fullmatch(tag)] if isinstance(tags, list) else []
    )
    grading = _grading(found.get("nbgrader"), page)
    return ({"tags": tags} if tags else {}) | ({"nbgrader": grading} if grading else {})


def _grading(found, page):
    """nbgrader's metadata with the fields that it knows, each of its type."""
    if not isinstance(found, dict) or not _GRADE_ID.fullmatch(str(found.get("grade_id", ""))):
        return {}
    kept = {"grade_id": str(found["grade_id"])}
    for name in ("grade", "locked", "solution", "task"):
        if isinstance(found.get(name), bool):
            kept[name] = found[name]
    for name in ("points", "score", "schema_version"):
        value = found.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            kept[name] = value
    if (kept.get("grade") or kept.get("task")) and "points" not in kept:  # no page of nbgrader could show it
        return {}
    if found.get("cell_type") in ("code", "markdown", "raw"):
        kept["cell_type"] = found["cell_type"]
    if re.fullmatch(r"[0-9a-f]{1,64}", str(found.get("checksum", ""))):
        kept["checksum"] = found["checksum"]
    if isinstance(found.get("comment"), str) and found["comment"]:
        kept["comment"] = (
            markdown.boxed(markdown.as_html(found["comment"])) if page else markdown.kept(found["comment"])
        )
    return kept


# --- outputs -------------------------------------------------------------------------------------------------------


def _output(output, hidden):
    """An output with the parts that are known, None for one of a kind that is not."""
    kind = output.get("output_type") if isinstance(output, dict) else None
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return NotebookNode(
            output_type="stream", name=name, text=text.printed(_joined(output.get("text"))[:_LONGEST_OUTPUT])
        )
    if kind == "error":
        lines = output.get("traceback") if isinstance(output.get("traceback"), list) else []
        lines = [text.printed(_joined(line)[:20_000]) for line in lines[:200]]
        said = {name: text.printed(_joined(output.get(name))[:20_000]) for name in ("ename", "evalue")}
        return NotebookNode(output_type="error", traceback=lines, **said)
    if kind not in ("display_data", "execute_result"):
        return None
    shown = output.get("data") if isinstance(output.get("data"), dict) else {}
    data = _shown(shown, hidden)
    count = output.get("execution_count")
    more = {"execution_count": count if isinstance(count, int) else None} if kind == "execute_result" else {}
    return NotebookNode(output_type=kind, data=data, metadata=_sizes(output.get("metadata"), data), **more)


def _shown(data, hidden):
    """What an output shows, in the ways that are known: text, a picture, clean HTML."""
    new = {}
    if "text/plain" in data:
        new["text/plain"] = text.printed(_joined(data["text/plain"])[:_LONGEST_OUTPUT])
    for kind in ("image/png", "image/jpeg"):
        if picture := pictures.base64_of(kind, _joined(data.get(kind))):
            new[kind] = picture
    page = _page(data, not set(new) - {"text/plain"}, hidden)
    if page is not None:
        new["text/html"] = page
    if data and not new:
        hidden += [text.shown(kind)[:60] for kind in list(data)[:5]]
        new["text/plain"] = LEFT_OUT
    elif unknown := [kind for kind in data if "script" in str(kind).lower()]:
        hidden += [text.shown(kind)[:60] for kind in unknown[:5]]
    return NotebookNode(new)


def _page(data, alone, hidden):
    """The HTML of an output, None if it has none; of the other kinds of page where there is no picture (`alone`)."""
    if "text/html" in data:
        page = _joined(data["text/html"])
        return _boxed(clean_html(page, hidden)) if page.strip() else ""
    if "text/markdown" in data:
        return _boxed(markdown.as_html(_joined(data["text/markdown"]), hidden=hidden))
    if "text/latex" in data:
        return _boxed(markdown.as_html(_joined(data["text/latex"]), hidden=hidden))
    for kind in _PICTURES[2:] if alone else ():
        if source := pictures.address(kind, _joined(data.get(kind))):
            return _boxed(f'<img src="{source}" alt="">')
    return None


def _boxed(page):
    return f'<div class="{NO_MATHJAX}">{page}</div>'


def _sizes(metadata, data):
    """The width and height of pictures, which scaled plots have, and the text that stands for one."""
    kept = {}
    for kind in set(data) & {"image/png", "image/jpeg"}:
        about = metadata.get(kind) if isinstance(metadata, dict) else None
        about = about if isinstance(about, dict) else {}
        sizes = {side: about[side] for side in ("width", "height") if isinstance(about.get(side), (int, float))}
        kept[kind] = {side: int(size) for side, size in sizes.items() if 0 < size <= 4000}
    return from_dict({kind: about for kind, about in kept.items() if about})
