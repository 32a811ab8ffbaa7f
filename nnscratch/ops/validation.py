"""Checks of arguments: a wrong one is refused before any work is done, by an InputError of one sentence."""
import operator
from collections.abc import Collection, Iterable, Mapping
from math import inf, isfinite, nan
from numbers import Real
from typing import Any

import numpy as np

from nnscratch.backend import Array, is_cupy_type
from nnscratch.errors import InputError

__all__: list[str] = []  # for the functions of this package; nothing that a user needs

LARGEST = 2**31 - 1  # of sizes, strides and paddings
WRT = ("all", "input", "parameters")
ARRAY, FLAG = (np.ndarray, np.generic), (bool, np.bool_)  # kinds of parts in a cache; arrays of CuPy are arrays, too
IMAGES = "(N, H, W, C): N images of H rows, W columns and C channels"


def check_is_array(op: Any, name: str, value: Any, expected: str = "an array") -> None:
    """Raise InputError unless the value is an array of NumPy or CuPy. This is the one place that decides what an array is.

    Lists are not converted: NumPy would choose a dtype that the caller has not written. A matrix is refused because it
    multiplies in another way, and a masked array because it forgets its mask.
    """
    kind = type(value)
    if kind is np.ndarray or is_cupy_type(kind):  # type: ignore[arg-type]  # a type is hashable, which mypy doubts
        return
    masked = isinstance(value, np.ma.MaskedArray)
    if masked or not isinstance(value, (np.ndarray, np.generic)) or isinstance(value, np.matrix):
        way_out = f"fill in its masked values with {name}.filled(0)" if masked else "wrap it in np.asarray(...)"
        raise InputError(f"{op}: {name} is a {kind.__name__}, expected {expected}; {way_out}")


def check_mapping(who: str, kind: str, named: Any) -> None:
    """Raise InputError unless this is a dict."""
    if not isinstance(named, Mapping):
        raise InputError(f"{who}: {kind} is a {type(named).__name__}, expected a dict of arrays, such as model.params")


def check_named(who: str, kind: str, named: Any) -> None:
    """Raise InputError unless these are arrays by their names."""
    check_mapping(who, kind, named)
    for name, array in named.items():
        check_is_array(who, f"{name!r} of {kind}", array)


def check_array(op: Any, name: str, array: Array, axes: int | None, meaning: str = IMAGES) -> None:
    """Raise InputError unless `array` holds float32, float64 or complex numbers and has so many axes (None: any number)."""
    if type(array) is not np.ndarray:
        check_is_array(op, name, array)
    shape, dtype = array.shape, array.dtype
    if axes is not None and len(shape) != axes:
        hint = " (add the missing axis with x[None])" if len(shape) == axes - 1 else ""
        raise InputError(f"{op}: {name} has shape {tuple(shape)}, expected {axes} axes {meaning}{hint}")
    if 0 in shape:
        raise InputError(f"{op}: {name} has shape {tuple(shape)}, expected at least one value along every axis")
    if dtype.kind not in "fc" or dtype.itemsize < 4:
        raise InputError(f"{op}: {name} has dtype {dtype}, expected float32 or float64; convert it with "
                         f'{name}.astype("float32"), and divide by 255 if it holds bytes of an image')


def check_shape(op: Any, name: str, array: Array, shape: Iterable[int], because: str) -> None:
    """Raise InputError unless `array` has exactly the shape; `because` explains where it comes from."""
    if type(array) is not np.ndarray:
        check_is_array(op, name, array)
    if tuple(array.shape) != tuple(shape):
        raise InputError(f"{op}: {name} has shape {tuple(array.shape)}, expected {tuple(shape)} {because}")


def check_form(op: Any, name: str, array: Array, form: tuple[int | str, ...]) -> None:
    """Raise InputError unless `array` has the form, such as (1, "H", "W", 3): a number, or a letter for any, per axis."""
    check_array(op, name, array, None)
    shape = array.shape
    if len(shape) == len(form):
        for given, wanted in zip(shape, form):
            if given != wanted and type(wanted) is int:
                break
        else:
            return
    raise InputError(f"{op}: {name} has shape {tuple(shape)}, expected ({', '.join(map(str, form))})")


def check_dy(op: Any, dy: Array, shape: Iterable[int], wrt: str = "all") -> None:
    """Raise InputError unless the upstream gradient has the shape of the output of the forward pass, and `wrt` is known."""
    check_wrt(op, wrt)
    check_array(op, "dy", dy, None)
    check_shape(op, "dy", dy, shape, "like the output of the forward pass")


def check_wrt(op: Any, wrt: str) -> None:
    """Raise InputError unless `wrt` is one of the three words."""
    if not isinstance(wrt, str) or wrt not in WRT:
        check_choice(wrt, f"{op}: wrt", WRT)


def check_cache(op: str, cache: Any, *kinds: Any) -> None:
    """Raise InputError unless the cache of a forward pass is an array, or a tuple of parts of these kinds."""
    if not kinds:
        check_array(op, "the cache", cache, None)
    elif isinstance(cache, tuple) and len(cache) == len(kinds):
        for part, kind in zip(cache, kinds):
            if not (isinstance(part, kind) or (kind is ARRAY and is_cupy_type(type(part)))):  # type: ignore[arg-type]
                break
        else:
            return
    if kinds:
        parts = f" of {', '.join(type(part).__name__ for part in cache)}" if isinstance(cache, tuple) else ""
        raise InputError(f"{op}: the cache is a {type(cache).__name__}{parts:.100}, expected what "
                         f"{op.removesuffix('_backward')} returned")


def check_int(value: Any, name: str, minimum: int) -> int:
    """A whole number of any type except bool, at least `minimum`, as a Python int."""
    try:
        if isinstance(value, bool) or operator.index(value) < minimum:
            raise TypeError
    except TypeError as error:
        raise InputError(f"{name} is {value!r:.100}, expected a whole number of at least {minimum}") from error
    return operator.index(value)


def check_seed(value: Any, name: str) -> int | list[int]:
    """A seed of NumPy's generators: a whole number of at least 0, or a list of them."""
    return [check_int(part, name, 0) for part in value] if isinstance(value, (list, tuple)) else check_int(value, name, 0)


def check_number(value: Any, name: str, expected: str = "a finite number") -> float:
    """A finite real number of any type except bool, as a Python float."""
    if type(value) is float and isfinite(value):  # almost always; ops are called often
        return value
    try:
        number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else nan
    except OverflowError:  # a whole number of more than 308 digits
        number = inf
    if not isfinite(number):
        raise InputError(f"{name} is {value!r:.100}, expected {expected}")
    return number


def check_numbers(value: Any, name: str, count: int) -> list[float]:
    """So many finite real numbers, as a list."""
    if not (isinstance(value, (list, tuple)) or getattr(value, "ndim", 0) == 1) or len(value) != count:
        raise InputError(f"{name} is {value!r:.100}, expected a list of {count} numbers")
    return [check_number(part, name) for part in value]


def check_fraction(value: Any, name: str, or_one: bool = False) -> float:
    """A real number of any type except bool, at least 0 and below 1 (or 1 itself), as a Python float."""
    if type(value) is float and 0 <= value < 1:
        return value
    expected = f"at least 0 and {'at most' if or_one else 'below'} 1"
    number = check_number(value, name, expected)
    if not 0 <= number <= 1 or (number == 1 and not or_one):
        raise InputError(f"{name} is {value!r}, expected {expected}")
    return number


def check_positive(value: Any, name: str, or_zero: bool = False) -> float:
    """A finite real number of any type except bool, above 0 (or 0 itself), as a Python float."""
    if type(value) is float and 0 < value < inf:
        return value
    expected = f"a finite number {'of at least' if or_zero else 'above'} 0"
    number = check_number(value, name, expected)
    if number < 0 or (number == 0 and not or_zero):
        raise InputError(f"{name} is {value!r}, expected {expected}")
    return number


def check_flag(value: Any, name: str) -> bool:
    """True or False, Python's or NumPy's."""
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(f"{name} is {value!r}, expected True or False")
    return bool(value)


def as_pair(value: Any, name: str, minimum: int = 1) -> tuple[int, int]:
    """A whole number, or a pair of them, as a pair (rows, columns); both at least `minimum`."""
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    try:
        first, second = (check_int(v, name, minimum) for v in both)
        if max(first, second) > LARGEST:
            raise ValueError
    except ValueError as error:
        raise InputError(f"{name} is {value!r:.100}, expected an int or a pair of ints, each at least {minimum}") from error
    return first, second


def check_choice(value: Any, name: str, options: Collection[str]) -> str:
    """The value, if it is one of the options."""
    if not isinstance(value, str) or value not in options:
        raise InputError(f"{name} {value!r} is unknown: choose one of {', '.join(options)}")
    return value


def check_precision(dtype: Any, name: str) -> np.dtype:
    """A dtype of real or complex numbers; files may keep them in float16."""
    try:
        if dtype is not None and (found := np.dtype(dtype)).kind in "fc":
            return found
    except TypeError:
        pass
    raise InputError(f"{name} is {dtype!r:.100}, expected float32, float64, or another dtype of real or complex numbers")


def check_function(value: Any, name: str) -> None:
    """Raise InputError unless the value can be called."""
    if not callable(value):
        raise InputError(f"{name} is a {type(value).__name__}, expected a function")


def check_type(value: Any, name: str, *kinds: type) -> None:
    """Raise InputError unless the value is an object of one of the classes."""
    if not isinstance(value, kinds):
        raise InputError(f"{name} is a {type(value).__name__}, expected a {' or a '.join(kind.__name__ for kind in kinds)}")
