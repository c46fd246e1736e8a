"""Answers to lab 4 that no edit of the right answer expresses, laid out as in lab05.py."""

import runpy
from pathlib import Path

MORE, LOOPS, QUESTIONS = (
    runpy.run_path(str(Path(__file__).parent / "more" / f"{name}.py")) for name in ("lab04", "lab04_loops", "questions")
)
ASKED = QUESTIONS["rows"]("hinge_unmoved", "hinge_at_zero")

NOTEBOOK = "04_softmax_classifier.ipynb"

CHECKS = {
    "softmax_gradient": "check.softmax_gradient(softmax_gradient)",
    "svm_gradient": "check.svm_gradient(svm_gradient)",
    "gradients_vectorised": "check.gradients_vectorised(softmax_gradient, svm_gradient)",
    "minibatch_sgd": "check.minibatch_sgd(minibatch_sgd)",
    "confusion_matrix": "check.confusion_matrix(confusion_matrix)",
    "template_images": "check.template_images(template_images)",
    "softmax_gradient_loops": "check.softmax_gradient_loops(softmax_gradient_loops)",
    "batch_plot": "check.batch_plot(batch_plot, batch_sizes, errors, law)",
    **ASKED["CHECKS"],
}

SETUP = """
from types import SimpleNamespace
import numpy as np
import matplotlib.pyplot as plt
batch_sizes = np.array([1, 3, 10, 30, 100, 300, 1000, 3000])
law = 8.0 / np.sqrt(batch_sizes)
errors = law * np.array([1, 1.03, 0.97, 1.02, 0.99, 1.01, 1.0, 0.98])
X_train = np.random.default_rng(1).normal(size=(1000, 3073))
y_train = np.random.default_rng(2).integers(0, 10, 1000)
split = SimpleNamespace(y_train=y_train)
"""

SIGNATURES = {
    "softmax_gradient": "X, W, y, reg=0.0",
    "svm_gradient": "X, W, y, reg=0.0",
    "minibatch_sgd": "gradient, X, y, W, step_size, steps, batch_size, rng",
    "confusion_matrix": "y, predicted, C",
    "template_images": "W",
    "softmax_gradient_loops": "X, W, y",
}
STUBS = {name: f"def {name}({args}):\n    ...  # your code here" for name, args in SIGNATURES.items()}
STUBS |= {"batch_plot": "batch_plot = None\n# your code here", **ASKED["STUBS"]}

RIGHT, WRONG = ({**MORE[kind], **LOOPS[kind], **ASKED[kind]} for kind in ("RIGHT", "WRONG"))


# -------------------------------------------------------------------------------- softmax gradient

RIGHT["softmax_gradient"] = {
    "probability minus one": """
def softmax_gradient(X, W, y, reg=0.0):
    N = len(y)
    scores = X @ W
    P = np.exp(scores - scores.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    loss = -np.log(P[np.arange(N), y]).mean() + 0.5 * reg * np.sum(W**2)
    P[np.arange(N), y] -= 1
    return loss, X.T @ P / N + reg * W
""",
    "one-hot matrix": """
def softmax_gradient(X, W, y, reg=0.0):
    Y = np.eye(W.shape[1])[y]
    S = X.dot(W)
    S = S - S.max(1)[:, None]
    log_P = S - np.log(np.exp(S).sum(1))[:, None]
    L = -(Y * log_P).sum() / X.shape[0] + reg / 2 * (W * W).sum()
    return L, (1 / X.shape[0]) * X.T.dot(np.exp(log_P) - Y) + reg * W
""",
    "einsum": """
def softmax_gradient(X, W, y, reg=0.0):
    s = np.einsum("nd,dc->nc", X, W)
    e = np.exp(s - np.max(s, axis=1, keepdims=True))
    p = e / np.einsum("nc->n", e)[:, None]
    hot = y[:, None] == np.arange(W.shape[1])
    loss = -np.mean(np.log(p[hot])) + 0.5 * reg * np.vdot(W, W)
    return float(loss), np.einsum("nd,nc->dc", X, (p - hot) / len(X)) + reg * W
""",
    "images in columns": """
def softmax_gradient(X, W, y, reg=0.0):
    scores = W.T @ X.T
    scores -= scores.max(axis=0)
    P = np.exp(scores) / np.exp(scores).sum(axis=0)
    n = np.arange(P.shape[1])
    loss = -np.log(P[y, n]).sum() / n.size + 0.5 * reg * np.linalg.norm(W) ** 2
    P[y, n] -= 1
    P /= n.size
    return loss, (P @ X).T + reg * W
""",
    "two terms": """
def softmax_gradient(X, W, y, reg=0.0):
    S = X @ W
    m = S.max(axis=1, keepdims=True)
    lse = m + np.log(np.exp(S - m).sum(axis=1, keepdims=True))
    Y = np.zeros_like(S)
    np.put_along_axis(Y, y[:, None].astype(int), 1, axis=1)
    loss = np.mean(lse[:, 0] - (S * Y).sum(axis=1))
    dW = X.T @ np.exp(S - lse) / len(S) - X.T @ Y / len(S)
    return loss + 0.5 * reg * (W**2).sum(), dW + reg * W
""",
    "add.at, in a list": """
def softmax_gradient(X, W, y, reg=0.0):
    S = X @ W
    S = S - S.max(axis=1, keepdims=True)
    P = np.exp(S)
    P = P / P.sum(axis=1, keepdims=True)
    loss = -np.average(np.log(np.take_along_axis(P, y.reshape(-1, 1).astype(int), 1)))
    G = P.copy()
    np.add.at(G, (np.arange(len(y)), y), -1)
    return [loss + reg * np.sum(W**2) / 2, np.matmul(X.T, G / len(y)) + reg * W]
""",
    "float32 inside": """
def softmax_gradient(X, W, y, reg=0.0):
    X, W = X.astype(np.float32), W.astype(np.float32)
    S = X @ W
    E = np.exp(S - S.max(axis=1, keepdims=True))
    P = E / E.sum(axis=1, keepdims=True)
    rows = np.arange(len(y))
    loss = -np.log(P[rows, y]).mean() + np.float32(0.5 * reg) * np.sum(W**2)
    P[rows, y] -= 1
    return loss, X.T @ P / np.float32(len(y)) + np.float32(reg) * W
""",
    "helpers": """
def probabilities(S):
    E = np.exp(S - S.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)

def penalty(W, reg):
    return 0.5 * reg * np.sum(W**2), reg * W

def softmax_gradient(images, weights, labels, strength=0.0):
    P = probabilities(images @ weights)
    rows = np.arange(len(labels))
    extra, dextra = penalty(weights, strength)
    print("loss", P)
    return -np.mean(np.log(P[rows, labels])) + extra, images.T @ (P - np.eye(P.shape[1])[labels]) / len(rows) + dextra
""",
    "scipy, logs": """
from scipy.sparse import csr_array

def softmax_gradient(X, W, y, reg=0.0):
    n = len(y)
    S = X @ W
    top = S.max(axis=1)
    log_sum = top + np.log(np.exp(S - top[:, None]).sum(axis=1))
    hot = csr_array((np.ones(n), (np.arange(n), y)), shape=S.shape).toarray()
    loss = (log_sum - S[np.arange(n), y]).sum() / n + np.square(W).sum() * reg / 2
    return loss, np.tensordot(X, np.exp(S - log_sum[:, None]) - hot, (0, 0)) / n + W * reg
""",
    "log-add-exp, long doubles": """
def softmax_gradient(X, W, y, reg=0.0):
    X, W = X.astype(np.longdouble), W.astype(np.longdouble)
    S = X @ W
    log_p = S - np.logaddexp.reduce(S, axis=1)[:, np.newaxis]
    one = np.arange(S.shape[1]) == y[:, np.newaxis]
    dW = X.T @ np.where(one, np.expm1(log_p), np.exp(log_p)) / len(y)
    dW += reg * W
    return -log_p[one].mean() + reg * (W * W).sum() / 2, dW
""",
}

_ALL, _LOSS_AND_DW = {"softmax_gradient": 15}, "X.T @ dscores + reg * W"
_BACK = f"    return loss + 0.5 * reg * np.sum(W * W), {_LOSS_AND_DW}"
_MAX, _P = "    scores -= scores.max(axis=1, keepdims=True)\n", "dscores = np.exp(log_p)"
_UNSTABLE = "np.exp(X @ W) / np.exp(X @ W).sum(axis=1, keepdims=True)"

WRONG["softmax_gradient"] = {
    "transposed": (((_LOSS_AND_DW, f"({_LOSS_AND_DW}).T"),), _ALL, "the answer is transposed"),
    "gradient alone": (((_BACK, f"    return {_LOSS_AND_DW}"),), _ALL, "it does not return (loss, dW)"),
    "one value more": (((_BACK, f"{_BACK}, scores"),), _ALL, "it does not return (loss, dW)"),
    "swapped": (((_BACK, f"    return {_LOSS_AND_DW}, loss"),), _ALL, "(loss, dW), in this order"),
    "no reg": (
        ((", reg=0.0", ""), (_BACK, "    return loss, X.T @ dscores")),
        {"softmax_gradient": 3},
        "cannot be called with (X, W, y, reg)",
    ),
    "no penalty": (
        ((_BACK, "    return loss, X.T @ dscores"),),
        {"softmax_gradient": 3},
        "reg changes nothing: the derivative of the penalty is missing",
    ),
    "two slips in the gradient": (
        (("    dscores /= N\n", ""), ("[np.arange(N), y] -= 1", "[np.arange(N), y] += 1")),
        {"softmax_gradient": 3.15},
        "1 is added for the right class, where it is subtracted — and: the mean is missing",
    ),
    "a slip in each": (
        (("    dscores /= N\n", ""), ("-np.mean(log_p[", "-np.sum(log_p["), ("0.5 * reg", "reg")),
        {"softmax_gradient": 3.9},
        "the factor ½ is missing",
    ),
    "something else": ((("-= 1", "-= 0.9"),), _ALL, "the values are not right"),
    "no maximum": (((_MAX, ""),), {"softmax_gradient": 1.2}, "the gradient is wrong for scores in the thousands"),
    "one maximum for all": (
        ((_MAX, "    scores -= scores.max()\n"),),
        {"softmax_gradient": 1.2},
        "one maximum from all images",
    ),
    "no maximum in the loss": (
        (("log_p[np.arange(N), y]", f"np.log({_UNSTABLE})[np.arange(N), y]"),),
        {"softmax_gradient": 1.2},
        "the loss is wrong for scores in the thousands",
    ),
    "no maximum in the gradient": (
        ((_P, f"dscores = {_UNSTABLE}"),),
        {"softmax_gradient": 1.2},
        "the gradient is wrong for scores in the thousands",
    ),
    "cut off": (
        ((_MAX, "    scores = np.clip(scores, -500, 500)\n"),),
        {"softmax_gradient": 1.2},
        "the gradient is wrong for scores in the thousands",
    ),
    "the longest doubles": (
        ((_MAX, "    scores = scores.astype(np.longdouble)\n"),),
        {"softmax_gradient": 1.2},
        "the gradient is wrong for scores in the thousands",
    ),
    "another loss, scores of any size": (
        (("-np.mean(log_p[", "-1.1 * np.mean(log_p["),),
        {"softmax_gradient": 3.6},
        "judged when the lines above are right",
    ),
    "W in place": (
        ((_LOSS_AND_DW, "W.__imul__(reg).__iadd__(X.T @ dscores)"),),
        {"softmax_gradient": 0.6},
        "W is changed in place",
    ),
    "the notebook's labels": (
        (("N = len(y)", "N = len(y); y = split.y_train[:N] % W.shape[1]"),),
        _ALL,
        "does not depend on y",
    ),
    "ten classes": (((_P, f"{_P} + 0 * np.eye(10)[y]"),), _ALL, "a size is written into it (10)"),
    "labkit's": (
        """
from labkit.losses import softmax_loss

def softmax_gradient(X, W, y, reg=0.0):
    loss, dscores = softmax_loss(X @ W, y)
    return loss + 0.5 * reg * np.sum(W**2), X.T @ dscores + reg * W
""",
        {"softmax_gradient": 15, "gradients_vectorised": 5},
        "labkit.losses.softmax_loss, line 5",
    ),
    "numerical": (
        """
def softmax_gradient(X, W, y, reg=0.0):
    def loss(W):
        S = X @ W
        S = S - S.max(axis=1, keepdims=True)
        return np.mean(np.log(np.exp(S).sum(axis=1)) - S[np.arange(len(y)), y]) + 0.5 * reg * np.sum(W**2)
    W = W.astype(float)
    dW = np.zeros_like(W)
    for i in np.ndindex(W.shape):
        E = np.zeros_like(W)
        E[i] = 1e-5
        dW[i] = (loss(W + E) - loss(W - E)) / 2e-5
    return loss(W), dW
""",
        {"softmax_gradient": 3.6, "gradients_vectorised": 5},
        "is this a numerical gradient",
    ),
    "numerical, steps by the size of the entry": (
        """
def softmax_gradient(X, W, y, reg=0.0):
    def loss(W):
        S = X @ W
        S = S - S.max(axis=1, keepdims=True)
        return np.mean(np.log(np.exp(S).sum(axis=1)) - S[np.arange(len(y)), y]) + 0.5 * reg * np.sum(W**2)
    W = W.astype(float)
    dW = np.zeros_like(W)
    for i in np.ndindex(W.shape):
        E = np.zeros_like(W)
        E[i] = 1e-5 * abs(W[i])
        dW[i] = (loss(W + E) - loss(W - E)) / (2 * E[i])
    return loss(W), dW
""",
        {"softmax_gradient": 15, "gradients_vectorised": 5},
        "NaN",
    ),
    "loop over the images": (
        """
def softmax_gradient(X, W, y, reg=0.0):
    loss, dW = 0.0, np.zeros(W.shape)
    for x, label in zip(X, y):
        s = x @ W
        p = np.exp(s - s.max())
        p /= p.sum()
        loss -= np.log(p[label])
        p[label] -= 1
        dW += np.outer(x, p)
    return loss / len(X) + 0.5 * reg * np.sum(W**2), dW / len(X) + reg * W
""",
        {"gradients_vectorised": 5},
        "line 4: a for loop",
    ),
    "loop over the classes": (
        ((_LOSS_AND_DW, "np.stack([X.T @ g for g in dscores.T], axis=1) + reg * W"),),
        {"gradients_vectorised": 5},
        "a list comprehension",
    ),
    "blocks of a hundred images": (
        ((_LOSS_AND_DW, "sum(X[i : i + 100].T @ dscores[i : i + 100] for i in range(0, N, 100)) + reg * W"),),
        {"gradients_vectorised": 5},
        "a generator expression, which is a loop",
    ),
}
