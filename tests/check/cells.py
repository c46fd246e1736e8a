"""What the tests of checks share: cells run as IPython does, and what a check prints."""

import contextlib
import io
import linecache
import textwrap

import numpy as np


def cell(source, name, readable=True, **known):
    """Run a cell and return what it calls `name`; readable: its source can be found, as in IPython."""
    source = textwrap.dedent(source)
    file = f"<cell of {name} {len(linecache.cache)}>" if readable else "<unreadable>"
    if readable:
        linecache.cache[file] = len(source), None, source.splitlines(True), file
    names = {"__name__": "__main__", "np": np, **known}
    exec(compile(source, file, "exec"), names)
    return names[name]


def said(judge, *args, **keywords):
    """(points, text) of a check; it must write nothing to stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        points = judge(*args, **keywords)
    assert err.getvalue() == "" and isinstance(points, float)
    return points, out.getvalue()


def right_score(X, W):
    return X @ W


def right_loss(scores, y):
    s = scores - scores.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(y)), y])


CENTRAL = """
def ng(f, x, h=1e-6):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        g[i] = (f(x + e) - f(x - e)) / (2 * h)
    return g
"""
DESCENT = """
def gd(loss, gradient, W, step_size, steps):
    path = [W]
    for _ in range(steps):
        W = W - step_size * gradient(loss, W)
        path.append(W)
    return path
"""
