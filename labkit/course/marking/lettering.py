"""The numbers at the axes of figures, laid out before the kernels are forked: they cost more than all that is drawn."""

import functools
import gc

import matplotlib
from matplotlib import font_manager
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser

_OUTPUT = {"raster": "agg", "vector": "path"}
_SIZE, _DPI = 10.0, 100  # of labkit.mplstyle
_USUAL = [*range(11), *range(20, 101, 10), *range(200, 1001, 100)]
_USUAL = [str(n) for n in _USUAL] + [f"{n / 10:.1f}" for n in range(26)] + [f"{n / 20:.2f}" for n in range(21)]


def share():
    """Let all pictures share the layouts of formulas, which the numbers at axes are to Matplotlib; it makes those of
    each picture anew. What a layout depends on tells them apart, the settings of fonts among it."""
    plain = getattr(MathTextParser._parse_cached, "__wrapped__", None)
    if plain is None:  # shared already, or another Matplotlib
        return
    fonts = [name for name in matplotlib.rcParams if name.startswith(("mathtext.", "font."))]

    @functools.lru_cache(2000)
    def layout(kind, text, settings):
        return plain(MathTextParser(_OUTPUT[kind]), *text)

    def shared(parser, *text):
        return layout(parser._output_type, text, tuple(str(matplotlib.rcParams[name]) for name in fonts))

    MathTextParser._parse_cached = shared


def warm():
    """Share the layouts, and make those of numbers that stand at most axes; no file of a font stays open."""
    share()
    for number in _USUAL:
        MathTextParser("agg").parse(rf"$\mathdefault{{{number}}}$", _DPI, FontProperties(size=_SIZE))
    font_manager._get_font.cache_clear()
    gc.collect()
