"""Every public callable with every argument replaced by junk: an InputError or the right result, and no input is changed.

The callables are found by walking all modules. One that has no valid call in array_like_calls.py, and is none of the few named
exceptions, fails.
"""
import copy
import fnmatch
import importlib
import inspect
import warnings

import array_like_calls_more  # noqa: F401  # enters its calls
import numpy as np
import pytest
from array_like_calls import CALLS, FUNCTIONS
from array_like_exceptions import EXCEPTIONS, OTHERS_TO_MEND
from test_public_api import members, modules

from nnscratch.errors import InputError
from nnscratch.fast.rooms import Cache
from nnscratch.layers.base import Layer

ENGINE = ("backend", "fast", "gradcheck", "initializers", "layers", "lbfgs", "losses", "models", "ops", "optimizers")
MUST_FAIL = object()  # what replaces an argument that nothing could be right for
CHANGED = {("optimizers.base.Optimizer.step", "params")}  # in place, which is their purpose


def public_callables():
    """The dotted names of all public functions, classes and methods that take arguments, without `nnscratch.`."""
    found = {}
    for module in modules():
        for name, thing in members(importlib.import_module(module)):
            signature = None if inspect.isclass(thing) and issubclass(thing, BaseException) else inspect.signature(thing)
            if signature and [p for p in signature.parameters if p not in ("self", "cls")]:
                found[name.removeprefix("nnscratch.")] = thing
    return found


def excepted(name):
    return any(fnmatch.fnmatch(name, pattern) for pattern in EXCEPTIONS)


def test_every_public_callable_has_a_valid_call():
    """Or is a named exception; and neither list holds what does not exist."""
    names, called = public_callables(), {name.partition(",")[0] for name in CALLS}
    missing = [name for name in names if name not in called and not excepted(name)]
    assert not missing, f"no valid call in tests/array_like_calls.py: {missing}"
    assert not called - set(names), "calls of what is not public"
    assert all(fnmatch.filter(names, pattern) for pattern in EXCEPTIONS), "exceptions for what does not exist"
    assert set(OTHERS_TO_MEND) <= set(CALLS)


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


def numbers(result):
    """All arrays and numbers in a result, in order."""
    if isinstance(result, Cache):  # the rooms of fast save different things
        return []
    if isinstance(result, (np.ndarray, np.generic, float, int)):
        return [np.asarray(result)]
    if isinstance(result, dict):
        result = [result[key] for key in sorted(result, key=str)]
    if isinstance(result, (list, tuple)):
        return [array for part in result for array in numbers(part)]
    return []


def close(a, b):
    """Whether two results are equal but for rounding, which depends on the order in memory."""
    relative, absolute = (1e-4, 1e-6) if a.dtype == np.float32 else (1e-6, 1e-9)
    return a.shape == b.shape and np.allclose(a, b, relative, absolute, equal_nan=True)


def unchanged(before, after):
    """Whether an argument is what it was, bit for bit."""
    if isinstance(before, np.ma.MaskedArray):
        return bool((before.mask == after.mask).all()) and before.data.tobytes() == after.data.tobytes()
    if isinstance(before, np.ndarray):
        return before.dtype == after.dtype and before.shape == after.shape and before.tobytes() == after.tobytes()
    if isinstance(before, (list, tuple)):
        return len(before) == len(after) and all(map(unchanged, before, after))
    if isinstance(before, dict):
        return list(before) == list(after) and all(unchanged(before[key], after[key]) for key in before)
    return True


def snapshot(value):
    """A copy of the arrays in an argument."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(map(snapshot, value))
    if type(value) is list:
        return list(map(snapshot, value))
    return {key: snapshot(part) for key, part in value.items()} if type(value) is dict else None


def outcome(name, replaced=None):
    """The numbers of a call's result, or the exception; and whether its arguments are unchanged."""
    function, arguments = CALLS[name]()
    arguments |= replaced or {}
    before = {key: snapshot(value) for key, value in arguments.items() if (name, key) not in CHANGED}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = function(**arguments)
            if isinstance(getattr(function, "__self__", None), Layer):
                result = [result, dict(function.__self__.grads)]
    except Exception as error:
        result = error
    same = all(value is None or unchanged(value, arguments[key]) for key, value in before.items())
    return (result if isinstance(result, Exception) else numbers(result)), same


def complaints(name):
    """What is wrong with a callable: a sentence for each argument and junk."""
    function, arguments = CALLS[name]()
    result, same = outcome(name)
    if isinstance(result, Exception) or not same:
        yield f"{name}: the valid call gives {result!r}" if isinstance(result, Exception) else f"{name} changes its arguments"
        return
    parameters, engine = inspect.signature(function).parameters, name.split(".")[0] in ENGINE
    for key, value in arguments.items():
        for what, junk, clean in variants(value, engine):
            if what == "type" and key in FUNCTIONS:
                continue  # it can be called
            if junk is None and parameters[key].default is None:
                continue
            found, same = outcome(name, {key: junk})
            place = f"{name}({key}={what})"
            if not same:
                yield f"{place} is changed"
            if isinstance(found, InputError):
                continue
            if isinstance(found, Exception):
                yield f"{place}: {type(found).__name__}: {str(found)[:80]}"
            elif clean is MUST_FAIL:
                yield f"{place} is accepted"
            elif clean is not None:
                expected, _ = outcome(name, {key: clean})
                equal = not isinstance(expected, Exception) and len(found) == len(expected) and all(map(close, found, expected))
                if not equal:
                    yield f"{place} gives another result than the clean array"


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.xfail(strict=True, reason="not yet mended")]
                                               if name in OTHERS_TO_MEND else []) for name in CALLS])
def test_junk_is_refused_or_right(name):
    """One InputError or the right result, never another exception; what was given is bit for bit as it was."""
    wrong = list(complaints(name))
    assert not wrong, "\n".join(wrong)
