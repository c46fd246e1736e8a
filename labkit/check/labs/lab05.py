"""Lab 5, the two-layer network: what is asked in each exercise, and the mistakes that are known."""

import numpy as np

from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise
from labkit.check.runtime_loops import no_loop

AT_ONCE = "for all images at once, without a loop"


def _network(rng, n, d, h, c, dtype=float):
    """X, W1, b1, W2, b2: about half of the hidden units are active, none is near its kink."""
    while True:
        arrays = [rng.normal(size=shape) for shape in [(n, d), (d, h), (h,), (h, c), (c,)]]
        X, W1, b1, *_ = arrays
        if abs(X @ W1 + b1).min() > 1e-6:
            return tuple(a.astype(dtype) for a in arrays)


def _score_cases(rng):
    sizes = [(5, 4, 10, 3), (1, 3, 4, 2), (6, 5, 3, 7), (4, 4, 4, 4), (1000, 3, 5, 6)]
    X, W1, *rest = _network(rng, 7, 3, 6, 5)
    scales = np.array([1e5, 1.0, 1e-5])  # pixels of a bright image, and their opposite
    mixed = (X * scales, W1 / scales[:, None], *rest)
    return [*(_network(rng, *size) for size in sizes), mixed, _network(rng, 6, 5, 8, 4, np.float32)]


def _with_labels(rng, network, dtype=np.int64):
    X, *weights = network
    return (X, rng.integers(0, len(weights[3]), len(X)).astype(dtype), *weights)


def _cases(rng):
    types = [np.int64, np.int32, np.uint8]
    return [_with_labels(rng, network, types[i % 3]) for i, network in enumerate(_score_cases(rng))]


def _far_cases(rng):
    """Scores in the ten thousands, and images whose scores lie far apart, each within a few units."""
    X, y, W1, b1, W2, b2 = _cases(rng)[0]
    far = [(X, y, W1, b1, W2, b2 + shift) for shift in (5e4, -5e4)]
    X, W1, b1, W2 = X.copy(), W1.copy(), b1.copy(), W2.copy()
    X[:, 0], W1[0], W1[:, 0], b1[0], W2[0] = [1e4, 3, 5e3, 1, 100], 0, 0, 0, 1  # the first unit lifts all scores
    W1[0, 0] = 1
    return [*far, (X, y, W1, b1, W2, b2)]


# ------------------------------------------------------------------------------------------ scores


def two_layer_scores_(X, W1, b1, W2, b2):
    """Scores of a two-layer network: X (N, D), W1 (D, H), b1 (H,), W2 (H, C), b2 (C,) -> (N, C)."""
    return np.maximum(0, X @ W1 + b1) @ W2 + b2


_RELU = "np.maximum(0, X @ W1 + b1)"
_ALL = "np.maximum(0, X @ W1 + b1) @ W2 + b2"
_LINEAR = "ReLU is missing: without it two layers are one linear classifier"

# fmt: off
two_layer_scores = exercise("two_layer_scores", 10, two_layer_scores_, [
    (7, "affine, ReLU, affine", equals(_score_cases, lab=lambda rng: _network(rng, 5, 4, 10, 3))),
    (2, AT_ONCE, no_loop(lambda rng, n, d, c: _network(rng, n, d, 8, c))),
    (1, "X and the parameters are left as they were", unchanged(_score_cases)),
], mistakes=[
    (_LINEAR, (_RELU, "(X @ W1 + b1)"), {"keeps": 0}),
    ("ReLU on the scores too: they may be negative", (_ALL, f"np.maximum(0, {_ALL})")),
    ("ReLU on the scores, where it belongs on the hidden layer", (_ALL, "np.maximum(0, (X @ W1 + b1) @ W2 + b2)")),
    ("b1 is missing", (" + b1", "")),
    ("b2 is missing", (" + b2", "")),
    ("both biases are missing", (" + b1", ""), (" + b2", "")),
    ("b1 is added after ReLU: it belongs inside", (_RELU, "(np.maximum(0, X @ W1) + b1)")),
    ("ReLU on the wrong array: on X W1 + b1, not on the images", (_RELU, "(np.maximum(0, X) @ W1 + b1)")),
    ("min instead of max: ReLU keeps what is positive", ("maximum", "minimum")),
    ("the absolute value instead of ReLU: negative numbers become 0", (_RELU, "abs(X @ W1 + b1)")),
    ("the indicator of ReLU, 0 or 1, instead of its value", (_RELU, "(X @ W1 + b1 > 0)")),
    ("a sigmoid instead of ReLU", (_RELU, "1 / (1 + np.exp(-(X @ W1 + b1)))")),
    ("tanh instead of ReLU", (_RELU, "np.tanh(X @ W1 + b1)")),
    ("probabilities: the scores are asked, before softmax",
     (_ALL, f"np.exp({_ALL}) / np.exp({_ALL}).sum(axis=1, keepdims=True)")),
    ("this is the hidden layer: the second layer is missing", (" @ W2 + b2", ""), {"keeps": 0}),
])
# fmt: on

# --------------------------------------------------------------------------------------- gradients


def two_layer_gradients_(X, y, W1, b1, W2, b2, reg=0.0):
    """Loss and gradients of a two-layer network -> (loss, dict of "W1", "b1", "W2", "b2")."""
    N = len(y)
    hidden = np.maximum(0, X @ W1 + b1)
    scores = hidden @ W2 + b2
    scores -= scores.max(axis=1, keepdims=True)
    e = np.exp(scores)
    p = e / e.sum(axis=1, keepdims=True)
    log_p = (scores - np.log(e.sum(axis=1, keepdims=True)))[np.arange(N), y]
    loss = -np.mean(log_p) + 0.5 * reg * (np.sum(W1**2) + np.sum(W2**2))
    dscores = p.copy()
    dscores[np.arange(N), y] -= 1
    dscores /= N
    dhidden = dscores @ W2.T
    dhidden[hidden <= 0] = 0
    return loss, {
        "W1": X.T @ dhidden + reg * W1,
        "b1": dhidden.sum(axis=0),
        "W2": hidden.T @ dscores + reg * W2,
        "b2": dscores.sum(axis=0),
    }


_SUMS = "0.5 * reg * (np.sum(W1**2) + np.sum(W2**2))"
_MASK = "    dhidden[hidden <= 0] = 0\n"
_ONE = "dscores[np.arange(N), y] -= 1"
_ONE_SIDED = "only the 1 of the right class is divided by N, or only the probabilities are: divide the difference"
_TWICE = "divided by N a second time: the mean is in dscores already, so the biases sum over the images"
_LIKE_THIS = (
    "wrong for scores in the thousands: subtract each row's own maximum before exp, which changes no probability"
)
_FAR_PARTS = [0, (1, "W2"), (1, "W1")]
_OF_WEIGHTS = [
    (text.format(name), (f" + reg * {name}", f"{sign}{name}"))
    for name in ("W1", "W2")
    for text, sign in [
        ("the penalty counts twice in the gradient of {}: the 2 of the derivative and the ½ cancel", " + 2 * reg * "),
        ("the penalty is subtracted in the gradient of {}", " - reg * "),
        ("the penalty is missing in the gradient of {}", " + 0 * "),
    ]
]
_BIASES = "the penalty on the biases: only W1 and W2 are penalised"

# fmt: off
two_layer_gradients = exercise("two_layer_gradients", 30, two_layer_gradients_, [
    (4, "the loss: the mean over the images of -log p(right class)", equals(_cases, part=0)),
    (6, "the gradient with respect to W2", equals(_cases, part=(1, "W2"))),
    (3, "the gradient with respect to b2", equals(_cases, part=(1, "b2"))),
    (7, "the gradient with respect to W1", equals(_cases, part=(1, "W1"))),
    (3, "the gradient with respect to b1", equals(_cases, part=(1, "b1"))),
    (3, "the penalty, on W1 and W2, in the loss and in the gradients",
     equals(_cases, part=[0, *((1, w) for w in ("W1", "b1", "W2", "b2"))], added_by=("reg", 0.7))),
    (1, "scores of any size, no overflow",
     equals(_far_cases, part=_FAR_PARTS, tolerance=1e-4, forgiving=True, otherwise=_LIKE_THIS)),
    (2, AT_ONCE, no_loop(lambda rng, n, d, c: _with_labels(rng, _network(rng, n, d, 8, c)))),
    (1, "X, y and the parameters are left as they were", unchanged(_cases)),
], mistakes=[
    # the loss
    ("the sign: log p is negative, the loss is minus its mean", ("loss = -", "loss = ")),
    ("a sum where a mean over the images is asked", ("np.mean(log_p)", "np.sum(log_p)")),
    ("probability instead of log-probability: the log is missing", ("np.mean(log_p)", "np.mean(np.exp(log_p))")),
    ("the mean over images and classes: only the right class of each image counts, so divide by N",
     ("np.mean(log_p)", "np.sum(log_p) / scores.size")),
    (_LINEAR, ("np.maximum(0, X @ W1 + b1)", "X @ W1 + b1"), (_MASK, "")),
    # the gradients
    ("the mean is missing: the loss is a mean over N images, so divide by N", ("    dscores /= N\n", "")),
    ("the 1 of the right class is not subtracted", (f"    {_ONE}\n", "")),
    ("1 is added for the right class, where it is subtracted", (_ONE, _ONE.replace("-", "+"))),
    ("the sign: the gradient points uphill", ("= p.copy()", "= -p"), (_ONE, _ONE.replace("-", "+"))),
    (_ONE_SIDED, (_ONE, _ONE.replace("1", "N"))),
    ("the 1 of the right class is divided by N twice", (_ONE, _ONE.replace("1", "1 / N"))),
    (_ONE_SIDED, (_ONE, _ONE.replace("1", "1 / N")), ("    dscores /= N\n", "")),
    ("before ReLU: dW2 takes what entered the second layer, the hidden units after ReLU",
     ("hidden.T @ dscores", "(X @ W1 + b1).T @ dscores")),
    ("the mask of the hidden units instead of their values", ("hidden.T @ dscores", "(hidden > 0).T @ dscores")),
    ("the mask of ReLU is missing: where a unit was 0, no gradient comes through", (_MASK, "")),
    ("the mask of ReLU is on the wrong array: it asks where the hidden unit was positive, not its gradient",
     ("dhidden[hidden <= 0]", "dhidden[dhidden <= 0]")),
    ("the mask of ReLU is the wrong way round: the gradient passes where the unit was positive",
     ("hidden <= 0", "hidden > 0")),
    ("multiplied by the hidden units themselves: the derivative of ReLU is 1 where they are positive",
     ("dhidden[hidden <= 0] = 0", "dhidden *= hidden")),
    (_TWICE, ("dscores.sum(axis=0)", "dscores.mean(axis=0)")),
    (_TWICE, ("dhidden.sum(axis=0)", "dhidden.mean(axis=0)")),
    # the penalty
    ("the penalty is missing in the loss: reg changes nothing", (f" + {_SUMS}", "")),
    ("the factor ½ of the penalty is missing in the loss", ("0.5 * reg", "reg")),
    ("only W1 is penalised in the loss", (" + np.sum(W2**2)", "")),
    ("only W2 is penalised in the loss", ("np.sum(W1**2) + ", "")),
    ("the penalty is not squared", ("np.sum(W1**2) + np.sum(W2**2)", "np.sum(W1) + np.sum(W2)")),
    ("the penalty is divided by N: it is no mean over images", ("0.5 * reg", "0.5 * reg / N")),
    (_BIASES, ("np.sum(W2**2)", "np.sum(W2**2) + np.sum(b1**2) + np.sum(b2**2)")),
    (_BIASES, ("dhidden.sum(axis=0)", "dhidden.sum(axis=0) + reg * b1")),
    (_BIASES, ("dscores.sum(axis=0)", "dscores.sum(axis=0) + reg * b2")),
    *_OF_WEIGHTS,
    (_LIKE_THIS, ("    scores -= scores.max(axis=1, keepdims=True)\n", "")),
], returns='(loss, grads), with grads a dict that has "W1", "b1", "W2" and "b2"')
# fmt: on

# ---------------------------------------------------------------------------------------- optimisers


def momentum_step_(w, dw, v, rate, momentum):
    """One step with momentum: returns the new w and the new velocity v."""
    new = momentum * v - rate * dw
    return w + new, new


def _step_cases(rng):
    """Gradients of all sizes, one of them where the loss falls off steeply; a velocity of both signs, and none."""
    cases = []
    for shape, rate, share, steep in [((3, 4), 0.1, 0.9, 1), ((5,), 0.7, 0.5, 1e4), ((2, 2, 3), 0.03, 0.99, 1)]:
        w, dw, v = rng.normal(size=(3, *shape))
        cases += [(w, steep * dw, v, rate, share), (w, dw, 0 * v, rate, share)]
    return cases


_V = "momentum * v - rate * dw"
_SIGN = "the velocity has the wrong sign: v = momentum * v - rate * dw, and w = w + v"
_RATE = "the rate belongs to the gradient alone"
_FORGOTTEN = "the velocity is forgotten: this is plain gradient descent"

# fmt: off
momentum_step = exercise("momentum_step", 5, momentum_step_, [
    (3, "w moves by the new velocity", equals(_step_cases, part=0)),
    (1, "the new velocity is returned", equals(_step_cases, part=1)),
    (1, "w, dw and v are left as they were", unchanged(_step_cases)),
], mistakes=[
    (_SIGN, ("w + new", "w - new")),
    (_SIGN, (_V, "momentum * v + rate * dw"), ("w + new", ["w + new", "w - new"])),
    ("w moves by the old velocity: update v first", ("w + new", "w + v")),
    (_FORGOTTEN, (_V, "-rate * dw"), {"keeps": 0}),
    (_RATE, (_V, "momentum * v - dw"), ("w + new, new", ["w + rate * new, new", "w + rate * new, rate * new"])),
    ("the velocity loses no speed: multiply it by momentum", (_V, "v - rate * dw")),
    ("the gradient is weighted by 1 - momentum: here it is not", (_V, "momentum * v - (1 - momentum) * rate * dw")),
    ("the rate is missing", (_V, "momentum * v - dw")),
    ("momentum and the rate are swapped", (_V, "rate * v - momentum * dw")),
    ("the old velocity is returned", (", new", ", v")),
], returns="(w, v)")
# fmt: on


def rmsprop_step_(w, dw, cache, rate, decay, epsilon):
    """One step of RMSProp: returns the new w and the new running mean of dw²."""
    new = decay * cache + (1 - decay) * dw**2
    return w - rate * dw / np.sqrt(new + epsilon), new


def _rms_cases(rng):
    epsilons = (1e-2, 0.3, 0.5, 1e-4, 1e-8, 0.2)
    return [(w, dw, abs(c), rate, d, e) for (w, dw, c, rate, d), e in zip(_step_cases(rng), epsilons)]


_ROOT, _MEAN = "np.sqrt(new + epsilon)", "decay * cache + (1 - decay) * dw**2"

# fmt: off
rmsprop_step = exercise("rmsprop_step", 5, rmsprop_step_, [
    (3, "each weight's step is divided by the root of its running mean square", equals(_rms_cases, part=0)),
    (1, "the new running mean is returned", equals(_rms_cases, part=1)),
    (1, "w, dw and cache are left as they were", unchanged(_rms_cases)),
], mistakes=[
    ("epsilon is outside the root: here it stands inside, sqrt(cache + epsilon)", (_ROOT, "(np.sqrt(new) + epsilon)")),
    ("epsilon is missing", (" + epsilon", "")),
    ("the decay is swapped: decay * cache + (1 - decay) * dw²", (_MEAN, "(1 - decay) * cache + decay * dw**2")),
    ("the root is missing", (_ROOT, "(new + epsilon)")),
    ("the gradient is not squared in the running mean", ("dw**2", ["dw", "abs(dw)"])),
    ("squares are added up, none is forgotten: this is AdaGrad", (_MEAN, "cache + dw**2")),
    ("the factor 1 - decay is missing", ("(1 - decay) * ", "")),
    ("the old running mean is used: update it first", ("new + epsilon", "cache + epsilon")),
    ("it goes uphill: w - rate * …", ("w - rate", "w + rate")),
    ("the division is missing: this is plain gradient descent", (f" / {_ROOT}", ""), {"keeps": 0}),
    ("the old running mean is returned", (", new", ", cache")),
], returns="(w, cache)")
# fmt: on
