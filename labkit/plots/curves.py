"""Curves: losses and accuracies by step, epoch or second, and live while a network is trained."""

from collections.abc import Mapping
from time import monotonic

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
    accuracies,
    ax=None,
    data=None,
    title="Accuracy at each step",
    xlabel="step",
    ylabel="accuracy",
    chance=0.1,
    images=None,
):
    """Accuracy against the step, in per cent, with the level of guessing.

    accuracies: sequence of T shares in [0, 1], or a dict label -> such a sequence.
    chance: accuracy of guessing, drawn as a horizontal line; None leaves it out.
    images: how many images each accuracy was measured on, a number or a dict label -> number; around these curves
      there is a faint band, one standard error up and down. None draws no band.
    Returns the Axes.
    Raises ValueError for values outside [0, 1], or a number of images below 1.
    """
    curves = as_curves(accuracies, "accuracies")
    if any(np.any((y < 0) | (y > 1)) for y in curves.values()):
        raise ValueError("accuracies must be shares in [0, 1], not per cent")
    counts = images if isinstance(images, Mapping) else dict.fromkeys(curves, images)
    ax = axes_to_draw_in(ax)
    _draw(ax, curves)
    for label, line in zip(curves, list(ax.get_lines())):
        _band(ax, line, counts.get(label))
    if chance is not None:
        level(ax, chance, f"guessing ({chance:.0%})")
    ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    ax.set(title=titled(title, data), xlabel=xlabel, ylabel=ylabel)
    ax.set_ylim(bottom=0)
    legend(ax)
    return ax


def _band(ax, line, images):
    """One standard error of a share of so many images, up and down from a curve."""
    if images is None:
        return
    if not images >= 1:
        raise ValueError(f"images must be how many images each accuracy was measured on, at least 1, got {images!r}")
    x, y = line.get_data()
    error, words = np.sqrt(y * (1 - y) / images), f"± standard error, {images:,} images"
    label = None if words in ax.get_legend_handles_labels()[1] else words
    ax.fill_between(x, y - error, y + error, color=line.get_color(), alpha=0.18, linewidth=0, label=label)


def history(history, data=None, chance=0.1, ax=None, images=None):
    """Loss per step and accuracy per epoch of a training run, side by side.

    history: an object or a dict with `losses` (one per step) and any of `train_accuracy` and `val_accuracy`
      (shares in [0, 1], one per epoch).
    chance: as for `accuracy_curve`.
    ax: two Axes.
    images: validation images, for the band around their curve; None takes what the settings of history tell.
    Returns the two Axes.
    Raises ValueError if there are no losses.
    """
    return _history(history, data, chance, ax, images)


def _history(run, data, chance, ax, images):
    losses = _of(run, "losses")
    if losses is None or len(losses) == 0:
        raise ValueError("history has no losses: has a step been taken?")
    accuracy = {
        label: _of(run, name) for label, name in (("training", "train_accuracy"), ("validation", "val_accuracy"))
    }
    accuracy = {label: y for label, y in accuracy.items() if y is not None and len(y)}
    left, right = panels = panels_to_draw_in(ax, 2, figsize=(11, 4))
    loss_curve(losses, ax=left, data=data)
    if accuracy:
        counts = {"validation": _validation_images(run) if images is None else images}
        words = {"title": "Accuracy after each epoch", "xlabel": "epoch"}
        accuracy_curve(accuracy, ax=right, data=data, chance=chance, images=counts, **words)
    else:
        right.set(title="No accuracies were recorded", xlabel="epoch", ylabel="accuracy")
    return panels


def _of(run, name):
    """What a history, an object or a dict, holds by this name; None if nothing."""
    return run.get(name) if isinstance(run, Mapping) else getattr(run, name, None)


def _validation_images(run):
    """How many validation images a history's settings tell of; None if they do not."""
    return (_of(run, "settings") or {}).get("val_images") or None


def _steps(run):
    """How many steps a run takes in all, by its settings; None if they do not tell."""
    return (_of(run, "settings") or {}).get("steps") or None


def overfitting(history, data=None, chance=0.1, images=None, ax=None):
    """The loss of a run, and how far its accuracy on the training images is above that on the validation images.

    history, chance, images: as for `history`.
    ax: two Axes.
    Returns the two Axes.
    Raises ValueError if the run has no losses, or not both accuracies for each epoch.
    """
    training, validation = (_of(history, name) for name in ("train_accuracy", "val_accuracy"))
    epochs = [0 if y is None else len(y) for y in (training, validation)]
    if epochs[0] != epochs[1] or not epochs[0]:
        raise ValueError("history must hold train_accuracy and val_accuracy, one of each for each epoch")
    left, right = panels = _history(history, data, chance, ax, images)
    few = {"marker": "o", "markersize": 4}
    for line in left.lines[:1] if len(left.lines[0].get_xdata()) <= 60 else ():
        line.set(**few)
    for line in right.lines[:2]:
        line.set(**few)
    x, gap = np.arange(len(training)), training[-1] - validation[-1]
    right.fill_between(x, validation, training, color="0.5", alpha=0.13, linewidth=0, zorder=0)
    arrow = {"arrowstyle": "<->", "color": "0.25", "lw": 1.3, "shrinkA": 0, "shrinkB": 0}
    right.annotate("", (x[-1], training[-1]), (x[-1], validation[-1]), arrowprops=arrow)
    middle = (training[-1] + validation[-1]) / 2
    where = {"textcoords": "offset points", "ha": "right", "va": "center", "fontsize": 10}
    right.annotate(f"gap: {100 * gap:.0f} points", (x[-1], middle), (-6, 0), **where)
    left.set_ylim(bottom=0)
    right.set(title=titled("Training and validation accuracy", data), ylim=(0, 1.02))
    right.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return panels


def live(data=None, every=3.0, chance=0.1, images=None, steps=None):
    """Curves that grow while a network is trained, and the time left: `train(..., watch=plots.live())`.

    every: seconds between two drawings.
    chance, images: as for `history`.
    steps: how many there will be; None takes what the history's settings tell, if anything.
    Returns a function of a history and whether it is final. In a notebook it keeps one figure up to date, and the final
    drawing stays; elsewhere it draws the final one alone.
    """
    handle, drawn, started = None, -np.inf, None

    def watch(history, final=False):
        nonlocal handle, drawn, started
        now, done = monotonic(), len(history.losses)
        started = started or (now, done)
        due = final or (in_notebook() and now - drawn >= every)
        if not due or not done:
            return
        figure = _history(history, data, chance, None, images)[0].figure
        if not final:
            left = _time_left(now - started[0], done - started[1], done, steps or _steps(history))
            figure.suptitle(left, x=0.99, ha="right", fontsize=10, color="0.25")
        if in_notebook():
            from IPython.display import display

            if handle is None:
                handle = display(figure, display_id=True)
            else:
                handle.update(figure)
            plt.close(figure)  # or the cell would show it once more when it ends
        drawn = monotonic()

    return watch


def _time_left(seconds, counted, done, steps):
    """ "step 320 of 4,900, 1:05 left": the steps to come take as long each as those counted in these seconds."""
    if not steps:
        return f"step {done:,}"
    if not counted:
        return f"step {done:,} of {steps:,}"
    left = round(seconds / counted * max(steps - done, 0))
    return f"step {done:,} of {steps:,}, {left // 60}:{left % 60:02d} left"


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
