"""A generator of textures: convolutions alone, so it paints pieces of any size.

Shapes: noise (N, h * w * PLACE), PLACE numbers for each of h x w places; images (N, SCALE * h, SCALE * w, 3) in [-1, 1].

    noise at each place -> convolutions -> 4 times: twice the size, convolutions -> image

Nothing in it knows where in the image it is: what it paints depends on the noise nearby. More places, a larger image.
It grows by bilinear resizing and convolutions; by transposed convolutions, or nearest neighbours, what it paints has a grid.

Source: after Ulyanov et al., "Texture networks" (2016), section 3.2, with noise at the smallest size alone.
"""
from nnscratch.errors import InputError
from nnscratch.layers import BatchNormalization, Conv2D, Input, LeakyReLU, Padding2D, Reshape, UpSampling2D
from nnscratch.models import Model

PLACE, WIDTHS = 8, (96, 96, 64, 48, 32)
SCALE = 2**(len(WIDTHS) - 1)


def painter(shape):
    """A Model from noise (N, noise_length(shape)) to images (N, *shape) in [-1, 1].

    shape : (H, W, 3), both sides multiples of 16. Raises InputError for any other.
    """
    h, w = places(shape)

    def convolve(x, width):
        x = Conv2D(width, 3, use_bias=False, kernel_initializer="he_normal")(Padding2D(1, mode="edge")(x))
        return LeakyReLU(0.2)(BatchNormalization(momentum=0.9)(x))

    noise = Input((h * w * PLACE,))
    x = Reshape((h, w, PLACE))(noise)
    for k, width in enumerate(WIDTHS):
        x = convolve(convolve(UpSampling2D(2, "bilinear")(x) if k else x, width), width)
    return Model(noise, Conv2D(3, 1, activation="tanh")(x), name="painter")


def noise_length(shape):
    h, w = places(shape)
    return h * w * PLACE


def places(shape):
    """(h, w) of the noise for an image (H, W, 3)."""
    height, width, channels = shape
    if channels != 3 or height % SCALE or width % SCALE or min(height, width) < SCALE:
        raise InputError(f"a painter of textures was asked for images {tuple(shape)}, expected (H, W, 3) with sides that are "
                         f"multiples of {SCALE}; use such a size, and a colour image")
    return height // SCALE, width // SCALE
