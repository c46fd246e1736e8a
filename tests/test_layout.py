"""One layout and one linter for the whole tree, as pyproject.toml configures them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = {"check": ["check", "--output-format=concise"], "format": ["format", "--check"]}


def ruff(command, path, *settings):
    """Exit status and words of ruff, without its cache: the tree may be read-only."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *COMMANDS[command], "--no-cache", *settings, str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_the_tree_passes(command):
    status, words = ruff(command, ".")
    assert status == 0, f"ruff {command} says:\n{words}"


@pytest.mark.parametrize("command, planted", [("check", "import os\n"), ("format", "x = 'single'\n")])
def test_a_planted_violation_is_found(command, planted, tmp_path):
    (tmp_path / "planted.py").write_text(planted)
    status, words = ruff(command, tmp_path, "--config", str(ROOT / "pyproject.toml"))
    assert status == 1 and "planted.py" in words
