"""A small residual network in PyTorch.

After Page, How to train your ResNet (2018), and Jordan, 94% on CIFAR-10 in 3.29 seconds on a single GPU (2024): three
blocks that halve the image, a fixed first layer that whitens 2 x 2 pixels, biases that learn faster than weights.
"""

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    """Convolution, pooling to half the size, and a second convolution whose result is added to what went into it.

    inputs, outputs: numbers of channels.
    normalise: batch normalisation after each convolution; without it, a bias.
    """

    def __init__(self, inputs, outputs, normalise=True):
        super().__init__()
        self.first, self.normalise_first = _convolution(inputs, outputs, normalise)
        self.second, self.normalise_second = _convolution(outputs, outputs, normalise)

    def forward(self, x):
        """(N, inputs, H, W) to (N, outputs, H // 2, W // 2)."""
        x = F.relu(self.normalise_first(F.max_pool2d(self.first(x), 2)))
        return x + F.relu(self.normalise_second(self.second(x)))


class ResNet(nn.Module):
    """Whitening layer, blocks, maximum over what is left of the image, affine layer to the scores.

    widths: channels of each block.
    whiten: (24, 3, 2, 2) filters from `whitening_filters`, kept as they are; None learns as many from random ones.
    normalise: as in `Block`.
    classes: number of scores.
    scale: factor of the scores at the start, which keeps the first steps short.
    """

    def __init__(self, widths=(48, 128, 128), whiten=None, normalise=True, classes=10, scale=1 / 9):
        super().__init__()
        self.whitening = nn.Conv2d(3, 24, 2)
        if whiten is not None:
            self.whitening.weight.data.copy_(whiten)
            self.whitening.weight.requires_grad = False
            nn.init.zeros_(self.whitening.bias)
        channels = [24, *widths]
        self.blocks = nn.Sequential(*(Block(*pair, normalise) for pair in zip(channels, widths)))
        self.affine, self.scale = nn.Linear(widths[-1], classes, bias=False), scale

    def forward(self, x):
        """(N, 3, H, W) to (N, classes) scores."""
        x = self.blocks(F.relu(self.whitening(x)))
        return self.scale * self.affine(x.amax((2, 3)))


def _convolution(inputs, outputs, normalise):
    """A 3 x 3 convolution and what follows it."""
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=not normalise)
    if not normalise:
        nn.init.kaiming_normal_(convolution.weight)  # normalisation would set the size right whatever it is
        return convolution, nn.Identity()
    after = nn.BatchNorm2d(outputs)
    after.weight.requires_grad = False  # the next layer's weights do what a factor here would
    return convolution, after


def whitening_filters(images, epsilon=5e-4):
    """Filters after which 2 x 2 pixels are uncorrelated, with variance 1: lab 1's whitening, as a convolution.

    images: (N, 3, H, W) tensor; a few thousand are enough.
    epsilon: added to the variances, so that directions with almost none are not blown up.
    Returns a (24, 3, 2, 2) tensor: the twelve principal directions, each divided by its standard deviation, and their
    opposites, as ReLU keeps one side of each.
    """
    patches = F.unfold(images, 2).transpose(1, 2).reshape(-1, 12).double()
    variances, directions = torch.linalg.eigh(patches.T.cov())
    filters = (directions / (variances + epsilon).sqrt()).T.reshape(12, 3, 2, 2).flip(0)
    return torch.cat([filters, -filters]).to(images.dtype)


def groups(network, rate, decay, bias_factor):
    """The parameters in two groups for an optimizer: weights, and biases with a rate of their own and no decay.

    network: module; parameters that need no gradient are left out.
    rate, decay: learning rate and weight decay of the weights.
    bias_factor: the rate of the biases over that of the weights.
    """
    learned = [p for p in network.parameters() if p.requires_grad]
    return [
        {"params": [p for p in learned if p.ndim > 1], "lr": rate, "weight_decay": decay},
        {"params": [p for p in learned if p.ndim == 1], "lr": rate * bias_factor, "weight_decay": 0.0},
    ]
