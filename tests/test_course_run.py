"""`labkit run`: labs executed in kernels of their own, pages and index, and everything that can go wrong."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from processes import hears_interrupts

import labkit
from labkit.course import cli, execute, run, site

ROOT = Path(labkit.__file__).resolve().parents[1]
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


def text(*lines):
    return new_markdown_cell("\n".join(lines))


def code(*lines, tags=(), **metadata):
    return new_code_cell("\n".join(lines), metadata={**({"tags": list(tags)} if tags else {}), **metadata})


def save(path, *cells, **metadata):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=list(cells), metadata=metadata), path)
    return path


def labkit_command(*arguments, **environment):
    env = {key: value for key, value in os.environ.items() if not key.startswith("LABKIT_")}
    env |= {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"} | environment
    return subprocess.run(
        [sys.executable, "-m", "labkit", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=env,
        timeout=120,
    )


def run_in(folder, *arguments):
    """`labkit run` in this process, on folder/notebooks, into folder/site."""
    folders = ["--notebooks", str(folder / "notebooks"), "--out", str(folder / "site")]
    return cli.main(["run", *arguments, *folders])


class Page(HTMLParser):
    """What a test asks of a page: its elements with their attributes, and its text."""

    def __init__(self, path):
        super().__init__()
        self.elements, self.text, self.silent = [], "", 0
        self.source = Path(path).read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.silent += tag in ("style", "script")

    def handle_endtag(self, tag):
        self.silent -= tag in ("style", "script")

    def handle_data(self, data):
        self.text += "" if self.silent else data

    def all(self, tag, **attributes):
        return [a for t, a in self.elements if t == tag and all(a.get(k) == v for k, v in attributes.items())]


# --- one run over a series in which almost everything goes wrong ----------------------------------


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


# --- storing the outputs in the sources -----------------------------------------------------------


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


def test_inplace_leaves_a_failing_notebook_as_it_was(stored):
    assert stored.fails.read_bytes() == stored.before


def test_inplace_never_overwrites_what_was_edited_meanwhile(tmp_path):
    path = save(tmp_path / "a.ipynb", code("1"))
    with pytest.raises(OSError, match="changed while it ran"):
        execute.store(path, nbformat.read(path, 4), before=b"what was there when it was read")


def test_inplace_writes_nothing_when_nothing_changed(tmp_path):
    path = save(tmp_path / "a.ipynb", text("# A"))
    execute.store(path, nbformat.read(path, 4), path.read_bytes())
    first, when = path.read_bytes(), path.stat().st_mtime_ns
    execute.store(path, nbformat.read(path, 4), first)
    assert path.stat().st_mtime_ns == when and list(tmp_path.iterdir()) == [path]


# --- interrupts -----------------------------------------------------------------------------------


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


# --- choosing labs and folders --------------------------------------------------------------------


@pytest.fixture
def labs(tmp_path):
    for name in ("03_descent", "10_pytorch", "01_images", "extra"):
        save(tmp_path / "notebooks" / f"{name}.ipynb", text(f"# {name}"))
    (tmp_path / "notebooks" / ".hidden.ipynb").write_text("")
    (tmp_path / "notebooks" / "folder.ipynb").mkdir()
    return tmp_path / "notebooks"


def test_labs_are_in_the_order_of_their_numbers(labs):
    assert [path.stem for path in run.find_labs(labs)] == ["01_images", "03_descent", "10_pytorch", "extra"]


@pytest.mark.parametrize(
    "wanted, chosen",
    [
        ([], ["01_images", "03_descent", "10_pytorch", "extra"]),
        (["3"], ["03_descent"]),
        (["03"], ["03_descent"]),
        (["10", "1"], ["01_images", "10_pytorch"]),
        (["extra"], ["extra"]),
        (["03_descent.ipynb", "3"], ["03_descent"]),
        (["{folder}/extra.ipynb"], ["extra"]),
    ],
)
def test_a_lab_is_chosen_by_number_name_or_path(labs, wanted, chosen):
    wanted = [name.format(folder=labs) for name in wanted]
    assert [path.stem for path in run.select(run.find_labs(labs), wanted, labs)] == chosen


@pytest.mark.parametrize("wanted", ["4", "descent", "", "{folder}", "notebooks/99_none.ipynb"])
def test_a_lab_that_does_not_exist_is_an_error_that_lists_those_that_do(labs, capsys, wanted):
    status = run_in(labs.parent, wanted.format(folder=labs))
    error = capsys.readouterr().err
    assert status == 2 and "01_images, 03_descent, 10_pytorch, extra" in error
    assert not (labs.parent / "site").exists()


def test_no_notebooks_is_an_error_that_names_the_folder(tmp_path, capsys):
    assert cli.main(["run", "--notebooks", str(tmp_path / "none")]) == 1
    assert "none" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert cli.main(["run", "--notebooks", str(tmp_path / "empty")]) == 1
    assert "no notebooks in" in capsys.readouterr().err


def test_a_site_that_cannot_be_written_is_an_error_before_any_lab_runs(labs, tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    assert cli.main(["run", "--notebooks", str(labs), "--out", str(tmp_path / "file")]) == 1
    assert "cannot write to" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine"


def test_the_executed_copies_never_land_on_the_sources(tmp_path, capsys):
    path = save(tmp_path / "executed" / "1_a.ipynb", text("# A"))
    before = path.read_bytes()
    assert cli.main(["run", "--notebooks", str(tmp_path / "executed"), "--out", str(tmp_path)]) == 1
    assert "--out" in capsys.readouterr().err and path.read_bytes() == before


# --- reading notebooks ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"{", "not JSON"),
        (b'{"a": 1}', "not a notebook"),
        (b"[]", "not a notebook"),
        (b"null", "not a notebook"),
        (b"\xff\xfe\x00", "not text"),
        (b'{"nbformat": "four"}', "not a notebook"),
        (b'{"nbformat": 99, "nbformat_minor": 0, "metadata": {}, "cells": []}', "99"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "x"}]}', "not a valid"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 7}', "not a valid"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "not a valid"),
        (b'{\n<<<<<<< HEAD\n"cells": []\n}', "merge conflicts"),
    ],
)
def test_a_file_that_is_no_notebook_is_said_to_be_none(tmp_path, content, reason):
    (tmp_path / "a.ipynb").write_bytes(content)
    with pytest.raises(execute.UnreadableNotebook, match=reason) as raised:
        execute.read_notebook(tmp_path / "a.ipynb")
    assert "\n" not in str(raised.value)


def test_old_formats_and_faulty_identifiers_are_read_without_a_warning(tmp_path, recwarn):
    old = {
        "nbformat": 4,
        "nbformat_minor": 2,
        "metadata": {},
        "cells": [{"cell_type": "markdown", "metadata": {}, "source": ["# Old\n", "text"]}],
    }
    (tmp_path / "old.ipynb").write_text(json.dumps(old))
    assert execute.read_notebook(tmp_path / "old.ipynb").cells[0].source == "# Old\ntext"
    twice = old | {
        "nbformat_minor": 5,
        "cells": [dict(old["cells"][0], **more) for more in ({"id": "a"}, {"id": "a"}, {}, {"id": "not valid!"})],
    }
    path = tmp_path / "twice.ipynb"
    path.write_text("\ufeff" + json.dumps(twice), encoding="utf-8")
    names = [[cell.id for cell in execute.read_notebook(path).cells] for _ in range(2)]
    assert names[0][0] == "a" and len(set(names[0])) == 4 and names[0] == names[1]
    assert not recwarn.list


# --- what is of this machine ----------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
@pytest.mark.parametrize(
    "before, after",
    [
        ("/data/mine/cifar", "DATA"),
        ("in /data/mine/cifar: fine", "in DATA: fine"),
        ("'/data/mine/cifar/batch_1'", "'DATA/batch_1'"),
        ("/data/mine/cifar2/x", "/data/mine/cifar2/x"),
        ("https://host/data/mine/cifar/x", "https://host/data/mine/cifar/x"),
        ("\x1b[32m/data/mine/cifar/x.py:3\x1b[39m", "\x1b[32mDATA/x.py:3\x1b[39m"),
        ("File /repo/labkit/losses.py:12, in f", "File labkit/losses.py:12, in f"),
        ("/repo", "."),
        ("/tmp/ipykernel_123/4567.py:3: RuntimeWarning", "cell:3: RuntimeWarning"),
        ("1 / 2 and a/b", "1 / 2 and a/b"),
    ],
)
def test_folders_are_taken_out_of_texts(before, after):
    rules = execute.path_rules({Path("/data/mine/cifar"): "DATA", Path("/repo"): ""})
    assert execute.without_paths(before, rules) == after


# --- pages from notebooks, without a kernel -------------------------------------------------------


def result(name, **more):
    return {
        "name": name,
        "status": "ok",
        "seconds": 41.0,
        "memory": 3 * 2**29,
        "failure": None,
        "data": "stand-in",
        "date": "2026-01-02T03:04:05",
        "python": "3.11.0",
        "numpy": "2.0.0",
        "labkit": "0",
    } | more


def image(kind="image/png", data=PIXEL):
    return new_output("display_data", data={kind: data, "text/plain": "<Figure>"})


def notebook(*cells):
    return new_notebook(cells=list(cells))


def pictured(source, *outputs, **metadata):
    cell = code(source, **metadata)
    cell.outputs = list(outputs)
    return cell


def test_pages_of_labs_that_are_gone_go_too_and_nothing_else_does(tmp_path):
    (tmp_path / "mine.html").write_text("not of labkit")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "a-b-1.png").write_text("not of labkit")
    a, b = (
        site.add_lab(tmp_path, result(name), notebook(text(f"# Lab {name}"), pictured("", image())), "")
        for name in "ab"
    )
    site.write_index(tmp_path, [a, b])
    assert "b.html" in (tmp_path / "a.html").read_text(encoding="utf-8")
    site.write_index(tmp_path, [b])
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {
        "index.html",
        "b.html",
        "b.ipynb",
        "b.json",
        "b-1.png",
        "mine.html",
        "a-b-1.png",
    }
    assert "a.html" not in Page(tmp_path / "b.html").source + Page(tmp_path / "index.html").source
    assert site.known_result(tmp_path, "b")["title"] == "Lab b" and site.known_result(tmp_path, "a") is None


def test_figures_of_an_earlier_run_are_removed(tmp_path):
    site.add_lab(tmp_path, result("a"), notebook(pictured("", image()), pictured("", image())), "")
    assert len(list((tmp_path / "figures").iterdir())) == 2
    lab = site.add_lab(tmp_path, result("a"), notebook(pictured("", image())), "")
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["a-1.png"]
    assert len(lab["figures"]) == 1


@pytest.mark.parametrize("content", ["", "{", "[]", '{"name": "../../x"}', '"text"'])
def test_a_damaged_or_foreign_result_is_ignored(tmp_path, content):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "a.json").write_text(content)
    assert site.known_result(tmp_path, "a") is None
    site.write_index(tmp_path, [site.add_lab(tmp_path, result("b"), notebook(), "")])


def test_a_result_cannot_lead_outside_of_the_site(tmp_path):
    (tmp_path / "mine.html").write_text("mine")
    evil = result("../mine", title="x", page="../mine.html", executed=None, figures=[], numbers=[], intro="")
    (tmp_path / "site" / "results").mkdir(parents=True)
    (tmp_path / "site" / "results" / "x.json").write_text(json.dumps(evil))
    site.write_index(tmp_path / "site", [])
    assert (tmp_path / "mine.html").exists()


def test_a_lab_called_index_leaves_the_index_in_place(tmp_path):
    lab = site.add_lab(tmp_path, result("index"), notebook(text("# The odd one")), "")
    site.write_index(tmp_path, [lab])
    assert Page(tmp_path / "index.html").text.count("The odd one") == 1
    assert lab["page"] != "index.html" and (tmp_path / lab["page"]).is_file()


def test_names_and_texts_with_special_characters_arrive_as_they_are(tmp_path):
    name = "07 über & <b>"
    lab = site.add_lab(
        tmp_path,
        result(
            name, status="failed", failure={"place": "cell 1", "error": "NameError: <x> & y", "index": 1, "anchor": ""}
        ),
        notebook(text("# A & B <3"), pictured("plt.title('\"<q>\"')", image()), text("`<tag>`")),
        "",
    )
    site.write_index(tmp_path, [lab])
    index, page = Page(tmp_path / "index.html"), Page(tmp_path / f"{name}.html")
    assert "A & B <3" in index.text and "A & B <3" in page.text
    assert "NameError: <x> & y" in index.text and "NameError: <x> & y" in page.text
    assert index.all("img")[0]["alt"] == page.all("img")[0]["alt"] == '"<q>"'
    assert not page.all("q") and not page.all("tag") and not index.all("x")
    assert any(unquote(a["href"]) == f"{name}.html" for a in index.all("a"))


@pytest.mark.parametrize(
    "cells, title, intro",
    [
        ([text("# Title", "", "First *one*.", "Still.", "", "Second.")], "Title", "First <em>one</em>.\nStill."),
        ([text("# Title", "Directly below.")], "Title", "Directly below."),
        ([text("Before."), text("# Late")], "Late", "Before."),
        ([text("## A section"), text("- a list", "", "> a quote", "", "Words.")], "A section", "Words."),
        ([text("```", "# no heading", "```", "", "Text.")], "my lab", "Text."),
        ([text("# `code` and **bold** in [a link](x.html)")], "code and bold in a link", ""),
        ([code("# a comment")], "my lab", ""),
        ([], "my lab", ""),
        ([text("# T", "", "See [lab 3](03.ipynb).")], "T", "See lab 3."),
    ],
)
def test_title_and_introduction(cells, title, intro):
    assert site.title_and_intro(notebook(*cells), "my_lab") == {"title": title, "intro": intro}


def test_without_tags_the_last_two_images_stand_for_a_lab():
    nb = notebook(*(pictured(f"plt.title('{name}')", image()) for name in "abc"))
    assert [alt for *_, alt in site.key_figures(nb)] == ["b", "c"]
    nb.cells[0].metadata["tags"] = ["key-figure"]
    assert [alt for *_, alt in site.key_figures(nb)] == ["a"]
    nb.cells[0].outputs = []
    assert [alt for *_, alt in site.key_figures(nb)] == ["b", "c"]


@pytest.mark.parametrize(
    "source, images, alts",
    [
        ("ax.set_title('One'); bx.set_title(f'Two of {n}')", 2, ["One", "Two of …"]),
        ("a.set_title('Left'); b.set_title('Right')", 1, ["Left; Right"]),
        ("plots.loss_curve(h, title='Falling')", 1, ["Falling"]),
        ("%matplotlib inline\nplt.title('Magic')", 1, ["Magic"]),
        ("this is not Python", 1, ["Plot: Section"]),
        ("plots.history(h)", 2, ["Plot: Section"] * 2),
        ("plt.title(name)", 1, ["Plot: Section"]),
        ("plt.title('Both')", 2, ["Both", "Both"]),
    ],
)
def test_images_are_described_by_the_titles_in_the_code(source, images, alts):
    nb = notebook(text("## Section"), pictured(source, *(image() for _ in range(images))))
    assert [alt for *_, alt in site.described_images(nb)[1]] == alts


def test_all_kinds_of_images_are_shown_and_described(tmp_path):
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'
    nb = notebook(
        pictured("plt.title('A')", image("image/svg+xml", svg)), pictured("plt.title('B')", image("image/jpeg"))
    )
    lab = site.add_lab(tmp_path, result("a"), nb, "")
    images = Page(tmp_path / "a.html").all("img")
    assert [i["alt"] for i in images] == ["A", "B"] == [figure["alt"] for figure in lab["figures"]]
    assert base64.b64decode(images[0]["src"].split(",")[1]).decode() == svg
    assert (tmp_path / "figures" / "a-1.svg").read_text() == svg


def test_an_image_without_titles_in_an_html_output_is_not_called_undescribed(tmp_path):
    table = new_output("execute_result", data={"text/html": '<img src="data:,"><b>bold</b>'})
    site.add_lab(tmp_path, result("a"), notebook(pictured("data", table)), "")
    page = Page(tmp_path / "a.html")
    assert page.all("img") == [{"src": "data:,", "alt": ""}] and "bold" in page.text


def test_key_numbers_are_the_printed_text_and_end_in_time():
    lines = "".join(f"line {i}\n" for i in range(99))
    nb = notebook(
        pictured(
            "",
            new_output("stream", name="stdout", text="\x1b[1mloss\x1b[0m 1.9\n"),
            new_output("stream", name="stderr", text="noise"),
            tags=["key-numbers"],
        ),
        pictured("", new_output("stream", name="stdout", text=lines), tags=["key-numbers"]),
        pictured("", new_output("stream", name="stdout", text="untagged")),
    )
    first, second = site.key_numbers(nb)
    assert first == "loss 1.9"
    assert second.startswith("line 0\nline 1") and second.endswith("…") and len(second) < 200


def test_local_images_and_attachments_are_in_the_page(tmp_path):
    (tmp_path / "dot.png").write_bytes(base64.b64decode(PIXEL))
    cell = text("![a dot](dot.png) ![pasted](attachment:p.png)")
    cell["attachments"] = {"p.png": {"image/png": PIXEL}}
    site.add_lab(tmp_path / "site", result("a"), notebook(cell), tmp_path)
    sources = [image["src"] for image in Page(tmp_path / "site" / "a.html").all("img")]
    assert len(sources) == 2 and all(source.startswith("data:image/png;base64,") for source in sources)


def test_links_between_notebooks_become_links_between_pages():
    elsewhere = ["https://host/x.ipynb", "../other/x.ipynb"]
    links = ["02_x.ipynb", "./02_x.ipynb#Part-1", *elsewhere]
    html = site.markdown(" ".join(f"[a]({link})" for link in links))
    assert re.findall('href="([^"]+)"', html) == ["02_x.html", "02_x.html#Part-1", *elsewhere]


def test_equal_headings_get_different_anchors_and_long_pages_a_table_of_contents(tmp_path):
    nb = notebook(text("# T"), text("## Part $x^2$ one"), text("## Check"), text("## Check"))
    site.add_lab(tmp_path, result("a"), nb, "")
    page = Page(tmp_path / "a.html")
    ids = [attributes["id"] for attributes in page.all("h2")]
    assert len(set(ids)) == 3 and ids[1:] == ["Check", "Check-2"]
    links = [unquote(a["href"]) for a in page.all("a") if a["href"].startswith("#")]
    assert [f"#{unquote(name)}" for name in ids] == [link for link in links if link != "#lab"]


def test_a_formula_outside_of_what_is_known_is_left_to_mathjax_and_readable_without(tmp_path):
    site.add_lab(tmp_path, result("a"), notebook(text(r"$x$ and $\unheardof{y} < 1$")), "")
    page = Page(tmp_path / "a.html")
    assert r"$\unheardof{y} < 1$" in page.text and len(page.all("math")) == 1
    scripts = page.all("script")
    assert scripts and all("async" in a or a.get("type") == "text/x-mathjax-config" for a in scripts)


def test_a_page_that_cannot_be_rendered_is_a_failure_of_its_lab_alone(tmp_path, monkeypatch, capsys):
    for name in ("1_odd", "2_even"):
        save(tmp_path / "notebooks" / f"{name}.ipynb", text("# Lab"))
    save(tmp_path / "notebooks" / "1_odd.ipynb", text("![gone](attachment:gone.png)"))
    monkeypatch.setattr(run, "execute", lambda *arguments: (None, None))
    assert run_in(tmp_path) == 1
    out = capsys.readouterr().out
    assert re.search(r"1_odd +FAILED.*\n.*cannot be rendered.*gone\.png", out)
    assert re.search(r"2_even +ok", out)
    assert "cannot be rendered" in Page(tmp_path / "site" / "index.html").text


def test_running_one_lab_keeps_the_others_in_the_index(tmp_path, monkeypatch):
    for name in ("1_a", "2_b", "3_c"):
        save(tmp_path / "notebooks" / f"{name}.ipynb", text(f"# Lab {name}"))
    monkeypatch.setattr(run, "execute", lambda *arguments: (None, None))
    for wanted in ("1", "2"):
        assert run_in(tmp_path, wanted) == 0
    index = Page(tmp_path / "site" / "index.html")
    assert len(index.all("span", **{"class": "badge ok"})) == 2 and index.text.count("not run yet") == 1
    assert "Lab 3_c" in index.text and not any("3_c" in a["href"] for a in index.all("a"))


@pytest.mark.parametrize(
    "seconds, shown",
    [
        (0.04, "0.0 s"),
        (9.9, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3599.7, "1 h 00 min"),
        (7380, "2 h 03 min"),
    ],
)
def test_durations_as_people_say_them(seconds, shown):
    assert site.duration(seconds) == shown


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path):
    site.write(tmp_path / "a.html", "old")
    with pytest.raises(TypeError):
        site.write(tmp_path / "a.html", 7)
    assert (tmp_path / "a.html").read_text() == "old" and len(list(tmp_path.iterdir())) == 1


# --- data and command line ------------------------------------------------------------------------


@pytest.fixture
def loader(monkeypatch, tmp_path):
    """`load_cifar10` replaced; it notes what it was asked."""
    import labkit.data

    asked = []

    def load(folder=None):
        asked.append((folder, os.environ.get("LABKIT_DATA")))
        standin = folder is None and os.environ.get("LABKIT_DATA") == "standin"
        return SimpleNamespace(
            name="stand-in" if standin else "CIFAR-10", origin="somewhere", folder=tmp_path / "batches"
        )

    monkeypatch.setattr(labkit.data, "load_cifar10", load)
    return asked


USING = [code("from labkit.data import load_cifar10")]


def test_the_data_are_found_once_and_every_lab_is_led_to_them(loader, monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("LABKIT_DATA", raising=False)
    source = run._find_data([notebook(*USING)], standin=False, folder=None)
    assert source["name"] == "CIFAR-10" and loader == [(None, None)]
    assert source["variables"] == {"LABKIT_DATA": "cifar10", "LABKIT_CIFAR10": tmp_path / "batches"}
    assert "CIFAR-10, somewhere" in capsys.readouterr().out
    source = run._find_data([notebook(*USING)], standin=True, folder=None)
    assert source["variables"] == {"LABKIT_DATA": "standin", "LABKIT_CIFAR10": None}
    assert loader[1] == (None, "standin")
    run._find_data([notebook(*USING)], standin=False, folder="here")
    assert loader[2] == ("here", "cifar10") and "LABKIT_DATA" not in os.environ


def test_labs_without_data_look_for_none(loader):
    source = run._find_data([notebook(text("load_cifar10"), code("1"))], standin=False, folder=None)
    assert source == {"name": "", "folder": None, "variables": {}} and loader == []


def test_data_that_cannot_be_had_are_one_sentence(monkeypatch, tmp_path, capsys):
    import labkit.data

    def load(folder=None):
        raise labkit.data.DataError("no such data")

    monkeypatch.setattr(labkit.data, "load_cifar10", load)
    save(tmp_path / "notebooks" / "1.ipynb", *USING)
    assert run_in(tmp_path) == 1
    assert capsys.readouterr().err == "labkit run: no such data\n"


def test_the_standin_is_never_stored_unasked(loader, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("LABKIT_DATA", "standin")
    save(tmp_path / "notebooks" / "1.ipynb", *USING)
    assert run_in(tmp_path, "--inplace") == 1
    assert "--standin" in capsys.readouterr().err


def test_without_arguments_there_is_help(capsys):
    assert cli.main([]) == 0
    out = capsys.readouterr().out
    assert "run" in out and "data" in out and "usage: labkit" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nonsense"],
        ["nonsense"],
        ["run", "--nonsense"],
        ["data", "--nonsense"],
        ["run", "--timeout", "soon"],
        ["run", "--timeout=-1"],
        ["run", "--timeout", "nan"],
        ["run", "--standin", "--data", "x"],
    ],
)
def test_wrong_usage_is_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2 and "usage" in capsys.readouterr().err


def test_version_and_a_start_that_imports_nothing_heavy():
    script = """
import sys
from labkit.course.cli import main
try:
    main(["--version"])
except SystemExit:
    print([name for name in ("numpy", "nbformat", "asyncio", "jinja2") if name in sys.modules])"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == f"labkit {labkit.__version__}\n[]\n"


def test_data_command_gets_its_arguments(monkeypatch):
    import labkit.data.command

    asked = []
    monkeypatch.setattr(labkit.data.command, "run", lambda **arguments: asked.append(arguments) or 5)
    assert cli.main(["data", "--standin", "--folder", "x"]) == 5
    assert asked == [{"standin": True, "folder": "x", "check": False}]


def test_a_written_answer_is_shown_without_its_markers():
    from labkit.course.site import markdown

    html = markdown(
        "Why?\n\n### BEGIN SOLUTION\nBecause.\n### END SOLUTION\n### BEGIN MARKING NOTES\n1 point.\n"
        "### END MARKING NOTES"
    )
    assert "<strong>Model answer</strong>" in html and "Because." in html and "BEGIN" not in html and "END" not in html
