"""The page of a lab: what its notebook says, its figures and numbers, and all of it as HTML."""

import ast
import copy
import re
from datetime import datetime
from html import escape, unescape
from pathlib import Path
from urllib.parse import quote

import jinja2
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from labkit.course.formulas import mathml

TEMPLATES = (Path(__file__).parent / "templates", Path(__file__).parents[1] / "templates")
IMAGES = {"image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg"}
_LONGEST_NUMBERS = 20  # lines of a lab's key numbers that the index shows


def page_name(stem):
    """The page's file name; a lab called `index` must not take the index's place."""
    return "index-lab.html" if stem.lower() == "index" else f"{stem}.html"


def url(name):
    """A file's name as a link to it."""
    return quote(name, safe="/=#")


# --- what a notebook says -------------------------------------------------------------------------


def duration(seconds):
    """Seconds as people say them: 0.4 s, 41 s, 2 min 05 s, 1 h 02 min."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def memory(size):
    """Bytes as MiB, or GiB from 1 GiB."""
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"


def day(date):
    """2026-11-21T09:05:00 as 21 November 2026, 09:05."""
    date = datetime.fromisoformat(date)
    return f"{date.day} {date:%B %Y, %H:%M}"


def headings(nb):
    """For each cell, the nearest heading above or in it, as plain text ("" before the first)."""
    found, now = [], ""
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            for _, text in _heading_lines(cell.source):
                now = text
        found.append(now)
    return found


def _heading_lines(source):
    """(level, plain text) of the headings of a markdown cell; a # in a code block is none."""
    fence = None
    for line in source.splitlines():
        mark = re.match(r" {0,3}(```+|~~~+)", line)
        if mark and (fence is None or mark[1].startswith(fence)):
            fence = mark[1] if fence is None else None
        elif fence is None and (found := re.match(r" {0,3}(#{1,6})\s+(.+?)\s*#*$", line)):
            yield len(found[1]), _plain(found[2])


def _plain(markdown):
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    return unescape(re.sub(r"<[^>]+>|[`$]|\*+", "", text)).strip()


def _spoken(name):
    return name.replace("_", " ").strip() or name


def title_and_intro(nb, name):
    """{"title": the first heading as text, "intro": the first paragraph as HTML}; nb may be None."""
    texts = [cell.source for cell in nb.cells if cell.cell_type == "markdown"] if nb else []
    every = [heading for text in texts for heading in _heading_lines(text)]
    title = next((text for level, text in every if level == 1), every[0][1] if every else _spoken(name))
    blocks = [block.strip() for text in texts for block in re.split(r"\n\s*\n", text)]
    blocks = [re.sub(r"^(#{1,6}\s.*(\n|$))+", "", block).strip() for block in blocks]
    other = re.compile(r"$|[#>|<!$]|\\begin|```|~~~|---|[-*+]\s|\d+[.)]\s")  # than a paragraph
    intro = markdown(next((block for block in blocks if not other.match(block)), ""))
    return {"title": title, "intro": re.sub(r"</?(a|p)\b[^>]*>", "", intro).strip()}


def key_numbers(nb):
    """The printed text of the cells tagged `key-numbers`."""
    found = []
    for cell in nb.cells:
        if "key-numbers" in cell.metadata.get("tags", []):
            text = "".join(
                output.get("text", "") or output.get("data", {}).get("text/plain", "")
                for output in cell.get("outputs", [])
                if output.get("name") != "stderr"
            )
            lines = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text).strip("\n").splitlines()
            if lines:
                cut = ["…"] if len(lines) > _LONGEST_NUMBERS else []
                found.append("\n".join(lines[:_LONGEST_NUMBERS] + cut))
    return found


def key_figures(nb):
    """The figures that stand for a lab: (cell number, media type, data, what it shows) of each.

    The first image of every cell tagged `key-figure`; where no such cell has one, the last two images.
    """
    every, tagged = [], []
    for i, images in described_images(nb).items():
        every += images
        if "key-figure" in nb.cells[i].metadata.get("tags", []):
            tagged.append(images[0])
    chosen = tagged or every[-2:]
    return [(i, kind, output.data[kind], alt) for i, output, kind, alt in chosen]


def anchor(nb, i):
    """The identifier of a cell in its page."""
    return f"cell-id={nb.cells[i].id}" if nb.cells[i].get("id") else ""


def described_images(nb):
    """{cell number: [(cell number, output, media type, alternative text), ...]} for all cells with images.

    The text is the cell's metadata `alt` (a text, or one for each image), else the titles that its code
    gives the plots, else the heading it stands under.
    """
    found = {}
    for i, (cell, heading) in enumerate(zip(nb.cells, headings(nb))):
        kinds = [
            (output, [kind for kind in IMAGES if kind in output.get("data", {})]) for output in cell.get("outputs", [])
        ]
        images = [(output, kind[0]) for output, kind in kinds if kind]
        given = cell.metadata.get("alt", [])
        given = [given] if isinstance(given, str) else list(given)
        titles = given or _plot_titles(cell.source)
        for k, (output, kind) in enumerate(images):
            if len(titles) >= len(images):
                share = titles[k:] if k == len(images) - 1 and not given else titles[k : k + 1]
                alt = "; ".join(map(str, share))
            else:
                alt = str(titles[-1]) if titles else f"Plot: {heading}" if heading else "Plot"
            found.setdefault(i, []).append((i, output, kind, alt))
    return found


def describe(nb):
    """Put the alternative text of each image into its output, where nbconvert and GitHub look for it (in place)."""
    for images in described_images(nb).values():
        for _, output, kind, alt in images:
            output.metadata[kind] = {**output.metadata.get(kind, {}), "alt": alt}


def _plot_titles(source):
    """The titles that code gives to plots, in their order; what an f-string fills in is an ellipsis."""
    try:
        tree = ast.parse(re.sub(r"(?m)^\s*[%!].*$", "", source))
    except (SyntaxError, ValueError):
        return []
    found = []
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            values = [k.value for k in call.keywords if k.arg in ("title", "suptitle")]
            if name in ("title", "set_title", "suptitle"):
                values += call.args[:1]
            for value in values:
                text = _literal_text(value).strip()
                if re.search(r"\w", text) and text not in (t for *_, t in found):
                    found.append((call.lineno, call.col_offset, text))
    return [text for *_, text in sorted(found)]


def _literal_text(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_literal_text(part) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""


# --- rendering ------------------------------------------------------------------------------------


def formula(tex, display):
    """A formula as MathML; what `mathml` does not know stays TeX, for MathJax where there is a network."""
    try:
        return mathml(tex, display)
    except ValueError:
        mark = "$$" if display else "$"
        return f'<span class="tex">{mark}{escape(tex, quote=False)}{mark}</span>'


# The markers of a written exercise, comments in the notebook, as a reader of the solved lab wants to see them.
_WRITTEN_ANSWERS = {
    "BEGIN SOLUTION": "**Model answer**\n",
    "BEGIN MARKING NOTES": "**For marking**\n",
    "END SOLUTION": "",
    "END MARKING NOTES": "",
}


def markdown(source, attachments=None, folder="", ids=None):
    """Markdown of a notebook as HTML, its formulas as MathML, links to notebooks as links to their pages."""

    class Renderer(IPythonRenderer):
        def inline_math(self, body):
            return formula(body, display=False)

        def block_math(self, body):
            return formula(body, display=True)

        def latex_environment(self, name, body):
            return formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", display=True)

        def heading(self, text, level, **attrs):
            plain = unescape(re.sub(r"<annotation.*?</annotation>|<[^>]+>", "", text, flags=re.S)).strip()
            name = quote(plain.replace(" ", "-"), safe="?/:@!$'()*+,;=")
            if ids is not None:
                ids[name] = ids.get(name, 0) + 1
                name += f"-{ids[name]}" if ids[name] > 1 else ""
            return f'<h{level} id="{name}">{text}</h{level}>\n'

    for mark, text in _WRITTEN_ANSWERS.items():
        source = re.sub(rf"^(?:### {mark}|<!-- {mark} -->)[ \t]*$", text, source, flags=re.M)
    renderer = Renderer(escape=False, attachments=attachments or {}, embed_images=bool(folder), path=str(folder))
    html = MarkdownWithMath(renderer=renderer).render(source)
    return re.sub(r'href="([^":?#]+)\.ipynb(#[^"]*)?"', _page_link, html)


def _page_link(match):
    folder, _, stem = match[1].rpartition("/")
    return f'href="{page_name(stem)}{match[2] or ""}"' if folder in ("", ".") else match[0]


def render_page(nb, lab, source_folder=""):
    """The page of a lab as HTML: no script and nothing loaded from elsewhere, as far as its formulas allow.

    nb: the executed notebook.
    lab: its dictionary, title included.
    source_folder: for the images in its text.
    """
    ids = {}

    @jinja2.pass_context
    def render_markdown(context, source):
        cell = context.get("cell", {})
        return markdown(source, cell.get("attachments"), source_folder, ids)

    nb = copy.deepcopy(nb)
    nb.metadata.language_info = {"name": "python", "pygments_lexer": "ipython3"}
    describe(nb)
    exporter = HTMLExporter(
        template_file="lab_page.html.j2",
        extra_template_paths=list(map(str, TEMPLATES)),
        extra_template_basedirs=[],  # not what lies in the current folder
        filters={
            "markdown2html": render_markdown,
            "tex": lambda text: formula(*_without_delimiters(text)),
            "duration": duration,
            "memory": memory,
            "day": day,
            "url": url,
        },
    )
    html, _ = exporter.from_notebook_node(nb, {"lab": lab, "failed_anchor": _failed_anchor(nb, lab)})
    html = html.replace('alt="No description has been provided for this image"', 'alt=""')
    html = html.replace("<!--contents-->", _contents(html))
    about = re.search("<!--about-->(.*?)<!--/about-->", html, flags=re.S)
    if (title_end := html.find("</h1>")) > about.end():  # below the title, where the lab has one
        title_end += len("</h1>")
        html = html[: about.start()] + html[about.end() : title_end] + about[1] + html[title_end:]
    return html.replace("<!--mathjax-->", _MATHJAX % exporter.mathjax_url if 'class="tex"' in html else "")


# Only for formulas outside what `mathml` knows; it loads beside the page, which is complete without it.
_MATHJAX = """<script type="text/x-mathjax-config">
MathJax.Hub.Config({messageStyle: "none", tex2jax: {inlineMath: [["$", "$"]], ignoreClass: "lab",
                    processClass: "tex"}});
</script>
<script async src="%s"></script>"""


def _without_delimiters(text):
    """TeX of an output without its dollar signs, and whether it is a displayed formula."""
    text = text.strip()
    marks = (("$$", "$$", True), (r"\[", r"\]", True), ("$", "$", False), (r"\(", r"\)", False))
    for left, right, display in marks:
        if text.startswith(left) and text.endswith(right) and len(text) >= len(left + right):
            inside = text[len(left) : -len(right)].strip()
            return inside.removeprefix(r"\displaystyle"), display or text.startswith(r"$\displaystyle")
    return text, True


def _failed_anchor(nb, lab):
    cell = (lab.get("failure") or {}).get("index")
    return anchor(nb, cell) if cell is not None else ""


def _contents(html):
    """Links to the sections of a page, for pages with at least three of them."""
    sections = re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', html, flags=re.S)
    if len(sections) < 3:
        return ""
    sections = [(name, re.sub("</?a[^>]*>", "", text)) for name, text in sections]
    items = "".join(f'<li><a href="#{name}">{text}</a></li>' for name, text in sections)
    return f'<nav class="contents" aria-label="Sections"><ol>{items}</ol></nav>'
