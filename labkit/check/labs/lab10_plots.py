"""Lab 10, PyTorch: what a program can see of the curves of networks of several depths, which a person judges."""

import re

import numpy as np

from labkit.check.figures import Plot, label_of, says_nothing, title_of, titles_of
from labkit.check.verdict import Found, say, verdict

_DATA = ("cifar", "stand-?in")
_KINDS = (("train", "training"), ("val", "validation"))


def depth_plot(plot, training, validation, points=8):
    """Print the verdict on the accuracies of networks of several depths and return the points, at most `points`.

    plot: the axes or the figure with your plot.
    training, validation: dicts depth -> accuracies, before training and after each epoch.
    points: what the plot is worth.
    The training and the validation curves count 3 eighths each; labels and title, and what tells the curves apart, 1.
    """
    plot = Plot(plot)
    both = [{depth: np.asarray(y, float) for depth, y in curves.items()} for curves in (training, validation)]
    lines = plot.curves()
    axes = [{depth: _axes_with(lines, y) for depth, y in curves.items()} for curves in both]
    criteria = [
        (3, "the validation accuracy of each network", lambda _: _missing(plot, lines, axes[1], both[1], "validation")),
        (3, "the training accuracy of each network", lambda _: _missing(plot, lines, axes[0], both[0], "training")),
        (1, "a label on both axes, and a title that names the data", lambda _: _labelled(_used(plot, axes))),
        (1, "a legend tells depths, and training from validation", lambda _: _told(plot, sorted(training))),
    ]
    return say(verdict("depth_plot", points, plot, criteria, gate=False))


def _axes_with(lines, values):
    """The axes with a line through these values, as shares or in per cent, with or without the one at the start."""
    for ax, _, y in lines:
        for wanted in (values, values[1:]):
            if len(wanted) and y.shape == wanted.shape and any(np.allclose(y, k * wanted, atol=1e-6) for k in (1, 100)):
                return ax
    return None


def _missing(plot, lines, axes, curves, name):
    if not plot.axes:
        return "there is no plot in it: assign the axes or the figure"
    if not lines:
        return "the axes hold no line"
    left = [depth for depth, ax in axes.items() if ax is None]
    if not left:
        return None
    if any(_axes_with(lines, 1 - curves[depth]) is not None for depth in left):
        return f"the errors are drawn: the {name} accuracies are asked"
    if any(_axes_with(lines, np.sort(curves[depth])) is not None for depth in left):
        return "the values are sorted: draw them in the order of the epochs"
    if len(left) < len(axes):
        which = " and ".join(str(depth) for depth in left)
        return Found(f"no line for {which} layers", 1 - len(left) / len(axes))
    if all(len(y) == 1 for _, _, y in lines):
        return "the accuracies at the end only: those of all epochs are asked"
    return f"no line runs through the {name} accuracies"


def _used(plot, axes):
    """The axes with curves that are asked, else all."""
    found = [ax for kind in axes for ax in kind.values() if ax is not None] or plot.axes
    return [ax for i, ax in enumerate(found) if not any(ax is other for other in found[:i])]


def _labelled(axes):
    if not axes:
        return "there are no axes"
    missing = [f"no label on the {which} axis" for which in "xy" if not any(label_of(ax, which) for ax in axes)]
    missing += [] if any(title_of(ax) for ax in axes) else ["no title"]
    if missing:
        return "; ".join(missing)
    bare = next((t for ax in axes for t in [label_of(ax, "x"), label_of(ax, "y")] if t and says_nothing(t)), None)
    if bare:
        return f"the label of an axis is {bare!r}: say what is along it"
    named = any(re.search(name, t, re.IGNORECASE) for name in _DATA for ax in axes for t in titles_of(ax))
    return None if named else Found("the title does not say on which data", 0.5)


def _texts(plot):
    """Legends, and texts beside the curves, of all the figure's axes."""
    figures = {id(ax.figure): ax.figure for ax in plot.axes}.values()
    axes = [ax for figure in figures for ax in figure.axes]
    legends = [ax.get_legend() for ax in axes] + [legend for figure in figures for legend in figure.legends]
    texts = [t.get_text() for legend in legends if legend for t in (*legend.get_texts(), legend.get_title())]
    return [t for t in texts + [t.get_text() for ax in axes for t in ax.texts] if t.strip()]


def _told(plot, depths):
    if not plot.axes:
        return "there are no axes"
    texts = _texts(plot)
    if not texts:
        return "no legend that tells the curves apart"
    absent = [d for d in depths if not any(_names(d, t) for t in texts)]
    if absent:
        return f"the legend does not name the network of {absent[0]} layers"
    words = texts + [t for ax in plot.axes for t in (*titles_of(ax), label_of(ax, "x"), label_of(ax, "y"))]
    for kind, name in _KINDS:
        if not any(kind in word.lower() for word in words):
            return Found(f"nothing says which curves are of {name} images", 0.5)
    return None


def _names(depth, text):
    """Whether a text has the number of a depth, in digits or as a word."""
    word = {2: "two", 3: "three", 4: "four", 5: "five"}.get(depth, str(depth))
    return re.search(rf"(?<!\d){depth}(?!\d)|\b{word}\b", text, re.IGNORECASE) is not None
