"""Looking at the plot a student drew: the line, the labels, the title, the course of the values."""

import numpy as np

from labkit.check.answer import a_type, is_blank


class Plot:
    """What a student assigned as a plot: axes, a figure, lines, or a list or dict of these.

    `unsolved` is True where there is nothing yet. `axes` are the axes found, in their order.
    """

    borrowed = left_over = None

    def __init__(self, drawn):
        self.drawn = drawn
        self.unsolved = is_blank(drawn)
        try:
            self.axes = [ax for ax in _axes_of(drawn) if callable(getattr(ax, "get_lines", None))]
        except Exception:  # not a plot, but something with attributes of the same names
            self.axes = []

    def curves(self):
        """(axes, x, y) of each visible line, as float arrays."""
        found = []
        for ax in self.axes:
            for line in ax.get_lines():
                styles = {str(line.get_linestyle()), str(line.get_marker())}
                if line.get_visible() and line.get_alpha() != 0 and not styles <= {"None", "", " "}:
                    x, y = _numbers(line.get_xdata()), _numbers(line.get_ydata())
                    if x is not None and y is not None and len(x) == len(y):
                        found.append((ax, x, y))
        return found

    def best(self, steps, course):
        """The curve that is meant: one value per step if there is one, and among those the best course."""
        curves = self.curves()
        lengths = (steps, steps + 1)
        return min(
            curves,
            default=None,
            key=lambda c: (
                len(c[2]) not in lengths,
                not _finite(c[2]),
                course(c[0], c[2]) is not None,
                min(abs(len(c[2]) - n) for n in lengths),
            ),
        )


def line(steps, course):
    """A criterion: one of the lines has one finite value per step (`steps` of them, or one more)."""

    def problem(plot):
        if not plot.axes:
            return f"no plot in it, it is {_described(plot.drawn)}: assign the axes or the figure"
        best = plot.best(steps, course)
        if best is None:
            scattered = any(len(ax.collections) for ax in plot.axes)
            return (
                "the points are scattered, not joined: draw a line (plt.plot)" if scattered else "the axes hold no line"
            )
        ax, x, y = best
        if len(y) not in (steps, steps + 1):
            longest = max(len(c[2]) for c in plot.curves())
            return f"the longest line has {longest:,} points, there are {steps:,} steps"
        if not _finite(y):
            return "some of its values are NaN or infinite"
        if not _finite(x):
            return "some of its x values are NaN or infinite"
        if (y[1:] > y[:-1]).all() and np.ptp(np.diff(y)) < 1e-9 and not (np.diff(x) > 0).all():
            return "the axes are swapped: the steps belong on the x axis"
        if not (np.diff(x) > 0).all():
            return "its x values do not increase from step to step"
        if np.ptp(y) == 0:
            return "it is constant: all its values are the same"
        left, right = sorted(ax.get_xlim())
        low, high = sorted(ax.get_ylim())
        seen = ((left <= x) & (x <= right) & (low <= y) & (y <= high)).mean()
        return "most of the line lies outside the limits of the axes" if seen < 0.5 else None

    return problem


def labels(steps, course):
    """A criterion: both axes of the plot have a label."""

    def problem(plot):
        ax = _chosen(plot, steps, course)
        if ax is None:
            return "there are no axes"
        missing = [name for name in "xy" if not label_of(ax, name)]
        return f"no label on the {' and the '.join(f'{name} axis' for name in missing)}" if missing else None

    return problem


def title(steps, course):
    """A criterion: the plot, or its figure, has a title."""

    def problem(plot):
        ax = _chosen(plot, steps, course)
        if ax is None:
            return "there are no axes"
        return None if title_of(ax) else "no title"

    return problem


def values(steps, course):
    """A criterion: the values run as they should, by `course`, a function of axes and values."""

    def problem(plot):
        best = plot.best(steps, course)
        return "there is no line" if best is None else course(best[0], best[2])

    return problem


def falling(ax, y):
    """Why a loss does not fall as it should, or None."""
    if len(y) < 3 or not _finite(y):
        return "there is no line of losses to judge"
    if y.max() < 0:
        return "the loss is negative: it is minus the log of a probability, check its sign"
    first, last, lowest = y[0], y[-1], y.min()
    if last > first:
        return "it rises: is the sign of the step, or of the loss, right?"
    if first - last < 0.01 * abs(first):
        return "it hardly falls: the last value is about the first"
    if last - lowest > 0.5 * (first - lowest):
        return "it falls and rises again"
    return None


def rising_accuracy(chance):
    """A course for accuracies: in [0, 1], or percent if a label says so, and above `chance` at the end."""

    def problem(ax, y):
        if len(y) < 3 or not _finite(y):
            return "there is no line of accuracies to judge"
        percent = (
            any(
                sign in text.lower()
                for sign in ("%", "percent", "per cent")
                for text in (label_of(ax, "y"), title_of(ax))
            )
            or "Percent" in type(ax.yaxis.get_major_formatter()).__name__
        )
        if y.min() < 0 or y.max() > 100 or (y.max() > 1 and not percent):
            return "the values are not shares between 0 and 1, and no label says percent"
        share = y / 100 if y.max() > 1 else y
        if share[-1] <= 1.2 * chance:
            return "the last accuracy is no better than chance"
        if share[-1] < share[0]:
            return "the accuracy ends below where it began"
        return None

    return problem


def _chosen(plot, steps, course):
    best = plot.best(steps, course)
    return best[0] if best else (plot.axes or [None])[0]


def _axes_of(thing, depth=0):
    """The axes in whatever a plotting cell may leave behind: axes, figure, lines, lists and dicts of them."""
    if isinstance(thing, dict):
        thing = list(thing.values())
    if isinstance(thing, (list, tuple, np.ndarray)):
        flat = thing.ravel().tolist() if isinstance(thing, np.ndarray) else thing
        found = [ax for inner in flat if depth < 4 for ax in _axes_of(inner, depth + 1)]
    elif isinstance(thing, type) or not hasattr(type(thing), "__module__"):
        found = []
    elif callable(getattr(thing, "get_lines", None)) and hasattr(thing, "xaxis"):
        found = [thing] + _twins(thing)
    elif isinstance(getattr(thing, "axes", None), list):
        found = thing.axes
    else:
        inner = getattr(thing, "axes", None)
        inner = getattr(thing, "ax", None) if inner is None else inner
        if inner is None:
            inner = getattr(thing, "figure", None)  # the title of a figure
        found = _axes_of(inner, depth + 1) if inner is not None and inner is not thing and depth < 4 else []
    return [ax for i, ax in enumerate(found) if not any(ax is other for other in found[:i])]


def _twins(ax):
    """Axes drawn over these ones (`twinx`)."""
    if ax.figure is None:
        return []
    return [other for other in ax.figure.axes if other is not ax and _overlaid(ax, other)]


def _overlaid(ax, other):
    return np.allclose(ax.get_position(True).bounds, other.get_position(True).bounds) and (
        ax.get_shared_x_axes().joined(ax, other) or ax.get_shared_y_axes().joined(ax, other)
    )


def label_of(ax, which):
    """The label of an axis: its own, that of axes which share it, or the figure's."""
    sharing = (ax.get_shared_x_axes() if which == "x" else ax.get_shared_y_axes()).get_siblings(ax)
    extent = f"interval{which}"  # in one column (or row) of subplots the outermost label is meant for all
    there = getattr(ax.get_position(True), extent)
    sharing = [other for other in sharing if np.allclose(getattr(other.get_position(True), extent), there)]
    texts = [getattr(other, f"get_{which}label")() for other in [ax, *sharing]]
    texts += [_text(getattr(f, f"_sup{which}label", None)) for f in _figures(ax)]
    return next((t.strip() for t in texts if t and t.strip()), "")


def title_of(ax):
    """The first title there is: of the axes, of axes drawn over them, of the figure."""
    texts = [other.get_title(loc) for other in [ax, *_twins(ax)] for loc in ("center", "left", "right")]
    texts += [_text(getattr(f, "_suptitle", None)) for f in _figures(ax)]
    return next((t.strip() for t in texts if t and t.strip()), "")


def _figures(ax):
    """The subfigure and figure that hold the axes."""
    found, figure = [], ax.figure
    while figure is not None and figure not in found:
        found.append(figure)
        figure = getattr(figure, "_parent", None) or getattr(figure, "figure", None)
    return found


def _text(artist):
    return artist.get_text() if artist is not None else ""


def _numbers(data):
    """Data of a line as a float array; None if it is not numbers."""
    try:
        return np.ma.filled(np.ma.asarray(data, dtype=float), np.nan).ravel()
    except (TypeError, ValueError):
        return None


def _finite(y):
    return bool((abs(y) < np.inf).all())


def _described(thing):
    return "the pyplot module" if getattr(thing, "__name__", "") == "matplotlib.pyplot" else a_type(thing)
