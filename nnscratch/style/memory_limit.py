"""`--max-memory`: how many bytes remain for feature maps, whose strips (tiling.py) are cut to fit.

    the whole process = PROCESS_BYTES + BYTES_PER_PIXEL * pixels of the content + feature maps with their gradients

Measured on Linux with NumPy 2.4; GPU memory is planned with the same numbers.
"""
from math import ceil

from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.hints import checked
from nnscratch.models import Model
from nnscratch.ops.validation import check_choice
from nnscratch.style.checks import IMAGE, check_list
from nnscratch.style.statistics import STATISTICS
from nnscratch.style.tiling import bytes_per_row, make_strips, min_strip_rows

__all__ = ["feature_memory"]

PROCESS_BYTES = 300e6  # Python, libraries, weights, a convolution's workspace
BYTES_PER_PIXEL = 500  # half of it for L-BFGS, which stores ten steps and the changes of the gradient


@checked
def feature_memory(network: Model, content: Array, styles: list[Array], max_memory: float | None,
                   statistics: str) -> float | None:
    """Compute the memory that feature maps may take.

    Parameters
    ----------
    network : Model from an image to feature maps
    content : Array (1, H, W, 3)
    styles : list of Array (1, H', W', 3)
    max_memory : float, GB for the whole process, or None
    statistics : str, of which "sliced" needs all rows of an image at once

    Returns
    -------
    float or None
        Bytes; None where max_memory is None, and the defaults of tiling.py apply.

    Raises
    ------
    InputError
        Not even the lowest strip fits, or, for the statistics "sliced", not every image in one strip.
    """
    check_list("feature_memory", "the images", [content, *styles], IMAGE)
    check_choice(statistics, "feature_memory: statistics", STATISTICS)
    remaining, images = None, [content, *styles]
    if max_memory is not None:
        height, width = content.shape[1:3]
        fixed = PROCESS_BYTES + BYTES_PER_PIXEL * height * width
        rows = [x.shape[1] if statistics == "sliced" else min(x.shape[1], min_strip_rows(network)) for x in images]
        least = max(n * bytes_per_row(network, x.shape[2], x.dtype.itemsize) for n, x in zip(rows, images))
        if max_memory * 1e9 < fixed + least:
            raise InputError(f"--max-memory is {max_memory:g} GB, expected at least {ceil((fixed + least) / 1e8) / 10:g} for "
                             f"{width}x{height} pixels and the statistics {statistics}; give more, or use a smaller --size")
        remaining = max_memory * 1e9 - fixed
    if statistics == "sliced":
        check_single_strip(network, images, remaining)
    return remaining


def check_single_strip(network: Model, images: list[Array], memory: float | None) -> None:
    """Raise InputError for the first image that does not fit into memory in one strip."""
    for image in images:
        if len(make_strips(network, image, memory)) > 1:
            raise InputError(f"the statistics sliced need the whole image at once, and {image.shape[2]}x{image.shape[1]} "
                             f"pixels are too many for that; use a smaller size, more --max-memory, or the statistics gram")
