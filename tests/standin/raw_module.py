"""CuPy's RawModule without a GPU: g++ compiles the CUDA kernels with cuda_on_cpu.h, and they run on the stand-in's arrays.

Stricter than CuPy, which passes on any arguments:

  arguments  as many as parameters; device arrays of the declared type in C order; numbers of exactly the declared
             type, so no Python numbers (CuPy converts every float to a double)
  arrays     each is copied between two guard zones of NaN, each zone with a different bit pattern, so that even a NaN
             copied from one array into another is detected; `const` arrays must be unchanged
  threads    run in the order given by `thread_order` (cuda_on_cpu.h); a barrier that not all threads reach is an error,
             and so is a write outside shared memory

Compiled libraries stay in the temporary folder; their names are hashes of the source and the options.
"""
import ctypes
import hashlib
import os
import re
import subprocess
import tempfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from nnscratch.fast.cuda.kernel_registry import read_kernels
from standin import streams

HEADER = Path(__file__).with_name("cuda_on_cpu.h")
GUARD = 1024  # elements before and after each array
MOST_THREADS = 1024
WRONG = {1: (RuntimeError, "not all threads reach the same barrier"), 2: (IndexError, "writes beside its shared memory"),
         3: (RuntimeError, "has a barrier that was not seen when it was built")}

launches = Counter()  # of each kernel, by name
_order = 0


@contextmanager
def thread_order(order):
    """Inside this block threads run in this order: 0 first to last, 1 last to first, 2 and above random."""
    global _order
    before, _order = _order, order
    try:
        yield
    finally:
        _order = before


def waiting_functions(code):
    """The names of functions that wait for other threads: barriers, shuffles, tensor cores, and functions that call them."""
    names = {"__syncthreads", "__syncwarp", "__shfl_xor_sync", "__shfl_down_sync", "multiply_tiles"}
    code = re.sub(r"//.*|__launch_bounds__\(\d+\)", "", code)
    functions = re.findall(r"(\w+)\([^{};]*\) \{\n(.*?)\n\}", code, flags=re.S)
    for _ in functions:
        names |= {name for name, body in functions if any(f"{other}(" in body for other in names)}
    return names


def translate(code):
    """The C++ for g++: the source itself, shared memory declared by a macro, and an entry point for each kernel."""
    kernels, waiting = read_kernels(code), waiting_functions(code)
    parts = [f'#include "{HEADER.name}"', '#line 1 "kernels.cu"']
    plain = re.sub(r'extern "C" __global__ void __launch_bounds__\(\d+\)', "static void", code)
    parts.append(re.sub(r"__shared__\s+([\w ]+?)\s+(\w+)((?:\[[^\]]+\])+);", r"SHARED(\1, \2, \3);", plain))
    for kernel in kernels:
        given = ", ".join(f"({p.ctype}*)given[{i}]" if p.pointer else f"*({p.ctype}*)given[{i}]"
                          for i, p in enumerate(kernel.parameters))
        entrance = f"run_{kernel.name}(const unsigned* grid, const unsigned* block, int order, void** arguments)"
        parts.append(f'extern "C" int {entrance} {{\n  static void** given;\n  given = arguments;\n'
                     f"  return cpu::launch(grid, block, order, {str(kernel.name in waiting).lower()}, "
                     f"[] {{ {kernel.name}({given}); }});\n}}")
    return "\n".join(parts)


def build(code, options):
    """The compiled library: from the temporary folder, or compiled now."""
    source = translate(code)
    flags = ["-O2", "-w", "-ffp-contract=off", "-fPIC", "-shared", "-I", str(HEADER.parent), *options,
             "-fsanitize=alignment", "-fsanitize-undefined-trap-on-error"]  # a GPU would stop as well
    key = hashlib.sha256("\0".join([source, HEADER.read_text(), *flags]).encode()).hexdigest()[:24]
    library = Path(tempfile.gettempdir()) / f"nnscratch-kernels-{key}.so"
    if not library.exists():
        part = library.with_suffix(f".{os.getpid()}")
        made = subprocess.run(["g++", *flags, "-x", "c++", "-", "-o", str(part)], input=source, capture_output=True, text=True)
        if made.returncode:
            raise CompileException(f"g++ does not compile it:\n{made.stderr}")
        os.replace(part, library)  # parallel test runs never see an incomplete file
    return ctypes.CDLL(str(library))


class CompileException(Exception):
    """Not a RuntimeError, as in CuPy."""


class RawModule:
    def __init__(self, *, code, options=()):
        self.kernels, self.library = {kernel.name: kernel for kernel in read_kernels(code)}, build(code, options)

    def get_function(self, name):
        return Function(self.kernels[name], getattr(self.library, f"run_{name}"))


class Guarded:
    """A copy of an array between guard zones, at an address with the array's own alignment: a view may begin anywhere."""

    def __init__(self, host, number):
        self.host, unsigned = host, np.dtype(f"u{host.itemsize}")
        nan = {2: 0x7FC0, 4: 0x7FC00000, 8: 0x7FF8 << 48}[host.itemsize]  # for floats; any other pattern works for integers
        self.patterns = [unsigned.type(nan + 1 + 2 * number + zone) for zone in (0, 1)]
        whole = np.empty(host.size + 2 * GUARD + 256, unsigned)
        start = GUARD + ((host.ctypes.data - whole.ctypes.data - GUARD * host.itemsize) % 256) // host.itemsize
        self.before, self.inside, self.behind = np.split(whole, [start, start + host.size])
        self.before[:], self.behind[:] = self.patterns
        self.inside[:] = host.reshape(-1).view(unsigned)
        self.address = self.inside.ctypes.data

    def untouched(self):
        return (self.before == self.patterns[0]).all() and (self.behind == self.patterns[1]).all()

    def unchanged(self):
        return np.array_equal(self.inside, self.host.reshape(-1).view(self.inside.dtype))

    def copy_back(self):
        self.host[...] = self.inside.view(self.host.dtype).reshape(self.host.shape)


class Function:
    """One kernel, called with a grid, a block and the arguments."""

    def __init__(self, kernel, run):
        self.kernel, self.run = kernel, run

    def __call__(self, grid, block, arguments):
        kernel = self.kernel
        if len(arguments) != len(kernel.parameters):
            raise TypeError(f"{kernel.name}: {len(arguments)} arguments for {len(kernel.parameters)} parameters")
        grid, block = ((*sizes, 1, 1)[:3] for sizes in (grid, block))
        if not 0 < np.prod(block) <= MOST_THREADS or min(grid) < 1 or grid[0] >= 2**31 or max(grid[1:]) >= 2**16:
            raise ValueError(f"{kernel.name}: a grid of {grid} blocks of {block} threads")
        for p, value in zip(kernel.parameters, arguments):
            self.check(p, value)  # mistakes are reported at once, also while a graph is captured
        reads, writes = ([value._host for p, value in zip(kernel.parameters, arguments) if p.pointer and p.const == const]
                         for const in (True, False))
        streams.do(lambda: self.launch(grid, block, arguments), reads, writes)

    def launch(self, grid, block, arguments):
        kernel = self.kernel
        given = [Guarded(value._host, number) if p.pointer else np.array(value)
                 for number, (p, value) in enumerate(zip(kernel.parameters, arguments))]
        launches[kernel.name] += 1
        addresses = (ctypes.c_void_p * len(given))(*(g.address if isinstance(g, Guarded) else g.ctypes.data for g in given))
        three = ctypes.c_uint * 3
        result = self.run(three(*grid), three(*block), ctypes.c_int(_order), addresses)
        if result:
            error, message = WRONG[result]
            raise error(f"{kernel.name} {message}")
        for p, array in zip(kernel.parameters, given):
            if p.pointer and not array.untouched():
                raise IndexError(f"{kernel.name} writes outside {p.name}")
            if p.const and not array.unchanged():
                raise RuntimeError(f"{kernel.name} writes to {p.name}, which is const")
        for p, array in zip(kernel.parameters, given):
            if p.pointer and not p.const:
                array.copy_back()

    def check(self, parameter, value):
        """Raise TypeError for arguments that the kernel would misread."""
        if not parameter.pointer:
            if isinstance(value, (np.generic, np.ndarray)) and value.dtype == parameter.dtype and value.size == 1:
                return
            raise TypeError(f"{self.kernel.name}: {parameter.name} is a {type(value).__name__}, declared as {parameter.ctype}")
        if type(value).__module__ != "cupy":
            raise TypeError(f"{self.kernel.name}: {parameter.name} is a {type(value).__name__}, not an array on the device")
        if value.dtype != parameter.dtype:
            raise TypeError(f"{self.kernel.name}: {parameter.name} is {value.dtype}, declared as {parameter.ctype}*")
        if not value.flags.c_contiguous:
            raise TypeError(f"{self.kernel.name}: {parameter.name} is not in C order")
