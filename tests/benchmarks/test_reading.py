"""Reading CIFAR-10 into memory: time and peak memory of a fresh process.

The peer is a reader that unpickles, stacks and transposes. The two take turns, and medians are compared,
because the machine may be busy with other things.
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from data_files import write_data  # noqa: E402

ROUNDS = 9

REPORT = """
    import json, resource, sys
    try:  # the peak of this process alone; what `resource` says may include that of its parent
        peak = int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024
    except OSError:
        unit = 2**20 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(json.dumps([seconds, peak, shape, int(total)]))
"""

LABKIT = (
    """
def main(folder):
    import time
    from labkit.data import load_cifar10
    start = time.perf_counter()
    data = load_cifar10(folder)
    seconds, shape = time.perf_counter() - start, data.X_train.shape + data.X_test.shape
    total = data.X_train[:10].sum() + data.y_train.sum()
"""
    + REPORT
)

PEER = (
    """
def main(folder):
    import pickle, time
    import numpy as np
    start = time.perf_counter()
    images, labels = [], []
    for name in [f"data_batch_{i}" for i in range(1, 6)]:
        with open(f"{folder}/{name}", "rb") as file:
            batch = pickle.load(file, encoding="latin1")
        images.append(batch["data"])
        labels.extend(batch["labels"])
    X_train, y_train = np.vstack(images).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), np.array(labels)
    with open(f"{folder}/test_batch", "rb") as file:
        batch = pickle.load(file, encoding="latin1")
    X_test, y_test = batch["data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), np.array(batch["labels"])
    seconds = time.perf_counter() - start
    shape = X_train.transpose(0, 3, 1, 2).shape + X_test.transpose(0, 3, 1, 2).shape
    total = X_train[:10].sum() + y_train.sum()
"""
    + REPORT
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six files of 10,000 images in the official layout."""
    return write_data(tmp_path_factory.mktemp("cifar") / "cifar-10-batches-py", n=10_000)


def measure(program, folder):
    """(seconds, peak in MiB, shapes, checksum) of one reading in a fresh process."""
    program += f"\nmain({str(folder)!r})\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_reading_cifar10(benchmark, folder):
    ours, peer = [], []

    def one_turn():
        ours.append(measure(LABKIT, folder))
        peer.append(measure(PEER, folder))

    benchmark.pedantic(one_turn, rounds=ROUNDS, warmup_rounds=1)
    assert ours[0][2:] == peer[0][2:]  # the same data
    time_ours, time_peer = (statistics.median(run[0] for run in runs[1:]) for runs in (ours, peer))
    peak_ours, peak_peer = (max(run[1] for run in runs) for runs in (ours, peer))
    ratio = statistics.median(a[0] / b[0] for a, b in zip(ours[1:], peer[1:], strict=True))
    benchmark.extra_info |= {
        "seconds": time_ours,
        "seconds of the peer": time_peer,
        "ratio": ratio,
        "peak MiB": peak_ours,
        "peak MiB of the peer": peak_peer,
        "NumPy": np.__version__,
    }
    print(
        f"\nreading CIFAR-10: {time_ours:.3f} s, peer {time_peer:.3f} s, ratio {ratio:.2f} (bound 1.8); "
        f"peak {peak_ours:.0f} MiB (bound 270), peer {peak_peer:.0f} MiB"
    )
    assert ratio <= 1.8
    assert peak_ours <= 270
