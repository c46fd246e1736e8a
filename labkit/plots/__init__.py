"""Every figure the labs show, by kind: curves, images, the plane, tables, diagrams.

What holds for every plot is said here once:

ax: the Axes to draw in; None makes a new figure. A plot of several panels takes that many Axes, as a list or an
  array, as `plt.subplots` gives them.
data: name of the data, put into the title; None is the name that `use_style` was given, "" is none.
title, xlabel, ylabel: the words on the figure, each with a default.
Returns the Axes it drew in, an array of them where there are several panels, with labelled axes and a title.
Raises ValueError for what cannot be drawn, and if ax is not as many Axes as there are panels.
"""

from .curves import accuracy_curve, gradient_error, history, live, loss_curve, step_sizes, wall_clock
from .diagrams import network_diagram
from .images import image_channels, image_grid, image_rows, pixel_values, templates
from .plane import decision_regions, hyperplanes, landscape_losses, landscape_plane, landscape_ray, point_clouds
from .style import STYLE, use_style
from .tables import class_balance, confusion_matrix, heat_map

__all__ = [
    "STYLE",
    "accuracy_curve",
    "class_balance",
    "confusion_matrix",
    "decision_regions",
    "gradient_error",
    "heat_map",
    "history",
    "hyperplanes",
    "image_channels",
    "image_grid",
    "image_rows",
    "landscape_losses",
    "landscape_plane",
    "landscape_ray",
    "live",
    "loss_curve",
    "network_diagram",
    "pixel_values",
    "point_clouds",
    "step_sizes",
    "templates",
    "use_style",
    "wall_clock",
]
