"""Unpacking: only what belongs to CIFAR-10, nowhere else than asked for, all or nothing."""

import io
import os
import tarfile

import downloads
import pytest
from data_files import good_members, serving, write_archive
from downloads import get

from labkit.data import DownloadError
from labkit.data import archive as archive_room
from labkit.data.archive import ArchiveError, extract
from labkit.data.reader import BATCH_FILES, FOLDER_NAME, missing_files

body, folder = downloads.body, downloads.folder


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
