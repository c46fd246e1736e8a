"""Late days: when something was handed in, how many days late that is, and what it costs.

The rule: what comes within the grace after the deadline is in time. After that each day begun counts, a day being 24
hours from the deadline on, whatever the clocks are put to. Free days are used up first, lab by lab in the order of the
deadlines. Each day that is left costs a share of the lab's points, up to a most.
"""

import datetime
import math
import re
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = datetime.timedelta(days=1)


class LateRule(NamedTuple):
    """What a late day costs.

    grace: minutes after the deadline that are in time.
    percent_per_day: of the lab's points, for each late day.
    at_most_percent: of the lab's points, for all late days of one lab.
    free_days: late days of a student that cost nothing, over all labs.
    """

    grace: float = 0.0
    percent_per_day: float = 0.0
    at_most_percent: float = 100.0
    free_days: int = 0


class Late(NamedTuple):
    """What being late came to: days late, how many of them were free, points taken off."""

    days: int
    free: int
    points: float


def days_late(handed_in, deadline, grace=0.0):
    """How many days late something is, each day begun counted.

    handed_in, deadline: datetimes with a time zone.
    grace: minutes after the deadline that are in time.
    """
    over = handed_in.astimezone(datetime.timezone.utc) - deadline.astimezone(datetime.timezone.utc)
    return 0 if over <= datetime.timedelta(minutes=grace) else math.ceil(over / DAY)


def deductions(handed_in, rule):
    """What one student loses for being late: {lab: Late}, for the labs that were late.

    handed_in: (lab, time, deadline, most points) of each lab, the times with a time zone.
    rule: a `LateRule`.
    """
    left, found = rule.free_days, {}
    for lab, time, deadline, most in sorted(handed_in, key=lambda entry: (entry[2], entry[0])):
        days = days_late(time, deadline, rule.grace)
        free = min(days, left)
        left -= free
        percent = min((days - free) * rule.percent_per_day, rule.at_most_percent)
        if days:
            found[lab] = Late(days, free, round(most * percent / 100, 2))
    return found


def handed_in(path, zone):
    """When a file was handed in: (datetime with a time zone, what says so).

    path: the notebook. A file timestamp.txt beside it, as nbgrader's collecting writes it, says it better than the
      time of the file itself.
    zone: of a time in timestamp.txt that names none.
    """
    try:
        text = path.with_name("timestamp.txt").read_text(encoding="ascii")[:100]
        return parse_time(text, zone), "timestamp.txt"
    except (OSError, ValueError):
        seconds = path.stat().st_mtime
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc), "the time of the file"


def parse_time(text, zone):
    """A time such as 2026-11-20 23:59:10.5 Europe/Berlin, 2026-11-20T23:59:10+01:00 or 2026-11-20 23:59.

    zone: that of a time without one.
    Raises ValueError for anything else.
    """
    found = re.fullmatch(r"\s*(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)\s*([A-Za-z_/+\-:\d]*)\s*", text)
    if not found:
        raise ValueError(f"{text.strip()[:60]!r} is no time such as 2026-11-20 23:59 or 2026-11-20 23:59:10 UTC")
    day, clock, where = found.groups()
    form = "%H:%M" if clock.count(":") == 1 else "%H:%M:%S.%f" if "." in clock else "%H:%M:%S"
    time = datetime.datetime.strptime(f"{day} {clock}", f"%Y-%m-%d {form}")
    return time.replace(tzinfo=_zone(where, zone))


def _zone(name, otherwise):
    offset = re.fullmatch(r"([+-])(\d\d):?(\d\d)", name)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3])
        return datetime.timezone(datetime.timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    if name.upper() in ("UTC", "Z", "GMT"):
        return datetime.timezone.utc
    return zone_of(name) if name else otherwise


def zone_of(name):
    """The time zone of that name; raises ValueError if there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r} here; a name such as Europe/Berlin or UTC is meant") from None
