"""A data set: images of one size, perhaps with labels; synthetic (glyphs, shapes, textures) or read from the user's files.

Shapes: images (N, H, W, C), C is 1 (grey) or 3 (red, green, blue); labels (N,), or one-hot (N, num_classes). Images are kept
as bytes, a quarter of the memory of float32, and are converted to floats in [-1, 1], the range of tanh, batch by batch.
"""
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.arrays import as_array, byte_array, distinct_names, one_hot_labels
from nnscratch.errors import InputError, printable
from nnscratch.ops.validation import check_array, check_int

__all__ = ["Dataset", "crops", "fingerprint", "to_bytes", "to_floats"]


@dataclass
class Dataset:
    """Images of one size, with labels or without.

    Parameters
    ----------
    images : uint8 array (N, H, W, C)
        C is 1 (grey) or 3 (red, green, blue). An array is kept, not copied; nested lists of 0 to 255 are converted.
    labels : int array (N,), optional
        Classes from 0 to `len(class_names) - 1`; without `class_names`, the distinct numbers that occur become the classes.
    class_names : list of str, optional
        A name for each class. Names are made printable, and equal ones different.
    title : str
        What the images show, for messages.

    Raises
    ------
    InputError
        Another dtype or shape, or labels out of range.

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
        images = self.images = byte_array(self.images, self.title)
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3) or images.size == 0:
            raise InputError(f"{self.title}: expected images (N, H, W, 1) or (N, H, W, 3) of uint8, N at least 1, got "
                             f"{images.shape} of {images.dtype}")
        self.class_names = distinct_names(self.class_names, self.title)
        if self.labels is None:
            return
        labels = as_array(self.labels, f"{self.title}: labels")
        if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
            raise InputError(f"{self.title}: expected labels ({len(images)},) of integers, one for each image, got "
                             f"{labels.shape} of {labels.dtype}")
        if not self.class_names:  # the numbers that occur: letters labelled 1 to 26 are 26 classes
            occurring, labels = np.unique(labels, return_inverse=True)
            self.class_names = [str(number) for number in occurring]
        if labels.min() < 0 or labels.max() >= len(self.class_names):
            raise InputError(f"{self.title}: expected labels from 0 to {len(self.class_names) - 1}, one for each of "
                             f"{len(self.class_names)} classes, got {labels.min()} to {labels.max()}")
        self.labels = labels.astype(np.int64)

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
        count = len(self) - len(self) % batch_size if drop_last else len(self)
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
    if not isinstance(dataset, Dataset):
        raise InputError(f"fingerprint: got a {type(dataset).__name__}, expected a Dataset: make one of the images")
    labels = b"" if dataset.labels is None else dataset.labels.tobytes()
    return {"shape": list(dataset.images.shape), "classes": dataset.num_classes,
            "crc32": crc32(labels, crc32(np.ascontiguousarray(dataset.images).data))}


def to_floats(images: Array) -> Array:
    """Convert bytes to floats in [-1, 1].

    Parameters
    ----------
    images : uint8 array
        Values from 0 to 255.

    Returns
    -------
    float32 array
        The same shape, 0 becomes -1 and 255 becomes 1.

    Raises
    ------
    InputError
        No array of bytes.
    """
    if getattr(images, "dtype", None) != np.uint8:
        what = getattr(images, "dtype", type(images).__name__)
        raise InputError(f"to_floats: images are {what}, expected an array of uint8: floats need no conversion")
    return images.astype(np.float32) / 127.5 - 1


def to_bytes(images: Array) -> Array:
    """Convert floats in [-1, 1] to bytes; values outside are clipped.

    Parameters
    ----------
    images : float array
        Values in [-1, 1].

    Returns
    -------
    uint8 array
        The same shape, -1 becomes 0 and 1 becomes 255.

    Raises
    ------
    InputError
        No array of floats.

    Examples
    --------
    >>> to_bytes(np.array([-1.0, 0.0, 1.0, 7.0]))
    array([  0, 128, 255, 255], dtype=uint8)
    """
    if getattr(getattr(images, "dtype", None), "kind", None) != "f":
        what = getattr(images, "dtype", type(images).__name__)
        raise InputError(f"to_bytes: images are {what}, expected an array of floats in [-1, 1]: bytes need no conversion")
    return np.rint((images.clip(-1, 1) + 1) * 127.5).astype(np.uint8)
