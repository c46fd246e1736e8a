"""Plots: what a reader must find in each figure, and clear errors for what cannot be drawn."""

import matplotlib
import numpy as np
import pytest

matplotlib.use("agg")
import matplotlib.pyplot as plt  # noqa: E402

from labkit import losses, plots, training  # noqa: E402


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def title(ax):
    """The title, which stands left in labkit's style and in the middle in Matplotlib's own."""
    return ax.get_title("left") or ax.get_title()


def legible(ax):
    return ax.get_xlabel() and ax.get_ylabel() and title(ax)


def test_loss_curve_draws_every_step_and_names_the_data():
    values = np.linspace(2.3, 1.9, 50)
    ax = plots.loss_curve(values, data="stand-in")
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), values)
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), np.arange(50))
    assert legible(ax) and "stand-in" in title(ax)


def test_several_curves_have_a_legend():
    ax = plots.loss_curve({"rate 0.1": [3, 2, 1], "rate 1": [3, 1]})
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["rate 0.1", "rate 1"]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_stops_being_finite_is_marked(bad):
    ax = plots.loss_curve([3.0, 2.0, bad, bad])
    assert any("not finite from step 2" in t.get_text() for t in ax.get_legend().get_texts())


def test_accuracy_curve_draws_the_level_of_guessing():
    ax = plots.accuracy_curve([0.1, 0.2, 0.3], chance=0.25)
    assert any(np.allclose(line.get_ydata(), 0.25) for line in ax.lines[1:])
    assert legible(ax)
    assert len(plots.accuracy_curve([0.1, 0.2], chance=None).lines) == 1


def test_a_single_value_is_still_visible():
    assert plots.loss_curve([2.3]).lines[0].get_marker() == "o"


@pytest.mark.parametrize("values", [[], {}, [[1, 2], [3, 4]], "loss", 3.0])
def test_what_is_no_curve_is_refused(values):
    with pytest.raises(ValueError, match="losses"):
        plots.loss_curve(values)


@pytest.mark.parametrize("values", [[10, 20], [-0.1, 0.5]])
def test_accuracies_in_per_cent_are_refused(values):
    with pytest.raises(ValueError, match="shares in"):
        plots.accuracy_curve(values)


def test_history_draws_both_panels_from_an_object_or_a_dict():
    class Run:
        losses, train_accuracy, val_accuracy = [2.3, 2.0], [0.1, 0.3], [0.1, 0.2]

    for run in (Run(), {"losses": [2.3, 2.0], "val_accuracy": [0.1, 0.2]}):
        left, right = plots.history(run, data="CIFAR-10")
        assert legible(left) and legible(right)
    assert title(plots.history({"losses": [1.0]})[1])
    with pytest.raises(ValueError, match="no losses"):
        plots.history({"losses": []})


def as_seen(images):
    """Images as (N, H, W, 3) floats, whatever they were given as."""
    pictures = images / 255 if images.dtype == np.uint8 else images
    if images.ndim == 2:
        pictures = pictures.reshape(-1, 3, 32, 32)
    if pictures.ndim == 3:
        return pictures[..., None].repeat(3, axis=-1)
    return pictures if pictures.shape[3] == 3 else pictures.transpose(0, 2, 3, 1)


def picture_at(ax, i, images):
    """Image i, cut out of the grid below its own title."""
    _, H, W, _ = as_seen(images).shape
    x, y = ax.texts[i].get_position()
    left, top = round(x - (W - 1) / 2), round(y + 0.5)
    return np.asarray(ax.images[0].get_array())[top : top + H, left : left + W]


@pytest.mark.parametrize("shape", [(7, 3, 32, 32), (7, 32, 32, 3), (7, 3072), (7, 16, 12), (1, 3, 5, 7), (3, 3, 3, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_image_grid_shows_each_image_once(shape, dtype):
    images = (np.random.default_rng(0).random(shape) * (255 if dtype == np.uint8 else 1)).astype(dtype)
    before = images.copy()
    ax = plots.image_grid(images, titles=[str(i) for i in range(len(images))], columns=4)
    shown = [picture_at(ax, i, images) for i in range(len(images))]
    np.testing.assert_allclose(shown, as_seen(images), atol=1e-7)
    assert [text.get_text() for text in ax.texts] == [str(i) for i in range(len(images))]
    np.testing.assert_array_equal(images, before)


def test_image_grid_keeps_the_colours_of_channels_first_images():
    red = np.zeros((1, 3, 32, 32), np.uint8)
    red[:, 0] = 255
    np.testing.assert_array_equal(plots.image_grid(red).images[0].get_array()[0, 0], [1, 0, 0])


@pytest.mark.parametrize(
    "images", [np.zeros((0, 3, 32, 32)), np.zeros((4, 100)), np.zeros((2, 2, 2, 2)), np.zeros(3072)]
)
def test_image_grid_refuses_what_is_no_image(images):
    with pytest.raises(ValueError, match="images must be"):
        plots.image_grid(images)


def test_image_grid_wants_a_title_for_each_image():
    with pytest.raises(ValueError, match="expected 2, got 1"):
        plots.image_grid(np.zeros((2, 3, 4, 4)), titles=["one"])


def test_gradient_error_marks_the_best_step():
    h = np.logspace(-8, 0, 9)
    ax = plots.gradient_error(h, {"central": h + 1e-12 / h})
    assert legible(ax) and ax.get_xscale() == ax.get_yscale() == "log"
    assert ax.lines[1].get_xdata()[0] == pytest.approx(1e-6)


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


def test_step_sizes_circles_the_best_and_draws_the_start():
    sizes = np.logspace(-5, -1, 5)
    ax = plots.step_sizes(
        sizes, {"raw": [2.3, 2.1, 4, 40, 400], "scaled": [2.3, 2.3, 2.2, 2.0, 9]}, start=2.3, data="stand-in"
    )
    assert legible(ax) and "stand-in" in title(ax) and ax.get_xscale() == ax.get_yscale() == "log"
    circled = [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 1]
    np.testing.assert_allclose(circled, [1e-4, 1e-2])
    assert "before the step" in [t.get_text() for t in ax.get_legend().get_texts()]
    with pytest.raises(ValueError, match="5 sizes, got 2"):
        plots.step_sizes(sizes, [1, 2])


def test_wall_clock_draws_each_run_against_its_own_times():
    ax = plots.wall_clock({"a": ([0, 1, 2], [3, 2, 1]), "b": ([0, 0.5], [3, 2.5])}, data="CIFAR-10")
    assert legible(ax) and "seconds" in ax.get_xlabel() and "CIFAR-10" in title(ax)
    np.testing.assert_array_equal(ax.lines[1].get_xdata(), [0, 0.5])
    with pytest.raises(ValueError, match="one loss for each time"):
        plots.wall_clock({"a": ([0, 1, 2], [3, 2])})
    for nothing in ({}, [1, 2]):
        with pytest.raises(ValueError, match="runs must be a dict"):
            plots.wall_clock(nothing)


def test_heat_map_writes_every_number_and_frames_the_highest():
    values = [[0.1, 0.25, np.nan], [0.3, 0.2, np.inf]]
    ax = plots.heat_map(values, [1, 10], [1e-5, 1e-3, "none"], "rate", "penalty", data="stand-in")
    assert legible(ax) and [t.get_text() for t in ax.texts] == ["10.0%", "25.0%", "–", "30.0%", "20.0%", "–"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1e-05", "0.001", "none"]
    (frame,) = [p for p in ax.patches if not p.get_fill()]
    assert frame.get_xy() == (-0.5, 0.5)
    with pytest.raises(ValueError, match=r"values must be \(1, 2\)"):
        plots.heat_map(values, [1], [1, 2], "a", "b")
    with pytest.raises(ValueError, match="at least one finite"):
        plots.heat_map([[np.nan]], [1], [1], "a", "b")


def test_confusion_matrix_has_the_true_class_in_rows():
    ax = plots.confusion_matrix([[8, 2], [0, 5]], ["cat", "dog"], data="CIFAR-10")
    assert legible(ax) and "true" in ax.get_ylabel() and "predicted" in ax.get_xlabel()
    assert [t.get_text() for t in ax.texts] == ["8", "2", "0", "5"]
    np.testing.assert_allclose(ax.images[0].get_array(), [[0.8, 0.2], [0, 1]])
    plots.confusion_matrix(np.zeros((2, 2), int), ["a", "b"])  # no images at all
    for bad in (np.zeros((2, 3)), np.zeros((3, 3)), [[1, -1], [0, 0]], [["1", "2"], ["3", "4"]]):
        with pytest.raises(ValueError, match=r"counts must be \(2, 2\)"):
            plots.confusion_matrix(bad, ["a", "b"])


@pytest.mark.parametrize("rows", [3072, 3073])
def test_templates_stretches_each_class_and_leaves_the_bias_out(rows):
    W = np.random.default_rng(0).normal(size=(rows, 3)) * [1, 10, 0.1]
    if rows == 3073:
        W[-1] = 1000
    ax = plots.templates(W, ["a", "b", "c"], data="stand-in")
    assert [text.get_text() for text in ax.texts] == ["a", "b", "c"] and "stand-in" in title(ax)
    picture = picture_at(ax, 1, np.zeros((3, 32, 32)))
    assert picture.shape == (32, 32, 3) and picture.min() == 0 and picture.max() == 1
    red = W[:1024, 1].reshape(32, 32)
    np.testing.assert_allclose(np.corrcoef(picture[..., 0].ravel(), red.ravel())[0, 1], 1)
    plots.templates(np.zeros((rows, 1)), ["constant"])
    with pytest.raises(ValueError, match=r"W must be \(3072, 2\)"):
        plots.templates(W, ["a", "b"])


def test_image_channels_shows_the_image_and_each_channel_on_one_scale():
    image = np.random.default_rng(0).integers(0, 200, (3, 32, 32)).astype(np.uint8)
    axes = plots.image_channels(image, data="CIFAR-10")
    np.testing.assert_array_equal(axes[0].images[0].get_array(), image.transpose(1, 2, 0))
    for ax, channel in zip(axes[1:], image):
        np.testing.assert_array_equal(ax.images[0].get_array(), channel)
        assert ax.images[0].get_clim() == (0, 255) and ax.get_xlabel() and title(ax)
    assert "CIFAR-10" in axes[0].figure.get_suptitle()
    for bad in (np.zeros((32, 32), np.uint8), np.zeros((3, 8, 8)), np.zeros((2, 3, 8, 8), np.uint8)):
        with pytest.raises(ValueError, match="image"):
            plots.image_channels(bad)


def test_pixel_values_writes_every_number_at_its_place():
    patch = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
    ax = plots.pixel_values(patch, corner=(10, 5), data="CIFAR-10")
    assert legible(ax)
    written = {text.get_position(): text.get_text() for text in ax.texts}
    assert written == {(5 + c, 10 + r): str(patch[r, c]) for r in range(3) for c in range(4)}
    left, right, bottom, top = ax.images[0].get_extent()
    assert (left, right, top, bottom) == (4.5, 8.5, 9.5, 12.5)


@pytest.mark.parametrize(
    "patch",
    [
        np.zeros((3, 4, 4), int),
        np.zeros((2, 2)),
        np.zeros((0, 3), int),
        np.full((2, 2), 256),
        np.full((2, 2), -1),
        np.zeros((32, 32), int),
    ],
)
def test_pixel_values_refuses_what_is_no_piece_of_a_channel(patch):
    with pytest.raises(ValueError, match="patch must be"):
        plots.pixel_values(patch)


def test_class_balance_shows_the_share_of_each_class_in_each_set():
    labels = {"training": np.array([0, 0, 1, 2]), "test": np.array([1, 2])}
    ax = plots.class_balance(labels, ["cat", "dog", "ship"], data="stand-in")
    assert [bar.get_height() for bar in ax.patches] == [0.5, 0.25, 0.25, 0, 0.5, 0.5]
    assert legible(ax) and [tick.get_text() for tick in ax.get_xticklabels()] == ["cat", "dog", "ship"]
    assert any(np.allclose(line.get_ydata(), 1 / 3) for line in ax.lines)
    for bad in (np.array([3]), np.array([-1]), np.array([], int), np.array([0.0]), np.zeros((2, 2), int)):
        with pytest.raises(ValueError, match="labels"):
            plots.class_balance({"training": bad}, ["cat", "dog", "ship"])


def test_image_rows_puts_every_image_in_its_place():
    rng = np.random.default_rng(0)
    rows = {"cats": rng.integers(0, 256, (3, 3, 8, 8)).astype(np.uint8), "grey": rng.random((2, 8, 8))}
    ax = plots.image_rows(rows, captions=["a", "b", "c"], data="stand-in")
    canvas = np.asarray(ax.images[0].get_array())
    assert [text.get_text() for text in ax.get_yticklabels()] == ["cats", "grey"]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["a", "b", "c"]
    for r, c, image in [
        (0, 2, rows["cats"][2].transpose(1, 2, 0) / 255),
        (1, 1, rows["grey"][1][..., None].repeat(3, 2)),
    ]:
        x, y = round(ax.get_xticks()[c] - 3.5), round(ax.get_yticks()[r] - 3.5)
        np.testing.assert_allclose(canvas[y : y + 8, x : x + 8], image)
    assert (canvas[9:, 18:] == 1).all() and "stand-in" in title(ax)
    with pytest.raises(ValueError, match="expected 3, got 1"):
        plots.image_rows(rows, captions=["a"])
    for bad in ({}, {"a": np.zeros((1, 8, 8)), "b": np.zeros((1, 8, 9))}):
        with pytest.raises(ValueError, match="all of one size"):
            plots.image_rows(bad)


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


def test_live_curves_are_drawn_into_one_display_and_end_as_one_figure(monkeypatch):
    import IPython.display

    shown, updated = [], []

    class Handle:
        def update(self, figure):
            updated.append(figure)

    monkeypatch.setattr(plots.curves, "in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda figure, display_id: shown.append(figure) or Handle())
    plt.close("all")
    watch = plots.live(data="CIFAR-10", every=3600)
    history = training.History(val_accuracy=[0.1])
    watch(history, False)
    assert not shown  # nothing to draw before the first step
    for loss in (2.3, 2.2, 2.1):
        history.losses.append(loss)
        watch(history, False)
    watch(history, True)
    assert len(shown) == 1 and len(updated) == 1 and not plt.get_fignums()
    assert "CIFAR-10" in title(updated[0].axes[0]) and len(updated[0].axes[0].lines[0].get_xydata()) == 3


def test_live_curves_outside_a_notebook_are_the_final_ones():
    plt.close("all")
    watch, history = plots.live(), training.History(losses=[2.3], val_accuracy=[0.1, 0.2])
    watch(history, False)
    assert not plt.get_fignums()
    watch(history, True)
    assert len(plt.get_fignums()) == 1


def test_a_network_diagram_has_a_circle_for_each_unit_and_a_line_for_each_weight():
    ax = plots.network_diagram((4, 10, 3), names=["x", "hidden", "scores"])
    assert sum(len(layer.get_offsets()) for layer in ax.collections) == 17 and len(ax.lines) == 4 * 10 + 10 * 3
    assert [text.get_text() for text in ax.texts] == ["x", "hidden", "scores"] and title(ax)
    for sizes, names in (((4,), None), ((4, 0), None), ((4, 17), None), ((2, 2), ["one"])):
        with pytest.raises(ValueError):
            plots.network_diagram(sizes, names)
