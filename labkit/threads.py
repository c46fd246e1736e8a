"""Threads, settled in one place: how many BLAS computes with, and how many labkit shares images out to.

BLAS, which multiplies matrices for NumPy, takes every core of the machine unless told otherwise. `settle`, called
when a room that computes is imported, tells it to take one, for labs, marking and training alike: only with a fixed
number do the same seeds give the same figures. A number of threads set by hand is left alone: LABKIT_BLAS_THREADS, or
a variable that BLAS itself reads (`VARIABLES`).

Measured on two cores, a training step of lab 5 (3072-50-10 at batch 100 and 200, 300-600-10 at batch 100), median
against one thread: two BLAS threads take 0.74 times as long at best (3072-50-10, batch 200), 1.8 to 3.2 times beside
one process that computes, 3.1 to 5 beside two, and up to 6.4 on a busy machine. Halves of the batch in two threads,
their gradients added in fixed order, take 1.03 to 1.54 times as long: the steps are too short to be shared out.
"""

import os
from pathlib import Path

from threadpoolctl import threadpool_limits

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def settle():
    """Let BLAS compute with one thread from now on, or with as many as the environment says.

    LABKIT_BLAS_THREADS is the number; where it is not set but one of `VARIABLES` is, BLAS is left as it is.
    Raises ValueError if LABKIT_BLAS_THREADS is no whole number of at least 1.
    """
    if "LABKIT_BLAS_THREADS" in os.environ:
        threadpool_limits(_from_environment("LABKIT_BLAS_THREADS"), user_api="blas")
    elif not any(name in os.environ for name in VARIABLES):
        threadpool_limits(1, user_api="blas")


def one_each():
    """Environment variables for a process that is to compute with one thread, whatever it computes with."""
    return dict.fromkeys((*VARIABLES, "LABKIT_THREADS"), "1")


def workers():
    """Number of threads that labkit's convolution, pooling and normalisation share images out to.

    It is the environment variable LABKIT_THREADS if that is set, else the number of cores this process may use.
    Returns an int, at least 1. The results do not depend on it.
    Raises ValueError if LABKIT_THREADS is no whole number of at least 1.
    """
    return _from_environment("LABKIT_THREADS") if "LABKIT_THREADS" in os.environ else cores()


def cores():
    """Number of cores this process may use: those it is bound to, and no more than its container's share of time."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(bound, round(_container_share())))


def _container_share(root="/sys/fs/cgroup"):
    """The share of processor time that a Linux container grants, in cores; very many where there is no limit."""
    try:
        quota, period = (Path(root) / "cpu.max").read_text().split()
        return int(quota) / int(period)
    except (OSError, ValueError):  # no such file, or "max"
        pass
    try:  # the older form
        folder = Path(root) / "cpu"
        quota, period = (int((folder / f"cpu.cfs_{what}_us").read_text()) for what in ("quota", "period"))
        return quota / period if quota > 0 and period > 0 else 10**6
    except (OSError, ValueError):
        return 10**6


def _from_environment(name):
    text = os.environ[name].strip()
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{name} must be a whole number, at least 1, got {text!r}")
    return int(text)
