"""Lab 3: the questions on the way. They bring no points."""

import math

from labkit.check.question import question

loss_of_nothing = question(
    "loss_of_nothing",
    0,
    math.log(10),
    {
        0.1: "this is the probability itself: the loss is minus its logarithm",
        0.9: "the loss is minus the logarithm of the probability of the right class, not 1 minus it",
        1.0: "the logarithm is the natural one, np.log",
        math.log2(10): "this is the logarithm to base 2: the natural one is meant, np.log",
        -math.log(10): "the logarithm of a tenth is negative, the loss is minus that",
        0.0: "0 is the loss of a classifier that is certain and right",
    },
    otherwise="each class gets the probability 1/10, and the loss is minus its natural logarithm",
    within=0.005,
)

evaluations_needed = question(
    "evaluations_needed",
    0,
    200,
    {
        100: "a central difference looks on both sides of each weight",
        101: "that is the cost of forward differences, which share f(x): the central ones share nothing",
        2: "that is for a single weight",
        20: "W is (10, 10): it has 100 entries",
        10: "W is (10, 10): it has 100 entries, and each needs its own evaluations",
        2000: "one gradient uses all images at once: each evaluation is one mean over them",
        200000: "that is for 1,000 gradients",
    },
    otherwise="how many entries has W, and how often is the loss evaluated for each?",
)

smaller_h = question(
    "smaller_h",
    0,
    100,
    {
        10: "that is the forward difference, whose error is about a multiple of h",
        1000: "the error that is left is a multiple of h², not of h³",
        20: "it is a power, not a product: h becomes h/10 in h²",
        2: "put h/10 in the place of h in the error that is left",
        6: "the 6 of h²/6 stays where it is: only h changes",
    },
    otherwise="the error that is left is a multiple of h²: put h/10 in the place of h",
)

on_new_images = question(
    "on_new_images",
    0,
    "lower",
    {
        "higher": "nothing was fitted to the new images: W was chosen to suit the 1,000 it has seen",
        "the same": "W was chosen to suit the 1,000 images it has seen, their accidents included",
    },
)

raw_first_loss = question(
    "raw_first_loss",
    0,
    "b",
    {
        "a": "with W = 0 a feature counts nothing, however large it is: all scores are 0",
        "c": "0 is the loss of a classifier that is certain and right; this one knows nothing",
    },
)
