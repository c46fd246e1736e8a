"""Curves: every step is drawn, guessing is drawn, what diverges is marked, and live curves are one display."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from drawn import entries, legible, style_of_its_own, title  # noqa: F401

from labkit import networks, plots, training


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


def test_gradient_error_marks_the_best_step():
    h = np.logspace(-8, 0, 9)
    ax = plots.gradient_error(h, {"central": h + 1e-12 / h})
    assert legible(ax) and ax.get_xscale() == ax.get_yscale() == "log"
    assert ax.lines[1].get_xdata()[0] == pytest.approx(1e-6)


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


def test_the_band_around_an_accuracy_is_one_standard_error():
    ax = plots.accuracy_curve({"training": [0.5, 0.9], "validation": [0.2, 0.5]}, images={"validation": 1000})
    (band,) = ax.collections
    low, high = band.get_paths()[0].get_extents().get_points()[:, 1]
    assert high == pytest.approx(0.5 + 0.0158, abs=1e-4) and low == pytest.approx(0.2 - 0.01265, abs=1e-4)
    assert entries(ax).count("± standard error, 1,000 images") == 1
    both = plots.accuracy_curve({"a": [0.5], "b": [0.4]}, images=500)
    assert len(both.collections) == 2 and entries(both).count("± standard error, 500 images") == 1
    with pytest.raises(ValueError, match="at least 1, got 0"):
        plots.accuracy_curve([0.5], images=0)


def test_the_band_is_there_where_the_history_knows_its_images():
    run = {"losses": [2.3], "train_accuracy": [0.1, 0.5], "val_accuracy": [0.1, 0.3]}
    assert not plots.history(run)[1].collections
    assert len(plots.history(run, images=100)[1].collections) == 1
    assert "1,000 images" in entries(plots.history(run | {"settings": {"val_images": 1000}})[1])[-2]


def test_overfitting_shows_the_gap():
    run = {"losses": [2.3, 0.1], "train_accuracy": [0.1, 0.5, 0.94], "val_accuracy": [0.12, 0.15, 0.16]}
    left, right = plots.overfitting(run, data="CIFAR-10")
    assert legible(left) and legible(right) and "CIFAR-10" in title(right)
    assert "gap: 78 points" in [text.get_text() for text in right.texts]
    assert entries(right)[:2] == ["training", "validation"] and right.get_ylim()[1] >= 1
    for missing in ("train_accuracy", "val_accuracy"):
        with pytest.raises(ValueError, match="one of each for each epoch"):
            plots.overfitting(run | {missing: []})
    with pytest.raises(ValueError, match="one of each for each epoch"):
        plots.overfitting(run | {"val_accuracy": [0.1]})


@pytest.mark.parametrize("arrays", [np.array, list])
def test_overfitting_takes_arrays_and_lists(arrays):
    run = {name: arrays([0.1, 0.5]) for name in ("losses", "train_accuracy", "val_accuracy")}
    assert "gap: 0 points" in [text.get_text() for text in plots.overfitting(run)[1].texts]


def watched(monkeypatch, history, counts, **settings):
    """What live curves say in the corner after each of some numbers of steps, ten seconds apart."""
    import IPython.display

    seen, now = [], [0]

    class Handle:
        def update(self, figure):
            seen.append(figure.get_suptitle())

    def display(figure, display_id):
        seen.append(figure.get_suptitle())
        return Handle()

    monkeypatch.setattr(plots.curves, "in_notebook", lambda: True)
    monkeypatch.setattr(plots.curves, "monotonic", lambda: now[0])
    monkeypatch.setattr(IPython.display, "display", display)
    watch = plots.live(every=0, **settings)
    for n in counts:
        history.losses[:] = [2.0] * n
        watch(history, False)
        now[0] += 10
    watch(history, True)
    return seen


def test_live_curves_say_how_much_time_is_left_and_end_without_it(monkeypatch):
    words = watched(monkeypatch, training.History(val_accuracy=[0.1]), (1, 11, 31), steps=91)
    assert words == ["step 1 of 91", "step 11 of 91, 1:20 left", "step 31 of 91, 0:40 left", ""]


def test_live_curves_take_the_number_of_steps_from_the_history(monkeypatch):
    history = training.History(val_accuracy=[0.1])
    assert watched(monkeypatch, history, (1, 2)) == ["step 1", "step 2", ""]
    history.settings = {"steps": 990}
    assert watched(monkeypatch, history, (1, 2)) == ["step 1 of 990", "step 2 of 990, 164:40 left", ""]


def test_a_run_of_train_tells_the_band_and_the_time_left_what_they_need():
    rng, counted = np.random.default_rng(0), []
    X, y = rng.normal(size=(35, 4)), rng.integers(0, 3, 35)
    params = networks.init_two_layer_net(4, 5, 3)
    validation = {"X_val": X[:9], "y_val": y[:9]}
    watch = {"watch": lambda history, final: counted.append(plots.curves._steps(history))}
    run = training.train(
        networks.two_layer_net, params, X, y, **validation, epochs=2, batch_size=10, quiet=True, **watch
    )
    assert set(counted) == {len(run.losses)} == {8}
    assert "± standard error, 9 images" in entries(plots.history(run)[1])
