"""What has run in pages made of notebooks, in browsers and in sanitizers, one of each kind; `RAN` says that it did.

HTML goes into text, outputs and formulas alike; the other ones need a place of their own in a notebook.
"""

from nbformat import from_dict

RAN = "top.ran&&top.ran('NAME')"
PIXEL = "R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw=="

HTML = {
    # what a browser runs as it reads
    "script": "<script>RAN</script>",
    "script in capitals": "<ScRiPt >RAN</sCrIpT\n>",
    "script in two": "<scr<script>ipt>RAN</scr</script>ipt>",
    "script from elsewhere": "<script src='data:text/javascript,RAN'></script>",
    "module": "<script type=module>RAN</script>",
    "script without end": "<script>RAN",
    "onerror": "<img src=x onerror=RAN>",
    "onerror with slashes": '<img/src="x"/onerror=RAN>',
    "onerror over lines": "<img\nsrc=x\nonerror\n=\nRAN\n>",
    "onerror in quotes": "<img src='x' onerror=\"RAN\">",
    "onerror in entities": "<img src=x onerror=&#116;op.ran&#38;&#38;top.ran('NAME')>",
    "onload": f"<img src='data:image/gif;base64,{PIXEL}' onload=RAN>",
    "body": "<body onload=RAN>",
    "details": "<details open ontoggle=RAN>x</details>",
    "focus": "<input autofocus onfocus=RAN>",
    "focus on any element": "<p tabindex=0 autofocus onfocus=RAN>x</p>",
    "marquee": "<marquee onstart=RAN>x</marquee>",
    "video": "<video><source onerror=RAN></video>",
    "audio": "<audio src=x onerror=RAN></audio>",
    "animation": "<style>@keyframes x{}</style><p style='animation-name:x' onanimationstart=RAN>x</p>",
    # pages in the page
    "srcdoc": "<iframe srcdoc=\"<script>top.ran&&top.ran('NAME')</script>\"></iframe>",
    "frame": '<iframe src="javascript:RAN"></iframe>',
    "frame of data": '<iframe src="data:text/html,<script>RAN</script>"></iframe>',
    "object": '<object data="javascript:RAN"></object>',
    "object of data": "<object data='data:text/html,<script>RAN</script>'></object>",
    "embed": '<embed src="javascript:RAN">',
    "meta refresh": '<meta http-equiv="refresh" content="0;url=data:text/html,hello">',
    "base": '<base href="https://evil.invalid/">',
    "link": '<link rel=stylesheet href="https://evil.invalid/x.css">',
    "template": "<template><script>RAN</script></template><div><template shadowrootmode=open><img src=x onerror=RAN>",
    # links and forms
    "link of javascript": '<a href="javascript:RAN">press</a>',
    "link in entities": '<a href="java&#115;cript&colon;RAN">press</a>',
    "link with a tab": '<a href="java\tscript:RAN">press</a>',
    "link with a control sign": '<a href="\x01javascript:RAN">press</a>',
    "link of data": '<a href="data:text/html,<script>RAN</script>">press</a>',
    "link of vbscript": '<a href="vbscript:x">press</a>',
    "form": '<form action="javascript:RAN"><button>press</button></form>',
    "button": '<button form=x formaction="javascript:RAN">press</button>',
    "map": '<map name=m><area shape=default href="javascript:RAN"></map><img usemap="#m" src=x>',
    # drawings and formulas
    "svg": "<svg onload=RAN></svg>",
    "svg script": "<svg><script>RAN</script></svg>",
    "svg script with a comment": "<svg><script><!--RAN//--></script></svg>",
    "svg foreignObject": "<svg><foreignObject><img src=x onerror=RAN></foreignObject></svg>",
    "svg animate": '<svg><a><animate attributeName=href values="javascript:RAN" /><text x=20 y=20>x</text></a></svg>',
    "svg use": '<svg><use href="data:image/svg+xml,<svg id=x><script>RAN</script></svg>#x"/></svg>',
    "svg link": '<svg><a xlink:href="javascript:RAN"><text y=20>press</text></a></svg>',
    "math link": '<math href="javascript:RAN"><mi>x</mi></math>',
    "math of html": "<math><mtext><img src=x onerror=RAN></mtext></math>",
    "math annotation": '<math><annotation-xml encoding="text/html"><img src=x onerror=RAN></annotation-xml></math>',
    "math with handler": "<math><mi onmouseover=RAN>x</mi></math>",
    # styles
    "style": "<style>@import 'https://evil.invalid/x.css'; body{display:none}</style>",
    "style attribute": '<p style="background:url(https://evil.invalid/x)">x</p>',
    "style in escapes": r'<p style="background:\75rl(https://evil.invalid/x)">x</p>',
    "style over the page": '<div style="position:fixed;inset:0;background:red">x</div>',
    "style out of its place": '<div style="margin-top:-900px;width:99999px">x</div>',
    "old style": '<p style="width:expression(RAN);behavior:url(x)">x</p>',
    # readers that disagree
    "comment": "<!--><img src=x onerror=RAN>-->",
    "comment with a dash": "<!---><img src=x onerror=RAN>-->",
    "comment ended by a bang": "<!-- --!><img src=x onerror=RAN> -->",
    "comment without end": "<!-- <img src=x onerror=RAN>",
    "processing": "<?xml <img src=x onerror=RAN> ?>",
    "doctype": "<!DOCTYPE x [<!ENTITY y '<img src=x onerror=RAN>'>]>&y;",
    "cdata": "<![CDATA[<img src=x onerror=RAN>]]>",
    "noscript": '<noscript><p title="</noscript><img src=x onerror=RAN>"></noscript>',
    "title": '<title><a title="</title><img src=x onerror=RAN>"></title>',
    "textarea": '<textarea><a title="</textarea><img src=x onerror=RAN>"></textarea>',
    "xmp": '<xmp><p title="</xmp><img src=x onerror=RAN>"></xmp>',
    "plaintext": "<plaintext><img src=x onerror=RAN>",
    "select": "<select><option><style></option></select><img src=x onerror=RAN></style>",
    "table": "<table><td><a title='</td></table><img src=x onerror=RAN>'>x</table>",
    "caption": '<table><caption title="<img src=x onerror=RAN>">x</caption></table>',
    "attribute without end": '<a title="<img src=x onerror=RAN>',
    "quotes in a name": "<p \"='><img src=x onerror=RAN>'>x</p>",
    "backtick": "<img alt=`><img src=x onerror=RAN>`>",
    "null": "<im\0g src=x onerror=RAN><scr\0ipt>RAN</script>",
    "mutation by math": '<math><mtext><table><mglyph><style><!--</style><p title="--&gt;&lt;img src onerror=RAN&gt;">',
    "mutation by svg": '<svg></p><style><a id="</style><img src=1 onerror=RAN>">',
    "mutation by forms": "<form><math><mtext></form><form><mglyph><style></math><img src onerror=RAN>",
    "mutation by depth": "<div>" * 520 + "<svg><style><img src=x onerror=RAN></style></svg>",
    "namespace": "<p:script xmlns:p='http://www.w3.org/1999/xhtml'>RAN</p:script><x:img src=x onerror=RAN>",
    "svg set": '<svg><rect width=9 height=9><set attributeName=onmouseover to="RAN"/></rect></svg>',
    "svg image": "<svg><image href=x onerror=RAN></image></svg>",
    "popover": "<button popovertarget=p>press</button><div popover id=p onbeforetoggle=RAN>x</div>",
    "visibility": '<div style="content-visibility:auto" oncontentvisibilityautostatechange=RAN>x</div>',
    "many sources": "<picture><source srcset=https://evil.invalid/x><img srcset='https://evil.invalid/y 1x'></picture>",
    "ping": '<a href="https://example.org" ping="https://evil.invalid/">press</a>',
    "style by variables": '<p style="--x:url(https://evil.invalid/x);background:var(--x)">x</p>',
    "frameset": '<frameset onload=RAN><frame src="javascript:RAN"></frameset>',
    "rules for other pages": '<script type=speculationrules>{"prefetch":[{"urls":["https://evil.invalid/"]}]}</script>',
    "noembed": '<noembed><p title="</noembed><img src=x onerror=RAN>"></noembed>',
    "math action": '<math><maction actiontype="statusline" xlink:href="javascript:RAN"><mi>press</mi></maction></math>',
    "is": "<p is=x-y onclick=RAN>x</p><x-y onclick=RAN></x-y>",
    "clobbering": "<form id=document name=cookie><input id=attributes></form><a id=MathJax href=#>x</a>",
}

MARKDOWN = {
    "markdown link": "[press](javascript:RAN)",
    "markdown link in entities": "[press](java&#x73;cript:RAN)",
    "markdown link by reference": "[press]\n\n[press]: javascript:RAN",
    "markdown autolink": "<javascript:RAN>",
    "markdown link of data": "[press](data:text/html;base64,PHNjcmlwdD50b3AucmFuKCd4Jyk8L3NjcmlwdD4=)",
    "markdown picture": '![x](x "title" onerror="RAN")',
    "markdown picture's text": '![" onerror="RAN](x)',
    "markdown code": "```html\n<img src=x onerror=RAN>\n```",
    "markdown language": '```"><img/src=x/onerror=RAN>\nx\n```',
    "markdown mermaid": '```mermaid\ngraph TD\nA --> B\nclick A href "javascript:RAN"\n```',
    "markdown in html": "<div>\n\n[press](javascript:RAN)\n\n</div>",
    "html in a table": "| a | b |\n|---|---|\n| <img src=x onerror=RAN> | x |",
    "html in a heading": "# x <img src=x onerror=RAN>",
    "html in a formula": "$a <img src=x onerror=RAN> b$",
    "html in a display": "$$\n</script><img src=x onerror=RAN>\n$$",
    "html in a formula's text": r"$\text{<img src=x onerror=RAN>}$",
    "html in entities in a formula": r"$\text{&lt;img src=x onerror=RAN&gt;}$",
    "a formula over cells": "$ <!-- $ x",
    "formula's link": r"$\href{javascript:RAN}{press}$",
    "formula's link in entities": r"&#36;\href{javascript:RAN}{press}&#36;",
    "formula's link in brackets": r"\\(\href{javascript:RAN}{press}\\)",
    "formula's unicode": r"$\unicode[x;background:url(//evil.invalid)]{x41}$",
    "formula's style": r"$\style{position:fixed;inset:0;background:red}{x}$",
    "formula's class": r"$\class{score}{\cssId{x}{x}}$",
    "formula's require": r"$\require{html}\data{x}{y}$",
    "formula's macro": r"$\newcommand{\x}[1]{\hr#1{javascript:RAN}{press}}\x{ef}$",
    "formula's environment": r"\begin{align}\href{javascript:RAN}{press}\end{align}",
    "formula without end": "$" * 300 + "\\begin{a}" * 40,
}


def payload(name, text):
    """The attack with the name that it gives itself away by."""
    return text.replace("RAN", RAN).replace("NAME", called(name))


def called(name):
    """What an attack calls itself: a value without quotes ends at a space."""
    return name.replace("'", "").replace(" ", "_")


def everywhere():
    """{name: text} of all attacks, as a student would type them."""
    return {name: payload(name, text) for name, text in (HTML | MARKDOWN).items()}


def _shows(name, data, metadata=None):
    output = {"output_type": "display_data", "data": data, "metadata": metadata or {}}
    return {"cell_type": "code", "id": name, "metadata": {}, "source": "x", "execution_count": 1, "outputs": [output]}


def _cell(kind, name, source="x", **metadata):
    more = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "id": name, "metadata": metadata, "source": source} | more


def cells(every=None):
    """{name: cell} of attacks that need a place of their own, after the ones of `everywhere` as text and as outputs."""
    found = {}
    for number, (name, text) in enumerate((everywhere() if every is None else every).items()):
        found[f"text, {name}"] = _cell("markdown", f"t{number}", text)
        found[f"output, {name}"] = _shows(f"o{number}", {"text/html": text, "text/plain": "x"})
        found[f"markdown output, {name}"] = _shows(f"m{number}", {"text/markdown": text})
    found |= {name: from_dict(cell) for name, cell in _PLACES.items()}
    return {name: from_dict(cell) for name, cell in found.items()}


_RUN, _IMAGE = RAN.replace("NAME", "place"), "<img src=x onerror=\"top.ran&&top.ran('place')\">"
_QUOTED = f'"> {_IMAGE}'
_PLACES = {
    "javascript": _shows("a", {"application/javascript": _RUN, "text/plain": "<IPython.core.display.Javascript>"}),
    "text of javascript": _shows("b", {"text/javascript": _RUN}),
    "widget": _shows("c", {"application/vnd.jupyter.widget-view+json": {"model_id": "</script>" + _IMAGE}}),
    "latex": _shows("d", {"text/latex": _IMAGE + r"$\href{javascript:" + _RUN + "}{press}$"}),
    "svg": _shows("e", {"image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg'><script>{_RUN}</script></svg>"}),
    "png": _shows("f", {"image/png": _QUOTED}),
    "jpeg": _shows("g", {"image/jpeg": PIXEL + _QUOTED}),
    "size": _shows("h", {"image/png": PIXEL}, {"image/png": {"width": f"1 onerror={_RUN}", "height": _QUOTED}}),
    "alt": _shows("i", {"image/png": PIXEL}, {"image/png": {"alt": _QUOTED}}),
    "file": _shows("j", {"image/png": PIXEL}, {"filenames": {"image/png": _QUOTED}}),
    "isolated": _shows("k", {"text/html": f"<script>{_RUN}</script>"}, {"text/html": {"isolated": True}}),
    "mermaid": _shows("l", {"text/vnd.mermaid": "graph TD\nclick A href 'javascript:x'"}),
    "pdf": _shows("m", {"application/pdf": _QUOTED}),
    "unknown": _shows("n", {"application/x-" + _QUOTED: _QUOTED, "text/plain": _IMAGE}),
    "lines": _shows("o", {"text/html": ["<scr", f"ipt>{_RUN}</scr", "ipt>"]}),
    "raw": _cell("raw", "p", _IMAGE),
    "raw html": _cell("raw", "q", _IMAGE, raw_mimetype="text/html"),
    "kind": _cell("markdown", "r", _IMAGE) | {"cell_type": _QUOTED},
    "id": _cell("code", _QUOTED),
    "tag": _cell("code", "s", tags=[_QUOTED]),
    "grade id": _cell("code", "u", nbgrader={"grade_id": _QUOTED, "grade": True, "solution": True, "points": 1}),
    "points": _cell("code", "v", nbgrader={"grade_id": "x", "grade": True, "points": _QUOTED, "score": _QUOTED}),
    "language": _cell("code", "w", magics_language=_QUOTED),
    "attachment": _cell("markdown", "x", "![x](attachment:a)") | {"attachments": {"a": {"text/html": _QUOTED}}},
    "attachment's data": _cell("markdown", "y", "![x](attachment:a)") | {"attachments": {"a": {"image/png": _QUOTED}}},
    "printed": _cell("code", "z")
    | {"outputs": [{"output_type": "stream", "name": _QUOTED, "text": f"\x1b]8;;javascript:{_RUN}\x07press{_IMAGE}"}]},
    "error": _cell("code", "zz")
    | {"outputs": [{"output_type": "error", "ename": _IMAGE, "evalue": _QUOTED, "traceback": [_IMAGE, '\x1b[1">x']}]},
}


def notebook(every=None):
    """A notebook of all of them, its own metadata among them."""
    return from_dict(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "cells": list(cells(every).values()),
            "metadata": {
                "title": _QUOTED,
                "language_info": {"name": _QUOTED, "pygments_lexer": _QUOTED},
                "widgets": {"application/vnd.jupyter.widget-state+json": {"state": "</script>" + _IMAGE}},
            },
        }
    )
