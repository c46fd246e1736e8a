"""The house: each room imports only from rooms above it, stays readable, and documents what is public."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "labkit"
ROOMS = [
    "arguments",
    "files",
    "threads",
    "progress",
    "data",
    "preprocess",
    "losses",
    "gradients",
    "layers",
    "networks",
    "optimizers",
    "training",
    "search",
    "autodiff",
    "plots",
    "check",
    "course",
]
MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path):
    """Rooms of labkit that a module imports, at its top or inside its functions."""
    here = ("labkit", *path.relative_to(PACKAGE).with_suffix("").parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(here[: len(here) - node.level]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "labkit" and len(parts) > 1 and parts[1] in ROOMS:
                yield parts[1]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_only_from_rooms_above_it(path):
    room = room_of(path)
    if room in ("__init__", "__main__"):
        return
    assert room in ROOMS, f"{path.name} is in no room of the house: add it to DESIGN's order and here"
    below = {other for other in imported_rooms(path) if ROOMS.index(other) > ROOMS.index(room)}
    assert not below, f"{path.relative_to(ROOT)} imports from {below}, which stand below {room}"


@pytest.mark.parametrize(
    "room", [room for room in ROOMS if room not in ("course", "data", "check") and (PACKAGE / f"{room}.py").exists()]
)
def test_public_functions_say_what_they_take_and_return(room):
    module = importlib.import_module(f"labkit.{room}")
    for name, thing in vars(module).items():
        if name.startswith("_") or not callable(thing) or getattr(thing, "__module__", "") != module.__name__:
            continue
        assert inspect.getdoc(thing), f"labkit.{room}.{name} has no docstring"


def test_the_oldest_promised_python_can_read_every_module():
    for path in MODULES:
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 10))


def test_environment_yml_installs_the_package_with_all_that_the_labs_import():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert re.search(r"--editable \.\[test\]", text)


def test_importing_the_data_room_stays_light():
    """Its imports count in the memory and the start of everything: nothing that draws or downloads."""
    import subprocess
    import sys

    heavy = ("matplotlib", "pooch", "requests", "IPython")
    code = f"import sys, labkit.data; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT).stdout.strip() == "[]"
