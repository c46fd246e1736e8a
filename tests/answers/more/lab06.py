"""More answers to lab 6: affine, what is fast, dropout, normalisation. answers/lab06.py takes them in."""

SIGNATURES = {
    "affine_backward": "dout, cache",
    "unfold": "x, HH, WW, stride=1, pad=0",
    "conv_from_rows": "rows, w, b, N, OH, OW",
    "fold": "rows, shape, HH, WW, stride=1, pad=0",
    "dropout_forward": "x, p, rng, train=True",
    "normalize_backward": "dout, cache",
    "batchnorm_forward": "x, gamma, beta, running, train=True, momentum=0.9, eps=1e-5",
}
RIGHT, WRONG = {}, {}

RIGHT["affine_backward"] = {
    "einsum": """
def affine_backward(dout, cache):
    x, w = cache
    rows = np.reshape(x, (x.shape[0], -1))
    dx = np.einsum("nm,dm->nd", dout, w).reshape(x.shape)
    return dx, np.einsum("nd,nm->dm", rows, dout), np.einsum("nm->m", dout)
""",
    "tensordot": """
def affine_backward(dout, cache):
    x, w = cache
    axes = x.shape[1:]
    dx = np.tensordot(dout, w.reshape(*axes, -1), axes=(1, len(axes)))
    return dx, np.tensordot(x, dout, axes=(0, 0)).reshape(w.shape), np.ones(len(dout)) @ dout
""",
    "image by image": """
def affine_backward(dout, cache):
    x, w = cache
    dx = np.array([(w @ d).reshape(x.shape[1:]) for d in dout])
    dw = sum(np.outer(image, d) for image, d in zip(x, dout))
    return [dx, dw, sum(dout)]
""",
    "transposed twice": """
def affine_backward(dout, cache):
    (x, w), N = cache, dout.shape[0]
    return w.dot(dout.T).T.reshape(x.shape), dout.T.dot(x.reshape(N, w.shape[0])).T, dout.sum(0)
""",
    "float32": (("return dx, dw,", "return dx.astype(np.float32), dw.astype(np.float32),"),),
    "by words": (("cache\n", "cache[0], cache[1]\n"), (".sum(axis=0)", ".mean(axis=0) * len(x)")),
}
WRONG["affine_backward"] = {
    "the other order": ((("return dx, dw, db", "return dw, dx, db"),), {"affine_backward": 4}, "in this order"),
    "in place": (
        (("    dx =", "    dout *= 2\n    dout = dout / 2\n    dx ="),),
        {"affine_backward": 0.5},
        "dout is changed",
    ),
    "the cache in place": (
        (("    return", "    x[:] = dx\n    return"),),
        {"affine_backward": 0.5},
        "cache is changed",
    ),
    "labkit's": ("from labkit.layers import affine_backward", {"affine_backward": 4}, "labkit.layers.basic"),
}

RIGHT["unfold"] = {
    "as_strided": """
from numpy.lib.stride_tricks import as_strided

def unfold(x, HH, WW, stride=1, pad=0):
    N, C, H, W = x.shape
    big = np.zeros((N, C, H + 2 * pad, W + 2 * pad), x.dtype)
    big[:, :, pad:pad + H, pad:pad + W] = x
    OH, OW = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
    n, c, h, w = big.strides
    rows = as_strided(big, (N, OH, OW, C, HH, WW), (n, h * stride, w * stride, c, h, w), writeable=False)
    return rows.reshape(N * OH * OW, C * HH * WW)
""",
    "indices": """
def unfold(x, HH, WW, stride=1, pad=0):
    N, C, H, W = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    i, j = np.arange(0, H + 2 * pad - HH + 1, stride), np.arange(0, W + 2 * pad - WW + 1, stride)
    rows, columns = i[:, None] + np.arange(HH), j[:, None] + np.arange(WW)
    seen = padded[:, :, rows[:, None, :, None], columns[None, :, None, :]]
    return seen.transpose(0, 2, 3, 1, 4, 5).reshape(-1, C * HH * WW)
""",
    "a slice for each place in the kernel": """
def unfold(x, HH, WW, stride=1, pad=0):
    padded = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    N, C, H, W = padded.shape
    OH, OW = (H - HH) // stride + 1, (W - WW) // stride + 1
    rows = np.empty((N, OH, OW, C, HH, WW))
    for p in range(HH):
        for q in range(WW):
            seen = padded[:, :, p:p + stride * (OH - 1) + 1:stride, q:q + stride * (OW - 1) + 1:stride]
            rows[..., p, q] = seen.transpose(0, 2, 3, 1)
    return rows.reshape(N * OH * OW, -1)
""",
    "one window over all axes": """
def unfold(x, HH, WW, stride=1, pad=0):
    padded = np.pad(x, ((0,), (0,), (pad,), (pad,)))
    windows = sliding_window_view(padded, (1, x.shape[1], HH, WW))[:, 0, ::stride, ::stride]
    return windows.reshape(-1, x.shape[1] * HH * WW)
""",
    "moved axes": ((".transpose(0, 2, 3, 1, 4, 5)", ".swapaxes(1, 2).swapaxes(2, 3)"),),
    "einsum": (("windows.transpose(0, 2, 3, 1, 4, 5)", 'np.einsum("ncijpq->nijcpq", windows)'),),
}
WRONG["unfold"] = {
    "a loop over places": (
        """
def unfold(x, HH, WW, stride=1, pad=0):
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    rows = []
    for image in padded:
        for i in range(0, padded.shape[2] - HH + 1, stride):
            for j in range(0, padded.shape[3] - WW + 1, stride):
                rows.append(image[:, i:i + HH, j:j + WW].ravel())
    return np.array(rows)
""",
        {"unfold": 2},
        "there is a loop over them",
    ),
    "square kernels only": (((" * HH * WW)", " * HH * HH)"),), {"unfold": 7}, "in the wrong shape"),
    "in place": (
        (("    padded =", "    x += 1\n    x = x - 1\n    padded ="),),
        {"unfold": 0.5},
        "x is changed in place",
    ),
}

RIGHT["conv_from_rows"] = {
    "einsum": """
def conv_from_rows(rows, w, b, N, OH, OW):
    images = rows.reshape(N, OH, OW, *w.shape[1:])
    return np.einsum("nijcpq,fcpq->nfij", images, w) + b[:, None, None]
""",
    "filters first": """
def conv_from_rows(rows, w, b, N, OH, OW):
    maps = w.reshape(len(w), -1) @ rows.T + b[:, None]
    return maps.reshape(-1, N, OH, OW).swapaxes(0, 1)
""",
    "a product for each image": """
def conv_from_rows(rows, w, b, N, OH, OW):
    maps = w.reshape(len(w), -1) @ rows.reshape(N, OH * OW, -1).transpose(0, 2, 1)
    return maps.reshape(N, -1, OH, OW) + b.reshape(-1, 1, 1)
""",
    "bias trick": """
def conv_from_rows(rows, w, b, N, OH, OW):
    weights = np.vstack([w.reshape(len(w), -1).T, b])
    out = np.dot(np.hstack([rows, np.ones((len(rows), 1))]), weights)
    return np.moveaxis(out.reshape((N, OH, OW, -1)), 3, 1)
""",
    "filled in": """
def conv_from_rows(rows, w, b, N, OH, OW):
    out = np.empty((N, len(w), OH, OW))
    for f, (kernel, bias) in enumerate(zip(w, b)):
        out[:, f] = (rows @ kernel.ravel() + bias).reshape(N, OH, OW)
    return out
""",
    "float32": (("rows @", "rows.astype(np.float32) @"),),
}
WRONG["conv_from_rows"] = {
    "rows by the wrong number": (
        (("reshape(N, OH, OW, len(w))", "reshape(N, OH, OH, len(w))"),),
        {"conv_from_rows": 5},
        "cannot reshape",
    ),
    "in place": (
        (("    out = rows", "    b -= 1\n    b = b + 1\n    out = rows"),),
        {"conv_from_rows": 1},
        "b is changed in place",
    ),
}

RIGHT["fold"] = {
    "np.add.at": """
def fold(rows, shape, HH, WW, stride=1, pad=0):
    N, C, H, W = shape
    big = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    places = np.arange(big.size).reshape(big.shape)
    windows = sliding_window_view(places, (HH, WW), axis=(2, 3))[:, :, ::stride, ::stride]
    np.add.at(big.reshape(-1), windows.transpose(0, 2, 3, 1, 4, 5).reshape(rows.shape), rows)
    return big[:, :, pad:pad + H, pad:pad + W]
""",
    "bincount": """
def fold(rows, shape, HH, WW, stride=1, pad=0):
    N, C, H, W = shape
    places = np.arange(N * C * (H + 2 * pad) * (W + 2 * pad)).reshape(N, C, H + 2 * pad, W + 2 * pad)
    windows = sliding_window_view(places, (HH, WW), axis=(2, 3))[:, :, ::stride, ::stride]
    sums = np.bincount(windows.transpose(0, 2, 3, 1, 4, 5).ravel(), rows.ravel(), minlength=places.size)
    return sums.reshape(places.shape)[:, :, pad:pad + H, pad:pad + W]
""",
    "one loop": """
def fold(rows, shape, HH, WW, stride=1, pad=0):
    N, C, H, W = shape
    OH, OW = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
    cols = np.einsum("nijcpq->pqncij", rows.reshape(N, OH, OW, C, HH, WW))
    out = np.zeros((N, C, H + 2 * pad, W + 2 * pad), rows.dtype)
    for p, q in np.ndindex(HH, WW):
        out[:, :, p:p + stride * (OH - 1) + 1:stride, q:q + stride * (OW - 1) + 1:stride] += cols[p, q]
    return out[:, :, pad:H + pad, pad:W + pad] if pad else out
""",
    "a writeable view of the windows": """
def fold(rows, shape, HH, WW, stride=1, pad=0):
    N, C, H, W = shape
    big = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    view = sliding_window_view(big, (HH, WW), axis=(2, 3), writeable=True)[:, :, ::stride, ::stride]
    values = rows.reshape(N, *view.shape[2:4], C, HH, WW)
    for p in range(HH):
        for q in range(WW):
            view[..., p, q] += np.moveaxis(values[..., p, q], 3, 1)
    return big[..., pad:pad + H, pad:pad + W]
""",
    "float32": (("return padded[", "return padded.astype(np.float32)["),),
}
WRONG["fold"] = {
    "a loop over places": (
        """
def fold(rows, shape, HH, WW, stride=1, pad=0):
    N, C, H, W = shape
    OH, OW = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
    big = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    for row, (n, i, j) in zip(rows, np.ndindex(N, OH, OW)):
        big[n, :, i * stride:i * stride + HH, j * stride:j * stride + WW] += row.reshape(C, HH, WW)
    return big[:, :, pad:pad + H, pad:pad + W]
""",
        {"fold": 1.5},
        "there is a loop over them",
    ),
    "buffered": (
        """
def fold(rows, shape, HH, WW, stride=1, pad=0):
    N, C, H, W = shape
    big = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    places = np.arange(big.size).reshape(big.shape)
    windows = sliding_window_view(places, (HH, WW), axis=(2, 3))[:, :, ::stride, ::stride]
    big.reshape(-1)[windows.transpose(0, 2, 3, 1, 4, 5).reshape(rows.shape)] += rows
    return big[:, :, pad:pad + H, pad:pad + W]
""",
        {"fold": 6},
        "the values are not right",
    ),
}

RIGHT["dropout_forward"] = {
    "binomial": (("(rng.random(x.shape) >= p)", "rng.binomial(1, 1 - p, x.shape)"),),
    "choice": (("(rng.random(x.shape) >= p) / (1 - p)", "rng.choice([0, 1 / (1 - p)], x.shape, p=[p, 1 - p])"),),
    "uniform": (("rng.random(x.shape) >= p", "rng.uniform(size=x.shape) < 1 - p"),),
    "where": """
def dropout_forward(x, p, rng, train=True):
    if not train:
        return x.copy(), np.ones(x.shape)
    m = np.where(rng.random(x.shape) < p, 0, 1 / (1 - p)).astype(np.float32)
    return np.multiply(x, m), m
""",
    "normal numbers": """
from statistics import NormalDist

def dropout_forward(x, p, rng, train=True):
    keep = 1 - p * train
    m = (rng.standard_normal(x.shape) <= (NormalDist().inv_cdf(keep) if keep < 1 else np.inf)) / keep
    return [x * m, m]
""",
    "a loop": """
def dropout_forward(x, p, rng, train=True):
    m = np.full(x.size, 1.0)
    for k in range(x.size):
        if train:
            m[k] = 0 if rng.random() < p else 1 / (1 - p)
    return x * m.reshape(x.shape), m.reshape(x.shape)
""",
}
WRONG["dropout_forward"] = {
    "NumPy's own draw": (
        (("rng.random(x.shape)", "np.random.rand(*x.shape)"),),
        {"dropout_forward": 0.5},
        "do not come from rng",
    ),
    "the same draw each time": (
        (("rng.random(x.shape)", "np.random.default_rng(0).random(x.shape)"),),
        {"dropout_forward": 1.5},
        "do not come from rng",
    ),
    "x in place": (
        (("return x * m, m", "x *= m\n    return x, m"),),
        {"dropout_forward": 0.5},
        "x is changed in place",
    ),
    "one 1 at test time": ((("m = np.ones_like(x)", "m = 1.0"),), {"dropout_forward": 1}, "both in the shape of x"),
    "out alone": ((("return x * m, m", "return x * m"),), {"dropout_forward": 5}, "does not return (out, m)"),
    "exactly a share": (
        (("(rng.random(x.shape) >= p)", "(np.arange(x.size).reshape(x.shape) % 10 >= 10 * p)"),),
        {"dropout_forward": 1.5},
        "do not come from rng",
    ),
}

RIGHT["normalize_backward"] = {
    "from the definition": """
def normalize_backward(dout, cache):
    x_hat, std, axes = cache
    m = x_hat.size / std.size
    centred, dcentred = x_hat * std, dout / std
    dvar = np.sum(dout * centred, axis=axes, keepdims=True) * -0.5 / std**3
    dmean = -np.sum(dcentred, axis=axes, keepdims=True) - 2 * dvar * np.mean(centred, axis=axes, keepdims=True)
    return dcentred + dvar * 2 * centred / m + dmean / m
""",
    "multiplied out": """
def normalize_backward(dout, cache):
    x_hat, std, axes = cache
    m = x_hat.size // std.size
    sums = dout.sum(axes, keepdims=True), (dout * x_hat).sum(axes, keepdims=True)
    return (m * dout - sums[0] - x_hat * sums[1]) / (m * std)
""",
    "in two steps": """
def normalize_backward(dout, cache):
    x_hat, std, axes = cache
    g = dout - x_hat * np.mean(dout * x_hat, axis=axes, keepdims=True)
    return (g - g.mean(axis=axes, keepdims=True)) / std
""",
    "average": (("dout.mean(axis=axes, keepdims=True)", "np.average(dout, axis=axes, keepdims=True)"),),
    "float32": (("return (dout", "return np.float32(1) * (dout.astype(np.float32)"),),
    "the Jacobian": """
def normalize_backward(dout, cache):
    x_hat, std, axes = cache
    axes = (axes,) if isinstance(axes, int) else tuple(axes)
    others = [a for a in range(dout.ndim) if a not in axes]
    order = (*others, *axes)
    g, h = (a.transpose(order).reshape(std.size, -1) for a in (dout, x_hat))
    m = g.shape[1]
    jacobian = np.eye(m) - 1 / m - h[:, :, None] * h[:, None, :] / m
    dx = np.einsum("gjk,gj->gk", jacobian, g).reshape([dout.shape[a] for a in order])
    return dx.transpose(np.argsort(order)) / std
""",
}
WRONG["normalize_backward"] = {
    "two slips": ((("- mean ", ""), (" / std", "")), {"normalize_backward": 5.25}, "not divided by the deviation"),
    "in place": (
        (("    mean =", "    dout /= std\n    dout = dout * std\n    mean ="),),
        {"normalize_backward": 1},
        "dout is changed in place",
    ),
    "zeros": (
        (("return (dout - mean - x_hat * along) / std", "return 0 * dout"),),
        {"normalize_backward": 8},
        "it is 0, whatever the arguments are",
    ),
}

RIGHT["batchnorm_forward"] = {
    "step by step": """
def batchnorm_forward(x, gamma, beta, running, train=True, momentum=0.9, eps=1e-5):
    running_mean, running_var = running
    if train:
        N, D = x.shape
        mean = x.sum(axis=0) / N
        centred = x - mean
        var = (centred**2).sum(axis=0) / N
        out = gamma * centred * (var + eps) ** -0.5 + beta
        return out, (momentum * running_mean + (1 - momentum) * mean, momentum * running_var + (1 - momentum) * var)
    return (x - running_mean) / np.sqrt(running_var + eps) * gamma + beta, (running_mean, running_var)
""",
    "the other way to write the average": """
def batchnorm_forward(x, gamma, beta, running, train=True, momentum=0.9, eps=1e-5):
    old = list(running)
    now = [np.mean(x, 0), np.var(x, 0)] if train else old
    new = [a + (1 - momentum) * (b - a) for a, b in zip(old, now)]
    scale = gamma / np.sqrt(now[1] + eps)
    return scale * x + (beta - scale * now[0]), tuple(new)
""",
    "std squared": (("x.var(axis=0)", "x.std(axis=0) ** 2"),),
    "mean of squares": (("x.var(axis=0)", "np.mean(x**2, axis=0) - x.mean(axis=0) ** 2"),),
    "keepdims": """
def batchnorm_forward(x, gamma, beta, running, train=True, momentum=0.9, eps=1e-5):
    mean, var = running
    if not train:
        return gamma * (x - mean) / np.sqrt(var + eps) + beta, [mean, var]
    m, v = x.mean(axis=0, keepdims=True), x.var(axis=0, keepdims=True)
    new = momentum * np.stack(running) + (1 - momentum) * np.vstack([m, v])
    return gamma * (x - m) / np.sqrt(v + eps) + beta, (new[0], new[1])
""",
    "float32": (("return gamma * x_hat", "return gamma * x_hat.astype(np.float32)"),),
}
WRONG["batchnorm_forward"] = {
    "beta in place": (
        (("    x_hat", "    if train:\n        beta[:] = beta + 0 * gamma + 1\n        beta = beta - 1\n    x_hat"),),
        {"batchnorm_forward": 1},
        "beta is changed in place",
    ),
    "the averages in place": (
        (("        running = ", "        running[0][:] *= 1.5\n        running[0][:] /= 3\n        running = "),),
        {"batchnorm_forward": 3},
        "running is changed in place",
    ),
    "out alone": ((("+ beta, running", "+ beta"),), {"batchnorm_forward": 8}, "(out, (mean, variance))"),
    "two slips": (
        ((" + beta", ""), ("momentum) * var", "momentum) * np.sqrt(var)")),
        {"batchnorm_forward": 3},
        "the running variance is a running deviation",
    ),
}
