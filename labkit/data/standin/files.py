"""The stand-in as files: drawn once, written in the format of CIFAR-10, and kept in the user's cache."""

import contextlib
import itertools
import os
import shutil
import struct
import tempfile
import uuid
from pathlib import Path

import numpy as np

from labkit.data.errors import DataError
from labkit.data.places import cache_folder
from labkit.data.reader import FOLDER_NAME, META_FILE, PIXELS, TEST_FILE, TRAINING_FILES
from labkit.data.standin import scenes
from labkit.data.standin.brush import Dice
from labkit.data.standin.render import CLASSES, compose, to_bytes
from labkit.data.standin.shapes import KINDS
from labkit.progress import progress

PER_FILE = 2000
VERSION = "standin-1"  # name of the folder in the cache: another version, another folder
# By its length a complete file is known.
BYTES = (6_198_577, 6_198_420, 6_198_578, 6_198_337, 6_198_389, 6_198_460, 148)
SIZES = dict(zip((*TRAINING_FILES, TEST_FILE, META_FILE), BYTES))
MEGABYTES = 37
AT_ONCE = 125  # pictures drawn together: what fits in a processor's cache is fastest
FIRST_SEED = 1_000_000_000

# How much of each difficulty the set has; chosen so that classifiers do as data/README.md tells.
VIEWPOINT, SCALE, SHIFT, OCCLUDED, OCCLUSION, ILLUMINATION = 0.78, (0.75, 1.05), 0.19, 0.40, 0.55, 0.4
CLUTTER, BLUR, GRAIN, CONTRAST = 0.8, 1.0, 0.05, 1.15


def make_standin(folder):
    """Draw the stand-in and write it into a folder.

    folder: path; the files land in its folder cifar-10-batches-py: all of them or, on an error, none.
    Returns the path of that folder. If the stand-in is there already, nothing is drawn.
    Raises DataError if other data is there or the folder cannot be written to, ValueError if it is no path.
    """
    try:
        folder = Path(folder).expanduser().absolute()
    except (TypeError, RuntimeError):
        raise ValueError(f"folder must be a path, not {folder!r}") from None
    target = folder / FOLDER_NAME
    if is_complete(target):
        return target
    unfinished = folder / f".{FOLDER_NAME}-{uuid.uuid4().hex}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _make_way(target)
        unfinished.mkdir()
        write(unfinished, *draw())
        _rename(unfinished, target)
    except OSError as error:
        raise DataError(
            f"The stand-in ({MEGABYTES} MB) could not be written into {folder} "
            f"({error.strerror or error}): name another folder."
        ) from error
    finally:  # also on an interrupt
        shutil.rmtree(unfinished, ignore_errors=True)
    return target


def standin_folder():
    """The folder with the stand-in's files; they are drawn the first time, and then kept.

    They lie in the user's cache (the folder named by LABKIT_CACHE, else the system's place for caches), or in
    a temporary folder if the cache cannot be written to. Two processes that ask at once draw them once.
    Returns its path. Raises DataError if neither can be written to.
    """
    refusals = []
    for place in (cache_folder() / VERSION, Path(tempfile.gettempdir()) / f"labkit-{_user()}" / VERSION):
        if is_complete(place / FOLDER_NAME):
            return place / FOLDER_NAME
        try:
            with _locked(place):
                _remove_leftovers(place)
                return make_standin(place)
        except (OSError, DataError, NotImplementedError) as error:  # the last: a disk without locks
            refusals.append(f"{place} ({getattr(error, 'strerror', None) or error})")
    tried = " nor into ".join(refusals)
    raise DataError(
        f"The stand-in ({MEGABYTES} MB) could be written neither into {tried}: "
        "name a folder by LABKIT_CACHE that has room and where you may write."
    )


def is_complete(folder):
    """True if the folder holds the seven files of the stand-in in their full length."""
    try:
        return all((folder / name).stat().st_size == size for name, size in SIZES.items())
    except OSError:
        return False


def _user():
    return getattr(os, "getuid", lambda: "user")()


@contextlib.contextmanager
def _locked(place):
    """Only one process at a time works in this place; the others wait."""
    from filelock import FileLock

    place.mkdir(parents=True, exist_ok=True)
    with FileLock(place / "lock", timeout=300):
        yield


def _remove_leftovers(place):
    """Remove what a killed process left, and a set with a damaged file; only under the lock."""
    for path in place.glob(f"*{FOLDER_NAME}*"):
        if not is_complete(place / FOLDER_NAME) or path.name != FOLDER_NAME:
            shutil.rmtree(path)


def _make_way(target):
    """An empty folder may be replaced; whatever else lies where the set would go is not ours to delete."""
    with contextlib.suppress(OSError):
        target.rmdir()
    if os.path.lexists(target):
        raise DataError(
            f"{target} holds something else than the complete stand-in: delete it yourself, or name another folder."
        )


def _rename(unfinished, target):
    """Give the finished folder its name, unless another process was faster."""
    try:
        os.rename(unfinished, target)
    except OSError:
        if not is_complete(target):
            raise


# --- the pictures


def draw():
    """All pictures (12000, 3, 32, 32) uint8, their labels (12000,) and kinds; the last 2,000 are for test."""
    count = PER_FILE * (len(TRAINING_FILES) + 1)
    pictures = np.empty((count, 3, 32, 32), np.uint8)
    labels, kinds = np.empty(count, np.int64), np.empty(count, object)
    seeds = itertools.count(FIRST_SEED, 10)
    with progress(total=count, desc="Drawing the stand-in", unit="image") as bar:
        for rows in (np.arange(count - PER_FILE), np.arange(count - PER_FILE, count)):
            rows = rows[shuffled(len(rows), next(seeds))].reshape(len(CLASSES), -1)
            for number, kind, part in parts(rows):
                pictures[part] = snapshots(CLASSES[number], kind, len(part), next(seeds))
                labels[part], kinds[part] = number, KINDS[CLASSES[number]][kind].__name__
                bar.update(len(part))
    return pictures, labels, kinds


def parts(rows):
    """Yield (class number, kind, rows): a class's rows dealt out to its kinds, in parts to draw at once."""
    for number, label in enumerate(CLASSES):
        for kind in range(len(KINDS[label])):
            mine = rows[number, kind :: len(KINDS[label])]
            for start in range(0, len(mine), AT_ONCE):
                yield number, kind, mine[start : start + AT_ONCE]


def shuffled(n, seed):
    """The numbers 0 to n-1 in random order."""
    return np.argsort(np.random.RandomState(seed).random_sample(n), kind="stable")


def snapshots(label, kind, n, seed):
    """`n` pictures of a kind as a careless photographer would take them: (n, 3, 32, 32) uint8."""
    look, scene, camera = (Dice(seed + i, n) for i in range(3))
    picture = compose(
        label,
        kind,
        look,
        scene,
        viewpoint=camera(-VIEWPOINT, VIEWPOINT),
        scale=camera(*SCALE),
        deformation=camera(-1.0, 1.0),
        occlusion=camera.chance(OCCLUDED) * camera(0.1, OCCLUSION),
        illumination=camera(-ILLUMINATION, ILLUMINATION),
        clutter=camera(0.0, CLUTTER),
        mirror=2.0 * camera.chance(0.5) - 1.0,
        shift=(camera(-SHIFT, SHIFT), camera(-SHIFT, SHIFT)),
    )
    picture = scenes.defocus(picture, camera(0.0, BLUR))
    picture += GRAIN * (2.0 * camera.uniform(3, 32, 32) - 1.0)
    return to_bytes(picture, CONTRAST)


# --- the files, byte by byte in the layout of the official ones: a pickle of Python 2, protocol 2


def write(folder, pictures, labels, kinds):
    """The seven files."""
    for i, name in enumerate((*TRAINING_FILES, TEST_FILE)):
        rows = slice(i * PER_FILE, (i + 1) * PER_FILE)
        title = "testing batch 1 of 1" if name == TEST_FILE else f"training batch {i + 1} of 5"
        names = [f"{kind}_s_{i * PER_FILE + j:06d}.png" for j, kind in enumerate(kinds[rows])]
        pixels = pictures[rows].reshape(-1, PIXELS)
        (folder / name).write_bytes(batch_file(title, labels[rows], pixels, names))
    (folder / META_FILE).write_bytes(meta_file())


def batch_file(title, labels, pixels, names):
    """Content of a batch file; pixels (n, 3072) uint8, n below 65,536."""
    shape = number(pixels.shape[0]) + number(pixels.shape[1]) + b"\x86"
    uint8 = (
        b"cnumpy\ndtype\n"
        + text("u1")
        + b"K\0K\x01\x87R(K\x03"
        + text("|")
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
    )
    content = b"T" + struct.pack("<I", pixels.size) + pixels.tobytes()
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"
        + text("b")
        + b"\x87R"
        + b"(K\x01"
        + shape
        + uint8
        + b"\x89"
        + content
        + b"tb"
    )  # \x89: rows first, not columns
    return pickled(
        {
            "batch_label": text(title),
            "labels": listed(b"K" + bytes([y]) for y in labels.tolist()),
            "data": array,
            "filenames": listed(map(text, names)),
        }
    )


def meta_file():
    """Content of batches.meta; the key `data_set`, which the official file lacks, marks the stand-in."""
    return pickled(
        {
            "num_cases_per_batch": number(PER_FILE),
            "label_names": listed(map(text, CLASSES)),
            "num_vis": number(PIXELS),
            "data_set": text("stand-in"),
        }
    )


def pickled(items):
    """A whole pickle: a dict of these keys, each with the instructions for its value."""
    return b"\x80\x02}(" + b"".join(text(key) + value for key, value in items.items()) + b"u."


def listed(items):
    """Instructions for a list of these items."""
    return b"](" + b"".join(items) + b"e"


def number(value):
    """Instructions for a whole number below 65,536."""
    return b"M" + struct.pack("<H", value)


def text(value):
    """Instructions for a text of up to 255 characters."""
    return b"U" + bytes([len(value)]) + value.encode("ascii")
