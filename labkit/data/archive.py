"""Unpacking CIFAR-10's archive: only the files that belong to it, and nowhere else than asked for."""

import gzip
import shutil
import tarfile
import zlib
from pathlib import Path

from labkit.data.errors import DataError
from labkit.data.reader import BATCH_FILES, FOLDER_NAME, META_FILE

EXPECTED = {f"{FOLDER_NAME}/{name}": name for name in (*BATCH_FILES, META_FILE, "readme.html")}
MOST_BYTES = 400_000_000  # unpacked; the official archive has 186 million


class ArchiveError(DataError):
    """The archive is damaged or holds what it should not."""


class _Limited:
    """A stream that ends in an error when more comes out of it than an archive of CIFAR-10 can hold."""

    def __init__(self, stream, archive):
        self.stream, self.left, self.archive = stream, MOST_BYTES, archive

    def read(self, count):
        data = self.stream.read(min(count, self.left + 1))
        self.left -= len(data)
        if self.left < 0:
            raise _problem(self.archive, f"unpacks to more than {MOST_BYTES:,} bytes")
        return data


def extract(archive, into):
    """Unpack the archive of CIFAR-10.

    archive: path of a gzipped tar file.
    into: path of a folder, made new; an older one is removed.
    Returns the path of the folder with the batch files, `into`/cifar-10-batches-py.
    Raises ArchiveError, and leaves nothing behind, if the archive is truncated or not an archive, or holds a
    file that does not belong to CIFAR-10, such as one whose path leaves the folder, a link or a device.
    """
    into = Path(into)
    shutil.rmtree(into, ignore_errors=True)
    try:
        (into / FOLDER_NAME).mkdir(parents=True)
        found = _unpack(archive, into / FOLDER_NAME)
        lacking = [name for name in BATCH_FILES if name not in found]
        if lacking:
            raise _problem(archive, f"lacks {', '.join(lacking)}")
    except BaseException:  # an interrupt too
        shutil.rmtree(into, ignore_errors=True)
        raise
    return into / FOLDER_NAME


def _unpack(archive, folder):
    """Copy the expected members into the folder, by their own names; returns these names."""
    found = set()
    try:
        with gzip.open(archive) as unzipped:
            stream = _Limited(unzipped, archive)
            for member in (tar := tarfile.open(fileobj=stream, mode="r|")):
                path = member.name.removeprefix("./").rstrip("/")
                if member.isdir() and path == FOLDER_NAME:
                    continue
                name = EXPECTED.get(path)
                if name is None or not member.isreg():
                    what = f"{path[:80]!r}" if name is None else f"{path!r} as something else than a file"
                    raise _problem(archive, f"holds {what}, which does not belong to CIFAR-10")
                if name in found:
                    raise _problem(archive, f"holds {path!r} twice")
                found.add(name)
                with open(folder / name, "xb") as file:
                    shutil.copyfileobj(tar.extractfile(member), file, 1 << 20)
            while stream.read(1 << 20):  # to the end, where gzip has its own checksum
                pass
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError, OverflowError):
        raise _problem(archive, "is truncated or is not a gzipped tar archive") from None
    return found


def _problem(archive, what):
    return ArchiveError(f"The archive {Path(archive).name} {what}; nothing of it was kept.")
