"""HTML of students, cut down to text, tables, pictures and links.

It is read by Python's own parser and written anew: tags and attributes of the lists below with checked values, escaped
text, and never a byte that was only passed on. No listed element changes how a browser reads what follows (none of SVG
or MathML, of scripts, styles, comments or plain text), so it sees these tags and no other ones, however the student's
text was read. bleach, which nbconvert brings, agrees in the tests; here 100 kB of `<div>` would keep it for minutes.
"""

import html
import re
import secrets
from html.parser import HTMLParser

from labkit.course.clean import pictures
from labkit.course.clean.style import clean_style
from labkit.course.formulas import checked_mathml

MOST_CHARACTERS, MOST_TAGS, DEEPEST = 200_000, 10_000, 60  # without pictures; beyond, a page is shown as its text
_LONG_TAG = re.compile(r"<[^>]{3000}")  # Python's parser takes the square of its length
# What MathJax leaves alone, in both of its ways to say so: no formula of a student is given to it.
NO_MATHJAX = "tex2jax_ignore mathjax_ignore"
_HELD = f"https://{secrets.token_hex(8)}.invalid/"  # for pictures that are put aside; nobody can know it

_EMPTY = {"br", "hr", "img", "col", "wbr"}
_INLINE = set("a abbr b br cite code del dfn em i img ins kbd mark progress q s samp small span strong sub sup".split())
_INLINE |= {"time", "tt", "u", "var", "wbr"}
_BLOCKS = set("blockquote caption center col colgroup dd details div dl dt figcaption figure hr h1 h2 h3 h4".split())
_BLOCKS |= set("h5 h6 li ol p pre section summary table tbody td tfoot th thead tr ul".split())
TAGS = frozenset(_INLINE | _BLOCKS)
# Elements whose content is no text for a reader: it goes with them.
_UNREAD = (
    "script|style|svg|math|noscript|noembed|noframes|iframe|object|embed|applet|template|title|textarea|select|xmp"
)
_OPENS = re.compile(rf"<({_UNREAD}|plaintext)(?![a-z0-9-])", re.I)
_COMMENT = re.compile(r"<!--|<[!?]")
_NUMBER, _SIZE, _WORD = re.compile(r"\d{1,4}"), re.compile(r"\d{1,4}(\.\d+)?(%|px|em)?"), re.compile(r"[a-zA-Z-]{1,30}")
_VALUES = {
    **dict.fromkeys(("colspan", "rowspan", "start", "border", "cellpadding", "cellspacing"), _NUMBER),
    **dict.fromkeys(("width", "height", "value", "max"), _SIZE),
    **dict.fromkeys(("align", "valign", "scope", "lang"), _WORD),
    **dict.fromkeys(("alt", "title", "aria-label", "datetime"), re.compile(r"[^\x00-\x08\x0b-\x1f\x7f]{0,500}", re.S)),
    "role": re.compile("img|list|listitem|table|row|cell|note|presentation|none"),
    "open": re.compile(".{0,9}"),
}
_CLASSES = {("div", "highlight"), ("table", "dataframe"), *(("div", name) for name in NO_MATHJAX.split())}
_COLOURED = re.compile(r"[a-z]{1,2}\d?")  # the classes by which pygments colours code
_LINK = re.compile(r"(?:https?://[^/\s\\]|mailto:[^/\s\\?]+@|#)[^\s\\<>\"`]*", re.I)


def clean_html(text, hidden=None):
    """HTML without anything that runs, loads, or leaves its place.

    text: of a student, of any kind.
    hidden: a list that gets the names of the elements and attributes that were taken out.
    Returns HTML whose elements are closed; text that is too long is returned as escaped text.
    """
    text, hidden = str(text), [] if hidden is None else hidden
    held = []
    text = _hold_pictures(text, held)
    text = text if _is_long(text) else _without_unread(text, held, hidden)
    if _is_long(text) or _LONG_TAG.search(text):
        hidden.append("its layout: it is too long")
        return f"<pre>{html.escape(text[:MOST_CHARACTERS])}</pre>"
    try:
        writer = _Writer(held, hidden)
        writer.feed(text)
        writer.close()
        return writer.result()
    except Exception:  # whatever a prepared text does to a parser
        hidden.append("its layout: it could not be read")
        return f"<pre>{html.escape(text[:MOST_CHARACTERS])}</pre>"


def _is_long(text):
    return len(text) > MOST_CHARACTERS or text.count("<") > MOST_TAGS


def _hold_pictures(text, held):
    """Long addresses are put aside while the text is read, letter by letter."""

    def hold(found):
        held.append(found[0])
        return f"{_HELD}{len(held) - 1}"

    return re.sub(r"data:image/[a-z+]{1,9};base64,[A-Za-z0-9+/=]*", hold, text)


def _without_unread(text, held, hidden):
    """Without comments, and without scripts, styles and the like and all that is in them; in one pass over the text.

    Formulas in MathML are put aside, those that hold nothing else.
    """
    kept, place = [], 0
    for start in _Starts(text):
        kept.append(text[place : start.begin])
        place = start.end
        formula = checked_mathml(text[start.begin : place]) if start.name == "math" else ""
        if formula:
            held.append(formula)
            kept.append(f"{_HELD}{len(held) - 1};")
        else:
            hidden.append(start.name)
    return "".join([*kept, text[place:]])


class _Starts:
    """Where unread elements and comments begin and end, from the first to the last."""

    def __init__(self, text):
        self.text, self.lower, self.missing = text, text.lower(), set()

    def __iter__(self):
        place = 0
        either = re.compile(f"{_OPENS.pattern}|{_COMMENT.pattern}", re.I)
        while found := either.search(self.text, place):
            self.begin, self.name = found.start(), (found[1] or "comment").lower()
            self.end = place = max(self._end(found), found.end())
            yield self

    def _end(self, found):
        mark = "-->" if found[0] == "<!--" else ">" if not found[1] else f"</{self.name}"
        last = -1 if mark in self.missing else self.lower.find(mark, found.end())
        if last < 0:
            self.missing.add(mark)
            shut = self.text.find(">", found.end())  # never closed: only the tag goes, its text is shown
            return shut + 1 if shut >= 0 else len(self.text)
        return (self.text.find(">", last) + 1 or len(self.text)) if found[1] else last + len(mark)


# What is left out without a word: it is no attempt at anything.
_QUIET = {
    "html",
    "head",
    "body",
    "input",
    "label",
    "font",
    "nobr",
    "article",
    "main",
    "header",
    "footer",
    "class",
    "id",
}
_QUIET |= {"target", "rel", "disabled", "type", "checked", "for", "name", "tabindex", "scoped"}


def _value(tag, name, value):
    """The value of an attribute as it is kept, None if it is not."""
    if tag == "a" and name == "href":
        return value.strip() if _LINK.fullmatch(value.strip()) else None
    if tag == "img" and name == "src":
        return value if value.startswith(_HELD) or _LINK.fullmatch(value) else None
    if name == "class":
        names = [word for word in value.split() if _is_kept_class(tag, word)]
        return " ".join(names) or None
    if name == "style":
        return clean_style(value) or None
    pattern = _VALUES.get(name)
    return value if pattern and pattern.fullmatch(value) else None


def _lost(name, value):
    """What is noted of an attribute that was taken out: of an address, how it would have been opened."""
    scheme = re.match(r"[a-z]{1,20}:", re.sub(r"[\x00-\x20]", "", value.lower()))
    return f"{name} {scheme[0]}" if scheme and name in ("href", "src") else name[:30]


def _is_kept_class(tag, word):
    return (tag == "span" and _COLOURED.fullmatch(word)) or (tag, word) in _CLASSES


class _Writer(HTMLParser):
    """Writes tags and attributes of the lists, each element closed, all text escaped; notes what it leaves out."""

    def __init__(self, held, hidden):
        super().__init__(convert_charrefs=True)
        self.held, self.hidden, self.parts, self.opened = held, hidden, [], []

    def handle_starttag(self, tag, attributes):
        if tag not in TAGS:
            self.hidden += [] if tag in _QUIET else [f"<{tag[:30]}>"]
            return
        first = dict(reversed(attributes))  # of two attributes of one name, browsers take the first
        values = {name: _value(tag, name, first[name] or "") for name, _ in attributes}
        lost = [name for name, value in values.items() if value is None and name not in _QUIET]
        self.hidden += [_lost(name, first[name] or "") for name in lost]
        values = {name: value for name, value in values.items() if value is not None}
        if tag == "img":
            self._picture(values)
            return
        if tag == "a" and "href" in values and not values["href"].startswith("#"):
            values |= {"rel": "noopener noreferrer nofollow", "target": "_blank"}
        if tag in _EMPTY:
            self.parts.append(_tag(tag, values))
        elif len(self.opened) < DEEPEST:
            self.parts.append(_tag(tag, values))
            self.opened.append(tag)

    def _picture(self, values):
        """A picture that lies in the page; another one is a link, since it would be loaded from elsewhere."""
        source = values.pop("src", "")
        held = source.startswith(_HELD)
        here = pictures.checked(self.held[int(source[len(_HELD) :])]) if held else ""
        alt = values.get("alt", "")
        if here:
            self.parts.append(_tag("img", {"src": here, "alt": alt} | values))
        elif source and not held and not source.startswith("#"):
            values = {"href": source, "rel": "noopener noreferrer nofollow", "target": "_blank"}
            self.parts.append(f"{_tag('a', values)}{html.escape(alt or source, quote=False)}</a>")
        else:
            self.parts.append(html.escape(alt, quote=False))

    def handle_endtag(self, tag):
        if tag in self.opened:
            while (last := self.opened.pop()) != tag:
                self.parts.append(f"</{last}>")
            self.parts.append(f"</{tag}>")

    def handle_data(self, data):
        for text, number in re.findall(rf"(.*?)(?:{re.escape(_HELD)}(\d+);|$)", data, re.S):
            self.parts += [html.escape(text, quote=False), self.held[int(number)] if number else ""]

    def result(self):
        return "".join(self.parts) + "".join(f"</{tag}>" for tag in reversed(self.opened))


def _tag(name, values):
    return "".join([f"<{name}", *(f' {key}="{html.escape(value)}"' for key, value in values.items()), ">"])


def one_line(text):
    """Clean HTML as one line of Markdown that every reader of Markdown passes on as it is.

    A block of HTML in Markdown ends at an empty line, and inside, some read on for emphasis, links and formulas: here
    it has no line ends, and no sign that means anything to them.
    text: what `clean_html` returned.
    """
    parts = re.split(r"(<[^>]*>)", text)
    return "".join(part.replace("\n", "&#10;") if part.startswith("<") else _spelled(part) for part in parts)


def _spelled(text):
    meaning = r"&#?\w+;|[\\`*_{}\[\]()#+!|~$\n:.@-]"
    return re.sub(meaning, lambda found: found[0] if len(found[0]) > 1 else f"&#{ord(found[0])};", text)
