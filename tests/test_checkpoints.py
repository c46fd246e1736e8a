"""Checkpoints: an interrupted run goes on where it was, bit for bit; what else lies there is one clear sentence."""

import os
import signal
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from test_training import two_clouds

from labkit import checkpoints
from labkit.files import write
from labkit.networks import init_mlp, mlp
from labkit.optimizers import SGD, Adam, Momentum, RMSProp
from labkit.training import TrainingDiverged, train

MAKERS = [lambda: SGD(0.1), lambda: Momentum(0.1), lambda: RMSProp(0.01), lambda: Adam(0.01)]


def run(path=None, make=lambda: Momentum(0.1), stop=None, epochs=5, validation=True, **options):
    """A run with dropout and noise, from generators of its own, all made anew; stopped by hand after `stop` steps."""
    X, y = two_clouds()
    noise = np.random.default_rng(9)

    def prepare(images, rng):
        return images + 0.1 * noise.standard_normal(images.shape, dtype=np.float32) * rng.random(dtype=np.float32)

    def watch(history, final):
        if len(history.losses) == stop and not final:
            raise KeyboardInterrupt

    network = partial(mlp, dropout=0.3, rng=np.random.default_rng(5))
    data = (X[:200], y[:200], X[200:], y[200:]) if validation else (X, y)
    settings = {"optimizer": make(), "batch_size": 32, "prepare": prepare, "watch": watch, "rate_decay": 0.9}
    return train(network, init_mlp(2, 8, 2), *data, epochs=epochs, checkpoint=path, quiet=True, **settings | options)


def assert_equal(a, b):
    for name in ("losses", "train_accuracy", "val_accuracy", "val_loss", "rates", "best_epoch", "settings"):
        assert getattr(a, name) == getattr(b, name), name
    for name, w in a.params.items():
        np.testing.assert_array_equal(w, b.params[name])
        assert w.dtype == b.params[name].dtype


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("stop", [1, 7, 8, 20, 34])  # 7 steps an epoch
def test_an_interrupted_run_goes_on_bit_for_bit(tmp_path, make, stop):
    whole, path = run(make=make), tmp_path / "run"
    part = run(path, make, stop)
    assert part.interrupted and len(part.losses) == stop
    again = run(path, make)
    assert not again.interrupted
    assert_equal(again, whole)
    assert os.listdir(tmp_path) == ["run"]


def test_interrupted_again_and_again_and_without_validation_and_with_a_schedule(tmp_path):
    for options in ({"validation": False}, {"rate_decay": lambda t: 1 - t}, {"batch_size": None, "epochs": 12}):
        path = tmp_path / str(len(os.listdir(tmp_path)))
        for stop in (3, 9, 10, 11):
            run(path, stop=stop, **options)
        assert_equal(run(path, **options), run(**options))


def test_a_finished_run_is_read_at_once_and_more_epochs_are_added(tmp_path):
    seen, path = [], tmp_path / "run"
    first = run(path)
    again = run(path, watch=lambda history, final: seen.append(final))
    assert_equal(again, first)
    assert seen == [True] and 0 < again.seconds < 2 * first.seconds
    assert_equal(run(path, epochs=8), run(epochs=8))
    with pytest.raises(ValueError, match="keeps another run, with epochs 8, now 3"):
        run(path, epochs=3)


def test_a_process_that_is_killed_loses_an_epoch_at_most(tmp_path):
    code = f"""
import sys; sys.path.insert(0, {os.path.dirname(__file__)!r})
import os, signal, test_checkpoints
def watch(history, final):
    if len(history.losses) == 17: os.kill(os.getpid(), signal.SIGKILL)
test_checkpoints.run({str(tmp_path / "run")!r}, watch=watch)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    assert checkpoints.found(tmp_path / "run")["epoch"] == 2
    assert_equal(run(tmp_path / "run"), run())


@pytest.mark.parametrize("change, words", [
    ({"batch_size": 50}, "batch_size 32, now 50"), ({"reg": 0.1}, "reg 0.0, now 0.1"), ({"seed": 1}, "seed 0, now 1"),
    ({"rate_decay": 0.8}, "rate_decay 0.9, now 0.8"), ({"validation": False}, "images 200, now 300"),
    ({"rate_decay": lambda t: 1 - t}, "rate_decay 0.9, now .*lambda"), ({"check_on": 10}, "check_on 1000, now 10"),
    ({"make": lambda: Momentum(0.1, 0.8)}, r"optimizer Momentum\(rate=0.1, momentum=0.9\), now Momentum\(rate=0.1, m"),
    ({"make": lambda: SGD(0.1)}, r"optimizer .*, now SGD\(rate=0.1\)"), ({"prepare": None}, "prepare .*, now None"),
])  # fmt: skip
def test_another_run_under_the_same_name_is_an_error(tmp_path, change, words):
    path = tmp_path / "run"
    kept = run(path, epochs=2)
    with pytest.raises(ValueError, match=f"run keeps another run, with {words}.*: give another name, or delete it"):
        run(path, **{"epochs": 2} | change)
    assert_equal(run(path, epochs=2), kept)


def test_other_weights_images_or_generators_under_the_same_name_are_an_error(tmp_path):
    X, y = two_clouds()
    settings = {"checkpoint": tmp_path / "run", "epochs": 2, "quiet": True}
    params, network = init_mlp(2, 8, 2), partial(mlp, dropout=0.3, rng=np.random.default_rng(5))
    train(network, params, X, y, **settings)
    with pytest.raises(ValueError, match="with params that started otherwise .*make them anew"):
        train(network, params, X, y, **settings)
    with pytest.raises(ValueError, match="with random generators that started otherwise .*make them anew"):
        train(network, init_mlp(2, 8, 2), X, y, **settings)
    network = partial(mlp, dropout=0.3, rng=np.random.default_rng(5))
    for data in ((X + 1, y), (X, 1 - y)):
        with pytest.raises(ValueError, match="with other images or labels"):
            train(network, init_mlp(2, 8, 2), *data, **settings)
    with pytest.raises(ValueError, match=r"network mlp\(dropout=0.3\), now mlp\(dropout=0.2\)"):
        train(partial(mlp, dropout=0.2, rng=np.random.default_rng(5)), init_mlp(2, 8, 2), X, y, **settings)


def test_damaged_and_foreign_files_are_named(tmp_path):
    path = tmp_path / "run"
    run(path, epochs=1)
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    for content in (b"", b"hello", whole[:100], whole[:-1], whole[100:], bytes(damaged)):
        write(path, content)
        with pytest.raises(ValueError, match="run is no checkpoint of labkit, or it is damaged: delete it"):
            run(path, epochs=1)
    for arrays in ({"W1": np.ones(3)}, {"format": np.array({"a": 1}, dtype=object)}):
        with open(path, "wb") as file:
            np.savez(file, **arrays)
        with pytest.raises(ValueError, match="no checkpoint of labkit"):
            run(path, epochs=1)
    with pytest.raises(OSError):
        run(tmp_path, epochs=1)


def test_a_place_that_cannot_be_written_is_known_before_the_first_step(tmp_path):
    (tmp_path / "file").write_text("")
    steps = []
    with pytest.raises(OSError):
        run(tmp_path / "file" / "run", watch=lambda history, final: steps.append(final))
    assert not steps


def test_a_run_that_diverges_keeps_what_was_before(tmp_path):
    calls = []

    def network(X, params, y=None, reg=0.0):
        calls.append(y)
        return (
            mlp(X, params) if y is None else (np.inf if len(calls) > 9 else 1.0, {k: 0 * w for k, w in params.items()})
        )

    X, y = two_clouds()
    with pytest.raises(TrainingDiverged):
        train(network, init_mlp(2, 4, 2), X, y, epochs=9, checkpoint=tmp_path / "run", quiet=True)
    assert 0 < checkpoints.found(tmp_path / "run")["epoch"] < 9


def test_only_an_optimizer_with_a_state_can_be_kept(tmp_path):
    class Own:
        rate = 0.1

        def step(self, params, grads):
            for name in params:
                params[name] -= self.rate * grads[name]

    X, y = two_clouds()
    train(mlp, init_mlp(2, 4, 2), X, y, optimizer=Own(), epochs=1, quiet=True)
    with pytest.raises(ValueError, match="checkpoint needs an optimizer with state and restore"):
        train(mlp, init_mlp(2, 4, 2), X, y, optimizer=Own(), epochs=1, quiet=True, checkpoint=tmp_path / "run")


def test_any_state_of_plain_things_comes_back(tmp_path):
    state = {
        "array": np.arange(6, dtype=np.float32).reshape(2, 3).T, "dict": {"array": 3}, "list": [1, [2.5, None], "ü✔"],
        "numbers": [np.float64(0.1), np.int64(3), True, 10**40, float("nan")], "empty": [{}, [], np.zeros((0, 3))],
        "scalar": np.array(2.0),
    }  # fmt: skip
    checkpoints.keep(tmp_path / "state", state)
    again = checkpoints.found(tmp_path / "state")
    np.testing.assert_array_equal(again.pop("array"), state.pop("array"))
    assert again["empty"][2].shape == (0, 3) and again["scalar"] == 2 and np.isnan(again["numbers"].pop())
    assert again["dict"] == {"array": 3} and again["list"] == state["list"]
    assert again["numbers"] == [0.1, 3, True, 10**40] and checkpoints.found(tmp_path / "nothing") is None
    with pytest.raises(ValueError, match="no pickle"):
        checkpoints.keep(tmp_path / "state", {"w": np.array([{}])})
    assert checkpoints.found(tmp_path / "state")["scalar"] == 2


RNG = np.random.default_rng(0)


def test_generators_are_found_where_functions_hold_them():
    own = [np.random.default_rng(i) for i in range(6)]

    def global_one(x):
        return RNG.random()

    class Network:
        def __init__(self, rng):
            self.rng, self.notes = rng, ["a", 3]

        def __call__(self, X):
            return self.rng.random()

        def method(self, X):
            return 1

    def default(x, rng=own[2], *, other=own[3]):
        return x

    cases = [
        (partial(mlp, rng=own[0]), [own[0]]), (lambda x: own[1].random(), own), (default, [own[2], own[3]]),
        (Network(own[4]), [own[4]]), (Network(own[5]).method, [own[5]]), (global_one, [RNG]), (mlp, []), (None, []),
        (partial(partial(default, 1), rng=own[5]), [own[5], own[2], own[3]]), (len, []), (np.tanh, []),
    ]  # fmt: skip
    for thing, expected in cases:
        found = checkpoints.generators(thing)
        assert set(map(id, found)) == set(map(id, expected)), thing
    assert checkpoints.generators(cases[0][0], cases[0][0]) == [own[0]]
    twice = [checkpoints.generators(lambda x: own[1].random(), default) for _ in range(2)]
    assert list(map(id, twice[0])) == list(map(id, twice[1]))


def test_digests_tell_arrays_apart():
    w = np.arange(6.0).reshape(2, 3)
    different = [w, w.T, w.astype(np.float32), w + 1e-15, w.ravel(), {"w": w}, {"v": w}, np.array(1.0), np.array(2.0)]
    assert len({checkpoints.digest(x) for x in different}) == len(different)
    assert checkpoints.digest({"a": w, "b": w[0]}) == checkpoints.digest({"b": w[0], "a": w.copy()})
    assert checkpoints.digest(w.T) == checkpoints.digest(np.ascontiguousarray(w.T))
    assert checkpoints.digest(w, None) == checkpoints.digest(w)
