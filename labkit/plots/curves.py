"""Curves: losses and accuracies by step, epoch or second, and live while a network is trained."""

import time
from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from labkit.progress import in_notebook

from .style import as_curve, as_curves, axes_to_draw_in, legend, level, panels_to_draw_in, titled


def _mark_divergence(ax, x, y, color):
    """A cross where a curve stops being finite, so that a diverged run does not just vanish."""
    bad = np.flatnonzero(~np.isfinite(y))
    if bad.size and bad[0] > 0:
        ax.plot(x[bad[0] - 1], y[bad[0] - 1], "X", color=color, markersize=9, label=f"not finite from step {bad[0]}")


def _draw(ax, curves):
    for label, y in curves.items():
        x = np.arange(len(y))
        (line,) = ax.plot(x, y, label=label)
        if len(y) == 1:
            line.set_marker("o")
        _mark_divergence(ax, x, y, line.get_color())
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def loss_curve(losses, ax=None, data=None, title="Loss at each step", xlabel="step", ylabel="loss", log=False):
    """Loss against the step; where a loss stops being finite there is a cross.

    losses: sequence of T numbers, one per step, or a dict label -> such a sequence for several curves.
    log: logarithmic loss axis.
    Returns the Axes.
    Raises ValueError for anything but non-empty sequences of numbers.
    """
    curves = as_curves(losses, "losses")
    ax = axes_to_draw_in(ax)
    _draw(ax, curves)
    if log:
        ax.set_yscale("log")
    ax.set(title=titled(title, data), xlabel=xlabel, ylabel=ylabel)
    legend(ax)
    return ax


def accuracy_curve(
    accuracies, ax=None, data=None, title="Accuracy at each step", xlabel="step", ylabel="accuracy", chance=0.1
):
    """Accuracy against the step, in per cent, with the level of guessing.

    accuracies: sequence of T shares in [0, 1], or a dict label -> such a sequence.
    chance: accuracy of guessing, drawn as a horizontal line; None leaves it out.
    Returns the Axes.
    Raises ValueError for values outside [0, 1].
    """
    curves = as_curves(accuracies, "accuracies")
    if any(np.any((y < 0) | (y > 1)) for y in curves.values()):
        raise ValueError("accuracies must be shares in [0, 1], not per cent")
    ax = axes_to_draw_in(ax)
    _draw(ax, curves)
    if chance is not None:
        level(ax, chance, f"guessing ({chance:.0%})")
    ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    ax.set(title=titled(title, data), xlabel=xlabel, ylabel=ylabel)
    ax.set_ylim(bottom=0)
    legend(ax)
    return ax


def history(history, data=None, chance=0.1, ax=None):
    """Loss per step and accuracy per epoch of a training run, side by side.

    history: an object or a dict with `losses` (one per step) and any of `train_accuracy` and `val_accuracy`
      (shares in [0, 1], one per epoch).
    chance: as for `accuracy_curve`.
    ax: two Axes.
    Returns the two Axes.
    Raises ValueError if there are no losses.
    """

    def get(name):
        return history.get(name) if isinstance(history, Mapping) else getattr(history, name, None)

    losses = get("losses")
    if losses is None or len(losses) == 0:
        raise ValueError("history has no losses: has a step been taken?")
    accuracy = {label: get(name) for label, name in (("training", "train_accuracy"), ("validation", "val_accuracy"))}
    accuracy = {label: y for label, y in accuracy.items() if y is not None and len(y)}
    left, right = panels = panels_to_draw_in(ax, 2, figsize=(11, 4))
    loss_curve(losses, ax=left, data=data)
    if accuracy:
        accuracy_curve(accuracy, ax=right, data=data, title="Accuracy after each epoch", xlabel="epoch", chance=chance)
    else:
        right.set(title="No accuracies were recorded", xlabel="epoch", ylabel="accuracy")
    return panels


def live(data=None, every=3.0, chance=0.1):
    """Curves that grow while a network is trained: `train(..., watch=plots.live())`.

    every: seconds between two drawings.
    chance: as for `accuracy_curve`.
    Returns a function of a history and whether it is final. In a notebook it keeps one figure up to date, and the final
    drawing stays; elsewhere it draws the final one alone.
    """
    draw, handle, drawn = history, None, -np.inf

    def watch(history, final=False):
        nonlocal handle, drawn
        due = final or (in_notebook() and time.monotonic() - drawn >= every)
        if not due or not history.losses:
            return
        figure = draw(history, data, chance)[0].figure
        if in_notebook():
            from IPython.display import display

            if handle is None:
                handle = display(figure, display_id=True)
            else:
                handle.update(figure)
            plt.close(figure)  # or the cell would show it once more when it ends
        drawn = time.monotonic()

    return watch


def gradient_error(steps, errors, ax=None, data=None, title="Error of the numerical gradient"):
    """Error of numerical gradients against the step h of the difference, on log axes; the smallest is circled.

    steps: (K,) the values of h.
    errors: dict label -> (K,) errors against the analytic gradient.
    Returns the Axes.
    Raises ValueError if a curve has not one number for each step.
    """
    ax = axes_to_draw_in(ax)
    _circled(ax, steps, errors, "steps", "errors")
    ax.set(title=titled(title, data), xlabel="h, the step of the difference", ylabel="largest error of an entry")
    legend(ax)
    return ax


def step_sizes(sizes, losses, start=None, ax=None, data=None, title="Loss after one step, by its size"):
    """Loss after a single step against the step size, on log axes; the best size of each curve is circled.

    sizes: (K,) step sizes.
    losses: (K,) losses, or a dict label -> (K,).
    start: the loss before the step, a dotted line.
    Returns the Axes.
    Raises ValueError if a curve has not one number for each size.
    """
    ax = axes_to_draw_in(ax)
    _circled(ax, sizes, losses, "sizes", "losses")
    if start is not None:
        level(ax, start, "before the step")
    ax.set(title=titled(title, data), xlabel="step size", ylabel="loss")
    legend(ax)
    return ax


def _circled(ax, x, values, x_name, name):
    """Curves over x on log axes, the smallest value of each in a circle."""
    x = as_curve(x, x_name)
    for label, y in as_curves(values, name).items():
        if y.shape != x.shape:
            raise ValueError(f"{name} must have one number for each of the {len(x)} {x_name}, got {len(y)}")
        (line,) = ax.loglog(x, y, marker="o", markersize=4, label=label)
        best = int(np.nanargmin(y))
        ax.plot(x[best], y[best], "o", color=line.get_color(), markersize=11, fillstyle="none")


def wall_clock(runs, ax=None, data=None, title="Loss against time", ylabel="loss"):
    """Loss against the time spent on training, a curve for each way to train.

    runs: dict label -> (seconds, losses), two sequences of the same length.
    Returns the Axes.
    Raises ValueError if a run has not one loss for each time.
    """
    if not isinstance(runs, Mapping) or not runs:
        raise ValueError("runs must be a dict of at least one run, label -> (seconds, losses)")
    ax = axes_to_draw_in(ax)
    for label, run in runs.items():
        seconds, losses = (as_curve(values, f"runs[{label!r}]") for values in run)
        if seconds.shape != losses.shape:
            raise ValueError(f"runs[{label!r}] must have one loss for each time, got {len(losses)} and {len(seconds)}")
        ax.plot(seconds, losses, marker="o", markersize=3, label=label)
    ax.set(title=titled(title, data), xlabel="seconds of training", ylabel=ylabel)
    legend(ax)
    return ax
