"""Marks: how nnscratch recognises what it wrote, to overwrite nothing else, and to take none of it for an input."""
import json
import os
from pathlib import Path

from nnscratch.errors import InputError
from nnscratch.files import open_regular_file, read_file
from nnscratch.hints import checked

__all__ = ["own_names"]

MANIFEST, LOCK, MARK = ".nnscratch.json", ".nnscratch.lock", "nnscratch"


@checked
def own_names(folder: Path) -> set[str]:
    """Find what nnscratch wrote, so that no output is taken for an input.

    Parameters
    ----------
    folder : Path
        A folder of images.

    Returns
    -------
    set of str
        Names of files and folders in it. They are left out where images are read from a folder of the user's; a folder that
        nnscratch made, and that the user names, is read: then the set is empty.
    """
    found = read_manifest(folder)
    if found is not None and found[0]:
        return set()
    own = {MANIFEST, LOCK} | (found[1] if found else set())
    for path in folder.iterdir():
        if path.is_dir():
            inside = read_manifest(path)
            if inside is not None and inside[0]:
                own.add(path.name)
        elif path.suffix.lower() in (".json", ".gif") and is_ours(path):
            own |= {path.name, path.name.removesuffix(".json")}  # OUT.json stands beside OUT
    return own


def read_manifest(folder: Path) -> tuple[bool, set[str]] | None:
    """(whether nnscratch made the folder, names of its files in it); None if there is no list, or a damaged one."""
    try:
        found = json.loads(read_file(folder / MANIFEST))
        names = {name for name in found["files"] if isinstance(name, str) and Path(name).name == name}
        return bool(found["made"]), names
    except (InputError, ValueError, TypeError, KeyError, RecursionError):
        return None


def is_ours(path: Path) -> bool:
    """Whether the mark of nnscratch is in a .json, .gif, .state or .safetensors file, or in a folder."""
    if os.path.isdir(path):
        return read_manifest(path) is not None
    try:
        with open_regular_file(path) as file:
            head = file.read(2**12)
        if path.suffix.lower() == ".gif":
            return head[:3] == b"GIF" and MARK.encode() in head[:2000]
        if path.suffix.lower() == ".json":
            found = json.loads(read_file(path)) if MARK.encode() in head else None  # a folder may hold many large ones
            return isinstance(found, dict) and MARK in found
        return head[8:9] == b"{" and b'"__metadata__":{"nnscratch"' in head
    except (InputError, OSError, ValueError, TypeError, RecursionError):
        return False
