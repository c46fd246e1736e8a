"""The reader of pickles: reads what Python and NumPy write, refuses all else, runs nothing."""

import os
import pickle
import struct

import numpy as np
import pytest
from data_files import batch, python2
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.data import unpickle as room
from labkit.data.unpickle import ArrayRecord, UnpickleError, unpickle

PROTOCOLS = range(6)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=300),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(), inner)
        | st.tuples(inner, inner, inner, inner)
    ),
    max_leaves=15,
)


@settings(max_examples=150, deadline=None)
@given(plain, st.sampled_from(PROTOCOLS))
def test_plain_values_are_read_as_python_wrote_them(value, protocol):
    assert unpickle(pickle.dumps(value, protocol=protocol)) == value


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=400)), st.sampled_from(PROTOCOLS))
def test_bytes_are_read_or_stay_the_text_that_python_made_of_them(values, protocol):
    read = unpickle(pickle.dumps(values, protocol=protocol))
    assert [v.encode("latin-1") if isinstance(v, str) else bytes(v) for v in read] == values


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("dtype", ["u1", "<i8", ">i2", "f4"])
def test_arrays_are_described(protocol, order, dtype):
    array = np.arange(6).reshape(2, 3).astype(dtype, order=order)
    record = unpickle(pickle.dumps({b"data": array}, protocol=protocol))["data"]
    raw = record.raw.encode("latin-1") if isinstance(record.raw, str) else record.raw
    again = np.frombuffer(raw, np.dtype(record.dtype.order + record.dtype.code))
    np.testing.assert_array_equal(again.reshape(record.shape, order="F" if record.fortran else "C"), array)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_names_of_numpy_1_are_admitted_as_those_of_numpy_2(protocol):
    data = pickle.dumps(np.zeros((2, 3), np.uint8), protocol=protocol)
    if b"_core" not in data:
        pytest.skip("NumPy 1 writes these names itself, so the tests above have read them")
    old = data.replace(b"numpy._core.", b"numpy.core.")
    if protocol >= 4:  # the name's length and the frame's stand before them
        old = old.replace(b"\x8c\x16numpy.core", b"\x8c\x15numpy.core").replace(
            b"\x8c\x13numpy.core", b"\x8c\x12numpy.core"
        )
        old = old[:3] + struct.pack("<Q", len(old) - 11) + old[11:]
    assert unpickle(old).shape == (2, 3)


def test_what_python_2_wrote_is_read_and_pixels_are_not_copied():
    content = batch(n=300)
    data = python2(content)
    read = unpickle(data)
    again = pickle.loads(data, encoding="latin1")  # the helper writes true pickles
    assert again["filenames"] == content["filenames"] and (again["data"] == content["data"]).all()
    assert [bytes(name).decode() for name in read["filenames"]] == content["filenames"]
    assert read["labels"] == content["labels"]
    assert isinstance(read["data"].raw, memoryview) and read["data"].raw.obj is data
    assert bytes(read["data"].raw) == content["data"].tobytes()


class Calls:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "function, arguments",
    [
        (os.system, ("touch ran",)),
        (eval, ("open('ran', 'w')",)),
        (exec, ("open('ran', 'w')",)),
        (open, ("ran", "w")),
        (os.mkdir, ("ran",)),
        (np.save, ("ran", 1)),
        (np.fromfile, ("ran",)),
        (getattr, ("", "__class__")),
        (print, ("ran",)),
        (bytearray, (10**11,)),
        (np.zeros, (10**12,)),
        (pickle.loads, (b"N.",)),
    ],
)
def test_a_file_that_calls_a_function_is_refused_and_nothing_is_run(
    tmp_path, monkeypatch, function, arguments, protocol
):
    monkeypatch.chdir(tmp_path)
    data = pickle.dumps({"data": Calls(function, *arguments), "labels": []}, protocol=protocol)
    with pytest.raises(UnpickleError, match="asks for .*nothing was run"):
        unpickle(data)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    "data, why",
    [
        (b"cnumpy\nndarray\n(I1000000000000\ntR.", "call of the array type: one terabyte"),
        (b"cnumpy\ndtype\n(S'O'\ntR(I3\nS'|'\nNNNI-1\nI-1\nI63\ntbcnumpy\ndtype\n)\x81.", "instruction NEWOBJ"),
        (b"cnumpy\ndtype\n}S'x'\nI1\nsb.", "state put on a name"),
        (b"(i__main__\nX\n.", "instruction INST"),
        (b"(cnumpy\nndarray\no.", "instruction OBJ"),
        (b"Pid\n.", "persistent id"),
        (b"\x82\x01.", "extension registry"),
        (b"c_codecs\nencode\n(S'x'\nS'rot13'\ntR.", "another codec"),
        (b"c_codecs\nencode.mro\n.", "attribute of an admitted name"),
        (b"\x8c\x06numpy.\x8c\x00\x93.", "name put together"),
        (b"]]\x93.", "name that is a list"),
    ],
)
def test_other_ways_to_run_or_reach_something_are_refused(data, why):
    with pytest.raises(UnpickleError):
        unpickle(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02]r\xff\xff\xff\x7f.",  # memo index of two thousand million
        b"\x80\x02]q\x00" + b"p" + b"9" * 18 + b"\n.",
        b"\x80\x02T\xff\xff\xff\xff.",
        b"\x80\x04\x8e" + b"\xff" * 8 + b".",  # announced lengths
        b"\x80\x04\x95" + b"\xff" * 8 + b"N.",
        b"\x80\x02" + b"]" * 10_000 + b"a" * 9_999 + b".",  # lists in lists
        b"(" * 20_000 + b".",
        b"\x80\x02" + b"\x8b" + struct.pack("<I", 10) + b"\xff" * 10 + b".",
        b"I" + b"9" * 100_000 + b"\n.",
        b"\x80\x02" + b"]" * 60_000 + b".",  # a value for each byte
    ],
)
def test_bombs_neither_crash_nor_take_memory(data, monkeypatch):
    import tracemalloc

    monkeypatch.setattr(room, "MOST_INSTRUCTIONS", 50_000)
    tracemalloc.start()
    try:
        unpickle(data)
    except UnpickleError:
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_a_key_so_deep_that_its_hash_would_overflow_the_stack_is_refused():
    with pytest.raises(UnpickleError, match="key that is not text but tuple"):
        unpickle(b"\x80\x02}" + b")" + b"\x85" * 100_000 + b"Ns.")


def test_text_repeated_from_memory_is_not_multiplied():
    """100 kB that encode a text of 50 kB ten thousand times: 500 MB, if they were carried out."""
    one = b"h\x00h\x01h\x02\x86R"
    data = (
        b"\x80\x02c_codecs\nencode\nq\x00X"
        + struct.pack("<I", 50_000)
        + b"x" * 50_000
        + b"q\x01X\x06\x00\x00\x00latin1q\x02]("
        + one * 10_000
        + b"e."
    )
    read = unpickle(data)
    assert len(read) == 10_000 and read[0] is read[-1]


DATA = [python2(batch(n=2)), *(pickle.dumps(batch(n=2), protocol=p) for p in PROTOCOLS)]


@pytest.mark.parametrize("data", DATA, ids=["Python 2", *map("protocol {}".format, PROTOCOLS)])
def test_a_pickle_cut_short_anywhere_is_noticed(data):
    ends = {*range(0, 400), *range(400, len(data), 97), *range(len(data) - 200, len(data))}
    for end in ends:
        with pytest.raises(UnpickleError):
            unpickle(data[:end])


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(DATA), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8))
def test_damage_gives_a_value_or_the_one_error(data, changes):
    damaged = bytearray(data)
    for at, value in changes:
        damaged[at % 300 if at % 2 else at % len(damaged)] = value
    try:
        unpickle(bytes(damaged))
    except UnpickleError:
        pass


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_give_a_value_or_the_one_error(data):
    for start in (b"", b"\x80\x02", b"\x80\x04", b"(]}"):
        try:
            unpickle(start + data)
        except UnpickleError:
            pass


def test_a_number_of_numpy_is_described():
    record = unpickle(pickle.dumps(np.int64(7), protocol=4))
    assert isinstance(record, ArrayRecord) and record.shape == () and record.dtype.code == "i8"
