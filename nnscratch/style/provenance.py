"""Where a result came from: each input file with its full path and its checksum, so that it is found and recognised again."""
import os
from pathlib import Path
from typing import Any

from nnscratch.data.synthetic.styles import is_style
from nnscratch.errors import InputError
from nnscratch.files import FilePath, checksum
from nnscratch.hints import checked
from nnscratch.schema import Rule, record, text, whole

__all__ = ["file_record", "style_record", "verified_path", "verified_style"]

FILE: Rule = record(path=text(), crc32=whole(0, 2**32 - 1))  # what `file_record` returns


def style(value: Any, place: str) -> None:
    """The schema of what `style_record` returns."""
    if isinstance(value, dict) and "name" in value:
        if not is_style(value["name"]):
            raise InputError(f"{place.lstrip('.')} is {value['name']!r:.40}, expected the name of a built-in style")
    else:
        FILE(value, place)


def file_record(path: FilePath) -> dict[str, Any]:
    """Describe a file.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    dict
        Its full "path" and its "crc32".

    Raises
    ------
    InputError
        It cannot be read.
    """
    total = checksum(path)  # first: a path that cannot be read may not even be resolved
    return {"path": os.fsdecode(Path(path).resolve()), "crc32": total}


@checked
def verified_path(entry: dict[str, Any], what: str = "the image was made") -> str:
    """The path in a `file_record`.

    Parameters
    ----------
    entry : dict
        From `file_record`.
    what : str
        What happened with the file, for the error message.

    Returns
    -------
    str
        The path.

    Raises
    ------
    InputError
        The file is gone or has changed.
    """
    path = entry["path"]
    if not os.path.exists(path):
        raise InputError(f"{path}, from which {what}, is gone; put it back")
    if checksum(path) != entry["crc32"]:
        raise InputError(f"{path} has changed since {what}, expected the same file; put the old one back")
    return path


def style_record(path: FilePath) -> dict[str, Any]:
    """Describe a style image.

    Parameters
    ----------
    path : str or path
        A file, or the name of a built-in style.

    Returns
    -------
    dict
        As `file_record`, or the "name" of the style.
    """
    return {"name": str(path)} if is_style(path) else file_record(path)


@checked
def verified_style(entry: dict[str, Any], what: str = "the image was made") -> str:
    """The style in a `style_record`.

    Parameters
    ----------
    entry : dict
        From `style_record`.
    what : str
        What happened with the file, for the error message.

    Returns
    -------
    str
        The name of a built-in style, or the path of an unchanged file.
    """
    return str(entry["name"]) if "name" in entry else verified_path(entry, what)
