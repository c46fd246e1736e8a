"""Lab 10, PyTorch: the training step and the evaluation, with the mistakes that are known."""

import numpy as np

from labkit.check.answer import Misuse, a_type
from labkit.check.exercise import exercise
from labkit.check.probed import probed
from labkit.check.tensors import WITH_TORCH, F, built, drawn_for, numbers, seeded, tensor, torch

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


def _task(rng, N, D, C, sizes):
    """Images, labels, and batches of these sizes, drawn with some images twice."""
    X, y = rng.normal(size=(N, D)).astype(np.float32), rng.integers(0, C, N)
    return X, y, [rng.integers(0, N, size) for size in sizes]


def _runs(rng):
    """(layers, their parameters, SGD's settings, gradients left from an earlier use, X, y, batches)."""
    for depth, momentum, sizes in [(1, 0.0, (5, 3, 1, 7)), (2, 0.9, (4, 4, 9)), (2, 0.5, (6,))]:
        D, H, C = (int(n) for n in rng.permutation([4, 6, 3]))
        layers = (("Linear", D, C),) if depth == 1 else (("Linear", D, H), ("ReLU",), ("Linear", H, C))
        yield layers, drawn_for(layers, rng), {"lr": 0.3, "momentum": momentum}, 1.0, *_task(rng, 12, D, C, sizes)


def _normalised(rng):
    """A network that gives other scores in training, handed over in the mode of an evaluation."""
    layers = ("Linear", 4, 6), ("BatchNorm1d", 6), ("ReLU",), ("Linear", 6, 3)
    yield layers, drawn_for(layers, rng), {"lr": 0.1}, None, *_task(rng, 20, 4, 3, (7, 5, 8))


def _run(layers, arrays, settings, left, X, y, batches):
    """What the answer is handed: (model, optimizer, X, y, batches)."""
    model = built(layers, arrays)
    optimizer = torch.optim.SGD(model.parameters(), **settings)
    for p in model.parameters():
        p.grad = None if left is None else torch.full_like(p, left)
    return model, optimizer, tensor(X), tensor(y), [tensor(batch) for batch in batches]


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
def _losses(call, *case):
    run = _run(*case)
    return [_listed(call(*run), run[-1])]


@seeded
def _steps(call, *case):
    model, *rest = _run(*case)
    call(model, *rest)
    return [numbers(p) for p in model.parameters()]


@seeded
def _sorts(call, *case):
    """What each loss is: "graph", "tensor" or "number"."""
    run = _run(*case)
    losses = call(*run)
    _listed(losses, run[-1])
    return ["graph" if getattr(one, "requires_grad", 0) else "tensor" if torch.is_tensor(one) else "" for one in losses]


def _graphs(answer):
    outcome = answer.probed(_sorts, next(_runs(answer.rng())))
    if outcome.error or not isinstance(outcome.value, list):
        return outcome.error or str(outcome.value)
    if "graph" in outcome.value:
        return "each loss is a tensor that keeps the graph of its step, so memory grows with every batch: loss.item()"
    return "the losses are tensors: loss.item() is the number" if any(outcome.value) else None


_ZERO, _BACK, _STEP = "        optimizer.zero_grad()\n", "        loss.backward()\n", "        optimizer.step()\n"
_LOSS = "        loss = F.cross_entropy(scores, y[batch])\n"
_CALL = "F.cross_entropy(scores, y[batch])"

# fmt: off
train_epoch = exercise("train_epoch", 20, train_epoch_, [
    (7, "the loss of each batch, before its step",
     probed(_losses, _runs, "the losses are not those of gradient descent", tolerance=1e-6)),
    (6, "the parameters after the steps",
     probed(_steps, _runs, "the parameters are not where the steps lead", tolerance=1e-6)),
    (4, "in the mode of training",
     probed(_losses, _normalised, "the losses are not those of a model in training", forgiving=True, tolerance=1e-6)),
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
], returns="a list with the loss of each batch", ready_made=WITH_TORCH)
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
    """(layers and parameters of a linear model, X, y, batch_size): batches that leave a rest, and one for all."""
    for N, C, size in [(16, 5, 5), (1001, 10, 10), (4, 4, 9), (13, 3, 3)]:
        layers, X = (("Linear", 6, C),), rng.normal(size=(N, 6)).astype(np.float32)
        arrays = drawn_for(layers, rng)
        scores = numbers(built(layers, arrays)(tensor(X)))
        right = scores.argmax(axis=1)
        y = np.where(rng.random(N) < 0.6, right, rng.integers(0, C, N))
        y[-1] = scores[-1].argmin()  # the rest is not like the others
        yield layers, arrays, X, y, size


def _dropping(rng):
    """A network that drops units, which it must not while it is tested."""
    layers = ("Linear", 6, 300), ("BatchNorm1d", 300), ("Dropout", 0.9), ("ReLU",), ("Linear", 300, 3)
    arrays, X = drawn_for(layers, rng), rng.normal(size=(63, 6)).astype(np.float32)
    right = numbers(built(layers, arrays)(tensor(X))).argmax(axis=1)
    yield layers, arrays, X, np.where(rng.random(63) < 0.8, right, rng.integers(0, 3, 63)), 3


def _first_set(rng):
    """The first of `_sets`, in either mode beforehand: (mode, layers, arrays, X, y, batch_size)."""
    first = next(_sets(rng))
    return [(bool(training), *first) for training in rng.permutation([True, False, True])]


def _number(value):
    found = numbers(value)
    if isinstance(found, bool) or np.ndim(found) or not hasattr(found, "__float__"):
        raise Misuse(f"it returns {a_type(value)}, one number is asked")
    return float(found)


@seeded
def _share(call, layers, arrays, X, y, size):
    return [_number(call(built(layers, arrays), tensor(X), tensor(y), size))]


@seeded
def _quiet(call, layers, arrays, X, y, size):
    """The share, and what the normalisation has for a mean, of a model that comes in the mode of training."""
    model = built(layers, arrays).train()
    return [_number(call(model, tensor(X), tensor(y), size)), numbers(model[1].running_mean)]


def _looked_at(call, training, layers, arrays, X, y, size):
    """(model, whether a graph was built, the most images at a time), after an evaluation."""
    model, graphs, sizes = built(layers, arrays).train(training), [], []

    def note(module, images):
        graphs.append(torch.is_grad_enabled())
        sizes.append(len(images[0]))

    model.register_forward_pre_hook(note)
    call(model, tensor(X), tensor(y), size)
    return model, any(graphs), max(sizes, default=0)


@seeded
def _graph(call, *case):
    return [_looked_at(call, *case)[1]]


@seeded
def _mode(call, *case):
    return [_looked_at(call, *case)[0].training]


@seeded
def _most(call, *case):
    return [_looked_at(call, *case)[2] > case[-1]]


_RIGHT = "(model(images).argmax(dim=1) == labels).sum().item()"

# fmt: off
evaluate = exercise("evaluate", 12, evaluate_, [
    (5, "the share that is right, of all images", probed(_share, _sets, "the share is not right", tolerance=1e-6)),
    (2, "in the mode of an evaluation",
     probed(_quiet, _dropping, "the share is not that of the model in eval()", forgiving=True, tolerance=1e-6)),
    (2, "no graph is built", probed(_graph, _first_set, "a graph is built, which nobody uses: with torch.no_grad()")),
    (2, "the model is in the mode afterwards in which it was before",
     probed(_mode, _first_set, "the model is left in another mode")),
    (1, "never more than batch_size images at a time",
     probed(_most, _first_set, "images are not taken batch_size at a time")),
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
], returns="a number", ready_made=WITH_TORCH)
# fmt: on
