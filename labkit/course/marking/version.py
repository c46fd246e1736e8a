"""Which labkit marked: a number that changes with any file of it that a mark may depend on."""

import functools
import hashlib
from pathlib import Path

import labkit

# Rooms that marking cannot import, which a test holds: what stands there can be mended without marking a class again.
APART = ("course/series", "course/edition")


@functools.cache
def code_version():
    """The version of this very labkit."""
    return version_of(Path(labkit.__file__).parent)


def version_of(package):
    """A digest of all files of the package but those of the rooms `APART`.

    package: its folder.
    """
    seen = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        name = path.relative_to(package).as_posix()
        if path.is_file() and "__pycache__" not in path.parts and not name.startswith(tuple(f"{r}/" for r in APART)):
            seen.update(f"{name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return seen.hexdigest()
