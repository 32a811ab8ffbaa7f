"""The kernels of this folder, read from their source text: their names and parameters.

A kernel is declared `extern "C" __global__ void __launch_bounds__(block) name(parameters)`, which is all that a caller has to
know: how many threads a block has, and the type of each parameter. So nothing is written down twice.
"""
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

__all__: list[str] = []

FOLDER = Path(__file__).parent
FIELDS = "H W KH KW SH SW DH DW top bottom left right OH OW"  # of the struct in window.h

# C's types as NumPy's. bfloat16, which NumPy lacks, is passed as its bits.
TYPES: dict[str, Any] = {
    "float": np.float32, "double": np.float64, "int": np.int32, "unsigned": np.uint32, "unsigned short": np.uint16,
    "long long": np.int64, "unsigned long long": np.uint64, "Window": [(name, np.int32) for name in FIELDS.split()]}

KERNEL = re.compile(r'extern "C" __global__ void __launch_bounds__\((\d+)\)\s+(\w+)\(([^)]*)\)')
PARAMETER = re.compile(r"(const )?([\w ]+?)(\*)?\s*(?:__restrict__ )?(\w+)")


class Parameter(NamedTuple):
    """One parameter of a kernel."""

    name: str
    ctype: str       # as it is written: "float"
    dtype: np.dtype  # the same for NumPy
    pointer: bool    # an array, else one number or one Window
    const: bool      # an array that is only read


class Kernel(NamedTuple):
    """A kernel, as its declaration says."""

    name: str
    file: str
    block: int       # threads in a block
    parameters: tuple[Parameter, ...]


@cache
def text(file: str) -> str:
    """The text of a file with our own headers inserted: compilers at run time want one piece."""
    return re.sub(r'#include "(\w+\.h)"\n', lambda found: text(found[1]), (FOLDER / file).read_text(encoding="utf-8"))


@cache
def kernels() -> dict[str, Kernel]:
    """All kernels of the folder, {name: Kernel}."""
    return {kernel.name: kernel for path in sorted(FOLDER.glob("*.cu")) for kernel in read_kernels(text(path.name), path.name)}


def read_kernels(source: str, file: str = "") -> list[Kernel]:
    """Every kernel of a text."""
    return [Kernel(name, file, int(block), tuple(map(read_parameter, parameters.split(","))))
            for block, name, parameters in KERNEL.findall(source)]


def read_parameter(declaration: str) -> Parameter:
    """`const float* __restrict__ x` as a Parameter."""
    found = PARAMETER.fullmatch(" ".join(declaration.split()))
    assert found, f"{declaration!r} is no parameter as kernels of this folder declare them"
    const, ctype, pointer, name = found.groups()
    return Parameter(name, ctype, np.dtype(TYPES[ctype]), bool(pointer), bool(const))
