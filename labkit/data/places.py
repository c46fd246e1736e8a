"""Where data may lie: the project's own data folder and the user's cache."""

import os
from pathlib import Path

import platformdirs


def project_folder():
    """The folder of the project: that of an editable install, else the current folder or one above it.

    Returns a Path, or None where labkit is installed apart from the labs and runs outside of them.
    """
    here = current_folder()
    for folder in (Path(__file__).resolve().parents[2], *((here, *here.parents) if here else ())):
        if (folder / "notebooks").is_dir() and _names_labkit(folder / "pyproject.toml"):
            return folder
    return None


def cache_folder():
    """The folder for what labkit keeps between runs: LABKIT_CACHE, else the system's place for caches."""
    named = os.environ.get("LABKIT_CACHE")
    if named:
        return Path(named).expanduser().absolute()
    return platformdirs.user_cache_path("labkit")


def current_folder():
    """The current folder, or None if it was deleted."""
    try:
        return Path.cwd()
    except OSError:
        return None


def _names_labkit(path):
    try:
        return 'name = "labkit"' in path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
