"""Training: mini-batches, optimizer, learning-rate decay, and a `History` of what happened; search, save, load."""

import time
from dataclasses import dataclass, field

import numpy as np

from . import threads
from .files import whole_file
from .optimizers import SGD
from .progress import progress

threads.settle()


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
        text = (
            f"{len(self.losses)} steps, loss {self.losses[0]:.4f} -> {self.losses[-1]:.4f}"
            if self.losses
            else "no steps"
        )
        if self.val_accuracy:
            text += f", best validation accuracy {max(self.val_accuracy):.1%} after epoch {self.best_epoch}"
        return text + (", interrupted" if self.interrupted else "")


def accuracy(network, params, X, y, batch_size=1000):
    """Share of the images whose highest score is that of their class, computed a batch at a time.

    X: (N, ...) images, y: (N,) labels. Returns a number in [0, 1]. Raises ValueError for no images.
    """
    if len(X) == 0 or len(X) != len(y):
        raise ValueError(f"X and y must have the same positive number of rows, got {len(X)} and {len(y)}")
    right = sum(
        int(np.sum(network(X[i : i + batch_size], params).argmax(axis=1) == y[i : i + batch_size]))
        for i in range(0, len(X), batch_size)
    )
    return right / len(X)


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
):
    """Train a network by mini-batch gradient descent.

    network: as in `labkit.networks`. params: its parameters, changed in place. X (N, ...), y (N,): training images.
    X_val, y_val: validation images, to choose the best parameters.
    optimizer: from `labkit.optimizers`, SGD(0.1) by default.
    epochs: passes over the training images. batch_size: images per step; None takes all (full batch).
    reg: strength of the penalty. rate_decay: factor of the learning rate after each epoch.
    seed: of the order of the images: the same seed gives the same history. check_on: training images in the
    training accuracy. prepare(X_batch, rng): changes a batch before its step, for augmentation.
    watch(history, final): called after each step with final=False, and with final=True when all is over, even if by
    an error or an interrupt: `plots.live()` draws the curves as they grow.
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
                batch = order[first : first + size]
                images = X if size == N else X[batch]
                if prepare is not None:
                    images = prepare(images, rng)
                loss, grads = network(images, params, y if size == N else y[batch], reg)
                history.losses.append(float(loss))
                if not np.isfinite(loss):
                    raise TrainingDiverged(_advice(len(history.losses) - 1, history.losses, optimizer.rate), history)
                optimizer.step(params, grads)
                bar.update()
                if watch is not None:
                    watch(history, False)
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
        if watch is not None:
            watch(history, True)
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
    return (
        f"the loss became {losses[-1]} at step {step}, after {losses[max(0, step - 1)]:.4g}: the steps are too long. "
        f"Try a learning rate ten times smaller than {rate:.2g}, centre and scale the images, "
        "or start from smaller weights."
    )


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


# ------------------------------------------------------------------------------------------ search


class SearchResults(list):
    """The runs of a search, best first: a list of dicts that prints as a table."""

    def __repr__(self):
        if not self:
            return "no runs"
        shown = [
            {
                "validation": f"{row['val_accuracy']:.1%}",
                "epochs": str(row["epochs"]),
                "state": row["state"],
                **{name: f"{v:.3g}" if isinstance(v, float) else str(v) for name, v in row["setting"].items()},
            }
            for row in self
        ]
        width = {name: max(len(name), *(len(row[name]) for row in shown)) for name in shown[0]}
        lines = ["  ".join(name.rjust(width[name]) for name in width)]
        return "\n".join(lines + ["  ".join(row[name].rjust(width[name]) for name in width) for row in shown])


def search(
    build,
    space,
    X,
    y,
    X_val,
    y_val,
    *,
    runs=16,
    epochs=8,
    first=1,
    keep=0.5,
    batch_size=100,
    rate_decay=1.0,
    seed=0,
    quiet=False,
):
    """Random search over settings, in which poor runs are stopped early (successive halving).

    build(setting, seed): the `train` arguments of a run as a dict, at least network, params and optimizer; each run
    has a seed of its own. space: dict name -> (low, high), drawn evenly on a logarithmic scale (whole numbers if both
    ends are), or a list of choices.
    All runs train for `first` epochs; then the share `keep` with the best validation accuracy goes on for twice as
    many, and so on until those that are left have trained for `epochs`. A run that diverges is out.
    Returns `SearchResults`, a list of dicts sorted by validation accuracy: setting, val_accuracy (the best of its
    epochs), epochs, state ("finished", "stopped" or "diverged"), history, seed.
    Interrupting returns what there is by then.
    Raises ValueError for a space or numbers that make no search.
    """
    _check_search(space, runs, epochs, first, keep)
    rows = [_run(build, space, [seed, i], batch_size) for i in range(runs)]
    going, goal, interrupted = list(rows), min(first, epochs), False
    bar = progress(total=_search_epochs(runs, epochs, first, keep), desc="search", unit="epochs", disable=quiet)
    try:
        while going and not interrupted:
            for row in going:
                interrupted = _train_on(row, X, y, X_val, y_val, goal, rate_decay)
                bar.update(row["round"])
                if interrupted:
                    break
            going = sorted((row for row in going if row["state"] != "diverged"), key=_by_accuracy)
            if goal == epochs or interrupted:
                break
            going, goal = going[: max(1, int(np.ceil(keep * len(going))))], min(2 * goal, epochs)
    except KeyboardInterrupt:  # between two runs
        pass
    finally:
        bar.close()
    for row in rows:
        if row["state"] == "going":
            row["state"] = "finished" if row["epochs"] == epochs else "stopped"
        del row["arguments"], row["round"]
    return SearchResults(sorted((row for row in rows if row["history"] is not None), key=_by_accuracy))


def _run(build, space, seed, batch_size):
    setting = {name: _draw(values, np.random.default_rng([*seed, k])) for k, (name, values) in enumerate(space.items())}
    arguments = {"batch_size": batch_size} | dict(build(setting, seed))
    missing = {"network", "params", "optimizer"} - set(arguments)
    if missing:
        raise ValueError(
            f"build must return a dict with network, params and optimizer; {', '.join(sorted(missing))} missing"
        )
    return {
        "setting": setting,
        "val_accuracy": 0.0,
        "epochs": 0,
        "state": "going",
        "history": None,
        "seed": seed,
        "arguments": arguments,
        "round": 0,
    }


def _draw(values, rng):
    if isinstance(values, list):
        return values[rng.integers(len(values))]
    low, high = values
    drawn = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    return round(drawn) if isinstance(low, int) and isinstance(high, int) else drawn


def _train_on(row, X, y, X_val, y_val, goal, rate_decay):
    """Train a run until it has done `goal` epochs, and add what happened to its history; True if interrupted."""
    before, row["round"] = row["epochs"], goal - row["epochs"]
    arguments = {"rate_decay": rate_decay, "seed": [*row["seed"], before]} | row["arguments"]
    try:
        history = train(X=X, y=y, X_val=X_val, y_val=y_val, epochs=row["round"], quiet=True, **arguments)
    except TrainingDiverged as problem:
        history, row["state"] = problem.history, "diverged"
    row["history"] = history if row["history"] is None else _join(row["history"], history)
    row["val_accuracy"] = max(row["history"].val_accuracy, default=0.0)
    row["epochs"] = len(row["history"].val_accuracy) - 1
    return history.interrupted


def _join(one, two):
    """The history of a run that was trained in two pieces."""
    better = max(two.val_accuracy) >= max(one.val_accuracy)
    return History(
        one.losses + two.losses,
        one.train_accuracy + two.train_accuracy[1:],
        one.val_accuracy + two.val_accuracy[1:],
        two.params if better else one.params,
        len(one.val_accuracy) - 1 + two.best_epoch if better else one.best_epoch,
        one.seconds + two.seconds,
        two.interrupted,
    )


def _by_accuracy(row):
    return row["state"] == "diverged", -row["val_accuracy"]


def _search_epochs(runs, epochs, first, keep):
    """Epochs of all runs together, if none diverges."""
    total, done, goal = 0, 0, min(first, epochs)
    while True:
        total += runs * (goal - done)
        if goal == epochs:
            return total
        runs, done, goal = max(1, int(np.ceil(keep * runs))), goal, min(2 * goal, epochs)


def _check_search(space, runs, epochs, first, keep):
    for name, value in {"runs": runs, "epochs": epochs, "first": first}.items():
        if isinstance(value, bool) or value != int(value) or value < 1:
            raise ValueError(f"{name} must be a whole number, at least 1, got {value!r}")
    if not 0 < keep <= 1:
        raise ValueError(f"keep must be a share, more than 0 and at most 1, got {keep!r}")
    for name, values in space.items():
        pair = isinstance(values, tuple) and len(values) == 2 and 0 < values[0] <= values[1] < np.inf
        if not pair and not (isinstance(values, list) and values):
            raise ValueError(
                f"space[{name!r}] must be (low, high), both positive, or a list of choices, got {values!r}"
            )


# ----------------------------------------------------------------------------------- save and load

_FORMAT = "labkit history 1"
_CURVES = ("losses", "train_accuracy", "val_accuracy")


def save(path, history):
    """Write a history, its parameters with it, to one .npz file.

    path: the file's name, used as it is. history: a `History`; `History(params=params)` saves parameters alone.
    The file is written under another name and renamed when complete: an interrupted save leaves the old file.
    """
    arrays = {f"params/{name}": np.asarray(w) for name, w in history.params.items()}
    if any(w.dtype.hasobject for w in arrays.values()):
        raise ValueError("params must be arrays of numbers, to be saved without pickles")
    arrays |= {name: np.asarray(getattr(history, name), dtype=float) for name in _CURVES}
    numbers = np.array([history.best_epoch, history.seconds, history.interrupted], dtype=float)
    with whole_file(path) as file:
        np.savez(file, format=np.array(_FORMAT), numbers=numbers, **arrays)


def load(path):
    """The history that `save` wrote to a file, with its parameters.

    Raises ValueError naming the file if it is truncated, damaged, or something else;
    FileNotFoundError if it is not there.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file["format"]) != _FORMAT:
                raise ValueError("another format")
            curves = {name: file[name].tolist() for name in _CURVES}
            params = {name.removeprefix("params/"): file[name] for name in file.files if name.startswith("params/")}
            best_epoch, seconds, interrupted = file["numbers"].tolist()
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except Exception as problem:  # what a damaged archive raises is of a dozen kinds
        raise ValueError(
            f"{path} is no history saved by labkit, or it is damaged or incomplete: train and save "
            f"anew ({type(problem).__name__})"
        ) from None
    return History(**curves, params=params, best_epoch=int(best_epoch), seconds=seconds, interrupted=bool(interrupted))
