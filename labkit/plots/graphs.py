"""Computation graphs: operations as boxes, in layers from the inputs on the left to the outputs on the right."""

import numpy as np
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from .style import BLUE, ORANGE, axes_to_draw_in

WIDTH, HEIGHT = 0.62, 0.5  # of a box; layers are 1 apart, boxes of a layer at least 1


def computation_graph(
    outputs, derivatives=None, symbol="", fontsize=9, late=False, ax=None, title="A computation graph"
):
    """A graph of values: in each box the operation, below it its value, and beneath the box its derivative.

    outputs: a node, or a list of them; a node has `value` and `inputs` (nodes and constants) and, as it likes, `name`
      and `operation` (a string, or something with a name): a `labkit.autodiff.Tensor`, or a class of your own.
    derivatives: dict node -> number; nodes that are not in it are drawn pale. None draws none, and nothing pale.
    symbol: what the derivatives are called, such as "∂f/∂".
    fontsize: of the text in the boxes, in points.
    late: True draws each input right before the first operation that takes it, rather than at the left.
    Returns the Axes.
    Raises ValueError for what has no `inputs` and no `value`.
    """
    outputs = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
    nodes = _in_order(outputs)
    place = _places(nodes, late)
    width, height = (max(p[axis] for p in place.values()) - min(p[axis] for p in place.values()) for axis in (0, 1))
    ax = axes_to_draw_in(ax, figsize=(1.5 * width + 1.6, 0.95 * height + 1.5))
    for node in nodes:
        done = derivatives is None or node in derivatives
        color = (ORANGE if derivatives else BLUE) if done else "0.8"
        x, y = place[node]
        corner = (x - WIDTH / 2, y - HEIGHT / 2)
        box = FancyBboxPatch(corner, WIDTH, HEIGHT, boxstyle="round,pad=0,rounding_size=0.12", zorder=2)
        box.set(facecolor="white", edgecolor=color, linewidth=1.6)
        ax.add_patch(box)
        text = {"ha": "center", "va": "center", "color": "black" if done else "0.6", "fontsize": fontsize, "zorder": 3}
        ax.text(x, y + 0.11, _name(node), fontweight="bold", **text)
        ax.text(x, y - 0.12, _number(node.value), **text)
        if derivatives and done:
            label = symbol + _number(derivatives[node])
            ax.text(x, y - HEIGHT / 2 - 0.13, label, **text | {"color": ORANGE, "fontsize": fontsize})
        for k, source in enumerate(_inputs(node)):
            (start, level), shift = place[source], 0.1 * (k - (len(_inputs(node)) - 1) / 2)
            ends = (start + WIDTH / 2, level), (x - WIDTH / 2, y - shift)
            arrow = FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=9, shrinkA=0, shrinkB=0, zorder=1)
            arrow.set(color="0.45" if done else "0.85", linewidth=1)
            ax.add_patch(arrow)
    ax.set_title(title)
    xs, ys = zip(*place.values())
    ax.set(xlim=(min(xs) - 0.5, max(xs) + 0.5), ylim=(min(ys) - 0.62, max(ys) + 0.5))
    ax.set_axis_off()
    return ax


def _inputs(node):
    return [x for x in node.inputs if hasattr(x, "inputs")]


def _in_order(outputs):
    """Every node of the graph once, after its inputs; of inputs, the first first."""
    for node in outputs:
        if not (hasattr(node, "inputs") and hasattr(node, "value")):
            raise ValueError(f"outputs must be nodes of a graph, with `inputs` and `value`, got {type(node).__name__}")
    order, seen, stack = [], set(), [(node, False) for node in reversed(outputs)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((x, False) for x in reversed(_inputs(node)))
    return order


def _places(nodes, late=False):
    """Where each node is drawn: one layer after its last input, in a layer near what it is connected with.

    late: nodes without inputs are one layer before the first that takes them, not in the first layer.
    """
    layer = {}
    for node in nodes:
        layer[node] = 1 + max((layer[x] for x in _inputs(node)), default=-1)
    users = {node: [other for other in nodes if any(x is node for x in _inputs(other))] for node in nodes}
    for node in nodes if late else ():
        if not _inputs(node) and users[node]:
            layer[node] = min(layer[other] for other in users[node]) - 1
    columns = [[node for node in nodes if layer[node] == k] for k in range(max(layer.values()) + 1)]
    height = {node: -float(i) for column in columns for i, node in enumerate(column)}
    for sweep in range(8):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wish = {}
            for node in column:
                near = _inputs(node) if sweep % 2 == 0 else users[node]
                wish[node] = np.mean([height[x] for x in near]) if near else height[node]
            _spread(column, wish, height)
    return {node: (1.0 * layer[node], height[node]) for node in nodes}


def _spread(column, wish, height):
    """Heights of a layer in the order of its wishes, at least 1 apart, around their middle."""
    ordered = sorted(column, key=lambda node: -wish[node])
    levels = [-wish[node] for node in ordered]
    for i in range(1, len(levels)):
        levels[i] = max(levels[i], levels[i - 1] + 1)
    shift = np.mean(levels) - np.mean([-wish[node] for node in ordered])
    for node, level in zip(ordered, levels):
        height[node] = shift - level


def _name(node):
    operation = getattr(node, "operation", None)
    return getattr(node, "name", None) or str(getattr(operation, "name", operation) or "input")


def _number(value):
    value = getattr(value, "value", value)  # of a dual number, its value
    return f"{float(value):.6g}" if np.ndim(value) == 0 else "×".join(map(str, np.shape(value)))
