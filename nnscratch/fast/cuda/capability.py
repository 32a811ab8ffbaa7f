"""What a GPU is too old for. Tensor cores that take TF32 and bfloat16 came with compute capability 8.0 (Ampere, 2020).

Everything else in this folder runs on whatever CuPy runs on, and "auto" chooses among that alone. TF32, bfloat16 and
implicit_gemm are taken where somebody asks for them by name; on an older GPU they are refused, not exchanged for something
slower: who asks for them asks for speed, and would measure another thing than he thinks.
"""
from functools import cache

from nnscratch.errors import InputError

TENSOR_CORES = 8, 0


def need_tensor_cores(xp, what, way_out):
    """Raise InputError where the GPU in use has none that take TF32 and bfloat16."""
    name, found = gpu(xp, xp.cuda.Device().id)
    if found < TENSOR_CORES:
        raise InputError(f"{what} needs a GPU of compute capability {dotted(TENSOR_CORES)} or newer, but {name} has "
                         f"{dotted(found)}; {way_out}")


@cache
def gpu(xp, device):
    """(name, compute capability as a pair of numbers)."""
    facts = xp.cuda.runtime.getDeviceProperties(device)
    return facts["name"].decode(), (facts["major"], facts["minor"])


def dotted(capability):
    return ".".join(map(str, capability))
