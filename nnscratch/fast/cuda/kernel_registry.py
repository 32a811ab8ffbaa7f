"""The kernels of this folder, read from their text: which there are, and what each wants to be given.

A kernel is written `extern "C" __global__ void __launch_bounds__(block) name(parameters)`, which says everything needed to
call it: how many threads a block has, and the type of each parameter.
"""
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

FOLDER = Path(__file__).parent
FIELDS = "H W KH KW SH SW DH DW top bottom left right OH OW"  # of the struct in window.h

# C's types as NumPy's. bfloat16, which NumPy lacks, travels as its bits.
TYPES = {"float": np.float32, "double": np.float64, "int": np.int32, "unsigned": np.uint32, "unsigned short": np.uint16,
         "long long": np.int64, "unsigned long long": np.uint64, "Window": [(name, np.int32) for name in FIELDS.split()]}

KERNEL = re.compile(r'extern "C" __global__ void __launch_bounds__\((\d+)\)\s+(\w+)\(([^)]*)\)')
PARAMETER = re.compile(r"(const )?([\w ]+?)(\*)?\s*(?:__restrict__ )?(\w+)")


class Parameter(NamedTuple):
    name: str
    ctype: str      # as it is written: "float"
    dtype: object   # the same for NumPy
    pointer: bool   # an array, else one number or one Window
    const: bool     # an array that is only read


class Kernel(NamedTuple):
    name: str
    file: str
    block: int      # threads in a block
    parameters: tuple


@cache
def text(file):
    """The whole text of a file, with our own headers put in: one piece, as compilers at run time want it."""
    return re.sub(r'#include "(\w+\.h)"\n', lambda found: text(found[1]), (FOLDER / file).read_text(encoding="utf-8"))


@cache
def kernels():
    """All kernels of the folder, {name: Kernel}."""
    return {kernel.name: kernel for path in sorted(FOLDER.glob("*.cu")) for kernel in read_kernels(text(path.name), path.name)}


def read_kernels(source, file=""):
    """Every kernel of a text."""
    return [Kernel(name, file, int(block), tuple(map(read_parameter, parameters.split(","))))
            for block, name, parameters in KERNEL.findall(source)]


def read_parameter(declaration):
    """`const float* __restrict__ x` as a Parameter."""
    const, ctype, pointer, name = PARAMETER.fullmatch(" ".join(declaration.split())).groups()
    return Parameter(name, ctype, np.dtype(TYPES[ctype]), bool(pointer), bool(const))
