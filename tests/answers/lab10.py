"""Answers to lab 10 that no edit of the right answer expresses, laid out as in lab05.py. They need PyTorch."""

import functools
import runpy
from pathlib import Path

from written import enter, stubs

MORE = [runpy.run_path(str(Path(__file__).parent / "more" / f"lab10{name}.py")) for name in ("", "_plot")]
NOTEBOOK, NEEDS = "10_pytorch.ipynb", "torch"

SIGNATURES = {
    "images_to_tensor": "images, mean, std",
    "torch_gradients": "X, y, W1, b1, W2, b2, reg=0.0",
    "two_layer_module": "W1, b1, W2, b2",
    "train_epoch": "model, optimizer, X, y, batches",
    "evaluate": "model, X, y, batch_size",
    "parameter_groups": "model, decay",
    "make_mlp": "sizes, dropout=0.0",
}
CHECKS = {name: f"check.{name}({name})" for name in SIGNATURES} | MORE[1]["CHECKS"]
STUBS = stubs(SIGNATURES)
STUBS |= MORE[1]["STUBS"]
SETUP = "import numpy as np\nimport torch\nfrom torch import nn\nfrom torch.nn import functional as F\n"
SETUP += "from labkit import layers, losses, networks\n" + MORE[1]["SETUP"]
RIGHT, WRONG = dict(MORE[1]["RIGHT"]), dict(MORE[1]["WRONG"])


_all = functools.partial(enter, (SIGNATURES, RIGHT, WRONG))

_all(
    "images_to_tensor",
    {
        "in NumPy": """
pixels = (images.astype(np.float32) / 255 - mean) / std
return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2), dtype=np.float32))""",
        "moved axis": """
X = torch.tensor(images, dtype=torch.float32).movedim(-1, 1).div(255)
return (X - torch.tensor(mean, dtype=torch.float32)[:, None, None]) / torch.tensor(std).float().view(3, 1, 1)""",
        "two transpositions": """
X = torch.from_numpy(images.copy()).to(torch.float32).transpose(2, 3).transpose(1, 2) / 255
for c in range(3):
    X[:, c] = (X[:, c] - mean[c]) / std[c]
return X""",
        "channels stacked": """
channels = [(images[..., c] / 255 - mean[c]) / std[c] for c in range(3)]
return torch.tensor(np.stack(channels, axis=1), dtype=torch.float)""",
        "in float64, then single": """
X = torch.as_tensor(images).double() / 255
return torch.einsum("nhwc->nchw", (X - torch.as_tensor(mean)) / torch.as_tensor(std)).float()""",
        "in place": """
X = torch.from_numpy(images).permute(0, 3, 1, 2).float()
return X.div_(255).sub_(torch.from_numpy(mean).float().reshape(3, 1, 1)).div_(
    torch.from_numpy(std).float().reshape(3, 1, 1))""",
    },
    {
        "an array": (
            "return ((images / 255 - mean) / std).transpose(0, 3, 1, 2).astype(np.float32)",
            10,
            "it returns an ndarray, a tensor is asked",
        ),
        "float64": (
            "return torch.from_numpy(((images / 255 - mean) / std).transpose(0, 3, 1, 2))",
            2,
            "float64: twice the memory",
        ),
        "bytes": ("return torch.from_numpy(images).permute(0, 3, 1, 2)", 7.5, "not divided by 255"),
        "one image": (
            "return torch.from_numpy(((images[0] / 255 - mean) / std).transpose(2, 0, 1)).float()",
            10,
            "wrong shape",
        ),
        "whole division": ((("float() / 255", "float() // 255"),), 10, "the values are not right"),
        "two slips": ((("pixels - mean", "pixels"), (".permute(0, 3, 1, 2)", ".permute(0, 3, 2, 1)")), 4.75, "besides"),
        "labkit's layout taken for granted": ("return torch.from_numpy(images / 255).float()", 5.5, "still last"),
    },
)

_all(
    "torch_gradients",
    {
        "torch.autograd.grad": """
leaves = [torch.from_numpy(a.copy()).requires_grad_() for a in (W1, b1, W2, b2)]
w1, c1, w2, c2 = leaves
scores = (torch.from_numpy(X) @ w1 + c1).clamp(min=0) @ w2 + c2
loss = nn.CrossEntropyLoss()(scores, torch.from_numpy(y)) + 0.5 * reg * (w1.square().sum() + w2.square().sum())
grads = torch.autograd.grad(loss, leaves)
return float(loss), dict(zip(("W1", "b1", "W2", "b2"), (g.numpy() for g in grads)))""",
        "log-softmax and nll": """
p = {k: torch.tensor(v, requires_grad=True) for k, v in dict(W1=W1, b1=b1, W2=W2, b2=b2).items()}
log_p = F.log_softmax(F.relu(torch.tensor(X) @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"], dim=1)
loss = F.nll_loss(log_p, torch.tensor(y)) + reg / 2 * sum(torch.sum(p[k] * p[k]) for k in ("W1", "W2"))
loss.backward()
return loss.item(), {k: v.grad.detach().numpy() for k, v in p.items()}""",
        "the penalty by hand": """
p = [torch.tensor(a, requires_grad=True) for a in (W1, b1, W2, b2)]
h = torch.maximum(torch.tensor(X) @ p[0] + p[1], torch.zeros((), dtype=p[0].dtype))
loss = F.cross_entropy(h @ p[2] + p[3], torch.as_tensor(y))
loss.backward()
value = loss.item() + reg / 2 * float((W1**2).sum() + (W2**2).sum())
dW1, db1, dW2, db2 = (a.grad.numpy() for a in p)
return value, {"W1": dW1 + reg * W1, "b1": db1, "W2": dW2 + reg * W2, "b2": db2}""",
        "with nn.Linear": """
kind = torch.tensor(W1).dtype
first, second = nn.Linear(*W1.shape, dtype=kind), nn.Linear(*W2.shape, dtype=kind)
with torch.no_grad():
    for layer, w, b in ((first, W1, b1), (second, W2, b2)):
        layer.weight.copy_(torch.tensor(w.T))
        layer.bias.copy_(torch.tensor(b))
loss = F.cross_entropy(second(torch.relu(first(torch.tensor(X)))), torch.tensor(y))
loss = loss + reg / 2 * (first.weight.pow(2).sum() + second.weight.pow(2).sum())
loss.backward()
return loss.item(), {"W1": first.weight.grad.T.numpy(), "b1": first.bias.grad.numpy(),
                     "W2": second.weight.grad.T.numpy(), "b2": second.bias.grad.numpy()}""",
        "one-hot labels": """
p = {k: torch.tensor(v, requires_grad=True) for k, v in dict(W1=W1, b1=b1, W2=W2, b2=b2).items()}
s = torch.addmm(p["b2"], torch.relu(torch.addmm(p["b1"], torch.tensor(X), p["W1"])), p["W2"])
loss = F.cross_entropy(s, F.one_hot(torch.tensor(y), s.shape[1]).to(s.dtype))
(loss + reg / 2 * (p["W1"].norm() ** 2 + p["W2"].norm() ** 2)).backward()
with torch.no_grad():
    loss = loss + reg / 2 * (p["W1"].norm() ** 2 + p["W2"].norm() ** 2)
return loss.item(), {k: v.grad.numpy() for k, v in p.items()}""",
        "by hand": """
X, y = torch.tensor(X), torch.tensor(y)
a, b, c, d = map(torch.tensor, (W1, b1, W2, b2))
h = (X @ a + b).relu()
p = (h @ c + d).softmax(1)
loss = -p[range(len(y)), y].log().mean() + reg / 2 * (a.pow(2).sum() + c.pow(2).sum())
p[range(len(y)), y] -= 1
g = p / len(y)
k = g @ c.T * (h > 0)
return loss.item(), {n: v.numpy() for n, v in [("W1", X.T @ k + reg * a), ("b1", k.sum(0)),
                                               ("W2", h.T @ g + reg * c), ("b2", g.sum(0))]}""",
    },
    {
        "labkit's network": (
            "return networks.two_layer_net(X, dict(W1=W1, b1=b1, W2=W2, b2=b2), y, reg)",
            15,
            "ready-made answer (labkit.networks",
        ),
        "labels as floats": ((("torch.tensor(y)", "torch.tensor(y).float()"),), 15, "the labels are floats"),
        "images of another dtype": ((("torch.tensor(X)", "torch.tensor(X).half()"),), 15, "raises RuntimeError"),
        "no leaves": ((("requires_grad=True", "requires_grad=False"),), 15, "does not require grad"),
        "backward is missing": ((("    loss.backward()\n", ""),), 15, "raises AttributeError"),
        "a tensor as loss": ((("loss.item()", "loss"),), 1, "keeps the graph behind it in memory"),
        "tensors as gradients": ((("leaf.grad.numpy()", "leaf.grad"),), 1, "arrays are asked"),
        "the loss alone": ((("return loss.item(), {", "return {"),), 15, "does not return (loss, grads)"),
        "two slips": ((("torch.relu", "torch.sigmoid"), ("reg / 2", "reg")), 7.75, "the sigmoid, where ReLU is asked"),
        "the graph is cut": ((("scores = hidden @", "scores = hidden.detach() @"),), 15, "raises AttributeError"),
    },
)

_all(
    "two_layer_module",
    {
        "copied in": """
kind = torch.tensor(W1).dtype
module = nn.Sequential(nn.Linear(*W1.shape), nn.ReLU(), nn.Linear(*W2.shape)).to(kind)
with torch.no_grad():
    for p, array in zip(module.parameters(), (W1.T, b1, W2.T, b2)):
        p.copy_(torch.from_numpy(array))
return module""",
        "a class": """
class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(len(W1), len(b1), dtype=torch.tensor(W1).dtype)
        self.fc2 = nn.Linear(len(W2), len(b2), dtype=torch.tensor(W1).dtype)
        self.fc1.weight.data = torch.tensor(W1).T.contiguous()
        self.fc1.bias.data = torch.tensor(b1)
        self.fc2.weight.data = torch.tensor(W2).T.contiguous()
        self.fc2.bias.data = torch.tensor(b2)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))

return Two()""",
        "parameters of its own": """
class Two(nn.Module):
    def __init__(self):
        super().__init__()
        for name, array in dict(W1=W1, b1=b1, W2=W2, b2=b2).items():
            setattr(self, name, nn.Parameter(torch.tensor(array)))

    def forward(self, X):
        return torch.relu(X @ self.W1 + self.b1) @ self.W2 + self.b2

return Two()""",
        "a state": """
module = nn.Sequential(nn.Linear(*W1.shape), nn.ReLU(), nn.Linear(*W2.shape))
state = {"0.weight": W1.T, "0.bias": b1, "2.weight": W2.T, "2.bias": b2}
module = module.double() if W1.dtype == np.float64 else module
module.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
return module""",
        "a state, assigned": """
module = nn.Sequential(nn.Flatten(), nn.Linear(*W1.shape), nn.ReLU(), nn.Linear(*W2.shape))
arrays = [torch.tensor(a) for a in (W1.T.copy(), b1, W2.T.copy(), b2)]
module.load_state_dict(dict(zip(module.state_dict(), arrays)), assign=True)
return module""",
        "clones": """
one, two = nn.Linear(*W1.shape, device="meta"), nn.Linear(*W2.shape, device="meta")
one.weight = nn.Parameter(torch.from_numpy(W1).T.clone())
one.bias = nn.Parameter(torch.from_numpy(b1).clone())
two.weight = nn.Parameter(torch.from_numpy(W2).T.clone())
two.bias = nn.Parameter(torch.from_numpy(b2).clone())
return nn.Sequential(one, nn.ReLU(inplace=True), two)""",
    },
    {
        "shared memory": ((("torch.tensor(W1.T)", "torch.from_numpy(W1.T)"),), 2, "whose memory it shares"),
        "a function": (
            "return lambda X: torch.relu(X @ torch.tensor(W1) + torch.tensor(b1)) @ torch.tensor(W2)",
            10,
            "it returns a function, a module (nn.Module) is asked",
        ),
        "a class, not made": ("class Two(nn.Module):\n    pass\nreturn Two", 10, "a module is made by calling it"),
        "nothing copied in": (
            "return nn.Sequential(nn.Linear(*W1.shape), nn.ReLU(), nn.Linear(*W2.shape))",
            10,
            "the scores are not those",
        ),
        "plain tensors": (
            """
class Two(nn.Module):
    def forward(self, X):
        return torch.relu(X @ torch.tensor(W1).to(X) + torch.tensor(b1).to(X)) @ torch.tensor(W2).to(
            X) + torch.tensor(b2).to(X)
return Two()""",
            3,
            "not all numbers of W1, b1, W2 and b2 are parameters that learn",
        ),
        "one layer in a list": (
            """
class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [filled(nn.Linear(*W1.shape), W1, b1)]
        self.last = filled(nn.Linear(*W2.shape), W2, b2)

    def forward(self, X):
        return self.last(torch.relu(self.layers[0](X)))

def filled(layer, w, b):
    layer.weight, layer.bias = nn.Parameter(torch.tensor(w.T)), nn.Parameter(torch.tensor(b))
    return layer

return Two()""",
            2,
            "not all numbers of W1, b1, W2 and b2 are parameters that learn",
        ),
        "two slips": ((("nn.ReLU()", "nn.Tanh()"), ("torch.tensor(b1)", "torch.tensor(0 * b1)")), 3.75, "— and: "),
        "sizes exchanged": (
            """
module = nn.Sequential(nn.Linear(*W1.T.shape), nn.ReLU(), nn.Linear(*W2.T.shape))
with torch.no_grad():
    module[0].weight.copy_(torch.tensor(W1.T))
return module""",
            10,
            "line ",
        ),
    },
)

for _name, _right, _wrong in MORE[0]["ALL"]:
    _all(_name, _right, _wrong)
