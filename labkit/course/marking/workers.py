"""Marks submissions, each in a process of its own, several at a time, here or on a Dask cluster."""

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat

from labkit.course.labs import CourseError
from labkit.course.marking import sandbox
from labkit.course.marking.job import find_data
from labkit.course.report.result import blank_result

GRACE = 60  # seconds beyond the time-out in which a marker has to write down what it has
_running, _stopping = {}, threading.Event()


def mark_one(job):
    """Mark one submission in a process of its own. It runs here or on a Dask worker.

    job: from `make_job`. Returns {"result": ..., "files": {name: bytes}}; it does not raise for what a submission does.
    """

    # The name of a socket may not be longer than about a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="lk", dir="/tmp" if len(tempfile.gettempdir()) > 60 else None))
    try:
        plain = {name: value for name, value in job.items() if not isinstance(value, bytes)}
        if plain["environment"] is None:
            where = find_data(*plain["wanted"])
            plain |= {"environment": where["variables"], "readable": where["readable"], "data": where["name"]}
        plain["sandbox"] = plain["sandbox"] or _level()
        (folder / "job.json").write_text(json.dumps(plain), encoding="utf-8")
        (folder / "source.ipynb").write_bytes(job["source"])
        (folder / "release.ipynb").write_bytes(job["release"])
        (folder / "submission").write_bytes(job["submission"])
        (folder / "course").mkdir()
        (folder / "course" / "gradebook.db").write_bytes(job["gradebook"])
        home = folder / "home"
        home.mkdir()
        env = sandbox.private_environment(home) | {"MPLBACKEND": "agg"}
        if "MPLCONFIGDIR" in os.environ or _matplotlib_cache():
            env["MPLCONFIGDIR"] = os.environ.get("MPLCONFIGDIR") or _matplotlib_cache()
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "labkit.course.marking.mark", str(folder)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=folder,
                env=env,
                start_new_session=True,
            )
            _running[process.pid] = process
            if _stopping.is_set():
                sandbox.kill_tree(process.pid)
            try:
                process.wait(job["timeout"] + GRACE)
                late = False
            except subprocess.TimeoutExpired:
                late = True
            finally:
                sandbox.kill_tree(process.pid)
                process.wait()
                _running.pop(process.pid, None)
        return _read_answer(folder, plain, process.returncode, late)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@functools.lru_cache
def _level():

    return sandbox.best_level()


@functools.lru_cache
def _matplotlib_cache():
    try:
        import matplotlib

        return matplotlib.get_cachedir()
    except Exception:
        return None


def _read_answer(folder, job, status, late):
    try:
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        last = (folder / "log").read_bytes()[-2000:].decode("utf-8", "replace").strip().splitlines()
        why = "it was not done in time" if late else f"the marking process ended ({status}) {' '.join(last[-1:])[:300]}"
        result = blank_of(job, (folder / "release.ipynb").read_bytes()) | {
            "status": "timed out" if late else "did not run",
            "message": why,
        }
    names = {plot["image"] for plot in result["plots"]} | {"feedback.html", "autograded.ipynb"}
    files = {name: (folder / name).read_bytes() for name in names if name and (folder / name).is_file()}
    result |= {"key": job["key"], "data": job["data"], "notes": job["notes"] + result["notes"]}
    return {"result": result, "files": files}


def blank_of(job, release=None):
    """The result of a job of which nothing is known; `release`: the student edition's bytes, where the job has none."""
    return blank_result(job, nbformat.reads((release or job["release"]).decode(), as_version=4))


def run_all(jobs, workers, client):
    """(job, answer) for each job as it is done; an answer may be an exception."""
    if client is not None:
        yield from _run_on_dask(jobs, client)
        return
    _stopping.clear()
    before = signal.getsignal(signal.SIGTERM) if threading.current_thread() is threading.main_thread() else None
    if before is not None:
        signal.signal(signal.SIGTERM, _interrupt)
    pool = ThreadPoolExecutor(workers)
    try:
        futures = {pool.submit(mark_one, job): job for job in jobs}
        for future in as_completed(futures):
            yield futures[future], future.exception() or future.result()
    finally:
        _stopping.set()
        pool.shutdown(wait=False, cancel_futures=True)

        for pid in list(_running):
            sandbox.kill_tree(pid)
        pool.shutdown(wait=True)
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _interrupt(*_):
    raise KeyboardInterrupt


def connect(address):
    """A client of the Dask scheduler at an address. Raises CourseError if none answers."""
    try:
        from distributed import Client
    except ImportError:
        raise CourseError("--scheduler needs Dask: python -m pip install 'labkit[cluster]'") from None
    try:
        return Client(address, timeout=20)
    except (OSError, ValueError, TimeoutError) as error:
        raise CourseError(f"no Dask scheduler answers at {address} ({error}).") from None


def _run_on_dask(jobs, client):
    """Hand the jobs to the cluster. What a lost worker had begun is begun again elsewhere, and counted once."""
    from distributed import as_completed as dask_completed

    try:
        futures, failed = {}, []
        for job in jobs:
            future = client.submit(mark_one, job, key=f"labkit-{job['key']}-{time.time_ns()}", pure=False, retries=2)
            futures[future.key] = (future, job)
        seen = set()
        for future in dask_completed([future for future, _ in futures.values()]):
            if future.key in seen:
                continue
            seen.add(future.key)
            job = futures[future.key][1]
            if future.status == "finished":
                yield job, future.result()
            else:
                failed.append((job, future.exception()))
            future.release()
        for job, error in failed:
            yield job, error
    finally:
        client.close()
