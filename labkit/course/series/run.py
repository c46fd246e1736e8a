"""`labkit run`: execute the labs and write the rendered series."""

import os
import platform
import re
import shutil
import signal
import sys
import threading
import time
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from nbconvert.preprocessors.coalescestreams import CoalesceStreamsPreprocessor

import labkit
from labkit.course import cells
from labkit.course.execute import execute, runs
from labkit.course.labs import CourseError, find_labs, folders, select, variable
from labkit.course.series import index, page
from labkit.course.series.notebook import (
    UnreadableNotebook,
    hide_paths,
    path_rules,
    read_notebook,
    store,
    without_paths,
)
from labkit.data import load_cifar10
from labkit.files import write
from labkit.progress import progress

_NEEDS_DATA = re.compile(r"\bload_cifar10\b|\blabkit\.data\b|\bfrom labkit import\b[^\n]*\bdata\b")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def run_labs(labs=(), out=None, notebooks=None, standin=False, data=None, timeout=1800, inplace=False):
    """Execute labs and render them.

    labs: numbers, file names or paths; none for all.
    out: folder of the pages.
    notebooks: folder of the labs.
    standin: use the stand-in.
    data: folder that holds CIFAR-10.
    timeout: seconds for one cell, 0 for no limit.
    inplace: also store the outputs in the notebooks.
    A lab that needs a package which is not here, such as PyTorch, is skipped.
    Returns the exit status: 0, 1 where a lab failed, 2 for a lab that does not exist, 130 when interrupted.
    """
    try:
        notebooks, out = folders(notebooks, out)
        every = find_labs(notebooks)
        chosen = select(every, labs, notebooks)
        _check_writable(out, notebooks)
        read = {path.stem: _read(path) for path in every}
        source = _find_data([read[path.stem] for path in chosen], standin, data)
        if inplace and source["name"] == "stand-in" and not standin:
            raise CourseError(
                "CIFAR-10 is not here, so --inplace would store the stand-in's plots; get the "
                "data with `labkit data`, or ask for the stand-in with --standin."
            )
    except CourseError as error:
        print(f"labkit run: {error}", file=sys.stderr)
        return error.status
    results = {path.stem: index.known_result(out, path.stem) or _not_run(path, read[path.stem]) for path in every}
    width, failed, left = max(len(path.stem) for path in chosen), [], [path.stem for path in chosen]
    started = time.monotonic()
    try:
        with _end_is_interrupt():
            for path in chosen:
                lab, report = _run_lab(path, read[path.stem], out, source, timeout or None, inplace, width)
                results[path.stem] = lab
                index.write_index(out, list(results.values()))
                left.remove(path.stem)
                failed += [path.stem] if lab["status"] not in ("ok", "skipped") else []
                print(report, flush=True)
    except KeyboardInterrupt:
        print(f"\nStopped. Not run: {', '.join(left)}.", file=sys.stderr)
        if len(left) < len(chosen):
            print(f"The pages of the labs before are in {out / 'index.html'}", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"labkit run: cannot write the index in {out}: {error.strerror or error}.", file=sys.stderr)
        return 1
    time_taken = page.duration(time.monotonic() - started)
    if failed:
        print(f"{len(failed)} of {len(chosen)} failed: {', '.join(failed)}")
    print(f"The series is in {out / 'index.html'} ({time_taken})")
    return 1 if failed else 0


@contextmanager
def _end_is_interrupt():
    """Let a request to end (`kill`, a cancelled CI job) end the kernel and keep the pages, as Ctrl-C does."""

    def interrupt(number, frame):
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _check_writable(out, notebooks):
    if (out / "executed").resolve() == notebooks.resolve():
        raise CourseError(
            f"the executed copies would overwrite the labs in {notebooks}; name another folder with --out."
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        write(out / ".labkit", "")
        (out / ".labkit").unlink()
    except OSError as error:
        raise CourseError(
            f"cannot write to {out}: {error.strerror or error}; name another folder with --out."
        ) from None


def _read(path):
    try:
        return read_notebook(path)
    except UnreadableNotebook as error:
        return error


def _find_data(nbs, standin, folder):
    """Find or fetch the data once, before the labs, if one of them asks for them.

    Returns {"name", "folder", "variables"}: the variables lead every lab to the same data.
    """
    if not any(_uses_data(nb) for nb in nbs):
        return {"name": "", "folder": None, "variables": {}}
    try:
        with variable("LABKIT_DATA", "standin" if standin else "cifar10" if folder else None):
            found = load_cifar10(folder)
    except (ValueError, OSError, RuntimeError) as error:
        raise CourseError(str(error)) from None
    name, place = found.name, Path(found.folder).absolute()
    print(f"Data: {name}, {found.origin}", flush=True)
    standin = name == "stand-in"
    return {
        "name": name,
        "folder": place,
        "variables": {"LABKIT_DATA": "standin" if standin else "cifar10", "LABKIT_CIFAR10": None if standin else place},
    }


def _uses_data(nb):
    return not isinstance(nb, Exception) and any(
        _NEEDS_DATA.search(c.source) for c in nb.cells if c.cell_type == "code"
    )


# --- one lab --------------------------------------------------------------------------------------


def _run_lab(path, nb, out, source, timeout, inplace, width):
    """Execute a lab and write its page. Returns what is known of it, and the report for the terminal."""
    lab = {
        "name": path.stem,
        "status": "ok",
        "seconds": 0.0,
        "memory": None,
        "failure": None,
        "data": source["name"] if _uses_data(nb) else "",
        "date": f"{datetime.now():%Y-%m-%dT%H:%M:%S}",
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "labkit": labkit.__version__,
    }
    if isinstance(nb, UnreadableNotebook):
        lab |= {"status": "unreadable", "failure": _trouble(str(nb))}
        return _add(out, lab, None, path), _report(lab, width)
    lacking = cells.lacks(nb)
    if lacking:
        lab |= {"status": "skipped", "failure": _trouble(lacking.removesuffix("."))}
        return _not_run(path, nb) | lab, _report(lab, width)
    before = path.read_bytes()
    started = time.monotonic()
    with progress(
        total=sum(map(runs, nb.cells)),
        desc=path.stem,
        bar_format="{desc}  {elapsed}",
        leave=False,
        ncols=shutil.get_terminal_size().columns,
        disable=not sys.stderr.isatty(),
    ) as bar:
        failure, memory = execute(nb, path.parent, source["variables"], timeout, _teller(bar, path.stem))
    rules = path_rules(
        {path.parent: "", path.parent.absolute().parent: ""}
        | ({source["folder"]: source["folder"].name} if source["folder"] else {})
    )
    CoalesceStreamsPreprocessor().preprocess(nb, {})  # a busy machine brings what is printed piece by piece
    hide_paths(nb, rules)
    page.describe(nb)
    lab |= {"seconds": round(time.monotonic() - started, 1), "memory": memory}
    if failure:
        error = without_paths(_ANSI.sub("", failure.error), rules)
        lab |= {"status": "failed", "failure": _where(nb, failure) | {"error": error}}
    lab = _add(out, lab, nb, path)
    if inplace and lab["status"] == "ok":
        try:
            store(path, nb, before)
        except OSError as error:
            lab |= {"status": "failed", "failure": _trouble(f"its outputs were not stored: {error}")}
    return lab, _report(lab, width, failure)


def _teller(bar, name):
    def tell(cell):
        if cell is not None:
            bar.n = cell
            bar.set_description_str(f"{name}  cell {cell} of {bar.total}", refresh=False)
        bar.refresh()

    return tell


def _add(out, lab, nb, path):
    """Write the page; one that cannot be written or rendered is a failure of this lab and of no other."""
    try:
        return index.add_lab(out, lab, nb, path.parent)
    except OSError as error:
        trouble = f"its page cannot be written: {error.strerror or error}"
    except Exception as error:  # whatever nbconvert makes of an odd output
        trouble = f"its page cannot be rendered: {type(error).__name__}: {error}"
    return _not_run(path, nb) | lab | {"status": "failed", "failure": lab["failure"] or _trouble(trouble)}


def _where(nb, failure):
    """Where a lab stopped: in words, the number of the cell, and its place in the page."""
    if failure.index is None:
        return {"place": "", "index": None, "anchor": ""}
    section = page.headings(nb)[failure.index]
    place = f'cell {failure.count}, under "{section}"' if section else f"cell {failure.count}"
    return {"place": place, "index": failure.index, "anchor": page.anchor(nb, failure.index)}


def _trouble(error):
    return {"place": "", "index": None, "anchor": "", "error": error}


def _not_run(path, nb):
    """What the index can say of a lab that has not been run."""
    known = page.title_and_intro(None if isinstance(nb, Exception) else nb, path.stem)
    return {
        "name": path.stem,
        "status": "not run",
        "page": None,
        "executed": None,
        "figures": [],
        "numbers": [],
        "failure": None,
        "date": None,
        "data": "",
        "seconds": 0.0,
    } | known


def _report(lab, width, failure=None):
    """The line of a lab, and for one that failed where, why and the traceback."""
    if lab["status"] == "skipped":
        return f"{lab['name']:<{width}}  skipped: {lab['failure']['error']}."
    ok = lab["status"] == "ok"
    colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    colours = colours and (os.name != "nt" or "WT_SESSION" in os.environ)  # not in the old console
    time_taken = page.duration(lab["seconds"]) if lab["status"] != "unreadable" else ""
    lines = [f"{lab['name']:<{width}}  {'ok' if ok else 'FAILED'}  {time_taken}".rstrip()]
    if not ok:
        place, error = lab["failure"]["place"], failure.error if failure else lab["failure"]["error"]
        lines.append(f"    {place}{': ' if place else ''}{error}")
        trace = (failure.traceback if failure else "").strip("\n").splitlines()
        if len(trace) > 80:
            trace = trace[:20] + [f"... {len(trace) - 70} lines ..."] + trace[-50:]
        lines += [f"    {line}" for line in trace]
    text = "\n".join(lines)
    return text if colours else _ANSI.sub("", text)
