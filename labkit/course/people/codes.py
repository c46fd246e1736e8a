"""Codes in the place of names, so that points can be given by eye without knowing to whom."""

import secrets
from pathlib import Path

from labkit.course.tables import guarded, read_table, write_table

_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is taken for another
_LENGTH = 6


def codes(path, students):
    """A code for each student: {student: code}, drawn at random once and then kept.

    path: the key, a CSV file with the columns code and student, which is made or extended; only the instructor has it.
    students: names.
    Raises ValueError if the file is no such key.
    """
    path = Path(path)
    known = {student: code for code, student in read_key(path).items()} if path.is_file() else {}
    used, found = set(known.values()), dict(known)
    for student in students:
        while student not in found:
            code = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
            if code not in used:
                used.add(code)
                found[student] = code
    if found != known:
        lines = sorted((code, guarded(student)) for student, code in found.items())
        write_table(path, [["code", "student"], *lines], mark=True)
    return {student: found[student] for student in students}


def read_key(path):
    """Who is behind a code: {code: student}; raises ValueError if the file is no key."""
    header, lines = read_table(path)
    if not {"code", "student"} <= set(header):
        raise ValueError(f"{path}: the first line must name the columns code and student")
    return {fields.get("code", ""): fields.get("student", "") for _, fields in lines}
