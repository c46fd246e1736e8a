"""Random search: reproducible, logarithmic, the poor runs stopped early, bad arguments named."""

import numpy as np
import pytest
from test_training import two_clouds

from labkit.networks import init_mlp, mlp
from labkit.optimizers import Momentum
from labkit.search import random_search
from labkit.training import accuracy, train


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
    return random_search(
        build, space, X[:200], y[:200], X[200:], y[200:], **{"runs": 8, "epochs": 4, "quiet": True} | kwargs
    )


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
    results = random_search(build_wild, {"rate": [0.1, 10.0]}, X, y, X, y, runs=8, epochs=2, quiet=True)
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
    results = random_search(
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


def test_a_search_goes_on_as_one_run_would():
    """Trained in pieces of 1, 1 and 2 epochs, the rate and the velocity go on: the losses fall as in one piece."""
    best = find(rate_decay=0.5)[0]["history"]
    rate = best.rates[0]
    assert best.rates == [rate, rate / 2, rate / 4, rate / 8] and len(best.val_loss) == 5
    assert best.settings["optimizer"].startswith("Momentum(rate=")
    assert best.settings["epochs"] == 4 and best.settings["steps"] == len(best.losses)


def test_a_rate_that_is_a_function_of_the_run_goes_over_all_of_its_pieces():
    """Trained in pieces of 1, 1 and 2 epochs, the rate is what `train` makes it in one piece of 4."""

    def decay(t):
        return (1 + np.cos(np.pi * t)) / 2

    best = find(rate_decay=decay)[0]["history"]
    X, y = two_clouds()
    optimizer = Momentum(best.rates[0])
    whole = train(mlp, init_mlp(2, 4, 2), X, y, optimizer=optimizer, epochs=4, rate_decay=decay, quiet=True)
    assert np.allclose(best.rates, whole.rates, rtol=1e-12) and best.rates[0] > 2 * best.rates[3] > 0
    assert best.settings["rate_decay"].endswith("decay") and "rate" not in find(rate_decay=decay)[0]


def test_runs_must_not_share_what_they_change():
    X, y = two_clouds()
    optimizer, params = Momentum(0.1), init_mlp(2, 4, 2)
    for shared, name in (({"optimizer": optimizer}, "optimizer"), ({"params": params}, "params")):

        def build_shared(setting, seed, shared=shared):
            return build({"hidden": 4, "rate": setting["rate"]}, seed) | shared

        with pytest.raises(ValueError, match=f"build must make {name} anew"):
            random_search(build_shared, {"rate": (0.01, 0.1)}, X, y, X, y, runs=3, quiet=True)


@pytest.mark.parametrize("wrong, words", [
    ({"build": 3}, "build must be a function"), ({"build": lambda setting, seed: None}, "build must return a dict"),
    ({"build": lambda setting, seed: {"network": mlp}}, r"without \['optimizer', 'params'\]"),
    ({"X_val": None}, "a search chooses by validation accuracy"), ({"y_val": None}, "X_val and y_val must be given"),
    ({"space": []}, "space must be a dict"), ({"space": {}}, "space must be a dict"),
    ({"space": {"rate": 0.1}}, "rate"), ({"space": {"rate": ("a", "b")}}, "rate"),
    ({"space": {"rate": (1, 2, 3)}}, "rate"),
    ({"runs": 2.0}, "runs must be a whole number, at least 1, got 2.0"), ({"epochs": True}, "epochs"),
    ({"seed": -1}, "seed"), ({"seed": None}, "seed"), ({"rate_decay": "cosine"}, "rate_decay must be a number"),
    ({"batch_size": 0}, "batch_size"),
])  # fmt: skip
def test_a_search_that_cannot_be_is_one_clear_sentence(wrong, words):
    X, y = two_clouds()
    asked = {"build": build, "space": {"rate": (0.01, 0.1), "hidden": [4]}, "X": X, "y": y, "X_val": X, "y_val": y}
    with pytest.raises(ValueError, match=words):
        random_search(**asked | {"runs": 2, "epochs": 1, "quiet": True} | wrong)
