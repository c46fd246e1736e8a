"""The drawing of a computation graph: each node once, left of what is computed from it, none upon another."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from labkit import autodiff, plots


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def example():
    a, b = autodiff.Tensor(1.0, name="a"), autodiff.Tensor(np.ones((2, 3)), name="b")
    c = a * 2 + np.exp(a)
    return [np.sum(b * c), autodiff.sigmoid(c) * c]


def drawn(ax):
    boxes = [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
    arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    return boxes, arrows, [text.get_text() for text in ax.texts]


def test_every_node_is_a_box_and_every_input_an_arrow_from_left_to_right():
    outputs = example()
    nodes = set(autodiff.nodes(outputs[0])) | set(autodiff.nodes(outputs[1]))
    boxes, arrows, texts = drawn(plots.computation_graph(outputs, title="Two outputs"))
    assert len(boxes) == len(nodes)
    assert len(arrows) == sum(isinstance(x, autodiff.Tensor) for node in nodes for x in node.inputs)
    assert all(start[0] < end[0] for start, end in (arrow._posA_posB for arrow in arrows))
    places = [(box.get_x(), box.get_y()) for box in boxes]
    for i, (x, y) in enumerate(places):
        assert all(abs(x - x2) > 0.9 or abs(y - y2) > 0.9 for x2, y2 in places[:i])
    assert {"a", "b", "exp", "×", "σ", "2×3", "4.71828"} <= set(texts)


def test_late_inputs_stand_right_before_what_takes_them_and_no_arrow_runs_past_a_box():
    w, b, v = (autodiff.Tensor(value, name) for value, name in ((1.5, "w"), (-1.0, "b"), (0.5, "v")))
    output = np.maximum(0, w * 2.0 + b) * v

    def longest(**options):
        arrows = drawn(plots.computation_graph(output, **options))[1]
        return max(end[0] - start[0] for start, end in (arrow._posA_posB for arrow in arrows))

    assert longest() > 1 > longest(late=True)


def test_derivatives_are_written_beneath_and_what_has_none_is_pale():
    output = example()[0]
    nodes = autodiff.nodes(output)
    derivatives = dict(zip(nodes, autodiff.backward(output, nodes)))
    some = dict(list(derivatives.items())[-2:])
    _, _, texts = drawn(plots.computation_graph(output, derivatives, symbol="∂y/∂ "))
    assert sum(text.startswith("∂y/∂ ") for text in texts) == len(nodes)
    boxes, _, texts = drawn(plots.computation_graph(output, some, symbol="∂ "))
    assert sum(text.startswith("∂ ") for text in texts) == 2
    assert len({box.get_edgecolor() for box in boxes}) == 2


def test_nodes_of_another_class_can_be_drawn_and_other_things_are_refused():
    class Node:
        def __init__(self, value, inputs=(), operation=None):
            self.value, self.inputs, self.operation = value, inputs, operation

    _, ax = plt.subplots()
    x = Node(2.0)
    assert plots.computation_graph(Node(4.0, (x, x, 3), "square"), ax=ax) is ax
    assert drawn(ax)[2] == ["input", "2", "square", "4"]
    with pytest.raises(ValueError, match="must be nodes"):
        plots.computation_graph(3.0)


def test_the_value_of_a_dual_number_is_drawn():
    x = autodiff.Tensor(autodiff.Dual(2.0, 1.0), name="x")
    assert drawn(plots.computation_graph(x * x))[2] == ["x", "2", "×", "4"]
