"""Every op equals its nested loops, for odd sizes, strides, paddings, dilations and groups."""
import numpy as np
import pytest
from helpers import (
    loops_conv2d,
    loops_conv2d_backward,
    loops_conv2d_transpose,
    loops_conv2d_transpose_backward,
    normal,
    on,
    same,
)
from hypothesis import assume, given
from hypothesis import strategies as st

from nnscratch import fast, ops
from nnscratch.backend import array_module, to_cpu
from nnscratch.errors import InputError
from nnscratch.fast.cpu import col2im, im2col
from nnscratch.ops import reference, window

# In float32 a GPU uses the kernels of nnscratch/fast/cuda.
both_precisions = pytest.mark.parametrize("dtype", [np.float64, np.float32])
TOLERANCE = {np.float64: 1e-12, np.float32: 1e-5}
rooms = pytest.mark.parametrize("room", [ops, fast], ids=["ops", "fast"])
pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
before_and_after = st.tuples(st.integers(0, 2), st.integers(0, 2))
paddings = st.one_of(st.sampled_from(["valid", "same", 0, 1, 2]), st.tuples(before_and_after, before_and_after))


@st.composite
def convolutions(draw):
    """x, kernel, bias and options of a convolution that fits."""
    groups = draw(st.integers(1, 3))
    size, kernel = draw(st.tuples(st.integers(1, 6), st.integers(1, 6))), draw(pairs)
    options = {"strides": draw(pairs), "padding": draw(paddings), "dilation": draw(pairs), "groups": groups}
    inputs, outputs = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    return normal(draw(st.integers(1, 2)), *size, inputs), normal(*kernel, inputs // groups, outputs), normal(outputs), options


def given_arrays(xp, dtype, *arrays):
    """The arrays in this precision, on the device under test."""
    return on(xp, *(array.astype(dtype) for array in arrays))


def forward_and_backward(forward, backward, arrays, options):
    y, cache = forward(*arrays, **options)
    dy = on(array_module(y), normal(*y.shape, seed=1).astype(y.dtype))
    return [y, *backward(dy, cache)]


@rooms
@both_precisions
@given(case=convolutions())
def test_conv2d_by_im2col_equals_loops(xp, room, case, dtype):
    """y, dx, dkernel and dbias, by `ops` and by `fast`, equal those of the loops."""
    x, kernel, bias, options = case
    try:
        expected = forward_and_backward(loops_conv2d, loops_conv2d_backward, (x, kernel, bias), options)
    except InputError as error:
        assume("does not fit" not in str(error))
        raise
    same(forward_and_backward(room.conv2d, room.conv2d_backward, given_arrays(xp, dtype, x, kernel, bias), options), expected,
         TOLERANCE[dtype])


@given(case=convolutions(), bytes_allowed=st.integers(1, 4000))
def test_blocks_of_columns_do_not_change_the_result(monkeypatch, case, bytes_allowed):
    """The results do not depend on the memory allowed for columns, down to one row at a time."""
    x, kernel, bias, options = case
    try:
        expected = forward_and_backward(ops.conv2d, ops.conv2d_backward, (x, kernel, bias), options)
    except InputError:
        assume(False)
    for module in (im2col, col2im):
        monkeypatch.setattr(module, "COLUMN_BYTES", bytes_allowed)
    same(forward_and_backward(fast.conv2d, fast.conv2d_backward, (x, kernel, bias), options), expected)


@st.composite
def transposed_convolutions(draw):
    groups, strides = draw(st.integers(1, 2)), draw(pairs)
    size, kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4))), draw(pairs)
    extra = draw(st.one_of(st.none(), st.tuples(*(st.integers(0, s - 1) for s in strides))))
    options = {"strides": strides, "padding": draw(paddings), "dilation": draw(pairs), "groups": groups,
               "output_padding": extra}
    inputs, outputs = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    return normal(2, *size, inputs), normal(*kernel, outputs // groups, inputs), normal(outputs), options


@both_precisions
@given(case=transposed_convolutions())
def test_conv2d_transpose_equals_its_definition(xp, case, dtype):
    """The transposed convolution equals its definition: every pixel adds the kernel, then borders are cropped."""
    x, kernel, bias, options = case
    try:
        y, (*_, geometry) = ops.conv2d_transpose(*given_arrays(xp, dtype, x, kernel, bias), **options)
    except InputError as error:
        assume("crops an image" not in str(error))
        raise
    groups, ((top, _), (left, _)) = options["groups"], geometry.pads
    parts = [reference.convolve_transposed(x_part, kernel_part, options["strides"], options["dilation"], (top, left),
                                           geometry.input)
             for x_part, kernel_part in zip(np.split(x, groups, -1), np.split(kernel, groups, -1))]
    same(y, np.concatenate(parts, axis=-1) + bias, TOLERANCE[dtype])


@rooms
@both_precisions
@given(case=transposed_convolutions())
def test_conv2d_transpose_by_im2col_equals_loops(xp, room, case, dtype):
    """y, dx, dkernel and dbias, by `ops` and by `fast`, equal those of the loops."""
    x, kernel, bias, options = case
    pair = room.conv2d_transpose, room.conv2d_transpose_backward
    try:
        expected = forward_and_backward(loops_conv2d_transpose, loops_conv2d_transpose_backward, (x, kernel, bias), options)
    except InputError as error:
        assume("crops an image" not in str(error))
        raise
    same(forward_and_backward(*pair, given_arrays(xp, dtype, x, kernel, bias), options), expected, TOLERANCE[dtype])


@st.composite
def poolings(draw):
    size = draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
    pool, strides = draw(pairs), draw(st.one_of(st.none(), pairs))
    before_after = st.tuples(*(st.tuples(st.integers(0, p - 1), st.integers(0, p - 1)) for p in pool))
    # Few different values, so that ties are common: the rule for ties is tested, too.
    x = np.random.default_rng(draw(st.integers(0, 99))).integers(0, draw(st.sampled_from([3, 1000])), (2, *size, 2)) / 4
    return x, pool, strides, draw(st.one_of(st.sampled_from(["valid", "same"]), before_after))


@both_precisions
@given(case=poolings())
def test_max_pool2d_equals_loops(xp, case, dtype):
    """Maxima and the pixels that get the gradient, including ties and overlaps, equal those of the loops."""
    x, pool, strides, padding = case
    try:
        y, cache = ops.max_pool2d(given_arrays(xp, dtype, x), pool, strides, padding=padding)
    except InputError:
        assume(False)
    expected, winner = reference.max_pool2d(x, cache[2])
    dy = normal(*expected.shape)
    same([y, ops.max_pool2d_backward(given_arrays(xp, dtype, dy), cache)],
         [expected, reference.max_pool2d_dx(dy, winner, cache[2])], TOLERANCE[dtype])


@both_precisions
@given(case=poolings(), counted=st.booleans())
def test_avg_pool2d_equals_loops(xp, case, counted, dtype):
    """Averages with and without the padding in the count, and their gradients, equal those of the loops."""
    x, pool, strides, padding = case
    try:
        y, cache = ops.avg_pool2d(given_arrays(xp, dtype, x), pool, strides, padding=padding, count_include_pad=counted)
    except InputError:
        assume(False)
    dy = normal(*y.shape)
    same([y, ops.avg_pool2d_backward(given_arrays(xp, dtype, dy), cache)],
         [reference.avg_pool2d(x, cache[1], counted), reference.avg_pool2d_dx(dy, cache[1], counted)], TOLERANCE[dtype])


@both_precisions
@given(n=st.integers(1, 3), h=st.integers(1, 3), w=st.integers(1, 4), c=st.integers(1, 3))
def test_batch_norm_equals_loops(xp, n, h, w, c, dtype):
    """The closed formula of the backward pass equals the chain rule node by node."""
    x, gamma, beta, dy = normal(n, h, w, c), normal(c), normal(c, seed=1), normal(n, h, w, c, seed=2)
    tolerance = TOLERANCE[dtype]
    y, _, cache = ops.batch_norm(*given_arrays(xp, dtype, x, gamma, beta, np.zeros(c), np.ones(c)), training=True)
    same(y, reference.batch_norm(x, gamma, beta, 1e-3), tolerance)
    gradients = ops.batch_norm_backward(given_arrays(xp, dtype, dy), cache)
    same(gradients, reference.batch_norm_backward(dy, x, gamma, 1e-3), 100 * tolerance)


@given(case=convolutions())
def test_im2col_and_col2im_are_adjoint(xp, case):
    """<im2col(x), v> = <x, col2im(v)> for any x and v; and im2col @ kernel is the convolution."""
    x, kernel, _, options = case
    del options["groups"]
    try:
        columns, geometry = ops.im2col(on(xp, x), kernel.shape[:2], **options)
    except InputError:
        assume(False)
    v = normal(*columns.shape, seed=3)
    same(np.vdot(to_cpu(columns), v), np.vdot(x, to_cpu(ops.col2im(on(xp, v), geometry))), 1e-10)


@pytest.mark.parametrize("size, expected", [(5, 3), (6, 3)])
def test_same_padding_puts_the_odd_pixel_at_the_end(size, expected):
    """Keras: 'same' gives ceil(size / stride), and the odd pixel of padding goes to the bottom and the right."""
    geometry = window.make_window("test", (size, size), 4, 2, "same")
    assert geometry.output == (expected, expected)
    assert geometry.pads == (((1, 2), (1, 2)) if size == 5 else ((1, 1), (1, 1)))
