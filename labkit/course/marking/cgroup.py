"""A limit for all memory of a submission together, by a control group of Linux, where this account may make one.

Counted are its processes and what it writes into files in memory. Root may make one, and so may accounts to whom
systemd hands theirs over; for others the marker looks at the processes four times a second.
"""

import os
import time
from pathlib import Path

_MOST_PROCESSES = 200
_FOLDERS = Path("/sys/fs/cgroup")


class Group:
    """A control group with limits, for one submission; `None` stands where there can be none."""

    def __init__(self, folder, limits):
        self.parent = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY)
        self.name = folder.name
        os.mkdir(folder)
        try:
            for name, value in limits.items():
                if (folder / name).exists():
                    (folder / name).write_text(str(value))
            self.members = os.open(folder / "cgroup.procs", os.O_WRONLY)
            self.events = [
                os.open(folder / name, os.O_RDONLY)
                for name in ("memory.events", "memory.oom_control")
                if (folder / name).exists()
            ]
        except OSError:
            self.end()
            raise

    def enter(self):
        """Put this process, and all that it will start, under the limits."""
        os.write(self.members, b"0")

    def ran_out(self):
        """Whether the kernel of Linux ended one of its processes for memory."""
        for event in self.events:
            for line in os.pread(event, 4000, 0).decode().splitlines():
                if line.startswith("oom_kill ") and line.split()[1] != "0":
                    return True
        return False

    def end(self):
        """Remove the group; its processes have ended."""
        for _ in range(200):
            try:
                os.rmdir(self.name, dir_fd=self.parent)
                return
            except FileNotFoundError:
                return
            except OSError:  # the last one is still being taken down
                time.sleep(0.01)


def group(memory):
    """A new control group with that many bytes of memory, files in memory among them; None where there can be none."""
    name = f"labkit-{os.getpid()}-{time.monotonic_ns()}"
    try:
        for parent, limits in _places(memory):
            if os.access(parent, os.W_OK):
                _sweep(parent)
                return Group(parent / name, limits)
    except OSError:
        pass
    return None


def _places(memory):
    """(folder, limits) where a group may be made: in this process's own, or in one above that shares out memory."""
    lines = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    for _, kinds, path in lines:
        if "memory" in kinds.split(","):  # the first edition, with a tree for each kind of limit
            limits = {"memory.limit_in_bytes": memory, "memory.memsw.limit_in_bytes": memory}
            yield _FOLDERS / "memory" / path.lstrip("/"), limits
            return
    path = next((path for _, kinds, path in lines if not kinds), None)
    if path is None:
        return
    limits = {"memory.max": memory, "memory.swap.max": 0, "pids.max": _MOST_PROCESSES}
    here = _FOLDERS / path.lstrip("/")
    for folder in (here, *here.parents):  # one that has processes of its own shares out nothing
        shared = folder / "cgroup.subtree_control"
        if folder.is_relative_to(_FOLDERS) and shared.exists() and "memory" in shared.read_text().split():
            yield folder, limits


def _sweep(parent):
    """Groups whose marker was killed before it could remove them; a group with processes in it stays."""
    for old in parent.glob("labkit-*"):
        try:
            if time.time() - old.stat().st_mtime > 60:
                old.rmdir()
        except OSError:
            pass
