"""Corrupted images: what the classifier must call "none", and ceilings to compare distances with.

Shapes: images (N, H, W, C) float32 in [-1, 1] in and out; `rng` is a NumPy Generator.
"""
import numpy as np

from nnscratch.generate.inputs import IMAGES
from nnscratch.ops.validation import check_form, check_positive, check_type

__all__ = ["add_noise", "corrupt", "gaussian_blur"]

PARTS = 3  # an image is shuffled in 3 x 3 patches: shuffled in 2 x 2, a 1 or an 8 could still be read


def corrupt(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Corrupt every image: a fifth of them each by noise, blending, shuffling, heavy blur, and emptying.

    Parameters
    ----------
    images : ndarray (N, H, W, C) in [-1, 1]
    rng : Generator

    Returns
    -------
    ndarray (N, H, W, C)
        Images that show no class.
    """
    check_form("corrupt", "images", images, IMAGES)
    check_type(rng, "corrupt: rng", np.random.Generator)
    return np.concatenate([CORRUPTIONS[k](part, rng) for k, part in enumerate(np.array_split(images, len(CORRUPTIONS)))
                           if len(part)])


def noise(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Nothing but noise, with the mean and standard deviation of the images: white noise, or blurred to clouds."""
    white = rng.standard_normal(images.shape, dtype=np.float32)
    clouds = gaussian_blur(white, rng.uniform(0.02, 0.1) * images.shape[1])
    mixed = np.where(rng.random((len(images), 1, 1, 1)) < 0.5, white, clouds / clouds.std())
    return (images.mean() + images.std() * mixed).clip(-1, 1).astype(np.float32)


def blend(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each mixed with another one, with weights of 0.35 to 0.65, so that both are visible.

    The other is shifted by a sixth, because two of one class could coincide and make a good image.
    """
    weight = rng.uniform(0.35, 0.65, (len(images), 1, 1, 1)).astype(np.float32)
    others = np.roll(images, rng.integers(1, max(2, len(images))), axis=0)
    shift = [int(rng.choice((-1, 1))) * max(1, side // 6) for side in images.shape[1:3]]
    return weight * images + (1 - weight) * np.roll(others, shift, axis=(1, 2))


def shuffle_patches(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Patches in random order: the same strokes as before, without meaning."""
    shuffled = images.copy()
    h, w = (max(1, side // PARTS) for side in images.shape[1:3])
    corners = [(h * i, w * j) for i in range(PARTS) for j in range(PARTS)]
    for k, image in enumerate(images):
        for (top, left), other in zip(corners, rng.permutation(len(corners))):
            row, column = corners[other]
            shuffled[k, top:top + h, left:left + w] = image[row:row + h, column:column + w]
    return shuffled


def heavy_blur(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blurred beyond recognition."""
    return gaussian_blur(images, rng.uniform(0.13, 0.25) * images.shape[1])


def empty(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One shade per image, with little noise or none."""
    shade = rng.uniform(-1, 1, (len(images), 1, 1, images.shape[3]))
    shade[::2] = images.min()  # a failed generator often generates the background, such as black
    grain = rng.uniform(0, 0.1, (len(images), 1, 1, 1)) * rng.standard_normal(images.shape)
    return (shade + grain).clip(-1, 1).astype(np.float32)


CORRUPTIONS = (noise, blend, shuffle_patches, heavy_blur, empty)


# --- milder ---------------------------------------------------------------------------------------------

def gaussian_blur(images: np.ndarray, sigma: float) -> np.ndarray:
    """Blur by a Gaussian: y = G x Gᵀ, where each row of G is a Gaussian of sum 1.

    Parameters
    ----------
    images : ndarray (N, H, W, C)
    sigma : float, standard deviation in pixels

    Returns
    -------
    ndarray (N, H, W, C)
        The blurred images.
    """
    check_form("gaussian_blur", "images", images, IMAGES)
    check_positive(sigma, "gaussian_blur: sigma")
    for axis in (1, 2):
        positions = np.arange(images.shape[axis], dtype=np.float32)
        rows = np.exp(-0.5 * ((positions[:, None] - positions) / sigma)**2)
        rows /= rows.sum(axis=1, keepdims=True)
        images = np.moveaxis(np.tensordot(rows, images, (1, axis)), 0, axis)
    return np.ascontiguousarray(images)


def soften(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Half of them slightly blurred, all with slight noise: still good images."""
    soft, half = images.copy(), len(images) // 2
    soft[:half] = gaussian_blur(images[:half], rng.uniform(0.01, 0.045) * images.shape[1])
    return add_noise(soft, rng.uniform(0, 0.08), rng)


def add_noise(images: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Add normal noise, and clip to [-1, 1].

    Parameters
    ----------
    images : ndarray (N, H, W, C)
    sigma : float, standard deviation of the noise
    rng : Generator

    Returns
    -------
    ndarray (N, H, W, C)
        The noisy images.
    """
    check_form("add_noise", "images", images, IMAGES)
    check_positive(sigma, "add_noise: sigma", or_zero=True)
    check_type(rng, "add_noise: rng", np.random.Generator)
    return (images + sigma * rng.standard_normal(images.shape, dtype=np.float32)).clip(-1, 1).astype(np.float32)
