"""More answers to lab 7: the three plots. answers/lab07.py takes them in."""

from written import but

CHECKS = {
    "overfitting_plot": "check.overfitting_plot(overfitting_plot, tiny.train_accuracy, tiny.val_accuracy)",
    "learned_filters_plot": "check.learned_filters_plot(learned_filters_plot, before['W1'], trained['W1'])",
    "class_plot": "check.class_plot(class_plot, shares, cifar.classes)",
}
STUBS = {name: f"{name} = None\n# your code here" for name in CHECKS}
SETUP = """
import matplotlib.pyplot as plt
from types import SimpleNamespace
tiny = SimpleNamespace(train_accuracy=[0.1, 0.32, 0.58, 0.9, 1.0], val_accuracy=[0.09, 0.12, 0.19, 0.163, 0.171])
W0, W = np.random.default_rng(0).normal(size=(2, 32, 3, 7, 7))
before, trained = {"W1": W0}, {"W1": W}
shares = np.array([0.61, 0.72, 0.44, 0.35, 0.52, 0.47, 0.7, 0.63, 0.74, 0.66])
cifar = SimpleNamespace(
    classes=["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
)
"""
# What the lab calls otherwise: these lines go before every answer, so that they run in the lab too.
HEADS = {
    "overfitting_plot": "fit, held = tiny.train_accuracy, tiny.val_accuracy\n",
    "learned_filters_plot": 'W0, W_now = before["W1"], trained["W1"]\n',
    "class_plot": "names_of = cifar.classes\n",
}

TWO = 'fig, ax = plt.subplots()\nax.plot(fit, label="training")\nax.plot(held, label="validation")\n'
WORDS = 'ax.set(title="50 images", xlabel="epoch", ylabel="accuracy")\nax.legend()\noverfitting_plot = ax\n'
SCALED = (
    "scale = lambda W: ((W - W.min((1, 2, 3), keepdims=True)) / np.ptp(W, axis=(1, 2, 3), keepdims=True))"
    ".transpose(0, 2, 3, 1)\n"
)
EACH = (
    SCALED
    + """
learned_filters_plot, panels = plt.subplots(8, 8)
for ax, w in zip(panels.flat, [*scale(W0), *scale(W_now)]):
    ax.imshow(w)
    ax.axis("off")
panels[0, 0].set_title("before")
panels[4, 0].set_title("after")
"""
)
MOSAIC = (
    SCALED
    + """
learned_filters_plot, panels = plt.subplots(1, 2)
for ax, rows, name in zip(panels, (scale(W0), scale(W_now)), ("before", "after")):
    rows = np.pad(rows, ((0, 0), (0, 1), (0, 1), (0, 0)))
    ax.imshow(rows.reshape(4, 8, 8, 8, 3).transpose(0, 2, 1, 3, 4).reshape(32, 64, 3))
    ax.set_title(name)
"""
)
BARS = "order = np.argsort(shares)\nfig, ax = plt.subplots()\nax.bar([names_of[i] for i in order], shares[order])\n"
SAID = 'ax.set(title="Accuracy by class", ylabel="share")\nclass_plot = ax\n'


RIGHT = {
    "overfitting_plot": {
        "axes": TWO + WORDS,
        "the figure": TWO + WORDS.replace("overfitting_plot = ax", "overfitting_plot = fig"),
        "per cent": TWO.replace("(fit", "(100 * np.array(fit)").replace("(held", "(100 * np.array(held)") + WORDS,
        "pyplot": """
plt.plot(range(len(fit)), fit, "o-")
plt.plot(range(len(fit)), held, "s--")
plt.xlabel("epoch")
plt.ylabel("accuracy")
plt.title("by heart")
plt.legend(["training", "validation"])
overfitting_plot = plt.gca()
""",
        "with guessing, the figure's title": TWO
        + "ax.axhline(0.1)\n"
        + WORDS.replace('title="50 images", ', "")
        + 'fig.suptitle("50 images")\n',
        "the legend in another order": TWO
        + WORDS.replace("ax.legend()", 'ax.legend(ax.lines[::-1], ["validation images", "trained on"])'),
        "the legend in other words": but(TWO, ('"training"', '"images that it fits"'), ('"validation"', '"held out"'))
        + WORDS,
        "the legend of the figure, one curve of markers": but(TWO, ("ax.plot(held,", 'ax.plot(held, "x", color="C0",'))
        + WORDS.replace("ax.legend()", "fig.legend()"),
        "two axes of one scale": but(TWO, ("ax.plot(held,", 'b = ax.twinx()\nb.sharey(ax)\nb.plot(held, color="C1",'))
        + WORDS.replace("ax.legend()", "fig.legend()"),
        "steps": but(TWO, ("ax.plot(fit,", 'ax.step(range(len(fit)), fit, where="post",')) + WORDS,
        "written at the curves": TWO
        + 'ax.text(3, 0.8, "training")\nax.text(3, 0.1, "validation")\n'
        + WORDS.replace("ax.legend()\n", ""),
    },
    "learned_filters_plot": {
        "a panel each": EACH,
        "two mosaics": MOSAIC,
        "the axes": MOSAIC + "learned_filters_plot = panels\n",
        "one scale for all": but(MOSAIC, (SCALED, "scale = lambda W: (0.5 + W / 20).transpose(0, 2, 3, 1)\n")),
        "whole numbers": but(MOSAIC, ("ax.imshow(rows", "ax.imshow((255 * rows).astype(np.uint8)")),
        "other words": but(EACH, ('"before")', '"untrained")'), ('"after")', '"trained")')),
        "named below": but(MOSAIC, ("ax.set_title(name)", "ax.set_xlabel(name)"))
        + 'learned_filters_plot.suptitle("Filters")\n',
    },
    "class_plot": {
        "sorted": BARS + SAID,
        "in the order of the classes": BARS.replace("np.argsort(shares)", "range(10)").replace(
            "shares[order]", "shares"
        )
        + SAID,
        "lying, per cent": but(BARS, ("ax.bar", "ax.barh"), ("shares[order]", "100 * shares[order]"))
        + but(SAID, ("ylabel", "xlabel")),
        "ticks": """
fig, ax = plt.subplots()
ax.bar(np.arange(10), shares, width=0.5)
ax.set_xticks(range(10), names_of, rotation=60)
"""
        + SAID,
        "written on the bars": """
fig, ax = plt.subplots()
ax.bar(range(10), shares)
for i in range(10):
    ax.text(i, 0.1, names_of[i], rotation=90)
"""
        + SAID,
        "the figure, and a line for guessing": BARS + "ax.axhline(0.1)\n" + but(SAID, ("= ax", "= fig")),
        "values on the bars": but(BARS, ("ax.bar(", "ax.bar_label(ax.bar("), ("order])\n", 'order]), fmt="%.2f")\n'))
        + SAID,
        "white bars with a border": but(BARS, ("order])\n", 'order], color="w", edgecolor="k")\n')) + SAID,
        "markers": but(BARS, ("ax.bar(", "ax.plot("), ("order])", 'order], "o")')) + SAID,
    },
}

WRONG = {
    "overfitting_plot": {
        "the module": (TWO + WORDS.replace("= ax", "= plt"), {"overfitting_plot": 6}, "assign the axes"),
        "no words": (TWO + "overfitting_plot = ax", {"overfitting_plot": 2}, "no legend"),
        "no title": (TWO + WORDS.replace('title="50 images", ', ""), {"overfitting_plot": 1}, "no title"),
        "one curve white": (
            TWO.replace("ax.plot(held,", 'ax.plot(held, color="w",') + WORDS,
            {"overfitting_plot": 2},
            "validation",
        ),
        "the names swapped": (
            but(TWO, ('"training"', '"t"'), ('"validation"', '"training"'), ('"t"', '"validation"')) + WORDS,
            {"overfitting_plot": 1},
            "the names in the legend are swapped",
        ),
        "the names swapped in the legend": (
            TWO + WORDS.replace("ax.legend()", 'ax.legend(["held out", "training"])'),
            {"overfitting_plot": 1},
            "the names in the legend are swapped",
        ),
        "the names swapped at their lines": (
            TWO + WORDS.replace("ax.legend()", 'ax.legend(ax.lines[::-1], ["train", "val"])'),
            {"overfitting_plot": 1},
            "the names in the legend are swapped",
        ),
        "no legend": (TWO + WORDS.replace("ax.legend()\n", ""), {"overfitting_plot": 1}, "no legend"),
        "training only": (
            but(TWO, ('ax.plot(held, label="validation")\n', "")) + WORDS,
            {"overfitting_plot": 2},
            "validation accuracies",
        ),
        "in two panels": (
            "fig, (ax, b) = plt.subplots(1, 2)\nax.plot(fit)\nb.plot(held)\n" + WORDS.replace("= ax", "= fig"),
            {"overfitting_plot": 2},
            "different axes",
        ),
        "without the start": (
            TWO.replace("(fit", "(fit[1:]") + WORDS,
            {"overfitting_plot": 2},
            "before the first epoch is missing",
        ),
        "the losses": (
            TWO.replace("(fit", "([2.3 / (1 + i) for i in range(len(fit))]") + WORDS,
            {"overfitting_plot": 2},
            "no line runs through the training",
        ),
        "empty axes": ("fig, ax = plt.subplots()\n" + WORDS, {"overfitting_plot": 4}, "the axes hold no line"),
    },
    "learned_filters_plot": {
        "grey": (but(EACH, ("imshow(w)", "imshow(w.mean(2))")), {"learned_filters_plot": 4}, "no colours"),
        "cut off": (
            but(MOSAIC, (SCALED, "scale = lambda W: np.clip(W, 0, 9).transpose(0, 2, 3, 1)\n")),
            {"learned_filters_plot": 4},
            "cut off",
        ),
        "reshaped": (
            but(MOSAIC, (".transpose(0, 2, 3, 1)", ".reshape(-1, 7, 7, 3)")),
            {"learned_filters_plot": 4},
            "channels last",
        ),
        "rows and columns": (
            but(MOSAIC, (".transpose(0, 2, 3, 1)", ".transpose(0, 3, 2, 1)")),
            {"learned_filters_plot": 4},
            "exchanged",
        ),
        "negatives": (
            but(MOSAIC, ("scale(W0), scale(W_now))", "1 - scale(W0), 1 - scale(W_now))")),
            {"learned_filters_plot": 4},
            "dark and bright",
        ),
        "after only": (
            but(MOSAIC, ("(scale(W0), scale(W_now))", "(scale(W_now), scale(W_now))")),
            {"learned_filters_plot": 1},
            "before training",
        ),
        "half of them": (
            but(EACH, ("*scale(W0), *scale(W_now)", "*scale(W0), *scale(W_now[:16])")),
            {"learned_filters_plot": 3},
            "50% of the filters after",
        ),
        "no words": (but(MOSAIC, ("    ax.set_title(name)\n", "")), {"learned_filters_plot": 2}, "no title"),
        "the words swapped": (
            but(EACH, ('"before")', '"@")'), ('"after")', '"before")'), ('"@"', '"after"')),
            {"learned_filters_plot": 1},
            "the words before and after are swapped",
        ),
        "transparent": (but(EACH, ("imshow(w", "imshow(w, alpha=0")), {"learned_filters_plot": 4}, "cannot be seen"),
        "nothing drawn": ("learned_filters_plot = plt.figure()", {"learned_filters_plot": 6}, "no plot in it"),
    },
    "class_plot": {
        "names not sorted": (
            but(BARS, ("[names_of[i] for i in order]", "names_of")) + SAID,
            {"class_plot": 2},
            "sort names and bars alike",
        ),
        "no names": (
            but(BARS, ("[names_of[i] for i in order]", "range(10)")) + SAID,
            {"class_plot": 2},
            "names of classes are not on the axis",
        ),
        "no words": (BARS + "class_plot = ax", {"class_plot": 1}, "no label on the axis of accuracies"),
        "no title": (BARS + but(SAID, ('title="Accuracy by class", ', "")), {"class_plot": 1}, "no title"),
        "white bars": (
            but(BARS, ("order])\n", 'order], color="w")\n')) + SAID,
            {"class_plot": 5},
            "colour of the ground",
        ),
        "transparent bars": (but(BARS, ("order])\n", "order], alpha=0)\n")) + SAID, {"class_plot": 5}, "transparent"),
        "the errors": (but(BARS, ("shares[order])", "1 - shares[order])")) + SAID, {"class_plot": 5}, "no bar shows"),
        "nine classes": (
            but(BARS, ("np.argsort(shares)", "range(9)")) + SAID,
            {"class_plot": 5},
            "1 of the 10 classes",
        ),
        "a histogram": ("fig, ax = plt.subplots()\nax.hist(shares)\n" + SAID, {"class_plot": 6}, "no bar shows"),
        "empty axes": ("fig, ax = plt.subplots()\n" + SAID, {"class_plot": 5}, "no bar shows"),
    },
}

RIGHT = {cell: {name: HEADS[cell] + source for name, source in found.items()} for cell, found in RIGHT.items()}
WRONG = {
    cell: {name: (HEADS[cell] + source, *rest) for name, (source, *rest) in found.items()}
    for cell, found in WRONG.items()
}
