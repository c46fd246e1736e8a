"""Answers to lab 4 that students give, laid out as in lab03.py: the right ones keep all points, each wrong one loses
what is said here, with the words of its diagnosis.
"""

NOTEBOOK = "04_softmax_classifier.ipynb"

CHECKS = {
    "softmax_gradient": "check.softmax_gradient(softmax_gradient)",
    "svm_gradient": "check.svm_gradient(svm_gradient)",
    "gradients_vectorised": "check.gradients_vectorised(softmax_gradient, svm_gradient)",
    "minibatch_sgd": "check.minibatch_sgd(minibatch_sgd)",
    "confusion_matrix": "check.confusion_matrix(confusion_matrix)",
    "template_images": "check.template_images(template_images)",
}

SETUP = """
from types import SimpleNamespace
import numpy as np
X_train = np.random.default_rng(1).normal(size=(1000, 3073))
y_train = np.random.default_rng(2).integers(0, 10, 1000)
split = SimpleNamespace(y_train=y_train)
"""

STUBS = {
    "softmax_gradient": "def softmax_gradient(X, W, y, reg=0.0):\n    ...  # your code here",
    "svm_gradient": "def svm_gradient(X, W, y, reg=0.0):\n    ...  # your code here",
    "minibatch_sgd": (
        "def minibatch_sgd(gradient, X, y, W, step_size, steps, batch_size, rng):\n    ...  # your code here"
    ),
    "confusion_matrix": "def confusion_matrix(y, predicted, C):\n    ...  # your code here",
    "template_images": "def template_images(W):\n    ...  # your code here",
}

RIGHT, WRONG = {}, {}

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
}

_SOFTMAX = """
def softmax_gradient(X, W, y, reg=0.0):
    N = len(y)
    S = X @ W
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    loss = -np.log(P[np.arange(N), y]).mean() + 0.5 * reg * np.sum(W**2)
    P[np.arange(N), y] -= 1
    return loss, X.T @ P / N + reg * W
"""


def _softmax(old, new):
    assert _SOFTMAX.count(old) == 1, old
    return _SOFTMAX.replace(old, new)


WRONG["softmax_gradient"] = {
    "not a mean": (_softmax("X.T @ P / N", "X.T @ P"), {"softmax_gradient": 25}, "exactly X.shape[0] times too large"),
    "divided by N twice": (
        _softmax("X.T @ P / N", "X.T @ P / N**2"),
        {"softmax_gradient": 25},
        "divided by X.shape[0] once too often",
    ),
    "no one": (_softmax("    P[np.arange(N), y] -= 1\n", ""), {"softmax_gradient": 25}, "the 1 is not subtracted"),
    "one added": (_softmax("-= 1", "+= 1"), {"softmax_gradient": 25}, "1 is added for the right class"),
    "sign": (_softmax("X.T @ P / N", "-X.T @ P / N"), {"softmax_gradient": 25}, "the sign is wrong"),
    "every column": (
        _softmax("P[np.arange(N), y] -= 1", "P[:, y] -= 1"),
        {"softmax_gradient": 25},
        "from the column of every label",
    ),
    "over the images": (
        _softmax("P /= P.sum(axis=1, keepdims=True)", "P /= P.sum(axis=0)").replace(
            "S.max(axis=1, keepdims=True)", "S.max()"
        ),
        {"softmax_gradient": 25},
        "wrong axis",
    ),
    "of the scores": (_softmax("X.T @ P / N + reg * W", "P / N"), {"softmax_gradient": 25}, "the chain rule goes on"),
    "of the images": (
        _softmax("X.T @ P / N + reg * W", "P @ W.T / N"),
        {"softmax_gradient": 25},
        "with respect to the images X",
    ),
    "transposed": (
        _softmax("X.T @ P / N + reg * W", "P.T @ X / N + reg * W.T"),
        {"softmax_gradient": 25},
        "the answer is transposed",
    ),
    "gradient alone": (_softmax("return loss, ", "return "), {"softmax_gradient": 25}, "it does not return (loss, dW)"),
    "swapped": (
        _softmax("return loss, X.T @ P / N + reg * W", "return X.T @ P / N + reg * W, loss"),
        {"softmax_gradient": 25},
        "the two values are swapped",
    ),
    "only the right class": (
        _softmax(
            "P[np.arange(N), y] -= 1",
            """hot = np.zeros(P.shape)
    hot[np.arange(N), y] = 1
    P = hot * (P - 1)""",
        ),
        {"softmax_gradient": 25},
        "only the right class gets a gradient",
    ),
    "labels from 1": (
        _softmax("P[np.arange(N), y] -= 1", "P[np.arange(N), y.astype(int) - 1] -= 1"),
        {"softmax_gradient": 25},
        "off by one",
    ),
    "the loss is a sum": (
        _softmax("y]).mean()", "y]).sum()"),
        {"softmax_gradient": 4},
        "exactly X.shape[0] times too large",
    ),
    "the sign of the loss": (
        _softmax("loss = -np.log(P[np.arange(N), y]).mean()", "loss = np.log(P[np.arange(N), y]).mean()"),
        {"softmax_gradient": 6},
        "the loss is minus its mean",
    ),
    "no half": (_softmax("0.5 * reg", "reg"), {"softmax_gradient": 2}, "the factor ½ is missing"),
    "no penalty": (
        _softmax(" + 0.5 * reg * np.sum(W**2)", "").replace(" + reg * W", ""),
        {"softmax_gradient": 5},
        "reg changes nothing",
    ),
    "no penalty in the gradient": (_softmax(" + reg * W", ""), {"softmax_gradient": 3}, "reg changes nothing"),
    "penalty twice": (_softmax("+ reg * W", "+ 2 * reg * W"), {"softmax_gradient": 3}, "twice too large"),
    "the bias is spared": (
        _softmax("np.sum(W**2)", "np.sum(W[:-1]**2)"),
        {"softmax_gradient": 2},
        "the last row of W, is left out",
    ),
    "no maximum": (
        _softmax("S - S.max(axis=1, keepdims=True)", "S"),
        {"softmax_gradient": 2},
        "exp overflows or underflows",
    ),
    "one maximum for all": (
        _softmax("S.max(axis=1, keepdims=True)", "S.max()"),
        {"softmax_gradient": 2},
        "one maximum from all images",
    ),
    "W in place": (
        _softmax("    return loss, X.T @ P / N + reg * W", "    W *= reg\n    W += X.T @ P / N\n    return loss, W"),
        {"softmax_gradient": 1},
        "W is changed in place",
    ),
    "the notebook's labels": (
        _softmax("N = len(y)", "N = len(y); y = split.y_train[:N] % W.shape[1]"),
        {"softmax_gradient": 25},
        "does not depend on y",
    ),
    "ten classes": (
        _softmax("P[np.arange(N), y] -= 1", "P = P - np.eye(10)[y]"),
        {"softmax_gradient": 25},
        "take sizes from .shape",
    ),
    "labkit's": (
        """
from labkit.losses import softmax_loss

def softmax_gradient(X, W, y, reg=0.0):
    loss, dscores = softmax_loss(X @ W, y)
    return loss + 0.5 * reg * np.sum(W**2), X.T @ dscores + reg * W
""",
        {"softmax_gradient": 25, "gradients_vectorised": 5},
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
        {"softmax_gradient": 6, "gradients_vectorised": 5},
        "is this a numerical gradient",
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
        """
def softmax_gradient(X, W, y, reg=0.0):
    S = X @ W
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    loss = -np.log(P[np.arange(len(y)), y]).mean() + 0.5 * reg * np.sum(W**2)
    dW = np.stack([X.T @ (P[:, k] - (y == k)) / len(y) for k in range(W.shape[1])], axis=1)
    return loss, dW + reg * W
""",
        {"gradients_vectorised": 5},
        "line 7: a list comprehension",
    ),
}

# ---------------------------------------------------------------------------------- hinge gradient

RIGHT["svm_gradient"] = {
    "indicator": """
def svm_gradient(X, W, y, reg=0.0):
    N = len(y)
    S = X @ W
    M = np.maximum(0, S - S[np.arange(N), y][:, None] + 1)
    M[np.arange(N), y] = 0
    G = (M > 0).astype(float)
    G[np.arange(N), y] = -G.sum(axis=1)
    return M.sum() / N + 0.5 * reg * np.sum(W**2), X.T @ G / N + reg * W
""",
    "own margin kept and subtracted": """
def svm_gradient(X, W, y, reg=0.0):
    rows = np.arange(X.shape[0])
    S = X.dot(W)
    M = np.maximum(0, S - S[rows, y].reshape(-1, 1) + 1.0)
    loss = M.sum(axis=1).mean() - 1 + reg / 2 * np.sum(W * W)
    G = 1.0 * (M > 0)
    G[rows, y] -= G.sum(axis=1)
    return loss, np.dot(X.T, G) / X.shape[0] + reg * W
""",
    "one-hot": """
def svm_gradient(X, W, y, reg=0.0):
    Y = np.eye(W.shape[1])[y]
    S = X @ W
    M = (S - (S * Y).sum(axis=1, keepdims=True) + 1) * (1 - Y)
    inside = np.where(M > 0, 1.0, 0.0)
    G = inside - Y * inside.sum(axis=1, keepdims=True)
    return np.sum(M * inside) / len(S) + 0.5 * reg * np.sum(W**2), X.T @ (G / len(S)) + reg * W
""",
    "boolean mask": """
def svm_gradient(X, W, y, reg=0.0):
    own = y[:, None] == np.arange(W.shape[1])
    S = X @ W
    M = S - S[own][:, None] + 1
    M[own] = -1
    close = M > 0
    count = np.count_nonzero(close, axis=1)
    dW = X.T @ close - X.T @ (own * count[:, None])
    return float(M[close].sum() / len(X) + 0.5 * reg * np.vdot(W, W)), dW / len(X) + reg * W
""",
    "images in columns": """
def svm_gradient(X, W, y, reg=0.0):
    s = (X @ W).T
    i = np.arange(s.shape[1])
    m = np.clip(s - s[y, i] + 1, 0, None)
    m[y, i] = 0
    g = np.sign(m)
    g[y, i] = -np.sum(g, axis=0)
    return np.mean(np.sum(m, axis=0)) + 0.5 * reg * (W**2).sum(), (g @ X).T / len(i) + reg * W
""",
    "heaviside": """
def svm_gradient(X, W, y, reg=0.0):
    rows, n = np.arange(len(y)), len(y)
    S = np.matmul(X, W)
    M = S - np.take_along_axis(S, y[:, None].astype(int), 1) + 1
    M[rows, y] = 0
    G = np.heaviside(M, 0)
    G[rows, y] = -np.einsum("nc->n", G)
    loss = np.einsum("nc,nc->", np.heaviside(M, 0), M) / n
    return loss + reg * 0.5 * np.square(W).sum(), X.T @ G / n + reg * W
""",
}

_SVM = """
def svm_gradient(X, W, y, reg=0.0):
    N = len(y)
    S = X @ W
    M = np.maximum(0, S - S[np.arange(N), y][:, None] + 1)
    M[np.arange(N), y] = 0
    G = (M > 0).astype(float)
    G[np.arange(N), y] = -G.sum(axis=1)
    loss = M.sum() / N + 0.5 * reg * np.sum(W**2)
    return loss, X.T @ G / N + reg * W
"""


def _svm(old, new):
    assert _SVM.count(old) == 1, old
    return _SVM.replace(old, new)


WRONG["svm_gradient"] = {
    "minus one": (_svm("-G.sum(axis=1)", "-1"), {"svm_gradient": 15}, "minus their number"),
    "minus one where any is too close": (
        _svm("-G.sum(axis=1)", "-1.0 * (G.sum(axis=1) > 0)"),
        {"svm_gradient": 15},
        "minus their number",
    ),
    "right class forgotten": (
        _svm("    G[np.arange(N), y] = -G.sum(axis=1)\n", ""),
        {"svm_gradient": 15},
        "the right class gets nothing",
    ),
    "right class with a plus": (
        _svm("-G.sum(axis=1)", "G.sum(axis=1)"),
        {"svm_gradient": 15},
        "the sign at the right class",
    ),
    "own margin in both": (
        _svm("    M[np.arange(N), y] = 0\n", ""),
        {"svm_gradient": 15},
        "the right class counts itself",
    ),
    "own margin in the loss": (
        _svm(
            "M[np.arange(N), y] = 0", "loss = M.sum() / N + 0.5 * reg * np.sum(W**2)\n    M[np.arange(N), y] = 0"
        ).replace("    loss = M.sum() / N + 0.5 * reg * np.sum(W**2)\n    return", "    return"),
        {"svm_gradient": 3},
        "exactly 1 too large",
    ),
    "margins themselves": (
        _svm("(M > 0).astype(float)", "M.copy()"),
        {"svm_gradient": 15},
        "the margins themselves are taken",
    ),
    "squared": (
        _svm("(M > 0).astype(float)", "2 * M").replace("M.sum()", "(M**2).sum()"),
        {"svm_gradient": 15},
        "squared hinge",
    ),
    "no margin": (_svm(" + 1)", ")"), {"svm_gradient": 15}, "the margin of 1 is missing"),
    "only the worst": (
        _svm("G = (M > 0).astype(float)", "G = ((M > 0) & (M == M.max(axis=1, keepdims=True))).astype(float)"),
        {"svm_gradient": 15},
        "only the largest margin",
    ),
    "other way round": (
        _svm("S - S[np.arange(N), y][:, None] + 1", "S[np.arange(N), y][:, None] - S + 1"),
        {"svm_gradient": 15},
        "the other way round",
    ),
    "sum": (_svm("X.T @ G / N", "X.T @ G"), {"svm_gradient": 15}, "exactly X.shape[0] times too large"),
    "of the scores": (_svm("X.T @ G / N + reg * W", "G / N"), {"svm_gradient": 15}, "the chain rule goes on"),
    "loss is a sum": (_svm("M.sum() / N", "M.sum()"), {"svm_gradient": 3}, "exactly X.shape[0] times too large"),
    "loss over classes too": (_svm("M.sum() / N", "M.mean()"), {"svm_gradient": 3}, "mean over images and classes"),
    "no half": (_svm("0.5 * reg", "reg"), {"svm_gradient": 1}, "the factor ½ is missing"),
    "penalty halved": (_svm("+ reg * W", "+ 0.5 * reg * W"), {"svm_gradient": 2}, "half too small"),
    "penalty forgotten": (_svm(" + reg * W", ""), {"svm_gradient": 2}, "reg changes nothing"),
    "W in place": (
        _svm("return loss, X.T @ G / N + reg * W", "W *= reg\n    W += X.T @ G / N\n    return loss, W"),
        {"svm_gradient": 1},
        "W is changed in place",
    ),
    "softmax again": (
        "svm_gradient = lambda X, W, y, reg=0.0: other(X, W, y, reg)\n" + _SOFTMAX.replace("softmax_gradient", "other"),
        {"svm_gradient": 15},
        "gradient of the softmax loss",
    ),
    "no reg": (
        _svm("y, reg=0.0)", "y)").replace(" + 0.5 * reg * np.sum(W**2)", "").replace(" + reg * W", ""),
        {"svm_gradient": 3},
        "cannot be called with (X, W, y, reg)",
    ),
    "labkit's": (
        """
import labkit.losses as ready

def svm_gradient(X, W, y, reg=0.0):
    loss, dscores = ready.svm_loss(X @ W, y)
    return loss + 0.5 * reg * np.sum(W**2), X.T @ dscores + reg * W
""",
        {"svm_gradient": 15, "gradients_vectorised": 5},
        "labkit.losses.svm_loss, line 5",
    ),
    "two loops": (
        """
def svm_gradient(X, W, y, reg=0.0):
    S, dW, loss = X @ W, np.zeros(W.shape), 0.0
    for i in range(len(y)):
        for k in range(W.shape[1]):
            m = S[i, k] - S[i, y[i]] + 1
            if k != y[i] and m > 0:
                loss += m
                dW[:, k] += X[i]
                dW[:, y[i]] -= X[i]
    return loss / len(y) + 0.5 * reg * np.sum(W**2), dW / len(y) + reg * W
""",
        {"gradients_vectorised": 5},
        "line 4: a for loop",
    ),
    "while": (
        _svm(
            "G[np.arange(N), y] = -G.sum(axis=1)",
            "i = 0\n    while i < N:\n        G[i, y[i]] = -G[i].sum()\n        i += 1",
        ),
        {"gradients_vectorised": 5},
        "a while loop",
    ),
    "map": (
        _svm("M[np.arange(N), y] = 0", "list(map(lambda i: M.__setitem__((i, y[i]), 0), range(N)))"),
        {"gradients_vectorised": 5},
        "map, which is a loop",
    ),
    "apply_along_axis": (
        _svm("-G.sum(axis=1)", "-np.apply_along_axis(np.sum, 1, G)"),
        {"gradients_vectorised": 5},
        "np.apply_along_axis, which is a loop",
    ),
    "Python's sum": (_svm("-G.sum(axis=1)", "-sum(G.T)"), {"gradients_vectorised": 5}, "Python's sum()"),
}

# ------------------------------------------------------------------------------------- mini-batches

RIGHT["minibatch_sgd"] = {
    "integers": """
def minibatch_sgd(gradient, X, y, W, step_size, steps, batch_size, rng):
    losses = []
    for _ in range(steps):
        batch = rng.integers(0, len(X), batch_size)
        loss, dW = gradient(X[batch], W, y[batch])
        W = W - step_size * dW
        losses.append(loss)
    return W, losses
""",
    "choice without repetition": """
def minibatch_sgd(gradient, X, y, W, step_size, steps, batch_size, rng):
    W, values = W.copy(), np.zeros(steps)
    for t in range(steps):
        rows = rng.choice(X.shape[0], size=batch_size, replace=False)
        values[t], dW = gradient(X[rows], W, y[rows])
        W -= step_size * dW
    return W, values
""",
    "permutation at each step": """
def minibatch_sgd(gradient, X, y, W, step_size, steps, batch_size, rng):
    losses, t = [], 0
    while t < steps:
        order = rng.permutation(len(y))[:batch_size]
        result = gradient(X[order], W, y[order])
        losses += [result[0]]
        W = W + (-step_size) * result[1]
        t += 1
    return W, losses
""",
    "shuffled epochs": """
def minibatch_sgd(gradient, X, y, W, step_size, steps, batch_size, rng):
    losses, order = [], []
    while len(losses) < steps:
        if len(order) < batch_size:
            order = rng.permutation(len(X))
        batch, order = order[:batch_size], order[batch_size:]
        loss, dW = gradient(X.take(batch, axis=0), W, y.take(batch))
        W = np.subtract(W, step_size * dW)
        losses.append(float(loss))
    return W, np.array(losses)
""",
    "all batches drawn first": """
def minibatch_sgd(gradient, X, y, W, step_size, steps, batch_size, rng):
    batches = rng.integers(len(X), size=(steps, batch_size))
    losses = []
    def step(W, rows):
        loss, dW = gradient(X[rows], W, y[rows])
        losses.append(loss)
        return W - step_size * dW
    for rows in batches:
        W = step(W, rows)
    return [W, losses]
""",
    "random keys": """
def minibatch_sgd(gradient, X, y, W, step_size, steps, batch_size, rng):
    losses = ()
    for i in range(1, steps + 1):
        chosen = np.argsort(rng.random(len(X)))[-batch_size:]
        loss, dW = gradient(X[chosen, :], W, y[chosen])
        print(i, loss)
        losses = losses + (loss,)
        W = W - dW * step_size
    return W, losses
""",
}

_SGD = """
def minibatch_sgd(gradient, X, y, W, step_size, steps, batch_size, rng):
    losses = []
    for _ in range(steps):
        batch = rng.integers(0, len(X), batch_size)
        loss, dW = gradient(X[batch], W, y[batch])
        W = W - step_size * dW
        losses.append(loss)
    return W, losses
"""


def _sgd(old, new):
    assert _SGD.count(old) == 1, old
    return _SGD.replace(old, new)


WRONG["minibatch_sgd"] = {
    "uphill": (_sgd("W - step", "W + step"), {"minibatch_sgd": 15}, "it goes uphill"),
    "no step size": (_sgd("step_size * dW", "dW"), {"minibatch_sgd": 15}, "step_size is not used"),
    "gradient at the start": (
        _sgd("gradient(X[batch], W,", "gradient(X[batch], start,").replace(
            "    losses = []\n", "    losses, start = [], W\n"
        ),
        {"minibatch_sgd": 15},
        "taken at the start only",
    ),
    "divided again": (_sgd("step_size * dW", "step_size * dW / batch_size"), {"minibatch_sgd": 15}, "once more"),
    "stops at once": (
        _sgd("        losses.append(loss)\n    return", "        losses.append(loss)\n        return"),
        {"minibatch_sgd": 15},
        "taken 1 times, 80 steps",
    ),
    "one step too few": (_sgd("range(steps)", "range(steps - 1)"), {"minibatch_sgd": 15}, "taken 79 times, 80 steps"),
    "arguments swapped": (
        _sgd("gradient(X[batch], W, y[batch])", "gradient(W, X[batch], y[batch])"),
        {"minibatch_sgd": 15},
        "gradient(X, W, y)",
    ),
    "labels of all": (_sgd("y[batch]", "y"), {"minibatch_sgd": 15}, "other labels than one for each"),
    "labels of others": (_sgd("y[batch]", "y[:batch_size]"), {"minibatch_sgd": 4}, "the labels are not those"),
    "drawn twice": (
        _sgd("y[batch]", "y[rng.integers(0, len(X), batch_size)]"),
        {"minibatch_sgd": 4},
        "the labels are not those",
    ),
    "all images": (
        _sgd("rng.integers(0, len(X), batch_size)", "rng.permutation(len(X))"),
        {"minibatch_sgd": 4},
        "not a batch of them",
    ),
    "a batch of 200": (
        _sgd("batch_size)\n        loss", "200)\n        loss"),
        {"minibatch_sgd": 4},
        "a batch has 200 images",
    ),
    "one image as a vector": (
        _sgd("batch = rng.integers(0, len(X), batch_size)", "batch = rng.integers(0, len(X))"),
        {"minibatch_sgd": 15},
        "something else than rows of X",
    ),
    "in order": (
        _sgd("range(steps)", "range(0, steps * batch_size, batch_size)")
        .replace("for _", "for i")
        .replace("rng.integers(0, len(X), batch_size)", "np.arange(i, i + batch_size) % len(X)"),
        {"minibatch_sgd": 3},
        "slices of X",
    ),
    "one batch for all": (
        _sgd("        batch = rng.integers(0, len(X), batch_size)\n", "").replace(
            "    losses = []\n", "    losses = []\n    batch = rng.integers(0, len(X), batch_size)\n"
        ),
        {"minibatch_sgd": 3},
        "draw it inside the loop",
    ),
    "only the first": (
        _sgd("rng.integers(0, len(X), batch_size)", "rng.integers(0, batch_size, batch_size)"),
        {"minibatch_sgd": 3},
        "35 of 42 images are never drawn",
    ),
    "another generator": (
        _sgd("rng.integers(0, len(X), batch_size)", "np.random.randint(0, len(X), batch_size)"),
        {"minibatch_sgd": 3},
        "rng is not used",
    ),
    "a generator of its own": (
        _sgd("losses = []", "losses, rng = [], np.random.default_rng(0)"),
        {"minibatch_sgd": 3},
        "another generator gives the same",
    ),
    "the last loss": (_sgd("return W, losses", "return W, loss"), {"minibatch_sgd": 2}, "the losses of all steps"),
    "weights alone": (_sgd("return W, losses", "return W"), {"minibatch_sgd": 2}, "two values are asked"),
    "nothing returned": (_sgd("    return W, losses\n", ""), {"minibatch_sgd": 2}, "is the `return` missing?"),
    "swapped": (
        _sgd("return W, losses", "return losses, W"),
        {"minibatch_sgd": 2},
        "the first value is not a weight matrix",
    ),
    "in place": (_sgd("W = W - step_size * dW", "W -= step_size * dW"), {"minibatch_sgd": 1}, "W is changed in place"),
}

# --------------------------------------------------------------------------------- confusion matrix

RIGHT["confusion_matrix"] = {
    "add.at": """
def confusion_matrix(y, predicted, C):
    counts = np.zeros((C, C), dtype=int)
    np.add.at(counts, (y, predicted), 1)
    return counts
""",
    "bincount": """
def confusion_matrix(y, predicted, C):
    return np.bincount(y.astype(int) * C + predicted, minlength=C * C).reshape(C, C)
""",
    "one-hot product": """
def confusion_matrix(y, predicted, C):
    return np.eye(C)[y].T @ np.eye(C)[predicted]
""",
    "loop over the images": """
def confusion_matrix(y, predicted, C):
    counts = np.zeros([C, C])
    for i, j in zip(y, predicted):
        counts[i, j] += 1
    return counts
""",
    "loop over the classes": """
def confusion_matrix(y, predicted, C):
    return np.array([[np.sum((y == i) & (predicted == j)) for j in range(C)] for i in range(C)])
""",
    "histogram2d": """
def confusion_matrix(y, predicted, C):
    edges = np.arange(C + 1) - 0.5
    return np.histogram2d(y, predicted, bins=(edges, edges))[0]
""",
}

WRONG["confusion_matrix"] = {
    "transposed": (
        """
def confusion_matrix(y, predicted, C):
    counts = np.zeros((C, C), dtype=int)
    np.add.at(counts, (predicted, y), 1)
    return counts
""",
        {"confusion_matrix": 5},
        "the rows are the true classes",
    ),
    "fancy index": (
        """
def confusion_matrix(y, predicted, C):
    counts = np.zeros((C, C), dtype=int)
    counts[y, predicted] += 1
    return counts
""",
        {"confusion_matrix": 5},
        "adds 1 to each place once",
    ),
    "shares of rows": (
        """
def confusion_matrix(y, predicted, C):
    counts = np.zeros((C, C))
    np.add.at(counts, (y, predicted), 1)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
""",
        {"confusion_matrix": 5},
        "shares of the true class",
    ),
    "shares of all": (
        """
def confusion_matrix(y, predicted, C):
    counts = np.zeros((C, C))
    np.add.at(counts, (y, predicted), 1 / len(y))
    return counts
""",
        {"confusion_matrix": 5},
        "shares of all images",
    ),
    "mistakes only": (
        """
def confusion_matrix(y, predicted, C):
    counts = np.zeros((C, C), dtype=int)
    for i, j in zip(y, predicted):
        if i != j:
            counts[i, j] += 1
    return counts
""",
        {"confusion_matrix": 5},
        "only the mistakes are counted",
    ),
    "right ones only": (
        """
def confusion_matrix(y, predicted, C):
    return np.diag(np.bincount(y[y == predicted], minlength=C))
""",
        {"confusion_matrix": 5},
        "only the images that are right",
    ),
    "its own size": (
        """
def confusion_matrix(y, predicted, C):
    C = max(y.max(), predicted.max()) + 1
    counts = np.zeros((C, C), dtype=int)
    np.add.at(counts, (y, predicted), 1)
    return counts
""",
        {"confusion_matrix": 5},
        "whatever they are",
    ),
    "ten classes": (
        """
def confusion_matrix(y, predicted, C):
    counts = np.zeros((10, 10), dtype=int)
    np.add.at(counts, (y, predicted), 1)
    return counts
""",
        {"confusion_matrix": 5},
        "wrong shape",
    ),
    "labels from 1": (
        """
def confusion_matrix(y, predicted, C):
    counts = np.zeros((C, C), dtype=int)
    np.add.at(counts, (y.astype(int) - 1, predicted.astype(int) - 1), 1)
    return counts
""",
        {"confusion_matrix": 5},
        "off by one",
    ),
    "sorted in place": (
        """
def confusion_matrix(y, predicted, C):
    pairs = y.astype(int) * C + predicted
    y.sort()
    return np.bincount(pairs, minlength=C * C).reshape(C, C)
""",
        {"confusion_matrix": 1},
        "y is changed in place",
    ),
    "scikit-learn's name, labkit's work": (
        """
from labkit.check.labs.lab04 import confusion_matrix_ as sklearn_confusion_matrix

def confusion_matrix(y, predicted, C):
    return sklearn_confusion_matrix(y, predicted, C)
""",
        {"confusion_matrix": 5},
        "ready-made answer",
    ),
}

# ----------------------------------------------------------------------------------------- templates

RIGHT["template_images"] = {
    "reshape, transpose": """
def template_images(W):
    images = W[:-1].T.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    low = images.min(axis=(1, 2, 3), keepdims=True)
    high = images.max(axis=(1, 2, 3), keepdims=True)
    return (images - low) / (high - low)
""",
    "stretched first": """
def template_images(W):
    w = W[:3072]
    w = (w - w.min(axis=0)) / np.ptp(w, axis=0)
    return np.moveaxis(w.T.reshape(W.shape[1], 3, 32, 32), 1, -1)
""",
    "class axis last": """
def template_images(W):
    planes = W[:-1, :].reshape(3, 32, 32, -1)
    images = planes.transpose(3, 1, 2, 0)
    images = images - images.min(axis=(1, 2, 3))[:, None, None, None]
    return images / images.max(axis=(1, 2, 3))[:, None, None, None]
""",
    "a loop": """
def template_images(W):
    images = []
    for w in W[:-1].T:
        image = w.reshape(3, 32, 32).transpose(1, 2, 0)
        images.append((image - image.min()) / (image.max() - image.min()))
    return np.array(images)
""",
    "dstack": """
def template_images(W):
    def one(k):
        w = W[:3072, k]
        w = (w - np.amin(w)) / (np.amax(w) - np.amin(w))
        red, green, blue = np.split(w, 3)
        return np.dstack([red.reshape(32, 32), green.reshape(32, 32), blue.reshape(32, 32)])
    return np.stack([one(k) for k in range(W.shape[1])])
""",
    "einsum, Fortran order": """
def template_images(W):
    cube = np.asarray(W, dtype=float)[:-1].reshape((32, 32, 3, W.shape[1]), order="F").transpose(3, 1, 0, 2)
    flat = cube.reshape(len(cube), -1)
    low, high = flat.min(1), flat.max(1)
    return np.einsum("kijc,k->kijc", cube - low[:, None, None, None], 1 / (high - low))
""",
}

_TEMPLATES = """
def template_images(W):
    images = W[:-1].T.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    low = images.min(axis=(1, 2, 3), keepdims=True)
    high = images.max(axis=(1, 2, 3), keepdims=True)
    return (images - low) / (high - low)
"""


def _templates(old, new):
    assert _TEMPLATES.count(old) == 1, old
    return _TEMPLATES.replace(old, new)


_PLANES = ".reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)"

WRONG["template_images"] = {
    "colours side by side": (
        _templates(_PLANES, ".reshape(-1, 32, 32, 3)"),
        {"template_images": 10},
        "the pixels are scrambled",
    ),
    "classes mixed": (_templates("W[:-1].T", "W[:-1]"), {"template_images": 10}, "transpose before reshape"),
    "classes and colours mixed": (
        _templates("W[:-1].T" + _PLANES, "W[:-1].reshape(-1, 32, 32, 3)"),
        {"template_images": 10},
        "transpose before reshape",
    ),
    "lying": (_templates("transpose(0, 2, 3, 1)", "transpose(0, 3, 2, 1)"), {"template_images": 10}, "on their side"),
    "colours first": (_templates(".transpose(0, 2, 3, 1)", ""), {"template_images": 10}, "the colours come first"),
    "bias kept": (_templates("W[:-1].T", "W.T"), {"template_images": 10}, "cannot reshape array"),
    "bias first": (_templates("W[:-1].T", "W[1:].T"), {"template_images": 10}, "the bias is the last one"),
    "one range": (
        _templates("images.min(axis=(1, 2, 3), keepdims=True)", "images.min()").replace(
            "images.max(axis=(1, 2, 3), keepdims=True)", "images.max()"
        ),
        {"template_images": 10},
        "one range for all classes",
    ),
    "one range with the bias": (
        _templates("images.min(axis=(1, 2, 3), keepdims=True)", "W.min()").replace(
            "images.max(axis=(1, 2, 3), keepdims=True)", "W.max()"
        ),
        {"template_images": 10},
        "one range for all classes",
    ),
    "a range for each colour": (
        _TEMPLATES.replace("(1, 2, 3)", "(1, 2)"),
        {"template_images": 10},
        "which changes the colours",
    ),
    "not stretched": (_templates("(images - low) / (high - low)", "images"), {"template_images": 10}, "not stretched"),
    "divided only": (
        _templates("(images - low) / (high - low)", "images / high"),
        {"template_images": 10},
        "the smallest weight is not 0",
    ),
    "cut off": (
        _templates("(images - low) / (high - low)", "np.clip(images, 0, 1)"),
        {"template_images": 10},
        "cut off",
    ),
    "to 255": (_templates("(images - low)", "255 * (images - low)"), {"template_images": 10}, "from 0 to 255"),
    "shifted only": (_templates(" / (high - low)", ""), {"template_images": 10}, "only shifted"),
    "whole numbers": (
        _templates(
            "return (images - low) / (high - low)", "return (255 * (images - low) / (high - low)).astype(np.uint8)"
        ),
        {"template_images": 10},
        "whole numbers",
    ),
    "ten classes": (_templates("reshape(-1,", "reshape(10,"), {"template_images": 10}, "cannot reshape array"),
    "in place": (
        _templates("    return (images - low) / (high - low)", "    images -= low\n    return images / (high - low)"),
        {"template_images": 1},
        "W is changed in place",
    ),
}
