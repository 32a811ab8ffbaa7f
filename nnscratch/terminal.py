"""The process of a command: its standard streams, which may be closed or full, and the signals that stop it."""
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

from nnscratch.files import reason

__all__: list[str] = []

SIGNALLED = 128  # added to the number of a signal, it is the exit code of a command that it stopped, as in a shell


class Stream:
    """A text stream whose failure does not stop the work: what cannot be written is dropped, and `error` says why.

    Parameters
    ----------
    stream : the stream that is written to
    """

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.error: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)  # encoding, isatty and the like

    def write(self, text: str) -> int:
        """Write, or drop the text."""
        self._attempt(self.stream.write, text)
        return len(text)

    def flush(self) -> None:
        """Write what is buffered, or drop it."""
        self._attempt(self.stream.flush)

    def _attempt(self, function: Any, *arguments: Any) -> None:
        if self.error is None:
            try:
                function(*arguments)
            except OSError as error:  # a full disk; or the reader has seen enough: `nnscratch check | head -1`
                self.error = error


@contextlib.contextmanager
def standard_streams() -> Iterator[Stream]:
    """Streams that can be written to, whatever the process was given; at the end, a sentence if some output was lost.

    Yields the output.
    """
    for _ in range(3):  # a closed standard stream would be the number of the next file, and a library's warning would go there
        handle = os.open(os.devnull, os.O_RDWR)
        if handle > 2:
            os.close(handle)
            break
    before = sys.stdout, sys.stderr
    output, errors = (Stream(stream or open(os.devnull, "w", encoding="utf-8")) for stream in before)
    for stream in (output, errors):
        if hasattr(stream.stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a letter that the terminal cannot show is no reason to stop
    sys.stdout, sys.stderr = output, errors  # type: ignore[assignment]  # the methods that print and tqdm call
    try:
        yield output
    finally:
        output.flush()
        if output.error is not None and not isinstance(output.error, BrokenPipeError):
            print(f"nnscratch: its text could not be written ({reason(output.error)}); the work itself is not affected",
                  file=sys.stderr)
        errors.flush()
        sys.stdout, sys.stderr = before
        for stream in (output, errors):
            if stream.error is not None:
                discard(stream.stream)


def discard(stream: Any) -> None:
    """Send what a stream still buffers to nowhere; otherwise Python's own flush at exit would fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[list[int]]:
    """Let SIGTERM stop the work as Ctrl-C does; the list holds the number of each such signal."""
    received: list[int] = []

    def stop(number: int, frame: Any) -> None:
        received.append(number)
        raise KeyboardInterrupt
    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield received
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def delayed_signals() -> Iterator[list[int]]:
    """Let Ctrl-C and SIGTERM wait for the end of a step, which would be lost otherwise; the list holds the signal's number.

    A second one interrupts at once. In other threads than the main one nothing is delayed, and the list stays empty.
    """
    received: list[int] = []
    main = threading.current_thread() is threading.main_thread()
    before: dict[int, Any] = {
        number: handler for number in (signal.SIGINT, signal.SIGTERM)
        if main and callable(handler := signal.getsignal(number))}  # what would end or ignore the process does so

    def note(number: int, frame: Any) -> None:
        received.append(number)
        restore()
        with contextlib.suppress(KeyboardInterrupt):
            before[number](number, frame)

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)
    for number in before:
        signal.signal(number, note)
    try:
        yield received
    finally:
        restore()
