"""The network of classifiers: two convolutions, each followed by pooling, and two dense layers.

Shapes: images (N, H, W, C) in [-1, 1] -> features (N, units) -> logits (N, K), the scores before the softmax.

    standard   for users' images. Batch normalization stands behind the pooling, where a quarter of the values are left: max
               pooling and ReLU commute, so nothing else is lost; dropout before both dense layers
    small      for many images in little time: it evaluates generators (generate/evaluate)
"""
from typing import NamedTuple

from nnscratch.errors import InputError
from nnscratch.initializers import seeded_he_normal
from nnscratch.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    MaxPooling2D,
)
from nnscratch.models import Model
from nnscratch.ops.validation import check_choice, check_int

__all__ = ["Preset", "classifier_network"]

MAX_SIDE = 32  # pixels: larger images are first averaged down to about that, to save time


class Preset(NamedTuple):
    """A size of the network.

    Parameters
    ----------
    widths : tuple of int
        Filters of each convolution.
    units : int
        Length of the features.
    normalized : bool
        Whether there is batch normalization.
    dropout : float
        The fraction of the inputs of each dense layer that are set to 0 in training.
    """
    widths: tuple[int, ...]
    units: int
    normalized: bool
    dropout: float


PRESETS = {"standard": Preset((32, 64), 128, True, 0.25), "small": Preset((16, 32), 64, False, 0.0)}


def classifier_network(shape: tuple[int, ...], num_classes: int, seed: int = 0, preset: str = "standard") -> Model:
    """Build the network of a classifier.

    Parameters
    ----------
    shape : tuple (H, W, C)
        Of the images.
    num_classes : int
        K.
    seed : int
        Draws the first weights, and the masks of dropout.
    preset : str
        "standard" or "small".

    Returns
    -------
    Model
        From images to [features, logits].

    Raises
    ------
    InputError
        An unknown preset, or numbers that are none of sizes.

    Examples
    --------
    >>> model = classifier_network((28, 28, 1), 10)
    >>> [symbol.sample_shape for symbol in model.outputs]
    [(128,), (10,)]
    """
    chosen = PRESETS[check_choice(preset, "classifier_network: preset", PRESETS)]
    num_classes, seed = check_int(num_classes, "classifier_network: num_classes", 1), check_int(seed, "seed", 0)
    if not isinstance(shape, (tuple, list)) or len(shape) != 3:
        raise InputError(f"classifier_network: shape is {shape!r:.100}, expected (H, W, C) of an image")
    initializer = seeded_he_normal(seed)

    x = image = Input(shape)
    factor = round(max(shape[:2]) / MAX_SIDE)
    if factor > 1:
        x = AveragePooling2D(factor, padding="same")(x)
    for filters in chosen.widths:
        if chosen.normalized:
            x = Conv2D(filters, 3, padding="same", use_bias=False, kernel_initializer=initializer)(x)
            x = BatchNormalization()(MaxPooling2D(2, padding="same")(x))
            x = Activation("relu")(x)
        else:
            x = Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer=initializer)(x)
            x = MaxPooling2D(2, padding="same")(x)
    x = Flatten()(x)
    if chosen.dropout:
        x = Dropout(chosen.dropout, seed=seed)(x)
    x = features = Dense(chosen.units, activation="relu", kernel_initializer=initializer)(x)
    if chosen.dropout:
        x = Dropout(chosen.dropout, seed=seed + 1)(x)
    return Model(image, [features, Dense(num_classes, kernel_initializer=initializer)(x)], name="classifier")
