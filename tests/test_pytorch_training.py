"""Training with checkpoints: killed at any moment it goes on with the same bits, and says what is wrong in words."""

import dataclasses
import os
import pickle
import random
import resource
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from labkit.pytorch import BUDGETS, Recipe, ablation, budget, keeping, memory, train  # noqa: E402
from labkit.pytorch.resnet import ResNet  # noqa: E402
from labkit.training import TrainingDiverged  # noqa: E402

TINY = Recipe(widths=(4, 4, 8), epochs=3, batch_size=16)
RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (70, 3, 32, 32), dtype=np.uint8)
Y = RNG.integers(0, 10, 70)


def tiny(recipe=TINY, **how):
    return train(recipe, X[:50], Y[:50], X[50:], Y[50:], **{"quiet": True, "device": "cpu", **how})


def state(run):
    return {name: w.clone() for name, w in [*run.network.state_dict().items(), *run.trained.state_dict().items()]}


def same(one, two):
    return all(torch.equal(a, b) for a, b in zip(state(one).values(), state(two).values())) and (
        one.curves.losses == two.curves.losses and one.curves.val_accuracy == two.curves.val_accuracy
    )


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def whole():
    torch.set_num_threads(1)
    return tiny()


def test_the_same_seed_gives_the_same_bits_and_another_does_not(whole):
    assert same(whole, tiny()) and not same(whole, tiny(seed=1))


def test_interrupted_at_any_step_it_goes_on_with_the_same_bits(whole, tmp_path):
    for step in (1, 3, 4, 8):

        def watch(curves, final, step=step):
            if len(curves.losses) == step and not final:
                raise KeyboardInterrupt

        file = tmp_path / f"{step}.checkpoint"
        halted = tiny(checkpoint=file, watch=watch)
        assert halted.curves.interrupted and len(halted.curves.losses) == step
        resumed = tiny(checkpoint=file)
        assert same(whole, resumed) and not resumed.curves.interrupted
        assert len(resumed.curves.at_seconds) == 4 and resumed.curves.at_seconds == sorted(resumed.curves.at_seconds)
        read = tiny(checkpoint=file).curves  # finished: no step is made, what its steps took stays known
        assert read.processor_seconds > resumed.curves.processor_seconds / 2


def test_layers_that_draw_numbers_go_on_with_theirs(tmp_path):
    def dropping():
        return torch.nn.Sequential(torch.nn.Dropout(0.3), ResNet((4, 4, 4)))

    def stop(curves, final):
        if len(curves.losses) == 4 and not final:
            raise KeyboardInterrupt

    tiny(network=dropping, checkpoint=tmp_path / "c", watch=stop)
    torch.rand(7)  # somebody else draws in between
    assert same(tiny(network=dropping), tiny(network=dropping, checkpoint=tmp_path / "c"))


KILLED = """
import sys, numpy as np, torch
torch.set_num_threads(1)
from labkit.pytorch import Recipe, train
rng = np.random.default_rng(0)
X, y = rng.integers(0, 256, (70, 3, 32, 32), dtype=np.uint8), rng.integers(0, 10, 70)
print("ready", flush=True)
run = train(Recipe(widths=(4, 4, 8), epochs=12, batch_size=16), X[:50], y[:50], X[50:], y[50:], quiet=True,
            device="cpu", checkpoint=sys.argv[1])
np.savez(sys.argv[2], losses=run.curves.losses, **{k: w.numpy() for k, w in run.network.state_dict().items()})
"""


def _start(*files):
    script = [sys.executable, "-c", textwrap.dedent(KILLED), *map(str, files)]
    return subprocess.Popen(script, stdout=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"})


def test_killed_at_random_moments_it_goes_on_with_the_same_bits(tmp_path):
    """Takes some seconds: each start imports PyTorch, and kills have to come while it computes or writes."""
    assert _start(tmp_path / "whole", tmp_path / "whole.npz").wait() == 0
    draw, kills, waits = random.Random(1), 0, 0.3
    for _ in range(40):
        run = _start(tmp_path / "kept", tmp_path / "kept.npz")
        run.stdout.readline()
        try:
            run.wait(timeout=draw.random() * waits)
            break
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait()
            kills, waits = kills + 1, waits * 1.5  # in the end it comes through
    assert kills >= 2
    with np.load(tmp_path / "whole.npz") as one, np.load(tmp_path / "kept.npz") as two:
        assert set(one) == set(two) and all(np.array_equal(one[name], two[name]) for name in one)


def test_a_finished_run_is_read_at_once(whole, tmp_path):
    tiny(checkpoint=tmp_path / "c")
    steps = []
    again = tiny(checkpoint=tmp_path / "c", watch=lambda curves, final: steps.append(final))
    assert steps == [True] and same(whole, again)


@pytest.mark.parametrize("damage", ["cut", "bit", "empty", "foreign", "pickle"])
def test_a_damaged_or_foreign_checkpoint_is_refused_in_words(damage, tmp_path):
    file = tmp_path / "run.checkpoint"
    tiny(checkpoint=file, recipe=dataclasses.replace(TINY, epochs=1))
    content = file.read_bytes()
    at = len(content) // 2
    file.write_bytes(
        {
            "cut": content[:-100],
            "bit": content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :],
            "empty": b"",
            "foreign": b"PK\x03\x04" + content,
            "pickle": pickle.dumps({"network": 1}),
        }[damage]
    )
    with pytest.raises(ValueError, match="run.checkpoint is no checkpoint of lab 11.*delete it, or give another name"):
        tiny(checkpoint=file)


class Evil:
    def __reduce__(self):
        return os.mkdir, ("made-by-a-checkpoint",)


def test_a_checkpoint_runs_no_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    keeping.keep("evil", {"network": Evil()})
    with pytest.raises(ValueError, match="it holds what is not loaded"):
        keeping.found("evil")
    assert not os.path.exists("made-by-a-checkpoint")


@pytest.mark.parametrize(
    "change, words",
    [
        ({"recipe": dataclasses.replace(TINY, rate=0.1)}, "rate 0.375, now 0.1"),
        ({"seed": 4}, "seed 0, now 4"),
        ({"network": lambda: torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3072, 10))}, "other network"),
        ({"augment": lambda images, generator: images}, "other augment"),
    ],
)
def test_the_checkpoint_of_another_run_is_refused_in_words(change, words, tmp_path):
    tiny(checkpoint=tmp_path / "c")
    with pytest.raises(ValueError, match=f"keeps another run, with {words}"):
        tiny(**{"checkpoint": tmp_path / "c", **change})
    with pytest.raises(ValueError, match="other images"):
        train(TINY, X[:50], Y[1:51], X[50:], Y[50:], quiet=True, device="cpu", checkpoint=tmp_path / "c")


def test_a_write_that_fails_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    keeping.keep(tmp_path / "c", {"step": 1})
    monkeypatch.setattr(os, "fsync", lambda file: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        keeping.keep(tmp_path / "c", {"step": 2})
    assert keeping.found(tmp_path / "c") == {"step": 1} and os.listdir(tmp_path) == ["c"]


def test_a_run_of_every_switch_and_own_parts():
    for switch in [{"normalise": False}, {"whiten": False}, {"cycle": False}, {"memory": 0}, {"bfloat16": True}]:
        run = tiny(dataclasses.replace(TINY, epochs=1, rate=0.01, **switch))
        assert run.scores(X).shape == (70, 10) and np.isfinite(run.curves.losses).all(), switch
    assert tiny(dataclasses.replace(TINY, cycle=False)).curves.rates == [0.375 / 2] * 3
    called = []

    def average(average, weights, keep):
        called.append(keep)
        return {name: w.clone() for name, w in weights.items()}

    run = tiny(average=average, schedule=lambda t: 0.1)
    assert len(called) == 9 and all(
        torch.equal(a, b) for a, b in zip(*(m.state_dict().values() for m in (run.network, run.trained)))
    )
    assert run.curves.rates == pytest.approx([0.0375] * 3)


def test_a_rate_that_is_too_large_is_said():
    with pytest.raises(TrainingDiverged, match="try a smaller learning rate"):
        tiny(dataclasses.replace(TINY, normalise=False, rate=1e6, epochs=2))


def test_it_learns():
    """Images whose class is their brightness: chance is 1 in 4."""
    y = np.arange(240) % 4
    images = (60 * y[:, None, None, None] + RNG.integers(0, 40, (240, 3, 32, 32))).astype(np.uint8)
    recipe = Recipe(widths=(8, 8, 8), epochs=6, batch_size=16, rate=0.1, bias_factor=4)
    run = train(recipe, images, y, images[:100], y[:100], quiet=True, device="cpu")
    assert run.curves.val_accuracy[0] < 0.6 and run.curves.val_accuracy[-1] > 0.9


def test_memory_that_does_not_suffice_is_said_before_the_first_step(monkeypatch):
    monkeypatch.setattr(memory, "left", lambda device: 10**6)
    with pytest.raises(
        MemoryError, match="steps of 16 images need about .* GiB of memory, 0.0 GiB are free: take a smaller"
    ):
        tiny()


def test_the_memory_that_is_foreseen_is_about_what_a_step_takes():
    """Against the sizes of what autograd really saves for the way back."""
    network, saved = ResNet((8, 16, 16)), {}

    def note(tensor):
        saved[tensor.data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        network(torch.randn(64, 3, 32, 32)).sum()
    foreseen = memory.needed(network, (3, 32, 32), 64)
    assert 0.7 * sum(saved.values()) < foreseen < 5 * sum(saved.values())


def test_where_pytorch_finds_no_memory_the_words_are_ours():
    script = """
        import resource, numpy as np, torch
        torch.set_num_threads(1)
        from labkit.pytorch import Recipe, train, memory
        import labkit.pytorch.training as training
        training.room_for = lambda *args: None  # the foresight is off
        X, y = np.zeros((3000, 3, 32, 32), np.uint8), np.zeros(3000, int)
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 300 * 2**20,) * 2)
        try:
            recipe = Recipe(widths=(64, 64, 64), epochs=1, batch_size=3000)
            train(recipe, X, y, X[:10], y[:10], quiet=True, device="cpu")
        except MemoryError as problem:
            print(problem)
    """
    if not os.path.exists("/proc/self/statm") or not hasattr(resource, "RLIMIT_AS"):
        pytest.skip("needs Linux's limits")
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True)
    assert done.stdout.startswith("memory does not suffice for steps of 3000 images: take a smaller"), done.stderr[
        -500:
    ]


def test_the_budget_is_one_setting(monkeypatch):
    monkeypatch.delenv("LABKIT_BUDGET", raising=False)
    assert budget() == "seconds" and budget("laptop") == "laptop"
    monkeypatch.setenv("LABKIT_BUDGET", "gpu")
    assert budget() == "gpu" and set(BUDGETS) == {"seconds", "laptop", "gpu"}
    monkeypatch.setenv("LABKIT_BUDGET", "gpus")
    with pytest.raises(ValueError, match='LABKIT_BUDGET must be "seconds" or "laptop" or "gpu"'):
        budget()


def test_every_budget_runs_at_a_tiny_size():
    for name, recipe in BUDGETS.items():
        tiny(dataclasses.replace(recipe, widths=(4, 4, 4), epochs=1, batch_size=16)), name


def test_the_ablation_switches_off_one_means_at_a_time():
    fields = {"normalise", "whiten", "mirror", "shift", "smoothing", "cycle"}
    assert {next(iter(changed)) for changed in ablation.TRAINED.values()} == fields
    runs = list(
        ablation.ablate(TINY, X[:50], Y[:50], X[50:], Y[50:], seeds=(0, 1), without=("mirroring",), device="cpu")
    )
    assert [(name, seed) for name, seed, _ in runs] == [("all", 0), ("mirroring", 0), ("all", 1), ("mirroring", 1)]
    table = ablation.table(runs)
    assert list(table) == ["all means", "without mirroring", "without weight averaging", "without mirrored evaluation"]
    again = tiny(seed=1)
    assert table["all means"][1] == again.accuracy(X[50:], Y[50:])
    assert table["without mirrored evaluation"][1] == again.accuracy(X[50:], Y[50:], mirrored=False)
    assert table["without weight averaging"][1] == again.accuracy(X[50:], Y[50:], network=again.trained)
