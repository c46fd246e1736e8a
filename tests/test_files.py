"""Files are written at once or not at all."""

import os
import stat
import threading

import pytest

from labkit.files import whole_file, write


def test_the_old_content_stays_until_the_new_is_complete(tmp_path):
    path = tmp_path / "notes.txt"
    write(path, "old")
    with whole_file(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new" and os.listdir(tmp_path) == ["notes.txt"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError, ValueError])
def test_what_raises_leaves_the_old_file_and_no_other(tmp_path, error):
    path = tmp_path / "notes.txt"
    write(path, "old")
    with pytest.raises(error), whole_file(path) as file:
        file.write(b"half")
        raise error
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["notes.txt"]


def test_folders_are_made_text_is_utf8_and_names_may_be_odd(tmp_path):
    for name in ("a/b/plain", "no suffix", ".hidden", "ünïcode ✔.txt"):
        write(tmp_path / name, "é✔")
        assert (tmp_path / name).read_bytes() == "é✔".encode()
    write(str(tmp_path / "text"), "lone \ud800 surrogate")
    assert (tmp_path / "text").read_bytes() == b"lone ? surrogate"


def test_a_link_is_followed(tmp_path):
    write(tmp_path / "real", "old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_bytes() == b"new"


def test_others_may_read_what_the_umask_allows(tmp_path):
    before = os.umask(0o027)
    try:
        write(tmp_path / "shared", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o640


def test_a_folder_of_that_name_is_an_error_and_nothing_is_left(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError):
        write(tmp_path / "taken", "x")
    assert os.listdir(tmp_path) == ["taken"]


def test_many_threads_write_one_file(tmp_path):
    path, texts = tmp_path / "busy", [str(i) * 50_000 for i in range(8)]
    threads = [threading.Thread(target=write, args=(path, text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in texts and os.listdir(tmp_path) == ["busy"]
