"""A kernel in the sandbox: how it is started, what it has to know, and how much memory it may take."""

import asyncio
import contextlib
import json
import os
import secrets
import sys

import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from labkit.course import cells
from labkit.course.marking import forks, kernel, sandbox
from labkit.course.marking.kernel import BROKEN, PLAN
from labkit.course.marking.pipe.judging import listen
from labkit.course.marking.pipe.serve import PIPE

MOST_PROCESSES = 100
FORKED = "labkit.course.marking.warm_kernel"
SOCKETS = 5  # of a kernel: shell, iopub, stdin, control, heartbeat
_ABOUT = {"names": [], "figure": False, "stub": ""}  # what the kernel has to know of an exercise


class SandboxedKernel(AsyncKernelManager):
    """Starts labkit's kernel in the sandbox; it talks to the marker through sockets in a private folder."""

    def prepare(self, job, place, plan, parent=""):
        """Lay out what the kernel needs.

        job: the `Job`.
        place: a folder for this kernel alone.
        plan: what the kernel has to know, see `plan_of`.
        parent: the address of the process that the kernel is forked from, "" for a fresh one.
        """
        self.place, self.parent_address = place, parent
        work, self.shared = place / "work", place / "io"
        work.mkdir(parents=True), self.shared.mkdir()
        (self.shared / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
        readable = sandbox.python_folders() + [path for path in job.readable if os.path.exists(path)]
        seconds = job.timeout + 60
        want = sandbox.spec(job.sandbox, work, self.shared, readable, job.memory, seconds, sockets=SOCKETS)
        (place / "spec.json").write_text(json.dumps(want), encoding="utf-8")
        self.due, self.checks = plan["check"], listen(self.shared / "checks")
        self.transport, self.ip = "ipc", str(self.shared / "s")
        self.connection_file = str(self.shared / "kernel.json")
        python = [sys.executable, "-m"]
        confined = [*python, "labkit.course.marking.sandbox", str(place / "spec.json")]
        inside = [*python, kernel.__name__, "-f", "{connection_file}"]
        self._kernel_spec = KernelSpec(language="python", display_name="labkit", argv=confined + inside)
        known = {PLAN: str(self.shared / "plan.json"), PIPE: str(self.shared / "checks")}
        known |= {sandbox.SEALED: str(self.shared)} if job.sandbox == sandbox.FULL else {}
        self.environment = sandbox.private_environment(work / "home") | job.environment | known

    def forget(self, names):
        """Let the kernel take these functions for not done."""
        new = self.shared / f"{BROKEN}.new"
        new.write_text(json.dumps(names), encoding="utf-8")
        new.replace(self.shared / BROKEN)

    @property
    def kernel_spec(self):
        return self._kernel_spec

    async def _async_pre_start_kernel(self, **kw):
        kw["env"] = self.environment
        return await super()._async_pre_start_kernel(**kw)

    pre_start_kernel = _async_pre_start_kernel

    async def _async_launch_kernel(self, kernel_cmd, **kw):
        if not self.parent_address:
            await super()._async_launch_kernel(kernel_cmd, **kw)
            return
        options = kernel_cmd[kernel_cmd.index(kernel.__name__) + 1 :]
        arguments = [str(self.place / "spec.json"), *options]
        started = forks.Forked(
            self.parent_address, f"{FORKED}:main", arguments, kw["env"], self.place, self.place / "log"
        )
        self.provisioner.process, self.provisioner.pid = started, started.pid
        self.provisioner.pgid = started.pid  # it leads its session

    def ran_out_of_memory(self):
        """Whether the system ended it for the limit on all of its memory together."""
        return sandbox.ran_out_of_memory(self.place)

    def end(self):
        """End the kernel and everything that it started."""
        sandbox.kill_tree(self.provisioner.pid if self.provisioner else -1)


def plan_of(nb, job, spared):
    """What the kernel has to know of the cells: which are checks, which are exercises and the names they define."""
    checks = {cell.source: cells.grading(cell)["grade_id"] for cell in nb.cells if cells.kind(cell) == "check"}
    solutions, originals = {}, {}
    for cell in nb.cells:
        original = cell.metadata.get("labkit", {}).get("original")
        if cells.kind(cell) == "solution":
            about = job.exercises.get(cells.grading(cell)["grade_id"], {})
            solutions[cell.source] = {name: about.get(name) or empty for name, empty in _ABOUT.items()}
        elif original:
            originals[cell.source] = {"names": cells.names_bound(original), "source": original}
    return {
        "checks": checks,
        "solutions": solutions,
        "originals": originals,
        "names": job.imports,
        "import": sorted(set(job.imports.values()) | {"labkit.check", "numpy"}),
        "check": f"# a check is due: {secrets.token_hex(8)}",
        "spared": list(spared),
    }


def _family(pid):
    """A process and all that descend from it."""
    top, found = psutil.Process(pid), []
    try:
        ids = list(_descendants(pid))
    except OSError:  # not Linux, or one built without these lists: psutil looks through all processes there are
        return [top, *top.children(recursive=True)]
    for each in ids:
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(each))
    return [top, *found]


def _descendants(pid):
    """The process ids below one, as Linux lists them thread by thread; one that ends meanwhile is left out."""
    if not os.path.exists(f"/proc/{pid}/task/{pid}/children"):
        if psutil.pid_exists(pid):
            raise OSError("no lists of children")
        return
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
            for child in map(int, file.read().split()):
                yield child
                yield from _descendants(child)


def _held(process):
    """The memory of a process in bytes; what it shares with others, such as its parent, counts in part."""
    return getattr(process.memory_full_info(), "pss", 0) or process.memory_info().rss


def _hold_more_than(family, most):
    """Whether processes hold more memory than that; what they share is told apart, at length, only where it matters."""
    return _sum(lambda one: one.memory_info().rss, family) > most and _sum(_held, family) > most


def _sum(measure, family):
    total = 0
    for one in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += measure(one)
    return total


class Watch:
    """Looks at the memory of a kernel and all its processes while a cell runs, and ends them above the limit.

    kernel: a `SandboxedKernel`.
    most: bytes.
    over: whether the limit was passed.
    """

    def __init__(self, kernel, most):
        self.kernel, self.most, self.over = kernel, most, False

    async def __aenter__(self):
        self.task = asyncio.ensure_future(self._look())
        return self

    async def __aexit__(self, *problem):
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task

    async def _look(self):
        while True:
            await asyncio.sleep(0.25)
            try:
                family = _family(self.kernel.provisioner.pid)
                too_much = len(family) > MOST_PROCESSES or _hold_more_than(family, self.most * 1.05)
            except (psutil.Error, AttributeError):
                continue
            if too_much:
                self.over = True
                self.kernel.end()
                return
