"""Where images come from: data that this package makes, by name, or the user's files, by what is in them.

And which of them a generator may see. It learns from one part; it is judged beside another that it has never seen, by a judge
that learnt from a third. What is made by rule has no end, so each part gets a seed of its own. Of files a tenth is held out,
drawn by chance from each class, and the judge has to learn from the others, too: the report then says so.
"""
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnscratch.data.dataset import Dataset
from nnscratch.data.limits import LARGEST
from nnscratch.errors import InputError

MADE = ("glyphs", "letters", "shapes", "textures")
EVERY = 10            # one image of so many is held out
HELD_OUT, FOR_JUDGE = 1000, 2000  # added to the seed
COUNT = 20_000


class Parts(NamedTuple):
    """Three Datasets; `apart`: whether the judge's has no image that the generator learns from."""
    train: Dataset
    held_out: Dataset
    for_judge: Dataset
    apart: bool = True


def parts_of(name, *, size=None, seed=0, count=COUNT):
    """The three parts of a data set: of "glyphs", "letters", "shapes", "textures", or of a file or folder.

    Raises InputError for an unknown name and for what `open_dataset` refuses.
    """
    if name in MADE:
        return Parts(make(name, count, seed, size), make(name, count // 2, seed + HELD_OUT, size),
                     make(name, count, seed + FOR_JUDGE, size))
    if not Path(name).exists():
        raise InputError(f"the data {name!r} are neither a file or folder nor one of {', '.join(MADE)}; check the path")
    from nnscratch.data.readers.formats import open_dataset
    dataset = open_dataset(name, size=size)
    if len(dataset) < 2 * EVERY:
        raise InputError(f"{name} has {len(dataset)} images, expected at least {2 * EVERY}; add more")
    out = held_out(dataset)
    train, rest = (Dataset(dataset.images[part], None if dataset.labels is None else dataset.labels[part], dataset.names,
                               dataset.title) for part in (~out, out))
    return Parts(train, rest, train, apart=False)


def held_out(dataset):
    """One of EVERY images of each class, by chance, always the same ones: True or False for each (N,)."""
    labels = np.zeros(len(dataset), np.int64) if dataset.labels is None else dataset.labels
    order = np.random.default_rng(0).permutation(len(dataset))
    order = order[np.argsort(labels[order], kind="stable")]  # class by class, shuffled within
    out = np.zeros(len(dataset), bool)
    out[order[EVERY // 2::EVERY]] = True
    return out


def make(name, count, seed, size=None):
    """A data set by its name."""
    from nnscratch.data.synthetic.glyphs import glyphs
    from nnscratch.data.synthetic.shapes import shapes
    from nnscratch.data.synthetic.textures import textures
    if 3 * count * (size or 0)**2 > LARGEST:
        raise InputError(f"{count} {name} of {size}x{size} pixels would take {3 * count * size**2 / 2**30:.0f} GB, expected at "
                         f"most {LARGEST / 2**30:.0f}; use a smaller size")
    more = {} if size is None else {"size": size}
    if name in ("glyphs", "letters"):
        return glyphs(count, seed=seed, letters=name == "letters", **more)
    return {"shapes": shapes, "textures": textures}[name](count, seed=seed, **more)
