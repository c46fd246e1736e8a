"""Lab 4, after the gradients: what is asked in each exercise, and the mistakes that are known."""

import numpy as np

from labkit.check.answer import Misuse, a_type
from labkit.check.criteria import Equals, equals, unchanged, watched
from labkit.check.exercise import exercise


def minibatch_sgd_(gradient, X, y, W, step_size, steps, batch_size, rng):
    """Gradient descent on random batches; gradient(X, W, y) -> (loss, dW). Returns the last W and the batch losses."""
    losses = []
    for _ in range(steps):
        batch = rng.integers(0, len(X), batch_size)
        loss, dW = gradient(X[batch], W, y[batch])
        W = W - step_size * dW
        losses.append(loss)
    return W, losses


class _Run:
    """A run with images that can be told apart, and a gradient that writes down how it is used.

    The gradient depends on W alone, so that the path does not depend on how the images are drawn.
    """

    def __init__(self, call, rng, images=43, size=7, step_size=0.2, steps=150, slope=lambda W: 0.3 * W, seed=1):
        self.X = np.column_stack([np.arange(images) / 8, rng.normal(size=(images, 2))])
        self.y, self.W = rng.permutation(images), rng.normal(size=(3, 5))
        self.slope, self.calls = slope, []
        self.value = call(self.gradient, self.X, self.y, self.W, step_size, steps, size, np.random.default_rng(seed))
        first = [i for i, call in enumerate(self.calls) if not i or not _same(call[0], self.calls[i - 1][0])]
        self.path = [self.calls[i][0] for i in first]
        # A last look at the loss, after the last step, is no step.
        last = self.last
        self.over = len(self.path) > steps and last is not None and _same(self.path[-1], last)
        self.path = self.path[: len(self.path) - self.over]
        self.calls = self.calls if len(first) < 2 else [self.calls[i] for i in first][: len(self.path)]

    def gradient(self, X, W, y):
        if not isinstance(W, np.ndarray) or W.shape != self.W.shape:
            raise Misuse("gradient gets something else than the weights as its second argument: gradient(X, W, y)")
        if not isinstance(X, np.ndarray) or X.ndim != 2 or X.shape[1] != 3:
            raise Misuse("gradient gets something else than rows of X as its first argument: gradient(X, W, y)")
        if not isinstance(y, np.ndarray) or y.shape != (len(X),):
            raise Misuse("gradient gets other labels than one for each of its images: X[batch] and y[batch]")
        if len(self.calls) > 3000:
            raise Misuse("gradient is called again and again: one call for each step is enough")
        call = W.copy(), np.rint(X[:, 0] * 8).astype(int), y.copy(), float(np.sum(X[:, 1]) + np.sum(W))
        if not self.calls or not all(map(_same, call, self.calls[-1])):
            self.calls.append(call)
        return call[3], self.slope(W)

    @property
    def last(self):
        """The weights that are returned; None if it is not (W, losses)."""
        pair = isinstance(self.value, (tuple, list)) and len(self.value) == 2
        return self.value[0] if pair and np.shape(self.value[0]) == self.W.shape else None

    @property
    def batches(self):
        return [batch for _, batch, _, _ in self.calls]


def _same(a, b):
    return np.array_equal(a, b)


def _walk(call, rng):
    seen, centre = [], rng.normal(size=(3, 5))
    slopes = [
        (lambda W: 0.3 * (W - centre), 0.2, 20),
        (lambda W: 1e5 * np.tanh(W), 0.2, 4),
        (lambda W: 1e-5 * (W - centre), 0.5, 3),
    ]
    for slope, step_size, steps in slopes:
        run = _Run(call, rng, step_size=step_size, steps=steps, slope=slope)
        if not run.calls:
            nothing = "it returns nothing (None): is the `return` missing?"
            return nothing if run.value is None else "the function gradient that is handed over is never called"
        if not np.allclose(run.path[0], run.W):
            return "the first gradient is not taken at the start W"
        stays = run.last is not None and _same(run.last, run.W)
        seen += [min(steps, len(run.calls)), np.array(run.path), stays]
    return seen


def _pairs(call, rng):
    seen = []
    for images, size, steps in [(43, 7, 20), (1003, 128, 5), (1003, 1, 4)]:
        run = _Run(call, rng, images, size, steps=steps)
        fits = all(_same(labels, run.y[batch]) for _, batch, labels, _ in run.calls)
        seen += [np.unique([len(batch) for batch in run.batches]), fits]
    return seen


def _draws(call, rng):
    def batches(seed):
        run = _Run(call, np.random.default_rng(0), seed=seed)
        return [b for i, b in enumerate(run.batches) if not i or not _same(b, run.batches[i - 1])]

    one, again, other = batches(1), batches(1), batches(2)
    if len(one) == 1:
        return ["one batch"]
    if all(_same(np.diff(b) % 43, np.ones(len(b) - 1)) for b in one):
        return ["slices"]
    if len(np.unique(np.concatenate(one))) < 43:
        return ["not from all"]
    if not (len(one) == len(again) and all(map(_same, one, again))):
        return ["another generator"]
    if len(one) == len(other) and all(map(_same, one, other)):
        return ["a generator of its own"]
    return ["the same batches again" if len({tuple(b) for b in one}) < len(one) else "at random"]


def _last(call, rng):
    run = _Run(call, rng, steps=9)
    if run.value is None:
        return "it returns nothing (None): is the `return` missing?"
    if not isinstance(run.value, (tuple, list)) or len(run.value) != 2:
        return f"two values are asked, (W, losses), not {a_type(run.value)}"
    if run.last is None:
        return "the first value is not a weight matrix shaped like W: return W, losses"
    return [np.asarray(run.last, float)]


def _losses(call, rng):
    run = _Run(call, rng, steps=9)
    try:
        losses = np.asarray(run.value[1], float)
    except (TypeError, ValueError, LookupError):
        return ["no numbers"]
    if losses.ndim != 1:
        return ["arrays" if losses.ndim else "one number"]
    seen = np.array([loss for _, _, _, loss in run.calls])
    return [len(losses), len(seen), losses - seen if len(losses) == len(seen) else "other lengths"]


def _runs(rng):
    X, y, W = rng.normal(size=(43, 3)), rng.integers(0, 5, 43), rng.normal(size=(3, 5))
    return [(lambda X, W, y: (1.0, 0.3 * W), X, y, W, 0.2, 5, 7, np.random.default_rng(1))]


_EMPTY, _DRAW = "    losses = []\n", "rng.integers(0, len(X), batch_size)"
_STEP, _BACK, _CALL = "step_size * dW", "return W, losses", "gradient(X[batch], W, y[batch])"
_START = _EMPTY.replace("losses = []", "losses, start = [], W")

minibatch_sgd = exercise(
    "minibatch_sgd",
    15,
    minibatch_sgd_,
    [
        (
            5,
            "each step goes from W to W - step_size * dW",
            watched(_walk, otherwise="a step is not W - step_size * dW"),
        ),
        (
            4,
            "each batch has batch_size images, and their labels",
            watched(_pairs, otherwise="a batch has more or fewer images than batch_size"),
        ),
        (3, "the images are drawn at random from all, anew at each step, by rng", watched(_draws)),
        (
            2,
            "returned are the last W and the losses of all steps",
            Equals(
                watched(_last, otherwise="the weights are not those after the last step", forgiving=True).units
                + watched(_losses, otherwise="the losses are not those of the batches, in the order of the steps").units
            ),
        ),
        (1, "X, y and the start W are left as they were", unchanged(_runs)),
    ],
    mistakes=[
        # the step
        (
            "the gradient is taken at the start only: take it anew at each step, where W is by then",
            (_EMPTY, _START),
            ("], W, y", "], start, y"),
        ),
        ("it goes uphill: W = W - step_size * dW, with a minus", ("W - step", "W + step")),
        ("step_size is not used: W = W - step_size * dW", (_STEP, "dW")),
        (
            "the step is divided by the number of images once more: the gradient is a mean already",
            (_STEP, f"{_STEP} / batch_size"),
        ),
        (
            "the step is multiplied by the number of images: the gradient is a mean already",
            (_STEP, f"{_STEP} * batch_size"),
        ),
        (
            "the gradient is brought to length 1: a step is step_size times dW itself",
            (_STEP, f"{_STEP} / np.linalg.norm(dW)"),
        ),
        ("only the sign of the gradient is used: a step is step_size times dW itself", ("* dW", "* np.sign(dW)")),
        ("W never moves: assign the step, W = W - step_size * dW", ("W = W - step_size * dW", "W - step_size * dW")),
        ("one step too few", ("range(steps)", ["range(steps - 1)", "range(1, steps)"])),
        ("one step too many", ("range(steps)", "range(steps + 1)")),
        ("the return stands in the loop: it ends after the first step", (f"    {_BACK}", f"        {_BACK}")),
        # the batches
        ("every step uses all the images, not a batch of them", (_DRAW, "rng.permutation(len(X))")),
        ("every step uses all the images, not a batch of them", (_CALL, "gradient(X, W, y)")),
        (
            "the labels are not those of the images: index X and y with the same batch",
            ("y[batch]", ["y[:batch_size]", f"y[{_DRAW}]"]),
        ),
        (
            "the last batch of an epoch is smaller: each has batch_size images",
            (_EMPTY, "    losses, order = [], []\n"),
            (
                f"batch = {_DRAW}",
                "order = order if len(order) else rng.permutation(len(X))\n"
                "        batch, order = order[:batch_size], order[batch_size:]",
            ),
        ),
        # the draws
        (
            "the same batch at every step: draw it inside the loop",
            (_EMPTY, f"{_EMPTY}    batch = {_DRAW}\n"),
            (f"        batch = {_DRAW}\n", ""),
        ),
        (
            "the batches are slices of X in its order: draw the images at random",
            (_DRAW, "(len(losses) * batch_size + np.arange(batch_size)) % len(X)"),
        ),
        (
            "some images are never drawn: draw from all the rows of X",
            (_DRAW, ["rng.integers(0, batch_size, batch_size)", "rng.integers(0, len(X) - 1, batch_size)"]),
        ),
        (
            "rng is not used: the same generator has to give the same batches (rng.choice, rng.integers, …)",
            (_DRAW, "np.random.randint(0, len(X), batch_size)"),
        ),
        (
            "rng is not used: another generator gives the same batches",
            (_EMPTY, f"{_EMPTY}    rng = np.random.default_rng(0)\n"),
        ),
        (
            "the same batches come again: they are drawn once, and should be drawn anew",
            (_EMPTY, "    losses, order = [], rng.permutation(len(X))\n"),
            (_DRAW, "order[(len(losses) * batch_size + np.arange(batch_size)) % len(X)]"),
        ),
        # what is returned
        (
            "the weights before the last step are returned",
            ("W = W - step_size", "before, W = W, W - step_size"),
            (_BACK, "return before, losses"),
        ),
        ("the weights of the start are returned", (_EMPTY, _START), (_BACK, "return start, losses")),
        ("the losses of all steps are asked, not one number", (_BACK, ["return W, loss", "return W, np.mean(losses)"])),
        ("a loss is missing: there is one for each step", (_BACK, ["return W, losses[:-1]", "return W, losses[1:]"])),
    ],
    returns="(W, losses)",
)

# --------------------------------------------------------------------------------- confusion matrix


def confusion_matrix_(y, predicted, C):
    """Counts: entry (i, j) is how many images of class i were called j; y, predicted (N,) -> (C, C)."""
    counts = np.zeros((C, C), dtype=int)
    np.add.at(counts, (y, predicted), 1)
    return counts


def _confusions(rng):
    sizes = [(40, 3), (7, 5), (200, 10), (1, 2), (9000, 2)]
    cases = [(rng.integers(0, c, n), rng.integers(0, c, n), c) for n, c in sizes]
    cases.append((np.array([0, 1, 1, 0, 1]), np.array([1, 1, 0, 0, 1]), 4))  # two classes do not appear
    cases.append((np.array([3, 3, 3, 0], np.uint8), np.array([2, 2, 3, 0], np.uint8), 4))
    return cases + [(y.astype(np.int32), y.astype(np.int32), c) for y, _, c in cases[:1]]


_ADD, _PAIR = "    np.add.at(counts, (y, predicted), 1)\n", "(y, predicted), 1"

# fmt: off
confusion_matrix = exercise("confusion_matrix", 5, confusion_matrix_, [
    (4, "entry (i, j) counts the images of class i that are called j", equals(_confusions)),
    (1, "y and predicted are left as they were", unchanged(_confusions)),
], mistakes=[
    ("transposed: the rows are the true classes, the columns the predicted ones", (_PAIR, "(predicted, y), 1")),
    ("counts[y, predicted] += 1 adds 1 to each place once, however often it appears: np.add.at counts them all",
     (_ADD, ["    counts[y, predicted] += 1\n", "    counts[y, predicted] = 1\n"])),
    *[(f"shares of {of}: counts are asked",
     ("return counts", [f"return counts / {s}", f"return counts / np.maximum(1, {s})"])) for of,
     s in [("the true class", "counts.sum(axis=1, keepdims=True)"), ("the predicted class", "counts.sum(axis=0)"),
     ("all images", "len(y)")]],
    ("only the mistakes are counted: the images that are right belong on the diagonal",
     (_PAIR, "(y[y != predicted], predicted[y != predicted]), 1")),
    ("only the images that are right are counted", (_PAIR, "(y[y == predicted], y[y == predicted]), 1")),
    ("off by one: the classes are counted from 0",
     ("return counts", ["return np.roll(counts, (-1, -1), (0, 1))", "return np.pad(counts, (0, 1))[1:, 1:]"])),
    ("the size follows the labels that happen to appear: it is (C, C), whatever they are",
     (_ADD, "    C = max(y.max(), predicted.max()) + 1\n    counts = counts[:C, :C]\n" + _ADD)),
    ("whole numbers of 8 bits count up to 255 only: take int", ("dtype=int", ["dtype=np.uint8", "dtype=np.int8"])),
])
# fmt: on

# ----------------------------------------------------------------------------------------- templates


def template_images_(W):
    """The weights of each class as an image from 0 to 1: W (3073, C), the bias last -> (C, 32, 32, 3)."""
    images = W[:-1].T.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    low = images.min(axis=(1, 2, 3), keepdims=True)
    high = images.max(axis=(1, 2, 3), keepdims=True)
    return (images - low) / (high - low)


def _weights(rng):
    settings = [(10, 1, 0, 0), (3, 0.01, 0.02, 9), (1, 5, -9, 0), (4, 1e5, 0, -1e6), (2, 1, 0, 0)]
    cases = [rng.normal(size=(3073, c)) * scale + shift for c, scale, shift, _ in settings]
    for W, (_, _, _, bias) in zip(cases, settings):
        W[-1] += bias
    cases[0][:2000] *= rng.random((2000, 1)) < 0.5
    return [(W,) for W in cases[:-1]] + [(cases[-1].astype(np.float32),)]


_IMAGES, _LOW, _HIGH = "W[:-1].T.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)", "images.min", "images.max"
_RANGE, _AXES = "(images - low) / (high - low)", "(axis=(1, 2, 3), keepdims=True)"
_MIXED = ["W[:-1].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)", "W[:-1].reshape(-1, 32, 32, 3)"]

template_images = exercise(
    "template_images",
    8,
    template_images_,
    [
        (9, "each class an image (32, 32, 3), its weights stretched from 0 to 1", equals(_weights, tolerance=1e-4)),
        (1, "W is left as it was", unchanged(_weights)),
    ],
    mistakes=[
        (
            "the pixels are scrambled: a column of W holds the red plane, then green, then blue, so reshape to "
            "(3, 32, 32) and move the colours to the end",
            (_IMAGES, "W[:-1].T.reshape(-1, 32, 32, 3)"),
        ),
        ("the classes are mixed: they are the columns of W, so transpose before reshape", (_IMAGES, _MIXED)),
        ("rows and columns of the pictures are swapped: they lie on their side", ("(0, 2, 3, 1)", "(0, 3, 2, 1)")),
        ("the colours come first: (C, 32, 32, 3) is asked", (".transpose(0, 2, 3, 1)", "")),
        ("the first row of W is left out: the bias is the last one", ("W[:-1]", "W[1:]")),
        (
            "one range for all classes: stretch each template by its own smallest and largest weight",
            (_LOW + _AXES, ["images.min()", "W.min()"]),
            (_HIGH + _AXES, ["images.max()", "W.max()"]),
        ),
        (
            "the bias takes part in the range: leave it out first",
            (_LOW + _AXES, "W.min(axis=0)[:, None, None, None]"),
            (_HIGH + _AXES, "W.max(axis=0)[:, None, None, None]"),
        ),
        (
            "each colour is stretched on its own, which changes the colours: one range for a template",
            ("(1, 2, 3)", "(1, 2)", 2),
        ),
        ("the weights are not stretched to [0, 1]", (_RANGE, "images")),
        ("the smallest weight is not 0: subtract it first", (_RANGE, ["images / high", "images / (high - low)"])),
        ("cut off, not stretched: everything below 0 and above 1 is lost", (_RANGE, "np.clip(images, 0, 1)")),
        ("from 0 to 255: from 0 to 1 is asked", (_RANGE, [f"255 * {_RANGE}", f"(255 * {_RANGE}).astype(np.uint8)"])),
        ("the weights are only shifted: divide by the range", (_RANGE, "images - low")),
        ("upside down: the smallest weight becomes 0, the largest 1", (_RANGE, "(high - images) / (high - low)")),
        (
            "a weight of 0 is put in the middle: the smallest becomes 0, the largest 1",
            (_RANGE, "(images / abs(images).max(axis=(1, 2, 3), keepdims=True) + 1) / 2"),
        ),
    ],
)
