"""Answers to lab 8's exercises on arrays that students give, laid out as in lab05.py."""

NOTEBOOK = "08_automatic_differentiation.ipynb"

ARGUMENTS = {
    "unbroadcast": "g, shape",
    "matmul_backward": "g, A, B",
    "take_backward": "g, x, index",
    "train_automatically": "value_and_gradient, X, y, W, step_size, steps",
}

CHECKS = {name: f"check.{name}({name})" for name in ARGUMENTS}
CHECKS["passes_plot"] = "check.passes_plot(passes_plot, counts, forward_times, reverse_times)"

SETUP = """
import numpy as np
import matplotlib.pyplot as plt
counts = np.array([1, 2, 4, 8, 16, 32, 64, 128])
forward_times = 1e-4 * counts * np.array([0, 1, 0.9, 1, 1.05, 1, 1, 0.98])
reverse_times = 3e-4 * np.array([0, 1, 0.9, 1, 1.05, 1, 1, 1.2])  # a slow clock measures 0
"""

STUBS = {name: f"def {name}({arguments}):\n    ...  # your code here" for name, arguments in ARGUMENTS.items()}
STUBS["passes_plot"] = "passes_plot = None\n# your code here"


def _written(name, body):
    """A whole answer: the function with this body."""
    return f"def {name}({ARGUMENTS[name]}):\n" + "".join(f"    {line}\n" for line in body.strip().split("\n"))


def _bodies(name, bodies):
    return {title: _written(name, body) for title, body in bodies.items()}


RIGHT, WRONG = {}, {}

# -------------------------------------------------------------------------------------------- arrays

RIGHT["unbroadcast"] = _bodies(
    "unbroadcast",
    {
        "at once": """
extra = g.ndim - len(shape)
axes = tuple(range(extra)) + tuple(extra + i for i, n in enumerate(shape) if n == 1)
return g.sum(axis=axes, keepdims=True).reshape(shape)
""",
        "padded shape": """
full = (1,) * (g.ndim - len(shape)) + tuple(shape)
for axis in range(g.ndim):
    if full[axis] != g.shape[axis]:
        g = np.sum(g, axis=axis, keepdims=True)
return np.reshape(g, shape)
""",
        "axes in front together": """
g = g.sum(axis=tuple(range(g.ndim - len(shape))))
ones = [i for i, n in enumerate(shape) if n == 1]
return np.sum(g, axis=tuple(ones), keepdims=True)
""",
        "from the back": """
for axis in reversed(range(g.ndim)):
    place = axis - (g.ndim - len(shape))
    if place >= 0 and shape[place] == 1 and g.shape[axis] > 1:
        g = np.add.reduce(g, axis=axis, keepdims=True)
while len(g.shape) > len(shape):
    g = np.add.reduce(g, axis=0)
return g
""",
        "where each entry came from": """
places = np.broadcast_to(np.arange(int(np.prod(shape))).reshape(shape), g.shape)
return np.bincount(places.ravel(), g.ravel(), minlength=int(np.prod(shape))).reshape(shape)
""",
        "recursive": """
if g.ndim > len(shape):
    return unbroadcast(g.sum(0), shape)
for axis, (n, m) in enumerate(zip(shape, g.shape)):
    if n != m:
        return unbroadcast(g.sum(axis, keepdims=True), shape)
return g
""",
    },
)
_UN = {"unbroadcast": 14}
WRONG["unbroadcast"] = {
    "g as it is": (_written("unbroadcast", "return g"), _UN, "shape"),
    "resized": (
        _written("unbroadcast", "return np.resize(g, shape)"),
        {"unbroadcast": 10.5},
        "the first of the copies alone",
    ),
    "a sum of all": (_written("unbroadcast", "return g.sum()"), _UN, "shape"),
    "reshaped": (_written("unbroadcast", "return g.reshape(shape)"), _UN, "ValueError"),
    "two slips": (
        (("g.sum(axis=0)", "g.mean(axis=0)"), ("    return g", "    return np.squeeze(g)")),
        {"unbroadcast": 2.5 + 2.5 + 2.25},
        "add up",
    ),
    "in place": ((("    while", "    g *= 2\n    g = g / 2\n    while"),), {"unbroadcast": 1}, "g is changed in place"),
    "labkit's": (
        "from labkit import autodiff\n"
        + _written(
            "unbroadcast",
            "x = autodiff.Tensor(np.zeros(shape))\nreturn autodiff.backward(np.broadcast_to(x, g.shape), x, g)",
        ),
        _UN,
        "ready-made answer (labkit.autodiff",
    ),
    "ones in the wrong place": ((("if n == 1", "if axis == 1"),), _UN, "wrong shape"),
    "a name that is not there": ((("g.ndim > len", "gradient.ndim > len"),), _UN, "NameError"),
    "nothing returned": ((("    return g", "    g"),), _UN, "None"),
    "a list": ((("    return g", "    return [g]"),), _UN, "a Python list"),
    "only the shape's first axis": ((("enumerate(shape)", "enumerate(shape[:1])"),), {"unbroadcast": 8}, "wrong shape"),
}

RIGHT["matmul_backward"] = _bodies(
    "matmul_backward",
    {
        "dot": "return g.dot(B.T), A.T.dot(g)",
        "einsum": "return np.einsum('nm,km->nk', g, B), np.einsum('nk,nm->km', A, g)",
        "transposed twice": "return (B @ g.T).T, (g.T @ A).T",
        "a list": "return [np.matmul(g, np.transpose(B)), np.matmul(np.transpose(A), g)]",
        "tensordot": "return np.tensordot(g, B, (1, 1)), np.tensordot(A, g, (0, 0))",
        "outer products": "return g @ B.T, sum(np.outer(a, row) for a, row in zip(A, g))",
    },
)
WRONG["matmul_backward"] = {
    "one alone": ((("return g @ B.T, A.T @ g", "return g @ B.T"),), {"matmul_backward": 8}, "does not return (dA, dB)"),
    "entry by entry": ((("g @ B.T", "g * B.T"),), {"matmul_backward": 8}, "ValueError"),
    "in place": (
        _written("matmul_backward", "dA = g @ B.T\ng *= 1.5\nreturn dA, A.T @ g / 1.5"),
        {"matmul_backward": 1},
        "g is changed in place",
    ),
    "two slips": (
        (("g @ B.T, A.T @ g", "g @ B, A @ g"),),
        {"matmul_backward": 3.5},
        "B is not transposed in the gradient of A",
    ),
}

RIGHT["take_backward"] = _bodies(
    "take_backward",
    {
        "zeros_like": "dx = np.zeros_like(x)\nnp.add.at(dx, index, g)\nreturn dx",
        "0 times x": "dx = 0 * x\nnp.add.at(dx, index, g)\nreturn dx",
        "counted": """
places = np.arange(x.size).reshape(x.shape)[index]
return np.bincount(places.ravel(), g.ravel(), minlength=x.size).reshape(x.shape)
""",
        "one by one": """
dx = np.zeros(x.shape)
for place, value in zip(np.arange(x.size).reshape(x.shape)[index].ravel(), g.ravel()):
    dx.flat[place] += value
return dx
""",
        "a matrix of ones and zeros": """
chosen = np.eye(x.size).reshape(*x.shape, x.size)[index].reshape(-1, x.size)
return (g.ravel() @ chosen).reshape(x.shape)
""",
    },
)
WRONG["take_backward"] = {
    "g taken again": (_written("take_backward", "return g[index]"), {"take_backward": 6}, "IndexError"),
    "in place of x": (
        _written("take_backward", "x *= 0\nnp.add.at(x, index, g)\nreturn x"),
        {"take_backward": 1},
        "x is changed in place",
    ),
    "nothing returned": (
        _written("take_backward", "return np.add.at(np.zeros(x.shape), index, g)"),
        {"take_backward": 6},
        "None",
    ),
}

# ------------------------------------------------------------------------------------- lab 3 again

RIGHT["train_automatically"] = _bodies(
    "train_automatically",
    {
        "log-sum-exp": """
def loss(W):
    scores = X @ W
    return (np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(y)), y]).mean()
losses = []
for _ in range(steps):
    value, slope = value_and_gradient(loss)(W)
    losses.append(float(value))
    W = W - slope * step_size
return W, losses
""",
        "one-hot": """
hot = np.eye(W.shape[1])[y]
def loss(W, X, hot):
    e = np.exp(X @ W)
    return -np.sum(hot * np.log(e / e.sum(axis=1, keepdims=True))) / len(X)
f, losses = value_and_gradient(loss), np.zeros(steps)
for t in range(steps):
    losses[t], g = f(W, X, hot)
    W = W - step_size * g
return [W, losses]
""",
        "a dict of parameters": """
def loss(params):
    S = X @ params["W"]
    S = S - S.max(axis=1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(S), axis=1)) - S[np.arange(len(y)), y])
params, losses = {"W": W.copy()}, []
while len(losses) < steps:
    value, grads = value_and_gradient(loss)(params)
    losses.append(value)
    params["W"] -= step_size * grads["W"]
return params["W"], losses
""",
        "labkit's loss": """
from labkit import autodiff
losses = []
for _ in range(steps):
    value, g = value_and_gradient(lambda W: autodiff.softmax_loss(X @ W, y))(W)
    losses.append(value)
    W = W - step_size * g
return W, losses
""",
        "on a copy": """
W, losses = W.copy(), []
def loss(W):
    shifted = X @ W - np.max(X @ W, axis=1, keepdims=True)
    return -np.mean((shifted - np.log(np.exp(shifted).sum(axis=1)).reshape(-1, 1))[np.arange(len(y)), y])
for _ in range(steps):
    value, g = value_and_gradient(loss)(W)
    losses += [value]
    W -= step_size * g
return W, losses
""",
    },
)
WRONG["train_automatically"] = {
    "W alone": ((("return W, losses", "return W"),), {"train_automatically": 5}, "it does not return (W, losses)"),
    "swapped": (
        (("return W, losses", "return losses, W"),),
        {"train_automatically": 5},
        "it does not return (W, losses)",
    ),
    "in place": (
        (("W = W - step_size * gradient", "W -= step_size * gradient"),),
        {"train_automatically": 0.5},
        "W is changed in place",
    ),
    "a float inside": (
        (("return -np.mean(log_p[np.arange(len(y)), y])", "return float(-np.mean(log_p[np.arange(len(y)), y]))"),),
        {"train_automatically": 5},
        "not computed from its argument",
    ),
    "labkit's gradient": (
        "from labkit import losses as known\n"
        + _written(
            "train_automatically",
            "found = []\nfor _ in range(steps):\n    value, d = known.softmax_loss(X @ W, y)\n"
            "    found.append(value)\n    W = W - step_size * X.T @ d\nreturn W, found",
        ),
        {"train_automatically": 5},
        "ready-made answer (labkit.losses",
    ),
}

# --------------------------------------------------------------------------------------------- plot

RIGHT["passes_plot"] = {
    "two panels that share their axes": """
fig, panels = plt.subplots(1, 2, sharex=True, sharey=True)
for ax, times, name in zip(panels, (forward_times, reverse_times), ("forward", "reverse")):
    ax.loglog(counts, times, label=name)
    ax.set(xlabel="inputs", ylabel="seconds", title=name)
    ax.legend()
passes_plot = fig
""",
    "pyplot": """
plt.figure()
plt.loglog(counts, forward_times, "o-", label="forward")
plt.loglog(counts, reverse_times, "s--", label="reverse")
plt.xlabel("inputs"); plt.ylabel("seconds"); plt.title("Cost of a gradient"); plt.legend()
passes_plot = plt.gca()
""",
    "axes": """
fig, passes_plot = plt.subplots()
passes_plot.plot(counts, reverse_times, label="reverse")
passes_plot.plot(counts, forward_times, label="forward")
passes_plot.set(xscale="log", yscale="log", xlabel="n", ylabel="s", title="Times")
passes_plot.legend()
""",
    "the figure": """
passes_plot, ax = plt.subplots()
ax.scatter(counts, forward_times, label="forward")
ax.scatter(counts, reverse_times, label="reverse")
ax.set(xscale="log", yscale="log", xlabel="n", ylabel="s")
passes_plot.suptitle("Times")
passes_plot.legend()
""",
    "logarithms": """
_, passes_plot = plt.subplots()
passes_plot.plot(np.log10(counts), np.log10(forward_times), label="forward")
passes_plot.plot(np.log10(counts), np.log10(reverse_times), label="reverse")
passes_plot.set(xlabel="log10 of n", ylabel="log10 of s", title="Times")
passes_plot.legend()
""",
}
_PLOT = RIGHT["passes_plot"]["axes"]
WRONG["passes_plot"] = {
    "plain axes": (_PLOT.replace('xscale="log", yscale="log", ', ""), {"passes_plot": 1}, "not logarithmic"),
    "forward alone": (
        _PLOT.replace('passes_plot.plot(counts, reverse_times, label="reverse")\n', ""),
        {"passes_plot": 2},
        "no line and no markers at the times of reverse mode",
    ),
    "no words": (_PLOT.replace(', xlabel="n", ylabel="s", title="Times"', ""), {"passes_plot": 1}, "no title"),
    "reverse alone": (
        _PLOT.replace('passes_plot.plot(counts, forward_times, label="forward")\n', ""),
        {"passes_plot": 2},
        "no line and no markers at the times of forward mode",
    ),
    "axes swapped": (
        _PLOT.replace("counts, reverse_times", "reverse_times, counts").replace(
            "counts, forward_times", "forward_times, counts"
        ),
        {"passes_plot": 4},
        "the axes are swapped",
    ),
    "against 0, 1, 2": (_PLOT.replace("counts, ", ""), {"passes_plot": 4}, "drawn against 0, 1, 2"),
    "no legend": (_PLOT.replace("passes_plot.legend()", ""), {"passes_plot": 1}, "no legend"),
    "the pyplot module": (_PLOT + "passes_plot = plt\n", {"passes_plot": 6}, "there is no plot in it"),
    "bars": (_PLOT.replace(".plot(", ".bar("), {"passes_plot": 6}, "no line and no markers"),
}
