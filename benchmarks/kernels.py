"""`python -m benchmarks kernels`: single CUDA kernels on a GPU, as a fraction of its memory and matrix product rates.

    memory     kernels that mostly move data, in GB/s, as a fraction of the rate of a copy
    products   our call of cuBLAS, in each precision
    conv       a convolution by columns and cuBLAS in each precision, beside the kernel without columns (implicit_gemm) and, if
               PyTorch is installed, cuDNN: images in our layout, its fastest algorithm; in bf16 all of cuDNN's inputs
               and outputs are bf16, while ours are float32
    launch     the cost of one launch: a thousand launches of a tiny kernel

Results are compared before they are timed: with NumPy's; products and convolutions with float64. The "share" of a strict
convolution is its fraction of the ceilings above: of the rates of the copy and of the strict product.
"""
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from benchmarks.torch_devices import TorchClock
from nnscratch import fast
from nnscratch.backend import move, to_cpu
from nnscratch.bench.agree import RUN_ERRORS, TOLERANCE, distance, failure_reason
from nnscratch.bench.clock import GPU, Contender, time_in_turn
from nnscratch.bench.machine import copy_gb_per_s
from nnscratch.bench.roofline import fraction
from nnscratch.fast import cuda
from nnscratch.fast.cuda.activations import channel_sum
from nnscratch.fast.cuda.adam import adam_kernel
from nnscratch.fast.cuda.conv import convolve
from nnscratch.fast.cuda.dropouts import dropout_mask
from nnscratch.ops.window import make_window

PIXELS, CHANNELS, SIDE = 2**18, 64, 4096  # arrays of 67 MB, larger than any cache; matrices of 4096 x 4096
CONVOLUTIONS = [  # images, side, channels in and out, kernel, stride
    (64, 32, 64, 64, 3, 1), (64, 32, 64, 128, 4, 2), (64, 16, 128, 128, 4, 2), (1, 512, 3, 64, 3, 1), (1, 512, 64, 64, 3, 1)]


def run(cupy: Any, torch: Any = None, pixels: int = PIXELS, side: int = SIDE,
        convolutions: Sequence[tuple] = CONVOLUTIONS, rounds: int = 7) -> Iterator[dict]:
    """Rows {"part", "name", "seconds", "figure", "unit", "share", "error"}, as they are measured. A part whose arrays do not
    fit, or that loses the GPU, ends with a row that has "failed"; then the next part starts."""
    tops: dict[str, Any] = {"gb_per_s": None, "gflops": None}  # the ceilings, measured by the first two parts
    yield from to_its_end("memory", "the rest", memory(cupy, pixels, tops, rounds))
    yield from to_its_end("products", "the rest", products(cupy, side, tops, rounds))
    for shape in convolutions:
        yield from to_its_end("conv", f"{title(shape)}, the rest", convolution(cupy, torch, shape, tops, rounds))
    yield from to_its_end("launch", "the rest", one_launch(cupy, rounds))


def to_its_end(part: str, rest: str, rows: Iterator[dict]) -> Iterator[dict]:
    """The rows that can be measured, and one called `rest` with the reason if rows are missing."""
    try:
        yield from rows
    except RUN_ERRORS as error:
        yield {"part": part, "name": rest, "failed": failure_reason(error)}


def memory(cupy: Any, pixels: int, tops: dict[str, Any], rounds: int) -> Iterator[dict]:
    """Kernels that move much data and compute little. Stores the rate of a copy in `tops`."""
    top = tops["gb_per_s"] = copy_gb_per_s(16 * pixels * CHANNELS, cupy)
    yield {"part": "memory", "name": "copy", "figure": top, "unit": "GB/s", "share": 1.0, "error": 0.0}
    for name, function, size, expected in memory_bound(cupy, pixels):
        row = measure(cupy, "memory", name, function, expected, 1e-4, rounds)
        if "seconds" in row:
            row |= {"figure": size / row["seconds"] / 1e9, "unit": "GB/s", "share": size / row["seconds"] / 1e9 / top}
        yield row


def memory_bound(cupy: Any, pixels: int) -> Iterator[tuple[str, Callable, int, list]]:
    """(name, function, bytes that must be moved, NumPy's result)."""
    rng = np.random.default_rng(0)
    x, dy = (rng.standard_normal((pixels // 1024, 32, 32, CHANNELS), np.float32) for _ in range(2))
    vector, ones = rng.standard_normal(CHANNELS, np.float32), np.ones(CHANNELS, np.float32)
    device, norm, zeros = partial(move, module=cupy), partial(fast.batch_norm, training=True), 0 * ones
    dx, ddy, dvector, dones, dzeros = map(device, (x, dy, vector, ones, zeros))
    _, _, cache = norm(dx, dones, dvector, dzeros, dones)
    pooled, pool_cache = fast.max_pool2d(dx, 2)
    yield "leaky relu", lambda: fast.leaky_relu(dx, 0.2)[0], 2 * x.nbytes, [fast.leaky_relu(x, 0.2)[0]]
    yield ("batch norm", lambda: norm(dx, dones, dvector, dzeros, dones)[0], 3 * x.nbytes,
           [norm(x, ones, vector, zeros, ones)[0]])
    yield ("batch norm, backward", lambda: fast.batch_norm_backward(ddy, cache)[0], 5 * x.nbytes,
           [fast.batch_norm_backward(dy, norm(x, ones, vector, zeros, ones)[2])[0]])
    yield "channel sums", lambda: channel_sum(dx), x.nbytes, [x.sum(axis=(0, 1, 2), dtype=np.float64)]
    yield "max pooling", lambda: fast.max_pool2d(dx, 2)[0], x.nbytes * 5 // 4, [fast.max_pool2d(x, 2)[0]]
    yield ("max pooling, backward", lambda: fast.max_pool2d_backward(pooled, pool_cache), x.nbytes * 5 // 2,
           [fast.max_pool2d_backward(to_cpu(pooled), fast.max_pool2d(x, 2)[1])])
    calls = device(np.zeros((), np.int64))
    drawn = np.random.Generator(np.random.Philox(key=np.uint64([7, 0]))).random(x.shape)
    yield "dropout mask", lambda: dropout_mask(cupy, x.shape, 0.5, 7, calls), x.nbytes, [2.0 * (drawn >= 0.5)]
    w, m, v, rate = dx.copy(), cupy.zeros_like(dx), cupy.zeros_like(dx), device(np.zeros(1, np.float32))

    def adam():
        adam_kernel(w, dx, m, v, rate, 0.9, 0.999, 1e-7)
        return w
    yield "adam", adam, 7 * x.nbytes, [x]  # learning rate 0, so that it can be repeated


def products(cupy: Any, side: int, tops: dict[str, Any], rounds: int) -> Iterator[dict]:
    """out = a @ b in each precision. Stores the rate of the strict one in `tops`."""
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((side, side), np.float32) for _ in range(2))
    da, db, out, some = move(a, cupy), move(b, cupy), cupy.empty((side, side), dtype=np.float32), slice(0, 64)
    exact = [a[some].astype(np.float64) @ b]
    for name in TOLERANCE:
        row = measure(cupy, "products", name, lambda: cuda.product(da, db, out), exact, TOLERANCE[name], rounds, name, some)
        row = in_gflops(row, 2 * side**3)
        if name == "strict":
            tops["gflops"] = row.get("figure")
        yield row


def title(shape: tuple[int, ...]) -> str:
    """The name of a convolution."""
    n, side, c, oc, size, stride = shape
    return f"{n}x{side}x{side}x{c} -> {oc}, {size}x{size}/{stride}"


def convolution(cupy: Any, torch: Any, shape: tuple[int, ...], tops: dict[str, Any], rounds: int) -> Iterator[dict]:
    """All algorithms; the first image of the batch is compared with float64."""
    n, side, c, oc, size, stride = shape
    window = make_window("benchmark", (side, side), (size, size), stride, "same")
    rng = np.random.default_rng(0)
    x, kernel = rng.standard_normal((n, side, side, c), np.float32), rng.standard_normal((size, size, c, oc), np.float32)
    dx, dkernel = move(x, cupy), move(kernel, cupy)
    exact = [fast.conv2d(x[:1].astype(np.float64), kernel.astype(np.float64), strides=stride, padding="same")[0]]
    ways = {f"columns, {name}": (name, lambda: convolve(dx, dkernel, window), GPU(cupy), to_cpu) for name in TOLERANCE}
    ways["implicit gemm, tf32"] = "tf32", lambda: cuda.implicit_gemm_conv2d(dx, dkernel, window), GPU(cupy), to_cpu
    if torch is not None and torch.cuda.is_available():
        ways |= {f"cuDNN, {name}": (name, cudnn(torch, name, x, kernel, stride), TorchClock(torch), as_ours)
                 for name in TOLERANCE}
    pixels = n * window.output[0] * window.output[1]
    cost = {"flop": 2 * pixels * kernel.size, "bytes": 4 * (x.size + kernel.size + pixels * oc)}
    for name, (precision, function, clock, host) in ways.items():
        row = measure(cupy, "conv", f"{title(shape)}, {name}", function, exact, TOLERANCE[precision], rounds, precision,
                      slice(0, 1), clock, host)
        if "seconds" in row and precision == "strict" and None not in tops.values():
            row["share"] = fraction(cost, row["seconds"], tops)
        yield in_gflops(row, cost["flop"])


def one_launch(cupy: Any, rounds: int) -> Iterator[dict]:
    """The launch of a kernel that has no work."""
    one, out = cupy.ones(1, dtype=np.float32), cupy.empty(1, dtype=np.float32)
    row = measure(cupy, "launch", "our launch()", lambda: cuda.launch("leaky_relu", 1, one, out, 0.2, 1), None, 0, rounds)
    yield row | ({"figure": 1e6 * row["wall"], "unit": "us"} if "wall" in row else {})


def cudnn(torch: Any, precision: str, x: np.ndarray, kernel: np.ndarray, stride: int,
          device: str = "cuda") -> Callable[[], Any]:
    """PyTorch's convolution: a function that computes y (N, OC, OH, OW) there. It uploads at its first call, so only this
    contender fails if there is not enough memory."""
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32

    @cache
    def arrays():
        return [torch.from_numpy(np.ascontiguousarray(array.transpose(axes))).to(device, dtype).contiguous(
            memory_format=torch.channels_last) for array, axes in ((x, (0, 3, 1, 2)), (kernel, (3, 2, 0, 1)))]

    def run():
        torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark = precision == "tf32", True
        with torch.no_grad():
            return torch.nn.functional.conv2d(*arrays(), stride=stride, padding=1)
    return run


def as_ours(y: Any) -> np.ndarray:
    """A tensor (N, C, H, W) as our array (N, H, W, C)."""
    return y.permute(0, 2, 3, 1).float().cpu().numpy()


def in_gflops(row: dict, flop: int) -> dict:
    """The row with its rate, if it was timed."""
    return row | ({"figure": flop / row["seconds"] / 1e9, "unit": "GFLOP/s"} if "seconds" in row else {})


def measure(cupy: Any, part: str, name: str, function: Callable, expected: list | None, tolerance: float, rounds: int,
            precision: str = "strict", some: slice = slice(None), clock: Any = None, host: Callable = to_cpu) -> dict:
    """Compare the rows `some` of the result, then time; a row without "seconds" if it is wrong or does not run."""
    before = cuda.precision()
    row: dict[str, Any] = {"part": part, "name": name}
    try:
        cuda.precision(precision)
        result = function()
        if expected is not None:
            row["error"] = distance([host(result[some])], expected)
            if not row["error"] <= tolerance:
                return row | {"failed": f"wrong by {row['error']:.0e}, more than {tolerance:g}: not timed"}
        times, failed = time_in_turn([Contender(name, function, clock or GPU(cupy))], rounds, 3.0)
    except RUN_ERRORS as error:  # missing memory or support is reported, and the row has no time
        return row | {"failed": failure_reason(error)}
    finally:
        cuda.precision(before)
    return row | ({"failed": failed[name]} if failed else {"seconds": times[name]["device"], "wall": times[name]["wall"]})
