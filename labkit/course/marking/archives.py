"""Archives that were handed in: the notebooks in them, one by one, and what else is there."""

import gzip
import io
import lzma
import os
import tarfile
import time
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from labkit.course.marking.layout import LIBRARIES, NOT_OPENED, UNOPENED, may_hold

MOST_NOTEBOOKS, MOST_ENTRIES, DEEPEST = 60, 50_000, 2
LARGEST_ENTRY = 200 << 20  # what one notebook in an archive may take, its outputs counted
LARGEST_CLASS = 20 << 30  # of all submissions, unpacked
BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, OSError, EOFError, RuntimeError)
BROKEN += (NotImplementedError, ValueError, KeyError, OverflowError, AssertionError)


class Found(NamedTuple):
    """A notebook in an archive: its name there, its bytes (None: see `why`), and when it was changed."""

    name: str
    content: bytes
    why: str
    date: float


def kind_of(begin):
    """ "zip", "tar", "gzip" or "" from the first 512 bytes of a file."""
    if begin[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip"
    if begin[257:262] == b"ustar" or begin[:3] == b"BZh" or begin[:6] == b"\xfd7zXZ\x00":
        return "tar"
    return "gzip" if begin[:2] == b"\x1f\x8b" else ""


def is_unopened(begin):
    """Whether a file that begins like this is an archive that is not opened, RAR or 7z, whatever its name."""
    return begin.startswith((b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c"))


def look_into(file, kind, depth=0):
    """Yield a `Found` for each notebook in an archive, and (name, why) for what is passed over.

    file: the archive, open for reading.
    kind: as `kind_of` says.
    depth: how many archives lie around this one.
    Raises one of `BROKEN` if the archive cannot be read at all.
    """
    seen = Counter()
    for name, size, date, read in _zipped(file) if kind == "zip" else _tarred(file):
        why = _passed_over(name, size)
        if why:
            yield name, why
            continue
        seen[may_hold(name)] += 1
        if seen[may_hold(name)] > MOST_NOTEBOOKS:
            yield name, f"the archive holds more than {MOST_NOTEBOOKS} of its kind"
            continue
        try:
            content = read()
        except MemoryError:
            content, why = None, "it needs too much memory to unpack"
        except BROKEN as error:
            content, why = None, f"it is broken in the archive ({_words(error)})"
        if content is not None and len(content) > LARGEST_ENTRY:
            content, why = None, f"it has more than {LARGEST_ENTRY >> 20} MB unpacked"
        inner = kind_of(content[:512]) if content else ""
        if not inner:
            yield Found(name, content, why, date)
        elif inner != "gzip" and depth < DEEPEST:
            try:
                for one in look_into(io.BytesIO(content), inner, depth + 1):
                    yield (
                        type(one)._make((f"{name}/{one[0]}", *one[1:]))
                        if isinstance(one, Found)
                        else (f"{name}/{one[0]}", one[1])
                    )
            except BROKEN as error:
                yield Found(name, None, f"it is a broken archive ({_words(error)})", date)
        else:
            yield name, "an archive in an archive in an archive" if inner != "gzip" else "a gzip file in an archive"


def _zipped(file):
    with zipfile.ZipFile(file) as archive:
        for number, item in enumerate(archive.infolist()):
            if number == MOST_ENTRIES:
                yield f"what follows {item.filename}", -1, 0, None
                return
            if not item.is_dir():
                yield item.filename, item.file_size, _date(item), lambda item=item: _unzip(archive, item)


def _unzip(archive, item):
    with archive.open(item) as entry:
        return entry.read(LARGEST_ENTRY + 1)


def _date(item):
    try:
        return time.mktime((*item.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return 0.0


def _tarred(file):
    with tarfile.open(fileobj=file, mode="r|*") as archive:
        for number, item in enumerate(archive):
            if number == MOST_ENTRIES:
                yield f"what follows {item.name}", -1, 0, None
                return
            if item.isreg():
                yield item.name, item.size, float(item.mtime), lambda item=item: _untar(archive, item)


def _untar(archive, item):
    with archive.extractfile(item) as entry:
        return entry.read(LARGEST_ENTRY + 1)


def _passed_over(name, size):
    parts = name.replace("\\", "/").split("/")
    if size < 0:
        return f"the archive holds more than {MOST_ENTRIES:,} files"
    if any(part in LIBRARIES or part.startswith(".") and part not in (".", "..") for part in parts):
        return "hidden, or not the student's"
    if name.lower().endswith(UNOPENED):
        return NOT_OPENED
    if not may_hold(name):
        return "not a notebook"
    return ""


def gunzip(file, most):
    """What a gzip file holds, at most `most` bytes and one; raises one of `BROKEN`."""
    with gzip.open(file) as inner:
        return inner.read(most + 1)


def _words(error):
    return str(error)[:120] or type(error).__name__


def unpack_class(path, folder):
    """Unpack the download of a class, file by file, under tame names.

    path: a zip archive.
    folder: where to.
    Returns [what could not be unpacked, why]. Raises one of `BROKEN` if it is no zip archive.
    """
    passed_over, total = [], 0
    with zipfile.ZipFile(path) as archive:
        for number, item in enumerate(archive.infolist()):
            parts = [part for part in item.filename.replace("\\", "/").split("/") if part not in ("", ".", "..")]
            if item.is_dir() or not parts:
                if parts:
                    Path(folder, *parts).mkdir(parents=True, exist_ok=True)
                continue
            if number >= 10 * MOST_ENTRIES or total > LARGEST_CLASS:
                passed_over.append((item.filename, "the archive is too large: this and what follows was not unpacked"))
                break
            try:
                total += _unpack(archive, item, Path(folder, *parts))
            except BROKEN as error:
                passed_over.append((item.filename, f"it cannot be unpacked ({_words(error)})"))
    return passed_over


def _unpack(archive, item, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with open(target, "xb") as file, archive.open(item) as source:  # of what is broken, as much as there is
        while written <= 2 * LARGEST_ENTRY:
            block = source.read(1 << 20)
            if not block:
                break
            written += file.write(block)
    if _date(item):
        os.utime(target, (_date(item), _date(item)))
    if written > 2 * LARGEST_ENTRY:
        target.unlink()
        raise ValueError(f"it has more than {2 * LARGEST_ENTRY >> 20} MB")
    return written
