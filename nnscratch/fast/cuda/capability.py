"""What older GPUs lack. Tensor cores for TF32 and bfloat16 came with compute capability 8.0 (Ampere, 2020).

Everything else in this folder runs on every GPU that CuPy runs on. TF32, bfloat16 and implicit_gemm are used only if they are
asked for by name; on an older GPU they raise an error instead of running something slower, which would be measured by mistake.
"""
from functools import cache
from typing import Any

from nnscratch.errors import InputError

__all__: list[str] = []

TENSOR_CORES = 8, 0


def need_tensor_cores(xp: Any, what: str, way_out: str) -> None:
    """Raise InputError if the GPU in use has no tensor cores for TF32 and bfloat16."""
    name, found = gpu(xp, xp.cuda.Device().id)
    if found < TENSOR_CORES:
        raise InputError(f"{what} needs a GPU of compute capability {dotted(TENSOR_CORES)} or newer, but {name} has "
                         f"{dotted(found)}; {way_out}")


@cache
def gpu(xp: Any, device: int) -> tuple[str, tuple[int, int]]:
    """(name, compute capability as a pair of numbers)."""
    properties = xp.cuda.runtime.getDeviceProperties(device)
    return properties["name"].decode(), (properties["major"], properties["minor"])


def dotted(capability: tuple[int, int]) -> str:
    """(8, 0) as "8.0"."""
    return ".".join(map(str, capability))
