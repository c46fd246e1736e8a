"""Answers to lab 4, from the hinge gradient on: a part of the table in lab04.py."""

RIGHT, WRONG = {}, {}

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

_LOSS_AND_DW = "X.T @ dscores + reg * W"
_BACK = f"    return loss + 0.5 * reg * np.sum(W * W), {_LOSS_AND_DW}"
_INSIDE, _OWN = "(margins > 0).astype(X.dtype)", "-dscores.sum(axis=1)"
_ZERO = "margins[np.arange(N), y] = 0"

WRONG["svm_gradient"] = {
    "own margin in the loss": (
        (("loss = margins.sum() / N", "loss = (margins.sum() + N) / N"),),
        {"svm_gradient": 1.2},
        "exactly 1 too large",
    ),
    "squared hinge": (
        ((_INSIDE, "2 * margins"), ("margins.sum() / N", "(margins**2).sum() / N")),
        {"svm_gradient": 3.2},
        "the margins are squared",
    ),
    "two slips": (((_OWN, "-1"), ("    dscores /= N\n", "")), {"svm_gradient": 3}, "divide by N"),
    "W in place": (
        ((_LOSS_AND_DW, "W.__imul__(reg).__iadd__(X.T @ dscores)"),),
        {"svm_gradient": 0.8},
        "W is changed in place",
    ),
    "gradient alone": (((_BACK, f"    return {_LOSS_AND_DW}"),), {"svm_gradient": 12}, "it does not return (loss, dW)"),
    "no reg": (
        ((", reg=0.0", ""), (_BACK, "    return loss, X.T @ dscores")),
        {"svm_gradient": 2.4},
        "cannot be called with (X, W, y, reg)",
    ),
    "softmax again": (
        """
def svm_gradient(X, W, y, reg=0.0):
    S = X @ W
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    loss = -np.log(P[np.arange(len(y)), y]).mean() + 0.5 * reg * np.sum(W**2)
    P[np.arange(len(y)), y] -= 1
    return loss, X.T @ P / len(y) + reg * W
""",
        {"svm_gradient": 12},
        "gradient of the softmax loss",
    ),
    "labkit's": (
        """
import labkit.losses as ready

def svm_gradient(X, W, y, reg=0.0):
    loss, dscores = ready.svm_loss(X @ W, y)
    return loss + 0.5 * reg * np.sum(W**2), X.T @ dscores + reg * W
""",
        {"svm_gradient": 12, "gradients_vectorised": 5},
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
        (
            (
                f"dscores[np.arange(N), y] = {_OWN}",
                "i = 0\n    while i < N:\n        dscores[i, y[i]] = -dscores[i].sum()\n        i += 1",
            ),
        ),
        {"gradients_vectorised": 5},
        "a while loop",
    ),
    "apply_along_axis": (
        ((_OWN, "-np.apply_along_axis(np.sum, 1, dscores)"),),
        {"gradients_vectorised": 5},
        "np.apply_along_axis, which is a loop",
    ),
    "Python's sum": (((_OWN, "-sum(dscores.T)"),), {"gradients_vectorised": 5}, "Python's sum()"),
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

_ALL = {"minibatch_sgd": 15}
_DRAW, _BACK = "rng.integers(0, len(X), batch_size)", "return W, losses"

WRONG["minibatch_sgd"] = {
    "arguments swapped": ((("gradient(X[batch], W,", "gradient(W, X[batch],"),), _ALL, "gradient(X, W, y)"),
    "labels of all": ((("y[batch]", "y"),), _ALL, "other labels than one for each"),
    "one image as a vector": (((_DRAW, "rng.integers(0, len(X))"),), _ALL, "something else than rows of X"),
    "another start": ((("losses = []", "losses, W = [], 0 * W"),), _ALL, "not taken at the start W"),
    "no gradient": ((("gradient(X[batch], W, y[batch])", "0, 0 * W"),), _ALL, "is never called"),
    "two gradients at each step": (
        (("W = W - step", "W = W - step_size * gradient(X[batch], W, y[batch])[1] - step"),),
        _ALL,
        "a step is not W - step_size * dW",
    ),
    "momentum": (
        (("losses = []", "losses, V = [], 0"), ("W = W - step_size * dW", "V = 0.9 * V - step_size * dW; W = W + V")),
        _ALL,
        "a step is not W - step_size * dW",
    ),
    "shrinking steps": (
        (("W = W - step", "W = W - 1 / (1 + 0.01 * len(losses)) * step"),),
        _ALL,
        "a step is not W - step_size * dW",
    ),
    "long steps cut": (
        (("step_size * dW", "step_size * dW / max(1, np.linalg.norm(dW) / 100)"),),
        _ALL,
        "a step is not W - step_size * dW",
    ),
    "a batch of 200": (((_DRAW, "rng.integers(0, len(X), 200)"),), {"minibatch_sgd": 4}, "more or fewer images"),
    "weights alone": (((_BACK, "return W"),), {"minibatch_sgd": 2}, "two values are asked"),
    "nothing returned": (((f"    {_BACK}", ""),), {"minibatch_sgd": 2}, "is the `return` missing?"),
    "swapped": (((_BACK, "return losses, W"),), {"minibatch_sgd": 2}, "the first value is not a weight matrix"),
    "one value more": (((_BACK, f"{_BACK}, dW"),), {"minibatch_sgd": 2}, "(W, losses), not a tuple"),
    "sorted losses": (((_BACK, "return W, sorted(losses)"),), {"minibatch_sgd": 2}, "in the order of the steps"),
    "in place": ((("W = W - step_size * dW", "W -= step_size * dW"),), {"minibatch_sgd": 1}, "W is changed in place"),
    "uphill, batches in order": (
        (("W - step", "W + step"), (_DRAW, "(7 * len(losses) + np.arange(batch_size)) % len(X)")),
        {"minibatch_sgd": 4},
        "it goes uphill",
    ),
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
    "ten classes": ((("np.zeros((C, C)", "np.zeros((10, 10)"),), {"confusion_matrix": 5}, "wrong shape"),
    "sorted in place": (
        (("return counts", "y.sort()\n    return counts"),),
        {"confusion_matrix": 1},
        "y is changed in place",
    ),
    "a list": ((("return counts", "return counts.tolist()"),), {"confusion_matrix": 5}, "a Python list"),
    "booleans": ((("dtype=int", "dtype=bool"),), {"confusion_matrix": 5}, "dtype bool"),
    "transposed shares": (
        (("(y, predicted), 1", "(predicted, y), 1"), ("return counts", "return counts / len(y)")),
        {"confusion_matrix": 3},
        "transposed: the rows are the true classes, the columns the predicted ones — and: shares",
    ),
    "scikit-learn's name, labkit's work": (
        """
from labkit.check.labs.lab04_more import confusion_matrix_ as sklearn_confusion_matrix

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

_STRETCHED, _PLANES = "(images - low) / (high - low)", "W[:-1].T.reshape(-1, 3"

WRONG["template_images"] = {
    "bias kept": (((_PLANES, "W.T.reshape(-1, 3"),), {"template_images": 8}, "cannot reshape array"),
    "ten classes": (((_PLANES, "W[:-1].T.reshape(10, 3"),), {"template_images": 8}, "cannot reshape array"),
    "in place": (
        ((f"    return {_STRETCHED}", "    images -= low\n    return images / (high - low)"),),
        {"template_images": 0.8},
        "W is changed in place",
    ),
    "a list of images": (((_STRETCHED, f"list({_STRETCHED})"),), {"template_images": 8}, "a Python list"),
    "two slips": (
        (("(0, 2, 3, 1)", "(0, 3, 2, 1)"), (_STRETCHED, "images - low")),
        {"template_images": 5.4},
        "they lie on their side — and: the weights are only shifted",
    ),
    "squared": (((_STRETCHED, f"({_STRETCHED}) ** 2"),), {"template_images": 8}, "the values are not right"),
}
