"""Array-likes as arrays, for what moves and measures numbers; the ops take arrays alone (ops/validation.py)."""
from typing import Any

import numpy as np

from nnscratch.errors import InputError

__all__: list[str] = []


def numbers(array: Any) -> np.ndarray:
    """An array, a number or a list of numbers as an array of NumPy; no copy of what is one."""
    try:
        found = np.asarray(array)
    except Exception as error:  # a ragged list, or anything at all in the __array__ of a stranger
        raise InputError(f"a {type(array).__name__} cannot be read as an array; give an array of numbers") from error
    if found.dtype.kind not in "biufc" or isinstance(array, np.ma.MaskedArray):
        raise InputError(f"a {type(array).__name__} of {found.dtype} was given, expected an array of numbers without a mask")
    return found
