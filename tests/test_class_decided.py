"""What a person decided: two places that may both have changed, what is refused, and what is kept."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.course.report.decided import NOTHING, Decision, Kept, decide, read_kept, refused, write_kept, written_back

KEY = ("ada", "03", "why")
SOME = st.builds(Decision, st.none() | st.sampled_from([0.0, 1.5, 4.0]), st.sampled_from(["", "good", "see me"]))


def told(sheet=None, formgrader=None, kept=None):
    found, conflicts = decide(
        kept or {}, {KEY: sheet} if sheet else {}, {KEY: formgrader} if formgrader is not None else {}
    )
    return found, found.get(KEY, Kept()).decision, conflicts


def test_points_of_one_place_and_the_comment_of_the_other_both_count():
    _, decision, conflicts = told(Decision(3.0), Decision(None, "good", 1.0))
    assert decision == Decision(3.0, "good", 1.0) and not conflicts


def test_the_newer_decision_counts():
    kept, decision, _ = told(Decision(3.0), NOTHING)
    kept, decision, conflicts = told(Decision(3.0), Decision(2.0), kept)
    assert decision.points == 2.0 and not conflicts
    kept, decision, conflicts = told(Decision(3.0), Decision(2.0), kept)  # nothing new
    assert decision.points == 2.0 and not conflicts
    kept, decision, conflicts = told(Decision(1.0), Decision(2.0), kept)
    assert decision.points == 1.0 and not conflicts


def test_where_both_changed_the_sheet_counts_and_it_is_said():
    kept, decision, conflicts = told(Decision(3.0, "a"), Decision(2.0, "b"))
    assert decision == Decision(3.0, "a") and len(conflicts) == 2
    assert conflicts[0][0] == KEY and "3 in the sheet, 2 in formgrader" in conflicts[0][1]
    assert told(Decision(3.0, "a"), Decision(2.0, "b"), kept)[2] == []  # said once


def test_what_is_no_longer_mentioned_stays_and_an_empty_field_takes_back():
    kept, _, _ = told(Decision(3.0, "good"))
    kept, decision, _ = told(kept=kept)
    assert decision == Decision(3.0, "good")
    assert told(NOTHING, kept=kept)[1] == NOTHING
    kept, _, _ = told(formgrader=Decision(2.0))
    assert told(formgrader=NOTHING, kept=kept)[1] == NOTHING
    assert told(Decision(2.0), Decision(2.0))[2] == []  # both say the same


@given(SOME, SOME)
def test_the_same_again_changes_nothing(sheet, formgrader):
    once, _ = decide({}, {KEY: sheet}, {KEY: formgrader})
    assert decide(once, {KEY: sheet}, {KEY: formgrader}) == (once, [])
    assert decide(once, {}, {}) == (once, [])


@given(SOME, SOME)
def test_writing_the_decision_back_to_formgrader_changes_nothing(sheet, formgrader):
    once, _ = decide({}, {KEY: sheet}, {KEY: formgrader})
    decision = once[KEY].decision if once else NOTHING
    again, conflicts = decide(written_back(once), {KEY: sheet}, {KEY: decision})
    assert again.get(KEY, Kept()).decision == decision and not conflicts
    new = Decision(3.5, "new")  # a new word in one place is not taken for one in the other
    assert decide(again, {KEY: new}, {KEY: decision})[0][KEY].decision == new._replace(extra=decision.extra)
    assert decide(again, {KEY: new}, {KEY: decision})[1] == []


def test_a_row_for_which_formgrader_has_no_comment_keeps_the_sheets():
    kept = written_back(told(Decision(3.0, "good"))[0])
    kept, decision, conflicts = told(formgrader=Decision(3.0, None), kept=kept)
    assert decision == Decision(3.0, "good") and not conflicts


@pytest.mark.parametrize(
    "decision, said",
    [
        (Decision(4.5), "at most 4"),
        (Decision(-1.0), "at least 0"),
        (Decision(math.nan), "at least 0"),
        (Decision(math.inf), "at least 0"),
        (Decision("three"), "at least 0"),
        (Decision(True), "at least 0"),
        (Decision(1.0, extra=-2.0), "extra credit"),
        (Decision(1.0, extra="x"), "extra credit"),
    ],
)
def test_points_that_cannot_be_are_refused_with_their_row(decision, said):
    found, problems = refused({KEY: decision}, {KEY: 4.0}, "eye.csv")
    assert found == {} and len(problems) == 1
    assert said in problems[0] and "eye.csv: ada, 03, why" in problems[0]


def test_points_that_can_be_are_taken():
    good = {KEY: Decision(4.0, "x", 10.0), ("bob", "03", "why"): Decision(0.0)}
    assert refused(good, dict.fromkeys(good, 4.0), "") == (good, [])
    assert "no such" in refused({("eve", "03", "why"): Decision(1.0)}, {KEY: 4.0}, "")[1][0]


def test_decisions_are_kept_in_the_report(tmp_path):
    kept, _ = decide({}, {KEY: Decision(1.25, "Größe\n2")}, {("b", "04", "x"): Decision(None, "", 2.0)})
    write_kept(tmp_path, kept)
    assert read_kept(tmp_path) == kept and read_kept(tmp_path / "new") == {}
    (tmp_path / "decided.json").write_text('[{"student": "ada"}]')
    with pytest.raises(ValueError, match="points given by hand"):
        read_kept(tmp_path)
