"""The parent of the kernels: it has imported what a notebook imports and read the data, see `forks`.

A kernel that is forked from it goes into the sandbox before it sees a line of a submission. The parent holds what a
submission may see anyway: labkit, the packages, the data.
"""

import contextlib
import importlib
import os

import matplotlib.pyplot  # noqa: F401
import matplotlib_inline.backend_inline  # noqa: F401  what the kernel draws with
from ipykernel.kernelapp import IPKernelApp
from matplotlib.font_manager import FontProperties, findfont
from PIL import Image

import labkit.check  # noqa: F401  what the notebooks import
import labkit.plots  # noqa: F401
from labkit.course.marking import sandbox
from labkit.course.marking.kernel import MarkingKernel
from labkit.data import load_cifar10
from labkit.data.reader import read_ahead

# What IPython imports only when a kernel starts or shows something, what notebooks import, and what answers may
# import while a check looks on, which takes ten times as long.
_LATER = (
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "ipykernel.debugger",
    "sqlite3",
    "tornado.platform.asyncio",
    *(f"labkit.{name}" for name in ("autodiff", "gradients", "layers", "losses", "networks", "optimizers")),
    *(f"labkit.{name}" for name in ("preprocess", "search", "training")),
    "scipy.optimize",
    "scipy.special",
)


def warm():
    """Do once, before the kernels are forked, what each would do again: import, find the fonts, read the data.

    Nothing is drawn: the files of the fonts would stay open, and be read by all kernels at one place.
    """
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # nobody debugs here, and it would warn of that
    for name in _LATER:
        with contextlib.suppress(Exception):  # one that is not there, or broken, is an answer's own trouble
            importlib.import_module(name)
    Image.preinit()
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
