"""A style image of our own: thousands of brush strokes that follow a swirling night sky.

The sky is a stream function psi(row, column). Its level lines are the wind: strokes run along them, because the flow
(d psi/d column, -d psi/d row) is the gradient turned by a right angle; and its value chooses the colour, so that bands
of one colour swirl with the strokes. Strokes are laid as a painter does, from the broadest to the finest, and each is a
bundle of bristles: thin lines side by side, some lighter, some darker.

Shapes: fields are (H, W); a layer has M strokes, each with a path (T, 2): T points of (row, column) in pixels.
"""
import numpy as np

from nnscratch.errors import InputError

PALETTE = np.array([  # from the dark of the sky to the light of the stars
    (10, 18, 48), (18, 36, 92), (28, 62, 140), (46, 98, 172), (38, 128, 150), (112, 176, 176),
    (186, 206, 182), (244, 234, 200), (246, 206, 92), (226, 160, 40), (172, 104, 30)], float)

LAYERS = [  # width and length of the strokes in pixels, how often they cover the canvas
    (24, 120, 2.5), (14, 84, 2.0), (9, 56, 1.2), (5, 36, 0.5)]

FINE = 3  # drawn at three times the size, then reduced: smooth edges


def flow_painting(size=256, seed=0):
    """A square painting, the same for the same size and seed. Its strokes are 4 to 28 pixels wide at any size.

    Parameters
    ----------
    size : rows and columns, a whole number.
    seed : of NumPy's generator, the only source of chance: where the stars are, and every stroke.

    Returns
    -------
    float32 array (1, size, size, 3), values in [0, 1].

    Raises
    ------
    InputError : a size that is no whole number of at least 16, a seed that is none of at least 0.
    """
    from PIL import Image, ImageDraw
    if not isinstance(size, (int, np.integer)) or size < 16:
        raise InputError(f"the painting's size is {size!r}, expected pixels: give a whole number of at least 16")
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InputError(f"the painting's seed is {seed!r}, expected a number to draw by: give a whole one, 0 or more")
    chance = np.random.default_rng(seed)
    flow, tone = night_sky(size, chance)
    canvas = Image.fromarray(mix(tone).astype(np.uint8)).resize((size * FINE, size * FINE))
    draw = ImageDraw.Draw(canvas)
    for width, length, coverage in LAYERS:
        margin = length / 2  # strokes come in over the edge, too
        count = int(coverage * (size + 2 * margin) ** 2 / (width * length))
        paths = follow(flow, chance.uniform(-margin, size + margin, (count, 2)), length, chance)
        for path in paths:
            paint_stroke(draw, path, width * chance.uniform(0.7, 1.2), stroke_colour(tone, path, chance), chance)
    return np.asarray(canvas.reduce(FINE), np.float32)[None] / 255


def night_sky(size, chance):
    """The flow (H, W, 2), of length 1, and the tone (H, W) from 0, dark, to 1, the heart of a star."""
    rows, columns = (np.mgrid[0:size, 0:size] + 0.5) / size
    psi = 0.5 * rows + 0.05 * waves(rows, columns, chance)
    light = 0.1 * waves(rows, columns, chance)
    for row, column in stars(chance):
        radius, spin = chance.uniform(0.09, 0.2), chance.choice([-1, 1])
        distance = np.hypot(rows - row, columns - column) / radius
        near = np.exp(-0.5 * distance ** 2)
        here = psi[int(row * size), int(column * size)]
        psi = psi * (1 - near) + (here + spin * 0.8 * radius) * near  # calm the wind there, then let it circle
        light += 0.9 * np.exp(-(distance / 0.75) ** 2) * (0.8 + 0.2 * np.cos(8 * distance))
    tone = 0.26 + 0.14 * np.sin(40 * psi) + light
    flow = np.stack([np.gradient(psi, axis=1), -np.gradient(psi, axis=0)], axis=-1)
    return flow / (np.linalg.norm(flow, axis=-1, keepdims=True) + 1e-9), tone.clip(0, 1)


def waves(rows, columns, chance):
    """Smooth chance: a sum of six plane waves in all directions, about -1 to 1."""
    total = np.zeros_like(rows)
    for angle, phase, turns in zip(*chance.uniform([[0], [0], [0.8]], [[np.pi], [2 * np.pi], [2.6]], (3, 6))):
        total += np.sin(2 * np.pi * turns * (rows * np.cos(angle) + columns * np.sin(angle)) + phase)
    return total / 3


def stars(chance, count=7, apart=0.28):
    """Up to `count` places (row, column) in the unit square, none too close to another."""
    chosen = []
    for place in chance.uniform(0.02, 0.98, (60, 2)):
        if len(chosen) < count and all(np.hypot(*(place - other)) > apart for other in chosen):
            chosen.append(place)
    return chosen


def follow(flow, starts, length, chance, step=3.0):
    """M paths (T, 2) along the flow from starts (M, 2), each of another length up to `length` pixels."""
    def wind(places):
        rows, columns = places.astype(int).clip(0, len(flow) - 1).T
        return flow[rows, columns]
    points = [starts]
    for _ in range(int(length / step)):
        halfway = points[-1] + step / 2 * wind(points[-1])  # the midpoint rule: plain steps would leave a whirl
        points.append(points[-1] + step * wind(halfway))
    ends = (chance.uniform(0.45, 1.0, len(starts)) * len(points)).astype(int)
    return [path[:end] for path, end in zip(np.stack(points, axis=1), ends)]


def mix(tone):
    """The palette's colours (..., 3) in 0..255 for tones in [0, 1]: neighbours on the palette are mixed."""
    places = np.linspace(0, 1, len(PALETTE))
    return np.stack([np.interp(tone, places, channel) for channel in PALETTE.T], axis=-1)


def stroke_colour(tone, path, chance):
    """The colour at the middle of the path, moved a little along the palette and jittered."""
    row, column = path[len(path) // 2].astype(int).clip(0, len(tone) - 1)
    return mix(tone[row, column] + chance.normal(0, 0.055)) + chance.normal(0, 7, 3)


def paint_stroke(draw, path, width, colour, chance):
    """Bristles side by side: each has its own light, and starts and ends a little earlier or later than the others."""
    along = np.gradient(path, axis=0)
    across = np.stack([along[:, 1], -along[:, 0]], axis=1) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-9)
    for offset in chance.permutation(np.linspace(-0.5, 0.5, max(3, int(width / 1.6)))):
        less = int(len(path) * 1.2 * offset ** 2 * chance.uniform(0.3, 1))  # the outer bristles are shorter
        bristle = (path + offset * width * across)[less:len(path) - less // 2, ::-1] * FINE  # Pillow wants (x, y)
        light = 1 + 0.25 * offset + chance.normal(0, 0.1)  # the ridge of paint is lit from one side
        for shift, shade in ((FINE, 0.78), (0, light)):  # a thin shadow first, the paint over it
            draw.line((bristle + shift).ravel().tolist(), tuple((colour * shade).clip(0, 255).astype(int)), 2 * FINE)
