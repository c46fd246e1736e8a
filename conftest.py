"""Tests and notebooks run on the stand-in, without network, unless CIFAR-10 is asked for by name.

Two test processes share the cores, so each computes with one thread: two of each would wait for each other.
"""

import os

if "LABKIT_CIFAR10" not in os.environ:
    os.environ.setdefault("LABKIT_DATA", "standin")
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
