"""launch(): what it refuses, in one sentence each; how it reads the .cu files; and that the wheel contains them."""
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest
from helpers import NO_KERNELS, on

from nnscratch import fast
from nnscratch.errors import InputError
from nnscratch.fast import cuda
from nnscratch.fast.cuda import kernel_registry, launcher
from nnscratch.fast.cuda.kernel_registry import FIELDS, Parameter, kernels, read_parameter, text
from nnscratch.fast.cuda.launcher import as_struct
from nnscratch.ops.window import make_window

ROOT = Path(__file__).parent.parent


def given(cp):
    """Valid arguments for channel_sums: x (3, 4), sums (1, 4), rows, C, part_rows."""
    return [on(cp, np.ones((3, 4), np.float32)), on(cp, np.zeros((1, 4), np.float32)), 3, 4, 3]


REFUSED = {
    "a NumPy array": (0, lambda cp, x: np.ones((3, 4), np.float32), "a numpy.ndarray, expected an array of float32 on the GPU"),
    "a list": (0, lambda cp, x: [1.0], "a builtins.list, expected an array"),
    "None": (0, lambda cp, x: None, "expected an array"),
    "float64": (0, lambda cp, x: x.astype(np.float64), r'of float64, .* convert it with x.astype\("float32"\)'),
    "float16": (0, lambda cp, x: x.astype(np.float16), "of float16"),
    "whole numbers": (0, lambda cp, x: x.astype(np.int32), "of int32"),
    "a transposed view": (0, lambda cp, x: x.T, "not contiguous .*ascontiguousarray"),
    "every second row": (0, lambda cp, x: x[::2], "not contiguous"),
    "the array it writes": (1, lambda cp, x: x, "writes sums, which shares memory with x"),
    "a piece of the array it writes": (1, lambda cp, x: x[1:2], "writes sums, which shares memory with x"),
    "a float for an int": (2, lambda cp, x: 3.0, "rows is a float, expected a whole number on the host"),
    "a bool": (2, lambda cp, x: True, "rows is a bool"),
    "an array for a number": (2, lambda cp, x: x[0, 0], "rows is a ndarray, expected a whole number on the host"),
    "more than an int can count": (2, lambda cp, x: 2**31, "rows is 2147483648, expected .* to 2147483647; use smaller"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_arguments_are_refused(cp, name):
    """Each error names the kernel and the parameter, before anything is launched."""
    place, wrong, message = REFUSED[name]
    arguments = given(cp)
    arguments[place] = wrong(cp, arguments[0])
    with pytest.raises(InputError, match=message):
        cuda.launch("channel_sums", (1, 1), *arguments)
    cuda.launch("channel_sums", (1, 1), *given(cp))


def test_numbers_are_converted_to_the_declared_type(cp):
    """Python and NumPy numbers of any width become a float; other objects are refused."""
    bias = on(cp, np.zeros(4, np.float32))
    for slope in (0.5, 1, np.float64(0.5), np.float16(0.5), np.int64(1)):
        y = on(cp, -np.ones((1, 4), np.float32))
        cuda.launch("bias_leaky_relu", 4, y, bias, slope, 4, np.int64(4))
        assert y.tolist() == [[-float(slope)] * 4]
    for slope in ("0.5", 1j, None, bias):
        with pytest.raises(InputError, match="slope is a .*, expected a number on the host"):
            cuda.launch("bias_leaky_relu", 4, y, bias, slope, 4, 4)


def test_only_a_window_is_accepted_as_a_window(cp):
    """A tuple with the right numbers in the wrong order would not be detected."""
    x, y = on(cp, np.ones((1, 2, 2, 1), np.float32), np.ones((1, 1, 1, 1), np.float32))
    with pytest.raises(InputError, match="w is a tuple, expected a Window; make one with"):
        cuda.launch("max_pool", 1, x, y, (2, 2) * 7, 1, 1)


def test_missing_arguments_and_unknown_kernels_are_named(cp):
    """Too few arguments: the sentence lists all of them; an unknown kernel: it lists the known ones."""
    with pytest.raises(InputError, match="got 4 arguments, expected 5: x, sums, rows, C, part_rows"):
        cuda.launch("channel_sums", (1, 1), *given(cp)[:-1])
    with pytest.raises(InputError, match="no kernel 'conv'.* im2col"):
        cuda.launch("conv", 1)


def test_launching_neither_waits_nor_uploads(cp):
    """Not even for scalars, which are passed with the launch."""
    arguments = given(cp)
    if not hasattr(cp, "forbid_sync"):
        pytest.skip("only the stand-in counts")
    before = cp.counts["uploads"]
    with cp.forbid_sync():
        cuda.launch("channel_sums", (1, 1), *arguments)
    assert cp.counts["uploads"] == before


def test_only_float32_on_a_gpu_uses_the_kernels(cp):
    """All other arrays use the formula."""
    x = on(cp, np.ones(3, np.float32))
    assert cuda.supported(x) and cuda.supported(x, None)
    assert not any(map(cuda.supported, (x.get(), x.astype(np.float64), x.astype(np.complex64), None)))
    assert not cuda.supported(x, x.astype(np.float64))


def test_a_file_is_compiled_once(standin, monkeypatch):
    """However many of its kernels are launched, and however often."""
    if not hasattr(standin, "RawModule"):
        pytest.skip(NO_KERNELS)
    compiled = []
    monkeypatch.setattr(standin, "RawModule", lambda **options: compiled.append(options) or options_module(**options))
    options_module = standin.raw_module.RawModule
    launcher.module.cache_clear()
    launcher.function.cache_clear()
    x = on(standin, np.ones((3, 4), np.float32))
    for _ in range(2):
        y, cache = fast.bias_leaky_relu(x, x[0].copy(), 0.1)
        fast.bias_leaky_relu_backward(x, cache)
    assert len(compiled) == 1 and compiled[0] == {"code": text("activations.cu"), "options": ("-std=c++17",)}


def test_a_kernel_that_does_not_compile_is_a_runtime_error(standin, monkeypatch):
    """Like all other errors of CUDA; callers that measure or record catch it. CuPy's own exception is not a RuntimeError."""
    if not hasattr(standin, "RawModule"):
        pytest.skip(NO_KERNELS)
    assert not issubclass(standin.cuda.compiler.CompileException, RuntimeError)
    monkeypatch.setattr(launcher, "module", lambda xp, file: xp.RawModule(code=text(file) + "nothing;"))
    launcher.function.cache_clear()
    with pytest.raises(RuntimeError, match="kernel leaky_relu cannot be compiled for this GPU: .*does not compile"):
        fast.leaky_relu(on(standin, np.ones(3, np.float32)), 0.2)


def test_signatures_are_parsed_as_they_are_written():
    """Every form of a parameter in the folder."""
    for declaration, expected in {
            "const float* __restrict__ x": ("x", "float", "f4", True, True),
            "\n   unsigned short* __restrict__\n columns": ("columns", "unsigned short", "u2", True, False),
            "long long* steps": ("steps", "long long", "i8", True, False),
            " unsigned long long seed": ("seed", "unsigned long long", "u8", False, False)}.items():
        name, ctype, dtype, *rest = expected
        assert read_parameter(declaration) == Parameter(name, ctype, np.dtype(dtype), *rest)
    assert read_parameter("double rate").dtype == np.float64 and read_parameter("unsigned first").dtype == np.uint32


def test_every_kernel_of_the_folder_is_found():
    """All kernels in the files, each with its block size in the declaration, and without duplicate names."""
    texts = [path.read_text() for path in kernel_registry.FOLDER.glob("*.cu")]
    assert len(kernels()) == sum(each.count("__global__") for each in texts) > 15
    assert all(kernel.block == 256 and kernel.parameters for kernel in kernels().values())
    assert all("#include" not in text(kernel.file) for kernel in kernels().values()), "what is compiled is one piece"


def test_every_read_only_array_is_const_and_restrict():
    """`const` and __restrict__ let launch() detect an array at the wrong position, so every pointer has one of them."""
    for kernel in kernels().values():
        pointers = sum(parameter.pointer for parameter in kernel.parameters)
        declaration = text(kernel.file).split(f"{kernel.name}(")[1].split(")")[0]
        assert declaration.count("* __restrict__ ") == pointers, kernel.name
        assert not all(parameter.const for parameter in kernel.parameters if parameter.pointer), "it writes something"


def test_the_window_struct_has_the_fields_of_window():
    """The same fields in the same order, in C and in Python."""
    declared = text("window.h").split("struct Window {")[1].split("}")[0]
    assert declared.split(";")[0].replace("int", "").replace(",", "").split() == FIELDS.split()
    window = make_window("test", (11, 12), (2, 3), (4, 5), ((1, 2), (3, 4)), (6, 1))
    values = dict(zip(FIELDS.split(), as_struct(window)[0].tolist()))
    assert values == {"H": 11, "W": 12, "KH": 2, "KW": 3, "SH": 4, "SW": 5, "DH": 6, "DW": 1, "top": 1, "bottom": 2, "left": 3,
                      "right": 4, "OH": window.output[0], "OW": window.output[1]}


def test_the_wheel_contains_the_kernels(tmp_path):
    """All .cu files and the headers they include: the whole folder is packed. If hatchling is installed, a wheel is built."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        assert tomllib.load(file)["tool"]["hatch"]["build"]["targets"]["wheel"] == {"packages": ["nnscratch"]}, "no exceptions"
    hatchling = pytest.importorskip("hatchling.builders.wheel", reason="hatchling, which builds the wheel, is not installed")
    wheel, = hatchling.WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"nnscratch/fast/cuda/{path.name}" for path in kernel_registry.FOLDER.glob("*.[ch]*")} <= names


def test_kernel_files_are_short_and_have_a_header():
    """As for Python: one idea per file, which begins with a description and the shapes it uses."""
    for path in kernel_registry.FOLDER.iterdir():
        lines = path.read_text().splitlines() if path.suffix in (".cu", ".h") else ["//"]
        assert len(lines) <= 250 and lines[0].startswith("//") and max(map(len, lines)) <= 128, path.name
        assert path.suffix != ".cu" or any("Shapes:" in line for line in lines[:8]), path.name
