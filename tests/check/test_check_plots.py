"""The checks of plots."""

import matplotlib
import numpy as np
import pytest
from cells import said

from labkit import check

matplotlib.use("Agg")


@pytest.fixture
def plt():
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


LOSSES = 2 + 0.4 * np.exp(-np.arange(1001) / 200)


def drawn(plt, y, **labels):
    fig, ax = plt.subplots()
    ax.plot(y)
    ax.set(**{"xlabel": "step", "ylabel": "loss", "title": "Loss", **labels})
    return ax


def test_a_plot_may_have_other_lengths(plt):
    assert said(check.cost_plot, drawn(plt, LOSSES[:50]), steps=50)[0] == 10.0
    assert said(check.cost_plot, drawn(plt, LOSSES[:51]), steps=50)[0] == 10.0
    assert said(check.cost_plot, drawn(plt, LOSSES[:52]), steps=50)[0] == 6.0
    assert said(check.cost_plot, drawn(plt, LOSSES), points=3)[0] == 3.0


@pytest.mark.parametrize(
    "y, phrase",
    [
        (np.full(1001, np.nan), "NaN or infinite"),
        (np.r_[LOSSES[:-1], np.inf], "NaN or infinite"),
        ([], "0 points"),
        (np.ones(1001), "constant"),
        (np.r_[LOSSES[:500], LOSSES[:501][::-1] + 1], "it rises"),
        (np.r_[LOSSES[:500], LOSSES[:501][::-1] - 0.05], "falls and rises again"),
        (2 - 1e-6 * np.arange(1001), "hardly falls"),
    ],
)
def test_a_line_that_does_not_fall(plt, y, phrase):
    points, text = said(check.cost_plot, drawn(plt, y))
    assert points < 10.0 and phrase in text


def test_a_noisy_loss_may_fall(plt):
    noisy = LOSSES + 0.02 * np.random.default_rng(0).normal(size=1001)
    assert said(check.cost_plot, drawn(plt, noisy))[0] == 10.0


def test_labels_of_other_axes_do_not_count(plt):
    fig, (left, right) = plt.subplots(1, 2, sharex=True)
    left.plot([1, 2])
    left.set(xlabel="step", ylabel="loss", title="Loss")
    right.plot(LOSSES)
    points, text = said(check.cost_plot, fig)
    assert points == 6.0 and "no label on the x axis and the y axis" in text and "no title" in text


def test_subfigures(plt):
    fig = plt.figure()
    left, right = fig.subfigures(1, 2)
    ax = right.subplots()
    ax.plot(LOSSES)
    right.supxlabel("step")
    right.supylabel("loss")
    right.suptitle("Loss")
    for thing in (fig, right, ax, [left, right]):
        assert said(check.cost_plot, thing)[0] == 10.0


def test_what_is_no_plot(plt):
    class Frame:
        axes = [[1, 2], "rows"]

    for thing in (3, "plot", [], {}, (), object(), Frame(), Frame, plt, [None], np.zeros(1001), lambda: 1, matplotlib):
        points, text = said(check.cost_plot, thing)
        assert points == 0.0 and "no plot in it" in text
    empty = plt.figure()
    assert "no plot in it" in said(check.accuracy_plot, empty)[1]


def test_dates_and_words_on_the_axes(plt):
    fig, ax = plt.subplots()
    ax.plot(["a", "b", "c"], [3, 2, 1])
    ax.set(xlabel="step", ylabel="loss", title="Loss")
    assert said(check.cost_plot, ax, steps=3)[0] < 10.0


def test_masked_values_are_missing(plt):
    points, text = said(check.cost_plot, drawn(plt, np.ma.masked_greater(LOSSES, 2.3)))
    assert points == 4.0 and "NaN or infinite" in text


def test_accuracy_in_percent_needs_a_label_that_says_so(plt):
    accuracy = 100 * (0.3 - 0.2 * np.exp(-np.arange(1001) / 100))
    for labels, points in [
        ({"ylabel": "accuracy [%]"}, 5),
        ({"ylabel": "Percent right"}, 5),
        ({"title": "right, in %"}, 5),
        ({}, 4),
    ]:
        assert said(check.accuracy_plot, drawn(plt, accuracy, **labels))[0] == points
