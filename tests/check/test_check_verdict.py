"""The verdict: points, lines, and what `use` hands out."""

import contextlib
import io

import matplotlib
import numpy as np
import pytest
from cells import CENTRAL, DESCENT, cell, right_loss, right_score, said

from labkit import check
from labkit.check import EXERCISES
from labkit.check.answer import Answer
from labkit.check.compare import part
from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise
from labkit.check.verdict import Found, say, verdict

matplotlib.use("Agg")


# ------------------------------------------------------------------------------------ the verdict


def test_a_verdict_has_a_header_and_a_line_for_each_criterion():
    points, text = said(check.score, right_score)
    assert points == 20.0
    assert text.splitlines() == [
        "score: 20 of 20 points",
        "  ✔ X @ W: a row of scores for each image, a column for each class",
        "  ✔ X and W are left as they were",
    ]


@pytest.mark.parametrize("points", [1, 2.5, 7, 100, np.float64(30)])
def test_points_scale(points):
    assert said(check.score, right_score, points=points)[0] == points
    assert said(check.score, lambda X, W: -X @ W, points=points)[0] == 0.0

    def changes(X, W):
        X += 1
        return (X - 1) @ W

    earned, text = said(check.score, changes, points=points)
    assert earned == pytest.approx(0.9 * points) and f"of {points:g} points" in text


def test_an_exercise_is_a_page():
    """An exercise may hold its own right answer and mistakes as functions."""

    def cases(rng):
        return [(rng.normal(size=(n, d)),) for n, d in [(1, 4), (6, 3), (5, 5)]]

    def relu_(x):
        return np.maximum(x, 0)

    try:
        judge = exercise(
            "relu_for_a_test",
            points=10,
            answer=relu_,
            criteria=[
                (8, "negative entries become 0", equals(cases, relu_, [("the absolute value", lambda x: abs(x))])),
                (2, "x is left as it was", unchanged(cases)),
            ],
        )
        assert said(judge, lambda x: x * (x > 0))[0] == 10.0
        assert said(judge, abs) == (
            0.0,
            "relu_for_a_test: 0 of 10 points\n  ✘ negative entries become 0\n      "
            "the absolute value\n  – x is left as it was\n"
            "      judged when the first line is right\n",
        )
        assert said(judge, lambda x: np.maximum(x, 0, out=x))[0] == 8.0
        assert "relu_for_a_test(x)" in judge.__doc__ and judge.__name__ == "relu_for_a_test"
    finally:
        del EXERCISES["relu_for_a_test"]


def test_one_of_several_values():
    def cases(rng):
        return [(rng.normal(size=n),) for n in (3, 5)]

    second = part(1, "(loss, gradient)", equals(cases, lambda w: 2 * w, [("the penalty is missing", lambda w: 0 * w)]))
    assert second(Answer(lambda w: (w @ w, 2 * w), ["w"])) is None
    assert second(Answer(lambda w: [w @ w, 2 * w], ["w"])) is None
    assert second(Answer(lambda w: (w @ w, 0 * w), ["w"])) == Found("the penalty is missing")
    assert "(loss, gradient)" in second(Answer(lambda w: 2 * w, ["w"])).text
    assert "(loss, gradient)" in second(Answer(lambda w: (w @ w,), ["w"])).text
    assert "raises ZeroDivisionError" in second(Answer(lambda w: 1 / 0, ["w"])).text
    named = part("w", "a dict of gradients", equals(cases, lambda w: 2 * w))
    assert named(Answer(lambda w: {"w": 2 * w}, ["w"])) is None
    assert "a dict of gradients" in named(Answer(lambda w: {"b": 2 * w}, ["w"])).text


def test_without_a_gate_every_criterion_counts():
    criteria = [(1, "one", lambda _: "no"), (2, "two", lambda _: None), (1, "three", lambda _: 1 / 0)]
    judged = verdict("thing", 8, Answer(abs), criteria, gate=False)
    assert judged.earned == 4.0
    assert "could not be judged (ZeroDivisionError" in judged.lines[-1]
    assert verdict("thing", 8, Answer(abs), criteria).earned == 0.0


def test_points_are_exact_where_shares_do_not_divide():
    thirds = [(1, str(i), lambda _, i=i: None if i < 2 else "no") for i in range(3)]
    assert verdict("thing", 1, Answer(abs), thirds).earned == 0.666667
    assert verdict("thing", 0.1, Answer(abs), [(0.1, str(i), lambda _: None) for i in range(3)]).earned == 0.1


def test_a_terminal_without_the_signs():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with contextlib.redirect_stdout(stream):
        say(verdict("thing", 1, Answer(abs), [(1, "±", lambda _: None)]))
    stream.flush()
    assert stream.buffer.getvalue() == b"thing: 1 of 1 points\n  + ?\n"


@pytest.mark.parametrize("name", ["score", "log_softmax_loss", "numerical_gradient", "gradient_descent", "accuracy"])
def test_labkits_answer_is_right_but_nobodys_work(name):
    for seed in range(5):
        assert EXERCISES[name].judge(EXERCISES[name].answer, seed=seed, ready_made=()).earned == EXERCISES[name].points
    points, text = said(getattr(check, name), EXERCISES[name].answer)
    assert points == 0.0 and "ready-made answer (labkit." in text


@pytest.mark.parametrize("seed", range(1, 12))
def test_another_seed_gives_the_same_verdicts(seed):
    for judge, right, wrong, phrase in [
        (check.score, right_score, lambda X, W: X @ W.T, "W is transposed"),
        (check.log_softmax_loss, right_loss, lambda s, y: -right_loss(s, y), "the sign"),
        (check.accuracy, lambda s, y: (s.argmax(1) == y).mean(), lambda s, y: (s.argmax(0) == y).mean(), "axis"),
        (check.numerical_gradient, cell(CENTRAL, "ng"), cell(CENTRAL.replace("2 * h", "h"), "ng"), "twice"),
        (check.gradient_descent, cell(DESCENT, "gd"), cell(DESCENT.replace("W -", "W +"), "gd"), "uphill"),
    ]:
        full, text = said(judge, right, seed=seed)
        assert "✘" not in text
        points, text = said(judge, wrong, seed=seed)
        assert points == said(judge, wrong, seed=0)[0] <= 0.75 * full and phrase in text


# -------------------------------------------------------------------------------------------- use


def test_use_hands_out_yours_if_it_is_right(capsys):
    assert check.use("score", right_score) is right_score
    assert capsys.readouterr() == ("using your score\n", "")


def test_use_hands_out_labkits_if_yours_is_not(capsys):
    def wrong(X, W):
        return X @ W + 1

    def changing(X, W):
        scores = X @ W
        X += 1
        return scores

    for function, state in [
        (wrong, "right"),
        (changing, "right"),
        (None, "done"),
        (lambda X, W: None, "done"),
        (cell("def f(X, W):\n    raise NotImplementedError", "f"), "done"),
    ]:
        given = check.use("score", function)
        assert given is EXERCISES["score"].answer
        assert capsys.readouterr() == (f"score is not {state} yet: going on with labkit's\n", "")
    X, W = np.ones((2, 3)), np.ones((3, 4))
    assert np.array_equal(given(X, W), X @ W)


def test_use_does_not_know_every_name():
    with pytest.raises(ValueError, match="no exercise 'scores'.*accuracy.*score"):
        check.use("scores", right_score)
