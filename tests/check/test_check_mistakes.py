"""Mistakes as edits of the right answer: one or two of them are found, and cost what is said."""

import numpy as np
import pytest
from cells import cell, said

from labkit.check import EXERCISES
from labkit.check.criteria import equals, unchanged, watched
from labkit.check.exercise import exercise
from labkit.check.mistakes import Mistakes, named, source_of


def cost_and_slope_(x, w, reg=0.0):
    """Half the mean of (x w)² and its slope."""
    out = x * w
    cost = 0.5 * np.mean(out**2) + reg * w**2
    slope = np.mean(out * x) + 2 * reg * w
    return cost, {"w": slope}


def _cases(rng):
    return [(rng.normal(size=n), rng.normal()) for n in (4, 7, 5)]


def _large(rng):
    return [(1e3 * rng.normal(size=6), 2.0)]


SLIPS = [
    ("the half is missing", ("0.5 * ", "")),
    ("a sum, not a mean", ("np.mean(out**2)", "np.sum(out**2)")),
    ("the slope's sign", ("slope = ", "slope = -"), {"keeps": 0.25}),
    ("x is forgotten in the slope", ("out * x", "out")),
    ("nothing is squared", ("out**2", ["out", "abs(out)"])),
    ("w is not used", ("x * w", "x"), {"keeps": 0}),
    ("no penalty in the cost", (" + reg * w**2", "")),
    ("no penalty in the slope", (" + 2 * reg * w", "")),
]


@pytest.fixture
def check():
    criteria = [
        (4, "the cost", equals(_cases, part=0)),
        (4, "the slope", equals(_cases, part=(1, "w"))),
        (2, "the penalty", equals(_cases, part=[0, (1, "w")], added_by=("reg", 0.7))),
        (2, "for large numbers", equals(_large, part=[0, (1, "w")], forgiving=True, otherwise="not for large ones")),
        (1, "x is left", unchanged(_cases)),
    ]
    yield exercise("cost_and_slope", 13, cost_and_slope_, criteria, SLIPS, returns="(cost, slopes)")
    del EXERCISES["cost_and_slope"]


def answered(check, *edits):
    source = named(source_of(cost_and_slope_), "cost_and_slope")
    for old, new in edits:
        assert old in source
        source = source.replace(old, new)
    return said(check, cell(source, "cost_and_slope"))


def test_the_right_answer_and_one_slip(check):
    assert answered(check)[0] == 13
    points, text = answered(check, ("0.5 * ", ""))
    assert points == 11 and "✘ the cost (2 of 4 points)\n      the half is missing\n" in text
    points, text = answered(check, ("slope = ", "slope = -"))
    assert points == 10 and "the slope (1 of 4 points)" in text and "✔ the penalty" in text


def test_two_slips_in_two_values(check):
    points, text = answered(check, ("0.5 * ", ""), ("out * x", "out"))
    assert points == 13 - 2 - 2 and "the half is missing" in text and "x is forgotten in the slope" in text


def test_two_slips_in_one_value(check):
    points, text = answered(check, ("0.5 * ", ""), ("np.mean(out**2)", "np.sum(out**2)"))
    assert points == 10 and "(1 of 4 points)\n      the half is missing — and: a sum, not a mean\n" in text


def test_the_substance(check):
    points, text = answered(check, ("x * w", "x"))
    assert points == 0 and "w is not used" in text and text.count("–") == 4


def test_what_no_edit_gives(check):
    points, text = answered(check, ("out * x", "out * x**3"))
    assert points == 13 - 4 - 2 and "✘ the slope\n      the value is not right" in text
    assert "– for large numbers\n      judged when the lines above are right" in text
    points, text = answered(check, ("cost = ", "cost = min(1e3, "), ("w**2\n", "w**2)\n"))
    assert points == 11 and "✘ for large numbers\n      not for large ones" in text


def test_penalties_are_judged_by_what_they_add(check):
    points, text = answered(check, ("0.5 * ", ""), (" + reg * w**2", ""))
    assert points == 10 and "the penalty (1 of 2 points)\n      no penalty in the cost" in text


@pytest.mark.parametrize(
    "returned, phrase",
    [
        ("cost, {'w': slope}, out", "it does not return (cost, slopes)"),
        ("cost, {'w': slope, 'x': out}", "it does not return (cost, slopes)"),
        ("cost, slope", "it does not return (cost, slopes)"),
        ("{'w': slope}, cost", "it returns a dict, one number is asked"),
    ],
)
def test_what_is_returned_is_compared_whole(check, returned, phrase):
    points, text = answered(check, ('cost, {"w": slope}', returned))
    assert points < 13 and phrase in text


def test_edits_that_overlap_are_not_tried_together():
    known = Mistakes(cost_and_slope_, SLIPS)
    assert len(known) == len(SLIPS) + 1  # alternatives are mistakes of their own
    assert known.function(0, 1) is not None and known.function(1, 4) is None
    assert known.keeps(0, 1) == 0.25 and known.keeps(2) == 0.25


@pytest.mark.parametrize("old", ["out", "not there", ""])
def test_an_edit_fits_once(old):
    with pytest.raises(ValueError, match="occurs"):
        Mistakes(cost_and_slope_, [("wrong", (old, "new"))]).function(0)
    assert Mistakes(cost_and_slope_, [("wrong", ("reg * w", "w", 2))]).function(0)(np.ones(3), 2.0)[0] == 6.0


def climb_(slope, w, steps):
    """Where `steps` steps uphill lead."""
    for _ in range(steps):
        w = w + slope(w)
    return w


def test_what_an_answer_does_is_watched():
    def walk(call, rng):
        visited, start = [], rng.normal()

        def slope(w):
            visited.append(w)
            return 0.1 * w + 1

        call(slope, start, 5)
        return visited or "slope is never called"

    criteria = [(3, "the way", watched(walk, "another way")), (1, "the end", watched(lambda f, rng: [f(abs, 1.0, 3)]))]
    judge = exercise("climb", 4, climb_, criteria, [("downhill", ("w + slope", "w - slope"))])
    try:
        for source, points, phrase in [
            ("for i in range(steps): w = w + slope(w)\n    return w", 4, "✔"),
            ("for i in range(steps): w = w - slope(w)\n    return w", 2, "downhill"),
            ("for i in range(steps): w = w + 2 * slope(w)\n    return w", 0, "another way"),
            ("return w", 0, "slope is never called"),
            ("return slope(w, w)", 0, "raises TypeError"),
        ]:
            got, text = said(judge, cell(f"def climb(slope, w, steps):\n    {source}", "climb"))
            assert got == points and phrase in text, text
    finally:
        del EXERCISES["climb"]
