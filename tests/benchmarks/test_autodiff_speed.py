"""Reverse mode's cost, in one run: against the hand-written gradient, PyTorch's eager mode, and a graph of scalars.

Times are of the processor, one thread, ours and the peers' in turn; a ratio is the median of the ratios of the rounds.

On scalars one number at a time, nodes cost what Python's function calls and objects cost, here as in a minimal scalar
engine: about as much. What an engine of arrays gains is that a node may hold a thousand numbers.
"""

from time import thread_time

import numpy as np
import pytest
import threadpoolctl

from labkit import autodiff, networks

ROUNDS = 200


def network_of_the_engine(params, X, y, reg):
    hidden = autodiff.relu(X @ params["W1"] + params["b1"])
    loss = autodiff.softmax_loss(hidden @ params["W2"] + params["b2"], y)
    return loss + 0.5 * reg * (np.sum(params["W1"] ** 2) + np.sum(params["W2"] ** 2)) if reg else loss


def medians(functions, rounds=ROUNDS):
    """Median time of each function, and the median ratio of the first's to each of the others'."""
    times = np.empty((rounds, len(functions)))
    for k in range(-3, rounds):
        for i in np.roll(range(len(functions)), k):  # what runs before leaves the caches as it does
            start = thread_time()
            functions[i]()
            if k >= 0:
                times[k, i] = thread_time() - start
    return np.median(times, axis=0), np.median(times[:, :1] / times[:, 1:], axis=0)


@pytest.mark.parametrize("reg", [0.0, 0.1], ids=["loss", "loss and penalty"])
def test_two_layer_network_at_batch_100(benchmark, reg):
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((100, 3072), dtype=np.float32), rng.integers(0, 10, 100)
    params = networks.init_two_layer_net(3072, 50, 10)
    theirs = {name: torch.from_numpy(w.copy()).requires_grad_() for name, w in params.items()}
    X_torch, y_torch = torch.from_numpy(X), torch.from_numpy(y)

    def ours():
        return autodiff.value_and_gradient(network_of_the_engine)(params, X, y, reg)

    def by_hand():
        return networks.two_layer_net(X, params, y, reg=reg)

    def pytorch():
        for w in theirs.values():
            w.grad = None
        hidden = torch.relu(X_torch @ theirs["W1"] + theirs["b1"])
        loss = torch.nn.functional.cross_entropy(hidden @ theirs["W2"] + theirs["b2"], y_torch)
        if reg:
            loss = loss + 0.5 * reg * ((theirs["W1"] ** 2).sum() + (theirs["W2"] ** 2).sum())
        loss.backward()

    with threadpoolctl.threadpool_limits(1):
        times, (against_hand, against_torch) = medians([ours, by_hand, pytorch])
    for name in params:
        np.testing.assert_allclose(ours()[1][name], by_hand()[1][name], rtol=1e-3, atol=1e-6)
    print(
        f"\ntwo-layer network, batch 100, penalty {reg}: {times[0] * 1e6:.0f} µs; {against_hand:.2f} times the "
        f"hand-written gradient (at most 2 wanted), {against_torch:.2f} times PyTorch's eager mode (below 1 wanted)"
    )
    for library in threadpoolctl.threadpool_info():
        print("   ", library)
    benchmark.extra_info.update(against_hand=against_hand, against_torch=against_torch)
    benchmark.pedantic(ours, rounds=10, warmup_rounds=1)
    assert against_hand <= 2 and against_torch < 1


class Scalar:
    """A minimal engine of scalars: what a node must hold, a closure that passes its gradient on, and no more."""

    def __init__(self, value, inputs=(), pull=None):
        self.value, self.inputs, self.pull, self.grad = value, inputs, pull, 0.0

    def __add__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)

        def pull(g):
            self.grad += g
            other.grad += g

        return Scalar(self.value + other.value, (self, other), pull)

    def __mul__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)

        def pull(g):
            self.grad += g * other.value
            other.grad += g * self.value

        return Scalar(self.value * other.value, (self, other), pull)

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((x, False) for x in node.inputs)
        self.grad = 1.0
        for node in reversed(order):
            if node.pull:
                node.pull(node.grad)


def long_expression(a, b, steps=250):
    x = a
    for _ in range(steps):
        x = x * b + a
        x = x * 0.5 + b
    return x


def test_graphs_of_scalars(benchmark):
    nodes, points = 1000, 1000

    def ours():
        a, b = autodiff.Tensor(0.7), autodiff.Tensor(0.9)
        return autodiff.backward(long_expression(a, b), [a, b])

    def peer():
        a, b = Scalar(0.7), Scalar(0.9)
        long_expression(a, b).backward()
        return a.grad, b.grad

    def ours_at_many_points():
        a, b = autodiff.Tensor(np.full(points, 0.7)), autodiff.Tensor(np.full(points, 0.9))
        return autodiff.backward(long_expression(a, b).sum(), [a, b])

    np.testing.assert_allclose(ours(), peer())
    np.testing.assert_allclose([g[0] for g in ours_at_many_points()], peer())
    times, (_, _) = medians([ours, peer, ours_at_many_points], 100)
    per_node = times / nodes * 1e6 / [1, 1, points]
    print(
        f"\nscalar graph, forward and backward: {per_node[0]:.2f} µs a node; a minimal engine of scalars "
        f"{per_node[1]:.2f} µs, {per_node[1] / per_node[0]:.2f} times that; arrays of {points} numbers "
        f"{per_node[2]:.4f} µs a number, {per_node[1] / per_node[2]:.0f} times as fast as the engine of scalars"
    )
    benchmark.extra_info.update(scalars=per_node[1] / per_node[0], arrays=per_node[1] / per_node[2])
    benchmark.pedantic(ours, rounds=10, warmup_rounds=1)
    assert per_node[1] / per_node[0] >= 0.5 and per_node[1] / per_node[2] >= 30
