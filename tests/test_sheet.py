"""The contact sheet: what is in the page, what it does with hostile text, and how it behaves in a real browser."""

import base64
import csv
import functools
import io
import itertools
import json
import shutil
import time
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from labkit.course import sheet
from labkit.course.sheet import merge_eye_points, read_eye_points, write_eye_points, write_sheet

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


# --- a made-up class ---------------------------------------------------------------------------------------------


@functools.cache
def backgrounds():
    """Two real figures of the lab's style, with and without labels, for the students' curves."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    found = {}
    with plt.style.context(str(Path(sheet.__file__).parents[1] / "labkit.mplstyle")):
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


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return make_class(tmp_path_factory.mktemp("class"), 26, hostile=HOSTILE)


@pytest.fixture(scope="module")
def page(report):
    return write_sheet(report)


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


# --- the page ----------------------------------------------------------------------------------------------------


def test_a_row_per_student_with_points_verdicts_plots_and_fields(page):
    html = parsed(page)
    assert len(html.rows) == 26 + len(HOSTILE)
    first = html.rows[html.names.index("student000")]
    assert [a["data-c"] for t, a in first if "data-c" in a] == [
        "0",
        "0.points",
        "0.comment",
        "1",
        "1.points",
        "1.comment",
        *(f"auto.{i}" for i in range(8)),
    ]
    for tag, attrs in html.elements:
        if tag == "img" and "data-n" in attrs:
            assert attrs["alt"].strip() and int(attrs["width"]) == 700 and "src" not in attrs
        if tag == "input" and attrs.get("class") in ("points", "comment") and "data-c" in attrs:
            assert "Plot of the" in attrs["aria-label"]


def test_the_page_loads_nothing_and_every_picture_is_in_it(page):
    html = parsed(page)
    for tag, attrs in html.elements:
        assert tag not in ("link", "iframe", "object", "embed", "base") or attrs.get("href") == "data:,"
        assert not (tag in ("script", "img") and "src" in attrs)
    ids = {attrs["id"]: text for attrs, text in html.scripts if "id" in attrs}
    used = {attrs["data-n"] for tag, attrs in html.elements if tag == "img" and "data-n" in attrs}
    assert used and all(f"t{n}" in ids and f"e{n}" in ids for n in used)
    for name, text in ids.items():
        if name != "model":
            kind, data = text.split(";base64,")
            with Image.open(io.BytesIO(base64.b64decode(data))) as image:
                assert (
                    image.width == (sheet.THUMBNAIL if name[0] == "t" else 700)
                    and f"image/{image.format.lower()}" in kind
                )


def test_names_and_texts_of_students_stay_text(page):
    html = parsed(page)
    assert set(HOSTILE) <= set(html.names)
    assert {line["student"] for line in model_of(page)["labs"][0]["lines"]} == set(html.names)
    running = [text for attrs, text in html.scripts if attrs.get("type") is None]
    assert len(running) == 1 and running[0] == (sheet.TEMPLATES / "sheet.js").read_text(encoding="utf-8")
    assert not any(name.startswith("on") for _, attrs in html.elements for name in attrs)
    assert not any("window.hacked" in (attrs.get("src") or "") or attrs.get("src") == "x" for _, attrs in html.elements)


def test_hostile_text_in_every_field_stays_text(tmp_path):
    bad = "</script><img src=x onerror=alert(1)>\x00\u2028&lt;"
    entry = result(
        "ada",
        title=bad,
        message=bad,
        notes=[bad] * 9,
        status=bad,
        data=bad,
        feedback="javascript:alert(1)",
        plots=[{"id": bad, "row": bad, "image": bad, "flags": [bad], "alt": bad, "max_points": 3}],
    )
    entry["rubric"][0] |= {"verdict": bad, "error": bad + "!", "row": bad, "id": bad}
    save(tmp_path, entry | {"lab": "03"})
    html = parsed(write_sheet(tmp_path, eye_csv=csv_of(tmp_path / "e.csv", [["ada", "03", bad, "2", bad]])))
    assert not [a for t, a in html.elements if t == "img" and a.get("src")]
    assert not [a for t, a in html.elements if a.get("href", "").startswith("javascript")]
    assert len([1 for attrs, _ in html.scripts if attrs.get("type") is None]) == 1


def test_every_status_is_told_and_a_lab_not_handed_in_has_a_row(tmp_path):
    statuses = ["did not run", "ran with errors", "not readable", "too large", "timed out", "out of memory", "missing"]
    for i, status in enumerate(statuses):
        save(tmp_path, result(f"s{i}", status=status, points=[], message=f"said {i}"))
    save(tmp_path, result("only-in-04", lab="04_softmax"))
    save(tmp_path, result("s0", lab="04_softmax"))
    text = write_sheet(tmp_path).read_text()
    assert all(f"said {i}" in text for i in range(7))
    labs = {lab["name"]: lab["lines"] for lab in model_of(tmp_path / "index.html")["labs"]}
    assert [line["student"] for line in labs[LAB]] == ["only-in-04", *(f"s{i}" for i in range(7))]
    assert labs[LAB][0]["status"] == "missing" and labs[LAB][0]["flags"] == ["not handed in"]
    flags = {line["status"]: line["flags"] for line in labs[LAB]}
    assert all("did not run" in flags[s] for s in statuses if s not in ("ran with errors", "missing"))
    assert len(labs["04_softmax"]) == 8


@pytest.mark.parametrize(
    "spoil, said",
    [
        (lambda p: p.unlink(), "missing"),
        (lambda p: p.write_bytes(b"no image"), "cannot be read"),
        (lambda p: p.write_bytes(p.read_bytes()[:300]), "cannot be read"),
        (lambda p: p.write_bytes(b""), "cannot be read"),
        (lambda p: Image.new("1", (9000, 9000)).save(p), "too large"),
    ],
)
def test_a_plot_that_cannot_be_shown_is_told(tmp_path, spoil, said):
    make_class(tmp_path, 2)
    spoil(tmp_path / f"plots/student000/{LAB}/cost-plot.png")
    plots = model_of(write_sheet(tmp_path))["labs"][0]["lines"][0]["plots"]
    assert said in plots[0]["problem"] and plots[0]["picture"] == -1 and plots[1]["picture"] >= 0


def test_files_outside_of_the_report_are_not_shown(tmp_path):
    make_class(tmp_path / "report", 1)
    Image.new("RGB", (50, 50), "red").save(tmp_path / "secret.png")
    (tmp_path / "report/plots/link.png").symlink_to(tmp_path / "secret.png")
    for image in ("../secret.png", str(tmp_path / "secret.png"), "plots/link.png"):
        entry = result("eve", plots=[plot_entry("eve", 0) | {"image": image}])
        save(tmp_path / "report", entry | {"feedback": "../secret.png"})
        path = write_sheet(tmp_path / "report")
        line = model_of(path)["labs"][0]["lines"][0]
        assert line["student"] == "eve" and "outside" in line["plots"][0]["problem"]
        assert "secret" not in path.read_text()


def test_unreadable_results_are_named_and_the_others_shown(tmp_path):
    make_class(tmp_path, 2)
    (tmp_path / "results/student000" / f"{LAB}.json").write_text('{"student": "stu')
    (tmp_path / "results/student009").mkdir()
    (tmp_path / f"results/student009/{LAB}.json").write_text("[1]")
    text = write_sheet(tmp_path).read_text()
    assert "results/student000/" in text and "results/student009/" in text and "could not be read" in text
    with pytest.raises(ValueError, match="no results of marking"):
        write_sheet(tmp_path / "nowhere")


def test_names_that_are_no_text_are_shown(tmp_path):
    save(tmp_path, result("caf\udce9"), "x")
    assert model_of(write_sheet(tmp_path))["labs"][0]["lines"][0]["student"] == "caf\\udce9"


def test_kinds_of_images(tmp_path):
    """Transparent, palette, 16 bit, tiny, very tall and photograph-like images all become a legible thumbnail."""
    noise = np.random.default_rng(0).integers(0, 255, (300, 500, 3), np.uint8)
    images = {
        "clear": Image.new("RGBA", (400, 300), (0, 0, 0, 0)),
        "palette": Image.new("P", (90, 50)),
        "tiny": Image.new("L", (1, 1)),
        "deep": Image.fromarray(np.full((40, 60), 40000, np.uint16)),
        "tall": Image.new("RGB", (100, 5000), "red"),
        "noise": Image.fromarray(noise),
    }
    for name, image in images.items():
        image.save(tmp_path / f"{name}.png")
        found = sheet._pictures(tmp_path / f"{name}.png")
        with Image.open(io.BytesIO(base64.b64decode(found["thumbnail"].split(",")[1]))) as small:
            assert small.width <= sheet.THUMBNAIL and small.height <= 1.5 * sheet.THUMBNAIL
            if name == "clear":
                assert np.asarray(small.convert("L")).min() > 250  # on white, as a browser shows it on paper


def test_enlarged_plots_beyond_the_budget_stay_files(report, tmp_path, monkeypatch):
    monkeypatch.setattr(sheet, "BUDGET", 300_000)
    path = write_sheet(report, out=tmp_path / "elsewhere" / "sheet one.html")
    ids = {attrs.get("id", "") for attrs, _ in parsed(path).scripts}
    left_out = [i for i in ids if i.startswith("t") and f"e{i[1:]}" not in ids]
    assert left_out and any(i.startswith("e") for i in ids)
    files = model_of(path)["files"]
    assert all((path.parent / files[int(i[1:])]).is_file() for i in left_out)


def many_students(folder, monkeypatch, count=300):
    """A page with 2 x `count` different plots, of which only a few are drawn and encoded: as many bytes, less time."""
    make_class(folder, 14)
    for i in range(14, count):
        name = f"student{i:03d}"
        save(folder, result(name, points=[20, 12, 20, 10, 10, 5, 10, 5], plots=[plot_entry(name, k) for k in (0, 1)]))
    encoded = [sheet._pictures(path) for path in sorted((folder / "plots").glob("*/*/*.png"))]
    turns = itertools.cycle(encoded)
    monkeypatch.setattr(sheet, "_pictures", lambda path: next(turns) | {"digest": str(path)})
    path = write_sheet(folder)
    assert len(model_of(path)["files"]) >= 2 * count * 0.85
    return path


def test_size_of_the_page_for_300_students(tmp_path, monkeypatch):
    """Two plots for each of 300 students, thumbnails and enlarged, can be mailed."""
    size = many_students(tmp_path, monkeypatch).stat().st_size
    print(f"\n300 students, 2 plots each: {size / 1e6:.1f} MB")
    assert size < 10e6


# --- points given by eye -----------------------------------------------------------------------------------------


def csv_of(path, lines, **options):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, **options).writerows([["student", "lab", "id", "points", "comment"], *lines])
    return path


def test_points_by_eye_replace_the_check_of_their_plot_and_other_points_add(tmp_path):
    marked = result(
        "ada",
        points=[20, 20, 20, 10, 10, 5, 10, 2],
        plots=[
            plot_entry("ada", 0),
            plot_entry("ada", 1),
            {"id": "filters", "row": "Filters", "image": "", "max_points": 4, "flags": []},
        ],
    )
    marked["rubric"].append(
        {"id": "derivation", "row": "Derivation", "points": 0.0, "max_points": 6.0, "kind": "manual"}
    )
    eye = {
        ("ada", LAB, "cost-plot"): {"points": 7.5, "comment": "no unit"},
        ("ada", LAB, "filters"): {"points": 3.0, "comment": ""},
    }
    (merged,), problems = merge_eye_points([marked], eye)
    assert (merged["points"], merged["max_points"], problems) == (97 - 10 + 7.5 + 3, 110, [])
    assert merged["eye_open"] == ["derivation"] and merged["eye"]["cost-plot"]["comment"] == "no unit"
    assert {r["id"]: r["points"] for r in merged["rubric"]}["check-cost-plot"] == 7.5
    assert marked["rubric"][6]["points"] == 10 and "points" not in marked
    eye = {
        ("ada", LAB, "derivation"): {"points": 6.0, "comment": ""},
        ("ada", LAB, "accuracy-plot"): {"points": None, "comment": "see me"},
    }
    (merged,), _ = merge_eye_points([marked], eye)
    assert merged["points"] == 97 + 6 and merged["eye_open"] == ["filters"]


def test_points_by_eye_that_fit_nothing_are_named_and_left_out():
    eye = {
        ("ada", LAB, "cost-plot"): {"points": 11.0, "comment": ""},
        ("bob", LAB, "cost-plot"): {"points": 1.0, "comment": ""},
        ("ada", LAB, "nothing"): {"points": 1.0, "comment": ""},
    }
    (merged,), problems = merge_eye_points([result("ada", plots=[plot_entry("ada", 0)])], eye)
    assert merged["points"] == 100 and merged["eye"] == {}
    assert len(problems) == 3 and "at most 10" in problems[0] and "bob" in problems[1] and "nothing" in problems[2]


def test_a_student_without_plots_can_be_given_points_for_those_of_the_lab():
    both = [result("ada", plots=[plot_entry("ada", 0)]), result("bob", points=[], status="not readable")]
    merged, problems = merge_eye_points(both, {("bob", LAB, "cost-plot"): {"points": 4.0, "comment": ""}})
    assert not problems and merged[1]["points"] == 4 and merged[1]["max_points"] == merged[0]["max_points"] == 100


def test_csv_round_trip_guards_formulas(tmp_path):
    names = [*HOSTILE, "a\nb", "\t=1", " =1", "'=1", "''", "007"]
    eye = {(name, LAB, "cost-plot"): {"points": i / 4 or None, "comment": f"=cmd|{i}"} for i, name in enumerate(names)}
    write_eye_points(eye, tmp_path / "eye.csv")
    assert read_eye_points(tmp_path / "eye.csv") == eye
    text = (tmp_path / "eye.csv").read_text(encoding="utf-8-sig")
    for line in csv.reader(io.StringIO(text, newline="")):
        assert not any(field.lstrip()[:1] in "=+-@" and field for field in line)


@pytest.mark.parametrize("encoding, delimiter", [("utf-8", ","), ("utf-8-sig", ";"), ("cp1252", ";"), ("utf-16", "\t")])
def test_csv_as_spreadsheets_save_it(tmp_path, encoding, delimiter):
    rows = [
        ["Comment", "student", "lab", "id", "points"],
        ["gut, für wahr", "Zoë", LAB, "cost-plot", "7,5"],
        ["", "", "", "", ""],
    ]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    (tmp_path / "eye.csv").write_bytes(text.getvalue().encode(encoding))
    assert read_eye_points(tmp_path / "eye.csv") == {
        ("Zoë", LAB, "cost-plot"): {"points": 7.5, "comment": "gut, für wahr"}
    }


@pytest.mark.parametrize(
    "line, said",
    [
        (["ada", LAB, "p", "many"], "line 2: points"),
        (["ada", LAB, "p", "-1"], "line 2: points"),
        (["ada", LAB, "p", "nan"], "points"),
        (["ada", LAB, "p", "inf"], "points"),
        (["ada", "", "p", "1"], "line 2: student, lab and id"),
        (["ada", LAB, "p", "1e999"], "points"),
    ],
)
def test_csv_that_is_wrong_is_refused_with_its_line(tmp_path, line, said):
    with pytest.raises(ValueError, match=said):
        read_eye_points(csv_of(tmp_path / "eye.csv", [line]))


def test_csv_that_is_none_or_disagrees_is_refused(tmp_path):
    (tmp_path / "eye.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    with pytest.raises(ValueError, match="first line must name the columns"):
        read_eye_points(tmp_path / "eye.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ValueError, match="columns"):
        read_eye_points(tmp_path / "empty.csv")
    with pytest.raises(ValueError, match="line 3.*twice"):
        read_eye_points(csv_of(tmp_path / "eye.csv", [["a", "l", "p", "1", ""], ["a", "l", "p", "2", ""]]))
    with pytest.raises(ValueError, match="cannot read"):
        read_eye_points(tmp_path / "nowhere.csv")


def test_the_page_shows_eye_csv_of_the_report(tmp_path):
    make_class(tmp_path, 3)
    csv_of(tmp_path / "eye.csv", [["student000", LAB, "cost-plot", "6", "thin"], ["gone", LAB, "cost-plot", "1", ""]])
    path = write_sheet(tmp_path)
    values = {a["data-c"]: a.get("value") for t, a in parsed(path).rows[0] if t == "input"}
    assert values["0.points"] == "6" and values["0.comment"] == "thin"
    assert model_of(path)["eye"] == [["student000", LAB, "cost-plot", 6.0, "thin"]]
    assert "eye.csv names gone" in path.read_text()


def test_command_line(tmp_path, capsys):
    from labkit.course.cli import main

    make_class(tmp_path / "report", 1)
    eye = csv_of(tmp_path / "mine.csv", [["student000", LAB, "cost-plot", "6", ""]])
    assert main(["sheet", str(tmp_path / "report"), "--eye", str(eye), "--out", str(tmp_path / "x.html")]) == 0
    assert "x.html (0." in capsys.readouterr().out and model_of(tmp_path / "x.html")["eye"]
    assert main(["sheet", str(tmp_path / "nowhere")]) == 1
    assert "no results of marking" in capsys.readouterr().err
    assert main(["sheet", str(tmp_path / "report"), "--eye", str(tmp_path / "none.csv")]) == 1
    assert "cannot read" in capsys.readouterr().err


# --- in a browser ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium():
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    from selenium.webdriver.chrome.service import Service

    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if not program or not driver:
        pytest.skip("Chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1400,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(driver))
    yield browser
    browser.quit()


@pytest.fixture
def opened(chromium, page):
    """The page as it is opened for the first time."""
    chromium.get(page.as_uri())
    chromium.execute_script("localStorage.clear()")
    chromium.get(page.as_uri())
    yield chromium
    assert [e for e in chromium.get_log("browser") if e["level"] in ("SEVERE", "WARNING")] == []
    assert chromium.execute_script("return window.hacked") is None
    chromium.execute_script("localStorage.clear()")


def find(browser, selector):
    return browser.find_element("css selector", selector)


def row(browser, student):
    """The number of a student's row, and what finds it."""
    lines = browser.execute_script(
        "return JSON.parse(document.querySelector('#model').textContent).labs[0].lines.map(l => l.student)"
    )
    return f"tbody tr[data-line='{lines.index(student)}']"


def shown_names(browser):
    return browser.execute_script(
        "return [...document.querySelectorAll('tbody tr:not([hidden]) bdi')].map(e => e.textContent)"
    )


def keys(browser, *what):
    browser.switch_to.active_element.send_keys(*what)


def focus(browser, selector):
    browser.execute_script("document.querySelector(arguments[0]).focus()", selector)


def focused(browser):
    """Student and place of what has the focus."""
    return browser.execute_script(
        "const e = document.activeElement; return [e.closest('tr')?.querySelector('bdi')?.textContent, e.dataset.c]"
    )


def csv_text(browser):
    """What Export writes, caught on its way to the disk."""
    return browser.execute_async_script("""
        const done = arguments[0], make = URL.createObjectURL, click = HTMLAnchorElement.prototype.click;
        URL.createObjectURL = (blob) => {
          blob.arrayBuffer().then((b) => done(new TextDecoder("utf-8", {ignoreBOM: true}).decode(b)));
          return "blob:x";
        };
        HTMLAnchorElement.prototype.click = function () { if (this.download !== "eye.csv") done("wrong name"); };
        document.querySelector("#export").click();
        URL.createObjectURL = make; HTMLAnchorElement.prototype.click = click;""")


def test_filters_search_and_sort(opened):
    def choose(flag):
        opened.execute_script("document.querySelector(`.filters input[value='${arguments[0]}']`).click()", flag)

    everybody = shown_names(opened)
    choose("missing axis labels")
    labels = {(*(f"student{i:03d}" for i in range(26)), *HOSTILE)[i] for i in range(36) if i % 7 == 6 and i % 17 != 16}
    labels = {n for n in labels if n not in ("student012", "student025")}  # these did not run
    assert set(shown_names(opened)) == labels
    choose("below the promised accuracy")
    assert labels < set(shown_names(opened)) and "student010" in shown_names(opened)
    choose("missing axis labels")
    choose("below the promised accuracy")
    choose("did not run")
    assert [n for n in shown_names(opened) if n.startswith("student")] == ["student012", "student025"]
    assert "of 36" in find(opened, "#count").text
    choose("did not run")
    assert shown_names(opened) == everybody
    find(opened, "#search").send_keys("T00")
    assert shown_names(opened) == [f"student{i:03d}" for i in range(10)]
    find(opened, "#search").clear()
    find(opened, "#search").send_keys("nobody")
    assert shown_names(opened) == []
    find(opened, "section:not([hidden]) .all").click()
    find(opened, "[data-sort=points] button").click()
    points = opened.execute_script(
        "return [...document.querySelectorAll('tbody output')].map(e => Number(e.textContent))"
    )
    assert points == sorted(points, reverse=True) and points[0] > points[-1]
    find(opened, "[data-sort=name] button").click()
    assert find(opened, "[data-sort=name]").get_attribute("aria-sort") == "ascending"
    assert [n for n in shown_names(opened) if n.startswith("student")] == [f"student{i:03d}" for i in range(26)]


def test_by_keyboard_alone(opened):
    from selenium.webdriver.common.keys import Keys

    find(opened, "body").send_keys("/")
    keys(opened, "student00", Keys.ENTER)
    assert focused(opened) == ["student000", "0"]
    keys(opened, "7")
    keys(opened, ".")
    keys(opened, "5")
    keys(opened, Keys.ARROW_DOWN)
    assert focused(opened) == ["student001", "0"]
    keys(opened, "1")
    keys(opened, "0")
    keys(opened, Keys.ARROW_RIGHT)
    keys(opened, "9")  # more than the 5 points of this plot
    assert "At most 5" in find(opened, "#notice").text
    keys(opened, "4")
    assert focused(opened) == ["student001", "1"]
    outline = opened.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    keys(opened, Keys.ENTER)
    assert (
        find(opened, "#large").get_attribute("open")
        and find(opened, "#large-title").text == "student001 · Plot of the accuracy"
    )
    keys(opened, Keys.ARROW_RIGHT)
    assert find(opened, "#large-title").text == "student002 · Plot of the accuracy"
    keys(opened, "3")
    keys(opened, "p")
    assert find(opened, "#large-title").text == "student002 · Plot of the loss"
    shown = opened.execute_script(
        "return [...document.querySelectorAll('#large img')].map(i => [i.naturalWidth, i.alt])"
    )
    assert [w for w, _ in shown] == [700, 700] and all(alt for _, alt in shown)
    keys(opened, Keys.ESCAPE)
    assert not find(opened, "#large").get_attribute("open") and focused(opened) == ["student002", "0"]
    keys(opened, "c")
    keys(opened, "thick line", Keys.ENTER)
    assert focused(opened) == ["student003", "0.comment"]
    lines = list(csv.reader(io.StringIO(csv_text(opened).lstrip("\ufeff"))))
    assert lines == [
        ["student", "lab", "id", "points", "comment"],
        ["student000", LAB, "cost-plot", "7.5", ""],
        ["student001", LAB, "cost-plot", "10", ""],
        ["student001", LAB, "accuracy-plot", "4", ""],
        ["student002", LAB, "cost-plot", "", "thick line"],
        ["student002", LAB, "accuracy-plot", "3", ""],
    ]
    tabbable = opened.execute_script(
        "return new Set([...document.querySelectorAll('tbody [data-c][tabindex=\"0\"]')].map(e => "
        "e.closest('tr'))).size"
    )
    assert tabbable == 1


def test_points_survive_a_reload_and_export_and_come_back(opened, page, tmp_path):
    a, b, evil = row(opened, "student003"), row(opened, "student004"), row(opened, HOSTILE[2])
    before = int(find(opened, f"{a} output").text)
    find(opened, f"{a} .points[data-c='0.points']").send_keys("2")
    find(opened, f"{b} .points[data-c='0.points']").send_keys("11")
    find(opened, f"{evil} .comment[data-c='1.comment']").send_keys("=cmd|' /C calc'!A0")
    assert find(opened, f"{a} output").text == str(before - 10 + 2)
    assert find(opened, f"{b} .points[data-c='0.points']").get_attribute("aria-invalid") == "true"
    assert "unsaved: 3 entries" in find(opened, "#unsaved").text
    opened.refresh()
    assert find(opened, f"{a} .points").get_attribute("value") == "2" and find(opened, f"{a} output").text == str(
        before - 8
    )
    assert "unsaved: 3 entries" in find(opened, "#unsaved").text
    text = csv_text(opened)
    assert "=cmd" in text and "\n=" not in text and ",=" not in text and '"=' not in text
    assert "unsaved: 1 entry" in find(opened, "#unsaved").text  # the one of 11 points
    (tmp_path / "eye.csv").write_text(text, encoding="utf-8", newline="")
    eye = read_eye_points(tmp_path / "eye.csv")
    assert eye == {
        ("student003", LAB, "cost-plot"): {"points": 2.0, "comment": ""},
        (HOSTILE[2], LAB, "accuracy-plot"): {"points": None, "comment": "=cmd|' /C calc'!A0"},
    }
    opened.execute_script("localStorage.clear()")
    opened.get("about:blank")
    opened.get(page.as_uri())
    opened.execute_script("localStorage.clear(); location.reload()")
    assert find(opened, f"{a} .points").get_attribute("value") == ""
    find(opened, "#import").send_keys(str(tmp_path / "eye.csv"))
    wait_for(lambda: "Read 2 entries" in find(opened, "#notice").text)
    assert find(opened, f"{a} .points").get_attribute("value") == "2"
    assert find(opened, f"{evil} .comment[data-c='1.comment']").get_attribute("value") == "=cmd|' /C calc'!A0"
    assert not find(opened, "#unsaved").is_displayed()
    (tmp_path / "bad.csv").write_text(
        f"student;lab;id;points\nstudent003;{LAB};cost-plot;3,5\nnobody;x;y;1\nstudent004;{LAB};cost-plot;99\n"
    )
    find(opened, "#import").send_keys(str(tmp_path / "bad.csv"))
    wait_for(
        lambda: "Read 1 entry; left out: 1 for no student, lab or plot here, 1 without" in find(opened, "#notice").text
    )
    assert find(opened, f"{a} .points").get_attribute("value") == "3.5"


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def test_page_and_package_agree_on_the_totals_and_the_file(opened, report, tmp_path):
    """Every hostile name goes out of the page as CSV, and comes back to the right student with the right total."""
    names = shown_names(opened)
    for i, name in enumerate(names):
        opened.execute_script(
            """const f = document.querySelector(arguments[0]); f.value = arguments[1];
            f.dispatchEvent(new Event("input", {bubbles: true}))""",
            f"{row(opened, name)} .points[data-c='0.points']",
            str(i % 10),
        )
    (tmp_path / "eye.csv").write_text(csv_text(opened), encoding="utf-8", newline="")
    results, _, _ = sheet.read_results(report)
    merged, problems = merge_eye_points(results, read_eye_points(tmp_path / "eye.csv"))
    assert not problems and len(merged) == len(names)
    assert {r["student"]: f"{r['points']:g}" for r in merged} == {
        name: find(opened, f"{row(opened, name)} output").get_attribute("textContent") for name in names
    }
    write_eye_points(read_eye_points(tmp_path / "eye.csv"), tmp_path / "again.csv")
    assert read_eye_points(tmp_path / "again.csv") == read_eye_points(tmp_path / "eye.csv")


def test_verdict_on_demand_shows_the_text(opened):
    opened.execute_script(
        "document.querySelector(arguments[0]).click()", f"{row(opened, 'student000')} [data-c='auto.1']"
    )
    assert find(opened, "#said-title").text == "student000 · Loss function · 12 of 20"
    assert find(opened, "#said pre").text == "✘ Loss function: wrong axis"
    opened.execute_script("document.querySelector('#said').close()")


def test_what_is_renewed_in_the_report_is_taken_over_and_what_is_typed_is_kept(chromium, tmp_path):
    path = write_sheet(make_class(tmp_path, 3))
    chromium.get(path.as_uri())
    a, b = (f"tbody tr[data-line='{i}'] .points" for i in (0, 1))
    find(chromium, a).send_keys("3")
    wait_for(lambda: chromium.execute_script("return localStorage.length") > 0)
    csv_of(tmp_path / "eye.csv", [["student000", LAB, "cost-plot", "9", ""], ["student001", LAB, "cost-plot", "8", ""]])
    write_sheet(tmp_path)
    chromium.get(path.as_uri())
    assert [find(chromium, x).get_attribute("value") for x in (a, b)] == ["3", "8"]
    assert "1 of the report's points differ" in find(chromium, "#notice").text
    chromium.execute_script("localStorage.clear()")


def test_the_reference_stays_on_top_and_pictures_come_as_they_are_needed(chromium, tmp_path, monkeypatch):
    path = many_students(tmp_path, monkeypatch)
    start = time.perf_counter()
    chromium.get(path.as_uri())
    seconds = time.perf_counter() - start
    loaded = chromium.execute_script("return document.querySelectorAll('tbody img[src]').length")
    ready = chromium.execute_script("return performance.getEntriesByType('navigation')[0].loadEventEnd")
    print(
        f"\n300 students: {path.stat().st_size / 1e6:.1f} MB, open in {seconds:.2f} s "
        f"(load event after {ready / 1000:.2f} s), "
        f"{loaded} plots drawn at first"
    )
    assert loaded < 100
    chromium.execute_script("scrollTo(0, 30000)")
    top = chromium.execute_script("""return document.elementsFromPoint(400, 60)
        .some((e) => e.closest(".reference, thead"))""")
    assert top
    wait_for(
        lambda: chromium.execute_script(
            """return [...document.querySelectorAll('tbody img')].filter((i) => {
        const r = i.getBoundingClientRect(); return r.bottom > 0 && r.top < innerHeight; })
          .every((i) => i.naturalWidth > 0)"""
        )
    )


def test_print_has_all_pictures_and_no_controls(chromium, tmp_path):
    path = write_sheet(make_class(tmp_path, 30))
    chromium.get(path.as_uri())
    pdf = base64.b64decode(chromium.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])
    different = len(model_of(path)["files"])
    assert pdf.count(b"/Subtype /Image") >= different > 40
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert not any(e.is_displayed() for e in chromium.find_elements("css selector", ".tools, .filters, .comment"))
        assert find(chromium, "tbody tr").value_of_css_property("break-inside") == "avoid"
        assert find(chromium, ".reference img").is_displayed()
    finally:
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_several_labs_and_large_plots_beside_the_page(chromium, tmp_path, monkeypatch):
    make_class(tmp_path, 2)
    save(tmp_path, result("student001", lab="04_softmax", plots=[plot_entry("student001", 0)]) | {"title": "Lab 4"})
    monkeypatch.setattr(sheet, "BUDGET", 0)
    chromium.get(write_sheet(tmp_path).as_uri())
    assert find(chromium, "section[data-lab='1']").get_attribute("hidden")
    chromium.execute_script(
        "const s = document.querySelector('#lab'); s.value = 1; s.dispatchEvent(new Event('change'))"
    )
    assert [e.text for e in chromium.find_elements("css selector", "section:not([hidden]) tbody bdi")] == [
        "student000",
        "student001",
    ]
    assert "not handed in" in find(chromium, "section:not([hidden]) tbody").text
    chromium.execute_script("document.querySelector('section:not([hidden]) tbody tr:nth-child(2) .enlarge').click()")
    wait_for(lambda: chromium.execute_script("return document.querySelector('.own img').naturalWidth") == 700)
    assert find(chromium, ".own img").get_attribute("src").startswith("file:")
    assert not find(chromium, ".other").is_displayed()
