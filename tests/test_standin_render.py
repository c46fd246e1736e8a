"""One picture of the stand-in: what each difficulty changes in it, and which values are refused."""

import numpy as np
import pytest

from labkit.data.reader import CLASSES
from labkit.data.standin import render
from labkit.data.standin.render import RANGES


@pytest.mark.parametrize("label", CLASSES)
def test_render_is_a_picture_and_repeats(label):
    picture = render(label)
    assert picture.shape == (3, 32, 32) and picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, render(CLASSES.index(label)))
    np.testing.assert_array_equal(
        picture,
        render(label, viewpoint=0, scale=1, deformation=0.0, occlusion=0, illumination=0, clutter=0, variant=0, seed=0),
    )
    assert picture.std() > 10


@pytest.mark.parametrize("label", ["cat", "ship"])
@pytest.mark.parametrize("name", RANGES)
def test_render_changes_with_each_difficulty(label, name):
    low, high = RANGES[name]
    values = np.linspace(low, high, 5)
    series = [render(label, **{name: v}, seed=3) for v in values]
    assert len({p.tobytes() for p in series}) == 5
    for v, picture in zip(values, series):
        np.testing.assert_array_equal(picture, render(label, **{name: v}, seed=3))


def test_render_changes_what_it_says():
    def changed(**settings):
        return np.mean(np.any(render("horse", seed=3, **settings) != render("horse", seed=3), axis=0))

    covered = [changed(occlusion=v) for v in (0.2, 0.6, 1.0)]
    assert covered == sorted(covered) and covered[0] < 0.25 and 0.4 < covered[2] < 0.75
    filled = [changed(clutter=v) for v in (0.1, 0.4, 1.0)]
    assert filled == sorted(filled) and 0 < filled[0] < filled[2] < 0.7
    brightness = [render("horse", illumination=v).mean() for v in (-1, -0.5, 0, 0.5, 1)]
    assert brightness == sorted(brightness) and brightness[0] < 0.7 * brightness[2]
    edge = [changed(scale=v) for v in (0.9, 0.7, 0.5)]
    assert edge == sorted(edge)


def test_render_variants_and_seeds():
    assert len({render("dog", variant=v).tobytes() for v in range(20)}) == 20
    assert len({render("dog", seed=s).tobytes() for s in range(20)}) == 20
    first, second = render("dog", seed=4, variant=0), render("dog", seed=4, variant=1)
    np.testing.assert_array_equal(first[:, :2, :2], second[:, :2, :2])  # another dog, the same place


def test_render_takes_numpy_numbers():
    picture = render(np.int64(3), scale=np.float64(0.75), variant=np.int32(2), seed=np.uint8(1))
    np.testing.assert_array_equal(picture, render("cat", scale=0.75, variant=2, seed=1))


def test_render_in_extremes():
    for label in CLASSES:
        for v in (-1, 1):
            picture = render(
                label,
                viewpoint=v,
                scale=1 + v / 2,
                deformation=v,
                occlusion=1,
                illumination=v,
                clutter=1,
                variant=99_999_999,
                seed=99_999_999,
            )
            assert picture.std() > 5


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("value", ["beyond", "below", float("nan"), float("inf"), "0.5", None, True, [0.5]])
def test_render_refuses_values_out_of_range(name, value):
    low, high = RANGES[name]
    if value in ("beyond", "below"):
        value = high + 0.01 if value == "beyond" else low - 0.01
    with pytest.raises(ValueError, match=f"^{name} must be a number from {low} to {high}, not "):
        render("cat", **{name: value})


@pytest.mark.parametrize("name", ["variant", "seed"])
@pytest.mark.parametrize("value", [-1, 100_000_000, 0.5, 1.0, "1", None, True])
def test_render_refuses_seeds_that_are_not_whole_numbers(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be a whole number"):
        render("cat", **{name: value})


@pytest.mark.parametrize("label", ["plane", "Cat", "", -1, 10, 1.0, None, True, ["cat"]])
def test_render_refuses_unknown_classes(label):
    with pytest.raises(ValueError, match="^label must be a class"):
        render(label)
