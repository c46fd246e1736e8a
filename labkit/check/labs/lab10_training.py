"""Lab 10, PyTorch: the training step and the evaluation, with the mistakes that are known."""

import numpy as np

from labkit.check.answer import Misuse, a_type
from labkit.check.criteria import watched
from labkit.check.exercise import exercise
from labkit.check.tensors import WITH_TORCH, F, nn, numbers, seeded, tensor, torch

# -------------------------------------------------------------------------------------- the training step


def train_epoch_(model, optimizer, X, y, batches):
    """A step for each batch of indices; returns the losses before the steps, as numbers."""
    model.train()
    losses = []
    for batch in batches:
        scores = model(X[batch])
        loss = F.cross_entropy(scores, y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def _filled(module, rng):
    """A module whose parameters are numbers of rng, in the mode of an evaluation."""
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(tensor(rng.normal(size=tuple(p.shape)) / max(p.shape[-1], 1) ** 0.5))
    return module.eval()


def _task(rng, N, D, C, sizes):
    """Images, labels, and batches of these sizes, drawn with some images twice."""
    X, y = tensor(rng.normal(size=(N, D))), tensor(rng.integers(0, C, N))
    return X, y, [torch.tensor(rng.integers(0, N, size)) for size in sizes]


def _runs(rng):
    """(model, optimizer, X, y, batches): a linear one without momentum, then a network with it."""
    for layers, momentum, sizes in [(1, 0.0, (5, 3, 1, 7)), (2, 0.9, (4, 4, 9)), (2, 0.5, (6,))]:
        D, H, C = rng.permutation([4, 6, 3])
        module = nn.Linear(D, C) if layers == 1 else nn.Sequential(nn.Linear(D, H), nn.ReLU(), nn.Linear(H, C))
        model = _filled(module, rng)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=momentum)
        for p in model.parameters():
            p.grad = torch.ones_like(p)  # left from an earlier use
        yield model, optimizer, *_task(rng, 12, D, C, sizes)


def _listed(losses, batches):
    """The losses as arrays of numbers. Raises Misuse where they are no list with one for each batch."""
    if not isinstance(losses, (list, tuple, np.ndarray, torch.Tensor)) or getattr(losses, "ndim", 1) == 0:
        raise Misuse(f"it returns {a_type(losses)}: a list with the loss of each batch is asked")
    if len(losses) != len(batches):
        raise Misuse(f"{len(losses)} losses come back of {len(batches)} batches")
    try:
        return np.array([float(numbers(loss)) for loss in losses])
    except (TypeError, ValueError):
        raise Misuse("the losses are not numbers") from None


@seeded
def _losses(call, rng):
    return [_listed(call(*run), run[-1]) for run in _runs(rng)]


@seeded
def _steps(call, rng):
    seen = []
    for model, *rest in _runs(rng):
        call(model, *rest)
        seen += [numbers(p) for p in model.parameters()]
    return seen


@seeded
def _mode(call, rng):
    """The losses of a network that is handed over in the mode of an evaluation, and gives other scores in training."""
    model = _filled(nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 3)), rng)
    X, y, batches = _task(rng, 20, 4, 3, (7, 5, 8))
    return [_listed(call(model, torch.optim.SGD(model.parameters(), lr=0.1), X, y, batches), batches)]


def _graphs(answer):
    with torch.random.fork_rng(devices=[]):
        outcome = answer(*next(_runs(answer.rng())))
    losses = outcome.value
    if outcome.error or not isinstance(losses, (list, tuple, torch.Tensor, np.ndarray)):
        return outcome.error or "no list of losses"
    if any(isinstance(loss, torch.Tensor) and loss.requires_grad for loss in losses):
        return "each loss is a tensor that keeps the graph of its step, so memory grows with every batch: loss.item()"
    return "the losses are tensors: loss.item() is the number" if torch.is_tensor(next(iter(losses))) else None


_ZERO, _BACK, _STEP = "        optimizer.zero_grad()\n", "        loss.backward()\n", "        optimizer.step()\n"
_LOSS = "        loss = F.cross_entropy(scores, y[batch])\n"
_CALL = "F.cross_entropy(scores, y[batch])"

# fmt: off
train_epoch = exercise("train_epoch", 20, train_epoch_, [
    (7, "the loss of each batch, before its step",
     watched(_losses, "the losses are not those of gradient descent", tolerance=1e-6)),
    (6, "the parameters after the steps",
     watched(_steps, "the parameters are not where the steps lead", tolerance=1e-6)),
    (4, "in the mode of training",
     watched(_mode, "the losses are not those of a model in training", forgiving=True, tolerance=1e-6)),
    (3, "the losses are numbers, without a graph", _graphs),
], mistakes=[
    ("zero_grad is missing: each step also goes along the gradients of all batches before", (_ZERO, "")),
    ("zero_grad once, before the loop: each step also goes along the gradients of the batches before",
     (_ZERO, ""), ("    losses = []\n", "    losses = []\n    optimizer.zero_grad()\n")),
    ("the parameters never move: after backward comes optimizer.step(), and zero_grad not between the two",
     (_STEP, ""), {"keeps": 0.25}),
    ("softmax before cross_entropy, which takes the scores and does it itself",
     ("cross_entropy(scores", "cross_entropy(torch.softmax(scores, dim=1)")),
    ("nll_loss takes log-probabilities, and gets scores here: cross_entropy does both", ("cross_entropy", "nll_loss")),
    ("the squared error of the probabilities, where the cross-entropy is asked",
     (_CALL, "F.mse_loss(scores.softmax(1), F.one_hot(y[batch], scores.shape[1]).float())")),
    ("a sum over the batch, where its mean is asked", ("y[batch])", 'y[batch], reduction="sum")')),
    ("all images in each step, where those of the batch are asked", ("X[batch]", "X"), ("y[batch]", "y")),
    ("the images of the batch, with labels of others", ("y[batch]", "y[: len(batch)]")),
    ("the losses after the steps, where those before are asked", (_STEP, _STEP + f"        loss = {_CALL}\n".replace(
        "scores", "model(X[batch])"))),
    ("the mean of the losses so far, where that of each batch is asked",
     ("return losses", "return [sum(losses[: i + 1]) / (i + 1) for i in range(len(losses))]")),
    ("the losses times the number of images", ("loss.item()", "loss.item() * len(batch)")),
    ("two steps for each batch", (_STEP, _STEP * 2)),
    ("the order of the batches is turned round", ("in batches", "in reversed(batches)")),
    ("backward is called twice: gradients are added to what is in .grad already",
     (_BACK, "        loss.backward(retain_graph=True)\n" + _BACK)),
    ("model.train() is missing: after an evaluation the model is still in eval()", ("    model.train()\n", "")),
], returns="a list with the loss of each batch", ready_made=WITH_TORCH, inside=True)
# fmt: on

# ------------------------------------------------------------------------------------------- evaluation


def evaluate_(model, X, y, batch_size):
    """The share of the images that is classified right, as a number; the model stays in the mode it was in."""
    training = model.training
    model.eval()
    right = 0
    with torch.no_grad():
        for first in range(0, len(X), batch_size):
            images, labels = X[first : first + batch_size], y[first : first + batch_size]
            right += (model(images).argmax(dim=1) == labels).sum().item()
    model.train(training)
    return right / len(X)


def _sets(rng):
    """(a linear model, X, y, batch_size): sizes of batches that leave a rest, and one for all."""
    for N, C, size in [(16, 5, 5), (1001, 10, 10), (4, 4, 9), (13, 3, 3)]:
        model = _filled(nn.Linear(6, C), rng)
        X = tensor(rng.normal(size=(N, 6)))
        right = numbers(model(X)).argmax(axis=1)
        y = tensor(np.where(rng.random(N) < 0.6, right, rng.integers(0, C, N)))
        y[-1] = (int(right[-1]) + 1) % C  # the rest is not like the others
        yield model, X, y, size


def _number(value):
    found = numbers(value)
    if isinstance(found, bool) or np.ndim(found) or not hasattr(found, "__float__"):
        raise Misuse(f"it returns {a_type(value)}, one number is asked")
    return float(found)


@seeded
def _shares(call, rng):
    return [_number(call(*case)) for case in _sets(rng)]


@seeded
def _quiet(call, rng):
    """The share for a network that drops units, which it must not while it is tested."""
    model = nn.Sequential(nn.Linear(6, 300), nn.BatchNorm1d(300), nn.Dropout(0.9), nn.ReLU(), nn.Linear(300, 3))
    model, X = _filled(model, rng), tensor(rng.normal(size=(63, 6)))
    y = model(X).argmax(dim=1)
    return [_number(call(model.train(), X, y, 3)), numbers(model[1].running_mean)]


def _looks(of):
    """What `watched` looks at: whether a graph is built, the most images at a time, or the mode afterwards."""

    @seeded
    def observe(call, rng):
        seen = []
        for before in (True, False):
            model, X, y, size = next(_sets(rng))
            graphs, sizes = [], []

            def note(module, images, graphs=graphs, sizes=sizes):
                graphs.append(torch.is_grad_enabled())
                sizes.append(len(images[0]))

            model.register_forward_pre_hook(note)
            call(model.train(before), X, y, size)
            seen.append({"graph": any(graphs), "most": max(sizes, default=0) > size, "mode": model.training}[of])
        return seen

    return observe


_RIGHT = "(model(images).argmax(dim=1) == labels).sum().item()"

# fmt: off
evaluate = exercise("evaluate", 12, evaluate_, [
    (5, "the share that is right, of all images", watched(_shares, "the share is not right", tolerance=1e-6)),
    (2, "in the mode of an evaluation",
     watched(_quiet, "the share is not that of the model in eval()", forgiving=True, tolerance=1e-6)),
    (2, "no graph is built", watched(_looks("graph"), "a graph is built, which nobody uses: with torch.no_grad()")),
    (2, "the model is in the mode afterwards in which it was before",
     watched(_looks("mode"), "the model is left in another mode")),
    (1, "never more than batch_size images at a time",
     watched(_looks("most"), "images are not taken batch_size at a time")),
], mistakes=[
    ("the mean of the batches' means: the last batch is smaller, and its images count more",
     (_RIGHT, "(model(images).argmax(dim=1) == labels).float().mean().item()"),
     ("right / len(X)", "right / len(range(0, len(X), batch_size))")),
    ("the argmax over the images: the classes are along axis 1", ("dim=1", "dim=0")),
    ("the last images are left out, where they do not fill a batch",
     ("range(0, len(X), batch_size)", "range(0, len(X) - batch_size + 1, batch_size)")),
    ("divided by the images of full batches",
     ("right / len(X)", "right / max(len(X) // batch_size * batch_size, 1)")),
    ("the smallest score, where the largest is asked", ("argmax", "argmin")),
    ("the share that is wrong", ("== labels", "!= labels")),
    ("the number of images, where a share is asked", ("right / len(X)", "right"), {"keeps": 0.25}),
    ("a percentage: a share is asked, from 0 to 1", ("right / len(X)", "100 * right / len(X)")),
    ("only the last batch counts: += adds up", ("right += ", "right = ")),
    ("model.eval() is missing: units are dropped, and batches change the averages of the normalisation",
     ("    model.eval()\n", "")),
    ("a graph is built, which nobody uses and which takes memory: with torch.no_grad()",
     ("torch.no_grad()", "torch.enable_grad()")),
    ("the model is left in eval(): the training that goes on would go on without dropout",
     ("    model.train(training)\n", "")),
    ("the model is left in train(), whatever its mode was before", ("train(training)", "train()")),
    ("more than batch_size images at a time: they may not fit into memory",
     ("range(0, len(X), batch_size)", "range(0, len(X), len(X))"), ("first + batch_size]", "first + len(X)]", 2)),
], returns="a number", ready_made=WITH_TORCH, inside=True)
# fmt: on
