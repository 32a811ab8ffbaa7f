"""A loss network that needs no training: random 3x3 filters in the shape of VGG.

Shapes: image (N, H, W, 3) in [0, 1] -> features of every convolution, (N, H, W, 32), ..., (N, H/8, W/8, 128).

Nobody taught these filters anything, and yet their Gram matrices tell textures apart: a random filter followed by a ReLU
is still a detector of *some* pattern, and many of them pin a texture down. The one thing they need is scale: without it
a few loud filters drown the rest. `normalise` therefore gives every filter mean 0 and variance 1 on the style image.

Source: Ustyuzhaninov et al., "What does it take to generate natural textures?" (2017); He, Wang, Hopcroft, "A powerful
generative model using random weights" (2016).
"""
import numpy as np

from nnscratch.backend import array_module
from nnscratch.initializers import seeded_he_normal
from nnscratch.layers import AveragePooling2D, Conv2D, Input, Padding2D, ReLU
from nnscratch.models import Model

ENOUGH, SAMPLE = 512, 64  # pixels a side


def random_features(widths=(32, 64, 128, 128), seed=0):
    """A Model from an image to the list of all its feature maps."""
    first = seeded_he_normal(seed)

    image = Input((None, None, 3))
    features = convolutions(image, widths, lambda x, width: Conv2D(width, 3, kernel_initializer=first)(x))
    return Model(image, features, name="random features")


def convolutions(x, widths, convolve):
    """The feature maps of a chain in the shape of VGG: two convolutions a stage, halving between stages.

    convolve(x, width) makes one. Reflected borders, because zeros around the image would be a frame that the style never
    had; average pooling, because it passes gradient to every pixel.
    """
    features = []
    for stage, width in enumerate(widths):
        if stage > 0:
            x = AveragePooling2D(2)(x)
        for _ in range(2):
            x = ReLU()(convolve(Padding2D(1, mode="reflect")(x), width))
            features.append(x)
    return features


def normalise(network, image):
    """Rescale every filter so that, on this image, its output before the ReLU has mean 0 and variance 1 everywhere.

    With y = x * kernel + bias, dividing both by the deviation d and then lowering the bias by mean / d does it. The
    layers are a chain, so one walk suffices: each sees the output of those already rescaled.

    An image of more than 512x512 pixels is represented by 8x8 samples spread over it, since whole feature maps would take
    memory without end: on all of it, mean and variance are then near 0 and 1. (Halving it would take away its grain.)
    """
    xp, x, (height, width) = array_module(image), image, image.shape[1:3]
    if height * width > ENOUGH**2:
        tops, lefts = (np.linspace(0, max(0, side - SAMPLE), ENOUGH // SAMPLE).astype(int) for side in (height, width))
        x = xp.concatenate([image[:, top:top + SAMPLE, left:left + SAMPLE] for top in tops for left in lefts])
    for layer in network.layers:
        if isinstance(layer, Conv2D):
            y = layer.forward(x)
            mean = y.mean(axis=(0, 1, 2))
            deviation = ((y - mean)**2).mean(axis=(0, 1, 2))**0.5
            # A filter that answers alike everywhere (a style of one colour) is left as it is, not blown up to noise.
            deviation = xp.where(deviation > 1e-3, deviation, 1).astype(deviation.dtype)
            layer.params["kernel"] /= deviation
            layer.params["bias"] -= mean
            layer.params["bias"] /= deviation
        x = layer.forward(x)
    return network
