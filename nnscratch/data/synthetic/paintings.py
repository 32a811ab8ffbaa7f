"""A style image drawn by rule: thousands of brush strokes that follow a swirling night sky.

The sky is a stream function ψ(row, column). Strokes run along its level lines, because the flow (∂ψ/∂column, -∂ψ/∂row) is
the gradient rotated by a right angle; and its value chooses the colour, so that bands of one colour swirl with the strokes.
Strokes are painted from the broadest to the finest, and each is a bundle of bristles: thin lines side by side, some lighter,
some darker.

Shapes: fields are (H, W); a layer has M strokes, each with a path (T, 2): T points of (row, column) in pixels.
"""
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from nnscratch.backend import Array
from nnscratch.ops.validation import check_int

if TYPE_CHECKING:
    from PIL import ImageDraw as PIL_ImageDraw

__all__ = ["PALETTE", "flow_painting"]

PALETTE = np.array([  # from the dark of the sky to the light of the stars
    (10, 18, 48), (18, 36, 92), (28, 62, 140), (46, 98, 172), (38, 128, 150), (112, 176, 176),
    (186, 206, 182), (244, 234, 200), (246, 206, 92), (226, 160, 40), (172, 104, 30)], float)

LAYERS = [  # width and length of the strokes in pixels, how many times they cover the canvas
    (24, 120, 2.5), (14, 84, 2.0), (9, 56, 1.2), (5, 36, 0.5)]

BAND = 2**18  # pixels computed at a time
SUPERSAMPLING = 3  # drawn at three times the size, then reduced, for smooth edges


def flow_painting(size: int = 256, seed: int = 0) -> Array:
    """Paint a square image; its strokes are 4 to 28 pixels wide at any size.

    Parameters
    ----------
    size : int
        Rows and columns, at least 16.
    seed : int
        Seed of all random choices: the stars' positions, and every stroke.

    Returns
    -------
    float32 array (1, size, size, 3)
        Values in [0, 1].

    Raises
    ------
    InputError
        Size or seed is not an integer of at least 16 or 0.

    Examples
    --------
    >>> flow_painting(32).shape
    (1, 32, 32, 3)
    """
    from PIL import Image, ImageDraw
    size, seed = check_int(size, "the painting's size", 16), check_int(seed, "the painting's seed", 0)
    rng = np.random.default_rng(seed)
    sky = NightSky(size, rng)
    ground = np.concatenate([palette_colour(sky.tone(rows, np.arange(size))).astype(np.uint8) for rows in bands(size)])
    canvas = Image.fromarray(ground).resize((size * SUPERSAMPLING, size * SUPERSAMPLING))
    del ground  # the canvas alone takes 0.6 GB for 4000 pixels
    draw = ImageDraw.Draw(canvas)
    for width, length, coverage in LAYERS:
        margin = length / 2  # some strokes start outside the canvas
        count = int(coverage * (size + 2 * margin) ** 2 / (width * length))
        paths = stroke_paths(sky.flow, rng.uniform(-margin, size + margin, (count, 2)), length, rng)
        middles = np.array([path[len(path) // 2] for path in paths]).reshape(-1, 2).astype(int).clip(0, size - 1)
        for path, tone in zip(paths, sky.tone(*middles.T)):
            paint_stroke(draw, path, width * rng.uniform(0.7, 1.2), stroke_colour(tone, rng), rng)
    image = np.empty((1, size, size, 3), np.float32)
    for rows in bands(size):
        top, bottom = int(rows[0, 0]), int(rows[-1, 0]) + 1
        box = (0, top * SUPERSAMPLING, canvas.width, bottom * SUPERSAMPLING)
        image[0, top:bottom] = np.asarray(canvas.reduce(SUPERSAMPLING, box), np.float32) / 255
    return image


def bands(size: int) -> list[Array]:
    """The numbers of the rows, each band (rows, 1): what has many numbers for a pixel is computed for some rows at a time."""
    rows = max(1, BAND // size)
    return [np.arange(top, min(top + rows, size))[:, None] for top in range(0, size, rows)]


class NightSky:
    """ψ and the tone as functions of the pixel: they are computed where they are needed, not stored."""

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self.size, self.coarse, self.fine = size, wave_draws(rng), wave_draws(rng)
        self.whirls: list[tuple[float, ...]] = []  # position, radius, ψ in the middle and at the rim
        for row, column in stars(rng):
            radius, spin = rng.uniform(0.09, 0.2), rng.choice([-1, 1])
            here = self.psi(*np.array([[int(row * size)], [int(column * size)]]))[0]
            self.whirls.append((row, column, radius, here + spin * 0.8 * radius))

    def psi(self, rows: Array, columns: Array) -> Array:
        """The stream function at pixels; the whirls of the stars are added to slow waves."""
        rows, columns = (rows + 0.5) / self.size, (columns + 0.5) / self.size
        psi = 0.5 * rows + 0.05 * waves(rows, columns, self.coarse)
        for row, column, radius, whirl in self.whirls:
            near = np.exp(-0.5 * (np.hypot(rows - row, columns - column) / radius) ** 2)
            psi = psi * (1 - near) + whirl * near  # flatten ψ near the star, then add a whirl
        return psi

    def tone(self, rows: Array, columns: Array) -> Array:
        """From 0, dark, to 1, the middle of a star, at pixels."""
        psi, rows, columns = self.psi(rows, columns), (rows + 0.5) / self.size, (columns + 0.5) / self.size
        light = 0.1 * waves(rows, columns, self.fine)
        for row, column, radius, _ in self.whirls:
            distance = np.hypot(rows - row, columns - column) / radius
            light += 0.9 * np.exp(-(distance / 0.75) ** 2) * (0.8 + 0.2 * np.cos(8 * distance))
        return (0.26 + 0.14 * np.sin(40 * psi) + light).clip(0, 1)

    def flow(self, positions: Array) -> Array:
        """The direction of the flow (M, 2), of length 1, at positions (M, 2): differences of ψ between neighbouring pixels."""
        rows, columns = positions.astype(int).clip(0, self.size - 1).T
        along = []
        for down, right in ((0, 1), (1, 0)):
            first = np.maximum(rows - down, 0), np.maximum(columns - right, 0)
            last = np.minimum(rows + down, self.size - 1), np.minimum(columns + right, self.size - 1)
            along.append((self.psi(*last) - self.psi(*first)) / (last[0] - first[0] + last[1] - first[1]))
        flow = np.stack([along[0], -along[1]], axis=-1)
        return flow / (np.linalg.norm(flow, axis=-1, keepdims=True) + 1e-9)


def wave_draws(rng: np.random.Generator) -> Array:
    """The angle, phase and number of turns of six waves, (3, 6)."""
    low, high = np.array([[0], [0], [0.8]]), np.array([[np.pi], [2 * np.pi], [2.6]])
    return rng.uniform(low, high, (3, 6))


def waves(rows: Array, columns: Array, draws: Array) -> Array:
    """Smooth values: a sum of six plane waves in all directions, about -1 to 1."""
    total: Array | float = 0.0
    for angle, phase, turns in zip(*draws):
        total = total + np.sin(2 * np.pi * turns * (rows * np.cos(angle) + columns * np.sin(angle)) + phase)
    return total / 3


def stars(rng: np.random.Generator, count: int = 7, min_distance: float = 0.28) -> list[Array]:
    """Up to `count` positions (row, column) in the unit square, at least `min_distance` apart."""
    chosen: list[Array] = []
    for position in rng.uniform(0.02, 0.98, (60, 2)):
        if len(chosen) < count and all(np.hypot(*(position - other)) > min_distance for other in chosen):
            chosen.append(position)
    return chosen


def stroke_paths(flow: Callable[[Array], Array], starts: Array, length: float, rng: np.random.Generator,
                 step: float = 3.0) -> list[Array]:
    """M paths (T, 2) along the flow from starts (M, 2), each with its own length of up to `length` pixels."""
    points = [starts]
    for _ in range(int(length / step)):
        halfway = points[-1] + step / 2 * flow(points[-1])  # the midpoint rule: Euler steps would spiral out of a whirl
        points.append(points[-1] + step * flow(halfway))
    ends = (rng.uniform(0.45, 1.0, len(starts)) * len(points)).astype(int)
    return [path[:end] for path, end in zip(np.stack(points, axis=1), ends)]


def palette_colour(tone: Array) -> Array:
    """The palette's colours (..., 3) from 0 to 255 at tones in [0, 1], linearly interpolated."""
    places = np.linspace(0, 1, len(PALETTE))
    return np.stack([np.interp(tone, places, channel) for channel in PALETTE.T], axis=-1)


def stroke_colour(tone: float, rng: np.random.Generator) -> Array:
    """The colour at a tone, with noise in its tone and in each channel."""
    return palette_colour(tone + rng.normal(0, 0.055)) + rng.normal(0, 7, 3)


def paint_stroke(draw: "PIL_ImageDraw.ImageDraw", path: Array, width: float, colour: Array,
                 rng: np.random.Generator) -> None:
    """Draw bristles side by side, each with its own brightness, start and end."""
    along = np.gradient(path, axis=0)
    across = np.stack([along[:, 1], -along[:, 0]], axis=1) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-9)
    for offset in rng.permutation(np.linspace(-0.5, 0.5, max(3, int(width / 1.6)))):
        less = int(len(path) * 1.2 * offset ** 2 * rng.uniform(0.3, 1))  # the outer bristles are shorter
        bristle = (path + offset * width * across)[less:len(path) - less // 2, ::-1] * SUPERSAMPLING  # Pillow wants (x, y)
        light = 1 + 0.25 * offset + rng.normal(0, 0.1)  # the ridge of paint is lit from one side
        for shift, shade in ((SUPERSAMPLING, 0.78), (0, light)):  # a thin shadow first, the paint over it
            draw.line((bristle + shift).ravel().tolist(), tuple((colour * shade).clip(0, 255).astype(int)), 2 * SUPERSAMPLING)
