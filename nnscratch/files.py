"""Writing files atomically: a reader sees the old file or the whole new one, never a part of it."""
import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from nnscratch.errors import InputError

__all__ = ["FilePath", "make_folder", "replace_file"]

FilePath: TypeAlias = str | os.PathLike[str]


def replace_file(path: FilePath, data: bytes) -> None:
    """Write the bytes to `path` atomically: a kill or a full disk at any moment leaves the old file whole.

    A full disk or Ctrl-C leaves nothing else behind; a kill may leave a hidden file `.name.1a2b3c4d` in the same folder.

    Parameters
    ----------
    path : str or path
        The file to create or replace. A symbolic link is followed, not replaced.
    data : bytes
        Its whole content.

    Raises
    ------
    InputError
        The place cannot be written to.
    """
    with temporary_path(path) as temporary:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # the data must be on the disk before the name points to it
        os.replace(temporary, os.path.realpath(path))


@contextlib.contextmanager
def temporary_path(path: FilePath) -> Iterator[Path]:
    """Yield the path of a temporary file in the same folder as `path`; it is removed at the end unless it was renamed."""
    try:
        if os.path.isdir(path):
            raise OSError(0, "it is a folder")
        target = Path(os.path.realpath(path))  # follow a symbolic link, do not replace it
        temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
        try:
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, ValueError, TypeError) as error:  # TypeError: not a path at all, such as None
        raise InputError(f"cannot write {path} ({reason(error)}), expected a writable folder: make one") from error


def make_folder(path: FilePath) -> None:
    """Create a folder and its parents; an existing folder is left as it is.

    Parameters
    ----------
    path : str or path
        The folder.

    Raises
    ------
    InputError
        The folder cannot be created.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot make the folder {path} ({reason(error)}), expected a writable place: give another "
                         f"one") from error


def reason(error: BaseException) -> str:
    """The message of an exception, cut to one line."""
    text = getattr(error, "strerror", None) or str(error)
    return (text.strip().splitlines() or [type(error).__name__])[0].rstrip(".")
