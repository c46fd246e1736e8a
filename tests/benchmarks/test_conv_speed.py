"""Convolution, pooling and ConvNets against PyTorch on the CPU, the loops, and their own matrix products: `make bench`.

Everything is timed in turns, many short times, in a process of its own without OPENBLAS_CORETYPE, which would pin
NumPy's kernels; both sides with as many threads as the process has cores. What must be reached is judged by the median
of the ratios, each of two times that followed each other. Beside it stands the ratio of the shortest times, and the
load before and after.
Beside other work, PyTorch's threads wait for each other far longer than labkit's: at a load of 7 on two cores by 20
times, which flatters labkit. Then `LABKIT_THREADS=1 make bench` is fair: one thread each, in processor time.
"""

import json
import os
import subprocess
import sys
from functools import partial
from time import perf_counter, process_time

import numpy as np
import pytest

from labkit.threads import VARIABLES, workers

torch = pytest.importorskip("torch")

SHAPES = {  # x, w, stride, pad
    "A": ((100, 3, 31, 31), (25, 3, 3, 3), 2, 1),
    "B": ((128, 3, 32, 32), (32, 3, 5, 5), 1, 2),
    "C": ((128, 32, 16, 16), (64, 32, 3, 3), 1, 1),
    "D": ((50, 3, 32, 32), (32, 3, 7, 7), 1, 3),
}
# at most this many times PyTorch's time
PYTORCH = {
    "float32": {"forward": dict.fromkeys("ABCD", 2), "backward": {"A": 1.2, "B": 1.2, "C": 2, "D": 1.2}},
    "float64": {"forward": dict.fromkeys("ABCD", 0.85), "backward": dict.fromkeys("ABCD", 0.85)},
}
PRODUCTS = {"forward": 1.5, "backward": 1.8}  # at most this many times the products' own, for B, C and D
NAIVE = {"forward": 1000, "backward": 700}  # at least this many times faster than the loops, for A in float64
NETWORKS = {  # batch, description, at most this many times PyTorch's time
    "7 × 7 - 32": (50, "conv 32 7, relu, pool 2, affine 10", 1.2),
    "32 - 64": (128, "conv 32 3, relu, pool 2, conv 64 3, relu, pool 2, affine 10", 1.2),
}


# -------------------------------------------------------------------------------- the process that measures


def in_turns(seconds, **calls):
    """Times of each call, made in turns for so many seconds (at least 5 turns): dict name -> times."""
    clock = process_time if workers() == 1 else perf_counter
    times, turns = {name: [] for name in calls}, 0
    for call in calls.values():
        call()
    end = perf_counter() + seconds
    while perf_counter() < end or turns < 5:
        turns += 1
        for name, call in calls.items():
            start = clock()
            call()
            times[name].append(clock() - start)
    return times


def measure_convolution(name, dtype, seconds):
    from labkit import layers
    from labkit.layers.conv import as_matrix
    from labkit.layers.sharing import scratch, share_out

    x_shape, w_shape, stride, pad = SHAPES[name]
    rng = np.random.default_rng(0)
    x, w, b = (rng.standard_normal(s).astype(dtype) for s in (x_shape, w_shape, w_shape[0]))
    out, cache = layers.conv_forward(x, w, b, stride, pad)
    dout, weights, g = rng.standard_normal(out.shape).astype(dtype), as_matrix(w), cache[2]
    most = g.at_once(x.itemsize) * g.counts[0] * g.counts[1]
    all_rows, all_drows = (rng.standard_normal((most, n)).astype(dtype) for n in weights.shape)

    def products(backward):
        def task(parts):
            for part in parts:
                size = (part.stop - part.start) * g.counts[0] * g.counts[1]
                rows, drows = all_rows[:size], all_drows[:size]
                if backward:
                    np.matmul(rows.T, drows, out=scratch("bench w", weights.shape, dtype))
                    np.matmul(drows, weights.T, out=scratch("bench x", rows.shape, dtype))
                else:
                    np.matmul(rows, weights, out=scratch("bench out", drows.shape, dtype))

        share_out(task, len(x), g.at_once(x.itemsize))

    tensors = [torch.from_numpy(a).requires_grad_() for a in (x, w, b)]
    conv2d = partial(torch.nn.functional.conv2d, stride=stride, padding=pad)
    theirs, dtheirs = conv2d(*tensors), torch.from_numpy(dout)

    def pytorch_forward():
        with torch.no_grad():
            conv2d(*tensors)

    found = {
        "forward": in_turns(
            seconds,
            labkit=lambda: layers.conv_forward(x, w, b, stride, pad),
            products=lambda: products(False),
            pytorch=pytorch_forward,
        ),
        "backward": in_turns(
            seconds,
            labkit=lambda: layers.conv_backward(dout, cache),
            products=lambda: products(True),
            pytorch=lambda: torch.autograd.grad(theirs, tensors, dtheirs, retain_graph=True),
        ),
    }
    # one image through the loops: their time grows with the images and with nothing else
    _, slow = layers.conv_forward_naive(x[:1], w, b, stride, pad)
    slowly = {
        "forward": lambda: layers.conv_forward_naive(x[:1], w, b, stride, pad),
        "backward": lambda: layers.conv_backward_naive(dout[:1], slow),
    }
    for way, call in slowly.items():
        found[way]["naive"] = [len(x) * time for time in in_turns(0, naive=call)["naive"]]
    return found


def measure_pooling(seconds):
    from labkit import layers

    x = np.random.default_rng(0).standard_normal((100, 3, 32, 32), dtype=np.float32)
    out, cache = layers.max_pool_forward(x, 2)
    tensor = torch.from_numpy(x).requires_grad_()
    theirs, dout = torch.nn.functional.max_pool2d(tensor, 2), np.ones_like(out)
    dtheirs = torch.from_numpy(dout)

    def pytorch_forward():
        with torch.no_grad():
            torch.nn.functional.max_pool2d(tensor, 2)

    return {
        "forward": in_turns(seconds, labkit=lambda: layers.max_pool_forward(x, 2), pytorch=pytorch_forward),
        "backward": in_turns(
            seconds,
            labkit=lambda: layers.max_pool_backward(dout, cache),
            pytorch=lambda: torch.autograd.grad(theirs, tensor, dtheirs, retain_graph=True),
        ),
    }


def measure_network(name, seconds):
    """Steps of training, scaled to an epoch of 49,000 images; momentum, as a user of each would write it."""
    from labkit.networks import convnet, init_convnet
    from labkit.optimizers import Momentum

    batch, text, _ = NETWORKS[name]
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((2000, 3, 32, 32), dtype=np.float32), rng.integers(0, 10, 2000)
    params, optimizer = init_convnet(text), Momentum(1e-3)
    net = pytorch_network(text, params)
    theirs = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9)
    tX, ty = torch.from_numpy(X), torch.from_numpy(y)

    def labkit_step():
        batch_of = rng.integers(0, len(X), batch)
        _, grads = convnet(X[batch_of], params, y[batch_of], layers=text)
        optimizer.step(params, grads)

    def pytorch_step():
        batch_of = torch.from_numpy(rng.integers(0, len(X), batch))
        theirs.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(net(tX[batch_of]), ty[batch_of]).backward()
        theirs.step()

    steps = 49_000 / batch
    times = in_turns(seconds, labkit=labkit_step, pytorch=pytorch_step)
    return {"epoch": {name: [steps * time for time in found] for name, found in times.items()}}


def pytorch_network(text, params):
    modules, k = [], 0
    for words in (layer.split() for layer in text.split(",")):
        if words[0] in ("conv", "affine"):
            k += 1
            W = params[f"W{k}"]
            flat = words[0] == "affine"
            modules += [torch.nn.Flatten(), torch.nn.Linear(*W.shape)] if flat else [
                torch.nn.Conv2d(W.shape[1], W.shape[0], W.shape[2], padding=W.shape[2] // 2)
            ]  # fmt: skip
            modules[-1].weight.data = torch.from_numpy(W.T.copy() if flat else W.copy())
        else:
            modules.append(torch.nn.ReLU() if words[0] == "relu" else torch.nn.MaxPool2d(2))
    return torch.nn.Sequential(*modules)


def measure(what, seconds):
    import threadpoolctl

    torch.set_num_threads(workers())
    before = os.getloadavg()[0]
    found = measure_network(what[1], seconds) if what[0] == "network" else (
        measure_pooling(seconds) if what[0] == "pool" else measure_convolution(*what[1:], seconds)
    )  # fmt: skip
    load = f"{before:.1f}, then {os.getloadavg()[0]:.1f}"
    return {"found": found, "threads": workers(), "load": load, "blas": threadpoolctl.threadpool_info()}


# ------------------------------------------------------------------------------------------------ the tests


def measured(*what, seconds=4.0):
    pinned = {*VARIABLES, "LABKIT_BLAS_THREADS", "OPENBLAS_CORETYPE"}
    environment = {name: value for name, value in os.environ.items() if name not in pinned}
    done = subprocess.run(
        [sys.executable, __file__, json.dumps(what), str(seconds)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    blas = [f"{b['internal_api']} {b['version']} {b.get('architecture', '')}, {b['num_threads']} threads"
            for b in result["blas"]]  # fmt: skip
    print(f"\n{' '.join(what)}: {result['threads']} threads, load {result['load']}; {'; '.join(blas)}")
    return result["found"]


def ratios(times, one, other):
    """(median of the pairs, of the shortest times); of the medians where they were not timed in turns"""
    paired = len(times[one]) == len(times[other])
    median = np.median(np.divide(*(times[name] if paired else np.median(times[name]) for name in (one, other))))
    return float(median), min(times[one]) / min(times[other])


def shown(way, times, unit=1e3, name="ms"):
    for other in (other for other in times if other != "labkit"):
        median, shortest = ratios(times, "labkit", other)
        ratio = (
            f"1/{1 / median:,.0f} (shortest 1/{1 / shortest:,.0f})"
            if median < 0.01
            else f"{median:.2f} (shortest {shortest:.2f})"
        )
        labkit, peer = (f"{np.median(found) * unit:.2f} (shortest {min(found) * unit:.2f}) {name}"
                        for found in (times["labkit"], times[other]))  # fmt: skip
        print(f"  {way:8} labkit {labkit}, {other} {peer}: {ratio} times")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SHAPES)
def test_convolution(name, dtype, benchmark):
    found = measured("convolution", name, dtype)
    missed = []
    for way, times in found.items():
        shown(way, times)
        limits = {"pytorch": PYTORCH[dtype][way][name]} | ({"products": PRODUCTS[way]} if name != "A" else {})
        if (name, dtype) == ("A", "float64"):
            limits["naive"] = 1 / NAIVE[way]
        for other, limit in limits.items():
            reached, _ = ratios(times, "labkit", other)
            benchmark.extra_info[f"{way}, {other}"] = (reached, limit)
            missed += [f"{way}: {reached:.3g} times {other}, at most {limit:.3g} wanted"] if reached > limit else []
    benchmark.pedantic(lambda: None)
    assert not missed, missed


def test_max_pooling(benchmark):
    found = measured("pool")
    for way, times in found.items():
        shown(way, times)
    benchmark.pedantic(lambda: None)
    assert ratios(found["forward"], "labkit", "pytorch")[0] <= 1
    assert ratios(found["backward"], "labkit", "pytorch")[0] <= 2


@pytest.mark.parametrize("name", NETWORKS)
def test_an_epoch_of_a_convnet(name, benchmark):
    times = measured("network", name, seconds=15)["epoch"]
    shown("epoch", times, unit=1, name="s")
    benchmark.extra_info["seconds"] = float(np.median(times["labkit"]))
    benchmark.pedantic(lambda: None)
    assert ratios(times, "labkit", "pytorch")[0] <= NETWORKS[name][2]
    if name != "32 - 64" and workers() > 1:  # the homework's one epoch, on two cores
        assert np.median(times["labkit"]) < 30


if __name__ == "__main__":
    print(json.dumps(measure(json.loads(sys.argv[1]), float(sys.argv[2]))))
