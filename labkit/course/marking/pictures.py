"""The plots of a submission: taken from its outputs, stored anew, and what they lack."""

import base64
import io
import re

from labkit.course import cells as labs
from labkit.course.marking.run_cells import LARGEST_IMAGE


def plots_of(result, executed, source, run, folder):
    """The plots of an executed submission, each stored in the folder: a list of dictionaries."""
    found = []
    figures = [
        labs.grading(cell)["grade_id"]
        for cell in source.cells
        if labs.kind(cell) in ("solution", "manual") and labs.KEY_FIGURE in cell.metadata.get("tags", [])
    ]
    rows = {row["id"]: row for row in result["rubric"]}
    for grade_id in figures:
        index = next(
            (i for i, cell in enumerate(executed.cells) if labs.grading(cell).get("grade_id") == grade_id), None
        )
        if index is None:
            continue
        row = rows.get("check-" + grade_id) or rows.get(grade_id) or {}
        images = [
            o["data"]["image/png"]
            for o in executed.cells[index].get("outputs", [])
            if o.output_type in ("display_data", "execute_result") and "image/png" in o.get("data", {})
        ]
        drawn, flags = run.figures.get(index, (b"", []))
        image = _image(images[-1] if images else None) or _image(drawn) or (b"", 0, 0)
        verdict = row.get("verdict", "")
        flags = plot_flags(verdict, flags)
        path = ""
        if image[0]:
            path = f"{grade_id}.png"
            (folder / path).write_bytes(image[0])
        words = labs.row(executed.cells[index])
        found.append(
            {
                "id": grade_id,
                "row": row.get("row", words),
                "image": path,
                "width": image[1],
                "height": image[2],
                "flags": flags,
                "alt": f"{words}, as drawn by {result['student']}",
                "max_points": row.get("max_points", 0.0),
            }
        )
    return found


def plot_flags(verdict, seen=()):
    """What the contact sheet filters by: the words of a plot's verdict, or what was seen of the figure without one."""
    wrong = " ".join(re.findall(r"✘[^✔✘]*", verdict)).lower()
    flags = list(seen)
    if "✔" in verdict or "✘" in verdict:
        flags = ["missing axis labels"] * ("label on the" in wrong) + ["missing title"] * ("no title" in wrong)
    poor = re.search("no better than chance|ends below|promised", wrong)  # of the diagnosis, not of the criterion
    return flags + ["below the promised accuracy"] * bool(poor)


def _image(data):
    """(PNG bytes, width, height) of a submission's picture, stored anew and not too large; None if it is none."""
    from PIL import Image

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
        plain.quantize(128).save(new, "PNG", optimize=True)
        return new.getvalue(), plain.width, plain.height
    except Exception:
        return None
