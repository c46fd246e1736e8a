"""Lab 3, the numerical gradient and gradient descent: what is asked, and the mistakes that are known."""

import numpy as np

from labkit.check.answer import Misuse, a_type
from labkit.check.compare import misfit, same
from labkit.check.criteria import watched
from labkit.check.exercise import exercise

# ---------------------------------------------------------------------------- numerical gradient


class _Probe:
    """A function of an array that writes down where it is evaluated: that tells what an answer does."""

    def __init__(self, x, value, slope):
        self.x, self.value, self.slope, self.points = x, value, slope(x), []

    def f(self, x):
        if not isinstance(x, np.ndarray) and np.ndim(x) == 0 and self.x.ndim == 0:
            x = np.asarray(x)
        if not isinstance(x, np.ndarray):
            raise Misuse("f is called with something that is not an array: it takes the whole of x")
        if x.shape != self.x.shape:
            raise Misuse(
                f"f is called with an array of shape {x.shape}: it takes the whole of x, here of shape {self.x.shape}"
            )
        if x.dtype.kind == "c":
            raise Misuse("f is called with complex numbers: central differences are asked")
        if len(self.points) > 20 * self.x.size + 50:
            raise Misuse("f is called again and again: two evaluations for each entry of x are enough")
        self.points.append(np.array(x, dtype=float))
        return self.value(x)

    def moves(self):
        """For each evaluation how far every entry is from where it was at the start, (calls, size)."""
        return np.array([(p - self.x).ravel() for p in self.points]).reshape(len(self.points), -1)


def _coupled(rng, shape):
    """A smooth function whose entries depend on each other, with a slope of order 1 everywhere; one entry is 0."""
    x = rng.uniform(0.5, 1.5, size=shape)
    x[(0,) * x.ndim] *= x.size == 1
    a, b = rng.uniform(1, 2, size=shape), rng.uniform(0.2, 0.6, size=shape)
    return _Probe(
        x, lambda x: np.sum(a * np.sin(x)) + np.sum(b * x) ** 2, lambda x: a * np.cos(x) + 2 * b * np.sum(b * x)
    )


def _curved(rng):
    """Strongly curved in each entry alone: forward differences err by h/2 times a curvature of 20 or more."""
    a = rng.uniform(10, 15, size=(2, 3))
    return _Probe(rng.uniform(0.5, 1, size=(2, 3)), lambda x: np.sum(a * x**2), lambda x: 2 * a * x)


def _mixed(rng):
    """Entries of all magnitudes, steep and flat slopes of both signs."""
    x = np.array([0.0, -3e4, 0.02, 1e5, -7.0, 1e-4])
    a = np.array([1.0, -200.0, 0.01, 30.0, -5.0, 0.3])
    return _Probe(x, lambda x: np.sum(a * np.sin(x)), lambda x: a * np.cos(x))


def _seen(call, probe):
    """Direction and size of the gradient, or what is wrong with it."""
    value = call(probe.f, probe.x.copy())
    if isinstance(value, tuple):
        return f"it returns {len(value)} values (a tuple): return the gradient alone"
    if not probe.points:
        return "f is never called"
    steps = probe.moves()
    moved = abs(steps) > 1e-15 * (1 + abs(probe.x.ravel()))  # put back by subtraction it may be off in its last digit
    if not moved.any():
        return "f is evaluated at x itself every time: what is moved is not in the array that f gets"
    wrong_kind = misfit(value, probe.slope)
    if wrong_kind:
        return wrong_kind
    got = np.asarray(value, dtype=float)
    if not same(got, probe.slope, 1e-4):
        wrong = _told(got, probe, moved)
        if wrong:
            return wrong
    size = abs(got).max()
    return [got / size, np.log(size)]


def _told(got, probe, moved):
    if moved[0].all() and probe.x.size > 1:
        return "all entries of x are moved at once: a partial derivative moves one and keeps the others"
    if (got == 0).all():
        return "the gradient stays zero: nothing is written into it"
    if (got == 0).any():
        return "some entries of the gradient are never computed"
    if (got != got).any() or (abs(got) == np.inf).any():
        return "it contains NaN or infinite values"
    if moved.sum(axis=1).max() > 1:
        return "the entries moved before are not put back, so they are all moved in the end"
    if same(np.sort(got, axis=None), np.sort(probe.slope, axis=None), 1e-5):
        return "right numbers in the wrong order"
    return None


def _slope_of_a_matrix(call, rng):
    """The gradient at a matrix."""
    return _seen(call, _coupled(rng, (3, 4)))


def _slope_of_any_shape(call, rng):
    """The gradients at arrays of other shapes; the first that has other faults, in words."""
    probes = [("a vector", _coupled(rng, (5,))), ("an array of three axes", _coupled(rng, (2, 3, 2)))]
    probes += [("a single number (shape ())", _coupled(rng, ())), ("entries from 0 to 1e5", _mixed(rng))]
    found = []
    for name, probe in probes:
        try:
            seen = _seen(call, probe)
        except Exception as problem:
            seen = str(problem)
        if isinstance(seen, str):
            return f"for {name}: {seen}"
        found += seen
    return found


def _slope_when_curved(call, rng):
    """The gradient where forward differences show."""
    probe = _curved(rng)
    seen = _seen(call, probe)
    steps = probe.moves()
    two_sided = (steps < -1e-13).any() and (steps > 1e-13).any()
    if isinstance(seen, str) or two_sided or not same(seen[0] * np.exp(seen[1]), probe.slope, 1e-4):
        return seen
    side = "forward" if (steps > 1e-13).any() else "backward"
    return f"this is a {side} difference; f(x + h) - f(x - h) has an error of order h² instead of h"


def _uses_h(answer):
    """A criterion: the entries of x are moved by h."""
    reached = []
    for h in (0.125, 0.03125):
        probe = _coupled(answer.rng(), (3, 2))
        outcome = answer(probe.f, probe.x, h=h)
        if outcome.error is not None:
            return outcome.error
        reached.append(abs(probe.moves()).max(axis=0))
    if abs(reached[0].max() / reached[1].max() - 4) > 0.1:
        return "the argument h does not change the step"
    if np.ptp(reached[0]) > 0.01 * reached[0].max():
        return "the step is h itself, as long for a large entry of x as for a small one"
    return "the step is not h" if not 0.2 < reached[0].max() / 0.125 < 5 else None


def _restored(answer):
    """A criterion: x is put back."""
    probe = _coupled(answer.rng(), (3, 4))
    outcome = answer(probe.f, probe.x)
    if not (abs(outcome.args[1] - probe.x) <= 1e-9).all():
        return "an entry is not put back after it was moved: x is another array when the gradient is done"
    return None


def numerical_gradient_(f, x, h=1e-6):
    """Central differences: f a function of an array like x -> an array shaped like x."""
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        old = x[place]
        x[place] = old + h
        above = f(x)
        x[place] = old - h
        below = f(x)
        x[place] = old
        gradient[place] = (above - below) / (2 * h)
    return gradient


_HALF = "half of the gradient: f(x + h) - f(x) is divided by 2h, but only one of the two is moved by h"

# fmt: off
numerical_gradient = exercise("numerical_gradient", 10, numerical_gradient_, [
    (4, "the slope of f in every entry of a matrix",
     watched(_slope_of_a_matrix, "it is not the slope of f", tolerance=1e-4)),
    (1, "and of arrays of any other shape", watched(_slope_of_any_shape, "it is not the slope of f", tolerance=1e-4)),
    (2, "central differences",
     watched(_slope_when_curved, "the error is larger than that of central differences", tolerance=1e-7)),
    (1, "h is the step", _uses_h),
    (2, "x is afterwards as it was before", _restored),
], mistakes=[
    *((_HALF, (f"old {sign} h", "old")) for sign in "-+"),
    ("half of the gradient: divided by twice the points' distance", ("2 * h", "4 * h")),
    ("twice the gradient: f(x + h) - f(x - h) is divided by h, their distance is 2h", ("2 * h", "h")),
    ("the sign: it is f(x + h) - f(x - h), not the other way round", ("above - below", "below - above")),
    ("the difference is not divided by the step", (" / (2 * h)", ["", " / 2"])),
    ("/ 2 * h divides by 2 and then multiplies by h: write / (2 * h)", ("/ (2 * h)", "/ 2 * h")),
    ("/ h * 2 divides by h and then multiplies by 2: write / (2 * h)", ("/ (2 * h)", "/ h * 2")),
    ("divided by h²: the distance of the two points is 2h", ("2 * h", ["h**2", "2 * h**2"])),
    ("the mean of the two values, where their difference is asked", ("above - below", "above + below")),
    ("the brackets: only f(x - h) is divided", ("(above - below) / (2 * h)", "above - below / (2 * h)"),
     {"keeps": 0.5}),
])
# fmt: on

# ------------------------------------------------------------------------------ gradient descent

_STEPS = 60


class _Walk:
    """A loss and its gradient for `gradient_descent`, with a record of where the gradient was asked for."""

    def __init__(self, rng):
        self.scale = 10.0 ** np.array([[4, -1], [0, 2], [1, 3]])  # steep and flat
        self.start = self.scale * rng.uniform(0.5, 1.5, size=(3, 2)) * np.array([-1, 1])
        self.curvature = rng.uniform(0.005, 0.05, size=(3, 2))  # so slow that 1,000 steps are all different
        self.centre = self.scale * rng.normal(size=(3, 2))
        self.visited = []

    def loss(self, W):
        return 0.5 * np.sum(self.curvature * (W - self.centre) ** 2)

    def gradient(self, loss, W):
        # twice the gradient of the loss: an answer that ignores this function goes another way
        if isinstance(loss, np.ndarray) or not callable(loss):
            raise Misuse("gradient is called with its arguments swapped: it is gradient(loss, W)")
        if not isinstance(W, np.ndarray) or W.shape != self.start.shape:
            raise Misuse("gradient is called with something else than the weights: it is gradient(loss, W)")
        if len(self.visited) > 5000:
            raise Misuse("gradient is called again and again: one evaluation for each step is enough")
        self.visited.append(W.copy())
        return 2 * self.curvature * (W - self.centre)

    def run(self, call, step_size, steps):
        return call(self.loss, self.gradient, self.start.copy(), step_size, steps)

    def places(self):
        """Where the gradient was evaluated, (places, *W.shape), without repetitions of the same place."""
        visited = np.array(self.visited).reshape(-1, *self.start.shape)
        moved = (visited[1:] != visited[:-1]).any(axis=(1, 2))
        return visited[np.concatenate([[True], moved])] if len(visited) else visited


def _steps_seen(call, rng):
    """The places from which steps are taken, in the order of the steps."""
    walk = _Walk(rng)
    if walk.run(call, 0.1, _STEPS) is None:
        return "it returns nothing (None): is the `return` missing?"
    places = walk.places()
    if not len(places):
        return "the function gradient that is handed over is never called"
    if not same(places[0] / walk.scale, walk.start / walk.scale, 1e-9):
        return "the first gradient is not taken at the start W"
    if len(places) == 1 < len(walk.visited):
        return "the gradient is taken at the start only: take it anew at each step, where W is by then"
    if len(places) > 1 and same(places[1], -0.2 * walk.curvature * (places[0] - walk.centre), 1e-9):
        return "the old W is lost: W = W - step_size * gradient"
    if len(places) < _STEPS - 1:
        return f"it stops too early: {len(places)} of {_STEPS} steps"
    return list(places[: _STEPS - 1] / walk.scale)


def _path_seen(call, rng):
    """The matrices that are returned."""
    walk = _Walk(rng)
    path = walk.run(call, 0.1, _STEPS)
    if isinstance(path, tuple) and len(path) == 2:
        return ["two values"]
    if isinstance(path, np.ndarray) and path.shape == walk.start.shape:
        return [path / walk.scale]
    if not isinstance(path, (list, tuple, np.ndarray)):
        return f"a list is asked, not {a_type(path)}"
    if all(np.ndim(W) == 0 for W in path):
        return [np.array(path, dtype=float)]
    if any(np.shape(W) != walk.start.shape for W in path):
        return "the list holds other things than weight matrices shaped like W"
    if abs(len(path) - _STEPS - 1) > 1:
        return f"{len(path):,} matrices, where {_STEPS} steps from the start make {_STEPS + 1}"
    return [W / walk.scale for W in path]


def _obeys_arguments(answer):
    """A criterion: the length and the number of the steps are those that are handed over."""
    for step_size, steps in [(0.3, 7), (0.05, 1000)]:
        walk, right = _Walk(answer.rng()), _Walk(answer.rng())
        outcome = walk.run(answer, step_size, steps)
        if outcome.error is not None:
            return outcome.error
        right.run(answer.right, step_size, steps)
        places, wanted = walk.places(), right.places()
        if not steps - 1 <= len(places) <= steps + 2:
            return "the number of steps does not follow the argument steps"
        n = min(len(places), len(wanted))
        if not same(places[:n] / walk.scale, wanted[:n] / walk.scale, 1e-9):
            return "the length of the steps does not follow the argument step_size"
    return None


def _start_kept(answer):
    """A criterion: W is left as it was."""
    if 2 in _Walk(answer.rng()).run(answer, 0.1, 5).changed:
        return "the caller's W is changed in place (-=): W = W - … makes a new one"
    return None


def gradient_descent_(loss, gradient, W, step_size, steps):
    """The weights at each step, from W on: a list of steps + 1 matrices."""
    path = [W]
    for _ in range(steps):
        W = W - step_size * gradient(loss, W)
        path.append(W)
    return path


_STEP, _G = "step_size * gradient(loss, W)", "gradient(loss, W)"

gradient_descent = exercise(
    "gradient_descent",
    10,
    gradient_descent_,
    [
        (
            5,
            "each step goes from W to W - step_size * gradient(loss, W)",
            watched(_steps_seen, "a step is not W - step_size * gradient(loss, W)"),
        ),
        (
            3,
            "returned are all steps + 1 matrices, the start first",
            watched(_path_seen, "its entries are not the matrices that were visited, in order", forgiving=True),
        ),
        (1, "step_size and steps are those of the arguments", _obeys_arguments),
        (1, "the start W is left as it was", _start_kept),
    ],
    mistakes=[
        ("it goes uphill: W = W - step_size * gradient, with a minus", ("W - step_size", "W + step_size")),
        ("step_size is not used: W = W - step_size * gradient", ("step_size * ", "")),
        ("the gradient is divided by step_size: W = W - step_size * gradient", (_STEP, f"{_G} / step_size")),
        (
            "the start in the list is changed by -=: put a copy there",
            ("path = [W]", "W = W.copy()\n    path = [W]"),
            ("W = W - " + _STEP + "\n        path.append(W)", "W -= " + _STEP + "\n        path.append(W.copy())"),
        ),
        ("the gradient is brought to length 1: its length belongs to the step", (_G, f"{_G} / np.linalg.norm({_G})")),
        ("only the sign of the gradient is used: its length belongs to the step", (_G, f"np.sign({_G})")),
        (
            "long steps are cut: the step is step_size times the gradient, however long",
            (
                _G,
                [f"np.clip({_G}, -{k}, {k})" for k in (5, 10, 100)]
                + [f"{_G} * min(1, {k} / np.linalg.norm({_G}))" for k in (5, 10, 100)],
            ),
        ),
        (
            "all its entries are one and the same array: -= changes W in place, so append a copy or a new W",
            ("path = [W]", "W = W.copy()\n    path = [W]"),
            ("W = W - ", "W -= "),
        ),
        ("the start is missing: steps + 1 matrices are asked", ("[W]", "[]")),
        ("the last matrix is missing: steps + 1 matrices are asked", ("return path", "return path[:-1]")),
        ("a step too many: steps + 1 matrices are asked", ("range(steps)", "range(steps + 1)")),
        (
            "only one matrix is returned: all steps + 1 are asked, the start first",
            ("return path", "return path[-1]"),
            {"keeps": 0},
        ),
        (
            "two values are returned: the list of matrices alone is asked",
            ("return path", ["return path, W", "return W, path", "return path, [loss(W) for W in path]"]),
        ),
        (
            "the list holds the losses: the weight matrices are asked",
            ("[W]", "[loss(W)]"),
            ("append(W)", "append(loss(W))"),
            {"keeps": 0},
        ),
        (
            "the last matrix comes first: the start first, in the order of the steps",
            ("return path", "return path[::-1]"),
        ),
        (
            "the gradients are in the list: the weights are asked",
            ("append(W)", "append(gradient(loss, path[-1]))"),
            {"keeps": 0},
        ),
    ],
)
