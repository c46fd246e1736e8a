"""More answers to lab 10: training step, evaluation, groups, deeper networks. answers/lab10.py takes them in."""

TRAIN = (
    "train_epoch",
    {
        "gradients cleared at the end": """
model.train()
optimizer.zero_grad()
found = []
for rows in batches:
    loss = nn.CrossEntropyLoss()(model(X[rows]), y[rows])
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    found.append(float(loss))
return found""",
        "of the model": """
model.train(True)
losses = []
for batch in batches:
    model.zero_grad()
    loss = F.nll_loss(F.log_softmax(model(X[batch]), dim=-1), y[batch])
    loss.backward()
    optimizer.step()
    losses += [loss.detach().item()]
return losses""",
        "to zeros": """
criterion, losses = nn.CrossEntropyLoss(reduction="mean"), []
model.train()
for i in range(len(batches)):
    images, labels = X[batches[i]], y[batches[i]]
    optimizer.zero_grad(set_to_none=False)
    loss = criterion(model(images), labels)
    losses.append(loss.item())
    loss.backward()
    optimizer.step()
return losses""",
        "a closure": """
model.train()
losses = []
for batch in batches:
    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(X[batch]), y[batch])
        loss.backward()
        return loss
    losses.append(optimizer.step(closure).item())
return losses""",
        "a sum, divided": """
model.train()
losses = np.zeros(len(batches))
for i, batch in enumerate(batches):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X[batch]), y[batch], reduction="sum") / len(batch)
    loss.backward()
    optimizer.step()
    losses[i] = loss.item()
return losses""",
        "as a tuple": """
model.train()
losses = []
for batch in batches:
    loss = F.cross_entropy(model(X.index_select(0, batch)), y.index_select(0, batch))
    for p in model.parameters():
        p.grad = None
    loss.backward()
    optimizer.step()
    losses.append(loss.detach().numpy().item())
return tuple(losses)""",
    },
    {
        "the graphs are kept": ((("loss.item()", "loss"),), 3, "keeps the graph of its step"),
        "tensors": ((("loss.item()", "loss.detach()"),), 3, "the losses are tensors: loss.item() is the number"),
        "a running loss": (
            (("losses = []", "losses = 0"), ("losses.append(loss.item())", "losses += loss.item()")),
            20,
            "a list with the loss of each batch is asked",
        ),
        "the last loss": ((("return losses", "return losses[-1]"),), 20, "a list with the loss of each batch"),
        "only the first batch": (
            (("    return losses", "        break\n    return losses"),),
            20,
            "1 losses come back",
        ),
        "under no_grad": (
            """
model.train()
losses = []
with torch.no_grad():
    for batch in batches:
        loss = F.cross_entropy(model(X[batch]), y[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
return losses""",
            20,
            "does not require grad",
        ),
        "labels as floats": ((("y[batch]", "y[batch].float()"),), 20, "the labels are floats"),
        "step before backward": (
            (
                ("        optimizer.step()\n", ""),
                ("        loss.backward()\n", "        optimizer.step()\n        loss.backward()\n"),
            ),
            9.75,
            "the parameters never move",
        ),
        "in eval()": ((("model.train()", "model.eval()"),), 2, "model.train() is missing"),
        "two slips": (
            (("        optimizer.zero_grad()\n", ""), ("    model.train()\n", "")),
            9.5,
            "zero_grad is missing",
        ),
        "guessing": (
            "model.train()\nreturn [np.log(3)] * len(batches)",
            20,
            "the losses are not those of gradient descent",
        ),
    },
)

EVALUATE = (
    "evaluate",
    {
        "split": """
was = model.training
model.eval()
with torch.no_grad():
    guesses = torch.cat([model(part).argmax(1) for part in X.split(batch_size)])
model.train(was)
return float((guesses == y).float().mean())""",
        "inference mode": """
before, right = model.training, 0
model.eval()
with torch.inference_mode():
    for start in range(0, len(X), batch_size):
        _, guess = model(X[start:start + batch_size]).max(dim=1)
        right += int((guess == y[start:start + batch_size]).sum())
model.train(before)
return right / y.shape[0]""",
        "weighted means": """
was, total = model.training, 0.0
model.eval()
with torch.no_grad():
    for a, b in zip(torch.split(X, batch_size), torch.split(y, batch_size)):
        total += (model(a).softmax(dim=1).argmax(dim=1) == b).float().mean().item() * len(b)
if was:
    model.train()
return total / len(y)""",
        "in NumPy": """
mode = model.training
model.eval()
rows = []
with torch.no_grad():
    for i in range(0, len(X), batch_size):
        rows.append(model(X[i:i + batch_size]).numpy())
model.train(mode)
return np.mean(np.concatenate(rows).argmax(axis=1) == y.numpy())""",
        "a decorated helper": """
@torch.no_grad()
def right(images, labels):
    return torch.eq(model(images).argmax(-1), labels).sum().item()

mode = model.training
try:
    model.eval()
    count = sum(right(X[i:i + batch_size], y[i:i + batch_size]) for i in range(0, len(X), batch_size))
finally:
    model.train(mode)
return count / len(X)""",
        "a DataLoader": """
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, y), batch_size=batch_size)
mode, count = model.training, torch.zeros(())
model.train(False)
with torch.set_grad_enabled(False):
    for images, labels in loader:
        count += (model(images).topk(1).indices[:, 0] == labels).sum()
model.train(mode)
return (count / len(y)).item()""",
    },
    {
        "eval is forgotten": ((("    model.eval()\n", ""),), 1, "model.eval() is missing"),
        "scores rounded": ((("model(images).argmax", "model(images).round().argmax"),), 12, "the share is not right"),
        "a tensor of shares": (
            (("return right / len(X)", "return torch.tensor([right / len(X)])"),),
            12,
            "it returns a Tensor, one number is asked",
        ),
        "all at once": (
            """
mode = model.training
model.eval()
with torch.no_grad():
    share = (model(X).argmax(dim=1) == y).float().mean().item()
model.train(mode)
return share""",
            0.5,
            "more than batch_size images at a time",
        ),
        "the loss": ("return F.cross_entropy(model(X), y).item()", 12, "the share is not right"),
        "no number": ((("return right / len(X)", "return str(right / len(X))"),), 12, "one number is asked"),
        "no return": ((("return right / len(X)", "right / len(X)"),), 12, "it returns a NoneType"),
        "three slips": (
            (
                ("    model.eval()\n", ""),
                ("    model.train(training)\n", ""),
                ("torch.no_grad()", "torch.enable_grad()"),
            ),
            2,
            "model.eval() is missing",
        ),
    },
)

GROUPS = (
    "parameter_groups",
    {
        "one pass": """
groups = [{"params": [], "weight_decay": decay}, {"params": [], "weight_decay": 0}]
for p in model.parameters():
    groups[p.dim() < 2]["params"].append(p)
return groups""",
        "others first": """
some, rest = [], []
for name, p in model.named_parameters():
    (some if len(p.shape) >= 2 else rest).append(p)
return [dict(params=rest, weight_decay=0.0), dict(params=some, weight_decay=decay)]""",
        "a group each": """
return [{"params": [p], "weight_decay": decay if p.ndim > 1 else 0.0} for p in model.parameters()]""",
        "by modules": """
weights = [m.weight for m in model.modules() if isinstance(m, (nn.Linear, nn.Conv2d))]
names = {id(p) for p in weights}
others = [p for p in model.parameters() if id(p) not in names]
return [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]""",
        "filter": """
weights = filter(lambda p: p.ndim != 1, model.parameters())
others = filter(lambda p: p.ndim == 1, model.parameters())
return [{"params": list(weights), "weight_decay": decay}, {"params": list(others), "weight_decay": 0.0}]""",
        "the others without a word": """
return ({"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in model.parameters() if p.ndim < 2]})""",
    },
    {
        "a generator, gone through twice": (
            """
everything = model.parameters()
weights = [p for p in everything if p.ndim > 1]
others = [p for p in everything if p.ndim <= 1]
return [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]""",
            2.5,
            "the biases are in no group",
        ),
        "all in one": (
            'return [{"params": list(model.parameters()), "weight_decay": decay}]',
            1.5,
            "the penalty is on the biases too",
        ),
        "an optimizer": (
            "return torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=decay)",
            8,
            "a list of dicts is asked",
        ),
        "names": (
            'return [{"params": [n for n, p in model.named_parameters()], "weight_decay": decay}]',
            8,
            "holds something that is no parameter",
        ),
        "copies": (
            'return [{"params": [p.clone() for p in model.parameters()], "weight_decay": decay}]',
            5,
            "the biases are in no group: they would never be trained",
        ),
        "in both": ((("p.ndim <= 1", "p.ndim <= 4"),), 2, "a parameter is in no group, or in two"),
        "a dict": ('return {"params": list(model.parameters()), "weight_decay": decay}', 8, "a list of dicts"),
        "another key": ((('"weight_decay": decay', '"decay": decay'),), 1.5, "nothing has a penalty"),
    },
)

MLP = (
    "make_mlp",
    {
        "a class": """
class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, X):
        h = X.flatten(1)
        for layer in self.layers[:-1]:
            h = F.dropout(F.relu(layer(h)), dropout, training=self.training)
        return self.layers[-1](h)

return MLP()""",
        "the last one popped": """
parts = [nn.Flatten()]
for a, b in zip(sizes, sizes[1:]):
    parts.extend([nn.Linear(a, b), nn.ReLU(), nn.Dropout(dropout)])
return nn.Sequential(*parts[:-2])""",
        "dropout where it is asked": """
layers = [nn.Flatten(start_dim=1)]
for i in range(len(sizes) - 1):
    layers.append(nn.Linear(sizes[i], sizes[i + 1]))
    if i < len(sizes) - 2:
        layers.append(nn.ReLU(inplace=True))
        if dropout > 0:
            layers.append(nn.Dropout(p=dropout))
return nn.Sequential(*layers)""",
        "nested": """
blocks = [nn.Sequential(nn.Linear(a, b), nn.ReLU(), nn.Dropout(dropout)) for a, b in zip(sizes[:-2], sizes[1:-1])]
return nn.Sequential(nn.Flatten(), *blocks, nn.Linear(*sizes[-2:]))""",
        "dropout before ReLU": """
model = nn.Sequential(nn.Flatten())
for k, (a, b) in enumerate(zip(sizes[:-1], sizes[1:])):
    if k:
        model.append(nn.Dropout(dropout)).append(nn.ReLU())
    model.append(nn.Linear(a, b))
return model""",
        "recursion": """
def build(sizes):
    if len(sizes) == 2:
        return [nn.Linear(*sizes)]
    return [nn.Linear(*sizes[:2]), nn.ReLU(), nn.Dropout(dropout)] + build(sizes[1:])

return nn.Sequential(nn.Flatten(), *build(list(sizes)))""",
    },
    {
        "a plain list": (
            """
class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]

    def forward(self, X):
        h = X.flatten(1)
        for layer in self.layers[:-1]:
            h = torch.relu(layer(h))
        return self.layers[-1](h)

return MLP()""",
            10,
            "the parameters have not the shapes of these layers",
        ),
        "one layer, used again": (
            """
layers = [nn.Flatten(), nn.Linear(sizes[0], sizes[1])]
if len(sizes) > 2:
    hidden = [nn.Linear(a, b) for a, b in zip(sizes[1:3], sizes[2:-1])] or []
    layers += [nn.ReLU()] + (hidden + [nn.ReLU()]) * (len(sizes) - 3) + [nn.Linear(sizes[-2], sizes[-1])]
return nn.Sequential(*layers)""",
            5,
            "the scores are not those of such a network",
        ),
        "the list itself": (
            (("return nn.Sequential(*layers)", "return layers"),),
            10,
            "it returns a list, a module (nn.Module) is asked",
        ),
        "dropout that stays on": (
            """
class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, X):
        h = X.flatten(1)
        for layer in self.layers[:-1]:
            h = F.dropout(torch.relu(layer(h)), dropout)
        return self.layers[-1](h)

return MLP()""",
            2,
            "dropout is not that of the hidden units",
        ),
        "two layers always": (
            "a, h, c = sizes[0], sizes[1], sizes[-1]\n"
            "return nn.Sequential(nn.Flatten(), nn.Linear(a, h), nn.ReLU(), nn.Linear(h, c))",
            10,
            "the parameters have not the shapes of these layers",
        ),
        "two slips": ((("nn.ReLU()", "nn.Tanh()"), (", nn.Dropout(dropout)", "")), 3.5, "Tanh, where ReLU is asked"),
        "normalised": (
            (("nn.ReLU(), ", "nn.BatchNorm1d(outputs), nn.ReLU(), "),),
            10,
            "the parameters have not the shapes",
        ),
        "leaky": ((("nn.ReLU()", "nn.LeakyReLU(0.1)"),), 4, "the scores are not those of such a network"),
    },
)

ALL = [TRAIN, EVALUATE, GROUPS, MLP]
