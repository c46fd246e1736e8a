"""Tests and notebooks run on the stand-in, without network, unless CIFAR-10 is asked for by name.

Two test processes share the cores, so each computes with one thread: two of each would wait for each other.
"""

import os

from labkit.threads import one_each

if "LABKIT_CIFAR10" not in os.environ:
    os.environ.setdefault("LABKIT_DATA", "standin")
for name, number in one_each().items():
    os.environ.setdefault(name, number)
