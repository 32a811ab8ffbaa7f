"""Optimizers: how a step is made from a gradient.

    optimizer = Adam(learning_rate=2e-4, beta_1=0.5)
    optimizer.step(model.trainable_params, model.grads)   # changes the parameters in place

w is a parameter, g its gradient, η the learning rate, k the number of the step, from 1. `learning_rate` is a number, or
a function of the steps already made (a schedule). An optimizer keeps its memory per parameter name in `state`, so each
model needs an optimizer of its own; `save_state` / `load_state` carry it over a restart bit for bit.
"""
from functools import partial
from math import cos, pi, sqrt
from numbers import Real

import numpy as np

from nnscratch.backend import array_module, move, to_cpu
from nnscratch.errors import InputError
from nnscratch.fast.cuda.adam import AdamClock, adam
from nnscratch.fast.cuda.launch import supported
from nnscratch.fast.recording import each_replay, recording
from nnscratch.ops.validation import check_fraction, check_int


class Optimizer:
    """The base class: a subclass names its memories in `slots` and writes `update(w, g, memory, learning_rate)`."""

    slots = ()

    def __init__(self, learning_rate):
        if not callable(learning_rate) and not (isinstance(learning_rate, Real) and learning_rate > 0):
            raise InputError(f"{type(self).__name__}: learning_rate is {learning_rate!r}, expected a number above 0 or a "
                             f"function of the step")
        self.learning_rate, self.steps, self.state = learning_rate, 0, {}

    def step(self, params, grads):
        """One step for every parameter in `params`, which is changed in place; `grads` has a gradient for each.

        Raises InputError, with nothing changed, when a gradient is missing or has another shape, or when the optimizer
        remembers a parameter of that name but of another shape.
        """
        for name, w in params.items():
            if name not in grads or grads[name].shape != w.shape:
                given = grads[name].shape if name in grads else "no gradient"
                raise InputError(f"{type(self).__name__}: parameter {name!r} of shape {w.shape} got {given}; give step() "
                                 f"the params and grads of the same model")
            if name in self.state and any(array.shape != w.shape for array in self.state[name].values()):
                raise InputError(f"{type(self).__name__}: parameter {name!r} had another shape in earlier steps; use one "
                                 f"optimizer for each model")
        if recording() and not (self.can_be_recorded(params) and all(name in self.state for name in params)):
            raise InputError(f"{type(self).__name__}: this step cannot be recorded; record steps of Adam with float32 "
                             f"parameters, all of which it has stepped on before")
        each_replay(partial(self.count, params, self.state))
        for name, w in params.items():
            if name not in self.state:
                self.state[name] = {slot: array_module(w).zeros_like(w) for slot in self.slots}
            self.update(w, grads[name], self.state[name], self.rate)

    def count(self, params, state):
        """Begin a step: its number, and its rate. `state` is the memory it will change."""
        if state is not self.state:
            raise InputError(f"{type(self).__name__}: another state was loaded after its step had been recorded; capture the "
                             f"step anew")
        self.rate = float(self.learning_rate(self.steps) if callable(self.learning_rate) else self.learning_rate)
        self.steps += 1

    def can_be_recorded(self, params):
        """Whether the update reads its rate from the GPU: a number of Python's stays in a CUDA graph what it was."""
        return False

    def save_state(self):
        """Everything needed to go on, as {name: NumPy array}."""
        arrays = {f"{name}/{slot}": to_cpu(array) for name, memory in self.state.items() for slot, array in memory.items()}
        return {"steps": np.asarray(self.steps, dtype=np.int64), **arrays}

    def load_state(self, arrays, params):
        """Take up the state of `save_state`, for the same parameters. InputError, with nothing changed, if it does not fit.

        Parameters that had not been stepped when it was saved (frozen ones) have no state.
        """
        stepped = [name for name in params if any(f"{name}/{slot}" in arrays for slot in self.slots)]
        needed = {"steps": ()} | {f"{name}/{slot}": params[name].shape for name in stepped for slot in self.slots}
        given = {name: array.shape for name, array in arrays.items()}
        if given != needed or arrays["steps"].dtype.kind not in "iu" or arrays["steps"] < 0:
            wrong = sorted(set(given.items()) ^ set(needed.items())) or [("steps", ())]
            raise InputError(f"{type(self).__name__}: the saved state does not fit these parameters "
                             f"({wrong[0][0]} is the first to differ)")
        self.steps = int(arrays["steps"])
        self.state = {name: {slot: move(arrays[f"{name}/{slot}"].copy(), array_module(params[name])) for slot in self.slots}
                      for name in stepped}


class SGD(Optimizer):
    """w -= η g; with momentum μ: v = μ v - η g, w += v; Nesterov: w += μ v - η g. Sutskever et al. (2013), section 2."""

    slots = ("velocity",)

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False):
        super().__init__(learning_rate)
        self.momentum, self.nesterov = check_fraction(momentum, "SGD: momentum"), nesterov

    def update(self, w, g, memory, learning_rate):
        v = memory["velocity"]
        v *= self.momentum
        v -= learning_rate * g
        w += self.momentum * v - learning_rate * g if self.nesterov else v


class RMSprop(Optimizer):
    """s = ρ s + (1 - ρ) g², w -= η g / sqrt(s + ε): each weight has its own step. Hinton, lecture 6e (2012)."""

    slots = ("square",)

    def __init__(self, learning_rate=1e-3, rho=0.9, epsilon=1e-7):
        super().__init__(learning_rate)
        self.rho, self.epsilon = check_fraction(rho, "RMSprop: rho"), float(epsilon)

    def update(self, w, g, memory, learning_rate):
        s = memory["square"]
        s *= self.rho
        s += (1 - self.rho) * g * g
        w -= learning_rate * g / array_module(w).sqrt(s + self.epsilon)


class Adam(Optimizer):
    """m and v are running means of g and g²; w -= η m̂ / (sqrt(v̂) + ε), with the start at 0 divided out:

        m = β1 m + (1 - β1) g        v = β2 v + (1 - β2) g²
        w -= η sqrt(1 - β2^k) / (1 - β1^k) * m / (sqrt(v) + ε)

    This is the paper's "epsilon-hat" form, as in Keras. Kingma and Ba (2015), section 2.
    """

    slots = ("mean", "square")

    def __init__(self, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        super().__init__(learning_rate)
        self.beta_1, self.beta_2 = check_fraction(beta_1, "Adam: beta_1"), check_fraction(beta_2, "Adam: beta_2")
        self.epsilon = float(epsilon)
        self.clock = AdamClock()

    def step(self, params, grads):
        self.clock.due = True
        super().step(params, grads)

    def count(self, params, state):
        super().count(params, state)
        for w in params.values():
            if supported(w):
                return self.clock.set(array_module(w), self.steps, self.rate)

    def can_be_recorded(self, params):
        return all(by_kernel(w, *self.state[name].values()) for name, w in params.items() if name in self.state)

    def update(self, w, g, memory, learning_rate):
        m, v = memory["mean"], memory["square"]
        if supported(g) and by_kernel(w, m, v):
            rate = self.clock.rate(self.beta_1, self.beta_2)
            return adam(w, array_module(g).ascontiguousarray(g), m, v, rate, self.beta_1, self.beta_2, self.epsilon)
        m *= self.beta_1
        m += (1 - self.beta_1) * g
        v *= self.beta_2
        v += (1 - self.beta_2) * g * g
        rate = learning_rate * sqrt(1 - self.beta_2**self.steps) / (1 - self.beta_1**self.steps)
        w -= rate * m / (array_module(w).sqrt(v) + self.epsilon)


def by_kernel(*changed):
    """Whether a kernel can change these arrays in place: float32 on a GPU, and no views with gaps."""
    return supported(*changed) and all(array.flags.c_contiguous for array in changed)


# --- gradient clipping --------------------------------------------------------------------------------------------

def global_norm(grads):
    """sqrt(Σ g²) over all gradients, a 0-d array."""
    return sum((g * g).sum() for g in grads.values())**0.5


def clip_by_global_norm(grads, limit):
    """The gradients, scaled down together so that their norm is at most `limit`; the direction stays.

    Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks" (2013), algorithm 1.
    """
    if not limit > 0:
        raise InputError(f"clip_by_global_norm: limit is {limit!r}, expected a number above 0")
    norm = global_norm(grads)
    scale = limit / array_module(norm).maximum(norm, limit)
    return {name: g * scale for name, g in grads.items()}


def clip_by_value(grads, limit):
    """Every number of the gradients kept between -limit and limit."""
    if not limit > 0:
        raise InputError(f"clip_by_value: limit is {limit!r}, expected a number above 0")
    return {name: array_module(g).clip(g, -limit, limit) for name, g in grads.items()}


# --- learning-rate schedules: functions of the number of steps already made ---------------------------------------

def linear_decay(rate, total, start=0.0):
    """Constant until the share `start` of all steps, then in a straight line to 0."""
    total, start = check_int(total, "linear_decay: total", 1), check_fraction(start, "linear_decay: start")
    return lambda step: rate * min(1.0, max(0.0, (total - step) / (total * (1 - start))))


def cosine_decay(rate, total):
    """rate * (1 + cos(π step / total)) / 2. Loshchilov and Hutter, "SGDR" (2017), equation 5."""
    total = check_int(total, "cosine_decay: total", 1)
    return lambda step: rate * (1 + cos(pi * min(step, total) / total)) / 2


def warmup(schedule, steps):
    """The first `steps` steps rise in a straight line to what the schedule says."""
    steps = check_int(steps, "warmup: steps", 1)

    def rate(step):
        value = schedule(step) if callable(schedule) else schedule
        return value * min(1.0, (step + 1) / steps)
    return rate
