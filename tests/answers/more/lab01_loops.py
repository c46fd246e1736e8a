"""More answers to lab 1: distances in loops. answers/lab01.py takes them in."""

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
