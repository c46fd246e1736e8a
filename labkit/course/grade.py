"""`labkit grade`: mark a folder of submissions, each by nbgrader in a process of its own."""

import functools
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

import nbformat

import labkit
from labkit.course import labs as lab_cells
from labkit.course.run import CourseError, _folders, find_labs, select

GRACE = 60  # seconds beyond the time-out in which a marker has to write down what it has
_SUFFIXES = (".ipynb", ".zip", ".ipynb.txt", ".ipynb.json", ".json")


class Submission(NamedTuple):
    """One notebook handed in, or the lack of one."""

    student: str
    lab: str
    content: bytes
    notes: list
    trouble: object  # an `Unreadable`, or None


def grade(
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
    from labkit.course import report
    from labkit.course.student import _needs_nbgrader, refuse_broken

    try:
        if sys.platform == "win32":
            raise CourseError("marking needs Linux or macOS; on Windows use WSL, or hand it to a cluster from there.")
        _needs_nbgrader()
        folder, _ = _folders(notebooks, None)
        every = find_labs(folder)
        wanted = select(every, labs, folder)
        limits = _limits(jobs, timeout, cell_timeout, memory, whole)
        students(Path(submissions))
        out = _report_folder(out, submissions)
        client = _dask(scheduler) if scheduler else None
        prepared = Prepared(wanted, refuse_broken, bool(labs))
        found, strangers = collect(Path(submissions), prepared, bool(labs))
        _can_run(prepared, {s.lab for s in found}, client is not None)
        where = _data(standin, data, client is not None)
        _gradebook(out, prepared, {s.lab for s in found}, fresh)
        limits["seed"] = _seed(out, seed)
    except CourseError as error:
        print(f"labkit grade: {error}", file=sys.stderr)
        return error.status
    except OSError as error:
        print(f"labkit grade: {error.strerror or error}: {error.filename or out}", file=sys.stderr)
        return 1
    from labkit.course import sandbox

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
        for job, answer in _run_all(todo, limits["jobs"], client):
            done.append(_take(out, job, answer))
            _tell(done[-1], len(done), len(references) + len(found))
    except KeyboardInterrupt:
        interrupted = True
    order = {(s.student, s.lab): i for i, s in enumerate(references + found)}
    done.sort(key=lambda r: order[r["student"], r["lab"]])
    ours = [r for r in done if r["student"] != report.REFERENCE]
    report.merge_gradebook(out, ours)
    report.write_grades(out, ours)
    report.write(
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


# --- what there is -------------------------------------------------------------------------------------------------


class Prepared:
    """The labs to mark by: solved source, student edition and nbgrader's gradebook of each."""

    def __init__(self, paths, refuse_broken, strict):
        from labkit.course.student import make_release

        good = []
        for path in paths:
            try:
                refuse_broken([path])
                good.append(path)
            except CourseError:
                if strict or len(paths) == 1:
                    raise
                print(
                    f"labkit grade: {path.stem} cannot be marked, `labkit student` says why; left out", file=sys.stderr
                )
        self.paths = good
        self.source, self.release, self.bytes = {}, {}, {}
        with tempfile.TemporaryDirectory() as course:
            make_release(good, course, database=True)
            self.book = Path(course, "gradebook.db").read_bytes() if good else b""
            for path in good:
                name = path.stem
                source = lab_cells.read_lab(path)
                for cell in source.cells:
                    if cell.cell_type == "code":
                        cell.outputs, cell.execution_count = [], None
                self.source[name] = source
                self.release[name] = nbformat.read(Path(course, "release", name, path.name), as_version=4)
                self.bytes[name] = (nbformat.writes(source).encode(), nbformat.writes(self.release[name]).encode())


def _can_run(prepared, names, elsewhere):
    """Raise a CourseError for a lab that needs a package which is not here; a cluster's workers have their own."""
    for name in () if elsewhere else sorted(names):
        lacking = lab_cells.lacks(prepared.source[name])
        if lacking:
            raise CourseError(f"{name} cannot be marked: {lacking} Or leave it out with --labs.")


@functools.lru_cache
def _kit_version():
    """Changes when anything in labkit changes that marking may depend on."""
    seen = hashlib.sha256(labkit.__version__.encode())
    root = Path(labkit.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if path.name not in ("sheet.py", "site.py", "run.py", "cli.py", "ready.py", "report.py", "grade.py"):
            seen.update(path.read_bytes())
    return seen.hexdigest()


def students(folder):
    """The students' folders in a folder of submissions or in an nbgrader course."""
    if not folder.is_dir():
        raise CourseError(f"there is no folder {folder}.", status=2)
    base = folder / "submitted" if (folder / "submitted").is_dir() else folder
    found = sorted(
        (
            entry
            for entry in os.scandir(base)
            if not entry.name.startswith((".", "_")) and (entry.is_dir() or entry.is_symlink())
        ),
        key=lambda e: e.name,
    )
    if not found:
        raise CourseError(
            f"there are no submissions in {folder}: a folder for each student is expected, with <lab>.ipynb in it.",
            status=2,
        )
    return found


def collect(folder, prepared, strict):
    """The submissions of a folder, by student and lab, and the files that belong to no lab.

    strict: the labs were asked for by name, so that each student who has none of one is listed as missing it.
    """
    from labkit.course import repair

    entries = students(folder)
    if not prepared.paths:
        raise CourseError("no lab can be marked.")
    found, strangers, names = {}, [], {}
    for entry in entries:
        student = _student_name(entry.name, names)
        files = [] if entry.is_symlink() else _files(Path(entry.path))
        if entry.is_symlink():
            strangers.append(f"{student}: the folder is a symbolic link, which is not followed")
        names[student] = True
        offers = []
        for path, shown in files:
            try:
                content, notes = repair.fetch(path)
                trouble = None
            except repair.Unreadable as error:
                content, notes, trouble = b"", [], error
            lab, why = _lab_of(path, content, trouble, prepared)
            if lab is None:
                strangers.append(f"{student}/{shown}: {why}")
                continue
            offers.append((lab, path, shown, content, notes + ([why] if why else []), trouble))
        for lab in prepared.release:
            mine = [offer for offer in offers if offer[0] == lab]
            if mine:
                found[student, lab] = _best(student, lab, mine)
    handed_in = {lab for _, lab in found} if not strict else set(prepared.release)
    handed_in = handed_in or set(prepared.release)
    missing = repair.Unreadable("missing", "nothing was handed in")
    rows = [
        found.get((student, lab)) or Submission(student, lab, b"", [], missing)
        for lab in sorted(handed_in)
        for student in sorted(names)
    ]
    return sorted(rows, key=lambda s: (s.lab, s.student)), strangers


def _student_name(name, names):
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode()).replace("/", "-")
    while name in names or name == "_reference":
        name += "_"
    return name


def _files(folder):
    """The files of a student that may be notebooks: in their folder, and one folder below."""
    found = []
    for directory in [
        folder,
        *sorted(
            p
            for p in folder.iterdir()
            if p.is_dir()
            and not p.is_symlink()
            and not p.name.startswith(".")
            and p.suffix != ".ipynb"
            and p.name != "__MACOSX"
        ),
    ]:
        for path in sorted(directory.iterdir()):
            name = path.name.lower()
            if name.startswith(".") or not name.endswith(_SUFFIXES):
                continue
            shown = path.relative_to(folder).as_posix().encode("utf-8", "replace").decode()
            found.append((path, shown))
    return found


def _lab_of(path, content, trouble, prepared):
    """(name of the lab, a note or ""), or (None, why it is none)."""
    from labkit.course import repair

    stem = re.sub(r"(\.ipynb.*|\.zip|\.json)$", "", path.name, flags=re.I)
    named = next((lab for lab in prepared.release if lab.lower() == stem.lower()), None) or next(
        (lab for lab in prepared.release if lab.lower() == path.parent.name.lower()), None
    )
    inside = None
    if trouble is None:
        try:
            inside = repair.which_lab(repair.parse(content)[0], prepared.release)
        except repair.Unreadable:
            pass
    if named and (inside == named or inside is None):
        return named, "" if named == stem else f"the file is called {path.name}"
    if inside:
        return inside, f"the file is called {path.name}, which is not the name of the lab that it holds"
    guess = next(
        (
            lab
            for lab in prepared.release
            if lab.lower() in stem.lower()
            or re.match(r"\d+", stem)
            and re.match(r"\d+", lab)
            and int(re.match(r"\d+", stem)[0]) == int(re.match(r"\d+", lab)[0])
        ),
        None,
    )
    if guess or len(prepared.release) == 1 and path.suffix.lower() == ".ipynb":
        return guess or next(iter(prepared.release)), f"the file is called {path.name}"
    return None, "it belongs to none of the labs that are marked"


def _best(student, lab, offers):
    """Of several files for one lab the one of the right name, else the newest."""
    right = [o for o in offers if o[1].name == f"{lab}.ipynb"] or offers
    right = [o for o in right if o[5] is None] or right
    chosen = max(right, key=lambda o: o[1].lstat().st_mtime)
    notes = list(chosen[4]) + [f"also handed in, and not marked: {o[2]}" for o in offers if o is not chosen]
    beside = sorted(p.name for p in chosen[1].parent.iterdir() if p.suffix == ".py")[:5]
    if beside:
        notes.append(f"files beside the notebook are not used: {', '.join(beside)}".encode("utf-8", "replace").decode())
    return Submission(student, lab, chosen[3], notes, chosen[5])


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


@functools.lru_cache
def _data(standin, folder, remote=False):
    """The data for every submission, found once: variables, and what the sandbox has to show.

    remote: nothing is looked for here, each worker finds its own.
    """
    if remote:
        return {
            "name": "stand-in" if standin else "",
            "variables": None,
            "readable": [],
            "wanted": [standin, None if folder is None else str(folder)],
        }
    from labkit.course.run import _variable
    from labkit.data import load_cifar10

    try:
        with _variable("LABKIT_DATA", "standin" if standin else "cifar10" if folder else None):
            found = load_cifar10(folder)
    except (ValueError, OSError, RuntimeError) as error:
        raise CourseError(str(error)) from None
    place = Path(found.folder).resolve()
    if found.name == "stand-in":
        variables = {"LABKIT_DATA": "standin", "LABKIT_CACHE": str(place.parents[1])}
        return {"name": found.name, "variables": variables, "readable": [str(place.parent)], "wanted": None}
    return {
        "name": found.name,
        "variables": {"LABKIT_DATA": "cifar10", "LABKIT_CIFAR10": str(place)},
        "readable": [str(place)],
        "wanted": None,
    }


def _gradebook(out, prepared, names, fresh):
    """Make the report's folder an nbgrader course with the labs in it; submissions that are in it are kept."""
    from labkit.course import report
    from labkit.course.student import make_release

    if fresh and (out / "gradebook.db").exists():
        (out / "gradebook.db").replace(out / "gradebook.db.old")
    if not (out / "gradebook.db").exists():
        report.write(out / "gradebook.db", prepared.book)  # as good as new, and quicker
    try:
        make_release([path for path in prepared.paths if path.stem in names], out, database=True)
    except CourseError as error:
        raise CourseError(
            f"{error}. The report in {out} was made with other exercises: name another folder with "
            "--out, or mark everything again with --fresh."
        ) from None


# --- one submission ------------------------------------------------------------------------------------------------


def make_job(submission, prepared, limits, where, level):
    """All that a process, here or elsewhere, needs to mark one submission: plain values and bytes."""
    source, release = prepared.bytes[submission.lab]
    nb = prepared.release[submission.lab]
    tags = {
        lab_cells.grading(cell).get("grade_id"): cell.metadata.get("tags", [])
        for cell in prepared.source[submission.lab].cells
        if lab_cells.kind(cell)
    }
    exercises = {
        lab_cells.grading(cell)["grade_id"]: {
            "names": lab_cells.names_bound(cell.source),
            "figure": lab_cells.KEY_FIGURE in tags.get(lab_cells.grading(cell)["grade_id"], []),
        }
        for cell in nb.cells
        if lab_cells.kind(cell) == "solution"
    }
    settings = {
        "timeout": limits["timeout"],
        "cell_timeout": limits["cell_timeout"],
        "memory": limits["memory"],
        "whole": limits["whole"],
        "seed": limits["seed"],
        "data": where["name"],
    }
    key = hashlib.sha256()
    for part in (
        submission.content,
        source,
        release,
        _kit_version().encode(),
        json.dumps(settings).encode(),
        submission.student.encode("utf-8", "replace"),
        (submission.trouble.message if submission.trouble else "").encode("utf-8", "replace"),
    ):
        key.update(hashlib.sha256(part).digest())
    return {
        "student": submission.student,
        "lab": submission.lab,
        "key": key.hexdigest(),
        **settings,
        "notes": submission.notes,
        "reference": submission.student == "_reference",
        "exercises": exercises,
        "imports": _labkit_names(nb),
        "sandbox": level,
        "environment": where["variables"],
        "readable": where["readable"],
        "wanted": where["wanted"],
        "submission": submission.content,
        "source": source,
        "release": release,
        "gradebook": prepared.book,
    }


def _labkit_names(nb):
    """The names by which check cells call labkit's modules, such as {"check": "labkit.check"}."""
    import ast

    used = {name for cell in nb.cells if lab_cells.kind(cell) == "check" for name in lab_cells.names_used(cell.source)}
    found = {}
    for cell in nb.cells:
        tree = lab_cells._tree(cell.source) if cell.cell_type == "code" else None
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "labkit":
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return {name: module for name, module in found.items() if name in used}


_running, _stopping = {}, threading.Event()


def mark_one(job):
    """Mark one submission in a process of its own. It runs here or on a Dask worker.

    job: from `make_job`. Returns {"result": ..., "files": {name: bytes}}; it does not raise for what a submission does.
    """
    from labkit.course import sandbox

    # The name of a socket may not be longer than about a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="lk", dir="/tmp" if len(tempfile.gettempdir()) > 60 else None))
    try:
        plain = {name: value for name, value in job.items() if not isinstance(value, bytes)}
        if plain["environment"] is None:
            where = _data(*plain["wanted"])
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
                [sys.executable, "-m", "labkit.course.mark", str(folder)],
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
    from labkit.course import sandbox

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
        result = _blank(job, (folder / "release.ipynb").read_bytes()) | {
            "status": "timed out" if late else "did not run",
            "message": why,
        }
    names = {plot["image"] for plot in result["plots"]} | {"feedback.html", "autograded.ipynb"}
    files = {name: (folder / name).read_bytes() for name in names if name and (folder / name).is_file()}
    result |= {"key": job["key"], "data": job["data"], "notes": job["notes"] + result["notes"]}
    return {"result": result, "files": files}


def _blank(job, release):
    from labkit.course.mark import blank_result

    return blank_result(job, nbformat.reads(release.decode(), as_version=4))


def _not_marked(out, job, submission):
    """The result of a file that cannot even be read, and of one that is missing."""
    from labkit.course import report

    result = _blank(job, job["release"]) | {
        "status": submission.trouble.status,
        "message": submission.trouble.message,
        "notes": submission.notes,
        "key": job["key"],
    }
    report.store(out, result, {})
    return result


def _take(out, job, answer):
    from labkit.course import report

    if isinstance(answer, BaseException):
        why = f"marking failed: {type(answer).__name__}: {str(answer)[:300]}"
        blank = _blank(job, job["release"]) | {"status": "did not run", "message": why, "key": job["key"]}
        answer = {"result": blank, "files": {}}
    report.store(out, answer["result"], answer["files"])
    return answer["result"]


# --- many submissions ----------------------------------------------------------------------------------------------


def _run_all(jobs, workers, client):
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
        from labkit.course import sandbox

        for pid in list(_running):
            sandbox.kill_tree(pid)
        pool.shutdown(wait=True)
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _interrupt(*_):
    raise KeyboardInterrupt


def _dask(address):
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


def _tell(result, done, total):
    from labkit.course import report

    who = "the solved lab" if result["student"] == report.REFERENCE else result["student"]
    points = f"{result['auto_points']:g}/{result['auto_max']:g}"
    more = f": {result['message']}" if result["message"] else ""
    print(
        f"[{done}/{total}] {result['lab']}, {who}: {points}, {result['status']}{more} ({result['seconds']:.0f} s)",
        flush=True,
    )


def _sheet(out):
    try:
        from labkit.course.sheet import write_sheet
    except ImportError:
        return
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
