"""Several models or optimizers as one, so that a checkpoint saves a whole training or nothing.

Names get the part's name as prefix: "generator/dense_0/kernel". The interface is what `checkpoint.save` and `load` use.
"""
from collections.abc import Mapping
from copy import copy
from typing import Any

from nnscratch.backend import Array
from nnscratch.hints import checked
from nnscratch.ops.validation import check_choice

__all__ = ["CompositeModel", "CompositeOptimizer"]


class CompositeModel:
    """The parameters and buffers of several models.

    Parameters
    ----------
    parts : dict, {name: an object with `params` and `buffers`, such as a Model}
    """

    @checked
    def __init__(self, parts: dict[str, Any]) -> None:
        self.parts = parts

    def _gather(self, attribute: str) -> dict[str, Array]:
        return {f"{part}/{name}": array for part, model in self.parts.items()
                for name, array in getattr(model, attribute).items()}

    params = property(lambda self: self._gather("params"))
    buffers = property(lambda self: self._gather("buffers"))

    @checked
    def set_buffer(self, name: str, value: Array) -> None:
        """Set one buffer of one part.

        Parameters
        ----------
        name : str, "part/name of the buffer"
        value : Array
        """
        part, _, rest = name.partition("/")
        check_choice(part, "set_buffer: the part", self.parts)
        self.parts[part].set_buffer(rest, value)


class CompositeOptimizer:
    """The state of several optimizers.

    Parameters
    ----------
    parts : dict, {name of the model that it trains: Optimizer}
    """

    @checked
    def __init__(self, parts: dict[str, Any]) -> None:
        self.parts = parts

    def save_state(self) -> dict[str, Array]:
        """Collect the state of all parts.

        Returns
        -------
        dict
            {"part/name": array}.
        """
        return {f"{part}/{name}": array for part, optimizer in self.parts.items()
                for name, array in optimizer.save_state().items()}

    @checked
    def load_state(self, arrays: Mapping[str, Array], params: Mapping[str, Array]) -> None:
        """Restore what `save_state` returned, in all parts or in none.

        Parameters
        ----------
        arrays : dict, {"part/name": array}
        params : dict, {"part/name": parameter that the state belongs to}
        """
        trials = {part: copy(optimizer) for part, optimizer in self.parts.items()}
        for part, trial in trials.items():  # each may raise, while no part has changed
            trial.load_state(of_part(part, arrays), of_part(part, params))
        for part, optimizer in self.parts.items():
            vars(optimizer).update(vars(trials[part]))


def of_part(part: str, named: Mapping[str, Array]) -> dict[str, Array]:
    """The entries whose names begin with "part/", without that prefix."""
    return {name.removeprefix(f"{part}/"): value for name, value in named.items() if name.startswith(f"{part}/")}
