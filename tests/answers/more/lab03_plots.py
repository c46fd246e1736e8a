"""More answers to lab 3: the plots. answers/lab03.py takes them in."""

RIGHT, WRONG = {}, {}


def _plot(name, draw, words="", ax="ax"):
    """A cell that draws and labels a curve; `words` go instead of the labels and the title."""
    said = {"cost_plot": 'ylabel="loss", title="Loss', "accuracy_plot": 'ylabel="accuracy", title="Accuracy'}[name]
    words = words or f'xlabel="step", {said}, CIFAR-10"'
    return f"fig, ax = plt.subplots()\n{draw}\nax.set({words})\n{name} = {ax}\n"


_BOTH = """
fig, (left, right) = plt.subplots(1, 2)
left.plot(loss_values)
left.set(xlabel="step", ylabel="loss", title="Loss (CIFAR-10)")
right.plot(accuracies)
right.axhline(1 / 10)
right.set(xlabel="step", ylabel="accuracy", title="Accuracy (CIFAR-10)")
"""
_TWINS = """
fig, ax = plt.subplots()
ax.plot(loss_values, "C0"); ax.set_ylabel("loss"); ax.set_xlabel("step"); ax.set_title("Training (cifar10)")
other = ax.twinx()
other.plot(accuracies, "C1"); other.set_ylabel("accuracy"); other.axhline(0.1)
"""

RIGHT["cost_plot"] = {
    "pyplot": """
plt.figure()
plt.plot(loss_values)
plt.xlabel("step")
plt.ylabel("loss")
plt.title("Loss at each step, CIFAR-10")
cost_plot = plt.gca()
plt.show()
""",
    "legend": _plot("cost_plot", 'ax.plot(range(1001), loss_values, label="loss")\nax.legend()'),
    "stairs": _plot("cost_plot", "ax.stairs(loss_values)"),
    "markers": _plot("cost_plot", 'ax.plot(loss_values, ".")', ax="fig"),
    "log axis": _plot("cost_plot", "ax.semilogy(np.arange(1, 1001), list(loss_values[1:]))"),
    "other words": _plot(
        "cost_plot", "ax.plot(loss_values)", 'xlabel="t", ylabel=r"$L(W_t)$", title="J over time, stand-in"'
    ),
    "mean of minus log p": _plot(
        "cost_plot", "ax.plot(loss_values)", 'xlabel="Schritt", ylabel="-log p", title="Verlust (CIFAR-10)"'
    ),
    "both curves in one figure": _BOTH + "cost_plot = fig",
    "twin axes": _TWINS + "cost_plot = other",
    "stacked, one label for both": """
fig, axes = plt.subplots(2, 1, sharex=True)
axes[0].plot(loss_values)
axes[0].axhline(np.log(10), ls="--")
axes[0].set_ylabel("loss")
axes[1].plot(accuracies)
axes[1].set_ylabel("accuracy")
axes[1].set_xlabel("step")
fig.suptitle("Gradient descent on 1,000 images of CIFAR-10")
cost_plot = axes
""",
    "lines": """
fig = plt.figure()
cost_plot = plt.plot(loss_values, lw=2)
plt.title("Loss on CIFAR-10", loc="left")
fig.supxlabel("step")
fig.supylabel("loss")
""",
    "title returned": """
plt.figure()
plt.step(np.arange(loss_values.size), loss_values)
plt.xlabel("step"); plt.ylabel("loss")
cost_plot = plt.title("Cost function, stand-in")
""",
}


def _slips(name, draw, *entries):
    """{words of the diagnosis: a plot, points lost, these words}; entries (words, lost, draw or None, labels or "")."""
    return {says: (_plot(name, other or draw, words), {name: lost}, says) for says, lost, other, words in entries}


_L, _A, _LINE = (
    'xlabel="step", ylabel="loss"',
    'xlabel="step", ylabel="accuracy"',
    "ax.plot(accuracies)\nax.axhline(0.1)",
)

WRONG["cost_plot"] = {
    **_slips(
        "cost_plot",
        "ax.plot(loss_values)",
        ("no label on the x axis", 2, None, 'ylabel="loss", title="Loss (CIFAR-10)"'),
        ("no label on the x axis and the y axis", 2, None, 'xlabel=" ", title="Loss (CIFAR-10)"'),
        ("the label of the x axis is 'x'", 2, None, 'xlabel="x", ylabel="y", title="Loss (CIFAR-10)"'),
        ("the labels are swapped", 2, None, 'xlabel="loss", ylabel="step", title="Loss (CIFAR-10)"'),
        ("the values are of the loss", 2, None, 'xlabel="step", ylabel="Accuracy", title="Loss (CIFAR-10)"'),
        ("no title", 2, None, _L),
        ("the title is 't'", 2, None, _L + ', title="t"'),
        ("the title does not say on which data", 1, None, _L + ', title="Loss"'),
        ("101 points", 4, "ax.plot(np.arange(0, 1001, 10), loss_values[::10])", ""),
        ("scattered", 6, "ax.scatter(range(1001), loss_values)", ""),
        ("the axes hold no line", 6, "pass", ""),
        ("NaN or infinite", 6, "ax.plot(np.where(np.arange(1001) > 900, np.nan, loss_values))", ""),
        ("it rises", 2, "ax.plot(np.sort(loss_values))", ""),
        ("the loss is negative", 2, "ax.plot(-loss_values)", ""),
        ("the logarithm of the values is drawn", 2, "ax.plot(np.log(loss_values))", ""),
        ("not drawn from the values of the exercise", 2, "ax.plot(np.linspace(2.3, 2.0, 1001))", ""),
        ("it is constant", 6, "ax.plot(np.full(1001, loss_values[-1]))", ""),
        ("the axes are swapped", 6, "ax.plot(loss_values, np.arange(1001))", ""),
        ("x values do not increase", 4, "ax.plot(np.arange(1001)[::-1], loss_values)", ""),
        ("x values are NaN or infinite", 4, "ax.plot(np.r_[np.nan, 1:1001], loss_values)", ""),
        ("outside the limits", 4, "ax.plot(loss_values)\nax.set_ylim(5, 10)", ""),
        ("seen: something is drawn over it", 6, 'ax.plot(loss_values)\nax.axvspan(-9, 2000, color="w", zorder=3)', ""),
        ("seen: it leaves no mark", 6, "ax.plot(loss_values, linestyle=(0, (0.001, 1e5)))", ""),
        ("seen: it has the colour of the ground", 6, 'ax.plot(loss_values, "w")', ""),
    ),
    "the numbers": ("cost_plot = loss_values", {"cost_plot": 10}, "no plot in it"),
    "the module": ("plt.figure()\nplt.plot(loss_values)\ncost_plot = plt", {"cost_plot": 10}, "the pyplot module"),
}

RIGHT["accuracy_plot"] = {
    "axes": _plot("accuracy_plot", _LINE),
    "pyplot": """
plt.figure()
plt.hlines(0.1, 0, 1000)
plt.plot(accuracies)
plt.xlabel("step")
plt.ylabel("accuracy")
plt.title("Accuracy at each step, CIFAR-10")
accuracy_plot = plt.gcf()
""",
    "a line of its own for guessing": _plot(
        "accuracy_plot", 'ax.plot(np.full(1001, 1 / 10), ":")\nax.plot(np.arange(1001), accuracies)\nax.set_ylim(0, 1)'
    ),
    "two points for guessing": _plot("accuracy_plot", "ax.plot(accuracies)\nax.plot([0, 1000], [0.1, 0.1])", ax="[ax]"),
    "stairs": _plot("accuracy_plot", "ax.stairs(accuracies)\nax.axhline(0.1)"),
    "percent": _plot(
        "accuracy_plot",
        "ax.plot(100 * accuracies)\nax.axhline(10)",
        'xlabel="step", ylabel="accuracy (%)", title="Training, CIFAR-10"',
    ),
    "percent by its ticks": _plot(
        "accuracy_plot",
        "ax.plot(100 * accuracies)\nax.axhline(10)\nfrom matplotlib.ticker import PercentFormatter\n"
        "ax.yaxis.set_major_formatter(PercentFormatter())",
        ax="fig, ax",
    ),
    "shares, written in percent": _plot("accuracy_plot", _LINE + '\nax.yaxis.set_major_formatter("{x:.0%}")'),
    "percent in a format": _plot(
        "accuracy_plot", 'ax.plot(100 * accuracies)\nax.axhline(10)\nax.yaxis.set_major_formatter("{x:.0f} %")'
    ),
    "both curves in one figure": _BOTH + "accuracy_plot = fig",
    "twin axes": _TWINS + "accuracy_plot = ax",
    "mosaic": """
fig, accuracy_plot = plt.subplot_mosaic([["loss", "accuracy"]])
accuracy_plot["loss"].plot(loss_values)
accuracy_plot["accuracy"].plot(accuracies[1:])
accuracy_plot["accuracy"].axhline(0.1)
accuracy_plot["accuracy"].set(xlabel="step", ylabel="accuracy")
fig.suptitle("Gradient descent on CIFAR-10")
""",
}

WRONG["accuracy_plot"] = _slips(
    "accuracy_plot",
    _LINE,
    ("no label on the y axis", 1, None, 'xlabel="step", title="Accuracy (CIFAR-10)"'),
    ("no label on the x axis and the y axis", 1, None, 'title="Accuracy (CIFAR-10)"'),
    ("the labels are swapped", 1, None, 'xlabel="accuracy", ylabel="step", title="Accuracy (CIFAR-10)"'),
    ("the values are of the accuracy", 1, None, 'xlabel="step", ylabel="Loss", title="Accuracy (CIFAR-10)"'),
    ("no title", 1, None, _A),
    ("the title does not say on which data", 0.5, None, _A + ', title="Accuracy"'),
    ("no horizontal line at the level of guessing", 1, "ax.plot(accuracies)", ""),
    ("not at the level of guessing", 1, "ax.plot(accuracies)\nax.axhline(0.5)", ""),
    ("no label says percent", 1, "ax.plot(100 * accuracies)\nax.axhline(10)", ""),
    ("not shares between 0 and 1", 1, "ax.plot(1000 * accuracies)\nax.axhline(0.1)", ""),
    ("not drawn from the values of the exercise", 1, "ax.plot(accuracies**0.5)\nax.axhline(0.1)", ""),
    ("no better than chance", 1, "ax.plot(0.1 + 0.01 * np.sin(np.arange(1001)))\nax.axhline(0.1)", ""),
    ("below where it began", 1, "ax.plot(accuracies[::-1] + 0.1)\nax.axhline(0.1)", ""),
    ("the longest line has 2 points", 2, "ax.plot([0, 1000], accuracies[[0, -1]])\nax.axhline(0.1)", ""),
    ("a line is there, but cannot be seen", 3, 'ax.plot(accuracies, linestyle="None")', ""),
    ("hold no line", 3, "ax.bar(range(100), accuracies[:100])", ""),
)
