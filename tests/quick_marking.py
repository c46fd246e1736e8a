"""`labkit grade` on a tiny lab without running anything: made-up marks in the place of those of the marker."""

import json

import tiny_lab

from labkit.course.cli import main
from labkit.course.marking import grade
from labkit.course.marking.workers import unmarked
from labkit.course.report import settle
from labkit.course.report.result import Plot, Status

NAME = tiny_lab.NAME
AUTO = {"check-score": 20.0, "check-accuracy": 5.0, "check-cost-plot": 10.0}
LOST = {"bob": {"check-score": 9.0}, "blank": dict(AUTO)}
# What a feedback page has around its points, see `feedback.html.j2`.
PAGE = """<body><header>
<!-- labkit: points --><p><b>35</b> of 39 points, {name}</p><!-- labkit: end of points -->
</header><section><p class="earned"><span>Why</span> <b data-row="why">not marked yet</b></p>
<p>{words}</p></section></body>"""


def write_class(folder, words):
    """The solved lab, its student edition, and a submission of each student in `words`: {student: written answer}."""
    _, release = tiny_lab.handed_out(folder)
    for student, text in words.items():
        (folder / "subs" / student).mkdir(parents=True)
        nb = tiny_lab.answered(release, tiny_lab.lab(), why=text) if text else release
        (folder / "subs" / student / f"{NAME}.ipynb").write_text(json.dumps(nb), encoding="utf-8")


def without_running(monkeypatch, words, statistics=False):
    """Let `labkit grade` take made-up marks; the statistics page, which takes a second to draw, is left out."""
    marked = []

    def run_here(jobs, at_a_time):
        for job in jobs:
            marked.append((job.student, job.lab))
            yield job, (_mark(job, words), _page(job, words))

    monkeypatch.setattr(grade, "run_here", run_here)
    if not statistics:
        monkeypatch.setattr(settle, "write_statistics", lambda *arguments: None)
    return marked


def _mark(job, words):
    mark = unmarked(job, Status.OK, "")
    mark.seconds, lost = 1.0, {} if job.reference else LOST.get(job.student, {})
    written = job.reference or words.get(job.student)
    for row in mark.rubric:
        row.points = row.max_points - lost.get(row.id, 0.0) if row.kind == "auto" else None if written else 0.0
        row.verdict = words.get(job.student, "") if row.kind == "manual" else ""
    if job.student != "blank":
        mark.plots = [Plot("cost-plot", "Cost plot", 10.0)]
    return mark


def _page(job, words):
    if job.reference:
        return {}
    return {"feedback.html": PAGE.format(name=job.lab, words=words.get(job.student, "")).encode()}


def run(folder, *more):
    """`labkit grade` on that class; returns its exit status."""
    command = ["grade", str(folder / "subs"), "--out", str(folder / "report"), "--notebooks", str(folder / "notebooks")]
    return main([*command, "--standin", *more])
