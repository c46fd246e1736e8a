"""Reading a notebook that was handed in, whatever it is."""

import errno
import json
import mmap
import os
import re
import stat
from contextlib import contextmanager

from nbformat import NotebookNode

from labkit.course.marking import archives

LARGEST, MOST_CELLS = 10 << 20, 5000  # bytes of a notebook without its outputs, and its cells
LARGEST_PICTURE = 3 << 20  # in a written answer
_STRUCTURE = re.compile(rb'["{}\[\]:,]')
_FLAGS = ("grade", "solution", "locked", "task")


class Unreadable(Exception):
    """A submission that cannot be marked: the status, and a sentence for the marker."""

    def __init__(self, status, message):
        super().__init__(status, message)
        self.status, self.message = status, message


# --- bytes ---------------------------------------------------------------------------------------------------------


@contextmanager
def opened(path):
    """A submitted file, open for reading; raises `Unreadable` for what is no ordinary file or cannot be opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError) as error:
        if os.path.islink(path) or getattr(error, "errno", 0) == errno.ELOOP:
            raise Unreadable("not readable", "it is a symbolic link, which is not followed") from None
        why = getattr(error, "strerror", None) or error
        raise Unreadable("not readable", f"the file cannot be opened: {why}") from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        what = "a folder, not a notebook" if stat.S_ISDIR(mode) else "not a regular file"
        raise Unreadable("not readable", f"it is {what}")
    with open(descriptor, "rb") as file:
        yield file


def fetch(file, gzipped=False):
    """What an open file holds, of a large notebook without its outputs: (bytes, notes). Raises `Unreadable`."""
    size = os.fstat(file.fileno()).st_size
    if gzipped:
        try:
            content, notes = slim(archives.gunzip(file, archives.LARGEST_ENTRY))
        except archives.BROKEN as error:
            raise Unreadable("not readable", f"it is a broken gzip file ({error})") from None
        return content, ["the file is packed with gzip: unpacked", *notes]
    if size <= LARGEST:
        return file.read(LARGEST + 1), []
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return slim(content)


def slim(content, largest=LARGEST):
    """The bytes of a notebook, of a large one without its outputs: (bytes, notes).

    content: bytes or an mmap.
    Raises `Unreadable` where that is still too large.
    """
    size = len(content)
    if size <= largest:
        return bytes(content), []
    kept = without_outputs(content, largest)
    if kept is None:
        more = f"more than {largest / 2**20:.0f} MB of that are not outputs"
        raise Unreadable("too large", f"the file has {size / 2**20:.0f} MB, and {more}")
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


# --- a notebook ----------------------------------------------------------------------------------------------------


def parse(content):
    """A notebook from bytes, with what had to be overlooked.

    Returns (a v4 notebook of clean cells, notes). Raises `Unreadable`.
    """
    if not content.strip(b" \t\r\n\0"):
        raise Unreadable("not readable", "the file is empty")
    text, notes = _text(content)
    raw = _loaded(text, notes)
    cells = _cells(raw, notes)
    if len(cells) > MOST_CELLS:
        raise Unreadable("too large", f"the notebook has {len(cells):,} cells")
    clean = [cell for cell in map(_clean, cells, range(len(cells))) if cell is not None]
    if len(clean) < len(cells):
        notes.append(f"{len(cells) - len(clean)} broken cells were left out")
    if not any(cell.source.strip() for cell in clean):
        raise Unreadable("not readable", "the notebook is empty: no cell holds anything")
    return NotebookNode(nbformat=4, nbformat_minor=5, metadata=NotebookNode(), cells=clean), notes


def _text(content):
    encoding = json.detect_encoding(content)
    try:
        return content.decode(encoding).lstrip("\ufeff"), []
    except UnicodeDecodeError:
        note = "the file is not valid UTF-8: the broken characters were replaced"
        return content.decode("utf-8", errors="replace"), [note]


def _loaded(text, notes):
    """What a JSON text says; of a key that stands twice, the longer value."""

    def once(pairs):
        found = dict(pairs)
        if len(found) < len(pairs):
            notes.append("the file says some things twice: the longer one was taken")
            for key, value in pairs:
                if isinstance(value, (list, str)) and not (
                    isinstance(found[key], type(value)) and len(found[key]) > len(value)
                ):
                    found[key] = value
        return found

    try:
        raw = json.loads(text, strict=False, parse_int=lambda digits: int(digits[:18]), object_pairs_hook=once)
    except RecursionError:
        raise Unreadable("not readable", "the file is nested too deeply to be a notebook") from None
    except ValueError as error:
        raise Unreadable("not readable", _what_it_is(text, error)) from None
    notes[:] = dict.fromkeys(notes)
    return raw


def _cells(raw, notes):
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
    return cells


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


def _clean(cell, index):
    """A cell of the current format from whatever stands in the place of one, without outputs."""
    if not isinstance(cell, dict):
        return None
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return None
    source = source.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    sort = cell.get("cell_type") if isinstance(cell.get("cell_type"), str) else ""
    if sort == "heading":  # nbformat 3 has headings and html
        level = cell.get("level")
        source = "#" * (level if isinstance(level, int) and 0 < level < 7 else 1) + " " + source
    identity = cell.get("id")
    if not isinstance(identity, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", identity):
        identity = f"cell-{index}"  # always the same, so that the same file is marked once
    new = NotebookNode(cell_type="markdown", id=identity, metadata=NotebookNode(), source=source)
    if sort == "code":
        new.update(cell_type="code", execution_count=None, outputs=[])
    elif sort == "raw":
        new.cell_type = "raw"
    meta = cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}
    if isinstance(meta.get("nbgrader"), dict):
        said = meta["nbgrader"]
        new.metadata["nbgrader"] = NotebookNode({flag: said.get(flag) is True for flag in _FLAGS})
        if isinstance(said.get("grade_id"), str):
            new.metadata["nbgrader"]["grade_id"] = said["grade_id"][:200].encode("utf-8", "replace").decode()
    if new.cell_type == "markdown" and _pictures(cell.get("attachments")):
        new["attachments"] = _pictures(cell["attachments"])
    return new


def _pictures(attachments):
    """The pictures in a written answer, as far as they are some."""
    found = {}
    for name, kinds in attachments.items() if isinstance(attachments, dict) else ():
        for kind, data in kinds.items() if isinstance(kinds, dict) else ():
            data = "".join(part for part in data if isinstance(part, str)) if isinstance(data, list) else data
            if kind not in ("image/png", "image/jpeg", "image/gif") or not isinstance(data, str):
                continue
            if len(data) <= LARGEST_PICTURE and re.fullmatch(r"[A-Za-z0-9+/=\s]+", data):
                found[str(name).encode("utf-8", "replace").decode()[:200]] = {kind: data}
    return found
