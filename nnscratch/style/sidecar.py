"""The files beside an image: OUT.png.json, how it was made, and OUT.png.state, how to continue while it is unfinished.

Shapes: a state holds the image x and its gradient (1, H, W, 3), and the memory of the minimizer.

Both contain a record: the input files with their checksums, and the settings. `--again` reads it from the first, `--resume`
from the second.
"""
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from time import perf_counter
from typing import Any
from zlib import crc32

from nnscratch import checkpoint
from nnscratch.data.synthetic.styles import is_style
from nnscratch.errors import InputError
from nnscratch.files import reason
from nnscratch.style.settings import Settings
from nnscratch.style.transfer import State
from nnscratch.version import __version__

__all__ = ["read_sidecar", "read_state"]


class StateSaver:
    """Saves the state of a transfer to a file: every few seconds, and when it is interrupted."""

    SECONDS = 5

    def __init__(self, path: str | PathLike, record: dict[str, Any]):
        self.path, self.record, self.written = Path(path), record, perf_counter()
        self.state: Callable[[], State] | None = None

    def save(self, state: Callable[[], State]) -> None:
        """Take note of the state after a step; write it if the last one is old."""
        self.state = state
        if perf_counter() - self.written > self.SECONDS:
            self.write(state)

    def write(self, state: Callable[[], State]) -> None:
        """Write a state and the record to the file."""
        arrays, numbers = state()
        checkpoint.write_arrays(self.path, arrays, checkpoint.header_text(None, {"record": self.record, **numbers}))
        self.written = perf_counter()

    def finish(self, interrupted: bool) -> None:
        """Write the last state of an interrupted transfer; remove the file of a finished one."""
        if not interrupted:
            self.path.unlink(missing_ok=True)
        elif self.state is not None:
            self.write(self.state)


def make_record(content_path: str | PathLike, style_paths: Sequence[str | PathLike], masks: Sequence[str | PathLike], size: int,
                style_scale: float, settings: Settings) -> dict[str, Any]:
    """The arguments of `stylize` as JSON values."""
    return {"nnscratch": __version__, "content": file_entry(content_path), "styles": [file_entry(path) for path in style_paths],
            "size": size, "style_scale": style_scale, "masks": [file_entry(mask) for mask in masks],
            "settings": asdict(settings)}


def arguments_from(record: dict[str, Any]) -> tuple[str, list[str], dict[str, Any]]:
    """The arguments of `stylize` in a record; InputError where one of the files has changed."""
    masks = [verified_path(mask) for mask in record["masks"]]
    return verified_path(record["content"]), [verified_path(style) for style in record["styles"]], {
        "size": int(record["size"]), "style_scale": float(record["style_scale"]), "masks": masks,
        "settings": asdict(Settings.from_saved(record["settings"]))}


def file_entry(path: str | PathLike) -> dict[str, Any]:
    """A file's full path and checksum; for a built-in style its name."""
    if is_style(path):
        return {"name": path}
    return {"path": str(Path(path).resolve()), "crc32": crc32(Path(path).read_bytes())}


def verified_path(entry: dict[str, Any]) -> str:
    """The path in a `file_entry`; InputError where the file is gone or has changed."""
    if "name" in entry:
        return str(entry["name"])
    path = Path(entry["path"])
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path} ({reason(error)}), from which the image was made; restore it") from error
    if crc32(data) != entry["crc32"]:
        raise InputError(f"{path} has changed since the image was made, expected the same file; restore the old one")
    return str(path)


def read_sidecar(path: str | PathLike) -> tuple[str, list[str], dict[str, Any]]:
    """Read how an image was made.

    Parameters
    ----------
    path : path of the .json beside the image

    Returns
    -------
    content_path : str
        The photograph.
    style_paths : list of str
        Style images, or names of built-in styles.
    arguments : dict
        The other arguments of `stylize`.

    Raises
    ------
    InputError
        Not such a file, a transfer that was interrupted, or an input file that has changed.
    """
    try:
        made = json.loads(Path(path).read_text())
        if made["interrupted"]:
            raise InputError(f"the image of {path} was stopped early, at a moment that cannot be reproduced; use another")
        return arguments_from(made)
    except OSError as error:
        raise InputError(f"cannot read {path} ({reason(error)}); give the .json beside an image") from error
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InputError(f"{path} does not say how an image was made ({reason(error)}); give the .json beside one") from error


def read_state(output_path: str | PathLike) -> tuple[str, list[str], dict[str, Any]]:
    """Read the state of an interrupted transfer.

    Parameters
    ----------
    output_path : path of the image that the transfer was to write

    Returns
    -------
    content_path : str
        The photograph.
    style_paths : list of str
        Style images, or names of built-in styles.
    arguments : dict
        The other arguments of `stylize`, with the state under "resume".

    Raises
    ------
    InputError
        No state, not such a file, or an input file that has changed.
    """
    path = Path(f"{output_path}.state")
    if not path.exists():
        raise InputError(f"there is no {path}, so no transfer to {output_path} was stopped; start it without --resume")
    arrays, header = checkpoint.read_arrays(path)
    try:
        content, styles, arguments = arguments_from(header["info"].pop("record"))
        numbers = header["info"]
        if not all(type(numbers[name]) is int for name in ("scale", "step")) or type(numbers["loss"]) is not float or not (
                {"x", "gradient"} <= set(arrays) and isinstance(numbers["history"], list)):
            raise ValueError("not a state of a transfer")
        return content, styles, arguments | {"resume": (arrays, numbers)}
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise InputError(f"{path} does not say how to continue ({reason(error)}); start again without --resume") from error
