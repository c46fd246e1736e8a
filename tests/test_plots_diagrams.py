"""Diagrams: every unit, window and shape is where the arithmetic puts it."""

import numpy as np
import pytest
from drawn import style_of_its_own, title  # noqa: F401
from matplotlib.patches import Polygon, Rectangle

from labkit import plots


def test_a_network_diagram_has_a_circle_for_each_unit_and_a_line_for_each_weight():
    ax = plots.network_diagram((4, 10, 3), names=["x", "hidden", "scores"])
    assert sum(len(layer.get_offsets()) for layer in ax.collections) == 17 and len(ax.lines) == 4 * 10 + 10 * 3
    assert [text.get_text() for text in ax.texts] == ["x", "hidden", "scores"] and title(ax)
    for sizes, names in (((4,), None), ((4, 0), None), ((4, 17), None), ((2, 2), ["one"])):
        with pytest.raises(ValueError):
            plots.network_diagram(sizes, names)


def corners(ax, fill):
    """Left, top, width and height of the rectangles of a diagram: cells and tints are filled, frames are not."""
    found = [patch for patch in ax.patches if isinstance(patch, Rectangle) and patch.get_fill() == fill]
    return [(*patch.get_xy(), patch.get_width(), patch.get_height()) for patch in found]


def test_a_convolution_diagram_has_a_dot_for_each_window_and_the_arithmetic():
    ax = plots.convolution_diagram(5, 3, stride=2, pad=1)
    assert title(ax) == "Output size: (5 + 2·1 − 3) / 2 + 1 = 3"
    dots = [tuple(np.ravel(line.get_xydata())) for line in ax.lines]
    assert sorted(dots) == [(c, r) for c in (1.5, 3.5, 5.5) for r in (1.5, 3.5, 5.5)]
    cells = [cell for cell in corners(ax, True) if cell[2:] == (1, 1)]
    assert len(cells) >= 7 * 7 + 3 * 3 and sum(text.get_text() == "0" for text in ax.texts) == 7 * 7 - 5 * 5
    frames = corners(ax, False)
    assert (0, 0, 3, 3) in frames and (4, 4, 3, 3) in frames
    assert any("a ring of zeros" in text.get_text() and "stride 2" in text.get_text() for text in ax.texts)


def test_a_convolution_diagram_of_a_rectangle_says_both_sums():
    ax = plots.convolution_diagram((6, 8), (2, 4), stride=(2, 1))
    assert title(ax) == "Rows: (6 + 2·0 − 2) / 2 + 1 = 3\nColumns: (8 + 2·0 − 4) / 1 + 1 = 5" and len(ax.lines) == 15
    assert len(corners(plots.convolution_diagram(3, 3), False)) == 2  # one window: first, second and last are the same


@pytest.mark.parametrize(
    "arguments, says",
    [
        ((5, 2, 2), r"\(5 \+ 2·0 − 2\) / 2 \+ 1 = 2.5"),
        ((3, 5), "at least 1"),
        ((0, 1), "size must be"),
        ((5, 3, 0), "stride must be"),
        ((5, 3, 1, -1), "pad must be"),
        ((41, 3), "at most 40"),
    ],
)
def test_a_convolution_that_does_not_fit_is_not_drawn(arguments, says):
    with pytest.raises(ValueError, match=says):
        plots.convolution_diagram(*arguments)


def test_a_receptive_field_is_what_moving_a_number_of_the_input_changes():
    """Against layers that sum over windows: which numbers of the input move the one number of the output."""
    layers = [("conv", 3, 1), ("pool", 2, 2), ("conv", 5, 2), ("conv", 2, 1)]
    size, sizes = 60, []
    moved = np.eye(size)
    for _, window, stride in layers:
        moved = np.stack([moved[i : i + window].sum(axis=0) for i in range(0, len(moved) - window + 1, stride)])
        sizes.append(int((moved[len(moved) // 2] > 0).sum()))
    ax = plots.receptive_field(layers)
    assert title(ax) == f"One number of the last layer sees {sizes[-1]} × {sizes[-1]} of the input"
    texts = [text.get_text() for text in ax.texts]
    assert texts[::2] == ["input", "conv", "pool", "conv", "conv"] and texts[-1] == "1 cell"
    assert texts[1] == f"{sizes[-1]} cells"


@pytest.mark.parametrize(
    "layers, says",
    [
        ([], "at least one"),
        ([("conv", 3)], r"layers\[0\] must be"),
        ([("conv", 3, 1), ("pool", 2, 0)], r"stride of layers\[1\]"),
        ([("conv", 2.5, 1)], r"window of layers\[0\]"),
        ([("conv", 41, 1)], "at most 40"),
    ],
)
def test_a_receptive_field_refuses_what_are_no_layers(layers, says):
    with pytest.raises(ValueError, match=says):
        plots.receptive_field(layers)


def test_shapes_flow_through_blocks_of_their_size():
    layers = [("image", (3, 32, 32)), ("conv 3×3, ReLU", (16, 32, 32)), ("pool", (16, 16, 8)), ("affine", (10,))]
    ax = plots.shape_flow(layers)
    blocks = [patch for patch in ax.patches if isinstance(patch, Polygon)][::6]  # three faces, each on white
    heights = [np.ptp(block.get_xy()[:, 1]) for block in blocks]
    assert heights[0] == heights[1] == pytest.approx(2 * heights[2]) and len(blocks) == 4
    texts = [text.get_text() for text in ax.texts]
    assert "conv 3×3\nReLU" in texts and "16 × 16 × 8\n2,048 numbers" in texts and "10 numbers" in texts
    for bad in (layers[:1], [("a", (3, 3)), ("b", (3,))], [("a", (0,)), ("b", (3,))]):
        with pytest.raises(ValueError):
            plots.shape_flow(bad)


@pytest.mark.parametrize(
    "parameters, forward, backward",
    [
        (("w", "b"), "forward(x, w, b)", "dx, dw, db = backward"),
        ((), "forward(x)", "dx = backward"),
        (("gamma", "beta"), "(x, gamma, beta)", "dx, dgamma, dbeta ="),
    ],
)
def test_the_contract_of_a_layer_names_what_goes_in_and_comes_out(parameters, forward, backward):
    words = "\n".join(text.get_text() for text in plots.forward_backward_diagram(parameters).texts)
    assert f"out, cache = {forward}".replace("= (", "= forward(") in words and backward in words


def test_parameters_are_names():
    with pytest.raises(ValueError, match="names"):
        plots.forward_backward_diagram([1, 2])


def test_the_flow_of_information_leads_from_the_weights_to_the_loss_and_back():
    ax = plots.information_flow()
    words = [text.get_text() for text in ax.texts]
    assert {"images $X$", "weights $W$", "scores $XW$", "labels $y$", "data loss", "penalty", "loss $L$"} <= set(words)
    arrows = [patch for patch in ax.patches if type(patch).__name__ == "FancyArrowPatch"]
    assert len(arrows) == 8 and sum(arrow.get_linestyle() == "--" for arrow in arrows) == 1 and title(ax)
