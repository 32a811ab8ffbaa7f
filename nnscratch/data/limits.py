"""Limits on what an untrusted file may ask for: a few bytes can promise terabytes; a promise beyond these is refused."""
from collections.abc import Sequence
from typing import Any

from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.files import FilePath

__all__: list[str] = []

MAX_BYTES = 4 * 2**30  # of a data set, unpacked: 350,000 colour images of 64x64
MAX_CLASSES = 2**16    # the largest data sets have some 20,000
MAX_SIDE = 2048        # pixels of an image, if no size is given that it is resized to
MAX_DRAWN = 10_000     # pixels a side of an image that is drawn; as floats it takes 1.2 GB
BOMB_BYTES, BOMB_RATIO = 2**30, 50  # more unpacked bytes than both, times the packed ones, are a bomb; MNIST's ratio is 5


def check_labels(path: FilePath, labels: Array, num_classes: int = MAX_CLASSES) -> None:
    """Raise InputError unless all labels (N,) are in 0 to num_classes - 1: each class has a name, so a huge one eats memory."""
    if labels.size and labels.dtype.kind in "iu" and not (labels.min() >= 0 and labels.max() < num_classes):
        raise InputError(f"{path} has labels from {labels.min()} to {labels.max()}, expected 0 to {num_classes - 1}: number "
                         f"the classes from 0, or take the file that belongs to these images")


def check_sides(path: FilePath, sides: Sequence[int], size: Any) -> None:
    """Raise InputError for images of very many rows or columns, sides = (H, W), that are not going to be resized."""
    if size is None and max(sides) > MAX_SIDE:
        raise too_large(path, sides)


def too_large(path: FilePath, sides: Sequence[int]) -> InputError:
    """The sentence about images of very many rows or columns, sides = (H, W)."""
    return InputError(f"{path} holds images of {sides[1]}x{sides[0]} pixels, expected at most {MAX_SIDE} a side: give a size "
                      f"(--size) to shrink them to")


def check_unpacked(path: FilePath, unpacked: int, packed: int) -> None:
    """Raise InputError for a file that unpacks to more bytes than data do."""
    if unpacked > BOMB_BYTES and unpacked > BOMB_RATIO * packed:
        raise InputError(f"{path} unpacks to more than {BOMB_BYTES} bytes, {BOMB_RATIO} times its own, expected data that "
                         f"compress less: it is damaged or a decompression bomb, use another")


def check_drawing(what: str, count: int, size: int) -> None:
    """Raise InputError for synthetic images that would not fit into memory."""
    if size > MAX_DRAWN or 3 * count * size**2 > MAX_BYTES:
        raise InputError(f"{count} {what} of {size}x{size} pixels would take {3 * count * size**2 // 2**30} GB, expected "
                         f"at most {MAX_BYTES / 2**30:.0f}, and {MAX_DRAWN} pixels a side; use a smaller size")


def images_at_once(most: int, size: int) -> int:
    """How many images of this size are drawn together: fewer large ones, since a formula needs many arrays of their size."""
    return max(1, min(most, most * 64**2 // size**2))
