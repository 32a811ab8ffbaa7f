"""Quiz of notebooks 17 and 18: work and bytes, Winograd's products, and what a GPU costs before it pays."""
from math import ceil, floor

import numpy as np

from nnscratch.bench.roofline import ceiling
from nnscratch.course.quiz.question import Question, choice, integers, question
from nnscratch.layers import Conv2D, Input
from nnscratch.models import Model

__all__: list[str] = []  # quiz.ITEMS has the items

# Percent: factors by which they become faster, so that the whole does by a number of at most two decimals.
SHORT = {30: (3,), 40: (2, 6), 50: (7, 9), 60: (6, 11), 70: (6, 7, 11), 75: (2, 3, 5, 7, 9), 80: (4, 6, 12, 16),
         90: (3, 6, 9, 11, 15)}


def flop(rng: np.random.Generator) -> Question:
    """The FLOP of a convolution."""
    side, c, o, k = int(integers(rng, low=4, high=9)), choice(rng, 2, 3), choice(rng, 2, 5, 10), choice(rng, 2, 3)
    x = Input((side, side, c))
    positions = (side - k + 1)**2
    return question(
        "How many FLOP has a convolution with {o} kernels of {k} x {k} on one image of {side} x {side} with {c} channels, "
        "stride 1, no padding, no bias?",
        {"o": o, "k": k, "side": side, "c": c}, 2 * Model(x, Conv2D(o, k)(x)).multiply_adds((side, side, c)), {
            "a multiplication and an addition are two": positions * k * k * c * o,
            "as many positions as pixels: that is so with padding": 2 * side**2 * k * k * c * o,
            "the kernels were forgotten: each makes a channel": 2 * positions * k * k * c})


def column_bytes(rng: np.random.Generator) -> Question:
    """The bytes of im2col's columns."""
    side, c, k = choice(rng, 10, 20, 50, 100), choice(rng, 2, 3, 10), choice(rng, 3, 5)
    size = side * side * c * 4
    return question(
        "An image of {side} x {side} with {c} channels in float32. How many bytes have the columns of im2col for a window of "
        "{k} x {k}, padded so that there is a position for each pixel?",
        {"side": side, "c": c, "k": k}, size * k * k, {
            "this is the image itself; nearly every pixel is copied k times k times": size,
            "values, not bytes: a float32 has four": size * k * k // 4,
            "the channels were forgotten": size * k * k // c})


def lines(rng: np.random.Generator) -> Question:
    """Bytes per value of a strided read."""
    step = int(integers(rng, low=2, high=24))
    near, far = "a line for each value: but a line holds 16, and serves several", "lines between that hold none are not fetched"
    return question(
        "From a long array in float32 one value in {step} is read. Memory is fetched in lines of 64 bytes. How many bytes are "
        "fetched for each value read, on average?",
        {"step": step}, min(4 * step, 64), {
            "its own four: but the whole line is fetched": 4,
            near if step < 16 else far: 64 if step < 16 else 4 * step,
            "the values between were counted, not their bytes": step})


def four_products(rng: np.random.Generator) -> Question:
    """The products of F(2, 3)."""
    d, g = integers(rng, 4, low=0, high=6), integers(rng, 3, low=1, high=6)
    half = (g[0] + g[2]) / 2
    m = np.array([(d[0] - d[2]) * g[0], (d[1] + d[2]) * (half + g[1] / 2), (d[2] - d[1]) * (half - g[1] / 2),
                  (d[1] - d[3]) * g[2]])
    return question(
        "$F(2, 3)$ on $d = {d}$ with $g = {g}$: what are the four products $m_1$ to $m_4$?",
        {"d": d, "g": g}, m, {
            "the halves of m2 and m3 were forgotten": m * [1, 2, 2, 1],
            "m3 has d2 - d1, not d1 - d2": m * [1, 1, -1, 1],
            "m4 has d1 - d3, not d3 - d1": m * [1, 1, 1, -1]})


def fewer_products(rng: np.random.Generator) -> Question:
    """The products that Winograd saves."""
    tile = choice(rng, 4, 5, 6, 8, 10)
    r = int(integers(rng, low=2, high=tile - 1))
    m = tile + 1 - r
    return question(
        r"How many times fewer products does $F({m} \times {m}, {r} \times {r})$ take than the direct sums?",
        {"m": m, "r": r}, m * m * r * r / (m + r - 1)**2, {
            "this is one direction; both count": m * r / (m + r - 1),
            "as many as the kernel has taps: but the tile has more values than the output": r * r,
            "upside down": (m + r - 1)**2 / (m * m * r * r)})


def attainable(rng: np.random.Generator) -> Question:
    """The roofline."""
    peak, bandwidth, intensity = choice(rng, 50, 100, 200), choice(rng, 10, 20, 50), choice(rng, 0.25, 0.5, 2, 8, 10)
    seconds = ceiling(1e9 * intensity, 1e9, {"gflops": peak, "gb_per_s": bandwidth})
    return question(
        "A processor has a peak of {peak} GFLOP/s and a bandwidth of {bandwidth} GB/s. How many GFLOP/s can a layer with an "
        "arithmetic intensity of $I = {intensity}$ FLOP per byte reach?",
        {"peak": peak, "bandwidth": bandwidth, "intensity": intensity}, intensity / seconds, {
            "the larger of the two limits: the smaller one decides": max(peak, bandwidth * intensity),
            "divided by the intensity: more FLOP per byte are better": bandwidth / intensity,
            "the mean of the two limits": (peak + bandwidth * intensity) / 2})


def transfer(rng: np.random.Generator) -> Question:
    """The time of a transfer."""
    latency, megabytes, bandwidth = choice(rng, 5, 10, 20), choice(rng, 1, 2, 4, 8), choice(rng, 10, 20, 40)
    bytes_take = 1000 * megabytes / bandwidth
    return question(
        "A transfer has a latency of {latency} microseconds and a bandwidth of {bandwidth} GB/s. How many microseconds do "
        "{megabytes} million bytes take?",
        {"latency": latency, "bandwidth": bandwidth, "megabytes": megabytes}, latency + bytes_take, {
            "the latency was forgotten": bytes_take,
            "bytes were taken for bits": latency + 8 * bytes_take,
            "1 GB/s is a thousand bytes in a microsecond, not a million": latency + bytes_take / 1000})


def queue(rng: np.random.Generator) -> Question:
    """The time of a queue of kernels."""
    n, launch, compute = choice(rng, 10, 50, 100), integers(rng, low=2, high=12), integers(rng, low=2, high=12)
    done = 0
    for k in range(1, n + 1):
        done = max(k * launch, done) + compute
    return question(
        "Python launches {n} kernels one by one. A launch takes {launch} microseconds, and a kernel computes for {compute} "
        "microseconds. After how many microseconds is the last one done?",
        {"n": n, "launch": launch, "compute": compute}, done, {
            "one after the other: but Python launches the next while the GPU computes": n * (launch + compute),
            "the faster of the two decides: it is the slower one": min(n * launch + compute, launch + n * compute),
            "the first launch or the last kernel was forgotten": n * max(launch, compute)})


def crossover(rng: np.random.Generator) -> Question:
    """The batch from which the GPU is faster."""
    fixed_cpu, fixed_gpu = integers(rng, low=1, high=6), integers(rng, low=7, high=20)
    each_cpu, each_gpu = integers(rng, low=1, high=4), choice(rng, 0.2, 0.5)
    meet = (fixed_gpu - fixed_cpu) / (each_cpu - each_gpu)
    return question(
        "A step takes {fixed_cpu} ms and {each_cpu} ms for each image on the CPU, {fixed_gpu} ms and {each_gpu} ms for each "
        "image on the GPU. From how many images on is the GPU faster?",
        {"fixed_cpu": fixed_cpu, "each_cpu": each_cpu, "fixed_gpu": fixed_gpu, "each_gpu": each_gpu}, floor(meet) + 1, {
            "here it is not yet faster": floor(meet),
            "the time for each image on the GPU was forgotten": floor((fixed_gpu - fixed_cpu) / each_cpu) + 1,
            "the CPU's fixed time was forgotten": ceil(fixed_gpu / (each_cpu - each_gpu))})


def amdahl(rng: np.random.Generator) -> Question:
    """Amdahl's law."""
    percent, s = choice(rng, *((percent, s) for percent, factors in SHORT.items() for s in factors))
    p = percent / 100
    return question(
        "{percent} % of the time of a program becomes {s} times as fast. How many times as fast is the whole?",
        {"percent": percent, "s": s}, 1 / ((1 - p) + p / s), {
            "the rest was forgotten": s,
            "this is the limit for a part that takes no time at all": 1 / (1 - p),
            "the fraction of the gain: but times add up, not speeds": p * s})
