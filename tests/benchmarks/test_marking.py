"""How long it takes to mark a class: submissions of lab 3, half of them with mistakes.

    python -m pytest -o addopts= tests/benchmarks/test_marking.py -s

LABKIT_CLASS says how many are marked. What is done once for a class is told from what each submission takes by marking
one first; the processor time of all processes together is scaled up to 300 on two idle cores, so that what else runs on
the computer counts little. The figure goes into INSTRUCTORS.md.
"""

import ctypes
import os
import resource
import shutil
import sys
import time
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).parents[1]))
import test_proof
import tiny_lab

from labkit.course import cells as labs
from labkit.course.cli import main
from labkit.course.release import make_release

COUNT, CLASS, CORES, MINUTES = int(os.environ.get("LABKIT_CLASS", "40")), 300, 2, 6
_PR_SET_CHILD_SUBREAPER = 36


def processor_time():
    """Seconds of this process and of all that it started and that have ended, whoever their parent was."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def test_three_hundred_submissions_of_lab_3(tmp_path):
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # a kernel that is killed with its parent counts too
    path = next(path for path in test_proof.LABS if path.name.startswith("03"))
    make_release([path], tmp_path)
    release = nbformat.read(tmp_path / "release" / path.stem / path.name, as_version=4)
    source, table = labs.read_lab(path), test_proof.TABLES[path.name]
    for i in range(COUNT):
        nb = (
            tiny_lab.answered(release, source)
            if i % 2 == 0
            else test_proof._mixed((path, source, release, table, None), "WRONG", i)[0]
        )
        (tmp_path / "all" / f"student-{i:02}").mkdir(parents=True)
        nbformat.write(nb, tmp_path / "all" / f"student-{i:02}" / path.name)
    shutil.copytree(tmp_path / "all" / "student-00", tmp_path / "one" / "student-00")
    one, _ = _marked(tmp_path / "one", tmp_path / "first", path)
    every, passed = _marked(tmp_path / "all", tmp_path / "report", path)
    each = (every - one) / (COUNT - 1)
    minutes = (one + (CLASS - 1) * each) / CORES / 60
    print(f"\n{COUNT} submissions of lab 3: {each:.2f} s of processor time each, {one - each:.0f} s for the class")
    print(f"{CLASS} of them on {CORES} idle cores: {minutes:.1f} min ({passed:.0f} s passed for the {COUNT})")
    assert minutes < MINUTES


def _marked(submissions, report, path):
    """(processor time, time passed) in seconds of marking a folder of submissions."""
    data = ["--standin"] if os.environ.get("LABKIT_DATA") == "standin" else []
    where = ["--out", str(report), "--notebooks", str(path.parent)]
    started, used = time.monotonic(), processor_time()
    assert main(["grade", str(submissions), *where, "--labs", "3", *data]) == 0
    return processor_time() - used, time.monotonic() - started
