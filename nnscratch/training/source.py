"""Where the data of a training are: a built-in name, or a path that is found again from another folder."""
import os
from typing import Any

from nnscratch.data.resize import MAX_SIDE, MIN_SIDE
from nnscratch.data.synthetic.registry import SYNTHETIC
from nnscratch.errors import InputError
from nnscratch.schema import optional, record, text, whole

__all__: list[str] = []  # for trainings

SOURCE = optional(record(data=text(), size=optional(whole(MIN_SIDE, MAX_SIDE))))


def full_path(data: str) -> str:
    """The full path of a file or folder, so that it can be found from elsewhere; a built-in name as it is."""
    return os.path.abspath(data) if data not in SYNTHETIC and os.path.exists(data) else data


def check_size(size: int | None) -> None:
    """The size is possible."""
    if size is not None and not MIN_SIDE <= size <= MAX_SIDE:
        raise InputError(f"--size is {size}, expected pixels from {MIN_SIDE} to {MAX_SIDE}; give such a number")


def choose_source(data: str | None, size: int | None, saved: dict[str, Any], trained: str = "generator") -> dict[str, Any]:
    """The source that is given, or the one that a training saved; InputError if its data are gone: a path is no name."""
    if data is None and saved["data"] not in SYNTHETIC and not os.path.exists(saved["data"]):
        raise InputError(f"the data {saved['data']}, on which the {trained} was trained, are gone; give their new place with "
                         f"--data")
    return {"data": saved["data"] if data is None else full_path(data), "size": saved["size"] if size is None else size}
