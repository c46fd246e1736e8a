"""Answers to lab 2, from softmax on: a part of the table in lab02.py."""

RIGHT, WRONG = {}, {}

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
        {"softmax_probabilities": 3},
        "nothing may be cut off",
    ),
    "minus": (
        "e = np.exp(-scores); return e / e.sum(axis=1, keepdims=True)",
        {"softmax_probabilities": 5},
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
        {"softmax_probabilities": 8},
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
        {"log_probabilities": 3},
        "take the log of the sum, not of the quotient",
    ),
    "no shift, then log": (
        "e = np.exp(scores); return np.log(e / e.sum(axis=1, keepdims=True))",
        {"log_probabilities": 6},
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
        {"log_probabilities": 12, "without_loops": 2},
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
        {"without_loops": 2},
        "line 4: a for loop",
    ),
    "apply_along_axis": (
        """
def one(s):
    return s - s.max() - np.log(np.exp(s - s.max()).sum())

def log_probabilities(scores):
    return np.apply_along_axis(one, 1, scores)
""",
        {"without_loops": 2},
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
        {"regularised_loss": 5},
        "one number is asked",
    ),
    "in place": ("W **= 2; return data_loss + 0.5 * reg * W.sum()", {"regularised_loss": 1}, "W is changed in place"),
    "the notebook's weights": (
        "return data_loss + 0.5 * reg * np.sum(weights**2)",
        {"regularised_loss": 5},
        "line 3 uses weights",
    ),
    "labkit's": (
        """
from labkit.losses import l2_penalty
def regularised_loss(data_loss, W, b, reg):
    return data_loss + l2_penalty(W, reg)[0]
""",
        {"regularised_loss": 5},
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
        {"ray_scores": 5, "without_loops": 2},
        "line 4 uses images",
    ),
    "loop over the steps": (
        "return np.array([X @ (W + step * V) for step in a])",
        {"without_loops": 2},
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
        {"without_loops": 2},
        "line 4: a for loop",
    ),
    "map": (
        "return np.stack(list(map(lambda step: X @ (W + step * V), a)))",
        {"without_loops": 2},
        "map, which is a loop",
    ),
}
