"""The dict in a pickle of CIFAR, without running anything that the pickle asks for: nnscratch/pickles.py says how.

Shapes: the arrays that are pickled are bytes (N, 3072).
"""
import io
from typing import Any

import numpy as np

from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.files import FilePath, reason
from nnscratch.pickles import ENCODE, StandIn, Unpickler

__all__: list[str] = []  # for the reader of CIFAR

RECONSTRUCT, FROMBUFFER = "numpy.core.multiarray._reconstruct", "numpy.core.numeric._frombuffer"
ALLOWED = {RECONSTRUCT, FROMBUFFER, ENCODE, "numpy.ndarray", "numpy.dtype"}


def is_pickle(head: bytes) -> bool:
    """Whether a file with these first bytes could be a pickle, of a protocol that announces itself."""
    return len(head) > 1 and head[0] == 0x80 and 2 <= head[1] <= 5


def unpickle(path: FilePath, data: bytes) -> dict[Any, Any]:
    """The dict in a pickle, its keys as bytes, its arrays as StandIns."""
    try:
        found = Unpickler(io.BytesIO(data), ALLOWED).load()
        if not isinstance(found, dict):
            raise ValueError(f"it holds a {type(found).__name__}, not a dict")
        return {as_bytes(key): value for key, value in found.items()}
    except Exception as error:  # a damaged pickle can raise any exception
        raise InputError(f"{path} is refused as a pickle ({reason(error)[:90]}), expected data and labels alone: give a batch "
                         f"of CIFAR as it was published") from error


def rows_of(array: Any, width: int) -> Array:
    """The bytes (N, width) of the array that a StandIn stands for."""
    if not isinstance(array, StandIn):
        raise ValueError("no array")
    if array.name == RECONSTRUCT:
        _, shape, dtype, by_columns, data = array.state
        order = "F" if by_columns else "C"
    else:  # FROMBUFFER: pickles of protocol 5
        data, dtype, shape, order = array.arguments[:4]
    if type(shape) is not tuple or [type(side) for side in shape] != [int, int] or type(order) is not str:
        raise ValueError("an array of another shape")
    if as_bytes(dtype.arguments[0]) != b"u1" or shape[1] != width:
        raise ValueError("an array of another width or type")
    return np.frombuffer(as_bytes(data), np.uint8).reshape(shape, order="F" if order == "F" else "C")


def as_bytes(text: Any) -> Any:
    """Text as bytes, anything else unchanged: Python 3 pickles text where Python 2 pickled bytes."""
    return text.encode("latin1", "replace") if isinstance(text, str) else text
