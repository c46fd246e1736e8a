"""Training in PyTorch by a `Recipe`, with checkpoints after every epoch."""

import copy
import time
from dataclasses import dataclass, field

import numpy as np
import torch

from labkit import arguments, checkpoints
from labkit.progress import progress
from labkit.training import History, TrainingDiverged

from . import keeping, means
from .memory import explained, room_for
from .recipe import Recipe
from .resnet import ResNet, groups, whitening_filters


@dataclass(repr=False)
class Curves(History):
    """A `History` with the seconds at the end of each epoch, the start's (0) included, and the processor's in all.

    Both go on where a run is taken up again. Those of the processor count all threads of the process.
    """

    at_seconds: list = field(default_factory=list)
    processor_seconds: float = 0.0


class Run:
    """A training run: `curves`, the `network` (its averaged weights, where the recipe averages), and its scores."""

    def __init__(self, recipe, X, y, X_val, y_val, network, given, seed, device):
        self.recipe, self.device = recipe, torch.device(device or default_device())
        self.X, self.y = self._tensor(X[: recipe.images]), self._tensor(y[: recipe.images]).long()
        self.X_val, self.y_val = X_val, np.asarray(y_val)
        self.generator = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)  # of the first weights, and of layers that draw numbers
        pixels = self.X[:5000].float()
        self.mean = pixels.mean((0, 2, 3), keepdim=True)
        self.spread = pixels.std((0, 2, 3), keepdim=True)
        if network is None:
            white = whitening_filters(self.standardised(self.X[:5000])) if recipe.whiten else None
            network = ResNet(recipe.widths, white, recipe.normalise)
        elif not isinstance(network, torch.nn.Module):
            network = network()
        self.trained = network.to(self.device, memory_format=torch.channels_last)
        self.network = copy.deepcopy(self.trained) if recipe.memory else self.trained
        weights = groups(self.trained, recipe.rate, recipe.decay, recipe.bias_factor)
        self.rates = [group["lr"] for group in weights]
        self.optimizer = torch.optim.SGD(weights, lr=recipe.rate, momentum=recipe.momentum, nesterov=True)
        self.augment = given["augment"] or self._augmented
        self.loss = given["loss"] or self._smoothed_loss
        self.schedule = given["schedule"] or (means.one_cycle if recipe.cycle else _constant)
        self.average = given["average"]
        self.epoch, self.step = 0, 0
        self.steps_per_epoch = max(1, len(self.X) // recipe.batch_size)
        self.curves = Curves(settings=self._settings(seed))

    def _settings(self, seed):
        return self.recipe.words() | {
            "seed": seed,
            "network": str(self.trained),
            "augment": checkpoints.name_of(self.augment),
            "loss": checkpoints.name_of(self.loss),
            "schedule": checkpoints.name_of(self.schedule),
            "average": checkpoints.name_of(self.average),
            "steps": self.recipe.epochs * self.steps_per_epoch,
            "train_images": len(self.X),
            "val_images": len(self.y_val),
        }

    def _tensor(self, array):
        return (array if torch.is_tensor(array) else torch.as_tensor(np.asarray(array))).to(self.device)

    def _augmented(self, images, generator):
        return means.mirror_and_shift(images, generator, self.recipe.mirror, self.recipe.shift)

    def _smoothed_loss(self, scores, y):
        return means.smoothed_loss(scores, y, self.recipe.smoothing)

    def standardised(self, images):
        """Images as the network wants them.

        images: (N, 3, H, W) array or tensor of pixels.
        Returns a tensor on the run's device, each channel with mean 0 and standard deviation 1 on training images.
        """
        images = (self._tensor(images).float() - self.mean) / self.spread
        return images.contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def scores(self, images, network=None, mirrored=None, batch_size=500):
        """Scores of images.

        images: (N, 3, H, W) array of pixels, as they were trained on.
        network: `run.network` if None; `run.trained` has the last weights instead of the averaged ones.
        mirrored: whether scores are the mean over image and mirror image; as the recipe says if None.
        batch_size: images at a time.
        Returns an (N, classes) array.
        """
        network = (self.network if network is None else network).eval()
        mirrored = self.recipe.mirrored_evaluation if mirrored is None else mirrored
        found = []
        for first in range(0, len(images), batch_size):
            batch = self.standardised(images[first : first + batch_size])
            found.append(means.mirrored_scores(network, batch) if mirrored else network(batch))
        return torch.cat(found).float().cpu().numpy()

    def accuracy(self, images, y, **how):
        """Share of the images whose highest score is that of their label; how: as for `scores`."""
        return float(np.mean(self.scores(images, **how).argmax(1) == np.asarray(y)))

    def through(self, checkpoint, watch, quiet):
        """The whole run, or what is left of it."""
        self._take_up(checkpoint)
        curves, total = self.curves, self.recipe.epochs * self.steps_per_epoch
        start, worked = time.perf_counter() - curves.seconds, time.process_time() - curves.processor_seconds
        bar = progress(total=total, initial=self.step, desc="training", unit="steps", disable=quiet)
        try:
            while self.epoch < self.recipe.epochs:
                for _ in self._steps():
                    curves.seconds = time.perf_counter() - start
                    bar.update()
                    if watch is not None:
                        watch(curves, False)
                self.epoch += 1
                self._record()
                bar.set_postfix_str(f"validation {curves.val_accuracy[-1]:.1%}", refresh=False)
                curves.seconds, curves.processor_seconds = time.perf_counter() - start, time.process_time() - worked
                curves.at_seconds.append(curves.seconds)
                self._keep(checkpoint)
        except KeyboardInterrupt:
            curves.interrupted = True
        finally:
            bar.close()
            curves.seconds, curves.processor_seconds = time.perf_counter() - start, time.process_time() - worked
            if watch is not None:
                watch(curves, True)
        return self

    def _steps(self):
        """The steps of an epoch, each a yield; what does not fill a batch waits for another epoch."""
        recipe, size = self.recipe, min(self.recipe.batch_size, len(self.X))
        order = torch.randperm(len(self.X), generator=self.generator)
        for first in range(0, self.steps_per_epoch * size, size):
            factor = float(self.schedule(self.step / (recipe.epochs * self.steps_per_epoch)))
            for group, rate in zip(self.optimizer.param_groups, self.rates):
                group["lr"] = factor * rate
            if first == 0:
                self.curves.rates.append(self.optimizer.param_groups[0]["lr"])
            self._one_step(order[first : first + size].to(self.device))
            yield

    def _one_step(self, which):
        images = self.augment(self.standardised(self.X[which]), self.generator)
        self.trained.train()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.bfloat16):
            loss = self.loss(self.trained(images), self.y[which])
        self.optimizer.zero_grad()
        loss.backward()
        self.curves.losses.append(loss.item())
        if not np.isfinite(self.curves.losses[-1]):
            message = f"the loss became {self.curves.losses[-1]} at step {self.step}: try a smaller learning rate"
            raise TrainingDiverged(message, self.curves)
        self.optimizer.step()
        self.step += 1
        if self.network is not self.trained:
            self._average()

    def _average(self):
        average, weights = self.network.state_dict(), self.trained.state_dict()
        keep = means.kept(self.step, self.recipe.memory)
        if self.average is None:
            means.move_average(average, weights, keep)
        else:
            self.network.load_state_dict(self.average(average, weights, keep))

    def _record(self):
        """Accuracy and loss of validation, and accuracy on some training images as they are."""
        curves, seen = self.curves, slice(0, min(1000, len(self.y_val)))
        curves.train_accuracy.append(self.accuracy(self.X[seen].cpu().numpy(), self.y[seen].cpu().numpy()))
        scores = torch.as_tensor(self.scores(self.X_val))
        curves.val_loss.append(means.smoothed_loss(scores, torch.as_tensor(self.y_val).long()).item())
        curves.val_accuracy.append(float(np.mean(scores.argmax(1).numpy() == self.y_val)))
        curves.best_epoch = self.epoch

    def _take_up(self, checkpoint):
        """Start, or put everything to where the file says the run was."""
        self.begin = None
        state = None
        if checkpoint is not None:
            images = (self.X.cpu().numpy(), self.y.cpu().numpy(), np.asarray(self.X_val), self.y_val)
            weights = {name: w.cpu().numpy() for name, w in self.trained.state_dict().items()}
            self.begin = {"images": checkpoints.digest(*images), "first weights": checkpoints.digest(weights)}
            state = keeping.found(checkpoint)
        if state is None:
            self._record()
            self.curves.at_seconds.append(0.0)
            self._keep(checkpoint)  # a file that cannot be written is known before the first epoch
            return
        self._compare(checkpoint, state)
        for name in ("trained", "network", "optimizer"):
            getattr(self, name).load_state_dict(state[name])
        self.generator.set_state(state["generator"])
        torch.set_rng_state(state["torch"])
        self.epoch, self.step = state["epoch"], state["step"]
        self.curves = Curves(**state["curves"])

    def _compare(self, checkpoint, state):
        """A checkpoint of another run is an error that says in what it differs."""
        theirs = state["curves"]["settings"] | state["begin"]
        for name, value in (self.curves.settings | self.begin).items():
            if theirs.get(name) != value:
                told = isinstance(value, (int, float)) and name not in self.begin
                words = f"{name} {theirs.get(name)}, now {value}" if told else f"other {name}"
                raise ValueError(
                    f"{checkpoint} keeps another run, with {words}: give another name, or delete it to start anew"
                )

    def _keep(self, checkpoint):
        if checkpoint is None:
            return
        state = {name: getattr(self, name).state_dict() for name in ("trained", "network", "optimizer")}
        random = {"generator": self.generator.get_state(), "torch": torch.get_rng_state()}
        curves = vars(self.curves) | {"interrupted": False}
        counts = {"begin": self.begin, "epoch": self.epoch, "step": self.step}
        keeping.keep(checkpoint, state | random | counts | {"curves": curves})


def _constant(t):
    return 0.5  # of the highest rate, about the mean of the cycle


def default_device():
    """The fastest device at hand: "cuda", "mps" or "cpu"."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def train(
    recipe,
    X,
    y,
    X_val,
    y_val,
    *,
    network=None,
    augment=None,
    loss=None,
    schedule=None,
    average=None,
    seed=0,
    device=None,
    checkpoint=None,
    watch=None,
    quiet=False,
):
    """Train a network by a recipe.

    recipe: a `Recipe`.
    X, X_val: (N, 3, H, W) arrays of pixels for training and for validation.
    y, y_val: (N,) their labels.
    network: module from (N, 3, H, W) standardised images to (N, classes) scores, or a function without arguments that
        makes one, so that its first weights are those of the seed; by default the recipe's `ResNet`.
    augment(images, generator): returns a batch changed before its step; by default mirroring and shifting.
    loss(scores, y): returns a tensor of one number; by default the smoothed cross-entropy.
    schedule(t): returns the factor of the rate at a share t of the run; by default `one_cycle`.
    average(average, weights, keep): returns the averaged weights, a dict of tensors; by default `move_average`.
    seed: of first weights, order and augmentation.
    device: "cpu", "cuda" or "mps"; None takes the fastest at hand.
    checkpoint: name of a file that keeps the run after each epoch. The same call goes on from there, with the results
        of a run that was never interrupted, and reads a finished run at once.
    watch(curves, final): called after each step with final=False, and with final=True when all is over.
    quiet: True shows no progress bar.
    Returns a `Run`. Interrupting (Ctrl-C, or the stop button) returns it as it is then.
    Raises ValueError for a checkpoint of another run, MemoryError where memory does not suffice, TrainingDiverged
    when the loss becomes NaN or infinite.
    """
    if not isinstance(recipe, Recipe):
        raise ValueError(f"recipe must be a Recipe, got {type(recipe).__name__}")
    X, X_val = arguments.finite(X, "X"), arguments.finite(X_val, "X_val")
    y, y_val = arguments.labels(y, len(X), of="X"), arguments.labels(y_val, len(X_val), name="y_val", of="X_val")
    given = {"augment": augment, "loss": loss, "schedule": schedule, "average": average}
    with explained(recipe.batch_size):
        run = Run(recipe, X, y, X_val, y_val, network, given, seed, device)
        room_for(run.trained, X.shape[1:], recipe.batch_size, run.device)
        return run.through(checkpoint, watch, quiet)
