"""Reading a notebook, running it in a fresh kernel of this very Python, and storing what came out."""

import asyncio
import contextlib
import copy
import os
import re
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

import labkit
from labkit.course.series.page import anchor, duration, headings
from labkit.files import write

_IDENTIFIER = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}


class UnreadableNotebook(ValueError):
    """A file that is not a notebook; the message says why in one sentence."""


# --- reading and storing --------------------------------------------------------------------------


def read_notebook(path):
    """The notebook in a file, in the current format, every cell with an identifier of its own.

    Raises UnreadableNotebook.
    """

    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UnreadableNotebook(f"the file cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnreadableNotebook("the file is not text in UTF-8") from None
    if not text.strip():
        raise UnreadableNotebook("the file is empty")
    try:
        data = nbformat.reader.parse_json(text)
    except Exception as error:
        cause = error.__cause__ or error.__context__ or error
        where = f" (line {cause.lineno}: {cause.msg})" if hasattr(cause, "lineno") else ""
        conflict = ": it has unresolved merge conflicts" if re.search("^<<<<<<< ", text, re.M) else ""
        raise UnreadableNotebook(f"the file is not JSON{where}{conflict}") from None
    if not isinstance(data, dict) or not isinstance(data.get("nbformat"), int):
        raise UnreadableNotebook("the file is JSON, but not a notebook")
    try:
        nb = nbformat.convert(nbformat.reader.reads(text), 4)
        _identify(nb)
        nbformat.validate(nb)
    except Exception as error:
        reason = str(error).splitlines()[0][:200]
        raise UnreadableNotebook(f"the file is not a valid notebook: {reason}") from None
    return nb


def _identify(nb):
    """Give a cell without an identifier, or with one used before, one that is the same at each reading."""
    if (nb.nbformat, nb.nbformat_minor) < (4, 5):
        return
    seen = set()
    for i, cell in enumerate(nb.cells):
        if not _IDENTIFIER.fullmatch(str(cell.get("id", ""))) or cell.id in seen:
            cell.id = next(name for k in range(len(nb.cells) + 1) if (name := f"cell-{i + k}") not in seen)
        seen.add(cell.id)


def clear(nb):
    """Remove all outputs, except those of cells that are never executed."""
    for cell in nb.cells:
        if cell.cell_type == "code" and "skip-execution" not in cell.metadata.get("tags", []):
            cell.outputs, cell.execution_count = [], None


def store(path, nb, before):
    """Write an executed notebook over its source, without what differs from machine to machine.

    before: the bytes that were read; a file that has changed since is left alone and OSError is raised.
    """

    path = Path(path).resolve()
    if path.read_bytes() != before:
        raise OSError("the notebook was changed while it ran")
    nb = copy.deepcopy(nb)
    nb.metadata.kernelspec, nb.metadata.language_info = _KERNELSPEC, _LANGUAGE
    for cell in nb.cells:
        for key in ("execution", "ExecuteTime"):
            cell.metadata.pop(key, None)
    data = (nbformat.writes(nb).rstrip("\n") + "\n").encode("utf-8", "backslashreplace")
    if data != before:
        write(path, data)


# --- running --------------------------------------------------------------------------------------


def runs(cell):
    """True for a cell that is sent to the kernel."""
    return (
        cell.cell_type == "code" and cell.source.strip() != "" and "skip-execution" not in cell.metadata.get("tags", [])
    )


def execute(nb, folder, variables=None, timeout=None, tell=None):
    """Run the cells of a notebook, in a fresh kernel of the running Python, up to the first that fails.

    nb: the notebook; its outputs are replaced. folder: the working directory. variables: environment
    variables to set (None removes one). timeout: seconds for one cell, None for no limit.
    tell: called as tell(cell) with the number of the cell that starts, and with None every second.
    Returns (failure, memory): None or a dictionary that says where and why (`place`, `error`, `traceback`,
    ...), and the largest memory of the kernel in bytes, None where the system does not say.
    """
    clear(nb)
    if not any(map(runs, nb.cells)):
        return None, None
    with tempfile.TemporaryDirectory(prefix="labkit-", ignore_cleanup_errors=True) as scratch:
        work = _Work(
            nb,
            Path(folder),
            _environment(variables or {}, scratch),
            timeout,
            Path(scratch),
            tell or (lambda cell: None),
        )
        try:
            _complete(work.run())
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


def _complete(coroutine):
    """Run a coroutine to its end in a loop of its own; an interrupt lets it clean up first.

    The selector loop is asked for by name, because ZeroMQ cannot use the default loop of Windows.
    """
    loop = asyncio.SelectorEventLoop()
    task = loop.create_task(coroutine)
    try:
        loop.run_until_complete(task)
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


class _Work:
    """One notebook on its way through one kernel."""

    def __init__(self, nb, folder, env, timeout, scratch, tell):
        self.nb, self.folder, self.env, self.timeout, self.tell = nb, folder, env, timeout, tell
        self.scratch, self.log = scratch, scratch / "kernel.log"
        self.failure = self.memory = self.process = None

    async def run(self):

        # without folders to search, `python3` is the ipykernel of this Python, whatever else is installed
        specs = KernelSpecManager(kernel_dirs=[])
        manager = AsyncKernelManager(
            kernel_name="python3", kernel_spec_manager=specs, connection_file=str(self.scratch / "kernel.json")
        )
        client = NotebookClient(
            self.nb,
            km=manager,
            timeout_func=lambda cell: self.timeout,
            iopub_timeout=60,
            startup_timeout=120,
            record_timing=False,
            store_widget_state=False,
            extra_arguments=["--IPKernelApp.log_level=40"],
        )
        ticking = asyncio.ensure_future(self.tick())
        finished = False
        try:
            if await self.start(client, manager):
                await self.run_cells(client, manager)
            finished = self.failure is None
        finally:
            ticking.cancel()
            if client.kc is not None:
                client.kc.stop_channels()
            if manager.has_kernel:
                await manager.shutdown_kernel(now=not finished)
            await manager.cleanup_resources()

    async def start(self, client, manager):
        try:
            with open(self.log, "wb") as log:
                await client.async_start_new_kernel(
                    cwd=str(self.folder), env=self.env, stderr=log, stdout=subprocess.DEVNULL
                )
            self.process = manager.provisioner.process
            await client.async_start_new_kernel_client()
            return True
        except (RuntimeError, OSError) as error:
            last = self.log.read_text(errors="replace").strip().splitlines()[-1:] if self.log.exists() else []
            self.failure = {
                "place": "",
                "error": f"the kernel did not start: {(last or [error])[0]}",
                "index": None,
                "anchor": "",
                "traceback": "",
            }
            return False

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
                self.fail(
                    index,
                    count,
                    f"stopped, because it took longer than {duration(self.timeout)}; --timeout sets the limit",
                )
            except DeadKernelError:
                self.fail(
                    index,
                    count,
                    _cause_of_death(await manager.provisioner.poll()),
                    "".join(self.log.read_text(errors="replace").splitlines(True)[-20:]),
                )
            if self.failure:
                return
            self.memory = _peak_memory(self.process.pid) or self.memory

    async def tick(self):
        while True:
            await asyncio.sleep(1)
            self.tell(None)

    def fail(self, index, count, error, traceback=""):
        """Remember where and why, and leave word at the cell itself, where Python could not."""

        cell, section = self.nb.cells[index], headings(self.nb)[index]
        if not any(output.output_type == "error" for output in cell.outputs):
            cell.execution_count = count
            cell.outputs.append(nbformat.v4.new_output("error", ename="Stopped", evalue=error, traceback=[error]))
        place = f'cell {count}, under "{section}"' if section else f"cell {count}"
        self.failure = {
            "place": place,
            "error": error,
            "index": index,
            "anchor": anchor(self.nb, index),
            "traceback": traceback,
        }

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


# --- what is of this machine only -----------------------------------------------------------------


def hide_paths(nb, rules):
    """Take the folders of this machine out of the outputs (in place), so that they read the same anywhere."""
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            for holder, key in _texts(output):
                if isinstance(holder[key], str):
                    holder[key] = without_paths(holder[key], rules)


def without_paths(text, rules):
    """A text without the folders of this machine; rules: from `path_rules`."""
    for pattern, substitute in rules:
        text = pattern.sub(substitute, text)
    return text


def _texts(output):
    """(container, key) of every text in an output."""
    yield from ((output, key) for key in ("text", "evalue") if key in output)
    yield from ((output["traceback"], i) for i in range(len(output.get("traceback", []))))
    yield from (
        (output["data"], kind) for kind in output.get("data", {}) if kind.startswith("text/") or kind == "image/svg+xml"
    )


def path_rules(folders):
    """(pattern, substitute) pairs for `without_paths`, the longest folder first.

    folders: {folder: what stands for it} besides those of Python, labkit and the user.
    """
    paths = {key: sysconfig.get_path(key) for key in ("purelib", "platlib", "stdlib", "platstdlib")}
    known = dict.fromkeys(filter(None, paths.values()), "")
    if sys.prefix != sys.base_prefix:  # not /usr
        known[sys.prefix] = ""
    home = Path.home()
    known |= {str(Path(folder).absolute()): name for folder, name in folders.items()}
    known |= {str(Path(labkit.__file__).parents[1]): "", str(home): "~"}
    for folder, name in list(known.items()):
        known.setdefault(str(Path(folder).resolve()), name)
    for folder, name in list(known.items()):
        if home in Path(folder).parents:
            known[str(Path("~") / Path(folder).relative_to(home))] = name
    rules = [(re.compile(r"""[^\s"'()<>]*ipykernel_\d+[/\\]+\d+\.py"""), "cell")]  # a cell's name in warnings
    for folder, name in sorted(known.items(), key=lambda item: -len(item[0])):
        parts = [part for part in re.split(r"[/\\]+", folder)]
        if len([part for part in parts if part]) and folder != "~":
            pattern = r"[/\\]+".join(map(re.escape, parts))
            flags = re.IGNORECASE if os.name == "nt" else 0
            before = r"(?P<before>\x1b\[[0-9;]*m|(?<![\w.~-]))"  # a colour ends in a letter
            rules.append((re.compile(rf"{before}{pattern}(?:[/\\]+|(?![\w.-]))", flags), _Substitute(name)))
    return rules


class _Substitute:
    """What stands for a folder, alone or with more of the path after it."""

    def __init__(self, name):
        self.name = name

    def __call__(self, match):
        if match[0][-1] in "/\\":
            return match["before"] + (f"{self.name}/" if self.name else "")
        return match["before"] + (self.name or ".")
