"""The page of a class's statistics: what to explain in the next lecture. One file, nothing loaded from elsewhere."""

import statistics as numbers
from pathlib import Path

import jinja2

from labkit.course.report.statistics import lab_statistics
from labkit.course.report.statistics_plots import PARTS, draw_points, draw_rows, draw_times, in_both_themes
from labkit.files import write

_TEMPLATES = (Path(__file__).parent / "templates", Path(__file__).parents[1] / "templates")
MOST_DIAGNOSES = 15


def write_statistics(path, marks, hours=None, totals=None):
    """Write the page.

    path: its file.
    marks: of all students and labs, with what was decided.
    hours: {lab: hours of each submission after its deadline, negative before it}, for labs that have one.
    totals: {(student, lab): points}, late days taken off; those of the marks where it says nothing.
    Returns the path.
    """
    names = sorted({mark.lab for mark in marks})
    labs = [
        _section(lab_statistics([mark for mark in marks if mark.lab == name], totals), (hours or {}).get(name))
        for name in names
    ]
    loader = jinja2.FileSystemLoader(_TEMPLATES)
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["points"] = lambda x: f"{x:.4g}"
    write(path, environment.get_template("statistics.html.j2").render(labs=labs))
    return path


def _section(lab, hours):
    return {
        "lab": lab,
        "summary": _summary(lab),
        "points": lab.points and _plot(in_both_themes(draw_points, lab), _points_in_words(lab), 700, 420),
        "rows": lab.rows and _plot(in_both_themes(draw_rows, lab), _rows_in_words(lab), 700, 130 + 32 * len(lab.rows)),
        "times": hours and _plot(in_both_themes(draw_times, hours), _times_in_words(hours), 700, 280),
        "parts": PARTS,
        "diagnoses": lab.diagnoses[:MOST_DIAGNOSES],
        "more": max(0, len(lab.diagnoses) - MOST_DIAGNOSES),
    }


def _plot(pictures, words, width, height):
    return {"pictures": pictures, "alt": words, "width": width, "height": height}


def _summary(lab):
    found = [f"{lab.handed_in} handed it in" + (f", {lab.away} did not" if lab.away else "")]
    if lab.points:
        found.append(
            f"median {numbers.median(lab.points):g} and mean {numbers.mean(lab.points):.1f} of {lab.max_points:g}"
        )
    if lab.unmarked:
        found.append(f"{lab.unmarked} not marked completely yet, and not in the points")
    if lab.seconds and lab.seconds[-1]:
        found.append(f"marking took {numbers.median(lab.seconds):.0f} s for each, {lab.seconds[-1]:.0f} s at most")
    return found


def _points_in_words(lab):
    quarter = [lab.points[round(share * (len(lab.points) - 1))] for share in (0, 0.25, 0.5, 0.75, 1)]
    words = "lowest {:g}, a quarter at most {:g}, half at most {:g}, three quarters at most {:g}, highest {:g}"
    return f"Histogram of the points of {len(lab.points)} students, of {lab.max_points:g}: {words.format(*quarter)}."


def _rows_in_words(lab):
    worst = sorted(
        (row for row in lab.rows if row.full + row.part + row.none), key=lambda r: r.mean / (r.max_points or 1)
    )
    named = ", ".join(f"{row.row} ({row.mean:.3g} of {row.max_points:g} on average)" for row in worst[:3])
    lost = f"most points were lost in {named}" if named else "nothing is marked yet"
    return f"Bars for {len(lab.rows)} rows of the rubric; {lost}. The table below has the numbers."


def _times_in_words(hours):
    late = sum(hour > 0 for hour in hours)
    return f"Histogram of when {len(hours)} submissions came: {len(hours) - late} by the deadline, {late} after it."
