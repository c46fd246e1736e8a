"""Every figure the labs show: each function returns its `Axes`, with labelled axes and a title.

The functions draw into `ax` where one is given and make a figure of their own otherwise.
"""

import time
from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from labkit.losses import log_softmax
from labkit.progress import in_notebook

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
        ax.plot(x[bad[0] - 1], y[bad[0] - 1], "X", color=color, markersize=9, label=f"not finite from step {bad[0]}")


def _draw(ax, curves, start=0):
    for label, y in curves.items():
        x = np.arange(start, start + len(y))
        (line,) = ax.plot(x, y, label=label)
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


def accuracy_curve(
    accuracies, ax=None, data=None, title="Accuracy at each step", xlabel="step", ylabel="accuracy", chance=0.1
):
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


def live(data=None, every=3.0, chance=0.1):
    """Curves that grow while a network is trained: `train(..., watch=plots.live())`.

    data, chance: as for `history`. every: seconds between two drawings.
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
    return axes.ravel()[: len(images)]


def _as_pictures(images):
    """Images as (N, H, W, 3) or (N, H, W), clipped to what can be shown."""
    images = np.asarray(images)
    if images.ndim == 2 and images.shape[1] == 3072:
        images = images.reshape(-1, 3, 32, 32)
    if images.ndim == 4 and images.shape[1] == 3 and images.shape[3] != 3:
        images = images.transpose(0, 2, 3, 1)
    if images.ndim not in (3, 4) or images.size == 0 or (images.ndim == 4 and images.shape[3] != 3):
        raise ValueError(
            "images must be (N, 3, H, W), (N, H, W, 3), (N, 3072) or (N, H, W), "
            f"with at least one image, got shape {images.shape}"
        )
    return images if images.dtype == np.uint8 else np.clip(images, 0, 1)


def gradient_error(steps, errors, ax=None, data=None, title="Error of the numerical gradient"):
    """Error of numerical gradients against the step h of the difference, on log axes.

    steps: (K,) the values of h. errors: dict label -> (K,) errors against the analytic gradient.
    Returns the Axes; the smallest error of each curve is marked.
    """
    curves = _lines(errors, "errors")
    ax = _axes(ax)
    for label, y in curves.items():
        (line,) = ax.loglog(steps, y, marker="o", markersize=4, label=label)
        best = int(np.nanargmin(y))
        ax.plot(steps[best], y[best], "o", color=line.get_color(), markersize=11, fillstyle="none")
    ax.set(title=_title(title, data), xlabel="h, the step of the difference", ylabel="largest error of an entry")
    _legend(ax)
    return ax


def decision_regions(
    scores_of,
    X=None,
    y=None,
    classes=None,
    limits=(-3, 3, -3, 3),
    ax=None,
    data=None,
    title="Which class has the highest score",
    xlabel="feature 1",
    ylabel="feature 2",
    points=301,
    legend=True,
):
    """The plane, coloured by the class that has the highest score at each point.

    scores_of: function of points (M, 2) to scores (M, C); it is called once, with all points of the plane.
    X: (N, 2) points to draw, y: (N,) their classes; None draws none. classes: C names, or None.
    limits: (left, right, bottom, top). points: how many points of the plane each way. legend: False leaves it out.
    Returns the Axes. Raises ValueError if X is not (N, 2), y does not fit it, or scores_of does not give (M, C).
    """
    X, y = _points_in_the_plane(X, y)
    ax = _axes(ax, figsize=(5.6, 4.6))
    left, right, bottom, top = limits
    across, up = np.linspace(left, right, points), np.linspace(bottom, top, points)
    plane = np.stack(np.meshgrid(across, up), axis=-1)
    scores = np.asarray(scores_of(plane.reshape(-1, 2)))
    if scores.ndim != 2 or len(scores) != points**2:
        raise ValueError(f"scores_of must give (M, C) scores for M points, got {scores.shape} for M = {points**2}")
    C = scores.shape[1]
    names = [f"class {k}" for k in range(C)] if classes is None else list(classes)
    if len(names) != C or (len(y) and not 0 <= y.min() <= y.max() < C):
        raise ValueError(f"classes must have {C} names, as many as there are scores, and y run from 0 to {C - 1}")
    winner = scores.argmax(axis=1).reshape(points, points)
    ax.contourf(
        across, up, winner, levels=np.arange(C + 1) - 0.5, colors=[_class_color(k) for k in range(C)], alpha=0.2
    )
    if C > 1:
        for k in range(C):  # one contour a class: where three meet, the levels of `winner` would draw false edges
            if 0 < (winner == k).sum() < winner.size:
                ax.contour(across, up, winner == k, levels=[0.5], colors="0.45", linewidths=0.8)
    for k, name in enumerate(names):
        ax.plot(
            *X[y == k].T,
            linestyle="none",
            marker="osD^vP*X<>"[k % 10],
            color=_class_color(k),
            markeredgecolor="white",
            markersize=7,
            label=name,
        )
    ax.grid(False)
    ax.set(
        title=_title(title, data), xlabel=xlabel, ylabel=ylabel, xlim=(left, right), ylim=(bottom, top), aspect="equal"
    )
    if legend and (len(X) or classes is not None):
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def hyperplanes(
    W,
    b,
    X=None,
    y=None,
    classes=None,
    limits=(-3, 3, -3, 3),
    ax=None,
    data=None,
    title="Where each score is zero",
    **labels,
):
    """A linear classifier in the plane: the line on which each class scores 0, with an arrow towards higher scores.

    W: (2, C) weights, a column for each class. b: (C,) biases. The other arguments are those of
    `decision_regions`, which draws the regions behind the lines.
    Returns the Axes. Raises ValueError if W or b have another shape. A class whose weights are 0 has no line.
    """
    W, b = np.asarray(W, dtype=float), np.asarray(b, dtype=float)
    if W.ndim != 2 or len(W) != 2 or b.shape != (W.shape[1],):
        raise ValueError(f"W must be (2, C) and b (C,), got {W.shape} and {b.shape}")
    ax = decision_regions(lambda points: points @ W + b, X, y, classes, limits, ax, data, title, **labels)
    left, right, bottom, top = limits
    middle, size = np.array([(left + right) / 2, (bottom + top) / 2]), max(right - left, top - bottom)
    styles = ["-", "--", "-.", ":"]
    for k, (w, bias) in enumerate(zip(W.T, b)):
        length = np.hypot(*w)
        if length == 0:
            continue
        foot = middle - (w @ middle + bias) / length**2 * w  # the point of the line nearest to the middle
        along, up = np.array([-w[1], w[0]]) / length, w / length
        ax.plot(
            *np.array([foot - 2 * size * along, foot + 2 * size * along]).T,
            color=_class_color(k),
            linestyle=styles[k % 4],
            scalex=False,
            scaley=False,
        )
        ax.annotate(
            "",
            foot + 0.13 * size * up,
            foot,
            annotation_clip=True,
            arrowprops={"arrowstyle": "-|>", "color": _class_color(k), "lw": 2, "shrinkA": 0, "shrinkB": 0},
        )
    return ax


def landscape_ray(
    steps,
    losses,
    kinks=None,
    ax=None,
    data=None,
    title="Loss along a ray",
    xlabel="a, the step along the direction",
    ylabel="loss",
):
    """Loss along a straight line through the space of the parameters.

    steps: (A,) places on the line. losses: (A,) the loss at each, or a dict label -> such an array.
    kinks: (K,) places where the first loss bends, marked on its curve; None marks none.
    Returns the Axes. Raises ValueError if a curve has not one number for each step.
    """
    curves, steps = _lines(losses, "losses"), _lines(steps, "steps")[None]
    ax = _axes(ax)
    for label, values in curves.items():
        if values.shape != steps.shape:
            raise ValueError(f"losses must have one number for each of the {len(steps)} steps, got {len(values)}")
        ax.plot(steps, values, label=label)
    if kinks is not None:
        kinks = np.asarray(kinks, dtype=float)
        kinks = kinks[(kinks >= steps.min()) & (kinks <= steps.max())]
        ax.plot(
            kinks,
            np.interp(kinks, steps, next(iter(curves.values()))),
            "o",
            color=ax.lines[0].get_color(),
            markerfacecolor="white",
            label="kink",
        )
    ax.set(title=_title(title, data), xlabel=xlabel, ylabel=ylabel)
    _legend(ax)
    return ax


def landscape_plane(
    a,
    b,
    losses,
    ax=None,
    data=None,
    title="Loss in a plane",
    levels=12,
    colorbar="loss",
    xlabel="a, the step along the first direction",
    ylabel="b, along the second",
):
    """Loss in a plane through the space of the parameters: dark is low, bright is high, a star the bottom of a bowl.

    a: (A,) steps along the first direction. b: (B,) steps along the second. losses: (A, B), loss at each pair.
    levels: how many lines of equal loss, denser towards the bottom, or their values.
    colorbar: its label, None for no bar.
    Returns the Axes. Raises ValueError if losses is not (A, B), or not finite.
    """
    a, b, losses = (np.asarray(values, dtype=float) for values in (a, b, losses))
    if a.ndim != 1 or b.ndim != 1 or losses.shape != (len(a), len(b)):
        raise ValueError(f"losses must be (A, B) = ({a.size}, {b.size}) for these steps a and b, got {losses.shape}")
    if not np.isfinite(losses).all():
        raise ValueError("losses must be finite, got NaN or infinity")
    ax = _axes(ax, figsize=(5.6, 4.6))
    image = ax.pcolormesh(a, b, losses.T, shading="gouraud")
    lowest, height = losses.min(), np.ptp(losses)
    if np.ndim(levels) == 0:  # squares: the rings of a round bowl are then evenly spaced
        levels = lowest + height * (np.arange(1, levels + 1) / (levels + 1)) ** 2
    if height > 0:
        ax.contour(a, b, losses.T, levels=levels, colors="white", linewidths=0.8)
    i, j = np.unravel_index(losses.argmin(), losses.shape)
    if (losses == lowest).sum() == 1 and 0 < i < len(a) - 1 and 0 < j < len(b) - 1:  # neither a floor nor a slope
        ax.plot(a[i], b[j], "*", color="white", markeredgecolor="black", markersize=14, label="lowest")
        ax.legend(
            loc="upper right", labelcolor="white", frameon=True, facecolor="0.2", edgecolor="none", framealpha=0.7
        )
    if colorbar is not None:
        ax.figure.colorbar(image, ax=ax, label=colorbar)
    ax.grid(False)
    ax.set(title=_title(title, data), xlabel=xlabel, ylabel=ylabel)
    return ax


def step_sizes(sizes, losses, start=None, ax=None, data=None, title="Loss after one step, by its size"):
    """Loss after a single step against the step size, on log axes; the best size of each curve is circled.

    sizes: (K,) step sizes.
    losses: (K,) losses, or a dict label -> (K,).
    start: the loss before the step, a dotted line.
    Returns the Axes. Raises ValueError if a curve has not one number for each size.
    """
    curves, sizes = _lines(losses, "losses"), _lines(sizes, "sizes")[None]
    ax = _axes(ax)
    for label, values in curves.items():
        if values.shape != sizes.shape:
            raise ValueError(f"losses must have one number for each of the {len(sizes)} sizes, got {len(values)}")
        (line,) = ax.loglog(sizes, values, marker="o", markersize=4, label=label)
        best = int(np.nanargmin(values))
        ax.plot(sizes[best], values[best], "o", color=line.get_color(), markersize=11, fillstyle="none")
    if start is not None:
        ax.axhline(start, color="0.35", linestyle=":", linewidth=1.4, label="before the step")
    ax.set(title=_title(title, data), xlabel="step size", ylabel="loss")
    _legend(ax)
    return ax


def wall_clock(runs, ax=None, data=None, title="Loss against time", ylabel="loss"):
    """Loss against the time spent on training, a curve for each way to train.

    runs: dict label -> (seconds, losses), two sequences of the same length.
    Returns the Axes. Raises ValueError if a run has not one loss for each time.
    """
    if not isinstance(runs, Mapping) or not runs:
        raise ValueError("runs must be a dict of at least one run, label -> (seconds, losses)")
    ax = _axes(ax)
    for label, run in runs.items():
        seconds, losses = (_lines(values, f"runs[{label!r}]")[None] for values in run)
        if seconds.shape != losses.shape:
            raise ValueError(f"runs[{label!r}] must have one loss for each time, got {len(losses)} and {len(seconds)}")
        ax.plot(seconds, losses, marker="o", markersize=3, label=label)
    ax.set(title=_title(title, data), xlabel="seconds of training", ylabel=ylabel)
    _legend(ax)
    return ax


def heat_map(
    values,
    rows,
    columns,
    row_label,
    column_label,
    ax=None,
    data=None,
    title="Validation accuracy",
    colorbar="accuracy",
    text="{:.1%}",
):
    """A table of numbers as colours, each written into its cell; the highest is framed, what is missing stays grey.

    values: (R, C) numbers; NaN where there is none, as for a run that diverged. rows: R names or settings.
    columns: C of them. text: the format of a number in its cell.
    Returns the Axes. Raises ValueError if values is not (R, C), or holds no number at all.
    """
    values = np.asarray(values, dtype=float)
    if values.shape != (len(rows), len(columns)):
        raise ValueError(
            f"values must be ({len(rows)}, {len(columns)}), one for each row and column, got {values.shape}"
        )
    if not np.isfinite(values).any():
        raise ValueError("values must hold at least one finite number")
    values = np.where(np.isfinite(values), values, np.nan)
    ax = _axes(ax, figsize=(1.5 + 0.95 * len(columns), 1.3 + 0.5 * len(rows)))
    low, high = np.nanmin(values), np.nanmax(values)
    ax.set_facecolor("0.85")
    image = ax.imshow(values, aspect="auto", vmin=low, vmax=high)
    for (i, j), value in np.ndenumerate(values):
        dark = value < (low + high) / 2 and high > low
        ax.text(
            j,
            i,
            "–" if np.isnan(value) else text.format(value),
            ha="center",
            va="center",
            fontsize=9,
            color="white" if dark else "black",
        )
    i, j = np.unravel_index(np.nanargmax(values), values.shape)
    ax.add_patch(plt.Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor="#D55E00", linewidth=3))
    ax.grid(False)
    ax.set_xticks(range(len(columns)), [_setting(c) for c in columns])
    ax.set_yticks(range(len(rows)), [_setting(r) for r in rows])
    bar = ax.figure.colorbar(image, ax=ax, label=colorbar)
    if "%" in text:
        bar.ax.yaxis.set_major_formatter(PercentFormatter(xmax=1))
    ax.set(title=_title(title, data), xlabel=column_label, ylabel=row_label)
    return ax


def confusion_matrix(counts, classes, ax=None, data=None, title="Confusion matrix"):
    """Confusion matrix: a row for each true class, coloured by its share of the row, the counts written into it.

    counts: (C, C), entry (i, j) the number of images of class i that were called j. classes: C names.
    Returns the Axes. Raises ValueError if counts is not (C, C) or has a negative entry.
    """
    counts = np.asarray(counts)
    C = len(classes)
    if counts.shape != (C, C) or counts.dtype.kind not in "iuf" or not (counts >= 0).all():
        raise ValueError(f"counts must be ({C}, {C}), numbers of images, at least 0, got shape {counts.shape}")
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    ax = _axes(ax, figsize=(7.4, 6.2))
    image = ax.imshow(shares, vmin=0, vmax=max(shares.max(), 1e-9))
    for (i, j), count in np.ndenumerate(counts):
        ax.text(
            j,
            i,
            f"{count:g}",
            ha="center",
            va="center",
            fontsize=8,
            color="white" if shares[i, j] < shares.max() / 2 else "black",
        )
    ax.grid(False)
    ax.set_xticks(range(C), classes, rotation=45, ha="right")
    ax.set_yticks(range(C), classes)
    bar = ax.figure.colorbar(image, ax=ax, label="share of the images of the class")
    bar.ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    ax.set(title=_title(title, data), xlabel="predicted class", ylabel="true class")
    return ax


def templates(W, classes, columns=5, data=None, title="Learned templates", size=1.3):
    """The weights of each class as an image, stretched from its smallest weight (dark) to its largest (bright).

    W: (3072, C) weights of pixels, or (3073, C) with the bias as the last row, which is left out. classes: C names.
    Returns the C Axes. Raises ValueError for another shape.
    """
    W = np.asarray(W, dtype=float)
    if W.ndim != 2 or W.shape[0] not in (3072, 3073) or W.shape[1] != len(classes):
        raise ValueError(
            f"W must be (3072, {len(classes)}), or (3073, {len(classes)}) with the bias last, got {W.shape}"
        )
    pictures = W[:3072].T - W[:3072].min(axis=0)[:, None]
    pictures /= np.maximum(pictures.max(axis=1, keepdims=True), np.finfo(float).tiny)
    return image_grid(pictures, titles=list(classes), columns=columns, data=data, title=title, size=size)


def _setting(value):
    """A setting on a tick: 0.001 as it is, 1e-05 as a power of ten."""
    return value if isinstance(value, str) else f"{value:g}"


def image_channels(image, data=None, title="One image and its three channels"):
    """An image beside its red, green and blue channels, each as a grey picture on a scale from 0 to 255.

    image: (3, H, W) or (H, W, 3), uint8. Returns the four Axes. Raises ValueError for anything else.
    """
    picture = _as_pictures(np.asarray(image)[None])[0]
    if picture.ndim != 3 or picture.dtype != np.uint8:
        raise ValueError(
            f"image must be one uint8 image, (3, H, W) or (H, W, 3), got {np.asarray(image).dtype} "
            f"of shape {np.shape(image)}"
        )
    figure, axes = plt.subplots(1, 4, figsize=(11, 3.2), sharex=True, sharey=True)
    axes[0].imshow(picture)
    for ax, channel in zip(axes[1:], range(3)):
        shown = ax.imshow(picture[:, :, channel], cmap="gray", vmin=0, vmax=255)
    figure.colorbar(shown, ax=axes[1:], label="pixel value", shrink=0.85)
    for ax, name in zip(axes, ("image", "red channel", "green channel", "blue channel")):
        ax.set_title(name, fontsize=10)
        ax.set_xlabel("column")
        ax.grid(False)
    axes[0].set_ylabel("row")
    figure.suptitle(_title(title, data), x=0.01, ha="left", fontsize=12, fontweight="bold")
    return axes


def pixel_values(patch, corner=(0, 0), ax=None, data=None, title="Pixel values"):
    """A piece of one channel with the number of each pixel written into it.

    patch: (H, W) integers from 0 to 255. corner: (row, column) of its first pixel in the image.
    Returns the Axes. Raises ValueError for another shape, other numbers, or more than 400 of them.
    """
    patch = np.asarray(patch)
    if (
        patch.ndim != 2
        or not 0 < patch.size <= 400
        or patch.dtype.kind not in "iu"
        or patch.min() < 0
        or patch.max() > 255
    ):
        raise ValueError(
            f"patch must be (H, W) integers from 0 to 255, at most 400, got {patch.dtype} of shape {patch.shape}"
        )
    H, W = patch.shape
    ax = _axes(ax, figsize=(0.52 * W + 1, 0.42 * H + 1))
    top, left = corner
    ax.imshow(
        patch,
        cmap="gray",
        vmin=0,
        vmax=255,
        aspect="auto",
        extent=(left - 0.5, left + W - 0.5, top + H - 0.5, top - 0.5),
    )
    for r, c in np.ndindex(H, W):
        ax.text(
            left + c,
            top + r,
            str(patch[r, c]),
            ha="center",
            va="center",
            fontsize=9,
            color="white" if patch[r, c] < 128 else "black",
        )
    ax.set(
        title=_title(title, data),
        xlabel="column",
        ylabel="row",
        xticks=range(left, left + W),
        yticks=range(top, top + H),
    )
    ax.grid(False)
    return ax


def class_balance(labels, classes, ax=None, data=None, title="Images of each class"):
    """How large a share of each set every class has, as bars, with the share of equal classes.

    labels: dict set -> (N,) labels from 0 to C - 1. classes: C names.
    Returns the Axes. Raises ValueError if a set is empty or has other labels.
    """
    C = len(classes)
    ax = _axes(ax, figsize=(9, 3.6))
    width = 0.8 / max(len(labels), 1)
    hatches = ["", "///", "...", "xxx"]
    for i, (name, y) in enumerate(labels.items()):
        y = np.asarray(y)
        if y.ndim != 1 or y.size == 0 or y.dtype.kind not in "iu" or not 0 <= y.min() <= y.max() < C:
            raise ValueError(f"labels[{name!r}] must be (N,) whole numbers from 0 to {C - 1}, not none of them")
        ax.bar(
            np.arange(C) + (i - (len(labels) - 1) / 2) * width,
            np.bincount(y, minlength=C) / len(y),
            width,
            label=f"{name}, {len(y):,} images",
            color=_class_color(i),
            hatch=hatches[i % 4],
            edgecolor="white",
        )
    ax.axhline(1 / C, color="0.25", linestyle=":", linewidth=1.4, label=f"equal shares ({1 / C:.0%})")
    ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    ax.set_xticks(range(C), classes, rotation=30, ha="right")
    ax.grid(False, axis="x")
    ax.set(title=_title(title, data), xlabel="class", ylabel="share of the set")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def image_rows(rows, captions=None, data=None, title="Images", size=0.85):
    """Series of images, one below the other, each row with its name on the left.

    rows: dict name -> images, each as for `image_grid`, all of one height and width. captions: a string above each
    column, or None. size: width of one image in inches.
    Returns the Axes: one picture that holds all of them, which is drawn many times faster than one Axes for each.
    Raises ValueError if there is no row, sizes differ, or there are not as many captions as columns.
    """
    pictures = [_as_colours(images) for images in rows.values()]
    sizes = {images.shape[1:3] for images in pictures}
    if len(sizes) != 1:
        raise ValueError(
            f"rows must have at least one series of images, all of one size, got {sorted(sizes) or 'none'}"
        )
    (H, W), columns = sizes.pop(), max(len(images) for images in pictures)
    if captions is not None and len(captions) != columns:
        raise ValueError(f"captions must have one string per column: expected {columns}, got {len(captions)}")
    gap = max(1, W // 12)
    canvas = np.ones((len(pictures) * (H + gap) - gap, columns * (W + gap) - gap, 3))
    for r, images in enumerate(pictures):
        for c, image in enumerate(images):
            canvas[r * (H + gap) : r * (H + gap) + H, c * (W + gap) : c * (W + gap) + W] = image
    ax = _axes(None, figsize=(columns * size + 1.6, len(pictures) * size * H / W + 0.6))
    ax.imshow(canvas)
    ax.set_yticks(np.arange(len(pictures)) * (H + gap) + H / 2 - 0.5, list(rows))
    ax.set_xticks(np.arange(columns) * (W + gap) + W / 2 - 0.5, captions if captions is not None else [""] * columns)
    ax.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    ax.spines[:].set_visible(False)
    ax.grid(False)
    ax.figure.suptitle(_title(title, data), x=0.01, ha="left", fontsize=12, fontweight="bold")
    return ax


def _as_colours(images):
    """Images as (N, H, W, 3) floats from 0 to 1, the grey ones too."""
    images = _as_pictures(images)
    images = images / 255 if images.dtype == np.uint8 else images
    return images if images.ndim == 4 else np.repeat(images[..., None], 3, axis=-1)


def point_clouds(clouds, data=None, xlabel="feature 1", ylabel="feature 2", title="Two features"):
    """Clouds of points in the plane side by side, each on its own scale, with the axes through the origin.

    clouds: dict name -> (N, 2) points. Returns the Axes as an array. Raises ValueError for other shapes.
    """
    points = {name: _points_in_the_plane(X, np.zeros(len(X), int))[0] for name, X in clouds.items()}
    if not points or not all(len(X) for X in points.values()):
        raise ValueError("clouds must have at least one cloud, and each at least one point")
    figure, axes = plt.subplots(1, len(points), squeeze=False, figsize=(2.7 * len(points) + 0.4, 3.4))
    for ax, (name, X) in zip(axes[0], points.items()):
        ax.plot(*X.T, ".", markersize=2.5, alpha=0.5, linestyle="none")
        reach = 1.08 * max(abs(X).max(), 1e-12)
        ax.axhline(0, color="0.3", linewidth=0.9)
        ax.axvline(0, color="0.3", linewidth=0.9)
        ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel=xlabel)
        ax.set_title(name, fontsize=10)
        ax.locator_params(nbins=5)
    axes[0, 0].set_ylabel(ylabel)
    figure.suptitle(_title(title, data), x=0.01, ha="left", fontsize=12, fontweight="bold")
    return axes[0]


def landscape_losses(scores, y, loss="softmax", delta=1.0):
    """The mean loss at many places of a landscape at once: what `landscape_ray` and `landscape_plane` draw.

    scores: (..., N, C) scores of N images, at each place of a ray (A, N, C), of a plane (A, B, N, C).
    y: (N,) integer labels, 0 to C-1. loss: "softmax" or "hinge"; delta: the margin of the hinge loss.
    Returns the losses, of the shape of scores without its last two axes: those of `losses.softmax_loss` and
    `losses.svm_loss` at each place, without a loop.
    Raises ValueError if the shapes do not fit, y is not integers from 0 to C-1, or loss is neither name.
    """
    scores, y = np.asarray(scores), np.asarray(y)
    if loss not in ("softmax", "hinge"):
        raise ValueError(f'loss must be "softmax" or "hinge", got {loss!r}')
    if (
        scores.ndim < 2
        or scores.shape[-1] == 0
        or y.shape != scores.shape[-2:-1]
        or y.size == 0
        or y.dtype.kind not in "iu"
    ):
        raise ValueError(
            "scores must be (..., N, C) and y (N,) integer labels of at least one image, "
            f"got {scores.shape} and {y.dtype} {y.shape}"
        )
    if y.min() < 0 or y.max() >= scores.shape[-1]:
        raise ValueError(
            f"y must hold labels from 0 to {scores.shape[-1] - 1}, as scores has {scores.shape[-1]} columns"
        )
    image = np.arange(len(y))
    if loss == "softmax":
        log_p = log_softmax(scores.reshape(-1, scores.shape[-1])).reshape(scores.shape)
        return -log_p[..., image, y].mean(axis=-1)
    margins = np.maximum(0, scores - scores[..., image, y, None] + delta)
    margins[..., image, y] = 0
    return margins.sum(axis=-1).mean(axis=-1)


def _class_color(k):
    return plt.rcParams["axes.prop_cycle"].by_key()["color"][k % len(plt.rcParams["axes.prop_cycle"])]


def _points_in_the_plane(X, y):
    """Points (N, 2) and their classes (N,), empty where none are given."""
    if X is None:
        return np.zeros((0, 2)), np.zeros(0, int)
    X, y = np.asarray(X, dtype=float), np.asarray(y)
    if X.ndim != 2 or X.shape[1] != 2:
        raise ValueError(f"X must be (N, 2), points in a plane, got {X.shape}")
    if y.shape != (len(X),) or y.dtype.kind not in "iu":
        raise ValueError(f"y must hold the class of each point, ({len(X)},) integers, got {y.dtype} {y.shape}")
    return X, y


def network_diagram(sizes, names=None, ax=None, title="A fully connected network"):
    """The units of a fully connected network as circles, layer by layer, with a line for each weight.

    sizes: units of each layer, at most 16 each. names: one for each layer, written below it.
    Returns the Axes. Raises ValueError for fewer than two layers, other sizes, or another number of names.
    """
    if len(sizes) < 2 or any(size != int(size) or not 0 < size <= 16 for size in sizes):
        raise ValueError(f"sizes must be at least two whole numbers from 1 to 16, got {sizes}")
    if names is not None and len(names) != len(sizes):
        raise ValueError(f"names must have one string per layer: expected {len(sizes)}, got {len(names)}")
    ax = _axes(ax, figsize=(7, 0.32 * max(sizes) + 1))
    places = [(2.2 * i, np.arange(size) - (size - 1) / 2) for i, size in enumerate(sizes)]
    for (left, lower), (right, upper) in zip(places, places[1:]):
        for start in lower:
            ax.plot(
                [np.full(len(upper), left), np.full(len(upper), right)],
                [np.full(len(upper), start), upper],
                color="0.7",
                linestyle="-",
                linewidth=0.7,
                zorder=1,
            )
    for k, (x, heights) in enumerate(places):
        ax.scatter(np.full(len(heights), x), heights, s=150, color=_class_color(k), edgecolor="white", zorder=2)
        if names is not None:
            ax.text(x, -max(sizes) / 2 - 0.3, names[k], ha="center", va="top")
    ax.set(title=title, ylim=(-max(sizes) / 2 - 1.8, max(sizes) / 2 + 0.2))
    ax.margins(x=0.2)
    ax.set_axis_off()
    return ax
