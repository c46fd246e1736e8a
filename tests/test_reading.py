"""Reading what was handed in: whatever a file is, it is named, and the next one is read."""

import json
import os

import nbformat
import pytest
import tiny_lab
import ugly_files
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labkit.course.marking import look as looking
from labkit.course.marking.readers import Reader


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """The file that a reader has to know: the tiny lab, marked."""
    folder = tmp_path_factory.mktemp("known")
    _, release = tiny_lab.handed_out(folder)
    looking.Known.write(folder / "known.json", {tiny_lab.NAME: tiny_lab.lab()}, {tiny_lab.NAME: release})
    return folder / "known.json"


@pytest.fixture(scope="module")
def reader(known):
    found = Reader(known)
    yield found
    found.close()


def _write(path, content):
    path.write_bytes(content)
    return path


def test_every_ugly_file_is_read_or_named(reader, tmp_path):
    wrong = {}
    for name, (content, status, words) in ugly_files.BYTES.items():
        (reading,), _ = reader.look(_write(tmp_path / "x.ipynb", content), "x.ipynb")
        if (reading.status, words in reading.message) != (status, True):
            wrong[name] = (reading.status, reading.message)
    assert not wrong
    assert reader.process.poll() is None


def test_what_is_no_file_is_named(reader, tmp_path):
    (tmp_path / "link").symlink_to("/etc/passwd"), (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "folder").mkdir(), os.mkfifo(tmp_path / "pipe")
    names = {"link": "link", "dangling": "link", "folder": "folder", "pipe": "regular", "gone": "No such file"}
    for name, words in (names | {"a\0b": "null"}).items():
        (reading,), _ = reader.look(tmp_path / name, "x.ipynb")
        assert reading.status == "not readable" and words in reading.message, (name, reading)
    (reading,), _ = reader.look("/dev/zero", "x.ipynb")
    assert "regular" in reading.message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_named(reader, tmp_path):
    _write(tmp_path / "x.ipynb", ugly_files.notebook()).chmod(0)
    assert "ermission" in reader.look(tmp_path / "x.ipynb", "x.ipynb")[0][0].message


@pytest.mark.parametrize("megabytes, words", [(36, "more than 1 s"), (9, "memory")])
def test_a_file_that_takes_too_long_or_too_much_costs_itself_alone(known, tmp_path, megabytes, words):
    reader = Reader(known, seconds=1 if megabytes > 9 else 60, memory=160 << 20)
    lists = b'{"cells":[' + b"[]," * (megabytes * 10**6 // 3) + b"0]}"
    try:
        (reading,), _ = reader.look(_write(tmp_path / "lists.ipynb", lists), "lists.ipynb")
        assert words in reading.message, reading
        (reading,), _ = reader.look(_write(tmp_path / "x.ipynb", ugly_files.notebook(ugly_files.cell())), "x.ipynb")
        assert reading.status == ""
    finally:
        reader.close()


@pytest.fixture(scope="module")
def here(known):
    """The same in this process, where hypothesis sees what is raised."""
    return looking.Known.read(known)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated(draw):
    """The solved lab with some of its parts replaced by anything at all, as bytes, some of those changed too."""
    nb = json.loads(json.dumps(tiny_lab.lab()))
    for _ in range(draw(st.integers(0, 4))):
        at = nb
        for _ in range(draw(st.integers(0, 5))):
            inner = at[key] if (key := _key(draw, at)) is not None else None
            if not isinstance(inner, (dict, list)) or not inner:
                break
            at = inner
        key = _key(draw, at)
        if key is not None:
            at[key] = draw(ANYTHING)
    content = bytearray(json.dumps(nb).encode())
    for _ in range(draw(st.integers(0, 2))):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.sampled_from([None, None, None, 1000]))])


def _key(draw, at):
    keys = list(at) if isinstance(at, dict) else list(range(len(at))) if isinstance(at, list) else []
    return draw(st.sampled_from(keys)) if keys else None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=mutated())
def test_whatever_a_notebook_is_it_can_be_marked_or_is_named(content, here, tmp_path, monkeypatch):
    raised = []
    monkeypatch.setattr(looking, "unforeseen", lambda reading, error: raised.append(error))
    (reading,), _ = looking.look(_write(tmp_path / "x.ipynb", content), f"{tiny_lab.NAME}.ipynb", here)
    assert not raised
    if not reading.status and reading.lab:
        nb = nbformat.reads(reading.content, as_version=4)
        nbformat.validate(nb)
        release = here.releases[tiny_lab.NAME]
        wanted = [c.metadata.nbgrader.grade_id for c in release.cells if "nbgrader" in c.metadata]
        assert sorted(c.metadata.nbgrader.grade_id for c in nb.cells if "nbgrader" in c.metadata) == sorted(wanted)
        assert nb.cells
