"""Every CUDA kernel against its formula: edge cases, odd sizes, and any order of threads.

Without a GPU the kernels' source is compiled by g++ (tests/standin/cuda_on_cpu.h); on a GPU, `pytest -m gpu` runs the same.
"""

import numpy as np
import pytest
from cuda_cases import TOLERANCE, single, windows
from helpers import normal, on, same
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from standin.raw_module import thread_order

from nnscratch import fast
from nnscratch.backend import to_cpu
from nnscratch.fast import cuda
from nnscratch.fast.cuda import conv
from nnscratch.fast.cuda.activations import channel_sum
from nnscratch.fast.cuda.adam import AdamClock, adam_kernel
from nnscratch.fast.cuda.dropouts import dropout_mask
from nnscratch.fast.cuda.kernel_registry import kernels, text
from nnscratch.ops.window import make_window

# --- activations.cu ------------------------------------------------------------------------------------------------

rows_and_channels = st.tuples(st.integers(1, 70), st.sampled_from([1, 3, 31, 32, 33, 65]))


@pytest.fixture
def short_parts(monkeypatch):
    """Sums are split into many parts even for small arrays, and the last part is shorter."""
    monkeypatch.setattr("nnscratch.fast.cuda.activations.MIN_ROWS", 9)


@settings(max_examples=15)
@given(shape=rows_and_channels, slope=st.sampled_from([0.0, 0.2, 1.0]))
def test_bias_and_leaky_relu(cp, short_parts, shape, slope):
    """Forward and backward equal ops in float64, for a random upstream gradient."""
    x, bias, dy = single(*shape), single(shape[1], seed=1), single(*shape, seed=2)
    y, cache = fast.leaky_relu(x.astype(float) + bias, slope)
    dx = fast.leaky_relu_backward(dy.astype(float), cache)
    alone, alone_cache = fast.leaky_relu(on(cp, x + bias), slope)
    same([alone, fast.leaky_relu_backward(on(cp, dy), alone_cache)], [y, dx], TOLERANCE)
    ours, ours_cache = fast.bias_leaky_relu(on(cp, x), on(cp, bias), slope)
    same([ours, *fast.bias_leaky_relu_backward(on(cp, dy), ours_cache)], [y, dx, dx.sum(axis=0)], TOLERANCE)


def test_relu_of_extreme_numbers(cp):
    """ReLU of -infinity is 0, not 0 * infinity; NaN stays NaN."""
    x = np.float32([[-np.inf, np.inf, np.nan, -0.0]])
    for slope, expected in ((0.0, [0, np.inf, np.nan, 0]), (0.2, [-np.inf, np.inf, np.nan, 0])):
        zeros = on(cp, np.zeros(4, np.float32))
        for y, _ in (fast.leaky_relu(on(cp, x), slope), fast.bias_leaky_relu(on(cp, x), zeros, slope)):
            np.testing.assert_array_equal(to_cpu(y)[0], np.float32(expected))


@settings(max_examples=15)
@given(shape=rows_and_channels)
def test_channel_sum(cp, short_parts, shape):
    """The sum over all rows, for numbers of channels that do and do not fill a block."""
    x = single(*shape)
    same(channel_sum(on(cp, x)), x.astype(float).sum(axis=0), TOLERANCE)


# --- normalize.cu ------------------------------------------------------------------------------------------------

@pytest.mark.slow
@settings(max_examples=20)
@given(shape=rows_and_channels, training=st.booleans(), unbiased=st.booleans(), offset=st.sampled_from([0.0, 100.0]))
def test_batch_norm(cp, short_parts, shape, training, unbiased, offset):
    """y, running statistics and all three gradients equal float64, also for values far from 0."""
    c = shape[1]
    x, dy, mean = single(*shape) + np.float32(offset), single(*shape, seed=1), single(c, seed=4) + np.float32(offset)
    gamma, beta, variance = single(c, seed=2), single(c, seed=3), np.abs(single(c, seed=5)) + np.float32(0.1)
    arrays, choices = (x, gamma, beta, mean, variance), {"training": training, "unbiased": unbiased, "momentum": 0.9}
    y, running, cache = fast.batch_norm(*(a.astype(float) for a in arrays), **choices)
    gradients = fast.batch_norm_backward(dy.astype(float), cache)
    our_y, our_running, our_cache = fast.batch_norm(*on(cp, *arrays), **choices)
    tolerance = 1e-5 if offset == 0 else 3e-4  # x itself has only 5 decimals
    same([our_y, *our_running, *fast.batch_norm_backward(on(cp, dy), our_cache)], [y, *running, *gradients], tolerance)
    for wrt, asked in (("input", [True, False, False]), ("parameters", [False, True, True])):
        some = fast.batch_norm_backward(on(cp, dy), our_cache, wrt)
        same(some, [g if wanted else None for g, wanted in zip(gradients, asked)], tolerance)


def test_batch_norm_of_a_small_variance(cp):
    """Around 1000 the squares are a million: E[x²] - E[x]² in float32 would lose a variance of 1."""
    x, c = single(500, 3) + np.float32(1000), 3
    ones, zeros = on(cp, np.ones(c, np.float32), np.zeros(c, np.float32))
    _, (_, variance), _ = fast.batch_norm(on(cp, x), ones, zeros, zeros, zeros, training=True, momentum=0.0)
    same(variance, x.astype(float).var(axis=0), 1e-5)


def test_the_four_kernels_of_batch_norm_count_with_equal_types():
    """Rows, channels and rows per part: forward and backward support the same batch sizes. No kernel counts the elements."""
    for name in ("batch_norm_moments", "batch_norm", "batch_norm_backward_sums", "batch_norm_backward"):
        assert [p.name for p in kernels()[name].parameters if p.ctype == "int"][-3:] == ["rows", "C", "part_rows"], name
        assert "EACH" not in text("normalize.cu").split(f"{name}(const")[1].split("\n}\n")[0], name


# --- pool.cu ---------------------------------------------------------------------------------------------------

@pytest.mark.slow
@given(case=windows(dilation=st.just(1)), values=st.sampled_from([3, 1000]), counted=st.booleans())
def test_pooling(cp, case, values, counted):
    """Maxima, averages and gradients; with few different values ties are common, and the first of them wins."""
    shape, window = case
    assume(all(max(pads) < taps for pads, taps in zip(window.pads, window.taps)))
    x = (np.random.default_rng(values).integers(0, values, shape) / 4).astype(np.float32)
    dy = single(shape[0], *window.output, shape[3])
    for forward, backward, more in ((fast.max_pool2d, fast.max_pool2d_backward, {}),
                                    (fast.avg_pool2d, fast.avg_pool2d_backward, {"count_include_pad": counted})):
        results = []
        for given_x, given_dy in ((x.astype(float), dy.astype(float)), on(cp, x, dy)):
            y, cache = forward(given_x, window.taps, window.strides, padding=window.pads, **more)
            results.append([y, backward(given_dy, cache)])
        same(results[1], results[0], TOLERANCE)


def test_max_pool_of_extreme_numbers(cp):
    """NaN wins and gets no gradient; in a window of -infinity the first tap wins, even if it is padding."""
    x = np.full((1, 4, 4, 1), -np.inf, np.float32)
    x[0, 3, 3] = np.nan
    results = []
    for given_x in (x, on(cp, x)):
        with np.errstate(invalid="ignore"):
            y, cache = fast.max_pool2d(given_x, 3, 2, padding=1)
            dy = on(cp, single(*y.shape)) if given_x is not x else single(*y.shape)
            results.append([to_cpu(y), to_cpu(fast.max_pool2d_backward(dy, cache))])
    for ours, numpys in zip(*results):
        np.testing.assert_array_equal(ours, numpys)


# --- dropouts.cu ---------------------------------------------------------------------------------------------------

@settings(max_examples=10)
@given(count=st.integers(1, 700), seed=st.integers(0, 2**64 - 1), calls=st.integers(0, 2**40),
       rate=st.sampled_from([0.0, 0.1, 0.5]))
def test_dropout_draws_the_numbers_of_numpy(cp, count, seed, calls, rate):
    """Bit for bit the numbers of NumPy's Philox with the same key."""
    drawn = np.random.Generator(np.random.Philox(key=np.uint64([seed, calls]))).random(count)
    mask = dropout_mask(cp, count, rate, seed, on(cp, np.uint64([calls])))
    assert np.array_equal(to_cpu(mask), np.where(drawn >= rate, np.float32(1 / (1 - rate)), np.float32(0)))


# --- all ----------------------------------------------------------------------------------------------------------

def results_of_every_kernel(cp):
    """The results of all kernels, except those for scalars."""
    window = make_window("test", (6, 5), 3, 2, ((1, 2), (0, 1)))
    x, kernel, dy = on(cp, single(2, 6, 5, 4), single(3, 3, 4, 5), single(2, *window.output, 5))
    vector, statistics = on(cp, single(4), np.ones(4, np.float32))
    y, running, cache = fast.batch_norm(x, vector, vector, vector, statistics, training=True)
    pooled, pool_cache = fast.max_pool2d(x, 3, 2, padding=1)
    averaged, average_cache = fast.avg_pool2d(x, 3, 2, padding=1)
    active, active_cache = fast.bias_leaky_relu(x, vector, 0.2)
    _, leaky_cache = fast.leaky_relu(x, 0.2)
    w, m, v = x.copy(), cp.zeros_like(x), cp.zeros_like(x)
    clock = AdamClock(cp)
    clock.set(3, 1e-3)
    rate = clock.advance(0.9, 0.999)
    adam_kernel(w, x, m, v, rate, 0.9, 0.999, 1e-7)
    mask = dropout_mask(cp, 99, 0.5, 7, on(cp, np.uint64([1])))
    return [conv.convolve(x, kernel, window), conv.convolve_dx(dy, kernel, window), conv.convolve_dkernel(x, dy, window),
            conv.im2col(x, window, slice(3, 9), half=True), conv.to_bf16(x), y, *running,
            *fast.batch_norm_backward(x, cache), pooled, fast.max_pool2d_backward(pooled, pool_cache), averaged,
            fast.avg_pool2d_backward(averaged, average_cache), active, *fast.bias_leaky_relu_backward(x, active_cache),
            fast.leaky_relu(x, 0.2)[0], fast.leaky_relu_backward(active, leaky_cache),
            channel_sum(x), w, m, v, rate, mask, cuda.implicit_gemm_conv2d(x, kernel, window)]


@pytest.mark.slow
@pytest.mark.parametrize("order", [1, 2, 3])
def test_no_result_depends_on_the_order_of_threads(cp, short_parts, order):
    """Every kernel returns the same bits for any order of threads."""
    expected = results_of_every_kernel(cp)
    with thread_order(order):
        for ours, first in zip(results_of_every_kernel(cp), expected):
            assert np.array_equal(to_cpu(ours), to_cpu(first))


def test_any_number_of_blocks_gives_the_same_result(cp, monkeypatch):
    """With fewer threads than elements, each thread processes several, and the results do not change."""
    x = single(3, 9, 10, 4)  # more than the 256 threads of a block
    window = make_window("test", (9, 10), 3, 1, "same")
    def both():
        y, _ = fast.max_pool2d(on(cp, x), window.taps, window.strides, padding=window.pads)
        return [to_cpu(y), to_cpu(conv.convolve(*on(cp, x, single(3, 3, 4, 2)), window))]

    expected = both()
    monkeypatch.setattr("nnscratch.fast.cuda.launcher.MAX_BLOCKS", 1)
    same(both(), expected, 0)


def test_non_contiguous_arrays_are_accepted(cp):
    """Slices and transposed views work in every op; the kernels' callers make the copies."""
    x = normal(2, 8, 6, 8).astype(np.float32)
    kernel, vector = normal(4, 3, 3, 3).transpose(1, 2, 3, 0).astype(np.float32), np.ones(3, np.float32)
    results = []
    for xp in (np, cp):
        given_x, given_kernel, ones = on(xp, x, np.ascontiguousarray(kernel.transpose(3, 0, 1, 2)), vector)
        view, turned = given_x[:, ::2, :, 1:4], given_kernel.transpose(1, 2, 3, 0)
        y, cache = fast.conv2d(view, turned, padding="same")
        dy = y.swapaxes(1, 2).copy().swapaxes(1, 2)
        normed, _, norm_cache = fast.batch_norm(view, ones, ones, ones, ones, training=True)
        pooled, pool_cache = fast.max_pool2d(view, 2)
        averaged, average_cache = fast.avg_pool2d(view, 2)
        turn = [a.swapaxes(1, 2).copy().swapaxes(1, 2) for a in (normed, pooled, averaged)]
        results.append([y, *fast.conv2d_backward(dy, cache), normed, *fast.batch_norm_backward(turn[0], norm_cache),
                        fast.max_pool2d_backward(turn[1], pool_cache), fast.avg_pool2d_backward(turn[2], average_cache)])
    same(results[1], [None if a is None else a for a in results[0]], 1e-5)
