"""Answers to lab 2 that students give: the right ones keep all points, each wrong one loses what is said here.

A line alone is the body of the function. `without_loops` judges three of the cells.
"""

NOTEBOOK = "02_scores_and_losses.ipynb"

CHECKS = {
    "bias_trick": "check.bias_trick(bias_trick)",
    "hinge_loss": "check.hinge_loss(hinge_loss)",
    "softmax_probabilities": "check.softmax_probabilities(softmax_probabilities)",
    "log_probabilities": "check.log_probabilities(log_probabilities)",
    "regularised_loss": "check.regularised_loss(regularised_loss)",
    "ray_scores": "check.ray_scores(ray_scores)",
    "without_loops": "check.without_loops(hinge_loss, log_probabilities, ray_scores)",
}

SETUP = """
import numpy as np
import matplotlib.pyplot as plt
X = np.random.default_rng(1).normal(size=(100, 12))
y_train = np.random.default_rng(2).integers(0, 10, 100)
weights = np.random.default_rng(3).normal(size=(12, 10))
"""

STUBS = {
    "bias_trick": "def bias_trick(X, W, b):\n    ...  # your code here",
    "hinge_loss": "def hinge_loss(scores, y, delta=1.0):\n    ...  # your code here",
    "softmax_probabilities": "def softmax_probabilities(scores):\n    ...  # your code here",
    "log_probabilities": "def log_probabilities(scores):\n    ...  # your code here",
    "regularised_loss": "def regularised_loss(data_loss, W, b, reg):\n    ...  # your code here",
    "ray_scores": "def ray_scores(X, W, V, a):\n    ...  # your code here",
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
        {"bias_trick": 2},
        "b is the first row of W1: both go to the end",
    ),
    "the scores": ("return X @ W + b", {"bias_trick": 8}, "two arrays, X1 and W1"),
    "a row of ones": (
        "return np.vstack([X, np.ones(X.shape[1])]), np.vstack([W, b])",
        {"bias_trick": 8},
        "X1 has one column more than X",
    ),
    "bias as a column": (
        "return np.hstack([X, np.ones((len(X), 1))]), np.hstack([W, b[:, None]])",
        {"bias_trick": 8},
        "raises ValueError",
    ),
    "lists": ("return [[*x, 1] for x in X], [*W, b]", {"bias_trick": 8}, "two arrays are asked"),
    "the notebook's images": (
        """
def bias_trick(X_, W, b):
    return np.hstack([X, np.ones((len(X), 1))]), np.vstack([W, b])
""",
        {"bias_trick": 8},
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
        {"bias_trick": 8},
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
        {"hinge_loss": 2},
        "scores is changed in place",
    ),
    "labkit's": (
        """
from labkit import losses
def hinge_loss(scores, y, delta=1.0):
    return losses.svm_loss(scores, y, delta)[0]
""",
        {"hinge_loss": 20, "without_loops": 4},
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
        {"without_loops": 4},
        "line 4: a for loop",
    ),
    "comprehension": (
        "return np.mean([np.maximum(0, s - s[k] + delta).sum() - delta for s, k in zip(scores, y)])",
        {"without_loops": 4},
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
        {"without_loops": 4},
        "line 4: a for loop",
    ),
}

# ------------------------------------------------------------------- softmax and its logarithm

RIGHT["softmax_probabilities"] = {
    "exp-normalise": "e = np.exp(scores - scores.max(axis=1, keepdims=True)); return e / e.sum(axis=1, keepdims=True)",
    "transposed": "e = np.exp(scores.T - np.max(scores, axis=1)); return (e / e.sum(axis=0)).T",
    "new axes": """
def softmax_probabilities(scores):
    shifted = scores - np.amax(scores, axis=-1)[:, np.newaxis]
    return np.exp(shifted) / np.sum(np.exp(shifted), axis=-1)[:, None]
""",
    "exp of the log": """
def softmax_probabilities(scores):
    s = scores - scores.max(1).reshape(-1, 1)
    return np.exp(s - np.log(np.exp(s).sum(1)).reshape(-1, 1))
""",
    "in a copy": """
def softmax_probabilities(scores):
    s = np.array(scores, dtype=np.float64)
    s -= s.max(axis=1, keepdims=True)
    np.exp(s, out=s)
    s /= s.sum(axis=1, keepdims=True)
    return s
""",
    "row by row": """
def softmax_probabilities(scores):
    rows = []
    for row in scores:
        e = np.exp(row - max(row))
        rows.append(e / sum(e))
    return np.array(rows)
""",
    "differences of scores": """
def softmax_probabilities(scores):
    with np.errstate(over="ignore"):
        return 1 / np.exp(scores[:, None, :] - scores[:, :, None]).sum(axis=2)
""",
}

WRONG["softmax_probabilities"] = {
    "cut off": (
        "e = np.exp(np.clip(scores, -500, 500)); return e / e.sum(axis=1, keepdims=True)",
        {"softmax_probabilities": 4},
        "nothing may be cut off",
    ),
    "minus": (
        "e = np.exp(-scores); return e / e.sum(axis=1, keepdims=True)",
        {"softmax_probabilities": 6.5},
        "besides the slip above: exp overflows",
    ),
    "in place": (
        """
def softmax_probabilities(scores):
    scores -= scores.max(axis=1, keepdims=True).astype(scores.dtype)
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
""",
        {"softmax_probabilities": 1},
        "scores is changed in place",
    ),
    "SciPy's": (
        """
from scipy.special import softmax
def softmax_probabilities(scores):
    return softmax(scores, axis=1)
""",
        {"softmax_probabilities": 10},
        "ready-made answer (scipy.special.softmax",
    ),
}

RIGHT["log_probabilities"] = {
    "log-sum-exp": """
def log_probabilities(scores):
    s = scores - scores.max(axis=1, keepdims=True)
    return s - np.log(np.exp(s).sum(axis=1, keepdims=True))
""",
    "maximum added again": """
def log_probabilities(scores):
    m = scores.max(axis=1)
    lse = m + np.log(np.sum(np.exp(scores - m[:, None]), axis=1))
    return scores - lse[:, None]
""",
    "logaddexp": "return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)",
    "transposed": "s = scores.T - np.amax(scores, axis=-1); return (s - np.log(np.exp(s).sum(0))).T",
    "helper": """
def log_sum_exp(s):
    top = s.max(axis=1, keepdims=True)
    return top + np.log(np.einsum("nc->n", np.exp(s - top)))[:, np.newaxis]

def log_probabilities(scores):
    scores = np.asarray(scores, dtype=float)
    return np.subtract(scores, log_sum_exp(scores))
""",
    "in a copy": """
def log_probabilities(scores):
    s = scores.astype(np.float64)
    s -= s.max(axis=1)[:, None]
    s -= np.log(np.exp(s) @ np.ones(s.shape[1]))[:, None]
    return s
""",
    "differences of scores": """
def log_probabilities(scores):
    d = scores[:, None, :] - scores[:, :, None]
    m = d.max(axis=2, keepdims=True)
    return -(m[:, :, 0] + np.log(np.exp(d - m).sum(axis=2)))
""",
}

WRONG["log_probabilities"] = {
    "the quotient of the logs": (
        """
def log_probabilities(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.log(e) - np.log(e.sum(axis=1, keepdims=True))
""",
        {"log_probabilities": 4},
        "take the log of the sum, not of the quotient",
    ),
    "no shift, then log": (
        "e = np.exp(scores); return np.log(e / e.sum(axis=1, keepdims=True))",
        {"log_probabilities": 8},
        "exp overflows",
    ),
    "in place": (
        """
def log_probabilities(scores):
    scores -= scores.max(axis=1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
""",
        {"log_probabilities": 1},
        "scores is changed in place",
    ),
    "SciPy's": (
        """
from scipy.special import logsumexp
def log_probabilities(scores):
    return scores - logsumexp(scores, axis=1, keepdims=True)
""",
        {"log_probabilities": 15, "without_loops": 4},
        "ready-made answer (scipy.special",
    ),
    "loops": (
        """
def log_probabilities(scores):
    out = np.zeros(scores.shape)
    for i in range(len(scores)):
        s = scores[i] - scores[i].max()
        out[i] = s - np.log(np.exp(s).sum())
    return out
""",
        {"without_loops": 4},
        "line 4: a for loop",
    ),
    "apply_along_axis": (
        """
def one(s):
    return s - s.max() - np.log(np.exp(s - s.max()).sum())

def log_probabilities(scores):
    return np.apply_along_axis(one, 1, scores)
""",
        {"without_loops": 4},
        "np.apply_along_axis, which is a loop",
    ),
}

# --------------------------------------------------------------------------------- regularisation

RIGHT["regularised_loss"] = {
    "sum of squares": "return data_loss + 0.5 * reg * np.sum(W**2)",
    "vdot": "return data_loss + reg / 2 * np.vdot(W, W)",
    "norm": "return float(data_loss + 0.5 * reg * np.linalg.norm(W) ** 2)",
    "einsum": """
regularised_loss = lambda data_loss, W, b, reg: np.einsum("dc,dc->", W, W) * (0.5 * reg) + data_loss
""",
    "ravel": "w = W.ravel(); penalty = 0.5 * reg * (w @ w); return penalty + data_loss",
    "trace": """
def regularised_loss(data_loss, W, b, reg):
    if reg == 0:
        return data_loss
    return data_loss + 0.5 * reg * np.trace(W.T @ W)
""",
    "loops": """
def regularised_loss(data_loss, W, b, reg):
    for row in W:
        for w in row:
            data_loss += 0.5 * reg * w * w
    return data_loss
""",
}

WRONG["regularised_loss"] = {
    "a penalty for each class": (
        "return data_loss + 0.5 * reg * np.sum(W**2, axis=0)",
        {"regularised_loss": 10},
        "one number is asked",
    ),
    "in place": ("W **= 2; return data_loss + 0.5 * reg * W.sum()", {"regularised_loss": 1}, "W is changed in place"),
    "the notebook's weights": (
        "return data_loss + 0.5 * reg * np.sum(weights**2)",
        {"regularised_loss": 10},
        "line 3 uses weights",
    ),
    "labkit's": (
        """
from labkit.losses import l2_penalty
def regularised_loss(data_loss, W, b, reg):
    return data_loss + l2_penalty(W, reg)[0]
""",
        {"regularised_loss": 10},
        "ready-made answer (labkit.losses.l2_penalty",
    ),
}

# -------------------------------------------------------------------------------- scores on a ray

RIGHT["ray_scores"] = {
    "two products": "return X @ W + a[:, None, None] * (X @ V)",
    "weights stacked": "return X @ (W + a[:, np.newaxis, np.newaxis] * V)",
    "reshape": "start, slope = np.dot(X, W), np.dot(X, V); return start[None] + a.reshape(-1, 1, 1) * slope",
    "multiply.outer": "return np.multiply.outer(a, X @ V) + X @ W",
    "tensordot": "return np.tensordot(a, X @ V, axes=0) + X.dot(W)",
    "einsum": 'return np.einsum("nd,dc->nc", X, W) + np.einsum("a,nd,dc->anc", a, X, V)',
    "transposed": "S = (X @ W)[..., None] + (X @ V)[..., None] * a; return np.moveaxis(S, -1, 0)",
}

WRONG["ray_scores"] = {
    "in place": ("V *= 2; return X @ W + a[:, None, None] * (X @ V) / 2", {"ray_scores": 1}, "V is changed in place"),
    "the notebook's images": (
        """
images = X
def ray_scores(X, W, V, a):
    return images @ W + a[:, None, None] * (images @ V)
""",
        {"ray_scores": 10, "without_loops": 4},
        "line 4 uses images",
    ),
    "loop over the steps": (
        "return np.array([X @ (W + step * V) for step in a])",
        {"without_loops": 4},
        "line 3: a list comprehension",
    ),
    "filled by a loop": (
        """
def ray_scores(X, W, V, a):
    out = np.empty((len(a), len(X), W.shape[1]))
    for i, step in enumerate(a):
        out[i] = X @ W + step * (X @ V)
    return out
""",
        {"without_loops": 4},
        "line 4: a for loop",
    ),
    "map": (
        "return np.stack(list(map(lambda step: X @ (W + step * V), a)))",
        {"without_loops": 4},
        "map, which is a loop",
    ),
}
