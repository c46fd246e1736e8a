"""More answers to lab 3: numerical gradient, gradient descent, accuracy. answers/lab03.py takes them in."""

RIGHT, WRONG = {}, {}


def _edit(old, *news):
    """{new: the right answer with it}: answers that differ in one place."""
    return {new: ((old, new),) for new in news}


_NG = "def numerical_gradient(f, x, h=1e-6):\n"
_UNITS = _NG + "    units = np.eye(x.size).reshape(-1, *x.shape)\n"
_SLOPE = "(f(x + h * e) - f(x - h * e)) / (2 * h)"

RIGHT["numerical_gradient"] = {
    "ndindex": (),
    "unit vectors": _UNITS + f"    return np.array([{_SLOPE} for e in units]).reshape(x.shape)",
    "half steps": _UNITS + "    return np.reshape([(f(x + h / 2 * e) - f(x - h / 2 * e)) / h for e in units], x.shape)",
    "fourth order": _UNITS
    + """    d = lambda e: (8 * (f(x + e) - f(x - e)) - f(x + 2 * e) + f(x - 2 * e)) / (12 * h)
    return np.reshape([d(h * e) for e in units], x.shape)
""",
    "the distance that it is": (
        ("below = f(x)", "below = f(x)\n        wide = (old + h) - x[place]"),
        ("(2 * h)", "wide"),
    ),
    "nditer": """
def numerical_gradient(f, x, h=1e-6):
    grad = np.zeros_like(x)
    it = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    while not it.finished:
        ix = it.multi_index
        value = x[ix]
        x[ix] = value + h
        fp = f(x)
        x[ix] = value - h
        fm = f(x)
        x[ix] = value
        grad[ix] = (fp - fm) / (2 * h)
        it.iternext()
    return grad
""",
    "flat": """
def numerical_gradient(f, x, h=1e-6):
    grad = np.empty_like(x)
    for i in range(x.size):
        old = x.flat[i]
        x.flat[i] = old + h
        grad.flat[i] = f(x)
        x.flat[i] = old - h
        grad.flat[i] -= f(x)
        x.flat[i] = old
    return grad / (2 * h)
""",
    "copies": """
def numerical_gradient(f, x, h=1e-6):
    grad = np.zeros_like(x)
    for index, _ in np.ndenumerate(x):
        plus, minus = x.copy(), x.copy()
        plus[index] += h
        minus[index] -= h
        grad[index] = (f(plus) - f(minus)) / (2 * h)
    return grad
""",
    "put back by arithmetic": """
def numerical_gradient(f, x, h=1e-6):
    flat = x.reshape(-1)
    grad = np.zeros(x.size)
    for i in range(x.size):
        flat[i] += h
        a = f(x)
        flat[i] -= 2 * h
        b = f(x)
        flat[i] += h
        grad[i] = 0.5 * (a - b) / h
    return grad.reshape(x.shape)
""",
    "one more evaluation": """
def numerical_gradient(f, x, h=1e-6):
    here = f(x)
    print("loss", here)

    def partial(i):
        e = np.zeros(x.size)
        e[i] = h
        e = e.reshape(x.shape)
        return ((f(x + e) - here) + (here - f(x - e))) / (2 * h)

    return np.reshape(list(map(partial, range(x.size))), x.shape)
""",
    "vectorize": """
def numerical_gradient(f, x, h=0.00001):
    work = np.array(x, dtype=float)
    def slope(i):
        keep = work.flat[i]
        try:
            work.flat[i] = keep + h
            up = f(work)
            work.flat[i] = keep - h
            return (up - f(work)) / (h + h)
        finally:
            work.flat[i] = keep
    return np.vectorize(slope, otypes=[float])(np.arange(x.size)).reshape(x.shape)
""",
}

_BACK = "        x[place] = old\n"
_DOWN = ("        x[place] = old - h\n        below = f(x)\n", "")
_FORWARD = (("(x.shape)\n    for", "(x.shape)\n    below = f(x)\n    for"), _DOWN)
_NEW = "        x[place] = old + h\n"
_TEN = {"numerical_gradient": 10}

WRONG["numerical_gradient"] = {
    "forward difference": ((*_FORWARD, ("(2 * h)", "h")), {"numerical_gradient": 2}, "this is a forward difference"),
    "forward difference by 2h": (_FORWARD, {"numerical_gradient": 3.5}, "half of the gradient: f(x + h) - f(x)"),
    "h applied twice": (
        (("old + h", "old + 2 * h"), ("old - h", "old - 2 * h")),
        {"numerical_gradient": 3.5},
        "twice the gradient",
    ),
    "sign and 2h": (
        (("above - below", "below - above"), ("(2 * h)", "h")),
        {"numerical_gradient": 5.25},
        "twice the gradient: f(x + h) - f(x - h) is divided by h, their distance is 2h — and: the sign",
    ),
    "not put back": (((_BACK, ""),), {"numerical_gradient": 2}, "not put back"),
    "all at once": (
        _NG + "    return (f(x + h) - f(x - h)) / (2 * h) * np.ones_like(x)",
        _TEN,
        "all entries of x are moved at once",
    ),
    "the number, not the array": (
        (("x[place] = old + h", "old += h"), ("x[place] = old - h", "old -= 2 * h"), (_BACK, "")),
        _TEN,
        "f is evaluated at x itself every time",
    ),
    "f of a number": ((("above = f(x)", "above = f(x[place])"),), _TEN, "it takes the whole of x"),
    "flat": (_UNITS + f"    return np.array([{_SLOPE} for e in units])", _TEN, "in the wrong shape"),
    "with the loss": ((("return gradient", "return f(x), gradient"),), _TEN, "return the gradient alone"),
    "matrices only": (
        (("for place in np.ndindex(x.shape)", "for place in np.ndindex(x.shape[0], x.shape[1])"),),
        {"numerical_gradient": 1},
        "for a vector",
    ),
    "h ignored": ((("    gradient =", "    h = 1e-5\n    gradient ="),), {"numerical_gradient": 1}, "does not change"),
    "a step that grows with x": (
        (("old + h", "old + h * abs(old)"), ("old - h", "old - h * abs(old)"), ("(2 * h)", "(2 * h * abs(old))")),
        _TEN,
        "NaN or infinite",
    ),
    "a step that grows with large x": (
        (
            ("old = x[place]", "old = x[place]\n        d = h * max(1, abs(old))"),
            ("old + h", "old + d"),
            ("old - h", "old - d"),
            ("(2 * h)", "(2 * d)"),
        ),
        {"numerical_gradient": 2},
        "the step is h itself",
    ),
    "never written": ((("gradient[place] = (", "slope = ("),), _TEN, "nothing is written into it"),
    "columns first": (
        (("gradient[place]", "gradient.T[place]"), ("np.zeros(x.shape)", "np.zeros(x.shape[::-1])")),
        _TEN,
        "transposed",
    ),
    "wrong order": ((("return gradient", "return np.sort(gradient)"),), _TEN, "right numbers in the wrong order"),
    "step of zero": ((("(2 * h)", "(h - h)"),), _TEN, "NaN or infinite"),
    "a step too small": ((("h=1e-6", "h=1e-13"),), _TEN, "not the slope of f"),
    "entries skipped": ((("np.ndindex(x.shape)", "list(np.ndindex(x.shape))[::2]"),), _TEN, "never computed"),
    "np.gradient": (_NG + "    return np.gradient(x, h)[0]", _TEN, "f is never called"),
    "SciPy's": (
        _NG
        + """    from scipy.optimize import approx_fprime
    return approx_fprime(x.ravel(), lambda v: f(v.reshape(x.shape)), h).reshape(x.shape)
""",
        _TEN,
        "scipy.optimize.approx_fprime",
    ),
    "labkit's": (
        _NG + "    from labkit import gradients\n    return gradients.numerical_gradient(f, x, h)",
        _TEN,
        "labkit.gradients.numerical_gradient",
    ),
    "for ever": (_NG + "    while True:\n        f(x - h * np.random.randn(*x.shape))", _TEN, "again and again"),
}

_GD = "def gradient_descent(loss, gradient, W, step_size, steps):\n"

RIGHT["gradient_descent"] = {
    "append": (),
    "a tuple": (("return path", "return tuple(path)"),),
    "an array": (("return path", "return np.array(path)"),),
    "velocity": (("W = W - step_size * gradient(loss, W)", "v = -step_size * gradient(loss, W)\n        W = W + v"),),
    "in place on copies": """
def gradient_descent(loss, gradient, W, step_size, steps):
    W = W.copy()
    visited = [W.copy()]
    for _ in range(steps):
        W -= step_size * gradient(loss, W)
        visited.append(W.copy())
    return visited
""",
    "from the last": """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = [W.copy()]
    while len(path) <= steps:
        print(len(path), loss(path[-1]))
        path += [path[-1] - np.multiply(step_size, gradient(loss, path[-1]))]
    return path
""",
    "one array": """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = np.empty((steps + 1,) + W.shape)
    path[0] = W
    for i in range(1, steps + 1):
        path[i] = path[i - 1] - gradient(loss, path[i - 1]) * step_size
    return list(path)
""",
    "sum of the steps": """
def gradient_descent(loss, gradient, W, step_size, steps):
    path, moved = [W], np.zeros_like(W)
    for _ in range(steps):
        moved = moved + gradient(loss, W + moved)* -step_size
        path.append(W + moved)
    return path
""",
    "accumulate": _GD
    + """    import itertools
    step = lambda W, _: W - step_size * gradient(loss, W)
    return list(itertools.accumulate(range(steps), step, initial=W))
""",
    "generator inside": """
def gradient_descent(loss, gradient, W, step_size, steps):
    def walk(W):
        yield W
        for _ in range(steps):
            W = np.subtract(W, step_size * gradient(loss, W))
            yield W
    return [*walk(W)]
""",
    "gradient taken once more": """
def gradient_descent(loss, gradient, W, step_size, steps):
    path = []
    for _ in range(steps + 1):
        path.append(W)
        slope = gradient(loss, W)
        W = W - step_size * slope
    return tuple(path)
""",
    "recursion": _GD
    + """    if steps == 0:
        return [W]
    if steps > 100:
        half = gradient_descent(loss, gradient, W, step_size, steps // 2)
        return half[:-1] + gradient_descent(loss, gradient, half[-1], step_size, steps - steps // 2)
    return [W] + gradient_descent(loss, gradient, W - step_size * gradient(loss, W), step_size, steps - 1)
""",
}

_STEP, _G = "W = W - step_size * gradient(loss, W)", "gradient(loss, W)"


def _lost(points):
    return {"gradient_descent": points}


WRONG["gradient_descent"] = {
    "one and the same array": ((("W = W -", "W -="),), _lost(2.5), "one and the same array"),
    "start changed": (
        (("path = [W]", "path = [W.copy()]"), ("W = W -", "W -="), ("append(W)", "append(W.copy())")),
        _lost(1),
        "the caller's W is changed in place",
    ),
    "one step too few": ((("range(steps)", "range(steps - 1)"),), _lost(1.5), "the last matrix is missing"),
    "uphill, and no start": ((("W - step", "W + step"), ("[W]", "[]")), _lost(4.75), "the start is missing"),
    "only the last": (_GD + f"    for _ in range(steps):\n        {_STEP}\n    return W", _lost(3), "only one matrix"),
    "gradient of the start": (
        (("path = [W]", "path, g = [W], gradient(loss, W)"), ("* gradient(loss, W)", "* g")),
        _lost(10),
        "it stops too early",
    ),
    "gradient at the start": (
        (("path = [W]", "path, first = [W], W"), ("gradient(loss, W)", "gradient(loss, first)")),
        _lost(10),
        "the gradient is taken at the start only",
    ),
    "step size written in": ((("step_size *", "0.1 *"),), _lost(1), "does not follow the argument step_size"),
    "steps written in": ((("range(steps)", "range(60)"),), _lost(1), "does not follow the argument steps"),
    "arguments swapped": ((("(loss, W)", "(W, loss)"),), _lost(10), "gradient is called with its arguments swapped"),
    "gradient of nothing": ((("gradient(loss, W)", "gradient(W)"),), _lost(10), "raises TypeError"),
    "a gradient of its own": (
        (
            (
                _STEP,
                """units = np.eye(W.size).reshape(*W.shape, *W.shape)
        g = np.array([[(loss(W + 1e-6 * e) - loss(W - 1e-6 * e)) / 2e-6 for e in row] for row in units])
        W = W - step_size * g""",
            ),
        ),
        _lost(10),
        "is never called",
    ),
    "a smaller step each time": (
        (("step_size * g", "step_size * 0.99 ** len(path) * g"),),
        _lost(10),
        "a step is not W - step_size * gradient(loss, W)",
    ),
    "old weights lost": ((("W = W -", "W = -"),), _lost(10), "the old W is lost"),
    "from zero": ((("path = [W]", "W = 0 * W\n    path = [W]"),), _lost(10), "not taken at the start W"),
    "stops when it is flat": (
        (("path.append(W)", "path.append(W)\n        if loss(path[-2]) - loss(W) < 1e5:\n            break"),),
        _lost(10),
        "it stops too early",
    ),
    "stops when it is nearly flat": (
        (("path.append(W)", "path.append(W)\n        if len(path) > 500:\n            break"),),
        _lost(1),
        "does not follow the argument steps",
    ),
    "returned in the loop": ((("    return path", "        return path"),), _lost(10), "it stops too early"),
}

RIGHT["accuracy"] = {
    "mean": (),
    **_edit(
        "np.mean(scores.argmax(axis=1) == y)",
        "np.sum(scores.argmax(1) == y) / len(y)",
        "1 - np.count_nonzero(scores.argsort(axis=1)[:, -1] != y) / y.size",
        "float((scores[np.arange(len(y)), y] >= scores.max(axis=1)).mean())",
        "np.equal(scores.argmax(-1), y).astype(np.float32).mean()",
        "np.average(np.where(np.argmax(scores, 1) == y, 1.0, 0.0))",
        "(scores.argmax(axis=1) == y).sum() / scores.shape[0]",
        "len(y[y == np.argmax(scores, axis=1)]) / len(y)",
        "np.take_along_axis(scores == scores.max(1, keepdims=True), y[:, None].astype(int), 1).mean()",
        "np.bincount(np.argmax(scores, 1) == y, minlength=2)[1] / len(y)",
        "np.argmax(scores - np.max(scores, axis=1, keepdims=True), axis=1).__eq__(y).mean()",
    ),
}

WRONG["accuracy"] = {
    "for each image": (
        (("np.mean(scores.argmax(axis=1) == y)", "scores.argmax(axis=1) == y"),),
        {"accuracy": 5},
        "one",
    ),
    "the notebook's labels": (
        "def accuracy(scores, labels):\n    return np.mean(np.argmax(scores, axis=1) == y)",
        {"accuracy": 5},
        "line 2 uses y, a variable of the notebook",
    ),
    "lists compared": (
        (("scores.argmax(axis=1) == y", "list(scores.argmax(axis=1)) == list(y)"),),
        {"accuracy": 5},
        "compare image by image",
    ),
    "floor division": (
        "def accuracy(scores, y):\n    return np.sum(scores.argmax(axis=1) == y) // len(y)",
        {"accuracy": 5},
        "(not //)",
    ),
    "percent of errors": (
        (("np.mean(scores.argmax(axis=1) == y)", "100 * np.mean(scores.argmax(axis=1) != y)"),),
        {"accuracy": 2.25},
        "percent: a share between 0 and 1 is asked — and: this is the share of wrong answers",
    ),
    "scores changed": (
        """
def accuracy(scores, y):
    scores -= scores.max(axis=1, keepdims=True)
    return np.mean(scores[np.arange(len(y)), y] == 0)
""",
        {"accuracy": 1},
        "scores is changed in place",
    ),
    "loop": (
        """
def accuracy(scores, y):
    hits = 0
    for row, label in zip(scores, y):
        if list(row).index(max(row)) == label:
            hits += 1
    return hits / scores.shape[0]
""",
        {"accuracy": 1},
        "line 4: a for loop",
    ),
    "Python's sum": (
        "def accuracy(scores, y):\n    return sum(int(np.argmax(s)) == int(k) for s, k in zip(scores, y)) / len(y)",
        {"accuracy": 1},
        "a generator expression",
    ),
}
