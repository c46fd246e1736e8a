"""Tests and notebooks run on the stand-in, without network, unless CIFAR-10 is asked for by name.

Each test process computes with one thread: there is one of them for every core.
"""

import os

from labkit.threads import cores, one_each

MOST_PROCESSES = 16  # a lab takes up to a gigabyte, and there are not many more files to share out

if "LABKIT_CIFAR10" not in os.environ:
    os.environ.setdefault("LABKIT_DATA", "standin")
for name, number in one_each().items():
    os.environ.setdefault(name, number)


def pytest_xdist_auto_num_workers():
    """For `--numprocesses=auto`: the cores that these tests may use, which in a container are not the machine's."""
    return min(cores(), MOST_PROCESSES)
