"""The parent of the kernels: it has imported what a notebook imports and read the data, see `forks`.

A kernel that is forked from it goes into the sandbox before it sees a line of a submission. The parent holds what a
submission may see anyway: labkit, the packages, the data.
"""

import io
import os

import matplotlib.pyplot as plt
import matplotlib_inline.backend_inline  # noqa: F401  what the kernel draws with
from ipykernel.kernelapp import IPKernelApp

import labkit.check  # noqa: F401  what the notebooks import
import labkit.plots  # noqa: F401
from labkit.course.marking import sandbox
from labkit.course.marking.kernel import MarkingKernel
from labkit.data import load_cifar10
from labkit.data.reader import read_ahead


def warm():
    """Do once, before the kernels are forked, what each of them would do again: draw with text, read the data."""
    figure, axes = plt.subplots()
    axes.set(title="$x$", xlabel="x")
    figure.savefig(io.BytesIO(), format="png")
    plt.close(figure)
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
