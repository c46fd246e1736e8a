"""Written answers as a marker reads them: Markdown drawn as HTML of a few elements, formulas as MathML.

Nothing of a student's text becomes part of the page but paragraphs, lists, tables, emphasis, code and formulas: HTML in
it is shown as text, addresses and images by their words.
"""

import hashlib
import html
import json
import re
from xml.etree import ElementTree

import mistune

from labkit.course.cells import BEGIN, BEGIN_NOTES, END, END_NOTES
from labkit.course.formulas import mathml
from labkit.files import write

_VERSION = 1  # of how answers are drawn
LONGEST = 20_000  # characters of an answer that are shown; beyond, nobody reads on
_MATH = re.compile(r"(`+)(?:(?!\1).)*?\1|\$\$(.+?)\$\$|(?<![\\$\w])\$(?=[^\s$])([^$\n]{1,600}?)(?<=[^\s\\])\$(?!\d)|"
                   r"(\\begin\{(align|equation|gather)(\*?)\}.+?\\end\{\5\6\})", re.S)  # fmt: skip
_M = "{http://www.w3.org/1998/Math/MathML}"
_ELEMENTS = set(
    "math semantics annotation mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle merror mpadded".split()
)
_ELEMENTS |= set(
    "mphantom menclose msub msup msubsup munder mover munderover mtable mtr mtd mmultiscripts mprescripts".split()
)
_ATTRIBUTES = {"display", "width", "height", "depth", "stretchy", "mathvariant", "encoding", "style", "fence", "form"}
_ATTRIBUTES |= {
    "linethickness",
    "displaystyle",
    "scriptlevel",
    "accent",
    "accentunder",
    "lspace",
    "rspace",
    "movablelimits",
}
_ATTRIBUTES |= {"minsize", "maxsize", "symmetric", "largeop", "separator", "notation", "columnalign", "rowspacing"}


class _Plain(mistune.HTMLRenderer):
    """Links and images as their words."""

    def link(self, text, url, title=None):
        return text

    def image(self, text, url, title=None):
        return f"[{text or 'an image'}]"

    def block_code(self, code, info=None):
        return f"<pre><code>{html.escape(code)}</code></pre>"


def answer_html(text):
    """A written answer as HTML.

    text: Markdown of a student, of any kind.
    Returns HTML that is safe to put into a page. A formula that cannot be drawn is shown as its TeX.
    """
    text = text[:LONGEST] + ("\n\n… (cut)" if len(text) > LONGEST else "")
    held, key = [], "\ue000"  # of the private characters: it cannot be in what mistune writes

    def hold(found):
        if found[1]:
            return found[0]
        display = found[3] is None
        held.append(_formula(found[2] or found[3] or found[4], display))
        return f"{key}{len(held) - 1}{key}"

    plain = _MATH.sub(hold, text.replace(key, ""))
    try:
        drawn = mistune.create_markdown(renderer=_Plain(escape=True), plugins=["table", "strikethrough"])(plain)
    except RecursionError:
        return f"<pre>{html.escape(text)}</pre>"
    return re.sub(f"{key}(\\d+){key}", lambda found: held[int(found[1])], drawn)


def _formula(tex, display):
    try:
        drawn = ElementTree.fromstring(mathml(tex, display))
        _strip(drawn)
        return ElementTree.tostring(drawn, encoding="unicode")
    except (ValueError, RecursionError, ElementTree.ParseError):
        return f"<code>{html.escape(tex)}</code>"


def _strip(drawn):
    """Only known elements and attributes, whatever TeX makes of a student's text; the TeX itself is not repeated."""
    for element in drawn.iter():
        if element.tag.removeprefix(_M) not in _ELEMENTS:
            raise ValueError(f"<{element.tag}> is no element of a formula")
        for name, value in list(element.attrib.items()):
            if name not in _ATTRIBUTES or not re.fullmatch(r"[\w\s:;.%/+-]*", value):
                del element.attrib[name]
        for child in [child for child in element if child.tag == _M + "annotation"]:
            element.remove(child)


def model_and_notes(source):
    """The parts of the solved cell of a written answer, as Markdown: (the model answer with its question, the notes).

    source: the cell with its markers.
    """
    notes = re.findall(rf"^.*{BEGIN_NOTES}.*\n((?:.*\n)*?).*{END_NOTES}", source, re.M)
    answer = re.sub(rf"^.*{BEGIN_NOTES}(?:.*\n)*?.*{END_NOTES}.*$", "", source, flags=re.M)
    answer = re.sub(rf"^.*(?:{BEGIN}|{END}).*\n?", "", answer, flags=re.M)
    return answer.strip(), "\n\n".join(note.strip() for note in notes)


class Answers:
    """Written answers drawn once and kept in a file: formulas take their time."""

    def __init__(self, path):
        self.path, self.used = path, {}
        try:
            self.known = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.known = {}

    def html(self, text):
        """`answer_html` of a text; "" for none."""
        if not text.strip():
            return ""
        key = hashlib.sha256(f"{_VERSION}{text}".encode("utf-8", "replace")).hexdigest()[:24]
        found = self.used[key] = self.known.get(key) or self.used.get(key) or answer_html(text)
        return found

    def model(self, source):
        """The model answer of a solved cell, and below it the marking notes."""
        answer, notes = model_and_notes(source)
        drawn = self.html(answer)
        return f"{drawn}<hr><p><b>Marking notes</b></p>{self.html(notes)}" if notes else drawn

    def keep(self):
        """Write down what was used, if anything is new."""
        if self.used != self.known:
            write(self.path, json.dumps(self.used, ensure_ascii=False))
