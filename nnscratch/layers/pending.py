"""The forward passes of a layer that wait for their backward pass: a stack that belongs to one thread at a time."""
import logging
from collections.abc import Iterable
from typing import Any

from nnscratch.errors import InputError
from nnscratch.one_thread import OneThread
from nnscratch.ops.validation import check_wrt
from nnscratch.recording import changing

__all__: list[str] = []

MANY = 100  # forward passes that wait for a backward pass which seems to have been forgotten
REFUSAL = ("a forward pass of another thread waits for its backward pass, and layers are not thread-safe; give each thread a "
           "model of its own, such as copy.deepcopy(model)")

log = logging.getLogger("nnscratch")


class Pending(list[Any], OneThread):
    """The caches of the forward passes that wait for their backward pass, the latest last.

    A thread claims them before it computes, and frees them when none is left.
    """

    def __init__(self, passes: Iterable[Any] = ()) -> None:
        super().__init__(passes)
        OneThread.__init__(self, REFUSAL)
        self.warns = True  # a layer of a model leaves that to the model

    def __reduce__(self) -> tuple[Any, ...]:
        return Pending, (list(self),), {"warns": self.warns}

    def __setitem__(self, where: Any, passes: Any) -> None:
        super().__setitem__(where, passes)
        self.__exit__()  # after a refused recording

    def __exit__(self, *error: object) -> None:
        if not self:
            self.owner.clear()

    def push(self, layer: Any, entry: Any) -> None:
        """Keep what a forward pass saved; at a hundred of them, say so once."""
        changing(self)
        self.append(entry)
        if self.warns and len(self) >= MANY:
            self.warns = False
            log.warning("%s: %d forward passes wait for their backward pass, and what they saved fills the memory; call "
                        "backward() or discard_forward() for each, or compute without training=True", layer, len(self))

    def latest(self, layer: Any, wrt: str) -> Any:
        """The latest entry, for a backward pass; InputError if there is none, or if `wrt` is unknown."""
        check_wrt(layer, wrt)
        if not self:
            raise InputError(f"{layer}: backward() was called without a pending forward(); call forward(x, training=True) "
                             f"first, or forward(x, remember=True) for inference mode")
        return self[-1]

    def take(self) -> Any:
        """The latest entry, which is removed."""
        changing(self)
        return self.pop()
