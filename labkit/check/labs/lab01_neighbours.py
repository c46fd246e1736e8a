"""Lab 1, nearest neighbours: distances in loops, the vote of k, cross-validation, and the plot of its accuracies."""

import numpy as np

from labkit.check.criteria import equals, unchanged
from labkit.check.exercise import exercise
from labkit.check.runtime_loops import grows
from labkit.check.watch import READY_MADE

WRITE_OUT = (*READY_MADE, "scipy.spatial.*", "scipy.stats.*")
NONE = {"keeps": 0}

# ------------------------------------------------------------------------------ distances in loops


def distances_two_loops_(A, B):
    """Squared distance of each row of A (M, D) to each row of B (N, D), pair by pair, as (M, N)."""
    distances = np.zeros((len(A), len(B)))
    for i in range(len(A)):
        for j in range(len(B)):
            distances[i, j] = ((A[i] - B[j]) ** 2).sum()
    return distances


def distances_one_loop_(A, B):
    """The same, row by row of A: all differences of one row at once."""
    distances = np.zeros((len(A), len(B)))
    for i in range(len(A)):
        distances[i] = ((A[i] - B) ** 2).sum(axis=1)
    return distances


def _rows(rng):
    """Rows of all sizes and magnitudes, zeros, and rows that are in both sets."""
    sizes = [(5, 4, 3), (1, 3, 2), (7, 2, 12), (4, 4, 4), (3, 6, 5), (2, 1, 1)]
    cases = [(rng.normal(size=(m, d)), rng.normal(size=(n, d))) for m, n, d in sizes]
    far = cases[4][0] * [1e5, 1, 1e-3, 0, -1e5]
    return [*cases, tuple(a.astype(np.float32) for a in cases[0]), (far, np.concatenate([far, 0 * far]))]


def _lab_rows(rng):
    return rng.normal(size=(100, 3072)), rng.normal(size=(500, 3072))


def _of_sizes(answer, m, n):
    rng = answer.rng()
    return rng.normal(size=(m, 4)), rng.normal(size=(n, 4))


def _one_loop(answer):
    """Its steps may grow with the rows of A or with those of B, not with both."""
    few = _of_sizes(answer, 6, 5)
    try:
        both = all(grows(answer.target, few, _of_sizes(answer, *more)) for more in ((54, 5), (6, 53)))
    except Exception:  # it does not work on these sizes, which the first line has said
        return None
    if not both:
        return None
    return "its steps grow with the rows of A and with those of B: take all differences of one row at once, A[i] - B"


_SQUARES, _PAIR = "((A[i] - B[j]) ** 2).sum()", "A[i] - B[j]"
_ROW, _ALL = "((A[i] - B) ** 2).sum(axis=1)", "A[i] - B"
_ROOT = "these are the distances: the squared ones are asked, no root"
_ABSOLUTE = "the sum of absolute differences: their squares are asked"
_MEAN = "this is the mean over the features: their sum is asked"
_SUM_FIRST = "squared after the sum: each difference is squared, then they are added"
_NOT_SQUARED = "the differences are added up as they are: their squares are asked"
_PLUS = "the sum of two rows, where their difference is asked"
_TURNED = "the result is transposed: a row for each row of A, a column for each row of B"
_EARLY = "the return stands in the loop: it ends too early"
_BACK = "    return distances"
_INNER = "the inner product of two rows: the squares of their differences are asked"
_LARGEST = "the largest square: their sum is asked"
_ALL_ROWS = "off by one: range(n) ends before n, so range(len({0})) goes through all of them"


def _wrong_sums(squares, difference, axis=""):
    """Mistakes of both loops; squares: the sum as it is written, difference: what is squared, axis: of the sum."""
    return [
        (_ROOT, (squares, f"np.sqrt({squares})")),
        (_ABSOLUTE, (squares, f"abs({difference}).sum({axis})")),
        (_MEAN, (f".sum({axis})", f".mean({axis})")),
        (_SUM_FIRST, (squares, f"({difference}).sum({axis}) ** 2")),
        (_NOT_SQUARED, (squares, f"({difference}).sum({axis})"), NONE),
        (_PLUS, (difference, difference.replace("-", "+"))),
        (_LARGEST, (f".sum({axis})", f".max({axis})")),
        (_TURNED, (_BACK, f"{_BACK}.T")),
        (_ALL_ROWS.format("A"), ("range(len(A))", "range(len(A) - 1)")),
    ]


# fmt: off
distances_two_loops = exercise("distances_two_loops", 5, distances_two_loops_, [
    (4, "the squared distance of each row of A to each row of B, (M, N)", equals(_rows, lab=_lab_rows)),
    (1, "A and B are left as they were", unchanged(_rows)),
], mistakes=[
    *_wrong_sums(_SQUARES, _PAIR),
    (_INNER, (_SQUARES, "A[i] @ B[j]"), NONE),
    (_EARLY, (_BACK, f"            {_BACK.strip()}")),
    (_EARLY, (_BACK, f"        {_BACK.strip()}")),
    (_ALL_ROWS.format("B"), ("range(len(B))", "range(len(B) - 1)")),
    ("one sum for a row of A: each pair has its own", ("distances[i, j] =", "distances[i] =")),
], ready_made=WRITE_OUT)

distances_one_loop = exercise("distances_one_loop", 5, distances_one_loop_, [
    (3, "the squared distance of each row of A to each row of B, (M, N)", equals(_rows, lab=_lab_rows)),
    (1, "one loop, not two", _one_loop),
    (1, "A and B are left as they were", unchanged(_rows)),
], mistakes=[
    *_wrong_sums(_ROW, _ALL, "axis=1"),
    (_INNER, (_ROW, "B @ A[i]"), NONE),
    ("the sum runs over everything: one sum for each row of B (axis=1)", ("axis=1", "")),
    ("wrong axis: the sum of the squares runs over the features of a row (axis=1)", ("axis=1", "axis=0")),
    (_EARLY, (_BACK, f"        {_BACK.strip()}")),
], ready_made=WRITE_OUT)
# fmt: on

# --------------------------------------------------------------------------------- the vote of k


def vote_labels_(distances, y_train, k):
    """The class that most of the k nearest training images have: distances (M, N), y_train (N,) -> (M,)."""
    nearest = distances.argsort(axis=1)[:, :k]
    labels = y_train[nearest]
    votes = (labels[:, :, None] == np.arange(y_train.max() + 1)).sum(axis=1)
    return votes.argmax(axis=1)


def _elections(rng):
    """Distances whose votes have one winner each, so that it does not matter how ties are resolved."""
    cases, sizes = [], [(9, 1, 3), (30, 5, 4), (12, 4, 3), (8, 8, 3), (25, 3, 10), (40, 15, 3), (1000, 7, 2)]
    for i, (n, k, c) in enumerate(sizes):
        y = rng.permutation(np.arange(n) % c if n != 8 else [0, 1, 2, 1, 1, 0, 2, 1])
        y = y.astype([np.int64, np.int32, np.uint8][i % 3])
        distances = rng.random((60, n)) * 10.0 ** (i - 1)
        labels = y[distances.argsort(axis=1)[:, :k]]
        votes = np.sort((labels[:, :, None] == np.arange(c)).sum(axis=1), axis=1)
        cases.append((distances[votes[:, -1] > votes[:, -2]], y, k))
    distances, y, k = cases[1]
    return [*cases, ((distances - 0.5).astype(np.float32), y, k)]  # rounding makes squared distances near 0 negative


def _lab_election(rng):
    return rng.random((1000, 5000)), rng.integers(0, 10, 5000), 1


_SORTED, _VOTES = "distances.argsort(axis=1)[:, :k]", "votes.argmax(axis=1)"

# fmt: off
vote_labels = exercise("vote_labels", 10, vote_labels_, [
    (9, "the most frequent class among the k nearest training images, one for each row",
     equals(_elections, lab=_lab_election)),
    (1, "distances and y_train are left as they were", unchanged(_elections)),
], mistakes=[
    ("these are the k farthest training images: the nearest have the smallest distances",
     (_SORTED, "distances.argsort(axis=1)[:, -k:]")),
    ("the nearest image alone: the k nearest vote", ("[:, :k]", "[:, :1]"), NONE),
    ("k + 1 images vote", ("[:, :k]", "[:, :k + 1]")),
    ("the nearest image does not vote: it is one of the k", ("[:, :k]", "[:, 1:k + 1]")),
    ("all training images vote: only the k nearest do", ("[:, :k]", ""), NONE),
    ("the class of the k-th neighbour: the most frequent class among the k nearest is asked",
     (_VOTES, "labels[:, k - 1]")),
    ("the mean of the class numbers: they are names, and the most frequent is asked",
     (_VOTES, ["labels.mean(axis=1)", "np.round(labels.mean(axis=1))", "labels.mean(axis=1).astype(int)"])),
    ("the median of the class numbers: they are names, and the most frequent is asked",
     (_VOTES, ["np.median(labels, axis=1)", "np.median(labels, axis=1).astype(int)"])),
    ("the places of the images vote, not their classes: y_train[…]", ("labels = y_train[nearest]", "labels = nearest"),
     ("y_train.max() + 1", "len(y_train)"), NONE),
    ("this is the number of votes: the class that got them is asked", (_VOTES, "votes.max(axis=1)")),
    ("the class with the fewest votes", ("votes.argmax", "votes.argmin")),
    ("the largest class number among the neighbours: the most frequent one is asked", (_VOTES, "labels.max(axis=1)")),
    ("wrong axis: the distances of one image to all training images are a row (axis=1)",
     (_SORTED, "distances.argsort(axis=0)[:, :k]")),
    ("one vote for all images together: each has its own neighbours",
     (_VOTES, "np.full(len(votes), votes.sum(axis=0).argmax())")),
], ready_made=WRITE_OUT)
# fmt: on

# ------------------------------------------------------------------------------- cross-validation


def cross_validate_(distances, y, ks, vote, folds=5):
    """Accuracy of each k on each fold held out: distances (N, N), y (N,), vote(distances, labels, k) -> (K, folds)."""
    accuracies = np.zeros((len(ks), folds))
    pieces = np.array_split(np.arange(len(y)), folds)
    for f, held_out in enumerate(pieces):
        rest = np.setdiff1d(np.arange(len(y)), held_out)
        part = distances[np.ix_(held_out, rest)]
        for i, k in enumerate(ks):
            guessed = vote(part, y[rest], k)
            accuracies[i, f] = np.mean(guessed == y[held_out])
    return accuracies


def _elect(distances, labels, k):
    """The vote that is handed over. Classes are as many as the lab has; of a tie the smallest label wins."""
    nearest = np.asarray(labels)[np.asarray(distances).argsort(axis=1)[:, :k]]
    return (nearest[:, :, None] == np.arange(10)).sum(axis=1).argmax(axis=1)


def _foldings(rng):
    """Distances of points in clouds, so that accuracies are neither 0 nor 1 and k matters."""
    cases = []
    for n, ks, folds, c in [(30, [1, 3, 7], 5, 3), (24, [1, 2], 4, 2), (16, [5], 2, 3), (21, [1, 3, 4, 6], 3, 4)]:
        y = rng.integers(0, c, n)
        points = np.column_stack([y, y % 2]) + 0.8 * rng.normal(size=(n, 2))
        cases.append((((points[:, None] - points) ** 2).sum(axis=2), y, ks, _elect, folds))
    distances, y, ks, vote, _ = cases[0]
    return [*cases, (distances, y.astype(np.uint8), ks, vote), (distances.astype(np.float32), y, ks, vote, 3)]


_MEAN_OF, _FOLDS = "np.mean(guessed == y[held_out])", "np.array_split(np.arange(len(y)), folds)"
_ITSELF = "the images of the fold are among those that vote: each is nearest to itself, so leave them out"
_LABELS = "the labels of all images, where those of the rest are asked: rows of distances and labels no longer belong"
_RETURN = "return accuracies"

# fmt: off
cross_validate = exercise("cross_validate", 10, cross_validate_, [
    (9, "the accuracy of each k on each fold, the other folds voting, (K, folds)", equals(_foldings)),
    (1, "distances and y are left as they were", unchanged(_foldings)),
], mistakes=[
    (_ITSELF, ("np.setdiff1d(np.arange(len(y)), held_out)", "np.arange(len(y))"), NONE),
    ("the other way round: the fold votes on all others; the others vote on the fold",
     ("np.ix_(held_out, rest)", "np.ix_(rest, held_out)"), ("vote(part, y[rest], k)", "vote(part, y[held_out], k)"),
     ("== y[held_out]", "== y[rest]")),
    ("one number for each k: the accuracy on each fold is asked, a column for each",
     (_RETURN, ["return accuracies.mean(axis=1)", "return accuracies.mean(axis=1, keepdims=True)"])),
    ("transposed: a row for each k, a column for each fold", (_RETURN, "return accuracies.T")),
    ("the share of mistakes: that of right answers is asked", ("guessed == y", "guessed != y")),
    ("the number of right answers: their share is asked", (_MEAN_OF, "np.sum(guessed == y[held_out])")),
    ("right answers over the number of all images: over those of the fold",
     (_MEAN_OF, "np.sum(guessed == y[held_out]) / len(y)")),
    ("in per cent: a share from 0 to 1 is asked", (_MEAN_OF, f"100 * {_MEAN_OF}")),
    ("the same fold is held out each time", ("enumerate(pieces)", "enumerate([pieces[0]] * folds)")),
    ("the folds run backwards: the first column belongs to the first images", (_RETURN, "return accuracies[:, ::-1]")),
    ("every folds-th image is in a fold: consecutive images are asked",
     (_FOLDS, "[np.arange(f, len(y), folds) for f in range(folds)]")),
    ("the images are shuffled before they are cut: the folds are consecutive images",
     (_FOLDS, "np.array_split(np.random.default_rng(0).permutation(len(y)), folds)")),
    ("the number of folds is an argument: this always takes 5", ("(len(ks), folds)", "(len(ks), 5)"),
     (_FOLDS, "np.array_split(np.arange(len(y)), 5)")),
    ("the place of k in the list stands where k is asked", ("y[rest], k)", "y[rest], i + 1)")),
    ("the guesses are compared with the labels of other images: take those of the fold",
     ("== y[held_out]", "== y[:len(held_out)]")),
    (_LABELS, ("vote(part, y[rest], k)", "vote(part, y[:len(rest)], k)")),
    (_LABELS, ("vote(part, y[rest], k)", "vote(part, y, k)")),
    ("only the first k is tried", ("enumerate(ks)", "enumerate(ks[:1])")),
], ready_made=WRITE_OUT)
# fmt: on
