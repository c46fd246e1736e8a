"""Statistics of a class: counted by hand, and the page with its plots."""

import base64
from html.parser import HTMLParser

import pytest

from labkit.check import score
from labkit.course.report.result import Mark, Row, Status
from labkit.course.report.statistics import lab_statistics, said
from labkit.course.report.statistics_page import write_statistics


def entry(student, *points, status="ok", verdicts=("", "", ""), lab="03_x", errors=("", "", "")):
    rows = [("check-a", "Row A", 10.0, "auto"), ("check-b", "<b>Row B</b>", 5.0, "auto"), ("why", "Why", 4.0, "manual")]
    rubric = [Row(*row, p, v, e) for row, p, v, e in zip(rows, points, verdicts, errors)]
    return Mark(student, lab, "Lab 3: <descent>", Status(status), seconds=4.0, rubric=rubric)


WRONG = "a: 5 of 10 points\n  ✘ the mean (5 of 10 points)\n      it is a sum\n  ✔ a float"
CLASS = [
    entry("ada", 10.0, 5.0, 4.0),
    entry("bob", 5.0, 5.0, None, verdicts=(WRONG, "", "")),
    entry("eve", 5.0, 0.0, 2.0, verdicts=(WRONG, "b: not done yet", "")),
    entry("zoe", 0.0, 0.0, 0.0, status="timed out", errors=("ValueError: <img>", "", "")),
    entry("eli", 0.0, 0.0, 0.0, status="missing"),
]


def test_what_was_lost_where_and_why():
    lab = lab_statistics(CLASS)
    assert (lab.handed_in, lab.away, lab.points, lab.unmarked) == (4, 1, [0, 7, 19], 1)
    a, b, why = lab.rows
    assert (a.mean, a.full, a.part, a.none, a.unmarked) == (5, 1, 2, 1, 0)
    assert (b.full, b.none) == (2, 2) and (why.mean, why.unmarked) == (2, 1)
    assert [(d.row, d.text, d.students) for d in lab.diagnoses] == [
        ("Row A", "the mean: it is a sum", ["bob", "eve"]),
        ("<b>Row B</b>", "not done yet", ["eve"]),
        ("Row A", "ValueError: <img>", ["zoe"]),
    ]
    assert lab.statuses == {"ok": 3, "timed out": 1, "missing": 1}


def test_diagnoses_are_those_that_a_check_prints(capsys):
    score(lambda X, W: X @ W + 1)
    row = Row("check-score", "Score", 20.0, verdict=capsys.readouterr().out)
    assert said(row) == ["X @ W: a row of scores for each image, a column for each class: "
                         "something is added: this linear score has no bias"]  # fmt: skip


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_the_page_has_its_plots_in_both_themes_and_in_words(tmp_path):
    page = Page(write_statistics(tmp_path / "statistics.html", CLASS, {"03_x": [-30.0, 2.0]}))
    images = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(images) == 3 and all(image["src"].startswith("data:image/svg+xml;base64,") for image in images)
    dark = [attrs["srcset"] for tag, attrs in page.tags if tag == "source" and "dark" in attrs["media"]]
    assert len(dark) == 3 and dark[0] != images[0]["src"]
    for url in (images[0]["src"], dark[0]):
        assert b"<svg" in base64.b64decode(url.split(",")[1])[:600]
    assert "highest 19" in images[0]["alt"] and "1 after" in images[2]["alt"]
    assert "Row B" in images[1]["alt"] and "it is a sum" in page.text and "bob, eve" in page.text
    assert not [attrs for tag, attrs in page.tags if tag in ("script", "link") and attrs.get("href") != "data:,"]
    assert ("b", {}) not in page.tags and "<descent>" in page.text  # names stay text


@pytest.mark.parametrize("lonely", [[entry("eli", 0.0, 0.0, 0.0, status="missing")], [entry("bob", 0.0, 0.0, None)]])
def test_a_class_of_nobody_marked_yet_has_a_page(tmp_path, lonely):
    assert "Statistics" in Page(write_statistics(tmp_path / "s.html", lonely)).text
