"""The base class of optimizers: it checks, counts steps, and saves and restores the state.

A step calls a subclass's formula for each parameter; or, if the engine has code for the same update in one pass over memory,
that code (fast/updates.py). A step can be recorded and replayed (recording.py) only in the second case.
"""
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any
from weakref import ref

import numpy as np

from nnscratch.backend import Array, array_module, move, to_cpu
from nnscratch.errors import InputError
from nnscratch.ops.validation import check_is_array, check_positive
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
        self._stepped: dict[str, ref] = {}  # the parameter that each state belongs to, as long as it lives

    def __getstate__(self) -> dict[str, Any]:
        """Without the weak references: a copy of an optimizer goes on with a copy of the model."""
        return {**vars(self), "_stepped": {}}

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
            With nothing changed, if a gradient is missing or has another shape, or if an earlier step was one of another
            parameter of the same name: another array that still exists and holds other numbers, as in a second model.
        """
        self._check(params, grads)
        stepped_before = all(name in self.state for name in params)
        if is_recording() and not (stepped_before and len(self._fused(params, grads)) == len(params)):
            raise InputError(f"{type(self).__name__}: this step cannot be recorded; record steps of Adam with float32 "
                             f"parameters, all of which it has stepped on before")
        each_replay(partial(self._count, self.state))
        self._remember(params)
        for name, w in params.items():
            if name not in self.state:
                self.state[name] = {slot: array_module(w).zeros_like(w) for slot in self.slots}
        done = self._fused(params, grads)
        self._update_fused(params, grads, done)
        for name, w in params.items():
            if name not in done:
                self.update(w, grads[name], self.state[name], self.rate)

    def _check(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
        """Raise InputError unless the arguments of `step` fit together and to the state."""
        who = type(self).__name__
        for kind, given in (("params", params), ("grads", grads)):
            if not isinstance(given, Mapping):
                raise InputError(f"{who}: {kind} is a {type(given).__name__}, expected a dict of arrays, such as model.{kind}")
        for name, w in params.items():
            what = f"parameter {name!r}"
            g: Any = grads.get(name)
            check_is_array(who, what, w, "an array, which step() changes in place")
            if getattr(g, "shape", None) != w.shape:
                got = getattr(g, "shape", "no gradient" if g is None else f"a {type(g).__name__}")
                raise InputError(f"{who}: {what} of shape {w.shape} got {got}; give step() the params and grads of the same "
                                 f"model")
            check_is_array(who, f"the gradient of {name!r}", g)
            if w.dtype.kind not in "fc" or not np.can_cast(g.dtype, w.dtype, "same_kind"):
                raise InputError(f"{who}: {what} of {w.dtype} got a gradient of {g.dtype}, expected floating-point numbers of "
                                 f"one kind; convert them with .astype")
            if array_module(w) is np and not w.flags.writeable:
                raise InputError(f"{who}: {what} is read-only, expected an array that step() can change; give it a copy")
            if any(array.shape != w.shape for array in self.state.get(name, {}).values()):
                raise InputError(f"{who}: {what} had another shape in earlier steps; use one optimizer for each model")
            known = self._stepped.get(name)
            if known is not None and known() is not w and known() is not None and not alike(known(), w):
                raise InputError(f"{who}: {what} was another array in earlier steps, which still exists with other values; use "
                                 f"one optimizer for each model, and change parameters in place, by w[...] =")

    def _remember(self, params: Mapping[str, Array]) -> None:
        """Note which parameters the state belongs to."""
        for name, w in params.items():
            if name not in self._stepped or self._stepped[name]() is not w:
                with suppress(TypeError):  # a kind of array that takes no weak references
                    self._stepped[name] = ref(w)

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
        who = type(self).__name__
        for kind, given in (("arrays", arrays), ("params", params)):
            if not isinstance(given, Mapping):
                raise InputError(f"{who}: {kind} is a {type(given).__name__}, expected a dict of arrays")
            for name, array in given.items():
                check_is_array(who, f"{name!r} of {kind}", array)
                if array.dtype.kind not in ("iu" if name == "steps" and kind == "arrays" else "fc"):
                    raise InputError(f"{who}: the saved state does not fit: {name!r} of {kind} has dtype {array.dtype}, "
                                     f"expected the numbers that save_state returned")
        stepped = [name for name in params if any(f"{name}/{slot}" in arrays for slot in self.slots)]
        needed = {"steps": ()} | {f"{name}/{slot}": params[name].shape for name in stepped for slot in self.slots}
        shapes = {name: array.shape for name, array in arrays.items()}
        if shapes != needed or arrays["steps"] < 0:
            wrong = sorted(set(shapes.items()) ^ set(needed.items()), key=str) or [("steps", ())]
            raise InputError(f"{who}: the saved state does not fit these parameters "
                             f"({wrong[0][0]} is the first to differ)")
        self._stepped = {}
        self._remember({name: params[name] for name in stepped})
        self.steps = int(arrays["steps"])
        self.state = {name: {slot: move(arrays[f"{name}/{slot}"].copy(), array_module(params[name])) for slot in self.slots}
                      for name in stepped}


def alike(old: Array, new: Array) -> bool:
    """Whether a parameter may take the other's place: in the same memory, or with the same values, as in `x = x.copy()`."""
    xp = array_module(old)
    if array_module(new) is not xp:
        old, new, xp = to_cpu(old), to_cpu(new), np
    return bool(xp.may_share_memory(old, new) or ((old == new) | (old != old)).all())
