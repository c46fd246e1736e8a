"""Downloads from a local server with every bad habit. Nothing half-written may ever be taken for data."""

import os
import socket
import time

import downloads
import pytest
from data_files import serving
from downloads import closed_port, get, is_complete, leave_part, part_of

from labkit.data import DownloadError, download, transfer
from labkit.data.mirrors import ARCHIVE
from labkit.data.reader import FOLDER_NAME, missing_files
from labkit.data.transfer import Patience

body, folder, event = downloads.body, downloads.folder, downloads.event


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
        assert len(server.seen) == transfer.ATTEMPTS
    assert body.startswith(part_of(folder).read_bytes())
