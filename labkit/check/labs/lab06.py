"""Lab 6, layers: convolution, filters and pooling as they are read. The other exercises are in `lab06_more`."""

import numpy as np

from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise
from labkit.check.figures import Plot
from labkit.check.verdict import say, verdict

_OUT = "(out, cache)"
_ALONE = "the arrays handed over are left as they were"
_BY_N = "divided by N: what of the loss is a mean is in dout already, here the images are summed"
_OVERWRITES = "= where += is asked: windows overlap, so each adds its share to what others have left"
_STRIDE = "stride is ignored: the window of out's place (i, j) starts at (i * stride, j * stride)"

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
        if _raises(answer.right, args) and not _raises(answer.function, args):
            case = "size {}, kernel {}, stride {}, pad {}".format(*args)
            return outcome.error or f"{case} does not fit, and there is no ValueError"
    return None


def _whole(answer):
    value = answer(32, 5, 1, 2).value
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return None if whole else "it is not a whole number, which range() would not take: divide with //"


_FIT = [(32, 5, 1, 2), (31, 3, 2, 1), (7, 7, 3, 0), (20, 4, 4, 0), (9, 2, 5, 4), (1, 1, 1, 0)]

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
    shapes = [((2, 3, 4, 6), 2, 2), ((1, 4, 7, 5), 3, 2), ((3, 1, 5, 8), 2, 3), ((2, 2, 5, 4), 3, 1)]
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

# ------------------------------------------------------------------------------------------- filters


def filter_bank_():
    """Grey-scale, horizontal edges, vertical edges, blur and sharpen as filters (5, 3, 3, 3)."""
    middle = np.zeros((3, 3))
    middle[1, 1] = 1
    edges = np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]])
    blur = np.full((3, 3), 1 / 9)
    kernels = np.array([middle, edges, edges.T, blur, 2 * middle - blur])
    return kernels[:, None] * np.array([0.3, 0.6, 0.1])[:, None, None]


_EDGES, _SHARP = "edges, edges.T", "2 * middle - blur"
_COLOURS = "np.array([0.3, 0.6, 0.1])"

filter_bank = exercise(
    "filter_bank",
    4,
    filter_bank_,
    [(1, "five filters, each with a kernel for each colour", equals(lambda rng: [()]))],
    mistakes=[
        ("the edge filters are exchanged: horizontal edges come first", (_EDGES, "edges.T, edges")),
        ("an edge filter has the other sign", (_EDGES, ["-edges, edges.T", "edges, -edges.T", "-edges, -edges.T"])),
        ("the colours are added in full: they weigh 0.3, 0.6 and 0.1", (_COLOURS, "np.ones(3)")),
        ("all colours weigh the same: they weigh 0.3, 0.6 and 0.1", (_COLOURS, "np.full(3, 1 / 3)")),
        ("the colours are in the wrong order: red, green, blue", (_COLOURS, f"{_COLOURS}[::-1]")),
        ("only one colour is filtered", (_COLOURS, [f"np.array({c})" for c in ([1, 0, 0], [0, 1, 0], [0, 0, 1])])),
        ("blur brightens: the nine weights sum to 1", (f"blur, {_SHARP}", f"9 * blur, {_SHARP}")),
        ("sharpen is twice the middle minus the blur", (_SHARP, ["middle - blur", "middle + blur", "2 * middle"])),
        ("grey-scale blurs: only its middle pixel counts", ("[middle,", ["[np.ones((3, 3)),", "[blur,"])),
    ],
)


def _drawn(plot):
    """The pictures on a figure: (axes, image, array) of each."""
    found = [(ax, image, np.ma.getdata(image.get_array())) for ax in plot.axes for image in ax.images]
    return [(ax, image, array) for ax, image, array in found if array.ndim >= 2 and min(array.shape[:2]) > 8]


def _enough(plot):
    grey = [a for *_, a in _drawn(plot) if a.ndim == 2 or np.ptp(a[..., :3].astype(float), axis=2).max() < 1e-6]
    different = {array.astype(np.float32).tobytes() for array in grey}
    if any(np.ptp(array) == 0 for array in grey):
        return "one of the pictures is of one colour all over"
    few = f"{len(different)} different grey pictures: two through five filters are ten"
    return few if len(different) < 10 else None


def _titled(plot):
    bare = [ax for ax, *_ in _drawn(plot) if not any(ax.get_title(loc).strip() for loc in ("left", "center", "right"))]
    return f"{len(bare)} of the pictures have no title" if bare else None if _drawn(plot) else "there are no pictures"


def _whole_title(plot):
    said = any(ax.figure.get_suptitle().strip() for ax, *_ in _drawn(plot))
    return None if said else "no title above the figure: suptitle"


def _zero_is_grey(plot):
    for _, image, array in _drawn(plot):
        low, high = image.get_clim()
        if array.ndim == 2 and array.min() < -0.5 * array.max() < 0 and abs(low + high) > 0.1 * (high - low):
            return "in a picture of edges 0 is not in the middle between vmin and vmax"
    return None if _drawn(plot) else "there are no pictures"


def filter_plot(plot, points=6):
    """Print the verdict on the pictures seen through the filters and return the points, at most `points`.

    plot: the figure, or its axes. The pictures count 3 sixths, their titles, the title above and the greys 1 each.
    """
    criteria = [
        (3, "two pictures through five filters", _enough),
        (1, "each picture says what it shows", _titled),
        (1, "a title says what the figure shows", _whole_title),
        (1, "0 is middle grey where a picture has both signs", _zero_is_grey),
    ]
    return say(verdict("filter_plot", points, Plot(plot), criteria, gate=False))
