"""Questions of one sentence: any way to write the right answer counts, any other is told what is wrong with it."""

import io
from contextlib import redirect_stdout

import numpy as np
import pytest

from labkit import check as checks
from labkit.check.question import QUESTIONS, question

ASKED = sorted(QUESTIONS)  # of all labs


@pytest.fixture(autouse=True)
def _none_left():
    known = dict(QUESTIONS)
    yield
    QUESTIONS.clear()
    QUESTIONS.update(known)


def judged(check, answer, **more):
    out = io.StringIO()
    with redirect_stdout(out):
        points = check(answer, **more)
    assert type(points).__mro__[-2] is float
    return points, out.getvalue()


def test_a_choice_in_any_spelling():
    check = question("which", 2, "b", {"a": "that is the sum", "c": "that is the mean"})
    for answer in ("b", "B", " b ", "(b)", "b)", "b.", np.str_("b")):
        points, text = judged(check, answer)
        assert points == 2.0 and "✔ the right choice" in text, answer
    assert judged(check, "A") == (0.0, "which: 0 of 2 points\n  ✘ the right choice\n      that is the sum\n")
    for answer in ("ab", "", 2, [], "both", "b or a"):
        points, text = judged(check, answer)
        assert points == 0.0 and "answer with one of 'a', 'b', 'c'" in text, answer


def test_yes_and_no():
    check = question("is_it", 1, "no", {"yes": "it is not"})
    assert [judged(check, answer)[0] for answer in ("no", "No", False, np.False_)] == [1.0] * 4
    assert "it is not" in judged(check, True)[1] and judged(check, 0)[0] == 0.0


def test_a_number_in_any_type():
    check = question("how_many", 2, 1200, {600: "each is needed twice"}, otherwise="two for each weight")
    for answer in (1200, 1200.0, np.int32(1200), np.float32(1200), np.array(1200), "1200", "1,200", "1.2e3"):
        assert judged(check, answer)[0] == 2.0, answer
    assert "each is needed twice" in judged(check, 600.0)[1]
    for answer in (0, -1200, 1201, 10**400):
        points, text = judged(check, answer)
        assert points == 0.0 and ("two for each weight" in text or "a number is asked" in text), answer
    for answer in (True, "many", [1200, 1], {}, 1j, np.arange(3)):
        points, text = judged(check, answer)
        assert points == 0.0 and "a number is asked" in text, answer
    assert judged(check, float("nan"))[0] == 0.0


def test_a_number_that_is_read_off_has_room():
    check = question("about", 1, 2.3, within=0.05)
    assert [judged(check, answer)[0] for answer in (2.3, 2.3026, 2.26, 2.2, 2.4)] == [1.0, 1.0, 1.0, 0.0, 0.0]


def test_nothing_answered_is_not_done_yet():
    check = question("later", 3, "a", {"b": "no"})

    def stub(): ...

    for answer in (None, ..., stub):
        assert judged(check, answer) == (0.0, "later: not done yet\n")
    assert judged(check, "a", points=5)[0] == 5.0


def test_a_question_without_points_says_right_or_not():
    check = question("aside", 0, "a", {"b": "that <b> is the other one"})
    out = io.StringIO()
    with redirect_stdout(out):
        assert [check(answer) for answer in ("a", "b", None)] == [None] * 3
    assert out.getvalue() == (
        "✔ aside: right\n✘ aside: not right\n    that <b> is the other one\n– aside: not done yet\n"
    )
    assert "&lt;b&gt;" in shown_page(check, "b") and "<b>aside</b>" in shown_page(check, "b")


def shown_page(check, answer):
    pages = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("labkit.check.question.show", lambda text, page: pages.append(page))
        check(answer)
    return pages[0]


@pytest.mark.parametrize("name", ASKED)
def test_every_question_of_the_labs_takes_what_is_right_and_nothing_else(name):
    right, wrong = QUESTIONS[name]
    check = getattr(checks, name)
    if isinstance(right, str):
        ways = [right, right.upper(), f" {right} ", f"({right})", f"{right})", f"'{right}'", np.str_(right)]
    else:
        ways = [right, float(right), np.float32(right), np.float64(right), np.array(right), str(right), f"{right} "]
    for answer in ways:
        assert judged(check, answer, points=1)[0] == 1.0, answer
    for answer, text in wrong.items():
        points, said = judged(check, answer, points=1)
        assert points == 0.0 and text in said, answer
    for answer in ("maybe", "", [], {}, 1j, float("nan"), float("inf"), -987654321, "1 or 2", print):
        points, said = judged(check, answer, points=1)
        assert points == 0.0 and "✘" in said, answer
    assert len(wrong) >= 1 and len(set(wrong.values())) == len(wrong)
