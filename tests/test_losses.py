"""The losses against SciPy, differences by a complex step, naive loops, and the numbers of the sources."""

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.gradients import numerical_gradient, relative_error
from labkit.losses import cross_entropy, l2_penalty, log_softmax, softmax, softmax_loss, svm_loss

LOSSES = [softmax_loss, svm_loss, cross_entropy]
TOLERANCE = {np.float32: 2e-6, np.float64: 1e-14}


def value(result):
    return result[0] if isinstance(result, tuple) else result


@st.composite
def problems(draw):
    """Scores of any size, magnitude, dtype and memory layout, with labels of any integer dtype."""
    N, C = draw(st.integers(1, 40)), draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    scale = draw(st.sampled_from([1e-3, 1.0, 15.0, 1e4]))
    scores = (rng.standard_normal((N, C)) * scale).astype(dtype)
    layout = draw(st.sampled_from(["C", "F", "strided", "reversed"]))
    if layout == "F":
        scores = np.asfortranarray(scores)
    elif layout == "strided":
        wide = np.zeros((2 * N, 3 * C), dtype)
        wide[::2, ::3] = scores
        scores = wide[::2, ::3]
    elif layout == "reversed":
        scores = scores[::-1, ::-1]
    y = rng.integers(0, C, N).astype(draw(st.sampled_from([np.int64, np.int32, np.uint8, np.uint64])))
    scores.flags.writeable = y.flags.writeable = False  # writing to an input would raise
    return scores, y


def complex_cross_entropy(scores, y):
    """The textbook formula, for complex scores of moderate size."""
    return np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(y)), y])


def naive_hinge(scores, y, delta):
    scores, total = scores.astype(np.float64), 0.0
    for row, label in zip(scores, y):
        for j, score in enumerate(row):
            if j != label:
                total += max(0.0, score - row[label] + delta)
    return total / len(y)


@settings(deadline=None)
@given(problems())
def test_softmax_and_log_softmax_agree_with_scipy(problem):
    scores, _ = problem
    exact = scores.astype(np.float64)
    tolerance = TOLERANCE[scores.dtype.type]
    p, log_p = softmax(scores), log_softmax(scores)
    assert p.dtype == log_p.dtype == scores.dtype and p.shape == log_p.shape == scores.shape
    np.testing.assert_allclose(p, scipy.special.softmax(exact, axis=1), rtol=20 * tolerance, atol=tolerance)
    expected = scipy.special.log_softmax(exact, axis=1)
    np.testing.assert_allclose(log_p, expected, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=5 * tolerance)


@settings(deadline=None)
@given(problems())
def test_softmax_loss_agrees_with_scipy(problem):
    scores, y = problem
    N, exact = len(y), scores.astype(np.float64)
    loss, dscores = softmax_loss(scores, y)
    tolerance = TOLERANCE[scores.dtype.type]
    expected = -scipy.special.log_softmax(exact, axis=1)[np.arange(N), y.astype(int)].mean()
    assert loss.dtype == dscores.dtype == scores.dtype
    np.testing.assert_allclose(loss, expected, rtol=tolerance, atol=tolerance)
    expected = (scipy.special.softmax(exact, axis=1) - np.eye(scores.shape[1])[y.astype(int)]) / N
    np.testing.assert_allclose(dscores, expected, atol=20 * tolerance / N)


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 99))
def test_softmax_loss_agrees_with_its_textbook_form(N, C, seed):
    """The lines of its docstring, for scores of moderate size."""
    rng = np.random.default_rng(seed)
    scores, y = 3 * rng.standard_normal((N, C)), rng.integers(0, C, N)
    names = {"np": np, "scores": scores, "y": y, "N": N, "C": C}
    exec("\n".join(line.strip() for line in softmax_loss.__doc__.split("\n\n")[-1].strip().split("\n")), names)
    loss, dscores = softmax_loss(scores, y)
    np.testing.assert_allclose(loss, names["loss"], rtol=1e-12)
    np.testing.assert_allclose(dscores, names["dscores"], atol=1e-14)


@settings(deadline=None)
@given(problems())
def test_cross_entropy_is_the_value_of_softmax_loss(problem):
    scores, y = problem
    loss = cross_entropy(scores, y)
    tolerance = 2 * TOLERANCE[scores.dtype.type]
    assert loss.dtype == scores.dtype and np.ndim(loss) == 0
    np.testing.assert_allclose(loss, softmax_loss(scores, y)[0], rtol=tolerance, atol=tolerance)


@settings(deadline=None)
@given(problems(), st.sampled_from([0.0, 0.5, 1.0, 10.0]))
def test_svm_loss_agrees_with_the_naive_loops(problem, delta):
    scores, y = problem
    loss, dscores = svm_loss(scores, y, delta)
    assert loss.dtype == dscores.dtype == scores.dtype
    # float32 rounds each margin once, relative to the scores it is made of
    tolerance = 4 * np.finfo(scores.dtype).eps * scores.shape[1] * (1 + np.abs(scores).max() + delta)
    np.testing.assert_allclose(loss, naive_hinge(scores, y, delta), atol=tolerance, rtol=1e-6)
    np.testing.assert_allclose(dscores.sum(axis=1), 0, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 2**32))
def test_gradients_agree_with_differences(N, C, seed):
    rng = np.random.default_rng(seed)
    scores, y = rng.standard_normal((N, C)), rng.integers(0, C, N)
    by_complex_step = np.empty((N, C))
    for entry in np.ndindex(N, C):
        moved = scores.astype(complex)
        moved[entry] += 1e-30j
        by_complex_step[entry] = complex_cross_entropy(moved, y).imag / 1e-30
    np.testing.assert_allclose(softmax_loss(scores, y)[1], by_complex_step, atol=1e-15)
    margins = scores - scores[np.arange(N), y][:, None] + 1
    if np.abs(margins).min() > 1e-4:  # differences across a kink are no derivative
        by_differences = numerical_gradient(lambda s: svm_loss(s, y)[0], scores)
        np.testing.assert_allclose(svm_loss(scores, y)[1], by_differences, atol=1e-9)


@pytest.mark.parametrize("dtype, size", [(np.float32, 1e4), (np.float64, 1e4), (np.float32, 1e30), (np.float64, 1e300)])
def test_scores_of_any_size_are_exact_and_raise_no_warning(dtype, size):
    scores = dtype(size) * np.array([[1, -1, 0], [-1, -1, -1], [1, 1, 1], [-1, 1, 1]], dtype)
    y = np.array([0, 1, 2, 0])
    log2, log3 = np.log(2), np.log(3)
    expected = [[1, 0, 0], [1 / 3] * 3, [1 / 3] * 3, [0, 0.5, 0.5]]
    np.testing.assert_allclose(softmax(scores), expected, rtol=1e-6)
    large = 2 * float(dtype(size))
    np.testing.assert_allclose(log_softmax(scores)[3], [-large - log2, -log2, -log2], rtol=1e-6)
    expected = (0 + log3 + log3 + large + log2) / 4
    loss, dscores = softmax_loss(scores, y)
    np.testing.assert_allclose([loss, cross_entropy(scores, y)], expected, rtol=1e-6)
    np.testing.assert_allclose(dscores[3], [-0.25, 0.125, 0.125], rtol=1e-6)
    loss, dscores = svm_loss(scores, y)
    np.testing.assert_allclose(loss, (0 + 2 + 2 + 2 * (large + 1)) / 4, rtol=1e-6)
    np.testing.assert_array_equal(dscores * 4, [[0, 0, 0], [1, -2, 1], [1, 1, -2], [-2, 1, 1]])


def test_scores_at_the_edge_of_the_format_overflow_to_infinity_not_to_nan():
    scores = np.array([[3e38, -3e38]], np.float32)
    np.testing.assert_array_equal(softmax(scores), [[1, 0]])
    assert cross_entropy(scores, [1]) == softmax_loss(scores, [1])[0] == np.inf


def test_the_shift_and_its_omission_agree_where_they_meet():
    rng = np.random.default_rng(3)
    scores, y = rng.uniform(-1, 1, (300, 10)), rng.integers(0, 10, 300)
    for size in (19.99, 20.01):
        loss, _ = softmax_loss(size * scores, y)
        np.testing.assert_allclose(cross_entropy(size * scores, y), loss, rtol=1e-14)


def test_nan_stays_visible_and_minus_infinity_is_probability_zero():
    scores, y = np.array([[0.0, np.nan, 1.0], [0.0, 0.0, -np.inf]]), np.array([0, 1])
    assert np.isnan(softmax(scores)[0]).all()
    np.testing.assert_array_equal(softmax(scores)[1], [0.5, 0.5, 0])
    np.testing.assert_array_equal(log_softmax(scores)[1], [-np.log(2), -np.log(2), -np.inf])
    for loss in LOSSES:
        assert np.isnan(value(loss(scores, y)))
    for loss in (softmax_loss, svm_loss):
        assert np.isnan(loss(scores, y)[1][0]).any() and np.isfinite(loss(scores, y)[1][1]).all()
    assert cross_entropy(scores[1:], [2]) == softmax_loss(scores[1:], [2])[0] == np.inf


def test_one_image_as_a_vector_lists_and_integers():
    # the lecture's overflow example
    np.testing.assert_allclose(softmax(np.array([123, 456, 789])), [0, 0, 1], atol=1e-140)
    np.testing.assert_allclose(log_softmax([123, 456, 789]), [-666, -333, 0])
    # the lecture's cat, dog and ship: the cat is missed by all it can be
    scores = [[-96.8, 437.9, 61.95]]
    np.testing.assert_allclose(cross_entropy(scores, [0]), 437.9 + 96.8)
    np.testing.assert_allclose(svm_loss(scores, [0])[0], (437.9 + 96.8 + 1) + (61.95 + 96.8 + 1))
    np.testing.assert_allclose(svm_loss([[13, -7, 11]], [0], delta=10)[0], 8)
    assert softmax(np.array([1, 2], np.float16)).dtype == np.float32


def test_at_the_margin_the_hinge_has_neither_loss_nor_gradient():
    loss, dscores = svm_loss(np.array([[3.0, 2.0, 1.0]]), [0], delta=1)
    assert loss == 0 and not dscores.any()
    loss, dscores = svm_loss(np.array([[2.0, 2.0]]), [0], delta=0)
    assert loss == 0 and not dscores.any()


def test_numbers_of_the_homework_for_small_random_scores():
    rng = np.random.default_rng(0)
    scores, y = 0.001 * rng.standard_normal((50, 10)), rng.integers(0, 10, 50)
    loss, dscores = svm_loss(scores, y)
    assert round(float(loss), 1) == 9.0
    assert relative_error(dscores, numerical_gradient(lambda s: svm_loss(s, y)[0], scores)) < 2e-9
    loss, dscores = softmax_loss(scores, y)
    assert abs(loss - np.log(10)) < 5e-4  # printed there: 2.3026
    assert relative_error(dscores, numerical_gradient(lambda s: cross_entropy(s, y), scores)) < 2e-8


def test_numbers_of_the_two_layer_exercise():
    np.random.seed(0)
    W1, W2 = 0.1 * np.random.randn(4, 10), 0.1 * np.random.randn(10, 3)
    np.random.seed(1)
    X, y = 10 * np.random.randn(5, 4), np.array([0, 1, 2, 2, 1])
    scores = np.maximum(0, X @ W1) @ W2
    printed = [
        [0.3644621, 0.22911264, 0.40642526],
        [0.47590629, 0.17217039, 0.35192332],
        [0.43035767, 0.26164229, 0.30800004],
        [0.41583127, 0.2983228, 0.28584593],
        [0.36328815, 0.32279939, 0.31391246],
    ]
    np.testing.assert_allclose(softmax(scores), printed, atol=5e-9)
    # its penalty has no factor one half: 0.05 there is 0.1 here
    loss = softmax_loss(scores, y)[0] + l2_penalty(W1, 0.1)[0] + l2_penalty(W2, 0.1)[0]
    assert abs(loss - 1.30378789133) < 5e-12


@pytest.mark.parametrize("shape", [(), (3,), (4, 5), (2, 3, 4, 5)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_l2_penalty_and_its_gradient(shape, dtype):
    w = np.asarray(np.random.default_rng(1).standard_normal(shape), dtype)
    for reg in (0, 0.3, np.float64(0.3)):
        penalty, dw = l2_penalty(w, reg)
        assert penalty.dtype == dw.dtype == dtype and dw.shape == shape
        np.testing.assert_allclose(penalty, sum(0.5 * reg * v**2 for v in w.astype(float).flat), rtol=1e-5)
        exact = w.astype(np.float64)
        np.testing.assert_allclose(dw, numerical_gradient(lambda v: l2_penalty(v, reg)[0], exact), atol=1e-6)
    np.testing.assert_array_equal(l2_penalty([1, 2], 1)[1], [1, 2])


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    "scores, y, message",
    [
        (np.zeros((0, 3)), np.zeros(0, int), r"scores must hold at least one image and one class, got .*0, 3"),
        (np.zeros((3, 0)), np.zeros(3, int), "scores must hold at least one image"),
        (np.zeros(3), np.zeros(3, int), r"scores must have shape \(N, C\).*got \(3,\)"),
        (np.zeros((2, 3, 4)), np.zeros(2, int), r"scores must have shape \(N, C\)"),
        (5.0, [0], "scores must have shape"),
        (np.zeros((2, 3), complex), [0, 1], "scores must be an array of real numbers, got dtype complex128"),
        (np.zeros((2, 3), bool), [0, 1], "scores must be an array of real numbers, got dtype bool"),
        (np.full((2, 3), "a"), [0, 1], "scores must be an array of real numbers"),
        ([[1.0, 2.0], [3.0]], [0, 1], "scores must be an array of numbers, got rows of unequal length"),
        (None, [0], "scores must be an array of real numbers"),
        (np.zeros((2, 3)), [0, 3], "y must hold labels from 0 to 2, as scores has 3 columns, got 3"),
        (np.zeros((2, 3)), [-1, 0], "y must hold labels from 0 to 2, .*got -1"),
        (np.zeros((2, 3)), np.array([0, 2**64 - 1], np.uint64), "y must hold labels from 0 to 2"),
        (np.zeros((2, 3)), [0.0, 1.0], "y must hold integer labels, got dtype float64"),
        (np.zeros((2, 3)), [True, False], "y must hold integer labels, got dtype bool"),
        (np.zeros((2, 3)), ["cat", "dog"], "y must hold integer labels"),
        (np.zeros((2, 3)), [[0], [1, 2]], "y must be an array of numbers, got rows of unequal length"),
        (np.zeros((2, 3)), None, "y must hold integer labels"),
        (np.zeros((2, 3)), [0, 1, 2], r"y must have shape \(2,\), one label for each row of scores, got \(3,\)"),
        (np.zeros((2, 3)), [[0], [1]], r"y must have shape \(2,\).*got \(2, 1\)"),
        (np.zeros((2, 3)), [[1, 0, 0], [0, 1, 0]], r"y must have shape \(2,\).*got \(2, 3\)"),
        (np.zeros((2, 3)), 1, r"y must have shape \(2,\).*got \(\)"),
    ],
)
def test_bad_scores_and_labels_are_refused(loss, scores, y, message):
    with pytest.raises(ValueError, match=message):
        loss(scores, y)


@pytest.mark.parametrize("function", [softmax, log_softmax])
@pytest.mark.parametrize("scores", [np.zeros(0), np.zeros((0, 3)), np.zeros((1, 2, 3)), 1.0, ["a"], None])
def test_bad_scores_are_refused_without_labels(function, scores):
    with pytest.raises(ValueError, match="scores must"):
        function(scores)


@pytest.mark.parametrize("bad", [-1, -0.5, np.nan, np.inf, None, "a", [1, 2], 1j])
def test_bad_margins_and_penalties_are_refused(bad):
    with pytest.raises(ValueError, match="delta must be a number, at least 0"):
        svm_loss(np.zeros((2, 3)), [0, 1], delta=bad)
    with pytest.raises(ValueError, match="reg must be a number, at least 0"):
        l2_penalty(np.zeros(3), bad)
    with pytest.raises(ValueError, match="w must be an array of real numbers"):
        l2_penalty(["a"], 0.1)


def test_pytorch_agrees():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    scores, y = 5 * rng.standard_normal((30, 7)), rng.integers(0, 7, 30)
    for ours, theirs in [
        (softmax_loss, torch.nn.functional.cross_entropy),
        # PyTorch divides the hinge by the number of classes
        (svm_loss, lambda s, y: 7 * torch.nn.functional.multi_margin_loss(s, y)),
    ]:
        tensor = torch.tensor(scores, requires_grad=True)
        expected = theirs(tensor, torch.tensor(y))
        expected.backward()
        loss, dscores = ours(scores, y)
        np.testing.assert_allclose(loss, expected.item(), rtol=1e-12)
        np.testing.assert_allclose(dscores, tensor.grad.numpy(), atol=1e-14)
