"""CIFAR-10: found, downloaded, verified and read; the stand-in where there is no network; the split."""

from labkit.data.cifar10 import load_cifar10
from labkit.data.dataset import Dataset, Split
from labkit.data.errors import DataError, DownloadError
from labkit.data.reader import CLASSES

__all__ = ["CLASSES", "DataError", "Dataset", "DownloadError", "Split", "load_cifar10"]
