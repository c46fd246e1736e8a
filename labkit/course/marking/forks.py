"""Processes that start at once: a parent that has imported everything is forked, where that is safe.

A `Parent` is a Python that has imported some modules and does nothing but fork: each child calls one function and ends.
What the parent holds, the data for example, its children share with it until they change it. A child ends when whoever
asked for it is gone, and all end with the parent. The parent has one thread and no secrets; children of it that run a
submission go into the sandbox first.

`python -m labkit.course.marking.forks SOCKET MODULE …` is the parent; it calls `warm()` of each module.
"""

import contextlib
import gc
import importlib
import json
import os
import random
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

USABLE = sys.platform.startswith("linux")  # elsewhere, system libraries may break in a child
_LONGEST_REQUEST = 1 << 20


class Parent:
    """A process that forks, seen from outside.

    modules: what it imports.
    environment: its variables, and those of its children.
    """

    def __init__(self, modules, environment):
        self._folder = tempfile.mkdtemp(prefix="lk", dir="/tmp" if len(tempfile.gettempdir()) > 60 else None)
        self.address = os.path.join(self._folder, "s")
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, self.address, *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            cwd=self._folder,
            start_new_session=True,
        )
        if self._process.stdout.readline() != b"ready\n":
            self.close()
            raise OSError("the parent of the marking processes did not start")

    @property
    def pid(self):
        """Its process id."""
        return self._process.pid

    def close(self):
        """End it, and with it all its children."""
        self._process.stdin.close()  # which it takes for the end of whoever needs it
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        for path in Path(self._folder).iterdir():
            path.unlink()
        os.rmdir(self._folder)


class Forked:
    """A child of a `Parent`, used like `subprocess.Popen`; it is ended when this object is gone.

    address: of the parent.
    function: what it calls, such as "package.module:main"; what that returns is the exit status.
    arguments: a list of texts, which it is called with.
    environment: its variables.
    folder: its working directory.
    log: the file that takes what it prints; None for nowhere.
    """

    stdin = stdout = stderr = None

    def __init__(self, address, function, arguments, environment, folder, log=None):
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connection.connect(address)
        request = {"function": function, "arguments": arguments, "environment": environment}
        request |= {"folder": str(folder), "log": None if log is None else str(log)}
        self._connection.sendall(json.dumps(request).encode() + b"\n")
        self._answer = self._connection.makefile("rb")
        self.pid, self.returncode = int(self._answer.readline()), None

    def poll(self):
        """The exit status, None as long as it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout=None):
        """The exit status, waited for; raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._connection, selectors.EVENT_READ)
                if not selector.select(timeout):
                    raise subprocess.TimeoutExpired("a forked process", timeout)
            line = self._answer.readline()
            self.returncode = int(line) if line else -signal.SIGKILL
            self._answer.close(), self._connection.close()
        return self.returncode

    def send_signal(self, number):
        """Send it a signal, as long as it runs."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self):
        """End it."""
        self.send_signal(signal.SIGKILL)

    def terminate(self):
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


# --- the parent ----------------------------------------------------------------------------------------------------


def main(argv):
    """Import, say "ready", and fork for everyone who asks, until standard input ends."""
    address, *modules = argv
    for name in modules:
        importlib.import_module(name).warm()
    _refuse_open_files()
    gc.collect()
    gc.freeze()  # what the parent holds, no child has to look through
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever needs the children ends them
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(address)
    listener.listen(64)
    woken, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    os.write(1, b"ready\n")
    with selectors.DefaultSelector() as selector:
        for source in (0, woken, listener):
            selector.register(source, selectors.EVENT_READ)
        _serve(selector, listener, woken)
    return 0


def _refuse_open_files():
    """Each child closes what the parent has open, so that an object that holds a file would close another one later."""
    for number in range(3, 1024):
        with contextlib.suppress(OSError):
            os.fstat(number)
            name = os.readlink(f"/proc/self/fd/{number}")
            raise SystemExit(f"a file is open that all children would share: {name}")


def _serve(selector, listener, woken):
    """Fork for who asks, tell them of the end of their child, and end the child of who is gone."""
    children = {}  # connection: process id
    while True:
        for key, _ in selector.select():
            if key.fileobj == 0:
                _end(children.values())
                return
            if key.fileobj == woken:
                os.read(woken, 4096)
                for pid, status in _ended():
                    connection = next((c for c, child in children.items() if child == pid), None)
                    if connection is not None:
                        del children[connection]
                        selector.unregister(connection)
                        _say(connection, status)
                        connection.close()
            elif key.fileobj is listener:
                connection, _ = listener.accept()
                request = _request(connection)
                if request is None:
                    connection.close()
                    continue
                children[connection] = _fork(request)
                _say(connection, children[connection])
                selector.register(connection, selectors.EVENT_READ)
            elif key.fileobj in children:  # it says nothing more: it is gone
                _end([children[key.fileobj]])
                selector.unregister(key.fileobj)
                key.fileobj.close()
                del children[key.fileobj]


def _request(connection):
    connection.settimeout(10)
    text = b""
    with contextlib.suppress(OSError, ValueError):
        while not text.endswith(b"\n") and len(text) < _LONGEST_REQUEST:
            part = connection.recv(1 << 16)
            if not part:
                return None
            text += part
        return json.loads(text)
    return None


def _say(connection, number):
    with contextlib.suppress(OSError):
        connection.sendall(b"%d\n" % number)


def _ended():
    """(process id, exit status as Popen has it) of the children that have ended."""
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            yield pid, os.waitstatus_to_exitcode(status)


def _end(pids):
    for pid in pids:
        for send in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                send(pid, signal.SIGKILL)


def _fork(request):
    """The process id of a child that does what is asked."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        status = _child(request)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush(), sys.stderr.flush()
        os._exit(status or 0)


def _child(request):
    """Forget the parent: its files, signals, variables, random numbers; then call the function."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else signal.default_int_handler)
    os.closerange(3, os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") < 1 << 16 else 1 << 16)
    log = os.open(request["log"] or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0), os.dup2(log, 1), os.dup2(log, 2)
    os.close(log), os.close(nothing)
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path = [request["folder"] if path in ("", os.getcwd()) else path for path in sys.path]
    os.chdir(request["folder"])
    tempfile.tempdir = None
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    module, _, function = request["function"].partition(":")
    return getattr(importlib.import_module(module), function)(request["arguments"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
