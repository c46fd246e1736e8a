"""Lab 10, PyTorch: penalties by group, and networks of any depth, with the known mistakes."""

import numpy as np

from labkit.check.answer import Misuse
from labkit.check.criteria import watched
from labkit.check.exercise import exercise
from labkit.check.tensors import WITH_TORCH, module_of, nn, numbers, seeded, tensor, torch

# ------------------------------------------------------------------------------------ penalties by group


def parameter_groups_(model, decay):
    """For an optimizer: the penalty is on the arrays with at least two axes, not on biases and normalisations."""
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    return [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def _models(rng):
    yield nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)), 0.25
    yield nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 5, bias=False)), 0.5
    yield nn.Linear(2, 5), 1e-3


def _found(call, rng):
    """For each model, its parameters, its decay, and the groups: [(parameters, decay)]."""
    for model, decay in _models(rng):
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
        yield list(model.parameters()), decay, found


def _times(parameters, found):
    """How often each parameter is in a group."""
    return [sum(p is q for inside, _ in found for q in inside) for p in parameters]


def _decays(axes):
    """What `watched` looks at: the decays of the parameters with these numbers of axes."""

    @seeded
    def observe(call, rng):
        seen = []
        for parameters, decay, found in _found(call, rng):
            for p in [p for p in parameters if p.ndim in axes]:
                seen.append(max([d for inside, d in found for q in inside if p is q], default=-decay) / decay)
        return seen

    return observe


@seeded
def _all(call, rng):
    return [n for parameters, _, found in _found(call, rng) for n in _times(parameters, found)]


_OTHERS = '{"params": others, "weight_decay": 0.0}'

# fmt: off
parameter_groups = exercise("parameter_groups", 8, parameter_groups_, [
    (3, "the penalty on weights and filters", watched(_decays((2, 4)), "the decay of the weights is not right")),
    (3, "none on biases, nor on scale and shift of a normalisation",
     watched(_decays((1,)), "the decay of the biases is not right")),
    (2, "each parameter in exactly one group", watched(_all, "a parameter is in no group, or in two")),
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
], returns="a list of dicts", ready_made=WITH_TORCH, inside=True)
# fmt: on

# -------------------------------------------------------------------------------------- deeper networks


def make_mlp_(sizes, dropout=0.0):
    """A network of fully connected layers: flatten, then linear, ReLU and dropout for each but the last one."""
    layers = [nn.Flatten()]
    for inputs, outputs in zip(sizes[:-2], sizes[1:-1]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout)]
    layers.append(nn.Linear(sizes[-2], sizes[-1]))
    return nn.Sequential(*layers)


_SIZES = [((2, 3, 2), [12, 7, 5, 4]), ((6,), [6, 3]), ((1, 4, 2), [8, 5, 5, 5, 3]), ((9,), [9, 2, 6])]


def _fixed(module):
    """A module whose parameters are numbers that follow from their shapes alone."""
    with torch.no_grad():
        for p in module.parameters():
            rng = np.random.default_rng(list(p.shape))
            p.copy_(tensor(rng.normal(size=tuple(p.shape)) / max(p.shape[-1], 1) ** 0.5))
    return module.eval()


@seeded
def _mlp_shapes(call, rng):
    return [str(sorted(tuple(p.shape) for p in module_of(call(sizes)).parameters())) for _, sizes in _SIZES]


@seeded
def _mlp_scores(call, rng):
    seen = []
    for shape, sizes in _SIZES:
        X = tensor(rng.normal(size=(5, *shape)))
        try:
            seen.append(numbers(_fixed(module_of(call(sizes)))(X)))
        except Misuse:
            raise
        except Exception:
            seen.append(f"cannot be called with images {tuple(X.shape)}")
    return seen


@seeded
def _dropped(call, rng):
    """With ones for all weights and inputs a score counts the hidden units that are left: (D H / (1 - p)) of each."""
    D, H, p = 3, 2000, 0.25
    module, X = module_of(call([D, H, 1], p)), torch.ones(40, D)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(float(parameter.ndim > 1))
    train = numbers(module.train()(X)).ravel() / D
    test = numbers(module.eval()(X)).ravel() / D
    whole = abs(train * (1 - p) - np.rint(train * (1 - p))).max() < 0.01
    none = numbers(module_of(call([D, H, 1])).train()(X))
    return [
        train.std() > 0,
        abs(train.mean() / H - 1) < 0.02,
        bool(whole),
        (train == 0).any(),
        test / H,
        bool(train.std() / H < 0.025),
        none.std() / max(abs(none).max(), 1e-9) < 1e-5,
    ]


_ONE = "nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout)"
_END = "layers.append(nn.Linear(sizes[-2], sizes[-1]))"

# fmt: off
make_mlp = exercise("make_mlp", 10, make_mlp_, [
    (4, "a weight and a bias for each layer",
     watched(_mlp_shapes, "the parameters have not the shapes of these layers")),
    (4, "its scores: ReLU between the layers", watched(_mlp_scores, "the scores are not those of such a network")),
    (2, "dropout of the hidden units, in training alone",
     watched(_dropped, "dropout is not that of the hidden units", forgiving=True)),
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
], returns="a module", ready_made=WITH_TORCH, inside=True)
# fmt: on
