"""The forward passes of a layer that wait for their backward pass: a stack that belongs to one thread at a time."""
import logging
import sys
from collections.abc import Iterable
from threading import Lock, get_ident
from typing import Any, Self

from nnscratch.errors import InputError
from nnscratch.ops.validation import check_wrt
from nnscratch.recording import changing

__all__: list[str] = []

MANY = 100  # forward passes that wait for a backward pass which seems to have been forgotten

log = logging.getLogger("nnscratch")
inheriting = Lock()


class Pending(list[Any]):
    """The caches of the forward passes that wait for their backward pass, the latest last. They belong to one thread.

    A thread claims them before it computes, and frees them when none is left. Of two threads that come at once one is refused,
    because `dict.setdefault` is atomic; a thread that has ended leaves them to the next.
    """

    def __init__(self, passes: Iterable[Any] = ()) -> None:
        super().__init__(passes)
        self.owner: dict[str, int] = {}
        self.warns = True  # a layer of a model leaves that to the model

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy belongs to no thread yet."""
        return Pending, (list(self),)

    def __setitem__(self, where: Any, passes: Any) -> None:
        super().__setitem__(where, passes)
        self.free()  # after a refused recording

    def claim(self, layer: Any) -> Self:
        """For a `with` statement: make the caches this thread's, or raise InputError."""
        me = get_ident()
        owner = self.owner.setdefault("thread", me)
        if owner == me:
            return self
        with inheriting:
            if self.owner.get("thread") == owner and owner not in sys._current_frames():
                self.owner["thread"] = me
                return self
        raise InputError(f"{layer}: a forward pass of another thread waits for its backward pass, and layers are not "
                         f"thread-safe; give each thread a model of its own, such as copy.deepcopy(model)")

    def __enter__(self) -> None:
        """The caches are claimed already."""

    def __exit__(self, *error: object) -> None:
        self.free()

    def free(self) -> None:
        """Leave them to any thread, if none is left."""
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
