"""Graphs of layer calls: the symbols that a network is written with, and the order in which to compute them.

    x = Input((28, 28, 1))        a Symbol of shape (None, 28, 28, 1), the start of a graph
    y = Conv2D(8, 3)(x)           a Symbol of shape (None, 26, 26, 8), the output of that layer for x
"""
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn, TypeAlias

from nnscratch.errors import InputError
from nnscratch.ops.validation import check_int

__all__ = ["Input", "Symbol"]

Shape: TypeAlias = tuple[Any, ...]  # of a sample, without the batch axis: ints, or None for a side of any size


class Symbol:
    """A value of the graph before it is computed: its shape, and the layer call that computes it.

    Parameters
    ----------
    sample_shape : iterable of int or None
        Shape without the batch axis; None for a side of any size.
    layer : Layer, optional
        The layer that computes it; None for an Input.
    inputs : list of Symbol, optional
        What the layer is called on.
    takes_list : bool, default False
        Whether the layer is called on a list (as Add is), not on the one input itself.

    Attributes
    ----------
    shape : tuple
        (None, *sample_shape): None is the batch.
    """

    def __init__(self, sample_shape: Iterable[int | None], layer: Any = None, inputs: Sequence["Symbol"] = (),
                 takes_list: bool = False) -> None:
        self.sample_shape: Shape = tuple(sample_shape)
        self.layer, self.inputs, self.takes_list = layer, inputs, takes_list
        self.shape: Shape = (None, *self.sample_shape)

    def __repr__(self) -> str:
        return f"<Symbol {self.shape}{f' from {self.layer}' if self.layer else ''}>"


def Input(shape: Sequence[int | None]) -> Symbol:
    """Start a graph of layers.

    Parameters
    ----------
    shape : tuple of int or None
        (H, W, C) or (units,), without the batch axis; None for a side of any size.

    Returns
    -------
    Symbol
        What the first layer is called on.

    Examples
    --------
    >>> Input((28, 28, 1))
    <Symbol (None, 28, 28, 1)>
    """
    if not isinstance(shape, (tuple, list)):
        raise InputError(f"Input: shape is {shape!r}, expected a tuple such as (28, 28, 1), without the batch")
    return Symbol(n if n is None else check_int(n, f"Input: a side of shape {tuple(shape)}", 1) for n in shape)


def sample_shape(x: Any) -> Any:
    """The shape of an array without the batch axis; a list of shapes for a list of arrays."""
    if isinstance(x, (list, tuple)):
        return [sample_shape(part) for part in x]
    return x.shape[1:]


def read_symbols(given: Any) -> list[Symbol]:
    """The inputs or outputs of a model as a list."""
    symbols = list(given) if isinstance(given, (list, tuple)) else [given]
    if not symbols or not all(isinstance(s, Symbol) for s in symbols):
        raise InputError("Model: inputs and outputs must be Symbols, or lists of them; use what Input and layers return")
    return symbols


def layer_calls(inputs: list[Symbol], outputs: list[Symbol]) -> list[Symbol]:
    """The layer calls between inputs and outputs, each after those it depends on.

    A depth-first traversal with an explicit stack: a deep network would exceed Python's limit of recursion.
    """
    order, seen, stack = [], set(inputs), list(reversed(outputs))
    while stack:
        symbol = stack[-1]
        if symbol in seen:
            stack.pop()
            continue
        if symbol.layer is None:
            raise InputError(f"Model: an output depends on an Input of shape {symbol.shape} that is not among the inputs; "
                             f"list it too")
        missing = [s for s in symbol.inputs if s not in seen]
        if missing:
            stack.extend(reversed(missing))
        else:
            seen.add(stack.pop())
            order.append(symbol)
    return order


def unique_names(layers: list[Any]) -> dict[Any, str]:
    """A name for each layer: its own, or its class and a number. Two layers of one name are an error."""
    counts: Counter[str] = Counter()
    taken = {layer.name for layer in layers}
    names = {}
    for layer in layers:
        kind = type(layer).__name__.lower()
        number = counts[kind]
        while f"{kind}_{number}" in taken:  # another layer was given this name
            number += 1
        names[layer] = layer.name or f"{kind}_{number}"
        taken.add(names[layer])
        if "/" in names[layer]:
            raise InputError(f"Model: layer name {names[layer]!r} holds a '/', which separates layer and parameter; "
                             f"choose another")
        counts[kind] += 1
    repeated = [name for name, count in Counter(names.values()).items() if count > 1]
    if repeated:
        raise InputError(f"Model: {len(repeated)} layer names are used twice ({', '.join(repeated[:3])}); give each its own")
    return names


def one_for_each(model: Any, symbols: list[Symbol], given: Any, what: str, single: bool) -> list[Any]:
    """The arrays, shapes or gradients given for these symbols, as a list; for a single symbol it is given by itself."""
    listed = [given] if single else given
    if not isinstance(listed, (list, tuple)) or len(listed) != len(symbols):
        got = len(listed) if isinstance(listed, (list, tuple)) else f"a {type(listed).__name__} for"
        raise InputError(f"{model}: {got} {what} given, expected {len(symbols)} in a list")
    return list(listed)


def check_sides(model: Any, sample_shape: Shape, symbol: Symbol) -> None:
    """Check that a sample has the sides of its Input; None allows any."""
    if len(sample_shape) != len(symbol.sample_shape) or any(
            want not in (None, got) for want, got in zip(symbol.sample_shape, sample_shape)):
        raise InputError(f"{model}: the input has shape {('N', *sample_shape)}, expected {('N', *symbol.sample_shape)}")


def calls_behind_parameters(calls: list[Symbol]) -> set[Symbol]:
    """The calls whose value depends on a parameter that is trained."""
    found: set[Symbol] = set()
    for call in calls:
        if (call.layer.params and call.layer.trainable) or any(symbol in found for symbol in call.inputs):
            found.add(call)
    return found


def discard_saved(calls: Sequence[Any], depths: list[int]) -> None:
    """Drop what layers saved in a forward pass and no backward pass has used, given the depths of their stacks after it."""
    for call, depth in reversed([*zip(calls, depths)]):
        if len(call.layer._saved) == depth:
            call.layer.discard_forward()


def raise_naming_layer(error: BaseException, model: Any, layer: Any, kind: str, arrays: list[Any]) -> NoReturn:
    """Raise the error with its place in the model: in the sentence of an InputError, as a note to any other exception."""
    shapes = ", ".join(str(getattr(array, "shape", "unknown")) for array in arrays)
    place = f"layer {model.layers.index(layer) + 1} of {len(model.layers)} of {model}, {kind} of shape {shapes}"
    named = f"{model.names[layer]}: {layer._call_text()}"  # its repr may hold the name in another model
    if isinstance(error, InputError):
        raise InputError(f"{named} ({place}): {str(error).removeprefix(f'{layer}: ')}") from error
    error.add_note(f"in {named} ({place})")
    raise error
