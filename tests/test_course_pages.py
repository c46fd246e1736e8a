"""The pages of the series: the index, titles, figures, links, formulas, written without a kernel."""

import base64
import json
import re
from urllib.parse import unquote

import pytest
from made_up_labs import PIXEL, Page, code, image, notebook, pictured, result, run_in, save, text
from nbformat.v4 import new_output

from labkit.course.series import run
from labkit.course.series.index import add_lab, known_result, write_index
from labkit.course.series.page import described_images, duration, key_figures, key_numbers, markdown, title_and_intro
from labkit.files import write


def test_pages_of_labs_that_are_gone_go_too_and_nothing_else_does(tmp_path):
    (tmp_path / "mine.html").write_text("not of labkit")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "a-b-1.png").write_text("not of labkit")
    a, b = (
        add_lab(tmp_path, result(name), notebook(text(f"# Lab {name}"), pictured("", image())), "") for name in "ab"
    )
    write_index(tmp_path, [a, b])
    assert "b.html" in (tmp_path / "a.html").read_text(encoding="utf-8")
    write_index(tmp_path, [b])
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {
        "index.html",
        "b.html",
        "b.ipynb",
        "b.json",
        "b-1.png",
        "mine.html",
        "a-b-1.png",
    }
    assert "a.html" not in Page(tmp_path / "b.html").source + Page(tmp_path / "index.html").source
    assert known_result(tmp_path, "b")["title"] == "Lab b" and known_result(tmp_path, "a") is None


def test_figures_of_an_earlier_run_are_removed(tmp_path):
    add_lab(tmp_path, result("a"), notebook(pictured("", image()), pictured("", image())), "")
    assert len(list((tmp_path / "figures").iterdir())) == 2
    lab = add_lab(tmp_path, result("a"), notebook(pictured("", image())), "")
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["a-1.png"]
    assert len(lab["figures"]) == 1


@pytest.mark.parametrize("content", ["", "{", "[]", '{"name": "../../x"}', '"text"'])
def test_a_damaged_or_foreign_result_is_ignored(tmp_path, content):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "a.json").write_text(content)
    assert known_result(tmp_path, "a") is None
    write_index(tmp_path, [add_lab(tmp_path, result("b"), notebook(), "")])


def test_a_result_cannot_lead_outside_of_the_site(tmp_path):
    (tmp_path / "mine.html").write_text("mine")
    evil = result("../mine", title="x", page="../mine.html", executed=None, figures=[], numbers=[], intro="")
    (tmp_path / "site" / "results").mkdir(parents=True)
    (tmp_path / "site" / "results" / "x.json").write_text(json.dumps(evil))
    write_index(tmp_path / "site", [])
    assert (tmp_path / "mine.html").exists()


def test_a_lab_called_index_leaves_the_index_in_place(tmp_path):
    lab = add_lab(tmp_path, result("index"), notebook(text("# The odd one")), "")
    write_index(tmp_path, [lab])
    assert Page(tmp_path / "index.html").text.count("The odd one") == 1
    assert lab["page"] != "index.html" and (tmp_path / lab["page"]).is_file()


def test_names_and_texts_with_special_characters_arrive_as_they_are(tmp_path):
    name = "07 über & <b>"
    lab = add_lab(
        tmp_path,
        result(
            name, status="failed", failure={"place": "cell 1", "error": "NameError: <x> & y", "index": 1, "anchor": ""}
        ),
        notebook(text("# A & B <3"), pictured("plt.title('\"<q>\"')", image()), text("`<tag>`")),
        "",
    )
    write_index(tmp_path, [lab])
    index, page = Page(tmp_path / "index.html"), Page(tmp_path / f"{name}.html")
    assert "A & B <3" in index.text and "A & B <3" in page.text
    assert "NameError: <x> & y" in index.text and "NameError: <x> & y" in page.text
    assert index.all("img")[0]["alt"] == page.all("img")[0]["alt"] == '"<q>"'
    assert not page.all("q") and not page.all("tag") and not index.all("x")
    assert any(unquote(a["href"]) == f"{name}.html" for a in index.all("a"))


@pytest.mark.parametrize(
    "cells, title, intro",
    [
        ([text("# Title", "", "First *one*.", "Still.", "", "Second.")], "Title", "First <em>one</em>.\nStill."),
        ([text("# Title", "Directly below.")], "Title", "Directly below."),
        ([text("Before."), text("# Late")], "Late", "Before."),
        ([text("## A section"), text("- a list", "", "> a quote", "", "Words.")], "A section", "Words."),
        ([text("```", "# no heading", "```", "", "Text.")], "my lab", "Text."),
        ([text("# `code` and **bold** in [a link](x.html)")], "code and bold in a link", ""),
        ([code("# a comment")], "my lab", ""),
        ([], "my lab", ""),
        ([text("# T", "", "See [lab 3](03.ipynb).")], "T", "See lab 3."),
    ],
)
def test_title_and_introduction(cells, title, intro):
    assert title_and_intro(notebook(*cells), "my_lab") == {"title": title, "intro": intro}


def test_without_tags_the_last_two_images_stand_for_a_lab():
    nb = notebook(*(pictured(f"plt.title('{name}')", image()) for name in "abc"))
    assert [alt for *_, alt in key_figures(nb)] == ["b", "c"]
    nb.cells[0].metadata["tags"] = ["key-figure"]
    assert [alt for *_, alt in key_figures(nb)] == ["a"]
    nb.cells[0].outputs = []
    assert [alt for *_, alt in key_figures(nb)] == ["b", "c"]


@pytest.mark.parametrize(
    "source, images, alts",
    [
        ("ax.set_title('One'); bx.set_title(f'Two of {n}')", 2, ["One", "Two of …"]),
        ("a.set_title('Left'); b.set_title('Right')", 1, ["Left; Right"]),
        ("plots.loss_curve(h, title='Falling')", 1, ["Falling"]),
        ("%matplotlib inline\nplt.title('Magic')", 1, ["Magic"]),
        ("this is not Python", 1, ["Plot: Section"]),
        ("plots.history(h)", 2, ["Plot: Section"] * 2),
        ("plt.title(name)", 1, ["Plot: Section"]),
        ("plt.title('Both')", 2, ["Both", "Both"]),
    ],
)
def test_images_are_described_by_the_titles_in_the_code(source, images, alts):
    nb = notebook(text("## Section"), pictured(source, *(image() for _ in range(images))))
    assert [alt for *_, alt in described_images(nb)[1]] == alts


def test_all_kinds_of_images_are_shown_and_described(tmp_path):
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'
    nb = notebook(
        pictured("plt.title('A')", image("image/svg+xml", svg)), pictured("plt.title('B')", image("image/jpeg"))
    )
    lab = add_lab(tmp_path, result("a"), nb, "")
    images = Page(tmp_path / "a.html").all("img")
    assert [i["alt"] for i in images] == ["A", "B"] == [figure["alt"] for figure in lab["figures"]]
    assert base64.b64decode(images[0]["src"].split(",")[1]).decode() == svg
    assert (tmp_path / "figures" / "a-1.svg").read_text() == svg


def test_an_image_without_titles_in_an_html_output_is_not_called_undescribed(tmp_path):
    table = new_output("execute_result", data={"text/html": '<img src="data:,"><b>bold</b>'})
    add_lab(tmp_path, result("a"), notebook(pictured("data", table)), "")
    page = Page(tmp_path / "a.html")
    assert page.all("img") == [{"src": "data:,", "alt": ""}] and "bold" in page.text


def test_key_numbers_are_the_printed_text_and_end_in_time():
    lines = "".join(f"line {i}\n" for i in range(99))
    nb = notebook(
        pictured(
            "",
            new_output("stream", name="stdout", text="\x1b[1mloss\x1b[0m 1.9\n"),
            new_output("stream", name="stderr", text="noise"),
            tags=["key-numbers"],
        ),
        pictured("", new_output("stream", name="stdout", text=lines), tags=["key-numbers"]),
        pictured("", new_output("stream", name="stdout", text="untagged")),
    )
    first, second = key_numbers(nb)
    assert first == "loss 1.9"
    assert second.startswith("line 0\nline 1") and second.endswith("…") and len(second) < 200


def test_local_images_and_attachments_are_in_the_page(tmp_path):
    (tmp_path / "dot.png").write_bytes(base64.b64decode(PIXEL))
    cell = text("![a dot](dot.png) ![pasted](attachment:p.png)")
    cell["attachments"] = {"p.png": {"image/png": PIXEL}}
    add_lab(tmp_path / "site", result("a"), notebook(cell), tmp_path)
    sources = [image["src"] for image in Page(tmp_path / "site" / "a.html").all("img")]
    assert len(sources) == 2 and all(source.startswith("data:image/png;base64,") for source in sources)


def test_links_between_notebooks_become_links_between_pages():
    elsewhere = ["https://host/x.ipynb", "../other/x.ipynb"]
    links = ["02_x.ipynb", "./02_x.ipynb#Part-1", *elsewhere]
    html = markdown(" ".join(f"[a]({link})" for link in links))
    assert re.findall('href="([^"]+)"', html) == ["02_x.html", "02_x.html#Part-1", *elsewhere]


def test_equal_headings_get_different_anchors_and_long_pages_a_table_of_contents(tmp_path):
    nb = notebook(text("# T"), text("## Part $x^2$ one"), text("## Check"), text("## Check"))
    add_lab(tmp_path, result("a"), nb, "")
    page = Page(tmp_path / "a.html")
    ids = [attributes["id"] for attributes in page.all("h2")]
    assert len(set(ids)) == 3 and ids[1:] == ["Check", "Check-2"]
    links = [unquote(a["href"]) for a in page.all("a") if a["href"].startswith("#")]
    assert [f"#{unquote(name)}" for name in ids] == [link for link in links if link != "#lab"]


def test_a_formula_outside_of_what_is_known_is_left_to_mathjax_and_readable_without(tmp_path):
    add_lab(tmp_path, result("a"), notebook(text(r"$x$ and $\unheardof{y} < 1$")), "")
    page = Page(tmp_path / "a.html")
    assert r"$\unheardof{y} < 1$" in page.text and len(page.all("math")) == 1
    scripts = page.all("script")
    assert scripts and all("async" in a or a.get("type") == "text/x-mathjax-config" for a in scripts)


def test_a_page_that_cannot_be_rendered_is_a_failure_of_its_lab_alone(tmp_path, monkeypatch, capsys):
    for name in ("1_odd", "2_even"):
        save(tmp_path / "notebooks" / f"{name}.ipynb", text("# Lab"))
    save(tmp_path / "notebooks" / "1_odd.ipynb", text("![gone](attachment:gone.png)"))
    monkeypatch.setattr(run, "execute", lambda *arguments: (None, None))
    assert run_in(tmp_path) == 1
    out = capsys.readouterr().out
    assert re.search(r"1_odd +FAILED.*\n.*cannot be rendered.*gone\.png", out)
    assert re.search(r"2_even +ok", out)
    assert "cannot be rendered" in Page(tmp_path / "site" / "index.html").text


def test_running_one_lab_keeps_the_others_in_the_index(tmp_path, monkeypatch):
    for name in ("1_a", "2_b", "3_c"):
        save(tmp_path / "notebooks" / f"{name}.ipynb", text(f"# Lab {name}"))
    monkeypatch.setattr(run, "execute", lambda *arguments: (None, None))
    for wanted in ("1", "2"):
        assert run_in(tmp_path, wanted) == 0
    index = Page(tmp_path / "site" / "index.html")
    assert len(index.all("span", **{"class": "badge ok"})) == 2 and index.text.count("not run yet") == 1
    assert "Lab 3_c" in index.text and not any("3_c" in a["href"] for a in index.all("a"))


@pytest.mark.parametrize(
    "seconds, shown",
    [
        (0.04, "0.0 s"),
        (9.9, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3599.7, "1 h 00 min"),
        (7380, "2 h 03 min"),
    ],
)
def test_durations_as_people_say_them(seconds, shown):
    assert duration(seconds) == shown


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path):
    write(tmp_path / "a.html", "old")
    with pytest.raises(TypeError):
        write(tmp_path / "a.html", 7)
    assert (tmp_path / "a.html").read_text() == "old" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("marker", ["### {}", "<!-- {} -->"])
def test_a_written_answer_is_shown_without_its_markers(marker):
    begin, end, notes, done = (
        marker.format(words) for words in ("BEGIN SOLUTION", "END SOLUTION", "BEGIN MARKING NOTES", "END MARKING NOTES")
    )
    html = markdown(f"Why?\n\n{begin}\nBecause.\n{end}\n{notes}\n1 point.\n{done}")
    assert "<strong>Model answer</strong>" in html and "Because." in html and "BEGIN" not in html and "END" not in html
