"""Attempts to get points for answers in PyTorch that deserve none, as in `test_forgeries`: modules stay in the process
that the attempt has changed, and are asked there."""

import pytest
import test_forgeries as forged

pytest.importorskip("torch")

TORCH = "import numpy as np\nimport torch\nfrom torch import nn\nfrom torch.nn import functional as F\n"
GRAPH = TORCH + (
    "import labkit.check.labs.lab10_training as t\ndef evaluate(model, X, y, batch_size):\n"
    "    mode = model.training\n    model.eval()\n    right = 0\n    for i in range(0, len(X), batch_size):\n"
    "        right += int((model(X[i : i + batch_size]).argmax(1) == y[i : i + batch_size]).sum())\n"
    "    model.train(mode)\n    return right / len(X)\n"
)
NOTHING = TORCH + "def evaluate(model, X, y, batch_size):\n    return 0.5\n"
STILL = TORCH + "def train_epoch(model, optimizer, X, y, batches):\n    return [2.3 for batch in batches]\n"
BIASES = TORCH + "def parameter_groups(model, decay):\n    return [dict(params=model.parameters(), weight_decay=0.0)]\n"
# What changes the process, and an answer in PyTorch that is worth nothing: modules and tensors stay in that process.
WITH_TORCH = {
    "the probes say nothing": GRAPH + "t._graph = lambda call, *case: [False]",
    "no graph, says PyTorch": GRAPH + "torch.is_grad_enabled = lambda: False",
    "the probes are another's": NOTHING
    + "import labkit.check.labs.lab10_training as t\nt._share = lambda call, *case: [0.5]\nt._quiet = t._share",
    "what is seen": NOTHING + forged.HERE + "calls.Here.probed = lambda *a: calls.Outcome([0.5], None, (), ())",
    "all tensors are equal": NOTHING + "torch.equal = torch.allclose = lambda *a, **k: True",
    "a tensor equal to all": TORCH
    + "class E(torch.Tensor):\n    __eq__ = lambda *a: True\n    __float__ = lambda s: 1.0\n"
    "def evaluate(model, X, y, batch_size):\n    return torch.zeros(()).as_subclass(E)",
    "the model": NOTHING + "nn.Linear.forward = lambda self, X: torch.ones(len(X), self.out_features)",
    "the seed": NOTHING
    + "torch.manual_seed = lambda s: None\nnp.random.default_rng = lambda *a: np.random.RandomState(0)",
    "the steps are made by others": STILL
    + "torch.optim.SGD.__init__ = lambda self, *a, **k: None\ntorch.optim.SGD.step = lambda *a: None",
    "labkit's steps": STILL + forged.HERE + "old = calls.Here.probed\n"
    "calls.Here.probed = lambda self, probe, case, *a: calls.Outcome([2.3] * 4, None, (), ())",
    "the decays are told": BIASES
    + "import labkit.check.labs.lab10_networks as n\nn._of_weights = n._of_others = n._times = lambda *a: [1, 1, 0, 0]",
    "parameters are all alike": BIASES + "nn.Parameter.ndim = 2",
}


@pytest.mark.parametrize("source", WITH_TORCH.values(), ids=list(WITH_TORCH))
def test_a_forgery_with_pytorch_earns_nothing(source):
    name = next(name for name in ("evaluate", "train_epoch", "parameter_groups") if f"def {name}(" in source)
    said = forged._judged(source, f"check.{name}({name})")
    assert said.points == 0.0, said.text


def test_who_looks_away_from_modules_is_found_by_looking(monkeypatch):
    forgery = WITH_TORCH["the probes say nothing"]
    assert (
        forged._judged(GRAPH, "check.evaluate(evaluate)").points == 11.0
    )  # who does not lie loses what the graph is worth
    monkeypatch.setattr("labkit.course.marking.pipe.judge.looks_past", lambda *a: False)
    assert forged._judged(forgery, "check.evaluate(evaluate)", written=False).points == 12.0
    monkeypatch.undo()
    assert "looks on with was taken away" in forged._judged(forgery, "check.evaluate(evaluate)", written=False).text
