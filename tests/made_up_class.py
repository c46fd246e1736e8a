"""A made-up class, marked: its results, its plots, its hostile names, and what a browser makes of its contact sheet."""

import csv
import functools
import io
import itertools
import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from labkit.course.report import images, sheet
from labkit.course.report.sheet import write_sheet

LAB = "03_numerical_gradient_descent"


RUBRIC = [
    ("check-score", "Score function", 20),
    ("check-log-softmax-loss", "Loss function", 20),
    ("check-vectorised", "Fully vectorised", 20),
    ("check-numerical-gradient", "Numerical gradient", 10),
    ("check-gradient-descent", "Gradient descent", 10),
    ("check-accuracy", "Accuracy", 5),
    ("check-cost-plot", "Plot of the loss", 10),
    ("check-accuracy-plot", "Plot of the accuracy", 5),
]


PLOTS = [("cost-plot", "Plot of the loss", 10.0), ("accuracy-plot", "Plot of the accuracy", 5.0)]


HOSTILE = [
    "</script><script>window.hacked=1</script>",
    '"><img src=x onerror=window.hacked=1>',
    '=HYPERLINK("http://x")',
    'Ünal, Zoë; "Z"',
    "{{ 7*7 }}",
    "'quoted",
    "+1\u202eevil",
    "long" * 40,
    "-->\u2028<!--",
    "&lt;b&gt;",
]


@functools.cache
def backgrounds():
    """Two real figures of the lab's style, with and without labels, for the students' curves."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    found = {}
    with plt.style.context(str(Path(sheet.__file__).parents[2] / "labkit.mplstyle")):
        for labelled in (True, False):
            for name, limits in (("cost-plot", (2.0, 2.5)), ("accuracy-plot", (0.05, 0.3))):
                fig, ax = plt.subplots()
                ax.set(xlim=(0, 1000), ylim=limits)
                if labelled:
                    what = "loss" if name == "cost-plot" else "share classified correctly"
                    ax.set(
                        xlabel="step of gradient descent", ylabel=what, title=f"The {what} on 1,000 images (stand-in)"
                    )
                data = io.BytesIO()
                fig.savefig(data)
                plt.close(fig)
                found[name, labelled] = Image.open(data).convert("RGB")
    return found


def draw(path, base, rng, falls):
    """A curve of its own over a figure's axes."""
    image = base.copy()
    x = np.linspace(0, 1, 120)
    y = (np.exp(-6 * x) if falls else 1 - 0.8 * np.exp(-5 * x)) * rng.uniform(0.6, 1) + rng.normal(0, 0.02, x.size)
    points = list(zip(90 + x * 570, 350 - np.clip(y, 0, 1) * 280))
    ImageDraw.Draw(image).line(points, fill=(0, 114, 178), width=2, joint="curve")
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, compress_level=1)


def plot_entry(student, number, flags=(), image=True):
    name, row, points = PLOTS[number]
    return {
        "id": name,
        "row": row,
        "image": f"plots/{student}/{LAB}/{name}.png" if image else "",
        "width": 700,
        "height": 420,
        "flags": list(flags),
        "alt": f"{row}",
        "max_points": points,
    }


def result(student, lab=LAB, status="ok", points=None, plots=(), **more):
    points = [p for *_, p in RUBRIC] if points is None else points
    rubric = [
        {
            "id": i,
            "row": r,
            "points": float(p),
            "max_points": float(m),
            "kind": "auto",
            "verdict": f"✔ {r}" if p == m else f"✘ {r}: wrong axis",
            "error": "",
        }
        for (i, r, m), p in zip(RUBRIC, points)
    ]
    return {
        "student": student,
        "lab": lab,
        "title": "Lab 3: gradient descent with numerical gradients",
        "status": status,
        "message": "",
        "notes": [],
        "seconds": 41.2,
        "data": "stand-in",
        "rubric": rubric,
        "auto_points": float(sum(points)),
        "auto_max": 100.0,
        "manual_max": 0.0,
        "plots": list(plots),
        "feedback": "",
        **more,
    }


def save(report, entry, folder=None):
    path = report / "results" / (folder or entry["student"]) / f"{entry['lab']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(entry), encoding="utf-8")


def make_class(report, count, seed=0, hostile=()):
    """A report folder with `count` students: mostly fine, every 7th without labels, every 11th inaccurate,
    every 13th not run, every 17th missing; and the hostile ones, whose folders have tame names."""
    rng, base = np.random.default_rng(seed), backgrounds()
    for number, (name, *_) in enumerate(PLOTS):
        draw(report / f"reference/{LAB}/{name}.png", base[name, True], rng, number == 0)
    reference = result(
        "_reference", plots=[plot_entry("x", k) | {"image": f"reference/{LAB}/{PLOTS[k][0]}.png"} for k in (0, 1)]
    )
    save(report, reference, "_reference")
    names = [f"student{i:03d}" for i in range(count)]
    for i, student in enumerate([*names, *hostile]):
        tame = student if i < count else f"hostile{i - count}"
        points, more = [p for *_, p in RUBRIC], {}
        if i % 17 == 16:
            save(report, result(student, status="missing", points=[], message="not handed in"), tame)
            continue
        if i % 13 == 12:
            more = {
                "message": "the notebook stopped at cell 7: NameError: name 'X' is not defined",
                "notes": ["check cell check-score was deleted: put back"],
            }
            save(
                report,
                result(
                    student,
                    status="did not run",
                    points=[0] * 8,
                    plots=[plot_entry(tame, k, image=False) for k in (0, 1)],
                    **more,
                ),
                tame,
            )
            continue
        labels, accurate = i % 7 != 6, i % 11 != 10
        points[6] = 10 if labels else 5
        points[1] = 20 if i % 3 else 12
        points[7] = 5 if accurate else 2
        entries = [
            plot_entry(tame, 0, () if labels else ("missing axis labels",)),
            plot_entry(tame, 1, () if accurate else ("below the promised accuracy",)),
        ]
        for number, entry in enumerate(entries):
            draw(report / entry["image"], base[entry["id"], labels], rng, number == 0)
        save(report, result(student, points=points, plots=entries, **more), tame)
    return report


WRITTEN = {"id": "why", "row": "Why it falls", "points": None, "max_points": 4.0, "kind": "manual", "error": ""}
SOLVED = (
    "Why?\n### BEGIN SOLUTION\nIt follows $-\\nabla L$.\n### END SOLUTION\n"
    "### BEGIN MARKING NOTES\nTwo for downhill.\n### END MARKING NOTES"
)


def with_words(report):
    """A class of three with a written answer each."""
    for name, words in (
        ("ada17", "Because **ada17** says $x^2$."),
        ("bob", "<script>window.hacked=1</script>"),
        ("eve", ""),
    ):
        entry = result(name, notes=[f"the file is called {name}.ipynb"], message="", feedback=f"feedback/{name}/x.html")
        entry["rubric"].append(WRITTEN | {"verdict": words})
        save(report, entry)
    entry = result("_reference")
    entry["rubric"].append(WRITTEN | {"verdict": SOLVED})
    save(report, entry)
    return report


class Page(HTMLParser):
    """What a browser would make of the page: elements, attributes, and the text in each script and row."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.scripts, self.rows, self.names, self._in = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._in.append(tag)
        if tag == "script":
            self.scripts.append([dict(attrs), ""])
        if tag == "tr" and "data-line" in dict(attrs) and dict(attrs)["data-line"] != "-1":
            self.rows.append([])
            self.names.append("")
        if self.rows:
            self.rows[-1].append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        while self._in and self._in.pop() != tag:
            pass

    def handle_data(self, data):
        if self._in and self._in[-1] == "script":
            self.scripts[-1][1] += data
        if self._in and self._in[-1] == "bdi" and self.names and "tbody" in self._in:
            self.names[-1] += data


def parsed(path):
    return Page(path.read_text(encoding="utf-8"))


def model_of(path):
    return json.loads(next(text for attrs, text in parsed(path).scripts if attrs.get("id") == "model"))


def many_students(folder, monkeypatch, count=300):
    """A page with 2 x `count` different plots, of which only a few are drawn and encoded: as many bytes, less time."""
    make_class(folder, 14)
    for i in range(14, count):
        name = f"student{i:03d}"
        save(folder, result(name, points=[20, 12, 20, 10, 10, 5, 10, 5], plots=[plot_entry(name, k) for k in (0, 1)]))
    encoded = [images.picture_of(path) for path in sorted((folder / "plots").glob("*/*/*.png"))]
    turns = itertools.cycle(encoded)
    monkeypatch.setattr(sheet, "picture_of", lambda path: next(turns) | {"digest": str(path)})
    path = write_sheet(folder)
    assert len(model_of(path)["files"]) >= 2 * count * 0.85
    return path


def csv_of(path, lines, **options):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, **options).writerows([["student", "lab", "id", "points", "comment"], *lines])
    return path
