"""More answers to lab 1: the vote of k and its cross-validation. answers/lab01.py takes them in."""

RIGHT, WRONG = {}, {}

# --------------------------------------------------------------------------------- the vote of k

RIGHT["vote_labels"] = {
    "bincount": """
def vote_labels(distances, y_train, k):
    nearest = np.argpartition(distances, k - 1, axis=1)[:, :k]
    return np.array([np.bincount(y_train[row]).argmax() for row in nearest])
""",
    "Counter, the nearest first": """
from collections import Counter
def vote_labels(distances, y_train, k):
    labels = []
    for row in distances:
        near = row.argsort()[:k]
        labels.append(Counter(y_train[near].tolist()).most_common(1)[0][0])
    return np.array(labels)
""",
    "without a loop": """
def vote_labels(distances, y_train, k):
    labels = y_train[np.argsort(distances, axis=1)[:, :k]]
    return (labels[..., None] == np.arange(10)).sum(axis=1).argmax(axis=1)
""",
    "unique, the largest class of a tie": """
def vote_labels(distances, y_train, k):
    winners = np.zeros(distances.shape[0], dtype=int)
    for i in range(distances.shape[0]):
        classes, votes = np.unique(y_train[np.argsort(distances[i])[:k]], return_counts=True)
        winners[i] = classes[len(votes) - 1 - votes[::-1].argmax()]
    return winners
""",
    "one-hot": """
def vote_labels(distances, y_train, k):
    one_hot = np.eye(int(y_train.max()) + 1)[y_train]
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return one_hot[nearest].sum(axis=1).argmax(axis=-1)
""",
    "a threshold and a product": """
def vote_labels(distances, y_train, k):
    limit = np.sort(distances, axis=1)[:, k - 1:k]
    one_hot = (y_train[:, None] == np.arange(y_train.max() + 1)).astype(float)
    return ((distances <= limit) @ one_hot).argmax(axis=1)
""",
    "add.at": """
def vote_labels(distances, y_train, k):
    labels = np.take(y_train, distances.argsort(1)[:, :k])
    votes = np.zeros((len(distances), 256), int)
    np.add.at(votes, (np.arange(len(distances))[:, None], labels), 1)
    return votes.argmax(1)
""",
    "apply_along_axis": """
def vote_labels(distances, y_train, k):
    nearest = np.argpartition(distances, min(k, distances.shape[1] - 1), axis=1)[:, :k]
    return np.apply_along_axis(lambda labels: np.bincount(labels, minlength=10).argmax(), 1, y_train[nearest])
""",
    "max of the set": """
def vote_labels(distances, y_train, k):
    winners = []
    for row in distances:
        labels = [int(y_train[j]) for j in sorted(range(len(row)), key=row.__getitem__)[:k]]
        winners.append(max(set(labels), key=labels.count))
    return np.asarray(winners)
""",
}

WRONG["vote_labels"] = {
    "SciPy": (
        """
from scipy.stats import mode
def vote_labels(distances, y_train, k):
    return mode(y_train[distances.argsort(axis=1)[:, :k]], axis=1).mode.ravel()
""",
        {"vote_labels": 10},
        "ready-made answer (scipy.stats",
    ),
    "a list": (
        "return [np.bincount(y_train[row.argsort()[:k]]).argmax() for row in distances]",
        {"vote_labels": 10},
        "a Python list",
    ),
    "sorted in place": (
        """
def vote_labels(distances, y_train, k):
    nearest = distances.argsort(axis=1)[:, :k]
    distances.sort(axis=1)
    return np.array([np.bincount(y_train[row]).argmax() for row in nearest])
""",
        {"vote_labels": 1},
        "distances is changed in place",
    ),
    "the notebook's labels": (
        """
def vote_labels(distances, labels, k):
    return np.array([np.bincount(y_train[row.argsort()[:k]]).argmax() for row in distances])
""",
        {"vote_labels": 10},
        "a variable of the notebook",
    ),
    "k is 5": (
        "return np.array([np.bincount(y_train[row.argsort()[:5]]).argmax() for row in distances])",
        {"vote_labels": 10},
        "",
    ),
    "nothing returned": (
        "\ndef vote_labels(distances, y_train, k):\n    np.bincount(y_train[distances.argsort()[:, :k][0]])",
        {"vote_labels": 10},
        "is the `return` missing?",
    ),
}

# ------------------------------------------------------------------------------- cross-validation

RIGHT["cross_validate"] = {
    "pieces": """
def cross_validate(distances, y, ks, vote, folds=5):
    pieces = np.array_split(np.arange(len(y)), folds)
    accuracies = np.zeros((len(ks), folds))
    for f in range(folds):
        rest = np.concatenate(pieces[:f] + pieces[f + 1:])
        for i in range(len(ks)):
            labels = vote(distances[pieces[f]][:, rest], y[rest], ks[i])
            accuracies[i, f] = (labels == y[pieces[f]]).mean()
    return accuracies
""",
    "a mask": """
def cross_validate(distances, y, ks, vote, folds=5):
    fold = np.repeat(np.arange(folds), len(y) // folds)
    result = []
    for k in ks:
        row = []
        for f in range(folds):
            held = fold == f
            row.append(np.mean(vote(distances[held][:, ~held], y[~held], k) == y[held]))
        result.append(row)
    return np.array(result)
""",
    "slices and delete": """
def cross_validate(distances, y, ks, vote, folds=5):
    n = len(y) // folds
    out = np.empty((len(ks), folds))
    for f in range(folds):
        s = slice(f * n, (f + 1) * n)
        d, labels = np.delete(distances[s], s, axis=1), np.delete(y, s)
        out[:, f] = [np.count_nonzero(vote(d, labels, k) == y[s]) / n for k in ks]
    return out
""",
    "kept away by infinity": """
def cross_validate(distances, y, ks, vote, folds=5):
    n = len(y) // folds
    away = distances.astype(float)
    for f in range(folds):
        away[f * n:(f + 1) * n, f * n:(f + 1) * n] = np.inf
    right = [vote(away, y, k) == y for k in ks]
    return np.array([r.reshape(folds, n).mean(axis=1) for r in right])
""",
    "rolled": """
def cross_validate(distances, y, ks, vote, folds=5):
    n = len(y) // folds
    columns = []
    for f in range(folds):
        d, labels = np.roll(np.roll(distances, -f * n, axis=0), -f * n, axis=1), np.roll(y, -f * n)
        columns.append([np.average(vote(d[:n, n:], labels[n:], k) == labels[:n]) for k in ks])
    return np.array(columns).T
""",
    "lists of places": """
def cross_validate(distances, y, ks, vote, folds=5):
    N = y.shape[0]
    accuracies = {}
    for i, k in enumerate(ks):
        for f, held in enumerate(np.split(np.arange(N), folds)):
            rest = [j for j in range(N) if j not in held]
            guess = vote(distances[np.ix_(held, rest)], y[rest], k)
            accuracies[i, f] = sum(guess[m] == y[held[m]] for m in range(len(held))) / len(held)
    return np.array([[accuracies[i, f] for f in range(folds)] for i in range(len(ks))])
""",
}

WRONG["cross_validate"] = {
    "the notebook's vote": (
        """
def cross_validate(distances, y, ks, folds=5):
    return np.zeros((len(ks), folds))
""",
        {"cross_validate": 10},
        "",
    ),
    "a list": (
        """
def cross_validate(distances, y, ks, vote, folds=5):
    fold = np.arange(len(y)) // (len(y) // folds)
    return [[np.mean(vote(distances[fold == f][:, fold != f], y[fold != f], k) == y[fold == f])
             for f in range(folds)] for k in ks]
""",
        {"cross_validate": 10},
        "a Python list",
    ),
    "in place": (
        """
def cross_validate(distances, y, ks, vote, folds=5):
    n = len(y) // folds
    for f in range(folds):
        distances[f * n:(f + 1) * n, f * n:(f + 1) * n] = np.inf
    right = [vote(distances, y, k) == y for k in ks]
    return np.array([r.reshape(folds, n).mean(axis=1) for r in right])
""",
        {"cross_validate": 1},
        "distances is changed in place",
    ),
    "nothing returned": (
        """
def cross_validate(distances, y, ks, vote, folds=5):
    accuracies = np.zeros((len(ks), folds))
""",
        {"cross_validate": 10},
        "is the `return` missing?",
    ),
    "left at zero": ("return np.zeros((len(ks), folds))", {"cross_validate": 10}, ""),
}
