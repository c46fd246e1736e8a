"""A question of one sentence, answered by a choice or a number: what is right, and what is wrong with the rest.

    first_loss = question("first_loss", 2, "b", {"a": "log 1 = 0 is the loss of ...", "c": "..."})
    evaluations = question("evaluations", 1, 200, {100: "..."}, otherwise="two evaluations for each weight")

The notebook's cell assigns a plain value, `first_loss = "b"`, and its check cell is `check.first_loss(first_loss)`.
With 0 points it is for the student alone: the cell is no check of nbgrader's, there is no row in `contents`.
"""

import html
import re

import numpy as np

from labkit.check.calls import is_blank, is_stub
from labkit.check.verdict import OPEN, RIGHT, WRONG, badge, box, say, show, verdict

QUESTIONS = {}


class _Given:
    """What a student assigned as the answer to a question, as `verdict` wants to see it."""

    borrowed = left_over = None

    def __init__(self, value):
        self.value = value
        self.unsolved = is_blank(value) or (callable(value) and is_stub(value))


def question(name, points, right, wrong=(), otherwise="", within=0.0):
    """Make the check of a question.

    name: of the answer in the notebook, of the check, and of its row in `contents`.
    points: what it brings; 0 for a question that does not count.
    right: a choice, a short text such as "b" or "yes", or a number.
    wrong: dict of the other choices, or of numbers that are expected, to what is wrong with each; never the right one.
    otherwise: what to think of, where the answer is a number that is not among these.
    within: how far a number may be from the right one.
    Returns the check, a function of the student's answer that prints the verdict and returns the points, if any.
    """
    wrong = dict(wrong)
    judge = _choice(right, wrong) if isinstance(right, str) else _number(right, wrong, otherwise, within)
    text = "the right choice" if isinstance(right, str) else "the right number"

    def check(answer, points=points):
        judged = verdict(name, points or 1, _Given(answer), [(1, text, lambda given: judge(given.value))])
        return say(judged) if points else _tell(judged)

    QUESTIONS[name] = right, wrong
    check.__name__ = check.__qualname__ = name
    check.__doc__ = f"""Print whether the answer is {text} and return the points, at most `points`; none if that is 0.

    answer: {"one of " + ", ".join(sorted([right, *wrong])) if isinstance(right, str) else "a number"}.
    points: what the question is worth.
    """
    return check


def _tell(judged):
    """Show a verdict that brings no points."""
    mark = OPEN if judged.state else RIGHT if judged.earned else WRONG
    said = judged.state or ("right" if judged.earned else "not right")
    note = judged.rows[0].note if judged.rows else None
    page = f"<div>{badge(mark)}<b>{html.escape(judged.name)}</b>: {html.escape(said)}</div>"
    page += f'<div style="margin-left: 1.9em">{html.escape(note)}</div>' if note else ""
    show(f"{mark} {judged.name}: {said}" + (f"\n    {note}" if note else ""), box(page))


def _choice(right, wrong):
    choices = sorted([right, *wrong])

    def problem(answer):
        if isinstance(answer, (bool, np.bool_)):
            answer = "yes" if answer else "no"
        said = re.sub(r"^\W+|\W+$", "", answer).casefold() if isinstance(answer, str) else None
        if said == right.casefold():
            return None
        known = {choice.casefold(): text for choice, text in wrong.items()}
        return known.get(said, f"answer with one of {', '.join(map(repr, choices))}")

    return problem


def _number(right, wrong, otherwise, within):
    def problem(answer):
        if isinstance(answer, (bool, np.bool_)):
            return "a number is asked"
        try:
            number = float(answer.replace(",", "") if isinstance(answer, str) else answer)
        except (TypeError, ValueError, OverflowError):
            return "a number is asked"
        if _near(number, right, within):
            return None
        known = [text for value, text in wrong.items() if _near(number, value, within)]
        return known[0] if known else otherwise or "this is another number"

    return problem


def _near(number, value, within):
    return abs(number - value) <= within + 1e-9 * abs(value)
