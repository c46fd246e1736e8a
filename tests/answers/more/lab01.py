"""More answers to lab 1: distances in loops, votes, cross-validation and its plot. answers/lab01.py takes them in."""

RIGHT, WRONG = {}, {}

# ------------------------------------------------------------------------------ distances in loops

RIGHT["distances_two_loops"] = {
    "two ranges": """
def distances_two_loops(A, B):
    M, N = A.shape[0], B.shape[0]
    D = np.empty((M, N))
    for i in range(M):
        for j in range(N):
            d = A[i] - B[j]
            D[i, j] = np.dot(d, d)
    return D
""",
    "comprehensions": "return np.array([[np.sum((a - b) ** 2) for b in B] for a in A])",
    "norms": """
def distances_two_loops(A, B):
    result = np.zeros((len(A), len(B)), dtype=A.dtype)
    for j, b in enumerate(B):
        for i, a in enumerate(A):
            result[i, j] = np.linalg.norm(a - b) ** 2
    return result
""",
    "three loops": """
def distances_two_loops(A, B):
    D = np.zeros((len(A), len(B)))
    for i, a in enumerate(A):
        for j, b in enumerate(B):
            for x, z in zip(a, b):
                D[i, j] += (float(x) - float(z)) ** 2
    return D
""",
    "itertools": """
import itertools
def distances_two_loops(A, B):
    pairs = itertools.product(A, B)
    return np.fromiter((((a - b) ** 2).sum() for a, b in pairs), float).reshape(len(A), len(B))
""",
    "ndindex and einsum": """
def distances_two_loops(A, B):
    D = np.zeros((A.shape[0], B.shape[0]))
    for i, j in np.ndindex(D.shape):
        D[i, j] = np.einsum("d,d->", A[i] - B[j], A[i] - B[j])
    return D
""",
    "the last one of the lab": """
distances_two_loops = lambda A, B: (A**2).sum(1)[:, None] - 2 * A @ B.T + (B**2).sum(1)
""",
}

WRONG["distances_two_loops"] = {
    "nothing returned": (
        """
def distances_two_loops(A, B):
    D = np.zeros((len(A), len(B)))
    for i in range(len(A)):
        for j in range(len(B)):
            D[i, j] = ((A[i] - B[j]) ** 2).sum()
""",
        {"distances_two_loops": 5},
        "is the `return` missing?",
    ),
    "a list of lists": (
        "return [[((a - b) ** 2).sum() for b in B] for a in A]",
        {"distances_two_loops": 5},
        "a Python list",
    ),
    "SciPy": (
        "from scipy.spatial.distance import sqeuclidean; return np.array([[sqeuclidean(a, b) for b in B] for a in A])",
        {"distances_two_loops": 5},
        "ready-made answer (scipy.spatial",
    ),
    "in place": (
        """
def distances_two_loops(A, B):
    D = np.zeros((len(A), len(B)))
    for i in range(len(A)):
        for j in range(len(B)):
            D[i, j] = ((A[i] - B[j]) ** 2).sum()
        A[i] *= A[i]
    return D
""",
        {"distances_two_loops": 1},
        "A is changed in place",
    ),
    "a square": (
        """
def distances_two_loops(A, B):
    D = np.zeros((len(A), len(A)))
    for i in range(len(A)):
        for j in range(len(A)):
            D[i, j] = ((A[i] - B[j]) ** 2).sum()
    return D
""",
        {"distances_two_loops": 5},
        "IndexError",
    ),
    "the notebook's images": (
        """
def distances_two_loops(A, B):
    return np.array([[((a - b) ** 2).sum() for b in X_train] for a in A])
""",
        {"distances_two_loops": 5},
        "uses X_train, a variable of the notebook",
    ),
}

RIGHT["distances_one_loop"] = {
    "row by row": """
def distances_one_loop(A, B):
    D = np.zeros((A.shape[0], B.shape[0]))
    for i in range(A.shape[0]):
        D[i, :] = np.sum(np.square(B - A[i]), axis=1)
    return D
""",
    "column by column": """
def distances_one_loop(A, B):
    D = np.zeros((len(A), len(B)))
    for j, b in enumerate(B):
        D[:, j] = ((A - b) ** 2).sum(axis=-1)
    return D
""",
    "a comprehension": "return np.array([((B - a) ** 2).sum(axis=1) for a in A])",
    "stacked": "return np.stack([np.einsum('nd,nd->n', a - B, a - B) for a in A])",
    "norms": "return np.vstack([np.linalg.norm(B - a, axis=1) ** 2 for a in A])",
    "feature by feature": """
def distances_one_loop(A, B):
    D = np.zeros((len(A), len(B)))
    for d in range(A.shape[1]):
        D += np.subtract.outer(A[:, d], B[:, d]) ** 2
    return D
""",
    "while": """
def distances_one_loop(A, B):
    rows, i = [], 0
    while i < len(A):
        difference = A[i] - B
        rows.append((difference * difference) @ np.ones(B.shape[1]))
        i += 1
    return np.array(rows)
""",
    "apply along": "return np.apply_along_axis(lambda a: ((a - B) ** 2).sum(axis=1), 1, A)",
    "without any": "return ((A[:, None] - B) ** 2).sum(axis=2)",
}

WRONG["distances_one_loop"] = {
    "two loops": (
        """
def distances_one_loop(A, B):
    D = np.zeros((len(A), len(B)))
    for i in range(len(A)):
        for j in range(len(B)):
            D[i, j] = ((A[i] - B[j]) ** 2).sum()
    return D
""",
        {"distances_one_loop": 1},
        "all differences of one row at once",
    ),
    "the second loop is a comprehension": (
        """
def distances_one_loop(A, B):
    D = np.zeros((len(A), len(B)))
    for i in range(len(A)):
        D[i] = [np.sum((A[i] - b) ** 2) for b in B]
    return D
""",
        {"distances_one_loop": 1},
        "grow with the rows of A and with those of B",
    ),
    "product of the ranges": (
        """
def distances_one_loop(A, B):
    D = np.zeros((len(A), len(B)))
    for n in range(len(A) * len(B)):
        i, j = divmod(n, len(B))
        D[i, j] = ((A[i] - B[j]) ** 2).sum()
    return D
""",
        {"distances_one_loop": 1},
        "grow with the rows of A and with those of B",
    ),
    "SciPy": (
        "from scipy.spatial.distance import cdist; return cdist(A, B, 'sqeuclidean')",
        {"distances_one_loop": 5},
        "ready-made answer (scipy.spatial",
    ),
    "in place": (
        """
def distances_one_loop(A, B):
    D = np.zeros((len(A), len(B)))
    for i in range(len(A)):
        D[i] = ((A[i] - B) ** 2).sum(axis=1)
    B *= B
    return D
""",
        {"distances_one_loop": 1},
        "B is changed in place",
    ),
    "a list": ("return [((B - a) ** 2).sum(axis=1) for a in A]", {"distances_one_loop": 5}, "a Python list"),
    "row with row": (
        """
def distances_one_loop(A, B):
    D = np.zeros((len(A), len(B)))
    for i in range(len(A)):
        D[i] = ((A - B) ** 2).sum(axis=1)
    return D
""",
        {"distances_one_loop": 5},
        "ValueError",
    ),
}

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

# ----------------------------------------------------------------------------------- PCA whitening

RIGHT["pca_whiten"] = {
    "eigh": """
def pca_whiten(X_train, X_test, components):
    mean = X_train.mean(axis=0)
    X = X_train - mean
    variances, V = np.linalg.eigh(X.T @ X / len(X))
    W = V[:, ::-1][:, :components] / np.sqrt(variances[::-1][:components])
    return X @ W, (X_test - mean) @ W
""",
    "singular values": """
def pca_whiten(X_train, X_test, components):
    mean = np.mean(X_train, axis=0)
    U, s, Vt = np.linalg.svd(X_train - mean, full_matrices=False)
    N = X_train.shape[0]
    return U[:, :components] * np.sqrt(N), (X_test - mean) @ Vt[:components].T / (s[:components] / np.sqrt(N))
""",
    "np.cov": """
def pca_whiten(X_train, X_test, components):
    cov = np.cov(X_train, rowvar=False, bias=True)
    values, vectors = np.linalg.eig(cov)
    first = np.argsort(values)[::-1][:components]
    def white(X):
        return (X - X_train.mean(0)) @ vectors[:, first] / values[first] ** 0.5
    return white(X_train), white(X_test)
""",
    "svd of the covariance": """
def pca_whiten(X_train, X_test, components):
    mu = X_train.mean(axis=0)
    C = np.einsum("ni,nj->ij", X_train - mu, X_train - mu) / X_train.shape[0]
    U, S, _ = np.linalg.svd(C)
    result = []
    for X in (X_train, X_test):
        result.append(np.dot(X - mu, U[:, :components]) / np.sqrt(S[:components] + 1e-8))
    return tuple(result)
""",
    "a list, all axes first": """
def pca_whiten(X_train, X_test, components):
    mean = X_train.mean(axis=0, keepdims=True)
    variances, axes = np.linalg.eigh(np.cov((X_train - mean).T, ddof=0))
    both = [((X - mean) @ axes @ np.diag(variances ** -0.5))[:, ::-1] for X in (X_train, X_test)]
    return [X[:, :components] for X in both]
""",
    "measured deviations": """
def pca_whiten(X_train, X_test, components):
    train, test = X_train - X_train.mean(axis=0), X_test - X_train.mean(axis=0)
    _, axes = np.linalg.eigh(train.T.dot(train))
    axes = np.fliplr(axes)[:, :components]
    train, test = train @ axes, test @ axes
    scale = train.std(axis=0)
    return train / scale, test / scale
""",
}

WRONG["pca_whiten"] = {
    "one array": (
        """
def pca_whiten(X_train, X_test, components):
    X = X_train - X_train.mean(axis=0)
    variances, V = np.linalg.eigh(X.T @ X / len(X))
    return X @ V[:, ::-1][:, :components] / np.sqrt(variances[::-1][:components])
""",
        {"pca_whiten": 8},
        "(X_train, X_test), both whitened",
    ),
    "in place": (
        """
def pca_whiten(X_train, X_test, components):
    mean = X_train.mean(axis=0)
    X_train -= mean
    X_test -= mean
    variances, V = np.linalg.eigh(X_train.T @ X_train / len(X_train))
    W = V[:, ::-1][:, :components] / np.sqrt(variances[::-1][:components])
    return X_train @ W, X_test @ W
""",
        {"pca_whiten": 1},
        "X_train is changed in place",
    ),
    "np.cov as it is": (
        """
def pca_whiten(X_train, X_test, components):
    mean = X_train.mean(axis=0)
    variances, V = np.linalg.eigh(np.cov(X_train.T))
    W = V[:, ::-1][:, :components] / np.sqrt(variances[::-1][:components])
    return (X_train - mean) @ W, (X_test - mean) @ W
""",
        {"pca_whiten": 3.5},
        "N - 1 in the covariance",
    ),
    "labkit": (
        """
from labkit import preprocess
def pca_whiten(X_train, X_test, components):
    return preprocess.whiten(X_train, X_test, method="pca", components=components)
""",
        {"pca_whiten": 8},
        "ready-made answer",
    ),
    "the covariance of the images": (
        """
def pca_whiten(X_train, X_test, components):
    X = X_train - X_train.mean(axis=0)
    variances, V = np.linalg.eigh(X @ X.T / len(X))
    W = V[:, ::-1][:, :components] / np.sqrt(variances[::-1][:components])
    return X @ W, (X_test - X_train.mean(axis=0)) @ W
""",
        {"pca_whiten": 8},
        "ValueError",
    ),
}

# ------------------------------------------------------------------------------------------- plot


def _plot(draw, words='xlabel="k", ylabel="accuracy", title="Cross-validation, CIFAR-10"', ax="ax"):
    """A cell that draws and labels the accuracies."""
    given = "fig, ax = plt.subplots()\nm, s = accuracies.mean(axis=1), accuracies.std(axis=1)\n"
    return f"{given}{draw}\nax.set({words})\nk_plot = {ax}\n"


_BARS = "ax.errorbar(ks, m, yerr=s)"

RIGHT["k_plot"] = {
    "error bars": _plot(_BARS),
    "on a logarithmic axis": _plot('ax.errorbar(ks, m, s, marker="o", capsize=3)\nax.set_xscale("log")', ax="fig"),
    "pyplot, the folds as dots": """
plt.figure()
for k, row in zip(ks, accuracies):
    plt.scatter([k] * len(row), row)
plt.errorbar(ks, np.mean(accuracies, axis=1), yerr=np.std(accuracies, axis=1))
plt.title("Cross-validation on k (CIFAR-10)")
plt.xlabel("k")
plt.ylabel("Cross-validation accuracy")
k_plot = plt.gca()
""",
    "a band": _plot('ax.semilogx(ks, m, "o-")\nax.fill_between(ks, m - s, m + s, alpha=0.3)'),
    "the sample's deviation": _plot("ax.errorbar(ks, m, accuracies.std(axis=1, ddof=1), fmt='s')"),
    "in per cent": _plot(
        "ax.errorbar(ks, 100 * m, 100 * s)",
        'xlabel="neighbours that vote", ylabel="right answers (%)", title="Five folds, stand-in"',
    ),
    "one place for each k": _plot("ax.errorbar(range(len(ks)), m, s)\nax.set_xticks(range(len(ks)), ks)", ax="[ax]"),
    "bars": _plot('ax.bar([str(k) for k in ks], m, yerr=s)\nax.set_title("cifar10: k")'),
    "lines by hand": _plot("ax.plot(ks, m)\nax.vlines(ks, m - s, m + s)"),
    "three curves": _plot('ax.plot(ks, m)\nax.plot(ks, m + s, "--")\nax.plot(ks, m - s, "--")'),
    "logarithms": _plot("ax.errorbar(np.log10(ks), m, s)", 'xlabel="log k", ylabel="share", title="k on CIFAR-10"'),
}


def _slips(*entries):
    """{words of the diagnosis: a plot, points lost, these words}; entries (words, lost, drawing, labels)."""
    return {
        says: (_plot(draw, words) if words else _plot(draw), {"k_plot": lost}, says)
        for says, lost, draw, words in entries
    }


WRONG["k_plot"] = {
    **_slips(
        ("there are no error bars", 2, "ax.plot(ks, m)", ""),
        ("standard errors of the mean", 1, "ax.errorbar(ks, m, s / 5**0.5)", ""),
        ("the bars are two deviations", 1, "ax.errorbar(ks, m, 2 * s)", ""),
        ("the bars are variances", 1, "ax.errorbar(ks, m, s**2)", ""),
        (
            "the lowest and the highest fold are there",
            1,
            "ax.errorbar(ks, m, [m - accuracies.min(axis=1), accuracies.max(axis=1) - m])",
            "",
        ),
        ("all bars are the same", 1, "ax.errorbar(ks, m, accuracies.std())", ""),
        ("no error bars one deviation up and down", 2, "ax.errorbar(ks, m, 0.01)", ""),
        ("drawn against 0, 1, 2", 1.5, "ax.errorbar(range(len(ks)), m, s)", ""),
        ("the axes are swapped", 5, "ax.errorbar(m, ks, xerr=s)", ""),
        ("the shares of mistakes are drawn", 5, "ax.errorbar(ks, 1 - m, s)", ""),
        ("the best fold of each k", 5, "ax.plot(ks, accuracies.max(axis=1))", ""),
        ("a single fold is drawn", 5, "ax.plot(ks, accuracies[:, 0])", ""),
        ("the single folds are there, and not their means", 3.5, "ax.plot(ks, accuracies, '.')", ""),
        ("no point at the mean accuracy of each k", 5, "ax.plot(ks, m**2)", ""),
        ("the axes hold no line", 5, "pass", ""),
        ("outside the limits", 3, f"{_BARS}\nax.set_ylim(0.9, 1)", ""),
        ("no label on the x axis", 1, _BARS, 'ylabel="accuracy", title="CIFAR-10"'),
        ("no title", 1, _BARS, 'xlabel="k", ylabel="accuracy"'),
        ("the labels of the axes are swapped", 1, _BARS, 'ylabel="k", xlabel="accuracy", title="CIFAR-10"'),
        ("the title does not say on which data", 0.5, _BARS, 'xlabel="k", ylabel="accuracy", title="Five folds"'),
        ("a label or the title is 'x'", 1, _BARS, 'xlabel="x", ylabel="accuracy", title="CIFAR-10"'),
    ),
    "the numbers": ("k_plot = accuracies", {"k_plot": 6}, "assign the axes or the figure"),
}
