"""The verdict on an answer: a line per criterion with its mark, the points as a Python float, nothing on stderr."""

from typing import NamedTuple

from labkit.check.answer import one_line, quiet

RIGHT, WRONG, OPEN = "✔", "✘", "–"
_print = print


class Found(NamedTuple):
    """What a criterion that is not met found, where it is more than a diagnosis.

    text: the diagnosis. keeps: the share of the points that is kept. open: True where the criterion cannot be judged
    by itself, since what it builds on is wrong: it gets a neutral mark.
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
        for row, above in zip(self.rows, [None, *self.rows]):
            repeated = row.mark == OPEN and above and above.note == row.note
            kept = f" ({row.earned:g} of {row.points:g} points)" if 0 < row.earned < row.points else ""
            lines += [f"  {row.mark} {row.text}{kept}"] + ([f"      {row.note}"] if row.note and not repeated else [])
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
    problems = []
    with quiet():
        for _, _, find in criteria:
            if gate and problems and problems[0] is not None and not problems[0].keeps:
                problems.append(Found("judged when the first line is right", open=True))
                continue
            problems.append(_found(find, subject))
            if subject.unsolved or subject.borrowed:
                break
    if subject.unsolved:
        why = f" ({subject.left_over})" if subject.left_over else ""
        return Verdict(name, 0.0, points, [], f"not done yet{why}")
    if subject.borrowed:
        why = f"this calls a ready-made answer ({subject.borrowed}): write it out"
        return Verdict(name, 0.0, points, [Row(WRONG, "written in NumPy", why, 0.0, float(points))])
    total = sum(share for share, _, _ in criteria)
    rows, met = [], 0
    for (share, text, _), problem in zip(criteria, problems):
        kept = share * (1 if problem is None else problem.keeps)
        mark = RIGHT if problem is None else OPEN if problem.open else WRONG
        met += kept
        rows.append(Row(mark, text, problem and problem.text, _scaled(points, kept, total), points * share / total))
    return Verdict(name, _scaled(points, met, total), points, rows)


def say(judged):
    """Print a verdict; return its points."""
    _say("\n".join(judged.lines))
    return judged.earned


def say_line(text):
    """Print one line as a verdict is printed."""
    _say(text)


def _scaled(points, met, total):
    return float(points) if met == total else round(float(points) * met / total, 6)


def _say(text):
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
    return Found(found) if isinstance(found, str) else found
