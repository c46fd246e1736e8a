"""Tables as spreadsheets and learning platforms write and read them: CSV with all that they do to it."""

import csv
import io
import re
from pathlib import Path

from labkit.files import write

# A spreadsheet takes such a field for a formula; a ' in front says that it is text.
_RISKY = re.compile(r"[ \t\r\n]*['=+\-@＝＋－＠]|[\t\r\n]")


def read_table(path):
    """Read a CSV file: (header, [(line number, {column: field}), ...]).

    path: a file with commas, semicolons or tabs between its fields, in UTF-8 with or without a mark at its start,
      UTF-16 or Windows' encoding. Columns are in lower case; fields have no spaces around them.
    Empty lines are left out. Raises ValueError if it cannot be read or is no CSV file.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror or error}") from None
    text = _decoded(data).lstrip("\ufeff")
    first = text.split("\n", 1)[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    found = []
    try:
        header = [" ".join(name.split()).lower() for name in next(lines, [])]
        for fields in lines:
            if any(field.strip(" ,;\t") for field in fields):
                found.append((lines.line_num, dict(zip(header, map(_field, fields)))))
    except csv.Error as error:
        raise ValueError(f"{path}, line {lines.line_num}: not a CSV file ({error})") from None
    return header, found


def table(rows, mark=False):
    """The text of a CSV file.

    rows: lists of fields, the header first.
    mark: True begins with the mark by which spreadsheets know UTF-8; a platform's import does not expect it.
    """
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n" if mark else "\n").writerows(rows)
    return "\ufeff" * mark + text.getvalue()


def write_table(path, rows, mark=False):
    """Write a CSV file at once; arguments as in `table`."""
    write(Path(path), table(rows, mark))


def guarded(field):
    """A field that no spreadsheet takes for a formula; `unguarded` gives it back."""
    return "'" + field if _RISKY.match(field) else field


def unguarded(field):
    """A field as it was before `guarded`."""
    return field[1:] if field.startswith("'") and _RISKY.match(field[1:]) else field


def _field(text):
    return unguarded(text.strip(" \u00a0"))


def _decoded(data):
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("cp1252", "replace")
