"""Lab 11, the experiment: images moved and smoothed labels, with the mistakes that are known."""

import numpy as np

from labkit.check.answer import Misuse
from labkit.check.criteria import watched
from labkit.check.exercise import exercise
from labkit.check.probed import probed
from labkit.check.runtime_loops import no_loop
from labkit.check.tensors import WITH_TORCH, F, left_alone, like, numbers, seeded, torch

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
            out = like(call(*case), case[0].shape, "a batch like images")
            found.append(out if border else out * _inside(*case))
        return found

    return observe


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
    (1, "images is left as it was", left_alone(_moves, "images is changed in place: it holds the training images")),
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
], returns="a batch like images", ready_made=WITH_TORCH)
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
        return [like(call(*case), (), "one number, the mean over the images,") for case in _scores(rng, largest)]

    return observe


def _plain_scores(rng):
    return [(numbers(scores), numbers(y), smoothing) for scores, y, smoothing in _scores(rng)]


@seeded
def _slopes(call, scores, y, smoothing):
    scores = torch.tensor(scores, requires_grad=True)
    loss = call(scores, torch.tensor(y), smoothing)
    if not (torch.is_tensor(loss) and loss.requires_grad):
        raise Misuse("no gradient comes back through it: a tensor is asked, without .item(), .detach() and NumPy")
    (slope,) = torch.autograd.grad(loss.sum(), scores, allow_unused=True)
    return [np.zeros(scores.shape) if slope is None else numbers(slope) * len(y)]


def _smoothed(call, scores, y, smoothing):
    """How often cross_entropy is called with label smoothing of its own."""
    seen = []

    class Looking(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            if function is F.cross_entropy and ((kwargs or {}).get("label_smoothing") or len(args) > 7 and args[7]):
                seen.append(function)
            return function(*args, **(kwargs or {}))

    with Looking():
        call(torch.tensor(scores, requires_grad=True), torch.tensor(y), smoothing)
    return [len(seen)]


def _by_formula(answer):
    outcome = answer.probed(_smoothed, _plain_scores(answer.rng())[0])
    said = "cross_entropy smooths the labels itself: its formula is asked"
    return outcome.error or (said if outcome.value != [0] else None)


_LOSSES = "losses = -(1 - smoothing) * of_label - smoothing * of_all"
_LOG = "scores.log_softmax(dim=1)"
_OTHERS = "smoothing * (log_p.sum(dim=1) - of_label) / (scores.shape[1] - 1)"

# fmt: off
smooth_loss = exercise("smooth_loss", 10, smooth_loss_, [
    (5, "the loss", watched(_losses(4.0), "the loss is not right", tolerance=1e-6)),
    (2, "its gradient", probed(_slopes, _plain_scores, "the gradient is not right", forgiving=True, tolerance=1e-6)),
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
], returns="a tensor of one number", ready_made=(*WITH_TORCH, "!labkit.check.labs.lab11"))
# fmt: on
