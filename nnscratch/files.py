"""Files: read only if they are regular; written atomically, so that a reader sees the old file or the whole new one."""
import contextlib
import errno
import os
import re
import stat
import uuid
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import IO, TypeAlias
from zlib import crc32

from nnscratch.errors import InputError

__all__ = ["FilePath", "make_folder", "open_regular_file", "read_file", "replace_file"]

FilePath: TypeAlias = str | os.PathLike[str]


def open_regular_file(path: FilePath, expected: str = "a file") -> IO[bytes]:
    """Open a file for reading. All readers of users' files use it.

    Parameters
    ----------
    path : str or path
        The file.
    expected : str
        What it should be, for the error message.

    Returns
    -------
    binary file
        At its beginning.

    Raises
    ------
    InputError
        It is missing, not readable, or a folder, pipe or device: these would block, or never end.
    """
    try:
        # A pipe that nobody writes to is opened at once with O_NONBLOCK; without, opening it would wait forever.
        handle = os.open(os.fspath(path), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            os.close(handle)
            raise OSError(0, "it is a folder" if stat.S_ISDIR(mode) else "it is not a regular file")
        return open(handle, "rb")
    except (OSError, ValueError, TypeError) as error:  # ValueError: a zero byte in the name; TypeError: no name at all
        why = "it is a folder" if isinstance(error, PermissionError) and os.path.isdir(path) else reason(error)  # on Windows
        raise InputError(f"cannot open {path} ({why}), expected {expected}: give a readable file") from error


def read_file(path: FilePath, expected: str = "a file", most: int = 2**24) -> bytes:
    """Read a whole file of limited length.

    Parameters
    ----------
    path : str or path
        The file.
    expected : str
        What it should be, for the error message.
    most : int
        Bytes that it may have.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    InputError
        As for `open_regular_file`, or the file is too long.
    """
    with open_regular_file(path, expected) as file:
        try:
            data = file.read(most + 1)
        except OSError as error:
            raise InputError(f"cannot read {path} ({reason(error)}), expected {expected}: give a readable file") from error
    if len(data) > most:
        raise InputError(f"{path} has more than {most} bytes, expected {expected}, which has fewer: give the right file")
    return data


def pieces_of(path: FilePath) -> Iterator[bytes]:
    """The content of a file, which is never in memory as a whole."""
    with open_regular_file(path) as file:
        try:
            while piece := file.read(2**20):
                yield piece
        except OSError as error:
            raise InputError(f"cannot read {path} ({reason(error)}); give a readable file") from error


def checksum(path: FilePath) -> int:
    """The CRC-32 of a file."""
    total = 0
    for piece in pieces_of(path):
        total = crc32(piece, total)
    return total


def check_digest(path: FilePath) -> None:
    """Raise InputError if a name such as vgg19-dcbb9e9d.pth does not end in the beginning of the file's SHA-256.

    Eight digits without a letter are a date.
    """
    found = re.search(r"-(?=\d*[a-f])([0-9a-f]{8})\.pth$", os.fspath(path))
    if found is None:
        return
    total = sha256()
    for piece in pieces_of(path):
        total.update(piece)
    digest = total.hexdigest()[:8]
    if digest != found[1]:
        raise InputError(f"{path} has a SHA-256 that begins with {digest}, expected {found[1]}, as its name says; fetch it "
                         f"again, or rename it if it is another file")


def replace_file(path: FilePath, data: bytes) -> None:
    """Write the bytes to `path` atomically: a kill or a full disk at any moment leaves the old file whole.

    A full disk or Ctrl-C leaves nothing else behind; a kill may leave a hidden file `.nnscratch-...` in the same folder, which
    the next command that writes the same file removes.

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
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise InputError(f"the data for {path} are a {type(data).__name__}, expected bytes; encode them")
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
        target = Path(os.path.realpath(path))  # follow a symbolic link, do not replace it
        with contextlib.suppress(FileNotFoundError):
            mode = os.stat(target).st_mode  # raises if the name is too long
            if not stat.S_ISREG(mode):  # /dev/null would become a file
                raise OSError(0, "it is a folder" if stat.S_ISDIR(mode) else "it is not a regular file")
    except (OSError, ValueError, TypeError) as error:  # TypeError: not a path at all, such as None
        raise unwritable(path, error) from error
    temporary = target.with_name(f"{hidden_name(target)}-{uuid.uuid4().hex[:8]}")
    try:
        yield temporary
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def check_names(paths: Iterable[FilePath]) -> None:
    """Raise InputError for the first path that cannot be that of a file: names that are derived from others may be too long."""
    for path in paths:
        with temporary_path(path):
            pass


def check_replaceable(path: FilePath) -> None:
    """Raise now the InputError that `replace_file` would raise after the work: a temporary file is made, to be sure."""
    with temporary_path(path) as temporary:
        temporary.touch()


def unwritable(path: FilePath, error: Exception) -> InputError:
    """The sentence about a file that cannot be written."""
    expected = "a shorter name" if getattr(error, "errno", None) == errno.ENAMETOOLONG else "a writable folder"
    return InputError(f"cannot write {path} ({reason(error)}), expected {expected}: {way_out(error)}")


def hidden_name(target: Path) -> str:
    """How the names of temporary files and locks of a file begin: short, since a name may have 255 bytes, and recognisable."""
    return f".nnscratch-{crc32(os.fsencode(target.name)):08x}"


def remove_leftovers(*paths: FilePath) -> None:
    """Remove what killed processes left behind while they wrote these; only for the one process that may write them now."""
    targets = [Path(os.path.realpath(path)) for path in paths]
    killed = {target.with_name(hidden_name(target)) for target in targets}
    for folder in {target.parent for target in targets}:
        for leftover in folder.glob(".nnscratch-????????-????????"):
            if leftover.with_name(leftover.name[:-9]) in killed:
                with contextlib.suppress(OSError):
                    leftover.unlink()


def way_out(error: BaseException) -> str:
    """What to do about a file that cannot be written."""
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "free some space, or write to another disk"
    if getattr(error, "errno", None) in (errno.EMFILE, errno.ENFILE):
        return "allow more open files, with  ulimit -n"
    if getattr(error, "errno", None) == errno.ENAMETOOLONG:
        return "shorten the name of the output"
    return "make one, or give another place"


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
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"cannot make the folder {path} ({reason(error)}), expected a writable place: "
                         f"{way_out(error)}") from error


def reason(error: BaseException) -> str:
    """The message of an exception, cut to one line."""
    text = getattr(error, "strerror", None) or str(error)
    return (text.strip().splitlines() or [type(error).__name__])[0].rstrip(".")
