"""Answers that call a ready-made one."""

import contextlib
import io
import math
import sys
import textwrap

import matplotlib
import pytest
from cells import CENTRAL, DESCENT, cell, right_score, said

from labkit import check
from labkit.check.answer import Answer, quiet

matplotlib.use("Agg")


READY = {
    "from scipy.special import log_softmax\n"
    "def f(s, y): return -log_softmax(s, 1)[np.arange(len(y)), y].mean()": "log_softmax",
    "import scipy.special as sp\ndef f(s, y): return -np.log(sp.softmax(s, 1)[np.arange(len(y)), y]).mean()": "softmax",
    "def f(s, y):\n from scipy.special import logsumexp as x\n"
    " return (x(s, 1) - s[np.arange(len(y)), y]).mean()": "logsumexp",
    "from labkit.check.exercise import use\ndef f(s, y): return use('log_softmax_loss', None)(s, y)": "labkit.check",
    "import labkit.losses as m\nf = m.cross_entropy": "labkit.losses",
    "import functools, labkit.losses as m\nf = functools.partial(m.cross_entropy)": "labkit.losses",
    "import labkit.losses as m\nf = lambda s, y: eval('m.cross_entropy(s, y)', globals(), locals())": "labkit",
    "import labkit.losses as m\nclass A:\n"
    " def __call__(self, s, y): return list(map(m.cross_entropy, [s], [y]))[0]\nf = A()": "labkit",
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
        + textwrap.dedent(DESCENT).replace("range(steps)", "progress(range(steps))"),
        "gd",
    )
    assert said(check.gradient_descent, function)[0] == 10.0
    with quiet():
        answer = Answer(lambda: math.sqrt(2) + textwrap.fill("a", 3).count("a"), ready_made=("textwrap.*",))
        assert answer().error is None and answer.borrowed.startswith(
            "this calls a ready-made answer (textwrap.fill, line"
        )
        answer = Answer(lambda: textwrap.fill("a", 3), ready_made=("textwrap.*", "!textwrap.*"))
        assert answer().error is None and answer.borrowed is None


def test_what_the_check_hands_over_is_not_borrowed():
    assert said(check.numerical_gradient, cell(CENTRAL, "ng"))[0] == 10.0
    assert said(check.gradient_descent, cell(DESCENT, "gd"))[0] == 10.0


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
