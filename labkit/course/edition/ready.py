"""The first cell of a student's lab: is everything here that the lab needs? In words, never a traceback."""

import importlib
import os
import re
import sys
from importlib import metadata

import labkit
from labkit import extras

_OLDEST_PYTHON = (3, 10)
_INSTALL = "In a terminal, in the folder of the course:  python -m pip install .   Then: Kernel > Restart Kernel."


def report(made_with=None, needs=()):
    """Print whether this Python can run the labs: its version, the packages, labkit, the data.

    made_with: the version of labkit that the lab was made with.
    needs: further packages that this lab imports, such as ["torch"].
    """
    try:
        troubles = [*_python(), *_packages(), *_labkit(made_with)]
        facts = [
            f"Python {sys.version.split()[0]}",
            *(f"{name} {_version(name)}" for name in ("numpy", "matplotlib")),
            f"labkit {labkit.__version__}",
        ]
        print(", ".join(facts))
        for trouble in troubles:
            print(f"✘ {trouble}")
        if troubles:
            print(_INSTALL)
            return
        further = [trouble for trouble in map(extras.trouble, needs) if trouble]
        for trouble in further:
            print(f"✘ {trouble}")
        if further:
            return
        usable, said = _data()
        print(said)
        print("✔ Everything is here. Have a good time with the lab." if usable else "✘ The data have to come first.")
    except Exception as problem:  # a test of the installation that fails must not be one more puzzle
        print(f"✘ The installation could not be tested ({type(problem).__name__}: {problem}).")
        print(_INSTALL)


def _python():
    if sys.version_info < _OLDEST_PYTHON:
        yield (
            f"labkit needs Python {'.'.join(map(str, _OLDEST_PYTHON))} or newer, "
            f"this is {sys.version.split()[0]} ({sys.executable}): install a newer one first"
        )


def _packages():
    """The packages that the labs import, with the ranges that labkit names."""
    for name, ranges in _required():
        try:
            importlib.import_module(name)
        except Exception as problem:
            yield f"the package {name} is missing or broken ({type(problem).__name__}: {problem})"
            continue
        found = _version(name)
        if ranges and found and not _within(found, ranges):
            yield f"the package {name} is version {found}, labkit needs {ranges}"


def _required():
    wanted = {"numpy": "", "matplotlib": "", "tqdm": "", "requests": ""}
    try:
        for line in metadata.requires("labkit") or []:
            match = re.match(r"([A-Za-z0-9_.-]+)\s*([<>=!~][^;]*)?(;.*)?$", line)
            if match and match[1].lower() in wanted and "extra" not in (match[3] or ""):
                wanted[match[1].lower()] = (match[2] or "").strip()
    except metadata.PackageNotFoundError:  # labkit lies beside the notebooks and is not installed
        pass
    return wanted.items()


def _within(version, ranges):
    try:
        return importlib.import_module("packaging.specifiers").SpecifierSet(ranges).contains(version, prereleases=True)
    except Exception:
        return True


def _version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return getattr(sys.modules.get(name), "__version__", "")


def _labkit(made_with):
    if made_with and _numbers(labkit.__version__) < _numbers(made_with):
        yield f"labkit {labkit.__version__} is installed, this lab needs {made_with} or newer"


def _numbers(version):
    return [int(n) for n in re.findall(r"\d+", version)[:3]]


def _data():
    """Whether the labs can have data, and in words where they are; nothing is read or downloaded."""
    # only now: they need the packages that may turn out to be missing above
    cifar10, errors = (importlib.import_module(f"labkit.data.{name}") for name in ("cifar10", "errors"))

    if os.environ.get("LABKIT_DATA", "").strip().lower() == "standin":
        return True, "Data: the stand-in is asked for (LABKIT_DATA=standin)."
    try:
        found = cifar10.find_cifar10()
    except errors.DataError as problem:  # LABKIT_CIFAR10 names a folder that does not hold all of it
        return False, f"Data: {problem}"
    if found:
        return True, "Data: CIFAR-10 is here."
    return True, (
        "Data: CIFAR-10 is not here yet. It is fetched (170 MB, once) when a lab first asks for it; without a "
        "network the lab goes on with a stand-in and says so."
    )
