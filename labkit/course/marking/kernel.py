"""The kernel in which a submission runs: it puts labkit, NumPy and Python's own names back before each cell.

What a notebook changes in these it changes for its own process alone; here it would change the verdict on it. A
program that sets out to can defeat this, since it runs in the same process: `labkit grade` says so in its report.
"""

import base64
import builtins
import importlib
import io
import json
import os
import socket
import sys
import types

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp

from labkit.course.marking import sparing
from labkit.course.marking.pipe.serve import PIPE, Served

NOTES, FIGURE = "application/x-labkit-notes+json", "application/x-labkit-figure"
PLAN, BROKEN = "LABKIT_MARKING_PLAN", "broken.json"
_WATCHED = ("labkit", "numpy")
_PRINTERS = ("type_printers", "deferred_printers", "singleton_printers")
_FIXED = (types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type, int, float, str, tuple, frozenset)


class Snapshot:
    """The names of labkit, NumPy and `builtins` as they are now, to be put back."""

    def __init__(self):
        self.modules = {
            name: module
            for name, module in sys.modules.items()
            if name.split(".")[0] in _WATCHED and module is not None
        }
        self.modules["builtins"] = builtins
        self.names = [(name, vars(module), _fixed(vars(module))) for name, module in self.modules.items()]
        functions, self.classes = {}, []
        for name, module in self.modules.items():
            if name.split(".")[0] == "labkit":
                for value in list(vars(module).values()):
                    if isinstance(value, type) and value.__module__ == name:
                        own = {
                            key: f
                            for key, f in vars(value).items()
                            if callable(f) or isinstance(f, (staticmethod, classmethod, property))
                        }
                        self.classes.append((f"{name}.{value.__name__}", value, own))
                        functions |= {id(f): f for f in vars(value).values() if isinstance(f, types.FunctionType)}
                    elif isinstance(value, types.FunctionType):
                        functions[id(value)] = value
        self.functions = [(f, f.__code__, f.__defaults__, f.__kwdefaults__) for f in functions.values()]
        self.streams = sys.stdout, sys.stderr
        self.recursion = sys.getrecursionlimit()
        self.folder = os.getcwd()
        # Kept as locals of the kernel, since the student's code may replace these names too.
        self._set, self._chdir = type.__setattr__, os.chdir
        self._reset = sys.settrace, sys.setprofile, sys.setrecursionlimit

    def restore(self):
        """Put everything back; returns the names that had been changed."""
        changed = []
        for name, namespace, known in self.names[::-1]:  # builtins, entered last, come first
            for key in known:
                if key not in namespace or namespace[key] is not known[key]:
                    namespace[key] = known[key]
                    changed.append(key if name == "builtins" else name + "." + key)
        for name in self.modules:
            if sys.modules.get(name) is not self.modules[name]:
                sys.modules[name] = self.modules[name]
                changed.append(name)
        for function, code, defaults, kwdefaults in self.functions:
            if function.__code__ is not code or function.__defaults__ is not defaults:
                function.__code__, function.__defaults__, function.__kwdefaults__ = code, defaults, kwdefaults
                changed.append(function.__module__ + "." + function.__name__)
        for name, found, known in self.classes:
            for key in known:
                if found.__dict__.get(key) is not known[key]:
                    try:
                        self._set(found, key, known[key])
                        changed.append(name + "." + key)
                    except (AttributeError, TypeError):
                        pass
        sys.stdout, sys.stderr = self.streams
        settrace, setprofile, setrecursionlimit = self._reset
        settrace(None)
        setprofile(None)
        setrecursionlimit(self.recursion)
        try:
            self._chdir(self.folder)
        except OSError:
            pass
        return changed


def _fixed(namespace):
    """The names that are not meant to change: functions, classes, modules and constants, not caches."""
    return {
        key: value
        for key, value in namespace.items()
        if isinstance(value, _FIXED) or callable(value) and not key.startswith("_")
        if key not in ("_", "__", "___", "__builtins__", "__warningregistry__")
    }


class MarkingKernel(IPythonKernel):
    """IPython's kernel with a `Snapshot`, and with what the marker wants to know after each exercise."""

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
        sparing.keep_the_backend()
        self.spare = sparing.prepare(self.shell)
        self._snapshot = Snapshot()
        self._hooks = self._hooks_now()
        self._transformers = [list(found) for found in self._transformer_lists()]
        printers = self.shell.display_formatter.formatters["text/plain"]
        self._printers = tuple(dict(getattr(printers, name)) for name in _PRINTERS)
        self._methods = dict(vars(self.shell))

    async def do_execute(self, code, silent, *args, **kwargs):
        """Run a cell: put things back before it, and say afterwards what the marker has to know."""
        changed = self._snapshot.restore()
        check = self._plan["checks"].get(code)
        changed += self._restore_shell(check)
        for name in self._broken():
            self.shell.user_ns[name] = None
        if code in self._plan["judged"]:
            self._serve()
            return await super().do_execute("", True, *args, **kwargs)
        hidden = {}
        if check is None and code not in self._plan["solutions"]:
            names = self.shell.user_ns
            hidden = {name: names[name] for name in self._plan["spared"] if name in names}
            names.update(dict.fromkeys(hidden))
        sparing.before_cell(self.shell)
        self.spare.off = check is not None
        reply = await super().do_execute(code, silent, *args, **kwargs)
        for name, value in hidden.items():
            if self.shell.user_ns.get(name) is None:
                self.shell.user_ns[name] = value
        changed += self._snapshot.restore()
        if changed or self._ended:
            self._tell(NOTES, json.dumps({"changed": changed[:200], "ended": self._ended}))
            self._ended = False
        absent = self.spare.tell()
        if absent:
            self._tell(NOTES, json.dumps({"absent": absent}))
        original = self._plan["originals"].get(code)
        if original:
            filled = self.spare.fill(original["names"], original["source"])
            if filled:
                self._tell(NOTES, json.dumps({"filled": filled}))
        solution = self._plan["solutions"].get(code)
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

    def _restore_shell(self, check):
        """IPython's own hooks; before a check also the names by which it calls labkit."""
        changed, shell = [], self.shell
        for event, functions in self._hooks_now().items():
            for function in functions:
                if function not in self._hooks[event] and getattr(function, "__module__", "") == "__main__":
                    shell.events.callbacks[event].remove(function)
                    changed.append("IPython's " + event)
        for found, known in zip(self._transformer_lists(), self._transformers):
            if found != known:
                found[:] = known
                changed.append("IPython's transformers")
        if check is None:
            return changed
        printers = shell.display_formatter.formatters["text/plain"]
        for known, name in zip(self._printers, _PRINTERS):
            mine = {
                k: v
                for k, v in getattr(printers, name).items()
                if known.get(k) is not v and k in (float, int, object) + tuple(known)
            }
            if mine:
                changed.append("IPython's way to show numbers")
            for key in mine:
                getattr(printers, name).pop(key)
            getattr(printers, name).update(known)
        printers.float_format = "%r"
        shell.display_formatter.active_types = shell.display_formatter.format_types
        for name in ("run_cell", "run_cell_async", "run_code", "run_ast_nodes", "displayhook", "display_pub"):
            if vars(shell).get(name) is not self._methods.get(name):
                vars(shell).pop(name, None)
                if name in self._methods:
                    setattr(shell, name, self._methods[name])
                changed.append("IPython's " + name)
        for name, module in self._plan["names"].items():
            right = self._snapshot.modules.get(module)
            if right is not None and shell.user_ns.get(name) is not right:
                if name in shell.user_ns:
                    changed.append("the name " + name)
                shell.user_ns[name] = right
        for name in self._plan["builtins"]:
            shell.user_ns.pop(name, None)
        return changed

    def _hooks_now(self):
        return {event: list(functions) for event, functions in self.shell.events.callbacks.items()}

    def _transformer_lists(self):
        manager = self.shell.input_transformer_manager
        return [
            self.shell.ast_transformers,
            self.shell.input_transformers_post,
            manager.cleanup_transforms,
            manager.line_transforms,
            manager.token_transformers,
        ]

    def _draw(self, names):
        """Send the figure that an exercise left in its name, with what its axes lack."""
        try:
            from labkit.check.figures import Plot, label_of, title_of

            for name in names:
                axes = Plot(self.shell.user_ns.get(name)).axes
                if axes:
                    figure, lacks = axes[0].figure, []
                    drawn = [ax for ax in axes if ax.axison and (ax.lines or ax.collections or ax.patches)]
                    if any(not label_of(ax, which) for ax in drawn for which in "xy"):
                        lacks.append("missing axis labels")
                    if any(not title_of(ax) for ax in axes[:1]):
                        lacks.append("missing title")
                    png = io.BytesIO()
                    figure.savefig(png, format="png", dpi=100, bbox_inches="tight")
                    self._tell(FIGURE, json.dumps({"flags": lacks, "png": base64.b64encode(png.getvalue()).decode()}))
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


if __name__ == "__main__":
    # What a child process prints would come in whatever cell runs then, and without end.
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1), os.dup2(quiet, 2)
    IPKernelApp.launch_instance(kernel_class=MarkingKernel, capture_fd_output=False)
