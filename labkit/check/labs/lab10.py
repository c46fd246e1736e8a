"""Lab 10, PyTorch: tensors, gradients, modules, the training step and the evaluation, with the known mistakes."""

import numpy as np

from labkit.check.answer import Misuse, a_type
from labkit.check.criteria import equals
from labkit.check.exercise import exercise
from labkit.check.probed import probed
from labkit.check.tensors import WITH_TORCH, F, module_of, nn, numbers, seeded, torch

# ------------------------------------------------------------------------------------ images as tensors


def images_to_tensor_(images, mean, std):
    """Images (N, H, W, 3) of bytes as a float32 tensor (N, 3, H, W), by channel less the mean, over the deviation."""
    pixels = torch.from_numpy(images).float() / 255
    mean, std = torch.tensor(mean).float(), torch.tensor(std).float()
    pixels = (pixels - mean) / std
    return pixels.permute(0, 3, 1, 2)


def _pictures(rng, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)):
    sizes = [(3, 5, 4), (1, 3, 2), (2, 3, 3), (1100, 2, 1)]
    return [(rng.integers(0, 256, (*size, 3), dtype=np.uint8), np.array(mean), np.array(std)) for size in sizes]


def _pictures_to_scale(rng):
    return _pictures(rng, (0.49, 0.31, 0.6), (0.25, 0.12, 0.31))


def _pixels(value):
    if not isinstance(value, torch.Tensor):
        raise Misuse(f"it returns {a_type(value)}, a tensor is asked")
    return numbers(value)


def _single(answer):
    outcome = answer(*_pictures_to_scale(answer.rng())[0])
    if outcome.error or not isinstance(outcome.value, torch.Tensor):
        return outcome.error or "no tensor"
    kind = outcome.value.dtype
    known = {torch.float64: "float64: twice the memory, and layers of float32 refuse it (.float())"}
    return None if kind == torch.float32 else f"it is {known.get(kind, str(kind).removeprefix('torch.'))}"


_LAST = ".permute(0, 3, 1, 2)"

# fmt: off
images_to_tensor = exercise("images_to_tensor", 10, images_to_tensor_, [
    (5, "the pixels, channels first, 255 becomes 1", equals(_pictures, seen_as=_pixels)),
    (3, "each channel less its mean, divided by its deviation", equals(_pictures_to_scale, seen_as=_pixels)),
    (2, "float32", _single),
], mistakes=[
    ("the channels are still last: nn.Conv2d takes (N, 3, H, W)", (_LAST, "")),
    ("reshape keeps the order of the numbers and so mixes pixels and channels: permute moves the axis",
     (_LAST, ".reshape(images.shape[0], 3, *images.shape[1:3])")),
    ("rows and columns are exchanged", (_LAST, ".permute(0, 3, 2, 1)")),
    ("the order of the colours is turned round", (_LAST, _LAST + "[:, [2, 1, 0]]")),
    ("not divided by 255: mean and std are those of pixels from 0 to 1", (" / 255", "")),
    ("divided by 256: the largest byte is 255", ("/ 255", "/ 256")),
    ("the mean is not subtracted", ("pixels - mean", "pixels")),
    ("the mean is added", ("pixels - mean", "pixels + mean")),
    ("not divided by the deviation", (" / std", "")),
    ("multiplied by the deviation", ("/ std", "* std")),
    ("divided first: the mean is that of the pixels before", ("(pixels - mean) / std", "pixels / std - mean")),
    ("the mean of the three means, where each channel has its own",
     ("(mean).float()", "(mean).mean().float()")),
    ("the root of std: it is the deviation already", ("(std).float()", "(std).sqrt().float()")),
], returns="a tensor (N, 3, H, W)", ready_made=WITH_TORCH)
# fmt: on

# ------------------------------------------------------------------------------- gradients by autograd


def torch_gradients_(X, y, W1, b1, W2, b2, reg=0.0):
    """Loss of the two-layer network and its gradients by autograd -> (loss, dict of "W1", "b1", "W2", "b2")."""
    arrays = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
    leaves = {name: torch.tensor(array, requires_grad=True) for name, array in arrays.items()}
    hidden = torch.relu(torch.tensor(X) @ leaves["W1"] + leaves["b1"])
    scores = hidden @ leaves["W2"] + leaves["b2"]
    loss = F.cross_entropy(scores, torch.tensor(y))
    loss = loss + reg / 2 * ((leaves["W1"] ** 2).sum() + (leaves["W2"] ** 2).sum())
    loss.backward()
    return loss.item(), {name: leaf.grad.numpy() for name, leaf in leaves.items()}


def _networks(rng):
    cases = []
    sizes = [(3, 4, 6, 5, float), (1, 2, 3, 4, float), (7, 5, 2, 3, np.float32), (1001, 3, 4, 6, float)]
    for N, D, H, C, kind in sizes:
        arrays = [rng.normal(size=size).astype(kind) for size in [(N, D), (D, H), (H,), (H, C), (C,)]]
        cases.append((arrays[0], rng.integers(0, C, N), *arrays[1:]))
    return cases


def _plain(answer):
    outcome = answer(*_networks(answer.rng())[0], 0.1)
    if outcome.error:
        return outcome.error
    loss, grads = outcome.value
    if isinstance(loss, torch.Tensor):
        return "the loss is a tensor, which keeps the graph behind it in memory: loss.item() is the number"
    if not all(isinstance(g, np.ndarray) for g in grads.values()):
        return "the gradients are tensors, arrays are asked: .numpy()"
    return None


_GRADS = [(1, "W1"), (1, "b1"), (1, "W2"), (1, "b2")]
_SQUARES = '(leaves["W1"] ** 2).sum() + (leaves["W2"] ** 2).sum()'
_PENALTY, _BACK = "    loss = loss + reg", "    loss.backward()\n"

# fmt: off
torch_gradients = exercise("torch_gradients", 15, torch_gradients_, [
    (4, "the loss", equals(_networks, part=0, seen_as=numbers)),
    (7, "the gradients of all four parameters", equals(_networks, part=_GRADS, seen_as=numbers)),
    (3, "the penalty, on W1 and W2, in the loss and in the gradients",
     equals(lambda rng: [(*case, 0.7) for case in _networks(rng)], part=[0, *_GRADS], seen_as=numbers, forgiving=True)),
    (1, "a number and arrays, as labkit gives them", _plain),
], mistakes=[
    ("softmax before cross_entropy, which takes the scores and does it itself",
     ("cross_entropy(scores", "cross_entropy(torch.softmax(scores, 1)")),
    ("nll_loss takes log-probabilities, and gets scores here: cross_entropy does both", ("cross_entropy", "nll_loss")),
    ("nll_loss takes log-probabilities, and gets probabilities here",
     ("F.cross_entropy(scores", "F.nll_loss(torch.softmax(scores, 1)")),
    ("the softmax runs over the images: the classes are along axis 1",
     ("F.cross_entropy(scores", "F.nll_loss(torch.log_softmax(scores, 0)")),
    ("a sum over the images, where their mean is asked", ("torch.tensor(y))", 'torch.tensor(y), reduction="sum")')),
    ("ReLU is missing", ("torch.relu(torch.tensor(X) @ leaves[\"W1\"] + leaves[\"b1\"])",
                         "torch.tensor(X) @ leaves[\"W1\"] + leaves[\"b1\"]")),
    ("the sigmoid, where ReLU is asked", ("torch.relu", "torch.sigmoid")),
    ("ReLU on the scores too: they may be negative", ("cross_entropy(scores", "cross_entropy(torch.relu(scores)")),
    ("b1 is not used", (' + leaves["b1"]', ' + 0 * leaves["b1"]')),
    ("b2 is not used", (' + leaves["b2"]', ' + 0 * leaves["b2"]')),
    ("backward is called twice: gradients are added to what is in .grad already",
     (_BACK, "    loss.backward(retain_graph=True)\n" + _BACK)),
    ("backward is called before the penalty is added: its gradient is missing", (_PENALTY, _BACK + _PENALTY),
     (f".sum())\n{_BACK}", ".sum())\n")),
    ("the penalty is missing: reg changes nothing", (f"reg / 2 * ({_SQUARES})", "0")),
    ("the factor ½ of the penalty is missing", ("reg / 2", "reg")),
    ("the penalty counts W1 alone", (_SQUARES, '(leaves["W1"] ** 2).sum()')),
    ("the penalty counts W2 alone", (_SQUARES, '(leaves["W2"] ** 2).sum()')),
    ("the penalty is on the biases too: only W1 and W2 are penalised",
     (_SQUARES, "sum((leaf ** 2).sum() for leaf in leaves.values())")),
    ("the penalty takes the mean of the squares, where their sum is asked", ("** 2).sum()", "** 2).mean()", 2)),
    ("the penalty takes the norms, where the sum of the squares is asked", ("** 2).sum()", "** 2).sum() ** 0.5", 2)),
], returns='(loss, grads), with grads a dict that has "W1", "b1", "W2" and "b2"', ready_made=WITH_TORCH)
# fmt: on

# ------------------------------------------------------------------------------------- a module


def two_layer_module_(W1, b1, W2, b2):
    """The two-layer network as a module that starts from these arrays, in their dtype."""
    first, second = nn.Linear(*W1.shape), nn.Linear(*W2.shape)
    first.weight, first.bias = nn.Parameter(torch.tensor(W1.T)), nn.Parameter(torch.tensor(b1))
    second.weight, second.bias = nn.Parameter(torch.tensor(W2.T)), nn.Parameter(torch.tensor(b2))
    return nn.Sequential(first, nn.ReLU(), second)


def _starts(rng):
    """(images, W1, b1, W2, b2) of various sizes and dtypes."""
    sizes = [(4, 4, 4), tuple(rng.permutation([3, 6, 5])), tuple(rng.permutation([7, 2, 3])), (1, 5, 2)]
    for (D, H, C), kind in zip(sizes, (np.float32, np.float64, np.float32, np.float64)):
        yield [rng.normal(size=size).astype(kind) for size in [(6, D), (D, H), (H,), (H, C), (C,)]]


@seeded
def _same_scores(call, X, *arrays):
    """The scores of images, in the dtype of the parameters; words where they cannot be computed."""
    module = module_of(call(*arrays))
    kind = next((p.dtype for p in module.parameters()), torch.float32)
    try:
        return [numbers(module.eval()(torch.tensor(X).to(kind)))]
    except Exception:
        return ["cannot be called with images"]


@seeded
def _learns(call, X, *arrays):
    return [sum(p.numel() for p in module_of(call(*arrays)).parameters() if p.requires_grad)]


@seeded
def _after_a_step(call, X, *arrays):
    """The arrays that were handed over, after a change of all parameters."""
    module = module_of(call(*arrays))
    with torch.no_grad():
        for p in module.parameters():
            p.add_(1)
    return arrays


@seeded
def _kinds(call, X, *arrays):
    return [str(sorted({str(p.dtype) for p in module_of(call(*arrays)).parameters()}))]


_SHARED = "training the module would change the arrays, whose memory it shares: torch.tensor copies"

# fmt: off
two_layer_module = exercise("two_layer_module", 10, two_layer_module_, [
    (5, "the scores of the network with these parameters",
     probed(_same_scores, _starts, "the scores are not those of the network with these parameters", tolerance=1e-5)),
    (2, "all of them learn",
     probed(_learns, _starts, "not all numbers of W1, b1, W2 and b2 are parameters that learn")),
    (2, "the arrays are copied", probed(_after_a_step, _starts, _SHARED)),
    (1, "in the dtype of the arrays", probed(_kinds, _starts, "the parameters have not the dtype of the arrays")),
], mistakes=[
    ("the weights are not transposed: nn.Linear keeps them as (outputs, inputs)", (".T)", ")", 2)),
    ("W1 is not transposed: nn.Linear keeps weights as (outputs, inputs)", ("W1.T", "W1")),
    ("W2 is not transposed: nn.Linear keeps weights as (outputs, inputs)", ("W2.T", "W2")),
    ("ReLU is missing", ("nn.ReLU(), ", "")),
    ("ReLU after the last layer too: scores may be negative", (", second)", ", second, nn.ReLU())")),
    ("softmax after the last layer: CrossEntropyLoss takes the scores", (", second)", ", second, nn.Softmax(1))")),
    ("log-softmax after the last layer: the scores are asked", (", second)", ", second, nn.LogSoftmax(1))")),
    ("Tanh, where ReLU is asked", ("nn.ReLU()", "nn.Tanh()")),
    ("b1 is not used", ("torch.tensor(b1)", "torch.tensor(0 * b1)")),
    ("b2 is not used", ("torch.tensor(b2)", "torch.tensor(0 * b2)")),
    ("requires_grad=False: these parameters get no gradient", ("(W1.T))", "(W1.T), requires_grad=False)"),
     ("(W2.T))", "(W2.T), requires_grad=False)")),
    ("float32, whatever the arrays are: use their dtype", ("nn.ReLU(), second)", "nn.ReLU(), second).float()")),
], returns="a module", ready_made=WITH_TORCH)
# fmt: on
