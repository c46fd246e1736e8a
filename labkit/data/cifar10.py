"""Finding CIFAR-10, wherever it is, and loading it; the stand-in where it cannot be had."""

import os
from pathlib import Path
from typing import NamedTuple

from labkit.data import download, standin
from labkit.data.dataset import Dataset
from labkit.data.errors import DataError, DownloadError
from labkit.data.places import cache_folder, current_folder, project_folder
from labkit.data.reader import FOLDER_NAME, missing_files, read_folder, read_meta

_said = set()


class Found(NamedTuple):
    """A folder with the six batch files, and in words what it is."""

    folder: Path
    origin: str


def load_cifar10(folder=None):
    """CIFAR-10, or the stand-in where CIFAR-10 cannot be had.

    folder: the folder with the six batch files, or the one that holds it as cifar-10-batches-py. None: the
        folder named by the environment variable LABKIT_CIFAR10; else data/ of the project; else the user's
        cache; else CIFAR-10 is downloaded. If that fails too, one sentence says so and the stand-in is
        returned. LABKIT_DATA=standin asks for the stand-in, LABKIT_DATA=cifar10 refuses it.
    Returns a `Dataset`: images uint8, (N, 3, 32, 32), labels int64; its `name` tells which data it is.
    Raises DataError if a folder that was named does not hold CIFAR-10, or a batch file is damaged; with
    LABKIT_DATA=cifar10, also if CIFAR-10 cannot be downloaded. ValueError if LABKIT_DATA is something else.
    """
    wanted = os.environ.get("LABKIT_DATA", "").strip().lower()
    if wanted not in ("", "cifar10", "standin"):
        raise ValueError(f"LABKIT_DATA must be cifar10 or standin or not set, got {wanted!r}")
    if folder is None and wanted == "standin":
        return _load(_standin())
    found = find_cifar10(folder) or _fetch_or_standin(real=wanted == "cifar10")
    return _load(found)


def find_cifar10(folder=None):
    """Where CIFAR-10 lies on this computer.

    folder: as for `load_cifar10`.
    Returns (folder, origin), or None if there is none. Raises DataError if a folder that was named, by the
    argument or by LABKIT_CIFAR10, does not hold all six batch files.
    """
    if folder is not None:
        return Found(_named(folder, "given as argument"), "folder given as argument")
    if os.environ.get("LABKIT_CIFAR10"):
        place = _named(os.environ["LABKIT_CIFAR10"], "named by LABKIT_CIFAR10")
        return Found(place, "folder named by LABKIT_CIFAR10")
    for place, origin in _places():
        if not missing_files(place / FOLDER_NAME):
            return Found(place / FOLDER_NAME, origin)
    return None


def origin_of(folder):
    """In words, where a folder with batch files is that was found without being named."""
    for place, origin in _places():
        if Path(folder) == place / FOLDER_NAME:
            return origin
    return "folder given as argument"


def _places():
    """The folders that are searched, one after the other."""
    project = project_folder()
    if project:
        yield project / "data", "data/ of the project"
    here = current_folder()
    if here:
        yield here / "data", "data/ of the current folder"
    yield cache_folder(), "the user's cache"


def _named(folder, how):
    """The folder with the batch files, for a folder that somebody named: itself, or one inside it."""
    try:
        path = Path(folder).expanduser().absolute()
    except (TypeError, RuntimeError):
        raise ValueError(f"folder must be a path, got {folder!r}") from None
    for candidate in (path, path / FOLDER_NAME):
        if not missing_files(candidate):
            return candidate
    raise DataError(
        f"{path}, the folder {how}, {_what_lacks(path)}. Name the folder that holds the six "
        f"batch files, or the one that holds {FOLDER_NAME}."
    )


def _what_lacks(path):
    """Why a folder is not CIFAR-10, as the end of a sentence."""
    inner = path / FOLDER_NAME if os.path.isdir(path / FOLDER_NAME) else path
    try:
        there = os.listdir(inner)
    except FileNotFoundError:
        return "does not exist"
    except NotADirectoryError:
        return "is not a folder"
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    lacking = missing_files(inner)
    if len(lacking) < 6:
        verb = "is" if len(lacking) == 1 else "are"
        return f"is not complete: {' and '.join(lacking)} {verb} missing or empty"
    for name, hint in [
        ("data_batch_1.bin", "holds the binary version of CIFAR-10, and labkit needs the Python version"),
        ("data_batch_1.mat", "holds the Matlab version of CIFAR-10, and labkit needs the Python version"),
        ("cifar-10-python.tar.gz", "holds the archive; `labkit data --folder FOLDER` unpacks it"),
    ]:
        if name in there:
            return hint
    return "does not hold CIFAR-10"


def _fetch_or_standin(real):
    """CIFAR-10 downloaded, or the stand-in and a sentence; `real` refuses the stand-in."""
    try:
        folder = download.fetch(download.landing_folder(), insist=real)
        return Found(folder, origin_of(folder))
    except DownloadError as error:
        if real:
            raise DownloadError(f"{error} LABKIT_DATA=cifar10 is set, so the stand-in is not used.") from None
        found = _standin()
        _say_once(f"{str(error).rstrip('.')}, so this is the stand-in; `labkit data` tries again.")
        return found


def _standin():
    return Found(standin.standin_folder(), "drawn by labkit")


def _load(found):
    X_train, y_train, X_test, y_test = read_folder(found.folder)
    classes, drawn = read_meta(found.folder)
    name = "stand-in" if drawn else "CIFAR-10"
    return Dataset(X_train, y_train, X_test, y_test, classes, name, found.origin, found.folder)


def _say_once(sentence):
    """Print a sentence, on stdout because nbgrader gives no points for a cell that writes to stderr."""
    if sentence not in _said:
        _said.add(sentence)
        print(sentence, flush=True)
