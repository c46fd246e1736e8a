"""Lab 5, the training loop, and the questions on the way."""

import numpy as np

from labkit.check.answer import Misuse, a_type
from labkit.check.criteria import Equals, unchanged, watched
from labkit.check.exercise import exercise
from labkit.check.question import question

# --------------------------------------------------------------------------------------- the loop


def train_by_batches_(network, params, X, y, step, epochs, batch_size, rng):
    """Each epoch takes every image once, in random batches; returns the last params and the loss of each batch."""
    losses = []
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for first in range(0, len(X), batch_size):
            batch = order[first : first + batch_size]
            loss, grads = network(X[batch], params, y[batch])
            params = step(params, grads)
            losses.append(loss)
    return params, losses


_RETURNS = "(params, losses)"


class _Run:
    """A run with images that can be told apart, and functions that write down how they are used.

    Gradients depend on the parameters alone, so that the path does not depend on the order of the images. A step's
    batch is that of the last call of `network` before it.
    """

    def __init__(self, call, rng, images=43, size=7, epochs=3, slope=lambda w: 0.3 * w, seed=1):
        self.X = np.column_stack([np.arange(images) / 8, rng.normal(size=(images, 2))])
        self.y = rng.permutation(images)
        self.start = {"W1": rng.normal(size=(3, 4)), "b1": rng.normal(size=4)}
        self.slope, self.last, self.steps, self.calls = slope, None, [], 0
        self.value = call(
            self.network, self.start, self.X, self.y, self.step, epochs, size, np.random.default_rng(seed)
        )
        if not self.steps:
            nothing = self.value is None and not self.calls
            raise Misuse("it returns nothing (None): is the `return` missing?" if nothing else "step is never called")

    def network(self, X, params, y=None):
        """A network that writes down its images and labels."""
        if not isinstance(X, np.ndarray) or X.ndim != 2 or X.shape[1] != 3:
            raise Misuse("network gets something else than rows of X as its first argument: network(X, params, y)")
        if not self._fits(params):
            raise Misuse("network gets something else than params as its second argument: network(X, params, y)")
        if not isinstance(y, np.ndarray) or y.shape != (len(X),):
            raise Misuse("network gets other labels than one for each of its images: X[batch] and y[batch]")
        self._count("network")
        loss = float(np.sum(X[:, 1]) + np.sum(params["W1"]))
        grads = {name: self.slope(w) for name, w in params.items()}
        self.last = np.rint(X[:, 0] * 8).astype(int), y.copy(), loss, _copy(params)
        return loss, grads

    def step(self, params, grads):
        """A step that writes down where it starts."""
        if not self._fits(params) or not self._fits(grads):
            raise Misuse("step gets something else than params and their gradients: step(params, grads)")
        if self.last is None:
            raise Misuse("step is called before network has given a gradient")
        self._count("step")
        self.steps.append((*self.last[:3], _copy(params)))
        return {name: params[name] - 0.2 * grads[name] for name in params}

    def _count(self, name):
        self.calls += 1
        if self.calls > 5000:
            raise Misuse(f"{name} is called again and again: one call for each batch is enough")

    def _fits(self, params):
        arrays = isinstance(params, dict) and set(params) == set(self.start)
        return arrays and all(np.shape(params[name]) == w.shape for name, w in self.start.items())

    @property
    def final(self):
        """The parameters that are returned. Raises Misuse where it is not (params, losses)."""
        if self.value is None:
            raise Misuse("it returns nothing (None): is the `return` missing?")
        if not isinstance(self.value, (tuple, list)) or len(self.value) != 2:
            raise Misuse(f"two values are asked, {_RETURNS}, not {a_type(self.value)}")
        if not self._fits(self.value[0]):
            raise Misuse(f"the first value is not a dict of parameters like params: return {_RETURNS}")
        return self.value[0]


def _copy(params):
    return {name: np.array(w, float) for name, w in params.items()}


def _same(a, b):
    return len(a) == len(b) and bool(np.all(a == b))


def _seen(observe):
    """An observation, or in its place the diagnosis of a misuse."""

    def look(call, rng):
        try:
            return observe(call, rng)
        except Misuse as misuse:
            return str(misuse)

    return look


@_seen
def _walk(call, rng):
    """The first two places of each run, and whether every step begins where the one before it led."""
    seen, centre = [], rng.normal(size=4)
    slopes = [(lambda w: 0.3 * (w - centre), 43, 7, 3), (lambda w: 1e4 * np.tanh(w), 230, 32, 3), (np.sin, 12, 12, 3)]
    for slope, images, size, epochs in slopes:
        run = _Run(call, rng, images, size, epochs, slope)
        places = [params["W1"] for *_, params in run.steps]
        led = [w - 0.2 * slope(w) for w in places[:-1]]
        seen += [np.array(places[:2]), all(np.allclose(a, b, rtol=1e-12) for a, b in zip(led, places[1:]))]
    return seen


@_seen
def _epochs(call, rng):
    seen = []
    for images, size, epochs in [(43, 7, 3), (130, 64, 2), (12, 4, 2), (4, 1, 2)]:
        run = _Run(call, rng, images, size, epochs)
        drawn = [batch for batch, *_ in run.steps]
        fit = all(_same(labels, run.y[batch]) for batch, labels, *_ in run.steps)
        every = np.concatenate(drawn)
        whole = [np.sort(every[i : i + images]) for i in range(0, len(every), images)]
        seen += [np.array([len(batch) for batch in drawn]), fit, np.concatenate(whole)]
    return seen


@_seen
def _draws(call, rng):
    def orders(seed):
        run = _Run(call, np.random.default_rng(0), epochs=3, seed=seed)
        return np.concatenate([batch for batch, *_ in run.steps])

    one, again, other = orders(1), orders(1), orders(2)
    epochs = [one[i : i + 43] for i in range(0, len(one), 43)]
    if _same(one[: len(epochs[0])] % 43, np.arange(len(epochs[0])) % 43):
        return ["the order of X"]
    if len(epochs) > 1 and all(_same(epochs[0], epoch) for epoch in epochs[1:]):
        return ["one order for all"]
    if not _same(one, again):
        return ["another generator"]
    return ["a generator of its own" if _same(one, other) else "at random"]


@_seen
def _last(call, rng):
    """How far what is returned is from where the last step led, and from the start."""
    run = _Run(call, rng)
    final, (*_, last) = run.final, run.steps[-1]
    off = np.asarray(final["W1"], float) - 0.94 * last["W1"]
    return [np.where(abs(off) < 1e-6, 0, off), bool(np.allclose(final["W1"], run.start["W1"]))]


@_seen
def _losses(call, rng):
    run = _Run(call, rng)
    _ = run.final
    try:
        losses = np.asarray(run.value[1], float)
    except (TypeError, ValueError):
        return ["no numbers"]
    if losses.ndim != 1:
        return ["arrays" if losses.ndim else "one number"]
    seen = np.array([loss for _, _, loss, _ in run.steps])
    off = losses - seen if len(losses) == len(seen) else None
    return [len(losses) - len(seen), "other lengths" if off is None else np.round(abs(off).max(), 4)]


def _runs(rng):
    X, y, params = rng.normal(size=(43, 3)), rng.integers(0, 5, 43), {"W1": rng.normal(size=(3, 4))}
    network, step = lambda X, params, y=None: (1.0, _copy(params)), lambda params, grads: _copy(params)
    return [(network, params, X, y, step, 2, 7, np.random.default_rng(1))]


_EMPTY, _BACK, _DRAW = "    losses = []\n", "return params, losses", "rng.permutation(len(X))"
_FIRSTS, _STEP = "range(0, len(X), batch_size)", "params = step(params, grads)"
_KEEP = "losses.append(loss)"
_ONE_EPOCH = "one epoch only: range(epochs), and the return after the loop, not in it"
_ORDER = f"        order = {_DRAW}\n"
_START = _EMPTY.replace("losses = []", "losses, start = [], params")
_NOT_BY_RNG = "rng is not used: the same generator has to give the same order (rng.permutation, rng.shuffle, …)"

# fmt: off
train_by_batches = exercise("train_by_batches", 10, train_by_batches_, [
    (3, "each step goes on from where the last one led",
     watched(_walk, otherwise="the steps are not those of step(params, grads)")),
    (3, "each epoch takes every image once, with its label, batch_size at a time",
     watched(_epochs, otherwise="in an epoch an image is missing or comes twice, or a batch has another size")),
    (2, "the order is drawn anew for each epoch, by rng", watched(_draws, forgiving=True)),
    (1, "returned are the last params and the losses of all batches", Equals(
        watched(_last, otherwise="the params are not those after the last step", forgiving=True).units
        + watched(_losses, otherwise="the losses are not those of the batches, in the order of the steps").units)),
    (1, "X and y are left as they were", unchanged(_runs, allowed=("params",))),
], mistakes=[
    # the steps
    ("params never moves: assign what step returns, params = step(params, grads)", (_STEP, "step(params, grads)")),
    ("the gradient is taken at the start only: take it anew for each batch, where params is by then",
     (_EMPTY, _START), ("], params, y", "], start, y")),
    ("two steps for each batch", (_STEP, f"{_STEP}\n            {_STEP}")),
    ("a step in the wrong direction: the step is params = step(params, grads), grads as network gives them",
     (_STEP, "params = step(params, {name: -g for name, g in grads.items()})")),
    ("one epoch too few", ("range(epochs)", ["range(epochs - 1)", "range(1, epochs)"])),
    ("one epoch too many", ("range(epochs)", "range(epochs + 1)")),
    (_ONE_EPOCH, ("range(epochs)", "range(1)")),
    (_ONE_EPOCH, (f"    {_BACK}", f"        {_BACK}")),
    ("one step for each epoch: the step belongs into the loop over the batches",
     (f"            {_STEP}\n            {_KEEP}\n", f"            {_KEEP}\n        {_STEP}\n")),
    # the batches
    ("the last batch of an epoch is left out: where images remain, they are a smaller batch",
     (_FIRSTS, "range(0, len(X) - batch_size + 1, batch_size)")),
    ("every step uses all the images, not a batch of them", ("order[first : first + batch_size]", "order")),
    ("the batches overlap: the next one begins batch_size images further on",
     (_FIRSTS, f"range(len({_FIRSTS}))")),
    ("each batch is drawn for itself: in an epoch some images come twice and others not at all",
     ("order[first : first + batch_size]", ["rng.integers(0, len(X), len(order[first : first + batch_size]))",
      "rng.choice(len(X), len(order[first : first + batch_size]), replace=False)",
      "rng.integers(0, len(X), batch_size)"])),
    ("drawn with repetition: in an epoch some images come twice and others not at all",
     (_DRAW, ["rng.integers(0, len(X), len(X))", "rng.choice(len(X), len(X))"])),
    ("the labels are not those of the images: index X and y with the same batch",
     ("y[batch]", ["y[: len(batch)]", "y[first : first + batch_size]"])),
    # the order
    ("the images come in the order of X: draw an order for each epoch", (_DRAW, "np.arange(len(X))")),
    ("the same order in each epoch: draw it inside the loop over the epochs",
     (_EMPTY, _EMPTY + _ORDER[4:]), (_ORDER + "        for", "        for")),
    (_NOT_BY_RNG, (_DRAW, "np.random.permutation(len(X))")),
    ("rng is not used: another generator gives the same order",
     (_EMPTY, f"{_EMPTY}    rng = np.random.default_rng(0)\n")),
    # what is returned
    ("the parameters before the last step are returned",
     (_STEP, "before, params = params, step(params, grads)"), (_BACK, "return before, losses")),
    ("the parameters of the start are returned", (_EMPTY, _START), (_BACK, "return start, losses")),
    ("the losses of all batches are asked, not one number",
     (_BACK, ["return params, loss", "return params, np.mean(losses)"])),
    ("a loss for each batch is asked, not one for each epoch",
     (f"            {_KEEP}\n", f"        {_KEEP}\n")),
    ("a loss is missing: there is one for each batch",
     (_BACK, ["return params, losses[:-1]", "return params, losses[1:]"])),
    ("the losses after the steps, where those before them are asked",
     (_KEEP, "losses.append(network(X[batch], params, y[batch])[0])")),
], returns=_RETURNS)
# fmt: on

# -------------------------------------------------------------------------------------- questions

through_relu = question(
    "through_relu",
    0,
    0,
    {
        3: "that is the gradient of what came out: the unit was at -2, where a small change of z changes nothing",
        -6: "the gradient is not multiplied by the value of z, only by the slope of ReLU there",
        -2: "that is z itself: the gradient is that of what came out, times the slope of ReLU at z",
        1: "the slope of ReLU is 1 where z is positive, and here it is negative",
    },
    otherwise="the gradient of what came out, times the slope of ReLU at z = -2",
)

all_zero = question(
    "all_zero",
    1,
    "b",
    {
        "a": "H is 0, so HᵀG is, and W2 is 0, so G W2ᵀ is: look which of the four products is left",
        "c": "b1 gets its gradient through W2, which is 0",
        "d": "G = (P - Y) / N is not 0, and b2 sums it over the images",
    },
)

numbers_learned = question(
    "numbers_learned",
    1,
    154160,
    {
        154100: "the biases are learned too: 50 of the first layer and 10 of the second",
        153600: "that is W1 alone",
        153650: "that is the first layer alone",
        154150: "the second layer has a bias for each class, too",
        154110: "the first layer has a bias for each hidden unit, too",
        30730: "that is the linear classifier of lab 4",
        30720: "that is a linear classifier without its biases",
    },
    otherwise="W1 is (3072, 50), W2 is (50, 10), and each layer has a bias for each of its units",
)

dropout_factor = question(
    "dropout_factor",
    0,
    5 / 3,
    {
        0.6: "that is the share that stays: the units that stay must make up for those that are missing",
        2.5: "that is 1 over the share that is dropped: 0.6 of the units stay",
        1.4: "0.6 of the units times 1.4 is 0.84, not 1",
        0.4: "that is the share that is dropped",
        1.0: "then the sum over the units would be 0.6 of what it is in tests",
    },
    otherwise="0.6 of the units stay, and together they should weigh as much as all did",
    within=0.01,
)
