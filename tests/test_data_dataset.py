"""The data set as people see it: the split, and how it shows itself."""

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from data_files import batch, write_data
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.data import load_cifar10


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return load_cifar10(write_data(tmp_path_factory.mktemp("d"), n=20, test_batch=batch(5, 15)))


@settings(max_examples=50, deadline=None)
@given(validation=st.integers(0, 99), test=st.none() | st.integers(1, 15))
def test_the_split_keeps_the_last_training_images_for_validation(data, validation, test):
    split = data.split(validation=validation, test=test)
    X_train, y_train, X_val, y_val, X_test, y_test = split
    assert len(X_val) == len(y_val) == validation and len(X_test) == len(y_test) == (test or 15)
    np.testing.assert_array_equal(np.concatenate([X_train, X_val]), data.X_train)
    np.testing.assert_array_equal(np.concatenate([y_train, y_val]), data.y_train)
    np.testing.assert_array_equal(X_test, data.X_test[:test])
    np.testing.assert_array_equal(split.y_test, data.y_test[:test])


def test_the_split_copies_nothing(data):
    for part, whole in zip(
        data.split(30, 5), [data.X_train, data.y_train] * 2 + [data.X_test, data.y_test], strict=True
    ):
        assert np.shares_memory(part, whole) and part.dtype == whole.dtype


def test_numbers_of_numpy_are_numbers(data):
    assert len(data.split(np.int64(7), np.uint8(3)).y_val) == 7


@pytest.mark.parametrize(
    "arguments, said",
    [
        ({"validation": -1}, "validation must be a whole number, from 0 to 99, got -1: CIFAR-10 has 100"),
        ({"validation": 100}, "has 100 training images"),
        ({"validation": 1000}, "got 1000"),
        ({"validation": 0.1}, "validation must be a whole number, from 0 to 99, got 0.1"),
        ({"validation": True}, "validation must be a whole number"),
        ({"validation": "10"}, "got '10'"),
        ({"validation": None}, "validation must be"),
        ({"validation": 10, "test": 0}, "test must be a whole number, from 1 to 15, got 0"),
        ({"validation": 10, "test": 16}, "has 15 test images"),
        ({"validation": 10, "test": -3}, "test must be"),
        ({"validation": 10, "test": 2.0}, "test must be a whole number"),
        ({"validation": 10, "test": np.bool_(True)}, "test must"),
        ({"validation": np.array([1, 2])}, "validation must be a whole number"),
    ],
)
def test_a_wrong_size_is_refused_by_name(data, arguments, said):
    with pytest.raises(ValueError, match=said):
        data.split(**arguments)


def test_a_split_says_its_sizes_instead_of_printing_arrays(data):
    assert repr(data.split(30, 5)) == "Split: 70 training, 30 validation, 5 test images of shape (3, 32, 32), uint8"


def test_the_data_say_in_a_terminal_what_they_are(data):
    shown = repr(data)
    assert shown.startswith("CIFAR-10, folder given as argument\n")
    assert "100 images" in shown and "15 images" in shown and "uint8" in shown and "airplane" in shown
    assert "0x" not in shown and str(data.folder) not in shown


class Reader(HTMLParser):
    """Collects the images and the rows of a table, and checks that every tag is closed."""

    def __init__(self, html):
        super().__init__()
        self.images, self.rows, self.open = [], [], []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.images.append(dict(attributes))
        else:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        if {"th", "td"} & set(self.open):
            self.rows[-1][-1] += text


def test_the_data_show_themselves_in_a_notebook(data):
    html = data._repr_html_()
    read = Reader(html)
    rows = {row[0]: row[1:] for row in read.rows}
    assert rows["class"] == [*data.classes, "all"]
    assert rows["training images"] == [str((data.y_train == label).sum()) for label in range(10)] + ["100"]
    assert rows["test images"] == [str((data.y_test == label).sum()) for label in range(10)] + ["15"]
    assert "CIFAR-10" in html and data.origin in html and "3 × 32 × 32" in html and "uint8" in html
    assert html == data._repr_html_() and str(data.folder) not in html
    assert "0x" not in re.sub('base64,[^"]*', "", html)


def test_the_sample_of_a_class_is_its_first_training_image(data):
    from PIL import Image

    images = iter(Reader(data._repr_html_()).images)
    for label in range(10):
        indices = np.flatnonzero(data.y_train == label)
        if len(indices):
            image = next(images)
            assert image["alt"] == f"training image {indices[0]}, class {data.classes[label]}"
            assert "pixelated" in image["style"]
            png = base64.b64decode(re.fullmatch("data:image/png;base64,(.*)", image["src"])[1])
            shown = np.asarray(Image.open(io.BytesIO(png)))
            np.testing.assert_array_equal(shown.transpose(2, 0, 1), data.X_train[indices[0]])
    assert next(images, None) is None


def test_a_class_without_images_and_a_class_name_with_markup(tmp_path):
    data = load_cifar10(write_data(tmp_path / "d", data_batch_1={"labels": [3, 3, 3]}))
    data.classes[3] = "<script>"
    data.y_train[:] = 3
    html = data._repr_html_()
    assert "<script>" not in html and html.count("<img") == 1 and html.count("none</td>") == 9
