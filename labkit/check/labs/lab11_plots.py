"""Lab 11, the experiment: what a program can see of the two plots that a student draws and a person judges."""

import re

import numpy as np

from labkit.check.figures import Plot, label_of, says_nothing, title_of, titles_of
from labkit.check.unseen import why_unseen
from labkit.check.verdict import Found, say, verdict

_NONE = "there is no plot in it: assign the axes or the figure"
_DATA = ("cifar", "stand-?in")
_EVERYTHING = ("all", "baseline", "everything", "full")


class _Points:
    """Every number that is drawn as a place, along each direction of each axes, and what is written there."""

    def __init__(self, plot):
        self.plot, self.shown = Plot(plot), []
        for ax in self.plot.axes[:1]:
            ax.figure.canvas.draw()  # or the ticks have no words yet
        for ax in self.plot.axes:
            for which in "xy":
                self.shown.append((ax, which, np.sort(np.concatenate([[], *_places(ax, which)]))))

    def found(self, values, shift=0.0):
        """(axes, direction, the values as drawn): shares or per cent, less a mean; None if not all are there."""
        for ax, which, there in self.shown:
            for factor in (1, 100):
                wanted = factor * (np.asarray(values, float) - shift)
                if len(there) and all(_near(there, value, factor) for value in wanted):
                    return ax, which, wanted
        return None

    def words(self):
        """Everything that is written: ticks, legends, texts, labels."""
        said = []
        for ax in {id(ax.figure): ax for ax in self.plot.axes}.values():
            said += [legend.get_texts() for legend in ax.figure.legends]
            said += [ax.figure.texts]
        for ax in self.plot.axes:
            legend = ax.get_legend()
            said += [legend.get_texts() if legend else [], ax.texts, ax.get_xticklabels(), ax.get_yticklabels()]
        found = [text.get_text() for texts in said for text in texts]
        if len(self.plot.axes) > 1:  # a panel for each: labkit's style has titles on the left
            found += [ax.get_title(loc) for ax in self.plot.axes for loc in ("left", "center", "right")]
        return [text.strip().lower() for text in found if text.strip()]


def _near(there, value, factor):
    at = np.searchsorted(there, value)
    return any(abs(there[i] - value) < 1e-4 * factor for i in (at - 1, at) if 0 <= i < len(there))


def _places(ax, which):
    """Coordinates of what is visible in one direction: lines, clouds, ends of bars and of error bars, box plots."""
    column = "xy".index(which)
    for line in ax.get_lines():
        if not why_unseen(ax, line):
            data = line.get_xdata() if which == "x" else line.get_ydata()
            yield _numbers(getattr(ax, f"convert_{which}units")(data))
    for cloud in ax.collections:
        if cloud.get_visible() and type(cloud).__name__ == "PathCollection":
            yield _numbers(np.ma.filled(np.ma.asarray(cloud.get_offsets(), float), np.nan)[:, column])
        elif cloud.get_visible() and hasattr(cloud, "get_segments"):
            yield _numbers([point[column] for segment in cloud.get_segments() for point in segment])
    for box in ax.patches:
        if hasattr(box, "get_width"):
            ends = (box.get_x(), box.get_width()) if which == "x" else (box.get_y(), box.get_height())
            yield _numbers([ends[0], sum(ends)])


def _numbers(values):
    try:
        values = np.ravel(np.asarray(values, float))
    except (TypeError, ValueError):
        return np.array([])
    return values[abs(values) < np.inf]


def _spread(name, points, drawn, spoken, plot, results):
    """The verdict on a plot of several groups of accuracies; drawn, spoken: two of its criteria, in words."""
    results = {key: np.atleast_1d(np.asarray(values, float)) for key, values in results.items()}
    seen = _Points(plot)
    base = next(iter(results.values())).mean()
    shifts = [0.0] if any(seen.found(values) for values in results.values()) else [0.0, base]

    def where(values):
        return next((place for shift in shifts if (place := seen.found(values, shift))), None)

    def every(_):
        if not seen.plot.axes:
            return _NONE
        if not any(len(there) for *_, there in seen.shown):
            return "there is nothing in the axes"
        missing = [key for key, values in results.items() if where(values) is None]
        if not missing:
            return None
        means = [key for key in missing if where(results[key].mean()[None])]
        if len(means) == len(missing):
            return Found(f"of {_listed(missing)} the mean is there, and not the single runs: a dot for each", 0.5)
        return f"not every run is there of: {_listed(missing)}"

    def named(_):
        if not seen.plot.axes:
            return "there are no axes"
        said = seen.words()
        missing = [key for key in results if not any(_says(text, key) for text in said)]
        return f"no tick, legend or text names {_listed(missing)}" if missing else None

    def words(_):
        places = [place for values in results.values() if (place := where(values))]
        if not seen.plot.axes:
            return "there are no axes"
        ax, which = places[0][:2] if places else (seen.plot.axes[0], "y")
        if not places and label_of(ax, "x"):
            which = "x"  # along which they are meant to be, cannot be seen
        if not label_of(ax, which) or says_nothing(label_of(ax, which)):
            return f"no label on the {which} axis, along which the accuracies are"
        if not title_of(ax) or says_nothing(title_of(ax)):
            return "no title"
        if not any(re.search(data, text, re.IGNORECASE) for data in _DATA for text in titles_of(ax)):
            return Found("the title does not say on which data", 0.5)
        return None

    def seen_whole(_):
        places = [where(values) for values in results.values()]
        if None in places:
            return Found("judged when the runs are there", open=True)
        if len({(id(ax), which) for ax, which, _ in places}) > 1:
            return "they are in different axes, with scales of their own: draw them in one"
        for ax, which, drawn_at in places:
            low, high = sorted(getattr(ax, f"get_{which}lim")())
            if not ((low <= drawn_at) & (drawn_at <= high)).all():
                return "some runs lie outside the limits of the axes"
        return None

    criteria = [(4, drawn, every), (2, spoken, named), (1, "a label along the accuracies, a title", words)]
    criteria.append((1, "all in one axes, inside its limits", seen_whole))
    return say(verdict(name, points, seen.plot, criteria, gate=False))


def _says(text, key):
    """Whether a text names a group: all its words but the small ones."""
    words = [word for word in re.findall(r"\w+", key.lower()) if word not in ("all", "means", "without", "the", "your")]
    return all(word in text for word in words) if words else any(word in text for word in _EVERYTHING)


def _listed(names):
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def ablation_plot(plot, results, points=8):
    """Print the verdict on the plot of the ablation and return the points, at most `points`.

    plot: the axes or the figure.
    results: dict from a name, such as "without mirroring", to the accuracies of its runs, one for each seed.
    points: what the exercise is worth: half for the runs, a quarter for the names, an eighth each for label and title,
        and for axes in which all can be seen.
    """
    return _spread("ablation_plot", points, "every run of every setting", "the name of each setting", plot, results)


def own_idea_plot(plot, baseline, idea, points=8):
    """Print the verdict on the plot of the own idea and return the points, at most `points`.

    plot: the axes or the figure.
    baseline, idea: accuracies, one for each seed.
    points: what the exercise is worth, shared out as in `ablation_plot`.
    """
    results = {"baseline": baseline, "idea": idea}
    return _spread("own_idea_plot", points, "every run, of baseline and idea", "the names of both", plot, results)
