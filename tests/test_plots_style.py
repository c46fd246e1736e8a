"""What holds for every plot: the style sheet, the name of the data, `ax=`, and a docstring a line an argument."""

import inspect
import re

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from drawn import figure_words, style_of_its_own, title  # noqa: F401

from labkit import plots
from labkit.autodiff import Tensor

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 3, 8, 8)).astype(np.uint8)
RUN = {"losses": [2.3, 2.0, 1.9], "train_accuracy": [0.1, 0.4], "val_accuracy": [0.1, 0.3]}
# Every plot with something to draw, and the number of its panels.
CALLS = {
    "accuracy_curve": (lambda **k: plots.accuracy_curve([0.1, 0.3], **k), 1),
    "class_accuracy": (lambda **k: plots.class_accuracy([0, 1, 1], [0, 1, 0], ["cat", "dog"], **k), 1),
    "class_balance": (lambda **k: plots.class_balance({"training": [0, 1, 1]}, ["cat", "dog"], **k), 1),
    "computation_graph": (lambda **k: plots.computation_graph(Tensor(3.0) * 2.0, **k), 1),
    "confusion_matrix": (lambda **k: plots.confusion_matrix([[3, 1], [0, 2]], ["cat", "dog"], **k), 1),
    "convolution_diagram": (lambda **k: plots.convolution_diagram(5, 3, **k), 1),
    "decision_regions": (lambda **k: plots.decision_regions(lambda points: points, points=9, **k), 1),
    "feature_maps": (lambda **k: plots.feature_maps(IMAGES[0], **k), 1),
    "forward_backward_diagram": (lambda **k: plots.forward_backward_diagram(**k), 1),
    "gradient_error": (lambda **k: plots.gradient_error([1e-3, 1e-2], {"central": [1e-6, 1e-4]}, **k), 1),
    "heat_map": (lambda **k: plots.heat_map([[0.1, 0.2]], [1], [2, 3], "rate", "penalty", **k), 1),
    "history": (lambda **k: plots.history(RUN, **k), 2),
    "hyperplanes": (lambda **k: plots.hyperplanes(np.eye(2), np.zeros(2), **k), 1),
    "image_channels": (lambda **k: plots.image_channels(IMAGES[0], **k), 4),
    "image_grid": (lambda **k: plots.image_grid(IMAGES, **k), 1),
    "image_rows": (lambda **k: plots.image_rows({"a": IMAGES}, **k), 1),
    "information_flow": (lambda **k: plots.information_flow(**k), 1),
    "landscape_plane": (lambda **k: plots.landscape_plane([0, 1], [0, 1], np.eye(2), **k), 1),
    "landscape_ray": (lambda **k: plots.landscape_ray([0, 1], [2, 1], **k), 1),
    "loss_curve": (lambda **k: plots.loss_curve([2.3, 2.0], **k), 1),
    "network_diagram": (lambda **k: plots.network_diagram((2, 3), **k), 1),
    "occlusion_map": (lambda **k: plots.occlusion_map(IMAGES[0], np.eye(4), **k), 2),
    "overfitting": (lambda **k: plots.overfitting(RUN, **k), 2),
    "pixel_values": (lambda **k: plots.pixel_values(IMAGES[0, 0], **k), 1),
    "point_clouds": (lambda **k: plots.point_clouds({"a": np.eye(2), "b": np.eye(2)}, **k), 2),
    "receptive_field": (lambda **k: plots.receptive_field([("conv", 3, 1)], **k), 1),
    "shape_flow": (lambda **k: plots.shape_flow([("image", (3, 8, 8)), ("affine", (10,))], **k), 1),
    "step_sizes": (lambda **k: plots.step_sizes([0.1, 1], [2, 3], **k), 1),
    "templates": (lambda **k: plots.templates(np.arange(6144.0).reshape(3072, 2), ["cat", "dog"], **k), 1),
    "timing_bars": (lambda **k: plots.timing_bars({"conv": (1, 0.1)}, **k), 1),
    "visualize_filters beside": (lambda **k: plots.visualize_filters(IMAGES, before=IMAGES, **k), 2),
    "visualize_filters": (lambda **k: plots.visualize_filters(np.eye(4).reshape(2, 2, 2, 2), **k), 1),
    "wall_clock": (lambda **k: plots.wall_clock({"a": ([0, 1], [2, 1])}, **k), 1),
}
NO_PLOTS = {"STYLE", "growing_loss", "landscape_losses", "live", "touch", "use_style"}
WITHOUT_DATA = {"computation_graph", "information_flow", "timing_bars", "receptive_field", "shape_flow"} | {
    name for name in CALLS if "diagram" in name
}


def test_every_plot_is_tried_here():
    assert {name.split()[0] for name in CALLS} == set(plots.__all__) - NO_PLOTS


@pytest.mark.parametrize("name", CALLS)
def test_a_plot_draws_into_the_axes_it_is_given_and_returns_them(name):
    draw, count = CALLS[name]
    figure, panels = plt.subplots(1, count + 1, squeeze=False, figsize=(4 * count, 4))
    given = panels[0, :count]
    drawn = draw(ax=given[0] if count == 1 else list(given))
    assert np.ravel(drawn).tolist() == given.tolist()
    assert plt.get_fignums() == [figure.number], "a figure of its own beside the one given"
    assert not panels[0, -1].has_data() and not panels[0, -1].get_title()
    figure.canvas.draw()


@pytest.mark.parametrize("name", CALLS)
def test_a_plot_refuses_other_axes(name):
    draw, count = CALLS[name]
    _, three = plt.subplots(1, 3)
    for wrong in (three, "ax", [three[0]] * 5):
        with pytest.raises(ValueError, match="ax must be"):
            draw(ax=wrong)


@pytest.mark.parametrize("name", CALLS)
def test_a_plot_makes_a_figure_and_its_title_names_the_data_of_the_lab(name):
    draw, count = CALLS[name]
    plots.use_style(data="CIFAR-10")
    drawn = draw()
    assert len(plt.get_fignums()) == 1 and np.size(drawn) == count and np.ndim(drawn) == (count > 1)
    assert ("(CIFAR-10)" in figure_words(drawn)) == (name not in WITHOUT_DATA) and figure_words(drawn)


@pytest.mark.parametrize("name", sorted(set(CALLS) - WITHOUT_DATA))
def test_a_plot_can_name_other_data(name):
    plots.use_style(data="CIFAR-10")
    assert "(made-up)" in figure_words(CALLS[name][0](data="made-up"))


def test_data_are_named_until_use_style_is_called_anew():
    assert title(plots.loss_curve([2, 1])) == "Loss at each step"
    plots.use_style(data="CIFAR-10")
    assert title(plots.loss_curve([2, 1])) == "Loss at each step (CIFAR-10)"
    assert title(plots.loss_curve([2, 1], data="")) == "Loss at each step"
    plots.use_style()
    assert title(plots.loss_curve([2, 1])) == "Loss at each step"


def test_use_style_wants_the_name_not_the_data():
    with pytest.raises(ValueError, match="name of the data"):
        plots.use_style(data=IMAGES)


def test_the_style_sheet_is_valid_and_its_lines_differ_without_colour():
    style = matplotlib.rc_params_from_file(plots.STYLE, use_default_template=False)
    cycle = list(style["axes.prop_cycle"])
    assert len({str(entry["linestyle"]) for entry in cycle}) == len(cycle)
    plots.use_style()
    ax = plots.loss_curve({"a": [2, 1], "b": [3, 1]})
    assert ax.get_title("left") and ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()


SAID_ONCE = {"ax", "data", "title", "xlabel", "ylabel"}  # in the package's docstring


@pytest.mark.parametrize("name", sorted(set(plots.__all__) - {"STYLE"}))
def test_a_docstring_says_each_argument_on_a_line_of_its_own(name):
    function = getattr(plots, name)
    summary, text = inspect.getdoc(function).split("\n\n", 1)
    described = {word for line in re.findall(r"(?m)^([\w, ]+): ", text) for word in line.split(", ")}
    asked = {p.name for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD}
    inherited = {"hyperplanes": {"X", "y", "classes", "limits"}}.get(name, set())
    allowed = set(inspect.signature(function).parameters)
    assert asked - SAID_ONCE - inherited <= described <= allowed, name
    assert re.search(r"(?m)^Returns ", text) or name in ("use_style", "touch")
