"""Processes forked from a parent that has imported everything: on their own, and never left behind."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from labkit.course.marking import forks

pytestmark = pytest.mark.skipif(not forks.USABLE, reason="forked on Linux only")

MODULE = """
import os, sys, time
started = []

def warm():
    started.append(os.getpid())

def tell(arguments):
    import random
    mine = os.environ.get("MINE"), os.environ.get("SECRET"), os.getcwd()
    print(*arguments, *mine, started[0], os.getsid(0) == os.getpid())
    print(random.random(), sorted(os.listdir("/proc/self/fd")))
    return 7

def sleep(arguments):
    time.sleep(60)

def fail(arguments):
    raise ValueError("as asked")
"""


@pytest.fixture
def parent(tmp_path):
    (tmp_path / "warmed.py").write_text(MODULE)
    folders = os.pathsep.join([str(tmp_path), *sys.path])
    found = forks.Parent(["warmed"], {"PYTHONPATH": folders, "SECRET": "x"})
    yield found
    found.close()


def forked(parent, function, tmp_path, *arguments, log=None):
    return forks.Forked(parent.address, f"warmed:{function}", list(arguments), {"MINE": "y"}, tmp_path, log)


def gone(pid, seconds=10):
    end = time.monotonic() + seconds
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_a_child_has_the_parents_imports_and_nothing_else_of_it(parent, tmp_path):
    children = [forked(parent, "tell", tmp_path, "hello", log=tmp_path / f"log{i}") for i in range(2)]
    assert [child.wait(30) for child in children] == [7, 7] and children[0].poll() == 7
    said = [(tmp_path / f"log{i}").read_text().splitlines() for i in range(2)]
    assert said[0][0] == f"hello y None {tmp_path} {parent.pid} True"
    assert said[0][1] != said[1][1], "two children draw the same random numbers"
    assert said[0][1].endswith("['0', '1', '2', '3']"), "a file of the parent is open (3 is the listing itself)"


def test_a_child_that_fails_says_so(parent, tmp_path):
    child = forked(parent, "fail", tmp_path, log=tmp_path / "log")
    assert child.wait(30) == 1 and "ValueError: as asked" in (tmp_path / "log").read_text()


def test_a_child_is_ended_by_a_signal_by_the_end_of_who_asked_and_by_the_end_of_the_parent(parent, tmp_path):
    one, two, three = (forked(parent, "sleep", tmp_path) for _ in range(3))
    with pytest.raises(subprocess.TimeoutExpired):
        one.wait(0.1)
    one.kill()
    assert one.wait(10) == -9
    pid = two.pid
    two._answer.close(), two._connection.close()
    assert gone(pid)
    assert three.poll() is None
    pid = three.pid
    parent._process.stdin.close()
    assert gone(pid) and three.wait(10) == -9


def test_nobody_but_its_owner_reaches_the_parent(parent):
    assert os.stat(os.path.dirname(parent.address)).st_mode & 0o077 == 0


def test_a_parent_that_holds_a_file_open_is_refused(tmp_path):
    source = "def warm():\n    global held\n    held = open(__file__)\n"
    (tmp_path / "holding.py").write_text(source)
    folders = os.pathsep.join([str(tmp_path), *sys.path])
    with pytest.raises(OSError, match="did not start"):
        forks.Parent(["holding"], {"PYTHONPATH": folders})
