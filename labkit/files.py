"""Writing a file at once, or not at all: whoever reads it finds the old content or the new, never a part."""

import os
import threading
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path):
    """A binary file to write to, which takes its name when the block ends, and vanishes if the block raises.

    path: where the file is to be, its folder made if it is not there; a link is followed.
    Yields the open file. What was at path stays there until the new content is complete and on the disk.
    Raises OSError if it cannot be written.
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")  # nobody else's while we live
    try:
        with open(part, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write(path, content):
    """Write a whole file at once.

    path: as in `whole_file`.
    content: bytes, or text, which is written as UTF-8 (what UTF-8 has no bytes for as "?").
    Raises OSError if it cannot be written.
    """
    with whole_file(path) as file:
        file.write(content.encode("utf-8", "replace") if isinstance(content, str) else content)
