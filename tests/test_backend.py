"""The device: which module owns an array, how arrays are moved, and the message if no GPU can be used."""
import logging
import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest
from standin import strict_cupy

from nnscratch import backend, cli, cupy_diagnosis
from nnscratch.errors import InputError

INSTALL = 'pip install "cupy-cuda13x>=14,<15"'
DRIVER = "install or update the NVIDIA driver to 580 or newer"
TOOLKIT = 'pip install "cupy-cuda13x[ctk]"'
NVIDIA_SMI = "check it with nvidia-smi"

# Exceptions that CuPy raises at the first computation, and the remedy that the message must name.
BROKEN = {
    "no driver, or an old one": (RuntimeError("cudaErrorInsufficientDriver: the driver is insufficient"), DRIVER),
    "no kernel compiler": (RuntimeError("CuPy failed to load libnvrtc.so.13: cannot open it"), TOOLKIT),
    "no cuBLAS": (OSError("libcublas.so.13: cannot open shared object file: No such file"), TOOLKIT),
    "no libcuda": (OSError("libcuda.so.1: cannot open shared object file"), "install the NVIDIA driver"),
    "another library missing": (OSError("libcufft.so.12: cannot open shared object file"), TOOLKIT),
    "no CUDA headers": (RuntimeError("Failed to find CUDA headers.\nSee the documentation"), TOOLKIT),
    "no library found by name": (type("DynamicLibNotFoundError", (RuntimeError,), {})("nothing found"), TOOLKIT),
    "no device": (RuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected"), NVIDIA_SMI),
    "an old GPU": (RuntimeError("cudaErrorNoKernelImageForDevice: no kernel image"), "older than CUDA 13 supports"),
    "a GPU that is full": (MemoryError("Out of memory allocating 512 bytes"), "CUDA_VISIBLE_DEVICES"),
    "anything else": (ValueError(""), NVIDIA_SMI),
}


def install(monkeypatch, module):
    """Make `import cupy` return `module`; None means that CuPy is not installed."""
    monkeypatch.setitem(sys.modules, "cupy", module)


class Broken(ModuleType):
    """A CuPy that can be imported but raises at the first computation."""
    float32 = np.float32

    def __init__(self, error):
        super().__init__("cupy")
        self.error = error

    def ones(self, shape, dtype):
        raise self.error


def test_without_cupy(monkeypatch):
    """The message says that CuPy is not installed and gives the install command for either driver."""
    install(monkeypatch, None)
    module, reason, remedy = backend.gpu_status()
    assert module is None and reason == "CuPy is not installed"
    assert INSTALL in remedy and "cupy-cuda12x" in remedy


@pytest.mark.parametrize("name", BROKEN)
def test_cupy_that_cannot_compute(monkeypatch, name):
    """A successful import proves nothing: only a computation does. The error is quoted in one line, with a fitting remedy."""
    error, expected = BROKEN[name]
    install(monkeypatch, Broken(error))
    monkeypatch.setattr(cupy_diagnosis, "installed_wheels", list)
    module, reason, remedy = backend.gpu_status()
    assert module is None and expected in remedy
    assert reason.startswith(f"CuPy is installed but cannot compute ({type(error).__name__}:") and "\n" not in reason
    assert str(error).partition("\n")[0].rstrip(".") in reason


@pytest.mark.parametrize("wheels, remedy", [
    (["cupy-cuda12x"], 'pip install "cupy-cuda12x[ctk]"'), (["cupy-cuda13x"], 'pip install "cupy-cuda13x[ctk]"'),
    (["cupy-cuda12x", "cupy-cuda13x"], "overwrite each other: pip uninstall -y cupy-cuda12x cupy-cuda13x && pip install")])
def test_the_remedy_fits_the_wheel(monkeypatch, capsys, wheels, remedy):
    """The remedy names the libraries of the installed wheel; of two wheels one must be removed. The command: one sentence."""
    install(monkeypatch, Broken(OSError("libnvrtc.so.12: cannot open shared object file")))
    monkeypatch.setattr(cupy_diagnosis, "installed_wheels", lambda: wheels)
    assert remedy in backend.gpu_status()[2]
    assert cli.main(["bench", "--device", "gpu"]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("nnscratch: device 'gpu' was asked for, but") and remedy in printed.err and not printed.out


def test_installed_wheels():
    """The wheels of this environment, whatever they are, are reported."""
    assert set(cupy_diagnosis.installed_wheels()) <= {"cupy", "cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x"}


def test_cupy_that_cannot_be_imported(monkeypatch, tmp_path):
    """An installed CuPy with a missing library fails to import; that is not "not installed", and the cause is quoted."""
    (tmp_path / "cupy.py").write_text("""
try:
    raise ImportError("libnvrtc.so.13: cannot open shared object file")
except ImportError as error:
    raise ImportError(f"\\n=====\\nFailed to import CuPy.\\n\\nOriginal error:\\n {error}") from error
""")
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(cupy_diagnosis, "installed_wheels", list)
    module, reason, remedy = backend.gpu_status()
    assert module is None and TOOLKIT in remedy
    assert reason == ("CuPy is installed but cannot compute "
                      "(ImportError: libnvrtc.so.13: cannot open shared object file)")


def test_a_missing_module_other_than_cupy(monkeypatch, tmp_path):
    """A missing module that CuPy imports does not count as a missing CuPy."""
    (tmp_path / "cupy.py").write_text("import no_such_module_of_cupys")
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert "no_such_module_of_cupys" in backend.gpu_status()[1]


@pytest.mark.parametrize("broken", ["product", "kernel"])
def test_the_gpu_is_available_only_if_product_and_kernel_work(monkeypatch, broken):
    """A GPU that creates arrays but has no products (no cuBLAS), or no sums (no kernel compiler), is not available."""
    def fail(*_, **__):
        raise RuntimeError(f"no {broken}")
    install(monkeypatch, strict_cupy)
    assert backend.gpu_status()[0] is strict_cupy
    if broken == "product":
        monkeypatch.setattr(strict_cupy.ndarray, "__matmul__", fail)
    else:
        monkeypatch.setattr(strict_cupy.ndarray, "sum", fail, raising=False)
    module, reason, _ = backend.gpu_status()
    assert module is None and f"no {broken}" in reason


def test_a_gpu_with_wrong_results_is_refused(monkeypatch):
    """The right result is 12; a GPU that returns another value is not used."""
    install(monkeypatch, strict_cupy)
    monkeypatch.setattr(strict_cupy.ndarray, "__matmul__", lambda a, b: a)
    module, reason, remedy = backend.gpu_status()
    assert module is None and reason == "the GPU computed 8.0 where 12 was right" and "nvidia-smi" in remedy


def test_use_gpu_never_falls_back(monkeypatch):
    """Without a GPU use("gpu") raises one sentence with reason and remedy, and the device stays the same."""
    install(monkeypatch, None)
    with pytest.raises(InputError, match="CuPy is not installed") as error:
        backend.use("gpu")
    assert INSTALL in str(error.value) and "\n" not in str(error.value)
    assert backend._device == "cpu" and backend.current_module() is np


def test_auto_logs_once_why_there_is_no_gpu(monkeypatch, caplog):
    """use("auto") falls back to the CPU and logs exactly one line with the reason."""
    install(monkeypatch, None)
    with caplog.at_level(logging.INFO, logger="nnscratch"):
        assert backend.use("auto") == "cpu"
    assert caplog.messages == ["running on the CPU: CuPy is not installed"]


def test_auto_and_gpu_choose_the_gpu_without_a_message(monkeypatch, caplog):
    """With a GPU both choose it and log nothing, and new arrays are created there; use("cpu") switches back."""
    install(monkeypatch, strict_cupy)
    with caplog.at_level(logging.INFO, logger="nnscratch"):
        for device in ("auto", "gpu"):
            assert backend.use(device) == "gpu" and backend.current_module() is strict_cupy
        assert backend.use("cpu") == "cpu" and backend.current_module() is np
    assert not caplog.messages


@pytest.mark.parametrize("device", ["cuda", "GPU", "", None, 0])
def test_unknown_device(device):
    """The sentence names the given device and the possible ones."""
    with pytest.raises(InputError, match='is unknown: use "auto", "cpu" or "gpu"') as error:
        backend.use(device)
    assert repr(device) in str(error.value)


def test_use_cpu_does_not_look_for_a_gpu(monkeypatch, caplog):
    """The CPU is chosen without testing the GPU, and without a message about a missing one."""
    install(monkeypatch, None)
    monkeypatch.setattr(backend, "gpu_status", None)
    with caplog.at_level(logging.INFO, logger="nnscratch"):
        assert backend.use("cpu") == "cpu" and not caplog.messages


def test_array_module_returns_the_owner(xp):
    """One CuPy array among the arguments is enough; Python numbers, and no arguments, belong to NumPy."""
    assert backend.array_module(xp.ones(2)) is xp
    assert backend.array_module(2.0, None, np.ones(2), xp.ones(2)) is xp
    assert backend.array_module() is backend.array_module(2.0, [1], np.float32(1)) is np


def test_arrays_move_both_ways(xp):
    """Values and dtype survive both transfers; an array that is already there is not copied."""
    for dtype in (np.float32, np.float64, np.complex128, np.int64):
        host = np.arange(6).astype(dtype).reshape(2, 3)
        there = backend.move(host, xp)
        assert backend.array_module(there) is xp and there.dtype == dtype
        assert backend.move(there, xp) is there
        back = backend.to_cpu(there)
        assert type(back) is np.ndarray and back.dtype == dtype
        np.testing.assert_array_equal(back, host)
    assert backend.to_cpu(host) is host
    np.testing.assert_array_equal(backend.to_cpu([1.0, 2.0]), [1, 2])


@pytest.mark.parametrize("value", [np.ma.masked_equal([1, 2], 2), [np.ones(2), np.ma.masked_equal([1, 2], 2)],
                                   [1, np.ma.masked], [[1, 2], [3]], "12", None, ["1"], np.array([None])])
def test_what_holds_no_numbers_is_refused(value):
    """Masked values, alone or in a list, are none."""
    with pytest.raises(InputError, match="the array is a .*, expected an array of numbers: "):
        backend.numbers(value)


def test_numbers_of_arrays_and_lists():
    """An array is not copied; lists, numbers, other arrays and masks that hide nothing are the same numbers."""
    array = np.arange(3)
    assert backend.numbers(array) is array and backend.numbers(2.5).item() == 2.5
    for same in ([0, 1, 2], (0, 1, 2), np.ma.masked_array(array, False), array.view(np.recarray)):
        found = backend.numbers(same)
        assert type(found) is np.ndarray and found.ravel().tolist() == [0, 1, 2]
    with pytest.raises(InputError, match="expected an array of real numbers: take its parts"):
        backend.numbers(array * 1j, "x", "biuf", "take its parts")


def test_describe_device(monkeypatch):
    """One line names the device and the library with its version."""
    assert backend.describe_device() == f"CPU, NumPy {np.__version__}"
    install(monkeypatch, strict_cupy)
    backend.use("gpu")
    assert backend.describe_device() == f"GPU, stand-in, CuPy {strict_cupy.__version__}"


def test_import_loads_numpy_alone():
    """The package with its formulas, layers and models imports no other package: not matplotlib, Pillow, CuPy or tqdm."""
    code = """
import sys, numpy, numpy.random
before = set(sys.modules)
import nnscratch, nnscratch.backend, nnscratch.ops, nnscratch.layers, nnscratch.models, nnscratch.losses
import nnscratch.optimizers, nnscratch.checkpoint, nnscratch.gradcheck
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(loaded - sys.stdlib_module_names))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["nnscratch"]
