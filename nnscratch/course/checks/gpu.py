"""Exercises of notebook 18: the intensity of a convolution, the roofline, a queue of kernels, and where two lines cross.

Shapes: x (N, H, W, C), K (KH, KW, C, O), stride 1, no padding; all else are numbers: FLOP, bytes, seconds.
"""
import math
import operator

from nnscratch.bench.roofline import ceiling
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.fast import other_shapes, right_flop
from nnscratch.course.checks.fresh import whole

__all__ = ["crossover", "intensity", "queue_seconds", "roofline_seconds"]


def right_seconds(flop, moved, gflops, gb_per_s):
    """The solution."""
    return ceiling(flop, moved, {"gflops": gflops, "gb_per_s": gb_per_s})


@exercise("18", "At the peak the operations take flop / (10⁹ gflops) seconds. How long do the bytes take?",
          "Both happen at once: the work is done when the slower of the two is done.",
          "max(flop / (1e9 * gflops), ...)", library=right_seconds)
def roofline_seconds(attempt: Attempt) -> None:
    """A number of seconds."""
    cases = [dict(zip(("flop", "moved", "gflops", "gb_per_s"), numbers)) for numbers in
             [(4e9, 1e9, 2.0, 1.0), (1e9, 8e9, 2.0, 1.0), (432e6, 4.32e6, 100.0, 20.0), (1e6, 8e6, 19500.0, 1555.0)]]

    def both(join, scale=1e9):
        return lambda flop, moved, gflops, gb_per_s: join(flop / (scale * gflops), moved / (scale * gb_per_s))

    compare(attempt, right_seconds, cases, "seconds", {
        "the times are added up, but multiplying and moving go on at the same time: the longer one counts":
            both(lambda a, b: a + b),
        "it is the shorter of the two: the work is done when the longer one is over": both(min),
        "only the operations are counted: the bytes take time, too": both(lambda a, b: a),
        "only the bytes are counted: the operations take time, too": both(lambda a, b: b),
        "gflops and gb_per_s count in 10⁹": both(max, 1),
        "this is a speed in GFLOP/s; asked for are the seconds":
            lambda flop, moved, gflops, gb_per_s: flop / 1e9 / right_seconds(flop, moved, gflops, gb_per_s)})


def right_intensity(x_shape, K_shape, itemsize, parts=("x", "K", "y"), flop=2):
    """The solution; `parts` are the arrays that are moved."""
    (n, h, w, _), (kh, kw, _, o) = x_shape, K_shape
    sizes = {"x": math.prod(x_shape), "K": math.prod(K_shape), "y": n * (h - kh + 1) * (w - kw + 1) * o}
    return right_flop(x_shape, K_shape, flop) / (itemsize * sum(sizes[part] for part in parts))


def with_columns(x_shape, K_shape, itemsize):
    """x moved KH KW times, as im2col does."""
    flop = right_flop(x_shape, K_shape)
    columns = flop / 2 / K_shape[3]
    return flop / (itemsize * (columns + flop / right_intensity(x_shape, K_shape, 1, ("K", "y"))))


@exercise("18", "own.conv_flop(x_shape, K_shape) is the upper part of the fraction.",
          "Which arrays must be read, which written? How many values has each?",
          "FLOP / (itemsize * (size of x + size of K + size of y)), y of shape (N, H - KH + 1, W - KW + 1, O)",
          library=right_intensity)
def intensity(attempt: Attempt) -> None:
    """A number, FLOP per byte."""
    cases = [{"x_shape": x_shape, "K_shape": K_shape, "itemsize": itemsize} for x_shape, K_shape, itemsize in [
        ((1, 1, 1, 1), (1, 1, 1, 1), 4), ((1, 3, 3, 1), (2, 2, 1, 1), 8), ((2, 9, 7, 4), (4, 2, 4, 6), 2),
        ((1, 66, 66, 64), (3, 3, 64, 64), 4)]]

    def some(*parts, **options):
        return lambda x_shape, K_shape, itemsize: right_intensity(
            x_shape, K_shape, itemsize, parts or ("x", "K", "y"), **options)

    compare(attempt, right_intensity, cases, "intensity", {
        "these are FLOP per value: a value has `itemsize` bytes":
            lambda x_shape, K_shape, itemsize: right_intensity(x_shape, K_shape, 1),
        "a value has `itemsize` bytes, not always 4": lambda x_shape, K_shape, itemsize: right_intensity(x_shape, K_shape, 4),
        "it is half: multiplications alone are counted, and the additions are FLOP too": some(flop=1),
        "the bytes of y are missing: it is written": some("x", "K"),
        "the bytes of K are missing: it is read once, too": some("x", "y"),
        "the bytes of x are missing: it is read": some("K", "y"),
        "x is counted once for every tap, as im2col copies it: at the least it is read once": with_columns,
        "it is turned around: FLOP over bytes":
            lambda x_shape, K_shape, itemsize: 1 / right_intensity(x_shape, K_shape, itemsize)},
        draw=lambda case, rng: {**other_shapes(case, rng), "itemsize": int(2**rng.integers(1, 4))})


def right_queue(kernels, launch, compute):
    """The solution."""
    done = 0.0
    for k in range(1, kernels + 1):
        done = max(k * launch, done) + compute
    return done


@exercise("18", "Keep one number, the time at which the GPU is done so far; at first 0.",
          "Kernel k is launched at k * launch. It begins then, or when the one before is done, whichever is later.",
          "for k in range(1, kernels + 1): done = max(k * launch, done) + compute", library=right_queue)
def queue_seconds(attempt: Attempt) -> None:
    """A number of seconds."""
    cases = [dict(zip(("kernels", "launch", "compute"), numbers)) for numbers in
             [(1, 3.0, 2.0), (2, 3.0, 2.0), (2, 2.0, 3.0), (5, 1.0, 4.0), (300, 10.0, 2.0)]]
    compare(attempt, right_queue, cases, "seconds", {
        "Python waits for each kernel here, but it launches the next while the GPU computes":
            lambda kernels, launch, compute: kernels * (launch + compute),
        "the first kernel begins before it has been launched": lambda kernels, launch, compute: max(
            (kernels - 1) * launch + compute, kernels * compute),
        "the last kernel has been launched, but not computed": lambda kernels, launch, compute: max(
            kernels * launch, launch + (kernels - 1) * compute),
        "the GPU computes one kernel at a time: each begins when the one before is done":
            lambda kernels, launch, compute: kernels * launch + compute,
        "this is a graph, launched as one; here every kernel is launched by itself":
            lambda kernels, launch, compute: launch + kernels * compute,
        "the longer of both is right for very many kernels, but the first launch and the last computation come on top":
            lambda kernels, launch, compute: kernels * max(launch, compute)},
        draw=whole(kernels=(1, 20)))


def crossing(whole=lambda n: math.floor(n) + 1, from_one=operator.lt, never=True, image=1):
    """The batch where the lines cross, made whole; each special case may be left out, or look at 0 images and not at 1."""
    def batch(fixed_cpu, each_cpu, fixed_gpu, each_gpu):
        if from_one and from_one(fixed_gpu + image * each_gpu, fixed_cpu + image * each_cpu):
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


@exercise("18", "Both times are straight lines over the batch size. For which n, not always whole, are they equal?",
          "Two cases are special: a GPU that is faster at 1 image already (1), and, if it is not, no slope to catch up with "
          "(np.inf). In this order. And the smallest whole number beyond x is np.floor(x) + 1, also where x is whole.",
          "np.floor((fixed_gpu - fixed_cpu) / (each_cpu - each_gpu)) + 1", library=crossing())
def crossover(attempt: Attempt) -> None:
    """A whole number, or np.inf."""
    usual, lower = ([dict(zip(("fixed_cpu", "each_cpu", "fixed_gpu", "each_gpu"), numbers)) for numbers in cases] for cases in (
        [(5.0, 1.0, 8.0, 0.5), (5.0, 1.0, 8.5, 0.25), (5.0, 1.0, 8.0, 1.0), (5.0, 1.0, 8.0, 2.0), (8.0, 1.0, 5.0, 0.5),
         (2.0, 1.0, 2.25, 0.5), (2.0, 4.0, 6.0, 0.5), (5.0, 1.0, 5.0, 1.0), (5.0, 1.0, 5.5, 0.5)],
        [(8.0, 1.0, 5.0, 2.0), (8.0, 1.0, 5.0, 4.0), (8.0, 1.0, 5.0, 9.0), (5.0, 1.0, 4.0, 1.0)]))  # the GPU begins lower
    compare(attempt, crossing(), usual, "batch", {
        "a batch is a whole number: the smallest one beyond the place where both are equal": crossing(lambda n: n),
        "where both are equal the GPU is not faster yet: the smallest number *beyond* that, np.floor(...) + 1":
            crossing(math.ceil),
        "where both are equal the GPU is not faster yet: the smallest number *beyond* that, np.floor(...) + 1 ":
            crossing(math.ceil, from_one=False, never=False),
        "at 1 image both are equal, and the GPU is not faster yet: compare with <, not with <=": crossing(from_one=operator.le),
        "it is rounded down: at that batch the CPU is still faster, or as fast": crossing(math.floor),
        "a GPU that is faster from the beginning is faster at 1, the smallest batch there is": crossing(from_one=False),
        "if the GPU needs longer for each image, the lines never cross after that: np.inf": crossing(never=False)})
    compare(attempt, crossing(), lower, "batch", {
        "a GPU that needs as long for each image, or longer, may still be faster at 1 image: compare that first":
            by_slope_first,
        "a smaller fixed part alone does not make it faster at 1 image: that image takes its time, too":
            crossing(image=0),
        "where the GPU needs longer for each image it is faster *before* the lines meet, if at all: at 1, or never":
            by_division})
