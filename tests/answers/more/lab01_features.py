"""More answers to lab 1: standardising, whitening and the bias column. answers/lab01.py takes them in."""

RIGHT, WRONG = {}, {}

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
    "overwritten": (
        """
def standardize_features(X_train, X_test):
    X_train = (X_train - X_train.mean(axis=0)) / np.maximum(X_train.std(axis=0), 1e-12)
    X_test = (X_test - X_train.mean(axis=0)) / np.maximum(X_train.std(axis=0), 1e-12)
    return X_train, X_test
""",
        {"standardize_features": 3},
        "take them before",
    ),
    "brackets": (
        "mean, std = X_train.mean(axis=0), X_train.std(axis=0); return X_train - mean / std, X_test - mean / std",
        {"standardize_features": 4.5},
        "brackets round the difference",
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
        {"standardize_features": 1},
        "X_train is changed in place",
    ),
    "SciPy": (
        """
from scipy.stats import zscore
def standardize_features(X_train, X_test):
    return zscore(X_train), zscore(X_test)
""",
        {"standardize_features": 8},
        "ready-made answer (scipy.stats",
    ),
}

# ----------------------------------------------------------------------------------- bias column

RIGHT["add_bias_column"] = {
    "hstack": "return np.hstack([X, np.ones((X.shape[0], 1))])",
    "concatenate": "return np.concatenate((X, np.ones((len(X), 1), dtype=X.dtype)), axis=1)",
    "column_stack": "return np.column_stack([X, np.ones(len(X))])",
    "pad": """
add_bias_column = lambda X: np.pad(X, ((0, 0), (0, 1)), constant_values=1)
""",
    "filled": "n, d = X.shape; out = np.ones((n, d + 1)); out[:, :d] = X; return out",
    "c_": "return np.c_[X, np.ones(X.shape[0])]",
    "insert": "return np.insert(X, X.shape[1], 1, axis=1)",
}

WRONG["add_bias_column"] = {
    "axis missing": ("return np.hstack([X, np.ones(len(X))])", {"add_bias_column": 4}, "line 3 raises ValueError"),
    "the lab's sizes": (
        "return np.hstack([X, np.ones((100, 1))])",
        {"add_bias_column": 4},
        "a size is written into it",
    ),
    "not returned": (
        "\ndef add_bias_column(X):\n    np.hstack([X, np.ones((len(X), 1))])",
        {"add_bias_column": 4},
        "is the `return` missing?",
    ),
    "last feature wiped": (
        "result = np.hstack([X, np.ones((len(X), 1))]); X[:, -1] = 0; return result",
        {"add_bias_column": 1},
        "X is changed in place",
    ),
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
