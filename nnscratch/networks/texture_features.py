"""A loss network that nnscratch has trained itself: it learnt to tell forty-odd kinds of texture apart, and their colours.

Shapes: image (N, H, W, 3) in [0, 1] -> the image itself, then the features of every convolution, (N, H, W, 32), ...,
(N, H/8, W/8, 128), as those of random_features.py. For training: -> [class logits (N, K), palette (N, 6)].

Random filters know that a texture has a grain and a colour. To tell hatching from fur, or bricks from weave, a network needs
filters for strokes, corners, cells; so a painting that agrees with its style in those has strokes, too.

Two things matter. Colour must stay in the training images, and be asked for: the second head says mean and deviation of each
colour channel. Without it the network learns to look away from colour. And still its features are more about form; so the
image is a feature map, too, whose Gram matrix is the palette. Else a cat in a style of grey gravel stays orange.
"""
from pathlib import Path

import numpy as np

from nnscratch import checkpoint
from nnscratch.backend import to_device
from nnscratch.initializers import seeded_he_normal
from nnscratch.layers import BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D, Input
from nnscratch.models import Model
from nnscratch.networks.random_features import convolutions

WIDTHS = 32, 64, 128, 128
SHIPPED = Path(__file__).parent / "weights" / "textures.safetensors"


def texture_classifier(classes, seed=0):
    """A Model from images to [class logits (N, classes), palette (N, 6)], with batch normalisation, to be trained."""
    first = seeded_he_normal(seed)

    def normalised(x, width):
        return BatchNormalization(momentum=0.95)(Conv2D(width, 3, use_bias=False, kernel_initializer=first)(x))

    image = Input((None, None, 3))
    x = GlobalAveragePooling2D()(convolutions(image, WIDTHS, normalised)[-1])
    return Model(image, [Dense(classes, kernel_initializer=first)(x), Dense(6, kernel_initializer=first)(x)])


def without_batch_norm(classifier):
    """The features of a trained classifier as a plain chain of convolutions: each batch normalisation goes into its kernel.

        γ (x * K - mean) / d + β  =  x * (K γ / d) + (β - mean γ / d)        d = sqrt(variance + ε)
    """
    network = empty()
    trained = [layer for layer in classifier.layers if isinstance(layer, (Conv2D, BatchNormalization))]
    plain_ones = [layer for layer in network.layers if isinstance(layer, Conv2D)][1:]  # the first is the image itself
    for plain, conv, norm in zip(plain_ones, trained[::2], trained[1::2]):
        scale = norm.params["gamma"] / (norm.buffers["moving_variance"] + norm.epsilon)**0.5
        plain.params["kernel"][...] = conv.params["kernel"] * scale
        plain.params["bias"][...] = norm.params["beta"] - norm.buffers["moving_mean"] * scale
    return network


def texture_features(path=SHIPPED):
    """The Model from an image to the list of its nine feature maps, with the weights of a file: by default those that come
    with nnscratch. Raises InputError for any other file."""
    network = empty()
    checkpoint.load(path, network)
    return network


def empty():
    """The chain of convolutions before it has weights. The first, which changes nothing, makes the image a feature map."""
    image = Input((None, None, 3))
    colours = Conv2D(3, 1, name="colours")(image)
    features = convolutions(colours, WIDTHS, lambda x, width: Conv2D(width, 3)(x))
    network = Model(image, [colours, *features], name="texture features")
    network.forward(to_device(np.zeros((1, 16, 16, 3), np.float32)))  # layers are built by the first image they see
    network.params["colours/kernel"][...] = to_device(np.eye(3, dtype=np.float32))
    return network
