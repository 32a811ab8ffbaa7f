"""What a generator takes and gives: noise and one-hot labels in, images out.

Shapes: noise (N, Z), labels (N,) whole numbers, one-hot labels (N, K), images (N, H, W, C) in [-1, 1].
"""
from collections.abc import Sequence

import numpy as np

from nnscratch.backend import Array, to_cpu, to_device
from nnscratch.data.labels import one_hot_labels
from nnscratch.errors import InputError
from nnscratch.generate.pseudo_labels import sample_in_proportion
from nnscratch.models import Model
from nnscratch.networks.gan import PRESETS, Preset, generator
from nnscratch.networks.texture_generator import noise_length, texture_generator
from nnscratch.ops.validation import check_form, check_int, check_is_array, check_shape, check_type

__all__ = ["generate_images", "one_hot"]

TEXTURE = "texture"  # a preset of its own, for the method of that name
IMAGES = ("N", "H", "W", "C")
LABEL_SCALE = 3.0  # three standard deviations of the noise: a label of 1 would be drowned in it
PIXELS_PER_BATCH = 2**18  # in `generate_images`: 64 images of 64 x 64 pixels, one of 512 x 512


def new_generator(preset: str | Preset, shape: tuple[int, int, int], num_classes: int) -> Model:
    """The generator of a preset, for images of `shape` (H, W, C); for the preset "texture", that of textures."""
    return texture_generator(shape) if preset == TEXTURE else generator(preset, shape, num_classes)


def noise_length_of(preset: str, shape: tuple[int, int, int]) -> int:
    """Z, the length of the noise of that generator."""
    return noise_length(shape) if preset == TEXTURE else PRESETS[preset].noise_length


def one_hot(labels: np.ndarray, num_classes: int) -> Array:
    """One-hot labels as the networks take them: scaled, on the device in use.

    Parameters
    ----------
    labels : ndarray (N,) of whole numbers
    num_classes : int, K

    Returns
    -------
    Array (N, K), float32
        3 at each label, 0 elsewhere: beside noise of standard deviation 1, a label of 1 would be drowned.

    Examples
    --------
    >>> one_hot(np.array([1, 0]), 3).tolist()
    [[0.0, 3.0, 0.0], [3.0, 0.0, 0.0]]
    """
    labels, num_classes = as_labels(labels, "one_hot: labels"), check_int(num_classes, "one_hot: num_classes", 1)
    if labels.size and not 0 <= labels.min() <= labels.max() < num_classes:
        raise InputError(f"one_hot: labels from {labels.min()} to {labels.max()} were given, expected 0 to {num_classes - 1}")
    return one_hot_rows(labels, num_classes)


def one_hot_rows(labels: np.ndarray, num_classes: int) -> Array:
    """`one_hot` without its checks, for every step of a training."""
    return to_device(LABEL_SCALE * one_hot_labels(labels, num_classes))


def sample_labels(count: int, num_classes: int, fractions: Sequence[float] | None, rng: np.random.Generator) -> np.ndarray:
    """Labels (N,) for `count` images: the classes in turn, or pseudo-labels in proportion to the fractions of the data."""
    return np.arange(count) % max(num_classes, 1) if fractions is None else sample_in_proportion(fractions, count, rng)


def generate_images(model: Model, noise: np.ndarray, labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Run a generator in inference mode, some images at a time.

    Parameters
    ----------
    model : Model, from noise (N, Z), or from [noise, one-hot labels], to images
    noise : ndarray (N, Z)
    labels : ndarray (N,) of whole numbers; not used where `num_classes` is 0
    num_classes : int, K; 0 for a generator without labels

    Returns
    -------
    ndarray (N, H, W, C)
        Images in [-1, 1].

    Raises
    ------
    InputError
        They are not finite.
    """
    check_type(model, "generate_images: model", Model)
    check_form("generate_images", "noise", noise, ("N", "Z"))
    if check_int(num_classes, "generate_images: num_classes", 0):
        check_shape("generate_images", "labels", as_labels(labels, "generate_images: labels"), noise.shape[:1],
                    "one for each row of noise")
    height, width, _ = model.outputs[0].sample_shape
    batch_size = max(1, min(64, PIXELS_PER_BATCH // (height * width)))
    generated = []
    for k in range(0, len(noise), batch_size):
        z, hot = to_device(noise[k:k + batch_size]), None
        if num_classes:
            hot = one_hot(labels[k:k + batch_size], num_classes)
        generated.append(to_cpu(model.forward(with_labels(z, hot))))
    images = np.concatenate(generated)
    if not np.isfinite(images).all():
        raise InputError("the generator's images hold NaN: its weights are damaged, or its training diverged; use an earlier "
                         "checkpoint")
    return images


def as_labels(labels: np.ndarray | Sequence[int], name: str) -> np.ndarray:
    """Labels (N,), an array or a list of whole numbers, as an array."""
    if isinstance(labels, (list, tuple)):
        labels = np.array([check_int(label, name, -2**63) for label in labels])
    check_is_array(name.partition(":")[0], name, labels, "a list of whole numbers")
    array = np.asarray(labels)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InputError(f"{name} has shape {array.shape} and dtype {array.dtype}, expected whole numbers (N,)")
    return array


def with_labels(x: Array, labels: Array | None) -> Array | list[Array]:
    """The input of a network that is conditional if there are labels: [x, labels], otherwise x."""
    return x if labels is None else [x, labels]
