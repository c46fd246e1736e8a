"""Reading what was handed in, whatever it is."""

import gzip
import io
import json
import mmap
import os
import re
import stat
import zipfile

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from labkit.course import cells as labs
from labkit.course.release import READY_ID

LARGEST = 10 << 20  # of a notebook without its outputs
_STRUCTURE = re.compile(rb'["{}\[\]:,]')


class Unreadable(Exception):
    """A submission that cannot be marked: the status, and a sentence for the marker."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message


# --- bytes ---------------------------------------------------------------------------------------------------------


def fetch(path, largest=LARGEST):
    """The bytes of a submitted notebook, at most `largest`; of a larger one, what is left without its outputs.

    Returns (bytes, notes). Raises `Unreadable` for a folder, a link, a device, a file that is too large.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        if os.path.islink(path):
            raise Unreadable("not readable", "it is a symbolic link, which is not followed") from None
        raise Unreadable("not readable", f"the file cannot be opened: {error.strerror}") from None
    mode, size = os.fstat(descriptor).st_mode, os.fstat(descriptor).st_size
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        what = "a folder, not a notebook" if stat.S_ISDIR(mode) else "not a regular file"
        raise Unreadable("not readable", f"it is {what}")
    with open(descriptor, "rb") as file:
        if size <= largest:
            return file.read(largest + 1), []
        with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as content:
            kept = without_outputs(content, largest)
    if kept is None:
        raise Unreadable(
            "too large",
            f"the file has {size / 2**20:.0f} MB, and more than {largest / 2**20:.0f} MB of that are not outputs",
        )
    return kept, [f"the file has {size / 2**20:.0f} MB, nearly all of it outputs: they were left out"]


def without_outputs(content, largest):
    """The JSON text of a notebook without its cells' outputs, read piece by piece, or None if still too large.

    content: bytes or an mmap. A text that is no JSON comes back changed or as None, and fails to parse later.
    """
    pieces, kept, start = [], 0, 0  # what is kept begins at `start`
    stack, key, string_at, dropping = [], None, None, 0
    position, end = 0, len(content)
    while position < end:
        found = _STRUCTURE.search(content, position)
        if not found:
            break
        at, char = found.start(), found.group()
        position = at + 1
        if char == b'"':
            close = _end_of_string(content, at, end)
            if close is None:
                break
            string_at, position = (at, close), close + 1
        elif char == b":":
            short = string_at and string_at[1] - string_at[0] < 40
            key = bytes(content[string_at[0] + 1 : string_at[1]]) if short else b""
        elif char in b"[{":
            if not dropping and key in (b"outputs", b"attachments") and b"cells" in stack:
                pieces.append(bytes(content[start:at]))
                kept += at - start
                dropping = len(stack) + 1
                start = None
            stack.append(key)
            key = None
            if len(stack) > 10_000:
                return None
        elif char in b"]}":
            if not stack:
                break
            stack.pop()
            key = None
            if dropping and len(stack) < dropping:
                pieces.append(b"[]" if char == b"]" else b"{}")
                start, dropping = at + 1, 0
        if start is not None and kept + position - start > largest:
            return None
    if start is not None:
        pieces.append(bytes(content[start:end]))
    text = b"".join(pieces)
    return text if len(text) <= largest else None


def _end_of_string(content, at, end):
    close = at
    while True:
        close = content.find(b'"', close + 1, end)
        if close < 0:
            return None
        slashes = 0
        while content[close - 1 - slashes : close - slashes] == b"\\":
            slashes += 1
        if slashes % 2 == 0:
            return close


def parse(content):
    """A notebook from bytes, with what had to be overlooked.

    Returns (a v4 notebook of clean cells, notes). Raises `Unreadable`.
    """
    notes = []
    if not content.strip(b" \t\r\n\0"):
        raise Unreadable("not readable", "the file is empty")
    content, unpacked = _unpacked(content)
    notes += unpacked
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("utf-8", errors="replace")
        notes.append("the file is not valid UTF-8: the broken characters were replaced")
    try:
        raw = json.loads(text, strict=False)
    except RecursionError:
        raise Unreadable("not readable", "the file is nested too deeply to be a notebook") from None
    except ValueError as error:
        raise Unreadable("not readable", _what_it_is(text, error)) from None
    cells = raw.get("cells") if isinstance(raw, dict) else None
    if cells is None and isinstance(raw, dict) and isinstance(raw.get("worksheets"), list):  # nbformat 3
        cells = [
            cell
            for sheet in raw["worksheets"]
            if isinstance(sheet, dict)
            for cell in (sheet.get("cells") if isinstance(sheet.get("cells"), list) else [])
        ]
        notes.append("the notebook is of the old format 3: converted")
    if not isinstance(cells, list):
        raise Unreadable("not readable", "the file is JSON, but not a notebook: it has no cells")
    if len(cells) > 5000:
        raise Unreadable("too large", f"the notebook has {len(cells):,} cells")
    clean = [cell for cell in map(_clean, cells) if cell is not None]
    if len(clean) < len(cells):
        notes.append(f"{len(cells) - len(clean)} broken cells were left out")
    if not any(cell.source.strip() for cell in clean):
        raise Unreadable("not readable", "the notebook is empty: no cell holds anything")
    return new_notebook(cells=clean), notes


def _unpacked(content):
    if content[:4] == b"PK\x03\x04":
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                inside = [
                    item
                    for item in archive.infolist()
                    if item.filename.endswith(".ipynb") and not item.filename.startswith(("__MACOSX", "."))
                ]
                if len(inside) != 1:
                    raise Unreadable("not readable", f"it is a zip archive with {len(inside)} notebooks in it")
                with archive.open(inside[0]) as file:
                    found = file.read(LARGEST + 1)
        except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
            raise Unreadable("not readable", f"it is a broken zip archive ({error})") from None
        if len(found) > LARGEST:
            raise Unreadable("too large", "it is a zip archive whose notebook is too large")
        return found, ["the file is a zip archive: the notebook in it was marked"]
    if content[:2] == b"\x1f\x8b":
        try:
            with gzip.open(io.BytesIO(content)) as file:
                found = file.read(LARGEST + 1)
        except (OSError, EOFError) as error:
            raise Unreadable("not readable", f"it is a broken gzip file ({error})") from None
        if len(found) > LARGEST:
            raise Unreadable("too large", "it is a gzip file whose content is too large")
        return found, ["the file is packed with gzip: unpacked"]
    return content, []


def _what_it_is(text, error):
    begin = text.lstrip()[:200].lower()
    if begin.startswith(("<!doctype html", "<html")):
        return "it is a web page (HTML), not a notebook: was it saved from the browser?"
    if begin.startswith("%pdf"):
        return "it is a PDF file, not a notebook"
    if begin.startswith("<<<<<<<") or "\n<<<<<<< " in text:
        return "it holds the marks of a git merge conflict, so it is not valid JSON"
    if not begin.startswith("{"):
        return "it is not a notebook: it does not begin like one"
    return (
        f"it is not valid JSON, the file may be cut off ({str(error).split(':')[0]}, line {error.lineno})"
        if hasattr(error, "lineno")
        else "it is not valid JSON"
    )


def _clean(cell):
    """A cell of the current format from whatever stands in the place of one, without outputs."""
    if not isinstance(cell, dict):
        return None
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return None
    source = source.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    make = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}.get(cell.get("cell_type"))
    if make is None:
        make = new_markdown_cell  # nbformat 3 has headings and html
        if cell.get("cell_type") == "heading":
            level = cell.get("level")
            source = "#" * (level if isinstance(level, int) and 0 < level < 7 else 1) + " " + source
    new = make(source)
    identity = cell.get("id")
    new["id"] = identity if isinstance(identity, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", identity) else new["id"]
    meta = cell.get("metadata")
    meta = meta if isinstance(meta, dict) else {}
    if isinstance(meta.get("nbgrader"), dict):
        new.metadata["nbgrader"] = nbformat.from_dict(meta["nbgrader"])
    return new


# --- which lab it is -----------------------------------------------------------------------------------------------


def which_lab(nb, releases):
    """The name of the lab that a notebook is: by its grade ids, cell ids, title and code. None if it is none.

    releases: the student editions, by name.
    """
    mine = {str(labs.grading(cell).get("grade_id")) for cell in nb.cells}
    ids = {cell["id"] for cell in nb.cells}
    lines = {cell.source.strip() for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()}
    best, most = None, 0
    for name, release in releases.items():
        graded = {labs.grading(cell)["grade_id"] for cell in release.cells if labs.kind(cell)}
        same = len(mine & graded) + len(lines & {c.source.strip() for c in release.cells if labs.kind(c) == "check"})
        same += 0.1 * len(ids & {c["id"] for c in release.cells if c["id"] != READY_ID})
        same += labs.title(nb) == labs.title(release) != ""
        if same > most:
            best, most = name, same
    return best
