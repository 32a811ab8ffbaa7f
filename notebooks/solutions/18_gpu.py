"""Solutions of notebook 18."""
import numpy as np

from nnscratch.course import own


def roofline_seconds(flop, moved, gflops, gb_per_s):
    """The least seconds for so many operations and bytes"""
    return max(flop / (1e9 * gflops), moved / (1e9 * gb_per_s))


def intensity(x_shape, K_shape, itemsize):
    """(N, H, W, C), (KH, KW, C, O), bytes a value; stride 1, no padding -> FLOP per byte"""
    (N, H, W, _), (KH, KW, _, O) = x_shape, K_shape
    values = np.prod(x_shape) + np.prod(K_shape) + N * (H - KH + 1) * (W - KW + 1) * O
    return own.conv_flop(x_shape, K_shape) / (itemsize * values)


def queue_seconds(kernels, launch, compute):
    """A whole number of kernels, seconds, seconds -> seconds until the last is done"""
    done = 0.0
    for k in range(1, kernels + 1):
        done = max(k * launch, done) + compute
    return done


def crossover(fixed_cpu, each_cpu, fixed_gpu, each_gpu):
    """Seconds, all four -> the smallest whole batch for which the GPU is faster, or np.inf"""
    if fixed_gpu + each_gpu < fixed_cpu + each_cpu:
        return 1
    if each_gpu >= each_cpu:
        return np.inf
    return np.floor((fixed_gpu - fixed_cpu) / (each_cpu - each_gpu)) + 1
