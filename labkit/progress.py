"""One progress bar for the terminal and the notebook, with an estimate of the time left."""

import sys

from tqdm import tqdm


def in_notebook():
    """True inside a Jupyter kernel (a terminal IPython has no kernel)."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return hasattr(shell, "kernel")


class progress(tqdm):
    """`tqdm`, but in a notebook the bar is one display that is updated in place.

    It takes the arguments of `tqdm`. In a notebook nothing is written to stderr, and the bar ends as
    one line that says how much was done in what time; in a terminal it is the usual bar on stderr.
    """

    def __init__(self, *args, **kwargs):
        self._handle = None
        self._notebook = in_notebook() and not kwargs.get("disable")
        if self._notebook:
            kwargs.setdefault("ncols", 80)
            kwargs.setdefault("mininterval", 0.5)
            kwargs["gui"] = True  # keeps tqdm from writing to stderr
        super().__init__(*args, **kwargs)
        if self._notebook:
            self.sp = lambda text: None
            self.display()

    def display(self, msg=None, pos=None):
        if not self._notebook:
            return super().display(msg, pos)
        content = {"text/plain": msg or str(self)}
        if self._handle is None:
            from IPython.display import display

            self._handle = display(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)

    def close(self):
        if not self._notebook:
            return super().close()
        if self.disable:
            return
        d = self.format_dict
        what = f"{self.desc.rstrip(': ')}: " if self.desc else ""
        of = f" of {d['total']:,}" if d["total"] and d["n"] < d["total"] else ""
        self.display(f"{what}{d['n']:,}{of} {self.unit} in {tqdm.format_interval(d['elapsed'])}")
        self.disable = True
        with self._lock:
            self._instances.discard(self)
