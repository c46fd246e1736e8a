"""Formulas: what is known is drawn right, what is not known is refused, and nothing is malformed."""

import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.course.formulas import mathml


def body(tex, display=False):
    """The formula's tree without the annotation; checks that it is well-formed and holds its TeX."""
    root = ElementTree.fromstring(mathml(tex, display))
    formula, note = root.find("semantics")
    assert root.tag == "math" and note.text == tex.strip()
    return formula


def shown(tex):
    return "".join(body(tex).itertext())


def shape(element):
    """`msub(mi mi)` for x_i."""
    inside = " ".join(shape(child) for child in element)
    return f"{element.tag}({inside})" if inside else element.tag


@pytest.mark.parametrize("tex, text", [
    (r"f(x, W) = xW", "f(x,W)=xW"), (r"W \in \mathbb{R}^{D \times C}", "W∈ℝD×C"),
    (r"\mathcal{L} \mathbf{w} \mathbf{1} \mathfrak{R} \mathbb{1}", "ℒ𝐰𝟏ℜ𝟙"), (r"a - b \le 3.5", "a−b≤3.5"),
    (r"\bm{\theta} \boldsymbol{x}", "𝜽𝒙"), (r"\mathit{h}", "ℎ"), (r"1{,}000", "1,000"),
    (r"\mathrm{d}x \mathrm{softmax}", "dxsoftmax"),
    (r"5\,\% \text{ of } x", "5%\u00a0of\u00a0x"), (r"\text{image $i$, 5\%}", "image\u00a0i,\u00a05%"),
    (r"\{0, \dots, 9\}", "{0,…,9}"), (r"\lVert x \rVert_2 \le \|x\|", "‖x‖2≤‖x‖"),
    (r"f'' \ne \not\in", "f′′≠∉"), (r"\left.\frac{df}{dx}\right|_{x=0}", "dfdx|x=0"),
    (r"\operatorname{arg\,max}_j s_j", "arg\u2009maxjsj"),
    (r"x % a comment", "x"), (r"\bigl( x \bigr)", "(x)"), (r"\alpha\varepsilon\phi\varphi\Delta", "αεϕφΔ")])
def test_symbols(tex, text):
    assert shown(tex) == text


@pytest.mark.parametrize("tex, tree", [
    ("x_i", "msub(mi mi)"), ("x^2", "msup(mi mn)"), ("x_i^2", "msubsup(mi mi mn)"),
    ("x^2_i", "msubsup(mi mi mn)"),
    ("x^10", "mrow(msup(mi mn) mn)"), ("x'_i", "msubsup(mi mi mo)"), (r"\frac12", "mfrac(mn mn)"),
    (r"\frac{a+b}{c}", "mfrac(mrow(mi mo mi) mi)"), (r"{a \over b}", "mfrac(mi mi)"),
    (r"\sqrt{x}", "msqrt(mi)"),
    (r"\sqrt[3]{x}", "mroot(mi mn)"), (r"\sum_{i}^N x", "mrow(munderover(mo mi mi) mi)"),
    (r"\sum\nolimits_i", "msub(mo mi)"), (r"\int_0^1", "msubsup(mo mn mn)"),
    (r"\int\limits_0", "munder(mo mn)"),
    (r"\max_j", "munder(mo mi)"), (r"\arg\max_j", "munder(mo mi)"), (r"\log_2", "msub(mi mn)"),
    (r"\operatorname*{arg\,max}_j", "munder(mo mi)"), (r"\hat{y}", "mover(mi mo)"),
    (r"\underbrace{x}_{n}", "munder(munder(mi mo) mi)"), (r"\binom{n}{k}", "mrow(mo mfrac(mi mi) mo)"),
    (r"N \log p", "mrow(mi mspace mi mspace mi)"), (r"\log(p)", "mrow(mi mo mi mo)"),
    (r"\begin{pmatrix} a & b \\ c & d \\ \end{pmatrix}",
     "mrow(mo mtable(mtr(mtd(mi) mtd(mi)) mtr(mtd(mi) mtd(mi))) mo)"),
    (r"\begin{gather*} a \\ b \end{gather*}", "mtable(mtr(mtd(mi)) mtr(mtd(mi)))"),
    (r"\begin{cases} a & b \\[2pt] c \end{cases}", "mrow(mo mtable(mtr(mtd(mi) mtd(mi)) mtr(mtd(mi))))")])
def test_structures(tex, tree):
    assert shape(body(tex)) == tree


def test_aligned_equations_meet_at_their_signs():
    cells = body(r"\begin{aligned} a &= b \\ &\le c \end{aligned}").findall("mtr/mtd")
    assert [cell.get("columnalign") for cell in cells] == ["right", "left"] * 2
    assert ["".join(cell.itertext()) for cell in cells] == ["a", "=b", "", "≤c"]


def test_a_displayed_formula_says_so_and_an_inline_one_does_not():
    assert 'display="block"' in mathml("x", display=True) and "display=" not in mathml("x")


def test_html_inside_a_formula_stays_text():
    assert "<b>" not in mathml(r"a <b> c \text{<i>x</i> & y}")


@pytest.mark.parametrize("tex", [
    r"\unknown{x}", r"\frac{1}{", r"\frac{1}", "x_", "x^", "x_i_j", "{x", "x}", r"\left( x",
    r"\begin{aligned} x",
    r"\begin{tikzpicture} x \end{tikzpicture}", r"\begin{pmatrix} x \end{bmatrix}", r"\color{red} x", "a & b",
    r"\begin{array}{c|c} a & b \end{array}", r"\text{\cite{x}}", r"\mathbb{\Omega}", r"\sqrt[3",
    r"\left x \right)", "\\"])
def test_what_is_not_known_or_not_complete_is_refused(tex):
    with pytest.raises(ValueError):
        mathml(tex)


PIECES = st.sampled_from([
    r"\frac", r"\sum", "_", "^", "{", "}", "x", "12", r"\left(", r"\right)", "&", r"\\", r"\begin{cases}",
    r"\end{cases}", r"\text{a $b$}", r"\mathbb", "R", "'", "[", "]", r"\sqrt", "<", " ", r"\hat", r"\big|"])


@given(st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=12).map("".join)))
def test_whatever_is_written_is_well_formed_or_refused(tex):
    try:
        xml = mathml(tex)
    except ValueError:
        return
    if all(c in "\t\n\r" or unicodedata.category(c) not in ("Cc", "Cs", "Cn") for c in tex):  # not in XML
        ElementTree.fromstring(xml)
