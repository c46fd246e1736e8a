"""What `load_cifar10` returns: images, labels, and where they are from."""

import base64
import io
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import NamedTuple

import numpy as np

from labkit import arguments


class Split(NamedTuple):
    """Training, validation and test images with their labels; each array is a view of the `Dataset`."""

    X_train: np.ndarray
    y_train: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray

    def __repr__(self):
        counts = f"{len(self.y_train):,} training, {len(self.y_val):,} validation, {len(self.y_test):,} test"
        return f"Split: {counts} images of shape {self.X_train.shape[1:]}, {self.X_train.dtype}"


@dataclass(eq=False, repr=False)
class Dataset:
    """The images and labels of CIFAR-10, or of the stand-in.

    X_train (N, 3, 32, 32) uint8, y_train (N,) int64 from 0 to 9; X_test, y_test likewise.
    classes: the ten names, in the order of the labels.
    name: "CIFAR-10" or "stand-in", for titles.
    origin: where the data is from, in words.
    folder: the folder that was read.
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    classes: list
    name: str
    origin: str
    folder: Path

    def split(self, validation=1000, test=None):
        """Training, validation and test sets.

        validation: how many training images, the last ones, are kept for validation; 0 or more, and at
            least one image must remain for training.
        test: how many test images, the first ones, are used; None takes all.
        Returns a `Split` (X_train, y_train, X_val, y_val, X_test, y_test) of views, nothing is copied.
        Raises ValueError if an argument is no whole number or larger than what there is.
        """
        total, available = len(self.y_train), len(self.y_test)
        validation = _count(
            "validation",
            validation,
            0,
            total - 1,
            f"{self.name} has {total:,} training images, and one must remain for training",
        )
        test = (
            available
            if test is None
            else _count("test", test, 1, available, f"{self.name} has {available:,} test images")
        )
        train = slice(total - validation)
        val = slice(total - validation, total)
        return Split(
            self.X_train[train],
            self.y_train[train],
            self.X_train[val],
            self.y_train[val],
            self.X_test[:test],
            self.y_test[:test],
        )

    def __repr__(self):
        shape = " × ".join(map(str, self.X_train.shape[1:]))
        return (
            f"{self.name}, {self.origin}\n"
            f"  training {len(self.y_train):>7,} images\n"
            f"  test     {len(self.y_test):>7,} images\n"
            f"  each {shape}, {self.X_train.dtype}, of one of {len(self.classes)} classes:\n"
            f"  {', '.join(self.classes)}"
        )

    def _repr_html_(self):
        """A table of the sets and classes, with the first training image of each class."""
        train, test = (np.bincount(y, minlength=10) for y in (self.y_train, self.y_test))
        rows = [
            _row("", [self._sample(label) for label in range(10)] + [""]),
            _row("class", [f"<b>{escape(name)}</b>" for name in self.classes] + ["<b>all</b>"]),
            _row("label", [*range(10), ""]),
            _row("training images", [f"{n:,}" for n in (*train, train.sum())]),
            _row("test images", [f"{n:,}" for n in (*test, test.sum())]),
        ]
        shape = " × ".join(map(str, self.X_train.shape[1:]))
        caption = f"<b>{escape(self.name)}</b>, {escape(self.origin)}; images {shape}, {self.X_train.dtype}"
        style = "caption-side: top; text-align: left; color: inherit"
        return f'<table><caption style="{style}">{caption}</caption><tbody>{"".join(rows)}</tbody></table>'

    def _sample(self, label):
        index = np.flatnonzero(self.y_train == label)[:1]
        if not len(index):
            return "none"
        from PIL import Image

        png = io.BytesIO()
        pixels = np.ascontiguousarray(self.X_train[index[0]].transpose(1, 2, 0))
        Image.fromarray(pixels).save(png, "PNG", compress_level=0)  # uncompressed: the same text everywhere
        return (
            f'<img alt="training image {index[0]}, class {escape(self.classes[label])}" width="64" '
            f'height="64" style="image-rendering: pixelated; max-width: none" '
            f'src="data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}">'
        )


def _row(head, cells):
    cells = "".join(f'<td style="text-align: center">{cell}</td>' for cell in cells)
    return f'<tr><th scope="row" style="text-align: left">{head}</th>{cells}</tr>'


def _count(argument, value, least, most, reason):
    try:
        return arguments.whole(value, argument, least, most)
    except ValueError as problem:
        raise ValueError(f"{problem}: {reason}") from None
