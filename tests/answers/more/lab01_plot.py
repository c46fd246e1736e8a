"""More answers to lab 1: the plot of cross-validation. answers/lab01.py takes them in."""

RIGHT, WRONG = {}, {}

# ------------------------------------------------------------------------------------------- plot


def _plot(draw, words='xlabel="k", ylabel="accuracy", title="Cross-validation, CIFAR-10"', ax="ax"):
    """A cell that draws and labels the accuracies."""
    given = "fig, ax = plt.subplots()\nm, s = accuracies.mean(axis=1), accuracies.std(axis=1)\n"
    return f"{given}{draw}\nax.set({words})\nk_plot = {ax}\n"


_BARS = "ax.errorbar(ks, m, yerr=s)"

RIGHT["k_plot"] = {
    "error bars": _plot(_BARS),
    "on a logarithmic axis": _plot('ax.errorbar(ks, m, s, marker="o", capsize=3)\nax.set_xscale("log")', ax="fig"),
    "pyplot, the folds as dots": """
plt.figure()
for k, row in zip(ks, accuracies):
    plt.scatter([k] * len(row), row)
plt.errorbar(ks, np.mean(accuracies, axis=1), yerr=np.std(accuracies, axis=1))
plt.title("Cross-validation on k (CIFAR-10)")
plt.xlabel("k")
plt.ylabel("Cross-validation accuracy")
k_plot = plt.gca()
""",
    "a band": _plot('ax.semilogx(ks, m, "o-")\nax.fill_between(ks, m - s, m + s, alpha=0.3)'),
    "the sample's deviation": _plot("ax.errorbar(ks, m, accuracies.std(axis=1, ddof=1), fmt='s')"),
    "in per cent": _plot(
        "ax.errorbar(ks, 100 * m, 100 * s)",
        'xlabel="neighbours that vote", ylabel="right answers (%)", title="Five folds, stand-in"',
    ),
    "one place for each k": _plot("ax.errorbar(range(len(ks)), m, s)\nax.set_xticks(range(len(ks)), ks)", ax="[ax]"),
    "bars": _plot('ax.bar([str(k) for k in ks], m, yerr=s)\nax.set_title("cifar10: k")'),
    "names of categories": _plot("ax.errorbar([str(k) for k in ks], m, s)"),
    "lines by hand": _plot("ax.plot(ks, m)\nax.vlines(ks, m - s, m + s)"),
    "three curves": _plot('ax.plot(ks, m)\nax.plot(ks, m + s, "--")\nax.plot(ks, m - s, "--")'),
    "logarithms": _plot("ax.errorbar(np.log10(ks), m, s)", 'xlabel="log k", ylabel="share", title="k on CIFAR-10"'),
}


def _slips(*entries):
    """{words of the diagnosis: a plot, points lost, these words}; entries (words, lost, drawing, labels)."""
    return {
        says: (_plot(draw, words) if words else _plot(draw), {"k_plot": lost}, says)
        for says, lost, draw, words in entries
    }


WRONG["k_plot"] = {
    **_slips(
        ("there are no error bars", 2, "ax.plot(ks, m)", ""),
        ("standard errors of the mean", 1, "ax.errorbar(ks, m, s / 5**0.5)", ""),
        ("the bars are two deviations", 1, "ax.errorbar(ks, m, 2 * s)", ""),
        ("the bars are variances", 1, "ax.errorbar(ks, m, s**2)", ""),
        (
            "the lowest and the highest fold are there",
            1,
            "ax.errorbar(ks, m, [m - accuracies.min(axis=1), accuracies.max(axis=1) - m])",
            "",
        ),
        ("all bars are the same", 1, "ax.errorbar(ks, m, accuracies.std())", ""),
        ("no error bars one deviation up and down", 2, "ax.errorbar(ks, m, 0.01)", ""),
        ("drawn against 0, 1, 2", 1.5, "ax.errorbar(range(len(ks)), m, s)", ""),
        ("the axes are swapped", 5, "ax.errorbar(m, ks, xerr=s)", ""),
        ("the shares of mistakes are drawn", 5, "ax.errorbar(ks, 1 - m, s)", ""),
        ("the best fold of each k", 5, "ax.plot(ks, accuracies.max(axis=1))", ""),
        ("a single fold is drawn", 5, "ax.plot(ks, accuracies[:, 0])", ""),
        ("the single folds are there, and not their means", 3.5, "ax.plot(ks, accuracies, '.')", ""),
        ("no point at the mean accuracy of each k", 5, "ax.plot(ks, m**2)", ""),
        ("the axes hold no line", 5, "pass", ""),
        ("outside the limits", 3, f"{_BARS}\nax.set_ylim(0.9, 1)", ""),
        ("no label on the x axis", 1, _BARS, 'ylabel="accuracy", title="CIFAR-10"'),
        ("no title", 1, _BARS, 'xlabel="k", ylabel="accuracy"'),
        ("the labels of the axes are swapped", 1, _BARS, 'ylabel="k", xlabel="accuracy", title="CIFAR-10"'),
        ("the title does not say on which data", 0.5, _BARS, 'xlabel="k", ylabel="accuracy", title="Five folds"'),
        ("a label or the title is 'x'", 1, _BARS, 'xlabel="x", ylabel="accuracy", title="CIFAR-10"'),
    ),
    "the numbers": ("k_plot = accuracies", {"k_plot": 6}, "assign the axes or the figure"),
}
