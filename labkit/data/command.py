"""`labkit data`: fetch CIFAR-10 if it is not here, verify it, and tell what is there."""

import os
import sys
from pathlib import Path

from labkit.data import download, standin
from labkit.data.cifar10 import Found, find_cifar10, origin_of
from labkit.data.errors import DataError
from labkit.data.mirrors import ARCHIVE, SIZE
from labkit.data.reader import BATCH_FILES, FOLDER_NAME, META_FILE, TEST_FILE, read_folder, read_meta
from labkit.data.transfer import md5_of

# of the files in the official archive
OFFICIAL_MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
    "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
}


def run(standin=False, folder=None, check=False):
    """Fetch and verify CIFAR-10, or make the stand-in, and print what is there.

    standin: make the stand-in instead.
    check: only look, never download.
    folder: where to look, and where a download goes; None: the usual places.
    Returns the exit status: 0 if complete, readable data are there at the end, else 1.
    """
    try:
        if standin:
            found = _make_standin(folder)
        else:
            found = _find(folder) or (None if check else _fetch(folder))
        if found is None:
            print("CIFAR-10 is not on this computer; `labkit data` fetches it.")
            return 1
        _report(found)
    except (DataError, ValueError, OSError) as error:
        print(f"labkit data: {error}", file=sys.stderr)
        return 1
    if not standin and os.environ.get("LABKIT_DATA", "").strip().lower() == "standin":
        print("LABKIT_DATA=standin is set: the labs use the stand-in all the same.")
    return 0


def _find(folder):
    """As `find_cifar10`, but a folder that is empty or does not exist yet is one to download into."""
    if folder is not None:
        path = Path(folder).expanduser().absolute()
        places = (path, path / FOLDER_NAME)
        empty = not any((place / name).exists() for place in places for name in BATCH_FILES)
        if empty and (path.is_dir() or not path.exists()):
            return None
    return find_cifar10(folder)


def _fetch(folder):
    place = Path(folder).expanduser().absolute() if folder else download.landing_folder()
    print(f"CIFAR-10 is not here yet: getting {ARCHIVE} ({SIZE / 1e6:.0f} MB) into {place}", flush=True)
    target = download.fetch(place)
    return Found(target, origin_of(target))


def _make_standin(folder):
    place = standin.standin_folder() if folder is None else standin.make_standin(folder)
    return Found(place, "drawn by labkit")


def _report(found):
    """Read everything, and print a table of the files and a sentence about them all."""
    X_train, _, X_test, _ = read_folder(found.folder)
    classes, drawn = read_meta(found.folder)
    name = "The stand-in" if drawn else "CIFAR-10"
    print(f"{name} is in {found.folder} ({found.origin}).\n")
    print(f"  {'file':<14}{'images':>8}{'bytes':>14}" + ("" if drawn else "   checksum"))
    official, total = True, 0
    for path in [found.folder / file for file in (*BATCH_FILES, META_FILE)]:
        if not path.is_file():  # batches.meta may be missing
            continue
        count = {META_FILE: "", TEST_FILE: f"{len(X_test):,}"}.get(path.name, f"{len(X_train) // 5:,}")
        size, same = path.stat().st_size, drawn or md5_of(path) == OFFICIAL_MD5[path.name]
        official, total = official and same, total + size
        mark = "" if drawn else "   official" if same else "   other"
        print(f"  {path.name:<14}{count:>8}{size:>14,}{mark}")
    print(
        f"\n{len(X_train):,} training and {len(X_test):,} test images of 3 × 32 × 32 pixels in "
        f"{len(classes)} classes, {total / 1e6:,.0f} MB."
    )
    if drawn:
        print("Every file is complete and readable.")
    elif official:
        print("Every file is complete, readable, and byte for byte the official one.")
    else:
        print("Every file is complete and readable; those marked `other` are not byte for byte the official ones.")
