"""Lab 8, dual numbers and graphs (arrays: lab08_arrays.py): what is asked, and the mistakes that are known."""

import numpy as np

from labkit.check.calls import Shallow
from labkit.check.criteria import equals, unchanged, watched
from labkit.check.exercise import exercise
from labkit.check.watch import READY_MADE

# ------------------------------------------------------------------------------------ dual numbers


def _of_one(rng):
    drawn = [tuple(rng.normal(size=(2, *shape)) * size) for shape, size in [((), 1), ((4,), 2), ((2, 3), 0.5)]]
    return [*drawn, (np.linspace(-7, 7, 9), rng.normal(size=9))]  # both signs of the cosine, and far out


def _of_two(rng):
    shapes = [(), (4,), (2, 3)]
    return [tuple(rng.uniform(0.5, 2, (4, *shape)) * rng.choice([-1, 1], (4, *shape))) for shape in shapes]


def dual_multiply_(x, dx, y, dy):
    """The product of two dual numbers (x, dx) and (y, dy): its value and its derivative."""
    return x * y, dx * y + x * dy


def dual_divide_(x, dx, y, dy):
    """The quotient of two dual numbers."""
    return x / y, (dx * y - x * dy) / y**2


def dual_sin_(x, dx):
    """The sine of a dual number."""
    return np.sin(x), np.cos(x) * dx


def dual_sigmoid_(x, dx):
    """The sigmoid of a dual number."""
    s = 1 / (1 + np.exp(-x))
    return s, s * (1 - s) * dx


def _dual(name, shares, answer, cases, value, derivative, mistakes):
    judged = [
        (value, equals(cases, part=0)),
        (derivative, equals(cases, part=1)),
        ("no array is changed", unchanged(cases)),
    ]
    criteria = [(share, *criterion) for share, criterion in zip(shares, judged)]
    return exercise(name, sum(shares), answer, criteria, mistakes, "(value, derivative)")


_CHAIN = "the chain rule: the derivative of the argument, dx, is a factor"

dual_multiply = _dual(
    "dual_multiply",
    (1.5, 3, 0.5),
    dual_multiply_,
    _of_two,
    "the value: the product of the values",
    "the derivative, by the product rule",
    [
        ("the product of the derivatives is not the derivative of the product", ("dx * y + x * dy", "dx * dy")),
        ("a minus between the two terms: the product rule adds them", ("y + x", "y - x")),
        ("the second term, x · dy, is missing", (" + x * dy", "")),
        ("the first term, dx · y, is missing", ("dx * y + ", "")),
        ("each derivative goes with the other value: dx · y + x · dy", ("dx * y + x * dy", "dx * x + y * dy")),
        ("the sum of the derivatives belongs to the sum, not to the product", ("dx * y + x * dy", "dx + dy")),
        ("dx · dy is too much: with ε² = 0 this term is gone", ("x * dy", "x * dy + dx * dy")),
        ("the values are added, not multiplied", ("return x * y", "return x + y")),
        ("the second derivative factor counts twice", ("x * dy", "2 * x * dy")),
    ],
)

dual_divide = _dual(
    "dual_divide",
    (1.5, 3, 0.5),
    dual_divide_,
    _of_two,
    "the value: the quotient of the values",
    "the derivative, by the quotient rule",
    [
        ("the two terms are the wrong way round: dx · y comes first", ("dx * y - x * dy", "x * dy - dx * y")),
        ("a plus between the terms: the quotient rule subtracts", ("y - x", "y + x")),
        ("the square of the denominator is missing", ("y**2", "y")),
        ("the denominator is missing", (" / y**2", "")),
        (
            "the quotient of the derivatives is not the derivative of the quotient",
            ("(dx * y - x * dy) / y**2", "dx / dy"),
        ),
        ("this takes the denominator for a constant: - x · dy is missing", (" - x * dy", "")),
        ("this takes the numerator for a constant: dx · y is missing", ("dx * y - x", "-x")),
        ("divided by x², where y² is asked", ("y**2", "x**2")),
        ("the quotient is upside down", ("return x / y", "return y / x")),
    ],
)

dual_sin = _dual(
    "dual_sin",
    (0.5, 1, 0.5),
    dual_sin_,
    _of_one,
    "the value: sin x",
    "the derivative, by the chain rule",
    [
        (_CHAIN, (" * dx", "")),
        ("the sign: the derivative of the sine is the cosine", ("np.cos(x)", "-np.cos(x)")),
        ("the sine again, where its derivative is asked", ("np.cos(x)", "np.sin(x)")),
        ("the cosine is taken of x, not of its derivative", ("np.cos(x) * dx", "np.cos(dx)")),
        ("the cosine of the product: dx is a factor outside", ("np.cos(x) * dx", "np.cos(x * dx)")),
        ("dx is added, where it is a factor", (" * dx", " + dx")),
        ("this is the derivative alone of sin at dx", ("np.cos(x) * dx", "np.cos(dx) * x")),
        ("the value is the cosine, where the sine is asked", ("return np.sin(x)", "return np.cos(x)")),
    ],
)

dual_sigmoid = _dual(
    "dual_sigmoid",
    (1, 2.5, 0.5),
    dual_sigmoid_,
    _of_one,
    "the value: 1 / (1 + e^-x)",
    "the derivative: σ (1 - σ), and the chain rule",
    [
        (_CHAIN, (" * dx", "")),
        ("σ (1 - σ) of the value σ, not of x", ("s * (1 - s)", "x * (1 - x)")),
        ("the factor 1 - σ is missing", (" * (1 - s)", "")),
        ("the factor σ is missing", ("s * (1 - s)", "(1 - s)")),
        ("σ (1 + σ): the derivative is σ (1 - σ)", ("1 - s", "1 + s")),
        ("1 - σ²: that would be right for tanh", ("s * (1 - s)", "(1 - s**2)")),
        ("the sign in the exponent: this is σ(-x)", ("np.exp(-x)", "np.exp(x)")),
        ("the 1 in the denominator is missing: this is e^x", ("(1 + np.exp(-x))", "np.exp(-x)")),
        ("dx is added, where it is a factor", (" * dx", " + dx")),
    ],
)

# ------------------------------------------------------------------------- graphs, and the pass back


def topological_order_(needs):
    """An order of a graph's nodes in which each comes after all that it needs; None if there is a cycle."""
    missing = [len(inputs) for inputs in needs]
    users = [[] for _ in needs]
    for node, inputs in enumerate(needs):
        for x in inputs:
            users[x].append(node)
    ready = [node for node in range(len(needs)) if missing[node] == 0]
    order = []
    while ready:
        node = ready.pop()
        order.append(node)
        for user in users[node]:
            missing[user] -= 1
            if missing[user] == 0:
                ready.append(user)
    return order if len(order) == len(needs) else None


def _acyclic(rng, n, share=0.4):
    """Nodes in a random order, each needing some of those before it; some need another twice."""
    place = rng.permutation(n)
    needs = [[] for _ in range(n)]
    for i in range(n):
        needs[place[i]] = [int(place[j]) for j in range(i) if rng.random() < share]
    needs[place[1]] = [int(place[0])] * 2
    if n > 4:  # twice the first, and one that comes late
        needs[place[-2]].append(int(place[1]))
        needs[place[-1]] = [int(place[0]), int(place[-2]), int(place[0])]
    return needs


def _faults(order, needs):
    """What is wrong with an order: nodes that are missing, nodes twice, edges that point back. Or that it is none."""
    if not isinstance(order, (list, tuple, np.ndarray)):
        return "it does not return a list of nodes"
    order = [int(node) for node in order]
    last = {node: i for i, node in enumerate(order)}
    first = {node: i for i, node in reversed(list(enumerate(order)))}
    back = sum(last.get(x, -1) > first[node] for node in first if 0 <= node < len(needs) for x in needs[node])
    return [len(set(range(len(needs))) - set(order)), len(order) - len(set(order)), back]


def _orders(call, rng):
    seen = []
    for n, share in [(2, 0.5), (5, 0.6), (8, 0.4), (12, 0.3), (12, 0.1)]:
        needs = _acyclic(rng, n, share)
        faults = _faults(call([list(inputs) for inputs in needs]), needs)
        if isinstance(faults, str):
            return faults
        seen.append(np.array(faults))
    return seen


def _cycles(call, rng):
    seen = []
    for n in (3, 6, 9):
        needs = _acyclic(rng, n, 0.5)
        a, b = next((node, inputs[0]) for node, inputs in enumerate(needs) if inputs)
        needs[b] = [*needs[b], a]
        seen.append("no order" if call(needs) is None else "an order")
    return [*seen, "no order" if call([[0]]) is None else "an order"]


def _long(call, rng):
    """A chain of 400 nodes, where Python may call functions within each other 150 deep: as 3,000 nodes usually."""
    with Shallow(150) as limit:
        order = call([[i + 1] if i < 399 else [] for i in range(400)])
    if limit.lifted:
        return "it raises the limit of Python's calls within each other: a loop needs none"
    return ["right" if order is not None and list(order) == list(range(399, -1, -1)) else "wrong"]


def _left_alone(answer):
    for n in (2, 8):
        needs = _acyclic(answer.rng(), n)
        outcome = answer(needs)
        if outcome.error is None and outcome.changed:
            return "needs is changed: the graph is not the same afterwards"
    return None


topological_order = exercise(
    "topological_order",
    10,
    topological_order_,
    [
        (6, "every node once, after all that it needs", watched(_orders, "some node comes before one that it needs")),
        (2, "None where there is a cycle", watched(_cycles, "a cycle is not noticed", forgiving=True)),
        (1.5, "graphs of any depth", watched(_long, "wrong for a long chain", forgiving=True)),
        (0.5, "needs is left as it was", _left_alone),
    ],
    mistakes=[
        ("backwards: what a node needs comes before it, not after", ("return order if", "return order[::-1] if")),
        (
            "a node is taken as soon as one of its inputs is there: it has to wait for all",
            ("[len(inputs) for", "[min(len(inputs), 1) for"),
        ),
        (
            "a node is taken once for each of its inputs: it has to wait for all",
            ("if missing[user] == 0", "if missing[user] >= 0"),
            (" if len(order) == len(needs) else None", ""),
        ),
        (
            "only the nodes that need nothing: those that need them follow",
            ("                ready.append(user)", "                pass"),
            (" if len(order) == len(needs) else None", ""),
        ),
        (
            "a cycle is not noticed: some nodes never get ready, and are missing in the order",
            (" if len(order) == len(needs) else None", ""),
        ),
        (
            "the numbers of the nodes, in order: that need not be the order of the computation",
            ("return order if", "return list(range(len(order))) if"),
        ),
        ("a node is there twice", ("return order if", "return order + order[:1] if")),
        ("a node is missing", ("return order if", "return order[:-1] if")),
    ],
    returns="a list of the nodes' numbers, or None",
    ready_made=(*READY_MADE, "graphlib.*"),
)


def reverse_pass_(inputs, slopes):
    """Derivatives of the last node with respect to every node of a graph in topological order."""
    derivatives = np.zeros(len(inputs))
    derivatives[-1] = 1
    for node in reversed(range(len(inputs))):
        for x, slope in zip(inputs[node], slopes[node]):
            derivatives[x] += slope * derivatives[node]
    return derivatives


def _graph(rng, n, most=3):
    inputs = [()] + [tuple(int(x) for x in rng.integers(0, i, rng.integers(1, most + 1))) for i in range(1, n)]
    inputs[1], inputs[-1] = (), (n - 2, 0)
    return tuple(inputs), tuple(tuple(float(s) for s in rng.uniform(0.5, 1.5, len(x))) for x in inputs)


def _chains(rng):
    return [(((), (0,), (1,)), ((), (2.0,), (float(rng.uniform(2, 3)),))), (((), (0,)), ((), (3.0,)))]


def _with_reuse(rng):
    return [_graph(rng, n) for n in (4, 7, 12, 30)] + [(((), (0, 0), (1, 1)), ((), (2.0, 3.0), (4.0, 5.0)))]


reverse_pass = exercise(
    "reverse_pass",
    20,
    reverse_pass_,
    [
        (7, "a chain: the product of the slopes", equals(_chains)),
        (13, "nodes that are used several times: the sum over all their uses", equals(_with_reuse)),
    ],
    mistakes=[
        (
            "the seed is missing: the derivative of the output with respect to itself is 1",
            ("    derivatives[-1] = 1\n", ""),
        ),
        ("the seed is at the first node: the output is the last", ("derivatives[-1] = 1", "derivatives[0] = 1")),
        (
            "= where += is asked: a node that is used several times gets the derivative of its last use alone",
            ("+=", "="),
        ),
        (
            "only the output's own inputs get their derivative: walk on, from the output back to the first node",
            ("reversed(range(len(inputs)))", "range(len(inputs))"),
        ),
        (
            "the slopes alone: each is multiplied by the derivative of the node that it leads to",
            ("slope * derivatives[node]", "slope"),
        ),
        ("the slopes are missing", ("slope * derivatives", "derivatives")),
        ("added, where slope and derivative are multiplied", ("slope * derivatives", "slope + derivatives")),
        (
            "only the first input of each node gets its share",
            ("zip(inputs[node], slopes", "zip(inputs[node][:1], slopes"),
        ),
        ("the output's own inputs are left out", ("range(len(inputs)))", "range(len(inputs) - 1))")),
        ("the sign: slope times derivative is added", ("+=", "-=")),
        ("squared: the slope counts once for each use", ("slope * deriv", "slope**2 * deriv")),
    ],
)
