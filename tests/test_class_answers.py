"""Written answers: what a marker reads of them, and nothing that a student could make of the page."""

import re
from html.parser import HTMLParser

import pytest

from labkit.course.report import answers
from labkit.course.report.answers import Answers, answer_html, model_and_notes

KNOWN = set("p em strong del code pre ul ol li blockquote h1 h2 h3 h4 h5 h6 hr br table thead tbody tr th td a".split())


class Tags(HTMLParser):
    """The elements of a piece of HTML with their attributes, and its text."""

    def __init__(self, text):
        super().__init__()
        self.found, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1)) <a href='javascript:alert(1)'>x</a>",
        "![x](http://evil.example/x.png)",
        "$\\href{javascript:alert(1)}{x}$ $\\text{<img src=x onerror=alert(1)>}$",
        '$$\\class{x" onclick="alert(1)}{y}$$ $\\style{background:url(http://x)}{y}$',
        "```html\n<script>1</script>\n```",
        "\ue0000\ue000 $x$ \ue0007\ue000",
        "</script><!--",
        "`<b onclick=1>` <style>*{display:none}</style>",
        "$" * 5000,
        "> " * 3000 + "deep",
        "[" * 5000,
    ],
)
def test_an_answer_is_text_and_formulas_and_nothing_else(text):
    drawn = Tags(answer_html(text))
    for tag, attributes in drawn.found:
        assert tag in KNOWN or tag.startswith("m") and tag in answers._ELEMENTS or tag in ("semantics", "annotation"), (
            tag
        )
        assert not any(name.startswith("on") or name in ("href", "src", "class", "id") for name in attributes), (
            attributes
        )
        assert "url" not in (attributes.get("style") or "")
    assert "</script" not in answer_html(text) and "<!--" not in answer_html(text)


def test_formulas_are_drawn_and_what_is_no_formula_is_not():
    drawn = answer_html(
        "It is $-\\nabla L$, **not** `$x$`; it costs $5 or $6.\n\n$$\\frac{1}{N}\\sum_i x_i$$\n\n$\\unknown{x}$"
    )
    tags = [tag for tag, _ in Tags(drawn).found]
    assert tags.count("math") == 2 and "mfrac" in tags and "strong" in tags
    assert "<code>$x$</code>" in drawn and "$5 or $6" in drawn and "<code>\\unknown{x}</code>" in drawn
    assert "<table>" in answer_html("| a | b |\n|---|---|\n| $x$ | 2 |")


def test_an_answer_without_end_is_cut():
    assert len(answer_html("word " * 100_000)) < 2 * answers.LONGEST and "(cut)" in answer_html("word " * 100_000)


def test_the_model_answer_and_the_notes_of_a_cell():
    source = "Why?\n\n### BEGIN SOLUTION\nBecause $x$.\n### END SOLUTION\n\nAnd **then**?\n### BEGIN SOLUTION\nSo.\n"
    source += "### END SOLUTION\n### BEGIN MARKING NOTES\nTwo points.\n### END MARKING NOTES"
    model, notes = model_and_notes(source)
    assert model == "Why?\n\nBecause $x$.\n\nAnd **then**?\nSo." and notes == "Two points."
    quiet = re.sub("### (.*)", r"<!-- \1 -->", source)
    assert model_and_notes(quiet) == (model, notes)


def test_answers_are_drawn_once(tmp_path, monkeypatch):
    first = Answers(tmp_path / "answers.json")
    drawn = first.html("It is $x$.")
    first.keep()
    monkeypatch.setattr(answers, "answer_html", lambda text: "drawn again")
    again = Answers(tmp_path / "answers.json")
    assert again.html("It is $x$.") == drawn and again.html("Other.") == "drawn again" and again.html(" ") == ""
