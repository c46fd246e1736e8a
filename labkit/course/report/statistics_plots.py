"""The plots of a class's statistics, each drawn for a light page and for a dark one."""

import base64
import io

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from labkit.plots.style import STYLE

# Paper, ink, grid; then what is full, in part, nothing and not marked: told apart in grey too.
THEMES = {
    "light": ("#ffffff", "#1d2129", "#dfdcd5", ("#0072B2", "#7fb8d8", "#D55E00", "#d9d9d9")),
    "dark": ("#1c2027", "#e4e6ea", "#363c47", ("#56B4E9", "#2f6a8c", "#E69F00", "#5a6270")),
}
PARTS = ("all points", "a part", "no points", "not marked yet")
_MOST_BINS = 20


def in_both_themes(draw, *arguments):
    """A plot as two data URLs of SVG images, {"light": ..., "dark": ...}; draw(figure, colours, *arguments)."""
    found = {}
    for name, (paper, ink, grid, colours) in THEMES.items():
        with mpl.style.context([STYLE, _dress(paper, ink, grid)]):
            figure = Figure(layout="constrained")
            FigureCanvasSVG(figure)
            draw(figure, colours, *arguments)
            data = io.BytesIO()
            figure.savefig(data, format="svg", metadata={"Date": None, "Creator": None})
        found[name] = "data:image/svg+xml;base64," + base64.b64encode(data.getvalue()).decode()
    return found


def _dress(paper, ink, grid):
    inked = ("text.color", "axes.labelcolor", "axes.edgecolor", "axes.titlecolor", "xtick.color", "ytick.color")
    papered = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")
    return dict.fromkeys(inked, ink) | dict.fromkeys(papered, paper) | {"grid.color": grid, "svg.hashsalt": "labkit"}


def draw_points(figure, colours, statistics):
    """How many students have how many points, with the median."""
    ax = figure.add_subplot()
    most, points = statistics.max_points, np.array(statistics.points)
    ax.hist(points, np.linspace(0, max(most, points.max()), _MOST_BINS + 1), color=colours[0], edgecolor="none")
    ax.axvline(np.median(points), color=colours[2], linestyle="--", label=f"median {np.median(points):g}")
    ax.set(xlabel=f"points, of {most:g}", ylabel="students", title=f"Points of {len(points)} students")
    ax.yaxis.get_major_locator().set_params(integer=True)
    ax.grid(axis="x", visible=False)
    ax.legend(loc="upper left")


def draw_rows(figure, colours, statistics):
    """For each row of the rubric, how many had all, some and none of its points."""
    rows = statistics.rows
    figure.set_size_inches(7.0, 1.3 + 0.32 * len(rows))
    ax, left = figure.add_subplot(), np.zeros(len(rows))
    for k, (part, colour) in enumerate(zip(PARTS, colours)):
        count = np.array([(row.full, row.part, row.none, row.unmarked)[k] for row in rows])
        if count.any():
            ax.barh(range(len(rows)), count, left=left, color=colour, label=part)
        left += count
    ax.set_yticks(range(len(rows)), [_short(f"{row.row} ({row.max_points:g})") for row in rows])
    ax.invert_yaxis()
    ax.set(xlabel="students", title="Points in each row", xlim=(0, max(left.max(), 1)))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.grid(axis="y", visible=False)
    figure.legend(loc="outside lower center", ncols=4)


def draw_times(figure, colours, hours):
    """When it was handed in: hours before the deadline (negative) and after it."""
    figure.set_size_inches(7.0, 2.8)
    ax, days = figure.add_subplot(), np.clip(np.array(hours) / 24, -14, 14)
    edges = np.arange(np.floor(days.min() * 2) / 2, np.ceil(days.max() * 2) / 2 + 0.51, 0.5)
    ax.hist(days[days <= 0], edges, color=colours[0], label="in time")
    if (days > 0).any():
        ax.hist(days[days > 0], edges, color=colours[2], label="after the deadline")
    ax.axvline(0, color=mpl.rcParams["text.color"], linestyle="--")
    ax.set(xlabel="days before (−) and after the deadline", ylabel="students", title="When it was handed in")
    ax.yaxis.get_major_locator().set_params(integer=True)
    ax.grid(axis="x", visible=False)
    ax.legend(loc="upper left")


def _short(text):
    return text if len(text) <= 38 else text[:36].rstrip() + "…"
