"""Right answers in unusual styles: none is accused, in the notebook's process and through the marker's pipe.

All of them in this process; through the pipe every fourth, LABKIT_PROOF=all takes all.
"""

import matplotlib
import pytest
import test_answers as here
import test_pipe_answers as piped_answers

matplotlib.use("Agg")

STYLES = {
    "lab01": {
        "scale_pixels": {
            "a lambda": "scale_pixels = lambda images: (images.astype(float) - 127.5) / 127.5",
            "in place, then returned": (
                "def scale_pixels(images):\n"
                "    out = np.array(images, dtype=np.float64, order='F')\n"
                "    out *= 2 / 255\n"
                "    out -= 1\n"
                "    return out"
            ),
            "float32": (
                "def scale_pixels(images: np.ndarray) -> np.ndarray:\n"
                "    return np.interp(images, [0, 255], [-1, 1]).astype(np.float32)"
            ),
        },
        "squared_distances": {
            "einsum": (
                "def squared_distances(A, B):\n"
                "    sq = lambda M: np.einsum('nd,nd->n', M, M)\n"
                "    return np.add.outer(sq(A), sq(B)) - 2 * np.einsum('md,nd->mn', A, B)"
            )
        },
        "nearest_labels": {
            "default argument, walrus": (
                "def nearest_labels(distances, y_train, _axis=1):\n"
                "    if (k := np.argmin(distances, axis=_axis)).size:\n"
                "        return np.take(y_train, k)\n"
                "    return y_train[:0]"
            )
        },
        "add_bias_column": {
            "np.c_": ("def add_bias_column(X):\n    return np.c_[X, np.ones(len(X))]"),
            "Fortran order": (
                "def add_bias_column(X):\n"
                "    out = np.ones((X.shape[0], X.shape[1] + 1), order='F')\n"
                "    out[:, :-1] = X\n"
                "    return out"
            ),
        },
        "center_images": {
            "a list": (
                "def center_images(X_train, X_test):\n"
                "    m = np.add.reduce(X_train, 0) / X_train.shape[0]\n"
                "    return [np.subtract(M, m) for M in (X_train, X_test)]"
            )
        },
    },
    "lab02": {
        "bias_trick": {
            "a generator": (
                "def bias_trick(X, W, b):\n"
                "    def parts():\n"
                "        yield np.append(X, np.ones((X.shape[0], 1)), axis=1)\n"
                "        yield np.r_[W, b[np.newaxis]]\n"
                "    return tuple(parts())"
            )
        },
        "hinge_loss": {
            "a Python float": (
                "def hinge_loss(scores, y, delta=1.0):\n"
                "    right = np.take_along_axis(scores, y[:, None], 1)\n"
                "    m = np.clip(scores - right + delta, 0, None)\n"
                "    return float((m.sum() - len(y) * delta) / len(y))"
            ),
            "a 0-d array": (
                "def hinge_loss(scores, y, delta=1.0):\n"
                "    hot = np.eye(scores.shape[1], dtype=bool)[y]\n"
                "    m = np.where(hot, 0, np.maximum(scores - scores[hot].reshape(-1, 1) + delta, 0))\n"
                "    return np.array(m.sum() / y.size)"
            ),
        },
        "softmax_probabilities": {
            "a decorator": (
                "import functools\n"
                "\n"
                "def stable(f):\n"
                "    @functools.wraps(f)\n"
                "    def g(scores):\n"
                "        return f(scores - np.max(scores, axis=-1, keepdims=True))\n"
                "    return g\n"
                "\n"
                "@stable\n"
                "def softmax_probabilities(scores):\n"
                "    e = np.exp(scores)\n"
                "    return e / np.sum(e, -1, keepdims=True)"
            ),
            "a class": (
                "class Softmax:\n"
                "    def __call__(self, scores):\n"
                "        e = np.exp((scores.T - scores.max(1)).T)\n"
                "        return (e.T / e.sum(1)).T\n"
                "\n"
                "softmax_probabilities = Softmax()"
            ),
        },
        "log_probabilities": {
            "logaddexp": (
                "def log_probabilities(scores):\n    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)"
            )
        },
        "ray_scores": {
            "einsum": (
                "def ray_scores(X, W, V, a):\n    return np.einsum('nd,kdc->knc', X, W + np.multiply.outer(a, V))"
            )
        },
        "logistic_loss": {
            "signs": (
                "def logistic_loss(z, y):\n"
                "    s = 2.0 * np.asarray(y) - 1\n"
                "    return np.log1p(np.exp(-abs(z))).mean() + np.maximum(-s * z, 0).mean()"
            )
        },
    },
    "lab03": {
        "score": {
            "a partial": ("import functools\nscore = functools.partial(np.einsum, 'nd,dc->nc')"),
            "a static method": (
                "class Linear:\n"
                "    @staticmethod\n"
                "    def scores(X, W):\n"
                "        return np.inner(X, W.T)\n"
                "\n"
                "score = Linear.scores"
            ),
        },
        "log_softmax_loss": {
            "a helper in front": (
                "def _lse(s):\n"
                "    m = s.max(-1)\n"
                "    return m + np.log(np.exp(s - m[..., None]).sum(-1))\n"
                "\n"
                "def log_softmax_loss(scores, y):\n"
                "    return (_lse(scores) - scores[range(len(y)), y]).mean()"
            )
        },
        "numerical_gradient": {
            "recursion": (
                "def numerical_gradient(f, x, h=1e-6):\n"
                "    g = np.zeros(x.shape)\n"
                "    def at(i):\n"
                "        e = np.zeros(x.size)\n"
                "        e[i] = h\n"
                "        e = e.reshape(x.shape)\n"
                "        return (f(x + e) - f(x - e)) / (2 * h)\n"
                "    def fill(low, high):\n"
                "        if high - low == 1:\n"
                "            g.flat[low] = at(low)\n"
                "        else:\n"
                "            middle = (low + high) // 2\n"
                "            fill(low, middle)\n"
                "            fill(middle, high)\n"
                "    fill(0, x.size)\n"
                "    return g"
            ),
            "np.vectorize": (
                "def numerical_gradient(f, x, h=1e-6):\n"
                "    unit = np.eye(x.size).reshape(-1, *x.shape) * h\n"
                "    both = np.vectorize(lambda i: f(x + unit[i]) - f(x - unit[i]))\n"
                "    return (both(np.arange(x.size)) / h / 2).reshape(x.shape)"
            ),
        },
        "accuracy": {
            "a fraction": ("def accuracy(scores, y):\n    return np.count_nonzero(np.argmax(scores, 1) == y) / len(y)"),
            "a 0-d array": ("def accuracy(scores, y):\n    return np.asarray((scores.argmax(-1) == y).mean())"),
        },
    },
    "lab04": {
        "confusion_matrix": {
            "bincount": (
                "def confusion_matrix(y, predicted, C):\n"
                "    return np.bincount(C * np.asarray(y) + predicted, minlength=C * C).reshape(C, C)"
            ),
            "one-hot product": (
                "def confusion_matrix(y, predicted, C):\n"
                "    hot = np.eye(C, dtype=int)\n"
                "    return hot[y].T @ hot[predicted]"
            ),
        },
        "softmax_gradient": {
            "a closure": (
                "def _make():\n"
                "    def P_of(S):\n"
                "        E = np.exp(S - S.max(1)[:, None])\n"
                "        return E / E.sum(1)[:, None]\n"
                "    def gradient(X, W, y, reg=0.0):\n"
                "        P = P_of(X @ W)\n"
                "        hot = np.equal.outer(y, np.arange(W.shape[1]))\n"
                "        loss = -np.log(P[hot]).sum() / len(X) + reg / 2 * np.vdot(W, W)\n"
                "        return loss, X.T.dot(P - hot) / len(X) + reg * W\n"
                "    return gradient\n"
                "\n"
                "softmax_gradient = _make()"
            )
        },
    },
    "lab05": {
        "two_layer_scores": {
            "Fortran order": (
                "def two_layer_scores(X, W1, b1, W2, b2):\n"
                "    return np.asfortranarray(np.where((z := X @ W1 + b1) > 0, z, 0) @ W2 + b2)"
            )
        },
        "momentum_step": {
            "a list": (
                "def momentum_step(w, dw, v, rate, momentum):\n"
                "    v = np.add(momentum * v, -rate * dw)\n"
                "    return [w + v, v]"
            )
        },
        "rmsprop_step": {
            "np.average": (
                "def rmsprop_step(w, dw, cache, rate, decay, epsilon):\n"
                "    cache = np.average([cache, dw * dw], axis=0, weights=[decay, 1 - decay])\n"
                "    return w - rate * dw / np.sqrt(cache + epsilon), cache"
            )
        },
    },
    "lab06": {
        "conv_from_rows": {
            "tensordot": (
                "def conv_from_rows(rows, w, b, N, OH, OW):\n"
                "    F = len(w)\n"
                "    return np.moveaxis((rows @ w.reshape(F, -1).T + b).reshape(N, OH, OW, F), -1, 1)"
            )
        },
        "affine_backward": {
            "tensordot": (
                "def affine_backward(dout, cache):\n"
                "    x, w = cache\n"
                "    N = len(x)\n"
                "    return (dout @ w.T).reshape(x.shape), np.tensordot(x.reshape(N, -1), dout, (0, 0)), dout.sum(0)"
            )
        },
    },
    "lab07": {
        "class_accuracies": {
            "two counts": (
                "def class_accuracies(y, predicted, C):\n"
                "    n = np.bincount(y, minlength=C)\n"
                "    return np.bincount(y, weights=y == predicted, minlength=C) / n"
            )
        },
        "warm_cosine": {
            "np.piecewise": (
                "def warm_cosine(t, warm=0.2):\n"
                "    t = np.asarray(t, dtype=float)\n"
                "    return np.piecewise(t, [t < warm], [lambda s: s / warm,\n"
                "        lambda s: np.cos(np.pi / 2 * (s - warm) / (1 - warm)) ** 2])"
            )
        },
    },
    "lab08": {
        "dual_multiply": {"a lambda": "dual_multiply = lambda x, dx, y, dy: (x * y, np.sum([x * dy, y * dx], axis=0))"},
        "dual_sigmoid": {
            "tanh": ("def dual_sigmoid(x, dx):\n    s = (1 + np.tanh(x / 2)) / 2\n    return [s, s * (1 - s) * dx]")
        },
        "topological_order": {
            "a deque": (
                "from collections import deque\n"
                "\n"
                "def topological_order(needs):\n"
                "    missing = [len(set(inputs)) for inputs in needs]\n"
                "    users = {n: [m for m, inputs in enumerate(needs) if n in inputs] for n in range(len(needs))}\n"
                "    ready, order = deque(n for n, m in enumerate(missing) if m == 0), []\n"
                "    while ready:\n"
                "        order.append(n := ready.popleft())\n"
                "        for m in users[n]:\n"
                "            missing[m] -= 1\n"
                "            if not missing[m]:\n"
                "                ready.append(m)\n"
                "    return order if len(order) == len(needs) else None"
            )
        },
        "reverse_pass": {
            "a matrix": (
                "def reverse_pass(inputs, slopes):\n"
                "    n = len(inputs)\n"
                "    J = np.zeros((n, n))\n"
                "    for i, (nodes, values) in enumerate(zip(inputs, slopes)):\n"
                "        for j, s in zip(nodes, values):\n"
                "            J[i, j] += s\n"
                "    unit = np.zeros(n)\n"
                "    unit[-1] = 1\n"
                "    return np.linalg.solve(np.eye(n) - J.T, unit)"
            )
        },
    },
    "lab09": {
        "rate_bound": {
            "a Python float": (
                "def rate_bound(eta: float, B: float, rho: float, T: int) -> float:\n"
                "    return B * B / (2 * eta * T) + eta * rho * rho / 2"
            )
        },
        "best_step": {"a lambda": "best_step = lambda B, rho, T, *, root=np.sqrt: B / (rho * root(T))"},
        "stationary_variance": {
            "by hand": (
                "def stationary_variance(eta, a, batch=1):\n"
                "    m = sum(a) / len(a)\n"
                "    var = sum((v - m) ** 2 for v in a) / len(a)\n"
                "    return eta / (2 - eta) * var / batch"
            )
        },
        "lemma_sides": {
            "vdot": (
                "def lemma_sides(W, V, u, eta):\n"
                "    left = sum(np.vdot(w - u, v) for w, v in zip(W, V))\n"
                "    return left, np.vdot(W[0] - u, W[0] - u) / (2 * eta) + eta / 2 * np.vdot(V, V)"
            )
        },
    },
}
EVERY = [(lab, cell, name) for lab, cells in STYLES.items() for cell, found in cells.items() for name in found]
line = piped_answers.line


def _lost(found, lab, cell):
    """What a right answer loses, with the words."""
    right = here._verdicts(lab, cell, here._source(cell, next(iter(here.TABLES[lab]["RIGHT"][cell].values()))))
    return {exercise: found[exercise] for exercise, (points, _) in right.items() if found[exercise][0] != points}


@pytest.mark.parametrize("lab, cell, name", EVERY)
def test_no_style_is_accused(lab, cell, name):
    assert not _lost(here._verdicts(lab, cell, STYLES[lab][cell][name]), lab, cell)


@pytest.mark.parametrize("lab, cell, name", EVERY if piped_answers.ALL else EVERY[::4])
def test_nor_through_the_pipe(line, lab, cell, name):
    assert not _lost(piped_answers._through_the_pipe(line, lab, cell, STYLES[lab][cell][name]), lab, cell)
