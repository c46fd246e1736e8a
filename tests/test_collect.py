"""Which file is whose, of which lab, and which of several is marked: a class as it hands in."""

import copy
import json
import os
import zipfile

import pytest
import tiny_lab
import ugly_files

from labkit.course.labs import CourseError
from labkit.course.marking.collect import collect, unpacked
from labkit.course.marking.evidence import Evidence, by_name

TINY, OTHER = tiny_lab.NAME, "05_other"
NEWER, OLDER = 2_000_000_000, 1_000_000_000


def _other(nb):
    """Lab 5: exercises and words of its own, but the same cell ids and the same imports as the tiny lab."""
    text = json.dumps(nb).replace("Lab 7: a tiny one", "Lab 5: another").replace("score", "rank")
    text = text.replace("accuracy", "margin").replace("cost", "price").replace('"why"', '"why-not"')
    return type(nb)(tiny_lab.nbformat.from_dict(json.loads(text)))


@pytest.fixture(scope="module")
def labs(tmp_path_factory):
    """The two labs, solved, and as they are handed out."""
    _, release = tiny_lab.handed_out(tmp_path_factory.mktemp("course"))
    solved = tiny_lab.lab()
    return {TINY: solved, OTHER: _other(solved)}, {TINY: release, OTHER: _other(release)}


def _bytes(nb):
    return json.dumps(nb).encode()


def _texts(labs):
    """A worked, a half done and an untouched notebook of each lab."""
    (solved, other), (release, blank) = (list(part.values()) for part in labs)
    done, half = tiny_lab.answered(release, solved), tiny_lab.answered(release, solved)
    half.cells[tiny_lab.at(half, "score")].source = release.cells[tiny_lab.at(release, "score")].source
    shared = copy.deepcopy(done)
    shared.cells[0].id = blank.cells[-1].id
    bare = copy.deepcopy(done)
    for index, cell in enumerate(bare.cells):
        cell.metadata, cell.id = {}, f"other-{index}"
    return {
        "done": _bytes(done),
        "half": _bytes(half),
        "blank": _bytes(release),
        "other": _bytes(tiny_lab.answered(blank, other)),
        "other blank": _bytes(blank),
        "shared": _bytes(shared),
        "bare": _bytes(bare),
        "else": ugly_files.notebook(ugly_files.cell("import antigravity")),
        "cut": _bytes(done)[:900],
        "rar": b"Rar!\x1a\x07\x01\x00" + bytes(500),
        "7z": b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(500),
    }


# student: ({path: text or (text, time)}, {lab: (answers begun, words of the notes or of the trouble)})
CLASS = {
    "plain": ({f"{TINY}.ipynb": "done"}, {TINY: (4, "")}),
    "lab 5": ({"mine.ipynb": "other"}, {OTHER: (4, "is called mine.ipynb"), TINY: (None, "nothing was handed in")}),
    "beside a newer lab 5": (
        {"lab3 final.ipynb": ("shared", OLDER), f"{OTHER}.ipynb": ("other blank", NEWER)},
        {TINY: (4, "is called lab3 final.ipynb"), OTHER: (0, "")},
    ),
    "wrong name": ({f"{OTHER}.ipynb": "done"}, {TINY: (4, f"is called {OTHER}"), OTHER: (None, "nothing was handed")}),
    "blank and worked": (
        {f"{TINY}.ipynb": ("blank", NEWER), "old/mine.ipynb": ("half", OLDER)},
        {TINY: (3, f"{TINY}.ipynb, in which 0 answers are begun, not 3")},
    ),
    "two versions": (
        {f"{TINY}.ipynb": ("done", OLDER), "a (1).ipynb": ("done", NEWER)},
        {TINY: (4, "is called a (1)")},
    ),
    "folder handed out": (
        {f"labs-2026/notebooks/{TINY}.ipynb": "done", "labs-2026/notebooks/05.ipynb": "other blank"},
        {TINY: (4, ""), OTHER: (0, "")},
    ),
    "zip": ({"labs.zip": {f"labs/notebooks/{TINY}.ipynb": "half", "labs/x.py": "else"}}, {TINY: (3, "labs.zip/labs/")}),
    "another ending": (
        {"07_tiny": "done", "notes.txt": "else", "LICENSE": "cut"},
        {TINY: (4, "not used: LICENSE, notes.txt")},
    ),
    "zip in a zip": ({"a.zip": {"b.zip": {"c.ipynb": "done"}}}, {TINY: (4, "a.zip/b.zip/c.ipynb")}),
    "cut off": ({f"{TINY}.ipynb": "cut"}, {TINY: (None, "not valid JSON")}),
    "cut off beside a blank one": ({"my 7.ipynb": "blank", f"{TINY}.ipynb": "cut"}, {TINY: (None, "not valid JSON")}),
    "cut off without a name": (
        {"x.ipynb": "cut"},
        {TINY: (None, "x.ipynb: it is not valid JSON"), OTHER: (None, "x.i")},
    ),
    "_x": ({f"{TINY}.ipynb": "done"}, {TINY: (4, "")}),
    "_reference": ({f"{TINY}.ipynb": "done"}, {TINY: (4, "")}),
    "bare": ({"x.ipynb": "bare"}, {TINY: (4, "lost nbgrader's metadata")}),
    "something else": ({"x.ipynb": "else", "notes.pdf": "else"}, {TINY: (None, "x.ipynb: it belongs to none")}),
    "a RAR archive": ({"lab7.rar": "rar", "a.txt": "else"}, {TINY: (None, "lab7.rar: a RAR or 7z archive is not")}),
    "a 7z archive called zip": ({f"{TINY}.zip": "7z"}, {TINY: (None, "not opened: unpack it")}),
    "a RAR archive called ipynb": ({f"{TINY}.ipynb": "rar"}, {TINY: (None, "not opened: unpack it")}),
    "a RAR archive in a zip": ({"a.zip": {"b.rar": "rar"}}, {TINY: (None, "a.zip/b.rar: a RAR or 7z archive")}),
    "a RAR archive beside": ({f"{TINY}.ipynb": "done", "b.rar": "rar"}, {TINY: (4, "not used: b.rar")}),
    "nothing": ({}, {TINY: (None, "nothing was handed in"), OTHER: (None, "nothing was handed in")}),
    "only a text": ({"a.txt": "else"}, {TINY: (None, "but a.txt")}),
}


def _zip(files, texts):
    inner = {name: _zip(text, texts) if isinstance(text, dict) else texts[text] for name, text in files.items()}
    return ugly_files.zipped(inner)


def _lay_out(folder, files, texts):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        text, time = text if isinstance(text, tuple) else (text, OLDER)
        (folder / name).write_bytes(_zip(text, texts) if isinstance(text, dict) else texts[text])
        os.utime(folder / name, (time, time))


def _found(collected):
    return {(s.student, s.lab): s for s in collected.submissions}


def _begun(submission, labs):
    from labkit.course.marking.evidence import worked_on

    if submission.trouble is not None:
        return None
    nb = tiny_lab.nbformat.reads(submission.content.decode(), as_version=4)
    return len(worked_on(nb, labs[1][submission.lab]))


def _said(submission):
    return " ".join(submission.notes) + (submission.trouble.message if submission.trouble else "")


@pytest.fixture(scope="module")
def collected(labs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    texts = _texts(labs)
    for student, (files, _) in CLASS.items():
        _lay_out(folder / student, files, texts)
    (folder / "plain" / "timestamp.txt").write_text("2026-11-20 23:59:10 UTC\n")
    os.mkfifo(folder / "_x" / "timestamp.txt")
    (folder / "linked").symlink_to("/etc")
    (folder / "alone.rar").write_bytes(texts["rar"])
    (folder / ".git").mkdir(), (folder / "grades.xlsx").write_text("")
    return collect(folder, *labs, strict=False, jobs=2)


def test_the_right_file_is_marked_as_the_right_lab(collected, labs):
    found, wrong = _found(collected), {}
    for student, (_, wanted) in CLASS.items():
        name = "_reference_" if student == "_reference" else student
        for lab, (begun, words) in wanted.items():
            one = found[name, lab]
            if _begun(one, labs) != begun or words not in _said(one):
                wrong[student, lab] = (_begun(one, labs), one.notes, one.trouble)
    assert not wrong
    assert {student for student, _ in found} == {*CLASS, "linked", "alone", "_reference_"} - {"_reference"}
    assert found["alone", TINY].trouble.status == "not readable" and "unpack it" in _said(found["alone", TINY])


def test_when_it_was_handed_in(collected):
    found = _found(collected)
    assert found["plain", TINY].stamp == "2026-11-20 23:59:10 UTC" and found["_x", TINY].stamp == ""
    assert found["two versions", TINY].when == NEWER and found["nothing", TINY].when == 0


def test_what_is_not_marked_is_named(collected):
    lines = "\n".join(collected.strangers)
    for words in ("something else/x.ipynb", "cut off without a name/x.ipynb: it is not valid", "grades.xlsx"):
        assert words in lines
    ignored = {(student, name) for student, name, _ in collected.ignored}
    assert {("zip", "labs.zip/labs/x.py"), ("only a text", "a.txt"), ("", ".git"), ("linked", "linked")} <= ignored


def test_an_untouched_notebook_hands_in_no_lab(labs, tmp_path):
    """A folder handed in whole has all labs in it; only the one that was worked on is marked."""
    texts = _texts(labs)
    _lay_out(tmp_path / "ada", {f"{TINY}.ipynb": "done", f"{OTHER}.ipynb": "other blank"}, texts)
    found = collect(tmp_path, *labs, strict=False)
    assert {(s.student, s.lab) for s in found.submissions} == {("ada", TINY)}
    assert found.strangers == [f"ada/{OTHER}.ipynb: {OTHER}, as it was handed out"]
    assert len(collect(tmp_path, *labs, strict=True).submissions) == 2


def test_a_lab_that_is_not_marked_now_is_none_that_is(labs, tmp_path):
    course, releases = labs
    _lay_out(tmp_path / "ada", {f"{TINY}.ipynb": "other"}, _texts(labs))
    (one,) = collect(tmp_path, course, {TINY: releases[TINY]}, strict=True).submissions
    assert one.trouble.status == "missing" and f"of {OTHER}, which is not marked now" in one.trouble.message


def test_a_lone_lab_is_expected_of_a_notebook_that_says_nothing(labs, tmp_path):
    course, releases = labs
    _lay_out(tmp_path / "ada", {"x.ipynb": "else"}, _texts(labs))
    (one,) = collect(tmp_path, course, {TINY: releases[TINY]}, strict=True).submissions
    assert one.trouble is None and "exercise score was deleted" in _said(one)


def test_the_same_file_is_always_the_same_submission(labs, tmp_path):
    texts = _texts(labs)
    raw = json.loads(texts["done"])
    for cell in raw["cells"]:
        cell.pop("id")
    _lay_out(tmp_path / "ada", {f"{TINY}.ipynb": "raw"}, {"raw": json.dumps(raw).encode()})
    one, two = (collect(tmp_path, *labs, strict=False).submissions[0].content for _ in range(2))
    assert one == two and one


CANVAS = {
    f"lovelaceada_12345_67890_{TINY}-1.ipynb": "done",
    f"lovelaceada_12345_67891_{OTHER}.ipynb": "other",
    "nightingale_LATE_12346_67892_my 7.zip": {"x.ipynb": "half"},
    "babbage_12347_67893_notes.pdf": "else",
    f"smithjo_1_1_{TINY}.ipynb": "done",
    f"smithjo_2_2_{TINY}.ipynb": "half",
    f"anonymous_aB3x9_67_{TINY}.ipynb": "done",
    "euler_12349_text.html": "else",
}
MOODLE = {
    f"Ada Lovelace_12345_assignsubmission_file_/{TINY}.ipynb": "done",
    f"Ada Lovelace_12345_assignsubmission_onlinetext_/onlinetext.html": "else",  # noqa: F541
    f"Zoë O. d'Árc_12346_assignsubmission_file_/deep/{TINY}.ipynb": "half",
    f"Jo Smith_12347_assignsubmission_file_{TINY}.ipynb": "done",
    f"Jo Smith_12348_assignsubmission_file_{TINY}.ipynb": "half",
    "Participant 9_12349_assignsubmission_file": {},
}


@pytest.mark.parametrize("packed", [False, True, "within a folder", "alone in a folder"])
@pytest.mark.parametrize("layout", [CANVAS, MOODLE])
def test_downloads_of_the_platforms(labs, tmp_path, layout, packed):
    texts, source = _texts(labs), tmp_path / "download"
    for name, text in layout.items():
        if text == {}:
            (source / name).mkdir()
        else:
            _lay_out(source, {name: text}, texts)
    if packed:
        source = tmp_path / "packed" / "download.zip"
        source.parent.mkdir()
        with zipfile.ZipFile(source, "w") as archive:
            for path in sorted((tmp_path / "download").rglob("*")):
                where = path.relative_to(tmp_path / ("" if packed == "within a folder" else "download"))
                archive.write(path, where.as_posix())
        source = source.parent if packed == "alone in a folder" else source
    with unpacked(source) as (folder, lost):
        found = {s.student: s for s in collect(folder, *labs, strict=False).submissions if s.lab == TINY}
    assert not lost
    begun = {student: _begun(one, labs) for student, one in found.items()}
    if layout is MOODLE:
        assert begun == {
            "Ada Lovelace": 4,
            "Zoë O. d'Árc": 3,
            "Jo Smith 12347": 4,
            "Jo Smith 12348": 3,
            "Participant 9": None,
        }
        assert found["Ada Lovelace"].identity == "12345"
    else:
        assert begun == {
            "lovelaceada": 4,
            "nightingale": 3,
            "babbage": None,
            "smithjo 1": 4,
            "smithjo 2": 3,
            "aB3x9": 4,
            "euler": None,
        }
        assert [student for student, one in found.items() if one.late] == ["nightingale"]
        assert found["lovelaceada"].identity == "12345" and found["lovelaceada"].when > 0


def test_a_zip_of_folders_and_damaged_entries(labs, tmp_path):
    texts = _texts(labs)
    content = ugly_files.zipped({f"ada/{TINY}.ipynb": texts["done"], f"bob/{TINY}.ipynb": os.urandom(5000)})
    (tmp_path / "all.zip").write_bytes(content.replace(content[-3000:-2960], b"\xff" * 40))
    evil = {f"ada/{TINY}.ipynb": texts["done"], "../../evil.txt": b"x", "/etc/evil.txt": b"x"}
    (tmp_path / "evil.zip").write_bytes(ugly_files.zipped(evil))
    (tmp_path / "no.zip").write_bytes(b"no")
    with unpacked(tmp_path / "all.zip") as (folder, lost):
        found = _found(collect(folder, *labs, strict=False))
    assert found["ada", TINY].trouble is None and found["bob", TINY].trouble.status == "not readable"
    assert [name for name, _ in lost] == [f"bob/{TINY}.ipynb"]
    with unpacked(tmp_path / "evil.zip") as (folder, lost):
        assert sorted(p.name for p in folder.iterdir()) == ["ada", "etc", "evil.txt"]
    with pytest.raises(CourseError, match="neither a folder nor a zip"), unpacked(tmp_path / "no.zip"):
        pass


def test_names_are_weak_hints(labs):
    names = [f"{n:02}_x" for n in range(1, 12)] + ["03_gradient_descent"]
    assert by_name("a/Lab 7 final.ipynb", names) == "07_x" and by_name("lab07(1).ipynb", names) == "07_x"
    assert by_name("11_X.ipynb", names) == "11_x" and by_name("homework.ipynb", names) == ""
    assert by_name("03.ipynb", names) == "", "two labs have that number"
    assert by_name("my 03_gradient_descent.ipynb", names) == "03_gradient_descent"
    assert by_name("2026-03-07 7.ipynb", names) == ""


def test_a_word_that_labs_share_says_little_but_may_decide(labs):
    evidence = Evidence(labs[0])
    shared = tiny_lab.nbformat.v4.new_notebook(cells=[labs[0][TINY].cells[1]])
    assert evidence.lab_of(shared, "x.ipynb") is None
    twin = Evidence({TINY: labs[0][TINY], "07_twin": labs[0][TINY]})
    assert twin.lab_of(labs[0][TINY], "07_twin.ipynb") == "07_twin"
