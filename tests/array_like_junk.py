"""Junk for test_array_likes.py: what replaces one argument of a valid call.

An array of another kind may be the same numbers, or nothing that could be meant. What stands for something else is just wrong.
"""
import copy
import warnings
from pathlib import Path

import numpy as np

MUST_FAIL = object()  # what replaces an argument that nothing could be right for


class Stranger:
    """It has the attributes of an array and no numbers, as an array of another library may look."""

    def __init__(self, like):
        self.shape, self.dtype, self.ndim, self.size = like.shape, like.dtype, like.ndim, like.size

    def __len__(self):
        return self.shape[0]


class Subclass(np.ndarray):
    """An ndarray of another class."""


def junk_arrays(a):
    """(what, junk, the clean array that it should count as) for an array; MUST_FAIL: only an InputError is right."""
    masked = np.ma.MaskedArray(a, mask=False)
    masked[(0,) * a.ndim] = np.ma.masked
    swapped, readonly = a.astype(a.dtype.newbyteorder()), a.copy()
    readonly.flags.writeable = False
    yield from (("None", None, MUST_FAIL), ("text", "text", MUST_FAIL), ("object", object(), MUST_FAIL),
                ("ragged list", [[1.0, 2.0], [3.0]], MUST_FAIL), ("stranger", Stranger(a), MUST_FAIL), ("dict", {}, MUST_FAIL),
                ("objects", np.full(a.shape, None, object), MUST_FAIL), ("strings", np.full(a.shape, "x"), MUST_FAIL),
                ("masked", masked, MUST_FAIL), ("dates", np.zeros(a.shape, "datetime64[s]"), MUST_FAIL),
                ("0-d", np.array(1.0, a.dtype), None), ("empty", a[:0], None), ("number", 1.0, None), ("empty list", [], None))
    yield from (("list", a.tolist(), a), ("big-endian", swapped, a), ("read-only", readonly, a),
                ("strided", np.repeat(a, 2, axis=-1)[..., ::2], a), ("column-major", np.asfortranarray(a), a),
                ("subclass", a.copy().view(Subclass), a), ("reversed", a[::-1].copy()[::-1], a))
    if a.ndim == 2:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            matrix = np.asmatrix(a.copy())
        yield "matrix", matrix, a
    if a.dtype.kind == "f":
        whole, half = a.astype(np.int8), a.astype(np.float16)
        yield from (("bytes", whole, whole.astype(a.dtype)), ("half", half, half.astype(a.dtype)),
                    ("bools", a > 0, (a > 0) * 1.0))


def junk_values():
    """What replaces an argument that is no array."""
    yield from (("None", None, None), ("text", "text", None), ("object", object(), None), ("NaN", float("nan"), None),
                ("negative", -1, None), ("fraction", 2.5, None), ("list", [], None), ("nested list", [[1], [1, 2]], None),
                ("array", np.zeros(3), None), ("masked", np.ma.masked_all(3), None), ("type", np.float32, None),
                ("huge", 10**400, None))


def variants(value, engine):
    """(what, another value, the clean one) for one argument: an array, a list or dict of arrays, or anything else."""
    if isinstance(value, np.ndarray):
        yield from junk_arrays(value)
        return
    yield from (junk for junk in junk_values() if engine or junk[0] != "huge")  # above the engine it may be a count of hours
    if isinstance(value, (list, dict)):
        for key, part in list(value.items() if isinstance(value, dict) else enumerate(value)):
            if isinstance(part, np.ndarray) and part.ndim:
                for what, junk, clean in junk_arrays(part):
                    replaced, expected = copy.copy(value), copy.copy(value)
                    replaced[key], expected[key] = junk, clean
                    yield f"{what} in it", replaced, clean if clean is MUST_FAIL or clean is None else expected


class Word(str):
    """A string of which only a few are right; any other str is a text, which is not tried."""


WRONG = {"None": None, "object": object(), "text": "text", "fraction": 3.7, "-1": -1, "NaN": float("nan"), "dict": {}}
LONG = "x" * 5000
RIGHT = (  # what may be right after all, for a value of this type
    (Word, ()), (str, ("text",)), (bool, ()), (int, ()), (float, ("fraction", "-1")), (Path, ("text",)), (dict, ("dict",)))


def wrong_values(value):
    """(what, another value) that cannot be right where `value` is."""
    right = next((names for kind, names in RIGHT if isinstance(value, kind)), ())
    yield from ((what, junk) for what, junk in WRONG.items() if what not in right)
    if isinstance(value, Path):
        yield from (("zero byte", "a\0b"), ("long name", LONG))
    elif isinstance(value, Word):
        yield "long word", LONG
    elif isinstance(value, np.ndarray):
        yield from (("objects", np.full(value.shape, None, object)), ("masked", np.ma.masked_all(value.shape)))
    elif type(value) in (list, tuple) and value:
        yield from ((f"{what} in it", type(value)([*value[:-1], junk])) for what, junk in wrong_values(value[-1]))
