"""Notebooks of students made fit to be opened: nothing that could run is left, and what is honest stays."""

import html
import time

import attacks
import nbformat
import pytest
from bleach._vendor import html5lib  # reads as a browser does: another reader than the one that is tested
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_labs import PIXEL
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import markdown2html_mistune

from labkit.check.verdict import Row, Verdict, as_html
from labkit.course.clean import markdown, pictures, style, text
from labkit.course.clean.html import TAGS, clean_html, one_line
from labkit.course.clean.notebook import clean_notebook, told
from labkit.course.formulas import mathml

MATHML, XHTML = "{http://www.w3.org/1998/Math/MathML}", "{http://www.w3.org/1999/xhtml}"
ATTRIBUTES = set("class style src alt href rel target title colspan rowspan width height open start border".split())
ATTRIBUTES |= set("value max align valign scope lang role aria-label cellpadding cellspacing datetime".split())


def dangers(page):
    """What an independent reader finds in a page that should not be in one of a student."""
    for element in html5lib.parseFragment(page, container="div", namespaceHTMLElements=True).iter():
        name = str(element.tag)
        if name == "DOCUMENT_FRAGMENT":
            continue
        if name.startswith(MATHML):
            allowed = name[len(MATHML) :] in ("math", "semantics", "annotation", "mrow", "mi", "mo", "mn", "mtext")
            allowed = allowed or name[len(MATHML) :] in ("msub", "msup", "mspace", "mfrac", "mtable", "mtr", "mtd")
            strange = set(element.keys()) & {"href", "class", "id"} | {a for a in element.keys() if a.startswith("on")}
        else:
            allowed, strange = name.removeprefix(XHTML) in TAGS, set(element.keys()) - ATTRIBUTES
        if not allowed or strange:
            yield f"<{name} {dict(element.items())}>"
        if not element.get("href", "#").lower().startswith(("#", "http://", "https://", "mailto:")):
            yield element.get("href")
        if not element.get("src", "data:image/").startswith("data:image/"):
            yield element.get("src")
        if any(
            word in element.get("style", "").lower() for word in ("url", "fixed", "absolute", "expression", "-9", "@")
        ):
            yield element.get("style")


@pytest.mark.parametrize("name", attacks.everywhere())
def test_no_attack_is_left_in_clean_html(name):
    attack = attacks.everywhere()[name]
    for page in (clean_html(attack), markdown.as_html(attack), clean_html(f"<p>a{attack}b</p>")):
        assert list(dangers(page)) == []
        assert clean_html(page) == page, "cleaning again changes it"


def test_the_reader_of_these_tests_sees_the_attacks():
    """A test that cannot fail proves nothing: raw, nearly all of them are dangers for it."""
    harmless = [n for n, a in attacks.everywhere().items() if n in attacks.HTML and not list(dangers(a))]
    assert set(harmless) <= _SAFE_AS_THEY_ARE


# As a fragment, by the words that are looked for; the browser has its own say in `test_clean_browser.py`.
_SAFE_AS_THEY_ARE = {"quotes in a name", "attribute without end", "caption", "table", "cdata", "body", "doctype"}
_SAFE_AS_THEY_ARE |= {"style in escapes", "frameset"}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(sorted(attacks.everywhere().values())), min_size=2, max_size=4), st.data())
def test_pieces_of_attacks_together_leave_nothing(texts, data):
    pieces = [piece[data.draw(st.integers(0, len(piece))) :] for piece in texts]
    page = clean_html("".join(pieces))
    assert list(dangers(page)) == []
    assert list(dangers(markdown.as_html("\n".join(pieces)))) == []


@pytest.mark.parametrize("page", [False, True])
def test_a_notebook_of_attacks_is_rendered_without_them(page):
    nb, _ = clean_notebook(attacks.notebook(), page=page)
    nbformat.validate(nb)
    text, _ = HTMLExporter(template_name="classic").from_notebook_node(nb)
    raw, _ = HTMLExporter(template_name="classic").from_notebook_node(nbformat.v4.new_notebook())
    assert list(active(text)) == list(active(raw)), "what the template itself brings, and nothing else"


def active(page):
    """What runs or loads something in a whole page."""
    for element in html5lib.parse(page, namespaceHTMLElements=False).iter():
        handlers = [name for name in element.keys() if name.startswith("on") or name in ("srcdoc", "formaction")]
        named = element.tag in ("script", "iframe", "object", "embed", "base", "form", "svg", "meta", "link", "style")
        loads = element.get("src", "data:") if element.tag == "img" else element.get("href", "#")
        if handlers or named or not loads.startswith(("data:image/", "data:", "#", "https://", "http://", "mailto:")):
            yield element.tag, sorted(handlers), loads


def test_the_stored_copy_is_clean_for_another_reader_of_markdown():
    """What is kept as Markdown is rendered by others: here by nbconvert without any cleaning."""
    for name, attack in attacks.everywhere().items():
        page = markdown2html_mistune(markdown.kept(attack))
        assert [danger for danger in dangers(page) if "anchor-link" not in danger] == [], name
        assert "\\href" not in html.unescape(page).split("mathjax_ignore")[0], "MathJax would see it"


# --- honest content ------------------------------------------------------------------------------------------------


def test_a_verdict_keeps_its_colours():
    judged = Verdict("softmax", 5.0, 10, [Row("✔", "a < b", None, 5, 5), Row("✘", "c", "N & M", 0, 5)])
    page, hidden = as_html(judged), []
    kept = clean_html(page, hidden)
    assert hidden == []
    assert html.unescape(kept).count("style=") == html.unescape(page).count("style=")
    assert styles(kept) == styles(page)


def styles(page):
    found = html5lib.parseFragment(page, namespaceHTMLElements=False).iter()
    return [{part.strip().rstrip(";") for part in e.get("style").split("; ")} - {""} for e in found if e.get("style")]


@pytest.mark.parametrize(
    "source",
    [
        "The loss falls, then **stays**: $L = -\\frac{1}{N}\\sum_i \\log p_{i, y_i}$.",
        "$$\n\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}\n$$",
        "- one\n- two\n\n1. three\n\n> quoted\n\n`code` and\n\n```python\nx = 1\n```",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "[a link](https://example.org/a?b=c) and ![a picture](attachment:p.png)",
        "a < b, a > b, a & b, 3 * 4 * 5, snake_case_name, 50 %, \\$5, 20 °C, Größe",
    ],
)
def test_honest_text_is_stored_as_it_is(source):
    cell = nbformat.v4.new_markdown_cell(source, attachments={"p.png": {"image/png": PIXEL}})
    nb, hidden = clean_notebook(nbformat.v4.new_notebook(cells=[cell]))
    assert nb.cells[0].source == source and hidden == {}
    assert nb.cells[0].attachments["p.png"]["image/png"] == PIXEL


def test_formulas_of_a_page_are_mathml_and_unknown_ones_are_their_tex():
    page = markdown.as_html(r"$\frac{a}{b}$ and $a < \unheard{b}$ and $$x^2$$")
    assert page.count("<math") == 2 and "<mfrac>" in page
    assert r"<code>a &lt; \unheard{b}</code>" in page
    assert "mathjax" not in page.lower()


def test_the_course_s_own_text_stays():
    source = '<div align="right" style="position: fixed">author</div>'
    cells = [nbformat.v4.new_markdown_cell(source), nbformat.v4.new_markdown_cell(source + " ")]
    nb, hidden = clean_notebook(nbformat.v4.new_notebook(cells=cells), handed_out=[source])
    assert nb.cells[0].source == source and "fixed" not in nb.cells[1].source


def test_tables_pictures_links_and_progress_stay():
    hidden, page = (
        [],
        (
            f'<table border="1" class="dataframe"><thead><tr><th colspan="2">a</th></tr></thead></table>'
            f'<img src="data:image/png;base64,{PIXEL}" alt="a plot" width="640">'
            '<progress value="3" max="10"></progress>'
            '<a href="https://numpy.org">NumPy</a><p style="color: rgb(1, 2, 3); border-left: 3px solid #2e7d32">x</p>'
        ),
    )
    kept = clean_html(page, hidden)
    assert hidden == []
    for part in page.replace("<a ", "\n<a ").split("\n"):
        assert part.replace('<a href="https://numpy.org">', "") in kept.replace(_LINK, "")
    assert 'rel="noopener noreferrer nofollow"' in kept


_LINK = '<a href="https://numpy.org" rel="noopener noreferrer nofollow" target="_blank">'


def test_a_picture_from_elsewhere_is_a_link_and_one_that_is_none_is_gone():
    assert clean_html('<img src="https://a.org/x.png" alt="x">').startswith('<a href="https://a.org/x.png"')
    assert clean_html('<img src="data:image/png;base64,aGVsbG8=" alt="x">') == "x"
    assert pictures.base64_of("image/jpeg", PIXEL) == "", "a PNG that calls itself JPEG"
    assert pictures.base64_of("image/png", PIXEL[:40] + "\n" + PIXEL[40:]) == PIXEL


def test_a_widget_leaves_its_text():
    nb = attacks.notebook(every={})
    nb.cells[2].outputs[0].data["text/plain"] = " 50%|#####     | 5/10"
    data = clean_notebook(nb)[0].cells[2].outputs[0].data
    assert data == {"text/plain": " 50%|#####     | 5/10"}


def test_printed_lines_keep_colours_and_lose_commands():
    assert text.printed("a\x1b[1;31mred\x1b[0m\tb\r\n") == "a\x1b[1;31mred\x1b[0m\tb\n"
    assert text.printed("\x1b]8;;javascript:x\x07press\x1b]8;;\x07") == "press"
    assert text.printed("\x1b]0;title\x1b\\x\x1b[2J\x1b[1;1Hy\x9b5mz\x1bcq\x1bP1;1|1\x1b\\r") == "xyzqr"
    assert text.printed("\x1b[31m" + "\u202e" + "abc\x00") == "\x1b[31m\\u202eabc\\x00"


def test_code_that_reads_in_another_order_than_it_runs_is_shown_so():
    source = "if level != 'user\u202e \u2066# admin\u2069 \u2066':"
    assert "\\u202e" in text.source(source) and "\u202e" not in text.source(source)
    assert text.source("naïve = 'Größe' # 日本\n\tx") == "naïve = 'Größe' # 日本\n\tx"


def test_it_is_told_what_would_have_run_and_not_what_is_layout():
    cells = [nbformat.v4.new_markdown_cell(s) for s in ("fine", "<script>x</script>", "<p style='top:1px'>x</p>")]
    cells.append(nbformat.v4.new_markdown_cell("[x](02_next.ipynb)"))
    _, hidden = clean_notebook(nbformat.v4.new_notebook(cells=cells))
    assert told(hidden) == "what would run in a browser was taken out of cell 2 (script)"
    assert told({}) == ""


def test_a_clean_notebook_stays_as_it_is():
    nb, _ = clean_notebook(attacks.notebook())
    again, hidden = clean_notebook(nb)
    assert told(hidden) == ""
    for before, after in zip(nb.cells, again.cells):
        assert words(before.source) == words(after.source)


def words(source):
    return "".join(html5lib.parseFragment(source).itertext()).split()


# --- names and fields ----------------------------------------------------------------------------------------------


def test_names_of_students_are_names_only():
    assert text.student_id("Ada Lovelace (4711), O'Brien-Größe 李") == "Ada Lovelace (4711), O'Brien-Größe 李"
    assert text.student_id('<img src=x onerror="x">') == "_img src=x onerror=_x_"
    assert text.student_id("a\x1b[2Jb\u202ec\nd") == "a_[2Jb_c_d"
    assert text.student_id("../../etc") == "_.._etc" or "/" not in text.student_id("../../etc")
    assert text.student_id("..") not in ("..", ".", "")
    assert text.student_id("Gro\u0308ße") == "Größe"
    names = {}
    for name in ("a<b", "a>b", "a_b", "a" * 200, "a" * 201):
        names[text.student_id(name, names)] = True
    assert len(names) == 5 and all(len(name) <= 120 for name in names)


def test_a_line_shows_every_sign():
    assert text.shown("a\nb\x1b[2J\u202ec\x85\ud800") == "a\\nb\\x1b[2J\\u202ec\\x85\\ud800".replace("\\n", "\\x0a")
    assert text.shown("Größe 李 👩\u200d🎓") == "Größe 李 👩\u200d🎓"


# --- limits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "piece", ["<b>", "<div>", "<a ", "<table><b>", "<", "&", "<a x=1 ", "<!--", "<script>", "<math>", "</p>", "<p <p "]
)
def test_long_texts_take_no_longer_than_short_ones_deserve(piece):
    start = time.process_time()
    for sort in (clean_html, markdown.as_html):
        for count in (3_000, 60_000):
            assert list(dangers(sort(piece * count)[:500])) == []
    assert time.process_time() - start < 20, "parsers that take the square of it need minutes"


@pytest.mark.parametrize(
    "piece", ["$", "$$x", "\\begin{a}", "[", "![", "*a", "_", "`", "<", "|a", "> ", "- ", "(", "\\\\["]
)
def test_prepared_markdown_takes_no_time(piece):
    start = time.process_time()
    for count in (400, 5_000):
        markdown.as_html(piece * count)
        markdown.as_html((piece + "\n") * count)
    assert time.process_time() - start < 20


def test_a_formula_that_grows_or_links_is_not_drawn():
    for tex in (r"\newcommand{\a}{\b\b}\a", r"\def\x{y}\x", r"\href{javascript:x}{y}", r"\class{score}{x}", "x" * 6000):
        with pytest.raises(ValueError):
            mathml(tex)
    for tex in (r"\text{<img src=x onerror=y>}", r"\text{<b>x</b>}", r"\style{position:fixed}{x}"):
        with pytest.raises(ValueError):
            mathml(tex)


def test_styles_keep_what_stays_in_its_place():
    kept = "color: var(--jp-content-font-color1, inherit); padding: 0.1em 0 0.1em 0.8em; border-radius: 0.25em"
    assert style.clean_style(kept) == kept
    for gone in (
        "background: url(x)",
        "position: fixed",
        "margin: -1px",
        "width: calc(1px)",
        "--x: 1",
        "width: 99999px",
    ):
        assert style.clean_style(gone) == ""
    assert style.clean_style("color: red; } body { display: none") == "color: red"


def test_one_line_is_one_and_shows_the_same():
    page = clean_html('<pre>a\'s "b" &lt; &amp;lt; &eacute;\n*b* _c_ $d$ [e](f)\n\n# g</pre>')
    line = one_line(page)
    assert "\n" not in line and not set("*_$[") & set(line)
    assert words(line) == words(page) == words(markdown2html_mistune(markdown.boxed(page)))
