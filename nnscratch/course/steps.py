"""A step of a traced pass: one node of a model, forward or backward, with its arrays."""
from typing import NamedTuple

import numpy as np

from nnscratch.backend import Array

__all__ = ["Step"]


class Step(NamedTuple):
    """One node in one direction.

    Parameters
    ----------
    name : str
        The layer's name in the model.
    direction : "forward" | "backward"
    formula : str
        As in formulas.py.
    inputs : list of array
        Forward: x, one or several. Backward: dy.
    output : array or list of array
        Forward: y. Backward: dx, one for each input.
    named : dict of str to array
        All arrays that the formula names, by these names.
    grads : dict of str to array
        The gradients of the layer's parameters from this step alone; empty in a forward step.
    """
    name: str
    direction: str
    formula: str
    inputs: list[Array]
    output: Array | list[Array]
    named: dict[str, Array]
    grads: dict[str, Array]

    @property
    def shapes(self) -> str:
        """The shapes of inputs and output, such as "(2, 3) → (2, 4)"."""
        return f"{' + '.join(str(array.shape) for array in self.inputs)} → {as_list(self.output)[0].shape}"

    @property
    def rms(self) -> float:
        """The root mean square of the output."""
        return float(np.sqrt(np.mean(np.square(as_list(self.output)[0]))))


def as_list(arrays: Array | list[Array]) -> list[Array]:
    """Several arrays as they are, one in a list."""
    return arrays if isinstance(arrays, list) else [arrays]
