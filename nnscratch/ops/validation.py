"""Checks of arguments: a wrong one is refused before any work is done, by an InputError of one sentence."""
import operator
from collections.abc import Collection, Iterable
from math import isfinite
from numbers import Real
from typing import Any

from nnscratch.backend import Array
from nnscratch.errors import InputError

__all__: list[str] = []  # for the functions of this package; nothing that a user needs

IMAGES = "(N, H, W, C): N images of H rows, W columns and C channels"


def check_array(op: str, name: str, array: Array, axes: int | None, meaning: str = IMAGES) -> None:
    """Raise InputError unless `array` holds float32, float64 or complex numbers and has so many axes (None: any number)."""
    shape, dtype = getattr(array, "shape", None), getattr(array, "dtype", None)
    if shape is None or dtype is None:
        raise InputError(f"{op}: {name} is a {type(array).__name__}, expected an array; wrap it in np.asarray(...)")
    if axes is not None and len(shape) != axes:
        hint = " (add the missing axis with x[None])" if len(shape) == axes - 1 else ""
        raise InputError(f"{op}: {name} has shape {tuple(shape)}, expected {axes} axes {meaning}{hint}")
    if 0 in shape:
        raise InputError(f"{op}: {name} has shape {tuple(shape)}, expected at least one value along every axis")
    if dtype.kind not in "fc" or dtype.itemsize < 4:
        raise InputError(f"{op}: {name} has dtype {dtype}, expected float32 or float64; convert it with "
                         f'{name}.astype("float32"), and divide by 255 if it holds bytes of an image')


def check_shape(op: str, name: str, array: Array, shape: Iterable[int], because: str) -> None:
    """Raise InputError unless `array` has exactly the shape; `because` explains where it comes from."""
    if not hasattr(array, "shape"):
        raise InputError(f"{op}: {name} is a {type(array).__name__}, expected an array; wrap it in np.asarray(...)")
    if tuple(array.shape) != tuple(shape):
        raise InputError(f"{op}: {name} has shape {tuple(array.shape)}, expected {tuple(shape)} {because}")


def check_dy(op: str, dy: Array, shape: Iterable[int], wrt: str = "all") -> None:
    """Raise InputError unless the upstream gradient has the shape of the output of the forward pass, and `wrt` is known."""
    check_choice(wrt, f"{op}: wrt", ("all", "input", "parameters"))
    check_array(op, "dy", dy, None)
    check_shape(op, "dy", dy, shape, "like the output of the forward pass")


def check_int(value: Any, name: str, minimum: int) -> int:
    """A whole number of any type except bool, at least `minimum`, as a Python int."""
    try:
        if isinstance(value, bool) or operator.index(value) < minimum:
            raise TypeError
    except TypeError as error:
        raise InputError(f"{name} is {value!r}, expected a whole number of at least {minimum}") from error
    return operator.index(value)


def check_fraction(value: float, name: str) -> float:
    """A real number of any type, at least 0 and below 1, as a Python float."""
    if not (isinstance(value, Real) and 0 <= value < 1):
        raise InputError(f"{name} is {value!r}, expected at least 0 and below 1")
    return float(value)


def check_positive(value: Any, name: str, or_zero: bool = False) -> float:
    """A finite real number of any type except bool, above 0 (or 0 itself), as a Python float."""
    finite = isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)
    if not finite or value < 0 or (value == 0 and not or_zero):
        raise InputError(f"{name} is {value!r}, expected a finite number {'of at least' if or_zero else 'above'} 0")
    return float(value)


def as_pair(value: Any, name: str, minimum: int = 1) -> tuple[int, int]:
    """A whole number, or a pair of them, as a pair (rows, columns); both at least `minimum`."""
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    try:
        first, second = (check_int(v, name, minimum) for v in both)
    except ValueError as error:
        raise InputError(f"{name} is {value!r}, expected an int or a pair of ints, each at least {minimum}") from error
    return first, second


def check_choice(value: Any, name: str, options: Collection[str]) -> str:
    """The value, if it is one of the options."""
    if not isinstance(value, str) or value not in options:
        raise InputError(f"{name} {value!r} is unknown: choose one of {', '.join(options)}")
    return value
