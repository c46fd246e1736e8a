"""`labkit run`: labs executed in kernels of their own, pages and index, and everything that can go wrong."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import nbformat
import pytest
from made_up_labs import ROOT, Page, code, labkit_command, run_in, save, text
from nbconvert.preprocessors.coalescestreams import CoalesceStreamsPreprocessor
from processes import hears_interrupts

from labkit.course.series.notebook import store


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """The outcome of `labkit run` on five labs, in an environment that tries to lead it astray."""
    folder = tmp_path_factory.mktemp("course")
    labs, home, out = folder / "notebooks", folder / "home", folder / "site"
    astray = {"kernelspec": {"name": "a-kernel-that-is-not-there", "display_name": "?", "language": "python"}}
    save(
        labs / "01_fine.ipynb",
        text("# Lab 1 · Fine", "", "An *easy* lab with $x^2$, see [the plots](03_plots.ipynb#The-loss).", "", "More."),
        code("import os, sys, warnings", "import labkit", "import numpy as np"),
        code(
            "print('python', os.path.samefile(sys.executable, os.environ['EXPECTED_PYTHON']))",
            "print('folder', os.path.basename(os.getcwd()))",
            "print('backend', os.environ['MPLBACKEND'])",
            "print('startup', 'startup_ran' in globals())",
            "print(labkit.__file__)",
            "print(os.getcwd())",
            "warnings.warn('mind this')",
        ),
        code("stored = 'kept'", tags=["skip-execution"]),
        code("1 / 0", tags=["raises-exception"]),
        **astray,
    )
    save(
        labs / "02_fails.ipynb",
        text("# Lab 2 · Fails"),
        code("x = 1"),
        text("## Step sizes"),
        code("def f(x):", "    return 1 / x", "print('printed before')", "f(0)"),
        code("print('never printed')"),
    )
    save(
        labs / "03_plots.ipynb",
        text("# Lab 3 · Plots"),
        text("## The loss", "", r"$$L = \frac{1}{N} \sum_i L_i$$"),
        code(
            "import matplotlib.pyplot as plt",
            "plt.plot([3, 2, 1])",
            "plt.title('Loss at each step')",
            "plt.show()",
            tags=["key-figure"],
        ),
        code("plt.plot([1, 2]);", "plt.show()"),
        code("plt.plot([1, 2]);", "plt.show()", tags=["key-figure"], alt="A line that <rises>"),
        code("print('loss 1.9')", tags=["key-numbers"]),
    )
    save(
        labs / "04_dies.ipynb",
        text("# Lab 4 · Dies"),
        code(
            "import os, subprocess, sys",
            "sleep = [sys.executable, '-c', 'import time; time.sleep(99)']",
            "with open(os.environ['CHILD_FILE'], 'w') as file:",
            "    file.write(str(subprocess.Popen(sleep).pid))",
            "os._exit(7)",
        ),
    )
    (labs / "05_broken.ipynb").write_text('{"cells": [}', encoding="utf-8")

    (home / ".ipython" / "profile_default" / "startup").mkdir(parents=True)
    (home / ".ipython" / "profile_default" / "startup" / "00.py").write_text("startup_ran = True")
    kernel = folder / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    wrong = [sys.executable, "-c", "raise SystemExit('the wrong kernel')"]
    specification = {"argv": wrong, "display_name": "x", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(specification))
    before = {path.name: path.read_bytes() for path in labs.iterdir()}
    fonts = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))  # matplotlib finds them slowly
    done = labkit_command(
        "run",
        "--notebooks",
        labs,
        "--out",
        out,
        HOME=str(home),
        USERPROFILE=str(home),
        XDG_CACHE_HOME=fonts,
        JUPYTER_PATH=str(folder / "jupyter"),
        MPLBACKEND="agg",
        EXPECTED_PYTHON=sys.executable,
        CHILD_FILE=str(folder / "child"),
        LABKIT_CIFAR10=str(folder / "no-data-here"),
    )
    after = {path.name: path.read_bytes() for path in labs.iterdir()}
    return SimpleNamespace(
        labs=labs, out=out, folder=folder, done=done, before=before, after=after, index=Page(out / "index.html")
    )


def test_a_failing_lab_makes_the_status_1_and_the_others_still_run(series):
    assert series.done.returncode == 1
    lines = [line.split() for line in series.done.stdout.splitlines() if re.match(r"0\d_", line)]
    assert [(line[0], line[1]) for line in lines] == [
        ("01_fine", "ok"),
        ("02_fails", "FAILED"),
        ("03_plots", "ok"),
        ("04_dies", "FAILED"),
        ("05_broken", "FAILED"),
    ]
    assert "3 of 5 failed: 02_fails, 04_dies, 05_broken" in series.done.stdout


def test_a_failing_cell_is_named_with_its_heading_and_traceback(series):
    report = series.done.stdout.split("02_fails")[1].split("03_plots")[0]
    assert 'cell 2, under "Step sizes": ZeroDivisionError: division by zero' in report
    assert "----> 2     return 1 / x" in report
    assert "\x1b" not in series.done.stdout


def test_a_dead_kernel_and_a_broken_file_are_named(series):
    assert re.search(r"04_dies.*\n +cell 1.*the kernel ended itself with status 7", series.done.stdout)
    assert re.search(r"05_broken.*\n +the file is not JSON \(line 1", series.done.stdout)


def test_nothing_is_written_to_stderr(series):
    assert series.done.stderr == ""


def test_the_sources_are_not_touched(series):
    assert series.before == series.after


@pytest.mark.skipif(os.name == "nt", reason="process groups")
def test_what_a_kernel_started_ends_with_it(series):
    child = int((series.folder / "child").read_text())
    for _ in range(50):
        try:
            os.kill(child, 0)
            if Path("/proc/self").exists() and " Z " in Path(f"/proc/{child}/stat").read_text():
                return  # it has ended, and nobody in this container collects it
        except (ProcessLookupError, FileNotFoundError):
            return
        time.sleep(0.1)
    pytest.fail("the child of a dead kernel is still running")


def test_the_kernel_is_of_this_python_with_plots_inline_and_nothing_of_the_users(series):
    page = Page(series.out / "01_fine.html")
    assert "python True" in page.text and "folder notebooks" in page.text and "startup False" in page.text
    assert "backend module://matplotlib_inline" in page.text


def test_an_expected_exception_is_no_failure(series):
    assert "ZeroDivisionError" in Page(series.out / "01_fine.html").text


def test_no_page_names_a_folder_of_this_machine(series):
    files = [path for kind in ("*.html", "results/*", "executed/*") for path in series.out.glob(kind)]
    assert len(files) == 5 + 5 + 4
    for path in files:
        content = path.read_text(encoding="utf-8")
        for place in (series.folder, ROOT, Path(sys.prefix), Path.home()):
            assert str(place) not in content, (path.name, place)
            assert json.dumps(str(place))[1:-1] not in content, (path.name, place)
        assert "ipykernel_" not in content
    fine = Page(series.out / "01_fine.html").text
    assert f"labkit{os.sep}__init__.py" in fine and "cell:7: UserWarning: mind this" in fine


def test_a_failed_lab_has_a_page_with_its_outputs_up_to_the_failure(series):
    page = Page(series.out / "02_fails.html")
    assert "printed before" in page.text and "division by zero" in page.text
    assert page.text.count("never printed") == 1  # its source; it was not run
    assert page.all("div", **{"class": "trouble"})
    assert [a for a in page.all("a") if a["href"].startswith("#cell")]


def test_the_index_lists_every_lab_with_its_result(series):
    index = series.index
    for title in ("Lab 1 · Fine", "Lab 2 · Fails", "Lab 3 · Plots", "Lab 4 · Dies", "05 broken"):
        assert title in index.text
    assert len(index.all("span", **{"class": "badge ok"})) == 2
    assert len(index.all("span", **{"class": "badge unreadable"})) == 1
    assert 'under "Step sizes": ZeroDivisionError' in index.text
    assert "An easy lab with" in index.text and "More." not in index.text
    assert "loss 1.9" in index.text
    assert re.search(r"2 of 5\s+labs", index.text) and "Python 3." in index.text and "NumPy " in index.text


def test_the_index_shows_the_tagged_figures_with_their_descriptions(series):
    images = series.index.all("img")
    assert [image["alt"] for image in images] == ["Loss at each step", "A line that <rises>"]
    for image in images:
        assert (series.out / image["src"]).read_bytes().startswith(b"\x89PNG")
        assert int(image["width"]) > 100


def test_every_image_on_a_page_has_a_description(series):
    alts = [image["alt"] for image in Page(series.out / "03_plots.html").all("img")]
    assert alts == ["Loss at each step", "Plot: The loss", "A line that <rises>"]


def test_pages_link_to_each_other_and_every_link_arrives(series):
    pages = {path.name: Page(path) for path in series.out.glob("*.html")}
    assert set(pages) == {"index.html", "01_fine.html", "02_fails.html", "03_plots.html", "04_dies.html"}
    middle = {a.get("rel"): a["href"] for a in pages["03_plots.html"].all("a")}
    assert middle["prev"] == "02_fails.html" and middle["next"] == "04_dies.html"
    assert "prev" not in {a.get("rel") for a in pages["01_fine.html"].all("a")}
    assert "next" not in {a.get("rel") for a in pages["04_dies.html"].all("a")}
    for name, page in pages.items():
        for a in page.all("a"):
            file, _, fragment = unquote(a["href"]).partition("#")
            assert not file or (series.out / file).is_file(), (name, a["href"])
            if fragment:
                ids = {attributes.get("id") for _, attributes in pages[file or name].elements}
                assert fragment in ids, (name, a["href"])


def test_pages_need_no_script_and_load_nothing(series):
    for path in series.out.glob("*.html"):
        page = Page(path)
        assert not page.all("script")
        loaded = [a.get("src") or a.get("href", "") for tag in ("img", "link") for a in page.all(tag)]
        assert not [url for url in loaded if url.startswith(("http", "//"))]
        assert "@import" not in page.source and "url(" not in page.source
        assert page.all("html", lang="en") and page.all("meta", name="viewport") and len(page.all("h1")) <= 1


def test_formulas_are_mathml(series):
    assert len(Page(series.out / "03_plots.html").all("math", display="block")) == 1
    assert "$$" not in Page(series.out / "03_plots.html").source


def test_a_cell_that_takes_too_long_is_stopped_and_what_it_printed_is_kept(tmp_path, capsys):
    save(
        tmp_path / "notebooks" / "5_slow.ipynb",
        text("# Slow"),
        code("import time", "print('so far', flush=True)", "time.sleep(60)"),
    )
    status = run_in(tmp_path, "5", "--timeout", "0.7")
    out, err = capsys.readouterr()
    assert status == 1 and err == ""
    assert re.search(r"5_slow.*\n +cell 1.*took longer than 0.7 s; --timeout", out)
    assert "so far" in Page(tmp_path / "site" / "5_slow.html").text


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inplace")
    fine = save(
        folder / "notebooks" / "1_fine.ipynb",
        text("# Fine"),
        code("import labkit; print(labkit.__file__)"),
        kernelspec={"name": "my-env", "display_name": "Mine", "language": "python"},
        language_info={"name": "python", "version": "3.99.1"},
        authors=[{"name": "A. Author"}],
    )
    nb = nbformat.read(fine, 4)
    nb.cells[1].metadata["execution"] = {"iopub.status.busy": "2020-01-01T00:00:00Z"}
    fine.write_text(nbformat.writes(nb).rstrip("\n"), encoding="utf-8")
    fails = save(folder / "notebooks" / "2_fails.ipynb", code("1"), code("1 / 0"))
    before = fails.read_bytes()
    status = run_in(folder, "--inplace")
    return SimpleNamespace(fine=fine, fails=fails, before=before, old=nb, status=status)


def test_inplace_stores_outputs_without_what_is_of_this_machine(stored):
    assert stored.status == 1
    raw = stored.fine.read_text(encoding="utf-8")
    nb = nbformat.reads(raw, 4)
    nbformat.validate(nb)
    assert raw.endswith("}\n") and not raw.endswith("\n\n") and "\r" not in raw
    assert nb.cells[1].outputs[0].text == f"labkit{os.sep}__init__.py\n" and nb.cells[1].execution_count == 1
    assert [cell.id for cell in nb.cells] == [cell.id for cell in stored.old.cells]
    assert nb.metadata.kernelspec.name == "python3" and "version" not in nb.metadata.language_info
    assert nb.metadata.authors == [{"name": "A. Author"}] and "execution" not in nb.cells[1].metadata


def test_text_printed_in_pieces_is_one_output_and_what_stands_between_stays_between():
    piece = lambda text, name="stdout": nbformat.v4.new_output("stream", name=name, text=text)  # noqa: E731
    shown = nbformat.v4.new_output("display_data", data={"text/plain": "figure"})
    outputs = [piece("a\n"), piece("b\n"), shown, piece("c\n"), piece("d\n", "stderr"), piece("e\n", "stderr")]
    nb = nbformat.v4.new_notebook(cells=[text("# Title"), nbformat.v4.new_code_cell("1", outputs=outputs)])
    CoalesceStreamsPreprocessor().preprocess(nb, {})
    nbformat.validate(nb)
    said = [(output.get("name"), output.get("text")) for output in nb.cells[1].outputs]
    assert said == [("stdout", "a\nb\n"), (None, None), ("stdout", "c\n"), ("stderr", "d\ne\n")]


def test_inplace_leaves_a_failing_notebook_as_it_was(stored):
    assert stored.fails.read_bytes() == stored.before


def test_inplace_never_overwrites_what_was_edited_meanwhile(tmp_path):
    path = save(tmp_path / "a.ipynb", code("1"))
    with pytest.raises(OSError, match="changed while it ran"):
        store(path, nbformat.read(path, 4), before=b"what was there when it was read")


def test_inplace_writes_nothing_when_nothing_changed(tmp_path):
    path = save(tmp_path / "a.ipynb", text("# A"))
    store(path, nbformat.read(path, 4), path.read_bytes())
    first, when = path.read_bytes(), path.stat().st_mtime_ns
    store(path, nbformat.read(path, 4), first)
    assert path.stat().st_mtime_ns == when and list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_interrupt_ends_the_kernel_keeps_the_pages_and_says_what_is_missing(tmp_path):
    save(tmp_path / "notebooks" / "1_first.ipynb", text("# First"))
    save(
        tmp_path / "notebooks" / "2_second.ipynb",
        code(
            "import os, pathlib, time",
            f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))",
            "time.sleep(99)",
        ),
    )
    save(tmp_path / "notebooks" / "3_third.ipynb", code("1"))
    command = [sys.executable, "-m", "labkit", "run", "--notebooks", tmp_path / "notebooks"]
    process = subprocess.Popen(
        [*command, "--out", tmp_path / "site"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **hears_interrupts(),
    )
    limit = time.monotonic() + 60
    while not ((tmp_path / "pid").exists() and (tmp_path / "pid").read_text()) and time.monotonic() < limit:
        time.sleep(0.05)
    kernel = int((tmp_path / "pid").read_text())
    process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)  # impatient
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Not run: 2_second, 3_third" in err and "Traceback" not in err and "Task was" not in err
    with pytest.raises(ProcessLookupError):
        os.kill(kernel, 0)
    index = Page(tmp_path / "site" / "index.html")
    assert "First" in index.text and index.text.count("not run yet") == 2
    assert not list((tmp_path / "site").rglob("*.part"))
