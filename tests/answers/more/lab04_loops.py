"""More answers to lab 4: the gradient in loops, and the plot of a batch's error. answers/lab04.py takes them in."""

RIGHT, WRONG = {}, {}

RIGHT["softmax_gradient_loops"] = {
    "as it is": (),
    "outer": """
def softmax_gradient_loops(X, W, y):
    loss, dW = 0.0, np.zeros_like(W)
    for x, label in zip(X, y):
        p = np.exp(x @ W)
        p /= p.sum()
        loss -= np.log(p[label])
        p[label] -= 1
        dW += np.outer(x, p)
    return loss / len(X), dW / len(X)
""",
    "three loops": """
def softmax_gradient_loops(X, W, y):
    N, D = X.shape
    C = W.shape[1]
    loss, dW = 0.0, np.zeros((D, C))
    for i in range(N):
        s = [sum(X[i, d] * W[d, k] for d in range(D)) for k in range(C)]
        total = sum(np.exp(s))
        for k in range(C):
            p = np.exp(s[k]) / total
            for d in range(D):
                dW[d, k] += X[i, d] * (p - 1 if k == y[i] else p) / N
        loss += (np.log(total) - s[y[i]]) / N
    return loss, dW
""",
    "no loop at all": """
def softmax_gradient_loops(X, W, y):
    S = X @ W
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    Y = np.eye(W.shape[1])[y]
    return -np.mean(np.log((P * Y).sum(axis=1))), X.T @ (P - Y) / len(y)
""",
    "if and else": (("(p[k] - (k == y[i])) * X[i]", "(p[k] - 1 if k == y[i] else p[k]) * X[i]"),),
    "a list of losses": """
def softmax_gradient_loops(X, W, y):
    dW, losses = np.zeros(W.shape), []
    for i, label in enumerate(y):
        s = X[i].dot(W)
        e = np.exp(s - s.max())
        hot = np.zeros(W.shape[1])
        hot[label] = 1
        dW += X[i][:, None] * (e / e.sum() - hot)
        losses.append(np.log(e.sum()) - (s[label] - s.max()))
    return np.mean(losses), dW / len(losses)
""",
}
WRONG["softmax_gradient_loops"] = {
    "gradient alone": (
        (("return loss / N, dW / N", "return dW / N"),),
        {"softmax_gradient_loops": 7},
        "it does not return (loss, dW)",
    ),
    "the return in the loop": (
        (("    return loss / N, dW / N", "        return loss / N, dW / N"),),
        {"softmax_gradient_loops": 7},
        "the values are not right",
    ),
    "X in place": (
        (
            (
                "scores = X[i] @ W\n",
                "scores = X[i] @ W\n        X[i] *= 1.5\n        X[i] /= 1.5\n        X[i] += 0.1\n",
            ),
        ),
        {"softmax_gradient_loops": 7},
        "the values are not right",
    ),
    "a slip in each": ((("dW / N", "dW"), ("loss / N", "loss")), {"softmax_gradient_loops": 3}, "the mean is missing"),
    "labkit's": (
        """
from labkit import losses

def softmax_gradient_loops(X, W, y):
    loss, dscores = losses.softmax_loss(X @ W, y)
    return loss, X.T @ dscores
""",
        {"softmax_gradient_loops": 7},
        "labkit.losses.softmax_loss",
    ),
    "W in place": (
        (("return loss / N, dW / N", "W *= 0\n    return loss / N, dW / N"),),
        {"softmax_gradient_loops": 1},
        "W is changed in place",
    ),
    "ten classes": (
        (("C = len(X), W.shape[1]", "C = len(X), 10"),),
        {"softmax_gradient_loops": 7},
        "raises IndexError",
    ),
}

_ERRORS = """
fig, batch_plot = plt.subplots()
batch_plot.loglog(batch_sizes, errors, "o-", label="measured")
batch_plot.loglog(batch_sizes, law, label="1/√n")
batch_plot.set(xlabel="images in the batch", ylabel="relative error", title="CIFAR-10: error of a batch")
batch_plot.legend()
"""


def _edited(*pairs):
    source = _ERRORS
    for old, new in pairs:
        assert old in source, old
        source = source.replace(old, new)
    return source


RIGHT["batch_plot"] = {
    "loglog": _ERRORS,
    "scales set": _edited(
        ("loglog", "plot"), ("batch_plot.legend()", "batch_plot.set(xscale='log', yscale='log'); batch_plot.legend()")
    ),
    "logarithms drawn": _edited(
        ("loglog", "plot"),
        ("(batch_sizes, errors", "(np.log10(batch_sizes), np.log10(errors)"),
        ("(batch_sizes, law", "(np.log10(batch_sizes), np.log10(law)"),
    ),
    "the law at its ends": _edited(("(batch_sizes, law", "(batch_sizes[[0, -1]], law[[0, -1]]")),
    "a cloud": _edited(('batch_plot.loglog(batch_sizes, errors, "o-",', "batch_plot.scatter(batch_sizes, errors,")),
    "the figure": _ERRORS + "batch_plot = fig\n",
    "pyplot": """
plt.loglog(batch_sizes, errors, label="error")
plt.loglog(batch_sizes, law, label="law")
plt.xlabel("batch size")
plt.ylabel("error")
plt.title("Batches, stand-in")
plt.legend()
batch_plot = plt.gca()
""",
}
WRONG["batch_plot"] = {
    "no law": (
        _edited(('batch_plot.loglog(batch_sizes, law, label="1/√n")\n', "")),
        {"batch_plot": 2},
        "no line and no markers at the law",
    ),
    "linear axes": (_edited(("loglog", "plot")), {"batch_plot": 1}, "not logarithmic: the x axis and the y axis"),
    "one linear axis": (_edited(("loglog", "semilogx")), {"batch_plot": 1}, "not logarithmic: the y axis"),
    "swapped axes": (
        _edited(("(batch_sizes, errors", "(errors, batch_sizes")),
        {"batch_plot": 2},
        "the axes are swapped",
    ),
    "against 0, 1, 2": (
        _edited(("(batch_sizes, errors", "(np.arange(len(errors)) + 1, errors")),
        {"batch_plot": 2},
        "drawn against 0, 1, 2",
    ),
    "no legend": (_edited(("batch_plot.legend()", "pass")), {"batch_plot": 1}, "no legend"),
    "no title": (_edited((', title="CIFAR-10: error of a batch"', "")), {"batch_plot": 1}, "no title"),
    "no data": (_edited(("CIFAR-10: error", "Error")), {"batch_plot": 0.5}, "on which data"),
    "no labels": (
        _edited(('xlabel="images in the batch", ylabel="relative error", ', "")),
        {"batch_plot": 1},
        "no label on the x axis; no label on the y axis",
    ),
    "labels swapped": (
        _edited(('xlabel="images in the batch", ylabel="relative error"', 'xlabel="error", ylabel="images"')),
        {"batch_plot": 1},
        "the labels of the axes are swapped",
    ),
    "names swapped": (
        _edited(('"measured"', '"the law"'), ('"1/√n"', '"measured errors"')),
        {"batch_plot": 1},
        "the names in the legend are swapped",
    ),
    "the numbers": ("batch_plot = errors", {"batch_plot": 6}, "there is no plot in it"),
}
