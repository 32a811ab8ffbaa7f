"""Labels for images that have none: the groups into which they fall by themselves.

Shapes: images as rows of pixels x (N, D), centres (K, D), groups (N,) from 0 to K - 1.

    repeat:   group of x = the nearest centre        centre = the mean of its group          (k-means)

A generator without labels must cross from one form to the next within its noise, where nothing is right: forms melt into each
other. With groups, each is a small task of its own, as with classes. Nobody has said what the groups are: of handwriting, a
group is a digit in a certain slant and weight, more or less.

Sources: Lloyd, "Least squares quantization in PCM" (1982); Arthur and Vassilvitskii, "k-means++" (2007), section 2.2, for the
first centres; Liu et al., "Diverse image generation via self-conditioned GANs" (2020), section 3, who group by the features of
the discriminator, again and again, where this takes pixels, once.
"""
from dataclasses import replace

import numpy as np

from nnscratch.data.dataset import to_floats
from nnscratch.generate.evaluate.neighbours import squared_distances

FEWEST = 25  # images a group, on average; for smaller crowds fewer groups are made
SAMPLE, ROUNDS = 5000, 30


def grouped(dataset, count, seed=0):
    """The data set with its groups as labels, some `count` of them; without any where there would be but one."""
    count = min(count, len(dataset) // FEWEST)
    if count < 2:
        return replace(dataset, labels=None, class_names=[])
    rng = np.random.default_rng(seed)
    some = rng.choice(len(dataset), min(len(dataset), SAMPLE), replace=False)
    centres = k_means(rows(dataset.images[some]), count, rng)
    groups = np.concatenate([nearest(rows(dataset.images[k:k + SAMPLE]), centres) for k in range(0, len(dataset), SAMPLE)])
    return replace(dataset, labels=groups, class_names=[f"group {k + 1}" for k in range(count)])


def k_means(x, count, rng):
    """Centres (count, D) of the groups of x."""
    centres = first_centres(x, count, rng)
    for _ in range(ROUNDS):
        groups = nearest(x, centres)
        sizes = np.bincount(groups, minlength=count)
        member = groups == np.arange(count)[:, None]  # (K, N)
        means = member.astype(x.dtype) @ x / np.maximum(sizes, 1)[:, None]
        centres = np.where(sizes[:, None] > 0, means, centres).astype(x.dtype)  # an empty group waits where it is
    return centres


def first_centres(x, count, rng):
    """Rows of x far from each other: each is drawn in proportion to its squared distance from the nearest one before it."""
    chosen = [int(rng.integers(len(x)))]
    away = squared_distances(x, x[chosen])[:, 0]
    while len(chosen) < count:
        odds = away.astype(np.float64) + 1e-12  # equal images: any of them
        chosen.append(int(rng.choice(len(x), p=odds / odds.sum())))
        away = np.minimum(away, squared_distances(x, x[chosen[-1:]])[:, 0])
    return x[chosen]


def nearest(x, centres):
    """For each row of x, the number of the nearest centre."""
    return squared_distances(x, centres).argmin(axis=1)


def rows(images):
    return to_floats(images).reshape(len(images), -1)


def in_proportion(shares, count, rng):
    """(count,) numbers of groups, each as often as its share says, in random order."""
    return rng.choice(len(shares), count, p=np.asarray(shares) / np.sum(shares))
