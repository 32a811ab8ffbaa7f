"""Exercises of notebook 17: counting a convolution's work, im2col in blocks, and a filter with four products instead of six.

Shapes: x (N, H, W, C), kernel (KH, KW, C, OC), y (N, OH, OW, OC), stride 1, no padding; in F(2, 3) d (4,), g (3,), y (2,).
"""
from contextlib import suppress

import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, Wrong, describe_inputs, exercise, run
from nnscratch.course.checks.neurons import normal
from nnscratch.fast.workspace import free_scratch
from nnscratch.memory import peak_bytes

__all__ = ["conv_flop", "conv_in_blocks", "f23"]


def right_flop(x_shape, kernel_shape, each=2):
    """The solution; each=1 counts multiplications alone."""
    (n, h, w, _), (kh, kw, c, oc) = x_shape, kernel_shape
    return each * n * (h - kh + 1) * (w - kw + 1) * kh * kw * c * oc


def single(axis, of_kernel=False):
    """The count as if this axis had the size 1."""
    def flop(x_shape, kernel_shape):
        shape = list(kernel_shape if of_kernel else x_shape)
        shape[axis] = 1
        return right_flop(x_shape, shape) if of_kernel else right_flop(shape, kernel_shape)
    return flop


@exercise("17", "Count the outputs first: N * OH * OW * OC, with OH = H - KH + 1 and OW = W - KW + 1.",
          "Each output is a sum of KH * KW * C products, and each product is one multiplication and one addition.",
          "2 * N * OH * OW * OC * KH * KW * C")
def conv_flop(attempt: Attempt) -> None:
    """2 N OH OW OC KH KW C, a number."""
    cases = [{"x_shape": (1, 1, 1, 1), "kernel_shape": (1, 1, 1, 1)}, {"x_shape": (1, 3, 3, 1), "kernel_shape": (2, 2, 1, 1)},
             {"x_shape": (1, 4, 5, 2), "kernel_shape": (3, 3, 2, 5)}, {"x_shape": (3, 9, 7, 4), "kernel_shape": (4, 2, 4, 6)}]
    compare(attempt, right_flop, cases, "flop", {
        "multiplications alone are counted: each product is also added, so that is 2 FLOP":
            lambda x_shape, kernel_shape: right_flop(x_shape, kernel_shape, 1),
        "a sum of k products is counted as k - 1 additions: right for the first one, but the usual count is 2 for each":
            lambda x_shape, kernel_shape: right_flop(x_shape, kernel_shape) - right_flop(x_shape, (
                *kernel_shape[:2], 1, kernel_shape[3]), 1) // kernel_shape[0] // kernel_shape[1],
        "it counts as many outputs as pixels: without padding OH = H - KH + 1 and OW = W - KW + 1":
            lambda x_shape, kernel_shape: 2 * int(np.prod(x_shape[:3])) * int(np.prod(kernel_shape)),
        "the channels of x are missing: every output adds up over them too": single(2, of_kernel=True),
        "the kernels are missing: there are OC of them": single(3, of_kernel=True),
        "the images are missing: there are N of them": single(0)})


def right_in_blocks(x, kernel, rows):
    """The solution."""
    return ops.conv2d(x, kernel)[0]


def without_the_last(x, kernel, rows):
    """The last block is missing where it is shorter."""
    y = right_in_blocks(x, kernel, rows)
    return np.where(np.arange(y.shape[1])[:, None, None] < y.shape[1] // rows * rows, y, 0)


@exercise("17", "The rows r to r + rows of y see the rows r to r + rows + KH - 1 of x, and that slice is a small image.",
          "A slice that goes beyond the end is shorter, so the last block needs no special case.",
          "For r in range(0, OH, rows): columns of x[:, r:r + rows + KH - 1], times the matrix, into y[:, r:r + rows].")
def conv_in_blocks(attempt: Attempt) -> None:
    """y, made of the columns of `rows` rows at a time."""
    cases = [{"x": np.array([1.0, 2, 4, 8]).reshape(1, 4, 1, 1), "kernel": np.array([1.0, 10]).reshape(2, 1, 1, 1), "rows": 1},
             {"x": np.array([1.0, 2, 4, 8]).reshape(1, 4, 1, 1), "kernel": np.array([1.0, 10]).reshape(2, 1, 1, 1), "rows": 2},
             {"x": normal(2, 9, 5, 3), "kernel": normal(3, 2, 3, 4), "rows": 3},
             {"x": normal(2, 9, 5, 3), "kernel": normal(3, 2, 3, 4), "rows": 20}]
    for case in cases:
        y, wanted = run(attempt, case), right_in_blocks(**case)
        if isinstance(y, np.ndarray) and y.ndim == 4 and y.shape[1] < wanted.shape[1]:
            raise Wrong(f"y has {y.shape[1]} rows, expected {wanted.shape[1]}: blocks overlap in x, where `rows` rows of y "
                        f"need rows + KH - 1 rows of x, and the last block may be shorter\n{describe_inputs(case)}")
    compare(attempt, right_in_blocks, cases, "y", {
        "the last rows are missing: where `rows` does not divide OH, one more block is needed, a short one": without_the_last})
    check_blocks(attempt, normal(1, 66, 34, 32), normal(3, 3, 32, 2), 4)


def check_blocks(attempt, x, kernel, rows):
    """Refuse blocks of one row, and memory beyond that of y and the columns of three blocks.

    Three, because a block may be built from a list while the previous one still exists; y counts six times, as a list does.
    """
    Watched.heights, width = [], x.shape[2] - kernel.shape[1] + 1
    used = peak(lambda: attempt(x.view(Watched), kernel, rows))
    allowed = x.itemsize * width * (3 * rows * kernel[..., 0].size + 6 * (x.shape[1] - len(kernel) + 1) * kernel.shape[3])
    about = f"for x {x.shape}, kernel {kernel.shape} and rows = {rows}"
    if used > allowed:
        raise Wrong(f"the numbers are right, but {about} your code held {used // 1000} kB at once, and y and three blocks take "
                    f"no more than {allowed // 1000} kB: make the columns of {rows} rows, use them, then those of the next")
    tallest = max((height for height, wide in Watched.heights if wide >= width), default=rows)
    if tallest < rows:
        raise Wrong(f"the numbers are right, but {about} the pieces of x are {tallest} rows high at most, and a block of "
                    f"{rows} rows of y needs {rows + len(kernel) - 1}: is `rows` left out?")


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


def four(halves=0.5, third=lambda d: d[2] - d[1], last=-1.0, second=-1.0):
    """The four products, with something changed."""
    def f23(d, g):
        m = [(d[0] - d[2]) * g[0], (d[1] + d[2]) * (g[0] + g[1] + g[2]) * halves, third(d) * (g[0] - g[1] + g[2]) * halves,
             (d[1] - d[3]) * g[2]]
        return np.array([m[0] + m[1] + m[2], m[1] + second * m[2] + last * m[3]])
    return f23


@exercise("17", "Compute m1, m2, m3 and m4 as in the text, then y0 = m1 + m2 + m3 and y1 = m2 - m3 - m4.",
          "In m2 and m3 the sum of the taps is halved. Dividing by 2 is a product with a constant, and does not count.",
          "m2 = (d[1] + d[2]) * (g[0] + g[1] + g[2]) / 2 and m3 = (d[2] - d[1]) * (g[0] - g[1] + g[2]) / 2.")
def f23(attempt: Attempt) -> None:
    """y0 = d0 g0 + d1 g1 + d2 g2 and y1 = d1 g0 + d2 g1 + d3 g2, (2,), with four products."""
    numbers = [{"d": np.array([5.0, 2, 4, 1]), "g": np.array([1.0, 3, 4])}, {"d": normal(4), "g": normal(3)}]
    compare(attempt, right_f23, numbers, "y", {
        "the halves are missing: m2 and m3 take (g0 + g1 + g2) / 2 and (g0 - g1 + g2) / 2": four(halves=1.0),
        "one sign in m3 is wrong: it is (d2 - d1)": four(third=lambda d: d[1] - d[2]),
        "the sign of m4 is wrong: y1 = m2 - m3 - m4": four(last=1.0),
        "the sign of m3 is wrong: y1 = m2 - m3 - m4": four(second=1.0),
        "the taps are mirrored: d0 meets g0": lambda d, g: right_f23(d, g[::-1])})
    Counted.products = 0
    d, g = (np.array([Counted(float(value)) for value in values]) for values in numbers[0].values())
    with suppress(Wrong):  # the numbers are right; an attempt whose products cannot be counted passes
        run(attempt, {"d": d, "g": g})
    if Counted.products > 4:
        raise Wrong(f"the numbers are right, but it took {Counted.products} products of something made of d with something "
                    f"made of g, expected 4")
