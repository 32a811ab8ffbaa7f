"""Files that are whole or not there: written aside, then renamed."""
import contextlib
import os
import uuid
from pathlib import Path

from nnscratch.errors import InputError


def replace_file(path, data):
    """Put the bytes at `path`. A kill or a full disk at any moment leaves the old file, whole.

    After a full disk, or Ctrl-C, nothing else is left; after a kill perhaps a hidden file `.name.1a2b3c4d` beside it.

    Raises InputError when the place cannot be written to.
    """
    with aside(path) as temporary:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # on the disk before the name points to it
        os.replace(temporary, os.path.realpath(path))


@contextlib.contextmanager
def aside(path):
    """The name of a file beside `path`, for writing; removed afterwards if it was not renamed."""
    try:
        if os.path.isdir(path):
            raise OSError(0, "it is a folder")
        target = Path(os.path.realpath(path))  # follow a symbolic link, do not replace it
        temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
        try:
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, ValueError, TypeError) as error:  # TypeError: a path that is none, such as None
        raise InputError(f"cannot write {path} ({reason(error)}), expected a writable folder: make one") from error


def make_folder(path):
    """The folder at `path`, and those above it, exist; or InputError."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot make the folder {path} ({reason(error)}); give one where you may write") from error


def reason(error):
    """What an exception says, cut to one line."""
    text = getattr(error, "strerror", None) or str(error)
    return (text.strip().splitlines() or [type(error).__name__])[0].rstrip(".")
