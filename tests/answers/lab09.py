"""Answers to lab 9 that students give, laid out as in lab05.py."""

NOTEBOOK = "09_convergence.ipynb"

ARGUMENTS = {
    "proximal_model": "points, w_t, value, gradient, lam",
    "proximal_minimum": "w_t, gradient, lam",
    "subgradient_descent": "subgradient, w, eta, T",
    "lemma_sides": "W, V, u, eta",
    "rate_bound": "eta, B, rho, T",
    "best_step": "B, rho, T",
    "worst_case": "w, B, rho",
    "best_momentum": "mu, L",
    "sgd_path": "a, w, etas, batches",
    "stationary_variance": "eta, a, batch=1",
}

CHECKS = {name: f"check.{name}({name})" for name in ARGUMENTS} | {
    "error_plot": "check.error_plot(error_plot, Ts, softmax_errors, softmax_bounds)",
    "spread_plot": "check.spread_plot(spread_plot, etas, spreads, predicted)",
}

SETUP = """
import numpy as np
import matplotlib.pyplot as plt
Ts = 2 ** np.arange(13)
softmax_bounds = 11.4 / np.sqrt(Ts)
softmax_errors = 0.27 / (1 + Ts / 300)
etas = np.array([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 1.9])
predicted = 1.5 * np.sqrt(etas / (2 - etas))
spreads = predicted * np.array([1.01, 0.99, 1.02, 1, 0.998, 1.001, 1, 0.999, 1.003])
a = np.array([2.0, -1.0])
w_star = np.arange(100.0)
"""

STUBS = {name: f"def {name}({arguments}):\n    ...  # your code here" for name, arguments in ARGUMENTS.items()}
STUBS |= {"error_plot": "error_plot = None\n# your code here", "spread_plot": "spread_plot = None\n# your code here"}


def _written(name, body):
    """A whole answer: the function with this body."""
    return f"def {name}({ARGUMENTS[name]}):\n" + "".join(f"    {line}\n" for line in body.strip().split("\n"))


RIGHT, WRONG = {}, {}

RIGHT["proximal_model"] = {
    "the matrix product the other way": (("away @ gradient", "gradient @ away.T"),),
    "dot and norm": (
        ("away @ gradient", "away.dot(gradient)"),
        ("np.sum(away**2, axis=1)", "np.linalg.norm(away, axis=1) ** 2"),
    ),
    "einsum": (("np.sum(away**2, axis=1)", "np.einsum('kd,kd->k', away, away)"),),
    "products, summed": (("away @ gradient", "(away * gradient).sum(axis=1)"), ("lam / 2", "0.5 * lam")),
    "a completed square": """
def proximal_model(points, w_t, value, gradient, lam):
    lowest = w_t - gradient / lam
    bottom = value - np.sum(gradient**2) / (2 * lam)
    return bottom + lam / 2 * ((points - lowest) ** 2).sum(axis=-1)
""",
    "multiplied out": (("away @ gradient", "points @ gradient - w_t @ gradient"),),
}
WRONG["proximal_model"] = {
    "loop": (
        _written(
            "proximal_model",
            "return np.array([value + (w - w_t) @ gradient + lam / 2 * np.sum((w - w_t) ** 2) for w in points])",
        ),
        {"proximal_model": 0.5},
        "line 2: a list comprehension",
    ),
    "in place": (
        (("away = points - w_t", "points -= w_t\n    away = points"),),
        {"proximal_model": 0.5},
        "points is changed",
    ),
    "two slips": ((("lam / 2", "lam"), ("value + ", "")), {"proximal_model": 2.25}, "is missing — and: the factor ½"),
}

RIGHT["proximal_minimum"] = {
    "eta first": _written("proximal_minimum", "eta = 1 / lam\nreturn w_t - eta * gradient"),
    "a quotient": (("w_t - gradient / lam", "(lam * w_t - gradient) / lam"),),
    "a copy": _written("proximal_minimum", "new = w_t.copy()\nnew -= gradient / lam\nreturn new"),
    "a sum": (("w_t - gradient / lam", "np.add(w_t, -gradient * lam**-1)"),),
    "a method": (("gradient / lam", "gradient.__truediv__(lam)"),),
}
WRONG["proximal_minimum"] = {
    "in place": (
        _written("proximal_minimum", "w_t -= gradient / lam\nreturn w_t"),
        {"proximal_minimum": 0.5},
        "w_t is changed in place",
    ),
    "nonsense": ((("w_t - ", "w_t * 3 - "),), {"proximal_minimum": 3}, "the values are not right"),
}

_DESCENT = """
W, V = np.zeros((T + 1, *w.shape)), np.zeros((T, *w.shape))
W[0] = w
for t in range(T):
    V[t] = subgradient(W[t])
    W[t + 1] = W[t] - eta * V[t]
return W, V, W[:T].sum(axis=0) / T
"""
_RUNNING = """
points, taken, average = [w.copy()], [], np.zeros_like(w)
while len(taken) < T:
    v = subgradient(w)
    average = average + w / T
    w = w - eta * v
    taken += [v]
    points += [w]
return np.stack(points), np.stack(taken), average
"""
RIGHT["subgradient_descent"] = {
    "arrays": _written("subgradient_descent", _DESCENT),
    "a running average": _written("subgradient_descent", _RUNNING),
    "the mean by its name": (("W[:-1].mean(axis=0)", "np.mean(W[:-1], axis=0)"),),
    "the mean of T points": (("W[:-1].mean(axis=0)", "np.average(W[:T], axis=0)"),),
    "subgradients once more": (
        ("W, V = np.array(W), np.array(V)", "W = np.array(W)\n    V = np.array([subgradient(w) for w in W[:-1]])"),
    ),
    "in place with copies": """
def subgradient_descent(subgradient, w, eta, T):
    w = w.astype(float).copy()
    W, V = [w.copy()], []
    for _ in range(T):
        V.append(np.array(subgradient(w.copy())))
        w -= eta * V[-1]
        W.append(w.copy())
    return np.array(W), np.array(V), sum(W[:-1]) / T
""",
}
WRONG["subgradient_descent"] = {
    "the average alone": (
        (("return W, V, average", "return average"),),
        {"subgradient_descent": 8},
        "it does not return (W, V, average)",
    ),
    "another order": ((("return W, V, average", "return V, W, average"),), {"subgradient_descent": 8}, "in this order"),
    "the start changed": (
        _written("subgradient_descent", _RUNNING.replace("w = w - eta * v", "w -= eta * v")),
        {"subgradient_descent": 8},
        "W",
    ),
    "uphill, and the last point": (
        (("- eta", "+ eta"), ("W[:-1].mean(axis=0)", "W[-1]")),
        {"subgradient_descent": 4},
        "uphill",
    ),
}

RIGHT["lemma_sides"] = {
    "einsum": (("np.sum((W[:-1] - u) * V)", "np.einsum('td,td->', W[:-1] - u, V)"),),
    "norms": (("np.sum((W[0] - u) ** 2)", "np.linalg.norm(W[0] - u) ** 2"), ("np.sum(V**2)", "np.linalg.norm(V) ** 2")),
    "a loop": (("np.sum((W[:-1] - u) * V)", "sum((w - u) @ v for w, v in zip(W, V))"),),
    "from the steps": (("np.sum(V**2)", "np.sum(((W[:-1] - W[1:]) / eta) ** 2)"),),
    "a list": (("return left, start + lengths", "return [left, float(start + lengths)]"),),
}
WRONG["lemma_sides"] = {
    "the right side alone": ((("return left, ", "return "),), {"lemma_sides": 7}, "it does not return (left, right)"),
    "swapped": (
        (("return left, start + lengths", "return start + lengths, left"),),
        {"lemma_sides": 7},
        "in this order",
    ),
    "in place": ((("    left =", "    W -= u\n    W += u\n    left ="),), {"lemma_sides": 1}, "W is changed in place"),
    "u of the notebook": ((("W[0] - u", "W[0] - w_star[: len(u)]"),), {"lemma_sides": 3}, "uses w_star"),
}

RIGHT["rate_bound"] = {
    "one fraction": _written("rate_bound", "return (B**2 + eta**2 * rho**2 * T) / (2 * eta * T)"),
    "products": _written("rate_bound", "return 0.5 * (B * B / eta / T + eta * rho * rho)"),
    "squares": (("B**2", "np.square(B)"), ("rho**2", "np.square(rho)")),
    "step 3": (("B**2 / (2 * eta * T)", "(B**2 / (2 * eta)) / T"),),
    "around the best": _written(
        "rate_bound", "best = B / (rho * np.sqrt(T))\nreturn B * rho / np.sqrt(T) * (best / eta + eta / best) / 2"
    ),
}
WRONG["rate_bound"] = {"nonsense": ((("start + steps", "start * steps"),), {"rate_bound": 3}, "does not depend on eta")}

RIGHT["best_step"] = {
    "a power": _written("best_step", "return B / rho * T**-0.5"),
    "two divisions": _written("best_step", "return B / rho / np.sqrt(T)"),
    "one root": _written("best_step", "return np.sqrt(B**2 / (rho**2 * T))"),
    "a product": _written("best_step", "return (B * np.sqrt(T)) / (rho * T)"),
    "half a power": (("np.sqrt(T)", "T**0.5"),),
}
WRONG["best_step"] = {"nothing of T": ((("np.sqrt(T)", "10"),), {"best_step": 3}, "does not depend on T")}

RIGHT["worst_case"] = {
    "two returns": """
def worst_case(w, B, rho):
    norm = np.linalg.norm(w)
    first, second = rho * np.max(w), rho * (norm - B * (1 + len(w) ** -0.5))
    if second > first:
        return second, rho * w / norm
    v = np.zeros_like(w)
    v[w.argmax()] = rho
    return first, v
""",
    "where": (
        ("    if cone > flat:\n        v = rho * w / norm\n", "    v = np.where(cone > flat, rho * w / norm, v)\n"),
    ),
    "identity": (("    v = np.zeros(n)\n    v[np.argmax(w)] = rho\n", "    v = rho * np.eye(n)[np.argmax(w)]\n"),),
    "at least": (("cone > flat", "cone >= flat"),),
    "size and dot": (("len(w), np.sqrt(np.sum(w**2))", "w.size, np.sqrt(w @ w)"),),
    "a list, floats": (("return max(flat, cone), v", "return [float(np.maximum(flat, cone)), v]"),),
}
WRONG["worst_case"] = {
    "the value alone": (
        (("return max(flat, cone), v", "return max(flat, cone)"),),
        {"worst_case": 8},
        "it does not return (value, subgradient)",
    ),
    "w at the maximum": (
        (("    return max", "    w[0] = 0\n    return max"),),
        {"worst_case": 1},
        "w is changed in place",
    ),
}

RIGHT["best_momentum"] = {
    "kappa": _written(
        "best_momentum", "k = np.sqrt(L / mu)\nreturn (2 / (np.sqrt(L) + np.sqrt(mu))) ** 2, ((k - 1) / (k + 1)) ** 2"
    ),
    "beta from eta": (("root = (high - low) / (high + low)", "root = 1 - np.sqrt(eta * mu)"),),
    "powers": (("np.sqrt(mu), np.sqrt(L)", "mu**0.5, L**0.5"),),
    "multiplied out": (("(high + low) ** 2", "(L + mu + 2 * np.sqrt(mu * L))"),),
    "a list": (("return eta, root**2", "return [eta, np.square(root)]"),),
}
WRONG["best_momentum"] = {
    "swapped": ((("return eta, root**2", "return root**2, eta"),), {"best_momentum": 5}, "in this order"),
    "beta alone": (
        (("return eta, root**2", "return root**2"),),
        {"best_momentum": 5},
        "it does not return (eta, beta)",
    ),
}

RIGHT["sgd_path"] = {
    "targets first": (("zip(etas, batches)", "zip(etas, a[batches].mean(axis=1))"), ("a[batch].mean()", "batch")),
    "a weighted mean": (("path[-1] - eta * gradient", "(1 - eta) * path[-1] + eta * a[batch].mean()"),),
    "an array": """
def sgd_path(a, w, etas, batches):
    path = np.zeros(len(batches) + 1)
    path[0] = w
    for t in range(len(batches)):
        path[t + 1] = path[t] - etas[t] * np.mean(path[t] - a[batches[t]])
    return path
""",
    "a sum over the batch": (("a[batch].mean()", "sum(a[i] for i in batch) / len(batch)"),),
    "a list": (("return np.array(path)", "return np.asarray(path, dtype=float)"),),
    "accumulated": """
def sgd_path(a, w, etas, batches):
    from itertools import accumulate
    steps = zip(etas, a[batches].mean(1))
    return np.array(list(accumulate(steps, lambda w, step: w - step[0] * (w - step[1]), initial=w)))
""",
}
WRONG["sgd_path"] = {
    "the notebook's a": ((("a[batch]", "np.array([2.0, -1.0])[batch % 2]"),), {"sgd_path": 6}, "right"),
    "a in place": (
        (("    path = [w]", "    a -= 1\n    a = a + 1\n    path = [w]"),),
        {"sgd_path": 1},
        "a is changed in place",
    ),
    "two slips": (
        (("eta * gradient", "2 * eta * gradient"), ("a[batch].mean()", "a[batch].sum()")),
        {"sgd_path": 3.75},
        " — and: ",
    ),
}

RIGHT["stationary_variance"] = {
    "the method": (("np.var(a)", "a.var()"),),
    "the equation": (("eta / (2 - eta)", "eta**2 / (1 - (1 - eta) ** 2)"),),
    "by hand": (("np.var(a)", "np.mean((a - a.mean()) ** 2)"),),
    "one fraction": _written("stationary_variance", "return eta * np.var(a) / ((2 - eta) * batch)"),
    "a deviation, squared": (("np.var(a)", "np.std(a) ** 2"),),
}
WRONG["stationary_variance"] = {"the notebook's variance": ((("np.var(a)", "2.25"),), {"stationary_variance": 3}, "a")}

# ------------------------------------------------------------------------------------------- plots

_ERRORS = """
fig, error_plot = plt.subplots()
error_plot.loglog(Ts, softmax_errors, "o-", label="measured")
error_plot.loglog(Ts, softmax_bounds, label="bound")
error_plot.set(xlabel="steps", ylabel="error", title="CIFAR-10: error and bound")
error_plot.legend()
"""
_SPREADS = _ERRORS.replace("error_plot", "spread_plot").replace("Ts", "etas").replace("softmax_errors", "spreads")
_SPREADS = _SPREADS.replace("softmax_bounds", "predicted").replace('"o-"', '"o", linestyle=""')


def _edited(source, *pairs):
    for old, new in pairs:
        assert old in source, old
        source = source.replace(old, new)
    return source


_SCATTER = ('spread_plot.loglog(etas, spreads, "o", linestyle="", label', "spread_plot.scatter(etas, spreads, label")
_GRID = (
    "spread_plot.loglog(etas, predicted,",
    "e = np.geomspace(0.009, 1.91, 200)\nspread_plot.loglog(e, 1.5 * (e / (2 - e)) ** 0.5,",
)
_SCALES = ("error_plot.legend()", "error_plot.legend()\nerror_plot.set(xscale='log', yscale='log')")

RIGHT["error_plot"] = {
    "loglog": _ERRORS,
    "scales set": _edited(_ERRORS, ("loglog", "plot"), _SCALES),
    "half and half": _edited(
        _ERRORS, ("loglog", "semilogx"), ("error_plot.legend()", "error_plot.legend()\nplt.yscale('log')")
    ),
    "logarithms drawn": _edited(
        _ERRORS,
        ("loglog", "plot"),
        ("(Ts, softmax_errors", "(np.log10(Ts), np.log10(softmax_errors)"),
        ("(Ts, softmax_bounds", "(np.log10(Ts), np.log10(softmax_bounds)"),
    ),
    "the bound at its ends": _edited(_ERRORS, ("(Ts, softmax_bounds", "(Ts[[0, -1]], softmax_bounds[[0, -1]]")),
    "pyplot": """
plt.loglog(Ts, softmax_errors, label="run")
plt.loglog(Ts, softmax_bounds, label="bound")
plt.xlabel("T")
plt.ylabel("error")
plt.title("Errors, CIFAR-10")
plt.legend()
error_plot = plt.gca()
""",
    "two panels, one scale": """
fig, error_plot = plt.subplots(1, 2, sharey=True)
error_plot[0].loglog(Ts, softmax_errors, label="run")
error_plot[1].loglog(Ts, softmax_bounds, label="bound")
fig.suptitle("Errors, CIFAR-10")
fig.supxlabel("T")
fig.supylabel("error")
fig.legend()
""",
    "the figure": _ERRORS + "error_plot = fig\n",
    "words at the lines": _edited(
        _ERRORS, ("error_plot.legend()", "error_plot.text(2, 1, 'bound'); error_plot.text(2, 0.1, 'run')")
    ),
}


def _loses(which, *cases):
    return {
        name: (_edited(_ERRORS if which == "error_plot" else _SPREADS, *pairs), {which: points}, says)
        for name, pairs, points, says in cases
    }


WRONG["error_plot"] = _loses(
    "error_plot",
    (
        "no bound",
        [('error_plot.loglog(Ts, softmax_bounds, label="bound")\n', "")],
        2,
        "no line and no markers at the bound",
    ),
    ("no errors", [('error_plot.loglog(Ts, softmax_errors, "o-", label="measured")\n', "")], 2, "at the errors"),
    ("plain axes", [("loglog", "plot")], 1, "not logarithmic: the x axis and the y axis"),
    ("one plain axis", [("loglog", "semilogy")], 1, "not logarithmic: the x axis"),
    ("against the index", [("(Ts, softmax_errors", "(softmax_errors")], 2, "drawn against 0, 1, 2"),
    ("swapped", [("(Ts, softmax_errors", "(softmax_errors, Ts")], 2, "the axes are swapped"),
    ("no labels", [('xlabel="steps", ylabel="error", ', "")], 1, "no label on the x axis; no label on the y axis"),
    ("no title", [(', title="CIFAR-10: error and bound"', "")], 1, "no title"),
    ("no legend", [("error_plot.legend()\n", "")], 1, "no legend"),
    ("the quotient", [("(Ts, softmax_errors,", "(Ts, softmax_errors / softmax_bounds,")], 2, "the quotient of the two"),
    (
        "other axes",
        [("error_plot.loglog(Ts, softmax_bounds", "error_plot.twinx().loglog(Ts, softmax_bounds")],
        3,
        "in different axes",
    ),
    ("a number", [("error_plot.legend()", "error_plot = 3")], 6, "there is no plot in it"),
)

RIGHT["spread_plot"] = {
    "markers and line": _SPREADS,
    "a cloud": _edited(_SPREADS, _SCATTER),
    "the formula on a grid": _edited(_SPREADS, _GRID),
    "both": _edited(_SPREADS, _GRID, _SCATTER),
    "joined markers": _edited(_SPREADS, ('"o", linestyle=""', '"s--"')),
    "another order": _edited(_SPREADS, ("(etas, spreads", "(etas[::-1], spreads[::-1]")),
}
WRONG["spread_plot"] = _loses(
    "spread_plot",
    ("measured twice", [("(etas, predicted", "(etas, spreads")], 1, "at the prediction"),
    ("predicted twice", [("(etas, spreads", "(etas, predicted")], 1, "at the measured spreads"),
    ("the variance", [("(etas, spreads", "(etas, spreads**2")], 1, "the squares or the roots"),
    ("plain axes", [("loglog", "plot")], 0.5, "not logarithmic"),
    ("no legend", [("spread_plot.legend()\n", "")], 0.5, "no legend"),
    ("no title", [(', title="CIFAR-10: error and bound"', "")], 0.5, "no title"),
    ("swapped", [("(etas, spreads", "(spreads, etas")], 1, "the axes are swapped"),
    ("against the index", [("(etas, predicted", "(predicted")], 1, "drawn against 0, 1, 2"),
    ("one of them hidden", [('label="bound"', 'label="bound", visible=False')], 1, "at the prediction"),
)
