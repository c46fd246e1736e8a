"""Lab 9, convergence, with full gradients: what is asked in each exercise, and the mistakes that are known."""

import numpy as np

from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise
from labkit.check.runtime_loops import no_loop
from labkit.check.two_curves import two_curves

# -------------------------------------------------------------------------------------- the model


def proximal_model_(points, w_t, value, gradient, lam):
    """The proximal model at K points: points (K, D), w_t and gradient (D,), value and lam numbers -> (K,)."""
    away = points - w_t
    tangent = value + away @ gradient
    price = lam / 2 * np.sum(away**2, axis=1)
    return tangent + price


def _model(rng, k, d, dtype=float, value=-1.5, lam=3.0, far=1.0):
    arrays = far * rng.normal(size=(k, d)), rng.normal(size=d), rng.normal(size=d)
    points, w_t, gradient = (array.astype(dtype) for array in arrays)
    return points, w_t, value, gradient, lam


def _models(rng):
    sizes = [(5, 3), (4, 4), (1, 6), (7, 1)]
    cases = [_model(rng, *size, lam=lam) for size, lam in zip(sizes, (3.0, 0.25, 2, 40.0))]
    return cases + [_model(rng, 1200, 2, value=7, far=1e3), _model(rng, 6, 5, np.float32)]


proximal_model = exercise(
    "proximal_model",
    4,
    proximal_model_,
    [
        (6, "the tangent plane and the price, at each point", equals(_models)),
        (1, "for all points at once, without a loop", no_loop(lambda rng, n, d, c: _model(rng, n, d))),
        (1, "points, w_t and gradient are left as they were", unchanged(_models)),
    ],
    mistakes=[
        ("the price of going far is missing", (" + price", ""), {"keeps": 0}),
        ("the tangent plane is missing", ("tangent + price", "price"), {"keeps": 0}),
        ("the value f(w_t) is missing", ("value + ", "")),
        ("the factor ½ is missing: the price is lam / 2 times the square", ("lam / 2", "lam")),
        ("the price is divided by lam, where it is multiplied", ("lam / 2", "1 / (2 * lam)")),
        ("the price asks for the square of the distance", ("away**2, axis=1)", "away**2, axis=1) ** 0.5")),
        ("the distances from 0 are in the price: it is that from w_t", ("np.sum(away**2", "np.sum(points**2")),
        ("the inner product takes w - w_t, not w", ("away @ gradient", "points @ gradient")),
        ("the sign of the inner product: it takes w - w_t, not w_t - w", ("points - w_t", "w_t - points")),
        ("one sum over all points: each row has its own, axis=1", ("away**2, axis=1", "away**2")),
        ("the squares are added over the points: over the coordinates, axis=1", ("axis=1", "axis=0")),
        ("a mean over the coordinates, where the square of the length is their sum", ("np.sum(away", "np.mean(away")),
    ],
)


def proximal_minimum_(w_t, gradient, lam):
    """Where the proximal model is lowest: w_t and gradient (D,), lam a number -> (D,)."""
    return w_t - gradient / lam


def _minima(rng):
    return [(w_t, gradient, lam) for _, w_t, _, gradient, lam in _models(rng)]


proximal_minimum = exercise(
    "proximal_minimum",
    3,
    proximal_minimum_,
    [
        (5, "the point at which the model's gradient is zero", equals(_minima)),
        (1, "w_t and gradient are left as they were", unchanged(_minima)),
    ],
    mistakes=[
        ("uphill: the step goes against the gradient", ("w_t - gradient", "w_t + gradient")),
        ("lam is no step size but the inverse of one", ("/ lam", "* lam")),
        ("lam is missing", (" / lam", "")),
        ("this is the step, without the point it starts from", ("w_t - ", "-"), {"keeps": 0}),
        ("the 2 of the derivative and the ½ of the price cancel", ("/ lam", ["/ (2 * lam)", "* 2 / lam"])),
        ("w_t is divided by lam too", ("w_t - gradient / lam", "(w_t - gradient) / lam")),
        ("the gradient is brought to length 1", ("gradient /", "gradient / np.sqrt(np.sum(gradient**2)) /")),
        ("only the sign of the gradient is used", ("gradient /", "np.sign(gradient) /")),
    ],
)

# ------------------------------------------------------------------------ descent, and the lemma


def subgradient_descent_(subgradient, w, eta, T):
    """T steps from w -> W (T + 1, ...) points, V (T, ...) subgradients, the average of w_1 to w_T."""
    W, V = [np.array(w, dtype=float)], []
    for _ in range(T):
        V.append(subgradient(W[-1]))
        W.append(W[-1] - eta * V[-1])
    W, V = np.array(W), np.array(V)
    average = W[:-1].mean(axis=0)
    return W, V, average


def _descents(rng):
    c, scale = rng.normal(size=(3, 4)), np.array([1.0, 5.0, 0.2])
    return [
        (lambda w: np.sign(w - 0.3), np.array([2.0]), 0.7, 9),
        (lambda w: scale * w + 1, rng.normal(size=3), 0.3, 6),
        (lambda w: 2 * (w - c), rng.normal(size=(3, 4)), 0.2, 5),
        (lambda w: w, rng.normal(size=5), 1.5, 4),  # hands the point itself back
        (lambda w: np.sign(w), rng.normal(size=2), 0.01, 1100),
        (lambda w: 1 + w**2, rng.normal(size=2), 0.1, 1),
    ]


_ONE_ARRAY = """
def in_place(subgradient, w, eta, T):
    w = np.array(w, dtype=float)
    W, V, total = [w], [], 0
    for _ in range(T):
        V.append(np.array(subgradient(w)))
        w -= eta * V[-1]
        W.append(w)
    W = np.array(W)
    return W, np.array(V), W[:-1].mean(axis=0)
"""

subgradient_descent = exercise(
    "subgradient_descent",
    8,
    subgradient_descent_,
    [
        (3, "W: the start and the point after each step", equals(_descents, part=0)),
        (2, "V: the subgradient taken at each point", equals(_descents, part=1)),
        (2, "the average of w_1 to w_T", equals(_descents, part=2)),
        (1, "w is left as it was", unchanged(_descents)),
    ],
    mistakes=[
        ("uphill: a step goes against the subgradient", ("- eta *", "+ eta *")),
        ("eta is missing", ("eta * ", "")),
        (
            "every step takes the subgradient of the start: each point has its own",
            ("subgradient(W[-1])", "subgradient(W[0])"),
        ),
        ("one step too few", ("range(T)", "range(T - 1)")),
        ("one step too many", ("range(T)", "range(T + 1)")),
        ("the start is missing in W: it is the first of T + 1 points", ("return W,", "return W[1:],")),
        ("the point after the last step is missing in W: there are T + 1 points", ("return W,", "return W[:-1],")),
        ("V holds the steps, eta times the subgradients", ("return W, V", "return W, eta * V")),
        ("the average takes in the point after the last step: it is that of w_1 to w_T", ("W[:-1].mean", "W.mean")),
        ("the average leaves out the start and takes in the point after the last step", ("W[:-1].mean", "W[1:].mean")),
        ("a single point, where the average of w_1 to w_T is asked", ("W[:-1].mean(axis=0)", ["W[-1]", "W[-2]"])),
        ("one number: the average runs over the points alone, axis=0", ("mean(axis=0)", "mean()")),
        ("a sum of the points, where their mean is asked", (".mean(axis=0)", ".sum(axis=0)")),
        ("all points of W are one array: w -= … writes into it, w = w - … makes a new one", _ONE_ARRAY),
    ],
    returns="(W, V, average)",
)


def lemma_sides_(W, V, u, eta):
    """Left and right side of the lemma: W (T + 1, D), V (T, D), u (D,), eta a number -> two numbers."""
    left = np.sum((W[:-1] - u) * V)
    start = np.sum((W[0] - u) ** 2) / (2 * eta)
    lengths = eta / 2 * np.sum(V**2)
    return left, start + lengths


def _runs(rng):
    cases = []
    for T, d, eta in [(5, 3, 0.3), (1, 4, 2.0), (4, 4, 0.05), (7, 1, 1), (1500, 2, 0.01)]:
        V, u, w = rng.normal(size=(T, d)), 3 * rng.normal(size=d), rng.normal(size=(1, d))
        cases.append((np.concatenate([w, w - eta * np.cumsum(V, axis=0)]), V, u, eta))
    return cases


lemma_sides = exercise(
    "lemma_sides",
    7,
    lemma_sides_,
    [
        (3, "the left side: the sum of the inner products", equals(_runs, part=0)),
        (3, "the right side: the distance at the start, and the squares of the vectors", equals(_runs, part=1)),
        (1, "W, V and u are left as they were", unchanged(_runs)),
    ],
    mistakes=[
        ("each vector is paired with the point after its step: it was taken at the point before", ("W[:-1]", "W[1:]")),
        ("u is missing on the left", ("(W[:-1] - u)", "W[:-1]")),
        ("the sign of the left side: w_t - u, not u - w_t", ("(W[:-1] - u)", "(u - W[:-1])")),
        ("a mean on the left, where the sum over the steps is asked", ("* V)", "* V) / len(V)")),
        ("one number a step: the left side is their sum", ("* V)", "* V, axis=1)")),
        ("the length of u belongs to a start at 0: the distance of w_1 from u is asked", ("W[0] - u", "u")),
        ("the distance of the last point: on the right stands that of w_1", ("W[0] - u", "W[-1] - u")),
        ("the distance is not squared", ("- u) ** 2)", "- u) ** 2) ** 0.5")),
        ("the factor 2 below the first term is missing", ("(2 * eta)", "eta")),
        ("eta stands below the first term, not before it", ("/ (2 * eta)", "* eta / 2")),
        ("the factor ½ of the second term is missing", ("eta / 2", "eta")),
        ("eta stands before the second term, not below it", ("eta / 2", "1 / (2 * eta)")),
        ("the lengths are not squared", ("np.sum(V**2)", "np.sum(np.sum(V**2, axis=1) ** 0.5)")),
        ("the first term of the right side is missing", ("start + lengths", "lengths")),
        ("the second term of the right side is missing", ("start + lengths", "start")),
        (
            "this is the equation of step 3: the lemma leaves out the last distance",
            ("start + lengths", "start + lengths - np.sum((W[-1] - u) ** 2) / (2 * eta)"),
        ),
    ],
    returns="(left, right)",
)

# ---------------------------------------------------------------------------------------- the rate


def rate_bound_(eta, B, rho, T):
    """The bound on f(average) - f(w*) for any step size: numbers, or arrays that go together."""
    start = B**2 / (2 * eta * T)
    steps = eta * rho**2 / 2
    return start + steps


def _bounds(rng):
    eta, T = rng.uniform(0.01, 2, size=4), np.array([1, 10, 3000])
    return [(0.3, 2.0, 5.0, 7), (2, 3, 1, 100), (eta, 1.7, 0.4, 50), (0.02, 1e3, 30.0, T), (eta[:, None], 4, 9, T)]


rate_bound = exercise(
    "rate_bound",
    3,
    rate_bound_,
    [(1, "both terms", equals(_bounds))],
    mistakes=[
        ("B is not squared", ("B**2", "B")),
        ("rho is not squared", ("rho**2", "rho")),
        ("T is missing in the first term", ("eta * T", "eta")),
        ("the root of T in the first term: it comes in by the best step size only", ("eta * T", "eta * np.sqrt(T)")),
        ("the ½ of the first term is missing", ("(2 * eta * T)", "(eta * T)")),
        ("the ½ of the second term is missing", ("rho**2 / 2", "rho**2")),
        ("eta stands below the first term", ("/ (2 * eta * T)", "* eta / (2 * T)")),
        ("T in the second term: the mean of T squares is asked", ("/ 2\n", ["/ 2 * T\n", "/ 2 / T\n"])),
        ("the first term is missing", ("start + steps", "steps")),
        ("the second term is missing", ("start + steps", "start")),
        ("this is the bound for the best step size: any eta is asked", ("start + steps", "B * rho / np.sqrt(T)")),
    ],
)


def best_step_(B, rho, T):
    """The step size with the smallest bound: numbers, or arrays that go together."""
    return B / (rho * np.sqrt(T))


best_step = exercise(
    "best_step",
    3,
    best_step_,
    [(1, "the step size at which the bound is smallest", equals(lambda rng: [case[1:] for case in _bounds(rng)]))],
    mistakes=[
        ("the root of T is missing", ("np.sqrt(T)", "T")),
        ("T is missing", (" * np.sqrt(T)", "")),
        ("T stands below, in brackets with rho", ("(rho * np.sqrt(T))", "rho * np.sqrt(T)")),
        ("this is the bound itself: rho stands below", ("B / (rho * np.sqrt(T))", "B * rho / np.sqrt(T)")),
        ("upside down", ("B / (rho * np.sqrt(T))", "rho * np.sqrt(T) / B")),
        ("B is missing", ("B /", "1 /")),
        ("rho is missing", ("rho * ", "")),
        ("B and rho are swapped", ("B / (rho", "rho / (B")),
        ("B is squared", ("B /", "B**2 /")),
        ("a factor 2: both terms of the bound have their ½", ("B /", ["2 * B /", "B / 2 /"])),
    ],
)

error_plot = two_curves(
    "error_plot",
    6,
    "the measured errors against the number of steps",
    "the bound beside them, in the same axes",
    ("the errors", "the bound"),
    along=(("step", "iteration", "schritt"), ("error", "loss", "bound", "fehler", "minimum")),
    told=(("measured", "error", "run", "gemessen"), ("bound", "schranke", "theor")),
    data=("cifar", "stand-?in"),
)

# ---------------------------------------------------------------------------- worst case, momentum


def worst_case_(w, B, rho):
    """The worst-case function and a subgradient at w (n,): a number and an array (n,)."""
    n, norm = len(w), np.sqrt(np.sum(w**2))
    flat = rho * w.max()
    cone = rho * norm - rho * B * (1 + 1 / np.sqrt(n))
    v = np.zeros(n)
    v[np.argmax(w)] = rho
    if cone > flat:
        v = rho * w / norm
    return max(flat, cone), v


def _places(rng):
    walked = np.zeros(6)
    walked[:2] = -0.4
    inside = [(np.zeros(4), 2.0, 3.0), (walked, 1.5, 0.5), (rng.normal(size=5), 9.0, 2), (np.array([0.7]), 1, 4)]
    outside = [(-abs(rng.normal(size=n)) - far, 2.0, 3.0) for n, far in [(3, 3), (7, 40), (1, 8), (1000, 1)]]
    places = [
        ([-5.0, 1.0, -4.0], 0.5, 1.3),
        ([-0.3, -0.1, -0.2], 1, 2),
        ([2.5, 3.0, 0.2], 1.5, 0.8),
    ]  # the last: far up
    return inside + outside + [(np.array(w), B, rho) for w, B, rho in places]


worst_case = exercise(
    "worst_case",
    8,
    worst_case_,
    [
        (4, "the value: the larger of the two parts", equals(_places, part=0)),
        (3, "a subgradient: that of the larger part", equals(_places, part=1)),
        (1, "w is left as it was", unchanged(_places)),
    ],
    mistakes=[
        ("rho is missing in the first part", ("rho * w.max()", "w.max()")),
        ("the largest absolute value, where the largest coordinate is asked", ("w.max()", "abs(w).max()")),
        ("the norm is squared", ("np.sqrt(np.sum(w**2))", "np.sum(w**2)")),
        ("the sum of absolute values is another norm", ("np.sqrt(np.sum(w**2))", "np.sum(abs(w))")),
        ("the root of n is missing", ("np.sqrt(n)", "n")),
        ("rho stands before the whole of the second part", ("- rho * B", "- B")),
        ("the 1 of the bracket is missing in the second part", ("(1 + 1 / np.sqrt(n))", "(1 / np.sqrt(n))")),
        ("the second part is missing", ("max(flat, cone)", "flat"), ("cone > flat", "False"), {"keeps": 0}),
        ("min instead of max: the larger part is the value", ("max(flat, cone)", "min(flat, cone)")),
        ("the sum of the two parts: the larger one is the value", ("max(flat, cone)", "flat + cone")),
        ("the subgradient of the first part everywhere", ("cone > flat", "False")),
        ("the subgradient of the smaller part", ("cone > flat", "cone <= flat")),
        ("1 in the place of rho: the slope of the first part is rho", ("] = rho", "] = 1")),
        ("every coordinate at the maximum has a slope: only the first is asked", ("[np.argmax(w)]", "[w == w.max()]")),
        (
            "the last coordinate at the maximum, where the first is asked",
            ("np.argmax(w)", "n - 1 - np.argmax(w[::-1])"),
        ),
        ("the coordinate with the largest absolute value", ("np.argmax(w)", "np.argmax(abs(w))")),
        ("the smallest coordinate, where the largest is asked", ("np.argmax", "np.argmin")),
        ("the gradient of the norm has length 1: divide w by it", ("rho * w / norm", "rho * w")),
        ("rho is missing in the gradient of the second part", ("rho * w / norm", "w / norm")),
    ],
    returns="(value, subgradient)",
)


def best_momentum_(mu, L):
    """The best step size and momentum for curvatures from mu to L -> (eta, beta)."""
    low, high = np.sqrt(mu), np.sqrt(L)
    eta = 4 / (high + low) ** 2
    root = (high - low) / (high + low)
    return eta, root**2


def _curvatures(rng):
    return [(1, 100), (0.3, 0.3), (2, 7.5), (1e-3, 1e5), *rng.uniform([0.1, 3], [2, 40], size=(3, 2)).tolist()]


best_momentum = exercise(
    "best_momentum",
    5,
    best_momentum_,
    [(1, "the step size eta", equals(_curvatures, part=0)), (1, "the momentum beta", equals(_curvatures, part=1))],
    mistakes=[
        ("this is the root of beta: square it", ("root**2", "root")),
        ("the roots are missing: kappa in the place of its root", ("np.sqrt(mu), np.sqrt(L)", "mu, L")),
        ("the best step without momentum", ("4 / (high + low) ** 2", "2 / (L + mu)")),
        ("the step size of section 7: momentum allows longer ones", ("4 / (high + low) ** 2", "1 / L")),
        ("the sum of the roots is squared in eta", ("4 / (high + low) ** 2", "4 / (high + low)")),
        ("4 stands above in eta", ("4 /", ["1 /", "2 /"])),
        ("a difference of the roots, where eta has their sum", ("4 / (high + low)", "4 / (high - low)")),
        ("beta is upside down: it lies below 1", ("(high - low) / (high + low)", "(high + low) / (high - low)")),
        ("1 less than beta: that is the friction", ("root**2", "1 - root**2")),
    ],
    returns="(eta, beta)",
)
