"""Where the data of a training are: a built-in name, or a path that is found again from another folder."""
import os
from typing import Any

from nnscratch.data.synthetic.registry import SYNTHETIC
from nnscratch.errors import InputError
from nnscratch.schema import optional, record, text, whole

__all__: list[str] = []  # for trainings

LARGEST_SIZE = 4096  # pixels
SOURCE = optional(record(data=text(), size=optional(whole(1, LARGEST_SIZE))))


def full_path(data: str) -> str:
    """The full path of a file or folder, so that it can be found from elsewhere; a built-in name as it is."""
    return os.path.abspath(data) if data not in SYNTHETIC and os.path.exists(data) else data


def check_size(size: int | None) -> None:
    """The size is possible."""
    if size is not None and not 1 <= size <= LARGEST_SIZE:
        raise InputError(f"--size is {size}, expected pixels from 1 to {LARGEST_SIZE}")


def choose_source(data: str | None, size: int | None, saved: dict[str, Any], trained: str = "generator") -> dict[str, Any]:
    """The source that is given, or the one that a training saved; InputError if its data are gone: a path is no name."""
    if data is None and saved["data"] not in SYNTHETIC and not os.path.exists(saved["data"]):
        raise InputError(f"the data {saved['data']}, on which the {trained} was trained, are gone; give their new place with "
                         f"--data")
    return {"data": saved["data"] if data is None else full_path(data), "size": saved["size"] if size is None else size}
