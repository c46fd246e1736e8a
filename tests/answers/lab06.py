"""Answers to lab 6 that no edit of the right answer expresses, laid out as in lab05.py."""

import runpy
from pathlib import Path

MORE, PLOT = (runpy.run_path(str(Path(__file__).parent / "more" / name)) for name in ("lab06.py", "lab06_plot.py"))
NOTEBOOK = "06_layers.ipynb"

SIGNATURES = {
    "output_size": "size, kernel, stride=1, pad=0",
    "conv_forward": "x, w, b, stride=1, pad=0",
    "conv_backward": "dout, cache",
    "max_pool_forward": "x, size, stride",
    "max_pool_backward": "dout, cache",
    "filter_bank": "",
    **MORE["SIGNATURES"],
}
CHECKS = {name: f"check.{name}({name})" for name in SIGNATURES}
CHECKS["filter_plot"] = "check.filter_plot(filter_plot, pictures)"
STUBS = {name: f"def {name}({args}):\n    ...  # your code here" for name, args in SIGNATURES.items()}
STUBS["filter_plot"] = "filter_plot = None"

SETUP = """
import numpy as np
import matplotlib.pyplot as plt
from numpy.lib.stride_tricks import sliding_window_view
portrait, enlarged = np.random.default_rng(0).random((2, 3, 40, 30))
pictures = {"a portrait": portrait, "another": enlarged}
"""

RIGHT, WRONG = ({**MORE[kind], **PLOT[kind]} for kind in ("RIGHT", "WRONG"))

RIGHT["output_size"] = {
    "divmod": """
def output_size(size, kernel, stride=1, pad=0):
    steps, left = divmod(size - kernel + pad + pad, stride)
    if steps < 0 or left != 0:
        raise ValueError("does not fit")
    return 1 + steps
""",
    "a range": """
def output_size(size, kernel, stride=1, pad=0):
    starts = range(-pad, size + pad - kernel + 1, stride)
    if not starts or starts[-1] + kernel != size + pad:
        raise ValueError((size, kernel, stride, pad))
    return len(starts)
""",
    "divided, then made whole": """
def output_size(size, kernel, stride=1, pad=0):
    places = (size + 2 * pad - kernel) / stride + 1
    if places < 1 or places != round(places):
        raise ValueError(f"{places} places")
    return int(places)
""",
    "walking": """
def output_size(size, kernel, stride=1, pad=0):
    at, places = 0, 0
    while at + kernel <= size + 2 * pad:
        at, places = at + stride, places + 1
    if places == 0 or at - stride + kernel < size + 2 * pad:
        raise ValueError
    return places
""",
    "an error of its own, a NumPy integer": """
class DoesNotFit(ValueError):
    pass

def output_size(size, kernel, stride=1, pad=0):
    way = np.int64(size) + 2 * pad - kernel
    if way < 0 or way % stride > 0:
        raise DoesNotFit(way)
    return np.floor_divide(way, stride) + 1
""",
}
WRONG["output_size"] = {
    "no error": (
        (("way < 0 or way % stride", "False"),),
        {"output_size": 1},
        "pad 1 does not fit, and there is no ValueError",
    ),
    "no error for a large kernel": ((("way < 0 or ", ""),), {"output_size": 1}, "size 4, kernel 7"),
    "a large kernel refused": (
        (("way < 0 or", "kernel > size or way < 0 or"),),
        {"output_size": 4},
        "ValueError: (2 +",
    ),
    "an assertion": ((("raise ValueError(", "assert not ("),), {"output_size": 1}, "AssertionError"),
    "a float": ((("way // stride", "way / stride"),), {"output_size": 0.5}, "not a whole number"),
}

RIGHT["conv_forward"] = {
    "four loops": """
def conv_forward(x, w, b, stride=1, pad=0):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    padded = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    out = np.empty((N, F, 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride))
    for n, f, i, j in np.ndindex(out.shape):
        top, left = i * stride, j * stride
        out[n, f, i, j] = (padded[n, :, top:top + HH, left:left + WW] * w[f]).sum() + b[f]
    return out, (x, w, stride, pad)
""",
    "seven loops": """
def conv_forward(x, w, b, stride=1, pad=0):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    out = np.zeros((N, F, (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1), x.dtype)
    for n, f, i, j in np.ndindex(*out.shape):
        total = b[f]
        for c, p, q in np.ndindex(*w[f].shape):
            row, column = i * stride + p - pad, j * stride + q - pad
            if 0 <= row < H and 0 <= column < W:
                total = total + x[n, c, row, column] * w[f, c, p, q]
        out[n, f, i, j] = total
    return [out, [x, w, stride, pad]]
""",
    "sliding windows": """
def conv_forward(x, w, b, stride=1, pad=0):
    padded = np.pad(x, ((0,), (0,), (pad,), (pad,)))
    windows = sliding_window_view(padded, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("ncijpq,fcpq->nfij", windows, w) + b[:, None, None], (x, w, stride, pad)
""",
    "scipy": """
from scipy.signal import correlate

def conv_forward(x, w, b, stride=1, pad=0):
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = [[correlate(image, kernel, mode="valid", method="direct")[0] for kernel in w] for image in padded]
    return np.array(out)[:, :, ::stride, ::stride] + b.reshape(-1, 1, 1), (x, w, stride, pad)
""",
    "a slice for each weight, in float32": """
def conv_forward(x, w, b, stride=1, pad=0):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    big = np.zeros((N, C, H + 2 * pad, W + 2 * pad), np.float32)
    big[:, :, pad:pad + H, pad:pad + W] = x
    out = 0
    for p in range(HH):
        for q in range(WW):
            seen = big[:, :, p:p + big.shape[2] - HH + 1:stride, q:q + big.shape[3] - WW + 1:stride]
            out = out + np.einsum("ncij,fc->nfij", seen, w[:, :, p, q].astype(np.float32))
    return out + b[None, :, None, None], (x, w, stride, pad)
""",
}
WRONG["conv_forward"] = {
    "two slips": (
        ((" + b", ""), ("i * stride : i * stride", "i : i"), ("j * stride : j * stride", "j : j")),
        {"conv_forward": 6},
        "the bias is missing",
    ),
    "labkit's": (
        "from labkit.layers import conv_forward_naive as conv_forward",
        {"conv_forward": 10},
        "labkit.layers.naive.conv_forward_naive",
    ),
    "no cache": (
        (("return out, (x, w, stride, pad)", "return out"),),
        {"conv_forward": 10},
        "does not return (out, cache)",
    ),
    "in place": (
        (("    padded =", "    w *= 2\n    w = w / 2\n    padded ="),),
        {"conv_forward": 1},
        "w is changed in place",
    ),
    "square images only": (
        ((" * pad - WW) // stride", " * pad - HH) // stride"),),
        {"conv_forward": 10},
        "wrong shape",
    ),
    "zeros": (
        (("= np.tensordot(window, w, ((1, 2, 3), (1, 2, 3))) + b", "= 0"),),
        {"conv_forward": 10},
        "it is 0, whatever the arguments are",
    ),
}

RIGHT["conv_backward"] = {
    "four loops": """
def conv_backward(dout, cache):
    x, w, stride, pad = cache
    F, C, HH, WW = w.shape
    padded = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    dpadded, dw, db = np.zeros_like(padded), np.zeros_like(w), np.zeros(F)
    for n, f, i, j in np.ndindex(dout.shape):
        rows, columns = slice(i * stride, i * stride + HH), slice(j * stride, j * stride + WW)
        db[f] += dout[n, f, i, j]
        dw[f] += dout[n, f, i, j] * padded[n, :, rows, columns]
        dpadded[n, :, rows, columns] += dout[n, f, i, j] * w[f]
    if pad > 0:
        dpadded = dpadded[:, :, pad:-pad, pad:-pad]
    return dpadded, dw, db
""",
    "with the flipped kernel": """
def conv_backward(dout, cache):
    x, w, stride, pad = cache
    (H, W), (HH, WW) = x.shape[2:], w.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    spread = np.zeros((*dout.shape[:2], H + 2 * pad - HH + 1, W + 2 * pad - WW + 1))
    spread[:, :, ::stride, ::stride] = dout
    dw = np.einsum("ncpqij,nfij->fcpq", sliding_window_view(padded, spread.shape[2:], axis=(2, 3)), spread)
    wide = np.pad(spread, ((0, 0), (0, 0), (HH - 1, HH - 1), (WW - 1, WW - 1)))
    windows = sliding_window_view(wide, (HH, WW), axis=(2, 3))
    dx = np.einsum("nfijpq,fcpq->ncij", windows, w[:, :, ::-1, ::-1])
    return dx[:, :, pad:pad + H, pad:pad + W], dw, dout.sum((0, 2, 3))
""",
    "a slice for each weight": """
def conv_backward(dout, cache):
    x, w, s, pad = cache
    (N, C, H, W), (OH, OW) = x.shape, dout.shape[2:]
    big = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dbig, dw = np.zeros_like(big), np.zeros_like(w)
    for p, q in np.ndindex(w.shape[2:]):
        at = (slice(None), slice(None), slice(p, p + s * (OH - 1) + 1, s), slice(q, q + s * (OW - 1) + 1, s))
        dw[:, :, p, q] = np.einsum("nfij,ncij->fc", dout, big[at])
        dbig[at] += np.einsum("nfij,fc->ncij", dout, w[:, :, p, q])
    return [dbig[:, :, pad:H + pad, pad:W + pad], dw, np.einsum("nfij->f", dout)]
""",
    "scipy": """
from scipy.signal import correlate, convolve

def conv_backward(dout, cache):
    x, w, stride, pad = cache
    H, W = x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    spread = np.zeros((*dout.shape[:2], *np.subtract(padded.shape[2:], w.shape[2:]) + 1))
    spread[:, :, ::stride, ::stride] = dout
    dw, dx = np.zeros(w.shape), np.zeros(padded.shape)
    for n in range(len(x)):
        for f in range(len(w)):
            for c in range(x.shape[1]):
                dw[f, c] += correlate(padded[n, c], spread[n, f], mode="valid", method="direct")
                dx[n, c] += convolve(spread[n, f], w[f, c], mode="full", method="direct")
    return dx[:, :, pad:pad + H, pad:pad + W], dw, dout.sum(axis=(0, 2, 3))
""",
    "float32": (("return dx, dw,", "return dx.astype(np.float32), dw.astype(np.float32),"),),
}
WRONG["conv_backward"] = {
    "two slips": (
        (("pad : pad + H, pad : pad + W", ":H, :W"), ("columns] += np", "columns] = np")),
        {"conv_backward": 3.75},
        " — and: the border is cut off on the wrong side: dx starts at pad",
    ),
    "dx alone": ((("return dx, dw, dout.sum(axis=(0, 2, 3))", "return dx"),), {"conv_backward": 12}, "(dx, dw, db)"),
    "the cache is changed": (
        (("    dx =", "    w += 1\n    dx ="),),
        {"conv_backward": 1},
        "cache is changed in place",
    ),
}

RIGHT["max_pool_forward"] = {
    "four loops": """
def max_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    out = np.zeros((N, C, 1 + (H - size) // stride, 1 + (W - size) // stride))
    for n, c, i, j in np.ndindex(out.shape):
        out[n, c, i, j] = np.max(x[n, c, i * stride:i * stride + size, j * stride:j * stride + size])
    return out, (x, size, stride)
""",
    "sliding windows": """
def max_pool_forward(x, size, stride):
    windows = sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    return windows.max(axis=(-1, -2)), (x, size, stride)
""",
    "a slice for each pixel of the window": """
def max_pool_forward(x, size, stride):
    H, W = x.shape[2:]
    out = np.full_like(x[:, :, :H - size + 1:stride, :W - size + 1:stride], -np.inf)
    for p in range(size):
        for q in range(size):
            np.maximum(out, x[:, :, p:H - size + 1 + p:stride, q:W - size + 1 + q:stride], out=out)
    return out, (x, size, stride)
""",
    "scipy": """
from scipy.ndimage import maximum_filter

def max_pool_forward(x, size, stride):
    out = maximum_filter(x, size, axes=(2, 3), origin=-(size // 2) if size % 2 == 0 else 0)
    first = 0 if size % 2 == 0 else size // 2
    H, W = x.shape[2] - size + 1 + first, x.shape[3] - size + 1 + first
    return out[:, :, first:H:stride, first:W:stride], (x, size, stride)
""",
    "sorted": (("window.max(axis=(2, 3))", "np.sort(window.reshape(*window.shape[:2], -1))[..., -1]"),),
    "float32": (("return out,", "return out.astype(np.float32),"),),
}
WRONG["max_pool_forward"] = {
    "tiles only": (
        """
def max_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    return x.reshape(N, C, H // size, size, W // size, size).max(axis=(3, 5)), (x, size, stride)
""",
        {"max_pool_forward": 4},
        "cannot reshape",
    )
}

RIGHT["max_pool_backward"] = {
    "the last of equal ones": (
        ("np.unravel_index(window.argmax(), window.shape)", "np.argwhere(window == window.max())[-1]"),
    ),
    "equal shares": """
def max_pool_backward(dout, cache):
    x, size, stride = cache
    dx = np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            at = np.s_[:, :, i * stride:i * stride + size, j * stride:j * stride + size]
            mask = x[at] == x[at].max(axis=(2, 3), keepdims=True)
            dx[at] += mask / mask.sum(axis=(2, 3), keepdims=True) * dout[:, :, i:i + 1, j:j + 1]
    return dx
""",
    "one of them at random": (
        (
            "np.unravel_index(window.argmax(), window.shape)",
            "np.random.default_rng(7).permutation(np.argwhere(window == window.max()))[0]",
        ),
    ),
    "np.add.at": """
def max_pool_backward(dout, cache):
    x, size, stride = cache
    windows = sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    best = windows.reshape(*dout.shape, -1).argmax(axis=-1)
    n, c, i, j = np.indices(dout.shape)
    dx = np.zeros(x.shape)
    np.add.at(dx, (n, c, i * stride + best // size, j * stride + best % size), dout)
    return dx
""",
    "masked by the maximum, one image at a time": (
        (
            "row, column = np.unravel_index(window.argmax(), window.shape)",
            "row, column = divmod(int(np.argmax(window)), size)",
        ),
    ),
}
_IN_FULL = """
def max_pool_backward(dout, cache):
    x, size, stride = cache
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        at = (n, c, slice(i * stride, i * stride + size), slice(j * stride, j * stride + size))
        dx[at] += dout[n, c, i, j] * (x[at] == x[at].max())
    return dx
"""
WRONG["max_pool_backward"] = {
    "in full to equal ones": (_IN_FULL, {"max_pool_backward": 2}, "in full: all together may get it once"),
    "half to each of equal ones": (
        _IN_FULL.replace("x[at].max())", "x[at].max()) / (1 + ((x[at] == x[at].max()).sum() > 1))"),
        {"max_pool_backward": 2},
        "is not dout when added up",
    ),
    "the cache is changed": (
        (("    return dx", "    x[:] = 0\n    return dx"),),
        {"max_pool_backward": 1},
        "cache is changed in place",
    ),
}

_PRODUCT = "kernels[:, None] * np.array([0.3, 0.6, 0.1])[:, None, None]"
RIGHT["filter_bank"] = {
    "typed in": """
def filter_bank():
    w = np.zeros((5, 3, 3, 3))
    for c, weight in enumerate([0.3, 0.6, 0.1]):
        w[0, c, 1, 1] = weight
        w[1, c] = weight * np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]])
        w[2, c] = weight * np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
        w[3, c] = weight / 9
        w[4, c] = weight * np.array([[-1, -1, -1], [-1, 17, -1], [-1, -1, -1]]) / 9
    return w
""",
    "einsum": ((_PRODUCT, 'np.einsum("fpq,c->fcpq", kernels, (0.3, 0.6, 0.1))'),),
    "outer products": (("np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]])", "np.outer([1, 0, -1], [1, 2, 1])"),),
    "stacked": ((_PRODUCT, "np.stack([0.3 * kernels, 0.6 * kernels, 0.1 * kernels], axis=1)"),),
    "float32": (("return kernels[:, None]", "return kernels[:, None].astype(np.float32)"),),
    "kron": (("return kernels[:, None] * ", "return np.tile(kernels[:, None], (1, 3, 1, 1)) * "),),
}
WRONG["filter_bank"] = {"no axis for the colours": (((_PRODUCT, "kernels"),), {"filter_bank": 4}, "wrong shape")}
