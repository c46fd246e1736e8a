"""The cells of a submission, run by nbgrader's Execute in the sandbox, with what happens while they run."""

import base64
import json
import os
import re
import sys
import threading
import time

import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.client import CellExecutionComplete
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets import Any, Dict, Float

from labkit.course import cells as labs
from labkit.course.marking import messages, sandbox
from labkit.course.marking.kernel import BROKEN, FIGURE, NOTES, PLAN

LONGEST_OUTPUT, MOST_OUTPUTS, LARGEST_IMAGE = 50_000, 60, 3 << 20
RESTARTS = 3
_ABOUT = {"names": [], "figure": False, "stub": ""}  # what the kernel has to know of an exercise


class Run:
    """What happens while one submission is executed, told by the parts that see it."""

    def __init__(self, job, folder):
        self.job, self.folder = job, folder
        self.deadline = time.monotonic() + job["timeout"]
        self.trouble, self.status = "", ""
        self.absent = set()
        self.events, self.changed, self.figures, self.missing = [], [], {}, []
        self.kernels, self.broken, self.broken_list, self.spared = 0, [], None, []

    def left(self):
        return self.deadline - time.monotonic()

    def give_up(self, names):
        """Let the kernel take these functions for not done: they do not come back, or end it."""
        self.broken += names
        new = self.folder / "broken.new"
        new.write_text(json.dumps(self.broken), encoding="utf-8")
        new.replace(self.broken_list)

    def notes(self):
        found = list(dict.fromkeys(self.events))
        if self.changed:
            names = list(dict.fromkeys(self.changed))
            shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
            found.append(f"the notebook changed {shown}: put back before each cell")
        return found


class SandboxedKernel(AsyncKernelManager):
    """Starts labkit's kernel in the sandbox; it talks to the marker through sockets in a private folder."""

    run = Any()

    def prepare(self, run, plan):
        self.run = run
        run.kernels += 1
        place = run.folder / f"k{run.kernels}"
        self.work, self.shared = place / "work", place / "io"
        self.work.mkdir(parents=True), self.shared.mkdir()
        (self.shared / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
        run.broken_list = self.shared / BROKEN
        run.give_up([])
        job = run.job
        readable = sandbox.python_folders() + [path for path in job["readable"] if os.path.exists(path)]
        want = sandbox.spec(job["sandbox"], self.work, self.shared, readable, job["memory"], job["timeout"] + 60)
        (place / "spec.json").write_text(json.dumps(want), encoding="utf-8")
        self.transport, self.ip = "ipc", str(self.shared / "s")
        self.connection_file = str(self.shared / "kernel.json")
        self._kernel_spec = KernelSpec(
            language="python",
            display_name="labkit",
            argv=[
                sys.executable,
                "-m",
                "labkit.course.marking.sandbox",
                str(place / "spec.json"),
                sys.executable,
                "-m",
                "labkit.course.marking.kernel",
                "-f",
                "{connection_file}",
            ],
        )
        home = self.work / "home"
        self.environment = (
            sandbox.private_environment(home)
            | job["environment"]
            | {PLAN: str(self.shared / "plan.json"), "LABKIT_CHECK_SEED": str(job["seed"])}
        )

    @property
    def kernel_spec(self):
        return self._kernel_spec

    async def _async_pre_start_kernel(self, **kw):
        kw["env"] = self.environment
        return await super()._async_pre_start_kernel(**kw)

    pre_start_kernel = _async_pre_start_kernel


class RunCells(Execute):
    """nbgrader's Execute in the sandbox, which goes on after a cell that never ends or that ends the kernel."""

    run = Any()
    plan = Dict()
    cell_timeout = Float()

    def __init__(self, **kwargs):
        kwargs["kernel_manager_class"] = SandboxedKernel
        super().__init__(**kwargs)
        self.skip_cells_with_tag = labs.NOT_FOR_MARKING
        self.timeout_func = self._seconds_for
        self.startup_timeout = 120
        self.store_widget_state = False
        self.run, self.cell_timeout = CURRENT[0], CURRENT[0].job["cell_timeout"]

    def _seconds_for(self, cell):
        return max(0.5, min(self.cell_timeout, self.run.left()))

    def create_kernel_manager(self):
        self.km = SandboxedKernel(config=self.config)
        self.km.prepare(self.run, self.plan)
        return self.km

    def preprocess(self, nb, resources, km=None):
        self.left_out = {}
        for attempt in range(RESTARTS + 1):
            self.plan = _plan(nb, self.run.job) | {"spared": self.run.spared}
            self.stopped, self.size = None, {}
            self.run.figures.clear()
            self.last = attempt == RESTARTS
            nb, resources = super().preprocess(nb, resources)
            if self.stopped is None or self.last or self.run.left() < 5:
                break
            for cell in nb.cells:
                if cell.cell_type == "code":
                    cell.outputs, cell.execution_count = [], None
        return nb, resources

    def preprocess_cell(self, cell, resources, index):
        if cell.cell_type != "code":
            return cell, resources
        if index in self.left_out:
            self._instead(cell, resources, index)
            cell.outputs = [_error("LeftOut", self.left_out[index])]
            return cell, resources
        if self.stopped is not None:
            if self.last or self.run.left() < 5:
                cell.outputs = [_error("NotRun", self.stopped)]
            return cell, resources
        if self.run.left() <= 0:
            self.run.status = "timed out"
            self.run.events.append(
                f"the time for the whole notebook ({self.run.job['timeout']:g} s) was over at cell "
                f"{index + 1}: what follows was not run"
            )
            self.stopped = "the time for the whole notebook was over before this cell"
            self.last = True
            cell.outputs = [_error("NotRun", self.stopped)]
            return cell, resources
        try:
            with _Watch(self.km, self.run) as watch:
                return super().preprocess_cell(cell, resources, index)
        except (DeadKernelError, CellTimeoutError, RuntimeError, OSError, AssertionError) as error:
            self._ended(cell, index, error, watch)
            return cell, resources

    def start_new_kernel_client(self, **kwargs):
        client = super().start_new_kernel_client(**kwargs)
        messages.patient(client.iopub_channel)
        return client

    def process_message(self, msg, cell, cell_index):
        """As nbclient does, but a message that is malformed is left out."""
        try:
            if messages.tidy(msg):
                return super().process_message(msg, cell, cell_index)
        except CellExecutionComplete:
            raise
        except Exception:
            pass
        self.run.events.append(f"cell {cell_index + 1}{named(cell)} sends what is no message of a kernel: left out")
        return None

    def _instead(self, cell, resources, index):
        """Run what was handed out in the place of a cell that ends the kernel, for the names that others need."""
        about = self.run.job["exercises"].get(labs.grading(cell).get("grade_id"), {})
        source = about.get("stub") or cell.metadata.get("labkit", {}).get("original")
        if source and self.stopped is None and self.run.left() > 0:
            try:
                super().preprocess_cell(NotebookNode(cell | {"source": source}), resources, index)
            except (DeadKernelError, CellTimeoutError, RuntimeError, OSError, AssertionError):
                self.stopped = "not run: the kernel had ended before"

    def _ended(self, cell, index, error, watch):
        """The kernel is gone: the next attempt leaves this cell out, so that the others still count."""
        if watch.memory:
            self.run.status = "out of memory"
            why = f"it used more than {self.run.job['memory'] / 2**20:.0f} MB of memory"
        elif isinstance(error, CellTimeoutError):
            self.run.status = "timed out"
            why = "it ran too long and could not be interrupted"
        else:
            self.run.status = self.run.status or "ran with errors"
            why = _ends_itself(cell.source) or "the kernel ended in it"
        self.run.events.append(f"cell {index + 1}{named(cell)}: {why}; it was left out")
        self.left_out[index] = f"left out: {why}"
        self._give_up(cell)
        self.stopped = "not run: the kernel had ended before"
        cell.outputs = [_error("LeftOut", self.left_out[index])]
        sandbox.kill_tree(self.km.provisioner.pid if self.km.provisioner else -1)

    def _give_up(self, cell):
        """If it was the check of one exercise, that function shall not also cost the cells that go on with it."""
        if labs.kind(cell) == "check":
            known = {name for about in self.run.job["exercises"].values() for name in about["names"]}
            names = sorted(labs.names_used(cell.source) & known)
            if len(names) == 1:
                self.run.give_up(names)

    def _spare(self, cell, index):
        """A function that has its points but fails where the lab itself goes on with it shall cost no others:
        the notebook is run again with labkit's version in the lab's own cells."""
        if not cell.metadata.get("labkit", {}).get("handed_out") or self.last or self.run.left() < 60:
            return
        text = "\n".join(line for o in cell.outputs if o.output_type == "error" for line in o.traceback)
        called = set(re.findall(r"\bin (\w+)\(", re.sub(r"\x1b\[[0-9;]*m", "", text)))
        known = {name for about in self.run.job["exercises"].values() for name in about["names"]}
        names = sorted(called & known - set(self.run.spared))
        if names:
            self.run.spared += names
            self.run.events.append(
                f"{', '.join(names)} fails in cell {index + 1}, where the lab goes on with it: the "
                "lab's own cells were run with labkit's"
            )
            self.stopped = "run again with labkit's version"

    def on_cell_executed(self, **kwargs):
        super().on_cell_executed(**kwargs)
        cell, index = kwargs["cell"], kwargs["cell_index"]
        self._spare(cell, index)
        if kwargs["execute_reply"]["content"].get("ename") == "CellTimeoutError":
            self.run.status = "timed out"
            self._give_up(cell)
            self.run.events.append(
                f"cell {index + 1}{named(cell)} ran longer than {self._seconds_for(cell):.0f} s: "
                "stopped, the cells after it were run"
            )

    def output(self, outs, msg, display_id, cell_index):
        """Keep what the kernel tells the marker apart, and a flood of output within bounds."""
        data = msg["content"].get("data")
        if isinstance(data, dict) and (NOTES in data or FIGURE in data):
            self._told(data, cell_index)
            return None
        used, count = self.size.get(cell_index, (0, 0))
        size = (
            len(msg["content"].get("text", ""))
            if msg["msg_type"] == "stream"
            else sum(len(str(part)) for kind, part in (data or {}).items() if not kind.startswith("image/png"))
        )
        image = len(str((data or {}).get("image/png", "")))
        self.size[cell_index] = used + size, count + (msg["msg_type"] != "stream")
        if used + size > LONGEST_OUTPUT or count > MOST_OUTPUTS or image > LARGEST_IMAGE * 4 // 3:
            if used <= LONGEST_OUTPUT and msg["msg_type"] == "stream":
                msg["content"]["text"] = msg["content"]["text"][: max(0, LONGEST_OUTPUT - used)] + "\n… (output cut)\n"
                self.run.events.append(
                    f"cell {cell_index + 1}{named(self.nb.cells[cell_index])} writes more than "
                    f"{LONGEST_OUTPUT // 1000} kB: its output was cut"
                )
            elif msg["msg_type"] in ("execute_result", "error") and used <= 20 * LONGEST_OUTPUT:
                msg["content"] = _cut(msg["content"])
            else:
                return None
        return super().output(outs, msg, display_id, cell_index)

    def _told(self, data, cell_index):
        try:
            if NOTES in data:
                told = json.loads(data[NOTES])
                self.run.changed += [str(name)[:80] for name in told.get("changed", [])]
                self.run.missing += [str(name)[:80] for name in told.get("missing", [])]
                if told.get("absent"):
                    self.run.absent |= {str(name)[:80] for name in told["absent"]}
                if told.get("filled"):
                    names = ", ".join(str(name)[:80] for name in told["filled"][:8])
                    self.run.events.append(
                        f"cell {cell_index + 1} was changed and does not define {names}: the lab's own was run"
                    )
                if told.get("ended"):
                    self.run.events.append(f"cell {cell_index + 1} calls exit() or quit(): ignored")
            else:
                told = json.loads(data[FIGURE])
                self.run.figures[cell_index] = (base64.b64decode(told["png"]), [str(f) for f in told["flags"]])
        except (ValueError, TypeError, KeyError, AttributeError):
            pass


CURRENT = [None]  # nbgrader makes its preprocessors from their classes


class _Watch:
    """Looks at the memory of the kernel and all its processes while a cell runs, and ends them above the limit."""

    def __init__(self, km, run):
        self.km, self.run, self.memory, self.over = km, run, False, threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.over.set()
        self.thread.join(2)

    def _look(self):
        while not self.over.wait(0.25):
            try:
                top = psutil.Process(self.km.provisioner.pid)
                family = [top, *top.children(recursive=True)]
                used = sum(process.memory_info().rss for process in family)
            except (psutil.Error, AttributeError):
                continue
            if used > self.run.job["memory"] * 1.05 or len(family) > 100:
                self.memory = True
                sandbox.kill_tree(top.pid)
                return


def _plan(nb, job):
    """What the kernel has to know of the cells: which are checks, which are exercises and the names they define."""
    checks, solutions, originals = {}, {}, {}
    for cell in nb.cells:
        sort = labs.kind(cell)
        if sort == "check":
            checks[cell.source] = labs.grading(cell)["grade_id"]
    for cell in nb.cells:
        if labs.kind(cell) == "solution":
            grade_id = labs.grading(cell)["grade_id"]
            about = job["exercises"].get(grade_id, {})
            solutions[cell.source] = {name: about.get(name) or empty for name, empty in _ABOUT.items()}
        elif cell.metadata.get("labkit", {}).get("original"):
            source = cell.metadata["labkit"]["original"]
            originals[cell.source] = {"names": labs.names_bound(source), "source": source}
    return {
        "checks": checks,
        "solutions": solutions,
        "originals": originals,
        "names": job["imports"],
        "import": sorted(set(job["imports"].values()) | {"labkit.check", "numpy"}),
        "builtins": ["float", "int", "str", "print", "repr"],
    }


def _error(name, text):
    return new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"])


def named(cell):
    """The grade id of a cell in brackets, to be put behind its number; "" if it has none."""
    grade_id = labs.grading(cell).get("grade_id")
    return f" ({grade_id})" if grade_id else ""


def _ends_itself(source):
    found = re.search(r"\b(os\._exit|os\.kill|os\.abort|sys\.exit|exit|quit)\s*\(", source)
    return f"it ends the kernel ({found[1]})" if found else ""


def _cut(content):
    new = dict(content)
    if "data" in new:
        new["data"] = {kind: str(part)[:1000] for kind, part in new["data"].items() if kind == "text/plain"}
    if "traceback" in new:
        new["traceback"] = [line[:2000] for line in new["traceback"][-20:]]
        new["evalue"] = str(new.get("evalue"))[:1000]
    return new


class TidyChecks(NbGraderPreprocessor):
    """Makes of a check cell's outputs what nbgrader takes for points: one number from 0 to the most there is."""

    def preprocess_cell(self, cell, resources, cell_index):
        if labs.kind(cell) != "check":
            return cell, resources
        for output in cell.outputs:  # nbgrader gives 0 for any stderr, and a warning is no mistake
            if output.output_type == "stream" and output.name == "stderr":
                output.name = "stdout"
        if any(output.output_type == "error" for output in cell.outputs):
            return cell, resources
        results = [output for output in cell.outputs if output.output_type == "execute_result"]
        most = float(labs.grading(cell)["points"])
        if labs.ends_with_value(cell.source):
            points = number_in(results[-1]["data"].get("text/plain")) if results else None
            cell.outputs = [output for output in cell.outputs if output.output_type != "execute_result"]
            if points is None:
                cell.outputs.append(_error("NoPoints", "the check gave no points"))
            else:
                kept = repr(min(max(points, 0.0), most))
                cell.outputs.append(
                    new_output("execute_result", data={"text/plain": kept, "text/html": ""}, execution_count=1)
                )
        return cell, resources


def number_in(text):
    """A finite number from a repr such as 5, 5.0 or np.float64(5.0); None if it is none."""
    text = ("".join(text) if isinstance(text, list) else str(text)).strip()[:100]
    number = r"(-?[0-9.]+(?:e[-+]?[0-9]+)?)"
    found = re.fullmatch(rf"\s*(?:(?:np|numpy)\.\w+\(|array\()?\s*{number}\s*(?:,[^()]*)?\)?\s*", text)
    try:
        value = float(found[1]) if found else None
    except ValueError:
        return None
    return value if value is not None and abs(value) < float("inf") else None
