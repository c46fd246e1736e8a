"""Answers that students give to lab 3: the right ones keep all points, the wrong ones lose what is said here.

CHECKS  the check cells, by exercise.
SETUP   what the notebook has defined when an exercise begins.
STUBS   the solution cells of the student edition.
RIGHT   {solution cell: {name: source}}
WRONG   {solution cell: {name: (source, {exercise: points lost}, words of the diagnosis)}}

A source is the whole text of the solution cell. Points not named are kept: an answer may be in one cell and
lose in several exercises. The cells are called like the exercises; `vectorised` judges two of them.
"""

NOTEBOOK = "03_numerical_gradient_descent.ipynb"

CHECKS = {
    "score": "check.score(score)",
    "log_softmax_loss": "check.log_softmax_loss(log_softmax_loss)",
    "numerical_gradient": "check.numerical_gradient(numerical_gradient)",
    "gradient_descent": "check.gradient_descent(gradient_descent)",
    "vectorised": "check.vectorised(score, log_softmax_loss)",
    "accuracy": "check.accuracy(accuracy)",
    "cost_plot": "check.cost_plot(cost_plot)",
    "accuracy_plot": "check.accuracy_plot(accuracy_plot)",
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
    "gradient_descent": ("def gradient_descent(loss, gradient, W, step_size, steps):\n    raise NotImplementedError"),
    "accuracy": "def accuracy(scores, y):\n    raise NotImplementedError",
    "cost_plot": "cost_plot = None",
    "accuracy_plot": "accuracy_plot = None",
}

RIGHT, WRONG = {}, {}

# ------------------------------------------------------------------------------------------ score

RIGHT["score"] = {
    "at": """
def score(X, W):
    return X @ W
""",
    "dot": """
def score(X, W):
    "The scores."
    scores = np.dot(X, W)
    return scores
""",
    "method": """
score = lambda X, W: X.dot(W)
""",
    "matmul": """
def score(images: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.matmul(images, weights)
""",
    "einsum": """
def score(X, W):
    return np.einsum("nd,dc->nc", X, W)
""",
    "inner": """
def score(X, W):
    return np.inner(X, W.T)
""",
    "tensordot": """
from numpy import tensordot as td
def score(X, W):
    return td(X, W, axes=1)
""",
    "broadcast and sum": """
def score(X, W):
    return (X[:, :, None] * W[None]).sum(axis=1)
""",
    "twice transposed": """
def score(X, W):
    return (W.T @ X.T).T
""",
    "the ufunc itself": """
score = np.matmul
""",
    "helper, with a print": """
def product(A, B):
    print("multiplying", A.shape, B)
    return A @ B

def score(X, W):
    return product(X, W)
""",
    "partial": """
import functools

def multiply(B, A):
    return A @ B

def score(X, W):
    return functools.partial(multiply, W)(X)
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
    "entry by entry": (
        """
def score(X, W):
    return X * W
""",
        {"score": 20},
        "entry by entry",
    ),
    "weights transposed": (
        """
def score(X, W):
    return X @ W.T
""",
        {"score": 20},
        "W is transposed",
    ),
    "images in columns": (
        """
def score(X, W):
    return W.T @ X
""",
        {"score": 20},
        "images in columns",
    ),
    "images transposed": (
        """
def score(X, W):
    return X.T @ W
""",
        {"score": 20},
        "X is transposed",
    ),
    "scores transposed": (
        """
def score(X, W):
    return W.T @ X.T
""",
        {"score": 20},
        "the scores are transposed",
    ),
    "a bias": (
        """
def score(X, W):
    return X @ W + 1
""",
        {"score": 20},
        "no bias",
    ),
    "probabilities": (
        """
def score(X, W):
    e = np.exp(X @ W)
    return e / e.sum(axis=1, keepdims=True)
""",
        {"score": 20},
        "return the scores themselves",
    ),
    "mean over images": (
        """
def score(X, W):
    return X.dot(W) / X.shape[0]
""",
        {"score": 20},
        "divided by the number of images",
    ),
    "predicted class": (
        """
def score(X, W):
    return np.argmax(X @ W, axis=1)
""",
        {"score": 20},
        "these are the classes",
    ),
    "the notebook's images": (
        """
def score(x, W):
    return X @ W
""",
        {"score": 20},
        "line 3 uses X, a variable of the notebook",
    ),
    "whole numbers": (
        """
def score(X, W):
    return (X @ W).astype(int)
""",
        {"score": 20},
        "whole numbers",
    ),
    "ten classes": (
        """
def score(X, W):
    scores = np.zeros((X.shape[0], 10))
    scores[:] = X @ W
    return scores
""",
        {"score": 20},
        "take sizes from .shape",
    ),
    "squeezed": (
        """
def score(X, W):
    return np.squeeze(X @ W)
""",
        {"score": 20},
        "right number of entries in the wrong shape",
    ),
    "printed, not returned": (
        """
def score(X, W):
    print(X @ W)
""",
        {"score": 20, "vectorised": 10},
        "is the `return` missing?",
    ),
    "one argument": (
        """
def score(X):
    return X @ np.ones((10, 10))
""",
        {"score": 20, "vectorised": 10},
        "cannot be called with (X, W)",
    ),
    "in place": (
        """
def score(X, W):
    X *= 2
    return X @ W / 2
""",
        {"score": 2},
        "X is changed in place",
    ),
    "labkit's": (
        """
from labkit.check import EXERCISES
def score(X, W):
    return EXERCISES["score"].answer(X, W)
""",
        {"score": 20, "vectorised": 10},
        "ready-made answer (labkit.check.labs.lab03",
    ),
    "loops": (
        """
def score(X, W):
    scores = np.zeros((X.shape[0], W.shape[1]))
    for i in range(X.shape[0]):
        for j in range(W.shape[1]):
            scores[i, j] = X[i] @ W[:, j]
    return scores
""",
        {"vectorised": 10},
        "line 4: a for loop",
    ),
    "list comprehension": (
        """
def score(X, W):
    return np.array([x @ W for x in X])
""",
        {"vectorised": 10},
        "line 3: a list comprehension",
    ),
    "while": (
        """
def score(X, W):
    total, d = 0, 0
    while d < X.shape[1]:
        total = total + np.outer(X[:, d], W[d])
        d += 1
    return total
""",
        {"vectorised": 10},
        "line 4: a while loop",
    ),
    "map": (
        """
def score(X, W):
    return np.array(list(map(W.T.dot, X)))
""",
        {"vectorised": 10},
        "map, which is a loop",
    ),
    "apply_along_axis": (
        """
def score(X, W):
    return np.apply_along_axis(lambda x: x @ W, 1, X)
""",
        {"vectorised": 10},
        "np.apply_along_axis, which is a loop",
    ),
    "vectorize": (
        """
from numpy import vectorize as fast

def score(X, W):
    one = fast(lambda i, j: X[i] @ W[:, j])
    return one(np.arange(len(X))[:, None], np.arange(W.shape[1]))
""",
        {"vectorised": 10},
        "line 5: np.vectorize, which is a loop",
    ),
    "recursion": (
        """
def score(X, W):
    if len(X) == 1:
        return X @ W
    return np.vstack([X[:1] @ W, score(X[1:], W)])
""",
        {"vectorised": 10},
        "recursion",
    ),
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
    "reduce": (
        """
def score(X, W):
    from functools import reduce
    return reduce(np.add, (X.T[:, :, None] * W[:, None, :]))
""",
        {"vectorised": 10},
        "functools.reduce, which is a loop",
    ),
    "sum over an array": (
        """
def score(X, W):
    return sum(X.T[:, :, None] * W[:, None, :])
""",
        {"vectorised": 10},
        "Python's sum()",
    ),
    "exec": (
        """
def score(X, W):
    names = {"X": X, "W": W, "np": np}
    exec("s = np.array([x @ W for x in X])", names)
    return names["s"]
""",
        {"vectorised": 10},
        "exec, which hides",
    ),
    "iterator without a loop of its own": (
        """
def score(X, W):
    return np.array(list(X)) @ W
""",
        {"vectorised": 10},
        "number of Python steps grows",
    ),
}

# ------------------------------------------------------------------------------ log-softmax loss

RIGHT["log_softmax_loss"] = {
    "exp-normalise": """
def log_softmax_loss(scores, y):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(y)), y]))
""",
    "log-sum-exp": """
def log_softmax_loss(scores, y):
    m = scores.max(axis=1)
    lse = m + np.log(np.sum(np.exp(scores - m[:, None]), axis=1))
    return (lse - scores[range(len(y)), y]).mean()
""",
    "logaddexp": """
def log_softmax_loss(scores, y):
    return float(np.mean(np.logaddexp.reduce(scores, axis=1) - scores[np.arange(scores.shape[0]), y]))
""",
    "one-hot mask": """
def log_softmax_loss(scores, y):
    N, C = scores.shape
    one_hot = np.eye(C)[y]
    s = scores - np.max(scores, axis=1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(1, keepdims=True))
    return -(one_hot * log_p).sum() / N
""",
    "boolean mask": """
def log_softmax_loss(scores, y):
    right = y[:, np.newaxis] == np.arange(scores.shape[1])
    s = scores.T - scores.max(1)
    return np.log(np.exp(s).sum(0)).mean() - s.T[right].mean()
""",
    "take_along_axis": """
def log_softmax_loss(scores: "(N, C)", y: "(N,)") -> float:
    '''Mean of -log p.'''
    s = scores - np.amax(scores, axis=-1)[..., None]
    own = np.take_along_axis(s, y[:, None].astype(np.intp), axis=1)
    return np.mean(np.log(np.exp(s).sum(axis=-1, keepdims=True)) - own)
""",
    "choose": """
def log_softmax_loss(scores, y):
    s = scores - scores.max(axis=1, keepdims=True)
    return np.array(np.mean(np.log(np.exp(s).sum(axis=1)) - np.choose(y, s.T)))
""",
    "einsum": """
def log_softmax_loss(scores, y):
    s = scores - scores.max(axis=1).reshape(-1, 1)
    hot = np.zeros_like(s)
    hot[np.arange(y.size), y] = 1
    return (np.log(np.einsum("nc->n", np.exp(s))) - np.einsum("nc,nc->n", s, hot)).mean()
""",
    "differences to the right class": """
def log_softmax_loss(scores, y):
    d = scores - scores[np.arange(len(y)), y][:, None]
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
    "diagonal": """
def log_softmax_loss(scores, y):
    s = scores.copy()
    s -= s.max(axis=1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    return -np.trace(log_p[:, y]) / len(y)
""",
    "add.at": """
def log_softmax_loss(scores, y):
    s = scores - scores.max(axis=1, keepdims=True)
    total = np.log(np.exp(s).sum(axis=1))
    np.add.at(total, np.arange(len(y)), -s[np.arange(len(y)), y])
    return np.sum(total) / total.shape[0]
""",
    "with a print of the arrays": """
def log_softmax_loss(scores, y):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    print(e, y, f"{scores}")
    p = e / e.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(y)), y]).mean()
""",
}

WRONG["log_softmax_loss"] = {
    "sum": (
        """
def log_softmax_loss(scores, y):
    s = scores - scores.max(axis=1, keepdims=True)
    return np.sum(np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(y)), y])
""",
        {"log_softmax_loss": 4},
        "this is the sum over the images",
    ),
    "one for each image": (
        """
def log_softmax_loss(scores, y):
    s = scores - scores.max(axis=1, keepdims=True)
    return np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(y)), y]
""",
        {"log_softmax_loss": 4},
        "one loss for each image",
    ),
    "no maximum": (
        """
def log_softmax_loss(scores, y):
    e = np.exp(scores)
    p = e / e.sum(axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(y)), y]))
""",
        {"log_softmax_loss": 6},
        "exp overflows",
    ),
    "no maximum, log-sum-exp": (
        """
def log_softmax_loss(scores, y):
    return np.mean(np.log(np.sum(np.exp(scores), axis=1)) - scores[np.arange(len(y)), y])
""",
        {"log_softmax_loss": 6},
        "subtract each row's maximum",
    ),
    "one maximum for all": (
        """
def log_softmax_loss(scores, y):
    e = np.exp(scores - np.max(scores))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(y)), y]))
""",
        {"log_softmax_loss": 6},
        "one maximum is subtracted from all images",
    ),
    "mean subtracted": (
        """
def log_softmax_loss(scores, y):
    s = scores - scores.mean(axis=1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(s), axis=1)) - s[np.arange(len(y)), y])
""",
        {"log_softmax_loss": 6},
        "exp overflows",
    ),
    "scores cut off": (
        """
def log_softmax_loss(scores, y):
    e = np.exp(np.clip(scores, -500, 500))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(y)), y]))
""",
        {"log_softmax_loss": 6},
        "cutting the scores off",
    ),
    "small epsilon": (
        """
def log_softmax_loss(scores, y):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(y)), y] + 1e-12))
""",
        {"log_softmax_loss": 6},
        "very small probability",
    ),
    "clipped probability": (
        """
def log_softmax_loss(scores, y):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = np.clip(e / e.sum(axis=1, keepdims=True), 1e-15, 1)
    return -np.mean(np.log(p[np.arange(len(y)), y]))
""",
        {"log_softmax_loss": 6},
        "clipped probability",
    ),
    "large epsilon": (
        """
def log_softmax_loss(scores, y):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(y)), y] + 1e-3))
""",
        {"log_softmax_loss": 20},
        "a number is added inside the log",
    ),
    "sign": (
        """
def log_softmax_loss(scores, y):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return np.mean(np.log(p[np.arange(len(y)), y]))
""",
        {"log_softmax_loss": 20},
        "the sign",
    ),
    "sum over the images": (
        """
def log_softmax_loss(scores, y):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=0)
    return -np.mean(np.log(p[np.arange(len(y)), y]))
""",
        {"log_softmax_loss": 20},
        "wrong axis",
    ),
    "maximum of the columns": (
        """
def log_softmax_loss(scores, y):
    e = np.exp(scores - scores.max(axis=0))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(y)), y]))
""",
        {"log_softmax_loss": 20},
        "the maximum is of each row",
    ),
    "no keepdims": (
        """
def log_softmax_loss(scores, y):
    e = np.exp(scores - scores.max(axis=1))
    p = e / e.sum(axis=1)
    return -np.mean(np.log(p[np.arange(len(y)), y]))
""",
        {"log_softmax_loss": 10},
        "use keepdims=True",
    ),
    "labels from 1": (
        """
def log_softmax_loss(scores, y):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(y)), y - 1]))
""",
        {"log_softmax_loss": 20},
        "off by one",
    ),
    "labels plus 1": (
        """
def log_softmax_loss(scores, y):
    s = scores - scores.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(y)), y + 1])
""",
        {"log_softmax_loss": 20},
        "off by one",
    ),
    "base 2": (
        """
def log_softmax_loss(scores, y):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.mean(np.log2(p[np.arange(len(y)), y]))
""",
        {"log_softmax_loss": 20},
        "base 2",
    ),
    "base 10": (
        """
def log_softmax_loss(scores, y):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.mean(np.log10(p[np.arange(len(y)), y]))
""",
        {"log_softmax_loss": 20},
        "base 10",
    ),
    "no log": (
        """
def log_softmax_loss(scores, y):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.mean(p[np.arange(len(y)), y])
""",
        {"log_softmax_loss": 20},
        "the log is missing",
    ),
    "not normalised": (
        """
def log_softmax_loss(scores, y):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return -np.mean(np.log(e[np.arange(len(y)), y]))
""",
        {"log_softmax_loss": 20},
        "not normalised",
    ),
    "mean over classes too": (
        """
def log_softmax_loss(scores, y):
    N, C = scores.shape
    s = scores - scores.max(axis=1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    return -np.mean(np.eye(C)[y] * log_p)
""",
        {"log_softmax_loss": 20},
        "mean over images and classes",
    ),
    "all classes": (
        """
def log_softmax_loss(scores, y):
    s = scores - scores.max(axis=1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    return -np.sum(log_p) / len(scores)
""",
        {"log_softmax_loss": 20},
        "pick the log-probability of the right class",
    ),
    "every label for every image": (
        """
def log_softmax_loss(scores, y):
    s = scores - scores.max(axis=1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    return -np.mean(log_p[:, y])
""",
        {"log_softmax_loss": 10},
        "every label picks its column",
    ),
    "y as one-hot": (
        """
def log_softmax_loss(scores, y):
    s = scores - scores.max(axis=1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    return -np.mean(np.sum(y[:, None] * log_p, axis=1))
""",
        {"log_softmax_loss": 20},
        "as if it were one-hot",
    ),
    "right score missing": (
        """
def log_softmax_loss(scores, y):
    m = scores.max(axis=1)
    return np.mean(m + np.log(np.exp(scores - m[:, None]).sum(axis=1)))
""",
        {"log_softmax_loss": 20},
        "score of the right class is missing",
    ),
    "softmax twice": (
        """
def softmax(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

def log_softmax_loss(scores, y):
    return -np.mean(np.log(softmax(softmax(scores))[np.arange(len(y)), y]))
""",
        {"log_softmax_loss": 20},
        "softmax is taken twice",
    ),
    "hinge": (
        """
def log_softmax_loss(scores, y):
    margins = np.maximum(0, 1 + scores - scores[np.arange(len(y)), y][:, None])
    return margins.sum(axis=1).mean() - 1
""",
        {"log_softmax_loss": 20},
        "the hinge loss",
    ),
    "scores shifted in place": (
        """
def log_softmax_loss(scores, y):
    scores -= scores.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(y)), y])
""",
        {"log_softmax_loss": 2},
        "scores is changed in place",
    ),
    "the notebook's labels": (
        """
def log_softmax_loss(scores, labels):
    s = scores - scores.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(s)), y[:len(s)]])
""",
        {"log_softmax_loss": 20},
        "line 4 uses y, a variable of the notebook",
    ),
    "ten classes": (
        """
def log_softmax_loss(scores, y):
    s = scores - scores.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(s).sum(axis=1)) - (s * np.eye(10)[y]).sum(axis=1))
""",
        {"log_softmax_loss": 20},
        "take sizes from .shape",
    ),
    "stops with an error": (
        """
def log_softmax_loss(scores, y):
    s = scores - scores.max(axis=1, keepdims=True)
    import sys
    sys.exit("done")
""",
        {"log_softmax_loss": 20, "vectorised": 10},
        "line 5 raises SystemExit: done",
    ),
    "random": (
        """
def log_softmax_loss(scores, y):
    s = scores - scores.max(axis=1, keepdims=True)
    s = s + 0.1 * np.random.randn(*s.shape)
    return np.mean(np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(s)), y])
""",
        {"log_softmax_loss": 20},
        "called again with the same arguments",
    ),
    "constant": (
        """
def log_softmax_loss(scores, y):
    return 2.302585
""",
        {"log_softmax_loss": 20, "vectorised": 10},
        "does not depend on",
    ),
    "SciPy's log_softmax": (
        """
from scipy.special import log_softmax as ls

def log_softmax_loss(scores, y):
    return -ls(scores, axis=1)[np.arange(len(y)), y].mean()
""",
        {"log_softmax_loss": 20, "vectorised": 10},
        "(scipy.special.log_softmax, line 5)",
    ),
    "SciPy's logsumexp by another name": (
        """
import scipy.special

def log_softmax_loss(scores, y):
    trick = getattr(scipy.special, "log" + "sumexp")
    return np.mean(trick(scores, axis=1) - scores[np.arange(len(y)), y])
""",
        {"log_softmax_loss": 20, "vectorised": 10},
        "scipy.special.logsumexp",
    ),
    "labkit's loss": (
        """
import labkit.losses

def helper(s, y):
    return labkit.losses.softmax_loss(s, y)[0]

def log_softmax_loss(scores, y):
    return helper(scores, y)
""",
        {"log_softmax_loss": 20, "vectorised": 10},
        "(labkit.losses.softmax_loss, line 5)",
    ),
    "comprehension": (
        """
def log_softmax_loss(scores, y):
    s = scores - scores.max(axis=1, keepdims=True)
    right = np.array([s[i, k] for i, k in enumerate(y)])
    return np.mean(np.log(np.exp(s).sum(axis=1)) - right)
""",
        {"vectorised": 10},
        "line 4: a list comprehension",
    ),
    "generator": (
        """
def log_softmax_loss(scores, y):
    m = scores.max(axis=1)
    lse = m + np.log(np.exp(scores - m[:, None]).sum(axis=1))
    return sum(lse[i] - scores[i, y[i]] for i in range(len(y))) / len(y)
""",
        {"vectorised": 10},
        "line 5: a generator expression",
    ),
    "loop over classes": (
        """
def log_softmax_loss(scores, y):
    s = scores - scores.max(axis=1, keepdims=True)
    total = np.zeros(len(y))
    for c in range(s.shape[1]):
        total += np.exp(s[:, c])
    return np.mean(np.log(total) - s[np.arange(len(y)), y])
""",
        {"vectorised": 10},
        "line 5: a for loop",
    ),
    "frompyfunc": (
        """
import math

def log_softmax_loss(scores, y):
    s = scores - scores.max(axis=1, keepdims=True)
    e = np.frompyfunc(math.exp, 1, 1)(s).astype(float)
    return np.mean(np.log(e.sum(axis=1)) - s[np.arange(len(y)), y])
""",
        {"vectorised": 10},
        "np.frompyfunc, which is a loop",
    ),
    "Python lists": (
        """
def log_softmax_loss(scores, y):
    s = scores - scores.max(axis=1, keepdims=True)
    own = np.array(s.tolist())[np.arange(len(y)), y]
    return np.mean(np.log(np.exp(s).sum(axis=1)) - own)
""",
        {"vectorised": 10},
        ".tolist()",
    ),
}

# ---------------------------------------------------------------------------- numerical gradient

RIGHT["numerical_gradient"] = {
    "ndindex": """
def numerical_gradient(f, x, h=1e-6):
    g = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        old = x[i]
        x[i] = old + h
        up = f(x)
        x[i] = old - h
        down = f(x)
        x[i] = old
        g[i] = (up - down) / (2 * h)
    return g
""",
    "nditer": """
def numerical_gradient(f, x, h=1e-6):
    grad = np.zeros_like(x)
    it = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    while not it.finished:
        ix = it.multi_index
        value = x[ix]
        x[ix] = value + h
        fp = f(x)
        x[ix] = value - h
        fm = f(x)
        x[ix] = value
        grad[ix] = (fp - fm) / (2 * h)
        it.iternext()
    return grad
""",
    "flat": """
def numerical_gradient(f, x, h=1e-6):
    grad = np.empty_like(x)
    for i in range(x.size):
        old = x.flat[i]
        x.flat[i] = old + h
        grad.flat[i] = f(x)
        x.flat[i] = old - h
        grad.flat[i] -= f(x)
        x.flat[i] = old
    return grad / (2 * h)
""",
    "copies": """
def numerical_gradient(f, x, h=1e-6):
    grad = np.zeros_like(x)
    for index, _ in np.ndenumerate(x):
        plus, minus = x.copy(), x.copy()
        plus[index] += h
        minus[index] -= h
        grad[index] = (f(plus) - f(minus)) / (2 * h)
    return grad
""",
    "unit vectors": """
def numerical_gradient(f, x, h=1e-6):
    units = np.eye(x.size).reshape(-1, *x.shape)
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in units]).reshape(x.shape)
""",
    "put back by arithmetic": """
def numerical_gradient(f, x, h=1e-6):
    flat = x.reshape(-1)
    grad = np.zeros(x.size)
    for i in range(x.size):
        flat[i] += h
        a = f(x)
        flat[i] -= 2 * h
        b = f(x)
        flat[i] += h
        grad[i] = 0.5 * (a - b) / h
    return grad.reshape(x.shape)
""",
    "one more evaluation": """
def numerical_gradient(f, x, h=1e-6):
    here = f(x)
    print("loss", here)

    def partial(i):
        e = np.zeros(x.size)
        e[i] = h
        e = e.reshape(x.shape)
        return ((f(x + e) - here) + (here - f(x - e))) / (2 * h)

    return np.reshape(list(map(partial, range(x.size))), x.shape)
""",
    "vectorize": """
def numerical_gradient(f, x, h=0.00001):
    work = np.array(x, dtype=float)
    def slope(i):
        keep = work.flat[i]
        try:
            work.flat[i] = keep + h
            up = f(work)
            work.flat[i] = keep - h
            return (up - f(work)) / (h + h)
        finally:
            work.flat[i] = keep
    return np.vectorize(slope, otypes=[float])(np.arange(x.size)).reshape(x.shape)
""",
}

WRONG["numerical_gradient"] = {
    "forward difference": (
        """
def numerical_gradient(f, x, h=1e-6):
    g, here = np.zeros_like(x), f(x)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + h
        g[i] = (f(x) - here) / h
        x[i] = old
    return g
""",
        {"numerical_gradient": 2},
        "this is a forward difference",
    ),
    "forward difference by 2h": (
        """
def numerical_gradient(f, x, h=1e-6):
    g, here = np.zeros_like(x), f(x)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + h
        g[i] = (f(x) - here) / (2 * h)
        x[i] = old
    return g
""",
        {"numerical_gradient": 10},
        "half of the gradient: f(x + h) - f(x)",
    ),
    "h taken back once": (
        """
def numerical_gradient(f, x, h=1e-6):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += h
        up = f(x)
        x[i] -= h
        down = f(x)
        g[i] = (up - down) / (2 * h)
    return g
""",
        {"numerical_gradient": 10},
        "only one of the two is moved by h",
    ),
    "h applied twice": (
        """
def numerical_gradient(f, x, h=1e-6):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] += 2 * h
        up = f(x)
        x[i] = old - 2 * h
        down = f(x)
        x[i] = old
        g[i] = (up - down) / (2 * h)
    return g
""",
        {"numerical_gradient": 10},
        "twice the gradient",
    ),
    "divided by h": (
        """
def numerical_gradient(f, x, h=1e-6):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        g[i] = (f(x + e) - f(x - e)) / h
    return g
""",
        {"numerical_gradient": 10},
        "their distance is 2h",
    ),
    "not divided": (
        """
def numerical_gradient(f, x, h=1e-6):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        g[i] = f(x + e) - f(x - e)
    return g
""",
        {"numerical_gradient": 10},
        "not divided by the step",
    ),
    "wrong way round": (
        """
def numerical_gradient(f, x, h=1e-6):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        g[i] = (f(x - e) - f(x + e)) / (2 * h)
    return g
""",
        {"numerical_gradient": 10},
        "the sign",
    ),
    "not put back": (
        """
def numerical_gradient(f, x, h=1e-6):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + h
        up = f(x)
        x[i] = old - h
        down = f(x)
        g[i] = (up - down) / (2 * h)
    return g
""",
        {"numerical_gradient": 2},
        "not put back",
    ),
    "forward and not put back": (
        """
def numerical_gradient(f, x, h=1e-6):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        before = f(x)
        x[i] += h
        g[i] = (f(x) - before) / h
    return g
""",
        {"numerical_gradient": 4},
        "forward difference",
    ),
    "all at once": (
        """
def numerical_gradient(f, x, h=1e-6):
    return (f(x + h) - f(x - h)) / (2 * h) * np.ones_like(x)
""",
        {"numerical_gradient": 10},
        "all entries of x are moved at once",
    ),
    "the number, not the array": (
        """
def numerical_gradient(f, x, h=1e-6):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        entry = x[i]
        entry += h
        up = f(x)
        entry -= 2 * h
        down = f(x)
        g[i] = (up - down) / (2 * h)
    return g
""",
        {"numerical_gradient": 10},
        "f is evaluated at x itself every time",
    ),
    "f of a number": (
        """
def numerical_gradient(f, x, h=1e-6):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        g[i] = (f(x[i] + h) - f(x[i] - h)) / (2 * h)
    return g
""",
        {"numerical_gradient": 10},
        "it takes the whole of x",
    ),
    "flat": (
        """
def numerical_gradient(f, x, h=1e-6):
    g = []
    for e in h * np.eye(x.size):
        e = e.reshape(x.shape)
        g.append((f(x + e) - f(x - e)) / (2 * h))
    return np.array(g)
""",
        {"numerical_gradient": 10},
        "in the wrong shape",
    ),
    "with the loss": (
        """
def numerical_gradient(f, x, h=1e-6):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        g[i] = (f(x + e) - f(x - e)) / (2 * h)
    return f(x), g
""",
        {"numerical_gradient": 10},
        "return the gradient alone",
    ),
    "matrices only": (
        """
def numerical_gradient(f, x, h=1e-6):
    g = np.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            old = x[i, j]
            x[i, j] = old + h
            up = f(x)
            x[i, j] = old - h
            down = f(x)
            x[i, j] = old
            g[i, j] = (up - down) / (2 * h)
    return g
""",
        {"numerical_gradient": 1},
        "for a vector",
    ),
    "h ignored": (
        """
def numerical_gradient(f, x, h=1e-6):
    g, h = np.zeros_like(x), 1e-5
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        g[i] = (f(x + e) - f(x - e)) / (2 * h)
    return g
""",
        {"numerical_gradient": 1},
        "h does not change the step",
    ),
    "never written": (
        """
def numerical_gradient(f, x, h=1e-6):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        slope = (f(x + e) - f(x - e)) / (2 * h)
    return g
""",
        {"numerical_gradient": 10},
        "nothing is written into it",
    ),
    "columns first": (
        """
def numerical_gradient(f, x, h=1e-6):
    g = []
    for j in range(x.shape[1]):
        for i in range(x.shape[0]):
            e = np.zeros_like(x)
            e[i, j] = h
            g.append((f(x + e) - f(x - e)) / (2 * h))
    return np.reshape(g, x.shape)
""",
        {"numerical_gradient": 10},
        "right numbers in the wrong order",
    ),
    "step of zero": (
        """
def numerical_gradient(f, x, h=1e-6):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        g[i] = (f(x + e) - f(x - e)) / (h - h)
    return g
""",
        {"numerical_gradient": 10},
        "NaN or infinite",
    ),
    "a step too small": (
        """
def numerical_gradient(f, x, h=1e-13):
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        g[i] = (f(x + e) - f(x - e)) / (2 * h)
    return g
""",
        {"numerical_gradient": 10},
        "not the slope of f",
    ),
    "entries skipped": (
        """
def numerical_gradient(f, x, h=1e-6):
    g = np.zeros_like(x)
    for i in range(x.shape[0]):
        e = np.zeros_like(x)
        e[i, i] = h
        g[i, i] = (f(x + e) - f(x - e)) / (2 * h)
    return g
""",
        {"numerical_gradient": 10},
        "never computed",
    ),
    "np.gradient": (
        """
def numerical_gradient(f, x, h=1e-6):
    return np.gradient(x, h)[0]
""",
        {"numerical_gradient": 10},
        "f is never called",
    ),
    "SciPy's": (
        """
from scipy.optimize import approx_fprime

def numerical_gradient(f, x, h=1e-6):
    return approx_fprime(x.ravel(), lambda v: f(v.reshape(x.shape)), h).reshape(x.shape)
""",
        {"numerical_gradient": 10},
        "scipy.optimize.approx_fprime",
    ),
    "labkit's": (
        """
def numerical_gradient(f, x, h=1e-6):
    from labkit import gradients
    return gradients.numerical_gradient(f, x, h)
""",
        {"numerical_gradient": 10},
        "labkit.gradients.numerical_gradient",
    ),
    "for ever": (
        """
def numerical_gradient(f, x, h=1e-6):
    best = f(x)
    while True:
        best = min(best, f(x - h * np.random.randn(*x.shape)))
    return best
""",
        {"numerical_gradient": 10},
        "again and again",
    ),
}

# ------------------------------------------------------------------------------ gradient descent

RIGHT["gradient_descent"] = {
    "append": """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W]
    for step in range(steps):
        W = W - step_size * gradient(loss, W)
        path.append(W)
    return path
""",
    "in place on copies": """
def gradient_descent(loss, gradient, W, step_size, steps):
    W = W.copy()
    visited = [W.copy()]
    for _ in range(steps):
        W -= step_size * gradient(loss, W)
        visited.append(W.copy())
    return visited
""",
    "from the last": """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W.copy()]
    while len(path) <= steps:
        print(len(path), loss(path[-1]))
        path += [path[-1] - np.multiply(step_size, gradient(loss, path[-1]))]
    return path
""",
    "one array": """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = np.empty((steps + 1,) + W.shape)
    path[0] = W
    for i in range(1, steps + 1):
        path[i] = path[i - 1] - gradient(loss, path[i - 1]) * step_size
    return list(path)
""",
    "sum of the steps": """
def gradient_descent(loss, gradient, W, step_size, steps):
    path, moved = [W], np.zeros_like(W)
    for _ in range(steps):
        moved = moved + gradient(loss, W + moved)* -step_size
        path.append(W + moved)
    return path
""",
    "accumulate": """
from itertools import accumulate

def gradient_descent(loss, gradient, W, step_size, steps):
    step = lambda W, _: W - step_size * gradient(loss, W)
    return list(accumulate(range(steps), step, initial=W))
""",
    "generator inside": """
def gradient_descent(loss, gradient, W, step_size, steps):
    def walk(W):
        yield W
        for _ in range(steps):
            W = np.subtract(W, step_size * gradient(loss, W))
            yield W
    return [*walk(W)]
""",
    "gradient taken once more": """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = []
    for _ in range(steps + 1):
        path.append(W)
        slope = gradient(loss, W)
        W = W - step_size * slope
    return tuple(path)
""",
}

WRONG["gradient_descent"] = {
    "uphill": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W]
    for _ in range(steps):
        W = W + step_size * gradient(loss, W)
        path.append(W)
    return path
""",
        {"gradient_descent": 10},
        "it goes uphill",
    ),
    "one and the same array": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W]
    for _ in range(steps):
        W -= step_size * gradient(loss, W)
        path.append(W)
    return path
""",
        {"gradient_descent": 4},
        "one and the same array",
    ),
    "start changed": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W.copy()]
    for _ in range(steps):
        W -= step_size * gradient(loss, W)
        path.append(W.copy())
    return path
""",
        {"gradient_descent": 1},
        "the caller's W is changed in place",
    ),
    "one step too few": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W]
    for _ in range(steps - 1):
        W = W - step_size * gradient(loss, W)
        path.append(W)
    return path
""",
        {"gradient_descent": 3},
        "the last matrix is missing",
    ),
    "one step too many": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W]
    for _ in range(steps + 1):
        W = W - step_size * gradient(loss, W)
        path.append(W)
    return path
""",
        {"gradient_descent": 3},
        "1,002 matrices",
    ),
    "no start": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = []
    for _ in range(steps):
        W = W - step_size * gradient(loss, W)
        path.append(W)
    return path
""",
        {"gradient_descent": 3},
        "the start is missing",
    ),
    "only the last": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    for _ in range(steps):
        W = W - step_size * gradient(loss, W)
    return W
""",
        {"gradient_descent": 3},
        "only one matrix is returned",
    ),
    "losses in the list": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [loss(W)]
    for _ in range(steps):
        W = W - step_size * gradient(loss, W)
        path.append(loss(W))
    return path
""",
        {"gradient_descent": 3},
        "other things than weight matrices",
    ),
    "gradient of the start": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path, slope = [W], gradient(loss, W)
    for _ in range(steps):
        W = W - step_size * slope
        path.append(W)
    return path
""",
        {"gradient_descent": 10},
        "the gradient is taken at the start only",
    ),
    "step size ignored": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W]
    for _ in range(steps):
        W = W - gradient(loss, W)
        path.append(W)
    return path
""",
        {"gradient_descent": 10},
        "step_size is not used",
    ),
    "step size written in": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W]
    for _ in range(steps):
        W = W - 0.1 * gradient(loss, W)
        path.append(W)
    return path
""",
        {"gradient_descent": 1},
        "does not follow the argument step_size",
    ),
    "steps written in": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W]
    for _ in range(1000):
        W = W - step_size * gradient(loss, W)
        path.append(W)
    return path
""",
        {"gradient_descent": 1},
        "does not follow the argument steps",
    ),
    "arguments swapped": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W]
    for _ in range(steps):
        W = W - step_size * gradient(W, loss)
        path.append(W)
    return path
""",
        {"gradient_descent": 10},
        "line 5: gradient is called with its arguments swapped",
    ),
    "gradient of nothing": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W]
    for _ in range(steps):
        W = W - step_size * gradient(W)
        path.append(W)
    return path
""",
        {"gradient_descent": 10},
        "line 5 raises TypeError",
    ),
    "a gradient of its own": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W]
    for _ in range(steps):
        g = np.array([[(loss(W + 1e-6 * e) - loss(W - 1e-6 * e)) / 2e-6 for e in row]
                      for row in np.eye(W.size).reshape(*W.shape, *W.shape)])
        W = W - step_size * g
        path.append(W)
    return path
""",
        {"gradient_descent": 10},
        "is never called",
    ),
    "divided by the step size": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W]
    for _ in range(steps):
        W = W - gradient(loss, W) / step_size
        path.append(W)
    return path
""",
        {"gradient_descent": 10},
        "divided by step_size",
    ),
    "a smaller step each time": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W]
    for i in range(steps):
        W = W - step_size * 0.99 ** i * gradient(loss, W)
        path.append(W)
    return path
""",
        {"gradient_descent": 10},
        "a step is not W - step_size * gradient(loss, W)",
    ),
    "from zero": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [np.zeros_like(W)]
    for _ in range(steps):
        path.append(path[-1] - step_size * gradient(loss, path[-1]))
    return path
""",
        {"gradient_descent": 10},
        "not taken at the start W",
    ),
    "stops when it is flat": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W]
    while len(path) <= steps and (len(path) < 2 or loss(path[-2]) - loss(path[-1]) > 1e-3):
        W = W - step_size * gradient(loss, W)
        path.append(W)
    return path
""",
        {"gradient_descent": 10},
        "it stops too early",
    ),
    "old weights lost": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W]
    for _ in range(steps):
        W = -step_size * gradient(loss, W)
        path.append(W)
    return path
""",
        {"gradient_descent": 10},
        "the old W is lost",
    ),
    "returned in the loop": (
        """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W]
    for _ in range(steps):
        W = W - step_size * gradient(loss, W)
        path.append(W)
        return path
""",
        {"gradient_descent": 10},
        "the gradient is taken at the start only",
    ),
}

# ------------------------------------------------------------------------------------- accuracy

RIGHT["accuracy"] = {
    "mean": """
def accuracy(scores, y):
    return np.mean(np.argmax(scores, axis=1) == y)
""",
    "count": """
def accuracy(scores, y):
    right = np.sum(scores.argmax(1) == y)
    return right / len(y)
""",
    "loop": """
def accuracy(scores, y):
    hits = 0
    for row, label in zip(scores, y):
        if list(row).index(max(row)) == label:
            hits += 1
    return hits / scores.shape[0]
""",
    "best score": """
def accuracy(scores, y):
    own = scores[np.arange(len(y)), y]
    return float((own >= scores.max(axis=1)).mean())
""",
    "sorted": """
def accuracy(scores, y):
    predicted = scores.argsort(axis=1)[:, -1]
    return 1 - np.count_nonzero(predicted != y) / y.size
""",
    "equal": """
accuracy = lambda scores, y: np.equal(scores.argmax(-1), y).astype(np.float32).mean()
""",
    "Python's sum": """
def accuracy(scores, y):
    return sum(int(np.argmax(s)) == int(k) for s, k in zip(scores, y)) / len(y)
""",
}

WRONG["accuracy"] = {
    "wrong axis": (
        """
def accuracy(scores, y):
    return np.mean(np.argmax(scores, axis=0) == y)
""",
        {"accuracy": 5},
        "wrong axis",
    ),
    "count": (
        """
def accuracy(scores, y):
    return np.sum(np.argmax(scores, axis=1) == y)
""",
        {"accuracy": 5},
        "the share is asked",
    ),
    "percent": (
        """
def accuracy(scores, y):
    return 100 * np.mean(np.argmax(scores, axis=1) == y)
""",
        {"accuracy": 5},
        "percent",
    ),
    "errors": (
        """
def accuracy(scores, y):
    return np.mean(np.argmax(scores, axis=1) != y)
""",
        {"accuracy": 5},
        "share of wrong answers",
    ),
    "labels from 1": (
        """
def accuracy(scores, y):
    return np.mean(np.argmax(scores, axis=1) + 1 == y)
""",
        {"accuracy": 5},
        "off by one",
    ),
    "lowest": (
        """
def accuracy(scores, y):
    return np.mean(np.argmin(scores, axis=1) == y)
""",
        {"accuracy": 5},
        "the lowest score",
    ),
    "value of the highest": (
        """
def accuracy(scores, y):
    return np.mean(np.max(scores, axis=1) == y)
""",
        {"accuracy": 5},
        "not its value",
    ),
    "lists compared": (
        """
def accuracy(scores, y):
    return np.mean(list(np.argmax(scores, axis=1)) == list(y))
""",
        {"accuracy": 5},
        "compare image by image",
    ),
    "argmax of everything": (
        """
def accuracy(scores, y):
    return np.mean(scores.argmax() == y)
""",
        {"accuracy": 5},
        "over all scores at once",
    ),
    "floor division": (
        """
def accuracy(scores, y):
    return np.sum(np.argmax(scores, axis=1) == y) // len(y)
""",
        {"accuracy": 5},
        "(not //)",
    ),
    "for each image": (
        """
def accuracy(scores, y):
    return np.argmax(scores, axis=1) == y
""",
        {"accuracy": 5},
        "one number is asked",
    ),
    "the notebook's labels": (
        """
def accuracy(scores, labels):
    return np.mean(np.argmax(scores, axis=1) == y)
""",
        {"accuracy": 5},
        "line 3 uses y, a variable of the notebook",
    ),
    "scores changed": (
        """
def accuracy(scores, y):
    scores -= scores.max(axis=1, keepdims=True)
    return np.mean(scores[np.arange(len(y)), y] == 0)
""",
        {"accuracy": 1},
        "scores is changed in place",
    ),
}

# ----------------------------------------------------------------------------------------- plots

RIGHT["cost_plot"] = {
    "pyplot": """
plt.figure()
plt.plot(loss_values)
plt.xlabel("step")
plt.ylabel("loss")
plt.title("Loss at each step")
cost_plot = plt.gca()
plt.show()
""",
    "axes": """
fig, ax = plt.subplots()
ax.plot(range(len(loss_values)), loss_values, label="loss")
ax.set(xlabel="step", ylabel="mean log-softmax loss", title="Gradient descent")
ax.legend()
cost_plot = ax
""",
    "figure": """
cost_plot, ax = plt.subplots(figsize=(5, 3))
ax.semilogy(np.arange(1, 1001), list(loss_values[1:]))
ax.set_xlabel("step")
ax.set_ylabel("loss")
cost_plot.suptitle("Loss")
plt.close(cost_plot)
""",
    "both curves in one figure": """
fig, (left, right) = plt.subplots(1, 2)
left.plot(accuracies)
left.set(xlabel="step", ylabel="accuracy", title="Accuracy")
right.plot(loss_values, ".")
right.set(xlabel="step", ylabel="loss", title="Loss")
cost_plot = fig
""",
    "stacked, one label for both": """
fig, axes = plt.subplots(2, 1, sharex=True)
axes[0].plot(loss_values)
axes[0].axhline(np.log(10), ls="--")
axes[0].set_ylabel("loss")
axes[1].plot(accuracies)
axes[1].set_ylabel("accuracy")
axes[1].set_xlabel("step")
fig.suptitle("Gradient descent on 1,000 images")
cost_plot = axes
""",
    "lines": """
fig = plt.figure()
cost_plot = plt.plot(loss_values, lw=2)
plt.title("Loss", loc="left")
fig.supxlabel("step")
fig.supylabel("loss")
""",
    "title returned": """
plt.figure()
plt.step(np.arange(loss_values.size), loss_values)
plt.xlabel("step"); plt.ylabel("loss")
cost_plot = plt.title("Cost function")
""",
    "twin axes": """
fig, ax = plt.subplots()
ax.plot(loss_values, "C0"); ax.set_ylabel("loss"); ax.set_xlabel("step"); ax.set_title("Training")
other = ax.twinx()
other.plot(accuracies, "C1"); other.set_ylabel("accuracy")
cost_plot = other
""",
}

WRONG["cost_plot"] = {
    "no x label": (
        """
fig, ax = plt.subplots()
ax.plot(loss_values)
ax.set(ylabel="loss", title="Loss")
cost_plot = ax
""",
        {"cost_plot": 2},
        "no label on the x axis",
    ),
    "blank labels": (
        """
fig, ax = plt.subplots()
ax.plot(loss_values)
ax.set(xlabel=" ", ylabel="", title="Loss")
cost_plot = ax
""",
        {"cost_plot": 2},
        "no label on the x axis and the y axis",
    ),
    "no title": (
        """
fig, ax = plt.subplots()
ax.plot(loss_values)
ax.set(xlabel="step", ylabel="loss")
cost_plot = ax
""",
        {"cost_plot": 2},
        "no title",
    ),
    "every tenth step": (
        """
fig, ax = plt.subplots()
ax.plot(np.arange(0, 1001, 10), loss_values[::10])
ax.set(xlabel="step", ylabel="loss", title="Loss")
cost_plot = ax
""",
        {"cost_plot": 4},
        "101 points",
    ),
    "points only": (
        """
fig, ax = plt.subplots()
ax.scatter(range(1001), loss_values)
ax.set(xlabel="step", ylabel="loss", title="Loss")
cost_plot = ax
""",
        {"cost_plot": 6},
        "scattered",
    ),
    "empty": (
        """
fig, ax = plt.subplots()
ax.set(xlabel="step", ylabel="loss", title="Loss")
cost_plot = fig
""",
        {"cost_plot": 6},
        "the axes hold no line",
    ),
    "not finite": (
        """
fig, ax = plt.subplots()
ax.plot(np.where(np.arange(1001) > 900, np.nan, loss_values))
ax.set(xlabel="step", ylabel="loss", title="Loss")
cost_plot = ax
""",
        {"cost_plot": 6},
        "NaN or infinite",
    ),
    "rising": (
        """
fig, ax = plt.subplots()
ax.plot(loss_values[::-1])
ax.set(xlabel="step", ylabel="loss", title="Loss")
cost_plot = ax
""",
        {"cost_plot": 2},
        "it rises",
    ),
    "negative": (
        """
fig, ax = plt.subplots()
ax.plot(-loss_values)
ax.set(xlabel="step", ylabel="loss", title="Loss")
cost_plot = ax
""",
        {"cost_plot": 2},
        "the loss is negative",
    ),
    "constant": (
        """
fig, ax = plt.subplots()
ax.plot(np.full(1001, loss_values[-1]))
ax.set(xlabel="step", ylabel="loss", title="Loss")
cost_plot = ax
""",
        {"cost_plot": 6},
        "it is constant",
    ),
    "axes swapped": (
        """
fig, ax = plt.subplots()
ax.plot(loss_values, np.arange(1001))
ax.set(xlabel="loss", ylabel="step", title="Loss")
cost_plot = ax
""",
        {"cost_plot": 6},
        "the axes are swapped",
    ),
    "the numbers": (
        """
cost_plot = loss_values
""",
        {"cost_plot": 10},
        "no plot in it",
    ),
    "the module": (
        """
plt.figure()
plt.plot(loss_values)
plt.xlabel("step"); plt.ylabel("loss"); plt.title("Loss")
cost_plot = plt
""",
        {"cost_plot": 10},
        "the pyplot module",
    ),
    "backwards": (
        """
fig, ax = plt.subplots()
ax.plot(np.arange(1001)[::-1], loss_values)
ax.set(xlabel="steps left", ylabel="loss", title="Loss")
cost_plot = ax
""",
        {"cost_plot": 4},
        "x values do not increase",
    ),
    "x not finite": (
        """
fig, ax = plt.subplots()
ax.plot(np.where(np.arange(1001) == 0, np.nan, np.arange(1001)), loss_values)
ax.set(xlabel="step", ylabel="loss", title="Loss")
cost_plot = ax
""",
        {"cost_plot": 4},
        "x values are NaN or infinite",
    ),
    "out of sight": (
        """
fig, ax = plt.subplots()
ax.plot(loss_values)
ax.set(xlabel="step", ylabel="loss", title="Loss", ylim=(5, 10))
cost_plot = ax
""",
        {"cost_plot": 4},
        "outside the limits",
    ),
}

RIGHT["accuracy_plot"] = {
    "pyplot": """
plt.figure()
plt.plot(accuracies)
plt.xlabel("step")
plt.ylabel("accuracy")
plt.title("Accuracy at each step")
accuracy_plot = plt.gcf()
""",
    "chance level": """
fig, ax = plt.subplots()
ax.axhline(0.1, ls=":", label="chance")
ax.plot(np.arange(1001), accuracies, label="training")
ax.set(xlabel="step", ylabel="accuracy", title="Accuracy", ylim=(0, 1))
accuracy_plot = ax
""",
    "percent": """
fig, ax = plt.subplots()
ax.plot(100 * accuracies)
ax.set(xlabel="step", ylabel="accuracy (%)", title="Training")
accuracy_plot = [ax]
""",
    "percent by its ticks": """
from matplotlib.ticker import PercentFormatter
fig, ax = plt.subplots()
ax.plot(100 * accuracies)
ax.yaxis.set_major_formatter(PercentFormatter())
ax.set(xlabel="step", ylabel="accuracy", title="Training")
accuracy_plot = fig, ax
""",
    "both curves in one figure": """
fig, (left, right) = plt.subplots(1, 2)
left.plot(loss_values)
left.set(xlabel="step", ylabel="loss", title="Loss")
right.plot(accuracies)
right.set(xlabel="step", ylabel="accuracy", title="Accuracy")
accuracy_plot = fig
""",
    "twin axes": """
fig, ax = plt.subplots()
ax.plot(loss_values, "C0"); ax.set_ylabel("loss"); ax.set_xlabel("step"); ax.set_title("Training")
other = ax.twinx()
other.plot(accuracies, "C1"); other.set_ylabel("accuracy")
accuracy_plot = ax
""",
    "mosaic": """
fig, accuracy_plot = plt.subplot_mosaic([["loss", "accuracy"]])
accuracy_plot["loss"].plot(loss_values)
accuracy_plot["accuracy"].plot(accuracies[1:])
accuracy_plot["accuracy"].set(xlabel="step", ylabel="accuracy")
fig.suptitle("Gradient descent")
""",
}

WRONG["accuracy_plot"] = {
    "no y label": (
        """
fig, ax = plt.subplots()
ax.plot(accuracies)
ax.set(xlabel="step", title="Accuracy")
accuracy_plot = ax
""",
        {"accuracy_plot": 1},
        "no label on the y axis",
    ),
    "no labels": (
        """
plt.figure()
accuracy_plot = plt.plot(accuracies)
plt.title("Accuracy")
""",
        {"accuracy_plot": 1},
        "no label on the x axis and the y axis",
    ),
    "no title": (
        """
fig, ax = plt.subplots()
ax.plot(accuracies)
ax.set(xlabel="step", ylabel="accuracy")
accuracy_plot = fig
""",
        {"accuracy_plot": 1},
        "no title",
    ),
    "percent not said": (
        """
fig, ax = plt.subplots()
ax.plot(100 * accuracies)
ax.set(xlabel="step", ylabel="accuracy", title="Accuracy")
accuracy_plot = ax
""",
        {"accuracy_plot": 1},
        "no label says percent",
    ),
    "counts": (
        """
fig, ax = plt.subplots()
ax.plot(1000 * accuracies)
ax.set(xlabel="step", ylabel="right images", title="Accuracy")
accuracy_plot = ax
""",
        {"accuracy_plot": 1},
        "not shares between 0 and 1",
    ),
    "the loss": (
        """
fig, ax = plt.subplots()
ax.plot(loss_values)
ax.set(xlabel="step", ylabel="accuracy", title="Accuracy")
accuracy_plot = ax
""",
        {"accuracy_plot": 1},
        "not shares between 0 and 1",
    ),
    "chance": (
        """
fig, ax = plt.subplots()
ax.plot(0.1 + 0.01 * np.sin(np.arange(1001)))
ax.set(xlabel="step", ylabel="accuracy", title="Accuracy")
accuracy_plot = ax
""",
        {"accuracy_plot": 1},
        "no better than chance",
    ),
    "falling": (
        """
fig, ax = plt.subplots()
ax.plot(accuracies[::-1] + 0.1)
ax.set(xlabel="step", ylabel="accuracy", title="Accuracy")
accuracy_plot = ax
""",
        {"accuracy_plot": 1},
        "below where it began",
    ),
    "only the end": (
        """
fig, ax = plt.subplots()
ax.plot([0, 1000], accuracies[[0, -1]])
ax.set(xlabel="step", ylabel="accuracy", title="Accuracy")
accuracy_plot = ax
""",
        {"accuracy_plot": 3},
        "the longest line has 2 points",
    ),
    "invisible": (
        """
fig, ax = plt.subplots()
ax.plot(accuracies, linestyle="None")
ax.set(xlabel="step", ylabel="accuracy", title="Accuracy")
accuracy_plot = ax
""",
        {"accuracy_plot": 3},
        "the axes hold no line",
    ),
    "a bar for each step": (
        """
fig, ax = plt.subplots()
ax.bar(range(100), accuracies[:100])
ax.set(xlabel="step", ylabel="accuracy", title="Accuracy")
accuracy_plot = ax
""",
        {"accuracy_plot": 3},
        "the axes hold no line",
    ),
}
