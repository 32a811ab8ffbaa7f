"""The two networks of the stylizer: content image and style image in, one pass, painted image out.

Shapes: images (N, H, W, 3) in [0, 1]; codes f of the content and s of the style (N, H/4, W/4, 128 + 3).

    encoder     f, s: a feature map of the texture network, which stays as it is, and beside it the colours, at its size
    AdaIN       t = deviation(s) (f - mean(f)) / deviation(f) + mean(s)      channel by channel, over all pixels
    decoder     residual blocks, then twice: twice the size and a convolution -> image

AdaIN is all that the style says to the decoder: 131 means and 131 deviations. The decoder alone is trained: what it makes
of t must have t as its features, and the style's Gram matrices (style/train_stylizer.py).

Sources: Huang and Belongie, "Arbitrary style transfer in real-time with adaptive instance normalization" (2017), sections 5
and 6; Johnson, Alahi, Fei-Fei, "Perceptual losses for real-time style transfer" (2016), for the residual blocks; Odena,
Dumoulin, Olah, "Deconvolution and checkerboard artifacts" (2016), for both ways of becoming larger.
"""
from zlib import crc32

import numpy as np

from nnscratch.backend import to_cpu, to_device
from nnscratch.initializers import seeded_he_normal
from nnscratch.layers import (
    Add,
    AveragePooling2D,
    Concatenate,
    Conv2D,
    Conv2DTranspose,
    Input,
    Padding2D,
    ReLU,
    UpSampling2D,
)
from nnscratch.models import Model
from nnscratch.networks.texture_features import texture_features
from nnscratch.ops.validation import check_choice

ENCODED, SCALE, CHANNELS = 5, 4, 128  # which map of the texture network; how many times smaller it is; its channels
BLOCKS = 2
UPSAMPLINGS = ("resize", "transposed")


def decoder(upsampling="resize", seed=0):
    """A Model from adapted codes (N, H/4, W/4, 131) to images (N, H, W, 3), not clipped.

    upsampling : "resize" (nearest neighbours, then a convolution) or "transposed" (a 4x4 transposed convolution, stride 2).
    """
    check_choice(upsampling, "decoder: upsampling", UPSAMPLINGS)
    first = seeded_he_normal(seed)

    def convolve(x, width, first=first):
        return Conv2D(width, 3, kernel_initializer=first)(Padding2D(1, mode="reflect")(x))

    def larger(x, width):
        if upsampling == "resize":
            return convolve(UpSampling2D(2)(x), width)
        return Conv2DTranspose(width, 4, 2, padding="same", kernel_initializer=first)(x)

    code = Input((None, None, CHANNELS + 3))
    x = ReLU()(convolve(code, CHANNELS))
    for _ in range(BLOCKS):
        x = Add()([x, convolve(ReLU()(convolve(x, CHANNELS)), CHANNELS, "zeros")])  # at first each changes nothing
    x = ReLU()(convolve(x, 64))
    x = ReLU()(convolve(ReLU()(larger(x, 64)), 32))
    x = ReLU()(larger(x, 32))
    model = Model(code, convolve(x, 3), name="decoder")
    model.forward(to_device(np.zeros((1, 4, 4, CHANNELS + 3), np.float32)))  # layers are built by the first code they see
    return model


def adain(f, s, way=1.0):
    """t, the code f with the mean and deviation of the code s in every channel; or `way` of the way there, 2 for twice as far.

    A deviation of less than 0 would be the pattern's opposite, so it stops at 0. No gradient is needed.
    """
    (mean_f, deviation_f), (mean_s, deviation_s) = statistics(f), statistics(s)
    factor = 1 + way * (deviation_s / deviation_f - 1)
    return (f - mean_f) * factor.clip(0) + mean_f + way * (mean_s - mean_f)


def statistics(x):
    """(mean, deviation) of each channel of each image: (N, H, W, C) -> two arrays (N, 1, 1, C)."""
    mean = x.mean(axis=(1, 2), keepdims=True)
    return mean, (((x - mean)**2).mean(axis=(1, 2), keepdims=True) + 1e-5)**0.5


def encoder():
    """The texture network up to the map that the decoder begins from, and the image's colours beside it."""
    network = texture_features()
    image = network.inputs[0]
    return Model(image, Concatenate()([network.outputs[ENCODED], AveragePooling2D(SCALE)(image)]), name="encoder")


def fingerprint(model):
    """A number that tells the weights of one model from those of another."""
    total = 0
    for name, array in sorted(model.params.items()):
        total = crc32(np.ascontiguousarray(to_cpu(array)), crc32(name.encode(), total))
    return total
