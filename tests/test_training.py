"""Optimizers and training: the homework's printed losses, reproducibility, divergence, interruption."""

from functools import partial

import numpy as np
import pytest
from test_networks import toy_homework

from labkit.networks import init_linear, init_mlp, linear_classifier, mlp, two_layer_net
from labkit.optimizers import SGD, Adam, Momentum, RMSProp
from labkit.training import History, TrainingDiverged, accuracy, load, save, search, train


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


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"epochs": -1}, "epochs"),
        ({"epochs": 1.5}, "epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"rate_decay": 0}, "rate_decay"),
        ({"rate_decay": 1.1}, "rate_decay"),
        ({"X_val": np.zeros((2, 2))}, "X_val and y_val"),
    ],
)
def test_bad_arguments_are_named(wrong, words):
    X, y = two_clouds()
    with pytest.raises(ValueError, match=words):
        train(linear_classifier, init_linear(2, 2), X, y, quiet=True, **wrong)
    with pytest.raises(ValueError, match="same positive number"):
        train(linear_classifier, init_linear(2, 2), X, y[:-1])


@pytest.mark.parametrize("make", [lambda: SGD(0.1), lambda: Momentum(0.1), lambda: RMSProp(0.1), lambda: Adam(0.1)])
def test_an_optimizer_can_go_on_with_weights_of_another_shape_or_dtype(make):
    """What it computes in is made anew, not broadcast."""
    optimizer = make()
    for w in (np.ones((2, 3)), np.ones(3), np.ones((2, 3), np.float32)):
        fresh, params = {"w": w.copy()}, {"w": w.copy()}
        make().step(fresh, {"w": np.ones_like(w)})
        if isinstance(optimizer, Adam):
            optimizer.t = 0
        optimizer.step(params, {"w": np.ones_like(w)})
        np.testing.assert_array_equal(params["w"], fresh["w"])
        assert params["w"].dtype == w.dtype


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
        train(
            linear_classifier,
            init_linear(2, 2),
            X * np.float32(np.inf),
            y,
            quiet=True,
            watch=lambda h, final: seen.append(final),
        )
    assert seen == [True]


def build(setting, seed):
    return {
        "network": mlp,
        "params": init_mlp(2, setting["hidden"], 2, seed=seed),
        "optimizer": Momentum(setting["rate"]),
        "reg": setting.get("reg", 0.0),
    }


def find(space=None, **kwargs):
    X, y = two_clouds()
    space = space or {"rate": (1e-4, 1e-1), "hidden": (2, 32), "reg": [0.0, 0.01]}
    return search(build, space, X[:200], y[:200], X[200:], y[200:], **{"runs": 8, "epochs": 4, "quiet": True} | kwargs)


def test_a_search_returns_all_runs_best_first_and_stops_the_poor_ones():
    results = find()
    assert (
        len(results) == 8
        and [row["val_accuracy"] for row in results] == sorted(row["val_accuracy"] for row in results)[::-1]
    )
    assert sorted(row["epochs"] for row in results) == [1, 1, 1, 1, 2, 2, 4, 4]
    assert {row["state"] for row in results if row["epochs"] == 4} == {"finished"}
    assert {row["state"] for row in results if row["epochs"] < 4} == {"stopped"}
    for row in results:
        assert len(row["history"].losses) == 2 * row["epochs"] and len(row["history"].val_accuracy) == row["epochs"] + 1
        assert max(row["history"].val_accuracy) == row["val_accuracy"]
        assert (
            1e-4 <= row["setting"]["rate"] <= 1e-1
            and row["setting"]["hidden"] in range(2, 33)
            and row["setting"]["reg"] in (0, 0.01)
        )
    assert len({row["setting"]["rate"] for row in results}) == 8
    assert repr(results).count("\n") == 8 and "rate" in repr(results)


def test_the_best_parameters_of_a_search_are_those_of_its_accuracy():
    X, y = two_clouds()
    for row in find(epochs=5, keep=0.6):
        assert accuracy(mlp, row["history"].params, X[200:], y[200:]) == row["val_accuracy"]
        assert row["history"].val_accuracy[row["history"].best_epoch] == row["val_accuracy"]


def test_a_search_is_reproducible_and_its_runs_do_not_depend_on_their_number():
    a, b, fewer = find(seed=3), find(seed=3), find(seed=3, runs=4)
    assert [row["setting"] for row in a] == [row["setting"] for row in b] and repr(a) == repr(b)
    assert [row["history"].losses for row in a] == [row["history"].losses for row in b]
    assert {row["setting"]["rate"] for row in fewer} < {row["setting"]["rate"] for row in a}


def test_rates_are_drawn_evenly_on_a_logarithmic_scale():
    rates = [row["setting"]["rate"] for row in find({"rate": (1e-6, 1e-2), "hidden": [2]}, runs=200, epochs=1)]
    assert np.mean(np.array(rates) < 1e-4) == pytest.approx(0.5, abs=0.12)


def test_runs_that_diverge_are_last_and_stop_nobody():
    def build_wild(setting, seed):
        return build({"hidden": 4, "rate": setting["rate"]}, seed) | {"network": wild if setting["rate"] > 1 else mlp}

    def wild(X, params, y=None, reg=0.0):
        scores = mlp(X, params)
        return scores if y is None else (np.float32(np.nan), {name: w * 0 for name, w in params.items()})

    X, y = two_clouds()
    results = search(build_wild, {"rate": [0.1, 10.0]}, X, y, X, y, runs=8, epochs=2, quiet=True)
    states = [row["state"] for row in results]
    assert "diverged" in states and "finished" in states and states == sorted(states, key=lambda s: s == "diverged")


def test_an_interrupted_search_returns_what_there_is():
    calls = []

    def interrupted(X, params, y=None, reg=0.0):
        calls.append(y)
        if len(calls) == 60:
            raise KeyboardInterrupt
        return mlp(X, params, y, reg)

    X, y = two_clouds()
    results = search(
        lambda setting, seed: build(setting, seed) | {"network": interrupted},
        {"rate": (0.01, 0.1), "hidden": [4]},
        X,
        y,
        X,
        y,
        runs=50,
        epochs=2,
        quiet=True,
    )
    assert 0 < len(results) < 50


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"space": {"rate": (0, 1)}}, "rate"),
        ({"space": {"rate": (2.0, 1.0)}}, "rate"),
        ({"space": {"rate": []}}, "rate"),
        ({"runs": 0}, "runs"),
        ({"epochs": 1.5}, "epochs"),
        ({"keep": 0}, "keep"),
        ({"first": 0}, "first"),
    ],
)
def test_a_search_names_bad_arguments(wrong, words):
    with pytest.raises(ValueError, match=words):
        find(**wrong)


def test_a_history_is_saved_and_loaded_whole(tmp_path):
    history = fit(optimizer=Momentum(0.1))
    for name in ("run.npz", "no suffix"):
        save(tmp_path / name, history)
        again = load(tmp_path / name)
        assert (
            again.losses == history.losses
            and again.val_accuracy == history.val_accuracy
            and repr(again) == repr(history)
        )
        assert (again.best_epoch, again.seconds, again.interrupted) == (history.best_epoch, history.seconds, False)
        for key, w in history.params.items():
            np.testing.assert_array_equal(again.params[key], w)
            assert again.params[key].dtype == w.dtype
    assert sorted(path.name for path in tmp_path.iterdir()) == ["no suffix", "run.npz"]


def test_parameters_alone_can_be_saved_but_no_objects(tmp_path):
    save(tmp_path / "p.npz", History(params={"W1": np.eye(3, dtype=np.float32)}))
    np.testing.assert_array_equal(load(tmp_path / "p.npz").params["W1"], np.eye(3))
    with pytest.raises(ValueError, match="without pickles"):
        save(tmp_path / "p.npz", History(params={"W1": np.array([{}])}))
    assert load(tmp_path / "p.npz").params["W1"].shape == (3, 3)


def test_a_truncated_or_foreign_file_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "run.npz"
    save(path, fit())
    whole = path.read_bytes()
    for size in (0, 1, 10, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="run.npz"):
            load(path)
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    for foreign in (b"hello", whole[100:], bytes(damaged)):
        path.write_bytes(foreign)
        with pytest.raises(ValueError, match="run.npz"):
            load(path)
    np.savez(path, W1=np.ones(3))
    with pytest.raises(ValueError, match="run.npz"):
        load(path)
    np.savez(path, format=np.array({"a": 1}, dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="run.npz"):
        load(path)
    np.save(tmp_path / "one.npy", np.ones(3))
    with pytest.raises(ValueError, match="one.npy"):
        load(tmp_path / "one.npy")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nowhere.npz")


def test_an_interrupted_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    old = fit(epochs=1)
    save(path, old)

    def broken(file, **arrays):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", broken)
    with pytest.raises(KeyboardInterrupt):
        save(path, fit(epochs=2))
    assert load(path).losses == old.losses and [p.name for p in tmp_path.iterdir()] == ["run.npz"]
