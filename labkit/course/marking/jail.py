"""The file system of a submission: the system and Python read-only, a private folder in memory, and nothing else."""

import ctypes
import os
import shutil
import socket
import stat
from pathlib import Path

_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
_NOATIME = 1024
_LOCKED = _NOSUID | _NODEV | _NOEXEC | _NOATIME  # flags that an account may not drop
_MNT_DETACH = 2
_IN_MEMORY = (("/tmp", "64m"), ("/dev/shm", "64m"))
_WORK, _MOST_FILES = "128m", 20_000
_SYSTEM = (
    *("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/nix/store", "/gnu/store"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/fonts", "/etc/localtime"),
    *("/etc/mime.types", "/etc/os-release"),
    *("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"),
)
_ETC = {
    "passwd": "student:x:{uid}:{gid}::{home}:/bin/sh\n",
    "group": "student:x:{gid}:\n",
    "hosts": "127.0.0.1 localhost lab\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
# What of /proc tells of the computer, or of its kernel's memory, to those whom files let read it: to root.
_MASKED = ("kcore", "keys", "key-users", "kmsg", "kallsyms", "kpagecount", "kpageflags", "kpagecgroup", "slabinfo")
_MASKED += ("vmallocinfo", "timer_list", "sched_debug", "sysrq-trigger", "modules", "iomem", "ioports", "cmdline")


def enter(want):
    """Make the new root and go there; `want` is what `sandbox.spec` wrote."""
    mount("none", "/", None, _REC | _PRIVATE)
    root = want["shared"] + "/.root"
    os.makedirs(root, exist_ok=True)
    mount("tmpfs", root, "tmpfs", _NOSUID | _NODEV, f"size=4m,nr_inodes={_MOST_FILES},mode=755")
    for path, size in (*_IN_MEMORY, (want["work"], _WORK)):
        os.makedirs(root + path, exist_ok=True)
        mount("tmpfs", root + path, "tmpfs", _NOSUID | _NODEV, f"size={size},nr_inodes={_MOST_FILES},mode=1777")
    for path in [*_SYSTEM, *want["readable"]]:
        _show(path, root)
    _write_etc(want, root)
    furnish(want, root)
    os.makedirs(root + want["shared"], exist_ok=True)
    mount(want["shared"], root + want["shared"], None, _BIND)
    _mount_proc(root + "/proc")
    _go(root)
    if not want["sockets"]:
        _make_read_only(want["shared"])
    _make_read_only("/")
    socket.sethostname("lab")
    os.chdir(want["work"])


def furnish(want, root):
    """The home folder, with Matplotlib's lists of fonts."""
    home = root + want["work"] + "/home"
    os.makedirs(home, exist_ok=True)
    for path in want["fonts"]:
        shutil.copy(path, home)


def seal(want):
    """Make the folder of the sockets read-only once they are all there; returns whether they are."""
    if sockets_in(want["shared"]) < want["sockets"]:
        return False
    _make_read_only(want["shared"])
    return True


def sockets_in(folder):
    """How many sockets there are in a folder."""
    try:
        return sum(stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode) for entry in os.scandir(folder))
    except OSError:
        return 0


def _write_etc(want, root):
    """Names of this account and this computer that are nobody's; `/etc/passwd` would tell who has accounts here."""
    os.makedirs(root + "/etc", exist_ok=True)
    for name, text in _ETC.items():
        about = {"uid": os.getuid(), "gid": os.getgid(), "home": want["work"] + "/home"}
        Path(root, "etc", name).write_text(text.format(**about))


def _mount_proc(place):
    """`/proc` of the new processes, read-only as a whole: through it root would change the computer's settings."""
    os.makedirs(place, exist_ok=True)
    try:
        mount("proc", place, "proc", _RDONLY | _NOSUID | _NODEV | _NOEXEC)
    except OSError:  # refused inside some containers; Python does without
        return
    for name in _MASKED:
        if os.path.exists(f"{place}/{name}"):
            mount("/dev/null", f"{place}/{name}", None, _BIND)


def _go(root):
    os.chdir(root)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall({"x86_64": 155, "aarch64": 41}.get(os.uname().machine, 155), b".", b"."):
        raise OSError(ctypes.get_errno(), "pivot_root")
    if libc.umount2(b".", _MNT_DETACH):
        raise OSError(ctypes.get_errno(), "umount")


def _make_read_only(path):
    seen = os.statvfs(path).f_flag & _LOCKED
    mount("none", path, None, _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV | seen)


def _show(path, root):
    """Make a file or folder visible under the new root, read-only."""
    if not os.path.lexists(path) or os.path.lexists(root + path):
        return
    os.makedirs(os.path.dirname(root + path), exist_ok=True)
    if os.path.islink(path):
        os.symlink(os.readlink(path), root + path)
        _show(os.path.realpath(path), root)
        return
    if os.path.isdir(path):
        os.makedirs(root + path, exist_ok=True)
    else:
        open(root + path, "w").close()
    mount(path, root + path, None, _BIND | _REC)
    if not path.startswith("/dev/"):
        seen = os.statvfs(root + path).f_flag & _LOCKED
        mount("none", root + path, None, _REMOUNT | _BIND | _RDONLY | seen)


def mount(source, target, kind, flags, options=None):
    """The system call. Raises OSError that names the target."""
    libc = ctypes.CDLL(None, use_errno=True)
    texts = [text.encode() if text else None for text in (source, target, kind, options)]
    if libc.mount(*texts[:3], ctypes.c_ulong(flags), texts[3]):
        number = ctypes.get_errno()
        raise OSError(number, f"mount {target}: {os.strerror(number)}")
