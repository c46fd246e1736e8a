"""Images: each is shown once, in its place and in its colours; what is no image is refused."""

import numpy as np
import pytest
from drawn import legible, style_of_its_own, title  # noqa: F401

from labkit import plots


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


def canvas(ax):
    return np.ma.filled(ax.images[0].get_array(), np.nan)


def test_filters_with_three_channels_are_colour_pictures_stretched_each():
    w = np.random.default_rng(0).normal(size=(10, 3, 5, 5)) * np.logspace(-3, 1, 10)[:, None, None, None]
    shown = canvas(plots.visualize_filters(w, columns=4))
    assert shown.shape == (3 * 5 + 2, 4 * 5 + 3, 3)  # one pixel between two filters
    filters = w.transpose(0, 2, 3, 1)
    for i in range(10):
        cut = shown[i // 4 * 6 :, i % 4 * 6 :][:5, :5]
        np.testing.assert_allclose(cut, (filters[i] - filters[i].min()) / np.ptp(filters[i]), atol=1e-12)
    assert (shown[12:, 12:] == 1).all()  # no eleventh


def test_filters_on_one_scale_have_zero_in_the_middle_before_and_after():
    w = np.zeros((2, 3, 4, 4))
    w[0, 1, 2, 3], before = -4.0, np.full(w.shape, 2.0)
    left, right = plots.visualize_filters(w, before=before, shared=True, data="stand-in")
    np.testing.assert_allclose(canvas(left)[:4, :4], 0.75)
    assert canvas(right)[2, 3].tolist() == [0.5, 0.0, 0.5]
    assert [title(left), title(right)] == ["before training", "after training"]
    assert "stand-in" in left.figure.get_suptitle() and "−4 (dark) to 4 (bright)" in left.get_xlabel()
    plots.visualize_filters(np.zeros((2, 3, 4, 4)), shared=True)


@pytest.mark.parametrize("channels, shape", [(1, (5, 8 * 6 - 1)), (4, (9 * 6 - 1, 4 * 6 - 1)), (2, (9 * 6 - 1, 11))])
def test_other_filters_are_grey_a_row_for_the_channels_of_each(channels, shape):
    w = np.random.default_rng(1).normal(size=(9 if channels > 1 else 8, channels, 5, 5))
    shown = canvas(plots.visualize_filters(w))
    assert shown.shape == (*shape, 3)
    row, column = (1, channels - 1) if channels > 1 else (0, 1)
    cut, whole = shown[6 * row :, 6 * column :][:5, :5, 0], w[1]
    np.testing.assert_allclose(cut, (whole[-1] - whole.min()) / np.ptp(whole))


@pytest.mark.parametrize("w", [np.zeros((3, 5, 5)), np.zeros((0, 3, 5, 5)), np.full((1, 3, 2, 2), np.nan)])
def test_what_are_no_filters_is_refused(w):
    with pytest.raises(ValueError, match="w must be finite filters"):
        plots.visualize_filters(w)


def test_filters_before_must_fit_those_after():
    with pytest.raises(ValueError, match=r"before must have the shape of w, \(2, 3, 5, 5\), got \(3, 3, 5, 5\)"):
        plots.visualize_filters(np.ones((2, 3, 5, 5)), before=np.ones((3, 3, 5, 5)))


def test_feature_maps_are_on_one_scale_or_each_on_its_own():
    maps = np.arange(2 * 6 * 7.0).reshape(2, 6, 7)
    ax = plots.feature_maps(maps[None], names=["edges", "dots"], data="CIFAR-10")
    np.testing.assert_array_equal(canvas(ax)[:6, :7], maps[0])
    np.testing.assert_array_equal(canvas(ax)[:6, -7:], maps[1])
    assert np.isnan(canvas(ax)[:, 7]).all() and ax.images[0].get_clim() == (0, 83)
    assert [text.get_text() for text in ax.texts] == ["edges", "dots"] and "CIFAR-10" in title(ax)
    assert len(ax.figure.axes) == 2  # the bar
    own = plots.feature_maps(maps, shared=False)
    assert canvas(own)[:6, -7:].min() == 0 and canvas(own)[:6, -7:].max() == 1 and len(own.figure.axes) == 1
    assert [text.get_text() for text in own.texts] == ["0", "1"]
    for bad in (np.zeros((2, 3, 4, 4)), np.zeros((4, 4)), np.full((1, 2, 2), np.inf)):
        with pytest.raises(ValueError, match="maps must be finite"):
            plots.feature_maps(bad)
    with pytest.raises(ValueError, match="expected 2, got 1"):
        plots.feature_maps(maps, names=["one"])


@pytest.mark.parametrize("patch", [None, 6])
def test_an_occlusion_map_frames_the_piece_that_costs_most(patch):
    drop = np.zeros((2, 4))
    drop[1, 3], image = 0.5, np.random.default_rng(0).random((3, 16, 16))
    left, right = plots.occlusion_map(image, drop, patch=patch, data="CIFAR-10")
    np.testing.assert_array_equal(left.images[0].get_array(), image.transpose(1, 2, 0))
    np.testing.assert_array_equal(right.images[0].get_array(), drop)
    x, y = right.patches[0].get_xy()
    if patch is None:
        assert (x, y, right.patches[0].get_width(), right.patches[0].get_height()) == (11.5, 7.5, 4, 8)
        assert right.images[0].get_extent() == [-0.5, 15.5, 15.5, -0.5]
    else:  # the last piece ends where the image ends
        assert (x, y) == (9.5, 9.5) and right.patches[0].get_width() == right.patches[0].get_height() == 6
        across = np.linspace(*right.images[0].get_extent()[:2], 9)[1::2]  # the middles of the four cells
        np.testing.assert_allclose(across, [2.5 + 10 / 3 * i for i in range(4)])
    assert "CIFAR-10" in left.figure.get_suptitle() and left.get_ylabel() and right.get_xlabel()
    for bad in (np.zeros(4), np.zeros((0, 2)), np.full((2, 2), np.nan)):
        with pytest.raises(ValueError, match="drop must be"):
            plots.occlusion_map(image, bad)
    with pytest.raises(ValueError, match="patch"):
        plots.occlusion_map(image, drop, patch=17)
