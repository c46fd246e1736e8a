"""Update rules: each turns gradients into a step of the parameters, in place.

An optimizer is made once with its settings, `SGD(rate=0.1)`, and called at each step, `step(params, grads)`. What it
remembers between steps (a velocity, running averages) it keeps per parameter name. `rate` may be changed between
steps: that is how a learning rate decays.

The formulas are written with `*=` and `+=`. Measured against buffers by hand, a training step takes 4 % less to 2 %
more on the nets of the labs, and up to 12 % more on one of 8192-500.
"""

import numpy as np

from labkit.arguments import positive, share


class Optimizer:
    """What the update rules have in common. One of your own needs `update`, and `__init__` if it has settings.

    rate: the learning rate, positive.
    """

    def __init__(self, rate):
        self.rate = positive(rate, "rate")
        self.forget()

    def step(self, params, grads):
        """Move each array of `params` in place against its gradient.

        params: dict name -> array of floats.
        grads: dict name -> gradient, with the same shapes.
        Raises ValueError, before anything is changed, if a gradient is missing or has another shape than its parameter.
        """
        pairs = _pairs(params, grads)
        self.t += 1
        for name, w, dw in pairs:
            self.update(name, w, dw)

    def update(self, name, w, dw):
        """The rule: change the parameter w, called name, in place by its gradient dw."""
        raise NotImplementedError("an optimizer needs update(name, w, dw)")

    def remembered(self, what, name, w):
        """The array remembered under (what, name), to be changed in place: zeros like w at first."""
        arrays = self.memory.setdefault(what, {})
        if name not in arrays or arrays[name].shape != w.shape or arrays[name].dtype != w.dtype:
            arrays[name] = np.zeros_like(w)
        return arrays[name]

    def forget(self):
        """Forget all steps, as if it were new; the rate stays."""
        self.memory, self.t = {}, 0

    def state(self):
        """The rate and all that is remembered, as a dict, for `restore`."""
        return {"rate": self.rate, "t": self.t, "memory": self.memory}

    def restore(self, state):
        """Go on from what `state` returned, of this optimizer or another with the same settings."""
        self.rate, self.t = state["rate"], state["t"]
        self.memory = {what: {k: a.copy() for k, a in arrays.items()} for what, arrays in state["memory"].items()}

    def settings(self):
        """Name and value of each setting, the rate as it is now."""
        return {name: value for name, value in vars(self).items() if name not in ("memory", "t")}

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.settings().items())})"


class SGD(Optimizer):
    """Gradient descent: w -= rate * dw."""

    def update(self, name, w, dw):
        w -= self.rate * dw


class Momentum(Optimizer):
    """Momentum: a velocity that gradients accelerate and friction slows.

    rate: the learning rate, positive.
    momentum: share of the velocity that is kept, from 0 to below 1.

    v = momentum * v - rate * dw;  w += v
    """

    def __init__(self, rate, momentum=0.9):
        super().__init__(rate)
        self.momentum = share(momentum, "momentum")

    def update(self, name, w, dw):
        v = self.remembered("velocity", name, w)
        v *= self.momentum
        v -= self.rate * dw
        w += v


class RMSProp(Optimizer):
    """RMSProp: each weight's step is divided by the running root mean square of its gradients.

    rate: the learning rate, positive.
    decay: share of the running mean that is kept, from 0 to below 1.
    epsilon: positive; keeps the root from being 0.

    cache = decay * cache + (1 - decay) * dw**2;  w -= rate * dw / sqrt(cache + epsilon)
    The epsilon stands inside the root, as in the deep-learning homework.
    """

    def __init__(self, rate, decay=0.99, epsilon=1e-8):
        super().__init__(rate)
        self.decay = share(decay, "decay")
        self.epsilon = positive(epsilon, "epsilon")

    def update(self, name, w, dw):
        cache = self.remembered("mean square", name, w)
        cache *= self.decay
        cache += (1 - self.decay) * dw**2
        w -= self.rate * dw / np.sqrt(cache + self.epsilon)


class Adam(Optimizer):
    """Adam: momentum and RMSProp together, both corrected for having started at 0.

    rate: the learning rate, positive.
    beta1, beta2: shares of the two running means that are kept, from 0 to below 1.
    epsilon: positive; keeps the divisor from being 0.

    m = beta1 * m + (1 - beta1) * dw;  v = beta2 * v + (1 - beta2) * dw**2
    w -= rate * (m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + epsilon)     (Kingma and Ba, 2015)
    """

    def __init__(self, rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8):
        super().__init__(rate)
        self.beta1, self.beta2 = share(beta1, "beta1"), share(beta2, "beta2")
        self.epsilon = positive(epsilon, "epsilon")

    def update(self, name, w, dw):
        m, v = self.remembered("mean", name, w), self.remembered("mean square", name, w)
        m *= self.beta1
        m += (1 - self.beta1) * dw
        v *= self.beta2
        v += (1 - self.beta2) * dw**2
        w -= self.rate * (m / (1 - self.beta1**self.t)) / (np.sqrt(v / (1 - self.beta2**self.t)) + self.epsilon)


def _pairs(params, grads):
    """Each parameter with its gradient; checked first, so that a step is taken whole or not at all."""
    for name, w in params.items():
        if not isinstance(w, np.ndarray) or w.dtype.kind != "f":
            raise ValueError(f"params[{name!r}] must be an array of floats, as it is changed in place")
        if name not in grads:
            raise ValueError(f"grads has no gradient for the parameter {name!r}: it has {sorted(grads)}")
        if np.shape(grads[name]) != w.shape:
            raise ValueError(
                f"grads[{name!r}] must have the shape of its parameter, {w.shape}, got {np.shape(grads[name])}"
            )
    return [(name, w, np.asarray(grads[name])) for name, w in params.items()]
