"""Runs that were made once and are shown by lab 11: logs as JSON, probabilities in 16 bits, in the folder `runs`.

python -m labkit.pytorch.stored laptop      # makes the run of that budget again, and stores it
python -m labkit.pytorch.stored ablation    # likewise; both go on where they were stopped
"""

import argparse
import json
import platform
from pathlib import Path

import numpy as np
import torch

from labkit import threads
from labkit.data import load_cifar10
from labkit.files import whole_file, write

from . import ablation
from .recipe import BUDGETS, Recipe
from .training import train

FOLDER = Path(__file__).parent / "runs"
ABLATION = Recipe(widths=(8, 16, 32), epochs=8, images=4000, batch_size=64)


def log(name):
    """The log of a run, a dict, as its file `runs/NAME.json` has it; None if there is none.

    name: such as "laptop" or "ablation".
    """
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def probabilities(name):
    """The probabilities that a run gave the test images: (10,000, 10), in steps of 1/65535; None if there are none.

    name: as for `log`.
    """
    path = FOLDER / f"{name}-test.npy"
    return np.load(path, allow_pickle=False) / np.float32(65535) if path.exists() else None


def store(name, run, split, note, data):
    """Test a finished run once, and write its log and its probabilities.

    name: as for `log`.
    run: a `Run`.
    split: images and labels, with `X_test` and `y_test`.
    note: what else was going on on the machine, in words.
    data: what was measured on, in words.
    """
    scores = torch.as_tensor(run.scores(split.X_test)).softmax(1).numpy()
    curves = {key: np.round(values, 4).tolist() for key, values in vars(run.curves).items() if _is_numbers(values)}
    settings = run.curves.settings
    found = {
        "data": data,
        "machine": {
            "processor": _processor(),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__.partition("+")[0],
            "python": platform.python_version(),
            "note": note,
        },
        "processor_seconds": round(run.curves.processor_seconds, 1),  # the curves have those of a clock
        "recipe": run.recipe.words(),
        "seed": settings["seed"],
        "val_images": settings["val_images"],
        "test_images": len(split.y_test),
        "test_accuracy": float(np.mean(scores.argmax(1) == split.y_test)),
        "curves": curves | {"seconds": round(run.curves.seconds, 1)},
    }
    write(FOLDER / f"{name}.json", _lines(found))
    with whole_file(FOLDER / f"{name}-test.npy") as file:
        np.save(file, np.rint(65535 * scores).astype(np.uint16))
    return found


def _lines(found):
    """A dict as JSON, an entry a line."""
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in found.items()) + "\n}\n"


def _is_numbers(values):
    return isinstance(values, list) and bool(values) and isinstance(values[0], (int, float))


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{name}, {threads.cores()} cores"


def laptop(note, data, seed=0, checkpoint="laptop.checkpoint"):
    """Make the run of the laptop budget, or go on with it, and store it; arguments as for `store` and `train`."""
    torch.set_num_threads(threads.cores())
    split = load_cifar10().split(validation=1000)
    arrays = split.X_train, split.y_train, split.X_val, split.y_val
    run = train(BUDGETS["laptop"], *arrays, seed=seed, device="cpu", checkpoint=checkpoint)
    return store("laptop", run, split, note, data)


def ablate(note, data, seeds=5, kept="ablation.jsonl"):
    """Make the stored ablation, or go on with it, and store it.

    note, data: as for `store`.
    seeds: how many.
    kept: file with a line for each run that is done.
    """
    torch.set_num_threads(1)
    split = load_cifar10().split(validation=4000)
    done = [json.loads(line) for line in Path(kept).read_text().splitlines()] if Path(kept).exists() else []
    made = {(name, seed) for name, seed, _ in done}
    for seed in range(seeds):
        without = tuple(name for name in ablation.TRAINED if (name, seed) not in made)
        arrays, whole = (split.X_train, split.y_train, split.X_val, split.y_val), ("all", seed) not in made
        for run in ablation.ablate(ABLATION, *arrays, (seed,), without, whole, device="cpu"):
            with open(kept, "a", encoding="utf-8") as file:
                file.write(json.dumps(run) + "\n")
            done.append(run)
    what = (
        f"{data}: {ABLATION.images or len(split.X_train):,} images, {ABLATION.epochs} epochs, "
        f"widths {ABLATION.widths}; evaluated on {len(split.X_val):,} images held out of training; {note}"
    )
    found = {"what": what, "recipe": ABLATION.words(), "runs": done}
    write(FOLDER / "ablation.json", _lines(found))
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make a stored run of lab 11 again.")
    parser.add_argument("run", choices=["laptop", "ablation"])
    parser.add_argument("--note", default="nothing else was running", help="what else was going on on the machine")
    parser.add_argument("--data", default="CIFAR-10", help="what was measured on")
    given = parser.parse_args()
    {"laptop": laptop, "ablation": ablate}[given.run](given.note, given.data)
