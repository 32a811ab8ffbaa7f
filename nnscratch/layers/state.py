"""What a layer owns: a name, parameters with their gradients, buffers, and the caches of pending forward passes."""
from typing import Any

import numpy as np

from nnscratch.backend import Array, array_module
from nnscratch.errors import InputError, printable
from nnscratch.layers.pending import Pending
from nnscratch.ops.validation import check_precision, check_shape
from nnscratch.reprs import ArgumentsRepr
from nnscratch.shard import WHOLE, Shard

__all__: list[str] = []


class LayerState(ArgumentsRepr):
    """The arrays of a layer. `Layer` adds the forward and the backward pass, and documents the attributes."""

    _name_in_model: str | None = None  # set by Model, for the repr
    shard: Shard = WHOLE  # which rows of a batch x is, where several processes share it

    def __init__(self, name: str | None = None) -> None:
        self.name, self.trainable = check_name(type(self).__name__, name), True
        self.params: dict[str, Array] = {}
        self.grads: dict[str, Array] = {}
        self.buffers: dict[str, Array] = {}
        self._saved = Pending()  # (cache, shape of y)

    @property
    def trainable_params(self) -> Any:
        """The parameters that an optimizer should change: `params`, or none of them where the layer is frozen."""
        return self.params if self.trainable else {}

    def zero_grads(self) -> None:
        """Set all gradients to 0, at the start of a step."""
        with self._saved.claim(self):
            for gradient in self.grads.values():
                gradient[...] = 0

    def discard_forward(self) -> None:
        """Drop the latest pending forward pass, whose backward pass will not be called."""
        if self._saved:
            with self._saved.claim(self):
                self._saved.take()

    def set_buffer(self, name: str, value: Array) -> None:
        """Give one buffer a new value, which is copied."""
        old: Array = self.buffers.get(name) if isinstance(name, str) else None
        if old is None:
            raise InputError(f"{self}: there is no buffer {name!r:.100}; choose one of {', '.join(self.buffers) or 'none'}")
        check_shape(self, f"the buffer {name!r}", value, old.shape, "as before")
        if value.dtype.kind not in "biufc":
            raise InputError(f"{self}: the buffer {name!r} is given numbers of {value.dtype}, expected {old.dtype}")
        self._keep_buffer(name, value.copy())

    def _keep_buffer(self, name: str, value: Array) -> None:
        """Keep an array of the layer's own as the new value.

        On a GPU the buffer is changed in place, so that a recorded step (fast/cuda/graph.py) goes on with it.
        """
        old: Array = self.buffers[name]
        if array_module(old) is np or array_module(value) is np or old.dtype != value.dtype:
            self.buffers[name] = value
        elif value is not old:
            old[...] = value

    def cast(self, dtype: Any) -> None:
        """Change the precision of all floating-point arrays; gradient checks use float64 and complex128."""
        dtype = check_precision(dtype, f"{self}: dtype")
        for arrays in (self.params, self.grads, self.buffers):
            for name, array in arrays.items():
                if array.dtype.kind in "fc":
                    arrays[name] = (array.real if dtype.kind == "f" else array).astype(dtype)

    def join(self, name: str) -> None:
        """Be named so in the repr, as a layer of a model; a layer that two models name differently has no name of its own."""
        self._name_in_model = name if self._name_in_model in (None, name) else ""
        self._saved.warns = False

    def __repr__(self) -> str:
        name = getattr(self, "name", None) or getattr(self, "_name_in_model", None)
        return f"{name}: {self._call_text()}" if name else self._call_text()

    def _call_text(self) -> str:
        """The constructor's call."""
        return super().__repr__()


def check_name(layer: str, name: Any) -> str | None:
    """The name that was given to a layer, if any."""
    if name is not None and not (isinstance(name, str) and name.strip() and name == printable(name)):
        raise InputError(f"{layer}: name is {name!r:.100}, expected a string that can be printed, such as 'hidden', or None")
    return name
