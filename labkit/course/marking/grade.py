"""`labkit grade`: mark a folder of submissions, each in a process of its own, and write the report."""

import csv
import datetime
import difflib
import io
import json
import secrets
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import labkit
from labkit.course import cells
from labkit.course.clean.text import shown
from labkit.course.labs import CourseError, find_labs, folders, select
from labkit.course.marking import sandbox
from labkit.course.marking.cluster import connect, run_on_cluster
from labkit.course.marking.collect import Submission, collect, students, unpacked
from labkit.course.marking.job import Prepared, find_data, make_job
from labkit.course.marking.settings import Settings
from labkit.course.marking.workers import run_here, unmarked
from labkit.course.people.late import parse_time
from labkit.course.people.settings import Course, find_course, read_course
from labkit.course.release import make_release
from labkit.course.report import report
from labkit.course.report.lines import owners
from labkit.course.report.result import REFERENCE, Status, known_mark
from labkit.course.report.settle import settle, settle_decisions
from labkit.course.tables import guarded
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
    everyone: (student, lab) of all there are, also of those that are not asked for.
    course: the `Course`.
    strangers: files that are not marked, and why.
    where: the data, from `find_data`.
    client: of a Dask scheduler, or None.
    level: how far kernels are isolated here.
    """

    settings: Settings
    out: Path
    prepared: Prepared
    found: list
    everyone: dict
    course: Course
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
    except ValueError as error:
        print(f"labkit grade: {error}", file=sys.stderr)
        return 2
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
    course = _course(settings)
    with unpacked(settings.submissions) as (place, lost):
        count = len(students(place)[0])
        out = settings.report_folder()
        client = connect(settings.scheduler) if settings.scheduler else None
        prepared = Prepared(wanted, bool(settings.labs))
        asked = bool(settings.labs)
        print(f"Reading what {count} student{'s' * (count != 1)} handed in.", flush=True)
        collected = collect(place, _readable(every), prepared.release, asked, settings.at_a_time())
        everyone = {(s.student, s.lab): _handed_in(s, course.zone) for s in collected.submissions}
    strangers = collected.strangers + [f"{name}: {why}" for name, why in lost]
    found = _asked_for(collected.submissions, settings.regrade, course)
    _write_ignored(out, collected.ignored)
    names = {submission.lab for submission in found}
    _can_run(prepared, names, client is not None)
    where = find_data(settings.standin, settings.data, client is not None)
    settle_decisions(out)  # before anything is done to the gradebook
    _gradebook(out, prepared, names, settings.fresh)
    settings = replace(settings, seed=_seed(out, settings.seed))
    return Class(settings, out, prepared, found, everyone, course, strangers, where, client, sandbox.best_level())


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
    csv.writer(lines, lineterminator="\n").writerows([guarded(part) for part in row] for row in rows)
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
    if not (out / "gradebook.db").exists():
        write(out / "gradebook.db", prepared.book)  # as good as new, and quicker
    paths = [path for path in prepared.paths if path.stem in names]
    try:
        make_release(paths, out, database=True)
    except CourseError as error:
        if not fresh:
            raise CourseError(
                f"{error}. The report in {out} was made with other exercises: name another folder with "
                "--out, or mark everything again with --fresh."
            ) from None
        (out / "gradebook.db").replace(out / "gradebook.db.old")
        write(out / "gradebook.db", prepared.book)
        make_release(paths, out, database=True)


def _course(settings):
    """What is said about the course: by the file that is named, or by that beside the submissions."""
    path = Path(settings.course) if settings.course else find_course(settings.submissions)
    folder = Path(settings.submissions)
    return read_course(path, folder if folder.is_dir() else folder.parent)


def _asked_for(found, regrade, settings):
    """The submissions of the students that are to be marked again; all if none are named."""
    if not regrade:
        return found
    names = sorted({submission.student for submission in found})
    roster, wanted = settings.roster, set()
    for name in regrade:
        known = roster.find(name) if roster else None
        mine = {student for student in names if student == name or (known and roster.find(student) == known)}
        if not mine:
            near = difflib.get_close_matches(name, names, 3)
            meant = f"; {', '.join(near)}?" if near else "."
            raise CourseError(f"--regrade: there is no submission of {name}{meant}", status=2)
        wanted |= mine
    return [submission for submission in found if submission.student in wanted]


def _handed_in(submission, zone):
    """When a submission was handed in, as ISO text; "" if that is not known. nbgrader's timestamp.txt says it best."""
    try:
        return parse_time(submission.stamp, zone).isoformat()
    except ValueError:
        when = datetime.datetime.fromtimestamp(submission.when, datetime.timezone.utc)
        return when.isoformat() if submission.when else ""


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
        again = ours.settings.fresh or ours.settings.regrade and job.student != REFERENCE
        known = None if again else known_mark(ours.out, job.student, job.lab)
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
    who = "the solved lab" if mark.student == REFERENCE else shown(mark.student)
    more = f": {shown(mark.message)}" if mark.message else ""
    points = f"{mark.automatic:g}/{mark.automatic_max:g}"
    print(f"[{done}/{total}] {mark.lab}, {who}: {points}, {mark.status}{more} ({mark.seconds:.0f} s)", flush=True)


# --- the report ----------------------------------------------------------------------------------------------------


def _write_report(ours, marks, interrupted):
    """What this run was; and all that follows from its marks, those of earlier runs and what was decided by hand."""
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
        "submissions": str(Path(settings.submissions).resolve()),
        "course": str(settings.course or find_course(settings.submissions) or ""),
        "complete": not interrupted and len(marks) == total,
    }
    write(ours.out / "about.json", json.dumps(about, ensure_ascii=False, indent=1))
    times = {key: time for key, time in ours.everyone.items() if time}
    for problem in settle(ours.out, ours.course, set(ours.everyone), times):
        print(f"labkit grade: {problem}", file=sys.stderr)
    if ours.course.roster:
        _tell_roster(ours)


def _tell_roster(ours):
    """Who on the roster handed nothing in, and who handed something in and is not on it."""
    names = sorted({student for (student, _), time in ours.everyone.items() if time})
    members = [member for name in names for member in owners(name, ours.course)[1]]
    missing = [student.id for student in ours.course.roster.missing(members)]
    for words, who in (
        ("Nothing handed in by", missing),
        ("Not on the roster:", ours.course.roster.strangers(members)),
    ):
        if who:
            print(f"{words} {', '.join(who[:20])}" + (f" and {len(who) - 20} more" if len(who) > 20 else ""))


def _summary(ours, marks, seconds, interrupted):
    """Say what came of it; returns the exit status."""
    mine = [mark for mark in marks if mark.student != REFERENCE]
    for mark in marks:
        if mark.student == REFERENCE and (mark.status != Status.OK or mark.automatic != mark.automatic_max):
            print(
                f"Beware: the solved {mark.lab} itself gets {mark.automatic:g} of {mark.automatic_max:g} points "
                f"({mark.status}). {shown(mark.message)}"
            )
    for line in ours.strangers:
        print(f"Not marked: {shown(line)}")
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
