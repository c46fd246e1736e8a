"""`labkit grade`: mark a folder of submissions, each by nbgrader in a process of its own."""

import csv
import functools
import io
import json
import os
import secrets
import sys
import time
from pathlib import Path

import labkit
from labkit.course import cells
from labkit.course.labs import CourseError, find_labs, folders, select
from labkit.course.marking import sandbox
from labkit.course.marking.collect import Submission, collect, students, unpacked
from labkit.course.marking.job import Prepared, find_data, make_job
from labkit.course.marking.workers import blank_of, connect, run_all
from labkit.course.release import make_release, refuse_broken
from labkit.course.report import report
from labkit.course.report.result import no_formula
from labkit.course.report.sheet import write_sheet
from labkit.files import write


def mark_class(
    submissions,
    out,
    labs=(),
    jobs=None,
    timeout=600.0,
    cell_timeout=120.0,
    memory=2 << 30,
    data=None,
    standin=False,
    fresh=False,
    notebooks=None,
    scheduler=None,
    whole=False,
    seed=None,
):
    """Mark a folder of submissions.

    submissions: folder of `<student>/<lab>.ipynb`, or an nbgrader course, or its `submitted`. out: the report's folder.
    labs: numbers, file names or paths; none for those that were handed in. jobs: submissions at a time, by default
    one for each processor core. timeout, cell_timeout: seconds for a submission and for a cell. memory: bytes for a
    submission. data: folder that holds CIFAR-10; standin: use the stand-in. fresh: mark again what is marked.
    notebooks: folder of the solved labs. scheduler: address of a Dask scheduler, whose workers mark. whole: also run
    what marking leaves out. seed: of the checks' cases; None is that of the report, or a new one for a new report.
    Returns the exit status: 0 if every submission was marked, 1 otherwise, 2 for wrong usage, 130 interrupted.
    """
    try:
        if sys.platform == "win32":
            raise CourseError("marking needs Linux or macOS; on Windows use WSL, or hand it to a cluster from there.")
        folder, _ = folders(notebooks, None)
        every = find_labs(folder)
        wanted = select(every, labs, folder)
        limits = _limits(jobs, timeout, cell_timeout, memory, whole)
        with unpacked(submissions) as (place, lost):
            students(place)
            out = _report_folder(out, submissions)
            client = connect(scheduler) if scheduler else None
            prepared = Prepared(wanted, refuse_broken, bool(labs))
            collected = collect(place, _readable(every), prepared.release, bool(labs), limits["jobs"])
        found, strangers = collected.submissions, collected.strangers + [f"{name}: {why}" for name, why in lost]
        _write_ignored(out, collected.ignored)
        _can_run(prepared, {s.lab for s in found}, client is not None)
        where = find_data(standin, data, client is not None)
        _gradebook(out, prepared, {s.lab for s in found}, fresh)
        limits["seed"] = _seed(out, seed)
    except CourseError as error:
        print(f"labkit grade: {error}", file=sys.stderr)
        return error.status
    except OSError as error:
        print(f"labkit grade: {error.strerror or error}: {error.filename or out}", file=sys.stderr)
        return 1

    level = sandbox.best_level()
    print(
        f"Data: {where['name'] or 'as each worker finds them'}. Isolation: {sandbox.GUARANTEES[level]}."
        if client is None
        else "Marking on the Dask cluster; each worker isolates as far as its platform allows."
    )
    job_of = functools.partial(
        make_job, prepared=prepared, limits=limits, where=where, level=level if client is None else None
    )
    names = sorted({s.lab for s in found})
    references = [Submission(report.REFERENCE, lab, b"{}", [], None) for lab in names]
    todo, done = [], []
    for submission in references + found:
        job = job_of(submission)
        known = None if fresh else report.known_result(out, submission.student, submission.lab)
        if known is not None and known.get("key") == job["key"] and known["status"] != "did not run":
            done.append(known)
        elif submission.trouble is not None:
            done.append(_not_marked(out, job, submission))
        else:
            todo.append(job)
    if len(done):
        print(
            f"{len([d for d in done if d['student'] != report.REFERENCE])} of {len(found)} are marked already "
            "or cannot be read."
        )
    started, interrupted = time.monotonic(), False
    try:
        for job, answer in run_all(todo, limits["jobs"], client):
            done.append(_take(out, job, answer))
            _tell(done[-1], len(done), len(references) + len(found))
    except KeyboardInterrupt:
        interrupted = True
    order = {(s.student, s.lab): i for i, s in enumerate(references + found)}
    done.sort(key=lambda r: order[r["student"], r["lab"]])
    ours = [r for r in done if r["student"] != report.REFERENCE]
    report.merge_gradebook(out, ours)
    report.write_grades(out, ours)
    write(
        out / "about.json",
        json.dumps(
            {
                "labkit": labkit.__version__,
                "data": where["name"],
                "isolation": sandbox.GUARANTEES[level] if client is None else "as each Dask worker could",
                "timeout": timeout,
                "cell_timeout": cell_timeout,
                "memory": memory,
                "seed": limits["seed"],
                "date": time.strftime("%Y-%m-%dT%H:%M:%S"),
                "strangers": strangers,
                "complete": not interrupted and len(done) == len(references) + len(found),
            },
            ensure_ascii=False,
            indent=1,
        ),
    )
    _sheet(out)
    return _summary(
        out,
        ours,
        [r for r in done if r["student"] == report.REFERENCE],
        found,
        strangers,
        time.monotonic() - started,
        interrupted,
    )


def _readable(paths):
    """The labs of the course that can be read, by name: a notebook may be of one that is not marked."""
    found = {}
    for path in paths:
        try:
            found[path.stem] = cells.read_lab(path)
        except ValueError:
            pass
    return found


def _write_ignored(out, ignored):
    """The list of all files that are no notebooks or are not marked, and why."""
    lines = io.StringIO()
    rows = [["student", "file", "why"], *ignored]
    csv.writer(lines, lineterminator="\n").writerows([no_formula(part) for part in row] for row in rows)
    write(out / "ignored.csv", lines.getvalue())


def _report_folder(out, submissions):
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise CourseError(f"{out} is a file; name a folder with --out.", status=2)
    one, two = out.resolve(), Path(submissions).resolve()
    if one == two or one in two.parents:
        raise CourseError("the report needs a folder of its own, apart from the submissions.", status=2)
    if out.is_dir() and any(out.iterdir()) and not (out / "results").is_dir() and not (out / "gradebook.db").exists():
        raise CourseError(f"the folder {out} is not empty and holds no report; name another one with --out.", status=2)
    out.mkdir(parents=True, exist_ok=True)
    return out


def _can_run(prepared, names, elsewhere):
    """Raise a CourseError for a lab that needs a package which is not here; a cluster's workers have their own."""
    for name in () if elsewhere else sorted(names):
        lacking = cells.lacks(prepared.source[name])
        if lacking:
            raise CourseError(f"{name} cannot be marked: {lacking} Or leave it out with --labs.")


def _seed(out, seed):
    """The seed of the checks' cases: nobody knows it before, and the report keeps it, so that marks can be repeated."""
    kept = out / "seed.txt"
    if seed is None and kept.exists():
        return int(kept.read_text(encoding="ascii"))
    seed = secrets.randbelow(2**31) if seed is None else seed
    kept.write_text(f"{seed}\n", encoding="ascii")
    return seed


def _limits(jobs, timeout, cell_timeout, memory, whole):
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if jobs is not None and jobs < 1:
        raise CourseError("--jobs must be 1 or more.", status=2)
    if memory < 256 << 20:
        raise CourseError("--memory must be 256M or more: Python with NumPy and Matplotlib takes that.", status=2)
    return {"jobs": jobs or cores, "timeout": timeout, "cell_timeout": cell_timeout, "memory": memory, "whole": whole}


def _gradebook(out, prepared, names, fresh):
    """Make the report's folder an nbgrader course with the labs in it; submissions that are in it are kept."""
    if fresh and (out / "gradebook.db").exists():
        (out / "gradebook.db").replace(out / "gradebook.db.old")
    if not (out / "gradebook.db").exists():
        write(out / "gradebook.db", prepared.book)  # as good as new, and quicker
    try:
        make_release([path for path in prepared.paths if path.stem in names], out, database=True)
    except CourseError as error:
        raise CourseError(
            f"{error}. The report in {out} was made with other exercises: name another folder with "
            "--out, or mark everything again with --fresh."
        ) from None


def _not_marked(out, job, submission):
    """The result of a file that cannot even be read, and of one that is missing."""

    result = blank_of(job) | {
        "status": submission.trouble.status,
        "message": submission.trouble.message,
        "notes": submission.notes,
        "key": job["key"],
    }
    report.store(out, result, {})
    return result


def _take(out, job, answer):

    if isinstance(answer, BaseException):
        why = f"marking failed: {type(answer).__name__}: {str(answer)[:300]}"
        blank = blank_of(job) | {"status": "did not run", "message": why, "key": job["key"]}
        answer = {"result": blank, "files": {}}
    report.store(out, answer["result"], answer["files"])
    return answer["result"]


def _tell(result, done, total):

    who = "the solved lab" if result["student"] == report.REFERENCE else result["student"]
    points = f"{result['auto_points']:g}/{result['auto_max']:g}"
    more = f": {result['message']}" if result["message"] else ""
    print(
        f"[{done}/{total}] {result['lab']}, {who}: {points}, {result['status']}{more} ({result['seconds']:.0f} s)",
        flush=True,
    )


def _sheet(out):
    try:
        write_sheet(out)
    except (ValueError, OSError) as error:
        print(f"labkit grade: the contact sheet could not be written: {error}", file=sys.stderr)


def _summary(out, results, references, found, strangers, seconds, interrupted):
    for reference in references:
        if reference["status"] != "ok" or reference["auto_points"] != reference["auto_max"]:
            print(
                f"Beware: the solved {reference['lab']} itself gets {reference['auto_points']:g} of "
                f"{reference['auto_max']:g} points ({reference['status']}). {reference['message']}"
            )
    for line in strangers:
        print(f"Not marked: {line}")
    count = {}
    for result in results:
        count[result["status"]] = count.get(result["status"], 0) + 1
    listed = ", ".join(f"{n} {status}" for status, n in sorted(count.items(), key=lambda x: -x[1]))
    print(f"{len(results)} of {len(found)} submissions marked in {seconds / 60:.1f} min: {listed or 'none'}.")
    print(f"The report is in {out}")
    if interrupted:
        print("Stopped. The same command goes on where it stopped.", file=sys.stderr)
        return 130
    return 0 if len(results) == len(found) else 1
