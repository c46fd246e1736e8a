"""The roster of a class: who is on it, and whose a folder of submissions is."""

import unicodedata
from collections import Counter
from typing import NamedTuple

from labkit.course.tables import read_table

# What platforms call these columns. Canvas calls the name "Student", and the login is what others call the id.
_IDS = ("id", "student id", "username", "user name", "login", "sis login id", "id number", "student")
_NAMES = ("name", "full name", "student name", "student")
_MAILS = ("e-mail", "email", "e-mail address", "email address", "mail")
_FIRST, _LAST = ("first name", "given name", "firstname"), ("last name", "surname", "family name", "lastname")


class Student(NamedTuple):
    """One line of the roster; other: the further columns of the file, in lower case."""

    id: str
    name: str
    email: str
    other: dict


def read_roster(path):
    """Read students.csv: a list of `Student`, in the order of the file.

    path: a CSV file whose first line names the columns id, name and e-mail, of which only the id must be there; or
      the gradebook that Canvas exports, or the list of participants that Moodle does. Without an id the e-mail
      address is it.
    Raises ValueError, naming the line, for a file without ids, an id that is missing or there twice.
    """
    header, lines = read_table(path)
    canvas = "sis login id" in header
    identity = "sis login id" if canvas else next((name for name in (*_IDS, *_MAILS) if name in header), None)
    if identity is None:
        raise ValueError(f"{path}: the first line must name the columns id, name and e-mail, got {', '.join(header)!r}")
    found, seen = [], {}
    for number, fields in lines:
        if canvas and "points possible" in fields.get("student", "").lower():
            continue
        student = _student(fields, identity)
        if not student.id:
            raise ValueError(f"{path}, line {number}: there is no {identity}")
        if _key(student.id) in seen:
            raise ValueError(f"{path}, line {number}: {student.id} is in line {seen[_key(student.id)]} already")
        seen[_key(student.id)] = number
        found.append(student)
    if not found:
        raise ValueError(f"{path}: there are no students in it")
    return found


def _student(fields, identity):
    def first(names):
        return next((fields[name] for name in names if fields.get(name)), "")

    name = first([name for name in _NAMES if name != identity]) or f"{first(_FIRST)} {first(_LAST)}".strip()
    return Student(fields.get(identity, ""), name, first(_MAILS), fields)


class Roster:
    """The students of a class, and whom a name means."""

    def __init__(self, students):
        self.students = list(students)
        self.by_id = {student.id: student for student in self.students}
        named = [(key, student) for student in self.students for key in _keys(student)]
        often = Counter(key for key, _ in named)
        self._known = {key: student for key, student in named if often[key] == 1}
        self._known |= {_key(student.id): student for student in self.students}

    def find(self, name):
        """The student whom a folder's name means, or None.

        name: an id, else an e-mail address or what stands before its @, else a name, in either order and any case;
          what fits two students means neither.
        """
        return self._known.get(_key(name)) or self._known.get(_words(name))

    def missing(self, names):
        """The students of whom none of the names is."""
        there = {student.id for student in map(self.find, names) if student}
        return [student for student in self.students if student.id not in there]

    def strangers(self, names):
        """The names that are nobody's on the roster."""
        return [name for name in names if self.find(name) is None]


def _keys(student):
    mail = _key(student.email)
    keys = {mail, mail.split("@")[0], _words(student.name)} - {"", (), _key(student.id)}
    return keys


def _key(text):
    return unicodedata.normalize("NFC", " ".join(str(text).split())).casefold()


def _words(name):
    """The words of a name whatever their order: "Lovelace, Ada", "ada_lovelace"."""
    for mark in ",_.;":
        name = name.replace(mark, " ")
    return tuple(sorted(_key(name).split()))
