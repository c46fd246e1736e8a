"""The parent of the kernels: it has imported what a notebook imports and read the data, see `forks`.

A kernel that is forked from it goes into the sandbox before it sees a line of a submission. The parent holds what a
submission may see anyway: labkit, the packages, the data.
"""

import os

import matplotlib.pyplot  # noqa: F401
import matplotlib_inline.backend_inline  # noqa: F401  what the kernel draws with
from ipykernel.kernelapp import IPKernelApp
from matplotlib.font_manager import FontProperties, findfont

import labkit.check  # noqa: F401  what the notebooks import
import labkit.plots  # noqa: F401
from labkit.course.marking import sandbox
from labkit.course.marking.kernel import MarkingKernel
from labkit.data import load_cifar10
from labkit.data.reader import read_ahead


def warm():
    """Do once, before the kernels are forked, what each of them would do again: find the fonts, read the data.

    Nothing is drawn: the files of the fonts would stay open, and be read by all kernels at one place.
    """
    findfont(FontProperties())
    if os.environ.get("LABKIT_DATA"):
        read_ahead(load_cifar10().folder)


def main(arguments):
    """Be the kernel of one submission, in the sandbox.

    arguments: the file that says what it may do, and the arguments of the kernel.
    """
    spec, *options = arguments
    return sandbox.main([spec], lambda: _run(options))


def _run(options):
    IPKernelApp.launch_instance(argv=options, kernel_class=MarkingKernel, capture_fd_output=False)
