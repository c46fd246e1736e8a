"""The means of lab 11 beside PyTorch's own, and beside loops."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch.nn import functional as F  # noqa: E402

from labkit.pytorch import means  # noqa: E402
from labkit.pytorch.resnet import ResNet, groups, whitening_filters  # noqa: E402


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(3)


def by_loop(images, mirrored, down, across, most):
    """Each image by itself, with NumPy's reflection."""
    out = []
    for image, flip, d, a in zip(images.numpy(), mirrored, down.tolist(), across.tolist()):
        padded = np.pad(image, ((0, 0), (most, most), (most, most)), mode="reflect")
        moved = padded[:, most - d : most - d + image.shape[1], most - a : most - a + image.shape[2]]
        out.append(moved[:, :, ::-1] if flip else moved)
    return np.stack(out)


@pytest.mark.parametrize("shape, most", [((9, 3, 8, 6), 2), ((1, 1, 4, 7), 3), ((130, 2, 5, 5), 1), ((4, 2, 3, 3), 0)])
def test_images_are_moved_as_by_a_loop(shape, most, generator):
    images = torch.randn(shape, generator=generator)
    down, across = torch.randint(-most, most + 1, (2, shape[0]), generator=generator)
    mirrored = torch.rand(shape[0], generator=generator) < 0.5
    moved = means.moved(images, mirrored, down, across, most)
    np.testing.assert_array_equal(moved.numpy(), by_loop(images, mirrored, down, across, most))


def test_the_draws_are_even_and_reach_both_ends(generator):
    seen = []

    def noted(images, mirrored, down, across, most):
        seen.append(torch.stack([mirrored, down, across]))
        return images

    means.mirror_and_shift(torch.zeros(6000, 1, 4, 4), generator, shift=2, move=noted)
    mirrored, down, across = seen[0].numpy()
    assert abs(mirrored.mean() - 0.5) < 0.03
    for shifts in (down, across):
        assert np.allclose(np.bincount(shifts + 2, minlength=5) / 6000, 0.2, atol=0.03)
    assert abs(np.corrcoef(down, across)[0, 1]) < 0.05


@pytest.mark.parametrize("switch", [{"mirror": False}, {"shift": 0}])
def test_a_switch_changes_nothing_else_that_is_drawn(switch):
    images, states = torch.randn(20, 3, 8, 8), []
    for how in ({}, switch):
        generator = torch.Generator().manual_seed(1)
        means.mirror_and_shift(images, generator, **how)
        states.append(generator.get_state())
    assert torch.equal(*states)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.2, 0.7])
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_the_loss_is_pytorchs_with_its_gradient(smoothing, scale, generator):
    scores = (scale * torch.randn(37, 7, generator=generator, dtype=torch.float64)).requires_grad_()
    y = torch.randint(0, 7, (37,), generator=generator)
    ours, theirs = means.smoothed_loss(scores, y, smoothing), F.cross_entropy(scores, y, label_smoothing=smoothing)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-12)
    slopes = [torch.autograd.grad(loss, scores)[0] for loss in (ours, theirs)]
    torch.testing.assert_close(*slopes, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(
    "steps, warm, start, end", [(100, 0.25, 0.2, 0.05), (37, 0.1, 0.5, 0.001), (50, 0.5, 0.04, 0.3)]
)
def test_the_schedule_is_pytorchs_one_cycle(steps, warm, start, end):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.0)
    # theirs rises until step pct_start * total - 1, and ends with step total - 1: a run of one step less
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=1.0,
        total_steps=steps + 1,
        pct_start=(warm * steps + 1) / (steps + 1),
        anneal_strategy="linear",
        cycle_momentum=False,
        div_factor=1 / start,
        final_div_factor=start / end,
    )
    for step in range(steps + 1):
        ours = means.one_cycle(step / steps, warm, start, end)
        assert ours == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9)
        optimizer.step()
        if step < steps:
            theirs.step()


def test_the_average_is_pytorchs_averaged_model(generator):
    def keep_at(n):
        return means.kept(n, 0.9)

    def theirs_at(averaged, current, n):
        return keep_at(int(n)) * averaged + (1 - keep_at(int(n))) * current

    torch.manual_seed(0)
    network = ResNet((4, 4, 8))
    average = {name: w.clone() for name, w in network.state_dict().items()}
    model = torch.optim.swa_utils.AveragedModel(network, avg_fn=theirs_at, use_buffers=True)
    model.update_parameters(network)  # the first is a copy
    for step in range(1, 6):
        with torch.no_grad():
            for p in network.parameters():
                p.add_(torch.randn(p.shape, generator=generator))
        network(torch.randn(8, 3, 32, 32, generator=generator))  # moves the running means
        means.move_average(average, network.state_dict(), keep_at(step))
        model.update_parameters(network)
    theirs = model.module.state_dict()
    for name, w in average.items():
        if w.is_floating_point():
            torch.testing.assert_close(w, theirs[name], rtol=1e-5, atol=1e-6)
        else:
            assert w == network.state_dict()[name] == 5


def test_early_weights_are_soon_forgotten():
    shares = np.ones(1)  # of the first weights in the average
    for step in range(1, 31):
        shares = np.append(shares, shares[-1] * means.kept(step))
    assert shares[10] < 0.002 < 0.99**30  # with the memory of the long run they would be most of it
    assert means.kept(10_000) == 0.99 and means.kept(10_000, 0.9) == 0.9


def test_mirrored_scores_do_not_change_when_images_are_mirrored(generator):
    network = ResNet((4, 4, 8)).eval()
    images = torch.randn(6, 3, 32, 32, generator=generator)
    with torch.no_grad():
        one, two = (means.mirrored_scores(network, x) for x in (images, images.flip(3)))
        torch.testing.assert_close(one, two)
        assert not torch.allclose(one, network(images), atol=1e-4)


def test_whitening_leaves_no_correlation(generator):
    mixing = torch.randn(3, 3, generator=generator)
    images = torch.einsum("ij,njhw->nihw", mixing, torch.randn(300, 3, 9, 9, generator=generator).cumsum(3) / 3)
    filters = whitening_filters(images, epsilon=0.0)
    assert filters.shape == (24, 3, 2, 2) and torch.equal(filters[12:], -filters[:12])
    out = F.conv2d(images, filters[:12]).transpose(0, 1).flatten(1).double()
    np.testing.assert_allclose(np.cov(out.numpy()), np.eye(12), atol=1e-4)


def test_biases_learn_faster_and_do_not_decay_and_every_learned_number_is_in_one_group():
    network = ResNet((4, 8, 8), whiten=torch.randn(24, 3, 2, 2))
    weights, biases = groups(network, 0.1, 1e-3, 64)
    assert (biases["lr"], biases["weight_decay"], weights["weight_decay"]) == (6.4, 0.0, 1e-3)
    learned = [p for p in network.parameters() if p.requires_grad]
    assert sorted(map(id, weights["params"] + biases["params"])) == sorted(map(id, learned))
    assert network.whitening.weight.requires_grad is False
    assert {p.ndim for p in biases["params"]} == {1}


@pytest.mark.parametrize("normalise", [True, False])
def test_the_network_has_the_scores_of_its_classes(normalise):
    scores = ResNet((4, 8, 6), normalise=normalise, classes=7)(torch.randn(3, 3, 32, 32))
    assert scores.shape == (3, 7) and scores.abs().max() < 5  # small at the start
