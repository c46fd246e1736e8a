"""Drawings that explain: the units of a network."""

import numpy as np

from .style import axes_to_draw_in, cycle_color


def network_diagram(sizes, names=None, ax=None, title="A fully connected network"):
    """The units of a fully connected network as circles, layer by layer, with a line for each weight.

    sizes: units of each layer, at most 16 each.
    names: one for each layer, written below it.
    Returns the Axes.
    Raises ValueError for fewer than two layers, other sizes, or another number of names.
    """
    if len(sizes) < 2 or any(size != int(size) or not 0 < size <= 16 for size in sizes):
        raise ValueError(f"sizes must be at least two whole numbers from 1 to 16, got {sizes}")
    if names is not None and len(names) != len(sizes):
        raise ValueError(f"names must have one string per layer: expected {len(sizes)}, got {len(names)}")
    ax = axes_to_draw_in(ax, figsize=(7, 0.32 * max(sizes) + 1))
    places = [(2.2 * i, np.arange(size) - (size - 1) / 2) for i, size in enumerate(sizes)]
    for (left, lower), (right, upper) in zip(places, places[1:]):
        across = [np.full(len(upper), left), np.full(len(upper), right)]
        for start in lower:
            ends = [np.full(len(upper), start), upper]
            ax.plot(across, ends, color="0.7", linestyle="-", linewidth=0.7, zorder=1)
    for k, (x, heights) in enumerate(places):
        ax.scatter(np.full(len(heights), x), heights, s=150, color=cycle_color(k), edgecolor="white", zorder=2)
        if names is not None:
            ax.text(x, -max(sizes) / 2 - 0.3, names[k], ha="center", va="top")
    ax.set(title=title, ylim=(-max(sizes) / 2 - 1.8, max(sizes) / 2 + 0.2))
    ax.margins(x=0.2)
    ax.set_axis_off()
    return ax
