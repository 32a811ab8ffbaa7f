"""A style image drawn by rule: thousands of brush strokes that follow a swirling night sky.

The sky is a stream function ψ(row, column). Strokes run along its level lines, because the flow (∂ψ/∂column, -∂ψ/∂row) is
the gradient rotated by a right angle; and its value chooses the colour, so that bands of one colour swirl with the strokes.
Strokes are painted from the broadest to the finest, and each is a bundle of bristles: thin lines side by side, some lighter,
some darker.

Shapes: fields are (H, W); a layer has M strokes, each with a path (T, 2): T points of (row, column) in pixels.
"""
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
    flow, tone = night_sky(size, rng)
    canvas = Image.fromarray(palette_colour(tone).astype(np.uint8)).resize((size * SUPERSAMPLING, size * SUPERSAMPLING))
    draw = ImageDraw.Draw(canvas)
    for width, length, coverage in LAYERS:
        margin = length / 2  # some strokes start outside the canvas
        count = int(coverage * (size + 2 * margin) ** 2 / (width * length))
        paths = stroke_paths(flow, rng.uniform(-margin, size + margin, (count, 2)), length, rng)
        for path in paths:
            paint_stroke(draw, path, width * rng.uniform(0.7, 1.2), stroke_colour(tone, path, rng), rng)
    return np.asarray(canvas.reduce(SUPERSAMPLING), np.float32)[None] / 255


def night_sky(size: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """The flow (H, W, 2), of length 1, and the tone (H, W) from 0, dark, to 1, the middle of a star."""
    rows, columns = (np.mgrid[0:size, 0:size] + 0.5) / size
    psi = 0.5 * rows + 0.05 * waves(rows, columns, rng)
    light = 0.1 * waves(rows, columns, rng)
    for row, column in stars(rng):
        radius, spin = rng.uniform(0.09, 0.2), rng.choice([-1, 1])
        distance = np.hypot(rows - row, columns - column) / radius
        near = np.exp(-0.5 * distance ** 2)
        here = psi[int(row * size), int(column * size)]
        psi = psi * (1 - near) + (here + spin * 0.8 * radius) * near  # flatten ψ near the star, then add a whirl
        light += 0.9 * np.exp(-(distance / 0.75) ** 2) * (0.8 + 0.2 * np.cos(8 * distance))
    tone = 0.26 + 0.14 * np.sin(40 * psi) + light
    flow = np.stack([np.gradient(psi, axis=1), -np.gradient(psi, axis=0)], axis=-1)
    return flow / (np.linalg.norm(flow, axis=-1, keepdims=True) + 1e-9), tone.clip(0, 1)


def waves(rows: Array, columns: Array, rng: np.random.Generator) -> Array:
    """Smooth random values: a sum of six plane waves in all directions, about -1 to 1."""
    total = np.zeros_like(rows)
    low, high = np.array([[0], [0], [0.8]]), np.array([[np.pi], [2 * np.pi], [2.6]])
    for angle, phase, turns in zip(*rng.uniform(low, high, (3, 6))):
        total += np.sin(2 * np.pi * turns * (rows * np.cos(angle) + columns * np.sin(angle)) + phase)
    return total / 3


def stars(rng: np.random.Generator, count: int = 7, min_distance: float = 0.28) -> list[Array]:
    """Up to `count` positions (row, column) in the unit square, at least `min_distance` apart."""
    chosen: list[Array] = []
    for position in rng.uniform(0.02, 0.98, (60, 2)):
        if len(chosen) < count and all(np.hypot(*(position - other)) > min_distance for other in chosen):
            chosen.append(position)
    return chosen


def stroke_paths(flow: Array, starts: Array, length: float, rng: np.random.Generator, step: float = 3.0) -> list[Array]:
    """M paths (T, 2) along the flow from starts (M, 2), each with its own length of up to `length` pixels."""
    def flow_at(positions: Array) -> Array:
        rows, columns = positions.astype(int).clip(0, len(flow) - 1).T
        return flow[rows, columns]
    points = [starts]
    for _ in range(int(length / step)):
        halfway = points[-1] + step / 2 * flow_at(points[-1])  # the midpoint rule: Euler steps would spiral out of a whirl
        points.append(points[-1] + step * flow_at(halfway))
    ends = (rng.uniform(0.45, 1.0, len(starts)) * len(points)).astype(int)
    return [path[:end] for path, end in zip(np.stack(points, axis=1), ends)]


def palette_colour(tone: Array) -> Array:
    """The palette's colours (..., 3) from 0 to 255 at tones in [0, 1], linearly interpolated."""
    places = np.linspace(0, 1, len(PALETTE))
    return np.stack([np.interp(tone, places, channel) for channel in PALETTE.T], axis=-1)


def stroke_colour(tone: Array, path: Array, rng: np.random.Generator) -> Array:
    """The colour at the middle of the path, with noise in its tone and in each channel."""
    row, column = path[len(path) // 2].astype(int).clip(0, len(tone) - 1)
    return palette_colour(tone[row, column] + rng.normal(0, 0.055)) + rng.normal(0, 7, 3)


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
