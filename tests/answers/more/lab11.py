"""More answers to lab 11: the two plots. answers/lab11.py takes them in."""

from written import but

CHECKS = {
    "ablation_plot": "check.ablation_plot(ablation_plot, mine)",
    "own_idea_plot": "check.own_idea_plot(own_idea_plot, baseline, idea)",
}
STUBS = {name: f"{name} = None\n# your code here" for name in CHECKS}
SETUP = """
import matplotlib.pyplot as plt
from types import SimpleNamespace
cifar = SimpleNamespace(name="CIFAR-10")
mine = {
    "all means": np.array([0.61, 0.634, 0.622]),
    "without mirroring": np.array([0.603, 0.597, 0.611]),
    "without one-cycle schedule": np.array([0.554, 0.571, 0.549]),
}
baseline, idea = np.array([0.612, 0.634, 0.627]), np.array([0.641, 0.629, 0.655])
"""
HEADS = {"ablation_plot": "results = mine\n", "own_idea_plot": "ours, base = idea, baseline\n"}

WORDS = 'ax.set(title=f"Ablation ({cifar.name})", xlabel="validation accuracy")\nablation_plot = ax\n'
DOTS = """
fig, ax = plt.subplots()
for i, (name, values) in enumerate(results.items()):
    ax.plot(values, [i] * len(values), "o")
ax.set_yticks(range(len(results)), list(results))
"""
OWN = 'ax.set(title=f"Own idea ({cifar.name})", ylabel="accuracy")\nown_idea_plot = ax\n'
PAIR = """
fig, ax = plt.subplots()
ax.plot([0] * len(base), base, "o")
ax.plot([1] * len(ours), ours, "o")
ax.set_xticks([0, 1], ["baseline", "my idea"])
"""


RIGHT = {
    "ablation_plot": {
        "dots": DOTS + WORDS,
        "standing, per cent": """
fig, ax = plt.subplots()
for i, values in enumerate(results.values()):
    ax.scatter(np.full(len(values), i), 100 * values, marker="x")
    ax.errorbar(i + 0.2, 100 * values.mean(), 100 * values.std(ddof=1), fmt="s")
ax.set_xticks(range(len(results)), list(results), rotation=30)
ax.set(title="What each means is worth, CIFAR-10", ylabel="accuracy in per cent")
ablation_plot = fig
""",
        "less the mean of all": DOTS.replace("ax.plot(values", "ax.plot(values - results['all means'].mean()")
        + WORDS.replace("validation accuracy", "points lost"),
        "a legend": """
for name, values in results.items():
    plt.plot(range(len(values)), values, "o-", label=name)
plt.legend()
plt.xlabel("seed")
plt.ylabel("accuracy")
plt.title("CIFAR-10, small budget")
ablation_plot = plt.gca()
""",
        "bars, and a dot for each run": """
fig, ax = plt.subplots()
names = [name.removeprefix("without ") for name in results]
ax.barh(names, [values.mean() for values in results.values()])
for name, values in zip(names, results.values()):
    ax.scatter(values, [name] * len(values), color="black", zorder=3)
"""
        + WORDS,
    },
    "own_idea_plot": {
        "dots": PAIR + OWN,
        "per cent, the figure": but(PAIR, ("base, ", "100 * base, "), ("ours, ", "100 * ours, "))
        + but(OWN, ("= ax", "= fig"), ("accuracy", "accuracy in %")),
        "lines by seed": """
fig, ax = plt.subplots()
ax.plot(base, "o-", label="Baseline")
ax.plot(ours, "s-", label="with the idea: wider network")
ax.legend()
"""
        + OWN,
        "lying": """
fig, ax = plt.subplots()
ax.scatter(base, np.zeros(len(base)))
ax.scatter(ours, np.ones(len(ours)))
ax.set_yticks([0, 1], ["baseline", "idea"])
"""
        + but(OWN, ("ylabel", "xlabel")),
        "bars by seed": """
fig, ax = plt.subplots()
ax.bar(np.arange(len(base)) - 0.2, base, 0.4, label="baseline")
ax.bar(np.arange(len(ours)) + 0.2, ours, 0.4, label="idea")
ax.legend()
"""
        + OWN,
    },
}
WRONG = {
    "ablation_plot": {
        "an empty figure": ("ablation_plot = plt.figure()", {"ablation_plot": 8}, "there is no plot in it"),
        "empty axes": (
            'fig, ax = plt.subplots()\nax.set(title="CIFAR-10", ylabel="accuracy")\nablation_plot = ax\n',
            {"ablation_plot": 7},
            "there is nothing in the axes",
        ),
        "means only": (
            but(DOTS, ("ax.plot(values, [i] * len(values)", "ax.plot(values.mean(), i")) + WORDS,
            {"ablation_plot": 3},
            "the mean is there, and not the single runs",
        ),
        "one setting is missing": (
            but(DOTS, (":\n    ax.plot", ":\n    if i == 1:\n        continue\n    ax.plot")) + WORDS,
            {"ablation_plot": 5},
            "not every run is there of: without mirroring",
        ),
        "one run each": (
            but(DOTS, ("ax.plot(values, [i] * len(values)", "ax.plot(values[0], i")) + WORDS,
            {"ablation_plot": 5},
            "not every run is there",
        ),
        "no names": (
            DOTS.replace("ax.set_yticks(range(len(results)), list(results))\n", "") + WORDS,
            {"ablation_plot": 2},
            "no tick, legend or text names",
        ),
        "no label": (
            DOTS + but(WORDS, (', xlabel="validation accuracy"', "")),
            {"ablation_plot": 1},
            "no label on the x",
        ),
        "no title": (DOTS + but(WORDS, ('title=f"Ablation ({cifar.name})", ', "")), {"ablation_plot": 1}, "no title"),
        "the data is not named": (
            DOTS + but(WORDS, (" ({cifar.name})", "")),
            {"ablation_plot": 0.5},
            "does not say on which data",
        ),
        "outside the limits": (
            DOTS + but(WORDS, ("ablation_plot", "ax.set_xlim(0.6, 1)\nablation_plot")),
            {"ablation_plot": 1},
            "outside the limits",
        ),
        "a panel each": (
            """
fig, panels = plt.subplots(1, len(results))
for ax, (name, values) in zip(panels, results.items()):
    ax.plot(values, "o")
    ax.set(title=f"{name}, CIFAR-10", ylabel="accuracy")
ablation_plot = fig
""",
            {"ablation_plot": 1},
            "in different axes",
        ),
        "a number": ("ablation_plot = 0.61", {"ablation_plot": 8}, "there is no plot in it"),
    },
    "own_idea_plot": {
        "an empty figure": ("own_idea_plot = plt.figure()", {"own_idea_plot": 8}, "there is no plot in it"),
        "the idea alone": (
            but(PAIR, ('ax.plot([0] * len(base), base, "o")\n', "")) + OWN,
            {"own_idea_plot": 5},
            "not every run is there of: baseline",
        ),
        "the baseline alone": (
            but(PAIR, ('ax.plot([1] * len(ours), ours, "o")\n', "")) + OWN,
            {"own_idea_plot": 5},
            "not every run is there of: idea",
        ),
        "two bars of means": (
            'fig, ax = plt.subplots()\nax.bar(["baseline", "idea"], [base.mean(), ours.mean()])\n' + OWN,
            {"own_idea_plot": 3},
            "the mean is there",
        ),
        "no names": (
            PAIR.replace('ax.set_xticks([0, 1], ["baseline", "my idea"])\n', "") + OWN,
            {"own_idea_plot": 2},
            "no tick, legend or text names baseline, idea",
        ),
        "no label": (PAIR + but(OWN, (', ylabel="accuracy"', "")), {"own_idea_plot": 1}, "no label on the y"),
        "no title": (PAIR + but(OWN, ('title=f"Own idea ({cifar.name})", ', "")), {"own_idea_plot": 1}, "no title"),
        "the data is not named": (
            PAIR + but(OWN, (" ({cifar.name})", "")),
            {"own_idea_plot": 0.5},
            "does not say on which data",
        ),
        "cut off": (
            PAIR + but(OWN, ("own_idea_plot", "ax.set_ylim(0.63, 0.7)\nown_idea_plot")),
            {"own_idea_plot": 1},
            "outside the limits",
        ),
    },
}
RIGHT = {cell: {name: HEADS[cell] + source for name, source in found.items()} for cell, found in RIGHT.items()}
WRONG = {
    cell: {name: (HEADS[cell] + source, *rest) for name, (source, *rest) in found.items()}
    for cell, found in WRONG.items()
}
