"""Glyphs: printed digits or capitals, rotated, sheared, stretched, bent, thinner and bolder. The course's own MNIST.

Unlike MNIST it needs no download and is unlimited, and its modes are known: 21 faces x 10 digits = 210 modes, so a generator
that drops some of them is found out. Each pixel of an image is mapped to its position in the character's distance field
(faces.py), and the field tells how far the edge is.

Shapes: N images (N, size, size, 1), modes (N,). Positions are (row, column) in points from the middle of a 64 x 64 square.
"""
import numpy as np

from nnscratch.backend import Array
from nnscratch.data.dataset import Dataset
from nnscratch.data.limits import images_at_once
from nnscratch.data.synthetic.draws import check_draws, in_rounds
from nnscratch.data.synthetic.faces import FACES, SIDE, characters, distance_fields

__all__ = ["draw_glyphs", "glyphs"]

ROTATION_STD, SHEAR_STD, SHIFT_STD = 0.10, 0.12, 2.0  # radians, 1, points
STRETCH = (0.92, 1.18)  # uniform, along each axis
BOLDNESS = (-0.5, 1.2)  # uniform, points that an edge moves outwards
BEND_STD, KNOTS = 0.9, 4  # points; a bend is drawn at 4 x 4 knots and is smooth between them
BATCH = 500  # images at a time, so that their arrays stay in the cache


def glyphs(count: int = 20000, *, seed: int = 0, letters: bool = False, size: int = 28) -> Dataset:
    """Digits or capitals in 21 typefaces, each image distorted at random; bright ink on black, as in MNIST.

    The same seed gives the same images, and a larger count only appends to those of a smaller one.

    Parameters
    ----------
    count : int
        Number of images.
    seed : int
        Seed of all random choices.
    letters : bool
        The capitals A to Z instead of the digits 0 to 9.
    size : int
        Rows and columns of an image, at least 8.

    Returns
    -------
    Dataset
        Images (count, size, size, 1), labelled by character. Digits have a mean ink of 0.145 (MNIST: 0.13).

    Raises
    ------
    InputError
        A count or size is not an integer of at least 1 or 8, or too large, the seed is negative, or `letters` is neither
        True nor False.

    Examples
    --------
    >>> dataset = glyphs(100)
    >>> dataset.images.shape, dataset.num_classes
    ((100, 28, 28, 1), 10)
    """
    images, labels, _ = draw_glyphs(count, seed=seed, letters=letters, size=size)
    return Dataset(images, labels, characters(letters), "letters" if letters else "digits")


def draw_glyphs(count: int, *, seed: int = 0, letters: bool = False, size: int = 28) -> tuple[Array, Array, Array]:
    """The images of `glyphs` as arrays, with the mode of each.

    Parameters
    ----------
    count : int
        Number of images.
    seed : int
        Seed of all random choices.
    letters : bool
        The capitals A to Z instead of the digits 0 to 9.
    size : int
        Rows and columns of an image, at least 8.

    Returns
    -------
    images : uint8 array (N, size, size, 1)
        The images.
    labels : int array (N,)
        The character of each.
    modes : int array (N,)
        `face * num_classes + label`. Each round of `21 * num_classes` images shows every mode once.
    """
    count, seed, size = check_draws(count, seed, size)
    fields = distance_fields(letters)
    num_classes = fields.shape[1]
    order, normal, uniform = np.random.default_rng(seed).spawn(3)  # a stream each, so that a larger count only appends
    modes = in_rounds(order, len(FACES) * num_classes, count)
    images = np.empty((count, size, size, 1), np.uint8)
    batch = images_at_once(BATCH, size)
    for start in range(0, count, batch):
        these = modes[start:start + batch]
        gaussians = normal.standard_normal((len(these), 4 + 2 * KNOTS ** 2), dtype=np.float32).clip(-2.2, 2.2)
        uniforms = uniform.random((len(these), 3), dtype=np.float32)
        positions, zoom = source_positions(size, gaussians, uniforms[:, :2])
        boldness = BOLDNESS[0] + uniforms[:, 2] * (BOLDNESS[1] - BOLDNESS[0])
        distance = interpolate(fields.reshape(-1), these, positions) * zoom[:, None, None] + boldness[:, None, None]
        ink = distance * np.float32(size / SIDE) + 0.5  # the edge is one pixel soft, whatever the size of a pixel
        images[start:start + batch, ..., 0] = np.rint(255 * ink.clip(0, 1))
    return images, modes % num_classes, modes


def source_positions(size: int, gaussians: Array, uniforms: Array) -> tuple[Array, Array]:
    """The position of each pixel in its character's square (2, N, size, size), and the scale of its strokes (N,).

    This is the inverse warp: it asks where each pixel comes from, not where each point of the character goes. So each step
    is the inverse of what is seen: shift, rotation, shear, stretch, bend.
    """
    pixels = ((np.arange(size, dtype=np.float32) + 0.5) / size - 0.5) * SIDE
    std = np.array([ROTATION_STD, SHEAR_STD, SHIFT_STD, SHIFT_STD], np.float32)
    angle, shear, down, right = (gaussians[:, :4] * std).T[..., None, None]
    height, width = (STRETCH[0] + uniforms * (STRETCH[1] - STRETCH[0])).T[..., None, None]
    rows, columns = pixels[:, None] - down, pixels - right
    rows, columns = np.cos(angle) * rows - np.sin(angle) * columns, np.sin(angle) * rows + np.cos(angle) * columns
    columns = columns + shear * rows
    knots = gaussians[:, 4:].reshape(-1, 2, KNOTS, KNOTS).swapaxes(0, 1)
    weights = knot_weights(size)
    bend = BEND_STD * (weights @ knots @ weights.T)
    return np.stack([rows / height, columns / width]) + bend, np.sqrt(height * width)[:, 0, 0]


def knot_weights(size: int) -> Array:
    """The weight of each knot at each pixel (size, knots): Gaussians around the knots; the squares of a row sum to 1."""
    pixels = (np.arange(size, dtype=np.float32) + 0.5) / size * (KNOTS - 1)
    weights = np.exp(-1.5 * (pixels[:, None] - np.arange(KNOTS, dtype=np.float32)) ** 2)
    return weights / np.sqrt((weights ** 2).sum(axis=1, keepdims=True))


def interpolate(fields: Array, modes: Array, positions: Array) -> Array:
    """Bilinear interpolation of the fields of these modes, (modes * 64 * 64,), at positions (2, N, H, W)."""
    rows, columns = (positions + (SIDE - 1) / 2).clip(0, SIDE - 1.001)
    row, column = rows.astype(np.int32), columns.astype(np.int32)
    rows, columns = rows - row, columns - column  # now the fractional parts
    here = row * SIDE + column + (modes * SIDE ** 2).astype(np.int32)[:, None, None]
    above = fields[here] * (1 - columns) + fields[here + 1] * columns
    below = fields[here + SIDE] * (1 - columns) + fields[here + SIDE + 1] * columns
    return above * (1 - rows) + below * rows
