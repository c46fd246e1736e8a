"""What a kernel sends: kept within bounds, taken for points, and what it tells the marker put aside."""

import base64
import json
import re

from nbclient import NotebookClient
from nbclient.client import CellExecutionComplete
from nbformat.v4 import new_output
from nbgrader.preprocessors import LimitOutput

from labkit.course import cells
from labkit.course.marking import messages
from labkit.course.marking.happened import Drawn, place
from labkit.course.marking.kernel import FIGURE, NOTES

LONGEST_OUTPUT, MOST_OUTPUTS, LARGEST_IMAGE = 50_000, 60, 3 << 20  # characters, outputs of a cell, bytes


class Listener(NotebookClient):
    """nbclient, which keeps a flood of output within bounds and what the kernel tells the marker apart.

    happened: the `Happened` to tell of it.
    """

    def __init__(self, nb, happened, **options):
        super().__init__(nb, **options)
        self.happened, self.size = happened, {}

    async def async_start_new_kernel_client(self):
        client = await super().async_start_new_kernel_client()
        messages.patient(client.iopub_channel)
        return client

    def process_message(self, msg, cell, cell_index):
        """As nbclient does, but a message that is malformed is left out."""
        try:
            if messages.tidy(msg):
                return super().process_message(msg, cell, cell_index)
        except CellExecutionComplete:
            raise
        except Exception:
            pass
        self.happened.events.append(f"{place(cell, cell_index)} sends what is no message of a kernel: left out")
        return None

    def output(self, outs, msg, display_id, cell_index):
        data = msg["content"].get("data")
        if isinstance(data, dict) and (NOTES in data or FIGURE in data):
            _told(self.happened, data, cell_index)
            return None
        fits = self._cut(msg, data or {}, cell_index)
        return super().output(outs, msg, display_id, cell_index) if fits else None

    def _cut(self, msg, data, index):
        """Whether a message is kept; of a long one, what is kept of it."""
        content, stream = msg["content"], msg["msg_type"] == "stream"
        used, count = self.size.get(index, (0, 0))
        parts = [str(part) for kind, part in data.items() if not kind.startswith("image/png")]
        size = len(content.get("text", "")) if stream else sum(map(len, parts))
        self.size[index] = used + size, count + (not stream)
        image = len(str(data.get("image/png", "")))
        if used + size <= LONGEST_OUTPUT and count <= MOST_OUTPUTS and image <= LARGEST_IMAGE * 4 // 3:
            return True
        if used <= LONGEST_OUTPUT and stream:
            content["text"] = content["text"][: LONGEST_OUTPUT - used] + "\n… (output cut)\n"
            where = place(self.nb.cells[index], index)
            self.happened.events.append(f"{where} writes more than {LONGEST_OUTPUT // 1000} kB: its output was cut")
            return True
        if msg["msg_type"] in ("execute_result", "error") and used <= 20 * LONGEST_OUTPUT:
            msg["content"] = _shortened(content)
            return True
        return False


def _shortened(content):
    new = dict(content)
    if "data" in new:
        new["data"] = {kind: str(part)[:1000] for kind, part in new["data"].items() if kind == "text/plain"}
    if "traceback" in new:
        new["traceback"] = [line[:2000] for line in new["traceback"][-20:]]
        new["evalue"] = str(new.get("evalue"))[:1000]
    return new


def _told(happened, data, index):
    """What the kernel tells the marker after a cell."""
    try:
        if NOTES in data:
            told = json.loads(data[NOTES])
            happened.absent |= {str(name)[:80] for name in told.get("absent", [])}
            if told.get("filled"):
                names = ", ".join(str(name)[:80] for name in told["filled"][:8])
                happened.events.append(
                    f"cell {index + 1} was changed and does not define {names}: the lab's own was run"
                )
            if told.get("ended"):
                happened.events.append(f"cell {index + 1} calls exit() or quit(): ignored")
        else:
            told = json.loads(data[FIGURE])
            drawn = Drawn(
                [str(flag) for flag in told["flags"]], base64.b64decode(told.get("png", "")), told.get("shown")
            )
            happened.figures[index] = drawn
    except (ValueError, TypeError, KeyError, AttributeError):
        pass


# --- once all cells have run ---------------------------------------------------------------------------------------


def tidy(nb):
    """Make the outputs of an executed notebook what nbgrader takes for points, and limit their lines (in place)."""
    limit = LimitOutput(max_lines=1000, max_traceback=60)
    for index, cell in enumerate(nb.cells):
        if cells.kind(cell) == "check":
            _tidy_check(cell)
        limit.preprocess_cell(cell, {}, index)
        kept = {key: cell.metadata[key] for key in ("nbgrader", "deletable", "editable") if key in cell.metadata}
        cell.metadata = type(cell.metadata)(kept)


def _tidy_check(cell):
    """A check cell shows one number, from 0 to the most there is, or an error."""
    for output in cell.outputs:  # nbgrader gives 0 for any stderr, and a warning is no mistake
        if output.output_type == "stream" and output.name == "stderr":
            output.name = "stdout"
    if any(output.output_type == "error" for output in cell.outputs) or not cells.ends_with_value(cell.source):
        return
    results = [output for output in cell.outputs if output.output_type == "execute_result"]
    points = number_in(results[-1]["data"].get("text/plain")) if results else None
    cell.outputs = [output for output in cell.outputs if output.output_type != "execute_result"]
    if points is None:
        cell.outputs.append(error_output("NoPoints", "the check gave no points"))
    else:
        kept = repr(min(max(points, 0.0), float(cells.grading(cell)["points"])))
        cell.outputs.append(new_output("execute_result", data={"text/plain": kept, "text/html": ""}, execution_count=1))


def number_in(text):
    """A finite number from a repr such as 5, 5.0 or np.float64(5.0); None if it is none."""
    text = ("".join(text) if isinstance(text, list) else str(text)).strip()[:100]
    number = r"(-?[0-9.]+(?:e[-+]?[0-9]+)?)"
    found = re.fullmatch(rf"\s*(?:(?:np|numpy)\.\w+\(|array\()?\s*{number}\s*(?:,[^()]*)?\)?\s*", text)
    try:
        value = float(found[1]) if found else None
    except ValueError:
        return None
    return value if value is not None and abs(value) < float("inf") else None


def error_output(name, text):
    """An error in the place of what a cell did not show."""
    return new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"])
