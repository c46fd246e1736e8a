"""Lab 11, the experiment: augmentation, loss, schedule, averaging and evaluation, with the mistakes that are known."""

import numpy as np

from labkit.check.answer import Misuse, a_type
from labkit.check.criteria import equals, watched
from labkit.check.exercise import exercise
from labkit.check.runtime_loops import no_loop
from labkit.check.tensors import WITH_TORCH, F, numbers, seeded, torch


def _like(value, shape, what):
    """The numbers of a returned tensor of this shape. Raises Misuse where it is none."""
    if not isinstance(value, (torch.Tensor, np.ndarray)):
        raise Misuse(f"it returns {a_type(value)}: {what} is asked")
    if tuple(value.shape) != tuple(shape):
        raise Misuse(f"it returns shape {tuple(value.shape)}, where {what} has {tuple(shape)}")
    return numbers(value)


# ------------------------------------------------------------------------------------------ augmentation


def moved_images_(images, mirrored, down, across, most):
    """Each image shifted, and mirrored where it is told, what comes in reflected: (N, C, H, W) -> a tensor like it."""
    N, C, H, W = images.shape
    padded = F.pad(images, (most, most, most, most), mode="reflect")
    rows = torch.arange(H) + most - down[:, None]
    columns = torch.arange(W) + most - across[:, None]
    columns = torch.where(mirrored[:, None], columns.flip(1), columns)
    n, c = torch.arange(N)[:, None, None, None], torch.arange(C)[:, None, None]
    return padded[n, c, rows[:, None, :, None], columns[:, None, None, :]]


def _moves(rng, mirror=True, sizes=((5, 2, 6, 9), (1, 1, 4, 5), (130, 3, 8, 5)), most=(2, 1, 3)):
    for (N, *image), far in zip(sizes, most):
        draws = rng.integers(-far, far + 1, (2, N))
        draws[:, 0] = far, -far
        pixels = torch.tensor(rng.normal(size=(N, *image)), dtype=torch.float64 if N == 5 else torch.float32)
        mirrored = torch.tensor((rng.random(N) < 0.5) & mirror)
        mirrored[-1] = mirror
        yield pixels, mirrored, torch.tensor(draws[0]), torch.tensor(draws[1]), far


def _inside(images, mirrored, down, across, most):
    """Where an image that was shifted, in whichever order with the mirroring, shows itself and not its border."""
    H, W = images.shape[2:]
    rows, columns = np.arange(H) - numbers(down)[:, None], np.arange(W) - numbers(across)[:, None]
    beyond = numbers(across)[:, None] * np.where(numbers(mirrored), -1, 1)[:, None]
    others = np.arange(W) - beyond
    inside = ((0 <= columns) & (columns < W) & (0 <= others) & (others < W))[:, None, None, :]
    return inside & ((0 <= rows) & (rows < H))[:, None, :, None]


def _pictures(mirror, border):
    """What `watched` looks at: the pictures without mirroring or with it, inside or whole."""

    @seeded
    def observe(call, rng):
        found = []
        for case in _moves(rng, mirror):
            out = _like(
                call(*(a.clone() if torch.is_tensor(a) else a for a in case)), case[0].shape, "a batch like images"
            )
            found.append(out if border else out * _inside(*case))
        return found

    return observe


@seeded
def _kept_images(call, rng):
    images, *how = next(_moves(rng))
    before = numbers(images)
    call(images, *how)
    return [np.array_equal(before, numbers(images))]


def _batch(rng, n, d, c):
    far = torch.tensor(rng.integers(-2, 3, (2, n)))
    return torch.tensor(rng.normal(size=(n, 2, d, c))), torch.tensor(rng.random(n) < 0.5), far[0], far[1], 2


_COLUMNS = "torch.arange(W) + most - across[:, None]"
_FIRST = (_COLUMNS, "torch.arange(W) + most - torch.where(mirrored, -across, across)[:, None]")

# fmt: off
moved_images = exercise("moved_images", 14, moved_images_, [
    (5, "each image is shifted, down and across",
     watched(_pictures(False, False), "the pixels are not where the shifts bring them")),
    (4, "left and right are exchanged in those that are told",
     watched(_pictures(True, False), "the pixels are not where shift and mirroring bring them",
             also=[(_FIRST,)])),
    (2, "what comes in at the border is the image reflected",
     watched(_pictures(True, True), "at the border it is not the image reflected", also=[(_FIRST,)], forgiving=True)),
    (2, "for all images at once, without a loop", no_loop(_batch)),
    (1, "images is left as it was", watched(_kept_images, "images is changed in place: it holds the training images")),
], mistakes=[
    ("up, where down is asked", ("most - down", "most + down")),
    ("to the left, where across is to the right", ("most - across", "most + across")),
    ("up and to the left, where down and to the right is asked",
     ("most - down", "most + down"), ("most - across", "most + across")),
    ("down and across are exchanged", ("most - down", "most - across"), ("most - across", "most - down")),
    ("the images are not shifted", ("- down[:, None]", "+ 0 * down[:, None]"),
     ("- across[:, None]", "+ 0 * across[:, None]"), {"keeps": 0}),
    ("shifted across only", ("- down[:, None]", "+ 0 * down[:, None]")),
    ("shifted down only", ("- across[:, None]", "+ 0 * across[:, None]")),
    ("one shift for the whole batch: each image has its own", ("down[:, None]", "down[[0], None]"),
     ("across[:, None]", "across[[0], None]")),
    ("most is forgotten: in the padded image the first pixel is at most",
     ("torch.arange(H) + most", "torch.arange(H) + 0 * most"),
     ("torch.arange(W) + most", "torch.arange(W) + 0 * most")),
    ("no image is mirrored", ("torch.where(mirrored[:, None], columns.flip(1), columns)", "columns")),
    ("all images are mirrored", ("torch.where(mirrored[:, None], columns.flip(1), columns)", "columns.flip(1)")),
    ("the others are mirrored: those where mirrored is False", ("mirrored[:, None]", "~mirrored[:, None]")),
    ("the images are turned upside down, where left and right are asked",
     ("    columns = torch.where(mirrored[:, None], columns.flip(1), columns)\n",
      "    rows = torch.where(mirrored[:, None], rows.flip(1), rows)\n")),
    ("zeros come in at the border, where the image reflected is asked", ('"reflect"', '"constant"')),
    ("the pixel at the border is repeated, where the image reflected is asked", ('"reflect"', '"replicate"')),
    ("what leaves the image on one side comes in on the other", ('"reflect"', '"circular"')),
], returns="a batch like images", ready_made=WITH_TORCH, inside=True)
# fmt: on

# -------------------------------------------------------------------------------------- label smoothing


def smooth_loss_(scores, y, smoothing):
    """Cross-entropy with 1 - s + s/C for the label and s/C for each other class: a tensor of one number, a mean."""
    log_p = scores.log_softmax(dim=1)
    of_label = log_p[torch.arange(len(y)), y]
    of_all = log_p.mean(dim=1)
    losses = -(1 - smoothing) * of_label - smoothing * of_all
    return losses.mean()


def _scores(rng, largest=4.0):
    for (N, C), smoothing in [((7, 5), 0.2), ((1, 3), 0.5), ((1100, 10), 0.1), ((6, 6), 0.0)]:
        scores = torch.tensor(largest * rng.normal(size=(N, C)), requires_grad=True)
        yield scores, torch.tensor(rng.integers(0, C, N)), smoothing


def _losses(largest):
    @seeded
    def observe(call, rng):
        return [_like(call(*case), (), "one number, the mean over the images,") for case in _scores(rng, largest)]

    return observe


@seeded
def _slopes(call, rng):
    found = []
    for scores, y, smoothing in _scores(rng):
        loss = call(scores, y, smoothing)
        if not (torch.is_tensor(loss) and loss.requires_grad):
            raise Misuse("no gradient comes back through it: a tensor is asked, without .item(), .detach() and NumPy")
        (slope,) = torch.autograd.grad(loss.sum(), scores, allow_unused=True)
        found.append(np.zeros(scores.shape) if slope is None else numbers(slope) * len(y))
    return found


def _by_formula(answer):
    """Whether cross_entropy is called with label smoothing of its own."""
    seen = []

    class Looking(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            if function is F.cross_entropy and ((kwargs or {}).get("label_smoothing") or len(args) > 7 and args[7]):
                seen.append(function)
            return function(*args, **(kwargs or {}))

    with Looking():
        outcome = answer(*next(_scores(answer.rng())))
    return outcome.error or ("cross_entropy smooths the labels itself: its formula is asked" if seen else None)


_LOSSES = "losses = -(1 - smoothing) * of_label - smoothing * of_all"
_LOG = "scores.log_softmax(dim=1)"
_OTHERS = "smoothing * (log_p.sum(dim=1) - of_label) / (scores.shape[1] - 1)"

# fmt: off
smooth_loss = exercise("smooth_loss", 10, smooth_loss_, [
    (5, "the loss", watched(_losses(4.0), "the loss is not right", tolerance=1e-6)),
    (2, "its gradient", watched(_slopes, "the gradient is not right", forgiving=True, tolerance=1e-6)),
    (2, "scores of thousands give a finite loss",
     watched(_losses(3e4), "the loss is not right for large scores: take log_softmax, no logarithm of a softmax",
             forgiving=True, tolerance=1e-6)),
    (1, "by the formula, not by a switch of cross_entropy", _by_formula),
], mistakes=[
    ("the labels are not smoothed", (_LOSSES, "losses = -of_label")),
    ("the other classes share s among themselves: every class has s/C, the label's too",
     ("smoothing * of_all", _OTHERS)),
    ("1 - s and s are exchanged", ("-(1 - smoothing) * of_label - smoothing * of_all",
                                   "-smoothing * of_label - (1 - smoothing) * of_all")),
    ("the label has 1 + s/C, where it has 1 - s + s/C", ("-(1 - smoothing) * of_label", "-of_label")),
    ("each other class has s, where it has s/C", ("log_p.mean(dim=1)", "log_p.sum(dim=1)")),
    ("the share of the other classes is missing: s/C for each", (" - smoothing * of_all", "")),
    ("the sign: a loss is minus the logarithm of a probability",
     ("-(1 - smoothing) * of_label - smoothing * of_all", "(1 - smoothing) * of_label + smoothing * of_all")),
    ("a sum over the images, where their mean is asked", ("losses.mean()", "losses.sum()")),
    ("the scores are taken for logarithms of probabilities: log_softmax is missing", (_LOG, "scores * 1.0")),
    ("softmax before log_softmax, which does it itself", (_LOG, "scores.softmax(dim=1).log_softmax(dim=1)")),
    ("the probabilities, where their logarithms are asked", (_LOG, "scores.softmax(dim=1)")),
    ("softmax over the images, where the classes are asked: dim=1", (_LOG, "scores.log_softmax(dim=0)")),
    ("the logarithm of softmax: for large scores that is the logarithm of 0", (_LOG, "scores.softmax(dim=1).log()")),
], returns="a tensor of one number", ready_made=(*WITH_TORCH, "!labkit.check.labs.lab11"), inside=True)
# fmt: on

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
], ready_made=WITH_TORCH, inside=True)
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
            seen += [_like(found[name], one[name].shape, name) for name in one if (name == "steps") == whole]
        return seen

    return observe


@seeded
def _free(call, rng):
    found = _names(call(*next(_dicts(rng))), next(_dicts(rng))[0])
    return [any(torch.is_tensor(part) and part.requires_grad for part in found.values())]


@seeded
def _kept_weights(call, rng):
    one, two, keep = next(_dicts(rng))
    before = {name: numbers(w) for name, w in two.items()}
    found = _names(call(one, two, keep), one)
    for part in found.values():
        if torch.is_tensor(part) and part.is_floating_point() and not part.requires_grad:
            part += 1.0  # what is the same tensor changes with it
    return [all(np.array_equal(before[name], numbers(w)) for name, w in two.items())]


# fmt: off
averaged_weights = exercise("averaged_weights", 10, averaged_weights_, [
    (5, "the weighted mean of each tensor", watched(_mixed(False), "the means are not right")),
    (2, "whole numbers are those of weights, and stay whole",
     watched(_mixed(True), "the number of steps is not right")),
    (2, "no graph is kept",
     watched(_free, "the average keeps the graph of the weights, and grows with every step: with torch.no_grad()")),
    (1, "weights is left as it was", watched(_kept_weights, "the network's own weights are changed")),
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
], returns="a dict of tensors", ready_made=WITH_TORCH, inside=True)
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
    return [_like(call(network, images.clone()), (len(images), K), "scores") for network, images, K in _seers(rng)]


@seeded
def _kept_views(call, rng):
    network, images, _ = next(_seers(rng))
    before = numbers(images)
    call(network, images)
    return [np.array_equal(before, numbers(images))]


# fmt: off
mirrored_mean = exercise("mirrored_mean", 8, mirrored_mean_, [
    (7, "the mean of the scores of both", watched(_means, "the scores are not right")),
    (1, "images is left as it was", watched(_kept_views, "images is changed in place")),
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
], returns="(N, classes) scores", ready_made=WITH_TORCH, inside=True)
# fmt: on
