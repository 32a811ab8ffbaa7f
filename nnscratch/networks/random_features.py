"""A loss network that needs no training: random 3x3 filters in the arrangement of VGG.

Shapes: image (N, H, W, 3) in [0, 1] -> features of every convolution, (N, H, W, 32), ..., (N, H/8, W/8, 128).

These filters are not trained, and yet their Gram matrices tell textures apart: a random filter followed by a ReLU is still a
detector of *some* pattern, and many of them determine a texture. They only need the right scale: without it a few strong
filters dominate. `normalize_filters` therefore gives every filter's output mean 0 and variance 1 on the style image.

References: Ustyuzhaninov et al., "What does it take to generate natural textures?" (2017); He, Wang, Hopcroft, "A powerful
generative model using random weights" (2016).
"""
from collections.abc import Callable, Sequence

import numpy as np

from nnscratch.backend import Array, array_module
from nnscratch.hints import checked
from nnscratch.initializers import seeded_he_normal
from nnscratch.layers import AveragePooling2D, Conv2D, Input, Padding2D, ReLU, Symbol
from nnscratch.layers.inputs import check_model
from nnscratch.models import Model
from nnscratch.ops.validation import check_array

__all__ = ["normalize_filters", "random_features"]

MAX_SIDE, CROP_SIDE = 512, 64  # pixels: a larger image is represented by crops


@checked
def random_features(widths: Sequence[int] = (32, 64, 128, 128), seed: int = 0) -> Model:
    """Build the network.

    Parameters
    ----------
    widths : sequence of int, default (32, 64, 128, 128)
        Channels of the two convolutions of each stage.
    seed : int, default 0
        Seed of the filters.

    Returns
    -------
    Model
        From an image to the list of its feature maps, two for each stage.
    """
    initializer = seeded_he_normal(seed)
    image = Input((None, None, 3))
    features = convolution_stack(image, widths, lambda x, width: Conv2D(width, 3, kernel_initializer=initializer)(x))
    return Model(image, features, name="random features")


def convolution_stack(x: Symbol, widths: Sequence[int], convolve: Callable[[Symbol, int], Symbol]) -> list[Symbol]:
    """The feature maps of a chain arranged like VGG: two convolutions a stage, half the size from stage to stage.

    `convolve(x, width)` makes one convolution. Borders are reflected, because zeros would be a frame that the style image does
    not have; pooling averages, because an average passes gradient to every pixel.
    """
    features = []
    for stage, width in enumerate(widths):
        if stage > 0:
            x = AveragePooling2D(2)(x)
        for _ in range(2):
            x = ReLU()(convolve(Padding2D(1, mode="reflect")(x), width))
            features.append(x)
    return features


def normalize_filters(network: Model, image: Array) -> Model:
    """Rescale every filter so that, on this image, its output before the ReLU has mean 0 and variance 1.

    Parameters
    ----------
    network : Model
        From `random_features`; its parameters are changed.
    image : array (N, H, W, 3)
        The style image, in [0, 1].

    Returns
    -------
    Model
        The same network.

    Notes
    -----
    With y = x * kernel + bias, dividing both by the standard deviation σ and then subtracting mean / σ from the bias does
    it. The layers are a chain, so one pass is enough: each layer gets the output of those already rescaled.

    An image of more than 512x512 pixels is represented by 8x8 crops spread over it, since the memory for whole feature maps
    would have no limit: over the whole image, mean and variance are then near 0 and 1. (Shrinking it would remove its grain.)
    """
    check_model("normalize_filters", network)
    check_array("normalize_filters", "image", image, 4)
    xp, x, (height, width) = array_module(image), image, image.shape[1:3]
    if height * width > MAX_SIDE**2:
        tops, lefts = (np.linspace(0, max(0, side - CROP_SIDE), MAX_SIDE // CROP_SIDE).astype(int) for side in (height, width))
        x = xp.concatenate([image[:, top:top + CROP_SIDE, left:left + CROP_SIDE] for top in tops for left in lefts])
    for layer in network.layers:
        if isinstance(layer, Conv2D):
            y = layer.forward(x)
            mean = y.mean(axis=(0, 1, 2))
            std = ((y - mean)**2).mean(axis=(0, 1, 2))**0.5
            # A filter with a constant output (a style of one colour) keeps its scale: it would be amplified to noise.
            std = xp.where(std > 1e-3, std, 1).astype(std.dtype)
            layer.params["kernel"] /= std
            layer.params["bias"] -= mean
            layer.params["bias"] /= std
        x = layer.forward(x)
    return network
