"""Lab 6, layers: the bank of filters, and the figure of what they see."""

import numpy as np

from labkit.check.criteria import equals
from labkit.check.exercise import exercise
from labkit.check.figures import Plot
from labkit.check.legends import crossed
from labkit.check.unseen import why_unseen_picture
from labkit.check.verdict import Found, say, verdict


def filter_bank_():
    """Grey-scale, horizontal edges, vertical edges, blur and sharpen as filters (5, 3, 3, 3)."""
    middle = np.zeros((3, 3))
    middle[1, 1] = 1
    edges = np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]])
    blur = np.full((3, 3), 1 / 9)
    kernels = np.array([middle, edges, edges.T, blur, 2 * middle - blur])
    return kernels[:, None] * np.array([0.3, 0.6, 0.1])[:, None, None]


NAMES = ("grey-scale", "horizontal edges", "vertical edges", "blur", "sharpen")


# Filters that are confused, and what their pictures are called.
_CONFUSED = (1, 2, (("horizontal edge",), ("vertical edge",))), (3, 4, (("blur", "smooth"), ("sharp",)))


def _which(values):
    wrong = [
        name for name, one, right in zip(NAMES, values[0], filter_bank_()) if not np.allclose(one, right, atol=1e-5)
    ]
    return f"not right: {', '.join(wrong)}"


_EDGES, _SHARP = "edges, edges.T", "2 * middle - blur"
_COLOURS = "np.array([0.3, 0.6, 0.1])"

filter_bank = exercise(
    "filter_bank",
    4,
    filter_bank_,
    [(1, "five filters, each with a kernel for each colour", equals(lambda rng: [()], otherwise=_which))],
    mistakes=[
        ("the edge filters are exchanged: horizontal edges come first", (_EDGES, "edges.T, edges")),
        ("an edge filter has the other sign", (_EDGES, ["-edges, edges.T", "edges, -edges.T", "-edges, -edges.T"])),
        ("the colours are added in full: they weigh 0.3, 0.6 and 0.1", (_COLOURS, "np.ones(3)")),
        ("all colours weigh the same: they weigh 0.3, 0.6 and 0.1", (_COLOURS, "np.full(3, 1 / 3)")),
        ("the colours are in the wrong order: red, green, blue", (_COLOURS, f"{_COLOURS}[::-1]")),
        ("only one colour is filtered", (_COLOURS, [f"np.array({c})" for c in ([1, 0, 0], [0, 1, 0], [0, 0, 1])])),
        ("blur brightens: the nine weights sum to 1", (f"blur, {_SHARP}", f"9 * blur, {_SHARP}")),
        ("sharpen is twice the middle minus the blur", (_SHARP, ["middle - blur", "middle + blur", "2 * middle"])),
        ("grey-scale blurs: only its middle pixel counts", ("[middle,", ["[np.ones((3, 3)),", "[blur,"])),
    ],
)


# ------------------------------------------------------------------------------------------ the figure


class _Panels:
    """The grey pictures in a figure, and which of the pictures that are asked each of them is."""

    borrowed = left_over = None

    def __init__(self, drawn, pictures):
        plot = Plot(drawn)
        self.unsolved, self.axes = plot.unsolved, plot.axes
        self.pictures = [np.asarray(p, float) for p in getattr(pictures, "values", lambda: pictures)()]
        self.drawn = [found for ax in plot.axes for found in _pictures_of(ax)]
        self.seen = {}  # (picture, filter): the axes and image that show it, and the drawn value of zero
        for ax, image, array in self.drawn:
            which, right = self._shown(array)
            if right is not None and which not in self.seen:
                self.seen[which] = ax, image, np.polyfit(right.ravel(), array.ravel(), 1)[1]

    def _shown(self, array):
        """(picture, filter) that an array shows, whatever its scale, and what it is then; None if none of them."""
        best, closest = (None, None), 0.97
        for n, picture in enumerate(self.pictures):
            for k, whole in enumerate(_filtered(picture)):
                for right in (whole, whole[1:-1, 1:-1], whole[::-1]):
                    if right.shape == array.shape and _alike(array, right) > closest:
                        best, closest = ((n, k), right), _alike(array, right)
        return best

    def complete(self, _):
        if not self.drawn:
            unseen = [why for ax in self.axes for image in ax.images if (why := why_unseen_picture(ax, image))]
            return f"pictures are there, but cannot be seen: {unseen[0]}" if unseen else "there are no pictures"
        missing = [k for k in range(5) for n in range(len(self.pictures)) if (n, k) not in self.seen]
        if len(missing) == 5 * len(self.pictures):
            return "none of the pictures is what a filter sees"
        few = [f"{NAMES[k]} ({missing.count(k)})" for k in dict.fromkeys(missing)]
        keeps = len(self.seen) / (5 * len(self.pictures)) / 2
        return Found(f"missing: {', '.join(few)}", keeps) if missing else None

    def titled(self, _):
        axes = dict.fromkeys(ax for ax, *_ in self.seen.values() or self.drawn)
        words = [_words(ax) for ax in axes]
        if not words:
            return "there are no pictures"
        if not all(words):
            return f"{words.count('')} of the pictures do not say what they show: set_title"
        if len(words) > 1 and len(set(words)) == 1:
            return "all say the same: which filter is it?"
        for one, other, told in _CONFUSED:
            if crossed([self._said_of(one), self._said_of(other)], told):
                return f"the words at {NAMES[one]} and {NAMES[other]} are swapped"
        return None

    def _said_of(self, k):
        """What is written at the pictures seen through filter k."""
        return " ".join(_words(ax) for (_, which), (ax, *_) in self.seen.items() if which == k)

    def told(self, _):
        figures = dict.fromkeys(ax.figure.get_figure() or ax.figure for ax, *_ in self.drawn)
        said = any(f.get_suptitle().strip() or any(t.get_text().strip() for t in f.texts) for f in figures)
        return None if said else "no title above the figure: suptitle"

    def grey(self, _):
        zeros = [image.norm(zero) for (_, k), (_, image, zero) in self.seen.items() if k in (1, 2)]
        if not zeros:
            return "there are no pictures of edges"
        off = any(abs(zero - 0.5) > 0.1 for zero in zeros)
        return "in a picture of edges 0 is not in the middle between vmin and vmax" if off else None


def _pictures_of(ax):
    """(axes, image, array) of each grey picture on axes, drawn by imshow, matshow or pcolormesh."""
    found = []
    for image in [*ax.images, *(c for c in ax.collections if type(c).__name__ == "QuadMesh")]:
        if why_unseen_picture(ax, image):
            continue
        array = np.ma.getdata(image.get_array()).astype(float)
        if array.ndim == 3 and array.shape[2] >= 3 and np.ptp(array[..., :3], axis=2).max() < 1e-6:
            array = array[..., 0]
        if array.ndim == 2 and min(array.shape) > 8:
            found.append((ax, image, array))
    return found


def _filtered(picture):
    """What the five filters see of a picture (3, H, W), with a border of zeros."""
    padded = np.pad(picture, ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return np.einsum("cijpq,fcpq->fij", windows, filter_bank_())


def _alike(one, other):
    """The correlation of two pictures, away from the border; 0 where one is of one colour all over."""
    one, other = (a[1:-1, 1:-1] - a[1:-1, 1:-1].mean() for a in (one, other))
    lengths = np.sqrt(np.sum(one**2) * np.sum(other**2))
    return np.sum(one * other) / lengths if lengths > 1e-9 else 0.0


def _words(ax):
    """What is written on axes: a title, a label, a text."""
    texts = [ax.get_title(loc) for loc in ("left", "center", "right")] + [ax.get_xlabel(), ax.get_ylabel()]
    return " ".join(text.strip() for text in texts + [t.get_text() for t in ax.texts]).strip()


def filter_plot(plot, pictures, points=6):
    """Print the verdict on the pictures seen through the filters and return the points, at most `points`.

    plot: the figure, or its axes. The pictures count 3 sixths, their titles, the title above and the greys 1 each.
    pictures: those that were to be shown, a dict or a list of arrays (3, H, W).
    """
    panels = _Panels(plot, pictures)
    criteria = [
        (3, "two pictures through five filters", panels.complete),
        (1, "each picture says what it shows", panels.titled),
        (1, "a title says what the figure shows", panels.told),
        (1, "0 is middle grey where a picture has both signs", panels.grey),
    ]
    return say(verdict("filter_plot", points, panels, criteria, gate=False))
