"""Fetching as a whole: other processes, interrupts, places, mirrors by environment, failures remembered."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time

import downloads
import pytest
from data_files import md5_of, serving, write_data
from downloads import SHORT, closed_port, get, is_complete, leave_part, part_of
from processes import hears_interrupts

from labkit.data import DownloadError, download, load_cifar10, mirrors
from labkit.data import archive as archive_room
from labkit.data.download import fetch
from labkit.data.mirrors import ARCHIVE
from labkit.data.reader import FOLDER_NAME, missing_files
from labkit.data.transfer import TransferError

body, folder, event = downloads.body, downloads.folder, downloads.event


# other processes, interrupts

SCRIPT = """
import sys
from labkit.data.download import fetch
from labkit.data.transfer import Patience
print(fetch(sys.argv[1], [sys.argv[2]], int(sys.argv[3]), sys.argv[4], Patience(2, 5, 0, 1)).name, flush=True)
"""


def start(folder, body, server):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), server.url, str(len(body)), md5_of(body)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **hears_interrupts(),
    )


def test_two_processes_download_once(folder, body):
    with serving(body, "slow", pause=0.02, piece=len(body) // 25) as server:
        outputs = [p.communicate(timeout=60) for p in [start(folder, body, server) for _ in range(3)]]
        assert server.seen == [None], outputs
    assert [out.splitlines()[-1] for out, _ in outputs] == [FOLDER_NAME] * 3, [err for _, err in outputs]
    assert sum("Another program is downloading CIFAR-10; waiting for it." in out for out, _ in outputs) >= 1
    assert is_complete(folder)


def test_who_waited_for_a_download_that_failed_does_not_repeat_it(folder, body, event, monkeypatch):
    import filelock

    url = closed_port()
    leave_part(folder, b"")
    work = part_of(folder).parent
    lock = filelock.FileLock(str(work / "lock"), thread_local=False)
    other = threading.Thread(target=lock.acquire)
    other.start()
    other.join()
    (work / "failed").write_text(f"{url}\nthe reason")
    threading.Timer(0.3, lock.release).start()
    monkeypatch.setattr(download, "from_first", None)
    with pytest.raises(DownloadError, match="the reason"):
        get(folder, body, url)


@pytest.fixture
def in_background():
    """As if the tests had been started in the background of a shell, where SIGINT is ignored."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_an_interrupt_leaves_only_what_can_be_taken_up(in_background, folder, body, event, name):
    with serving(body, ["stalled", "good"], event=event) as server:
        process = start(folder, body, server)
        deadline = time.monotonic() + 30
        while not (part_of(folder).exists() and server.seen) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
        process.send_signal(getattr(signal, name))
        _, err = process.communicate(timeout=30)
        assert process.returncode != 0 and ("KeyboardInterrupt" in err) == (name == "SIGINT")
        assert os.listdir(folder) == [download.WORK_FOLDER]
        have = part_of(folder).read_bytes()
        assert body.startswith(have)
        get(folder, body, server)
        assert server.seen == [None, f"bytes={len(have)}-" if have else None]
    assert is_complete(folder)


def test_an_interrupt_while_unpacking_leaves_no_data(folder, body, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    with serving(body) as server:
        with monkeypatch.context() as patch:
            patch.setattr(archive_room.shutil, "copyfileobj", interrupted)
            with pytest.raises(KeyboardInterrupt):
                get(folder, body, server)
        assert os.listdir(folder) == [download.WORK_FOLDER]
        get(folder, body, server)
        assert server.seen == [None]
    assert is_complete(folder)


# places


def test_a_folder_that_cannot_be_written(tmp_path, folder, body):
    """Permissions do not bind the user root, but a file in the place of a folder does."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(DownloadError, match="cannot be written.*LABKIT_CACHE"):
        get(tmp_path / "file" / "data", body, closed_port())


def test_a_disk_without_room(folder, body, monkeypatch):
    usage = download.shutil.disk_usage("/")
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(DownloadError, match="needs 0 MB while it is downloaded, and the disk of .* has 0 MB left"):
        get(folder, body, closed_port())


def test_a_disk_that_becomes_full_is_given_back_what_it_held(folder, body, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive_room.shutil, "copyfileobj", full)
    with serving(body) as server, pytest.raises(DownloadError, match="became full"):
        get(folder, body, server)
    assert os.listdir(folder) == []


def test_the_download_lands_in_the_project_if_that_can_be_written_else_in_the_cache(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(download, "project_folder", lambda: tmp_path / "project")
    monkeypatch.setattr(download, "SIZE", 1000)
    assert download.landing_folder() == tmp_path / "project" / "data"
    (tmp_path / "file").write_text("x")
    monkeypatch.setattr(download, "project_folder", lambda: tmp_path / "file")
    assert download.landing_folder() == tmp_path / "cache"
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(DownloadError, match="cannot be written"):
        download.landing_folder()


def test_an_incomplete_folder_that_is_in_the_way_is_kept_under_another_name(folder, body, capfd):
    for _ in range(2):
        target = write_data(folder / FOLDER_NAME, seed=40)
        (target / "test_batch").unlink()
        with serving(body) as server:
            get(folder, body, server)
        assert "is now called cifar-10-batches-py.incomplete" in capfd.readouterr().out
        assert not missing_files(target)
        (target / "data_batch_1").unlink()
    assert len(os.listdir(folder)) == 3


def test_an_archive_put_there_by_hand_is_used_and_kept(folder, body):
    folder.mkdir()
    (folder / ARCHIVE).write_bytes(body)
    get(folder, body, closed_port())
    assert sorted(os.listdir(folder)) == [FOLDER_NAME, ARCHIVE]
    load_cifar10(folder)


def test_a_wrong_archive_put_there_by_hand_is_left_alone(folder, body):
    folder.mkdir()
    (folder / ARCHIVE).write_bytes(body[::-1])
    with pytest.raises(DownloadError, match="refused the connection"):
        get(folder, body, closed_port())
    assert (folder / ARCHIVE).read_bytes() == body[::-1]


# mirrors by environment, remembered failures


def test_mirrors_of_the_environment_replace_the_usual_ones(folder, body, monkeypatch):
    with serving(body) as server:
        monkeypatch.setenv("LABKIT_MIRRORS", f" {closed_port()} ,{server.url.rsplit('/', 1)[0]}/\n")
        fetch(folder, None, len(body), md5_of(body), SHORT)
    assert is_complete(folder)


@pytest.mark.parametrize(
    "named", ["/srv/cifar", "ftp://x/y", "file:///x", "data.example.org/x", "http://", "https:///x"]
)
def test_a_mirror_that_is_no_web_address(folder, body, monkeypatch, named):
    monkeypatch.setenv("LABKIT_MIRRORS", named)
    with pytest.raises(DownloadError, match="must be an address that begins with http"):
        fetch(folder, None, len(body), md5_of(body), SHORT)


def test_a_failure_that_took_long_is_remembered_for_a_while(folder, body, monkeypatch):
    clock = iter(range(0, 10_000, 100))
    monkeypatch.setattr(mirrors, "transfer", lambda *_: (next(clock), (_ for _ in ()).throw(TransferError("was down"))))
    monkeypatch.setattr(mirrors.time, "monotonic", lambda: next(clock))
    with pytest.raises(DownloadError, match="was down"):
        get(folder, body, "http://a.invalid/x", insist=False)
    monkeypatch.undo()
    began = time.monotonic()
    with pytest.raises(DownloadError, match="was down"):
        get(folder, body, "http://a.invalid/x", insist=False)
    assert time.monotonic() - began < 2
    with serving(body) as server:
        get(folder, body, server, insist=False)  # other mirrors: not the same failure
    assert is_complete(folder)


def test_who_insists_or_comes_later_tries_again(folder, body):
    with serving(body) as server:
        leave_part(folder, b"")
        note = part_of(folder).with_name("failed")
        note.write_text(f"{server.url}\nthe reason")
        with pytest.raises(DownloadError, match="the reason"):
            get(folder, body, server, insist=False)
        long_ago = time.time() - mirrors.REMEMBERED - 1
        os.utime(note, (long_ago, long_ago))
        get(folder, body, server, insist=False)
    assert is_complete(folder)
