"""Optimizers: how a step is made from a gradient.

    optimizer = Adam(learning_rate=2e-4, beta_1=0.5)
    optimizer.step(model.trainable_params, model.grads)   # changes the parameters in place

w is a parameter, g its gradient, η the learning rate, k the number of the step, from 1. `learning_rate` is a number, or
a function of the steps already made (a schedule). An optimizer keeps its memory per parameter name in `state`, so each
model needs an optimizer of its own; `save_state` / `load_state` carry it over a restart bit for bit.

Learning-rate schedules are in schedules.py, gradient clipping is in clipping.py.
"""
from collections.abc import Mapping
from functools import partial
from math import sqrt
from numbers import Real

import numpy as np

from nnscratch.backend import Array, array_module, move, to_cpu
from nnscratch.clipping import clip_by_global_norm, clip_by_value, global_norm
from nnscratch.errors import InputError
from nnscratch.fast import adam_supported, adam_update
from nnscratch.fast.recording import each_replay, recording
from nnscratch.ops.validation import check_fraction
from nnscratch.schedules import Schedule, cosine_decay, linear_decay, warmup

__all__ = ["SGD", "Adam", "Optimizer", "RMSprop", "Schedule", "clip_by_global_norm", "clip_by_value", "cosine_decay",
           "global_norm", "linear_decay", "warmup"]


class Optimizer:
    """The base class: a subclass names its memories in `slots` and writes `_update`.

    Parameters
    ----------
    learning_rate : float or Schedule
        A number above 0, or a function of the number of steps already made.
    """

    slots: tuple[str, ...] = ()

    def __init__(self, learning_rate: float | Schedule) -> None:
        if not callable(learning_rate) and not (isinstance(learning_rate, Real) and float(learning_rate) > 0):
            raise InputError(f"{type(self).__name__}: learning_rate is {learning_rate!r}, expected a number above 0 or a "
                             f"function of the step")
        self.learning_rate, self.steps, self.rate = learning_rate, 0, 0.0  # rate : the learning rate of the latest step
        self.state: dict[str, dict[str, Array]] = {}

    def step(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """Make one step: change every parameter in place.

        Parameters
        ----------
        params : dict of str to array
            The parameters by name.
        grads : dict of str to array
            A gradient of the same shape for each parameter.

        Raises
        ------
        InputError
            With nothing changed, if a gradient is missing or has another shape, or if a parameter had another shape in
            earlier steps.
        """
        for name, w in params.items():
            if name not in grads or grads[name].shape != w.shape:
                given = grads[name].shape if name in grads else "no gradient"
                raise InputError(f"{type(self).__name__}: parameter {name!r} of shape {w.shape} got {given}; give step() "
                                 f"the params and grads of the same model")
            if name in self.state and any(array.shape != w.shape for array in self.state[name].values()):
                raise InputError(f"{type(self).__name__}: parameter {name!r} had another shape in earlier steps; use one "
                                 f"optimizer for each model")
        if recording() and not (all(name in self.state for name in params) and len(self._fused(params, grads)) == len(params)):
            raise InputError(f"{type(self).__name__}: this step cannot be recorded; record steps of Adam with float32 "
                             f"parameters, all of which it has stepped on before")
        each_replay(partial(self._count, self.state))
        for name, w in params.items():
            if name not in self.state:
                self.state[name] = {slot: array_module(w).zeros_like(w) for slot in self.slots}
        done = self._fused(params, grads)
        self._update_fused(params, grads, done)
        for name, w in params.items():
            if name not in done:
                self._update(w, grads[name], self.state[name], self.rate)

    def _count(self, state: dict[str, dict[str, Array]]) -> None:
        """Begin a step that will change `state`: set its number and its learning rate."""
        if state is not self.state:
            raise InputError(f"{type(self).__name__}: another state was loaded after its step had been recorded; capture the "
                             f"step anew")
        self.rate = float(self.learning_rate(self.steps) if callable(self.learning_rate) else self.learning_rate)
        self.steps += 1

    def _update(self, w: Array, g: Array, memory: dict[str, Array], learning_rate: float) -> None:
        """Change one parameter w and its memory in place, by the formula; `memory` has an array like w for each of `slots`."""
        raise NotImplementedError

    def _fused(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> list[str]:
        """The parameters that `_update_fused` updates. A step can be recorded if these are all: a Python number in a formula,
        such as the learning rate, would be the same at every replay."""
        return []

    def _update_fused(self, params: Mapping[str, Array], grads: Mapping[str, Array], names: list[str]) -> None:
        """Update these parameters by code of the engine, each in one pass over memory."""

    def save_state(self) -> dict[str, np.ndarray]:
        """Return everything needed to continue.

        Returns
        -------
        dict of str to array
            NumPy arrays: "steps", and "parameter/slot" for each memory.
        """
        arrays = {f"{name}/{slot}": to_cpu(array) for name, memory in self.state.items() for slot, array in memory.items()}
        return {"steps": np.asarray(self.steps, dtype=np.int64), **arrays}

    def load_state(self, arrays: Mapping[str, np.ndarray], params: Mapping[str, Array]) -> None:
        """Continue from a saved state, for the same parameters.

        Parameters that had not been stepped when it was saved (frozen ones) have no state.

        Parameters
        ----------
        arrays : dict of str to array
            The result of `save_state`.
        params : dict of str to array
            The parameters it belongs to.

        Raises
        ------
        InputError
            With nothing changed, if the state does not fit the parameters.
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
    """Stochastic gradient descent, with momentum if you like.

        w -= η g                              with momentum μ:  v = μ v - η g,  w += v
                                              Nesterov:         w += μ v - η g

    Parameters
    ----------
    learning_rate : float or Schedule
        η.
    momentum : float
        μ, at least 0 and below 1.
    nesterov : bool
        Whether to use Nesterov's momentum.

    References
    ----------
    Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, section 2.

    Examples
    --------
    >>> w = np.array([1.0])
    >>> SGD(0.1).step({"w": w}, {"w": np.array([2.0])})
    >>> w
    array([0.8])
    """

    slots = ("velocity",)

    def __init__(self, learning_rate: float | Schedule = 0.01, momentum: float = 0.0, nesterov: bool = False) -> None:
        super().__init__(learning_rate)
        self.momentum, self.nesterov = check_fraction(momentum, "SGD: momentum"), nesterov

    def _update(self, w: Array, g: Array, memory: dict[str, Array], learning_rate: float) -> None:
        v = memory["velocity"]
        v *= self.momentum
        v -= learning_rate * g
        w += self.momentum * v - learning_rate * g if self.nesterov else v


class RMSprop(Optimizer):
    """Divide each gradient by the RMS of its recent values, so that each weight has a step size of its own.

        s = ρ s + (1 - ρ) g²        w -= η g / sqrt(s + ε)

    Parameters
    ----------
    learning_rate : float or Schedule
        η.
    rho : float
        ρ, the decay rate of the running mean s, at least 0 and below 1.
    epsilon : float
        ε, which keeps the denominator above 0.

    References
    ----------
    Hinton, "Neural networks for machine learning", 2012, lecture 6e.
    """

    slots = ("square",)

    def __init__(self, learning_rate: float | Schedule = 1e-3, rho: float = 0.9, epsilon: float = 1e-7) -> None:
        super().__init__(learning_rate)
        self.rho, self.epsilon = check_fraction(rho, "RMSprop: rho"), float(epsilon)

    def _update(self, w: Array, g: Array, memory: dict[str, Array], learning_rate: float) -> None:
        s = memory["square"]
        s *= self.rho
        s += (1 - self.rho) * g * g
        w -= learning_rate * g / array_module(w).sqrt(s + self.epsilon)


class Adam(Optimizer):
    """Adam: momentum, divided by the RMS of the gradient.

        m = β1 m + (1 - β1) g        v = β2 v + (1 - β2) g²
        w -= η sqrt(1 - β2^k) / (1 - β1^k) * m / (sqrt(v) + ε)

    m and v are running means of g and g². Both start at 0, so they are too small by 1 - β1^k and 1 - β2^k after k steps: the
    factor before m divides that out.

    Parameters
    ----------
    learning_rate : float or Schedule
        η.
    beta_1, beta_2 : float
        The decay rates β1 and β2, at least 0 and below 1.
    epsilon : float
        ε, the paper's "epsilon-hat", as in Keras.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", 2015, section 2.

    Examples
    --------
    The first step has the length η, whatever the gradient is.

    >>> w = np.array([1.0, 1.0])
    >>> Adam(0.1).step({"w": w}, {"w": np.array([0.01, 100.0])})
    >>> w.round(3)
    array([0.9, 0.9])
    """

    slots = ("mean", "square")

    def __init__(self, learning_rate: float | Schedule = 1e-3, beta_1: float = 0.9, beta_2: float = 0.999,
                 epsilon: float = 1e-7) -> None:
        super().__init__(learning_rate)
        self.beta_1, self.beta_2 = check_fraction(beta_1, "Adam: beta_1"), check_fraction(beta_2, "Adam: beta_2")
        self.epsilon = float(epsilon)

    def _update(self, w: Array, g: Array, memory: dict[str, Array], learning_rate: float) -> None:
        m, v = memory["mean"], memory["square"]
        m *= self.beta_1
        m += (1 - self.beta_1) * g
        v *= self.beta_2
        v += (1 - self.beta_2) * g * g
        rate = learning_rate * sqrt(1 - self.beta_2**self.steps) / (1 - self.beta_1**self.steps)
        w -= rate * m / (array_module(w).sqrt(v) + self.epsilon)

    def _fused(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> list[str]:
        return [name for name, w in params.items() if adam_supported(w, grads[name], *self.state[name].values())]

    def _update_fused(self, params: Mapping[str, Array], grads: Mapping[str, Array], names: list[str]) -> None:
        adam_update(self, [(params[name], grads[name], *self.state[name].values()) for name in names])
