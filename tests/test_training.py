"""Optimizers and training: the homework's printed losses, reproducibility, divergence, interruption."""

import numpy as np
import pytest

from labkit.networks import init_linear, linear_classifier, two_layer_net
from labkit.optimizers import SGD, Adam, Momentum, RMSProp
from labkit.training import TrainingDiverged, accuracy, train
from test_networks import toy_homework


@pytest.mark.parametrize("optimizer, printed", [(SGD(0.1), 0.940686), (Momentum(0.1, 0.9), 0.494394), (RMSProp(0.1, 0.99), 0.439368)])
def test_losses_printed_in_the_homework(optimizer, printed):
    """They are the losses before the 100th update, as the history records them."""
    X, y, params = toy_homework()
    history = train(two_layer_net, params, X, y, optimizer=optimizer, epochs=100, batch_size=None, reg=0.001, quiet=True)
    assert history.losses[-1] == pytest.approx(printed, abs=5e-7)


def test_adam_takes_first_steps_of_the_size_of_its_rate():
    """Kingma and Ba, section 2.1: without history, each step is the rate times the sign of the gradient."""
    params = {"w": np.array([1.0, -2.0, 3.0])}
    Adam(rate=0.01).step(params, {"w": np.array([5.0, -0.001, 1e3])})
    np.testing.assert_allclose(params["w"], [0.99, -1.99, 2.99], atol=1e-6)


def test_adam_against_its_formula_over_several_steps():
    rng = np.random.default_rng(0)
    params, w, m, v = {"w": np.ones(4)}, np.ones(4), 0, 0
    adam = Adam(0.05, 0.8, 0.9, 1e-6)
    for t in range(1, 8):
        g = rng.standard_normal(4)
        adam.step(params, {"w": g})
        m, v = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g * g
        w = w - 0.05 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.9**t)) + 1e-6)
    np.testing.assert_allclose(params["w"], w)


@pytest.mark.parametrize("make", [lambda: SGD(0.1), lambda: Momentum(0.1), lambda: RMSProp(0.1), lambda: Adam(0.1)])
def test_steps_are_in_place_keep_float32_and_are_taken_whole_or_not_at_all(make):
    w, b = np.ones((2, 2), np.float32), np.ones(3, np.float32)
    params = {"w": w, "b": b}
    make().step(params, {"w": np.ones((2, 2), np.float32), "b": np.ones(3, np.float32)})
    assert params["w"] is w and w.dtype == np.float32 and np.all(w < 1)
    before = w.copy()
    for grads in ({"w": np.ones((2, 2))}, {"w": np.ones((2, 2)), "b": np.ones(4)}):
        with pytest.raises(ValueError, match="'b'"):
            make().step(params, grads)
    np.testing.assert_array_equal(w, before)


@pytest.mark.parametrize("bad", [0, -1, np.nan, np.inf, "fast", None])
def test_impossible_rates_are_refused(bad):
    with pytest.raises(ValueError, match="rate must be"):
        SGD(bad)
    with pytest.raises(ValueError, match="momentum must be"):
        Momentum(0.1, momentum=1)


def two_clouds(N=300, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, N)
    return (rng.standard_normal((N, 2)) + 3 * np.column_stack([y, -y])).astype(np.float32), y


def fit(seed=0, **kwargs):
    X, y = two_clouds()
    return train(linear_classifier, init_linear(2, 2), X[:200], y[:200], X[200:], y[200:],
                 **{"epochs": 5, "batch_size": 32, "seed": seed, "quiet": True} | kwargs)


def test_training_learns_and_keeps_the_best_parameters():
    X, y = two_clouds()
    history = fit(optimizer=Momentum(0.1))
    assert len(history.losses) == 5 * 7 and len(history.val_accuracy) == 6
    assert history.losses[-1] < history.losses[0] and history.val_accuracy[-1] > 0.9
    assert accuracy(linear_classifier, history.params, X[200:], y[200:]) == max(history.val_accuracy)
    assert "best validation accuracy" in repr(history)


def test_the_same_seed_gives_the_same_history_bit_for_bit():
    a, b, c = fit(seed=1), fit(seed=1), fit(seed=2)
    assert a.losses == b.losses and a.losses != c.losses
    np.testing.assert_array_equal(a.params["W"], b.params["W"])


def test_the_rate_decays_after_each_epoch():
    optimizer = SGD(0.1)
    fit(optimizer=optimizer, rate_decay=0.5, epochs=3)
    assert optimizer.rate == pytest.approx(0.1 / 8)


def test_divergence_is_an_error_with_advice_and_the_history():
    X, y = two_clouds()
    X = X.copy()
    X[17] = np.inf
    with pytest.raises(TrainingDiverged, match="learning rate") as caught, np.errstate(all="ignore"):
        train(linear_classifier, init_linear(2, 2), X, y, epochs=1, batch_size=50, quiet=True)
    assert not np.isfinite(caught.value.history.losses[-1])


def test_an_interrupt_returns_what_there_is():
    calls = []

    def interrupted(X, params, y=None, reg=0.0):
        calls.append(y)
        if y is not None and len(calls) > 20:
            raise KeyboardInterrupt
        return linear_classifier(X, params, y, reg)

    X, y = two_clouds()
    history = train(interrupted, init_linear(2, 2), X, y, epochs=50, batch_size=30, quiet=True)
    assert history.interrupted and 0 < len(history.losses) < 50 * 10 and set(history.params) == {"W", "b"}
    assert "interrupted" in repr(history)


@pytest.mark.parametrize("wrong, words", [
    ({"epochs": -1}, "epochs"), ({"epochs": 1.5}, "epochs"), ({"batch_size": 0}, "batch_size"), ({"rate_decay": 0}, "rate_decay"),
    ({"rate_decay": 1.1}, "rate_decay"), ({"X_val": np.zeros((2, 2))}, "X_val and y_val")])
def test_bad_arguments_are_named(wrong, words):
    X, y = two_clouds()
    with pytest.raises(ValueError, match=words):
        train(linear_classifier, init_linear(2, 2), X, y, quiet=True, **wrong)
    with pytest.raises(ValueError, match="same positive number"):
        train(linear_classifier, init_linear(2, 2), X, y[:-1])
