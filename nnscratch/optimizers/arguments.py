"""Checks of what an optimizer is called with, all before anything is changed."""
from collections.abc import Mapping
from typing import Any

import numpy as np

from nnscratch.backend import Array, array_module, to_cpu
from nnscratch.errors import InputError
from nnscratch.ops.validation import check_is_array, check_mapping, check_named

__all__: list[str] = []


def check_step(who: str, params: Mapping[str, Array], grads: Mapping[str, Array], stepped: Mapping[str, Array]) -> None:
    """Raise InputError unless the arguments of `step` fit together, and are the parameters that were stepped before."""
    check_named(who, "params", params)
    check_mapping(who, "grads", grads)
    for name, w in params.items():
        what = f"parameter {name!r}"
        g: Any = grads.get(name)
        if getattr(g, "shape", None) != w.shape:
            got = getattr(g, "shape", "no gradient" if g is None else f"a {type(g).__name__}")
            raise InputError(f"{who}: {what} of shape {w.shape} got {got}; give step() the params and grads of the same model")
        check_is_array(who, f"the gradient of {name!r}", g)
        if w.dtype.kind not in "fc" or not np.can_cast(g.dtype, w.dtype, "same_kind"):
            raise InputError(f"{who}: {what} of {w.dtype} got a gradient of {g.dtype}, expected floating-point numbers of "
                             f"one kind; convert them with .astype")
        if array_module(w) is np and not w.flags.writeable:
            raise InputError(f"{who}: {what} is read-only, expected an array that step() can change; give it a copy")
        if name in stepped and stepped[name] is not w and not alike(stepped[name], w):
            raise InputError(f"{who}: {what} was another array in earlier steps, of another shape or with other values; use "
                             f"one optimizer for each model, copy both at once by copy.deepcopy((model, optimizer)), change "
                             f"parameters in place, as in w[...] = w / 2, and continue from saved states by "
                             f"optimizer.load_state(state, model.params)")


def alike(old: Array, new: Array) -> bool:
    """Whether a parameter may take the other's place: in the same memory, with the same values, as in `x = x.copy()`, or in
    another precision: after `model.cast` its values may have changed.
    """
    xp = array_module(old)
    if array_module(new) is not xp:
        old, new, xp = to_cpu(old), to_cpu(new), np
    if old.shape != new.shape or old.dtype != new.dtype or xp.may_share_memory(old, new):
        return bool(old.shape == new.shape)
    return bool(((old == new) | (old != old)).all())


def check_state(who: str, arrays: Mapping[str, np.ndarray], params: Mapping[str, Array],
                slots: tuple[str, ...]) -> dict[str, Array]:
    """The parameters that a saved state has memories of; InputError unless it fits them."""
    check_named(who, "arrays", arrays)
    check_named(who, "params", params)
    for kind, given in (("arrays", arrays), ("params", params)):
        for name, array in given.items():
            if array.dtype.kind not in ("iu" if name == "steps" and kind == "arrays" else "fc"):
                raise InputError(f"{who}: the saved state does not fit: {name!r} of {kind} has dtype {array.dtype}, "
                                 f"expected the numbers that save_state returned")
    stepped = {name: w for name, w in params.items() if any(f"{name}/{slot}" in arrays for slot in slots)}
    needed = {"steps": ()} | {f"{name}/{slot}": w.shape for name, w in stepped.items() for slot in slots}
    shapes = {name: array.shape for name, array in arrays.items()}
    if shapes != needed or arrays["steps"] < 0:
        wrong = sorted(set(shapes.items()) ^ set(needed.items()), key=str) or [("steps", ())]
        raise InputError(f"{who}: the saved state does not fit these parameters ({wrong[0][0]} is the first to differ)")
    return stepped
