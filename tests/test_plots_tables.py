"""Tables as pictures: every number in its cell, every bar as high as its share."""

import numpy as np
import pytest
from drawn import entries, legible, style_of_its_own, title  # noqa: F401

from labkit import plots


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


def test_class_balance_shows_the_share_of_each_class_in_each_set():
    labels = {"training": np.array([0, 0, 1, 2]), "test": np.array([1, 2])}
    ax = plots.class_balance(labels, ["cat", "dog", "ship"], data="stand-in")
    assert [bar.get_height() for bar in ax.patches] == [0.5, 0.25, 0.25, 0, 0.5, 0.5]
    assert legible(ax) and [tick.get_text() for tick in ax.get_xticklabels()] == ["cat", "dog", "ship"]
    assert any(np.allclose(line.get_ydata(), 1 / 3) for line in ax.lines)
    for bad in (np.array([3]), np.array([-1]), np.array([], int), np.array([0.0]), np.zeros((2, 2), int)):
        with pytest.raises(ValueError, match="labels"):
            plots.class_balance({"training": bad}, ["cat", "dog", "ship"])


def test_class_accuracy_draws_each_class_with_its_standard_error_and_guessing():
    y = np.array([0] * 100 + [1] * 400)
    predicted = np.r_[np.arange(100) >= 20, np.arange(400) >= 40].astype(int)  # 20 of 100 right, 360 of 400 right
    ax = plots.class_accuracy(y, predicted, ["cat", "dog"], data="CIFAR-10")
    assert [bar.get_height() for bar in ax.patches] == [0.2, 0.9]
    errors = ax.containers[0].lines[2][0].get_segments()
    np.testing.assert_allclose([np.ptp(e[:, 1]) / 2 for e in errors], [0.04, 0.015])
    assert any(np.allclose(line.get_ydata(), 0.5) for line in ax.lines) and legible(ax)
    assert {"accuracy, 76.0% of all", "guessing (50%)", "± standard error"} <= set(entries(ax))
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["cat", "dog"]
    two = plots.class_accuracy(y, {"one": predicted, "other": y}, ["cat", "dog"])
    assert [bar.get_height() for bar in two.patches] == [0.2, 0.9, 1, 1] and "other, 100.0% of all" in entries(two)


@pytest.mark.parametrize(
    "y, predicted, says",
    [
        ([0, 1], [0, 2], "predicted must be 2 whole numbers from 0 to 1"),
        ([0, 1], [0], "predicted must be 2"),
        ([0, 1], {"net": [0.0, 1.0]}, r"predicted\['net'\] must be 2"),
        ([0, 2], [0, 1], "y must be 2"),
        ([], [], "y must be"),
        ([0, 0], [0, 1], "at least one image of each class, got none of 'dog'"),
    ],
)
def test_class_accuracy_refuses_what_are_no_classes(y, predicted, says):
    with pytest.raises(ValueError, match=says):
        plots.class_accuracy(y, predicted, ["cat", "dog"])


def test_timing_bars_end_at_their_time_and_say_how_many_times_faster():
    ax = plots.timing_bars({"conv": (2.0, 0.0013), "pool": (3e-4, 2.5e-5)})
    assert ax.get_xscale() == "log" and "seconds" in ax.get_xlabel() and title(ax)
    np.testing.assert_allclose([bar.get_x() + bar.get_width() for bar in ax.patches], [2.0, 3e-4, 0.0013, 2.5e-5])
    words = [text.get_text() for text in ax.texts]
    assert words == ["2 s", "300 µs", "1.3 ms,  1,500 × faster", "25 µs,  12 × faster"]
    slower = plots.timing_bars({"conv": (1.0, 0.5, 1.25)}, names=("a", "b", "c"))
    assert [text.get_text() for text in slower.texts] == ["1 s", "500 ms,  2.0 × faster", "1.25 s,  0.80 × as fast"]
    for rows in ({}, {"conv": (1.0,)}, {"conv": (1.0, 0.0)}, {"conv": 2.0}, [(1, 2)]):
        with pytest.raises(ValueError, match="rows"):
            plots.timing_bars(rows)
