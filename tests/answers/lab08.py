"""Answers to lab 8 that students give, laid out as in lab05.py."""

NOTEBOOK = "08_automatic_differentiation.ipynb"

ARGUMENTS = {
    "dual_multiply": "x, dx, y, dy",
    "dual_divide": "x, dx, y, dy",
    "dual_sin": "x, dx",
    "dual_sigmoid": "x, dx",
    "topological_order": "needs",
    "reverse_pass": "inputs, slopes",
}

CHECKS = {name: f"check.{name}({name})" for name in ARGUMENTS}

SETUP = """
import numpy as np
number_of_nodes = 5
"""

STUBS = {name: f"def {name}({arguments}):\n    ...  # your code here" for name, arguments in ARGUMENTS.items()}


def _written(name, body):
    """A whole answer: the function with this body."""
    return f"def {name}({ARGUMENTS[name]}):\n" + "".join(f"    {line}\n" for line in body.strip().split("\n"))


def _bodies(name, bodies):
    return {title: _written(name, body) for title, body in bodies.items()}


RIGHT, WRONG = {}, {}

# ------------------------------------------------------------------------------------ dual numbers

RIGHT["dual_multiply"] = _bodies(
    "dual_multiply",
    {
        "by the text": "return x * y, x * dy + y * dx",
        "a list": "return [x * y, dx * y + dy * x]",
        "functions": "return np.multiply(x, y), np.add(np.multiply(dx, y), np.multiply(x, dy))",
        "relative changes": "z = x * y\nreturn z, z * (dx / x + dy / y)",
        "a matrix": "z = x * y\ndz = sum(a * b for a, b in [(dx, y), (x, dy)])\nreturn z, dz",
        "squares": "s, ds = (x + y) ** 2 - x**2 - y**2, (x + y) * (dx + dy) - x * dx - y * dy\nreturn s / 2, ds",
    },
)
WRONG["dual_multiply"] = {
    "derivative alone": (
        (("return x * y, ", "return "),),
        {"dual_multiply": 5},
        "it does not return (value, derivative)",
    ),
    "swapped": (
        (("return x * y, dx * y + x * dy", "return dx * y + x * dy, x * y"),),
        {"dual_multiply": 5},
        "(value, derivative), in this order",
    ),
    "in place": (
        _written("dual_multiply", "dx *= y\ndx += x * dy\nreturn x * y, dx"),
        {"dual_multiply": 0.5},
        "dx is changed in place",
    ),
    "nonsense": ((("dx * y + x * dy", "x + 7"),), {"dual_multiply": 3}, "by the product rule"),
    "two slips": (
        (("return x * y", "return x + y"), ("x * dy", "2 * x * dy")),
        {"dual_multiply": 2.25},
        "the second derivative factor counts twice",
    ),
}

RIGHT["dual_divide"] = _bodies(
    "dual_divide",
    {
        "with the quotient": "z = x / y\nreturn z, (dx - z * dy) / y",
        "a product with a power": "return x * y**-1, dx * y**-1 - x * y**-2 * dy",
        "y times y": "return x / y, (dx * y - x * dy) / (y * y)",
        "relative changes": "z = x / y\nreturn z, z * (dx / x - dy / y)",
        "a list": "return [np.divide(x, y), np.divide(dx, y) - np.divide(x * dy, np.square(y))]",
        "reciprocal": "r = 1 / y\ndr = -dy * r * r\nreturn x * r, dx * r + x * dr",
    },
)
WRONG["dual_divide"] = {
    "value alone": (
        (("return x / y, (dx * y - x * dy) / y**2", "return x / y"),),
        {"dual_divide": 5},
        "it does not return (value, derivative)",
    ),
    "in place": (
        _written("dual_divide", "z = x / y\ndx -= z * dy\nreturn z, dx / y"),
        {"dual_divide": 0.5},
        "dx is changed in place",
    ),
    "two slips": (
        (("dx * y - x * dy) / y**2", "x * dy - dx * y) / y"),),
        {"dual_divide": 2.25},
        "the wrong way round: dx · y comes first — and: the square of the denominator is missing",
    ),
    "nonsense": ((("y**2", "(y + 3)"),), {"dual_divide": 3}, "the value is not right"),
}

RIGHT["dual_sin"] = _bodies(
    "dual_sin",
    {
        "named": "value = np.sin(x)\nslope = np.cos(x)\nreturn value, dx * slope",
        "a list": "return [np.sin(x), np.multiply(dx, np.cos(x))]",
        "a shifted sine": "return np.sin(x), np.sin(x + np.pi / 2) * dx",
        "complex": "return np.exp(1j * x).imag, dx * np.exp(1j * x).real",
        "tangents of half": "t = np.tan(x / 2)\nreturn 2 * t / (1 + t * t), dx * (1 - t * t) / (1 + t * t)",
    },
)
WRONG["dual_sin"] = {
    "value alone": ((("return np.sin(x), np.cos(x) * dx", "return np.sin(x)"),), {"dual_sin": 2}, "does not return"),
    "in degrees": ((("np.sin(x)", "np.sin(np.degrees(x))"),), {"dual_sin": 2}, "judged when the first line is right"),
}

RIGHT["dual_sigmoid"] = _bodies(
    "dual_sigmoid",
    {
        "by exp": "e = np.exp(-x)\nreturn 1 / (1 + e), e / (1 + e) ** 2 * dx",
        "by tanh": "s = 0.5 + 0.5 * np.tanh(x / 2)\nreturn s, s * (1 - s) * dx",
        "e^x on both": "s = np.exp(x) / (np.exp(x) + 1)\nreturn s, (s - s**2) * dx",
        "both signs": "s, t = 1 / (1 + np.exp(-x)), 1 / (1 + np.exp(x))\nreturn s, dx * s * t",
        "a list": "s = np.reciprocal(1 + np.exp(np.negative(x)))\nreturn [s, np.multiply(dx, s) * (1 - s)]",
    },
)
WRONG["dual_sigmoid"] = {
    "in place": (
        _written("dual_sigmoid", "s = 1 / (1 + np.exp(-x))\ndx *= s * (1 - s)\nreturn s, dx"),
        {"dual_sigmoid": 0.5},
        "dx is changed in place",
    ),
    "tanh": (
        (("1 / (1 + np.exp(-x))", "np.tanh(x)"), ("s * (1 - s)", "(1 - s**2)")),
        {"dual_sigmoid": 4},
        "judged when the first line is right",
    ),
    "labkit's": (
        "from labkit import autodiff\n"
        + _written("dual_sigmoid", "z = autodiff.sigmoid(autodiff.Dual(x, dx))\nreturn z.value, z.tangent"),
        {"dual_sigmoid": 4},
        "ready-made answer (labkit.autodiff",
    ),
}

# ------------------------------------------------------------------------- graphs, and the pass back

RIGHT["topological_order"] = _bodies(
    "topological_order",
    {
        "again and again": """
order = []
while len(order) < len(needs):
    free = [n for n, inputs in enumerate(needs) if n not in order and all(x in order for x in inputs)]
    if not free:
        return None
    order += free
return order
""",
        "sets": """
left = {node: set(inputs) for node, inputs in enumerate(needs)}
users = {node: [] for node in left}
for node, inputs in left.items():
    for x in inputs:
        users[x].append(node)
free, order = [node for node in left if not left[node]], []
while free:
    node = free.pop(0)
    order.append(node)
    for user in users[node]:
        left[user].discard(node)
        if not left[user]:
            free.append(user)
return None if len(order) < len(needs) else order
""",
        "depth first, with a stack": """
order, state = [], [0] * len(needs)
for start in range(len(needs)):
    stack = [(start, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
            state[node] = 2
        elif state[node] == 0:
            state[node] = 1
            stack.append((node, True))
            for x in needs[node]:
                if state[x] == 1:
                    return None
                stack.append((x, False))
return order
""",
        "generators": """
order, todo = [], [(node, iter(needs[node])) for node in range(len(needs))][::-1]
begun, finished = set(), set()
while todo:
    node, rest = todo[-1]
    begun.add(node)
    x = next(rest, None)
    if x is None:
        todo.pop()
        if node not in finished:
            finished.add(node)
            order.append(node)
    elif x not in finished:
        if x in begun:
            return None
        todo.append((x, iter(needs[x])))
return order
""",
        "levels": """
from collections import deque
count = np.array([len(inputs) for inputs in needs])
users = [[] for _ in needs]
for node, inputs in enumerate(needs):
    for x in inputs:
        users[x].append(node)
queue, order = deque(np.flatnonzero(count == 0)), []
while queue:
    node = int(queue.popleft())
    order.append(node)
    for user in users[node]:
        count[user] -= 1
        if count[user] == 0:
            queue.append(user)
return np.array(order) if len(order) == len(needs) else None
""",
        "depth of each node": """
users, missing = [[] for _ in needs], [len(inputs) for inputs in needs]
for node, inputs in enumerate(needs):
    for x in inputs:
        users[x].append(node)
depth, front = {}, [node for node, m in enumerate(missing) if m == 0]
level = 0
while front:
    following = []
    for node in front:
        depth[node] = level
        for user in users[node]:
            missing[user] -= 1
            following += [user] * (missing[user] == 0)
    front, level = following, level + 1
if len(depth) < len(needs):
    return None
return tuple(sorted(depth, key=depth.get))
""",
    },
)
_RECURSIVE = """
order = []
def visit(node):
    if node not in order:
        for x in needs[node]:
            visit(x)
        order.append(node)
for node in range(len(needs)):
    visit(node)
return order
"""
_ORDER = {"topological_order": 10}
WRONG["topological_order"] = {
    "recursive, and a cycle never ends": (
        _written("topological_order", _RECURSIVE),
        {"topological_order": 3.5},
        "RecursionError",
    ),
    "sorted by the number of inputs": (
        _written("topological_order", "return sorted(range(len(needs)), key=lambda node: len(needs[node]))"),
        _ORDER,
        "some node comes before one that it needs",
    ),
    "a generator": (
        _written("topological_order", "return (node for node in range(len(needs)))"),
        _ORDER,
        "does not return a list of nodes",
    ),
    "true or false": (_written("topological_order", "return True"), _ORDER, "does not return a list of nodes"),
    "raises where there is a cycle": (
        (("return order if len(order) == len(needs) else None", "assert len(order) == len(needs)\n    return order"),),
        {"topological_order": 2},
        "raises AssertionError",
    ),
    "graphlib": (
        "import graphlib\n"
        + _written(
            "topological_order", "return list(graphlib.TopologicalSorter(dict(enumerate(needs))).static_order())"
        ),
        _ORDER,
        "ready-made answer (graphlib",
    ),
    "labkit's": (
        "from labkit import autodiff\n"
        + _written("topological_order", "return autodiff.topological_order(dict(enumerate(needs)))"),
        _ORDER,
        "ready-made answer (labkit.autodiff",
    ),
    "the first node forgotten": (
        (("return order if", "return order[1:] if"),),
        {"topological_order": 3},
        "a node is missing",
    ),
}

RIGHT["reverse_pass"] = _bodies(
    "reverse_pass",
    {
        "a list": """
grads = [0.0] * len(inputs)
grads[len(inputs) - 1] = 1.0
for node in range(len(inputs) - 1, -1, -1):
    for k in range(len(inputs[node])):
        grads[inputs[node][k]] += grads[node] * slopes[node][k]
return np.array(grads)
""",
        "add.at": """
d = np.eye(len(inputs))[-1]
for node in reversed(range(len(inputs))):
    np.add.at(d, list(inputs[node]), np.array(slopes[node]) * d[node])
return d
""",
        "from the users' side": """
n = len(inputs)
d = np.zeros(n)
d[n - 1] = 1
for x in range(n - 2, -1, -1):
    d[x] = sum(s * d[user] for user in range(x + 1, n) for i, s in zip(inputs[user], slopes[user]) if i == x)
return d
""",
        "a linear system": """
n = len(inputs)
J = np.zeros((n, n))
for node in range(n):
    for x, slope in zip(inputs[node], slopes[node]):
        J[node, x] += slope
return np.linalg.solve(np.eye(n) - J.T, np.eye(n)[-1])
""",
        "paths, remembered": """
from functools import lru_cache
n = len(inputs)
@lru_cache(None)
def d(x):
    if x == n - 1:
        return 1.0
    return sum(s * d(u) for u in range(x + 1, n) for i, s in zip(inputs[u], slopes[u]) if i == x)
return np.array([d(x) for x in reversed(range(n))])[::-1]
""",
        "a dict": """
from collections import defaultdict
d = defaultdict(float)
d[len(inputs) - 1] = 1.0
for node in sorted(range(len(inputs)), reverse=True):
    for x, s in zip(inputs[node], slopes[node]):
        d[x] = d[x] + s * d[node]
return np.array([d[i] for i in range(len(inputs))])
""",
    },
)
_PASS = {"reverse_pass": 20}
_INNER = "derivatives[x] += slope * derivatives[node]"
WRONG["reverse_pass"] = {
    "forward mode": (
        _written(
            "reverse_pass",
            "d = np.zeros(len(inputs))\nd[0] = 1\nfor n in range(1, len(inputs)):\n"
            "    d[n] = sum(s * d[x] for x, s in zip(inputs[n], slopes[n]))\nreturn d",
        ),
        _PASS,
        "not right",
    ),
    "of the first node alone": ((("return derivatives", "return derivatives[0]"),), _PASS, "shape"),
    "backwards": ((("return derivatives", "return derivatives[::-1]"),), _PASS, "not right"),
    "nothing returned": ((("    return derivatives", "    derivatives"),), _PASS, "None"),
    "two slips": (
        ((_INNER, "derivatives[x] = slope + derivatives[node]"),),
        {"reverse_pass": 13.25},
        "besides the slip above: = where += is asked",
    ),
    "labkit's": (
        "from labkit import autodiff\n" + _written("reverse_pass", "autodiff.Tensor(1.0)\nreturn np.ones(len(inputs))"),
        _PASS,
        "ready-made answer (labkit.autodiff",
    ),
    "whole numbers": ((("np.zeros(len(inputs))", "np.zeros(len(inputs), int)"),), _PASS, "whole numbers"),
    "an index too far": ((("reversed(range(len(inputs)))", "reversed(range(len(inputs) + 1))"),), _PASS, "IndexError"),
    "the graph changed": (
        (("    return derivatives", "    inputs[-1] = ()\n    return derivatives"),),
        _PASS,
        "TypeError",
    ),
    "stops early": (
        (("    return derivatives", "        return derivatives"),),
        {"reverse_pass": 10},
        "only the output's own inputs",
    ),
    "the notebook's number of nodes": ((("np.zeros(len(inputs))", "np.zeros(number_of_nodes)"),), _PASS, "wrong shape"),
    "a slope of 1 too many": ((("slope * der", "(slope + 1) * der"),), _PASS, "not right"),
}
