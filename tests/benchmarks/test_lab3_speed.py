"""Lab 3's numerical gradients against the textbook's, in one run: `make bench`.

The lab takes 1,000 steps of gradient descent on 1,000 images in 10 dimensions. Timed are the gradients at
every tenth of these steps, the textbook's and ours in turn: a busy machine slows both alike; the ratio
is the median of the 100 ratios. Data are random, standardised, with labels that can be learnt in part.
"""

from time import perf_counter

import numpy as np
import pytest
import threadpoolctl

from labkit.gradients import linear_softmax_numerical_gradient, numerical_gradient
from labkit.losses import cross_entropy, softmax_loss
from labkit.preprocess import standardize

H, RATE, STEPS = 1e-6, 0.1, 1000


def textbook_gradient(f, W, h):
    gradient = np.zeros(W.shape)
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            old = W[i, j]
            W[i, j] = old + h
            above = f(W)
            W[i, j] = old - h
            below = f(W)
            W[i, j] = old
            gradient[i, j] = (above - below) / (2 * h)
    return gradient


@pytest.fixture(scope="module")
def lab3():
    """The data of the lab, the textbook's loss on them, and the weights at every tenth step."""
    rng = np.random.default_rng(0)
    X = standardize(rng.standard_normal((1000, 10)))
    y = np.argmax(X @ rng.standard_normal((10, 10)) + 3 * rng.standard_normal((1000, 10)), axis=1)
    W = rng.standard_normal((10, 10))
    path = []
    for step in range(STEPS):
        if step % 10 == 0:
            path.append(W.copy())
        W -= RATE * X.T @ softmax_loss(X @ W, y)[1]

    def textbook_loss(W):
        s = X @ W
        s -= s.max(axis=1, keepdims=True)
        p = np.exp(s)
        p /= p.sum(axis=1, keepdims=True)
        return -np.log(p[np.arange(len(y)), y]).mean()

    return X, y, path, textbook_loss


def timed(gradient, W):
    start = perf_counter()
    result = gradient(W)
    return perf_counter() - start, result


@pytest.mark.parametrize("name, target", [("for any f", 2.5), ("structured", 25)])
def test_lab_3_is_faster_than_the_textbook(lab3, benchmark, name, target):
    X, y, path, textbook_loss = lab3

    def for_any_f(W):
        return numerical_gradient(lambda W: cross_entropy(X @ W, y), W, H)

    def structured(W):
        return linear_softmax_numerical_gradient(X, W, y, H)

    ours = for_any_f if name == "for any f" else structured
    timed(ours, path[0])
    times, errors = [], []
    for W in path:
        textbook_time, textbook = timed(lambda W: textbook_gradient(textbook_loss, W, H), W)
        our_time, gradient = timed(ours, W)
        times.append((textbook_time, our_time))
        exact = X.T @ softmax_loss(X @ W, y)[1]
        errors.append((abs(textbook - exact).max(), abs(gradient - exact).max()))
    ratio = float(np.median([textbook_time / our_time for textbook_time, our_time in times]))
    textbook_time, our_time = (float(t) for t in np.median(times, axis=0))
    textbook_error, our_error = (float(e) for e in np.max(errors, axis=0))
    print(
        f"\nlab 3, {name}: {ratio:.1f} times as fast as the textbook (at least {target} wanted); "
        f"1,000 steps: {our_time * STEPS:.1f} s against {textbook_time * STEPS:.1f} s; "
        f"largest error {our_error:.1e} against {textbook_error:.1e}"
    )
    for library in threadpoolctl.threadpool_info():
        print("   ", library)
    benchmark.extra_info.update(
        ratio=ratio, target=target, textbook_ms=textbook_time * 1e3, error=our_error, textbook_error=textbook_error
    )
    benchmark.pedantic(ours, args=(path[50],), rounds=10, warmup_rounds=1)
    assert our_error <= 1.5 * textbook_error  # both are rounding noise of the same size, or ours is smaller
    assert ratio >= target
