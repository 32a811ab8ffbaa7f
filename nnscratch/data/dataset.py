"""A data set: images of one size, perhaps with labels. Made (glyphs, shapes, textures) or read from the user's files.

Shapes: images (N, H, W, C), C is 1 (grey) or 3 (red, green, blue); labels (N,). Images are kept as bytes, a quarter of
what floats would take, and become floats in [-1, 1], the range of tanh, a batch at a time.
"""
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np

from nnscratch.errors import InputError


@dataclass
class Dataset:
    """images uint8 (N, H, W, C); labels int64 (N,) from 0 to len(names) - 1, or None; names of the classes; what it is."""
    images: np.ndarray
    labels: np.ndarray | None = None
    names: list = field(default_factory=list)
    title: str = "images"

    def __post_init__(self):
        images, labels = self.images, self.labels
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3) or len(images) == 0:
            raise InputError(f"{self.title}: the images are {images.shape} of {images.dtype}, expected (N, H, W, 1) or "
                             f"(N, H, W, 3) of uint8, N at least 1")
        if labels is None:
            return
        if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
            raise InputError(f"{self.title}: the labels are {labels.shape} of {labels.dtype}, expected ({len(images)},) whole "
                             f"numbers, one for each image")
        self.labels = labels.astype(np.int64)
        if not self.names:  # the numbers that occur: letters labelled 1 to 26 are 26 classes
            occurring, self.labels = np.unique(self.labels, return_inverse=True)
            self.names = [str(number) for number in occurring]
        if self.labels.min() < 0 or self.labels.max() >= len(self.names):
            raise InputError(f"{self.title}: the labels go from {self.labels.min()} to {self.labels.max()}, expected 0 to "
                             f"{len(self.names) - 1}, one for each of {len(self.names)} classes")

    def __len__(self):
        return len(self.images)

    @property
    def classes(self):
        """How many; 0 without labels."""
        return 0 if self.labels is None else len(self.names)


def crops(image, side, count, seed=0, title="pieces of an image"):
    """A Dataset of `count` square pieces of one image (1, H, W, 3) in [0, 1], from random places: a texture's data set.

    Raises InputError for an image smaller than a piece.
    """
    height, width = image.shape[1:3]
    if min(height, width) < side:
        raise InputError(f"the image has {width}x{height} pixels, expected at least {side} a side; use a smaller --size")
    rng = np.random.default_rng(seed)
    places = zip(rng.integers(0, height - side + 1, count), rng.integers(0, width - side + 1, count))
    pieces = np.stack([image[0, top:top + side, left:left + side] for top, left in places])
    return Dataset(np.rint(pieces * 255).astype(np.uint8), title=title)


def fingerprint(dataset):
    """Enough to tell that it is the same data, as a dict of JSON values."""
    labels = b"" if dataset.labels is None else dataset.labels.tobytes()
    return {"title": dataset.title, "shape": list(dataset.images.shape), "classes": dataset.classes,
            "crc32": crc32(labels, crc32(np.ascontiguousarray(dataset.images)))}


def to_floats(images):
    """Bytes 0 to 255 as float32 in [-1, 1]."""
    return images.astype(np.float32) / 127.5 - 1


def to_bytes(images):
    """Floats in [-1, 1] (what lies outside is clipped) as bytes 0 to 255."""
    return np.rint((images.clip(-1, 1) + 1) * 127.5).astype(np.uint8)
