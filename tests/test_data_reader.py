"""Reading folders of batch files: good ones of every origin, and one clear sentence for every bad one."""

import os
import pickle

import numpy as np
import pytest
from data_files import batch, python2, write_data
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.data import CLASSES, DataError, load_cifar10
from labkit.data.reader import BATCH_FILES, LARGEST_FILE, read_ahead, read_batch, read_folder, read_meta


@pytest.fixture
def folder(tmp_path):
    return write_data(tmp_path / "cifar-10-batches-py")


def complaint(folder, name="data_batch_3"):
    """The one sentence with which a folder is refused; it must name the file and the way out."""
    with pytest.raises(DataError) as caught:
        load_cifar10(folder)
    message = str(caught.value)
    assert message.startswith(str(folder / name)) and "\n" not in message and message.endswith(".")
    assert "`labkit data`" in message
    assert "Record" not in message and "memoryview" not in message
    return message


def test_images_and_labels_come_in_the_order_of_the_files(folder):
    X_train, y_train, X_test, y_test = read_folder(folder)
    contents = [batch(i) for i in range(6)]
    np.testing.assert_array_equal(X_train.reshape(15, 3072), np.concatenate([c["data"] for c in contents[:5]]))
    np.testing.assert_array_equal(X_test.reshape(3, 3072), contents[5]["data"])
    assert y_train.tolist() == sum((c["labels"] for c in contents[:5]), []) and y_test.tolist() == contents[5]["labels"]
    assert X_train.dtype == X_test.dtype == np.uint8 and y_train.dtype == y_test.dtype == np.int64
    assert X_train.shape == (15, 3, 32, 32) and X_test.shape == (3, 3, 32, 32)


def test_channels_and_rows_stand_where_the_layout_says(tmp_path):
    """A row of the file is 1,024 red values row by row, then green, then blue."""
    row = np.arange(3072) % 251
    folder = write_data(tmp_path / "d", data_batch_1={"data": np.tile(row, (3, 1)).astype(np.uint8)})
    image = load_cifar10(folder).X_train[0]
    assert (
        image[0, 0, 5] == 5 and image[0, 1, 0] == 32 and image[1, 0, 0] == 1024 % 251 and image[2, 31, 31] == 3071 % 251
    )


def test_the_images_are_views_of_one_array_that_can_be_written(folder):
    data = load_cifar10(folder)
    assert data.X_train.base is not None and data.X_train.flags.c_contiguous and data.X_train.flags.writeable
    assert data.X_test.flags.writeable and data.y_test.flags.writeable


def test_what_was_read_ahead_is_handed_out_once(folder):
    read_ahead(folder)
    (folder / "data_batch_1").write_bytes(b"gone")
    first = read_folder(os.path.join(folder, "..", folder.name))
    assert first[0].shape == (15, 3, 32, 32) and first[0].flags.writeable
    with pytest.raises(DataError):  # and a second time it is read
        read_folder(folder)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("keys", [str, bytes], ids=["text keys", "bytes keys"])
def test_pickles_of_python_3_hold_the_same_data(folder, protocol, keys):
    content = batch(2)
    content["data"] = np.asfortranarray(content["data"]) if protocol % 2 else content["data"]
    if keys is bytes:
        content = {key.encode(): value for key, value in content.items()}
    before = read_folder(folder)
    (folder / "data_batch_3").write_bytes(pickle.dumps(content, protocol=protocol))
    for a, b in zip(before, read_folder(folder), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "labels",
    [
        lambda y: np.array(y),
        lambda y: np.array(y, np.uint8),
        lambda y: np.array(y, ">i2"),
        tuple,
        lambda y: [np.int64(v) for v in y],
        lambda y: [np.uint8(v) for v in y],
    ],
    ids=["int64", "uint8", "big-endian", "tuple", "numbers of NumPy", "small numbers of NumPy"],
)
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_labels_may_be_written_in_other_ways(folder, labels, protocol):
    content = batch(2)
    content["labels"] = labels(content["labels"])
    (folder / "data_batch_3").write_bytes(pickle.dumps(content, protocol=protocol))
    assert read_batch(folder / "data_batch_3")[1].tolist() == batch(2)["labels"]


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 30), m=st.integers(1, 30), seed=st.integers(0, 10**6))
def test_any_number_of_images_is_read(tmp_path_factory, n, m, seed):
    folder = write_data(tmp_path_factory.mktemp("d"), n=n, seed=seed, test_batch=batch(seed + 5, m))
    data = load_cifar10(folder)
    assert len(data.X_train) == len(data.y_train) == 5 * n and len(data.X_test) == len(data.y_test) == m


def whole(folder, **changes):
    return pickle.dumps(batch(2) | changes)


def without(key):
    return pickle.dumps({k: v for k, v in batch(2).items() if k != key})


class Evil:
    def __reduce__(self):
        return os.mkdir, ("ran",)


images = batch(2)["data"]
BAD = {
    "empty": (b"", "is empty"),
    "text": (b"hello, I am a text", "not a pickle"),
    "HTML": (b"<html>404</html>", "not a pickle"),
    "gzip": (b"\x1f\x8b\x08\0" + bytes(50), "not a pickle"),
    "zeros": (bytes(5000), "not a pickle"),
    "PNG": (b"\x89PNG\r\n\x1a\n" + bytes(40), "not a pickle"),
    "half": (python2(batch(2))[:5000], "is truncated"),
    "one byte short": (python2(batch(2))[:-1], "is truncated"),
    "runs code": (pickle.dumps(Evil()), "asks for '(posix|nt).mkdir'.*nothing was run"),
    "code beside images": (whole(None, extra=Evil()), "nothing was run"),
    "code in the label": (whole(None, labels=[Evil()] * 3), "nothing was run"),
    "a list": (pickle.dumps([1, 2]), "holds list instead of a dict"),
    "None": (pickle.dumps(None), "instead of a dict"),
    "an array": (pickle.dumps(images), "instead of a dict"),
    "no data": (without("data"), "has no key 'data'"),
    "no labels": (without("labels"), "has no key 'labels'"),
    "CIFAR-100": (pickle.dumps({"data": images, "fine_labels": [1, 2, 3]}), "CIFAR-100"),
    "key not text": (pickle.dumps({(1, 2): 3}), "key that is not text but tuple"),
    "images of float": (whole(None, data=images / 255), "dtype float64 instead of uint8"),
    "images of int8": (whole(None, data=images.astype(np.int8)), "dtype int8 instead of uint8"),
    "images of bool": (whole(None, data=images > 9), "dtype bool instead of uint8"),
    "images of objects": (whole(None, data=images.astype(object)), "that are Python objects"),
    "images of text": (whole(None, data=images.astype(str)), "that are no numbers"),
    "images of records": (whole(None, data=np.zeros((3, 3072), [("r", "u1")])), "instead of whole numbers"),
    "images in a list": (whole(None, data=images.tolist()), "holds its images as list instead of an array"),
    "images as bytes": (whole(None, data=images.tobytes()), "instead of an array"),
    "no images at all": (whole(None, data=None), "as None instead of an array"),
    "grey": (whole(None, data=images[:, :1024]), r"shape \(3, 1024\)"),
    "pictures": (whole(None, data=images.reshape(3, 3, 32, 32)), r"shape \(3, 3, 32, 32\)"),
    "flat": (whole(None, data=images.ravel()), r"shape \(9216,\)"),
    "a number": (whole(None, data=np.uint8(3)), r"shape \(\)"),
    "seven axes": (whole(None, data=images.reshape(3, 3, 2, 16, 2, 2, 8)), "shape"),
    "zero images": (whole(None, data=images[:0], labels=[]), "no images"),
    "label 10": (whole(None, labels=[0, 10, 3]), "label 10 where labels go from 0 to 9"),
    "label -1": (whole(None, labels=[0, -1, 3]), "label -1 "),
    "label of a million digits": (whole(None, labels=[0, 10**4000, 3]), "label beyond a million"),
    "uint64 label": (whole(None, labels=np.array([0, 2**64 - 1, 1], np.uint64)), "beyond a million"),
    "float labels": (whole(None, labels=[0.0, 1.0, 2.0]), "type float instead of whole numbers"),
    "array of float labels": (whole(None, labels=np.array([0.0, 1, 2])), "dtype float64"),
    "bool labels": (whole(None, labels=[True, False, True]), "type bool"),
    "text labels": (whole(None, labels=["cat", "dog", "cat"]), "type str"),
    "no label": (whole(None, labels=[None] * 3), "type None"),
    "lists of labels": (whole(None, labels=[[1], [2], [3]]), "type list"),
    "one-hot labels": (whole(None, labels=np.eye(10, dtype=int)[:3]), r"shape \(3, 10\)"),
    "labels as text": (whole(None, labels="123"), "as str instead of a list"),
    "labels in a dict": (whole(None, labels={"0": 1}), "as dict instead of a list"),
    "no labels given": (whole(None, labels=None), "as None"),
    "fewer labels": (whole(None, labels=[1, 2]), "3 images but 2 labels"),
    "more labels": (whole(None, labels=[1, 2, 3, 4]), "3 images but 4 labels"),
    "empty labels": (whole(None, labels=[]), "3 images but 0 labels"),
    "another count": (pickle.dumps(batch(2, n=4)), "4 images where data_batch_1 holds 3"),
}


@pytest.mark.parametrize("content, why", BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_in_one_sentence(folder, monkeypatch, tmp_path, content, why):
    monkeypatch.chdir(tmp_path)
    target = folder / "data_batch_3"
    target.write_bytes(content)
    if not content:  # an empty file is no file, so the folder is incomplete
        with pytest.raises(DataError, match="data_batch_3 is missing or empty"):
            load_cifar10(folder)
        with pytest.raises(DataError, match=why):
            read_batch(target)
    else:
        import re

        assert re.search(why, complaint(folder))
    assert target.read_bytes() == content and not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "shape", [(10**12, 3072), (2**63, 0), (0, 2**63), (-1, -9216), (3,), "abc", None, (3.0, 3072.0), (True, 9216)]
)
def test_a_shape_that_does_not_fit_the_bytes_is_refused_before_anything_is_made(folder, monkeypatch, shape):
    from labkit.data import reader

    record = reader.unpickle(python2(batch(2)))["data"]
    record.shape = shape
    monkeypatch.setattr(reader, "unpickle", lambda _: {"data": record, "labels": [1, 2, 3]})
    with pytest.raises(DataError, match="data_batch_3 (holds|announces) images"):
        read_batch(folder / "data_batch_3")


def test_a_folder_in_place_of_a_file(folder):
    (folder / "data_batch_3").unlink()
    (folder / "data_batch_3").mkdir()
    with pytest.raises(DataError, match="data_batch_3 is missing or empty"):
        load_cifar10(folder)
    with pytest.raises(DataError, match="data_batch_3 is a folder instead of a file"):
        read_batch(folder / "data_batch_3")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_does_not_keep_the_reader_waiting(folder):
    (folder / "data_batch_3").unlink()
    os.mkfifo(folder / "data_batch_3")
    with pytest.raises(DataError, match="not an ordinary file"):
        read_batch(folder / "data_batch_3")


def test_a_missing_file(folder):
    with pytest.raises(DataError, match="data_batch_9 is missing"):
        read_batch(folder / "data_batch_9")


def test_a_file_without_permission(folder, monkeypatch):
    """Permissions do not bind the user root, so the refusal of the system is simulated."""
    import pathlib

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pathlib.Path, "read_bytes", refuse)
    with pytest.raises(DataError, match="data_batch_1 may not be read"):
        load_cifar10(folder)


def test_a_disk_that_fails(folder, monkeypatch):
    import pathlib

    def fail(self):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(pathlib.Path, "read_bytes", fail)
    with pytest.raises(DataError, match=r"data_batch_1 could not be read \(Input/output error\)"):
        load_cifar10(folder)


def test_a_file_far_too_large_is_not_read(folder):
    with open(folder / "data_batch_3", "wb") as file:
        file.truncate(LARGEST_FILE + 1)
    assert "too large" in complaint(folder)


@pytest.mark.parametrize("copy, of", [("data_batch_4", "data_batch_2"), ("test_batch", "data_batch_1")])
def test_a_batch_that_is_there_twice_is_noticed(folder, copy, of):
    (folder / copy).write_bytes((folder / of).read_bytes())
    assert f"holds the same images as {of}" in complaint(folder, copy)


def test_equal_labels_alone_are_no_copy(tmp_path):
    folder = write_data(tmp_path / "d", **{name: {"labels": [1, 2, 3]} for name in BATCH_FILES})
    assert len(load_cifar10(folder).y_train) == 15


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        pickle.dumps(Evil()),
        pickle.dumps([1]),
        pickle.dumps({}),
        pickle.dumps({"label_names": None}),
        pickle.dumps({"label_names": ["cat"] * 10}),
        pickle.dumps({"label_names": list("abc")}),
        pickle.dumps({"label_names": list(range(10))}),
        pickle.dumps({"fine_label_names": ["x"] * 100}),
    ],
)
def test_without_usable_class_names_the_official_ones_are_taken(folder, content):
    (folder / "batches.meta").write_bytes(content)
    assert load_cifar10(folder).classes == list(CLASSES)
    (folder / "batches.meta").unlink()
    assert load_cifar10(folder).classes == list(CLASSES)


@pytest.mark.parametrize("write", [python2, *(lambda v, p=p: pickle.dumps(v, protocol=p) for p in range(6))])
def test_class_names_of_the_file_are_taken(folder, write):
    names = [f"class {i}" for i in range(10)]
    (folder / "batches.meta").write_bytes(write({"label_names": names}))
    assert read_meta(folder) == (names, False)
    (folder / "batches.meta").write_bytes(write({"label_names": names, "data_set": "stand-in"}))
    assert read_meta(folder) == (names, True) and load_cifar10(folder).name == "stand-in"
