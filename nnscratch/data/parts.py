"""The parts of labelled data: to train on, to choose the best network by, and to test it with.

A part that the data have themselves is used:

    a folder of train, validation (val, valid) and test    each with a sub-folder for each class
    IDX (MNIST)            t10k-images beside train-images, in a folder
    CIFAR                  test_batch, or test, in a folder
    .npz                   x_test and y_test
    synthetic data         drawn from other seeds

Where there is no validation part, a tenth of the training part is held out, drawn at random from each class, and never seen
in training; without a test part there is none.
"""
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nnscratch.data.dataset import Dataset, with_images
from nnscratch.data.readers.cifar import read_cifar
from nnscratch.data.readers.folder import log_skipped, read_folder
from nnscratch.data.readers.formats import data_places, open_dataset
from nnscratch.data.readers.idx import idx_files, read_idx
from nnscratch.data.readers.npz import has_test_part, read_npz
from nnscratch.data.readers.places import as_path, visible
from nnscratch.data.splits import HELD_OUT_EVERY, HELD_OUT_SEED, JUDGE_SEED, held_out_mask
from nnscratch.data.synthetic.registry import SYNTHETIC, make_synthetic
from nnscratch.errors import InputError, counted
from nnscratch.files import FilePath
from nnscratch.ops.validation import check_int

__all__ = ["Parts", "load_parts"]

FOLDERS = {"train": ("train", "training"), "validation": ("validation", "val", "valid"), "test": ("test", "testing")}
MOST_VALIDATION = 3000  # images: more would only take time
COUNT = 10_000  # synthetic images to train on


class Parts(NamedTuple):
    """The parts of a data set, with the same classes.

    Parameters
    ----------
    train : Dataset
        To train on.
    validation : Dataset
        To choose the best network by, on the way.
    test : Dataset or None
        For the end, if the data have such a part.
    """
    train: Dataset
    validation: Dataset
    test: Dataset | None


def load_parts(name: FilePath, *, size: int | None = None, seed: int = 0, count: int = COUNT) -> Parts:
    """The parts of labelled data.

    Parameters
    ----------
    name : str or path
        A name or path that `open_dataset` takes, or a folder of the parts.
    size : int, optional
        Side of the square that the images are resized to; by default they are left as they are.
    seed : int
        For synthetic data: chooses the images.
    count : int
        For synthetic data: images to train on.

    Returns
    -------
    Parts
        Of equal size, with equal classes.

    Raises
    ------
    InputError
        `open_dataset` refuses the data, there are no labels or fewer than two classes, too few images, or the parts do not
        belong together.
    """
    seed, count = check_int(seed, "load_parts: seed", 0), check_int(count, "load_parts: count", 1)
    if isinstance(name, str) and name in SYNTHETIC:
        return Parts(*(make_synthetic(name, max(1, count // part), seed + more, size)
                       for part, more in ((1, 0), (10, HELD_OUT_SEED), (10, JUDGE_SEED))))
    path = as_path(name, "data, a file or folder")
    folders = part_folders(path)
    train = open_dataset(folders.get("train", path), size=size)
    if train.num_classes < 2:
        raise InputError(f"{name} has {counted(train.num_classes, 'class', 'classes')}, expected at least 2: give "
                         f"data with labels, or a folder with a sub-folder of images for each class")
    shape = {"size": train.images.shape[1:3], "channels": train.images.shape[3]}
    others = {part: read_folder(folder, **shape) for part, folder in folders.items() if part != "train"}
    test = None if folders else own_test(path, shape)
    test = others.get("test", None if test is None or test.labels is None else test)
    test = None if test is None else with_classes_of(train, test)
    if "validation" in others:
        return Parts(train, with_classes_of(train, others["validation"]), test)
    if len(train) < 2 * HELD_OUT_EVERY:
        raise InputError(f"{name} has {counted(len(train), 'image', 'images')}, expected at least {2 * HELD_OUT_EVERY}; add "
                         f"more")
    out = held_out_mask(train, max(HELD_OUT_EVERY, len(train) // MOST_VALIDATION))
    assert train.labels is not None  # there are classes
    rest, validation = (with_images(train, train.images[part], train.labels[part]) for part in (~out, out))
    return Parts(rest, validation, test)


def part_folders(path: Path) -> dict[str, Path]:
    """The folders of the parts, if a folder consists of them: that of train must have sub-folders, which are the classes."""
    if not os.path.isdir(path):
        return {}
    below = visible(path)
    folders = [entry for entry in below if entry.is_dir()]
    found = {part: [entry for entry in folders if entry.name.lower() in names] for part, names in FOLDERS.items()}
    found = {part: entries for part, entries in found.items() if entries}
    if len(found) < 2 or not any(entry.is_dir() for folder in found.get("train", []) for entry in visible(folder)):
        return {}
    for part, entries in found.items():
        if len(entries) > 1:
            names = " and ".join(entry.name for entry in entries)
            raise InputError(f"{path} has {len(entries)} folders for the {part} part, {names}, expected one: move their images "
                             f"into one")
    chosen = {part: entries[0] for part, entries in found.items()}
    log_skipped(path, {entry.name: "none of the parts" for entry in below if entry not in chosen.values()})
    return chosen


def own_test(path: Path, shape: dict[str, Any]) -> Dataset | None:
    """The test part that lies beside the training part, as it was published, or None."""
    if not path.is_dir():
        return read_npz(path, **shape, part="test") if has_test_part(path) else None
    for _, entries in data_places(path, visible(path)):
        images = [entry for entry in idx_files(entries) if "t10k" in entry.name or "test" in entry.name]
        if images and any("train" in entry.name for entry in idx_files(entries)):
            return read_idx(images[0], **shape)
        batches = [entry for entry in entries if entry.name in ("test_batch", "test_batch.bin", "test", "test.bin")]
        if batches and batches[0].is_file():
            return read_cifar(batches[0], **shape)
    return None


def with_classes_of(train: Dataset, part: Dataset) -> Dataset:
    """A part with the numbers that the training part gives to its classes: here some may be missing, and none be new."""
    if part.labels is None:
        raise InputError(f"{part.title} have no classes, expected those of {train.title}: give a folder with a sub-folder of "
                         f"images for each class")
    number = {name: k for k, name in enumerate(train.class_names)}
    for name in part.class_names:
        if name not in number:
            raise InputError(f"{part.title}: the class {name!r} is not among those that are trained on, "
                             f"{', '.join(train.class_names[:10])}; give parts of the same classes")
    labels = np.array([number[name] for name in part.class_names])[part.labels]
    found = with_images(train, part.images, labels)
    found.title = part.title
    return found
