"""Pseudo-labels for images without labels: k-means clusters ("groups") of the images.

Shapes: images as rows of pixels x (N, D), centres (K, D), groups (N,) from 0 to K - 1.

    repeat:   group of x = index of the nearest centre        centre = mean of its group          (k-means)

A generator without labels has to pass from one kind of image to the next somewhere in its noise, and what it generates there
is a mixture of both. With groups, each group is a smaller task of its own, as with classes. The groups have no given meaning:
in handwriting, a group is roughly a digit of a certain slant and weight.

References: Lloyd, "Least squares quantization in PCM", 1982; Arthur and Vassilvitskii, "k-means++", 2007, section 2.2, for the
first centres; Liu et al., "Diverse image generation via self-conditioned GANs", 2020, section 3, who cluster features of the
discriminator repeatedly, where this clusters pixels once.
"""
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nnscratch.data.dataset import Dataset, to_floats
from nnscratch.generate.pairwise import squared_distances
from nnscratch.ops.validation import check_form, check_int, check_seed, check_type

__all__ = ["k_means", "with_pseudo_labels"]

MIN_GROUP_SIZE = 25  # images per group, on average; small data sets get fewer groups
SAMPLE_SIZE, ITERATIONS = 5000, 30


def with_pseudo_labels(dataset: Dataset, count: int, seed: int = 0) -> Dataset:
    """The same images with their groups as labels.

    Parameters
    ----------
    dataset : Dataset, whose own labels are ignored
    count : int, number of groups; at most one for every 25 images is made
    seed : int, draws the images that the centres are computed from, and the first centres

    Returns
    -------
    Dataset
        With groups as labels, or without labels where there would be less than two groups.
    """
    check_type(dataset, "with_pseudo_labels: dataset", Dataset)
    check_seed(seed, "with_pseudo_labels: seed")
    count = min(check_int(count, "with_pseudo_labels: count", 0), len(dataset) // MIN_GROUP_SIZE)
    if count < 2:
        return replace(dataset, labels=None, class_names=[])
    rng = np.random.default_rng(seed)
    sample = rng.choice(len(dataset), min(len(dataset), SAMPLE_SIZE), replace=False)
    centres = k_means(rows(dataset.images[sample]), count, rng)
    groups = np.concatenate([nearest_centre(rows(dataset.images[k:k + SAMPLE_SIZE]), centres)
                             for k in range(0, len(dataset), SAMPLE_SIZE)])
    return replace(dataset, labels=groups, class_names=[f"group {k + 1}" for k in range(count)])


def k_means(x: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Cluster rows by Lloyd's algorithm.

    Parameters
    ----------
    x : ndarray (N, D)
    count : int, K
    rng : Generator, draws the first centres

    Returns
    -------
    ndarray (K, D)
        Centres of the clusters.
    """
    check_form("k_means", "x", x, ("N", "D"))
    check_int(count, "k_means: count", 1)
    check_type(rng, "k_means: rng", np.random.Generator)
    centres = kmeans_plus_plus(x, count, rng)
    for _ in range(ITERATIONS):
        groups = nearest_centre(x, centres)
        sizes = np.bincount(groups, minlength=count)
        member = groups == np.arange(count)[:, None]  # (K, N)
        means = member.astype(x.dtype) @ x / np.maximum(sizes, 1)[:, None]
        centres = np.where(sizes[:, None] > 0, means, centres).astype(x.dtype)  # an empty group keeps its centre
    return centres


def kmeans_plus_plus(x: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """First centres far from each other: each row is drawn in proportion to its squared distance from the nearest centre."""
    chosen = [int(rng.integers(len(x)))]
    distances = squared_distances(x, x[chosen])[:, 0]
    while len(chosen) < count:
        weights = distances.astype(np.float64) + 1e-12  # where all images are equal, any of them
        chosen.append(int(rng.choice(len(x), p=weights / weights.sum())))
        distances = np.minimum(distances, squared_distances(x, x[chosen[-1:]])[:, 0])
    return x[chosen]


def nearest_centre(x: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """The index (N,) of the centre nearest to each row of x."""
    return squared_distances(x, centres).argmin(axis=1)


def rows(images: np.ndarray) -> np.ndarray:
    """Images as rows of pixels in [-1, 1]."""
    return to_floats(images).reshape(len(images), -1)


def sample_in_proportion(fractions: Sequence[float], count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw `count` indices, each as often as its fraction says, in random order."""
    return rng.choice(len(fractions), count, p=np.asarray(fractions) / np.sum(fractions))
