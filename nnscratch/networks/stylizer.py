"""The stylizer: content image and style image in, stylized image out, in one pass.

Shapes: images x and y (N, H, W, 3) in [0, 1], H and W multiples of 4; statistics of the style (N, 704); noise (N, H/4, W/4, 4),
(N, H/2, W/2, 2) and (N, H, W, 1).

    encoder     three convolutions, the second and the third with stride 2       -> (N, H/4, W/4, 96)
    body        three residual blocks
    decoder     twice: bilinear upsampling to twice the size and a convolution   -> (N, H, W, 24)
    output      y = x + tanh(convolution)        the network draws only what the style changes

Behind each convolution of body and decoder stands conditional instance normalization. It removes the map's own mean and
standard deviation, and sets new ones:

    (1 + g) (γ x̂ + β) + b        γ, β: for all styles; g, b: of the style

For each of the eight, a dense layer computes g and b from 64 hidden units, which all share; these see what the texture network
says of the style: the mean and the standard deviation of 352 of its channels. So one set of kernels paints in any style.

Noise channels give the network something to paint with: without them a flat sky would stay flat in every style.

References: Ghiasi et al., "Exploring the structure of a real-time, arbitrary neural artistic stylization network" (2017), for
predicted g and b; Dumoulin, Shlens, Kudlur, "A learned representation for artistic style" (2017), equation 5, for conditional
instance normalization; Johnson, Alahi, Fei-Fei, "Perceptual losses for real-time style transfer" (2016), for the residual
blocks; Odena, Dumoulin, Olah, "Deconvolution and checkerboard artifacts" (2016), for the upsampling; Ulyanov et al., "Texture
networks" (2016), for noise.
"""
from zlib import crc32

import numpy as np

from nnscratch.backend import Array, array_module, to_cpu, to_device
from nnscratch.errors import InputError
from nnscratch.hints import checked
from nnscratch.initializers import seeded_he_normal
from nnscratch.layers import (
    Activation,
    Add,
    Concatenate,
    Conv2D,
    Dense,
    Input,
    InstanceNormalization,
    Modulation,
    Padding2D,
    ReLU,
    Symbol,
    UpSampling2D,
)
from nnscratch.layers.inputs import check_model
from nnscratch.models import Model
from nnscratch.networks.texture_features import texture_features
from nnscratch.ops.validation import check_form, check_int

__all__ = ["fingerprint", "noise", "style_features", "style_statistics", "stylizer"]

SCALE = 4                                        # how many times smaller the smallest map is
WIDTHS, BLOCKS, HIDDEN = (24, 48, 96), 3, 64
STYLE_MAPS = {2: 32, 4: 64, 6: 128, 8: 128}      # number of a map of the texture network -> its channels
STATISTICS = 2 * sum(STYLE_MAPS.values())
NOISE = {4: 4, 2: 2, 1: 1}                       # how many times smaller -> channels


@checked
def stylizer(seed: int = 0) -> Model:
    """Build the network, with its initial weights: at first it returns x.

    Parameters
    ----------
    seed : int, default 0
        Seed of the weights.

    Returns
    -------
    Model
        From [x, statistics, noise of H/4, of H/2 and of H rows] to y, not clipped to [0, 1].
    """
    initializer = seeded_he_normal(seed)
    image, statistics = Input((None, None, 3)), Input((STATISTICS,))
    grains = {scale: Input((None, None, channels)) for scale, channels in NOISE.items()}
    style = ReLU()(Dense(HIDDEN, kernel_initializer=initializer)(statistics))

    def convolve(x: Symbol, width: int, kernel_size: int = 3, stride: int = 1, use_bias: bool = True) -> Symbol:
        padded = Padding2D(kernel_size // 2, mode="reflect")(x)
        return Conv2D(width, kernel_size, stride, use_bias=use_bias, kernel_initializer=initializer)(padded)

    def convolve_and_style(x: Symbol, width: int) -> Symbol:
        normalized = InstanceNormalization()(convolve(x, width, use_bias=False))  # which would subtract a bias
        return Modulation()([normalized, Dense(2 * width, kernel_initializer="zeros")(style)])

    x = ReLU()(convolve(image, WIDTHS[0], 5))
    for width in WIDTHS[1:]:
        x = ReLU()(convolve(x, width, stride=2))
    for _ in range(BLOCKS):
        inside = ReLU()(convolve_and_style(Concatenate()([x, grains[SCALE]]), WIDTHS[2]))
        x = Add()([x, convolve_and_style(inside, WIDTHS[2])])
    for width, scale in ((WIDTHS[1], 2), (WIDTHS[0], 1)):
        x = ReLU()(convolve_and_style(Concatenate()([UpSampling2D(2, "bilinear")(x), grains[scale]]), width))
    change = Conv2D(3, 5, kernel_initializer="zeros")(Padding2D(2, mode="reflect")(x))
    model = Model([image, statistics, *grains.values()], Add()([image, Activation("tanh")(change)]), name="stylizer")
    x = np.zeros((1, 8, 8, 3), np.float32)
    model.forward([to_device(x), to_device(np.zeros((1, STATISTICS), np.float32)), *noise(x.shape)])  # builds the layers
    return model


def style_features() -> Model:
    """Build the texture network up to the four maps that `style_statistics` describes.

    Returns
    -------
    Model
        From an image (N, H, W, 3) in [0, 1], at least 16 pixels a side, to the list of its maps 2, 4, 6 and 8.
    """
    network = texture_features()
    return Model(network.inputs[0], [network.outputs[k] for k in STYLE_MAPS], name="style features")


def style_statistics(maps: list[Array]) -> Array:
    """Describe a style by its feature maps: the logarithms of the mean and standard deviation of each channel.

    Parameters
    ----------
    maps : list of array (N, H', W', C)
        Maps 2, 4, 6 and 8 of the texture network for the style, 32, 64, 128 and 128 channels, behind their ReLU.

    Returns
    -------
    array (N, 704)
        log(0.01 + mean) + 1.5 of each channel of a map, then log(0.01 + standard deviation) + 1.5; and so on for the next map.
        About -3 to 3.
    """
    if not isinstance(maps, list) or len(maps) != len(STYLE_MAPS):
        raise InputError("style_statistics: maps is no list of four maps; give the output of style_features()")
    for k, (features, channels) in enumerate(zip(maps, STYLE_MAPS.values())):
        check_form("style_statistics", f"maps[{k}]", features, ("N" if k == 0 else len(maps[0]), "H", "W", channels))
    xp, numbers = array_module(maps[0]), []
    for features in maps:
        mean = features.mean(axis=(1, 2), keepdims=True)
        numbers += [mean[:, 0, 0], ((features - mean)**2).mean(axis=(1, 2))**0.5]
    return xp.log(0.01 + xp.concatenate(numbers, axis=1).clip(0)) + 1.5


@checked
def noise(shape: tuple[int, ...], seed: int | list[int] = 0) -> list[Array]:
    """Draw the noise for images of a shape.

    Parameters
    ----------
    shape : tuple of int, (N, H, W, 3), H and W multiples of 4
    seed : int or list of int, default 0
        The same seed gives the same noise: frames of a film must not flicker.

    Returns
    -------
    list of array
        (N, H/4, W/4, 4), (N, H/2, W/2, 2), (N, H, W, 1): normally distributed, float32, on the device in use.

    Examples
    --------
    >>> [grain.shape for grain in noise((1, 16, 24, 3))]
    [(1, 4, 6, 4), (1, 8, 12, 2), (1, 16, 24, 1)]
    """
    if len(shape) != 4 or min(shape) < 1 or shape[3] != 3 or shape[1] % SCALE or shape[2] % SCALE:
        raise InputError(f"noise: the shape is {shape}, expected (N, H, W, 3) with H and W multiples of {SCALE}")
    rng = np.random.default_rng(seed if isinstance(seed, list) else check_int(seed, "noise: seed", 0))
    return [to_device(rng.standard_normal((shape[0], shape[1] // scale, shape[2] // scale, channels), np.float32))
            for scale, channels in NOISE.items()]


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
