"""Lab 2: what a program can see of the losses along a ray, which the student draws and a person judges."""

import re

import numpy as np

from labkit.check.figures import Plot, label_of, says_nothing, title_of, titles_of
from labkit.check.verdict import Found, say, verdict

_NAMES = ("hinge", "softmax")
_WORDS = {"hinge": ("hinge", "svm", "margin"), "softmax": ("softmax", "entropy", "log")}


def ray_plot(plot, a, hinge, softmax, points=6):
    """Print the verdict on the two losses along a ray and return the points, at most `points`.

    plot: the axes or the figure with your plot.
    a: the steps along the ray.
    hinge, softmax: the mean losses there.
    points: what the plot is worth: a third for each curve, a sixth for labels and title, a sixth for the legend.
    """
    seen = _Seen(Plot(plot), *(np.asarray(values, float) for values in (a, hinge, softmax)))
    criteria = [
        (2, "the hinge loss at each step", lambda _: seen.curve(0)),
        (2, "the softmax loss at each step, in the same axes", lambda _: seen.curve(1)),
        (1, "a label on both axes, and a title that names the data", lambda _: seen.labels()),
        (1, "a legend tells the two apart", lambda _: seen.legend()),
    ]
    return say(verdict("ray_plot", points, seen.plot, criteria, gate=False))


class _Seen:
    """The two curves in a plot: for each the axes and the line that runs through it, or None."""

    def __init__(self, plot, a, hinge, softmax):
        self.plot, self.a, self.values = plot, a, (hinge, softmax)
        self.lines = plot.curves()
        self.found = [next((line for line in self.lines if self._runs(line, y)), None) for y in self.values]

    def curve(self, i):
        if not self.plot.axes:
            return "there is no plot in it: assign the axes or the figure"
        if not self.lines:
            return self.plot.no_line()
        if self.found[i] is None:
            return self._instead(i)
        if i and self.found[0] is not None and not _one_place(self.found[0][0], self.found[1][0]):
            return "the two curves are in different axes: one below the other they cannot be compared"
        ax, x, y = self.found[i]
        (left, right), (low, high) = sorted(ax.get_xlim()), sorted(ax.get_ylim())
        inside = ((left <= x) & (x <= right) & (low <= y) & (y <= high)).mean()
        return "most of the line lies outside the limits of the axes" if inside < 0.5 else None

    def labels(self):
        ax = self._axes()
        if ax is None:
            return "there are no axes"
        missing = [f"no label on the {which} axis" for which in "xy" if not label_of(ax, which)]
        missing += [] if title_of(ax) else ["no title"]
        if missing:
            return "; ".join(missing)
        for which in "xy":
            text = label_of(ax, which)
            if says_nothing(text) and text.strip(" $") not in "a":
                return f"the label of the {which} axis is {text!r}: say what is along it"
        if says_nothing(title_of(ax)):
            return f"the title is {title_of(ax)!r}: say what is shown"
        x, y = (label_of(ax, which).lower() for which in "xy")
        if "loss" in x and "loss" not in y:
            return "the labels are swapped: the loss is along the y axis"
        named = any(re.search(name, t, re.IGNORECASE) for name in ("cifar", "stand-?in") for t in titles_of(ax))
        return None if named else Found("the title does not say on which data", 0.5)

    def legend(self):
        ax = self._axes()
        if ax is None:
            return "there are no axes"
        figure = ax.figure
        legends = [other.get_legend() for other in figure.axes] + list(figure.legends)
        texts = [t.get_text() for legend in legends if legend for t in legend.get_texts()]
        texts += [t.get_text() for other in figure.axes for t in other.texts]
        if len({text.strip() for text in texts} - {""}) < 2:
            return "no legend that tells the two apart"
        return "the names in the legend are swapped" if self._crossed() else None

    def _crossed(self):
        """Whether each curve has the other one's name as its label."""
        if None in self.found:
            return False
        said = []
        for ax, x, y in self.found:
            same = [line for line in ax.get_lines() if len(line.get_xdata()) == len(x)]
            same = [line for line in same if np.array_equal(np.asarray(line.get_ydata(), float), y)]
            said.append(str(same[0].get_label()).lower() if same else "")
        own = [any(word in text for word in _WORDS[name]) for text, name in zip(said, _NAMES)]
        other = [any(word in text for word in _WORDS[name]) for text, name in zip(said, _NAMES[::-1])]
        return own == [False, False] and other == [True, True]

    def _axes(self):
        return next((line[0] for line in self.found if line), (self.plot.axes or [None])[0])

    def _runs(self, line, values):
        """Whether a line runs through the values, over nearly all of the ray, in a dozen points or more."""
        _, x, y = line
        if len(x) < 12 or not np.isfinite(x).all() or not np.isfinite(y).all():
            return False
        if np.ptp(x) < 0.9 * np.ptp(self.a) or x.min() < self.a.min() - 1e-6 or x.max() > self.a.max() + 1e-6:
            return False
        return abs(y - np.interp(x, self.a, values)).max() <= 2e-3 * max(np.ptp(values), 1e-9)

    def _instead(self, i):
        """What is drawn in the place of curve i."""
        name, values = _NAMES[i], self.values[i]
        for ax, x, y in self.lines:
            if self._runs((ax, y, x), values):
                return "the axes are swapped: the steps belong on the x axis"
            if len(y) != len(values):
                continue
            if np.allclose(y, values, rtol=1e-3):
                counted = any(np.allclose(x, np.arange(len(x)) + first) for first in (0, 1))
                where = "against 0, 1, 2, …" if counted else "at other places than the steps a"
                return f"the losses are drawn {where}: the steps a belong on the x axis"
            factor = np.sum(y * values) / max(np.sum(values**2), 1e-12)
            if abs(factor - 1) > 1e-3 and factor > 0 and np.allclose(y, factor * values, rtol=1e-3):
                return f"this is {factor:g} times the {name} loss: the mean over the images is asked"
            if np.allclose(y, np.log(np.maximum(values, 1e-300)), rtol=1e-3):
                return "the logarithm of the loss is drawn: draw the loss"
            if np.allclose(y, values[::-1], rtol=1e-3):
                return "the losses run backwards: they belong to the steps in their order"
        return f"no line runs through the {name} losses"


def _one_place(one, other):
    """Whether two axes are one, or lie over each other (`twinx`)."""
    return one is other or np.allclose(one.get_position(True).bounds, other.get_position(True).bounds)
