"""Solutions of notebook 16."""
import numpy as np


def conditional_norm(x, gammas, betas, which, epsilon):
    """(N, H, W, C), (S, C), (S, C), (N,) whole numbers, a number -> (N, H, W, C)"""
    centred = x - x.mean(axis=(1, 2), keepdims=True)
    variance = (centred**2).mean(axis=(1, 2), keepdims=True)
    n = centred / np.sqrt(variance + epsilon)
    return gammas[which][:, None, None] * n + betas[which][:, None, None]


def adain(f, s, epsilon):
    """(N, H, W, C), (N, H', W', C), a number -> t (N, H, W, C)"""
    mean_f, mean_s = (a.mean(axis=(1, 2), keepdims=True) for a in (f, s))
    var_f, var_s = (((a - mean)**2).mean(axis=(1, 2), keepdims=True) for a, mean in ((f, mean_f), (s, mean_s)))
    return np.sqrt(var_s + epsilon) * (f - mean_f) / np.sqrt(var_f + epsilon) + mean_s


def adain_backward(dt, f, s, epsilon):
    """dt like f -> df (N, H, W, C), ds (N, H', W', C)"""
    pixels = {"axis": (1, 2), "keepdims": True}
    deviation_f, deviation_s = (np.sqrt(a.var(**pixels) + epsilon) for a in (f, s))
    n = (f - f.mean(**pixels)) / deviation_f
    df = deviation_s / deviation_f * (dt - dt.mean(**pixels) - n * (dt * n).mean(**pixels))
    M = s.shape[1] * s.shape[2]
    through_mean = dt.sum(**pixels) / M
    through_deviation = (dt * n).sum(**pixels) * (s - s.mean(**pixels)) / (M * deviation_s)
    return df, through_mean + through_deviation
