"""Drawings that explain: networks and their shapes, the contract of a layer, windows that slide over an image."""

import numpy as np
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Polygon, Rectangle

from labkit.arguments import whole
from labkit.layers.windows import count, pair

from .style import BLUE, GREEN, ORANGE, axes_to_draw_in, cycle_color

MOST_CELLS, MOST_UNITS = 40, 16  # what can still be told apart


def network_diagram(sizes, names=None, ax=None, title="A fully connected network"):
    """The units of a fully connected network as circles, layer by layer, with a line for each weight.

    sizes: units of each layer, at most 16 each.
    names: one for each layer, written below it.
    Returns the Axes.
    Raises ValueError for fewer than two layers, other sizes, or another number of names.
    """
    sizes = [whole(size, f"sizes[{i}]", least=1, most=MOST_UNITS) for i, size in enumerate(sizes)]
    if len(sizes) < 2:
        raise ValueError(f"sizes must be those of at least two layers, got {sizes}")
    if names is not None and len(names) != len(sizes):
        raise ValueError(f"names must have one string per layer: expected {len(sizes)}, got {len(names)}")
    ax = axes_to_draw_in(ax, figsize=(7, 0.32 * max(sizes) + 1))
    places = [(2.2 * i, np.arange(size) - (size - 1) / 2) for i, size in enumerate(sizes)]
    for (left, lower), (right, upper) in zip(places, places[1:]):
        across = [np.full(len(upper), left), np.full(len(upper), right)]
        for start in lower:
            ends = [np.full(len(upper), start), upper]
            ax.plot(across, ends, color="0.7", linestyle="-", linewidth=0.7, zorder=1)
    for k, (x, heights) in enumerate(places):
        ax.scatter(np.full(len(heights), x), heights, s=150, color=cycle_color(k), edgecolor="white", zorder=2)
        if names is not None:
            ax.text(x, -max(sizes) / 2 - 0.3, names[k], ha="center", va="top")
    ax.set(title=title, ylim=(-max(sizes) / 2 - 1.8, max(sizes) / 2 + 0.2))
    ax.margins(x=0.2)
    ax.set_axis_off()
    return ax


def convolution_diagram(size, kernel, stride=1, pad=0, ax=None):
    """Where the windows of a convolution lie, the cell of the output that each makes, and the arithmetic of the sizes.

    Each dot is the middle of a window; the first, the second and the last are framed, and so are their cells.
    size: cells of the input each way, a whole number or a pair (rows, columns); likewise the other three.
    kernel: cells of a window.
    stride: cells from one window to the next.
    pad: rings of zeros around the input.
    Returns the Axes.
    Raises ValueError, with the arithmetic, if the windows do not fit, or if there are more than 40 cells one way.
    """
    size, kernel, stride, pad = pair(size, "size"), pair(kernel, "kernel"), pair(stride, "stride"), pair(pad, "pad", 0)
    out = tuple(count(*numbers) for numbers in zip(size, kernel, stride, pad))
    rows, columns = (n + 2 * p for n, p in zip(size, pad))
    if max(rows, columns) > MOST_CELLS:
        raise ValueError(
            f"size must be at most {MOST_CELLS} cells with its padding, to be drawn, got {rows} × {columns}"
        )
    gap, few = max(2.5, 0.25 * columns), max(rows, columns) <= 16
    wide, high = columns + gap + out[1] + 1.1, rows + 2.5
    unit = min(0.42, 10 / wide, 8 / high)  # inches of a cell
    ax = axes_to_draw_in(ax, figsize=(unit * wide, unit * high + 0.4))
    for r, c in np.ndindex(rows, columns):
        inside = pad[0] <= r < pad[0] + size[0] and pad[1] <= c < pad[1] + size[1]
        _cell(ax, c, r, "0.87" if inside else "white")
        if not inside and few:
            ax.text(c + 0.5, r + 0.5, "0", ha="center", va="center", fontsize=8, color="0.45")
    left, top = columns + gap, (rows - out[0]) / 2
    for r, c in np.ndindex(*out):
        _cell(ax, left + c, top + r, "0.87")
        middle = c * stride[1] + kernel[1] / 2, r * stride[0] + kernel[0] / 2
        ax.plot(*middle, "o", color="0.2", markersize=3.5 if few else 1.5)
    looks, framed = ((BLUE, "-"), (ORANGE, "--"), (GREEN, "-.")), {}
    for place, look in zip(((0, 0), (0, min(1, out[1] - 1)), (out[0] - 1, out[1] - 1)), looks):
        framed.setdefault(place, look)
    for (r, c), (color, line) in reversed(framed.items()):
        _frame(ax, c * stride[1], r * stride[0], kernel[1], kernel[0], color, line)
        _frame(ax, left + c, top + r, 1, 1, color, line)
    ax.add_patch(
        FancyArrowPatch(
            (columns + 0.3, rows / 2), (left - 0.3, rows / 2), arrowstyle="-|>", mutation_scale=16, color="0.3"
        )
    )
    zeros = f", {_by(pad)} rings of zeros" if max(pad) > 1 else ", a ring of zeros" if max(pad) else ""
    below = {"ha": "center", "va": "top", "fontsize": 10}
    ax.text(
        columns / 2,
        rows + 0.3,
        f"input {size[0]} × {size[1]}{zeros}\nwindow {kernel[0]} × {kernel[1]}, stride {_by(stride)}",
        **below,
    )
    ax.text(left + out[1] / 2, top + out[0] + 0.3, f"output\n{out[0]} × {out[1]}", **below)
    words = [f"({n} + 2·{p} − {k}) / {s} + 1 = {o}" for n, k, s, p, o in zip(size, kernel, stride, pad, out)]
    ax.set_title(f"Output size: {words[0]}" if words[0] == words[1] else f"Rows: {words[0]}\nColumns: {words[1]}")
    _canvas(ax, (-0.3, wide - 0.3), (high - 0.3, -0.3))
    return ax


def _by(numbers):
    return f"{numbers[0]}" if numbers[0] == numbers[1] else f"{numbers[0]} down, {numbers[1]} right"


def _cell(ax, x, y, color, width=1.0, edge="0.55"):
    ax.add_patch(Rectangle((x, y), width, 1, facecolor=color, edgecolor=edge, linewidth=0.8))


def _frame(ax, x, y, width, height, color, line):
    inset = {"-": 0.0, "--": 0.09, "-.": 0.0}[line]  # two frames that meet stay two
    place = (x + inset, y + inset), width - 2 * inset, height - 2 * inset
    ax.add_patch(Rectangle(*place, facecolor=color, alpha=0.16, linewidth=0))
    ax.add_patch(Rectangle(*place, fill=False, edgecolor=color, linestyle=line, linewidth=2.4, zorder=3))


def _canvas(ax, xlim, ylim):
    """Axes for a drawing: no ticks, no frame, squares stay squares."""
    ax.set(xlim=xlim, ylim=ylim, aspect="equal")
    ax.set_axis_off()


def receptive_field(layers, ax=None, title=None):
    """Which cells of the input one cell of the output sees, layer by layer, along one axis of the image.

    layers: a list of (name, window, stride), the first layer first, as ("conv 3×3", 3, 1) or ("pool 2×2", 2, 2).
    Returns the Axes.
    Raises ValueError if a layer is not such a triple, or the output sees more than 40 cells of the input.
    """
    layers = [_window(layer, i) for i, layer in enumerate(layers)]
    if not layers:
        raise ValueError("layers must hold at least one (name, window, stride)")
    seen, apart = [1], [1]
    for _, kernel, stride in reversed(layers):
        seen.insert(
            0, (seen[0] - 1) * stride + kernel
        )  # n cells of a layer see (n - 1)·stride + window of the one below
    for _, _, stride in layers:
        apart.append(apart[-1] * stride)  # cells of the input from one cell of this layer to the next
    if seen[0] > MOST_CELLS:
        raise ValueError(f"layers must see at most {MOST_CELLS} cells of the input, to be drawn, got {seen[0]}")
    names, rise = ["input", *(name for name, _, _ in layers)], 2.2
    ax = axes_to_draw_in(ax, figsize=(min(11, 4 + 0.3 * seen[0]), 0.8 + 0.75 * len(names)))
    for k, (n, step) in enumerate(zip(seen, apart)):
        around = 1 if k else 2  # cells that are not seen, on either side
        for i in range(-around, n + around):
            color, edge = (cycle_color(k), "white") if 0 <= i < n else ("0.93", "0.55")
            _cell(ax, (i - n / 2) * step, k * rise, color, step, edge)
        if k:
            low, high = seen[k - 1] * apart[k - 1] / 2, n * step / 2
            cone = [(-low, (k - 1) * rise + 1), (low, (k - 1) * rise + 1), (high, k * rise), (-high, k * rise)]
            ax.add_patch(Polygon(cone, facecolor="0.5", alpha=0.22, linewidth=0))
    half = max((n / 2 + (1 if k else 2)) * step for k, (n, step) in enumerate(zip(seen, apart)))
    for k, (name, n) in enumerate(zip(names, seen)):
        ax.text(-half - 0.4, k * rise + 0.5, name, ha="right", va="center")
        ax.text(half + 0.4, k * rise + 0.5, f"{n} {'cell' if n == 1 else 'cells'}", ha="left", va="center")
    ax.set_title(title or f"One number of the last layer sees {seen[0]} × {seen[0]} of the input")
    _canvas(ax, (-half - 6, half + 3.5), (-0.3, rise * len(layers) + 1.3))
    ax.set_aspect("auto")
    return ax


def _window(layer, i):
    if not isinstance(layer, tuple | list) or len(layer) != 3:
        raise ValueError(f"layers[{i}] must be (name, window, stride), got {layer!r}")
    name, kernel, stride = layer
    return str(name), whole(kernel, f"the window of layers[{i}]", 1), whole(stride, f"the stride of layers[{i}]", 1)


def shape_flow(layers, ax=None, title="Shapes through the network"):
    """The shapes of one image on its way through a network: a block for each array, as high and deep as its rows and
    columns, as wide as it has channels (on a logarithmic scale); a bar where there is only one axis. Layers whose names
    begin with the same word have the same colour.

    layers: a list of (name, shape): the input first, then each layer with the shape of its output, (C, H, W) or (D,).
    Returns the Axes.
    Raises ValueError if there are fewer than two, or a shape is neither.
    """
    layers = [(str(name), tuple(whole(n, f"the shape of {name!r}", 1) for n in shape)) for name, shape in layers]
    if len(layers) < 2 or any(len(shape) not in (1, 3) for _, shape in layers):
        raise ValueError(f"layers must be at least two (name, shape), a shape (C, H, W) or (D,), got {layers}")
    ax = axes_to_draw_in(ax, figsize=(min(13, 1.5 * len(layers) + 0.5), 3.6))
    scale = 2.0 / max(max(shape[1:], default=1) for _, shape in layers)
    kinds = list(dict.fromkeys(_kind(name) for name, _ in layers[1:]))
    x, ends = 0.0, []
    for k, (name, shape) in enumerate(layers):
        wide = 0.12 + 0.09 * np.log2(shape[0]) if len(shape) == 3 else 0.16
        high = shape[1] * scale if len(shape) == 3 else 0.3 + 0.17 * np.log2(shape[0])
        slant = 0.3 * shape[2] * scale if len(shape) == 3 else 0.0
        left = x + max(0.0, (1.0 - wide - slant) / 2)
        _block(ax, left, -high / 2, wide, high, slant, cycle_color(kinds.index(_kind(name))) if k else "0.5")
        middle = left + (wide + slant) / 2
        texts = {"ha": "center", "fontsize": 9, "linespacing": 1.25}
        ax.text(middle, 1.75, name.replace(", ", "\n"), va="bottom", fontweight="bold", **texts)
        sides = f"{' × '.join(map(str, shape))}\n" if len(shape) == 3 else ""
        ax.text(middle, -1.25, f"{sides}{np.prod(shape):,} numbers", va="top", **texts)
        if ends:
            start, end = (ends[-1], 0), (left - 0.06, 0)
            ax.add_patch(
                FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=12, color="0.3", shrinkA=0, shrinkB=0)
            )
        ends.append(left + wide + slant + 0.06)
        x = max(left + wide + slant, x + 1.0) + 0.45
    ax.set_title(title)
    _canvas(ax, (-0.3, x - 0.1), (-1.95, 2.5))
    return ax


def _kind(name):
    """The first word of a layer's name, which its colour goes by: conv, pool, affine."""
    return name.split()[0].strip(",") if name.strip() else ""


def _block(ax, x, y, wide, high, slant, color):
    """A cuboid, seen from the front, a little from above and from the right."""
    rise, look = slant, {"edgecolor": "white", "linewidth": 1}
    front = [(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)]
    top = [(x, y + high), (x + wide, y + high), (x + wide + slant, y + high + rise), (x + slant, y + high + rise)]
    side = [(x + wide, y), (x + wide + slant, y + rise), (x + wide + slant, y + high + rise), (x + wide, y + high)]
    for corners, strength in ((front, 1.0), (top, 0.45), (side, 0.7)):
        ax.add_patch(Polygon(corners, facecolor="white", **look))
        ax.add_patch(Polygon(corners, facecolor=color, alpha=strength, **look))


def forward_backward_diagram(parameters=("w", "b"), ax=None, title="The contract of a layer"):
    """What every layer promises: forward gives the output and a cache, backward turns one gradient into the others.

    parameters: names of what the layer learns; () for a layer that learns nothing.
    Returns the Axes.
    Raises ValueError if parameters are not strings.
    """
    parameters = list(parameters)
    if not all(isinstance(name, str) for name in parameters):
        raise ValueError(f"parameters must be names, got {parameters}")
    inputs = ["x", *parameters]
    gradients = [f"d{name}" for name in inputs]
    ax = axes_to_draw_in(ax, figsize=(8.4, 3.6))
    for y, color, name in ((2.0, BLUE, "forward"), (0.0, ORANGE, "backward")):
        _box(ax, 3, y, 3.2, 1, color, f"$\\bf{{{name}}}$", "white")
    _box(ax, 4.05, 1.28, 1.1, 0.44, "0.9", "cache", "black")
    _arrow(ax, (4.6, 2.0), (4.6, 1.72), "0.3")
    _arrow(ax, (4.6, 1.28), (4.6, 1.0), "0.3")
    for i, (name, gradient) in enumerate(zip(inputs, gradients)):
        y = 0.5 + 0.34 * ((len(inputs) - 1) / 2 - i)
        _arrow(ax, (2.0, 2 + y), (3, 2 + y), BLUE, name, "right")
        _arrow(ax, (3, y), (2.0, y), ORANGE, gradient, "right")
    _arrow(ax, (6.2, 2.5), (7.2, 2.5), BLUE, "out", "left")
    _arrow(ax, (7.2, 0.5), (6.2, 0.5), ORANGE, "dout", "left")
    says = {"ha": "center", "family": "monospace", "fontsize": 10}
    ax.text(4.6, 3.15, f"out, cache = forward({', '.join(inputs)})", va="bottom", **says)
    ax.text(4.6, -0.15, f"{', '.join(gradients)} = backward(dout, cache)", va="top", **says)
    ax.text(
        7.9,
        1.5,
        "dout, dx, …: the gradients\nof the loss with respect to\nout, x, …",
        va="center",
        ha="center",
        fontsize=9,
    )
    ax.set_title(title)
    _canvas(ax, (1.0, 9.0), (-0.6, 3.6))
    return ax


def information_flow(ax=None, title="What flows where in training"):
    """Data and weights make scores, scores and labels a loss, and its gradient changes the weights.

    Returns the Axes.
    """
    ax = axes_to_draw_in(ax, figsize=(8.8, 3.6))
    boxes = [
        (0.0, 2.2, 1.7, "images $X$", "0.9", "black"),
        (0.0, 0.2, 1.7, "weights $W$", "0.9", "black"),
        (2.9, 1.2, 1.7, "scores $XW$", BLUE, "white"),
        (5.4, 1.2, 1.5, "data loss", BLUE, "white"),
        (5.4, 2.6, 1.5, "labels $y$", "0.9", "black"),
        (5.4, 0.0, 1.5, "penalty", BLUE, "white"),
        (7.9, 0.6, 1.1, "loss $L$", BLUE, "white"),
    ]
    for x, y, wide, text, color, ink in boxes:
        _box(ax, x, y, wide, 0.7, color, text, ink)
    forward = [((1.7, 2.55), (2.9, 1.75)), ((1.7, 0.7), (2.9, 1.35)), ((4.6, 1.55), (5.4, 1.55))]
    forward += [
        ((6.15, 2.6), (6.15, 1.9)),
        ((1.7, 0.4), (5.4, 0.3)),
        ((6.9, 1.5), (7.9, 1.1)),
        ((6.9, 0.35), (7.9, 0.8)),
    ]
    for start, end in forward:
        _arrow(ax, start, end, BLUE)
    back = {"arrowstyle": "-|>", "mutation_scale": 14, "color": ORANGE, "lw": 1.8, "linestyle": "--"}
    ax.add_patch(FancyArrowPatch((8.45, 0.6), (0.85, 0.2), connectionstyle="arc3,rad=-0.22", **back))
    ax.text(4.5, -1.0, "gradient of $L$ with respect to $W$, times the step size", ha="center", va="top", fontsize=10)
    ax.set_title(title)
    _canvas(ax, (-0.2, 9.2), (-1.5, 3.5))
    return ax


def _box(ax, x, y, wide, high, color, text, ink):
    ax.add_patch(
        FancyBboxPatch((x, y), wide, high, boxstyle="round,pad=0,rounding_size=0.12", facecolor=color, edgecolor="none")
    )
    ax.text(x + wide / 2, y + high / 2, text, ha="center", va="center", color=ink, fontsize=11)


def _arrow(ax, start, end, color, text="", side="right"):
    """An arrow, with a text at that end of it that points away from the boxes."""
    ax.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=14, color=color, lw=1.8, shrinkA=0, shrinkB=0)
    )
    outer = min(start, end) if side == "right" else max(start, end)
    shift = -0.1 if side == "right" else 0.1
    ax.text(outer[0] + shift, outer[1], text, ha=side, va="center", family="monospace", fontsize=11)
