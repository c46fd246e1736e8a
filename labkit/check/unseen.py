"""Lines, pictures and bars that are in a figure and that nobody sees."""

import numpy as np
from matplotlib import colors as colours

from labkit.check.ink import why_no_ink


def why_unseen(ax, line):
    """Why nobody sees a line, in words; None where it is to be seen."""
    ground = _ground(ax)
    joined = str(line.get_linestyle()) not in ("None", "", " ") and line.get_linewidth() > 0
    marked = str(line.get_marker()) not in ("None", "", " ") and line.get_markersize() > 0
    if not (ax.get_visible() and line.get_visible()):
        return "it is set invisible"
    if not (joined or marked):
        return "its width is 0, or it has no style"
    if (1 if line.get_alpha() is None else line.get_alpha()) < 0.05:
        return "it is transparent (alpha)"
    drawn = [line.get_color()] * joined + [line.get_markerfacecolor(), line.get_markeredgecolor()] * marked
    if all(_is_like(colour, ground) for colour in drawn):
        return "it has the colour of the ground"
    return why_no_ink(line)


def why_unseen_picture(ax, image):
    """Why nobody sees a picture, in words; None where it is to be seen."""
    if not (ax.get_visible() and image.get_visible()):
        return "it is set invisible"
    alpha = image.get_alpha()  # one number, or one for each pixel
    return "it is transparent (alpha)" if alpha is not None and np.max(alpha) < 0.05 else None


def why_unseen_bar(ax, bar):
    """Why nobody sees a bar, in words; None where it is to be seen."""
    why = why_unseen_picture(ax, bar)
    if why or bar.get_hatch():
        return why
    drawn = [bar.get_facecolor()] + [bar.get_edgecolor()] * (bar.get_linewidth() > 0)
    return "it has the colour of the ground" if all(_is_like(colour, _ground(ax)) for colour in drawn) else None


def _ground(ax):
    return colours.to_rgb(ax.get_facecolor() if ax.get_facecolor()[3] else ax.figure.get_facecolor())


def _is_like(colour, ground):
    try:
        *shade, solid = colours.to_rgba(colour)
    except ValueError:
        return False
    return solid < 0.05 or max(abs(a - b) for a, b in zip(shade, ground)) * solid < 0.04
