"""The convolution kernels (conv.cu, implicit_gemm.cu) against the formula: all kinds of windows, blocks of any size."""
import numpy as np
import pytest
from cuda_cases import options, single, windows
from helpers import on, same
from hypothesis import given, settings
from hypothesis import strategies as st

from nnscratch import fast, ops
from nnscratch.backend import to_cpu
from nnscratch.errors import InputError
from nnscratch.fast import cuda
from nnscratch.fast.cuda import conv
from nnscratch.ops.window import make_window


def everything(window, images):
    return slice(0, images * window.output[0] * window.output[1])


@given(case=windows())
def test_im2col_copies_bit_for_bit(cp, case):
    """The kernel only copies values, so each equals NumPy's bit for bit; bfloat16 columns are rounded values."""
    shape, window = case
    x = single(*shape)
    expected = ops.im2col(x, window.taps, **options(window))[0].reshape(-1, conv.row_length(window, shape[3]))
    assert np.array_equal(to_cpu(conv.im2col(on(cp, x), window, everything(window, len(x)))), expected)
    bits = to_cpu(conv.im2col(on(cp, x), window, everything(window, len(x)), half=True))
    assert np.array_equal(bits, rounded_to_bf16(expected))


@given(case=windows())
def test_col2im_is_the_adjoint_of_im2col(cp, case):
    """<im2col x, v> = <x, col2im v> for random v; and col2im adds to its output."""
    shape, window = case
    x, block = single(*shape), everything(window, shape[0])
    columns = to_cpu(conv.im2col(on(cp, x), window, block))
    v, dx = single(*columns.shape, seed=1), on(cp, np.ones(shape, np.float32))
    conv.col2im(on(cp, v), dx, window, block)
    dx = to_cpu(dx) - 1.0
    same(np.vdot(columns.astype(float), v), np.vdot(x.astype(float), dx), 1e-5)
    same(dx, fast.col2im(v.reshape(len(x), *window.output, -1), window), 1e-5)


@given(images=st.integers(1, 3), bytes_allowed=st.integers(1, 4000))
def test_blocks_fit_into_the_memory_and_cover_all_windows(monkeypatch, images, bytes_allowed):
    """Blocks follow each other without gaps; the columns of each fit into the allowed memory, unless it is a single window."""
    monkeypatch.setattr(conv, "COLUMN_BYTES", bytes_allowed)
    window = make_window("test", (7, 6), 3, 2, "same")
    blocks, row = conv.blocks(images, window, 5), 4 * 9 * 5
    assert [place for block in blocks for place in range(block.start, block.stop)] == [*range(images * 4 * 3)]
    assert max(block.stop - block.start for block in blocks) * row <= max(bytes_allowed, row)


@pytest.mark.slow
@given(case=windows(), outputs=st.integers(1, 5), bytes_allowed=st.sampled_from([1, 300, 2000, 2**25]),
       biased=st.booleans())
def test_the_three_products_of_a_convolution(cp, monkeypatch, case, outputs, bytes_allowed, biased):
    """In one block or many, down to single windows, they equal the formula in float64."""
    shape, window = case
    monkeypatch.setattr(conv, "COLUMN_BYTES", bytes_allowed)
    x, kernel, dy = single(*shape), single(*window.taps, shape[3], outputs), single(shape[0], *window.output, outputs, seed=1)
    bias, dx_bias = (single(outputs), single(shape[3])) if biased else (None, None)
    y, cache = fast.conv2d(*(a.astype(float) for a in (x, kernel)), **options(window))
    dx, dkernel, _ = fast.conv2d_backward(dy.astype(float), cache)
    given_x, given_kernel, given_dy = on(cp, x, kernel, dy)
    same([conv.convolve(given_x, given_kernel, window, on(cp, bias)),
          conv.convolve_dx(given_dy, given_kernel, window, on(cp, dx_bias)), conv.convolve_dkernel(given_x, given_dy, window)],
         [y + (bias if biased else 0), dx + (dx_bias if biased else 0), dkernel], 1e-5)


def test_windows_of_one_pixel_need_no_columns(cp):
    """The columns are the image itself, without additional memory; with a stride or padding they are not."""
    x = on(cp, single(2, 4, 4, 3))
    for strides, padding, same_memory in ((1, 0, True), (2, 0, False), (1, 1, False)):
        window = make_window("test", (4, 4), 1, strides, padding)
        columns = conv.im2col(x, window, everything(window, 2))
        assert (columns.data.ptr == x.data.ptr) == same_memory
        expected, _ = ops.im2col(to_cpu(x), 1, strides=strides, padding=padding)
        assert np.array_equal(to_cpu(columns), expected.reshape(-1, 3))


def rounded_to_bf16(x):
    """The bits of the nearest bfloat16, ties to even, computed by arithmetic, unlike the kernel's bit shifts."""
    exact = x.astype(np.float64)
    step = np.exp2(np.floor(np.log2(np.abs(np.where(exact == 0, 1, exact)))) - 7)
    return (np.rint(exact / step) * step).astype(np.float32).view(np.uint32) >> 16


def test_rounding_to_bfloat16(cp):
    """Ties go to even, overflow goes to infinity, and NaN stays NaN."""
    ties = np.float32([1 + 1 / 256, 1 + 3 / 256, -1 - 1 / 256, 3.4e38, 0.0, -0.0])
    assert to_cpu(conv.to_bf16(on(cp, ties))).tolist() == [0x3F80, 0x3F82, 0xBF80, 0x7F80, 0, 0x8000]
    x = single(1000) * np.float32(10) ** np.random.default_rng(0).integers(-30, 30, 1000).astype(np.float32)
    assert np.array_equal(to_cpu(conv.to_bf16(on(cp, x))), rounded_to_bf16(x))
    odd = np.uint32([0x7F800000, 0xFF800000, 0x7F800001, 0x7FFFFFFF, 0xFFFFFFFF]).view(np.float32)
    bits = to_cpu(conv.to_bf16(on(cp, odd)))
    assert bits[:2].tolist() == [0x7F80, 0xFF80] and np.isnan((bits[2:].astype(np.uint32) << 16).view(np.float32)).all()


# --- implicit_gemm.cu ---------------------------------------------------------------------------------------------

def tf32(x):
    """The nearest number with 10 mantissa bits, ties away from zero, computed by arithmetic."""
    exact = x.astype(np.float64)
    step = np.exp2(np.floor(np.log2(np.abs(np.where(exact == 0, 1, exact)))) - 10)
    return np.sign(exact) * np.floor(np.abs(exact) / step + 0.5) * step


@settings(max_examples=6)
@given(case=windows(), outputs=st.sampled_from([1, 7, 65]), slope=st.sampled_from([0.0, 0.2, 1.0]))
def test_implicit_gemm(cp, case, outputs, slope):
    """A convolution of numbers rounded to TF32, with bias and activation; also with loads of 4 channels at once."""
    shape, window = case
    x, kernel, bias = single(*shape), single(*window.taps, shape[3], outputs), single(outputs)
    y, _ = fast.leaky_relu(fast.conv2d(tf32(x), tf32(kernel), bias.astype(float), **options(window))[0], slope)
    same(cuda.implicit_gemm_conv2d(*on(cp, x, kernel), window, on(cp, bias), slope), y, 1e-5)


def test_implicit_gemm_of_unaligned_views(cp):
    """The kernel loads four numbers at once, which requires an alignment of 16 bytes."""
    x, kernel = single(2, 4, 5, 4), single(3, 3, 4, 6)
    window = make_window("test", (4, 5), (3, 3), 1, "same", 1)
    longer = on(cp, np.concatenate([np.zeros(8, np.float32), x.reshape(-1)]))
    for first in range(1, 8):
        longer[first:first + x.size] = on(cp, x.reshape(-1))
        view = longer[first:first + x.size].reshape(x.shape)
        y = cuda.implicit_gemm_conv2d(view, on(cp, kernel), window)
        same(y, fast.conv2d(tf32(x), tf32(kernel), padding="same")[0], 1e-5)


def test_implicit_gemm_refuses_out_of_bounds_reads(cp):
    """A short bias, a kernel with other taps or channels, an image of another size: one sentence, and no kernel runs."""
    window = make_window("test", (5, 6), (3, 3), 1, 0, 1)
    x, kernel, bias = on(cp, *(np.ones(shape, np.float32) for shape in ((2, 5, 6, 4), (3, 3, 4, 7), (7,))))
    cuda.implicit_gemm_conv2d(x, kernel, window, bias)
    for wrong in ((x, kernel, window, bias[:3].copy()), (x, kernel[:2].copy(), window, bias),
                  (x[..., :3].copy(), kernel, window, bias), (x[:, :4].copy(), kernel, window, bias)):
        with pytest.raises(InputError, match="do not fit the window of"):
            cuda.implicit_gemm_conv2d(*wrong)


def test_relu_of_minus_infinity_is_0_in_every_kernel(cp):
    """And ReLU of NaN is NaN, whether or not the slope is 0."""
    window = make_window("test", (1, 1), (1, 1), 1, 0, 1)
    for slope, expected in ((0.0, [0, np.nan]), (0.2, [-np.inf, np.nan])):
        x = np.array([-np.inf, np.nan], np.float32).reshape(2, 1, 1, 1)
        one, none = np.ones((1, 1, 1, 1), np.float32), np.zeros(1, np.float32)
        y = cuda.implicit_gemm_conv2d(*on(cp, x, one), window, on(cp, none), slope)
        same(y.reshape(2), np.array(expected, np.float32), 0)
        same(fast.bias_leaky_relu(*on(cp, x, none), slope)[0].reshape(2), np.array(expected, np.float32), 0)


def test_implicit_gemm_in_several_blocks(cp):
    """More rows than one tile, more channels, more steps along k; without a bias."""
    window = make_window("test", (13, 12), 3, 1, "same")
    x, kernel = single(1, 13, 12, 12), single(3, 3, 12, 66)
    same(cuda.implicit_gemm_conv2d(*on(cp, x, kernel), window), fast.conv2d(tf32(x), tf32(kernel), padding="same")[0], 1e-5)
