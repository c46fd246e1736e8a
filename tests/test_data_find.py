"""Where the data are looked for, which are taken, and what `labkit data` says."""

import os
import shutil

import numpy as np
import pytest
from data_files import batch, python2, write_data

from labkit.data import DataError, DownloadError, cifar10, command, download, load_cifar10, mirrors, places
from labkit.data.reader import BATCH_FILES, CLASSES, FOLDER_NAME
from labkit.data.transfer import md5_of


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A computer without CIFAR-10 and without network: project, current folder and cache are empty."""
    for name in ("LABKIT_DATA", "LABKIT_CIFAR10", "LABKIT_MIRRORS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path / "cache"))
    for name in ("project", "here"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(cifar10, "project_folder", lambda: tmp_path / "project")
    monkeypatch.setattr(download, "project_folder", lambda: tmp_path / "project")
    monkeypatch.setattr(mirrors, "MIRRORS", ("http://127.0.0.1:9/cifar-10-python.tar.gz",))
    monkeypatch.setattr(download, "check_place", lambda folder, size: folder.mkdir(parents=True, exist_ok=True))
    monkeypatch.setattr(cifar10, "_said", set())
    return tmp_path


@pytest.fixture
def standin(home, monkeypatch):
    """In place of the real stand-in, which takes seconds to draw."""
    folder = write_data(home / "stand-in", seed=50)
    (folder / "batches.meta").write_bytes(python2({"label_names": list(CLASSES), "data_set": "stand-in"}))
    monkeypatch.setattr(cifar10, "_standin", lambda: cifar10.Found(folder, "drawn by labkit"))
    return folder


def seed_of(data):
    """Which of the data sets of these tests was loaded."""
    return next(seed for seed in range(100) if batch(seed)["data"][0].tolist() == data.X_train[0].ravel().tolist())


def test_the_places_are_searched_in_order(home, monkeypatch):
    found, usual = [], [home / place / FOLDER_NAME for place in ("project/data", "here/data", "cache")]
    for seed, folder in reversed(list(enumerate([home / "argument", home / "named", *usual]))):
        write_data(folder, seed=10 * seed)
        if seed == 1:
            monkeypatch.setenv("LABKIT_CIFAR10", str(folder))
        data = load_cifar10(folder if seed == 0 else None)
        assert seed_of(data) == 10 * seed and data.name == "CIFAR-10" and data.folder == folder
        found.append(data.origin)
    assert found[::-1] == [
        "folder given as argument",
        "folder named by LABKIT_CIFAR10",
        "data/ of the project",
        "data/ of the current folder",
        "the user's cache",
    ]


@pytest.mark.parametrize("how", ["argument", "LABKIT_CIFAR10"])
def test_a_named_folder_may_be_the_one_above(home, monkeypatch, how):
    write_data(home / "up" / FOLDER_NAME, seed=30)
    if how == "LABKIT_CIFAR10":
        monkeypatch.setenv(how, str(home / "up"))
    assert seed_of(load_cifar10(str(home / "up") if how == "argument" else None)) == 30


def test_a_named_folder_may_be_relative_or_start_at_home(home, monkeypatch):
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    write_data(home / "here" / "x", seed=30)
    assert seed_of(load_cifar10("x")) == seed_of(load_cifar10("~/here/x")) == 30


def incomplete(folder):
    write_data(folder)
    (folder / "data_batch_2").unlink()
    (folder / "test_batch").write_bytes(b"")


@pytest.mark.parametrize(
    "prepare, said",
    [
        (lambda folder: None, "does not exist"),
        (lambda folder: folder.mkdir(), "does not hold CIFAR-10"),
        (lambda folder: folder.write_text("x"), "is not a folder"),
        (incomplete, "is not complete: data_batch_2 and test_batch are missing or empty"),
        (lambda folder: incomplete(folder / FOLDER_NAME), "is not complete: data_batch_2 and test_batch are"),
        (lambda folder: (folder.mkdir(), (folder / "data_batch_1.bin").touch()), "binary version"),
        (lambda folder: (folder.mkdir(), (folder / "data_batch_1.mat").touch()), "Matlab version"),
        (lambda folder: (folder.mkdir(), (folder / "cifar-10-python.tar.gz").touch()), "labkit data --folder FOLDER"),
    ],
)
@pytest.mark.parametrize("how", ["argument", "LABKIT_CIFAR10"])
def test_a_named_folder_without_the_data_is_an_error_and_no_other_source_is_taken(
    home, monkeypatch, standin, how, prepare, said
):
    write_data(home / "project/data" / FOLDER_NAME)
    prepare(home / "named")
    if how == "LABKIT_CIFAR10":
        monkeypatch.setenv(how, str(home / "named"))
    with pytest.raises(DataError, match=said) as caught:
        load_cifar10(home / "named" if how == "argument" else None)
    assert str(home / "named") in str(caught.value) and how in str(caught.value)


def test_a_folder_that_is_no_path(home):
    with pytest.raises(ValueError, match="folder must be a path, got 5"):
        load_cifar10(5)


def test_a_damaged_file_in_a_usual_place_is_an_error_too(home, standin):
    folder = write_data(home / "project/data" / FOLDER_NAME)
    (folder / "data_batch_4").write_bytes(b"\x80\x02}")
    with pytest.raises(DataError, match="data_batch_4 is truncated"):
        load_cifar10()


def test_without_network_one_sentence_and_the_stand_in(home, standin, capfd):
    first, second = load_cifar10(), load_cifar10()
    assert first.name == second.name == "stand-in" and first.origin == "drawn by labkit" and seed_of(first) == 50
    out, err = capfd.readouterr()
    assert out == (
        "CIFAR-10 could not be downloaded: 127.0.0.1 refused the connection, so this is the stand-in; "
        "`labkit data` tries again.\n"
    )
    assert err == ""


def test_cifar10_only_means_cifar10_only(home, standin, monkeypatch):
    monkeypatch.setenv("LABKIT_DATA", "cifar10")
    with pytest.raises(DownloadError, match="refused the connection.*the stand-in is not used"):
        load_cifar10()
    write_data(home / "cache" / FOLDER_NAME, seed=30)
    assert seed_of(load_cifar10()) == 30


def test_the_stand_in_on_request_is_silent_and_needs_no_network(home, standin, monkeypatch, capfd):
    monkeypatch.setenv("LABKIT_DATA", "standin")
    monkeypatch.setattr(download, "fetch", None)
    write_data(home / "project/data" / FOLDER_NAME)
    assert load_cifar10().name == "stand-in" and capfd.readouterr() == ("", "")
    assert load_cifar10(home / "project/data").name == "CIFAR-10"  # an argument is a request too


def test_a_folder_with_the_stand_in_is_called_the_stand_in(home, standin):
    assert load_cifar10(standin).name == "stand-in"


def test_an_unknown_wish_is_refused(monkeypatch):
    monkeypatch.setenv("LABKIT_DATA", "mnist")
    with pytest.raises(ValueError, match="LABKIT_DATA must be cifar10 or standin or not set, got 'mnist'"):
        load_cifar10()


def test_empty_variables_are_as_good_as_none(home, monkeypatch):
    for name in ("LABKIT_DATA", "LABKIT_CIFAR10", "LABKIT_MIRRORS"):
        monkeypatch.setenv(name, "")
    write_data(home / "cache" / FOLDER_NAME, seed=30)
    assert seed_of(load_cifar10()) == 30


def test_an_incomplete_folder_in_a_usual_place_is_passed_over(home):
    incomplete(home / "project/data" / FOLDER_NAME)
    write_data(home / "cache" / FOLDER_NAME, seed=30)
    assert seed_of(load_cifar10()) == 30


def test_the_project_is_found_from_its_checkout_and_from_the_current_folder(home, monkeypatch):
    root = places.project_folder()
    assert root is None or (root / "labkit").is_dir()
    monkeypatch.setattr(places, "__file__", str(home / "site-packages/labkit/data/places.py"))
    assert places.project_folder() is None
    project = home / "elsewhere"
    (project / "notebooks").mkdir(parents=True)
    (project / "pyproject.toml").write_text('[project]\nname = "something"\n')
    monkeypatch.chdir(project / "notebooks")
    assert places.project_folder() is None
    (project / "pyproject.toml").write_text('[project]\nname = "labkit"\n')
    assert os.path.samefile(places.project_folder(), project)


def test_a_current_folder_that_is_gone_is_survived(home, monkeypatch):
    def gone():
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(os, "getcwd", gone)
    write_data(home / "cache" / FOLDER_NAME, seed=30)
    places.project_folder()
    assert seed_of(load_cifar10()) == 30


def test_the_cache_is_where_it_is_told_to_be(home, monkeypatch):
    assert places.cache_folder() == home / "cache"
    monkeypatch.delenv("LABKIT_CACHE")
    assert places.cache_folder().name == "labkit"


# the command


def test_the_command_tells_what_is_there(home, capfd):
    folder = write_data(home / "project/data" / FOLDER_NAME)
    assert command.run() == 0
    out, err = capfd.readouterr()
    assert str(folder) in out and "data/ of the project" in out and err == ""
    for name in BATCH_FILES:
        assert any(line.split()[:2] == [name, "3"] and line.endswith("other") for line in out.splitlines())
    assert "15 training and 3 test images of 3 × 32 × 32 pixels in 10 classes" in out
    assert "complete and readable" in out and "not byte for byte the official ones" in out


def test_the_command_knows_the_official_bytes(home, capfd, monkeypatch):
    folder = write_data(home / "project/data" / FOLDER_NAME)
    monkeypatch.setattr(command, "OFFICIAL_MD5", {p.name: md5_of(p) for p in folder.iterdir()})
    assert command.run() == 0
    assert "byte for byte the official one." in capfd.readouterr().out
    (folder / "batches.meta").unlink()
    assert command.run(folder=folder) == 0


def test_the_command_fails_on_a_damaged_file(home, capfd):
    folder = write_data(home / "project/data" / FOLDER_NAME)
    (folder / "data_batch_4").write_bytes(b"\x80\x02}")
    assert command.run() == 1
    out, err = capfd.readouterr()
    assert "data_batch_4 is truncated" in err and err.count("\n") == 1


def test_the_command_only_looks_if_told_so(home, capfd, monkeypatch):
    monkeypatch.setattr(download, "fetch", None)
    assert command.run(check=True) == 1
    assert "CIFAR-10 is not on this computer" in capfd.readouterr().out
    assert not (home / "project/data").exists()


def test_the_command_says_why_it_could_not_fetch(home, capfd):
    assert command.run() == 1
    out, err = capfd.readouterr()
    assert err == "labkit data: CIFAR-10 could not be downloaded: 127.0.0.1 refused the connection.\n"


@pytest.mark.parametrize("folder, said", [("not a folder", "is not a folder"), ("half", "is not complete")])
def test_the_command_does_not_download_over_something_else(home, capfd, folder, said):
    (home / "not a folder").write_text("x")
    incomplete(home / "half")
    assert command.run(folder=home / folder) == 1
    assert said in capfd.readouterr().err


def test_the_command_makes_the_stand_in(home, capfd, monkeypatch):
    import labkit.data.standin as room

    folder = write_data(home / "s" / FOLDER_NAME)
    (folder / "batches.meta").write_bytes(python2({"label_names": list(CLASSES), "data_set": "stand-in"}))
    monkeypatch.setattr(room, "standin_folder", lambda: folder, raising=False)
    monkeypatch.setattr(room, "make_standin", lambda place: shutil.copytree(folder, place / FOLDER_NAME), raising=False)
    assert command.run(standin=True) == 0
    out, err = capfd.readouterr()
    assert out.startswith(f"The stand-in is in {folder} (drawn by labkit).") and "checksum" not in out and err == ""
    assert command.run(standin=True, folder=home / "new") == 0
    assert np.array_equal(load_cifar10(home / "new").y_train, load_cifar10(folder).y_train)


def test_the_command_does_not_put_the_stand_in_over_cifar10(home, capfd):
    folder = write_data(home / "c" / FOLDER_NAME)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert command.run(standin=True, folder=home / "c") == 1
    assert "holds something else" in capfd.readouterr().err
    assert before == {p.name: p.read_bytes() for p in folder.iterdir()}


def test_the_command_mentions_that_the_labs_are_told_to_use_the_stand_in(home, capfd, monkeypatch):
    write_data(home / "project/data" / FOLDER_NAME)
    monkeypatch.setenv("LABKIT_DATA", "standin")
    assert command.run() == 0
    assert "the labs use the stand-in" in capfd.readouterr().out
