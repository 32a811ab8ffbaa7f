"""How a layer reads what it is called with: arrays (N, ...), lists of arrays, flags."""
from typing import Any

import numpy as np

from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.ops.validation import check_array, check_dy, check_flag, check_is_array

__all__: list[str] = []


def check_input(layer: Any, x: Any) -> None:
    """Raise InputError unless x is an array with a batch axis, or a list of them for a layer that may have several inputs."""
    if isinstance(x, (list, tuple)) and x and not layer.one_input and layer.axes is None:
        for part in x:
            check_batch(layer, part)
    else:
        check_batch(layer, x)


def check_batch(layer: Any, x: Any) -> None:
    """Raise InputError unless x is an array with a batch axis."""
    if type(x) is not np.ndarray:
        check_is_array(layer, "the input", x, "an array or a Symbol")
    check_array(layer, "the input", x, None)
    if not x.shape:
        raise InputError(f"{layer}: the input is one number, expected an array (N, ...) with the batch axis first")


def check_model(who: str, value: Any) -> None:
    """Raise InputError unless the value is a Model, or anything that has its layers and its parameters."""
    if not (hasattr(value, "layers") and hasattr(value, "params") and hasattr(value, "calls")):
        raise InputError(f"{who}: the model is a {type(value).__name__}, expected a Model")


def check_gradient(layer: Any, dy: Array, shape: tuple[int, ...]) -> None:
    """Raise InputError unless dy fits the layer's output and parameters."""
    check_dy(layer, dy, shape)
    if dy.dtype.kind == "c" and any(gradient.dtype.kind != "c" for gradient in layer.grads.values()):
        raise InputError(f"{layer}: dy has dtype {dy.dtype}, expected real numbers, as the parameters are")


def read_mode(layer: Any, training: Any, remember: Any) -> tuple[bool, bool]:
    """The two flags of a forward pass; `remember` follows `training` if it is not given."""
    if training is not True and training is not False:  # the layer's repr is made only where it may be needed
        training = check_flag(training, f"{layer}: training")
    if remember is not None and remember is not True and remember is not False:
        remember = check_flag(remember, f"{layer}: remember")
    return training, training if remember is None else remember
