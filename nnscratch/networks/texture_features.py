"""A loss network trained by nnscratch: a classifier of some forty kinds of texture, and of their colours.

Shapes: image (N, H, W, 3) in [0, 1] -> the image itself, then the features of every convolution, (N, H, W, 32), ...,
(N, H/8, W/8, 128), as in random_features.py. For training: -> [class logits (N, K), palette (N, 6)].

Random filters detect a texture's grain and colour. To tell hatching from fur, or bricks from weave, a network needs filters for
strokes, corners and cells; an image that agrees with its style in those has strokes, too.

Two things matter. The training images must have colour, and the network must be asked for it: a second output predicts the mean
and the standard deviation of each colour channel. Without it the network learns to ignore colour. Even so its features describe
form more than colour; so the image itself is a feature map, too, whose Gram matrix is the palette. Without that, a cat in a
style of grey gravel stays orange.
"""
from os import PathLike
from pathlib import Path

import numpy as np

from nnscratch import checkpoint
from nnscratch.backend import to_device
from nnscratch.hints import checked
from nnscratch.initializers import seeded_he_normal
from nnscratch.layers import BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D, Input, Symbol
from nnscratch.models import Model
from nnscratch.networks.random_features import convolution_stack
from nnscratch.schema import check_kind

__all__ = ["texture_classifier", "texture_features", "without_batch_norm"]

WIDTHS = 32, 64, 128, 128
SHIPPED = Path(__file__).parent / "weights" / "textures.safetensors"


@checked
def texture_classifier(num_classes: int, seed: int = 0) -> Model:
    """Build the classifier, with batch normalization, for training.

    Parameters
    ----------
    num_classes : int
        Number of kinds of texture, K.
    seed : int, default 0
        Seed of the initial weights.

    Returns
    -------
    Model
        From images (N, H, W, 3) to [class logits (N, K), palette (N, 6)].
    """
    initializer = seeded_he_normal(seed)

    def convolve(x: Symbol, width: int) -> Symbol:
        return BatchNormalization(momentum=0.95)(Conv2D(width, 3, use_bias=False, kernel_initializer=initializer)(x))

    image = Input((None, None, 3))
    x = GlobalAveragePooling2D()(convolution_stack(image, WIDTHS, convolve)[-1])
    return Model(image, [Dense(num_classes, kernel_initializer=initializer)(x), Dense(6, kernel_initializer=initializer)(x)])


@checked
def without_batch_norm(classifier: Model) -> Model:
    """Turn a trained classifier into a plain chain of convolutions, with each batch normalization inside its kernel.

    Parameters
    ----------
    classifier : Model
        From `texture_classifier`.

    Returns
    -------
    Model
        From an image to the list of its feature maps, like `texture_features`.

    Notes
    -----
    γ (x * K - mean) / d + β  =  x * (K γ / d) + (β - mean γ / d)        d = sqrt(variance + ε)
    """
    network = untrained_features()
    kernels = [layer for layer in classifier.layers if isinstance(layer, Conv2D)]
    norms = [layer for layer in classifier.layers if isinstance(layer, BatchNormalization)]
    plain_ones = [layer for layer in network.layers if isinstance(layer, Conv2D)][1:]  # the first is the image itself
    for plain, conv, norm in zip(plain_ones, kernels, norms):
        scale = norm.params["gamma"] / (norm.buffers["moving_variance"] + norm.epsilon)**0.5
        plain.params["kernel"][...] = conv.params["kernel"] * scale
        plain.params["bias"][...] = norm.params["beta"] - norm.buffers["moving_mean"] * scale
    return network


def texture_features(path: str | PathLike[str] = SHIPPED) -> Model:
    """Load the loss network.

    Parameters
    ----------
    path : str or path, optional
        A .safetensors file; by default the weights that come with nnscratch.

    Returns
    -------
    Model
        From an image (N, H, W, 3) to the list of its nine feature maps.

    Raises
    ------
    InputError
        The file holds something else.
    """
    network, saved = untrained_features(), checkpoint.read_arrays(path)
    check_kind(saved[1]["info"], "texture features", path, "train them with nnscratch train texture; a stylizer needs --fast")
    checkpoint.restore(path, saved, network)
    return network


def untrained_features() -> Model:
    """The chain of convolutions with initial weights. The first changes nothing: it makes the image a feature map."""
    image = Input((None, None, 3))
    colours = Conv2D(3, 1, name="colours")(image)
    features = convolution_stack(colours, WIDTHS, lambda x, width: Conv2D(width, 3)(x))
    network = Model(image, [colours, *features], name="texture features")
    network.forward(to_device(np.zeros((1, 16, 16, 3), np.float32)))  # the first input builds the layers
    network.params["colours/kernel"][...] = to_device(np.eye(3, dtype=np.float32))
    return network
