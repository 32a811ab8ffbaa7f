"""Images spoilt on purpose: what the judge must call "none", and ceilings to read distances against.

Shapes: images (N, H, W, C) float32 in [-1, 1] in and out. `random` is a numpy Generator.
"""
import numpy as np

PARTS = 3  # an image is shuffled in 3 x 3 patches: in 2 x 2, a 1 or an 8 would survive


def noise(images, rng):
    """Nothing but noise: its pixels as dark and as spread as the images', from fine grain to soft clouds."""
    grain = rng.standard_normal(images.shape, dtype=np.float32)
    clouds = blurred(grain, rng.uniform(0.02, 0.1) * images.shape[1])
    made = np.where(rng.random((len(images), 1, 1, 1)) < 0.5, grain, clouds / clouds.std())
    return (images.mean() + images.std() * made).clip(-1, 1).astype(np.float32)


def blended(images, rng):
    """Each mixed with another one, in parts of 0.35 to 0.65: both to be seen at once.

    The other is moved aside by a sixth, or two of one class would cover each other and make a good image of it.
    """
    part = rng.uniform(0.35, 0.65, (len(images), 1, 1, 1)).astype(np.float32)
    others = np.roll(images, rng.integers(1, max(2, len(images))), axis=0)
    aside = [int(rng.choice((-1, 1))) * max(1, side // 6) for side in images.shape[1:3]]
    return part * images + (1 - part) * np.roll(others, aside, axis=(1, 2))


def shuffled(images, rng):
    """Patches change places: each image holds the same strokes as before, and means nothing."""
    spoilt = images.copy()
    h, w = (max(1, side // PARTS) for side in images.shape[1:3])
    corners = [(h * i, w * j) for i in range(PARTS) for j in range(PARTS)]
    for k, image in enumerate(images):
        for (top, left), other in zip(corners, rng.permutation(len(corners))):
            row, column = corners[other]
            spoilt[k, top:top + h, left:left + w] = image[row:row + h, column:column + w]
    return spoilt


def smeared(images, rng):
    """Blurred until nobody could read them."""
    return blurred(images, rng.uniform(0.13, 0.25) * images.shape[1])


def empty(images, rng):
    """One shade each, with a little grain or none."""
    shade = rng.uniform(-1, 1, (len(images), 1, 1, images.shape[3]))
    shade[::2] = images.min()  # black, say, is what a dead generator draws
    grain = rng.uniform(0, 0.1, (len(images), 1, 1, 1)) * rng.standard_normal(images.shape)
    return (shade + grain).clip(-1, 1).astype(np.float32)


WAYS = (noise, blended, shuffled, smeared, empty)


def spoilt(images, rng):
    """Every image spoilt, in the ways above by turns."""
    return np.concatenate([WAYS[k](part, rng) for k, part in enumerate(np.array_split(images, len(WAYS))) if len(part)])


# --- milder ---------------------------------------------------------------------------------------------

def blurred(images, sigma):
    """Gaussian blur of deviation sigma pixels: y = G x Gᵀ, the rows of G being bells whose sum is 1."""
    for axis in (1, 2):
        places = np.arange(images.shape[axis], dtype=np.float32)
        bells = np.exp(-0.5 * ((places[:, None] - places) / sigma)**2)
        bells /= bells.sum(axis=1, keepdims=True)
        images = np.moveaxis(np.tensordot(bells, images, (1, axis)), 0, axis)
    return np.ascontiguousarray(images)


def softened(images, rng):
    """Half of them a little blurred, all with a little grain: nobody would call them spoilt."""
    soft, half = images.copy(), len(images) // 2
    soft[:half] = blurred(images[:half], rng.uniform(0.01, 0.045) * images.shape[1])
    return noised(soft, rng.uniform(0, 0.08), rng)


def noised(images, sigma, rng):
    """Normal noise of deviation sigma added."""
    return (images + sigma * rng.standard_normal(images.shape, dtype=np.float32)).clip(-1, 1).astype(np.float32)
