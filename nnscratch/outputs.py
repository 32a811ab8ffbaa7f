"""Which files and folders were written by nnscratch: they are never read as data."""
from pathlib import Path

__all__: list[str] = []


def own_names(folder: Path) -> set[str]:
    """The names of the files and folders in `folder` that nnscratch wrote."""
    return set()
