"""Optimizers: their formulas over several steps, in place, with a memory that can be kept and forgotten."""

import numpy as np
import pytest

from labkit.optimizers import SGD, Adam, Momentum, Optimizer, RMSProp

MAKERS = [lambda: SGD(0.1), lambda: Momentum(0.1), lambda: RMSProp(0.1), lambda: Adam(0.1)]


def test_adam_takes_first_steps_of_the_size_of_its_rate():
    """Kingma and Ba, section 2.1: without history, each step is the rate times the sign of the gradient."""
    params = {"w": np.array([1.0, -2.0, 3.0])}
    Adam(rate=0.01).step(params, {"w": np.array([5.0, -0.001, 1e3])})
    np.testing.assert_allclose(params["w"], [0.99, -1.99, 2.99], atol=1e-6)


def test_adam_against_its_formula_over_several_steps():
    rng = np.random.default_rng(0)
    params, w, m, v = {"w": np.ones(4)}, np.ones(4), 0, 0
    adam = Adam(0.05, 0.8, 0.9, 1e-6)
    for t in range(1, 8):
        g = rng.standard_normal(4)
        adam.step(params, {"w": g})
        m, v = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g * g
        w = w - 0.05 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.9**t)) + 1e-6)
    np.testing.assert_allclose(params["w"], w)


@pytest.mark.parametrize("make", MAKERS)
def test_steps_are_in_place_keep_float32_and_are_taken_whole_or_not_at_all(make):
    w, b = np.ones((2, 2), np.float32), np.ones(3, np.float32)
    params = {"w": w, "b": b}
    make().step(params, {"w": np.ones((2, 2), np.float32), "b": np.ones(3, np.float32)})
    assert params["w"] is w and w.dtype == np.float32 and np.all(w < 1)
    before = w.copy()
    for grads in ({"w": np.ones((2, 2))}, {"w": np.ones((2, 2)), "b": np.ones(4)}):
        with pytest.raises(ValueError, match="'b'"):
            make().step(params, grads)
    np.testing.assert_array_equal(w, before)


@pytest.mark.parametrize("bad", [0, -1, np.nan, np.inf, "fast", None])
def test_impossible_rates_are_refused(bad):
    with pytest.raises(ValueError, match="rate must be"):
        SGD(bad)
    with pytest.raises(ValueError, match="momentum must be"):
        Momentum(0.1, momentum=1)


@pytest.mark.parametrize("make", MAKERS)
def test_an_optimizer_can_go_on_with_weights_of_another_shape_or_dtype(make):
    """What it computes in is made anew, not broadcast."""
    optimizer = make()
    for w in (np.ones((2, 3)), np.ones(3), np.ones((2, 3), np.float32)):
        fresh, params = {"w": w.copy()}, {"w": w.copy()}
        make().step(fresh, {"w": np.ones_like(w)})
        optimizer.t = 0
        optimizer.step(params, {"w": np.ones_like(w)})
        np.testing.assert_array_equal(params["w"], fresh["w"])
        assert params["w"].dtype == w.dtype


def textbook(optimizer, w, gradients):
    """Weights after steps with these gradients, each rule written out with its numbers."""
    v = m = s = 0
    for t, g in enumerate(gradients, 1):
        if isinstance(optimizer, SGD):
            w = w - 0.05 * g
        elif isinstance(optimizer, Momentum):
            v = 0.8 * v - 0.05 * g
            w = w + v
        elif isinstance(optimizer, RMSProp):
            s = 0.8 * s + 0.2 * g * g
            w = w - 0.05 * g / np.sqrt(s + 1e-6)
        else:
            m, s = 0.8 * m + 0.2 * g, 0.9 * s + 0.1 * g * g
            w = w - 0.05 * (m / (1 - 0.8**t)) / (np.sqrt(s / (1 - 0.9**t)) + 1e-6)
    return w


RULES = [lambda: SGD(0.05), lambda: Momentum(0.05, 0.8), lambda: RMSProp(0.05, 0.8, 1e-6),
         lambda: Adam(0.05, 0.8, 0.9, 1e-6)]  # fmt: skip


@pytest.mark.parametrize("make", RULES)
@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_each_rule_is_its_formula(make, dtype, tolerance):
    rng, optimizer = np.random.default_rng(0), make()
    gradients = rng.standard_normal((9, 3, 4)).astype(dtype)
    gradients[4] *= 1e-4
    params = {"w": np.ones((3, 4), dtype), "scalar": np.array(1.0, dtype)}
    for g in gradients:
        optimizer.step(params, {"w": g, "scalar": g[0, 0]})
    expected = textbook(make(), np.ones((3, 4)), gradients.astype(float))
    np.testing.assert_allclose(params["w"], expected, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(params["scalar"], expected[0, 0], rtol=tolerance, atol=tolerance)
    assert params["w"].dtype == dtype and params["scalar"].dtype == dtype


def test_pytorch_takes_the_same_steps():
    torch = pytest.importorskip("torch")
    theirs = [lambda p: torch.optim.SGD(p, 0.05), lambda p: torch.optim.SGD(p, 0.05, momentum=0.8), None,
              lambda p: torch.optim.Adam(p, 0.05, (0.8, 0.9), 1e-6)]  # fmt: skip
    gradients = np.random.default_rng(1).standard_normal((6, 5))
    for make, peer in zip(RULES, theirs):
        if peer is None:  # PyTorch's epsilon stands outside of the root
            continue
        params, weights, optimizer = {"w": np.ones(5)}, torch.ones(5, dtype=torch.float64), make()
        other = peer([weights])
        for g in gradients:
            optimizer.step(params, {"w": g})
            weights.grad = torch.from_numpy(g)
            other.step()
        np.testing.assert_allclose(params["w"], weights.numpy(), rtol=1e-10)


@pytest.mark.parametrize("make", RULES)
def test_the_state_goes_on_where_it_was_and_is_a_copy(make):
    gradients = np.random.default_rng(2).standard_normal((8, 4))
    whole, params = make(), {"w": np.ones(4)}
    for g in gradients[:5]:
        whole.step(params, {"w": g})
    other, there = make(), {"w": params["w"].copy()}
    other.restore(whole.state())
    for g in gradients[5:]:
        whole.step(params, {"w": g})
    for g in gradients[5:]:
        other.step(there, {"w": g})
    np.testing.assert_array_equal(params["w"], there["w"])


@pytest.mark.parametrize("make", RULES)
def test_what_is_forgotten_has_no_effect(make):
    used, new, a, b = make(), make(), {"w": np.ones(3)}, {"w": np.ones(3)}
    for _ in range(4):
        used.step({"w": np.ones(3)}, {"w": np.full(3, 7.0)})
    used.forget()
    for optimizer, params in ((used, a), (new, b)):
        optimizer.step(params, {"w": np.arange(3.0)})
    np.testing.assert_array_equal(a["w"], b["w"])


def test_an_optimizer_says_its_settings_and_one_of_your_own_needs_a_rule():
    assert repr(Momentum(0.1)) == "Momentum(rate=0.1, momentum=0.9)" and repr(SGD(1e-3)) == "SGD(rate=0.001)"

    class Sign(Optimizer):
        def update(self, name, w, dw):
            w -= self.rate * np.sign(dw)

    params = {"w": np.array([1.0, 2.0])}
    Sign(0.5).step(params, {"w": [3.0, -0.1]})
    np.testing.assert_array_equal(params["w"], [0.5, 2.5])
    with pytest.raises(NotImplementedError, match="update"):
        Optimizer(0.1).step(params, {"w": np.ones(2)})
    assert not issubclass(Momentum, SGD)
    for bad in ({"w": np.ones(2, int)}, {"w": [1.0, 2.0]}):
        with pytest.raises(ValueError, match=r"params\['w'\] must be an array of floats"):
            SGD(0.1).step(bad, {"w": np.ones(2)})
