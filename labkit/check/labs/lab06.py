"""Lab 6, layers: the affine layer, convolution and pooling as they are read. More: `lab06_filters`, `lab06_more`."""

import numpy as np

from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise

_OUT = "(out, cache)"
_ALONE = "the arrays handed over are left as they were"
_BY_N = "divided by N: what of the loss is a mean is in dout already, here the images are summed"
_OVERWRITES = "= where += is asked: windows overlap, so each adds its share to what others have left"
_STRIDE = "stride is ignored: the window of out's place (i, j) starts at (i * stride, j * stride)"

# -------------------------------------------------------------------------------------------- affine


def affine_backward_(dout, cache):
    """Gradients of the affine layer: dout (N, M), cache (x, w) -> dx, dw, db."""
    x, w = cache
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(len(x), -1).T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db


def _affine_cases(rng):
    cases = []
    for shape, m in [((5, 2, 3), 4), ((1, 7), 3), ((6, 3, 2, 2), 12), ((4, 4), 4)]:
        x, w = rng.normal(size=shape), rng.normal(size=(int(np.prod(shape[1:])), m))
        cases.append((rng.normal(size=(len(x), m)), (x, w)))
    return cases


affine_backward = exercise(
    "affine_backward",
    4,
    affine_backward_,
    [
        (3, "dx, in the shape that x had", equals(_affine_cases, part=0)),
        (3, "dw, summed over the images", equals(_affine_cases, part=1)),
        (1, "db, summed over the images", equals(_affine_cases, part=2)),
        (1, _ALONE, unchanged(_affine_cases)),
    ],
    mistakes=[
        ("dx is in rows: give it the shape of x again", (".reshape(x.shape)", "")),
        ("w is reshaped where it has to be transposed", ("w.T", "w.reshape(-1, len(w))")),
        (_BY_N, ("(len(x), -1).T @ dout", "(len(x), -1).T @ dout / len(x)")),
        (_BY_N, ("sum(axis=0)", "mean(axis=0)")),
        ("db is summed over the outputs: each output has its own bias", ("sum(axis=0)", "sum(axis=1)")),
        ("db is one number: sum over the images only", ("sum(axis=0)", "sum()")),
        ("db keeps the axis of the images: it has the shape of b", ("axis=0", "axis=0, keepdims=True")),
    ],
    returns="(dx, dw, db)",
)

# --------------------------------------------------------------------------------------- convolution


def output_size_(size, kernel, stride=1, pad=0):
    """Number of windows along one axis; ValueError if they do not fit."""
    way = size + 2 * pad - kernel
    if way < 0 or way % stride:
        raise ValueError(f"({size} + 2 * {pad} - {kernel}) / {stride} + 1 is not a whole number from 1 up")
    return way // stride + 1


def _raises(function, args):
    try:
        function(*args)
    except Exception as problem:
        return isinstance(problem, ValueError)
    return False


def _refuses(answer):
    for args in [(32, 3, 2, 1), (5, 2, 2, 0), (4, 7, 1, 1), (10, 4, 5, 1), (3, 8, 5, 0)]:
        outcome = answer(*args)
        if _raises(answer.right, args) and "ValueError" not in outcome.raised:
            case = "size {}, kernel {}, stride {}, pad {}".format(*args)
            return outcome.error or f"{case} does not fit, and there is no ValueError"
    return None


def _whole(answer):
    value = answer(32, 5, 1, 2).value
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return None if whole else "it is not a whole number, which range() would not take: divide with //"


# The fifth has a stride longer than the kernel, the last a kernel larger than the image.
_FIT = [(32, 5, 1, 2), (31, 3, 2, 1), (7, 7, 3, 0), (20, 4, 4, 0), (9, 2, 5, 4), (1, 1, 1, 0), (2, 4, 2, 2)]

output_size = exercise(
    "output_size",
    4,
    output_size_,
    [
        (5, "the number of windows", equals(lambda rng: _FIT)),
        (2, "a ValueError where they do not fit", _refuses),
        (1, "a whole number", _whole),
    ],
    mistakes=[
        ("the first window is not counted: + 1", ("stride + 1", "stride")),
        ("the border is on both sides: 2 * pad", ("2 * pad -", "pad -")),
        ("the border makes the image larger, not smaller: + 2 * pad", ("+ 2 * pad", "- 2 * pad")),
        ("the border is missing: + 2 * pad", ("+ 2 * pad -", "-")),
        ("the kernel is not subtracted: the first place is taken already", ("pad - kernel", "pad")),
        ("the 1 belongs outside of the division", ("way // stride + 1", "(way + 1) // stride")),
        ("the stride is missing", ("way // stride", "way")),
    ],
)


def conv_forward_(x, w, b, stride=1, pad=0):
    """Convolution: x (N, C, H, W), w (F, C, HH, WW), b (F,) -> out (N, F, OH, OW), (x, w, stride, pad)."""
    (N, _, H, W), (F, _, HH, WW) = x.shape, w.shape
    OH, OW = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((N, F, OH, OW))
    for i in range(OH):
        for j in range(OW):
            window = padded[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
            out[:, :, i, j] = np.tensordot(window, w, ((1, 2, 3), (1, 2, 3))) + b
    return out, (x, w, stride, pad)


# (N, C, F), kernel, places, stride, pad: images and kernels that are not square, every stride with every border
_SIZES = [
    ((2, 3, 4), (3, 2), (3, 5), 1, 0),
    ((3, 2, 5), (2, 3), (3, 4), 2, 1),
    ((1, 4, 2), (5, 3), (2, 3), 3, 2),
    ((2, 1, 3), (1, 1), (4, 3), 1, 0),
    ((4, 3, 2), (4, 4), (2, 2), 2, 1),
    ((2, 3, 3), (3, 3), (4, 4), 1, 1),
]


def _conv_cases(rng):
    """(x, w, b, stride, pad) of several sizes, one of them in float32."""
    cases = []
    for (N, C, F), kernel, places, stride, pad in _SIZES:
        H, W = ((n - 1) * stride + k - 2 * pad for n, k in zip(places, kernel))
        arrays = rng.normal(size=(N, C, H, W)), rng.normal(size=(F, C, *kernel)), rng.normal(size=F)
        dtype = np.float32 if places == (2, 2) else float
        cases.append((*(a.astype(dtype) for a in arrays), stride, pad))
    return cases


_ONE_SIDE = ["(2 * pad, 0), (2 * pad, 0)", "(0, 2 * pad), (0, 2 * pad)"]
_SUM = "np.tensordot(window, w, ((1, 2, 3), (1, 2, 3)))"
_FIRST, _LAST = (f"np.tensordot(window[:, {c}], w[:, {c}], ((1, 2), (1, 2)))" for c in (0, -1))

conv_forward = exercise(
    "conv_forward",
    10,
    conv_forward_,
    [
        (8, "each number is window times filter, summed, plus the bias", equals(_conv_cases, part=0)),
        (1, "the cache is (x, w, stride, pad)", equals(_conv_cases, part=[(1, 0), (1, 1), (1, 2), (1, 3)])),
        (1, _ALONE, unchanged(_conv_cases)),
    ],
    mistakes=[
        ("the kernel is flipped: a layer uses it as it is", ("(window, w,", "(window, w[:, :, ::-1, ::-1],")),
        ("the bias is inside the sum over the window: it is added once", (" + b", " + b * w[0].size")),
        ("the bias is added for each channel: it is added once", (" + b", " + b * x.shape[1]")),
        ("the bias is missing", (" + b", "")),
        ("the bias is subtracted", (" + b", " - b")),
        (_STRIDE, ("i * stride", "i", 2), ("j * stride", "j", 2)),
        ("the border is not zeros", ("(pad, pad)))", ['(pad, pad)), mode="edge")', "(pad, pad)), constant_values=1)"])),
        ("the border is on one side only", ("(pad, pad), (pad, pad)", _ONE_SIDE)),
        ("the border is missing in the size of out: + 2 * pad", ("2 * pad", "0 * pad", 2)),
        ("the border counts once in the size of out: it is on both sides", ("2 * pad", "pad", 2)),
        ("the size of out has no + 1: the first window counts too", ("stride + 1", "stride", 2)),
        ("only one channel is summed: sum over all", (_SUM, [_FIRST, _LAST])),
        ("a mean over the window, where a sum is asked", (_SUM, f"{_SUM} / w[0].size")),
        ("a mean over the channels, where a sum is asked", (_SUM, f"{_SUM} / x.shape[1]")),
        ("all images get the output of one", (_SUM, [f"{_SUM}[:1]", f"{_SUM}[-1:]"])),
        ("all maps get the output of one filter", (f"{_SUM} + b", [f"({_SUM} + b)[:, :1]", f"({_SUM} + b)[:, -1:]"])),
        ("the padded images are in the cache, where x is asked", ("(x, w, stride", "(padded, w, stride")),
        ("stride and pad are exchanged in the cache", ("stride, pad)\n", "pad, stride)\n")),
    ],
    returns=_OUT,
)


def conv_backward_(dout, cache):
    """Gradients of the convolution: dout (N, F, OH, OW), cache (x, w, stride, pad) -> dx, dw, db."""
    x, w, stride, pad = cache
    (OH, OW), (HH, WW), (H, W) = dout.shape[2:], w.shape[2:], x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for i in range(OH):
        for j in range(OW):
            rows, columns = slice(i * stride, i * stride + HH), slice(j * stride, j * stride + WW)
            dw += np.tensordot(dout[:, :, i, j], padded[:, :, rows, columns], (0, 0))
            dpadded[:, :, rows, columns] += np.tensordot(dout[:, :, i, j], w, 1)
    dx = dpadded[:, :, pad : pad + H, pad : pad + W]
    return dx, dw, dout.sum(axis=(0, 2, 3))


def _conv_back_cases(rng):
    """(dout, (x, w, stride, pad)) for each of `_conv_cases`."""
    return [
        (rng.normal(size=(len(x), len(w), *places)).astype(x.dtype), (x, w, stride, pad))
        for (x, w, b, stride, pad), (_, _, places, _, _) in zip(_conv_cases(rng), _SIZES)
    ]


_DX = "+= np.tensordot(dout[:, :, i, j], w, 1)"
_LAST_ONLY = "= np.tensordot(dout[-1:, :, i, j], padded[-1:, :, rows, columns], (0, 0))"
_DB_ONE = ["dout[0].sum(axis=(1, 2))", "dout[-1].sum(axis=(1, 2))"]
_DW_SUMS = "= where += is asked: dw sums over all images and places"
_CROP = "pad : pad + H, pad : pad + W"

conv_backward = exercise(
    "conv_backward",
    12,
    conv_backward_,
    [
        (5, "dx, the shares of all windows that saw a pixel", equals(_conv_back_cases, part=0)),
        (4, "dw, summed over images and places", equals(_conv_back_cases, part=1)),
        (2, "db, summed over images and places", equals(_conv_back_cases, part=2)),
        (1, _ALONE, unchanged(_conv_back_cases)),
    ],
    mistakes=[
        (_OVERWRITES, (_DX, [_DX[1:], "= dout[:, -1:, i, j, None, None] * w[-1]"])),
        (_DW_SUMS, ("dw += np", "dw = np")),
        (_DW_SUMS, (_LAST_ONLY.replace("-1:", ":").replace("=", "+=", 1), _LAST_ONLY)),
        ("the border is cut off on the wrong side: dx starts at pad", (_CROP, [":H, :W", "2 * pad :, 2 * pad :"])),
        ("the border is not cut off: dx has the shape of x", (f"[:, :, {_CROP}]", "")),
        ("where pad is 0, pad:-pad is empty: cut with pad : pad + H", (_CROP, "pad:-pad, pad:-pad")),
        (_STRIDE, ("i * stride", "i", 2), ("j * stride", "j", 2)),
        (_STRIDE, ("dpadded[:, :, rows, columns]", "dpadded[:, :, i : i + HH, j : j + WW]")),
        (_STRIDE, (" padded[:, :, rows, columns]", " padded[:, :, i : i + HH, j : j + WW]")),
        ("the kernel is flipped: each weight sends back to the pixel it met", ("w, 1)", "w[:, :, ::-1, ::-1], 1)")),
        (_BY_N, ("    dx =", "    dw /= len(x)\n    dx =")),
        (_BY_N, ("(0, 2, 3))", "(0, 2, 3)) / len(x)")),
        (_BY_N, (_CROP + "]", _CROP + "] / len(x)")),
        ("a mean, where db is a sum over images and places", ("dout.sum(", "dout.mean(")),
        ("db is that of one image: sum over all", ("dout.sum(axis=(0, 2, 3))", _DB_ONE)),
    ],
    returns="(dx, dw, db)",
)

# ------------------------------------------------------------------------------------------- pooling


def max_pool_forward_(x, size, stride):
    """Max pooling: x (N, C, H, W) -> out (N, C, OH, OW), (x, size, stride)."""
    OH, OW = ((n - size) // stride + 1 for n in x.shape[2:])
    out = np.zeros((*x.shape[:2], OH, OW))
    for i in range(OH):
        for j in range(OW):
            window = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
            out[:, :, i, j] = window.max(axis=(2, 3))
    return out, (x, size, stride)


def _pool_cases(rng):
    shapes = [((2, 3, 8, 6), 2, 2), ((1, 4, 7, 5), 3, 2), ((3, 1, 5, 8), 2, 3), ((2, 2, 5, 4), 3, 1)]
    return [(rng.normal(size=shape) - 1.5 * (size == 3), size, stride) for shape, size, stride in shapes]


_MAX = "window.max(axis=(2, 3))"

max_pool_forward = exercise(
    "max_pool_forward",
    4,
    max_pool_forward_,
    [
        (6, "the largest number of each window, channel by channel", equals(_pool_cases, part=0)),
        (1, "the cache is (x, size, stride)", equals(_pool_cases, part=[(1, 0), (1, 1), (1, 2)])),
        (1, _ALONE, unchanged(_pool_cases)),
    ],
    mistakes=[
        ("the mean of the window, where the largest is asked", ("window.max", "window.mean")),
        ("the smallest of the window, where the largest is asked", ("window.max", "window.min")),
        ("the largest starts at 0: a window of negative numbers has a negative one", (_MAX, f"np.maximum(0, {_MAX})")),
        ("the largest absolute value: the signs count", (_MAX, "abs(window).max(axis=(2, 3))")),
        ("the largest over all channels: each has its own", (_MAX, "window.max(axis=(1, 2, 3))[:, None]")),
        ("the largest over all images: each has its own", (_MAX, "window.max(axis=(0, 2, 3))")),
        ("stride is ignored: the windows start at i * stride", ("i * stride", "i", 2), ("j * stride", "j", 2)),
        ("the window is stride pixels wide: it has size", ("stride + size", "stride + stride", 2)),
        ("the cache holds out, where x is asked", ("(x, size, stride)\n", "(out, size, stride)\n")),
    ],
    returns=_OUT,
)


def max_pool_backward_(dout, cache):
    """Gradient of max pooling: dout (N, C, OH, OW), cache (x, size, stride) -> dx."""
    x, size, stride = cache
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dout.shape):
        window = x[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
        row, column = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, i * stride + row, j * stride + column] += dout[n, c, i, j]
    return dx


def _pool_back_cases(rng):
    """No two numbers are equal."""
    cases = [(rng.permutation(x.size).reshape(x.shape) - x.size / 2, *sizes) for x, *sizes in _pool_cases(rng)]
    return [(rng.normal(size=max_pool_forward_(*args)[0].shape), args) for args in cases]


def _ties(answer):
    """Between equal maxima any shares will do, as long as they are of dout and together dout."""
    rng = answer.rng()
    for shape in [(3, 2, 6, 4), (2, 1, 4, 6), (1, 3, 2, 8)]:
        x = rng.integers(0, 2, shape).astype(float)
        dout = 1.5 * rng.choice([-1, 1], (*shape[:2], shape[2] // 2, shape[3] // 2))
        x[0, 0, :2, :2] = 0
        outcome = answer(dout, (x, 2, 2))
        if outcome.error:
            return outcome.error
        if answer.slips and np.array_equal(outcome.value, answer.right(dout, (x, 2, 2))):
            continue  # wrong by the slip that was named above
        if np.shape(outcome.value) != shape:
            return "dx has not the shape of x"
        dx, pixels = (
            np.asarray(a).reshape(*shape[:2], shape[2] // 2, 2, -1, 2).swapaxes(3, 4).reshape(*dout.shape, 4)
            for a in (outcome.value, x)
        )
        shares, largest = dx / dout[..., None], pixels == pixels.max(axis=-1, keepdims=True)
        if np.abs(shares[~largest]).max(initial=0) > 1e-6:
            return "a number gets something that is not the largest of its window"
        if np.allclose(shares[largest], 1):
            return "each of several largest numbers gets dout in full: all together may get it once"
        if not np.allclose(shares.sum(axis=-1), 1) or shares.min() < -1e-6:
            return "what the largest numbers of a window get is not dout when added up"
    return None


_AT = "[n, c, i * stride + row, j * stride + column]"
_ALL = "[n, c, i * stride : i * stride + size, j * stride : j * stride + size]"
_SIZE = "[n, c, i * size + row, j * size + column]"

max_pool_backward = exercise(
    "max_pool_backward",
    6,
    max_pool_backward_,
    [
        (3, "dout goes to the largest number of each window", equals(_pool_back_cases)),
        (2, "between equal maxima dout is given away once", _ties),
        (1, _ALONE, unchanged(_pool_back_cases)),
    ],
    mistakes=[
        ("= where += is asked: a pixel can be the largest of several windows", ("] += ", "] = ")),
        ("dout is given to the whole window: only the largest number counts", (_AT, _ALL)),
        ("dout is spread over the window: only the largest number counts", (_AT, _ALL), ("j]\n", "j] / size**2\n")),
        ("row and column are exchanged", ("row, column = ", "column, row = ")),
        ("stride is ignored where dx is written", (_AT, ["[n, c, i + row, j + column]", _SIZE])),
        ("stride is ignored", ("i * stride", "i", 3), ("j * stride", "j", 3)),
        ("the largest numbers themselves, where dout is asked", ("+= dout[n, c, i, j]", "+= window.max()")),
        ("multiplied by the largest number, whose derivative is 1", ("i, j]\n", "i, j] * window.max()\n")),
        ("the gradient goes to the smallest number", ("argmax", "argmin")),
        ("a 1 where dout is asked: chain rule", ("+= dout[n, c, i, j]", "+= 1")),
    ],
)
