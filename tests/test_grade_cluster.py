"""Marking on a Dask cluster: the same points as here, nothing lost and nothing twice when a worker is killed."""

import json
import threading
import time

import nbformat
import pytest
import tiny_lab

from labkit.course.cli import main
from labkit.course.labs import CourseError
from labkit.course.marking import cluster as dask
from labkit.course.release import make_release

distributed = pytest.importorskip("distributed")
STUDENTS = [f"s{i}" for i in range(3)]


def test_a_worker_killed_in_the_middle_loses_nothing(tmp_path, capsys):
    notebooks = tiny_lab.write(tmp_path / "notebooks")
    make_release([notebooks / f"{tiny_lab.NAME}.ipynb"], tmp_path)
    release = nbformat.read(tmp_path / "release" / tiny_lab.NAME / f"{tiny_lab.NAME}.ipynb", as_version=4)
    for student in STUDENTS:
        wrong = {"score": "def score(X, W):\n    return X * 2"} if student == "s2" else {}
        (tmp_path / "in" / student).mkdir(parents=True)
        nbformat.write(
            tiny_lab.answered(release, tiny_lab.lab(), **wrong), tmp_path / "in" / student / f"{tiny_lab.NAME}.ipynb"
        )
    killed = []

    def kill_one(cluster, client):
        """Kill the process of a worker as soon as a submission is being marked on it."""
        while not killed:
            busy = [address for address, tasks in client.processing().items() if tasks]
            done = list((tmp_path / "report" / "results").glob("*/*.json"))
            if busy and done:
                nanny = next(w for w in cluster.workers.values() if w.worker_address == busy[0])
                killed.append(nanny.pid)
                nanny.process.process._process.kill()
            time.sleep(0.05)

    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        killer = threading.Thread(target=kill_one, args=(cluster, client), daemon=True)
        killer.start()
        status = main(
            [
                "grade",
                str(tmp_path / "in"),
                "--out",
                str(tmp_path / "report"),
                "--notebooks",
                str(notebooks),
                "--standin",
                "--scheduler",
                cluster.scheduler_address,
            ]
        )
        killer.join(5)
    out = capsys.readouterr().out
    assert status == 0 and killed, out
    points = {}
    for student in STUDENTS:
        result = json.loads((tmp_path / "report" / "results" / student / f"{tiny_lab.NAME}.json").read_text())
        points[student] = result["auto_points"]
        assert (tmp_path / "report" / result["plots"][0]["image"]).is_file()
        assert out.count(f"{tiny_lab.NAME}, {student}: ") == 1, out
    assert points == dict.fromkeys(STUDENTS, 35.0) | {"s2": 15.0}
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{tmp_path / 'report' / 'gradebook.db'}") as book:
        assert {s.student.id: s.score for s in book.assignment_submissions(tiny_lab.NAME)} == points


def test_no_scheduler_is_one_sentence(tmp_path, capsys, monkeypatch):
    (tmp_path / "in" / "ada").mkdir(parents=True)
    monkeypatch.setattr(distributed.Client, "__init__", lambda self, *a, **k: (_ for _ in ()).throw(OSError("refused")))
    status = main(
        [
            "grade",
            str(tmp_path / "in"),
            "--out",
            str(tmp_path / "r"),
            "--scheduler",
            "tcp://127.0.0.1:9",
            "--notebooks",
            str(tiny_lab.write(tmp_path / "n")),
        ]
    )
    assert status == 1 and "no Dask scheduler answers" in capsys.readouterr().err


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(dask, "distributed", None)
    with pytest.raises(CourseError, match=r"labkit\[cluster\]"):
        dask.connect("tcp://127.0.0.1:9")
