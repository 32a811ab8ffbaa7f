"""check_layer, check_model: the gradients of layers and whole models, by the check for pure functions.

A layer is not a pure function: it owns parameters, changes its buffers and saves values for backward. For each evaluation it
therefore works on fresh copies of its arrays; at the end it gets its own arrays back, unchanged.
"""
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from nnscratch import backend
from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.gradcheck.calls import read_input
from nnscratch.gradcheck.check import run_check
from nnscratch.gradcheck.report import Report
from nnscratch.layers.base import Layer
from nnscratch.layers.pending import Pending

__all__ = ["check_layer", "check_model"]


def check_layer(layer: Layer, x: Array | Sequence[Array], *, smooth: bool = True, training: bool = True,
                **options: Any) -> Report:
    """Check dx and the gradient of every parameter of a layer or a model.

    Frozen parameters (`trainable=False`) have no gradient and are left out; of a frozen layer only dx is checked. The layer is
    left as it was, bit for bit: parameters, precision, gradients, buffers, and pending forward passes. A layer that is not
    built yet is built for x, in float32.

    Parameters
    ----------
    layer : Layer or Model
    x : array, or list of arrays for a layer with several inputs
    smooth : bool, True for analytic functions, False where there are kinks
    training : bool, the mode of the forward pass
    **options
        seed, max_elements, tolerance and the other options of `check_op`.

    Returns
    -------
    report : Report
        `report.ok`, and `print(report)` for what is wrong.

    Examples
    --------
    >>> from nnscratch.layers import Dense
    >>> check_layer(Dense(3, activation="tanh"), np.ones((2, 4))).ok
    True
    """
    if not isinstance(layer, Layer):
        raise InputError(f"check_layer: the layer is a {type(layer).__name__}, expected a Layer or a Model")
    arrays = [read_input(k, a, "check_layer").astype(np.float64)
              for k, a in enumerate(x if isinstance(x, (list, tuple)) and x else [x])]
    if not layer.built:
        single = [a.astype(np.float32) for a in arrays]
        layer.forward(single if isinstance(x, (list, tuple)) else single[0])
    all_layers = with_inner_layers(layer)
    parts = [part for part in all_layers if not hasattr(part, "layers")]  # a Model owns only the arrays of its layers
    own = [(part.params, part.grads, part.buffers) for part in parts]
    pending = [part._saved for part in all_layers]
    trainable = {id(array) for part in parts if part.trainable for array in part.params.values()}
    parameters = {key: array for key, array in layer.params.items() if id(array) in trainable}

    def forward(*inputs: Array) -> tuple[Array, Any]:
        xs, values = inputs[:len(arrays)], inputs[len(arrays):]
        for part, arrays_of_part in zip(parts, own):
            part.params, part.grads, part.buffers = (in_precision(inputs[0].dtype, a) for a in arrays_of_part)
        for part in all_layers:
            part._saved = Pending()
        copies = layer.params
        for key, value in zip(parameters, values):
            copies[key][...] = value
        outputs = layer.forward(list(xs) if isinstance(x, (list, tuple)) else xs[0], training=training, remember=True)
        several = outputs if isinstance(outputs, list) else [outputs]
        flat = backend.array_module(several[0]).concatenate([y.reshape(-1) for y in several])
        return flat, [y.shape for y in several] if isinstance(outputs, list) else several[0].shape

    def backward(dy: Array, shapes: Any) -> list[Array]:
        layer.zero_grads()
        if isinstance(shapes, list):
            cuts = np.cumsum([prod(s) for s in shapes])[:-1].tolist()
            dy = [part.reshape(s) for part, s in zip(backend.array_module(dy).split(dy, cuts), shapes)]
        else:
            dy = dy.reshape(shapes)
        dx, grads = layer.backward(dy), layer.grads
        return [*(dx if isinstance(dx, list) else [dx]), *(grads[key].copy() for key in parameters)]

    names = [*([f"x[{k}]" for k in range(len(arrays))] if len(arrays) > 1 else ["x"]), *parameters]
    values = [backend.to_cpu(array).astype(np.float64) for array in parameters.values()]
    try:
        return run_check(forward, backward, [*arrays, *values], name=repr(layer), smooth=smooth, names=names,
                         strict=options.pop("strict", False), **options)
    finally:
        for part, (params, grads, buffers) in zip(parts, own):
            part.params, part.grads, part.buffers = params, grads, buffers
        for part, saved in zip(all_layers, pending):
            part._saved = saved


check_model = check_layer  # a Model is a Layer


def with_inner_layers(layer: Layer) -> list[Layer]:
    """The layer, and for a Model also its layers, with those of inner Models."""
    return [layer] + [inner for part in getattr(layer, "layers", []) for inner in with_inner_layers(part)]


def in_precision(dtype: Any, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Copies of the arrays, those of floating-point numbers in the given precision."""
    return {name: array.astype(dtype if array.dtype.kind == "f" else array.dtype) for name, array in arrays.items()}
