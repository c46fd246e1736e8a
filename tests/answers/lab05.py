"""Answers to lab 5 that students give. The right ones keep all points, each wrong one loses what is said here, with the
words of its diagnosis. A tuple of (old, new) is the right answer of `labkit.check` with these edits. What a known
mistake makes of the right answer is tested without being listed here.
"""

import runpy
from pathlib import Path

NOTEBOOK = "05_two_layer_network.ipynb"

_ARGUMENTS = {
    "two_layer_scores": "X, W1, b1, W2, b2",
    "two_layer_gradients": "X, y, W1, b1, W2, b2, reg=0.0",
    "momentum_step": "w, dw, v, rate, momentum",
    "rmsprop_step": "w, dw, cache, rate, decay, epsilon",
}
CHECKS = {name: f"check.{name}({name})" for name in _ARGUMENTS}
STUBS = {name: f"def {name}({arguments}):\n    ...  # your code here" for name, arguments in _ARGUMENTS.items()}

SETUP = """
import numpy as np
X_toy = np.random.default_rng(1).normal(size=(5, 4))
"""

RIGHT, WRONG = {}, {}
_LABKITS = """
from labkit.networks import two_layer_net

def {}({}):
    return two_layer_net(X, {{"W1": W1, "b1": b1, "W2": W2, "b2": b2}}{})
"""


# ------------------------------------------------------------------------------------------ scores

RIGHT["two_layer_scores"] = {
    "mask": """
def two_layer_scores(X, W1, b1, W2, b2):
    z = X.dot(W1) + b1
    return (z * (z > 0)).dot(W2) + b2
""",
    "where": """
def two_layer_scores(X, W1, b1, W2, b2):
    z = np.matmul(X, W1) + b1[None]
    hidden = np.where(z > 0, z, 0)
    return np.matmul(hidden, W2) + b2[None]
""",
    "set to zero": """
def two_layer_scores(X, W1, b1, W2, b2):
    hidden = X @ W1
    hidden += b1
    hidden[hidden < 0] = 0
    scores = hidden @ W2
    scores += b2
    return scores
""",
    "images in columns": """
def two_layer_scores(X, W1, b1, W2, b2):
    a = np.clip(W1.T @ X.T + b1[:, None], 0, None)
    return (W2.T @ a + b2[:, None]).T
""",
    "einsum, bias trick": """
def two_layer_scores(X, W1, b1, W2, b2):
    one = np.ones((len(X), 1))
    z = np.einsum("nd,dh->nh", np.hstack([X, one]), np.vstack([W1, b1]))
    return np.hstack([(z + abs(z)) / 2, one]) @ np.vstack([W2, b2])
""",
    "helpers": """
def relu(z):
    return np.fmax(z, 0.0)

def affine(X, W, b):
    return X @ W + b

def two_layer_scores(images, A, a, B, b):
    return affine(relu(affine(images, A, a)), B, b)
""",
}

_ALL = {"two_layer_scores": 10}
_RETURN = "    return np.maximum(0, X @ W1 + b1) @ W2 + b2"

WRONG["two_layer_scores"] = {
    "transposed": (((_RETURN, f"    return ({_RETURN[11:]}).T"),), _ALL, "transposed"),
    "loop": (
        ((_RETURN, _RETURN.replace("return ", "return np.array([").replace("X @", "x @") + " for x in X])"),),
        {"two_layer_scores": 2},
        "line 2: a list comprehension",
    ),
    "in place": (
        (("    return", "    X -= 0.5\n    X = X + 0.5\n    return"),),
        {"two_layer_scores": 1},
        "X is changed in place",
    ),
    "labkit's": (
        _LABKITS.format("two_layer_scores", _ARGUMENTS["two_layer_scores"], ""),
        _ALL,
        "ready-made answer (labkit.networks.",
    ),
    "the notebook's images": ((("0, X @", "0, X_toy[:len(X)] @"),), _ALL, "uses X_toy"),
    "two slips": (
        ((" + b2", ""), ("np.maximum(0, X @ W1 + b1)", "np.tanh(X @ W1 + b1)")),
        {"two_layer_scores": 5.25},
        "b2 is missing — and: tanh instead of ReLU",
    ),
    "something else": (((" @ W2", " @ (W2 + 1)"),), _ALL, "the values are not right"),
}

# --------------------------------------------------------------------------------------- gradients

RIGHT["two_layer_gradients"] = {
    "step by step": """
def two_layer_gradients(X, y, W1, b1, W2, b2, reg=0.0):
    N = len(y)
    z = X @ W1 + b1
    hidden = np.maximum(0, z)
    S = hidden @ W2 + b2
    S = S - S.max(axis=1, keepdims=True)
    P = np.exp(S) / np.exp(S).sum(axis=1, keepdims=True)
    loss = -np.log(P[np.arange(N), y]).mean() + 0.5 * reg * (np.sum(W1**2) + np.sum(W2**2))
    d = P.copy()
    d[np.arange(N), y] -= 1
    d /= N
    dW2 = hidden.T @ d + reg * W2
    db2 = d.sum(axis=0)
    dz = d @ W2.T * (z > 0)
    dW1 = X.T @ dz + reg * W1
    db1 = dz.sum(axis=0)
    return loss, {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
""",
    "divided at the end": (
        ("    dscores /= N\n", ""),
        ("hidden.T @ dscores +", "hidden.T @ dscores / N +"),
        ("dscores.sum(", "dscores.mean("),
        ("X.T @ dhidden +", "X.T @ dhidden / N +"),
        ("dhidden.sum(", "dhidden.mean("),
    ),
    "one-hot, log-sum-exp": """
def two_layer_gradients(X, y, W1, b1, W2, b2, reg=0.0):
    N, C = X.shape[0], W2.shape[1]
    Y = np.eye(C)[y]
    Z = X.dot(W1) + b1
    A = np.where(Z > 0, Z, 0)
    S = A.dot(W2) + b2
    m = S.max(1)[:, None]
    log_P = S - m - np.log(np.exp(S - m).sum(1))[:, None]
    G = (np.exp(log_P) - Y) / N
    back = G.dot(W2.T)
    back[Z <= 0] = 0
    loss = -(Y * log_P).sum() / N + reg / 2 * ((W1 * W1).sum() + (W2 * W2).sum())
    return loss, dict(W1=X.T.dot(back) + reg * W1, b1=back.sum(0), W2=A.T.dot(G) + reg * W2, b2=G.sum(0))
""",
    "bias trick": """
def two_layer_gradients(X, y, W1, b1, W2, b2, reg=0.0):
    one = np.ones((len(X), 1))
    X1 = np.hstack([X, one])
    H = np.maximum(X1 @ np.vstack([W1, b1]), 0)
    H1 = np.hstack([H, one])
    S = H1 @ np.vstack([W2, b2])
    E = np.exp(S - S.max(axis=1, keepdims=True))
    P = E / E.sum(axis=1, keepdims=True)
    hot = y[:, None] == np.arange(S.shape[1])
    loss = -np.mean(np.log(P[hot])) + 0.5 * reg * (np.vdot(W1, W1) + np.vdot(W2, W2))
    G = (P - hot) / len(X)
    second, first = H1.T @ G, X1.T @ (G @ W2.T * np.sign(H))
    return loss, {"W1": first[:-1] + reg * W1, "b1": first[-1], "W2": second[:-1] + reg * W2, "b2": second[-1]}
""",
    "einsum, in a list": (
        ("X.T @ dhidden", 'np.einsum("nd,nh->dh", X, np.heaviside(hidden, 0) * dhidden)'),
        ("    dhidden[hidden <= 0] = 0\n", ""),
        ('"b1": dhidden.sum(axis=0)', '"b1": np.einsum("nh->h", dhidden * (hidden > 0))'),
        ("loss, {", "[float(loss), {"),
        ("dscores.sum(axis=0),\n    }", "dscores.sum(axis=0),\n    }]"),
    ),
}


def _lost(points):
    return {"two_layer_gradients": points}


WRONG["two_layer_gradients"] = {
    "no mean in W1": ((("X.T @ dhidden +", "X.T @ dhidden * N +"),), _lost(3.5), "so divide by N"),
    "no mean in W2": ((("hidden.T @ dscores +", "hidden.T @ dscores * N +"),), _lost(3), "so divide by N"),
    "biases as means": (
        (("dscores.sum(", "dscores.mean("), ("dhidden.sum(", "dhidden.mean(")),
        _lost(3),
        "divided by N a second time",
    ),
    "no penalty": (
        (("0.5 * reg", "0 * reg"), (" + reg * W2", ""), (" + reg * W1", "")),
        _lost(1.5),
        "reg changes nothing; the penalty is missing in the gradient of W1; the penalty is missing",
    ),
    "two slips in one gradient": (
        (("    dhidden[hidden <= 0] = 0\n", ""), ("    dscores /= N\n", "")),
        _lost(4.5 + 0.75 * 10),
        "besides the slip above: the mask of ReLU is missing",
    ),
    "no such slip": (
        (("    dscores /= N\n", "    dscores /= N + 1\n"),),
        _lost(20),
        "judged when the lines above are right",
    ),
    "cache changed in place": (
        (("    return loss, {", "    hidden[hidden > 0] = 1\n    return loss, {"),),
        _lost(3),
        "the mask of the hidden units instead of their values",
    ),
    "transposed product": (
        (("hidden.T @ dscores + reg * W2", "dscores.T @ hidden + reg * W2.T"),),
        _lost(10),
        "transposed",
    ),
    "gradients alone": ((("return loss, {", "return {"),), _lost(30), "it does not return (loss, grads)"),
    "one value more": ((("return loss, {", "return loss, scores, {"),), _lost(30), "it does not return (loss, grads)"),
    "a tuple of gradients": (
        (('"W1": X.T', "1: X.T"), ('"b1": ', "2: ")),
        _lost(23),
        "it does not return (loss, grads)",
    ),
    "W1 in place": (
        (
            (
                '    return loss, {\n        "W1": X.T @ dhidden + reg * W1',
                '    W1 *= reg\n    W1 += X.T @ dhidden\n    return loss, {\n        "W1": W1',
            ),
        ),
        _lost(1),
        "W1 is changed in place",
    ),
    "loop over the images": (
        (('"W1": X.T @ dhidden', '"W1": sum(np.outer(x, d) for x, d in zip(X, dhidden))'),),
        _lost(2),
        ": a generator expression",
    ),
    "labkit's": (
        _LABKITS.format("two_layer_gradients", _ARGUMENTS["two_layer_gradients"], ", y, reg"),
        _lost(30),
        "ready-made answer (labkit.networks.",
    ),
}

# ---------------------------------------------------------------------------------------- optimisers

_V = "momentum * v - rate * dw"

RIGHT["momentum_step"] = {
    "one line": (("    new = momentum * v - rate * dw\n    return w + new, new", f"    return w + {_V}, {_V}"),),
    "with copies": (
        (
            "    new = momentum * v - rate * dw\n",
            "    w, new = w.copy(), v.copy()\n    new *= momentum\n    new -= rate * dw\n",
        ),
        ("return w + new", "w += new\n    return w"),
    ),
    "functions": (("momentum * v - rate * dw", "np.subtract(np.multiply(momentum, v), np.multiply(rate, dw))"),),
    "a list": (("w + new, new", "[w + new, new]"), ("- rate * dw", "+ -rate * dw")),
    "friction": (("momentum * v -", "v - (1 - momentum) * v -"),),
}

WRONG["momentum_step"] = {
    "w alone": ((("return w + new, new", "return w + new"),), {"momentum_step": 5}, "it does not return (w, v)"),
    "swapped": ((("return w + new, new", "return new, w + new"),), {"momentum_step": 5}, "(w, v), in this order"),
    "in place": (
        (("new = momentum * v", "v *= momentum\n    new = v"),),
        {"momentum_step": 1},
        "v is changed in place",
    ),
}

RIGHT["rmsprop_step"] = {
    "difference": (
        ("decay * cache + (1 - decay) * dw**2", "cache + (1 - decay) * (dw * dw - cache)"),
        ("np.sqrt(new + epsilon)", "(new + epsilon) ** 0.5"),
    ),
    "copies": (
        (
            "decay * cache + (1 - decay) * dw**2",
            "cache * decay\n    w = w.copy()\n    new += (1 - decay) * np.square(dw)",
        ),
        ("return w - rate * dw / np.sqrt(new + epsilon)", "w -= rate * dw / np.sqrt(new + epsilon)\n    return w"),
    ),
    "power": (("rate * dw / np.sqrt(new + epsilon)", "rate * (new + epsilon) ** -0.5 * dw"),),
    "a list": (
        (
            "return w - rate * dw / np.sqrt(new + epsilon), new",
            "return [w + -rate * np.divide(dw, np.sqrt(epsilon + new)), new]",
        ),
        ("dw**2", "np.abs(dw) ** 2"),
    ),
    "average": (
        ("decay * cache + (1 - decay) * dw**2", "np.average([cache, dw * dw], axis=0, weights=[decay, 1 - decay])"),
    ),
}

WRONG["rmsprop_step"] = {
    "w alone": ((("), new", ")"),), {"rmsprop_step": 5}, "it does not return (w, cache)"),
    "three values": ((("), new", "), new, dw"),), {"rmsprop_step": 5}, "it does not return (w, cache)"),
    "in place": (
        (
            (
                "new = decay * cache + (1 - decay) * dw**2",
                "cache *= decay\n    cache += (1 - decay) * dw**2\n    new = cache",
            ),
        ),
        {"rmsprop_step": 1},
        "cache is changed in place",
    ),
}

_FOLDER = Path(__file__).parent / "more"
_MORE = [
    runpy.run_path(str(_FOLDER / "lab05.py")),
    runpy.run_path(str(_FOLDER / "questions.py"))["rows"]("all_zero", "numbers_learned"),
]
for _name in ("CHECKS", "STUBS", "RIGHT", "WRONG"):
    for _table in _MORE:
        globals()[_name].update(_table[_name])
SETUP += _MORE[0]["SETUP"]
