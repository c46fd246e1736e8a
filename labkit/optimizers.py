"""Update rules: each turns gradients into a step of the parameters, in place.

An optimizer is made once with its settings, `SGD(rate=0.1)`, and called at each step, `step(params, grads)`. What it
remembers between steps (velocity, running averages) it keeps per parameter name. `rate` may be
changed between steps: that is how a learning rate decays.
"""

import numpy as np


class SGD:
    """Gradient descent: w -= rate * dw."""

    def __init__(self, rate):
        self.rate = _positive(rate, "rate")
        self._kept = {}

    def step(self, params, grads):
        """Move each array of `params` in place against its gradient in `grads`.

        params, grads: dicts name -> array, with the same shapes.
        Raises ValueError if a gradient is missing or has another shape than its parameter.
        """
        for name, w, dw in _pairs(params, grads):
            self.update(name, w, dw)

    def update(self, name, w, dw):
        w -= np.multiply(dw, self.rate, out=self._scratch(name, w))

    def _scratch(self, name, w, number=0):
        """An array like w to compute in: made once and kept, since making large ones anew takes longer than the sum."""
        return _memory(self._kept, (name, number), w)


class Momentum(SGD):
    """Momentum: a velocity that gradients accelerate and friction slows.

    v = momentum * v - rate * dw;  w += v
    """

    def __init__(self, rate, momentum=0.9):
        super().__init__(rate)
        self.momentum = _share(momentum, "momentum")
        self.velocity = {}

    def update(self, name, w, dw):
        v = _memory(self.velocity, name, w)
        v *= self.momentum
        v -= np.multiply(dw, self.rate, out=self._scratch(name, w))
        w += v


class RMSProp(SGD):
    """RMSProp: each weight's step is divided by the running root mean square of its gradients.

    cache = decay * cache + (1 - decay) * dw**2;  w -= rate * dw / sqrt(cache + epsilon)
    The epsilon stands inside the root, as in the deep-learning homework.
    """

    def __init__(self, rate, decay=0.99, epsilon=1e-8):
        super().__init__(rate)
        self.decay = _share(decay, "decay")
        self.epsilon = _positive(epsilon, "epsilon")
        self.cache = {}

    def update(self, name, w, dw):
        cache, step, root = _memory(self.cache, name, w), self._scratch(name, w), self._scratch(name, w, 1)
        cache *= self.decay
        np.multiply(dw, dw, out=step)
        step *= 1 - self.decay
        cache += step
        np.sqrt(np.add(cache, self.epsilon, out=root), out=root)
        np.multiply(dw, self.rate, out=step)
        step /= root
        w -= step


class Adam(SGD):
    """Adam: momentum and RMSProp together, both corrected for having started at 0.

    m = beta1 * m + (1 - beta1) * dw;  v = beta2 * v + (1 - beta2) * dw**2
    w -= rate * (m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + epsilon)     (Kingma and Ba, 2015)
    """

    def __init__(self, rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8):
        super().__init__(rate)
        self.beta1, self.beta2 = _share(beta1, "beta1"), _share(beta2, "beta2")
        self.epsilon = _positive(epsilon, "epsilon")
        self.mean, self.square, self.t = {}, {}, 0

    def step(self, params, grads):
        self.t += 1
        super().step(params, grads)

    def update(self, name, w, dw):
        m, v = _memory(self.mean, name, w), _memory(self.square, name, w)
        step, root = self._scratch(name, w), self._scratch(name, w, 1)
        m *= self.beta1
        m += np.multiply(dw, 1 - self.beta1, out=step)
        v *= self.beta2
        np.multiply(dw, dw, out=step)
        step *= 1 - self.beta2
        v += step
        np.sqrt(np.divide(v, 1 - self.beta2**self.t, out=root), out=root)
        root += self.epsilon
        np.multiply(m, self.rate / (1 - self.beta1**self.t), out=step)
        step /= root
        w -= step


def _memory(memory, name, w):
    """The array kept under this name, zeros like w when it is first asked for or w has changed its shape."""
    kept = memory.get(name)
    if kept is None or kept.shape != w.shape or kept.dtype != w.dtype:
        kept = memory[name] = np.zeros_like(w)
    return kept


def _pairs(params, grads):
    """Check every pair first, so that a step is taken whole or not at all."""
    for name, w in params.items():
        if name not in grads:
            raise ValueError(f"grads has no gradient for the parameter {name!r}: it has {sorted(grads)}")
        if np.shape(grads[name]) != np.shape(w):
            raise ValueError(
                f"grads[{name!r}] must have the shape of its parameter, {np.shape(w)}, got {np.shape(grads[name])}"
            )
        if not isinstance(w, np.ndarray) or w.dtype.kind != "f":
            raise ValueError(f"params[{name!r}] must be an array of floats, as it is changed in place")
    return [(name, w, grads[name]) for name, w in params.items()]


def _positive(value, name):
    try:
        if 0 < float(value) < np.inf:
            return float(value)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"{name} must be a positive finite number, got {value!r}")


def _share(value, name):
    try:
        if 0 <= float(value) < 1:
            return float(value)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"{name} must be a number from 0 up to but not including 1, got {value!r}")
