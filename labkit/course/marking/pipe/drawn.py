"""What a figure holds, in plain values: in the notebook's process it is told, in the marker's it is built up anew.

The checks of plots then look at a figure of Matplotlib as they do in a notebook; what the student's program has made of
Matplotlib's classes, or passes off as axes, stays where it is.
"""

import contextlib

import numpy as np
from matplotlib import colors, scale
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Rectangle, StepPatch
from matplotlib.path import Path
from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter, PercentFormatter

from labkit.check import ink
from labkit.check.figures import in_percent
from labkit.check.legends import handles_of

_MOST_AXES, _MOST_ARTISTS = 200, 3000
_LINE = "linestyle marker linewidth markersize alpha visible label drawstyle"
_SIMPLE = "visible alpha label"


# --- told


def described(axes):
    """The figures of some axes as plain values.

    axes: those that a plot is made of, in their order; what is no Axes of Matplotlib is left out.
    Returns a dict: "figures", each with all its axes, and "plot", (figure, axes) for each of the given ones.
    """
    axes = [ax for ax in axes if isinstance(ax, Axes) and isinstance(_figure(ax), Figure)]
    figures = list(dict.fromkeys(_figure(ax) for ax in axes))
    return {
        "figures": [_of_figure(figure) for figure in figures],
        "plot": [(figures.index(_figure(ax)), _figure(ax).axes.index(ax)) for ax in axes if ax in _figure(ax).axes],
    }


def _figure(ax):
    figure = ax.figure
    while figure is not None and not isinstance(figure, Figure):
        figure = figure.get_figure() if figure.get_figure() is not figure else None
    return figure


def _of_figure(figure):
    words = {}
    for name in ("suptitle", "supxlabel", "supylabel"):
        text = getattr(figure, f"_{name}", None)
        words[name] = text.get_text() if text is not None else ""
    axes = figure.axes[:_MOST_AXES]
    groups = {which: _groups(axes, which) for which in "xy"}
    return words | {
        "size": [float(n) for n in figure.get_size_inches()],
        "colour": _rgba(figure.get_facecolor()),
        "texts": _told(_of_text, figure.texts),
        "legends": [_of_legend(legend) for legend in figure.legends],
        "axes": [_of_axes(ax) | {which: groups[which][i] for which in "xy"} for i, ax in enumerate(axes)],
    }


def _groups(axes, which):
    """For each axes the first one that shares this axis with it."""
    found = []
    for i, ax in enumerate(axes):
        shared = getattr(ax, f"get_shared_{which}_axes")()
        found.append(next((j for j in range(i) if shared.joined(axes[j], ax)), i))
    return found


def _of_axes(ax):
    legend = ax.get_legend()
    return {
        "place": [float(n) for n in ax.get_position(True).bounds],
        "now": [float(n) for n in ax.get_position().bounds],
        "visible": bool(ax.get_visible()),
        "axis on": bool(ax.axison),
        "colour": _rgba(ax.get_facecolor()),
        "titles": [ax.get_title(loc) for loc in ("center", "left", "right")],
        "labels": [ax.get_xlabel(), ax.get_ylabel()],
        "scales": [ax.get_xscale(), ax.get_yscale()],
        "limits": [[float(n) for n in ax.get_xlim()], [float(n) for n in ax.get_ylim()]],
        "ticks": [_of_ticks(ax.xaxis), _of_ticks(ax.yaxis)],
        "percent": bool(in_percent(ax)),
        "lines": _told(lambda line: _of_line(ax, line), ax.get_lines()),
        "patches": _told(_of_patch, ax.patches),
        "collections": _told(_of_collection, ax.collections),
        "images": _told(_of_image, ax.images),
        "texts": _told(_of_text, ax.texts),
        "legend": None if legend is None else _of_legend(legend),
    }


def _told(tell, artists):
    """What can be told of some artists: one of a kind that is not known here costs itself alone."""
    found = []
    for artist in list(artists)[:_MOST_ARTISTS]:
        try:
            found.append(tell(artist))
        except Exception:
            continue
    return found


def _of_ticks(axis):
    places = [float(place) for place in axis.get_ticklocs()[:_MOST_ARTISTS]]
    formatter = axis.get_major_formatter()
    words = [str(word) for word in formatter.format_ticks(places)] if places else []
    return places, words


def _of_line(ax, line):
    transform = line.get_transform()
    spans = ["x"] * (transform == ax.get_yaxis_transform(which="grid")) or ["y"] * (
        transform == ax.get_xaxis_transform(which="grid")
    )
    return {
        "x": _numbers(line.get_xdata(orig=False)),
        "y": _numbers(line.get_ydata(orig=False)),
        "colour": _rgba(line.get_color()),
        "face": _rgba(line.get_markerfacecolor()),
        "spans": spans[0] if spans else "",
        "no ink": ink.why_no_ink(line),
        **{name: _plain(getattr(line, f"get_{name}")()) for name in _LINE.split()},
    }


def _of_patch(patch):
    about = {name: _plain(getattr(patch, f"get_{name}")()) for name in _SIMPLE.split()}
    about |= {"colour": _rgba(patch.get_facecolor()), "edge": _rgba(patch.get_edgecolor())}
    about |= {"line width": float(patch.get_linewidth()), "hatch": bool(patch.get_hatch())}
    if isinstance(patch, Rectangle):
        box = [float(getattr(patch, f"get_{name}")()) for name in ("x", "y", "width", "height")]
        return about | {"sort": "rectangle", "box": box}
    if isinstance(patch, StepPatch):
        values, edges, baseline = patch.get_data()
        return about | {"sort": "steps", "values": _numbers(values), "edges": _numbers(edges), "base": _plain(baseline)}
    return about | {"sort": "path", "path": _numbers(patch.get_path().vertices)}


def _of_collection(collection):
    about = {name: _plain(getattr(collection, f"get_{name}")()) for name in _SIMPLE.split()}
    about["colours"] = _numbers(collection.get_facecolor())
    if isinstance(collection, QuadMesh):
        about |= _of_colours(collection)
        return about | {"sort": "mesh", "corners": _numbers(collection.get_coordinates())}
    if isinstance(collection, LineCollection):
        return about | {"sort": "lines", "parts": [_numbers(part) for part in collection.get_segments()]}
    if len(collection.get_offsets()) and type(collection).__name__ == "PathCollection":
        about["sizes"] = _numbers(collection.get_sizes())
        return about | {"sort": "cloud", "places": _numbers(collection.get_offsets())}
    paths = [_numbers(path.vertices) for path in collection.get_paths()[:_MOST_ARTISTS]]
    return about | {"sort": "areas", "parts": paths}


def _of_image(image):
    about = {name: _plain(getattr(image, f"get_{name}")()) for name in _SIMPLE.split()}
    if isinstance(image.get_alpha(), np.ndarray):  # one for each pixel
        about["alpha"] = float(np.max(image.get_alpha(), initial=0))
    return about | _of_colours(image) | {"extent": [float(n) for n in image.get_extent()], "origin": image.origin}


def _of_colours(mappable):
    array = mappable.get_array()
    low, high = mappable.get_clim()
    middle = getattr(mappable.norm, "vcenter", None)
    return {
        "array": np.ma.getdata(array) if array is not None else None,
        "limits": [_plain(low), _plain(high)],
        "middle": _plain(middle),
        "map": str(mappable.get_cmap().name),
    }


def _of_text(text):
    x, y = text.get_position()
    return {"place": [_plain(x), _plain(y)], "text": text.get_text(), "visible": bool(text.get_visible())}


def _of_legend(legend):
    """(text, look of the line beside it) of each entry; what is no line looks like nothing."""
    texts = [text.get_text() for text in legend.get_texts()]
    handles = [*handles_of(legend), *[None] * len(texts)]
    return [[text, _look(handle)] for text, handle in zip(texts, handles)]


def _look(handle):
    if not isinstance(handle, Line2D):
        return None
    return [_rgba(handle.get_color()), str(handle.get_linestyle()), str(handle.get_marker())]


def _rgba(colour):
    try:
        return [float(part) for part in colors.to_rgba(colour)]
    except (ValueError, TypeError):
        return [0.0, 0.0, 0.0, 0.0]


def _numbers(values):
    try:
        return np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)
    except (TypeError, ValueError):
        return None


def _plain(value):
    """A value that is a number, a text, None or a bool; anything else as text."""
    if isinstance(value, (bool, int, float, str)) or value is None:
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)[:200]


# --- built


def built(told):
    """The axes of a plot, in figures of Matplotlib that hold what was told.

    told: what `described` returned, from the other process.
    Raises LookupError, TypeError or ValueError where it breaks the form.
    """
    figures = [_built_figure(about) for about in told["figures"][:20]]
    return [figures[figure].axes[place] for figure, place in told["plot"]]


def _built_figure(about):
    figure = Figure(figsize=about["size"], facecolor=about["colour"])
    for name in ("suptitle", "supxlabel", "supylabel"):
        if about[name]:
            getattr(figure, name)(_text(about[name]))
    for text in about["texts"]:
        figure.text(*text["place"], _text(text["text"]), visible=text["visible"])
    made = []
    for one in about["axes"][:_MOST_AXES]:
        shares = {f"share{which}": made[one[which]] for which in "xy" if one[which] < len(made)}
        ax = figure.add_axes(one["place"], label=str(len(made)), **shares)
        made.append(ax)
    for ax, one in zip(made, about["axes"]):
        _fill(ax, one)
    for ax, one in zip(made, about["axes"]):
        _limit(ax, one)
    for told in about["legends"]:
        figure.legend(*_legend(told))
    return figure


def _fill(ax, about):
    for which, name in zip("xy", about["scales"]):
        if name in scale.get_scale_names() and name not in ("function", "functionlog"):
            getattr(ax, f"set_{which}scale")(name)
    ax.set_position(about["now"], which="active")
    ax.set_facecolor(about["colour"]), ax.set_visible(about["visible"] is True)
    for loc, title in zip(("center", "left", "right"), about["titles"]):
        ax.set_title(_text(title), loc=loc)
    ax.set_xlabel(_text(about["labels"][0])), ax.set_ylabel(_text(about["labels"][1]))
    adders = {"lines": _add_line, "patches": _add_patch, "collections": _add_collection, "images": _add_image}
    for sort, add in (*adders.items(), ("texts", _add_text)):
        for artist in about[sort]:
            with contextlib.suppress(Exception):  # of another kind than those that are known
                add(ax, artist)
    if about["legend"] is not None:
        ax.legend(*_legend(about["legend"]))


def _legend(told):
    """(handles, texts) of a legend."""
    handles = []
    for _, look in told:
        colour, *rest = look or ((0.0, 0.0, 0.0, 0.0), "None", "None")
        handles.append(Line2D([], [], color=colour))
        for name, value in zip(("linestyle", "marker"), rest):
            with contextlib.suppress(ValueError, TypeError):  # one of the student's own
                handles[-1].set(**{name: value})
    return handles, [_text(text) for text, _ in told]


def _limit(ax, about):
    for which, limits, (places, words) in zip("xy", about["limits"], about["ticks"]):
        axis = getattr(ax, f"{which}axis")
        axis.set_major_locator(FixedLocator(places))
        axis.set_major_formatter(FixedFormatter([_text(word) for word in words]) if words else NullFormatter())
        getattr(ax, f"set_{which}lim")(*limits)
    if about["percent"] is True:
        ax.yaxis.set_major_formatter(PercentFormatter())
    if about["axis on"] is False:
        ax.set_axis_off()


def _add_line(ax, about):
    if not isinstance(about["x"], np.ndarray) or not isinstance(about["y"], np.ndarray):
        return
    where = {"x": ax.get_yaxis_transform, "y": ax.get_xaxis_transform}.get(about["spans"])
    options = {"transform": where(which="grid")} if where else {}
    line = Line2D(about["x"].ravel(), about["y"].ravel(), color=about["colour"], **options)
    line.set(markerfacecolor=about["face"], **{name: about[name] for name in _LINE.split()})
    ax.add_line(line)
    ink.told(line, about["no ink"])
    line.set_label(_text(about["label"]))


def _add_text(ax, about):
    ax.text(*about["place"], _text(about["text"]), visible=about["visible"])


def _add_patch(ax, about):
    if about["sort"] == "rectangle":
        x, y, width, height = about["box"]
        patch = Rectangle((x, y), width, height)
    elif about["sort"] == "steps":
        patch = StepPatch(about["values"], about["edges"], baseline=about["base"])
    else:
        patch = PathPatch(Path(about["path"]))
    patch.set(facecolor=about["colour"], edgecolor=about["edge"], linewidth=about["line width"])
    patch.set_hatch("/" if about["hatch"] is True else None)
    ax.add_patch(_simple(patch, about))


def _add_collection(ax, about):
    if about["sort"] == "mesh":
        made = QuadMesh(about["corners"])
        _coloured(made, about)
    elif about["sort"] == "lines":
        made = LineCollection(about["parts"])
    elif about["sort"] == "cloud":
        made = ax.scatter(*about["places"].T, s=about["sizes"])
        made.set_facecolor(about["colours"])
        _simple(made, about)
        return
    else:
        made = PolyCollection(about["parts"])
        made.set_facecolor(about["colours"])
    ax.add_collection(_simple(made, about), autolim=False)


def _add_image(ax, about):
    image = AxesImage(ax, extent=about["extent"], origin=about["origin"])
    _coloured(image, about)
    ax.add_image(_simple(image, about))


def _coloured(mappable, about):
    low, high = about["limits"]
    middle = about["middle"]
    if all(isinstance(n, (int, float)) for n in (low, middle, high)) and low < middle < high:
        mappable.set_norm(colors.TwoSlopeNorm(middle, low, high))
    if isinstance(about["array"], np.ndarray):
        mappable.set_array(about["array"]) if isinstance(mappable, QuadMesh) else mappable.set_data(about["array"])
    if isinstance(low, (int, float)) and isinstance(high, (int, float)):
        mappable.set_clim(low, high)


def _simple(artist, about):
    artist.set_visible(about["visible"] is True)
    artist.set_alpha(about["alpha"] if isinstance(about["alpha"], (int, float)) else None)
    artist.set_label(_text(about["label"]))
    return artist


def _text(text):
    return text[:2000].replace("$", r"\$") if isinstance(text, str) and text.count("$") % 2 else str(text)[:2000]
