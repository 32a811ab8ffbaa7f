"""Graphs of layer calls: the symbols a network is written with, and the order in which to walk it.

    x = Input((28, 28, 1))        a Symbol: shape (None, 28, 28, 1), made by nobody
    y = Conv2D(8, 3)(x)           a Symbol: shape (None, 26, 26, 8), made by that layer from x
"""
from collections import Counter

from nnscratch.errors import InputError
from nnscratch.ops.validation import check_int


class Symbol:
    """The promise of an array: its shape, and the layer call that will make it.

    `takes_list` tells whether that layer is called on a list (Add) or on the one input itself.
    """

    def __init__(self, sample_shape, layer=None, inputs=(), takes_list=False):
        self.sample_shape, self.layer, self.inputs, self.takes_list = tuple(sample_shape), layer, inputs, takes_list
        self.shape = (None, *self.sample_shape)

    def __repr__(self):
        return f"<Symbol {self.shape}{f' from {self.layer}' if self.layer else ''}>"


def Input(shape):
    """The start of a graph of layers: `shape` is (H, W, C) or (units,), without the batch; None where any size will do."""
    if not isinstance(shape, (tuple, list)):
        raise InputError(f"Input: shape is {shape!r}, expected a tuple such as (28, 28, 1), without the batch")
    return Symbol(n if n is None else check_int(n, f"Input: a side of shape {tuple(shape)}", 1) for n in shape)


def layer_calls(inputs, outputs):
    """The layer calls between inputs and outputs, each after those it depends on.

    Walks with a stack of its own: a deep network would exceed Python's depth of recursion.
    """
    order, seen, stack = [], set(inputs), list(reversed(outputs))
    while stack:
        symbol = stack[-1]
        if symbol in seen:
            stack.pop()
            continue
        if symbol.layer is None:
            raise InputError(f"Model: an output depends on an Input of shape {symbol.shape} that is not among the inputs")
        missing = [s for s in symbol.inputs if s not in seen]
        if missing:
            stack.extend(reversed(missing))
        else:
            seen.add(stack.pop())
            order.append(symbol)
    return order


def unique_names(layers):
    """A name for each layer: its own, or its class and a number. Two layers of one name are an error."""
    counts, names = Counter(), {}
    for layer in layers:
        kind = type(layer).__name__.lower()
        names[layer] = layer.name or f"{kind}_{counts[kind]}"
        if "/" in names[layer]:
            raise InputError(f"Model: layer name {names[layer]!r} holds a '/', which stands between layer and parameter; "
                             f"choose another")
        counts[kind] += 1
    repeated = [name for name, count in Counter(names.values()).items() if count > 1]
    if repeated:
        raise InputError(f"Model: {len(repeated)} layer names are used twice ({', '.join(repeated[:3])}); give each its own")
    return names


def check_input(model, array, symbol):
    shape = getattr(array, "shape", None)
    if shape is None:
        raise InputError(f"{model}: the input is a {type(array).__name__}, expected an array; wrap it in np.asarray(...)")
    check_sides(model, shape[1:], symbol)


def check_sides(model, sample_shape, symbol):
    """A sample must have the sides its Input asks for; None asks for any."""
    if len(sample_shape) != len(symbol.sample_shape) or any(
            want not in (None, got) for want, got in zip(symbol.sample_shape, sample_shape)):
        raise InputError(f"{model}: the input has shape {('N', *sample_shape)}, expected {('N', *symbol.sample_shape)}")
