"""NumPy or CuPy? Which one owns an array, how arrays move between them, and why there is no GPU.

CuPy has NumPy's names, so one line of mathematics runs on both: a formula asks its own arguments which module they
belong to, `xp = array_module(x)`, and goes on with `xp.exp(x)`. Only whoever *creates* an array has to choose a device,
and that choice is made here, by `use("auto" | "cpu" | "gpu")`.
"""
import logging
import sys
from functools import cache
from typing import Any, TypeAlias

import numpy as np

from nnscratch.errors import InputError

Array: TypeAlias = Any  # an ndarray, of NumPy or of CuPy: type checkers know nothing of CuPy's

log = logging.getLogger("nnscratch")

_device = "cpu"  # where new arrays are made; changed by use() alone


def array_module(*arrays):
    """The module that owns the arrays: `cupy` if one of them lives on the GPU, else `numpy`.

    CuPy is never imported here: an array of CuPy's can only exist once somebody has imported it.
    """
    for array in arrays:
        if on_gpu(type(array)):
            return sys.modules["cupy"]
    return np


@cache
def on_gpu(kind):
    """Whether arrays of this type live on a GPU. Asked many times a step, so each type is looked at once."""
    return kind.__module__.partition(".")[0] == "cupy"


def common_dtype(*arrays):
    """The precision of a result made of these arrays; None stands for an array that was not given."""
    arrays = [array for array in arrays if array is not None]
    return array_module(*arrays).result_type(*arrays)


def join(arrays, axis):
    """`concatenate` for any number of arrays. More than eight CuPy finds by a table of their addresses, which it uploads; and
    uploads cannot be recorded (fast/cuda/graph.py). So there they are joined by eights."""
    xp = array_module(*arrays)
    while xp is not np and len(arrays) > 8:
        arrays = [xp.concatenate(arrays[first:first + 8], axis=axis) for first in range(0, len(arrays), 8)]
    return xp.concatenate(arrays, axis=axis)


def gpu_status():
    """Whether a GPU can really be used, as `(module, reason, remedy)`; `module` is None when there is none.

    Importing CuPy, or asking it whether a GPU is there, proves little: the driver, cuBLAS or the kernel compiler may
    still be missing. Only a product and a kernel that have run count.
    """
    try:
        import cupy
        ones = cupy.ones((2, 2), cupy.float32)
        total = float((ones @ ones + ones).sum())  # cuBLAS makes the product, a compiled kernel the sum
    except Exception as error:  # CuPy reports a missing driver or library by many unrelated exceptions
        if isinstance(error, ModuleNotFoundError) and error.name == "cupy":
            remedy = 'pip install "cupy-cuda13x>=14,<15" (or "cupy-cuda12x>=14,<15" for a CUDA 12 driver)'
            return None, "CuPy is not installed", remedy
        cause = error.__cause__ or error  # a failed `import cupy` is a page of advice; its cause is one sentence
        return None, f"CuPy is installed but cannot compute ({_first_line(cause)})", _remedy(cause)
    if total != 12.0:
        return None, f"the GPU computed {total} where 12 was right", "check the GPU with nvidia-smi, then reinstall CuPy"
    return cupy, "a product and a kernel ran", ""


def _first_line(error):
    return f"{type(error).__name__}: {error}".strip().splitlines()[0].rstrip(".")


def _remedy(error):
    """The line that most likely repairs a CuPy that is installed but cannot compute."""
    text, wheels = f"{type(error).__name__} {error}".lower(), installed_wheels()
    if len(wheels) > 1:
        return (f'{" and ".join(wheels)} overwrite each other: pip uninstall -y {" ".join(wheels)} && '
                f'pip install "cupy-cuda13x>=14,<15" (or "cupy-cuda12x>=14,<15" for a CUDA 12 driver)')
    if "out of memory" in text or "outofmemory" in text or "memoryallocation" in text:
        return "nvidia-smi says which program holds the GPU's memory: end it, or choose another GPU by CUDA_VISIBLE_DEVICES"
    if "no kernel image" in text or "nokernelimage" in text:
        return 'this GPU is older than CUDA 13 supports: pip uninstall -y cupy-cuda13x && pip install "cupy-cuda12x>=14,<15"'
    if "insufficient" in text or "version" in text:
        # where there is no driver at all, CUDA calls it insufficient too
        return ('install or update the NVIDIA driver to 580 or newer, or with an older one: '
                'pip uninstall cupy-cuda13x && pip install "cupy-cuda12x>=14,<15"')
    if "libcuda.so" in text:
        return "install the NVIDIA driver, which brings libcuda, and check it with nvidia-smi"
    if "nvrtc" in text or "cublas" in text or "dynamiclib" in text or "shared object" in text or "headers" in text:
        return f'pip install "{wheels[0] if wheels else "cupy-cuda13x"}[ctk]" (brings the CUDA libraries that the driver lacks)'
    return "install an NVIDIA driver and check it with nvidia-smi, or go on with the CPU (--device cpu)"


def installed_wheels():
    """The names of the CuPy packages that are installed, of which there should be one."""
    from importlib.metadata import PackageNotFoundError, version
    found = []
    for name in ("cupy", "cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x"):
        try:
            version(name)
            found.append(name)
        except PackageNotFoundError:
            continue
    return found


def use(device="auto"):
    """Choose where new arrays are made, and return the choice: "cpu" or "gpu".

    `auto` takes the GPU if there is one and else says in one logged line why not; `gpu` never falls back.

    Raises
    ------
    InputError
        An unknown device, or `gpu` where no GPU can be used: with the reason and the line that repairs it.
    """
    global _device
    if device not in ("auto", "cpu", "gpu"):
        raise InputError(f'device {device!r} is unknown: choose "auto", "cpu" or "gpu"')
    chosen = "cpu"
    if device != "cpu":
        module, reason, remedy = gpu_status()
        if module is not None:
            chosen = "gpu"
        elif device == "gpu":
            raise InputError(f"device 'gpu' was asked for, but {reason}; to mend it: {remedy}")
        else:
            log.info("running on the CPU: %s", reason)
    _device = chosen
    return chosen


def current_module():
    """The array module of the device chosen by `use`."""
    if _device == "gpu":
        import cupy
        return cupy
    return np


def move(array, module):
    """The same numbers as an array of `module`: uploaded, downloaded, or the array itself if it is there already.

    InputError for an upload while a CUDA graph is recorded (fast/cuda/graph.py): played, it would give these numbers for ever.
    """
    if module is np:
        return array.get() if array_module(array) is not np else np.asarray(array)
    if array_module(array) is np and module.cuda.get_current_stream().is_capturing():
        raise InputError(f"an array of shape {np.shape(array)} is uploaded in a step that is being recorded, which would see "
                         f"these numbers for ever; upload it before, and give it to the step as an input")
    return module.asarray(array)


def to_device(array):
    """The array on the device chosen by `use`."""
    return move(array, current_module())


def to_cpu(array):
    """The array as a NumPy array; waits for the GPU if the array lives there."""
    return move(array, np)


def describe_device(module=None):
    """One line for people: which device computes, and through which library (None: the one chosen by `use`)."""
    cupy = current_module() if module is None else module
    if cupy is np:
        return f"CPU, NumPy {np.__version__}"
    name = cupy.cuda.runtime.getDeviceProperties(cupy.cuda.Device().id)["name"].decode()
    return f"GPU, {name}, CuPy {cupy.__version__}"
