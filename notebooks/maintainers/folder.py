"""A folder that a command makes: complete or not at all, and in the place of nothing but an earlier one of its kind."""
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nnscratch.errors import InputError

__all__ = ["replace_folder"]


@contextmanager
def replace_folder(target: str | Path, mark: str) -> Iterator[Path]:
    """with replace_folder("build/site", ".nnscratch-site") as new: fill the folder `new`, which at the end becomes build/site.

    Until then an earlier folder stays where it is; it also does if anything fails, and nothing else is left behind.

    Parameters
    ----------
    target : str or Path
        A folder that is empty, absent, or has the mark. A link to one is followed.
    mark : str
        The name of an empty file that tells this kind of folder from all others.

    Yields
    ------
    new : Path
        An empty folder beside the target.

    Raises
    ------
    InputError
        The target holds other files, or cannot be replaced.
    """
    target = Path(os.path.realpath(target))
    try:
        check(target, mark)
        nearest = next(folder for folder in target.parents if folder.exists())  # on the same disk, so that a move is a rename
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=nearest))
        new, old = aside / "new", aside / "old"
        try:
            new.mkdir()
            yield new
            (new / mark).touch()
            target.parent.mkdir(parents=True, exist_ok=True)
            swap(new, target, old)
        finally:
            if target.exists() or not old.exists():  # else `old` is all there is
                shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error}); choose another folder with -o") from error


def check(target: Path, mark: str) -> None:
    """Refuse what must not or cannot be replaced, before anything is made."""
    if target.exists() and any(target.iterdir()) and not (target / mark).exists():
        raise InputError(f"{target} holds files that are not an earlier build; choose an empty or new folder with -o")
    if os.path.ismount(target) or Path.cwd().is_relative_to(target):
        raise InputError(f"{target} is in use, as the current folder or as a disk, and cannot be replaced; choose a folder "
                         "inside it with -o")


def swap(new: Path, target: Path, old: Path) -> None:
    """Move the target, if there is one, to `old`, and `new` to its place; if that fails, move it back."""
    try:
        if target.exists():
            target.rename(old)
        new.rename(target)
    except BaseException:
        if old.exists() and not target.exists():
            old.rename(target)
        raise
