"""The contact sheet: what is in the page, and what it does with hostile text."""

import base64
import io

import numpy as np
import pytest
from made_up_class import (
    HOSTILE,
    LAB,
    csv_of,
    make_class,
    many_students,
    model_of,
    parsed,
    plot_entry,
    result,
    save,
    with_words,
)
from PIL import Image

from labkit.course.people.codes import read_key
from labkit.course.report import sheet
from labkit.course.report.images import THUMBNAIL, picture_of
from labkit.course.report.settle import settle_decisions
from labkit.course.report.sheet import write_sheet


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return make_class(tmp_path_factory.mktemp("class"), 26, hostile=HOSTILE)


@pytest.fixture(scope="module")
def page(report):
    return write_sheet(report)


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
                assert image.width == (THUMBNAIL if name[0] == "t" else 700) and f"image/{image.format.lower()}" in kind


def test_names_and_texts_of_students_stay_text(page):
    html = parsed(page)
    assert set(HOSTILE) <= set(html.names)
    assert {line["student"] for line in model_of(page)["labs"][0]["lines"]} == set(html.names)
    running = [text for attrs, text in html.scripts if attrs.get("type") is None]
    assert len(running) == 1 and running[0] == (sheet.TEMPLATES[0] / "sheet.js").read_text(encoding="utf-8")
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
        found = picture_of(tmp_path / f"{name}.png")
        with Image.open(io.BytesIO(base64.b64decode(found["thumbnail"].split(",")[1]))) as small:
            assert small.width <= THUMBNAIL and small.height <= 1.5 * THUMBNAIL
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


def test_size_of_the_page_for_300_students(tmp_path, monkeypatch):
    """Two plots for each of 300 students, thumbnails and enlarged, can be mailed."""
    size = many_students(tmp_path, monkeypatch).stat().st_size
    print(f"\n300 students, 2 plots each: {size / 1e6:.1f} MB")
    assert size < 10e6


def test_written_answers_stand_beside_the_model_answer_and_the_notes(tmp_path):
    page = write_sheet(with_words(tmp_path))
    (lab,), stored = model_of(page)["labs"], {a["id"]: t for a, t in parsed(page).scripts if "id" in a}
    texts = [stored.get(f"a{line['answers'][-1]}", "") for line in lab["lines"]]
    assert (
        "<strong>ada17</strong>" in texts[0]
        and "<msup>" in texts[0]
        and "&lt;script&gt;" in texts[1]
        and texts[2] == ""
    )
    model = stored[f"a{lab['reference']['answers'][-1]}"]
    assert "It follows" in model and "Two for downhill" in model and "BEGIN" not in model
    assert [c["max"] for c in lab["columns"]] == [4.0] and "no answer" in page.read_text()
    assert len([1 for attrs, _ in parsed(page).scripts if attrs.get("type") is None]) == 1


def test_an_anonymous_sheet_has_no_names_and_its_points_find_their_way(tmp_path):
    page = write_sheet(with_words(tmp_path), anonymous=True)
    text = page.read_text(encoding="utf-8")
    key = read_key(tmp_path / "codes.csv")
    assert sorted(key.values()) == ["ada17", "bob", "eve"] and set(parsed(page).names) == set(key)
    assert parsed(page).names == sorted(key)  # in no order that names have
    assert not any(name in text for name in ("ada17", "bob.ipynb", "feedback/"))
    code = next(code for code, name in key.items() if name == "bob")
    csv_of(tmp_path / "eye.csv", [[code, LAB, "why", "3", "good"]])
    kept, _, problems = settle_decisions(tmp_path)
    assert not problems and kept["bob", LAB, "why"].decision[:2] == (3.0, "good")
    assert write_sheet(tmp_path, anonymous=True) and read_key(tmp_path / "codes.csv") == key
