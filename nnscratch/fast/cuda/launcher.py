"""launch(name, threads, ...): run a kernel of this folder, with its arguments checked.

CuPy passes on what it is given, and CUDA reads it as the kernel declares it. A Python float arrives as a double, so a `float`
parameter would get its lower half; float64 or transposed arrays would give wrong values. Nothing reports any of that. So every
launch goes through this function, which checks types and layouts. (The caller checks shapes: a kernel only gets sizes.) It
never waits for the GPU, copies nothing to it and makes no array.
"""
import operator
from collections.abc import Callable
from functools import cache
from numbers import Real
from typing import Any

import numpy as np

from nnscratch.backend import Array, array_module, is_cupy_type
from nnscratch.errors import InputError
from nnscratch.fast.cuda.kernel_registry import TYPES, Kernel, Parameter, kernels, text
from nnscratch.ops.window import Window

__all__ = ["launch", "supported"]

OPTIONS = ("-std=c++17",)  # for the compiler; CuPy adds the GPU's architecture, and -ftz=true: values below 1e-38 count as 0
MAX_BLOCKS = 2**16         # of a grid given as a number of threads; each thread then takes more than one element


def supported(*arrays: Array) -> bool:
    """Tell whether our kernels can compute with these arrays.

    Parameters
    ----------
    *arrays : array or None
        None stands for an array that is not given.

    Returns
    -------
    bool
        Whether there is one, and all are float32 on a GPU.

    Examples
    --------
    >>> supported(np.ones(3, np.float32))
    False
    """
    given = [array for array in arrays if array is not None]
    if not given or array_module(given[0]) is np:  # np has no kernels, and to ask it for a missing name is slow
        return False
    return all(array.dtype == np.float32 and hasattr(array_module(array), "RawModule") for array in given)


def launch(name: str, threads: int | tuple[int, ...], *arguments: Any) -> None:
    """Run a kernel.

    Parameters
    ----------
    name : str
        A kernel of any .cu file of this folder.
    threads : int or tuple of int
        How many elements there are; or, as a tuple, the grid in blocks.
    *arguments : array, number or Window
        As the kernel declares them; arrays are C-contiguous, on the GPU.

    Raises
    ------
    InputError
        For an argument that the kernel would misread.
    """
    if name not in kernels():
        raise InputError(f"there is no kernel {name!r}: choose one of {', '.join(sorted(kernels()))}")
    kernel = kernels()[name]
    if len(arguments) != len(kernel.parameters):
        raise InputError(f"kernel {name} got {len(arguments)} arguments, expected {len(kernel.parameters)}: "
                         f"{', '.join(parameter.name for parameter in kernel.parameters)}")
    values = tuple([read(value) for read, value in zip(readers(name), arguments)])
    check_disjoint(kernel, arguments)
    if not isinstance(threads, tuple):
        threads = (min(MAX_BLOCKS, -(-threads // kernel.block)),)
    function(array_module(*arguments), name)(threads, (kernel.block,), values)


@cache
def function(xp: Any, name: str) -> Callable[..., None]:
    """The compiled kernel of this name; its file is compiled once. RuntimeError if it cannot be compiled, as for every refusal
    of CUDA's: CuPy's own error is no RuntimeError."""
    try:
        return module(xp, kernels()[name].file).get_function(name)
    except xp.cuda.compiler.CompileException as error:
        raise RuntimeError(f"kernel {name} cannot be compiled for this GPU: {error}") from error


@cache
def module(xp: Any, file: str) -> Any:
    """The compiled .cu file."""
    return xp.RawModule(code=text(file), options=OPTIONS)


@cache
def readers(name: str) -> tuple[Callable[[Any], Any], ...]:
    """For each parameter of a kernel, the function that converts an argument to what CuPy must be given.

    A correct launch should cost little. So the type of each parameter is looked up here, once: an array that fits takes three
    checks, a number two. Only other arguments take the long way, which converts them or refuses them in a sentence.
    """
    return tuple(reader(kernels()[name], parameter) for parameter in kernels()[name].parameters)


def reader(kernel: Kernel, parameter: Parameter) -> Callable[[Any], Any]:
    """The function of one parameter."""
    dtype, scalar, integer = parameter.dtype, parameter.dtype.type, parameter.dtype.kind in "iu"

    def read_array(value: Any) -> Array:
        if not (is_cupy_type(type(value))  # type: ignore[arg-type]  # mypy does not know that a class is hashable
                and value.dtype == dtype and value.flags.c_contiguous):
            refuse_array(kernel, parameter, value)
        return value

    def read_window(value: Any) -> np.ndarray:
        if not hasattr(value, "taps"):
            raise InputError(f"kernel {kernel.name}: {parameter.name} is a {type(value).__name__}, expected a Window; make one "
                             f"with ops.window.make_window")
        return as_struct(value)

    def read_integer(value: Any) -> Any:
        return scalar(value) if type(value) is int and low <= value <= high else number(kernel, parameter, value)

    def read_real(value: Any) -> Any:
        return scalar(value) if type(value) is float else number(kernel, parameter, value)

    if integer:
        low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    return read_array if parameter.pointer else read_window if parameter.ctype == "Window" else (
        read_integer if integer else read_real)


def refuse_array(kernel: Kernel, parameter: Parameter, value: Any) -> None:
    """Raise InputError: the kernel would misread this array."""
    if array_module(value) is np:
        given, way_out = f"a {type(value).__module__}.{type(value).__name__}", "move it with backend.move(x, cupy)"
    elif value.dtype != parameter.dtype:
        given, way_out = f"of {value.dtype}", f'convert it with {parameter.name}.astype("{parameter.dtype}")'
    else:
        given, way_out = "not contiguous (C order)", "copy it with cupy.ascontiguousarray(x)"
    raise InputError(f"kernel {kernel.name}: {parameter.name} is {given}, expected an array of {parameter.dtype} on the GPU; "
                     f"{way_out}")


def number(kernel: Kernel, parameter: Parameter, value: Any) -> Any:
    """A number of exactly the declared type."""
    integer = parameter.dtype.kind in "iu"
    try:
        if array_module(value) is not np or isinstance(value, bool) or not (integer or isinstance(value, Real)):
            raise TypeError
        if not integer:
            return parameter.dtype.type(value)
        limits, value = np.iinfo(parameter.dtype), operator.index(value)
        if not limits.min <= value <= limits.max:
            raise InputError(f"kernel {kernel.name}: {parameter.name} is {value}, expected {limits.min} to {limits.max}"
                             f"{'; use smaller arrays, such as fewer images at once' if value > limits.max else ''}")
        return parameter.dtype.type(value)
    except TypeError as error:
        raise InputError(f"kernel {kernel.name}: {parameter.name} is a {type(value).__name__}, expected a "
                         f"{'whole ' if integer else ''}number on the host ({parameter.ctype})") from error


def check_disjoint(kernel: Kernel, arguments: tuple) -> None:
    """Raise InputError if an array that the kernel writes overlaps another argument.

    What the kernel reads there would depend on chance; it promises the compiler, by __restrict__, that there is no overlap.
    """
    places: list[tuple[Parameter, int, int]] = []
    for parameter, array in zip(kernel.parameters, arguments):
        if parameter.pointer:
            start = array.data.ptr
            places.append((parameter, start, start + array.nbytes))
    for written, start, end in places:
        if not written.const:
            for other, other_start, other_end in places:
                if start < other_end and other_start < end and other is not written:
                    raise InputError(f"kernel {kernel.name} writes {written.name}, which shares memory with {other.name}; "
                                     f"give it an array of its own")


@cache
def as_struct(window: Window) -> np.ndarray:
    """A Window as the struct of window.h. CuPy passes a NumPy array of one element by value."""
    numbers = tuple(n for pair in window for side in pair for n in (side if isinstance(side, tuple) else (side,)))
    if max(numbers) > np.iinfo(np.int32).max:
        raise InputError(f"kernels got {window}, expected numbers up to {np.iinfo(np.int32).max}; use a smaller dilation")
    return np.array([numbers], dtype=TYPES["Window"])
