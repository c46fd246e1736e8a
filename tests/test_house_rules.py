"""The rules of the house: each finds what is planted, and nothing in what is right; no exception is stale."""

import re

import house
import pytest
import test_house
from test_house import OPTIONAL, PACKAGE, ROOMS, TESTS

RIGHT = {
    "losses.py": '"""Losses."""\nimport sys\n',
    "data/__init__.py": '"""Data."""\nfrom labkit.data.reader import read\n',
    "data/reader.py": '"""Reader."""\ndef read():\n    """Reads."""\n    from PIL import Image\n    return Image\n',
    "networks.py": '"""Networks."""\nfrom labkit import losses\nfrom labkit.data import read\nlosses.__name__, read\n',
}
DESCRIBED = '"""D."""\ndef f(x, y, z=1, *, w):\n    """Sum.\n\n    %s\n    """\n'


@pytest.mark.parametrize(
    "rule, arguments",
    [
        (house.imports_from_below, (ROOMS,)),
        (house.imports_from_below, (("reader", "late"), "data")),
        (house.imports_among, ("data",)),
        (house.circles, ()),
        (house.inner_imports, (OPTIONAL,)),
        (house.private_names, ()),
        (house.long_files, (10,)),
        (house.crowded_arguments, ()),
    ],
)
def test_a_rule_finds_nothing_in_what_is_right(rule, arguments, tmp_path):
    assert not list(rule(house.plant(tmp_path, RIGHT), *arguments))


@pytest.mark.parametrize(
    "rule, arguments, sources, words",
    [
        (house.imports_from_below, (ROOMS,), {"losses.py": "from labkit.networks import mlp"}, "py:1: .* networks"),
        (house.imports_from_below, (ROOMS,), {"losses.py": "import labkit.networks as n"}, "losses.py:1: .* networks"),
        (house.imports_from_below, (ROOMS,), {"losses.py": "def f():\n    from . import networks"}, "losses.py:2"),
        (house.imports_from_below, (ROOMS,), {"cellar.py": ""}, "cellar.py: is in no room"),
        (house.imports_from_below, (("reader", "late"), "data"), {"data/reader.py": "from labkit.data import late",
         "data/late.py": ""}, "data/reader.py:1: imports from late"),
        (house.imports_from_below, (("other",), "data"), {}, "data/reader.py: is in no room"),
        (house.imports_among, ("check/labs",), {"check/labs/a.py": "from . import b", "check/labs/b.py": ""},
         "check/labs/a.py:1: imports from check/labs/b.py"),
        (house.imports_between, ("course", test_house.COURSE), {"course/report/b.py": "import labkit.course.marking.m",
         "course/marking/m.py": "import labkit.course.report.b"}, "^course/report/b.py:1: .* course/marking$"),
        (house.circles, (), {"losses.py": "import labkit.networks"}, "losses.py, networks.py"),
        (house.circles, (),
         {"data/reader.py": "def f():\n    from .late import g", "data/late.py": "from . import reader"},
         "data/late.py, data/reader.py"),
        (house.circles, (), {"data/reader.py": "from labkit.data import read"}, "data/__init__.py, data/reader.py"),
        (house.inner_imports, (OPTIONAL,), {"losses.py": "def f():\n    import numpy"}, "losses.py:2: imports numpy"),
        (house.inner_imports, (OPTIONAL,), {"losses.py": "class A:\n    def f(self):\n        from labkit import data"},
         "losses.py:3"),
        (house.private_names, (), {"losses.py": "from labkit.data.reader import _read"}, "_read from data/reader.py"),
        (house.private_names, (), {"losses.py": "from labkit.data import reader as r\nr._read()"}, "losses.py:2"),
        (house.long_files, (10,), {"losses.py": "\n" * 11}, "losses.py: has 11 lines"),
        (house.without_docstring, (), {"losses.py": "x = 1"}, "losses.py: has no docstring"),
        (house.without_docstring, (), {"losses.py": '"""L."""\ndef f():\n    pass'}, "losses.py:2: f has no docstring"),
        (house.without_docstring, (), {"losses.py": '"""L."""\nclass A:\n    pass'}, "losses.py:2: A has no docstring"),
        (house.crowded_arguments, (), {"losses.py": DESCRIBED % "x: an array. y: another."}, "f describes y"),
        (house.crowded_arguments, (), {"losses.py": DESCRIBED % "x: an array. y, z: two. w: one."}, "f describes w"),
    ],
)  # fmt: skip
def test_a_planted_violation_is_found(rule, arguments, sources, words, tmp_path):
    found = "\n".join(rule(house.plant(tmp_path, RIGHT | sources), *arguments))
    assert re.search(words, found), found


@pytest.mark.parametrize(
    "rule, arguments, excepted",
    [
        (house.inner_imports, (PACKAGE, OPTIONAL), test_house.INNER_IMPORTS),
        (house.long_files, (TESTS, test_house.MOST_LINES), test_house.LONG_TESTS),
    ],
)
def test_an_exception_that_is_not_needed_any_more_leaves_its_list(rule, arguments, excepted):
    stale = excepted - {line.split(":")[0] for line in rule(*arguments)}
    assert not stale, f"take off the list in test_house.py: {', '.join(sorted(stale))}"


def test_the_number_of_test_processes_is_that_of_the_cores(request, monkeypatch):
    plugins = request.config.pluginmanager.get_plugins()
    root = next(p for p in plugins if getattr(p, "__file__", "") == str(test_house.ROOT / "conftest.py"))
    for cores, processes in [(1, 1), (2, 2), (16, 16), (128, root.MOST_PROCESSES)]:
        monkeypatch.setattr(root, "cores", lambda: cores)
        assert root.pytest_xdist_auto_num_workers() == processes
