"""For the tests of downloads: a small archive in the layout of the official one, and a folder to fetch it into.

A test file takes the fixtures by name: `body, folder, event = downloads.body, downloads.folder, downloads.event`.
"""

import os
import socket
import threading

import pytest
from data_files import good_members, md5_of, write_archive

from labkit.data import download, load_cifar10
from labkit.data.download import fetch
from labkit.data.mirrors import ARCHIVE
from labkit.data.reader import FOLDER_NAME
from labkit.data.transfer import Patience

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
