"""What students do to a check: whatever they hand over, return, raise or print."""

import functools
import logging
import os
import random
import re
import sys
import warnings

import matplotlib
import numpy as np
import pytest
from cells import cell, right_loss, right_score, said

from labkit import check
from labkit.check.calls import is_stub, unwrap

matplotlib.use("Agg")


RETURNED = {
    "'text'": "returns a str",
    "b'1'": "returns a bytes",
    "{}": "returns a dict",
    "X": "",
    "(X @ W).tolist()": "Python list",
    "np.matrix(X) * np.matrix(W)": "np.matrix",
    "np.ma.array(X @ W)": "masked array",
    "(X @ W).astype(object)": "Python objects",
    "X @ W + 0j": "complex",
    "X @ W * np.nan": "NaN",
    "X @ W / 0": "infinite",
    "(X @ W, X)": "2 values (a tuple)",
    "(x for x in X)": "returns a generator",
    "(X @ W)[:, :, None]": "wrong shape: (5, 3, 1)",
    "(X @ W).ravel()": "wrong shape: (15,)",
    "(X @ W).round().astype(int)": "whole numbers",
    "X @ W > 0": "dtype bool",
    "(X @ W).astype('U9')": "dtype <U9",
    "2 * (X @ W)": "exactly twice",
    "-(X @ W)": "the sign is wrong",
    "1.7 * (X @ W)": "times a constant",
    "len(X) * (X @ W)": "exactly X.shape[0] times too large",
    "X @ W / W.shape[1]": "exactly W.shape[1] times too small",
    "np.zeros((len(X), W.shape[1]))": "it is 0, whatever the arguments are",
    "np.ones((len(X), 1)) @ W[:1]": "does not depend on X",
    "3.0": "returns a float",
    "True": "returns True or False",
    "lambda: X @ W": "returns a function",
    "X @ W + np.random.rand()": "called again",
    "np.float64(1)": "a float64",
    "X.sum()": "",
    "W[0, 0, 0]": "raises IndexError",
    "undefined": "line 2 raises NameError: name 'undefined' is not defined",
    "None": "is the `return` missing?",
    "int('a b')": "raises ValueError",
    "exit()": "raises",
    "quit(3)": "raises",
    "1 / 0": "raises ZeroDivisionError",
    "f(X, W)": "raises RecursionError",
    "[][0]": "IndexError",
    "X.no": "AttributeError",
    "np.zeros(10**15)": "raises",
    "(_ for _ in ()).throw(GeneratorExit)": "raises GeneratorExit",
    "(_ for _ in ()).throw(SystemExit)": "raises SystemExit",
}


@pytest.mark.parametrize("returned, phrase", RETURNED.items(), ids=list(RETURNED))
def test_whatever_is_returned_or_raised_becomes_a_diagnosis(returned, phrase):
    function = cell(f"def f(X, W):\n    out = {returned}\n    return out", "f", readable=False)
    points, text = said(check.score, function)
    assert points == 0.0 and phrase in text and "✘" in text and "not done" not in text
    assert said(check.score, function) == (points, text)


def test_what_is_returned_in_place_of_a_number():
    for returned, phrase in {
        "losses": "one loss for each image",
        "[losses.mean()]": "Python list, one number",
        "losses.mean(), 0": "2 values",
        "losses.mean() > 0": "True or False",
        "str(losses.mean())": "returns a str",
        "losses.mean() + 0j": "complex",
        "int(losses.mean())": "",
        "losses.mean().reshape(1, 1, 1, 1)": "array of shape (1, 1, 1, 1)",
        "np.array(losses.mean(), dtype=object) if len(y) > 1 else losses[0]": None,
        "float(losses.mean())": None,
        "np.float32(losses.mean())": None,
        "np.array(losses.mean())": None,
        "np.longdouble(losses.mean())": None,
    }.items():
        function = cell(
            f"""
            def f(scores, y):
                s = scores - scores.max(axis=1, keepdims=True)
                losses = np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(y)), y]
                return {returned}""",
            "f",
        )
        points, text = said(check.log_softmax_loss, function)
        assert (points == 20.0) == (phrase is None) and (phrase or "") in text, text


@pytest.mark.parametrize(
    "thing, phrase",
    [
        (3, "not a function but an int"),
        (np.ones(3), "not a function but an ndarray"),
        ("f", "not a function but a str"),
        (lambda: 1, "cannot be called with (X, W)"),
        (lambda X: X, "cannot be called with (X, W)"),
        (lambda X, *, W: X, "cannot be called with (X, W)"),
        (np, "not a function but a module"),
    ],
)
def test_what_cannot_be_called(thing, phrase):
    points, text = said(check.score, thing)
    assert points == 0.0 and phrase in text


def test_the_line_is_that_of_the_cell_and_the_message_is_one_line():
    function = cell(
        """
        def helper(X):
            "Two lines down something is wrong."
            raise ValueError("first\\nsecond " + repr(object()) + "x" * 500)

        def f(X, W):
            return helper(X)
        """,
        "f",
        readable=False,
    )
    text = said(check.score, function)[1]
    assert "line 4 raises ValueError: first second <object object at 0x…>xxx" in text
    assert max(map(len, text.splitlines())) < 260


def test_an_exception_without_a_message_or_with_a_broken_one():
    function = cell(
        """
        class Own(BaseException):
            def __str__(self):
                raise KeyError
        def f(X, W):
            raise Own(1)
        """,
        "f",
    )
    assert "line 6 raises Own (here: X (5, 4), W (4, 3))" in said(check.score, function)[1]
    assert "line 1 raises AssertionError (here" in said(check.score, cell("def f(X, W): assert X is W", "f"))[1]


def test_an_interrupt_passes_through_and_leaves_nothing_behind():
    def interrupted(X, W):
        raise KeyboardInterrupt

    def state():
        return (sys.stdout, sys.stderr, sys.gettrace(), sys.getprofile(), np.geterr(), logging.root.manager.disable)

    before = state()
    for judge in (check.score, lambda f: check.vectorised(f, f), lambda f: check.use("score", f)):
        with pytest.raises(KeyboardInterrupt):
            judge(interrupted)
    assert state() == before


def test_nothing_gets_out(capfd):
    def loud(X, W):
        print("printed", X)
        print("printed", file=sys.stderr)
        print("printed", file=sys.__stderr__)
        os.write(1, b"written")
        os.write(2, b"written")
        os.system("echo shell; echo shell >&2")
        logging.getLogger("student").error("logged")
        warnings.warn("warned", stacklevel=1)
        np.log(np.array(-1.0)), np.float64(1) / 0, np.array([300]).astype(np.uint8)
        return X @ W

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert check.score(loud) == 20.0
        assert check.vectorised(loud, lambda s, y: loud(s, s.T)) == 20.0
        assert check.use("score", loud) is loud
    out, err = capfd.readouterr()
    assert err == "" and caught == []
    assert not re.search("printed|written|shell|logged|warned", out)
    os.write(1, b"the descriptors are back")
    assert capfd.readouterr().out == "the descriptors are back"


def test_a_strict_notebook_stays_strict_and_is_not_stricter_to_the_answer():
    def overflowing(scores, y):
        np.exp(np.array(1e4))
        return right_loss(scores, y)

    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert said(check.log_softmax_loss, overflowing)[0] == 20.0
        assert np.geterr()["over"] == "raise"


def test_the_notebooks_random_numbers_go_on():
    def draws(X, W):
        np.random.rand(3), random.random()
        return X @ W

    np.random.seed(5), random.seed(5)
    wanted = np.random.rand(), random.random()
    np.random.seed(5), random.seed(5)
    check.score(draws)
    assert (np.random.rand(), random.random()) == wanted


def test_arguments_are_not_changed_behind_the_checks_back():
    """An answer that changes its arguments changes copies: the next case and criterion are unharmed."""

    def shrinks(X, W):
        scores = X @ W
        X[:], W[:] = np.nan, 0
        return scores

    points, text = said(check.score, shrinks)
    assert points == 18.0 and "X is changed in place" in text


@pytest.mark.parametrize(
    "make",
    [
        lambda f: functools.partial(f),
        lambda f: functools.wraps(f)(lambda *a: f(*a)),
        lambda f: type("Model", (), {"score": lambda self, X, W: f(X, W)})().score,
        lambda f: type("Model", (), {"__call__": lambda self, X, W: f(X, W)})(),
        lambda f: type("Model", (), {"score": staticmethod(f)}).score,
        lambda f: lambda *args, **keywords: f(*args, **keywords),
    ],
)
def test_anything_that_can_be_called_is_a_function(make):
    assert said(check.score, make(right_score))[0] == 20.0
    assert said(check.vectorised, make(right_score), make(right_loss))[0] == 20.0
    looping = cell("def f(X, W):\n    return np.array([x @ W for x in X])", "f")
    assert said(check.vectorised, make(looping), make(right_loss))[0] == 10.0


def test_stubs():
    for source in [
        "pass",
        "...",
        "return",
        "return None",
        "'text'",
        "raise NotImplementedError",
        "raise NotImplementedError()",
        "raise NotImplementedError('your turn')",
        "return ...",
    ]:
        function = cell(f"def f(X, W):\n    'Docstring.'\n    {source}", "f", readable=False)
        assert is_stub(function)
        assert said(check.score, function) == (0.0, "score: not done yet\n")
        assert said(check.vectorised, function, function) == (0.0, "vectorised: not done yet\n")
    assert not is_stub(cell("def f(X, W):\n    return X", "f"))
    for nothing in (None, ..., NotImplemented):
        for judge in (
            check.score,
            check.accuracy,
            check.numerical_gradient,
            check.gradient_descent,
            check.cost_plot,
            check.accuracy_plot,
            check.log_softmax_loss,
        ):
            assert said(judge, nothing) == (0.0, f"{judge.__name__}: not done yet\n")


def test_a_stub_that_is_half_filled():
    function = cell("def f(X, W):\n    s = X @ W\n    raise NotImplementedError", "f")
    assert said(check.score, function) == (0.0, "score: not done yet (line 3 raises NotImplementedError)\n")
    only_once = cell(
        """
        def f(X, W):
            if len(X) == 1:
                raise NotImplementedError
            return X @ W
        """,
        "f",
    )
    assert "line 4 raises NotImplementedError" in said(check.score, only_once)[1]


def test_unwrap_ends():
    class Endless:
        def __getattr__(self, name):
            return self

        def __call__(self, *args):
            return self

    unwrap(Endless())
    assert said(check.score, Endless())[0] == 0.0
    assert said(check.vectorised, Endless(), Endless())[0] == 0.0
    assert said(check.cost_plot, Endless())[0] == 0.0
