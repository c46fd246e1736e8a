"""Downloads against a local server with every bad habit. Nothing half-written may ever be taken for data."""

import errno
import io
import os
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time

import pytest
from data_files import good_members, md5_of, serving, write_archive, write_data
from processes import hears_interrupts

from labkit.data import DownloadError, download, load_cifar10
from labkit.data import archive as archive_room
from labkit.data.archive import ArchiveError, extract
from labkit.data.download import ARCHIVE, MirrorError, Patience, fetch
from labkit.data.reader import BATCH_FILES, FOLDER_NAME, missing_files

SHORT = Patience(connect=2, stall=0.4, floor=0, window=0.2)


@pytest.fixture(scope="module")
def body(tmp_path_factory):
    """The bytes of a small archive in the layout of the official one."""
    tmp_path = tmp_path_factory.mktemp("archive")
    return write_archive(tmp_path / ARCHIVE, good_members(tmp_path)).read_bytes()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LABKIT_MIRRORS", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "data"


@pytest.fixture
def event():
    """Lets the servers that keep silent go at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


def get(folder, body, *servers, patience=SHORT, **options):
    return fetch(folder, [getattr(s, "url", s) for s in servers], len(body), md5_of(body), patience, **options)


def part_of(folder):
    return folder / download.WORK_FOLDER / (ARCHIVE + ".part")


def leave_part(folder, content):
    part_of(folder).parent.mkdir(parents=True)
    part_of(folder).write_bytes(content)


def is_complete(folder):
    """The data are there, they can be read, and nothing else is."""
    assert load_cifar10(folder).X_train.shape == (15, 3, 32, 32)
    return os.listdir(folder) == [FOLDER_NAME]


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/x.tar.gz"


def test_a_good_download(folder, body, capfd):
    with serving(body) as server:
        assert get(folder, body, server) == folder / FOLDER_NAME
    assert is_complete(folder) and server.seen == [None]
    out, err = capfd.readouterr()
    assert out == "" and "100%" in err and "Downloading data from" not in err


def test_what_is_there_is_not_downloaded_again(folder, body):
    with serving(body) as server:
        get(folder, body, server)
        get(folder, body, server)
        assert server.seen == [None]


@pytest.mark.parametrize("habit", ["chunked", "gzip encoded", "no range"])
def test_other_ways_to_send_an_archive(folder, body, habit):
    with serving(body, habit) as server:
        get(folder, body, server)
    assert is_complete(folder)


BAD = {
    "missing": "answered 404 Not Found",
    "busy": "answered 503",
    "page": "sent a web page instead of the archive",
    "page unnamed": "sent something else than a gzipped archive",
    "other size": "offered a file of .* bytes instead of",
    "endless": "sent more than",
    "truncated": "broke off after",
    "wrong bytes": "sent a file with a wrong checksum",
    "stalled": "sent nothing for 0.4 s",
    "silent": "sent nothing for 0.4 s",
    "redirect forever": "redirects without end",
}


@pytest.mark.parametrize("habit", BAD)
def test_a_bad_mirror_is_named_and_the_next_one_is_taken(folder, body, event, habit):
    with serving(body, habit, event=event) as bad, serving(body) as good:
        with pytest.raises(DownloadError, match=f"could not be downloaded: 127.0.0.1 {BAD[habit]}"):
            get(folder, body, bad)
        assert set(os.listdir(folder)) == {download.WORK_FOLDER} and missing_files(folder / FOLDER_NAME)
        get(folder, body, bad, good)
    assert is_complete(folder)


def test_every_mirror_is_named_once_with_its_reason(folder, body):
    with serving(body, "missing") as a, serving(body, "missing") as b:
        with pytest.raises(DownloadError) as caught:
            get(folder, body, a, b, closed_port())
    assert str(caught.value) == (
        "CIFAR-10 could not be downloaded: 127.0.0.1 and 127.0.0.1 answered 404 Not Found; "
        "127.0.0.1 refused the connection."
    )


def test_a_name_that_nobody_knows(folder, body):
    with pytest.raises(DownloadError, match=r"mirror.invalid cannot be (found \(is there a network\?\)|reached)"):
        get(folder, body, "http://mirror.invalid/x.tar.gz")


def test_a_network_that_swallows_everything_does_not_keep_anybody_waiting(folder, body, monkeypatch, event):
    """A firewall that drops packets, or a name server that never answers."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: event.wait(20) and [])
    began = time.monotonic()
    with pytest.raises(DownloadError, match="did not answer within 0.3 s"):
        get(folder, body, "http://a.invalid/x", "http://b.invalid/x", patience=Patience(connect=0.1))
    assert time.monotonic() - began < 5


def test_a_proxy_is_asked_as_requests_would(folder, body, monkeypatch):
    with serving(body) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.rsplit("/", 1)[0])
        get(folder, body, "http://only-the-proxy-knows.invalid/x.tar.gz")
        assert proxy.seen == [None]
    assert is_complete(folder)


# slow servers

SLOW = {"pause": 0.05, "piece": 500}  # 10 kB/s


def test_a_mirror_below_the_floor_is_left_for_the_next_which_goes_on_from_there(folder, body):
    patience = Patience(connect=2, stall=1, floor=100_000, window=0.15)
    with serving(body, "slow", **SLOW) as slow, serving(body) as good:
        get(folder, body, slow, good, patience=patience)
        assert good.seen[0].startswith("bytes=") and int(good.seen[0][6:-1]) > 0
    assert is_complete(folder)


def test_if_all_are_below_the_floor_only_who_insists_waits(folder, body, capfd):
    patience = Patience(connect=2, stall=1, floor=10_000_000, window=0.15)
    with serving(body, "slow", pause=0.03, piece=4000) as slow:
        with pytest.raises(DownloadError, match="sent only [0-9,]+ kB/s"):
            get(folder, body, slow, patience=patience, insist=False)
        assert part_of(folder).stat().st_size > 0
        get(folder, body, slow, patience=patience, insist=True)
    assert "No mirror is faster: going on with 127.0.0.1" in capfd.readouterr().out
    assert is_complete(folder)


def test_single_bytes_now_and_then_do_not_pass_for_a_download(folder, body):
    with serving(body, "slow", pause=0.1, piece=1) as server:
        with pytest.raises(DownloadError, match="sent only 0 kB/s"):
            get(folder, body, server, patience=Patience(connect=2, stall=1, floor=1000, window=0.2), insist=False)


# resumption


@pytest.mark.parametrize("have", [1, 1000, -1])
def test_a_partial_file_is_taken_up_where_it_stops(folder, body, have):
    leave_part(folder, body[:have])
    with serving(body) as server:
        get(folder, body, server)
        assert server.seen == [f"bytes={have % len(body)}-"]
    assert is_complete(folder)


def test_a_partial_file_that_is_whole_needs_no_server(folder, body):
    leave_part(folder, body)
    get(folder, body, closed_port())
    assert is_complete(folder)


def test_an_archive_that_was_not_unpacked_any_more_needs_no_server(folder, body):
    leave_part(folder, b"")
    part_of(folder).with_name(ARCHIVE).write_bytes(body)
    get(folder, body, closed_port())
    assert is_complete(folder)


@pytest.mark.parametrize("habit", ["no range", "other range"])
def test_a_server_that_cannot_continue_starts_cleanly_again(folder, body, habit):
    leave_part(folder, b"\x1f\x8bsomething else")
    with serving(body, habit) as server:
        get(folder, body, server)
    assert is_complete(folder)


def test_a_partial_file_longer_than_the_archive_is_dropped(folder, body):
    leave_part(folder, bytes(len(body) + 5))
    with serving(body) as server:
        get(folder, body, server)
        assert server.seen == [None]
    assert is_complete(folder)


@pytest.mark.parametrize("length", [5000, None])
def test_a_partial_file_of_other_bytes_fails_the_checksum_and_starts_cleanly_again(folder, body, length):
    leave_part(folder, bytes(length or len(body)))
    with serving(body) as server:
        get(folder, body, server)
        assert server.seen[-1] is None
    assert is_complete(folder)


@pytest.mark.parametrize("habit", ["page", "page unnamed", "missing", "other size"])
def test_a_bad_answer_does_not_cost_what_was_there(folder, body, habit):
    leave_part(folder, body[:3000])
    with serving(body, habit) as server:
        with pytest.raises(DownloadError):
            get(folder, body, server)
    assert part_of(folder).read_bytes() == body[:3000]


def test_a_connection_that_breaks_is_taken_up_at_once(folder, body):
    with serving(body, ["half of the rest", "half of the rest", "good"]) as server:
        get(folder, body, server)
        assert len(server.seen) == 3
    assert is_complete(folder)


def test_a_connection_that_breaks_again_and_again_is_given_up(folder, body):
    with serving(body, "half of the rest") as server:
        with pytest.raises(DownloadError, match="broke off after"):
            get(folder, body, server)
        assert len(server.seen) == download.ATTEMPTS
    assert body.startswith(part_of(folder).read_bytes())


# other processes, interrupts

SCRIPT = """
import sys
from labkit.data.download import Patience, fetch
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

    mirrors = [closed_port()]
    leave_part(folder, b"")
    work = part_of(folder).parent
    lock = filelock.FileLock(str(work / "lock"), thread_local=False)
    other = threading.Thread(target=lock.acquire)
    other.start()
    other.join()
    (work / "failed").write_text(f"{mirrors[0]}\nthe reason")
    threading.Timer(0.3, lock.release).start()
    monkeypatch.setattr(download, "_download", None)
    with pytest.raises(DownloadError, match="the reason"):
        get(folder, body, *mirrors)


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
    monkeypatch.setattr(
        download, "_from_mirror", lambda *_: (next(clock), (_ for _ in ()).throw(MirrorError("was down")))
    )
    monkeypatch.setattr(download.time, "monotonic", lambda: next(clock))
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
        long_ago = time.time() - download.REMEMBERED - 1
        os.utime(note, (long_ago, long_ago))
        get(folder, body, server, insist=False)
    assert is_complete(folder)


# archives


def info(kind, **fields):
    member = tarfile.TarInfo()
    member.type = kind
    for name, value in fields.items():
        setattr(member, name, value)
    return member


PREFIX = FOLDER_NAME + "/"
WRONG_MEMBERS = {
    "a path that leaves the folder": {"../escaped": b"x"},
    "a path that leaves it later": {PREFIX + "../../escaped": b"x"},
    "a path that begins at the root": {"/tmp/escaped-labkit": b"x"},
    "a path of Windows": {"..\\escaped": b"x"},
    "a file of another name": {PREFIX + "sitecustomize.py": b"x"},
    "a file beside the folder": {"data_batch_1": b"x"},
    "a deeper file": {PREFIX + "more/data_batch_1": b"x"},
    "a symbolic link": {PREFIX + "data_batch_1": info(tarfile.SYMTYPE, linkname="/etc/passwd")},
    "a link that leads the next file away": {FOLDER_NAME: info(tarfile.SYMTYPE, linkname="..")},
    "a hard link": {PREFIX + "data_batch_1": info(tarfile.LNKTYPE, linkname="../../x")},
    "a device": {PREFIX + "data_batch_1": info(tarfile.CHRTYPE, devmajor=1, devminor=5)},
    "a pipe": {PREFIX + "data_batch_1": info(tarfile.FIFOTYPE)},
    "a folder called like a file": {PREFIX + "data_batch_1": info(tarfile.DIRTYPE)},
    "another folder": {"more": info(tarfile.DIRTYPE)},
}


@pytest.mark.parametrize("first", [True, False], ids=["at the start", "at the end"])
@pytest.mark.parametrize("case", WRONG_MEMBERS)
def test_an_archive_with_something_else_in_it_is_refused_whole(tmp_path, case, first):
    good, wrong = good_members(tmp_path), WRONG_MEMBERS[case]
    members = (
        wrong | {k: v for k, v in good.items() if k not in wrong}
        if first
        else {k: v for k, v in good.items() if k not in wrong} | wrong
    )
    before = sorted(tmp_path.iterdir())
    archive = write_archive(tmp_path / "in.tar.gz", members)
    with pytest.raises(ArchiveError, match="does not belong to CIFAR-10; nothing of it was kept"):
        extract(archive, tmp_path / "deep" / "out")
    archive.unlink()
    (tmp_path / "deep").rmdir()  # which only works if it is empty
    assert sorted(tmp_path.iterdir()) == before and not os.path.exists("/tmp/escaped-labkit")


def test_an_archive_that_leaves_its_folder_is_refused_after_a_download_too(tmp_path, folder):
    members = {"../escaped": b"x"} | good_members(tmp_path)
    bad = write_archive(tmp_path / "bad.tar.gz", members).read_bytes()
    with serving(bad) as server, pytest.raises(DownloadError, match="'../escaped', which does not belong"):
        get(folder, bad, server)
    assert os.listdir(folder) == [] and not (tmp_path / "escaped").exists()


def test_names_may_begin_with_a_dot_and_folders_may_be_listed(tmp_path):
    members = {f"./{FOLDER_NAME}/": info(tarfile.DIRTYPE)} | {"./" + k: v for k, v in good_members(tmp_path).items()}
    assert not missing_files(extract(write_archive(tmp_path / "a.tar.gz", members), tmp_path / "out"))


def test_an_archive_without_one_of_the_files(tmp_path):
    members = good_members(tmp_path)
    del members[PREFIX + "data_batch_3"], members[PREFIX + "batches.meta"]
    with pytest.raises(ArchiveError, match="lacks data_batch_3;"):
        extract(write_archive(tmp_path / "a.tar.gz", members), tmp_path / "out")


def test_an_archive_with_a_file_twice(tmp_path):
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for _ in range(2):
            tar.addfile(info(tarfile.REGTYPE, name=PREFIX + "data_batch_1", size=3), io.BytesIO(b"abc"))
    with pytest.raises(ArchiveError, match="twice"):
        extract(path, tmp_path / "out")


def test_an_archive_that_unpacks_to_too_much(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_room, "MOST_BYTES", 10_000_000)
    for bomb in (
        {PREFIX + "data_batch_1": bytes(20_000_000)},
        {PREFIX + "data_batch_1": info(tarfile.REGTYPE, pax_headers={"comment": "x" * 20_000_000})},
    ):
        with pytest.raises(ArchiveError, match="unpacks to more than 10,000,000 bytes"):
            extract(write_archive(tmp_path / "a.tar.gz", bomb), tmp_path / "out")
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("cut", [0, 1, 5, 20, 1000, 0.3, 0.6, 0.99, -9, -8, -1])
def test_an_archive_cut_short(tmp_path, body, cut):
    path = tmp_path / "a.tar.gz"
    path.write_bytes(body[: int(cut * len(body)) if isinstance(cut, float) else cut])
    with pytest.raises(ArchiveError, match="truncated or is not a gzipped tar archive|lacks"):
        extract(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "content", [b"<html></html>", bytes(5000), b"PK\x03\x04" + bytes(100), b"\x1f\x8b" + bytes(100)]
)
def test_what_is_no_archive(tmp_path, content):
    (tmp_path / "a.tar.gz").write_bytes(content)
    with pytest.raises(ArchiveError, match="is truncated or is not"):
        extract(tmp_path / "a.tar.gz", tmp_path / "out")


def test_the_unpacked_files_are_those_of_the_archive(tmp_path, body):
    (tmp_path / "a.tar.gz").write_bytes(body)
    out = extract(tmp_path / "a.tar.gz", tmp_path / "out")
    for name, content in good_members(tmp_path).items():
        assert (out.parent / name).read_bytes() == content
    assert set(BATCH_FILES) < set(os.listdir(out))
