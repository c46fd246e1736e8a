r"""TeX formulas to MathML, which browsers draw without a script and without a network.

The part of TeX that lecture notes use: letters and symbols, scripts, fractions, roots, accents, fonts,
fences, matrices, cases and aligned equations. What is outside of it raises `ValueError`, never a formula
that looks right and is wrong; the caller then shows the TeX itself.
"""

import contextlib
import re
import unicodedata
from html import escape

_EMPTY = "<mi></mi>"  # not <mrow>: beside text alone that would count as space and take the sign with it
_TOKEN = re.compile(r"\\(?:[a-zA-Z]+\*?|.)|\d+(?:\.\d+)?|(?<!\\)%[^\n]*|\s+|.", re.DOTALL)
_PAIRS = re.compile(r"(\S+) (\S+)")


def _table(text):
    return dict(_PAIRS.findall(text))


_LETTERS = _table(
    "alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ "
    "lambda λ mu μ nu ν xi ξ pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi ϕ varphi φ "
    "chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω "
    "infty ∞ partial ∂ nabla ∇ ell ℓ hbar ℏ Re ℜ Im ℑ aleph ℵ emptyset ∅ varnothing ∅ forall ∀ exists ∃ "
    "top ⊤ bot ⊥ angle ∠ triangle △ degree ° checkmark ✓ dagger † # # $ $ % % & & _ _ ldots … dots … dotsc … "
    "cdots ⋯ dotsb ⋯ vdots ⋮ ddots ⋱")
_OPERATORS = _table(
    "times × cdot ⋅ div ÷ pm ± mp ∓ ast ∗ star ⋆ circ ∘ bullet ∙ odot ⊙ oplus ⊕ ominus ⊖ otimes ⊗ setminus ∖ "
    "wedge ∧ land ∧ vee ∨ lor ∨ neg ¬ lnot ¬ cap ∩ cup ∪ le ≤ leq ≤ leqslant ⩽ ge ≥ geq ≥ geqslant ⩾ ne ≠ "
    "neq ≠ ll ≪ gg ≫ approx ≈ equiv ≡ sim ∼ simeq ≃ cong ≅ propto ∝ in ∈ notin ∉ ni ∋ subset ⊂ subseteq ⊆ "
    "supset ⊃ supseteq ⊇ to → rightarrow → leftarrow ← gets ← leftrightarrow ↔ longrightarrow ⟶ "
    "longleftarrow ⟵ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ implies ⟹ impliedby ⟸ iff ⟺ mapsto ↦ "
    "uparrow ↑ downarrow ↓ perp ⊥ parallel ∥ mid ∣ vdash ⊢ models ⊨ prec ≺ succ ≻ preceq ⪯ succeq ⪰ "
    "coloneqq ≔ triangleq ≜ doteq ≐ lt < gt > colon : therefore ∴ because ∵ backslash \\ prime ′ "
    "sum ∑ prod ∏ coprod ∐ int ∫ iint ∬ oint ∮ bigcup ⋃ bigcap ⋂ bigoplus ⨁ bigotimes ⨂ bigvee ⋁ bigwedge ⋀")
_STACKED = set("sum prod coprod bigcup bigcap bigoplus bigotimes bigvee bigwedge".split())
_FENCES = _table(
    "( ( ) ) [ [ ] ] / / lbrace { rbrace } { { } } lbrack [ rbrack ] vert | lvert | rvert | Vert ‖ lVert ‖ "
    "rVert ‖ langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ uparrow ↑ downarrow ↓ backslash \\")
_FENCES["|"] = "‖"  # \| is the double bar; the plain one is not a command
_FUNCTIONS = set("log ln lg exp sin cos tan sinh cosh tanh arcsin arccos arctan cot sec csc dim ker deg arg "
                 "hom".split())
_LIMIT_FUNCTIONS = {name: name for name in "max min sup inf lim det gcd Pr".split()}
_LIMIT_FUNCTIONS |= {"argmax": "arg max", "argmin": "arg min", "limsup": "lim sup", "liminf": "lim inf"}
_ACCENTS = _table("hat ^ widehat ^ bar ¯ tilde ~ widetilde ~ vec → dot ˙ ddot ¨ check ˇ breve ˘ acute ´ "
                  "grave ` overline ‾ overbrace ⏞ overrightarrow → overleftarrow ←")
_UNDER = _table("underline _ underbrace ⏟")
_WIDE = set("widehat widetilde overline overbrace overrightarrow overleftarrow underline underbrace".split())
_FONTS = {"mathbf": "BOLD", "bm": "BOLD ITALIC", "boldsymbol": "BOLD ITALIC", "mathbb": "DOUBLE-STRUCK",
          "mathcal": "SCRIPT", "mathscr": "SCRIPT", "mathfrak": "FRAKTUR", "mathsf": "SANS-SERIF",
          "mathtt": "MONOSPACE", "mathrm": None, "mathit": "ITALIC", "mathbfit": "BOLD ITALIC"}
_TEXTS = {"text": "", "textrm": "", "textnormal": "", "mbox": "", "textbf": "font-weight:bold",
          "textit": "font-style:italic", "emph": "font-style:italic", "texttt": "font-family:monospace",
          "textsf": "font-family:sans-serif"}
_SPACES = {",": .167, "thinspace": .167, ":": .222, ">": .222, ";": .278, "!": -.167, " ": .25, "~": .25,
           "quad": 1, "qquad": 2, "enspace": .5, "\n": .25}
_SIZES = {"big": 1.2, "Big": 1.8, "bigg": 2.4, "Bigg": 3}
_IGNORED = set("displaystyle textstyle scriptstyle nonumber notag".split())
_MATRICES = {"matrix": ("", ""), "pmatrix": "()", "bmatrix": "[]", "Bmatrix": "{}", "vmatrix": "||",
             "Vmatrix": "‖‖", "smallmatrix": ("", ""), "array": ("", ""), "cases": ("{", "")}
_ALIGNED = set("aligned align align* split alignat* eqnarray eqnarray*".split())
_CENTRED = set("gathered gather gather* equation equation* multline multline*".split())


def mathml(tex, display=False):
    """MathML of a formula, with its TeX kept as an annotation.

    tex: the formula without its dollar signs; display: True for one on a line of its own.
    Returns a `<math>` element as text. Raises ValueError for TeX outside the part known here.
    """
    tokens = [t for t in _TOKEN.findall(tex) if not t.startswith("%")]
    parser = _Parser(tokens)
    try:
        body = parser.row(())
    except (IndexError, RecursionError):
        raise ValueError(f"the formula ends too early: {tex}") from None
    mode = ' display="block"' if display else ""
    note = f'<annotation encoding="application/x-tex">{escape(tex.strip(), quote=False)}</annotation>'
    return f"<math{mode}><semantics>{body}{note}</semantics></math>"


def _mo(text, **attributes):
    pairs = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<mo{pairs}>{escape(text, quote=False)}</mo>"


def _row(parts):
    """Parts (kind, xml) side by side, with TeX's thin space around the names of functions."""
    out, before = [], None
    for kind, xml in parts:
        if (before == "function" and kind in ("ordinary", "function")) or (
                kind == "function" and before in ("ordinary", "close")):
            out.append('<mspace width="0.167em"></mspace>')
        out.append(xml)
        before = kind if kind != "space" else None
    return (out or [_EMPTY])[0] if len(out) < 2 else f"<mrow>{''.join(out)}</mrow>"


def _in_font(character, font):
    """The letter or digit in a mathematical alphabet of Unicode: R in DOUBLE-STRUCK is ℝ."""
    name = re.sub("^LATIN |^GREEK |LETTER ", "", unicodedata.name(character))
    for alphabet in (f"MATHEMATICAL {font}", font, font.replace("FRAKTUR", "BLACK-LETTER")):
        with contextlib.suppress(KeyError):
            return unicodedata.lookup(f"{alphabet} {name}")
    if font == "ITALIC" and character == "h":
        return "ℎ"
    raise ValueError(f"{character} does not exist in {font.lower()}")


def _struck(character):
    return unicodedata.normalize("NFC", f"{character}\u0338")


class _Parser:
    """Recursive descent over the tokens; every method returns (kind, xml) or xml."""

    def __init__(self, tokens):
        self.tokens, self.at, self.font = tokens, 0, ""

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def skip_space(self):
        while self.peek().isspace():
            self.at += 1

    def row(self, ends, parts=()):
        """`parts`, and what follows up to one of the tokens `ends` (not taken), or to the end."""
        parts = list(parts)
        while True:
            self.skip_space()
            token = self.peek()
            if not token or token in ends:
                if not token and ends:
                    raise ValueError(f"{ends[0]} is missing")
                return _row(parts)
            if token == r"\over":
                self.take()
                return f"<mfrac>{_row(parts)}{self.row(ends)}</mfrac>"
            part = self.scripted()
            if part:
                parts.append(part)

    def scripted(self):
        """An atom with its subscript, superscript and primes."""
        if self.peek() in ("^", "_", "'"):
            kind, base, stacked = "ordinary", _EMPTY, False
        else:
            atom = self.atom()
            if atom is None:
                return None
            kind, base, stacked = atom
        sub = sup = None
        primes = ""
        while True:
            self.skip_space()
            token = self.peek()
            if token == "'":
                primes += "′"
                self.take()
            elif token in (r"\limits", r"\nolimits"):
                stacked = self.take() == r"\limits"
            elif token == "_" and sub is None:
                self.take()
                sub = self.argument()
            elif token == "^" and sup is None:
                self.take()
                sup = self.argument()
            elif token in ("^", "_"):
                raise ValueError("two scripts at the same place")
            else:
                break
        if primes:
            mark = _mo(primes)
            sup = mark if sup is None else f"<mrow>{mark}{sup}</mrow>"
        if sub is None and sup is None:
            return kind, base
        name = {(True, True): "munderover", (True, False): "munder", (False, True): "mover"}
        if not stacked:
            name = {(True, True): "msubsup", (True, False): "msub", (False, True): "msup"}
        tag = name[sub is not None, sup is not None]
        return kind, f"<{tag}>{base}{sub or ''}{sup or ''}</{tag}>"

    def argument(self):
        """A group in braces, or the one token that follows."""
        self.skip_space()
        if self.peek() == "{":
            return self.group()
        if self.peek()[:1].isdigit():  # x^10 is x^1 0
            number = self.take()
            if len(number) > 1:
                self.tokens.insert(self.at, number[1:])
            return f"<mn>{number[0]}</mn>"
        if self.peek() in ("}", "&", "^", "_", ""):
            raise ValueError("an argument is missing")
        atom = self.atom()
        if atom is None:
            raise ValueError("an argument is missing")
        return atom[1]

    def group(self):
        self.expect("{")
        inside = self.row(("}",))
        self.take()
        return inside

    def expect(self, token):
        self.skip_space()
        if self.take() != token:
            raise ValueError(f"{token} was expected")

    def raw_group(self):
        """The text in braces as it is written."""
        self.expect("{")
        depth, out = 1, []
        while True:
            token = self.take()
            depth += (token == "{") - (token == "}")
            if not depth:
                return "".join(out)
            out.append(token)

    def optional(self):
        """The text in square brackets, if there is one."""
        self.skip_space()
        if self.peek() != "[":
            return None
        self.take()
        out = []
        while self.peek() != "]":
            out.append(self.take())
        self.take()
        return out

    def letter(self, character, symbol=False):
        if self.font == "":
            return f"<mi>{escape(character)}</mi>"
        if self.font is None or symbol and not character.isalpha():
            return f'<mi mathvariant="normal">{escape(character)}</mi>'
        return f'<mi mathvariant="normal">{_in_font(character, self.font)}</mi>'

    def atom(self):
        """One symbol, number, group or command: (kind, xml, whether its scripts stand above and below)."""
        token = self.take()
        if token.startswith("\\"):
            return self.command(token[1:])
        if token == "{":
            self.at -= 1
            if "".join(self.tokens[self.at:self.at + 3]) == "{,}":  # 1{,}000
                self.at += 3
                return "ordinary", _mo(",", separator="false", lspace="0", rspace="0"), False
            return "ordinary", self.group(), False
        if token[0].isdigit():
            if self.font:
                token = "".join(c if c == "." else _in_font(c, self.font) for c in token)
            return "ordinary", f"<mn>{token}</mn>", False
        if token == "~":
            return "space", '<mspace width="0.25em"></mspace>', False
        if token.isalpha():
            return "ordinary", self.letter(token), False
        if token in "([":
            return "open", _mo(token, stretchy="false", form="prefix"), False
        if token in ")]":
            return "close", _mo(token, stretchy="false", form="postfix"), False
        if token == "|":
            return "fence", _mo("|", stretchy="false", lspace="0.05em", rspace="0.05em"), False
        if token == "/":
            return "ordinary", _mo("/", stretchy="false", lspace="0", rspace="0"), False
        if token == "-":
            return "operator", _mo("−"), False
        if token == "*":
            return "operator", _mo("∗"), False
        if token not in "&#%" and unicodedata.category(token) in ("Sm", "Po"):  # + = < , ! · × ≤ and such
            return "operator", _mo(token), False
        raise ValueError(f"{token} cannot stand here")

    def command(self, name):
        plain = name.rstrip("*")
        if name in _SPACES:
            return "space", f'<mspace width="{_SPACES[name]}em"></mspace>', False
        if name in _IGNORED:
            return None
        if name in _LETTERS:
            return "ordinary", self.letter(_LETTERS[name], symbol=True), False
        if name in ("{", "lbrace", "langle", "lfloor", "lceil", "lvert", "lVert", "lbrack"):
            return "open", _mo(_FENCES[name], stretchy="false", form="prefix"), False
        if name in ("}", "rbrace", "rangle", "rfloor", "rceil", "rvert", "rVert", "rbrack"):
            return "close", _mo(_FENCES[name], stretchy="false", form="postfix"), False
        if name in ("|", "Vert", "vert"):
            bar = "|" if name == "vert" else "‖"
            return "fence", _mo(bar, stretchy="false", lspace="0.05em", rspace="0.05em"), False
        if name in _OPERATORS:
            return "operator", _mo(_OPERATORS[name]), name in _STACKED
        if name in _FUNCTIONS:
            if name == "arg" and (nested := self.arg_of()):
                return "function", _mo(nested, movablelimits="true", lspace="0", rspace="0"), True
            return "function", f"<mi>{name}</mi>", False
        if name in _LIMIT_FUNCTIONS:
            text = _LIMIT_FUNCTIONS[name].replace(" ", "\u2009")
            return "function", _mo(text, movablelimits="true", lspace="0", rspace="0"), True
        if plain == "operatorname":
            text = re.sub(r"\\[,;: ]|~|\s+", "\u2009", self.raw_group()).replace("\\-", "-")
            if not re.fullmatch(r"[\w\u2009./'-]+", text):
                raise ValueError(f"the operator name {text} is not plain text")
            mark = _mo(text, movablelimits="true", lspace="0", rspace="0")
            return "function", mark if name.endswith("*") else f'<mi mathvariant="normal">{text}</mi>', \
                name.endswith("*")
        if name in ("frac", "dfrac", "tfrac", "cfrac"):
            xml = f"<mfrac>{self.argument()}{self.argument()}</mfrac>"
            if name != "frac":
                xml = f'<mstyle displaystyle="{str(name != "tfrac").lower()}">{xml}</mstyle>'
            return "ordinary", xml, False
        if plain in ("binom", "dbinom", "tbinom"):
            xml = f'<mfrac linethickness="0">{self.argument()}{self.argument()}</mfrac>'
            return "ordinary", f"<mrow>{_mo('(')}{xml}{_mo(')')}</mrow>", False
        if name == "sqrt":
            index = self.optional()
            if index is None:
                return "ordinary", f"<msqrt>{self.argument()}</msqrt>", False
            return "ordinary", f"<mroot>{self.argument()}{_Parser(index).row(())}</mroot>", False
        if name in _ACCENTS:
            mark = _mo(_ACCENTS[name], stretchy=str(name in _WIDE).lower())
            return "ordinary", f'<mover accent="true">{self.argument()}{mark}</mover>', name == "overbrace"
        if name in _UNDER:
            mark = _mo(_UNDER[name], stretchy="true")
            return "ordinary", f'<munder accentunder="true">{self.argument()}{mark}</munder>', \
                name == "underbrace"
        if name in ("overset", "stackrel", "underset"):
            script, base = self.argument(), self.argument()
            tag = "munder" if name == "underset" else "mover"
            return "operator", f"<{tag}>{base}{script}</{tag}>", False
        if name in _FONTS:
            outer, self.font = self.font, _FONTS[name]
            self.skip_space()
            if self.font is None and self.peek() == "{" and (word := self.word()):
                xml = f'<mi mathvariant="normal">{word}</mi>'
            else:
                xml = self.argument()
            self.font = outer
            return "ordinary", xml, False
        if name in _TEXTS:
            return "ordinary", self.text(_TEXTS[name]), False
        if name == "left":
            return self.fenced()
        if big := re.fullmatch("([bB]igg?)([lmr]?)", name):
            size = f"{_SIZES[big[1]]}em"
            form, kind = {"l": ("prefix", "open"), "r": ("postfix", "close")}.get(big[2], ("infix", "fence"))
            return kind, _mo(self.fence(), stretchy="true", form=form, minsize=size, maxsize=size,
                             lspace="0", rspace="0"), False
        if name == "boxed":
            return "ordinary", f'<mrow style="border:1px solid;padding:.3em">{self.argument()}</mrow>', False
        if name in ("mathop", "mathrel", "mathbin", "mathord", "mathstrut", "mathopen", "mathclose"):
            return "ordinary", self.argument(), name == "mathop"
        if name == "phantom":
            return "ordinary", f"<mphantom>{self.argument()}</mphantom>", False
        if name == "not":
            _, xml, _ = self.atom()
            return "operator", re.sub(">(.)<", lambda m: f">{_struck(m[1])}<", xml), False
        if plain == "pmod":
            left, right = _mo("(", stretchy="false"), _mo(")", stretchy="false")
            inside = f'{left}<mi>mod</mi><mspace width="0.3em"></mspace>{self.argument()}{right}'
            return "ordinary", f'<mrow><mspace width="1em"></mspace>{inside}</mrow>', False
        if name == "bmod":
            return "operator", _mo("mod"), False
        if name == "begin":
            return "ordinary", self.environment(self.raw_group()), False
        raise ValueError(f"\\{name} is not known here")

    def arg_of(self):
        r"""`\arg\max` and `\arg\min` are one operator with its subscript below."""
        at = self.at
        while self.peek().isspace() or self.peek() in (r"\,", r"\!"):
            self.at += 1
        if self.peek() in (r"\max", r"\min"):
            return "arg\u2009" + self.take()[1:]
        self.at = at
        return None

    def word(self):
        """Letters in braces that make one upright word, or None."""
        close = self.at + 1
        while close < len(self.tokens) and self.tokens[close].isalpha():
            close += 1
        if close - self.at < 3 or close >= len(self.tokens) or self.tokens[close] != "}":
            return None
        word = "".join(self.tokens[self.at + 1:close])
        self.at = close + 1
        return word

    def text(self, style):
        """Words between formulas; dollar signs inside make a formula again."""
        out = []
        for i, piece in enumerate(re.split(r"(?<!\\)\$", self.raw_group())):
            if i % 2:
                out.append(_Parser(_TOKEN.findall(piece)).row(()))
            elif piece:
                piece = re.sub(r"\\([ ,;:])|~|\s+", "\u00a0", piece)
                piece = re.sub(r"\\([%$&#_{}])", r"\1", piece).replace("``", "“").replace("''", "”")
                if "\\" in piece:
                    raise ValueError(f"the text {piece} has commands in it")
                css = f' style="{style}"' if style else ""
                piece = escape(re.sub("[{}]", "", piece), quote=False)
                out.append(f"<mtext{css}>{piece}</mtext>")
        return out[0] if len(out) == 1 else f"<mrow>{''.join(out)}</mrow>"

    def fence(self):
        self.skip_space()
        token = self.take()
        if token == ".":
            return ""
        if token in "()[]|/" or token in "<>":
            return {"<": "⟨", ">": "⟩"}.get(token, token)
        if token[:1] == "\\" and token[1:] in _FENCES:
            return _FENCES[token[1:]]
        raise ValueError(f"{token} is not a fence")

    def fenced(self):
        r"""`\left( ... \right)`, with any number of `\middle|` between."""
        left = self.fence()
        parts = [_mo(left, stretchy="true", fence="true", form="prefix") if left else ""]
        while True:
            parts.append(self.row((r"\right", r"\middle")))
            if self.take() == r"\right":
                right = self.fence()
                parts.append(_mo(right, stretchy="true", fence="true", form="postfix") if right else "")
                return "close", f"<mrow>{''.join(parts)}</mrow>", False
            parts.append(_mo(self.fence(), stretchy="true", fence="true", form="infix", lspace="0.1em",
                             rspace="0.1em"))

    def environment(self, name):
        if name == "array":
            columns = re.sub(r"\s", "", self.raw_group())
            if not re.fullmatch("[lcr]+", columns):
                raise ValueError(f"columns {columns} with lines are not known here")
        elif name == "cases":
            columns = "ll"
        elif name in _ALIGNED:
            if name.startswith("alignat"):
                self.raw_group()
            columns = "rl"
        elif name in _MATRICES or name in _CENTRED:
            columns = "c"
        else:
            raise ValueError(f"the environment {name} is not known here")
        if name in ("aligned", "gathered"):
            self.optional()
        table = self.rows(columns, name in _ALIGNED or name in _CENTRED)
        if self.raw_group() != name:
            raise ValueError(f"\\end{{{name}}} is missing")
        left, right = _MATRICES.get(name, ("", ""))
        left = left and _mo(left, stretchy="true", fence="true", form="prefix")
        right = right and _mo(right, stretchy="true", fence="true", form="postfix")
        return f"<mrow>{left}{table}{right}</mrow>" if left or right else table

    def rows(self, columns, display):
        sides = {"r": "right", "l": "left", "c": "center"}
        rows, cells = [], []
        while True:
            side = sides[columns[len(cells) % len(columns)]]
            css = f"text-align:{side};text-align:-webkit-{side}"
            if display and columns == "rl":  # the two halves of an aligned equation touch at its sign
                css += ";padding-right:0" if side == "right" else ";padding-left:0"
            # after an empty row, a sign at the start keeps the space of one between two sides
            lead = [("space", _EMPTY)] if display and side == "left" else ()
            inside = self.row(("&", r"\\", r"\end"), lead)
            cells.append((inside, f'<mtd columnalign="{side}" style="{css}">{inside}</mtd>'))
            end = self.take()
            if end == "&":
                continue
            if end == r"\\" or [inside for inside, _ in cells] != [_EMPTY]:  # not what follows the last \\
                rows.append(f"<mtr>{''.join(xml for _, xml in cells)}</mtr>")
            cells = []
            if end == r"\end":
                style = ' displaystyle="true"' if display else ""
                return f"<mtable{style}>{''.join(rows)}</mtable>"
            self.optional()
