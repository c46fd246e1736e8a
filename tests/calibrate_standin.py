"""How hard the stand-in is, beside CIFAR-10: the table of data/README.md. Not a test; takes some minutes.

    python tests/calibrate_standin.py              # the stand-in, and CIFAR-10 where it is found
    python tests/calibrate_standin.py --whole      # and all of CIFAR-10 (half an hour)

Everything is trained here in a few lines of NumPy, apart from labkit's own layers, so that the table is a
second witness for them; the ConvNet needs PyTorch and is left out without it.
"""

import sys

import numpy as np

from labkit.data import load_cifar10
from labkit.data.cifar10 import find_cifar10
from labkit.data.standin import standin_folder


def split(data, whole=False):
    """(images, labels) for training, validation and test: 9,000, 1,000 and 2,000 of each data set, or all."""
    X, y = (data.X_train, data.y_train) if whole else (data.X_train[:10_000], data.y_train[:10_000])
    tests = slice(None) if whole else slice(2_000)
    return (X[:-1000], y[:-1000]), (X[-1000:], y[-1000:]), (data.X_test[tests], data.y_test[tests])


def rows(X):
    return X.reshape(len(X), -1).astype(np.float32)


def softmax(scores):
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def nearest_neighbour(training, validation, test):
    """Test accuracy of the label of the nearest training image, by Euclidean distance of raw pixels."""
    X, right = rows(training[0]), 0
    squares = (X * X).sum(axis=1)
    for start in range(0, len(test[0]), 500):
        distances = squares - 2 * rows(test[0][start : start + 500]) @ X.T
        right += np.sum(training[1][distances.argmin(axis=1)] == test[1][start : start + 500])
    return right / len(test[1])


def lab_3(training, seed):
    """Softmax on the first 1,000 images in 10 random directions, standardised, 1,000 full steps of rate 0.1.

    Returns the final loss and training accuracy.
    """
    rng = np.random.RandomState(seed)
    X, y = rows(training[0][:1000]).astype(float) @ rng.randn(3072, 10), training[1][:1000]
    X, W, one = (X - X.mean(axis=0)) / X.std(axis=0), 0.01 * rng.randn(10, 10), np.eye(10)[y]
    for _ in range(1000):
        W -= 0.1 * X.T @ (softmax(X @ W) - one) / 1000
    p = softmax(X @ W)
    return -np.log(p[np.arange(1000), y]).mean(), np.mean(p.argmax(axis=1) == y)


def network(
    training,
    validation,
    test,
    *,
    hidden,
    rate,
    penalty,
    steps,
    batch=100,
    momentum=0.9,
    scale=64.0,
    std=None,
    decay=None,
    dropout=0.0,
    mirror=False,
    seed=0,
):
    """A network with one hidden layer of ReLUs, or none (hidden=0): accuracies on the three parts.

    Pixels less the mean image, divided by `scale`; penalty/2 times the squares of all weights; momentum SGD.
    std: of the first weights (None: sqrt(2/inputs), and 0.001 in a linear classifier). decay: (factor, after
    so many steps), None: the rate falls to 0 along half a cosine. dropout: share of units. mirror: at random.
    """
    rng = np.random.RandomState(seed)
    mean = rows(training[0]).mean(axis=0)
    X, V, T = ((rows(part[0]) - mean) / np.float32(scale) for part in (training, validation, test))
    widths = [3072, hidden, 10] if hidden else [3072, 10]
    deviation = [std or (np.sqrt(2 / n) if hidden else 0.001) for n in widths[:-1]]
    W = [(s * rng.randn(a, b)).astype(np.float32) for s, a, b in zip(deviation, widths, widths[1:])]
    b = [np.zeros(n, np.float32) for n in widths[1:]]
    params = W + b
    speed = [np.zeros_like(p) for p in params]

    def scores(X, mask=1.0):
        h = np.maximum(X @ W[0] + b[0], 0) * mask if hidden else X
        return h, h @ W[-1] + b[-1]

    for step in range(steps):
        i = rng.randint(0, len(X), batch)
        x = X[i]
        if mirror:
            turned = rng.rand(batch) < 0.5
            x[turned] = x[turned].reshape(-1, 3, 32, 32)[..., ::-1].reshape(-1, 3072)
        mask = 1.0
        if dropout:
            mask = (rng.rand(batch, hidden) >= dropout).astype(np.float32) / np.float32(1 - dropout)
        h, s = scores(x, mask)
        ds = softmax(s)
        ds[np.arange(batch), training[1][i]] -= 1
        ds /= batch
        grads = [h.T @ ds + penalty * W[-1], ds.sum(axis=0)]
        if hidden:
            dh = ds @ W[-1].T * mask * (h > 0)
            grads = [x.T @ dh + penalty * W[0], grads[0], dh.sum(axis=0), grads[1]]
        now = rate * (decay[0] ** (step // decay[1]) if decay else 0.5 + 0.5 * np.cos(np.pi * step / steps))
        for p, v, g in zip(params, speed, grads):
            v *= momentum
            v -= np.float32(now) * g
            p += v
    parts = (X[:5000], training[1][:5000]), (V, validation[1]), (T, test[1])
    return [np.mean(scores(X)[1].argmax(axis=1) == y) for X, y in parts]


def convnet(training, validation, test, *, epochs=8, rate=0.05, penalty=1e-3, batch=100):
    """Conv 5x5-32, ReLU, pool, conv 3x3-64, ReLU, pool, affine 100, ReLU, affine 10: its three accuracies."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 32, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(4096, 100),
        nn.ReLU(),
        nn.Linear(100, 10),
    )
    mean = training[0].mean(axis=0, dtype=np.float64).astype(np.float32)
    optimiser = torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9, weight_decay=penalty, nesterov=True)
    per_epoch = len(training[0]) // batch
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * per_epoch)

    def images(X):
        return torch.from_numpy((X.astype(np.float32) - mean) / 64)

    for _ in range(epochs):
        order = torch.randperm(len(training[0])).numpy()
        for k in range(per_epoch):
            i = order[k * batch : (k + 1) * batch]
            optimiser.zero_grad()
            labels = torch.from_numpy(training[1][i])
            nn.functional.cross_entropy(net(images(training[0][i])), labels).backward()
            optimiser.step()
            schedule.step()

    def accuracy(X, y):
        with torch.no_grad():
            guesses = [net(images(X[k : k + 500])).argmax(1).numpy() for k in range(0, len(X), 500)]
        return np.mean(np.concatenate(guesses) == y)

    return [accuracy(training[0][:5000], training[1][:5000]), accuracy(*validation), accuracy(*test)]


def table(name, parts):
    n, validation, test = (len(part[0]) for part in parts)
    epoch = n // 100
    print(f"\n{name}: {n:,} training, {validation:,} validation, {test:,} test images", flush=True)

    def row(what, values):
        print(f"  {what:<44}" + "".join(f"{100 * v:7.1f} %" for v in values), flush=True)

    for seed in range(3):
        loss, accuracy = lab_3(parts[0], seed)
        print(f"  lab 3, seed {seed}: loss {loss:.2f}, training accuracy {100 * accuracy:.1f} %")
    row("nearest neighbour (test)", [nearest_neighbour(*parts)])
    print(" " * 46 + "training  validation  test")
    poor = dict(hidden=50, scale=1.0, std=1e-4)
    row(
        "two layers, poor (S2): 1,000 steps",
        network(*parts, **poor, rate=1e-4, penalty=0.5, momentum=0.0, batch=200, steps=1000, decay=(0.95, 245)),
    )
    row(
        "two layers, poor (S3): 2,450 steps",
        network(*parts, **poor, rate=1e-5, penalty=1.0, steps=2450, decay=(0.95, 490)),
    )
    row("linear", network(*parts, hidden=0, rate=2e-3, penalty=1e-2, steps=30 * epoch))
    row("two layers, tuned", network(*parts, hidden=300, rate=0.02, penalty=3e-3, steps=30 * epoch))
    row(
        "two layers, mirrored images and dropout",
        network(*parts, hidden=500, rate=0.02, penalty=2e-3, dropout=0.2, mirror=True, steps=40 * epoch),
    )
    try:
        row("small ConvNet", convnet(*parts))
    except ImportError:
        print("  small ConvNet: needs PyTorch")


if __name__ == "__main__":
    table("stand-in", split(load_cifar10(standin_folder())))
    if find_cifar10():
        table("CIFAR-10, as many images", split(load_cifar10(find_cifar10().folder)))
        if "--whole" in sys.argv[1:]:
            table("CIFAR-10, all images", split(load_cifar10(find_cifar10().folder), whole=True))
