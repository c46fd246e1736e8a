"""What is opened after marking: the page to hand back, formgrader and its configuration, names of students."""

import attacks
import nbformat
import pytest
import tiny_lab
from made_up_labs import Page
from nbconvert import HTMLExporter
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.server_extensions.formgrader import handlers
from test_clean import active
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from labkit.course import nbgrader_course, release
from labkit.course.clean.notebook import clean_notebook
from labkit.course.clean.step import CleanNotebook
from labkit.course.marking.layout import _tame
from labkit.course.report.feedback import feedback_page
from labkit.course.report.result import Mark, Row

HOSTILE = '<img src=x onerror=top.ran("x")>\u202e\x1b[2J'


def hostile_mark():
    rows = [Row("x", HOSTILE, 10, points=5.0), Row("y", "a row without a cell", 5, "manual")]
    return Mark(HOSTILE, "03_x", HOSTILE, message=HOSTILE, rubric=rows, comments={"x": f"# said\n{HOSTILE}"})


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "feedback.html"
    path.write_text(feedback_page(attacks.notebook(), hostile_mark()), encoding="utf-8")
    return path


def test_the_page_to_hand_back_runs_and_loads_nothing(page):
    found = list(active(page.read_text(encoding="utf-8")))
    assert {tag for tag, handlers, _ in found if not handlers} <= {"meta", "link", "style"}
    assert not [entry for entry in found if entry[1]]
    read = Page(page)
    assert [a["href"] for a in read.all("link")] == ["data:,"] and read.all("script") == []
    assert "default-src 'none'" in read.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]


def test_the_page_to_hand_back_draws_formulas_itself():
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(r"$\frac{a}{b}$, $\unheard{x}$")])
    text = feedback_page(nb, Mark("ada", "03_x", "Lab 3"))
    assert "<mfrac>" in text and "mathjax.js" not in text and "cdnjs" not in text
    assert "unheard" in text


def test_points_that_nobody_gave_yet_are_no_zero():
    nb = nbformat.v4.new_notebook()
    rows = [Row("a", "A plot", 5, "manual", None), Row("b", "A loss", 10, "auto", 0.0)]
    path = feedback_page(nb, Mark("ada", "03_x", "Lab 3", rubric=rows))
    assert path.count("not marked yet") >= 1 and "<td>0</td>" in path


def test_formgrader_s_own_page_of_the_stored_copy_has_nothing_of_the_student_in_it():
    """Its template and scripts, on what labkit stores; and with the configuration, on what something else stored."""
    config = Config()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    about = {"base_url": "", "submission_id": "1", "notebook_id": "n", "assignment_id": "a", "index": 0, "total": 1}
    about |= {"student": "ada", "last_name": None, "first_name": None, "notebook_path": "x"}
    template, _ = HTMLExporter(config=config).from_notebook_node(nbformat.v4.new_notebook(), dict(about))
    own = list(active(template))
    stored, _ = clean_notebook(attacks.notebook())
    shown, _ = HTMLExporter(config=config).from_notebook_node(stored, dict(about))
    assert list(active(shown)) == own
    config.HTMLExporter.preprocessors = [CleanNotebook]
    small = attacks.notebook({name: attacks.everywhere()[name] for name in ("script", "onerror", "formula's link")})
    small.cells = [cell for cell in small.cells if cell["id"][1:].isdigit()]  # what nbconvert takes at all
    shown, _ = HTMLExporter(config=config).from_notebook_node(small, dict(about))
    assert list(active(shown)) == own


def test_nbgrader_s_own_command_makes_the_edition_that_labkit_makes(tmp_path):
    """Marking notes and their markers go there too, and stubs are the same."""
    nb = tiny_lab.lab()
    lab = tmp_path / "notebooks" / "07_tiny.ipynb"
    lab.parent.mkdir(exist_ok=True)
    answer = next(cell for cell in nb.cells if cell.cell_type == "markdown" and "BEGIN SOLUTION" in cell.source)
    answer.source += "\n\n### BEGIN MARKING NOTES\nsecret of markers\n### END MARKING NOTES\n"
    nbformat.write(nb, lab)
    course = tmp_path / "course"
    release.make_release([lab], course, database=True)
    assert nbgrader_course.write_config(course)
    ours = (course / "release" / "07_tiny" / "07_tiny.ipynb").read_text(encoding="utf-8")
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    assert config.CourseDirectory.root == str(course)
    config.CourseDirectory.assignment_id = "07_tiny"
    log, trouble = release.nbgrader_log()
    converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config, log=log)
    converter.force = True
    converter.start()
    theirs = (course / "release" / "07_tiny" / "07_tiny.ipynb").read_text(encoding="utf-8")
    assert "secret of markers" not in theirs and "MARKING NOTES" not in theirs
    assert [c.source for c in nbformat.reads(theirs, 4).cells] == [c.source for c in nbformat.reads(ours, 4).cells]


def test_a_configuration_of_one_s_own_is_left_alone(tmp_path):
    own = tmp_path / "nbgrader_config.py"
    own.write_text("c = get_config()\n")
    assert not nbgrader_course.write_config(tmp_path)
    assert own.read_text() == "c = get_config()\n"
    own.unlink()
    assert nbgrader_course.write_config(tmp_path) and nbgrader_course.write_config(tmp_path)


def test_folders_of_students_give_names_that_are_names():
    assert _tame("Ada Lovelace") == "Ada Lovelace" and _tame("  ") == "no name"
    name = _tame(HOSTILE)
    assert not set('<>"\x1b\u202e') & set(name) and name.strip(" .")
