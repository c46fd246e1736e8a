"""More answers to lab 10: the plot of networks of several depths. answers/lab10.py takes them in."""

from written import but

CHECKS = {"depth_plot": "check.depth_plot(depth_plot, training_curves, validation_curves)"}
STUBS = {"depth_plot": "depth_plot = None\n# your code here"}
SETUP = """
import matplotlib.pyplot as plt
training_curves = {d: [0.1, 0.42 + 0.01 * d, 0.5 + 0.012 * d, 0.55 + 0.02 * d] for d in (2, 3, 4, 5)}
validation_curves = {d: [0.11, 0.4 + 0.011 * d, 0.47 + 0.01 * d, 0.51 - 0.007 * d] for d in (2, 3, 4, 5)}
"""

PANELS = """
depth_plot, panels = plt.subplots(1, 2)
for ax, curves, name in zip(panels, (training_curves, validation_curves), ("training", "validation")):
    for d, values in curves.items():
        ax.plot(values, label=f"{d} layers")
    ax.set(title=f"{name} images (stand-in)", xlabel="epoch", ylabel="accuracy")
    ax.legend()
"""
ONE = """
fig, depth_plot = plt.subplots()
for d in training_curves:
    [line] = depth_plot.plot(training_curves[d], "--", label=f"{d} layers, training")
    depth_plot.plot(validation_curves[d], color=line.get_color(), label=f"{d} layers, validation")
depth_plot.set_xlabel("epoch")
depth_plot.set_ylabel("accuracy")
depth_plot.set_title("Depth, CIFAR-10")
depth_plot.legend()
"""


RIGHT = {
    "depth_plot": {
        "two panels": PANELS,
        "one plot": ONE,
        "per cent": but(
            ONE,
            ("(training_curves[d]", "(100 * np.array(training_curves[d])"),
            ("(validation_curves[d]", "(100 * np.array(validation_curves[d])"),
        ),
        "a panel each": """
depth_plot, panels = plt.subplots(2, 2, sharex=True)
for ax, d in zip(panels.flat, training_curves):
    ax.plot(training_curves[d], "o-", label="train")
    ax.plot(validation_curves[d], "s-", label="val")
    ax.set(xlabel="epoch", ylabel="accuracy")
    ax.text(0, 0.5, f"{d} layers")
    ax.legend()
depth_plot.suptitle("cifar10: depth")
""",
        "without the start": but(
            ONE,
            ("(training_curves[d]", "(range(1, len(training_curves[d])), training_curves[d][1:]"),
            ("(validation_curves[d]", "(range(1, len(validation_curves[d])), validation_curves[d][1:]"),
        ),
        "written at the curves": but(
            PANELS,
            ("    ax.legend()\n", ""),
            (', label=f"{d} layers")', ")\n        ax.text(3, values[-1], ['two', 'three', 'four', 'five'][d - 2])"),
        ),
        "the axes of the panels": PANELS + "depth_plot = panels\n",
    }
}

WRONG = {
    "depth_plot": {
        "the module": (ONE + "depth_plot = plt\n", {"depth_plot": 8}, "assign the axes"),
        "validation only": (
            but(PANELS, ("(training_curves, validation_curves)", "(validation_curves, validation_curves)")),
            {"depth_plot": 3},
            "no line runs through the training accuracies",
        ),
        "three networks": (
            but(ONE, ("for d in training_curves:", "for d in (2, 3, 4):")),
            {"depth_plot": 2.5},
            "no line for 5 layers",
        ),
        "no legend": (but(ONE, ("depth_plot.legend()\n", "")), {"depth_plot": 1}, "no legend"),
        "no title": (but(ONE, ('depth_plot.set_title("Depth, CIFAR-10")\n', "")), {"depth_plot": 1}, "no title"),
        "no data": (but(ONE, ("Depth, CIFAR-10", "Depth")), {"depth_plot": 0.5}, "on which data"),
        "no labels": (
            but(ONE, ('depth_plot.set_xlabel("epoch")\ndepth_plot.set_ylabel("accuracy")\n', "")),
            {"depth_plot": 1},
            "no label on the x axis; no label on the y axis",
        ),
        "only the ends": (
            """
fig, depth_plot = plt.subplots()
depth_plot.plot([2, 3, 4, 5], [v[-1] for v in training_curves.values()], label="training, 2 to 5 layers: 2 3 4 5")
depth_plot.set(title="CIFAR-10, validation", xlabel="layers", ylabel="accuracy")
depth_plot.legend()
""",
            {"depth_plot": 6},
            "no line runs through the validation accuracies",
        ),
        "the errors": (
            but(
                ONE,
                ("(training_curves[d]", "(1 - np.array(training_curves[d])"),
                ("(validation_curves[d]", "(1 - np.array(validation_curves[d])"),
            ),
            {"depth_plot": 6},
            "the errors are drawn",
        ),
        "depths not told": (but(ONE, ('label=f"{d} layers, ', 'label="')), {"depth_plot": 1}, "of 2 layers"),
        "kinds not told": (
            but(ONE, (", training", ""), (", validation", "")),
            {"depth_plot": 0.5},
            "which curves are of training images",
        ),
        "empty axes": (
            'fig, depth_plot = plt.subplots()\ndepth_plot.set(title="CIFAR-10", xlabel="epoch", ylabel="accuracy")',
            {"depth_plot": 7},
            "the axes hold no line",
        ),
    }
}
