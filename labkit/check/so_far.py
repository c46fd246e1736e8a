"""The last cell of a lab: all its exercises, the points earned so far, and what is missing."""

import html

from labkit.check.labs.contents import CONTENTS
from labkit.check.verdict import OPEN, RIGHT, SAID, WRONG, badge, box, show


def score_so_far(lab):
    """Show a table of the lab's exercises with the points that their checks gave in this session.

    lab: its number.
    Raises ValueError for a number that is no lab.
    """
    if lab not in CONTENTS:
        raise ValueError(f"there is no lab {lab!r}; there are: {', '.join(map(str, CONTENTS))}")
    rows = [_row(*entry) for entry in CONTENTS[lab]]
    checked = [
        (earned, points) for (_, points, by_program), (_, earned, _, _) in zip(CONTENTS[lab], rows) if by_program
    ]
    earned, most = sum(e for e, _ in checked), sum(p for _, p in checked)
    by_person = sum(points for _, points, by_program in CONTENTS[lab] if not by_program)
    total = f"{earned:g} of {most:g} points"
    if by_person:
        total += f"; {by_person:g} more are given by a person"
    show(_as_text(lab, rows, total), _as_html(lab, rows, total))


def _row(name, points, by_program):
    """(mark, points earned, 'name', 'points', what is missing)"""
    if not by_program:
        return OPEN, 0.0, (name, f"– of {points:g}"), "marked by a person"
    judged = SAID.get(name)
    if judged is None:
        return OPEN, 0.0, (name, f"0 of {points:g}"), "not checked yet: run its cell"
    earned = round(judged.earned * points / judged.points, 6)
    missing = judged.state or "; ".join(row.text for row in judged.rows if row.mark == WRONG)
    mark = RIGHT if earned == points else OPEN if judged.state else WRONG
    return mark, earned, (name, f"{earned:g} of {points:g}"), missing


def _as_text(lab, rows, total):
    width = max(len(name) for _, _, (name, _), _ in rows)
    lines = [f"Lab {lab} so far: {total}"]
    for mark, _, (name, points), missing in rows:
        lines.append(f"  {mark} {name:<{width}}  {points:>8}  {missing}".rstrip())
    return "\n".join(lines)


def _as_html(lab, rows, total):
    cell = 'style="text-align: {}; padding: 0.15em 1em 0.15em 0; vertical-align: top"'
    left, right = cell.format("left"), cell.format("right")
    head = "".join(f'<th scope="col" {left}>{text}</th>' for text in ("", "exercise", "points", "still missing"))
    body = "".join(
        f'<tr><td {left}>{badge(mark)}</td><th scope="row" {left}>{html.escape(name)}</th>'
        f"<td {right}>{points}</td><td {left}>{html.escape(missing)}</td></tr>"
        for mark, _, (name, points), missing in rows
    )
    return box(
        f'<table style="border-collapse: collapse"><caption style="text-align: left; font-weight: bold">'
        f"Lab {lab} so far: {html.escape(total)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
