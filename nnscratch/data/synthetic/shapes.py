"""Shapes: a coloured disc, square, triangle, star, ring, cross, heart or moon on a quiet ground, every factor known.

An image is a formula: each shape is a signed distance, d(row, column), below 0 inside (Quilez, "2D distance functions",
iquilezles.org), and its colour covers a pixel by clip(0.5 - d, 0, 1), which gives smooth edges without drawing larger
and reducing. As we know what went in (kind, hue, place, radius, angle), we can ask whether a network found it again.

Shapes: N images (N, size, size, 3); the places of pixels in the shape's own frame, y downwards and x to the right,
(N, size, size), where the shape has radius 1.
"""
import numpy as np

from nnscratch.data.dataset import Dataset
from nnscratch.data.synthetic.glyphs import check_whole

KINDS = ["disc", "square", "triangle", "star", "ring", "cross", "heart", "moon"]
RADIUS = (0.21, 0.36)  # of the image's side, from the shape's middle to its farthest point
BATCH = 500  # images at a time


def shapes(count=20000, *, seed=0, size=32):
    """Coloured shapes, eight kinds, each at its own place, size, angle and hue, on a ground of another hue.

    The same seed gives the same images, and a larger count only adds to those of a smaller one.

    Parameters
    ----------
    count : how many images; seed : the only source of chance; size : rows and columns, at least 8.

    Returns
    -------
    Dataset of `count` images (size, size, 3), labelled by kind.

    Raises
    ------
    InputError : a count or size that is no whole number (1 and 8 at least), a seed below 0.
    """
    images, factors = draw(count, seed=seed, size=size)
    return Dataset(images, factors["kind"], list(KINDS), "shapes")


def draw(count, *, seed=0, size=32):
    """As shapes, but plain arrays: images (N, size, size, 3) and a dict of factors, each (N,).

    kind : 0 to 7, the place in KINDS; any eight images from a multiple of eight on show each kind once.
    hue, ground : of the shape and of what is behind it, in [0, 1), 0 is red, 1/3 green, 2/3 blue; they differ by 0.2 or more.
    row, column, radius : the shape's middle and its reach (0.21 to 0.36), as parts of the side.
    angle : how far it is turned clockwise, in [0, 2 pi).
    """
    check_whole(count=(count, 1), seed=(seed, 0), size=(size, 8))
    order, chance = np.random.default_rng(seed).spawn(2)
    kind = order.permuted(np.tile(np.arange(len(KINDS)), (-(-count // len(KINDS)), 1)), axis=1).ravel()[:count]
    draws = chance.random((count, 7))
    radius = RADIUS[0] + draws[:, 0] * (RADIUS[1] - RADIUS[0])
    row, column = 0.5 + (2 * draws[:, 1:3].T - 1) * (0.5 - radius - 0.03)  # never over the edge
    hue = draws[:, 3]
    factors = {"kind": kind, "hue": hue, "ground": (hue + 0.2 + 0.6 * draws[:, 4]) % 1,
               "row": row, "column": column, "radius": radius, "angle": 2 * np.pi * draws[:, 5]}
    images = np.empty((count, size, size, 3), np.uint8)
    for start in range(0, count, BATCH):
        part = {name: value[start:start + BATCH] for name, value in factors.items()}
        images[start:start + BATCH] = np.rint(255 * paint(part, draws[start:start + BATCH, 6], size))
    return images, factors


def paint(factors, light, size):
    """Colours (N, size, size, 3) in [0, 1]: a ground that grows lighter downwards, a soft shadow, the shape."""
    place = {name: value.astype(np.float32)[:, None, None] for name, value in factors.items()}
    pixels = (np.arange(size, dtype=np.float32) + 0.5) / size
    y, x = (pixels[:, None] - place["row"]) / place["radius"], (pixels - place["column"]) / place["radius"]
    pixel = 1 / (size * place["radius"])  # the side of a pixel, seen from the shape
    inside = turned(y, x, factors["kind"], place["angle"])
    shadow = 0.35 * (0.5 - turned(y - 0.12, x - 0.08, factors["kind"], place["angle"]) / 0.4).clip(0, 1)
    cover = (0.5 - inside / pixel).clip(0, 1)[..., None]
    value = 0.30 + 0.30 * light[:, None, None] + 0.16 * (pixels[:, None] - 0.5)
    behind = colour(place["ground"], np.float32(0.45), value * (1 - shadow))
    return behind * (1 - cover) + colour(place["hue"], np.float32(0.8), np.full_like(value, 0.97)) * cover


def turned(y, x, kind, angle):
    """The distance of places (y, x) from each image's shape after it was turned clockwise by its angle."""
    down, right = np.cos(angle) * y - np.sin(angle) * x, np.sin(angle) * y + np.cos(angle) * x
    found = np.empty_like(down)
    for k, formula in enumerate(DISTANCES):
        found[kind == k] = formula(down[kind == k], right[kind == k])
    return found


def colour(hue, saturation, value):
    """Hue, saturation, value as red, green, blue in [0, 1] (Smith, "Color gamut transform pairs", SIGGRAPH 1978)."""
    sixths = (6 * hue[..., None] + np.float32([5, 3, 1])) % 6
    return value[..., None] * (1 - saturation * np.minimum(sixths, 4 - sixths).clip(0, 1))


def disc(y, x):
    return np.hypot(y, x) - 1


def square(y, x):
    """Its corners lie at radius 1."""
    return np.maximum(abs(y), abs(x)) - np.float32(np.sqrt(0.5))


def triangle(y, x):
    """Three half planes at distance 1/2 from the middle; one side lies at the bottom."""
    return np.maximum(y, np.float32(np.sqrt(0.75)) * abs(x) - 0.5 * y) - 0.5


def star(y, x, points=5, inner=0.45):
    """Fold the plane into a tenth of the turn: there the star is one straight edge, from a point to an inner corner."""
    tenth = np.pi / points
    angle = abs((np.arctan2(x, -y) + tenth) % (2 * tenth) - tenth)  # 0 at a point, a tenth at a corner
    radius = np.hypot(y, x)
    along, aside = radius * np.cos(angle), radius * np.sin(angle)
    corner = inner * np.cos(tenth), inner * np.sin(tenth)
    edge = np.hypot(1 - corner[0], corner[1])
    return ((along - 1) * corner[1] + aside * (1 - corner[0])) / edge


def ring(y, x):
    return abs(np.hypot(y, x) - 0.78) - 0.22


def cross(y, x, arm=0.33):
    """Two bars; their corners lie at radius 1."""
    long, short = np.maximum(abs(y), abs(x)), np.minimum(abs(y), abs(x))
    return np.maximum(long - np.float32(np.sqrt(1 - arm ** 2)), short - arm)


def heart(y, x):
    """A square on its corner, and a disc on each of its two upper sides."""
    y, x = y - 0.12, abs(x)
    half = 0.53
    diamond = np.maximum(abs(y + x), abs(y - x)) * np.float32(np.sqrt(0.5)) - half
    middle = half * np.float32(np.sqrt(0.5))
    return np.minimum(diamond, np.hypot(y + middle, x - middle) - half)


def moon(y, x):
    """A disc without another."""
    return np.maximum(np.hypot(y, x) - 1, 0.8 - np.hypot(y, x - 0.5))


DISTANCES = [disc, square, triangle, star, ring, cross, heart, moon]
