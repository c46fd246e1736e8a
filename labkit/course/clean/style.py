"""The style of an element of a student's page: colours, borders and spacing, and nothing that leaves its place."""

import functools

import tinycss2

_SIDES = ("", "-top", "-right", "-bottom", "-left")
_PROPERTIES = {
    *(
        "color",
        "background-color",
        "background",
        "text-align",
        "vertical-align",
        "white-space",
        "display",
        "list-style",
    ),
    *("font-weight", "font-style", "font-family", "font-size", "font-variant-numeric", "line-height", "opacity"),
    *("text-decoration", "border-collapse", "border-radius", "border-spacing", "overflow-x", "caption-side"),
    *("width", "height", "min-width", "max-width", "min-height", "max-height", "image-rendering", "accent-color"),
    *(f"{what}{side}" for what in ("border", "padding", "margin") for side in _SIDES),
    *(f"border{side}-{what}" for what in ("color", "style", "width") for side in _SIDES),
}
_FUNCTIONS = {"rgb", "rgba", "hsl", "hsla", "var"}
_LARGEST = {"px": 4000, "pt": 3000, "em": 300, "rem": 300, "ex": 600, "ch": 600, "vw": 100, "vh": 100}


class Style:
    """What `bleach.Cleaner` asks for the values of `style`."""

    def sanitize_css(self, text):
        """The declarations of a `style` attribute that are kept."""
        return clean_style(text)


@functools.lru_cache(1000)
def clean_style(text):
    """The declarations of a `style` attribute that are kept, as its new value.

    Kept are known properties whose values are words, numbers of at least 0, colours and `var()`: no address, no
    position, nothing that is drawn outside its place.
    """
    kept = []
    for found in tinycss2.parse_declaration_list(text[:4000], skip_comments=True, skip_whitespace=True):
        if found.type == "declaration" and found.lower_name in _PROPERTIES and _all_harmless(found.value):
            kept.append(f"{found.lower_name}: {tinycss2.serialize(found.value).strip()}")
    return "; ".join(kept)


def _all_harmless(tokens, depth=0):
    return depth < 4 and all(_is_harmless(token, depth) for token in tokens)


def _is_harmless(token, depth):
    if token.type in ("number", "percentage"):
        return 0 <= token.value <= 1000
    if token.type == "dimension":
        return 0 <= token.value <= _LARGEST.get(token.lower_unit, 0)
    if token.type == "function":
        return token.lower_name in _FUNCTIONS and _all_harmless(token.arguments, depth + 1)
    if token.type == "ident":
        return token.value.replace("-", "").replace("_", "").isalnum() and token.value.isascii()
    if token.type == "string":  # the name of a font
        return token.value.replace(" ", "").replace("-", "").isalnum() and token.value.isascii()
    return token.type in ("whitespace", "hash") or token.type == "literal" and token.value in (",", "/")
