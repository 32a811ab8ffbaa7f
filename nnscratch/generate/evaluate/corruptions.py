"""Pictures spoilt on purpose: what the judge must call "none", and ceilings to read distances against.

Shapes: pictures (N, H, W, C) float32 in [-1, 1] in and out. `random` is a numpy Generator.
"""
import numpy as np

PARTS = 3  # a picture is shuffled in 3 x 3 patches: in 2 x 2, a 1 or an 8 would survive


def noise(pictures, random):
    """Nothing but noise: its pixels as dark and as spread as the pictures', from fine grain to soft clouds."""
    grain = random.standard_normal(pictures.shape, dtype=np.float32)
    clouds = blurred(grain, random.uniform(0.02, 0.1) * pictures.shape[1])
    made = np.where(random.random((len(pictures), 1, 1, 1)) < 0.5, grain, clouds / clouds.std())
    return (pictures.mean() + pictures.std() * made).clip(-1, 1).astype(np.float32)


def blended(pictures, random):
    """Each mixed with another one, in parts of 0.35 to 0.65: both to be seen at once.

    The other is moved aside by a sixth, or two of one class would cover each other and make a good picture of it.
    """
    part = random.uniform(0.35, 0.65, (len(pictures), 1, 1, 1)).astype(np.float32)
    others = np.roll(pictures, random.integers(1, max(2, len(pictures))), axis=0)
    aside = [int(random.choice((-1, 1))) * max(1, side // 6) for side in pictures.shape[1:3]]
    return part * pictures + (1 - part) * np.roll(others, aside, axis=(1, 2))


def shuffled(pictures, random):
    """Patches change places: each picture holds the same strokes as before, and means nothing."""
    spoilt = pictures.copy()
    h, w = (max(1, side // PARTS) for side in pictures.shape[1:3])
    corners = [(h * i, w * j) for i in range(PARTS) for j in range(PARTS)]
    for k, picture in enumerate(pictures):
        for (top, left), other in zip(corners, random.permutation(len(corners))):
            row, column = corners[other]
            spoilt[k, top:top + h, left:left + w] = picture[row:row + h, column:column + w]
    return spoilt


def smeared(pictures, random):
    """Blurred until nobody could read them."""
    return blurred(pictures, random.uniform(0.13, 0.25) * pictures.shape[1])


def empty(pictures, random):
    """One shade each, with a little grain or none."""
    shade = random.uniform(-1, 1, (len(pictures), 1, 1, pictures.shape[3]))
    shade[::2] = pictures.min()  # black, say, is what a dead generator draws
    grain = random.uniform(0, 0.1, (len(pictures), 1, 1, 1)) * random.standard_normal(pictures.shape)
    return (shade + grain).clip(-1, 1).astype(np.float32)


WAYS = (noise, blended, shuffled, smeared, empty)


def spoilt(pictures, random):
    """Every picture spoilt, in the ways above by turns."""
    return np.concatenate([WAYS[k](part, random) for k, part in enumerate(np.array_split(pictures, len(WAYS))) if len(part)])


# --- milder ---------------------------------------------------------------------------------------------

def blurred(pictures, sigma):
    """Gaussian blur of deviation sigma pixels: y = G x Gᵀ, the rows of G being bells whose sum is 1."""
    for axis in (1, 2):
        places = np.arange(pictures.shape[axis], dtype=np.float32)
        bells = np.exp(-0.5 * ((places[:, None] - places) / sigma)**2)
        bells /= bells.sum(axis=1, keepdims=True)
        pictures = np.moveaxis(np.tensordot(bells, pictures, (1, axis)), 0, axis)
    return np.ascontiguousarray(pictures)


def softened(pictures, random):
    """Half of them a little blurred, all with a little grain: nobody would call them spoilt."""
    soft, half = pictures.copy(), len(pictures) // 2
    soft[:half] = blurred(pictures[:half], random.uniform(0.01, 0.045) * pictures.shape[1])
    return noised(soft, random.uniform(0, 0.08), random)


def noised(pictures, sigma, random):
    """Normal noise of deviation sigma added."""
    return (pictures + sigma * random.standard_normal(pictures.shape, dtype=np.float32)).clip(-1, 1).astype(np.float32)
