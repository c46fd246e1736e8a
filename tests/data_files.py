"""For the tests: small data sets in CIFAR-10's format, and a local server with every bad habit."""

import hashlib
import io
import struct
import tarfile
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from labkit.data.reader import BATCH_FILES, CLASSES, FOLDER_NAME


def batch(seed=0, n=3):
    """The content of a batch file."""
    rng = np.random.default_rng(seed)
    return {
        "batch_label": f"batch {seed}",
        "labels": rng.integers(0, 10, n).tolist(),
        "data": rng.integers(0, 256, (n, 3072), np.uint8),
        "filenames": [f"{i}.png" for i in range(n)],
    }


def python2(content):
    """The bytes Python 2 writes for a batch, as in the official files: protocol 2, every text memorised."""
    memo = iter(range(1, 1 << 20))

    def put():
        i = next(memo)
        return b"q" + bytes([i]) if i < 256 else b"r" + struct.pack("<I", i)

    def of(value):
        if isinstance(value, str):
            return b"U" + bytes([len(value)]) + value.encode() + put()
        if isinstance(value, int):
            return b"K" + bytes([value])
        if isinstance(value, list):
            return b"]" + put() + b"(" + b"".join(map(of, value)) + b"e"
        if isinstance(value, dict):
            return b"}" + put() + b"(" + b"".join(of(k) + of(v) for k, v in value.items()) + b"u"
        rows, columns = struct.pack("<i", len(value)), struct.pack("<H", value.shape[1])
        shape = b"(K\x01J" + rows + b"M" + columns + b"\x86"
        pixels = b"b\x89T" + struct.pack("<I", value.nbytes) + value.tobytes()
        array = [b"cnumpy.core.multiarray\n_reconstruct\n", b"cnumpy\nndarray\n"]
        empty = [b"K\0\x85", b"U\x01b", b"\x87", b"R"]
        dtype = [b"cnumpy\ndtype\n", b"U\x02u1", b"K\0K\x01\x87", b"R", b"(K\x03U\x01|"]
        rest = b"NNN" + 2 * b"J\xff\xff\xff\xff" + b"K\0t"
        return b"".join(step + put() for step in [*array, *empty, shape, *dtype, rest, pixels, b"t"]) + b"b"

    return b"\x80\x02" + of(content) + b"."


def write_data(folder, n=3, seed=0, **changes):
    """The six batch files and batches.meta; data_batch_3={...} replaces keys of that batch."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(BATCH_FILES):
        (folder / name).write_bytes(python2(batch(seed + i, n) | changes.get(name, {})))
    (folder / "batches.meta").write_bytes(python2({"label_names": list(CLASSES)}))
    return folder


def write_archive(path, members):
    """A gzipped tar file of {name: bytes or TarInfo}."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                content.name = name
                tar.addfile(content)
            else:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return path


def good_members(tmp_path):
    folder = write_data(tmp_path / "for the archive")
    return {f"{FOLDER_NAME}/{p.name}": p.read_bytes() for p in sorted(folder.iterdir())}


def md5_of(body):
    return hashlib.md5(body).hexdigest()


@contextmanager
def serving(body, habit="good", **options):
    """A server of one file on this computer; yields an object with `url` and `seen`, the ranges asked for.

    habit: what it does to each request, by name, or a list of names for the first, second, ... request.
    """
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.headers.get("Range"))
            habits = [habit] if isinstance(habit, str) else habit
            try:
                HABITS[habits[min(len(seen), len(habits)) - 1]](self, body, **options)
            except (BrokenPipeError, ConnectionResetError):
                pass

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    server.url, server.seen = f"http://127.0.0.1:{server.server_port}/cifar-10-python.tar.gz", seen
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def _start(answer, status, length, **headers):
    answer.send_response(status)
    answer.send_header("Content-Length", str(length))
    for name, value in headers.items():
        answer.send_header(name.replace("_", "-"), value)
    answer.end_headers()


def _good(answer, body, **_):
    """Honours Range."""
    asked = answer.headers.get("Range")
    start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
    if start >= len(body):
        return _start(answer, 416, 0)
    if asked:
        _start(answer, 206, len(body) - start, Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}")
    else:
        _start(answer, 200, len(body))
    answer.wfile.write(body[start:])


def _no_range(answer, body, **_):
    _start(answer, 200, len(body))
    answer.wfile.write(body)


def _other_range(answer, body, **_):
    """Claims another size than that of the archive when a range is asked for."""
    if not answer.headers.get("Range"):
        return _no_range(answer, body)
    _start(answer, 206, 10, Content_Range="bytes 5-14/15")
    answer.wfile.write(bytes(10))


def _missing(answer, body, **_):
    _start(answer, 404, 0)


def _busy(answer, body, **_):
    _start(answer, 503, 0)


def _page(answer, body, **_):
    page = b"<html>Please log in</html>"
    _start(answer, 200, len(page), Content_Type="text/html; charset=utf-8")
    answer.wfile.write(page)


def _page_unnamed(answer, body, **_):
    """A page of just the right length that calls itself an archive."""
    _start(answer, 200, len(body), Content_Type="application/x-gzip")
    answer.wfile.write(b"<html>".ljust(len(body)))


def _other_size(answer, body, **_):
    _start(answer, 200, len(body) + 1)
    answer.wfile.write(body + b"!")


def _endless(answer, body, **_):
    """No length, and more than the archive."""
    answer.send_response(200)
    answer.end_headers()
    answer.wfile.write(body + bytes(1000))


def _chunked(answer, body, **_):
    answer.protocol_version = "HTTP/1.1"
    answer.send_response(200)
    answer.send_header("Transfer-Encoding", "chunked")
    answer.end_headers()
    for at in range(0, len(body), 1000):
        piece = body[at : at + 1000]
        answer.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    answer.wfile.write(b"0\r\n\r\n")


def _truncated(answer, body, **_):
    _start(answer, 200, len(body))
    answer.wfile.write(body[: len(body) // 2])


def _half_of_the_rest(answer, body, **_):
    asked = answer.headers.get("Range")
    start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
    _start(
        answer,
        206 if asked else 200,
        len(body) - start,
        **({"Content_Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if asked else {}),
    )
    answer.wfile.write(body[start : start + (len(body) - start + 1) // 2])


def _wrong_bytes(answer, body, **_):
    _no_range(answer, body[:100] + bytes([body[100] ^ 1]) + body[101:])


def _stalled(answer, body, event, **_):
    _start(answer, 200, len(body))
    answer.wfile.write(body[:1000])
    answer.wfile.flush()
    event.wait(20)


def _silent(answer, body, event, **_):
    """Accepts the connection and never says a word."""
    event.wait(20)


def _slow(answer, body, pause=0.02, piece=500, **_):
    asked = answer.headers.get("Range")
    start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
    _start(
        answer,
        206 if asked else 200,
        len(body) - start,
        **({"Content_Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if asked else {}),
    )
    for at in range(start, len(body), piece):
        answer.wfile.write(body[at : at + piece])
        answer.wfile.flush()
        time.sleep(pause)


def _redirect_forever(answer, body, **_):
    _start(answer, 302, 0, Location="/again")


def _gzip_encoded(answer, body, **_):
    """Declares the archive's own compression as one of the transfer, as some servers do."""
    _start(answer, 200, len(body), Content_Encoding="x-gzip")
    answer.wfile.write(body)


HABITS = {
    name.lstrip("_").replace("_", " "): function
    for name, function in list(globals().items())
    if name.startswith("_") and callable(function) and name != "_start" and not name.startswith("__")
}
