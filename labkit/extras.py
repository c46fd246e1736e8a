"""Packages that only some labs need: whether they are here, and in words how to get them."""

import importlib.util
import re
from importlib import metadata

# What is installed by this name: its own name, the oldest version that will do, and how to get it.
PACKAGES = {
    "torch": (
        "PyTorch",
        (2, 4),
        "python -m pip install torch (on Linux without a GPU add --index-url https://download.pytorch.org/whl/cpu, "
        "which spares you gigabytes)",
    )
}
_IMPORTED = re.compile(rf"^\s*(?:import|from)\s+({'|'.join(PACKAGES)})\b", re.M)


class MissingPackage(ImportError):
    """A package is not here; in a notebook its message stands alone, without a traceback."""

    def _render_traceback_(self):
        return [f"✘ {self}"]


def trouble(name):
    """What is wrong with a package of `PACKAGES`, and what to install; None where it can be used.

    name: as it is imported, such as "torch".
    """
    title, oldest, install = PACKAGES[name]
    wanted = f"{title} {'.'.join(map(str, oldest))} or newer"
    how = f"In a terminal: {install}. Then: Kernel > Restart Kernel."
    try:
        here = importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # something in its place keeps it from being imported
        here = False
    if not here:
        return f"this lab needs {wanted}, which is not here. {how}"
    found = _version(name)
    if found and [int(n) for n in re.findall(r"\d+", found)[:2]] < list(oldest):
        return f"this lab needs {wanted}, this is {found}. {how}"
    return None


def need(name):
    """Nothing where a package of `PACKAGES` can be used; else MissingPackage is raised, which says what to install.

    name: as it is imported, such as "torch".
    """
    problem = trouble(name)
    if problem:
        raise MissingPackage(problem[0].upper() + problem[1:])


def needed_by(sources):
    """The names in `PACKAGES` that code imports, sorted.

    sources: pieces of code, such as the cells of a notebook.
    """
    return sorted({name for source in sources for name in _IMPORTED.findall(source)})


def _version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


class Later:
    """A package, or a module of one, that is imported when something of it is first used.

    name: as it is imported, such as "torch.nn".
    """

    def __init__(self, name):
        self._name = name

    def __getattr__(self, attribute):
        return getattr(importlib.import_module(self._name), attribute)
