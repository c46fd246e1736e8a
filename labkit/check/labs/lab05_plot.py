"""Lab 5, the plot of a run before and after its cure: what a program can see of it."""

import re

import numpy as np

from labkit.check.figures import Plot, label_of, says_nothing, title_of, titles_of
from labkit.check.verdict import Found, say, verdict

_TOLD = (("poor", "before", "bad", "as it was", "ill"), ("cured", "after", "good", "better", "healed"))
_DATA = ("cifar", "stand-?in")
_WHOSE = ("poor", "cured")


def cured_plot(plot, poor_losses, cured_losses, poor_accuracy, cured_accuracy, points=6):
    """Print the verdict on the plot of a poor run beside the cured one and return the points, at most `points`.

    plot: the axes or the figure, or a list of axes.
    poor_losses, cured_losses: the loss of each step.
    poor_accuracy, cured_accuracy: the validation accuracy before training and after each epoch.
    points: what the exercise is worth.
    Losses and accuracies count 2 sixths each; labels and title, and what tells the runs apart, 1 each.
    """
    plot = Plot(plot)
    losses = [_find(plot, poor_losses, cured_losses, _as_loss), _find(plot, cured_losses, poor_losses, _as_loss)]
    shares = [_find(plot, values, None, _as_share) for values in (poor_accuracy, cured_accuracy)]
    found = [hit for hit in losses + shares if hit is not None]

    def drawn(pair, given, what):
        def problem(_):
            if not plot.axes:
                return "there is no plot in it: assign the axes or the figure"
            missing = [i for i in (0, 1) if pair[i] is None]
            if not missing:
                apart = not any(_comparable(a, b) for a, *_ in pair[0] for b, *_ in pair[1])
                return f"the two {what} are in different axes, with scales of their own" if apart else None
            if not plot.curves():
                return plot.no_line()
            whose = " and of the ".join(f"{_WHOSE[i]} run" for i in missing)
            why = next((why for i in missing if (why := _instead(plot, given[i]))), f"no line runs through the {what}")
            return Found(f"{why} of the {whose}", 0.5 if len(missing) == 1 else 0.0)

        return problem

    criteria = [
        (2, "the losses of both runs", drawn(losses, (poor_losses, cured_losses), "losses")),
        (2, "the validation accuracies of both runs", drawn(shares, (poor_accuracy, cured_accuracy), "accuracies")),
        (1, "a label on each axis, and a title", lambda _: _labelled(plot, found)),
        (1, "a legend", lambda _: _told(plot, losses, shares)),
    ]
    return say(verdict("cured_plot", points, plot, criteria, gate=False))


def _find(plot, values, other, alike):
    """[(axes, y)] of the visible lines that show these values; None if none does."""
    values = np.asarray(values, float)
    hits = [(ax, y) for ax, _, y in plot.curves() if alike(y, values, other)]
    exact = [hit for hit in hits if hit[1].shape == values.shape and np.allclose(hit[1], values)]
    return exact or hits or None


def _as_share(y, values, _):
    return any(_picked(y, factor * values) for factor in (1, 100))


def _as_loss(y, values, other):
    """The losses, some of them, or their running mean, which is nearer to them than to those of the other run."""
    if _picked(y, values) or _averaged(y, values):
        return True
    other = np.asarray(other, float)
    if len(y) < 8 or len(y) > len(values) or _picked(y, other) or not np.isfinite(y).all():
        return False
    away, noise = _away(y, values)
    return away < max(noise, 0.02 * np.ptp(values)) and away <= _away(y, other)[0]


def _picked(y, values):
    """Whether y is the values, all but the first, or every k-th of them."""
    ways = [values, values[1:], values[:-1]] + [values[k::step] for step in range(2, 101) for k in (0, step - 1)]
    return len(y) > 1 and any(len(y) == len(w) and np.allclose(y, w, rtol=1e-4, atol=1e-6) for w in ways)


def _averaged(y, values):
    """Whether y is the means of as many blocks of the values, or their running mean of some width."""
    if not 1 < len(y) <= len(values):
        return False
    ways = [[block.mean() for block in np.array_split(values, len(y))]]
    width = len(values) - len(y) + 1
    ways += [np.convolve(values, np.ones(width) / width, mode="valid")]
    ways += [np.convolve(values, np.ones(k) / k, mode="same") for k in range(2, 102) if len(y) == len(values)]
    return any(len(y) == len(way) and np.allclose(y, way, rtol=1e-4, atol=1e-6) for way in ways)


def _away(y, values):
    """How far y is on average from the running mean of the values, and how far these are themselves."""
    width = max(3, len(values) // 20) | 1
    padded = np.pad(values, width // 2, mode="edge")
    smooth = np.convolve(padded, np.ones(width) / width, mode="valid")
    places = np.linspace(0, len(values) - 1, len(y))
    return np.mean(abs(y - np.interp(places, np.arange(len(values)), smooth))), np.mean(abs(values - smooth))


def _instead(plot, values):
    """What a line shows in the place of values, in words that go on with "of the … run"; None if that is not known."""
    values = np.asarray(values, float)
    with np.errstate(all="ignore"):
        known = {
            "the logarithm is drawn, where a logarithmic axis can be had, instead of the values": np.log(values),
            "1 minus the values is drawn": 1 - values,
            "the running sum is drawn": np.cumsum(values),
        }
    lines = [(x, y) for _, x, y in plot.curves()]
    for text, instead in known.items():
        if any(y.shape == instead.shape and np.allclose(y, instead) for _, y in lines):
            return text
    if any(x.shape == values.shape and np.allclose(x, values) for x, _ in lines):
        return "the axes are swapped: the values belong on the y axis, those"
    return None


def _comparable(one, other):
    """Whether two axes are one, or have one scale for y."""
    return one is other or (one.get_yscale() == other.get_yscale() and np.allclose(one.get_ylim(), other.get_ylim()))


def _labelled(plot, found):
    axes = list({id(ax): ax for hits in found for ax, _ in hits}.values()) or plot.axes
    if not axes:
        return "there are no axes"
    missing = [f"no label on the {which} axis" for which in "xy" if not all(label_of(ax, which) for ax in axes)]
    missing += [] if any(title_of(ax) for ax in plot.axes) else ["no title"]
    if missing:
        return "; ".join(missing)
    bare = [
        text for ax in axes for which in "xy" if says_nothing(text := label_of(ax, which)) and text.strip(" $") != "t"
    ]
    if bare:
        return f"a label is {bare[0]!r}: say what is along the axis"
    titles = [text for ax in plot.axes for text in titles_of(ax)]
    if not any(re.search(name, text, re.IGNORECASE) for name in _DATA for text in titles):
        return Found("the title does not say on which data", 0.5)
    return None


def _told(plot, *pairs):
    if not plot.axes:
        return "there are no axes"
    figures = {id(ax.figure): ax.figure for ax in plot.axes}.values()
    axes = [ax for figure in figures for ax in figure.axes]
    legends = [ax.get_legend() for ax in axes if ax.get_legend()] + [one for f in figures for one in f.legends]
    texts = [t.get_text() for one in legends for t in one.get_texts()]
    titled = {text for ax in plot.axes for text in titles_of(ax)}
    if not texts and not sum(len(ax.texts) for ax in axes) > 1 and not (len(titled) > 1 and _all_said(titled)):
        return "no legend that tells the two runs apart"
    names = [
        {line.get_label().lower() for pair in pairs for ax, y in pair[i] or () for line in _lines(ax, y)}
        for i in (0, 1)
    ]
    crossed = [any(_has(name, _TOLD[1 - i]) and not _has(name, _TOLD[i]) for name in names[i]) for i in (0, 1)]
    return "the names in the legend are swapped" if all(crossed) else None


def _all_said(texts):
    return all(any(_has(text.lower(), words) for text in texts) for words in _TOLD)


def _same(a, b):
    return len(a) == len(b) and bool(np.all(a == b))


def _lines(ax, y):
    return [line for line in ax.get_lines() if np.shape(line.get_ydata()) == y.shape and _same(line.get_ydata(), y)]


def _has(text, words):
    return any(word in text for word in words)
