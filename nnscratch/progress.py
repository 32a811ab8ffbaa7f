"""Progress of long work: a bar in a terminal; elsewhere, as in a log file, a line every ten seconds."""
import io
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from nnscratch.hints import checked

__all__ = ["progress_bar"]

LINE_INTERVAL = 10.0  # seconds


@checked
def progress_bar(items: Iterable | None = None, **options: Any) -> Any:
    """Make a progress bar on the standard error stream.

    Parameters
    ----------
    items : iterable, optional
        What a loop goes through; without it, call the bar's `update`.
    **options
        As for tqdm: total, desc, unit and others.

    Returns
    -------
    tqdm
        To loop over, or for a `with` statement.

    Examples
    --------
    >>> sum(progress_bar([1, 2, 3], desc="adding", disable=True))
    6
    """
    from tqdm import tqdm  # here, so that what shows no progress needs NumPy alone
    if sys.stderr is None:  # no console at all, as under pythonw
        return tqdm(items, **options | {"disable": True})
    if sys.stderr.isatty():
        return tqdm(items, **options)
    lines = {"file": Lines(sys.stderr), "mininterval": LINE_INTERVAL, "maxinterval": LINE_INTERVAL, "miniters": 0}
    return tqdm(items, **lines | options)


def print_above_bar(text: str) -> None:
    """Print without breaking the progress bar."""
    from tqdm import tqdm
    tqdm.write(text)


class Lines(io.TextIOBase):
    """Writes what tqdm would draw over and over in one place as lines."""

    def __init__(self, file: TextIO) -> None:
        self.file, self.last = file, ""

    def write(self, text: str) -> int:
        """Write one state of the bar."""
        line = text.strip()
        if line and line != self.last and not line.startswith("\x1b"):  # neither twice, nor commands that move the cursor
            self.file.write(line + "\n")
            self.last = line
        return len(text)

    def flush(self) -> None:
        """Write what is buffered."""
        self.file.flush()
