"""More answers to lab 2: prototypes, the hinge loss in loops, two classes, cross-entropy, the plot of a ray."""

CHECKS = {
    "prototype_classifier": "check.prototype_classifier(prototype_classifier)",
    "hinge_loss_loops": "check.hinge_loss_loops(hinge_loss_loops)",
    "logistic_loss": "check.logistic_loss(logistic_loss)",
    "mean_cross_entropy": "check.mean_cross_entropy(mean_cross_entropy)",
    "ray_plot": 'check.ray_plot(ray_plot, a, heights(S_ray, y100, "hinge"), heights(S_ray, y100, "softmax"))',
}

STUBS = {
    "prototype_classifier": "def prototype_classifier(M):\n    ...  # your code here",
    "hinge_loss_loops": "def hinge_loss_loops(scores, y):\n    ...  # your code here",
    "logistic_loss": "def logistic_loss(z, y):\n    ...  # your code here",
    "mean_cross_entropy": "def mean_cross_entropy(T, log_P):\n    ...  # your code here",
    "ray_plot": "ray_plot = None\n# your code here",
}

# What the lab has by then: the steps of a ray, the scores there, and the loss of scores at many places.
SETUP = """
from labkit import plots
a = np.linspace(-5, 5, 201)
y100 = np.random.default_rng(5).integers(0, 4, 30)
S_ray = np.random.default_rng(6).normal(size=(30, 4)) + a[:, None, None] * np.random.default_rng(7).normal(size=(30, 4))
heights = plots.landscape_losses
"""

RIGHT, WRONG = {}, {}

# -------------------------------------------------------------------------------------- prototypes

RIGHT["prototype_classifier"] = {
    "as derived": "return M.T, -0.5 * np.sum(M**2, axis=1)",
    "twice as much": "return 2 * M.T, -np.sum(M**2, axis=1)",
    "one by one": """
def prototype_classifier(M):
    C, D = M.shape
    W, b = np.zeros((D, C)), np.zeros(C)
    for k in range(C):
        W[:, k] = M[k]
        b[k] = -(M[k] @ M[k]) / 2
    return W, b
""",
    "einsum": 'return np.transpose(M), -np.einsum("cd,cd->c", M, M) / 2',
    "norms": "return M.T.copy(), -np.linalg.norm(M, axis=1) ** 2 / 2",
    "a list": "W = np.array(M).T; return [W, -0.5 * (W * W).sum(0)]",
    "from the mean prototype": """
def prototype_classifier(M):
    middle = M.mean(axis=0)
    b = -0.5 * np.sum((M - middle) ** 2, axis=1) - (M - middle) @ middle
    return (M - middle).T, b
""",
    "the diagonal": "return M.T, -0.5 * np.diag(M @ M.T)",
}
WRONG["prototype_classifier"] = {
    "not transposed": ("return M, -0.5 * np.sum(M**2, axis=1)", {"prototype_classifier": 3}, "do not fit"),
    "over the classes": ("return M.T, -0.5 * np.sum(M**2, axis=0)", {"prototype_classifier": 3}, "do not fit"),
    "W alone": ("return M.T", {"prototype_classifier": 3}, "does not return two arrays"),
    "b alone, b first": ("return -0.5 * np.sum(M**2, axis=1), M.T", {"prototype_classifier": 3}, "do not fit"),
    "in place": (
        "M *= 1.0; M -= M.mean(axis=0); return M.T, -0.5 * np.sum(M**2, axis=1)",
        {"prototype_classifier": 3},
        "",
    ),
}

# ------------------------------------------------------------------------------ hinge loss in loops

RIGHT["hinge_loss_loops"] = {
    "two loops": """
def hinge_loss_loops(scores, y):
    total = 0
    for i in range(len(y)):
        for j in range(scores.shape[1]):
            if j == y[i]:
                continue
            total += max(0, scores[i, j] - scores[i, y[i]] + 1)
    return total / len(y)
""",
    "rows and labels": """
def hinge_loss_loops(scores, y):
    losses = []
    for row, label in zip(scores, y):
        loss = -1
        for s in row:
            loss += max(0, s - row[label] + 1)
        losses.append(loss)
    return np.mean(losses)
""",
    "if it is positive": """
def hinge_loss_loops(scores, y):
    N, C = scores.shape
    loss = 0.0
    for i in range(N):
        right = scores[i][y[i]]
        for j in range(C):
            m = scores[i][j] - right + 1
            if m > 0 and j != y[i]:
                loss += m / N
    return loss
""",
    "generators": """
def hinge_loss_loops(scores, y):
    def one(s, k):
        return sum(max(0.0, v - s[k] + 1.0) for j, v in enumerate(s) if j != k)
    return sum(one(s, k) for s, k in zip(scores, y)) / len(scores)
""",
    "no loop at all": """
def hinge_loss_loops(scores, y):
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    return margins.sum() / len(y)
""",
    "while": """
def hinge_loss_loops(scores, y):
    total, i = np.float64(0), 0
    while i < scores.shape[0]:
        others = list(range(scores.shape[1]))
        others.remove(y[i])
        for j in others:
            total = total + np.maximum(0, 1 + scores[i, j] - scores[i, y[i]])
        i += 1
    return float(total) / i
""",
}
WRONG["hinge_loss_loops"] = {
    "in place": (
        """
def hinge_loss_loops(scores, y):
    N, C = scores.shape
    total = 0.0
    for i in range(N):
        scores[i] -= scores[i, y[i]] - 1
        for j in range(C):
            if j != y[i]:
                total += max(0, scores[i, j])
    return total / N
""",
        {"hinge_loss_loops": 1},
        "scores is changed in place",
    ),
    "a loss for each image": (
        "return np.array([np.maximum(0, s - s[k] + 1).sum() - 1 for s, k in zip(scores, y)])",
        {"hinge_loss_loops": 5},
        "one number is asked",
    ),
    "ten classes": ((("N, C = scores.shape", "N, C = len(scores), 10"),), {"hinge_loss_loops": 5}, "raises IndexError"),
}

# -------------------------------------------------------------------------------------- two classes

RIGHT["logistic_loss"] = {
    "logaddexp": "return np.logaddexp(0, np.where(y == 1, -z, z)).mean()",
    "signs": "return np.mean(np.logaddexp(0, (1 - 2 * y) * z))",
    "both terms": """
def logistic_loss(z, y):
    log_1, log_0 = -np.logaddexp(0, -z), -np.logaddexp(0, z)
    return -np.mean(y * log_1 + (1 - y) * log_0)
""",
    "log1p of the small one": """
def logistic_loss(z, y):
    m = np.where(y > 0, z, -z)
    return (np.maximum(0, -m) + np.log1p(np.exp(-abs(m)))).sum() / len(y)
""",
    "log-sum-exp of two scores": """
def logistic_loss(z, y):
    scores = np.stack([0 * z, z], axis=1)
    s = scores - scores.max(axis=1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(y)), y].mean()
""",
    "one by one": """
def logistic_loss(z, y):
    total = 0.0
    for margin, label in zip(z, y):
        m = float(margin) if label else -float(margin)
        if m > 0:
            total += np.log(1 + np.exp(-m))
        else:
            total += -m + np.log(1 + np.exp(m))
    return total / len(z)
""",
    "SciPy's logarithm of the sigmoid": """
from scipy.special import log_expit
def logistic_loss(z, y):
    return -np.mean(log_expit(np.where(y == 1, z, -z)))
""",
    "softplus minus y z": "return np.mean(np.logaddexp(0.0, z) - y * z)",
    "selected": """
def logistic_loss(z, y):
    of_1, of_0 = z[y == 1], z[y == 0]
    return (np.logaddexp(0, -of_1).sum() + np.logaddexp(0, of_0).sum()) / y.size
""",
}
WRONG["logistic_loss"] = {
    "the formula as it stands": (
        "p = 1 / (1 + np.exp(-z)); return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))",
        {"logistic_loss": 3},
        "not finite for margins in the hundreds",
    ),
    "a clipped probability": (
        """
def logistic_loss(z, y):
    p = np.clip(1 / (1 + np.exp(-z.astype(float))), 1e-12, 1 - 1e-12)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
""",
        {"logistic_loss": 3},
        "finite but wrong",
    ),
    "in place": ("z *= 1 - 2 * y; return np.logaddexp(0, z).mean()", {"logistic_loss": 1}, "z is changed in place"),
    "labkit's": (
        """
from labkit import losses
def logistic_loss(z, y):
    return losses.softmax_loss(np.stack([0 * z, z], axis=1), y)[0]
""",
        {"logistic_loss": 8},
        "ready-made answer (labkit.losses.softmax_loss",
    ),
    "the mean probability": (
        "return -np.log(np.exp(-np.logaddexp(0, np.where(y == 1, -z, z))).mean())",
        {"logistic_loss": 8},
        "the value is not right",
    ),
}

# ------------------------------------------------------------------------------------ cross-entropy

RIGHT["mean_cross_entropy"] = {
    "as it reads": "return -(T * log_P).sum(axis=1).mean()",
    "over N": "return -np.sum(T * log_P) / len(T)",
    "einsum": 'return -np.einsum("nc,nc->", T, log_P) / T.shape[0]',
    "one by one": """
def mean_cross_entropy(T, log_P):
    total = 0
    for t, log_p in zip(T, log_P):
        total -= t @ log_p
    return total / len(T)
""",
    "vdot": "return float(-np.vdot(T, log_P) / T.shape[0])",
    "where T is above 0": "return np.where(T > 0, -T * log_P, 0).sum(1).mean()",
    "the diagonal": "return -np.trace(T @ log_P.T) / len(log_P)",
}
WRONG["mean_cross_entropy"] = {
    "in place": ("T *= log_P; return -T.sum(axis=1).mean()", {"mean_cross_entropy": 1}, "T is changed in place"),
    "exchanged": (
        "return -np.mean(np.sum(np.exp(log_P) * np.log(T + 1e-30), axis=1))",
        {"mean_cross_entropy": 4},
        "the value is not right",
    ),
    "labels": ("return -log_P[np.arange(len(T)), T.argmax(axis=1)].mean()", {"mean_cross_entropy": 4}, ""),
}

# ------------------------------------------------------------------------------------ plot of a ray

_RAY = """
fig, ray_plot = plt.subplots()
ray_plot.plot(a, hinge_there, label="hinge")
ray_plot.plot(a, softmax_there, "--", label="softmax")
ray_plot.set(xlabel="step a along the ray", ylabel="mean loss", title="A ray, 100 images of CIFAR-10")
ray_plot.legend()
"""


def _edited(*pairs):
    source = _RAY
    for old, new in pairs:
        assert old in source, old
        source = source.replace(old, new)
    return source


RIGHT["ray_plot"] = {
    "axes": _RAY,
    "figure": _RAY + "ray_plot = fig\n",
    "list of lines": """
ray_plot = plt.plot(a, hinge_there, a, softmax_there)
plt.xlabel("a")
plt.ylabel("loss")
plt.title("Losses along a ray (stand-in)")
plt.legend(["SVM", "cross-entropy"])
""",
    "a logarithmic axis": _edited(("ray_plot.legend()", "ray_plot.set_yscale('log'); ray_plot.legend()")),
    "every second place": _edited(("(a, softmax_there", "(a[::2], softmax_there[::2]")),
    "two scales": """
fig, left = plt.subplots()
left.plot(a, hinge_there, color="C0", label="hinge")
left.set_xlabel("step")
left.set_ylabel("hinge loss")
right = left.twinx()
right.plot(a, softmax_there, color="C1", label="softmax")
right.set_ylabel("softmax loss")
fig.suptitle("Cifar10, along a ray")
fig.legend()
ray_plot = left
""",
    "one figure, two calls of pyplot": """
plt.figure()
for name in ("hinge", "softmax"):
    plt.plot(a, [heights(S, y100, name) for S in S_ray], label=name.upper())
plt.xlabel("$a$")
plt.ylabel("loss (mean of 100 images)")
plt.title("stand-in / CIFAR10")
plt.legend(loc="best")
ray_plot = plt.gcf()
""",
    "written at the curves": _edited(
        ("ray_plot.legend()", "ray_plot.text(0, 12, 'hinge loss'); ray_plot.text(0, 3, 'softmax loss')")
    ),
    "lists, and a mark at the lowest": _edited(
        ("(a, hinge_there", "(list(a), list(hinge_there)"),
        ("ray_plot.legend()", "ray_plot.plot(a[88:89], softmax_there[88:89], 'o'); ray_plot.legend()"),
    ),
}
WRONG["ray_plot"] = {
    "no softmax": (
        _edited(('ray_plot.plot(a, softmax_there, "--", label="softmax")\n', "")),
        {"ray_plot": 3},
        "no line runs through the softmax losses",
    ),
    "sums": (
        _edited(("(a, hinge_there", "(a, 100 * hinge_there")),
        {"ray_plot": 2},
        "this is 100 times the hinge loss",
    ),
    "against the index": (_edited(("(a, hinge_there", "(hinge_there")), {"ray_plot": 2}, "drawn against 0, 1, 2"),
    "swapped axes": (_edited(("(a, hinge_there", "(hinge_there, a")), {"ray_plot": 2}, "the axes are swapped"),
    "two panels": (
        """
ray_plot, (one, two) = plt.subplots(1, 2)
one.plot(a, hinge_there, label="hinge")
two.plot(a, softmax_there, label="softmax")
one.set(xlabel="a", ylabel="loss", title="stand-in: a ray")
one.legend(), two.legend()
""",
        {"ray_plot": 2},
        "in different axes",
    ),
    "backwards": (_edited(("(a, softmax_there", "(a, softmax_there[::-1]")), {"ray_plot": 2}, "run backwards"),
    "steps doubled": (
        _edited(("(a, softmax_there", "(2 * a, softmax_there")),
        {"ray_plot": 2},
        "at other places than the steps a",
    ),
    "logarithms": (
        _edited(("(a, softmax_there", "(a, np.log(softmax_there)")),
        {"ray_plot": 2},
        "the logarithm of the loss is drawn",
    ),
    "no legend": (_edited(("ray_plot.legend()", "pass")), {"ray_plot": 1}, "no legend"),
    "names swapped": (
        _edited(('label="hinge"', 'label="soft"'), ('label="softmax"', 'label="hinge"'), ('"soft"', '"softmax"')),
        {"ray_plot": 1},
        "the names in the legend are swapped",
    ),
    "no data": (_edited((" of CIFAR-10", "")), {"ray_plot": 0.5}, "on which data"),
    "no title": (_edited((', title="A ray, 100 images of CIFAR-10"', "")), {"ray_plot": 1}, "no title"),
    "no labels": (
        _edited(('xlabel="step a along the ray", ylabel="mean loss", ', "")),
        {"ray_plot": 1},
        "no label on the x axis; no label on the y axis",
    ),
    "the numbers": ("ray_plot = hinge_there", {"ray_plot": 6}, "there is no plot in it"),
    "the module": (_RAY + "ray_plot = plt\n", {"ray_plot": 6}, "there is no plot in it"),
    "half of the ray": (_edited(("(a, softmax_there", "(a[:90], softmax_there[:90]")), {"ray_plot": 2}, "no line"),
}

_VALUES = '\nhinge_there, softmax_there = (heights(S_ray, y100, loss) for loss in ("hinge", "softmax"))\n'
RIGHT["ray_plot"] = {name: _VALUES + source for name, source in RIGHT["ray_plot"].items()}
WRONG["ray_plot"] = {name: (_VALUES + source, *rest) for name, (source, *rest) in WRONG["ray_plot"].items()}
