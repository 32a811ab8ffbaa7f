"""NVIDIA's own compilers compile the kernels, without a GPU, for old and new architectures and within resource limits.

A thread that needs more registers than available stores values in local memory ("spills") and becomes slow without any
warning. So this file has limits: registers of each kernel as reported by nvcc, rounded up, and no spills.
"""
import ctypes
import importlib.util
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from nnscratch.fast.cuda.kernel_registry import kernels, text
from nnscratch.fast.cuda.launcher import OPTIONS as OURS

FILES = sorted({kernel.file for kernel in kernels().values()})
OLDEST = {"implicit_gemm.cu": 80}  # TF32 needs Ampere; the others run on the oldest architecture of CUDA 13, 75 (Turing)
OPTIONS = *OURS, "-ftz=true"  # CuPy adds this option
ARCHITECTURES = (75, 80, 90, 120)

REGISTERS = {  # upper limits; four blocks of 256 threads with 64 registers fit into an SM, which hides memory latency
    "adam": 40, "adam_rate": 64, "average_pool": 48, "average_pool_backward": 48, "batch_norm": 40, "batch_norm_backward": 48,
    "batch_norm_backward_sums": 40, "batch_norm_moments": 40, "bias_leaky_relu": 32, "bias_leaky_relu_backward": 40,
    "channel_sums": 32, "col2im": 48, "dropout_mask": 48, "im2col": 48, "im2col_bf16": 48, "implicit_gemm": 128,
    "leaky_relu": 32, "leaky_relu_backward": 32, "max_pool": 48, "max_pool_backward": 48, "round_to_bf16": 32}
SHARED_BYTES = {"batch_norm": 3072, "batch_norm_moments": 3072, "batch_norm_backward_sums": 2048,
                "bias_leaky_relu_backward": 1024, "channel_sums": 1024, "implicit_gemm": 27648}


@cache
def known_to_nvcc():
    """The architectures that the installed nvcc can compile for."""
    listed = subprocess.run(["nvcc", "--list-gpu-code"], capture_output=True, text=True).stdout
    return {int(number) for number in re.findall(r"sm_(\d+)$", listed, flags=re.M)}


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_nvcc_compiles_all_kernels_without_spills(tmp_path, architecture):
    """Registers and shared memory of every kernel are within the limits above."""
    if not shutil.which("nvcc"):
        pytest.skip("nvcc is not there: it comes with NVIDIA's CUDA toolkit")
    if architecture not in known_to_nvcc():
        pytest.skip(f"this nvcc does not compile for sm_{architecture}")
    # One text, in which each file has its own namespace: nvcc reads CUDA's headers once.
    (tmp_path / "all.cu").write_text("\n".join(f"namespace {Path(file).stem}_cu {{\n{text(file)}\n}}" for file in FILES
                                               if architecture >= OLDEST.get(file, 0)))
    process = subprocess.run(["nvcc", "-cubin", f"-arch=sm_{architecture}", *OPTIONS, "-Xptxas", "-v", "-o",
                              tmp_path / "kernels.cubin", tmp_path / "all.cu"], capture_output=True, text=True)
    assert process.returncode == 0 and "warning" not in process.stderr, process.stderr
    seen = resources(process.stderr)
    expected = {kernel.name for kernel in kernels().values() if architecture >= OLDEST.get(kernel.file, 0)}
    assert set(seen) == expected
    for name, (spilt, registers, shared) in seen.items():
        assert spilt == 0 and registers <= REGISTERS[name] and shared <= SHARED_BYTES.get(name, 0), (name, seen[name])


def resources(report):
    """{kernel: (bytes spilled, registers, bytes of shared memory)} from the report of ptxas."""
    found = re.findall(r"properties for (\w+)\n.* (\d+) bytes spill stores.*\n.*Used (\d+) registers(.*)", report)
    return {name: (int(spilt), int(registers), int((re.search(r"(\d+) bytes smem", rest) or [0, 0])[1]))
            for name, spilt, registers, rest in found if name in kernels()}


def test_every_kernel_has_a_limit():
    """No kernel lacks a limit, and no limit lacks a kernel."""
    assert set(REGISTERS) == set(kernels()) and set(SHARED_BYTES) < set(REGISTERS)


def nvrtc():
    """The compiler that CuPy uses at run time, from NVIDIA's package; None if it is not installed."""
    spec = importlib.util.find_spec("nvidia")
    folders = [Path(folder) for folder in (spec.submodule_search_locations if spec else ())]
    libraries = [path for folder in folders for path in folder.glob("**/libnvrtc*.so.*") if "alt" not in path.name]
    for path in sorted(libraries, key=lambda path: "builtins" not in path.name):  # builtins first: a dependency
        library = ctypes.CDLL(str(path))
    return library if libraries else None


@pytest.mark.parametrize("file", FILES)
def test_nvrtc_compiles_the_text_that_cupy_gets(file):
    """The text and the options of launch(), compiled by the compiler that CuPy uses, which finds no header files."""
    library = nvrtc()
    if library is None:
        pytest.skip('NVRTC is not installed: pip install nvidia-cuda-nvrtc (cupy-cuda13x[ctk] brings it, too)')
    for architecture in ARCHITECTURES:
        if architecture >= OLDEST.get(file, 0):
            program, size = ctypes.c_void_p(), ctypes.c_size_t()
            library.nvrtcCreateProgram(ctypes.byref(program), text(file).encode(), file.encode(), 0, None, None)
            options = [f"-arch=sm_{architecture}".encode(), *(option.encode() for option in OPTIONS)]
            failed = library.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*options))
            library.nvrtcGetProgramLogSize(program, ctypes.byref(size))
            log = ctypes.create_string_buffer(size.value)
            library.nvrtcGetProgramLog(program, log)
            library.nvrtcDestroyProgram(ctypes.byref(program))
            assert not failed and "warning" not in log.value.decode(), log.value.decode()
