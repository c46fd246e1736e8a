"""The plane: points and the regions of classes in it, and losses over one or two directions of the parameters."""

import numpy as np

from labkit.losses import log_softmax

from . import style
from .style import as_curve, as_curves, axes_to_draw_in, cycle_color, panels_to_draw_in, title_above, titled


def decision_regions(
    scores_of,
    X=None,
    y=None,
    classes=None,
    limits=(-3, 3, -3, 3),
    ax=None,
    data=None,
    title="Which class has the highest score",
    xlabel="feature 1",
    ylabel="feature 2",
    points=301,
    legend=True,
):
    """The plane, coloured by the class that has the highest score at each point.

    scores_of: function of points (M, 2) to scores (M, C); it is called once, with all points of the plane.
    X: (N, 2) points to draw; None draws none.
    y: (N,) their classes.
    classes: C names, or None.
    limits: (left, right, bottom, top).
    points: how many points of the plane each way.
    legend: False leaves it out.
    Returns the Axes.
    Raises ValueError if X is not (N, 2), y does not fit it, or scores_of does not give (M, C).
    """
    X, y = _points_in_the_plane(X, y)
    left, right, bottom, top = limits
    across, up = np.linspace(left, right, points), np.linspace(bottom, top, points)
    plane = np.stack(np.meshgrid(across, up), axis=-1)
    scores = np.asarray(scores_of(plane.reshape(-1, 2)))
    if scores.ndim != 2 or len(scores) != points**2:
        raise ValueError(f"scores_of must give (M, C) scores for M points, got {scores.shape} for M = {points**2}")
    C = scores.shape[1]
    names = [f"class {k}" for k in range(C)] if classes is None else list(classes)
    if len(names) != C or (len(y) and not 0 <= y.min() <= y.max() < C):
        raise ValueError(f"classes must have {C} names, as many as there are scores, and y run from 0 to {C - 1}")
    ax = axes_to_draw_in(ax, figsize=(5.6, 4.6))
    winner = scores.argmax(axis=1).reshape(points, points)
    colors = [cycle_color(k) for k in range(C)]
    ax.contourf(across, up, winner, levels=np.arange(C + 1) - 0.5, colors=colors, alpha=0.2)
    for k in range(C):  # one contour a class: where three meet, the levels of `winner` would draw false edges
        if 0 < (winner == k).sum() < winner.size:
            ax.contour(across, up, winner == k, levels=[0.5], colors="0.45", linewidths=0.8)
    for k, name in enumerate(names):
        dots = {"linestyle": "none", "marker": style.MARKERS[k % 10], "markersize": 7, "markeredgecolor": "white"}
        ax.plot(*X[y == k].T, color=colors[k], label=name, **dots)
    ax.grid(False)
    ax.set(title=titled(title, data), xlabel=xlabel, ylabel=ylabel)
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    if legend and (len(X) or classes is not None):
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def hyperplanes(
    W,
    b,
    X=None,
    y=None,
    classes=None,
    limits=(-3, 3, -3, 3),
    ax=None,
    data=None,
    title="Where each score is zero",
    **labels,
):
    """A linear classifier in the plane: the line on which each class scores 0, with an arrow towards higher scores.

    A class whose weights are 0 has no line.
    W: (2, C) weights, a column for each class.
    b: (C,) biases.
    The other arguments are those of `decision_regions`, which draws the regions behind the lines.
    Returns the Axes.
    Raises ValueError if W or b have another shape.
    """
    W, b = np.asarray(W, dtype=float), np.asarray(b, dtype=float)
    if W.ndim != 2 or len(W) != 2 or b.shape != (W.shape[1],):
        raise ValueError(f"W must be (2, C) and b (C,), got {W.shape} and {b.shape}")
    ax = decision_regions(lambda points: points @ W + b, X, y, classes, limits, ax, data, title, **labels)
    left, right, bottom, top = limits
    middle, size = np.array([(left + right) / 2, (bottom + top) / 2]), max(right - left, top - bottom)
    for k, (w, bias) in enumerate(zip(W.T, b)):
        length = np.hypot(*w)
        if length == 0:
            continue
        foot = middle - (w @ middle + bias) / length**2 * w  # the point of the line nearest to the middle
        along, up = np.array([-w[1], w[0]]) / length, w / length
        ends, drawn = np.array([foot - 2 * size * along, foot + 2 * size * along]), ["-", "--", "-.", ":"][k % 4]
        ax.plot(*ends.T, color=cycle_color(k), linestyle=drawn, scalex=False, scaley=False)
        arrow = {"arrowstyle": "-|>", "color": cycle_color(k), "lw": 2, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", foot + 0.13 * size * up, foot, annotation_clip=True, arrowprops=arrow)
    return ax


def _points_in_the_plane(X, y):
    """Points (N, 2) and their classes (N,), empty where none are given."""
    if X is None:
        return np.zeros((0, 2)), np.zeros(0, int)
    X, y = np.asarray(X, dtype=float), np.asarray(y)
    if X.ndim != 2 or X.shape[1] != 2:
        raise ValueError(f"X must be (N, 2), points in a plane, got {X.shape}")
    if y.shape != (len(X),) or y.dtype.kind not in "iu":
        raise ValueError(f"y must hold the class of each point, ({len(X)},) integers, got {y.dtype} {y.shape}")
    return X, y


def point_clouds(clouds, data=None, xlabel="feature 1", ylabel="feature 2", title="Two features", ax=None):
    """Clouds of points in the plane side by side, each on its own scale, with the axes through the origin.

    clouds: dict name -> (N, 2) points.
    ax: as many Axes as clouds.
    Returns the Axes, an array.
    Raises ValueError for other shapes.
    """
    points = {name: _points_in_the_plane(X, np.zeros(len(X), int))[0] for name, X in clouds.items()}
    if not points or not all(len(X) for X in points.values()):
        raise ValueError("clouds must have at least one cloud, and each at least one point")
    panels = panels_to_draw_in(ax, len(points), figsize=(2.7 * len(points) + 0.4, 3.4))
    for panel, (name, X) in zip(panels, points.items()):
        panel.plot(*X.T, ".", markersize=2.5, alpha=0.5, linestyle="none")
        reach = 1.08 * max(abs(X).max(), 1e-12)
        panel.axhline(0, color="0.3", linewidth=0.9)
        panel.axvline(0, color="0.3", linewidth=0.9)
        panel.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel=xlabel)
        panel.set_title(name, fontsize=10)
        panel.locator_params(nbins=5)
    panels[0].set_ylabel(ylabel)
    title_above(panels, titled(title, data))
    return panels


def landscape_ray(
    steps,
    losses,
    kinks=None,
    ax=None,
    data=None,
    title="Loss along a ray",
    xlabel="a, the step along the direction",
    ylabel="loss",
):
    """Loss along a straight line through the space of the parameters.

    steps: (A,) places on the line.
    losses: (A,) the loss at each, or a dict label -> such an array.
    kinks: (K,) places where the first loss bends, marked on its curve; None marks none.
    Returns the Axes.
    Raises ValueError if a curve has not one number for each step.
    """
    curves, steps = as_curves(losses, "losses"), as_curve(steps, "steps")
    for values in curves.values():
        if values.shape != steps.shape:
            raise ValueError(f"losses must have one number for each of the {len(steps)} steps, got {len(values)}")
    ax = axes_to_draw_in(ax)
    lines = [ax.plot(steps, values, label=label)[0] for label, values in curves.items()]
    if kinks is not None:
        kinks = np.asarray(kinks, dtype=float)
        kinks = kinks[(kinks >= steps.min()) & (kinks <= steps.max())]
        heights, color = np.interp(kinks, steps, lines[0].get_ydata()), lines[0].get_color()
        ax.plot(kinks, heights, "o", color=color, markerfacecolor="white", label="kink")
    ax.set(title=titled(title, data), xlabel=xlabel, ylabel=ylabel)
    style.legend(ax)
    return ax


def landscape_plane(
    a,
    b,
    losses,
    ax=None,
    data=None,
    title="Loss in a plane",
    levels=12,
    colorbar="loss",
    xlabel="a, the step along the first direction",
    ylabel="b, along the second",
):
    """Loss in a plane through the space of the parameters: dark is low, bright is high, a star the bottom of a bowl.

    a: (A,) steps along the first direction.
    b: (B,) steps along the second.
    losses: (A, B), loss at each pair.
    levels: how many lines of equal loss, denser towards the bottom, or their values.
    colorbar: its label, None for no bar.
    Returns the Axes.
    Raises ValueError if losses is not (A, B), or not finite.
    """
    a, b, losses = (np.asarray(values, dtype=float) for values in (a, b, losses))
    if a.ndim != 1 or b.ndim != 1 or losses.shape != (len(a), len(b)):
        raise ValueError(f"losses must be (A, B) = ({a.size}, {b.size}) for these steps a and b, got {losses.shape}")
    if not np.isfinite(losses).all():
        raise ValueError("losses must be finite, got NaN or infinity")
    ax = axes_to_draw_in(ax, figsize=(5.6, 4.6))
    image = ax.pcolormesh(a, b, losses.T, shading="gouraud")
    lowest, height = losses.min(), np.ptp(losses)
    if np.ndim(levels) == 0:  # squares: the rings of a round bowl are then evenly spaced
        levels = lowest + height * (np.arange(1, levels + 1) / (levels + 1)) ** 2
    if height > 0:
        ax.contour(a, b, losses.T, levels=levels, colors="white", linewidths=0.8)
    i, j = np.unravel_index(losses.argmin(), losses.shape)
    if (losses == lowest).sum() == 1 and 0 < i < len(a) - 1 and 0 < j < len(b) - 1:  # neither a floor nor a slope
        ax.plot(a[i], b[j], "*", color="white", markeredgecolor="black", markersize=14, label="lowest")
        dark = {"labelcolor": "white", "frameon": True, "facecolor": "0.2", "edgecolor": "none", "framealpha": 0.7}
        ax.legend(loc="upper right", **dark)
    if colorbar is not None:
        ax.figure.colorbar(image, ax=ax, label=colorbar)
    ax.grid(False)
    ax.set(title=titled(title, data), xlabel=xlabel, ylabel=ylabel)
    return ax


def landscape_losses(scores, y, loss="softmax", delta=1.0):
    """The mean loss at many places of a landscape at once: what `landscape_ray` and `landscape_plane` draw.

    scores: (..., N, C) scores of N images, at each place of a ray (A, N, C), of a plane (A, B, N, C).
    y: (N,) integer labels, 0 to C-1.
    loss: "softmax" or "hinge".
    delta: the margin of the hinge loss.
    Returns what `losses.softmax_loss` or `losses.svm_loss` give at each place, without a loop, in an array of the shape
    of scores without its last two axes.
    Raises ValueError if the shapes do not fit, y is not integers from 0 to C-1, or loss is neither name.
    """
    scores, y = np.asarray(scores), np.asarray(y)
    if loss not in ("softmax", "hinge"):
        raise ValueError(f'loss must be "softmax" or "hinge", got {loss!r}')
    fits = scores.ndim >= 2 and scores.shape[-1] > 0 and y.shape == scores.shape[-2:-1] and y.size > 0
    if not fits or y.dtype.kind not in "iu":
        raise ValueError(
            "scores must be (..., N, C) and y (N,) integer labels of at least one image, "
            f"got {scores.shape} and {y.dtype} {y.shape}"
        )
    C = scores.shape[-1]
    if y.min() < 0 or y.max() >= C:
        raise ValueError(f"y must hold labels from 0 to {C - 1}, as scores has {C} columns")
    image = np.arange(len(y))
    if loss == "softmax":
        log_p = log_softmax(scores.reshape(-1, C)).reshape(scores.shape)
        return -log_p[..., image, y].mean(axis=-1)
    margins = np.maximum(0, scores - scores[..., image, y, None] + delta)
    margins[..., image, y] = 0
    return margins.sum(axis=-1).mean(axis=-1)
