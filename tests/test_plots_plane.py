"""The plane: regions, lines and points lie where the classifier has them; losses along rays and planes."""

import numpy as np
import pytest
from drawn import legible, style_of_its_own, title  # noqa: F401

from labkit import losses, plots


def three_lines():
    """Three classes in the plane: right, left above and left below."""
    return np.array([[2.0, -1, -1], [0, 1.5, -1.5]]), np.array([-1.0, 0, 0.5])


def test_decision_regions_ask_once_for_all_points_and_draw_each_class():
    W, b = three_lines()
    calls = []

    def scores_of(points):
        calls.append(points.shape)
        return points @ W + b

    X = np.array([[2.0, 0], [-1, 2], [-1, -2], [2, 1]])
    ax = plots.decision_regions(scores_of, X, np.array([0, 1, 2, 0]), classes=["cat", "dog", "ship"], points=50)
    assert calls == [(2500, 2)] and legible(ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["cat", "dog", "ship"]
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), X[[0, 3]])


def test_hyperplanes_lie_where_the_score_is_zero_and_point_to_higher_scores():
    W, b = three_lines()
    ax = plots.hyperplanes(W, b, data="three classes", limits=(-4, 2, -3, 5))
    zero_lines = [line for line in ax.lines if line.get_linestyle() != "None"]
    arrows = [note for note in ax.texts if note.arrow_patch is not None]
    assert len(zero_lines) == len(arrows) == 3 and "three classes" in title(ax)
    for k, (line, arrow) in enumerate(zip(zero_lines, arrows)):
        np.testing.assert_allclose(line.get_xydata() @ W[:, k] + b[k], 0, atol=1e-12)
        assert np.asarray(arrow.xy) @ W[:, k] + b[k] > 0  # its head; its foot is on the line
        np.testing.assert_allclose(np.asarray(arrow.xyann) @ W[:, k] + b[k], 0, atol=1e-12)
    assert ax.get_xlim() == (-4, 2)


def test_a_class_without_weights_has_no_line():
    ax = plots.hyperplanes(np.array([[1.0, 0], [0, 0]]), np.zeros(2))
    assert sum(line.get_linestyle() != "None" for line in ax.lines) == 1


@pytest.mark.parametrize("W, b", [(np.zeros((3, 2)), np.zeros(2)), (np.zeros((2, 3)), np.zeros(2)), (np.zeros(2), 0.0)])
def test_hyperplanes_need_a_plane(W, b):
    with pytest.raises(ValueError, match="W must be"):
        plots.hyperplanes(W, b)


@pytest.mark.parametrize(
    "X, y, says",
    [
        (np.zeros((3, 3)), np.zeros(3, int), "X must be"),
        (np.zeros((3, 2)), None, "y must"),
        (np.zeros((3, 2)), np.zeros(2, int), "y must"),
        (np.zeros((3, 2)), np.array([0, 1, 2]), "y run from 0 to 1"),
    ],
)
def test_decision_regions_refuse_what_is_no_point_in_the_plane(X, y, says):
    with pytest.raises(ValueError, match=says):
        plots.decision_regions(lambda points: points, X, y)


def test_decision_regions_refuse_what_are_no_scores():
    with pytest.raises(ValueError, match="scores_of"):
        plots.decision_regions(lambda points: points.sum(axis=1))


def test_landscape_ray_draws_each_curve_over_the_steps_and_marks_the_kinks_in_sight():
    steps = np.linspace(-2, 3, 101)
    ax = plots.landscape_ray(
        steps, {"hinge": np.maximum(0, steps), "softmax": np.log1p(np.exp(steps))}, kinks=[0.0, 7.0], data="CIFAR-10"
    )
    np.testing.assert_array_equal(ax.lines[1].get_xdata(), steps)
    np.testing.assert_allclose(ax.lines[2].get_xydata(), [[0, 0]], atol=1e-12)
    assert legible(ax) and "CIFAR-10" in title(ax)
    with pytest.raises(ValueError, match="one number for each of the 101 steps"):
        plots.landscape_ray(steps, steps[1:])


def test_landscape_plane_marks_the_lowest_point_with_a_to_the_right():
    a, b = np.linspace(-2, 2, 41), np.linspace(-1, 3, 21)
    ax = plots.landscape_plane(a, b, (a[:, None] - 1) ** 2 + 2 * (b - 0.4) ** 2, data="CIFAR-10")
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [[1, 0.4]])
    assert legible(ax) and len(ax.figure.axes) == 2
    floor = plots.landscape_plane(a, b, np.maximum(0, a[:, None] + 0 * b), colorbar=None)
    assert not floor.lines and len(floor.figure.axes) == 1  # many lowest points: none is marked
    slope = plots.landscape_plane(a, b, a[:, None] + 0.1 * b, levels=[0.0, 1.0])
    assert not slope.lines  # it would go on falling outside
    assert legible(plots.landscape_plane(a, b, np.ones((41, 21))))


@pytest.mark.parametrize(
    "losses, says",
    [(np.zeros((21, 41)), r"\(A, B\)"), (np.zeros(41), r"\(A, B\)"), (np.full((41, 21), np.nan), "finite")],
)
def test_landscape_plane_refuses_other_shapes_and_what_is_not_finite(losses, says):
    with pytest.raises(ValueError, match=says):
        plots.landscape_plane(np.linspace(-2, 2, 41), np.linspace(-1, 3, 21), losses)


def test_point_clouds_draws_all_points_within_view():
    rng = np.random.default_rng(0)
    clouds = {"raw": 100 + rng.normal(size=(50, 2)), "centred": rng.normal(size=(40, 2))}
    axes = plots.point_clouds(clouds, data="CIFAR-10")
    for ax, (name, X) in zip(axes, clouds.items()):
        np.testing.assert_array_equal(ax.lines[0].get_xydata(), X)
        assert title(ax) == name and ax.get_xlabel() and ax.get_xlim()[0] < X.min() and X.max() < ax.get_xlim()[1]
    assert axes[0].get_ylabel()
    for bad in ({}, {"a": np.zeros((0, 2))}, {"a": np.zeros((3, 3))}):
        with pytest.raises(ValueError):
            plots.point_clouds(bad)


@pytest.mark.parametrize("shape", [(), (7,), (3, 4)])
@pytest.mark.parametrize("delta", [1.0, 2.5])
def test_landscape_losses_are_the_losses_at_each_place(shape, delta):
    rng = np.random.default_rng(1)
    scores, y = 5 * rng.normal(size=(*shape, 6, 10)), rng.integers(0, 10, 6)
    places = scores.reshape(-1, 6, 10)
    hinge = np.array([losses.svm_loss(s, y, delta)[0] for s in places]).reshape(shape)
    softmax = np.array([losses.softmax_loss(s, y)[0] for s in places]).reshape(shape)
    np.testing.assert_allclose(plots.landscape_losses(scores, y, "hinge", delta), hinge, rtol=1e-12)
    np.testing.assert_allclose(plots.landscape_losses(scores + 1e4, y), softmax, rtol=1e-9)


@pytest.mark.parametrize(
    "scores, y, loss, says",
    [
        (np.zeros((4, 3)), np.zeros(4, int), "svm", "loss must be"),
        (np.zeros(3), np.zeros(3, int), "hinge", "scores must be"),
        (np.zeros((2, 4, 3)), np.zeros(2, int), "hinge", "scores must be"),
        (np.zeros((4, 3)), np.zeros(4), "softmax", "integer"),
        (np.zeros((4, 3)), np.full(4, 3), "hinge", "from 0 to 2"),
        (np.zeros((0, 3)), np.zeros(0, int), "hinge", "at least one"),
    ],
)
def test_landscape_losses_refuse_what_does_not_fit(scores, y, loss, says):
    with pytest.raises(ValueError, match=says):
        plots.landscape_losses(scores, y, loss)
