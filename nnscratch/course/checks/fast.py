"""Exercises of notebook 17: counting a convolution's work, bytes by the line, im2col in blocks, four products instead of six.

Shapes: x (N, H, W, C), K (KH, KW, C, O), y (N, OH, OW, O), stride 1, no padding; in F(2, 3) d (4,), g (3,), y (2,).
"""
from contextlib import suppress
from typing import Any

import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, Wrong, exercise, run
from nnscratch.course.checks.inputs import normal
from nnscratch.course.checks.prediction import predicted
from nnscratch.fast.cpu.winograd_matrices import winograd_matrices
from nnscratch.fast.workspace import free_scratch
from nnscratch.memory import peak_bytes

__all__ = ["conv_flop", "conv_in_blocks", "f23", "line_bytes"]


def right_flop(x_shape, K_shape, each=2):
    """The solution; each=1 counts multiplications alone."""
    (n, h, w, _), (kh, kw, c, o) = x_shape, K_shape
    return each * n * (h - kh + 1) * (w - kw + 1) * kh * kw * c * o


def single(axis, of_kernel=False):
    """The count as if this axis had the size 1."""
    def flop(x_shape, K_shape):
        shape = list(K_shape if of_kernel else x_shape)
        shape[axis] = 1
        return right_flop(x_shape, shape) if of_kernel else right_flop(shape, K_shape)
    return flop


def other_shapes(case, rng):
    """Shapes that fit."""
    n, h, w, c, kh, kw, o = map(int, rng.integers(1, 9, 7))
    return {"x_shape": (n, h + kh, w + kw, c), "K_shape": (kh, kw, c, o)}


@exercise("17", "Count the values of y first: the window has H - KH + 1 positions along one side.",
          "How many products are added up for one value of y, over i, j and c? Each is a multiplication and an addition.",
          "2 * N * OH * OW * O * KH * KW * C, with OH = H - KH + 1 and OW = W - KW + 1", library=right_flop)
def conv_flop(attempt: Attempt) -> None:
    """A whole number."""
    cases = [{"x_shape": (1, 1, 1, 1), "K_shape": (1, 1, 1, 1)}, {"x_shape": (1, 3, 3, 1), "K_shape": (2, 2, 1, 1)},
             {"x_shape": (1, 4, 5, 2), "K_shape": (3, 3, 2, 5)}, {"x_shape": (3, 9, 7, 4), "K_shape": (4, 2, 4, 6)}]
    compare(attempt, right_flop, cases, "flop", {
        "multiplications alone are counted: each product is also added, so that is 2 FLOP":
            lambda x_shape, K_shape: right_flop(x_shape, K_shape, 1),
        "a sum of k products is counted as k - 1 additions: right for the first one, but the usual count is 2 for each":
            lambda x_shape, K_shape: right_flop(x_shape, K_shape) - right_flop(x_shape, (
                *K_shape[:2], 1, K_shape[3]), 1) // K_shape[0] // K_shape[1],
        "it counts as many outputs as pixels: without padding OH = H - KH + 1 and OW = W - KW + 1":
            lambda x_shape, K_shape: 2 * int(np.prod(x_shape[:3])) * int(np.prod(K_shape)),
        "the channels of x are missing: every output is a sum over them, too": single(2, of_kernel=True),
        "the kernels are missing: there are O of them": single(3, of_kernel=True),
        "the images are missing: there are N of them": single(0)},
        draw=other_shapes)


@exercise("17", "A value needs its line, and a line comes whole. But one line may hold several of the values that are read.",
          "Divide: 64 bytes a line, over how many of the values read lie in one line. That is at least one.",
          "A line holds 16 values of float32. At step 1 all 16 are read; at step 4 every fourth of them.")
def line_bytes(attempt: Any) -> None:
    """Four numbers of bytes, for the steps 1, 4, 16 and 64."""
    predicted(attempt, {"step 1": 4, "step 4": 16, "step 16": 64, "step 64": 64}, {
        "a line of 64 bytes holds 16 values, and all of them are read": ("step 1", 64),
        "these are lines, not bytes: 1/16 of a line for each value": ("step 1", 1 / 16),
        "the value has 4 bytes, but its line comes whole, and 4 values in it are read": ("step 4", 4),
        "4 of the values in the line are read: they share its 64 bytes": ("step 4", 64),
        "one value in each line is read, and the line comes whole": ("step 16", 4),
        "the lines between, in which nothing is read, are not fetched": ("step 64", 256),
        "the value has 4 bytes, but its line comes whole": ("step 64", 4)})


def right_in_blocks(x, K, rows):
    """The solution, in blocks."""
    height = x.shape[1] - len(K) + 1
    return np.concatenate([ops.conv2d(x[:, r:r + rows + len(K) - 1], K)[0] for r in range(0, height, rows)], axis=1)


def library_in_blocks(x, K, rows):
    """The library's columns, with the learner's arguments."""
    blocks = (x[:, r:r + rows + len(K) - 1] for r in range(0, x.shape[1] - len(K) + 1, rows))
    return np.concatenate([ops.im2col(block, K.shape[:2])[0] @ K.reshape(-1, K.shape[3]) for block in blocks], axis=1)


def without_the_last(x, K, rows):
    """The last block is missing where it is shorter."""
    y = right_in_blocks(x, K, rows)
    return np.where(np.arange(y.shape[1])[:, None, None] < y.shape[1] // rows * rows, y, 0)


def check_blocks(attempt):
    """Refuse blocks of one row, and memory beyond that of y and the columns of three blocks.

    Three, because a block may be built from a list while the previous one still exists; y counts six times, as a list does.
    """
    x, K, rows = normal(1, 66, 34, 32), normal(3, 3, 32, 2), 4
    Watched.heights, width = [], x.shape[2] - K.shape[1] + 1
    attempt(x.view(Watched), K, rows)  # once before: `own` compares the first call of these shapes with the library's
    used = peak(lambda: attempt(x, K, rows))
    allowed = x.itemsize * width * (3 * rows * K[..., 0].size + 6 * (x.shape[1] - len(K) + 1) * K.shape[3])
    about = f"for x {x.shape}, K {K.shape} and rows = {rows}"
    if used > allowed:
        raise Wrong(f"the values are right, but {about} your code held {used // 1000} kB at once, and y and three blocks take "
                    f"no more than {allowed // 1000} kB: make the columns of {rows} rows, use them, then those of the next")
    tallest = max((height for height, wide in Watched.heights if wide >= width), default=rows)
    if tallest < rows:
        raise Wrong(f"the values are right, but {about} the pieces of x are {tallest} rows high at most, and a block of "
                    f"{rows} rows of y needs {rows + len(K) - 1}: is `rows` left out?")


@exercise("17", "Which rows of x do the rows r to r + rows of y depend on? That slice of x is a small image of its own.",
          "A slice that goes beyond the end is shorter, so the last block needs no special case.",
          "columns = own.im2col(x[:, r:r + rows + KH - 1], KH, KW); y[:, r:r + rows] = columns @ K.reshape(-1, O)",
          library=library_in_blocks, cost=check_blocks)
def conv_in_blocks(attempt: Attempt) -> None:
    """An array (N, OH, OW, O)."""
    cases = [{"x": np.array([1.0, 2, 4, 8]).reshape(1, 4, 1, 1), "K": np.array([1.0, 10]).reshape(2, 1, 1, 1), "rows": 1},
             {"x": np.array([1.0, 2, 4, 8]).reshape(1, 4, 1, 1), "K": np.array([1.0, 10]).reshape(2, 1, 1, 1), "rows": 2},
             {"x": normal(2, 9, 5, 3), "K": normal(3, 2, 3, 4), "rows": 3},
             {"x": normal(2, 9, 5, 3), "K": normal(3, 2, 3, 4), "rows": 20}]
    try:
        compare(attempt, right_in_blocks, cases, "y", {
            "the last rows are missing: where `rows` does not divide OH, one more block is needed, a short one":
                without_the_last})
    except Wrong as wrong:
        if "y has shape" in str(wrong):
            raise Wrong(f"{wrong}\nblocks overlap in x, where `rows` rows of y need rows + KH - 1 rows of x, and the last "
                        "block may be shorter") from wrong
        raise


class Watched(np.ndarray):
    """An array that records the height and width of the slices (N, H, W, C) that are taken from it."""
    heights: list[tuple[int, ...]] = []

    def __getitem__(self, key):
        piece = super().__getitem__(key)
        if np.ndim(piece) == 4:
            Watched.heights.append(piece.shape[1:3])
        return piece


def peak(function):
    """The peak of NumPy's memory during a call, in bytes beyond that before it; the library's scratch memory is freed first."""
    free_scratch()
    return peak_bytes(function)


class Counted:
    """A number that counts how often two of its kind are multiplied or divided; products with a constant do not count.

    It is not a float, which NumPy would turn into a plain number.
    """
    products = 0

    def __init__(self, value):
        self.value = value

    def __float__(self):
        return self.value


def counting(name):
    """An operator of float for Counted, whose result counts as well."""
    def operation(self, *others):
        if any(isinstance(other, np.ndarray) for other in others):
            return NotImplemented  # the array calls it for each of its numbers
        Counted.products += name in ("mul", "truediv") and isinstance(others[0], Counted)
        return Counted(getattr(self.value, f"__{name}__")(*map(float, others)))
    return operation


for name in ("add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "neg", "pos"):
    setattr(Counted, f"__{name}__", counting(name))


def right_f23(d, g):
    """The solution."""
    return np.array([d[:3] @ g, d[1:] @ g])


def library_f23(d, g):
    """The library's matrices, with the learner's arguments."""
    AT, G, BT = winograd_matrices(2, 3)
    return AT @ ((G @ g) * (BT @ d))


def four(halves=0.5, third=lambda d: d[2] - d[1], last=-1.0, second=-1.0):
    """The four products, with something changed."""
    def f23(d, g):
        m = [(d[0] - d[2]) * g[0], (d[1] + d[2]) * (g[0] + g[1] + g[2]) * halves, third(d) * (g[0] - g[1] + g[2]) * halves,
             (d[1] - d[3]) * g[2]]
        return np.array([m[0] + m[1] + m[2], m[1] + second * m[2] + last * m[3]])
    return f23


NUMBERS = {"d": np.array([5.0, 2, 4, 1]), "g": np.array([1.0, 3, 4])}


def check_products(attempt):
    """Refuse more than four products."""
    Counted.products = 0
    d, g = (np.array([Counted(float(value)) for value in values]) for values in NUMBERS.values())
    with suppress(Wrong):  # the numbers are right; an attempt whose products cannot be counted passes
        run(attempt, {"d": d, "g": g})
    if Counted.products > 4:
        raise Wrong(f"the values are right, but it took {Counted.products} products of something made of d with something "
                    f"made of g, expected 4")


@exercise("17",
          "Begin with m2 + m3, which shall hold d1 g1 + d2 g2, and m2 - m3, which shall hold d1 g0 + d2 g1. Which two "
          "products, each with d1 and d2 in it, do that?",
          "m2 = (d1 + d2) (g0 + g1 + g2) / 2, and m3 is the same with two signs changed. Multiply out: one term of the sum and "
          "one of the difference are wrong; m1 and m4 replace them. (A product with the constant 1/2 does not count.)",
          "m2 = (d[1] + d[2]) * (g[0] + g[1] + g[2]) / 2 and m1 = (d[0] - d[2]) * g[0]", library=library_f23,
          cost=check_products)
def f23(attempt: Attempt) -> None:
    """An array (2,), made with four products."""
    compare(attempt, right_f23, [NUMBERS, {"d": normal(4), "g": normal(3)}], "y", {
        "the halves are missing: m2 + m3 holds everything twice": four(halves=1.0),
        "one sign in m3 is wrong: with (d2 - d1) the sum has d1 g1 and the difference d2 g1": four(third=lambda d: d[1] - d[2]),
        "the sign of m4 is wrong: it replaces d1 g2 by d3 g2": four(last=1.0),
        "the sign of m3 is wrong: it is added for y0 and subtracted for y1": four(second=1.0),
        "the taps are mirrored: in y0, d0 meets g0": lambda d, g: right_f23(d, g[::-1])})
