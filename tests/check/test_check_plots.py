"""The checks of plots."""

import matplotlib
import numpy as np
import pytest
from cells import said

from labkit import check
from labkit.check.figures import Plot, drawn_as, falling, level, rising_accuracy, title

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
    ax.set(**{"xlabel": "step", "ylabel": "loss", "title": "Loss (CIFAR-10)", **labels})
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
    right.suptitle("Loss (CIFAR-10)")
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
        ({"title": "cifar10: right, in %", "ylabel": "accuracy"}, 5),
        ({"ylabel": "accuracy"}, 4),
    ]:
        ax = drawn(plt, accuracy, **labels)
        ax.axhline(10)
        assert said(check.accuracy_plot, ax)[0] == points


def test_words_that_say_nothing_or_something_else(plt):
    y = 2.3 * np.exp(-np.arange(1001) / 200)
    for words, lost, phrase in [
        ({"xlabel": "x"}, 2, "the label of the x axis is 'x'"),
        ({"ylabel": "y"}, 2, "the label of the y axis is 'y'"),
        ({"xlabel": "loss", "ylabel": "step"}, 2, "the labels are swapped"),
        ({"ylabel": "Accuracy"}, 2, "the values are of the loss"),
        ({"title": "t"}, 2, "the title is 't'"),
        ({"ylabel": "$L$"}, 0, ""),
        ({"ylabel": "loss of the accuracy run"}, 0, ""),
        ({"xlabel": "$t$ (steps)", "ylabel": "mean of $-\\log p$"}, 0, ""),
        ({"xlabel": "loss after each step", "ylabel": "loss"}, 0, ""),
    ]:
        points, text = said(check.cost_plot, drawn(plt, y, **words))
        assert points == 10 - lost and phrase in text, text


def test_curves_that_are_no_lines(plt):
    y = 2.3 * np.exp(-np.arange(1001) / 200)
    _, ax = plt.subplots()
    ax.stairs(y)
    ax.set(xlabel="step", ylabel="loss", title="Loss, stand-in")
    assert said(check.cost_plot, ax)[0] == 10
    _, ax = plt.subplots()
    ax.step(np.arange(1001), 0.3 - 0.2 * np.exp(-np.arange(1001) / 100))
    ax.yaxis.set_major_formatter(lambda value, place: f"{100 * value:.0f} %")
    ax.axhline(0.1)
    ax.set(xlabel="step", ylabel="accuracy", title="Accuracy, CIFAR-10")
    assert said(check.accuracy_plot, ax)[0] == 5


def test_the_values_themselves(plt):
    rng = np.random.default_rng(0)
    y = 2.3 * np.exp(-np.arange(1001) / 200) + 0.01 * rng.random(1001)
    for drawn_values, phrase in [
        (y, None),
        (y[:-1], None),
        (y[1:], None),
        (np.log(y), "logarithm"),
        (np.sort(y)[::-1], "sorted"),
        (-y, "sign"),
        (y + 0.1, "not drawn from the values"),
    ]:
        found = drawn_as(y, Plot(drawn(plt, drawn_values)), 1000, falling)
        assert found is None if phrase is None else phrase in found


def test_the_level_of_guessing(plt):
    y = 0.3 - 0.2 * np.exp(-np.arange(1001) / 100)
    course = rising_accuracy(0.1)
    for at, phrase in [(0.1, None), (10, None), (0.5, "not at the level"), (None, "no horizontal line")]:
        for draw in ("axhline", "hlines", "plot"):
            ax = drawn(plt, y)
            if at is not None:
                {"axhline": lambda: ax.axhline(at), "hlines": lambda: ax.hlines(at, 0, 1000)}.get(
                    draw, lambda: ax.plot([0, 1000], [at, at])
                )()
            found = level(0.1, 1000, course)(Plot(ax))
            assert found is None if phrase is None else phrase in found


def test_the_name_of_the_data(plt):
    y = 2.3 * np.exp(-np.arange(1001) / 200)
    for words, right in [("Loss (CIFAR-10)", True), ("Loss on the Stand-In", True), ("Loss", False)]:
        found = title(1000, falling, data=("cifar", "stand-?in"))(Plot(drawn(plt, y, title=words)))
        assert found is None if right else found.keeps == 0.5
