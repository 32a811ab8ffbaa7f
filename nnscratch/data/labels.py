"""Labels: whole numbers (N,), the names of their classes, and one-hot rows (N, num_classes)."""
from itertools import chain, count
from typing import Any

import numpy as np

from nnscratch.backend import Array, numbers
from nnscratch.errors import InputError, printable

__all__: list[str] = []  # for the data sets

NUMBER_NAMES = "number names with  names, labels = np.unique(labels, return_inverse=True)"


def whole_labels(labels: Any, title: Any, length: int) -> Array:
    """The labels as int64 (N,); floats and bools that are whole numbers count as these, and so does a column (N, 1)."""
    found = numbers(labels, f"{title}: labels", "biuf", NUMBER_NAMES)
    found = found[:, 0] if found.shape == (length, 1) else found
    if found.shape != (length,):
        remedy = "of one-hot rows take labels.argmax(axis=1)" if found.ndim == 2 else "give as many as images"
        raise InputError(f"{title}: expected labels ({length},) of integers, one for each image, got {found.shape} of "
                         f"{found.dtype}: {remedy}")
    with np.errstate(invalid="ignore"):  # NaN
        whole = found.astype(np.int64)
    if (whole != found).any():
        raise InputError(f"{title}: labels of {found.dtype} hold {found[whole != found][0]}, expected whole numbers: leave out "
                         f"images without a label, or round with labels.round().astype(int)")
    return whole


def distinct_names(names: Any, title: str) -> list[str]:
    """Printable names; of those that are equal, all but the first get a number."""
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise InputError(f"{title}: class_names is {names!r:.40}, expected a list of strings: give a name for each class, "
                         f"those of an array with .tolist()")
    names = list(map(printable, names))
    taken: dict[str, None] = {}
    given = {*names}
    for name in names:
        new = (other for k in count(2) if (other := f"{name} ({k})") not in given)  # no class loses its own name to another
        taken[next(other for other in chain([name], new) if other not in taken)] = None
    return list(taken)


def one_hot_labels(labels: Array, num_classes: int) -> Array:
    """Labels (N,) as float32 rows (N, num_classes): 1 at the label, 0 elsewhere. No table of all classes is made."""
    rows = np.zeros((len(labels), num_classes), np.float32)
    rows[np.arange(len(labels)), labels] = 1
    return rows
