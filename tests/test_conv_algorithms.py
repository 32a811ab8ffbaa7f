"""The fast algorithms of a convolution give the numbers of the nested loops; in whatever blocks, from whatever thread."""
import sys
from threading import Thread

import numpy as np
import pytest
from helpers import normal, on, same
from hypothesis import assume, given
from hypothesis import strategies as st
from test_ops_equal_loops import forward_and_backward, paddings

from nnscratch import memory, ops
from nnscratch.errors import InputError
from nnscratch.fast.cpu import depthwise, winograd, winograd_tiles
from nnscratch.ops import algorithms, im2col, woven
from nnscratch.ops.window import make_window

FAST = {"im2col": sys.modules["nnscratch.ops.patches"], "woven": woven, "winograd": winograd}
assert im2col is ops.im2col  # the name is the function, so its module is reached by sys.modules
kernel_sizes = st.tuples(st.integers(1, 8), st.integers(1, 4))
strides = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def layers(draw, transposed=False):
    """x, kernel, bias and options without dilation, which only im2col can do."""
    groups = draw(st.sampled_from([1, 1, 2]))
    size, kernel = draw(st.tuples(st.integers(1, 9), st.integers(1, 9))), draw(kernel_sizes)
    inputs, outputs = groups * draw(st.integers(1, 5)), groups * draw(st.integers(1, 5))
    options = {"strides": draw(strides), "padding": draw(paddings), "groups": groups}
    x, last = normal(draw(st.integers(1, 3)), *size, inputs), (outputs // groups, inputs) if transposed else (
        inputs // groups, outputs)
    return x, normal(*kernel, *last), normal(outputs, seed=2), options


@pytest.mark.parametrize("algorithm", FAST)
@pytest.mark.parametrize("transposed", [False, True], ids=["conv2d", "conv2d_transpose"])
@given(data=st.data())
def test_every_algorithm_equals_the_loops(xp, algorithm, transposed, data):
    """y, dx, dkernel and dbias, in kernels of 1 to 8 rows, strides, paddings and groups, wherever the algorithm can do it."""
    forward = ops.conv2d_transpose if transposed else ops.conv2d
    backward = ops.conv2d_transpose_backward if transposed else ops.conv2d_backward
    x, kernel, bias, options = data.draw(layers(transposed))
    try:
        actual = forward_and_backward(forward, backward, on(xp, x, kernel, bias), {**options, "algorithm": algorithm})
    except InputError as error:
        assert any(text in str(error) for text in ("does not fit", "crops a picture", "cannot do a kernel"))
        assume(False)
    same(actual, forward_and_backward(forward, backward, (x, kernel, bias), {**options, "algorithm": "loops"}), 1e-10)


def ways_to_lie_in_memory(array):
    """The same numbers, (N, H, W, C), in other orders: reversed, channels first, Fortran's, every second number, repeated."""
    twice = np.repeat(array, 2, axis=-1)
    return {"as made": array, "reversed": array[:, ::-1, ::-1, ::-1].copy()[:, ::-1, ::-1, ::-1],
            "channels first": array.transpose(0, 3, 1, 2).copy().transpose(0, 2, 3, 1), "Fortran": np.asfortranarray(array),
            "every second": twice[..., ::2], "turned": array.swapaxes(1, 2).copy().swapaxes(1, 2)}


@pytest.mark.parametrize("algorithm", [*FAST, "auto"])
@given(data=st.data(), x_lies=st.sampled_from(sorted(ways_to_lie_in_memory(normal(1, 1, 1, 1)))), dtypes=st.sampled_from(
    [(np.float64, np.float64), (np.float32, np.float64), (np.float64, np.float32)]))
def test_pixels_may_lie_in_memory_as_they_like(algorithm, data, x_lies, dtypes):
    """y, dx and dkernel of views, with dy a view too, or one number for all; and the wider of two dtypes counts."""
    size, kernel_size = data.draw(st.tuples(st.integers(4, 9), st.integers(4, 9))), data.draw(kernel_sizes)
    x, kernel = normal(2, *size, 3).astype(dtypes[0]), normal(*kernel_size, 3, 4).astype(dtypes[1])
    options = {"strides": data.draw(strides), "padding": "same"}
    if algorithm == "winograd":
        assume(winograd_tiles.suits(make_window("test", size, kernel_size, **options)))
    exact, cache = ops.conv2d(x.astype(np.float64), kernel.astype(np.float64), algorithm="loops", **options)
    dy = normal(*exact.shape, seed=1)
    dys = {**ways_to_lie_in_memory(dy), "one for all": np.broadcast_to(dy[..., :1], dy.shape),
           "one for each channel": np.broadcast_to(dy[0, 0, 0], dy.shape)}
    dy = dys[data.draw(st.sampled_from(sorted(dys)))]
    expected = exact, *ops.conv2d_backward(dy, cache)
    y, cache = ops.conv2d(ways_to_lie_in_memory(x)[x_lies], kernel, algorithm=algorithm, **options)
    assert y.dtype == np.float64
    same((y, *ops.conv2d_backward(dy, cache)), expected, 1e-10)


@pytest.mark.parametrize("algorithm", FAST)
@given(data=st.data(), narrow=st.booleans())
def test_nothing_is_read_or_written_beyond_the_workspace(algorithm, data, narrow, monkeypatch):
    """Windows wider than the picture hang over its last row by several rows. What old numbers the workspace holds, and what
    lies beyond it, must not be read (it is NaN here, and 0 * NaN is NaN), nor changed."""
    size = (data.draw(st.integers(1, 20)), data.draw(st.integers(1, 3 if narrow else 12)))
    kernel_size = data.draw(st.tuples(st.integers(1, 7), st.integers(1, 9)))
    window = make_window("test", size, kernel_size, data.draw(strides), "same")
    assume(algorithm != "winograd" or winograd_tiles.suits(window))
    guard, made = 4096, []

    def fresh(xp, name, shape, dtype):
        numbers = int(np.prod(shape))
        made.append((np.full(numbers + guard, np.nan, dtype), numbers))
        return made[-1][0][:numbers].reshape(shape)

    products, n, c, oc = FAST[algorithm], *data.draw(st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4)))
    x, kernel, dy = normal(n, *size, c), normal(*kernel_size, c, oc), normal(n, *window.output, oc)
    for module in (FAST["im2col"], woven, winograd, winograd_tiles):
        monkeypatch.setattr(module, "scratch", fresh)
    actual, expected = ([way.convolve(x, kernel, window), way.convolve_dx(dy, kernel, window),
                         way.convolve_dkernel(x, dy, window)] for way in (products, algorithms.ALGORITHMS["loops"]))
    same(actual, expected, 1e-10)
    assert all(np.isnan(memory[numbers:]).all() for memory, numbers in made)


@given(size=st.tuples(st.integers(1, 40), st.integers(1, 40)), kernel=st.tuples(st.integers(1, 11), st.integers(1, 11)),
       stride=st.tuples(st.integers(1, 4), st.integers(1, 4)), dilation=st.integers(1, 2), images=st.sampled_from([1, 600]),
       channels=st.integers(1, 4), outputs=st.integers(1, 4), groups=st.integers(1, 2))
def test_what_auto_picks_can_do_it(size, kernel, stride, dilation, images, channels, outputs, groups):
    """For every window, of each of the three products, a convolution's or a transposed one's."""
    try:
        window = make_window("test", size, kernel, stride, "same", dilation)
    except InputError:
        assume(False)
    for product in algorithms.Products._fields:
        algorithm = algorithms.pick(product, window, images, channels, outputs, groups)
        if algorithm != "depthwise":
            algorithms.check_algorithm("test", algorithm, window)


@pytest.mark.parametrize("algorithm", FAST)
@given(data=st.data(), room=st.integers(100, 20000))
def test_blocks_do_not_change_the_result(algorithm, data, room, monkeypatch):
    """Pictures, tiles of rows, strips of columns: however little memory there is, the three products stay the same."""
    n, side, c, oc = data.draw(st.tuples(st.integers(1, 4), st.integers(1, 20), st.integers(1, 6), st.integers(1, 6)))
    window = make_window("test", (side, side + 3), data.draw(kernel_sizes), data.draw(strides), "same")
    assume(algorithm != "winograd" or winograd_tiles.suits(window))
    x, kernel, dy = normal(n, *window.input, c), normal(*window.taps, c, oc), normal(n, *window.output, oc)
    products = FAST[algorithm]

    def all_three():
        return [products.convolve(x, kernel, window, normal(oc)), products.convolve_dx(dy, kernel, window, normal(c)),
                products.convolve_dkernel(x, dy, window)]

    expected = all_three()
    monkeypatch.setattr(winograd_tiles, "WORKSPACE", room)
    monkeypatch.setattr(winograd_tiles, "PIECE", room // 50)
    monkeypatch.setattr(FAST["im2col"], "COLUMN_BYTES", room)
    same(all_three(), expected, 1e-10)


def test_wide_kernels_take_the_gradient_tap_by_tap():
    """dkernel for 256 channels and more, which goes another way, in one block and in several."""
    window = make_window("test", (9, 7), (3, 3), 1, "same")
    x, dy = normal(2, 9, 7, 256), normal(2, 9, 7, 3)
    same(winograd.convolve_dkernel(x, dy, window), FAST["im2col"].convolve_dkernel(x, dy, window), 1e-10)


@given(channels=st.integers(2, 4), multiplier=st.integers(1, 2), size=kernel_sizes, stride=strides, padding=paddings,
       dilation=st.integers(1, 2))
def test_depthwise_equals_the_loops(xp, channels, multiplier, size, stride, padding, dilation):
    """One filter for each channel; with two for each, the general way is taken, and right."""
    x, kernel, bias = normal(2, 7, 8, channels), normal(*size, 1, channels * multiplier), normal(channels * multiplier)
    options = {"strides": stride, "padding": padding, "dilation": dilation, "groups": channels}
    try:
        expected = forward_and_backward(ops.conv2d, ops.conv2d_backward, (x, kernel, bias), {**options, "algorithm": "loops"})
    except InputError as error:
        assume("does not fit" not in str(error))
        raise
    same(forward_and_backward(ops.conv2d, ops.conv2d_backward, on(xp, x, kernel, bias), options), expected, 1e-10)


def test_depthwise_is_not_taken_for_what_is_none(monkeypatch):
    """groups = output channels, but two inputs each: dx has one output channel a group, and still is no depthwise product."""
    monkeypatch.setitem(algorithms.ALGORITHMS, "depthwise", algorithms.Products(None, None, None))
    arrays = normal(1, 5, 5, 6), normal(3, 3, 2, 3), None
    fast, slow = (forward_and_backward(ops.conv2d, ops.conv2d_backward, arrays, {"groups": 3, "algorithm": name})
                  for name in ("auto", "loops"))
    same(fast, slow, 1e-10)
    depthwise_window = make_window("test", (5, 5), 3)
    same(depthwise.convolve(normal(1, 5, 5, 3), normal(3, 3, 1, 3), depthwise_window),
         ops.conv2d(normal(1, 5, 5, 3), normal(3, 3, 1, 3), groups=3, algorithm="im2col")[0], 1e-10)


@pytest.mark.parametrize("expected, side, kernel, options", [
    ("winograd", 64, 3, {}), ("winograd", 64, 4, {"strides": 2}), ("winograd", 64, 7, {}), ("im2col", 64, 1, {}),
    ("im2col", 64, 2, {"strides": 2}), ("im2col", 64, 3, {"dilation": 2}), ("im2col", 16, 3, {}), ("woven", 64, 9, {}),
    ("winograd", 64, 9, {"strides": 2}),
])
def test_what_auto_picks(expected, side, kernel, options):
    """The rule of algorithms.py for typical layers; and on a GPU im2col, whatever the window."""
    window = make_window("test", (side, side), kernel, padding="same", **options)
    for product in algorithms.Products._fields:
        assert algorithms.pick(product, window, 1, 64, 64) == expected
        assert algorithms.pick(product, window, 1, 64, 64, on_cpu=False) == "im2col"


def test_what_auto_picks_for_few_channels():
    """Where one channel comes out, the way round by `woven`; one filter for each channel is depthwise."""
    window = make_window("test", (64, 64), 3, padding="same")
    assert algorithms.pick("convolve_dx", window, 1, 1, 64) == "woven" != algorithms.pick("convolve", window, 1, 1, 64)
    assert algorithms.pick("convolve", window, 1, 64, 1) == "woven" != algorithms.pick("convolve_dx", window, 1, 64, 1)
    assert algorithms.pick("convolve", window, 1, 1, 1, groups=8) == "depthwise" != algorithms.pick("convolve", window, 1, 1, 1)


@pytest.mark.parametrize("algorithm, kernel, options", [
    ("winograd", 3, {"dilation": 2}), ("winograd", 8, {}), ("winograd", 2, {"strides": 3}), ("woven", 3, {"dilation": 2})])
def test_what_an_algorithm_cannot_do_is_refused(algorithm, kernel, options):
    """One sentence that says what it needs and the way out, from both convolutions."""
    for op in (ops.conv2d, ops.conv2d_transpose):
        with pytest.raises(InputError, match=f"{algorithm}.*cannot do a kernel.*use \"auto\""):
            op(normal(1, 20, 20, 2), normal(kernel, kernel, 2, 2), algorithm=algorithm, **options)


def test_threads_do_not_share_their_workspace():
    """Four threads at once, each with pictures of its own, get to the last bit what one alone gets; so does a second call."""
    cases = [(normal(2, 30, 30, 8, seed=k), normal(3, 3, 8, 8, seed=k), normal(8)) for k in range(4)]
    expected = [forward_and_backward(ops.conv2d, ops.conv2d_backward, case, {"padding": "same"}) for case in cases]
    results = [None] * 4

    def work(k):
        for _ in range(5):
            results[k] = forward_and_backward(ops.conv2d, ops.conv2d_backward, cases[k], {"padding": "same"})

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
    first = forward_and_backward(ops.conv2d, ops.conv2d_backward, (normal(2, 12, 12, 3), normal(3, 3, 3, 4), normal(4)),
                                 {"algorithm": algorithm})
    copies = [array.copy() for array in first]
    forward_and_backward(ops.conv2d, ops.conv2d_backward, (normal(1, 40, 40, 8), normal(5, 5, 8, 8), normal(8)),
                         {"algorithm": algorithm})
    assert all(np.array_equal(a, b) for a, b in zip(first, copies))


@pytest.mark.parametrize("algorithm, bound", [("im2col", 5e-7), ("woven", 5e-7), ("winograd", 1.5e-6)])
def test_rounding_errors_in_float32(algorithm, bound):
    """3x3, 64 channels, against float64, relative Euclidean distance: winograd 0.9e-6, the others 2e-7."""
    arrays = normal(1, 48, 48, 64), normal(3, 3, 64, 64) / 24, normal(64)
    exact = forward_and_backward(ops.conv2d, ops.conv2d_backward, arrays, {"padding": "same", "algorithm": "im2col"})
    y, cache = ops.conv2d(*(a.astype(np.float32) for a in arrays), padding="same", algorithm=algorithm)
    rounded = y, *ops.conv2d_backward(normal(*y.shape, seed=1).astype(np.float32), cache)
    for a, b in zip(rounded, exact):
        assert np.linalg.norm((a - b).ravel()) < bound * np.linalg.norm(b.ravel())


@pytest.mark.parametrize("algorithm", FAST)
@pytest.mark.parametrize("shape", [(1, 256, 256, 64), (1, 8, 4096, 64), (16, 32, 32, 32)], ids=str)
def test_the_workspace_is_at_most_8_megabytes(algorithm, shape):
    """Whatever the picture; a single row of the wide one would not fit. (What im2col and depthwise pad, and Winograd's form of
    the kernel, come on top: benchmarks/memory.py counts all.)"""
    window = make_window("test", shape[1:3], 3, 1, "same")
    x, kernel = normal(*shape).astype(np.float32), normal(3, 3, shape[3], shape[3]).astype(np.float32)
    products, kept = FAST[algorithm], []

    def work():
        products.convolve(x, kernel, window)
        products.convolve_dx(x, kernel, window)
        products.convolve_dkernel(x, x, window)
        kept.append(memory.scratch_bytes())

    thread = Thread(target=work)  # a new thread has no workspace yet
    thread.start()
    thread.join()
    assert 0 < kept[0] <= 8 * 2**20
