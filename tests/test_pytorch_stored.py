"""The stored runs of lab 11: written, read, and made again; and what lies in labkit fits together."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from labkit.data import load_cifar10  # noqa: E402
from labkit.pytorch import BUDGETS, Recipe, ablation, stored, train  # noqa: E402

TINY = Recipe(widths=(4, 4, 4), epochs=2, batch_size=16)
RNG = np.random.default_rng(0)
X, Y = RNG.integers(0, 256, (90, 3, 32, 32), dtype=np.uint8), RNG.integers(0, 10, 90)
SPLIT = SimpleNamespace(X_train=X[:50], y_train=Y[:50], X_val=X[50:70], y_val=Y[50:70], X_test=X[70:], y_test=Y[70:])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "FOLDER", tmp_path)
    monkeypatch.setattr(stored, "ABLATION", TINY)
    monkeypatch.setattr(stored, "load_cifar10", lambda: SimpleNamespace(split=lambda validation: SPLIT))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_is_stored_with_what_it_was_measured_on(folder):
    run = train(TINY, X[:50], Y[:50], X[50:70], Y[50:70], seed=3, quiet=True, device="cpu")
    stored.store("mine", run, SPLIT, "nothing else", "noise")
    log, found = stored.log("mine"), stored.probabilities("mine")
    assert (log["data"], log["seed"], log["test_images"], log["machine"]["note"]) == ("noise", 3, 20, "nothing else")
    assert log["recipe"] == TINY.words() and len(log["curves"]["losses"]) == 6
    assert log["test_accuracy"] == np.mean(found.argmax(1) == Y[70:]) == run.accuracy(X[70:], Y[70:])
    expected = torch.as_tensor(run.scores(X[70:])).softmax(1).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_an_ablation_goes_on_with_what_is_missing(folder, monkeypatch):
    whole = stored.ablate("here", "noise", seeds=2)
    names = ["all", *ablation.TRAINED]
    assert [list(run[:2]) for run in whole["runs"]] == [[name, seed] for seed in (0, 1) for name in names]
    assert json.loads((folder / "ablation.json").read_text()) == json.loads(json.dumps(whole))
    lines = (folder / "ablation.jsonl").read_text().splitlines()
    (folder / "ablation.jsonl").write_text("\n".join(lines[:9] + lines[11:]) + "\n")
    made = []
    monkeypatch.setattr(ablation, "train", lambda *a, **k: made.append(a[0]) or train(*a, **k))
    again = stored.ablate("here", "noise", seeds=2)
    assert len(made) == 2 and sorted(map(list, again["runs"]), key=repr) == sorted(map(list, whole["runs"]), key=repr)


def test_the_runs_in_labkit_fit_together():
    log, probabilities = stored.log("laptop"), stored.probabilities("laptop")
    assert stored.log("no such run") is None and stored.probabilities("no such run") is None
    assert probabilities.shape == (10_000, 10) and np.allclose(probabilities.sum(1), 1, atol=1e-3)
    curves, epochs = log["curves"], log["recipe"]["epochs"]
    assert len(curves["at_seconds"]) == len(curves["val_accuracy"]) == epochs + 1
    assert len(curves["losses"]) == epochs * (49_000 // log["recipe"]["batch_size"])
    assert curves["at_seconds"][-1] <= curves["seconds"]
    assert log["processor_seconds"] / log["machine"]["threads"] <= 3600  # a clock counts what else was computing, too
    assert json.loads(json.dumps(BUDGETS["laptop"].words())) == log["recipe"]
    kept = stored.log("ablation")
    assert kept["recipe"] == json.loads(json.dumps(stored.ABLATION.words()))
    for name, accuracies in ablation.table(kept["runs"]).items():
        assert len(accuracies) >= 3 and ((0.05 < accuracies) & (accuracies < 1)).all(), name


def test_the_laptops_test_accuracy_is_that_of_its_probabilities():
    """The labels of the test images are CIFAR-10's, so only where these are here."""
    cifar = load_cifar10()
    if cifar.name != "CIFAR-10":
        pytest.skip("the stand-in has other labels")
    found = stored.probabilities("laptop").argmax(1)
    assert np.mean(found == cifar.y_test) == pytest.approx(stored.log("laptop")["test_accuracy"], abs=2e-4)


def test_a_recipe_is_changed_in_one_field_by_replace():
    changed = dataclasses.replace(TINY, smoothing=0.0)
    assert {k for k in changed.words() if changed.words()[k] != TINY.words()[k]} == {"smoothing"}
