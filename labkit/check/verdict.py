"""The verdict on an answer: a line per criterion with its mark, the points as a Python float, nothing on stderr.

In Jupyter it is a small table in HTML with the same words as its plain text; elsewhere the text is printed.
"""

import html
import sys
from typing import NamedTuple

from labkit.check.answer import Marking, one_line, quiet
from labkit.check.watch import labkits_checks

RIGHT, WRONG, OPEN = "✔", "✘", "–"
SAID = {}  # the last verdict on each exercise, for `score_so_far`
_print = print

# White on a dark ground can be read on a light page and on a dark one; the name is for those who hear it.
_BADGES = {RIGHT: ("#2e7d32", "right"), WRONG: ("#b3261e", "not right"), OPEN: ("#5f6368", "open")}
_BOX = (
    "border-left: 3px solid {}; padding: 0.1em 0 0.1em 0.8em; margin: 0.3em 0; "
    "color: var(--jp-content-font-color1, inherit); font-family: var(--jp-content-font-family, inherit)"
)
_BADGE = (
    "display: inline-block; min-width: 1.3em; margin-right: 0.5em; border-radius: 0.25em; text-align: center; "
    "font-weight: bold; color: #ffffff; background-color: {}"
)


class Found(NamedTuple):
    """What a criterion that is not met found, where it is more than a diagnosis.

    text: the diagnosis.
    keeps: the share of the points that is kept.
    open: True where the criterion cannot be judged by itself, since what it builds on is wrong: it gets a neutral mark.
    """

    text: str
    keeps: float = 0.0
    open: bool = False


class Row(NamedTuple):
    """One line of a verdict: mark, criterion, diagnosis, points earned of the points there are."""

    mark: str
    text: str
    note: str | None
    earned: float
    points: float


class Verdict(NamedTuple):
    """Points earned, and the lines that say why."""

    name: str
    earned: float
    points: float
    rows: list
    state: str = ""

    @property
    def lines(self):
        """The verdict as plain text."""
        if self.state:
            return [f"{self.name}: {self.state}"]
        lines = [f"{self.name}: {self.earned:g} of {self.points:g} points"]
        for row, note, kept in _told(self.rows):
            lines += [f"  {row.mark} {row.text}{kept}"] + ([f"      {note}"] if note else [])
        return lines


def verdict(name, points, subject, criteria, gate=True):
    """Judge `subject` by each criterion.

    name: of the exercise.
    points: the most it brings; the shares of the criteria are scaled to it.
    subject: an `Answer` or a `figures.Plot`: something with `unsolved`, `left_over` and `borrowed`.
    criteria: (share, text, function of the subject to None, a diagnosis or a `Found`).
    gate: where nothing of the first criterion is right, the others bring no points and stay open.
    Returns a `Verdict`; the points are a float, exactly `points` if all criteria are met, 0.0 if none is.
    """
    # In marking what is judged is in another process, and changes nothing here.
    judges = labkits_checks if Marking.now() is None else dict
    problems, intact = [], judges()
    with quiet():
        for _, _, find in criteria:
            if gate and problems and problems[0] is not None and not problems[0].keeps:
                problems.append(Found("judged when the first line is right", open=True))
                continue
            problems.append(_found(find, subject))
            if subject.unsolved or subject.borrowed:
                break
    changed = [place for place, thing in judges().items() if intact.get(place, thing) is not thing]
    for module, name in changed:
        setattr(sys.modules[module], name, intact[module, name])
    if changed:
        why = f"it changes the check itself ({'.'.join(changed[0])}): leave that as it is"
        return Verdict(name, 0.0, points, [Row(WRONG, "written in NumPy", why, 0.0, float(points))])
    if subject.unsolved:
        why = f" ({subject.left_over})" if subject.left_over else ""
        return Verdict(name, 0.0, points, [], f"not done yet{why}")
    if subject.borrowed:
        return Verdict(name, 0.0, points, [Row(WRONG, "written in NumPy", subject.borrowed, 0.0, float(points))])
    total = sum(share for share, _, _ in criteria)
    rows, met = [], 0
    for (share, text, _), problem in zip(criteria, problems):
        kept = share * (1 if problem is None else problem.keeps)
        mark = RIGHT if problem is None else OPEN if problem.open else WRONG
        met += kept
        rows.append(Row(mark, text, problem and problem.text, _scaled(points, kept, total), points * share / total))
    return Verdict(name, _scaled(points, met, total), points, rows)


class Points(float):
    """Points as nbgrader takes them from the cell; Jupyter does not show them again under the verdict."""

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": repr(self), "text/html": ""}


def say(judged):
    """Show a verdict, in Jupyter or as text; return its points. A marker gets it as it is."""
    marking = Marking.now()
    if marking is not None:
        marking.said.append(judged)
        return Points(judged.earned)
    SAID[judged.name] = judged
    show("\n".join(judged.lines), as_html(judged))
    return Points(judged.earned)


def show(text, page):
    """Show HTML with its plain text where there is a notebook, else print the text."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None or not hasattr(shell, "kernel"):
        say_line(text)
        return
    shell.display_pub.publish(data={"text/plain": text, "text/html": page})


def as_html(judged):
    """A verdict as HTML, without scripts, classes or style sheets: what an untrusted notebook may show too."""
    whole = judged.earned == judged.points
    mark = RIGHT if whole else OPEN if judged.state else WRONG
    parts = [f'<div style="{_BOX.format(_BADGES[mark][0])}"><div>{_head(judged)}</div>']
    if judged.rows:
        parts.append('<ul role="list" style="list-style: none; margin: 0.2em 0 0 0; padding: 0">')
        for row, note, kept in _told(judged.rows):
            below = f'<div style="margin-left: 1.9em">{html.escape(note)}</div>' if note else ""
            parts.append(f'<li style="margin: 0.1em 0">{badge(row.mark)}{html.escape(row.text + kept)}{below}</li>')
        parts.append("</ul>")
    return "".join(parts) + "</div>"


def badge(mark):
    """A mark as HTML, with its meaning for a screen reader."""
    colour, meaning = _BADGES[mark]
    return f'<span role="img" aria-label="{meaning}" style="{_BADGE.format(colour)}">{mark}</span>'


def box(inner):
    """HTML in a frame like that of a verdict."""
    return f'<div style="{_BOX.format(_BADGES[OPEN][0])}">{inner}</div>'


def _head(judged):
    if judged.state:
        return f"{badge(OPEN)}<b>{html.escape(judged.name)}</b>: {html.escape(judged.state)}"
    return f"<b>{html.escape(judged.name)}</b>: {judged.earned:g} of {judged.points:g} points"


def _told(rows):
    """(row, note, points kept) of each row; what stays open for one reason has it said once."""
    for row, above in zip(rows, [None, *rows]):
        repeated = row.mark == OPEN and above is not None and above.note == row.note
        kept = f" ({row.earned:g} of {row.points:g} points)" if 0 < row.earned < row.points else ""
        yield row, None if repeated else row.note, kept


def _scaled(points, met, total):
    return float(points) if met == total else round(float(points) * met / total, 6)


def say_line(text):
    """Print plain text."""
    try:
        _print(text)
    except UnicodeEncodeError:  # a terminal without the signs
        for sign, plain in ((RIGHT, "+"), (WRONG, "x"), (OPEN, "-")):
            text = text.replace(sign, plain)
        _print(text.encode("ascii", "replace").decode())


def _found(find, subject):
    """What one criterion found; what cannot even be judged is not met."""
    try:
        found = find(subject)
    except KeyboardInterrupt:
        raise
    except BaseException as problem:
        found = f"this could not be judged ({type(problem).__name__}: {one_line(problem)})"
        returns = getattr(subject, "returns", None)
        found += f"; it has to return {returns}" if returns else ""
    return Found(found) if isinstance(found, str) else found
