"""What all plots share: the style sheet, the name of the data, the Axes to draw in, titles, legends and colours."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

STYLE = Path(__file__).parents[1] / "labkit.mplstyle"
BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"  # the first of the style sheet's cycle
MARKERS = "osD^vP*X<>"

_in_use = {"data": ""}


def use_style(data=None):
    """Apply labkit's style sheet to every figure drawn from here on, the students' own included.

    data: name of the data, which labkit's plots put into their titles from here on; None is none, so that each call
      says it anew and no name is left over from an earlier one.
    Raises ValueError if data is not a name, as when the data themselves are given.
    """
    if not isinstance(data, str | None):
        raise ValueError(f"data must be the name of the data, as in use_style(data=cifar.name), got {type(data)}")
    plt.style.use(STYLE)
    _in_use["data"] = data or ""


def titled(text, data):
    """Title of a figure, with the data it was drawn from: "Loss (CIFAR-10)"."""
    data = _in_use["data"] if data is None else data
    return f"{text} ({data})" if data else text


def axes_to_draw_in(ax, **figure):
    """`ax`, or the Axes of a new figure where it is None; figure: arguments of `plt.subplots`."""
    if ax is None:
        return plt.subplots(**figure)[1]
    if not isinstance(ax, Axes):
        raise ValueError(f"ax must be one Axes, as `fig, ax = plt.subplots()` gives it, got {_kind(ax)}")
    return ax


def panels_to_draw_in(ax, count, **figure):
    """An array of `count` Axes: those in `ax`, or those of a new figure, side by side, where it is None."""
    if ax is None:
        return plt.subplots(1, count, squeeze=False, **figure)[1][0]
    panels = np.ravel(np.array(ax, dtype=object))
    if len(panels) != count or not all(isinstance(panel, Axes) for panel in panels):
        raise ValueError(
            f"ax must be {count} Axes, one for each panel, as `fig, ax = plt.subplots(1, {count})` gives them, "
            f"got {_kind(ax)}"
        )
    return panels


def _kind(ax):
    if isinstance(ax, list | tuple | np.ndarray):
        return f"{type(ax).__name__} of shape {np.shape(np.array(ax, dtype=object))}"
    return type(ax).__name__


def title_above(panels, text):
    """One title for several panels, above the figure or subfigure they stand in, unless that has one already."""
    figure = panels[0].figure
    if not figure.get_suptitle():
        figure.suptitle(text, x=0.01, ha="left", fontsize=12, fontweight="bold")


def legend(ax, **where):
    """A legend if anything has a label."""
    if ax.get_legend_handles_labels()[1]:
        ax.legend(**where)


def level(ax, height, label):
    """A dotted grey line across the whole Axes: the level of guessing, the loss before a step."""
    ax.axhline(height, color="0.35", linestyle=":", linewidth=1.4, label=label)


def cycle_color(k):
    """Colour k of the cycle in force."""
    colors = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    return colors[k % len(colors)]


def as_curves(values, name):
    """`values` as a dict of label -> 1-d float array; one unlabelled curve has the label None.

    Raises ValueError, with the name of the argument, for anything but non-empty sequences of numbers.
    """
    curves = values if isinstance(values, Mapping) else {None: values}
    if not curves:
        raise ValueError(f"{name} is an empty dict: there is no curve to draw")
    return {label: as_curve(curve, name if label is None else f"{name}[{label!r}]") for label, curve in curves.items()}


def as_curve(values, name):
    """`values` as an array of floats, (T,); ValueError, with the name of the argument, for anything else."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold numbers, one per step") from None
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be a sequence with one number per step, got shape {array.shape}")
    return array


def write_in_cells(ax, texts, bright, corner=(0, 0), fontsize=9):
    """A text in the middle of each cell of a picture, black where the cell is bright and white where it is dark.

    texts: (R, C) strings.
    bright: (R, C) booleans.
    corner: (row, column) of the first cell.
    """
    for (r, c), text in np.ndenumerate(np.asarray(texts, dtype=object)):
        color = "black" if bright[r, c] else "white"
        ax.text(corner[1] + c, corner[0] + r, text, ha="center", va="center", fontsize=fontsize, color=color)
