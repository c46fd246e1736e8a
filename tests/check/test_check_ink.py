"""A line is judged where it is in the picture: not under a patch, and not where it leaves no mark."""

import matplotlib
import numpy as np
import pytest
from cells import said
from matplotlib.patches import Circle, Rectangle

from labkit import check
from labkit.check.figures import Plot
from labkit.check.ink import COVERED, NO_MARK, told, why_no_ink
from labkit.course.marking.pipe.drawn import built, described
from labkit.course.marking.pipe.written import Written

matplotlib.use("Agg")
LOSSES = 2 + 0.4 * np.exp(-np.arange(1001) / 200)
LONG = dict(fc="w", pad=300)


def _cover_axes(fig, ax):
    return fig.add_axes(ax.get_position().bounds)


COVERS = {
    "a patch": lambda fig, ax: ax.add_patch(Rectangle((-9, 0), 2000, 9, color="white", zorder=3)),
    "a patch in colour": lambda fig, ax: ax.add_patch(Rectangle((-9, 0), 2000, 9, color="navy", zorder=3)),
    "a span": lambda fig, ax: ax.axvspan(-9, 2000, color="white", zorder=3),
    "an area": lambda fig, ax: ax.fill_between([-9, 2000], 0, 9, color="white", zorder=3),
    "a picture": lambda fig, ax: ax.imshow(np.ones((2, 2, 3)), extent=(-9, 2000, 0, 9), zorder=3, aspect="auto"),
    "a box of a text": lambda fig, ax: ax.text(500, 2.2, " ", ha="center", va="center", bbox=LONG),
    "a patch on the figure": lambda fig, ax: fig.add_artist(Rectangle((0, 0), 1, 1, color="white")),
    "other axes": _cover_axes,
    "a white curve": lambda fig, ax: ax.plot(LOSSES, "w", lw=60),
    "white markers": lambda fig, ax: ax.scatter(np.arange(1001), LOSSES, 2000, "w", zorder=3),
    "the same curve, and a patch": lambda fig, ax: (ax.plot(LOSSES), COVERS["a patch"](fig, ax)),
}
LEAVES_IT = {
    "a patch below": lambda fig, ax: ax.add_patch(Rectangle((-9, 0), 2000, 9, color="yellow")),
    "a span that shines through": lambda fig, ax: ax.axvspan(-9, 2000, color="grey", zorder=3, alpha=0.5),
    "a patch over half of it": lambda fig, ax: ax.axvspan(400, 2000, color="white", zorder=3),
    "the same curve": lambda fig, ax: ax.plot(LOSSES, lw=5),
    "its own markers": lambda fig, ax: ax.scatter(np.arange(1001), LOSSES, 2000, zorder=3),
    "a legend": lambda fig, ax: (ax.plot([0], [2], label="start"), ax.legend(framealpha=1)),
    "twin axes": lambda fig, ax: ax.twinx().plot(LOSSES / 9),
    "axes without a ground": lambda fig, ax: _cover_axes(fig, ax).axis("off"),
    "an inset": lambda fig, ax: ax.inset_axes([0.5, 0.5, 0.4, 0.4]).plot(LOSSES[500:]),
    "a text": lambda fig, ax: ax.annotate("it falls", (200, 2.1), (500, 2.2), arrowprops={}),
    "a thin line": lambda fig, ax: ax.get_lines()[0].set(linewidth=0.3, color="lightyellow"),
    "pixels": lambda fig, ax: ax.get_lines()[0].set(linestyle="", marker=",", markevery=50),
    "a dark ground": lambda fig, ax: (ax.set_facecolor("black"), ax.get_lines()[0].set_color("white")),
}
UNDRAWN = {
    "dashes with endless gaps": lambda line: line.set_linestyle((0, (0.001, 1e5))),
    "cut off": lambda line: line.set_clip_path(Circle((-99, 0), 1, transform=line.axes.transData)),
    "nearly no width": lambda line: line.set_linewidth(1e-4),
    "the ground's own ink": lambda line: line.set(color="white", markerfacecolor="black"),
}


@pytest.fixture
def plot():
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots()
    ax.plot(LOSSES)
    ax.set(xlabel="step", ylabel="loss", title="Loss (CIFAR-10)", ylim=(1.9, 2.5))
    yield fig, ax
    plt.close("all")


def _in_the_notebook(ax):
    return ax


def _in_marking(ax):
    return built(described([ax]))[0]


@pytest.mark.parametrize("where", [_in_the_notebook, _in_marking])
@pytest.mark.parametrize("cover", COVERS)
def test_a_covered_line_is_no_line(plot, cover, where):
    fig, ax = plot
    COVERS[cover](fig, ax)
    points, text = said(check.cost_plot, where(ax))
    assert points < 10.0 and f"cannot be seen: {COVERED}" in text


@pytest.mark.parametrize("where", [_in_the_notebook, _in_marking])
@pytest.mark.parametrize("beside", LEAVES_IT)
def test_what_leaves_a_line_to_be_seen_costs_nothing(plot, beside, where):
    fig, ax = plot
    LEAVES_IT[beside](fig, ax)
    assert said(check.cost_plot, where(ax))[0] == 10.0


@pytest.mark.parametrize("where", [_in_the_notebook, _in_marking])
@pytest.mark.parametrize("how", UNDRAWN)
def test_a_line_without_ink_is_no_line(plot, how, where):
    UNDRAWN[how](plot[1].get_lines()[0])
    points, text = said(check.cost_plot, where(plot[1]))
    assert points < 10.0 and "cannot be seen" in text


def test_a_figure_is_left_as_it_was(plot):
    fig, ax = plot
    COVERS["a patch"](fig, ax)
    fig.canvas.draw()
    before = np.asarray(fig.canvas.buffer_rgba()).copy()
    assert why_no_ink(ax.get_lines()[0]) == COVERED
    fig.canvas.draw()
    assert np.array_equal(before, np.asarray(fig.canvas.buffer_rgba()))


def test_lines_that_say_nothing_are_left_to_others(plot):
    ax = plot[1]
    for x, y in (([], []), ([1], [2]), ([1, 2], [np.nan, np.nan]), ([5000, 6000], [1, 2])):
        line = ax.plot(x, y, scalex=False, scaley=False)[0]
        assert why_no_ink(line) is None
    line.remove()
    assert why_no_ink(line) is None


def test_what_another_process_saw_is_one_of_two_sentences(plot):
    line = plot[1].get_lines()[0]
    told(line, NO_MARK)
    assert why_no_ink(line) == NO_MARK and Plot(plot[1]).curves() == []
    told(line, "<script>")
    assert why_no_ink(line) is None


def test_who_changes_what_looks_for_ink_is_found_by_the_text():
    written = Written([(1, "from labkit.check import ink\nink.why_no_ink = lambda line: None", True)])
    assert "changes what judges (labkit.check.ink.why_no_ink)" in written.changes_judges()
