"""Starts a kernel with limits, and on Linux in namespaces of its own: no network, no foreign files or processes.

`python -m labkit.course.marking.sandbox SPEC.json COMMAND …` runs the command under what SPEC.json says (see `spec`).
It is imported before anything else in the kernel's process, so it imports the standard library and `labkit.threads`.
"""

import ctypes
import fcntl
import json
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from labkit.course.marking import jail, seccomp
from labkit.course.marking.cgroup import group
from labkit.threads import one_each

FULL, NETWORK, LIMITS = "full", "network", "limits"
GUARANTEES = {
    FULL: "no network; no files but Python, labkit and the data (read-only) and a private folder in memory; "
    "no sight of other processes; memory, time and all that is written limited",
    NETWORK: "no network; memory, time and file size limited; files of this computer that your account can read "
    "are readable to the submissions, and those it can write are writable",
    LIMITS: "memory, time and file size limited; the network, and the files of this computer that your account can "
    "read or write, are open to the submissions",
}

_NEWNS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET, _NEWUTS = 1 << 17, 1 << 27, 1 << 28, 1 << 29, 1 << 30, 1 << 26
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP = 1, 4, 24
_LONGEST_LOG = 64_000
RAN_OUT = "ran-out"
SEALED = "LABKIT_SEALED"  # names the folder of the sockets to the kernel, which waits until it cannot be written to


def spec(level, work, shared, readable=(), memory=2 << 30, seconds=600, file_size=64 << 20, sockets=0):
    """What a kernel may do.

    level: FULL, NETWORK or LIMITS.
    work: its private folder.
    shared: folder of the sockets to the marker.
    readable: files and folders it may read besides the system's.
    memory: bytes.
    seconds: of processor time.
    file_size: bytes of one file it writes.
    sockets: how many sockets it makes in `shared`, before that can no longer be written to.
    """
    return {
        "level": level,
        "work": str(work),
        "shared": str(shared),
        "readable": [str(p) for p in readable],
        "memory": memory,
        "seconds": seconds,
        "file_size": file_size,
        "sockets": sockets,
        "fonts": font_lists(),
    }


def font_lists():
    """Matplotlib's lists of fonts, which take seconds to make: a kernel gets a copy."""
    try:
        import matplotlib

        return [str(path) for path in Path(matplotlib.get_cachedir()).glob("fontlist-*.json")]
    except Exception:
        return []


def python_folders():
    """What a Python with labkit needs to read; not the folder around labkit, where the solutions may lie."""
    here = Path(__file__).resolve().parents[2]
    found = [here] + [Path(p) for p in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}]
    found += [Path(p) for p in sys.path if p and Path(p).name in ("site-packages", "dist-packages")]
    found += [Path(sys.executable).resolve().parents[1]]
    return list(dict.fromkeys(str(p) for p in found if p.exists() and str(p) != "/"))


def best_level():
    """The strongest level that works on this computer, found by trying."""
    for level in (FULL, NETWORK):
        if sys.platform.startswith("linux") and _works(level):
            return level
    return LIMITS


def _works(level):
    with tempfile.TemporaryDirectory(prefix="lk") as folder:
        work, shared = Path(folder, "work"), Path(folder, "shared")
        work.mkdir(), shared.mkdir()
        Path(folder, "spec.json").write_text(json.dumps(spec(level, work, shared, python_folders())))
        Path(folder, "hidden").write_text("")
        test = (
            "import os, socket, sys\ns = socket.socket(); s.settimeout(2)\n"
            "try: s.connect(('192.0.2.1', 9)); sys.exit(3)\n"
            "except OSError as e: sys.exit(3 if e.errno not in (101, 113, 110) else 0)\n"
        )
        if level == FULL:
            test = f"import os, sys\nif os.path.exists({os.path.join(folder, 'hidden')!r}): sys.exit(3)\n" + test
        try:
            done = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "labkit.course.marking.sandbox",
                    os.path.join(folder, "spec.json"),
                    sys.executable,
                    "-c",
                    test,
                ],
                capture_output=True,
                timeout=30,
                env=dict(os.environ, PYTHONPATH=str(Path(__file__).resolve().parents[3])),
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return done.returncode == 0


def die_with_parent():
    """The kernel of Linux ends this process when the one that started it is gone."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def be_private():
    """Other processes of the same account cannot read this one's memory or environment, where Linux can see to it."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def main(argv, start=None):
    """Confine this process as SPEC.json says and run the command in it; returns its exit status.

    argv: SPEC.json and the command.
    start: a function to be called in the place of the command.
    """
    want, command = json.loads(Path(argv[0]).read_text(encoding="utf-8")), argv[1:]
    os.environ.pop("JPY_PARENT_PID", None)  # the number means nothing in another process namespace
    die_with_parent()
    together = group(want["memory"]) if sys.platform.startswith("linux") else None
    ended = os.open(Path(argv[0]).with_name(RAN_OUT), os.O_WRONLY | os.O_CREAT, 0o600)
    _limit(want)
    if want["level"] == FULL:
        return _run_in_a_jail(want, command, start, together, ended)
    os.close(ended)
    jail.furnish(want, "")
    if together:  # it stays behind when this process is another program; the next submission removes it
        together.enter()
    if want["level"] == NETWORK:
        _unshare(_NEWUSER | _NEWNET)
        _loopback()
    os.chdir(want["work"])
    if sys.platform.startswith("linux"):
        seccomp.refuse()
    return _go_on(command, start)


def _run_in_a_jail(want, command, start, together, ended):
    want["sockets"] += jail.sockets_in(want["shared"]) if want["sockets"] else 0  # beside those of the marker
    _unshare(_NEWUSER | _NEWNET | _NEWNS | _NEWIPC | _NEWPID | _NEWUTS)
    says, said = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            die_with_parent()
            if together:
                together.enter()
            os.dup2(said, 1), os.dup2(said, 2)
            _loopback()
            os.closerange(3, 1 << 10)  # a folder that is open is a way out
            jail.enter(want)
            seccomp.refuse()
            _go_on(command, start)
            os._exit(0)
        except BaseException as problem:
            os.write(2, f"sandbox: {problem}\n".encode())
            os._exit(97)
    os.close(said)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the kernel, which gets it too
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
    status = _attend(child, says, want)
    if together:
        os.write(ended, b"memory" * together.ran_out())
        together.end()
    return os.waitstatus_to_exitcode(status) & 255


def _attend(child, says, want):
    """Until the child ends: pass on the beginning of what it prints past the notebook, and seal its folder in time.

    Returns how it ended, as `os.waitpid` tells.
    """
    left, sealed = _LONGEST_LOG, not want["sockets"]
    while says is not None or not sealed:
        sealed = sealed or jail.seal(want)
        if says is None or not sealed and not select.select([says], [], [], 0.005)[0]:
            time.sleep(0.005)
            found, status = os.waitpid(child, os.WNOHANG)
            if found:
                return status
            continue
        text = os.read(says, 65536)
        if not text:  # closed, by a kernel that prints elsewhere, or by its end
            says = None
        os.write(2, text[:left])
        left = max(0, left - len(text))
    return os.waitpid(child, 0)[1]


def wait_until_sealed():
    """In the kernel, before the first line of a submission runs: the folder of the sockets is no place to write to."""
    folder, until = os.environ.pop(SEALED, ""), time.monotonic() + 30
    while folder and not os.statvfs(folder).f_flag & os.ST_RDONLY:
        if time.monotonic() > until:
            os._exit(97)
        time.sleep(0.002)


def ran_out_of_memory(folder):
    """Whether the sandbox whose SPEC.json lay in a folder was ended for memory, as far as the system tells."""
    try:
        return (Path(folder) / RAN_OUT).read_bytes() == b"memory"
    except OSError:
        return False


def _go_on(command, start):
    if start is None:
        os.execvp(command[0], command)
    drop_rights()
    start()
    return 0


def drop_rights():
    """Give up all capabilities for good, as a program does that is executed here; a function would keep them."""
    libc = ctypes.CDLL(None, use_errno=True)
    for number in range(64):
        libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)  # refused for numbers that there are not
    nobody = struct.pack("Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    if libc.capset(nobody, bytes(24)):
        raise OSError(ctypes.get_errno(), "capset")


def _limit(want):
    # RLIMIT_DATA counts what a process really claims; the address space also holds what is only reserved.
    for what, most in (
        ("RLIMIT_DATA", want["memory"]),
        ("RLIMIT_CPU", int(want["seconds"]) + 1),
        ("RLIMIT_FSIZE", want["file_size"]),
        ("RLIMIT_CORE", 0),
    ):
        number = getattr(resource, what)
        _, hard = resource.getrlimit(number)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(number, (most, most))
        except (ValueError, OSError):  # macOS refuses some
            pass


def _unshare(flags):
    uid, gid = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")
    # Not root inside, so that the rights over the new namespaces end when the command starts.
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid or 1000} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid or 1000} {gid} 1")


def _loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sH14s", b"lo", 0x1 | 0x40, b"")  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(s, 0x8914, request)  # SIOCSIFFLAGS


def kill_tree(pid):
    """End a process and all that it started."""
    import psutil

    try:
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return
    for process in family:
        try:
            process.kill()
        except psutil.Error:
            pass


def private_environment(home, keep=()):
    """An environment without tokens: what Python and the labs need, one thread for each process.

    keep: names of further variables to hand on.
    """
    wanted = {
        "PATH",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "LD_LIBRARY_PATH",
        "OPENBLAS_CORETYPE",
        "SYSTEMROOT",
        "PYTHONHASHSEED",
        *keep,
    }
    env = {name: os.environ[name] for name in wanted if name in os.environ}
    return (
        env
        | one_each()
        | {
            "HOME": str(home),
            "TMPDIR": str(home),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "MPLCONFIGDIR": str(home),
            "IPYTHONDIR": str(home),
            "JUPYTER_RUNTIME_DIR": str(home),
            "MALLOC_ARENA_MAX": "2",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(Path(__file__).resolve().parents[3]),
        }
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
