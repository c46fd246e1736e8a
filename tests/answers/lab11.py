"""Answers to lab 11 that no edit of the right answer expresses, laid out as in lab05.py."""

import functools
import runpy
from pathlib import Path

from written import enter, stubs

MORE = runpy.run_path(str(Path(__file__).parent / "more" / "lab11.py"))
NOTEBOOK = "11_experiment.ipynb"
NEEDS = "torch"

SIGNATURES = {
    "moved_images": "images, mirrored, down, across, most",
    "smooth_loss": "scores, y, smoothing",
    "one_cycle_factor": "t, warm=0.25, first=0.2, last=0.0",
    "averaged_weights": "average, weights, keep",
    "mirrored_mean": "network, images",
}
CHECKS = {name: f"check.{name}({name})" for name in SIGNATURES} | MORE["CHECKS"]
STUBS = stubs(SIGNATURES) | MORE["STUBS"]
SETUP = "import numpy as np\nimport torch\nfrom torch import nn\nfrom torch.nn import functional as F\n" + MORE["SETUP"]
RIGHT, WRONG = dict(MORE["RIGHT"]), dict(MORE["WRONG"])


_all = functools.partial(enter, (SIGNATURES, RIGHT, WRONG))

INDICES = """
N, C, H, W = images.shape
padded = F.pad(images, (most,) * 4, mode="reflect")
y = torch.arange(most, most + H)[None, :, None] - down[:, None, None]
x = torch.arange(most, most + W)[None, None, :] - across[:, None, None]
"""
_all(
    "moved_images",
    {
        "channels last while moved": """
N, C, H, W = images.shape
padded = F.pad(images, [most] * 4, mode="reflect").permute(0, 2, 3, 1)
y, x = most - down[:, None] + torch.arange(H), most - across[:, None] + torch.arange(W)
x = torch.where(mirrored.unsqueeze(1), x.flip(1), x)
return padded[torch.arange(N)[:, None, None], y[:, :, None], x[:, None, :]].permute(0, 3, 1, 2)""",
        "mirrored first, then shifted": INDICES
        + """
padded = torch.where(mirrored[:, None, None, None], padded.flip(3), padded)
return padded.permute(0, 2, 3, 1)[torch.arange(N)[:, None, None], y, x].permute(0, 3, 1, 2)""",
        "shifted first, the batch mirrored whole": INDICES
        + """
out = padded.permute(0, 2, 3, 1)[torch.arange(N)[:, None, None], y, x].permute(0, 3, 1, 2)
return torch.where(mirrored.view(-1, 1, 1, 1), out.flip(3), out)""",
        "a mask written into": INDICES
        + """
out = padded.permute(0, 2, 3, 1)[torch.arange(N)[:, None, None], y, x].permute(0, 3, 1, 2).clone()
out[mirrored] = out[mirrored].flip(-1)
return out""",
        "all windows, of which one is taken": """
N, C, H, W = images.shape
windows = F.pad(images, (most, most, most, most), mode="reflect").unfold(2, H, 1).unfold(3, W, 1)
out = windows[torch.arange(N), :, most - down, most - across]
return torch.where(mirrored[:, None, None, None], out.flip(3), out)""",
        "reflected by hand": """
N, C, H, W = images.shape
def reflected(i, size):
    return (size - 1) - ((size - 1) - i.abs()).abs()
y = reflected(torch.arange(H) - down[:, None], H)
x = reflected(torch.arange(W) - across[:, None], W)
x = torch.where(mirrored[:, None], x.flip(1), x)
return torch.gather(torch.gather(images, 2, y[:, None, :, None].expand(N, C, H, W)), 3,
                    x[:, None, None, :].expand(N, C, H, W))""",
    },
    {
        "a loop over the images": (
            """
out = torch.empty_like(images)
padded = F.pad(images, (most, most, most, most), mode="reflect")
for n in range(len(images)):
    top, left = most - down[n], most - across[n]
    image = padded[n, :, top : top + images.shape[2], left : left + images.shape[3]]
    out[n] = image.flip(2) if mirrored[n] else image
return out""",
            2,
            "for",
        ),
        "a list of the images": (
            """
padded = F.pad(images, (most, most, most, most), mode="reflect")
H, W = images.shape[2:]
moved = [p[:, most - d : most - d + H, most - a : most - a + W] for p, d, a in zip(padded, down, across)]
return torch.stack([m.flip(2) if told else m for m, told in zip(moved, mirrored)])""",
            2,
            "for",
        ),
        "the padded images": ('return F.pad(images, (most, most, most, most), mode="reflect")', 14, "it returns shape"),
        "in place": (
            """
images[mirrored] = images[mirrored].flip(3)
"""
            + INDICES
            + "return padded.permute(0, 2, 3, 1)[torch.arange(N)[:, None, None], y, x].permute(0, 3, 1, 2)",
            1,
            "images is changed in place",
        ),
        "a list": ("return list(images)", 14, "it returns a list"),
        "the images themselves": ("return images", 14, "the images are not shifted"),
    },
)

_all(
    "smooth_loss",
    {
        "targets": """
C = scores.shape[1]
target = F.one_hot(y, C) * (1 - smoothing) + smoothing / C
return -(target * F.log_softmax(scores, dim=1)).sum(dim=1).mean()""",
        "cross_entropy and a mean": """
return (1 - smoothing) * F.cross_entropy(scores, y) - smoothing * torch.log_softmax(scores, 1).mean()""",
        "cross_entropy of probabilities": """
target = torch.full_like(scores, smoothing / scores.shape[1]).detach()
target[torch.arange(len(y)), y] += 1 - smoothing
return F.cross_entropy(scores, target)""",
        "logsumexp": """
log_p = scores - scores.logsumexp(1, keepdim=True)
return -((1 - smoothing) * log_p.gather(1, y.unsqueeze(1)).squeeze(1) + smoothing * log_p.mean(1)).mean()""",
        "nll_loss": """
log_p = nn.LogSoftmax(dim=1)(scores)
return F.nll_loss(log_p, y) * (1 - smoothing) + log_p.mean().neg() * smoothing""",
        "the largest score taken away": """
s = scores - scores.max(dim=1, keepdim=True).values
log_p = s - s.exp().sum(dim=1, keepdim=True).log()
return -torch.mean((1 - smoothing) * log_p[range(len(y)), y] + smoothing * log_p.sum(1) / log_p.shape[1])""",
    },
    {
        "the switch of cross_entropy": (
            "return F.cross_entropy(scores, y, label_smoothing=smoothing)",
            1,
            "cross_entropy smooths the labels itself",
        ),
        "the layer's switch": (
            "return nn.CrossEntropyLoss(label_smoothing=smoothing)(scores, y)",
            1,
            "cross_entropy smooths the labels itself",
        ),
        "a number": ((("return losses.mean()", "return losses.mean().item()"),), 10, "it returns a float"),
        "detached": ((("return losses.mean()", "return losses.mean().detach()"),), 2, "no gradient comes back"),
        "one for each image": ((("return losses.mean()", "return losses"),), 10, "it returns shape"),
        "an array": ((("return losses.mean()", "return losses.mean().detach().numpy()"),), 2, "no gradient comes back"),
    },
)

_all(
    "one_cycle_factor",
    {
        "interpolated": "return float(np.interp(t, [0, warm, 1], [first, 1, last]))",
        "the smaller of two lines": """
return min(first + (1 - first) * t / warm, last + (1 - last) * (1 - t) / (1 - warm))""",
        "shares of each part": """
if t <= warm:
    share = t / warm
    return (1 - share) * first + share
share = (1 - t) / (1 - warm)
return share + (1 - share) * last""",
        "slopes": """
up, down = (1 - first) / warm, (1 - last) / (1 - warm)
return first + up * t if t < warm else 1 - down * (t - warm)""",
        "an array of one": """
up, down = first + (1 - first) * t / warm, 1 - (1 - last) * (t - warm) / (1 - warm)
return np.where(t < warm, up, down)""",
        "a tensor": "return torch.tensor(np.interp(t, [0, warm, 1], [first, 1, last]))",
    },
    {
        "the rates of the exercise before": ("return 0.5 * (1 + np.cos(np.pi * t))", 8, ""),
        "nothing but the way down": ("return 1 - t", 8, ""),
        "whole": ("return int(t < warm)", 6, "it is 0, whatever the arguments are"),
    },
)

_all(
    "averaged_weights",
    {
        "lerp": """
with torch.no_grad():
    return {n: a.lerp(weights[n].to(a.dtype), 1 - keep) if a.is_floating_point() else weights[n].clone()
            for n, a in average.items()}""",
        "detached": """
new = {}
for name, a in average.items():
    w = weights[name].detach()
    new[name] = keep * a + (1 - keep) * w if a.dtype.is_floating_point else w
return new""",
        "by the difference": """
new = dict(weights)
for name, w in weights.items():
    if torch.is_floating_point(w):
        new[name] = average[name] + (1 - keep) * (w.data - average[name])
return new""",
        "average changed in place": """
with torch.no_grad():
    for name, a in average.items():
        if a.is_floating_point():
            a.mul_(keep).add_(weights[name], alpha=1 - keep)
        else:
            a.copy_(weights[name])
return average""",
        "decorated": """
@torch.no_grad()
def one(a, w):
    return keep * a + (1 - keep) * w if a.is_floating_point() else w.clone()
return {name: one(average[name], weights[name]) for name in weights}""",
    },
    {
        "a list": (
            "return [keep * a + (1 - keep) * w for a, w in zip(average.values(), weights.values())]",
            10,
            "a dict",
        ),
        "nothing comes back": (
            "for name in average:\n    average[name] = keep * average[name] + (1 - keep) * weights[name].detach()",
            10,
            "a dict",
        ),
        "the weights are changed": (
            """
with torch.no_grad():
    for name, w in weights.items():
        if w.is_floating_point():
            w.mul_(1 - keep).add_(average[name], alpha=keep)
return {name: w.detach() for name, w in weights.items()}""",
            1,
            "the network's own weights are changed",
        ),
        "only the weights that are learned": (
            """
with torch.no_grad():
    return {n: keep * average[n] + (1 - keep) * w for n, w in weights.items() if w.requires_grad}""",
            10,
            "a dict with the names of average",
        ),
    },
)

_all(
    "mirrored_mean",
    {
        "one batch": """
both = network(torch.cat([images, images.flip(3)]))
return (both[: len(images)] + both[len(images) :]) / 2""",
        "the last axis": "return 0.5 * network(images) + 0.5 * network(torch.flip(images, dims=[-1]))",
        "stacked": "return torch.stack([network(images), network(images.flip(-1))]).mean(0)",
        "indices turned round": """
turned = images[..., torch.arange(images.shape[3] - 1, -1, -1)]
return (network(turned) + network(images)) / 2""",
        "an image at a time": """
rows = [torch.cat([network(i[None]), network(i[None].flip(3))]).mean(0) for i in images]
return torch.stack(rows)""",
    },
    {
        "a tuple": ("return network(images), network(images.flip(3))", 8, "it returns a tuple"),
        "the mean over the images too": (
            "return (network(images) + network(images.flip(3))).mean(0) / 2",
            8,
            "it returns shape",
        ),
        "the classes": ("return (network(images) + network(images.flip(3))).argmax(1)", 8, "it returns shape"),
        "in place": (
            """
there = network(images)
images.copy_(images.flip(3))
return (there + network(images)) / 2""",
            1,
            "images is changed in place",
        ),
    },
)
