"""Marks one submission, in a process of its own: `python -m labkit.course.mark FOLDER`.

The folder holds `job.json`, the lab's source and student edition, a gradebook that knows the lab, and the submission.
nbgrader's autograder runs here; the submission's code runs in a kernel further down, see `sandbox` and `kernel`.
`result.json` and the files that it names are written last.
"""

import base64
import io
import json
import os
import re
import shutil
import sys
import threading
import time
from pathlib import Path

# jsonschema would compile a grammar for addresses that no notebook has, for a second or two in every process.
sys.modules.setdefault("rfc3987_syntax", None)

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets import Any, Dict, Float

from labkit.course import labs, repair, sandbox
from labkit.course.kernel import BROKEN, FIGURE, NOTES, PLAN
from labkit.course.student import READY_ID, nbgrader_config, nbgrader_log

STUDENT = "student"  # the name in the private course: real names may hold any character
LONGEST_OUTPUT, MOST_OUTPUTS, LARGEST_IMAGE = 50_000, 60, 3 << 20
RESTARTS = 3


def main(argv):
    sandbox.die_with_parent()
    folder = Path(argv[0]).resolve()
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    started = time.monotonic()
    result = _mark(folder, job)
    result["seconds"] = round(time.monotonic() - started, 1)
    new = folder / "result.json.new"
    new.write_text(json.dumps(result, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    new.replace(folder / "result.json")
    return 0


def _mark(folder, job):
    source = nbformat.read(folder / "source.ipynb", as_version=4)
    release = nbformat.read(folder / "release.ipynb", as_version=4)
    result = blank_result(job, release)
    if job["reference"]:
        nb, notes = _as_submitted(source, release), []
    else:
        try:
            nb, notes = repair.parse((folder / "submission").read_bytes())
        except repair.Unreadable as error:
            return result | {"status": error.status, "message": error.message}
        nb, more = repair.repair(nb, release)
        notes += more
    _author_marks(nb, source, release, job)
    course = folder / "course"
    name = job["lab"]
    submitted = course / "submitted" / STUDENT / name / f"{name}.ipynb"
    submitted.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, submitted)
    run = Run(job, folder)
    try:
        _autograde(course, name, run)
        executed = nbformat.read(course / "autograded" / STUDENT / name / f"{name}.ipynb", as_version=4)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        why = run.trouble or f"{type(error).__name__}: {str(error)[:300]}"
        return result | {
            "status": "did not run",
            "message": f"the notebook could not be executed: {why}",
            "notes": notes + run.notes(),
        }
    result["notes"] = notes + run.notes()
    _fill(result, executed, source, course, name, run, folder)
    _feedback(course, name, folder, executed, source)
    os.chmod(course / "autograded" / STUDENT / name / f"{name}.ipynb", 0o644)
    shutil.copyfile(course / "autograded" / STUDENT / name / f"{name}.ipynb", folder / "autograded.ipynb")
    return result


def blank_result(job, release):
    """The result of a submission from which nothing could be learned: no points, and why is still to be said."""
    rows = [_row(cell, release) for cell in release.cells if labs.kind(cell) in ("check", "manual")]
    for row in rows:
        row["points"] = 0.0
    return {
        "student": job["student"],
        "lab": job["lab"],
        "title": labs.title(release, job["lab"]),
        "status": "ok",
        "message": "",
        "notes": [],
        "seconds": 0.0,
        "data": job.get("data", ""),
        "seed": job["seed"],
        "rubric": rows,
        "auto_points": 0.0,
        "auto_max": sum(r["max_points"] for r in rows if r["kind"] == "auto"),
        "manual_max": sum(r["max_points"] for r in rows if r["kind"] == "manual"),
        "plots": [],
        "feedback": "",
        "grades": {},
    }


def _row(cell, release):
    meta = labs.grading(cell)
    return {
        "id": meta["grade_id"],
        "row": labs.row(cell),
        "points": None,
        "max_points": float(meta["points"]),
        "kind": "auto" if labs.kind(cell) == "check" else "manual",
        "verdict": "",
        "error": "",
    }


def _as_submitted(source, release):
    """The solved lab with the student edition's metadata, to be run like a submission."""
    nb = nbformat.from_dict(json.loads(json.dumps(source)))
    by_id = {labs.grading(cell).get("grade_id"): cell for cell in release.cells if labs.kind(cell)}
    for cell in nb.cells:
        original = by_id.get(labs.grading(cell).get("grade_id"))
        cell.metadata = nbformat.from_dict({"nbgrader": dict(labs.grading(original))} if original else {})
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            if labs.kind(cell) == "check":
                cell.source = original.source
    return nb


def _author_marks(nb, source, release, job):
    """Tags of the source on cells that are still as handed out, and the author's quicker version for marking."""
    if job.get("whole"):
        return
    originals = {}
    for cell in source.cells:
        if cell.cell_type == "code" and not labs.kind(cell):
            originals[cell["id"], cell.source.strip()] = cell
            originals.setdefault(cell.source.strip(), cell)  # for notebooks whose cells lost their ids
    last = max((i for i, cell in enumerate(nb.cells) if labs.kind(cell)), default=len(nb.cells))
    for index, cell in enumerate(nb.cells):
        original = originals.get((cell["id"], cell.source.strip()), originals.get(cell.source.strip()))
        if cell.cell_type != "code" or labs.kind(cell):
            continue
        if original is not None:
            cell.metadata["labkit"] = {"handed_out": True}
        if (
            cell["id"] == READY_ID
            or original is not None
            and (index > last or labs.NOT_FOR_MARKING in original.metadata.get("tags", []))
        ):
            cell.metadata["tags"] = [labs.NOT_FOR_MARKING]
        elif original is not None:
            quick = original.metadata.get("labkit", {}).get("marking")
            if quick:
                cell.source = quick if isinstance(quick, str) else "".join(quick)


# --- execution -----------------------------------------------------------------------------------------------------


class Run:
    """What happens while one submission is executed, told by the parts that see it."""

    def __init__(self, job, folder):
        self.job, self.folder = job, folder
        self.deadline = time.monotonic() + job["timeout"]
        self.trouble, self.status = "", ""
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
                "labkit.course.sandbox",
                str(place / "spec.json"),
                sys.executable,
                "-m",
                "labkit.course.kernel",
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
        self.run.events.append(f"cell {index + 1}{_named(cell)}: {why}; it was left out")
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
                f"cell {index + 1}{_named(cell)} ran longer than {self._seconds_for(cell):.0f} s: "
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
                    f"cell {cell_index + 1}{_named(self.nb.cells[cell_index])} writes more than "
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
        import psutil

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
    checks, solutions = {}, {}
    for cell in nb.cells:
        sort = labs.kind(cell)
        if sort == "check":
            checks[cell.source] = labs.grading(cell)["grade_id"]
    for cell in nb.cells:
        if labs.kind(cell) == "solution":
            grade_id = labs.grading(cell)["grade_id"]
            about = job["exercises"].get(grade_id, {})
            solutions[cell.source] = {"names": about.get("names", []), "figure": about.get("figure", False)}
    return {
        "checks": checks,
        "solutions": solutions,
        "names": job["imports"],
        "import": sorted(set(job["imports"].values()) | {"labkit.check", "numpy"}),
        "builtins": ["float", "int", "str", "print", "repr"],
    }


def _error(name, text):
    return new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"])


def _named(cell):
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
            points = _number(results[-1]["data"].get("text/plain")) if results else None
            cell.outputs = [output for output in cell.outputs if output.output_type != "execute_result"]
            if points is None:
                cell.outputs.append(_error("NoPoints", "the check gave no points"))
            else:
                kept = repr(min(max(points, 0.0), most))
                cell.outputs.append(
                    new_output("execute_result", data={"text/plain": kept, "text/html": ""}, execution_count=1)
                )
        return cell, resources


def _number(text):
    """A finite number from a repr such as 5, 5.0 or np.float64(5.0); None if it is none."""
    text = "".join(text) if isinstance(text, list) else str(text)
    number = r"(-?[0-9.]+(?:e[-+]?[0-9]+)?)"
    found = re.fullmatch(rf"\s*(?:(?:np|numpy)\.\w+\(|array\()?\s*{number}\s*(?:,[^()]*)?\)?\s*", text)
    try:
        value = float(found[1]) if found else None
    except ValueError:
        return None
    return value if value is not None and abs(value) < float("inf") else None


def _autograde(course, name, run):
    from nbconvert.preprocessors import ClearMetadataPreprocessor
    from nbgrader import preprocessors as of
    from nbgrader.converters import Autograde
    from nbgrader.coursedir import CourseDirectory

    config = nbgrader_config(course, name, STUDENT)
    config.OverwriteCells.add_missing_cells = True
    config.LimitOutput.max_lines, config.LimitOutput.max_traceback = 1000, 60
    log, trouble = nbgrader_log()
    CURRENT[0] = run
    steps = [
        RunCells,
        of.IgnorePattern,
        TidyChecks,
        ClearMetadataPreprocessor,
        of.LimitOutput,
        of.SaveAutoGrades,
        of.AssignLatePenalties,
        of.CheckCellMetadata,
    ]
    converter = Autograde(
        coursedir=CourseDirectory(config=config), config=config, log=log, autograde_preprocessors=steps
    )
    try:
        converter.start()
    except BaseException:
        run.trouble = trouble.last
        raise


# --- results -------------------------------------------------------------------------------------------------------


def _fill(result, executed, source, course, name, run, folder):
    """Points from the gradebook, verdicts and plots from the executed notebook."""
    cells = {labs.grading(cell).get("grade_id"): cell for cell in executed.cells if labs.kind(cell)}
    grades = _grades(course, name)
    for row in result["rubric"]:
        cell, grade = cells.get(row["id"]), grades.get(row["id"], {})
        row["points"] = grade.get("auto_score")
        if row["kind"] == "auto":
            row["points"] = float(row["points"] or 0.0)
        if cell is not None and cell.cell_type == "code":
            row["verdict"] = "".join(map(_text, cell.outputs)).strip()[:4000]
            failed = [o for o in cell.outputs if o.output_type == "error"]
            row["error"] = f"{failed[0].ename}: {failed[0].evalue}"[:500] if failed else ""
        elif cell is not None:
            row["verdict"] = cell.source[:4000]
    result["auto_points"] = round(sum(r["points"] for r in result["rubric"] if r["kind"] == "auto"), 6)
    result["grades"] = grades
    errors = [
        (i, cell, o)
        for i, cell in enumerate(executed.cells, 1)
        if cell.cell_type == "code"
        for o in cell.outputs
        if o.output_type == "error"
    ]
    packages = {
        re.sub(r".*No module named '([^']*)'.*", r"\1", o.evalue, flags=re.S)
        for _, _, o in errors
        if o.ename == "ModuleNotFoundError"
    }
    result["notes"] += [f"it needs the package {p}, which is not installed here" for p in sorted(packages)]
    if any(o.ename in ("MemoryError", "_ArrayMemoryError") for _, _, o in errors):
        run.status = run.status or "out of memory"
    result["status"] = run.status or ("ran with errors" if errors or run.spared else "ok")
    if result["status"] != "ok":
        first = run.events[:1] or [f"cell {i}{_named(c)} raises {o.ename}: {o.evalue}"[:300] for i, c, o in errors[:1]]
        more = len(errors) - 1
        result["message"] = (first[0] if first else result["status"]) + (
            f" (and {more} more cell{'s' * (more > 1)} with errors)" if more > 0 and not run.events else ""
        )
    result["plots"] = _plots(result, executed, source, run, folder)


def _text(output):
    """What an output says in plain text: printed, or shown as a verdict is."""
    if output.output_type == "stream":
        return output.text
    shown = output.output_type == "display_data" and "text/html" in output.get("data", {})
    return "".join(output["data"].get("text/plain", "")) + "\n" if shown else ""


def _grades(course, name):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        notebook = book.find_submission_notebook(name, name, STUDENT)
        return {
            grade.name: {
                "auto_score": None if grade.auto_score is None else float(grade.auto_score),
                "needs_manual_grade": bool(grade.needs_manual_grade),
            }
            for grade in notebook.grades
        } | {"": {"comments": {comment.name: comment.auto_comment for comment in notebook.comments}}}


def _plots(result, executed, source, run, folder):
    found = []
    figures = [
        labs.grading(cell)["grade_id"]
        for cell in source.cells
        if labs.kind(cell) in ("solution", "manual") and labs.KEY_FIGURE in cell.metadata.get("tags", [])
    ]
    rows = {row["id"]: row for row in result["rubric"]}
    for grade_id in figures:
        index = next(
            (i for i, cell in enumerate(executed.cells) if labs.grading(cell).get("grade_id") == grade_id), None
        )
        if index is None:
            continue
        row = rows.get("check-" + grade_id) or rows.get(grade_id) or {}
        images = [
            o["data"]["image/png"]
            for o in executed.cells[index].get("outputs", [])
            if o.output_type in ("display_data", "execute_result") and "image/png" in o.get("data", {})
        ]
        drawn, flags = run.figures.get(index, (b"", []))
        image = _image(images[-1] if images else None) or _image(drawn) or (b"", 0, 0)
        verdict = row.get("verdict", "")
        flags = plot_flags(verdict, flags)
        path = ""
        if image[0]:
            path = f"{grade_id}.png"
            (folder / path).write_bytes(image[0])
        words = labs.row(executed.cells[index])
        found.append(
            {
                "id": grade_id,
                "row": row.get("row", words),
                "image": path,
                "width": image[1],
                "height": image[2],
                "flags": flags,
                "alt": f"{words}, as drawn by {result['student']}",
                "max_points": row.get("max_points", 0.0),
            }
        )
    return found


def plot_flags(verdict, seen=()):
    """What the contact sheet filters by: the words of a plot's verdict, or what was seen of the figure without one."""
    wrong = " ".join(re.findall(r"✘[^✔✘]*", verdict)).lower()
    flags = list(seen)
    if "✔" in verdict or "✘" in verdict:
        flags = ["missing axis labels"] * ("label on the" in wrong) + ["missing title"] * ("no title" in wrong)
    poor = re.search("no better than chance|ends below|promised", wrong)  # of the diagnosis, not of the criterion
    return flags + ["below the promised accuracy"] * bool(poor)


def _image(data):
    """(PNG bytes, width, height) of a submission's picture, stored anew and not too large; None if it is none."""
    from PIL import Image

    try:
        content = base64.b64decode(data) if isinstance(data, str) else data
        if not content or len(content) > 8 * LARGEST_IMAGE:
            return None
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            if picture.width * picture.height > 60_000_000:
                return None
            picture = picture.convert("RGBA" if picture.mode in ("RGBA", "LA", "P") else "RGB")
            picture.thumbnail((1400, 1400))
            plain = Image.new("RGB", picture.size, "white")
            plain.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
        new = io.BytesIO()
        plain.quantize(128).save(new, "PNG", optimize=True)
        return new.getvalue(), plain.width, plain.height
    except Exception:
        return None


def _feedback(course, name, folder, executed, source):
    """nbgrader's feedback page, without hidden tests and without what was left out."""
    from nbgrader.converters import GenerateFeedback
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.preprocessors import ClearHiddenTests

    place = course / "shown" / STUDENT / name / f"{name}.ipynb"
    place.parent.mkdir(parents=True, exist_ok=True)
    hiding = ClearHiddenTests(enforce_metadata=False)
    for cell in executed.cells:
        before = cell.source
        if "BEGIN HIDDEN TESTS" in before:
            hiding.preprocess_cell(cell, {}, 0)
        if cell.cell_type == "code" and cell.source != before:  # a traceback would show what was hidden
            for output in cell.outputs:
                if output.output_type == "error":
                    output.traceback, output.evalue = [f"{output.ename} in a hidden test"], ""
        for output in cell.get("outputs", []):  # HTML would be cut to pieces by the sanitizer
            if "text/plain" in output.get("data", {}):
                output.data.pop("text/html", None)
    nbformat.write(executed, place)
    config = nbgrader_config(course, name, STUDENT)
    config.CourseDirectory.autograded_directory = "shown"
    config.HTMLExporter.sanitize_html = True  # the instructor opens this page
    log, _ = nbgrader_log()
    try:
        GenerateFeedback(coursedir=CourseDirectory(config=config), config=config, log=log).start()
        shutil.copyfile(course / "feedback" / STUDENT / name / f"{name}.html", folder / "feedback.html")
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
