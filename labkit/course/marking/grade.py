"""`labkit grade`: mark a folder of submissions, each in a process of its own, and write the report."""

import csv
import io
import json
import secrets
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import labkit
from labkit.course import cells
from labkit.course.labs import CourseError, find_labs, folders, select
from labkit.course.marking import sandbox
from labkit.course.marking.cluster import connect, run_on_cluster
from labkit.course.marking.collect import Submission, collect, students, unpacked
from labkit.course.marking.job import Prepared, find_data, make_job
from labkit.course.marking.settings import Settings
from labkit.course.marking.workers import run_here, unmarked
from labkit.course.release import make_release
from labkit.course.report import report
from labkit.course.report.result import REFERENCE, Status, known_mark, no_formula
from labkit.course.report.sheet import write_sheet
from labkit.files import write


def command(**arguments):
    """`labkit grade`: mark what its arguments, those of `Settings`, ask for. Returns the exit status."""
    return mark_class(Settings(**arguments))


@dataclass
class Class:
    """A class that is to be marked.

    settings: with the seed that is taken.
    out: the report's folder.
    prepared: the labs to mark by.
    found: the submissions.
    strangers: files that are not marked, and why.
    where: the data, from `find_data`.
    client: of a Dask scheduler, or None.
    level: how far kernels are isolated here.
    """

    settings: Settings
    out: Path
    prepared: Prepared
    found: list
    strangers: list
    where: dict
    client: object
    level: str

    def references(self):
        """The solved labs, to be marked like submissions."""
        return [Submission(REFERENCE, lab, b"{}", [], None) for lab in sorted({s.lab for s in self.found})]


def mark_class(settings):
    """Mark a folder of submissions.

    settings: the `Settings`.
    Returns the exit status: 0 if every submission was marked, 1 otherwise, 2 for wrong usage, 130 interrupted.
    """
    try:
        ours = _get_ready(settings)
    except CourseError as error:
        print(f"labkit grade: {error}", file=sys.stderr)
        return error.status
    except OSError as error:
        print(f"labkit grade: {error.strerror or error}: {error.filename or settings.out}", file=sys.stderr)
        return 1
    print(_how(ours))
    started = time.monotonic()
    todo, marks = _sort_out(ours)
    interrupted = _mark(ours, todo, marks)
    order = {(s.student, s.lab): i for i, s in enumerate(ours.references() + ours.found)}
    marks.sort(key=lambda mark: order[mark.student, mark.lab])
    _write_report(ours, marks, interrupted)
    return _summary(ours, marks, time.monotonic() - started, interrupted)


def _get_ready(settings):
    """Everything that is needed before the first submission is marked: a `Class`."""
    if sys.platform == "win32":
        raise CourseError("marking needs Linux or macOS; on Windows use WSL, or hand it to a cluster from there.")
    folder, _ = folders(settings.notebooks, None)
    every = find_labs(folder)
    wanted = select(every, settings.labs, folder)
    settings.refuse_impossible()
    with unpacked(settings.submissions) as (place, lost):
        count = len(students(place)[0])
        out = settings.report_folder()
        client = connect(settings.scheduler) if settings.scheduler else None
        prepared = Prepared(wanted, bool(settings.labs))
        asked = bool(settings.labs)
        print(f"Reading what {count} student{'s' * (count != 1)} handed in.", flush=True)
        collected = collect(place, _readable(every), prepared.release, asked, settings.at_a_time())
    found, strangers = collected.submissions, collected.strangers + [f"{name}: {why}" for name, why in lost]
    _write_ignored(out, collected.ignored)
    names = {submission.lab for submission in found}
    _can_run(prepared, names, client is not None)
    where = find_data(settings.standin, settings.data, client is not None)
    _gradebook(out, prepared, names, settings.fresh)
    settings = replace(settings, seed=_seed(out, settings.seed))
    return Class(settings, out, prepared, found, strangers, where, client, sandbox.best_level())


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


def _how(ours):
    if ours.client is not None:
        return "Marking on the Dask cluster; each worker isolates as far as its platform allows."
    return f"Data: {ours.where['data'] or 'as each worker finds them'}. Isolation: {sandbox.GUARANTEES[ours.level]}."


# --- the submissions -----------------------------------------------------------------------------------------------


def _sort_out(ours):
    """(jobs to be done, marks that are there already or say that there is nothing to be run)."""
    todo, marks = [], []
    for submission in ours.references() + ours.found:
        level = ours.level if ours.client is None else None
        job = make_job(submission, ours.prepared, ours.settings, ours.where, level)
        known = None if ours.settings.fresh else known_mark(ours.out, job.student, job.lab)
        if known is not None and known.key == job.key and known.status != Status.DID_NOT_RUN:
            marks.append(known)
        elif submission.trouble is not None:
            mark = unmarked(job, Status(submission.trouble.status), submission.trouble.message)
            mark.notes = submission.notes
            report.store(ours.out, mark, {})
            marks.append(mark)
        else:
            todo.append(job)
    if marks:
        already = len([mark for mark in marks if mark.student != REFERENCE])
        print(f"{already} of {len(ours.found)} are marked already or cannot be read.")
    return todo, marks


def _mark(ours, todo, marks):
    """Do the jobs, add their marks to `marks`, and store each at once; returns whether it was interrupted."""
    total = len(ours.references()) + len(ours.found)
    if ours.client is not None:
        answers = run_on_cluster(todo, ours.client)
    else:
        answers = run_here(todo, ours.settings.at_a_time())
    try:
        for job, answer in answers:
            if isinstance(answer, BaseException):
                why = f"marking failed: {type(answer).__name__}: {str(answer)[:300]}"
                answer = unmarked(job, Status.DID_NOT_RUN, why), {}
            report.store(ours.out, *answer)
            marks.append(answer[0])
            _tell(answer[0], len(marks), total)
    except KeyboardInterrupt:
        return True
    return False


def _tell(mark, done, total):
    who = "the solved lab" if mark.student == REFERENCE else mark.student
    more = f": {mark.message}" if mark.message else ""
    points = f"{mark.automatic:g}/{mark.automatic_max:g}"
    print(f"[{done}/{total}] {mark.lab}, {who}: {points}, {mark.status}{more} ({mark.seconds:.0f} s)", flush=True)


# --- the report ----------------------------------------------------------------------------------------------------


def _write_report(ours, marks, interrupted):
    """Gradebook, grades, contact sheet, and what this run was."""
    mine = [mark for mark in marks if mark.student != REFERENCE]
    report.merge_gradebook(ours.out, mine)
    report.write_grades(ours.out, mine)
    settings, total = ours.settings, len(ours.references()) + len(ours.found)
    about = {
        "labkit": labkit.__version__,
        "data": ours.where["data"],
        "isolation": sandbox.GUARANTEES[ours.level] if ours.client is None else "as each Dask worker could",
        "timeout": settings.timeout,
        "cell_timeout": settings.cell_timeout,
        "memory": settings.memory,
        "seed": settings.seed,
        "date": time.strftime("%Y-%m-%dT%H:%M:%S"),
        "strangers": ours.strangers,
        "complete": not interrupted and len(marks) == total,
    }
    write(ours.out / "about.json", json.dumps(about, ensure_ascii=False, indent=1))
    try:
        write_sheet(ours.out)
    except (ValueError, OSError) as error:
        print(f"labkit grade: the contact sheet could not be written: {error}", file=sys.stderr)


def _summary(ours, marks, seconds, interrupted):
    """Say what came of it; returns the exit status."""
    mine = [mark for mark in marks if mark.student != REFERENCE]
    for mark in marks:
        if mark.student == REFERENCE and (mark.status != Status.OK or mark.automatic != mark.automatic_max):
            print(
                f"Beware: the solved {mark.lab} itself gets {mark.automatic:g} of {mark.automatic_max:g} points "
                f"({mark.status}). {mark.message}"
            )
    for line in ours.strangers:
        print(f"Not marked: {line}")
    count = {}
    for mark in mine:
        count[mark.status] = count.get(mark.status, 0) + 1
    listed = ", ".join(f"{n} {status}" for status, n in sorted(count.items(), key=lambda pair: -pair[1]))
    print(f"{len(mine)} of {len(ours.found)} submissions marked in {seconds / 60:.1f} min: {listed or 'none'}.")
    print(f"The report is in {ours.out}")
    if interrupted:
        print("Stopped. The same command goes on where it stopped.", file=sys.stderr)
        return 130
    return 0 if len(mine) == len(ours.found) else 1
