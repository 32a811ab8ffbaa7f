"""Where pictures come from: data that this package makes, by name, or the user's files, by what is in them.

And which of them a generator may see. It learns from one part; it is judged beside another that it has never seen, by a judge
that learnt from a third. What is made by rule has no end, so each part gets a seed of its own; of files every tenth picture is
held out, and the judge has to learn from the others, too.
"""
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnscratch.data.dataset import Dataset
from nnscratch.errors import InputError

MADE = ("glyphs", "letters", "shapes", "textures")
EVERY = 10            # one picture of so many is held out
HELD_OUT, FOR_JUDGE = 1000, 2000  # added to the seed
COUNT = 20_000


class Parts(NamedTuple):
    """Three Datasets."""
    train: Dataset
    held_out: Dataset
    for_judge: Dataset


def parts_of(name, *, size=None, seed=0, count=COUNT):
    """The three parts of a data set: of "glyphs", "letters", "shapes", "textures", or of a file or folder.

    Raises InputError for an unknown name and for what `open_files` refuses.
    """
    if name in MADE:
        return Parts(make(name, count, seed, size), make(name, count // 2, seed + HELD_OUT, size),
                     make(name, count, seed + FOR_JUDGE, size))
    if not Path(name).exists():
        raise InputError(f"the data {name!r} are neither a file or folder nor one of {', '.join(MADE)}; check the path")
    from nnscratch.data.open import open_dataset
    dataset = open_dataset(name, size=size)
    if len(dataset) < 2 * EVERY:
        raise InputError(f"{name} has {len(dataset)} pictures, expected at least {2 * EVERY}; add more")
    out = np.arange(len(dataset)) % EVERY == EVERY - 1
    train, held_out = (Dataset(dataset.images[part], None if dataset.labels is None else dataset.labels[part], dataset.names,
                               dataset.title) for part in (~out, out))
    return Parts(train, held_out, train)


def make(name, count, seed, size=None):
    """A data set by its name."""
    from nnscratch.data.glyphs import glyphs
    from nnscratch.data.shapes import shapes
    from nnscratch.data.textures import textures
    more = {} if size is None else {"size": size}
    if name in ("glyphs", "letters"):
        return glyphs(count, seed=seed, letters=name == "letters", **more)
    return {"shapes": shapes, "textures": textures}[name](count, seed=seed, **more)
