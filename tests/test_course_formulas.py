"""Formulas: what is known is well-formed MathML with its TeX, what is not known is refused."""

import re
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.course.formulas import mathml

MATH = "{http://www.w3.org/1998/Math/MathML}"
NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def tags(tex, display=False):
    root = ElementTree.fromstring(mathml(tex, display))
    assert root.tag == MATH + "math" and root.find(f".//{MATH}annotation").text == tex.strip()
    return [element.tag.removeprefix(MATH) for element in root.iter()]


@pytest.mark.parametrize(
    "tex, tag",
    [
        ("x_i", "msub"),
        ("x_i^2", "msubsup"),
        (r"\frac{\partial L}{\partial w}", "mfrac"),
        (r"\sqrt{x}", "msqrt"),
        (r"\hat y", "mover"),
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "mtable"),
        (r"\begin{cases} 1 & x > 0 \\ 0 & \text{else} \end{cases}", "mtable"),
        (r"\begin{aligned} a &= b \\[4pt] &= c \end{aligned}", "mtable"),
        (r"\text{a b}", "mtext"),
        (r"\underbrace{x}_{n}", "munder"),
        (r"W \leftarrow W - \eta \nabla L", "mo"),
    ],
)
def test_what_lecture_notes_use(tex, tag):
    assert tag in tags(tex)


def test_a_formula_on_its_own_line_is_a_block():
    assert 'display="block"' in mathml("x", display=True) and 'display="inline"' in mathml("x")


@pytest.mark.parametrize(
    "tex, spaces", [(r"N \log p", 2), (r"\log(p)", 0), (r"-\log p", 1), (r"\log_2 x", 1), ("xy", 0)]
)
def test_names_of_functions_stand_apart(tex, spaces):
    assert tags(tex).count("mspace") == spaces


def test_aligned_equations_meet_at_their_sign():
    assert (
        re.findall(r"text-align: (\w+)", mathml(r"\begin{aligned} a &= b \\ &= c \end{aligned}"))
        == ["right", "left"] * 2
    )


@pytest.mark.parametrize("tex", [r"\nosuchcommand{x}", r"{x", r"x}", r"a & b", r"\begin{pmatrix} 1"])
def test_what_is_not_known_is_refused_rather_than_drawn_wrong(tex):
    with pytest.raises(ValueError, match="cannot draw"):
        mathml(tex)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_formula_of_the_labs_is_drawn(path):
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"```.*?```|`[^`]*`", "", cell.source, flags=re.S)
            for block, inline in re.findall(r"\$\$(.+?)\$\$|(?<![\\$])\$([^$]+)\$", text, flags=re.S):
                mathml(block or inline, display=bool(block))


@given(st.text(alphabet="abxyW01 ^_{}\\&<>'()+=", max_size=12))
def test_any_text_is_well_formed_or_refused(tex):
    try:
        ElementTree.fromstring(mathml(tex))
    except ValueError:
        pass
