"""The files beside an image: OUT.png.json, how it was made, and OUT.png.state, how to continue while it is unfinished.

Shapes: a state holds the image x and its gradient (1, H, W, 3), and the memory of the minimizer.

Both contain a record: the input files with their checksums, and the settings. `--again` reads it from the first, `--resume`
from the second. Neither file is trusted: schemas say what each entry may be.
"""
import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from os import PathLike
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from nnscratch import checkpoint
from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.files import read_file, reason
from nnscratch.outputs import BestEffort
from nnscratch.schema import check, each, flag, number, optional, record, text, whole
from nnscratch.style import provenance
from nnscratch.style.provenance import FILE, file_record, style_record, verified_path, verified_style
from nnscratch.style.settings import Settings
from nnscratch.style.transfer import NUMBERS, State
from nnscratch.version import __version__

__all__ = ["read_sidecar", "read_state"]

SETTINGS = record(features=text(), weights=optional(text()), strength=number(0, 100), steps=whole(1), seed=whole(),
                  keep_colors=optional(text()), init=text(), optimizer=text(), statistics=text(),
                  max_memory=optional(number(0)), blend=optional(each(number(0), 1, 100)))
RECORD = record(content=FILE, styles=each(provenance.style, 1, 100), masks=each(FILE, 0, 100), size=whole(1, 10_000),
                style_scale=number(0.1, 10), settings=SETTINGS)
SIDECAR = record(interrupted=flag)
ARRAYS = re.compile(r"x|gradient|[sy]\d|adam/(steps|(image|picture)/\w+)")


class StateSaver:
    """Saves the state of a transfer to a file: every few seconds, and when it is interrupted.

    The state is a convenience: where it cannot be written, the transfer goes on, and a line says so.
    """

    SECONDS = 5

    def __init__(self, path: str | PathLike, record: dict[str, Any], frames: Callable[[], int] = lambda: 0) -> None:
        self.path, self.record, self.frames, self.written = Path(path), record, frames, perf_counter()
        self.latest: tuple[Callable[[], State], int] | None = None  # the state after the latest step, and the frames until then
        self.attempt = BestEffort("the transfer goes on, but could not be resumed")

    def begin(self) -> None:
        """Write the record alone, so that the file belongs to this transfer from its first moment."""
        self.write(lambda: ({}, {}), 0)

    def save(self, state: Callable[[], State]) -> None:
        """Take note of the state after a step; write it if the last one is old."""
        self.latest = state, self.frames()
        if perf_counter() - self.written > self.SECONDS:
            self.write(*self.latest)

    def write(self, state: Callable[[], State], frames: int) -> None:
        """Write a state, the number of frames until then, and the record to the file."""
        if self.attempt.failed:
            return  # a state may have a gigabyte: it is not tried again
        arrays, numbers = state()
        info = {"record": self.record, "frames": frames, **numbers}
        self.attempt(lambda: checkpoint.write_arrays(self.path, arrays, checkpoint.header_text(None, info)))
        self.written = perf_counter()

    def finish(self) -> None:
        """Write the last state of an interrupted transfer."""
        if self.latest is not None:
            self.write(*self.latest)


def make_record(content_path: str | PathLike, style_paths: Sequence[str | PathLike], masks: Sequence[str | PathLike],
                feather: int, size: int, style_scale: float, settings: Settings, every: int | None = None,
                explain: bool = False) -> dict[str, Any]:
    """The arguments of `stylize` as JSON values."""
    return {"nnscratch": __version__, "content": file_record(content_path),
            "styles": [style_record(path) for path in style_paths],
            "size": size, "style_scale": style_scale, "masks": [file_record(mask) for mask in masks],
            "feather": feather, "every": every, "explain": explain,
            "weights": None if settings.weights is None else file_record(settings.weights), "settings": asdict(settings)}


def arguments_from(path: Path, saved: Any) -> tuple[str, list[str], dict[str, Any]]:
    """The arguments of `stylize` in a record; InputError where an entry is wrong, or one of the files has changed."""
    remedy = "it does not say how an image was made; give the .json beside one, or start again without --resume"
    if isinstance(saved, dict) and isinstance(saved.get("settings"), dict):  # version 0.1 wrote colours, and no weights entry
        saved = saved | {"settings": {"colors" if name == "colours" else name: v for name, v in saved["settings"].items()}}
    check(saved, RECORD, path, remedy)
    weights, every = saved.get("weights"), saved.get("every")
    feather, explain = saved.get("feather", 0), saved.get("explain", False)  # older files lack these
    check(weights, optional(FILE), path, remedy)
    check(feather, whole(0, 10_000), path, remedy)
    check(explain, flag, path, remedy)
    check(every, optional(whole(1)), path, remedy)
    unknown = set(saved["settings"]) - {field.name for field in fields(Settings)}
    if unknown:
        raise InputError(f"{path} holds the setting {min(unknown)!r}, which this version does not know; use the version that "
                         f"wrote it")
    settings = saved["settings"] if weights is None else saved["settings"] | {"weights": verified_path(weights)}
    return verified_path(saved["content"]), [verified_style(style) for style in saved["styles"]], {
        "size": saved["size"], "style_scale": float(saved["style_scale"]), "every": every, "explain": explain,
        "masks": [verified_path(mask) for mask in saved["masks"]], "feather": feather, "settings": asdict(Settings(**settings))}


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
        made = json.loads(read_file(path, "the .json beside an image"))
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} does not say how an image was made ({reason(error)}); give the .json beside one") from error
    check(made, SIDECAR, path, "it does not say how an image was made; give the .json beside one")
    if made["interrupted"]:
        raise InputError(f"the image of {path} was stopped early, at a moment that cannot be reproduced; use another")
    return arguments_from(Path(path), made)


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
    if not os.path.lexists(path):
        raise InputError(f"there is no {path}, so no transfer to {output_path} was stopped; start it without --resume")
    arrays, header = checkpoint.read_arrays(path)
    numbers = header["info"]
    content, styles, arguments = arguments_from(path, numbers.pop("record", None))
    numbers.setdefault("frames", 0)
    remedy = "it does not say how to continue; start again without --resume"
    check(numbers, record(frames=whole(0)), path, remedy)
    if arrays:  # else the transfer was stopped before its first step
        check(numbers, NUMBERS, path, remedy)
        check_arrays(path, arrays)
    return content, styles, arguments | {"frames": numbers["frames"], "resume": (arrays, numbers) if arrays else None}


def check_arrays(path: Path, arrays: dict[str, Array]) -> None:
    """Raise InputError unless these are finite arrays of a minimizer, all of one shape. `transfer_style` knows which."""
    if not {"x", "gradient"} <= set(arrays):
        raise InputError(f"{path} holds no image or no gradient; start again without --resume")
    for name, array in arrays.items():
        counter = name == "adam/steps"
        if not ARRAYS.fullmatch(name) or array.dtype != (np.int64 if counter else np.float32) or (
                array.shape != (() if counter else arrays["x"].shape)) or not np.isfinite(array).all():
            raise InputError(f"{path} holds an array {name!r} {array.shape} of {array.dtype} that no state has, or NaN in it; "
                             f"start again without --resume")
