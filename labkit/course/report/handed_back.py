"""The page that a student gets back: what a person decided is put into it whenever it changes, and nothing is run."""

import html
import re
from pathlib import Path

from labkit.course.report.grades import late_words
from labkit.course.report.result import Status
from labkit.files import write

BEGIN, END = "<!-- labkit: points -->", "<!-- labkit: end of points -->"
_OURS = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.S)
_SCORE = re.compile(r'(<b data-row="([\w.-]+)">)[^<]*(?=</b>)')  # in front of a cell; no student's page holds such
_STYLE = """<style>
.labkit-points { border-collapse: collapse; margin: .6em 0 1em; }
.labkit-points th, .labkit-points td { text-align: left; vertical-align: top; padding: .25em 1.2em .25em 0;
  border-bottom: 1px solid #ccc; }
.labkit-points td.number { text-align: right; white-space: nowrap; }
.labkit-points .said { white-space: pre-wrap; }
</style>"""
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }}</style></head>
<body>
{points}
</body></html>
"""


def points_table(line):
    """The points of a line as HTML: row by row, with comments; "not marked yet" where nobody has decided."""
    mark = line.mark
    rows = "".join(_row(row) for row in mark.rubric)
    below = [f"<p>{html.escape(text)}</p>" for text in late_words(line.late)]
    if mark.status != Status.OK and mark.message:
        below.append(f"<p>{html.escape(f'{mark.status}: {mark.message}')}</p>")
    if line.open:
        left = len(mark.open)
        total = f"{line.points:g} of {mark.max_points:g} points so far; {left} row{'s' * (left != 1)} not marked yet"
    else:
        total = f"{line.points:g} of {mark.max_points:g} points"
    return (
        f"{BEGIN}{_STYLE}<h2>{html.escape(mark.title)}: {total}</h2>"
        '<table class="labkit-points"><thead><tr><th scope="col">Exercise</th><th scope="col">Points</th>'
        f'<th scope="col">Comment</th></tr></thead><tbody>{rows}</tbody></table>{"".join(below)}{END}'
    )


def _row(row):
    points = "not marked yet" if row.points is None else f"{row.points:g} of {row.max_points:g}"
    extra = f" + {row.extra:g}" if row.extra else ""
    return (
        f'<tr><td>{html.escape(row.row)}</td><td class="number">{points}{extra}</td>'
        f'<td class="said">{html.escape(row.comment)}</td></tr>'
    )


def with_points(page, line):
    """A feedback page with the points of a line in it, in the place of those it had."""
    table, rows = points_table(line), {row.id: row for row in line.mark.rubric}
    ours = _OURS.search(page)  # what comes first is no student's
    if ours:
        page = page[: ours.start()] + table + page[ours.end() :]

    def scored(found):
        row = rows.get(found[2])
        if row is None:
            return found[0]
        said = "not marked yet" if row.points is None else f"{row.points:g} of {row.max_points:g}"
        return found[1] + said

    return _SCORE.sub(scored, page)


def write_feedback(report, lines):
    """Bring the feedback pages up to date; one that could not be made by marking has the points alone.

    report: the folder.
    lines: `Line`s; the members of a group have a page each.
    """
    report, known = Path(report), {(line.student, line.lab) for line in lines}
    for line in (line for line in lines if line.mark and line.status != Status.MISSING):
        made = report / "feedback" / line.mark.student / f"{line.lab}.html"
        page = (
            made.read_text(encoding="utf-8")
            if made.is_file()
            else _PAGE.format(title=html.escape(line.mark.title), points=f"{BEGIN}{END}")
        )
        if line.student != line.mark.student:
            write(report / "feedback" / line.student / f"{line.lab}.html", with_points(page, line))
            if (line.mark.student, line.lab) in known:  # the page of the member who handed in
                continue
            line = line._replace(late=None)  # that of the group's folder, without one member's late days
        new = with_points(page, line)
        if new != page:
            write(made, new)
