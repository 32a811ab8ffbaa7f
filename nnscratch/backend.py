"""NumPy or CuPy? Which module owns an array, how arrays move between them, and why there is no GPU.

CuPy has NumPy's function names, so one line of mathematics runs on both: a formula asks which module its arguments belong
to, `xp = array_module(x)`, and continues with `xp.exp(x)`. Only code that *creates* an array has to choose a device, and
`use("auto" | "cpu" | "gpu")` makes that choice.
"""
import logging
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

from nnscratch.cupy_diagnosis import find_remedy, first_line
from nnscratch.errors import InputError

__all__ = ["Array", "array_module", "current_module", "describe_device", "gpu_status", "move", "to_cpu", "to_device", "use"]

Array: TypeAlias = Any  # an ndarray of NumPy or of CuPy; type checkers know nothing of CuPy's

log = logging.getLogger("nnscratch")
INSTALL = 'pip install "cupy-cuda13x>=14,<15" (or "cupy-cuda12x>=14,<15" for a CUDA 12 driver)'

_device = "cpu"  # where new arrays are created; only use() changes it


def array_module(*arrays: Array) -> Any:
    """The module that owns the arrays: `cupy` if one of them is on the GPU, else `numpy`.

    Parameters
    ----------
    *arrays : any number of arrays; scalars count as NumPy's

    Returns
    -------
    module
        `numpy` or `cupy`. CuPy is not imported: an array of CuPy's can only exist once CuPy has been imported.

    Examples
    --------
    >>> array_module(np.ones(3)).__name__
    'numpy'
    """
    for array in arrays:
        if is_cupy_type(type(array)):  # type: ignore[arg-type]  # a type is hashable, which mypy doubts
            return sys.modules["cupy"]
    return np


@cache
def is_cupy_type(kind: Any) -> bool:
    """Whether arrays of this type are CuPy's. Asked many times in a training step, so the answer for a type is cached."""
    return kind.__module__.partition(".")[0] == "cupy"


def common_dtype(*arrays: Array | None) -> Any:
    """The dtype of a result computed from these arrays; None stands for an array that was not given."""
    present = [array for array in arrays if array is not None]
    return array_module(*present).result_type(*present)


def concatenate(arrays: Sequence[Array], axis: int) -> Array:
    """`concatenate` for any number of arrays, also while a CUDA graph is recorded.

    For more than eight arrays, CuPy uploads a table of addresses, and uploads cannot be recorded (fast/cuda/graph.py).
    """
    xp = array_module(*arrays)
    while xp is not np and len(arrays) > 8:
        arrays = [xp.concatenate(arrays[first:first + 8], axis=axis) for first in range(0, len(arrays), 8)]
    return xp.concatenate(arrays, axis=axis)


def gpu_status() -> tuple[Any, str, str]:
    """Whether a GPU can really be used, and if not, why not.

    Importing CuPy proves little: driver, cuBLAS or compiler may be missing. A matrix product and a kernel have to run.

    Returns
    -------
    module : module or None
        `cupy`, or None if no GPU can be used.
    reason : str
        What was tried, and what failed.
    remedy : str
        The command or action that most likely helps; empty if a GPU can be used.
    """
    try:
        import cupy
        ones = cupy.ones((2, 2), cupy.float32)
        total = float((ones @ ones + ones).sum())  # cuBLAS makes the product, a compiled kernel the sum
    except Exception as error:  # CuPy reports a missing driver or library with many unrelated exceptions
        if isinstance(error, ModuleNotFoundError) and error.name == "cupy":
            return None, "CuPy is not installed", INSTALL
        cause = error.__cause__ or error  # a failed `import cupy` is a page of advice; its cause is one sentence
        return None, f"CuPy is installed but cannot compute ({first_line(cause)})", find_remedy(cause)
    if total != 12:
        return None, f"the GPU computed {total} where 12 was right", "check the GPU with nvidia-smi, then reinstall CuPy"
    return cupy, "a product and a kernel ran", ""


def use(device: str = "auto") -> str:
    """Choose the device on which new arrays are created.

    Parameters
    ----------
    device : {"auto", "cpu", "gpu"}
        "auto" takes the GPU if there is one, and otherwise logs one line with the reason; "gpu" never falls back.

    Returns
    -------
    str
        The choice: "cpu" or "gpu".

    Raises
    ------
    InputError
        The device is unknown, or "gpu" was asked for and no GPU can be used; the message gives the reason and the remedy.

    Examples
    --------
    >>> use("cpu")
    'cpu'
    """
    global _device
    if not isinstance(device, str) or device not in ("auto", "cpu", "gpu"):
        raise InputError(f'device {device!r} is unknown: use "auto", "cpu" or "gpu"')
    module, reason, remedy = (None, "", "") if device == "cpu" else gpu_status()
    if module is None and device == "gpu":
        raise InputError(f"device 'gpu' was asked for, but {reason}; to repair it: {remedy}")
    if module is None and device == "auto":
        log.info("running on the CPU: %s", reason)
    _device = "cpu" if module is None else "gpu"
    return _device


def current_module() -> Any:
    """The array module of the device chosen by `use`.

    Returns
    -------
    module
        `numpy` or `cupy`.
    """
    if _device == "gpu":
        import cupy
        return cupy
    return np


def move(array: Array, module: ModuleType | Any) -> Array:
    """The same numbers as an array of another module: uploaded, downloaded, or unchanged if it is there already.

    Parameters
    ----------
    array : array of NumPy or CuPy
    module : `numpy` or `cupy`

    Returns
    -------
    array of `module`
        A download waits for the GPU.

    Raises
    ------
    InputError
        An upload while a CUDA graph is recorded (fast/cuda/graph.py): every replay would see these same numbers.
    """
    if check_module(module) is np:
        return numbers(array)
    if array_module(array) is np:
        array = numbers(array)
        if module.cuda.get_current_stream().is_capturing():
            raise InputError(f"an array of shape {array.shape} is uploaded in a step that is being recorded, and every replay "
                             f"would see these numbers; upload it before, and give it to the step as an input")
    return module.asarray(array)


def check_module(module: ModuleType | Any) -> ModuleType | Any:
    """The module; InputError unless it is numpy or cupy."""
    if not (module is np or hasattr(module, "asarray") and hasattr(module, "cuda")):
        raise InputError(f"the module is {module!r:.100}, expected numpy or cupy")
    return module


def numbers(value: Any, name: str = "the array", kinds: str = "biufc", remedy: str = "give one with equal rows") -> np.ndarray:
    """An array as one of NumPy, not copied; a list or a number as one. A masked value is none: its number means nothing."""
    if type(value) is np.ndarray and value.dtype.kind in kinds:
        return value
    if is_cupy_type(type(value)):  # type: ignore[arg-type]
        value = value.get()
    masked = any(map(np.ma.is_masked, value if isinstance(value, (list, tuple)) else [value]))
    with suppress(Exception):  # of a ragged list, or of anything at all in the __array__ of a stranger
        if not masked and (found := np.asarray(value)).dtype.kind in kinds:
            return found
    raise InputError(f"{name} is a {type(value).__name__}{f' of {value.dtype}' if isinstance(value, np.ndarray) else ''}, "
                     f"expected an array of {'' if 'c' in kinds else 'real '}numbers: "
                     f"{'fill in its masked values with .filled(0)' if masked else remedy}")


def to_device(array: Array) -> Array:
    """The array on the device chosen by `use`.

    Parameters
    ----------
    array : array of NumPy or CuPy

    Returns
    -------
    array
        The same numbers on that device.
    """
    return move(array, current_module())


def to_cpu(array: Array) -> np.ndarray:
    """The array as a NumPy array; waits for the GPU if the array is there.

    Parameters
    ----------
    array : array of NumPy or CuPy

    Returns
    -------
    numpy.ndarray
        The same numbers.
    """
    return move(array, np)


def describe_device(module: ModuleType | Any = None) -> str:
    """One line for people: the device that computes, and its library.

    Parameters
    ----------
    module : module, optional
        `numpy` or `cupy`; by default that of the device chosen by `use`.

    Returns
    -------
    str
        For instance "CPU, NumPy 2.3.1".
    """
    cupy = current_module() if module is None else check_module(module)
    if cupy is np:
        return f"CPU, NumPy {np.__version__}"
    name = cupy.cuda.runtime.getDeviceProperties(cupy.cuda.Device().id)["name"].decode()
    return f"GPU, {name}, CuPy {cupy.__version__}"
