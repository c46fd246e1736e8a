"""Every figure the labs show, by kind: curves, images, the plane, tables, diagrams.

What holds for every plot is said here once:

ax: the Axes to draw in; None makes a new figure. A plot of several panels takes that many Axes, as a list or an
  array, as `plt.subplots` gives them.
data: name of the data, put into the title; None is the name that `use_style` was given, "" is none.
title, xlabel, ylabel: the words on the figure, each with a default.
Returns the Axes it drew in, an array of them where there are several panels, with labelled axes and a title.
Raises ValueError for what cannot be drawn, and if ax is not as many Axes as there are panels.
"""

from .curves import accuracy_curve, gradient_error, history, live, loss_curve, overfitting, step_sizes, wall_clock
from .diagrams import (
    convolution_diagram,
    forward_backward_diagram,
    information_flow,
    network_diagram,
    receptive_field,
    shape_flow,
)
from .graphs import computation_graph
from .images import (
    feature_maps,
    image_channels,
    image_grid,
    image_rows,
    occlusion_map,
    pixel_values,
    templates,
    visualize_filters,
)
from .plane import decision_regions, hyperplanes, landscape_losses, landscape_plane, landscape_ray, point_clouds
from .style import STYLE, use_style
from .tables import class_accuracy, class_balance, confusion_matrix, heat_map, timing_bars
from .touch import growing_loss, touch

__all__ = [
    "STYLE",
    "accuracy_curve",
    "class_accuracy",
    "class_balance",
    "computation_graph",
    "confusion_matrix",
    "convolution_diagram",
    "decision_regions",
    "feature_maps",
    "forward_backward_diagram",
    "gradient_error",
    "growing_loss",
    "heat_map",
    "history",
    "hyperplanes",
    "image_channels",
    "image_grid",
    "image_rows",
    "information_flow",
    "landscape_losses",
    "landscape_plane",
    "landscape_ray",
    "live",
    "loss_curve",
    "network_diagram",
    "occlusion_map",
    "overfitting",
    "pixel_values",
    "point_clouds",
    "receptive_field",
    "shape_flow",
    "step_sizes",
    "templates",
    "timing_bars",
    "touch",
    "use_style",
    "visualize_filters",
    "wall_clock",
]
