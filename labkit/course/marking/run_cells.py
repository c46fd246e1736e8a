"""The cells of a submission, run one after the other in the sandbox; what goes wrong in one costs the others nothing.

A cell that ends the kernel is left out, and all is run again; so it is with labkit's version of a function that has
passed its check and fails where the lab goes on with it. Each step is a function of its own.
"""

import asyncio
import re
import time
from dataclasses import dataclass

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from labkit.course import cells
from labkit.course.execute import complete, session
from labkit.course.marking.happened import Happened, place
from labkit.course.marking.kernels import SandboxedKernel, Watch, plan_of
from labkit.course.marking.outputs import Listener, error_output
from labkit.course.marking.pipe.judge import call_in
from labkit.course.marking.pipe.judging import Judging, outputs_of
from labkit.course.marking.pipe.written import Written
from labkit.course.report.result import Status

ATTEMPTS = 4
GONE = (DeadKernelError, CellTimeoutError, RuntimeError, OSError, AssertionError)
TOO_LATE, TOO_LATE_TO_SPARE = 5, 60  # seconds before the deadline from which on nothing is begun anew
_ON_TIMEOUT = {
    "ename": "CellTimeoutError",
    "evalue": "",
    "traceback": ["\x1b[0;31mCellTimeoutError\x1b[0m: No reply from kernel before timeout"],
}


def run_cells(nb, job, folder, parent=""):
    """Run a submission.

    nb: the notebook, in order and with the author's marks; its outputs are replaced.
    job: the `Job`.
    folder: a private one.
    parent: the address of the process that kernels are forked from, "" for fresh ones.
    Returns what happened. Raises RuntimeError or OSError if no kernel starts.
    """
    happened = Happened(time.monotonic() + job.timeout)
    for number in range(1, ATTEMPTS + 1):
        attempt = Attempt(nb, job, happened, number == ATTEMPTS)
        complete(_run(attempt, folder / f"k{number}", parent))
        if not attempt.stopped or attempt.last or happened.left() < TOO_LATE:
            break
        _forget(nb)
    return happened


@dataclass
class Attempt:
    """One way through the notebook with one kernel.

    last: whether there is no other after it.
    stopped: why the cells that follow are not run, "" while they are.
    """

    nb: object
    job: object
    happened: Happened
    last: bool
    stopped: str = ""
    kernel: object = None
    client: object = None


def _forget(nb):
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


async def _run(attempt, folder, parent):
    """Run all cells with a kernel of their own."""
    happened, job = attempt.happened, attempt.job
    happened.figures.clear()
    attempt.kernel = SandboxedKernel()
    attempt.kernel.prepare(job, folder, plan_of(attempt.nb, job, happened.spared), parent)
    attempt.kernel.forget(happened.broken)
    attempt.client = Listener(
        attempt.nb,
        happened,
        km=attempt.kernel,
        timeout_func=lambda cell: _seconds(attempt),
        startup_timeout=120,
        store_widget_state=False,
        record_timing=False,
        allow_errors=True,
        raise_on_iopub_timeout=True,
        error_on_timeout=_ON_TIMEOUT,
        skip_cells_with_tag=cells.NOT_FOR_MARKING,
        on_cell_executed=lambda cell, cell_index, execute_reply: _executed(attempt, cell, cell_index, execute_reply),
    )
    async with session(attempt.client):
        for index, cell in enumerate(attempt.nb.cells):
            if cell.cell_type == "code":
                await _step(attempt, cell, index)


def _seconds(attempt):
    """How long a cell may take that starts now."""
    return max(0.5, min(attempt.job.cell_timeout, attempt.happened.left()))


# --- one cell ------------------------------------------------------------------------------------------------------


async def _step(attempt, cell, index):
    """Run a cell, or say why it is not run."""
    happened = attempt.happened
    if index in happened.left_out:
        await _instead(attempt, cell, index)
        cell.outputs = _left_out(happened, index)
    elif attempt.stopped:
        if attempt.last or happened.left() < TOO_LATE:
            cell.outputs = [error_output("NotRun", attempt.stopped)]
    elif happened.left() <= 0:
        _out_of_time(attempt, cell, index)
    else:
        await _run_cell(attempt, cell, index)


async def _run_cell(attempt, cell, index):
    """Send a cell to the kernel; one that ends the kernel is left out from then on."""
    async with Watch(attempt.kernel, attempt.job.memory) as watch:
        try:
            call = call_in(cell.source) if cells.kind(cell) == "check" else None
            if call is not None:
                await _judge(attempt, cell, index, call)
            else:
                await attempt.client.async_execute_cell(cell, index, attempt.client.code_cells_executed + 1)
        except GONE as error:
            _ended(attempt, cell, index, error, watch.over or attempt.kernel.ran_out_of_memory())


async def _judge(attempt, cell, index, call):
    """A check of labkit's is judged in this process, while the kernel lets be called what it judges."""
    kernel, happened, seconds = attempt.kernel, attempt.happened, _seconds(attempt) / 2
    written = written_before(attempt.nb, index)
    judging = Judging(kernel.checks, call, attempt.job.seed, written, seconds, lambda: kernel.provisioner.pid)
    try:
        asked = NotebookNode(cell | {"source": kernel.due, "outputs": []})
        await attempt.client.async_execute_cell(asked, index, attempt.client.code_cells_executed + 1)
    finally:
        await asyncio.to_thread(judging.finish)
        happened.hints += [hint for hint in judging.said.hints if hint not in happened.hints]
        happened.verdicts[index] = outputs_of(judging.said, cells.grading(cell)["points"])
        cell.outputs, cell.execution_count = happened.verdicts[index], attempt.client.code_cells_executed
        attempt.nb.cells[index] = cell  # nbclient puts what it ran in its place
    if judging.was_late:
        happened.status = Status.TIMED_OUT
        _give_up(attempt, cell)
        happened.events.append(
            f"{place(cell, index)} ran longer than {seconds:.0f} s: stopped, the cells after it were run"
        )


def written_before(nb, index):
    """The text of the cells before a check, a `Written`; those that marking does not run say nothing."""
    found = []
    for number, cell in enumerate(nb.cells[:index], 1):
        if cell.cell_type == "code" and cells.NOT_FOR_MARKING not in cell.metadata.get("tags", []):
            lab_s = cells.kind(cell) == "check" or bool(
                {"handed_out", "unchanged"} & set(cell.metadata.get("labkit", {}))
            )
            found.append((number, cell.source, not lab_s))
    return Written(found)


async def _instead(attempt, cell, index):
    """Run what was handed out in the place of a cell that ends the kernel, for the names that others need."""
    about = attempt.job.exercises.get(cells.grading(cell).get("grade_id"), {})
    source = about.get("stub") or cell.metadata.get("labkit", {}).get("original")
    if source and not attempt.stopped and attempt.happened.left() > 0:
        try:
            await attempt.client.async_execute_cell(NotebookNode(cell | {"source": source}), index)
        except GONE:
            attempt.stopped = "not run: the kernel had ended before"
        attempt.nb.cells[index] = cell  # nbclient puts what it ran in its place


def _executed(attempt, cell, index, reply):
    """After a cell that came back: an error that is not among its outputs, one that is spared, one that was stopped."""
    content = reply["content"]
    if content["status"] == "error":
        shown = [output for output in cell.outputs if output.output_type == "error"]
        if not any(output.ename == content["ename"] for output in shown):
            cell.outputs.append(error_output(content["ename"], content["evalue"]))
            cell.outputs[-1].traceback = content["traceback"] or ["an error occurred while showing the error"]
    _spare(attempt, cell, index)
    if content.get("ename") == "CellTimeoutError":
        attempt.happened.status = Status.TIMED_OUT
        _give_up(attempt, cell)
        attempt.happened.events.append(
            f"{place(cell, index)} ran longer than {_seconds(attempt):.0f} s: stopped, the cells after it were run"
        )


# --- what can go wrong ---------------------------------------------------------------------------------------------


def _out_of_time(attempt, cell, index):
    attempt.happened.status = Status.TIMED_OUT
    attempt.happened.events.append(
        f"the time for the whole notebook ({attempt.job.timeout:g} s) was over at cell {index + 1}: "
        "what follows was not run"
    )
    attempt.stopped, attempt.last = "the time for the whole notebook was over before this cell", True
    cell.outputs = [error_output("NotRun", attempt.stopped)]


def _ended(attempt, cell, index, error, out_of_memory):
    """The kernel is gone: the next attempt leaves this cell out, so that the others still count."""
    happened = attempt.happened
    if out_of_memory:
        happened.status = Status.OUT_OF_MEMORY
        why = f"it used more than {attempt.job.memory / 2**20:.0f} MB of memory"
    elif isinstance(error, CellTimeoutError):
        happened.status = Status.TIMED_OUT
        why = "it ran too long and could not be interrupted"
    else:
        happened.status = happened.status or Status.ERRORS
        why = _ends_itself(cell.source) or "the kernel ended in it"
    happened.events.append(f"{place(cell, index)}: {why}; it was left out")
    happened.left_out[index] = f"left out: {why}"
    _give_up(attempt, cell)
    attempt.stopped = "not run: the kernel had ended before"
    cell.outputs = _left_out(happened, index)
    attempt.kernel.end()


def _left_out(happened, index):
    """What stands under a cell that ends the kernel: the verdict, if it is a check, or why it was left out."""
    return happened.verdicts.get(index) or [error_output("LeftOut", happened.left_out[index])]


def _ends_itself(source):
    found = re.search(r"\b(os\._exit|os\.kill|os\.abort|sys\.exit|exit|quit)\s*\(", source)
    return f"it ends the kernel ({found[1]})" if found else ""


def _give_up(attempt, cell):
    """If it was the check of one exercise, that function shall not also cost the cells that go on with it."""
    if cells.kind(cell) == "check":
        names = sorted(cells.names_used(cell.source) & _exercised(attempt.job))
        if len(names) == 1:
            attempt.happened.broken += names
            attempt.kernel.forget(attempt.happened.broken)


def _spare(attempt, cell, index):
    """A function that has its points but fails where the lab itself goes on with it shall cost no others:
    the notebook is run again with labkit's version in the lab's own cells."""
    happened = attempt.happened
    handed_out = cell.metadata.get("labkit", {}).get("handed_out")
    if not handed_out or attempt.last or happened.left() < TOO_LATE_TO_SPARE:
        return
    text = "\n".join(line for o in cell.outputs if o.output_type == "error" for line in o.traceback)
    called = set(re.findall(r"\bin (\w+)\(", re.sub(r"\x1b\[[0-9;]*m", "", text)))
    names = sorted(called & _exercised(attempt.job) - set(happened.spared))
    if names:
        happened.spared += names
        happened.events.append(
            f"{', '.join(names)} fails in cell {index + 1}, where the lab goes on with it: the "
            "lab's own cells were run with labkit's"
        )
        attempt.stopped = "run again with labkit's version"


def _exercised(job):
    """The names that the exercises of a lab define."""
    return {name for about in job.exercises.values() for name in about["names"]}
