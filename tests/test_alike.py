"""Answers that are the same but for names and layout are told, and short ones are not."""

from labkit.check.labs.lab05 import two_layer_gradients_
from labkit.check.mistakes import source_of
from labkit.course.marking.alike import labkits_own, print_of
from labkit.course.report.alike import equal_answers, write_alike
from labkit.course.report.result import Mark

ONE = """
def loss(scores, y):
    # the largest first
    shifted = scores - scores.max(axis=1, keepdims=True)
    total = np.exp(shifted).sum(axis=1)
    right = shifted[np.arange(len(y)), y]
    return np.mean(np.log(total) - right)
"""
OTHER = '''
def loss(s: np.ndarray, labels):
    """Mine."""
    z = (s -
         s.max(axis=1, keepdims=True))
    Z = np.exp(z).sum(axis=1)
    r = z[np.arange(len(labels)), labels]

    return np.mean(np.log(Z) - r)
'''


def test_names_and_layout_do_not_count():
    assert print_of(ONE, "loss") == print_of(OTHER, "loss") is not None
    assert print_of(OTHER.replace("axis=1)", "axis=0)"), "loss") != print_of(ONE, "loss")
    assert print_of(OTHER.replace("- r", "- Z"), "loss") != print_of(ONE, "loss")


def test_what_is_short_or_broken_has_no_print():
    assert print_of("def score(X, W):\n    return X @ W", "score") is None
    assert print_of("def loss(:", "loss") is None and print_of("loss = 3", "loss") is None


def test_labkits_own_answer_is_known_under_other_names():
    own = source_of(two_layer_gradients_).replace("hidden", "h").replace("two_layer_gradients_", "two_layer_gradients")
    prints = {"two_layer_gradients": print_of(own, "two_layer_gradients")}
    assert labkits_own(prints) == ["two_layer_gradients"]
    assert labkits_own({"two_layer_gradients": print_of(ONE, "loss")}) == []


def test_the_report_names_who_shares_an_answer(tmp_path):
    marks = [Mark(name, "03", prints={"loss": mark}) for name, mark in [("ada", "1"), ("=bob", "1"), ("eve", "2")]]
    assert equal_answers(marks) == [("03", "loss", ["ada", "=bob"])]
    write_alike(tmp_path, marks)
    assert "03,loss,2,ada; =bob" in (tmp_path / "alike.csv").read_text()
