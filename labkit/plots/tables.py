"""Tables as pictures: numbers by two settings, counts of confused classes, bars for each class, times."""

from collections.abc import Mapping

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from .style import ORANGE, axes_to_draw_in, cycle_color, level, titled, write_in_cells

HATCHES = ["", "///", "...", "xxx"]


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

    values: (R, C) numbers; NaN where there is none, as for a run that diverged.
    rows: R names or settings.
    columns: C of them.
    row_label, column_label: what the settings are.
    colorbar: what the numbers are.
    text: the format of a number in its cell.
    Returns the Axes.
    Raises ValueError if values is not (R, C), or holds no number at all.
    """
    values = np.asarray(values, dtype=float)
    if values.shape != (len(rows), len(columns)):
        raise ValueError(
            f"values must be ({len(rows)}, {len(columns)}), one for each row and column, got {values.shape}"
        )
    if not np.isfinite(values).any():
        raise ValueError("values must hold at least one finite number")
    values = np.where(np.isfinite(values), values, np.nan)
    ax = axes_to_draw_in(ax, figsize=(1.5 + 0.95 * len(columns), 1.3 + 0.5 * len(rows)))
    low, high = np.nanmin(values), np.nanmax(values)
    ax.set_facecolor("0.85")
    image = ax.imshow(values, aspect="auto", vmin=low, vmax=high)
    texts = np.array(["–" if np.isnan(value) else text.format(value) for value in values.flat]).reshape(values.shape)
    write_in_cells(ax, texts, ~(values < (low + high) / 2) | (low == high))
    i, j = np.unravel_index(np.nanargmax(values), values.shape)
    ax.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor=ORANGE, linewidth=3))
    ax.grid(False)
    ax.set_xticks(range(len(columns)), [_setting(c) for c in columns])
    ax.set_yticks(range(len(rows)), [_setting(r) for r in rows])
    bar = ax.figure.colorbar(image, ax=ax, label=colorbar)
    if "%" in text:
        bar.ax.yaxis.set_major_formatter(PercentFormatter(xmax=1))
    ax.set(title=titled(title, data), xlabel=column_label, ylabel=row_label)
    return ax


def _setting(value):
    """A setting on a tick: 0.001 as it is, 1e-05 as a power of ten."""
    return value if isinstance(value, str) else f"{value:g}"


def confusion_matrix(counts, classes, ax=None, data=None, title="Confusion matrix"):
    """Confusion matrix: a row for each true class, coloured by its share of the row, the counts written into it.

    counts: (C, C), entry (i, j) the number of images of class i that were called j.
    classes: C names.
    Returns the Axes.
    Raises ValueError if counts is not (C, C) or has a negative entry.
    """
    counts = np.asarray(counts)
    C = len(classes)
    if counts.shape != (C, C) or counts.dtype.kind not in "iuf" or not (counts >= 0).all():
        raise ValueError(f"counts must be ({C}, {C}), numbers of images, at least 0, got shape {counts.shape}")
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    ax = axes_to_draw_in(ax, figsize=(7.4, 6.2))
    image = ax.imshow(shares, vmin=0, vmax=max(shares.max(), 1e-9))
    texts = np.array([f"{count:g}" for count in counts.flat]).reshape(C, C)
    write_in_cells(ax, texts, shares >= shares.max() / 2, fontsize=8)
    ax.grid(False)
    ax.set_xticks(range(C), classes, rotation=45, ha="right")
    ax.set_yticks(range(C), classes)
    bar = ax.figure.colorbar(image, ax=ax, label="share of the images of the class")
    bar.ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    ax.set(title=titled(title, data), xlabel="predicted class", ylabel="true class")
    return ax


def class_balance(labels, classes, ax=None, data=None, title="Images of each class"):
    """How large a share of each set every class has, as bars, with the share of equal classes.

    labels: dict set -> (N,) labels from 0 to C - 1.
    classes: C names.
    Returns the Axes.
    Raises ValueError if a set is empty or has other labels.
    """
    C = len(classes)
    shares = {}
    for name, y in labels.items():
        y = _labels(y, np.size(y), C, f"labels[{name!r}]")
        shares[f"{name}, {len(y):,} images"] = np.bincount(y, minlength=C) / len(y)
    ax = axes_to_draw_in(ax, figsize=(9, 3.6))
    _bars(ax, shares, classes)
    level(ax, 1 / C, f"equal shares ({1 / C:.0%})")
    ax.set(title=titled(title, data), xlabel="class", ylabel="share of the set")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def class_accuracy(y, predicted, classes, chance=None, ax=None, data=None, title="Accuracy by class"):
    """The share of each class that is recognised, as bars with one standard error up and down; the level of guessing.

    y: (N,) the true classes, from 0 to C - 1.
    predicted: (N,) the classes that were predicted, or a dict name -> such an array, to compare networks.
    classes: C names.
    chance: accuracy of guessing; None is 1/C.
    Returns the Axes.
    Raises ValueError for other shapes or labels, and if a class has no image.
    """
    C, y = len(classes), np.asarray(y)
    counts = np.bincount(_labels(y, y.size, C, "y"), minlength=C)
    if not counts.all():
        raise ValueError(f"y must have at least one image of each class, got none of {classes[int(counts.argmin())]!r}")
    shares = {}
    for name, guess in (predicted if isinstance(predicted, Mapping) else {"accuracy": predicted}).items():
        which = f"predicted[{name!r}]" if isinstance(predicted, Mapping) else "predicted"
        right = _labels(guess, y.size, C, which) == y
        shares[f"{name}, {right.mean():.1%} of all"] = np.bincount(y, weights=right, minlength=C) / counts
    ax = axes_to_draw_in(ax, figsize=(9, 3.6))
    errors = {name: np.sqrt(share * (1 - share) / counts) for name, share in shares.items()}
    _bars(ax, shares, classes, errors)
    level(ax, 1 / C if chance is None else chance, f"guessing ({1 / C if chance is None else chance:.0%})")
    ax.set(title=titled(title, data), xlabel="class", ylabel="share recognised", ylim=(0, 1))
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def _labels(y, N, C, name):
    y = np.asarray(y)
    if y.shape != (N,) or N == 0 or y.dtype.kind not in "iu" or not 0 <= y.min() <= y.max() < C:
        raise ValueError(f"{name} must be {N or 'N'} whole numbers from 0 to {C - 1}, (N,), got {y.dtype} {y.shape}")
    return y


def timing_bars(rows, names=("naive", "fast"), ax=None, title="Time of each layer"):
    """Times as bars on a logarithmic axis, and how many times faster than the first each of the others is.

    rows: dict name of the work -> seconds for each of names.
    names: the ways to do it, the slow one first.
    Returns the Axes.
    Raises ValueError if there is no row, or a row has not one positive number of seconds for each name.
    """
    if not isinstance(rows, Mapping) or not rows or len(names) < 2:
        raise ValueError("rows must be a dict of at least one piece of work, name -> seconds, and names at least two")
    for name, seconds in rows.items():
        if np.shape(seconds) != (len(names),) or not all(0 < s < np.inf for s in seconds):
            raise ValueError(f"rows[{name!r}] must be {len(names)} positive times in seconds, got {seconds!r}")
    times = np.array([list(seconds) for seconds in rows.values()], dtype=float)
    ax = axes_to_draw_in(ax, figsize=(8, 0.9 + (0.2 + 0.25 * len(names)) * len(rows)))
    low, thick = 10 ** np.floor(np.log10(times.min() / 2)), 0.8 / len(names)
    for k, way in enumerate(names):
        places = np.arange(len(rows)) + (k - (len(names) - 1) / 2) * thick
        look = {"color": cycle_color(k), "hatch": HATCHES[k % 4], "edgecolor": "white", "label": way}
        ax.barh(places, times[:, k] - low, thick, left=low, **look)
        for place, mine, first in zip(places, times[:, k], times[:, 0]):
            faster = f",  {_times(first / mine)}" if k else ""
            ax.annotate(
                f"{_duration(mine)}{faster}", (mine, place), (4, 0), textcoords="offset points", va="center", fontsize=9
            )
    ax.set(xscale="log", xlim=(low, times.max() * 10), title=title, xlabel="seconds (each line is ten times the last)")
    ax.set_yticks(range(len(rows)), list(rows))
    ax.invert_yaxis()
    ax.grid(False, axis="y")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def _times(ratio):
    """A ratio in two digits: 1,400 × faster, 2.5 × faster, 0.83 × as fast."""
    digits = 0 if ratio >= 10 else 1 if ratio >= 1 else 2
    return f"{float(f'{ratio:.2g}'):,.{digits}f} × {'faster' if ratio >= 1 else 'as fast'}"


def _duration(seconds):
    unit, factor = next(((u, f) for u, f in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)) if seconds >= f), ("µs", 1e-6))
    return f"{float(f'{seconds / factor:.3g}'):g} {unit}"


def _bars(ax, shares, classes, errors=None):
    """Bars side by side for each class, a series for each name, told apart by colour and by hatching.

    errors: for each name, how far a line goes up and down from the end of its bars; None draws none.
    """
    width = 0.8 / max(len(shares), 1)
    for i, (name, heights) in enumerate(shares.items()):
        places = np.arange(len(classes)) + (i - (len(shares) - 1) / 2) * width
        look = {"color": cycle_color(i), "hatch": HATCHES[i % 4], "edgecolor": "white"}
        if errors is not None:
            look |= {"yerr": errors[name], "ecolor": "black", "capsize": 2}
        ax.bar(places, heights, width, label=name, **look)
    if errors is not None:
        ax.errorbar([], [], [], color="black", linestyle="none", capsize=2, label="± standard error")
    ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    ax.set_xticks(range(len(classes)), classes, rotation=30, ha="right")
    ax.grid(False, axis="x")
