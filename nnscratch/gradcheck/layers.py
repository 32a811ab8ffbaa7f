"""check_layer, check_model: the gradients of layers and whole models, by the check for pure functions.

A layer is not a pure function: it owns parameters, changes its buffers and remembers. So it is lent copies of all it has,
fresh ones for every evaluation, and gets its own arrays back at the end, untouched.
"""
from math import prod

import numpy as np

from nnscratch import backend
from nnscratch.gradcheck.check import check_op


def check_layer(layer, x, *, smooth=True, training=True, **options):
    """Check a layer, or a model, on an input array (a list of arrays where there are several): dx and every parameter.

    Frozen parameters (`trainable=False`) get no gradient and are left out; of a frozen layer dx alone is checked.
    The layer comes back as it was, bit for bit: parameters, precision, gradients, buffers, and the forwards it remembers.
    One that has not met an input yet is built by this one, in float32.

    Parameters
    ----------
    layer : Layer or Model
    x : array, or list of arrays
    smooth, seed, max_elements, tolerance, ... : see `check_op`

    Returns
    -------
    Report
    """
    arrays = [np.asarray(a, dtype=np.float64) for a in (x if isinstance(x, (list, tuple)) else [x])]
    if not layer.built:
        single = [a.astype(np.float32) for a in arrays]
        layer.forward(single if isinstance(x, (list, tuple)) else single[0])
    everybody = with_inner_layers(layer)
    parts = [part for part in everybody if not hasattr(part, "layers")]  # a Model has nothing but its layers' arrays
    own = [(part.params, part.grads, part.buffers) for part in parts]
    memories = [part._saved for part in everybody]
    learning = {id(array) for part in parts if part.trainable for array in part.params.values()}
    parameters = {key: array for key, array in layer.params.items() if id(array) in learning}

    def forward(*inputs):
        xs, values = inputs[:len(arrays)], inputs[len(arrays):]
        for part, arrays_of_part in zip(parts, own):
            part.params, part.grads, part.buffers = (in_precision(inputs[0].dtype, a) for a in arrays_of_part)
        for part in everybody:
            part._saved = []
        lent = layer.params
        for key, value in zip(parameters, values):
            lent[key][...] = value
        outputs = layer.forward(list(xs) if isinstance(x, (list, tuple)) else xs[0], training=training, remember=True)
        several = outputs if isinstance(outputs, list) else [outputs]
        flat = backend.array_module(several[0]).concatenate([y.reshape(-1) for y in several])
        return flat, [y.shape for y in several] if isinstance(outputs, list) else several[0].shape

    def backward(dy, shapes):
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
        return check_op(forward, backward, [*arrays, *values], name=repr(layer), smooth=smooth, names=names, **options)
    finally:
        for part, (params, grads, buffers) in zip(parts, own):
            part.params, part.grads, part.buffers = params, grads, buffers
        for part, memory in zip(everybody, memories):
            part._saved = memory


check_model = check_layer  # a Model is a Layer


def with_inner_layers(layer):
    """The layer, and for a Model the layers in it, those of the Models among them too."""
    return [layer] + [inner for part in getattr(layer, "layers", []) for inner in with_inner_layers(part)]


def in_precision(dtype, arrays):
    """Copies of the arrays, the floating-point ones in the precision asked for."""
    return {name: array.astype(dtype if array.dtype.kind == "f" else array.dtype) for name, array in arrays.items()}
