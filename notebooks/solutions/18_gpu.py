"""Solutions of notebook 18."""
import numpy as np


def intensity(x_shape, kernel_shape):
    """(N, H, W, C), (KH, KW, C, OC), stride 1, no padding, float32 -> FLOP for each byte"""
    (n, h, w, c), (kh, kw, _, oc) = x_shape, kernel_shape
    y_size = n * (h - kh + 1) * (w - kw + 1) * oc
    numbers = n * h * w * c + kh * kw * c * oc + y_size
    return 2 * y_size * kh * kw * c / (4 * numbers)


def roofline_seconds(flop, size, gflops, gb_per_s):
    """The least seconds for so many operations and bytes"""
    return max(flop / (1e9 * gflops), size / (1e9 * gb_per_s))


def queue_seconds(kernels, ask, compute):
    """A whole number of kernels, seconds, seconds -> seconds until the last is done"""
    done = 0.0
    for k in range(1, kernels + 1):
        done = max(k * ask, done) + compute
    return done


def crossover(fixed_cpu, each_cpu, fixed_gpu, each_gpu):
    """Seconds, all four -> the smallest whole batch for which the GPU is faster, or np.inf"""
    if fixed_gpu + each_gpu < fixed_cpu + each_cpu:
        return 1
    if each_gpu >= each_cpu:
        return np.inf
    return np.floor((fixed_gpu - fixed_cpu) / (each_cpu - each_gpu)) + 1
