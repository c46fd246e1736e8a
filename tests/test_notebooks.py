"""What every stored lab gives its readers: words for its figures, answers without stray headings, a way on."""

import re
from pathlib import Path

import nbformat
import pytest

from labkit.course import links
from labkit.course.series.page import described_images

ROOT = Path(__file__).resolve().parents[1]
LABS = sorted((ROOT / "notebooks").glob("*.ipynb"))
INSTALL = """\
from importlib.util import find_spec
if find_spec("labkit") is None:  # in Colab, for example
    %pip install -q --no-deps git+https://github.com/{repository}"""


def number(path):
    return path.name[:2]


@pytest.fixture(params=LABS, ids=number)
def lab(request):
    return request.param, nbformat.read(request.param, as_version=4)


def test_every_stored_figure_says_what_is_seen(lab):
    path, nb = lab
    for images in described_images(nb).values():
        for i, output, kind, alt in images:
            given = nb.cells[i].metadata.get("alt")
            where = f"cell {i}: {nb.cells[i].source[:60]!r}"
            assert given and len(alt) >= 40, f"{where} needs metadata alt, a sentence on what is seen"
            assert output.metadata[kind].get("alt") == alt, f"{where}: run `labkit run {number(path)} --inplace`"


def test_no_warning_is_stored(lab):
    _, nb = lab
    outputs = [(i, output) for i, cell in enumerate(nb.cells) for output in cell.get("outputs", [])]
    said = [(i, output.text[:200]) for i, output in outputs if output.get("name") == "stderr"]
    assert not said, "run it again where all packages, and the fonts of Matplotlib, are whole"


def test_markers_of_a_written_answer_are_comments(lab):
    _, nb = lab
    text = "\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    assert not re.search(r"^#+ (BEGIN|END) ", text, re.M), "### renders as a heading: write <!-- BEGIN SOLUTION -->"


def test_the_top_leads_to_colab_and_binder_and_gets_labkit(lab):
    path, nb = lab
    line, cell = [cell for cell in nb.cells if "not-for-students" in cell.metadata.get("tags", [])]
    repository = re.search(r"mybinder\.org/v2/gh/([\w.-]+/[\w.-]+)/", line.source)[1]
    colab = f"https://colab.research.google.com/github/{repository}/blob/main/notebooks/{path.name}"
    binder = f"https://mybinder.org/v2/gh/{repository}/HEAD?labpath=notebooks/{path.name}"
    assert colab in line.source and binder in line.source
    assert cell.source == INSTALL.format(repository=repository)
    assert nb.cells.index(cell) < min(
        i for i, c in enumerate(nb.cells) if "import labkit" in c.source or "from labkit" in c.source
    )


def test_the_end_leads_on(lab):
    path, nb = lab
    end = next(cell.source for cell in nb.cells[::-1] if cell.source.startswith("## Sources and further reading"))
    around = [LABS[i] for i in (LABS.index(path) - 1, LABS.index(path) + 1) if 0 <= i < len(LABS)]
    for other in around:
        assert f"]({other.name})" in end, other.name
    assert len(re.findall(r"\]\(https://", end)) >= 2
    for target in re.findall(r"\]\(([^):]+\.ipynb)\)", end):
        assert (path.parent / target).is_file(), target


def test_a_fork_leads_to_itself(tmp_path):
    (tmp_path / "notebooks").mkdir()
    source = (
        "[Colab](https://colab.research.google.com/github/OWNER/REPO/blob/main/notebooks/1.ipynb) "
        "[Binder](https://mybinder.org/v2/gh/OWNER/REPO/HEAD?labpath=notebooks/1.ipynb) "
        "%pip install -q --no-deps git+https://github.com/OWNER/REPO\nhttps://github.com/other/thing"
    )
    file = tmp_path / "notebooks" / "1.ipynb"
    file.write_text(source, encoding="utf-8")
    assert links.link(tmp_path / "notebooks", "me/my.labs-2") == [file]
    once = file.read_text(encoding="utf-8")
    assert once.count("me/my.labs-2") == 3 and "OWNER" not in once and "github.com/other/thing" in once
    assert links.link(tmp_path / "notebooks", "me/my.labs-2") == []
    links.link(tmp_path / "notebooks", "OWNER/REPO")
    assert file.read_text(encoding="utf-8") == source


@pytest.mark.parametrize(
    "remote", ["https://github.com/me/labs.git\n", "git@github.com:me/labs.git", "https://x:y@github.com/me/labs/"]
)
def test_the_repository_of_a_remote(remote):
    assert links.repository_of(remote) == "me/labs"


@pytest.mark.parametrize("remote", ["", "/home/me/labs", "https://gitlab.com/me/labs.git"])
def test_a_remote_elsewhere_is_an_error_in_words(remote):
    with pytest.raises(ValueError, match="OWNER/NAME"):
        links.repository_of(remote)
