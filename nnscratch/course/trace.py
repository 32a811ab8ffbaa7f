"""A walk through a model with notes taken at every node: what came in, what went out, forward and backward.

    trace = course.trace(model, x, dy)
    trace.steps                 one Step for each node forward, then one for each node backward
    trace.strip()               the walk as one image         (player.py)
    trace.player()              with buttons for next and previous
    trace.save("walk.html")     the same as one file, for any browser

It is the walk of models.py written out once more, with notes; the model comes back as it was.
"""
from typing import NamedTuple

import numpy as np

from nnscratch.backend import array_module, move
from nnscratch.course.formulas import backward_formula, forward_formula
from nnscratch.errors import InputError


class Step(NamedTuple):
    """One node, passed in one direction.

    inputs : the arrays that came in (forward: x, one or several; backward: dy)
    output : the array that went out (forward: y; backward: dx, or a list of them)
    parameters : {name: array} of the node, grads : {name: its gradient from this step alone}, empty on the way forward
    """
    name: str
    direction: str
    formula: str
    inputs: list
    output: object
    parameters: dict
    grads: dict

    @property
    def shapes(self):
        """"(2, 3) -> (2, 4)\""""
        return f"{' + '.join(str(array.shape) for array in self.inputs)} → {first(self.output).shape}"

    @property
    def norm(self):
        """The root of the mean square of what went out: a typical size of its numbers."""
        return float(np.sqrt(np.mean(np.square(first(self.output)))))


def first(output):
    return output[0] if isinstance(output, list) else output


class Trace(NamedTuple):
    """What `trace` gives: y and dx as the model itself gives them, and every step between."""
    y: np.ndarray
    dx: np.ndarray
    steps: list

    def __str__(self):
        rows = [(("→ " if step.direction == "forward" else "← ") + step.name, step.formula, step.shapes, f"{step.norm:.3g}")
                for step in self.steps]
        widths = [max(len(row[k]) for row in rows) for k in range(3)]
        return "\n".join("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[3]]) for row in rows)

    def strip(self):
        from nnscratch.course import player  # the images need matplotlib, the walk does not
        return player.strip(self.steps)

    def player(self):
        from nnscratch.course import player
        return player.player(self.steps)

    def save(self, path):
        from nnscratch.course import player
        player.save(self.steps, path)


def trace(model, x, dy=None, training=False):
    """Walk forward with x and back with dy, and write down every step.

    Parameters
    ----------
    model : Model with one input and one output
    x : array
    dy : array like the output; by default random numbers of a fixed seed
    training : as for model.forward

    Returns
    -------
    Trace

    Raises
    ------
    InputError : a model of several inputs or outputs, or a wrong shape.
    """
    if not (model.single_input and model.single_output):
        raise InputError(f"trace: {model} has {len(model.inputs)} inputs, {len(model.outputs)} outputs, expected one of each")
    before = [(layer, copies(layer.buffers), copies(layer.grads)) for layer in model.layers]
    remembered = [(part, list(part._saved)) for part in [model, *model.layers]]
    try:
        return walk(model, x, dy, training)
    finally:
        for layer, buffers, grads in before:
            for name, value in buffers.items():
                layer.set_buffer(name, value)
            for name, gradient in grads.items():
                layer.grads[name][...] = gradient
        for part, memory in remembered:
            part._saved[:] = memory


def copies(arrays):
    return {name: array.copy() for name, array in arrays.items()}


def walk(model, x, dy, training):
    values, gradients, steps = {model.inputs[0]: x}, {}, []
    for call in model.calls:
        arrays = [values[symbol] for symbol in call.inputs]
        values[call] = call.layer.forward(arrays if call.takes_list else arrays[0], training, remember=True)
        steps.append(Step(model.names[call.layer], "forward", forward_formula(call.layer, training), arrays, values[call],
                          copies(call.layer.params), {}))
    y = values[model.outputs[0]]
    gradients[model.outputs[0]] = dy if dy is not None else move(
        np.random.default_rng(0).standard_normal(y.shape).astype(y.dtype), array_module(y))
    for call in reversed(model.calls):
        if call not in gradients:  # nothing of it reaches the output
            call.layer.discard_forward()
            continue
        call.layer.zero_grads()
        arriving = gradients.pop(call)
        dx = call.layer.backward(arriving)
        parts = dx if isinstance(dx, list) else [dx] * len(call.inputs)
        for symbol, part in zip(call.inputs, parts):  # a value used twice gets the sum of what comes back
            gradients[symbol] = gradients[symbol] + part if symbol in gradients else part
        steps.append(Step(model.names[call.layer], "backward", backward_formula(call.layer, training), [arriving], dx,
                          copies(call.layer.params), copies(call.layer.grads)))
    return Trace(y, gradients[model.inputs[0]], steps)
