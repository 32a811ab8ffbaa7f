"""A forward and backward pass through a model, with every array recorded.

    trace = course.trace(model, x, dy)
    trace.steps                 one Step for each node forward, then one for each node backward
    trace.strip()               the pass as one image         (player.py)
    trace.player()              with buttons for next and previous
    trace.save("pass.html")     the same as one file, for any browser

It is the traversal of models.py written out once more, with records; the model is left as it was.
"""
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nnscratch.backend import Array, array_module, move
from nnscratch.course.formulas import backward_formula, forward_formula, named_arrays
from nnscratch.course.steps import Step
from nnscratch.errors import InputError
from nnscratch.hints import checked
from nnscratch.layers.graph import check_sides
from nnscratch.layers.inputs import check_batch, check_model
from nnscratch.models import Model
from nnscratch.ops.validation import check_array, check_flag

__all__ = ["Trace", "trace"]

SEED = 2357  # of dy; an x from a seed that others choose, too, would begin with the same numbers


class Trace(NamedTuple):
    """The result of `trace`; printing it shows a line for each step.

    Parameters
    ----------
    y, dx : array
        As model.forward and model.backward return them.
    steps : list of Step
    """
    y: Array
    dx: Array
    steps: list[Step]

    def __str__(self) -> str:
        rows = [(("→ " if step.direction == "forward" else "← ") + step.name, step.formula, step.shapes, f"{step.rms:.3g}")
                for step in self.steps]
        widths = [max(len(row[k]) for row in rows) for k in range(3)]
        return "\n".join("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[3]]) for row in rows)

    def strip(self) -> Any:
        """Draw all steps below each other.

        Returns
        -------
        image : Drawing
            The pass.
        """
        from nnscratch.course import player  # images need matplotlib, the pass itself does not
        return player.strip(self.steps)

    def player(self) -> Any:
        """Show one step at a time, with buttons for next and previous.

        Returns
        -------
        widget : ipywidgets.Widget or Drawing
            Without ipywidgets, the strip.
        """
        from nnscratch.course import player
        return player.player(self.steps)

    @checked
    def save(self, path: str | Path) -> None:
        """Write the player as one HTML file.

        Parameters
        ----------
        path : str or Path
        """
        from nnscratch.course import player
        player.save(self.steps, path)


def trace(model: Model, x: Array, dy: Array | None = None, training: bool = False) -> Trace:
    """Run a forward pass with x and a backward pass with dy, and record every step.

    Parameters
    ----------
    model : Model
        With one input and one output. Its gradients and buffers are restored.
    x : array
    dy : array of the shape of the output, optional
        The upstream gradient; by default random numbers with a fixed seed.
    training : bool
        As for model.forward.

    Returns
    -------
    trace : Trace
        Both results and all steps.

    Raises
    ------
    InputError
        The model has several inputs or outputs, or a shape is wrong.

    Examples
    --------
    >>> from nnscratch.layers import Dense, Input
    >>> x = Input((3,))
    >>> [step.direction for step in trace(Model(x, Dense(2)(x)), np.ones((1, 3))).steps]
    ['forward', 'backward']
    """
    check_model("trace", model)
    if not (model.single_input and model.single_output):
        raise InputError(f"trace: expected a model with one input and one output, got {len(model.inputs)} and "
                         f"{len(model.outputs)}")
    check_batch(model, x)
    check_sides(model, x.shape[1:], model.inputs[0])
    training = check_flag(training, "trace: training")
    if dy is not None:
        check_array("trace", "dy", dy, None)
    before = [(layer, copies(layer.buffers), copies(layer.grads)) for layer in model.layers]
    pending = [(part, list(part._saved)) for part in [model, *model.layers]]
    try:
        return recorded_pass(model, x, dy, training)
    finally:
        for layer, buffers, grads in before:
            for name, value in buffers.items():
                layer.set_buffer(name, value)
            for name, gradient in grads.items():
                layer.grads[name][...] = gradient
        for part, saved in pending:
            part._saved[:] = saved


def copies(arrays: dict[str, Array]) -> dict[str, Array]:
    """The same arrays, copied."""
    return {name: array.copy() for name, array in arrays.items()}


def recorded_pass(model: Model, x: Array, dy: Array | None, training: bool) -> Trace:
    """The two passes, which change the model's gradients and buffers."""
    values: dict[Any, Array] = {model.inputs[0]: x.copy()}  # the trace is a record, and x the caller's
    gradients: dict[Any, Array] = {}
    steps: list[Step] = []
    for call in model.calls:
        arrays = [values[symbol] for symbol in call.inputs]
        values[call] = call.layer.forward(arrays if call.takes_list else arrays[0], training, remember=True)
        formula = forward_formula(call.layer, training, len(arrays))
        steps.append(Step(model.names[call.layer], "forward", formula, arrays, values[call],
                          named_arrays(call.layer, formula, arrays, values[call], training), {}))
    y = values[model.outputs[0]]
    gradients[model.outputs[0]] = dy.copy() if dy is not None else move(
        np.random.default_rng(SEED).standard_normal(y.shape).astype(y.dtype), array_module(y))
    for call in reversed(model.calls):
        if call not in gradients:  # it does not reach the output
            call.layer.discard_forward()
            continue
        call.layer.zero_grads()
        arriving = gradients.pop(call)
        dx = call.layer.backward(arriving)
        parts = dx if isinstance(dx, list) else [dx] * len(call.inputs)
        for symbol, part in zip(call.inputs, parts):  # a value that is used twice gets the sum of its gradients
            gradients[symbol] = gradients[symbol] + part if symbol in gradients else part
        arrays = [values[symbol] for symbol in call.inputs]
        formula = backward_formula(call.layer, training, len(arrays))
        named = {"dy": arriving} | named_arrays(call.layer, formula, arrays, values[call], training)
        steps.append(Step(model.names[call.layer], "backward", formula, [arriving], parts if len(parts) > 1 else parts[0],
                          named, copies(call.layer.grads)))
    return Trace(y, gradients[model.inputs[0]], steps)
