"""Our call of cuBLAS: row and column order, leading dimensions, beta, precision; compared with NumPy for the same arguments.

The stand-in replaces the library by NumPy (tests/standin/column_major.py), which reads addresses as cuBLAS does.
"""
import weakref
from contextlib import nullcontext

import numpy as np
import pytest
from helpers import NO_KERNELS, normal, on, same
from standin import raw_module

from nnscratch import backend, fast, memory
from nnscratch.backend import to_cpu
from nnscratch.errors import InputError
from nnscratch.fast import cuda
from nnscratch.fast.cuda import capability, cublas
from nnscratch.fast.cuda.conv import to_bf16
from nnscratch.ops.window import make_window

# Memory layouts of a matrix: (the array around it, the view).
LAYOUTS = {
    "whole": (lambda m, n: (m, n), lambda a: a),
    "transposed": (lambda m, n: (n, m), lambda a: a.T),
    "a block of columns": (lambda m, n: (m, n + 3), lambda a: a[:, 2:-1]),
    "transposed, a block": (lambda m, n: (n, m + 2), lambda a: a[:, 1:-1].T),
    "every second row": (lambda m, n: (2 * m, n), lambda a: a[::2]),
}


def matrix(cp, layout, m, n, seed):
    shape, view = LAYOUTS[layout]
    array = normal(*shape(m, n), seed=seed).astype(np.float32)
    return view(on(cp, array)), view(array).astype(float)


@pytest.mark.parametrize("a_layout", LAYOUTS)
@pytest.mark.parametrize("b_layout", LAYOUTS)
def test_gemm_of_every_layout(cp, a_layout, b_layout):
    """out = a @ b + beta * out, also for single rows and columns; memory around out is unchanged."""
    for m, k, n in ((4, 5, 6), (1, 5, 6), (4, 1, 6), (4, 5, 1), (1, 1, 1)):
        for beta in (0.0, 1.0, 0.5):
            (a, exact_a), (b, exact_b) = matrix(cp, a_layout, m, k, 1), matrix(cp, b_layout, k, n, 2)
            wide = normal(m, n + 3, seed=3).astype(np.float32)
            around = on(cp, wide)
            cuda.gemm(a, b, around[:, 1:-2], beta)
            expected = wide.astype(float)
            expected[:, 1:-2] = exact_a @ exact_b + beta * expected[:, 1:-2]
            same(around, expected, 1e-6)


def test_uninitialized_memory_is_not_read(cp):
    """With beta 0 out is not read, even if it contains NaN."""
    a = on(cp, np.ones((2, 2), np.float32))
    assert cuda.gemm(a, a, cp.full((2, 2), np.nan, dtype=np.float32)).tolist() == [[2, 2], [2, 2]]


def test_gemm_refuses_wrong_arguments(cp):
    """Shapes that do not match and layouts that cuBLAS does not support, with the remedy."""
    a = on(cp, normal(4, 4).astype(np.float32))
    for wrong in ((a[:3], a[:3], a), (a, a, a[:3])):
        with pytest.raises(InputError, match=r"expected \(M, K\) @ \(K, N\)"):
            cuda.gemm(*wrong)
    bits, double = a.astype(np.uint16), a.astype(np.float64)
    for wrong in ((a, a, double), (double, a, a.copy()), (a, bits, a.copy()), (bits, bits, bits.copy())):
        with pytest.raises(InputError, match="got arrays of .*, expected float32"):
            cuda.gemm(*wrong)
    backwards, everywhere = a[::-1], cp.broadcast_to(a[0], (4, 4))
    for wrong in ((backwards, a, a.copy()), (a, everywhere, a.copy()), (a[::2, ::2], a[:2], a[:2].copy()), (a, a, a.copy().T)):
        with pytest.raises(InputError, match=r"the strides are .* copy a matrix with cupy.ascontiguousarray"):
            cuda.gemm(*wrong)
    for awkward in (backwards, everywhere):
        same(cuda.product(awkward, a), to_cpu(awkward) @ to_cpu(a), 1e-6)


def test_product_is_matmul_otherwise(xp):
    """float64 and complex numbers, and all arrays on a CPU."""
    a, out = normal(3, 3).astype(np.float32), np.ones((3, 3), np.float32)
    same(cuda.gemm(*on(xp, a, a, out), beta=2.0), a @ a + 2, 1e-6)
    for dtype in (np.float32, np.float64, np.complex128):
        a = normal(3, 3).astype(dtype)
        y = cuda.product(*on(xp, a, a))
        assert y.dtype == dtype
        same(y, a @ a, 1e-6)


ROUNDING = {"strict": 0.0, "tf32": 2.0**-10, "bf16": 2.0**-7}  # largest relative error of a factor, truncated


def test_precision_is_an_explicit_choice(cp):
    """The default is strict; tf32 and bf16 may round the factors of dense layers and convolutions to the stated precision.

    The bound holds for every element, however tensor cores round: two factors with relative errors of at most r give
    a product whose error is at most (2 r + r²) |a b|. There is no lower bound: cuBLAS may round. The stand-in does.
    """
    x, w = normal(64, 32).astype(np.float32), normal(32, 64).astype(np.float32)  # multiples of the tensor cores' tile sizes
    exact, size, errors = x.astype(float) @ w, abs(x).astype(float) @ abs(w), {}
    assert cuda.precision() == "strict"
    for name, r in ROUNDING.items():
        assert cuda.precision(name) == cuda.precision() == name
        for y in (fast.dense(*on(cp, x, w))[0], fast.conv2d(*on(cp, x[None, None], w[None, None]))[0][0, 0]):
            errors[name] = np.abs(to_cpu(y) - exact) / size
            assert errors[name].max() < 2 * r + r * r + 1e-6, name
    if hasattr(cp, "forbid_sync"):
        assert 1e-6 < errors["tf32"].max() < errors["bf16"].max() / 4
    with pytest.raises(InputError, match="precision 'fp8' is unknown: choose one of strict, tf32, bf16"):
        cuda.precision("fp8")
    assert cuda.precision() == "bf16"


@pytest.fixture
def old_gpu(standin, monkeypatch):
    """The stand-in as a GPU of the Turing generation."""
    facts = {"name": b"Tesla T4", "major": 7, "minor": 5}
    monkeypatch.setattr(standin.cuda.runtime, "getDeviceProperties", lambda number: facts)
    capability.gpu.cache_clear()
    yield standin
    capability.gpu.cache_clear()


@pytest.mark.parametrize("major, minor, able", [(7, 5, False), (8, 0, True), (8, 9, True), (9, 0, True), (12, 0, True)])
def test_precision_needs_a_capability(old_gpu, monkeypatch, major, minor, able):
    """8.0, the first with tensor cores for TF32 and bfloat16, is enough; 12.0 is more than 8.0."""
    monkeypatch.setattr(old_gpu.cuda.runtime, "getDeviceProperties", lambda _: {"name": b"", "major": major, "minor": minor})
    a = on(old_gpu, np.ones((2, 2), np.float32))
    for name in ("tf32", "bf16"):
        cuda.precision(name)
        with nullcontext() if able else pytest.raises(InputError, match=f"has {major}.{minor}; choose"):
            assert cuda.product(a, a).tolist() == [[2, 2], [2, 2]]


@pytest.mark.parametrize("name", ["tf32", "bf16"])
def test_an_old_gpu_refuses_an_unsupported_precision(old_gpu, name):
    """In one sentence: when it is chosen or, if the GPU was not yet in use, by the first product; strict works."""
    sentence = (f"precision '{name}' needs a GPU of compute capability 8.0 or newer, but Tesla T4 has 7.5; choose "
                f'cuda.precision\\("strict"\\)')
    a, kernel = on(old_gpu, np.ones((2, 2), np.float32), np.ones((1, 1, 2, 2), np.float32))
    cuda.precision(name)
    for product in (lambda: cuda.product(a, a), lambda: fast.dense(a, a), lambda: fast.conv2d(a[None, None], kernel)):
        with pytest.raises(InputError, match=sentence):
            product()
    cuda.precision("strict")
    backend.use("gpu")
    with pytest.raises(InputError, match=sentence):
        cuda.precision(name)
    assert cuda.precision() == "strict" and cuda.product(a, a).tolist() == [[2, 2], [2, 2]]


def test_an_old_gpu_supports_every_choice_of_auto(old_gpu):
    """A convolution uses columns; the kernel for tensor cores is refused if named, and is never chosen."""
    if not hasattr(old_gpu, "RawModule"):
        pytest.skip(NO_KERNELS)
    x, kernel = on(old_gpu, normal(1, 5, 5, 4).astype(np.float32), normal(3, 3, 4, 4).astype(np.float32))
    raw_module.launches.clear()
    y, cache = fast.conv2d(x, kernel, padding="same")
    fast.conv2d_backward(y, cache)
    assert set(raw_module.launches) == {"im2col", "col2im"}
    with pytest.raises(InputError, match="implicit_gemm needs a GPU of .* 8.0 or newer, but Tesla T4 has 7.5; use fast.conv2d"):
        cuda.implicit_gemm_conv2d(x, kernel, make_window("test", (5, 5), (3, 3), 1, "same", 1))


def test_convolutions_in_bf16(cp):
    """Columns, kernel and gradient are rounded to bfloat16, but sums are not: exact for the rounded numbers."""
    x, kernel, dy = normal(2, 7, 6, 3), normal(3, 3, 3, 5), normal(2, 7, 6, 5)
    x, kernel, dy = (a.astype(np.float32) for a in (x, kernel, dy))
    round_trip = [to_cpu(cublas.from_bf16(to_bf16(on(cp, a)))).astype(float) for a in (x, kernel, dy)]
    cuda.precision("bf16")
    y, cache = fast.conv2d(*on(cp, x, kernel), padding="same")
    dx, dkernel, _ = fast.conv2d_backward(on(cp, dy), cache)
    assert y.dtype == dx.dtype == dkernel.dtype == np.float32
    exact_y, exact_cache = fast.conv2d(*round_trip[:2], padding="same")
    exact_dx, exact_dkernel, _ = fast.conv2d_backward(round_trip[2], exact_cache)
    same([y, dx, dkernel], [exact_y, exact_dx, exact_dkernel], 1e-5)
    same(y, fast.conv2d(x, kernel, padding="same")[0], 2e-2)


def test_each_stream_has_its_own_workspace(standin):
    """Products on two streams may run at once. The NumPy library asserts that every product has a workspace."""
    five, six, again = (cublas.handle(standin, 0, stream) for stream in (5, 6, 5))
    assert five is again and five.workspace.data.ptr != six.workspace.data.ptr
    assert [(c.library.stream, c.library.workspace) for c in (five, six)] == [(5, 32 * 2**20), (6, 32 * 2**20)]
    a = on(standin, np.ones((2, 2), np.float32))
    cuda.gemm(a, a, a.copy())
    ours = cublas.handle(standin, 0, standin.cuda.get_current_stream().ptr)
    assert ours.library.stream == (standin.cuda.get_current_stream().ptr or None) and ours.library.products == 1


def test_free_releases_everything(standin):
    """Handles are destroyed and workspaces released, for one stream or for all; the next product creates new ones."""
    five, six = (cublas.handle(standin, 0, stream) for stream in (5, 6))
    libraries, workspaces = [c.library for c in (five, six)], [weakref.ref(c.workspace._host) for c in (five, six)]
    del five, six
    cuda.free(5)
    assert [library.destroyed for library in libraries] == [True, False] and workspaces[0]() is None
    cuda.free()
    assert libraries[1].destroyed and workspaces[1]() is None
    a = on(standin, np.ones((2, 2), np.float32))
    assert cuda.product(a, a).tolist() == [[2, 2], [2, 2]] and len(cublas._handles) == 1


def test_a_product_waits_for_another_stream(standin):
    """It runs on the current stream, in order; another stream's results are available only after waiting for that stream."""
    a, other = on(standin, np.ones((2, 2), np.float32)), standin.cuda.Stream(non_blocking=True)
    with other, pytest.raises(AssertionError, match="unwaited for"):
        cuda.product(a, a)
    other.wait_event(standin.cuda.get_current_stream().record())
    with other:
        b = cuda.product(a, a)
        assert cuda.product(b, b).tolist() == [[8, 8], [8, 8]]


def test_no_memory_for_the_workspace_is_a_memory_error(standin, monkeypatch, caplog):
    """CUDA's error for it is a RuntimeError, like a missing cuBLAS; it must be a MemoryError, and the next product retries."""
    caplog.set_level("INFO", logger="nnscratch")
    x = on(standin, np.ones((2, 2), np.float32))
    with monkeypatch.context() as little:
        little.setattr(standin.cuda.Memory, "largest", 2**20)
        with pytest.raises(MemoryError, match="allocating 33,554,432 bytes") as error:
            cuda.product(x, x)
    assert memory.out_of_memory_message(error.value, "wait") == "not enough of the GPU's memory for 32 MiB more; wait"
    assert cuda.product(x, x).tolist() == [[2, 2], [2, 2]]
    assert [h.library.products for h in cublas._handles.values()] == [1] and not caplog.messages


def test_an_error_of_the_library_is_raised(standin, monkeypatch):
    """cuBLAS reports failure by a status code."""
    a = on(standin, np.ones((2, 2), np.float32))
    here = standin.cuda.get_current_stream().ptr
    monkeypatch.setattr(type(cublas.handle(standin, 0, here).library), "cublasGemmEx", lambda *_: 13)
    with pytest.raises(RuntimeError, match="cublasGemmEx of cuBLAS failed with status 13"):
        cuda.gemm(a, a, a.copy())


@pytest.mark.parametrize("beta", [0.0, 0.5])
def test_without_cublas_it_is_matmul(standin, monkeypatch, caplog, beta):
    """If the library cannot be loaded, one line is logged once, and the numbers are the same; bfloat16 included."""
    def missing():
        raise ImportError("no such library")
    monkeypatch.setattr(cublas, "load_library", missing)
    caplog.set_level("INFO", logger="nnscratch")
    a, b, out = (normal(3, 3, seed=k).astype(np.float32) for k in range(3))
    for stream in (standin.cuda.get_current_stream(), standin.cuda.Stream(non_blocking=True)):
        with stream:  # once for all streams, although each loads its own library
            for _ in range(2):
                ours = cuda.gemm(*on(standin, a, b, out), beta)
                same(ours, a.astype(float) @ b + beta * out, 1e-6)
    assert [record.message for record in caplog.records] == [
        "products by CuPy: cuBLAS cannot be called directly (no such library)"]
    if hasattr(standin, "RawModule"):
        bits = to_bf16(on(standin, a))
        rounded = to_cpu(cublas.from_bf16(bits)).astype(float)
        same(cuda.gemm(bits, bits, on(standin, out), beta), rounded @ rounded + beta * out, 1e-6)
