"""Random search over the settings of a training run, in which poor runs are stopped early."""

import functools

import numpy as np

from labkit import arguments
from labkit.progress import progress
from labkit.training import History, TrainingDiverged, train


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


def random_search(
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

    build(setting, seed): returns the `train` arguments of a run as a dict, at least network, params and optimizer,
        each made anew; each run has a seed of its own.
    space: dict name -> (low, high), drawn evenly on a logarithmic scale (whole numbers if both ends are), or a list
        of choices.
    X, y, X_val, y_val: as in `train`; by the validation images the runs are chosen.
    runs: how many settings are drawn.
    epochs: passes over the training images of a run that is never stopped.
    first: passes before the first runs are stopped; then the share `keep` with the best validation accuracy goes on
        for twice as many, and so on until those that are left have trained for `epochs`.
    keep: share of the runs that goes on.
    batch_size: as in `train`.
    rate_decay: as in `train`; a function goes over all `epochs`, and a run that is stopped leaves it on its way.
    seed: of the settings, and of each run.
    quiet: True shows no progress bar.
    Returns `SearchResults`, a list of dicts sorted by validation accuracy: setting, val_accuracy (the best of its
    epochs), epochs, state ("finished", "stopped" or "diverged"), history, seed. A run that diverges is out.
    Interrupting returns what there is by then.
    Raises ValueError for a space or numbers that make no search.
    """
    if X_val is None or y_val is None:
        raise ValueError("a search chooses by validation accuracy: X_val and y_val must be given")
    runs, epochs, first = (
        arguments.whole(value, name, 1) for name, value in (("runs", runs), ("epochs", epochs), ("first", first))
    )
    keep = arguments.fraction(keep, "keep")
    seed = arguments.whole(seed, "seed")
    _check_space(arguments.function(build, "build"), space)
    rows = [_run(build, space, [seed, i], {"batch_size": batch_size, "rate_decay": rate_decay}) for i in range(runs)]
    for name in ("params", "optimizer"):
        if len({id(row["arguments"][name]) for row in rows}) < runs:
            raise ValueError(f"build must make {name} anew for each run, or the runs go on from one another")
    going, goal, interrupted = list(rows), min(first, epochs), False
    bar = progress(total=_search_epochs(runs, epochs, first, keep), desc="search", unit="epochs", disable=quiet)
    try:
        while going and not interrupted:
            for row in going:
                interrupted = _train_on(row, X, y, X_val, y_val, goal, epochs)
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
        row.pop("rate", None)
    return SearchResults(sorted((row for row in rows if row["history"] is not None), key=_by_accuracy))


def _run(build, space, seed, options):
    setting = {name: _draw(values, np.random.default_rng([*seed, k])) for k, (name, values) in enumerate(space.items())}
    built = build(setting, seed)
    missing = {"network", "params", "optimizer"} - set(built if isinstance(built, dict) else ())
    if missing:
        raise ValueError(f"build must return a dict with network, params and optimizer; without {sorted(missing)}")
    if hasattr(built["optimizer"], "forget"):
        built["optimizer"].forget()
    return {
        "setting": setting,
        "val_accuracy": 0.0,
        "epochs": 0,
        "state": "going",
        "history": None,
        "seed": seed,
        "arguments": options | built,
        "round": 0,
    }


def _draw(values, rng):
    if isinstance(values, list):
        return values[rng.integers(len(values))]
    low, high = values
    drawn = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    return round(drawn) if isinstance(low, int) and isinstance(high, int) else drawn


def _train_on(row, X, y, X_val, y_val, goal, epochs):
    """Train a run until it has done `goal` of its epochs, and add what happened to its history; True if interrupted."""
    before, row["round"] = row["epochs"], goal - row["epochs"]
    settings = {"seed": [*row["seed"], before]} | row["arguments"]
    decay, optimizer = settings["rate_decay"], settings["optimizer"]
    if callable(decay) and hasattr(optimizer, "rate"):  # of the whole run's share, to its first rate
        settings["rate_decay"] = functools.wraps(decay)(lambda t: decay((before + t * (goal - before)) / epochs))
        optimizer.rate = row.setdefault("rate", optimizer.rate)
    try:
        history = train(X=X, y=y, X_val=X_val, y_val=y_val, epochs=row["round"], quiet=True, go_on=True, **settings)
    except TrainingDiverged as problem:
        history, row["state"] = problem.history, "diverged"
    row["history"] = history if row["history"] is None else _join(row["history"], history)
    row["val_accuracy"] = max(row["history"].val_accuracy, default=0.0)
    row["epochs"] = len(row["history"].val_accuracy) - 1
    return history.interrupted


def _join(one, two):
    """The history of a run that was trained in two pieces."""
    best = two if max(two.val_accuracy) >= max(one.val_accuracy) else one
    return History(
        losses=one.losses + two.losses,
        train_accuracy=one.train_accuracy + two.train_accuracy[1:],
        val_accuracy=one.val_accuracy + two.val_accuracy[1:],
        val_loss=one.val_loss + two.val_loss[1:],
        rates=one.rates + two.rates,
        settings=one.settings | {name: one.settings[name] + two.settings[name] for name in ("epochs", "steps")},
        params=best.params,
        best_epoch=best.best_epoch + (len(one.val_accuracy) - 1 if best is two else 0),
        seconds=one.seconds + two.seconds,
        interrupted=two.interrupted,
        grew=one.grew or two.grew,
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


def _check_space(build, space):
    if not isinstance(space, dict) or not space:
        raise ValueError(f'space must be a dict, as {{"rate": (1e-4, 1e-1)}}, got {space!r:.60}')
    for name, values in space.items():
        if isinstance(values, list) and values:
            continue
        try:
            low, high = values
            fits = isinstance(values, tuple) and 0 < low <= high < np.inf
        except (TypeError, ValueError):
            fits = False
        if not fits:
            raise ValueError(
                f"space[{name!r}] must be (low, high), both positive, or a list of choices, got {values!r:.60}"
            )
