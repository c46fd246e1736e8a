"""Lab 7, the ConvNet: augmentation and the schedule of the rate, each with the mistakes that are known."""

import numpy as np

from labkit.check.criteria import equals, watched
from labkit.check.exercise import exercise

# ------------------------------------------------------------------------------------ augmentation


def mirror_and_shift_(X, rng, most=4):
    """Each image mirrored with probability ½ and shifted by up to `most` pixels, down and across: X (N, C, H, W)."""
    N, C, H, W = X.shape
    padded = np.pad(X, ((0, 0), (0, 0), (most, most), (most, most)))
    out = np.empty_like(X)
    for n in range(N):
        top, left = rng.integers(0, 2 * most + 1, size=2)
        image = padded[n, :, top : top + H, left : left + W]
        out[n] = image[:, :, ::-1] if rng.random() < 0.5 else image
    return out


SHAPE, MOST, MIDDLE = (100, 2, 8, 9), 2, 4


def _found(call, seed=3):
    """What was done to each image: rows (upside down, mirrored, down, across), the share of images that is not clear,
    and the share whose border came in from the other side. Every pixel is a number that tells where it is from."""
    N, C, H, W = SHAPE
    X = 1.0 + np.arange(np.prod(SHAPE)).reshape(SHAPE)
    out = np.asarray(call(X.copy(), np.random.default_rng(seed), MOST), float)
    if out.shape != SHAPE:
        return f"it returns an array of shape {out.shape}, asked is that of X, {SHAPE}"

    def source(row, column):
        numbers = np.nan_to_num(out[:, 0, row, column], posinf=0)
        return np.unravel_index(np.clip(np.rint(numbers).astype(int) - 1, 0, X.size - 1), SHAPE)

    n, _, top, left = source(MIDDLE, MIDDLE)
    down, across = source(MIDDLE + 1, MIDDLE)[2] - top, source(MIDDLE, MIDDLE + 1)[3] - left  # 1, or -1 where turned
    rows = (top + np.outer(np.arange(H) - MIDDLE, down)).T[:, None, :, None]
    columns = (left + np.outer(np.arange(W) - MIDDLE, across)).T[:, None, None, :]
    inside = (0 <= rows) & (rows < H) & (0 <= columns) & (columns < W)
    wanted = X[np.arange(N)[:, None, None, None], np.arange(C)[:, None, None], rows % H, columns % W]
    same = np.isclose(out, wanted, rtol=0, atol=1e-3)
    clear = (n == np.arange(N)) & (abs(down * across) == 1) & (same | ~inside).all(axis=(1, 2, 3))
    wrapped = clear & ~inside.all(axis=(1, 2, 3)) & same.all(axis=(1, 2, 3))
    shifts = (
        np.where(down < 0, top - (H - 1 - MIDDLE), MIDDLE - top),
        np.where(across < 0, left - (W - 1 - MIDDLE), MIDDLE - left),
    )
    return np.stack([down < 0, across < 0, *shifts], axis=1)[clear], 1 - clear.mean(), wrapped.mean()


def _seen(*wanted):
    """What `watched` looks at: a function of the moves that were found."""

    def observe(call, rng):
        found = _found(call)
        if isinstance(found, str):
            return found
        moves, unclear, wrapped = found
        some = moves if len(moves) else np.full((1, 4), -9)
        turned = [_share_mirrored(moves)] + [_share_mirrored(_found(call, seed)[0]) for seed in (4, 5, 6, 7)]
        looks = {
            "moved": [unclear > 0.02, some[:, 0].mean() > 0.2, bool(some.any())],
            "reach": [*some[:, 2:].min(axis=0), *some[:, 2:].max(axis=0)],
            "half": [0 in turned, 1 in turned, 0 <= min(turned) < 0.2, max(turned) > 0.8],
            "own": [min(len(np.unique(moves, axis=0)), 30) // 10],
            "wrapped": [wrapped > 0],
        }
        return [value for name in wanted for value in looks[name]]

    return observe


def _share_mirrored(moves):
    return moves[:, 1].mean() if len(moves) else -1


def _from_rng(answer):
    X = answer.rng().normal(size=(40, 1, 6, 6))
    one, two, other = (answer(X, np.random.default_rng(seed), 2) for seed in (5, 5, 6))
    if one.error or np.shape(one.value) != X.shape or np.array_equal(one.value, X):
        return one.error or "nothing is drawn"
    right = np.array_equal(one.value, two.value) and not np.array_equal(one.value, other.value)
    return None if right else "the random numbers do not come from rng"


_DRAW, _FLIP = "rng.integers(0, 2 * most + 1, size=2)", "image[:, :, ::-1] if rng.random() < 0.5 else image"
_ONE = "    out = np.empty_like(X)\n"

# fmt: off
mirror_and_shift = exercise("mirror_and_shift", 12, mirror_and_shift_, [
    (3, "images are mirrored and shifted, nothing else happens to them", watched(_seen("moved"))),
    (2, "shifts of -most to most pixels, down and across", watched(_seen("reach"))),
    (2, "about half of the images are mirrored",
     watched(_seen("half"), "too few or too many: toss a coin for each image")),
    (2, "each image has its own draw, down and across too", watched(_seen("own"))),
    (1, "what leaves the image on one side does not come back on the other", watched(_seen("wrapped"))),
    (2, "the random numbers are those of rng, and X is left as it was",
     lambda answer: _from_rng(answer) or _alone(answer)),
], mistakes=[
    ("the images are turned upside down, where left and right are asked", ("[:, :, ::-1]", "[:, ::-1]")),
    ("turned by half: left and right are exchanged, up and down stay", ("[:, :, ::-1]", "[:, ::-1, ::-1]")),
    ("the colours are exchanged, not left and right", ("[:, :, ::-1]", "[::-1]")),
    ("no image is mirrored or shifted", (_FLIP, "image"), (_DRAW, "most, most"), {"keeps": 0}),
    ("no image is mirrored", (_FLIP, "image")),
    ("every image is mirrored: toss a coin for each", (_FLIP, "image[:, :, ::-1]")),
    ("one coin for the whole batch: each image has its own", (_ONE, _ONE + "    coin = rng.random()\n"),
     ("rng.random() <", "coin <")),
    ("one shift for the whole batch: each image has its own", (_ONE, _ONE + f"    top, left = {_DRAW}\n"),
     (f"        top, left = {_DRAW}\n", "")),
    ("down and across are shifted alike: draw twice", (_DRAW, "np.repeat(rng.integers(0, 2 * most + 1), 2)")),
    ("rng.integers leaves out its upper end: a shift is never drawn", ("2 * most + 1", "2 * most")),
    ("shifts in one direction only: down and to the right as well as up and to the left", ("2 * most + 1", "most + 1")),
    ("no image is shifted", (_DRAW, "most, most")),
    ("shifted down or up only", (_DRAW, "rng.integers(0, 2 * most + 1), most")),
    ("shifted across only", (_DRAW, "most, rng.integers(0, 2 * most + 1)")),
    ("what leaves the image on one side comes back on the other", ("(most, most)))", '(most, most)), mode="wrap")')),
    ("noise is added: only mirrored and shifted is asked",
     ("return out", "return out + 0.1 * rng.normal(size=X.shape)"), {"keeps": 0}),
])
# fmt: on


def _alone(answer):
    outcome = answer(answer.rng().normal(size=(40, 1, 6, 6)), np.random.default_rng(5), 2)
    return (
        "X is changed in place: the training images would be moved further at every epoch" if outcome.changed else None
    )


# ---------------------------------------------------------------------------------------- schedule


def warm_cosine_(t, warm=0.2):
    """Factor of the rate at a share t of the run: from 0 up to 1 at t = warm, then half a cosine down to 0 at t = 1."""
    if t < warm:
        return t / warm
    return (1 + np.cos(np.pi * (t - warm) / (1 - warm))) / 2


_COSINE = "np.cos(np.pi * (t - warm) / (1 - warm))"

# fmt: off
warm_cosine = exercise("warm_cosine", 6, warm_cosine_, [
    (1, "a line up to 1 in the beginning", equals(lambda rng: [(t * w, w) for t in (0, 0.3, 0.9) for w in (0.1, 0.5)])),
    (2, "half a cosine down to 0 in the rest",
     equals(lambda rng: [(t, w) for t in (0.5, 0.7, 1.0) for w in (0.1, 0.5, 0.3)])),
], mistakes=[
    ("the way up is missing: the factor starts at 0", ("t / warm", "1")),
    ("the way up is not straight", ("t / warm", "(1 - np.cos(np.pi * t / warm)) / 2")),
    ("it goes up too slowly: 1 is reached at t = warm", ("return t / warm", "return t")),
    ("the cosine begins at t = 0: it begins where the way up ends", (_COSINE, "np.cos(np.pi * t)")),
    ("the cosine has to reach its end at t = 1: divide by 1 - warm", (" / (1 - warm)", "")),
    ("a whole turn of the cosine: half of one goes from 1 to -1", ("np.pi *", "2 * np.pi *")),
    ("a quarter of a turn ends at ½", ("np.pi *", "np.pi / 2 *")),
    ("upside down: it rises in the end", ("1 + np.cos", "1 - np.cos")),
    ("the 1 is missing: a rate below 0 goes uphill", ("1 + np.cos", "np.cos")),
    ("the ½ is missing: the largest factor is 1", ("(1 + " + _COSINE + ") / 2", "1 + " + _COSINE)),
    ("a straight line down, where half a cosine is asked", ("(1 + " + _COSINE + ") / 2", "(1 - t) / (1 - warm)")),
    ("degrees: np.cos takes radians", ("np.pi *", "180 *")),
])
# fmt: on
