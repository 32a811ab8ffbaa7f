"""launch(name, threads, ...): run a kernel of this folder, with its arguments checked.

CuPy passes on whatever it is given, and CUDA reads it as whatever the kernel says: of a Python float, which arrives as a
double, a `float` parameter is the lower half; of float64 or transposed arrays the numbers are simply wrong. Nothing reports
any of that. So there is one door to all kernels, and here it is. (Shapes are for the caller to check: a kernel
is told sizes.) It never waits for the GPU, copies nothing to it, and makes no array: whoever calls it does, in the open.
"""
import operator
from functools import cache
from numbers import Real

import numpy as np

from nnscratch.backend import array_module, is_cupy_type
from nnscratch.errors import InputError
from nnscratch.fast.cuda.kernel_registry import TYPES, kernels, text

OPTIONS = ("-std=c++17",)  # for the compiler; CuPy adds the GPU's architecture, and -ftz=true: numbers below 1e-38 count as 0
MOST_BLOCKS = 2**16        # of a grid given as a number of threads; each thread then takes more than one element


def supported(*arrays):
    """Whether kernels of ours can compute with these arrays: all live on a GPU and hold float32. None counts as no array."""
    arrays = [array for array in arrays if array is not None]
    return bool(arrays) and all(array.dtype == np.float32 and hasattr(array_module(array), "RawModule") for array in arrays)


def launch(name, threads, *arguments):
    """Run a kernel.

    Parameters
    ----------
    name : the kernel, from any .cu file of this folder
    threads : int, how many elements there are to share out; or a tuple, the grid in blocks
    arguments : as the kernel's text has them: C-contiguous arrays on the GPU, numbers, a Window

    Raises
    ------
    InputError : an argument that the kernel would misread.
    """
    if name not in kernels():
        raise InputError(f"there is no kernel {name!r}: choose one of {', '.join(sorted(kernels()))}")
    kernel = kernels()[name]
    if len(arguments) != len(kernel.parameters):
        raise InputError(f"kernel {name} got {len(arguments)} arguments, expected {len(kernel.parameters)}: "
                         f"{', '.join(parameter.name for parameter in kernel.parameters)}")
    values = tuple([read(value) for read, value in zip(readers(name), arguments)])
    check_apart(kernel, arguments)
    if not isinstance(threads, tuple):
        threads = (min(MOST_BLOCKS, -(-threads // kernel.block)),)
    function(array_module(*arguments), name)(threads, (kernel.block,), values)


@cache
def function(xp, name):
    """The kernel of this name, compiled; its file is compiled once. RuntimeError where it cannot be, as for all that CUDA
    refuses: CuPy's own error is none."""
    try:
        return module(xp, kernels()[name].file).get_function(name)
    except xp.cuda.compiler.CompileException as error:
        raise RuntimeError(f"kernel {name} cannot be compiled for this GPU: {error}") from error


@cache
def module(xp, file):
    return xp.RawModule(code=text(file), options=OPTIONS)


@cache
def readers(name):
    """For each parameter of a kernel a function that makes of an argument what CuPy must be given.

    A launch that is right should cost little: what each parameter wants is looked up here, once, so that of an array that fits
    three things are asked, and of a number two. All that differs goes the long way, to be converted, or refused in a sentence.
    """
    return tuple(reader(kernels()[name], parameter) for parameter in kernels()[name].parameters)


def reader(kernel, parameter):
    """That function for one parameter."""
    dtype, scalar, whole = parameter.dtype, parameter.dtype.type, parameter.dtype.kind in "iu"

    def read_array(value):
        if not (is_cupy_type(type(value)) and value.dtype == dtype and value.flags.c_contiguous):
            refuse_array(kernel, parameter, value)
        return value

    def read_window(value):
        if not hasattr(value, "taps"):
            raise InputError(f"kernel {kernel.name}: {parameter.name} is a {type(value).__name__}, expected a Window; make one "
                             f"with ops.window.make_window")
        return as_struct(value)

    def read_whole(value):
        return scalar(value) if type(value) is int and low <= value <= high else number(kernel, parameter, value)

    def read_real(value):
        return scalar(value) if type(value) is float else number(kernel, parameter, value)

    if whole:
        low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    return read_array if parameter.pointer else read_window if parameter.ctype == "Window" else (
        read_whole if whole else read_real)


def refuse_array(kernel, parameter, value):
    """Raise InputError: the kernel would not find in this what it expects there."""
    if array_module(value) is np:
        given, way_out = f"a {type(value).__module__}.{type(value).__name__}", "move it with backend.move(x, cupy)"
    elif value.dtype != parameter.dtype:
        given, way_out = f"of {value.dtype}", f'convert it with {parameter.name}.astype("{parameter.dtype}")'
    else:
        given, way_out = "not contiguous (C order)", "copy it with cupy.ascontiguousarray(x)"
    raise InputError(f"kernel {kernel.name}: {parameter.name} is {given}, expected an array of {parameter.dtype} on the GPU; "
                     f"{way_out}")


def number(kernel, parameter, value):
    """A number of exactly the declared type."""
    whole = parameter.dtype.kind in "iu"
    try:
        if array_module(value) is not np or isinstance(value, bool) or not (whole or isinstance(value, Real)):
            raise TypeError
        if not whole:
            return parameter.dtype.type(value)
        limits, value = np.iinfo(parameter.dtype), operator.index(value)
        if not limits.min <= value <= limits.max:
            raise InputError(f"kernel {kernel.name}: {parameter.name} is {value}, expected {limits.min} to {limits.max}"
                             f"{'; use smaller arrays, such as fewer images at once' if value > limits.max else ''}")
        return parameter.dtype.type(value)
    except TypeError as error:
        raise InputError(f"kernel {kernel.name}: {parameter.name} is a {type(value).__name__}, expected a "
                         f"{'whole ' if whole else ''}number on the host ({parameter.ctype})") from error


def check_apart(kernel, arguments):
    """Raise InputError where an array that the kernel writes overlaps another argument: what it reads there is up to chance.

    The kernels promise as much to the compiler, by __restrict__.
    """
    places = []
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
def as_struct(window):
    """A Window as the struct of window.h; bottom and right come along, though no kernel needs them. CuPy passes a NumPy array
    of one element by value."""
    numbers = tuple(n for pair in window for side in pair for n in (side if isinstance(side, tuple) else (side,)))
    if max(numbers) > np.iinfo(np.int32).max:
        raise InputError(f"kernels got {window}, expected numbers up to {np.iinfo(np.int32).max}; use a smaller dilation, or "
                         f'algorithm="im2col"')
    return np.array([numbers], dtype=TYPES["Window"])
