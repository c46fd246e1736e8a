"""Lab 7, the ConvNet: what a program can see of the three plots that a student draws and a person judges."""

import numpy as np
from matplotlib.lines import Line2D

from labkit.check.figures import Plot, label_of, title_of
from labkit.check.legends import crossed, entries
from labkit.check.unseen import why_unseen, why_unseen_bar, why_unseen_picture
from labkit.check.verdict import say, verdict

_TOLD = ("train", "fit", "learn"), ("val", "held", "test", "new", "unseen", "dev")
_WHEN = ("before", "initial", "random", "start"), ("after", "learn", "trained")
_NONE = "there is no plot in it: assign the axes or the figure"


def _words(plot):
    """Everything that is written in the figure, outside the ticks."""
    figures = {id(ax.figure): ax.figure for ax in plot.axes}.values()
    texts = [ax.get_title(loc) for ax in plot.axes for loc in ("left", "center", "right")]
    texts += [text.get_text() for holder in [*plot.axes, *figures] for text in holder.texts]
    texts += [getattr(ax, f"get_{which}label")() for ax in plot.axes for which in "xy"]
    texts += [getattr(figure, f"get_{name}")() for figure in figures for name in ("suptitle", "supxlabel", "supylabel")]
    return {text.strip() for text in texts if text.strip()}


def _labelled(plot, axes):
    ax = (axes or plot.axes or [None])[0]
    if ax is None:
        return "there are no axes"
    missing = [f"no label on the {which} axis" for which in "xy" if not label_of(ax, which)]
    return "; ".join(missing + ([] if title_of(ax) else ["no title"])) or None


# ---------------------------------------------------------------------------------------- overfitting


def _curve_of(plot, values):
    """The axes with a line through these values, as shares or in per cent."""
    for ax, _, y in plot.curves():
        if y.shape == values.shape and any(np.allclose(y, k * values, atol=1e-6) for k in (1, 100)):
            return ax
    return None


def _one_scale(one, other):
    """Whether two axes are one, or lie over each other with the same limits."""
    same_place = np.allclose(one.get_position().bounds, other.get_position().bounds)
    return one is other or same_place and np.allclose(one.get_ylim(), other.get_ylim())


def _named(ax, values):
    """What the legend calls the line through these values; None if there is no one name."""
    names = {text for line, text in entries(ax) if isinstance(line, Line2D) and _is_through(line, values)}
    return names.pop() if len(names) == 1 else None


def _is_through(line, values):
    y = np.asarray(line.get_ydata(), float)
    return y.shape == values.shape and any(np.allclose(y, k * values, atol=1e-6) for k in (1, 100))


def overfitting_plot(plot, training, validation, points=6):
    """Print the verdict on the two accuracy curves and return the points, at most `points`.

    plot: the axes or the figure.
    training, validation: the accuracies after each epoch.
    points: what the exercise is worth.
    Each curve counts 2 sixths; labels and title, and what tells the two apart, 1 each.
    """
    plot, values = Plot(plot), [np.asarray(v, float) for v in (training, validation)]
    axes = [_curve_of(plot, v) for v in values]

    def drawn(i, name):
        def problem(_):
            if axes[i] is not None:
                apart = i == 1 and axes[0] is not None and not _one_scale(*axes)
                return "the two curves are in different axes: the gap is seen where both are in one" if apart else None
            lines = plot.curves()
            if not plot.axes or not lines:
                return plot.no_line() if plot.axes else _NONE
            if any(np.isclose(y[1:-1], values[i][1:]).all() for _, _, y in lines if len(y) == len(values[i]) + 1):
                return f"the {name} accuracies are shifted: one value for each epoch, and one before the first"
            if any(len(y) == len(values[i]) - 1 and np.isclose(y, values[i][1:]).all() for _, _, y in lines):
                return f"the {name} accuracy before the first epoch is missing"
            return f"no line runs through the {name} accuracies"

        return problem

    def told(_):
        found = [ax for ax in axes if ax is not None] or plot.axes
        if not found:
            return "there are no axes"
        legend = any(ax.get_legend() for ax in found) or any(ax.figure.legends for ax in found)
        if not legend and not any(len(ax.texts) > 1 for ax in found):
            return "no legend that tells the two apart"
        named = [_named(ax, curve) for ax, curve in zip(axes, values) if ax is not None]
        if len(named) == 2 and all(named) and crossed(named, _TOLD):
            return "the names in the legend are swapped"
        return None

    criteria = [
        (2, "the training accuracy, before and after each epoch", drawn(0, "training")),
        (2, "the validation accuracy, in the same axes", drawn(1, "validation")),
        (1, "a label on both axes, and a title", lambda _: _labelled(plot, [ax for ax in axes if ax is not None])),
        (1, "a legend", told),
    ]
    return say(verdict("overfitting_plot", points, plot, criteria, gate=False))


# ----------------------------------------------------------------------------------- filters as images


def _normal(rows):
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def _share_shown(pictures, filters):
    """The share of the filters that are somewhere in the pictures, each on a scale of its own or on a common one."""
    F, C, H, W = filters.shape
    wanted, best = _normal(filters.transpose(0, 2, 3, 1).reshape(F, -1).astype(float)), np.zeros(F)
    for picture in pictures:
        if picture.ndim == 3 and picture.shape[2] >= C and min(picture.shape[:2]) >= min(H, W):
            windows = np.lib.stride_tricks.sliding_window_view(picture[..., :C].astype(float), (H, W), axis=(0, 1))
            rows = windows.transpose(0, 1, 3, 4, 2).reshape(-1, C * H * W)
            best = np.maximum(best, (_normal(rows) @ wanted.T).max(axis=0, initial=0))
    return np.mean(best > 0.98)


def _words_at(drawn, filters, others):
    """What is written at the pictures of some filters that show none of the others."""
    texts = []
    for ax, image in drawn:
        picture = [np.ma.getdata(image.get_array())]
        if _share_shown(picture, filters) > 0 and _share_shown(picture, others) == 0:
            texts += [ax.get_title(loc) for loc in ("left", "center", "right")] + [ax.get_xlabel(), ax.get_ylabel()]
            texts += [text.get_text() for text in ax.texts]
    return " ".join(texts).lower().replace("untrained", "start")


def learned_filters_plot(plot, before, after, points=6):
    """Print the verdict on the filters as images and return the points, at most `points`.

    plot: the axes or the figure.
    before, after: the filters (F, 3, H, W) before and after training.
    points: what the exercise is worth.
    The filters after training count 3 sixths, those before, the words for both, and a title 1 each.
    """
    plot = Plot(plot)
    unseen = [why for ax in plot.axes for image in ax.images if (why := why_unseen_picture(ax, image))]
    drawn = [(ax, image) for ax in plot.axes for image in ax.images if not why_unseen_picture(ax, image)]
    pictures = [np.ma.getdata(image.get_array()) for _, image in drawn]
    before, after = np.asarray(before), np.asarray(after)

    def shown(filters, other, when):
        def problem(_):
            if not pictures and unseen:
                return f"pictures are there, but cannot be seen: {unseen[0]}"
            if not pictures:
                return "there are no pictures: assign the axes or the figure" if plot.axes else _NONE
            share = _share_shown(pictures, filters)
            if share > 0.9:
                return None
            if all(picture.ndim == 2 for picture in pictures):
                return "the pictures have no colours: the three channels of a filter are its red, green and blue"
            if share > 0:
                return f"{share:.0%} of the filters {when} training are there: show all"
            if _share_shown(pictures, filters.transpose(0, 1, 3, 2)) > 0.9:
                return "rows and columns are exchanged: (F, 3, H, W) becomes (F, H, W, 3) by transpose(0, 2, 3, 1)"
            if _share_shown(pictures, -filters) > 0.9:
                return "dark and bright are exchanged: the largest weight is the brightest"
            if _share_shown(pictures, np.clip(filters, 0, 1)) > 0.9:
                return "weights below 0 are cut off: scale to 0 … 1 first, the smallest weight to 0"
            return f"the filters {when} training are not among the pictures: channels last, scaled to 0 … 1"

        return problem

    words = _words(plot)

    def named(_):
        if len(words) <= 1:
            return "nothing says which are before and after"
        names = [_words_at(drawn, *pair) for pair in ((before, after), (after, before))]
        return "the words before and after are swapped" if crossed(names, _WHEN) else None

    criteria = [
        (3, "all filters after training, in colour", shown(after, before, "after")),
        (1, "all filters before training", shown(before, after, "before")),
        (1, "words say which are which", named),
        (1, "a title", lambda _: None if any(title_of(ax) for ax in plot.axes) else "no title"),
    ]
    return say(verdict("learned_filters_plot", points, plot, criteria, gate=False))


# ------------------------------------------------------------------------------------ accuracy by class


def _bars(ax):
    """(length, place along the axis of the classes, "x" or "y") of each bar, and of each marker on a line."""
    found = []
    for box in ax.patches:
        if not why_unseen_bar(ax, box) and all(
            callable(getattr(box, f"get_{name}", None)) for name in ("x", "y", "width", "height")
        ):
            found.append((box.get_y() + box.get_height(), box.get_x() + box.get_width() / 2, "x"))
            found.append((box.get_x() + box.get_width(), box.get_y() + box.get_height() / 2, "y"))
    for line in [line for line in ax.get_lines() if not why_unseen(ax, line)]:
        x, y = (np.ravel(ax.convert_xunits(line.get_xdata())), np.ravel(ax.convert_yunits(line.get_ydata())))
        found += [(b, a, "x") for a, b in zip(x, y)] + [(a, b, "y") for a, b in zip(x, y)]
    return found


def class_plot(plot, shares, classes, points=6):
    """Print the verdict on the accuracy by class and return the points, at most `points`.

    plot: the axes or the figure.
    shares: the accuracy of each class.
    classes: their names.
    points: what the exercise is worth.
    The bars count 3 sixths, the names beside their bars 2, labels and title 1.
    """
    plot, shares = Plot(plot), np.asarray(shares, float)
    for ax in plot.axes[:1]:
        ax.figure.canvas.draw()  # or the ticks have no words yet
    places, where = {}, None
    for ax in plot.axes:
        for along in "xy":
            for factor in (1, 100):
                bars = [(length, place) for length, place, way in _bars(ax) if way == along]
                fits = {
                    i: [place for length, place in bars if abs(length - factor * share) < 1e-6 * factor]
                    for i, share in enumerate(shares)
                }
                fits = {i: found for i, found in fits.items() if found}
                if len(fits) > len(places):
                    places, where = fits, (ax, along)

    def heights(_):
        if not plot.axes:
            return _NONE
        missing = len(shares) - len(places)
        if not missing:
            return None
        unseen = [why for ax in plot.axes for box in ax.patches if (why := why_unseen_bar(ax, box))]
        if unseen:
            return f"bars are there, but cannot be seen: {unseen[0]}"
        return f"no bar shows the accuracy of {missing} of the {len(shares)} classes"

    def names(_):
        if where is None:
            return "there are no bars"
        axis = getattr(where[0], f"{where[1]}axis")
        at = list(zip(axis.get_ticklocs(), (text.get_text().strip() for text in axis.get_ticklabels())))
        at += [(text.get_position()[where[1] == "y"], text.get_text().strip()) for text in where[0].texts]
        said = [str(name).lower() for _, name in at]
        absent = [name for name in classes if not any(name.lower() in text for text in said)]
        if absent:
            return f"{len(absent)} names of classes are not on the axis, {absent[0]!r} is one"
        beside = lambda place: [text.lower() for x, text in at if abs(x - place) < 0.5]  # noqa: E731
        wrong = [i for i, found in places.items() if not any(classes[i].lower() in t for x in found for t in beside(x))]
        return f"the name {classes[wrong[0]]!r} stands at another bar: sort names and bars alike" if wrong else None

    criteria = [
        (3, "the accuracy of each class", heights),
        (2, "the name of each class at its bar", names),
        (1, "a label on the axis of accuracies, and a title", lambda _: _class_words(plot, where)),
    ]
    return say(verdict("class_plot", points, plot, criteria, gate=False))


def _class_words(plot, where):
    if not plot.axes:
        return "there are no axes"
    ax, along = where or (plot.axes[0], "x")
    missing = [] if label_of(ax, "y" if along == "x" else "x") else ["no label on the axis of accuracies"]
    return "; ".join(missing + ([] if title_of(ax) else ["no title"])) or None
