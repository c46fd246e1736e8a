"""Answers to lab 5 that students give, laid out as in lab03.py: the right ones keep all points, each wrong one loses
what is said here, with the words of its diagnosis.
"""

NOTEBOOK = "05_two_layer_network.ipynb"

CHECKS = {
    "two_layer_scores": "check.two_layer_scores(two_layer_scores)",
    "two_layer_gradients": "check.two_layer_gradients(two_layer_gradients)",
    "momentum_step": "check.momentum_step(momentum_step)",
    "rmsprop_step": "check.rmsprop_step(rmsprop_step)",
}

SETUP = """
import numpy as np
X_toy = np.random.default_rng(1).normal(size=(5, 4))
"""

STUBS = {
    "two_layer_scores": "def two_layer_scores(X, W1, b1, W2, b2):\n    ...  # your code here",
    "two_layer_gradients": "def two_layer_gradients(X, y, W1, b1, W2, b2, reg=0.0):\n    ...  # your code here",
    "momentum_step": "def momentum_step(w, dw, v, rate, momentum):\n    ...  # your code here",
    "rmsprop_step": "def rmsprop_step(w, dw, cache, rate, decay, epsilon):\n    ...  # your code here",
}

RIGHT, WRONG = {}, {}


def _changed(source, *pairs):
    for old, new in pairs:
        assert source.count(old) == 1, (old, source.count(old))
        source = source.replace(old, new)
    return source


# ------------------------------------------------------------------------------------------ scores

_SCORES = """
def two_layer_scores(X, W1, b1, W2, b2):
    return np.maximum(0, X @ W1 + b1) @ W2 + b2
"""

RIGHT["two_layer_scores"] = {
    "maximum": _SCORES,
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

_RELU, _ALL = "np.maximum(0, X @ W1 + b1)", {"two_layer_scores": 10}

WRONG["two_layer_scores"] = {
    "no ReLU": (_changed(_SCORES, (_RELU, "(X @ W1 + b1)")), _ALL, "ReLU is missing"),
    "ReLU on the scores": (
        _changed(_SCORES, (_RELU + " @ W2 + b2", "np.maximum(0, (X @ W1 + b1) @ W2 + b2)")),
        _ALL,
        "where it belongs on the hidden layer",
    ),
    "ReLU twice": (
        _changed(_SCORES, (_RELU + " @ W2 + b2", f"np.maximum(0, {_RELU} @ W2 + b2)")),
        _ALL,
        "ReLU on the scores too",
    ),
    "no b1": (_changed(_SCORES, (" + b1", "")), _ALL, "b1 is missing"),
    "no b2": (_changed(_SCORES, (" + b2", "")), _ALL, "b2 is missing"),
    "no biases": (_changed(_SCORES, (" + b1", ""), (" + b2", "")), _ALL, "both biases are missing"),
    "b1 after ReLU": (_changed(_SCORES, (_RELU, "(np.maximum(0, X @ W1) + b1)")), _ALL, "b1 is added after ReLU"),
    "ReLU on the images": (_changed(_SCORES, (_RELU, "(np.maximum(0, X) @ W1 + b1)")), _ALL, "not on the images"),
    "minimum": (_changed(_SCORES, ("np.maximum", "np.minimum")), _ALL, "min instead of max"),
    "absolute value": (_changed(_SCORES, (_RELU, "abs(X @ W1 + b1)")), _ALL, "the absolute value"),
    "sigmoid": (_changed(_SCORES, (_RELU, "(1 / (1 + np.exp(-(X @ W1 + b1))))")), _ALL, "a sigmoid"),
    "indicator": (_changed(_SCORES, (_RELU, "(1.0 * (X @ W1 + b1 > 0))")), _ALL, "the indicator of ReLU"),
    "hidden layer": (_changed(_SCORES, (" @ W2 + b2", "")), _ALL, "the second layer is missing"),
    "probabilities": (
        _changed(_SCORES, ("return ", "S = "))
        + """    E = np.exp(S - S.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)
""",
        _ALL,
        "before softmax",
    ),
    "transposed": (
        _changed(_SCORES, ("return " + _RELU + " @ W2 + b2", f"return ({_RELU} @ W2 + b2).T")),
        _ALL,
        "transposed",
    ),
    "loop": (
        """
def two_layer_scores(X, W1, b1, W2, b2):
    return np.array([np.maximum(0, x @ W1 + b1) @ W2 + b2 for x in X])
""",
        {"two_layer_scores": 2},
        "line 3: a list comprehension",
    ),
    "in place": (
        _changed(_SCORES, ("    return", "    X -= 0.5\n    X = X + 0.5\n    return")),
        {"two_layer_scores": 1},
        "X is changed in place",
    ),
    "labkit's": (
        """
from labkit.networks import two_layer_net

def two_layer_scores(X, W1, b1, W2, b2):
    return two_layer_net(X, {"W1": W1, "b1": b1, "W2": W2, "b2": b2})
""",
        _ALL,
        "labkit.networks.two_layer_net",
    ),
    "the notebook's images": (_changed(_SCORES, ("0, X @", "0, X_toy[:len(X)] @")), _ALL, "uses X_toy"),
}

# --------------------------------------------------------------------------------------- gradients

_GRADIENTS = """
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
"""

RIGHT["two_layer_gradients"] = {
    "step by step": _GRADIENTS,
    "mask of the hidden units": _changed(_GRADIENTS, ("(z > 0)", "(hidden > 0)")),
    "divided at the end": _changed(
        _GRADIENTS,
        ("    d /= N\n", ""),
        ("hidden.T @ d +", "hidden.T @ d / N +"),
        ("d.sum(axis=0)\n    dz", "d.mean(axis=0)\n    dz"),
        ("X.T @ dz +", "X.T @ dz / N +"),
        ("dz.sum(axis=0)", "dz.mean(axis=0)"),
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
    "in layers, in a list": """
def forward(X, W, b):
    return X @ W + b

def backward(G, X):
    return X.T @ G, np.einsum("nk->k", G)

def two_layer_gradients(X, y, W1, b1, W2, b2, reg=0.0):
    rows = np.arange(len(X))
    Z = forward(X, W1, b1)
    A = np.clip(Z, 0, None)
    S = forward(A, W2, b2)
    S -= S.max(axis=1, keepdims=True)
    total = np.exp(S).sum(axis=1)
    loss = np.mean(np.log(total) - S[rows, y])
    G = np.exp(S) / total[:, None]
    G[rows, y] -= 1
    G *= 1 / len(X)
    dW2, db2 = backward(G, A)
    dW1, db1 = backward(np.heaviside(Z, 0) * (G @ W2.T), X)
    dW2 += reg * W2
    dW1 += reg * W1
    loss += reg * 0.5 * (np.linalg.norm(W1) ** 2 + np.linalg.norm(W2) ** 2)
    return [float(loss), {"W1": dW1, "W2": dW2, "b1": db1, "b2": db2}]
""",
}


def _lost(points):
    return {"two_layer_gradients": points}


def _grads(*pairs):
    return _changed(_GRADIENTS, *pairs)


_HALF = "0.5 * reg * (np.sum(W1**2) + np.sum(W2**2))"

WRONG["two_layer_gradients"] = {
    "no mean in the gradients": (_grads(("    d /= N\n", "")), _lost(19), "so divide by N"),
    "no mean in W1": (_grads(("X.T @ dz +", "X.T @ dz * N +")), _lost(7), "so divide by N"),
    "no mean in W2": (_grads(("hidden.T @ d +", "hidden.T @ d * N +")), _lost(6), "so divide by N"),
    "biases as means": (
        _grads(("d.sum(axis=0)\n    dz", "d.mean(axis=0)\n    dz"), ("dz.sum(axis=0)", "dz.mean(axis=0)")),
        _lost(6),
        "divided by N a second time",
    ),
    "no mean in the loss": (_grads(("y]).mean()", "y]).sum()")), _lost(30), "a sum where a mean"),
    "the sign of the loss": (_grads(("-np.log", "np.log")), _lost(30), "the sign"),
    "penalty on the biases": (
        _grads(
            ("db2 = d.sum(axis=0)", "db2 = d.sum(axis=0) + reg * b2"),
            ("db1 = dz.sum(axis=0)", "db1 = dz.sum(axis=0) + reg * b1"),
        ),
        _lost(3),
        "the penalty on the biases",
    ),
    "penalty on the biases in the loss": (
        _grads(("np.sum(W2**2))", "np.sum(W2**2) + np.sum(b1**2) + np.sum(b2**2))")),
        _lost(3),
        "the penalty on the biases",
    ),
    "no penalty": (
        _grads((" + " + _HALF, ""), (" + reg * W2", ""), (" + reg * W1", "")),
        _lost(3),
        "the penalty is missing in the loss",
    ),
    "no penalty in the gradient": (
        _grads((" + reg * W1", "")),
        _lost(3),
        "the penalty is missing in the gradient of W1",
    ),
    "penalty twice": (_grads(("+ reg * W2", "+ 2 * reg * W2")), _lost(3), "counts twice in the gradient of W2"),
    "no half": (_grads((_HALF, _HALF[6:])), _lost(3), "the factor ½"),
    "no mask": (_grads((" * (z > 0)", "")), _lost(10), "the mask of ReLU is missing"),
    "mask on the gradient": (
        _grads(("d @ W2.T * (z > 0)", "np.maximum(0, d @ W2.T)")),
        _lost(10),
        "on the wrong array",
    ),
    "mask the wrong way": (_grads(("(z > 0)", "(z <= 0)")), _lost(10), "the wrong way round"),
    "times the hidden units": (_grads(("(z > 0)", "hidden")), _lost(10), "the derivative of ReLU is 1"),
    "cache changed in place": (
        _grads(("    dW2 = hidden", "    hidden[hidden > 0] = 1\n    dW2 = hidden")),
        _lost(6),
        "the mask of the hidden units instead of their values",
    ),
    "before ReLU": (_grads(("hidden.T @ d", "z.T @ d")), _lost(6), "before ReLU"),
    "transposed product": (_grads(("hidden.T @ d + reg * W2", "d.T @ hidden + reg * W2.T")), _lost(9), "transposed"),
    "gradient of W1 transposed": (_grads(("X.T @ dz + reg * W1", "dz.T @ X + reg * W1.T")), _lost(10), "transposed"),
    "no one": (_grads(("    d[np.arange(N), y] -= 1\n", "")), _lost(19), "the 1 of the right class is not subtracted"),
    "uphill": (_grads(("    d /= N\n", "    d /= -N\n")), _lost(19), "uphill"),
    "no ReLU": (_grads(("np.maximum(0, z)", "z")), _lost(30), "ReLU is missing"),
    "gradients alone": (_grads(("return loss, ", "return ")), _lost(30), "it does not return (loss, grads)"),
    "a tuple of gradients": (
        _grads(('{"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}', "dW1, db1, dW2, db2")),
        _lost(22),
        "it does not return (loss, grads)",
    ),
    "no maximum": (_grads(("    S = S - S.max(axis=1, keepdims=True)\n", "")), _lost(1), "in the thousands"),
    "W1 in place": (
        _grads(("    dW1 = X.T @ dz + reg * W1", "    dW1 = W1\n    dW1 *= reg\n    dW1 += X.T @ dz")),
        _lost(1),
        "W1 is changed in place",
    ),
    "loop over the images": (
        """
def two_layer_gradients(X, y, W1, b1, W2, b2, reg=0.0):
    loss, g = 0.0, {"W1": reg * W1, "b1": 0.0 * b1, "W2": reg * W2, "b2": 0.0 * b2}
    for x, k in zip(X, y):
        h = np.maximum(0, x @ W1 + b1)
        s = h @ W2 + b2
        p = np.exp(s - s.max())
        p /= p.sum()
        loss -= np.log(p[k]) / len(X)
        p[k] -= 1
        p /= len(X)
        back = (W2 @ p) * (h > 0)
        g["W2"] = g["W2"] + np.outer(h, p)
        g["b2"] = g["b2"] + p
        g["W1"] = g["W1"] + np.outer(x, back)
        g["b1"] = g["b1"] + back
    return loss + 0.5 * reg * (np.sum(W1**2) + np.sum(W2**2)), g
""",
        _lost(2),
        "line 4: a for loop",
    ),
    "labkit's": (
        """
from labkit.networks import two_layer_net

def two_layer_gradients(X, y, W1, b1, W2, b2, reg=0.0):
    return two_layer_net(X, {"W1": W1, "b1": b1, "W2": W2, "b2": b2}, y, reg)
""",
        _lost(30),
        "labkit.networks.two_layer_net",
    ),
}

# ---------------------------------------------------------------------------------------- momentum

_MOMENTUM = """
def momentum_step(w, dw, v, rate, momentum):
    v = momentum * v - rate * dw
    w = w + v
    return w, v
"""

RIGHT["momentum_step"] = {
    "two lines": _MOMENTUM,
    "one line": """
def momentum_step(w, dw, v, rate, momentum):
    return w + momentum * v - rate * dw, momentum * v - rate * dw
""",
    "with copies": """
def momentum_step(w, dw, v, rate, momentum):
    w, v = w.copy(), v.copy()
    v *= momentum
    v -= rate * dw
    w += v
    return w, v
""",
    "functions": """
def momentum_step(w, dw, v, rate, momentum):
    new = np.subtract(np.multiply(momentum, v), np.multiply(rate, dw))
    return np.add(w, new), new
""",
    "a list": """
def momentum_step(weights, gradient, velocity, eta, mu):
    velocity = mu * velocity + -eta * gradient
    return [weights + velocity, velocity]
""",
    "friction": """
def momentum_step(w, dw, v, rate, momentum):
    friction = 1 - momentum
    v = v - friction * v - rate * dw
    return w + v, v
""",
}


def _mom(*pairs):
    return _changed(_MOMENTUM, *pairs)


_V, _FIVE = "momentum * v - rate * dw", {"momentum_step": 5}

WRONG["momentum_step"] = {
    "velocity flipped": (_mom(("w + v", "w - v")), _FIVE, "the velocity has the wrong sign"),
    "the other sign, in both": (
        _mom((_V, "momentum * v + rate * dw"), ("w + v", "w - v")),
        _FIVE,
        "the velocity has the wrong sign",
    ),
    "uphill": (_mom((_V, "momentum * v + rate * dw")), _FIVE, "the velocity has the wrong sign"),
    "old velocity": (
        """
def momentum_step(w, dw, v, rate, momentum):
    w = w + v
    v = momentum * v - rate * dw
    return w, v
""",
        _FIVE,
        "w moves by the old velocity",
    ),
    "no momentum": (_mom((_V, "-rate * dw")), _FIVE, "the velocity is forgotten"),
    "rate outside": (
        _mom((_V, "momentum * v - dw"), ("w + v", "w + rate * v")),
        _FIVE,
        "the rate belongs to the gradient",
    ),
    "no friction": (_mom((_V, "v - rate * dw")), _FIVE, "loses no speed"),
    "weighted": (_mom((_V, "momentum * v - (1 - momentum) * rate * dw")), _FIVE, "weighted by 1 - momentum"),
    "no rate": (_mom((_V, "momentum * v - dw")), _FIVE, "the rate is missing"),
    "swapped": (_mom((_V, "rate * v - momentum * dw")), _FIVE, "momentum and the rate are swapped"),
    "w alone": (_mom(("return w, v", "return w")), _FIVE, "it does not return (w, v)"),
    "old velocity returned": (
        """
def momentum_step(w, dw, v, rate, momentum):
    new = momentum * v - rate * dw
    return w + new, v
""",
        {"momentum_step": 1},
        "the old velocity is returned",
    ),
    "in place": (
        """
def momentum_step(w, dw, v, rate, momentum):
    v *= momentum
    v -= rate * dw
    return w + v, v
""",
        {"momentum_step": 1},
        "v is changed in place",
    ),
}

# ----------------------------------------------------------------------------------------- RMSProp

_RMSPROP = """
def rmsprop_step(w, dw, cache, rate, decay, epsilon):
    cache = decay * cache + (1 - decay) * dw**2
    w = w - rate * dw / np.sqrt(cache + epsilon)
    return w, cache
"""

RIGHT["rmsprop_step"] = {
    "two lines": _RMSPROP,
    "difference": """
def rmsprop_step(w, dw, cache, rate, decay, epsilon):
    cache = cache + (1 - decay) * (dw * dw - cache)
    return w - rate * dw / (cache + epsilon) ** 0.5, cache
""",
    "copies": """
def rmsprop_step(w, dw, cache, rate, decay, epsilon):
    w, cache = w.copy(), cache * decay
    cache += (1 - decay) * np.square(dw)
    w -= rate * dw / np.sqrt(cache + epsilon)
    return w, cache
""",
    "power": """
def rmsprop_step(w, dw, cache, rate, decay, epsilon):
    mean = decay * cache + dw**2 - decay * dw**2
    return w - rate * (mean + epsilon) ** -0.5 * dw, mean
""",
    "a list": """
def rmsprop_step(weights, g, c, eta, rho, tiny):
    c = rho * c + (1 - rho) * np.abs(g) ** 2
    return [weights + -eta * np.divide(g, np.sqrt(tiny + c)), c]
""",
    "average": """
def rmsprop_step(w, dw, cache, rate, decay, epsilon):
    cache = np.average([cache, dw * dw], axis=0, weights=[decay, 1 - decay])
    root = np.sqrt(cache + epsilon)
    return w - dw * (rate / root), cache
""",
}


def _rms(*pairs):
    return _changed(_RMSPROP, *pairs)


_C, _STEP, _FIVE_RMS = (
    "decay * cache + (1 - decay) * dw**2",
    "w - rate * dw / np.sqrt(cache + epsilon)",
    {"rmsprop_step": 5},
)

WRONG["rmsprop_step"] = {
    "epsilon outside": (
        _rms(("np.sqrt(cache + epsilon)", "(np.sqrt(cache) + epsilon)")),
        {"rmsprop_step": 5},
        "epsilon is outside the root",
    ),
    "no epsilon": (_rms(("cache + epsilon", "cache")), _FIVE_RMS, "epsilon is missing"),
    "decay swapped": (_rms((_C, "(1 - decay) * cache + decay * dw**2")), _FIVE_RMS, "the decay is swapped"),
    "no root": (_rms(("np.sqrt(cache + epsilon)", "(cache + epsilon)")), _FIVE_RMS, "the root is missing"),
    "no square": (_rms(("dw**2", "abs(dw)")), _FIVE_RMS, "not squared"),
    "AdaGrad": (_rms((_C, "cache + dw**2")), _FIVE_RMS, "this is AdaGrad"),
    "no factor": (_rms(("(1 - decay) * dw**2", "dw**2")), _FIVE_RMS, "the factor 1 - decay is missing"),
    "uphill": (_rms(("w - rate", "w + rate")), _FIVE_RMS, "uphill"),
    "old mean": (
        """
def rmsprop_step(w, dw, cache, rate, decay, epsilon):
    w = w - rate * dw / np.sqrt(cache + epsilon)
    cache = decay * cache + (1 - decay) * dw**2
    return w, cache
""",
        _FIVE_RMS,
        "the old running mean is used",
    ),
    "no division": (_rms((" / np.sqrt(cache + epsilon)", "")), _FIVE_RMS, "the division is missing"),
    "w alone": (_rms(("return w, cache", "return w")), _FIVE_RMS, "it does not return (w, cache)"),
    "in place": (
        _rms((f"cache = {_C}", "cache *= decay\n    cache += (1 - decay) * dw**2")),
        {"rmsprop_step": 1},
        "cache is changed in place",
    ),
}
