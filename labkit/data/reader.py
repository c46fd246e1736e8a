"""CIFAR-10's six batch files, checked and read into four arrays."""

import itertools
import math
import os
import re
from pathlib import Path

import numpy as np

from labkit.data.errors import DataError
from labkit.data.unpickle import ArrayRecord, UnpickleError, text, unpickle

FOLDER_NAME = "cifar-10-batches-py"
TRAINING_FILES = tuple(f"data_batch_{i}" for i in range(1, 6))
TEST_FILE = "test_batch"
BATCH_FILES = (*TRAINING_FILES, TEST_FILE)
META_FILE = "batches.meta"
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
PIXELS = 3 * 32 * 32
LARGEST_FILE = 200_000_000  # bytes; an official file has 31 million, the wordiest pickle of its content 125

_ahead = {}  # what was read before it was asked for, by folder

REMEDY = "put the original file in its place, or move the folder away and fetch CIFAR-10 by `labkit data`"


def read_folder(folder):
    """All images and labels of a folder that holds the six batch files.

    folder: path of the folder with data_batch_1 to data_batch_5 and test_batch; all five training files
        hold the same number of images, n, and the test file any number, m.
    Returns X_train (5n, 3, 32, 32) uint8, y_train (5n,) int64, X_test (m, 3, 32, 32), y_test (m,).
    Raises DataError, naming the file, if one is missing, damaged, not laid out as CIFAR-10, or there twice.
    The layout is that of https://www.cs.toronto.edu/~kriz/cifar.html: a row holds 1,024 red values, then
    green, then blue.
    """
    ready = _ahead.pop(os.path.realpath(folder), None)
    return _read_folder(Path(folder)) if ready is None else ready


def read_ahead(folder):
    """Read a folder before it is asked for: in a process that is forked, so that its children share the images.

    folder: as for `read_folder`, whose next call for it returns these arrays; in each child the first one.
    """
    _ahead[os.path.realpath(folder)] = _read_folder(Path(folder))


def _read_folder(folder):
    batches = []
    for i, name in enumerate(TRAINING_FILES):
        pixels, labels = read_batch(folder / name)
        if i == 0:
            count = len(pixels)
            X_train = np.empty((5 * count, PIXELS), np.uint8)  # filled batch by batch: no second copy
            y_train = np.empty(5 * count, np.int64)
        if len(pixels) != count:
            raise _problem(folder / name, f"holds {len(pixels):,} images where data_batch_1 holds {count:,}")
        rows = slice(i * count, (i + 1) * count)
        X_train[rows], y_train[rows] = pixels, labels
        batches.append((name, X_train[rows], y_train[rows]))
        del pixels  # and with it the file's content, before the next file is read
    pixels, y_test = read_batch(folder / TEST_FILE)
    X_test = pixels.copy()
    _refuse_copies(folder, [*batches, (TEST_FILE, X_test, y_test)])
    return X_train.reshape(-1, 3, 32, 32), y_train, X_test.reshape(-1, 3, 32, 32), y_test


def read_batch(path):
    """The images and labels of one batch file.

    Returns pixels (n, 3072) uint8, a read-only view of what was read, and labels (n,) int64.
    Raises DataError if the file cannot be read or does not hold a batch of CIFAR-10.
    """
    batch = _read(path)
    if not isinstance(batch, dict):
        raise _problem(path, f"holds {_kind(batch)} instead of a dict with 'data' and 'labels'")
    for key in ("data", "labels"):
        if key not in batch:
            hint = "; it looks like CIFAR-100, labkit needs CIFAR-10" if "fine_labels" in batch else ""
            raise _problem(path, f"has no key {key!r}{hint}")
    pixels = _pixels(path, batch["data"])
    labels = _labels(path, batch["labels"])
    if len(pixels) != len(labels):
        raise _problem(path, f"holds {len(pixels):,} images but {len(labels):,} labels")
    return pixels, labels


def read_meta(folder):
    """What batches.meta tells, if it can be read: the class names, and whether the folder holds the stand-in.

    Returns (classes, standin): ten names in the order of the labels, the official ones where the file is
    missing, unreadable or names other than ten classes; and True if its key `data_set` says "stand-in".
    """
    try:
        meta = _read(Path(folder) / META_FILE)
        names = [text(name) for name in meta["label_names"]]
        standin = text(meta.get("data_set")) == "stand-in"
    except (DataError, LookupError, TypeError, AttributeError):
        return list(CLASSES), False
    usable = (
        len(names) == 10 and all(isinstance(name, str) and name.strip() for name in names) and len(set(names)) == 10
    )
    return names if usable else list(CLASSES), standin


def missing_files(folder):
    """Those of the six batch files that are not in the folder, or are not files with something in them."""
    return [name for name in BATCH_FILES if not _is_filled_file(Path(folder) / name)]


def _is_filled_file(path):
    try:
        return path.is_file() and path.stat().st_size > 0
    except OSError:
        return False


def _problem(path, what):
    return DataError(f"{path} {what}: {REMEDY}.")


def _read(path):
    """The value in a pickle file."""
    path = Path(path)
    try:
        if path.is_dir():
            raise _problem(path, "is a folder instead of a file")
        if path.exists() and not path.is_file():  # a pipe would keep the reader waiting
            raise _problem(path, "is not an ordinary file")
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise _problem(path, f"is too large for a batch of images ({size:,} bytes)")
        return unpickle(path.read_bytes())
    except UnpickleError as error:
        raise _problem(path, f"{error} ({size:,} bytes)") from None
    except FileNotFoundError:
        raise _problem(path, "is missing") from None
    except PermissionError:
        raise DataError(
            f"{path} may not be read: give yourself permission to read it, or ask whoever owns the folder."
        ) from None
    except OSError as error:
        raise _problem(path, f"could not be read ({error.strerror or error})") from None


def _kind(value):
    name = type(value).__name__
    names = {"ArrayRecord": "array", "DtypeRecord": "dtype", "memoryview": "bytes", "NoneType": "None"}
    return names.get(name, name)


def _pixels(path, record):
    """The images of a batch, (n, 3072) uint8."""
    if not isinstance(record, ArrayRecord):
        raise _problem(path, f"holds its images as {_kind(record)} instead of an array")
    pixels = _array(path, "images", record)
    if pixels.ndim != 2 or pixels.shape[1] != PIXELS:
        raise _problem(path, f"holds images of shape {pixels.shape} instead of (number of images, {PIXELS})")
    if pixels.dtype != np.uint8:
        raise _problem(path, f"holds images of dtype {pixels.dtype} instead of uint8")
    if len(pixels) == 0:
        raise _problem(path, "holds no images")
    return pixels


def _labels(path, labels):
    """The labels of a batch, (n,) int64, each from 0 to 9; given as a list of whole numbers or an array."""
    if isinstance(labels, ArrayRecord):
        labels = _array(path, "labels", labels)
        if labels.ndim != 1 or labels.dtype.kind not in "iu":
            raise _problem(
                path,
                f"holds labels of shape {labels.shape} and dtype {labels.dtype} "
                f"instead of one whole number for each image",
            )
        labels = labels.tolist()
    if not isinstance(labels, (list, tuple)):
        raise _problem(path, f"holds its labels as {_kind(labels)} instead of a list")
    labels = [_array(path, "labels", x).tolist() if isinstance(x, ArrayRecord) else x for x in labels]
    wrong = set(map(_kind, labels)) - {"int"}
    if wrong:
        raise _problem(path, f"has labels of type {min(wrong)} instead of whole numbers")
    if labels and not 0 <= min(labels) <= max(labels) <= 9:
        wrong = min(labels) if min(labels) < 0 else max(labels)
        shown = wrong if abs(wrong) < 10**6 else "beyond a million"
        raise _problem(path, f"has a label {shown} where labels go from 0 to 9")
    return np.array(labels, np.int64)


def _array(path, what, record):
    """The array that a record describes; a view of the bytes read, so never larger than the file."""
    code, order = getattr(record.dtype, "code", None), getattr(record.dtype, "order", None)
    shape, raw = record.shape, record.raw
    if not (isinstance(code, str) and re.fullmatch("[biufc][0-9]{1,2}", code) and order in tuple("<>|=")):
        kind = "Python objects" if str(code).startswith("O") else "no numbers"
        raise _problem(path, f"holds {what} that are {kind} instead of whole numbers")
    if not (isinstance(shape, tuple) and len(shape) <= 4 and all(type(n) is int and n >= 0 for n in shape)):
        raise _problem(path, f"holds {what} without a sensible shape")
    try:
        dtype = np.dtype(order + code)
        raw = raw.encode("latin-1") if isinstance(raw, str) else raw  # Python 3, protocols 0 to 2
        if math.prod(shape) * dtype.itemsize != len(raw):
            raise _problem(
                path, f"announces {what} of shape {shape} and dtype {dtype} but holds {len(raw):,} bytes of them"
            )
        return np.frombuffer(raw, dtype).reshape(shape, order="F" if record.fortran else "C")
    except (TypeError, ValueError):
        raise _problem(path, f"holds {what} in a form that is damaged") from None


def _refuse_copies(folder, batches):
    """Two batch files with the same images mean that a file was copied over another."""
    for (a, pixels_a, labels_a), (b, pixels_b, labels_b) in itertools.combinations(batches, 2):
        if np.array_equal(labels_a, labels_b) and np.array_equal(pixels_a, pixels_b):
            raise _problem(folder / b, f"holds the same images as {a}")
