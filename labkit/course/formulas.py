r"""TeX formulas to MathML, which browsers draw with no script and no network: latex2mathml, with its gaps named.

latex2mathml prints what it does not know as if it were a letter. Such a formula raises `ValueError` here, and the page
shows its TeX, rather than a formula that looks right and is wrong.
"""

import re
from xml.etree import ElementTree

from latex2mathml.converter import convert

_SPACING = re.compile(r"\\\\\[[^\]]*\]")  # \\[4pt]: the space would be drawn as text
_ALIGNED = re.compile(r"\\(begin|end)\{(aligned|split|gathered|align|gather\*?)\}")  # unknown to it, but alike
_MACROS = re.compile(r"\\(def|let|newcommand|renewcommand|newenvironment)(?![a-zA-Z])")  # a few can write a gigabyte
_MATHML = "{http://www.w3.org/1998/Math/MathML}"
# What a formula is made of; no link, class or style that TeX could bring, and no element of HTML.
_ELEMENTS = set("math semantics annotation mrow mi mo mn ms mtext mspace mfrac msqrt mroot msub msup msubsup".split())
_ELEMENTS |= set("munder mover munderover mmultiscripts mprescripts none mtable mtr mtd mstyle mpadded".split())
_ELEMENTS |= {"mphantom", "menclose"}
_TAGS = {_MATHML + name for name in _ELEMENTS}
_ATTRIBUTES = set(
    "display displaystyle scriptlevel mathvariant mathsize mathcolor mathbackground stretchy fence".split()
)
_ATTRIBUTES |= set("separator form accent movablelimits minsize maxsize lspace rspace linethickness linebreak".split())
_ATTRIBUTES |= set("columnalign columnlines columnspacing rowlines rowspacing width height depth voffset".split())
_ATTRIBUTES |= {"notation", "encoding", "style"}
_VALUE = re.compile(r"[\w .%#+/-]{0,60}")
_STYLE = re.compile(r"text-align: (left|right); padding-(left|right): 0")  # of `_align_columns`


def mathml(tex, display=False):
    r"""A formula as MathML.

    tex: the formula without its dollar signs.
    display: True for one on a line of its own.
    Returns an element `<math>` as text, with the TeX as its annotation.
    Raises ValueError for a formula that latex2mathml does not know whole.
    """
    if _MACROS.search(tex) or len(tex) > 5000:
        raise ValueError(f"cannot draw the formula {tex.strip()[:80]!r}: it is too long, or defines commands")
    plain = _ALIGNED.sub(r"\\\1{align*}", _SPACING.sub(r"\\\\", tex.strip()))
    braces = re.sub(r"\\.", "", plain)
    if braces.count("{") != braces.count("}"):  # it would close them where it likes
        raise ValueError(f"cannot draw the formula {tex.strip()!r}: its braces do not match")
    try:
        formula = ElementTree.fromstring(convert(plain, display="block" if display else "inline"))
    except Exception as error:  # latex2mathml has a dozen of its own, and XML one more
        raise ValueError(f"cannot draw the formula {tex.strip()!r}: {type(error).__name__}") from None
    leaves = [leaf.text or "" for leaf in formula.iter() if leaf.tag != _MATHML + "mtext"]
    if any("\\" in text or "&" in text for text in leaves) or not _is_only_a_formula(formula):
        raise ValueError(f"cannot draw all of the formula {tex.strip()!r}")
    _space_functions(formula)
    _align_columns(formula)
    semantics = ElementTree.Element(_MATHML + "semantics")
    semantics.extend(list(formula))
    ElementTree.SubElement(semantics, _MATHML + "annotation", encoding="application/x-tex").text = tex.strip()
    formula[:] = [semantics]
    ElementTree.register_namespace("", _MATHML[1:-1])
    return ElementTree.tostring(formula, encoding="unicode")


def checked_mathml(text):
    """A formula in MathML, written anew, if it is one and nothing but one; else ""."""
    try:
        formula = ElementTree.fromstring(text if len(text) <= 100_000 else "")
    except ElementTree.ParseError:
        return ""
    if formula.tag != _MATHML + "math" or not _is_only_a_formula(formula):
        return ""
    ElementTree.register_namespace("", _MATHML[1:-1])
    return ElementTree.tostring(formula, encoding="unicode")


def _is_only_a_formula(formula):
    return all(
        element.tag in _TAGS and all(_is_harmless(name, value) for name, value in element.items())
        for element in formula.iter()
    )


def _is_harmless(name, value):
    return name in _ATTRIBUTES and bool((_STYLE if name == "style" else _VALUE).fullmatch(value))


def _space_functions(formula):
    """A thin space around names of functions: N log p, not Nlogp."""
    for row in [element for element in formula.iter() if element.tag in (_MATHML + "mrow", _MATHML + "mtd")]:
        for here, after in zip(list(row), list(row)[1:]):
            if (
                _is_function(here)
                and (after.tag != _MATHML + "mo" or after.text in "∑∏−")
                or (_is_function(after) and here.tag != _MATHML + "mo")
            ):
                space = ElementTree.Element(_MATHML + "mspace", width="0.167em")
                row.insert(list(row).index(after), space)


def _is_function(element):
    """log, or log with a base."""
    if element.tag in (_MATHML + "msub", _MATHML + "msup") and len(element):
        element = element[0]
    return element.tag == _MATHML + "mi" and len(element.text or "") > 1 and element.text.isascii()


def _align_columns(formula):
    """The columns of aligned equations, as a style: browsers do not know the attribute."""
    for cell in formula.iter(_MATHML + "mtd"):
        if (side := cell.get("columnalign")) in ("left", "right"):
            cell.set("style", f"text-align: {side}; padding-{'left' if side == 'left' else 'right'}: 0")
