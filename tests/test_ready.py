"""What the first cell of a lab says of the data: the same as `load_cifar10` would find."""

import pytest
from data_files import write_data

from labkit.course.edition import ready
from labkit.data import places
from labkit.data.reader import BATCH_FILES, FOLDER_NAME

HERE, LATER, GOOD = "CIFAR-10 is here.", "CIFAR-10 is not here yet.", "✔ Everything is here."


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A project and a cache without data, and no wish in the environment."""
    for name in ("LABKIT_CIFAR10", "LABKIT_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("labkit.data.cifar10.project_folder", lambda: tmp_path / "project")
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    assert places.cache_folder() == tmp_path / "cache"
    return tmp_path


def said(capsys):
    ready.report()
    out, err = capsys.readouterr()
    assert err == ""
    return out


@pytest.mark.parametrize("place", ["project/data", "cache"])
def test_data_in_a_usual_place_are_here(home, capsys, place):
    write_data(home / place / FOLDER_NAME)
    out = said(capsys)
    assert HERE in out and GOOD in out


@pytest.mark.parametrize("there", [0, 1, 5])
def test_a_folder_with_some_of_the_files_is_not_the_data(home, capsys, there):
    folder = write_data(home / "project/data" / FOLDER_NAME)
    for name in BATCH_FILES[there:]:
        (folder / name).unlink()
    out = said(capsys)
    assert LATER in out and HERE not in out and GOOD in out


def test_a_named_folder_that_is_not_complete_is_said_before_the_lab_fails(home, capsys, monkeypatch):
    folder = write_data(home / "named")
    (folder / "test_batch").unlink()
    monkeypatch.setenv("LABKIT_CIFAR10", str(folder))
    out = said(capsys)
    assert "test_batch is missing or empty" in out and "✘" in out and GOOD not in out and "pip install" not in out
    write_data(folder)
    assert HERE in said(capsys)


def test_the_stand_in_asked_for(home, capsys, monkeypatch):
    monkeypatch.setenv("LABKIT_DATA", " StandIn ")
    out = said(capsys)
    assert "the stand-in is asked for" in out and GOOD in out
