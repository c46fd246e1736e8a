"""Training: mini-batches, optimizer, learning-rate decay, and a `History` of what happened."""

import time
from dataclasses import dataclass, field

import numpy as np

from .optimizers import SGD
from .progress import progress


class TrainingDiverged(ArithmeticError):
    """The loss became NaN or infinite; `history` holds the run up to there."""

    def __init__(self, message, history):
        super().__init__(message)
        self.history = history


@dataclass
class History:
    """What a training run recorded.

    losses: loss of each step, before its update. train_accuracy, val_accuracy: shares in [0, 1], before training
    and after each epoch. params: the best parameters by validation accuracy (the last ones without validation).
    best_epoch: the epoch they are of. seconds: duration. interrupted: True if training was stopped by hand.
    """

    losses: list = field(default_factory=list)
    train_accuracy: list = field(default_factory=list)
    val_accuracy: list = field(default_factory=list)
    params: dict = field(default_factory=dict)
    best_epoch: int = 0
    seconds: float = 0.0
    interrupted: bool = False

    def __repr__(self):
        text = f"{len(self.losses)} steps, loss {self.losses[0]:.4f} -> {self.losses[-1]:.4f}" if self.losses else "no steps"
        if self.val_accuracy:
            text += f", best validation accuracy {max(self.val_accuracy):.1%} after epoch {self.best_epoch}"
        return text + (", interrupted" if self.interrupted else "")


def accuracy(network, params, X, y, batch_size=1000):
    """Share of the images whose highest score is that of their class, computed a batch at a time.

    X: (N, ...) images, y: (N,) labels. Returns a number in [0, 1]. Raises ValueError for no images.
    """
    if len(X) == 0 or len(X) != len(y):
        raise ValueError(f"X and y must have the same positive number of rows, got {len(X)} and {len(y)}")
    right = sum(int(np.sum(network(X[i:i + batch_size], params).argmax(axis=1) == y[i:i + batch_size]))
                for i in range(0, len(X), batch_size))
    return right / len(X)


def train(network, params, X, y, X_val=None, y_val=None, *, optimizer=None, epochs=10, batch_size=100, reg=0.0,
          rate_decay=1.0, seed=0, check_on=1000, prepare=None, quiet=False):
    """Train a network by mini-batch gradient descent.

    network: as in `labkit.networks`. params: its parameters, changed in place. X (N, ...), y (N,): training images.
    X_val, y_val: validation images, to choose the best parameters. optimizer: from `labkit.optimizers`, SGD(0.1) by default.
    epochs: passes over the training images. batch_size: images per step; None takes all (full batch).
    reg: strength of the penalty. rate_decay: factor of the learning rate after each epoch.
    seed: of the order of the images: the same seed gives the same history. check_on: training images in the
    training accuracy. prepare(X_batch, rng): changes a batch before its step, for augmentation.
    Returns a `History`. Interrupting (Ctrl-C, or the stop button) returns the history up to there.
    Raises ValueError for bad arguments, TrainingDiverged when the loss becomes NaN or infinite.
    """
    optimizer = SGD(0.1) if optimizer is None else optimizer
    N = _check(X, y, X_val, y_val, epochs, batch_size, rate_decay)
    size = N if batch_size is None else min(int(batch_size), N)
    history, rng, start = History(), np.random.default_rng(seed), time.perf_counter()
    _record(history, network, params, X, y, X_val, y_val, check_on, epoch=0)
    bar = progress(total=epochs * -(-N // size), desc="training", unit="steps", disable=quiet)
    try:
        for epoch in range(1, epochs + 1):
            order = np.arange(N) if size == N else rng.permutation(N)
            for first in range(0, N, size):
                batch = order[first:first + size]
                images = X if size == N else X[batch]
                if prepare is not None:
                    images = prepare(images, rng)
                loss, grads = network(images, params, y if size == N else y[batch], reg)
                history.losses.append(float(loss))
                if not np.isfinite(loss):
                    raise TrainingDiverged(_advice(len(history.losses) - 1, history.losses, optimizer.rate), history)
                optimizer.step(params, grads)
                bar.update()
            optimizer.rate *= rate_decay
            _record(history, network, params, X, y, X_val, y_val, check_on, epoch)
            if history.val_accuracy:
                bar.set_postfix_str(f"validation {history.val_accuracy[-1]:.1%}", refresh=False)
    except KeyboardInterrupt:
        history.interrupted = True
        if X_val is None:
            history.params = _copy(params)
    finally:
        bar.close()
        history.seconds = time.perf_counter() - start
    return history


def _record(history, network, params, X, y, X_val, y_val, check_on, epoch):
    """Accuracies after an epoch, and a copy of the parameters if they are the best so far."""
    history.train_accuracy.append(accuracy(network, params, X[:check_on], y[:check_on]))
    if X_val is not None:
        history.val_accuracy.append(accuracy(network, params, X_val, y_val))
    if X_val is None or history.val_accuracy[-1] >= max(history.val_accuracy):
        history.params, history.best_epoch = _copy(params), epoch


def _copy(params):
    return {name: w.copy() for name, w in params.items()}


def _advice(step, losses, rate):
    return (f"the loss became {losses[-1]} at step {step}, after {losses[max(0, step - 1)]:.4g}: the steps are too long. "
            f"Try a learning rate ten times smaller than {rate:.2g}, centre and scale the images, "
            "or start from smaller weights.")


def _check(X, y, X_val, y_val, epochs, batch_size, rate_decay):
    if len(X) == 0 or len(X) != len(y):
        raise ValueError(f"X and y must have the same positive number of rows, got {len(X)} and {len(y)}")
    if (X_val is None) != (y_val is None):
        raise ValueError("X_val and y_val must be given together")
    if isinstance(epochs, bool) or epochs != int(epochs) or epochs < 0:
        raise ValueError(f"epochs must be a whole number, at least 0, got {epochs!r}")
    if batch_size is not None and (batch_size != int(batch_size) or batch_size < 1):
        raise ValueError(f"batch_size must be a whole number, at least 1, or None for all images, got {batch_size!r}")
    if not 0 < rate_decay <= 1:
        raise ValueError(f"rate_decay must be in (0, 1], got {rate_decay!r}")
    return len(X)
