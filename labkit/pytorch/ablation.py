"""Each means switched off once, over several seeds: what is it worth?"""

import dataclasses

import numpy as np

from .training import train

# What is switched off, and by which settings; nothing else is changed.
TRAINED = {
    "batch normalisation": {"normalise": False},
    "whitening": {"whiten": False},
    "mirroring": {"mirror": False},
    "shifting": {"shift": 0},
    "label smoothing": {"smoothing": 0.0},
    "one-cycle schedule": {"cycle": False},
}
# The training is the same without these: the same runs are evaluated in another way.
EVALUATED = {"weight averaging": (False, True), "mirrored evaluation": (True, False)}


def accuracies(run, images, y):
    """A run evaluated in four ways.

    run: a `Run` whose recipe averages weights.
    images, y: images and labels that it was not trained on.
    Returns a dict: "averaged, mirrored" to "last, plain", each a share.
    """
    found = {}
    for weights, network in (("averaged", run.network), ("last", run.trained)):
        plain = run.scores(images, network, mirrored=False)
        both = plain + run.scores(images[..., ::-1].copy(), network, mirrored=False)
        for way, scores in (("mirrored", both), ("plain", plain)):
            found[f"{weights}, {way}"] = float(np.mean(scores.argmax(1) == y))
    return found


def ablate(recipe, X, y, X_val, y_val, seeds=(0, 1, 2), without=tuple(TRAINED), whole=True, **options):
    """Train with all means, and without each of them, once for each seed.

    recipe: a `Recipe` with all means.
    X, y, X_val, y_val: images and labels for training and for validation.
    seeds: whole numbers.
    without: names in `TRAINED`.
    whole: False leaves out the runs with all means.
    options: further arguments of `train`.
    Yields (name, seed, accuracies) after each run, name being "all" or what is switched off; see `accuracies`.
    """
    for seed in seeds:
        for name in (*["all"] * whole, *without):
            changed = dataclasses.replace(recipe, **TRAINED.get(name, {}))
            run = train(changed, X, y, X_val[:100], y_val[:100], seed=seed, quiet=True, **options)
            yield name, seed, accuracies(run, X_val, y_val)


def table(found):
    """The results of `ablate` by means.

    found: list of (name, seed, accuracies).
    Returns a dict from "all means" and "without …" to an array with an accuracy for each seed.
    """
    names = dict.fromkeys(name for name, _, _ in found)
    by_name = {name: [how for other, _, how in found if other == name] for name in names}
    full = "averaged, mirrored"
    rows = {"all means": [how[full] for how in by_name["all"]]}
    for name in names:
        if name != "all":
            rows[f"without {name}"] = [how[full] for how in by_name[name]]
    for name, (averaged, mirrored) in EVALUATED.items():
        way = f"{'averaged' if averaged else 'last'}, {'mirrored' if mirrored else 'plain'}"
        rows[f"without {name}"] = [how[way] for how in by_name["all"]]
    return {name: np.array(values) for name, values in rows.items()}
