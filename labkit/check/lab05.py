"""Lab 5, the two-layer network: what is asked in each exercise, and the mistakes that are known."""

import numpy as np

from labkit.check.compare import equals, misfit, part, same, unchanged
from labkit.check.source import loops
from labkit.check.verdict import exercise

GRADS = '(loss, grads), with grads a dict that has "W1", "b1", "W2" and "b2"'
NAMES = ("W1", "b1", "W2", "b2")


def _network(rng, n, d, h, c, dtype=float):
    """X, W1, b1, W2, b2: about half of the hidden units are active, none is near its kink."""
    while True:
        arrays = [rng.normal(size=shape) for shape in [(n, d), (d, h), (h,), (h, c), (c,)]]
        X, W1, b1, *_ = arrays
        if abs(X @ W1 + b1).min() > 1e-3:
            return tuple(a.astype(dtype) for a in arrays)


def _score_cases(rng):
    sizes = [(5, 4, 10, 3), (1, 3, 4, 2), (6, 5, 3, 7), (4, 4, 4, 4)]
    return [_network(rng, *size) for size in sizes] + [_network(rng, 6, 5, 8, 4, np.float32)]


def _cases(rng):
    cases = []
    for i, (X, *weights) in enumerate(_score_cases(rng)):
        y = rng.integers(0, len(weights[3]), len(X)).astype([np.int64, np.int32, np.uint8][i % 3])
        cases.append((X, y, *weights))
    return cases


def _score_lab(rng):
    return _network(rng, 5, 4, 10, 3)


def _lab(rng):
    X, *weights = _score_lab(rng)
    return (X, rng.integers(0, 3, 5), *weights)


def _no_loops(answer):
    return next(iter(loops(answer.function)), None)


# ------------------------------------------------------------------------------------------ scores


def two_layer_scores_(X, W1, b1, W2, b2):
    """Scores of a two-layer network: X (N, D), W1 (D, H), b1 (H,), W2 (H, C), b2 (C,) -> (N, C)."""
    return np.maximum(0, X @ W1 + b1) @ W2 + b2


def _softmax(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


two_layer_scores = exercise(
    "two_layer_scores",
    points=10,
    answer=two_layer_scores_,
    criteria=[
        (
            7,
            "affine, ReLU, affine",
            equals(
                _score_cases,
                two_layer_scores_,
                mistakes=[
                    (
                        "ReLU is missing: without it two layers are one linear classifier",
                        lambda X, W1, b1, W2, b2: (X @ W1 + b1) @ W2 + b2,
                    ),
                    (
                        "ReLU on the scores too: they may be negative",
                        lambda X, W1, b1, W2, b2: np.maximum(0, np.maximum(0, X @ W1 + b1) @ W2 + b2),
                    ),
                    (
                        "ReLU on the scores, where it belongs on the hidden layer",
                        lambda X, W1, b1, W2, b2: np.maximum(0, (X @ W1 + b1) @ W2 + b2),
                    ),
                    ("b1 is missing", lambda X, W1, b1, W2, b2: np.maximum(0, X @ W1) @ W2 + b2),
                    ("b2 is missing", lambda X, W1, b1, W2, b2: np.maximum(0, X @ W1 + b1) @ W2),
                    ("both biases are missing", lambda X, W1, b1, W2, b2: np.maximum(0, X @ W1) @ W2),
                    (
                        "b1 is added after ReLU: it belongs inside",
                        lambda X, W1, b1, W2, b2: (np.maximum(0, X @ W1) + b1) @ W2 + b2,
                    ),
                    (
                        "ReLU on the wrong array: on X W1 + b1, not on the images",
                        lambda X, W1, b1, W2, b2: (np.maximum(0, X) @ W1 + b1) @ W2 + b2,
                    ),
                    (
                        "min instead of max: ReLU keeps what is positive",
                        lambda X, W1, b1, W2, b2: np.minimum(0, X @ W1 + b1) @ W2 + b2,
                    ),
                    (
                        "the absolute value instead of ReLU: negative numbers become 0",
                        lambda X, W1, b1, W2, b2: abs(X @ W1 + b1) @ W2 + b2,
                    ),
                    (
                        "the indicator of ReLU, 0 or 1, instead of its value",
                        lambda X, W1, b1, W2, b2: (X @ W1 + b1 > 0) * 1.0 @ W2 + b2,
                    ),
                    ("a sigmoid instead of ReLU", lambda X, W1, b1, W2, b2: 1 / (1 + np.exp(-(X @ W1 + b1))) @ W2 + b2),
                    ("tanh instead of ReLU", lambda X, W1, b1, W2, b2: np.tanh(X @ W1 + b1) @ W2 + b2),
                    (
                        "probabilities: the scores are asked, before softmax",
                        lambda *args: _softmax(two_layer_scores_(*args)),
                    ),
                    (
                        "this is the hidden layer: the second layer is missing",
                        lambda X, W1, b1, W2, b2: np.maximum(0, X @ W1 + b1),
                    ),
                ],
                lab=_score_lab,
            ),
        ),
        (2, "for all images at once, without a loop", _no_loops),
        (1, "X and the parameters are left as they were", unchanged(_score_cases)),
    ],
)

# --------------------------------------------------------------------------------------- gradients


def two_layer_gradients_(X, y, W1, b1, W2, b2, reg=0.0):
    """Loss and gradients of a two-layer network -> (loss, dict of "W1", "b1", "W2", "b2")."""
    N = len(y)
    hidden = np.maximum(0, X @ W1 + b1)
    scores = hidden @ W2 + b2
    scores -= scores.max(axis=1, keepdims=True)
    e = np.exp(scores)
    total = e.sum(axis=1, keepdims=True)
    loss = np.mean(np.log(total[:, 0]) - scores[np.arange(N), y]) + 0.5 * reg * (np.sum(W1**2) + np.sum(W2**2))
    dscores = e / total
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


def _loss(X, y, W1, b1, W2, b2):
    return two_layer_gradients_(X, y, W1, b1, W2, b2)[0]


def _wrong(of_dhidden=None, hidden=None, dscores=None, back=lambda W2: W2.T, divide=True):
    """A backward pass with one piece replaced; returns a function of the name of the gradient."""

    def gradient(name):
        def of(X, y, W1, b1, W2, b2):
            z = X @ W1 + b1
            h = np.maximum(0, z)
            S = h @ W2 + b2
            Y = np.eye(S.shape[1])[y]
            d = (dscores or (lambda P, Y: P - Y))(_softmax(S), Y) / (len(y) if divide else 1)
            dh = d @ back(W2)
            dz = (of_dhidden or (lambda dh, z: dh * (z > 0)))(dh, z)
            return {
                "W1": X.T @ dz,
                "b1": dz.sum(axis=0),
                "W2": (hidden or (lambda h, z: h))(h, z).T @ d,
                "b2": d.sum(axis=0),
            }[name]

        return of

    return gradient


_COMMON = [
    ("the mean is missing: the loss is a mean over N images, so divide by N", _wrong(divide=False)),
    ("the 1 of the right class is not subtracted", _wrong(dscores=lambda P, Y: P)),
    ("1 is added for the right class, where it is subtracted", _wrong(dscores=lambda P, Y: P + Y)),
    ("the sign: the gradient points uphill", _wrong(dscores=lambda P, Y: Y - P)),
    (
        "only the 1 of the right class is divided by N, or only the probabilities are: divide the difference",
        _wrong(dscores=lambda P, Y: P - Y * len(Y)),
    ),
]
_OF_LAYER_1 = [
    ("the mask of ReLU is missing: where a unit was 0, no gradient comes through", _wrong(of_dhidden=lambda dh, z: dh)),
    (
        "the mask of ReLU is on the wrong array: it asks where the hidden unit was positive, not its gradient",
        _wrong(of_dhidden=lambda dh, z: np.maximum(0, dh)),
    ),
    (
        "the mask of ReLU is the wrong way round: the gradient passes where the unit was positive",
        _wrong(of_dhidden=lambda dh, z: dh * (z <= 0)),
    ),
    (
        "multiplied by the hidden units themselves: the derivative of ReLU is 1 where they are positive",
        _wrong(of_dhidden=lambda dh, z: dh * np.maximum(0, z)),
    ),
]
_OF_W2 = [
    (
        "before ReLU: dW2 takes what entered the second layer, the hidden units after ReLU",
        _wrong(hidden=lambda h, z: z),
    ),
    ("the mask of the hidden units instead of their values", _wrong(hidden=lambda h, z: (z > 0) * 1.0)),
]
_AS_MEAN = [
    (
        "divided by N a second time: the mean is in dscores already, so the biases sum over the images",
        lambda name: lambda *args: two_layer_gradients_(*args)[1][name] / len(args[1]),
    )
]


def _gradient(name, mistakes):
    def right(*args):
        return two_layer_gradients_(*args)[1][name]

    return part(1, GRADS, part(name, GRADS, equals(_cases, right, [(text, f(name)) for text, f in mistakes], lab=_lab)))


_LOSS_MISTAKES = [
    ("the sign: log p is negative, the loss is minus its mean", lambda *args: -_loss(*args)),
    ("a sum where a mean over the images is asked", lambda *args: len(args[1]) * _loss(*args)),
    (
        "ReLU is missing: without it two layers are one linear classifier",
        lambda X, y, W1, b1, W2, b2: -np.mean(np.log(_softmax((X @ W1 + b1) @ W2 + b2))[np.arange(len(y)), y]),
    ),
    (
        "probability instead of log-probability: the log is missing",
        lambda X, y, *weights: -np.mean(_softmax(two_layer_scores_(X, *weights))[np.arange(len(y)), y]),
    ),
    (
        "the mean over images and classes: only the right class of each image counts, so divide by N",
        lambda *args: _loss(*args) / len(args[5]),
    ),
]


def _penalised(answer):
    """What `reg` adds to the loss and to each gradient, whatever they are without it."""
    for X, y, *weights in _cases(answer.rng())[:4]:
        reg = 0.7
        with_, without = answer(X, y, *weights, reg), answer(X, y, *weights, 0.0)
        if with_.error or without.error:
            return with_.error or without.error
        if not all(
            isinstance(o.value, (tuple, list)) and len(o.value) == 2 and isinstance(o.value[1], dict)
            for o in (with_, without)
        ):
            return f"it does not return {GRADS}"
        (loss, grads), (loss0, grads0) = with_.value, without.value
        W1, b1, W2, b2 = (w.astype(float) for w in weights)
        both, biases = np.sum(W1**2) + np.sum(W2**2), np.sum(b1**2) + np.sum(b2**2)
        problem = _named(
            loss - loss0,
            {
                None: 0.5 * reg * both,
                "the penalty is missing in the loss: reg changes nothing": 0 * both,
                "the factor ½ of the penalty is missing in the loss": reg * both,
                "the penalty on the biases: only W1 and W2 are penalised": 0.5 * reg * (both + biases),
                "only W1 is penalised in the loss": 0.5 * reg * np.sum(W1**2),
                "only W2 is penalised in the loss": 0.5 * reg * np.sum(W2**2),
                "the penalty is not squared": 0.5 * reg * (W1.sum() + W2.sum()),
                "the penalty is divided by N: it is no mean over images": 0.5 * reg * both / len(y),
            },
            "what reg adds to the loss is not right",
        )
        if problem:
            return problem
        for name, w in zip(NAMES, (W1, b1, W2, b2)):
            of_w = misfit(grads[name], w)
            if of_w:
                return of_w
            right = reg * w if name[0] == "W" else 0 * w
            known = {
                None: right,
                f"the penalty is missing in the gradient of {name}": 0 * w,
                f"the penalty counts twice in the gradient of {name}: the 2 of the derivative and the ½ cancel": 2
                * reg
                * w,
                f"the penalty is subtracted in the gradient of {name}": -reg * w,
            }
            if name[0] == "b":
                known = {None: right, "the penalty on the biases: only W1 and W2 are penalised": reg * w}
            problem = _named(
                np.asarray(grads[name]) - grads0[name], known, f"what reg adds to the gradient of {name} is not right"
            )
            if problem:
                return problem
    return None


def _named(added, known, otherwise):
    return next(
        (text for text, value in known.items() if same(np.asarray(added, float), np.asarray(value), 1e-5)), otherwise
    )


def _any_scores(answer):
    X, y, W1, b1, W2, b2 = _cases(answer.rng())[0]
    for shift in (5e3, -5e3):
        outcome = answer(X, y, W1, b1, W2, b2 + shift)
        if outcome.error:
            return outcome.error
        if not same(np.asarray(outcome.value[0]), np.asarray(_loss(X, y, W1, b1, W2, b2)), 1e-4):
            return "the loss is wrong for scores in the thousands: subtract each row's maximum before exp"
    return None


two_layer_gradients = exercise(
    "two_layer_gradients",
    points=30,
    answer=two_layer_gradients_,
    criteria=[
        (
            4,
            "the loss: the mean over the images of -log p(right class)",
            part(0, GRADS, equals(_cases, _loss, _LOSS_MISTAKES, lab=_lab)),
        ),
        (6, "the gradient with respect to W2", _gradient("W2", _COMMON + _OF_W2)),
        (3, "the gradient with respect to b2", _gradient("b2", _COMMON + _AS_MEAN)),
        (7, "the gradient with respect to W1", _gradient("W1", _COMMON + _OF_LAYER_1)),
        (3, "the gradient with respect to b1", _gradient("b1", _COMMON + _OF_LAYER_1 + _AS_MEAN)),
        (3, "the penalty, on W1 and W2, in the loss and in the gradients", _penalised),
        (1, "scores of any size, no overflow", _any_scores),
        (2, "for all images at once, without a loop", _no_loops),
        (1, "X, y and the parameters are left as they were", unchanged(_cases)),
    ],
)

# ---------------------------------------------------------------------------------------- optimisers


def momentum_step_(w, dw, v, rate, momentum):
    """One step with momentum: returns the new w and the new velocity v."""
    v = momentum * v - rate * dw
    return w + v, v


def _step_cases(rng):
    return [
        (rng.normal(size=shape), rng.normal(size=shape), abs(rng.normal(size=shape)), rate, share)
        for shape, rate, share in [((3, 4), 0.1, 0.9), ((5,), 0.7, 0.5), ((2, 2, 3), 0.03, 0.99)]
    ]


_MOMENTUM = {
    "the velocity has the wrong sign: v = momentum * v - rate * dw, and w = w + v": (
        lambda w, g, v, r, m: (w - (m * v - r * g), m * v - r * g),
        lambda w, g, v, r, m: (w - (m * v + r * g), m * v + r * g),
        lambda w, g, v, r, m: (w + m * v + r * g, m * v + r * g),
    ),
    "w moves by the old velocity: update v first": (lambda w, g, v, r, m: (w + v, m * v - r * g),),
    "the velocity is forgotten: this is plain gradient descent": (
        lambda w, g, v, r, m: (w - r * g, -r * g),
        lambda w, g, v, r, m: (w - r * g, v),
    ),
    "the rate belongs to the gradient alone": (
        lambda w, g, v, r, m: (w + r * (m * v - g), m * v - g),
        lambda w, g, v, r, m: (w + r * (m * v - g), r * (m * v - g)),
    ),
    "the velocity loses no speed: multiply it by momentum": (lambda w, g, v, r, m: (w + v - r * g, v - r * g),),
    "the gradient is weighted by 1 - momentum: here it is not": (
        lambda w, g, v, r, m: (w + m * v - (1 - m) * r * g, m * v - (1 - m) * r * g),
    ),
    "the rate is missing": (lambda w, g, v, r, m: (w + m * v - g, m * v - g),),
    "momentum and the rate are swapped": (lambda w, g, v, r, m: (w + r * v - m * g, r * v - m * g),),
}


def _place(known, key):
    return [(text, lambda *args, f=f: f(*args)[key]) for text, functions in known.items() for f in functions]


momentum_step = exercise(
    "momentum_step",
    points=5,
    answer=momentum_step_,
    criteria=[
        (
            3,
            "w moves by the new velocity",
            part(0, "(w, v)", equals(_step_cases, lambda *args: momentum_step_(*args)[0], _place(_MOMENTUM, 0))),
        ),
        (
            1,
            "the new velocity is returned",
            part(
                1,
                "(w, v)",
                equals(
                    _step_cases,
                    lambda *args: momentum_step_(*args)[1],
                    [("the old velocity is returned", lambda w, dw, v, rate, momentum: v), *_place(_MOMENTUM, 1)],
                ),
            ),
        ),
        (1, "w, dw and v are left as they were", unchanged(_step_cases)),
    ],
)


def rmsprop_step_(w, dw, cache, rate, decay, epsilon):
    """One step of RMSProp: returns the new w and the new running mean of dw²."""
    cache = decay * cache + (1 - decay) * dw**2
    return w - rate * dw / np.sqrt(cache + epsilon), cache


def _rms_cases(rng):
    return [(*case, epsilon) for case, epsilon in zip(_step_cases(rng), (1e-2, 0.3, 1e-8))]


def _rms(c, of=lambda c, e: np.sqrt(c + e)):
    """A step of RMSProp with another running mean `c`, or another divisor."""

    def step(w, g, cache, rate, decay, epsilon):
        new = c(cache, g, decay)
        return w - rate * g / of(new, epsilon), new

    return step


def _mean_square(c, g, d):
    return d * c + (1 - d) * g**2


_RMSPROP = {
    "epsilon is outside the root: here it stands inside, sqrt(cache + epsilon)": (
        _rms(_mean_square, lambda c, e: np.sqrt(c) + e),
    ),
    "epsilon is missing": (_rms(_mean_square, lambda c, e: np.sqrt(c)),),
    "the decay is swapped: decay * cache + (1 - decay) * dw²": (_rms(lambda c, g, d: (1 - d) * c + d * g**2),),
    "the root is missing": (_rms(_mean_square, lambda c, e: c + e),),
    "the gradient is not squared in the running mean": (
        _rms(lambda c, g, d: d * c + (1 - d) * g),
        _rms(lambda c, g, d: d * c + (1 - d) * abs(g)),
    ),
    "squares are added up, none is forgotten: this is AdaGrad": (_rms(lambda c, g, d: c + g**2),),
    "the factor 1 - decay is missing": (_rms(lambda c, g, d: d * c + g**2),),
    "the old running mean is used: update it first": (
        lambda w, g, c, r, d, e: (w - r * g / np.sqrt(c + e), _mean_square(c, g, d)),
    ),
    "it goes uphill: w - rate * …": (
        lambda w, g, c, r, d, e: (w + r * g / np.sqrt(_mean_square(c, g, d) + e), _mean_square(c, g, d)),
    ),
    "the division is missing: this is plain gradient descent": (
        lambda w, g, c, r, d, e: (w - r * g, _mean_square(c, g, d)),
    ),
}

rmsprop_step = exercise(
    "rmsprop_step",
    points=5,
    answer=rmsprop_step_,
    criteria=[
        (
            3,
            "each weight's step is divided by the root of its running mean square",
            part(0, "(w, cache)", equals(_rms_cases, lambda *args: rmsprop_step_(*args)[0], _place(_RMSPROP, 0))),
        ),
        (
            1,
            "the new running mean is returned",
            part(
                1,
                "(w, cache)",
                equals(
                    _rms_cases,
                    lambda *args: rmsprop_step_(*args)[1],
                    [("the old running mean is returned", lambda w, dw, cache, *_: cache), *_place(_RMSPROP, 1)],
                ),
            ),
        ),
        (1, "w, dw and cache are left as they were", unchanged(_rms_cases)),
    ],
)
