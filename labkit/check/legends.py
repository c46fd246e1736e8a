"""What tells the curves of a plot apart: which line an entry of a legend means."""

import numpy as np
from matplotlib import colors
from matplotlib.lines import Line2D


def entries(ax):
    """(artist, text) of the entries of all legends in a figure, and of the texts beside the curves, these with None."""
    axes = ax.figure.axes
    legends = [other.get_legend() for other in axes] + list(ax.figure.legends)
    artists = [artist for other in axes for artist in [*other.get_lines(), *other.collections]]
    found = []
    for legend in [legend for legend in legends if legend is not None]:
        texts = [text.get_text() for text in legend.get_texts()]
        handles = [*handles_of(legend), *[None] * len(texts)]
        found += [(_meant(handle, text, artists), text) for handle, text in zip(handles, texts) if text.strip()]
    return found + [(None, text.get_text()) for other in axes for text in other.texts if text.get_text().strip()]


def handles_of(legend):
    """What stands beside the texts of a legend."""
    return list(getattr(legend, "legend_handles", None) or getattr(legend, "legendHandles", ()))


def crossed(texts, words):
    """Whether each of two texts has words of the other one, and none of its own."""
    one, other = ([any(word in text.lower() for word in both) for both in words] for text in texts)
    return one == [False, True] and other == [True, False]


def _meant(handle, text, artists):
    """The artist that an entry is for: the only one that looks like it, else the one that has its name."""
    look = _look(handle)
    alike = [artist for artist in artists if look is not None and _look(artist) == look]
    if len(alike) == 1:
        return alike[0]
    named = [artist for artist in alike or artists if artist.get_label() == text]
    return named[-1] if named else None


def _look(artist):
    """Colour, style and marker of a line, None of anything else."""
    if not isinstance(artist, Line2D):
        return None
    try:
        colour = tuple(np.round(colors.to_rgba(artist.get_color()), 3))
    except ValueError:
        return None
    style, marker = str(artist.get_linestyle()), str(artist.get_marker())
    return colour, style if style not in ("", " ") else "None", marker if marker not in ("", " ") else "None"
