"""Sliders: one figure of the chosen settings where nobody can move them, a widget where somebody can."""

import os
import sys
from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import pytest

from labkit.plots import growing_loss, touch
from labkit.plots.touch import is_live

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    for name in ("LABKIT_SLIDERS", "JPY_SESSION_NAME", "COLAB_RELEASE_TAG"):
        monkeypatch.delenv(name, raising=False)
    plt.close("all")
    yield
    plt.close("all")


def drawing(seen):
    def draw(step_size, kind="x"):
        seen.append((step_size, kind))
        return plt.subplots()[1]

    return draw


def test_elsewhere_it_is_the_figure_of_the_chosen_settings(capsys):
    seen = []
    assert touch(drawing(seen), step_size=([0.01, 0.1, 1], 0.1), kind=(["x", "y"], "y")) is None
    assert seen == [(0.1, "y")] and len(plt.get_fignums()) == 1
    out, err = capsys.readouterr()
    assert out == "step size 0.1, kind y (in a running notebook there are sliders)\n" and not err


def test_without_ipywidgets_it_is_the_same(monkeypatch, capsys):
    monkeypatch.setenv("LABKIT_SLIDERS", "1")
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    seen = []
    touch(drawing(seen), step_size=([1, 2], 1))
    assert seen == [(1, "x")] and "step size 1 " in capsys.readouterr().out


def test_sliders_redraw(monkeypatch):
    widgets = pytest.importorskip("ipywidgets")
    monkeypatch.setenv("LABKIT_SLIDERS", "1")
    shown, seen = [], []
    monkeypatch.setattr("IPython.display.display", shown.append)
    monkeypatch.setattr("IPython.display.clear_output", lambda wait: None)
    touch(drawing(seen), step_size=([0.01, 0.1, 1], 0.1))
    box = next(thing for thing in shown if isinstance(thing, widgets.VBox))
    slider = box.children[0]
    assert slider.description == "step size" and [text for text, _ in slider.options] == ["0.01", "0.1", "1"]
    slider.value = 1
    assert seen == [(0.1, "x"), (1, "x")] and not plt.get_fignums()
    assert sum(isinstance(thing, plt.Figure) for thing in shown) == 2


@pytest.mark.parametrize("values, chosen", [([], 1), ([1, 2], 3)])
def test_the_chosen_value_is_one_of_them(values, chosen):
    with pytest.raises(ValueError, match="step_size must start at one of its values"):
        touch(drawing([]), step_size=(values, chosen))


@pytest.mark.parametrize(
    "variables, names, live",
    [
        ({}, {}, False),
        ({"JPY_SESSION_NAME": "lab.ipynb"}, {}, True),
        ({"COLAB_RELEASE_TAG": "r"}, {}, True),
        ({}, {"__vsc_ipynb_file__": "lab.ipynb"}, True),
        ({"JPY_SESSION_NAME": "lab.ipynb", "LABKIT_SLIDERS": "0"}, {}, False),
        ({"LABKIT_SLIDERS": "1"}, {}, True),
    ],
)
def test_where_somebody_sits_before_the_notebook(monkeypatch, variables, names, live):
    for name, value in variables.items():
        monkeypatch.setitem(os.environ, name, value)
    shell = SimpleNamespace(kernel=object(), user_ns=names)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert is_live() is live


def test_a_script_is_not_a_notebook(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "lab.ipynb")
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not is_live()


def test_a_growing_curve_is_drawn_where_somebody_looks(monkeypatch):
    shown = []

    class Handle:
        def update(self, figure):
            shown.append(figure)

    def display(figure, display_id):
        shown.append(figure)
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    add = growing_loss(3, every=0)
    for loss in (3.0, 2.0, 1.0):
        add(loss)
    assert not shown and not plt.get_fignums()
    monkeypatch.setenv("LABKIT_SLIDERS", "1")
    add = growing_loss(3, every=0)
    for loss in (3.0, 2.0, 1.0):
        add(loss)
    assert [list(figure.axes[0].lines[0].get_ydata()) for figure in shown] == [[3.0], [3.0, 2.0], [3.0, 2.0, 1.0]]
    assert shown[0].axes[0].get_xlim() == (0, 3) and not plt.get_fignums()
    shown.clear()
    add = growing_loss(3, every=60)
    for loss in (3.0, 2.0, 1.0):
        add(loss)
    assert len(shown) == 1  # the last one, whatever the time
