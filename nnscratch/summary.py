"""The table that `Model.summary` prints: output shape, parameters and multiply-adds of each layer, for one sample.

Shapes: of one sample, without the batch axis; None for a side of any size.
"""
from collections.abc import Callable
from typing import Any

from nnscratch.hints import checked
from nnscratch.layers.graph import Shape, Symbol, check_sides

__all__: list[str] = []


def sample_shapes(model: Any, given: list[Shape]) -> dict[Symbol, Shape]:
    """{symbol: sample shape} of every value in the graph, for inputs of the given sample shapes."""
    for shape, symbol in zip(given, model.inputs):
        check_sides(model, shape, symbol)
    shapes = dict(zip(model.inputs, given))
    for call in model.calls:
        inputs = [shapes[symbol] for symbol in call.inputs]
        shapes[call] = call.layer.output_shape(inputs if call.takes_list else inputs[0])
    return shapes


def call_cost(call: Symbol, shapes: list[Shape]) -> int:
    """Multiply-adds of one layer call for one sample, with inputs of these shapes."""
    return call.layer.multiply_adds(shapes if call.takes_list else shapes[0])


@checked
def print_table(model: Any, print_fn: Callable[[str], Any]) -> None:
    """Print the table, line by line."""
    for line in table(model):
        print_fn(line)


def table(model: Any) -> list[str]:
    """The lines of the table; "?" stands for the multiply-adds of an image of any size."""
    rows = [("layer", "output shape", "parameters", "multiply-adds")]
    rows += [("Input", str(symbol.shape), "", "") for symbol in model.inputs]
    counted, costs = set(), []
    for call in model.calls:
        shapes = [symbol.sample_shape for symbol in call.inputs]
        cost = None if any(None in shape for shape in shapes) else call_cost(call, shapes)
        size = sum(array.size for array in call.layer.params.values())
        rows.append((f"{model.names[call.layer]} ({type(call.layer).__name__})", str(call.shape),
                     "(shared)" if call.layer in counted else f"{size:,}", "?" if cost is None else f"{cost:,}"))
        counted.add(call.layer)
        costs.append(cost)
    known = [cost for cost in costs if cost is not None]
    total = sum(array.size for array in model.params.values())
    rows.append(("total", "", f"{total:,}", f"{sum(known):,}" if len(known) == len(costs) else "?"))
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    return ["  ".join([row[0].ljust(widths[0]), row[1].ljust(widths[1]), row[2].rjust(widths[2]),
                       row[3].rjust(widths[3])]).rstrip() for row in rows]
