"""The base class of optimizers: it checks, counts steps, and saves and restores the state.

A step calls a subclass's formula for each parameter; or, if the engine has code for the same update in one pass over memory,
that code (fast/updates.py). A step can be recorded and replayed (recording.py) only in the second case.
"""
from collections.abc import Mapping
from functools import partial

import numpy as np

from nnscratch.backend import Array, array_module, move, to_cpu
from nnscratch.errors import InputError
from nnscratch.one_thread import OneThread
from nnscratch.ops.validation import check_positive
from nnscratch.optimizers.arguments import check_state, check_step
from nnscratch.optimizers.schedules import Schedule, check_rate
from nnscratch.recording import each_replay, is_recording
from nnscratch.reprs import ArgumentsRepr

__all__ = ["Optimizer"]


class Optimizer(ArgumentsRepr):
    """The base class: a subclass names its memories in `slots` and writes `update`.

    Parameters
    ----------
    learning_rate : float or Schedule
        A number above 0, or a function of the number of steps already made.
    """

    slots: tuple[str, ...] = ()
    shows_defaults = True

    def __init__(self, learning_rate: float | Schedule) -> None:
        check_rate(learning_rate, f"{type(self).__name__}: learning_rate")
        self.learning_rate, self.steps, self.rate = learning_rate, 0, 0.0  # rate: the learning rate of the latest step
        self.state: dict[str, dict[str, Array]] = {}
        self._stepped: dict[str, Array] = {}  # the parameter that each state belongs to
        self._one_thread = OneThread("another thread makes a step, and optimizers are not thread-safe; give each thread its "
                                     "own, such as copy.deepcopy((model, optimizer))")

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
            With nothing changed, if a gradient is missing or has another shape, if another thread makes a step, or if an
            earlier step was one of another parameter of the same name, as in a second model.
        """
        with self._one_thread.claim(type(self).__name__):
            check_step(type(self).__name__, params, grads, self._stepped)
            stepped_before = all(name in self.state for name in params)
            if is_recording() and not (stepped_before and len(self._fused(params, grads)) == len(params)):
                raise InputError(f"{type(self).__name__}: this step cannot be recorded; record steps of Adam with float32 "
                                 f"parameters, all of which it has stepped on before")
            each_replay(partial(self._count, self.state))
            self._stepped.update(params)
            for name, w in params.items():
                if name not in self.state:
                    self.state[name] = {slot: array_module(w).zeros_like(w) for slot in self.slots}
            done = self._fused(params, grads)
            self._update_fused(params, grads, done)
            for name, w in params.items():
                if name not in done:
                    self.update(w, grads[name], self.state[name], self.rate)

    def _count(self, state: dict[str, dict[str, Array]]) -> None:
        """Begin a step that will change `state`: set its number and its learning rate."""
        if state is not self.state:
            raise InputError(f"{type(self).__name__}: another state was loaded after its step had been recorded; capture the "
                             f"step anew")
        rate = self.learning_rate(self.steps) if callable(self.learning_rate) else self.learning_rate
        self.rate = check_positive(rate, f"{type(self).__name__}: the learning rate of step {self.steps}", or_zero=True)
        self.steps += 1

    def update(self, w: Array, g: Array, memory: dict[str, Array], learning_rate: float) -> None:
        """Change one parameter and its memory in place, by the formula; each subclass has its own.

        Parameters
        ----------
        w, g : array
            The parameter, changed in place, and its gradient.
        memory : dict of str to array
            An array like w for each of `slots`, changed in place; 0 before the first step.
        learning_rate : float
            η of this step.
        """
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
            Copies as NumPy arrays: "steps", and "parameter/slot" for each memory.
        """
        arrays = {f"{name}/{slot}": np.array(to_cpu(array))
                  for name, memory in self.state.items() for slot, array in memory.items()}
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
        stepped = check_state(type(self).__name__, arrays, params, self.slots)
        self._stepped = stepped
        self.steps = int(arrays["steps"])
        self.state = {name: {slot: move(arrays[f"{name}/{slot}"].copy(), array_module(w)) for slot in self.slots}
                      for name, w in stepped.items()}
