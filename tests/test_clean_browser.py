"""The attacks in a real browser: raw they run there, cleaned none does, in whatever page they stand."""

import json
import shutil
import time

import attacks
import pytest
from nbconvert import HTMLExporter

from labkit.course.clean import markdown
from labkit.course.clean.html import clean_html
from labkit.course.clean.notebook import clean_notebook

_HARNESS = """<!DOCTYPE html><meta charset="utf-8"><script>
window.names = []; window.ran = name => names.push(name); window.alert = () => names.push("alert");
</script><body><script>
for (const [name, page] of PAGES) {
  const frame = document.createElement("iframe");
  frame.title = name; frame.srcdoc = "<!DOCTYPE html><body>" + page; document.body.append(frame);
}
</script>"""
# Of the raw attacks, those that a browser runs by itself: opening a link takes a hand, some are of older browsers.
_RUN_BY_THEMSELVES = {
    *("script", "onerror", "onload", "details", "srcdoc", "svg", "svg foreignObject", "module", "onerror in entities"),
    *("frame", "noscript", "title", "comment", "mutation by svg", "animation", "template"),
    *("backtick", "onerror with slashes", "script in capitals", "math of html"),
}


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
    options.page_load_strategy = "eager"
    options.unhandled_prompt_behavior = "accept"
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1200,900"):
        options.add_argument(argument)
    browser = webdriver.Chrome(options=options, service=Service(driver))
    browser.set_page_load_timeout(60)
    yield browser
    browser.quit()


def ran(browser, path, press=True):
    """The names of the attacks that run within two seconds of a page, and after all its links were pressed."""
    browser.get(path.as_uri())
    time.sleep(2)
    if not press:
        return set(browser.execute_script("return window.names"))
    browser.execute_script(
        """const press = page => { for (const a of page.querySelectorAll("a[href], button, summary")) {
             if (!/^https?:|^mailto:|^#/.test(a.getAttribute("href") || "")) a.click(); } };
           press(document);
           for (const frame of document.querySelectorAll("iframe")) {
             try { press(frame.contentDocument); } catch (error) { window.names.push(frame.title); } }"""
    )
    time.sleep(1)
    return set(browser.execute_script("return window.names"))


def framed(tmp_path, pages):
    """A page with a frame for each of the pages."""
    text = (
        json.dumps(list(pages.items())).replace("</", "<\\/").replace("<!--", "<\\!--").replace("<script", "<\\script")
    )
    path = tmp_path / "frames.html"
    path.write_text(_HARNESS.replace("PAGES", text.replace("\\script", "\\u0073cript")), encoding="utf-8")
    return path


def test_the_attacks_run_where_nothing_is_cleaned(chromium, tmp_path):
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    pages = {
        name: markdown2html_mistune(text) if name in attacks.MARKDOWN else text
        for name, text in attacks.everywhere().items()
    }
    assert ran(chromium, framed(tmp_path, pages), press=False) >= set(map(attacks.called, _RUN_BY_THEMSELVES))


@pytest.mark.parametrize("cleaned", [clean_html, markdown.as_html, markdown.kept])
def test_none_runs_in_a_page_of_its_own(chromium, tmp_path, cleaned):
    pages = {name: cleaned(text) for name, text in attacks.everywhere().items()}
    if cleaned is markdown.kept:
        from nbconvert.filters.markdown_mistune import markdown2html_mistune

        pages = {name: markdown2html_mistune(text) for name, text in pages.items()}
    assert ran(chromium, framed(tmp_path, pages)) == set()
    looks = """return [...document.querySelectorAll("iframe")].map(frame => [frame.title,
        frame.contentDocument.querySelectorAll("script,iframe,object,embed,form,input,style,link,base,svg").length])"""
    assert [name for name, count in chromium.execute_script(looks) if count] == []


@pytest.mark.parametrize("page", [False, True])
def test_none_runs_in_a_rendered_notebook(chromium, tmp_path, page):
    """As formgrader renders it, which takes nothing away itself."""
    nb, _ = clean_notebook(attacks.notebook(), page=page)
    text, _ = HTMLExporter(template_name="classic").from_notebook_node(nb)
    watch = "<script>window.names = []; window.ran = name => names.push(name);</script>"
    path = tmp_path / "page.html"
    path.write_text(text.replace("<head>", "<head>" + watch, 1), encoding="utf-8")
    assert ran(chromium, path) == set()
    raw, _ = HTMLExporter(template_name="classic").from_notebook_node(notebook_without_broken_cells())
    path.write_text(raw.replace("<head>", "<head>" + watch, 1), encoding="utf-8")
    if not page:
        assert len(ran(chromium, path, press=False)) > 10, "the same notebook as it is"


def notebook_without_broken_cells():
    """Those that a browser gets to see: some of them keep nbconvert from writing a page at all."""
    nb = attacks.notebook({name: text for name, text in attacks.everywhere().items() if name in _RUN_BY_THEMSELVES})
    nb.cells = [cell for cell in nb.cells if cell["id"][1:].isdigit()]
    nb.metadata = {}
    return nb
