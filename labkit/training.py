"""Training: mini-batches, optimizer, learning-rate decay, checkpoints, and a `History` of what happened."""

import time
import warnings
from dataclasses import dataclass, field

import numpy as np

from labkit import arguments, checkpoints, threads
from labkit.losses import cross_entropy
from labkit.optimizers import SGD, Optimizer
from labkit.progress import progress

threads.settle()


class TrainingDiverged(ArithmeticError):
    """The loss became NaN or infinite; `history` holds the run up to there."""

    def __init__(self, message, history):
        super().__init__(message)
        self.history = history


@dataclass
class History:
    """What a training run recorded.

    losses: loss of each step, before its update, the penalty included.
    train_accuracy, val_accuracy: shares in [0, 1], before training and after each epoch.
    val_loss: mean softmax loss of the validation images, without penalty, before training and after each epoch.
    rates: learning rate at the first step of each epoch.
    settings: what the run was asked for, as words and numbers.
    params: the best parameters by validation accuracy (the last ones without validation).
    best_epoch: the epoch they are of.
    seconds: duration so far.
    interrupted: True if training was stopped by hand.
    grew: True if the mean loss of an epoch was more than ten times the loss of the first step.
    """

    losses: list = field(default_factory=list)
    train_accuracy: list = field(default_factory=list)
    val_accuracy: list = field(default_factory=list)
    val_loss: list = field(default_factory=list)
    rates: list = field(default_factory=list)
    settings: dict = field(default_factory=dict)
    params: dict = field(default_factory=dict)
    best_epoch: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    grew: bool = False

    def __repr__(self):
        text = "no steps"
        if self.losses:
            text = f"{len(self.losses)} steps, loss {self.losses[0]:.4f} -> {self.losses[-1]:.4f}"
        if self.val_accuracy:
            text += f", best validation accuracy {max(self.val_accuracy):.1%} after epoch {self.best_epoch}"
        text += ", the loss grew tenfold: the steps are too long" if self.grew else ""
        return text + (", interrupted" if self.interrupted else "")


def accuracy(network, params, X, y, batch_size=1000):
    """Share of the images whose highest score is that of their class, computed a batch at a time.

    network: as in `labkit.networks`.
    params: its parameters.
    X: (N, ...) images.
    y: (N,) labels.
    batch_size: images at a time.
    Returns a number in [0, 1]. Raises ValueError for no images, or labels that are none.
    """
    X, y = _images_and_labels(X, y)
    return _evaluate(network, params, X, y, batch_size)[1]


def train(
    network,
    params,
    X,
    y,
    X_val=None,
    y_val=None,
    *,
    optimizer=None,
    epochs=10,
    batch_size=100,
    reg=0.0,
    rate_decay=1.0,
    seed=0,
    check_on=1000,
    prepare=None,
    watch=None,
    quiet=False,
    checkpoint=None,
    go_on=False,
):
    """Train a network by mini-batch gradient descent.

    network: as in `labkit.networks`.
    params: its parameters, changed in place.
    X: (N, ...) training images.
    y: (N,) their labels.
    X_val, y_val: validation images, to choose the best parameters.
    optimizer: from `labkit.optimizers`, SGD(0.1) by default. It starts without memory of another run, and has its
        rate back afterwards.
    epochs: passes over the training images.
    batch_size: images per step; None takes all (full batch).
    reg: strength of the penalty.
    rate_decay: factor of the learning rate after each epoch; or a function of the share of the run that is done, from
        0 to 1, that returns the factor of the first rate: `lambda t: (1 + np.cos(np.pi * t)) / 2`.
    seed: of the order of the images: the same seed gives the same history.
    check_on: number of training images in the training accuracy.
    prepare(X_batch, rng): returns a batch changed before its step, for augmentation.
    watch(history, final): called after each step with final=False, and with final=True when all is over, even if by
        an error or an interrupt: `plots.live()` draws the curves as they grow.
    quiet: True shows no progress bar.
    checkpoint: name of a file that keeps the run after each epoch. The same call goes on from there, with the results
        of a run that was never interrupted; a finished run is read at once, and more epochs are added to it. The
        generators that network and prepare draw from are kept too, where `checkpoints.generators` finds them.
    go_on: True lets the optimizer go on with the memory and the rate that it has, and leaves it with what it has then.
    Returns a `History`. Interrupting (Ctrl-C, or the stop button) returns the history up to there.
    Raises ValueError for bad arguments, or a checkpoint of another run; TrainingDiverged when the loss becomes NaN or
    infinite. A loss that has grown tenfold is noted in the history and, unless quiet, warned of.
    """
    run = _Run(
        network,
        _check_params(params),
        *_check_images(X, y, X_val, y_val),
        _check_optimizer(optimizer),
        reg=arguments.at_least_0(reg, "reg"),
        rate_decay=rate_decay if callable(rate_decay) else arguments.fraction(rate_decay, "rate_decay"),
        prepare=None if prepare is None else arguments.function(prepare, "prepare"),
        epochs=arguments.whole(epochs, "epochs"),
        batch_size=len(X) if batch_size is None else min(arguments.whole(batch_size, "batch_size", 1), len(X)),
        check_on=arguments.whole(check_on, "check_on", 1),
        seed=seed,
    )
    return run.through(watch, quiet, checkpoint, go_on)


class _Run:
    """A run of `train`: all that changes while it goes on, and what stays."""

    def __init__(self, network, params, X, y, X_val, y_val, optimizer, **settings):
        self.network, self.params, self.optimizer = arguments.function(network, "network"), params, optimizer
        self.X, self.y, self.X_val, self.y_val = X, y, X_val, y_val
        self.rng = arguments.seed(settings["seed"])
        self.reg, self.rate_decay, self.prepare = settings["reg"], settings["rate_decay"], settings["prepare"]
        self.epochs, self.size, self.check_on = settings["epochs"], settings["batch_size"], settings["check_on"]
        self.epoch, self.first_rate = 0, optimizer.rate
        self.steps_per_epoch = -(-len(X) // self.size)
        self.history = History(settings=self._settings(settings))
        self.kept = None

    def _settings(self, settings):
        """What the run was asked for, in words and numbers that a file can keep."""
        words = {name: settings[name] for name in ("epochs", "batch_size", "reg", "check_on")}
        words["rate_decay"] = checkpoints.name_of(self.rate_decay) if callable(self.rate_decay) else self.rate_decay
        words["seed"] = np.asarray(settings["seed"]).tolist() if np.ndim(settings["seed"]) < 2 else None
        if isinstance(settings["seed"], (np.random.Generator, np.random.SeedSequence, np.random.BitGenerator)):
            words["seed"] = type(settings["seed"]).__name__
        return words | {
            "steps": self.epochs * self.steps_per_epoch,
            "network": checkpoints.name_of(self.network),
            "optimizer": repr(self.optimizer),
            "prepare": checkpoints.name_of(self.prepare),
            "images": len(self.X),
            "image_shape": list(self.X.shape[1:]),
            "val_images": 0 if self.X_val is None else len(self.X_val),
        }

    def through(self, watch, quiet, checkpoint, go_on):
        """The whole run, or what is left of it."""
        history = self.history
        if not go_on and hasattr(self.optimizer, "forget"):
            self.optimizer.forget()
        self._take_up(checkpoint)
        start = time.perf_counter() - history.seconds
        bar = progress(
            total=self.epochs * self.steps_per_epoch,
            initial=self.epoch * self.steps_per_epoch,
            desc="training",
            unit="steps",
            disable=quiet,
        )
        if history.val_accuracy:
            bar.set_postfix_str(f"validation {history.val_accuracy[-1]:.1%}", refresh=False)
        try:
            while self.epoch < self.epochs:
                for _ in self._steps():
                    history.seconds = time.perf_counter() - start
                    bar.update()
                    if watch is not None:
                        watch(history, False)
                self.epoch += 1
                if not callable(self.rate_decay):
                    self.optimizer.rate *= self.rate_decay
                self._record()
                self._watch_growth(quiet)
                if history.val_accuracy:
                    bar.set_postfix_str(f"validation {history.val_accuracy[-1]:.1%}", refresh=False)
                history.seconds = time.perf_counter() - start
                self._keep(checkpoint)
        except KeyboardInterrupt:
            history.interrupted = True
            if self.X_val is None:
                history.params = _copy(self.params)
        finally:
            bar.close()
            history.seconds = time.perf_counter() - start
            if not go_on:
                self.optimizer.rate = self.first_rate
            if watch is not None:
                watch(history, True)
        return history

    def _steps(self):
        """The steps of an epoch, each a yield."""
        history, N, size = self.history, len(self.X), self.size
        order = np.arange(N) if size == N else self.rng.permutation(N)
        for first in range(0, N, size):
            if callable(self.rate_decay):
                self.optimizer.rate = self.first_rate * self._factor(self.epoch + first / N)
            if first == 0:
                history.rates.append(self.optimizer.rate)
            batch = slice(None) if size == N else order[first : first + size]
            images = self.X[batch]
            if self.prepare is not None:
                images = self.prepare(images, self.rng)
            loss, grads = self.network(images, self.params, self.y[batch], self.reg)
            history.losses.append(float(loss))
            if not np.isfinite(loss):
                raise TrainingDiverged(_advice(history.losses, self.optimizer.rate), history)
            self.optimizer.step(self.params, grads)
            yield

    def _factor(self, epochs):
        share = epochs / self.epochs
        return arguments.at_least_0(self.rate_decay(share), f"rate_decay({share:.3g})")

    def _record(self):
        """Accuracies after an epoch, and a copy of the parameters if they are the best so far."""
        history = self.history
        train = _evaluate(self.network, self.params, self.X[: self.check_on], self.y[: self.check_on])
        history.train_accuracy.append(train[1])
        if self.X_val is not None:
            loss, share = _evaluate(self.network, self.params, self.X_val, self.y_val)
            history.val_loss.append(loss)
            history.val_accuracy.append(share)
        if self.X_val is None or history.val_accuracy[-1] >= max(history.val_accuracy):
            history.params, history.best_epoch = _copy(self.params), self.epoch

    def _watch_growth(self, quiet):
        """Note, and unless quiet say, that an epoch's mean loss is more than ten times the first step's."""
        first, mean = self.history.losses[0], np.mean(self.history.losses[-self.steps_per_epoch :])
        if first > 0 and mean > 10 * first and not self.history.grew:
            self.history.grew = True
            if not quiet:
                message = f"the loss has grown from {first:.4g} to {mean:.4g}: the steps are too long, try a learning "
                warnings.warn(message + "rate ten times smaller", RuntimeWarning, stacklevel=4)

    def _take_up(self, checkpoint):
        """Start, or put everything to where the file says the run was."""
        state = None
        if checkpoint is not None:
            if not isinstance(self.optimizer, Optimizer):
                raise ValueError("checkpoint needs an optimizer with state and restore, as labkit.optimizers has them")
            self.kept = checkpoints.generators(self.network, self.prepare)
            self.begin = {
                "params that started otherwise (they change in training: make them anew)": checkpoints.digest(
                    self.params
                ),
                "other images or labels": checkpoints.digest(self.X, self.y, self.X_val, self.y_val),
                "random generators that started otherwise (make them anew, too)": [
                    repr(g.bit_generator.state) for g in (self.rng, *self.kept)
                ],
            }
            state = checkpoints.found(checkpoint)
        if state is None:
            self._record()
            self._keep(checkpoint)  # a file that cannot be written is known before the first epoch
            return
        self._compare(checkpoint, state)
        best = state["history"]["params"] or state["params"]
        for name, value in (state["history"] | {"params": best, "settings": self.history.settings}).items():
            setattr(self.history, name, value)
        for name, w in self.params.items():
            w[...] = state["params"][name]
        self.optimizer.restore(state["optimizer"])
        for generator, words in zip((self.rng, *self.kept), state["generators"]):
            generator.bit_generator.state = words
        self.epoch = state["epoch"]

    def _compare(self, checkpoint, state):
        """A checkpoint of another run is an error that says in what it differs."""
        theirs, ours = state["history"]["settings"] | state["begin"], self.history.settings | self.begin
        longer = self.epochs >= state["epoch"] and not callable(self.rate_decay)
        for name, value in ours.items():
            if theirs.get(name) == value or (longer and name in ("epochs", "steps")):
                continue
            told = name not in self.begin
            raise ValueError(
                f"{checkpoint} keeps another run, with {f'{name} {theirs.get(name)}, now {value}' if told else name}: "
                "give another name, or delete it to start anew"
            )

    def _keep(self, checkpoint):
        if checkpoint is None:
            return
        history = vars(self.history) | {"params": None, "interrupted": False}
        if self.history.best_epoch != self.epoch:  # else they are the last ones
            history["params"] = self.history.params
        checkpoints.keep(
            checkpoint,
            {
                "begin": self.begin,
                "epoch": self.epoch,
                "params": self.params,
                "history": history,
                "optimizer": self.optimizer.state(),
                "generators": [generator.bit_generator.state for generator in (self.rng, *self.kept)],
            },
        )


def _evaluate(network, params, X, y, batch_size=1000):
    """Mean softmax loss, and share that is right, of images."""
    loss, right = 0.0, 0
    for first in range(0, len(X), batch_size):
        labels = y[first : first + batch_size]
        scores = np.asarray(network(X[first : first + batch_size], params))
        if scores.ndim != 2 or len(scores) != len(labels):
            raise ValueError(
                f"network(X, params) must return scores, a row for each of the {len(labels)} images, "
                f"got shape {scores.shape}"
            )
        if labels.max() >= scores.shape[1]:
            raise ValueError(
                f"y must hold labels from 0 to {scores.shape[1] - 1}, as the network has {scores.shape[1]} classes, "
                f"got {labels.max()}"
            )
        right += int(np.sum(scores.argmax(axis=1) == labels))
        with np.errstate(all="ignore"):  # of weights that are about to diverge
            loss += float(cross_entropy(scores, labels)) * len(labels)
    return loss / len(X), right / len(X)


def _copy(params):
    return {name: w.copy() for name, w in params.items()}


def _advice(losses, rate):
    step = len(losses) - 1
    return (
        f"the loss became {losses[-1]} at step {step}, after {losses[max(0, step - 1)]:.4g}: the steps are too long. "
        f"Try a learning rate ten times smaller than {rate:.2g}, centre and scale the images, "
        "or start from smaller weights."
    )


def _check_optimizer(optimizer):
    optimizer = SGD(0.1) if optimizer is None else optimizer
    if isinstance(optimizer, type) or not (callable(getattr(optimizer, "step", None)) and hasattr(optimizer, "rate")):
        raise ValueError(f"optimizer must be made with its settings, as Momentum(rate=0.01), got {optimizer!r:.60}")
    return optimizer


def _check_params(params):
    if not isinstance(params, dict) or not params:
        raise ValueError(f"params must be a dict of arrays, as init_mlp returns it, got {type(params).__name__}")
    return params


def _check_images(X, y, X_val, y_val):
    X, y = _images_and_labels(X, y)
    if (X_val is None) != (y_val is None):
        raise ValueError("X_val and y_val must be given together")
    if X_val is not None:
        X_val, y_val = _images_and_labels(X_val, y_val, "X_val", "y_val")
        if X_val.shape[1:] != X.shape[1:]:
            raise ValueError(f"X_val must hold images of the size of X, {X.shape[1:]}, got {X_val.shape[1:]}")
    return X, y, X_val, y_val


def _images_and_labels(X, y, X_name="X", y_name="y"):
    X = arguments.finite(X, X_name)
    if X.ndim < 2 or len(X) == 0:
        raise ValueError(f"{X_name} must hold at least one image, a row each, got shape {X.shape}")
    return X, arguments.labels(y, len(X), name=y_name, of=X_name)
