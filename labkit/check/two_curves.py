"""A plot of measurements beside a formula, on two logarithmic axes: are both there, and can they be read?"""

import re

import numpy as np

from labkit.check.figures import Plot, label_of, says_nothing, title_of, titles_of
from labkit.check.legends import crossed, entries
from labkit.check.verdict import Found, say, verdict

# Where the values themselves are drawn, and where their logarithms are, on plain axes.
_FORMS = {"as it is": lambda v: v, "log10": lambda v: 10.0**v, "log": np.exp, "log2": np.exp2}


def two_curves(name, points, first, second, names, along, told, data=None, units=None):
    """Make the check of a plot with two curves over the same places, both axes logarithmic.

    name: of the check.
    points: for the plot.
    first, second: the criteria of the two curves, in words.
    names: what the two curves are called in a diagnosis.
    along: words of what is along the x axis, and of what is along the y axis.
    told: words by which a legend tells the first curve, and the second.
    data: where the exercise asks for the data's name in the title, patterns one of which has to be in it.
    units: other units that a label on the y axis may name, as patterns, and the factor of the values then.
    Returns the check, a function of the plot, the places and the values of both curves there.
    """

    def check(plot, x, measured, formula, points=points):
        drawn, given = Plot(plot), [np.asarray(values, float) for values in (x, measured, formula)]
        found = _Curves(drawn, *given, names, along, told, data)
        labels = " ".join(label_of(ax, "y") for ax in drawn.axes).lower()
        for factor in [f for pattern, f in (units or {}).items() if re.search(pattern, labels)]:
            other = _Curves(drawn, given[0], *(factor * y for y in given[1:]), names, along, told, data)
            found = other if any(other.curves) else found
        criteria = [(2, first, found.first), (2, second, found.second), (1, "both axes are logarithmic", found.scales)]
        criteria.append((1, "a label on both axes, a title, a legend", found.words))
        return say(verdict(name, points, found.plot, criteria, gate=False))

    check.__name__ = check.__qualname__ = name
    check.__doc__ = f"""Print the verdict on the plot and return the points, at most `points`.

    plot: the axes or the figure with your plot.
    x: the places.
    measured, formula: {names[0]} and {names[1]} there.
    points: what the plot is worth: a third for each curve, a sixth for the axes, a sixth for the words.
    """
    return check


class _Curves:
    """The two curves in a plot, as far as they are there: each as (axes, form of x, form of y)."""

    def __init__(self, plot, x, measured, formula, names, along, told, data):
        self.plot, self.x, self.values, self.names = plot, x, (measured, formula), names
        self.along, self.told, self.data = along, told, data
        self.drawn = _drawn(plot)
        exact = [[c for c in self.drawn if _through(c, x, y, 1e-6)] for y in self.values]
        fine = [c for c in self.drawn if len(c[1]) > 2 * len(x) and _through(c, x, formula, 0.02)]
        self.curves = exact[0], exact[1] + fine

    def first(self, _):
        if not self.plot.axes:
            return "there is no plot in it: assign the axes or the figure"
        if not self.drawn:
            return self.plot.no_line("line and no markers")
        return self._hidden(0) if self.curves[0] else self._instead(0)

    def second(self, _):
        if not self.curves[1]:
            return self._instead(1) if self.drawn else self.plot.no_line("line and no markers")
        if self.curves[0] and not any(_comparable(a, b) for a, *_ in self.curves[0] for b, *_ in self.curves[1]):
            return "the two curves are in different axes, with scales of their own: draw both in one"
        return self._hidden(1)

    def scales(self, _):
        curves = self.curves[0] or self.curves[1] or self.drawn
        if not curves:
            return "there are no axes"
        forms = [_through(curve, self.x, y, 0.02) for curve in curves for y in self.values]
        forms = next((form for form in forms if form), ("as it is", "as it is"))
        ax = curves[0][0]
        plain = [w for w, form in zip("xy", forms) if form == "as it is" and getattr(ax, f"get_{w}scale")() == "linear"]
        return f"not logarithmic: the {' and the '.join(f'{which} axis' for which in plain)}" if plain else None

    def words(self, _):
        curves = self.curves[0] or self.curves[1] or self.drawn
        if not curves:
            return "there are no axes"
        ax = curves[0][0]
        labels = [label_of(ax, which) for which in "xy"]
        missing = [f"no label on the {which} axis" for which, label in zip("xy", labels) if not label]
        missing += [] if title_of(ax) else ["no title"]
        told = entries(ax)
        missing += [] if len(told) > all(self.curves) else ["no legend that tells the two apart"]
        if missing:
            return "; ".join(missing)
        bare = [text for text in labels if says_nothing(text) and text not in ("t", "T")]  # T is the number of steps
        bare = next((text for text in [*bare, title_of(ax)] if text in bare or says_nothing(text)), None)
        if bare:
            return f"a label or the title is {bare!r}: say what is shown"
        if crossed(labels, self.along):
            return "the labels of the axes are swapped"
        shown = {id(line): i for i in (0, 1) for line in _lines(self, i)}
        named = {shown[id(line)]: text for line, text in told if id(line) in shown}
        if len(named) == 2 and crossed([named[0], named[1]], self.told):
            return "the names in the legend are swapped"
        if self.data and not any(re.search(name, t, re.IGNORECASE) for name in self.data for t in titles_of(ax)):
            return Found("the title does not say on which data", 0.5)
        return None

    def _hidden(self, i):
        for ax, x, y in self.curves[i]:
            (left, right), (low, high) = sorted(ax.get_xlim()), sorted(ax.get_ylim())
            if ((left <= x) & (x <= right) & (low <= y) & (y <= high)).mean() >= 0.5:
                return None
        return f"{self.names[i]}: most of them lie outside the limits of the axes"

    def _instead(self, i):
        """What is drawn in the place of curve i."""
        y, places = self.values[i], np.arange(len(self.x))
        for curve in self.drawn:
            if _through((curve[0], curve[2], curve[1]), self.x, y, 1e-6):
                return f"the axes are swapped: {self.names[i]} belong on the y axis"
            if any(_alike(curve[1], places + k) and _alike(curve[2], y) for k in (0, 1)):
                return f"{self.names[i]}: drawn against 0, 1, 2, …, where the places belong on the x axis"
            if _through(curve, self.x, self.values[0] / self.values[1], 1e-6):
                return "the quotient of the two is drawn: both curves are asked"
            if _through(curve, self.x, y**2, 1e-6) or _through(curve, self.x, y**0.5, 1e-6):
                return f"{self.names[i]}: the squares or the roots of the values are drawn"
        return f"no line and no markers at {self.names[i]}"


def _lines(curves, i):
    """The lines and clouds that are curve i."""
    found = []
    for ax, x, y in curves.curves[i]:
        for line in ax.get_lines():
            if _alike(y, np.asarray(line.get_ydata(), float)) and _alike(x, np.asarray(line.get_xdata(), float)):
                found.append(line)
    return found


def _drawn(plot):
    """(axes, x, y) of each visible line, and of each cloud of markers."""
    found = plot.curves()
    for ax in plot.axes:
        for cloud in ax.collections:
            if type(cloud).__name__ == "PathCollection" and cloud.get_visible() and len(cloud.get_offsets()):
                found.append((ax, *np.ma.filled(np.ma.asarray(cloud.get_offsets(), float), np.nan).T))
    return found


def _through(curve, x, y, tolerance):
    """The forms in which a curve runs through the points (x, y), straight between its own on log axes; None if not."""
    shown = (x > 0) & (y > 0)  # a clock that ticks slowly measures 0, which no logarithmic axis shows
    x, y = x[shown], y[shown]
    if not len(x):
        return None
    forms = [_FORMS if getattr(curve[0], f"get_{which}scale")() == "linear" else ["as it is"] for which in "xy"]
    for form_x in forms[0]:
        for form_y in forms[1]:
            with np.errstate(all="ignore"):
                xs, ys = _FORMS[form_x](curve[1]), _FORMS[form_y](curve[2])
                seen = (xs > 0) & (ys > 0) & (xs < np.inf) & (ys < np.inf)
                xs, ys = np.log(xs[seen]), np.log(ys[seen])
            if not len(xs) or xs.min() > np.log(x.min()) + 1e-6 or xs.max() < np.log(x.max()) - 1e-6:
                continue
            order = np.argsort(xs, kind="stable")
            if abs(np.interp(np.log(x), xs[order], ys[order]) - np.log(y)).max() < tolerance:
                return form_x, form_y
    return None


def _alike(one, other):
    return len(one) == len(other) and np.allclose(one, other, rtol=1e-6)


def _comparable(one, other):
    """Whether two axes are one, or have one scale for y."""
    return one is other or (one.get_yscale() == other.get_yscale() and np.allclose(one.get_ylim(), other.get_ylim()))
