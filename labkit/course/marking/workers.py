"""Marks submissions, each in a process of its own, several at a time."""

import functools
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

import matplotlib
import nbformat

from labkit.course.marking import forks, mark, sandbox
from labkit.course.marking.job import find_data
from labkit.course.marking.kernels import FORKED
from labkit.course.report.result import UNREADABLE, Status, blank_mark, read_mark

GRACE = 60  # seconds beyond the time-out in which a marker has to write down what it has


def run_here(jobs, at_a_time):
    """(job, answer) for each job as it is done, an answer being what `mark_job` returns, or an exception."""
    crew = Crew({job.release for job in jobs})
    pool = ThreadPoolExecutor(at_a_time)
    before = signal.getsignal(signal.SIGTERM) if threading.current_thread() is threading.main_thread() else None
    if before is not None:
        signal.signal(signal.SIGTERM, _interrupt)
    try:
        futures = {pool.submit(mark_job, job, crew): job for job in jobs}
        for future in as_completed(futures):
            yield futures[future], future.exception() or future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        crew.stop()
        pool.shutdown(wait=True)
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _interrupt(*_):
    raise KeyboardInterrupt


class Crew:
    """The processes that mark at the moment, to be ended together, and the parents that they are forked from.

    releases: the student editions that are known to come, as bytes; others are marked, too.
    """

    def __init__(self, releases=()):
        self._processes, self._over, self._lock, self._parents = {}, threading.Event(), threading.Lock(), {}
        self._releases = list(releases)

    def start(self, job, folder):
        """A process that marks what lies in a folder; it and its kernels are forked where that is possible."""
        call = {"environment": _environment(folder / "home"), "folder": folder, "log": folder / "log"}
        if forks.USABLE:
            kernels = self._parent(FORKED, sandbox.private_environment(tempfile.gettempdir()) | job.environment)
            markers = self._parent(mark.__name__, _environment(tempfile.gettempdir()))
            process = forks.Forked(markers, f"{mark.__name__}:main", [str(folder), kernels], **call)
        else:
            process = _fresh([sys.executable, "-m", mark.__name__, str(folder)], **call)
        self.add(process)
        return process

    def _parent(self, module, environment):
        """The address of the parent with that module and these variables."""
        with self._lock:
            key = module, *sorted(environment.items())
            if key not in self._parents:
                with tempfile.NamedTemporaryFile(prefix="lk") as labs:
                    labs.write(pickle.dumps(self._releases))
                    labs.flush()
                    known = {"MPLCONFIGDIR": _fonts(), mark.LABS: labs.name}
                    self._parents[key] = forks.Parent([module], environment | known)
            return self._parents[key].address

    def add(self, process):
        """Let a process be ended with the others."""
        self._processes[process.pid] = process
        if self._over.is_set():
            sandbox.kill_tree(process.pid)

    def drop(self, process):
        """Forget a process that has ended."""
        self._processes.pop(process.pid, None)

    def stop(self):
        """End them all, and those that come."""
        self._over.set()
        for pid in list(self._processes):
            sandbox.kill_tree(pid)
        with self._lock:
            for parent in self._parents.values():
                parent.close()


def mark_job(job, crew=None):
    """Mark one submission in a process of its own. It runs here or on a Dask worker.

    job: the `Job`.
    crew: the processes that are ended together.
    Returns (mark, {file: bytes}); it does not raise for what a submission does.
    """
    if job.environment is None:
        job = replace(job, **find_data(*job.wanted))
    job = replace(job, sandbox=job.sandbox or _level())
    # The name of a socket may not be longer than about a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="lk", dir="/tmp" if len(tempfile.gettempdir()) > 60 else None))
    try:
        (folder / mark.JOB).write_bytes(pickle.dumps(job))
        status = _run_marker(job, folder, crew or _crew())
        return _answer(folder, job, status)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run_marker(job, folder, crew):
    """Run the marker to its end; returns its exit status, None if it was ended because it took too long."""
    (folder / "home").mkdir()
    process = crew.start(job, folder)
    try:
        return process.wait(job.timeout + GRACE)
    except subprocess.TimeoutExpired:
        return None
    finally:
        sandbox.kill_tree(process.pid)
        process.wait()
        crew.drop(process)


def _fresh(command, environment, folder, log):
    """A process that is not forked."""
    with open(log, "wb") as file:
        return subprocess.Popen(
            command,
            stdout=file,
            stderr=file,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )


def _environment(home):
    """The variables of a process that marks: none of yours."""
    return sandbox.private_environment(home) | {"MPLBACKEND": "agg", "MPLCONFIGDIR": _fonts()}


def _fonts():
    """Where Matplotlib keeps its lists of fonts, which take seconds to make."""
    return os.environ.get("MPLCONFIGDIR") or matplotlib.get_cachedir()


@functools.cache
def _crew():
    """The crew of a process that marks for others, such as a Dask worker: there as long as it is."""
    return Crew()


@functools.cache
def _level():
    return sandbox.best_level()


def _answer(folder, job, status):
    """The mark that a marker has left, and the files with it."""
    try:
        found = read_mark(folder / mark.MARK)
    except UNREADABLE:
        if status is None:
            found = unmarked(job, Status.TIMED_OUT, "it was not done in time")
        else:
            last = (folder / "log").read_bytes()[-2000:].decode("utf-8", "replace").strip().splitlines()
            why = f"the marking process ended ({status}) {' '.join(last[-1:])[:300]}"
            found = unmarked(job, Status.DID_NOT_RUN, why)
    names = {plot.image for plot in found.plots} | {"feedback.html", "autograded.ipynb"}
    files = {name: (folder / name).read_bytes() for name in names if name and (folder / name).is_file()}
    found.student, found.lab, found.key, found.notes = job.student, job.lab, job.key, [*job.notes, *found.notes]
    return found, files


def unmarked(job, status, message):
    """The mark of a submission of which nothing is known, and why."""
    release = nbformat.reads(job.release.decode(), as_version=4)
    known = {"data": job.data, "seed": job.seed, "key": job.key}
    return blank_mark(job.student, job.lab, release, status=status, message=message, **known)
