"""Threads are settled in one place, and what the environment asks for is respected."""

import os
import subprocess
import sys

import pytest

from labkit import threads

COUNT = (
    "from threadpoolctl import threadpool_info as info; import numpy; {}; "
    "print(max(i['num_threads'] for i in info() if i['user_api'] == 'blas'))"
)


def blas_threads(code, **environment):
    """BLAS threads in a fresh process without any variable about threads but those given."""
    cleared = {name: value for name, value in os.environ.items() if "THREADS" not in name}
    done = subprocess.run([sys.executable, "-c", COUNT.format(code)], env=cleared | environment,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize("room", ["losses", "preprocess", "layers", "training", "check", "plots"])
def test_importing_a_room_that_computes_settles_on_one_thread(room):
    assert blas_threads(f"import labkit.{room}") == 1


def test_the_environment_has_the_last_word():
    assert blas_threads("import labkit.losses", LABKIT_BLAS_THREADS="3") == 3
    assert blas_threads("import labkit.losses", OMP_NUM_THREADS="2", LABKIT_BLAS_THREADS="1") == 1
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        untouched = blas_threads("pass", **{name: "2"})
        assert blas_threads("import labkit.losses", **{name: "2"}) == untouched


def test_workers_are_the_cores_or_what_is_asked_for(monkeypatch):
    monkeypatch.delenv("LABKIT_THREADS", raising=False)
    assert threads.workers() == threads.cores() >= 1
    monkeypatch.setenv("LABKIT_THREADS", " 5 ")
    assert threads.workers() == 5


@pytest.mark.parametrize("text", ["0", "-1", "", "two", "1.5", "²"])
def test_a_number_of_threads_that_is_none_is_an_error(monkeypatch, text):
    monkeypatch.setenv("LABKIT_THREADS", text)
    monkeypatch.setenv("LABKIT_BLAS_THREADS", text)
    with pytest.raises(ValueError, match="LABKIT_THREADS must be a whole number, at least 1, got"):
        threads.workers()
    with pytest.raises(ValueError, match="LABKIT_BLAS_THREADS must be a whole number"):
        threads.settle()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes are not bound to cores here")
def test_a_process_bound_to_one_core_has_one():
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    code += "from labkit import threads; print(threads.cores())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "1\n"


@pytest.mark.parametrize("files, share", [
    ({"cpu.max": "150000 100000\n"}, 1.5), ({"cpu.max": "max 100000\n"}, None), ({}, None), ({"cpu.max": "odd"}, None),
    ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
    ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
])  # fmt: skip
def test_a_containers_share_of_time(tmp_path, files, share):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = threads._container_share(tmp_path)
    assert found == share if share else found >= 10**6


def test_a_container_with_little_time_still_has_a_core(monkeypatch):
    monkeypatch.setattr(threads, "_container_share", lambda: 0.2)
    assert threads.cores() == 1
