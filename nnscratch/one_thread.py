"""What belongs to one thread at a time: two threads that use one layer or one optimizer at once would spoil its numbers."""
import sys
from threading import Lock, get_ident
from typing import Any, Self

from nnscratch.errors import InputError

__all__: list[str] = []

inheriting = Lock()


class OneThread:
    """A claim that one thread has at a time: of two that come at once the second is refused.

    `dict.setdefault` is atomic, and costs less than a lock. A thread that has ended leaves its claim to the next.

    refusal : what the second thread is told.
    """

    def __init__(self, refusal: str) -> None:
        self.owner: dict[str, int] = {}
        self.refusal = refusal

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy belongs to no thread yet."""
        return OneThread, (self.refusal,)

    def claim(self, who: Any) -> Self:
        """For a `with` statement: make it this thread's, or raise InputError."""
        me = get_ident()
        owner = self.owner.setdefault("thread", me)
        if owner == me:
            return self
        with inheriting:
            if self.owner.get("thread") == owner and owner not in sys._current_frames():
                self.owner["thread"] = me
                return self
        raise InputError(f"{who}: {self.refusal}")

    def __enter__(self) -> None:
        """It is claimed already."""

    def __exit__(self, *error: object) -> None:
        self.owner.clear()
