"""labkit.check itself: verdicts, careful calls, the two witnesses against loops, plots, and a real kernel.

What students write in lab 3 is in tests/answers; here is what they do to a check.
"""

import contextlib
import functools
import io
import linecache
import logging
import math
import os
import random
import re
import sys
import textwrap
import warnings

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import check
from labkit.check import EXERCISES
from labkit.check.answer import Answer, Misuse, is_stub, quiet, unwrap
from labkit.check.compare import equals, part, unchanged
from labkit.check.source import loops, notebook_arrays, tree_of
from labkit.check.verdict import exercise, say, vectorised, verdict
from labkit.check.witness import grows, operations, steps

matplotlib.use("Agg")


def cell(source, name, readable=True, **known):
    """Run a cell and return what it calls `name`; readable: its source can be found, as in IPython."""
    source = textwrap.dedent(source)
    file = f"<cell of {name} {len(linecache.cache)}>" if readable else "<unreadable>"
    if readable:
        linecache.cache[file] = len(source), None, source.splitlines(True), file
    names = {"__name__": "__main__", "np": np, **known}
    exec(compile(source, file, "exec"), names)
    return names[name]


def said(judge, *args, **keywords):
    """(points, text) of a check; it must write nothing to stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        points = judge(*args, **keywords)
    assert err.getvalue() == "" and type(points) is float
    return points, out.getvalue()


def right_score(X, W):
    return X @ W


def right_loss(scores, y):
    s = scores - scores.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(y)), y])


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
    """What the docstring of `verdict` shows works as it is shown there."""

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
            "the absolute value\n  ✘ x is left as it was\n"
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
    assert second(Answer(lambda w: (w @ w, 0 * w), ["w"])) == "the penalty is missing"
    assert "(loss, gradient)" in second(Answer(lambda w: 2 * w, ["w"]))
    assert "(loss, gradient)" in second(Answer(lambda w: (w @ w,), ["w"]))
    assert "raises ZeroDivisionError" in second(Answer(lambda w: 1 / 0, ["w"]))
    named = part("w", "a dict of gradients", equals(cases, lambda w: 2 * w))
    assert named(Answer(lambda w: {"w": 2 * w}, ["w"])) is None
    assert "a dict of gradients" in named(Answer(lambda w: {"b": 2 * w}, ["w"]))


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
        (check.numerical_gradient, cell(_CENTRAL, "ng"), cell(_CENTRAL.replace("2 * h", "h"), "ng"), "twice"),
        (check.gradient_descent, cell(_DESCENT, "gd"), cell(_DESCENT.replace("W -", "W +"), "gd"), "uphill"),
    ]:
        assert "✘" not in said(judge, right, seed=seed)[1]
        points, text = said(judge, wrong, seed=seed)
        assert points == 0.0 and phrase in text


_CENTRAL = """
def ng(f, x, h=1e-6):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        g[i] = (f(x + e) - f(x - e)) / (2 * h)
    return g
"""
_DESCENT = """
def gd(loss, gradient, W, step_size, steps):
    path = [W]
    for _ in range(steps):
        W = W - step_size * gradient(loss, W)
        path.append(W)
    return path
"""


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


# --------------------------------------------------------------------------------- what students do


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
    "(X @ W).T": "transposed",
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
    "np.zeros((len(X), W.shape[1]))": "does not depend on X and W",
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


# ------------------------------------------------------------------------------ ready-made answers


READY = {
    "from scipy.special import log_softmax\n"
    "def f(s, y): return -log_softmax(s, 1)[np.arange(len(y)), y].mean()": "log_softmax",
    "import scipy.special as sp\ndef f(s, y): return -np.log(sp.softmax(s, 1)[np.arange(len(y)), y]).mean()": "softmax",
    "def f(s, y):\n from scipy.special import logsumexp as x\n"
    " return (x(s, 1) - s[np.arange(len(y)), y]).mean()": "logsumexp",
    "from labkit.check.verdict import use\ndef f(s, y): return use('log_softmax_loss', None)(s, y)": "labkit.check",
    "import labkit.check.lab03 as m\nf = m._loss": "labkit.check.lab03",
    "import functools, labkit.check.lab03 as m\nf = functools.partial(m._loss)": "labkit.check.lab03",
    "import labkit.check.lab03 as m\nf = lambda s, y: eval('m._loss(s, y)', globals(), locals())": "labkit",
    "import labkit.check.lab03 as m\nclass A:\n"
    " def __call__(self, s, y): return list(map(m._loss, [s], [y]))[0]\nf = A()": "labkit",
}


@pytest.mark.parametrize("source, name", READY.items(), ids=range(len(READY)))
def test_a_ready_made_answer_is_recognised(source, name):
    for readable in (True, False):
        function = cell(source, "f", readable)
        points, text = said(check.log_softmax_loss, function)
        assert points == 0.0 and "calls a ready-made answer" in text and name in text
        assert (
            "log_softmax_loss has no loop\n      this calls a ready-made"
            in said(check.vectorised, right_score, function)[1]
        )


def test_a_library_that_is_imported_but_gives_no_answer_is_no_ready_made_one():
    function = cell(
        """
        def f(scores, y):
            import scipy.sparse
            import scipy.special
            N = len(y)
            hot = scipy.sparse.csr_matrix((np.ones(N), (np.arange(N), y)), shape=scores.shape).toarray()
            s = scores - scores.max(axis=1, keepdims=True)
            return np.mean(np.log(np.exp(s).sum(axis=1))) - (hot * s).sum() / N
        """,
        "f",
    )
    assert said(check.log_softmax_loss, function)[0] == 20.0


def test_a_progress_bar_is_no_answer():
    function = cell(
        "from labkit.progress import progress\n"
        + textwrap.dedent(_DESCENT).replace("range(steps)", "progress(range(steps))"),
        "gd",
    )
    assert said(check.gradient_descent, function)[0] == 10.0
    with quiet():
        answer = Answer(lambda: math.sqrt(2) + textwrap.fill("a", 3).count("a"), ready_made=("textwrap.*",))
        assert answer().error is None and answer.borrowed.startswith("textwrap.fill, line")
        answer = Answer(lambda: textwrap.fill("a", 3), ready_made=("textwrap.*", "!textwrap.*"))
        assert answer().error is None and answer.borrowed is None


def test_what_the_check_hands_over_is_not_borrowed():
    assert said(check.numerical_gradient, cell(_CENTRAL, "ng"))[0] == 10.0
    assert said(check.gradient_descent, cell(_DESCENT, "gd"))[0] == 10.0


def test_another_profiler_is_put_back():
    def profiler(*args):
        pass

    sys.setprofile(profiler)
    try:
        check.score(right_score)
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(None)


def test_under_a_profiler_written_in_c():
    import cProfile

    with contextlib.redirect_stdout(io.StringIO()), cProfile.Profile():
        assert check.score(right_score) == 20.0


# ----------------------------------------------------------------------------------- no loops, twice


VECTORISED = [
    "return X @ W",
    "return np.einsum('nd,dc->nc', X, W)",
    "return np.einsum('nd,dc->nc', X, W, optimize=True)",
    "return (X[:, None] * W.T).sum(-1)",
    "assert X.ndim == 2 and max(X.shape) > sum(W.shape[1:]) - 99; return X.dot(W)",
    "print(X, W, f'{X}', repr(W), np.array2string(X)); return X @ W",
    "with np.errstate(all='ignore'): return X @ W",
    "out = np.empty((X.shape[0], W.shape[1])); np.matmul(X, W, out=out); return out",
    "return np.stack([X @ W, X @ W])[0]",
    "return np.where(True, X @ W, 0)",
    "N = max(len(X), 1); return (X @ W) * N / N",
    "return np.concatenate([X, X], axis=0)[:len(X)] @ W",
    "s = X @ W; s[range(len(X)), np.zeros(len(X), int)] += 0; return s",
    "return np.linalg.multi_dot([X, W, np.eye(W.shape[1])])",
    "s = X @ W; np.add.at(s, (np.arange(len(s)), 0), 0.0); return s",
    "return np.take_along_axis(X @ W, np.argsort(X @ W, 1), 1)",
    "return np.block([[X @ W]])",
    "return np.sum(X[..., None] * W, axis=1, where=np.ones(1, bool))",
    "return np.tensordot(X, W, 1)",
    "return np.choose(np.zeros(len(X), int)[:, None], (X @ W)[None])",
    "return np.vstack((X, X))[:len(X)] @ W",
    "s = (X @ W).flatten(); s.sort(); return s.reshape(len(X), -1)",
    "return np.pad(X, ((0, 0), (0, 0))) @ W",
    "return np.nan_to_num(X @ W)",
    "return np.cumsum(X @ W, axis=0)",
    "return np.linalg.norm(X @ W, axis=1)",
    "from numpy import dot as d; return d(X, W)",
    "g = lambda A: A @ W; return g(X)",
    "return np.split(X @ W, 1)[0]",
    "return np.logaddexp.reduce(X @ W, axis=1)",
    "return np.add.reduce(X[..., None] * W, axis=1)",
    "return np.moveaxis(X @ W, 0, 0)",
    "return np.ascontiguousarray(X) @ np.asfortranarray(W)",
    "y = np.arange(len(X)) % W.shape[1]; return np.eye(W.shape[1])[y] * (X @ W)",
    "return np.histogram(X @ W, 5)[1]",
    "y = np.arange(len(X)) % W.shape[1]; return (X @ W)[y[:, None] == np.arange(W.shape[1])]",
    "return np.fromfunction(lambda i, j: (X @ W)[i, j], (len(X), W.shape[1]), dtype=int)",
    "return np.percentile(X @ W, 50, axis=1)",
    "return np.median(X @ W, axis=0)",
    "return np.std(X @ W, axis=1, ddof=0)",
    "return np.unique(X @ W)",
    "return np.ix_ and (X @ W)[np.ix_(np.arange(len(X)), np.arange(W.shape[1]))]",
    "return np.lib.stride_tricks.sliding_window_view(X @ W, 2, axis=1).sum(-1)",
    "return np.trapezoid(X @ W) if hasattr(np, 'trapezoid') else X @ W",
]

LOOPING = [  # by the source, and without it
    "return np.array([x @ W for x in X])",
    "return np.array(list(x @ W for x in X))",
    "return np.array(list(map(lambda x: x @ W, X)))",
    "return np.array(list(map(W.T.dot, X)))",
    "return np.array([*map(np.exp, X)]) @ W",
    "out = []\n    for x in X: out.append(x @ W)\n    return np.array(out)",
    "i, out = 0, np.zeros((len(X), W.shape[1]))\n    while i < len(X):\n        out[i] = X[i] @ W; i += 1\n"
    "    return out",
    "return np.vectorize(lambda i, j: X[i] @ W[:, j])(np.arange(len(X))[:, None], np.arange(W.shape[1]))",
    "return np.apply_along_axis(lambda x: x @ W, 1, X)",
    "return np.apply_along_axis(np.max, 1, X) [:, None] * W.sum()",
    "import functools\n    return functools.reduce(np.add, X.T[:, :, None] * W[:, None])",
    "return sum(X.T[:, :, None] * W[:, None])",
    "return np.fromiter((x @ w for x in X for w in W.T), float)",
    "def walk(i): return [] if i == len(X) else [X[i] @ W] + walk(i + 1)\n    return np.array(walk(0))",
    "out = np.zeros((len(X), W.shape[1]))\n    for i, j in np.ndindex(out.shape): out[i, j] = X[i] @ W[:, j]\n"
    "    return out",
    "exec('s = [x @ W for x in X]', locals() | globals(), d := {})\n    return np.array(d['s'])",
    "return np.array(X.tolist()) @ W",
    "return np.array({i: x @ W for i, x in enumerate(X)}[len(X) - 1])",
    "return np.array([x @ w for x in X for w in W.T]).reshape(len(X), -1)",
    "return max(X[:, 0]) * W",
    "import itertools\n    return np.array(list(itertools.starmap(np.dot, zip(X, [W] * len(X)))))",
    "return np.stack(tuple(map(np.negative, X))) @ W",
    "it = iter(X); return np.array([next(it) @ W, *map(np.exp, it)][0])",
]


@pytest.mark.parametrize("body", VECTORISED)
def test_what_is_vectorised_is_not_accused(body):
    for readable in (True, False):
        function = cell(f"def f(X, W):\n    {body}", "f", readable)
        assert loops(function) == []
        points, text = said(check.vectorised, function, right_loss)
        assert points == 20.0, text


@pytest.mark.parametrize("body", LOOPING)
def test_a_loop_is_found_in_the_source_with_its_line(body):
    function = cell(f"\n\ndef f(X, W):\n    {body}", "f")
    assert re.match(r"line \d+", loops(function)[0])
    points, text = said(check.vectorised, function, right_loss)
    assert points == 10.0 and re.search(r"score has no loop\n      line [4-9]", text)


@pytest.mark.parametrize("body", LOOPING)
def test_a_loop_is_found_without_the_source(body):
    function = cell(f"def f(X, W):\n    {body}", "f", readable=False)
    assert loops(function) == []
    points, text = said(check.vectorised, function, right_loss)
    assert points == 10.0 and "number of Python steps grows" in text


def test_loops_in_whatever_the_answer_reaches():
    for source, where in [
        (
            "def rows(X, W):\n    return [x @ W for x in X]\ndef f(X, W):\n    return np.array(rows(X, W))",
            "line 2 in rows",
        ),
        ("def a(X):\n    for x in X: pass\ndef b(X): return a(X)\ndef f(X, W): b(X); return X @ W", "line 2 in a"),
        (
            "class M:\n    def go(self, X, W):\n        return np.array([x @ W for x in X])\n"
            "    def __call__(self, X, W): return self.go(X, W)\nf = M()",
            "line 3",
        ),
        (
            "class M:\n    @staticmethod\n    def go(X, W):\n        return np.array([x @ W for x in X])\n"
            "def f(X, W): return M.go(X, W)",
            "line 4 in go",
        ),
        (
            "def outer(g):\n    def inner(*a):\n        for _ in '1': pass\n        return g(*a)\n"
            "    return inner\n"
            "@outer\ndef f(X, W):\n    return X @ W",
            "line 3",
        ),
        (
            "def deco(g):\n    return lambda *a: g(*a)\n@deco\ndef f(X, W):\n    return np.array([x @ W for x in X])",
            "line 5 in f",
        ),
        (
            "import functools\n@functools.lru_cache\ndef h(n):\n    while n: n -= 1\ndef f(X, W): h(3); return X @ W",
            "line 4 in h",
        ),
        (
            "def go(W, X):\n    return np.array([x @ W for x in X])\nimport functools\n"
            "def f(X, W): return functools.partial(go, W)(X)",
            "line 2 in go",
        ),
        ("v = np.vectorize(lambda i, j: i)\ndef f(X, W): v(1, 2); return X @ W", "it is made by vectorize"),
        ("f = np.vectorize(lambda X, W: X @ W, signature='(n,d),(d,c)->(n,c)')", "it is made by vectorize"),
        (
            "def a(X, n): return X if n == 0 else b(X, n - 1)\ndef b(X, n): return a(X, n)\n"
            "def f(X, W): return a(X, 3) @ W",
            "recursion",
        ),
        (
            "def h(X, loop=[None for _ in '12'], g=lambda X: [x for x in X]): return g(X)\n"
            "def f(X, W): h(X); return X @ W",
            "line 1 in <lambda>",
        ),
    ]:
        found = loops(cell(source, "f"))
        assert found and where in found[0], (source, found)


def test_what_the_answer_does_not_reach_does_not_count():
    function = cell(
        """
        table = [n for n in range(3)]

        def naive(X, W):
            return np.array([x @ W for x in X])

        def mean(X):
            for x in X:
                pass

        def wrap(function):
            for _ in range(2):
                pass
            return function

        @wrap
        def f(X, W, sizes=[n for n in range(3)]):
            naive = X @ W
            return naive - 0 * naive.mean()
        """,
        "f",
    )
    assert loops(function) == []
    assert said(check.vectorised, function, right_loss)[0] == 20.0


def test_a_function_that_calls_one_defined_inside_is_no_recursion():
    function = cell(
        """
        def f(X, W):
            def outer(A):
                def inner(B):
                    return B @ W
                return inner(A)
            f.calls = 1
            return outer(X)
        """,
        "f",
    )
    assert loops(function) == []


def test_lambdas_on_one_line():
    first = cell("f, g = (lambda X, W: X @ W), (lambda X, W: np.array([x @ W for x in X]))", "f")
    second = cell("f, g = (lambda X, W: X @ W), (lambda X, W: np.array([x @ W for x in X]))", "g")
    assert loops(first) == [] and loops(second) == ["line 1: a list comprehension, which is a loop"]


def test_source_that_has_changed_since_is_not_used():
    function = cell("def f(X, W):\n    return X @ W", "f")
    file = function.__code__.co_filename
    for source in ["", "def g(): pass", "def f(:", "\n\n\ndef f(X, W):\n    for x in X: pass"]:
        linecache.cache[file] = len(source), None, source.splitlines(True), file
        assert tree_of(function) is None and loops(function) == []


def test_nothing_to_judge_is_no_full_marks():
    for body in [
        "return 0.0",
        "return np.zeros((len(X), W.shape[1]))",
        "return 'text'",
        "return X.astype(str)",
        "return X * np.nan",
        "return {}",
        "return []",
        "X @ W",
    ]:
        function = cell(f"def f(X, W):\n    {body}", "f")
        points, text = said(check.vectorised, function, right_loss)
        assert points == 10.0 and "✘ score has no loop" in text


def test_the_check_of_loops_can_be_made_for_other_functions():
    judge = vectorised(
        "vectorised_for_a_test",
        6,
        {
            "f": lambda rng, n, d, c: (rng.normal(size=(n, d)),),
            "g": lambda rng, n, d, c: (rng.normal(size=c),),
            "loss_and_gradient": lambda rng, n, d, c: (rng.normal(size=(d, c)),),
        },
    )
    fine, loop = (lambda x: x * 2), (lambda x: np.array([2 * i for i in x]))
    assert said(judge, fine, fine, lambda w: (w.sum(), {"w": w}))[0] == 6.0
    assert (
        said(judge, loop, fine, fine)[0] == said(judge, fine, loop, fine)[0] == said(judge, fine, fine, loop)[0] == 4.0
    )
    assert said(judge, None, fine, fine)[0] == 4.0
    with pytest.raises(TypeError, match="takes 3 functions: f, g, loss_and_gradient"):
        judge(fine)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(1, 3), st.integers(20, 60))
def test_the_second_witness_counts_the_same_whatever_the_numbers(n, seed, more):
    small, large = [(np.random.default_rng(seed + k).normal(size=(n + k, 3)),) for k in (0, more)]
    vectorised_, looping = (lambda x: np.exp(x - x.max(axis=1, keepdims=True))), (lambda x: np.array([*map(np.exp, x)]))
    assert steps(vectorised_, small) == steps(vectorised_, large)
    assert operations(vectorised_, small) == operations(vectorised_, large)
    assert not grows(vectorised_, small, large) and grows(looping, small, large)


def test_traces_are_put_back():
    def trace(*args):
        return None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        check.vectorised(right_score, right_loss)
        assert sys.gettrace() is trace
        with pytest.raises(ZeroDivisionError):
            steps(lambda x: 1 / 0, (np.ones(3),))
        assert sys.gettrace() is trace
    finally:
        sys.settrace(before)


def test_the_notebooks_arrays_are_seen_only_where_they_are_used():
    V = np.ones(3)
    assert notebook_arrays(cell("def g(X):\n    return X * V\ndef f(X, W):\n    return g(X)", "f", V=V)) == [(2, "V")]
    assert notebook_arrays(cell("def f(X, V):\n    return X * V", "f", V=V)) == []
    assert notebook_arrays(cell("f = lambda X, W: (lambda: X * V)()", "f", readable=False, V=V)) == [(1, "V")]
    # a right answer may use one
    assert said(check.score, cell("def f(X, W):\n    return X @ W * V[0]", "f", V=V))[0] == 20.0


# ---------------------------------------------------------------------------------- what checks hand over


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
    source = _CENTRAL.replace("f(x - e)", call)
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
    points, text = said(check.gradient_descent, cell(_DESCENT.replace("gradient(loss, W)", call), "gd"))
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
        ("return path, W", 7, "two values"),
        ("return np.array(path)", 10, "✔"),
        ("return tuple(path)", 10, "✔"),
        ("return path[::-1]", 7, "in order"),
        ("return [p.T for p in path]", 7, "other things"),
        ("return [p.tolist() for p in path]", 10, "✔"),
        ("return None", 0, "is the `return` missing?"),
        ("return {}", 7, "a list is asked"),
        ("return [W]", 7, "1 matrices"),
        ("return []", 7, "0 matrices"),
        ("return path + ['end']", 7, "other things"),
        ("return 'path'", 7, "a list is asked"),
    ]:
        got, text = said(check.gradient_descent, cell(_DESCENT.replace("return path", change), "gd"))
        assert got == points and phrase in text, (change, text)


# ------------------------------------------------------------------------------------------- plots


@pytest.fixture
def plt():
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


LOSSES = 2 + 0.4 * np.exp(-np.arange(1001) / 200)


def drawn(plt, y, **labels):
    fig, ax = plt.subplots()
    ax.plot(y)
    ax.set(**{"xlabel": "step", "ylabel": "loss", "title": "Loss", **labels})
    return ax


def test_a_plot_may_have_other_lengths(plt):
    assert said(check.cost_plot, drawn(plt, LOSSES[:50]), steps=50)[0] == 10.0
    assert said(check.cost_plot, drawn(plt, LOSSES[:51]), steps=50)[0] == 10.0
    assert said(check.cost_plot, drawn(plt, LOSSES[:52]), steps=50)[0] == 6.0
    assert said(check.cost_plot, drawn(plt, LOSSES), points=3)[0] == 3.0


@pytest.mark.parametrize(
    "y, phrase",
    [
        (np.full(1001, np.nan), "NaN or infinite"),
        (np.r_[LOSSES[:-1], np.inf], "NaN or infinite"),
        ([], "0 points"),
        (np.ones(1001), "constant"),
        (np.r_[LOSSES[:500], LOSSES[:501][::-1] + 1], "it rises"),
        (np.r_[LOSSES[:500], LOSSES[:501][::-1] - 0.05], "falls and rises again"),
        (2 - 1e-6 * np.arange(1001), "hardly falls"),
    ],
)
def test_a_line_that_does_not_fall(plt, y, phrase):
    points, text = said(check.cost_plot, drawn(plt, y))
    assert points < 10.0 and phrase in text


def test_a_noisy_loss_may_fall(plt):
    noisy = LOSSES + 0.02 * np.random.default_rng(0).normal(size=1001)
    assert said(check.cost_plot, drawn(plt, noisy))[0] == 10.0


def test_labels_of_other_axes_do_not_count(plt):
    fig, (left, right) = plt.subplots(1, 2, sharex=True)
    left.plot([1, 2])
    left.set(xlabel="step", ylabel="loss", title="Loss")
    right.plot(LOSSES)
    points, text = said(check.cost_plot, fig)
    assert points == 6.0 and "no label on the x axis and the y axis" in text and "no title" in text


def test_subfigures(plt):
    fig = plt.figure()
    left, right = fig.subfigures(1, 2)
    ax = right.subplots()
    ax.plot(LOSSES)
    right.supxlabel("step")
    right.supylabel("loss")
    right.suptitle("Loss")
    for thing in (fig, right, ax, [left, right]):
        assert said(check.cost_plot, thing)[0] == 10.0


def test_what_is_no_plot(plt):
    class Frame:
        axes = [[1, 2], "rows"]

    for thing in (3, "plot", [], {}, (), object(), Frame(), Frame, plt, [None], np.zeros(1001), lambda: 1, matplotlib):
        points, text = said(check.cost_plot, thing)
        assert points == 0.0 and "no plot in it" in text
    empty = plt.figure()
    assert "no plot in it" in said(check.accuracy_plot, empty)[1]


def test_dates_and_words_on_the_axes(plt):
    fig, ax = plt.subplots()
    ax.plot(["a", "b", "c"], [3, 2, 1])
    ax.set(xlabel="step", ylabel="loss", title="Loss")
    assert said(check.cost_plot, ax, steps=3)[0] < 10.0


def test_masked_values_are_missing(plt):
    points, text = said(check.cost_plot, drawn(plt, np.ma.masked_greater(LOSSES, 2.3)))
    assert points == 4.0 and "NaN or infinite" in text


def test_accuracy_in_percent_needs_a_label_that_says_so(plt):
    accuracy = 100 * (0.3 - 0.2 * np.exp(-np.arange(1001) / 100))
    for labels, points in [
        ({"ylabel": "accuracy [%]"}, 5),
        ({"ylabel": "Percent right"}, 5),
        ({"title": "right, in %"}, 5),
        ({}, 4),
    ]:
        assert said(check.accuracy_plot, drawn(plt, accuracy, **labels))[0] == points


# ----------------------------------------------------------------------------------- a real kernel


def test_in_a_kernel():
    """Source, lines, output streams and the value of a cell, as a notebook has them."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    cells = [
        "import os, sys, logging, warnings\nimport numpy as np\nfrom labkit import check",
        "def score(X, W):\n    return X @ W",
        "check.score(score)",
        "def score(X, W):\n    rows = (\n        [x @ W\n         for x in X])\n    return np.array(rows)\n"
        "loss = lambda s, y: np.mean(np.log(np.exp(s).sum(1))\n"
        "                            - s[np.arange(len(y)), y])",
        "check.vectorised(score, loss)",
        "def score(X, W):\n"
        "    print('out'); print('err', file=sys.stderr); print('err', file=sys.__stderr__)\n"
        "    os.write(2, b'err'); os.system('echo err >&2'); logging.warning('err'); warnings.warn('err')\n"
        "    from IPython.display import display; display('shown')\n"
        "    from labkit.progress import progress; list(progress(range(9)))\n"
        "    return X @ W",
        "check.score(score)",
        "%%time\ndef score(X, W):\n    return np.array([x @ W for x in X])",
        "check.vectorised(score, None)",
        "def score(X, W):\n    exit()",
        "check.score(score)",
        "print('end')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    nbclient.NotebookClient(notebook, timeout=60, resources={"metadata": {"path": here}}).execute()
    outputs = [cell.outputs for cell in notebook.cells]
    assert not any(o.output_type == "stream" and o.name == "stderr" for output in outputs for o in output)
    values = [[o.data["text/plain"] for o in output if o.output_type == "execute_result"] for output in outputs]
    texts = ["".join(o.text for o in output if o.output_type == "stream") for output in outputs]
    assert values[2] == ["20.0"] and values[4] == ["10.0"] and values[6] == ["20.0"]
    assert "line 3: a list comprehension" in texts[4] and "✔ log_softmax_loss has no loop" in texts[4]
    assert texts[6] == texts[2] and {o.output_type for o in outputs[6]} == {"stream", "execute_result"}
    assert values[8] == ["0.0"] and "✘ score has no loop" in texts[8] and "not done yet" in texts[8]
    assert values[10] == ["0.0"] and texts[11] == "end\n"
