"""Shapes: a coloured disc, square, triangle, star, ring, cross, heart or moon on a plain ground; all factors are known.

An image is a formula: each shape is a signed distance d(row, column), negative inside (Quilez, "2D distance functions",
iquilezles.org), and its colour covers a fraction clip(0.5 - d, 0, 1) of each pixel, which gives antialiased edges without
supersampling. Since the factors are known (kind, hue, position, radius, angle), one can test whether a network recovers them.

Shapes: N images (N, size, size, 3); the positions of pixels in the shape's own frame, y downwards and x to the right,
(N, size, size), where the shape has radius 1.
"""
import math

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.dataset import Dataset
from nnscratch.data.limits import images_at_once
from nnscratch.data.synthetic.draws import check_draws, in_rounds

__all__ = ["KINDS", "draw_shapes", "shapes"]

KINDS = ["disc", "square", "triangle", "star", "ring", "cross", "heart", "moon"]
RADIUS = (0.28, 0.40)  # as a fraction of the image's side, from the shape's middle to its farthest point
MAX_ANGLE = np.pi / 9  # 20 degrees: a square never stands on its corner, and a moon always opens to the right
BATCH = 500  # images at a time


def shapes(count: int = 20000, *, seed: int = 0, size: int = 32) -> Dataset:
    """Coloured shapes of eight kinds, each with its own position, size, angle and hue, on a ground of another hue.

    The same seed gives the same images, and a larger count only appends to those of a smaller one.

    Parameters
    ----------
    count : int
        Number of images.
    seed : int
        Seed of all random choices.
    size : int
        Rows and columns of an image, at least 8.

    Returns
    -------
    Dataset
        Images (count, size, size, 3), labelled by kind.

    Raises
    ------
    InputError
        A count or size is not an integer of at least 1 or 8, or too large, or the seed is negative.

    Examples
    --------
    >>> dataset = shapes(16)
    >>> dataset.images.shape, dataset.num_classes
    ((16, 32, 32, 3), 8)
    """
    images, factors = draw_shapes(count, seed=seed, size=size)
    return Dataset(images, factors["kind"], list(KINDS), "shapes")


def draw_shapes(count: int, *, seed: int = 0, size: int = 32) -> tuple[Array, dict[str, Array]]:
    """The images of `shapes` as an array, with the factors of each.

    Parameters
    ----------
    count : int
        Number of images.
    seed : int
        Seed of all random choices.
    size : int
        Rows and columns of an image, at least 8.

    Returns
    -------
    images : uint8 array (N, size, size, 3)
        The images.
    factors : dict of arrays (N,)
        "kind", the index in KINDS, each once in every round of eight; "hue" and "ground", hues of the shape and of the
        ground in [0, 1), 0 is red, 1/3 green, 2/3 blue, at least 0.2 apart; "row", "column" and "radius", the shape's
        middle and size as fractions of the side; "angle", clockwise, in radians, at most 20 degrees to either side.
    """
    count, seed, size = check_draws(count, seed, size)
    order, rng = np.random.default_rng(seed).spawn(2)
    kind = in_rounds(order, len(KINDS), count)
    draws = rng.random((count, 7))
    radius = RADIUS[0] + draws[:, 0] * (RADIUS[1] - RADIUS[0])
    row, column = 0.5 + (2 * draws[:, 1:3].T - 1) * (0.5 - radius - 0.03)  # never beyond the edge
    hue = draws[:, 3]
    factors = {"kind": kind, "hue": hue, "ground": (hue + 0.2 + 0.6 * draws[:, 4]) % 1,
               "row": row, "column": column, "radius": radius, "angle": MAX_ANGLE * (2 * draws[:, 5] - 1)}
    images = np.empty((count, size, size, 3), np.uint8)
    batch = images_at_once(BATCH, size)
    for start in range(0, count, batch):
        part = {name: value[start:start + batch] for name, value in factors.items()}
        images[start:start + batch] = np.rint(255 * paint(part, draws[start:start + batch, 6], size))
    return images, factors


def paint(factors: dict[str, Array], light: Array, size: int) -> Array:
    """Colours (N, size, size, 3) in [0, 1]: a ground that becomes lighter downwards, and a shape that is lighter than any
    ground in red, green and blue, so that its outline can be seen in each."""
    place = {name: value.astype(np.float32)[:, None, None] for name, value in factors.items()}
    pixels = (np.arange(size, dtype=np.float32) + 0.5) / size
    y, x = (pixels[:, None] - place["row"]) / place["radius"], (pixels - place["column"]) / place["radius"]
    pixel = 1 / (size * place["radius"])  # the side of a pixel, in the shape's frame
    distance = shape_distance(y, x, factors["kind"], place["angle"])
    cover = (0.5 - distance / pixel).clip(0, 1)[..., None]
    value = 0.12 + 0.12 * light[:, None, None] + 0.12 * pixels[:, None]  # at most 0.36
    ground = hsv_to_rgb(place["ground"], np.float32(0.5), value)
    return ground * (1 - cover) + hsv_to_rgb(place["hue"], np.float32(0.6), np.full_like(value, 0.97)) * cover


def shape_distance(y: Array, x: Array, kind: Array, angle: Array) -> Array:
    """The signed distance of positions (y, x) from each image's shape, which is rotated clockwise by its angle."""
    down, right = np.cos(angle) * y - np.sin(angle) * x, np.sin(angle) * y + np.cos(angle) * x
    distance = np.empty_like(down)
    for k, formula in enumerate(DISTANCES):
        distance[kind == k] = formula(down[kind == k], right[kind == k])
    return distance


def hsv_to_rgb(hue: Array, saturation: Array | float, value: Array) -> Array:
    """Hue, saturation, value as red, green, blue in [0, 1] (Smith, "Color gamut transform pairs", SIGGRAPH 1978)."""
    sixths = (6 * hue[..., None] + np.array([5, 3, 1], np.float32)) % 6
    return value[..., None] * (1 - saturation * np.minimum(sixths, 4 - sixths).clip(0, 1))


def disc(y, x):
    """A circle of radius 1."""
    return np.hypot(y, x) - 1


def square(y, x):
    """Its corners lie at radius 1."""
    return np.maximum(abs(y), abs(x)) - np.float32(np.sqrt(0.5))


def triangle(y, x):
    """Three half planes at distance 1/2 from the middle; one side lies at the bottom."""
    return np.maximum(y, np.float32(np.sqrt(0.75)) * abs(x) - 0.5 * y) - 0.5


def star(y, x, points=5, inner=0.45):
    """Fold the plane into a tenth of the circle: there the star is one straight edge, from a point to an inner corner."""
    tenth = np.pi / points
    angle = abs((np.arctan2(x, -y) + tenth) % (2 * tenth) - tenth)  # 0 at a point, a tenth of the circle at a corner
    radius = np.hypot(y, x)
    along, aside = radius * np.cos(angle), radius * np.sin(angle)
    corner = inner * np.cos(tenth), inner * np.sin(tenth)
    edge = np.hypot(1 - corner[0], corner[1])
    return ((along - 1) * corner[1] + aside * (1 - corner[0])) / edge


def ring(y, x):
    """A circle of radius 0.78, 0.44 thick."""
    return abs(np.hypot(y, x) - 0.78) - 0.22


def cross(y, x, arm=0.33):
    """Two bars; their corners lie at radius 1."""
    long, short = np.maximum(abs(y), abs(x)), np.minimum(abs(y), abs(x))
    return np.maximum(long - np.float32(np.sqrt(1 - arm ** 2)), short - arm)


def heart(y, x, row=-0.25, column=0.46, radius=0.48):
    """Two discs, each with all that lies between it and its tangent from the tip, which is at radius 1 below the middle."""
    y, x = y - row, abs(x) - column  # the middle of the right disc is the origin
    normal = math.atan2(1 - row, -column) - math.acos(radius / math.hypot(1 - row, column))  # the direction of the tangent's
    across, along = math.cos(normal) * x + math.sin(normal) * y, math.cos(normal) * y - math.sin(normal) * x
    return np.minimum(np.hypot(y, x) - radius, np.maximum.reduce([across - radius, -along, -y]))


def moon(y, x):
    """A disc minus another."""
    return np.maximum(np.hypot(y, x) - 1, 0.8 - np.hypot(y, x - 0.5))


DISTANCES = [disc, square, triangle, star, ring, cross, heart, moon]
