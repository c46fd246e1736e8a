"""`course.toml`, beside the submissions: time zone, deadlines, late days, roster, groups. All of it may be left out."""

import datetime
import difflib
from pathlib import Path
from typing import NamedTuple

from labkit.course.people.late import LateRule, parse_time, zone_of
from labkit.course.people.roster import Roster, read_roster
from labkit.course.tables import read_table

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

NAME = "course.toml"
_UTC = datetime.timezone.utc


class LabSettings(NamedTuple):
    """What the course says about a lab.

    deadline: with a time zone, None for none.
    extensions: {student: deadline of their own}.
    canvas, moodle: what its column is called there; "" is the lab's title.
    """

    deadline: datetime.datetime | None = None
    extensions: dict = {}
    canvas: str = ""
    moodle: str = ""


class Course(NamedTuple):
    """What an instructor says about the course; `read_course` checks it.

    zone: the time zone of times that name none.
    roster: a `Roster`, or None.
    groups: {name of the group: its students}.
    late: a `LateRule`.
    labs: {number or name of a lab: LabSettings}.
    """

    zone: datetime.tzinfo = _UTC
    roster: Roster | None = None
    groups: dict = {}
    late: LateRule = LateRule()
    labs: dict = {}

    def lab(self, name):
        """The `LabSettings` of a lab by its file's name, such as 03_numerical_gradient_descent."""
        number = name.split("_")[0]
        keys = (name, number, number.lstrip("0"))
        return next((self.labs[key] for key in keys if key in self.labs), LabSettings())

    def deadline(self, lab, student):
        """The deadline of a lab for a student, None for none."""
        found = self.lab(lab)
        return found.extensions.get(student, found.deadline)


def find_course(submissions):
    """The course.toml of a folder of submissions: in it or in the folder around it; None if there is none."""
    places = (Path(submissions) / NAME, Path(submissions).resolve().parent / NAME)
    return next((path for path in places if path.is_file()), None)


def read_course(path=None, folder=None):
    """The course's settings: a `Course`.

    path: course.toml; None for a course without one.
    folder: where students.csv and groups.csv are looked for if course.toml names no others; by default beside it.
    Raises ValueError in words for what cannot be understood: a key that there is none of, a time without a zone.
    """
    folder = Path(path).parent if path is not None else Path(folder or ".")
    told = _read(path) if path is not None else {}
    _only(told, ("timezone", "roster", "groups", "late", "labs"), path)
    zone = zone_of(_is(told, "timezone", str, path)) if "timezone" in told else None
    labs = {name: _lab(name, about, zone, path) for name, about in _is(told, "labs", dict, path, {}).items()}
    roster = _beside(folder, _is(told, "roster", str, path, ""), "students.csv")
    groups = _is(told, "groups", (dict, str), path, "")
    if isinstance(groups, str):
        file = _beside(folder, groups, "groups.csv")
        groups = _groups_of(file) if file else {}
    return Course(
        zone or _UTC, Roster(read_roster(roster)) if roster else None, _groups(groups, path), _late(told, path), labs
    )


def _read(path):
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from None


def _only(told, known, path, within=""):
    for key in told:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise ValueError(f"{path}{within}: there is no {key!r}; {meant}")


def _is(told, key, kind, path, otherwise=None):
    value = told.get(key, otherwise)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{path}: {key} is {value!r}, which is not of the kind that is asked for")
    return value


def _lab(name, about, zone, path):
    within = f", [labs.{name}]"
    if not isinstance(about, dict):
        raise ValueError(f"{path}{within}: a table is meant, such as [labs.{name}] with deadline = … below it")
    _only(about, ("deadline", "extensions", "canvas", "moodle"), path, within)
    extensions = _is(about, "extensions", dict, path, {})
    return LabSettings(
        _time(about["deadline"], zone, f"{path}{within}") if "deadline" in about else None,
        {student: _time(time, zone, f"{path}{within}, {student}") for student, time in extensions.items()},
        _is(about, "canvas", str, path, ""),
        _is(about, "moodle", str, path, ""),
    )


def _time(value, zone, where):
    if isinstance(value, str):
        try:
            value = parse_time(value, None)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
    if not isinstance(value, datetime.datetime):
        raise ValueError(f'{where}: a deadline has a day and a time, such as "2026-11-20 23:59", got {value}')
    if value.tzinfo is None and zone is None:
        raise ValueError(f'{where}: the deadline needs a time zone: timezone = "Europe/Berlin" on top of the file')
    return value if value.tzinfo else value.replace(tzinfo=zone)


def _late(told, path):
    about = _is(told, "late", dict, path, {})
    keys = {"grace_minutes": "grace", **{name: name for name in LateRule._fields if name != "grace"}}
    _only(about, tuple(keys), path, ", [late]")
    for key, value in about.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e6:
            raise ValueError(f"{path}, [late]: {key} must be a number of at least 0, got {value!r}")
        if key.endswith("percent") and value > 100 or key == "free_days" and value != int(value):
            raise ValueError(f"{path}, [late]: {key} = {value!r} cannot be")
    return LateRule(**{keys[key]: value for key, value in about.items()})


def _beside(folder, named, usual):
    """The file that is named, which must be there, or the usual one, if it is there."""
    if named and not (folder / named).is_file():
        raise ValueError(f"there is no file {folder / named}")
    path = folder / (named or usual)
    return path if path.is_file() else None


def _groups_of(path):
    header, lines = read_table(path)
    if not {"group", "student"} <= set(header):
        raise ValueError(f"{path}: the first line must name the columns group and student")
    found = {}
    for number, fields in lines:
        if not fields.get("group") or not fields.get("student"):
            raise ValueError(f"{path}, line {number}: group and student must both be there")
        found.setdefault(fields["group"], []).append(fields["student"])
    return found


def _groups(groups, path):
    of = {}
    for name, students in groups.items():
        if not isinstance(students, list) or not students or not all(isinstance(s, str) and s for s in students):
            raise ValueError(f'{path}: the group {name} needs a list of students, such as {name} = ["ada", "grace"]')
        for student in students:
            if of.setdefault(student, name) != name:
                raise ValueError(f"{path}: {student} is in two groups, {of[student]} and {name}")
    return {name: list(dict.fromkeys(students)) for name, students in groups.items()}
