"""One server's file, transferred: taken up where it stopped, checked, and given its name only when it is right.

The file grows under another name (`.part`), which no reader looks at. It is taken up by a request for a range of
bytes; its checksum is tested before it is renamed.
"""

import hashlib
import os
import re
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from labkit.progress import progress

ATTEMPTS = 5  # at one server, as long as each of them adds something
GZIP = b"\x1f\x8b"  # what a gzipped file begins with


@dataclass(frozen=True)
class Patience:
    """How long to put up with a server: time-outs in seconds, lowest rate in bytes per second."""

    connect: float = 2.5  # until an address answers; three times as long for all that a name has
    stall: float = 10  # without a single byte
    floor: float = 100_000  # at this rate the archive takes half an hour
    window: float = 10  # seconds over which the rate is measured


DEFAULT = Patience()


class TransferError(Exception):
    """What went wrong with one server, as the end of a sentence that begins with its name."""

    def __init__(self, what, broken=False, slow=False):
        super().__init__(what)
        self.broken, self.slow = broken, slow  # the connection broke on the way; the rate was below the floor


def transfer(url, path, size, md5, patience):
    """A gzipped file from a server, checked; taken up again at once when the connection breaks.

    url: its address, http or https.
    path: where it will be; what is there already is taken if it is right.
    size: its bytes.
    md5: its checksum.
    patience: `Patience` with the server.
    Raises TransferError; what had come by then waits in the file `path`.part for the next attempt.
    """
    part = path.with_name(path.name + ".part")
    if size_of(path) == size and md5_of(path) == md5:
        return
    for attempt in range(ATTEMPTS):
        before = size_of(part)
        try:
            _complete(url, part, size, patience)
        except TransferError as error:
            if not error.broken or size_of(part) <= before or attempt == ATTEMPTS - 1:
                raise
            continue
        if md5_of(part) == md5:
            os.replace(part, path)
            return
        part.unlink()
        if before == 0:
            raise TransferError("sent a file with a wrong checksum")
    raise TransferError("broke off again and again")


def md5_of(path):
    """The MD5 checksum of a file, in hexadecimal digits."""
    md5 = hashlib.md5(usedforsecurity=False)
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            md5.update(block)
    return md5.hexdigest()


def size_of(path):
    """The length of a file in bytes, 0 if it is not there."""
    return path.stat().st_size if path.is_file() else 0


def _complete(url, part, size, patience):
    """Complete the partial file over one connection; if that fails, what came by then stays in it."""
    import requests

    have = size_of(part)
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
        raise TransferError(_in_words(error, patience)) from None
    with answer:
        if have and not _continues(answer, have, size):
            part.unlink()
            return _complete(url, part, size, patience)
        have = have if answer.status_code == 206 else 0
        first = _first_bytes(answer, have, size, patience)
        _copy(answer, first, part, have, size, patience)


def _knock(url, seconds):
    """Raise TransferError if nobody answers for three times so long, however many addresses the name has.

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
        raise TransferError(f"did not answer within {3 * seconds:g} s")


def _continues(answer, have, size):
    """False if the server cannot continue after `have` bytes, because its file is another one."""
    if answer.status_code == 206:
        return answer.headers.get("Content-Range", "").strip() == f"bytes {have}-{size - 1}/{size}"
    return answer.status_code != 416


def _first_bytes(answer, have, size, patience):
    """What the answer begins with, once it is clear that it is (the rest of) the file."""
    if answer.status_code != (206 if have else 200):
        raise TransferError(f"answered {answer.status_code} {answer.reason}")
    if "html" in answer.headers.get("Content-Type", "").lower():
        raise TransferError("sent a web page instead of the archive")
    length = answer.headers.get("Content-Length", "")
    if length.isdigit() and have + int(length) != size:
        raise TransferError(f"offered a file of {have + int(length):,} bytes instead of {size:,}")
    first = _next(answer, patience)
    if not have and first[:2] != GZIP[: len(first)]:
        raise TransferError("sent something else than a gzipped archive")
    return first


def _next(answer, patience):
    """The next bytes, as soon as some are there; none at the end."""
    import urllib3

    try:
        return answer.raw.read1(1 << 16)
    except (urllib3.exceptions.ReadTimeoutError, TimeoutError):
        raise TransferError(f"sent nothing for {patience.stall:g} s") from None
    except (urllib3.exceptions.HTTPError, OSError):
        return b""


def _copy(answer, chunk, part, have, size, patience):
    """Write the chunk and all that follows, watching the rate."""
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
                    raise TransferError(f"sent only {rate / 1000:,.0f} kB/s", slow=True)
                marked, mark = time.monotonic(), have
            chunk = _next(answer, patience)
    if have > size:
        part.unlink()
        raise TransferError(f"sent more than {size:,} bytes")
    if have < size:
        raise TransferError(f"broke off after {have:,} of {size:,} bytes", broken=True)


def _in_words(error, patience):
    """What `requests` found, as the end of a sentence that begins with the server's name."""
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
