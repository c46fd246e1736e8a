"""How much of a line is in the picture of its figure: drawn with it and without it, with what may cover it.

Other curves cover nothing here: two that are equal lie on each other, and both are there.
"""

import weakref

import numpy as np
from matplotlib import colors
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.spines import Spine
from matplotlib.text import Text

_MOST_PIXELS, _MOST_LINES, _MOST_COVERS = 4_000_000, 40, 300
_LITTLE = 0.1  # of a line's ink: less of it than this is not seen
_TRACE = 0.005  # of ink for each pixel from one end to the other: less is no line
COVERED, NO_MARK = "something is drawn over it", "it leaves no mark on the picture"
_TOLD = weakref.WeakKeyDictionary()  # of lines that were built anew, what was seen of the first ones


def told(line, why):
    """Keep what `why_no_ink` found in the figure that a line was copied from."""
    _TOLD[line] = why if why in (COVERED, NO_MARK) else None


def why_no_ink(line):
    """Why a line of a figure is not in its picture, `COVERED` or `NO_MARK`; None where it is, or nothing can be told.

    The figure stays as it is. What covers a line counts from its place in the stack and by how solid it is.
    """
    if line in _TOLD:
        return _TOLD[line]
    try:
        with np.errstate(all="ignore"):
            return _why(line)
    except Exception:  # an artist of another kind, or a figure that cannot be drawn: the other rules judge it
        return None


def _why(line):
    figure = line.figure
    while getattr(figure, "figure", figure) is not figure:  # in a subfigure
        figure = figure.figure
    if np.prod(figure.bbox.size) > _MOST_PIXELS or len(line.axes.get_lines()) > _MOST_LINES:
        return None
    length = _length(line)
    if not length:
        return None  # outside the limits of the axes, or no numbers: the checks have words of their own for it
    stack = _stack(figure)
    at = next(i for i, artist in enumerate(stack) if artist is line)
    below, above = ([a for a in part if _covers(a, line)] for part in (stack[:at], stack[at + 1 :]))
    ground = [figure.patch, line.axes.patch]
    alone = _ink(figure, ground + below, line, [])
    if alone < _TRACE * length and not (below and _ink(figure, ground, line, []) >= _TRACE * length):
        return NO_MARK
    if not above or len(above) > _MOST_COVERS:
        return None
    return COVERED if _ink(figure, ground + below, line, above) < _LITTLE * alone else None


def _length(line):
    """Pixels across the part of a line that is within its axes, from corner to corner of the box around it."""
    line.axes.get_xlim(), line.axes.get_ylim()  # or limits still to be found are not in the transform
    places, box = line.get_transform().transform(line.get_xydata()), line.axes.bbox
    places = places[((places >= box.min - 0.5) & (places <= box.max + 0.5)).all(axis=1)]
    return float(np.hypot(*np.ptp(places, axis=0))) if len(places) > 1 else 0.0


def _stack(holder):
    """What is in a figure or in axes, in the order in which it is drawn."""
    found = []
    for artist in sorted(holder.get_children(), key=lambda artist: artist.get_zorder()):
        if artist is holder.patch or not artist.get_visible():
            continue
        if hasattr(artist, "patch") and hasattr(artist, "get_children"):  # axes, or a figure in the figure
            framed = getattr(artist, "axison", True) and artist.get_frame_on()
            found += [artist.patch] * bool(framed) + _stack(artist)
        else:
            found.append(artist)
    return found


def _covers(artist, line):
    """Whether an artist may lie over a line and hide it, as a curve in the colour of the ground does."""
    if isinstance(artist, Line2D):
        return artist is not line and _like_the_ground(artist.get_color(), line)
    if isinstance(artist, PathCollection):
        return _like_the_ground(artist.get_facecolor(), line)
    if isinstance(artist, Legend):
        return bool(artist.get_frame_on()) and (artist.get_frame().get_alpha() or 1) > 0.9
    if isinstance(artist, Text):
        return artist.get_bbox_patch() is not None
    return not isinstance(artist, (Axis, Spine, LineCollection))


def _like_the_ground(colour, line):
    shades, ground = colors.to_rgba_array(colour), colors.to_rgba(line.axes.get_facecolor())
    return len(shades) > 0 and bool((abs(shades - ground)[:, :3].max(axis=1) < 0.04).all())


def _ink(figure, below, line, above):
    """How many pixels a line changes, each by how much, from 0 to 1."""
    without, drawn = (_drawn(figure, [*below, *middle, *above]) for middle in ([], [line]))
    changed = (without.view(np.uint32) != drawn.view(np.uint32))[:, :, 0]  # all of a pixel at once
    change = drawn[changed].astype(int) - without[changed]
    return abs(change[:, :3]).max(axis=1).sum() / 255


def _drawn(figure, artists):
    """(height, width, 4) bytes: what some artists look like."""
    width, height = (max(1, int(n)) for n in figure.bbox.size)
    renderer = RendererAgg(width, height, figure.dpi)
    for artist in artists:
        artist.draw(renderer)
    return np.asarray(renderer.buffer_rgba())
