"""Running a notebook in a fresh kernel, one cell after the other, and saying where it stopped."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

import labkit

# --- any notebook, any kernel ---------------------------------------------------------------------


@contextlib.asynccontextmanager
async def session(client, finish=lambda: False, **starting):
    """The kernel of a client, from its start to its end, whatever happens in between.

    client: an `nbclient.NotebookClient`; what is to happen around a cell are its hooks.
    finish: asked at the end whether the kernel may end by itself; else it is ended at once.
    starting: further arguments of `start_kernel`, such as `cwd`.
    Raises RuntimeError or OSError if the kernel does not start.
    """
    try:
        await client.async_start_new_kernel(**starting)
        await client.async_start_new_kernel_client()
        yield client
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
        if client.km is not None:
            if client.km.has_kernel:
                await client.km.shutdown_kernel(now=not finish())
            await client.km.cleanup_resources()


def complete(coroutine):
    """Run a coroutine to its end in a loop of its own; an interrupt lets it clean up first.

    The selector loop is asked for by name, because ZeroMQ cannot use the default loop of Windows.
    """
    loop = asyncio.SelectorEventLoop()
    task = loop.create_task(coroutine)
    try:
        return loop.run_until_complete(task)
    finally:
        with _deaf_to_interrupts():  # a second Ctrl-C must not leave a kernel behind
            left = [task, *asyncio.all_tasks(loop)]
            for each in left:
                each.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()


@contextlib.contextmanager
def _deaf_to_interrupts():
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def clear(nb):
    """Remove all outputs, except those of cells that are never executed."""
    for cell in nb.cells:
        if cell.cell_type == "code" and "skip-execution" not in cell.metadata.get("tags", []):
            cell.outputs, cell.execution_count = [], None


def runs(cell):
    """True for a cell that is sent to the kernel."""
    return (
        cell.cell_type == "code" and cell.source.strip() != "" and "skip-execution" not in cell.metadata.get("tags", [])
    )


# --- a lab, up to the first cell that fails --------------------------------------------------------


@dataclass
class Failure:
    """Where a notebook stopped, and why.

    error: in a sentence.
    index: of the cell; None if the kernel did not start.
    count: of the code cells up to it.
    traceback: "" if there is none.
    """

    error: str
    index: int | None = None
    count: int = 0
    traceback: str = ""


def execute(nb, folder, variables=None, timeout=None, tell=None):
    """Run the cells of a notebook, in a fresh kernel of the running Python, up to the first that fails.

    nb: the notebook; its outputs are replaced.
    folder: the working directory.
    variables: environment variables to set (None removes one).
    timeout: seconds for one cell, None for no limit.
    tell: called as tell(cell) with the number of the cell that starts, and with None every second.
    Returns (failure, memory): None or a `Failure`, and the largest memory of the kernel in bytes, None where the system
    does not say.
    """
    clear(nb)
    if not any(map(runs, nb.cells)):
        return None, None
    with tempfile.TemporaryDirectory(prefix="labkit-", ignore_cleanup_errors=True) as scratch:
        environment = _environment(variables or {}, scratch)
        work = _Work(nb, Path(folder), environment, timeout, Path(scratch), tell or (lambda cell: None))
        try:
            complete(work.run())
        finally:
            work.kill()
        return work.failure, work.memory


def _environment(variables, scratch):
    """The kernel's environment: plots inline, no sliders, nothing of the user's IPython, this Python, this labkit."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONSTARTUP"} | {"LABKIT_SLIDERS": "0"}
    env["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    env["IPYTHONDIR"] = str(scratch)
    env["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # the debugger's remark on frozen modules is not for students
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), *filter(None, [env.get("PATH")])])
    root = Path(labkit.__file__).resolve().parents[1]
    if root.name not in ("site-packages", "dist-packages"):
        env["PYTHONPATH"] = os.pathsep.join([str(root), *filter(None, [env.get("PYTHONPATH")])])
    env |= {key: str(value) for key, value in variables.items() if value is not None}
    return {key: value for key, value in env.items() if variables.get(key, value) is not None}


class _Work:
    """One lab on its way through one kernel."""

    def __init__(self, nb, folder, env, timeout, scratch, tell):
        self.nb, self.folder, self.env, self.timeout, self.tell = nb, folder, env, timeout, tell
        self.scratch, self.log = scratch, scratch / "kernel.log"
        self.failure = self.memory = self.process = None

    async def run(self):
        # without folders to search, `python3` is the ipykernel of this Python, whatever else is installed
        specs = KernelSpecManager(kernel_dirs=[])
        connection = str(self.scratch / "kernel.json")
        manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs, connection_file=connection)
        client = NotebookClient(
            self.nb,
            km=manager,
            timeout_func=lambda cell: self.timeout,
            iopub_timeout=60,
            startup_timeout=120,
            record_timing=False,
            store_widget_state=False,
            extra_arguments=["--IPKernelApp.log_level=40"],
            on_notebook_start=lambda notebook: setattr(self, "process", manager.provisioner.process),
        )
        ticking = asyncio.ensure_future(self.tick())
        finished = False
        try:
            with open(self.log, "wb") as log:
                outside = {"stderr": log, "stdout": subprocess.DEVNULL}
                async with session(client, lambda: finished, cwd=str(self.folder), env=self.env, **outside):
                    await self.run_cells(client, manager)
                    finished = self.failure is None
        except (RuntimeError, OSError) as error:
            if self.process is not None:
                raise
            last = self.log.read_text(errors="replace").strip().splitlines()[-1:] if self.log.exists() else []
            self.failure = Failure(f"the kernel did not start: {(last or [error])[0]}")
        finally:
            ticking.cancel()

    async def run_cells(self, client, manager):
        count = 0
        for index, cell in enumerate(self.nb.cells):
            if not runs(cell):
                continue
            count += 1
            self.tell(count)
            try:
                await client.async_execute_cell(cell, index, execution_count=count)
            except CellExecutionError as error:
                shown = next((o for o in cell.outputs if o.output_type == "error"), None)
                text = "\n".join(shown.traceback) if shown else str(error)
                self.fail(index, count, f"{error.ename}: {_first_line(error.evalue)}".rstrip(": "), text)
            except CellTimeoutError:
                why = f"stopped, because it took longer than {self.timeout:g} s; --timeout sets the limit"
                self.fail(index, count, why)
            except DeadKernelError:
                last = self.log.read_text(errors="replace").splitlines(True)[-20:]
                self.fail(index, count, _cause_of_death(await manager.provisioner.poll()), "".join(last))
            if self.failure:
                return
            self.memory = _peak_memory(self.process.pid) or self.memory

    async def tick(self):
        while True:
            await asyncio.sleep(1)
            self.tell(None)

    def fail(self, index, count, error, traceback=""):
        """Remember where and why, and leave word at the cell itself, where Python could not."""
        cell = self.nb.cells[index]
        if not any(output.output_type == "error" for output in cell.outputs):
            cell.execution_count = count
            cell.outputs.append(nbformat.v4.new_output("error", ename="Stopped", evalue=error, traceback=[error]))
        self.failure = Failure(error, index, count, traceback)

    def kill(self):
        """End whatever is left of the kernel and of the processes it started."""
        if self.process is not None:
            with contextlib.suppress(OSError):
                if hasattr(os, "killpg"):
                    os.killpg(self.process.pid, signal.SIGKILL)
                else:
                    self.process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=5)


def _first_line(text):
    line = (text.strip().splitlines() or [""])[0]
    return line if len(line) <= 300 else line[:300] + "…"


def _cause_of_death(status):
    if status is not None and status < 0:
        name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
        memory = ", as when memory runs out" if name == "SIGKILL" else ""
        return f"the kernel was ended by {name}{memory}"
    return f"the kernel ended itself with status {status}" if status else "the kernel ended itself"


def _peak_memory(pid):
    """The most memory a process has held, in bytes, where Linux tells it."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None
