"""Looking at the plot a student drew: the line, the labels, the title, the course of the values."""

import re

import numpy as np

from labkit.check.calls import a_type, is_blank
from labkit.check.unseen import why_unseen
from labkit.check.verdict import Found


class Plot:
    """What a student assigned as a plot: axes, a figure, lines, or a list or dict of these.

    `unsolved` is True where there is nothing yet. `axes` are the axes found, in their order.
    """

    borrowed = left_over = None

    def __init__(self, drawn):
        self.drawn, self._curves = drawn, None
        self.unsolved = is_blank(drawn)
        try:
            self.axes = [ax for ax in _axes_of(drawn) if callable(getattr(ax, "get_lines", None))]
        except Exception:  # not a plot, but something with attributes of the same names
            self.axes = []

    def curves(self):
        """(axes, x, y) of each visible line, as float arrays; of `ax.stairs` the edges on the left."""
        if self._curves is None:
            self._curves = list(self._seen())
        return self._curves

    def _seen(self):
        for ax in self.axes:
            for steps in [p for p in ax.patches if hasattr(p, "get_data") and p.get_visible()]:
                y, edges, _ = steps.get_data()
                yield ax, _numbers(edges)[:-1], _numbers(y)
            for line in ax.get_lines():
                if not why_unseen(ax, line):
                    x, y = _numbers(line.get_xdata()), _numbers(line.get_ydata())
                    if x is not None and y is not None and len(x) == len(y):
                        yield ax, x, y

    def no_line(self, what="line"):
        """Why there is no line to judge, in words."""
        unseen = [why for ax in self.axes for line in ax.get_lines() if (why := why_unseen(ax, line))]
        return f"a line is there, but cannot be seen: {unseen[0]}" if unseen else f"the axes hold no {what}"

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
            scattered = any(len(ax.collections) for ax in plot.axes) and not any(ax.get_lines() for ax in plot.axes)
            return "the points are scattered, not joined: draw a line (plt.plot)" if scattered else plot.no_line()
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


# What a label says by these words, and the quantity that it then is not.
_SAYS = {
    "loss": ("loss", "cost", "error", "entropy"),
    "accuracy": ("accurac", "share", "correct", "right", "percent", "%"),
}
_TIME = ("step", "iteration", "epoch", "update", "batch")
_EMPTY_WORDS = (
    "x",
    "y",
    "x axis",
    "y axis",
    "xlabel",
    "ylabel",
    "label",
    "title",
    "t",
    "plot",
    "figure",
    "x-axis",
    "y-axis",
)


def labels(steps, course):
    """A criterion: both axes of the plot have a label that says what is along them."""

    def problem(plot):
        ax = _chosen(plot, steps, course)
        if ax is None:
            return "there are no axes"
        missing = [name for name in "xy" if not label_of(ax, name)]
        if missing:
            return f"no label on the {' and the '.join(f'{name} axis' for name in missing)}"
        for name in "xy":
            if says_nothing(label_of(ax, name)) and label_of(ax, name).strip(" $") != "t":  # time
                return f"the label of the {name} axis is {label_of(ax, name)!r}: say what is along it"
        if str(line(steps, course)(plot)).startswith("the axes are swapped"):
            return None  # with their labels
        x, y = (label_of(ax, name).lower() for name in "xy")
        values, others = _says(course)
        if _has(y, _TIME) and not _has(y, values) and _has(x, values) and not _has(x, _TIME):
            return "the labels are swapped: the steps are along the x axis"
        if _has(y, others) and not _has(y, values):
            return f"the label of the y axis is {label_of(ax, 'y')!r}: the values are of the {course.quantity}"
        return None

    return problem


def title(steps, course, data=None):
    """A criterion: the plot, or its figure, has a title.

    data: where the exercise asks for the data's name, patterns one of which has to be in it: ("cifar", "stand-?in").
    """

    def problem(plot):
        ax = _chosen(plot, steps, course)
        if ax is None:
            return "there are no axes"
        if not title_of(ax):
            return "no title"
        if says_nothing(title_of(ax)):
            return f"the title is {title_of(ax)!r}: say what is shown"
        if data and not any(re.search(name, text, re.IGNORECASE) for name in data for text in titles_of(ax)):
            return Found("the title does not say on which data", 0.5)
        return None

    return problem


def level(at, steps, course):
    """A criterion: a horizontal line at the level of guessing, `at`, or 100 times that where the plot is in percent."""

    def problem(plot):
        ax = _chosen(plot, steps, course)
        if ax is None:
            return "there are no axes"
        levels = [y[0] for _, _, y in plot.curves() if len(y) > 1 and np.ptp(y) == 0]
        for lines in ax.collections:  # of hlines
            levels += [s[0][1] for s in getattr(lines, "get_segments", list)() if len(s) == 2 and s[0][1] == s[1][1]]
        if not levels:
            return "no horizontal line at the level of guessing (axhline)"
        if not any(np.isclose(found, wanted) for found in levels for wanted in (at, 100 * at)):
            return f"the horizontal line is not at the level of guessing, 1 in {1 / at:g}"
        return None

    return problem


def drawn_as(given, plot, steps, course):
    """Why the curve is not the values `given`, or None: their logarithm, sorted, another sign, other values.

    given: one value a step. An accuracy may be drawn in percent, and a first or a last value left out.
    """
    best = plot.best(steps, course)
    if best is None:
        return "there is no line"
    y, given = best[2], np.asarray(given, dtype=float)

    def is_(values):
        starts = range(max(1, abs(len(values) - len(y)) + 1))
        longer, shorter = (values, y) if len(values) >= len(y) else (y, values)
        return len(longer) - len(shorter) < 2 and any(
            np.allclose(longer[i : i + len(shorter)], shorter, rtol=1e-4, atol=1e-6) for i in starts
        )

    if is_(given) or (course.quantity == "accuracy" and is_(100 * given)):
        return None
    with np.errstate(all="ignore"):
        known = [
            ("the logarithm of the values is drawn: draw the values, on a logarithmic axis if you like", np.log(given)),
            (
                "the logarithm of the values is drawn: draw the values, on a logarithmic axis if you like",
                np.log10(given),
            ),
            ("the values are sorted: draw them in the order of the steps", np.sort(given)),
            ("the values are sorted: draw them in the order of the steps", np.sort(given)[::-1]),
            ("the values run backwards: draw them in the order of the steps", given[::-1]),
            ("the values have the wrong sign", -given),
            ("1 minus the values is drawn", 1 - given),
        ]
    return next(
        (text for text, values in known if is_(values)), "the line is not drawn from the values of the exercise"
    )


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
        percent = _has(f"{label_of(ax, 'y')} {title_of(ax)}".lower(), ("%", "percent", "per cent")) or in_percent(ax)
        if y.min() < 0 or y.max() > 100 or (y.max() > 1 and not percent):
            return "the values are not shares between 0 and 1, and no label says percent"
        share = y / 100 if y.max() > 1 else y
        if share[-1] <= 1.2 * chance:
            return "the last accuracy is no better than chance"
        if share[-1] < share[0]:
            return "the accuracy ends below where it began"
        return None

    problem.quantity = "accuracy"
    return problem


falling.quantity = "loss"


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
    return next(iter(titles_of(ax)), "")


def titles_of(ax):
    """All titles: of the axes, of axes drawn over them, of the figure."""
    texts = [other.get_title(loc) for other in [ax, *_twins(ax)] for loc in ("center", "left", "right")]
    texts += [_text(getattr(f, "_suptitle", None)) for f in _figures(ax)]
    return [t.strip() for t in texts if t and t.strip()]


def says_nothing(text):
    """Whether a label or a title is only the name of its place, such as `x`."""
    return text.strip(" $.:").lower() in _EMPTY_WORDS


def _says(course):
    """The words of the course's own quantity, and those of the other one."""
    quantity = getattr(course, "quantity", None)
    return _SAYS.get(quantity, ()), tuple(w for q, words in _SAYS.items() if q != quantity for w in words if quantity)


def _has(text, words):
    return any(word in text for word in words)


def in_percent(ax):
    """Whether the numbers along the y axis are written with a percent sign."""
    formatter = ax.yaxis.get_major_formatter()
    try:
        return "Percent" in type(formatter).__name__ or "%" in str(formatter(0.5, 0))
    except Exception:
        return False


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
