"""Which images a generator is trained on, which are held out, and which train the classifier that judges it.

The generator is trained on the first part. It is judged against the second, which it has never seen, by a classifier that
was trained on the third. Synthetic data are unlimited, so each part gets a seed of its own. Of a file's images, a tenth is
held out, drawn at random from each class; the classifier then has to use the generator's part, and the report says so.
"""
import os
from typing import NamedTuple

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.dataset import Dataset, with_images
from nnscratch.data.readers.formats import open_dataset
from nnscratch.data.readers.places import as_path, shown
from nnscratch.data.synthetic.registry import DEFAULT_COUNT, SYNTHETIC, make_synthetic
from nnscratch.errors import InputError
from nnscratch.files import FilePath

__all__ = ["Splits", "load_splits"]

HELD_OUT_EVERY = 10  # one image out of so many is held out
HELD_OUT_SEED, JUDGE_SEED = 1000, 2000  # added to the seed


class Splits(NamedTuple):
    """The three parts of a data set.

    Parameters
    ----------
    train : Dataset
        What the generator is trained on.
    held_out : Dataset
        What it never sees; generated images are compared with these.
    judge_train : Dataset
        What the judging classifier is trained on.
    disjoint : bool
        Whether `judge_train` shares no image with `train`.
    """
    train: Dataset
    held_out: Dataset
    judge_train: Dataset
    disjoint: bool = True


def load_splits(name: FilePath, *, size: int | None = None, seed: int = 0, count: int = DEFAULT_COUNT) -> Splits:
    """The three parts of a synthetic data set, or of a file or folder.

    Parameters
    ----------
    name : str or path
        "glyphs", "letters", "shapes", "textures", or a path that `open_dataset` reads.
    size : int, optional
        Side of the square that the images are resized to; by default they are left as they are.
    seed : int
        For synthetic data: chooses the images.
    count : int
        For synthetic data: images in `train`.

    Returns
    -------
    Splits
        The parts.

    Raises
    ------
    InputError
        The name is unknown, `open_dataset` refuses the path, or there are fewer than 20 images.
    """
    if isinstance(name, str) and name in SYNTHETIC:
        return Splits(make_synthetic(name, count, seed, size), make_synthetic(name, count // 2, seed + HELD_OUT_SEED, size),
                      make_synthetic(name, count, seed + JUDGE_SEED, size))
    path = as_path(name, "data, a file or folder")
    if not os.path.exists(path):
        raise InputError(f"the data {shown(path)!r} are neither a file or folder nor one of {', '.join(SYNTHETIC)}, expected "
                         f"one of these; check the path")
    dataset = open_dataset(path, size=size)
    if len(dataset) < 2 * HELD_OUT_EVERY:
        raise InputError(f"{name} has {len(dataset)} images, expected at least {2 * HELD_OUT_EVERY}; add more")
    out = held_out_mask(dataset)
    train, held_out = (with_images(dataset, dataset.images[part], None if dataset.labels is None else dataset.labels[part])
                       for part in (~out, out))
    return Splits(train, held_out, train, disjoint=False)


def held_out_mask(dataset: Dataset, every: int = HELD_OUT_EVERY) -> Array:
    """True or False for each image (N,): a tenth of each class is True, never all, drawn at random, but always the same."""
    labels = np.zeros(len(dataset), np.int64) if dataset.labels is None else dataset.labels
    order = np.random.default_rng(0).permutation(len(dataset))
    order = order[np.argsort(labels[order], kind="stable")]  # class by class, shuffled within each
    out = np.zeros(len(dataset), bool)
    out[order[every // 2::every]] = True
    out &= np.bincount(labels[~out], minlength=labels.max() + 1)[labels] > 0  # of a class of one image, that is trained on
    if not out.any():
        raise InputError(f"{dataset.title} has one image of most classes, expected several to hold some out: add more")
    return out
