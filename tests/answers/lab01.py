"""Answers to lab 1 that students give; a line alone is the body of the function."""

import runpy
from pathlib import Path

*MORE, QUESTIONS = (
    runpy.run_path(str(Path(__file__).parent / "more" / f"{name}.py"))
    for name in ("lab01_loops", "lab01_neighbours", "lab01_plot", "lab01_features", "questions")
)
ASKED = QUESTIONS["rows"]("bright_row", "standard_error")

NOTEBOOK = "01_images.ipynb"

CHECKS = {
    "scale_pixels": "check.scale_pixels(scale_pixels)",
    "squared_distances": "check.squared_distances(squared_distances)",
    "nearest_labels": "check.nearest_labels(nearest_labels)",
    "center_images": "check.center_images(center_images)",
    "standardize_features": "check.standardize_features(standardize_features)",
    "add_bias_column": "check.add_bias_column(add_bias_column)",
    "distances_two_loops": "check.distances_two_loops(distances_two_loops)",
    "distances_one_loop": "check.distances_one_loop(distances_one_loop)",
    "vote_labels": "check.vote_labels(vote_labels)",
    "cross_validate": "check.cross_validate(cross_validate)",
    "pca_whiten": "check.pca_whiten(pca_whiten)",
    "k_plot": "check.k_plot(k_plot, ks, accuracies)",
    **ASKED["CHECKS"],
}

SETUP = """
import numpy as np
import matplotlib.pyplot as plt
X_train = np.random.default_rng(1).normal(size=(50, 12))
y_train = np.random.default_rng(2).integers(0, 10, 50)
ks = [1, 3, 5, 8, 12, 20, 30, 50, 100]
accuracies = 0.25 + np.random.default_rng(3).normal(scale=0.01, size=(9, 5)) + 0.02 * np.hanning(9)[:, None]
"""

STUBS = {
    "scale_pixels": "def scale_pixels(images):\n    ...  # your code here",
    "squared_distances": "def squared_distances(A, B):\n    ...  # your code here",
    "nearest_labels": "def nearest_labels(distances, y_train):\n    ...  # your code here",
    "center_images": "def center_images(X_train, X_test):\n    ...  # your code here",
    "standardize_features": "def standardize_features(X_train, X_test):\n    ...  # your code here",
    "add_bias_column": "def add_bias_column(X):\n    ...  # your code here",
    "distances_two_loops": "def distances_two_loops(A, B):\n    ...  # your code here",
    "distances_one_loop": "def distances_one_loop(A, B):\n    ...  # your code here",
    "vote_labels": "def vote_labels(distances, y_train, k):\n    ...  # your code here",
    "cross_validate": "def cross_validate(distances, y, ks, vote, folds=5):\n    ...  # your code here",
    "pca_whiten": "def pca_whiten(X_train, X_test, components):\n    ...  # your code here",
    "k_plot": "k_plot = None\n# your code here",
    **ASKED["STUBS"],
}

RIGHT, WRONG = (dict(ASKED[kind]) for kind in ("RIGHT", "WRONG"))
for more in MORE:
    RIGHT, WRONG = RIGHT | more["RIGHT"], WRONG | more["WRONG"]

# ------------------------------------------------------------------------------- pixels to [-1, 1]

RIGHT["scale_pixels"] = {
    "one line": "return images / 127.5 - 1",
    "float32": "return images.astype(np.float32) / 127.5 - 1",
    "from 0 to 1 first": "unit = images / 255; return 2 * unit - 1",
    "the middle first": "return (images - 127.5) / 127.5",
    "in place on its own copy": "x = np.array(images, dtype=float); x -= 127.5; x /= 127.5; return x",
    "interpolation": "return np.interp(images, [0, 255], [-1, 1])",
    "a table of 256 values": """
table = np.linspace(-1, 1, 256)
scale_pixels = lambda images: table[images]
""",
    "half precision": 'return (2.0 * images.astype("float32") - 255) / 255',
}

WRONG["scale_pixels"] = {
    "in place": (
        "images -= 127.5; images /= 127.5; return images",
        {"scale_pixels": 8},
        "line 3 raises UFuncTypeError",
    ),
    "nothing returned": (
        "\ndef scale_pixels(images):\n    scaled = images / 127.5 - 1",
        {"scale_pixels": 8},
        "is the `return` missing?",
    ),
    "the caller's pixels are wiped": (
        "scaled = images / 127.5 - 1; images[:] = 0; return scaled",
        {"scale_pixels": 1},
        "images is changed in place",
    ),
}

# --------------------------------------------------------------------------- squared distances

RIGHT["squared_distances"] = {
    "expanded": "a = np.sum(A ** 2, axis=1, keepdims=True); b = np.sum(B ** 2, axis=1); return a - 2 * A @ B.T + b",
    "never negative": """
def squared_distances(A, B):
    squares = (A * A).sum(1)[:, np.newaxis] + (B * B).sum(1)[np.newaxis] - 2 * np.dot(A, B.T)
    return np.maximum(squares, 0)
""",
    "einsum": """
def squared_distances(A, B):
    return np.einsum("md,md->m", A, A)[:, None] - 2 * np.einsum("md,nd->mn", A, B) + np.einsum("nd,nd->n", B, B)
""",
    "norms": "return np.add.outer(np.linalg.norm(A, axis=1) ** 2, np.linalg.norm(B, axis=1) ** 2) - 2 * A.dot(B.T)",
    "one product": """
def squared_distances(A, B):
    one = np.ones((len(A), 1)), np.ones((len(B), 1))
    left = np.hstack([-2 * A, (A * A).sum(axis=1, keepdims=True), one[0]])
    right = np.hstack([B, one[1], (B * B).sum(axis=1, keepdims=True)])
    return left @ right.T
""",
    "in place": """
def squared_distances(A, B):
    result = A @ B.T
    result *= -2
    result += (A ** 2).sum(axis=1)[:, None]
    result += (B ** 2).sum(axis=1)
    return result
""",
    "in double precision": """
def squared_distances(A, B):
    A, B = A.astype(float), B.astype(float)
    return np.square(A).sum(axis=-1).reshape(-1, 1) - 2.0 * np.matmul(A, B.transpose()) + np.square(B).sum(axis=-1)
""",
}

WRONG["squared_distances"] = {
    "all differences at once": (
        "return ((A[:, None] - B[None]) ** 2).sum(axis=2)",
        {"squared_distances": 2},
        "held at once",
    ),
    "all differences at once, by norm": (
        "return np.linalg.norm(A[:, None] - B, axis=-1) ** 2",
        {"squared_distances": 2},
        "expand the square",
    ),
    "a loop over the test images": (
        """
def squared_distances(A, B):
    result = np.zeros((len(A), len(B)))
    for i in range(len(A)):
        result[i] = ((B - A[i]) ** 2).sum(axis=1)
    return result
""",
        {"squared_distances": 3},
        "line 4: a for loop",
    ),
    "two loops": (
        "return np.array([[np.sum((a - b) ** 2) for b in B] for a in A])",
        {"squared_distances": 3},
        "a list comprehension",
    ),
    "vectorize": (
        """
def squared_distances(A, B):
    one = np.vectorize(lambda a, b: np.sum((a - b) ** 2), signature="(d),(d)->()")
    return one(A[:, None], B[None])
""",
        {"squared_distances": 3},
        "np.vectorize",
    ),
    "mean": ("return ((A[:, None] - B[None]) ** 2).mean(axis=2)", {"squared_distances": 5}, "mean over the features"),
    "SciPy": (
        """
from scipy.spatial.distance import cdist
def squared_distances(A, B):
    return cdist(A, B, "sqeuclidean")
""",
        {"squared_distances": 12},
        "ready-made answer (scipy.spatial.distance.cdist",
    ),
    "centred in place": (
        """
def squared_distances(A, B):
    mean = A.mean(axis=0)
    A -= mean
    B -= mean
    return (A ** 2).sum(axis=1)[:, None] - 2 * A @ B.T + (B ** 2).sum(axis=1)
""",
        {"squared_distances": 1},
        "A is changed in place",
    ),
    "the lab's sizes": (
        "return (A ** 2).sum(axis=1).reshape(100, 1) - 2 * A @ B.T + (B ** 2).sum(axis=1)",
        {"squared_distances": 12},
        "a size is written into it",
    ),
}

# ------------------------------------------------------------------------------ nearest neighbour

RIGHT["nearest_labels"] = {
    "argmin": "return y_train[np.argmin(distances, axis=1)]",
    "two steps": "nearest = distances.argmin(axis=-1); return np.take(y_train, nearest)",
    "sorted": "return y_train[distances.argsort(axis=1)[:, 0]]",
    "partition": """
nearest_labels = lambda distances, y_train: y_train[np.argpartition(distances, 0, axis=1)[:, 0]]
""",
    "largest of the negative": "return y_train[(-distances).argmax(1)].astype(int)",
    "one-hot": "nearest = distances == distances.min(axis=1, keepdims=True); return nearest @ y_train.astype(int)",
}

WRONG["nearest_labels"] = {
    "a loop": (
        """
def nearest_labels(distances, y_train):
    labels = []
    for row in distances:
        labels.append(y_train[row.argmin()])
    return np.array(labels)
""",
        {"nearest_labels": 1},
        "line 4: a for loop",
    ),
    "a comprehension": (
        "return np.array([y_train[np.argmin(row)] for row in distances])",
        {"nearest_labels": 1},
        "a list comprehension",
    ),
    "a list": ("return list(y_train[distances.argmin(axis=1)])", {"nearest_labels": 6}, "a Python list"),
    "along an axis": (
        "return y_train[np.apply_along_axis(np.argmin, 1, distances)]",
        {"nearest_labels": 1},
        "np.apply_along_axis",
    ),
    "the notebook's labels": (
        """
def nearest_labels(distances, labels):
    return y_train[distances.argmin(axis=1)]
""",
        {"nearest_labels": 6},
        "line 3 uses y_train, a variable of the notebook",
    ),
    "sorted in place": (
        "nearest = distances.argmin(axis=1); distances.sort(axis=1); return y_train[nearest]",
        {"nearest_labels": 1},
        "distances is changed in place",
    ),
}

# -------------------------------------------------------------------------------------- centring

RIGHT["center_images"] = {
    "mean image": "mean = X_train.mean(axis=0); return X_train - mean, X_test - mean",
    "sum over N": """
def center_images(X_train, X_test):
    mean_image = np.sum(X_train, axis=0, dtype=float) / X_train.shape[0]
    return X_train - mean_image, X_test - mean_image
""",
    "float32": """
def center_images(X_train, X_test):
    X_train, X_test = X_train.astype(np.float32), X_test.astype(np.float32)
    mean = np.mean(X_train, axis=0, keepdims=True)
    X_train -= mean
    X_test -= mean
    return X_train, X_test
""",
    "a list of two": "return [X - np.average(X_train, axis=0) for X in (X_train, X_test)]",
    "together": """
def center_images(X_train, X_test):
    both = np.concatenate([X_train, X_test]) - X_train.mean(axis=0)
    return both[:len(X_train)], both[len(X_train):]
""",
    "by a product": """
def center_images(X_train, X_test):
    n = len(X_train)
    rows = X_train.reshape(n, -1).astype(float)
    mean = (np.ones(n) @ rows / n).reshape(X_train.shape[1:])
    return np.subtract(X_train, mean), np.subtract(X_test, mean)
""",
}

WRONG["center_images"] = {
    "mean taken again": (
        "X_train = X_train - X_train.mean(axis=0); X_test = X_test - X_train.mean(axis=0); return X_train, X_test",
        {"center_images": 1},
        "take it before",
    ),
    "one array": ("return X_train - X_train.mean(axis=0)", {"center_images": 6}, "(X_train, X_test), both centred"),
    "in place": (
        "mean = X_train.mean(axis=0); X_train -= mean; X_test -= mean; return X_train, X_test",
        {"center_images": 6},
        "line 3 raises UFuncTypeError",
    ),
    "in place where it can": (
        """
def center_images(X_train, X_test):
    mean = X_train.mean(axis=0)
    if X_train.dtype.kind == "f":
        X_train -= mean
    else:
        X_train = X_train - mean
    return X_train, X_test - mean
""",
        {"center_images": 1},
        "X_train is changed in place",
    ),
}
