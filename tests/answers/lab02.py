"""Answers to lab 2 that students give: the right ones keep all points, each wrong one loses what is said here.

Laid out as lab03.py. `without_loops` judges three of the cells.
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
    "hstack": """
def bias_trick(X, W, b):
    return np.hstack([X, np.ones((len(X), 1))]), np.vstack([W, b])
""",
    "concatenate": """
def bias_trick(X, W, b):
    ones = np.ones((X.shape[0], 1))
    X1 = np.concatenate((X, ones), axis=1)
    W1 = np.concatenate((W, b[None, :]), axis=0)
    return X1, W1
""",
    "c_ and r_": """
def bias_trick(X, W, b):
    return np.c_[X, np.ones(len(X))], np.r_[W, [b]]
""",
    "append": """
bias_trick = lambda X, W, b: (np.append(X, np.ones((len(X), 1)), axis=1), np.append(W, b.reshape(1, -1), axis=0))
""",
    "pad and insert": """
def bias_trick(X, W, b):
    return np.pad(X, ((0, 0), (0, 1)), constant_values=1), np.insert(W, len(W), b, axis=0)
""",
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
    "row by row": """
def bias_trick(X, W, b):
    return np.array([[*x, 1] for x in X]), np.array([*W, b])
""",
}

WRONG["bias_trick"] = {
    "ones first": (
        """
def bias_trick(X, W, b):
    return np.hstack([np.ones((len(X), 1)), X]), np.vstack([b, W])
""",
        {"bias_trick": 4},
        "the ones are the first column: they are asked at the end",
    ),
    "ones first, bias last": (
        """
def bias_trick(X, W, b):
    return np.hstack([np.ones((len(X), 1)), X]), np.vstack([W, b])
""",
        {"bias_trick": 8},
        "b is the last row of W1: both go to the end",
    ),
    "bias first, ones last": (
        """
def bias_trick(X, W, b):
    return np.hstack([X, np.ones((len(X), 1))]), np.vstack([b, W])
""",
        {"bias_trick": 8},
        "b is the first row of W1",
    ),
    "zeros": (
        """
def bias_trick(X, W, b):
    return np.hstack([X, np.zeros((len(X), 1))]), np.vstack([W, b])
""",
        {"bias_trick": 8},
        "b has no effect",
    ),
    "ones in both": (
        """
def bias_trick(X, W, b):
    return np.hstack([X, np.ones((len(X), 1))]), np.vstack([W, np.ones_like(b)])
""",
        {"bias_trick": 8},
        "every score grows by 1",
    ),
    "the scores": (
        """
def bias_trick(X, W, b):
    return X @ W + b
""",
        {"bias_trick": 8},
        "two arrays, X1 and W1",
    ),
    "a row of ones": (
        """
def bias_trick(X, W, b):
    return np.vstack([X, np.ones(X.shape[1])]), np.vstack([W, b])
""",
        {"bias_trick": 8},
        "X1 has one column more than X",
    ),
    "bias as a column": (
        """
def bias_trick(X, W, b):
    return np.hstack([X, np.ones((len(X), 1))]), np.hstack([W, b[:, None]])
""",
        {"bias_trick": 8},
        "raises ValueError",
    ),
    "W unchanged": (
        """
def bias_trick(X, W, b):
    return np.hstack([X, np.ones((len(X), 1))]), W
""",
        {"bias_trick": 8},
        "cannot be multiplied",
    ),
    "minus": (
        """
def bias_trick(X, W, b):
    return np.hstack([X, -np.ones((len(X), 1))]), np.vstack([W, b])
""",
        {"bias_trick": 8},
        "b is subtracted",
    ),
    "minus twice": (
        """
def bias_trick(X, W, b):
    return np.hstack([X, -np.ones((len(X), 1))]), np.vstack([W, -b])
""",
        {"bias_trick": 4},
        "the new column does not hold ones",
    ),
    "one image's ones": (
        """
def bias_trick(X, W, b):
    return np.append(X, 1), np.vstack([W, b])
""",
        {"bias_trick": 8},
        "cannot be multiplied",
    ),
    "lists": (
        """
def bias_trick(X, W, b):
    return [[*x, 1] for x in X], [*W, b]
""",
        {"bias_trick": 8},
        "two arrays are asked",
    ),
    "the notebook's images": (
        """
def bias_trick(X_, W, b):
    return np.hstack([X, np.ones((len(X), 1))]), np.vstack([W, b])
""",
        {"bias_trick": 8},
        "line 3 uses X,",
    ),
    "in place": (
        """
def bias_trick(X, W, b):
    X1, W1 = np.hstack([X, np.ones((len(X), 1))]), np.vstack([W, b])
    b -= b
    return X1, W1
""",
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
    "right class counted": (
        """
def hinge_loss(scores, y, delta=1.0):
    right = scores[np.arange(len(y)), y][:, None]
    return np.maximum(0, scores - right + delta).sum(axis=1).mean()
""",
        {"hinge_loss": 20},
        "the right class is counted too",
    ),
    "no maximum": (
        """
def hinge_loss(scores, y, delta=1.0):
    m = scores - scores[np.arange(len(y)), y][:, None] + delta
    m[np.arange(len(y)), y] = 0
    return m.sum(axis=1).mean()
""",
        {"hinge_loss": 20},
        "max(0, …) is missing",
    ),
    "no delta": (
        """
def hinge_loss(scores, y, delta=1.0):
    return np.maximum(0, scores - scores[np.arange(len(y)), y][:, None]).sum(axis=1).mean()
""",
        {"hinge_loss": 20},
        "delta is missing",
    ),
    "wrong way round": (
        """
def hinge_loss(scores, y, delta=1.0):
    m = np.maximum(0, scores[np.arange(len(y)), y][:, None] - scores + delta)
    m[np.arange(len(y)), y] = 0
    return m.sum(axis=1).mean()
""",
        {"hinge_loss": 20},
        "the wrong way round",
    ),
    "minus delta": (
        """
def hinge_loss(scores, y, delta=1.0):
    m = np.maximum(0, scores - scores[np.arange(len(y)), y][:, None] - delta)
    return m.sum(axis=1).mean()
""",
        {"hinge_loss": 20},
        "delta has the wrong sign",
    ),
    "sum": (
        """
def hinge_loss(scores, y, delta=1.0):
    m = np.maximum(0, scores - scores[np.arange(len(y)), y][:, None] + delta)
    m[np.arange(len(y)), y] = 0
    return m.sum()
""",
        {"hinge_loss": 9},
        "N times too large",
    ),
    "one for each image": (
        """
def hinge_loss(scores, y, delta=1.0):
    m = np.maximum(0, scores - scores[np.arange(len(y)), y][:, None] + delta)
    m[np.arange(len(y)), y] = 0
    return m.sum(axis=1)
""",
        {"hinge_loss": 9},
        "one loss for each image",
    ),
    "mean over everything": (
        """
def hinge_loss(scores, y, delta=1.0):
    m = np.maximum(0, scores - scores[np.arange(len(y)), y][:, None] + delta)
    m[np.arange(len(y)), y] = 0
    return m.mean()
""",
        {"hinge_loss": 20},
        "mean over the classes",
    ),
    "worst class only": (
        """
def hinge_loss(scores, y, delta=1.0):
    m = np.maximum(0, scores - scores[np.arange(len(y)), y][:, None] + delta)
    m[np.arange(len(y)), y] = 0
    return m.max(axis=1).mean()
""",
        {"hinge_loss": 20},
        "only the worst class",
    ),
    "squared": (
        """
def hinge_loss(scores, y, delta=1.0):
    m = np.maximum(0, scores - scores[np.arange(len(y)), y][:, None] + delta)
    m[np.arange(len(y)), y] = 0
    return (m**2).sum(axis=1).mean()
""",
        {"hinge_loss": 20},
        "the hinges are squared",
    ),
    "counted": (
        """
def hinge_loss(scores, y, delta=1.0):
    m = scores - scores[np.arange(len(y)), y][:, None] + delta > 0
    m[np.arange(len(y)), y] = False
    return m.sum(axis=1).mean()
""",
        {"hinge_loss": 20},
        "this counts the classes",
    ),
    "highest score": (
        """
def hinge_loss(scores, y, delta=1.0):
    return (np.maximum(0, scores - scores.max(axis=1, keepdims=True) + delta).sum(axis=1) - delta).mean()
""",
        {"hinge_loss": 20},
        "the highest score is taken for that of the right class",
    ),
    "margin fixed": (
        """
def hinge_loss(scores, y, delta=1.0):
    m = np.maximum(0, scores - scores[np.arange(len(y)), y][:, None] + 1)
    m[np.arange(len(y)), y] = 0
    return m.sum(axis=1).mean()
""",
        {"hinge_loss": 4},
        "the margin is always 1",
    ),
    "one taken off": (
        """
def hinge_loss(scores, y, delta=1.0):
    m = np.maximum(0, scores - scores[np.arange(len(y)), y][:, None] + delta)
    return m.sum(axis=1).mean() - 1
""",
        {"hinge_loss": 4},
        "1 is taken off for the right class",
    ),
    "another margin without delta": (
        """
def hinge_loss(scores, y, delta=10.0):
    m = np.maximum(0, scores - scores[np.arange(len(y)), y][:, None] + delta)
    return m.sum(axis=1).mean() - delta
""",
        {"hinge_loss": 4},
        "another margin than 1",
    ),
    "axis lost": (
        """
def hinge_loss(scores, y, delta=1.0):
    m = np.maximum(0, scores - scores[np.arange(len(y)), y] + delta)
    m[np.arange(len(y)), y] = 0
    return m.sum(axis=1).mean()
""",
        {"hinge_loss": 9},
        "raises ValueError",
    ),
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
    "cross-entropy": (
        """
def hinge_loss(scores, y, delta=1.0):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return -np.log((e / e.sum(axis=1, keepdims=True))[np.arange(len(y)), y]).mean()
""",
        {"hinge_loss": 20},
        "the cross-entropy of softmax",
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
        """
def hinge_loss(scores, y, delta=1.0):
    return np.mean([np.maximum(0, s - s[k] + delta).sum() - delta for s, k in zip(scores, y)])
""",
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
    "exp-normalise": """
def softmax_probabilities(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
""",
    "transposed": """
def softmax_probabilities(scores):
    e = np.exp(scores.T - np.max(scores, axis=1))
    return (e / e.sum(axis=0)).T
""",
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
    "no shift": (
        """
def softmax_probabilities(scores):
    e = np.exp(scores)
    return e / e.sum(axis=1, keepdims=True)
""",
        {"softmax_probabilities": 4},
        "exp overflows",
    ),
    "one shift for all": (
        """
def softmax_probabilities(scores):
    e = np.exp(scores - scores.max())
    return e / e.sum(axis=1, keepdims=True)
""",
        {"softmax_probabilities": 4},
        "one maximum is subtracted from all images",
    ),
    "mean subtracted": (
        """
def softmax_probabilities(scores):
    e = np.exp(scores - scores.mean(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
""",
        {"softmax_probabilities": 4},
        "subtract each row's maximum",
    ),
    "cut off": (
        """
def softmax_probabilities(scores):
    e = np.exp(np.clip(scores, -500, 500))
    return e / e.sum(axis=1, keepdims=True)
""",
        {"softmax_probabilities": 4},
        "cutting the scores off",
    ),
    "over the images": (
        """
def softmax_probabilities(scores):
    e = np.exp(scores - scores.max(axis=0))
    return e / e.sum(axis=0)
""",
        {"softmax_probabilities": 10},
        "wrong axis",
    ),
    "over everything": (
        """
def softmax_probabilities(scores):
    e = np.exp(scores - scores.max())
    return e / e.sum()
""",
        {"softmax_probabilities": 10},
        "over all images together",
    ),
    "no keepdims": (
        """
def softmax_probabilities(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1)
""",
        {"softmax_probabilities": 10},
        "raises ValueError",
    ),
    "not normalised": (
        """
def softmax_probabilities(scores):
    return np.exp(scores)
""",
        {"softmax_probabilities": 10},
        "the sum is missing",
    ),
    "no exp": (
        """
def softmax_probabilities(scores):
    return scores / scores.sum(axis=1, keepdims=True)
""",
        {"softmax_probabilities": 10},
        "exp is missing",
    ),
    "minus": (
        """
def softmax_probabilities(scores):
    e = np.exp(-scores)
    return e / e.sum(axis=1, keepdims=True)
""",
        {"softmax_probabilities": 10},
        "the lowest score the highest probability",
    ),
    "sigmoid": (
        """
def softmax_probabilities(scores):
    return 1 / (1 + np.exp(-scores))
""",
        {"softmax_probabilities": 10},
        "this is the sigmoid",
    ),
    "logarithms": (
        """
def softmax_probabilities(scores):
    s = scores - scores.max(axis=1, keepdims=True)
    return s - np.log(np.exp(s).sum(axis=1, keepdims=True))
""",
        {"softmax_probabilities": 10},
        "these are the logarithms",
    ),
    "hard maximum": (
        """
def softmax_probabilities(scores):
    return np.eye(scores.shape[1])[scores.argmax(axis=1)]
""",
        {"softmax_probabilities": 10},
        "softmax is soft",
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
    "logaddexp": """
def log_probabilities(scores):
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
""",
    "transposed": """
def log_probabilities(scores):
    s = scores.T - np.amax(scores, axis=-1)
    return (s - np.log(np.exp(s).sum(0))).T
""",
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
    "exp-normalise, then log": (
        """
def log_probabilities(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.log(e / e.sum(axis=1, keepdims=True))
""",
        {"log_probabilities": 4},
        "log(0) = -inf where the probability underflows",
    ),
    "the quotient of the logs": (
        """
def log_probabilities(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.log(e) - np.log(e.sum(axis=1, keepdims=True))
""",
        {"log_probabilities": 4},
        "take the log of the sum, not of the quotient",
    ),
    "no shift": (
        """
def log_probabilities(scores):
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
""",
        {"log_probabilities": 4},
        "exp overflows",
    ),
    "mean subtracted": (
        """
def log_probabilities(scores):
    s = scores - scores.mean(axis=1, keepdims=True)
    return s - np.log(np.exp(s).sum(axis=1, keepdims=True))
""",
        {"log_probabilities": 4},
        "not its mean",
    ),
    "one shift for all": (
        """
def log_probabilities(scores):
    s = scores - scores.max()
    return s - np.log(np.exp(s).sum(axis=1, keepdims=True))
""",
        {"log_probabilities": 4},
        "one maximum is subtracted from all images",
    ),
    "no shift, then log": (
        """
def log_probabilities(scores):
    e = np.exp(scores)
    return np.log(e / e.sum(axis=1, keepdims=True))
""",
        {"log_probabilities": 8},
        "exp overflows",
    ),
    "epsilon": (
        """
def log_probabilities(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.log(e / e.sum(axis=1, keepdims=True) + 1e-12)
""",
        {"log_probabilities": 8},
        "a number added inside the log",
    ),
    "clipped": (
        """
def log_probabilities(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.log(np.maximum(e / e.sum(axis=1, keepdims=True), 1e-300))
""",
        {"log_probabilities": 4},
        "nothing may be clipped",
    ),
    "probabilities": (
        """
def log_probabilities(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
""",
        {"log_probabilities": 15},
        "the log is missing",
    ),
    "minus": (
        """
def log_probabilities(scores):
    s = scores - scores.max(axis=1, keepdims=True)
    return np.log(np.exp(s).sum(axis=1, keepdims=True)) - s
""",
        {"log_probabilities": 15},
        "this is -log p",
    ),
    "the log of the sum forgotten": (
        """
def log_probabilities(scores):
    return scores - np.exp(scores).sum(axis=1, keepdims=True)
""",
        {"log_probabilities": 15},
        "the log of the sum is missing",
    ),
    "maximum forgotten": (
        """
def log_probabilities(scores):
    m = scores.max(axis=1, keepdims=True)
    return scores - np.log(np.exp(scores - m).sum(axis=1, keepdims=True))
""",
        {"log_probabilities": 15},
        "it has to be added again",
    ),
    "over the images": (
        """
def log_probabilities(scores):
    s = scores - scores.max(axis=0)
    return s - np.log(np.exp(s).sum(axis=0))
""",
        {"log_probabilities": 15},
        "wrong axis",
    ),
    "no keepdims": (
        """
def log_probabilities(scores):
    s = scores - scores.max(axis=1, keepdims=True)
    return s - np.log(np.exp(s).sum(axis=1))
""",
        {"log_probabilities": 15},
        "raises ValueError",
    ),
    "base 2": (
        """
def log_probabilities(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.log2(e / e.sum(axis=1, keepdims=True))
""",
        {"log_probabilities": 15},
        "logarithm to base 2",
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
    "sum of squares": """
def regularised_loss(data_loss, W, b, reg):
    return data_loss + 0.5 * reg * np.sum(W**2)
""",
    "vdot": """
def regularised_loss(data_loss, W, b, reg):
    return data_loss + reg / 2 * np.vdot(W, W)
""",
    "norm": """
def regularised_loss(data_loss, W, b, reg):
    return float(data_loss + 0.5 * reg * np.linalg.norm(W) ** 2)
""",
    "einsum": """
regularised_loss = lambda data_loss, W, b, reg: np.einsum("dc,dc->", W, W) * (0.5 * reg) + data_loss
""",
    "ravel": """
def regularised_loss(data_loss, W, b, reg):
    w = W.ravel()
    penalty = 0.5 * reg * (w @ w)
    return penalty + data_loss
""",
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
    "no half": (
        """
def regularised_loss(data_loss, W, b, reg):
    return data_loss + reg * np.sum(W**2)
""",
        {"regularised_loss": 10},
        "the factor ½ is missing",
    ),
    "biases too": (
        """
def regularised_loss(data_loss, W, b, reg):
    return data_loss + 0.5 * reg * (np.sum(W**2) + np.sum(b**2))
""",
        {"regularised_loss": 10},
        "the biases are penalised too",
    ),
    "biases only": (
        """
def regularised_loss(data_loss, W, b, reg):
    return data_loss + 0.5 * reg * b @ b
""",
        {"regularised_loss": 10},
        "only the biases",
    ),
    "penalty alone": (
        """
def regularised_loss(data_loss, W, b, reg):
    return 0.5 * reg * np.sum(W**2)
""",
        {"regularised_loss": 10},
        "the data loss is missing",
    ),
    "no reg": (
        """
def regularised_loss(data_loss, W, b, reg):
    return data_loss + 0.5 * np.sum(W**2)
""",
        {"regularised_loss": 10},
        "reg is missing",
    ),
    "reg of everything": (
        """
def regularised_loss(data_loss, W, b, reg):
    return reg * (data_loss + 0.5 * np.sum(W**2))
""",
        {"regularised_loss": 10},
        "reg multiplies the data loss",
    ),
    "minus": (
        """
def regularised_loss(data_loss, W, b, reg):
    return data_loss - 0.5 * reg * np.sum(W**2)
""",
        {"regularised_loss": 10},
        "the penalty is subtracted",
    ),
    "mean": (
        """
def regularised_loss(data_loss, W, b, reg):
    return data_loss + 0.5 * reg * np.mean(W**2)
""",
        {"regularised_loss": 10},
        "a mean of the squares",
    ),
    "L1": (
        """
def regularised_loss(data_loss, W, b, reg):
    return data_loss + reg * np.abs(W).sum()
""",
        {"regularised_loss": 10},
        "an L1 penalty",
    ),
    "norm": (
        """
def regularised_loss(data_loss, W, b, reg):
    return data_loss + 0.5 * reg * np.linalg.norm(W)
""",
        {"regularised_loss": 10},
        "the square root of the sum",
    ),
    "square of the sum": (
        """
def regularised_loss(data_loss, W, b, reg):
    return data_loss + 0.5 * reg * np.sum(W) ** 2
""",
        {"regularised_loss": 10},
        "square each weight, then sum",
    ),
    "a penalty for each class": (
        """
def regularised_loss(data_loss, W, b, reg):
    return data_loss + 0.5 * reg * np.sum(W**2, axis=0)
""",
        {"regularised_loss": 10},
        "one number is asked",
    ),
    "never none": (
        """
def regularised_loss(data_loss, W, b, reg):
    return data_loss + 0.5 * (reg or 1e-3) * np.sum(W**2)
""",
        {"regularised_loss": 1},
        "with reg = 0 something is still added",
    ),
    "in place": (
        """
def regularised_loss(data_loss, W, b, reg):
    W **= 2
    return data_loss + 0.5 * reg * W.sum()
""",
        {"regularised_loss": 1},
        "W is changed in place",
    ),
    "the notebook's weights": (
        """
def regularised_loss(data_loss, W, b, reg):
    return data_loss + 0.5 * reg * np.sum(weights**2)
""",
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
    "two products": """
def ray_scores(X, W, V, a):
    return X @ W + a[:, None, None] * (X @ V)
""",
    "weights stacked": """
def ray_scores(X, W, V, a):
    return X @ (W + a[:, np.newaxis, np.newaxis] * V)
""",
    "reshape": """
def ray_scores(X, W, V, a):
    start, slope = np.dot(X, W), np.dot(X, V)
    return start[None] + a.reshape(-1, 1, 1) * slope
""",
    "multiply.outer": """
def ray_scores(X, W, V, a):
    return np.multiply.outer(a, X @ V) + X @ W
""",
    "tensordot": """
def ray_scores(X, W, V, a):
    return np.tensordot(a, X @ V, axes=0) + X.dot(W)
""",
    "einsum": """
def ray_scores(X, W, V, a):
    return np.einsum("nd,dc->nc", X, W) + np.einsum("a,nd,dc->anc", a, X, V)
""",
    "transposed": """
def ray_scores(X, W, V, a):
    S = (X @ W)[..., None] + (X @ V)[..., None] * a
    return np.moveaxis(S, -1, 0)
""",
}

WRONG["ray_scores"] = {
    "images first": (
        """
def ray_scores(X, W, V, a):
    return (X @ W)[:, None, :] + a[:, None] * (X @ V)[:, None, :]
""",
        {"ray_scores": 10},
        "the images come first",
    ),
    "steps last": (
        """
def ray_scores(X, W, V, a):
    return (X @ W)[..., None] + a * (X @ V)[..., None]
""",
        {"ray_scores": 10},
        "the steps come last",
    ),
    "no start": (
        """
def ray_scores(X, W, V, a):
    return a[:, None, None] * (X @ V)
""",
        {"ray_scores": 10},
        "the start W is missing",
    ),
    "a times both": (
        """
def ray_scores(X, W, V, a):
    return a[:, None, None] * (X @ (W + V))
""",
        {"ray_scores": 10},
        "a multiplies W too",
    ),
    "a times W": (
        """
def ray_scores(X, W, V, a):
    return a[:, None, None] * (X @ W) + X @ V
""",
        {"ray_scores": 10},
        "a multiplies W instead of V",
    ),
    "minus": (
        """
def ray_scores(X, W, V, a):
    return X @ W - a[:, None, None] * (X @ V)
""",
        {"ray_scores": 10},
        "the steps are subtracted",
    ),
    "from W to V": (
        """
def ray_scores(X, W, V, a):
    t = a[:, None, None]
    return (1 - t) * (X @ W) + t * (X @ V)
""",
        {"ray_scores": 10},
        "this goes from W to V",
    ),
    "mean over the images": (
        """
def ray_scores(X, W, V, a):
    return (X @ W).mean(axis=0) + a[:, None] * (X @ V).mean(axis=0)
""",
        {"ray_scores": 10},
        "keep one for each image",
    ),
    "the weights": (
        """
def ray_scores(X, W, V, a):
    return W + a[:, None, None] * V
""",
        {"ray_scores": 10},
        "these are the weights on the ray",
    ),
    "length 1": (
        """
def ray_scores(X, W, V, a):
    return X @ W + a[:, None, None] * (X @ (V / np.linalg.norm(V)))
""",
        {"ray_scores": 10},
        "V is scaled to length 1",
    ),
    "no axes": (
        """
def ray_scores(X, W, V, a):
    return X @ W + a * (X @ V)
""",
        {"ray_scores": 10},
        "raises ValueError",
    ),
    "in place": (
        """
def ray_scores(X, W, V, a):
    V *= 2
    return X @ W + a[:, None, None] * (X @ V) / 2
""",
        {"ray_scores": 1},
        "V is changed in place",
    ),
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
        """
def ray_scores(X, W, V, a):
    return np.array([X @ (W + step * V) for step in a])
""",
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
        """
def ray_scores(X, W, V, a):
    return np.stack(list(map(lambda step: X @ (W + step * V), a)))
""",
        {"without_loops": 4},
        "map, which is a loop",
    ),
}
