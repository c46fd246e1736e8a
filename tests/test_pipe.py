"""The pipe between a check and a student's function: what goes through, what does not, and who ends a call."""

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import warnings

import numpy as np
import piped
import pytest
import tiny_lab
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from labkit.check.answer import Answer, Misuse
from labkit.course.marking import repair
from labkit.course.marking.pipe.judge import call_in
from labkit.course.marking.pipe.judging import _on_one_core
from labkit.course.marking.pipe.line import Line, Lost
from labkit.course.marking.pipe.remote import Outside, Remote
from labkit.course.marking.pipe.serve import Served
from labkit.course.marking.pipe.wire import DEEPEST, HEAD, Malformed, foreign, head, pack, unpack
from labkit.course.marking.run_cells import written_before

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from([Ellipsis, NotImplemented, 1 + 2j, slice(1, None, 2), np.float32(0.1), np.int8(-3)])
    | arrays.arrays(
        st.sampled_from([float, np.float32, np.int64, np.uint8, bool, complex]), arrays.array_shapes(min_dims=0)
    )
    | st.just(np.empty((0, 3))),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


def _there(value, other=None, known=None):
    """A value after a way through the pipe."""
    frame = b"".join(pack(value, other))
    header, size = head(frame[:HEAD])
    assert len(frame) == HEAD + header + size
    return unpack(frame[HEAD : HEAD + header], np.frombuffer(frame[HEAD + header :], np.uint8), known)


def _same(one, other):
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(map(_same, one.values(), other.values()))
    if isinstance(one, (np.ndarray, np.generic)):
        return one.dtype == other.dtype and one.shape == other.shape and np.array_equal(one, other, equal_nan=True)
    return one == other


@settings(max_examples=150, deadline=None)
@given(PLAIN)
def test_plain_values_come_through_as_they_are(value):
    assert _same(_there(value), value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.0, np.float64("nan"), np.longdouble(1) / 3])
def test_numbers_that_are_none_too(value):
    back = _there(value)
    assert type(back) is type(value) and repr(back) == repr(value)


def test_an_array_of_the_other_process_is_ones_own():
    array = np.arange(6.0).reshape(2, 3).T
    back = _there(array)
    back[0] = 7
    assert back.flags.writeable and array[0, 0] == 0


def test_subclasses_come_through_as_what_they_hold():
    class Lying(np.ndarray):
        def __eq__(self, other):
            return True

    class Pair(tuple):
        pass

    assert type(_there(np.ones(2).view(Lying))) is np.ndarray and type(_there(Pair((1, 2)))) is tuple
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy advises against it
        assert isinstance(_there(np.matrix([[1.0]])), np.matrix)
    assert isinstance(_there(np.ma.masked_array([1.0])), np.ma.MaskedArray)
    assert _there(np.array([object(), 1])).dtype == object and _there(np.array(["a"])).dtype.kind == "U"


def test_anything_else_is_what_it_is_called():
    def told(value):
        return ["foreign", type(value).__name__, None, None]

    assert type(_there({1, 2}, told, lambda sort, *parts: foreign(*parts))).__name__ == "set"
    assert type(foreign("no name")).__name__ == "object"
    assert float(foreign("Fraction", 0.5)) == 0.5
    with pytest.raises(Malformed):
        pack({1, 2})


def test_too_much_is_refused_by_who_says_it():
    deep = []
    for _ in range(DEEPEST + 2):
        deep = [deep]
    for value in (deep, [0.0, [1]] * 10**6, np.zeros(200 << 20, np.uint8)):
        with pytest.raises(Malformed):
            pack(value)


def _frame(header, data=b""):
    return unpack(header, np.frombuffer(data, np.uint8), lambda *parts: parts)


@pytest.mark.parametrize(
    "header",
    [
        b"{}",
        b"nonsense",
        b"[" * 10**5,
        b'["a","O",[2]]',
        b'["a","d",[1000000000000]]',
        b'["a","d",[-1]]',
        b'["a","d",[2]]',
        b'["a","d"]',
        b'["x"]',
        b"[]",
        b'["d",[[["l",[]],1]]]',
        b'["n",1]',
        b'["1","eval"]',
        b'["b","O",[100000,100000]]',
        b'["o",1]',
        b'["l",5]',
        b"1" * 5000,
        b'["c","1",2]',
        b"\xff\xfe",
    ],
)
def test_what_breaks_the_format_is_malformed(header):
    with pytest.raises(Malformed):
        _frame(header)
    with pytest.raises(Malformed):
        _frame(b"null", b"left over")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.binary(max_size=20))
def test_any_bytes_are_a_value_or_malformed(header, data):
    try:
        _frame(header, data)
    except Malformed:
        pass
    with pytest.raises(Malformed):
        head((header + b"no frame at all" * 3)[:HEAD])


# --- two ends


class _Pair:
    """Both ends of a pipe in this process, the notebook's in a thread."""

    def __init__(self, **names):
        here, there = socket.socketpair()
        self.line = Outside(here, 30.0)
        self.served = Served(there, names)
        self.thread = threading.Thread(target=lambda: Line.serve(self.served), daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.line.close()
        self.thread.join(10)

    def answer(self, name):
        return Answer(Remote(self.line, name), ("x",))


def test_a_function_that_is_handed_over_is_called_where_it_is():
    seen = []

    def f(x):
        seen.append(x)
        if len(seen) > 2:
            raise Misuse("twice is enough")
        return x if len(seen) == 1 else 2.0

    def student(f, x):
        return f(x) is x, f(x=x), f

    def too_often(f, x):
        return [f(x) for _ in range(9)]

    with _Pair(student=student, too_often=too_often) as pair:
        outcome = pair.answer("student")(f, np.ones(2))
        assert outcome.value[:2] == (True, 2.0) and outcome.value[2] is f and len(seen) == 2
        assert type(seen[0]) is np.ndarray
        assert "twice is enough" in pair.answer("too_often")(f, np.ones(2)).error


def test_functions_of_both_sides_may_call_each_other():
    with _Pair(student=lambda apply, n: apply(lambda k: apply(lambda j: j + k, n), n)) as pair:
        assert pair.answer("student")(lambda g, n: g(n) + 1, 5).value == 12


def test_arguments_that_change_and_generators_that_go_on():
    def student(x, rows, rng):
        x[0] = 9
        rows.append([1])
        return rng.random()

    with _Pair(student=student) as pair:
        rng, twin = np.random.default_rng(3), np.random.default_rng(3)
        outcome = pair.answer("student")(np.zeros(2), [[0]], rng)
        assert outcome.changed == (0, 1) and outcome.args[0][0] == 9 and outcome.args[1] == [[0], [1]]
        assert outcome.value == twin.random() and rng.random() == twin.random()


def test_what_is_returned_is_described_never_run():
    class Odd:
        def __reduce__(self):
            return os.system, ("exit 1",)

        def __eq__(self, other):
            raise AssertionError

    with _Pair(student=lambda x: Odd(), huge=lambda x: np.zeros(300 << 20, np.uint8)) as pair:
        assert type(pair.answer("student")(1).value).__name__ == "Odd"
        assert "cannot be judged: it is too large (300 MB)" in pair.answer("huge")(1).error


def test_a_call_that_does_not_end_is_ended_and_the_process_goes_on():
    line, process = piped.start(seconds=3.0)
    line._late = lambda: os.kill(process.pid, signal.SIGINT)
    try:
        line.seconds = 60.0
        line.ask("cell", "def forever(x):\n    while True: pass\n\ndef fine(x):\n    return x", "<cell>")
        line.seconds = 3.0
        answer = Answer(Remote(line, "forever"), ("x",))
        assert answer(1).error == "it does not end: stopped after 3 s"
        assert answer(1).error == "it does not end: stopped after 3 s"
        assert Answer(Remote(line, "fine"), ("x",))(1).value == 1
    finally:
        line.close()
        process.kill()
        process.wait()


def test_a_process_that_is_gone_or_talks_nonsense_is_a_diagnosis():
    for rubbish in (b"", b"nonsense" * 10, struct.pack("<4sQQ", b"lab\x01", 2**50, 0)):
        here, there = socket.socketpair()
        line = Outside(here, 5.0)
        there.sendall(rubbish)
        there.close()
        with pytest.raises(Lost):
            line.ask("look", "score")
        line.close()


def test_only_checks_of_one_line_are_judged_outside():
    assert call_in("check.score(score)").func.attr == "score"
    for source in (
        "check.use('score', score)",
        "assert score",
        "check.score(score); 3",
        "20.0",
        "other.score(score)",
        "(",
    ):
        assert call_in(source) is None


@pytest.mark.parametrize("whole", [False, True])
def test_the_lab_s_own_cells_give_no_hints(tmp_path, whole):
    _, release = tiny_lab.handed_out(tmp_path)
    source = tiny_lab.lab()
    nb, _ = repair.repair(tiny_lab.answered(release, source), release)
    repair.mark_unchanged(nb, release)
    if not whole:
        repair.author_marks(nb, source, release)
    assert written_before(nb, tiny_lab.at(nb, "check-cost-plot")).hints(["score", "accuracy", "cost_plot"]) == []
    nb.cells[tiny_lab.at(nb, "accuracy")].source += "\nimport sys\nsys.settrace(None)"
    (hint,) = written_before(nb, tiny_lab.at(nb, "check-cost-plot")).hints(["score"])
    assert "sys.settrace" in hint


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system places processes itself")
def test_while_a_check_is_judged_both_processes_are_on_one_core(tmp_path):
    before = os.sched_getaffinity(0)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen(1)
        call = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.recv(1)"
        with subprocess.Popen([sys.executable, "-c", call, str(tmp_path / "s")]) as other:
            connection, _ = listener.accept()
            with connection:
                try:
                    with _on_one_core(connection):
                        assert os.sched_getaffinity(other.pid) == os.sched_getaffinity(0) <= before
                        assert len(os.sched_getaffinity(0)) == 1
                    assert os.sched_getaffinity(other.pid) == before
                finally:
                    os.sched_setaffinity(0, before)  # a judging thread ends with its check
    with socket.socketpair()[0] as gone, _on_one_core(gone):
        pass
    os.sched_setaffinity(0, before)
