"""A data set: images of one size, perhaps with labels; synthetic (glyphs, shapes, textures) or read from the user's files.

Shapes: images (N, H, W, C), C is 1 (grey) or 3 (red, green, blue); labels (N,), or one-hot (N, num_classes). Images are kept
as bytes, a quarter of the memory of float32, and are converted to floats in [-1, 1], the range of tanh, batch by batch.
"""
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.labels import distinct_names, one_hot_labels, whole_labels
from nnscratch.data.pixels import as_images, to_floats
from nnscratch.errors import InputError, printable
from nnscratch.ops.validation import check_array, check_flag, check_int, check_type

__all__ = ["Dataset", "crops", "fingerprint"]


@dataclass
class Dataset:
    """Images of one size, with labels or without.

    Parameters
    ----------
    images : uint8 array (N, H, W, C)
        C is 1 (grey) or 3 (red, green, blue). The data set keeps a read-only view of an array of bytes, without a copy: it
        never changes the array, but sees what you change in it later; give `images.copy()` if you do. Other layouts and
        numbers (pixels.py) are converted to bytes: (N, H, W), channels first, bools, floats in [0, 1] or [-1, 1].
    labels : int array (N,), optional
        Classes from 0 to `len(class_names) - 1`; without `class_names`, the distinct numbers that occur become the classes.
        Floats and bools that are whole numbers, and a column (N, 1), count as such; they are copied.
    class_names : list of str, optional
        A name for each class. Names are made printable, and equal ones different.
    title : str
        What the images show, for messages.

    Raises
    ------
    InputError
        Other numbers or shapes, bytes that are all 0 or 1 and so would be black, or labels out of range.

    Examples
    --------
    >>> dataset = Dataset(np.zeros((3, 2, 2, 1), np.uint8), np.array([4, 9, 4]))
    >>> dataset.class_names, dataset.labels
    (['4', '9'], array([0, 1, 0]))
    """
    images: Array
    labels: Array | None = None
    class_names: list[str] = field(default_factory=list)
    title: str = "images"

    def __post_init__(self) -> None:
        self.title = printable(self.title)
        self.images = read_only(as_images(self.images, self.title))
        self.class_names = distinct_names(self.class_names, self.title)
        if self.labels is None:
            return
        labels = whole_labels(self.labels, self.title, len(self.images))
        if not self.class_names:  # the numbers that occur: letters labelled 1 to 26 are 26 classes
            occurring, labels = np.unique(labels, return_inverse=True)
            self.class_names = [str(number) for number in occurring]
        if labels.min() < 0 or labels.max() >= len(self.class_names):
            raise InputError(f"{self.title}: expected labels from 0 to {len(self.class_names) - 1}, one for each of "
                             f"{len(self.class_names)} classes, got {labels.min()} to {labels.max()}")
        self.labels = labels.astype(np.int64, copy=False)  # indices have 32 bits in a browser

    def __len__(self) -> int:
        return len(self.images)

    @property
    def num_classes(self) -> int:
        """Number of classes; 0 without labels."""
        return 0 if self.labels is None else len(self.class_names)

    def batches(self, batch_size: int, rng: np.random.Generator | None = None, *, one_hot: bool = True,
                drop_last: bool = False) -> Iterator[tuple[Array, Array | None]]:
        """Iterate over the mini-batches of one epoch: every image once.

        Parameters
        ----------
        batch_size : int
            Images in a batch.
        rng : numpy.random.Generator, optional
            Shuffles the images, anew in every call; None keeps their order.
        one_hot : bool
            Labels are float32 (B, num_classes), the target of `softmax_cross_entropy`; False: int64 (B,).
        drop_last : bool
            Leave out the last batch if it is smaller than the others.

        Returns
        -------
        iterator of (images, labels)
            Images float32 (B, H, W, C) in [-1, 1]; labels None for a data set without labels.

        Raises
        ------
        InputError
            A batch size below 1, or an `rng` that is not a Generator; `drop_last` with fewer images than one batch.

        Examples
        --------
        >>> dataset = Dataset(np.zeros((5, 8, 8, 1), np.uint8), np.arange(5))
        >>> [(images.shape, labels.shape) for images, labels in dataset.batches(2, np.random.default_rng(0))]
        [((2, 8, 8, 1), (2, 5)), ((2, 8, 8, 1), (2, 5)), ((1, 8, 8, 1), (1, 5))]
        """
        batch_size = check_int(batch_size, "batch_size", 1)
        if rng is not None and not isinstance(rng, np.random.Generator):
            raise InputError(f"rng is {rng!r}, expected a random generator; use np.random.default_rng(0)")
        one_hot = check_flag(one_hot, "one_hot")
        count = len(self) - len(self) % batch_size if check_flag(drop_last, "drop_last") else len(self)
        if count == 0:
            raise InputError(f"batch_size is {batch_size}, expected at most {len(self)}, the number of images; use a smaller "
                             f"one, or drop_last=False")
        order = np.arange(len(self)) if rng is None else rng.permutation(len(self))
        return (self._batch(order[start:start + batch_size], one_hot) for start in range(0, count, batch_size))

    def _batch(self, indices: Array, one_hot: bool) -> tuple[Array, Array | None]:
        labels = None if self.labels is None else self.labels[indices]
        if labels is not None and one_hot:
            labels = one_hot_labels(labels, self.num_classes)
        return to_floats(self.images[indices]), labels


def read_only(array: Array) -> Array:
    """The array if nothing can be written through it, else a view of this kind: the array itself stays as it is."""
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array


def with_images(dataset: Dataset, images: Array, labels: Array | None) -> Dataset:
    """The same classes and title for other images, or a part of them, with their labels: right ones, so nothing is checked."""
    other = copy(dataset)
    other.images, other.labels = read_only(images), None if labels is None else labels.copy()
    return other


def crops(image: Array, side: int, count: int, seed: int = 0, title: str = "pieces of an image") -> Dataset:
    """Cut square pieces from random places of one image: the data set of a texture.

    Parameters
    ----------
    image : float array (1, H, W, 3)
        Values in [0, 1].
    side : int
        Side of a piece, in pixels.
    count : int
        Number of pieces.
    seed : int
        Chooses the places.
    title : str
        Title of the data set.

    Returns
    -------
    Dataset
        Images (count, side, side, 3) without labels.

    Raises
    ------
    InputError
        The image is none, or smaller than a piece; there are no pieces.
    """
    side, count = check_int(side, "crops: side", 1), check_int(count, "crops: count", 1)
    seed = check_int(seed, "crops: seed", 0)
    check_array("crops", "image", image, 4, "(1, H, W, 3), one image")
    if image.shape[0] != 1 or image.shape[3] not in (1, 3) or not np.isfinite(image).all():
        raise InputError(f"crops: the image has shape {image.shape}, expected (1, H, W, 3) of finite numbers: use read_image")
    height, width = image.shape[1:3]
    if min(height, width) < side:
        raise InputError(f"the image has {width}x{height} pixels, expected at least {side} a side; use a smaller --size")
    rng = np.random.default_rng(seed)
    places = zip(rng.integers(0, height - side + 1, count), rng.integers(0, width - side + 1, count))
    pieces = np.empty((count, side, side, image.shape[3]), np.uint8)
    for piece, (top, left) in zip(pieces, places):
        piece[...] = np.rint(image[0, top:top + side, left:left + side].clip(0, 1) * 255)
    return Dataset(pieces, title=title)


def fingerprint(dataset: Dataset) -> dict[str, Any]:
    """Shape, number of classes and checksum: equal for equal data, wherever they lie.

    Parameters
    ----------
    dataset : Dataset
        The data.

    Returns
    -------
    dict
        JSON values. Training states store them, to recognise their data again.

    Raises
    ------
    InputError
        No data set.
    """
    check_type(dataset, "fingerprint: dataset", Dataset)
    labels = b"" if dataset.labels is None else dataset.labels.tobytes()
    return {"shape": list(dataset.images.shape), "classes": dataset.num_classes,
            "crc32": crc32(labels, crc32(np.ascontiguousarray(dataset.images).data))}
