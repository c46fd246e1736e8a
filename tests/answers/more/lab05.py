"""More answers to lab 5: the training loop and the plot of the two runs. answers/lab05.py takes them in."""

from written import but

_ARGUMENTS = "network, params, X, y, step, epochs, batch_size, rng"
_HEAD = f"def train_by_batches({_ARGUMENTS}):\n"
CHECKS = {
    "train_by_batches": "check.train_by_batches(train_by_batches)",
    "cured_plot": "check.cured_plot(cured_plot, poor.losses, cured.losses, poor.val_accuracy, cured.val_accuracy)",
}
STUBS = {"train_by_batches": f"{_HEAD}    ...  # your code here", "cured_plot": "cured_plot = None\n# your code here"}
SETUP = """
import matplotlib.pyplot as plt
from types import SimpleNamespace

def _noisy(start, end, steps, noise, seed):
    course = end + (start - end) * np.exp(-np.arange(steps) / 60)
    return (course + noise * np.random.default_rng(seed).normal(size=steps)).tolist()

poor = SimpleNamespace(losses=_noisy(2.303, 2.1, 300, 0.02, 0), val_accuracy=[0.1, 0.18, 0.23, 0.26, 0.277])
cured = SimpleNamespace(losses=_noisy(2.6, 1.4, 300, 0.08, 1), val_accuracy=[0.09, 0.41, 0.46, 0.49, 0.5])
cifar = SimpleNamespace(name="CIFAR-10")
"""

RIGHT, WRONG = {}, {}

# --------------------------------------------------------------------------------------- the loop

RIGHT["train_by_batches"] = {
    "shuffled copies": f"""
{_HEAD}
    N, history = X.shape[0], np.array([])
    for epoch in range(epochs):
        rows = np.arange(N)
        rng.shuffle(rows)
        images, labels = X[rows], y[rows]
        while len(images):
            loss, grads = network(images[:batch_size], params, labels[:batch_size])
            params = step(params, grads)
            history = np.append(history, loss)
            images, labels = images[batch_size:], labels[batch_size:]
    return params, history
""",
    "array_split at the places": f"""
{_HEAD}
    record = []
    while epochs > 0:
        chosen = rng.choice(len(y), size=len(y), replace=False)
        for rows in np.array_split(chosen, range(batch_size, len(y), batch_size)):
            result = network(X.take(rows, axis=0), params, y.take(rows))
            record += [float(result[0])]
            params = step(params, result[1])
        epochs -= 1
    return [params, tuple(record)]
""",
    "one loop over the steps": f"""
{_HEAD}
    per_epoch = int(np.ceil(len(X) / batch_size))
    losses = np.zeros(epochs * per_epoch)
    for t in range(epochs * per_epoch):
        i = t % per_epoch
        if i == 0:
            order = np.argsort(rng.random(len(X)))
        batch = order[i * batch_size : min((i + 1) * batch_size, len(X))]
        losses[t], grads = network(X[batch], params, y[batch])
        params = step(params, grads)
    return params, losses
""",
    "a generator of batches, a look at the loss": f"""
def batches(N, size, rng):
    order = rng.permutation(N)
    for k in range((N + size - 1) // size):
        yield order[k * size : (k + 1) * size]

{_HEAD}
    losses = []
    for e in range(1, epochs + 1):
        for rows in batches(len(X), batch_size, rng):
            loss, grads = network(X[rows, :], params, y[rows])
            losses.append(loss)
            params = step(params, grads)
        print(e, network(X[:3], params, y[:3])[0])
    return params, losses
""",
    "loss and gradient in two calls, the dict updated": f"""
{_HEAD}
    params, losses = dict(params), []
    for _ in range(epochs):
        order = list(range(len(X)))
        rng.shuffle(order)
        while order:
            batch, order = order[:batch_size], order[batch_size:]
            losses.append(network(X[batch], params, y[batch])[0])
            params.update(step(params, network(X[batch], params, y[batch])[1]))
    return params, losses
""",
    "list of all batches first": f"""
{_HEAD}
    orders = [rng.permutation(len(X)) for _ in range(epochs)]
    cuts = [o[i : i + batch_size] for o in orders for i in range(0, len(X), batch_size)]
    def one(rows):
        nonlocal params
        loss, grads = network(X[rows], params, y[rows])
        params = step(params, grads)
        return loss
    losses = [one(rows) for rows in cuts]
    return params, losses
""",
}

_ALL = {"train_by_batches": 10}
_CALL, _STEP, _BACK = "network(X[batch], params, y[batch])", "params = step(params, grads)", "return params, losses"

WRONG["train_by_batches"] = {
    "no step": (((_STEP, "pass"),), _ALL, "step is never called"),
    "arguments of the network swapped": (
        ((_CALL, "network(params, X[batch], y[batch])"),),
        _ALL,
        "network(X, params, y)",
    ),
    "arguments of the step swapped": (
        ((_STEP, "params = step(grads, params)"),),
        _ALL,
        "the steps are not those of step(params, grads)",
    ),
    "labels of all": ((("y[batch]", "y"),), _ALL, "other labels than one for each"),
    "a step of its own": (
        ((_STEP, "params = {name: params[name] - 0.01 * grads[name] for name in params}"),),
        _ALL,
        "step is never called",
    ),
    "shuffled in place": (
        (
            (
                "        order = rng.permutation(len(X))\n",
                "        order = rng.permutation(len(X))\n        X[:], y[:] = X[order], y[order]\n"
                "        order = np.arange(len(X))\n",
            ),
        ),
        {"train_by_batches": 1},
        "X is changed in place",
    ),
    "params alone": (((_BACK, "return params"),), {"train_by_batches": 1}, "two values are asked"),
    "nothing returned": (((f"    {_BACK}", ""),), {"train_by_batches": 1}, "is the `return` missing?"),
    "swapped": (((_BACK, "return losses, params"),), {"train_by_batches": 1}, "not a dict of parameters"),
    "batches of a hundred": (
        (("range(0, len(X), batch_size)", "range(0, len(X), 100)"), ("first + batch_size]", "first + 100]")),
        {"train_by_batches": 3},
        "has another size",
    ),
    "the batches drawn at random, lab 4's loop": (
        (("order[first : first + batch_size]", "rng.integers(0, len(X), batch_size)"),),
        {"train_by_batches": 1.5},
        "each batch is drawn for itself",
    ),
    "two slips": (
        (("range(epochs)", "range(epochs - 1)"), ("rng.permutation(len(X))", "np.arange(len(X))")),
        {"train_by_batches": 2.5},
        "the images come in the order of X",
    ),
}

# --------------------------------------------------------------------------------------- the plot

_TWO = """
fig, panels = plt.subplots(1, 2, figsize=(11, 4))
for run, name in ((poor, "poor"), (cured, "cured")):
    panels[0].plot(run.losses, label=name)
    panels[1].plot(run.val_accuracy, label=name)
panels[0].set(title=f"Loss ({cifar.name})", xlabel="step", ylabel="loss")
panels[1].set(title=f"Validation accuracy ({cifar.name})", xlabel="epoch", ylabel="accuracy")
for ax in panels:
    ax.legend()
cured_plot = panels
"""

RIGHT["cured_plot"] = {
    "two panels": _TWO,
    "the figure": but(_TWO, ("cured_plot = panels", "cured_plot = fig")),
    "per cent, a logarithmic axis": but(
        _TWO,
        ("(run.val_accuracy", "(100 * np.array(run.val_accuracy)"),
        ("for ax in panels:\n", 'panels[0].set_yscale("log")\nfor ax in panels:\n'),
    ),
    "smoothed losses": but(_TWO, ("plot(run.losses", 'plot(np.convolve(run.losses, np.ones(20) / 20, mode="valid")')),
    "every tenth loss, against the epochs": but(
        _TWO, ("plot(run.losses", "plot(np.linspace(0, 4, len(run.losses))[::10], run.losses[::10]")
    ),
    "one axes and its twin": """
fig, ax = plt.subplots()
right = ax.twinx()
x = np.linspace(0, len(poor.val_accuracy) - 1, len(poor.losses))
for run, name, style in ((poor, "poor run", "-"), (cured, "cured run", "--")):
    ax.plot(x, run.losses, style, label=name)
    right.plot(range(len(run.val_accuracy)), run.val_accuracy, style, marker="o", color="black")
ax.set(title=f"Before and after, {cifar.name}", xlabel="epoch", ylabel="loss")
right.set_ylabel("validation accuracy")
ax.legend()
cured_plot = ax
""",
    "a column for each run, on one scale": """
fig, panels = plt.subplots(2, 2, sharey="row")
for column, run, name in zip(panels.T, (poor, cured), ("poor run", "cured run")):
    column[0].plot(run.losses)
    column[1].plot(run.val_accuracy, "o-")
    column[0].set(title=name, xlabel="step")
    column[1].set(title=f"{name}: accuracy", xlabel="epoch")
panels[0, 0].set_ylabel("loss")
panels[1, 0].set_ylabel("validation accuracy")
fig.suptitle(f"Two runs on {cifar.name}")
cured_plot = fig
""",
    "pyplot, with raw and smoothed": """
plt.subplot(121)
for run, name in ((poor, "before"), (cured, "after")):
    plt.plot(run.losses, alpha=0.3)
    plt.plot(np.convolve(run.losses, np.ones(9) / 9, mode="same")[4:-4], label=name)
plt.xlabel("iteration"); plt.ylabel("training loss"); plt.title("CIFAR-10"); plt.legend()
plt.subplot(122)
plt.plot(poor.val_accuracy, label="before"); plt.plot(cured.val_accuracy, label="after")
plt.axhline(0.1, color="0.5", linestyle=":")
plt.xlabel("epoch"); plt.ylabel("share that is right"); plt.legend()
cured_plot = plt.gcf()
""",
}

WRONG["cured_plot"] = {
    "the module": (_TWO.replace("cured_plot = panels", "cured_plot = plt"), {"cured_plot": 6}, "assign the axes"),
    "no words": (
        but(
            _TWO,
            ('panels[0].set(title=f"Loss ({cifar.name})", xlabel="step", ylabel="loss")\n', ""),
            ('panels[1].set(title=f"Validation accuracy ({cifar.name})", xlabel="epoch", ylabel="accuracy")\n', ""),
            ("    ax.legend()\n", "    pass\n"),
        ),
        {"cured_plot": 2},
        "no legend that tells the two runs apart",
    ),
    "no data": (_TWO.replace(" ({cifar.name})", ""), {"cured_plot": 0.5}, "does not say on which data"),
    "no legend": (but(_TWO, ("    ax.legend()\n", "    pass\n")), {"cured_plot": 1}, "no legend"),
    "names swapped": (
        but(_TWO, ('(poor, "poor"), (cured, "cured")', '(poor, "cured"), (cured, "poor")')),
        {"cured_plot": 1},
        "the names in the legend are swapped",
    ),
    "losses alone": (
        but(
            _TWO, ("    panels[1].plot(run.val_accuracy, label=name)\n", ""), ("for ax in panels:\n    ax", "panels[0]")
        ),
        {"cured_plot": 2},
        "the accuracies",
    ),
    "the cured run alone": (
        but(_TWO, ('((poor, "poor"), (cured, "cured"))', '[(cured, "cured")]')),
        {"cured_plot": 2},
        "of the poor run",
    ),
    "losses in two axes": (
        """
fig, panels = plt.subplots(1, 3)
panels[0].plot(poor.losses, label="poor")
panels[1].plot(cured.losses, label="cured")
panels[2].plot(poor.val_accuracy, label="poor")
panels[2].plot(cured.val_accuracy, label="cured")
for ax, what in zip(panels, ("loss", "loss", "accuracy")):
    ax.set(title="CIFAR-10", xlabel="step or epoch", ylabel=what)
    ax.legend()
cured_plot = panels
""",
        {"cured_plot": 2},
        "scales of their own",
    ),
    "logarithms": (
        but(_TWO, ("plot(run.losses", "plot(np.log(run.losses)")),
        {"cured_plot": 2},
        "the logarithm is drawn",
    ),
    "errors instead of accuracies": (
        but(_TWO, ("(run.val_accuracy", "(1 - np.array(run.val_accuracy)")),
        {"cured_plot": 2},
        "1 minus the values is drawn",
    ),
    "swapped axes": (
        but(_TWO, ("plot(run.losses", "plot(run.losses, range(len(run.losses))")),
        {"cured_plot": 2},
        "the axes are swapped",
    ),
    "empty axes": ("fig, cured_plot = plt.subplots()", {"cured_plot": 6}, "no label on the x axis"),
}
