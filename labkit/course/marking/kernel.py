"""The kernel in which a submission runs. No verdict is found in it: while a check is due, the marker calls what it
wants to see of the notebook, and what a notebook changes in its own Python it changes for itself.
"""

import base64
import contextlib
import hashlib
import importlib
import io
import json
import os
import pickle
import socket
import sys
import weakref

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from IPython.core import pylabtools

from labkit.check.figures import Plot, label_of, title_of
from labkit.course.marking import sparing
from labkit.course.marking.pipe.drawn import described
from labkit.course.marking.pipe.serve import PIPE, Served
from labkit.course.marking.sandbox import wait_until_sealed

NOTES, FIGURE = "application/x-labkit-notes+json", "application/x-labkit-figure"
PLAN, BROKEN = "LABKIT_MARKING_PLAN", "broken.json"


class MarkingKernel(IPythonKernel):
    """IPython's kernel, with an end of the checks' pipe, and with what the marker wants to know after each exercise."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        plan, self._pipe = os.environ.pop(PLAN), os.environ.pop(PIPE)
        with open(plan, encoding="utf-8") as file:
            self._plan = json.load(file)
        self._broken_list, self._ended = os.path.join(os.path.dirname(plan), BROKEN), False
        self.shell.ask_exit = self._ignore_exit  # exit() would stop the kernel a moment later, in another cell
        for name in self._plan["import"]:
            try:
                importlib.import_module(name)
            except Exception:
                pass
        self._shown = None
        pylabtools.print_figure, self._print = self._print_figure, pylabtools.print_figure  # before it is asked for
        inline = sys.modules.get("matplotlib_inline.backend_inline")
        if inline:  # imported by the parent, where there was no notebook whose cells it could show figures below
            inline.configure_inline_support(self.shell, "inline")
            sys.modules["matplotlib"].interactive(True)
        sparing.keep_the_backend()
        self.spare = sparing.prepare(self.shell)
        self._modules = {name: sys.modules.get(module) for name, module in self._plan["names"].items()}

    async def do_execute(self, code, silent, *args, **kwargs):
        """Run a cell, and say afterwards what the marker has to know; a check is left to the marker."""
        wait_until_sealed()
        check = self._plan["checks"].get(code)
        for name in self._broken():
            self.shell.user_ns[name] = None
        if code == self._plan["check"]:
            self._serve()
            return await super().do_execute("", True, *args, **kwargs)
        if check is not None:  # one that an instructor wrote: it finds the names that it was written for
            self.shell.user_ns.update({name: module for name, module in self._modules.items() if module})
        hidden = {}
        if check is None and code not in self._plan["solutions"]:
            names = self.shell.user_ns
            hidden = {name: names[name] for name in self._plan["spared"] if name in names}
            names.update(dict.fromkeys(hidden))
        sparing.before_cell(self.shell)
        self.spare.off = check is not None
        solution = self._plan["solutions"].get(code)
        self._shown = weakref.WeakKeyDictionary() if solution and solution["figure"] else None
        reply = await super().do_execute(code, silent, *args, **kwargs)
        for name, value in hidden.items():
            if self.shell.user_ns.get(name) is None:
                self.shell.user_ns[name] = value
        if self._ended:
            self._tell(NOTES, json.dumps({"ended": True}))
            self._ended = False
        absent = self.spare.tell()
        if absent:
            self._tell(NOTES, json.dumps({"absent": absent}))
        original = self._plan["originals"].get(code)
        if original:
            filled = self.spare.fill(original["names"], original["source"])
            if filled:
                self._tell(NOTES, json.dumps({"filled": filled}))
        if solution:  # so that the checks and the later cells see an exercise that is not done
            missing = self.spare.fill(solution["names"], solution["stub"])
            if missing:
                self._tell(NOTES, json.dumps({"missing": missing}))
            if solution["figure"]:
                self._draw(solution["names"])
        return reply

    def _serve(self):
        """Let the marker judge a check: it calls what it wants to see of the notebook, see `pipe.serve`."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(self._pipe)
            Served(connection, self.shell.user_ns).serve()

    def _broken(self):
        """Functions that never came back or ended the kernel in their check: from then on not done."""
        try:
            with open(self._broken_list, encoding="utf-8") as file:
                return json.load(file)
        except (OSError, ValueError):
            return []

    def _ignore_exit(self):
        self._ended = True

    def _print_figure(self, figure, fmt="png", *args, **options):
        """As IPython draws a figure to show it; below a plot that is judged, what came of which figure is noted."""
        picture = self._print(figure, fmt, *args, **options)
        if self._shown is not None and fmt == "png" and isinstance(picture, str):
            with contextlib.suppress(Exception):
                self._shown[figure] = _content(figure), hashlib.sha256(picture.strip().encode()).hexdigest()
        return picture

    def _draw(self, names):
        """Name, or else send, the figure that an exercise left in its name, with what its axes lack."""
        try:
            for name in names:
                axes = Plot(self.shell.user_ns.get(name)).axes
                if axes:
                    figure, lacks = axes[0].figure, []
                    drawn = [ax for ax in axes if ax.axison and (ax.lines or ax.collections or ax.patches)]
                    if any(not label_of(ax, which) for ax in drawn for which in "xy"):
                        lacks.append("missing axis labels")
                    if any(not title_of(ax) for ax in axes[:1]):
                        lacks.append("missing title")
                    content, shown = self._shown.get(figure, (None, ""))
                    told = {"shown": shown} if content == _content(figure) else {"png": _png(figure)}
                    self._tell(FIGURE, json.dumps({"flags": lacks, **told}))
                    return
        except Exception:
            return

    def _tell(self, kind, text):
        self.session.send(
            self.iopub_socket,
            "display_data",
            {"data": {kind: text}, "metadata": {}, "transient": {}},
            parent=self.get_parent(),
            ident=self._topic("display_data"),
        )


def _content(figure):
    """What a figure holds, to be compared: drawing it anew takes a hundred times as long."""
    return hashlib.sha256(pickle.dumps(described(figure.axes))).digest()


def _png(figure):
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=100, bbox_inches="tight")
    return base64.b64encode(png.getvalue()).decode()


if __name__ == "__main__":
    # What a child process prints would come in whatever cell runs then, and without end.
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1), os.dup2(quiet, 2)
    IPKernelApp.launch_instance(kernel_class=MarkingKernel, capture_fd_output=False)
