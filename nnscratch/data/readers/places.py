"""Paths as users give them, the files in a folder that may be data, and the title of a data set.

Hidden files are never data (an archiver leaves `._b.jpg` beside b.jpg), and neither is what nnscratch wrote there itself.
"""
import os
from pathlib import Path

from nnscratch.errors import InputError
from nnscratch.files import FilePath, reason
from nnscratch.marks import users_entries

__all__: list[str] = []  # for the readers of this folder

LONGEST = 200  # letters of a path in a message


def as_path(path: FilePath, expected: str) -> Path:
    """A Path; raise InputError for what is none: an integer would be taken for the number of an open file."""
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        raise InputError(f"the path is {path!r:.40}, a {type(path).__name__}, expected {expected}: give its path, as text")
    return Path(path)


def shown(path: FilePath) -> str:
    """A path in a message: its beginning, if it is very long."""
    text = str(path)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def visible(folder: Path) -> list[Path]:
    """The entries of a folder that may be data, sorted by name."""
    try:
        return users_entries(folder)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {shown(folder)} ({reason(error)}), expected a folder with data: give a readable "
                         f"one") from error


def title_of(path: FilePath) -> str:
    """What a data set is called: also `.` has a name."""
    return f"images of {os.path.basename(os.path.abspath(path)) or path}"
