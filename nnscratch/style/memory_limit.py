"""`--max-memory`: how much of it is left for feature maps, whose strips (strips.py) are cut to fit; or that it cannot do.

    the whole process = PROCESS + BESIDE * pixels of the content + feature maps with their gradients

Measured on Linux, NumPy 2.4; a GPU's memory is planned by the same numbers.
"""
from math import ceil

from nnscratch.errors import InputError
from nnscratch.style.tiling import bytes_a_row, cut, lowest

PROCESS = 300e6  # bytes: Python, libraries, weights, a convolution's scratch memory
BESIDE = 500     # bytes a pixel: L-BFGS remembers ten steps and what they did to the gradient, which is half of it


def for_features(network, content, styles, max_memory, statistics):
    """The bytes that feature maps may take; None where max_memory (GB) is None, and strips.py decides.

    Raises InputError where not even the lowest strip would fit, or, for the statistics sliced, not the whole images.
    """
    left, images = None, [content, *styles]
    if max_memory is not None:
        height, width = content.shape[1:3]
        beside = PROCESS + BESIDE * height * width
        rows = [p.shape[1] if statistics == "sliced" else min(p.shape[1], lowest(network)) for p in images]
        least = max(n * bytes_a_row(network, p.shape[2], p.dtype.itemsize) for n, p in zip(rows, images))
        if max_memory * 1e9 < beside + least:
            raise InputError(f"--max-memory is {max_memory:g} GB, expected at least {ceil((beside + least) / 1e8) / 10:g} for "
                             f"{width}x{height} pixels and the statistics {statistics}; give more, or use a smaller --size")
        left = max_memory * 1e9 - beside
    if statistics == "sliced":
        refuse_strips(network, images, left)
    return left


def refuse_strips(network, images, memory):
    """One sentence about the first image that cannot be seen in one piece."""
    for image in images:
        if len(cut(network, image, memory)) > 1:
            raise InputError(f"the statistics sliced need the whole image at once, and {image.shape[2]}x{image.shape[1]} "
                             f"pixels are too many for that; use a smaller size, more --max-memory, or the statistics gram")
