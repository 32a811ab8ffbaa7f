"""`python -m benchmarks ladder`: every optimization of the layers, before and after, on one layer each.

A rung compares two ways to compute the same result. They are compared, then timed in turn. README.md explains them.
"""
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from benchmarks.timing import interleave
from benchmarks.ways import WAYS
from nnscratch.bench.clock import median_and_spread
from nnscratch.fast.cpu import im2col as row_im2col
from nnscratch.ops import col2im, im2col
from nnscratch.ops.window import Window, make_window


class Rung(NamedTuple):
    """before() and after() return the same result."""

    idea: str
    where: str
    before: Callable[[], Any]
    after: Callable[[], Any]


def run(rounds: int) -> Iterator[dict]:
    """A row for each rung."""
    from benchmarks.ladder_around import AROUND  # it needs Rung
    for make in (*CONVOLUTIONS, *AROUND):
        rung = make()
        a, b = np.asarray(rung.before()), np.asarray(rung.after())
        if not np.allclose(a, b, rtol=1e-3, atol=1e-4 * np.abs(a).max()):
            raise ValueError(f"{rung.idea}: before and after differ by {np.abs(a - b).max():.1e}: nothing to time")
        seconds = interleave({"before": rung.before, "after": rung.after}, rounds, budget=15)
        times = {name: median_and_spread(s)[0] for name, s in seconds.items()}
        yield {"idea": rung.idea, "where": rung.where, **times, "gain": times["before"] / times["after"]}


def layer(n: int, side: int, inputs: int, outputs: int, size: int, strides: int = 1) -> tuple:
    """x, kernel, dy and window of a convolution with "same" padding, in float32."""
    rng = np.random.default_rng(0)
    window = make_window("benchmark", (side, side), (size, size), strides, "same")
    shapes = (n, side, side, inputs), (size, size, inputs, outputs), (n, *window.output, outputs)
    x, kernel, dy = (rng.normal(size=shape).astype(np.float32) for shape in shapes)
    return x, kernel / (size * size * inputs)**0.5, dy, window


def by(algorithm: str, product: str, a: np.ndarray, b: np.ndarray, window: Window,
       *bias: np.ndarray) -> Callable[[], np.ndarray]:
    """One product of a convolution by one algorithm, as a function without arguments."""
    function, _ = WAYS[product][algorithm]
    return lambda: function(a, b, window, *bias)


# --- the convolution, rung by rung --------------------------------------------------------------------------------

def loops_to_im2col() -> Rung:
    """Nested loops against one matrix product."""
    x, kernel, _, window = layer(1, 8, 8, 8, 3)
    return Rung("loops -> im2col", "3x3, 8 channels, 8 px", by("loops", "convolve", x, kernel, window),
                by("im2col", "convolve", x, kernel, window))


def one_piece(x: np.ndarray, kernel: np.ndarray) -> Callable[[], np.ndarray]:
    """im2col of all images at once, then one product."""
    def product():
        columns, _ = im2col(x, kernel.shape[:2], padding="same")
        return columns @ kernel.reshape(-1, kernel.shape[3])
    return product


def blocks() -> Rung:
    """Columns that exceed the cache against columns that fit into it."""
    x, kernel, _, window = layer(1, 256, 64, 64, 3)
    return Rung("im2col in one piece -> in blocks that stay in the cache", "3x3, 64 channels, 256 px", one_piece(x, kernel),
                by("im2col", "convolve", x, kernel, window))


def tap_by_tap_columns(x: np.ndarray, kernel: np.ndarray) -> Callable[[], np.ndarray]:
    """The columns of a whole image, C values at a time."""
    def product():
        columns, _ = im2col(x, kernel.shape[:2], padding="same")
        return columns.reshape(-1, columns.shape[3])
    return product


def row_items() -> Rung:
    """Copies of C values against copies of KW * C values."""
    x, kernel, _, window = layer(1, 128, 3, 32, 9)

    def after():
        return np.concatenate([columns.copy() for _, columns in row_columns(x, window)])
    return Rung("columns tap by tap -> a row of the window as one item", "9x9, 3->32 channels, 128 px",
                tap_by_tap_columns(x, kernel), after)


def row_columns(x: np.ndarray, window: Window) -> Iterator[tuple[slice, np.ndarray]]:
    """The blocks of the engine's im2col."""
    return row_im2col.blocks(x, window, 1, x.dtype)


def wide_windows() -> Rung:
    """One window per pixel against one window per 4 x 4 pixels."""
    x, kernel, _, window = layer(1, 256, 32, 3, 9)
    return Rung("a window for each pixel -> one for 4 x 4 pixels", "9x9, 32->3 channels, 256 px",
                by("im2col", "convolve", x, kernel, window), by("wide", "convolve", x, kernel, window))


def fewer_products() -> Rung:
    """All multiplications against Winograd's."""
    x, kernel, _, window = layer(1, 128, 128, 128, 3)
    return Rung("im2col -> Winograd F(6, 3) down the rows", "3x3, 128 channels, 128 px",
                by("im2col", "convolve", x, kernel, window), by("winograd", "convolve", x, kernel, window))


def back_to_x() -> Rung:
    """dx by its definition against a convolution of dy."""
    _, kernel, dy, window = layer(1, 128, 128, 128, 3)
    return Rung("dx by col2im -> by Winograd", "3x3, 128 channels, 128 px", by("col2im", "convolve_dx", dy, kernel, window),
                by("winograd", "convolve_dx", dy, kernel, window))


def back_to_kernel() -> Rung:
    """dK by columns against Winograd's."""
    x, _, dy, window = layer(1, 128, 128, 128, 3)
    return Rung("dK by im2col -> by Winograd F(3, 6)", "3x3, 128 channels, 128 px",
                by("im2col", "convolve_dkernel", x, dy, window), by("winograd", "convolve_dkernel", x, dy, window))


def phases() -> Rung:
    """A strided dx by addition against one product for all phases."""
    _, kernel, dy, window = layer(64, 28, 16, 32, 4, 2)
    return Rung("dx, or transposed convolution, by col2im -> sub-pixel",
                "4x4 stride 2, 32->16 channels, 64 images of 14 px", by("col2im", "convolve_dx", dy, kernel, window),
                by("subpixel", "convolve_dx", dy, kernel, window))


def kept_columns() -> Rung:
    """dK from columns that are gathered anew against columns kept from the forward pass."""
    x, kernel, dy, window = layer(64, 14, 32, 64, 4, 2)
    kept = np.concatenate([columns.copy() for _, columns in row_columns(x, window)])

    def after():
        return (kept.T @ dy.reshape(len(kept), -1)).reshape(kernel.shape)
    return Rung("dK: columns gathered anew -> kept from the forward pass", "4x4 stride 2, 32->64 channels, 64 images of 14 px",
                by("im2col", "convolve_dkernel", x, dy, window), after)


def one_gather() -> Rung:
    """The two gradients of a transposed convolution one after the other against both from the same columns."""
    dy, kernel, x, window = layer(64, 28, 16, 32, 4, 2)

    def before():
        both = row_im2col.convolve(dy, kernel, window), row_im2col.convolve_dkernel(dy, x, window)
        return np.concatenate([part.ravel() for part in both])

    def after():
        return np.concatenate([part.ravel() for part in row_im2col.convolve_and_dkernel(dy, kernel, x, window)])
    return Rung("transposed: columns of dy for dx and for dK -> once for both",
                "4x4 stride 2, 32->16 channels, 64 images of 14 px", before, after)


def bias() -> Rung:
    """A bias added to y against a bias added to a product in the cache."""
    x, kernel, _, window = layer(1, 256, 64, 64, 3)
    offsets = np.linspace(-1, 1, 64, dtype=np.float32)
    without = by("winograd", "convolve", x, kernel, window)
    return Rung("bias in a pass of its own -> at the point 1", "3x3, 64 channels, 256 px", lambda: without() + offsets,
                by("winograd", "convolve", x, kernel, window, offsets))


def depthwise() -> Rung:
    """A product for each channel against sums of long rows."""
    x, kernel, _, window = layer(4, 64, 1, 128, 3)
    x = np.random.default_rng(1).normal(size=(4, 64, 64, 128)).astype(np.float32)

    def a_product_for_each_group():
        convolve, _ = WAYS["convolve"]["im2col"]
        return np.concatenate([convolve(x[..., c:c + 1], kernel[..., c:c + 1], window) for c in range(128)], axis=3)
    return Rung("depthwise: a product for each channel -> long rows", "3x3, 128 channels, 4 images of 64 px",
                a_product_for_each_group, by("depthwise", "convolve", x, kernel, window))


def scatter() -> Rung:
    """All products at once against blocks that fit into the cache."""
    _, kernel, dy, window = layer(1, 64, 64, 64, 3)
    matrix = kernel.reshape(-1, 64).T
    return Rung("col2im of everything -> in blocks", "3x3, 64 channels, 64 px", lambda: col2im(dy @ matrix, window),
                by("col2im", "convolve_dx", dy, kernel, window))


CONVOLUTIONS = (loops_to_im2col, blocks, scatter, row_items, wide_windows, fewer_products, back_to_x, back_to_kernel,
                phases, kept_columns, one_gather, bias, depthwise)
