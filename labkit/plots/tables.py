"""Tables as pictures: numbers by two settings, counts of confused classes, bars for each class."""

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
        y = np.asarray(y)
        if y.ndim != 1 or y.size == 0 or y.dtype.kind not in "iu" or not 0 <= y.min() <= y.max() < C:
            raise ValueError(f"labels[{name!r}] must be (N,) whole numbers from 0 to {C - 1}, not none of them")
        shares[f"{name}, {len(y):,} images"] = np.bincount(y, minlength=C) / len(y)
    ax = axes_to_draw_in(ax, figsize=(9, 3.6))
    _bars(ax, shares, classes)
    level(ax, 1 / C, f"equal shares ({1 / C:.0%})")
    ax.set(title=titled(title, data), xlabel="class", ylabel="share of the set")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def _bars(ax, shares, classes):
    """Bars side by side for each class, a series for each name, told apart by colour and by hatching."""
    width = 0.8 / max(len(shares), 1)
    for i, (name, heights) in enumerate(shares.items()):
        places = np.arange(len(classes)) + (i - (len(shares) - 1) / 2) * width
        look = {"color": cycle_color(i), "hatch": HATCHES[i % 4], "edgecolor": "white"}
        ax.bar(places, heights, width, label=name, **look)
    ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    ax.set_xticks(range(len(classes)), classes, rotation=30, ha="right")
    ax.grid(False, axis="x")
