"""Answers to lab 1 that students give; laid out as described in lab03.py."""

NOTEBOOK = "01_images.ipynb"

CHECKS = {
    "scale_pixels": "check.scale_pixels(scale_pixels)",
    "squared_distances": "check.squared_distances(squared_distances)",
    "nearest_labels": "check.nearest_labels(nearest_labels)",
    "center_images": "check.center_images(center_images)",
    "standardize_features": "check.standardize_features(standardize_features)",
    "add_bias_column": "check.add_bias_column(add_bias_column)",
}

SETUP = """
import numpy as np
import matplotlib.pyplot as plt
X_train = np.random.default_rng(1).normal(size=(50, 12))
y_train = np.random.default_rng(2).integers(0, 10, 50)
"""

STUBS = {
    "scale_pixels": "def scale_pixels(images):\n    ...  # your code here",
    "squared_distances": "def squared_distances(A, B):\n    ...  # your code here",
    "nearest_labels": "def nearest_labels(distances, y_train):\n    ...  # your code here",
    "center_images": "def center_images(X_train, X_test):\n    ...  # your code here",
    "standardize_features": "def standardize_features(X_train, X_test):\n    ...  # your code here",
    "add_bias_column": "def add_bias_column(X):\n    ...  # your code here",
}

RIGHT, WRONG = {}, {}

# ------------------------------------------------------------------------------- pixels to [-1, 1]

RIGHT["scale_pixels"] = {
    "one line": """
def scale_pixels(images):
    return images / 127.5 - 1
""",
    "float32": """
def scale_pixels(images):
    return images.astype(np.float32) / 127.5 - 1
""",
    "from 0 to 1 first": """
def scale_pixels(images):
    unit = images / 255
    return 2 * unit - 1
""",
    "the middle first": """
def scale_pixels(images):
    return (images - 127.5) / 127.5
""",
    "in place on its own copy": """
def scale_pixels(images):
    x = np.array(images, dtype=float)
    x -= 127.5
    x /= 127.5
    return x
""",
    "interpolation": """
def scale_pixels(images):
    return np.interp(images, [0, 255], [-1, 1])
""",
    "a table of 256 values": """
table = np.linspace(-1, 1, 256)
scale_pixels = lambda images: table[images]
""",
    "half precision": """
def scale_pixels(images):
    return (2.0 * images.astype("float32") - 255) / 255
""",
}

WRONG["scale_pixels"] = {
    "wraps above": (
        """
def scale_pixels(images):
    return 2 * images / 255 - 1
""",
        {"scale_pixels": 12},
        "goes round",
    ),
    "wraps below": (
        """
def scale_pixels(images):
    return (images - 128) / 128
""",
        {"scale_pixels": 12},
        "goes round",
    ),
    "128": (
        """
def scale_pixels(images):
    return images / 128 - 1
""",
        {"scale_pixels": 12},
        "the middle between them is 127.5",
    ),
    "128 as float": (
        """
def scale_pixels(images):
    return (images.astype(float) - 128) / 128
""",
        {"scale_pixels": 12},
        "the middle between them is 127.5",
    ),
    "zero to one": (
        """
def scale_pixels(images):
    return images / 255
""",
        {"scale_pixels": 12},
        "from 0 to 1",
    ),
    "half as wide": (
        """
def scale_pixels(images):
    return images / 255 - 0.5
""",
        {"scale_pixels": 12},
        "from -0.5 to 0.5",
    ),
    "limits of the images": (
        """
def scale_pixels(images):
    low, high = float(images.min()), float(images.max())
    return 2 * (images - low) / (high - low) - 1
""",
        {"scale_pixels": 12},
        "limits are those of the images at hand",
    ),
    "largest of the images": (
        """
def scale_pixels(images):
    return images / images.max() * 2 - 1
""",
        {"scale_pixels": 12},
        "limits are those of the images at hand",
    ),
    "standardised": (
        """
def scale_pixels(images):
    return (images - images.mean()) / images.std()
""",
        {"scale_pixels": 12},
        "standardised pixels",
    ),
    "whole-number division": (
        """
def scale_pixels(images):
    return images // 127.5 - 1
""",
        {"scale_pixels": 12},
        "drops the rest",
    ),
    "bytes again": (
        """
def scale_pixels(images):
    return (images / 127.5 - 1).astype(int)
""",
        {"scale_pixels": 12},
        "rounded to whole numbers",
    ),
    "negative": (
        """
def scale_pixels(images):
    return 1 - images / 127.5
""",
        {"scale_pixels": 12},
        "swapped",
    ),
    "in place": (
        """
def scale_pixels(images):
    images -= 127.5
    images /= 127.5
    return images
""",
        {"scale_pixels": 12},
        "line 3 raises UFuncTypeError",
    ),
    "nothing returned": (
        """
def scale_pixels(images):
    scaled = images / 127.5 - 1
""",
        {"scale_pixels": 12},
        "is the `return` missing?",
    ),
    "the caller's pixels are wiped": (
        """
def scale_pixels(images):
    scaled = images / 127.5 - 1
    images[:] = 0
    return scaled
""",
        {"scale_pixels": 2},
        "images is changed in place",
    ),
}

# --------------------------------------------------------------------------- squared distances

RIGHT["squared_distances"] = {
    "expanded": """
def squared_distances(A, B):
    a = np.sum(A ** 2, axis=1, keepdims=True)
    b = np.sum(B ** 2, axis=1)
    return a - 2 * A @ B.T + b
""",
    "never negative": """
def squared_distances(A, B):
    squares = (A * A).sum(1)[:, np.newaxis] + (B * B).sum(1)[np.newaxis] - 2 * np.dot(A, B.T)
    return np.maximum(squares, 0)
""",
    "einsum": """
def squared_distances(A, B):
    return np.einsum("md,md->m", A, A)[:, None] - 2 * np.einsum("md,nd->mn", A, B) + np.einsum("nd,nd->n", B, B)
""",
    "norms": """
def squared_distances(A, B):
    return np.add.outer(np.linalg.norm(A, axis=1) ** 2, np.linalg.norm(B, axis=1) ** 2) - 2 * A.dot(B.T)
""",
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
        """
def squared_distances(A, B):
    return ((A[:, None] - B[None]) ** 2).sum(axis=2)
""",
        {"squared_distances": 4},
        "held at once",
    ),
    "all differences at once, by norm": (
        """
def squared_distances(A, B):
    return np.linalg.norm(A[:, None] - B, axis=-1) ** 2
""",
        {"squared_distances": 4},
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
        {"squared_distances": 6},
        "line 4: a for loop",
    ),
    "two loops": (
        """
def squared_distances(A, B):
    return np.array([[np.sum((a - b) ** 2) for b in B] for a in A])
""",
        {"squared_distances": 6},
        "a list comprehension",
    ),
    "vectorize": (
        """
def squared_distances(A, B):
    one = np.vectorize(lambda a, b: np.sum((a - b) ** 2), signature="(d),(d)->()")
    return one(A[:, None], B[None])
""",
        {"squared_distances": 6},
        "np.vectorize",
    ),
    "roots": (
        """
def squared_distances(A, B):
    squares = (A ** 2).sum(axis=1)[:, None] - 2 * A @ B.T + (B ** 2).sum(axis=1)
    return np.sqrt(np.maximum(squares, 0))
""",
        {"squared_distances": 26},
        "without the root",
    ),
    "plus": (
        """
def squared_distances(A, B):
    return (A ** 2).sum(axis=1)[:, None] + 2 * A @ B.T + (B ** 2).sum(axis=1)
""",
        {"squared_distances": 26},
        "the sign of the middle term",
    ),
    "no 2": (
        """
def squared_distances(A, B):
    return (A ** 2).sum(axis=1)[:, None] - A @ B.T + (B ** 2).sum(axis=1)
""",
        {"squared_distances": 26},
        "the 2 is missing",
    ),
    "half": (
        """
def squared_distances(A, B):
    return -2 * A @ B.T + (B ** 2).sum(axis=1)
""",
        {"squared_distances": 26},
        "|a|² is missing",
    ),
    "axis lost": (
        """
def squared_distances(A, B):
    return (A ** 2).sum(axis=1) - 2 * A @ B.T + (B ** 2).sum(axis=1)
""",
        {"squared_distances": 26},
        "lost its axis",
    ),
    "wrong axis": (
        """
def squared_distances(A, B):
    return (A ** 2).sum(axis=0)[:, None] - 2 * A @ B.T + (B ** 2).sum(axis=0)
""",
        {"squared_distances": 26},
        "wrong axis",
    ),
    "row by row": (
        """
def squared_distances(A, B):
    return ((A - B) ** 2).sum(axis=1)
""",
        {"squared_distances": 26},
        "every row of A is to be compared",
    ),
    "transposed": (
        """
def squared_distances(A, B):
    return (B ** 2).sum(axis=1)[:, None] - 2 * B @ A.T + (A ** 2).sum(axis=1)
""",
        {"squared_distances": 26},
        "transposed",
    ),
    "city block": (
        """
def squared_distances(A, B):
    return np.abs(A[:, None] - B[None]).sum(axis=2)
""",
        {"squared_distances": 26},
        "absolute differences",
    ),
    "mean": (
        """
def squared_distances(A, B):
    return ((A[:, None] - B[None]) ** 2).mean(axis=2)
""",
        {"squared_distances": 26},
        "mean over the features",
    ),
    "SciPy": (
        """
from scipy.spatial.distance import cdist
def squared_distances(A, B):
    return cdist(A, B, "sqeuclidean")
""",
        {"squared_distances": 26},
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
        {"squared_distances": 2},
        "A is changed in place",
    ),
    "the lab's sizes": (
        """
def squared_distances(A, B):
    return (A ** 2).sum(axis=1).reshape(100, 1) - 2 * A @ B.T + (B ** 2).sum(axis=1)
""",
        {"squared_distances": 26},
        "a size is written into it",
    ),
}

# ------------------------------------------------------------------------------ nearest neighbour

RIGHT["nearest_labels"] = {
    "argmin": """
def nearest_labels(distances, y_train):
    return y_train[np.argmin(distances, axis=1)]
""",
    "two steps": """
def nearest_labels(distances, y_train):
    nearest = distances.argmin(axis=-1)
    return np.take(y_train, nearest)
""",
    "sorted": """
def nearest_labels(distances, y_train):
    return y_train[distances.argsort(axis=1)[:, 0]]
""",
    "partition": """
nearest_labels = lambda distances, y_train: y_train[np.argpartition(distances, 0, axis=1)[:, 0]]
""",
    "largest of the negative": """
def nearest_labels(distances, y_train):
    return y_train[(-distances).argmax(1)].astype(int)
""",
    "one-hot": """
def nearest_labels(distances, y_train):
    nearest = distances == distances.min(axis=1, keepdims=True)
    return nearest @ y_train.astype(int)
""",
}

WRONG["nearest_labels"] = {
    "farthest": (
        """
def nearest_labels(distances, y_train):
    return y_train[distances.argmax(axis=1)]
""",
        {"nearest_labels": 18},
        "farthest",
    ),
    "places": (
        """
def nearest_labels(distances, y_train):
    return distances.argmin(axis=1)
""",
        {"nearest_labels": 18},
        "places of the nearest",
    ),
    "distances": (
        """
def nearest_labels(distances, y_train):
    return distances.min(axis=1)
""",
        {"nearest_labels": 18},
        "the smallest distances",
    ),
    "wrong axis": (
        """
def nearest_labels(distances, y_train):
    return y_train[distances.argmin(axis=0)]
""",
        {"nearest_labels": 18},
        "wrong axis",
    ),
    "one for all": (
        """
def nearest_labels(distances, y_train):
    return y_train[distances.argmin()]
""",
        {"nearest_labels": 18},
        "over all distances at once",
    ),
    "all sorted": (
        """
def nearest_labels(distances, y_train):
    return y_train[np.argsort(distances, axis=1)]
""",
        {"nearest_labels": 18},
        "only the nearest one is asked",
    ),
    "off by one": (
        """
def nearest_labels(distances, y_train):
    return y_train[distances.argmin(axis=1) - 1]
""",
        {"nearest_labels": 18},
        "off by one",
    ),
    "second": (
        """
def nearest_labels(distances, y_train):
    return y_train[np.argsort(distances, axis=1)[:, 1]]
""",
        {"nearest_labels": 18},
        "second nearest",
    ),
    "a loop": (
        """
def nearest_labels(distances, y_train):
    labels = []
    for row in distances:
        labels.append(y_train[row.argmin()])
    return np.array(labels)
""",
        {"nearest_labels": 5},
        "line 4: a for loop",
    ),
    "a comprehension": (
        """
def nearest_labels(distances, y_train):
    return np.array([y_train[np.argmin(row)] for row in distances])
""",
        {"nearest_labels": 5},
        "a list comprehension",
    ),
    "a list": (
        """
def nearest_labels(distances, y_train):
    return list(y_train[distances.argmin(axis=1)])
""",
        {"nearest_labels": 18},
        "a Python list",
    ),
    "along an axis": (
        """
def nearest_labels(distances, y_train):
    return y_train[np.apply_along_axis(np.argmin, 1, distances)]
""",
        {"nearest_labels": 5},
        "np.apply_along_axis",
    ),
    "the notebook's labels": (
        """
def nearest_labels(distances, labels):
    return y_train[distances.argmin(axis=1)]
""",
        {"nearest_labels": 18},
        "line 3 uses y_train, a variable of the notebook",
    ),
    "sorted in place": (
        """
def nearest_labels(distances, y_train):
    nearest = distances.argmin(axis=1)
    distances.sort(axis=1)
    return y_train[nearest]
""",
        {"nearest_labels": 2},
        "distances is changed in place",
    ),
}

# -------------------------------------------------------------------------------------- centring

RIGHT["center_images"] = {
    "mean image": """
def center_images(X_train, X_test):
    mean = X_train.mean(axis=0)
    return X_train - mean, X_test - mean
""",
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
    "a list of two": """
def center_images(X_train, X_test):
    return [X - np.average(X_train, axis=0) for X in (X_train, X_test)]
""",
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
    "own mean": (
        """
def center_images(X_train, X_test):
    return X_train - X_train.mean(axis=0), X_test - X_test.mean(axis=0)
""",
        {"center_images": 5},
        "lose their own mean",
    ),
    "mean of both": (
        """
def center_images(X_train, X_test):
    mean = np.concatenate([X_train, X_test]).mean(axis=0)
    return X_train - mean, X_test - mean
""",
        {"center_images": 14},
        "over training and test images together",
    ),
    "one number": (
        """
def center_images(X_train, X_test):
    return X_train - X_train.mean(), X_test - X_train.mean()
""",
        {"center_images": 14},
        "one mean over all pixels",
    ),
    "each image": (
        """
def center_images(X_train, X_test):
    def center(X):
        return X - X.mean(axis=tuple(range(1, X.ndim)), keepdims=True)
    return center(X_train), center(X_test)
""",
        {"center_images": 14},
        "its own mean",
    ),
    "whole pixel values": (
        """
def center_images(X_train, X_test):
    mean = X_train.mean(axis=0).astype(X_train.dtype)
    return X_train - mean, X_test - mean
""",
        {"center_images": 14},
        "keep both float",
    ),
    "test untouched": (
        """
def center_images(X_train, X_test):
    return X_train - X_train.mean(axis=0), X_test
""",
        {"center_images": 5},
        "which is 0: take the mean before",
    ),
    "mean taken again": (
        """
def center_images(X_train, X_test):
    X_train = X_train - X_train.mean(axis=0)
    X_test = X_test - X_train.mean(axis=0)
    return X_train, X_test
""",
        {"center_images": 5},
        "take the mean before",
    ),
    "one array": (
        """
def center_images(X_train, X_test):
    return X_train - X_train.mean(axis=0)
""",
        {"center_images": 14},
        "(X_train, X_test), both centred",
    ),
    "swapped": (
        """
def center_images(X_train, X_test):
    mean = X_train.mean(axis=0)
    return X_test - mean, X_train - mean
""",
        {"center_images": 14},
        "X_train first, then X_test",
    ),
    "standardised": (
        """
def center_images(X_train, X_test):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    return (X_train - mean) / std, (X_test - mean) / std
""",
        {"center_images": 14},
        "centring only subtracts",
    ),
    "in place": (
        """
def center_images(X_train, X_test):
    mean = X_train.mean(axis=0)
    X_train -= mean
    X_test -= mean
    return X_train, X_test
""",
        {"center_images": 14},
        "line 4 raises UFuncTypeError",
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
        {"center_images": 2},
        "X_train is changed in place",
    ),
    "the sign": (
        """
def center_images(X_train, X_test):
    mean = X_train.mean(axis=0)
    return mean - X_train, mean - X_test
""",
        {"center_images": 14},
        "the sign",
    ),
    "median": (
        """
def center_images(X_train, X_test):
    middle = np.median(X_train, axis=0)
    return X_train - middle, X_test - middle
""",
        {"center_images": 14},
        "the median",
    ),
}

# -------------------------------------------------------------------------------- standardising

RIGHT["standardize_features"] = {
    "where": """
def standardize_features(X_train, X_test):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    std = np.where(std == 0, 1, std)
    return (X_train - mean) / std, (X_test - mean) / std
""",
    "a mask": """
def standardize_features(X_train, X_test):
    mean = np.mean(X_train, axis=0)
    std = np.std(X_train, axis=0)
    std[std == 0] = 1
    return (X_train - mean) / std, (X_test - mean) / std
""",
    "written out": """
def standardize_features(X_train, X_test):
    N = X_train.shape[0]
    mean = X_train.sum(axis=0) / N
    deviation = np.sqrt(((X_train - mean) ** 2).sum(axis=0) / N)
    safe = deviation + (deviation == 0)
    return (X_train - mean) / safe, (X_test - mean) / safe
""",
    "a threshold": """
def standardize_features(X_train, X_test):
    mean, std = X_train.mean(0), X_train.std(0)
    scale = [s if s > 1e-8 else 1.0 for s in std]
    return [(X - mean) / scale for X in (X_train, X_test)]
""",
    "divide where": """
def standardize_features(X_train, X_test):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    def apply(X):
        centred = X - mean
        return np.divide(centred, std, out=centred, where=std > 0)
    return apply(X_train), apply(X_test)
""",
    "feature by feature": """
def standardize_features(X_train, X_test):
    train, test = X_train.astype(float), X_test.astype(float)
    for d in range(train.shape[1]):
        m, s = train[:, d].mean(), train[:, d].std()
        s = s or 1
        train[:, d] = (train[:, d] - m) / s
        test[:, d] = (test[:, d] - m) / s
    return train, test
""",
}

WRONG["standardize_features"] = {
    "divided by zero": (
        """
def standardize_features(X_train, X_test):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    return (X_train - mean) / std, (X_test - mean) / std
""",
        {"standardize_features": 3},
        "0 / 0",
    ),
    "epsilon": (
        """
def standardize_features(X_train, X_test):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    return (X_train - mean) / (std + 1e-8), (X_test - mean) / (std + 1e-8)
""",
        {"standardize_features": 3},
        "in the millions",
    ),
    "set to zero": (
        """
def standardize_features(X_train, X_test):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    return [np.nan_to_num((X - mean) / std, posinf=0, neginf=0) for X in (X_train, X_test)]
""",
        {"standardize_features": 3},
        "there it may differ",
    ),
    "left as it was": (
        """
def standardize_features(X_train, X_test):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    varies = std > 0
    def apply(X):
        X = X.copy()
        X[:, varies] = (X[:, varies] - mean[varies]) / std[varies]
        return X
    return apply(X_train), apply(X_test)
""",
        {"standardize_features": 3},
        "it is centred, too",
    ),
    "left out": (
        """
def standardize_features(X_train, X_test):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    varies = std > 0
    return [((X - mean) / np.where(varies, std, 1))[:, varies] for X in (X_train, X_test)]
""",
        {"standardize_features": 3},
        "keep all columns",
    ),
    "own statistics": (
        """
def standardize_features(X_train, X_test):
    def apply(X):
        std = X.std(axis=0)
        return (X - X.mean(axis=0)) / np.where(std == 0, 1, std)
    return apply(X_train), apply(X_test)
""",
        {"standardize_features": 7},
        "their own mean and deviation",
    ),
    "own mean": (
        """
def standardize_features(X_train, X_test):
    std = X_train.std(axis=0)
    std[std == 0] = 1
    return (X_train - X_train.mean(axis=0)) / std, (X_test - X_test.mean(axis=0)) / std
""",
        {"standardize_features": 7},
        "lose their own mean",
    ),
    "statistics of both": (
        """
def standardize_features(X_train, X_test):
    both = np.vstack([X_train, X_test])
    mean, std = both.mean(axis=0), both.std(axis=0)
    std[std == 0] = 1
    return (X_train - mean) / std, (X_test - mean) / std
""",
        {"standardize_features": 14},
        "over training and test images together",
    ),
    "overwritten": (
        """
def standardize_features(X_train, X_test):
    X_train = (X_train - X_train.mean(axis=0)) / np.maximum(X_train.std(axis=0), 1e-12)
    X_test = (X_test - X_train.mean(axis=0)) / np.maximum(X_train.std(axis=0), 1e-12)
    return X_train, X_test
""",
        {"standardize_features": 7},
        "take them before",
    ),
    "variance": (
        """
def standardize_features(X_train, X_test):
    mean, var = X_train.mean(axis=0), X_train.var(axis=0)
    var[var == 0] = 1
    return (X_train - mean) / var, (X_test - mean) / var
""",
        {"standardize_features": 14},
        "divided by the variance",
    ),
    "brackets": (
        """
def standardize_features(X_train, X_test):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    return X_train - mean / std, X_test - mean / std
""",
        {"standardize_features": 14},
        "put brackets",
    ),
    "N - 1": (
        """
def standardize_features(X_train, X_test):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0, ddof=1)
    std[std == 0] = 1
    return (X_train - mean) / std, (X_test - mean) / std
""",
        {"standardize_features": 14},
        "ddof=1",
    ),
    "one deviation": (
        """
def standardize_features(X_train, X_test):
    mean, std = X_train.mean(axis=0), X_train.std()
    return (X_train - mean) / std, (X_test - mean) / std
""",
        {"standardize_features": 14},
        "one deviation for all features",
    ),
    "wrong axis": (
        """
def standardize_features(X_train, X_test):
    def apply(X):
        return (X - X.mean(axis=1, keepdims=True)) / X.std(axis=1, keepdims=True)
    return apply(X_train), apply(X_test)
""",
        {"standardize_features": 14},
        "wrong axis",
    ),
    "in place": (
        """
def standardize_features(X_train, X_test):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    std[std == 0] = 1
    X_train -= mean
    X_test -= mean
    X_train /= std
    X_test /= std
    return X_train, X_test
""",
        {"standardize_features": 2},
        "X_train is changed in place",
    ),
    "SciPy": (
        """
from scipy.stats import zscore
def standardize_features(X_train, X_test):
    return zscore(X_train), zscore(X_test)
""",
        {"standardize_features": 14},
        "ready-made answer (scipy.stats",
    ),
}

# ----------------------------------------------------------------------------------- bias column

RIGHT["add_bias_column"] = {
    "hstack": """
def add_bias_column(X):
    return np.hstack([X, np.ones((X.shape[0], 1))])
""",
    "concatenate": """
def add_bias_column(X):
    return np.concatenate((X, np.ones((len(X), 1), dtype=X.dtype)), axis=1)
""",
    "column_stack": """
def add_bias_column(X):
    return np.column_stack([X, np.ones(len(X))])
""",
    "pad": """
add_bias_column = lambda X: np.pad(X, ((0, 0), (0, 1)), constant_values=1)
""",
    "filled": """
def add_bias_column(X):
    n, d = X.shape
    out = np.ones((n, d + 1))
    out[:, :d] = X
    return out
""",
    "c_": """
def add_bias_column(X):
    return np.c_[X, np.ones(X.shape[0])]
""",
    "insert": """
def add_bias_column(X):
    return np.insert(X, X.shape[1], 1, axis=1)
""",
}

WRONG["add_bias_column"] = {
    "first column": (
        """
def add_bias_column(X):
    return np.hstack([np.ones((len(X), 1)), X])
""",
        {"add_bias_column": 6},
        "the ones are the first column",
    ),
    "zeros": (
        """
def add_bias_column(X):
    return np.hstack([X, np.zeros((len(X), 1))])
""",
        {"add_bias_column": 6},
        "holds zeros",
    ),
    "a row": (
        """
def add_bias_column(X):
    return np.vstack([X, np.ones(X.shape[1])])
""",
        {"add_bias_column": 6},
        "a row of ones",
    ),
    "plus one": (
        """
def add_bias_column(X):
    return X + 1
""",
        {"add_bias_column": 6},
        "added to every value",
    ),
    "flat": (
        """
def add_bias_column(X):
    return np.append(X, np.ones((len(X), 1)))
""",
        {"add_bias_column": 6},
        "join along the columns",
    ),
    "last feature lost": (
        """
def add_bias_column(X):
    X = X.copy()
    X[:, -1] = 1
    return X
""",
        {"add_bias_column": 6},
        "overwritten",
    ),
    "axis missing": (
        """
def add_bias_column(X):
    return np.hstack([X, np.ones(len(X))])
""",
        {"add_bias_column": 6},
        "line 3 raises ValueError",
    ),
    "the lab's sizes": (
        """
def add_bias_column(X):
    return np.hstack([X, np.ones((100, 1))])
""",
        {"add_bias_column": 6},
        "a size is written into it",
    ),
    "not returned": (
        """
def add_bias_column(X):
    np.hstack([X, np.ones((len(X), 1))])
""",
        {"add_bias_column": 6},
        "is the `return` missing?",
    ),
    "last feature wiped": (
        """
def add_bias_column(X):
    result = np.hstack([X, np.ones((len(X), 1))])
    X[:, -1] = 0
    return result
""",
        {"add_bias_column": 1},
        "X is changed in place",
    ),
    "as many ones": (
        """
def add_bias_column(X):
    return np.hstack([X, np.ones_like(X)])
""",
        {"add_bias_column": 6},
        "one is enough",
    ),
}
