"""Locks: two processes cannot write the same output. The system frees the lock of a process that ends, however it ends."""
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from nnscratch.errors import InputError
from nnscratch.files import FilePath, unwritable

__all__: list[str] = []


@contextlib.contextmanager
def lock(path: Path, output: FilePath) -> Iterator[None]:
    """Hold the lock file `path` for writing `output`; raise InputError if another process holds it."""
    handle = None
    try:
        while handle is None:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            try_lock(handle)
            try:
                current = os.path.samestat(os.fstat(handle), os.stat(path))
            except FileNotFoundError:
                current = False
            if not current:  # its owner removed it between the first two lines: begin again with a new file
                os.close(handle)
                handle = None
    except (BlockingIOError, PermissionError) as error:
        if handle is not None:
            os.close(handle)
            raise InputError(f"another process is writing to {output}; wait for it, or give another output") from error
        raise unwritable(output, error) from error
    except (OSError, ValueError) as error:
        raise unwritable(output, error) from error
    try:
        yield
    finally:
        removed = False
        with contextlib.suppress(OSError):
            os.unlink(path)
            removed = True
        os.close(handle)
        if not removed:  # Windows removes no file that is open
            with contextlib.suppress(OSError):
                os.unlink(path)


def try_lock(handle: int) -> None:
    """Lock an open file for this process; BlockingIOError or PermissionError if another has it. Some disks know no locks."""
    try:
        import fcntl
    except ImportError:  # on Windows
        try:
            import msvcrt
        except ImportError:  # in a browser
            return
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # exists on Windows alone
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        pass
