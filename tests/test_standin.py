"""The stand-in: the same bytes everywhere, CIFAR-10's format, balanced classes, nothing half-written."""

import errno
import hashlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from labkit.data import load_cifar10
from labkit.data.errors import DataError
from labkit.data.reader import BATCH_FILES, CLASSES, FOLDER_NAME, META_FILE
from labkit.data.standin import files, make_standin, standin_folder
from labkit.data.standin.shapes import KINDS

ALL_FILES = [*BATCH_FILES, META_FILE]
SHA256 = {
    "data_batch_1": "0ecf893ad60dbbbbac9c5f098b7e8a3bc8c4fb1dc0fa3fd8999632e174960818",
    "data_batch_2": "8c6f3ceb964006f52d555c01d402671f6d6b8eccd66ce913282fe3cba78934f6",
    "data_batch_3": "e5674973d815128d6494718ed274146914edd695b6be58e1df04f6f330af6aa9",
    "data_batch_4": "58e1e38555e43709e6a271123a823c3c7765702f206fb905b5eef04d3b885133",
    "data_batch_5": "95b70291ead132731aef7af248b6fa34240c5ea4c25fe343704d620a616d8b4f",
    "test_batch": "a56af32f7fe96b99ee7a7b944eb74c58b43c0de9d1372582dc4cb620ba442dc9",
    "batches.meta": "582ca343bfcf2c1cedcbb1b6e90627291353fec85d0ba5340646d304d84bc5b2",
}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="session")
def folder():
    return standin_folder()


@pytest.fixture(scope="session")
def batches(folder):
    """The six batches as anybody reads them."""
    return [pickle.loads((folder / name).read_bytes(), encoding="bytes") for name in BATCH_FILES]


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """A stand-in of 120 pictures in place of 12,000: what was drawn, and the content of its files."""
    folder = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "PER_FILE", 20)
        pictures = files.draw()
        files.write(folder, *pictures)
    return pictures, {name: (folder / name).read_bytes() for name in ALL_FILES}


@pytest.fixture
def small(drawn, monkeypatch, tmp_path):
    """labkit makes that small stand-in here, at once, with an empty cache; the content of its files."""
    pictures, contents = drawn
    monkeypatch.setattr(files, "PER_FILE", 20)
    monkeypatch.setattr(files, "SIZES", {name: len(content) for name, content in contents.items()})
    monkeypatch.setattr(files, "draw", lambda: pictures)
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path / "cache"))
    return contents


def no_drawing():
    raise AssertionError("drawn again")


# --- the set


@pytest.mark.parametrize("name", ALL_FILES)
def test_checksums(folder, name):
    assert sha256((folder / name).read_bytes()) == SHA256[name]


def test_code_still_draws_the_same(drawn):
    """The set above may lie in the cache since long ago; this one was drawn now."""
    data = b"".join(drawn[1].values())
    assert sha256(data) == "8305280e5867b3cf493a83148b1eec085b2f3c1d57a8583d075452cf887db4ed"


def test_every_kind_is_drawn_the_same():
    digest = hashlib.sha256()
    for label, kinds in KINDS.items():
        for kind in range(len(kinds)):
            digest.update(files.snapshots(label, kind, 3, seed=7).tobytes())
    assert digest.hexdigest() == "af0d9e37732e87337097f61ae98bcd28947b9c64460506a53230b1f364caad7c"


def test_format(folder, batches):
    for i, batch in enumerate(batches):
        assert list(batch) == [b"batch_label", b"labels", b"data", b"filenames"]
        assert batch[b"data"].shape == (2000, 3072) and batch[b"data"].dtype == np.uint8
        assert batch[b"data"].flags.c_contiguous
        assert len(batch[b"labels"]) == len(batch[b"filenames"]) == 2000
        assert {type(y) for y in batch[b"labels"]} == {int}
        title = b"testing batch 1 of 1" if i == 5 else b"training batch %d of 5" % (i + 1)
        assert batch[b"batch_label"] == title
    meta = pickle.loads((folder / META_FILE).read_bytes(), encoding="bytes")
    assert meta[b"label_names"] == [name.encode() for name in CLASSES]
    assert meta[b"num_cases_per_batch"] == 2000 and meta[b"num_vis"] == 3072
    assert sorted(p.name for p in folder.iterdir()) == sorted(ALL_FILES)


def test_python_3_reads_text_too(folder):
    """As the course CS231n reads the files."""
    batch = pickle.loads((folder / "test_batch").read_bytes(), encoding="latin1")
    assert batch["data"].shape == (2000, 3072) and batch["filenames"][0].endswith(".png")


def test_labkit_reads_it(folder, batches):
    data = load_cifar10(folder)
    assert data.name == "stand-in" and data.classes == list(CLASSES)
    assert data.X_train.shape == (10_000, 3, 32, 32) and data.X_test.shape == (2_000, 3, 32, 32)
    np.testing.assert_array_equal(data.X_train[2001].reshape(-1), batches[1][b"data"][1])
    assert data.y_train[2001] == batches[1][b"labels"][1]


def test_balance(batches):
    counts = np.array([np.bincount(batch[b"labels"], minlength=10) for batch in batches])
    assert (counts[:5].sum(axis=0) == 1000).all() and (counts[5] == 200).all()
    assert counts.min() >= 150 and counts.max() <= 250
    assert len({tuple(row) for row in counts[:5].tolist()}) > 1  # shuffled over the batches, as in CIFAR-10


def test_order_is_random(batches):
    for batch in batches:
        labels = np.array(batch[b"labels"])
        assert 0.06 < np.mean(labels[1:] == labels[:-1]) < 0.14


def test_training_and_test_have_the_same_kinds(batches):
    kinds = [[name.rsplit(b"_s_", 1)[0].decode() for name in batch[b"filenames"]] for batch in batches]
    training, test = sum(kinds[:5], []), kinds[5]
    names = {draw.__name__ for drawings in KINDS.values() for draw in drawings}
    assert set(training) == set(test) == names
    for name in names:
        assert abs(training.count(name) / 10_000 - test.count(name) / 2_000) < 0.001
    owner = {draw.__name__: label for label, drawings in KINDS.items() for draw in drawings}
    for batch, mine in zip(batches, kinds):
        assert [owner[kind] for kind in mine] == [CLASSES[y] for y in batch[b"labels"]]


def test_no_picture_twice(batches):
    pictures = [row.tobytes() for batch in batches for row in batch[b"data"]]
    assert len(set(pictures)) == 12_000


def test_pixels_are_like_those_of_photographs(batches):
    X = batches[0][b"data"].reshape(-1, 3, 32, 32).astype(np.int64)
    assert 100 < X.mean() < 140 and 50 < X.std() < 75  # CIFAR-10: 121 and 64
    assert abs(X[..., 1:] - X[..., :-1]).mean() < 20  # neighbours are alike
    red, _, blue = X[np.array(batches[0][b"labels"]) == 0].mean(axis=(0, 2, 3))
    assert blue > red + 10  # aeroplanes before the sky: channels in the right order


def test_colour_and_place_help_but_do_not_decide(batches):
    """Least squares on 4 x 4 blocks: better than chance by far, and far from knowing the shapes."""
    X = np.concatenate([b[b"data"] for b in batches]).reshape(-1, 3, 8, 4, 8, 4)
    X = X.mean(axis=(3, 5)).reshape(-1, 192)
    y = np.concatenate([b[b"labels"] for b in batches])
    A = np.c_[(X - X.mean(axis=0)) / 64, np.ones(len(X))]
    W = np.linalg.solve(A[:10_000].T @ A[:10_000] + 50 * np.eye(193), A[:10_000].T @ np.eye(10)[y[:10_000]])
    assert 0.35 < np.mean((A[10_000:] @ W).argmax(axis=1) == y[10_000:]) < 0.50


# --- making it, and what can go wrong


def everything_in(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


def test_make_writes_the_folder(small, tmp_path):
    made = make_standin(str(tmp_path / "new" / "folder"))
    assert made == tmp_path / "new" / "folder" / FOLDER_NAME
    inside = [os.path.join(FOLDER_NAME, name) for name in ALL_FILES]
    assert everything_in(made.parent) == sorted([FOLDER_NAME, *inside])
    for name in ALL_FILES:
        assert (made / name).read_bytes() == small[name]


def test_make_leaves_a_complete_set_alone(small, tmp_path, monkeypatch):
    made = make_standin(tmp_path / "here")
    monkeypatch.setattr(files, "draw", no_drawing)
    assert make_standin(tmp_path / "here") == made


@pytest.mark.parametrize("what", ["other data", "a file"])
def test_make_never_overwrites(small, tmp_path, monkeypatch, what):
    monkeypatch.setattr(files, "draw", no_drawing)
    target = tmp_path / "here" / FOLDER_NAME
    target.parent.mkdir()
    precious = target / "data_batch_1" if what == "other data" else target
    precious.parent.mkdir(exist_ok=True)
    precious.write_bytes(b"precious")
    with pytest.raises(DataError, match="holds something else"):
        make_standin(tmp_path / "here")
    assert precious.read_bytes() == b"precious" and len(list(target.parent.iterdir())) == 1


def test_make_fills_an_empty_folder(small, tmp_path):
    (tmp_path / FOLDER_NAME).mkdir()
    assert files.is_complete(make_standin(tmp_path))


@pytest.mark.parametrize(
    "error, seen",
    [
        (KeyboardInterrupt(), KeyboardInterrupt),
        (MemoryError(), MemoryError),
        (OSError(errno.ENOSPC, "No space left on device"), DataError),
    ],
)
@pytest.mark.parametrize("during", ["draw", "the third file", "rename"])
def test_nothing_half_written(small, tmp_path, monkeypatch, error, seen, during):
    def fail(*_):
        raise error

    if during == "the third file":
        contents = iter([b"1", b"2"])
        monkeypatch.setattr(files, "batch_file", lambda *_: next(contents, None) or fail())
    else:
        monkeypatch.setattr(*{"draw": (files, "draw"), "rename": (files.os, "rename")}[during], fail)
    with pytest.raises(seen):
        make_standin(tmp_path / "here")
    assert everything_in(tmp_path / "here") == []


@pytest.mark.parametrize("folder", [None, 3, ["x"]])
def test_make_needs_a_path(folder):
    with pytest.raises(ValueError, match="^folder must be a path"):
        make_standin(folder)


def test_make_where_nothing_can_be_written(small, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DataError, match="could not be written into .*file"):
        make_standin(tmp_path / "file")


def test_cache_is_filled_once(small, tmp_path, monkeypatch):
    made = standin_folder()
    assert made == tmp_path / "cache" / files.VERSION / FOLDER_NAME
    monkeypatch.setattr(files, "draw", no_drawing)
    assert standin_folder() == made


@pytest.mark.parametrize("damage", ["truncated", "missing", "killed before"])
def test_cache_is_mended(small, damage):
    made = standin_folder()
    good = (made / "data_batch_2").read_bytes()
    if damage == "truncated":
        (made / "data_batch_2").write_bytes(good[:-100])
    elif damage == "missing":
        (made / "data_batch_2").unlink()
    else:
        made.rename(made.parent / f".{FOLDER_NAME}-0123")
    assert standin_folder() == made
    assert (made / "data_batch_2").read_bytes() == good
    assert sorted(p.name for p in made.parent.iterdir() if p.is_dir()) == [FOLDER_NAME]


def test_cache_that_cannot_be_written_to(small, tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("a file where the cache should be")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(files.tempfile, "gettempdir", lambda: str(tmp_path / "temporary"))
    made = standin_folder()
    assert files.is_complete(made) and made.is_relative_to(tmp_path / "temporary")
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(files.tempfile, "gettempdir", lambda: str(tmp_path / "file"))
    with pytest.raises(DataError, match="LABKIT_CACHE"):
        standin_folder()


TWO = """
import sys, time
from pathlib import Path
from labkit.data.standin import files
files.PER_FILE, files.SIZES = 20, {sizes!r}
draw = files.draw
def slowly():
    with open({log!r}, "a") as log:
        log.write("drawn\\n")
    time.sleep(0.5)
    return draw()
files.draw = slowly
print({call})
"""


@pytest.mark.parametrize("call, times", [("files.standin_folder()", 1), ("files.make_standin({place!r})", 2)])
def test_two_processes_at_once(small, tmp_path, call, times):
    """Through the cache the set is drawn once; into a folder perhaps twice, and one takes its place."""
    log, place = tmp_path / "log", tmp_path / "here"
    code = TWO.format(sizes=files.SIZES, log=str(log), call=call.format(place=str(place)))
    root = str(Path(__file__).resolve().parents[1])
    env = os.environ | {"PYTHONPATH": root}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60) for process in both]
    assert [p.returncode for p in both] == [0, 0], said
    assert said[0][0] == said[1][0] and files.is_complete(Path(said[0][0].strip()))
    assert 1 <= log.read_text().count("drawn") <= times
    assert [p.name for p in Path(said[0][0].strip()).parent.iterdir() if p.is_dir()] == [FOLDER_NAME]


def test_same_bytes_without_the_newest_instructions():
    """NumPy with its vector instructions switched off, as on an old processor, draws the same."""
    code = (
        "import hashlib; from labkit.data.standin.files import snapshots as draw; "
        "print(hashlib.sha256(draw('cat', 0, 9, 5).tobytes() + draw('ship', 1, 9, 5).tobytes())"
        ".hexdigest())"
    )
    env = os.environ | {
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX X86_V3 X86_V4",
    }
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, env=env)
    if "baseline" in done.stderr:
        pytest.skip("this NumPy was built for one processor and cannot do without its instructions")
    here = sha256(files.snapshots("cat", 0, 9, 5).tobytes() + files.snapshots("ship", 1, 9, 5).tobytes())
    assert done.stdout.strip() == here, done.stderr
