"""Lines that are in a figure and that nobody sees."""

from matplotlib import colors as colours


def why_unseen(ax, line):
    """Why nobody sees a line, in words; None where it is to be seen."""
    ground = colours.to_rgb(ax.get_facecolor() if ax.get_facecolor()[3] else ax.figure.get_facecolor())
    joined = str(line.get_linestyle()) not in ("None", "", " ") and line.get_linewidth() > 0
    marked = str(line.get_marker()) not in ("None", "", " ") and line.get_markersize() > 0
    if not (ax.get_visible() and line.get_visible()):
        return "it is set invisible"
    if not (joined or marked):
        return "its width is 0, or it has no style"
    if (1 if line.get_alpha() is None else line.get_alpha()) < 0.05:
        return "it is transparent (alpha)"
    drawn = [line.get_color()] * joined + [line.get_markerfacecolor(), line.get_markeredgecolor()] * marked
    if all(_is_like(colour, ground) for colour in drawn):
        return "it has the colour of the ground"
    return None


def _is_like(colour, ground):
    try:
        *shade, solid = colours.to_rgba(colour)
    except ValueError:
        return False
    return solid < 0.05 or max(abs(a - b) for a, b in zip(shade, ground)) * solid < 0.04
