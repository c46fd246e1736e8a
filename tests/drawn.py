"""What the tests of the plots share: a style of their own for each test, and what a reader finds in a figure."""

import matplotlib
import numpy as np
import pytest

matplotlib.use("agg")
import matplotlib.pyplot as plt  # noqa: E402

from labkit import plots  # noqa: E402


@pytest.fixture(autouse=True)
def style_of_its_own():
    """Figures are closed, and style and name of the data forgotten, when a test ends."""
    with plt.rc_context():
        yield
        plots.use_style()
    plt.close("all")


def title(ax):
    """The title, which stands left in labkit's style and in the middle in Matplotlib's own."""
    return ax.get_title("left") or ax.get_title()


def legible(ax):
    return ax.get_xlabel() and ax.get_ylabel() and title(ax)


def entries(ax):
    """The words of the legend."""
    return [text.get_text() for text in ax.get_legend().get_texts()]


def figure_words(drawn):
    """All titles of the figure that a plot drew in."""
    figure = np.ravel(drawn)[0].figure
    return figure.get_suptitle() + "".join(ax.get_title(loc) for ax in figure.axes for loc in ("left", "center"))
