"""Convolution, pooling and sandwiches: printed numbers of the sources, loops, numerical gradients, PyTorch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import layers
from labkit.gradients import numerical_gradient, relative_error


def grid(start, end, *shape):
    return np.linspace(start, end, np.prod(shape)).reshape(shape)


def numerical(forward, array, dout, h=1e-3):
    """These layers are linear between kinks: a long step is as exact, and rounds less."""
    return numerical_gradient(lambda _: np.sum(dout * forward()[0]), array, h=h)


CONV = [layers.conv_forward_naive, layers.conv_forward]
POOL = [layers.max_pool_forward_naive, layers.max_pool_forward]


@pytest.mark.parametrize("conv", CONV)
def test_convolution_printed_in_the_homework(conv):
    x, w, b = grid(-0.1, 0.5, 2, 3, 4, 4), grid(-0.2, 0.3, 3, 3, 4, 4), np.linspace(-0.1, 0.2, 3)
    printed = [
        [
            [[-0.08759809, -0.10987781], [-0.18387192, -0.2109216]],
            [[0.21027089, 0.21661097], [0.22847626, 0.23004637]],
            [[0.50813986, 0.54309974], [0.64082444, 0.67101435]],
        ],
        [
            [[-0.98053589, -1.03143541], [-1.19128892, -1.24695841]],
            [[0.69108355, 0.66880383], [0.59480972, 0.56776003]],
            [[2.36270298, 2.36904306], [2.38090835, 2.38247847]],
        ],
    ]
    np.testing.assert_allclose(conv(x, w, b, stride=2, pad=1)[0], printed, atol=1e-8)


@pytest.mark.parametrize("pool", POOL)
def test_max_pooling_printed_in_the_homework(pool):
    printed = [
        [
            [[-0.26315789, -0.24842105], [-0.20421053, -0.18947368]],
            [[-0.14526316, -0.13052632], [-0.08631579, -0.07157895]],
            [[-0.02736842, -0.01263158], [0.03157895, 0.04631579]],
        ],
        [
            [[0.09052632, 0.10526316], [0.14947368, 0.16421053]],
            [[0.20842105, 0.22315789], [0.26736842, 0.28210526]],
            [[0.32631579, 0.34105263], [0.38526316, 0.4]],
        ],
    ]
    np.testing.assert_allclose(pool(grid(-0.3, 0.4, 2, 3, 4, 4), 2)[0], printed, atol=1e-8)


@pytest.mark.parametrize("name", ["conv_{}_naive", "conv_{}"])
def test_convolution_backward_as_in_the_homework(name):
    """Its shapes; it printed errors of 9e-9, 3e-10 and 1e-11."""
    forward, backward = (getattr(layers, name.format(way)) for way in ("forward", "backward"))
    rng = np.random.default_rng(231)
    x, w, b, dout = (rng.standard_normal(s) for s in ((4, 3, 5, 5), (2, 3, 3, 3), 2, (4, 2, 5, 5)))
    grads = backward(dout, forward(x, w, b, 1, 1)[1])
    for array, grad in zip((x, w, b), grads):
        assert relative_error(numerical(lambda: forward(x, w, b, 1, 1), array, dout), grad) < 1e-8


@pytest.mark.parametrize("name", ["max_pool_{}_naive", "max_pool_{}", "avg_pool_{}"])
@pytest.mark.parametrize("size, stride", [(2, 2), (3, 1), ((2, 4), (3, 2))])
def test_pooling_backward(name, size, stride):
    forward, backward = (getattr(layers, name.format(way)) for way in ("forward", "backward"))
    x = np.random.default_rng(231).permutation(3 * 2 * 8 * 8).reshape(3, 2, 8, 8) / 384  # no two alike: no kinks near
    out, cache = forward(x, size, stride)
    dout = np.random.default_rng(1).standard_normal(out.shape)
    assert relative_error(numerical(lambda: forward(x, size, stride), x, dout), backward(dout, cache)) < 1e-8


@st.composite
def conv_cases(draw):
    """Shapes, stride and padding, all unequal, such that the windows fit."""
    axes = []
    for _ in range(2):
        window, stride, count = draw(st.integers(1, 5)), draw(st.integers(1, 4)), draw(st.integers(1, 6))
        covered = (count - 1) * stride + window
        pad = draw(st.integers(0, min(3, (covered - 1) // 2)))
        axes.append((covered - 2 * pad, window, stride, pad))
    (H, h, sh, ph), (W, w, sw, pw) = axes
    C = draw(st.sampled_from([1, 2, 3, 4, 16, 17]))  # few and many channels are unfolded in two ways
    N, F = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    return (N, C, H, W), (F, C, h, w), (sh, sw), (ph, pw)


def random_conv(case, seed, dtype=np.float64):
    x_shape, w_shape, stride, pad = case
    rng = np.random.default_rng(seed)
    x, w, b = (rng.standard_normal(shape).astype(dtype) for shape in (x_shape, w_shape, w_shape[0]))
    return x, w, b, stride, pad


@settings(max_examples=300, deadline=None)
@given(conv_cases(), st.integers(0, 99))
def test_fast_convolution_is_the_naive_one(case, seed):
    x, w, b, stride, pad = random_conv(case, seed)
    slow, slow_cache = layers.conv_forward_naive(x, w, b, stride, pad)
    fast, fast_cache = layers.conv_forward(x, w, b, stride, pad)
    np.testing.assert_allclose(fast, slow, atol=1e-11)
    dout = np.random.default_rng(seed).standard_normal(slow.shape)
    expected = layers.conv_backward_naive(dout, slow_cache)
    for ours, theirs in zip(layers.conv_backward(dout, fast_cache), expected):
        np.testing.assert_allclose(ours, theirs, atol=1e-11)
    dx, dw, _ = layers.conv_backward(dout, fast_cache, inputs=False)
    assert dx is None
    np.testing.assert_allclose(dw, expected[1], atol=1e-11)


@settings(max_examples=150, deadline=None)
@given(conv_cases(), st.integers(0, 99), st.booleans())
def test_fast_max_pooling_is_the_naive_one_ties_too(case, seed, rounded):
    x, w, _, stride, pad = random_conv(case, seed)
    x = np.pad(x, [(0, 0), (0, 0), (pad[0],) * 2, (pad[1],) * 2])
    x = x.round() if rounded else x  # many equal maxima: of these the first gets the gradient
    slow, slow_cache = layers.max_pool_forward_naive(x, w.shape[2:], stride)
    fast, fast_cache = layers.max_pool_forward(x, w.shape[2:], stride)
    np.testing.assert_array_equal(fast, slow)
    dout = np.random.default_rng(seed).standard_normal(slow.shape)
    expected = layers.max_pool_backward_naive(dout, slow_cache)
    np.testing.assert_allclose(layers.max_pool_backward(dout, fast_cache), expected, atol=1e-13)
    before = x.copy()
    layers.max_pool_backward(dout, fast_cache)
    np.testing.assert_array_equal(x, before)


@settings(max_examples=60, deadline=None)
@given(conv_cases(), st.integers(0, 99))
def test_convolution_and_pooling_agree_with_pytorch(case, seed):
    torch = pytest.importorskip("torch")
    x, w, b, stride, pad = random_conv(case, seed)
    tensors = [torch.from_numpy(a).requires_grad_() for a in (x, w, b)]
    theirs = torch.nn.functional.conv2d(*tensors, stride=stride, padding=pad)
    ours, cache = layers.conv_forward(x, w, b, stride, pad)
    np.testing.assert_allclose(ours, theirs.detach(), atol=1e-11)
    dout = np.random.default_rng(seed).standard_normal(ours.shape)
    theirs.backward(torch.from_numpy(dout))
    for grad, tensor in zip(layers.conv_backward(dout, cache), tensors):
        np.testing.assert_allclose(grad, tensor.grad, atol=1e-11)
    for name in ("max_pool", "avg_pool"):
        pooled = np.pad(x, [(0, 0), (0, 0), (pad[0],) * 2, (pad[1],) * 2])
        tensor = torch.from_numpy(pooled).requires_grad_()
        theirs = getattr(torch.nn.functional, name + "2d")(tensor, w.shape[2:], stride)
        ours, cache = getattr(layers, name + "_forward")(pooled, w.shape[2:], stride)
        np.testing.assert_allclose(ours, theirs.detach(), atol=1e-13)
        dout = np.random.default_rng(seed).standard_normal(ours.shape)
        theirs.backward(torch.from_numpy(dout))
        # where padding makes whole windows of zeros, PyTorch too takes the first
        np.testing.assert_allclose(getattr(layers, name + "_backward")(dout, cache), tensor.grad, atol=1e-12)


def test_more_images_than_one_chunk_holds():
    """Chunks and threads must not show: not in the last chunk, which is smaller, and not in images that repeat."""
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((101, 3, 16, 16)), rng.standard_normal((8, 3, 5, 5)), rng.standard_normal(8)
    out, cache = layers.conv_forward(x, w, b, pad=2)
    dout = rng.standard_normal(out.shape)
    dx, dw, db = layers.conv_backward(dout, cache)
    sums = np.zeros_like(dw), np.zeros_like(db)
    for n in range(0, 101, 20):
        part, cache = layers.conv_forward(x[n : n + 20], w, b, pad=2)
        np.testing.assert_allclose(out[n : n + 20], part, atol=1e-12)
        grads = layers.conv_backward(dout[n : n + 20], cache)
        np.testing.assert_allclose(dx[n : n + 20], grads[0], atol=1e-12)
        for total, grad in zip(sums, grads[1:]):
            total += grad
    np.testing.assert_allclose(dw, sums[0], atol=1e-9)
    np.testing.assert_allclose(db, sums[1], atol=1e-9)


@pytest.mark.parametrize("name, pad", [("conv", {"pad": 1}), ("conv_relu", {}), ("conv_relu_pool", {})])
@pytest.mark.parametrize("C", [3, 20])
def test_results_do_not_depend_on_the_number_of_threads(name, pad, C, monkeypatch):
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((45, C, 32, 32)).astype(np.float32), rng.standard_normal((6, C, 3, 3)).astype(np.float32)
    found = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("LABKIT_THREADS", threads)
        out, cache = getattr(layers, name + "_forward")(x, w, np.ones(6, np.float32), **pad)
        found.append((out, *getattr(layers, name + "_backward")(np.cos(out), cache)))
    assert all(np.array_equal(a, b) for others in found[1:] for a, b in zip(found[0], others))


def test_the_gradient_of_equal_maxima_goes_to_the_first():
    for name in ("max_pool_{}", "max_pool_{}_naive"):
        out, cache = getattr(layers, name.format("forward"))(np.zeros((1, 1, 4, 4)), 2)
        dx = getattr(layers, name.format("backward"))(np.ones_like(out), cache)
        np.testing.assert_array_equal(dx[0, 0], [[1, 0, 1, 0], [0, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]])


SANDWICHES = {
    "affine_relu": ((2, 3, 4), (12, 10), {}),
    "conv_relu": ((2, 3, 8, 8), (3, 3, 3, 3), {}),
    "conv_relu_pool": ((2, 3, 16, 16), (3, 3, 3, 3), {}),
    "conv_relu_pool ": ((2, 3, 9, 13), (5, 3, 3, 5), {"stride": (2, 1), "pad": 1, "size": (2, 3), "pool_stride": 1}),
}


@pytest.mark.parametrize("name", SANDWICHES)
def test_sandwiches_as_in_the_homework(name):
    """Its shapes, and one with other strides; it printed errors of 1e-8 to 1e-11."""
    x_shape, w_shape, settings = SANDWICHES[name]
    forward, backward = (getattr(layers, f"{name.strip()}_{way}") for way in ("forward", "backward"))
    rng = np.random.default_rng(231)
    x, w = rng.standard_normal(x_shape), rng.standard_normal(w_shape)
    b = rng.standard_normal(w_shape[1] if len(w_shape) == 2 else w_shape[0])
    out, cache = forward(x, w, b, **settings)
    assert out.min() == 0
    dout = rng.standard_normal(out.shape)
    grads = backward(dout, cache)
    for array, grad in zip((x, w, b), grads):
        expected = numerical(lambda: forward(x, w, b, **settings), array, dout, h=1e-6)
        np.testing.assert_allclose(grad, expected, atol=1e-7)
    first = backward(dout, cache, inputs=False)
    assert first[0] is None and np.allclose(first[1], grads[1], rtol=1e-12) and np.allclose(first[2], grads[2])


@settings(max_examples=80, deadline=None)
@given(
    conv_cases(), st.integers(1, 3), st.integers(1, 3), st.integers(0, 99), st.sampled_from([np.float32, np.float64])
)
def test_a_sandwich_is_its_layers_one_after_the_other(case, size, pool_stride, seed, dtype):
    x, w, b, stride, pad = random_conv(case, seed, dtype)
    a, conv = layers.conv_forward(x, w, b, stride, pad)
    r, active = layers.relu_forward(a)
    size = tuple(min(size, n) for n in r.shape[2:])
    fit = tuple(np.s_[: (n - s) // pool_stride * pool_stride + s] for n, s in zip(r.shape[2:], size))
    if r[:, :, fit[0], fit[1]].shape != r.shape:
        return
    p, pool = layers.max_pool_forward(r, size, pool_stride)
    out, cache = layers.conv_relu_pool_forward(x, w, b, stride, pad, size, pool_stride)
    close = dict(rtol=0, atol=2e-4 if dtype == np.float32 else 1e-11)
    np.testing.assert_allclose(out, p, **close)
    dout = np.random.default_rng(seed).standard_normal(p.shape).astype(dtype)
    dr = layers.max_pool_backward(dout, pool)
    expected = layers.conv_backward(layers.relu_backward(dr, active), conv)
    for ours, theirs in zip(layers.conv_relu_pool_backward(dout, cache), expected):
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, theirs, **close)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_in_is_dtype_out(dtype):
    rng = np.random.default_rng(0)
    x, w, b = (rng.standard_normal(s).astype(dtype) for s in ((2, 3, 6, 6), (4, 3, 3, 3), 4))
    for name in ("conv_{}", "conv_{}_naive", "conv_relu_{}", "conv_relu_pool_{}"):
        pad = {} if "relu" in name else {"pad": 1}
        out, cache = getattr(layers, name.format("forward"))(x, w, b, **pad)
        assert {a.dtype for a in (out, *getattr(layers, name.format("backward"))(out, cache))} == {np.dtype(dtype)}
    for name in ("max_pool_{}", "max_pool_{}_naive", "avg_pool_{}"):
        out, cache = getattr(layers, name.format("forward"))(x, 2)
        assert {out.dtype, getattr(layers, name.format("backward"))(out, cache).dtype} == {np.dtype(dtype)}


@settings(max_examples=40, deadline=None)
@given(conv_cases(), st.integers(0, 99))
def test_layers_leave_their_inputs_as_they_were_however_they_lie_in_memory(case, seed):
    x, w, b, stride, pad = random_conv(case, seed)
    out, cache = layers.conv_forward(x, w, b, stride, pad)
    dout = np.random.default_rng(seed).standard_normal(out.shape)
    grads = layers.conv_backward(dout, cache)
    kept = [a.copy() for a in (x, w, b, dout)]
    channels_last = [np.ascontiguousarray(a.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2) for a in (x, w, dout)]
    for a in (*channels_last, b):
        a.flags.writeable = False
    again, cache = layers.conv_forward(*channels_last[:2], b, stride, pad)
    np.testing.assert_allclose(again, out, atol=1e-12)
    for one, two in zip(layers.conv_backward(channels_last[2], cache), grads):
        np.testing.assert_allclose(one, two, atol=1e-12)
    assert all(np.array_equal(a, b) for a, b in zip((x, w, b, dout), kept))


def test_what_does_not_fit_is_said_with_its_arithmetic():
    x, w, b = np.ones((1, 3, 32, 32)), np.ones((4, 3, 5, 5)), np.ones(4)
    for conv in CONV:
        with pytest.raises(ValueError, match=r"\(32 \+ 2·1 − 5\) / 2 \+ 1 = 15.5, which must be a whole number"):
            conv(x, w, b, stride=2, pad=1)
        with pytest.raises(ValueError, match=r"\(3 \+ 2·0 − 5\) / 1 \+ 1 = -1, which must be at least 1"):
            conv(x[:, :, :3], w, b)
        with pytest.raises(ValueError, match="shapes do not fit"):
            conv(x[:, :2], w, b)
        with pytest.raises(ValueError, match="shapes do not fit"):
            conv(x, w, b[:3])
        with pytest.raises(ValueError, match=r"images \(N, C, H, W\)"):
            conv(x[0], w, b)
        for wrong in ({"stride": 0}, {"stride": 1.5}, {"pad": -1}, {"pad": (1, 2, 3)}, {"stride": True}):
            with pytest.raises(ValueError, match="whole number"):
                conv(x, w, b, **wrong)
    for pool in (*POOL, layers.avg_pool_forward):
        with pytest.raises(ValueError, match=r"\(32 \+ 2·0 − 3\) / 3 \+ 1 = 10.67"):
            pool(x, 3)
        with pytest.raises(ValueError, match="size must be"):
            pool(x, 0)
    with pytest.raises(ValueError, match="odd size"):
        layers.conv_relu_forward(x, w[:, :, :4], b)
