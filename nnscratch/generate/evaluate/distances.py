"""How far apart are two sets of images? Two distances between their features: Fréchet distance and kernel distance.

Shapes: a (N, D) and b (M, D), one row of features for each image; everything is computed in float64.

Neither number means anything alone: it depends on the network that computed the features, and the Fréchet distance on N too.
Compare it with a floor (fresh real images) and ceilings (corrupted ones), all of the same N, as metrics.py does.
"""
from collections.abc import Iterator

import numpy as np

from nnscratch.backend import Array, to_cpu
from nnscratch.errors import InputError
from nnscratch.ops.validation import check_int, check_is_array

__all__ = ["frechet_distance", "kernel_distance", "kernel_distance_interval"]

BLOCK = 512  # rows at a time, so that a kernel of 20,000 x 20,000 never lies in memory at once


def frechet_distance(a: Array, b: Array) -> float:
    """Squared Fréchet distance between the Gaussians fitted to two sets of features.

        |μ1 - μ2|² + Tr Σ1 + Tr Σ2 - 2 Σ √λ,   λ the eigenvalues of Σ1^½ Σ2 Σ1^½

    Parameters
    ----------
    a : Array (N, D), N at least 2
    b : Array (M, D), M at least 2

    Returns
    -------
    float
        0 for equal means and covariances.

    Raises
    ------
    InputError
        Values that are not finite, too few rows, or unequal numbers of columns.

    Notes
    -----
    The usual form has Tr (Σ1 Σ2)^½, the root of a matrix that is not symmetric, which rounding makes complex. The symmetric
    product has the same eigenvalues, and `eigh` computes them as real numbers; those that rounding makes negative count as 0.

    References
    ----------
    Dowson and Landau, "The Fréchet distance between multivariate normal distributions", 1982, equation 4.

    Examples
    --------
    >>> frechet_distance(np.array([[0.0], [2]]), np.array([[1.0], [3]]))
    1.0
    """
    a, b = check_features("frechet_distance", a, b, 2)
    difference = a.mean(axis=0) - b.mean(axis=0)
    first, second = covariance(a), covariance(b)
    root = square_root(first)
    overlap = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(0)).sum()
    return float(max(0.0, difference @ difference + np.trace(first) + np.trace(second) - 2 * overlap))


def covariance(a: np.ndarray) -> np.ndarray:
    """The unbiased covariance (D, D): divided by N - 1."""
    centred = a - a.mean(axis=0)
    return centred.T @ centred / (len(a) - 1)


def square_root(matrix: np.ndarray) -> np.ndarray:
    """The symmetric root of a symmetric matrix: V √Λ Vᵀ."""
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(values.clip(0)) @ vectors.T


# --- kernel distance ----------------------------------------------------------------------------------------------

def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(x·y / D + 1)³ for each row of x with each row of y: (N, M). It compares means, variances and skewness at once."""
    return (x @ y.T / x.shape[1] + 1)**3


def kernel_distance(a: Array, b: Array) -> float:
    """Unbiased squared maximum mean discrepancy, known as KID.

        mean k(a, a') + mean k(b, b') - 2 mean k(a, b),   k(x, y) = (x·y / D + 1)³,   a ≠ a', b ≠ b'

    Parameters
    ----------
    a : Array (N, D), N at least 2
    b : Array (M, D), M at least 2

    Returns
    -------
    float
        0 on average for two samples of one distribution, whatever N; single values can be negative.

    Raises
    ------
    InputError
        Values that are not finite, too few rows, or unequal numbers of columns.

    References
    ----------
    Bińkowski et al., "Demystifying MMD GANs", 2018, section 2.1 and equation 4.

    Examples
    --------
    >>> kernel_distance(np.array([[0.0], [1]]), np.array([[1.0], [2]]))
    9.5
    """
    a, b = check_features("kernel_distance", a, b, 2)
    across = sum(kernel(rows, b).sum() for rows in blocks(a)) / (len(a) * len(b))
    return float(mean_kernel(a) + mean_kernel(b) - 2 * across)


def mean_kernel(a: np.ndarray) -> float:
    """The mean of k(x, x') over all pairs of different rows."""
    pairs = sum(kernel(rows, a).sum() for rows in blocks(a))
    diagonal = (((a * a).sum(axis=1) / a.shape[1] + 1)**3).sum()
    return (pairs - diagonal) / (len(a) * (len(a) - 1))


def kernel_distance_interval(a: Array, b: Array, seed: int, *, subsets: int = 50, size: int = 500) -> tuple[float, float]:
    """The middle 95 % of the kernel distances between random subsets.

    Parameters
    ----------
    a : Array (N, D), N at least 4
    b : Array (M, D), M at least 4
    seed : int, draws the subsets
    subsets : int, how many
    size : int, rows of each, at most half of the rows

    Returns
    -------
    tuple of float
        (low, high). Subsets are smaller than the sets, so the interval is rather too wide.

    Raises
    ------
    InputError
        As `kernel_distance`.

    Notes
    -----
    A subset has no row twice, since the kernel of a row with its own copy would bias the distance.

    References
    ----------
    Bińkowski et al., "Demystifying MMD GANs", 2018, section 4 (100 subsets of 1,000 there).
    """
    a, b = check_features("kernel_distance_interval", a, b, 4)
    rng = np.random.default_rng(check_int(seed, "kernel_distance_interval: seed", 0))
    subsets = check_int(subsets, "kernel_distance_interval: subsets", 1)
    size = min(check_int(size, "kernel_distance_interval: size", 2), len(a) // 2, len(b) // 2)
    values = [kernel_distance(*(x[rng.choice(len(x), size, replace=False)] for x in (a, b))) for _ in range(subsets)]
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


# --- shared with neighbours.py ------------------------------------------------------------------------------------

def blocks(a: np.ndarray) -> Iterator[np.ndarray]:
    """The rows of a, BLOCK at a time."""
    return (a[k:k + BLOCK] for k in range(0, len(a), BLOCK))


def check_features(function: str, a: Array, b: Array, minimum: int) -> tuple[np.ndarray, np.ndarray]:
    """Both in float64 on the CPU, if they are finite, have at least `minimum` rows, and equally many columns."""
    a, b = (check_rows(function, x, minimum) for x in (a, b))
    if a.shape[1] != b.shape[1]:
        raise InputError(f"{function}: {a.shape[1]} and {b.shape[1]} features a row were given, expected equally many; compute "
                         f"both with the same classifier")
    return a, b


def check_rows(function: str, x: Array, minimum: int) -> np.ndarray:
    """One of them."""
    check_is_array(function, "the features", x)
    x = to_cpu(x)
    if x.ndim != 2 or len(x) < minimum or x.shape[1] == 0 or x.dtype.kind not in "fiu":
        raise InputError(f"{function}: the features are {x.shape} of {x.dtype}, expected (N, D) real numbers with N at least "
                         f"{minimum}; give one row for each image, and more images")
    if not np.isfinite(x).all():
        raise InputError(f"{function}: the features hold NaN or infinity, expected finite numbers; check the images that they "
                         f"were computed from")
    return x.astype(np.float64)
