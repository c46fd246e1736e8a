"""Deadlines, late days and groups: the rule as INSTRUCTORS.md states it, and course.toml."""

import datetime
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.course.people.late import DAY, Late, LateRule, days_late, deductions, handed_in, parse_time, zone_of
from labkit.course.people.settings import find_course, read_course

UTC = datetime.timezone.utc
BERLIN = zone_of("Europe/Berlin")
DEADLINE = datetime.datetime(2026, 11, 20, 23, 59, tzinfo=BERLIN)


def after(**time):
    return DEADLINE.astimezone(UTC) + datetime.timedelta(**time)


@pytest.mark.parametrize(
    "time, grace, days",
    [
        (after(hours=-1), 0, 0),
        (after(), 0, 0),
        (after(seconds=1), 0, 1),
        (after(minutes=15), 15, 0),
        (after(minutes=15, seconds=1), 15, 1),
        (after(hours=24), 0, 1),
        (after(hours=24, seconds=1), 60, 2),  # the grace moves the end of being in time, not that of a day
        (datetime.datetime(2026, 11, 20, 22, 59, tzinfo=UTC), 0, 0),  # 23:59 in Berlin
        (datetime.datetime(2026, 11, 20, 17, 30, tzinfo=zone_of("America/New_York")), 0, 0),
    ],
)
def test_each_day_begun_counts(time, grace, days):
    assert days_late(time, DEADLINE, grace) == days


def test_a_day_has_24_hours_when_the_clocks_change():
    deadline = datetime.datetime(2026, 10, 24, 12, 0, tzinfo=BERLIN)
    noon = datetime.datetime(2026, 10, 25, 12, 0, tzinfo=BERLIN)  # 25 hours later
    assert days_late(noon, deadline) == 2


@given(st.integers(0, 30 * 24 * 60), st.integers(0, 600), st.integers(0, 20), st.integers(0, 100), st.integers(0, 9))
def test_a_deduction_never_passes_its_most_and_free_days_are_used_up_first(minutes, grace, percent, most, free):
    rule = LateRule(grace, percent, most, free)
    lost = deductions([("01", after(minutes=minutes), DEADLINE, 80.0)], rule)
    days = 0 if minutes <= grace else -(-minutes // (24 * 60))
    assert ("01" in lost) == (days > 0)
    if days:
        paid = max(0, days - free)
        assert lost["01"] == (days, days - paid, pytest.approx(0.8 * min(paid * percent, most)))


def test_free_days_go_to_the_labs_in_the_order_of_their_deadlines():
    second = DEADLINE + 7 * DAY
    labs = [("02", second + 2 * DAY, second, 50.0), ("01", after(hours=30), DEADLINE, 100.0), ("03", second, second, 9)]
    assert deductions(labs, LateRule(percent_per_day=10, free_days=3)) == {
        "01": Late(2, 2, 0.0), "02": Late(2, 1, 5.0),
    }  # fmt: skip


@pytest.mark.parametrize(
    "text, hour",
    [
        ("2026-11-20 23:59:10.123456 UTC", 23),
        ("2026-11-20T23:59", 22),
        ("2026-11-20 23:59:10 Europe/Berlin", 22),
        ("2026-11-20T23:59:10-0500", 28),
        ("2026-11-20T23:59:10+05:30\n", 17.5),
        ("2026-11-20T23:59:10Z", 23),
    ],
)
def test_times_say_their_zone_or_have_the_courses(text, hour):
    found = parse_time(text, BERLIN)
    assert (found.replace(second=0, microsecond=0) - datetime.datetime(2026, 11, 20, 0, 59, tzinfo=UTC)) == (
        datetime.timedelta(hours=hour)
    )


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-11-20", "20.11.2026 23:59", "2026-13-01 10:00", "2026-11-20 23:59 Nowhere/X"]
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError):
        parse_time(text, UTC)


def test_nbgraders_time_stamp_goes_before_the_files_time(tmp_path):
    path = tmp_path / "03.ipynb"
    path.write_text("{}")
    os.utime(path, (1.7e9, 1.7e9))
    assert handed_in(path, UTC) == (datetime.datetime.fromtimestamp(1.7e9, UTC), "the time of the file")
    (tmp_path / "timestamp.txt").write_text("2026-11-20 10:00:00.5 America/New_York")
    time, source = handed_in(path, UTC)
    assert (time.astimezone(UTC).hour, source) == (15, "timestamp.txt")
    (tmp_path / "timestamp.txt").write_text("\x00")
    assert handed_in(path, UTC)[1] == "the time of the file"


COURSE = """
timezone = "Europe/Berlin"
[late]
grace_minutes = 15
percent_per_day = 10
free_days = 3
[labs.3]
deadline = "2026-11-20 23:59"
canvas = "Lab 3 (4711)"
extensions = { ada = '2026-11-25 23:59', bob = 2026-11-25T23:59:00Z }
[groups]
team-1 = ["ada", "grace"]
"""


def course(folder, text):
    (folder / "course.toml").write_text(text, encoding="utf-8")
    return read_course(folder / "course.toml")


def test_the_course_file(tmp_path):
    (tmp_path / "students.csv").write_text("id,name\nada,Ada\n")
    found = course(tmp_path, COURSE)
    lab = "03_numerical_gradient_descent"
    assert found.deadline(lab, "grace") == DEADLINE and found.lab(lab).canvas == "Lab 3 (4711)"
    assert found.deadline(lab, "ada") - DEADLINE == 5 * DAY
    assert found.deadline(lab, "bob").utcoffset() == datetime.timedelta(0)
    assert found.deadline("30_other", "ada") is None and found.late == LateRule(15, 10, 100, 3)
    assert found.roster.find("ada").name == "Ada" and found.groups == {"team-1": ["ada", "grace"]}
    nothing = read_course(None, tmp_path)
    assert nothing.roster.find("ada") and not nothing.labs and not nothing.groups


def test_groups_may_be_a_table(tmp_path):
    (tmp_path / "groups.csv").write_text("group;student\nt1;ada\nt1;bob\nt2;eve\n")
    assert read_course(None, tmp_path).groups == {"t1": ["ada", "bob"], "t2": ["eve"]}


def test_the_course_file_is_found_in_the_submissions_or_beside_them(tmp_path):
    (tmp_path / "subs").mkdir()
    assert find_course(tmp_path / "subs") is None
    course(tmp_path, COURSE)
    assert find_course(tmp_path / "subs") == tmp_path / "course.toml"
    course(tmp_path / "subs", "")
    assert find_course(tmp_path / "subs") == tmp_path / "subs" / "course.toml"


@pytest.mark.parametrize(
    "text, said",
    [
        ("[labs.3]\ndeadlne = 2026-11-20T23:59:00Z", "did you mean deadline"),
        ("[labs.3]\ndeadline = '2026-11-20 23:59'", "time zone"),
        ("[labs.3]\ndeadline = 2026-11-20", "a day and a time"),
        ("[labs.3]\ndeadline = 'tomorrow'", "no time such as"),
        ("timezone = 'Mars/Base'", "no time zone 'Mars/Base'"),
        ("timezone = 3", "timezone"),
        ("[late]\npercent_per_day = -1", "at least 0"),
        ("[late]\npercent_per_day = nan", "at least 0"),
        ("[late]\nat_most_percent = 120", "cannot be"),
        ("[late]\nfree_days = 1.5", "cannot be"),
        ("[late]\nfree_days = true", "at least 0"),
        ("labs = 3", "labs"),
        ("[labs]\n3 = 2026-11-20T23:59:00Z", "a table is meant"),
        ("[groups]\na = ['x']\nb = ['x']", "x is in two groups"),
        ("[groups]\na = 'x'", "needs a list"),
        ("roster = 'nowhere.csv'", "no file"),
        ("timezone = ", "Invalid value"),
    ],
)
def test_what_the_course_file_cannot_mean_is_refused_in_words(tmp_path, text, said):
    with pytest.raises(ValueError, match=said):
        course(tmp_path, text)
