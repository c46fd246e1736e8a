"""A mark is stale when any file that took part in it has changed; what marking cannot import takes no part."""

import shutil
from pathlib import Path

import house

import labkit
from labkit.course.marking.version import APART, version_of

PACKAGE = Path(labkit.__file__).parent


def test_any_file_that_takes_part_in_a_mark_makes_it_stale(tmp_path):
    copy = tmp_path / "labkit"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    first, unnoticed = version_of(copy), []
    for path in sorted(path for path in copy.rglob("*") if path.is_file()):
        before = path.read_bytes()
        path.write_bytes(before + b"\n")
        if version_of(copy) == first:
            unnoticed.append(path.relative_to(copy).as_posix())
        path.write_bytes(before)
    assert version_of(copy) == first
    assert unnoticed and all(name.startswith(tuple(f"{room}/" for room in APART)) for name in unnoticed)
    assert not {"course/marking/grade.py", "course/report/sheet.py", "course/release.py"} & set(unnoticed)


def test_a_file_under_another_name_is_another_version(tmp_path):
    (tmp_path / "a.py").write_text("x = 1")
    first = version_of(tmp_path)
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert version_of(tmp_path) != first


def test_what_stands_apart_cannot_take_part():
    reached = set()
    ahead = [PACKAGE / "course" / "marking" / name for name in ("grade.py", "mark.py", "kernel.py", "sandbox.py")]
    while ahead:
        path = ahead.pop()
        if path not in reached:
            reached.add(path)
            ahead += [file for _, file, _ in house.taken_from(PACKAGE, path)]
    names = {house.name_in(PACKAGE, path) for path in reached}
    assert "course/report/result.py" in names and not [n for n in names if n.startswith(APART)]
