"""Tests and notebooks run on the stand-in, without network, unless CIFAR-10 is asked for by name.

Each test process computes with one thread: there is one of them for every core.
"""

import functools
import os

import pytest

from labkit.course import cells
from labkit.threads import cores, one_each

MOST_PROCESSES = 16  # a lab takes up to a gigabyte, and there are not many more files to share out

if "LABKIT_CIFAR10" not in os.environ:
    os.environ.setdefault("LABKIT_DATA", "standin")
for name, number in one_each().items():
    os.environ.setdefault(name, number)


def pytest_collection_modifyitems(items):
    """A lab that needs a package which is not here, such as PyTorch, is skipped, with what to install."""
    for item in items:
        lacking = _lacks(item.path) if item.path.suffix == ".ipynb" else None
        if lacking:
            item.add_marker(pytest.mark.skip(reason=f"{item.path.stem}: {lacking}"))


@functools.cache
def _lacks(notebook):
    return cells.lacks(cells.read_lab(notebook))


def pytest_xdist_auto_num_workers():
    """For `--numprocesses=auto`: the cores that these tests may use, which in a container are not the machine's."""
    return min(cores(), MOST_PROCESSES)
