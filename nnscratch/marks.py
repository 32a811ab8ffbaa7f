"""Marks: how nnscratch recognises what it wrote, to overwrite nothing else, and to take none of it for an input.

    a folder           .nnscratch.json inside, a list of the files there that nnscratch wrote, with their checksums
    image, film, page  that a command wrote to the file that the user named: the words IMAGE_MARK near its beginning or end
    OUT.json           a JSON object with the entry "nnscratch"
    OUT.state          a safetensors file with "nnscratch" in its header, as all files of checkpoint.py

An image in a folder of ours has no mark of its own: its copy elsewhere, perhaps in a folder of data, is the user's.
"""
import json
import os
from pathlib import Path

from nnscratch.errors import InputError
from nnscratch.files import checksum, open_regular_file, read_file
from nnscratch.hints import checked

__all__ = ["users_entries"]

MANIFEST, LOCK, MARK, IMAGE_MARK = ".nnscratch.json", ".nnscratch.lock", "nnscratch", "written by nnscratch"
EDGE = 2**12  # bytes at the beginning and at the end of a file, in which its mark is


@checked
def users_entries(folder: Path) -> list[Path]:
    """List what nnscratch did not write, so that no output is taken for an input.

    Parameters
    ----------
    folder : Path
        A folder of data.

    Returns
    -------
    list of Path
        Files and folders in it, sorted by name, without hidden ones. In a folder that nnscratch made, and that the user names,
        these are all.
    """
    made, listed = read_manifest(folder) or (False, {})
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    return entries if made else [path for path in entries if not (
        (read_manifest(path) or [False])[0] if path.is_dir() else is_listed(path, listed) or is_ours(path))]


def read_manifest(folder: Path) -> tuple[bool, dict[str, int | None]] | None:
    """(whether nnscratch made the folder, {name: checksum} of its files in it); None if there is no list, or a damaged one.

    A file that was being written when its process was killed has the checksum None.
    """
    try:
        found = json.loads(read_file(folder / MANIFEST))
        files = {name: total for name, total in found["files"].items()
                 if Path(name).name == name and (total is None or type(total) is int)}
        return bool(found["made"]), files
    except (InputError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def is_listed(path: Path, files: dict[str, int | None]) -> bool:
    """Whether a file is as nnscratch wrote it, by the list in its folder: another file under its name is the user's."""
    try:
        return path.name in files and (files[path.name] is None or checksum(path) == files[path.name])
    except InputError:
        return False


def is_empty(folder: Path) -> bool:
    """Whether a folder holds nothing but what a killed process of ours leaves behind: it was about to write the list.

    The folders that we make have names without a suffix: one called image.png stands where an image belongs.
    """
    return folder.is_dir() and not folder.suffix and all(path.name.startswith(".nnscratch") for path in folder.iterdir())


def is_ours(path: Path, image: bool = True) -> bool:
    """Whether the mark of nnscratch is in a folder, a .json, .state or .safetensors file, or, if that counts, an image."""
    if os.path.isdir(path):
        return read_manifest(path) is not None
    try:
        with open_regular_file(path) as file:
            head = file.read(EDGE)
            file.seek(max(0, file.seek(0, os.SEEK_END) - EDGE))
            edges = head + file.read()
        if path.suffix.lower() == ".json":
            found = json.loads(read_file(path)) if MARK.encode() in head else None  # a folder may hold many large ones
            return isinstance(found, dict) and MARK in found
        return (head[8:9] == b"{" and b'"__metadata__":{"nnscratch"' in head) or (image and IMAGE_MARK.encode() in edges)
    except (InputError, OSError, ValueError, TypeError, RecursionError):
        return False
