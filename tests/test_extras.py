"""Without PyTorch labkit and the labs before the tenth work, and the labs that need it say what to install."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from labkit import extras
from labkit.course import cells, release
from labkit.course.edition import ready

ROOT = Path(__file__).parents[1]
LABS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
BLOCKER = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ImportError("No module named 'torch'")
sys.meta_path.insert(0, Block())
"""


@pytest.fixture
def without(tmp_path):
    """Runs a command in an environment in which torch cannot be imported."""
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "sitecustomize.py").write_text(BLOCKER)
    path = os.pathsep.join([str(tmp_path / "blocked"), str(ROOT)])

    def run(*command, folder=ROOT):
        env = os.environ | {"PYTHONPATH": path}
        return subprocess.run([sys.executable, *command], cwd=folder, env=env, capture_output=True, text=True)

    return run


def _lab(*cells):
    return new_notebook(cells=[new_markdown_cell("# Lab 10: one with PyTorch"), *map(new_code_cell, cells)])


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.stem[:2])
def test_only_labs_10_and_11_need_pytorch_and_they_ask_for_it_in_their_first_cell(path):
    nb = cells.read_lab(path)
    assert cells.needs(nb) == (["torch"] if path.name[:2] in ("10", "11") else [])
    if cells.needs(nb):
        code = [cell for cell in nb.cells if cell.cell_type == "code"]
        first = next(cell.source for cell in code if "not-for-students" not in cell.metadata.get("tags", []))
        assert first.index('extras.need("torch")') < first.index("import torch")


def test_importing_all_of_labkit_does_not_import_torch(without):
    """It takes seconds and memory, also where it is installed; and where it is not, nothing may fail: but for the one
    room that is made of it, `labkit.pytorch`."""
    code = (
        "import importlib, pkgutil, sys, labkit\n"
        "def walk(package):\n"
        "    for module in pkgutil.iter_modules(package.__path__, package.__name__ + '.'):\n"
        "        if not module.name.endswith('__main__') and module.name != 'labkit.pytorch':\n"
        "            found = importlib.import_module(module.name)\n"
        "            walk(found) if module.ispkg else None\n"
        "walk(labkit)\n"
        "assert 'torch' not in sys.modules\n"
        "from labkit import check\n"
        "assert len(check.EXERCISES) > 40\n"
    )
    for done in (without("-c", code), subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)):
        assert done.returncode == 0, done.stderr


def test_labkit_run_names_the_lab_as_skipped_and_runs_the_others(without, tmp_path):
    (tmp_path / "notebooks").mkdir()
    nbformat.write(_lab("print(1)"), tmp_path / "notebooks" / "09_without.ipynb")
    nbformat.write(_lab("import torch"), tmp_path / "notebooks" / "10_with.ipynb")
    done = without("-m", "labkit", "run", folder=tmp_path)
    assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr
    assert re.search(r"^09_without +ok", done.stdout, re.M)
    assert re.search(r"^10_with +skipped: this lab needs PyTorch 2.4 .* pip install torch", done.stdout, re.M)
    assert "pip install torch" in (tmp_path / "build" / "site" / "index.html").read_text(encoding="utf-8")


def test_nbval_skips_the_lab_and_says_why(without, tmp_path):
    (tmp_path / "conftest.py").write_text((ROOT / "conftest.py").read_text(encoding="utf-8"))
    nbformat.write(_lab("from torch import nn"), tmp_path / "10_with.ipynb")
    done = without("-m", "pytest", "--nbval-lax", "-q", "-rs", "-p", "no:cacheprovider", folder=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "1 skipped" in done.stdout and "10_with: this lab needs PyTorch" in done.stdout


def test_the_first_cell_says_what_to_install_and_shows_no_traceback(without, tmp_path):
    nb = _lab("from labkit import extras\n\nextras.need('torch')\n\nimport torch")
    nbformat.write(nb, tmp_path / "10_with.ipynb")
    code = (
        "from labkit.course.execute import execute\nfrom labkit.course.series.notebook import read_notebook\n"
        "nb = read_notebook('10_with.ipynb')\nexecute(nb, '.')\nprint(*nb.cells[1].outputs[0].traceback, sep='\\n')"
    )
    shown = without("-c", code, folder=tmp_path).stdout
    assert shown.startswith("✘ This lab needs PyTorch 2.4 or newer") and shown.count("\n") == 1


def test_the_students_first_cell_asks_for_what_the_lab_needs(monkeypatch, capsys):
    assert "needs=" not in release.ready_cell().source
    source = release.ready_cell(["torch"]).source
    monkeypatch.setenv("LABKIT_DATA", "standin")
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None)
    exec(source, {})
    shown = capsys.readouterr().out
    assert "✘ this lab needs PyTorch 2.4 or newer, which is not here" in shown and "Have a good time" not in shown
    ready.report()
    assert "Have a good time" in capsys.readouterr().out


def test_an_old_version_is_said_to_be_old(monkeypatch):
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: object())
    for version, well in [("2.3.1", False), ("1.13.0", False), ("2.4.0", True), ("2.13.0+cpu", True), ("3.0", True)]:
        monkeypatch.setattr(extras.metadata, "version", lambda name, version=version: version)
        assert (extras.trouble("torch") is None) == well
    monkeypatch.setattr(extras.metadata, "version", lambda name: "2.3.1")
    with pytest.raises(extras.MissingPackage, match=r"This lab needs PyTorch 2.4 or newer, this is 2.3.1"):
        extras.need("torch")


def test_code_that_only_mentions_torch_does_not_need_it():
    assert extras.needed_by(["# import torch as you like", "torches = 1", "x = 'import torch'"]) == []
    assert extras.needed_by(["import numpy\n  import torch.nn as nn"]) == ["torch"]


def test_a_module_for_later_is_imported_when_it_is_used(monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    colours = extras.Later("colorsys")
    assert "colorsys" not in sys.modules
    assert colours.rgb_to_hsv(0, 0, 0) == (0, 0, 0) and "colorsys" in sys.modules
