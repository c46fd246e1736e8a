"""What checks hand over: functions that are called in the wrong way."""

import re

import matplotlib
import pytest
from cells import CENTRAL, DESCENT, cell, said

from labkit import check
from labkit.check.answer import Answer, Misuse, quiet

matplotlib.use("Agg")


@pytest.mark.parametrize(
    "call, phrase",
    [
        ("f(x.ravel())", "f is called with an array of shape (12,)"),
        ("f(x[i])", "not an array"),
        ("f(list(x))", "not an array"),
        ("f(x + 1j)", "complex numbers"),
        ("f()", "raises TypeError"),
        ("f(x, h)", "raises TypeError"),
    ],
)
def test_wrong_use_of_the_function_that_is_handed_over(call, phrase):
    source = CENTRAL.replace("f(x - e)", call)
    points, text = said(check.numerical_gradient, cell(source, "ng"))
    assert points == 0.0 and "line 7" in text and phrase in text


@pytest.mark.parametrize(
    "call, phrase",
    [
        ("gradient(W, loss)", "swapped"),
        ("gradient(loss, W.ravel())", "something else than the weights"),
        ("gradient(loss)", "raises TypeError"),
        ("gradient(loss(W), W)", "swapped"),
        ("gradient(loss, None)", "something else"),
    ],
)
def test_wrong_use_of_the_gradient_that_is_handed_over(call, phrase):
    points, text = said(check.gradient_descent, cell(DESCENT.replace("gradient(loss, W)", call), "gd"))
    assert points == 0.0 and "line 5" in text and phrase in text


def test_endless_loops_over_what_is_handed_over_end():
    forever = cell("def f(f, x, h=1e-6):\n    while True: f(x)", "f")
    assert "again and again" in said(check.numerical_gradient, forever)[1]
    forever = cell(
        "def f(loss, gradient, W, step_size, steps):\n    while True: W = W - step_size * gradient(loss, W)", "f"
    )
    assert "again and again" in said(check.gradient_descent, forever)[1]


def test_misuse_is_a_diagnosis_as_it_is():
    def complains():
        raise Misuse("do it another way")

    with quiet():
        assert re.match(r"line \d+: do it another way", Answer(lambda f: f())(complains).error)


def test_other_kinds_of_path():
    for change, points, phrase in [
        ("return iter(path)", 7, "a list is asked, not a list_iterator"),
        ("return path, W", 8.5, "list of matrices alone"),
        ("return np.array(path)", 10, "✔"),
        ("return tuple(path)", 10, "✔"),
        ("return path[::-1]", 8.5, "the start first"),
        ("return [p.T for p in path]", 7, "other things"),
        ("return [p.tolist() for p in path]", 10, "✔"),
        ("return None", 0, "is the `return` missing?"),
        ("return {}", 7, "a list is asked"),
        ("return [W]", 7, "1 matrices"),
        ("return []", 7, "not the matrices that were visited"),
        ("return path + ['end']", 7, "other things"),
        ("return 'path'", 7, "a list is asked"),
    ]:
        got, text = said(check.gradient_descent, cell(DESCENT.replace("return path", change), "gd"))
        assert got == points and phrase in text, (change, text)
