"""Answers to lab 2 that students give: the right ones keep all points, each wrong one loses what is said here.

A line alone is the body of the function. `without_loops` judges three of the cells. From softmax on they are in `more`.
"""

import runpy
from pathlib import Path

_MORE, _BESIDE = (
    runpy.run_path(str(Path(__file__).parent / "more" / f"{name}.py")) for name in ("lab02", "lab02_more")
)

NOTEBOOK = "02_scores_and_losses.ipynb"

CHECKS = {
    "bias_trick": "check.bias_trick(bias_trick)",
    "hinge_loss": "check.hinge_loss(hinge_loss)",
    "softmax_probabilities": "check.softmax_probabilities(softmax_probabilities)",
    "log_probabilities": "check.log_probabilities(log_probabilities)",
    "regularised_loss": "check.regularised_loss(regularised_loss)",
    "ray_scores": "check.ray_scores(ray_scores)",
    "without_loops": "check.without_loops(hinge_loss, log_probabilities, ray_scores)",
    **_BESIDE["CHECKS"],
}

SETUP = """
import numpy as np
import matplotlib.pyplot as plt
X = np.random.default_rng(1).normal(size=(100, 12))
y_train = np.random.default_rng(2).integers(0, 10, 100)
weights = np.random.default_rng(3).normal(size=(12, 10))
""" + _BESIDE["SETUP"]

STUBS = {
    "bias_trick": "def bias_trick(X, W, b):\n    ...  # your code here",
    "hinge_loss": "def hinge_loss(scores, y, delta=1.0):\n    ...  # your code here",
    "softmax_probabilities": "def softmax_probabilities(scores):\n    ...  # your code here",
    "log_probabilities": "def log_probabilities(scores):\n    ...  # your code here",
    "regularised_loss": "def regularised_loss(data_loss, W, b, reg):\n    ...  # your code here",
    "ray_scores": "def ray_scores(X, W, V, a):\n    ...  # your code here",
    **_BESIDE["STUBS"],
}

RIGHT, WRONG = {}, {}

# ------------------------------------------------------------------------------------- bias trick

RIGHT["bias_trick"] = {
    "hstack": "return np.hstack([X, np.ones((len(X), 1))]), np.vstack([W, b])",
    "concatenate": """
def bias_trick(X, W, b):
    ones = np.ones((X.shape[0], 1))
    X1 = np.concatenate((X, ones), axis=1)
    W1 = np.concatenate((W, b[None, :]), axis=0)
    return X1, W1
""",
    "c_ and r_": "return np.c_[X, np.ones(len(X))], np.r_[W, [b]]",
    "append": """
bias_trick = lambda X, W, b: (np.append(X, np.ones((len(X), 1)), axis=1), np.append(W, b.reshape(1, -1), axis=0))
""",
    "pad and insert": "return np.pad(X, ((0, 0), (0, 1)), constant_values=1), np.insert(W, len(W), b, axis=0)",
    "filled": """
def bias_trick(X, W, b):
    N, D = X.shape
    X1 = np.ones((N, D + 1))
    X1[:, :-1] = X
    W1 = np.zeros((D + 1, len(b)))
    W1[:D], W1[D] = W, b
    return [X1, W1]
""",
    "column_stack": """
def bias_trick(X, W, b):
    print(X.shape)
    X1 = np.column_stack([X, np.ones(X.shape[0], dtype=np.float64)])
    W1 = np.column_stack([W.T, b]).T
    return X1, W1
""",
    "row by row": "return np.array([[*x, 1] for x in X]), np.array([*W, b])",
}

WRONG["bias_trick"] = {
    "ones first": (
        "return np.hstack([np.ones((len(X), 1)), X]), np.vstack([b, W])",
        {"bias_trick": 1.5},
        "b is the first row of W1: both go to the end",
    ),
    "the scores": ("return X @ W + b", {"bias_trick": 6}, "two arrays, X1 and W1"),
    "a row of ones": (
        "return np.vstack([X, np.ones(X.shape[1])]), np.vstack([W, b])",
        {"bias_trick": 6},
        "X1 has one column more than X",
    ),
    "bias as a column": (
        "return np.hstack([X, np.ones((len(X), 1))]), np.hstack([W, b[:, None]])",
        {"bias_trick": 6},
        "raises ValueError",
    ),
    "lists": ("return [[*x, 1] for x in X], [*W, b]", {"bias_trick": 6}, "two arrays are asked"),
    "the notebook's images": (
        """
def bias_trick(X_, W, b):
    return np.hstack([X, np.ones((len(X), 1))]), np.vstack([W, b])
""",
        {"bias_trick": 6},
        "line 3 uses X,",
    ),
    "in place": (
        "X1, W1 = np.hstack([X, np.ones((len(X), 1))]), np.vstack([W, b]); b -= b; return X1, W1",
        {"bias_trick": 1},
        "b is changed in place",
    ),
    "labkit's": (
        """
from labkit.preprocess import append_bias
def bias_trick(X, W, b):
    return append_bias(X), np.vstack([W, b])
""",
        {"bias_trick": 6},
        "ready-made answer (labkit.preprocess.append_bias",
    ),
}

# ------------------------------------------------------------------------------------- hinge loss

RIGHT["hinge_loss"] = {
    "mask": """
def hinge_loss(scores, y, delta=1.0):
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, None] + delta)
    margins[rows, y] = 0
    return margins.sum(axis=1).mean()
""",
    "delta taken off": """
def hinge_loss(scores, y, delta=1.0):
    right = scores[np.arange(len(y)), y].reshape(-1, 1)
    return np.mean(np.sum(np.maximum(scores - right + delta, 0), axis=1) - delta)
""",
    "clip": """
def hinge_loss(scores, y, delta=1.0):
    right = np.take_along_axis(scores, y[:, None].astype(int), axis=1)
    return float((scores - right + delta).clip(min=0).sum() / len(y) - delta)
""",
    "one-hot": """
def hinge_loss(scores, y, delta=1.0):
    N, C = scores.shape
    hot = np.eye(C)[y]
    right = (scores * hot).sum(axis=1, keepdims=True)
    return (np.maximum(0, scores - right + delta) * (1 - hot)).sum() / N
""",
    "where": """
def hinge_loss(scores, y, delta=1.0):
    others = y[:, None] != np.arange(scores.shape[1])
    m = scores.T - np.choose(y, scores.T) + delta
    m = np.where(m > 0, m, 0.0).T
    return m[others].sum() / scores.shape[0]
""",
    "boolean factor": """
def hinge_loss(scores, y, delta=1):
    m = scores - scores[range(len(y)), y][..., np.newaxis] + delta
    m *= m > 0
    m[range(len(y)), y] = 0
    return np.sum(m) / y.size
""",
    "half of |x| + x": """
def margins(scores, y, delta):
    m = scores - scores[np.arange(len(y)), y][:, None] + delta
    return (np.abs(m) + m) / 2

def hinge_loss(scores, y, delta=1.0):
    return np.einsum("nc->", margins(scores, y, delta)) / len(scores) - delta
""",
}

WRONG["hinge_loss"] = {
    "in place": (
        """
def hinge_loss(scores, y, delta=1.0):
    rows = np.arange(len(y))
    scores -= scores[rows, y][:, None] - delta
    scores[rows, y] = 0
    return np.maximum(0, scores).sum(axis=1).mean()
""",
        {"hinge_loss": 1},
        "scores is changed in place",
    ),
    "labkit's": (
        """
from labkit import losses
def hinge_loss(scores, y, delta=1.0):
    return losses.svm_loss(scores, y, delta)[0]
""",
        {"hinge_loss": 12, "without_loops": 2},
        "ready-made answer (labkit.losses.svm_loss",
    ),
    "loops": (
        """
def hinge_loss(scores, y, delta=1.0):
    total = 0
    for i in range(len(y)):
        for j in range(scores.shape[1]):
            if j != y[i]:
                total += max(0, scores[i, j] - scores[i, y[i]] + delta)
    return total / len(y)
""",
        {"without_loops": 2},
        "line 4: a for loop",
    ),
    "comprehension": (
        "return np.mean([np.maximum(0, s - s[k] + delta).sum() - delta for s, k in zip(scores, y)])",
        {"without_loops": 2},
        "line 3: a list comprehension",
    ),
    "loop over the classes": (
        """
def hinge_loss(scores, y, delta=1.0):
    right, total = scores[np.arange(len(y)), y], -delta
    for column in scores.T:
        total = total + np.maximum(0, column - right + delta)
    return np.mean(total)
""",
        {"without_loops": 2},
        "line 4: a for loop",
    ),
}

RIGHT |= _MORE["RIGHT"] | _BESIDE["RIGHT"]
WRONG |= _MORE["WRONG"] | _BESIDE["WRONG"]
