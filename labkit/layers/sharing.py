"""Images shared out to threads, in parts that do not depend on how many threads there are; and memory used again.

NumPy lets other threads run while it copies, adds or multiplies, so two threads with half the images each take half the
time. Each adds up its own part; the parts' sums are added in their order, so results are the same with any number.
"""

import math
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np

from labkit.threads import workers

LINE = 64  # bytes of a line of the cache: copies that start at one are faster
SHARES = 8  # a fixed number: more threads than that wait
_kept = threading.local()


def share_out(task, N, at_once):
    """Run `task(parts)` for each share of N images, slices of `at_once` images each; returns what each returned."""
    slices = [slice(first, min(first + at_once, N)) for first in range(0, N, at_once)]
    number = min(SHARES, len(slices))
    shares = [slices[len(slices) * k // number : len(slices) * (k + 1) // number] for k in range(number)]
    threads = _workers(os.environ.get("LABKIT_THREADS")) if number > 1 else 1
    return list(map(task, shares) if threads == 1 else _pool(threads, os.getpid()).map(task, shares))


@lru_cache
def _workers(_):
    """How many threads, asked once for each setting: counting the cores reads files."""
    return workers()


@lru_cache(maxsize=1)
def _pool(threads, process):
    """The threads, started once in each process: those of a parent do not live on in its fork."""
    return ThreadPoolExecutor(threads, thread_name_prefix="labkit")


def scratch(name, shape, dtype):
    """An array to compute in, of any contents: the same memory for each call of this name in this thread.

    Making an array of a megabyte anew takes longer than filling it.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = vars(_kept).get(name)
    if memory is None or memory.size < size:
        memory = np.empty(size + LINE, np.uint8)
        memory = vars(_kept)[name] = memory[-memory.ctypes.data % LINE :]
    return memory[:size].view(dtype).reshape(shape)
