"""Every figure the labs show: each function returns its `Axes`, with labelled axes and a title.

The functions draw into `ax` where one is given and make a figure of their own otherwise.
"""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

STYLE = Path(__file__).with_name("labkit.mplstyle")


def use_style():
    """Apply labkit's style sheet to every figure drawn from here on, the students' own included."""
    plt.style.use(STYLE)


def _axes(ax, **kwargs):
    return plt.subplots(**kwargs)[1] if ax is None else ax


def _title(text, data):
    """Title of a figure, with the data it was drawn from: "Loss, CIFAR-10"."""
    return f"{text} ({data})" if data else text


def _lines(values, name):
    """`values` as a dict of label -> 1-d float array; one unlabelled curve has the label None."""
    curves = values if isinstance(values, Mapping) else {None: values}
    if not curves:
        raise ValueError(f"{name} is an empty dict: there is no curve to draw")
    arrays = {}
    for label, curve in curves.items():
        try:
            array = np.asarray(curve, dtype=float)
        except (TypeError, ValueError):
            raise ValueError(f"{name} must hold numbers, one per step") from None
        which = name if label is None else f"{name}[{label!r}]"
        if array.ndim != 1 or array.size == 0:
            raise ValueError(f"{which} must be a sequence with one number per step, got shape {array.shape}")
        arrays[label] = array
    return arrays


def _mark_divergence(ax, x, y, color):
    """A cross where a curve stops being finite, so that a diverged run does not just vanish."""
    bad = np.flatnonzero(~np.isfinite(y))
    if bad.size and bad[0] > 0:
        ax.plot(x[bad[0] - 1], y[bad[0] - 1], "X", color=color, markersize=9,
                label=f"not finite from step {bad[0]}")


def _draw(ax, curves, start=0):
    for label, y in curves.items():
        x = np.arange(start, start + len(y))
        line, = ax.plot(x, y, label=label)
        if len(y) == 1:
            line.set_marker("o")
        _mark_divergence(ax, x, y, line.get_color())
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def _legend(ax):
    if ax.get_legend_handles_labels()[1]:
        ax.legend()


def loss_curve(losses, ax=None, data=None, title="Loss at each step", xlabel="step", ylabel="loss", log=False):
    """Loss against the step.

    losses: sequence of T numbers, one per step, or a dict label -> such a sequence for several curves.
    data: name of the data, put into the title. log: logarithmic loss axis.
    Returns the Axes. A loss that stops being finite is marked with a cross.
    Raises ValueError for anything but non-empty sequences of numbers.
    """
    curves = _lines(losses, "losses")
    ax = _axes(ax)
    _draw(ax, curves)
    if log:
        ax.set_yscale("log")
    ax.set(title=_title(title, data), xlabel=xlabel, ylabel=ylabel)
    _legend(ax)
    return ax


def accuracy_curve(accuracies, ax=None, data=None, title="Accuracy at each step", xlabel="step",
                   ylabel="accuracy", chance=0.1):
    """Accuracy against the step, in per cent, with the level of guessing.

    accuracies: sequence of T shares in [0, 1], or a dict label -> such a sequence.
    chance: accuracy of guessing, drawn as a horizontal line; None leaves it out.
    Returns the Axes. Raises ValueError for values outside [0, 1].
    """
    curves = _lines(accuracies, "accuracies")
    for y in curves.values():
        if np.any((y < 0) | (y > 1)):
            raise ValueError("accuracies must be shares in [0, 1], not per cent")
    ax = _axes(ax)
    _draw(ax, curves)
    if chance is not None:
        ax.axhline(chance, color="0.35", linestyle=":", linewidth=1.4, label=f"guessing ({chance:.0%})")
    ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    ax.set(title=_title(title, data), xlabel=xlabel, ylabel=ylabel)
    ax.set_ylim(bottom=0)
    _legend(ax)
    return ax


def history(history, data=None, chance=0.1):
    """Loss per step and accuracy per epoch of a training run, side by side.

    history: an object or a dict with `losses` (one per step) and any of `train_accuracy` and
    `val_accuracy` (shares in [0, 1], one per epoch).
    Returns the two Axes. Raises ValueError if there are no losses.
    """
    def get(name):
        return history.get(name) if isinstance(history, Mapping) else getattr(history, name, None)

    losses = get("losses")
    if losses is None or len(losses) == 0:
        raise ValueError("history has no losses: has a step been taken?")
    accuracy = {label: get(name) for label, name in (("training", "train_accuracy"), ("validation", "val_accuracy"))}
    accuracy = {label: y for label, y in accuracy.items() if y is not None and len(y)}
    _, (left, right) = plt.subplots(1, 2, figsize=(11, 4))
    loss_curve(losses, ax=left, data=data)
    if accuracy:
        accuracy_curve(accuracy, ax=right, data=data, title="Accuracy after each epoch", xlabel="epoch", chance=chance)
    else:
        right.set(title="No accuracies were recorded", xlabel="epoch", ylabel="accuracy")
    return left, right


def image_grid(images, titles=None, columns=10, data=None, title=None, size=1.0, ax=None):
    """Images in a grid, pixel by pixel, each with its own title.

    images: (N, 3, H, W), (N, H, W, 3), (N, 3072) rows of CIFAR-10, or (N, H, W) grey; uint8, or floats in [0, 1].
    titles: N strings or None. size: width of one image in inches. ax: an Axes whose place the grid takes.
    Returns the N Axes as an array. Raises ValueError for other shapes or another number of titles.
    """
    images = _as_pictures(images)
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"titles must have one string per image: expected {len(images)}, got {len(titles)}")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    room = size * (1.25 if titles is not None else 1.05)
    if ax is None:
        extra = 0.45 if title or data else 0
        figure = plt.figure(figsize=(columns * size * 1.05, rows * room + extra))
        axes = figure.subplots(rows, columns, squeeze=False)
        if title or data:
            figure.suptitle(_title(title or "Images", data), x=0.01, ha="left", fontsize=12, fontweight="bold")
    else:
        spec = ax.get_subplotspec().subgridspec(rows, columns)
        ax.remove()
        axes = np.array([[ax.figure.add_subplot(spec[r, c]) for c in range(columns)] for r in range(rows)])
    for place in axes.flat:
        place.axis("off")
    grey = {"cmap": "gray", "vmin": 0, "vmax": 255 if images.dtype == np.uint8 else 1} if images.ndim == 3 else {}
    for i, (place, image) in enumerate(zip(axes.flat, images)):
        place.imshow(image, **grey)
        if titles is not None:
            place.set_title(titles[i], fontsize=9, fontweight="normal", loc="center", pad=2)
    return axes.ravel()[:len(images)]


def _as_pictures(images):
    """Images as (N, H, W, 3) or (N, H, W), clipped to what can be shown."""
    images = np.asarray(images)
    if images.ndim == 2 and images.shape[1] == 3072:
        images = images.reshape(-1, 3, 32, 32)
    if images.ndim == 4 and images.shape[1] == 3 and images.shape[3] != 3:
        images = images.transpose(0, 2, 3, 1)
    if images.ndim not in (3, 4) or images.size == 0 or (images.ndim == 4 and images.shape[3] != 3):
        raise ValueError("images must be (N, 3, H, W), (N, H, W, 3), (N, 3072) or (N, H, W), "
                         f"with at least one image, got shape {images.shape}")
    return images if images.dtype == np.uint8 else np.clip(images, 0, 1)


def gradient_error(steps, errors, ax=None, data=None, title="Error of the numerical gradient"):
    """Error of numerical gradients against the step h of the difference, on log axes.

    steps: (K,) the values of h. errors: dict label -> (K,) errors against the analytic gradient.
    Returns the Axes; the smallest error of each curve is marked.
    """
    curves = _lines(errors, "errors")
    ax = _axes(ax)
    for label, y in curves.items():
        line, = ax.loglog(steps, y, marker="o", markersize=4, label=label)
        best = int(np.nanargmin(y))
        ax.plot(steps[best], y[best], "o", color=line.get_color(), markersize=11, fillstyle="none")
    ax.set(title=_title(title, data), xlabel="h, the step of the difference",
           ylabel="largest error of an entry")
    _legend(ax)
    return ax
