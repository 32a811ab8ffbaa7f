"""The two networks of the stylizer: content image and style image in, stylized image out, in one pass.

Shapes: images (N, H, W, 3) in [0, 1]; codes f of the content and s of the style (N, H/4, W/4, 128 + 3).

    encoder     f, s: a feature map of the texture network, which stays fixed, joined with the image's colours at its size
    AdaIN       t = std(s) (f - mean(f)) / std(f) + mean(s)      channel by channel, over all pixels
    decoder     residual blocks, then twice: twice the size and a convolution -> image

AdaIN is all that the style tells the decoder: 131 means and 131 standard deviations. Only the decoder is trained: its image of
t must have t as its features, and the style's Gram matrices (style/train_stylizer.py).

References: Huang and Belongie, "Arbitrary style transfer in real-time with adaptive instance normalization" (2017), sections
5 and 6; Johnson, Alahi, Fei-Fei, "Perceptual losses for real-time style transfer" (2016), for the residual blocks; Odena,
Dumoulin, Olah, "Deconvolution and checkerboard artifacts" (2016), for both ways of upsampling.
"""
from zlib import crc32

import numpy as np

from nnscratch.backend import Array, to_cpu, to_device
from nnscratch.errors import InputError
from nnscratch.hints import checked
from nnscratch.initializers import Initializer, seeded_he_normal
from nnscratch.layers import (
    Add,
    AveragePooling2D,
    Concatenate,
    Conv2D,
    Conv2DTranspose,
    Input,
    Padding2D,
    ReLU,
    Symbol,
    UpSampling2D,
)
from nnscratch.layers.inputs import check_model
from nnscratch.models import Model
from nnscratch.networks.texture_features import texture_features
from nnscratch.ops.validation import check_array, check_choice, check_positive

__all__ = ["UPSAMPLINGS", "adain", "decoder", "encoder", "fingerprint"]

ENCODED, SCALE, CHANNELS = 5, 4, 128  # index of the texture network's map in the code; how many times smaller; its channels
BLOCKS, EPSILON = 2, 1e-5  # residual blocks; added to variances
UPSAMPLINGS = ("resize", "transposed")


@checked
def decoder(upsampling: str = "resize", seed: int = 0) -> Model:
    """Build the decoder, with its initial weights.

    Parameters
    ----------
    upsampling : "resize" or "transposed", default "resize"
        Nearest neighbours and a convolution, or a 4x4 transposed convolution with stride 2.
    seed : int, default 0
        Seed of the weights.

    Returns
    -------
    Model
        From adapted codes (N, H/4, W/4, 131) to images (N, H, W, 3), not clipped to [0, 1].
    """
    check_choice(upsampling, "decoder: upsampling", UPSAMPLINGS)
    initializer = seeded_he_normal(seed)

    def convolve(x: Symbol, width: int, initializer: Initializer = initializer) -> Symbol:
        return Conv2D(width, 3, kernel_initializer=initializer)(Padding2D(1, mode="reflect")(x))

    def upsample(x: Symbol, width: int) -> Symbol:
        if upsampling == "resize":
            return convolve(UpSampling2D(2)(x), width)
        return Conv2DTranspose(width, 4, 2, padding="same", kernel_initializer=initializer)(x)

    code = Input((None, None, CHANNELS + 3))
    x = ReLU()(convolve(code, CHANNELS))
    for _ in range(BLOCKS):
        x = Add()([x, convolve(ReLU()(convolve(x, CHANNELS)), CHANNELS, "zeros")])  # at first each changes nothing
    x = ReLU()(convolve(x, 64))
    x = ReLU()(convolve(ReLU()(upsample(x, 64)), 32))
    x = ReLU()(upsample(x, 32))
    model = Model(code, convolve(x, 3), name="decoder")
    model.forward(to_device(np.zeros((1, 4, 4, CHANNELS + 3), np.float32)))  # the first input builds the layers
    return model


def adain(f: Array, s: Array, strength: float = 1.0) -> Array:
    """Adaptive instance normalization: give the code f the channel statistics of the code s.

    Parameters
    ----------
    f, s : array (N, h, w, C)
        Codes of the content and of the style; h and w may differ.
    strength : float >= 0, default 1
        0 returns f, 1 the statistics of s; between them, or beyond 1, they are interpolated or extrapolated.

    Returns
    -------
    array like f
        t = std(s) (f - mean(f)) / std(f) + mean(s), for strength 1. No backward pass needs its gradient.
    """
    check_array("adain", "f", f, 4)
    check_array("adain", "s", s, 4)
    if len(s) not in (1, len(f)) or s.shape[3] != f.shape[3]:
        raise InputError(f"adain: s has shape {s.shape}, expected codes of {f.shape[3]} channels for {len(f)} images")
    strength = check_positive(strength, "adain: strength", or_zero=True)
    return change_statistics(f, channel_statistics(f), channel_statistics(s), strength)


def change_statistics(f: Array, own: tuple[Array, Array], wanted: tuple[Array, Array], strength: float) -> Array:
    """AdaIN for a part of a code: `own` are the statistics (mean, standard deviation) of the whole code."""
    (mean_f, std_f), (mean_s, std_s) = own, wanted
    factor = 1 + strength * (std_s / std_f - 1)
    return (f - mean_f) * factor.clip(0) + mean_f + strength * (mean_s - mean_f)  # a factor below 0 would invert the pattern


def channel_statistics(x: Array) -> tuple[Array, Array]:
    """(mean, standard deviation) of each channel of each image: (N, H, W, C) -> two arrays (N, 1, 1, C)."""
    mean = x.mean(axis=(1, 2), keepdims=True)
    return mean, (((x - mean)**2).mean(axis=(1, 2), keepdims=True) + EPSILON)**0.5


def joined_statistics(parts: list[tuple[int, Array, Array]]) -> tuple[Array, Array]:
    """The statistics of a whole code from those of its parts, each (pixels, mean, standard deviation).

    The variance of the whole is the mean of the parts' variances, plus the variance of their means.
    """
    total = sum(n for n, _, _ in parts)
    mean = sum(n * m for n, m, _ in parts) / total
    return mean, (sum(n * (std**2 + (m - mean)**2) for n, m, std in parts) / total)**0.5  # each std² has its EPSILON already


def encoder() -> Model:
    """Build the encoder: the texture network up to one map, joined with the image's colours.

    Returns
    -------
    Model
        From images (N, H, W, 3) in [0, 1] to codes (N, H/4, W/4, 131).
    """
    network = texture_features()
    image = network.inputs[0]
    return Model(image, Concatenate()([network.outputs[ENCODED], AveragePooling2D(SCALE)(image)]), name="encoder")


def fingerprint(model: Model) -> int:
    """Compute a checksum of the parameters.

    Parameters
    ----------
    model : Model
        Any model.

    Returns
    -------
    int
        CRC-32 of all names and values; it tells the weights of one model from those of another.
    """
    check_model("fingerprint", model)
    total = 0
    for name, array in sorted(model.params.items()):
        total = crc32(np.ascontiguousarray(to_cpu(array)).data, crc32(name.encode(), total))
    return total
