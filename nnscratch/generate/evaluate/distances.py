"""How far apart are two crowds of images? Two answers, both from features: Fréchet distance and kernel distance.

Shapes: a (N, D) and b (M, D), one row of features for each image; everything is computed in float64.

Neither number means anything alone: it depends on the network that made the features, and the Fréchet distance on N too.
Compare it with a floor (fresh real images) and ceilings (spoilt ones), all of the same N, as verdict.py does.
"""
import numpy as np

from nnscratch.backend import to_cpu
from nnscratch.errors import InputError
from nnscratch.ops.validation import check_int

BLOCK = 512  # rows at a time, so that 20,000 x 20,000 kernels or distances never lie in memory at once


def frechet_distance(a, b):
    """|μ1 - μ2|² + Tr Σ1 + Tr Σ2 - 2 Σ √λ, λ the eigenvalues of Σ1^½ Σ2 Σ1^½: 0 for equal means and covariances.

    That is the squared distance between the two Gaussians that fit the crowds best. The textbook form has Tr (Σ1 Σ2)^½, the
    root of a matrix that is not symmetric, which rounding makes complex. The symmetric product has the same eigenvalues,
    and `eigh` finds them as real numbers; those that rounding puts below 0 count as 0.

    Raises InputError unless a and b are finite, of equally many columns, and of two rows at least.
    Source: Dowson and Landau, "The Fréchet distance between multivariate normal distributions" (1982), equation 4.
    """
    a, b = two_crowds("frechet_distance", a, b, 2)
    between = a.mean(axis=0) - b.mean(axis=0)
    first, second = covariance(a), covariance(b)
    root = square_root(first)
    overlap = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(0)).sum()
    return float(max(0.0, between @ between + np.trace(first) + np.trace(second) - 2 * overlap))


def covariance(a):
    """(D, D), with N - 1 below the line: unbiased."""
    centred = a - a.mean(axis=0)
    return centred.T @ centred / (len(a) - 1)


def square_root(matrix):
    """The symmetric root of a symmetric matrix: V √Λ Vᵀ."""
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(values.clip(0)) @ vectors.T


# --- kernel distance ----------------------------------------------------------------------------------------------

def kernel(x, y):
    """(x·y / D + 1)³ for each row of x with each row of y: (N, M). Compares means, spreads and skews at once."""
    return (x @ y.T / x.shape[1] + 1)**3


def kernel_distance(a, b):
    """Unbiased MMD²: mean k(a, a') + mean k(b, b') - 2 mean k(a, b), no image being compared with itself.

    0 on average where both crowds are drawn alike, whatever N: single values fall on both sides of 0. Known as KID.

    Raises InputError unless a and b are finite, of equally many columns, and of two rows at least.
    Source: Bińkowski et al., "Demystifying MMD GANs" (2018), section 2.1 and equation 4.
    """
    a, b = two_crowds("kernel_distance", a, b, 2)
    across = sum(kernel(rows, b).sum() for rows in blocks(a)) / (len(a) * len(b))
    return float(within(a) + within(b) - 2 * across)


def within(a):
    """The mean of k(x, x') over all pairs of different rows."""
    pairs = sum(kernel(rows, a).sum() for rows in blocks(a))
    alone = (((a * a).sum(axis=1) / a.shape[1] + 1)**3).sum()  # the diagonal
    return (pairs - alone) / (len(a) * (len(a) - 1))


def kernel_distance_interval(a, b, seed, *, subsets=50, size=500):
    """(low, high): the middle 95 % of the kernel distances of `subsets` random subsets of `size` rows of a and of b.

    No row comes twice in a subset, since a row compared with its own copy would bias the distance. A subset is smaller than
    the whole, so the interval is rather too wide. Where there are fewer than 2 `size` rows, subsets are half of them.

    Raises InputError as kernel_distance does, for fewer than four rows, and for a seed that is no whole number.
    Source: Bińkowski et al. (2018), section 4 (100 subsets of 1,000 there).
    """
    a, b = two_crowds("kernel_distance_interval", a, b, 4)
    rng = np.random.default_rng(check_int(seed, "kernel_distance_interval: seed", 0))
    size = min(size, len(a) // 2, len(b) // 2)
    values = [kernel_distance(*(x[rng.choice(len(x), size, replace=False)] for x in (a, b))) for _ in range(subsets)]
    return tuple(float(value) for value in np.quantile(values, [0.025, 0.975]))


# --- what the distances and neighbours.py share -------------------------------------------------------------------

def blocks(a):
    """The rows of a, some at a time."""
    return (a[k:k + BLOCK] for k in range(0, len(a), BLOCK))


def two_crowds(formula, a, b, least):
    """Both in float64, on the CPU; one sentence if they are not finite rows of numbers, `least` or more, equally long."""
    a, b = (feature_rows(formula, x, least) for x in (a, b))
    if a.shape[1] != b.shape[1]:
        raise InputError(f"{formula}: {a.shape[1]} and {b.shape[1]} features a row were given, expected equally many; make "
                         f"both with the same judge")
    return a, b


def feature_rows(formula, x, least):
    x = to_cpu(x) if hasattr(x, "dtype") else np.asarray(x)
    if x.ndim != 2 or len(x) < least or x.shape[1] == 0 or x.dtype.kind not in "fiu":
        raise InputError(f"{formula}: the features are {x.shape} of {x.dtype}, expected (N, D) real numbers with N at least "
                         f"{least}; give one row for each image, and more images")
    if not np.isfinite(x).all():
        raise InputError(f"{formula}: the features hold NaN or infinity, expected finite numbers; look at the images that "
                         f"they were made of")
    return x.astype(np.float64)
