"""The command line: which labs and folders, notebooks as they are read, what is of this machine, the data."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from made_up_labs import ROOT, code, notebook, run_in, save, text

import labkit
from labkit.course import cli
from labkit.course import labs as all_labs
from labkit.course.series import notebook as files
from labkit.course.series import run
from labkit.data import DataError


@pytest.fixture
def labs(tmp_path):
    for name in ("03_descent", "10_pytorch", "01_images", "extra"):
        save(tmp_path / "notebooks" / f"{name}.ipynb", text(f"# {name}"))
    (tmp_path / "notebooks" / ".hidden.ipynb").write_text("")
    (tmp_path / "notebooks" / "folder.ipynb").mkdir()
    return tmp_path / "notebooks"


def test_labs_are_in_the_order_of_their_numbers(labs):
    assert [path.stem for path in all_labs.find_labs(labs)] == ["01_images", "03_descent", "10_pytorch", "extra"]


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
    assert [path.stem for path in all_labs.select(all_labs.find_labs(labs), wanted, labs)] == chosen


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
    with pytest.raises(files.UnreadableNotebook, match=reason) as raised:
        files.read_notebook(tmp_path / "a.ipynb")
    assert "\n" not in str(raised.value)


def test_old_formats_and_faulty_identifiers_are_read_without_a_warning(tmp_path, recwarn):
    old = {
        "nbformat": 4,
        "nbformat_minor": 2,
        "metadata": {},
        "cells": [{"cell_type": "markdown", "metadata": {}, "source": ["# Old\n", "text"]}],
    }
    (tmp_path / "old.ipynb").write_text(json.dumps(old))
    assert files.read_notebook(tmp_path / "old.ipynb").cells[0].source == "# Old\ntext"
    twice = old | {
        "nbformat_minor": 5,
        "cells": [dict(old["cells"][0], **more) for more in ({"id": "a"}, {"id": "a"}, {}, {"id": "not valid!"})],
    }
    path = tmp_path / "twice.ipynb"
    path.write_text("\ufeff" + json.dumps(twice), encoding="utf-8")
    names = [[cell.id for cell in files.read_notebook(path).cells] for _ in range(2)]
    assert names[0][0] == "a" and len(set(names[0])) == 4 and names[0] == names[1]
    assert not recwarn.list


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
    rules = files.path_rules({Path("/data/mine/cifar"): "DATA", Path("/repo"): ""})
    assert files.without_paths(before, rules) == after


@pytest.fixture
def loader(monkeypatch, tmp_path):
    """`load_cifar10` replaced; it notes what it was asked."""

    asked = []

    def load(folder=None):
        asked.append((folder, os.environ.get("LABKIT_DATA")))
        standin = folder is None and os.environ.get("LABKIT_DATA") == "standin"
        return SimpleNamespace(
            name="stand-in" if standin else "CIFAR-10", origin="somewhere", folder=tmp_path / "batches"
        )

    monkeypatch.setattr(run, "load_cifar10", load)
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
    def load(folder=None):
        raise DataError("no such data")

    monkeypatch.setattr(run, "load_cifar10", load)
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
