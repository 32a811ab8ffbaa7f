"""What callers give as arrays and names of classes, checked before it is used; and labels as one-hot rows."""
from itertools import chain, count
from typing import Any

import numpy as np

from nnscratch.backend import Array, to_cpu
from nnscratch.errors import InputError, printable

__all__: list[str] = []  # for the data sets


def as_array(value: Any, name: str) -> Array:
    """A NumPy array of numbers; raise InputError for anything else, ragged lists and masked values among it."""
    if isinstance(value, np.ma.MaskedArray):
        if np.ma.is_masked(value):
            raise InputError(f"{name} is a MaskedArray with masked values, expected an array of numbers: fill them in with "
                             f".filled(0)")
        value = value.data
    try:
        array = np.asarray(to_cpu(value) if hasattr(value, "dtype") else value)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{name} is a {type(value).__name__} that is no array, expected an array of numbers: make it "
                         f"rectangular") from error
    if array.dtype.kind not in "biufc":
        raise InputError(f"{name} is a {type(value).__name__} of {array.dtype}, expected an array of numbers: give one")
    return array


def byte_array(images: Any, title: str) -> Array:
    """An array; of integers in nested lists, which have no dtype yet, one of bytes."""
    array = as_array(images, f"{title}: images")
    untyped = isinstance(images, (list, tuple)) and array.dtype.kind in "iu" and array.size
    return array.astype(np.uint8) if untyped and 0 <= array.min() <= array.max() <= 255 else array


def distinct_names(names: Any, title: str) -> list[str]:
    """Printable names; of those that are equal, all but the first get a number."""
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise InputError(f"{title}: class_names is {names!r:.40}, expected a list of strings: give a name for each class")
    taken: dict[str, None] = {}
    for name in map(printable, names):
        candidates = chain([name], (f"{name} ({k})" for k in count(2)))
        taken[next(other for other in candidates if other not in taken)] = None
    return list(taken)


def one_hot_labels(labels: Array, num_classes: int) -> Array:
    """Labels (N,) as float32 rows (N, num_classes): 1 at the label, 0 elsewhere. No table of all classes is made."""
    rows = np.zeros((len(labels), num_classes), np.float32)
    rows[np.arange(len(labels)), labels] = 1
    return rows
