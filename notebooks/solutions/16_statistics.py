"""Solutions of notebook 16."""
import numpy as np

from nnscratch.course import own

adain_keeps = ["same", "same", "doubled", 256]


def matched_colours(x, y, epsilon):
    """(M, C), (K, C), a number -> (M, C)"""
    x, centred = x - x.mean(axis=0), y - y.mean(axis=0)
    C_x, C_y = x.T @ x / len(x), centred.T @ centred / len(y)
    values, vectors = np.linalg.eigh(C_x + epsilon * np.eye(len(C_x)))
    inverse_root = vectors / np.sqrt(values) @ vectors.T
    values, vectors = np.linalg.eigh(C_y)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    return x @ (root @ inverse_root).T + y.mean(axis=0)


def adain(f, s, epsilon):
    """(H, W, C), (H', W', C), a number -> t (H, W, C)"""
    sigma_f, sigma_s = (np.sqrt(a.var(axis=(0, 1)) + epsilon) for a in (f, s))
    return sigma_s * (f - f.mean(axis=(0, 1))) / sigma_f + s.mean(axis=(0, 1))


def adain_backward(dt, f, s, epsilon):
    """dt like f -> df (H, W, C), dstd (C,), dmean (C,), ds (H', W', C)"""
    M = s.shape[0] * s.shape[1]
    centred = s - s.mean(axis=(0, 1))
    sigma_s = np.sqrt((centred**2).mean(axis=(0, 1)) + epsilon)
    df, dstd, dmean = own.batch_norm_backward(dt[None], f[None], sigma_s, epsilon)
    return df[0], dstd, dmean, dmean / M + dstd * centred / (M * sigma_s)
