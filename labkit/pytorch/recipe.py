"""What a run of lab 11 is made with: every means a switch, and three budgets in one table."""

import dataclasses
import os
from dataclasses import dataclass

from labkit import arguments


@dataclass(frozen=True)
class Recipe:
    """The settings of a run; `dataclasses.replace(recipe, smoothing=0)` is the same with one of them changed.

    widths: channels of the network's blocks.
    epochs: passes over the training images.
    images: how many training images are used; None takes all.
    batch_size: images per step.
    rate, momentum, decay: of stochastic gradient descent with Nesterov momentum; the rate is the highest one.
    bias_factor: the rate of the biases over that of the weights.
    whiten: the first layer whitens 2 x 2 pixels, and is not learned.
    normalise: batch normalisation.
    mirror: half of the training images are mirrored.
    shift: pixels by which they are shifted at most.
    smoothing: of the labels.
    cycle: the rate rises and falls; False keeps it at half of its highest, about the mean of the cycle.
    memory: of the averaged weights, which are the ones evaluated; 0 evaluates the last ones.
    mirrored_evaluation: scores are the mean over an image and its mirror image.
    bfloat16: convolutions in 16 bits, for processors that have them.
    """

    widths: tuple = (48, 128, 128)
    epochs: int = 16
    images: int | None = None
    batch_size: int = 256
    rate: float = 0.375
    momentum: float = 0.85
    decay: float = 1.3e-3
    bias_factor: float = 64.0
    whiten: bool = True
    normalise: bool = True
    mirror: bool = True
    shift: int = 2
    smoothing: float = 0.2
    cycle: bool = True
    memory: float = 0.99
    mirrored_evaluation: bool = True
    bfloat16: bool = False

    def words(self):
        """The settings as a dict that JSON can keep."""
        return dataclasses.asdict(self) | {"widths": list(self.widths)}


BUDGETS = {
    "seconds": Recipe(widths=(16, 32, 64), epochs=4, images=3000, batch_size=64),
    "laptop": Recipe(widths=(64, 192, 256), epochs=12),
    "gpu": Recipe(widths=(128, 384, 512), epochs=40, batch_size=512, bfloat16=True),
}
VARIABLE = "LABKIT_BUDGET"


def budget(default="seconds"):
    """The name of the budget: what the environment variable LABKIT_BUDGET says, else default.

    Raises ValueError for a name that is not in `BUDGETS`.
    """
    return arguments.choice(os.environ.get(VARIABLE) or default, tuple(BUDGETS), VARIABLE)
