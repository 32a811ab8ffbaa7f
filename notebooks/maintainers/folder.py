"""A folder that a command makes: complete or not at all, and in the place of nothing but an earlier one of its kind."""
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nnscratch.errors import InputError
from nnscratch.files import reason

__all__ = ["replace_folder"]


@contextmanager
def replace_folder(target: str | Path, mark: str) -> Iterator[Path]:
    """with replace_folder("build/site", ".nnscratch-site") as new: fill the folder `new`, which at the end becomes build/site.

    Until then an earlier folder stays where it is; it also does if anything fails, and nothing else is left behind.

    Parameters
    ----------
    target : str or Path
        A folder that is empty, absent, or an earlier one, with nothing added. A link to one is followed.
    mark : str
        The name of a file that tells this kind of folder from all others, and lists what was written.

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
    with one_sentence(target):
        check(target, mark)
        nearest = next(folder for folder in target.parents if folder.exists())  # on the same disk, so that a move is a rename
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=nearest))
    new, old = aside / "new", aside / "old"
    try:
        with one_sentence(target):
            new.mkdir()
        yield new
        with one_sentence(target):
            (new / mark).write_text("\n".join(inside(new)), encoding="utf-8")
            target.parent.mkdir(parents=True, exist_ok=True)
            swap(new, target, old)
    finally:
        if target.exists() or not old.exists():  # else `old` is all there is
            shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def one_sentence(target: Path) -> Iterator[None]:
    """Say of an error that the target cannot be written."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({reason(error)}); choose another folder with -o") from error


def check(target: Path, mark: str) -> None:
    """Refuse what must not or cannot be replaced, before anything is made."""
    if target.exists() and any(target.iterdir()):
        written = (target / mark).read_text("utf-8", "replace").splitlines() if (target / mark).exists() else []
        foreign = sorted({*inside(target)} - {mark, *written})
        if foreign and not written:
            raise InputError(f"{target} is not an earlier build, or one from before version 0.2: delete it, or choose an empty "
                             "or new folder with -o")
        if foreign:
            raise InputError(f"{target} holds {foreign[0]}, which no build wrote: move it away, or choose an empty or new "
                             "folder with -o")
    if os.path.ismount(target) or Path.cwd().is_relative_to(target):
        raise InputError(f"{target} is in use, as the current folder or as a disk, and cannot be replaced; choose a folder "
                         "inside it with -o")


def inside(folder: Path) -> list[str]:
    """The paths of all files and folders in a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def swap(new: Path, target: Path, old: Path) -> None:
    """Move the target, if there is one, to `old`, and `new` to its place; if that fails, move it back."""
    try:
        if target.exists():
            target.rename(old)
        new.rename(target)
    except BaseException as error:
        if old.exists() and not target.exists():
            try:
                old.rename(target)
            except OSError:
                raise InputError(f"{target}: cannot be written ({reason(error)}); what it held is in {old} now: move it "
                                 "back") from error
        raise
