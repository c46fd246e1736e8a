"""Lab 11, the experiment: schedule, averaging and evaluation, with the mistakes that are known."""

import numpy as np

from labkit.check.answer import Misuse
from labkit.check.criteria import equals, watched
from labkit.check.exercise import exercise
from labkit.check.probed import probed
from labkit.check.tensors import WITH_TORCH, left_alone, like, numbers, seeded, torch

# ---------------------------------------------------------------------------------------------- schedule


def one_cycle_factor_(t, warm=0.25, first=0.2, last=0.0):
    """Factor of the rate: a line from first up to 1 at t = warm, then a line down to last at t = 1."""
    if t < warm:
        return first + (1 - first) * t / warm
    return 1 + (last - 1) * (t - warm) / (1 - warm)


def _shares(rising):
    def cases(rng):
        found = []
        for warm, first, last in [(0.25, 0.2, 0.0), (0.5, 0.0, 0.1), (0.1, 0.7, 0.3), (0.3, 0.05, 0.6)]:
            shares = np.append(rng.random(3), 0.0) * warm if rising else 1 - np.append(rng.random(3), 0.0) * (1 - warm)
            found += [(float(t), warm, first, last) for t in shares]
        return found if rising else [*found, (0.25, 0.25, 0.2, 0.0)]

    return cases


_UP, _DOWN = "first + (1 - first) * t / warm", "1 + (last - 1) * (t - warm) / (1 - warm)"

# fmt: off
one_cycle_factor = exercise("one_cycle_factor", 8, one_cycle_factor_, [
    (4, "a line from first up to 1", equals(_shares(True))),
    (4, "a line from 1 down to last", equals(_shares(False))),
], mistakes=[
    ("the way up begins at 0, where it begins at first", (_UP, "t / warm")),
    ("the way up ends above 1: what is added is 1 - first", ("(1 - first) * t", "t")),
    ("1 is reached at t = 1, where it is reached at t = warm", ("* t / warm", "* t")),
    ("the way up is missing: the factor is 1 there", (_UP, "1.0")),
    ("the factor stays at first until t = warm", (_UP, "first")),
    ("the way up is steeper than a line, a product of ratios", (_UP, "first ** (1 - t / warm)")),
    ("the way down ends at 0, where it ends at last", (_DOWN, "(1 - t) / (1 - warm)")),
    ("the way down begins at t = 0, where it begins at t = warm", ("(t - warm) / (1 - warm)", "t")),
    ("last is reached after t = 1: divide by 1 - warm", (" / (1 - warm)", "")),
    ("it rises after t = warm: last - 1 is below 0", ("(last - 1)", "(1 - last)")),
    ("half a cosine, where a line is asked",
     (_DOWN, "last + (1 - last) * (1 + np.cos(np.pi * (t - warm) / (1 - warm))) / 2")),
    ("the factor stays at 1 after t = warm", (_DOWN, "1.0")),
    ("first and last are exchanged", (_UP, "last + (1 - last) * t / warm"),
     ("1 + (last - 1)", "1 + (first - 1)")),
], ready_made=WITH_TORCH)
# fmt: on

# --------------------------------------------------------------------------------------------- averaging


def averaged_weights_(average, weights, keep):
    """A new dict: keep * average + (1 - keep) * weights for each name; whole numbers are those of weights."""
    new = {}
    with torch.no_grad():
        for name in average:
            mixed = keep * average[name] + (1 - keep) * weights[name]
            new[name] = mixed if average[name].is_floating_point() else weights[name].clone()
    return new


def _dicts(rng):
    for keep in (0.9, 0.25, 0.999):
        sizes = {"conv.weight": (4, 3, 2, 2), "conv.bias": (4,), "running_var": (4,), "scale": ()}
        one, two = ({name: torch.tensor(rng.normal(size=size)) for name, size in sizes.items()} for _ in range(2))
        one["steps"], two["steps"] = torch.tensor(7), torch.tensor(int(rng.integers(10, 20)))
        two["conv.weight"].requires_grad_()
        yield one, two, keep


def _names(found, like):
    if not isinstance(found, dict) or set(found) != set(like):
        raise Misuse("a dict with the names of average is asked")
    return found


def _mixed(whole):
    @seeded
    def observe(call, rng):
        seen = []
        for one, two, keep in _dicts(rng):
            found = _names(call(one, two, keep), one)
            seen += [like(found[name], one[name].shape, name) for name in one if (name == "steps") == whole]
        return seen

    return observe


@seeded
def _free(call, rng):
    found = _names(call(*next(_dicts(rng))), next(_dicts(rng))[0])
    return [any(torch.is_tensor(part) and part.requires_grad for part in found.values())]


def _plain_dicts(rng):
    return [
        tuple({name: numbers(w) for name, w in part.items()} for part in pair) + (keep,) for *pair, keep in _dicts(rng)
    ]


@seeded
def _after_a_change(call, one, two, keep):
    """The tensors of weights, after a change of what came back."""
    one, two = ({name: torch.tensor(array) for name, array in part.items()} for part in (one, two))
    found = _names(call(one, two, keep), one)
    for part in found.values():
        if torch.is_tensor(part) and part.is_floating_point() and not part.requires_grad:
            part += 1.0  # what is the same tensor changes with it
    return [numbers(w) for w in two.values()]


# fmt: off
averaged_weights = exercise("averaged_weights", 10, averaged_weights_, [
    (5, "the weighted mean of each tensor", watched(_mixed(False), "the means are not right")),
    (2, "whole numbers are those of weights, and stay whole",
     watched(_mixed(True), "the number of steps is not right")),
    (2, "no graph is kept",
     watched(_free, "the average keeps the graph of the weights, and grows with every step: with torch.no_grad()")),
    (1, "weights is left as it was", probed(_after_a_change, _plain_dicts, "the network's own weights are changed")),
], mistakes=[
    ("keep belongs to average, 1 - keep to weights",
     ("keep * average[name] + (1 - keep) * weights[name]", "(1 - keep) * average[name] + keep * weights[name]")),
    ("1 - keep is forgotten: the shares have to add up to 1", ("(1 - keep) * weights", "weights")),
    ("keep is forgotten: the shares have to add up to 1", ("keep * average[name] + (", "average[name] + (")),
    ("the plain mean of the two", ("keep * average[name] + (1 - keep) * weights[name]",
                                   "(average[name] + weights[name]) / 2")),
    ("the weights themselves, nothing is averaged", ("mixed if average[name].is_floating_point() else ", "")),
    ("average does not move",
     ("mixed if average[name].is_floating_point() else weights[name].clone()", "average[name]")),
    ("the geometric mean", ("keep * average[name] + (1 - keep) * weights[name]",
                            "average[name].abs() ** keep * weights[name].abs() ** (1 - keep)")),
    ("whole numbers are averaged too: a number of steps is no mean",
     ("mixed if average[name].is_floating_point() else weights[name].clone()", "mixed")),
    ("the old whole numbers are kept: those of weights are asked",
     ("else weights[name].clone()", "else average[name]")),
    ("the graph of the weights is kept, and grows with every step: with torch.no_grad()",
     ("with torch.no_grad():", "if True:")),
], returns="a dict of tensors", ready_made=WITH_TORCH)
# fmt: on

# -------------------------------------------------------------------------------------------- evaluation


def mirrored_mean_(network, images):
    """Mean of the scores of images and of their mirror images: (N, C, H, W) -> (N, classes)."""
    there = network(images)
    back = network(images.flip(3))
    return (there + back) / 2


def _seers(rng):
    for N, C, H, W, K in [(4, 3, 5, 6, 7), (1, 1, 3, 4, 2), (33, 2, 6, 3, 10)]:
        weights = torch.tensor(rng.normal(size=(C * H * W, K)))

        def network(images, weights=weights, shape=(C, H, W)):
            if not torch.is_tensor(images) or tuple(images.shape[1:]) != shape:
                raise Misuse("network takes a tensor of images (N, {}, {}, {})".format(*shape))
            return torch.relu(images).flatten(1) @ weights

        yield network, torch.tensor(rng.normal(size=(N, C, H, W))), K


@seeded
def _means(call, rng):
    return [like(call(network, images), (len(images), K), "scores") for network, images, K in _seers(rng)]


def _views(rng):
    return [(network, images) for network, images, _ in _seers(rng)]


# fmt: off
mirrored_mean = exercise("mirrored_mean", 8, mirrored_mean_, [
    (7, "the mean of the scores of both", watched(_means, "the scores are not right")),
    (1, "images is left as it was", left_alone(_views, "images is changed in place")),
], mistakes=[
    ("the sum, where the mean is asked", (" / 2", "")),
    ("the images are not mirrored", ("images.flip(3)", "images"), {"keeps": 0}),
    ("the mirror images alone", ("there + back", "back + back")),
    ("upside down: left and right are exchanged by flip(3)", ("flip(3)", "flip(2)")),
    ("turned by half: left and right are exchanged by flip(3)", ("flip(3)", "flip((2, 3))")),
    ("the colours are exchanged: left and right are exchanged by flip(3)", ("flip(3)", "flip(1)")),
    ("the images are in another order: left and right are exchanged by flip(3)", ("flip(3)", "flip(0)")),
    ("the larger of the two, where the mean is asked", ("(there + back) / 2", "torch.maximum(there, back)")),
    ("the mean of the two pictures goes through the network: the mean of the scores is asked",
     ("(there + back) / 2", "network((images + images.flip(3)) / 2)")),
    ("the mean of the probabilities, where that of the scores is asked",
     ("(there + back) / 2", "(there.softmax(1) + back.softmax(1)) / 2")),
    ("the scores are exchanged, where the pixels are asked", ("images.flip(3)", "images).flip(1")),
    ("the product, where the mean is asked", ("(there + back) / 2", "there * back")),
], returns="(N, classes) scores", ready_made=WITH_TORCH)
# fmt: on
