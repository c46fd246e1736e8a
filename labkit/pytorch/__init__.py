"""What lab 11 trains with PyTorch: a small residual network, the means to train it well, checkpoints."""

from .means import mirror_and_shift, mirrored_scores, move_average, one_cycle, smoothed_loss
from .recipe import BUDGETS, Recipe, budget
from .resnet import Block, ResNet, whitening_filters
from .training import Run, default_device, train

__all__ = [
    "BUDGETS",
    "Block",
    "Recipe",
    "ResNet",
    "Run",
    "budget",
    "default_device",
    "mirror_and_shift",
    "mirrored_scores",
    "move_average",
    "one_cycle",
    "smoothed_loss",
    "train",
    "whitening_filters",
]
