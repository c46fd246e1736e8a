"""The means of lab 11, a function each, beside their formulas: augmentation, loss, schedule, averaging, evaluation."""

import torch
from torch.nn import functional as F


def moved(images, mirrored, down, across, most):
    """Images, each shifted and then mirrored as it is told, without a loop over them.

    images: (N, C, H, W) tensor of floats.
    mirrored: (N,) tensor of bools: which images have left and right exchanged.
    down, across: (N,) tensors of whole numbers from -most to most: pixels by which each image is shifted.
    most: largest shift; what comes in at the border is the image reflected.
    Returns a tensor like images, with channels last in memory.
    """
    N, _, H, W = images.shape
    rows = (most - down)[:, None] + torch.arange(H, device=images.device)
    columns = (most - across)[:, None] + torch.arange(W, device=images.device)
    columns = torch.where(mirrored[:, None], columns.flip(1), columns)
    each = torch.arange(N, device=images.device)[:, None, None]
    padded = F.pad(images, (most, most, most, most), mode="reflect").permute(0, 2, 3, 1)
    return padded[each, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def mirror_and_shift(images, generator, mirror=True, shift=2, move=moved):
    """Images, each mirrored with probability 1/2 and shifted by up to `shift` pixels, down and across.

    images: (N, C, H, W) tensor of floats.
    generator: `torch.Generator` on the CPU, so that the same seed gives the same pictures on every device.
    mirror: False leaves left and right as they are.
    shift: most pixels down or across; 0 does not shift.
    move: a function like `moved`.
    Returns a tensor like images.
    """
    N = len(images)
    top, left = torch.randint(0, 2 * shift + 1, (2, N), generator=generator)
    mirrored = torch.rand(N, generator=generator) < 0.5  # drawn even if not used: switches change nothing else
    how = (mirrored if mirror else torch.zeros_like(mirrored), shift - top, shift - left)
    return move(images, *(each.to(images.device) for each in how), shift)


def smoothed_loss(scores, y, smoothing=0.0):
    """Cross-entropy with label smoothing: the target is 1 - s + s/C for the label and s/C for every other class.

    scores: (N, C) tensor.
    y: (N,) tensor of labels.
    smoothing: s, from 0 (one-hot targets) to below 1.
    Returns a tensor of one number, the mean over the images.
    Source: Szegedy et al., Rethinking the Inception Architecture for Computer Vision (2016), section 7.
    """
    log_probabilities = scores.log_softmax(dim=1)
    of_label = log_probabilities.gather(1, y[:, None]).mean()
    return -(1 - smoothing) * of_label - smoothing * log_probabilities.mean()


def one_cycle(t, warm=0.25, start=0.2, end=0.0):
    """Factor of the learning rate: a line from start up to 1 at t = warm, and a line down to end at t = 1.

    t: share of the run that is done, from 0 to 1.
    warm: share of the run in which the rate rises, above 0 and below 1.
    start, end: factors at the start and at the end.
    Source: Smith and Topin, Super-convergence (2018).
    """
    if t < warm:
        return start + (1 - start) * t / warm
    return end + (1 - end) * (1 - t) / (1 - warm)


def kept(step, memory=0.99):
    """How much of the average is kept at a step: (1 + step) / (10 + step) at first, so that early weights are soon
    forgotten, and in the long run memory.

    step: number of steps that were taken, from 1.
    memory: so that about 1 / (1 - memory) steps count.
    """
    return min(memory, (1 + step) / (10 + step))


@torch.no_grad()
def move_average(average, weights, keep):
    """Move averaged weights a little towards the network's: average = keep * average + (1 - keep) * weights.

    average: dict of tensors by name, changed in place.
    weights: such a dict of the network (`network.state_dict()`). Running means and variances are averaged too; whole
        numbers are copied.
    keep: from 0 to 1.
    """
    for name, mean in average.items():
        if mean.is_floating_point():
            mean.lerp_(weights[name], 1 - keep)
        else:
            mean.copy_(weights[name])


def mirrored_scores(network, images):
    """Mean of the scores of images and of their mirror images.

    network: module or function from (N, C, H, W) images to (N, classes) scores.
    images: tensor, width last.
    """
    return (network(images) + network(images.flip(3))) / 2
