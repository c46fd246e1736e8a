"""Tests and notebooks run on the stand-in, without network, unless CIFAR-10 is asked for by name."""

import os

if "LABKIT_CIFAR10" not in os.environ:
    os.environ.setdefault("LABKIT_DATA", "standin")
