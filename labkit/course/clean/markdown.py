"""Markdown of students as clean HTML, with its formulas as MathML."""

import functools
import html
import re

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from labkit.course.clean import pictures
from labkit.course.clean.html import NO_MATHJAX, clean_html, one_line
from labkit.course.formulas import mathml

LONGEST = 20_000  # characters: the parser of Markdown takes the square of the length of prepared texts
_MOST_SIGNS = 1_000
_RAW = re.compile(r"<[A-Za-z/!?]|&#?\w+;")
# Commands by which a formula reaches the page that it stands in, where MathJax draws it.
_REACHING = re.compile(
    r"\\(href|url|class|style|cssId|require|unicode|data|mmlToken|bbox|html\w*|texttip|toggle|action|input"
    r"|def|let|newcommand|renewcommand|newenvironment|includegraphics)(?![a-zA-Z])"
)


def as_html(source, attachments=None, hidden=None):
    """Markdown of a cell as clean HTML.

    source: of the cell.
    attachments: {name: {media type: base64}} of the cell.
    hidden: a list that gets what was taken out.
    Returns HTML; what is no formula for `mathml` is shown as its TeX.
    """
    return _render(source, attachments, [] if hidden is None else hidden)[0]


def kept(source, attachments=None, hidden=None):
    """The source of a Markdown cell that any reader may render: as it is where it is tame, else one line of clean HTML.

    The arguments are those of `as_html`.
    """
    hidden, found = [] if hidden is None else hidden, []
    page, strange = _render(source, attachments, found)
    hidden += found
    if not (found or strange or _RAW.search(source) or _REACHING.search(source)):
        return source
    return boxed(page)


def boxed(page):
    """Clean HTML as the source of a Markdown cell, whose formulas MathJax leaves alone."""
    return f'<div class="{NO_MATHJAX}">{one_line(page)}</div>'


def _render(source, attachments, hidden):
    """(clean HTML, whether a formula in it could not be drawn)"""
    if attachments:
        return _rendered(source, attachments, hidden)
    page, strange, found = _rendered_text(source)
    hidden += found
    return page, strange


@functools.lru_cache(2000)
def _rendered_text(source):
    """The same for a cell without attachments, and what was taken out: a class hands in many cells over and over."""
    found = []
    return *_rendered(source, {}, found), found


def _rendered(source, attachments, hidden):
    if len(source) > LONGEST or max(map(source.count, ("$", "\\", "<", "[", "`", "*", "_"))) > _MOST_SIGNS:
        hidden.append("its layout: it is too long")
        return f"<pre>{html.escape(source)}</pre>", True
    renderer = _Renderer(attachments)
    try:
        page = MarkdownWithMath(renderer=renderer).render(source)
    except Exception:  # whatever a prepared text does to a parser
        hidden.append("its layout: it could not be read")
        return f"<pre>{html.escape(source)}</pre>", True
    return clean_html(page, hidden), renderer.strange


class _Renderer(IPythonRenderer):
    def __init__(self, pictures_by_name):
        super().__init__(escape=False, exclude_anchor_links=True)
        self.pictures_by_name, self.strange = pictures_by_name, False

    def _formula(self, tex, display):
        try:
            return mathml(tex, display)
        except ValueError:
            self.strange = True
            block = "div" if display else "span"
            return f"<{block}><code>{html.escape(tex.strip())}</code></{block}>"

    def inline_math(self, body):
        return self._formula(body, display=False)

    def block_math(self, body):
        return self._formula(body, display=True)

    def latex_environment(self, name, body):
        return self._formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", display=True)

    def image(self, text, url, title=None):
        name = url.removeprefix("attachment:")
        if name != url:
            found = self.pictures_by_name.get(name)
            held = found.items() if isinstance(found, dict) else ()
            url = next(filter(None, (pictures.address(kind, data) for kind, data in held)), "")
        return f'<img src="{html.escape(url)}" alt="{html.escape(text)}">'

    def block_mermaidjs(self, code):
        return f"<pre>{html.escape(code)}</pre>"
