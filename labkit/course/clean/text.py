"""Text of students for a terminal, a page or a path: every sign of it is seen, and none commands anything."""

import re
import unicodedata

_JOINERS = "\u200c\u200d"  # of Persian, of Indian scripts and of emoji: they belong to names
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")  # control, direction and the like, halves of pairs, private, line ends
_COLOUR = r"\x1b\[[0-9;]{0,40}m"
_COMMAND = r"\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b\[[0-?]*[ -/]*[@-~]?|\x1b[ -/]*[0-Z\\-~]?"
_ESCAPES = re.compile(
    f"(?P<colour>{_COLOUR})|{_COMMAND}|\x9b[0-?]*[ -/]*[@-~]?|[\x90\x9d\x9e\x9f][^\x07\x9c\x1b]*\x9c?"
)
_MARKUP = re.compile(r"[<>\"&`\\/{}|*?:]+")


def shown(text):
    r"""A text on one line, every character of it to be seen: others are spelled as in Python, `\x1b` or `\u202e`."""
    return "".join(letter if _visible(letter) else _escaped(letter) for letter in str(text))


def _visible(letter):
    return letter == " " or letter in _JOINERS or unicodedata.category(letter) not in _UNSEEN


def _escaped(letter):
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def printed(text):
    """What a program printed: its lines and colours stay, all other commands to a terminal go."""
    kept = _ESCAPES.sub(lambda found: found["colour"] or "", str(text)).replace("\r\n", "\n").replace("\b", "")
    return _lines(kept, keep="\x1b\r")


def source(text):
    """A program as text: what would show its lines in another order than they run in is written out."""
    return _lines(str(text).replace("\r\n", "\n"))


def _lines(text, keep=""):
    kept = "\n\t" + keep
    if text.translate(dict.fromkeys(map(ord, kept))).isprintable():
        return text
    return "".join(letter if letter in kept or _visible(letter) else _escaped(letter) for letter in text)


def student_id(name, taken=()):
    """The name under which a student is kept, made from the name of a folder.

    It is the folder's name as long as that is harmless: not what pages, paths and terminals read as more than a name.
    name: of the folder.
    taken: names that are given away.
    Returns a name of at most 120 characters that is not in `taken`.
    """
    name = unicodedata.normalize("NFC", str(name).encode("utf-8", "replace").decode())
    kept = "".join(letter if _visible(letter) else "_" for letter in _MARKUP.sub("_", name)).strip(" .")[:120] or "_"
    number, unique = 2, kept
    while unique in taken:
        unique, number = f"{kept[:112]}~{number}", number + 1
    return unique
