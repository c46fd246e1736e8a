"""What marking does once, or not at all, to be quick, and what must come out as if it were done at length."""

import base64
import io
import pickle
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import nbformat
import psutil
import pytest
import tiny_lab
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_output
from PIL import Image

from labkit.course.clean import markdown
from labkit.course.clean.notebook import clean_notebook
from labkit.course.marking import forks, kernels, mark, repair, sandbox
from labkit.course.marking.collect import Submission
from labkit.course.marking.happened import Drawn
from labkit.course.marking.job import Prepared, find_data, make_job
from labkit.course.marking.pictures import _digest, _picture
from labkit.course.marking.run_cells import run_cells
from labkit.course.marking.settings import Settings
from labkit.course.report import feedback
from labkit.course.report.result import REFERENCE, Mark

CHANGED = "\nfrom IPython.display import display\ndisplay(fig)\nplt.close(fig)\ncost_plot.plot([9, 9]);"
LAB = next((Path(__file__).parents[1] / "notebooks").glob("02*.ipynb"))


def png(colour):
    picture = io.BytesIO()
    Image.new("RGB", (8, 6), colour).save(picture, "PNG")
    return picture.getvalue()


def colour_of(found):
    return Image.open(io.BytesIO(found[0])).convert("RGB").getpixel((0, 0))


def test_of_several_pictures_that_of_the_judged_figure_is_kept():
    red, blue, green = (255, 0, 0), (0, 0, 255), (0, 255, 0)
    shown = [base64.b64encode(png(colour)).decode() for colour in (red, blue)]
    outputs = [new_output("display_data", data={"image/png": image + "\n"}) for image in shown]
    cell = new_code_cell("…", outputs=outputs)
    assert colour_of(_picture(cell, Drawn([], shown=_digest(shown[0])))) == red
    assert colour_of(_picture(cell, Drawn([], png=png(green)))) == green  # it was not shown
    assert colour_of(_picture(cell, Drawn([], shown="no picture's"))) == colour_of(_picture(cell, None)) == blue


@pytest.mark.skipif(not forks.USABLE, reason="forked on Linux only")
@pytest.mark.parametrize("later, again", [("", False), ("\ncost_plot.figure.canvas.draw()", False), (CHANGED, True)])
def test_a_figure_is_drawn_again_only_if_its_cell_does_not_show_it(tmp_path, later, again):
    path = tiny_lab.write(tmp_path / "notebooks") / f"{tiny_lab.NAME}.ipynb"
    prepared, data = Prepared([path], True), find_data(True, None)
    settings = Settings(submissions=str(tmp_path), out=None, seed=1)
    submission = Submission(REFERENCE, tiny_lab.NAME, b"{}", [], None)
    job = make_job(submission, prepared, settings, data, sandbox.best_level())
    source, release = prepared.source[job.lab], prepared.release[job.lab]
    nb = repair.as_submitted(source, release)
    repair.author_marks(nb, source, release)
    plot = tiny_lab.at(nb, "cost-plot")
    nb.cells[plot].source += later
    del nb.cells[plot + 1 :]
    parent = forks.Parent([kernels.FORKED], sandbox.private_environment(tmp_path) | job.environment)
    try:
        drawn = run_cells(nb, job, tmp_path / "k", parent.address).figures[plot]
    finally:
        parent.close()
    shown = [_digest(out.data["image/png"]) for out in nb.cells[plot].outputs if "image/png" in out.get("data", {})]
    assert bool(drawn.png) == again and (drawn.shown in shown) != again


def test_what_a_lab_says_is_drawn_before_the_markers_are_forked(tmp_path, monkeypatch):
    nb = nbformat.read(LAB, as_version=4)
    (tmp_path / "labs").write_bytes(pickle.dumps([nbformat.writes(nb).encode()]))
    monkeypatch.setenv(mark.LABS, str(tmp_path / "labs"))
    mark.warm()
    caches = feedback.coloured, markdown._rendered_text
    before = [cache.cache_info().misses for cache in caches]
    feedback.feedback_page(nb, Mark("", ""))
    assert [cache.cache_info().misses for cache in caches] == before and min(before) > 5


def normal(page):
    return " ".join(str(BeautifulSoup(page, "html.parser")).split()).replace("> <", "><")


def test_a_page_to_hand_back_is_nbconvert_s():
    nb, mark = nbformat.read(LAB, as_version=4), Mark("ada", "02", "Lab 2")
    nb.cells.append(
        new_code_cell("a<b  # </div><script>x</script>", outputs=[new_output("stream", text="\x1b[31m<b>")])
    )
    exporter = HTMLExporter(
        template_file="feedback.html.j2",
        extra_template_paths=list(map(str, feedback.TEMPLATES)),
        filters={"points": feedback._points},
    )
    theirs, _ = exporter.from_notebook_node(clean_notebook(nb, page=True)[0], {"mark": mark, "rows": []})
    assert normal(feedback.feedback_page(nb, mark)) == normal(theirs)


@contextmanager
def started(code):
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline()
            yield process.pid
        finally:
            for one in psutil.Process(process.pid).children(recursive=True):
                one.kill()
            process.kill()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere psutil looks for them")
def test_all_that_a_kernel_starts_is_watched_in_threads_too():
    sleep = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    code = (
        f"import subprocess, sys, threading, time; {sleep}; threading.Thread(target=lambda: ({sleep}, time.sleep(60)))"
    )
    with started(f"{code}.start(); time.sleep(1); print('ready', flush=True); time.sleep(60)") as pid:
        theirs = {one.pid for one in psutil.Process(pid).children(recursive=True)}
        assert {one.pid for one in kernels._family(pid)} == theirs | {pid} and len(theirs) == 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere nothing is forked")
def test_memory_that_is_shared_counts_in_part_and_what_is_held_alone_in_full():
    code = "import os, time; x = bytearray(200 << 20); [os.fork() or time.sleep(60) for _ in range(3)]"
    with started(f"{code}; print('ready', flush=True); time.sleep(60)") as pid:
        end = time.monotonic() + 20
        while len(family := kernels._family(pid)) < 4 and time.monotonic() < end:
            time.sleep(0.05)
        assert sum(one.memory_info().rss for one in family) > 600 << 20
        assert not kernels._hold_more_than(family, 400 << 20) and kernels._hold_more_than(family, 150 << 20)
