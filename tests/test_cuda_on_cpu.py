"""The CPU stand-in for CUDA must detect mistakes: each kernel here has a deliberate mistake that must be caught.

The correct kernels beside them show that it is the mistake that is caught.
"""
import numpy as np
import pytest
from helpers import on
from standin.raw_module import RawModule, thread_order, translate, waiting_functions

from nnscratch.fast.cuda.kernel_registry import kernels, text

HEAD = 'extern "C" __global__ void __launch_bounds__(256) '
I = "int i = blockIdx.x * blockDim.x + threadIdx.x;"
SHARED = "__shared__ float s[64]; int t = threadIdx.x;"


def run(cp, body, *arguments, parameters="float* y", block=64, grid=1):
    """Compile a kernel with this body and run it on the given device arrays and numbers."""
    if not hasattr(cp, "forbid_sync"):
        pytest.skip("a kernel that is wrong on purpose is for the stand-in alone")
    RawModule(code=f"{HEAD}kernel({parameters}) {{\n{body}\n}}").get_function("kernel")((grid,), (block,), arguments)


def zeros(cp, size=64, dtype=np.float32):
    return on(cp, np.zeros(size, dtype))


REVERSE = SHARED + " s[t] = y[t]; %s y[t] = s[63 - t];"


@pytest.mark.parametrize("order", range(4))
def test_barriers_work_in_any_order(cp, order):
    """An array is reversed through shared memory."""
    y = on(cp, np.arange(64, dtype=np.float32))
    with thread_order(order):
        run(cp, REVERSE % "__syncthreads();", y)
    assert y.tolist() == [*range(63, -1, -1)]


def test_a_missing_barrier_is_detected(cp):
    """Threads read values that are not yet written: shared memory starts as NaN, and thread orders give different results."""
    results = []
    for order in range(4):
        y = on(cp, np.arange(64, dtype=np.float32))
        with thread_order(order):
            run(cp, REVERSE % "", y)
        results.append(y.get())
    assert all(np.isnan(y).any() for y in results) and not np.array_equal(np.isnan(results[0]), np.isnan(results[1]))


def test_a_missing_barrier_between_two_rounds_is_detected(cp):
    """The tree sum of channels.h without its barrier: in at least one order a partial sum is read before it is complete."""
    tree = SHARED + (" s[t] = y[t]; %s for (int half = 32; half > 0; half /= 2) { if (t < half) s[t] += s[t + half]; %s }"
                     " y[t] = s[0];")
    for barrier, right in (("__syncthreads();", 4), ("", 0)):
        sums = []
        for order in range(4):
            y = on(cp, np.arange(64, dtype=np.float32))
            with thread_order(order):
                run(cp, tree % (barrier, barrier), y)
            sums.append((y.get() == 64 * 63 / 2).all())
        assert sum(sums) == right if right else sum(sums) < 4


def test_a_divergent_barrier_is_detected(cp):
    """Half of the threads never reach it."""
    with pytest.raises(RuntimeError, match="not all threads reach the same barrier"):
        run(cp, SHARED + " if (t < 32) { s[t] = 1.0f; __syncthreads(); } y[t] = s[t % 32];", zeros(cp))
    with pytest.raises(RuntimeError, match="not all threads reach the same barrier"):
        run(cp, I + " if (i % 2) return; y[i] = __shfl_xor_sync(~0u, y[i], 2);", zeros(cp))


@pytest.mark.slow
def test_writes_outside_an_array_are_detected(cp):
    """Before it, after it, and of NaN over the guard zone's own NaN."""
    for body in ("y[i + 1] = 1.0f;", "y[i - 1] = 1.0f;", "if (i == 0) y[64] = nanf(\"\");", "if (i == 0) y[-1] = y[64];"):
        with pytest.raises(IndexError, match="writes outside y"):
            run(cp, f"{I} {body}", zeros(cp))
    with pytest.raises(IndexError, match="writes outside y"):
        run(cp, f"{I} y[i] = 1;", zeros(cp, dtype=np.uint16), parameters="unsigned short* y", grid=2)
    run(cp, f"{I} y[i] = 1.0f;", zeros(cp))


def test_reads_outside_an_array_give_nan(cp):
    """Memory after the end is NaN, not zero, which would hide the mistake."""
    y = zeros(cp)
    run(cp, f"{I} y[i] = x[i + 1];", zeros(cp), y, parameters="const float* x, float* y")
    assert np.isnan(y.get()).tolist() == [False] * 63 + [True]


def test_a_shared_memory_overrun_is_detected(cp):
    """Also from one shared array into the next: each has its own guard zones."""
    with pytest.raises(IndexError, match="writes beside its shared memory"):
        run(cp, SHARED + " s[t + 1] = y[t]; __syncthreads(); y[t] = s[t];", zeros(cp))
    with pytest.raises(IndexError, match="writes beside its shared memory"):
        run(cp, f"__shared__ float a[64];\n __shared__ float b[64]; {I} b[i] = 0.0f; a[i - 1] = b[i];", zeros(cp))


def test_shared_memory_is_reset_between_blocks(cp):
    """A block must not find the values of the previous block."""
    y = zeros(cp, 128)
    run(cp, SHARED + " if (blockIdx.x == 0) s[t] = 1.0f; __syncthreads(); y[blockIdx.x * 64 + t] = s[t];", y, grid=2)
    assert (y.get()[:64] == 1).all() and np.isnan(y.get()[64:]).all()


def test_a_write_to_a_const_array_is_detected(cp):
    """A cast removes const; the comparison of the array detects the write."""
    with pytest.raises(RuntimeError, match="writes to x, which is const"):
        run(cp, f"{I} ((float*)x)[i] = 1.0f; y[i] = 0.0f;", zeros(cp), zeros(cp), parameters="const float* x, float* y")


WRONG_ARGUMENTS = {
    "float64 for float*": (lambda cp: (zeros(cp, dtype=np.float64), np.float32(1)), "y is float64, declared as float"),
    "a NumPy array": (lambda cp: (np.zeros(64, np.float32), np.float32(1)), "not an array on the device"),
    "not in C order": (lambda cp: (on(cp, np.zeros((8, 8), np.float32)).T, np.float32(1)), "not in C order"),
    "a Python float for float": (lambda cp: (zeros(cp), 1.0), "a is a float, declared as float"),
    "a Python int for float": (lambda cp: (zeros(cp), 1), "a is a int, declared as float"),
    "a double for float": (lambda cp: (zeros(cp), np.float64(1)), "a is a float64, declared as float"),
    "too few": (lambda cp: (zeros(cp),), "1 arguments for 2 parameters"),
}


@pytest.mark.parametrize("name", WRONG_ARGUMENTS)
def test_wrong_arguments_are_detected(cp, name):
    """CuPy would pass them on without an error, and the kernel would misread them."""
    arguments, message = WRONG_ARGUMENTS[name]
    with pytest.raises(TypeError, match=message):
        run(cp, f"{I} y[i] = a;", *arguments(cp), parameters="float* y, float a")


def test_shuffles_exchange_within_a_warp(cp):
    """xor and down, for whole warps in any thread order; down keeps a lane's own value if there is no lane to read from."""
    for order in range(3):
        x = on(cp, np.arange(64, dtype=np.float32))
        y = x.copy()
        with thread_order(order):
            run(cp, f"{I} y[i] = __shfl_xor_sync(~0u, y[i], 5);", x)
            run(cp, f"{I} float once = __shfl_down_sync(~0u, y[i], 16); y[i] = __shfl_down_sync(~0u, once, 16);", y)
        assert x.tolist() == [i // 32 * 32 + (i % 32 ^ 5) for i in range(64)]
        assert y.tolist() == [i // 32 * 32 + i % 16 + 16 for i in range(64)]


def test_kernels_that_need_fibers():
    """Barriers are found in helper functions as well; a barrier that is not found is an error, not a silent success."""
    waiting = {name for name, kernel in kernels().items() if name in waiting_functions(text(kernel.file))}
    assert waiting == {"bias_leaky_relu_backward", "channel_sums", "batch_norm_moments", "batch_norm",
                       "batch_norm_backward_sums", "implicit_gemm"}
    assert "SHARED(float, a_tile, [TILE_M][PITCH_A]);" in translate(text("implicit_gemm.cu"))


def test_a_barrier_that_was_not_found_is_an_error(cp):
    """If the source hides it, for instance in a macro."""
    with pytest.raises(RuntimeError, match="a barrier that was not seen"):
        run(cp, "\n#define HIDE(a, b) a##b\nHIDE(__sync, threads)(); y[0] = 1.0f;", zeros(cp))


def test_a_compile_error_says_why(cp):
    """It quotes the compiler and the kernel's own line numbers."""
    with pytest.raises(cp.cuda.compiler.CompileException, match=r"kernels.cu:2.*nothing"):
        run(cp, "y[0] = nothing;", zeros(cp))
