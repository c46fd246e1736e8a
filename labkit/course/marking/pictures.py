"""The plots of a submission: taken from its outputs, stored anew, and what they lack."""

import base64
import hashlib
import io
import re

from PIL import Image

from labkit.course import cells
from labkit.course.marking.outputs import LARGEST_IMAGE
from labkit.course.report.result import Plot


def plots_of(mark, nb, source, figures, folder):
    """The plots of an executed submission, a `Plot` each; their pictures are left in the folder.

    mark: with the verdicts.
    nb: the executed notebook.
    source: the solved lab, which says by a tag what is a plot to be judged.
    figures: {cell: `Drawn`} of the figures that an exercise left in its name.
    """
    found, rows = [], {row.id: row for row in mark.rubric}
    where = {cells.grading(cell).get("grade_id"): index for index, cell in reversed(list(enumerate(nb.cells)))}
    for grade_id in _key_figures(source):
        index = where.get(grade_id)
        if index is None:
            continue
        shown, cell, row = _picture(nb.cells[index], figures.get(index)), nb.cells[index], None
        row = rows.get("check-" + grade_id) or rows.get(grade_id)
        flags = figures[index].lacks if index in figures else []
        plot = Plot(grade_id, row.row if row else cells.row(cell), row.max_points if row else 0.0)
        plot.flags = plot_flags(row.verdict if row else "", flags)
        plot.alt = f"{cells.row(cell)}, as drawn by {mark.student}"
        if shown is not None:
            plot.image = f"{grade_id}.png"
            content, plot.width, plot.height = shown
            (folder / plot.image).write_bytes(content)
        found.append(plot)
    return found


def _key_figures(source):
    return [
        cells.grading(cell)["grade_id"]
        for cell in source.cells
        if cells.kind(cell) in ("solution", "manual") and cells.KEY_FIGURE in cell.metadata.get("tags", [])
    ]


def _picture(cell, drawn):
    """The figure that a cell left in its name, which is what the check has judged; else the last image it shows."""
    images = [
        output["data"]["image/png"]
        for output in cell.get("outputs", [])
        if output.output_type in ("display_data", "execute_result") and "image/png" in output.get("data", {})
    ]
    named = [image for image in images if drawn and drawn.shown == _digest(image)]
    return stored_anew(drawn.png if drawn else None) or stored_anew((named or images or [None])[-1])


def _digest(image):
    return hashlib.sha256("".join(image).strip().encode()).hexdigest()


def plot_flags(verdict, seen=()):
    """What the contact sheet filters by: the words of a plot's verdict, or what was seen of the figure without one."""
    wrong = " ".join(re.findall(r"✘[^✔✘]*", verdict)).lower()
    flags = list(seen)
    if "✔" in verdict or "✘" in verdict:
        flags = ["missing axis labels"] * ("label on the" in wrong) + ["missing title"] * ("no title" in wrong)
    poor = re.search("no better than chance|ends below|promised", wrong)  # of the diagnosis, not of the criterion
    return flags + ["below the promised accuracy"] * bool(poor)


def stored_anew(data):
    """(PNG bytes, width, height) of a submission's picture, stored anew and not too large; None if it is none."""
    try:
        content = base64.b64decode(data) if isinstance(data, str) else data
        if not content or len(content) > 8 * LARGEST_IMAGE:
            return None
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            if picture.width * picture.height > 60_000_000:
                return None
            picture = picture.convert("RGBA" if picture.mode in ("RGBA", "LA", "P") else "RGB")
            picture.thumbnail((1400, 1400))
            plain = Image.new("RGB", picture.size, "white")
            plain.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
        new = io.BytesIO()
        plain = plain.quantize(256, method=Image.Quantize.FASTOCTREE)  # in a fifth of the default's time
        plain.putpalette([255 if level > 252 else level for level in plain.getpalette()])  # white stays white
        plain.save(new, "PNG")
        return new.getvalue(), plain.width, plain.height
    except Exception:
        return None
