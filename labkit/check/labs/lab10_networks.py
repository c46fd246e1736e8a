"""Lab 10, PyTorch: penalties by group, and networks of any depth, with the known mistakes."""

import numpy as np

from labkit.check.answer import Misuse
from labkit.check.exercise import exercise
from labkit.check.probed import probed
from labkit.check.tensors import WITH_TORCH, built, module_of, nn, numbers, seeded, tensor, torch

# ------------------------------------------------------------------------------------ penalties by group


def parameter_groups_(model, decay):
    """For an optimizer: the penalty is on the arrays with at least two axes, not on biases and normalisations."""
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    return [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def _models(rng):
    """(layers of a model, decay): biases, filters and a normalisation, in places and sizes that nobody knows before."""
    a, b, c, d, e, f = (int(n) for n in rng.permutation([2, 3, 4, 5, 6, 7]))
    decays = [float(decay) for decay in rng.uniform(0.1, 0.9, 3)]
    yield (("Linear", a, b), ("ReLU",), ("Linear", b, c)), decays[0]
    yield (("Conv2d", 3, d, 3), ("BatchNorm2d", d), ("Flatten",), ("Linear", 4 * d, e, False)), decays[1]
    yield (("Linear", f, a, bool(rng.random() < 0.5)), ("BatchNorm1d", a), ("Linear", a, f)), decays[2]
    yield (("Linear", 2, e),), 1e-3 * decays[0]


def _found(call, layers, decay):
    """A model, and the groups made of it: [(parameters, decay)]."""
    model = built(layers)
    groups = call(model, decay)
    if not isinstance(groups, (list, tuple)) or not all(isinstance(g, dict) and "params" in g for g in groups):
        raise Misuse('a list of dicts is asked, each with "params" and "weight_decay"')
    found = []
    for group in groups:
        inside = group["params"]
        inside = [inside] if isinstance(inside, torch.Tensor) else list(inside)
        if not all(isinstance(p, torch.Tensor) for p in inside):
            raise Misuse('"params" holds something that is no parameter')
        found.append((inside, float(group.get("weight_decay", 0))))
    return model, found


def _decays(call, layers, decay, axes):
    """The decays of the parameters with these numbers of axes; below 0 for one in no group."""
    model, found = _found(call, layers, decay)
    chosen = [p for p in model.parameters() if p.ndim in axes]
    return [max([d for inside, d in found for q in inside if p is q], default=-decay) for p in chosen]


@seeded
def _of_weights(call, layers, decay):
    return _decays(call, layers, decay, (2, 4))


@seeded
def _of_others(call, layers, decay):
    return _decays(call, layers, decay, (1,))


@seeded
def _times(call, layers, decay):
    """How often each parameter is in a group."""
    model, found = _found(call, layers, decay)
    return [sum(p is q for inside, _ in found for q in inside) for p in model.parameters()]


_OTHERS = '{"params": others, "weight_decay": 0.0}'

# fmt: off
parameter_groups = exercise("parameter_groups", 8, parameter_groups_, [
    (3, "the penalty on weights and filters", probed(_of_weights, _models, "the decay of the weights is not right")),
    (3, "none on biases, nor on scale and shift of a normalisation",
     probed(_of_others, _models, "the decay of the biases is not right")),
    (2, "each parameter in exactly one group", probed(_times, _models, "a parameter is in no group, or in two")),
], mistakes=[
    ("the penalty is on the biases too", ('others, "weight_decay": 0.0', 'others, "weight_decay": decay')),
    ("weights and others are exchanged", ("ndim > 1", "ndim == 1"), ("ndim <= 1", "ndim != 1"), {"keeps": 0}),
    ("the biases are in no group: they would never be trained", (f", {_OTHERS}]", "]")),
    ("the weights are in no group: they would never be trained", ('{"params": weights, "weight_decay": decay}, ', "")),
    ("nothing has a penalty: decay is not used", ('"weight_decay": decay', '"weight_decay": 0.0')),
    ("half of decay: weight_decay is the factor of the weights in their gradient already",
     ('"weight_decay": decay', '"weight_decay": decay / 2')),
    ("twice decay: weight_decay is the factor of the weights in their gradient already",
     ('"weight_decay": decay', '"weight_decay": 2 * decay')),
    ("the filters of a convolution have four axes, and have no penalty here",
     ("p.ndim > 1", "p.ndim == 2"), ("p.ndim <= 1", "p.ndim != 2")),
    ("the filters of a convolution have four axes, and are in no group here", ("p.ndim > 1", "p.ndim == 2")),
    ("told by the name: scale of a normalisation is called weight, too, and has a penalty here",
     ("p for p in model.parameters() if p.ndim > 1", 'p for n, p in model.named_parameters() if n.endswith("weight")'),
     ("p for p in model.parameters() if p.ndim <= 1", 'p for n, p in model.named_parameters() if n.endswith("bias")')),
], returns="a list of dicts", ready_made=WITH_TORCH)
# fmt: on

# -------------------------------------------------------------------------------------- deeper networks


def make_mlp_(sizes, dropout=0.0):
    """A network of fully connected layers: flatten, then linear, ReLU and dropout for each but the last one."""
    layers = [nn.Flatten()]
    for inputs, outputs in zip(sizes[:-2], sizes[1:-1]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout)]
    layers.append(nn.Linear(sizes[-2], sizes[-1]))
    return nn.Sequential(*layers)


def _stacks(rng):
    """(images, sizes of the layers): 2, 1, 4 and 2 layers, of images of several shapes."""
    a, b, c, d = (int(n) for n in rng.permutation([4, 5, 6, 7]))
    for shape, sizes in [((2, 3, 2), [12, a, b, c]), ((6,), [6, d]), ((1, 4, 2), [8, b, b, b, a]), ((9,), [9, 2, c])]:
        yield rng.normal(size=(5, *shape)).astype(np.float32), sizes


def _droppings(rng):
    """[D, H, 1], the share that is left out, and the size of the inputs."""
    for share in rng.permutation([0.25, 0.5]):
        yield (
            [int(rng.integers(2, 5)), int(rng.integers(1900, 2100)), 1],
            float(share),
            float(2.0 ** rng.integers(-2, 3)),
        )


def _fixed(module):
    """A module whose parameters are numbers that follow from their shapes alone."""
    with torch.no_grad():
        for p in module.parameters():
            rng = np.random.default_rng(list(p.shape))
            p.copy_(tensor(rng.normal(size=tuple(p.shape)) / max(p.shape[-1], 1) ** 0.5))
    return module.eval()


@seeded
def _mlp_shapes(call, X, sizes):
    return [str(sorted(tuple(p.shape) for p in module_of(call(sizes)).parameters()))]


@seeded
def _mlp_scores(call, X, sizes):
    module = _fixed(module_of(call(sizes)))
    try:
        return [numbers(module(torch.from_numpy(X)))]
    except Exception:
        return [f"cannot be called with images {X.shape}"]


@seeded
def _dropped(call, sizes, share, size):
    """With ones for all weights a score counts the hidden units that are left, each (D size / (1 - share))."""
    D, H, _ = sizes
    module, X = module_of(call(sizes, share)), torch.full((40, D), size)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(float(parameter.ndim > 1))
    train = numbers(module.train()(X)).ravel() / (D * size)
    test = numbers(module.eval()(X)).ravel()
    left = train * (1 - share)
    none = numbers(module_of(call(sizes)).train()(X))
    return [
        train.std() > 0,
        abs(train.mean() / H - 1) < 0.02,
        bool(abs(left - np.rint(left)).max() < 0.01),
        (train == 0).any(),
        int(np.digitize(len(np.unique(left.round(2))), [3, 7])),  # scores have 2 values, images D + 1, units many
        test,
        bool(train.std() < 2 * (H * share / (1 - share)) ** 0.5),
        none.std() / max(abs(none).max(), 1e-9) < 1e-5,
    ]


_ONE = "nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout)"
_END = "layers.append(nn.Linear(sizes[-2], sizes[-1]))"

# fmt: off
make_mlp = exercise("make_mlp", 10, make_mlp_, [
    (4, "a weight and a bias for each layer",
     probed(_mlp_shapes, _stacks, "the parameters have not the shapes of these layers")),
    (4, "its scores: ReLU between the layers",
     probed(_mlp_scores, _stacks, "the scores are not those of such a network", tolerance=1e-5)),
    (2, "dropout of the hidden units, in training alone",
     probed(_dropped, _droppings, "dropout is not that of the hidden units", forgiving=True)),
], mistakes=[
    ("ReLU is missing: without it several layers are as one", ("nn.ReLU(), ", "")),
    ("the sigmoid, where ReLU is asked", ("nn.ReLU()", "nn.Sigmoid()")),
    ("Tanh, where ReLU is asked", ("nn.ReLU()", "nn.Tanh()")),
    ("ReLU after the last layer too: scores may be negative", (_END, _END + "\n    layers.append(nn.ReLU())")),
    ("softmax at the end: CrossEntropyLoss takes the scores", (_END, _END + "\n    layers.append(nn.Softmax(dim=1))")),
    ("nn.Flatten is missing: images have to become rows", ("[nn.Flatten()]", "[]")),
    ("the last layer is missing", ("    " + _END + "\n", "")),
    ("a layer is missing", ("sizes[:-2], sizes[1:-1]", "sizes[:-3], sizes[1:-2]"), (_END, "layers.append(nn.Linear("
     "sizes[-3] if len(sizes) > 3 else sizes[0], sizes[-1]))")),
    ("the layers have no biases", ("nn.Linear(inputs, outputs)", "nn.Linear(inputs, outputs, bias=False)")),
    ("dropout is missing", (", nn.Dropout(dropout)", "")),
    ("dropout is the share that is left out, not the one that stays",
     ("nn.Dropout(dropout)", "nn.Dropout(1 - dropout)")),
    ("dropout of the scores: only hidden units are left out",
     (_END, _END + "\n    layers.append(nn.Dropout(dropout))")),
    ("dropout of the images, where hidden units are asked", (", nn.Dropout(dropout)", ""),
     ("[nn.Flatten()]", "[nn.Flatten(), nn.Dropout(dropout)]")),
], returns="a module", ready_made=WITH_TORCH)
# fmt: on
