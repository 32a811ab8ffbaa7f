"""Exercises of notebook 18: the intensity of a convolution, the roofline, a queue of kernels, and where two lines cross.

Shapes: x (N, H, W, C), kernel (KH, KW, C, OC), stride 1, no padding; all else are numbers: FLOP, bytes, seconds.
"""
import math

from nnscratch.bench.roofline import ceiling
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.fast import right_flop

__all__ = ["crossover", "intensity", "queue_seconds", "roofline_seconds"]


def right_intensity(x_shape, kernel_shape, parts=("x", "kernel", "y"), each=4, flop=2):
    """The solution; `parts` are the arrays that are moved, `each` the bytes of a number."""
    (n, h, w, _), (kh, kw, _, oc) = x_shape, kernel_shape
    sizes = {"x": math.prod(x_shape), "kernel": math.prod(kernel_shape), "y": n * (h - kh + 1) * (w - kw + 1) * oc}
    return right_flop(x_shape, kernel_shape, flop) / (each * sum(sizes[part] for part in parts))


def with_columns(x_shape, kernel_shape):
    """x moved KH KW times, as im2col does."""
    flop = right_flop(x_shape, kernel_shape)
    columns = flop / 2 / kernel_shape[3]
    return flop / (4 * (columns + flop / right_intensity(x_shape, kernel_shape, ("kernel", "y"), 1)))


@exercise("18", "FLOP are 2 N OH OW OC KH KW C; OH = H - KH + 1, OW = W - KW + 1.",
          "Three arrays are moved: x, the kernel, and y of shape (N, OH, OW, OC).",
          "FLOP / (4 * (size of x + size of the kernel + size of y))")
def intensity(attempt: Attempt) -> None:
    """FLOP for each byte, a number."""
    cases = [{"x_shape": x_shape, "kernel_shape": kernel_shape} for x_shape, kernel_shape in [
        ((1, 1, 1, 1), (1, 1, 1, 1)), ((1, 3, 3, 1), (2, 2, 1, 1)), ((2, 9, 7, 4), (4, 2, 4, 6)),
        ((1, 66, 66, 64), (3, 3, 64, 64))]]

    def some(*parts, **options):
        return lambda x_shape, kernel_shape: right_intensity(x_shape, kernel_shape, parts or ("x", "kernel", "y"), **options)

    compare(attempt, right_intensity, cases, "intensity", {
        "these are FLOP for each number: in float32 a number has 4 bytes": some(each=1),
        "it is half: either multiplications alone are counted, and the additions are FLOP too, or a number has 8 bytes": some(
            flop=1),
        "the bytes of y are missing: it is written": some("x", "kernel"),
        "the bytes of the kernel are missing: it is read once, too": some("x", "y"),
        "the bytes of x are missing: it is read": some("kernel", "y"),
        "x is counted once for every tap, as im2col copies it: at the least it is read once": with_columns,
        "it is turned around: FLOP over bytes": lambda x_shape, kernel_shape: 1 / right_intensity(x_shape, kernel_shape)})


def right_seconds(flop, size, gflops, gb_per_s):
    """The solution."""
    return ceiling(flop, size, {"gflops": gflops, "gb_per_s": gb_per_s})


@exercise("18", "At the peak the operations take flop / (10⁹ gflops) seconds; the bytes take size / (10⁹ gb_per_s).",
          "Both happen at once, so the slower of the two decides: max.")
def roofline_seconds(attempt: Attempt) -> None:
    """The least seconds, a number."""
    cases = [dict(zip(("flop", "size", "gflops", "gb_per_s"), numbers)) for numbers in
             [(4e9, 1e9, 2.0, 1.0), (1e9, 8e9, 2.0, 1.0), (432e6, 4.32e6, 100.0, 20.0), (1e6, 8e6, 19500.0, 1555.0)]]

    def both(join, scale=1e9):
        return lambda flop, size, gflops, gb_per_s: join(flop / (scale * gflops), size / (scale * gb_per_s))

    compare(attempt, right_seconds, cases, "seconds", {
        "the times are added up, but multiplying and moving go on at the same time: the longer one counts":
            both(lambda a, b: a + b),
        "it is the shorter of the two: the work is done when the longer one is over": both(min),
        "only the operations are looked at: the bytes take time, too": both(lambda a, b: a),
        "only the bytes are looked at: the operations take time, too": both(lambda a, b: b),
        "gflops and gb_per_s count in 10⁹": both(max, 1),
        "this is a speed in GFLOP/s; asked for are the seconds":
            lambda flop, size, gflops, gb_per_s: flop / 1e9 / right_seconds(flop, size, gflops, gb_per_s)})


def right_queue(kernels, ask, compute):
    """The solution."""
    done = 0.0
    for k in range(1, kernels + 1):
        done = max(k * ask, done) + compute
    return done


@exercise("18", "Keep one number, the time at which the GPU is done so far; at first 0.",
          "Kernel k has been asked for at k * ask. It begins then, or when the one before is done, whichever is later.",
          "For k in range(1, kernels + 1): done = max(k * ask, done) + compute.")
def queue_seconds(attempt: Attempt) -> None:
    """Seconds until the last kernel is done, a number."""
    cases = [dict(zip(("kernels", "ask", "compute"), numbers)) for numbers in
             [(1, 3.0, 2.0), (2, 3.0, 2.0), (2, 2.0, 3.0), (5, 1.0, 4.0), (300, 10.0, 2.0)]]
    compare(attempt, right_queue, cases, "seconds", {
        "Python waits for each kernel here, but it goes on asking while the GPU computes":
            lambda kernels, ask, compute: kernels * (ask + compute),
        "the first kernel begins before it has been asked for": lambda kernels, ask, compute: max(
            (kernels - 1) * ask + compute, kernels * compute),
        "the last kernel has been asked for, but not computed": lambda kernels, ask, compute: max(
            kernels * ask, ask + (kernels - 1) * compute),
        "the GPU may do one kernel at a time only: each begins when the one before is done":
            lambda kernels, ask, compute: kernels * ask + compute,
        "this is a graph, asked for as one; here every kernel is asked for by itself":
            lambda kernels, ask, compute: ask + kernels * compute,
        "the longer of both is right for very many kernels, but the first asking and the last computing come on top":
            lambda kernels, ask, compute: kernels * max(ask, compute)})


def crossing(whole=lambda n: math.floor(n) + 1, from_one=True, never=True, image=1):
    """The batch where the lines cross, made whole; each special case may be left out, or look at 0 images and not at 1."""
    def batch(fixed_cpu, each_cpu, fixed_gpu, each_gpu):
        if from_one and fixed_gpu + image * each_gpu < fixed_cpu + image * each_cpu:
            return 1
        if each_gpu == each_cpu or (never and each_gpu > each_cpu):
            return math.inf
        return whole((fixed_gpu - fixed_cpu) / (each_cpu - each_gpu))
    return batch


def by_slope_first(fixed_cpu, each_cpu, fixed_gpu, each_gpu):
    """The slopes are compared before one image is."""
    return math.inf if each_gpu >= each_cpu else crossing()(fixed_cpu, each_cpu, fixed_gpu, each_gpu)


def by_division(fixed_cpu, each_cpu, fixed_gpu, each_gpu):
    """The number beyond the place where the lines meet, whichever of them is the lower one there."""
    ahead, slower = fixed_cpu - fixed_gpu, each_gpu - each_cpu
    if slower == 0 or ahead / slower < 0:
        return 1 if ahead > 0 else math.inf
    return math.floor(ahead / slower) + 1


@exercise("18", "The lines meet at (fixed_gpu - fixed_cpu) / (each_cpu - each_gpu), if the GPU's slope is the smaller one.",
          "The smallest whole number beyond x is np.floor(x) + 1, also where x is whole.",
          "Two cases are special: a GPU that is faster at 1 image already (1), and, if it is not, no slope to catch up with "
          "(np.inf). In this order.")
def crossover(attempt: Attempt) -> None:
    """The smallest whole batch for which the GPU is faster, or np.inf."""
    usual, lower = ([dict(zip(("fixed_cpu", "each_cpu", "fixed_gpu", "each_gpu"), numbers)) for numbers in cases] for cases in (
        [(5.0, 1.0, 8.0, 0.5), (5.0, 1.0, 8.5, 0.25), (5.0, 1.0, 8.0, 1.0), (5.0, 1.0, 8.0, 2.0), (8.0, 1.0, 5.0, 0.5),
         (2.0, 1.0, 2.25, 0.5), (2.0, 4.0, 6.0, 0.5), (5.0, 1.0, 5.0, 1.0), (5.0, 1.0, 5.5, 0.5)],
        [(8.0, 1.0, 5.0, 2.0), (8.0, 1.0, 5.0, 4.0), (8.0, 1.0, 5.0, 9.0), (5.0, 1.0, 4.0, 1.0)]))  # the GPU begins lower
    compare(attempt, crossing(), usual, "batch", {
        "a batch is a whole number: the smallest one beyond the place where both are equal": crossing(lambda n: n),
        "where both are equal the GPU is not faster yet: the smallest number *beyond* that, np.floor(...) + 1":
            crossing(math.ceil),
        "it is rounded down: at that batch the CPU is still faster, or as fast": crossing(math.floor),
        "a GPU that is faster from the beginning is faster at 1, the smallest batch there is": crossing(from_one=False),
        "if the GPU needs longer for each image, the lines never cross after that: np.inf": crossing(never=False)})
    compare(attempt, crossing(), lower, "batch", {
        "a GPU that needs as long for each image, or longer, may still be faster at 1 image: look at that first":
            by_slope_first,
        "a smaller fixed part alone does not make it faster at 1 image: that image takes its time, too":
            crossing(image=0),
        "where the GPU needs longer for each image it is faster *before* the lines meet, if at all: at 1, or never":
            by_division})
