"""CIFAR-10 fetched into a folder: by one process at a time, verified, unpacked, and put in place in one step.

While a download lasts, all of it lies in a hidden folder beside the place where the data will be; what is
complete and verified is moved there in one step. An interrupted download is taken up where it stopped.
`mirrors` finds a server, `transfer` gets the file from it, `archive` unpacks it.
"""

import errno
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from labkit.data.archive import ArchiveError, extract
from labkit.data.errors import DownloadError
from labkit.data.mirrors import ARCHIVE, MD5, SIZE, from_first, in_order, recall
from labkit.data.places import cache_folder, project_folder
from labkit.data.reader import FOLDER_NAME, missing_files
from labkit.data.transfer import DEFAULT, md5_of, size_of

WORK_FOLDER = ".cifar-10-download"


def landing_folder():
    """Where a download lands: data/ of the project if there is room and permission, else the user's cache."""
    project, reasons = project_folder(), []
    for folder in ([project / "data"] if project else []) + [cache_folder()]:
        try:
            check_place(folder, SIZE)
            return folder
        except DownloadError as error:
            reasons.append(str(error))
    raise DownloadError(" ".join(reasons))


def fetch(folder, mirrors=None, size=SIZE, md5=MD5, patience=DEFAULT, insist=True):
    """Download, verify and unpack CIFAR-10, unless it is there already.

    folder: path of the folder in which cifar-10-batches-py will be. If it holds cifar-10-python.tar.gz, put
        there by hand, that archive is used and no network is needed.
    mirrors: addresses of the archive, as in `mirrors.in_order`.
    size, md5: bytes and checksum of the archive.
    patience: `transfer.Patience` with each mirror.
    insist: if True, and all that answer are below the floor of the rate, the download goes on all the same;
        if False, a recent failure is also taken as the answer instead of trying again.
    Returns the path of the folder with the batch files.
    Raises DownloadError, saying what was wrong with each mirror or with the folder.
    """
    folder = Path(folder).absolute()
    target, work = folder / FOLDER_NAME, folder / WORK_FOLDER
    if not missing_files(target):
        return target
    mirrors = in_order(mirrors)
    with _disk_errors(folder, work):
        check_place(folder, size)
        with _alone(work) as waited:
            if missing_files(target):
                archive = _placed_by_hand(folder, size, md5)
                if archive is None:
                    archive = work / ARCHIVE
                    if waited or not insist:
                        recall(mirrors, archive)
                    from_first(mirrors, archive, size, md5, patience, insist)
                try:
                    _put_in_place(extract(archive, work / "unpacked"), target)
                except ArchiveError as error:
                    shutil.rmtree(work, ignore_errors=True)
                    raise DownloadError(str(error)) from None
            shutil.rmtree(work, ignore_errors=True)
    return target


def check_place(folder, size):
    """Raise DownloadError if the folder cannot be written, or lacks room for the archive and its content."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise _not_writable(folder, error) from None
    needed = 2.2 * size
    if free < needed:
        raise DownloadError(
            f"CIFAR-10 needs {needed / 1e6:,.0f} MB while it is downloaded, and the disk of "
            f"{folder} has {free / 1e6:,.0f} MB left; make room, or name another folder by "
            f"LABKIT_CACHE."
        )


def _not_writable(folder, error):
    why = error.strerror or error
    return DownloadError(f"The folder {folder} cannot be written ({why}); LABKIT_CACHE can name another one.")


@contextmanager
def _disk_errors(folder, work):
    """Turn what the disk or its permissions refuse into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
            shutil.rmtree(work, ignore_errors=True)  # or the notebook could not be saved either
            raise DownloadError(
                f"The disk of {folder} became full, and the partial download was removed; "
                f"make room, or name another folder by LABKIT_CACHE."
            ) from None
        raise _not_writable(folder, error) from None


@contextmanager
def _alone(work):
    """Hold the lock of the download; yields whether another process held it first."""
    from filelock import FileLock, Timeout

    lock, waited = FileLock(str(work / "lock")), False
    while not lock.is_locked:
        work.mkdir(exist_ok=True)
        try:
            lock.acquire(timeout=-1 if waited else 0, poll_interval=0.1)
        except Timeout:
            print("Another program is downloading CIFAR-10; waiting for it.", flush=True)
            waited = True
        except FileNotFoundError:  # whoever held the lock is done, and has removed the folder
            pass
    try:
        yield waited
    finally:
        lock.release()


def _placed_by_hand(folder, size, md5):
    """The archive that somebody put into the folder, if it is the right one."""
    archive = folder / ARCHIVE
    if size_of(archive) == size and md5_of(archive) == md5:
        return archive
    return None


def _put_in_place(unpacked, target):
    """Move the finished folder to its place; an incomplete one that is there is kept under another name."""
    if os.path.lexists(target):
        number, aside = 1, target.with_name(f"{FOLDER_NAME}.incomplete")
        while os.path.lexists(aside):
            number, aside = number + 1, target.with_name(f"{FOLDER_NAME}.incomplete-{number + 1}")
        os.rename(target, aside)
        print(f"The incomplete {FOLDER_NAME} that was there is now called {aside.name}.", flush=True)
    os.rename(unpacked, target)
