"""What moves in a live notebook, sliders and a curve that grows; pages, tests and marking get what stands still."""

import os
import sys
from time import monotonic

import matplotlib.pyplot as plt

from labkit.progress import in_notebook

from .curves import loss_curve


def touch(draw, **sliders):
    """Show what `draw` draws, with a slider for each of its settings in a running notebook.

    draw: function of the settings, by name, that draws one figure.
    sliders: for each setting its values, in the order of the slider, and the one chosen at first:
      `step_size=([0.01, 0.1, 1], 0.1)`.
    Elsewhere (rendered pages, tests, marking, no ipywidgets) it is the figure of the chosen settings. The
    environment variable LABKIT_SLIDERS, 1 or 0, decides where the front end is not recognised.
    Raises ValueError if a setting has no values, or the chosen one is not among them.
    """
    settings = {name: _values(name, *spec) for name, spec in sliders.items()}
    widgets = _widgets() if is_live() else None
    if widgets is None:
        draw(**{name: chosen for name, (_, chosen) in settings.items()})
        said = ", ".join(f"{_spoken(name)} {_shown(chosen)}" for name, (_, chosen) in settings.items())
        print(f"{said} (in a running notebook there are sliders)")
        return
    _show(widgets, draw, settings)


def growing_loss(steps, every=1.0, data=None, title="Loss, as it falls"):
    """A curve of losses that grows while they are computed, in a live notebook; elsewhere nothing is drawn.

    steps: how many losses there will be.
    every: seconds between two drawings.
    Returns a function to be called with each loss, which keeps one figure up to date.
    """
    losses, handle, drawn = [], None, monotonic()
    live = is_live()

    def add(loss):
        nonlocal handle, drawn
        losses.append(float(loss))
        if not live or (len(losses) < steps and monotonic() - drawn < every):
            return
        from IPython.display import display

        ax = loss_curve(losses, data=data, title=title)
        ax.set_xlim(0, steps)
        if handle is None:
            handle = display(ax.figure, display_id=True)
        else:
            handle.update(ax.figure)
        plt.close(ax.figure)
        drawn = monotonic()

    return add


def is_live():
    """Whether somebody sits before this notebook, in Jupyter, VS Code or Colab, as far as its surroundings tell."""
    asked = os.environ.get("LABKIT_SLIDERS")
    if asked:
        return asked != "0"
    if not in_notebook():
        return False
    names = sys.modules["IPython"].get_ipython().user_ns
    return bool({"JPY_SESSION_NAME", "COLAB_RELEASE_TAG"} & set(os.environ)) or "__vsc_ipynb_file__" in names


def _widgets():
    try:
        import ipywidgets
    except ImportError:
        return None
    return ipywidgets


def _values(name, values, chosen):
    values = list(values)
    if chosen not in values:
        raise ValueError(f"{name} must start at one of its values {values}, got {chosen!r}")
    return values, chosen


def _show(widgets, draw, settings):
    from IPython.display import clear_output, display

    sliders = {
        name: widgets.SelectionSlider(
            options=[(_shown(value), value) for value in values],
            value=chosen,
            description=_spoken(name),
            continuous_update=False,
            style={"description_width": "initial"},
            layout={"width": "28em"},
        )
        for name, (values, chosen) in settings.items()
    }
    place = widgets.Output()

    def redraw(change=None):
        with place:
            before = set(plt.get_fignums())
            draw(**{name: slider.value for name, slider in sliders.items()})
            clear_output(wait=True)
            for number in sorted(set(plt.get_fignums()) - before):
                display(plt.figure(number))
                plt.close(number)  # or the cell would show it once more

    for slider in sliders.values():
        slider.observe(redraw, names="value")
    display(widgets.VBox([*sliders.values(), place]))
    redraw()


def _shown(value):
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def _spoken(name):
    return name.replace("_", " ")
