"""Lab 1, the plot of cross-validation: what a program can see of the accuracies against k, and of their error bars."""

import re

import numpy as np

from labkit.check.figures import Plot, label_of, says_nothing, title_of, titles_of
from labkit.check.unseen import why_unseen
from labkit.check.verdict import Found, say, verdict

_DATA = ("cifar", "stand-?in")
_SHARE = ("accurac", "share", "right", "correct", "%", "percent", "per cent", "anteil", "genauigkeit")
_FORMS = (lambda x: x, np.log10, np.log, np.log2)  # k itself, or its logarithm on a plain axis


def k_plot(plot, ks, accuracies, points=6):
    """Print the verdict on the accuracies of several k with error bars and return the points, at most `points`.

    plot: the axes or the figure with your plot.
    ks: (K,) the values of k.
    accuracies: (K, folds) the accuracy of each on each fold.
    points: what the plot is worth: a half for the means, a third for the error bars, a sixth for the words.
    """
    drawn = _Drawn(Plot(plot), np.asarray(ks, float), np.asarray(accuracies, float))
    criteria = [
        (3, "the mean accuracy of each k", drawn.means),
        (2, "error bars: the standard deviation over the folds, up and down", drawn.bars),
        (1, "a label on both axes, and a title that names the data", drawn.words),
    ]
    return say(verdict("k_plot", points, drawn.plot, criteria, gate=False))


class _Drawn:
    """The means and the bars of a plot, as far as they are there."""

    def __init__(self, plot, ks, accuracies):
        self.plot, self.ks, self.folds = plot, ks, accuracies
        self.mean = accuracies.mean(axis=1)
        self.points = [(ax, places) for ax in plot.axes if len(places := _places(ax))]
        self.found = self._through(self.mean)  # (axes, places, x of each k, 1 or 100)

    def means(self, _):
        if not self.plot.axes:
            return "there is no plot in it: assign the axes or the figure"
        if not self.points:
            return self.plot.no_line("line and no markers")
        if self.found is None:
            return self._instead()
        ax, _, x, factor = self.found
        if not _inside(ax, x, factor * self.mean):
            return "most of the accuracies lie outside the limits of the axes"
        if np.array_equal(x, self.ks) or any(np.allclose(x, form(self.ks)) for form in _FORMS) or self._named(ax, x):
            return None
        return Found("drawn against 0, 1, 2, …: the values of k belong on the x axis", 0.5)

    def bars(self, _):
        if self.found is None:
            return "judged when the means are there" if self.points else "there is nothing in the axes"
        if self._reach(self.folds.std(axis=1)) or self._reach(self.folds.std(axis=1, ddof=1)):
            return None
        root = np.sqrt(self.folds.shape[1])
        errors = {"standard errors of the mean": 1 / root, "two deviations": 2, "half a deviation": 0.5}
        for name, times in errors.items():
            if any(self._reach(times * self.folds.std(axis=1, ddof=ddof)) for ddof in (0, 1)):
                return Found(f"the bars are {name}: one standard deviation over the folds is asked", 0.5)
        if any(self._reach(self.folds.var(axis=1, ddof=ddof)) for ddof in (0, 1)):
            return Found("the bars are variances: the standard deviation over the folds is asked", 0.5)
        if self._has(self.folds.min(axis=1)) and self._has(self.folds.max(axis=1)):
            return Found("the lowest and the highest fold are there: the deviation over the folds is asked", 0.5)
        if self._reach(np.full(len(self.ks), self.folds.std())):
            return Found("all bars are the same, the deviation over all k: each k has its own (axis=1)", 0.5)
        bare = all(len(places) <= len(self.ks) + 2 for _, places in self.points)
        return f"{'there are no error bars' if bare else 'no error bars'} one deviation up and down from each mean"

    def words(self, _):
        ax = self.found[0] if self.found else self.points[0][0] if self.points else (self.plot.axes or [None])[0]
        if ax is None:
            return "there are no axes"
        labels = {which: label_of(ax, which) for which in "xy"}
        missing = [f"no label on the {which} axis" for which, label in labels.items() if not label]
        missing += [] if title_of(ax) else ["no title"]
        if missing:
            return "; ".join(missing)
        bare = next((t for t in [*labels.values(), title_of(ax)] if says_nothing(t)), None)
        if bare:
            return f"a label or the title is {bare!r}: say what is shown"
        if _is_k(labels["y"]) and any(word in labels["x"].lower() for word in _SHARE):
            return "the labels of the axes are swapped"
        named = any(re.search(name, t, re.IGNORECASE) for name in _DATA for t in titles_of(ax))
        return None if named else Found("the title does not say on which data", 0.5)

    def _through(self, values):
        """(axes, places, x, factor) where there is a point at each k with this value; None if nowhere."""
        by_place = [np.arange(len(self.ks)) + first for first in (0.0, 1.0)]
        for ax, places in self.points:
            for x in [*(form(self.ks) for form in _FORMS), *by_place]:
                for factor in (1, 100):
                    if _hold(places, x, factor * values):
                        return ax, places, x, factor
        return None

    def _has(self, values):
        """Whether these values are there too, one at each k."""
        _, places, x, factor = self.found
        return _hold(places, x, factor * values)

    def _reach(self, errors):
        return self._has(self.mean - errors) and self._has(self.mean + errors)

    def _named(self, ax, x):
        """Whether the ticks at these places say the values of k."""
        ax.figure.canvas.draw()  # or the ticks have no words yet
        said = {round(float(at), 6): t.get_text() for at, t in zip(ax.get_xticks(), ax.get_xticklabels())}
        return all(re.sub(r"\D", "", said.get(round(float(at), 6), "")) == f"{k:g}" for at, k in zip(x, self.ks))

    def _instead(self):
        """What is drawn in the place of the means."""
        for _, places in self.points:
            if any(_hold(places[:, ::-1], self.ks, factor * self.mean) for factor in (1, 100)):
                return "the axes are swapped: k belongs on the x axis, the accuracy on the y axis"
        known = {
            "the shares of mistakes are drawn: the accuracies are asked": 1 - self.mean,
            "the best fold of each k is drawn: the mean over the folds is asked": self.folds.max(axis=1),
            "the median of the folds is drawn: their mean is asked": np.median(self.folds, axis=1),
            "the sums over the folds are drawn: their means are asked": self.folds.sum(axis=1),
        }
        if all(self._through(self.folds[:, f]) for f in range(self.folds.shape[1])):
            return Found("the single folds are there, and not their means", 0.5)
        if any(self._through(self.folds[:, f]) for f in range(self.folds.shape[1])):
            return "a single fold is drawn: the mean over the folds is asked"
        return next((text for text, y in known.items() if self._through(y)), "no point at the mean accuracy of each k")


def _places(ax):
    """(P, 2) every place that is drawn on axes: of lines, markers, bars, error bars and bands."""
    seen = [line for line in ax.get_lines() if not why_unseen(ax, line)]
    found = [
        np.column_stack([_numbers(line.get_xdata(orig=False)), _numbers(line.get_ydata(orig=False))]) for line in seen
    ]
    for artist in ax.collections:
        if not artist.get_visible():
            continue
        if hasattr(artist, "get_segments"):
            found += [np.asarray(part, float).reshape(-1, 2) for part in artist.get_segments()]
        elif type(artist).__name__ == "PathCollection":
            found.append(np.ma.filled(np.ma.asarray(artist.get_offsets(), float), np.nan))
        else:
            found += [np.asarray(path.vertices, float) for path in artist.get_paths()]
    for box in ax.patches:
        if box.get_visible() and hasattr(box, "get_width"):
            found.append(np.array([[box.get_x() + box.get_width() / 2, box.get_y() + box.get_height()]]))
    found = np.concatenate(found) if found else np.empty((0, 2))
    return found[np.isfinite(found).all(axis=1)]


def _numbers(data):
    """Data of a line as floats: places along the axis, also where they were given as names of categories."""
    return np.ma.filled(np.ma.asarray(data, dtype=float), np.nan).ravel()


def _hold(places, x, y):
    """Whether there is a place at each (x, y)."""
    near = np.isclose(places[:, 0], x[:, None], rtol=1e-6, atol=1e-6)
    return bool((near & np.isclose(places[:, 1], y[:, None], rtol=1e-5, atol=1e-7)).any(axis=1).all())


def _inside(ax, x, y):
    (left, right), (low, high) = sorted(ax.get_xlim()), sorted(ax.get_ylim())
    return ((left <= x) & (x <= right) & (low <= y) & (y <= high)).mean() >= 0.5


def _is_k(label):
    return bool(re.search(r"(?<![a-z])k(?![a-z])|neighbo", label.lower()))
