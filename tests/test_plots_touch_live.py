"""Sliders in a running kernel: a front end's messages move one, and what comes back is the new figure, once."""

import os
import time
from pathlib import Path

import pytest

DRAWING = """
import matplotlib.pyplot as plt
from labkit import plots

def drawn(height, width):
    ax = plt.subplots()[1]
    ax.plot([0, width], [0, height])
    ax.set(ylim=(0, 9), xlim=(0, 9))

plots.touch(drawn, height=([1, 5, 9], 1), width=([2, 8], 8))
"""


@pytest.fixture(scope="module")
def client():
    pytest.importorskip("ipywidgets")
    manager = pytest.importorskip("jupyter_client").manager
    path = Path(__file__).parents[1]
    env = {**os.environ, "LABKIT_SLIDERS": "1", "OMP_NUM_THREADS": "1"}
    kernels, client = manager.start_new_kernel(kernel_name="python3", cwd=str(path), env=env)
    yield client
    client.stop_channels()
    kernels.shutdown_kernel(now=True)


def told(client, request):
    """What the kernel publishes for a request until it is idle again."""
    said, end = [], time.monotonic() + 60
    while time.monotonic() < end:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["content"].get("execution_state") == "idle":
            return said
        said.append(message)
    raise TimeoutError


def show(said, place, under):
    """Show what was said as a front end does; under, in place, is what stands under the sliders until it is cleared.

    Returns the pictures that are shown in the cell besides.
    """
    inside, cell = False, []
    for message in said:
        kind, content = message["msg_type"], message["content"]
        if kind == "comm_msg" and content["comm_id"] == place and "msg_id" in content["data"].get("state", {}):
            inside = bool(content["data"]["state"]["msg_id"])
        elif kind == "clear_output" and inside:
            under.clear()
        elif kind == "display_data" and "image/png" in content["data"]:
            (under if inside else cell).append(content["data"]["image/png"])
    return cell


def move(client, slider, index):
    content = {"comm_id": slider, "data": {"method": "update", "state": {"index": index}, "buffer_paths": []}}
    message = client.session.msg("comm_msg", content)
    client.shell_channel.send(message)
    return told(client, message["header"]["msg_id"])


def test_a_slider_that_is_moved_brings_one_new_figure(client):
    said = told(client, client.execute(DRAWING))
    models = [m["content"] for m in said if m["msg_type"] == "comm_open"]
    named = {m["data"]["state"].get("description"): m for m in models if "_options_labels" in m["data"]["state"]}
    assert set(named) == {"height", "width"}
    place = next(m["comm_id"] for m in models if m["data"]["state"]["_model_name"] == "OutputModel")
    under = []
    assert not show(said, place, under) and len(under) == 1
    seen = list(under)
    for name, index in (("height", 2), ("width", 0), ("height", 0)):
        moved = move(client, named[name]["comm_id"], index)
        assert not show(moved, place, under) and len(under) == 1 and under[0] not in seen
        seen += under
        said += moved
    show(move(client, named["width"]["comm_id"], 1), place, under)
    assert under == seen[:1]  # back where it began
    assert not [m for m in said if m["msg_type"] in ("error", "stream")]
    left = told(client, client.execute("print(plt.get_fignums())"))
    assert [m["content"]["text"] for m in left if m["msg_type"] == "stream"] == ["[]\n"]
