"""Glyphs: printed digits or capitals, turned, slanted, stretched, bent, thinner and bolder. The course's own MNIST.

Unlike MNIST it needs no download and has no end, and we know exactly what it holds: 21 faces x 10 digits = 210 modes, so
that a generator which forgets some of them can be caught. Every image asks, for each of its pixels, where that pixel
lies in the character's field of distance (see faces.py), and reads there how far the edge is.

Shapes: N images (N, size, size, 1), modes (N,). Places are (row, column) in points from the middle of a 64 x 64 square.
"""
import numpy as np

from nnscratch.data.dataset import Dataset
from nnscratch.data.synthetic.faces import FACES, SIDE, characters, fields, masters
from nnscratch.errors import InputError

__all__ = ["draw", "glyphs", "masters"]

TURN, SLANT, STRETCH, SHIFT = 0.10, 0.12, (0.92, 1.18), 2.0  # standard deviations (radians, 1, .., points), and a range
BOLDER = (-0.5, 1.2)  # points that an edge moves outwards
BEND, KNOTS = 0.9, 4  # points; a bend is given at 4 x 4 knots and smooth in between
BATCH = 500  # images at a time: what they need stays in the cache


def glyphs(count=20000, *, seed=0, letters=False, size=28):
    """Digits (or capitals) in 21 faces, each image distorted by chance; bright ink on black, as MNIST has it.

    The same seed gives the same images, and a larger count only adds to those of a smaller one.

    Parameters
    ----------
    count : how many images; seed : the only source of chance; letters : A to Z instead of 0 to 9.
    size : rows and columns of an image, at least 8.

    Returns
    -------
    Dataset of `count` images (size, size, 1), labelled by character. Digits: 0.145 of full ink on average (MNIST: 0.13).

    Raises
    ------
    InputError : a count or size that is no whole number (1 and 8 at least), a seed below 0, letters neither True nor False.
    """
    images, labels, _ = draw(count, seed=seed, letters=letters, size=size)
    return Dataset(images, labels, characters(letters), "letters" if letters else "digits")


def draw(count, *, seed=0, letters=False, size=28):
    """As glyphs, but plain arrays and the mode of each: images (N, size, size, 1), labels (N,), modes (N,).

    mode = face * classes + label. Any `faces * classes` images in a row, from a multiple of it on, show every mode once.
    """
    check_whole(count=(count, 1), seed=(seed, 0), size=(size, 8))
    field = fields(letters)
    classes = field.shape[1]
    order, normal, uniform = np.random.default_rng(seed).spawn(3)  # one stream each: a longer one begins like a shorter
    rounds = -(-count // (len(FACES) * classes))
    modes = order.permuted(np.tile(np.arange(len(FACES) * classes), (rounds, 1)), axis=1).ravel()[:count]
    images = np.empty((count, size, size, 1), np.uint8)
    for start in range(0, count, BATCH):
        these = modes[start:start + BATCH]
        bells = normal.standard_normal((len(these), 4 + 2 * KNOTS ** 2), dtype=np.float32).clip(-2.2, 2.2)
        evens = uniform.random((len(these), 3), dtype=np.float32)
        places, zoom = distort(size, bells, evens[:, :2])
        bolder = BOLDER[0] + evens[:, 2] * (BOLDER[1] - BOLDER[0])
        edge = read(field.reshape(-1), these, places) * zoom[:, None, None] + bolder[:, None, None]
        ink = edge * np.float32(size / SIDE) + 0.5  # the edge is one pixel soft, whatever a pixel's size
        images[start:start + BATCH, ..., 0] = np.rint(255 * ink.clip(0, 1))
    return images, modes % classes, modes


def distort(size, bells, evens):
    """Where each pixel lies in its character's square: places (2, N, size, size), and by how much strokes grow (N,).

    An image is drawn backwards: not where a point of the character goes, but where the pixel's point comes from.
    So each step is the inverse of what is seen: shift, turn, slant, stretch, bend.
    """
    pixels = ((np.arange(size, dtype=np.float32) + 0.5) / size - 0.5) * SIDE
    turn, slant, down, right = (bells[:, :4] * np.float32([TURN, SLANT, SHIFT, SHIFT])).T[..., None, None]
    tall, wide = (STRETCH[0] + evens * (STRETCH[1] - STRETCH[0])).T[..., None, None]
    rows, columns = pixels[:, None] - down, pixels - right
    rows, columns = np.cos(turn) * rows - np.sin(turn) * columns, np.sin(turn) * rows + np.cos(turn) * columns
    columns = columns + slant * rows
    knots = bells[:, 4:].reshape(-1, 2, KNOTS, KNOTS).swapaxes(0, 1)
    smooth = blend(size)
    bend = BEND * (smooth @ knots @ smooth.T)
    return np.stack([rows / tall, columns / wide]) + bend, np.sqrt(tall * wide)[:, 0, 0]


def blend(size):
    """(size, knots): how much each pixel takes from each knot, a bell around the knot; squares of a row sum to 1."""
    pixels = (np.arange(size, dtype=np.float32) + 0.5) / size * (KNOTS - 1)
    bells = np.exp(-1.5 * (pixels[:, None] - np.arange(KNOTS, dtype=np.float32)) ** 2)
    return bells / np.sqrt((bells ** 2).sum(axis=1, keepdims=True))


def read(field, modes, places):
    """The fields of these modes at places (2, N, H, W) between their points: the four around each are mixed."""
    rows, columns = (places + (SIDE - 1) / 2).clip(0, SIDE - 1.001)
    row, column = rows.astype(np.int32), columns.astype(np.int32)
    rows, columns = rows - row, columns - column  # now the part of a step beyond the point
    here = row * SIDE + column + (modes * SIDE ** 2).astype(np.int32)[:, None, None]
    above = field[here] * (1 - columns) + field[here + 1] * columns
    below = field[here + SIDE] * (1 - columns) + field[here + SIDE + 1] * columns
    return above * (1 - rows) + below * rows


def check_whole(**given):
    """Each argument is (value, the least that will do)."""
    for name, (value, least) in given.items():
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
            raise InputError(f"{name} is {value!r}, expected a whole number of at least {least}: give such a number")
