"""Answers that students give to lab 3: the right ones keep all points, each wrong one loses what is said here, with the
words of its diagnosis. A tuple of (old, new) is the right answer of `labkit.check` with these edits. What a known
mistake makes of the right answer is tested without being listed here. Gradients, descent and plots are in `more`.
"""

import runpy
from pathlib import Path

NOTEBOOK = "03_numerical_gradient_descent.ipynb"

CHECKS = {
    "score": "check.score(score)",
    "log_softmax_loss": "check.log_softmax_loss(log_softmax_loss)",
    "numerical_gradient": "check.numerical_gradient(numerical_gradient)",
    "gradient_descent": "check.gradient_descent(gradient_descent)",
    "vectorised": "check.vectorised(score, log_softmax_loss)",
    "accuracy": "check.accuracy(accuracy)",
    "cost_plot": "check.cost_plot(cost_plot, losses=loss_values)",
    "accuracy_plot": "check.accuracy_plot(accuracy_plot, accuracies=accuracies)",
}

SETUP = """
import numpy as np
import matplotlib.pyplot as plt
X = np.random.default_rng(1).normal(size=(1000, 10))
y = np.random.default_rng(2).integers(0, 10, 1000)
loss_values = 2 + 0.4 * np.exp(-np.arange(1001) / 200)
accuracies = 0.27 - 0.17 * np.exp(-np.arange(1001) / 150)
"""

STUBS = {
    "score": "def score(X, W):\n    raise NotImplementedError",
    "log_softmax_loss": "def log_softmax_loss(scores, y):\n    raise NotImplementedError",
    "numerical_gradient": "def numerical_gradient(f, x, h=1e-6):\n    raise NotImplementedError",
    "gradient_descent": "def gradient_descent(loss, gradient, W, step_size, steps):\n    raise NotImplementedError",
    "accuracy": "def accuracy(scores, y):\n    raise NotImplementedError",
    "cost_plot": "cost_plot = None",
    "accuracy_plot": "accuracy_plot = None",
}

RIGHT, WRONG = {}, {}


def _edit(old, *news):
    """{new: the right answer with it}: answers that differ in one place."""
    return {new: ((old, new),) for new in news}


# ------------------------------------------------------------------------------------------ score

RIGHT["score"] = {
    "at": (),
    **_edit(
        "X @ W",
        "np.dot(X, W)",
        "np.matmul(X, W)",
        'np.einsum("nd,dc->nc", X, W)',
        "np.inner(X, W.T)",
        "np.tensordot(X, W, axes=1)",
        "(X[:, :, None] * W[None]).sum(axis=1)",
        "(W.T @ X.T).T",
        "np.linalg.multi_dot([X, W])",
        "(lambda B: lambda A: A @ B)(W)(X)",
        "np.dot(X, W, out=np.empty((len(X), W.shape[1]), X.dtype))",
    ),
    "method": "score = lambda X, W: X.dot(W)",
    "the ufunc itself": "score = np.matmul",
    "annotated": "def score(a: np.ndarray, b: np.ndarray) -> np.ndarray:\n    'The scores.'\n    return a @ b",
    "helper, with a print": """
def product(A, B):
    print("multiplying", A.shape, B)
    return A @ B

def score(X, W):
    return product(X, W)
""",
    "callable object": """
class Linear:
    def __call__(self, X, W):
        return self.apply_weights(X, W)

    def apply_weights(self, X, W):
        return X @ W

score = Linear()
""",
    "decorated": """
import functools

def checked(function):
    @functools.wraps(function)
    def wrapper(*args):
        assert len(args) == 2
        return function(*args)
    return wrapper

@checked
def score(X, W):
    return X @ W
""",
}

WRONG["score"] = {
    "the notebook's images": ((("score(X, W)", "score(x, W)"),), {"score": 20}, "uses X, a variable of the notebook"),
    "whole numbers": ((("X @ W", "(X @ W).astype(int)"),), {"score": 20}, "whole numbers"),
    "ten classes": (
        (("return X @ W", "scores = np.zeros((len(X), 10))\n    scores[:] = X @ W\n    return scores"),),
        {"score": 20},
        "take sizes from .shape",
    ),
    "squeezed": ((("X @ W", "np.squeeze(X @ W)"),), {"score": 20}, "right number of entries in the wrong shape"),
    "printed, not returned": (
        (("return X @ W", "print(X @ W)"),),
        {"score": 20, "vectorised": 10},
        "is the `return` missing?",
    ),
    "one argument": (
        "def score(X):\n    return X @ np.ones((10, 10))",
        {"score": 20, "vectorised": 10},
        "cannot be called with (X, W)",
    ),
    "in place": ((("return X @ W", "X *= 2\n    return X @ W / 2"),), {"score": 2}, "X is changed in place"),
    "labkit's": (
        (("return X @ W", "from labkit.check import EXERCISES\n    return EXERCISES['score'].answer(X, W)"),),
        {"score": 20, "vectorised": 10},
        "ready-made answer (labkit.check.labs.lab03",
    ),
    **{
        says: ((("return X @ W", body),), {"vectorised": 10}, says)
        for says, body in {
            "line 4: a for loop": """scores = np.zeros((X.shape[0], W.shape[1]))

    for i in range(X.shape[0]):
        scores[i] = X[i] @ W
    return scores""",
            "line 2: a list comprehension": "return np.array([x @ W for x in X])",
            "line 3: a while loop": """total = d = 0
    while d < X.shape[1]:
        total, d = total + np.outer(X[:, d], W[d]), d + 1
    return total""",
            "map, which is a loop": "return np.array(list(map(W.T.dot, X)))",
            "np.apply_along_axis, which is a loop": "return np.apply_along_axis(lambda x: x @ W, 1, X)",
            "line 4: np.vectorize, which is a loop": """from numpy import vectorize as fast

    one = fast(lambda i, j: X[i] @ W[:, j])
    return one(np.arange(len(X))[:, None], np.arange(W.shape[1]))""",
            "recursion": "return X @ W if len(X) < 9 else np.vstack([X[:9] @ W, score(X[9:], W)])",
            "functools.reduce, which is a loop": "import functools; "
            "return functools.reduce(np.add, X.T[:, :, None] * W[:, None, :])",
            "Python's sum()": "return sum(X.T[:, :, None] * W[:, None, :])",
            "exec, which hides": """names = {"X": X, "W": W, "np": np}
    exec("s = np.array([x @ W for x in X])", names)
    return names["s"]""",
            "number of Python steps grows": "return np.array(list(X)) @ W",
            "a for loop": """blocks = []
    for i in range(0, len(X), 100):
        blocks.append(X[i:i + 100] @ W)
    return np.concatenate(blocks)""",
        }.items()
    },
    "loop in a helper": (
        """
def rows(X, W):
    out = []
    for x in X:
        out.append(x @ W)
    return out

def score(X, W):
    return np.stack(rows(X, W))
""",
        {"vectorised": 10},
        "line 4 in rows: a for loop",
    ),
}

# ------------------------------------------------------------------------------ log-softmax loss

_HEAD = "def log_softmax_loss(scores, y):\n"
_S = "    s = scores - scores.max(axis=1, keepdims=True)\n"
_P = _HEAD + "    e = np.exp(scores - scores.max(axis=1, keepdims=True))\n    p = e / e.sum(axis=1, keepdims=True)\n"
_LOG_P = _HEAD + _S + "    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))\n"

RIGHT["log_softmax_loss"] = {
    "exp-normalise": _P + "    return -np.mean(np.log(p[np.arange(len(y)), y]))",
    "with a print": _P + "    print(e, y, f'{scores}')\n    return -np.log(p[np.arange(len(y)), y]).mean()",
    "diagonal": _LOG_P + "    return -np.trace(log_p[:, y]) / len(y)",
    "one-hot": _LOG_P + "    return -(np.eye(scores.shape[1])[y] * log_p).sum() / len(scores)",
    "log-sum-exp": _HEAD
    + """    m = scores.max(axis=1)
    lse = m + np.log(np.sum(np.exp(scores - m[:, None]), axis=1))
    return (lse - scores[range(len(y)), y]).mean()
""",
    "logaddexp": _HEAD
    + "    return float(np.mean(np.logaddexp.reduce(scores, axis=1) - scores[np.arange(len(scores)), y]))",
    "boolean mask": _HEAD
    + """    right = y[:, np.newaxis] == np.arange(scores.shape[1])
    s = scores.T - scores.max(1)
    return np.log(np.exp(s).sum(0)).mean() - s.T[right].mean()
""",
    "take_along_axis": '''
def log_softmax_loss(scores: "(N, C)", y: "(N,)") -> float:
    """Mean of -log p."""
    s = scores - np.amax(scores, axis=-1)[..., None]
    own = np.take_along_axis(s, y[:, None].astype(np.intp), axis=1)
    return np.mean(np.log(np.exp(s).sum(axis=-1, keepdims=True)) - own)
''',
    "choose": _HEAD + _S + "    return np.array(np.mean(np.log(np.exp(s).sum(axis=1)) - np.choose(y, s.T)))",
    "einsum": _HEAD
    + """    s = scores - scores.max(axis=1).reshape(-1, 1)
    hot = np.zeros_like(s)
    hot[np.arange(y.size), y] = 1
    return (np.log(np.einsum("nc->n", np.exp(s))) - np.einsum("nc,nc->n", s, hot)).mean()
""",
    "differences to the right class": _HEAD
    + """    d = scores - scores[np.arange(len(y)), y][:, None]
    m = np.maximum(d.max(axis=1), 0)
    return np.average(m + np.log(np.exp(d - m[:, None]).sum(axis=1)))
""",
    "helpers, one nested": """
def log_softmax(s):
    def shift(a):
        return a - a.max(axis=1, keepdims=True)
    s = shift(s)
    return s - np.log(np.exp(s).sum(axis=1, keepdims=True))

def log_softmax_loss(scores, y):
    scores = np.asarray(scores, dtype=np.float64)
    return -log_softmax(scores)[np.arange(len(y)), y].mean()
""",
    "add.at": _HEAD
    + _S
    + """    total = np.log(np.exp(s).sum(axis=1))
    np.add.at(total, np.arange(len(y)), -s[np.arange(len(y)), y])
    return np.sum(total) / total.shape[0]
""",
    "flat places": _LOG_P + "    return -log_p.ravel()[np.arange(len(y)) * scores.shape[1] + y].mean()",
    "matrix of ones": _HEAD
    + """    s = scores - np.max(scores, 1, keepdims=True)
    ones = np.ones((s.shape[1], 1))
    return (np.log(np.exp(s) @ ones)[:, 0] - s[np.arange(len(y)), y]) @ np.full(len(y), 1 / len(y))
""",
    "more digits": _HEAD
    + """    s = np.subtract(scores, scores.max(axis=1)[:, None], dtype=np.longdouble)
    return float(np.log(np.exp(s).sum(1)).mean() - s[np.arange(len(y)), y].mean())
""",
}

WRONG["log_softmax_loss"] = {
    "mean subtracted, not the maximum": (
        _HEAD
        + """    s = scores - scores.mean(axis=1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(s), axis=1)) - s[np.arange(len(y)), y])
""",
        {"log_softmax_loss": 3},
        "each row's mean, or its minimum, is subtracted",
    ),
    "no maximum, exp-normalised": (
        _HEAD
        + """    e = np.exp(scores)
    p = e / e.sum(axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(y)), y]))
""",
        {"log_softmax_loss": 3},
        "exp overflows",
    ),
    "sum, no maximum": (
        _HEAD + "    return np.sum(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(y)), y])",
        {"log_softmax_loss": 5},
        "exp overflows",
    ),
    "scores cut off": (
        _HEAD
        + """    e = np.exp(np.clip(scores, -450, 450))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(y)), y]))
""",
        {"log_softmax_loss": 3},
        "cutting the scores off",
    ),
    "scores shifted in place": (
        _HEAD
        + """    scores -= scores.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(y)), y])
""",
        {"log_softmax_loss": 2},
        "scores is changed in place",
    ),
    "the notebook's labels": (
        "def log_softmax_loss(scores, labels):\n"
        + _S
        + "    return np.mean(np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(s)), y[:len(s)]])",
        {"log_softmax_loss": 20},
        "line 3 uses y, a variable of the notebook",
    ),
    "ten classes": (
        _HEAD + _S + "    return np.mean(np.log(np.exp(s).sum(axis=1)) - (s * np.eye(10)[y]).sum(axis=1))",
        {"log_softmax_loss": 20},
        "take sizes from .shape",
    ),
    "stops with an error": (
        _HEAD + "    import sys\n    sys.exit('done')",
        {"log_softmax_loss": 20, "vectorised": 10},
        "line 3 raises SystemExit: done",
    ),
    "random": (
        _HEAD
        + "    s = scores + 0.1 * np.random.randn(*scores.shape)\n"
        + "    return np.mean(np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(s)), y])",
        {"log_softmax_loss": 20},
        "called again with the same arguments",
    ),
    "constant": (_HEAD + "    return 2.302585", {"log_softmax_loss": 20, "vectorised": 10}, "does not depend on"),
    "SciPy's": (
        _HEAD + "    from scipy.special import log_softmax as ls\n    return -ls(scores, 1)[range(len(y)), y].mean()",
        {"log_softmax_loss": 20, "vectorised": 10},
        "(scipy.special.log_softmax, line 3)",
    ),
    "SciPy's logsumexp by another name": (
        "import scipy.special\n"
        + _HEAD
        + """    trick = getattr(scipy.special, "log" + "sumexp")
    return np.mean(trick(scores, axis=1) - scores[np.arange(len(y)), y])
""",
        {"log_softmax_loss": 20, "vectorised": 10},
        "scipy.special.logsumexp",
    ),
    "labkit's loss": (
        "import labkit.losses\n"
        "def helper(s, y):\n    return labkit.losses.softmax_loss(s, y)[0]\n" + _HEAD + "    return helper(scores, y)",
        {"log_softmax_loss": 20, "vectorised": 10},
        "(labkit.losses.softmax_loss, line 3)",
    ),
    "comprehension": (
        _LOG_P + "    return -np.array([log_p[i, k] for i, k in enumerate(y)]).mean()",
        {"vectorised": 10},
        "line 4: a list comprehension",
    ),
    "generator": (
        _LOG_P + "    return -sum(log_p[i, y[i]] for i in range(len(y))) / len(y)",
        {"vectorised": 10},
        "line 4: a generator expression",
    ),
    "loop over classes": (
        _HEAD
        + _S
        + """    total = np.zeros(len(y))
    for c in range(s.shape[1]):
        total += np.exp(s[:, c])
    return np.mean(np.log(total) - s[np.arange(len(y)), y])
""",
        {"vectorised": 10},
        "line 4: a for loop",
    ),
    "frompyfunc": (
        _HEAD
        + _S
        + """    import math
    e = np.frompyfunc(math.exp, 1, 1)(s).astype(float)
    return np.mean(np.log(e.sum(axis=1)) - s[np.arange(len(y)), y])
""",
        {"vectorised": 10},
        "np.frompyfunc, which is a loop",
    ),
    "Python lists": (
        _LOG_P + "    return -np.array(log_p.tolist())[np.arange(len(y)), y].mean()",
        {"vectorised": 10},
        ".tolist()",
    ),
}

for _more in ("lab03_descent", "lab03_plots"):
    _table = runpy.run_path(str(Path(__file__).parent / "more" / f"{_more}.py"))
    RIGHT |= _table["RIGHT"]
    WRONG |= _table["WRONG"]
