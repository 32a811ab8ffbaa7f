"""Wrong answers for notebooks 17 and 18, given to their checks by test_course_checks.py; what these checks count."""
import numpy as np
import pytest
from course_answers.n17 import in_one_piece, matrix, mended
from course_answers.solutions import S
from helpers import normal
from hypothesis import given
from hypothesis import strategies as st
from test_course_draw import texts

from nnscratch import ops
from nnscratch.course import checks, draw, own
from nnscratch.course.checks import network_step
from nnscratch.course.checks.fast import Counted, peak
from nnscratch.fast.cpu.winograd_matrices import winograd_matrices


def bytes_of(x_shape, K_shape, **times):
    """The arithmetic intensity if x, K, y and the columns are moved the given number of times."""
    x, K = (normal(*shape) for shape in (x_shape, K_shape))
    y = ops.conv2d(x, K)[0]
    sizes = {"x": x.size, "K": K.size, "y": y.size, "columns": y.size // y.shape[3] * K[..., 0].size}
    return S["conv_flop"](x_shape, K_shape) / (4 * sum(count * sizes[name] for name, count in times.items()))


def transformed(collect):
    """The transforms of d and of g are each collected in an array and then multiplied."""
    def f23(d, g):
        m = collect([d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]])
        m = m * collect([g[0], (g[0] + g[1] + g[2]) / 2, (g[0] - g[1] + g[2]) / 2, g[2]])
        return np.array([m[0] + m[1] + m[2], m[1] - m[2] - m[3]])
    return f23


def filled(numbers):
    y = np.zeros(len(numbers))
    y[:] = numbers
    return y


def by_loops(d, g):
    """The transforms by loops over NumPy scalars, which are the first factor of each product."""
    AT, G, BT = winograd_matrices(2, 3)
    m = [sum(G[i, j] * g[j] for j in range(3)) * sum(BT[i, j] * d[j] for j in range(4)) for i in range(4)]
    return np.array([sum(AT[i, j] * m[j] for j in range(4)) for i in range(2)])


def halved(d, g):
    m2, m3 = (d[1] + d[2]) * (np.float64(0.5) * g.sum()), (d[2] - d[1]) * (np.float64(0.5) * (g[0] - g[1] + g[2]))
    return (d[0] - d[2]) * g[0] + m2 + m3, m2 - m3 - (d[1] - d[3]) * g[2]


def by_matrices(d, g):
    AT, G, BT = winograd_matrices(2, 3)
    return AT @ ((G @ g) * (BT @ d))


@pytest.mark.parametrize("f23", [mended(lambda m: m), lambda d, g: filled(mended(lambda m: m)(d, g)), transformed(np.array),
                                 transformed(filled), by_loops, halved, by_matrices,
                                 lambda d, g: by_matrices(d.astype(np.float32), g.astype(np.float32))])
def test_four_products_in_many_implementations(f23):
    """Scalars, slices, matrices, loops over matrices, filled or collected arrays: none is refused."""
    assert checks.f23(f23).state == "right", checks.f23(f23)


def test_products_are_counted():
    """Products of two inputs count, in either order, as scalars and in arrays; products with a constant do not."""
    a, b = np.array([Counted(2.0), Counted(3.0)]), Counted(5.0)
    for function, count, value in ((lambda: a[0] * b, 1, 10), (lambda: (b * a)[1], 2, 15), (lambda: a @ a, 2, 13),
                                   (lambda: b / a[0], 1, 2.5), (lambda: 2 * b + b * 0.5 - 1, 0, 11.5), (lambda: 1 / b, 0, 0.2),
                                   (lambda: np.float64(3) * b, 0, 15), (lambda: 1 - (-b), 0, 6)):
        Counted.products = 0
        assert (float(function()), Counted.products) == (value, count)


def concatenated(x, K, rows):
    return np.concatenate([in_one_piece(x[:, r:r + rows + len(K) - 1], K, rows)
                           for r in range(0, x.shape[1] - len(K) + 1, rows)], axis=1)


def stacked(x, K, rows):
    """The windows one by one, in a list that is converted to an array."""
    (kh, kw), (n, h, w) = K.shape[:2], x.shape[:3]
    y = []
    for r in range(0, h - kh + 1, rows):
        columns = np.array([[[x[k, i:i + kh, j:j + kw].reshape(-1) for j in range(w - kw + 1)]
                             for i in range(r, min(r + rows, h - kh + 1))] for k in range(n)])
        y.append(columns @ matrix(K))
    return np.concatenate(y, axis=1)


def windows(x, K, rows):
    """A view of all windows, which takes no memory, one block at a time."""
    seen = np.lib.stride_tricks.sliding_window_view(x, K.shape[:2], (1, 2))
    return np.concatenate([np.einsum("nhwcij,ijco->nhwo", seen[:, r:r + rows], K)
                           for r in range(0, seen.shape[1], rows)], axis=1)


def tap_by_tap(x, K, rows):
    """No slice has more than `rows` rows."""
    (kh, kw, c, oc), (n, h, w) = K.shape, x.shape[:3]
    y = np.zeros((n, h - kh + 1, w - kw + 1, oc))
    for r in range(0, h - kh + 1, rows):
        R = min(rows, h - kh + 1 - r)
        columns = np.empty((n, R, w - kw + 1, kh, kw, c))
        for i, j in np.ndindex(kh, kw):
            columns[:, :, :, i, j] = x[:, r + i:r + i + R, j:j + w - kw + 1]
        y[:, r:r + R] = columns.reshape(n, R, w - kw + 1, -1) @ matrix(K)
    return y


@pytest.mark.parametrize("blocks", [concatenated, stacked, windows, tap_by_tap])
def test_blocks_in_many_implementations(blocks):
    assert checks.conv_in_blocks(blocks).state == "right", checks.conv_in_blocks(blocks)


def test_memory_is_measured():
    """The peak of NumPy's memory, also while tracemalloc is already running."""
    import tracemalloc
    assert 800_000 <= peak(lambda: np.ones(100_000)) < 900_000
    x, K = normal(1, 40, 40, 8), normal(3, 3, 8, 8)
    first, again = (peak(lambda: ops.conv2d(x, K)) for _ in range(2))
    assert abs(first - again) < 0.1 * first, "what the library has kept from the first call counts in the second"
    tracemalloc.start()
    try:
        assert 800_000 <= peak(lambda: np.ones(100_000)) < 900_000
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shapes", [((2, 7, 5, 3), (3, 2, 3, 4)), ((1, 4, 4, 1), (4, 4, 1, 1))])
def test_flop_equal_those_of_the_loops(shapes):
    """Counted as the products in the loops."""
    x, K = (normal(*shape) for shape in shapes)
    y = ops.conv2d(x, K)[0]
    assert S["conv_flop"](*shapes) == 2 * y.size * K[..., 0].size
    assert S["intensity"](*shapes, 4) == bytes_of(*shapes, x=1, K=1, y=1)


@given(kernels=st.integers(1, 40), launch=st.floats(0.01, 5), compute=st.floats(0.01, 5))
def test_the_queue_has_a_formula(kernels, launch, compute):
    """It equals the formula that the notebook prints."""
    assert np.isclose(S["queue_seconds"](kernels, launch, compute), max(kernels * launch + compute, launch + kernels * compute))


@given(*[st.integers(1, 12)] * 4)
def test_before_the_crossover_the_gpu_is_not_faster(fixed_cpu, each_cpu, fixed_gpu, each_gpu):
    """At the crossover it is faster, one before it is not; without a crossover it is not faster at 1000 either."""
    def faster(n):
        return fixed_gpu + n * each_gpu < fixed_cpu + n * each_cpu
    n = S["crossover"](fixed_cpu, each_cpu, fixed_gpu, each_gpu)
    assert faster(n) and (n == 1 or not faster(n - 1)) if np.isfinite(n) else not faster(1000)


def test_bar_charts_show_their_values():
    """Each value, the longest bar for the largest; two calls draw the same image."""
    def image():
        return draw.bars({"a": {"one": 2.0, "two": 30.0}, "b": {"one": 0.5, "two": 4.0}}, "bars", "ms")
    assert {text for text in texts(image()) if text} == {"2", "30", "0.5", "4"}
    assert [bar.get_width() for bar in image().figure.axes[0].patches] == [2, 0.5, 30, 4]
    assert image()._repr_png_() == image()._repr_png_()


def test_a_logarithmic_axis_reads_in_plain_numbers():
    """1, 2, 5 within a few decades, no 3 x 10^0; powers of ten where numbers would be long."""
    def ticks(values):
        figure = draw.curves({"a": (range(len(values)), values)}, "a line", log="y").figure
        figure.canvas.draw()
        return {label.get_text() for label in figure.axes[0].get_yticklabels()}
    assert {"0.5", "1", "2", "5", "10"} <= ticks([0.3, 12.0])
    assert "1,000" in ticks([1.0, 5e4]) and "1,000,000" in ticks([1.0, 2e6])
    assert any("10^{-8}" in tick for tick in ticks([1e-9, 1.0]))


def test_dots_show_their_values():
    """Each value, three digits of it; two calls draw the same image; a label may lack a series."""
    def image(log):
        return draw.dots({"a": {"one": 2.0, "two": 1234.5}, "b": {"one": 0.5126}}, "dots", "ms", log=log)
    for log in (True, False):
        assert {text for text in texts(image(log)) if text} == {"2", "1,234", "0.513"}
        assert image(log)._repr_png_() == image(log)._repr_png_()
    alone = draw.dots({"a": {"": 2.0}}, "one dot", "ms")
    assert alone.figure.axes[0].get_legend() is None and image(True).figure.axes[0].get_legend() is not None


def test_layers_under_a_roofline_have_names():
    """The name of each layer, the two limits of each machine."""
    image = draw.roofline({"a CPU": (100.0, 20.0)}, {"dense": (4.0, 8.0), "conv": (4.2, 9.0)}, "a roofline")
    assert set(texts(image)) == {"dense", "conv", "100 GFLOP/s", "20 GB/s"}
    assert image._repr_png_().startswith(b"\x89PNG") and image.figure.axes[0].get_xlabel().startswith("arithmetic intensity")


def test_three_steps_have_the_same_results():
    """The plain one, which attempts are timed against, the library's fast one, and the one of the library's ops."""
    numbers = network_step.case(normal, network_step.background(2, 8), 2, 3, 3)
    x, t, *values = numbers.values()
    L, *grads = network_step.right_step(x, t, *values)
    for step in (network_step.plain_step, network_step.library_step):
        other, found = step(x, t, dict(zip(network_step.PARAMETERS, values)))
        assert np.isclose(L, other) and all(np.allclose(one, found[name]) for name, one in zip(network_step.BACKWARD, grads))


def test_stand_ins_are_timed(monkeypatch, tmp_path, capsys):
    """`own.who` shows how long the library's function takes where the learner's is missing."""
    monkeypatch.setenv("NNSCRATCH_OWN", str(tmp_path))
    monkeypatch.setattr(own, "FUNCTIONS", {})
    own.roofline_seconds(1e9, 8e9, 100, 20)
    own.who("M6")
    lines = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()[2:]}
    assert lines["roofline_seconds"][:2] == ["library's", "1"] and len(lines["roofline_seconds"]) == 3
    assert lines["intensity"] == ["library's", "0"]
