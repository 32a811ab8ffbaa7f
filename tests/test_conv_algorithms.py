"""The CPU's algorithms of a convolution give the numbers of the nested loops; in whatever blocks, from whatever thread."""
from contextlib import nullcontext
from functools import partial
from threading import Thread
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import (
    by_groups,
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
from test_ops_equal_loops import forward_and_backward, paddings

from nnscratch import fast
from nnscratch.errors import InputError
from nnscratch.fast import dispatch, workspace
from nnscratch.fast.cpu import col2im, depthwise, folded, im2col, subpixel, winograd, winograd_tiles
from nnscratch.fast.cpu import conv as cpu_conv
from nnscratch.fast.cpu.col2im import adjoint_window, flip_kernel
from nnscratch.fast.dispatch import CONVOLUTIONS, Problem, choose_convolution
from nnscratch.ops import reference
from nnscratch.ops.window import make_window


def turned(convolve):
    """The dx of a convolution with stride 1 by the convolution with the flipped kernel."""
    return lambda dy, kernel, window: convolve(dy, flip_kernel(kernel), adjoint_window(window))


def swapped(x, dy, window):
    return flip_kernel(im2col.convolve_dkernel(dy, x, adjoint_window(window)))


def adjoint(x, kernel, window):
    return col2im.convolve_dx(x, flip_kernel(kernel), adjoint_window(window))


# The ways to each of the three products, and what each can do.
FAST = {"im2col": SimpleNamespace(convolve=im2col.convolve, convolve_dx=col2im.convolve_dx,
                                  convolve_dkernel=im2col.convolve_dkernel),
        "subpixel": SimpleNamespace(convolve=im2col.convolve_wide, convolve_dx=subpixel.convolve_dx,
                                    convolve_dkernel=im2col.convolve_dkernel),
        "folded": SimpleNamespace(convolve=im2col.convolve, convolve_dx=partial(subpixel.convolve_dx, by_winograd=True),
                                  convolve_dkernel=folded.convolve_dkernel),
        "winograd": SimpleNamespace(convolve=winograd.convolve, convolve_dx=turned(winograd.convolve),
                                    convolve_dkernel=winograd.convolve_dkernel),
        "turned": SimpleNamespace(convolve=adjoint, convolve_dx=turned(im2col.convolve), convolve_dkernel=swapped)}
SCRATCH = im2col, col2im, winograd, winograd_tiles


def can(algorithm, window):
    """Whether this way takes such a window."""
    if algorithm == "im2col":
        return True
    if algorithm == "subpixel":
        return window.dilation == (1, 1)
    if algorithm == "folded":
        return folded.supports_folding(window)
    if algorithm == "winograd" and not winograd_tiles.supports_winograd(window):
        return False
    return Problem(window, 1, 1, 1).unit_stride


kernel_sizes = st.tuples(st.integers(1, 8), st.integers(1, 4))
strides = st.tuples(st.integers(1, 3), st.integers(1, 3))


def kernels_for(algorithm):
    """Sizes of kernels that this way takes."""
    return st.tuples(st.integers(2, 7), st.integers(1, 4)) if algorithm in ("winograd", "folded") else kernel_sizes


def strides_for(algorithm):
    """Strides that this way takes."""
    return st.just((1, 1)) if algorithm in ("winograd", "turned") else strides


@st.composite
def layers(draw, transposed=False, algorithm="im2col"):
    """x, kernel, bias and options without dilation, for one of the ways."""
    groups = draw(st.sampled_from([1, 1, 2]))
    size, kernel = draw(st.tuples(st.integers(1, 9), st.integers(1, 9))), draw(kernels_for(algorithm))
    inputs, outputs = groups * draw(st.integers(1, 5)), groups * draw(st.integers(1, 5))
    options = {"strides": draw(strides_for(algorithm)), "padding": draw(paddings), "groups": groups}
    x, last = normal(draw(st.integers(1, 3)), *size, inputs), (outputs // groups, inputs) if transposed else (
        inputs // groups, outputs)
    return x, normal(*kernel, *last), normal(outputs, seed=2), options


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", FAST)
@pytest.mark.parametrize("transposed", [False, True], ids=["conv2d", "conv2d_transpose"])
@given(data=st.data())
def test_every_algorithm_equals_the_loops(algorithm, transposed, data):
    """y, dx, dkernel and dbias, in kernels of 1 to 8 rows, strides, paddings and groups, wherever the algorithm can do it."""
    loops = (loops_conv2d_transpose, loops_conv2d_transpose_backward) if transposed else (loops_conv2d, loops_conv2d_backward)
    name = "conv2d_transpose" if transposed else "conv2d"
    x, kernel, bias, options = data.draw(layers(transposed, algorithm))
    try:
        _, (*_, window, _) = loops[0](x, kernel, bias, **options)
    except InputError as error:
        assert any(text in str(error) for text in ("does not fit", "crops an image"))
        assume(False)
    assume(can(algorithm, window))
    expected = forward_and_backward(*loops, (x, kernel, bias), options)
    with forced(algorithm):
        same(forward_and_backward(getattr(fast, name), getattr(fast, f"{name}_backward"), (x, kernel, bias), options), expected,
             1e-10)


class forced:
    """Inside this block each product is computed by one way, whatever dispatch.py would choose."""

    def __init__(self, algorithm):
        self.ways, self.patch = FAST[algorithm], pytest.MonkeyPatch()

    def __enter__(self):
        for product in CONVOLUTIONS:
            self.patch.setattr(cpu_conv, product, partial(self.run, getattr(self.ways, product)))
        self.patch.setattr(dispatch, "KEPT_BYTES", -1)
        self.patch.setattr(cpu_conv, "convolve_and_dkernel", lambda x, kernel, dy, window: (
            cpu_conv.convolve(x, kernel, window), cpu_conv.convolve_dkernel(x, dy, window)))

    def run(self, way, a, b, window, bias=None, groups=1):
        result = way(a, b, window) if groups == 1 else by_groups(way, a, b, window, groups)
        return result if bias is None else result + bias

    def __exit__(self, *error):
        self.patch.undo()


def ways_to_lie_in_memory(array):
    """The same numbers, (N, H, W, C), in other orders: reversed, channels first, Fortran's, every second number, repeated."""
    twice = np.repeat(array, 2, axis=-1)
    return {"as made": array, "reversed": array[:, ::-1, ::-1, ::-1].copy()[:, ::-1, ::-1, ::-1],
            "channels first": array.transpose(0, 3, 1, 2).copy().transpose(0, 2, 3, 1), "Fortran": np.asfortranarray(array),
            "every second": twice[..., ::2], "turned": array.swapaxes(1, 2).copy().swapaxes(1, 2)}


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", [*FAST, "auto"])
@given(data=st.data(), x_lies=st.sampled_from(sorted(ways_to_lie_in_memory(normal(1, 1, 1, 1)))), dtypes=st.sampled_from(
    [(np.float64, np.float64), (np.float32, np.float64), (np.float64, np.float32)]))
def test_pixels_may_lie_in_memory_as_they_like(algorithm, data, x_lies, dtypes):
    """y, dx and dkernel of views, with dy a view too, or one number for all; and the wider of two dtypes counts."""
    size, kernel_size = data.draw(st.tuples(st.integers(4, 9), st.integers(4, 9))), data.draw(kernels_for(algorithm))
    x, kernel = normal(2, *size, 3).astype(dtypes[0]), normal(*kernel_size, 3, 4).astype(dtypes[1])
    options = {"strides": data.draw(strides_for(algorithm)), "padding": "same"}
    assume(algorithm == "auto" or can(algorithm, make_window("test", size, kernel_size, **options)))
    exact, cache = loops_conv2d(x.astype(np.float64), kernel.astype(np.float64), **options)
    dy = normal(*exact.shape, seed=1)
    dys = {**ways_to_lie_in_memory(dy), "one for all": np.broadcast_to(dy[..., :1], dy.shape),
           "one for each channel": np.broadcast_to(dy[0, 0, 0], dy.shape)}
    dy = dys[data.draw(st.sampled_from(sorted(dys)))]
    expected = exact, *loops_conv2d_backward(dy, cache)
    with nullcontext() if algorithm == "auto" else forced(algorithm):
        y, cache = fast.conv2d(ways_to_lie_in_memory(x)[x_lies], kernel, **options)
        assert y.dtype == np.float64
        same((y, *fast.conv2d_backward(dy, cache)), expected, 1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", FAST)
@given(data=st.data(), narrow=st.booleans())
def test_nothing_is_read_or_written_beyond_the_workspace(algorithm, data, narrow, monkeypatch):
    """Windows wider than the image hang over its last row by several rows. What old numbers the workspace holds, and what
    lies beyond it, must not be read (it is NaN here, and 0 * NaN is NaN), nor changed."""
    size = (data.draw(st.integers(1, 20)), data.draw(st.integers(1, 3 if narrow else 12)))
    kernel_size = data.draw(st.tuples(st.integers(1, 7), st.integers(1, 9)))
    window = make_window("test", size, kernel_size, data.draw(strides_for(algorithm)), "same")
    assume(can(algorithm, window))
    guard, made = 4096, []

    def fresh(name, shape, dtype):
        numbers = int(np.prod(shape))
        made.append((np.full(numbers + guard, np.nan, dtype), numbers))
        return made[-1][0][:numbers].reshape(shape)

    products, n, c, oc = FAST[algorithm], *data.draw(st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4)))
    x, kernel, dy = normal(n, *size, c), normal(*kernel_size, c, oc), normal(n, *window.output, oc)
    for module in SCRATCH:
        monkeypatch.setattr(module, "scratch", fresh)
    actual, expected = ([way.convolve(x, kernel, window), way.convolve_dx(dy, kernel, window),
                         way.convolve_dkernel(x, dy, window)] for way in (products, reference))
    same(actual, expected, 1e-10)
    assert all(np.isnan(memory[numbers:]).all() for memory, numbers in made)


@given(size=st.tuples(st.integers(1, 40), st.integers(1, 40)), kernel=st.tuples(st.integers(1, 11), st.integers(1, 11)),
       stride=st.tuples(st.integers(1, 4), st.integers(1, 4)), dilation=st.integers(1, 2), images=st.sampled_from([1, 600]),
       channels=st.sampled_from([1, 2, 8, 40]), outputs=st.sampled_from([1, 2, 4, 8]), groups=st.integers(1, 2))
def test_what_is_chosen_can_do_it(size, kernel, stride, dilation, images, channels, outputs, groups):
    """For every window, of each of the three products, a convolution's or a transposed one's."""
    try:
        window = make_window("test", size, kernel, stride, "same", dilation)
    except InputError:
        assume(False)
    problem = Problem(window, images, channels, outputs, groups)
    for product in CONVOLUTIONS:
        algorithm = choose_convolution(product, problem)
        needs = {"winograd": "winograd", "subpixel": "subpixel", "subpixel winograd": "folded", "folded winograd": "folded",
                 "wide": "turned", "adjoint": "turned", "swapped": "turned",
                 "as convolve": "turned"}.get(algorithm, "im2col")
        assert can(needs, window), algorithm


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", FAST)
@given(data=st.data(), room=st.integers(100, 20000))
def test_blocks_do_not_change_the_result(algorithm, data, room, monkeypatch):
    """Images, tiles of rows, strips of columns: however little memory there is, the three products stay the same."""
    n, side, c, oc = data.draw(st.tuples(st.integers(1, 4), st.integers(1, 20), st.integers(1, 6), st.integers(1, 6)))
    window = make_window("test", (side, side + 3), data.draw(kernels_for(algorithm)), data.draw(strides_for(algorithm)), "same")
    assume(can(algorithm, window))
    x, kernel, dy = normal(n, *window.input, c), normal(*window.taps, c, oc), normal(n, *window.output, oc)
    products = FAST[algorithm]

    def all_three():
        return [products.convolve(x, kernel, window), products.convolve_dx(dy, kernel, window),
                products.convolve_dkernel(x, dy, window)]

    expected = all_three()
    monkeypatch.setattr(winograd_tiles, "WORKSPACE", room)
    monkeypatch.setattr(winograd_tiles, "PIECE", room // 50)
    monkeypatch.setattr(im2col, "COLUMN_BYTES", room)
    monkeypatch.setattr(im2col, "SLAB_BYTES", 2 * room)
    monkeypatch.setattr(col2im, "COLUMN_BYTES", room)
    monkeypatch.setattr(subpixel, "PHASE_BYTES", room)
    monkeypatch.setattr(subpixel, "WINOGRAD_PHASE_BYTES", room)
    same(all_three(), expected, 1e-10)


def test_wide_kernels_take_the_gradient_tap_by_tap():
    """dkernel for 256 channels and more, which goes another way, in one block and in several."""
    window = make_window("test", (9, 7), (3, 3), 1, "same")
    x, dy = normal(2, 9, 7, 256), normal(2, 9, 7, 3)
    same(winograd.convolve_dkernel(x, dy, window), im2col.convolve_dkernel(x, dy, window), 1e-10)


@pytest.mark.slow
@given(channels=st.integers(2, 4), multiplier=st.integers(1, 2), size=kernel_sizes, stride=strides, padding=paddings,
       dilation=st.integers(1, 2))
def test_depthwise_equals_the_loops(xp, channels, multiplier, size, stride, padding, dilation):
    """One filter for each channel; with two for each, the general way is taken, and right."""
    x, kernel, bias = normal(2, 7, 8, channels), normal(*size, 1, channels * multiplier), normal(channels * multiplier)
    options = {"strides": stride, "padding": padding, "dilation": dilation, "groups": channels}
    try:
        expected = forward_and_backward(loops_conv2d, loops_conv2d_backward, (x, kernel, bias), options)
    except InputError as error:
        assume("does not fit" not in str(error))
        raise
    same(forward_and_backward(fast.conv2d, fast.conv2d_backward, on(xp, x, kernel, bias), options), expected, 1e-10)


def test_depthwise_is_not_taken_for_what_is_none(monkeypatch):
    """groups = output channels, but two inputs each: dx has one output channel a group, and still is no depthwise product."""
    for product in CONVOLUTIONS:
        monkeypatch.setattr(depthwise, product, None)
    arrays, options = (normal(1, 5, 5, 6), normal(3, 3, 2, 3), None), {"groups": 3}
    same(forward_and_backward(fast.conv2d, fast.conv2d_backward, arrays, options),
         forward_and_backward(loops_conv2d, loops_conv2d_backward, arrays, options), 1e-10)


@pytest.mark.parametrize("side, kernel, options, expected", [
    (64, 3, {}, ("winograd", "as convolve", "winograd")),
    (64, 4, {"strides": 2}, ("im2col", "subpixel winograd", "folded winograd")),
    (64, 5, {"strides": 2}, ("im2col", "subpixel winograd", "im2col")),
    (36, 4, {"strides": 2}, ("im2col", "subpixel", "im2col")),
    (64, 7, {}, ("winograd", "as convolve", "winograd")), (64, 1, {}, ("im2col", "as convolve", "im2col")),
    (64, 2, {"strides": 2}, ("im2col", "col2im", "im2col")), (64, 3, {"dilation": 2}, ("im2col", "col2im", "im2col")),
    (16, 3, {}, ("im2col", "col2im", "im2col")), (64, 9, {}, ("im2col", "as convolve", "im2col")),
    (6, 4, {"strides": 2}, ("im2col", "subpixel", "im2col")), (2, 4, {"strides": 2}, ("im2col", "col2im", "im2col")),
], ids=str)
def test_what_is_chosen(side, kernel, options, expected):
    """The rule of dispatch.py for layers of 128 channels."""
    problem = Problem(make_window("test", (side, side), kernel, padding="same", **options), 1, 128, 128)
    assert tuple(choose_convolution(product, problem) for product in CONVOLUTIONS) == expected


@pytest.mark.parametrize("channels, outputs, groups, expected", [
    (64, 1, 1, ("adjoint", "as convolve", "swapped")), (64, 3, 1, ("wide", "as convolve", "swapped")),
    (3, 64, 1, ("im2col", "as convolve", "im2col")), (1, 1, 8, ("depthwise", "depthwise", "depthwise"))], ids=str)
def test_what_is_chosen_for_few_channels(channels, outputs, groups, expected):
    """Where few channels come out, fewer numbers are copied the other way round; one filter a channel is depthwise."""
    problem = Problem(make_window("test", (64, 64), 3, padding="same"), 1, channels, outputs, groups)
    assert tuple(choose_convolution(product, problem) for product in CONVOLUTIONS) == expected


def test_strides_of_few_channels_take_no_winograd():
    """With 64 channels the transforms cost more than the multiplications that they save."""
    problem = Problem(make_window("test", (64, 64), 4, 2, "same"), 1, 64, 64)
    assert [choose_convolution(product, problem) for product in CONVOLUTIONS] == ["im2col", "subpixel", "im2col"]


@given(shapes=st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9), st.integers(1, 5), st.integers(1, 5)),
       size=kernel_sizes, stride=strides, padding=paddings, dilation=st.integers(1, 2), types=st.sampled_from(["f4", "f8"]),
       room=st.integers(100, 20000))
def test_kept_columns_change_nothing(shapes, size, stride, padding, dilation, types, room):
    """Columns kept for the backward pass give the kernel gradient of columns gathered anew, also if the bias has a higher
    precision than the images; and so does a transposed convolution that gathers once for both gradients."""
    n, h, w, c, oc = shapes
    x, kernel, bias = normal(n, h, w, c).astype("f4"), normal(*size, c, oc).astype("f4"), normal(oc).astype(types)
    options = {"strides": stride, "padding": padding, "dilation": dilation}
    results = {}
    for kept in (-1, 2**40):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dispatch, "KEPT_BYTES", kept)
            patch.setattr(im2col, "COLUMN_BYTES", room)
            try:
                results[kept] = forward_and_backward(fast.conv2d, fast.conv2d_backward, (x, kernel, bias), options)
            except InputError:
                assume(False)
    same(results[2**40], results[-1], 1e-5)
    window = make_window("test", (h, w), size, stride, padding, dilation)
    dy = normal(n, *window.output, oc, seed=3).astype("f4")
    y, dkernel = im2col.convolve_and_dkernel(x, kernel, dy, window)
    same([y, dkernel], [im2col.convolve(x, kernel, window), im2col.convolve_dkernel(x, dy, window)], 1e-5)


def test_columns_are_kept_only_where_they_are_small(monkeypatch):
    """A 4x4 convolution of small images keeps its columns, and its backward gathers nothing; of larger ones it keeps x."""
    kernel = normal(4, 4, 3, 8)
    for side, kept in ((32, True), (1024, False)):
        x = normal(1, side, side, 3)
        y, cache = fast.conv2d(x, kernel, strides=2, padding="same")
        with monkeypatch.context() as patch:
            if kept:
                patch.setattr(im2col, "blocks", None)
            dkernel = fast.conv2d_backward(np.ones_like(y), cache, "parameters")[1]
        same(dkernel, im2col.convolve_dkernel(x, np.ones_like(y), make_window("test", (side, side), 4, 2, "same")), 1e-10)
        assert dispatch.keeps_columns(Problem(make_window("test", (side, side), 4, 2, "same"), 1, 3, 8), 8) == kept


def test_disabled_means_the_formula(monkeypatch):
    """Inside `with fast.disabled()` no algorithm of the engine runs, and afterwards it does again."""
    x, kernel = normal(1, 9, 9, 8), normal(3, 3, 8, 4)
    expected = fast.conv2d(x, kernel, padding="same")[0]
    monkeypatch.setattr(cpu_conv, "convolve", None)
    with fast.disabled():
        same(fast.conv2d(x, kernel, padding="same")[0], expected, 1e-10)
    assert dispatch.choose_room([x]) == "cpu"


def test_threads_do_not_share_their_workspace():
    """Four threads at once, each with images of its own, get to the last bit what one alone gets; so does a second call."""
    cases = [(normal(2, 30, 30, 8, seed=k), normal(3, 3, 8, 8, seed=k), normal(8)) for k in range(4)]
    expected = [forward_and_backward(fast.conv2d, fast.conv2d_backward, case, {"padding": "same"}) for case in cases]
    results = [None] * 4

    def work(k):
        for _ in range(5):
            results[k] = forward_and_backward(fast.conv2d, fast.conv2d_backward, cases[k], {"padding": "same"})

    threads = [Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result, right in zip(results, expected):
        assert all(np.array_equal(a, b) for a, b in zip(result, right))


@pytest.mark.parametrize("algorithm", FAST)
def test_no_result_lies_in_the_workspace(algorithm):
    """What a call returned stays as it is when the next call uses the workspace for other numbers."""
    with forced(algorithm):
        first = forward_and_backward(fast.conv2d, fast.conv2d_backward,
                                     (normal(2, 12, 12, 3), normal(3, 3, 3, 4), normal(4)), {})
        copies = [array.copy() for array in first]
        forward_and_backward(fast.conv2d, fast.conv2d_backward, (normal(1, 40, 40, 8), normal(5, 5, 8, 8), normal(8)), {})
    assert all(np.array_equal(a, b) for a, b in zip(first, copies))


@pytest.mark.parametrize("algorithm, bound", [("im2col", 5e-7), ("subpixel", 5e-7), ("turned", 5e-7), ("winograd", 1.5e-6),
                                              ("folded", 1.5e-6)])
def test_rounding_errors_in_float32(algorithm, bound):
    """3x3, 64 channels, against float64, relative Euclidean distance: winograd 0.9e-6, the others 2e-7."""
    arrays = normal(1, 48, 48, 64), normal(3, 3, 64, 64) / 24, normal(64)
    exact = forward_and_backward(fast.conv2d, fast.conv2d_backward, arrays, {"padding": "same"})
    with forced(algorithm):
        y, cache = fast.conv2d(*(a.astype(np.float32) for a in arrays), padding="same")
        rounded = y, *fast.conv2d_backward(normal(*y.shape, seed=1).astype(np.float32), cache)
    for a, b in zip(rounded, exact):
        assert np.linalg.norm((a - b).ravel()) < bound * np.linalg.norm(b.ravel())


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", FAST)
@pytest.mark.parametrize("shape", [(1, 256, 256, 64), (1, 8, 4096, 64), (16, 32, 32, 32)], ids=str)
def test_the_workspace_is_at_most_8_megabytes(algorithm, shape):
    """Whatever the image; a single row of the wide one would not fit. (What im2col and depthwise pad, and Winograd's form of
    the kernel, come on top: benchmarks/memory.py counts all.)"""
    window = make_window("test", shape[1:3], 3, 1, "same")
    x, kernel = normal(*shape).astype(np.float32), normal(3, 3, shape[3], shape[3]).astype(np.float32)
    products, kept = FAST[algorithm], []

    def work():
        products.convolve(x, kernel, window)
        products.convolve_dx(x, kernel, window)
        products.convolve_dkernel(x, x, window)
        kept.append(workspace.scratch_bytes())

    thread = Thread(target=work)  # a new thread has no workspace yet
    thread.start()
    thread.join()
    assert 0 < kept[0] <= 8 * 2**20
