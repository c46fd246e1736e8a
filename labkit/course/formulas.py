r"""TeX formulas to MathML, which browsers draw with no script and no network: latex2mathml, with its gaps named.

latex2mathml prints what it does not know as if it were a letter. Such a formula raises `ValueError` here, and the page
shows its TeX, rather than a formula that looks right and is wrong.
"""

import re
from xml.etree import ElementTree

from latex2mathml.converter import convert

_SPACING = re.compile(r"\\\\\[[^\]]*\]")  # \\[4pt]: the space would be drawn as text
_ALIGNED = re.compile(r"\\(begin|end)\{(aligned|split|gathered|align|gather\*?)\}")  # unknown to it, but alike
_MATHML = "{http://www.w3.org/1998/Math/MathML}"


def mathml(tex, display=False):
    r"""A formula as MathML.

    tex: the formula without its dollar signs.
    display: True for one on a line of its own.
    Returns an element `<math>` as text, with the TeX as its annotation.
    Raises ValueError for a formula that latex2mathml does not know whole.
    """
    plain = _ALIGNED.sub(r"\\\1{align*}", _SPACING.sub(r"\\\\", tex.strip()))
    braces = re.sub(r"\\.", "", plain)
    if braces.count("{") != braces.count("}"):  # it would close them where it likes
        raise ValueError(f"cannot draw the formula {tex.strip()!r}: its braces do not match")
    try:
        formula = ElementTree.fromstring(convert(plain, display="block" if display else "inline"))
    except Exception as error:  # latex2mathml has a dozen of its own, and XML one more
        raise ValueError(f"cannot draw the formula {tex.strip()!r}: {type(error).__name__}") from None
    leaves = [leaf.text or "" for leaf in formula.iter() if leaf.tag != _MATHML + "mtext"]
    if any("\\" in text or "&" in text for text in leaves):
        raise ValueError(f"cannot draw all of the formula {tex.strip()!r}")
    _space_functions(formula)
    _align_columns(formula)
    semantics = ElementTree.Element(_MATHML + "semantics")
    semantics.extend(list(formula))
    ElementTree.SubElement(semantics, _MATHML + "annotation", encoding="application/x-tex").text = tex.strip()
    formula[:] = [semantics]
    ElementTree.register_namespace("", _MATHML[1:-1])
    return ElementTree.tostring(formula, encoding="unicode")


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
