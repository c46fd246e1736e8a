"""Training: the homework's printed losses, reproducibility, divergence, interruption, bad arguments."""

import warnings
from functools import partial

import numpy as np
import pytest
from test_networks import toy_homework

from labkit.networks import init_linear, init_mlp, linear_classifier, mlp, two_layer_net
from labkit.optimizers import SGD, Adam, Momentum, RMSProp
from labkit.training import TrainingDiverged, accuracy, train


@pytest.mark.parametrize(
    "optimizer, printed", [(SGD(0.1), 0.940686), (Momentum(0.1, 0.9), 0.494394), (RMSProp(0.1, 0.99), 0.439368)]
)
def test_losses_printed_in_the_homework(optimizer, printed):
    """They are the losses before the 100th update, as the history records them."""
    X, y, params = toy_homework()
    history = train(
        two_layer_net, params, X, y, optimizer=optimizer, epochs=100, batch_size=None, reg=0.001, quiet=True
    )
    assert history.losses[-1] == pytest.approx(printed, abs=5e-7)


def two_clouds(N=300, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, N)
    return (rng.standard_normal((N, 2)) + 3 * np.column_stack([y, -y])).astype(np.float32), y


def fit(seed=0, **kwargs):
    X, y = two_clouds()
    return train(
        linear_classifier,
        init_linear(2, 2),
        X[:200],
        y[:200],
        X[200:],
        y[200:],
        **{"epochs": 5, "batch_size": 32, "seed": seed, "quiet": True} | kwargs,
    )


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
    assert fit(optimizer=optimizer, rate_decay=0.5, epochs=3).rates == [0.1, 0.05, 0.025]
    assert optimizer.rate == 0.1
    assert fit(optimizer=optimizer, rate_decay=0.5, epochs=3, go_on=True).rates == [0.1, 0.05, 0.025]
    assert optimizer.rate == 0.1 / 8


def test_the_rate_as_a_function_of_the_share_that_is_done():
    seen = []

    def factor(share):
        seen.append(share)
        return 1 - share

    history = fit(optimizer=SGD(0.1), rate_decay=factor, epochs=4)  # 7 steps an epoch, the last one smaller
    np.testing.assert_allclose(history.rates, [0.1, 0.075, 0.05, 0.025])
    assert len(seen) == 28 and seen[0] == 0 and seen == sorted(seen) and seen[-1] == (3 + 192 / 200) / 4
    for bad in (lambda t: -1, lambda t: np.nan, lambda t: None):
        with pytest.raises(ValueError, match=r"rate_decay\(0\) must be a number, at least 0"):
            fit(rate_decay=bad)


@pytest.mark.parametrize("make", [lambda: Momentum(0.1), lambda: RMSProp(0.1), lambda: Adam(0.1)])
def test_a_reused_optimizer_starts_anew_unless_asked_to_go_on(make):
    reused = make()
    first, again = fit(optimizer=reused, rate_decay=0.5), fit(optimizer=reused, rate_decay=0.5)
    assert first.losses == again.losses == fit(optimizer=make(), rate_decay=0.5).losses
    assert fit(optimizer=reused, go_on=True).losses != first.losses


def test_the_history_keeps_validation_loss_rates_and_settings():
    history = fit(optimizer=Momentum(0.1), reg=0.01, rate_decay=0.9)
    X, y = two_clouds()
    scores = linear_classifier(X[200:], history.params).astype(float)
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    expected = -np.log(p[np.arange(100), y[200:]]).mean()
    assert len(history.val_loss) == 6 and history.val_loss[history.best_epoch] == pytest.approx(expected, rel=1e-5)
    assert history.settings["optimizer"] == "Momentum(rate=0.1, momentum=0.9)" and history.settings["steps"] == 35
    for name, value in {"epochs": 5, "batch_size": 32, "reg": 0.01, "rate_decay": 0.9, "val_images": 100}.items():
        assert history.settings[name] == value


def test_a_loss_that_grows_tenfold_is_said_once():
    def grows(X, params, y=None, reg=0.0):
        params["W"] += 1
        return X @ params["W"] if y is None else (float(params["W"][0, 0]), {"W": 0 * params["W"]})

    X, y = two_clouds()
    with pytest.warns(RuntimeWarning, match="the loss has grown from 3 to .*ten times smaller") as caught:
        history = train(grows, {"W": np.ones((2, 2))}, X, y, epochs=5, batch_size=30)
    assert history.grew and "grew tenfold" in repr(history) and not fit().grew
    assert len(caught) == 1 and caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert train(grows, {"W": np.ones((2, 2))}, X, y, epochs=5, batch_size=30, quiet=True).grew


def explodes(X, params, y=None, reg=0.0):
    scores = linear_classifier(X, params)
    return scores if y is None else (np.float32(np.inf), {name: w * 0 for name, w in params.items()})


def test_divergence_is_an_error_with_advice_and_the_history():
    X, y = two_clouds()
    optimizer = SGD(0.1)
    with pytest.raises(TrainingDiverged, match="learning rate ten times smaller than 0.1") as caught:
        train(explodes, init_linear(2, 2), X, y, optimizer=optimizer, epochs=1, batch_size=50, quiet=True)
    assert not np.isfinite(caught.value.history.losses[-1])
    with pytest.raises(TrainingDiverged), np.errstate(all="ignore"):
        train(mlp, init_mlp(2, 8, 2), 1e3 * X, y, optimizer=SGD(1e30), epochs=5, quiet=True)


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
    ({"epochs": -1}, "epochs must be a whole number, at least 0, got -1"), ({"epochs": 1.5}, "epochs must be a whole"),
    ({"epochs": 2.0}, "epochs must be a whole number, at least 0, got 2.0"), ({"epochs": "2"}, "epochs"),
    ({"batch_size": 0}, "batch_size must be a whole number, at least 1"), ({"batch_size": 10.0}, "batch_size"),
    ({"rate_decay": 0}, "rate_decay must be a number above 0 and at most 1"), ({"rate_decay": 1.1}, "rate_decay"),
    ({"reg": -1}, "reg must be a number, at least 0"), ({"reg": None}, "reg"), ({"seed": "a"}, "seed must be a whole"),
    ({"check_on": 0}, "check_on"), ({"prepare": np.ones(3)}, "prepare must be a function"),
    ({"network": None}, "network must be a function"), ({"params": np.ones(3)}, "params must be a dict of arrays"),
    ({"params": {}}, "params must be a dict"), ({"params": {"W": np.ones((2, 2), int), "b": np.ones(2)}}, "floats"),
    ({"optimizer": "adam"}, r"optimizer must be made with its settings, as Momentum\(rate=0.01\), got 'adam'"),
    ({"optimizer": Adam}, "optimizer must be made .* got <class"), ({"optimizer": 0.1}, "optimizer must be made"),
    ({"X_val": np.zeros((2, 2))}, "X_val and y_val must be given together"),
    ({"X_val": np.zeros((2, 3)), "y_val": [0, 1]}, r"X_val must hold images of the size of X, \(2,\), got \(3,\)"),
    ({"X_val": np.zeros((2, 2)), "y_val": [0, 2]}, "labels from 0 to 1, as the network has 2 classes, got 2"),
    ({"X_val": np.zeros((2, 2)), "y_val": [0]}, r"y_val must have shape \(2,\), one label for each row of X_val"),
    ({"X_val": np.zeros((0, 2)), "y_val": np.zeros(0, int)}, "X_val must hold at least one image"),
    ({"X_val": np.full((2, 2), np.nan), "y_val": [0, 1]}, "X_val must hold finite numbers"),
])  # fmt: skip
def test_bad_arguments_are_one_clear_sentence(wrong, words):
    X, y = two_clouds()
    asked = {"network": linear_classifier, "params": init_linear(2, 2), "X": X, "y": y, "epochs": 1, "quiet": True}
    with pytest.raises(ValueError, match=words):
        train(**asked | wrong)


@pytest.mark.parametrize("change, words", [
    (lambda X, y: (X, y[:, None]), r"y must have shape \(300,\).* got \(300, 1\): use y.ravel\(\)"),
    (lambda X, y: (X, np.eye(2, dtype=int)[y]), r"y must have shape \(300,\).* use y.argmax\(axis=1\)"),
    (lambda X, y: (X, np.eye(2)[y]), "y must hold integer labels"), (lambda X, y: (X, y.astype(float)), "astype"),
    (lambda X, y: (X, y[:-1]), r"y must have shape \(300,\), one label for each row of X, got \(299,\)"),
    (lambda X, y: (X, y - 1), "y must hold labels at least 0, got -1"), (lambda X, y: (X, y + 1), "got 2"),
    (lambda X, y: (np.where(np.arange(300)[:, None] == 17, np.nan, X), y), "X must hold finite numbers"),
    (lambda X, y: (X[:0], y[:0]), "X must hold at least one image"), (lambda X, y: (X[:, 0], y), "a row each"),
    (lambda X, y: ("images", y), "X must be an array of real numbers"), (lambda X, y: (None, y), "X must be an array"),
])  # fmt: skip
def test_bad_data_is_one_clear_sentence(change, words):
    X, y = change(*two_clouds())
    for call in (lambda: train(linear_classifier, init_linear(2, 2), X, y, quiet=True),
                 lambda: accuracy(linear_classifier, init_linear(2, 2), X, y)):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            call()


def test_lists_are_as_good_as_arrays():
    X, y = two_clouds()
    a, b = (train(linear_classifier, init_linear(2, 2), *data, epochs=2, quiet=True)
            for data in ((X.astype(float), y), (X.astype(float).tolist(), y.tolist())))  # fmt: skip
    assert a.losses == b.losses
    assert accuracy(linear_classifier, a.params, X.tolist(), y.tolist()) == accuracy(linear_classifier, a.params, X, y)


def test_a_network_that_returns_no_scores_is_named():
    X, y = two_clouds()
    with pytest.raises(ValueError, match=r"must return scores, a row for each of the 300 images, got shape \(\)"):
        train(lambda X, params, y=None, reg=0.0: 1.0, init_linear(2, 2), X, y, quiet=True)


def test_dropout_and_prepare_are_reproducible_too():
    def run():
        network = partial(mlp, dropout=0.3, rng=np.random.default_rng(5))
        X, y = two_clouds()
        return train(
            network,
            init_mlp(2, 8, 2),
            X,
            y,
            optimizer=Adam(0.01),
            epochs=2,
            quiet=True,
            prepare=lambda images, rng: images + 0.1 * rng.standard_normal(images.shape, dtype=np.float32),
        )

    a, b = run(), run()
    assert a.losses == b.losses and all(np.array_equal(a.params[name], b.params[name]) for name in a.params)


def test_watch_sees_every_step_and_the_end():
    seen = []
    history = fit(epochs=2, watch=lambda history, final: seen.append((len(history.losses), final)))
    assert seen == [(i + 1, False) for i in range(14)] + [(14, True)] and history.seconds > 0


def test_watch_sees_the_end_of_a_run_that_diverges():
    X, y = two_clouds()
    seen = []
    with pytest.raises(TrainingDiverged), np.errstate(all="ignore"):
        train(explodes, init_linear(2, 2), X, y, quiet=True, watch=lambda h, final: seen.append(final))
    assert seen == [True]
