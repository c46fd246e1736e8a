"""No loops: what the source says, and what is seen when it runs."""

import linecache
import re
import sys

import matplotlib
import numpy as np
import pytest
from cells import cell, right_loss, right_score, said
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import check
from labkit.check.counting import operations, steps
from labkit.check.exercise import vectorised
from labkit.check.runtime_loops import grows
from labkit.check.source import loops, notebook_arrays, tree_of

matplotlib.use("Agg")


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
