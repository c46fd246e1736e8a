"""A lab's notebook as a file: read, stored with its outputs, and without what is of this machine only."""

import copy
import os
import re
import sys
import sysconfig
from pathlib import Path

import nbformat

import labkit
from labkit.files import write

_IDENTIFIER = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}


class UnreadableNotebook(ValueError):
    """A file that is not a notebook; the message says why in one sentence."""


def read_notebook(path):
    """The notebook in a file, in the current format, every cell with an identifier of its own.

    Raises UnreadableNotebook.
    """

    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UnreadableNotebook(f"the file cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnreadableNotebook("the file is not text in UTF-8") from None
    if not text.strip():
        raise UnreadableNotebook("the file is empty")
    try:
        data = nbformat.reader.parse_json(text)
    except Exception as error:
        cause = error.__cause__ or error.__context__ or error
        where = f" (line {cause.lineno}: {cause.msg})" if hasattr(cause, "lineno") else ""
        conflict = ": it has unresolved merge conflicts" if re.search("^<<<<<<< ", text, re.M) else ""
        raise UnreadableNotebook(f"the file is not JSON{where}{conflict}") from None
    if not isinstance(data, dict) or not isinstance(data.get("nbformat"), int):
        raise UnreadableNotebook("the file is JSON, but not a notebook")
    try:
        nb = nbformat.convert(nbformat.reader.reads(text), 4)
        _identify(nb)
        nbformat.validate(nb)
    except Exception as error:
        reason = str(error).splitlines()[0][:200]
        raise UnreadableNotebook(f"the file is not a valid notebook: {reason}") from None
    return nb


def _identify(nb):
    """Give a cell without an identifier, or with one used before, one that is the same at each reading."""
    if (nb.nbformat, nb.nbformat_minor) < (4, 5):
        return
    seen = set()
    for i, cell in enumerate(nb.cells):
        if not _IDENTIFIER.fullmatch(str(cell.get("id", ""))) or cell.id in seen:
            cell.id = next(name for k in range(len(nb.cells) + 1) if (name := f"cell-{i + k}") not in seen)
        seen.add(cell.id)


def store(path, nb, before):
    """Write an executed notebook over its source, without what differs from machine to machine.

    before: the bytes that were read; a file that has changed since is left alone and OSError is raised.
    """

    path = Path(path).resolve()
    if path.read_bytes() != before:
        raise OSError("the notebook was changed while it ran")
    nb = copy.deepcopy(nb)
    nb.metadata.kernelspec, nb.metadata.language_info = _KERNELSPEC, _LANGUAGE
    for cell in nb.cells:
        for key in ("execution", "ExecuteTime"):
            cell.metadata.pop(key, None)
    data = (nbformat.writes(nb).rstrip("\n") + "\n").encode("utf-8", "backslashreplace")
    if data != before:
        write(path, data)


# --- what is of this machine only -----------------------------------------------------------------


def hide_paths(nb, rules):
    """Take the folders of this machine out of the outputs (in place), so that they read the same anywhere."""
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            for holder, key in _texts(output):
                if isinstance(holder[key], str):
                    holder[key] = without_paths(holder[key], rules)


def without_paths(text, rules):
    """A text without the folders of this machine; rules: from `path_rules`."""
    for pattern, substitute in rules:
        text = pattern.sub(substitute, text)
    return text


def _texts(output):
    """(container, key) of every text in an output."""
    yield from ((output, key) for key in ("text", "evalue") if key in output)
    yield from ((output["traceback"], i) for i in range(len(output.get("traceback", []))))
    yield from (
        (output["data"], kind) for kind in output.get("data", {}) if kind.startswith("text/") or kind == "image/svg+xml"
    )


def path_rules(folders):
    """(pattern, substitute) pairs for `without_paths`, the longest folder first.

    folders: {folder: what stands for it} besides those of Python, labkit and the user.
    """
    paths = {key: sysconfig.get_path(key) for key in ("purelib", "platlib", "stdlib", "platstdlib")}
    known = dict.fromkeys(filter(None, paths.values()), "")
    if sys.prefix != sys.base_prefix:  # not /usr
        known[sys.prefix] = ""
    home = Path.home()
    known |= {str(Path(folder).absolute()): name for folder, name in folders.items()}
    known |= {str(Path(labkit.__file__).parents[1]): "", str(home): "~"}
    for folder, name in list(known.items()):
        known.setdefault(str(Path(folder).resolve()), name)
    for folder, name in list(known.items()):
        if home in Path(folder).parents:
            known[str(Path("~") / Path(folder).relative_to(home))] = name
    rules = [(re.compile(r"""[^\s"'()<>]*ipykernel_\d+[/\\]+\d+\.py"""), "cell")]  # a cell's name in warnings
    for folder, name in sorted(known.items(), key=lambda item: -len(item[0])):
        parts = [part for part in re.split(r"[/\\]+", folder)]
        if len([part for part in parts if part]) and folder != "~":
            pattern = r"[/\\]+".join(map(re.escape, parts))
            flags = re.IGNORECASE if os.name == "nt" else 0
            before = r"(?P<before>\x1b\[[0-9;]*m|(?<![\w.~-]))"  # a colour ends in a letter
            rules.append((re.compile(rf"{before}{pattern}(?:[/\\]+|(?![\w.-]))", flags), _Substitute(name)))
    return rules


class _Substitute:
    """What stands for a folder, alone or with more of the path after it."""

    def __init__(self, name):
        self.name = name

    def __call__(self, match):
        if match[0][-1] in "/\\":
            return match["before"] + (f"{self.name}/" if self.name else "")
        return match["before"] + (self.name or ".")
