"""A check in a real kernel."""

import re
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import pytest

matplotlib.use("Agg")


def plain(output):
    """What a reader of plain text sees of an output."""
    if output.output_type == "stream":
        return output.text
    return output.data["text/plain"] if output.output_type == "display_data" else ""


def test_in_a_kernel():
    """Source, lines, output streams and the value of a cell, as a notebook has them."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    cells = [
        "import os, sys, logging, warnings\nimport numpy as np\nfrom labkit import check",
        "def score(X, W):\n    return X @ W",
        "check.score(score)",
        "def score(X, W):\n    rows = (\n        [x @ W\n         for x in X])\n    return np.array(rows)\n"
        "loss = lambda s, y: np.mean(np.log(np.exp(s).sum(1))\n"
        "                            - s[np.arange(len(y)), y])",
        "check.vectorised(score, loss)",
        "def score(X, W):\n"
        "    print('out'); print('err', file=sys.stderr); print('err', file=sys.__stderr__)\n"
        "    os.write(2, b'err'); os.system('echo err >&2'); logging.warning('err'); warnings.warn('err')\n"
        "    from IPython.display import display; display('shown')\n"
        "    from labkit.progress import progress; list(progress(range(9)))\n"
        "    return X @ W",
        "check.score(score)",
        "%%time\ndef score(X, W):\n    return np.array([x @ W for x in X])",
        "check.vectorised(score, None)",
        "def score(X, W):\n    exit()",
        "check.score(score)",
        "print('end')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    here = str(Path(__file__).parents[2])
    nbclient.NotebookClient(notebook, timeout=60, resources={"metadata": {"path": here}}).execute()
    outputs = [cell.outputs for cell in notebook.cells]
    assert not any(o.output_type == "stream" and o.name == "stderr" for output in outputs for o in output)
    values = [[o.data["text/plain"] for o in output if o.output_type == "execute_result"] for output in outputs]
    texts = ["".join(map(plain, output)) for output in outputs]
    assert values[2] == ["20.0"] and values[4] == ["10.0"] and values[6] == ["20.0"]
    assert "line 3: a list comprehension" in texts[4] and "✔ log_softmax_loss has no loop" in texts[4]
    assert texts[6] == texts[2] and {o.output_type for o in outputs[6]} == {"display_data", "execute_result"}
    assert values[8] == ["0.0"] and "line 2: a list comprehension" in texts[8] and "not done yet" in texts[8]
    for output in outputs[2], outputs[10]:  # the page says what the text says, and the points are not said twice
        shown, result = output
        page = ElementTree.fromstring(shown.data["text/html"])
        words = re.sub(r"\s+", "", "".join(page.itertext()))
        assert words.replace("✘", "").replace("–", "") == re.sub(r"[\s✘–]+", "", shown.data["text/plain"])
        assert result.data["text/html"] == ""
    assert values[10] == ["0.0"] and texts[11] == "end\n"
