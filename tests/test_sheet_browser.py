"""The contact sheet in a real browser: filters, the keyboard, points that stay, print."""

import base64
import csv
import io
import shutil
import time

import pytest
from made_up_class import (
    HOSTILE,
    LAB,
    csv_of,
    make_class,
    many_students,
    model_of,
    plot_entry,
    result,
    save,
    with_words,
)

from labkit.course.report import sheet
from labkit.course.report.eye import Given, read_eye_points, with_given, write_eye_points
from labkit.course.report.result import read_marks
from labkit.course.report.sheet import write_sheet


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return make_class(tmp_path_factory.mktemp("class"), 26, hostile=HOSTILE)


@pytest.fixture(scope="module")
def page(report):
    return write_sheet(report)


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


def test_points_survive_a_reload_and_the_report_takes_over_what_is_exported(opened, page, report):
    a, b, evil = row(opened, "student003"), row(opened, "student004"), row(opened, HOSTILE[2])
    before = float(find(opened, f"{a} output").text)
    find(opened, f"{a} .points[data-c='0.points']").send_keys("2")
    find(opened, f"{b} .points[data-c='0.points']").send_keys("11")
    find(opened, f"{evil} .comment[data-c='1.comment']").send_keys("=cmd|' /C calc'!A0")
    assert find(opened, f"{b} .points[data-c='0.points']").get_attribute("aria-invalid") == "true"
    assert "unsaved: 3 entries" in find(opened, "#unsaved").text
    opened.refresh()
    assert find(opened, f"{a} .points").get_attribute("value") == "2"
    assert "unsaved: 3 entries" in find(opened, "#unsaved").text
    # The totals are labkit's alone; the page says what is not in them.
    assert (
        float(find(opened, f"{a} output").text) == before and "1 typed since" in find(opened, f"{a} .total small").text
    )
    text = csv_text(opened)
    assert "=cmd" in text and "\n=" not in text and ",=" not in text and '"=' not in text
    assert "unsaved: 1 entry" in find(opened, "#unsaved").text  # the one of 11 points
    assert "labkit sheet" in find(opened, "#notice").text
    try:
        (report / "eye.csv").write_text(text, encoding="utf-8", newline="")
        assert read_eye_points(report / "eye.csv") == {
            ("student003", LAB, "cost-plot"): Given(2.0),
            (HOSTILE[2], LAB, "accuracy-plot"): Given(None, "=cmd|' /C calc'!A0"),
        }
        opened.execute_script("localStorage.clear()")
        opened.get("about:blank")
        write_sheet(report)
        opened.get(page.as_uri())
        assert find(opened, f"{a} .points").get_attribute("value") == "2"
        assert float(find(opened, f"{a} output").text) == before - 10 + 2
        assert find(opened, f"{a} .total small").text == ""
        assert find(opened, f"{evil} .comment[data-c='1.comment']").get_attribute("value") == "=cmd|' /C calc'!A0"
        assert not find(opened, "#unsaved").is_displayed()
    finally:
        (report / "eye.csv").unlink()
        write_sheet(report)


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def test_every_name_goes_out_of_the_page_and_comes_back(opened, report, page, tmp_path):
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
    marks, _, _ = read_marks(report)
    merged, problems = with_given(marks, read_eye_points(tmp_path / "eye.csv"))
    assert not problems and len(merged) == len(names)
    again = write_sheet(report, eye_csv=tmp_path / "eye.csv", out=tmp_path / "again.html")
    opened.get(again.as_uri())
    assert {mark.student: f"{mark.points:g}" for mark in merged} == {
        name: find(opened, f"{row(opened, name)} output").get_attribute("textContent") for name in names
    }
    opened.get(page.as_uri())
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


def test_written_answers_are_read_and_marked_by_keyboard(chromium, tmp_path):
    path = write_sheet(with_words(tmp_path))
    chromium.get(path.as_uri())
    focus(chromium, row(chromium, "ada17") + " .enlarge")
    keys(chromium, "\ue007")  # Enter
    own, other = find(chromium, "#large .own .answer"), find(chromium, "#large .other .answer")
    assert "Because ada17 says" in own.text and own.find_elements("css selector", "strong, msup")
    assert "It follows" in other.text and "Two for downhill" in other.text
    keys(chromium, "3")
    assert find(chromium, row(chromium, "ada17") + " input.points").get_attribute("value") == "3"
    keys(chromium, "\ue015")  # the next student
    assert "window.hacked" in own.text and chromium.execute_script("return window.hacked") is None
    keys(chromium, "\ue015", "\ue00c")  # the next, Escape
    assert focused(chromium)[0] == "eve" and find(chromium, row(chromium, "eve") + " .enlarge").text == "no answer"
    assert "1 to mark" in find(chromium, row(chromium, "eve") + " .total").text
    assert "to mark" not in find(chromium, row(chromium, "ada17") + " .total").text
    chromium.execute_script("localStorage.clear()")
