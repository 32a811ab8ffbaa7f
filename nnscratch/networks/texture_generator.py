"""A generator of textures: it has convolutions only, so it makes images of any size.

Shapes: noise (N, h * w * NOISE_CHANNELS); images (N, SCALE * h, SCALE * w, 3) in [-1, 1].

    noise (N, h, w, NOISE_CHANNELS) -> convolutions -> 4 times: twice the size, convolutions -> image

No layer knows a position in the image: each pixel depends on the noise nearby. More noise gives a larger image. It is enlarged
by bilinear resizing and convolutions; transposed convolutions, or nearest neighbours, would leave a grid in the texture.

Reference: after Ulyanov et al., "Texture networks" (2016), section 3.2, with noise at the smallest size only.
"""
from nnscratch.errors import InputError
from nnscratch.hints import checked
from nnscratch.layers import BatchNormalization, Conv2D, Input, LeakyReLU, Padding2D, Reshape, Symbol, UpSampling2D
from nnscratch.models import Model

__all__ = ["NOISE_CHANNELS", "SCALE", "noise_length", "texture_generator"]

NOISE_CHANNELS, WIDTHS = 8, (96, 96, 64, 48, 32)
SCALE = 2**(len(WIDTHS) - 1)


@checked
def texture_generator(shape: tuple[int, int, int]) -> Model:
    """Build the generator.

    Parameters
    ----------
    shape : (H, W, 3)
        Shape of an image, both sides multiples of 16.

    Returns
    -------
    Model
        From noise (N, noise_length(shape)) to images (N, H, W, 3) in [-1, 1].
    """
    h, w = noise_size(shape)

    def convolve(x: Symbol, width: int) -> Symbol:
        x = Conv2D(width, 3, use_bias=False, kernel_initializer="he_normal")(Padding2D(1, mode="edge")(x))
        return LeakyReLU(0.2)(BatchNormalization(momentum=0.9)(x))

    noise = Input((h * w * NOISE_CHANNELS,))
    x = Reshape((h, w, NOISE_CHANNELS))(noise)
    for k, width in enumerate(WIDTHS):
        x = convolve(convolve(UpSampling2D(2, "bilinear")(x) if k else x, width), width)
    return Model(noise, Conv2D(3, 1, activation="tanh")(x), name="texture generator")


@checked
def noise_length(shape: tuple[int, int, int]) -> int:
    """Compute the length of the noise vector for an image.

    Parameters
    ----------
    shape : (H, W, 3)
        Shape of the image.

    Returns
    -------
    int
        Numbers in the vector.
    """
    h, w = noise_size(shape)
    return h * w * NOISE_CHANNELS


def noise_size(shape: tuple[int, int, int]) -> tuple[int, int]:
    """(h, w) of the noise for an image (H, W, 3)."""
    height, width, channels = shape
    if channels != 3 or height % SCALE or width % SCALE or min(height, width) < SCALE:
        raise InputError(f"texture_generator: shape is {tuple(shape)}, expected (H, W, 3) with sides that are multiples of "
                         f"{SCALE}; use such a size, and a colour image")
    return height // SCALE, width // SCALE
