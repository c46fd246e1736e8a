"""How long it takes to mark a class: 60 submissions of lab 3, half of them with mistakes.

    python -m pytest -o addopts= tests/benchmarks/test_marking.py -s

The figure goes into INSTRUCTORS.md. LABKIT_CLASS=10 marks fewer and scales up.
"""

import os
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

COUNT = int(os.environ.get("LABKIT_CLASS", "60"))


def test_sixty_submissions_of_lab_3(tmp_path):
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
        (tmp_path / "in" / f"student-{i:02}").mkdir(parents=True)
        nbformat.write(nb, tmp_path / "in" / f"student-{i:02}" / path.name)
    data = ["--standin"] if os.environ.get("LABKIT_DATA") == "standin" else []
    started = time.monotonic()
    assert (
        main(
            [
                "grade",
                str(tmp_path / "in"),
                "--out",
                str(tmp_path / "report"),
                "--notebooks",
                str(path.parent),
                "--labs",
                "3",
                "--jobs",
                "2",
                *data,
            ]
        )
        == 0
    )
    seconds = (time.monotonic() - started) * 60 / COUNT
    print(f"\n60 submissions of lab 3, two at a time: {seconds / 60:.1f} min")
    assert seconds < 8 * 60
